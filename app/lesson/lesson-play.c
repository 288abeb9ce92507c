/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-play.c - somebody takes a lesson */
#include <glib/gi18n-lib.h>

#include "filter.h"
#include "lesson-play.h"
#include "lesson-result.h"
#include "networks.h"
#include "shelf.h"

/* Where a step began. */
typedef struct {
    size_t branch;
    uint32_t position, since, target;
    bool begun;
} Beginning;

struct _MgLessonPlay {
    GObject parent_instance;
    MgLesson *lesson;
    MgSession *session;
    MgLanguage language;
    size_t at;
    Beginning *beginnings; /* one a step */
    bool leap;
    uint32_t target;
    /* Of the step: */
    int *chosen; /* one a quiz */
    MgVerdictOf *verdicts;
    MgCheckResult *results; /* one a check */
    size_t n_checks;
    size_t n_hints;
    bool hides, tried, solution_shown;
    MgLessonScore score;
    char *trouble; /* (nullable) */
    unsigned trouble_line;
};

enum { CHANGED, STEP, N_SIGNALS };
static unsigned signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(MgLessonPlay, mg_lesson_play, G_TYPE_OBJECT)

/* ---- the object ---- */

static MgLessonStep *step_at(const MgLessonPlay *play, size_t i)
{
    return g_ptr_array_index(play->lesson->steps, i);
}

static void clear_step(MgLessonPlay *play)
{
    for (size_t i = 0; i < play->n_checks; i++)
        mg_verdict_of_clear(&play->verdicts[i]);
    g_clear_pointer(&play->verdicts, g_free);
    g_clear_pointer(&play->results, g_free);
    g_clear_pointer(&play->chosen, g_free);
    g_clear_pointer(&play->trouble, g_free);
    play->n_checks = play->n_hints = 0;
    play->hides = play->tried = play->solution_shown = false;
    play->score = (MgLessonScore){0};
}

static void mg_lesson_play_finalize(GObject *object)
{
    MgLessonPlay *play = MG_LESSON_PLAY(object);
    clear_step(play);
    g_clear_object(&play->session);
    g_clear_pointer(&play->lesson, mg_lesson_free);
    g_free(play->beginnings);
    G_OBJECT_CLASS(mg_lesson_play_parent_class)->finalize(object);
}

static void mg_lesson_play_class_init(MgLessonPlayClass *class)
{
    G_OBJECT_CLASS(class)->finalize = mg_lesson_play_finalize;
    signals[CHANGED] = g_signal_new("changed", MG_TYPE_LESSON_PLAY, G_SIGNAL_RUN_LAST, 0, NULL,
                                    NULL, NULL, G_TYPE_NONE, 0);
    signals[STEP] = g_signal_new("step", MG_TYPE_LESSON_PLAY, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                 NULL, G_TYPE_NONE, 0);
}

static void mg_lesson_play_init(MgLessonPlay *play)
{
    play->leap = true;
    play->language = mg_language_now();
}

/* The network without its script, if the lesson wants it so; files are looked for in the lesson's
 * folder first. */
static MgNetwork *load_network(const MgLesson *lesson, MgRegistry *registry, GPtrArray *problems)
{
    MgComplaints to = {lesson->path, problems};
    g_autofree char *path = mg_shelf_network(lesson);
    if (path == NULL) {
        mg_lesson_error(&to, MAX(lesson->network_line, 1),
                        _("there is no network \"%s\": neither beside lesson.md nor among the "
                          "shipped"),
                        lesson->network != NULL ? lesson->network : "");
        return NULL;
    }
    MgNetwork *network = mg_network_load(path, registry, problems);
    if (network == NULL)
        return NULL;
    network->also = g_strdup(lesson->folder);
    if (!lesson->script)
        g_array_set_size(network->actions, 0);
    return network;
}

MgLessonPlay *mg_lesson_play_new(MgLesson *lesson, MgRegistry *registry, GPtrArray *problems)
{
    g_autoptr(MgLesson) owned = lesson;
    if (lesson->steps->len == 0)
        return NULL;
    MgNetwork *network = load_network(lesson, registry, problems);
    if (network == NULL)
        return NULL;
    g_autoptr(GPtrArray) judged = g_ptr_array_new_with_free_func(g_free);
    mg_lesson_judge_in(lesson, registry, network, judged); /* splits and marks; told elsewhere */
    MgSession *session = mg_session_new_for_network(network, registry, lesson->seed, problems);
    if (session == NULL)
        return NULL;
    MgLessonPlay *play = g_object_new(MG_TYPE_LESSON_PLAY, NULL);
    play->lesson = g_steal_pointer(&owned);
    play->session = session;
    play->beginnings = g_new0(Beginning, lesson->steps->len);
    return play;
}

const MgLesson *mg_lesson_play_lesson(MgLessonPlay *play)
{
    return play->lesson;
}

MgSession *mg_lesson_play_session(MgLessonPlay *play)
{
    return play->session;
}

size_t mg_lesson_play_n_steps(MgLessonPlay *play)
{
    return play->lesson->steps->len;
}

size_t mg_lesson_play_at(MgLessonPlay *play)
{
    return play->at;
}

const MgLessonStep *mg_lesson_play_step(MgLessonPlay *play)
{
    return step_at(play, play->at);
}

uint32_t mg_lesson_play_since(MgLessonPlay *play)
{
    return play->beginnings[play->at].since;
}

MgLanguage mg_lesson_play_language(MgLessonPlay *play)
{
    return play->language;
}

static void changed(MgLessonPlay *play)
{
    g_signal_emit(play, signals[CHANGED], 0);
}

/* ---- moving the eye ---- */

void mg_lesson_play_set_leap(MgLessonPlay *play, bool leap)
{
    play->leap = leap;
}

uint32_t mg_lesson_play_target(MgLessonPlay *play)
{
    return mg_session_position(play->session) < play->target ? play->target : 0;
}

static void aim(MgLessonPlay *play, uint32_t target)
{
    play->target = target;
    if (play->leap)
        mg_session_seek(play->session, target);
    else
        mg_session_set_stop(play->session, target);
}

/* What follows from something that was done is watched at once; what a step begins with waits until
 * somebody presses Play. */
static void go(MgLessonPlay *play, uint32_t target)
{
    aim(play, target);
    if (!play->leap && mg_lesson_play_target(play) != 0)
        mg_session_set_playing(play->session, true);
}

static uint32_t n_records(MgLessonPlay *play)
{
    return mg_trace_n_records(mg_session_trace(play->session));
}

/* ---- a step begins ---- */

const char *mg_lesson_play_trouble(MgLessonPlay *play, unsigned *line)
{
    if (line != NULL)
        *line = play->trouble_line;
    return play->trouble;
}

static void set_trouble(MgLessonPlay *play, const char *text, unsigned line)
{
    if (play->trouble != NULL)
        return;
    play->trouble = g_strdup(text);
    play->trouble_line = line;
}

static uint32_t find(MgLessonPlay *play, const char *filter, uint32_t after)
{
    g_autoptr(MgFilter) wanted = mg_filter_new(filter, mg_session_registry(play->session), NULL);
    const MgTrace *trace = mg_session_trace(play->session);
    for (uint32_t n = after + 1; wanted != NULL && n <= mg_trace_n_records(trace); n++)
        if (mg_filter_match(wanted, trace, n))
            return n;
    return 0;
}

static void do_run_deeds(MgLessonPlay *play, const MgLessonStep *step)
{
    for (unsigned i = 0; i < step->run.deeds->len; i++) {
        const MgLessonDeed *deed = g_ptr_array_index(step->run.deeds, i);
        g_autoptr(GError) error = NULL;
        /* Of several, each waits for what the one before has brought about. */
        if (i > 0)
            mg_session_seek(play->session, n_records(play));
        if (!mg_session_intervene(play->session, deed->text, NULL, &error))
            set_trouble(play, error->message, deed->line);
    }
}

static uint32_t run_target(MgLessonPlay *play, const MgLessonStep *step, uint32_t from)
{
    if (step->run.until != NULL) {
        uint32_t n = find(play, step->run.until, from);
        if (n == 0) /* somebody has played on beyond it */
            n = find(play, step->run.until, play->beginnings[play->at].since);
        if (n != 0)
            return n;
        set_trouble(play, _("the run ends and nothing matches \"until\""), step->run.until_line);
    } else if (step->run.deeds->len == 0 && step->run.show != NULL && !step->run.predict) {
        return from;
    }
    return n_records(play);
}

static void run(MgLessonPlay *play)
{
    const MgLessonStep *step = step_at(play, play->at);
    uint32_t from = mg_session_position(play->session);
    play->target = from;
    mg_session_point(play->session, (const char *const *)step->run.show);
    if (!step->run.there)
        return;
    do_run_deeds(play, step);
    uint32_t target = run_target(play, step, from);
    if (!play->leap) /* several deeds may have moved the eye */
        mg_session_seek(play->session, MIN(from, target));
    play->hides = step->run.predict && step->quizzes->len > 0;
    aim(play, target);
    if (play->hides)
        mg_session_set_fence(play->session, target);
}

/* The step begins where the eye is. */
static void begin(MgLessonPlay *play, size_t at, uint32_t since)
{
    clear_step(play);
    play->at = at;
    const MgLessonStep *step = step_at(play, at);
    play->chosen = g_new(int, step->quizzes->len + 1);
    for (unsigned i = 0; i <= step->quizzes->len; i++)
        play->chosen[i] = -1;
    play->n_checks = step->checks->len;
    play->verdicts = g_new0(MgVerdictOf, play->n_checks + 1);
    play->results = g_new0(MgCheckResult, play->n_checks + 1);
    play->beginnings[at] = (Beginning){.branch = mg_session_branch(play->session),
                                       .position = mg_session_position(play->session),
                                       .since = since,
                                       .begun = true};
    mg_session_set_playing(play->session, false);
    mg_session_set_fence(play->session, 0);
    run(play);
}

static void tell_step(MgLessonPlay *play)
{
    g_signal_emit(play, signals[STEP], 0);
    changed(play);
}

/* ---- doing ---- */

static bool do_line(MgLessonPlay *play, const char *line, GError **error)
{
    if (mg_lesson_play_target(play) != 0)
        mg_session_seek(play->session, play->target);
    if (!mg_session_intervene(play->session, line, NULL, error))
        return false;
    play->tried = false;
    go(play, n_records(play));
    return true;
}

bool mg_lesson_play_do(MgLessonPlay *play, const char *line, GError **error)
{
    if (play->hides) {
        g_set_error(error, MG_ERROR, MG_ERROR_LESSON, "%s",
                    _("first say what you expect: answer the question"));
        return false;
    }
    bool good = do_line(play, line, error);
    changed(play);
    return good;
}

bool mg_lesson_play_hides(MgLessonPlay *play)
{
    return play->hides;
}

/* ---- quiz ---- */

static void reveal(MgLessonPlay *play)
{
    play->hides = false;
    if (mg_lesson_play_target(play) != 0) /* what the question is about was not watched yet */
        mg_session_seek(play->session, play->target);
    mg_session_set_fence(play->session, 0);
    go(play, mg_session_peek(play->session, MG_STEP_EXCHANGE, false));
}

static bool all_answered(const MgLessonPlay *play)
{
    const MgLessonStep *step = step_at(play, play->at);
    for (unsigned i = 0; i < step->quizzes->len; i++)
        if (play->chosen[i] < 0)
            return false;
    return true;
}

bool mg_lesson_play_choose(MgLessonPlay *play, size_t quiz, size_t answer, GError **error)
{
    const MgLessonStep *step = step_at(play, play->at);
    g_assert(quiz < step->quizzes->len);
    const MgQuiz *asked = g_ptr_array_index(step->quizzes, quiz);
    g_assert(answer < asked->answers->len);
    const MgQuizAnswer *chosen = g_ptr_array_index(asked->answers, answer);
    play->chosen[quiz] = (int)answer;
    play->score.wrong += !chosen->right;
    if (play->hides && all_answered(play))
        reveal(play);
    for (unsigned i = 0; i < chosen->deeds->len; i++) {
        const MgLessonDeed *deed = g_ptr_array_index(chosen->deeds, i);
        if (!do_line(play, deed->text, error))
            break;
    }
    changed(play);
    return chosen->right;
}

int mg_lesson_play_chosen(MgLessonPlay *play, size_t quiz)
{
    g_assert(quiz < step_at(play, play->at)->quizzes->len);
    return play->chosen[quiz];
}

/* ---- checks ---- */

static void look(MgLessonPlay *play)
{
    const MgLessonStep *step = step_at(play, play->at);
    const Beginning *beginning = &play->beginnings[play->at];
    const MgTrace *trace = mg_session_trace(play->session);
    uint32_t since = MIN(beginning->since, mg_trace_n_records(trace));
    MgLook look = {.session = play->session,
                   .since = since,
                   .until = mg_session_position(play->session),
                   .began = since != 0 ? mg_trace_record(trace, since)->at : 0,
                   .language = play->language};
    for (size_t i = 0; i < play->n_checks; i++)
        mg_verdict_of_clear(&play->verdicts[i]);
    mg_checks_look(&look, (MgCheck *const *)step->checks->pdata, play->n_checks, play->verdicts);
    for (size_t i = 0; i < play->n_checks; i++)
        play->results[i] = (MgCheckResult){play->verdicts[i].passed, play->verdicts[i].proof,
                                           play->verdicts[i].missing};
}

static bool passes(MgLessonPlay *play)
{
    look(play);
    for (size_t i = 0; i < play->n_checks; i++)
        if (!play->results[i].passed)
            return false;
    return true;
}

/* … once all that was begun has been watched: then the eye is back where it was. */
static bool passes_then(MgLessonPlay *play)
{
    uint32_t position = mg_session_position(play->session);
    if (mg_lesson_play_target(play) == 0)
        return passes(play);
    bool playing = mg_session_playing(play->session);
    mg_session_set_stop(play->session, 0);
    mg_session_seek(play->session, play->target);
    bool passed = passes(play);
    mg_session_seek(play->session, position);
    mg_session_set_stop(play->session, play->target);
    mg_session_set_playing(play->session, playing);
    return passed;
}

bool mg_lesson_play_check(MgLessonPlay *play, bool attempt)
{
    if (attempt && mg_lesson_play_target(play) != 0 && !play->hides)
        mg_session_seek(play->session, play->target); /* what was done is part of it, seen or not */
    bool passed = passes(play);
    if (attempt) {
        play->tried = true;
        play->score.attempts += !passed;
        changed(play);
    }
    return passed;
}

const MgCheckResult *mg_lesson_play_result(MgLessonPlay *play, size_t check)
{
    g_assert(check < play->n_checks);
    return &play->results[check];
}

bool mg_lesson_play_tried(MgLessonPlay *play)
{
    return play->tried;
}

static bool is_right(const MgLessonPlay *play, unsigned quiz)
{
    const MgQuiz *asked = g_ptr_array_index(step_at(play, play->at)->quizzes, quiz);
    int chosen = play->chosen[quiz];
    return chosen >= 0 && ((const MgQuizAnswer *)g_ptr_array_index(asked->answers, chosen))->right;
}

bool mg_lesson_play_done(MgLessonPlay *play)
{
    const MgLessonStep *step = step_at(play, play->at);
    for (unsigned i = 0; i < step->quizzes->len; i++) {
        const MgQuiz *quiz = g_ptr_array_index(step->quizzes, i);
        int chosen = play->chosen[i];
        if (chosen < 0 || !((const MgQuizAnswer *)g_ptr_array_index(quiz->answers, chosen))->right)
            return false;
    }
    return passes(play);
}

void mg_lesson_play_set_language(MgLessonPlay *play, MgLanguage language)
{
    if (language == play->language)
        return;
    play->language = language;
    if (play->chosen == NULL) /* no step has begun yet */
        return;
    look(play);
    changed(play);
}

MgLessonScore mg_lesson_play_score(MgLessonPlay *play)
{
    return play->score;
}

/* ---- help ---- */

size_t mg_lesson_play_n_hints(MgLessonPlay *play)
{
    return play->n_hints;
}

bool mg_lesson_play_hint(MgLessonPlay *play)
{
    if (play->n_hints >= step_at(play, play->at)->hints->len)
        return false;
    play->n_hints++;
    changed(play);
    return true;
}

bool mg_lesson_play_solution_shown(MgLessonPlay *play)
{
    return play->solution_shown;
}

void mg_lesson_play_show_solution(MgLessonPlay *play)
{
    play->solution_shown = true;
    changed(play);
}

static bool do_all(MgLessonPlay *play, const GPtrArray *deeds, GError **error)
{
    bool leap = play->leap, good = true;
    for (unsigned i = 0; i < deeds->len && good; i++) {
        const MgLessonDeed *deed = g_ptr_array_index(deeds, i);
        play->leap = leap || i + 1 < deeds->len; /* the last may be watched */
        good = do_line(play, deed->text, error);
    }
    play->leap = leap;
    return good;
}

/* Back to where the step began; false if that is gone. */
static bool rewind_to(MgLessonPlay *play, size_t at)
{
    const Beginning *beginning = &play->beginnings[at];
    if (!beginning->begun || beginning->branch >= mg_session_n_branches(play->session))
        return false;
    mg_session_set_playing(play->session, false);
    mg_session_set_fence(play->session, 0);
    mg_session_set_branch(play->session, beginning->branch);
    mg_session_seek(play->session, beginning->position);
    return mg_session_position(play->session) == beginning->position;
}

/* The first right answer of each question that has none yet. */
static void answer_as_told(MgLessonPlay *play)
{
    const MgLessonStep *step = step_at(play, play->at);
    for (unsigned i = 0; i < step->quizzes->len; i++) {
        const MgQuiz *quiz = g_ptr_array_index(step->quizzes, i);
        for (unsigned j = 0; j < quiz->answers->len && !is_right(play, i); j++)
            if (((const MgQuizAnswer *)g_ptr_array_index(quiz->answers, j))->right)
                mg_lesson_play_choose(play, i, j, NULL);
    }
}

bool mg_lesson_play_solve(MgLessonPlay *play, GError **error)
{
    const MgLessonStep *step = step_at(play, play->at);
    uint32_t since = play->beginnings[play->at].since;
    answer_as_told(play);
    bool good = do_all(play, step->solution, NULL) && passes_then(play);
    if (!good && rewind_to(play, play->at)) { /* what was done before is in the way */
        bool leap = play->leap;
        int *chosen = g_steal_pointer(&play->chosen);
        MgLessonScore score = play->score;
        size_t hints = play->n_hints;
        play->leap = true;
        begin(play, play->at, since);
        if (play->hides)
            reveal(play);
        g_free(play->chosen);
        play->chosen = chosen;
        play->score = score;
        play->n_hints = hints;
        play->leap = leap;
        good = do_all(play, step->solution, error);
    }
    play->solution_shown = true;
    changed(play);
    return good;
}

/* ---- from step to step ---- */

/* Where the next step's checks look from. */
static uint32_t proved_until(MgLessonPlay *play)
{
    uint32_t last = 0;
    if (play->n_checks > 0 && passes(play))
        for (size_t i = 0; i < play->n_checks; i++)
            last = MAX(last, play->results[i].proof);
    return last != 0 ? last : mg_session_position(play->session);
}

void mg_lesson_play_enter(MgLessonPlay *play, size_t step)
{
    g_assert(step < play->lesson->steps->len);
    bool leap = play->leap;
    uint32_t since = 0;
    g_signal_handlers_block_matched(play, G_SIGNAL_MATCH_ID, signals[CHANGED], 0, NULL, NULL, NULL);
    mg_session_restart(play->session);
    memset(play->beginnings, 0, sizeof *play->beginnings * play->lesson->steps->len);
    play->leap = true;
    for (size_t i = 0; i < step; i++) {
        begin(play, i, since);
        answer_as_told(play);
        do_all(play, step_at(play, i)->solution, NULL);
        since = proved_until(play);
    }
    play->leap = leap;
    begin(play, step, since);
    g_signal_handlers_unblock_matched(play, G_SIGNAL_MATCH_ID, signals[CHANGED], 0, NULL, NULL,
                                      NULL);
    tell_step(play);
}

bool mg_lesson_play_next(MgLessonPlay *play)
{
    if (play->at + 1 >= play->lesson->steps->len)
        return false;
    if (!mg_lesson_play_done(play)) {
        mg_lesson_play_enter(play, play->at + 1);
        return true;
    }
    if (mg_lesson_play_target(play) != 0)
        mg_session_seek(play->session, play->target);
    begin(play, play->at + 1, proved_until(play));
    if (play->trouble != NULL) { /* it was done, and something more: the console is closed again */
        mg_lesson_play_enter(play, play->at);
        return true;
    }
    tell_step(play);
    return true;
}

bool mg_lesson_play_back(MgLessonPlay *play)
{
    if (play->at == 0)
        return false;
    if (!rewind_to(play, play->at - 1)) {
        mg_lesson_play_enter(play, play->at - 1);
        return true;
    }
    begin(play, play->at - 1, play->beginnings[play->at - 1].since);
    tell_step(play);
    return true;
}
