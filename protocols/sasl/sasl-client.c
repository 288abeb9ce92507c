/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasl-client.c - the client's end of a login */
#include "sasl-private.h"

#include <openssl/crypto.h>

#include "text.h"

#define ITERATIONS_MIN 4096u /* RFC 7677 §4 */
#define ITERATIONS_MAX 600000u

typedef enum {
    STAGE_NEW,
    STAGE_FIRST,    /* there is a first message, which nobody has sent yet */
    STAGE_PASSWORD, /* LOGIN: the name was sent */
    STAGE_DIGEST,   /* CRAM-MD5: the challenge comes */
    STAGE_SERVER,   /* SCRAM: the server's first message comes */
    STAGE_VERIFY,   /* SCRAM: the server's proof comes */
    STAGE_SAID,     /* all was said */
    STAGE_OVER
} Stage;

struct MgSaslClient {
    MgSaslIdentity identity;
    char *user, *password, *acts_as, *mechanisms, *fixed_nonce,
        *certificate; /* what `identity` points to */
    GBytes *exporter, *end_point;
    MgSaslMechanism mechanism;
    Stage stage;
    MgSaslFault fault;
    bool plus_offered, chosen;
    char *line;
    char *first;                 /* (nullable) the first message, in base64 */
    char *header, *bare, *nonce; /* SCRAM */
    MgSaslKeys keys;
    uint8_t signature[MG_SASL_HASH_MAX]; /* what the server must prove */
};

static MgSpan borrow(GBytes *bytes)
{
    size_t len = 0;
    const uint8_t *data = g_bytes_get_data(bytes, &len);
    return (MgSpan){data, len};
}

void mg_sasl_client_set_channel(MgSaslClient *client, const MgSaslChannel *channel)
{
    g_clear_pointer(&client->exporter, g_bytes_unref);
    g_clear_pointer(&client->end_point, g_bytes_unref);
    client->exporter = g_bytes_new(channel->exporter.data, channel->exporter.len);
    client->end_point = g_bytes_new(channel->end_point.data, channel->end_point.len);
    client->identity.channel = *channel;
    client->identity.channel.exporter = borrow(client->exporter);
    client->identity.channel.end_point = borrow(client->end_point);
    g_free(client->certificate);
    client->identity.channel.certificate = client->certificate = g_strdup(channel->certificate);
}

MgSaslClient *mg_sasl_client_new(const MgSaslIdentity *identity)
{
    MgSaslClient *client = g_new0(MgSaslClient, 1);
    MgSaslIdentity *own = &client->identity;
    *own = *identity;
    own->user = client->user = g_strdup(identity->user != NULL ? identity->user : "");
    own->password = client->password = g_strdup(identity->password);
    own->acts_as = client->acts_as = g_strdup(identity->acts_as);
    own->mechanisms = client->mechanisms = g_strdup(identity->mechanisms);
    own->nonce = client->fixed_nonce = g_strdup(identity->nonce);
    mg_sasl_client_set_channel(client, &identity->channel);
    own->iterations_min = own->iterations_min != 0 ? own->iterations_min : ITERATIONS_MIN;
    own->iterations_max = own->iterations_max != 0 ? own->iterations_max : ITERATIONS_MAX;
    client->fault = MG_SASL_FAULT_NONE;
    return client;
}

static void replace(char **slot, char *text)
{
    mg_sasl_wipe(*slot);
    *slot = text;
}

void mg_sasl_client_free(MgSaslClient *client)
{
    if (client == NULL)
        return;
    char **const texts[] = {&client->user,        &client->password, &client->acts_as,
                            &client->mechanisms,  &client->line,     &client->first,
                            &client->fixed_nonce, &client->header,   &client->bare,
                            &client->nonce};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        replace(texts[i], NULL);
    g_bytes_unref(client->exporter);
    g_bytes_unref(client->end_point);
    g_free(client->certificate);
    explicit_bzero(&client->keys, sizeof client->keys);
    explicit_bzero(client->signature, sizeof client->signature);
    g_free(client);
}

/* ---- choosing ---- */

static bool can_bind(const MgSaslClient *client)
{
    const MgSaslChannel *channel = &client->identity.channel;
    return channel->tls && (channel->exporter.len > 0 || channel->end_point.len > 0);
}

/* MG_SASL_FAULT_NONE: this client may use it. */
static MgSaslFault usable(const MgSaslClient *client, MgSaslMechanism mechanism)
{
    const MgSaslRow *row = &mg_sasl_mechanisms[mechanism];
    const MgSaslIdentity *identity = &client->identity;
    if (identity->mechanisms != NULL &&
        !mg_text_list_has(identity->mechanisms, mg_span_from_string(row->name)))
        return MG_SASL_FAULT_OFFER;
    if ((row->flags & MG_SASL_BINDS) != 0 && !can_bind(client))
        return MG_SASL_FAULT_OFFER;
    if (mechanism == MG_SASL_EXTERNAL)
        return identity->channel.certificate != NULL ? MG_SASL_FAULT_NONE : MG_SASL_FAULT_OFFER;
    if (identity->password == NULL)
        return MG_SASL_FAULT_OFFER;
    if ((row->flags & MG_SASL_CLEAR) != 0 && !identity->channel.tls && !identity->clear)
        return MG_SASL_FAULT_NEEDS_TLS;
    return MG_SASL_FAULT_NONE;
}

bool mg_sasl_client_choose(MgSaslClient *client, const char *offered, MgSaslMechanism *out)
{
    client->chosen = true;
    client->plus_offered = mg_text_list_has(offered, MG_SPAN("SCRAM-SHA-256-PLUS")) ||
                           mg_text_list_has(offered, MG_SPAN("SCRAM-SHA-1-PLUS"));
    client->fault = MG_SASL_FAULT_OFFER;
    for (unsigned i = 0; mg_sasl_mechanisms[i].name != NULL; i++) {
        if (!mg_text_list_has(offered, mg_span_from_string(mg_sasl_mechanisms[i].name)))
            continue;
        MgSaslFault fault = usable(client, (MgSaslMechanism)i);
        if (fault == MG_SASL_FAULT_NONE) {
            client->fault = fault;
            *out = (MgSaslMechanism)i;
            return true;
        }
        if (fault == MG_SASL_FAULT_NEEDS_TLS)
            client->fault = fault;
    }
    return false;
}

/* ---- what a call returns ---- */

static MgSaslStep failed(MgSaslClient *client, MgSaslFault fault)
{
    client->fault = fault;
    client->stage = STAGE_OVER;
    replace(&client->line, g_strdup(""));
    replace(&client->first, NULL);
    return MG_SASL_FAILED;
}

static MgSaslStep send_octets(MgSaslClient *client, Stage stage, MgSpan octets)
{
    replace(&client->line, mg_sasl_encode(octets));
    client->stage = stage;
    return MG_SASL_SEND;
}

static MgSaslStep send_text(MgSaslClient *client, Stage stage, const char *text)
{
    return send_octets(client, stage, mg_span_from_string(text));
}

/* ---- the first message ---- */

static void add_plain(const MgSaslIdentity *identity, GString *message)
{
    g_string_append(message, identity->acts_as != NULL ? identity->acts_as : "");
    g_string_append_c(message, '\0');
    g_string_append(message, identity->user);
    g_string_append_c(message, '\0');
    g_string_append(message, identity->password);
}

/* RFC 5802 §7: the header of GS2 and the bare message. */
static bool add_scram(MgSaslClient *client, GString *message)
{
    const MgSaslIdentity *identity = &client->identity;
    bool binds = (mg_sasl_mechanisms[client->mechanism].flags & MG_SASL_BINDS) != 0;
    g_autofree char *user = mg_sasl_prep(identity->user, false);
    if (user == NULL)
        return false;
    if (binds)
        g_string_append_printf(message, "p=%s,",
                               identity->channel.exporter.len > 0 ? "tls-exporter"
                                                                  : "tls-server-end-point");
    else /* §6: "y": I could bind the login to TLS, but you do not offer it. Really not? */
        g_string_append(message,
                        client->chosen && !client->plus_offered && can_bind(client) ? "y," : "n,");
    if (identity->acts_as != NULL && identity->acts_as[0] != '\0') {
        g_string_append(message, "a=");
        mg_sasl_escape_name(identity->acts_as, message);
    }
    g_string_append_c(message, ',');
    replace(&client->header, g_strdup(message->str));
    replace(&client->nonce, identity->nonce != NULL
                                ? g_strdup(identity->nonce)
                                : mg_sasl_nonce(identity->seed, "client's nonce", 24));
    g_string_append(message, "n=");
    mg_sasl_escape_name(user, message);
    g_string_append_printf(message, ",r=%s", client->nonce);
    replace(&client->bare, g_strdup(message->str + strlen(client->header)));
    return true;
}

MgSaslStep mg_sasl_client_start(MgSaslClient *client, MgSaslMechanism mechanism)
{
    g_assert(client->stage == STAGE_NEW);
    const MgSaslIdentity *identity = &client->identity;
    client->mechanism = mechanism;
    MgSaslFault fault = usable(client, mechanism);
    if (fault != MG_SASL_FAULT_NONE)
        return failed(client, fault);
    if (mechanism == MG_SASL_CRAM_MD5) {
        client->stage = STAGE_DIGEST;
        return MG_SASL_SEND;
    }
    GString *message = g_string_sized_new(1024);
    bool good = true;
    if (mechanism == MG_SASL_PLAIN)
        add_plain(identity, message);
    else if (mechanism == MG_SASL_LOGIN)
        g_string_append(message, identity->user);
    else if (mechanism == MG_SASL_EXTERNAL)
        g_string_append(message, identity->acts_as != NULL ? identity->acts_as : "");
    else
        good = add_scram(client, message);
    replace(&client->first, mg_sasl_encode((MgSpan){(const uint8_t *)message->str, message->len}));
    explicit_bzero(message->str, message->len);
    g_string_free(message, TRUE);
    client->stage = STAGE_FIRST;
    return good ? MG_SASL_SEND : failed(client, MG_SASL_FAULT_PREP);
}

/* What comes when the first message is out. */
static Stage after_first(const MgSaslClient *client)
{
    if (client->mechanism == MG_SASL_LOGIN)
        return STAGE_PASSWORD;
    if (client->mechanism == MG_SASL_PLAIN || client->mechanism == MG_SASL_EXTERNAL)
        return STAGE_SAID;
    return STAGE_SERVER;
}

const char *mg_sasl_client_initial(MgSaslClient *client, size_t max)
{
    /* LOGIN has none by its draft; servers that ask for the name although it was sent exist. */
    if (client->stage != STAGE_FIRST || client->mechanism == MG_SASL_LOGIN ||
        MAX(strlen(client->first), 1) > max)
        return NULL;
    client->stage = after_first(client);
    replace(&client->line, client->first[0] != '\0' ? g_strdup(client->first) : g_strdup("="));
    replace(&client->first, NULL);
    return client->line;
}

/* ---- later messages ---- */

static MgSaslStep cram_answer(MgSaslClient *client, MgSpan challenge)
{
    char digest[33];
    if (challenge.len == 0 || !mg_sasl_is_text(challenge))
        return failed(client, MG_SASL_FAULT_FORM);
    g_autofree char *text = g_strndup((const char *)challenge.data, challenge.len);
    char *prepared = mg_sasl_prep(client->identity.password, false); /* as GNU SASL does */
    if (prepared == NULL)
        return failed(client, MG_SASL_FAULT_PREP);
    mg_sasl_cram_digest(prepared, text, digest);
    mg_sasl_wipe(prepared);
    g_autofree char *answer = g_strdup_printf("%s %s", client->identity.user, digest);
    return send_text(client, STAGE_SAID, answer);
}

/* The server's first message: "r=…,s=…,i=4096". */
static MgSaslFault take_server_first(MgSaslClient *client, MgSpan message)
{
    MgSpan rest = message, nonce, salt, iterations, ignored;
    g_auto(MgSaslOctets) octets = {0};
    uint64_t count = 0;
    if (mg_sasl_take(&rest, 'e', &ignored))
        return MG_SASL_FAULT_SERVER_ERROR;
    if (mg_sasl_take(&rest, 'm', &ignored))
        return MG_SASL_FAULT_EXTENSION; /* RFC 5802 §5.1 */
    if (!mg_sasl_take(&rest, 'r', &nonce) || !mg_sasl_is_nonce(nonce) ||
        !mg_sasl_take(&rest, 's', &salt) || !mg_sasl_take(&rest, 'i', &iterations) ||
        !mg_text_parse_uint(iterations, UINT32_MAX, &count) || count == 0 ||
        !mg_sasl_decode(salt, &octets) || octets.len == 0 || octets.len > sizeof client->keys.salt)
        return MG_SASL_FAULT_SCRAM_FORM;
    size_t ours = strlen(client->nonce);
    if (nonce.len <= ours || memcmp(nonce.data, client->nonce, ours) != 0)
        return MG_SASL_FAULT_NONCE; /* ours, and something of the server's behind it */
    if (count < client->identity.iterations_min || count > client->identity.iterations_max)
        return MG_SASL_FAULT_ITERATIONS;
    replace(&client->nonce, g_strndup((const char *)nonce.data, nonce.len));
    client->keys = (MgSaslKeys){
        .mechanism = client->mechanism, .iterations = (unsigned)count, .salt_len = octets.len};
    memcpy(client->keys.salt, octets.data, octets.len);
    return MG_SASL_FAULT_NONE;
}

static MgSaslStep scram_answer(MgSaslClient *client, MgSpan message)
{
    uint8_t client_key[MG_SASL_HASH_MAX], proof[MG_SASL_HASH_MAX];
    const MgSaslIdentity *identity = &client->identity;
    MgSaslFault fault =
        mg_sasl_is_text(message) ? take_server_first(client, message) : MG_SASL_FAULT_SCRAM_FORM;
    if (fault != MG_SASL_FAULT_NONE)
        return failed(client, fault);
    char *password = mg_sasl_prep(identity->password, false);
    if (password == NULL)
        return failed(client, MG_SASL_FAULT_PREP);
    mg_sasl_keys_derive(&client->keys, password, client_key);
    mg_sasl_wipe(password);
    MgSpan channel = {NULL, 0};
    if ((mg_sasl_mechanisms[client->mechanism].flags & MG_SASL_BINDS) != 0)
        channel = identity->channel.exporter.len > 0 ? identity->channel.exporter
                                                     : identity->channel.end_point;
    g_autofree char *binding = mg_sasl_scram_binding(client->header, channel);
    g_autofree char *bare = g_strdup_printf("c=%s,r=%s", binding, client->nonce);
    g_autofree char *auth_message = g_strdup_printf("%s,%.*s,%s", client->bare, (int)message.len,
                                                    (const char *)message.data, bare);
    mg_sasl_scram_proof(&client->keys, auth_message, client_key, proof);
    mg_sasl_scram_signature(&client->keys, auth_message, client->signature);
    g_autofree char *text = g_base64_encode(proof, mg_sasl_hash_len(client->mechanism));
    g_autofree char *final = g_strdup_printf("%s,p=%s", bare, text);
    explicit_bzero(client_key, sizeof client_key);
    return send_text(client, STAGE_VERIFY, final);
}

static MgSaslStep scram_verify(MgSaslClient *client, MgSpan message)
{
    MgSpan rest = message, value;
    g_auto(MgSaslOctets) octets = {0};
    size_t len = mg_sasl_hash_len(client->mechanism);
    if (mg_sasl_take(&rest, 'e', &value))
        return failed(client, MG_SASL_FAULT_SERVER_ERROR);
    if (!mg_sasl_take(&rest, 'v', &value) || !mg_sasl_decode(value, &octets))
        return failed(client, MG_SASL_FAULT_SCRAM_FORM);
    if (octets.len != len || CRYPTO_memcmp(octets.data, client->signature, len) != 0)
        return failed(client, MG_SASL_FAULT_SIGNATURE);
    return send_text(client, STAGE_SAID, "");
}

MgSaslStep mg_sasl_client_step(MgSaslClient *client, MgSpan line)
{
    g_auto(MgSaslOctets) message = {0};
    g_assert(client->stage != STAGE_NEW);
    client->fault = MG_SASL_FAULT_NONE;
    if (client->stage == STAGE_OVER)
        return failed(client, MG_SASL_FAULT_UNEXPECTED);
    if (line.len > MG_SASL_LINE_MAX)
        return failed(client, MG_SASL_FAULT_LONG);
    bool decoded = mg_sasl_decode(line, &message);
    MgSpan challenge = {message.data, message.len};
    if (client->stage == STAGE_FIRST) {
        /* laxer than the RFCs, as every client is: what stands in the challenge of a mechanism in
         * which the client speaks first is of no interest, even if it is no base64 */
        client->stage = after_first(client);
        replace(&client->line, client->first);
        client->first = NULL;
        return MG_SASL_SEND;
    }
    if (client->stage == STAGE_PASSWORD) /* "Password:", or whatever the server calls it */
        return send_text(client, STAGE_SAID, client->identity.password);
    if (!decoded)
        return failed(client, MG_SASL_FAULT_BASE64);
    if (client->stage == STAGE_DIGEST)
        return cram_answer(client, challenge);
    if (client->stage == STAGE_SERVER)
        return scram_answer(client, challenge);
    if (client->stage == STAGE_VERIFY)
        return scram_verify(client, challenge);
    return failed(client, MG_SASL_FAULT_UNEXPECTED);
}

MgSaslStep mg_sasl_client_succeeded(MgSaslClient *client)
{
    client->fault = MG_SASL_FAULT_NONE;
    replace(&client->line, g_strdup(""));
    if (client->stage == STAGE_SAID) {
        client->stage = STAGE_OVER;
        return MG_SASL_DONE;
    }
    bool scram = client->stage == STAGE_SERVER || client->stage == STAGE_VERIFY;
    return failed(client, scram ? MG_SASL_FAULT_SIGNATURE : MG_SASL_FAULT_UNEXPECTED);
}

const char *mg_sasl_client_line(const MgSaslClient *client)
{
    return client->line != NULL ? client->line : "";
}

MgSaslMechanism mg_sasl_client_mechanism(const MgSaslClient *client)
{
    return client->mechanism;
}

MgSaslFault mg_sasl_client_fault(const MgSaslClient *client)
{
    return client->fault;
}
