/* SPDX-License-Identifier: GPL-3.0-or-later */
/* save-menu.h - what can be taken along: map and ladder as pictures, what was shown as a lesson,
 * the learner's progress
 *
 * Actions save-map, save-ladder, save-lesson, save-progress. */
#pragma once

#include "window.h"

G_BEGIN_DECLS

void mg_save_menu_add_actions(MgWindow *window);
/* The window shows something else, or something was done in it. */
void mg_save_menu_update(MgWindow *window);

/* What the dialogs do with the file that was chosen; a toast says how it went. False if nothing was
 * written. For tests, too. */
bool mg_save_picture(MgWindow *window, bool ladder, const char *path);
bool mg_save_lesson(MgWindow *window, const char *folder);
bool mg_save_progress(MgWindow *window, const char *path);

G_END_DECLS
