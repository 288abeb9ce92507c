/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-client.c - one question to one server, over datagrams, or over a stream if they are too small
 */
#include "dns-client.h"

#include "dns-edns.h"

const MgSettingRow mg_dns_client_settings[] = {
    {"resolver", MG_SETTING_TEXT, NULL,
     N_("The address of the resolver that this host asks: `192.0.2.53` or `192.0.2.53:53`.")},
    {"resolver-timeout", MG_SETTING_TIME, "5s", N_("How long one question waits for its answer.")},
    {"resolver-tries", MG_SETTING_UINT, "3", N_("How often a question is asked.")},
    {0},
};

void mg_dns_client_init(MgDnsClient *client, const MgBirth *birth, const MgRule *rules)
{
    client->rules = rules;
    client->reply = g_byte_array_new();
    client->in = g_byte_array_new();
    client->due = MG_TIME_NEVER;
    client->seed = birth->seed;
    client->timeout = mg_settings_get_time(birth->settings, "resolver-timeout", 5 * MG_SECONDS);
    client->tries_left =
        (unsigned)CLAMP(mg_settings_get_uint(birth->settings, "resolver-tries", 3), 1, 10);
}

void mg_dns_client_clear(MgDnsClient *client)
{
    g_byte_array_unref(client->reply);
    g_byte_array_unref(client->in);
}

bool mg_dns_client_set_server(MgDnsClient *client, const char *text)
{
    const char *colon = strrchr(text, ':'), *close = NULL;
    size_t len = strlen(text);
    uint64_t port = 53;
    if (text[0] == '[') {
        close = strchr(text, ']');
        if (close == NULL || (close[1] != '\0' && close[1] != ':'))
            return false;
        colon = close[1] == ':' ? close + 1 : NULL;
        text++;
        len = (size_t)(close - text);
    } else if (colon != NULL && strchr(text, ':') == colon) {
        len = (size_t)(colon - text);
    } else {
        colon = NULL;
    }
    if (colon != NULL) {
        char *end = NULL;
        port = g_ascii_strtoull(colon + 1, &end, 10);
        if (!g_ascii_isdigit(colon[1]) || *end != '\0' || port == 0 || port > UINT16_MAX)
            return false;
    }
    if (len == 0 || len >= sizeof client->address)
        return false;
    memcpy(client->address, text, len);
    client->address[len] = '\0';
    client->port = (uint16_t)port;
    return true;
}

void mg_dns_client_note(MgDnsClient *client, unsigned rule)
{
    mg_dns_events_note(&client->events, &client->rules[rule], (MgSpan){NULL, 0});
}

/* 192.0.2.25 → 25.2.0.192.in-addr.arpa (RFC 1035 §3.5); of IPv6, every half octet is a label
 * (RFC 3596 §2.5). */
static char *reverse_name(const uint8_t *octets, size_t len)
{
    GString *name = g_string_new(NULL);
    for (size_t i = len; i-- > 0;) {
        if (len == 4)
            g_string_append_printf(name, "%u.", octets[i]);
        else
            g_string_append_printf(name, "%x.%x.", octets[i] & 0xfu, octets[i] >> 4);
    }
    g_string_append(name, len == 4 ? "in-addr.arpa." : "ip6.arpa.");
    return g_string_free(name, FALSE);
}

bool mg_dns_client_set_name(MgDnsClient *client, const char *text)
{
    uint8_t octets[16];
    size_t len = client->type == MG_DNS_PTR ? mg_dns_address_parse(text, octets) : 0;
    g_autofree char *reverse = len > 0 ? reverse_name(octets, len) : NULL;
    if (strcmp(text, "@") == 0) /* it is short for a name only inside a zone */
        return false;
    return mg_dns_name_parse(mg_span_from_string(reverse != NULL ? reverse : text), NULL,
                             &client->name) == NULL;
}

/* ---- asking ---- */

static void add_options(MgDnsClient *client, MgDnsWriter *writer, MgDnsMark before)
{
    const MgDnsClientWish *wish = &client->wish;
    if (wish->nsid)
        mg_dns_write_option(writer, before, MG_DNS_OPTION_NSID, (MgSpan){NULL, 0});
    if (wish->subnet.len > 0)
        mg_dns_write_option(writer, before, MG_DNS_OPTION_SUBNET, wish->subnet);
    if (wish->cookie && client->cookie_len == 0) {
        uint64_t half = mg_random_next(&client->seed);
        client->cookie_len = MG_DNS_COOKIE_CLIENT;
        memcpy(client->cookie, &half, MG_DNS_COOKIE_CLIENT);
    }
    if (wish->cookie)
        mg_dns_write_option(writer, before, MG_DNS_OPTION_COOKIE,
                            (MgSpan){client->cookie, client->cookie_len});
}

/* Its length. */
static size_t make_query(MgDnsClient *client)
{
    const MgDnsClientWish *wish = &client->wish;
    MgDnsWriter writer;
    client->id = (uint16_t)mg_random_next(&client->seed); /* RFC 5452 §4.3 */
    mg_dns_writer_init(&writer, client->query + 2, sizeof client->query - 2);
    mg_dns_write_header(
        &writer, client->id,
        (uint16_t)((wish->no_recurse ? 0 : MG_DNS_RD) | (wish->dnssec ? MG_DNS_AD : 0)));
    mg_dns_write_question(&writer, mg_dns_name_span(&client->name), client->type, MG_DNS_IN);
    MgDnsMark before = mg_dns_writer_mark(&writer);
    mg_dns_write_opt(&writer, MG_DNS_UDP_EDNS, 0, wish->dnssec);
    add_options(client, &writer, before);
    mg_dns_put_u16(client->query, (uint16_t)writer.len);
    return writer.len;
}

static void add_ask(MgDnsClient *client, const char *topic, const void *question)
{
    client->ask = ++client->last_ask;
    mg_dns_events_add(&client->events,
                      (MgEvent){.kind = MG_EVENT_ASK, .ask = {client->ask, topic, question, 0}});
}

static void ask_stream(MgDnsClient *client)
{
    client->connect =
        (MgConnectQuestion){.address = client->address, .port = client->port, .dissector = "dns"};
    client->connecting = true;
    g_byte_array_set_size(client->in, 0);
    add_ask(client, MG_TOPIC_CONNECT, &client->connect);
}

bool mg_dns_client_ask(MgDnsClient *client)
{
    if (client->tries_left == 0)
        return false;
    client->tries_left--;
    size_t len = make_query(client);
    if (client->wish.stream) {
        client->tries_left = 0; /* TCP tries again by itself */
        ask_stream(client);
        return true;
    }
    client->question = (MgDatagramQuestion){.address = client->address,
                                            .port = client->port,
                                            .payload = {client->query + 2, len},
                                            .timeout = client->timeout,
                                            .dissector = "dns"};
    add_ask(client, MG_TOPIC_DATAGRAM, &client->question);
    return true;
}

/* ---- the answer ---- */

static bool is_ours(const MgDnsClient *client, const MgDnsMessage *message)
{
    return (message->flags & MG_DNS_QR) != 0 && message->id == client->id &&
           message->counts[MG_DNS_QUESTION] == 1 && message->type == client->type &&
           message->class == MG_DNS_IN &&
           mg_dns_name_equal(mg_dns_name_span(&message->name), mg_dns_name_span(&client->name));
}

/* A server that does not understand the query may send its header alone (RFC 1035 §4.1.1). */
static bool is_error(const MgDnsClient *client, const MgDnsMessage *message, MgSpan bytes)
{
    return bytes.len >= MG_DNS_HEADER && (message->flags & MG_DNS_QR) != 0 &&
           message->id == client->id && (message->flags & 15) != 0 &&
           message->counts[MG_DNS_QUESTION] == 0;
}

static bool keep(MgDnsClient *client, MgSpan bytes)
{
    MgDnsMessage message;
    bool opened = mg_dns_message_open(&message, bytes);
    if (!is_error(client, &message, bytes) && (!opened || !is_ours(client, &message)))
        return false;
    g_byte_array_set_size(client->reply, 0);
    g_byte_array_append(client->reply, bytes.data, (guint)bytes.len);
    return true;
}

static MgDnsClientState ask_again(MgDnsClient *client, unsigned rule)
{
    mg_dns_client_note(client, rule);
    return mg_dns_client_ask(client) ? MG_DNS_CLIENT_ASKED : MG_DNS_CLIENT_GIVEN_UP;
}

/* BADCOOKIE comes with the server's half; with both the same question is answered (RFC 7873 §5.3).
 * Once: who is not content with its own cookie never will be. */
static bool take_cookie(MgDnsClient *client)
{
    MgSpan bytes = mg_dns_client_reply(client), cookie = {NULL, 0};
    MgDnsMessage message;
    MgDnsRecord record;
    if (client->cookie_len != MG_DNS_COOKIE_CLIENT ||
        mg_dns_client_rcode(client) != MG_DNS_BADCOOKIE)
        return false;
    mg_dns_message_open(&message, bytes);
    while (mg_dns_message_next(&message, &record))
        if (record.type == MG_DNS_OPT)
            cookie =
                mg_dns_options_of(mg_span_slice(bytes, record.data_at, record.data_len)).cookie;
    if (cookie.len <= MG_DNS_COOKIE_CLIENT || cookie.len > sizeof client->cookie ||
        memcmp(cookie.data, client->cookie, MG_DNS_COOKIE_CLIENT) != 0)
        return false;
    memcpy(client->cookie, cookie.data, cookie.len);
    client->cookie_len = cookie.len;
    client->tries_left++;
    return true;
}

static MgDnsClientState take_datagram(MgDnsClient *client, const MgDatagramAnswer *datagram)
{
    if (datagram == NULL || datagram->reach == MG_REACH_UNREACHABLE ||
        datagram->reach == MG_REACH_BAD_ADDRESS) {
        mg_dns_client_note(client, MG_DNS_CLIENT_UNREACHABLE);
        return MG_DNS_CLIENT_GIVEN_UP;
    }
    if (datagram->reach != MG_REACH_OK)
        return ask_again(client, datagram->reach == MG_REACH_TIMEOUT ? MG_DNS_CLIENT_TIMEOUT
                                                                     : MG_DNS_CLIENT_UNREACHABLE);
    if (!keep(client, datagram->payload))
        return ask_again(client, MG_DNS_CLIENT_MISMATCH);
    if (take_cookie(client)) {
        mg_dns_client_ask(client);
        return MG_DNS_CLIENT_ASKED;
    }
    if ((client->reply->data[2] & MG_DNS_TC >> 8) == 0)
        return MG_DNS_CLIENT_ANSWERED;
    mg_dns_client_note(client, MG_DNS_CLIENT_TRUNCATED);
    client->truncated = true;
    ask_stream(client);
    return MG_DNS_CLIENT_ASKED;
}

/* The stream brought nothing. */
static MgDnsClientState end_stream(MgDnsClient *client, unsigned rule)
{
    client->connecting = client->connected = false;
    client->due = MG_TIME_NEVER;
    mg_dns_client_note(client, rule);
    if (!client->truncated)
        return MG_DNS_CLIENT_GIVEN_UP;
    mg_dns_client_note(client, MG_DNS_CLIENT_INCOMPLETE);
    return MG_DNS_CLIENT_ANSWERED;
}

static MgDnsClientState take_connect(MgDnsClient *client, const MgConnectAnswer *answer, MgTime now)
{
    client->connecting = false;
    if (answer == NULL || answer->reach != MG_REACH_OK)
        return end_stream(client, MG_DNS_CLIENT_UNREACHABLE);
    client->connected = true;
    client->due = now + client->timeout;
    mg_dns_events_add(&client->events,
                      (MgEvent){.kind = MG_EVENT_SEND,
                                .send = {client->query, 2u + mg_dns_get_u16(client->query)}});
    return MG_DNS_CLIENT_ASKED;
}

static MgDnsClientState take(MgDnsClient *client, const void *answer, MgTime now)
{
    client->ask = 0;
    return client->connecting ? take_connect(client, answer, now) : take_datagram(client, answer);
}

static MgDnsClientState take_octets(MgDnsClient *client, MgSpan bytes)
{
    if (!client->connected)
        return MG_DNS_CLIENT_ASKED;
    g_byte_array_append(client->in, bytes.data, (guint)bytes.len);
    if (client->in->len < 2 || client->in->len - 2 < mg_dns_get_u16(client->in->data))
        return MG_DNS_CLIENT_ASKED;
    MgSpan message = {client->in->data + 2, mg_dns_get_u16(client->in->data)};
    if (!keep(client, message)) /* over a stream nobody else can have said it: it is broken */
        return end_stream(client, MG_DNS_CLIENT_MISMATCH);
    client->streamed = true;
    client->connected = false;
    client->due = MG_TIME_NEVER;
    return MG_DNS_CLIENT_ANSWERED;
}

static MgDnsClientState take_end(MgDnsClient *client)
{
    return client->connected ? end_stream(client, MG_DNS_CLIENT_STREAM) : MG_DNS_CLIENT_ASKED;
}

static MgDnsClientState take_time(MgDnsClient *client, MgTime now)
{
    return client->connected && now >= client->due ? end_stream(client, MG_DNS_CLIENT_STREAM)
                                                   : MG_DNS_CLIENT_ASKED;
}

void mg_dns_client_format(const MgDnsClient *client, GString *out)
{
    mg_dns_type_format(client->type, out);
    g_string_append_c(out, ' ');
    mg_dns_name_format(mg_dns_name_span(&client->name), out);
}

unsigned mg_dns_client_rcode(const MgDnsClient *client)
{
    MgDnsMessage message;
    MgDnsRecord record;
    mg_dns_message_open(&message, mg_dns_client_reply(client));
    unsigned rcode = message.flags & 15;
    while (mg_dns_message_next(&message, &record))
        if (record.type == MG_DNS_OPT)
            rcode |= (unsigned)mg_dns_edns_of(&record).extended_rcode << 4;
    return rcode;
}

/* ---- engines that ask ---- */

bool mg_dns_asker_answer(MgEngine *engine, MgAskId id, const void *given, MgTime now)
{
    MgDnsAsker *asker = (MgDnsAsker *)engine;
    if (asker->client.ask == 0 || id != asker->client.ask)
        return false;
    asker->settle(engine, take(&asker->client, given, now), now);
    return true;
}

void mg_dns_asker_receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    MgDnsAsker *asker = (MgDnsAsker *)engine;
    asker->settle(engine, take_octets(&asker->client, bytes), now);
}

void mg_dns_asker_receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
    MgDnsAsker *asker = (MgDnsAsker *)engine;
    asker->settle(engine, take_end(&asker->client), now);
}

void mg_dns_asker_advance(MgEngine *engine, MgTime now)
{
    MgDnsAsker *asker = (MgDnsAsker *)engine;
    asker->settle(engine, take_time(&asker->client, now), now);
}

bool mg_dns_asker_next(MgEngine *engine, MgEvent *event)
{
    return mg_dns_events_next(&((MgDnsAsker *)engine)->client.events, event);
}

/* The carrier keeps the time of each datagram. */
MgTime mg_dns_asker_deadline(const MgEngine *engine)
{
    const MgDnsClient *client = &((const MgDnsAsker *)engine)->client;
    return client->connected ? client->due : MG_TIME_NEVER;
}
