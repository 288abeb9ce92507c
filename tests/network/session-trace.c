/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session-trace.c - a session over a bare trace: the position, the steps, what is notified */
#include "session.h"

enum { ALICE = 1, MTA, MX };

typedef struct {
    MgTrace *trace;
    MgTime now;
} Tape;

static MgFlowId open_flow(Tape *tape, MgHostId client, MgHostId server)
{
    MgFlow flow = {.transport = MG_TRANSPORT_STREAM,
                   .client = client,
                   .server = server,
                   .client_address = "192.0.2.1",
                   .server_address = "192.0.2.2",
                   .client_port = 49152,
                   .server_port = 7,
                   .at = tape->now};
    flow.dissector = mg_registry_dissector_index(mg_trace_registry(tape->trace), "talk");
    g_assert_cmpuint(flow.dissector, !=, 0);
    return mg_trace_add_flow(tape->trace, &flow);
}

static uint32_t packet(Tape *tape, MgFlowId flow, uint8_t flags, bool back)
{
    MgPacket what = {.at = tape->now++, .flow = flow, .tcp_flags = flags, .from_server = back};
    mg_trace_add_packet(tape->trace, &what, true, 0, tape->now);
    return mg_trace_n_records(tape->trace);
}

static uint32_t say(Tape *tape, MgFlowId flow, MgDirection direction, const char *text)
{
    return mg_trace_add_octets(tape->trace, flow, direction, mg_span_from_string(text), 0,
                               tape->now++);
}

/* 1 SYN, 2 SYN ACK, 3 hello, 4 (another conversation) ask, 5 told, 6 ok, 7 a mail, 8 ok, 9 FIN,
 * 10 a state, 11 a mail to the next host, 12 its answer, 13 bye without one. */
static Tape make_tape(MgRegistry *registry)
{
    Tape tape = {mg_trace_new(registry), 0};
    mg_trace_add_host(tape.trace, "alice", "mua", "example.com", "192.0.2.1", false);
    mg_trace_add_host(tape.trace, "mta", "mta", "example.com", "192.0.2.2", false);
    mg_trace_add_host(tape.trace, "mx", "mta", "example.net", "192.0.2.3", false);
    MgFlowId first = open_flow(&tape, ALICE, MTA), aside = open_flow(&tape, MTA, MX);
    packet(&tape, first, MG_TCP_SYN, false);
    packet(&tape, first, MG_TCP_SYN | MG_TCP_ACK, true);
    say(&tape, first, MG_FROM_CLIENT, "hello\n");
    say(&tape, aside, MG_FROM_CLIENT, "ask\n");
    say(&tape, aside, MG_FROM_SERVER, "told\n");
    say(&tape, first, MG_FROM_SERVER, "ok\n");
    say(&tape, first, MG_FROM_CLIENT, "=From: alice\r\n\r\nmail;\n");
    say(&tape, first, MG_FROM_SERVER, "ok\n");
    packet(&tape, first, MG_TCP_FIN | MG_TCP_ACK, false);
    mg_trace_add_state(tape.trace, &(MgDoer){MTA, 1, 8, tape.now++}, "talk.server", "here", "gone");
    MgFlowId second = open_flow(&tape, MTA, MX);
    say(&tape, second, MG_FROM_CLIENT, "=From: alice\r\n\r\nmail;\n");
    say(&tape, second, MG_FROM_SERVER, "ok\n");
    say(&tape, second, MG_FROM_CLIENT, "bye\n");
    g_assert_cmpuint(mg_trace_n_records(tape.trace), ==, 13);
    return tape;
}

static MgRegistry *load(void)
{
    MgRegistry *registry = mg_registry_new_for_path(g_getenv("TEST_PLUGINS"));
    g_assert_nonnull(mg_registry_engine(registry, "talk.server"));
    return registry;
}

/* Where steps lead from each position. */
static void test_steps(void)
{
    static const struct {
        uint32_t from;
        MgStep step;
        uint32_t forward, back;
    } rows[] = {
        {0, MG_STEP_RECORD, 1, 0},      {5, MG_STEP_RECORD, 6, 4},    {13, MG_STEP_RECORD, 13, 12},
        {0, MG_STEP_EXCHANGE, 3, 0},    {3, MG_STEP_EXCHANGE, 4, 0},  {8, MG_STEP_EXCHANGE, 11, 7},
        {13, MG_STEP_EXCHANGE, 13, 12}, {0, MG_STEP_ANSWERED, 6, 0},  {6, MG_STEP_ANSWERED, 8, 0},
        {3, MG_STEP_ANSWERED, 5, 0},    {8, MG_STEP_ANSWERED, 12, 6}, {12, MG_STEP_ANSWERED, 13, 8},
        {13, MG_STEP_ANSWERED, 13, 12}, {0, MG_STEP_FLOW, 9, 0},      {9, MG_STEP_FLOW, 13, 0},
        {3, MG_STEP_FLOW, 5, 0},        {13, MG_STEP_FLOW, 13, 10},   {0, MG_STEP_HOP, 7, 0},
        {7, MG_STEP_HOP, 11, 0},        {11, MG_STEP_HOP, 13, 7},     {13, MG_STEP_HOP, 13, 11},
    };
    g_autoptr(MgRegistry) registry = load();
    Tape tape = make_tape(registry);
    g_autoptr(MgSession) session = mg_session_new_for_trace(tape.trace);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        mg_session_seek(session, rows[i].from);
        g_test_message("step %d from %u", rows[i].step, rows[i].from);
        g_assert_cmpuint(mg_session_peek(session, rows[i].step, false), ==, rows[i].forward);
        g_assert_cmpuint(mg_session_peek(session, rows[i].step, true), ==, rows[i].back);
        g_assert_cmpuint(mg_session_position(session), ==, rows[i].from);
    }
    mg_trace_unref(tape.trace);
}

/* Every step, repeated, reaches both ends. */
static void test_ends(void)
{
    g_autoptr(MgRegistry) registry = load();
    Tape tape = make_tape(registry);
    g_autoptr(MgSession) session = mg_session_new_for_trace(tape.trace);
    for (int step = MG_STEP_RECORD; step <= MG_STEP_HOP; step++) {
        for (int i = 0; i < 14; i++)
            mg_session_step(session, (MgStep)step, false);
        g_assert_cmpuint(mg_session_position(session), ==, 13);
        for (int i = 0; i < 14; i++)
            mg_session_step(session, (MgStep)step, true);
        g_assert_cmpuint(mg_session_position(session), ==, 0);
    }
    mg_trace_unref(tape.trace);
}

static void count(GObject *object, GParamSpec *spec, void *data)
{
    g_hash_table_insert(
        data, g_strdup(spec->name),
        GINT_TO_POINTER(GPOINTER_TO_INT(g_hash_table_lookup(data, spec->name)) + 1));
}

static int told(GHashTable *counts, const char *name)
{
    return GPOINTER_TO_INT(g_hash_table_lookup(counts, name));
}

static void test_notify(void)
{
    g_autoptr(MgRegistry) registry = load();
    Tape tape = make_tape(registry);
    g_autoptr(MgSession) session = mg_session_new_for_trace(tape.trace);
    g_autoptr(GHashTable) counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_signal_connect(session, "notify", G_CALLBACK(count), counts);

    mg_session_seek(session, 5);
    mg_session_seek(session, 5);
    g_assert_cmpint(told(counts, "position"), ==, 1);
    g_assert_cmpint(mg_session_time(session), ==, mg_trace_record(tape.trace, 5)->at);
    mg_session_seek(session, 1000); /* beyond the end is the end */
    g_assert_cmpuint(mg_session_position(session), ==, 13);
    mg_session_select(session, 3);
    mg_session_select(session, 3);
    mg_session_select(session, 0);
    g_assert_cmpint(told(counts, "selected"), ==, 2);
    mg_session_set_playing(session, true);
    mg_session_set_playing(session, true);
    g_assert_true(mg_session_playing(session));
    g_assert_cmpint(told(counts, "playing"), ==, 1);

    mg_session_grown(session);
    g_assert_cmpint(told(counts, "n-records"), ==, 0);
    mg_trace_add_state(tape.trace, &(MgDoer){MTA, 1, 8, tape.now++}, "talk.server", "here", "gone");
    mg_session_grown(session);
    g_assert_cmpint(told(counts, "n-records"), ==, 1);
    g_assert_cmpuint(mg_session_peek(session, MG_STEP_RECORD, false), ==, 14);
    unsigned n_records = 0;
    MgTrace *trace = NULL;
    g_object_get(session, "n-records", &n_records, "trace", &trace, NULL);
    g_assert_cmpuint(n_records, ==, 14);
    g_assert_true(trace == tape.trace);
    mg_trace_unref(tape.trace);
}

/* What happened elsewhere has no world, and nothing can be done in it. */
static void test_bare(void)
{
    g_autoptr(MgRegistry) registry = load();
    Tape tape = make_tape(registry);
    g_autoptr(MgSession) session = mg_session_new_for_trace(tape.trace);
    g_assert_null(mg_session_network(session));
    g_assert_null(mg_session_world(session));
    g_autoptr(GError) error = NULL;
    g_assert_false(mg_session_intervene(session, "alice say hello", NULL, &error));
    g_assert_error(error, MG_ERROR, MG_ERROR_CONFIG);
    g_assert_cmpuint(mg_session_n_branches(session), ==, 1);
    mg_trace_unref(tape.trace);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/session/steps", test_steps);
    g_test_add_func("/session/ends", test_ends);
    g_test_add_func("/session/notify", test_notify);
    g_test_add_func("/session/bare", test_bare);
    return g_test_run();
}
