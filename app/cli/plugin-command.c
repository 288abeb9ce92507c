/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plugin-command.c - runs a command that a plugin brings
 *
 * The plugin's engine does no input or output: files are read here before it is born, what it
 * delivers is printed here, and what it asks goes out by real sockets. */
#include <errno.h>
#include <glib-unix.h>
#include <stdio.h>
#include <unistd.h>

#include "command.h"
#include "door.h"
#include "plugin-command.h"

#define FILE_MAX_SIZE (64u << 20)
#define OPTIONS_MAX   24u

typedef struct {
    const MgEngineKind *kind;
    const MgCommandRow *row;
    MgRegistry *registry;
    char *name; /* "mailglass dns zone" */
    MgRealOptions real;
    char **values[OPTIONS_MAX]; /* of each option */
    gboolean switches[OPTIONS_MAX];
    char **listen;
    GArray *settings; /* MgSetting */
    GPtrArray *kept;  /* of char *, what settings point to */
    GPtrArray *files; /* of GBytes *, that the engine may look at */
    int result;
    bool said; /* the engine said what it returns */
} Order;

/* ---- finding ---- */

int mg_command_words(const char *name, int argc, char **argv)
{
    g_auto(GStrv) words = g_strsplit(name, " ", -1);
    int n = 0;
    while (words[n] != NULL && n + 1 < argc && strcmp(words[n], argv[n + 1]) == 0)
        n++;
    return words[n] == NULL ? n : 0;
}

const MgEngineKind *mg_find_plugin_command(const MgRegistry *registry, int argc, char **argv,
                                           int *words)
{
    for (size_t i = 0; i < mg_registry_n_engines(registry); i++) {
        const MgEngineKind *kind = mg_registry_engine_at(registry, i);
        if (kind->command == NULL)
            continue;
        *words = mg_command_words(kind->command->name, argc, argv);
        if (*words > 0)
            return kind;
    }
    return NULL;
}

/* ---- files and settings ---- */

/* (transfer full) (nullable) All of standard input, which may be a pipe. */
static GBytes *read_standard_input(GError **error)
{
    GByteArray *bytes = g_byte_array_new();
    uint8_t buffer[65536];
    ssize_t n;
    while ((n = read(STDIN_FILENO, buffer, sizeof buffer)) > 0 && bytes->len <= FILE_MAX_SIZE)
        g_byte_array_append(bytes, buffer, (guint)n);
    GBytes *all = g_byte_array_free_to_bytes(bytes);
    if (n >= 0)
        return all;
    g_bytes_unref(all);
    g_set_error(error, MG_ERROR, MG_ERROR_CONFIG, _("standard input cannot be read: %s"),
                g_strerror(errno));
    return NULL;
}

/* (transfer full) (nullable) The content of a file; "-" is standard input. */
static GBytes *read_file(const char *path, GError **error)
{
    GBytes *bytes = NULL;
    if (strcmp(path, "-") == 0) {
        bytes = read_standard_input(error);
    } else {
        g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, error);
        bytes = file != NULL ? g_mapped_file_get_bytes(file) : NULL;
    }
    if (bytes == NULL || g_bytes_get_size(bytes) <= FILE_MAX_SIZE)
        return bytes;
    g_bytes_unref(bytes);
    g_set_error(error, MG_ERROR, MG_ERROR_CONFIG, _("%s is larger than %u MiB"), path,
                FILE_MAX_SIZE >> 20);
    return NULL;
}

static const char *keep(Order *order, char *text)
{
    g_ptr_array_add(order->kept, text);
    return text;
}

static bool add_file(Order *order, const char *key, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) file = read_file(path, &error);
    if (file == NULL) {
        mg_complain(order->name, "%s", error->message);
        return false;
    }
    size_t len;
    const void *data = g_bytes_get_data(file, &len);
    /* A setting's value ends with NUL, for who reads it as text. */
    char *value = g_malloc(len + 1);
    memcpy(value, len > 0 ? data : "", len);
    value[len] = '\0';
    MgSetting row = {
        .key = key, .value = keep(order, value), .len = len, .path = keep(order, g_strdup(path))};
    g_array_append_val(order->settings, row);
    return true;
}

static void add_setting(Order *order, const char *key, const char *value)
{
    MgSetting row = {.key = key, .value = keep(order, g_strdup(value)), .len = strlen(value)};
    g_array_append_val(order->settings, row);
}

static bool take_options(Order *order)
{
    const MgCommandOption *option = order->row->options;
    for (size_t i = 0; option != NULL && option[i].name != NULL; i++) {
        const char *key = option[i].setting != NULL ? option[i].setting : option[i].name;
        if (order->switches[i])
            add_setting(order, key, "true");
        for (size_t v = 0; order->values[i] != NULL && order->values[i][v] != NULL; v++) {
            if (v > 0 && !option[i].many) {
                mg_complain(order->name, _("--%s is given twice"), option[i].name);
                return false;
            }
            if (strcmp(option[i].argument, "FILE") != 0)
                add_setting(order, key, order->values[i][v]);
            else if (!add_file(order, key, order->values[i][v]))
                return false;
        }
    }
    return true;
}

/* "FILE… [NAME]": the word at this place is a file. */
static bool is_file(const char *usage, unsigned at)
{
    g_auto(GStrv) tokens = g_strsplit(usage != NULL ? usage : "", " ", -1);
    unsigned n = g_strv_length(tokens);
    if (n == 0)
        return false;
    const char *token = tokens[MIN(at, n - 1)];
    return g_str_has_prefix(token, "FILE") || g_str_has_prefix(token, "[FILE");
}

static bool take_words(Order *order, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (is_file(order->row->usage, (unsigned)i - 1) && !add_file(order, "FILE", argv[i]))
            return false;
    return true;
}

/* RFC 1034 §5.3.1: a stub is told whom to ask; here by the system. */
static void add_system_server(Order *order)
{
    MgSettings settings = {(const MgSetting *)order->settings->data, order->settings->len};
    g_autofree char *text = NULL;
    if (mg_settings_get(&settings, "resolver", NULL) != NULL ||
        !g_file_get_contents("/etc/resolv.conf", &text, NULL, NULL))
        return;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (size_t i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) words = g_strsplit_set(g_strstrip(lines[i]), " \t", 2);
        if (words[0] == NULL || strcmp(words[0], "nameserver") != 0 || words[1] == NULL)
            continue;
        add_setting(order, "resolver", g_strstrip(words[1]));
        return;
    }
}

/* ---- an engine ---- */

static void on_deliver(const char *type, const void *item, void *data)
{
    Order *order = data;
    if (strcmp(type, MG_DELIVER_TEXT) == 0) {
        const MgSpan *text = item;
        fwrite(text->data, 1, text->len, stdout);
    } else if (strcmp(type, MG_DELIVER_COMPLAINT) == 0) {
        mg_complain(order->name, "%s", mg_registry_translate(order->registry, item));
    } else if (strcmp(type, MG_DELIVER_EXIT) == 0) {
        order->result = *(const int *)item;
        order->said = true;
    }
}

static void on_file(const MgFileQuestion *question, MgFileAnswer *answer, void *data)
{
    Order *order = data;
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = question->beside != NULL && !g_path_is_absolute(question->path)
                                  ? g_path_get_dirname(question->beside)
                                  : g_strdup("");
    const char *path = keep(order, folder[0] != '\0' && strcmp(folder, ".") != 0
                                       ? g_build_filename(folder, question->path, NULL)
                                       : g_strdup(question->path));
    GBytes *file = read_file(path, &error);
    answer->path = path;
    if (file == NULL) {
        answer->error = keep(order, g_strdup(error->message));
        return;
    }
    g_ptr_array_add(order->files, file);
    answer->data.data = g_bytes_get_data(file, &answer->data.len);
}

static bool is_usual(const MgEngineKind *kind, const char *host)
{
    g_auto(GStrv) hosts = g_strsplit(kind->usual != NULL ? kind->usual : "", " ", -1);
    return g_strv_contains((const char *const *)hosts, host);
}

/* What the command may ask is answered by what a mail program's host runs. */
static bool add_engines(Order *order, MgRealHost *host)
{
    for (size_t i = 0; i < mg_registry_n_engines(order->registry); i++) {
        const MgEngineKind *kind = mg_registry_engine_at(order->registry, i);
        if (kind == order->kind || (kind->topic != NULL && is_usual(kind, "mua")))
            if (!mg_real_host_add(host, kind))
                return false;
    }
    return true;
}

static int run_engine(Order *order, int argc, char **argv)
{
    MgSettings settings = {(const MgSetting *)order->settings->data, order->settings->len};
    g_autoptr(MgRealHost) host = mg_real_host_new(order->registry, &settings, &order->real);
    if (host == NULL || !add_engines(order, host))
        return MG_EXIT_USAGE;
    MgCommandCall call = {.words = (const char *const *)argv + 1,
                          .n_words = (size_t)argc - 1,
                          .options = &settings,
                          .json = order->real.json,
                          .terminal = isatty(STDOUT_FILENO),
                          .now = g_get_real_time() / G_USEC_PER_SEC};
    const MgCommander commander = {on_deliver, on_file, order};
    order->result = MG_EXIT_FAILED;
    mg_runtime_command(host->runtime, host->id, order->kind, &call, &commander);
    mg_real_host_run(host, order->name);
    if (!order->said && host->interrupted)
        mg_complain(order->name, "%s", _("interrupted"));
    return mg_real_host_save(host) ? order->result : MG_EXIT_FAILED;
}

/* ---- servers ---- */

/* Of a stream and a datagram server at port 0, the second takes the port of the first. */
static MgDoor *open_door(const Order *order, MgRealHost *host, const MgEngineKind *kind,
                         const char *address, const MgDoor *first)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *where = g_strdup(address);
    if (first != NULL && g_str_has_suffix(address, ":0")) {
        g_free(where);
        where = g_strdup(mg_door_address(first));
    }
    MgDoor *door = mg_door_open(host->carrier, host->id, kind, where, &error);
    if (door == NULL)
        mg_complain(order->name, "--listen %s: %s", address, error->message);
    else
        printf("listening %s %s\n", kind->name, mg_door_address(door));
    return door;
}

static int run_servers(Order *order)
{
    MgSettings settings = {(const MgSetting *)order->settings->data, order->settings->len};
    g_auto(GStrv) names = g_strsplit(order->row->serves, " ", -1);
    g_autoptr(MgRealHost) host = mg_real_host_new(order->registry, &settings, &order->real);
    g_autoptr(GPtrArray) doors = g_ptr_array_new_with_free_func((GDestroyNotify)mg_door_close);
    if (host == NULL)
        return MG_EXIT_USAGE;
    if (!mg_trace_for_weeks(host->trace, &order->real, &host->file))
        return MG_EXIT_FAILED;
    for (size_t i = 0; names[i] != NULL; i++) {
        const MgEngineKind *kind = mg_registry_engine(order->registry, names[i]);
        g_assert(kind != NULL); /* a plugin names its own */
        if (!mg_real_host_add(host, kind))
            return MG_EXIT_FAILED;
    }
    for (size_t l = 0; order->listen[l] != NULL; l++) {
        MgDoor *first = NULL;
        for (size_t i = 0; names[i] != NULL; i++) {
            const MgEngineKind *kind = mg_registry_engine(order->registry, names[i]);
            if (kind->port == 0)
                continue; /* it answers what the servers ask */
            MgDoor *door = open_door(order, host, kind, order->listen[l], first);
            if (door == NULL)
                return MG_EXIT_FAILED;
            g_ptr_array_add(doors, door);
            first = first != NULL ? first : door;
        }
    }
    fflush(stdout); /* who started us waits for these lines */
    mg_wait_for_signal();
    g_ptr_array_set_size(doors, 0);
    return mg_real_host_save(host) ? MG_EXIT_DONE : MG_EXIT_FAILED;
}

/* ---- the command ---- */

static void add_entry(GArray *entries, const GOptionEntry *entry)
{
    g_array_append_val(entries, *entry);
}

static GArray *entries_of(Order *order)
{
    GArray *entries = g_array_new(TRUE, TRUE, sizeof(GOptionEntry));
    const MgCommandOption *option = order->row->options;
    for (size_t i = 0; option != NULL && option[i].name != NULL; i++) {
        g_assert(i < OPTIONS_MAX);
        bool is_switch = option[i].argument == NULL;
        add_entry(entries,
                  &(GOptionEntry){option[i].name, 0, 0,
                                  is_switch ? G_OPTION_ARG_NONE : G_OPTION_ARG_STRING_ARRAY,
                                  is_switch ? (void *)&order->switches[i] : &order->values[i],
                                  option[i].about, option[i].argument});
    }
    if (order->row->serves != NULL)
        add_entry(entries, &(GOptionEntry){
                               "listen", 0, 0, G_OPTION_ARG_STRING_ARRAY, &order->listen,
                               N_("Where it waits; port 0 takes a free one"), N_("ADDRESS:PORT")});
    else
        add_entry(entries, &(GOptionEntry){"json", 0, 0, G_OPTION_ARG_NONE, &order->real.json,
                                           N_("Prints JSON, an object a line"), NULL});
    if (order->row->real || order->row->serves != NULL)
        add_entry(entries,
                  &(GOptionEntry){"trace", 0, 0, G_OPTION_ARG_FILENAME, &order->real.trace,
                                  N_("Keeps what happened as a capture file"), N_("FILE.pcapng")});
    if (order->row->real)
        add_entry(entries,
                  &(GOptionEntry){"timeout", 0, 0, G_OPTION_ARG_STRING, &order->real.timeout,
                                  N_("How long a connection may take to be made"), N_("TIME")});
    return entries;
}

static int run_order(Order *order, int argc, char **argv)
{
    if (!take_options(order))
        return MG_EXIT_USAGE;
    if (!take_words(order, argc, argv))
        return MG_EXIT_FAILED;
    if (order->row->serves == NULL) {
        if (order->row->real)
            add_system_server(order);
        return run_engine(order, argc, argv);
    }
    if (argc == 1 && order->listen != NULL)
        return run_servers(order);
    mg_complain(order->name, "%s", _("--listen ADDRESS:PORT is wanted; see --help"));
    return MG_EXIT_USAGE;
}

static void clear(Order *order)
{
    for (size_t i = 0; i < OPTIONS_MAX; i++)
        g_strfreev(order->values[i]);
    g_strfreev(order->listen);
    g_array_unref(order->settings);
    g_ptr_array_unref(order->kept);
    g_ptr_array_unref(order->files);
    g_free(order->real.trace);
    g_free(order->real.timeout);
    g_free(order->name);
}

int mg_plugin_command_main(const MgEngineKind *kind, int argc, char **argv, MgRegistry *registry)
{
    Order order = {.kind = kind,
                   .row = kind->command,
                   .registry = registry,
                   .name = g_strdup_printf("mailglass %s", kind->command->name),
                   .settings = g_array_new(FALSE, TRUE, sizeof(MgSetting)),
                   .kept = g_ptr_array_new_with_free_func(g_free),
                   .files = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref)};
    order.real.command = order.name;
    g_autoptr(GArray) entries = entries_of(&order);
    bool helped = false;
    int result = mg_parse_options(order.name, order.row->usage != NULL ? order.row->usage : "",
                                  mg_registry_translate(registry, order.row->about),
                                  (const GOptionEntry *)entries->data, &argc, &argv, &helped);
    if (result == MG_EXIT_DONE && !helped)
        result = run_order(&order, argc, argv);
    clear(&order);
    return result;
}
