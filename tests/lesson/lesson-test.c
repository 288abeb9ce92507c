/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-test.c - what the tests of lessons share */
#include <glib/gstdio.h>
#include <locale.h>

#include "lesson-test.h"

char *scratch;
MgRegistry *registry;

void lesson_test_begin(int *argc, char ***argv)
{
    g_setenv("LANGUAGE", "en", TRUE);
    setlocale(LC_ALL, "C.UTF-8");
    g_test_init(argc, argv, NULL);
    g_autoptr(GError) error = NULL;
    scratch = g_dir_make_tmp("mailglass-lesson-XXXXXX", &error);
    g_assert_no_error(error);
    g_autofree char *data = g_build_filename(scratch, "data", NULL);
    g_setenv("XDG_DATA_HOME", data, TRUE); /* before GLib looks */
    g_unsetenv("MAILGLASS_PROGRESS");
    g_unsetenv("MAILGLASS_LESSON_PATH");
    registry = mg_registry_new();
}

static void remove_tree(const char *path)
{
    if (g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK)) {
        g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
        for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
            g_autofree char *below = g_build_filename(path, name, NULL);
            remove_tree(below);
        }
    }
    g_remove(path);
}

int lesson_test_run(void)
{
    int failed = g_test_run();
    mg_registry_unref(registry);
    remove_tree(scratch);
    g_free(scratch);
    return failed;
}

void write_file(const char *name, const char *text, gssize size)
{
    g_autofree char *path = g_build_filename(scratch, name, NULL);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autoptr(GError) error = NULL;
    g_mkdir_with_parents(folder, 0700);
    g_file_set_contents(path, text, size, &error);
    g_assert_no_error(error);
}

char *write_lesson(const char *name, const char *text, gssize size)
{
    g_autofree char *file = g_strconcat(name, "/lesson.md", NULL);
    write_file(file, text, size);
    return g_build_filename(scratch, name, NULL);
}

GPtrArray *examine(const char *folder)
{
    GPtrArray *problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(MgLesson) lesson = mg_lesson_load(folder, problems);
    if (lesson != NULL) {
        mg_lesson_judge(lesson, registry, problems);
        mg_lesson_prove(lesson, registry, problems);
    }
    mg_lesson_sort(problems);
    return problems;
}

void lesson_test_assert_one(const GPtrArray *problems, const char *folder, unsigned line,
                            const char *said)
{
    g_autofree char *begin = g_strdup_printf("%s/lesson.md:%u: error: ", folder, line);
    bool good = line == 0 ? problems->len == 0
                          : problems->len == 1 &&
                                g_str_has_prefix(g_ptr_array_index(problems, 0), begin) &&
                                strstr(g_ptr_array_index(problems, 0), said) != NULL;
    if (good)
        return;
    g_test_message("wanted: %s … %s", line != 0 ? begin : "nothing", line != 0 ? said : "");
    for (unsigned i = 0; i < problems->len; i++)
        g_test_message("got: %s", (char *)g_ptr_array_index(problems, i));
    g_test_fail();
}

static void test_mistake(const void *data)
{
    const Mistake *mistake = data;
    g_autofree char *text = g_strconcat(HEAD, mistake->text, NULL);
    g_autofree char *folder = write_lesson("mistake", text, -1);
    g_autoptr(GPtrArray) problems = examine(folder);
    lesson_test_assert_one(problems, folder, mistake->line != 0 ? HEAD_LINES + mistake->line : 0,
                           mistake->said);
}

void lesson_test_add(const char *path, const Mistake *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_autofree char *name = g_strconcat(path, "/", rows[i].name, NULL);
        g_test_add_data_func(name, &rows[i], test_mistake);
    }
}
