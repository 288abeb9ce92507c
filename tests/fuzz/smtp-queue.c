/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-queue.c - a queued mail is born of a spool that was cut or changed, and lives to its end
 *
 * The first octet is chance and settings; up to an octet 0xff comes what is known of the mail, then
 * its letter. Servers take it, refuse it or are late; whatever was kept, the mail has an end, and
 * what its sender is told can be read. */
#include "smtp.h"

#define EVENTS_MAX 200000 /* before the end; a mail that lives on for ever is a defect */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    MgEngine *engine;
    GByteArray *state; /* what is kept by now */
    uint64_t chance;
    MgTime now;
    const char *in;
    bool closed;
} Run;

/* A letter as it was accepted: each line ends in CR LF, and there is no other CR or LF. */
static GString *tidy(MgSpan octets)
{
    GString *letter = g_string_new(NULL);
    for (size_t i = 0; i < octets.len; i++) {
        if (octets.data[i] == '\n')
            g_string_append_c(letter, '\r');
        if (octets.data[i] != '\r')
            g_string_append_c(letter, (char)octets.data[i]);
    }
    return letter;
}

static MgEngine *bear(uint8_t first, MgSpan state, MgSpan letter)
{
    MgSetting rows[] = {{.key = "retry", .value = "10min", .len = 5},
                        {.key = "give_up", .value = "2h", .len = 2},
                        {.key = "warn", .value = "90min", .len = 5},
                        {.key = "domains", .value = "example.net", .len = 11},
                        {.key = "smarthost", .value = "192.0.2.50", .len = 10}};
    MgSettings settings = {rows, G_N_ELEMENTS(rows) - ((first & 1) != 0)};
    MgSpooled spooled = {1, letter, state};
    MgBirth birth = {.spooled = &spooled,
                     .settings = &settings,
                     .host = "mx.example.net",
                     .local_address = "192.0.2.25",
                     .seed = first,
                     .now = 5 * MG_MINUTES};
    return mg_smtp_queue.create(&birth);
}

/* What is told to the sender is a letter: it is of nobody, and its lines end in CR LF. */
static void check_report(const MgMail *mail)
{
    g_assert_cmpstr(mail->mail_from, ==, "");
    g_assert_cmpuint(mail->n_recipients, ==, 1);
    g_assert_cmpuint(mail->data.len, >, 2);
    for (size_t i = 0; i < mail->data.len; i++)
        if (mail->data.data[i] == '\n')
            g_assert_true(i > 0 && mail->data.data[i - 1] == '\r');
}

static void keep(Run *run, const MgSpoolQuestion *question)
{
    g_assert_cmpint(question->op, !=, MG_SPOOL_PUT);
    g_assert_cmpuint(question->item, ==, 1);
    g_byte_array_set_size(run->state, 0);
    if (question->op == MG_SPOOL_UPDATE)
        g_byte_array_append(run->state, question->state.data, (guint)question->state.len);
}

static void answer(Run *run, const MgAsk *ask)
{
    static const MgVerdict ways[] = {
        {250, "2.1.5", "fine"}, {550, "5.1.1", "no"}, {451, NULL, "later"}, {0, NULL, NULL}};
    MgAskId id = ask->id;
    g_autofree MgVerdict *verdicts = NULL;
    const void *given = NULL;
    MgSpoolAnswer kept = {true, 1};
    MgSendAnswer sent = {0};
    MgAcceptAnswer accepted = {.code = 250};
    if (strcmp(ask->topic, MG_TOPIC_SPOOL) == 0) {
        keep(run, ask->question);
        given = &kept;
    } else if (strcmp(ask->topic, MG_TOPIC_SEND) == 0) {
        const MgSendQuestion *question = ask->question;
        size_t n = question->mail.n_recipients;
        verdicts = g_new0(MgVerdict, n);
        for (size_t i = 0; i < n; i++)
            verdicts[i] = ways[mg_random_next(&run->chance) % 3];
        sent = (MgSendAnswer){.verdicts = verdicts, .n_verdicts = n};
        given = mg_random_next(&run->chance) % 4 != 0 ? &sent : NULL;
    } else if (strcmp(ask->topic, MG_TOPIC_ACCEPT) == 0) {
        check_report(ask->question);
        given = &accepted;
    }
    g_assert_true(mg_engine_answer(run->engine, id, given, run->now) || given == NULL);
}

static void check_state(Run *run, const char *from, const char *to)
{
    const MgTransition *row = run->engine->kind->transitions;
    if (run->in != NULL)
        g_assert_cmpstr(run->in, ==, from);
    while (row->from != NULL && (strcmp(row->from, from) != 0 || strcmp(row->to, to) != 0))
        row++;
    g_assert_nonnull(row->from);
    run->in = to;
}

static void check_facts(const Run *run)
{
    MgFact facts[16];
    size_t n = run->engine->kind->facts(run->engine, facts, G_N_ELEMENTS(facts));
    for (size_t i = 0; i < n; i++)
        g_assert_nonnull(facts[i].value);
}

static void live(Run *run)
{
    MgEvent event;
    for (unsigned n = 0; !run->closed; n++) {
        g_assert_cmpuint(n, <, EVENTS_MAX);
        if (mg_engine_next(run->engine, &event)) {
            run->closed = event.kind == MG_EVENT_CLOSE;
            if (event.kind == MG_EVENT_STATE)
                check_state(run, event.state.from, event.state.to);
            else if (event.kind == MG_EVENT_ASK)
                answer(run, &event.ask);
            continue;
        }
        check_facts(run);
        MgTime due = mg_engine_deadline(run->engine);
        g_assert_cmpint(due, !=, MG_TIME_NEVER);
        run->now = MAX(run->now, due);
        mg_engine_advance(run->engine, run->now);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 4096)
        return 0;
    MgSpan rest = {data + 1, size - 1};
    const uint8_t *end = rest.len > 0 ? memchr(rest.data, 0xff, rest.len) : NULL;
    size_t len = end != NULL ? (size_t)(end - rest.data) : rest.len;
    g_autoptr(GString) letter =
        tidy(end != NULL ? (MgSpan){end + 1, rest.len - len - 1} : (MgSpan){NULL, 0});
    Run run = {.engine = bear(data[0], (MgSpan){rest.data, len},
                              (MgSpan){(const uint8_t *)letter->str, letter->len}),
               .state = g_byte_array_new(),
               .chance = data[0]};
    live(&run);
    g_assert_cmpuint(run.state->len, ==, 0); /* at its end nothing is kept */
    mg_engine_free(run.engine);
    g_byte_array_unref(run.state);
    return 0;
}
