/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-carry.c - our client over a real socket, for esmtp-peers.py:
 *
 *      smtp-carry 127.0.0.1:2525 "from=a@b to=c@d ret=HDRS" FILE chunking=yes …
 *
 * The mail is written as the question in a transcript, the answer printed as there; what both ends
 * said, with C: and S:, goes to standard error. */
#include <gio/gio.h>
#include <locale.h>

#include "smtp.h"
#include "text.h"
#include "transcript.h"

static void show(const char *who, MgSpan octets)
{
    g_autoptr(GString) text = g_string_new(NULL);
    mg_transcript_escape(octets, text);
    g_printerr("%s %s\n", who, text->str);
}

static void write_all(GSocket *socket, MgSpan octets)
{
    for (size_t at = 0; at < octets.len;) {
        g_autoptr(GError) error = NULL;
        gssize n =
            g_socket_send(socket, (const char *)octets.data + at, octets.len - at, NULL, &error);
        if (n <= 0)
            g_error("send: %s", error != NULL ? error->message : "closed");
        at += (size_t)n;
    }
}

static GSocket *connect_to(const MgConnectQuestion *question)
{
    g_autoptr(GError) error = NULL;
    GSocket *made =
        g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
    g_autoptr(GSocketAddress) address =
        g_inet_socket_address_new_from_string(question->address, question->port);
    g_socket_set_timeout(made, 20);
    if (!g_socket_connect(made, address, NULL, &error))
        g_error("connect: %s", error->message);
    return made;
}

/* Drives the engine until it closes. */
static void carry(MgEngine *engine)
{
    static const MgConnectAnswer connected = {.reach = MG_REACH_OK};
    const MgTopicAdapter *adapter = mg_transcript_adapter(MG_TOPIC_SEND);
    g_autoptr(GSocket) socket = NULL;
    for (bool open = true; open;) {
        MgEvent event;
        while (open && mg_engine_next(engine, &event)) {
            if (event.kind == MG_EVENT_ASK) {
                socket = connect_to(event.ask.question);
                mg_engine_answer(engine, event.ask.id, &connected, 0);
            } else if (event.kind == MG_EVENT_SEND) {
                show("C:", event.send);
                write_all(socket, event.send);
            } else if (event.kind == MG_EVENT_DELIVER) {
                g_autoptr(GString) text = g_string_new(NULL);
                adapter->format_answer(event.deliver.item, text);
                g_print("%s\n", text->str + 1);
            } else if (event.kind == MG_EVENT_CLOSE) {
                open = false;
            }
        }
        char buffer[65536];
        gssize n = open ? g_socket_receive(socket, buffer, sizeof buffer, NULL, NULL) : 0;
        if (n > 0) {
            show("S:", (MgSpan){(const uint8_t *)buffer, (size_t)n});
            mg_engine_receive(engine, (MgSpan){(const uint8_t *)buffer, (size_t)n}, 0);
        } else if (open) {
            mg_engine_receive_end(engine, MG_END_CLOSED, 0);
        }
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GPtrArray) pool = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(MgSetting));
    g_autofree char *letter = NULL, *host = NULL;
    gsize len = 0;
    uint16_t port = 25;
    setlocale(LC_ALL, "");
    if (argc < 4 || !mg_text_parse_endpoint(argv[1], 25, &host, &port) ||
        !g_file_get_contents(argv[3], &letter, &len, NULL))
        g_error("usage: smtp-carry HOST:PORT MAIL FILE SETTING=VALUE…");
    for (int i = 4; i < argc; i++) {
        g_auto(GStrv) pair = g_strsplit(argv[i], "=", 2);
        MgSetting row = {.key = mg_transcript_pool_string(pool, pair[0]),
                         .value = mg_transcript_pool_string(pool, pair[1])};
        g_array_append_val(rows, row);
    }
    g_autofree char *text =
        g_strdup_printf("address=%s port=%u helo=client.example %s", host, port, argv[2]);
    MgSettings settings = {(const MgSetting *)(const void *)rows->data, rows->len};
    MgSpan data = {(const uint8_t *)letter, len};
    const MgTopicAdapter *adapter = mg_transcript_adapter(MG_TOPIC_SEND);
    MgBirth birth = {.settings = &settings,
                     .host = "client.example",
                     .seed = 1,
                     .question = adapter->parse_question(text, data, pool)};
    g_autoptr(MgEngine) engine = mg_smtp_client.create(&birth);
    carry(engine);
    return 0;
}
