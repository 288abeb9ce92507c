/* SPDX-License-Identifier: GPL-3.0-or-later */
/* network-host.c - a [host] section: its engines, mailboxes, settings */
#include <glib/gi18n-lib.h>

#include "inet.h"
#include "network-private.h"

/* The kinds of hosts that the design knows; plugins' `usual` words may bring more. */
static const char *const host_kinds[] = {"mua",        "mta", "mda",      "resolver",
                                         "nameserver", "rbl", "attacker", "keyserver"};

/* Keys of a host that are no engine's setting. */
static const char *const host_keys[] = {"kind",    "region",    "address",  "at",
                                        "engines", "mailboxes", "resolver", "policies"};

void mg_network_host_clear(void *data)
{
    MgNetworkHost *host = data;
    g_free(host->name);
    g_free(host->kind);
    g_free(host->region);
    g_strfreev(host->addresses);
    for (size_t i = 0; i < host->settings.n_rows; i++) {
        const MgSetting *row = &host->settings.rows[i];
        g_free((char *)row->key);
        g_free((char *)row->value);
        g_free((char *)row->path);
    }
    g_free((MgSetting *)host->settings.rows);
    g_free(host->engines);
    for (size_t i = 0; i < host->n_mailboxes; i++) {
        g_free(host->mailboxes[i].address);
        g_free(host->mailboxes[i].password);
    }
    g_free(host->mailboxes);
}

bool mg_network_is_address(const char *text)
{
    uint8_t octets[16];
    return mg_inet_parse(text, strlen(text), octets) != 0;
}

/* ---- engines ---- */

static void add_engine(MgNetworkHost *host, const MgEngineKind *kind, uint16_t port)
{
    for (size_t i = 0; i < host->n_engines; i++)
        if (host->engines[i].kind == kind && host->engines[i].port == port)
            return;
    size_t n = host->n_engines++;
    void *grown = g_realloc_n(host->engines, host->n_engines, sizeof host->engines[0]);
    host->engines = grown;
    host->engines[n].kind = kind;
    host->engines[n].port = port;
}

/* "25" → 25; 0 if it is no port. */
static uint16_t parse_port(const char *text)
{
    guint64 port = 0;
    return g_ascii_string_to_unsigned(text, 10, 1, 65535, &port, NULL) ? (uint16_t)port : 0;
}

static const MgPlugin *find_plugin(const MgRegistry *registry, const char *id)
{
    for (size_t i = 0; i < mg_registry_n_entries(registry); i++) {
        const MgPlugin *plugin = mg_registry_entry(registry, i)->plugin;
        if (plugin != NULL && strcmp(plugin->id, id) == 0)
            return plugin;
    }
    return NULL;
}

/* Says which plugin is missing, or which engines the plugin that is there has. */
static void unknown_engine(MgNetworkReader *reader, unsigned line, const char *name)
{
    g_auto(GStrv) parts = g_strsplit(name, ".", 2);
    const MgPlugin *plugin = parts[0] != NULL ? find_plugin(reader->registry, parts[0]) : NULL;
    if (plugin == NULL) {
        mg_complain_error(&reader->complaints, line,
                          _("\"%s\" needs plugin \"%s\", which is not loaded"), name,
                          parts[0] != NULL ? parts[0] : "");
        return;
    }
    g_autoptr(GString) has = g_string_new(NULL);
    for (size_t i = 0; plugin->engines != NULL && plugin->engines[i] != NULL; i++)
        g_string_append_printf(has, "%s%s", i > 0 ? ", " : "", plugin->engines[i]->name);
    mg_complain_error(&reader->complaints, line, _("plugin \"%s\" has no engine \"%s\"; it has %s"),
                      plugin->id, name, has->str);
}

/* engines=smtp.server:25;smtp.queue */
static void read_engines(MgNetworkReader *reader, MgNetworkHost *host, const MgIniRow *row)
{
    g_auto(GStrv) words = mg_ini_list(row->value);
    for (size_t i = 0; words[i] != NULL; i++) {
        g_auto(GStrv) parts = g_strsplit(words[i], ":", 2);
        const MgEngineKind *kind = mg_registry_engine(reader->registry, parts[0]);
        if (kind == NULL) {
            unknown_engine(reader, row->line, parts[0]);
        } else if (kind->port == 0 && parts[1] != NULL) {
            mg_complain_error(&reader->complaints, row->line,
                              _("\"%s\" does not listen: leave out the port"), kind->name);
        } else if (parts[1] != NULL && parse_port(parts[1]) == 0) {
            mg_complain_error(&reader->complaints, row->line,
                              _("\"%s\" is no port: write a number from 1 to 65535"), parts[1]);
        } else {
            add_engine(host, kind, parts[1] != NULL ? parse_port(parts[1]) : kind->port);
        }
    }
}

/* What hosts of its kind run unless told otherwise. */
static void add_usual_engines(MgNetworkReader *reader, MgNetworkHost *host)
{
    for (size_t i = 0; i < mg_registry_n_engines(reader->registry); i++) {
        const MgEngineKind *kind = mg_registry_engine_at(reader->registry, i);
        g_auto(GStrv) words = g_strsplit(kind->usual != NULL ? kind->usual : "", " ", -1);
        for (size_t j = 0; words[j] != NULL; j++) {
            g_auto(GStrv) parts = g_strsplit(words[j], ":", 2);
            if (g_strcmp0(parts[0], host->kind) == 0)
                add_engine(host, kind, parts[1] != NULL ? parse_port(parts[1]) : kind->port);
        }
    }
}

static void check_ports(MgNetworkReader *reader, const MgNetworkHost *host, unsigned line)
{
    for (size_t i = 0; i < host->n_engines; i++) {
        for (size_t j = 0; host->engines[i].port != 0 && j < i; j++)
            if (host->engines[i].port == host->engines[j].port &&
                host->engines[i].kind->transport == host->engines[j].kind->transport)
                mg_complain_error(&reader->complaints, line,
                                  _("%s and %s cannot both listen on port %u of %s"),
                                  host->engines[j].kind->name, host->engines[i].kind->name,
                                  host->engines[i].port, host->name);
    }
}

/* ---- kind, addresses, place, mailboxes ---- */

/* The words of `usual` are kinds of hosts, too. (transfer container) */
static const char **known_kinds(const MgRegistry *registry)
{
    GPtrArray *kinds = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(host_kinds); i++)
        g_ptr_array_add(kinds, (char *)host_kinds[i]);
    for (size_t i = 0; i < mg_registry_n_engines(registry); i++) {
        const char *usual = mg_registry_engine_at(registry, i)->usual;
        g_auto(GStrv) words = g_strsplit_set(usual != NULL ? usual : "", " :", -1);
        for (size_t j = 0; words[j] != NULL; j++)
            if (g_ascii_isalpha(words[j][0]) &&
                !g_ptr_array_find_with_equal_func(kinds, words[j], g_str_equal, NULL))
                g_ptr_array_add(kinds, (char *)g_intern_string(words[j]));
    }
    g_ptr_array_add(kinds, NULL);
    return (const char **)g_ptr_array_free(kinds, FALSE);
}

static void read_kind(MgNetworkReader *reader, MgNetworkHost *host, const MgIniRow *row)
{
    g_autofree const char **kinds = known_kinds(reader->registry);
    host->kind = g_strdup(row->value);
    if (g_strv_contains(kinds, row->value))
        return;
    const char *nearest = mg_ini_nearest(row->value, kinds);
    g_autofree char *list = g_strjoinv(", ", (char **)kinds);
    if (nearest != NULL)
        mg_complain_error(&reader->complaints, row->line,
                          _("there is no kind of host \"%s\"; did you mean \"%s\"?"), row->value,
                          nearest);
    else
        mg_complain_error(&reader->complaints, row->line,
                          _("there is no kind of host \"%s\"; there are %s"), row->value, list);
}

static void read_addresses(MgNetworkReader *reader, MgNetworkHost *host, const MgIniRow *row)
{
    g_auto(GStrv) words = mg_ini_list(row->value);
    GPtrArray *good = g_ptr_array_new();
    for (size_t i = 0; words[i] != NULL; i++) {
        if (mg_network_is_address(words[i]))
            g_ptr_array_add(good, g_strdup(words[i]));
        else
            mg_complain_error(&reader->complaints, row->line,
                              _("\"%s\" is no IP address: write one like 192.0.2.10 or "
                                "2001:db8::10"),
                              words[i]);
    }
    if (words[0] == NULL)
        mg_complain_error(&reader->complaints, row->line, _("\"address\" is empty"));
    g_ptr_array_add(good, NULL);
    host->addresses = (char **)g_ptr_array_free(good, FALSE);
}

static void read_place(MgNetworkReader *reader, MgNetworkHost *host, const MgIniRow *row)
{
    g_auto(GStrv) parts = g_strsplit(row->value, ",", -1);
    guint64 x = 0, y = 0;
    if (g_strv_length(parts) != 2 ||
        !g_ascii_string_to_unsigned(g_strstrip(parts[0]), 10, 0, 100000, &x, NULL) ||
        !g_ascii_string_to_unsigned(g_strstrip(parts[1]), 10, 0, 100000, &y, NULL)) {
        mg_complain_error(&reader->complaints, row->line,
                          _("\"%s\" is no place on the map: write two numbers like 80,300"),
                          row->value);
        return;
    }
    host->x = (int)x;
    host->y = (int)y;
}

/* mailboxes=bob@example.net:secret;carol@example.net:secret:1000000 */
static void read_mailboxes(MgNetworkReader *reader, MgNetworkHost *host, const MgIniRow *row)
{
    g_auto(GStrv) words = mg_ini_list(row->value);
    size_t count = g_strv_length(words);
    void *room = g_malloc0_n(MAX(count, (size_t)1), sizeof host->mailboxes[0]);
    host->mailboxes = room;
    for (size_t i = 0; words[i] != NULL; i++) {
        g_auto(GStrv) parts = g_strsplit(words[i], ":", -1);
        size_t n = g_strv_length(parts);
        guint64 quota = 0;
        if (n < 2 || n > 3 || strchr(parts[0], '@') == NULL) {
            mg_complain_error(&reader->complaints, row->line,
                              _("\"%s\" is no mailbox: write ADDRESS:PASSWORD or "
                                "ADDRESS:PASSWORD:OCTETS, and \";\" between two"),
                              words[i]);
            continue;
        }
        if (n == 3 && !g_ascii_string_to_unsigned(parts[2], 10, 0, G_MAXUINT64, &quota, NULL)) {
            mg_complain_error(&reader->complaints, row->line,
                              _("\"%s\" is no number of octets that a mailbox may hold"), parts[2]);
            continue;
        }
        for (size_t j = 0; j < host->n_mailboxes; j++)
            if (g_ascii_strcasecmp(host->mailboxes[j].address, parts[0]) == 0)
                mg_complain_error(&reader->complaints, row->line,
                                  _("the mailbox %s is there twice"), parts[0]);
        size_t at = host->n_mailboxes++;
        host->mailboxes[at].address = g_strdup(parts[0]);
        host->mailboxes[at].password = g_strdup(parts[1]);
        host->mailboxes[at].quota = quota;
    }
}

/* ---- settings ---- */

static const MgSettingRow *find_setting(const MgEngineKind *kind, const char *key)
{
    for (const MgSettingRow *row = kind->settings; row != NULL && row->key != NULL; row++)
        if (strcmp(row->key, key) == 0)
            return row;
    return NULL;
}

static const MgSettingRow *setting_of_host(const MgRegistry *registry, const MgNetworkHost *host,
                                           const char *key)
{
    const MgSettingRow *found = mg_registry_layer_setting(registry, key); /* of every host */
    for (size_t i = 0; found == NULL && i < host->n_engines; i++)
        found = find_setting(host->engines[i].kind, key);
    return found;
}

/* (nullable) A loaded kind that has such a setting, though this host does not run it. */
static const MgEngineKind *kind_with_setting(const MgRegistry *registry, const char *key)
{
    for (size_t i = 0; i < mg_registry_n_engines(registry); i++) {
        const MgEngineKind *kind = mg_registry_engine_at(registry, i);
        if (find_setting(kind, key) != NULL)
            return kind;
    }
    return NULL;
}

static bool is_bool(const char *text)
{
    static const char *const words[] = {"yes", "no", "true", "false", "1", "0", NULL};
    return g_strv_contains(words, text);
}

static void check_value(MgNetworkReader *reader, const MgIniRow *row, MgSettingType type)
{
    MgTime time;
    const char *problem = NULL;
    if (type == MG_SETTING_UINT &&
        !g_ascii_string_to_unsigned(row->value, 10, 0, G_MAXUINT64, NULL, NULL))
        problem = _("%s=%s: a number is wanted, like 10");
    else if (type == MG_SETTING_BOOL && !is_bool(row->value))
        problem = _("%s=%s: \"yes\" or \"no\" is wanted");
    else if (type == MG_SETTING_TIME && !mg_time_parse(row->value, &time))
        problem = _("%s=%s: a time is wanted, like 20ms, 5s, 15min or 4h");
    if (problem != NULL) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        mg_complain_error(&reader->complaints, row->line, problem, row->key, row->value);
#pragma GCC diagnostic pop
    }
}

static void add_setting(GArray *settings, const MgIniRow *row, char *value, size_t len, char *path)
{
    MgSetting setting = {g_strdup(row->key), value, len, path, row->line};
    g_array_append_val(settings, setting);
}

/* zones=zones/root.zone;zones/net.zone: a setting a file. */
static void add_files(MgNetworkReader *reader, const MgIniRow *row, GArray *settings)
{
    g_auto(GStrv) names = mg_ini_list(row->value);
    for (size_t i = 0; names[i] != NULL; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) bytes = mg_network_read_file(reader->network, names[i], &error);
        if (bytes == NULL) {
            mg_complain_error(&reader->complaints, row->line, "%s", error->message);
            continue;
        }
        size_t len = 0;
        const char *data = g_bytes_get_data(bytes, &len);
        char *copy = g_malloc(len + 1); /* a NUL after it: most engines see a text */
        if (len > 0)
            memcpy(copy, data, len);
        copy[len] = '\0';
        add_setting(settings, row, copy, len,
                    g_build_filename(reader->network->path, names[i], NULL));
    }
    if (names[0] == NULL)
        mg_complain_error(&reader->complaints, row->line, _("\"%s\" names no file"), row->key);
}

/* A value like imap4://mail.example.net tells which plugin would have known the key. */
static const char *scheme_without_plugin(const MgRegistry *registry, const char *value)
{
    g_autofree char *scheme = g_uri_parse_scheme(value);
    return scheme != NULL && find_plugin(registry, scheme) == NULL ? g_intern_string(scheme) : NULL;
}

static void unknown_key(MgNetworkReader *reader, const MgIniRow *row)
{
    const char *missing = scheme_without_plugin(reader->registry, row->value);
    if (missing != NULL) {
        mg_complain_error(&reader->complaints, row->line,
                          _("\"%s=%s\" needs plugin \"%s\", which is not loaded"), row->key,
                          row->value, missing);
        return;
    }
    g_autoptr(GPtrArray) keys = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(host_keys); i++)
        g_ptr_array_add(keys, (char *)host_keys[i]);
    for (size_t i = 0; i < mg_registry_n_engines(reader->registry); i++) {
        const MgEngineKind *kind = mg_registry_engine_at(reader->registry, i);
        for (const MgSettingRow *has = kind->settings; has != NULL && has->key != NULL; has++)
            g_ptr_array_add(keys, (char *)has->key);
    }
    for (size_t i = 0; i < mg_registry_n_layers(reader->registry); i++)
        for (const MgSettingRow *has = mg_registry_layer_at(reader->registry, i)->settings;
             has != NULL && has->key != NULL; has++)
            g_ptr_array_add(keys, (char *)has->key);
    g_ptr_array_add(keys, NULL);
    mg_network_unknown(reader, row->line, _("key"), row->key,
                       (const char *const *)(void *)keys->pdata);
}

static void read_setting(MgNetworkReader *reader, const MgNetworkHost *host, const MgIniRow *row,
                         GArray *settings)
{
    const MgSettingRow *known = setting_of_host(reader->registry, host, row->key);
    bool own = false;
    for (size_t i = 0; i < G_N_ELEMENTS(host_keys); i++)
        own = own || strcmp(row->key, host_keys[i]) == 0;
    if (known != NULL && known->type == MG_SETTING_FILES) {
        add_files(reader, row, settings);
        return;
    }
    if (known != NULL) {
        check_value(reader, row, known->type);
    } else if (!own) {
        const MgEngineKind *kind = kind_with_setting(reader->registry, row->key);
        if (kind != NULL)
            mg_complain_warning(&reader->complaints, row->line,
                                _("\"%s\" has no effect: it is a setting of %s, which %s does not "
                                  "run"),
                                row->key, kind->name, host->name);
        else
            unknown_key(reader, row);
    }
    add_setting(settings, row, g_strdup(row->value), strlen(row->value), NULL);
}

/* ---- the section ---- */

static const MgIniRow *find_key(const MgIniSection *section, const char *key)
{
    for (unsigned i = 0; i < section->rows->len; i++) {
        const MgIniRow *row = &g_array_index(section->rows, MgIniRow, i);
        if (row->language == NULL && strcmp(row->key, key) == 0)
            return row;
    }
    return NULL;
}

static void note_region(MgNetwork *network, const char *region)
{
    for (unsigned i = 0; i < network->regions->len; i++)
        if (strcmp(g_array_index(network->regions, char *, i), region) == 0)
            return;
    char *copy = g_strdup(region);
    g_array_append_val(network->regions, copy);
}

static void read_keys(MgNetworkReader *reader, const MgIniSection *section, MgNetworkHost *host)
{
    static const struct {
        const char *key;
        void (*read)(MgNetworkReader *, MgNetworkHost *, const MgIniRow *);
    } readers[] = {
        {"kind", read_kind},       {"address", read_addresses},   {"at", read_place},
        {"engines", read_engines}, {"mailboxes", read_mailboxes},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(readers); i++) {
        const MgIniRow *row = find_key(section, readers[i].key);
        if (row != NULL)
            readers[i].read(reader, host, row);
    }
    const MgIniRow *region = find_key(section, "region");
    host->region = g_strdup(region != NULL ? region->value : "");
    if (region != NULL)
        note_region(reader->network, region->value);
    if (host->kind == NULL) {
        mg_complain_error(&reader->complaints, section->line,
                          _("host %s has no \"kind\": mua, mta, mda, resolver, nameserver …"),
                          host->name);
        host->kind = g_strdup("");
    }
    if (host->addresses == NULL) {
        mg_complain_error(&reader->complaints, section->line,
                          _("host %s has no \"address\": write one like address=192.0.2.10"),
                          host->name);
        host->addresses = g_new0(char *, 1);
    }
}

void mg_network_read_host(MgNetworkReader *reader, const MgIniSection *section)
{
    MgNetwork *network = reader->network;
    if (g_strv_length(section->names) != 1) {
        mg_complain_error(&reader->complaints, section->line,
                          _("a host has one name without spaces: [host mail.example.com]"));
        return;
    }
    int other = mg_network_find_host(network, section->names[0]);
    if (other >= 0) {
        mg_complain_error(&reader->complaints, section->line,
                          _("host %s is there twice; the first is on line %u"), section->names[0],
                          g_array_index(network->hosts, MgNetworkHost, other).line);
        return;
    }
    if (network->hosts->len >= MG_NETWORK_HOSTS_MAX) {
        mg_complain_error(&reader->complaints, section->line, _("more than %u hosts"),
                          MG_NETWORK_HOSTS_MAX);
        return;
    }
    MgNetworkHost host = {
        .name = g_strdup(section->names[0]), .x = -1, .y = -1, .line = section->line};
    read_keys(reader, section, &host);
    const MgIniRow *engines = find_key(section, "engines");
    if (engines == NULL)
        add_usual_engines(reader, &host);
    check_ports(reader, &host, engines != NULL ? engines->line : section->line);
    GArray *settings = g_array_new(FALSE, TRUE, sizeof(MgSetting));
    for (unsigned i = 0; i < section->rows->len; i++)
        read_setting(reader, &host, &g_array_index(section->rows, MgIniRow, i), settings);
    host.settings.n_rows = settings->len;
    host.settings.rows = (MgSetting *)(void *)g_array_free(settings, FALSE);
    g_array_append_val(network->hosts, host);
}

/* ---- what needs all hosts ---- */

/* resolver=resolver.example.com: engines are told its address, because they do not know names. */
static void resolve_resolver(MgNetworkReader *reader, MgNetworkHost *host)
{
    for (size_t i = 0; i < host->settings.n_rows; i++) {
        MgSetting *row = (MgSetting *)&host->settings.rows[i];
        if (strcmp(row->key, "resolver") != 0 || mg_network_is_address(row->value))
            continue;
        int named = mg_network_find_host(reader->network, row->value);
        if (named < 0) {
            g_autofree const char **names = mg_network_host_names(reader->network);
            mg_network_unknown(reader, row->line, NULL, row->value, names);
            continue;
        }
        const char *address =
            g_array_index(reader->network->hosts, MgNetworkHost, named).addresses[0];
        if (address == NULL)
            continue; /* complained about there */
        g_free((char *)row->value);
        row->value = g_strdup(address);
        row->len = strlen(address);
    }
}

static unsigned line_of(const MgNetworkHost *host, const char *key)
{
    for (size_t i = 0; i < host->settings.n_rows; i++)
        if (strcmp(host->settings.rows[i].key, key) == 0)
            return host->settings.rows[i].line;
    return host->line;
}

void mg_network_check_hosts(MgNetworkReader *reader)
{
    GArray *hosts = reader->network->hosts;
    g_autoptr(GHashTable) owners = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (unsigned i = 0; i < hosts->len; i++) {
        MgNetworkHost *host = &g_array_index(hosts, MgNetworkHost, i);
        for (char **address = host->addresses; *address != NULL; address++) {
            uint8_t octets[16];
            size_t len = mg_inet_parse(*address, strlen(*address), octets);
            char text[MG_INET_TEXT_MAX];
            mg_inet_format((MgSpan){octets, len}, text); /* one way to write it */
            const MgNetworkHost *owner = g_hash_table_lookup(owners, text);
            if (owner != NULL)
                mg_complain_error(&reader->complaints, line_of(host, "address"),
                                  _("%s is the address of %s already (line %u)"), *address,
                                  owner->name, line_of(owner, "address"));
            else
                g_hash_table_insert(owners, g_strdup(text), host);
        }
        resolve_resolver(reader, host);
    }
}
