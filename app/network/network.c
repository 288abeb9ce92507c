/* SPDX-License-Identifier: GPL-3.0-or-later */
/* network.c - a network as its folder says it, read with all its mistakes */
#include <glib/gi18n-lib.h>

#include "network-private.h"

/* Used when a network does not say which day it is. */
#define EPOCH_USUAL INT64_C(1772442000) /* 2026-03-02T09:00:00Z */
#define DELAY_USUAL (20 * MG_MILLISECONDS)
#define REPEAT_MAX  1000000u

/* ---- helpers for all sections ---- */

int mg_network_find_host(const MgNetwork *network, const char *name)
{
    for (unsigned i = 0; i < network->hosts->len; i++)
        if (strcmp(g_array_index(network->hosts, MgNetworkHost, i).name, name) == 0)
            return (int)i;
    return -1;
}

const char **mg_network_host_names(const MgNetwork *network)
{
    const char **names = g_new0(const char *, network->hosts->len + 1);
    for (unsigned i = 0; i < network->hosts->len; i++)
        names[i] = g_array_index(network->hosts, MgNetworkHost, i).name;
    return names;
}

/* A key or section that means nothing is left alone (a newer program may know it); a host that is
 * not there (`what` NULL) is an error. */
void mg_network_unknown(MgNetworkReader *reader, unsigned line, const char *what, const char *word,
                        const char *const *among)
{
    const char *nearest = mg_ini_nearest(word, among);
    if (what == NULL && nearest != NULL)
        mg_complain_error(&reader->complaints, line,
                          _("there is no host \"%s\"; did you mean \"%s\"?"), word, nearest);
    else if (what == NULL)
        mg_complain_error(&reader->complaints, line,
                          _("there is no host \"%s\": add a section [host %s]"), word, word);
    else if (nearest != NULL)
        mg_complain_warning(&reader->complaints, line,
                            _("the %s \"%s\" is not known and has no effect; did you mean \"%s\"?"),
                            what, word, nearest);
    else
        mg_complain_warning(&reader->complaints, line,
                            _("the %s \"%s\" is not known and has no effect"), what, word);
}

/* A network is given away: it names files of its own folder and no others. */
static bool stays_inside(const char *name)
{
    if (name[0] == '\0' || g_path_is_absolute(name))
        return false;
    g_auto(GStrv) parts = g_strsplit(name, G_DIR_SEPARATOR_S, -1);
    return !g_strv_contains((const char *const *)parts, "..");
}

GBytes *mg_network_read_file(const MgNetwork *network, const char *name, GError **error)
{
    if (!stays_inside(name)) {
        g_set_error(error, MG_ERROR, MG_ERROR_CONFIG,
                    _("\"%s\" is not inside the network's folder: give a path like mail/hello.eml"),
                    name);
        return NULL;
    }
    g_autofree char *path =
        network->also != NULL ? g_build_filename(network->also, name, NULL) : NULL;
    if (path == NULL || !g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_free(path);
        path = g_build_filename(network->path, name, NULL);
    }
    g_autoptr(GMappedFile) file = NULL;
    g_autoptr(GError) reason = NULL;
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        if (network->also != NULL)
            g_set_error(error, MG_ERROR, MG_ERROR_CONFIG,
                        _("there is no file \"%s\", neither in %s nor in %s"), name, network->also,
                        network->path);
        else
            g_set_error(error, MG_ERROR, MG_ERROR_CONFIG, _("there is no file \"%s\" in %s"), name,
                        network->path);
        return NULL;
    }
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR) ||
        (file = g_mapped_file_new(path, FALSE, &reason)) == NULL) {
        g_set_error(error, MG_ERROR, MG_ERROR_CONFIG, _("the file \"%s\" cannot be read: %s"), name,
                    reason != NULL ? reason->message : _("it is no plain file"));
        return NULL;
    }
    if (g_mapped_file_get_length(file) > MG_NETWORK_FILE_MAX) {
        g_set_error(error, MG_ERROR, MG_ERROR_CONFIG, _("the file \"%s\" is larger than %u MiB"),
                    name, (unsigned)(MG_NETWORK_FILE_MAX >> 20));
        return NULL;
    }
    /* A copy: what is mapped changes when somebody edits the file. */
    return g_bytes_new(g_mapped_file_get_contents(file), g_mapped_file_get_length(file));
}

/* ---- [network] ---- */

static void read_epoch(MgNetworkReader *reader, const MgIniRow *row)
{
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(row->value, utc);
    if (time == NULL)
        mg_complain_error(&reader->complaints, row->line,
                          _("epoch=%s is no date of ISO 8601: write one like "
                            "2026-03-02T09:00:00Z"),
                          row->value);
    else
        reader->network->epoch = g_date_time_to_unix(time);
}

static void read_plugins(MgNetworkReader *reader, const MgIniRow *row)
{
    g_auto(GStrv) ids = mg_ini_list(row->value);
    for (size_t i = 0; ids[i] != NULL; i++) {
        bool loaded = false;
        for (size_t j = 0; !loaded && j < mg_registry_n_entries(reader->registry); j++) {
            const MgPlugin *plugin = mg_registry_entry(reader->registry, j)->plugin;
            loaded = plugin != NULL && strcmp(plugin->id, ids[i]) == 0;
        }
        if (!loaded)
            mg_complain_error(&reader->complaints, row->line,
                              _("this network needs plugin \"%s\", which is not loaded"), ids[i]);
    }
}

static void replace(char **text, const char *by)
{
    g_free(*text);
    *text = g_strdup(by);
}

static void read_text(const MgIniRow *row, char **text, char **text_ko)
{
    if (row->language == NULL)
        replace(text, row->value);
    else if (strcmp(row->language, "ko") == 0)
        replace(text_ko, row->value);
}

static void read_network(MgNetworkReader *reader, const MgIniSection *section)
{
    static const char *const keys[] = {"format", "title", "description", "epoch", "plugins", NULL};
    MgNetwork *network = reader->network;
    for (unsigned i = 0; i < section->rows->len; i++) {
        const MgIniRow *row = &g_array_index(section->rows, MgIniRow, i);
        if (strcmp(row->key, "title") == 0)
            read_text(row, &network->title, &network->title_ko);
        else if (strcmp(row->key, "description") == 0)
            read_text(row, &network->description, &network->description_ko);
        else if (strcmp(row->key, "epoch") == 0)
            read_epoch(reader, row);
        else if (strcmp(row->key, "plugins") == 0)
            read_plugins(reader, row);
        else if (strcmp(row->key, "format") != 0)
            mg_network_unknown(reader, row->line, _("key"), row->key, keys);
        else if (strcmp(row->value, "1") != 0)
            mg_complain_error(&reader->complaints, row->line,
                              _("format=%s: this program reads format 1"), row->value);
    }
}

/* ---- [link A B] ---- */

static void read_weather(MgNetworkReader *reader, const MgIniSection *section, MgNetworkLink *link)
{
    static const char *const keys[] = {"delay", "loss", NULL};
    for (unsigned i = 0; i < section->rows->len; i++) {
        const MgIniRow *row = &g_array_index(section->rows, MgIniRow, i);
        if (strcmp(row->key, "delay") == 0) {
            if (!mg_time_parse(row->value, &link->delay))
                mg_complain_error(&reader->complaints, row->line,
                                  _("delay=%s: a time is wanted, like 20ms"), row->value);
        } else if (strcmp(row->key, "loss") == 0) {
            char *end = NULL;
            double loss = g_ascii_strtod(row->value, &end);
            if (end == row->value || *end != '\0' || !(loss >= 0 && loss <= 1))
                mg_complain_error(&reader->complaints, row->line,
                                  _("loss=%s: a number from 0 (nothing is lost) to 1 (everything) "
                                    "is wanted"),
                                  row->value);
            else
                link->loss = loss;
        } else {
            mg_network_unknown(reader, row->line, _("key"), row->key, keys);
        }
    }
}

static void read_link(MgNetworkReader *reader, const MgIniSection *section)
{
    MgNetwork *network = reader->network;
    MgNetworkLink link = {.delay = DELAY_USUAL, .line = section->line};
    read_weather(reader, section, &link);
    if (g_strv_length(section->names) != 2) {
        mg_complain_error(&reader->complaints, section->line,
                          _("a link has two hosts: [link alice mta.example.com]"));
        return;
    }
    int ends[2];
    for (size_t i = 0; i < 2; i++) {
        ends[i] = mg_network_find_host(network, section->names[i]);
        if (ends[i] < 0) {
            g_autofree const char **names = mg_network_host_names(network);
            mg_network_unknown(reader, section->line, NULL, section->names[i], names);
        }
    }
    if (ends[0] < 0 || ends[1] < 0)
        return;
    if (ends[0] == ends[1]) {
        mg_complain_error(&reader->complaints, section->line, _("%s is linked with itself"),
                          section->names[0]);
        return;
    }
    link.a = (size_t)ends[0];
    link.b = (size_t)ends[1];
    for (unsigned i = 0; i < network->links->len; i++) {
        const MgNetworkLink *other = &g_array_index(network->links, MgNetworkLink, i);
        if ((other->a == link.a && other->b == link.b) ||
            (other->a == link.b && other->b == link.a))
            mg_complain_error(&reader->complaints, section->line,
                              _("these two are linked already (line %u)"), other->line);
    }
    g_array_append_val(network->links, link);
}

static void check_links(MgNetworkReader *reader)
{
    MgNetwork *network = reader->network;
    g_autofree bool *linked = g_new0(bool, network->hosts->len + 1);
    for (unsigned i = 0; i < network->links->len; i++) {
        const MgNetworkLink *link = &g_array_index(network->links, MgNetworkLink, i);
        linked[link->a] = linked[link->b] = true;
    }
    for (unsigned i = 0; network->hosts->len > 1 && i < network->hosts->len; i++) {
        const MgNetworkHost *host = &g_array_index(network->hosts, MgNetworkHost, i);
        if (!linked[i])
            mg_complain_warning(&reader->complaints, host->line,
                                _("host %s has no link: nobody can reach it"), host->name);
    }
}

/* ---- [script] ---- */

/* at 5s bob fetch */
static void read_action(MgNetworkReader *reader, const MgIniRow *row)
{
    g_auto(GStrv) words = g_strsplit_set(row->value, " \t", 3);
    MgNetworkAction action = {.line = row->line};
    if (g_strv_length(words) != 3 || strcmp(words[0], "at") != 0) {
        mg_complain_error(&reader->complaints, row->line,
                          _("\"%s\": write when who does what, like \"at 5s bob fetch\""),
                          row->value);
        return;
    }
    if (!mg_time_parse(words[1], &action.at)) {
        mg_complain_error(&reader->complaints, row->line,
                          _("\"%s\" is no time: write one like 0s, 20ms or 15min"), words[1]);
        return;
    }
    g_autoptr(GError) error = NULL;
    if (!mg_network_parse_action(reader->network, reader->registry, words[2], NULL, &action,
                                 &error)) {
        mg_complain_error(&reader->complaints, row->line, "%s", error->message);
        return;
    }
    g_array_append_val(reader->network->actions, action);
}

static int compare_actions(const void *a, const void *b)
{
    const MgNetworkAction *first = a, *second = b;
    return first->at < second->at ? -1 : first->at > second->at;
}

void mg_network_repeat(MgNetwork *network, unsigned times, MgTime every)
{
    unsigned n = network->actions->len;
    MgTime last = n > 0 ? g_array_index(network->actions, MgNetworkAction, n - 1).at : 0;
    network->repeat = times;
    network->every = every != 0 ? every : last + 10 * MG_SECONDS;
}

static void read_script(MgNetworkReader *reader, const MgIniSection *section)
{
    unsigned repeat = 1;
    MgTime every = 0;
    for (unsigned i = 0; i < section->rows->len; i++) {
        const MgIniRow *row = &g_array_index(section->rows, MgIniRow, i);
        guint64 times = 0;
        if (strcmp(row->key, "every") == 0) {
            if (!mg_time_parse(row->value, &every))
                mg_complain_error(&reader->complaints, row->line,
                                  _("every=%s: a time is wanted, like 10s"), row->value);
        } else if (strcmp(row->key, "repeat") == 0) {
            if (g_ascii_string_to_unsigned(row->value, 10, 1, REPEAT_MAX, &times, NULL))
                repeat = (unsigned)times;
            else
                mg_complain_error(&reader->complaints, row->line,
                                  _("repeat=%s: a number from 1 to %u is wanted"), row->value,
                                  REPEAT_MAX);
        } else {
            read_action(reader, row);
        }
    }
    g_array_sort(reader->network->actions,
                 compare_actions); /* stable: at one time, as in the file */
    mg_network_repeat(reader->network, repeat, every);
}

/* ---- the whole ---- */

static void region_clear(void *data)
{
    g_free(*(char **)data);
}

static void action_clear(void *data)
{
    mg_network_action_clear(data);
}

static MgNetwork *network_new(const char *folder)
{
    MgNetwork *network = g_new0(MgNetwork, 1);
    network->path = g_strdup(folder);
    network->epoch = EPOCH_USUAL;
    network->hosts = g_array_new(FALSE, TRUE, sizeof(MgNetworkHost));
    network->links = g_array_new(FALSE, TRUE, sizeof(MgNetworkLink));
    network->actions = g_array_new(FALSE, TRUE, sizeof(MgNetworkAction));
    network->regions = g_array_new(FALSE, TRUE, sizeof(char *));
    g_array_set_clear_func(network->hosts, mg_network_host_clear);
    g_array_set_clear_func(network->actions, action_clear);
    g_array_set_clear_func(network->regions, region_clear);
    return network;
}

void mg_network_free(MgNetwork *network)
{
    if (network == NULL)
        return;
    g_array_unref(network->hosts);
    g_array_unref(network->links);
    g_array_unref(network->actions);
    g_array_unref(network->regions);
    g_free(network->also);
    g_free(network->path);
    g_free(network->title);
    g_free(network->title_ko);
    g_free(network->description);
    g_free(network->description_ko);
    g_free(network);
}

/* A section that may be there once only: complains about the second. */
static void check_once(MgNetworkReader *reader, const MgIniSection *section, unsigned *first)
{
    if (*first != 0)
        mg_complain_error(&reader->complaints, section->line,
                          _("[%s] is there twice; the first is on line %u"), section->kind, *first);
    else
        *first = section->line;
    if (section->names[0] != NULL)
        mg_complain_error(&reader->complaints, section->line, _("[%s] has no name after it"),
                          section->kind);
}

/* Hosts before links before the script, wherever they stand in the file. */
static void read_sections(MgNetworkReader *reader)
{
    static const char *const kinds[] = {"network", "host", "link", "script", NULL};
    unsigned network_line = 0, script_line = 0;
    for (size_t pass = 0; kinds[pass] != NULL; pass++) {
        for (unsigned i = 0; i < reader->sections->len; i++) {
            const MgIniSection *section = g_ptr_array_index(reader->sections, i);
            if (pass == 0 && !g_strv_contains(kinds, section->kind))
                mg_network_unknown(reader, section->line, _("section"), section->kind, kinds);
            if (strcmp(section->kind, kinds[pass]) != 0)
                continue;
            if (pass == 0) {
                check_once(reader, section, &network_line);
                read_network(reader, section);
            } else if (pass == 1) {
                mg_network_read_host(reader, section);
            } else if (pass == 2) {
                read_link(reader, section);
            } else {
                check_once(reader, section, &script_line);
                read_script(reader, section);
            }
        }
        if (pass == 1)
            mg_network_check_hosts(reader);
    }
    if (network_line == 0)
        mg_complain_error(&reader->complaints, 0,
                          _("there is no section [network]; it begins with format=1"));
    if (reader->network->hosts->len == 0)
        mg_complain_error(&reader->complaints, 0, _("there is no host: add [host NAME]"));
    check_links(reader);
}

/* The order of the file, whatever was read first: people mend it from top to bottom. */
static int compare_lines(const void *a, const void *b, void *data)
{
    const char *path = data;
    unsigned lines[2] = {0, 0};
    const char *const texts[] = {*(char *const *)a, *(char *const *)b};
    for (size_t i = 0; i < 2; i++)
        if (g_str_has_prefix(texts[i], path) && texts[i][strlen(path)] == ':')
            lines[i] = (unsigned)g_ascii_strtoull(texts[i] + strlen(path) + 1, NULL, 10);
    return lines[0] < lines[1] ? -1 : lines[0] > lines[1];
}

static void sort_problems(GPtrArray *problems, unsigned from, const char *path)
{
    if (problems->len > from)
        g_qsort_with_data(problems->pdata + from, (int)(problems->len - from), sizeof(void *),
                          compare_lines, (void *)path);
}

MgNetwork *mg_network_load(const char *path, const MgRegistry *registry, GPtrArray *problems)
{
    bool is_folder = g_file_test(path, G_FILE_TEST_IS_DIR);
    g_autofree char *ini = is_folder ? g_build_filename(path, "network.ini", NULL) : g_strdup(path);
    g_autofree char *folder = g_path_get_dirname(ini);
    MgNetworkReader reader = {.complaints = {.path = ini, .problems = problems},
                              .registry = registry};
    g_autofree char *text = NULL;
    size_t len = 0;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(ini, &text, &len, &error)) {
        bool absent = g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
        mg_complain_error(&reader.complaints, 0, "%s",
                          !absent     ? error->message
                          : is_folder ? _("a network is a folder with a file network.ini; there is "
                                          "none here")
                                      : _("there is no such file or folder"));
        return NULL;
    }
    if (len > MG_NETWORK_INI_MAX) {
        mg_complain_error(&reader.complaints, 0, _("this file is too large to be a network"));
        return NULL;
    }
    unsigned from = problems->len;
    g_autoptr(MgNetwork) network = network_new(folder);
    reader.network = network;
    reader.sections = mg_ini_parse(text, len, &reader.complaints);
    read_sections(&reader);
    g_ptr_array_unref(reader.sections);
    if (network->title == NULL)
        network->title = g_path_get_basename(folder);
    sort_problems(problems, from, ini);
    return reader.complaints.n_errors == 0 ? g_steal_pointer(&network) : NULL;
}
