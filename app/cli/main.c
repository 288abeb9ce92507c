/* SPDX-License-Identifier: GPL-3.0-or-later */
/* main.c - mailglass: finds the command that is meant and runs it; without one, opens the window */
#include <locale.h>
#include <stdio.h>

#include "command.h"
#include "plugin-command.h"

/* To add a command: a file, and a row here. */
const MgCommand mg_commands[] = {
    {"run", "NETWORK [OPTION]…", N_("runs a network's script to its end and prints the exchanges"),
     mg_run_main},
    {"network check", "NETWORK…", N_("reports every mistake in a network's files"),
     mg_network_check_main},
    {"network new", "FOLDER", N_("makes a small network to start from"), mg_network_new_main},
    {"lesson list", "", N_("lists the lessons, and how far one has come"), mg_lesson_list_main},
    {"lesson show", "LESSON", N_("prints a lesson to read"), mg_lesson_show_main},
    {"lesson run", "LESSON", N_("takes a lesson in the terminal"), mg_lesson_run_main},
    {"lesson check", "LESSON…", N_("reports every mistake of a lesson, and proves it"),
     mg_lesson_check_main},
    {"lesson new", "FOLDER", N_("makes a small lesson to start from"), mg_lesson_new_main},
    {"lesson report", "[PROGRESS.ini…]", N_("prints what was done in lessons, as CSV or JSON"),
     mg_lesson_report_main},
    {"plugin list", "", N_("lists the plugins, and why one could not be used"),
     mg_plugin_list_main},
    {"plugin check", "FILE", N_("judges a plugin: what it brings, what it lacks"),
     mg_plugin_check_main},
    {"picture", "NETWORK --output FILE [OPTION]…",
     N_("makes a picture of the window, the map or the ladder"), mg_picture_main},
    {"serve", "NETWORK --door ENGINE@HOST=ADDR:PORT…",
     N_("runs a network in real time, with doors for real programs"), mg_serve_main},
    {"send", "URL --from A --to B… FILE", N_("hands a message to a real server"), mg_send_main},
    {"fetch", "URL --into FOLDER", N_("fetches a mailbox from a real server"), mg_fetch_main},
    {"talk", "URL", N_("is a console on a real server: type commands, see replies explained"),
     mg_talk_main},
    {"tap", "LISTENADDR:PORT URL",
     N_("stands between a mail program and its server, and prints what they say"), mg_tap_main},
    {"help", "", N_("lists the commands"), mg_help_main},
    {"version", "", N_("says which version this is"), mg_version_main},
    {0},
};

/* ---- help ---- */

static void print_plugin_commands(const MgRegistry *registry, int width)
{
    for (size_t i = 0; i < mg_registry_n_engines(registry); i++) {
        const MgCommandRow *row = mg_registry_engine_at(registry, i)->command;
        if (row != NULL)
            printf("  mailglass %-*s   %s\n", width, row->name,
                   mg_registry_translate(registry, row->summary));
    }
}

int mg_help_main(int argc, char **argv, MgRegistry *given)
{
    g_autoptr(MgRegistry) registry = given != NULL ? mg_registry_ref(given) : mg_registry_new();
    size_t width = 0;
    for (const MgCommand *command = mg_commands; command->name != NULL; command++)
        width = MAX(width, strlen(command->name));
    printf("%s\n\n", _("Mailglass: see electronic mail happen."));
    printf("  mailglass [NETWORK]   %s\n\n", _("opens the window"));
    for (const MgCommand *command = mg_commands; command->name != NULL; command++)
        printf("  mailglass %-*s   %s\n", (int)width, command->name, _(command->summary));
    print_plugin_commands(registry, (int)width);
    printf("\n%s\n", _("mailglass COMMAND --help explains one, with an example."));
    g_autoptr(GPtrArray) networks = mg_shipped_networks();
    if (networks->len > 0) {
        g_ptr_array_add(networks, NULL);
        g_autofree char *names = g_strjoinv(", ", (char **)networks->pdata);
        printf(_("Networks that come with it: %s.\n"), names);
    }
    return MG_EXIT_DONE;
}

int mg_version_main(int argc, char **argv, MgRegistry *registry)
{
    printf("mailglass %s\n", MG_VERSION);
    return MG_EXIT_DONE;
}

/* ---- finding the command ---- */

/* Calls `each` with the name of every command, the plugins' too. */
static void each_name(const MgRegistry *registry, void (*each)(const char *name, void *data),
                      void *data)
{
    for (const MgCommand *command = mg_commands; command->name != NULL; command++)
        each(command->name, data);
    for (size_t i = 0; i < mg_registry_n_engines(registry); i++)
        if (mg_registry_engine_at(registry, i)->command != NULL)
            each(mg_registry_engine_at(registry, i)->command->name, data);
}

/* "mailglass network": a command's first word alone. */
typedef struct {
    const char *first;
    GString *seconds;
} Seconds;

static void add_second(const char *name, void *data)
{
    Seconds *seconds = data;
    size_t len = strlen(seconds->first);
    if (g_str_has_prefix(name, seconds->first) && name[len] == ' ')
        g_string_append_printf(seconds->seconds, "%s%s", seconds->seconds->len > 0 ? ", " : "",
                               name + len + 1);
}

static bool is_first_word(const MgRegistry *registry, const char *first)
{
    g_autoptr(GString) list = g_string_new(NULL);
    Seconds seconds = {first, list};
    each_name(registry, add_second, &seconds);
    if (list->len == 0)
        return false;
    g_autofree char *name = g_strdup_printf("mailglass %s", first);
    mg_complain(name, _("after it comes one of: %s"), list->str);
    return true;
}

static int end_command(int result)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return result;
    mg_complain("mailglass", "%s", _("standard output cannot be written to"));
    return MG_EXIT_FAILED;
}

/* What is no command opens the window if it can be a network or a file. */
static bool opens_window(int argc, char **argv)
{
    if (argc < 2 || g_file_test(argv[1], G_FILE_TEST_EXISTS))
        return true;
    g_autoptr(GPtrArray) networks = mg_shipped_networks();
    return argv[1][0] == '-' ||
           g_ptr_array_find_with_equal_func(networks, argv[1], g_str_equal, NULL);
}

static void set_language(void)
{
    setlocale(LC_ALL, "");
    const char *folder = g_getenv("MAILGLASS_LOCALEDIR");
    bindtextdomain(GETTEXT_PACKAGE, folder != NULL ? folder : MG_LOCALEDIR);
    bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
    textdomain(GETTEXT_PACKAGE);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *option;
        MgCommandMain main;
    } options[] = {{"--help", mg_help_main}, {"-h", mg_help_main}, {"--version", mg_version_main}};
    set_language();
    for (size_t i = 0; argc == 2 && i < G_N_ELEMENTS(options); i++)
        if (strcmp(argv[1], options[i].option) == 0)
            return options[i].main(argc, argv, NULL);
    for (const MgCommand *command = mg_commands; command->name != NULL; command++) {
        int words = mg_command_words(command->name, argc, argv);
        if (words > 0) {
            g_autoptr(MgRegistry) registry = mg_registry_new();
            return end_command(command->main(argc - words, argv + words, registry));
        }
    }
    if (!opens_window(argc, argv)) {
        int words = 0;
        g_autoptr(MgRegistry) registry = mg_registry_new();
        const MgEngineKind *kind = mg_find_plugin_command(registry, argc, argv, &words);
        if (kind != NULL)
            return end_command(mg_plugin_command_main(kind, argc - words, argv + words, registry));
        if (is_first_word(registry, argv[1]))
            return MG_EXIT_USAGE;
        mg_complain("mailglass",
                    _("there is no command \"%s\", and no network or file of that name; "
                      "mailglass help lists the commands"),
                    argv[1]);
        return MG_EXIT_USAGE;
    }
    return mg_exec_window(argv + 1);
}
