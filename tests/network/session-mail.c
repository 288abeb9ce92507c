/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session-mail.c - the networks that are shipped, as somebody looks at them: hops, steps, replay */
#include "session.h"

static MgRegistry *registry;

static MgSession *open_network(const char *name)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *path = g_build_filename(g_getenv("MAILGLASS_DATA"), "networks", name, NULL);
    MgSession *session = mg_session_new(path, registry, 1, problems);
    for (unsigned i = 0; i < problems->len; i++)
        g_test_message("%s", (char *)g_ptr_array_index(problems, i));
    g_assert_nonnull(session);
    return session;
}

static const char *receiver(MgSession *session)
{
    const MgTrace *trace = mg_session_trace(session);
    return mg_trace_host(trace, mg_trace_record(trace, mg_session_position(session))->to)->name;
}

/* The mail's way, host by host, and back. */
static void test_hops(void)
{
    static const char *const way[] = {"mta.example.com", "mx.example.net", "mail.example.net",
                                      "bob"};
    g_autoptr(MgSession) session = open_network("first-mail");
    for (size_t i = 0; i < G_N_ELEMENTS(way); i++) {
        mg_session_step(session, MG_STEP_HOP, false);
        g_assert_cmpstr(receiver(session), ==, way[i]);
    }
    for (size_t i = G_N_ELEMENTS(way) - 1; i-- > 0;) {
        mg_session_step(session, MG_STEP_HOP, true);
        g_assert_cmpstr(receiver(session), ==, way[i]);
    }
    mg_session_step(session, MG_STEP_HOP, true);
    g_assert_cmpuint(mg_session_position(session), ==, 0);
}

/* A command with its answer: from each such place, what comes next is the server's. */
static void test_answers(void)
{
    g_autoptr(MgSession) session = open_network("two-domains");
    const MgTrace *trace = mg_session_trace(session);
    unsigned answered = 0, steps = 0;
    while (mg_session_position(session) < mg_trace_n_records(trace)) {
        mg_session_step(session, MG_STEP_ANSWERED, false);
        const MgRecord *record = mg_trace_record(trace, mg_session_position(session));
        answered += (record->flags & MG_RECORD_FROM_SERVER) != 0;
        steps++;
    }
    g_assert_cmpuint(steps, >, 50);
    g_assert_cmpuint(answered, >=, steps - 1); /* the end of the run is no answer */
}

static uint64_t stored(MgWorld *world)
{
    uint64_t n = 0;
    MgRuntime *runtime = mg_world_runtime(world);
    for (unsigned host = 1; host <= mg_trace_n_hosts(mg_world_trace(world)); host++) {
        const MgStore *store = mg_runtime_store(runtime, (MgHostId)host);
        for (size_t i = 0; i < mg_store_n_mailboxes(store); i++)
            n += mg_store_n_messages(store, i);
    }
    return n;
}

/* Mailboxes are empty, then full, then fetched; going back, they are as they were. */
static void test_mailboxes(void)
{
    g_autoptr(MgSession) session = open_network("first-mail");
    g_assert_cmpuint(stored(mg_session_world(session)), ==, 0);
    g_assert_true(mg_session_run_until(session, "pop.request.command == \"USER\"", NULL));
    g_assert_cmpuint(stored(mg_session_world(session)), ==, 1);
    uint32_t full = mg_session_position(session);
    mg_session_seek(session, UINT32_MAX);
    g_assert_cmpuint(stored(mg_session_world(session)), ==, 0);
    mg_session_seek(session, full);
    g_assert_cmpuint(stored(mg_session_world(session)), ==, 1);
    mg_session_seek(session, 1);
    g_assert_cmpuint(stored(mg_session_world(session)), ==, 0);
}

/* A second mail, sent in the past: a branch with two mails; the old run still has one. */
static void test_compose(void)
{
    static const char letter[] = "From: alice@example.com\r\nSubject: Again\r\n\r\nHi\r\n";
    g_autoptr(MgSession) session = open_network("first-mail");
    g_autoptr(GBytes) file = g_bytes_new_static(letter, sizeof letter - 1);
    g_autoptr(GError) error = NULL;
    MgRuntimeCounts counts;
    mg_session_seek(session, 20);
    g_assert_true(mg_session_intervene(session, "alice send - to bob@example.net", file, &error));
    g_assert_no_error(error);
    mg_session_seek(session, UINT32_MAX);
    mg_runtime_counts(mg_world_runtime(mg_session_world(session)), &counts);
    g_assert_cmpuint(counts.delivered, ==, 2);
    g_assert_cmpuint(counts.fetched, ==, 2);
    mg_session_set_branch(session, 0);
    mg_session_seek(session, UINT32_MAX);
    mg_runtime_counts(mg_world_runtime(mg_session_world(session)), &counts);
    g_assert_cmpuint(counts.delivered, ==, 1);
    g_assert_cmpuint(counts.fetched, ==, 1);
}

/* The network at each position is what it was: mg_session_world() asserts it. */
static void test_every_position(void)
{
    g_autoptr(MgSession) session = open_network("two-domains");
    uint32_t end = mg_trace_n_records(mg_session_trace(session));
    for (uint32_t n = 0; n < end; n++) {
        mg_session_seek(session, n);
        g_assert_cmpuint(mg_trace_n_records(mg_world_trace(mg_session_world(session))), >=, n);
    }
    for (uint32_t n = end; n > 0; n -= MIN(n, 37u)) {
        mg_session_seek(session, n);
        g_assert_nonnull(mg_session_world(session));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    registry = mg_registry_new();
    g_test_add_func("/session/hops", test_hops);
    g_test_add_func("/session/answers", test_answers);
    g_test_add_func("/session/mailboxes", test_mailboxes);
    g_test_add_func("/session/compose", test_compose);
    g_test_add_func("/session/every-position", test_every_position);
    int failed = g_test_run();
    mg_registry_unref(registry);
    return failed;
}
