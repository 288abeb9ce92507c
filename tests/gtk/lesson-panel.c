/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-panel.c - a lesson taken in the real window from its first step to its last, by clicks and
 * actions, in both languages, with wrong answers and checks that fail
 *
 * With TEST_PICTURES=FOLDER it leaves a picture of each step there. */
#include <glib/gstdio.h>

#include "gtk-test.h"
#include "lesson-panel.h"
#include "networks.h"
#include "prose-view.h"
#include "quiz-card.h"
#include "shelf.h"
#include "words.h"

#define LESSON "smtp-by-hand"

static void shoot(MgWindow *window, const char *what)
{
    static unsigned n;
    const char *folder = g_getenv("TEST_PICTURES");
    if (folder == NULL)
        return;
    wait_ms(150);
    g_autofree char *name = g_strdup_printf("%02u-%s.png", n++, what);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    mg_window_save_picture(GTK_WINDOW(window), path);
}

/* ---- finding widgets that are seen ---- */

static GtkWidget *panel_of(MgWindow *window)
{
    GType type = MG_TYPE_LESSON_PANEL;
    return find_that(GTK_WIDGET(window), is_of_type, &type);
}

static GtkWidget *button_of(MgWindow *window, const char *label)
{
    return find_that(panel_of(window), has_label, label);
}

static void click(GtkWidget *button)
{
    g_assert_nonnull(button);
    g_assert_true(gtk_widget_is_sensitive(button));
    g_signal_emit_by_name(button, "clicked");
    settle();
}

static void press(MgWindow *window, const char *label)
{
    click(button_of(window, label));
}

static void speak(MgWindow *window, MgLanguage language)
{
    g_action_group_activate_action(G_ACTION_GROUP(window), "lesson-language",
                                   g_variant_new_string(mg_language_codes[language]));
    settle();
}

static MgWindow *open_window(int step)
{
    MgWindow *window = MG_WINDOW(mg_window_new(NULL, registry));
    g_autofree char *folder = mg_shelf_find(LESSON);
    g_assert_nonnull(folder);
    g_assert_true(mg_window_open_lesson(window, folder, step));
    show_window(window);
    return window;
}

/* ---- a whole lesson ---- */

/* What the step says is on the panel, and nothing of it is too wide. */
static void look_at_step(MgWindow *window, MgLanguage language)
{
    MgLessonPlay *play = mg_window_play(window);
    const char *title =
        mg_lesson_step_title(mg_lesson_play_lesson(play), mg_lesson_play_step(play), language);
    g_assert_nonnull(find_that(panel_of(window), says, title));
    int least = 0, natural = 0;
    gtk_widget_measure(panel_of(window), GTK_ORIENTATION_HORIZONTAL, -1, &least, &natural, NULL,
                       NULL);
    g_assert_cmpint(natural, <=, 330);
}

/* The other language and back: the place stays. */
static void switch_language(MgWindow *window, MgLanguage language)
{
    MgLessonPlay *play = mg_window_play(window);
    MgSession *session = mg_lesson_play_session(play);
    size_t at = mg_lesson_play_at(play);
    uint32_t position = mg_session_position(session);
    speak(window, MG_N_LANGUAGES - 1 - language);
    look_at_step(window, MG_N_LANGUAGES - 1 - language);
    speak(window, language);
    look_at_step(window, language);
    g_assert_cmpuint(mg_lesson_play_at(play), ==, at);
    g_assert_cmpuint(mg_session_position(session), ==, position);
}

static void choose(MgWindow *window, size_t quiz, bool right)
{
    MgLessonPlay *play = mg_window_play(window);
    const MgQuiz *asked = g_ptr_array_index(mg_lesson_play_step(play)->quizzes, quiz);
    GType type = MG_TYPE_QUIZ_CARD;
    GtkWidget *card = find_that(panel_of(window), is_of_type, &type);
    for (unsigned i = 0; i < quiz; i++)
        card = gtk_widget_get_next_sibling(card);
    for (unsigned i = 0; i < asked->answers->len; i++) {
        if (((const MgQuizAnswer *)g_ptr_array_index(asked->answers, i))->right != right)
            continue;
        click(mg_quiz_card_row(MG_QUIZ_CARD(card), i));
        g_assert_cmpint(mg_lesson_play_chosen(play, quiz), ==, (int)i);
        break;
    }
    g_assert_nonnull(find_that(card, has_class, right ? "mg-good" : "mg-bad"));
    g_assert_null(find_that(card, has_class, right ? "mg-bad" : "mg-good"));
}

static void do_checks(MgWindow *window)
{
    MgLessonPlay *play = mg_window_play(window);
    MgSession *session = mg_lesson_play_session(play);
    const MgLessonStep *step = mg_lesson_play_step(play);
    act(window, "win.lesson-check"); /* nothing was done yet */
    g_assert_nonnull(find_that(panel_of(window), has_class, "mg-result"));
    g_assert_nonnull(button_of(window, _("Check")));
    shoot(window, "missing");
    for (unsigned i = 0; i < step->hints->len; i++)
        press(window, _("Hint"));
    g_assert_cmpuint(mg_lesson_play_n_hints(play), ==, step->hints->len);
    press(window, _("Solution"));
    shoot(window, "solution");
    press(window, _("Do it"));
    g_assert_null(find_that(panel_of(window), has_class, "mg-trouble"));
    act(window, "win.run-end");
    press(window, _("Check"));
    shoot(window, "passed");
    for (unsigned i = 0; i < step->checks->len; i++)
        g_assert_true(mg_lesson_play_result(play, i)->passed);
    if (button_of(window, _("Show")) != NULL) {
        press(window, _("Show"));
        g_assert_cmpuint(mg_session_selected(session), ==, mg_session_position(session));
        g_assert_cmpuint(mg_session_position(session), >, mg_lesson_play_since(play));
    }
}

static void take_step(MgWindow *window, MgLanguage language)
{
    MgLessonPlay *play = mg_window_play(window);
    const MgLessonStep *step = mg_lesson_play_step(play);
    look_at_step(window, language);
    shoot(window, step->id);
    g_assert_false(mg_session_playing(mg_lesson_play_session(play)));
    if (mg_lesson_play_target(play) != 0) {
        uint32_t before = mg_session_position(mg_lesson_play_session(play));
        press(window, _("Play"));
        g_assert_cmpuint(mg_session_position(mg_lesson_play_session(play)), >, before);
        act(window, "win.run-end");
        g_assert_cmpuint(mg_lesson_play_target(play), ==, 0);
        g_assert_null(button_of(window, _("Pause")));
    }
    if (step->checks->len > 0)
        do_checks(window);
    for (unsigned i = 0; i < step->quizzes->len; i++) {
        choose(window, i, false);
        shoot(window, "wrong");
        act(window, "win.run-end");
        choose(window, i, true);
    }
    switch_language(window, language);
    if (step->checks->len > 0 && !mg_lesson_play_tried(play)) /* the wrong answer did something */
        act(window, "win.lesson-check");
    shoot(window, "done");
}

static void take_lesson(MgLanguage language)
{
    MgWindow *window = open_window(0);
    MgLessonPlay *play = mg_window_play(window);
    speak(window, language);
    size_t n = mg_lesson_play_n_steps(play);
    for (size_t i = 0; i < n; i++) {
        g_assert_cmpuint(mg_lesson_play_at(play), ==, i);
        take_step(window, language);
        if (i + 1 < n) {
            press(window, _("Next"));
        } else {
            act(window, "win.run-end");
            press(window, _("Finish"));
            g_assert_nonnull(button_of(window, _("Back to the lessons")));
            shoot(window, "finished");
        }
    }
    close_window(window);
}

static void test_english(void)
{
    take_lesson(MG_ENGLISH);
}

static void test_korean(void)
{
    take_lesson(MG_KOREAN);
}

/* ---- parts ---- */

/* Where it was left, it goes on; steps that were reached can be entered again. */
static void test_left(void)
{
    MgWindow *window = open_window(2);
    close_window(window);
    window = open_window(-1);
    MgLessonPlay *play = mg_window_play(window);
    g_assert_cmpuint(mg_lesson_play_at(play), ==, 2);
    act(window, "win.lesson-back");
    g_assert_cmpuint(mg_lesson_play_at(play), ==, 1);
    click(find_that(panel_of(window), has_class, "mg-done"));
    g_assert_cmpuint(mg_lesson_play_at(play), ==, 0);
    g_assert_false(gtk_widget_is_sensitive(button_of(window, _("Back"))));
    act(window, "win.lesson-next"); /* a teacher skips */
    act(window, "win.lesson-again");
    g_assert_cmpuint(mg_lesson_play_at(play), ==, 1);
    close_window(window);
}

/* A line that cannot be done is told in the panel, and the next that can takes it away. */
static void test_trouble(void)
{
    MgWindow *window = open_window(2);
    MgSession *session = mg_window_session(window);
    GtkWidget *button = find_that(panel_of(window), has_class, "mg-try");
    click(button);
    g_assert_null(find_that(panel_of(window), has_class, "mg-trouble"));
    act(window, "win.start"); /* nobody waits for a line there */
    while (mg_lesson_play_target(mg_window_play(window)) != 0)
        act(window, "win.run-end");
    g_object_set_data_full(G_OBJECT(button), "line", g_strdup("nobody> HELO"), g_free);
    uint32_t position = mg_session_position(session);
    click(button);
    g_assert_nonnull(find_that(panel_of(window), has_class, "mg-trouble"));
    g_assert_cmpuint(mg_session_position(session), ==, position);
    shoot(window, "trouble");
    act(window, "win.lesson-again");
    g_assert_null(find_that(panel_of(window), has_class, "mg-trouble"));
    close_window(window);
}

/* A word opens below its paragraph and closes again; a host begins to glow. */
static void test_links(void)
{
    MgWindow *window = open_window(0);
    GType type = MG_TYPE_PROSE_VIEW;
    MgProseView *view = MG_PROSE_VIEW(find_that(panel_of(window), is_of_type, &type));
    g_assert_null(find_that(panel_of(window), has_class, "mg-word"));
    g_assert_true(mg_prose_view_follow(view, "#smtp"));
    settle();
    g_assert_nonnull(find_that(panel_of(window), has_class, "mg-word"));
    shoot(window, "word");
    g_assert_true(mg_prose_view_follow(view, "#smtp"));
    settle();
    g_assert_null(find_that(panel_of(window), has_class, "mg-word"));
    g_assert_true(mg_prose_view_follow(view, "host:mx.example.net"));
    g_assert_true(mg_session_points_at(mg_window_session(window), "mx.example.net"));
    g_assert_false(mg_prose_view_follow(view, "javascript:alert(1)"));
    close_window(window);
}

/* The panel goes with everything else when it is presented, and comes back as it was. */
static void test_presentation(void)
{
    MgWindow *window = open_window(1);
    GtkWidget *panel = panel_of(window);
    act(window, "win.presentation");
    g_assert_false(gtk_widget_get_mapped(panel));
    act(window, "win.presentation");
    g_assert_true(gtk_widget_get_mapped(panel));
    act(window, "win.networks");
    g_assert_false(gtk_widget_get_mapped(panel));
    close_window(window);
}

/* A step begins at its title, and Tab reaches all that can be done. */
static void test_keyboard(void)
{
    static const char *const wanted[] = {"mg-again", "mg-segment", "mg-try", "mg-answer",
                                         "suggested-action"};
    bool seen[G_N_ELEMENTS(wanted)] = {false};
    MgWindow *window = open_window(2);
    GtkWidget *focus = gtk_window_get_focus(GTK_WINDOW(window));
    g_assert_true(focus != NULL && has_class(focus, "title-2"));
    for (int i = 0; i < 40; i++) { /* what is above the title by Shift+Tab */
        if (i == 20)
            mg_lesson_panel_focus(MG_LESSON_PANEL(panel_of(window)));
        gtk_widget_child_focus(GTK_WIDGET(window),
                               i < 20 ? GTK_DIR_TAB_FORWARD : GTK_DIR_TAB_BACKWARD);
        focus = gtk_window_get_focus(GTK_WINDOW(window));
        if (focus == NULL || !gtk_widget_is_ancestor(focus, panel_of(window)))
            continue;
        for (size_t k = 0; k < G_N_ELEMENTS(wanted); k++)
            seen[k] = seen[k] || has_class(focus, wanted[k]);
    }
    for (size_t k = 0; k < G_N_ELEMENTS(wanted); k++)
        g_assert_true(seen[k]);
    act(window, "win.lesson-next");
    focus = gtk_window_get_focus(GTK_WINDOW(window));
    g_assert_true(focus != NULL && has_class(focus, "title-2"));
    close_window(window);
}

/* From a network to a lesson, and back the same way. */
static void test_way_back(void)
{
    MgWindow *window = MG_WINDOW(mg_window_new(NULL, registry));
    g_autofree char *network = mg_networks_find("first-mail");
    g_autofree char *folder = mg_shelf_find(LESSON);
    g_assert_true(mg_window_open(window, network, 1));
    g_assert_null(mg_window_play(window));
    g_assert_true(mg_window_open_lesson(window, folder, 1));
    g_assert_true(mg_window_open(window, network, 1));
    act(window, "win.previous");
    g_assert_nonnull(mg_window_play(window));
    g_assert_cmpuint(mg_lesson_play_at(mg_window_play(window)), ==, 1);
    act(window, "win.previous");
    g_assert_null(mg_window_play(window));
    g_assert_nonnull(mg_window_session(window));
    close_window(window);
}

/* A lesson that cannot be used says why, and changes nothing. */
static void test_broken(void)
{
    MgWindow *window = open_window(1);
    MgSession *session = mg_window_session(window);
    g_autofree char *folder = g_dir_make_tmp(NULL, NULL);
    g_autofree char *path = g_build_filename(folder, "lesson.md", NULL);
    g_assert_true(g_file_set_contents(path, "```lesson\nformat: 1\n```\n\n## one\n", -1, NULL));
    unsigned before = g_list_model_get_n_items(gtk_window_get_toplevels());
    g_assert_false(mg_window_open_lesson(window, folder, -1));
    settle();
    g_assert_cmpuint(g_list_model_get_n_items(gtk_window_get_toplevels()), ==, before + 1);
    g_assert_true(mg_window_session(window) == session);
    g_assert_cmpint(g_remove(path), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
    close_window(window);
}

int main(int argc, char **argv)
{
    test_begin(&argc, &argv);
    g_test_add_func("/lesson/links", test_links);
    g_test_add_func("/lesson/trouble", test_trouble);
    g_test_add_func("/lesson/left", test_left);
    g_test_add_func("/lesson/presentation", test_presentation);
    g_test_add_func("/lesson/keyboard", test_keyboard);
    g_test_add_func("/lesson/way-back", test_way_back);
    g_test_add_func("/lesson/broken", test_broken);
    g_test_add_func("/lesson/english", test_english);
    g_test_add_func("/lesson/korean", test_korean);
    return test_end();
}
