/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls-session.c - drives OpenSSL: the wire is two memory BIOs, time and chance come from outside */
#include "tls-session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#define CHAIN_MAX  10                 /* certificates that are told */
#define RECORD_MAX 16384u             /* RFC 8446 §5.1 */
#define QUEUE_MAX  ((size_t)64 << 20) /* plaintext that waits for the handshake */

typedef enum { SHAKING, OPEN, FAILED } State;

typedef struct {
    MgLayerEvent event;
    size_t offset; /* of its octets in `octets` */
} Queued;

struct MgTlsSession {
    SSL *ssl;
    BIO *in, *out; /* the SSL's own */
    uint64_t random;
    bool repeats; /* its chance is ours */
    bool server, any, keep_keys, closed, peer_closed, ended;
    State state;
    char *name, *alpn;
    int64_t now;
    GByteArray *early;            /* plaintext until the handshake is over */
    uint32_t units_out, units_in; /* records so far */
    int alert;                    /* that the peer has sent; -1 none */
    GArray *queue;                /* Queued */
    GByteArray *octets;           /* of the queue */
    size_t taken;                 /* of the queue */
    MgSecureAnswer answer;
    X509 *leaf;      /* (nullable) the peer's */
    char *own;       /* (nullable) whom ours names: a client's */
    long result;     /* X509_V_… */
    GArray *chain;   /* MgCertificate */
    GPtrArray *pool; /* texts of the answer */
    uint8_t exporter[32], end_point[EVP_MAX_MD_SIZE];
};

/* ---- what it says ---- */

static void say(MgTlsSession *session, const MgLayerEvent *event)
{
    Queued queued = {*event, session->octets->len};
    if (event->octets.len > 0)
        g_byte_array_append(session->octets, event->octets.data, (guint)event->octets.len);
    g_array_append_val(session->queue, queued);
}

bool mg_tls_session_next(MgTlsSession *session, MgLayerEvent *event)
{
    if (session->taken == session->queue->len) {
        g_array_set_size(session->queue, 0);
        g_byte_array_set_size(session->octets, 0);
        session->taken = 0;
        return false;
    }
    const Queued *queued = &g_array_index(session->queue, Queued, session->taken++);
    *event = queued->event;
    event->octets.data = session->octets->data + queued->offset;
    return true;
}

static void note(MgTlsSession *session, const MgRule *rule)
{
    if (rule != NULL)
        say(session,
            &(MgLayerEvent){.kind = MG_LAYER_NOTE, .unit = session->units_in, .rule = rule});
}

/* What OpenSSL has written goes on the wire, before whatever was inside of it is told. */
static void flush_at(MgTlsSession *session, guint before)
{
    char *data;
    long len = BIO_get_mem_data(session->out, &data);
    if (len <= 0)
        return;
    Queued queued = {{.kind = MG_LAYER_WIRE, .octets = {NULL, (size_t)len}}, session->octets->len};
    g_byte_array_append(session->octets, (const uint8_t *)data, (guint)len);
    g_array_insert_val(session->queue, before, queued);
    BIO_reset(session->out);
}

/* ---- what OpenSSL reports ---- */

static bool is_hidden(int version, int type, const uint8_t *octets, size_t len)
{
    if (type == SSL3_RT_ALERT)
        return true;
    if (type != SSL3_RT_HANDSHAKE || len == 0)
        return false;
    if (version == TLS1_3_VERSION) /* RFC 8446 §2: all but the two hellos */
        return octets[0] != SSL3_MT_CLIENT_HELLO && octets[0] != SSL3_MT_SERVER_HELLO;
    return octets[0] == SSL3_MT_FINISHED;
}

/* Messages are told before they are encrypted, and after they were decrypted. A record's header is
 * told when the record is made or read: so we know which one a message is in. */
/* NOLINTNEXTLINE(readability-function-size): OpenSSL's own signature */
static void on_message(int write, int version, int type, const void *data, size_t len, SSL *ssl,
                       void *user)
{
    MgTlsSession *session = user;
    const uint8_t *octets = data;
    if (type == SSL3_RT_HEADER) {
        if (write)
            session->units_out++;
        else
            session->units_in++;
        return;
    }
    if (type == SSL3_RT_ALERT && !write && len == 2)
        session->alert = octets[1];
    if (!is_hidden(SSL_version(ssl), type, octets, len))
        return;
    /* An alert is in the clear until its sender has keys. */
    if (type == SSL3_RT_ALERT && session->state == SHAKING && SSL_version(ssl) != TLS1_3_VERSION)
        return;
    say(session, &(MgLayerEvent){.kind = MG_LAYER_INSIDE,
                                 .octets = {octets, len},
                                 .unit = write ? session->units_out : session->units_in,
                                 .from_peer = !write,
                                 .tag = (uint16_t)(0x100 | type)});
}

static void on_key(const SSL *ssl, const char *line)
{
    MgTlsSession *session = SSL_get_app_data(ssl);
    if (session != NULL && session->keep_keys)
        say(session, &(MgLayerEvent){.kind = MG_LAYER_SECRET, .octets = mg_span_from_string(line)});
}

/* The peer's certificates, before OpenSSL forgets those that prove nothing. */
static int on_chain(X509_STORE_CTX *store, void *user)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    MgTlsSession *session = SSL_get_app_data(ssl);
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(store);
    MgCertificate about;
    int good = X509_verify_cert(store);
    for (int i = 0; i < MIN(sk_X509_num(chain), CHAIN_MAX); i++) {
        mg_tls_describe(sk_X509_value(chain, i), &about, session->pool);
        g_array_append_val(session->chain, about);
    }
    X509_free(session->leaf);
    session->leaf = X509_STORE_CTX_get0_cert(store);
    if (session->leaf != NULL)
        X509_up_ref(session->leaf);
    session->result = X509_STORE_CTX_get_error(store);
    return session->any || session->server || good > 0; /* a server goes on without */
}

/* ---- setting up ---- */

static int version_of(const char *text)
{
    static const struct {
        const char *text;
        int version;
    } versions[] = {{"1.0", TLS1_VERSION},
                    {"1.1", TLS1_1_VERSION},
                    {"1.2", TLS1_2_VERSION},
                    {"1.3", TLS1_3_VERSION}};
    for (size_t i = 0; text != NULL && i < G_N_ELEMENTS(versions); i++)
        if (strcmp(text, versions[i].text) == 0)
            return versions[i].version;
    return 0;
}

/* "imap,pop3" as RFC 7301 §3.1 wants it: each with its length before it. */
static GByteArray *list_protocols(const char *alpn)
{
    GByteArray *list = g_byte_array_new();
    g_auto(GStrv) words = g_strsplit(alpn, ",", -1);
    for (size_t i = 0; words[i] != NULL; i++) {
        uint8_t len = (uint8_t)MIN(strlen(words[i]), (size_t)255);
        if (len == 0)
            continue;
        g_byte_array_append(list, &len, 1);
        g_byte_array_append(list, (const uint8_t *)words[i], len);
    }
    return list;
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *in, unsigned in_len, void *user)
{
    const MgTlsSession *session = SSL_get_app_data(ssl);
    if (session->alpn == NULL)
        return SSL_TLSEXT_ERR_NOACK;
    g_autoptr(GByteArray) list = list_protocols(session->alpn);
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, out_len, list->data, list->len, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;              /* RFC 7301 §3.2 */
    for (unsigned i = 0; i < in_len; i += 1u + in[i]) { /* it has to outlive `list` */
        if (in[i] == *out_len && memcmp(in + i + 1, chosen, *out_len) == 0) {
            *out = in + i + 1;
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* What is the same for all connections. OpenSSL 3 takes as long for it as for a handshake. */
SSL_CTX *mg_tls_context_new(const MgTlsLibrary *library)
{
    SSL_CTX *context =
        SSL_CTX_new_ex(library != NULL ? library->context : NULL, NULL, TLS_method());
    g_assert(context != NULL);
    /* No renegotiation (RFC 9325 §3.5), no resumption: tickets hold the time of day, and each
     * connection is to be seen whole. */
    SSL_CTX_set_options(context,
                        SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_keylog_callback(context, on_key);
    SSL_CTX_set_cert_verify_callback(context, on_chain, NULL);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    return context;
}

void mg_tls_context_free(SSL_CTX *context)
{
    SSL_CTX_free(context);
}

static void set_identity(MgTlsSession *session, const MgTlsIdentity *identity)
{
    if (identity == NULL)
        return;
    /* The key is decoded anew where it is RSA: blinding remembers how often a key was used, and one
     * connection would change another's octets. */
    EVP_PKEY *key = mg_tls_identity_key(identity);
    SSL_use_cert_and_key(session->ssl, mg_tls_identity_certificate(identity),
                         session->repeats ? NULL : key, mg_tls_identity_chain(identity), 1);
    if (!session->repeats)
        return;
    uint8_t *der = NULL;
    int len = i2d_PrivateKey(key, &der);
    if (len > 0)
        SSL_use_PrivateKey_ASN1(EVP_PKEY_get_base_id(key), session->ssl, der, len);
    OPENSSL_clear_free(der, (size_t)MAX(len, 0));
}

static void set_up(MgTlsSession *session, const MgTlsSetup *setup)
{
    SSL *ssl = session->ssl;
    SSL_set_min_proto_version(ssl, setup->version_min != NULL ? version_of(setup->version_min)
                                                              : TLS1_2_VERSION);
    SSL_set_max_proto_version(ssl, version_of(setup->version_max));
    int least = version_of(setup->version_min);
    if (least != 0 && least < TLS1_2_VERSION) /* Debian's OpenSSL refuses them above level 0 */
        SSL_set_security_level(ssl, 0);
    set_identity(session, setup->identity);
    if (setup->trust != NULL)
        SSL_set1_verify_cert_store(ssl, mg_tls_trust_store(setup->trust));
}

static void set_up_server(MgTlsSession *session, bool asks)
{
    X509_VERIFY_PARAM_set_time(SSL_get0_param(session->ssl), (time_t)session->now);
    if (asks)
        SSL_set_verify(session->ssl, SSL_VERIFY_PEER, NULL);
    SSL_set_accept_state(session->ssl);
}

static void set_up_client(MgTlsSession *session)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(session->ssl);
    const char *name = session->name;
    X509_VERIFY_PARAM_set_time(param, (time_t)session->now);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (name != NULL && !X509_VERIFY_PARAM_set1_ip_asc(param, name)) {
        X509_VERIFY_PARAM_set1_host(param, name, 0);
        SSL_set_tlsext_host_name(session->ssl, name); /* RFC 6066 §3: never an address */
    }
    SSL_set_verify(session->ssl, SSL_VERIFY_PEER, NULL);
    if (session->alpn != NULL) {
        g_autoptr(GByteArray) list = list_protocols(session->alpn);
        SSL_set_alpn_protos(session->ssl, list->data, list->len);
    }
    SSL_set_connect_state(session->ssl);
}

static uint64_t *begin(MgTlsSession *session)
{
    ERR_clear_error();
    return session->repeats ? mg_tls_random_use(&session->random) : NULL;
}

static void end(MgTlsSession *session, uint64_t *before)
{
    if (session->repeats)
        mg_tls_random_use(before);
    ERR_clear_error();
}

static void go_on(MgTlsSession *session);
static void fail(MgTlsSession *session, const MgRule *rule, char *reason);

MgTlsSession *mg_tls_session_new(const MgTlsSetup *setup)
{
    MgTlsSession *session = g_new0(MgTlsSession, 1);
    session->random = setup->seed;
    session->repeats = setup->library != NULL;
    session->server = setup->server;
    session->any = setup->any;
    session->keep_keys = setup->keep_keys;
    session->name = g_strdup(setup->name);
    session->alpn = g_strdup(setup->alpn != NULL && setup->alpn[0] != '\0' ? setup->alpn : NULL);
    session->now = setup->now;
    session->alert = -1;
    session->early = g_byte_array_new();
    session->queue = g_array_new(FALSE, TRUE, sizeof(Queued));
    session->octets = g_byte_array_new();
    session->chain = g_array_new(FALSE, TRUE, sizeof(MgCertificate));
    session->pool = g_ptr_array_new_with_free_func(g_free);
    session->answer = (MgSecureAnswer){.version = "", .cipher = ""};
    uint64_t *before = begin(session);
    SSL_CTX *context = setup->context != NULL ? setup->context : mg_tls_context_new(setup->library);
    session->ssl = SSL_new(context);
    g_assert(session->ssl != NULL);
    if (setup->context == NULL)
        SSL_CTX_free(context); /* the SSL has it */
    session->in = BIO_new(BIO_s_mem());
    session->out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(session->in, -1);
    SSL_set_bio(session->ssl, session->in, session->out);
    SSL_set_app_data(session->ssl, session);
    SSL_set_msg_callback(session->ssl, on_message);
    SSL_set_msg_callback_arg(session->ssl, session);
    set_up(session, setup);
    session->own = setup->identity != NULL && !setup->server
                       ? mg_tls_person(mg_tls_identity_certificate(setup->identity))
                       : NULL;
    if (setup->server)
        set_up_server(session, setup->asks);
    else
        set_up_client(session);
    end(session, before);
    if (setup->problem != NULL)
        fail(session, mg_tls_rule("tls.own-certificate"), g_strdup(setup->problem));
    else
        go_on(session);
    return session;
}

void mg_tls_session_free(MgTlsSession *session)
{
    if (session == NULL)
        return;
    SSL_free(session->ssl);
    X509_free(session->leaf);
    g_byte_array_unref(session->early);
    g_array_unref(session->queue);
    g_byte_array_unref(session->octets);
    g_array_unref(session->chain);
    g_ptr_array_unref(session->pool);
    g_free(session->name);
    g_free(session->alpn);
    g_free(session->own);
    g_free(session);
}

/* ---- the answer ---- */

static char *keep(MgTlsSession *session, char *text)
{
    g_ptr_array_add(session->pool, text);
    return text;
}

/* RFC 5929 §4.1: the hash is that of the certificate's signature, but never a weak one. */
static void bind_channel(MgTlsSession *session)
{
    MgSecureAnswer *answer = &session->answer;
    if (SSL_export_keying_material(session->ssl, session->exporter, sizeof session->exporter,
                                   "EXPORTER-Channel-Binding", 24, NULL, 0, 0) == 1)
        answer->exporter = (MgSpan){session->exporter, sizeof session->exporter};
    X509 *certificate = session->server ? SSL_get_certificate(session->ssl)
                                        : SSL_get0_peer_certificate(session->ssl);
    int digest = NID_undef;
    unsigned len = 0;
    if (certificate == NULL)
        return;
    X509_get_signature_info(certificate, &digest, NULL, NULL, NULL);
    if (digest == NID_undef || digest == NID_md5 || digest == NID_sha1)
        digest = NID_sha256;
    const EVP_MD *md = EVP_get_digestbynid(digest);
    if (md != NULL && X509_digest(certificate, md, session->end_point, &len))
        answer->end_point = (MgSpan){session->end_point, len};
}

static void fill_in(MgTlsSession *session)
{
    MgSecureAnswer *answer = &session->answer;
    const unsigned char *alpn = NULL;
    unsigned len = 0;
    if (session->state == OPEN) { /* before, these are what was hoped for */
        answer->version = SSL_get_version(session->ssl);
        answer->cipher = SSL_get_cipher_name(session->ssl);
        SSL_get0_alpn_selected(session->ssl, &alpn, &len);
        if (len > 0)
            answer->alpn = keep(session, g_strndup((const char *)alpn, len));
        bind_channel(session);
    }
    const char *sni =
        session->server ? SSL_get_servername(session->ssl, TLSEXT_NAMETYPE_host_name) : NULL;
    answer->sni = sni != NULL ? keep(session, g_strdup(sni)) : NULL;
    answer->chain = (const MgCertificate *)(void *)session->chain->data;
    answer->n_chain = session->chain->len;
}

static void judge_peer(MgTlsSession *session)
{
    MgSecureAnswer *answer = &session->answer;
    answer->own = session->own;
    if (session->server) {
        char *person = session->leaf != NULL && session->result == X509_V_OK
                           ? mg_tls_person(session->leaf)
                           : NULL;
        answer->peer = person != NULL ? keep(session, person) : NULL;
        return;
    }
    if (session->leaf != NULL && session->result == X509_V_OK) {
        answer->verified = session->name != NULL;
        return;
    }
    char *reason = NULL;
    answer->rule =
        mg_tls_explain(session->result, session->leaf, session->name, session->now, &reason);
    answer->reason = keep(session, reason);
    note(session, answer->rule);
}

static void fail(MgTlsSession *session, const MgRule *rule, char *reason)
{
    MgSecureAnswer *answer = &session->answer;
    bool was_open = session->state == OPEN;
    fill_in(session);
    session->state = FAILED;
    answer->secure = false;
    answer->verified = false;
    if (answer->rule == NULL || was_open) {
        answer->rule = rule;
        answer->reason = reason;
        note(session, rule);
    }
    keep(session, reason);
    say(session, &(MgLayerEvent){.kind = MG_LAYER_FAILED, .answer = answer});
}

/* Why did OpenSSL give up? */
static void fail_for(MgTlsSession *session)
{
    unsigned long error = ERR_peek_error();
    int code = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
    const char *words = ERR_reason_error_string(error);
    static const struct {
        int code;
        const char *rule, *words;
    } reasons[] = {
        {SSL_R_WRONG_VERSION_NUMBER, "tls.not-tls", "what the peer sends is no TLS"},
        {SSL_R_HTTP_REQUEST, "tls.not-tls", "what the peer sends is no TLS"},
        {SSL_R_UNSUPPORTED_PROTOCOL, "tls.no-common-version", "no version of TLS suits both"},
        {SSL_R_NO_PROTOCOLS_AVAILABLE, "tls.no-common-version", "no version of TLS suits both"},
        {SSL_R_UNKNOWN_PROTOCOL, "tls.not-tls", "what the peer sends is no TLS"},
        {SSL_R_NO_SHARED_CIPHER, "tls.no-common-cipher", "no cipher suits both"},
        {SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, "tls.broken-record",
         "a record was changed on its way"},
    };
    if (session->alert > 0) {
        const char *name = mg_tls_alert_name((uint8_t)session->alert);
        fail(session, mg_tls_rule("tls.refused"),
             g_strdup_printf("the peer has given up: %s", name != NULL ? name : "unknown alert"));
        return;
    }
    if (code == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        judge_peer(session);
        fail(session, NULL, g_strdup("the certificate proves nothing"));
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++) {
        if (reasons[i].code == code) {
            fail(session, mg_tls_rule(reasons[i].rule), g_strdup(reasons[i].words));
            return;
        }
    }
    fail(session, mg_tls_rule("tls.failed"),
         g_strdup(words != NULL ? words : "the handshake could not be finished"));
}

/* ---- octets ---- */

static void write_some(MgTlsSession *session, MgSpan octets)
{
    while (octets.len > 0 && session->state == OPEN && !session->closed) {
        size_t len = MIN(octets.len, RECORD_MAX), done = 0;
        guint before = session->queue->len;
        if (SSL_write_ex(session->ssl, octets.data, len, &done) != 1) {
            fail_for(session);
            return;
        }
        flush_at(session, before);
        say(session, &(MgLayerEvent){.kind = MG_LAYER_SENT,
                                     .octets = {octets.data, done},
                                     .unit = session->units_out});
        octets = mg_span_slice(octets, done, octets.len - done);
    }
}

static void read_some(MgTlsSession *session)
{
    uint8_t buffer[RECORD_MAX];
    size_t done;
    while (session->state == OPEN && SSL_read_ex(session->ssl, buffer, sizeof buffer, &done) == 1)
        say(session, &(MgLayerEvent){.kind = MG_LAYER_PLAIN,
                                     .octets = {buffer, done},
                                     .unit = session->units_in});
    if (session->state != OPEN)
        return;
    int error = SSL_get_error(session->ssl, 0);
    if (error == SSL_ERROR_ZERO_RETURN && !session->peer_closed) {
        session->peer_closed = true;
        say(session, &(MgLayerEvent){.kind = MG_LAYER_ENDED});
    } else if (error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL) {
        fail_for(session);
    }
}

static void shake(MgTlsSession *session)
{
    int done = SSL_do_handshake(session->ssl);
    int error = done == 1 ? SSL_ERROR_NONE : SSL_get_error(session->ssl, done);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return;
    if (done != 1) {
        fail_for(session);
        return;
    }
    session->state = OPEN;
    fill_in(session);
    session->answer.secure = true;
    judge_peer(session);
    say(session, &(MgLayerEvent){.kind = MG_LAYER_READY, .answer = &session->answer});
}

static void go_on(MgTlsSession *session)
{
    guint before = session->queue->len;
    uint64_t *drawn = begin(session);
    State was = session->state;
    if (session->state == SHAKING)
        shake(session);
    flush_at(session, before);
    if (was == SHAKING && session->state == OPEN) {
        write_some(session, (MgSpan){session->early->data, session->early->len});
        g_byte_array_set_size(session->early, 0);
    }
    before = session->queue->len;
    if (session->state == OPEN && !session->peer_closed)
        read_some(session);
    flush_at(session, before); /* an alert, an update of keys */
    end(session, drawn);
}

void mg_tls_session_receive(MgTlsSession *session, MgSpan octets)
{
    if (session->state == FAILED || octets.len == 0)
        return;
    BIO_write(session->in, octets.data, (int)octets.len);
    go_on(session);
}

void mg_tls_session_send(MgTlsSession *session, MgSpan octets)
{
    if (session->state == SHAKING && session->early->len + octets.len <= QUEUE_MAX) {
        g_byte_array_append(session->early, octets.data, (guint)octets.len);
        return;
    }
    uint64_t *drawn = begin(session);
    write_some(session, octets);
    end(session, drawn);
}

void mg_tls_session_receive_end(MgTlsSession *session, MgEnd how)
{
    if (session->ended)
        return;
    session->ended = true;
    if (session->state == SHAKING)
        fail(session, mg_tls_rule("tls.broken-off"),
             g_strdup("the connection ended in the middle of the handshake"));
    else if (session->state == OPEN && !session->peer_closed && how == MG_END_CLOSED)
        note(session, mg_tls_rule("tls.truncated"));
}

void mg_tls_session_close(MgTlsSession *session)
{
    if (session->closed)
        return;
    session->closed = true;
    if (session->state != OPEN)
        return;
    guint before = session->queue->len;
    uint64_t *drawn = begin(session);
    SSL_shutdown(session->ssl);
    flush_at(session, before);
    end(session, drawn);
}
