/* SPDX-License-Identifier: GPL-3.0-or-later */
/* start-lessons.c - the start page, a presentation of a lesson with its notes, and what is saved */
#include <glib/gstdio.h>

#include "gtk-test.h"
#include "notes-window.h"
#include "picture.h"
#include "presenter.h"
#include "save-menu.h"
#include "start-page.h"

/* cairo 1.16 itself never frees what was drawn into an SVG file. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#define KEEPS_MEMORY(on) ((on) ? __lsan_disable() : __lsan_enable())
#else
#define KEEPS_MEMORY(on) ((void)(on))
#endif

static char *scratch;

/* ---- helpers ---- */

static bool opens(GtkWidget *widget, const void *wanted)
{
    const char *path = g_object_get_data(G_OBJECT(widget), "path");
    return GTK_IS_BUTTON(widget) && path != NULL && g_str_has_suffix(path, wanted);
}

static char *inside(const char *name)
{
    return g_build_filename(scratch, name, NULL);
}

static void write_file(const char *name, const char *text)
{
    g_autofree char *path = inside(name);
    g_autofree char *folder = g_path_get_dirname(path);
    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static char *read_file(const char *name)
{
    g_autofree char *path = inside(name);
    char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static void forget_progress(void)
{
    g_autofree char *path = inside("progress.ini");
    g_remove(path);
}

static MgWindow *open_window(const char *lesson, int step)
{
    MgWindow *window = MG_WINDOW(mg_window_new(NULL, registry));
    g_autofree char *folder = g_build_filename(g_getenv("MAILGLASS_DATA"), "lessons", lesson, NULL);
    g_assert_true(mg_window_open_lesson(window, folder, step));
    show_window(window);
    return window;
}

static bool is_enabled(MgWindow *window, const char *name)
{
    return g_action_group_get_action_enabled(G_ACTION_GROUP(window), name);
}

static void press_action(MgWindow *window, const char *name)
{
    g_assert_true(is_enabled(window, name));
    g_action_group_activate_action(G_ACTION_GROUP(window), name, NULL);
    settle();
}

static GtkWidget *page_new(void)
{
    GtkWidget *page = g_object_ref_sink(mg_start_page_new(registry));
    mg_start_page_refresh(MG_START_PAGE(page));
    return page;
}

/* ---- the start page ---- */

/* Shipped lessons and those of a named folder are there; a newcomer is told where to begin. */
static void test_lists(void)
{
    forget_progress();
    GtkWidget *page = page_new();
    g_assert_nonnull(find_that(page, says, "Start here"));
    g_assert_null(find_that(page, says, "Go on"));
    g_assert_nonnull(find_that(page, opens, "/first-mail"));
    g_assert_nonnull(find_that(page, opens, "/smtp-by-hand"));
    g_assert_nonnull(find_that(page, opens, "/networks/first-mail"));
    g_assert_nonnull(find_that(page, opens, "/of-my-own"));
    g_assert_nonnull(find_that(page, says, "A lesson of my own"));
    g_assert_nonnull(find_that(page, says, "your own"));
    g_object_unref(page);
}

/* It is there with its mistake, cannot be opened, and harms no other. */
static void test_broken(void)
{
    GtkWidget *page = page_new();
    g_assert_nonnull(find_that(page, says, "\"minutes\""));
    g_assert_nonnull(find_that(page, has_class, "mg-broken"));
    g_assert_null(find_that(page, opens, "/broken"));
    g_assert_nonnull(find_that(page, opens, "/first-mail"));
    g_object_unref(page);
}

static void on_open_lesson(MgStartPage *page, const char *folder, char **opened)
{
    g_free(*opened);
    *opened = g_strdup(folder);
}

static void test_opens(void)
{
    g_autofree char *opened = NULL;
    GtkWidget *page = page_new();
    g_signal_connect(page, "open-lesson", G_CALLBACK(on_open_lesson), &opened);
    g_signal_emit_by_name(find_that(page, opens, "/smtp-by-hand"), "clicked");
    g_assert_nonnull(opened);
    g_assert_true(g_str_has_suffix(opened, "/lessons/smtp-by-hand"));
    g_object_unref(page);
}

/* Who has begun one goes on where it was left. */
static void test_goes_on(void)
{
    forget_progress();
    MgWindow *window = open_window("smtp-by-hand", 2);
    close_window(window);
    GtkWidget *page = page_new();
    g_assert_nonnull(find_that(page, says, "Go on"));
    g_assert_null(find_that(page, says, "Start here"));
    g_assert_nonnull(find_that(page, says, "step 3 of "));
    g_object_unref(page);
}

/* ---- a presentation ---- */

static void test_strip(void)
{
    MgWindow *window = open_window("first-mail", 0);
    GtkWidget *strip = find(GTK_WIDGET(window), MG_TYPE_PRESENTER);
    g_assert_nonnull(strip);
    g_assert_false(gtk_widget_get_visible(strip));
    g_assert_false(is_enabled(window, "present-next"));
    g_assert_false(is_enabled(window, "blank"));
    press_action(window, "presentation");
    g_assert_true(gtk_widget_get_visible(strip));
    g_assert_nonnull(find_that(strip, says, "1 / "));
    /* A wrong answer and a right one are marked. */
    MgLessonPlay *play = mg_window_play(window);
    const MgQuiz *quiz = g_ptr_array_index(mg_lesson_play_step(play)->quizzes, 0);
    for (int right = 0; right < 2; right++)
        for (unsigned i = 0; i < quiz->answers->len; i++) {
            const MgQuizAnswer *answer = g_ptr_array_index(quiz->answers, i);
            if (answer->right != (right == 1))
                continue;
            g_signal_emit_by_name(mg_presenter_answer(MG_PRESENTER(strip), i), "clicked");
            settle();
            g_assert_cmpint(mg_lesson_play_chosen(play, 0), ==, (int)i);
            g_assert_true(gtk_widget_has_css_class(mg_presenter_answer(MG_PRESENTER(strip), i),
                                                   right ? "mg-good" : "mg-bad"));
            break;
        }
    press_action(window, "present-next");
    g_assert_cmpuint(mg_lesson_play_at(play), ==, 1);
    g_assert_nonnull(find_that(strip, says, "2 / "));
    press_action(window, "present-back");
    g_assert_cmpuint(mg_lesson_play_at(play), ==, 0);
    press_action(window, "presentation");
    g_assert_false(gtk_widget_get_visible(strip));
    close_window(window);
}

/* Black, and back; and never black when the presentation is over. */
static void test_blank(void)
{
    MgWindow *window = open_window("first-mail", 0);
    GtkWidget *cover = search(GTK_WIDGET(window), has_class, "mg-cover", true);
    g_assert_nonnull(cover);
    press_action(window, "presentation");
    press_action(window, "blank");
    g_assert_true(gtk_widget_get_visible(cover));
    press_action(window, "blank");
    g_assert_false(gtk_widget_get_visible(cover));
    press_action(window, "blank");
    press_action(window, "presentation");
    g_assert_false(gtk_widget_get_visible(cover));
    close_window(window);
}

/* ---- the notes ---- */

static void test_notes(void)
{
    MgWindow *window = open_window("smtp-by-hand", 1);
    MgLessonPlay *play = mg_window_play(window);
    press_action(window, "notes");
    GtkWindow *notes = mg_notes_window_of(GTK_WINDOW(window));
    g_assert_nonnull(notes);
    g_assert_nonnull(find_that(GTK_WIDGET(notes), says, "step 2 of "));
    const MgLesson *lesson = mg_lesson_play_lesson(play);
    const char *next =
        mg_lesson_step_title(lesson, g_ptr_array_index(lesson->steps, 2), MG_ENGLISH);
    g_assert_nonnull(find_that(GTK_WIDGET(notes), says, next));
    unsigned solved = 0;
    while (((MgLessonStep *)g_ptr_array_index(lesson->steps, solved))->solution->len == 0)
        solved++;
    mg_lesson_play_enter(play, solved);
    settle();
    const MgLessonDeed *deed = g_ptr_array_index(mg_lesson_play_step(play)->solution, 0);
    g_assert_nonnull(find_that(GTK_WIDGET(notes), says, deed->text));
    mg_lesson_play_enter(play, 2);
    settle();
    g_assert_nonnull(find_that(GTK_WIDGET(notes), says, "step 3 of "));
    /* The window looks at a network: the notes say so, and stay. */
    g_assert_true(mg_window_open(window, g_getenv("TEST_NETWORK"), 1));
    settle();
    g_assert_false(is_enabled(window, "notes"));
    g_assert_nonnull(find_that(GTK_WIDGET(notes), says, "No lesson is open"));
    close_window(window);
}

/* ---- what is saved ---- */

static void test_pictures(void)
{
    static const char *const names[] = {"map.svg", "map.pdf", "map.png"};
    static const char *const begins[] = {"<?xml", "%PDF", "\x89PNG"};
    MgWindow *window = open_window("first-mail", 1);
    g_assert_true(is_enabled(window, "save-map"));
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        for (int ladder = 0; ladder < 2; ladder++) {
            g_autofree char *path = inside(names[i]);
            KEEPS_MEMORY(true);
            g_assert_true(mg_save_picture(window, ladder == 1, path));
            KEEPS_MEMORY(false);
            g_autofree char *text = read_file(names[i]);
            g_assert_true(g_str_has_prefix(text, begins[i]));
        }
    g_autofree char *odd = inside("map.gif");
    g_assert_false(mg_save_picture(window, false, odd));
    g_autofree char *nowhere = inside("no/such/folder/map.png");
    g_assert_false(mg_save_picture(window, false, nowhere));
    close_window(window);
}

/* What was done becomes a lesson that can be read. */
static void test_demo(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgWindow *window = MG_WINDOW(mg_window_new(NULL, registry));
    g_assert_true(mg_window_open(window, g_getenv("TEST_NETWORK"), 1));
    g_autofree char *folder = inside("my-demo");
    g_assert_true(is_enabled(window, "save-lesson"));
    g_assert_false(mg_save_lesson(window, folder)); /* nothing was done yet */
    MgSession *session = mg_window_session(window);
    mg_session_seek(session, mg_trace_n_records(mg_session_trace(session)));
    static const char letter[] = "From: alice@example.com\r\nSubject: Demo\r\n\r\nHello\r\n";
    g_autoptr(GBytes) file = g_bytes_new_static(letter, strlen(letter));
    mg_session_intervene(session, "alice send - to bob@example.com", file, &error);
    g_assert_no_error(error);
    settle();
    g_assert_true(mg_save_lesson(window, folder));
    g_autoptr(MgLesson) lesson = mg_lesson_load(folder, problems);
    g_assert_nonnull(lesson);
    g_assert_cmpuint(lesson->steps->len, >, 0);
    g_assert_cmpstr(mg_bilingual_plain(&lesson->title, MG_ENGLISH), ==, "My demo");
    g_autofree char *text = read_file("my-demo/lesson.md");
    g_assert_nonnull(strstr(text, "send mail/"));
    g_assert_false(mg_save_lesson(window, folder)); /* nothing is written over */
    close_window(window);
}

static void test_progress(void)
{
    forget_progress();
    MgWindow *window = open_window("first-mail", 0);
    g_autofree char *csv = inside("progress.csv"), *json = inside("progress.json");
    g_assert_true(mg_save_progress(window, csv));
    g_assert_true(mg_save_progress(window, json));
    g_autofree char *rows = read_file("progress.csv"), *objects = read_file("progress.json");
    g_assert_nonnull(strstr(rows, "first-mail"));
    g_assert_true(g_str_has_prefix(rows, "learner,"));
    g_assert_true(objects[0] == '{');
    close_window(window);
}

/* --step: a number from 1, or an id. */
static void test_step_names(void)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *folder =
        g_build_filename(g_getenv("MAILGLASS_DATA"), "lessons", "first-mail", NULL);
    g_autoptr(MgLesson) lesson = mg_lesson_load(folder, problems);
    const MgLessonStep *second = g_ptr_array_index(lesson->steps, 1);
    g_assert_cmpint(mg_picture_step(lesson, NULL), ==, 0);
    g_assert_cmpint(mg_picture_step(lesson, "2"), ==, 1);
    g_assert_cmpint(mg_picture_step(lesson, second->id), ==, 1);
    g_assert_cmpint(mg_picture_step(lesson, "0"), ==, -1);
    g_assert_cmpint(mg_picture_step(lesson, "999"), ==, -1);
    g_assert_cmpint(mg_picture_step(lesson, "no-such-step"), ==, -1);
}

static const char own[] = "```lesson\nformat: 1\ntitle.en: A lesson of my own\ntitle.ko: 내 수업\n"
                          "about.en: Nothing much.\nabout.ko: 별것 없습니다.\nminutes: 5\n"
                          "group: way\norder: 99\n```\n\n```network\nuse: first-mail\n```\n\n"
                          "## one\n\n### en: One\n\nWords.\n\n### ko: 하나\n\n말.\n";
static const char broken[] = "```lesson\nformat: 1\ntitle.en: Broken\nminutes: soon\n```\n\n"
                             "## one\n\n### en: One\n\nWords.\n";

int main(int argc, char **argv)
{
    test_begin(&argc, &argv);
    scratch = g_build_filename(g_get_user_cache_dir(), "start-lessons", NULL); /* xrun.sh's own */
    g_autofree char *lessons = inside("lessons"), *progress = inside("progress.ini");
    g_setenv("MAILGLASS_LESSON_PATH", lessons, TRUE);
    g_setenv("MAILGLASS_PROGRESS", progress, TRUE);
    write_file("lessons/of-my-own/lesson.md", own);
    write_file("lessons/broken/lesson.md", broken);
    g_test_add_func("/start/lists", test_lists);
    g_test_add_func("/start/broken", test_broken);
    g_test_add_func("/start/opens", test_opens);
    g_test_add_func("/start/goes-on", test_goes_on);
    g_test_add_func("/presentation/strip", test_strip);
    g_test_add_func("/presentation/blank", test_blank);
    g_test_add_func("/presentation/notes", test_notes);
    g_test_add_func("/save/pictures", test_pictures);
    g_test_add_func("/save/demo", test_demo);
    g_test_add_func("/save/progress", test_progress);
    g_test_add_func("/save/step-names", test_step_names);
    int status = g_test_run();
    mg_registry_unref(registry);
    g_free(scratch);
    return status;
}
