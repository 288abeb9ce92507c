/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lecture.h - what a teacher has while a lesson is shown: steps, a black screen, the notes
 *
 * Actions present-next, present-back, blank and present-notes work in a presentation alone, so that
 * their plain keys do nothing elsewhere; win.notes works wherever a lesson is. */
#pragma once

#include "window.h"

G_BEGIN_DECLS

void mg_lecture_add_actions(MgWindow *window);
/* The window shows something else, or began or ended a presentation. */
void mg_lecture_update(MgWindow *window);
/* (transfer floating) What lies over the window's content when the screen is black. */
GtkWidget *mg_lecture_cover_new(GtkWidget *content);

G_END_DECLS
