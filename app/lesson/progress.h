/* SPDX-License-Identifier: GPL-3.0-or-later */
/* progress.h - what a learner has done: kept in the user's data folder as a key file
 *
 *     [learner]            [smtp-by-hand]             [smtp-by-hand/envelope]
 *     name=Kim Minji       step=envelope              passed=2026-03-02T09:12:00Z
 *                          steps=9                    attempts=2
 *                          finished=…                 hints=1  solution=true  wrong=1
 */
#pragma once

#include "lesson-play.h"

G_BEGIN_DECLS

typedef struct MgProgress MgProgress;

/* The user's own (made when missing), or one that a student has handed in. A file that cannot be
 * read is an error that names it; the user's own broken file is kept beside under another name. */
MgProgress *mg_progress_open(const char *path, GError **error); /* NULL path: the user's own */
void mg_progress_free(MgProgress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgProgress, mg_progress_free)
bool mg_progress_save(MgProgress *progress, GError **error);
/* (transfer full) MAILGLASS_PROGRESS, or XDG_DATA_HOME/mailglass/progress.ini. */
char *mg_progress_path(void);

const char *mg_progress_learner(MgProgress *progress);
void mg_progress_set_learner(MgProgress *progress, const char *name);

/* Follows a play from now on: keeps its step and what was done in it, and saves at each change. The
 * play must not outlive the progress. */
void mg_progress_follow(MgProgress *progress, MgLessonPlay *play);

typedef struct {
    unsigned steps, passed; /* steps 0: never opened */
    bool finished;
    const char *step; /* (nullable) where it was left; borrowed until the next call */
} MgProgressOf;
MgProgressOf mg_progress_of(MgProgress *progress, const char *lesson);
/* (nullable) The lesson that was taken last; borrowed until the next call. */
const char *mg_progress_last(MgProgress *progress);
void mg_progress_forget(MgProgress *progress, const char *lesson);

/* (transfer full) A row a step that was begun: learner, lesson, step, passed, attempts, hints,
 * solution, wrong. CSV by RFC 4180 with a header line (`header`); JSON an object a line. */
char *mg_progress_csv(MgProgress *progress, bool header);
char *mg_progress_json(MgProgress *progress);

G_END_DECLS
