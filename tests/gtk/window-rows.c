/* SPDX-License-Identifier: GPL-3.0-or-later */
/* window-rows.c - which records are rows, what is folded, and that a million of them are quick */
#include "ladder-index.h"
#include "ladder-paint.h"

enum { ALICE = 1, SERVER, RESOLVER, ROOT };

typedef struct {
    MgRegistry *registry;
    MgTrace *trace;
    MgTime now;
} Tape;

static void tape_init(Tape *tape)
{
    static const char *const names[] = {"alice", "mail.example.com", "resolver", "root"};
    tape->registry = mg_registry_new_for_path("");
    tape->trace = mg_trace_new(tape->registry);
    tape->now = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        mg_trace_add_host(tape->trace, names[i], "mua", "example.com", "192.0.2.1", false);
}

static void tape_clear(Tape *tape)
{
    mg_trace_unref(tape->trace);
    mg_registry_unref(tape->registry);
}

static MgFlowId flow(Tape *tape, MgTransport transport, MgHostId client, MgHostId server,
                     uint32_t parent)
{
    MgFlow about = {.transport = transport,
                    .client = client,
                    .server = server,
                    .client_address = "192.0.2.1",
                    .server_address = "192.0.2.2",
                    .client_port = 49152,
                    .server_port = 9,
                    .parent = parent,
                    .at = tape->now};
    return mg_trace_add_flow(tape->trace, &about);
}

static uint32_t ask(Tape *tape, MgFlowId of, bool answer)
{
    return mg_trace_add_datagram(tape->trace, of, answer ? MG_FROM_SERVER : MG_FROM_CLIENT,
                                 MG_SPAN("what is it?"), 0, tape->now++);
}

static uint32_t syn(Tape *tape, MgFlowId of)
{
    MgPacket packet = {.at = tape->now++, .flow = of, .tcp_flags = MG_TCP_SYN};
    mg_trace_add_packet(tape->trace, &packet, true, 0, tape->now);
    return mg_trace_n_records(tape->trace);
}

/* 1 an action, 2 a question, 3 the one it led to, 4 its answer, 5 a state inside, 6 the first
 * answer, 7 a SYN, 8 a state after it. */
static void fill(Tape *tape)
{
    uint32_t action = mg_trace_add_action(tape->trace, &(MgDoer){ALICE, 1, 0, tape->now++}, "send");
    MgFlowId outer = flow(tape, MG_TRANSPORT_DATAGRAM, ALICE, RESOLVER, action);
    uint32_t question = ask(tape, outer, false);
    MgFlowId inner = flow(tape, MG_TRANSPORT_DATAGRAM, RESOLVER, ROOT, question);
    ask(tape, inner, false);
    ask(tape, inner, true);
    mg_trace_add_state(tape->trace, &(MgDoer){RESOLVER, 2, question, tape->now++}, "r", "asking",
                       "done");
    ask(tape, outer, true);
    MgFlowId stream = flow(tape, MG_TRANSPORT_STREAM, ALICE, SERVER, action);
    uint32_t packet = syn(tape, stream);
    mg_trace_add_state(tape->trace, &(MgDoer){SERVER, 3, packet, tape->now++}, "s", "new", "open");
    g_assert_cmpuint(mg_trace_n_records(tape->trace), ==, 8);
}

static void test_folds(void)
{
    Tape tape;
    tape_init(&tape);
    fill(&tape);
    g_autoptr(MgLadderIndex) index = mg_ladder_index_new(tape.trace);
    g_assert_false(mg_ladder_index_catch_up(index, UINT32_MAX));
    static const uint32_t rows[] = {1, 2, 7};
    g_assert_cmpuint(mg_ladder_index_n_rows(index, 8), ==, G_N_ELEMENTS(rows));
    for (uint32_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpuint(mg_ladder_index_record(index, i), ==, rows[i]);
    g_assert_cmpuint(mg_ladder_index_n_rows(index, 0), ==, 0);
    g_assert_cmpuint(mg_ladder_index_n_rows(index, 6), ==, 2);

    const MgFold *fold = mg_ladder_index_fold(index, 2);
    g_assert_nonnull(fold);
    g_assert_null(mg_ladder_index_fold(index, 3));
    g_assert_cmpuint(fold->count, ==, 4);
    g_assert_cmpuint(fold->answer, ==, 6);
    g_assert_cmpuint(mg_ladder_index_fold_count(index, fold, 3), ==, 2);
    uint32_t row = 99;
    g_assert_true(mg_ladder_index_row_of(index, 4, &row));
    g_assert_cmpuint(row, ==, 1); /* seen in its fold */
    g_assert_false(mg_ladder_index_row_of(index, 0, &row));

    /* Only who is in a row has a lifeline: the root server is not, until the fold opens. */
    g_assert_cmpuint(mg_ladder_index_n_columns(index), ==, 3);
    g_assert_cmpint(mg_ladder_index_column_of(index, ROOT), ==, -1);
    mg_ladder_index_toggle(index, 2);
    g_assert_cmpuint(mg_ladder_index_n_rows(index, 8), ==, 6);
    g_assert_cmpint(mg_ladder_index_column_of(index, ROOT), ==, 2);
    g_assert_true(mg_ladder_index_is_inside(index, 4));
    mg_ladder_index_toggle(index, 2);
    g_assert_cmpuint(mg_ladder_index_n_rows(index, 8), ==, 3);
    tape_clear(&tape);
}

static void test_states(void)
{
    Tape tape;
    tape_init(&tape);
    fill(&tape);
    g_autoptr(MgLadderIndex) index = mg_ladder_index_new(tape.trace);
    mg_ladder_index_catch_up(index, UINT32_MAX);
    MgLadderState states[4];
    g_assert_cmpuint(mg_ladder_index_states(index, 7, 7, states, 4), ==, 0);
    g_assert_cmpuint(mg_ladder_index_states(index, 7, 8, states, 4), ==, 1);
    g_assert_cmpuint(states[0].host, ==, SERVER);
    g_assert_cmpuint(states[0].n, ==, 8);
    g_assert_cmpuint(mg_ladder_index_states(index, 2, 8, states, 4), ==, 0); /* folded away */
    tape_clear(&tape);
}

static void test_filter(void)
{
    Tape tape;
    tape_init(&tape);
    fill(&tape);
    g_autoptr(MgLadderIndex) index = mg_ladder_index_new(tape.trace);
    mg_ladder_index_catch_up(index, UINT32_MAX);
    g_autoptr(GError) error = NULL;
    mg_ladder_index_set_filter(index,
                               mg_filter_new("mailglass.host == \"root\"", tape.registry, &error));
    g_assert_no_error(error);
    while (mg_ladder_index_catch_up(index, 3))
        continue;
    g_assert_cmpuint(mg_ladder_index_n_rows(index, 8), ==, 2);
    g_assert_cmpuint(mg_ladder_index_record(index, 0), ==, 3);
    mg_ladder_index_set_filter(index, NULL);
    mg_ladder_index_catch_up(index, UINT32_MAX);
    g_assert_cmpuint(mg_ladder_index_n_rows(index, 8), ==, 3);
    tape_clear(&tape);
}

/* Growing a trace gives the same rows as looking at it once. */
static void test_growth(void)
{
    Tape tape;
    tape_init(&tape);
    g_autoptr(MgLadderIndex) little = mg_ladder_index_new(tape.trace);
    for (int round = 0; round < 50; round++) {
        uint32_t action =
            mg_trace_add_action(tape.trace, &(MgDoer){ALICE, 1, 0, tape.now++}, "send");
        MgFlowId outer = flow(&tape, MG_TRANSPORT_DATAGRAM, ALICE, RESOLVER, action);
        uint32_t question = ask(&tape, outer, false);
        mg_ladder_index_catch_up(little, UINT32_MAX);
        MgFlowId inner = flow(&tape, MG_TRANSPORT_DATAGRAM, RESOLVER, ROOT, question);
        ask(&tape, inner, false);
        mg_ladder_index_catch_up(little, 1);
        ask(&tape, outer, true);
        syn(&tape, flow(&tape, MG_TRANSPORT_STREAM, ALICE, SERVER, action));
    }
    mg_ladder_index_catch_up(little, UINT32_MAX);
    g_autoptr(MgLadderIndex) once = mg_ladder_index_new(tape.trace);
    mg_ladder_index_catch_up(once, UINT32_MAX);
    uint32_t n = mg_ladder_index_n_rows(once, UINT32_MAX);
    g_assert_cmpuint(n, ==, 150);
    g_assert_cmpuint(mg_ladder_index_n_rows(little, UINT32_MAX), ==, n);
    for (uint32_t i = 0; i < n; i++)
        g_assert_cmpuint(mg_ladder_index_record(little, i), ==, mg_ladder_index_record(once, i));
    tape_clear(&tape);
}

static unsigned pixels_of(MgSession *session, gboolean dark)
{
    GskRenderNode *node = mg_scene_ladder(session, 640, 300, dark);
    g_assert_nonnull(node);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, 640, 300);
    cairo_t *cr = cairo_create(surface);
    gsk_render_node_draw(node, cr);
    gsk_render_node_unref(node);
    cairo_destroy(cr);
    cairo_surface_flush(surface);
    const uint32_t *pixels = (const uint32_t *)(void *)cairo_image_surface_get_data(surface);
    unsigned sum = 0;
    for (int i = 0; i < 640 * 300; i++)
        sum = sum * 31 + pixels[i];
    cairo_surface_destroy(surface);
    return sum;
}

/* A picture without a display: the same twice, another when something has happened or it is dark.
 */
static void test_picture(void)
{
    Tape tape;
    tape_init(&tape);
    fill(&tape);
    g_autoptr(MgSession) session = mg_session_new_for_trace(tape.trace);
    mg_session_seek(session, 2);
    unsigned first = pixels_of(session, FALSE);
    g_assert_cmpuint(pixels_of(session, FALSE), ==, first);
    g_assert_cmpuint(pixels_of(session, TRUE), !=, first);
    mg_session_seek(session, 8);
    g_assert_cmpuint(pixels_of(session, FALSE), !=, first);
    g_clear_object(&session);
    tape_clear(&tape);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    gtk_init_check(); /* for the types of render nodes: a display is not needed */
    g_test_add_func("/rows/folds", test_folds);
    g_test_add_func("/rows/states", test_states);
    g_test_add_func("/rows/filter", test_filter);
    g_test_add_func("/rows/growth", test_growth);
    g_test_add_func("/rows/picture", test_picture);
    return g_test_run();
}
