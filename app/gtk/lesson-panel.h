/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-panel.h - the panel on the left of a lesson: one step of it, and what can be done there
 *
 * It observes the play and its session, and holds widgets alone. Buttons that leave the panel run
 * the window's actions: win.networks, win.lesson-language. */
#pragma once

#include <gtk/gtk.h>

#include "lesson-play.h"

G_BEGIN_DECLS

#define MG_TYPE_LESSON_PANEL (mg_lesson_panel_get_type())
G_DECLARE_FINAL_TYPE(MgLessonPanel, mg_lesson_panel, MG, LESSON_PANEL, GtkWidget)

GtkWidget *mg_lesson_panel_new(MgLessonPlay *play);
/* The lesson's texts change, the place does not. */
void mg_lesson_panel_set_language(MgLessonPanel *self, MgLanguage language);
/* Steps up to this one can be entered; further ones once they are reached. */
void mg_lesson_panel_set_reached(MgLessonPanel *self, size_t step);
void mg_lesson_panel_focus(MgLessonPanel *self); /* the step's beginning */

/* What the buttons do. */
void mg_lesson_panel_next(MgLessonPanel *self); /* at the last step: says that it is done */
void mg_lesson_panel_back(MgLessonPanel *self);
void mg_lesson_panel_check(MgLessonPanel *self);
void mg_lesson_panel_hint(MgLessonPanel *self); /* after the last one, the solution */
void mg_lesson_panel_again(MgLessonPanel *self);
/* To where `run` leads, at once. */
void mg_lesson_panel_leap(MgLessonPanel *self);

G_END_DECLS
