/* SPDX-License-Identifier: GPL-3.0-or-later */
/* registry.c - plugins: found, judged, loaded; what they bring is found by name
 *
 * A plugin is data, so judging one runs none of its code. A module that is in use is never
 * unloaded: its tables are pointed at from everywhere, and static types it may register would break
 * on a second load.
 */
#include <glib/gi18n-lib.h>
#include <gmodule.h>
#include <stddef.h>
#include <stdlib.h>

#include "inet.h"
#include "registry.h"

#define DISSECTORS_MAX 255u /* an index fits 8 bits, and 0 is none */

typedef struct {
    const MgField *field;
    const MgDissector *dissector;
} FieldPlace;

struct MgRegistry {
    gatomicrefcount refs;
    GPtrArray *entries; /* MgPluginEntry */
    GHashTable *seen;   /* real paths */
    GPtrArray *domains; /* gettext domains of plugins, without the program's own */
    const MgDissector *dissectors[DISSECTORS_MAX + 1];
    size_t n_dissectors;       /* the none at 0 included */
    GPtrArray *engines;        /* MgEngineKind */
    GPtrArray *engine_plugins; /* MgPlugin, beside `engines` */
    GHashTable *engines_by_name;
    GPtrArray *layers;  /* MgLayerKind */
    GHashTable *fields; /* id → FieldPlace */
    GHashTable *rules;  /* id → MgRule */
};

static void free_entry(void *data)
{
    MgPluginEntry *entry = data;
    g_free((char *)entry->path);
    g_free((char *)entry->problem);
    g_free((MgPlugin *)entry->plugin);
    g_free(entry);
}

static MgPluginEntry *add_entry(MgRegistry *registry, const char *path)
{
    MgPluginEntry *entry = g_new0(MgPluginEntry, 1);
    entry->path = g_strdup(path);
    g_ptr_array_add(registry->entries, entry);
    return entry;
}

/* ---- judging ---- */

/* A copy that holds what the plugin was built with, and nothing beyond; NULL with a problem. */
static MgPlugin *copy_descriptor(const MgPlugin *theirs, char **problem)
{
    if (theirs->abi_major != MG_ABI_MAJOR) {
        *problem =
            g_strdup_printf(_("wrong ABI: built for %u.%u, this program has %u.%u"),
                            theirs->abi_major, theirs->abi_minor, MG_ABI_MAJOR, MG_ABI_MINOR);
        return NULL;
    }
    if (theirs->size < offsetof(MgPlugin, dissectors)) {
        *problem = g_strdup_printf(_("broken file: its description has %zu octets, "
                                     "at least %zu are needed"),
                                   theirs->size, offsetof(MgPlugin, dissectors));
        return NULL;
    }
    MgPlugin *plugin = g_new0(MgPlugin, 1);
    /* Whole members only: a size in the middle of one ends before it. */
    size_t whole = MIN(theirs->size, sizeof *plugin);
    whole -= (whole - offsetof(MgPlugin, dissectors)) % sizeof(void *);
    memcpy(plugin, theirs, whole);
    return plugin;
}

static char *judge_dissectors(const MgRegistry *registry, const MgPlugin *plugin)
{
    size_t n = registry->n_dissectors;
    for (size_t i = 0; plugin->dissectors != NULL && plugin->dissectors[i] != NULL; i++) {
        const MgDissector *dissector = plugin->dissectors[i];
        if (dissector->name == NULL || dissector->name[0] == '\0')
            return g_strdup(_("broken file: a dissector of it has no name"));
        if (mg_registry_dissector_index(registry, dissector->name) != 0)
            return g_strdup_printf(_("the dissector \"%s\" is there already"), dissector->name);
        if (++n > DISSECTORS_MAX + 1)
            return g_strdup_printf(_("too many dissectors: there can be %u"), DISSECTORS_MAX);
    }
    return NULL;
}

static char *judge_engines(const MgRegistry *registry, const MgPlugin *plugin)
{
    for (size_t i = 0; plugin->engines != NULL && plugin->engines[i] != NULL; i++) {
        const MgEngineKind *kind = plugin->engines[i];
        if (kind->name == NULL || kind->name[0] == '\0')
            return g_strdup(_("broken file: an engine of it has no name"));
        if (kind->create == NULL || kind->free == NULL || kind->next == NULL ||
            (kind->advance == NULL) != (kind->deadline == NULL))
            return g_strdup_printf(_("broken file: the engine \"%s\" lacks a function"),
                                   kind->name);
        if (mg_registry_engine(registry, kind->name) != NULL)
            return g_strdup_printf(_("the engine \"%s\" is there already"), kind->name);
    }
    return NULL;
}

static char *judge_layers(const MgRegistry *registry, const MgPlugin *plugin)
{
    for (size_t i = 0; plugin->layers != NULL && plugin->layers[i] != NULL; i++) {
        const MgLayerKind *kind = plugin->layers[i];
        if (kind->name == NULL || kind->name[0] == '\0' || kind->topic == NULL)
            return g_strdup(_("broken file: a layer of it has no name"));
        if (kind->create == NULL || kind->free == NULL || kind->send == NULL ||
            kind->receive == NULL || kind->receive_end == NULL || kind->close == NULL ||
            kind->next == NULL)
            return g_strdup_printf(_("broken file: the layer \"%s\" lacks a function"), kind->name);
        if (mg_registry_layer(registry, kind->topic) != NULL)
            return g_strdup_printf(_("the layer \"%s\" is there already"), kind->name);
    }
    return NULL;
}

static char *judge(const MgRegistry *registry, const MgPlugin *plugin)
{
    if (plugin->id == NULL || plugin->id[0] == '\0')
        return g_strdup(_("broken file: it has no id"));
    for (unsigned i = 0; i < registry->entries->len; i++) {
        const MgPluginEntry *other = g_ptr_array_index(registry->entries, i);
        if (other->plugin != NULL && strcmp(other->plugin->id, plugin->id) == 0)
            return g_strdup_printf(_("the id \"%s\" is taken by %s"), plugin->id, other->path);
    }
    char *problem = judge_dissectors(registry, plugin);
    if (problem == NULL)
        problem = judge_engines(registry, plugin);
    return problem != NULL ? problem : judge_layers(registry, plugin);
}

/* ---- taking in ---- */

static void add_dissector(MgRegistry *registry, const MgDissector *dissector)
{
    g_assert(registry->n_dissectors <= DISSECTORS_MAX);
    registry->dissectors[registry->n_dissectors++] = dissector;
    for (size_t i = 0; i < dissector->n_fields; i++) {
        const MgField *field = &dissector->fields[i];
        if (field->id == NULL || g_hash_table_contains(registry->fields, field->id))
            continue; /* the first to declare a name keeps it */
        FieldPlace *place = g_new(FieldPlace, 1);
        *place = (FieldPlace){field, dissector};
        g_hash_table_insert(registry->fields, (char *)field->id, place);
    }
}

/* What is no engine's: the network itself. */
static const MgRule own_rules[] = {
    {"link.written-over", MG_SEVERITY_FAULT, "RFC 3207 §6",
     N_("Somebody on the way writes over what passes, and what is left is as long as before, so "
        "no sum and no number gives it away. Only encryption does.")},
    {0},
};

static void add_rules(MgRegistry *registry, const MgRule *rules)
{
    for (const MgRule *rule = rules; rule != NULL && rule->id != NULL; rule++)
        if (!g_hash_table_contains(registry->rules, rule->id))
            g_hash_table_insert(registry->rules, (char *)rule->id, (MgRule *)rule);
}

static void add_engine(MgRegistry *registry, const MgEngineKind *kind, const MgPlugin *plugin)
{
    g_ptr_array_add(registry->engines, (MgEngineKind *)kind);
    g_ptr_array_add(registry->engine_plugins, (MgPlugin *)plugin);
    g_hash_table_insert(registry->engines_by_name, (char *)kind->name, (MgEngineKind *)kind);
    add_rules(registry, kind->rules);
}

static void add_plugin(MgRegistry *registry, const MgPlugin *plugin)
{
    g_assert(plugin != NULL);
    for (size_t i = 0; plugin->dissectors != NULL && plugin->dissectors[i] != NULL; i++)
        add_dissector(registry, plugin->dissectors[i]);
    for (size_t i = 0; plugin->engines != NULL && plugin->engines[i] != NULL; i++)
        add_engine(registry, plugin->engines[i], plugin);
    for (size_t i = 0; plugin->layers != NULL && plugin->layers[i] != NULL; i++) {
        g_ptr_array_add(registry->layers, (MgLayerKind *)plugin->layers[i]);
        add_rules(registry, plugin->layers[i]->rules);
    }
    if (plugin->domain != NULL && strcmp(plugin->domain, GETTEXT_PACKAGE) != 0 &&
        !g_ptr_array_find_with_equal_func(registry->domains, plugin->domain, g_str_equal, NULL))
        g_ptr_array_add(registry->domains, (char *)plugin->domain);
}

/* The loader's words without the path, which the entry has already, and on one line. */
static char *load_problem(const char *path, const GError *error)
{
    const char *text = error->message;
    if (g_str_has_prefix(text, path)) {
        text += strlen(path);
        text += strspn(text, ": ");
    }
    g_autofree char *line = g_strdelimit(g_strdup(text), "\n", ' ');
    return g_strdup_printf(_("broken file: it cannot be loaded (%s)"), line);
}

static void load_file(MgRegistry *registry, const char *path)
{
    char *real = realpath(path, NULL);
    bool again = real != NULL && g_hash_table_contains(registry->seen, real);
    if (real != NULL && !again)
        g_hash_table_add(registry->seen, g_strdup(real));
    free(real);
    if (again)
        return;

    MgPluginEntry *entry = add_entry(registry, path);
    g_autoptr(GError) error = NULL;
    GModule *module = g_module_open_full(path, G_MODULE_BIND_LOCAL, &error);
    if (module == NULL) {
        entry->problem = load_problem(path, error);
        return;
    }
    void *symbol = NULL;
    char *problem = NULL;
    MgPlugin *plugin = NULL;
    if (g_module_symbol(module, "mg_plugin", &symbol) && symbol != NULL)
        plugin = copy_descriptor(symbol, &problem);
    else
        problem = g_strdup(_("not a plugin: the symbol \"mg_plugin\" is missing"));
    if (plugin != NULL)
        problem = judge(registry, plugin);
    if (problem != NULL) {
        entry->problem = problem;
        g_free(plugin);
        g_module_close(module);
        return;
    }
    g_module_make_resident(module);
    entry->plugin = plugin;
    add_plugin(registry, plugin);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In order of name, so that what a folder brings does not depend on how it lies on the disk. */
static void load_folder(MgRegistry *registry, const char *folder, bool must_exist)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
    if (dir == NULL) {
        bool absent = g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
        if (absent && !must_exist)
            return;
        MgPluginEntry *entry = add_entry(registry, folder);
        entry->problem = absent
                             ? g_strdup(_("there is no such folder"))
                             : g_strdup_printf(_("the folder cannot be read: %s"), error->message);
        return;
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;)
        if (g_str_has_suffix(name, "." G_MODULE_SUFFIX))
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    for (unsigned i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, g_ptr_array_index(names, i), NULL);
        load_file(registry, path);
    }
}

static void load_path(MgRegistry *registry, const char *path)
{
    g_auto(GStrv) folders = g_strsplit(path, G_SEARCHPATH_SEPARATOR_S, -1);
    for (size_t i = 0; folders[i] != NULL; i++)
        if (folders[i][0] != '\0')
            load_folder(registry, folders[i], true);
}

static MgRegistry *new_registry(void)
{
    MgRegistry *registry = g_new0(MgRegistry, 1);
    g_atomic_ref_count_init(&registry->refs);
    registry->entries = g_ptr_array_new_with_free_func(free_entry);
    registry->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    registry->domains = g_ptr_array_new();
    registry->n_dissectors = 1;
    registry->engines = g_ptr_array_new();
    registry->engine_plugins = g_ptr_array_new();
    registry->layers = g_ptr_array_new();
    registry->engines_by_name = g_hash_table_new(g_str_hash, g_str_equal);
    registry->fields = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    registry->rules = g_hash_table_new(g_str_hash, g_str_equal);
    add_rules(registry, own_rules);
    for (size_t i = 0; mg_inet_dissectors[i] != NULL; i++)
        add_dissector(registry, mg_inet_dissectors[i]);
    return registry;
}

MgRegistry *mg_registry_new(void)
{
    MgRegistry *registry = new_registry();
    const char *path = g_getenv("MAILGLASS_PLUGIN_PATH");
    if (path != NULL)
        load_path(registry, path);
    g_autofree char *user = g_build_filename(g_get_user_data_dir(), "mailglass", "plugins", NULL);
    load_folder(registry, user, false);
    load_folder(registry, MG_PLUGINDIR, false);
    return registry;
}

MgRegistry *mg_registry_new_for_path(const char *path)
{
    MgRegistry *registry = new_registry();
    load_path(registry, path);
    return registry;
}

MgRegistry *mg_registry_ref(MgRegistry *registry)
{
    g_atomic_ref_count_inc(&registry->refs);
    return registry;
}

void mg_registry_unref(MgRegistry *registry)
{
    if (registry == NULL || !g_atomic_ref_count_dec(&registry->refs))
        return;
    g_hash_table_unref(registry->rules);
    g_hash_table_unref(registry->fields);
    g_hash_table_unref(registry->engines_by_name);
    g_ptr_array_unref(registry->engine_plugins);
    g_ptr_array_unref(registry->engines);
    g_ptr_array_unref(registry->layers);
    g_ptr_array_unref(registry->domains);
    g_hash_table_unref(registry->seen);
    g_ptr_array_unref(registry->entries);
    g_free(registry);
}

/* ---- finding ---- */

size_t mg_registry_n_entries(const MgRegistry *registry)
{
    return registry->entries->len;
}

const MgPluginEntry *mg_registry_entry(const MgRegistry *registry, size_t i)
{
    g_assert(i < registry->entries->len);
    return g_ptr_array_index(registry->entries, i);
}

uint8_t mg_registry_dissector_index(const MgRegistry *registry, const char *name)
{
    for (size_t i = 1; name != NULL && i < registry->n_dissectors; i++)
        if (strcmp(registry->dissectors[i]->name, name) == 0)
            return (uint8_t)i;
    return 0;
}

const MgDissector *mg_registry_dissector(const MgRegistry *registry, uint8_t index)
{
    return index < registry->n_dissectors ? registry->dissectors[index] : NULL;
}

size_t mg_registry_n_dissectors(const MgRegistry *registry)
{
    return registry->n_dissectors;
}

uint8_t mg_registry_dissector_for_port(const MgRegistry *registry, MgTransport transport,
                                       uint16_t port)
{
    for (size_t i = 1; transport != MG_TRANSPORT_NONE && i < registry->n_dissectors; i++) {
        const uint16_t *ports = transport == MG_TRANSPORT_STREAM
                                    ? registry->dissectors[i]->stream_ports
                                    : registry->dissectors[i]->datagram_ports;
        for (; ports != NULL && *ports != 0; ports++)
            if (*ports == port)
                return (uint8_t)i;
    }
    return 0;
}

const MgEngineKind *mg_registry_engine(const MgRegistry *registry, const char *name)
{
    return name != NULL ? g_hash_table_lookup(registry->engines_by_name, name) : NULL;
}

size_t mg_registry_n_engines(const MgRegistry *registry)
{
    return registry->engines->len;
}

const MgEngineKind *mg_registry_engine_at(const MgRegistry *registry, size_t i)
{
    g_assert(i < registry->engines->len);
    return g_ptr_array_index(registry->engines, i);
}

const MgPlugin *mg_registry_engine_plugin(const MgRegistry *registry, const MgEngineKind *kind)
{
    for (unsigned i = 0; i < registry->engines->len; i++)
        if (g_ptr_array_index(registry->engines, i) == kind)
            return g_ptr_array_index(registry->engine_plugins, i);
    return NULL;
}

const MgLayerKind *mg_registry_layer(const MgRegistry *registry, const char *topic)
{
    for (unsigned i = 0; i < registry->layers->len; i++)
        if (strcmp(mg_registry_layer_at(registry, i)->topic, topic) == 0)
            return mg_registry_layer_at(registry, i);
    return NULL;
}

size_t mg_registry_n_layers(const MgRegistry *registry)
{
    return registry->layers->len;
}

const MgLayerKind *mg_registry_layer_at(const MgRegistry *registry, size_t i)
{
    g_assert(i < registry->layers->len);
    return g_ptr_array_index(registry->layers, i);
}

const MgSettingRow *mg_registry_layer_setting(const MgRegistry *registry, const char *key)
{
    for (unsigned i = 0; i < registry->layers->len; i++)
        for (const MgSettingRow *row = mg_registry_layer_at(registry, i)->settings;
             row != NULL && row->key != NULL; row++)
            if (strcmp(row->key, key) == 0)
                return row;
    return NULL;
}

const MgField *mg_registry_field(const MgRegistry *registry, const char *id,
                                 const MgDissector **dissector)
{
    const FieldPlace *place = g_hash_table_lookup(registry->fields, id);
    if (place == NULL)
        return NULL;
    if (dissector != NULL)
        *dissector = place->dissector;
    return place->field;
}

const MgRule *mg_registry_rule(const MgRegistry *registry, const char *id)
{
    return g_hash_table_lookup(registry->rules, id);
}

const char *mg_registry_translate(const MgRegistry *registry, const char *text)
{
    if (text == NULL || text[0] == '\0') /* gettext answers "" with its file's header */
        return text;
    const char *said = g_dgettext(GETTEXT_PACKAGE, text);
    for (unsigned i = 0; said == text && i < registry->domains->len; i++)
        said = g_dgettext(g_ptr_array_index(registry->domains, i), text);
    return said;
}
