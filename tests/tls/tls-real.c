/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls-real.c - TLS over real sockets: our client and `openssl s_server`, `openssl s_client` and our
 * door */
#include <glib/gstdio.h>

#include "carrier.h"
#include "door.h"
#include "pcapng.h"
#include "tls-ca.h"
#include "tls-toys.h"

static MgRegistry *registry;
static char *folder;
static MgTlsCa *ca;

typedef struct {
    MgTrace *trace;
    MgRuntime *runtime;
    MgDrive *drive;
    MgRealCarrier *carrier;
    MgHostId host;
} End;

static void end_init(End *end, const char *name, const MgSetting *rows, size_t n)
{
    MgSettings settings = {rows, n};
    end->trace = mg_trace_new(registry);
    end->runtime = mg_runtime_new(registry, end->trace, g_get_real_time() / G_USEC_PER_SEC, 1);
    end->host = mg_runtime_add_host(end->runtime, name, "mta", NULL, "127.0.0.1", &settings);
    end->drive = mg_drive_new_for_runtime(NULL, end->runtime);
    end->carrier = mg_real_carrier_new(end->runtime, end->drive);
    mg_runtime_set_carrier(end->runtime, end->host, &mg_real_carrier_class, end->carrier);
    mg_toy_client_said = mg_toy_server_said = (MgToySecure){0};
}

static void end_clear(End *end)
{
    mg_runtime_free(end->runtime);
    mg_real_carrier_free(end->carrier);
    mg_drive_free(end->drive);
    mg_trace_unref(end->trace);
}

static char *keep(const char *name, const char *text)
{
    char *path = g_build_filename(folder, name, NULL);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

static bool has_openssl(void)
{
    g_autofree char *program = g_find_program_in_path("openssl");
    if (program == NULL)
        g_test_skip("openssl is not here");
    return program != NULL;
}

static MgSetting setting(const char *key, const char *value)
{
    return (MgSetting){key, value, strlen(value), NULL, 0};
}

/* A port that was free just now. */
static uint16_t free_port(void)
{
    g_autoptr(GSocketListener) listener = g_socket_listener_new();
    uint16_t port = g_socket_listener_add_any_inet_port(listener, NULL, NULL);
    g_socket_listener_close(listener);
    return port;
}

/* ---- our client ---- */

static GSubprocess *start_server(uint16_t port, const char *pem, const char *more)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *accept = g_strdup_printf("%u", port);
    g_autofree char *path = keep("server.pem", pem);
    GSubprocess *server =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                             G_SUBPROCESS_FLAGS_STDERR_SILENCE,
                         &error, "openssl", "s_server", "-4", "-quiet", "-naccept", "1", "-accept",
                         accept, "-cert", path, "-key", path, "-cert_chain", path, more, NULL);
    g_assert_no_error(error);
    static const char lines[] = "220 hello\r\n250 OK\r\n250 OK\r\n250 OK\r\n250 OK\r\n221 Bye\r\n";
    g_output_stream_write_all(g_subprocess_get_stdin_pipe(server), lines, sizeof lines - 1, NULL,
                              NULL, NULL);
    for (int i = 0; i < 200; i++) { /* until it listens; connecting would be its one client */
        g_autofree char *tcp = NULL, *mark = g_strdup_printf(":%04X 00000000:0000 0A", port);
        if (g_file_get_contents("/proc/net/tcp", &tcp, NULL, NULL) && strstr(tcp, mark) != NULL)
            break;
        g_usleep(10000);
    }
    return server;
}

static void stop(GSubprocess *program)
{
    g_subprocess_force_exit(program);
    g_subprocess_wait(program, NULL, NULL);
    g_object_unref(program);
}

static void call(End *client, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) split = g_strsplit(words, " ", -1);
    MgVerbCall verb = {.words = (const char *const *)split, .n_words = g_strv_length(split)};
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgRuntimeCounts counts;
    g_assert_true(
        mg_runtime_add_engine(client->runtime, client->host, &mg_toy_secure_client, 0, problems));
    g_assert_cmpuint(mg_runtime_say(client->runtime, client->host, "secure", &verb,
                                    mg_drive_sync(client->drive), &error),
                     >, 0);
    do {
        g_main_context_iteration(NULL, TRUE);
        mg_runtime_counts(client->runtime, &counts);
    } while (counts.engines > 0);
}

static unsigned count_hidden(const MgTrace *trace, const char *piece)
{
    unsigned n = 0;
    for (uint32_t i = 1; i <= mg_trace_n_records(trace); i++) {
        g_autoptr(GString) line = g_string_new(NULL);
        mg_trace_summarize(trace, i, line);
        n += (mg_trace_record(trace, i)->flags & MG_RECORD_ENCRYPTED) != 0 &&
             strstr(line->str, piece) != NULL;
    }
    return n;
}

static void test_client(void)
{
    if (!has_openssl())
        return;
    static const struct {
        MgTlsFlaw flaw;
        const char *more, *rule, *version;
        bool trust;
    } rows[] = {{MG_TLS_GOOD, NULL, "", "TLSv1.3", true},
                {MG_TLS_GOOD, "-no_tls1_3", "", "TLSv1.2", true},
                {MG_TLS_GOOD, NULL, "tls.unknown-issuer", "", false},
                {MG_TLS_EXPIRED, NULL, "tls.expired", "", true},
                {MG_TLS_WRONG_NAME, NULL, "tls.wrong-name", "", true},
                {MG_TLS_SELF_SIGNED, NULL, "tls.self-signed", "", true},
                {MG_TLS_GOOD, "-tls1_1", "tls.refused", "", true}};
    g_autofree char *root = mg_tls_ca_pem(ca);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        End client;
        MgSetting trust = setting("tls-ca", root);
        g_autofree char *pem =
            mg_tls_identity_pem(mg_tls_ca_identity(ca, "mx.example.net", NULL, rows[i].flaw), true);
        uint16_t port = free_port();
        GSubprocess *server = start_server(port, pem, rows[i].more);
        g_autofree char *words = g_strdup_printf("127.0.0.1 mx.example.net %u 3 implicit", port);
        end_init(&client, "alice", &trust, rows[i].trust ? 1 : 0);
        call(&client, words);
        g_test_message("%s: %s", rows[i].rule, mg_toy_client_said.reason);
        if (rows[i].rule[0] == '\0') {
            g_assert_cmpstr(mg_toy_client_said.reason, ==, "");
            g_assert_true(mg_toy_client_said.verified);
            g_assert_cmpstr(mg_toy_client_said.version, ==, rows[i].version);
            g_assert_cmpuint(mg_toy_client_said.goodbyes, ==, 1);
            g_assert_cmpuint(count_hidden(client.trace, "NOOP"), ==, 3);
            g_assert_cmpuint(count_hidden(client.trace, "250 OK"), ==, 4);
        } else {
            g_assert_cmpuint(mg_toy_client_said.failed, ==, 1);
            if (i != 6) /* what its OpenSSL makes of an old version is its own affair */
                g_assert_cmpstr(mg_toy_client_said.rule, ==, rows[i].rule);
        }
        g_assert_cmpuint(mg_trace_secrets(client.trace).len, ==, 0);
        end_clear(&client);
        stop(server);
    }
}

/* ---- our door ---- */

typedef struct {
    GSubprocess *program;
    char *out;
    bool done;
} Client;

static void on_client_done(GObject *object, GAsyncResult *result, void *data)
{
    Client *client = data;
    g_subprocess_communicate_utf8_finish(G_SUBPROCESS(object), result, &client->out, NULL, NULL);
    client->done = true;
}

static bool contains(MgSpan octets, const char *piece)
{
    return memmem(octets.data, octets.len, piece, strlen(piece)) != NULL;
}

static void check_no_password(const MgTrace *trace)
{
    static const char secret[] = "AGFsaWNlAGdlaGVpbQ==";
    g_autoptr(GError) error = NULL;
    for (uint32_t n = 1; n <= mg_trace_n_records(trace); n++)
        g_assert_false(contains(mg_trace_bytes(trace, n), secret));
    g_autofree char *path = g_build_filename(folder, "door.pcapng", NULL), *data = NULL;
    size_t len;
    g_assert_true(mg_pcapng_write(trace, path, &error));
    g_assert_true(g_file_get_contents(path, &data, &len, NULL));
    g_assert_false(contains((MgSpan){(const uint8_t *)data, len}, secret));
    g_assert_false(contains((MgSpan){(const uint8_t *)data, len}, "AUTH PLAIN"));
    g_assert_false(contains((MgSpan){(const uint8_t *)data, len}, "SECRET"));
}

static void serve(const char *how, bool own_certificate)
{
    End server;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *root_text = mg_tls_ca_pem(ca), *root = keep("root.pem", root_text);
    g_autofree char *pem =
        mg_tls_identity_pem(mg_tls_ca_identity(ca, "mx.example.net", NULL, MG_TLS_GOOD), true);
    MgSetting row = setting("tls-certificate", pem);
    bool starttls = strcmp(how, "-starttls") == 0;
    const MgEngineKind *kind = starttls ? &mg_toy_secure_server : &mg_toy_secure_server_tls;
    end_init(&server, "mx.example.net", &row, own_certificate ? 1 : 0);
    g_assert_true(mg_runtime_add_engine(server.runtime, server.host, kind, kind->port, problems));
    MgDoor *door = mg_door_open(server.carrier, server.host, kind, "127.0.0.1:0", &error);
    g_assert_no_error(error);
    Client client = {NULL};
    client.program = g_subprocess_new(
        G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
            G_SUBPROCESS_FLAGS_STDERR_SILENCE,
        &error, "openssl", "s_client", "-connect", mg_door_address(door), "-servername",
        "mx.example.net", "-CAfile", root, "-verify_return_error", "-verify_hostname",
        "mx.example.net", "-quiet", "-crlf", how, starttls ? "smtp" : NULL, NULL);
    g_assert_no_error(error);
    g_subprocess_communicate_utf8_async(client.program,
                                        "NOOP 1\nAUTH PLAIN AGFsaWNlAGdlaGVpbQ==\nQUIT\n", NULL,
                                        on_client_done, &client);
    while (!client.done)
        g_main_context_iteration(NULL, TRUE);
    int status = g_subprocess_get_exit_status(client.program);
    if (own_certificate) {
        g_assert_cmpint(status, ==, 0);
        g_assert_nonnull(strstr(client.out, "221 Bye"));
        g_assert_nonnull(strstr(mg_toy_server_said.heard, "NOOP 1|AUTH PLAIN "));
        g_assert_cmpstr(mg_toy_server_said.sni, ==, "mx.example.net");
        g_assert_cmpuint(count_hidden(server.trace, "NOOP"), ==, 1);
        g_assert_cmpuint(count_hidden(server.trace, "AUTH"), ==, 1);
        check_no_password(server.trace);
    } else { /* one that nobody knows */
        g_assert_cmpint(status, !=, 0);
        g_assert_cmpstr(mg_toy_server_said.rule, ==, "tls.refused");
        g_assert_cmpstr(mg_toy_server_said.reason, ==, "the peer has given up: unknown_ca");
    }
    g_free(client.out);
    g_object_unref(client.program);
    mg_door_close(door);
    end_clear(&server);
}

static void test_door(void)
{
    if (!has_openssl())
        return;
    serve("-starttls", true);
    serve("-tls1_2", true);
    serve("-tls1_3", true);
    serve("-tls1_3", false);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    registry = mg_registry_new_for_path(g_getenv("MAILGLASS_PLUGIN_PATH"));
    folder = g_dir_make_tmp("mailglass-tls-XXXXXX", NULL);
    ca = mg_tls_ca_new_real(g_get_real_time() / G_USEC_PER_SEC);
    g_test_add_func("/tls/real/client", test_client);
    g_test_add_func("/tls/real/door", test_door);
    int result = g_test_run();
    static const char *const names[] = {"server.pem", "root.pem", "door.pcapng"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        g_unlink(path);
    }
    g_rmdir(folder);
    g_free(folder);
    mg_tls_ca_free(ca);
    mg_registry_unref(registry);
    return result;
}
