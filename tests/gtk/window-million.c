/* SPDX-License-Identifier: GPL-3.0-or-later */
/* window-million.c - a ladder of a million rows: what a frame does is not proportional to them */
#include <adwaita.h>

#include "ladder.h"

#define ROWS  1000000u
#define JUMPS 40u

static MgTrace *long_trace(MgRegistry *registry)
{
    MgTrace *trace = mg_trace_new(registry);
    mg_trace_set_keep_packets(trace, false);
    for (unsigned i = 0; i < 6; i++) {
        g_autofree char *name = g_strdup_printf("host%u.example.com", i);
        mg_trace_add_host(trace, name, "mta", "example.com", "192.0.2.1", false);
    }
    for (uint32_t n = 0; n < ROWS; n++)
        mg_trace_add_action(trace, &(MgDoer){(MgHostId)(n % 6 + 1), 1, 0, n},
                            "send mail/hello.eml");
    return trace;
}

static void count_widgets(GtkWidget *from, unsigned *count)
{
    ++*count;
    for (GtkWidget *at = gtk_widget_get_first_child(from); at != NULL;
         at = gtk_widget_get_next_sibling(at))
        count_widgets(at, count);
}

static void count_frame(GdkFrameClock *clock, unsigned *frames)
{
    ++*frames;
}

static gboolean give_up(void *data)
{
    *(bool *)data = true;
    return G_SOURCE_REMOVE;
}

/* Until two more frames were painted, or nothing more is to be painted. */
static void wait_frames(unsigned *frames)
{
    unsigned wanted = *frames + 2;
    bool over = false;
    unsigned timer = g_timeout_add(100, give_up, &over);
    while (*frames < wanted && !over)
        g_main_context_iteration(NULL, TRUE);
    if (!over)
        g_source_remove(timer);
}

static void keep_change(GListModel *rows, unsigned at, unsigned removed, unsigned added,
                        unsigned *change)
{
    change[0]++;
    change[1] = at;
    change[2] = removed;
    change[3] = added;
}

static void test_million(void)
{
    g_autoptr(MgRegistry) registry = mg_registry_new_for_path("");
    g_autoptr(MgTrace) trace = long_trace(registry);
    g_autoptr(MgSession) session = mg_session_new_for_trace(trace);
    GtkWidget *window = gtk_window_new();
    gtk_window_set_default_size(GTK_WINDOW(window), 700, 500);
    gint64 began = g_get_monotonic_time();
    GtkWidget *ladder = mg_ladder_new(session);
    g_test_message("made in %.0f ms", (double)(g_get_monotonic_time() - began) / 1000);
    gtk_window_set_child(GTK_WINDOW(window), ladder);
    gtk_window_present(GTK_WINDOW(window));
    gtk_test_widget_wait_for_draw(window);
    unsigned frames = 0, widgets = 0;
    g_signal_connect(gtk_widget_get_frame_clock(window), "after-paint", G_CALLBACK(count_frame),
                     &frames);
    GListModel *rows = G_LIST_MODEL(mg_ladder_get_model(MG_LADDER(ladder)));
    began = g_get_monotonic_time();
    for (unsigned i = 0; i < JUMPS; i++) {
        uint32_t to = (uint32_t)((uint64_t)(i + 1) * 7919u * 104729u % ROWS) + 1;
        mg_session_seek(session, to);
        g_assert_cmpuint(g_list_model_get_n_items(rows), ==, to);
        wait_frames(&frames);
    }
    g_test_message("a jump and its frames in %.1f ms",
                   (double)(g_get_monotonic_time() - began) / 1000 / JUMPS);
    g_assert_cmpuint(frames, >=, JUMPS);
    count_widgets(ladder, &widgets);
    g_assert_cmpuint(widgets, <, 1000); /* of a million rows */
    /* A step further takes one row more, and makes none of the others anew. */
    mg_session_seek(session, ROWS - 1);
    wait_frames(&frames);
    unsigned change[4] = {0};
    g_signal_connect(rows, "items-changed", G_CALLBACK(keep_change), change);
    mg_session_seek(session, ROWS);
    g_assert_cmpuint(change[0], ==, 1);
    g_assert_cmpuint(change[1], ==, ROWS - 1);
    g_assert_cmpuint(change[2], ==, 0);
    g_assert_cmpuint(change[3], ==, 1);
    wait_frames(&frames);
    gtk_window_destroy(GTK_WINDOW(window));
}

int main(int argc, char **argv)
{
    gtk_test_init(&argc, &argv, NULL);
    adw_init();
    g_test_add_func("/ladder/million", test_million);
    return g_test_run();
}
