/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-fence.c - what stands in the eight fences: lines of "key: value", deeds, checks, answers
 */
#include <glib/gi18n-lib.h>

#include "lesson-private.h"

typedef struct {
    const MgComplaints *to;
    MgLesson *lesson;
    MgLessonStep *step; /* NULL before the first */
    unsigned start;     /* line of the fence */
    bool orphan;        /* an indented line without one above it was told */
} Fence;

/* One line; `indented` ones belong to the one above. */
typedef struct {
    const char *text; /* without what is around it */
    unsigned line;
    bool indented;
} Line;

/* "key: value" → value, without what is around it; NULL if the key is another. */
static const char *value_of(const char *text, const char *key)
{
    size_t len = strlen(key);
    if (!g_str_has_prefix(text, key) || text[len] != ':')
        return NULL;
    text += len + 1;
    while (g_ascii_isspace(*text))
        text++;
    return text;
}

/* What belongs to a line that is not there is told once, however much it is. */
static void no_line_above(Fence *fence, const Line *line)
{
    if (!fence->orphan)
        mg_lesson_error(fence->to, line->line, "%s",
                        _("an indented line belongs to one above it, and there is none"));
    fence->orphan = true;
}

static bool take_words(MgBilingual *words, const char *prefix, const Line *line,
                       const MgComplaints *to)
{
    for (unsigned l = 0; l < MG_N_LANGUAGES; l++) {
        g_autofree char *key = g_strconcat(prefix, mg_language_codes[l], NULL);
        const char *value = value_of(line->text, key);
        if (value == NULL)
            continue;
        if (value[0] == '\0')
            mg_lesson_error(to, line->line, _("nothing stands after \"%s:\""), key);
        else
            mg_bilingual_set(words, l, value, line->line, to);
        return true;
    }
    return false;
}

static void unknown(const Fence *fence, const Line *line, const char *fence_word,
                    const char *const *keys)
{
    g_autofree char *key = g_strndup(line->text, strcspn(line->text, ": "));
    g_autofree char *known = g_strjoinv(", ", (char **)keys);
    const char *nearest = mg_lesson_nearest(key, keys);
    if (nearest != NULL)
        mg_lesson_error(fence->to, line->line,
                        _("\"%s\" means nothing in %s; did you mean \"%s\"?"), key, fence_word,
                        nearest);
    else
        mg_lesson_error(fence->to, line->line, _("\"%s\" means nothing in %s; there are %s"), key,
                        fence_word, known);
}

/* The text that one key may have once. */
static void set_once(const Fence *fence, char **into, const char *value, const char *key,
                     const Line *line)
{
    if (*into != NULL)
        mg_lesson_error(fence->to, line->line, _("\"%s\" is there twice"), key);
    else if (value[0] == '\0')
        mg_lesson_error(fence->to, line->line, _("nothing stands after \"%s:\""), key);
    else
        *into = g_strdup(value);
}

static bool read_number(const Fence *fence, const char *value, const char *key, const Line *line,
                        uint64_t *number)
{
    if (g_ascii_string_to_unsigned(value, 10, 0, G_MAXINT64, number, NULL))
        return true;
    mg_lesson_error(fence->to, line->line, _("\"%s\" is a number, not \"%s\""), key, value);
    return false;
}

static bool read_yes(const Fence *fence, const char *value, const char *key, const Line *line)
{
    if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
        mg_lesson_error(fence->to, line->line, _("\"%s\" is yes or no, not \"%s\""), key, value);
    return strcmp(value, "yes") == 0;
}

static char **split_list(const char *value)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) parts = g_strsplit(value, ";", -1);
    for (size_t i = 0; parts[i] != NULL; i++)
        if (g_strstrip(parts[i])[0] != '\0')
            g_strv_builder_add(builder, parts[i]);
    return g_strv_builder_end(builder);
}

/* ---- lesson, network ---- */

static void read_lesson(Fence *fence, const Line *line)
{
    static const char *const keys[] = {"format",  "title.en", "title.ko", "about.en", "about.ko",
                                       "minutes", "group",    "order",    "needs",    NULL};
    MgLesson *lesson = fence->lesson;
    const char *value;
    uint64_t number;
    if (take_words(&lesson->title, "title.", line, fence->to) ||
        take_words(&lesson->about, "about.", line, fence->to)) {
        return;
    } else if ((value = value_of(line->text, "format")) != NULL) {
        if (strcmp(value, "1") != 0)
            mg_lesson_error(fence->to, line->line, _("this program reads format 1, not \"%s\""),
                            value);
    } else if ((value = value_of(line->text, "minutes")) != NULL) {
        if (read_number(fence, value, "minutes", line, &number))
            lesson->minutes = (unsigned)MIN(number, 10000);
    } else if ((value = value_of(line->text, "order")) != NULL) {
        if (read_number(fence, value, "order", line, &number))
            lesson->order = (int)MIN(number, 10000);
    } else if ((value = value_of(line->text, "group")) != NULL) {
        set_once(fence, &lesson->group, value, "group", line);
        lesson->group_line = line->line;
    } else if ((value = value_of(line->text, "needs")) != NULL) {
        g_strfreev(lesson->needs);
        lesson->needs = split_list(value);
        lesson->needs_line = line->line;
    } else {
        unknown(fence, line, "lesson", keys);
    }
}

static void read_network(Fence *fence, const Line *line)
{
    static const char *const keys[] = {"use", "seed", "script", NULL};
    MgLesson *lesson = fence->lesson;
    const char *value;
    if ((value = value_of(line->text, "use")) != NULL) {
        set_once(fence, &lesson->network, value, "use", line);
        lesson->network_line = line->line;
    } else if ((value = value_of(line->text, "seed")) != NULL) {
        read_number(fence, value, "seed", line, &lesson->seed);
    } else if ((value = value_of(line->text, "script")) != NULL) {
        lesson->script = read_yes(fence, value, "script", line);
    } else {
        unknown(fence, line, "network", keys);
    }
}

/* ---- deeds ---- */

void mg_lesson_deed_free(void *data)
{
    MgLessonDeed *deed = data;
    g_free(deed->text);
    mg_bilingual_clear(&deed->label);
    g_free(deed);
}

static void add_deed(GPtrArray *deeds, const char *text, unsigned line)
{
    MgLessonDeed *deed = g_new0(MgLessonDeed, 1);
    deed->text = g_strdup(text);
    deed->line = line;
    g_ptr_array_add(deeds, deed);
}

static void read_deed(Fence *fence, const Line *line, GPtrArray *deeds, const char *word)
{
    static const char *const keys[] = {"en", "ko", NULL};
    if (!line->indented) {
        add_deed(deeds, line->text, line->line);
        return;
    }
    MgLessonDeed *deed = deeds->len > 0 ? g_ptr_array_index(deeds, deeds->len - 1) : NULL;
    if (deed == NULL)
        no_line_above(fence, line);
    else if (!take_words(&deed->label, "", line, fence->to))
        unknown(fence, line, word, keys);
}

static void read_try(Fence *fence, const Line *line)
{
    read_deed(fence, line, fence->step->tries, "try");
}

static void read_solution(Fence *fence, const Line *line)
{
    fence->step->solution_line = fence->start;
    read_deed(fence, line, fence->step->solution, "solution");
}

/* ---- run ---- */

static void read_run(Fence *fence, const Line *line)
{
    static const char *const keys[] = {"do", "until", "show", "predict", NULL};
    MgLessonStep *step = fence->step;
    const char *value;
    if ((value = value_of(line->text, "do")) != NULL) {
        add_deed(step->run.deeds, value, line->line);
    } else if ((value = value_of(line->text, "until")) != NULL) {
        set_once(fence, &step->run.until, value, "until", line);
        step->run.until_line = line->line;
    } else if ((value = value_of(line->text, "show")) != NULL) {
        g_strfreev(step->run.show);
        step->run.show = split_list(value);
        step->run.show_line = line->line;
    } else if ((value = value_of(line->text, "predict")) != NULL) {
        step->run.predict = read_yes(fence, value, "predict", line);
    } else {
        unknown(fence, line, "run", keys);
    }
}

/* ---- hint ---- */

static void read_hint(Fence *fence, const Line *line)
{
    static const char *const keys[] = {"en", "ko", NULL};
    GPtrArray *hints = fence->step->hints;
    if (!take_words(g_ptr_array_index(hints, hints->len - 1), "", line, fence->to))
        unknown(fence, line, "hint", keys);
}

/* ---- quiz ---- */

static void read_answer(Fence *fence, MgQuiz *quiz, const Line *line)
{
    MgQuizAnswer *answer = g_new0(MgQuizAnswer, 1);
    const char *text = line->text + 3;
    while (g_ascii_isspace(*text))
        text++;
    answer->right = line->text[1] != ' ';
    answer->line = line->line;
    answer->deeds = g_ptr_array_new_with_free_func(mg_lesson_deed_free);
    const MgComplaints nobody = {NULL, NULL}; /* one text, so it is told once */
    for (unsigned l = 0; l < MG_N_LANGUAGES && text[0] != '\0'; l++)
        mg_bilingual_set(&answer->label, l, text, line->line, l == 0 ? fence->to : &nobody);
    g_ptr_array_add(quiz->answers, answer);
}

static void read_quiz(Fence *fence, const Line *line)
{
    static const char *const keys[] = {"ask.en", "ask.ko", NULL};
    static const char *const below[] = {"en", "ko", "label.en", "label.ko", "do", NULL};
    MgQuiz *quiz = g_ptr_array_index(fence->step->quizzes, fence->step->quizzes->len - 1);
    const char *value;
    if (line->text[0] == '(' && line->text[1] != '\0' && strchr(" xX", line->text[1]) != NULL &&
        line->text[2] == ')') {
        read_answer(fence, quiz, line);
    } else if (quiz->answers->len == 0) {
        if (!take_words(&quiz->ask, "ask.", line, fence->to))
            unknown(fence, line, "quiz", keys);
    } else {
        MgQuizAnswer *answer = g_ptr_array_index(quiz->answers, quiz->answers->len - 1);
        if ((value = value_of(line->text, "do")) != NULL)
            add_deed(answer->deeds, value, line->line);
        else if (!take_words(&answer->label, "label.", line, fence->to) &&
                 !take_words(&answer->why, "", line, fence->to))
            unknown(fence, line, _("an answer"), below);
    }
}

/* ---- check ---- */

static const struct {
    const char *word;
    MgCompare compare;
} compares[] = {{"==", MG_COMPARE_EQ},
                {"!=", MG_COMPARE_NE},
                {"<=", MG_COMPARE_LE},
                {">=", MG_COMPARE_GE},
                {"<", MG_COMPARE_LT},
                {">", MG_COMPARE_GT},
                {"contains", MG_COMPARE_CONTAINS}};

/* "LEFT OP RIGHT", the last operator that stands between spaces; with `first`, the first. */
static bool split_compare(const char *text, bool first, char **left, MgCompare *compare,
                          char **right)
{
    const char *best = NULL;
    size_t len = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(compares); i++) {
        g_autofree char *mark = g_strdup_printf(" %s ", compares[i].word);
        const char *at = first ? strstr(text, mark) : g_strrstr(text, mark);
        if (at == NULL || (best != NULL && (first ? at > best : at < best)))
            continue;
        best = at;
        len = strlen(mark);
        *compare = compares[i].compare;
    }
    if (best == NULL)
        return false;
    *left = g_strstrip(g_strndup(text, (size_t)(best - text)));
    *right = g_strstrip(g_strdup(best + len));
    size_t n = strlen(*right);
    if (n >= 2 && (*right)[0] == '"' && (*right)[n - 1] == '"') {
        (*right)[n - 1] = '\0';
        memmove(*right, *right + 1, n - 1);
    }
    return (*left)[0] != '\0';
}

/* "FIELD [where FILTER]" */
static const char *read_what(MgCheck *check, const char *text)
{
    const char *where = strstr(text, " where ");
    check->field =
        g_strstrip(where != NULL ? g_strndup(text, (size_t)(where - text)) : g_strdup(text));
    check->where = where != NULL ? g_strstrip(g_strdup(where + strlen(" where "))) : NULL;
    if (check->field[0] == '\0' || (check->where != NULL && check->where[0] == '\0'))
        return _("write it like: FIELD where FILTER");
    if (strpbrk(check->field, " \t") != NULL)
        return _("a field is one word; a condition comes after \"where\"");
    return NULL;
}

static const char *read_saw(MgCheck *check, const char *text)
{
    return read_what(check, text);
}

static const char *read_count(MgCheck *check, const char *text)
{
    g_autofree char *what = NULL, *number = NULL;
    if (!split_compare(text, false, &what, &check->compare, &number) ||
        check->compare == MG_COMPARE_CONTAINS ||
        !g_ascii_string_to_unsigned(number, 10, 0, G_MAXINT64, &check->number, NULL))
        return _("write it like: count FIELD where FILTER >= 2");
    return read_what(check, what);
}

static const char *read_never(MgCheck *check, const char *text)
{
    if (!g_str_has_prefix(text, "note "))
        return read_what(check, text);
    check->rule = g_strstrip(g_strdup(text + strlen("note ")));
    check->field = g_strdup("note");
    return check->rule[0] == '\0' ? _("write it like: never note RULE") : NULL;
}

static const char *read_state(MgCheck *check, const char *text)
{
    if (!split_compare(text, true, &check->engine, &check->compare, &check->value) ||
        (check->compare != MG_COMPARE_EQ && check->compare != MG_COMPARE_NE) ||
        check->value[0] == '\0')
        return _("write it like: state HOST.ENGINE == NAME");
    return NULL;
}

static const char *read_mailbox(MgCheck *check, const char *text)
{
    const char *has = strstr(text, " has ");
    if (has == NULL || has == text ||
        !split_compare(has + strlen(" has "), true, &check->field, &check->compare, &check->value))
        return _("write it like: mailbox ADDRESS has imf.subject contains Hello");
    check->host = g_strstrip(g_strndup(text, (size_t)(has - text)));
    bool number = strcmp(check->field, "size") == 0 || strcmp(check->field, "count") == 0;
    if (!number)
        return NULL;
    if (check->compare == MG_COMPARE_CONTAINS ||
        !g_ascii_string_to_unsigned(check->value, 10, 0, G_MAXINT64, &check->number, NULL))
        return _("size and count are compared with a number");
    return NULL;
}

static const char *read_within(MgCheck *check, const char *text)
{
    return mg_time_parse(text, &check->within) ? NULL
                                               : _("a time is written like 5, 20ms, 5s or 15min");
}

static const struct {
    const char *word;
    MgCheckKind kind;
    const char *(*read)(MgCheck *check, const char *text); /* what is wrong; NULL: nothing */
} check_rows[] = {
    {"then saw", MG_CHECK_THEN_SAW, read_saw}, {"saw", MG_CHECK_SAW, read_saw},
    {"count", MG_CHECK_COUNT, read_count},     {"never", MG_CHECK_NEVER, read_never},
    {"state", MG_CHECK_STATE, read_state},     {"mailbox", MG_CHECK_MAILBOX, read_mailbox},
    {"within", MG_CHECK_WITHIN, read_within},
};

static void begin_check(Fence *fence, const Line *line)
{
    static const char *const words[] = {"saw",   "then saw", "count",  "never",
                                        "state", "mailbox",  "within", NULL};
    GPtrArray *checks = fence->step->checks;
    for (size_t i = 0; i < G_N_ELEMENTS(check_rows); i++) {
        size_t len = strlen(check_rows[i].word);
        if (!g_str_has_prefix(line->text, check_rows[i].word) || line->text[len] != ' ')
            continue;
        MgCheck *check = g_new0(MgCheck, 1);
        check->kind = check_rows[i].kind;
        check->text = g_strdup(line->text);
        check->line = line->line;
        g_autofree char *rest = g_strstrip(g_strdup(line->text + len));
        const char *wrong = check_rows[i].read(check, rest);
        bool alone = checks->len == 0 &&
                     (check->kind == MG_CHECK_THEN_SAW || check->kind == MG_CHECK_WITHIN);
        if (wrong == NULL && alone)
            wrong = _("it looks back at the line above, and there is none");
        check->broken = wrong != NULL;
        if (wrong != NULL)
            mg_lesson_error(fence->to, line->line, "%s: %s", check_rows[i].word, wrong);
        g_ptr_array_add(checks, check);
        return;
    }
    unknown(fence, line, "check", words);
}

static void read_check(Fence *fence, const Line *line)
{
    static const char *const keys[] = {"en", "ko", NULL};
    GPtrArray *checks = fence->step->checks;
    if (!line->indented) {
        begin_check(fence, line);
        return;
    }
    MgCheck *check = checks->len > 0 ? g_ptr_array_index(checks, checks->len - 1) : NULL;
    if (check == NULL)
        no_line_above(fence, line);
    else if (!take_words(&check->failed, "", line, fence->to))
        unknown(fence, line, "check", keys);
}

/* ---- all of them ---- */

const char *const mg_fence_words[] = {"lesson", "network",  "run",  "try", "check",
                                      "hint",   "solution", "quiz", NULL};

static const struct {
    const char *word;
    bool before; /* it stands before the first step */
    void (*read)(Fence *fence, const Line *line);
} fences[] = {
    {"lesson", true, read_lesson},      {"network", true, read_network}, {"run", false, read_run},
    {"try", false, read_try},           {"check", false, read_check},    {"hint", false, read_hint},
    {"solution", false, read_solution}, {"quiz", false, read_quiz},
};

static void hint_free(void *data)
{
    mg_bilingual_clear(data);
    g_free(data);
}

static void answer_free(void *data)
{
    MgQuizAnswer *answer = data;
    mg_bilingual_clear(&answer->label);
    mg_bilingual_clear(&answer->why);
    g_ptr_array_unref(answer->deeds);
    g_free(answer);
}

static void begin_fence(Fence *fence, const char *word)
{
    MgLessonStep *step = fence->step;
    if (strcmp(word, "quiz") == 0) {
        MgQuiz *quiz = g_new0(MgQuiz, 1);
        quiz->answers = g_ptr_array_new_with_free_func(answer_free);
        quiz->line = fence->start;
        g_ptr_array_add(step->quizzes, quiz);
    } else if (strcmp(word, "hint") == 0) {
        g_ptr_array_set_free_func(step->hints, hint_free);
        g_ptr_array_add(step->hints, g_new0(MgBilingual, 1));
    } else if (strcmp(word, "run") == 0) {
        if (step->run.there)
            mg_lesson_error(fence->to, fence->start,
                            _("this step has a \"run\" already, in line %u"), step->run.line);
        else
            step->run.line = fence->start;
        step->run.there = true;
    }
}

/* What a whole fence must have. */
static void end_fence(const Fence *fence, const char *word)
{
    if (strcmp(word, "quiz") == 0) {
        const MgQuiz *quiz = g_ptr_array_index(fence->step->quizzes, fence->step->quizzes->len - 1);
        bool right = false;
        for (unsigned i = 0; i < quiz->answers->len; i++) {
            const MgQuizAnswer *answer = g_ptr_array_index(quiz->answers, i);
            right |= answer->right;
            if (mg_bilingual_is_empty(&answer->label))
                mg_lesson_error(fence->to, answer->line, "%s",
                                _("an answer without text: write it after the mark, or as "
                                  "label.en and label.ko below"));
            if (mg_bilingual_is_empty(&answer->why))
                mg_lesson_error(fence->to, answer->line, "%s",
                                _("say why this answer is right or wrong: en and ko below it"));
        }
        if (mg_bilingual_is_empty(&quiz->ask))
            mg_lesson_error(fence->to, fence->start, "%s",
                            _("a quiz asks something: ask.en and ask.ko"));
        if (quiz->answers->len < 2)
            mg_lesson_error(fence->to, fence->start, "%s", _("a quiz needs two answers at least"));
        else if (!right)
            mg_lesson_error(fence->to, fence->start, "%s",
                            _("no answer of this quiz is right: mark one with (x)"));
    } else if (strcmp(word, "hint") == 0) {
        GPtrArray *hints = fence->step->hints;
        if (mg_bilingual_is_empty(g_ptr_array_index(hints, hints->len - 1))) {
            mg_lesson_error(fence->to, fence->start, "%s", _("an empty hint helps nobody"));
            g_ptr_array_set_size(hints, (int)hints->len - 1);
        }
    }
}

bool mg_fence_read(MgLesson *lesson, MgLessonStep *step, const char *word, cmark_node *block,
                   const MgComplaints *to)
{
    size_t row = 0;
    while (row < G_N_ELEMENTS(fences) && strcmp(fences[row].word, word) != 0)
        row++;
    if (row == G_N_ELEMENTS(fences))
        return false;
    Fence fence = {to, lesson, step, (unsigned)cmark_node_get_start_line(block)};
    if (fences[row].before != (step == NULL)) {
        mg_lesson_error(to, fence.start,
                        step == NULL ? _("\"%s\" belongs into a step, and none has begun")
                                     : _("\"%s\" belongs before the first step"),
                        word);
        return true;
    }
    if (step != NULL)
        begin_fence(&fence, word);
    g_auto(GStrv) lines = g_strsplit(cmark_node_get_literal(block), "\n", -1);
    for (unsigned i = 0; lines[i] != NULL; i++) {
        Line line = {.indented = g_ascii_isspace(lines[i][0]), .line = fence.start + 1 + i};
        line.text = g_strstrip(lines[i]);
        if (line.text[0] != '\0' && line.text[0] != '#')
            fences[row].read(&fence, &line);
    }
    if (step != NULL)
        end_fence(&fence, word);
    return true;
}
