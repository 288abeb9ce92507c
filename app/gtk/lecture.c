/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lecture.c - steps, a black screen, the notes */
#include "lecture.h"

#include "notes-window.h"
#include "presenter.h"
#include "words.h"

#define COVER "mg-cover"

static void act_next(GSimpleAction *action, GVariant *parameter, void *data)
{
    MgLessonPlay *play = mg_window_play(data);
    if (play != NULL && !mg_lesson_play_next(play))
        mg_window_toast(data, _("This was the last step"));
}

static void act_back(GSimpleAction *action, GVariant *parameter, void *data)
{
    MgLessonPlay *play = mg_window_play(data);
    if (play != NULL)
        mg_lesson_play_back(play);
}

/* Chooses an answer of the first question that has no right one yet. */
static void act_answer(GSimpleAction *action, GVariant *parameter, void *data)
{
    MgLessonPlay *play = mg_window_play(data);
    g_autoptr(GError) error = NULL;
    if (play == NULL || mg_lesson_play_step(play)->quizzes->len == 0)
        return;
    size_t at = mg_presenter_quiz(play);
    const MgQuiz *quiz = g_ptr_array_index(mg_lesson_play_step(play)->quizzes, (unsigned)at);
    if (g_variant_get_uint32(parameter) < quiz->answers->len)
        mg_lesson_play_choose(play, at, g_variant_get_uint32(parameter), &error);
    if (error != NULL)
        mg_window_toast(data, error->message);
}

/* ---- the black screen ---- */

static GtkWidget *cover_of(MgWindow *window)
{
    GtkWidget *content = adw_application_window_get_content(ADW_APPLICATION_WINDOW(window));
    return content != NULL ? g_object_get_data(G_OBJECT(content), COVER) : NULL;
}

GtkWidget *mg_lecture_cover_new(GtkWidget *content)
{
    GtkWidget *overlay = gtk_overlay_new();
    GtkWidget *cover = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    gtk_overlay_set_child(GTK_OVERLAY(overlay), content);
    gtk_widget_add_css_class(cover, "mg-cover");
    gtk_widget_set_visible(cover, FALSE);
    gtk_overlay_add_overlay(GTK_OVERLAY(overlay), cover);
    g_object_set_data(G_OBJECT(overlay), COVER, cover);
    return overlay;
}

static void act_blank(GSimpleAction *action, GVariant *parameter, void *data)
{
    GtkWidget *cover = cover_of(data);
    if (cover != NULL)
        gtk_widget_set_visible(cover, !gtk_widget_get_visible(cover));
}

/* ---- notes ---- */

static void act_notes(GSimpleAction *action, GVariant *parameter, void *data)
{
    MgLessonPlay *play = mg_window_play(data);
    if (play != NULL)
        mg_notes_window_present(GTK_WINDOW(data), play);
}

/* ---- when they can be used ---- */

static void enable(MgWindow *window, const char *name, gboolean on)
{
    GAction *action = g_action_map_lookup_action(G_ACTION_MAP(window), name);
    if (action != NULL)
        g_simple_action_set_enabled(G_SIMPLE_ACTION(action), on);
}

void mg_lecture_update(MgWindow *window)
{
    MgLessonPlay *play = mg_window_play(window);
    gboolean presenting = mg_window_is_presenting(window);
    GtkWidget *cover = cover_of(window);
    enable(window, "present-next", presenting && play != NULL);
    enable(window, "present-back", presenting && play != NULL);
    enable(window, "present-notes", presenting && play != NULL);
    enable(window, "blank", presenting);
    enable(window, "notes", play != NULL);
    enable(window, "answer", play != NULL);
    if (cover != NULL && !presenting)
        gtk_widget_set_visible(cover, FALSE); /* nobody shall think that the program has died */
    mg_notes_window_follow(GTK_WINDOW(window), play);
}

void mg_lecture_add_actions(MgWindow *window)
{
    static const GActionEntry entries[] = {{"present-next", act_next, NULL, NULL, NULL, {0}},
                                           {"present-back", act_back, NULL, NULL, NULL, {0}},
                                           {"present-notes", act_notes, NULL, NULL, NULL, {0}},
                                           {"blank", act_blank, NULL, NULL, NULL, {0}},
                                           {"answer", act_answer, "u", NULL, NULL, {0}},
                                           {"notes", act_notes, NULL, NULL, NULL, {0}}};
    g_action_map_add_action_entries(G_ACTION_MAP(window), entries, G_N_ELEMENTS(entries), window);
}
