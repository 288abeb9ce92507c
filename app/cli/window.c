/* SPDX-License-Identifier: GPL-3.0-or-later */
/* window.c - mailglass without a command, and mailglass picture: the window's own program */
#include <errno.h>
#include <unistd.h>

#include "command.h"

/* (transfer full) (nullable) MAILGLASS_WINDOW, the installed one, or the one of the build tree. */
static char *find_window(void)
{
    const char *given = g_getenv("MAILGLASS_WINDOW");
    if (given != NULL && given[0] != '\0')
        return g_strdup(given);
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = self != NULL ? g_path_get_dirname(self) : g_strdup(".");
    const char *const beside[] = {"../libexec", "../libexec/mailglass", "../gtk", "."};
    for (size_t i = 0; i < G_N_ELEMENTS(beside); i++) {
        char *path = g_build_filename(folder, beside[i], "mailglass-window", NULL);
        if (g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
            return path;
        g_free(path);
    }
    return g_build_filename(MG_LIBEXECDIR, "mailglass-window", NULL);
}

int mg_exec_window(char **argv)
{
    g_autofree char *path = find_window();
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_ptr_array_add(words, path);
    for (; *argv != NULL; argv++)
        g_ptr_array_add(words, *argv);
    g_ptr_array_add(words, NULL);
    execv(path, (char **)words->pdata);
    mg_complain("mailglass", _("the window's program %s cannot be started: %s"), path,
                g_strerror(errno));
    return MG_EXIT_FAILED;
}

/* The window's program draws it; this knows nothing of drawing and hands all words on. */
int mg_picture_main(int argc, char **argv, MgRegistry *registry)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_ptr_array_add(words, (char *)"--picture");
    for (int i = 1; i < argc; i++)
        g_ptr_array_add(words, argv[i]);
    g_ptr_array_add(words, NULL);
    return mg_exec_window((char **)words->pdata);
}
