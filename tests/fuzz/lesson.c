/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson.c - a hostile lesson: each problem is a line of the file, and what was read is whole */
#include "lesson.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PATH "/nonexistent/f/lesson.md"

/* "PATH:LINE: error: text", one line of valid UTF-8 that is in the file. */
static void check_problem(const char *problem, unsigned n_lines)
{
    g_assert_true(g_str_has_prefix(problem, PATH ":"));
    char *end = NULL;
    guint64 line = g_ascii_strtoull(problem + strlen(PATH ":"), &end, 10);
    g_assert_cmpuint(line, >=, 1);
    g_assert_cmpuint(line, <=, n_lines);
    g_assert_true(g_str_has_prefix(end, ": error: ") || g_str_has_prefix(end, ": warning: "));
    g_assert_null(strchr(problem, '\n'));
    g_assert_true(g_utf8_validate(problem, -1, NULL));
}

static void check_markup(const char *markup)
{
    g_autofree char *whole = g_strdup_printf("<markup>%s</markup>", markup);
    static const GMarkupParser none = {0};
    GMarkupParseContext *context = g_markup_parse_context_new(&none, 0, NULL, NULL);
    g_autoptr(GError) error = NULL;
    if (!g_markup_parse_context_parse(context, whole, -1, &error))
        g_error("%s: %s", error->message, markup);
    g_markup_parse_context_free(context);
}

static void check_bilingual(const MgBilingual *text)
{
    for (unsigned l = 0; l < MG_N_LANGUAGES; l++) {
        if (text->markup[l] != NULL)
            check_markup(text->markup[l]);
        g_assert_true((text->source[l] == NULL) == (text->plain[l] == NULL));
    }
}

static void check_prose(const MgProse *prose)
{
    g_assert_cmpuint(prose->codes->len, ==, prose->code_lines->len);
    g_assert_cmpuint(prose->links->len, ==, prose->link_lines->len);
    for (unsigned i = 0; i < prose->blocks->len; i++) {
        const MgProseBlock *block = g_ptr_array_index(prose->blocks, i);
        g_assert_nonnull(block->plain);
        check_markup(block->markup);
    }
}

static void check_step(const MgLesson *lesson, const MgLessonStep *step)
{
    for (unsigned l = 0; l < MG_N_LANGUAGES; l++) {
        check_prose(&step->prose[l]);
        check_prose(&step->notes[l]);
        g_assert_nonnull(mg_lesson_step_title(lesson, step, l));
    }
    for (unsigned i = 0; i < step->tries->len; i++) {
        const MgLessonDeed *deed = g_ptr_array_index(step->tries, i);
        g_assert_cmpstr(deed->text, !=, "");
        check_bilingual(&deed->label);
    }
    for (unsigned i = 0; i < step->checks->len; i++) {
        const MgCheck *check = g_ptr_array_index(step->checks, i);
        g_assert_true(check->broken || check->kind == MG_CHECK_WITHIN || check->field != NULL ||
                      check->engine != NULL);
        check_bilingual(&check->failed);
    }
    for (unsigned i = 0; i < step->hints->len; i++)
        check_bilingual(g_ptr_array_index(step->hints, i));
    for (unsigned i = 0; i < step->quizzes->len; i++) {
        const MgQuiz *quiz = g_ptr_array_index(step->quizzes, i);
        check_bilingual(&quiz->ask);
        for (unsigned j = 0; j < quiz->answers->len; j++) {
            const MgQuizAnswer *answer = g_ptr_array_index(quiz->answers, j);
            check_bilingual(&answer->label);
            check_bilingual(&answer->why);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(MgLesson) lesson = mg_lesson_read((MgSpan){data, size}, PATH, problems);
    unsigned n_lines = 1;
    for (size_t i = 0; i < size; i++)
        n_lines += data[i] == '\n' || (data[i] == '\r' && (i + 1 == size || data[i + 1] != '\n'));
    for (unsigned i = 0; i < problems->len; i++)
        check_problem(g_ptr_array_index(problems, i), n_lines);
    if (lesson == NULL) {
        g_assert_cmpuint(problems->len, ==, 1);
        return 0;
    }
    check_bilingual(&lesson->title);
    check_bilingual(&lesson->about);
    for (unsigned i = 0; i < lesson->steps->len; i++)
        check_step(lesson, g_ptr_array_index(lesson->steps, i));
    return 0;
}
