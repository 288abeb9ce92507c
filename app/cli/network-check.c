/* SPDX-License-Identifier: GPL-3.0-or-later */
/* network-check.c - mailglass network check, mailglass network new */
#include <glib/gstdio.h>
#include <stdio.h>

#include "command.h"

#include "world.h"

#define PATTERN "first-mail" /* what a new network is made from */

/* ---- check ---- */

/* "PATH:12" → "PATH" and 12; false if it does not end so. */
static bool cut_number(char *place, unsigned *number)
{
    char *colon = strrchr(place, ':');
    guint64 value = 0;
    if (colon == NULL || !g_ascii_string_to_unsigned(colon + 1, 10, 0, G_MAXUINT, &value, NULL))
        return false;
    *colon = '\0';
    *number = (unsigned)value;
    return true;
}

/* "PATH:LINE: error: text", or with a column after the line → an object. */
static void print_json(const char *problem)
{
    static const char *const kinds[] = {": error: ", ": warning: "};
    const char *found = NULL;
    size_t kind = G_N_ELEMENTS(kinds);
    while (found == NULL && kind > 0)
        found = strstr(problem, kinds[--kind]);
    g_autofree char *place = g_strndup(problem, found != NULL ? (size_t)(found - problem) : 0);
    unsigned line = 0, column = 0;
    if (cut_number(place, &line) && cut_number(place, &column)) {
        unsigned first = column; /* what was cut off first is the column */
        column = line;
        line = first;
    }
    g_autoptr(GString) json = g_string_new("{\"file\":");
    mg_json_string(json, mg_span_from_string(place));
    g_string_append_printf(json, ",\"line\":%u,\"column\":%u,\"severity\":\"%s\",\"text\":", line,
                           column, kind == 0 ? "error" : "warning");
    mg_json_string(json,
                   mg_span_from_string(found != NULL ? found + strlen(kinds[kind]) : problem));
    printf("%s}\n", json->str);
}

/* Reads one network and its engines' files; what is wrong is the result of this command. */
static bool check(const char *path, MgRegistry *registry, bool json)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(MgNetwork) network = mg_network_load(path, registry, problems);
    g_autoptr(MgWorld) world =
        network != NULL ? mg_world_new(network, registry, 1, problems) : NULL;
    mg_drop_repeated(problems);
    for (unsigned i = 0; i < problems->len; i++) {
        if (json)
            print_json(g_ptr_array_index(problems, i));
        else
            printf("%s\n", (char *)g_ptr_array_index(problems, i));
    }
    if (world != NULL && !json)
        printf(_("%s: good: %u hosts, %u links, %u lines of script\n"), path, network->hosts->len,
               network->links->len, network->actions->len);
    return world != NULL;
}

int mg_network_check_main(int argc, char **argv, MgRegistry *registry)
{
    static const char command[] = "mailglass network check";
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, N_("Prints JSON, an object a line"), NULL}, {0}};
    bool helped = false;
    int result = mg_parse_options(
        command, "NETWORK…",
        _("Prints every mistake in a network's files as FILE:LINE: error: TEXT. Exit status 1 if "
          "there is an error.\n\nExample:\n  mailglass network check networks/two-domains"),
        entries, &argc, &argv, &helped);
    if (result != MG_EXIT_DONE || helped)
        return result;
    if (argc < 2) {
        mg_complain(command, "%s", _("a network is wanted; see --help"));
        return MG_EXIT_USAGE;
    }
    for (int i = 1; i < argc; i++) {
        g_autofree char *path = mg_find_network(command, argv[i]);
        if (path == NULL)
            result = MG_EXIT_FAILED;
        else if (!check(path, registry, json) && result == MG_EXIT_DONE)
            result = MG_EXIT_NO;
    }
    return result;
}

/* ---- new ---- */

static bool copy_file(const char *from, const char *to, GError **error)
{
    g_autofree char *content = NULL;
    size_t len = 0;
    return g_file_get_contents(from, &content, &len, error) &&
           g_file_set_contents(to, content, (gssize)len, error);
}

static bool copy_folder(const char *from, const char *to, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(from, 0, error);
    if (dir == NULL)
        return false;
    if (g_mkdir_with_parents(to, 0777) != 0) {
        g_set_error(error, MG_ERROR, MG_ERROR_CONFIG, _("the folder %s cannot be made"), to);
        return false;
    }
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *source = g_build_filename(from, name, NULL);
        g_autofree char *target = g_build_filename(to, name, NULL);
        bool good = g_file_test(source, G_FILE_TEST_IS_DIR) ? copy_folder(source, target, error)
                                                            : copy_file(source, target, error);
        if (!good)
            return false;
    }
    return true;
}

static int make(const char *command, const char *from, const char *folder)
{
    g_autofree char *source = mg_find_network(command, from);
    if (source == NULL)
        return MG_EXIT_FAILED;
    if (g_file_test(folder, G_FILE_TEST_EXISTS)) {
        mg_complain(command, _("%s is there already; name a folder that is not"), folder);
        return MG_EXIT_FAILED;
    }
    g_autoptr(GError) error = NULL;
    if (!copy_folder(source, folder, &error)) {
        mg_complain(command, "%s", error->message);
        return MG_EXIT_FAILED;
    }
    printf(_("%s is made. Change %s/network.ini, then: mailglass network check %s\n"), folder,
           folder, folder);
    return MG_EXIT_DONE;
}

int mg_network_new_main(int argc, char **argv, MgRegistry *registry)
{
    static const char command[] = "mailglass network new";
    g_autofree char *from = g_strdup(PATTERN);
    const GOptionEntry entries[] = {{"from", 0, 0, G_OPTION_ARG_FILENAME, &from,
                                     N_("The network that it is a copy of (first-mail)"),
                                     N_("NETWORK")},
                                    {0}};
    bool helped = false;
    int result = mg_parse_options(
        command, "FOLDER",
        _("Makes a folder with a small network that works, to be changed.\n\nExample:\n  mailglass "
          "network new my-network"),
        entries, &argc, &argv, &helped);
    if (result != MG_EXIT_DONE || helped)
        return result;
    if (argc != 2) {
        mg_complain(command, "%s", _("one folder is wanted; see --help"));
        return MG_EXIT_USAGE;
    }
    return make(command, from, argv[1]);
}
