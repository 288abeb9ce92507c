/* SPDX-License-Identifier: GPL-3.0-or-later */
/* notes-window.h - for the teacher's own screen: notes of the step, what comes next, the solution,
 * a clock
 *
 * A window of its own beside the one that the class sees; there is one for each of those, and it
 * goes with it. Its keys are the presenter's. */
#pragma once

#include <gtk/gtk.h>

#include "lesson-play.h"

G_BEGIN_DECLS

void mg_notes_window_present(GtkWindow *shown, MgLessonPlay *play);
/* `shown` looks at this lesson now (NULL: at none); nothing if it has no notes window. */
void mg_notes_window_follow(GtkWindow *shown, MgLessonPlay *play);
/* (nullable) (transfer none) */
GtkWindow *mg_notes_window_of(GtkWindow *shown);

G_END_DECLS
