/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson.c - mailglass lesson list, show, check, new, report; lesson run is in lesson-run.c */
#include <stdio.h>

#include "command.h"
#include "lesson-check.h"
#include "lesson-new.h"
#include "lesson-prose-text.h"
#include "progress.h"
#include "shelf.h"

/* ---- list ---- */

static const char *group_title(const char *id)
{
    for (const MgLessonGroup *group = mg_lesson_groups; group->id != NULL; group++)
        if (g_strcmp0(group->id, id) == 0)
            return _(group->title);
    return _("Other lessons");
}

static void print_progress(const MgShelfEntry *entry, MgProgress *progress)
{
    MgProgressOf of = mg_progress_of(progress, entry->id);
    if (of.finished)
        printf("  %s", _("done"));
    else if (of.steps > 0)
        printf(_("  %u of %u steps"), of.passed, of.steps);
}

static void list_text(const GPtrArray *entries, MgProgress *progress)
{
    const char *group = NULL;
    for (unsigned i = 0; i < entries->len; i++) {
        const MgShelfEntry *entry = g_ptr_array_index(entries, i);
        if (entry->lesson == NULL) {
            printf("\n%-20s  %s\n", entry->id, _("cannot be used:"));
            for (unsigned j = 0; j < entry->problems->len; j++)
                printf("    %s\n", (char *)g_ptr_array_index(entry->problems, j));
            continue;
        }
        const char *title = group_title(entry->lesson->group);
        if (group == NULL || strcmp(group, title) != 0)
            printf("%s%s\n", group != NULL ? "\n" : "", title);
        group = title;
        const char *name = mg_bilingual_plain(&entry->lesson->title, mg_language_now());
        printf("  %-20s  %s", entry->id, name != NULL ? name : "");
        if (entry->lesson->minutes > 0)
            printf(_("  (%u min)"), entry->lesson->minutes);
        if (entry->own)
            printf("  %s", entry->folder);
        print_progress(entry, progress);
        putchar('\n');
    }
}

static void print_json_text(GString *json, const char *key, const char *text)
{
    g_string_append_printf(json, ",\"%s\":", key);
    if (text != NULL)
        mg_json_string(json, mg_span_from_string(text));
    else
        g_string_append(json, "null");
}

static void list_json(const GPtrArray *entries, MgProgress *progress)
{
    for (unsigned i = 0; i < entries->len; i++) {
        const MgShelfEntry *entry = g_ptr_array_index(entries, i);
        const MgLesson *lesson = entry->lesson;
        MgProgressOf of = mg_progress_of(progress, entry->id);
        g_autoptr(GString) json = g_string_new("{\"id\":");
        mg_json_string(json, mg_span_from_string(entry->id));
        print_json_text(json, "folder", entry->folder);
        print_json_text(json, "group", lesson != NULL ? lesson->group : NULL);
        print_json_text(json, "title",
                        lesson != NULL ? mg_bilingual_plain(&lesson->title, mg_language_now())
                                       : NULL);
        g_string_append_printf(json, ",\"minutes\":%u,\"steps\":%u,\"passed\":%u,\"finished\":%s",
                               lesson != NULL ? lesson->minutes : 0,
                               lesson != NULL ? lesson->steps->len : 0, of.passed,
                               of.finished ? "true" : "false");
        g_string_append(json, ",\"problems\":[");
        for (unsigned j = 0; j < entry->problems->len; j++) {
            g_string_append(json, j > 0 ? "," : "");
            mg_json_string(json, mg_span_from_string(g_ptr_array_index(entry->problems, j)));
        }
        printf("%s]}\n", json->str);
    }
}

int mg_lesson_list_main(int argc, char **argv, MgRegistry *registry)
{
    static const char command[] = "mailglass lesson list";
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, N_("Prints JSON, an object a line"), NULL}, {0}};
    bool helped = false;
    int result = mg_parse_options(
        command, "",
        _("Lists the lessons: those shipped, those in the user's data folder "
          "(mailglass/lessons), those in the folders of MAILGLASS_LESSON_PATH.\n\nExample:\n  "
          "mailglass lesson list"),
        entries, &argc, &argv, &helped);
    if (result != MG_EXIT_DONE || helped)
        return result;
    g_autoptr(GPtrArray) lessons = mg_shelf_lessons(registry);
    g_autoptr(MgProgress) progress = mg_progress_open(NULL, NULL);
    (json ? list_json : list_text)(lessons, progress);
    return MG_EXIT_DONE;
}

/* ---- finding one ---- */

char *mg_find_lesson(const char *command, const char *name)
{
    char *folder = mg_shelf_find(name);
    if (folder != NULL)
        return folder;
    g_autoptr(GPtrArray) lessons = mg_shelf_lessons(NULL);
    g_autoptr(GString) names = g_string_new(NULL);
    for (unsigned i = 0; i < lessons->len; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "",
                               ((MgShelfEntry *)g_ptr_array_index(lessons, i))->id);
    if (names->len == 0)
        mg_complain(command, _("there is no lesson \"%s\", and no folder with a lesson.md"), name);
    else
        mg_complain(command,
                    _("there is no lesson \"%s\", and no folder with a lesson.md; there are: %s"),
                    name, names->str);
    return NULL;
}

MgLesson *mg_load_lesson(const char *command, const char *name)
{
    g_autofree char *folder = mg_find_lesson(command, name);
    if (folder == NULL)
        return NULL;
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(MgLesson) lesson = mg_lesson_load(folder, problems);
    bool broken = lesson == NULL;
    for (unsigned i = 0; i < problems->len; i++)
        broken |= strstr(g_ptr_array_index(problems, i), ": error: ") != NULL;
    mg_print_problems(problems);
    if (!broken)
        return g_steal_pointer(&lesson);
    mg_complain(command, _("%s cannot be used: see above"), folder);
    return NULL;
}

bool mg_pick_language(const char *command, const char *text, MgLanguage *language)
{
    *language = mg_language_now();
    for (unsigned l = 0; text != NULL && l < MG_N_LANGUAGES; l++) {
        if (strcmp(text, mg_language_codes[l]) != 0)
            continue;
        *language = l;
        return true;
    }
    if (text != NULL)
        mg_complain(command, _("--language %s: there are en and ko"), text);
    return text == NULL;
}

/* ---- show ---- */

static void show_deeds(const char *title, const GPtrArray *deeds)
{
    if (deeds->len > 0)
        printf("\n  %s\n", title);
    for (unsigned i = 0; i < deeds->len; i++)
        printf("    %s\n", ((const MgLessonDeed *)g_ptr_array_index(deeds, i))->text);
}

static void show_step(const MgLesson *lesson, unsigned i, MgLanguage language, bool notes)
{
    const MgLessonStep *step = g_ptr_array_index(lesson->steps, i);
    printf("\n%u. %s  [%s]\n", i + 1, mg_lesson_step_title(lesson, step, language), step->id);
    mg_print_prose(&step->prose[language], "  ");
    for (unsigned q = 0; q < step->quizzes->len; q++)
        mg_print_quiz(g_ptr_array_index(step->quizzes, q), language, "  ");
    show_deeds(_("To try:"), step->tries);
    if (notes && step->notes[language].line != 0) {
        printf("\n  %s\n", _("For the teacher:"));
        mg_print_prose(&step->notes[language], "    ");
    }
    if (notes)
        show_deeds(_("Solution:"), step->solution);
}

int mg_lesson_show_main(int argc, char **argv, MgRegistry *registry)
{
    static const char command[] = "mailglass lesson show";
    gboolean notes = FALSE;
    g_autofree char *language_text = NULL;
    const GOptionEntry entries[] = {
        {"notes", 0, 0, G_OPTION_ARG_NONE, &notes, N_("With the teacher's notes and the solutions"),
         NULL},
        {"language", 0, 0, G_OPTION_ARG_STRING, &language_text, N_("en or ko"), N_("LANGUAGE")},
        {0}};
    bool helped = false;
    int result = mg_parse_options(command, "LESSON",
                                  _("Prints a lesson to read.\n\nExample:\n  mailglass lesson show "
                                    "smtp-by-hand --language ko"),
                                  entries, &argc, &argv, &helped);
    if (result != MG_EXIT_DONE || helped)
        return result;
    MgLanguage language;
    if (argc != 2 || !mg_pick_language(command, language_text, &language)) {
        if (argc != 2)
            mg_complain(command, "%s", _("one lesson is wanted; see --help"));
        return MG_EXIT_USAGE;
    }
    g_autoptr(MgLesson) lesson = mg_load_lesson(command, argv[1]);
    if (lesson == NULL)
        return MG_EXIT_FAILED;
    printf("%s\n", mg_bilingual_plain(&lesson->title, language));
    const char *about = mg_bilingual_plain(&lesson->about, language);
    if (about != NULL)
        printf("%s\n", about);
    for (unsigned i = 0; i < lesson->steps->len; i++)
        show_step(lesson, i, language, notes);
    return MG_EXIT_DONE;
}

/* ---- check ---- */

static void check_glossary(const char *folder, bool up, GPtrArray *problems)
{
    g_autofree char *path = up ? g_build_filename(folder, "..", "glossary.md", NULL)
                               : g_build_filename(folder, "glossary.md", NULL);
    if (g_file_test(path, G_FILE_TEST_EXISTS))
        mg_lesson_free(mg_glossary_load(path, problems));
}

/* Prints what is wrong with it; the number of errors. */
static unsigned check_one(const char *folder, MgRegistry *registry)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(MgLesson) lesson = mg_lesson_load(folder, problems);
    unsigned n = 0;
    if (lesson != NULL) {
        mg_lesson_judge(lesson, registry, problems);
        mg_lesson_prove(lesson, registry, problems);
    }
    check_glossary(folder, false, problems);
    check_glossary(folder, true, problems);
    mg_lesson_sort(problems);
    mg_drop_repeated(problems);
    for (unsigned i = 0; i < problems->len; i++) {
        printf("%s\n", (char *)g_ptr_array_index(problems, i));
        n += strstr(g_ptr_array_index(problems, i), ": error: ") != NULL;
    }
    if (n == 0 && lesson != NULL) {
        g_autofree char *steps = g_strdup_printf(
            ngettext("%u step", "%u steps", lesson->steps->len), lesson->steps->len);
        printf(_("%s: sound (%s)\n"), lesson->id, steps);
    }
    return n;
}

int mg_lesson_check_main(int argc, char **argv, MgRegistry *registry)
{
    static const char command[] = "mailglass lesson check";
    gboolean all = FALSE;
    const GOptionEntry entries[] = {
        {"all", 0, 0, G_OPTION_ARG_NONE, &all, N_("Every lesson that `lesson list` shows"), NULL},
        {0}};
    bool helped = false;
    int result = mg_parse_options(
        command, "LESSON…",
        _("Reports every mistake of a lesson, and proves it by playing it: each check fails before "
          "the solution and passes after it, both languages have the same parts, everything that "
          "is named exists, two runs give one trace.\n\nExample:\n  mailglass lesson check "
          "smtp-by-hand\n  mailglass lesson check ~/lessons/mine"),
        entries, &argc, &argv, &helped);
    if (result != MG_EXIT_DONE || helped)
        return result;
    if ((argc < 2) == !all) {
        mg_complain(command, "%s", _("lessons are wanted, or --all; see --help"));
        return MG_EXIT_USAGE;
    }
    unsigned n = 0;
    g_autoptr(GPtrArray) shelf = all ? mg_shelf_lessons(NULL) : NULL;
    for (unsigned i = 0; all && i < shelf->len; i++)
        n += check_one(((MgShelfEntry *)g_ptr_array_index(shelf, i))->folder, registry);
    for (int i = 1; i < argc; i++) {
        g_autofree char *folder = mg_find_lesson(command, argv[i]);
        if (folder == NULL)
            result = MG_EXIT_FAILED;
        else
            n += check_one(folder, registry);
    }
    return result != MG_EXIT_DONE ? result : n > 0 ? MG_EXIT_NO : MG_EXIT_DONE;
}

/* ---- new ---- */

int mg_lesson_new_main(int argc, char **argv, MgRegistry *registry)
{
    static const char command[] = "mailglass lesson new";
    const GOptionEntry entries[] = {{0}};
    bool helped = false;
    int result = mg_parse_options(
        command, "FOLDER",
        _("Makes a small lesson to start from.\n\nExample:\n  mailglass lesson new "
          "~/lessons/mine\n  mailglass lesson check ~/lessons/mine\n  "
          "MAILGLASS_LESSON_PATH=~/lessons "
          "mailglass"),
        entries, &argc, &argv, &helped);
    if (result != MG_EXIT_DONE || helped)
        return result;
    if (argc != 2) {
        mg_complain(command, "%s", _("one folder is wanted; see --help"));
        return MG_EXIT_USAGE;
    }
    g_autoptr(GError) error = NULL;
    if (!mg_lesson_write_skeleton(argv[1], &error)) {
        mg_complain(command, "%s", error->message);
        return MG_EXIT_FAILED;
    }
    printf(_("made %s/lesson.md; `mailglass lesson check %s` judges it\n"), argv[1], argv[1]);
    return MG_EXIT_DONE;
}

/* ---- report ---- */

int mg_lesson_report_main(int argc, char **argv, MgRegistry *registry)
{
    static const char command[] = "mailglass lesson report";
    gboolean json = FALSE;
    const GOptionEntry entries[] = {{"json", 0, 0, G_OPTION_ARG_NONE, &json,
                                     N_("Prints JSON, an object a line, not CSV"), NULL},
                                    {0}};
    bool helped = false;
    int result = mg_parse_options(
        command, "[PROGRESS.ini…]",
        _("Prints what was done in lessons as CSV: a row a step, with attempts, hints, wrong "
          "answers. Without a file, one's own; with files that students have handed in, the "
          "class's.\n\nExample:\n  mailglass lesson report class/*.ini > class.csv"),
        entries, &argc, &argv, &helped);
    if (result != MG_EXIT_DONE || helped)
        return result;
    for (int i = 1; i < MAX(argc, 2); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MgProgress) progress = mg_progress_open(argc > 1 ? argv[i] : NULL, &error);
        if (progress == NULL) {
            mg_complain(command, "%s", error->message);
            result = MG_EXIT_FAILED;
            continue;
        }
        g_autofree char *text =
            json ? mg_progress_json(progress) : mg_progress_csv(progress, i == 1);
        fputs(text, stdout);
    }
    return result;
}
