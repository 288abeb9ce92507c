/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-play.h - somebody takes a lesson: the step, what was tried, answered and proved
 *
 * One object for the window, the terminal and the checker; views hold no state of their own. It
 * owns the session that the network runs in. Signal "changed": anything below may be another.
 * Signal "step": another step began (comes with "changed", before it).
 *
 * Where a step begins is the record that proved the step before; a check looks from there to the
 * session's position (lessons/README.md).
 */
#pragma once

#include "lesson.h"
#include "session.h"

G_BEGIN_DECLS

#define MG_TYPE_LESSON_PLAY (mg_lesson_play_get_type())
G_DECLARE_FINAL_TYPE(MgLessonPlay, mg_lesson_play, MG, LESSON_PLAY, GObject)

/* (transfer full) `lesson` is taken over. NULL with problems if its network cannot be used. Nothing
 * runs yet: mg_lesson_play_enter() begins a step. */
MgLessonPlay *mg_lesson_play_new(MgLesson *lesson, MgRegistry *registry, GPtrArray *problems);

const MgLesson *mg_lesson_play_lesson(MgLessonPlay *play);
MgSession *mg_lesson_play_session(MgLessonPlay *play); /* lives as long as the play */
size_t mg_lesson_play_n_steps(MgLessonPlay *play);
size_t mg_lesson_play_at(MgLessonPlay *play); /* index of the step */
const MgLessonStep *mg_lesson_play_step(MgLessonPlay *play);

/* Begins a step as if all before it had been solved as the lesson says: the network starts anew,
 * their `run`s and `solution`s are played, then this step's `run`. For coming back to a lesson, for
 * "start this step again", and for a teacher who skips. */
void mg_lesson_play_enter(MgLessonPlay *play, size_t step);
/* Goes on from what the learner did; enters when that cannot be (the step is not done, or what the
 * next one begins with cannot be done from here). False at the last step. */
bool mg_lesson_play_next(MgLessonPlay *play);
/* To where the step before began; false at the first. */
bool mg_lesson_play_back(MgLessonPlay *play);

/* How `run` moves the eye: at once (the checker, the terminal), or only says how far: the window
 * plays there, beat by beat. */
void mg_lesson_play_set_leap(MgLessonPlay *play, bool leap); /* on at first */
/* The record to play to, where that is not reached yet; else 0. */
uint32_t mg_lesson_play_target(MgLessonPlay *play);

/* (nullable) What of `run` could not be done, and the line that says it: "nothing matches", or an
 * error. */
const char *mg_lesson_play_trouble(MgLessonPlay *play, unsigned *line);

/* The language of what is missing; mg_language_now() at first. */
MgLanguage mg_lesson_play_language(MgLessonPlay *play);
void mg_lesson_play_set_language(MgLessonPlay *play, MgLanguage language);

/* Does one line: `try`, what somebody typed, `solution`. */
bool mg_lesson_play_do(MgLessonPlay *play, const char *line, GError **error);

/* The next exchange is hidden until the quiz is answered. */
bool mg_lesson_play_hides(MgLessonPlay *play);

/* ---- quiz ---- */
/* Chooses an answer: its `do` lines run; a hidden exchange is shown. True if it is right. */
bool mg_lesson_play_choose(MgLessonPlay *play, size_t quiz, size_t answer, GError **error);
int mg_lesson_play_chosen(MgLessonPlay *play, size_t quiz); /* -1: none yet */

/* ---- checks ---- */
typedef struct {
    bool passed;
    uint32_t proof; /* the record that proved it; 0 none */
    const char
        *missing; /* (nullable) when it failed: what was missing, in the language of now; plain */
} MgCheckResult;
/* Looks now. Results are as many as the step's checks, valid until the next call. True if all
 * passed. Counts as an attempt if `attempt`. */
bool mg_lesson_play_check(MgLessonPlay *play, bool attempt);
const MgCheckResult *mg_lesson_play_result(MgLessonPlay *play, size_t check);
/* An attempt was made in this step since something was last done. */
bool mg_lesson_play_tried(MgLessonPlay *play);
/* All checks passed and all quizzes were answered rightly; a step with neither is done at once. */
bool mg_lesson_play_done(MgLessonPlay *play);

/* ---- help ---- */
size_t mg_lesson_play_n_hints(MgLessonPlay *play); /* shown so far */
bool mg_lesson_play_hint(MgLessonPlay *play);      /* shows one more; false when there is none */
bool mg_lesson_play_solution_shown(MgLessonPlay *play);
void mg_lesson_play_show_solution(MgLessonPlay *play);
/* Answers what is asked and does all its lines, from where the step began if what was done is in
 * the way. */
bool mg_lesson_play_solve(MgLessonPlay *play, GError **error);

/* For who keeps score: in this step so far. */
typedef struct {
    unsigned attempts, wrong; /* presses of Check that failed; wrong answers of quizzes */
} MgLessonScore;
MgLessonScore mg_lesson_play_score(MgLessonPlay *play);

/* Record 0: the beginning. What this step's checks look after. */
uint32_t mg_lesson_play_since(MgLessonPlay *play);

G_END_DECLS
