/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-prove.c - a lesson played as it says it is done: each check has to fail before the
 * solution and to pass after it
 *
 * A step whose words are broken is played as far as it can be; what depends on it is not told: one
 * mistake, one line. */
#include <glib/gi18n-lib.h>

#include "lesson-play.h"
#include "lesson-private.h"

typedef struct {
    MgLessonPlay *play;
    MgComplaints to;
    unsigned n;
    bool lost; /* a step could not be done: those after it are not judged */
} Prover;

G_GNUC_PRINTF(3, 4)
static void complain(Prover *prover, unsigned line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    prover->n++;
    mg_lesson_error(&prover->to, line, "%s", text);
}

/* What was told already is known by its line: a check or a deed that is broken. */
static bool was_told(const Prover *prover, unsigned line)
{
    g_autofree char *begin = g_strdup_printf("%s:%u: error: ", prover->to.path, line);
    for (unsigned i = 0; i < prover->to.problems->len; i++)
        if (g_str_has_prefix(g_ptr_array_index(prover->to.problems, i), begin))
            return true;
    return false;
}

static bool deeds_told(const Prover *prover, const GPtrArray *deeds)
{
    for (unsigned i = 0; i < deeds->len; i++)
        if (was_told(prover, ((const MgLessonDeed *)g_ptr_array_index(deeds, i))->line))
            return true;
    return false;
}

static const MgCheck *check_at(const MgLessonStep *step, size_t i)
{
    return g_ptr_array_index(step->checks, i);
}

static bool is_broken(const MgLessonStep *step)
{
    for (unsigned i = 0; i < step->checks->len; i++)
        if (check_at(step, i)->broken)
            return true;
    return false;
}

/* "never" and "within" say how something is done, so they hold before it is. */
static bool must_fail_before(const MgCheck *check)
{
    return check->kind != MG_CHECK_NEVER && check->kind != MG_CHECK_WITHIN;
}

static void prove_before(Prover *prover, const MgLessonStep *step)
{
    bool some = false;
    mg_lesson_play_check(prover->play, false);
    for (unsigned i = 0; i < step->checks->len; i++) {
        const MgCheck *check = check_at(step, i);
        some |= must_fail_before(check);
        if (must_fail_before(check) && mg_lesson_play_result(prover->play, i)->passed)
            complain(prover, check->line,
                     _("\"%s\" is true before anything was done: it proves nothing"), check->text);
    }
    if (step->checks->len > 0 && !some)
        complain(prover, check_at(step, 0)->line, "%s",
                 _("checks that only say what must not happen pass when nothing is done; add one "
                   "that says what must"));
}

static void answer(Prover *prover, const MgLessonStep *step)
{
    for (unsigned i = 0; i < step->quizzes->len; i++) {
        const MgQuiz *quiz = g_ptr_array_index(step->quizzes, i);
        for (unsigned j = 0; j < quiz->answers->len; j++) {
            const MgQuizAnswer *chosen = g_ptr_array_index(quiz->answers, j);
            g_autoptr(GError) error = NULL;
            if (!chosen->right)
                continue;
            mg_lesson_play_choose(prover->play, i, j, &error);
            if (error != NULL && !was_told(prover, chosen->line))
                complain(prover, chosen->line, _("this answer cannot be run: %s"), error->message);
            break;
        }
    }
}

static void solve(Prover *prover, const MgLessonStep *step)
{
    for (unsigned i = 0; i < step->solution->len; i++) {
        const MgLessonDeed *deed = g_ptr_array_index(step->solution, i);
        g_autoptr(GError) error = NULL;
        if (mg_lesson_play_do(prover->play, deed->text, &error))
            continue;
        complain(prover, deed->line, _("this line of the solution cannot be done: %s"),
                 error->message);
        prover->lost = true;
        return;
    }
}

static void prove_after(Prover *prover, const MgLessonStep *step)
{
    mg_lesson_play_check(prover->play, false);
    for (unsigned i = 0; i < step->checks->len; i++) {
        const MgCheckResult *result = mg_lesson_play_result(prover->play, i);
        if (result->passed)
            continue;
        prover->lost = true;
        if (was_told(prover, check_at(step, i)->line)) /* of before */
            continue;
        complain(prover, check_at(step, i)->line, _("\"%s\" still fails after the solution: %s"),
                 check_at(step, i)->text, result->missing != NULL ? result->missing : "");
    }
}

static void prove_step(Prover *prover)
{
    const MgLessonStep *step = mg_lesson_play_step(prover->play);
    unsigned line;
    const char *trouble = mg_lesson_play_trouble(prover->play, &line);
    bool told = is_broken(step) || deeds_told(prover, step->run.deeds) ||
                deeds_told(prover, step->solution) ||
                (step->run.until != NULL && was_told(prover, step->run.until_line)) ||
                (step->checks->len > 0 && step->solution->len == 0);
    if (trouble != NULL && !told) {
        complain(prover, line, "%s", trouble);
        told = true;
    }
    if (!told && !prover->lost)
        prove_before(prover, step);
    answer(prover, step);
    if (told || prover->lost) {
        prover->lost = true;
        mg_lesson_play_solve(prover->play, NULL);
        return;
    }
    solve(prover, step);
    if (!prover->lost)
        prove_after(prover, step);
}

/* A button must work where it stands: after those above it, or alone. */
static void prove_tries(Prover *prover, size_t at)
{
    const MgLessonStep *step = mg_lesson_play_step(prover->play);
    for (unsigned i = 0; i < step->tries->len; i++) {
        const MgLessonDeed *deed = g_ptr_array_index(step->tries, i);
        g_autoptr(GError) error = NULL;
        if (was_told(prover, deed->line) || mg_lesson_play_do(prover->play, deed->text, NULL))
            continue;
        mg_lesson_play_enter(prover->play, at);
        answer(prover, step);
        if (!mg_lesson_play_do(prover->play, deed->text, &error))
            complain(prover, deed->line, _("this button does nothing here: %s"), error->message);
    }
}

static void prove_wrong_answers(Prover *prover, size_t at)
{
    const MgLessonStep *step = mg_lesson_play_step(prover->play);
    for (unsigned i = 0; i < step->quizzes->len; i++) {
        const MgQuiz *quiz = g_ptr_array_index(step->quizzes, i);
        for (unsigned j = 0; j < quiz->answers->len; j++) {
            const MgQuizAnswer *wrong = g_ptr_array_index(quiz->answers, j);
            g_autoptr(GError) error = NULL;
            if (wrong->right || wrong->deeds->len == 0 || deeds_told(prover, wrong->deeds))
                continue;
            mg_lesson_play_enter(prover->play, at);
            mg_lesson_play_choose(prover->play, i, j, &error);
            if (error != NULL)
                complain(prover, wrong->line, _("this answer cannot be run: %s"), error->message);
        }
    }
}

/* What is offered beside the way: each in a run of its own. */
static void prove_offers(Prover *prover)
{
    for (size_t i = 0; i < mg_lesson_play_n_steps(prover->play) && !prover->lost; i++) {
        mg_lesson_play_enter(prover->play, i);
        const MgLessonStep *step = mg_lesson_play_step(prover->play);
        answer(prover, step);
        prove_tries(prover, i);
        prove_wrong_answers(prover, i);
    }
}

static MgLessonPlay *play_of(const MgLesson *lesson, MgRegistry *registry)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgLesson *again = mg_lesson_load(lesson->path, problems);
    return again != NULL ? mg_lesson_play_new(again, registry, problems) : NULL;
}

/* The whole lesson as it is done; the hash of its trace. */
static char *hash_of(MgLessonPlay *play)
{
    size_t last = mg_lesson_play_n_steps(play) - 1;
    mg_lesson_play_enter(play, last);
    mg_lesson_play_solve(play, NULL);
    return mg_trace_hash(mg_session_trace(mg_lesson_play_session(play)));
}

bool mg_lesson_prove(const MgLesson *lesson, MgRegistry *registry, GPtrArray *problems)
{
    g_autoptr(MgLessonPlay) play = play_of(lesson, registry);
    Prover prover = {.play = play, .to = {lesson->path, problems}};
    if (play == NULL) /* why not was told when it was judged */
        return false;
    mg_lesson_play_enter(play, 0);
    do
        prove_step(&prover);
    while (mg_lesson_play_next(play));
    prove_offers(&prover);
    g_autoptr(MgLessonPlay) other = play_of(lesson, registry);
    g_autofree char *one = hash_of(play), *two = other != NULL ? hash_of(other) : NULL;
    if (g_strcmp0(one, two) != 0)
        complain(&prover, 1, "%s", _("two runs of this lesson give two traces"));
    return prover.n == 0;
}
