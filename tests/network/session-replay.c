/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session-replay.c - a session over a network: forward, back, branches; a run repeats */
#include "session-test.h"

static MgRegistry *registry;

static MgSession *open_session(uint64_t seed)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgSession *session = mg_session_new(g_getenv("TEST_NETWORK"), registry, seed, problems);
    for (unsigned i = 0; i < problems->len; i++)
        g_test_message("%s", (char *)g_ptr_array_index(problems, i));
    g_assert_nonnull(session);
    return session;
}

static void test_start(void)
{
    g_autoptr(MgSession) session = open_session(1);
    g_assert_cmpuint(mg_session_position(session), ==, 0);
    g_assert_cmpuint(length(session), >, 10);
    g_assert_cmpstr(mg_session_network(session)->title, ==, "Talk");
    g_assert_cmpuint(mg_session_seed(session), ==, 1);
    g_assert_cmpint(mg_session_time(session), ==, 0);
    g_assert_false(mg_session_playing(session));
    g_assert_cmpuint(mg_session_n_branches(session), ==, 1);
}

static void test_same_seed(void)
{
    g_autoptr(MgSession) a = open_session(7), b = open_session(7), c = open_session(8);
    g_autofree char *hash_a = mg_trace_hash(mg_session_trace(a));
    g_autofree char *hash_b = mg_trace_hash(mg_session_trace(b));
    g_autofree char *hash_c = mg_trace_hash(mg_session_trace(c));
    g_assert_cmpstr(hash_a, ==, hash_b);
    g_assert_cmpstr(hash_a, !=, hash_c); /* the line loses other packets */
}

/* At every position the network is what it was there: going forward, and going back. */
static void test_world(void)
{
    g_autoptr(MgSession) session = open_session(3);
    const MgTrace *trace = mg_session_trace(session);
    uint32_t end = length(session);
    for (uint32_t i = 0; i <= 2 * end; i++) {
        uint32_t n = i <= end ? i : 2 * end - i; /* there and back */
        mg_session_seek(session, n);
        g_assert_cmpuint(mg_session_position(session), ==, n);
        MgWorld *world = mg_session_world(session);
        const MgTrace *again = mg_world_trace(world);
        uint32_t reached = mg_trace_n_records(again);
        g_assert_cmpuint(reached, >=, n);
        if (n < end)
            g_assert_cmpint(mg_world_now(world), <=, mg_trace_record(trace, n + 1)->at);
        assert_prefix(trace, again, reached);
        g_assert_true(mg_session_world(session) == world); /* kept until the position changes */
    }
}

static void test_steps(void)
{
    g_autoptr(MgSession) session = open_session(3);
    uint32_t steps = 0;
    for (uint32_t before = 0; mg_session_position(session) < length(session); steps++) {
        mg_session_step(session, MG_STEP_EXCHANGE, false);
        g_assert_cmpuint(mg_session_position(session), >, before);
        before = mg_session_position(session);
    }
    g_assert_cmpuint(steps, >=, 10); /* greetings, lines and their answers */
    g_autoptr(GError) error = NULL;
    mg_session_seek(session, 0);
    g_assert_true(mg_session_run_until(session, "talk.line contains \"two\"", &error));
    g_assert_no_error(error);
    g_autofree char *text = record_text(mg_session_trace(session), mg_session_position(session));
    g_assert_nonnull(strstr(text, "two"));
    uint32_t found = mg_session_position(session);
    g_assert_false(mg_session_run_until(session, "talk.line contains \"nothing\"", &error));
    g_assert_no_error(error);
    g_assert_cmpuint(mg_session_position(session), ==, found);
    g_assert_false(mg_session_run_until(session, "talk.line contains", &error));
    g_assert_error(error, MG_ERROR, MG_ERROR_FILTER);
}

static void count(GObject *object, GParamSpec *spec, void *data)
{
    ++*(unsigned *)data;
}

/* Doing something in the past begins a branch, which agrees with the old run up to there. */
static void test_branch(void)
{
    g_autoptr(MgSession) session = open_session(3);
    MgTrace *old = mg_trace_ref(mg_session_trace(session));
    uint32_t old_length = length(session);
    g_autofree char *old_hash = mg_trace_hash(old);
    unsigned told = 0;
    g_signal_connect(session, "notify::trace", G_CALLBACK(count), &told);

    mg_session_seek(session, 9);
    g_autoptr(GError) error = NULL;
    g_assert_true(mg_session_intervene(session, "alice say 192.0.2.25 six", NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(told, ==, 1);
    g_assert_cmpuint(mg_session_n_branches(session), ==, 2);
    g_assert_cmpuint(mg_session_branch(session), ==, 1);
    g_assert_true(mg_session_trace(session) != old);
    g_assert_cmpuint(mg_session_position(session), ==, 9);
    assert_prefix(old, mg_session_trace(session), 9);
    g_assert_true(mg_session_run_until(session, "talk.line contains \"six\"", NULL));

    /* What was done is done again by replay, at the same place. */
    uint32_t n = length(session) - 1;
    mg_session_seek(session, n);
    assert_prefix(mg_session_trace(session), mg_world_trace(mg_session_world(session)), n);
    /* A branch of the branch has both deeds. */
    g_assert_true(mg_session_intervene(session, "alice say 192.0.2.25 seven", NULL, NULL));
    g_assert_cmpuint(mg_session_n_branches(session), ==, 3);
    mg_session_seek(session, 0);
    g_assert_true(mg_session_run_until(session, "talk.line contains \"six\"", NULL));
    g_assert_true(mg_session_run_until(session, "talk.line contains \"seven\"", NULL));
    mg_session_seek(session, length(session) - 1);
    assert_prefix(mg_session_trace(session), mg_world_trace(mg_session_world(session)), n);

    /* The old run is as it was. */
    mg_session_set_branch(session, 0);
    g_assert_true(mg_session_trace(session) == old);
    g_assert_cmpuint(length(session), ==, old_length);
    g_autofree char *hash = mg_trace_hash(old);
    g_assert_cmpstr(hash, ==, old_hash);
    mg_session_seek(session, 5);
    assert_prefix(old, mg_world_trace(mg_session_world(session)), 5);
    mg_trace_unref(old);
}

/* At the end nothing is put in question: the run goes on. */
static void test_at_end(void)
{
    g_autoptr(MgSession) session = open_session(3);
    uint32_t end = length(session);
    unsigned grown = 0;
    g_signal_connect(session, "notify::n-records", G_CALLBACK(count), &grown);
    mg_session_seek(session, end);
    g_autoptr(GBytes) file = g_bytes_new_static("letter\n", 7);
    g_assert_true(mg_session_intervene(session, "alice read - to 192.0.2.25", file, NULL));
    g_assert_cmpuint(mg_session_n_branches(session), ==, 1);
    g_assert_cmpuint(length(session), >, end);
    g_assert_cmpuint(grown, ==, 1);
    g_assert_cmpuint(mg_session_position(session), ==, end);
    g_assert_true(mg_session_run_until(session, "talk.line contains \"letter\"", NULL));
    for (uint32_t n = end; n < length(session); n++) {
        mg_session_seek(session, n);
        assert_prefix(mg_session_trace(session), mg_world_trace(mg_session_world(session)), n);
    }
}

static void test_refused(void)
{
    g_autoptr(MgSession) session = open_session(3);
    g_autoptr(GError) error = NULL;
    mg_session_seek(session, 9);
    g_assert_false(mg_session_intervene(session, "alice dance", NULL, &error));
    g_assert_error(error, MG_ERROR, MG_ERROR_CONFIG);
    g_assert_nonnull(strstr(error->message, "say ADDRESS"));
    g_assert_cmpuint(mg_session_n_branches(session), ==, 1);
    g_assert_cmpuint(mg_session_position(session), ==, 9);
    assert_prefix(mg_session_trace(session), mg_world_trace(mg_session_world(session)), 9);
}

/* A link that is cut in the past: what came after is another story. */
static void test_cut(void)
{
    g_autoptr(MgSession) session = open_session(3);
    g_autoptr(GError) error = NULL;
    mg_session_seek(session, 6);
    g_assert_true(mg_session_intervene(session, "!link alice mta cut", NULL, &error));
    g_assert_no_error(error);
    mg_session_seek(session, 0);
    g_assert_false(mg_session_run_until(
        session, "talk.line contains \"five\" and mailglass.from == \"mta\"", &error));
    g_assert_no_error(error);
    mg_session_seek(session, length(session) / 2);
    assert_prefix(mg_session_trace(session), mg_world_trace(mg_session_world(session)),
                  mg_session_position(session));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    registry = mg_registry_new_for_path(g_getenv("TEST_PLUGINS"));
    g_test_add_func("/session/start", test_start);
    g_test_add_func("/session/same-seed", test_same_seed);
    g_test_add_func("/session/world", test_world);
    g_test_add_func("/session/network-steps", test_steps);
    g_test_add_func("/session/branch", test_branch);
    g_test_add_func("/session/at-end", test_at_end);
    g_test_add_func("/session/refused", test_refused);
    g_test_add_func("/session/cut", test_cut);
    int failed = g_test_run();
    mg_registry_unref(registry);
    return failed;
}
