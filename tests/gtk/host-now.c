/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host-now.c - what a host's engines share is seen while none of them is alive, and a button makes
 * it forgotten */
#include <locale.h>

#include "host-now.h"
#include "machine-view.h"

/* The panel reads the host a little later than it is told to. */
static void wait_for_panel(void)
{
    int64_t end = g_get_monotonic_time() + 150 * 1000;
    while (g_get_monotonic_time() < end)
        if (!g_main_context_iteration(NULL, FALSE))
            g_usleep(5000);
}

/* All labels, a line each. */
static void read_labels(GtkWidget *from, GString *text)
{
    if (GTK_IS_LABEL(from))
        g_string_append_printf(text, "%s\n", gtk_label_get_label(GTK_LABEL(from)));
    for (GtkWidget *at = gtk_widget_get_first_child(from); at != NULL;
         at = gtk_widget_get_next_sibling(at))
        read_labels(at, text);
}

static char *words_of(GtkWidget *panel)
{
    GString *text = g_string_new(NULL);
    wait_for_panel();
    read_labels(panel, text);
    return g_string_free(text, FALSE);
}

static GtkWidget *find_button(GtkWidget *from)
{
    if (GTK_IS_BUTTON(from))
        return from;
    GtkWidget *found = NULL;
    for (GtkWidget *at = gtk_widget_get_first_child(from); at != NULL && found == NULL;
         at = gtk_widget_get_next_sibling(at))
        found = find_button(at);
    return found;
}

static MgHostId host_of(MgSession *session, const char *name)
{
    MgHostId id = mg_world_host(mg_session_world(session), name);
    g_assert_cmpuint(id, >, 0);
    return id;
}

typedef struct {
    MgRegistry *registry;
    MgSession *session;
    GtkWidget *window, *panel;
} Opened;

static Opened open_panel(const char *network)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *path = g_build_filename(g_getenv("TEST_NETWORKS"), network, NULL);
    Opened opened = {.registry = mg_registry_new()};
    opened.session = mg_session_new(path, opened.registry, 1, problems);
    g_assert_nonnull(opened.session);
    opened.window = gtk_window_new();
    opened.panel = mg_host_now_new(opened.session);
    gtk_window_set_child(GTK_WINDOW(opened.window), opened.panel);
    gtk_window_present(GTK_WINDOW(opened.window));
    return opened;
}

static void close_panel(Opened *opened)
{
    gtk_window_destroy(GTK_WINDOW(opened->window));
    g_object_unref(opened->session);
    mg_registry_unref(opened->registry);
}

static void test_cache(void)
{
    Opened opened = open_panel("dns-cache");
    MgSession *session = opened.session;
    GtkWidget *panel = opened.panel;
    mg_host_now_set_host(MG_HOST_NOW(panel), host_of(session, "resolver"));
    g_autofree char *before = words_of(panel);
    g_assert_nonnull(strstr(before, "Sets in the cache\n0\n"));

    mg_session_seek(session, mg_trace_n_records(mg_session_trace(session)));
    g_autofree char *after = words_of(panel);
    g_assert_nonnull(strstr(after, "Name\nType\nTTL\nFrom\nTrust\nmx.example.net.\nA\n"));
    g_assert_nonnull(strstr(after, "example.net.\nMX\n"));
    g_assert_nonnull(strstr(after, "\n198.51.100.53\nauthority\n"));
    g_assert_null(strstr(after, "\t"));

    GtkWidget *flush = find_button(panel);
    g_assert_nonnull(flush);
    g_assert_cmpstr(gtk_button_get_label(GTK_BUTTON(flush)), ==, "Flush");
    g_signal_emit_by_name(flush, "clicked");
    g_assert_cmpuint(mg_session_n_deeds(session), ==, 1);
    g_assert_cmpstr(mg_session_deed(session, 0)->text, ==, "resolver flush");
    mg_session_seek(session, mg_trace_n_records(mg_session_trace(session)));
    g_autofree char *empty = words_of(panel);
    g_assert_nonnull(strstr(empty, "Sets in the cache\n0\n"));
    g_assert_null(strstr(empty, "Name"));

    /* What needs another word is not offered. */
    mg_host_now_set_host(MG_HOST_NOW(panel), host_of(session, "alice"));
    g_autofree char *alice = words_of(panel);
    g_assert_nonnull(strstr(alice, "alice now"));
    g_assert_null(find_button(panel));
    close_panel(&opened);
}

/* ---- by hand ---- */

static bool is_button(GtkWidget *widget, const char *label)
{
    return GTK_IS_BUTTON(widget) && g_strcmp0(gtk_button_get_label(GTK_BUTTON(widget)), label) == 0;
}

static GtkWidget *find_labelled(GtkWidget *from, const char *label)
{
    GtkWidget *found = is_button(from, label) ? from : NULL;
    for (GtkWidget *at = gtk_widget_get_first_child(from); at != NULL && found == NULL;
         at = gtk_widget_get_next_sibling(at))
        found = find_labelled(at, label);
    return found;
}

/* A person takes the server's place, is asked for a line when somebody connects, and gives it
 * back. */
static void test_by_hand(void)
{
    Opened opened = open_panel("first-mail");
    MgSession *session = opened.session;
    GtkWidget *panel = opened.panel;
    mg_host_now_set_whole(MG_HOST_NOW(panel));
    MgHostId mx = host_of(session, "mx.example.net");
    mg_host_now_set_host(MG_HOST_NOW(panel), host_of(session, "resolver"));
    g_autofree char *resolver = words_of(panel);
    g_assert_null(strstr(resolver, "by hand")); /* nobody can, there */
    mg_host_now_set_host(MG_HOST_NOW(panel), mx);
    g_free(words_of(panel)); /* it is painted now */
    GtkWidget *button = find_labelled(panel, "Answer by hand on 25");
    g_assert_nonnull(button);
    g_assert_null(find_labelled(panel, "Let the engine answer on 25"));
    g_signal_emit_by_name(button, "clicked");
    g_assert_cmpuint(mg_session_n_deeds(session), ==, 1);
    g_assert_cmpstr(mg_session_deed(session, 0)->text, ==, "!host mx.example.net by-hand 25");
    g_assert_cmpuint(mg_session_position(session), ==, 1); /* what comes next follows it */
    mg_session_seek(session, mg_trace_n_records(mg_session_trace(session)));
    MgFlowId flow = 0;
    g_assert_true(mg_session_waits(session, mx, &flow));
    g_free(words_of(panel));
    g_assert_null(find_labelled(panel, "Answer by hand on 25"));
    button = find_labelled(panel, "Let the engine answer on 25");
    g_assert_nonnull(button);
    g_signal_emit_by_name(button, "clicked");
    g_assert_cmpstr(mg_session_deed(session, 1)->text, ==, "!host mx.example.net by-engine 25");
    close_panel(&opened);
}

/* ---- the state machine ---- */

static GtkWidget *find_machine(GtkWidget *from)
{
    if (MG_IS_MACHINE_VIEW(from))
        return from;
    GtkWidget *found = NULL;
    for (GtkWidget *at = gtk_widget_get_first_child(from); at != NULL && found == NULL;
         at = gtk_widget_get_next_sibling(at))
        found = find_machine(at);
    return found;
}

/* What is told follows the position, forward and back, and each row is one of the table. */
static void test_machine(void)
{
    Opened opened = open_panel("first-mail");
    MgSession *session = opened.session;
    GtkWidget *panel = opened.panel;
    mg_host_now_set_whole(MG_HOST_NOW(panel));
    mg_host_now_set_host(MG_HOST_NOW(panel), host_of(session, "mta.example.com"));
    MgMachineView *view = MG_MACHINE_VIEW(find_machine(panel));
    const MgTrace *trace = mg_session_trace(session);
    uint32_t greeted = 0, data = 0;
    for (uint32_t n = 1; n <= mg_trace_n_records(trace); n++) {
        const MgRecord *record = mg_trace_record(trace, n);
        if (record->kind != MG_RECORD_STATE || record->from != host_of(session, "mta.example.com"))
            continue;
        greeted = greeted == 0 ? n : greeted;
        if (data == 0 && strcmp(mg_trace_text(trace, record->text_b), "data") == 0)
            data = n;
    }
    g_assert_cmpuint(data, >, greeted);
    mg_session_seek(session, data);
    wait_for_panel();
    g_assert_cmpstr(mg_machine_view_told(view), ==, "recipients → data: DATA");
    mg_session_seek(session, greeted);
    wait_for_panel();
    g_assert_cmpstr(mg_machine_view_told(view), ==, "connected → ready: HELO or EHLO is accepted");
    close_panel(&opened);
}

/* Under each state's middle lies a row that leads there, from the present one if there is one. */
static void test_places(void)
{
    static const MgTransition rows[] = {{"a", "x", "b", "RFC 1 §1"},
                                        {"b", "y", "c", NULL},
                                        {"a", "z", "c", NULL},
                                        {"c", "w", "a", NULL},
                                        {0}};
    MgRegistry *registry = mg_registry_new();
    MgMachine machine = {.registry = registry, .rows = rows, .now = "b", .width = 300};
    g_assert_true(mg_machine_find(rows, "a", "c") == &rows[2]);
    g_assert_null(mg_machine_find(rows, "c", "b"));
    double height = mg_machine_height(&machine);
    g_assert_cmpfloat(height, >, 60);
    const MgTransition *below = NULL;
    bool seen[3] = {false, false, false};
    for (double y = 0; y < height; y += 2)
        for (double x = 0; x < 300; x += 2) {
            const MgTransition *row = mg_machine_hit(&machine, x, y);
            if (row == NULL)
                continue;
            below = y > height - 14 ? row : below;
            seen[row->to[0] - 'a'] = true;
        }
    g_assert_true(seen[0] && seen[1] && seen[2]);
    g_assert_nonnull(below);
    g_assert_null(mg_machine_hit(&machine, 1, height - 2));
    GskRenderNode *node = mg_machine_paint(&machine);
    g_assert_nonnull(node);
    gsk_render_node_unref(node);
    mg_registry_unref(registry);
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    gtk_test_init(&argc, &argv, NULL);
    g_test_add_func("/window/host-now/cache", test_cache);
    g_test_add_func("/window/host-now/by-hand", test_by_hand);
    g_test_add_func("/window/host-now/machine", test_machine);
    g_test_add_func("/window/host-now/places", test_places);
    return g_test_run();
}
