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
    static const char command[] = "mailglass picture";
    int at = -1, seed = 1;
    gboolean dark = FALSE;
    char *output = NULL, *view = NULL, *language = NULL, *size = NULL, *step = NULL;
    const GOptionEntry entries[] = {
        {"output", 0, 0, G_OPTION_ARG_FILENAME, &output, N_("The picture: .png, .svg or .pdf"),
         N_("FILE")},
        {"at", 0, 0, G_OPTION_ARG_INT, &at, N_("The record that the eye is at (the last)"),
         N_("N")},
        {"step", 0, 0, G_OPTION_ARG_STRING, &step,
         N_("Where this step of a lesson begins: a number or a step's name"), N_("STEP")},
        {"view", 0, 0, G_OPTION_ARG_STRING, &view, N_("map or ladder"), N_("VIEW")},
        {"seed", 0, 0, G_OPTION_ARG_INT, &seed, N_("Fixes chance (1)"), N_("N")},
        {"dark", 0, 0, G_OPTION_ARG_NONE, &dark, N_("Light on dark"), NULL},
        {"language", 0, 0, G_OPTION_ARG_STRING, &language, N_("en or ko"), N_("LANGUAGE")},
        {"size", 0, 0, G_OPTION_ARG_STRING, &size, N_("In pixels (1280x800)"), N_("SIZE")},
        {0}};
    g_auto(GStrv) words = g_strdupv(argv); /* parsing takes options out of argv */
    bool helped = false;
    int result = mg_parse_options(
        command, "NETWORK|LESSON",
        _("Draws a network, or that of a lesson's step, without a display.\n\nExamples:\n"
          "  mailglass picture first-mail --at 40 --output map.png --dark --language ko\n"
          "  mailglass picture smtp-by-hand --step 3 --view ladder --output sheet.pdf"),
        entries, &argc, &argv, &helped);
    bool given = output != NULL;
    g_free(output);
    g_free(view);
    g_free(language);
    g_free(size);
    g_free(step);
    if (result != MG_EXIT_DONE || helped)
        return result;
    if (argc != 2 || !given) {
        mg_complain(command, "%s", _("one network or lesson and --output are wanted; see --help"));
        return MG_EXIT_USAGE;
    }
    g_free(words[0]);
    words[0] = g_strdup("--picture");
    return mg_exec_window(words);
}
