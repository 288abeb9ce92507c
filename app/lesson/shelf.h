/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shelf.h - where lessons are: those shipped, the user's, those of folders that were named
 *
 * Looked for in each folder of MAILGLASS_LESSON_PATH (":" between), in the user's data folder
 * (mailglass/lessons), and among the shipped (MAILGLASS_DATA/lessons, or installed). Of two with
 * one id the first counts. A folder is a lesson if it holds lesson.md.
 */
#pragma once

#include "lesson.h"

G_BEGIN_DECLS

typedef struct {
    char *id, *folder;
    MgLesson *lesson;    /* (nullable) NULL when it cannot be used */
    GPtrArray *problems; /* char *: "PATH:LINE: error: …"; empty when it is sound */
    bool own;            /* not shipped */
} MgShelfEntry;

typedef struct {
    const char *id;           /* "way" */
    const char *title;        /* N_() */
    const char *icon, *color; /* what its lessons are marked with: names that the window knows */
} MgLessonGroup;
/* In order; the last has no id, and marks lessons of no group. */
extern const MgLessonGroup mg_lesson_groups[];

/* (transfer full) (element-type MgShelfEntry) All, by group, order, id; those of no known group
 * last. A broken lesson is an entry with problems, and breaks nothing else. With `registry`, what
 * the words mean is judged too (mg_lesson_judge()). */
GPtrArray *mg_shelf_lessons(MgRegistry *registry);
/* (transfer full) (nullable) The folder of a lesson by its id, or `name` itself if it is a path to
 * a lesson's folder or file. */
char *mg_shelf_find(const char *name);
/* (transfer full) (nullable) The folder of the network that a lesson uses. */
char *mg_shelf_network(const MgLesson *lesson);

G_END_DECLS
