/* SPDX-License-Identifier: GPL-3.0-or-later */
/* map-view.c - map, caption, foot and track as widgets, on a display of their own */
#include <adwaita.h>
#include <locale.h>

#include "caption.h"
#include "foot.h"
#include "map-view.h"
#include "player.h"
#include "scene.h"
#include "track.h"

static MgRegistry *registry;

typedef struct {
    MgSession *session;
    GtkWidget *window, *map, *caption, *foot;
    GSimpleActionGroup *actions;
} Bench;

static void bench_init(Bench *bench)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *path = g_build_filename(g_getenv("TEST_NETWORKS"), "first-mail", NULL);
    bench->session = mg_session_new(path, registry, 1, problems);
    g_assert_nonnull(bench->session);
    bench->window = gtk_window_new();
    gtk_window_set_default_size(GTK_WINDOW(bench->window), 1000, 700);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    bench->map = mg_map_view_new(bench->session);
    bench->caption = mg_caption_new(bench->session);
    bench->foot = mg_foot_new(bench->session);
    gtk_box_append(GTK_BOX(box), bench->map);
    gtk_box_append(GTK_BOX(box), bench->caption);
    gtk_box_append(GTK_BOX(box), bench->foot);
    gtk_window_set_child(GTK_WINDOW(bench->window), box);
    bench->actions = g_simple_action_group_new();
    mg_foot_install_actions(G_ACTION_MAP(bench->actions), bench->session);
    gtk_widget_insert_action_group(bench->window, "win", G_ACTION_GROUP(bench->actions));
    gtk_window_present(GTK_WINDOW(bench->window));
    gtk_test_widget_wait_for_draw(bench->window);
}

static void bench_clear(Bench *bench)
{
    gtk_window_destroy(GTK_WINDOW(bench->window));
    g_object_unref(bench->actions);
    while (g_main_context_iteration(NULL, FALSE))
        ;
    g_object_unref(bench->session);
}

static void animate(gboolean on)
{
    g_object_set(gtk_settings_get_default(), "gtk-enable-animations", on, NULL);
}

static void act(Bench *bench, const char *name)
{
    g_action_group_activate_action(G_ACTION_GROUP(bench->actions), name, NULL);
}

static uint32_t position(Bench *bench)
{
    return mg_session_position(bench->session);
}

/* The nth button of the map. */
static GtkWidget *card(Bench *bench, unsigned n)
{
    GtkWidget *child = gtk_widget_get_first_child(bench->map);
    while (child != NULL && (!GTK_IS_BUTTON(child) || n-- > 0))
        child = gtk_widget_get_next_sibling(child);
    return child;
}

/* (transfer full) All words of the labels in a widget. */
static char *words_of(GtkWidget *widget)
{
    GString *words = g_string_new(NULL);
    if (GTK_IS_LABEL(widget) && gtk_widget_get_child_visible(widget))
        g_string_append_printf(words, "%s ", gtk_label_get_text(GTK_LABEL(widget)));
    for (GtkWidget *child = gtk_widget_get_first_child(widget); child != NULL;
         child = gtk_widget_get_next_sibling(child)) {
        g_autofree char *more = words_of(child);
        g_string_append(words, more);
    }
    return g_string_free(words, FALSE);
}

static void assert_words(GtkWidget *widget, const char *part)
{
    g_autofree char *words = words_of(widget);
    if (strstr(words, part) == NULL)
        g_error("“%s” is not in “%s”", part, words);
}

/* ---- cards ---- */

static void on_host(MgMapView *map, const char *name, char **heard)
{
    g_free(*heard);
    *heard = g_strdup(name);
}

static void test_cards(void)
{
    Bench bench;
    g_autofree char *heard = NULL;
    bench_init(&bench);
    unsigned n = 0;
    while (card(&bench, n) != NULL)
        n++;
    g_assert_cmpuint(n, ==, mg_trace_n_hosts(mg_session_trace(bench.session)));
    GtkWidget *server = card(&bench, 1);
    gtk_test_accessible_assert_role(GTK_ACCESSIBLE(server), GTK_ACCESSIBLE_ROLE_BUTTON);
    gtk_test_accessible_assert_property(GTK_ACCESSIBLE(server), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                        "mta.example.com, mail server: alice: 0 messages");
    g_assert_true(gtk_widget_get_focusable(server));
    g_signal_connect(bench.map, "host-selected", G_CALLBACK(on_host), &heard);
    g_signal_emit_by_name(server, "clicked");
    g_assert_cmpstr(heard, ==, "mta.example.com");
    /* What it says follows the position. */
    mg_session_seek(bench.session, 30);
    g_autofree char *line = mg_scene_host_line(bench.session, 2);
    g_autofree char *name = g_strdup_printf("mta.example.com, mail server: %s", line);
    g_assert_true(g_str_has_prefix(line, "Session: "));
    gtk_test_accessible_assert_property(GTK_ACCESSIBLE(server), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                        name);
    bench_clear(&bench);
}

static void test_large(void)
{
    Bench bench;
    bench_init(&bench);
    int width = gtk_widget_get_width(card(&bench, 0));
    int height = gtk_widget_get_height(bench.caption);
    mg_map_view_set_large(MG_MAP_VIEW(bench.map), TRUE);
    mg_caption_set_large(MG_CAPTION(bench.caption), TRUE);
    mg_foot_set_large(MG_FOOT(bench.foot), TRUE);
    gtk_window_set_default_size(GTK_WINDOW(bench.window), 1600, 1000);
    for (int i = 0; i < 20; i++)
        gtk_test_widget_wait_for_draw(bench.window);
    g_assert_cmpint(gtk_widget_get_width(card(&bench, 0)), >, width);
    g_assert_cmpint(gtk_widget_get_height(bench.caption), >, height);
    bench_clear(&bench);
}

/* ---- time ---- */

/* Waits for frames, for at most some seconds' worth of them. */
static void wait_while_moving(Bench *bench)
{
    MgPlayer *player = mg_player_get(bench->session);
    for (unsigned i = 0; i < 100000 && mg_player_is_moving(player); i++)
        g_main_context_iteration(NULL, TRUE);
}

static void test_step(void)
{
    Bench bench;
    bench_init(&bench);
    MgPlayer *player = mg_player_get(bench.session);
    animate(TRUE);
    mg_player_set_speed(player, MG_SPEED_FOUR);
    g_assert_cmpuint(position(&bench), ==, 0); /* it starts paused */
    g_assert_false(mg_session_playing(bench.session));
    g_assert_false(mg_player_is_moving(player));
    act(&bench, "step");
    uint32_t first = position(&bench);
    g_assert_cmpuint(first, >, 0);
    g_assert_true(mg_player_is_moving(player));
    g_assert_cmpfloat(mg_player_progress(player), ==, 0);
    wait_while_moving(&bench);
    g_assert_false(mg_player_is_moving(player));
    g_assert_cmpfloat(mg_player_progress(player), ==, 1);
    g_assert_cmpuint(position(&bench), ==, first);
    act(&bench, "step");
    g_assert_cmpuint(position(&bench), >, first);
    act(&bench, "back");
    g_assert_cmpuint(position(&bench), ==, first);
    g_assert_false(mg_player_is_moving(player)); /* back is shown, not travelled */
    g_assert_cmpfloat(mg_player_progress(player), ==, MG_PLAYER_REST);
    animate(FALSE);
    act(&bench, "step");
    g_assert_cmpuint(position(&bench), >, first); /* with reduced motion tokens jump */
    g_assert_false(mg_player_is_moving(player));
    bench_clear(&bench);
}

static void test_play(void)
{
    Bench bench;
    bench_init(&bench);
    MgPlayer *player = mg_player_get(bench.session);
    uint32_t end = mg_trace_n_records(mg_session_trace(bench.session));
    for (int still = 0; still < 2; still++) {
        animate(!still);
        mg_session_seek(bench.session, end - 40);
        act(&bench, "speed-4");
        g_assert_cmpint(mg_player_speed(player), ==, MG_SPEED_MAX);
        act(&bench, "play");
        g_assert_true(mg_session_playing(bench.session));
        g_assert_cmpuint(position(&bench), >, end - 40); /* the first beat begins at once */
        g_assert_cmpuint(position(&bench), <, end);
        wait_while_moving(&bench);
        g_assert_false(mg_session_playing(bench.session));
        g_assert_cmpuint(position(&bench), ==, end);
    }
    act(&bench, "play"); /* at the end: once more, from the start */
    g_assert_true(mg_session_playing(bench.session));
    g_assert_cmpuint(position(&bench), <, 10);
    act(&bench, "play");
    g_assert_false(mg_session_playing(bench.session));
    bench_clear(&bench);
}

static void test_actions(void)
{
    Bench bench;
    bench_init(&bench);
    uint32_t end = mg_trace_n_records(mg_session_trace(bench.session));
    act(&bench, "end");
    g_assert_cmpuint(position(&bench), ==, end);
    act(&bench, "start");
    g_assert_cmpuint(position(&bench), ==, 0);
    act(&bench, "step-answered");
    uint32_t answered = position(&bench);
    act(&bench, "start");
    act(&bench, "step");
    g_assert_cmpuint(position(&bench), <, answered);
    g_action_group_change_action_state(G_ACTION_GROUP(bench.actions), "step-size",
                                       g_variant_new_string("flow"));
    g_assert_cmpint(mg_player_step(mg_player_get(bench.session)), ==, MG_STEP_FLOW);
    uint32_t flow = mg_session_peek(bench.session, MG_STEP_FLOW, false);
    act(&bench, "step");
    g_assert_cmpuint(position(&bench), ==, flow);
    bench_clear(&bench);
}

/* ---- words ---- */

static void test_caption(void)
{
    Bench bench;
    bench_init(&bench);
    assert_words(bench.caption, "Next:");
    assert_words(bench.caption, "alice → resolver");
    act(&bench, "step");
    g_autofree char *words = words_of(bench.caption);
    g_assert_null(strstr(words, "Next:"));
    assert_words(bench.caption, "alice → resolver");
    assert_words(bench.caption, "? A mta.example.com");
    assert_words(bench.caption, "“What is the address of this name?”");
    bench_clear(&bench);
}

/* Nothing is cut off, however long it is: labels shrink to what they are given. */
static void test_narrow(void)
{
    Bench bench;
    bench_init(&bench);
    int height = gtk_widget_get_height(bench.caption);
    uint32_t end = mg_trace_n_records(mg_session_trace(bench.session));
    for (uint32_t n = 0; n <= end; n++) {
        mg_session_seek(bench.session, n);
        int least;
        gtk_widget_measure(bench.caption, GTK_ORIENTATION_HORIZONTAL, -1, &least, NULL, NULL, NULL);
        g_assert_cmpint(least, <, 360);
    }
    gtk_test_widget_wait_for_draw(bench.window);
    g_assert_cmpint(gtk_widget_get_height(bench.caption), ==, height); /* the map keeps its size */
    bench_clear(&bench);
}

static void test_foot(void)
{
    Bench bench;
    bench_init(&bench);
    assert_words(bench.foot, "0.000 s");
    act(&bench, "end");
    g_autofree char *words = words_of(bench.foot);
    g_assert_null(strstr(words, "0.000 s"));
    bench_clear(&bench);
}

static void test_track(void)
{
    Bench bench;
    bench_init(&bench);
    uint32_t end = mg_trace_n_records(mg_session_trace(bench.session));
    GtkWidget *track = mg_track_new(bench.session);
    g_object_ref_sink(track);
    gtk_test_accessible_assert_role(GTK_ACCESSIBLE(track), GTK_ACCESSIBLE_ROLE_SLIDER);
    mg_session_seek(bench.session, 7);
    g_autofree char *text = g_strdup_printf("event 7 of %u", end);
    gtk_test_accessible_assert_property(GTK_ACCESSIBLE(track), GTK_ACCESSIBLE_PROPERTY_VALUE_NOW,
                                        7.0);
    gtk_test_accessible_assert_property(GTK_ACCESSIBLE(track), GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT,
                                        text);
    g_object_unref(track);
    bench_clear(&bench);
}

int main(int argc, char **argv)
{
    gtk_test_init(&argc, &argv, NULL);
    adw_init();
    setlocale(LC_ALL, "C.UTF-8");
    registry = mg_registry_new();
    g_test_add_func("/view/cards", test_cards);
    g_test_add_func("/view/large", test_large);
    g_test_add_func("/view/step", test_step);
    g_test_add_func("/view/play", test_play);
    g_test_add_func("/view/actions", test_actions);
    g_test_add_func("/view/caption", test_caption);
    g_test_add_func("/view/narrow", test_narrow);
    g_test_add_func("/view/foot", test_foot);
    g_test_add_func("/view/track", test_track);
    int result = g_test_run();
    mg_registry_unref(registry);
    return result;
}
