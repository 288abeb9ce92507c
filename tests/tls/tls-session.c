/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls-session.c - two ends over memory: the same octets again, plaintext through, reasons in words
 */
#include "tls-session.h"

#define EPOCH INT64_C(1772442000) /* 2026-03-02 */

typedef struct {
    MgTlsSession *session;
    GString *plain, *keys;
    char *reason, *alpn, *sni, *version, *person;
    char *rule;
    GBytes *exporter, *end_point;
    bool ready, failed, ended, verified;
    unsigned inside, sent;
    size_t n_chain;
    int drop_at; /* octet of the wire to be changed; -1 none */
} End;

static void hear(End *end, const MgLayerEvent *event)
{
    const MgSecureAnswer *answer = event->answer;
    switch (event->kind) {
    case MG_LAYER_PLAIN:
        g_assert_cmpuint(event->unit, >, 0);
        g_string_append_len(end->plain, (const char *)event->octets.data,
                            (gssize)event->octets.len);
        break;
    case MG_LAYER_SENT:
        g_assert_cmpuint(event->unit, >, 0);
        end->sent++;
        break;
    case MG_LAYER_INSIDE:
        end->inside++;
        break;
    case MG_LAYER_SECRET:
        g_string_append_len(end->keys, (const char *)event->octets.data, (gssize)event->octets.len);
        g_string_append_c(end->keys, '\n');
        break;
    case MG_LAYER_READY:
    case MG_LAYER_FAILED:
        end->ready |= event->kind == MG_LAYER_READY;
        end->failed |= event->kind == MG_LAYER_FAILED;
        end->verified = answer->verified;
        g_free(end->reason);
        end->reason = g_strdup(answer->reason);
        g_free(end->rule);
        end->rule = answer->rule != NULL ? g_strdup(answer->rule->id) : NULL;
        g_free(end->alpn);
        end->alpn = g_strdup(answer->alpn);
        g_free(end->sni);
        end->sni = g_strdup(answer->sni);
        g_free(end->person);
        end->person = g_strdup(answer->peer);
        g_free(end->version);
        end->version = g_strdup(answer->version);
        end->n_chain = answer->n_chain;
        g_clear_pointer(&end->exporter, g_bytes_unref);
        end->exporter = g_bytes_new(answer->exporter.data, answer->exporter.len);
        g_clear_pointer(&end->end_point, g_bytes_unref);
        end->end_point = g_bytes_new(answer->end_point.data, answer->end_point.len);
        break;
    case MG_LAYER_ENDED:
        end->ended = true;
        break;
    default:
        break;
    }
}

static bool drain(End *from, End *to, GChecksum *sum, size_t cut)
{
    MgLayerEvent event;
    g_autoptr(GByteArray) wire = g_byte_array_new();
    while (mg_tls_session_next(from->session, &event)) {
        if (event.kind == MG_LAYER_WIRE)
            g_byte_array_append(wire, event.octets.data, (guint)event.octets.len);
        else
            hear(from, &event);
    }
    if (from->drop_at >= 0 && (guint)from->drop_at < wire->len) {
        wire->data[from->drop_at] ^= 1;
        from->drop_at = -1;
    }
    g_checksum_update(sum, wire->data, wire->len);
    for (size_t at = 0; at < wire->len; at += cut)
        mg_tls_session_receive(to->session, (MgSpan){wire->data + at, MIN(cut, wire->len - at)});
    return wire->len > 0;
}

static void end_clear(End *end)
{
    mg_tls_session_free(end->session);
    g_string_free(end->plain, TRUE);
    g_string_free(end->keys, TRUE);
    g_free(end->reason);
    g_free(end->rule);
    g_free(end->alpn);
    g_free(end->sni);
    g_free(end->person);
    g_free(end->version);
    g_clear_pointer(&end->exporter, g_bytes_unref);
    g_clear_pointer(&end->end_point, g_bytes_unref);
}

typedef struct {
    uint64_t seed;
    MgTlsFlaw flaw;
    const char *name, *alpn, *version_max, *version_min;
    size_t cut;
    bool any, real, tidy;
    int damage;
} Wish;

typedef struct {
    End client, server;
    char *hash;
} Talk;

static void talk_clear(Talk *talk)
{
    end_clear(&talk->client);
    end_clear(&talk->server);
    g_free(talk->hash);
}

static Talk converse(MgTlsCa *ca, const Wish *wish)
{
    Talk talk = {{.plain = g_string_new(NULL), .keys = g_string_new(NULL), .drop_at = -1},
                 {.plain = g_string_new(NULL), .keys = g_string_new(NULL), .drop_at = -1},
                 NULL};
    const MgTlsLibrary *library = wish->real ? NULL : mg_tls_ca_library(ca);
    MgTlsSetup setup = {.library = library,
                        .name = wish->name,
                        .any = wish->any,
                        .alpn = wish->alpn,
                        .trust = mg_tls_ca_trust(ca),
                        .version_max = wish->version_max,
                        .version_min = wish->version_min,
                        .now = EPOCH,
                        .seed = wish->seed,
                        .keep_keys = true};
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    talk.client.session = mg_tls_session_new(&setup);
    setup.server = true;
    setup.seed = wish->seed + 1000;
    setup.name = NULL;
    setup.alpn = wish->alpn != NULL ? "pop3,imap" : NULL;
    setup.identity = mg_tls_ca_identity(ca, "mx.example.net", "imap.example.net", wish->flaw);
    talk.server.session = mg_tls_session_new(&setup);
    size_t cut = wish->cut > 0 ? wish->cut : 1 << 20;
    talk.client.drop_at = wish->damage > 0 ? wish->damage : -1;
    mg_tls_session_send(talk.client.session, MG_SPAN("EHLO before it is ready\r\n"));
    for (int i = 0; i < 20; i++) {
        bool more = drain(&talk.client, &talk.server, sum, cut);
        more |= drain(&talk.server, &talk.client, sum, cut);
        if (i == 3) {
            g_autoptr(GString) big = g_string_new(NULL);
            for (int line = 0; line < 2000; line++)
                g_string_append_printf(big, "line %d of many\r\n", line);
            mg_tls_session_send(talk.client.session, mg_span_from_string(big->str));
            mg_tls_session_send(talk.server.session, MG_SPAN("250 OK\r\n"));
        } else if (i == 6) {
            mg_tls_session_close(talk.client.session);
        } else if (!more && i > 6) {
            break;
        }
    }
    mg_tls_session_receive_end(talk.client.session, MG_END_CLOSED);
    mg_tls_session_receive_end(talk.server.session, MG_END_CLOSED);
    drain(&talk.client, &talk.server, sum, cut);
    drain(&talk.server, &talk.client, sum, cut);
    talk.hash = g_strdup(g_checksum_get_string(sum));
    return talk;
}

static void test_both_ways(void)
{
    g_autoptr(MgTlsCa) ca = mg_tls_ca_new(7, EPOCH);
    static const char *const versions[] = {"1.2", "1.3"};
    for (size_t i = 0; i < 2; i++) {
        Talk talk = converse(ca, &(Wish){.seed = 1,
                                         .name = "mx.example.net",
                                         .alpn = "smtp,imap",
                                         .version_max = versions[i]});
        g_assert_cmpstr(talk.client.reason, ==, NULL);
        g_assert_true(talk.client.ready && talk.server.ready && talk.client.verified);
        g_assert_cmpstr(talk.client.alpn, ==, "imap");
        g_assert_cmpstr(talk.server.alpn, ==, "imap");
        g_assert_cmpstr(talk.server.sni, ==, "mx.example.net");
        g_assert_cmpstr(talk.client.version, ==, i == 0 ? "TLSv1.2" : "TLSv1.3");
        g_assert_true(
            g_str_has_prefix(talk.server.plain->str, "EHLO before it is ready\r\nline 0 "));
        g_assert_true(g_str_has_suffix(talk.server.plain->str, "line 1999 of many\r\n"));
        g_assert_cmpstr(talk.client.plain->str, ==, "250 OK\r\n");
        g_assert_true(talk.server.ended && !talk.client.ended);
        g_assert_cmpuint(talk.client.n_chain, ==, 2);
        g_assert_true(g_bytes_equal(talk.client.exporter, talk.server.exporter));
        g_assert_true(g_bytes_equal(talk.client.end_point, talk.server.end_point));
        g_assert_cmpuint(g_bytes_get_size(talk.client.exporter), ==, 32);
        g_assert_cmpuint(g_bytes_get_size(talk.client.end_point), ==, 32);
        g_assert_cmpuint(talk.client.inside, >, 0);
        g_assert_nonnull(strstr(talk.client.keys->str, "CLIENT_"));
        talk_clear(&talk);
    }
}

static void test_the_same_again(void)
{
    static const struct {
        const char *max, *min;
    } versions[] = {{"1.3", NULL}, {"1.2", NULL}, {"1.1", "1.0"}, {"1.0", "1.0"}};
    for (size_t v = 0; v < G_N_ELEMENTS(versions); v++) {
        g_autofree char *first = NULL;
        for (unsigned i = 0; i < 4; i++) {
            g_autoptr(MgTlsCa) ca = mg_tls_ca_new(7, EPOCH);
            Wish wish = {.seed = 1,
                         .name = "mx.example.net",
                         .version_max = versions[v].max,
                         .version_min = versions[v].min};
            if (i == 1) { /* what others did before changes nothing */
                mg_tls_ca_identity(ca, "other.example.net", NULL, MG_TLS_EXPIRED);
                Talk other = converse(ca, &(Wish){.seed = 99, .name = "mx.example.net"});
                talk_clear(&other);
            } else if (i == 2) {
                g_usleep(1100 * 1000); /* nor does the time of day */
            } else if (i == 3) {
                wish.seed = 2;
            }
            Talk talk = converse(ca, &wish);
            g_assert_cmpstr(talk.client.reason, ==, NULL);
            g_assert_true(talk.client.ready);
            if (i == 0)
                first = g_strdup(talk.hash);
            else if (i < 3)
                g_assert_cmpstr(talk.hash, ==, first);
            else
                g_assert_cmpstr(talk.hash, !=, first);
            talk_clear(&talk);
        }
        g_test_message("TLS %s: %s", versions[v].max, first);
    }
}

static void test_real_is_never_the_same(void)
{
    g_autoptr(MgTlsCa) ca = mg_tls_ca_new(7, EPOCH);
    Wish wish = {.seed = 1, .name = "mx.example.net", .real = true};
    Talk a = converse(ca, &wish), b = converse(ca, &wish);
    g_assert_true(a.client.ready && b.client.ready);
    g_assert_cmpstr(a.hash, !=, b.hash);
    talk_clear(&a);
    talk_clear(&b);
}

static void test_every_octet(void)
{
    g_autoptr(MgTlsCa) ca = mg_tls_ca_new(7, EPOCH);
    Talk whole = converse(ca, &(Wish){.seed = 1, .name = "mx.example.net"});
    Talk cut = converse(ca, &(Wish){.seed = 1, .name = "mx.example.net", .cut = 1});
    g_assert_true(cut.client.ready);
    g_assert_cmpstr(cut.server.plain->str, ==, whole.server.plain->str);
    talk_clear(&whole);
    talk_clear(&cut);
}

static void test_reasons(void)
{
    static const struct {
        MgTlsFlaw flaw;
        const char *name, *rule, *words;
    } rows[] = {
        {MG_TLS_GOOD, "mail.example.org", "tls.wrong-name",
         "the certificate is for mx.example.net, imap.example.net, not for mail.example.org"},
        {MG_TLS_EXPIRED, "mx.example.net", "tls.expired",
         "the certificate was valid until 2026-03-01 09:00 UTC, and it is 2026-03-02 09:00 UTC"},
        {MG_TLS_NOT_YET, "mx.example.net", "tls.not-yet-valid",
         "the certificate is valid from 2027-03-02 09:00 UTC, and it is 2026-03-02 09:00 UTC"},
        {MG_TLS_WRONG_NAME, "mx.example.net", "tls.wrong-name",
         "the certificate is for www.example.org, not for mx.example.net"},
        {MG_TLS_SELF_SIGNED, "mx.example.net", "tls.self-signed",
         "the certificate of CN=mx.example.net is signed by itself"},
        {MG_TLS_UNKNOWN, "mx.example.net", "tls.unknown-issuer",
         "the certificate of CN=mx.example.net is signed by CN=Somebody's Own Root, which is not "
         "trusted here"},
    };
    g_autoptr(MgTlsCa) ca = mg_tls_ca_new(7, EPOCH);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Wish wish = {.seed = 1, .name = rows[i].name, .flaw = rows[i].flaw};
        Talk talk = converse(ca, &wish);
        g_assert_true(talk.client.failed && !talk.client.ready);
        g_assert_cmpstr(talk.client.reason, ==, rows[i].words);
        g_assert_cmpstr(talk.client.rule, ==, rows[i].rule);
        g_assert_cmpuint(talk.server.plain->len, ==, 0);
        g_assert_true(talk.server.failed);
        g_assert_cmpstr(talk.server.rule, ==, "tls.refused");
        talk_clear(&talk);
        wish.any = true; /* better than nothing: but it is said */
        talk = converse(ca, &wish);
        g_assert_true(talk.client.ready && !talk.client.verified);
        g_assert_cmpstr(talk.client.reason, ==, rows[i].words);
        g_assert_cmpuint(talk.server.plain->len, >, 0);
        talk_clear(&talk);
    }
}

static void test_trouble(void)
{
    g_autoptr(MgTlsCa) ca = mg_tls_ca_new(7, EPOCH);
    Talk talk = converse(ca, &(Wish){.seed = 1, .name = "mx.example.net", .alpn = "gopher"});
    g_assert_true(talk.client.failed);
    g_assert_cmpstr(talk.client.reason, ==, "the peer has given up: no_application_protocol");
    talk_clear(&talk);

    for (int damage = 1; damage < 260;
         damage += 7) { /* never a crash, never two that are content */
        talk = converse(ca, &(Wish){.seed = 1, .name = "mx.example.net", .damage = damage});
        g_assert_false(talk.client.ready && talk.server.ready);
        talk_clear(&talk);
    }

    MgTlsSetup setup = {.library = mg_tls_ca_library(ca),
                        .name = "mx.example.net",
                        .trust = mg_tls_ca_trust(ca),
                        .now = EPOCH,
                        .seed = 3};
    End end = {.plain = g_string_new(NULL), .keys = g_string_new(NULL)};
    end.session = mg_tls_session_new(&setup);
    mg_tls_session_receive(end.session, MG_SPAN("220 mx.example.net ESMTP\r\n"));
    MgLayerEvent event;
    while (mg_tls_session_next(end.session, &event))
        hear(&end, &event);
    g_assert_true(end.failed);
    g_assert_cmpstr(end.reason, ==, "what the peer sends is no TLS");
    mg_tls_session_send(end.session, MG_SPAN("nobody hears this"));
    mg_tls_session_receive(end.session, MG_SPAN("nor this"));
    mg_tls_session_close(end.session);
    g_assert_false(mg_tls_session_next(end.session, &event));
    end_clear(&end);

    end = (End){.plain = g_string_new(NULL), .keys = g_string_new(NULL)};
    end.session = mg_tls_session_new(&setup);
    mg_tls_session_receive_end(end.session, MG_END_CLOSED);
    while (mg_tls_session_next(end.session, &event))
        hear(&end, &event);
    g_assert_cmpstr(end.rule, ==, "tls.broken-off");
    end_clear(&end);
}

/* A server may ask, and a client may show a certificate of its own (RFC 8446 §4.3.2). */
static void test_client_certificate(void)
{
    g_autoptr(MgTlsCa) ca = mg_tls_ca_new(7, EPOCH), other = mg_tls_ca_new(8, EPOCH);
    static const struct {
        bool shows, asks, known;
        const char *person;
    } rows[] = {{true, true, true, "bob.example.net"},
                {true, true, false, NULL},
                {true, false, true, NULL},
                {false, true, true, NULL}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        MgTlsSetup setup = {.library = mg_tls_ca_library(ca),
                            .name = "mx.example.net",
                            .trust = mg_tls_ca_trust(ca),
                            .now = EPOCH,
                            .seed = 1};
        if (rows[i].shows)
            setup.identity = mg_tls_ca_identity(ca, "bob.example.net", NULL, MG_TLS_GOOD);
        End client = {.plain = g_string_new(NULL), .keys = g_string_new(NULL), .drop_at = -1};
        End server = {.plain = g_string_new(NULL), .keys = g_string_new(NULL), .drop_at = -1};
        g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
        client.session = mg_tls_session_new(&setup);
        setup.server = true;
        setup.name = NULL;
        setup.asks = rows[i].asks;
        setup.trust = mg_tls_ca_trust(rows[i].known ? ca : other);
        setup.identity = mg_tls_ca_identity(ca, "mx.example.net", NULL, MG_TLS_GOOD);
        server.session = mg_tls_session_new(&setup);
        for (int k = 0; k < 10; k++) {
            drain(&client, &server, sum, 1 << 20);
            drain(&server, &client, sum, 1 << 20);
        }
        g_assert_true(client.ready && server.ready);
        g_assert_cmpstr(server.person, ==, rows[i].person);
        end_clear(&client);
        end_clear(&server);
    }
}

/* A host whose own certificate cannot be used shows no other in its place. */
static void test_problem(void)
{
    for (int server = 0; server < 2; server++) {
        MgTlsSetup setup = {.server = server, .problem = "the key is not the certificate's"};
        g_autoptr(MgTlsSession) session = mg_tls_session_new(&setup);
        MgLayerEvent event;
        bool failed = false;
        mg_tls_session_receive(session, MG_SPAN("EHLO a\r\n"));
        while (mg_tls_session_next(session, &event)) {
            g_assert_cmpint(event.kind, !=, MG_LAYER_WIRE);
            if (event.kind != MG_LAYER_FAILED)
                continue;
            const MgSecureAnswer *answer = event.answer;
            failed = true;
            g_assert_cmpstr(answer->reason, ==, "the key is not the certificate's");
            g_assert_cmpstr(answer->rule->id, ==, "tls.own-certificate");
        }
        g_assert_true(failed);
    }
}

static void test_pem(void)
{
    g_autoptr(MgTlsCa) ca = mg_tls_ca_new(7, EPOCH), again = mg_tls_ca_new(7, EPOCH);
    g_autoptr(MgTlsCa) other = mg_tls_ca_new(8, EPOCH);
    const MgTlsIdentity *mx = mg_tls_ca_identity(ca, "mx.example.net", NULL, MG_TLS_GOOD);
    g_autofree char *pem = mg_tls_identity_pem(mx, true);
    g_autofree char *same =
        mg_tls_identity_pem(mg_tls_ca_identity(again, "mx.example.net", NULL, MG_TLS_GOOD), true);
    g_autofree char *not_same =
        mg_tls_identity_pem(mg_tls_ca_identity(other, "mx.example.net", NULL, MG_TLS_GOOD), true);
    g_assert_cmpstr(pem, ==, same);
    g_assert_cmpstr(pem, !=, not_same);
    char *problem = NULL;
    MgSpan text = mg_span_from_string(pem);
    MgTlsIdentity *read = mg_tls_identity_parse(NULL, text, text, &problem);
    g_assert_cmpstr(problem, ==, NULL);
    g_autofree char *written = mg_tls_identity_pem(read, true);
    g_assert_cmpstr(written, ==, pem);
    mg_tls_identity_free(read);
    g_assert_null(mg_tls_identity_parse(NULL, text, MG_SPAN("x"), &problem));
    g_assert_nonnull(strstr(problem, "no private key"));
    g_clear_pointer(&problem, g_free);
    g_assert_null(mg_tls_identity_parse(NULL, MG_SPAN(""), text, &problem));
    g_assert_nonnull(strstr(problem, "no certificate"));
    g_clear_pointer(&problem, g_free);
    g_assert_null(mg_tls_identity_parse(NULL, text, mg_span_from_string(not_same), &problem));
    g_assert_nonnull(strstr(problem, "not the certificate's"));
    g_clear_pointer(&problem, g_free);
    g_autofree char *root = mg_tls_ca_pem(ca);
    MgTlsTrust *trust = mg_tls_trust_new(NULL);
    g_assert_cmpuint(mg_tls_trust_add(trust, mg_span_from_string(root)), ==, 1);
    g_assert_cmpuint(mg_tls_trust_add(trust, text), ==, 2);
    mg_tls_trust_free(trust);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tls/session/both-ways", test_both_ways);
    g_test_add_func("/tls/session/the-same-again", test_the_same_again);
    g_test_add_func("/tls/session/real-is-never-the-same", test_real_is_never_the_same);
    g_test_add_func("/tls/session/every-octet", test_every_octet);
    g_test_add_func("/tls/session/reasons", test_reasons);
    g_test_add_func("/tls/session/trouble", test_trouble);
    g_test_add_func("/tls/session/client-certificate", test_client_certificate);
    g_test_add_func("/tls/session/problem", test_problem);
    g_test_add_func("/tls/session/pem", test_pem);
    return g_test_run();
}
