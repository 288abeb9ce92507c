/* SPDX-License-Identifier: GPL-3.0-or-later */
/* real-host.c - this machine as a host of engines: what commands that talk to real servers share */
#include "real-host.h"

#include <glib-unix.h>
#include <unistd.h>

/* ---- messages ---- */

void mg_complain(const char *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_printerr("%s: %s\n", command, text);
}

/* ---- arguments ---- */

/* NOLINTNEXTLINE(readability-function-size): one thing each, and no struct would say it better */
int mg_parse_options(const char *command, const char *usage, const char *about,
                     const GOptionEntry *entries, int *argc, char ***argv, bool *helped)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GOptionContext) context = g_option_context_new(usage);
    gboolean help = FALSE;
    const GOptionEntry help_entry[] = {
        {"help", 'h', 0, G_OPTION_ARG_NONE, &help, N_("Shows this help"), NULL}, {0}};
    g_option_context_set_help_enabled(context, FALSE); /* it would end the program by itself */
    g_option_context_set_description(context, about);
    g_option_context_add_main_entries(context, entries, GETTEXT_PACKAGE);
    g_option_context_add_main_entries(context, help_entry, GETTEXT_PACKAGE);
    g_set_prgname(command);
    *helped = false;
    if (!g_option_context_parse(context, argc, argv, &error)) {
        mg_complain(command, "%s", error->message);
        return MG_EXIT_USAGE;
    }
    if (help) {
        g_autofree char *text = g_option_context_get_help(context, TRUE, NULL);
        g_print("%s", text);
        *helped = true;
    }
    return MG_EXIT_DONE;
}

void mg_url_clear(MgUrl *url)
{
    g_clear_pointer(&url->scheme, g_free);
    g_clear_pointer(&url->user, g_free);
    g_clear_pointer(&url->host, g_free);
}

static const struct {
    const char *word, *setting;
} starttls_words[] = {[MG_STARTTLS_TRY] = {"try", "try"},
                      [MG_STARTTLS_NEVER] = {"never", "no"},
                      [MG_STARTTLS_REQUIRE] = {"require", "require"}};

const char *mg_url_starttls(const MgUrl *url)
{
    return starttls_words[url->starttls].setting;
}

bool mg_url_is_loopback(const MgUrl *url)
{
    return strcmp(url->host, "localhost") == 0 || strcmp(url->host, "::1") == 0 ||
           g_str_has_prefix(url->host, "127.");
}

char *mg_url_server(const MgUrl *url)
{
    bool six = strchr(url->host, ':') != NULL;
    return g_strdup_printf(six ? "%s://[%s]:%u" : "%s://%s:%u", url->scheme, url->host, url->port);
}

static bool parse_query(const char *query, MgUrl *url, GError **error)
{
    url->starttls = MG_STARTTLS_TRY;
    url->starttls_said = false;
    if (query == NULL)
        return true;
    for (size_t i = 0; g_str_has_prefix(query, "starttls=") && i < G_N_ELEMENTS(starttls_words);
         i++) {
        if (strcmp(query + strlen("starttls="), starttls_words[i].word) != 0)
            continue;
        url->starttls = (MgStartTls)i;
        url->starttls_said = true;
        return true;
    }
    g_set_error(error, MG_ERROR, MG_ERROR_CONFIG,
                _("behind a URL there may be ?starttls=require, ?starttls=try or "
                  "?starttls=never, not ?%s"),
                query);
    return false;
}

static bool find_scheme(const MgScheme *schemes, const char *allowed, int port, MgUrl *url,
                        GError **error)
{
    for (const MgScheme *row = schemes; row->name != NULL; row++) {
        if (strcmp(url->scheme, row->name) != 0)
            continue;
        url->port = port > 0 ? (uint16_t)port : row->port;
        return true;
    }
    g_set_error(error, MG_ERROR, MG_ERROR_CONFIG, _("%s:// is not known here; there is %s"),
                url->scheme, allowed);
    return false;
}

bool mg_url_parse(const char *text, const MgScheme *schemes, MgUrl *url, GError **error)
{
    int port = -1;
    g_autofree char *query = NULL, *first = g_strdup_printf("%s://", schemes->name);
    g_autoptr(GString) allowed = g_string_new(NULL);
    for (const MgScheme *row = schemes; row->name != NULL; row++)
        g_string_append_printf(allowed, "%s%s://", row != schemes ? ", " : "", row->name);
    mg_url_clear(url);
    bool good = strstr(text, "://") != NULL &&
                g_uri_split_with_user(text, G_URI_FLAGS_NONE, &url->scheme, &url->user, NULL, NULL,
                                      &url->host, &port, NULL, &query, NULL, NULL);
    if (good && url->user != NULL && strchr(url->user, ':') != NULL) {
        g_set_error(error, MG_ERROR, MG_ERROR_CONFIG,
                    _("a URL holds no password, which everybody on this machine could see: "
                      "write %suser@host"),
                    first);
        return false;
    }
    if (!good || url->host == NULL || url->host[0] == '\0') {
        g_set_error(error, MG_ERROR, MG_ERROR_CONFIG,
                    _("\"%s\" is not a URL; one looks like %shost:port"), text, first);
        return false;
    }
    return find_scheme(schemes, allowed->str, port, url, error) && parse_query(query, url, error);
}

/* ---- engines ---- */

const MgEngineKind *mg_find_answerer(MgRegistry *registry, const char *topic)
{
    for (size_t i = 0; i < mg_registry_n_engines(registry); i++) {
        const MgEngineKind *kind = mg_registry_engine_at(registry, i);
        if (kind->topic != NULL && strcmp(kind->topic, topic) == 0)
            return kind;
    }
    return NULL;
}

const MgEngineKind *mg_find_verb(MgRegistry *registry, const char *verb, const char *scheme)
{
    for (size_t i = 0; i < mg_registry_n_engines(registry); i++) {
        const MgEngineKind *kind = mg_registry_engine_at(registry, i);
        if (kind->verb != NULL && strcmp(kind->verb, verb) == 0 &&
            g_strcmp0(kind->scheme, scheme) == 0)
            return kind;
    }
    return NULL;
}

/* ---- the host ---- */

MgRealHost *mg_real_host_new(MgRegistry *registry, const MgSettings *settings,
                             const MgRealOptions *options)
{
    MgTime timeout = 0;
    if (options->timeout != NULL &&
        (!mg_time_parse(options->timeout, &timeout) || timeout < MG_MILLISECONDS)) {
        mg_complain(options->command, _("--timeout %s is not a time; one looks like 30s"),
                    options->timeout);
        return NULL;
    }
    MgRealHost *host = g_new0(MgRealHost, 1);
    int64_t epoch = g_get_real_time() / G_USEC_PER_SEC;
    uint64_t seed = ((uint64_t)g_random_int() << 32) | g_random_int();
    host->options = options;
    host->trace = mg_trace_new(registry);
    mg_trace_set_origin(host->trace, options->command, epoch, seed);
    host->runtime = mg_runtime_new(registry, host->trace, epoch, seed);
    host->id =
        mg_runtime_add_host(host->runtime, g_get_host_name(), "mua", NULL, "127.0.0.1", settings);
    host->drive = mg_drive_new_for_runtime(NULL, host->runtime);
    host->carrier = mg_real_carrier_new(host->runtime, host->drive);
    if (timeout > 0)
        mg_real_carrier_set_connect_timeout(host->carrier, timeout);
    mg_runtime_set_carrier(host->runtime, host->id, &mg_real_carrier_class, host->carrier);
    return host;
}

void mg_real_host_free(MgRealHost *host)
{
    if (host == NULL)
        return;
    if (host->file != NULL) /* it never came to serving */
        mg_pcapng_close(g_steal_pointer(&host->file), NULL);
    mg_runtime_free(host->runtime);
    mg_real_carrier_free(host->carrier);
    mg_drive_free(host->drive);
    mg_trace_unref(host->trace);
    g_free(host);
}

bool mg_real_host_add(MgRealHost *host, const MgEngineKind *kind)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    if (mg_runtime_add_engine(host->runtime, host->id, kind, 0, problems))
        return true;
    for (unsigned i = 0; i < problems->len; i++)
        mg_complain(host->options->command, "%s", (char *)g_ptr_array_index(problems, i));
    return false;
}

static gboolean on_signal(void *data)
{
    ((MgRealHost *)data)->interrupted = true;
    return G_SOURCE_CONTINUE;
}

typedef struct {
    const char *what;
    unsigned seconds;
} Progress;

static gboolean on_second(void *data)
{
    Progress *progress = data;
    g_printerr("\r%s… %u s", progress->what, ++progress->seconds);
    return G_SOURCE_CONTINUE;
}

void mg_real_host_run(MgRealHost *host, const char *what)
{
    Progress progress = {what, 0};
    MgRuntimeCounts counts;
    guint interrupt = g_unix_signal_add(SIGINT, on_signal, host);
    guint terminate = g_unix_signal_add(SIGTERM, on_signal, host);
    guint second =
        what != NULL && isatty(STDERR_FILENO) ? g_timeout_add_seconds(1, on_second, &progress) : 0;
    mg_runtime_counts(host->runtime, &counts);
    while (!host->interrupted &&
           (counts.engines > 0 || mg_real_carrier_n_open(host->carrier) > 0)) {
        g_main_context_iteration(NULL, TRUE);
        if (host->turned != NULL)
            host->turned(host->turned_data);
        mg_runtime_counts(host->runtime, &counts);
    }
    if (host->interrupted)
        mg_runtime_crash(host->runtime, host->id, mg_drive_now(host->drive));
    if (second != 0)
        g_source_remove(second);
    if (progress.seconds > 0)
        g_printerr("\n");
    g_source_remove(interrupt);
    g_source_remove(terminate);
}

bool mg_trace_for_weeks(MgTrace *trace, const MgRealOptions *options, MgPcapng **file)
{
    g_autoptr(GError) error = NULL;
    if (options->trace == NULL)
        mg_trace_set_forgetful(trace, NULL, NULL);
    else if ((*file = mg_pcapng_follow(trace, options->trace, &error)) == NULL)
        mg_complain(options->command, "%s", error->message);
    return error == NULL;
}

bool mg_real_host_save(MgRealHost *host)
{
    g_autoptr(GError) error = NULL;
    if (host->options->trace == NULL)
        return true;
    if (host->file != NULL ? mg_pcapng_close(g_steal_pointer(&host->file), &error)
                           : mg_pcapng_write(host->trace, host->options->trace, &error))
        return true;
    mg_complain(host->options->command, "%s", error->message);
    return false;
}

static gboolean on_end(void *loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_CONTINUE;
}

void mg_wait_for_signal(void)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    guint interrupt = g_unix_signal_add(SIGINT, on_end, loop);
    guint terminate = g_unix_signal_add(SIGTERM, on_end, loop);
    g_main_loop_run(loop);
    g_source_remove(interrupt);
    g_source_remove(terminate);
}
