/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pop3-client.c - the client's end of POP3 (RFC 1939), with AUTH (RFC 5034): the verb "fetch"
 *
 * One command at a time, in the order of steps[]: what is said, and what the reply leads to. A
 * mail is a DELIVER when it is whole; DELE follows it at once, but only QUIT makes that count, so
 * a session that is lost loses no mail: the next one fetches it again (RFC 1939 §6).
 */
#include "pop3.h"

#include <mailglass/topics.h>

#include "outbox.h"
#include "pop3-auth.h"
#include "pop3-client-rules.h"
#include "text.h"

#define REPLY_TIMEOUT (2 * MG_MINUTES)
#define MESSAGE_MAX   ((size_t)256 * 1024 * 1024)
#define ENDLESS_MAX   ((size_t)1024 * 1024) /* of a line in a multi-line reply */
#define LISTING_MAX   ((size_t)64 * 1024 * 1024)
#define MESSAGES_MAX  1000000u
#define ADDRESSES_MAX 8u
#define TYPE_A        1
#define TYPE_AAAA     28

/* What the client waits for. */
typedef enum {
    STEP_LOOKUP,
    STEP_CONNECT,
    STEP_GREETING,
    STEP_SECURE,
    STEP_CAPA,
    STEP_STLS,
    STEP_USER,
    STEP_PASS,
    STEP_APOP,
    STEP_AUTH,
    STEP_STAT,
    STEP_UIDL,
    STEP_RETR,
    STEP_DELE,
    STEP_QUIT,
    STEP_DONE
} Step;

typedef enum { TLS_TRY, TLS_REQUIRE, TLS_NO } ClientTls;

typedef struct {
    MgEngine base;
    MgOutbox out;
    GString *in;
    uint64_t taken;
    const char *state;
    char *user, *password, *host, *apop, *auth;
    MgSaslClient *sasl; /* (nullable) an exchange of AUTH */
    MgSaslFault fault;  /* why the client ended it */
    uint64_t seed;
    bool auth_clear;
    uint16_t port;
    bool keep, uidl;
    GHashTable *seen; /* (nullable) shared by the engines of this host: "user uid" */
    GPtrArray *addresses;
    unsigned address; /* the one that is being tried */
    uint16_t type;
    Step step;
    MgAskId last_ask;
    MgTime now, waiting_since;
    MgLookupQuestion lookup;
    MgConnectQuestion connect;
    MgSecureQuestion secure;
    MgSaslBinding binding; /* of a server that has proved its name */
    char *tls;             /* (nullable) its version and cipher */
    ClientTls tls_wish;
    bool tls_first;
    bool asking, connected, multi, ended, gone, closed, failed, timed_out, in_listing, unresolved;
    char *timestamp;  /* (nullable) of the greeting */
    GString *listing; /* of a multi-line reply, dots unstuffed */
    GPtrArray *uids;  /* (nullable) one for each message; "" where none was told */
    size_t n_messages, message, n_fetched;
    GString *text; /* of the fate */
    GBytes *letter;
    MgFate fate;
} Client;

static void enter(Client *client, const char *state)
{
    mg_outbox_enter(&client->out, mg_pop3_client_transitions, &client->state, state);
}

static void note(Client *client, unsigned rule)
{
    mg_outbox_add(&client->out,
                  (MgEvent){.kind = MG_EVENT_NOTE, .note = {.rule = &mg_pop3_client_rules[rule]}});
}

static void send_line(Client *client, Step step, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void send_line(Client *client, Step step, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_string_append_vprintf(client->out.octets, format, arguments);
    va_end(arguments);
    g_string_append(client->out.octets, "\r\n");
    client->step = step;
    client->waiting_since = client->now;
}

static void close_now(Client *client)
{
    if (client->state != MG_FETCH_CLOSED)
        enter(client, MG_FETCH_CLOSED);
    if (client->asking)
        mg_outbox_add(&client->out, (MgEvent){.kind = MG_EVENT_CANCEL, .cancel = client->last_ask});
    client->asking = false;
    mg_outbox_add(&client->out, (MgEvent){.kind = MG_EVENT_CLOSE});
    client->step = STEP_DONE;
    client->closed = true;
}

static void quit(Client *client)
{
    if (client->state == MG_FETCH_TRANSACTION)
        enter(client, MG_FETCH_UPDATE);
    send_line(client, STEP_QUIT, "QUIT");
}

/* Says why there is no mail, once, and takes leave as well as it still can. */
static void fail(Client *client, bool polite, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void fail(Client *client, bool polite, const char *format, ...)
{
    if (!client->failed) {
        client->failed = true;
        va_list arguments;
        va_start(arguments, format);
        g_string_vprintf(client->text, format, arguments);
        va_end(arguments);
        g_autofree char *valid = g_utf8_make_valid(client->text->str, (gssize)client->text->len);
        g_string_assign(client->text, valid);
        client->fate =
            (MgFate){.kind = MG_FATE_REFUSED, .recipient = client->user, .text = client->text->str};
        mg_outbox_add(&client->out,
                      (MgEvent){.kind = MG_EVENT_DELIVER,
                                .deliver = {.type = MG_DELIVER_FATE, .item = &client->fate}});
    }
    if (polite && client->connected && !client->gone && !client->ended)
        quit(client);
    else
        close_now(client);
}

/* ---- finding and reaching the server ---- */

static void ask(Client *client, Step step, const char *topic, const void *question)
{
    client->step = step;
    client->asking = true;
    mg_outbox_add(&client->out,
                  (MgEvent){.kind = MG_EVENT_ASK,
                            .ask = {++client->last_ask, topic, question, client->taken}});
}

static void try_address(Client *client)
{
    client->connect =
        (MgConnectQuestion){.address = g_ptr_array_index(client->addresses, client->address),
                            .port = client->port,
                            .dissector = "pop"};
    ask(client, STEP_CONNECT, MG_TOPIC_CONNECT, &client->connect);
}

static void look_up(Client *client, uint16_t type)
{
    client->type = type;
    client->lookup = (MgLookupQuestion){.name = client->host, .type = type};
    ask(client, STEP_LOOKUP, MG_TOPIC_LOOKUP, &client->lookup);
}

static void looked_up(Client *client, const MgLookupAnswer *answer)
{
    if (answer == NULL) { /* nobody here looks names up: a real carrier may do it by itself */
        client->unresolved = true;
        g_ptr_array_add(client->addresses, g_strdup(client->host));
        try_address(client);
        return;
    }
    if (!answer->reached) {
        fail(client, false, "%s: no name server answered", client->host);
        return;
    }
    for (size_t i = 0; i < answer->n_records && client->addresses->len < ADDRESSES_MAX; i++)
        if (answer->records[i].type == client->type)
            g_ptr_array_add(client->addresses, g_strdup(answer->records[i].data));
    if (client->addresses->len > 0)
        try_address(client);
    else if (client->type == TYPE_A && answer->rcode == 0) /* NXDOMAIN holds for all types */
        look_up(client, TYPE_AAAA);
    else if (answer->rcode == 3)
        fail(client, false, "%s: there is no such name", client->host);
    else
        fail(client, false, "%s: the name has no address", client->host);
}

static void ask_secure(Client *client);

static void reached(Client *client, const MgConnectAnswer *answer)
{
    static const char *const words[] = {
        [MG_REACH_REFUSED] = "the connection was refused",
        [MG_REACH_TIMEOUT] = "the connection timed out",
        [MG_REACH_UNREACHABLE] = "the host cannot be reached",
        [MG_REACH_BAD_ADDRESS] = "this is not an address",
    };
    if (answer != NULL && answer->reach == MG_REACH_OK) {
        client->connected = true;
        client->step = STEP_GREETING;
        client->waiting_since = client->now;
        if (client->tls_first)
            ask_secure(client);
        return;
    }
    if (++client->address < client->addresses->len) {
        try_address(client);
        return;
    }
    const char *text = answer == NULL ? "there is no way to connect" : words[answer->reach];
    if (answer != NULL && answer->text != NULL)
        text = answer->text;
    if (client->unresolved && answer != NULL && answer->reach == MG_REACH_BAD_ADDRESS)
        fail(client, false, "%s: no name server answered", client->host);
    else
        fail(client, false, "%s:%u: %s", client->host, client->port, text);
}

/* ---- replies ---- */

/* RFC 1939 §7: the timestamp is a msg-id in the greeting. */
static char *find_timestamp(const char *greeting)
{
    const char *start = strchr(greeting, '<');
    if (start == NULL)
        return NULL;
    size_t len = strcspn(start, " >");
    if (start[len] != '>' || memchr(start, '@', len) == NULL)
        return NULL;
    return g_strndup(start, len + 1);
}

/* What follows a word of CAPA's (RFC 5034 §3: "SASL"). (transfer full) NULL if it is not there. */
static char *offered(const Client *client, const char *word)
{
    size_t len = strlen(word);
    g_auto(GStrv) lines = g_strsplit(client->listing->str, "\n", -1);
    for (size_t i = 0; lines[i] != NULL; i++)
        if (g_ascii_strncasecmp(g_strchomp(lines[i]), word, len) == 0 &&
            (lines[i][len] == ' ' || lines[i][len] == '\0'))
            return g_strdup(g_strchug(lines[i] + len));
    return NULL;
}

static void ask_capabilities(Client *client)
{
    g_string_truncate(client->listing, 0); /* what was said in the clear is forgotten */
    client->multi = true;
    send_line(client, STEP_CAPA, "CAPA");
}

/* Sends AUTH, if that is wanted and possible. Returns false if the login is to go on without. */
static bool log_in_by_auth(Client *client)
{
    bool any = strcmp(client->auth, "auto") == 0;
    if (strcmp(client->auth, "no") == 0)
        return false;
    MgSaslIdentity identity = {.user = client->user,
                               .password = client->password,
                               .mechanisms = any ? NULL : client->auth,
                               .clear = client->auth_clear,
                               .seed = client->seed,
                               .channel = mg_sasl_channel(&client->binding)};
    MgSaslMechanism mechanism;
    g_autofree char *offer = offered(client, "SASL");
    client->sasl = mg_sasl_client_new(&identity);
    if (!mg_sasl_client_choose(client->sasl, offer != NULL ? offer : "", &mechanism) ||
        mg_sasl_client_start(client->sasl, mechanism) == MG_SASL_FAILED) {
        MgSaslFault fault = mg_sasl_client_fault(client->sasl);
        if (any && (client->auth_clear || client->binding.tls || client->timestamp != NULL))
            return false;
        note(client, R_SASL + fault);
        fail(client, true, "%s: %s", client->host, mg_pop3_client_words(fault));
        return true;
    }
    const char *name = mg_sasl_mechanisms[mechanism].name;
    /* RFC 5034 §4: an initial response that makes the line too long is not sent with it. */
    size_t max = MG_POP3_COMMAND_MAX - strlen("AUTH  \r\n") - strlen(name);
    const char *initial = mg_sasl_client_initial(client->sasl, max);
    send_line(client, STEP_AUTH, "AUTH %s%s%s", name, initial != NULL ? " " : "",
              initial != NULL ? initial : "");
    return true;
}

static void log_in(Client *client)
{
    if (log_in_by_auth(client))
        return;
    if (client->timestamp != NULL && strcmp(client->apop, "no") != 0) {
        g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_MD5);
        g_checksum_update(checksum, (const guchar *)client->timestamp, -1);
        g_checksum_update(checksum, (const guchar *)client->password, -1);
        send_line(client, STEP_APOP, "APOP %s %s", client->user, g_checksum_get_string(checksum));
    } else if (strcmp(client->apop, "yes") == 0) {
        fail(client, true, "%s does not offer APOP", client->host);
    } else {
        send_line(client, STEP_USER, "USER %s", client->user);
    }
}

/* ---- TLS (RFC 2595 §4) ---- */

static void ask_secure(Client *client)
{
    if (client->tls_first)
        enter(client, MG_FETCH_SECURING);
    client->secure = (MgSecureQuestion){
        .name = client->host, .any = client->tls_wish != TLS_REQUIRE && !client->tls_first};
    client->step = STEP_SECURE;
    client->asking = true;
    client->waiting_since = client->now;
    mg_outbox_add(&client->out, (MgEvent){.kind = MG_EVENT_STARTTLS,
                                          .ask = {.id = ++client->last_ask,
                                                  .topic = MG_TOPIC_SECURE,
                                                  .question = &client->secure,
                                                  .taken = client->taken}});
}

/* What came behind the reply in the clear may be anybody's. */
static void begin_tls(Client *client)
{
    if (client->in->len > 0)
        note(client, R_INJECTED);
    client->taken += client->in->len;
    g_string_truncate(client->in, 0);
    ask_secure(client);
}

/* A server that has proved its name may see the password, whatever a greeting in the clear said. */
static void secured(Client *client, const MgSecureAnswer *answer)
{
    if (answer == NULL || !answer->secure) {
        const char *reason = answer != NULL ? answer->reason : NULL;
        note(client, R_TLS_FAILED);
        fail(client, false, "%s: TLS did not come about: %s", client->host,
             reason != NULL ? reason : "nothing on this host can do it");
        return;
    }
    client->tls = g_strdup_printf("%s %s", answer->version, answer->cipher);
    client->waiting_since = client->now;
    if (!answer->verified)
        note(client, R_NOT_VERIFIED);
    else
        client->binding = mg_sasl_bind(answer);
    enter(client, client->tls_first ? MG_FETCH_DISCONNECTED : MG_FETCH_AUTHORIZATION);
    client->step = STEP_GREETING;
    if (client->tls_first)
        return;
    if (answer->verified && strcmp(client->apop, "yes") != 0)
        g_clear_pointer(&client->timestamp, g_free);
    ask_capabilities(client);
}

/* Begins TLS, or ends it all where it is demanded in vain. Returns false: go on without. */
static bool secure_by_stls(Client *client)
{
    if (client->tls != NULL || client->tls_wish == TLS_NO)
        return false;
    g_autofree char *offer = offered(client, "STLS");
    if (offer != NULL) {
        enter(client, MG_FETCH_SECURING);
        send_line(client, STEP_STLS, "STLS");
        return true;
    }
    if (client->tls_wish == TLS_REQUIRE) {
        note(client, R_TLS_MISSING);
        fail(client, true, "%s does not offer TLS, and it is demanded", client->host);
    }
    return client->tls_wish == TLS_REQUIRE;
}

static void refused_tls(Client *client, const char *rest)
{
    if (client->tls_wish == TLS_REQUIRE) {
        note(client, R_TLS_MISSING);
        fail(client, true, "%s: %s", client->host, rest);
        return;
    }
    client->tls_wish = TLS_NO;
    note(client, R_NO_TLS);
    enter(client, MG_FETCH_AUTHORIZATION);
    log_in(client);
}

/* ---- the maildrop ---- */

/* The next message that is wanted, or the goodbye. */
static void next_message(Client *client)
{
    while (++client->message <= client->n_messages) {
        const char *uid =
            client->uids != NULL ? g_ptr_array_index(client->uids, client->message - 1) : NULL;
        if (uid != NULL && client->seen != NULL) {
            g_autofree char *key = g_strdup_printf("%s %s", client->user, uid);
            if (g_hash_table_contains(client->seen, key)) {
                note(client, R_SEEN);
                continue;
            }
        }
        client->multi = true;
        send_line(client, STEP_RETR, "RETR %zu", client->message);
        return;
    }
    quit(client);
}

static void got_stat(Client *client, const char *rest)
{
    char *end = NULL;
    uint64_t n = g_ascii_strtoull(rest, &end, 10);
    if (end == rest || n > MESSAGES_MAX) {
        note(client, R_UNREADABLE);
        fail(client, true, "%s: the reply to STAT cannot be read: %s", client->host, rest);
        return;
    }
    client->n_messages = n;
    if (client->keep && client->uidl && n > 0) {
        client->multi = true;
        send_line(client, STEP_UIDL, "UIDL");
    } else {
        next_message(client);
    }
}

/* "number SP unique-id", a line each. */
static void got_uidl(Client *client)
{
    g_auto(GStrv) lines = g_strsplit(client->listing->str, "\r\n", -1);
    client->uids = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_set_size(client->uids, (int)client->n_messages);
    for (size_t i = 0; lines[i] != NULL; i++) {
        char *end = NULL;
        uint64_t number = g_ascii_strtoull(lines[i], &end, 10);
        if (number == 0 || number > client->n_messages || *end != ' ')
            continue;
        g_free(client->uids->pdata[number - 1]);
        client->uids->pdata[number - 1] = g_strdup(end + 1);
    }
    next_message(client);
}

static void got_message(Client *client)
{
    g_clear_pointer(&client->letter, g_bytes_unref);
    client->letter = g_string_free_to_bytes(client->listing);
    client->listing = g_string_new(NULL);
    client->n_fetched++;
    size_t len = 0;
    const uint8_t *data = g_bytes_get_data(client->letter, &len);
    client->fate =
        (MgFate){.kind = MG_FATE_FETCHED, .recipient = client->user, .data = {data, len}};
    mg_outbox_add(&client->out,
                  (MgEvent){.kind = MG_EVENT_DELIVER,
                            .deliver = {.type = MG_DELIVER_FATE, .item = &client->fate}});
    const char *uid =
        client->uids != NULL ? g_ptr_array_index(client->uids, client->message - 1) : NULL;
    if (uid != NULL && client->seen != NULL)
        g_hash_table_add(client->seen, g_strdup_printf("%s %s", client->user, uid));
    if (client->keep)
        next_message(client);
    else
        send_line(client, STEP_DELE, "DELE %zu", client->message);
}

/* A reply is whole: `rest` is what follows its indicator. */
static void replied_ok(Client *client, const char *rest)
{
    client->multi = false;
    switch (client->step) {
    case STEP_GREETING:
        enter(client, MG_FETCH_AUTHORIZATION);
        client->timestamp = find_timestamp(rest);
        ask_capabilities(client);
        break;
    case STEP_CAPA:
        if (!secure_by_stls(client))
            log_in(client);
        break;
    case STEP_STLS:
        begin_tls(client);
        break;
    case STEP_USER:
        send_line(client, STEP_PASS, "PASS %s", client->password);
        break;
    case STEP_AUTH:
        if (mg_sasl_client_succeeded(client->sasl) == MG_SASL_FAILED) {
            note(client, R_SASL + mg_sasl_client_fault(client->sasl));
            fail(client, false, "%s: %s", client->host,
                 mg_pop3_client_words(mg_sasl_client_fault(client->sasl)));
            break;
        }
        G_GNUC_FALLTHROUGH;
    case STEP_PASS:
    case STEP_APOP:
        enter(client, MG_FETCH_TRANSACTION);
        send_line(client, STEP_STAT, "STAT");
        break;
    case STEP_STAT:
        got_stat(client, rest);
        break;
    case STEP_UIDL:
        got_uidl(client);
        break;
    case STEP_RETR:
        got_message(client);
        break;
    case STEP_DELE:
        next_message(client);
        break;
    default: /* STEP_QUIT */
        close_now(client);
    }
}

static void replied_err(Client *client, const char *rest)
{
    client->multi = false;
    note(client, R_REFUSED);
    switch (client->step) {
    case STEP_CAPA: /* RFC 2449 §5: an old server; nothing is lost */
        if (!secure_by_stls(client))
            log_in(client);
        break;
    case STEP_STLS:
        refused_tls(client, rest);
        break;
    case STEP_UIDL: /* optional (RFC 1939 §7): all messages are fetched, then */
        next_message(client);
        break;
    case STEP_AUTH: /* perhaps because the client gave it up: that is the reason, then */
        fail(client, true, "%s: %s", client->host,
             client->fault != MG_SASL_FAULT_NONE ? mg_pop3_client_words(client->fault) : rest);
        break;
    case STEP_QUIT: /* RFC 1939 §6: some messages were not removed */
        fail(client, false, "%s: %s", client->host, rest);
        break;
    default:
        fail(client, client->step != STEP_GREETING, "%s: %s", client->host, rest);
    }
}

/* "+ " and base64 (RFC 5034 §4). */
static void got_challenge(Client *client, const char *challenge)
{
    MgSaslStep step = mg_sasl_client_step(client->sasl, mg_span_from_string(challenge));
    if (step == MG_SASL_SEND) {
        send_line(client, STEP_AUTH, "%s", mg_sasl_client_line(client->sasl));
        return;
    }
    if (client->fault == MG_SASL_FAULT_NONE) {
        client->fault = mg_sasl_client_fault(client->sasl);
        note(client, R_SASL + client->fault);
    }
    send_line(client, STEP_AUTH, "*");
}

/* The first line of a reply, without CR LF. Returns true when more lines belong to it. */
static bool got_first_line(Client *client, const char *line)
{
    if (client->step == STEP_AUTH && line[0] == '+' && (line[1] == ' ' || line[1] == '\0')) {
        got_challenge(client, line[1] == ' ' ? line + 2 : "");
        return false;
    }
    bool ok = g_str_has_prefix(line, "+OK"), err = g_str_has_prefix(line, "-ERR");
    const char *rest = line + (ok ? 3 : err ? 4 : 0);
    if ((!ok && !err) || (*rest != ' ' && *rest != '\0')) {
        note(client, R_UNREADABLE);
        fail(client, false, "%s does not speak POP3: %.80s", client->host, line);
        return false;
    }
    rest += strspn(rest, " ");
    if (err) {
        replied_err(client, rest);
        return false;
    }
    if (client->multi) {
        g_string_truncate(client->listing, 0);
        return true;
    }
    replied_ok(client, rest);
    return false;
}

/* ---- input ---- */

/* Takes lines of a multi-line reply from `data`. Returns the octets that were used. */
static size_t take_listing(Client *client, const char *data, size_t len)
{
    size_t used = 0;
    size_t max = client->step == STEP_RETR ? MESSAGE_MAX : LISTING_MAX;
    while (used < len) {
        const char *line = data + used;
        const char *lf = memchr(line, '\n', len - used);
        if (lf == NULL)
            break;
        size_t n = (size_t)(lf - line) + 1;
        used += n;
        if (line[0] == '.') {
            if (n == 3 && line[1] == '\r') { /* RFC 1939 §3: the end */
                client->in_listing = false;
                client->taken += used;
                g_string_erase(client->in, 0, (gssize)used);
                replied_ok(client, "");
                return SIZE_MAX;
            }
            line++; /* RFC 1939 §3: the dot that was added */
            n--;
        }
        if (client->listing->len + n > max) {
            fail(client, false, "%s sends more than %zu octets in one reply", client->host, max);
            break;
        }
        g_string_append_len(client->listing, line, (gssize)n);
    }
    return used;
}

/* Does one thing with what was received. Returns false if more is needed. */
static bool read_input(Client *client)
{
    if (client->in_listing) { /* in a multi-line reply */
        size_t used = take_listing(client, client->in->str, client->in->len);
        if (used == SIZE_MAX || client->closed)
            return true;
        client->taken += used;
        g_string_erase(client->in, 0, (gssize)used);
        if (client->in->len <= ENDLESS_MAX)
            return false;
        fail(client, false, "%s sends a line without end", client->host);
        return true;
    }
    char *lf = memchr(client->in->str, '\n', client->in->len);
    size_t len = lf != NULL ? (size_t)(lf - client->in->str) + 1 : client->in->len;
    /* RFC 5034 §4: the limit of a reply is not that of a challenge. */
    size_t max = client->step == STEP_AUTH ? MG_SASL_LINE_MAX + 4 : MG_POP3_REPLY_MAX;
    if (len > max || (lf == NULL && len == max)) {
        note(client, R_LONG);
        fail(client, false, "%s sends a reply that is too long", client->host);
        return true;
    }
    if (lf == NULL)
        return false;
    size_t text = len - 1;
    if (text > 0 && client->in->str[text - 1] == '\r')
        text--;
    g_autofree char *line = g_strndup(client->in->str, text);
    client->taken += len;
    g_string_erase(client->in, 0, (gssize)len);
    client->in_listing = got_first_line(client, line);
    return true;
}

/* ---- the engine ---- */

static void *client_setup(const MgSettings *given, GPtrArray *problems)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static void client_teardown(void *shared)
{
    g_hash_table_unref(shared);
}

/* "pop3://user@host:port", and pop3s. Returns false if it is not. */
static bool read_url(Client *client, const char *url)
{
    const char *rest = url != NULL ? strstr(url, "://") : NULL;
    const char *scheme = client->base.kind->scheme;
    if (rest == NULL || g_ascii_strncasecmp(url, scheme, strlen(scheme)) != 0 ||
        url + strlen(scheme) != rest)
        return false;
    rest += 3;
    const char *at = strrchr(rest, '@');
    if (at != NULL) {
        g_free(client->user);
        g_autofree char *escaped = g_strndup(rest, (size_t)(at - rest));
        client->user = g_uri_unescape_string(escaped, NULL);
        rest = at + 1;
    }
    size_t len = rest[0] == '[' ? strcspn(rest, "]") : strcspn(rest, ":/");
    client->host = rest[0] == '[' ? g_strndup(rest + 1, len - 1) : g_strndup(rest, len);
    rest += len + (rest[0] == '[' && rest[len] == ']');
    if (*rest == ':') {
        uint64_t port = g_ascii_strtoull(rest + 1, NULL, 10);
        client->port = port <= 65535 ? (uint16_t)port : 0;
    }
    return client->user != NULL && client->host[0] != '\0' && client->port != 0;
}

/* What goes on a command line must not hold the end of one. */
static bool fits_a_line(const char *text)
{
    for (; *text != '\0'; text++)
        if ((uint8_t)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static MgEngine *new_client(const MgBirth *birth, const MgEngineKind *kind)
{
    Client *client = g_new0(Client, 1);
    client->base.kind = kind;
    client->tls_first = kind == &mg_pop3_client_tls;
    mg_outbox_init(&client->out);
    client->in = g_string_new(NULL);
    client->listing = g_string_new(NULL);
    client->text = g_string_new(NULL);
    client->addresses = g_ptr_array_new_with_free_func(g_free);
    client->state = MG_FETCH_DISCONNECTED;
    client->now = birth->now;
    client->port = client->tls_first ? 995 : 110;
    client->user = g_strdup(mg_settings_get(birth->settings, "account", NULL));
    client->password = g_strdup(mg_settings_get(birth->settings, "password", ""));
    client->apop = g_strdup(mg_settings_get(birth->settings, "apop", "auto"));
    client->auth = g_strdup(mg_settings_get(birth->settings, "auth", "no"));
    client->auth_clear = mg_text_is_yes(mg_settings_get(birth->settings, "auth-clear", "no"));
    const char *wish = mg_settings_get(birth->settings, "fetch-tls", "try");
    client->tls_wish = strcmp(wish, "require") == 0 ? TLS_REQUIRE
                       : strcmp(wish, "no") == 0    ? TLS_NO
                                                    : TLS_TRY;
    client->fault = MG_SASL_FAULT_NONE;
    client->seed = birth->seed;
    client->keep = mg_text_is_yes(mg_settings_get(birth->settings, "keep", "no"));
    client->uidl = mg_text_is_yes(mg_settings_get(birth->settings, "uidl", "yes"));
    client->seen = birth->shared;
    const char *url = mg_settings_get(birth->settings, "fetch", NULL);
    if (!read_url(client, url))
        fail(client, false, "fetch= wants %s://HOST and account= a name, not \"%s\"", kind->scheme,
             url != NULL ? url : "");
    else if (!fits_a_line(client->user) || !fits_a_line(client->password))
        fail(client, false, "the name or the password holds a character that POP3 cannot send");
    else if (g_hostname_is_ip_address(client->host)) {
        g_ptr_array_add(client->addresses, g_strdup(client->host));
        try_address(client);
    } else {
        look_up(client, TYPE_A);
    }
    return &client->base;
}

static MgEngine *client_create(const MgBirth *birth)
{
    return new_client(birth, &mg_pop3_client);
}

static MgEngine *client_tls_create(const MgBirth *birth)
{
    return new_client(birth, &mg_pop3_client_tls);
}

static void client_free(MgEngine *engine)
{
    Client *client = (Client *)engine;
    mg_outbox_clear(&client->out);
    g_string_free(client->in, TRUE);
    g_string_free(client->listing, TRUE);
    g_string_free(client->text, TRUE);
    g_ptr_array_unref(client->addresses);
    g_clear_pointer(&client->uids, g_ptr_array_unref);
    g_clear_pointer(&client->letter, g_bytes_unref);
    g_free(client->user);
    mg_sasl_wipe(client->password);
    mg_sasl_client_free(client->sasl);
    g_free(client->apop);
    g_free(client->tls);
    g_free(client->auth);
    g_free(client->host);
    g_free(client->timestamp);
    g_free(client);
}

static void client_receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    Client *client = (Client *)engine;
    if (client->closed || client->ended)
        return;
    client->now = client->waiting_since = now;
    g_string_append_len(client->in, (const char *)bytes.data, (gssize)bytes.len);
}

static void client_receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
    Client *client = (Client *)engine;
    client->now = now;
    client->ended = true;
    client->gone = client->gone || how != MG_END_CLOSED;
}

static MgTime client_deadline(const MgEngine *engine)
{
    const Client *client = (const Client *)engine;
    if (client->closed || client->timed_out || !client->connected)
        return MG_TIME_NEVER; /* lookup and connect have time limits of their own */
    return client->waiting_since + REPLY_TIMEOUT;
}

static void client_advance(MgEngine *engine, MgTime now)
{
    Client *client = (Client *)engine;
    if (now < client_deadline(engine))
        return;
    client->now = now;
    client->timed_out = true;
}

static bool client_answer(MgEngine *engine, MgAskId ask_id, const void *answer, MgTime now)
{
    Client *client = (Client *)engine;
    if (!client->asking || ask_id != client->last_ask)
        return false;
    client->asking = false;
    client->now = now;
    if (client->step == STEP_LOOKUP)
        looked_up(client, answer);
    else if (client->step == STEP_SECURE)
        secured(client, answer);
    else
        reached(client, answer);
    return true;
}

/* Does one thing that may give events. Returns false when there is nothing to do. */
static bool work(Client *client)
{
    if (client->closed || !client->connected)
        return false;
    if (read_input(client))
        return true;
    if (client->ended) {
        fail(client, false, "%s: the connection was lost", client->host);
        return true;
    }
    if (client->timed_out) {
        fail(client, false, "%s does not answer any more", client->host);
        return true;
    }
    return false;
}

static bool client_next(MgEngine *engine, MgEvent *event)
{
    Client *client = (Client *)engine;
    do {
        if (mg_outbox_next(&client->out, event))
            return true;
    } while (work(client));
    return false;
}

static size_t client_facts(const MgEngine *engine, MgFact *facts, size_t max)
{
    const Client *client = (const Client *)engine;
    size_t n = 0;
    if (n < max && client->user != NULL && g_utf8_validate(client->user, -1, NULL)) {
        facts[n].label = N_("Account");
        g_strlcpy(facts[n].value, client->user, sizeof facts->value);
        const char *end = NULL;
        if (!g_utf8_validate(facts[n].value, -1, &end))
            facts[n].value[end - facts[n].value] = '\0';
        n++;
    }
    if (n < max && client->tls != NULL)
        mg_text_set_fact(&facts[n++], N_("Protected by"), "%s", client->tls);
    if (n < max && client->n_messages > 0) {
        facts[n].label = N_("Fetched");
        g_snprintf(facts[n++].value, sizeof facts->value, "%zu / %zu", client->n_fetched,
                   client->n_messages);
    }
    return n;
}

static const char button[] G_GNUC_UNUSED = N_("Fetch"); /* the verb, on a button */

#define CLIENT_CALLS                                                                               \
    .usual = "mua", .transport = MG_TRANSPORT_STREAM, .verb = "fetch", .usage = "fetch",           \
    .scheme_setting = "fetch", .dissector = "pop", .settings = mg_pop3_client_settings,            \
    .rules = mg_pop3_client_rules, .transitions = mg_pop3_client_transitions,                      \
    .setup = client_setup, .teardown = client_teardown, .free = client_free,                       \
    .receive = client_receive, .receive_end = client_receive_end, .advance = client_advance,       \
    .answer = client_answer, .next = client_next, .deadline = client_deadline,                     \
    .facts = client_facts

const MgEngineKind mg_pop3_client = {
    .name = "pop3.client",
    .summary = N_("POP3 client: fetches the mail from a mailbox"),
    .scheme = "pop3",
    .create = client_create,
    CLIENT_CALLS,
};

const MgEngineKind mg_pop3_client_tls = {
    .name = "pop3.client-tls",
    .summary = N_("POP3 client that speaks TLS from the start"),
    .scheme = "pop3s",
    .create = client_tls_create,
    CLIENT_CALLS,
};
