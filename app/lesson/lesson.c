/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson.c - reads a lesson's file: steps, languages, and which fence goes where */
#include <glib/gi18n-lib.h>

#include "lesson-private.h"

#define FILE_MAX (4u << 20)

const char *const mg_language_codes[MG_N_LANGUAGES] = {"en", "ko"};

MgLanguage mg_language_now(void)
{
    const char *const *names = g_get_language_names();
    for (size_t i = 0; names[i] != NULL; i++) {
        if (g_str_has_prefix(names[i], "ko"))
            return MG_KOREAN;
        if (g_str_has_prefix(names[i], "en"))
            return MG_ENGLISH;
    }
    return MG_ENGLISH;
}

/* ---- complaints ---- */

static void complain(const MgComplaints *to, unsigned line, const char *how, char *text)
{
    if (to->problems != NULL)
        g_ptr_array_add(to->problems, g_strdup_printf("%s:%u: %s: %s", to->path, line, how, text));
    g_free(text);
}

void mg_lesson_error(const MgComplaints *to, unsigned line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain(to, line, "error", g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

void mg_lesson_warning(const MgComplaints *to, unsigned line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain(to, line, "warning", g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

/* Edits between two words, at most 3 of use. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[64];
    size_t n = strlen(b);
    if (n >= G_N_ELEMENTS(row))
        return 99;
    for (unsigned j = 0; j <= n; j++)
        row[j] = j;
    for (unsigned i = 1; a[i - 1] != '\0'; i++) {
        unsigned before = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= n; j++) {
            unsigned change = before + (a[i - 1] != b[j - 1]);
            before = row[j];
            row[j] = MIN(change, 1 + MIN(row[j], row[j - 1]));
        }
    }
    return row[n];
}

const char *mg_lesson_nearest(const char *word, const char *const *names)
{
    const char *best = NULL;
    unsigned least = 3;
    for (; *names != NULL; names++) {
        unsigned edits = distance(word, *names);
        if (edits < least && edits < strlen(*names)) {
            least = edits;
            best = *names;
        }
    }
    return best;
}

/* ---- making and freeing ---- */

static void check_free(void *data)
{
    MgCheck *check = data;
    g_free(check->text);
    g_free(check->where);
    g_free(check->field);
    g_free(check->rule);
    g_free(check->host);
    g_free(check->engine);
    g_free(check->value);
    mg_bilingual_clear(&check->failed);
    g_free(check);
}

static void quiz_free(void *data)
{
    MgQuiz *quiz = data;
    mg_bilingual_clear(&quiz->ask);
    g_ptr_array_unref(quiz->answers);
    g_free(quiz);
}

static MgLessonStep *step_new(const char *id, unsigned line)
{
    MgLessonStep *step = g_new0(MgLessonStep, 1);
    step->id = g_strdup(id);
    step->line = line;
    for (unsigned l = 0; l < MG_N_LANGUAGES; l++) {
        mg_prose_init(&step->prose[l]);
        mg_prose_init(&step->notes[l]);
    }
    step->run.deeds = g_ptr_array_new_with_free_func(mg_lesson_deed_free);
    step->tries = g_ptr_array_new_with_free_func(mg_lesson_deed_free);
    step->checks = g_ptr_array_new_with_free_func(check_free);
    step->hints = g_ptr_array_new();
    step->solution = g_ptr_array_new_with_free_func(mg_lesson_deed_free);
    step->quizzes = g_ptr_array_new_with_free_func(quiz_free);
    return step;
}

static void step_free(void *data)
{
    MgLessonStep *step = data;
    g_free(step->id);
    for (unsigned l = 0; l < MG_N_LANGUAGES; l++) {
        mg_prose_clear(&step->prose[l]);
        mg_prose_clear(&step->notes[l]);
    }
    g_ptr_array_unref(step->run.deeds);
    g_free(step->run.until);
    g_strfreev(step->run.show);
    g_ptr_array_unref(step->tries);
    g_ptr_array_unref(step->checks);
    g_ptr_array_unref(step->hints);
    g_ptr_array_unref(step->solution);
    g_ptr_array_unref(step->quizzes);
    g_free(step);
}

void mg_lesson_free(MgLesson *lesson)
{
    if (lesson == NULL)
        return;
    g_free(lesson->id);
    g_free(lesson->folder);
    g_free(lesson->path);
    mg_bilingual_clear(&lesson->title);
    mg_bilingual_clear(&lesson->about);
    g_free(lesson->group);
    g_strfreev(lesson->needs);
    g_free(lesson->network);
    g_ptr_array_unref(lesson->steps);
    for (unsigned i = 0; i < G_N_ELEMENTS(lesson->glossaries); i++)
        mg_lesson_free(lesson->glossaries[i]);
    g_free(lesson);
}

/* ---- reading ---- */

typedef struct {
    MgLesson *lesson;
    MgComplaints to;
    MgLessonStep *step;
    MgProse *prose;  /* (nullable) of the language that was begun */
    bool glossary;   /* its steps are words */
    bool torn;       /* a fence before the first step was never closed */
    bool lost;       /* why text here belongs to nothing was told */
    GHashTable *ids; /* of the steps */
} Reader;

static bool is_id(const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        if (!g_ascii_islower(*at) && !g_ascii_isdigit(*at) && (*at != '-' || at == text))
            return false;
    return text[0] != '\0';
}

static void begin_step(Reader *reader, const char *id, unsigned line)
{
    if (!is_id(id))
        mg_lesson_error(&reader->to, line,
                        _("\"%s\" is no id of a step: small letters, digits and hyphens; the title "
                          "goes after \"### en:\""),
                        id);
    else if (g_hash_table_contains(reader->ids, id))
        mg_lesson_error(&reader->to, line, _("there is a step \"%s\" already"), id);
    reader->step = step_new(id, line);
    reader->prose = NULL;
    reader->lost = false;
    g_hash_table_add(reader->ids, reader->step->id);
    g_ptr_array_add(reader->lesson->steps, reader->step);
}

/* "en", "ko: 제목", "note.en" */
static void begin_language(Reader *reader, const char *text, unsigned line)
{
    const char *word = text;
    bool note = g_str_has_prefix(word, "note.");
    if (note)
        word += strlen("note.");
    reader->prose = NULL;
    reader->lost = true; /* until it is a language */
    for (unsigned l = 0; l < MG_N_LANGUAGES; l++) {
        size_t len = strlen(mg_language_codes[l]);
        if (!g_str_has_prefix(word, mg_language_codes[l]) ||
            (word[len] != '\0' && word[len] != ':'))
            continue;
        MgProse *prose = note ? &reader->step->notes[l] : &reader->step->prose[l];
        if (prose->line != 0) {
            mg_lesson_error(&reader->to, line, _("\"%s\" is there already, in line %u"), text,
                            prose->line);
            return;
        }
        prose->line = line;
        prose->title = word[len] == ':' ? g_strstrip(g_strdup(word + len + 1)) : NULL;
        reader->prose = prose;
        reader->lost = false;
        return;
    }
    mg_lesson_error(&reader->to, line,
                    _("\"### %s\" is no language: en, ko, or note.en, note.ko for the teacher"),
                    text);
}

static void take_heading(Reader *reader, cmark_node *block)
{
    unsigned line = (unsigned)cmark_node_get_start_line(block);
    int level = cmark_node_get_heading_level(block);
    g_autofree char *text = mg_prose_plain(block);
    if (level == 2)
        begin_step(reader, text, line);
    else if (level == 3 && reader->step != NULL)
        begin_language(reader, text, line);
    else if (level > 3 && reader->prose != NULL)
        mg_prose_add(reader->prose, block, &reader->to);
    else if (level != 1 || reader->step != NULL)
        mg_lesson_error(&reader->to, line,
                        _("\"%s\": a step begins with ##, a language in it with ###"), text);
}

/* A fence that was never closed ends with the text, or at the end of the next one, whose first line
 * is in it then. */
static bool is_torn(cmark_node *block)
{
    const char *text = cmark_node_get_literal(block);
    int n = 0, lines = cmark_node_get_end_line(block) - cmark_node_get_start_line(block);
    for (const char *line = text; line != NULL && line[0] != '\0';) {
        if (g_str_has_prefix(line, "```") && g_ascii_isalpha(line[3]))
            return true;
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
        n++;
    }
    return n == lines;
}

static void take_stray(Reader *reader, unsigned line)
{
    if (!reader->lost)
        mg_lesson_error(
            &reader->to, line, "%s",
            reader->step != NULL
                ? _("text belongs under ### en or ### ko")
                : _("text belongs into a step, and none has begun: write ## and its id"));
    reader->lost = true;
}

static void take_code(Reader *reader, cmark_node *block)
{
    const char *info = cmark_node_get_fence_info(block);
    unsigned line = (unsigned)cmark_node_get_start_line(block);
    g_autofree char *word =
        g_strndup(info != NULL ? info : "", strcspn(info != NULL ? info : "", " \t"));
    if (is_torn(block)) {
        mg_lesson_error(&reader->to, line, "%s",
                        _("this fence is never closed: a line with nothing but ``` ends it"));
        if (reader->step != NULL)
            reader->step->torn = true;
        reader->torn |= reader->step == NULL;
        return;
    }
    if (word[0] == '\0' || strcmp(word, "text") == 0) {
        if (reader->prose != NULL)
            mg_prose_add(reader->prose, block, &reader->to);
        else
            take_stray(reader, line);
        return;
    }
    if (!reader->glossary && mg_fence_read(reader->lesson, reader->step, word, block, &reader->to))
        return;
    const char *nearest = mg_lesson_nearest(word, mg_fence_words);
    if (nearest != NULL)
        mg_lesson_error(&reader->to, line, _("there is no fence \"%s\"; did you mean \"%s\"?"),
                        word, nearest);
    else
        mg_lesson_error(&reader->to, line,
                        _("there is no fence \"%s\"; wire text stands in a fence without a word"),
                        word);
}

static void take_block(Reader *reader, cmark_node *block)
{
    unsigned line = (unsigned)cmark_node_get_start_line(block);
    switch (cmark_node_get_type(block)) {
    case CMARK_NODE_HEADING:
        take_heading(reader, block);
        break;
    case CMARK_NODE_CODE_BLOCK:
        take_code(reader, block);
        break;
    case CMARK_NODE_THEMATIC_BREAK:
    case CMARK_NODE_HTML_BLOCK:
        if (reader->prose != NULL)
            mg_prose_add(reader->prose, block, &reader->to);
        break;
    default:
        if (reader->prose != NULL)
            mg_prose_add(reader->prose, block, &reader->to);
        else if (reader->step != NULL || !reader->glossary)
            take_stray(reader, line);
    }
}

/* What a step must have beside what its fences say. */
static void judge_step(const Reader *reader, const MgLessonStep *step)
{
    if (step->torn)
        return;
    if (step->run.predict && step->quizzes->len == 0)
        mg_lesson_error(&reader->to, step->run.line, "%s",
                        _("what is to be predicted is asked in a quiz, and this step has none"));
    if (step->checks->len > 0 && step->solution->len == 0)
        mg_lesson_error(&reader->to, step->line,
                        _("step \"%s\" has checks and no solution that would pass them"), step->id);
    if (step->hints->len > 0 && step->checks->len == 0)
        mg_lesson_error(&reader->to, step->line,
                        _("step \"%s\" has hints and no check they would help with"), step->id);
    bool text = step->prose[MG_ENGLISH].line != 0 || step->prose[MG_KOREAN].line != 0;
    if (!text && step->quizzes->len == 0)
        mg_lesson_error(&reader->to, step->line, _("step \"%s\" has no text and asks nothing"),
                        step->id);
}

static void judge_whole(const Reader *reader)
{
    const MgLesson *lesson = reader->lesson;
    if (mg_bilingual_is_empty(&lesson->title) && !reader->torn)
        mg_lesson_error(
            &reader->to, 1, "%s",
            _("a lesson begins with a fence \"lesson\" that has title.en and title.ko"));
    if (lesson->network == NULL && !reader->torn)
        mg_lesson_error(&reader->to, 1, "%s",
                        _("a lesson needs a network: a fence \"network\" with \"use\""));
    if (lesson->steps->len == 0 && !reader->torn)
        mg_lesson_error(&reader->to, 1, "%s", _("a lesson needs a step: ## and its id"));
    for (unsigned i = 0; i < lesson->steps->len; i++)
        judge_step(reader, g_ptr_array_index(lesson->steps, i));
    mg_lesson_compare(lesson, &reader->to);
}

static MgLesson *lesson_new(const char *path)
{
    MgLesson *lesson = g_new0(MgLesson, 1);
    lesson->path = g_strdup(path);
    lesson->folder = g_path_get_dirname(path);
    lesson->id = g_path_get_basename(lesson->folder);
    lesson->needs = g_new0(char *, 1);
    lesson->seed = 1;
    lesson->script = true;
    lesson->order = 1000;
    lesson->steps = g_ptr_array_new_with_free_func(step_free);
    return lesson;
}

static MgLesson *read_text(MgSpan text, const char *path, bool glossary, GPtrArray *problems)
{
    MgComplaints to = {path, problems};
    const char *start = (const char *)text.data;
    if (text.len > FILE_MAX) {
        mg_lesson_error(&to, 1, _("larger than %u MiB: this is no lesson"), FILE_MAX >> 20);
        return NULL;
    }
    if (text.len > 0 && !g_utf8_validate(start, (gssize)text.len, NULL)) { /* nor has it a NUL */
        mg_lesson_error(&to, 1, "%s", _("this is not text in UTF-8"));
        return NULL;
    }
    MgLesson *lesson = lesson_new(path);
    g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
    Reader reader = {
        .lesson = lesson, .to = {lesson->path, problems}, .glossary = glossary, .ids = ids};
    cmark_node *document =
        cmark_parse_document(text.len > 0 ? start : "", text.len, CMARK_OPT_SOURCEPOS);
    for (cmark_node *block = cmark_node_first_child(document); block != NULL;
         block = cmark_node_next(block))
        take_block(&reader, block);
    cmark_node_free(document);
    if (!glossary)
        judge_whole(&reader);
    else
        mg_lesson_compare(lesson, &reader.to);
    return lesson;
}

static MgLesson *read_lesson(const char *path, bool glossary, GPtrArray *problems)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    gsize size = 0;
    MgComplaints to = {path, problems};
    if (g_file_get_contents(path, &text, &size, &error))
        return read_text((MgSpan){(const uint8_t *)text, size}, path, glossary, problems);
    mg_lesson_error(&to, 1, "%s", error->message);
    return NULL;
}

/* "PATH:LINE: …" */
static int by_line(const void *a, const void *b)
{
    const char *one = *(char *const *)a, *two = *(char *const *)b;
    size_t len_one = strcspn(one, ":"), len_two = strcspn(two, ":");
    int path = strncmp(one, two, MAX(len_one, len_two));
    if (len_one != len_two || strncmp(one, two, len_one) != 0)
        return path;
    guint64 line_one = 0, line_two = 0;
    if (one[len_one] == ':' && two[len_two] == ':') {
        line_one = g_ascii_strtoull(one + len_one + 1, NULL, 10);
        line_two = g_ascii_strtoull(two + len_two + 1, NULL, 10);
    }
    return line_one < line_two ? -1 : line_one > line_two;
}

void mg_lesson_sort(GPtrArray *problems)
{
    g_ptr_array_sort(problems, by_line); /* stable: GLib merges */
}

MgLesson *mg_lesson_load(const char *path, GPtrArray *problems)
{
    g_autofree char *file = g_file_test(path, G_FILE_TEST_IS_DIR)
                                ? g_build_filename(path, "lesson.md", NULL)
                                : g_strdup(path);
    return read_lesson(file, false, problems);
}

MgLesson *mg_lesson_read(MgSpan text, const char *path, GPtrArray *problems)
{
    return read_text(text, path, false, problems);
}

/* ---- for readers ---- */

int mg_lesson_find_step(const MgLesson *lesson, const char *id)
{
    for (unsigned i = 0; i < lesson->steps->len; i++)
        if (strcmp(((const MgLessonStep *)g_ptr_array_index(lesson->steps, i))->id, id) == 0)
            return (int)i;
    return -1;
}

const char *mg_lesson_step_title(const MgLesson *lesson, const MgLessonStep *step,
                                 MgLanguage language)
{
    const char *title = step->prose[language].title;
    if (title == NULL)
        title = step->prose[MG_N_LANGUAGES - 1 - language].title;
    if (title == NULL)
        title = mg_bilingual_plain(&lesson->title, language);
    return title != NULL ? title : lesson->id;
}

static void each_of(GPtrArray *deeds, MgEachText each, void *data)
{
    for (unsigned i = 0; i < deeds->len; i++) {
        const MgLessonDeed *deed = g_ptr_array_index(deeds, i);
        if (!mg_bilingual_is_empty(&deed->label))
            each(&deed->label, deed->line, data);
    }
}

static void each_of_step(const MgLessonStep *step, MgEachText each, void *data)
{
    each_of(step->tries, each, data);
    for (unsigned i = 0; i < step->checks->len; i++) {
        const MgCheck *check = g_ptr_array_index(step->checks, i);
        if (!mg_bilingual_is_empty(&check->failed))
            each(&check->failed, check->line, data);
    }
    for (unsigned i = 0; i < step->hints->len; i++)
        each(g_ptr_array_index(step->hints, i), step->line, data);
    for (unsigned i = 0; i < step->quizzes->len; i++) {
        const MgQuiz *quiz = g_ptr_array_index(step->quizzes, i);
        each(&quiz->ask, quiz->line, data);
        for (unsigned j = 0; j < quiz->answers->len; j++) {
            const MgQuizAnswer *answer = g_ptr_array_index(quiz->answers, j);
            each(&answer->label, answer->line, data);
            each(&answer->why, answer->line, data);
        }
    }
}

void mg_lesson_each_text(const MgLesson *lesson, MgEachText each, void *data)
{
    each(&lesson->title, 1, data);
    if (!mg_bilingual_is_empty(&lesson->about))
        each(&lesson->about, 1, data);
    for (unsigned i = 0; i < lesson->steps->len; i++)
        each_of_step(g_ptr_array_index(lesson->steps, i), each, data);
}

/* ---- the glossary ---- */

/* A broken glossary is told by those who judge it; here it has the words that can be read. */
static MgLesson *glossary_of(const MgLesson *lesson, unsigned which)
{
    MgLesson *own = (MgLesson *)lesson; /* it is read when first asked for */
    if (own->glossary_read[which])
        return own->glossaries[which];
    own->glossary_read[which] = true;
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *path = which == 0
                                ? g_build_filename(lesson->folder, "glossary.md", NULL)
                                : g_build_filename(lesson->folder, "..", "glossary.md", NULL);
    if (g_file_test(path, G_FILE_TEST_EXISTS))
        own->glossaries[which] = read_lesson(path, true, problems);
    return own->glossaries[which];
}

const MgProse *mg_lesson_word(const MgLesson *lesson, const char *term, MgLanguage language)
{
    for (unsigned which = 0; which < G_N_ELEMENTS(lesson->glossaries); which++) {
        const MgLesson *glossary = glossary_of(lesson, which);
        int at = glossary != NULL ? mg_lesson_find_step(glossary, term) : -1;
        if (at < 0)
            continue;
        const MgLessonStep *word = g_ptr_array_index(glossary->steps, at);
        return word->prose[language].line != 0 ? &word->prose[language]
                                               : &word->prose[MG_N_LANGUAGES - 1 - language];
    }
    return NULL;
}

MgLesson *mg_glossary_load(const char *path, GPtrArray *problems)
{
    return read_lesson(path, true, problems);
}
