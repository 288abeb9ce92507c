/* SPDX-License-Identifier: GPL-3.0-or-later */
/* world-asks.c - the runtime without a wire: who is born, who answers, who dies with whom
 *
 * A puppet is an engine that plays what a table says; what happens to it is written into a log. */
#include "runtime.h"

typedef enum {
    STOP,    /* waits for ever */
    ASK,     /* `topic`, with `item` as the question */
    DEEPER,  /* asks its own topic with its own question, until `depth` is used up */
    HOLD,    /* waits until the last ask is answered */
    CANCEL,  /* the last ask */
    DELIVER, /* `topic`, with `item` */
    SLEEP,   /* until `until` */
    CLOSE
} What;

typedef struct {
    What what;
    const char *topic;
    const void *item;
    MgTime until;
} Act;

typedef struct {
    const char *name;
    const Act *acts;
} Part; /* a question */

typedef struct {
    MgEngine engine;
    const Part *part;
    size_t at;
    MgAskId asked;
    const char *topic; /* of the last ask */
    bool open;
    MgTime now;
} Puppet;

static GString *play;         /* what happened */
static const Part *verb_part; /* what a verb plays: a script's words cannot say it */
static unsigned depth, n_puppets;
static MgRegistry *registry;

static const MgEngineKind verb_kind, a_kind, b_kind, accept_kind;

static MgEngine *create(const MgBirth *birth, const MgEngineKind *kind, const Part *part)
{
    Puppet *puppet = g_new0(Puppet, 1);
    puppet->engine.kind = kind;
    puppet->part = part;
    puppet->now = birth->now;
    n_puppets++;
    return &puppet->engine;
}

static MgEngine *create_verb(const MgBirth *birth)
{
    return create(birth, &verb_kind, verb_part);
}

static MgEngine *create_a(const MgBirth *birth)
{
    return create(birth, &a_kind, birth->question);
}

static MgEngine *create_b(const MgBirth *birth)
{
    return create(birth, &b_kind, birth->question);
}

static MgEngine *create_accept(const MgBirth *birth)
{
    return create(birth, &accept_kind, birth->question);
}

static void free_puppet(MgEngine *engine)
{
    if (depth == 0)
        g_string_append_printf(play, "%s gone. ", ((Puppet *)engine)->part->name);
    n_puppets--;
    g_free(engine);
}

static void advance(MgEngine *engine, MgTime now)
{
    ((Puppet *)engine)->now = now;
}

static bool answer(MgEngine *engine, MgAskId ask, const void *item, MgTime now)
{
    Puppet *puppet = (Puppet *)engine;
    g_assert_true(puppet->open && ask == puppet->asked);
    puppet->open = false;
    puppet->now = now;
    if (depth == 0)
        g_string_append_printf(play, "%s: %s is %s. ", puppet->part->name, puppet->topic,
                               item != NULL ? "answered" : "not answered");
    return true;
}

static bool ask(Puppet *puppet, MgEvent *event, const char *topic, const void *question)
{
    puppet->topic = topic;
    puppet->open = true;
    puppet->at++;
    *event = (MgEvent){.kind = MG_EVENT_ASK,
                       .ask = {.id = ++puppet->asked, .topic = topic, .question = question}};
    return true;
}

static bool next(MgEngine *engine, MgEvent *event)
{
    Puppet *puppet = (Puppet *)engine;
    const Act *act = &puppet->part->acts[puppet->at];
    switch (act->what) {
    case STOP:
        return false;
    case ASK:
        return ask(puppet, event, act->topic, act->item);
    case DEEPER:
        if (depth > 0 && --depth > 0)
            return ask(puppet, event, act->topic, puppet->part);
        puppet->at += 2;
        return next(engine, event);
    case HOLD:
        if (puppet->open)
            return false;
        puppet->at++;
        return next(engine, event);
    case CANCEL:
        puppet->open = false;
        *event = (MgEvent){.kind = MG_EVENT_CANCEL, .cancel = puppet->asked};
        break;
    case DELIVER:
        *event =
            (MgEvent){.kind = MG_EVENT_DELIVER, .deliver = {.type = act->topic, .item = act->item}};
        break;
    case SLEEP:
        if (puppet->now < act->until)
            return false;
        puppet->at++;
        return next(engine, event);
    case CLOSE:
        *event = (MgEvent){.kind = MG_EVENT_CLOSE};
        return true;
    }
    puppet->at++;
    return true;
}

static MgTime deadline(const MgEngine *engine)
{
    const Puppet *puppet = (const Puppet *)engine;
    const Act *act = &puppet->part->acts[puppet->at];
    return act->what == SLEEP ? act->until : MG_TIME_NEVER;
}

#define SAME                                                                                       \
    .free = free_puppet, .advance = advance, .answer = answer, .next = next, .deadline = deadline

static const MgEngineKind verb_kind = {
    .name = "test.verb", .verb = "play", .usage = "play", .create = create_verb, SAME};
static const MgEngineKind a_kind = {.name = "test.a", .topic = "a", .create = create_a, SAME};
static const MgEngineKind b_kind = {.name = "test.b", .topic = "b", .create = create_b, SAME};
static const MgEngineKind accept_kind = {
    .name = "test.accept", .topic = MG_TOPIC_ACCEPT, .create = create_accept, SAME};

static const Act just_answer[] = {{DELIVER, "b", "!"}, {CLOSE}};
static const Part quick_b = {"b", just_answer};
static const Act never_answer[] = {{STOP}};
static const Part slow_b = {"b", never_answer};

/* ---- a host ---- */

static MgRuntime *new_runtime(void)
{
    static const MgEngineKind *const kinds[] = {&verb_kind, &a_kind, &b_kind, &accept_kind};
    g_autoptr(MgTrace) trace = mg_trace_new(registry);
    MgRuntime *runtime = mg_runtime_new(registry, trace, 0, 1);
    MgHostId host = mg_runtime_add_host(runtime, "h", "test", NULL, "192.0.2.1", NULL);
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        g_assert_true(mg_runtime_add_engine(runtime, host, kinds[i], 0, problems));
    g_string_truncate(play, 0);
    return runtime;
}

static void say(MgRuntime *runtime, const Part *part, MgTime now)
{
    const MgVerbCall call = {0};
    g_autoptr(GError) error = NULL;
    verb_part = part;
    g_assert_cmpuint(mg_runtime_say(runtime, 1, "play", &call, now, &error), >, 0);
    g_assert_no_error(error);
}

static MgRuntimeCounts counts_of(const MgRuntime *runtime)
{
    MgRuntimeCounts counts;
    mg_runtime_counts(runtime, &counts);
    return counts;
}

static unsigned n_engines(const MgRuntime *runtime)
{
    g_assert_cmpuint(counts_of(runtime).engines, ==, n_puppets);
    return n_puppets;
}

static void said(const char *text)
{
    g_assert_cmpstr(play->str, ==, text);
    g_string_truncate(play, 0);
}

/* ---- tests ---- */

static void test_answers(void)
{
    static const Act acts[] = {{ASK, "nothing", ""}, {HOLD}, {ASK, "b", &quick_b}, {HOLD}, {CLOSE}};
    static const Part part = {"v", acts};
    g_autoptr(MgRuntime) runtime = new_runtime();
    say(runtime, &part, 0);
    said("v: nothing is not answered. v: b is answered. b gone. v gone. ");
    g_assert_cmpuint(n_engines(runtime), ==, 0);
    g_assert_cmpint(mg_runtime_deadline(runtime), ==, MG_TIME_NEVER);
}

static void test_dies_unanswered(void)
{
    static const Act dies[] = {{CLOSE}};
    static const Part b = {"b", dies};
    static const Act acts[] = {{ASK, "b", &b}, {HOLD}, {CLOSE}};
    static const Part part = {"v", acts};
    g_autoptr(MgRuntime) runtime = new_runtime();
    say(runtime, &part, 0);
    said("v: b is not answered. b gone. v gone. ");
}

static void test_cancel(void)
{
    static const Act acts[] = {
        {ASK, "b", &slow_b}, {SLEEP, .until = 5}, {CANCEL}, {SLEEP, .until = 9}, {CLOSE}};
    static const Part part = {"v", acts};
    g_autoptr(MgRuntime) runtime = new_runtime();
    say(runtime, &part, 0);
    g_assert_cmpuint(n_engines(runtime), ==, 2);
    g_assert_cmpint(mg_runtime_deadline(runtime), ==, 5);
    mg_runtime_advance(runtime, 5);
    said("b gone. ");
    g_assert_cmpint(mg_runtime_deadline(runtime), ==, 9);
    mg_runtime_advance(runtime, 9);
    said("v gone. ");
}

/* An answerer that has answered goes on by itself when its asker dies: a mail in the queue. */
static void test_lives_on(void)
{
    static const MgAcceptAnswer yes = {.code = 250}, no = {.code = 451};
    static const MgFate fate = {.kind = MG_FATE_RELAYED};
    static const Act keeps[] = {{DELIVER, MG_TOPIC_ACCEPT, &yes},
                                {SLEEP, .until = 100},
                                {DELIVER, MG_DELIVER_FATE, &fate},
                                {CLOSE}};
    static const Act refuses[] = {{DELIVER, MG_TOPIC_ACCEPT, &no}, {SLEEP, .until = 50}, {CLOSE}};
    static const Part kept = {"kept", keeps}, refused = {"refused", refuses};
    static const Act acts[] = {
        {ASK, MG_TOPIC_ACCEPT, &kept}, {HOLD}, {ASK, MG_TOPIC_ACCEPT, &refused}, {HOLD}, {CLOSE}};
    static const Part part = {"v", acts};
    g_autoptr(MgRuntime) runtime = new_runtime();
    say(runtime, &part, 0);
    said("v: mail.accept is answered. v: mail.accept is answered. v gone. ");
    g_assert_cmpuint(n_engines(runtime), ==, 2);
    g_assert_cmpuint(counts_of(runtime).queued, ==, 1);
    mg_runtime_advance(runtime, 50);
    said("refused gone. ");
    g_assert_cmpuint(counts_of(runtime).queued, ==, 1);
    mg_runtime_advance(runtime, 100);
    said("kept gone. ");
    g_assert_cmpuint(counts_of(runtime).queued, ==, 0);
    g_assert_cmpuint(counts_of(runtime).relayed, ==, 1);
}

static void test_asker_dies(void)
{
    static const Act acts[] = {{ASK, "b", &slow_b}, {CLOSE}};
    static const Part part = {"v", acts};
    g_autoptr(MgRuntime) runtime = new_runtime();
    say(runtime, &part, 0);
    said("v gone. b gone. ");
    g_assert_cmpuint(n_engines(runtime), ==, 0);
}

/* A hundred thousand who ask one another, and die with one another, need no stack. */
static void test_deep(void)
{
    static const Act passes[] = {{DEEPER, "a"}, {HOLD}, {DELIVER, "a", "!"}, {CLOSE}};
    static const Act waits[] = {{DEEPER, "a"}, {HOLD}, {STOP}};
    static const Part pass = {"a", passes}, wait = {"a", waits};
    static const Act asks[] = {{ASK, "a", &pass}, {HOLD}, {CLOSE}};
    static const Act gives_up[] = {{ASK, "a", &wait}, {SLEEP, .until = 7}, {CLOSE}};
    static const Part part = {"v", asks}, impatient = {"v", gives_up};
    g_autoptr(MgRuntime) runtime = new_runtime();
    depth = 100000;
    say(runtime, &part, 0);
    g_assert_cmpuint(depth, ==, 0);
    g_assert_cmpuint(n_engines(runtime), ==, 0);
    g_assert_nonnull(strstr(play->str, "v: a is answered. "));
    depth = 100000;
    say(runtime, &impatient, 0);
    g_assert_cmpuint(n_engines(runtime), ==, 100001);
    mg_runtime_advance(runtime, 7);
    g_assert_cmpuint(n_engines(runtime), ==, 0);
}

static void test_crash(void)
{
    static const Act acts[] = {{ASK, "b", &slow_b}, {HOLD}, {STOP}};
    static const Part part = {"v", acts};
    g_autoptr(MgRuntime) runtime = new_runtime();
    mg_store_add_mailbox(mg_runtime_store(runtime, 1), "bob@example.net", "secret", 0);
    for (unsigned i = 0; i < 10; i++)
        say(runtime, &part, 0);
    g_assert_cmpuint(n_engines(runtime), ==, 20);
    mg_runtime_crash(runtime, 1, 3);
    g_assert_cmpuint(n_engines(runtime), ==, 0);
    const MgMailboxQuestion question = {.op = MG_MAILBOX_FIND, .user = "bob@example.net"};
    MgMailboxAnswer found;
    mg_store_ask(mg_runtime_store(runtime, 1), 1, &question, 3, &found);
    g_assert_cmpint(found.result, ==, MG_MAILBOX_OK);
}

/* What is put into a mailbox is an action, and its parent says why. */
static void test_delivery(void)
{
    static const MgMailboxQuestion append = {.op = MG_MAILBOX_APPEND,
                                             .user = "bob@example.net",
                                             .mail_from = "",
                                             .data = {(const uint8_t *)"Hi\r\n", 4}};
    static const MgMailboxQuestion nobody = {.op = MG_MAILBOX_APPEND, .user = "eve@example.net"};
    static const Act acts[] = {{ASK, MG_TOPIC_MAILBOX, &append},
                               {HOLD},
                               {ASK, MG_TOPIC_MAILBOX, &nobody},
                               {HOLD},
                               {CLOSE}};
    static const Part part = {"v", acts};
    g_autoptr(MgRuntime) runtime = new_runtime();
    mg_store_add_mailbox(mg_runtime_store(runtime, 1), "bob@example.net", "secret", 0);
    say(runtime, &part, 11);
    g_assert_cmpuint(counts_of(runtime).delivered, ==, 1);
    const MgTrace *trace = mg_runtime_trace(runtime);
    g_assert_cmpuint(mg_trace_n_records(trace), ==, 2);
    const MgRecord *record = mg_trace_record(trace, 2);
    g_assert_cmpuint(record->kind, ==, MG_RECORD_ACTION);
    g_assert_cmpuint(record->parent, ==, 1);
    g_assert_cmpint(record->at, ==, 11);
    MgSpan text = mg_trace_bytes(trace, 2);
    g_assert_cmpmem(text.data, text.len, "delivered to bob@example.net", 28);
}

static void test_verbs(void)
{
    g_autoptr(MgRuntime) runtime = new_runtime();
    const MgVerbCall call = {0};
    g_autoptr(GError) error = NULL;
    g_assert_cmpuint(mg_runtime_say(runtime, 1, "dance", &call, 0, &error), ==, 0);
    g_assert_error(error, MG_ERROR, MG_ERROR_CONFIG);
    g_assert_cmpstr(error->message, ==, "h cannot \"dance\"; it can play");
    g_assert_cmpuint(mg_trace_n_records(mg_runtime_trace(runtime)), ==, 0);
}

typedef struct {
    MgRuntime *runtime;
    unsigned n;
} Again;

static void ask_again(const void *item, void *data)
{
    Again *again = data;
    g_assert_cmpstr(item, ==, "!");
    if (++again->n < 1000)
        g_assert_cmpuint(
            mg_runtime_ask(again->runtime, 1, "b", &quick_b, (MgListener){ask_again, again}, 0), >,
            0);
}

/* A program may ask the next thing out of the answer to the last. */
static void test_program(void)
{
    g_autoptr(MgRuntime) runtime = new_runtime();
    Again again = {runtime, 0};
    g_assert_cmpuint(mg_runtime_ask(runtime, 1, "nothing", "", (MgListener){ask_again, &again}, 0),
                     ==, 0);
    g_assert_cmpuint(mg_runtime_ask(runtime, 1, "b", &quick_b, (MgListener){ask_again, &again}, 0),
                     >, 0);
    g_assert_cmpuint(again.n, ==, 1000);
    g_assert_cmpuint(n_engines(runtime), ==, 0);
}

/* ---- deadlines ---- */

#define N_SLEEPERS 300

static MgTime wanted[N_SLEEPERS]; /* each sleeper's deadline */
static unsigned n_sleepers;
static uint64_t chance = 5;

typedef struct {
    MgEngine engine;
    unsigned number;
    bool gone;
} Sleeper;

static const MgEngineKind sleeper_kind;

static MgEngine *create_sleeper(const MgBirth *birth)
{
    Sleeper *sleeper = g_new0(Sleeper, 1);
    sleeper->engine.kind = &sleeper_kind;
    sleeper->number = n_sleepers++;
    return &sleeper->engine;
}

static void free_sleeper(MgEngine *engine)
{
    wanted[((Sleeper *)engine)->number] = MG_TIME_NEVER;
    g_free(engine);
}

static MgTime sleeper_deadline(const MgEngine *engine)
{
    return wanted[((const Sleeper *)engine)->number];
}

static void wake_sleeper(MgEngine *engine, MgTime now)
{
    Sleeper *sleeper = (Sleeper *)engine;
    g_assert_cmpint(wanted[sleeper->number], ==, now); /* neither early nor late */
    uint64_t dice = mg_random_next(&chance) % 16;
    sleeper->gone = dice == 0;
    wanted[sleeper->number] = dice <= 1 ? MG_TIME_NEVER : now + 1 + (MgTime)(dice * dice);
}

static bool sleeper_next(MgEngine *engine, MgEvent *event)
{
    *event = (MgEvent){.kind = MG_EVENT_CLOSE};
    return ((Sleeper *)engine)->gone;
}

static const MgEngineKind sleeper_kind = {.name = "test.sleeper",
                                          .verb = "sleep",
                                          .usage = "sleep",
                                          .create = create_sleeper,
                                          .free = free_sleeper,
                                          .advance = wake_sleeper,
                                          .next = sleeper_next,
                                          .deadline = sleeper_deadline};

static MgTime earliest(void)
{
    MgTime first = MG_TIME_NEVER;
    for (unsigned i = 0; i < n_sleepers; i++)
        first = MIN(first, wanted[i]);
    return first;
}

static void test_deadlines(void)
{
    g_autoptr(MgRuntime) runtime = new_runtime();
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    const MgVerbCall call = {0};
    mg_runtime_add_engine(runtime, 1, &sleeper_kind, 0, problems);
    for (unsigned i = 0; i < N_SLEEPERS; i++) {
        wanted[i] = (MgTime)(mg_random_next(&chance) % 1000);
        mg_runtime_say(runtime, 1, "sleep", &call, 0, NULL);
    }
    unsigned n_times = 0;
    while (earliest() != MG_TIME_NEVER) {
        MgTime now = mg_runtime_deadline(runtime);
        g_assert_cmpint(now, ==, earliest());
        /* Those who are put off meanwhile are not woken early: their time-out has moved. */
        unsigned moved = (unsigned)(mg_random_next(&chance) % N_SLEEPERS);
        if (wanted[moved] != MG_TIME_NEVER)
            wanted[moved] += (MgTime)(mg_random_next(&chance) % 50);
        if (mg_runtime_deadline(runtime) == now)
            mg_runtime_advance(runtime, now);
        g_assert_cmpint(earliest(), >, now - 1);
        n_times++;
    }
    g_assert_cmpuint(n_times, >, N_SLEEPERS);
    g_assert_cmpint(mg_runtime_deadline(runtime), ==, MG_TIME_NEVER);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    play = g_string_new(NULL);
    registry = mg_registry_new_for_path("");
    g_test_add_func("/asks/answers", test_answers);
    g_test_add_func("/asks/dies-unanswered", test_dies_unanswered);
    g_test_add_func("/asks/cancel", test_cancel);
    g_test_add_func("/asks/lives-on", test_lives_on);
    g_test_add_func("/asks/asker-dies", test_asker_dies);
    g_test_add_func("/asks/deep", test_deep);
    g_test_add_func("/asks/crash", test_crash);
    g_test_add_func("/asks/delivery", test_delivery);
    g_test_add_func("/asks/verbs", test_verbs);
    g_test_add_func("/asks/program", test_program);
    g_test_add_func("/asks/deadlines", test_deadlines);
    int status = g_test_run();
    mg_registry_unref(registry);
    g_string_free(play, TRUE);
    return status;
}
