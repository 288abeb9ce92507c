/* SPDX-License-Identifier: GPL-3.0-or-later */
/* faults.c - the sheet where a network is changed: what it does is what a line in the console does
 */
#include "gtk-test.h"
#include "map-view.h"
#include "scene.h"

static MgWindow *open_first(void)
{
    g_autofree char *path = g_build_filename(g_getenv("TEST_NETWORKS"), "first-mail", NULL);
    MgWindow *window = MG_WINDOW(mg_window_new(NULL, registry));
    g_assert_true(mg_window_open(window, path, 1));
    show_window(window);
    return window;
}

/* The sheet on top. */
static GtkWidget *sheet_of(MgWindow *window, const char *a, const char *b)
{
    const char *names[] = {a, b, NULL};
    g_assert_true(gtk_widget_activate_action(GTK_WIDGET(window), "win.faults-of", "^as", names));
    settle();
    GListModel *all = gtk_window_get_toplevels();
    for (unsigned i = 0; i < g_list_model_get_n_items(all); i++) {
        g_autoptr(GtkWindow) each = g_list_model_get_item(all, i);
        if (gtk_window_get_transient_for(each) == GTK_WINDOW(window))
            return GTK_WIDGET(each);
    }
    g_assert_not_reached();
}

static bool is_titled(GtkWidget *widget, const void *title)
{
    return ADW_IS_PREFERENCES_ROW(widget) &&
           g_strcmp0(adw_preferences_row_get_title(ADW_PREFERENCES_ROW(widget)), title) == 0;
}

static void click(GtkWidget *from, const char *label)
{
    GtkWidget *button = find_that(from, has_label, label);
    g_assert_nonnull(button);
    g_signal_emit_by_name(button, "clicked");
    settle();
}

static void type_in(GtkWidget *row, const char *text)
{
    GtkWidget *entry = find(row, GTK_TYPE_ENTRY);
    gtk_editable_set_text(GTK_EDITABLE(entry), text);
    g_signal_emit_by_name(entry, "activate");
    settle();
}

static const char *deed(MgWindow *window, size_t i)
{
    MgSession *session = mg_window_session(window);
    g_assert_cmpuint(mg_session_n_deeds(session), >, i);
    return mg_session_deed(session, i)->text;
}

static void test_setting(void)
{
    MgWindow *window = open_first();
    MgSession *session = mg_window_session(window);
    mg_session_seek(session, 12);
    GtkWidget *sheet = sheet_of(window, "mta.example.com", NULL);
    g_assert_null(find_that(sheet, is_titled, "password"));
    type_in(find_that(sheet, is_titled, "misbehave"), "451 at rcpt twice");
    g_assert_cmpstr(deed(window, 0), ==, "!host mta.example.com set misbehave 451 at rcpt twice");
    g_assert_cmpuint(mg_session_n_branches(session), ==, 2);
    g_assert_cmpuint(mg_session_position(session), >=, 12);
    GtkWidget *relay = find_that(sheet, is_titled, "open_relay");
    gtk_switch_set_active(GTK_SWITCH(find(relay, GTK_TYPE_SWITCH)), TRUE);
    settle();
    g_assert_cmpstr(deed(window, 1), ==, "!host mta.example.com set open_relay yes");
    gtk_window_close(GTK_WINDOW(sheet));
    settle();
    /* What was set is what is shown next time. */
    sheet = sheet_of(window, "mta.example.com", NULL);
    GtkWidget *entry = find(find_that(sheet, is_titled, "misbehave"), GTK_TYPE_ENTRY);
    g_assert_cmpstr(gtk_editable_get_text(GTK_EDITABLE(entry)), ==, "451 at rcpt twice");
    gtk_window_close(GTK_WINDOW(sheet));
    close_window(window);
}

static void test_link(void)
{
    MgWindow *window = open_first();
    mg_session_seek(mg_window_session(window), 12);
    GtkWidget *sheet = sheet_of(window, "mx.example.net", "mta.example.com");
    GtkWidget *loss = find_that(sheet, is_titled, "Loss");
    type_in(loss, "2");
    g_assert_cmpuint(mg_session_n_deeds(mg_window_session(window)), ==, 0);
    g_assert_nonnull(find_that(sheet, says, "a loss is a number from 0 to 1"));
    type_in(loss, "0.5");
    g_assert_cmpstr(deed(window, 0), ==, "!link mta.example.com mx.example.net loss 0.5");
    click(sheet, "Cut");
    g_assert_cmpstr(deed(window, 1), ==, "!link mta.example.com mx.example.net cut");
    click(sheet, "Take down");
    g_assert_cmpstr(deed(window, 2), ==, "!host mx.example.net down");
    gtk_window_close(GTK_WINDOW(sheet));
    close_window(window);
}

/* Somewhere on the map lies each link, and no card does. */
static void test_under_pointer(void)
{
    MgWindow *window = open_first();
    MgSession *session = mg_window_session(window);
    MgScene scene = {.session = session, .width = 640, .height = 380};
    g_autoptr(MgGeometry) geometry = mg_geometry_new(&scene);
    scene.geometry = geometry;
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    for (int y = 0; y < 380; y += 2)
        for (int x = 0; x < 640; x += 2) {
            size_t a, b;
            if (mg_scene_hits_link(&scene, x, y, &a, &b))
                g_hash_table_add(seen, GSIZE_TO_POINTER(a << 8 | b));
        }
    g_assert_cmpuint(g_hash_table_size(seen), ==, mg_session_network(session)->links->len);
    g_assert_false(mg_scene_hits_link(&scene, 1, 1, &(size_t){0}, &(size_t){0}));
    close_window(window);
}

int main(int argc, char **argv)
{
    test_begin(&argc, &argv);
    g_test_add_func("/faults/setting", test_setting);
    g_test_add_func("/faults/link", test_link);
    g_test_add_func("/faults/under-pointer", test_under_pointer);
    return test_end();
}
