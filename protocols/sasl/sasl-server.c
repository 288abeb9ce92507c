/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasl-server.c - the server's end of a login
 *
 * A stage says what is waited for. The message of a mechanism is taken apart by the function of its
 * stage; where the password must be known, the stage after it is STAGE_CREDENTIALS, and what is
 * done with it depends on the mechanism alone.
 */
#include "sasl-private.h"

#include <openssl/crypto.h>

#define ITERATIONS 4096u /* RFC 7677 §4 */

typedef enum {
    STAGE_NEW,
    STAGE_MESSAGE,     /* the first message of a mechanism in which the client speaks first */
    STAGE_PASSWORD,    /* LOGIN: the name was given */
    STAGE_DIGEST,      /* CRAM-MD5: the challenge was sent */
    STAGE_CREDENTIALS, /* the host is asked */
    STAGE_PROOF,       /* SCRAM: the client's second message */
    STAGE_LAST,        /* SCRAM: the client's empty line */
    STAGE_OVER
} Stage;

struct MgSaslServer {
    MgSaslPolicy policy;
    char *mechanisms, *host, *fixed_nonce, *certificate; /* what `policy` points to */
    GBytes *exporter, *end_point;
    MgSaslMechanism mechanism;
    Stage stage;
    MgSaslFault fault;
    char *line, *user, *authzid;         /* authzid: (nullable) */
    char *given;                         /* (nullable) the password or the digest that came */
    char *challenge;                     /* CRAM-MD5 */
    char *bare, *nonce, *first, *header; /* SCRAM: of the messages */
    MgSpan channel;                      /* what the client binds to */
    MgSaslKeys keys;
    bool known; /* there is such a user */
};

static char *copy_span(MgSpan span)
{
    return g_strndup((const char *)span.data, span.len);
}

static MgSpan borrow(GBytes *bytes)
{
    size_t len = 0;
    const uint8_t *data = g_bytes_get_data(bytes, &len);
    return (MgSpan){data, len};
}

MgSaslServer *mg_sasl_server_new(const MgSaslPolicy *policy)
{
    MgSaslServer *server = g_new0(MgSaslServer, 1);
    server->policy = *policy;
    server->policy.mechanisms = server->mechanisms = g_strdup(policy->mechanisms);
    server->policy.host = server->host = g_strdup(policy->host != NULL ? policy->host : "mail");
    server->policy.nonce = server->fixed_nonce = g_strdup(policy->nonce);
    server->policy.channel.certificate = server->certificate =
        g_strdup(policy->channel.certificate);
    server->exporter = g_bytes_new(policy->channel.exporter.data, policy->channel.exporter.len);
    server->end_point = g_bytes_new(policy->channel.end_point.data, policy->channel.end_point.len);
    server->policy.channel.exporter = borrow(server->exporter);
    server->policy.channel.end_point = borrow(server->end_point);
    server->fault = MG_SASL_FAULT_NONE;
    if (server->policy.iterations == 0)
        server->policy.iterations = ITERATIONS;
    return server;
}

static void replace(char **slot, char *text)
{
    mg_sasl_wipe(*slot);
    *slot = text;
}

void mg_sasl_server_free(MgSaslServer *server)
{
    if (server == NULL)
        return;
    char **const texts[] = {&server->mechanisms,  &server->host,  &server->fixed_nonce,
                            &server->certificate, &server->line,  &server->user,
                            &server->authzid,     &server->given, &server->challenge,
                            &server->bare,        &server->nonce, &server->first,
                            &server->header};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        replace(texts[i], NULL);
    g_bytes_unref(server->exporter);
    g_bytes_unref(server->end_point);
    explicit_bzero(&server->keys, sizeof server->keys);
    g_free(server);
}

/* ---- what a call returns ---- */

static MgSaslStep failed(MgSaslServer *server, MgSaslFault fault)
{
    server->fault = fault;
    server->stage = STAGE_OVER;
    replace(&server->line, g_strdup(""));
    replace(&server->given, NULL);
    return MG_SASL_FAILED;
}

static MgSaslStep challenge(MgSaslServer *server, Stage stage, const char *text)
{
    replace(&server->line, mg_sasl_encode(mg_span_from_string(text)));
    server->stage = stage;
    return MG_SASL_SEND;
}

static MgSaslStep need_credentials(MgSaslServer *server)
{
    server->stage = STAGE_CREDENTIALS;
    if ((mg_sasl_mechanisms[server->mechanism].flags & MG_SASL_CLEAR) != 0 &&
        !server->policy.channel.tls)
        server->fault = MG_SASL_FAULT_CLEAR;
    return MG_SASL_ASK;
}

/* The password is right; may the user be whom they want to be? */
static MgSaslStep proved(MgSaslServer *server)
{
    const char *as = server->authzid;
    if (as != NULL && strcmp(as, server->user) != 0 && !server->policy.proxy)
        return failed(server, MG_SASL_FAULT_AUTHZID);
    replace(&server->line, g_strdup(""));
    replace(&server->given, NULL);
    server->stage = STAGE_OVER;
    return MG_SASL_DONE;
}

/* Keeps a prepared name. */
static bool keep_user(MgSaslServer *server, MgSpan name)
{
    char *text = copy_span(name);
    replace(&server->user, mg_sasl_prep(text, false));
    mg_sasl_wipe(text);
    return server->user != NULL && server->user[0] != '\0';
}

static void keep_authzid(MgSaslServer *server, MgSpan name)
{
    if (name.len > 0)
        replace(&server->authzid, copy_span(name));
}

/* ---- PLAIN, LOGIN ---- */

static MgSaslStep plain_message(MgSaslServer *server, MgSpan message)
{
    const uint8_t *first = message.len > 0 ? memchr(message.data, 0, message.len) : NULL;
    if (first == NULL)
        return failed(server, MG_SASL_FAULT_PLAIN_FORM);
    MgSpan authzid = {message.data, (size_t)(first - message.data)};
    MgSpan rest = {first + 1, message.len - authzid.len - 1};
    const uint8_t *second = rest.len > 0 ? memchr(rest.data, 0, rest.len) : NULL;
    if (second == NULL)
        return failed(server, MG_SASL_FAULT_PLAIN_FORM);
    MgSpan user = {rest.data, (size_t)(second - rest.data)};
    MgSpan password = {second + 1, rest.len - user.len - 1};
    if (user.len == 0 || password.len == 0 || !mg_sasl_is_text(authzid) || !mg_sasl_is_text(user) ||
        !mg_sasl_is_text(password))
        return failed(server, MG_SASL_FAULT_PLAIN_FORM);
    if (!keep_user(server, user))
        return failed(server, MG_SASL_FAULT_PREP);
    keep_authzid(server, authzid);
    replace(&server->given, copy_span(password));
    return need_credentials(server);
}

static MgSaslStep login_name(MgSaslServer *server, MgSpan message)
{
    if (message.len == 0 || !mg_sasl_is_text(message))
        return failed(server, MG_SASL_FAULT_FORM);
    if (!keep_user(server, message))
        return failed(server, MG_SASL_FAULT_PREP);
    return challenge(server, STAGE_PASSWORD, "Password:");
}

static MgSaslStep login_password(MgSaslServer *server, MgSpan message)
{
    if (message.len == 0 || !mg_sasl_is_text(message))
        return failed(server, MG_SASL_FAULT_FORM);
    replace(&server->given, copy_span(message));
    return need_credentials(server);
}

/* RFC 4616 §2: both are prepared, then compared; stored keys are made again from what was given. */
static bool password_fits(MgSaslServer *server, const char *secret)
{
    MgSaslKeys stored, made;
    bool fits = false;
    char *given = mg_sasl_prep(server->given, false);
    if (given == NULL) {
        server->fault = MG_SASL_FAULT_PREP;
    } else if (mg_sasl_keys_parse(secret, &stored)) {
        uint8_t client_key[MG_SASL_HASH_MAX];
        made = stored;
        mg_sasl_keys_derive(&made, given, client_key);
        fits = mg_sasl_scram_fits(&stored, client_key);
        explicit_bzero(client_key, sizeof client_key);
        explicit_bzero(&made, sizeof made);
    } else {
        char *wanted = mg_sasl_prep(secret, true);
        fits =
            wanted != NULL && mg_sasl_same(mg_span_from_string(given), mg_span_from_string(wanted));
        mg_sasl_wipe(wanted);
    }
    mg_sasl_wipe(given);
    return fits;
}

static MgSaslStep judge_password(MgSaslServer *server, const char *secret)
{
    if (secret != NULL && password_fits(server, secret))
        return proved(server);
    return failed(server, server->fault == MG_SASL_FAULT_PREP ? MG_SASL_FAULT_PREP
                                                              : MG_SASL_FAULT_CREDENTIALS);
}

/* ---- CRAM-MD5 ---- */

static MgSaslStep cram_begin(MgSaslServer *server)
{
    if (server->policy.nonce != NULL) {
        replace(&server->challenge, g_strdup(server->policy.nonce));
    } else { /* RFC 2195 §2: a msg-id, never the same */
        g_autofree char *nonce = mg_sasl_nonce(server->policy.seed, "CRAM-MD5", 12);
        for (char *at = nonce; *at != '\0'; at++)
            if (!g_ascii_isalnum(*at))
                *at = 'x'; /* dot-atom, to be sure */
        replace(&server->challenge, g_strdup_printf("<%s.%" G_GINT64_FORMAT "@%s>", nonce,
                                                    server->policy.time, server->policy.host));
    }
    return challenge(server, STAGE_DIGEST, server->challenge);
}

static MgSaslStep cram_digest(MgSaslServer *server, MgSpan message)
{
    size_t digest = 32;
    if (message.len < digest + 2 || !mg_sasl_is_text(message) ||
        message.data[message.len - digest - 1] != ' ')
        return failed(server, MG_SASL_FAULT_CRAM_FORM);
    const uint8_t *hex = message.data + message.len - digest;
    for (size_t i = 0; i < digest; i++)
        if (!g_ascii_isdigit(hex[i]) && (hex[i] < 'a' || hex[i] > 'f'))
            return failed(server, MG_SASL_FAULT_CRAM_FORM);
    if (!keep_user(server, (MgSpan){message.data, message.len - digest - 1}))
        return failed(server, MG_SASL_FAULT_PREP);
    replace(&server->given, copy_span((MgSpan){hex, digest}));
    return need_credentials(server);
}

static bool digest_fits(const MgSaslServer *server, const char *password)
{
    char wanted[33];
    mg_sasl_cram_digest(password, server->challenge, wanted);
    bool fits = CRYPTO_memcmp(wanted, server->given, sizeof wanted) == 0;
    explicit_bzero(wanted, sizeof wanted);
    return fits;
}

/* Stored keys are of no use here: CRAM-MD5 wants the password itself. RFC 2195 does not say whether
 * it is prepared; draft-ietf-sasl-crammd5 does, and clients of both kinds exist. */
static MgSaslStep judge_digest(MgSaslServer *server, const char *secret)
{
    char *prepared = mg_sasl_prep(secret != NULL ? secret : "", true);
    bool fits = prepared != NULL && digest_fits(server, prepared);
    fits = digest_fits(server, secret != NULL ? secret : "") || fits;
    mg_sasl_wipe(prepared);
    return secret != NULL && fits ? proved(server) : failed(server, MG_SASL_FAULT_CREDENTIALS);
}

/* ---- EXTERNAL ---- */

static MgSaslStep external_message(MgSaslServer *server, MgSpan message)
{
    if (!mg_sasl_is_text(message))
        return failed(server, MG_SASL_FAULT_FORM);
    if (!keep_user(server, mg_span_from_string(server->certificate)))
        return failed(server, MG_SASL_FAULT_PREP);
    keep_authzid(server, message);
    return proved(server);
}

/* ---- SCRAM ---- */

static bool binds(const MgSaslServer *server)
{
    return (mg_sasl_mechanisms[server->mechanism].flags & MG_SASL_BINDS) != 0;
}

/* "p=tls-exporter" */
static MgSaslFault take_channel(MgSaslServer *server, MgSpan type)
{
    const MgSaslChannel *channel = &server->policy.channel;
    if (!binds(server))
        return MG_SASL_FAULT_CHANNEL_TYPE; /* RFC 5802 §6: only in a -PLUS mechanism */
    if (mg_span_equal_nocase(type, MG_SPAN("tls-exporter")))
        server->channel = channel->exporter;
    else if (mg_span_equal_nocase(type, MG_SPAN("tls-server-end-point")))
        server->channel = channel->end_point;
    return server->channel.len > 0 ? MG_SASL_FAULT_NONE : MG_SASL_FAULT_CHANNEL_TYPE;
}

/* The header of GS2: "n,,", "y,,", "p=tls-exporter,a=ursel,". Moves *rest behind it. */
static MgSaslFault take_header(MgSaslServer *server, MgSpan *rest)
{
    MgSpan whole = *rest, value;
    MgSaslFault fault = MG_SASL_FAULT_NONE;
    if (mg_sasl_take(rest, 'p', &value)) {
        if (rest->data[-1] != ',')
            return MG_SASL_FAULT_SCRAM_FORM;
        fault = take_channel(server, value);
    } else if (rest->len >= 2 && (rest->data[0] == 'n' || rest->data[0] == 'y') &&
               rest->data[1] == ',') {
        bool plus = mg_sasl_offers(&server->policy, MG_SASL_SCRAM_SHA_1_PLUS) ||
                    mg_sasl_offers(&server->policy, MG_SASL_SCRAM_SHA_256_PLUS);
        if (binds(server))
            fault = MG_SASL_FAULT_CHANNEL;
        else if (rest->data[0] == 'y' && plus)
            fault = MG_SASL_FAULT_DOWNGRADE; /* RFC 5802 §6 */
        *rest = (MgSpan){rest->data + 2, rest->len - 2};
    } else {
        return MG_SASL_FAULT_SCRAM_FORM;
    }
    if (rest->len > 0 && rest->data[0] == ',') {
        *rest = (MgSpan){rest->data + 1, rest->len - 1};
    } else {
        if (!mg_sasl_take(rest, 'a', &value) || rest->data[-1] != ',' || value.len == 0)
            return MG_SASL_FAULT_SCRAM_FORM;
        replace(&server->authzid, mg_sasl_unescape_name(value));
        if (server->authzid == NULL)
            return MG_SASL_FAULT_SCRAM_FORM;
    }
    replace(&server->header, copy_span((MgSpan){whole.data, whole.len - rest->len}));
    return fault;
}

static MgSaslStep scram_first(MgSaslServer *server, MgSpan message)
{
    MgSpan rest = message, name, nonce, ignored;
    if (message.len == 0 || !mg_sasl_is_text(message))
        return failed(server, MG_SASL_FAULT_SCRAM_FORM);
    MgSaslFault fault = take_header(server, &rest);
    if (fault != MG_SASL_FAULT_NONE)
        return failed(server, fault);
    replace(&server->bare, copy_span(rest));
    if (mg_sasl_take(&rest, 'm', &ignored))
        return failed(server, MG_SASL_FAULT_EXTENSION); /* RFC 5802 §5.1 */
    if (!mg_sasl_take(&rest, 'n', &name) || !mg_sasl_take(&rest, 'r', &nonce) ||
        !mg_sasl_is_nonce(nonce))
        return failed(server, MG_SASL_FAULT_SCRAM_FORM);
    char *user = mg_sasl_unescape_name(name);
    bool good = user != NULL && user[0] != '\0';
    bool kept = good && keep_user(server, mg_span_from_string(user));
    mg_sasl_wipe(user);
    if (!kept)
        return failed(server, good ? MG_SASL_FAULT_PREP : MG_SASL_FAULT_SCRAM_FORM);
    replace(&server->nonce, copy_span(nonce));
    return need_credentials(server);
}

/* The keys of the user, made from the password where none are stored. A stranger gets such that no
 * password fits, with a salt that is always the same, as anybody's. */
static bool find_keys(MgSaslServer *server, const char *secret)
{
    MgSaslMechanism plain =
        mg_sasl_hash_len(server->mechanism) == 20 ? MG_SASL_SCRAM_SHA_1 : MG_SASL_SCRAM_SHA_256;
    MgSaslKeys stored;
    bool has_keys = secret != NULL && mg_sasl_keys_parse(secret, &stored);
    if (has_keys && stored.mechanism == plain) {
        server->keys = stored;
        return true;
    }
    g_autofree char *what = g_strdup_printf("salt of %s at %s", server->user, server->policy.host);
    g_autofree char *salt = mg_sasl_nonce(0, what, 16);
    server->keys = (MgSaslKeys){.mechanism = plain, .iterations = server->policy.iterations};
    memcpy(server->keys.salt, salt, 16);
    server->keys.salt_len = 16;
    if (secret == NULL || has_keys) /* keys of another hash cannot be turned into these */
        return false;
    return mg_sasl_keys_make(&server->keys, secret, (MgSpan){(const uint8_t *)salt, 16});
}

static MgSaslStep scram_challenge(MgSaslServer *server, const char *secret)
{
    g_autofree char *ours = server->policy.nonce != NULL
                                ? g_strdup(server->policy.nonce)
                                : mg_sasl_nonce(server->policy.seed, "server's nonce", 24);
    server->known = find_keys(server, secret);
    g_autofree char *salt = g_base64_encode(server->keys.salt, server->keys.salt_len);
    replace(&server->nonce, g_strconcat(server->nonce, ours, NULL));
    replace(&server->first,
            g_strdup_printf("r=%s,s=%s,i=%u", server->nonce, salt, server->keys.iterations));
    return challenge(server, STAGE_PROOF, server->first);
}

/* The last attribute, "p=…": where it begins; SIZE_MAX if there is none. */
static size_t find_proof(MgSpan message)
{
    for (size_t at = message.len; at-- > 0;)
        if (message.data[at] == ',')
            return message.len - at > 3 && message.data[at + 1] == 'p' ? at : SIZE_MAX;
    return SIZE_MAX;
}

static bool proof_fits(MgSaslServer *server, MgSpan proof, const char *auth_message)
{
    g_auto(MgSaslOctets) octets = {0};
    uint8_t client_key[MG_SASL_HASH_MAX];
    if (!mg_sasl_decode(proof, &octets) || octets.len != mg_sasl_hash_len(server->mechanism))
        return false;
    mg_sasl_scram_proof(&server->keys, auth_message, octets.data, client_key);
    bool fits = mg_sasl_scram_fits(&server->keys, client_key);
    explicit_bzero(client_key, sizeof client_key);
    return fits && server->known;
}

static MgSaslStep scram_proof(MgSaslServer *server, MgSpan message)
{
    size_t end = message.len > 0 && mg_sasl_is_text(message) ? find_proof(message) : SIZE_MAX;
    if (end == SIZE_MAX)
        return failed(server, MG_SASL_FAULT_SCRAM_FORM);
    MgSpan rest = {message.data, end}, binding, nonce, proof;
    MgSpan last = {message.data + end + 1, message.len - end - 1};
    if (!mg_sasl_take(&rest, 'c', &binding) || !mg_sasl_take(&rest, 'r', &nonce) ||
        !mg_sasl_take(&last, 'p', &proof))
        return failed(server, MG_SASL_FAULT_SCRAM_FORM);
    if (!mg_sasl_same(nonce, mg_span_from_string(server->nonce)))
        return failed(server, MG_SASL_FAULT_NONCE);
    g_autofree char *wanted = mg_sasl_scram_binding(server->header, server->channel);
    if (!mg_sasl_same(binding, mg_span_from_string(wanted)))
        return failed(server, MG_SASL_FAULT_CHANNEL);
    g_autofree char *auth_message = g_strdup_printf("%s,%s,%.*s", server->bare, server->first,
                                                    (int)end, (const char *)message.data);
    if (!proof_fits(server, proof, auth_message))
        return failed(server, MG_SASL_FAULT_CREDENTIALS);
    uint8_t signature[MG_SASL_HASH_MAX];
    mg_sasl_scram_signature(&server->keys, auth_message, signature);
    g_autofree char *text = g_base64_encode(signature, mg_sasl_hash_len(server->mechanism));
    g_autofree char *final = g_strconcat("v=", text, NULL);
    return challenge(server, STAGE_LAST, final);
}

/* ---- the calls ---- */

static MgSaslStep take_message(MgSaslServer *server, MgSpan message)
{
    switch (server->stage) {
    case STAGE_PASSWORD:
        return login_password(server, message);
    case STAGE_DIGEST:
        return cram_digest(server, message);
    case STAGE_PROOF:
        return scram_proof(server, message);
    case STAGE_LAST: /* RFC 4954 §4, RFC 5034 §4: nothing goes with a success, so an empty line */
        return message.len == 0 ? proved(server) : failed(server, MG_SASL_FAULT_EXTRA);
    default:
        break;
    }
    if (server->mechanism == MG_SASL_PLAIN)
        return plain_message(server, message);
    if (server->mechanism == MG_SASL_LOGIN)
        return login_name(server, message);
    if (server->mechanism == MG_SASL_EXTERNAL)
        return external_message(server, message);
    return scram_first(server, message);
}

static MgSaslStep take_line(MgSaslServer *server, MgSpan line)
{
    g_auto(MgSaslOctets) message = {0};
    if (line.len > MG_SASL_LINE_MAX)
        return failed(server, MG_SASL_FAULT_LONG);
    if (!mg_sasl_decode(line, &message))
        return failed(server, MG_SASL_FAULT_BASE64);
    return take_message(server, (MgSpan){message.data, message.len});
}

MgSaslStep mg_sasl_server_start(MgSaslServer *server, MgSpan mechanism, const MgSpan *initial)
{
    g_assert(server->stage == STAGE_NEW);
    bool found = mg_sasl_find(mechanism, &server->mechanism);
    const MgSaslRow *row = &mg_sasl_mechanisms[found ? server->mechanism : MG_SASL_PLAIN];
    if (!found || !mg_sasl_offers(&server->policy, server->mechanism)) {
        MgSaslPolicy in_tls = server->policy;
        in_tls.clear = true;
        if (!found)
            return failed(server, MG_SASL_FAULT_MECHANISM);
        if ((row->flags & MG_SASL_CLEAR) != 0 && mg_sasl_offers(&in_tls, server->mechanism))
            return failed(server, MG_SASL_FAULT_NEEDS_TLS);
        return failed(server, server->mechanism == MG_SASL_EXTERNAL ? MG_SASL_FAULT_CERTIFICATE
                                                                    : MG_SASL_FAULT_MECHANISM);
    }
    if (server->mechanism == MG_SASL_CRAM_MD5)
        return initial != NULL ? failed(server, MG_SASL_FAULT_INITIAL) : cram_begin(server);
    server->stage = STAGE_MESSAGE;
    if (initial == NULL)
        return challenge(server, STAGE_MESSAGE,
                         server->mechanism == MG_SASL_LOGIN ? "Username:" : "");
    bool empty = initial->len == 1 && initial->data[0] == '='; /* RFC 4954 §4 */
    return take_line(server, empty ? (MgSpan){NULL, 0} : *initial);
}

MgSaslStep mg_sasl_server_step(MgSaslServer *server, MgSpan line)
{
    g_assert(server->stage != STAGE_NEW && server->stage != STAGE_CREDENTIALS &&
             server->stage != STAGE_OVER);
    server->fault = MG_SASL_FAULT_NONE;
    if (line.len == 1 && line.data[0] == '*')
        return failed(server, MG_SASL_FAULT_CANCELLED);
    return take_line(server, line);
}

MgSaslStep mg_sasl_server_credentials(MgSaslServer *server, const char *secret)
{
    g_assert(server->stage == STAGE_CREDENTIALS);
    server->fault = MG_SASL_FAULT_NONE;
    if (server->mechanism == MG_SASL_PLAIN || server->mechanism == MG_SASL_LOGIN)
        return judge_password(server, secret);
    if (server->mechanism == MG_SASL_CRAM_MD5)
        return judge_digest(server, secret);
    return scram_challenge(server, secret);
}

MgSaslStep mg_sasl_server_unavailable(MgSaslServer *server)
{
    g_assert(server->stage == STAGE_CREDENTIALS);
    return failed(server, MG_SASL_FAULT_UNAVAILABLE);
}

const char *mg_sasl_server_line(const MgSaslServer *server)
{
    return server->line != NULL ? server->line : "";
}

const char *mg_sasl_server_user(const MgSaslServer *server)
{
    return server->user != NULL ? server->user : "";
}

const char *mg_sasl_server_name(const MgSaslServer *server)
{
    return mg_sasl_server_user(server);
}

const char *mg_sasl_server_acts_as(const MgSaslServer *server)
{
    return server->authzid != NULL ? server->authzid : mg_sasl_server_user(server);
}

MgSaslMechanism mg_sasl_server_mechanism(const MgSaslServer *server)
{
    return server->mechanism;
}

MgSaslFault mg_sasl_server_fault(const MgSaslServer *server)
{
    return server->fault;
}
