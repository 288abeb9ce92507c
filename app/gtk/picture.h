/* SPDX-License-Identifier: GPL-3.0-or-later */
/* picture.h - map and ladder as files, without a display */
#pragma once

#include <gtk/gtk.h>

#include "lesson.h"
#include "session.h"

G_BEGIN_DECLS

/* `mailglass picture NETWORK|LESSON [--at N] [--step K] --output FILE.png|svg|pdf
 * [--view map|ladder] [--dark] [--language ko] [--size 1280x800]`; argv[0] is "picture". Returns
 * the program's exit code: 0 done, 2 usage, 3 failed. */
int mg_picture_run(int argc, char **argv, MgRegistry *registry);

typedef struct {
    gboolean ladder; /* else the map */
    gboolean dark, large;
    int width, height;
} MgPicture;
/* What is seen at the session's position, as a file by its ending. */
gboolean mg_picture_save(MgSession *session, const MgPicture *picture, const char *path,
                         GError **error);
gboolean mg_picture_is_name(const char *path); /* ends in .png, .svg or .pdf */

/* What --step means for a lesson: 1 is the first, or a step's id; NULL is the first. -1: none. */
int mg_picture_step(const MgLesson *lesson, const char *step);

G_END_DECLS
