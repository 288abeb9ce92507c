/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mail-queue-crash.c - thousands of seeds of crashing servers and lost packets: what a server has
 * accepted is delivered, or its sender is told; and twice only where SMTP allows it
 *
 * SMTP allows it where a server has said 250 to a letter and the client never heard that
 * (RFC 1047): the trace tells how often that was. Each run is made twice and must be the same. */
#include "mail-test.h"

#define SEEDS    2000u
#define LOSS_MAX 9u /* per cent, on every link */
#define MAILS    6u
#define CRASHES  6u /* at most, of one run */

typedef struct {
    unsigned dropped;
    bool accepted[MAILS]; /* said by the MUA that has handed it in */
} Tally;

typedef struct {
    unsigned sent, copies, extra, told, unheard, crashes, revived;
} Count;

typedef struct {
    MgTime at;
    unsigned order;
    char *text;
    GBytes *file; /* (nullable) */
} Event;

static const char *const crashing[] = {"mta.example.com", "mx.example.net", "mail.example.com",
                                       "mail.example.net"};

/* ---- what happens in a run ---- */

static void add(GArray *events, MgTime at, char *text, GBytes *file)
{
    Event event = {at, events->len, text, file};
    g_array_append_val(events, event);
}

static void event_clear(void *data)
{
    Event *event = data;
    g_free(event->text);
    if (event->file != NULL)
        g_bytes_unref(event->file);
}

static int compare_events(const void *a, const void *b)
{
    const Event *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

static void add_crashes(GArray *events, uint64_t *chance)
{
    unsigned n = 1 + (unsigned)(mg_random_next(chance) % CRASHES);
    for (unsigned i = 0; i < n; i++) {
        const char *host = crashing[mg_random_next(chance) % 8 % G_N_ELEMENTS(crashing)];
        /* Most of them while the letters travel, which takes less than a second. */
        uint64_t span = mg_random_next(chance) % 3 == 0 ? 4 * MG_HOURS : 8 * MG_SECONDS;
        MgTime at = (MgTime)(mg_random_next(chance) % span);
        static const MgTime times[] = {MG_MILLISECONDS, MG_SECONDS, 10 * MG_MINUTES, 3 * MG_HOURS};
        MgTime for_ = 1 + (MgTime)(mg_random_next(chance) %
                                   (uint64_t)times[mg_random_next(chance) % G_N_ELEMENTS(times)]);
        add(events, at, g_strdup_printf("!host %s down", host), NULL);
        add(events, at + for_, g_strdup_printf("!host %s up", host), NULL);
    }
}

static GArray *plan(uint64_t seed)
{
    uint64_t chance = seed * 7919 + 1;
    GArray *events = g_array_new(FALSE, FALSE, sizeof(Event));
    g_array_set_clear_func(events, event_clear);
    for (unsigned i = 0; i < MAILS; i++) {
        char *letter = g_strdup_printf("Subject: crash %u\r\n\r\nA letter.\r\n", i);
        const char *to = i == MAILS - 1 ? "nobody@example.net" : "bob@example.net";
        add(events, (MgTime)i * MG_SECONDS,
            g_strdup_printf("alice send mail/hello.eml to %s from alice+%u@example.com", to, i),
            g_bytes_new_take(letter, strlen(letter)));
    }
    /* Each mail has a sender of its own, by whom it is known; reports to all of them come to alice.
     */
    GString *aliases = g_string_new("!host mta.example.com set aliases ");
    for (unsigned i = 0; i < MAILS; i++)
        g_string_append_printf(aliases, "alice+%u:alice;", i);
    add(events, 0, g_string_free(aliases, FALSE), NULL);
    if (seed % 3 == 0) /* some give up before the long crashes are over */
        for (unsigned i = 0; i < 2; i++)
            add(events, 0, g_strdup_printf("!host %s set give_up 90min", crashing[i]), NULL);
    add_crashes(events, &chance);
    for (unsigned i = 0; i < G_N_ELEMENTS(crashing); i++) /* in the end all are up */
        add(events, 8 * MG_HOURS, g_strdup_printf("!host %s up", crashing[i]), NULL);
    g_array_sort(events, compare_events);
    return events;
}

static void see_fate(MgHostId host, const MgFate *fate, MgTime now, void *data)
{
    Tally *tally = data;
    tally->dropped += fate->kind == MG_FATE_DROPPED;
    const char *plus = fate->mail_from != NULL ? strchr(fate->mail_from, '+') : NULL;
    if (fate->kind == MG_FATE_SENT && plus != NULL)
        tally->accepted[(unsigned)(plus[1] - '0') % MAILS] = true;
}

static MgWorld *run(uint64_t seed, Tally *tally)
{
    g_autoptr(GArray) events = plan(seed);
    mail_set_loss((double)(seed % (LOSS_MAX + 1)) / 100);
    MgWorld *world = mail_world(seed);
    *tally = (Tally){0};
    mg_runtime_on_fate(mg_world_runtime(world), see_fate, tally);
    for (guint i = 0; i < events->len; i++) {
        const Event *event = &g_array_index(events, Event, i);
        mail_say(world, event->at, event->text, event->file);
    }
    mail_run_to_end(world);
    return world;
}

/* ---- what came of it ---- */

/* Letters in all mailboxes that hold `text`; `reports`: only those from the null sender, else only
 * the others. */
static unsigned n_letters(MgWorld *world, const char *text, bool reports)
{
    unsigned n = 0;
    for (unsigned h = 2; h < G_N_ELEMENTS(crashing); h++) {
        const MgStore *store =
            mg_runtime_store(mg_world_runtime(world), mg_world_host(world, crashing[h]));
        for (size_t box = 0; box < mg_store_n_mailboxes(store); box++)
            for (size_t i = 0; i < mg_store_n_messages(store, box); i++) {
                MgSpan letter = mg_store_message(store, box, i, NULL);
                bool report = memmem(letter.data, letter.len, "Return-Path: <>\r\n", 17) != NULL;
                n += report == reports &&
                     memmem(letter.data, letter.len, text, strlen(text)) != NULL;
            }
    }
    return n;
}

/* Replies to a letter that never came to the client, where that is a server and tries again. */
static unsigned n_unheard(const MgTrace *trace)
{
    unsigned n = 0;
    for (uint32_t i = 1; i <= mg_trace_n_records(trace); i++) {
        const MgRecord *record = mg_trace_record(trace, i);
        if (record->kind != MG_RECORD_EXCHANGE || record->until != MG_TIME_NEVER ||
            (record->flags & MG_RECORD_FROM_SERVER) == 0 ||
            (record->flags & (MG_RECORD_LOST | MG_RECORD_AGAIN)) != 0 || /* a packet of it */
            strcmp(mg_trace_host(trace, record->to)->kind, "mta") != 0)
            continue;
        MgSpan bytes = mg_trace_bytes(trace, i);
        n += memmem(bytes.data, bytes.len, "250 2.", 6) != NULL &&
             (memmem(bytes.data, bytes.len, "queued as", 9) != NULL ||
              memmem(bytes.data, bytes.len, "Delivered", 9) != NULL);
    }
    return n;
}

static unsigned n_notes(const MgTrace *trace, const char *rule)
{
    unsigned n = 0;
    for (uint32_t i = 1; i <= mg_trace_n_records(trace); i++) {
        const MgRecord *record = mg_trace_record(trace, i);
        n += record->kind == MG_RECORD_NOTE &&
             strcmp(mg_trace_text(trace, record->text_a), rule) == 0;
    }
    return n;
}

static void judge(uint64_t seed, MgWorld *world, const Tally *tally, Count *count)
{
    MgRuntimeCounts counts;
    mg_runtime_counts(mg_world_runtime(world), &counts);
    g_assert_cmpuint(counts.queued, ==, 0);
    unsigned extra = 0;
    for (unsigned i = 0; i < MAILS; i++) {
        g_autofree char *subject = g_strdup_printf("Subject: crash %u\r\n", i);
        unsigned copies = n_letters(world, subject, false), told = n_letters(world, subject, true);
        if (tally->accepted[i] && copies + told == 0 && tally->dropped == 0)
            g_error("seed %u: mail %u is lost", (unsigned)seed, i);
        extra += copies > 1 ? copies - 1 : 0;
        extra += told > 1 ? told - 1 : 0;
        count->sent += tally->accepted[i];
        count->copies += copies;
        count->told += told;
    }
    unsigned unheard = n_unheard(mg_world_trace(world));
    if (extra > unheard)
        g_error("seed %u: %u copies too many, and only %u replies were not heard", (unsigned)seed,
                extra, unheard);
    count->extra += extra;
    count->unheard += unheard;
    count->revived += n_notes(mg_world_trace(world), "smtp.revived");
}

static void test_crash(void)
{
    Count count = {0};
    unsigned dropped = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        Tally tally, again;
        MgWorld *world = run(seed, &tally);
        judge(seed, world, &tally, &count);
        dropped += tally.dropped;
        MgWorld *other = run(seed, &again);
        g_autofree char *hash = mg_trace_hash(mg_world_trace(world));
        g_autofree char *other_hash = mg_trace_hash(mg_world_trace(other));
        g_assert_cmpstr(hash, ==, other_hash);
        mg_world_free(world);
        mg_world_free(other);
    }
    g_test_message("%u mails accepted, %u delivered, %u of them twice (%u replies were not heard), "
                   "%u told, %u reports nobody could have; %u born again",
                   count.sent, count.copies, count.extra, count.unheard, count.told, dropped,
                   count.revived);
    g_assert_cmpuint(count.sent, >, SEEDS);
    g_assert_cmpuint(count.revived, >, SEEDS / 2);
    g_assert_cmpuint(count.extra, >, 0); /* the moments that SMTP cannot cover were hit … */
    g_assert_cmpuint(count.extra * 20, <, count.copies); /* … and they are few */
}

int main(int argc, char **argv)
{
    mail_test_init(&argc, &argv, true); /* nobody fetches: what was delivered is there to count */
    g_test_add_func("/mail/queue-crash", test_crash);
    return mail_test_run();
}
