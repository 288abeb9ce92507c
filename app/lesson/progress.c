/* SPDX-License-Identifier: GPL-3.0-or-later */
/* progress.c - what a learner has done */
#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#include "progress.h"

struct MgProgress {
    GKeyFile *file;
    char *path;
    bool own;
    MgLessonPlay *play; /* (nullable) followed; borrowed */
};

char *mg_progress_path(void)
{
    const char *given = g_getenv("MAILGLASS_PROGRESS");
    return given != NULL && given[0] != '\0'
               ? g_strdup(given)
               : g_build_filename(g_get_user_data_dir(), "mailglass", "progress.ini", NULL);
}

/* A broken file is put aside, so that what can be saved of it by hand is not written over. */
static void put_aside(const char *path)
{
    for (unsigned i = 1; i < 1000; i++) {
        g_autofree char *aside = g_strdup_printf("%s.broken-%u", path, i);
        if (g_file_test(aside, G_FILE_TEST_EXISTS))
            continue;
        g_rename(path, aside);
        return;
    }
}

MgProgress *mg_progress_open(const char *path, GError **error)
{
    g_autofree char *own = mg_progress_path();
    g_autoptr(GError) reason = NULL;
    g_autoptr(MgProgress) progress = g_new0(MgProgress, 1);
    progress->file = g_key_file_new();
    progress->path = g_strdup(path != NULL ? path : own);
    progress->own = path == NULL;
    if (g_key_file_load_from_file(progress->file, progress->path, G_KEY_FILE_KEEP_COMMENTS,
                                  &reason))
        return g_steal_pointer(&progress);
    bool missing = g_error_matches(reason, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    if (!progress->own) {
        g_set_error(error, MG_ERROR, MG_ERROR_LESSON, "%s: %s", progress->path, reason->message);
        return NULL;
    }
    if (!missing && !g_error_matches(reason, G_FILE_ERROR, G_FILE_ERROR_ACCES))
        put_aside(progress->path);
    g_key_file_free(progress->file); /* it may hold half of it */
    progress->file = g_key_file_new();
    return g_steal_pointer(&progress);
}

static void keep(MgLessonPlay *play, MgProgress *progress);

void mg_progress_free(MgProgress *progress)
{
    if (progress == NULL)
        return;
    if (progress->play != NULL) {
        g_signal_handlers_disconnect_by_func(progress->play, keep, progress);
        g_object_remove_weak_pointer(G_OBJECT(progress->play), (void **)&progress->play);
    }
    g_key_file_free(progress->file);
    g_free(progress->path);
    g_free(progress);
}

bool mg_progress_save(MgProgress *progress, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(progress->path);
    if (g_mkdir_with_parents(folder, 0700) != 0) {
        g_set_error(error, MG_ERROR, MG_ERROR_LESSON, _("the folder %s cannot be made: %s"), folder,
                    g_strerror(errno));
        return false;
    }
    return g_key_file_save_to_file(progress->file, progress->path, error);
}

const char *mg_progress_learner(MgProgress *progress)
{
    g_autofree char *name = g_key_file_get_string(progress->file, "learner", "name", NULL);
    if (name == NULL || name[0] == '\0')
        return g_intern_string(g_get_user_name());
    return g_intern_string(name);
}

void mg_progress_set_learner(MgProgress *progress, const char *name)
{
    g_key_file_set_string(progress->file, "learner", "name", name);
}

/* ---- groups of the file ---- */

/* A lesson's, or a step's: "smtp-by-hand/envelope". A lesson is called as its folder is, and a
 * group may not have brackets in it; one is the learner's. */
static char *group_of(const char *lesson, const char *step)
{
    g_autofree char *escaped = g_uri_escape_string(lesson, " !\"#$&'()*+,:;<=>?@\\^`{|}", TRUE);
    const char *first = strcmp(lesson, "learner") == 0 ? "%6Cearner" : escaped;
    return step != NULL ? g_strconcat(first, "/", step, NULL) : g_strdup(first);
}

/* (transfer full) (nullable) The lesson that a step's group is of; NULL if it is no step's. */
static char *lesson_of(const char *group)
{
    const char *slash = strchr(group, '/');
    if (slash == NULL)
        return NULL;
    char *lesson = g_uri_unescape_segment(group, slash, NULL);
    return lesson != NULL ? lesson : g_strndup(group, (size_t)(slash - group));
}

/* ---- following ---- */

static char *now(void)
{
    g_autoptr(GDateTime) time = g_date_time_new_now_utc();
    return g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");
}

static void set_once_now(GKeyFile *file, const char *group, const char *key)
{
    g_autofree char *time = now();
    if (!g_key_file_has_key(file, group, key, NULL))
        g_key_file_set_string(file, group, key, time);
}

/* Scores of several visits to a step count together; the play counts within one. */
static void raise_to(GKeyFile *file, const char *group, const char *key, unsigned value)
{
    if (value > (unsigned)MAX(0, g_key_file_get_integer(file, group, key, NULL)))
        g_key_file_set_integer(file, group, key, (int)value);
}

static void keep(MgLessonPlay *play, MgProgress *progress)
{
    const MgLesson *lesson = mg_lesson_play_lesson(play);
    const MgLessonStep *step = mg_lesson_play_step(play);
    MgLessonScore score = mg_lesson_play_score(play);
    GKeyFile *file = progress->file;
    g_autofree char *whole = group_of(lesson->id, NULL), *group = group_of(lesson->id, step->id);
    size_t n = mg_lesson_play_n_steps(play);
    g_key_file_set_string(file, whole, "step", step->id);
    g_key_file_set_integer(file, whole, "steps", (int)n);
    g_key_file_set_string(file, "learner", "last", lesson->id);
    set_once_now(file, group, "begun");
    raise_to(file, group, "attempts", score.attempts);
    raise_to(file, group, "wrong", score.wrong);
    raise_to(file, group, "hints", (unsigned)mg_lesson_play_n_hints(play));
    if (mg_lesson_play_solution_shown(play))
        g_key_file_set_boolean(file, group, "solution", TRUE);
    if (mg_lesson_play_done(play)) {
        set_once_now(file, group, "passed");
        if (mg_lesson_play_at(play) + 1 == n)
            set_once_now(file, whole, "finished");
    }
    /* Progress that cannot be kept is no reason to disturb a lesson; who asks for it is told. */
    mg_progress_save(progress, NULL);
}

void mg_progress_follow(MgProgress *progress, MgLessonPlay *play)
{
    if (progress->play != NULL) {
        g_signal_handlers_disconnect_by_func(progress->play, keep, progress);
        g_object_remove_weak_pointer(G_OBJECT(progress->play), (void **)&progress->play);
    }
    progress->play = play;
    g_object_add_weak_pointer(G_OBJECT(play), (void **)&progress->play);
    g_signal_connect(play, "changed", G_CALLBACK(keep), progress);
}

/* ---- reading ---- */

static unsigned count_passed(MgProgress *progress, const char *lesson)
{
    g_autofree char *begin = group_of(lesson, "");
    g_auto(GStrv) groups = g_key_file_get_groups(progress->file, NULL);
    unsigned n = 0;
    for (size_t i = 0; groups[i] != NULL; i++)
        n += g_str_has_prefix(groups[i], begin) &&
             g_key_file_has_key(progress->file, groups[i], "passed", NULL);
    return n;
}

MgProgressOf mg_progress_of(MgProgress *progress, const char *lesson)
{
    g_autofree char *group = group_of(lesson, NULL);
    g_autofree char *step = g_key_file_get_string(progress->file, group, "step", NULL);
    unsigned steps = (unsigned)MAX(0, g_key_file_get_integer(progress->file, group, "steps", NULL));
    return (MgProgressOf){.steps = steps,
                          .passed = MIN(count_passed(progress, lesson), steps),
                          .finished = g_key_file_has_key(progress->file, group, "finished", NULL),
                          .step = step != NULL ? g_intern_string(step) : NULL};
}

const char *mg_progress_last(MgProgress *progress)
{
    g_autofree char *last = g_key_file_get_string(progress->file, "learner", "last", NULL);
    return last != NULL ? g_intern_string(last) : NULL;
}

void mg_progress_forget(MgProgress *progress, const char *lesson)
{
    g_autofree char *whole = group_of(lesson, NULL), *begin = group_of(lesson, "");
    g_auto(GStrv) groups = g_key_file_get_groups(progress->file, NULL);
    for (size_t i = 0; groups[i] != NULL; i++)
        if (strcmp(groups[i], whole) == 0 || g_str_has_prefix(groups[i], begin))
            g_key_file_remove_group(progress->file, groups[i], NULL);
}

/* ---- results of a class ---- */

static const struct {
    const char *key;
    enum { TEXT, NUMBER, YES } type;
} columns[] = {{"passed", TEXT},
               {"attempts", NUMBER},
               {"hints", NUMBER},
               {"solution", YES},
               {"wrong", NUMBER}};

static char *value_of(GKeyFile *file, const char *group, size_t column)
{
    const char *key = columns[column].key;
    if (columns[column].type == NUMBER)
        return g_strdup_printf("%d", g_key_file_get_integer(file, group, key, NULL));
    if (columns[column].type == YES)
        return g_strdup(g_key_file_get_boolean(file, group, key, NULL) ? "true" : "false");
    char *text = g_key_file_get_string(file, group, key, NULL);
    return text != NULL ? text : g_strdup("");
}

/* RFC 4180 §2: in quotes where it must be. A cell that begins like a formula is kept from being one
 * by a quote mark, for a class's names are other people's. */
static void add_cell(GString *csv, const char *text, char end)
{
    bool formula = text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
    if (strpbrk(text, ",\"\r\n") == NULL && !formula) {
        g_string_append_printf(csv, "%s%c", text, end);
        return;
    }
    g_string_append(csv, formula ? "\"'" : "\"");
    for (; *text != '\0'; text++)
        g_string_append_printf(csv, *text == '"' ? "\"\"" : "%c", *text);
    g_string_append_printf(csv, "\"%c", end);
}

char *mg_progress_csv(MgProgress *progress, bool header)
{
    GString *csv = g_string_new(header ? "learner,lesson,step" : NULL);
    for (size_t c = 0; header && c < G_N_ELEMENTS(columns); c++)
        g_string_append_printf(csv, ",%s", columns[c].key);
    if (header)
        g_string_append(csv, "\r\n");
    g_auto(GStrv) groups = g_key_file_get_groups(progress->file, NULL);
    for (size_t i = 0; groups[i] != NULL; i++) {
        g_autofree char *lesson = lesson_of(groups[i]);
        if (lesson == NULL)
            continue;
        add_cell(csv, mg_progress_learner(progress), ',');
        add_cell(csv, lesson, ',');
        add_cell(csv, strchr(groups[i], '/') + 1, ',');
        for (size_t c = 0; c < G_N_ELEMENTS(columns); c++) {
            g_autofree char *value = value_of(progress->file, groups[i], c);
            add_cell(csv, value, c + 1 < G_N_ELEMENTS(columns) ? ',' : '\r');
        }
        g_string_append_c(csv, '\n');
    }
    return g_string_free(csv, FALSE);
}

static void add_text(GString *json, const char *key, const char *text)
{
    g_string_append_printf(json, "%s\"%s\":", json->str[json->len - 1] == '{' ? "" : ",", key);
    mg_json_string(json, mg_span_from_string(text));
}

char *mg_progress_json(MgProgress *progress)
{
    GString *json = g_string_new(NULL);
    g_auto(GStrv) groups = g_key_file_get_groups(progress->file, NULL);
    for (size_t i = 0; groups[i] != NULL; i++) {
        g_autofree char *lesson = lesson_of(groups[i]);
        if (lesson == NULL)
            continue;
        g_string_append_c(json, '{');
        add_text(json, "learner", mg_progress_learner(progress));
        add_text(json, "lesson", lesson);
        add_text(json, "step", strchr(groups[i], '/') + 1);
        for (size_t c = 0; c < G_N_ELEMENTS(columns); c++) {
            g_autofree char *value = value_of(progress->file, groups[i], c);
            if (columns[c].type != TEXT)
                g_string_append_printf(json, ",\"%s\":%s", columns[c].key, value);
            else if (value[0] != '\0')
                add_text(json, columns[c].key, value);
            else
                g_string_append_printf(json, ",\"%s\":null", columns[c].key);
        }
        g_string_append(json, "}\n");
    }
    return g_string_free(json, FALSE);
}
