/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plugin-list.c - mailglass plugin list, mailglass plugin check */
#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

#include "command.h"

/* ---- list ---- */

static void add_names(GString *json, const char *key, const char *const *names)
{
    g_string_append_printf(json, ",\"%s\":[", key);
    for (size_t i = 0; names[i] != NULL; i++) {
        g_string_append(json, i > 0 ? "," : "");
        mg_json_string(json, mg_span_from_string(names[i]));
    }
    g_string_append_c(json, ']');
}

static void add_text(GString *json, const char *key, const char *text)
{
    g_string_append_printf(json, "%s\"%s\":", json->len > 1 ? "," : "", key);
    if (text != NULL)
        mg_json_string(json, mg_span_from_string(text));
    else
        g_string_append(json, "null");
}

static void print_json(const MgPluginEntry *entry, const MgRegistry *registry)
{
    const MgPlugin *plugin = entry->plugin;
    g_autoptr(GString) json = g_string_new("{");
    g_autoptr(GPtrArray) dissectors = g_ptr_array_new();
    g_autoptr(GPtrArray) engines = g_ptr_array_new();
    add_text(json, "id", plugin != NULL ? plugin->id : NULL);
    add_text(json, "version", plugin != NULL ? plugin->version : NULL);
    add_text(json, "summary",
             plugin != NULL ? mg_registry_translate(registry, plugin->summary) : NULL);
    add_text(json, "path", entry->path);
    add_text(json, "problem", entry->problem);
    for (size_t i = 0; plugin != NULL && plugin->dissectors != NULL && plugin->dissectors[i]; i++)
        g_ptr_array_add(dissectors, (char *)plugin->dissectors[i]->name);
    for (size_t i = 0; plugin != NULL && plugin->engines != NULL && plugin->engines[i]; i++)
        g_ptr_array_add(engines, (char *)plugin->engines[i]->name);
    g_ptr_array_add(dissectors, NULL);
    g_ptr_array_add(engines, NULL);
    add_names(json, "dissectors", (const char *const *)(void *)dissectors->pdata);
    add_names(json, "engines", (const char *const *)(void *)engines->pdata);
    printf("%s}\n", json->str);
}

static void print_text(const MgPluginEntry *entry, const MgRegistry *registry)
{
    const MgPlugin *plugin = entry->plugin;
    if (plugin == NULL) {
        printf(_("not used: %s: %s\n"), entry->path, entry->problem);
        return;
    }
    printf("%-10s %-8s %s  (%s)\n", plugin->id, plugin->version != NULL ? plugin->version : "",
           plugin->summary != NULL ? mg_registry_translate(registry, plugin->summary) : "",
           entry->path);
}

int mg_plugin_list_main(int argc, char **argv, MgRegistry *registry)
{
    static const char command[] = "mailglass plugin list";
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, N_("Prints JSON, an object a line"), NULL}, {0}};
    bool helped = false;
    int result = mg_parse_options(
        command, "",
        _("Looks in MAILGLASS_PLUGIN_PATH, in ~/.local/share/mailglass/plugins and where Mailglass "
          "is installed.\n\nExample:\n  mailglass plugin list --json"),
        entries, &argc, &argv, &helped);
    if (result != MG_EXIT_DONE || helped)
        return result;
    if (argc != 1) {
        mg_complain(command, _("\"%s\" is not wanted here; see --help"), argv[1]);
        return MG_EXIT_USAGE;
    }
    for (size_t i = 0; i < mg_registry_n_entries(registry); i++) {
        if (json)
            print_json(mg_registry_entry(registry, i), registry);
        else
            print_text(mg_registry_entry(registry, i), registry);
    }
    return MG_EXIT_DONE;
}

/* ---- check ---- */

typedef struct {
    const char *path;
    const MgPlugin *plugin;
    unsigned n_errors, n_warnings;
} Judge;

static void say(Judge *judge, bool error, const char *what, const char *text)
{
    printf("%s: %s: %s: %s\n", judge->path, error ? "error" : "warning", what, text);
    judge->n_errors += error;
    judge->n_warnings += !error;
}

/* A name that begins with the plugin's id, or its dissector's, cannot clash with another's. */
static bool own_name(const Judge *judge, const char *name, const char *dissector)
{
    const char *const prefixes[] = {judge->plugin->id, dissector};
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (prefixes[i] != NULL && g_str_has_prefix(name, prefixes[i]) &&
            (name[strlen(prefixes[i])] == '.' || name[strlen(prefixes[i])] == '\0'))
            return true;
    return false;
}

static void judge_dissector(Judge *judge, const MgDissector *dissector)
{
    bool nested =
        dissector->cut == NULL && dissector->stream_ports == NULL &&
        dissector->datagram_ports == NULL; /* it names what others carry, and needs no more */
    if (dissector->dissect == NULL ||
        (!nested && (dissector->cut == NULL || dissector->summarize == NULL)))
        say(judge, true, dissector->name, _("cut, dissect or summarize is missing"));
    if (dissector->label == NULL)
        say(judge, true, dissector->name, _("it has no label for people"));
    for (size_t i = 0; i < dissector->n_fields; i++) {
        const MgField *field = &dissector->fields[i];
        if (field->id == NULL || field->label == NULL) {
            g_autofree char *what = g_strdup_printf("%s, field %zu", dissector->name, i);
            say(judge, true, what, _("it has no id or no label"));
            continue;
        }
        if (!own_name(judge, field->id, dissector->name))
            say(judge, false, field->id, _("its name does not begin with the plugin's"));
        if (field->about == NULL)
            say(judge, false, field->id, _("nothing explains it"));
    }
}

static void judge_rules(Judge *judge, const MgEngineKind *kind)
{
    for (const MgRule *rule = kind->rules; rule != NULL && rule->id != NULL; rule++) {
        if (!own_name(judge, rule->id, NULL))
            say(judge, false, rule->id, _("its name does not begin with the plugin's"));
        if (rule->text == NULL)
            say(judge, true, rule->id, _("it has no text"));
        if (rule->source == NULL && rule->severity >= MG_SEVERITY_WARN)
            say(judge, false, rule->id, _("it names no section of a standard"));
    }
}

static void judge_engine(Judge *judge, const MgEngineKind *kind)
{
    int births = (kind->port != 0) + (kind->topic != NULL) + (kind->verb != NULL);
    /* A server may have a command beside: the one that lets it wait at a door. */
    if (births > 1 || (births == 0 && kind->command == NULL))
        say(judge, true, kind->name, _("it must have one of: a port, a topic, a verb, a command"));
    if (kind->port != 0 && kind->transport == MG_TRANSPORT_NONE)
        say(judge, true, kind->name, _("it has a port, but no transport"));
    if (kind->verb != NULL && kind->usage == NULL)
        say(judge, false, kind->name, _("it has a verb, but no usage"));
    if (kind->summary == NULL)
        say(judge, false, kind->name, _("it has no summary"));
    if (!own_name(judge, kind->name, NULL))
        say(judge, false, kind->name, _("its name does not begin with the plugin's"));
    for (const MgSettingRow *row = kind->settings; row != NULL && row->key != NULL; row++)
        if (row->about == NULL)
            say(judge, false, row->key, _("nothing explains this setting"));
    judge_rules(judge, kind);
}

static int judge_plugin(const char *path, const MgPlugin *plugin)
{
    Judge judge = {.path = path, .plugin = plugin};
    unsigned n_dissectors = 0, n_engines = 0;
    if (plugin->version == NULL)
        say(&judge, false, plugin->id, _("it has no version"));
    if (plugin->spdx == NULL)
        say(&judge, false, plugin->id, _("it names no licence"));
    if (plugin->summary == NULL)
        say(&judge, false, plugin->id, _("it has no summary"));
    for (; plugin->dissectors != NULL && plugin->dissectors[n_dissectors] != NULL; n_dissectors++)
        judge_dissector(&judge, plugin->dissectors[n_dissectors]);
    for (; plugin->engines != NULL && plugin->engines[n_engines] != NULL; n_engines++)
        judge_engine(&judge, plugin->engines[n_engines]);
    if (n_dissectors + n_engines == 0)
        say(&judge, false, plugin->id, _("it brings nothing"));
    if (judge.n_errors == 0)
        printf(_("%s: plugin \"%s\" can be used: %u dissectors, %u engines, %u warnings\n"), path,
               plugin->id, n_dissectors, n_engines, judge.n_warnings);
    return judge.n_errors == 0 ? MG_EXIT_DONE : MG_EXIT_NO;
}

/* A registry that holds this file alone: what others have taken does not count. */
static int check_alone(const char *command, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp(NULL, &error);
    if (folder == NULL) {
        mg_complain(command, "%s", error->message);
        return MG_EXIT_FAILED;
    }
    g_autofree char *link = g_build_filename(folder, "plugin.so", NULL);
    g_autofree char *target = g_canonicalize_filename(path, NULL);
    int result = MG_EXIT_FAILED;
    if (symlink(target, link) != 0) {
        mg_complain(command, "%s: %s", link, g_strerror(errno));
    } else {
        g_autoptr(MgRegistry) registry = mg_registry_new_for_path(folder);
        const MgPluginEntry *entry = mg_registry_entry(registry, 0);
        if (entry->plugin != NULL) {
            result = judge_plugin(path, entry->plugin);
        } else {
            printf("%s: error: %s\n", path, entry->problem);
            result = MG_EXIT_NO;
        }
    }
    g_unlink(link);
    g_rmdir(folder);
    return result;
}

int mg_plugin_check_main(int argc, char **argv, MgRegistry *registry)
{
    static const char command[] = "mailglass plugin check";
    const GOptionEntry entries[] = {{0}};
    bool helped = false;
    int result = mg_parse_options(
        command, "FILE",
        _("Loads one plugin and says what it brings and what it lacks. Exit status 1 if it cannot "
          "be used.\n\nExample:\n  mailglass plugin check ./daytime.so"),
        entries, &argc, &argv, &helped);
    if (result != MG_EXIT_DONE || helped)
        return result;
    if (argc != 2) {
        mg_complain(command, "%s", _("one file is wanted; see --help"));
        return MG_EXIT_USAGE;
    }
    if (!g_file_test(argv[1], G_FILE_TEST_IS_REGULAR)) {
        mg_complain(command, _("there is no file \"%s\""), argv[1]);
        return MG_EXIT_FAILED;
    }
    return check_alone(command, argv[1]);
}
