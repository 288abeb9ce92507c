/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fetch.c - mailglass fetch URL --into DIR: brings mail from a real server into a Maildir
 *
 * A message is in the Maildir, under its final name, before the engine says DELE; if it cannot be
 * written the connection is dropped without QUIT, so that the server keeps it.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

#include "command.h"
#include "real-access.h"

typedef struct {
    MgRealOptions real;
    MgRealAccess access;
    char *into;
    gboolean keep;
    MgUrl url;
    MgRealHost *host;
    unsigned n_fetched;
    char *refused; /* (nullable) why there is no (more) mail */
    bool broken;   /* a message could not be written */
} Fetch;

static const MgScheme schemes[] = {{"pop3", 110}, {"pop3s", 995}, {0}};

/* ---- the Maildir ---- */

static bool make_maildir(const Fetch *fetch)
{
    static const char *const folders[] = {"tmp", "new", "cur"};
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_build_filename(fetch->into, folders[i], NULL);
        if (g_mkdir_with_parents(path, 0700) != 0) {
            mg_complain(fetch->real.command, "%s: %s", path, g_strerror(errno));
            return false;
        }
    }
    return true;
}

/* Lines end with LF in a Maildir, as other programs write and expect it. */
static GString *to_file(MgSpan data)
{
    GString *text = g_string_sized_new(data.len + 1);
    for (size_t at = 0; at < data.len;) {
        const uint8_t *lf = memchr(data.data + at, '\n', data.len - at);
        size_t n = (lf != NULL ? (size_t)(lf - data.data) : data.len) - at;
        size_t keep = lf != NULL && n > 0 && data.data[at + n - 1] == '\r' ? n - 1 : n;
        g_string_append_len(text, (const char *)data.data + at, (gssize)keep);
        if (lf != NULL)
            g_string_append_c(text, '\n');
        at += n + 1;
    }
    return text;
}

/* Writes it to the disk for good: into tmp, then by rename into new. (transfer full) (nullable) the
 * path. */
static char *write_message(const Fetch *fetch, MgSpan data)
{
    int64_t now = g_get_real_time();
    g_autofree char *name = g_strdup_printf("%" G_GINT64_FORMAT ".M%06uP%dQ%u.%s",
                                            now / G_USEC_PER_SEC, (unsigned)(now % G_USEC_PER_SEC),
                                            (int)getpid(), fetch->n_fetched + 1, g_get_host_name());
    g_autofree char *temporary = g_build_filename(fetch->into, "tmp", name, NULL);
    g_autofree char *path = g_build_filename(fetch->into, "new", name, NULL);
    GString *text = to_file(data);
    int fd = g_open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good = fd >= 0;
    for (size_t done = 0; good && done < text->len;) {
        ssize_t n = write(fd, text->str + done, text->len - done);
        good = n > 0 || (n < 0 && errno == EINTR);
        done += n > 0 ? (size_t)n : 0;
    }
    good = good && fsync(fd) == 0;
    good = (fd < 0 || close(fd) == 0) && good;
    good = good && g_rename(temporary, path) == 0;
    if (!good) {
        mg_complain(fetch->real.command, "%s: %s", temporary, g_strerror(errno));
        g_unlink(temporary);
    }
    g_string_free(text, TRUE);
    return good ? g_steal_pointer(&path) : NULL;
}

/* ---- what happens ---- */

static void on_fate(MgHostId id, const MgFate *fate, MgTime now, void *data)
{
    Fetch *fetch = data;
    if (fate->kind != MG_FATE_FETCHED) {
        g_free(fetch->refused);
        fetch->refused = g_strdup(fate->text);
        return;
    }
    g_autofree char *path = fetch->broken ? NULL : write_message(fetch, fate->data);
    if (path == NULL) {
        fetch->broken = true;
        mg_real_carrier_drop(fetch->host->carrier); /* before DELE is said */
        return;
    }
    fetch->n_fetched++;
    if (fetch->real.json) {
        g_autoptr(GString) line = g_string_new("{\"file\":");
        mg_json_string(line, mg_span_from_string(path));
        g_print("%s,\"octets\":%zu}\n", line->str, fate->data.len);
    } else {
        g_print("%s\n", path);
    }
}

static int finish(const Fetch *fetch)
{
    if (fetch->host->interrupted) {
        mg_complain(fetch->real.command, _("interrupted after %u messages"), fetch->n_fetched);
        return MG_EXIT_FAILED;
    }
    if (fetch->broken)
        return MG_EXIT_FAILED;
    if (fetch->refused != NULL) {
        mg_complain(fetch->real.command, "%s", fetch->refused);
        return mg_real_carrier_in_trouble(fetch->host->carrier) ? MG_EXIT_FAILED : MG_EXIT_NO;
    }
    if (fetch->real.json)
        g_print("{\"summary\":true,\"fetched\":%u}\n", fetch->n_fetched);
    else if (fetch->n_fetched == 0)
        g_printerr("%s: %s\n", fetch->real.command, _("there is no new mail"));
    return MG_EXIT_DONE;
}

/* A login by name and password shows the password. Unless the user wants it so, that is for a
 * server that has proved its name, or on this machine. */
static bool prepare(Fetch *fetch, const MgEngineKind *kind)
{
    MgRealAccess *access = &fetch->access;
    if (!mg_real_access_log_in(access, &fetch->url))
        return false;
    g_autofree char *server = mg_url_server(&fetch->url);
    const char *auth = access->auth != NULL ? access->auth : "no";
    bool named = strcmp(auth, "no") != 0 && strcmp(auth, "auto") != 0; /* wanted as it is */
    mg_real_access_set(access, kind->scheme_setting, server);
    mg_real_access_set(access, "auth", auth);
    bool open = fetch->url.starttls_said || mg_url_is_loopback(&fetch->url);
    mg_real_access_set(access, "auth-clear", named && open ? "yes" : "no");
    mg_real_access_set(access, "keep", fetch->keep ? "yes" : "no");
    mg_real_access_set(access, "fetch-tls", open ? mg_url_starttls(&fetch->url) : "require");
    return true;
}

static int run_fetch(Fetch *fetch, MgRegistry *registry)
{
    g_autoptr(GError) error = NULL;
    MgVerbCall call = {0};
    const MgEngineKind *kind = mg_find_verb(registry, "fetch", fetch->url.scheme);
    if (kind == NULL) {
        mg_complain(fetch->real.command, _("no plugin that fetches from %s:// is loaded"),
                    fetch->url.scheme);
        return MG_EXIT_FAILED;
    }
    if (!prepare(fetch, kind) || !make_maildir(fetch))
        return MG_EXIT_FAILED;
    const MgSettings settings = mg_real_access_settings(&fetch->access);
    g_autoptr(MgRealHost) host = mg_real_host_new(registry, &settings, &fetch->real);
    if (host == NULL)
        return MG_EXIT_USAGE;
    fetch->host = host;
    if (!mg_real_host_add(host, kind))
        return MG_EXIT_FAILED;
    mg_runtime_on_fate(host->runtime, on_fate, fetch);
    if (mg_runtime_say(host->runtime, host->id, "fetch", &call, mg_drive_sync(host->drive),
                       &error) == 0) {
        mg_complain(fetch->real.command, "%s", error->message);
        return MG_EXIT_FAILED;
    }
    g_autofree char *what = g_strdup_printf(_("fetching from %s"), fetch->url.host);
    mg_real_host_run(host, what);
    int result = finish(fetch);
    mg_real_access_tell(&fetch->access, host->trace, result == MG_EXIT_DONE);
    return mg_real_host_save(host) ? result : MG_EXIT_FAILED;
}

static void fetch_clear(Fetch *fetch)
{
    g_free(fetch->into);
    g_free(fetch->refused);
    g_free(fetch->real.trace);
    g_free(fetch->real.timeout);
    mg_url_clear(&fetch->url);
    mg_real_access_clear(&fetch->access);
}

static int check_arguments(Fetch *fetch, int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (argc != 2 || fetch->into == NULL) {
        mg_complain(fetch->real.command, "%s", _("a URL and --into are wanted; see --help"));
        return MG_EXIT_USAGE;
    }
    if (!mg_url_parse(argv[1], schemes, &fetch->url, &error)) {
        mg_complain(fetch->real.command, "%s", error->message);
        return MG_EXIT_USAGE;
    }
    if (fetch->url.user == NULL && fetch->access.user == NULL) {
        mg_complain(fetch->real.command, "%s",
                    _("a user is wanted: --user NAME, or pop3://NAME@host"));
        return MG_EXIT_USAGE;
    }
    return MG_EXIT_DONE;
}

int mg_fetch_main(int argc, char **argv, MgRegistry *registry)
{
    Fetch fetch = {.real = {.command = "mailglass fetch"}};
    mg_real_access_init(&fetch.access, fetch.real.command);
    const GOptionEntry entries[] = {
        {"into", 0, 0, G_OPTION_ARG_FILENAME, &fetch.into, N_("The Maildir; it is made if needed"),
         N_("DIR")},
        {"keep", 0, 0, G_OPTION_ARG_NONE, &fetch.keep, N_("Leaves the messages on the server"),
         NULL},
        MG_REAL_LOGIN_ENTRIES(&fetch.access),
        MG_REAL_TRUST_ENTRIES(&fetch.access),
        {"timeout", 0, 0, G_OPTION_ARG_STRING, &fetch.real.timeout,
         N_("How long a connection may take to be made (30s)"), N_("TIME")},
        {"trace", 0, 0, G_OPTION_ARG_FILENAME, &fetch.real.trace,
         N_("Keeps what happened as a capture file"), N_("FILE.pcapng")},
        {"json", 0, 0, G_OPTION_ARG_NONE, &fetch.real.json, N_("Prints JSON, an object a line"),
         NULL},
        {0}};
    bool helped = false;
    int result = mg_parse_options(
        fetch.real.command, "URL",
        _("URL is pop3://USER@HOST:PORT, or pop3s://USER@HOST (TLS from the start). STLS and a "
          "certificate that proves the name are demanded, but of this machine itself; "
          "?starttls=try takes what there is, ?starttls=never does without. Without --auth the "
          "login is by name and password. Messages that were fetched are removed from the server "
          "unless --keep is given.\n\nExample:\n  mailglass fetch pop3://bob@127.0.0.1:1110 "
          "--into Mail --password-file secret"),
        entries, &argc, &argv, &helped);
    if (result == MG_EXIT_DONE && !helped) {
        result = check_arguments(&fetch, argc, argv);
        if (result == MG_EXIT_DONE)
            result = run_fetch(&fetch, registry);
    }
    fetch_clear(&fetch);
    return result;
}
