/* SPDX-License-Identifier: GPL-3.0-or-later */
/* window.h - the window: a start page, or one session seen by all its views */
#pragma once

#include <adwaita.h>

#include "lesson-play.h"

G_BEGIN_DECLS

#define MG_TYPE_WINDOW (mg_window_get_type())
G_DECLARE_FINAL_TYPE(MgWindow, mg_window, MG, WINDOW, AdwApplicationWindow)

GtkWidget *mg_window_new(GtkApplication *application, MgRegistry *registry);
/* Opens a network's folder. FALSE after a dialog with all its problems. */
gboolean mg_window_open(MgWindow *self, const char *path, guint64 seed);
/* Begins a lesson at this step; -1: where it was left. FALSE after a dialog with all its problems.
 */
gboolean mg_window_open_lesson(MgWindow *self, const char *folder, int step);
/* (nullable) The lesson that is taken. */
MgLessonPlay *mg_window_play(MgWindow *self);
/* Looks at a session; `title` (nullable) where it has no network. */
void mg_window_show(MgWindow *self, MgSession *session, const char *title);
void mg_window_show_start(MgWindow *self);
/* (nullable) What is looked at. */
MgSession *mg_window_session(MgWindow *self);
gboolean mg_window_is_presenting(MgWindow *self);
void mg_window_toast(MgWindow *self, const char *text);
/* Writes what is seen as a PNG file. */
gboolean mg_window_save_picture(GtkWindow *window, const char *path);

G_END_DECLS
