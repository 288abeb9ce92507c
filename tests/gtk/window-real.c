/* SPDX-License-Identifier: GPL-3.0-or-later */
/* window-real.c - what the window shows of a real server: taken, refused, not there */
#include <gio/gio.h>
#include <locale.h>

#include "real-panel.h"

/* A server of a few lines: answers each line with the next of its replies. */
typedef struct {
    GSocketListener *listener;
    GThread *thread;
    uint16_t port;
    const char *const *replies;
    GString *heard;
} Server;

static void *serve(void *data)
{
    Server *server = data;
    g_autoptr(GSocketConnection) connection =
        g_socket_listener_accept(server->listener, NULL, NULL, NULL);
    if (connection == NULL)
        return NULL;
    GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(connection));
    g_autoptr(GDataInputStream) in =
        g_data_input_stream_new(g_io_stream_get_input_stream(G_IO_STREAM(connection)));
    bool data_phase = false;
    for (size_t i = 0; server->replies[i] != NULL; i++) {
        if (!g_output_stream_write_all(out, server->replies[i], strlen(server->replies[i]), NULL,
                                       NULL, NULL))
            return NULL;
        data_phase = g_str_has_prefix(server->replies[i], "354");
        g_autofree char *line = NULL;
        do {
            g_clear_pointer(&line, g_free);
            line = g_data_input_stream_read_line(in, NULL, NULL, NULL);
            if (line == NULL)
                return NULL;
            g_string_append_printf(server->heard, "%s\n", line);
        } while (data_phase && strcmp(line, ".\r") != 0 && strcmp(line, ".") != 0);
    }
    return NULL;
}

static void start(Server *server, const char *const *replies)
{
    g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GSocketAddress) any = g_inet_socket_address_new(loopback, 0);
    g_autoptr(GSocketAddress) effective = NULL;
    g_autoptr(GError) error = NULL;
    server->listener = g_socket_listener_new();
    server->replies = replies;
    server->heard = g_string_new(NULL);
    g_socket_listener_add_address(server->listener, any, G_SOCKET_TYPE_STREAM,
                                  G_SOCKET_PROTOCOL_TCP, NULL, &effective, &error);
    g_assert_no_error(error);
    server->port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(effective));
    server->thread = g_thread_new("server", serve, server);
}

static void stop(Server *server)
{
    g_thread_join(server->thread);
    g_socket_listener_close(server->listener);
    g_object_unref(server->listener);
    g_string_free(server->heard, TRUE);
}

static MgSession *simulated(MgRegistry *registry)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgSession *session = mg_session_new(g_getenv("TEST_NETWORK"), registry, 1, problems);
    g_assert_nonnull(session);
    return session;
}

static gboolean tell(void *data)
{
    *(bool *)data = true;
    return G_SOURCE_REMOVE;
}

/* Sends one mail and waits until the connection is over. */
static char *outcome_of(MgRegistry *registry, uint16_t port, uint32_t *n_records)
{
    static const char *const words[] = {"to", "bob@example.com", NULL};
    g_autoptr(MgSession) session = simulated(registry);
    g_autofree char *endpoint = g_strdup_printf("127.0.0.1:%u", port);
    g_autoptr(GError) error = NULL;
    g_autoptr(MgSession) real = mg_real_panel_connect(session, endpoint, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(mg_trace_n_records(mg_session_trace(real)), ==, 0); /* nothing was sent yet */
    g_autoptr(GBytes) letter = g_bytes_new_static("Subject: x\r\n\r\nx\r\n", 17);
    g_assert_true(mg_real_panel_send(real, words, letter, &error));
    while (g_str_has_prefix(mg_real_panel_outcome(real), "Talking"))
        g_main_context_iteration(NULL, TRUE);
    bool over = false; /* the good-bye, and the eye that follows */
    g_timeout_add(150, tell, &over);
    while (!over)
        g_main_context_iteration(NULL, TRUE);
    *n_records = mg_session_position(real);
    return g_strdup(mg_real_panel_outcome(real));
}

static void test_taken(void)
{
    static const char *const replies[] = {"220 real ESMTP\r\n",    "250 real\r\n",
                                          "250 2.1.0 sender\r\n",  "250 2.1.5 recipient\r\n",
                                          "354 go on\r\n",         "250 2.0.0 kept as 17\r\n",
                                          "221 2.0.0 goodbye\r\n", NULL};
    g_autoptr(MgRegistry) registry = mg_registry_new();
    Server server;
    start(&server, replies);
    uint32_t n = 0;
    g_autofree char *outcome = outcome_of(registry, server.port, &n);
    g_assert_true(g_str_has_prefix(outcome, "Done"));
    g_assert_nonnull(strstr(outcome, "kept as 17"));
    g_assert_cmpuint(n, >=, 10);
    g_assert_nonnull(strstr(server.heard->str, "MAIL FROM:<alice@example.com>"));
    g_assert_nonnull(strstr(server.heard->str, "RCPT TO:<bob@example.com>"));
    stop(&server);
}

static void test_refused(void)
{
    static const char *const replies[] = {"220 real ESMTP\r\n",   "250 real\r\n",
                                          "250 2.1.0 sender\r\n", "550 5.1.1 not here\r\n",
                                          "250 reset\r\n",        NULL};
    g_autoptr(MgRegistry) registry = mg_registry_new();
    Server server;
    start(&server, replies);
    uint32_t n = 0;
    g_autofree char *outcome = outcome_of(registry, server.port, &n);
    g_assert_true(g_str_has_prefix(outcome, "Refused by the server: 550"));
    stop(&server);
}

static void test_absent(void)
{
    g_autoptr(MgRegistry) registry = mg_registry_new();
    Server server; /* gives a port that nobody listens on any more */
    static const char *const none[] = {NULL};
    start(&server, none);
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GSocketConnection) connection =
        g_socket_client_connect_to_host(client, "127.0.0.1", server.port, NULL, NULL);
    uint16_t port = server.port;
    stop(&server);
    g_clear_object(&connection);
    uint32_t n = 0;
    g_autofree char *outcome = outcome_of(registry, port, &n);
    g_assert_true(g_str_has_prefix(outcome, "Could not be handed over"));
    g_assert_nonnull(strstr(outcome, "refused"));
}

/* Only this machine: no stranger is written to. */
static void test_endpoints(void)
{
    static const char *const bad[] = {"192.0.2.1:25", "example.com:25", "",
                                      "127.0.0.1:0",  "127.0.0.1:x",    "localhost.example:25"};
    g_autoptr(MgRegistry) registry = mg_registry_new();
    g_autoptr(MgSession) session = simulated(registry);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(mg_real_panel_connect(session, bad[i], &error));
        g_assert_nonnull(error);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    setlocale(LC_ALL, "C.UTF-8");
    g_test_add_func("/real/endpoints", test_endpoints);
    g_test_add_func("/real/taken", test_taken);
    g_test_add_func("/real/refused", test_refused);
    g_test_add_func("/real/absent", test_absent);
    return g_test_run();
}
