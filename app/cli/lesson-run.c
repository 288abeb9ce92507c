/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-run.c - mailglass lesson run: a lesson in the terminal
 *
 * What is typed goes to the console that waits; what begins with ":" is for the lesson. From a pipe
 * it reads the same lines, so that a lesson can be taken by a script. */
#include <stdio.h>
#include <unistd.h>

#include "command.h"
#include "lesson-play.h"
#include "lesson-prose-text.h"
#include "progress.h"
#include "record-line.h"

static const char command[] = "mailglass lesson run";

typedef struct {
    MgLessonPlay *play;
    MgRegistry *registry;
    MgRecordLine *line;
    const MgTrace *trace; /* that `seen` counts */
    uint32_t seen;        /* records that were printed or passed over */
    bool terminal, over, finished;
} Taker;

static MgLanguage language(const Taker *taker)
{
    return mg_lesson_play_language(taker->play);
}

/* ---- what happened ---- */

static bool is_shown(const Taker *taker, const MgTrace *trace, uint32_t n)
{
    const MgRecord *record = mg_trace_record(trace, n);
    return record->kind != MG_RECORD_STATE &&
           !(record->kind == MG_RECORD_EXCHANGE && mg_record_is_bare(taker->registry, record));
}

/* A run that began anew tells again what belongs to this step. */
static void from_step(Taker *taker)
{
    if (mg_session_trace(mg_lesson_play_session(taker->play)) != taker->trace)
        taker->seen = MIN(taker->seen, mg_lesson_play_since(taker->play));
}

/* A branch parts from its trace where the eye was, which is where printing stopped: only what comes
 * after that is new. */
static void print_records(Taker *taker)
{
    MgSession *session = mg_lesson_play_session(taker->play);
    const MgTrace *trace = mg_session_trace(session);
    uint32_t until = mg_session_position(session);
    bool some = false;
    if (trace != taker->trace) {
        mg_record_line_free(taker->line);
        taker->line = mg_record_line_new(mg_session_network(session), taker->registry);
        uint32_t again = taker->seen;
        taker->seen = 0;
        while (taker->seen < MIN(again, until)) {
            taker->seen++;
            mg_record_line_note(taker->line, mg_trace_record(trace, taker->seen), taker->seen);
        }
        taker->trace = trace;
    }
    while (taker->seen < until) {
        uint32_t n = ++taker->seen;
        mg_record_line_note(taker->line, mg_trace_record(trace, n), n);
        if (!is_shown(taker, trace, n))
            continue;
        if (!some)
            putchar('\n');
        some = true;
        mg_record_line_print(taker->line, trace, n);
    }
    taker->seen = until; /* who has gone back sees it again */
}

/* ---- a step ---- */

static void print_step(Taker *taker)
{
    const MgLesson *lesson = mg_lesson_play_lesson(taker->play);
    const MgLessonStep *step = mg_lesson_play_step(taker->play);
    g_autofree char *title = g_strdup_printf(
        _("Step %zu of %zu: %s"), mg_lesson_play_at(taker->play) + 1,
        mg_lesson_play_n_steps(taker->play), mg_lesson_step_title(lesson, step, language(taker)));
    printf("\n== %s ==\n", title);
    mg_print_prose(&step->prose[language(taker)], "");
    from_step(taker);
    print_records(taker);
    for (unsigned i = 0; i < step->quizzes->len; i++)
        mg_print_quiz(g_ptr_array_index(step->quizzes, i), language(taker), "");
    for (unsigned i = 0; i < step->tries->len; i++) {
        const MgLessonDeed *deed = g_ptr_array_index(step->tries, i);
        const char *label = mg_bilingual_plain(&deed->label, language(taker));
        printf("%s  %u) %s%s%s\n", i == 0 ? "\n" : "", i + 1, deed->text,
               label != NULL ? "   — " : "", label != NULL ? label : "");
    }
}

static void print_results(Taker *taker)
{
    const MgLessonStep *step = mg_lesson_play_step(taker->play);
    bool passed = mg_lesson_play_check(taker->play, true);
    print_records(taker);
    for (unsigned i = 0; i < step->checks->len; i++) {
        const MgCheckResult *result = mg_lesson_play_result(taker->play, i);
        if (result->passed && result->proof != 0)
            printf(_("  ✓ %s (record %u)\n"), _("done"), result->proof);
        else if (!result->passed)
            mg_print_text(result->missing != NULL ? result->missing : "", "  ✗ ", "    ");
    }
    if (!passed && mg_lesson_play_n_hints(taker->play) < step->hints->len)
        printf("  %s\n", _("(:hint helps)"));
}

static const char *next_open_quiz(Taker *taker, size_t *quiz)
{
    const MgLessonStep *step = mg_lesson_play_step(taker->play);
    for (*quiz = 0; *quiz < step->quizzes->len; ++*quiz) {
        const MgQuiz *asked = g_ptr_array_index(step->quizzes, *quiz);
        int chosen = mg_lesson_play_chosen(taker->play, *quiz);
        if (chosen < 0 || !((const MgQuizAnswer *)g_ptr_array_index(asked->answers, chosen))->right)
            return mg_bilingual_plain(&asked->ask, language(taker));
    }
    return NULL;
}

static void go_on(Taker *taker)
{
    size_t quiz;
    const MgLessonStep *step = mg_lesson_play_step(taker->play);
    if (step->checks->len > 0 && !mg_lesson_play_check(taker->play, false)) {
        print_results(taker);
        return;
    }
    const char *ask = next_open_quiz(taker, &quiz);
    if (ask != NULL) {
        mg_print_text(ask, "  ? ", "    ");
        printf("  %s\n", _("(answer with a letter)"));
        return;
    }
    mg_lesson_play_check(taker->play, true);
    if (mg_lesson_play_next(taker->play)) {
        print_step(taker);
        return;
    }
    taker->over = taker->finished = true;
    printf("\n%s\n", _("That was the last step: the lesson is done."));
}

/* ---- what is typed ---- */

static void answer(Taker *taker, const char *word)
{
    size_t quiz;
    const char *ask = next_open_quiz(taker, &quiz);
    const MgLessonStep *step = mg_lesson_play_step(taker->play);
    if (ask == NULL) {
        printf("  %s\n", _("nothing is asked here"));
        return;
    }
    const MgQuiz *asked = g_ptr_array_index(step->quizzes, quiz);
    unsigned chosen = (unsigned)(word[0] - 'a');
    if (chosen >= asked->answers->len) {
        printf(_("  there are a to %c\n"), 'a' + (int)asked->answers->len - 1);
        return;
    }
    g_autoptr(GError) error = NULL;
    bool right = mg_lesson_play_choose(taker->play, quiz, chosen, &error);
    const MgQuizAnswer *was = g_ptr_array_index(asked->answers, chosen);
    const char *why = mg_bilingual_plain(&was->why, language(taker));
    print_records(taker);
    mg_print_text(why != NULL ? why : "", right ? "  ✓ " : "  ✗ ", "    ");
    if (error != NULL)
        printf("  %s\n", error->message);
}

static void do_line(Taker *taker, const char *text)
{
    g_autoptr(GError) error = NULL;
    if (mg_lesson_play_do(taker->play, text, &error))
        print_records(taker);
    else
        mg_print_text(error->message, "  ! ", "    ");
}

static void try_number(Taker *taker, unsigned number)
{
    const MgLessonStep *step = mg_lesson_play_step(taker->play);
    if (number < 1 || number > step->tries->len) {
        printf("  %s\n", _("there is no such line to try"));
        return;
    }
    const MgLessonDeed *deed = g_ptr_array_index(step->tries, number - 1);
    printf("  %s\n", deed->text);
    do_line(taker, deed->text);
}

static void cmd_check(Taker *taker)
{
    print_results(taker);
}

static void cmd_hint(Taker *taker)
{
    const MgLessonStep *step = mg_lesson_play_step(taker->play);
    if (!mg_lesson_play_hint(taker->play)) {
        printf("  %s\n", step->hints->len > 0
                             ? _("there is no further hint; :solution shows the way")
                             : _("there is no hint here"));
        return;
    }
    const char *text = mg_bilingual_plain(
        g_ptr_array_index(step->hints, mg_lesson_play_n_hints(taker->play) - 1), language(taker));
    mg_print_text(text != NULL ? text : "", "  • ", "    ");
}

/* The answers that are chosen, with what is said of them. */
static void print_answers(Taker *taker)
{
    const MgLessonStep *step = mg_lesson_play_step(taker->play);
    for (unsigned i = 0; i < step->quizzes->len; i++) {
        const MgQuiz *quiz = g_ptr_array_index(step->quizzes, i);
        int chosen = mg_lesson_play_chosen(taker->play, i);
        if (chosen < 0)
            continue;
        const MgQuizAnswer *answer = g_ptr_array_index(quiz->answers, chosen);
        const char *label = mg_bilingual_plain(&answer->label, language(taker));
        const char *why = mg_bilingual_plain(&answer->why, language(taker));
        g_autofree char *text = g_strdup_printf("%c) %s\n%s", 'a' + chosen,
                                                label != NULL ? label : "", why != NULL ? why : "");
        mg_print_text(text, "  ✓ ", "    ");
    }
}

static void cmd_solution(Taker *taker)
{
    const MgLessonStep *step = mg_lesson_play_step(taker->play);
    g_autoptr(GError) error = NULL;
    size_t quiz;
    if (step->solution->len == 0 && next_open_quiz(taker, &quiz) == NULL) {
        printf("  %s\n", _("nothing has to be done here"));
        return;
    }
    for (unsigned i = 0; i < step->solution->len; i++)
        printf("  %s\n", ((const MgLessonDeed *)g_ptr_array_index(step->solution, i))->text);
    if (!mg_lesson_play_solve(taker->play, &error))
        printf("  %s\n", error != NULL ? error->message : _("it cannot be done here"));
    from_step(taker);
    print_records(taker);
    print_answers(taker);
}

static void cmd_next(Taker *taker)
{
    if (mg_lesson_play_next(taker->play))
        print_step(taker);
    else
        printf("  %s\n", _("this is the last step"));
}

static void cmd_back(Taker *taker)
{
    if (mg_lesson_play_back(taker->play))
        print_step(taker);
    else
        printf("  %s\n", _("this is the first step"));
}

static void cmd_again(Taker *taker)
{
    mg_lesson_play_enter(taker->play, mg_lesson_play_at(taker->play));
    print_step(taker);
}

static void cmd_en(Taker *taker)
{
    mg_lesson_play_set_language(taker->play, MG_ENGLISH);
    print_step(taker);
}

static void cmd_ko(Taker *taker)
{
    mg_lesson_play_set_language(taker->play, MG_KOREAN);
    print_step(taker);
}

static void cmd_quit(Taker *taker)
{
    taker->over = true;
}

static void cmd_help(Taker *taker);

static const struct {
    const char *word, *about;
    void (*run)(Taker *taker);
} words[] = {
    {"check", N_("was it done?"), cmd_check},
    {"hint", N_("a hint; again for the next"), cmd_hint},
    {"solution", N_("shows how it is done, and does it"), cmd_solution},
    {"next", N_("the next step, done or not"), cmd_next},
    {"back", N_("the step before"), cmd_back},
    {"again", N_("begins this step again"), cmd_again},
    {"en", N_("in English"), cmd_en},
    {"ko", N_("in Korean"), cmd_ko},
    {"quit", N_("leaves; the place is kept"), cmd_quit},
    {"help", N_("this list"), cmd_help},
};

static void cmd_help(Taker *taker)
{
    printf("  %-10s %s\n", _("Enter"), _("goes on, if the step is done"));
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        printf("  :%-9s %s\n", words[i].word, _(words[i].about));
    printf("  %-10s %s\n", ":a, :b …",
           _("answers a question (a letter alone, where nobody types)"));
    printf("  %-10s %s\n", ":1, :2 …", _("does a line that is offered"));
    printf("  %-10s %s\n", _("else"),
           _("types it at the console that waits; \"HOST> LINE\" and \"HOST VERB …\" work always"));
}

/* (nullable) The host whose console waits, the last of them. */
static const char *typist(Taker *taker)
{
    MgSession *session = mg_lesson_play_session(taker->play);
    const MgTrace *trace = mg_session_trace(session);
    for (MgHostId host = mg_trace_n_hosts(trace); host >= 1; host--)
        if (mg_session_waits(session, host, NULL))
            return mg_trace_host(trace, host)->name;
    return NULL;
}

static bool names_host(Taker *taker, const char *text)
{
    const MgTrace *trace = mg_session_trace(mg_lesson_play_session(taker->play));
    size_t len = strcspn(text, "> ");
    for (MgHostId host = 1; host <= mg_trace_n_hosts(trace); host++)
        if (strlen(mg_trace_host(trace, host)->name) == len &&
            strncmp(mg_trace_host(trace, host)->name, text, len) == 0)
            return text[len] != '\0';
    return text[0] == '!' || g_str_has_prefix(text, MG_WAIT);
}

static bool run_word(Taker *taker, const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strcmp(words[i].word, word) != 0)
            continue;
        words[i].run(taker);
        return true;
    }
    if (g_ascii_islower(word[0]) && word[1] == '\0')
        answer(taker, word);
    else if (g_ascii_isdigit(word[0]))
        try_number(taker, (unsigned)strtoul(word, NULL, 10));
    else
        return false;
    return true;
}

static void take(Taker *taker, const char *text)
{
    const char *host = typist(taker);
    size_t quiz;
    if (text[0] == ':') {
        if (!run_word(taker, text + 1))
            printf(_("  there is no %s; :help lists what there is\n"), text);
    } else if (text[0] == '\0') {
        go_on(taker);
    } else if (g_ascii_islower(text[0]) && text[1] == '\0' &&
               next_open_quiz(taker, &quiz) != NULL) {
        answer(taker, text);
    } else if (names_host(taker, text)) {
        do_line(taker, text);
    } else if (host != NULL) {
        g_autofree char *line = g_strdup_printf("%s> %s", host, text);
        do_line(taker, line);
    } else if (!run_word(taker, text)) {
        printf("  %s\n", _("no console is open: write who does what, such as \"bob fetch\"; :help "
                           "lists more"));
    }
}

static void prompt(Taker *taker)
{
    const char *host = typist(taker);
    if (!taker->terminal)
        return;
    printf("\n%s> ", host != NULL && !mg_lesson_play_hides(taker->play) ? host : "");
    fflush(stdout);
}

/* ---- the command ---- */

static size_t step_of(const MgLesson *lesson, const char *text)
{
    int named = mg_lesson_find_step(lesson, text);
    uint64_t number = 0;
    if (named >= 0)
        return (size_t)named;
    if (g_ascii_string_to_unsigned(text, 10, 1, lesson->steps->len, &number, NULL))
        return (size_t)number - 1;
    return SIZE_MAX;
}

static int take_lesson(MgLesson *lesson, size_t from, MgLanguage spoken, MgRegistry *registry)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(MgProgress) progress = mg_progress_open(NULL, NULL);
    if (from == SIZE_MAX) {
        MgProgressOf of = mg_progress_of(progress, lesson->id);
        int left = of.step != NULL && !of.finished ? mg_lesson_find_step(lesson, of.step) : -1;
        from = left >= 0 ? (size_t)left : 0;
    }
    g_autoptr(MgLessonPlay) play = mg_lesson_play_new(lesson, registry, problems);
    mg_print_problems(problems);
    if (play == NULL) {
        mg_complain(command, "%s", _("this lesson cannot be taken: see above"));
        return MG_EXIT_FAILED;
    }
    Taker taker = {.play = play, .registry = registry, .terminal = isatty(STDIN_FILENO)};
    mg_progress_follow(progress, play);
    mg_lesson_play_set_language(play, spoken);
    mg_lesson_play_enter(play, from);
    printf("%s\n", mg_bilingual_plain(&mg_lesson_play_lesson(play)->title, spoken));
    if (taker.terminal)
        printf("%s\n", _(":help lists what can be typed; Enter goes on."));
    print_step(&taker);
    g_autofree char *buffer = NULL;
    size_t room = 0;
    while (!taker.over) {
        prompt(&taker);
        if (getline(&buffer, &room, stdin) < 0)
            break;
        take(&taker, g_strchomp(buffer));
    }
    mg_record_line_free(taker.line);
    return taker.finished || taker.terminal ? MG_EXIT_DONE : MG_EXIT_NO;
}

int mg_lesson_run_main(int argc, char **argv, MgRegistry *registry)
{
    g_autofree char *language_text = NULL, *step_text = NULL;
    const GOptionEntry entries[] = {
        {"step", 0, 0, G_OPTION_ARG_STRING, &step_text, N_("Begins there (where it was left)"),
         N_("STEP")},
        {"language", 0, 0, G_OPTION_ARG_STRING, &language_text, N_("en or ko"), N_("LANGUAGE")},
        {0}};
    bool helped = false;
    int result = mg_parse_options(
        command, "LESSON",
        _("Takes a lesson in the terminal. From a pipe it reads the same lines, and exits with 1 "
          "if "
          "they do not finish the lesson.\n\nExample:\n  mailglass lesson run first-mail"),
        entries, &argc, &argv, &helped);
    if (result != MG_EXIT_DONE || helped)
        return result;
    MgLanguage spoken;
    if (argc != 2) {
        mg_complain(command, "%s", _("one lesson is wanted; see --help"));
        return MG_EXIT_USAGE;
    }
    if (!mg_pick_language(command, language_text, &spoken))
        return MG_EXIT_USAGE;
    g_autoptr(MgLesson) lesson = mg_load_lesson(command, argv[1]);
    if (lesson == NULL)
        return MG_EXIT_FAILED;
    size_t from = step_text != NULL ? step_of(lesson, step_text) : SIZE_MAX;
    if (step_text != NULL && from == SIZE_MAX) {
        mg_complain(command,
                    _("--step %s: it has %u steps; give a number, or an id that `lesson show` "
                      "prints"),
                    step_text, lesson->steps->len);
        return MG_EXIT_USAGE;
    }
    return take_lesson(g_steal_pointer(&lesson), from, spoken, registry);
}
