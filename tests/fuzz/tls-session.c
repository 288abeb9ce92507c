/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls-session.c - any octets for one end of a TLS connection: it ends or goes on, says so once, and
 * says the same when the octets come one by one
 *
 * The first octet: bit 0 the end is a server, bit 1 TLS 1.2. As chance repeats itself, what a
 * client once said to this server is understood again: so a corpus reaches what is behind the
 * handshake. */
#include "tls-session.h"

#define EPOCH INT64_C(1772442000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void play(MgTlsCa *ca, uint8_t how, MgSpan octets, size_t piece, GString *said[2])
{
    bool server = (how & 1) != 0;
    MgTlsSetup setup = {.library = mg_tls_ca_library(ca),
                        .server = server,
                        .name = server ? NULL : "mx.example.net",
                        .version_max = (how & 2) != 0 ? "1.2" : NULL,
                        .now = EPOCH,
                        .seed = server ? 1001 : 1,
                        .keep_keys = true};
    if (server)
        setup.identity = mg_tls_ca_identity(ca, "mx.example.net", NULL, MG_TLS_GOOD);
    else
        setup.trust = mg_tls_ca_trust(ca);
    g_autoptr(MgTlsSession) session = mg_tls_session_new(&setup);
    unsigned ready = 0, failed = 0;
    mg_tls_session_send(session, MG_SPAN("220 mx.example.net\r\n"));
    for (size_t at = 0; at <= octets.len; at += piece) {
        MgLayerEvent event;
        size_t len = MIN(piece, octets.len - at);
        mg_tls_session_receive(session, mg_span_slice(octets, at, len));
        if (len < piece)
            mg_tls_session_receive_end(session, MG_END_CLOSED);
        while (mg_tls_session_next(session, &event)) {
            ready += event.kind == MG_LAYER_READY;
            failed += event.kind == MG_LAYER_FAILED;
            if (event.kind == MG_LAYER_WIRE || event.kind == MG_LAYER_PLAIN)
                g_string_append_len(said[event.kind == MG_LAYER_WIRE],
                                    (const char *)event.octets.data, (gssize)event.octets.len);
        }
        if (len < piece)
            break;
    }
    g_assert_cmpuint(ready, <=, 1);
    g_assert_cmpuint(failed, <=, 1);
    g_assert_cmpuint(ready + failed, >=, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static MgTlsCa *ca; /* for all inputs: making one takes longer than a handshake */
    if (ca == NULL)
        ca = mg_tls_ca_new(7, EPOCH);
    if (size < 1)
        return 0;
    MgSpan octets = {data + 1, size - 1};
    GString *said[4];
    for (size_t i = 0; i < 4; i++)
        said[i] = g_string_new(NULL);
    play(ca, data[0], octets, SIZE_MAX, said);
    if (size < 64 || (size < 512 && data[size - 1] % 8 == 0)) {
        play(ca, data[0], octets, 1, said + 2);
        g_assert_true(g_string_equal(said[0], said[2]));
        g_assert_cmpmem(said[1]->str, said[1]->len, said[3]->str, said[3]->len);
    }
    for (size_t i = 0; i < 4; i++)
        g_string_free(said[i], TRUE);
    return 0;
}
