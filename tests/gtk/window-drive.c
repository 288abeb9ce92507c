/* SPDX-License-Identifier: GPL-3.0-or-later */
/* window-drive.c - the real window, driven by its actions: what each view shows of the session */
#include <glib/gstdio.h>

#include "compose.h"
#include "filter-bar.h"
#include "gtk-test.h"
#include "inspector.h"
#include "ladder.h"
#include "map-view.h"
#include "plugins-page.h"
#include "shortcuts.h"

static MgWindow *open_window(void)
{
    MgWindow *window = MG_WINDOW(mg_window_new(NULL, registry));
    g_assert_true(mg_window_open(window, g_getenv("TEST_NETWORK"), 1));
    show_window(window);
    return window;
}

/* It starts paused, at the beginning, with an empty ladder. */
static void test_start(void)
{
    MgWindow *window = open_window();
    MgSession *session = mg_window_session(window);
    g_assert_cmpuint(mg_session_position(session), ==, 0);
    g_assert_false(mg_session_playing(session));
    MgLadder *ladder = MG_LADDER(find(GTK_WIDGET(window), MG_TYPE_LADDER));
    g_assert_cmpuint(g_list_model_get_n_items(G_LIST_MODEL(mg_ladder_get_model(ladder))), ==, 0);
    close_window(window);
}

/* Steps add rows, select what they reach, and back takes the rows away again. */
static void test_steps(void)
{
    MgWindow *window = open_window();
    MgSession *session = mg_window_session(window);
    MgLadder *ladder = MG_LADDER(find(GTK_WIDGET(window), MG_TYPE_LADDER));
    GListModel *rows = G_LIST_MODEL(mg_ladder_get_model(ladder));
    act(window, "win.step");
    act(window, "win.step");
    uint32_t position = mg_session_position(session), n = g_list_model_get_n_items(rows);
    g_assert_cmpuint(position, >, 0);
    g_assert_cmpuint(mg_session_selected(session), ==, position);
    g_assert_cmpuint(n, >, 0);
    act(window, "win.step-answered");
    g_assert_cmpuint(g_list_model_get_n_items(rows), >, n);
    act(window, "win.back-answered");
    act(window, "win.end");
    uint32_t end = mg_trace_n_records(mg_session_trace(session));
    g_assert_cmpuint(mg_session_position(session), ==, end);
    act(window, "win.start");
    g_assert_cmpuint(mg_session_position(session), ==, 0);
    g_assert_cmpuint(g_list_model_get_n_items(rows), ==, 0);
    close_window(window);
}

/* Plays to the end by itself. */
static void test_play(void)
{
    MgWindow *window = open_window();
    MgSession *session = mg_window_session(window);
    act(window, "win.speed-4");
    act(window, "win.play");
    g_assert_true(mg_session_playing(session));
    uint32_t end = mg_trace_n_records(mg_session_trace(session));
    while (mg_session_playing(session))
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(mg_session_position(session), ==, end);
    close_window(window);
}

static uint32_t find_record(MgSession *session, const char *filter)
{
    g_autoptr(GError) error = NULL;
    mg_session_seek(session, 0);
    g_assert_true(mg_session_run_until(session, filter, &error));
    g_assert_no_error(error);
    settle();
    return mg_session_position(session);
}

/* A click on an octet opens the deepest field, which lights its octets. */
static void test_inspector(void)
{
    MgWindow *window = open_window();
    MgSession *session = mg_window_session(window);
    MgInspector *inspector = MG_INSPECTOR(find(GTK_WIDGET(window), MG_TYPE_INSPECTOR));
    uint32_t n = find_record(session, "mailglass.kind == \"command\"");
    g_autoptr(MgTree) tree = mg_trace_tree(mg_session_trace(session), n);
    size_t source = mg_tree_n_sources(tree) - 1, len = 0, offset = 0;
    MgNode last = MG_NODE_ROOT;
    for (size_t i = 0; i < mg_trace_record(mg_session_trace(session), n)->len; i++) {
        mg_inspector_pick_octet(inspector, i);
        MgNode node = mg_tree_node_at(tree, source, i);
        if (node == MG_NODE_ROOT)
            continue;
        g_assert_cmpstr(mg_inspector_field(inspector), ==, mg_tree_node(tree, node)->field->id);
        mg_inspector_lit(inspector, &offset, &len);
        g_assert_cmpuint(offset, ==, mg_tree_node(tree, node)->offset);
        g_assert_cmpuint(len, ==, mg_tree_node(tree, node)->len);
        last = node;
    }
    g_assert_cmpuint(last, !=, MG_NODE_ROOT);
    /* An event without octets is shown too. */
    find_record(session, "mailglass.kind == \"state\"");
    wait_ms(120);
    close_window(window);
}

static void test_filter(void)
{
    MgWindow *window = open_window();
    MgSession *session = mg_window_session(window);
    MgLadder *ladder = MG_LADDER(find(GTK_WIDGET(window), MG_TYPE_LADDER));
    GListModel *rows = G_LIST_MODEL(mg_ladder_get_model(ladder));
    MgFilterBar *bar = MG_FILTER_BAR(find(GTK_WIDGET(window), MG_TYPE_FILTER_BAR));
    act(window, "win.end");
    uint32_t all = g_list_model_get_n_items(rows);
    act(window, "win.filter");
    mg_filter_bar_set_text(bar, "mailglass.kind == \"reply\"");
    settle();
    uint32_t some = g_list_model_get_n_items(rows);
    g_assert_cmpuint(some, >, 0);
    g_assert_cmpuint(some, <, all);
    for (uint32_t i = 0; i < some; i++) {
        g_autoptr(MgLadderRow) row = g_list_model_get_item(rows, i);
        g_assert_cmpuint(
            mg_trace_record(mg_session_trace(session), mg_ladder_row_record(row))->unit, ==,
            MG_UNIT_REPLY);
    }
    mg_filter_bar_set_text(bar, "mailglass.kind == ");
    settle();
    g_assert_nonnull(strstr(mg_filter_bar_problem(bar), "column"));
    g_assert_cmpuint(g_list_model_get_n_items(rows), ==, some); /* a mistake changes nothing */
    act(window, "win.filter");
    g_assert_false(mg_filter_bar_is_open(bar));
    g_assert_cmpuint(g_list_model_get_n_items(rows), ==, all);
    close_window(window);
}

/* Nothing is lost on leaving. */
static void test_presentation(void)
{
    MgWindow *window = open_window();
    MgSession *session = mg_window_session(window);
    GtkWidget *inspector = find(GTK_WIDGET(window), MG_TYPE_INSPECTOR);
    GtkWidget *ladder = find(GTK_WIDGET(window), MG_TYPE_LADDER);
    GtkWidget *map = find(GTK_WIDGET(window), MG_TYPE_MAP_VIEW);
    mg_session_seek(session, 9);
    mg_session_select(session, 5);
    act(window, "win.presentation");
    g_assert_true(mg_window_is_presenting(window));
    g_assert_false(gtk_widget_get_mapped(inspector));
    g_assert_false(gtk_widget_get_mapped(ladder));
    g_assert_true(gtk_widget_get_mapped(map));
    act(window, "win.presentation");
    settle();
    g_assert_false(mg_window_is_presenting(window));
    g_assert_true(gtk_widget_get_mapped(inspector));
    g_assert_true(gtk_widget_get_mapped(ladder));
    g_assert_cmpuint(mg_session_position(session), ==, 9);
    g_assert_cmpuint(mg_session_selected(session), ==, 5);
    /* An inspector that was hidden stays hidden. */
    act(window, "win.inspector");
    act(window, "win.presentation");
    act(window, "win.presentation");
    g_assert_false(gtk_widget_get_visible(inspector));
    close_window(window);
}

static GtkWindow *other_window(MgWindow *window)
{
    GListModel *all = gtk_window_get_toplevels();
    for (unsigned i = 0; i < g_list_model_get_n_items(all); i++) {
        g_autoptr(GtkWindow) each = g_list_model_get_item(all, i);
        if (each != GTK_WINDOW(window))
            return each;
    }
    return NULL;
}

static GtkWidget *button_of(GtkWidget *from, const char *label)
{
    if (GTK_IS_BUTTON(from) && g_strcmp0(gtk_button_get_label(GTK_BUTTON(from)), label) == 0)
        return from;
    for (GtkWidget *at = gtk_widget_get_first_child(from); at != NULL;
         at = gtk_widget_get_next_sibling(at)) {
        GtkWidget *found = button_of(at, label);
        if (found != NULL)
            return found;
    }
    return NULL;
}

/* A mail written in the past begins a branch, and is on its way at once. */
static void test_compose(void)
{
    MgWindow *window = open_window();
    MgSession *session = mg_window_session(window);
    mg_session_seek(session, 5);
    act(window, "win.compose");
    GtkWidget *sheet = GTK_WIDGET(other_window(window));
    g_assert_nonnull(sheet);
    GtkWidget *to = find(sheet, GTK_TYPE_ENTRY);
    GtkWidget *send = button_of(sheet, "Send");
    g_assert_nonnull(send);
    gtk_editable_set_text(GTK_EDITABLE(to), "nobody");
    g_signal_emit_by_name(send, "clicked");
    settle();
    g_assert_true(gtk_widget_has_css_class(to, "error")); /* said in place, and nothing sent */
    g_assert_cmpuint(mg_session_n_branches(session), ==, 1);
    gtk_editable_set_text(GTK_EDITABLE(to), "bob@example.com");
    g_signal_emit_by_name(send, "clicked");
    settle();
    g_assert_null(other_window(window));
    g_assert_cmpuint(mg_session_n_branches(session), ==, 2);
    g_assert_true(mg_session_playing(session));
    mg_session_set_playing(session, false);
    act(window, "win.next-branch");
    g_assert_cmpuint(mg_session_branch(session), ==, 0);
    close_window(window);
}

/* The start page lists networks; one with mistakes says so and opens nothing. */
static void test_pages(void)
{
    MgWindow *window = open_window();
    MgSession *session = mg_window_session(window);
    act(window, "win.networks");
    g_assert_false(gtk_widget_get_mapped(find(GTK_WIDGET(window), MG_TYPE_LADDER)));
    act(window, "win.networks");
    g_assert_true(mg_window_session(window) == session);
    g_assert_false(mg_window_open(window, "/nowhere/at/all", 1));
    settle();
    GtkWindow *dialog = other_window(window);
    g_assert_nonnull(dialog);
    gtk_window_destroy(dialog);
    g_assert_true(mg_window_session(window) == session);
    GtkWidget *page = g_object_ref_sink(mg_plugins_page_new(registry));
    g_assert_nonnull(find(page, ADW_TYPE_EXPANDER_ROW));
    g_object_unref(page);
    act(window, "win.keys");
    act(window, "win.about");
    while ((dialog = other_window(window)) != NULL)
        gtk_window_destroy(dialog);
    close_window(window);
}

/* Every key does something that exists. */
static void test_keys(void)
{
    MgWindow *window = open_window();
    for (const MgShortcut *row = mg_shortcuts; row->action != NULL; row++) {
        unsigned key = 0;
        GdkModifierType with = 0;
        g_assert_true(gtk_accelerator_parse(row->accelerator, &key, &with));
        g_assert_cmpuint(key, !=, 0);
        if (g_str_has_prefix(row->action, "win."))
            g_assert_nonnull(g_action_map_lookup_action(G_ACTION_MAP(window), row->action + 4));
    }
    close_window(window);
}

static void test_picture(void)
{
    MgWindow *window = open_window();
    wait_ms(100); /* what is drawn once it has its size is drawn */
    g_autofree char *folder = g_dir_make_tmp(NULL, NULL);
    g_autofree char *path = g_build_filename(folder, "window.png", NULL);
    g_assert_true(mg_window_save_picture(GTK_WINDOW(window), path));
    g_autoptr(GError) error = NULL;
    g_autoptr(GdkTexture) texture = gdk_texture_new_from_filename(path, &error);
    g_assert_no_error(error);
    g_assert_cmpint(gdk_texture_get_width(texture), ==, 1280);
    g_assert_cmpint(gdk_texture_get_height(texture), ==, 800);
    g_assert_cmpint(g_remove(path), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
    close_window(window);
}

int main(int argc, char **argv)
{
    test_begin(&argc, &argv);
    g_test_add_func("/window/start", test_start);
    g_test_add_func("/window/steps", test_steps);
    g_test_add_func("/window/play", test_play);
    g_test_add_func("/window/inspector", test_inspector);
    g_test_add_func("/window/filter", test_filter);
    g_test_add_func("/window/presentation", test_presentation);
    g_test_add_func("/window/compose", test_compose);
    g_test_add_func("/window/pages", test_pages);
    g_test_add_func("/window/keys", test_keys);
    g_test_add_func("/window/picture", test_picture);
    return test_end();
}
