/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session-console.c - somebody types: the run stands still, goes on with each line, repeats; a
 * fence, a stop, a beginning anew */
#include "filter.h"
#include "session-test.h"

static MgRegistry *registry;

static MgSession *open_session(void)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgSession *session = mg_session_new(g_getenv("TEST_CONSOLES"), registry, 5, problems);
    for (unsigned i = 0; i < problems->len; i++)
        g_test_message("%s", (char *)g_ptr_array_index(problems, i));
    g_assert_nonnull(session);
    return session;
}

/* Does it, and goes to where the run stands still again. */
static void act(MgSession *session, const char *text)
{
    g_autoptr(GError) error = NULL;
    bool good = mg_session_intervene(session, text, NULL, &error);
    g_assert_no_error(error);
    g_assert_true(good);
    mg_session_seek(session, length(session));
}

static void assert_refused(MgSession *session, const char *text, const char *why)
{
    g_autoptr(GError) error = NULL;
    size_t deeds = mg_session_n_deeds(session), branches = mg_session_n_branches(session);
    uint32_t n = length(session);
    g_assert_false(mg_session_intervene(session, text, NULL, &error));
    g_assert_error(error, MG_ERROR, MG_ERROR_CONFIG);
    if (strstr(error->message, why) == NULL)
        g_error("\"%s\" is refused by \"%s\", not by \"%s\"", text, error->message, why);
    g_assert_cmpuint(mg_session_n_deeds(session), ==, deeds);
    g_assert_cmpuint(mg_session_n_branches(session), ==, branches);
    g_assert_cmpuint(length(session), ==, n);
}

static MgHostId host_of(MgSession *session, const char *name)
{
    const MgTrace *trace = mg_session_trace(session);
    for (MgHostId host = 1; host <= mg_trace_n_hosts(trace); host++)
        if (strcmp(mg_trace_host(trace, host)->name, name) == 0)
            return host;
    g_assert_not_reached();
}

static bool waits(MgSession *session, const char *name)
{
    return mg_session_waits(session, host_of(session, name), NULL);
}

/* The first record after `after` that matches; 0 none. */
static uint32_t find(MgSession *session, const char *filter, uint32_t after)
{
    g_autoptr(MgFilter) wanted = mg_filter_new(filter, registry, NULL);
    const MgTrace *trace = mg_session_trace(session);
    g_assert_nonnull(wanted);
    for (uint32_t n = after + 1; n <= mg_trace_n_records(trace); n++)
        if (mg_filter_match(wanted, trace, n))
            return n;
    return 0;
}

static MgTime ends(MgSession *session)
{
    return mg_trace_record(mg_session_trace(session), length(session))->at;
}

/* ---- consoles ---- */

static void test_typing(void)
{
    g_autoptr(MgSession) session = open_session();
    g_assert_false(waits(session, "alice"));
    act(session, "alice talk smtp://198.51.100.25");
    MgFlowId flow = 0;
    g_assert_true(mg_session_waits(session, host_of(session, "alice"), &flow));
    g_assert_cmpuint(flow, !=, 0);
    g_assert_false(waits(session, "mx")); /* a program answers there */
    g_assert_cmpuint(find(session, "smtp.response.code == 220", 0), !=, 0);
    uint32_t before = length(session);
    act(session, "alice> EHLO alice.example.com");
    uint32_t typed = find(session, "smtp.req.command == \"EHLO\"", before);
    g_assert_cmpuint(typed, !=, 0);
    g_assert_cmpuint(mg_trace_record(mg_session_trace(session), typed)->flow, ==, flow);
    g_assert_cmpuint(find(session, "smtp.response.code == 250", typed), !=, 0);
    /* A mistake goes out as it was typed; so does nothing at all. */
    before = length(session);
    act(session, "alice> Hello, is anybody there?");
    act(session, "alice>");
    uint32_t first = find(session, "smtp.response.code == 500", before);
    g_assert_cmpuint(find(session, "smtp.response.code == 500", first), >, first);
    g_assert_cmpuint(mg_session_n_deeds(session), ==, 4);
    g_assert_cmpstr(mg_session_deed(session, 2)->text, ==, "alice> Hello, is anybody there?");
    g_assert_cmpuint(mg_session_n_branches(session), ==, 1);
}

/* The server would close an idle session after five minutes; people may think longer. */
static void test_stands_still(void)
{
    g_autoptr(MgSession) session = open_session();
    act(session, "alice talk smtp://198.51.100.25");
    uint32_t n = length(session);
    mg_session_seek(session, n);
    g_assert_cmpuint(length(session), ==, n);
    g_assert_cmpint(ends(session), <, MG_SESSION_PATIENCE);
    act(session, "wait 4min");
    g_assert_cmpuint(find(session, "smtp.response.code == 421", 0), ==, 0);
    g_assert_true(waits(session, "alice"));
    act(session, "wait 2min");
    uint32_t late = find(session, "smtp.response.code == 421", n);
    g_assert_cmpuint(late, !=, 0);
    g_assert_cmpint(mg_trace_record(mg_session_trace(session), late)->at, >=, 5 * MG_MINUTES);
    g_assert_false(waits(session, "alice"));
    assert_refused(session, "alice> QUIT", "no open console");
    assert_refused(session, "alice hang up", "no open console");
}

static void test_hang_up(void)
{
    g_autoptr(MgSession) session = open_session();
    act(session, "alice talk smtp://198.51.100.25");
    act(session, "alice hang up");
    g_assert_false(waits(session, "alice"));
    g_assert_false(mg_runtime_waits(mg_world_runtime(mg_session_world(session))));
    act(session, "wait 10min"); /* and it does not haunt */
    g_assert_cmpuint(find(session, "smtp.response.code == 421", 0), ==, 0);
}

static void test_refused(void)
{
    g_autoptr(MgSession) session = open_session();
    assert_refused(session, "alice> HELO", "no open console");
    assert_refused(session, "carol> HELO", "carol");
    assert_refused(session, "carol hang up", "carol");
    assert_refused(session, "alice talk gopher://198.51.100.25", "talk URL");
    act(session, "alice talk smtp://198.51.100.25");
    assert_refused(session, "alice> NOOP\r\nQUIT", "one line at a time");
    assert_refused(session, "wait soon", "soon");
    assert_refused(session, "wait", "wait");
    mg_session_seek(session, 2);
    assert_refused(session, "wait soon", "soon"); /* where it would have made a branch */
    assert_refused(session, "alice> NOOP", "no open console");
    mg_session_seek(session, length(session));
    act(session, "alice> NOOP");
}

/* Nobody listens; a console that never came to be waits for nobody. */
static void test_not_reached(void)
{
    g_autoptr(MgSession) session = open_session();
    act(session, "alice talk smtp://198.51.100.25:2525");
    g_assert_cmpuint(find(session, "mailglass.rule == \"console.no-connection\"", 0), !=, 0);
    g_assert_false(waits(session, "alice"));
}

/* Of two consoles the last is the one that hears. */
static void test_two(void)
{
    g_autoptr(MgSession) session = open_session();
    MgFlowId first = 0, second = 0, left = 0;
    MgHostId alice = host_of(session, "alice");
    act(session, "alice talk smtp://198.51.100.25");
    g_assert_true(mg_session_waits(session, alice, &first));
    act(session, "alice talk pop3://198.51.100.25");
    g_assert_true(mg_session_waits(session, alice, &second));
    g_assert_cmpuint(first, !=, second);
    act(session, "alice> USER bob@example.net");
    act(session, "alice> PASS secret");
    g_assert_cmpuint(find(session, "pop.request.command == \"PASS\"", 0), !=, 0);
    act(session, "alice> QUIT");
    g_assert_true(mg_session_waits(session, alice, &left));
    g_assert_cmpuint(left, ==, first);
    act(session, "alice> QUIT");
    g_assert_cmpuint(find(session, "smtp.response.code == 221", 0), !=, 0);
    g_assert_false(waits(session, "alice"));
}

/* A person is the server, and a program talks to them. */
static void test_by_hand(void)
{
    g_autoptr(MgSession) session = open_session();
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) file = g_bytes_new_static("Subject: hi\r\n\r\nhi\r\n", 19);
    g_assert_false(waits(session, "desk"));
    g_assert_true(mg_session_intervene(session, "alice send - to bob@example.net", file, &error));
    mg_session_seek(session, length(session));
    g_assert_true(waits(session, "desk"));
    static const char *const lines[] = {"desk> 220 desk.example.org",
                                        "desk> 250 desk.example.org",
                                        "desk> 250 ok",
                                        "desk> 250 ok",
                                        "desk> 354 go on, end with one dot",
                                        "desk> 250 taken"};
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
        act(session, lines[i]);
    uint32_t n = find(session, "smtp.message", 0);
    g_assert_cmpuint(n, !=, 0);
    g_assert_cmpuint(find(session, "smtp.req.command == \"QUIT\"", n), !=, 0);
    /* The program waits for the answer to QUIT, and not for ever. */
    g_assert_true(waits(session, "desk"));
    act(session, "wait 15min");
    g_assert_false(waits(session, "desk"));
}

/* At every place the network is what it was there, whoever typed. */
static void test_replay(void)
{
    g_autoptr(MgSession) session = open_session();
    act(session, "alice talk smtp://198.51.100.25");
    uint32_t opened = length(session);
    act(session, "alice> EHLO alice.example.com");
    act(session, "wait 1min");
    act(session, "alice> NOOP");
    act(session, "alice hang up");
    const MgTrace *trace = mg_session_trace(session);
    uint32_t end = length(session);
    bool waited = false;
    for (uint32_t i = 0; i <= 2 * end; i++) {
        uint32_t n = i <= end ? i : 2 * end - i;
        mg_session_seek(session, n);
        const MgTrace *again = mg_world_trace(mg_session_world(session));
        g_assert_cmpuint(mg_trace_n_records(again), >=, n);
        assert_prefix(trace, again, n);
        bool now = waits(session, "alice");
        waited |= now;
        if (n == opened)
            g_assert_true(now);
        if (n == 0 || n == end)
            g_assert_false(now);
    }
    g_assert_true(waited);
    g_assert_cmpuint(mg_session_n_branches(session), ==, 1);
}

/* Back, and another line: the old story stays, and what was typed before is in both. */
static void test_back(void)
{
    g_autoptr(MgSession) session = open_session();
    act(session, "alice talk smtp://198.51.100.25");
    act(session, "alice> EHLO alice.example.com");
    uint32_t greeted = length(session);
    act(session, "alice> NOOP");
    act(session, "alice> QUIT");
    g_autofree char *hash = mg_trace_hash(mg_session_trace(session));
    MgTrace *old = mg_trace_ref(mg_session_trace(session));
    mg_session_seek(session, greeted);
    g_assert_true(waits(session, "alice"));
    act(session, "alice> RSET");
    g_assert_cmpuint(mg_session_n_branches(session), ==, 2);
    g_assert_cmpuint(mg_session_n_deeds(session), ==, 3);
    g_assert_cmpstr(mg_session_deed(session, 1)->text, ==, "alice> EHLO alice.example.com");
    g_assert_cmpstr(mg_session_deed(session, 2)->text, ==, "alice> RSET");
    assert_prefix(old, mg_session_trace(session), greeted);
    g_assert_cmpuint(find(session, "smtp.req.command == \"RSET\"", greeted), !=, 0);
    g_assert_cmpuint(find(session, "smtp.req.command == \"NOOP\"", 0), ==, 0);
    act(session, "alice> QUIT");
    mg_session_set_branch(session, 0);
    g_assert_cmpuint(mg_session_n_deeds(session), ==, 4);
    g_autofree char *after = mg_trace_hash(mg_session_trace(session));
    g_assert_cmpstr(hash, ==, after);
    mg_trace_unref(old);
}

/* Waiting in the past is a story of its own. */
static void test_wait_in_the_past(void)
{
    g_autoptr(MgSession) session = open_session();
    act(session, "alice talk smtp://198.51.100.25");
    uint32_t opened = length(session);
    act(session, "alice> QUIT");
    mg_session_seek(session, opened);
    act(session, "wait 6min");
    g_assert_cmpuint(mg_session_n_branches(session), ==, 2);
    g_assert_cmpuint(find(session, "smtp.response.code == 421", opened), !=, 0);
    mg_session_seek(session, opened);
    g_assert_true(waits(session, "alice"));
}

/* The host dies under the console: nobody waits, and nothing is kept that would stop the run. */
static void test_crash(void)
{
    g_autoptr(MgSession) session = open_session();
    act(session, "alice talk smtp://198.51.100.25");
    uint32_t opened = length(session);
    act(session, "!host alice down");
    g_assert_false(waits(session, "alice"));
    g_assert_false(mg_runtime_waits(mg_world_runtime(mg_session_world(session))));
    assert_refused(session, "alice> QUIT", "no open console");
    act(session, "!host alice up");
    assert_refused(session, "alice> QUIT", "no open console");
    act(session, "alice talk smtp://198.51.100.25");
    g_assert_true(waits(session, "alice"));
    mg_session_seek(session, opened);
    g_assert_true(waits(session, "alice"));
    /* The other side dies: who types finds out with time. */
    act(session, "!host mx down");
    g_assert_true(waits(session, "alice"));
    act(session, "alice> NOOP");
    act(session, "wait 60min");
    g_assert_false(waits(session, "alice"));
}

/* ---- the eye ---- */

static void count(GObject *object, GParamSpec *spec, void *data)
{
    ++*(unsigned *)data;
}

static void test_fence(void)
{
    g_autoptr(MgSession) session = open_session();
    unsigned told = 0;
    g_signal_connect(session, "notify::fence", G_CALLBACK(count), &told);
    act(session, "alice talk smtp://198.51.100.25");
    act(session, "alice> EHLO alice.example.com");
    uint32_t end = length(session), at = end / 2;
    mg_session_set_fence(session, at); /* the eye that was beyond it comes back */
    g_assert_cmpuint(told, ==, 1);
    g_assert_cmpuint(mg_session_fence(session), ==, at);
    g_assert_cmpuint(mg_session_position(session), ==, at);
    mg_session_seek(session, end);
    g_assert_cmpuint(mg_session_position(session), ==, at);
    for (unsigned step = MG_STEP_RECORD; step <= MG_STEP_HOP; step++) {
        g_assert_cmpuint(mg_session_peek(session, step, false), <=, at);
        mg_session_step(session, step, false);
        g_assert_cmpuint(mg_session_position(session), ==, at);
    }
    mg_session_seek(session, 0);
    mg_session_set_playing(session, true);
    mg_session_seek(session, at - 1);
    g_assert_true(mg_session_playing(session));
    mg_session_seek(session, end);
    g_assert_false(mg_session_playing(session));
    mg_session_set_fence(session, 0);
    mg_session_set_fence(session, 0);
    g_assert_cmpuint(told, ==, 2);
    mg_session_seek(session, end);
    g_assert_cmpuint(mg_session_position(session), ==, end);
}

/* What is behind the fence is not found either. */
static void test_fence_hides(void)
{
    g_autoptr(MgSession) session = open_session();
    act(session, "alice talk smtp://198.51.100.25");
    act(session, "alice> EHLO alice.example.com");
    uint32_t asked = find(session, "smtp.req.command == \"EHLO\"", 0);
    mg_session_set_fence(session, asked);
    mg_session_seek(session, 0);
    g_assert_true(mg_session_run_until(session, "smtp.response.code == 220", NULL));
    uint32_t found = mg_session_position(session);
    g_assert_false(mg_session_run_until(session, "smtp.response.code == 250", NULL));
    g_assert_cmpuint(mg_session_position(session), ==, found);
}

static void test_stop(void)
{
    g_autoptr(MgSession) session = open_session();
    act(session, "alice talk smtp://198.51.100.25");
    uint32_t end = length(session);
    mg_session_seek(session, 0);
    mg_session_set_stop(session, 5);
    mg_session_set_playing(session, true);
    mg_session_seek(session, 4);
    g_assert_true(mg_session_playing(session));
    mg_session_seek(session, 6);
    g_assert_false(mg_session_playing(session));
    g_assert_cmpuint(mg_session_position(session), ==, 6); /* it pauses, and is no wall */
    mg_session_set_playing(session, true);
    mg_session_seek(session, end);
    g_assert_true(mg_session_playing(session)); /* once */
}

static void test_pointed(void)
{
    static const char *const both[] = {"mx", "smtp.helo", NULL}, *const none[] = {NULL};
    g_autoptr(MgSession) session = open_session();
    unsigned told = 0;
    g_signal_connect(session, "notify::pointed", G_CALLBACK(count), &told);
    g_assert_null(mg_session_pointed(session));
    g_assert_false(mg_session_points_at(session, "mx"));
    mg_session_point(session, both);
    mg_session_point(session, both);
    g_assert_cmpuint(told, ==, 1);
    g_assert_true(mg_session_points_at(session, "smtp.helo"));
    g_assert_false(mg_session_points_at(session, "alice"));
    g_assert_true(mg_session_pointed(session) != both); /* a copy */
    mg_session_point(session, mg_session_pointed(session));
    g_assert_true(mg_session_points_at(session, "mx"));
    mg_session_point(session, none);
    mg_session_point(session, NULL);
    g_assert_cmpuint(told, ==, 2);
    g_assert_null(mg_session_pointed(session));
}

static void test_restart(void)
{
    g_autoptr(MgSession) session = open_session(), fresh = open_session();
    unsigned told = 0;
    act(session, "alice talk smtp://198.51.100.25");
    mg_session_seek(session, 4);
    act(session, "!link alice mx cut");
    mg_session_seek(session, 6);
    mg_session_select(session, 3);
    mg_session_set_playing(session, true);
    mg_session_set_fence(session, 8);
    g_assert_nonnull(mg_session_world(session));
    g_signal_connect(session, "notify::trace", G_CALLBACK(count), &told);
    mg_session_restart(session);
    g_assert_cmpuint(told, ==, 1);
    g_assert_cmpuint(mg_session_n_branches(session), ==, 1);
    g_assert_cmpuint(mg_session_n_deeds(session), ==, 0);
    g_assert_cmpuint(mg_session_position(session), ==, 0);
    g_assert_cmpuint(mg_session_selected(session), ==, 0);
    g_assert_cmpuint(mg_session_fence(session), ==, 0);
    g_assert_false(mg_session_playing(session));
    act(session, "alice talk smtp://198.51.100.25");
    act(fresh, "alice talk smtp://198.51.100.25");
    g_autofree char *one = mg_trace_hash(mg_session_trace(session));
    g_autofree char *two = mg_trace_hash(mg_session_trace(fresh));
    g_assert_cmpstr(one, ==, two);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    registry = mg_registry_new();
    g_test_add_func("/console/typing", test_typing);
    g_test_add_func("/console/stands-still", test_stands_still);
    g_test_add_func("/console/hang-up", test_hang_up);
    g_test_add_func("/console/refused", test_refused);
    g_test_add_func("/console/not-reached", test_not_reached);
    g_test_add_func("/console/two", test_two);
    g_test_add_func("/console/by-hand", test_by_hand);
    g_test_add_func("/console/replay", test_replay);
    g_test_add_func("/console/back", test_back);
    g_test_add_func("/console/wait-in-the-past", test_wait_in_the_past);
    g_test_add_func("/console/crash", test_crash);
    g_test_add_func("/eye/fence", test_fence);
    g_test_add_func("/eye/fence-hides", test_fence_hides);
    g_test_add_func("/eye/stop", test_stop);
    g_test_add_func("/eye/pointed", test_pointed);
    g_test_add_func("/eye/restart", test_restart);
    int failed = g_test_run();
    mg_registry_unref(registry);
    return failed;
}
