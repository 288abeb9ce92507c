/* SPDX-License-Identifier: GPL-3.0-or-later */
/* glow.c - what a lesson points at is seen by all views; what the fence hides is seen by none
 *
 * TEST_PICTURES=FOLDER keeps a picture of what is seen. */

#include "caption.h"
#include "gtk-test.h"
#include "inspector.h"
#include "ladder-paint.h"
#include "ladder.h"
#include "map-view.h"
#include "scene.h"
#include "theme.h"
#include "track.h"

static void shoot(MgWindow *window, const char *what)
{
    const char *folder = g_getenv("TEST_PICTURES");
    if (folder == NULL)
        return;
    wait_ms(200);
    g_autofree char *path = g_strdup_printf("%s/glow-%s.png", folder, what);
    mg_window_save_picture(GTK_WINDOW(window), path);
}

static MgWindow *open_window(void)
{
    g_autofree char *path = g_build_filename(g_getenv("TEST_NETWORKS"), "first-mail", NULL);
    MgWindow *window = MG_WINDOW(mg_window_new(NULL, registry));
    g_assert_true(mg_window_open(window, path, 1));
    show_window(window);
    return window;
}

static void point(MgSession *session, const char *a, const char *b)
{
    mg_session_point(session, (const char *const[]){a, b, NULL});
    settle();
}

static uint32_t seek(MgSession *session, const char *filter)
{
    g_autoptr(GError) error = NULL;
    mg_session_seek(session, 0);
    g_assert_true(mg_session_run_until(session, filter, &error));
    g_assert_no_error(error);
    settle();
    return mg_session_position(session);
}

/* ---- a painted picture: how many pixels are near a colour ---- */

static unsigned count_pixels(GskRenderNode *node, int width, int height, GdkRGBA color)
{
    cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    cairo_t *cr = cairo_create(image);
    gsk_render_node_draw(node, cr);
    cairo_destroy(cr);
    cairo_surface_flush(image);
    unsigned count = 0;
    for (int y = 0; y < height; y++) {
        const uint8_t *row = cairo_image_surface_get_data(image) +
                             (size_t)y * (size_t)cairo_image_surface_get_stride(image);
        for (int x = 0; x < width; x++, row += 4)
            count += abs(row[0] - (int)(color.blue * 255)) < 6 &&
                     abs(row[1] - (int)(color.green * 255)) < 6 &&
                     abs(row[2] - (int)(color.red * 255)) < 6;
    }
    cairo_surface_destroy(image);
    return count;
}

static unsigned count_accent(MgSession *session, gboolean dark)
{
    MgScene scene = {
        .session = session, .width = 900, .height = 600, .dark = dark, .cards = TRUE, .zoom = 1};
    g_autoptr(MgGeometry) geometry = mg_geometry_new(&scene);
    scene.geometry = geometry;
    GskRenderNode *node = mg_scene_map(&scene);
    unsigned count = count_pixels(node, 900, 600, mg_palette(dark)->accent);
    gsk_render_node_unref(node);
    return count;
}

/* ---- tests ---- */

/* A ring around the card, in light and dark, also where nothing moves. */
static void test_map(void)
{
    MgWindow *window = open_window();
    MgSession *session = mg_window_session(window);
    for (gboolean dark = FALSE; dark <= TRUE; dark++) {
        point(session, NULL, NULL);
        unsigned before = count_accent(session, dark);
        point(session, "resolver", "mx.example.net");
        unsigned after = count_accent(session, dark);
        g_assert_cmpuint(after, >, before + 600);
    }
    shoot(window, "hosts");
    GtkWidget *map = find(GTK_WIDGET(window), MG_TYPE_MAP_VIEW);
    unsigned told = 0;
    for (GtkWidget *at = gtk_widget_get_first_child(map); at != NULL;
         at = gtk_widget_get_next_sibling(at))
        told += GTK_IS_BUTTON(at) &&
                gtk_test_accessible_has_property(GTK_ACCESSIBLE(at),
                                                 GTK_ACCESSIBLE_PROPERTY_DESCRIPTION) &&
                gtk_test_accessible_check_property(GTK_ACCESSIBLE(at),
                                                   GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                                   "The lesson points at this") == NULL;
    g_assert_cmpuint(told, ==, 2);
    /* With animations it pulses, and is calm again. */
    g_object_set(gtk_settings_get_default(), "gtk-enable-animations", TRUE, NULL);
    point(session, "alice", NULL);
    wait_ms(200);
    g_object_set(gtk_settings_get_default(), "gtk-enable-animations", FALSE, NULL);
    point(session, NULL, NULL);
    close_window(window);
}

/* The field is opened and selected, its octets are lit, its row and the ladder's glow. */
static void test_field(void)
{
    MgWindow *window = open_window();
    MgSession *session = mg_window_session(window);
    MgInspector *inspector = MG_INSPECTOR(find(GTK_WIDGET(window), MG_TYPE_INSPECTOR));
    size_t offset = 0, len = 0;
    seek(session, "smtp.req.command == \"MAIL\"");
    point(session, "smtp.req.parameter", "alice");
    g_assert_cmpstr(mg_inspector_field(inspector), ==, "smtp.req.parameter");
    mg_inspector_lit(inspector, &offset, &len);
    g_assert_cmpuint(len, >, 0);
    wait_ms(100);
    g_assert_nonnull(find_class(GTK_WIDGET(inspector), "pointed"));
    shoot(window, "field");
    /* One of a layer that is closed. */
    point(session, "tcp.dstport", NULL);
    g_assert_cmpstr(mg_inspector_field(inspector), ==, "tcp.dstport");
    /* Another exchange that has it, too; and one that has not. */
    point(session, "smtp.req.command", NULL);
    seek(session, "smtp.req.command == \"RCPT\"");
    g_assert_cmpstr(mg_inspector_field(inspector), ==, "smtp.req.command");
    point(session, "dns.qry.name", NULL);
    g_assert_cmpstr(mg_inspector_field(inspector), ==, "smtp.req.command");
    point(session, NULL, NULL);
    wait_ms(100);
    g_assert_null(find_class(GTK_WIDGET(inspector), "pointed"));
    close_window(window);
}

static const char *sentence_of(MgWindow *window)
{
    GtkWidget *caption = find(GTK_WIDGET(window), MG_TYPE_CAPTION);
    return gtk_label_get_text(GTK_LABEL(gtk_widget_get_last_child(caption)));
}

static const char *words_of(MgWindow *window)
{
    GtkWidget *caption = find(GTK_WIDGET(window), MG_TYPE_CAPTION);
    return gtk_label_get_text(GTK_LABEL(gtk_widget_get_first_child(caption)));
}

static bool can(MgWindow *window, const char *action)
{
    return g_action_group_get_action_enabled(G_ACTION_GROUP(window), action);
}

static unsigned ticks_of(MgWindow *window, float *last)
{
    GtkWidget *track = find(GTK_WIDGET(window), MG_TYPE_TRACK);
    GtkSnapshot *snapshot = gtk_snapshot_new();
    GTK_WIDGET_GET_CLASS(track)->snapshot(track, snapshot);
    GskRenderNode *node = gtk_snapshot_free_to_node(snapshot);
    unsigned n = 0;
    *last = 0;
    for (guint i = 0; i < gsk_container_node_get_n_children(node); i++) {
        graphene_rect_t box;
        gsk_render_node_get_bounds(gsk_container_node_get_child(node, i), &box);
        if (box.size.width != 2) /* a tick */
            continue;
        n++;
        *last = MAX(*last, box.origin.x);
    }
    gsk_render_node_unref(node);
    return n;
}

/* Nothing leads beyond it, and nothing beyond it is told. */
static void test_fence(void)
{
    static const char *const forward[] = {"play", "step", "step-answered", "end", "run-end"};
    MgWindow *window = open_window();
    MgSession *session = mg_window_session(window);
    GListModel *rows =
        G_LIST_MODEL(mg_ladder_get_model(MG_LADDER(find(GTK_WIDGET(window), MG_TYPE_LADDER))));
    GtkWidget *track = find(GTK_WIDGET(window), MG_TYPE_TRACK);
    float all = 0, some = 0;
    g_assert_nonnull(strstr(words_of(window), "Next:"));
    uint32_t fence = seek(session, "smtp.req.command == \"EHLO\"");
    unsigned n = ticks_of(window, &all);
    mg_session_seek(session, 0);
    mg_session_set_fence(session, fence);
    settle();
    g_assert_cmpstr(words_of(window), ==, "What comes next? Answer the question.");
    g_assert_true(can(window, "step"));
    g_assert_cmpuint(ticks_of(window, &some), <, n);
    float wide = (float)gtk_widget_get_width(track) - 20;
    float end = 10 + wide * (float)fence / (float)mg_trace_n_records(mg_session_trace(session));
    g_assert_cmpfloat(some, <=, end + 1);
    gtk_widget_activate_action(GTK_WIDGET(window), "win.end", NULL);
    settle();
    g_assert_cmpuint(mg_session_position(session), ==, fence);
    for (size_t i = 0; i < G_N_ELEMENTS(forward); i++)
        g_assert_false(can(window, forward[i]));
    g_assert_true(can(window, "back"));
    g_assert_cmpstr(sentence_of(window), ==, "What comes next? Answer the question.");
    for (unsigned i = 0; i < g_list_model_get_n_items(rows); i++) {
        g_autoptr(MgLadderRow) row = g_list_model_get_item(rows, i);
        g_assert_cmpuint(mg_ladder_row_record(row), <=, fence);
    }
    shoot(window, "fence");
    mg_session_set_fence(session, 0);
    settle();
    for (size_t i = 0; i < G_N_ELEMENTS(forward); i++)
        g_assert_true(can(window, forward[i]));
    g_assert_null(strstr(sentence_of(window), "What comes next"));
    close_window(window);
}

/* Playing stops there, and goes on when it is gone. */
static void test_play(void)
{
    MgWindow *window = open_window();
    MgSession *session = mg_window_session(window);
    mg_session_set_fence(session, 20);
    gtk_widget_activate_action(GTK_WIDGET(window), "win.speed-4", NULL);
    gtk_widget_activate_action(GTK_WIDGET(window), "win.play", NULL);
    while (mg_session_playing(session))
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(mg_session_position(session), ==, 20);
    g_assert_false(can(window, "play"));
    mg_session_set_fence(session, 0);
    mg_session_set_playing(session, TRUE);
    g_assert_cmpuint(mg_session_position(session), >, 20);
    mg_session_set_playing(session, FALSE);
    close_window(window);
}

int main(int argc, char **argv)
{
    test_begin(&argc, &argv);
    g_test_add_func("/glow/map", test_map);
    g_test_add_func("/glow/field", test_field);
    g_test_add_func("/glow/fence", test_fence);
    g_test_add_func("/glow/play", test_play);
    return test_end();
}
