/* SPDX-License-Identifier: GPL-3.0-or-later */
/* real-carrier.c - the real carrier and a door, against each other over loopback
 *
 * One program holds both ends: a POP3 server's host behind a door, and a client's host that
 * fetches from it; each has its own runtime and trace. Then the ways in which it can fail. */
#include <sys/socket.h>

#include "carrier.h"
#include "door.h"

typedef struct {
    MgTrace *trace;
    MgRuntime *runtime;
    MgDrive *drive;
    MgRealCarrier *carrier;
    MgHostId host;
} End;

static MgRegistry *registry;

static void end_init(End *end, const char *name, const char *kind, const MgSetting *rows, size_t n)
{
    MgSettings settings = {rows, n};
    end->trace = mg_trace_new(registry);
    end->runtime = mg_runtime_new(registry, end->trace, 0, 1);
    end->host = mg_runtime_add_host(end->runtime, name, kind, NULL, "127.0.0.1", &settings);
    end->drive = mg_drive_new_for_runtime(NULL, end->runtime);
    end->carrier = mg_real_carrier_new(end->runtime, end->drive);
    mg_runtime_set_carrier(end->runtime, end->host, &mg_real_carrier_class, end->carrier);
}

static void end_clear(End *end)
{
    mg_runtime_free(end->runtime);
    mg_real_carrier_free(end->carrier);
    mg_drive_free(end->drive);
    mg_trace_unref(end->trace);
}

static MgDoor *open_server_with(End *server, const MgSetting *rows, size_t n)
{
    const MgEngineKind *kind = mg_registry_engine(registry, "pop3.server");
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_assert_nonnull(kind);
    end_init(server, "mail.example.net", "mda", rows, n);
    g_assert_true(mg_runtime_add_engine(server->runtime, server->host, kind, 110, problems));
    MgStore *store = mg_runtime_store(server->runtime, server->host);
    mg_store_add_mailbox(store, "bob@example.net", "secret", 0);
    for (unsigned i = 0; i < 2; i++) {
        MgMailboxAnswer answer;
        MgMailboxQuestion question = {.op = MG_MAILBOX_APPEND, .user = "bob@example.net"};
        g_autoptr(GString) data = g_string_new("Subject: hi\r\n\r\n.dot\r\n");
        for (unsigned line = 0; line < i * 10000; line++) /* the second is larger than a buffer */
            g_string_append(data, "a line that fills the wire\r\n");
        question.data = (MgSpan){(const uint8_t *)data->str, data->len};
        mg_store_ask(store, 1, &question, 0, &answer);
        g_assert_cmpint(answer.result, ==, MG_MAILBOX_OK);
    }
    MgDoor *door = mg_door_open(server->carrier, server->host, kind, "127.0.0.1:0", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(mg_door_port(door), >, 0);
    return door;
}

static MgDoor *open_server(End *server)
{
    return open_server_with(server, NULL, 0);
}

typedef struct {
    unsigned fetched, refused;
    size_t octets;
    char *text;
} Fates;

static void on_fate(MgHostId host, const MgFate *fate, MgTime now, void *data)
{
    Fates *fates = data;
    if (fate->kind == MG_FATE_FETCHED) {
        fates->fetched++;
        fates->octets += fate->data.len;
    } else {
        fates->refused++;
        g_free(fates->text);
        fates->text = g_strdup(fate->text);
    }
}

static void fetch_again(End *client, Fates *fates)
{
    g_autoptr(GError) error = NULL;
    MgVerbCall call = {0};
    MgRuntimeCounts counts;
    *fates = (Fates){0};
    mg_runtime_on_fate(client->runtime, on_fate, fates);
    g_assert_cmpuint(mg_runtime_say(client->runtime, client->host, "fetch", &call,
                                    mg_drive_sync(client->drive), &error),
                     >, 0);
    g_assert_no_error(error);
    do {
        g_main_context_iteration(NULL, TRUE);
        mg_runtime_counts(client->runtime, &counts);
    } while (counts.engines > 0);
}

/* One fetch from `url`; returns when it is over. */
static void fetch_with(End *client, const char *url, const char *keep, MgTime connect_timeout,
                       Fates *fates)
{
    const MgSetting rows[] = {{.key = "fetch", .value = url, .len = strlen(url)},
                              {.key = "keep", .value = keep, .len = strlen(keep)},
                              {.key = "account", .value = "bob@example.net", .len = 15},
                              {.key = "password", .value = "secret", .len = 6}};
    const MgEngineKind *kind = mg_registry_engine(registry, "pop3.client");
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    end_init(client, "bob", "mua", rows, G_N_ELEMENTS(rows));
    mg_real_carrier_set_connect_timeout(client->carrier, connect_timeout);
    g_assert_true(mg_runtime_add_engine(client->runtime, client->host, kind, 0, problems));
    fetch_again(client, fates);
}

static void fetch(End *client, const char *url, MgTime connect_timeout, Fates *fates)
{
    fetch_with(client, url, "no", connect_timeout, fates);
}

static unsigned count_records(const MgTrace *trace, const char *piece)
{
    unsigned n = 0;
    for (uint32_t i = 1; i <= mg_trace_n_records(trace); i++) {
        g_autoptr(GString) line = g_string_new(NULL);
        mg_trace_summarize(trace, i, line);
        n += strstr(line->str, piece) != NULL;
    }
    return n;
}

static void test_fetch(void)
{
    End server, client;
    Fates fates;
    g_autoptr(MgDoor) door = open_server(&server);
    g_autofree char *url = g_strdup_printf("pop3://%s", mg_door_address(door));
    fetch(&client, url, 5 * MG_SECONDS, &fates);
    g_assert_cmpuint(fates.fetched, ==, 2);
    g_assert_cmpuint(fates.refused, ==, 0);
    /* With a Return-Path line each, which final delivery adds (RFC 5321 §4.4). */
    g_assert_cmpuint(fates.octets, ==, 2 * (17 + 21) + 10000 * 28);
    g_assert_cmpuint(mg_store_n_messages(mg_runtime_store(server.runtime, server.host), 0), ==, 0);
    /* Both ends saw the same conversation. */
    for (unsigned i = 0; i < 2; i++) {
        const MgTrace *trace = i == 0 ? client.trace : server.trace;
        const MgFlow *flow = mg_trace_flow(trace, 1);
        g_assert_cmpuint(mg_trace_n_flows(trace), ==, 1);
        g_assert_true(flow->real);
        g_assert_cmpuint(flow->server_port, ==, mg_door_port(door));
        g_assert_cmpstr(flow->server_address, ==, "127.0.0.1");
        g_assert_cmpuint(flow->client_port, >, 0);
        g_assert_cmpuint(count_records(trace, "PASS secret"), ==, 0); /* never kept */
        g_assert_cmpuint(count_records(trace, "PASS ******"), ==, 1);
        g_assert_cmpuint(count_records(trace, "+OK 38 octets"), ==, 1);
        g_assert_cmpuint(count_records(trace, "DELE 2"), ==, 1);
        g_assert_cmpuint(count_records(trace, "+OK goodbye"), ==, 1);
        g_assert_true(mg_trace_host(trace, 2)->real);
    }
    end_clear(&client);
    mg_door_close(g_steal_pointer(&door));
    end_clear(&server);
}

/* Who comes by IPv4 to a door for IPv4 and IPv6 is told by the IPv4 address. */
static void test_both_families(void)
{
    End server, client;
    Fates fates;
    g_autoptr(GError) error = NULL;
    g_autoptr(MgDoor) narrow = open_server(&server);
    const MgEngineKind *kind = mg_registry_engine(registry, "pop3.server");
    g_autoptr(MgDoor) door = mg_door_open(server.carrier, server.host, kind, "[::]:0", &error);
    if (door == NULL) {
        g_test_skip("no IPv6 here");
    } else {
        g_autofree char *url = g_strdup_printf("pop3://127.0.0.1:%u", mg_door_port(door));
        fetch(&client, url, 5 * MG_SECONDS, &fates);
        g_assert_cmpuint(fates.fetched, ==, 2);
        const MgFlow *flow = mg_trace_flow(server.trace, 1);
        g_assert_cmpstr(flow->server_address, ==, "127.0.0.1");
        g_assert_cmpstr(flow->client_address, ==, "127.0.0.1");
        end_clear(&client);
    }
    mg_door_close(g_steal_pointer(&door));
    mg_door_close(g_steal_pointer(&narrow));
    end_clear(&server);
}

/* RFC 1939 §7: what was left on the server is known by its unique identifier. */
static void test_keep(void)
{
    End server, client;
    Fates fates;
    g_autoptr(MgDoor) door = open_server(&server);
    g_autofree char *url = g_strdup_printf("pop3://%s", mg_door_address(door));
    fetch_with(&client, url, "yes", 5 * MG_SECONDS, &fates);
    g_assert_cmpuint(fates.fetched, ==, 2);
    fetch_again(&client, &fates);
    g_assert_cmpuint(fates.fetched + fates.refused, ==, 0);
    g_assert_cmpuint(mg_store_n_messages(mg_runtime_store(server.runtime, server.host), 0), ==, 2);
    end_clear(&client);
    mg_door_close(g_steal_pointer(&door));
    end_clear(&server);
}

/* The drive wakes an engine by the clock: a silent client is sent away. */
static void test_deadline(void)
{
    static const MgSetting autologout = {.key = "autologout", .value = "300ms", .len = 5};
    End server;
    MgRuntimeCounts counts;
    g_autoptr(MgDoor) door = open_server_with(&server, &autologout, 1);
    g_autoptr(GSocketAddress) address =
        g_inet_socket_address_new_from_string("127.0.0.1", mg_door_port(door));
    g_autoptr(GSocket) silent =
        g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
    g_assert_true(g_socket_connect(silent, address, NULL, NULL));
    do
        g_main_context_iteration(NULL, TRUE);
    while (mg_trace_n_records(server.trace) == 0);
    MgTime start = mg_drive_now(server.drive);
    do {
        g_main_context_iteration(NULL, TRUE);
        mg_runtime_counts(server.runtime, &counts);
    } while (counts.engines > 0);
    g_assert_cmpint(mg_drive_now(server.drive) - start, >=, 250 * MG_MILLISECONDS);
    g_assert_cmpuint(count_records(server.trace, "silent for too long"), ==, 1);
    mg_door_close(g_steal_pointer(&door));
    end_clear(&server);
}

static void expect_refusal(const char *url, MgTime connect_timeout, const char *text)
{
    End client;
    Fates fates;
    fetch(&client, url, connect_timeout, &fates);
    g_assert_cmpuint(fates.fetched, ==, 0);
    g_assert_cmpuint(fates.refused, ==, 1);
    g_test_message("%s", fates.text);
    g_assert_nonnull(strstr(fates.text, text));
    g_free(fates.text);
    end_clear(&client);
}

/* A socket bound to a free port of loopback; `port` is told. */
static GSocket *bind_loopback(uint16_t *port)
{
    g_autoptr(GSocketAddress) any = g_inet_socket_address_new_from_string("127.0.0.1", 0);
    GSocket *socket =
        g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
    g_assert_true(g_socket_bind(socket, any, FALSE, NULL));
    g_autoptr(GSocketAddress) local = g_socket_get_local_address(socket, NULL);
    *port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(local));
    return socket;
}

static void test_refused(void)
{
    uint16_t port = 0;
    g_autoptr(GSocket) bound = bind_loopback(&port); /* bound, but nobody listens */
    g_assert_nonnull(bound);
    g_autofree char *url = g_strdup_printf("pop3://127.0.0.1:%u", port);
    expect_refusal(url, 5 * MG_SECONDS, "the connection was refused");
}

/* A listener whose queue is full: the kernel answers no further SYN. */
static void test_timeout(void)
{
    uint16_t port = 0;
    g_autoptr(GSocket) full = bind_loopback(&port);
    g_autoptr(GPtrArray) fillers = g_ptr_array_new_with_free_func(g_object_unref);
    g_autoptr(GSocketAddress) address = g_inet_socket_address_new_from_string("127.0.0.1", port);
    g_socket_set_listen_backlog(full, 0);
    g_assert_true(g_socket_listen(full, NULL));
    for (unsigned i = 0; i < 4; i++) {
        GSocket *filler =
            g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
        g_socket_set_blocking(filler, FALSE);
        g_socket_connect(filler, address, NULL, NULL);
        g_ptr_array_add(fillers, filler);
    }
    g_autofree char *url = g_strdup_printf("pop3://127.0.0.1:%u", port);
    expect_refusal(url, 300 * MG_MILLISECONDS, "the connection timed out");
}

/* A server that says `text`, waits for a line, and goes: with a FIN, or with a RST. */
typedef struct {
    GSocket *listener;
    const char *text;
    bool reset;
} Rude;

static void *be_rude(void *data)
{
    Rude *rude = data;
    char buffer[64];
    g_autoptr(GSocket) client = g_socket_accept(rude->listener, NULL, NULL);
    g_socket_send(client, rude->text, strlen(rude->text), NULL, NULL);
    g_socket_receive(client, buffer, sizeof buffer, NULL, NULL);
    if (rude->reset) {
        struct {
            int on, seconds;
        } linger = {1, 0};
        setsockopt(g_socket_get_fd(client), SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    }
    g_socket_close(client, NULL);
    return NULL;
}

static void rude_server(const char *text, bool reset, const char *wanted)
{
    uint16_t port = 0;
    g_autoptr(GSocket) listener = bind_loopback(&port);
    g_assert_true(g_socket_listen(listener, NULL));
    Rude rude = {listener, text, reset};
    GThread *thread = g_thread_new("rude", be_rude, &rude);
    g_autofree char *url = g_strdup_printf("pop3://127.0.0.1:%u", port);
    expect_refusal(url, 5 * MG_SECONDS, wanted);
    g_thread_join(thread);
}

static void test_lost(void)
{
    rude_server("+OK hello\r\n", false, "the connection was lost");
    rude_server("+OK hello\r\n", true, "the connection was lost");
    rude_server("220 ESMTP\r\n", false, "does not speak POP3");
}

/* A name that is not there; .invalid never is (RFC 2606). Where nothing resolves names, the system
 * says so in its own way. */
static void test_no_such_name(void)
{
    expect_refusal("pop3://nowhere.invalid", 5 * MG_SECONDS, "nowhere.invalid:110: ");
}

/* A client that goes away in the middle takes only its own session with it. */
static void test_client_lost(void)
{
    End server, client;
    Fates fates;
    MgRuntimeCounts counts;
    g_autoptr(MgDoor) door = open_server(&server);
    g_autoptr(GSocketAddress) address =
        g_inet_socket_address_new_from_string("127.0.0.1", mg_door_port(door));
    g_autoptr(GSocket) socket =
        g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
    static const char words[] = "USER bob@example.net\r\nPASS secret\r\nDELE 1\r\nRETR 2\r\n";
    g_assert_true(g_socket_connect(socket, address, NULL, NULL));
    g_assert_cmpint(g_socket_send(socket, words, strlen(words), NULL, NULL), ==, strlen(words));
    while (count_records(server.trace, "RETR 2") == 0)
        g_main_context_iteration(NULL, TRUE);
    g_socket_close(socket, NULL); /* with octets unread: a RST */
    do {
        g_main_context_iteration(NULL, TRUE);
        mg_runtime_counts(server.runtime, &counts);
    } while (counts.engines > 0);
    g_assert_cmpuint(mg_store_n_messages(mg_runtime_store(server.runtime, server.host), 0), ==, 2);
    /* The lock was given back. */
    g_autofree char *url = g_strdup_printf("pop3://127.0.0.1:%u", mg_door_port(door));
    fetch(&client, url, 5 * MG_SECONDS, &fates);
    g_assert_cmpuint(fates.fetched, ==, 2);
    end_clear(&client);
    mg_door_close(g_steal_pointer(&door));
    end_clear(&server);
}

static void test_bad_doors(void)
{
    static const char *const rows[] = {"127.0.0.1", "nonsense:25", "127.0.0.1:99999", "[::1:25",
                                       "127.0.0.1:x"};
    End server;
    g_autoptr(MgDoor) door = open_server(&server);
    const MgEngineKind *kind = mg_registry_engine(registry, "pop3.server");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(mg_door_open(server.carrier, server.host, kind, rows[i], &error));
        g_assert_error(error, MG_ERROR, MG_ERROR_REACH);
        g_assert_true(g_str_has_prefix(error->message, rows[i]));
    }
    g_autoptr(GError) error = NULL; /* the address is taken */
    g_assert_null(mg_door_open(server.carrier, server.host, kind, mg_door_address(door), &error));
    g_assert_error(error, MG_ERROR, MG_ERROR_REACH);
    mg_door_close(g_steal_pointer(&door));
    end_clear(&server);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    registry = mg_registry_new();
    g_test_add_func("/real/fetch", test_fetch);
    g_test_add_func("/real/both-families", test_both_families);
    g_test_add_func("/real/keep", test_keep);
    g_test_add_func("/real/deadline", test_deadline);
    g_test_add_func("/real/refused", test_refused);
    g_test_add_func("/real/timeout", test_timeout);
    g_test_add_func("/real/lost", test_lost);
    g_test_add_func("/real/no-such-name", test_no_such_name);
    g_test_add_func("/real/client-lost", test_client_lost);
    g_test_add_func("/real/bad-doors", test_bad_doors);
    int result = g_test_run();
    mg_registry_unref(registry);
    return result;
}
