/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue-crash.c - a queued mail dies at every event of its life and is born again of its spool
 *
 * The rest of the host is played here: a spool, servers that answer by a seed. Whatever the moment,
 * a recipient that was accepted is handed on or its sender is told; one that was kept as settled is
 * never tried again; and what was told by others (ENVID, ORCPT) makes no lines of its own. */
#include "smtp.h"

#define SEEDS 400
#define WAYS  4u /* recipients: each takes it, refuses it, is late, or does not exist */

typedef struct {
    GByteArray *data, *state;
    bool there;
} Spool;

typedef struct {
    Spool spool;
    uint64_t seed;
    unsigned handed_on[WAYS], told[WAYS], crashes, doubled;
    /* bits of recipients: handed on just now, the engine knows it, the spool knows it */
    unsigned taken, heard, settled;
    unsigned events; /* until the crash; 0: none */
    MgTime now;
    bool accepted;
} World;

static const char *const addresses[WAYS] = {"yes@example.net", "no@example.net", "late@example.net",
                                            "maybe@example.org"};

static MgEngine *bear(World *world)
{
    MgSetting rows[] = {{.key = "smarthost", .value = "192.0.2.50", .len = 10},
                        {.key = "retry", .value = "10min", .len = 5},
                        {.key = "give_up", .value = "2h", .len = 2},
                        {.key = "warn", .value = "90min", .len = 5}};
    MgSettings settings = {rows, G_N_ELEMENTS(rows)};
    MgMailWish wishes[WAYS] = {{MG_NOTIFY_SUCCESS | MG_NOTIFY_FAILURE, "rfc822;x\r\nEvil: 1"}};
    MgMail mail = {.mail_from = "alice@example.com",
                   .recipients = addresses,
                   .n_recipients = WAYS,
                   .data = MG_SPAN("Subject: hi\r\n\r\ntext\r\n"),
                   .envid = "E\r\nEvil: 2",
                   .wishes = wishes};
    world->heard = 0;
    MgSpooled spooled = {1, {NULL, 0}, {NULL, 0}};
    MgBirth birth = {.question = &mail,
                     .settings = &settings,
                     .host = "mx.example.net",
                     .local_address = "192.0.2.25",
                     .seed = mg_random_next(&world->seed),
                     .now = world->now};
    if (world->spool.there) {
        spooled.data = (MgSpan){world->spool.data->data, world->spool.data->len};
        spooled.state = (MgSpan){world->spool.state->data, world->spool.state->len};
        birth.spooled = &spooled;
        birth.question = NULL;
    }
    return mg_smtp_queue.create(&birth);
}

static void set_bytes(GByteArray *bytes, MgSpan octets)
{
    g_byte_array_set_size(bytes, 0);
    if (octets.len > 0)
        g_byte_array_append(bytes, octets.data, (guint)octets.len);
}

static void keep(World *world, const MgSpoolQuestion *question, MgSpoolAnswer *answer)
{
    *answer = (MgSpoolAnswer){true, 1};
    if (question->op == MG_SPOOL_PUT) {
        g_assert_false(world->spool.there);
        set_bytes(world->spool.data, question->data);
    } else {
        g_assert_cmpuint(question->item, ==, 1);
        g_assert_true(world->spool.there);
    }
    world->spool.there = question->op != MG_SPOOL_REMOVE;
    if (question->op != MG_SPOOL_REMOVE)
        set_bytes(world->spool.state, question->state);
    world->settled |= world->heard;
}

static unsigned number_of(const char *address)
{
    for (unsigned i = 0; i < WAYS; i++)
        if (strcmp(address, addresses[i]) == 0)
            return i;
    g_assert_not_reached();
}

static void take(World *world, const MgSendQuestion *question, MgVerdict *verdicts)
{
    for (size_t i = 0; i < question->mail.n_recipients; i++) {
        unsigned n = number_of(question->mail.recipients[i]);
        bool good = n == 0 || (n == 2 && world->now > 30 * MG_MINUTES) ||
                    (n == 3 && mg_random_next(&world->seed) % 8 == 0);
        verdicts[i] = good     ? (MgVerdict){250, "2.1.5", "fine"}
                      : n == 1 ? (MgVerdict){550, "5.1.1", "no\r\nEvil: 3"}
                               : (MgVerdict){451, NULL, "later"};
        g_assert_true((world->settled & 1u << n) == 0);
        world->handed_on[n] += good;
        world->taken |= good ? 1u << n : 0;
        world->doubled += good && world->handed_on[n] > 1;
    }
}

static void read_report(World *world, const MgMail *mail)
{
    g_assert_cmpstr(mail->mail_from, ==, "");
    g_assert_cmpstr(mail->recipients[0], ==, "alice@example.com");
    g_autofree char *text = g_strndup((const char *)mail->data.data, mail->data.len);
    g_assert_null(strstr(text, "\nEvil"));
    for (unsigned i = 0; i < WAYS; i++) {
        g_autofree char *failed =
            g_strdup_printf("Final-Recipient: rfc822; %s\r\nAction: failed", addresses[i]);
        world->told[i] += strstr(text, failed) != NULL;
    }
}

static void answer(World *world, MgEngine *engine, const MgAsk *ask)
{
    union {
        MgSpoolAnswer spool;
        MgSendAnswer send;
        MgAcceptAnswer accept;
    } answer = {0};
    MgVerdict verdicts[WAYS];
    world->taken = 0;
    if (strcmp(ask->topic, MG_TOPIC_SPOOL) == 0) {
        keep(world, ask->question, &answer.spool);
    } else if (strcmp(ask->topic, MG_TOPIC_SEND) == 0) {
        const MgSendQuestion *question = ask->question;
        take(world, question, verdicts);
        answer.send =
            (MgSendAnswer){.verdicts = verdicts, .n_verdicts = question->mail.n_recipients};
    } else {
        g_assert_cmpstr(ask->topic, ==, MG_TOPIC_ACCEPT);
        read_report(world, ask->question);
        answer.accept = (MgAcceptAnswer){.code = 250};
    }
    MgAskId id = ask->id;
    if (world->events != 0 && --world->events == 0)
        return; /* it crashes before it hears of it */
    world->heard |= world->taken;
    g_assert_true(mg_engine_answer(engine, id, &answer, world->now));
}

/* Until it is over (true), or the host crashes. */
static bool live(World *world, MgEngine *engine)
{
    for (;;) {
        MgEvent event;
        bool may_crash = world->events != 0;
        while (mg_engine_next(engine, &event)) {
            if (event.kind == MG_EVENT_CLOSE)
                return true;
            if (event.kind == MG_EVENT_DELIVER &&
                strcmp(event.deliver.type, MG_TOPIC_ACCEPT) == 0) {
                g_assert_true(world->spool.there); /* kept before it is accepted */
                world->accepted = true;
            }
            if (event.kind == MG_EVENT_ASK)
                answer(world, engine, &event.ask);
            else if (world->events != 0)
                world->events--;
            if (may_crash && world->events == 0)
                return false;
        }
        MgTime due = mg_engine_deadline(engine);
        g_assert_cmpint(due, !=, MG_TIME_NEVER);
        world->now = MAX(world->now, due);
        mg_engine_advance(engine, world->now);
    }
}

static void play(uint64_t seed, bool crashes, World *world)
{
    *world =
        (World){.seed = seed, .spool = {.data = g_byte_array_new(), .state = g_byte_array_new()}};
    for (bool over = false; !over;) {
        g_autoptr(MgEngine) engine = bear(world);
        if (crashes && world->crashes < 12)
            world->events = 1 + (unsigned)(mg_random_next(&world->seed) % 14);
        over = live(world, engine);
        if (over)
            break;
        world->crashes++;
        if (!world->spool.there) /* nothing was promised, or all was done */
            over = true;
        if (mg_random_next(&world->seed) % 2 == 0)
            world->now += 20 * MG_MINUTES;
    }
    g_assert_false(world->spool.there);
    g_byte_array_unref(world->spool.data);
    g_byte_array_unref(world->spool.state);
}

static void test_crash(void)
{
    unsigned crashes = 0, doubled = 0, accepted = 0, told = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        World world, again;
        play(seed, true, &world);
        play(seed, true, &again);
        g_assert_cmpmem(world.handed_on, sizeof world.handed_on, again.handed_on,
                        sizeof again.handed_on);
        for (unsigned i = 0; i < WAYS && world.accepted; i++)
            g_assert_cmpuint(world.handed_on[i] + world.told[i], >, 0);
        crashes += world.crashes;
        doubled += world.doubled;
        accepted += world.accepted;
        told += world.told[1];
    }
    g_test_message("%u mails, %u crashes, %u handed on twice, %u told of a refusal", accepted,
                   crashes, doubled, told);
    g_assert_cmpuint(crashes, >, SEEDS);
    g_assert_cmpuint(doubled, >, 0); /* the moments that SMTP cannot cover were hit */
}

static void test_calm(void)
{
    for (uint64_t seed = 1; seed <= 50; seed++) {
        World world;
        play(seed, false, &world);
        g_assert_true(world.accepted);
        for (unsigned i = 0; i < WAYS; i++)
            g_assert_cmpuint(world.handed_on[i] + world.told[i], ==, 1);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/queue/calm", test_calm);
    g_test_add_func("/queue/crash", test_crash);
    return g_test_run();
}
