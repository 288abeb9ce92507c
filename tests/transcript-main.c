/* SPDX-License-Identifier: GPL-3.0-or-later */
/* transcript-main.c - a test program that plays a folder of transcripts */
#include "transcript.h"

#include <stdarg.h>

static GPtrArray *main_kinds;
static GPtrArray *main_files;

static const MgEngineKind *const *kinds_of_main(void)
{
    return (const MgEngineKind *const *)main_kinds->pdata;
}

static void report(char *problem)
{
    if (problem != NULL) {
        g_auto(GStrv) lines = g_strsplit(problem, "\n", -1);
        for (size_t i = 0; lines[i] != NULL; i++)
            g_test_message("%s", lines[i]);
        g_test_fail();
    }
    g_free(problem);
}

static void test_plain(const void *path)
{
    report(mg_transcript_run(path, kinds_of_main(), NULL));
}

static void test_splits(const void *path)
{
    report(mg_transcript_run_splits(path, kinds_of_main()));
}

static void test_asks(const void *path)
{
    report(mg_transcript_run_asks(path, kinds_of_main()));
}

/* Kinds that share a table of transitions are one machine with several births. */
static bool takes(const MgTranscriptCoverage *coverage, const MgEngineKind *kind,
                  const MgTransition *row)
{
    for (unsigned i = 0; i + 1 < main_kinds->len; i++) {
        const MgEngineKind *other = g_ptr_array_index(main_kinds, i);
        g_autofree char *key = g_strdup_printf("%s %s -> %s", other->name, row->from, row->to);
        if (other->transitions == kind->transitions &&
            g_hash_table_contains(coverage->transitions, key))
            return true;
    }
    return false;
}

static void test_coverage(void)
{
    MgTranscriptCoverage coverage = {g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                                     g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    for (unsigned i = 0; i < main_files->len; i++)
        report(mg_transcript_run(g_ptr_array_index(main_files, i), kinds_of_main(), &coverage));
    for (unsigned i = 0; i + 1 < main_kinds->len; i++) {
        const MgEngineKind *kind = g_ptr_array_index(main_kinds, i);
        for (const MgTransition *row = kind->transitions; row != NULL && row->from != NULL; row++) {
            if (strcmp(row->from, row->to) != 0 && !takes(&coverage, kind, row))
                report(g_strdup_printf("no transcript takes %s %s -> %s (%s)", kind->name,
                                       row->from, row->to, row->on));
        }
        for (const MgRule *rule = kind->rules; rule != NULL && rule->id != NULL; rule++)
            if (!g_hash_table_contains(coverage.rules, rule->id) &&
                !g_str_has_prefix(rule->id, "sasl.")) /* shared; tests/sasl breaks each of them */
                report(g_strdup_printf("no transcript notes %s of %s", rule->id, kind->name));
    }
    g_hash_table_unref(coverage.transitions);
    g_hash_table_unref(coverage.rules);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void find_files(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name = NULL;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
        if (g_str_has_suffix(name, ".transcript"))
            g_ptr_array_add(main_files, g_build_filename(folder, name, NULL));
    g_ptr_array_sort(main_files, compare_names);
}

int mg_transcript_main(int argc, char **argv, ...)
{
    /* One failure does not hide the others: as if "-k" had been given. */
    char **arguments = g_new0(char *, (size_t)argc + 2);
    memcpy(arguments, argv, (size_t)argc * sizeof *argv);
    arguments[argc++] = (char *)"-k";
    char **left = arguments;
    g_test_init(&argc, &left, NULL);
    main_kinds = g_ptr_array_new();
    main_files = g_ptr_array_new_with_free_func(g_free);
    va_list kinds;
    va_start(kinds, argv);
    for (const MgEngineKind *kind = NULL; (kind = va_arg(kinds, const MgEngineKind *)) != NULL;)
        g_ptr_array_add(main_kinds, (void *)kind);
    va_end(kinds);
    g_ptr_array_add(main_kinds, NULL);
    bool coverage = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(left[i], "--coverage") == 0)
            coverage = true;
        else
            find_files(left[i]);
    }
    if (main_files->len == 0) {
        g_printerr("no transcripts found\n");
        return 2;
    }
    for (unsigned i = 0; i < main_files->len; i++) {
        static const struct {
            const char *name;
            GTestDataFunc run;
        } ways[] = {{"plain", test_plain}, {"splits", test_splits}, {"asks", test_asks}};
        const char *path = g_ptr_array_index(main_files, i);
        g_autofree char *base = g_path_get_basename(path);
        base[strlen(base) - strlen(".transcript")] = '\0';
        for (size_t way = 0; way < G_N_ELEMENTS(ways); way++) {
            g_autofree char *name = g_strdup_printf("/%s/%s", base, ways[way].name);
            g_test_add_data_func(name, path, ways[way].run);
        }
    }
    if (coverage)
        g_test_add_func("/coverage", test_coverage);
    int result = g_test_run();
    g_ptr_array_unref(main_files);
    g_ptr_array_unref(main_kinds);
    g_free(arguments);
    return result;
}
