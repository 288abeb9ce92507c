/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-server.c - authoritative name servers: one engine a datagram, or one a stream */
#include "dns.h"

#include "dns-events.h"
#include "dns-zones.h"

#define STREAM_IN_MAX (2u + MG_DNS_MESSAGE_MAX)

enum { R_REFERRAL, R_WILDCARD, R_NODATA, R_NXDOMAIN, R_TRUNCATED, R_REFUSED, R_ERROR, R_NO_QUERY };

static const MgRule rules[] = {
    [R_REFERRAL] = {"dns.refers", MG_SEVERITY_CHAT, "RFC 1034 §4.3.2",
                    N_("Another zone begins here: the server names those who know more, and tells "
                       "their addresses if it must.")},
    [R_WILDCARD] = {"dns.wildcard", MG_SEVERITY_CHAT, "RFC 4592 §3.3",
                    N_("The name is not in the zone; a wildcard record stands for it.")},
    [R_NODATA] = {"dns.no-data", MG_SEVERITY_CHAT, "RFC 2308 §2.2",
                  N_("The name exists, but has no record of this type.")},
    [R_NXDOMAIN] = {"dns.no-such-name", MG_SEVERITY_CHAT, "RFC 2308 §2.1",
                    N_("The name does not exist; the SOA record says how long this may be "
                       "remembered.")},
    [R_TRUNCATED] = {"dns.truncates", MG_SEVERITY_NOTE, "RFC 2181 §9",
                     N_("The answer does not fit a datagram: the server sends none of it, and "
                        "asks to be asked again over TCP.")},
    [R_REFUSED] = {"dns.refuses", MG_SEVERITY_NOTE, "RFC 1035 §4.1.1",
                   N_("The server does not answer for this name; none of its zones has it.")},
    [R_ERROR] = {"dns.bad-query", MG_SEVERITY_WARN, "RFC 1035 §4.1.1",
                 N_("The server cannot make sense of the query, or does not know this kind of "
                    "query.")},
    [R_NO_QUERY] = {"dns.not-a-query", MG_SEVERITY_WARN, "RFC 1035 §4.1.1",
                    N_("This is no query, so that it is not answered at all.")},
    {0},
};

static const MgSettingRow settings[] = {
    {"zones", MG_SETTING_FILES, NULL,
     N_("The master files of the zones that this server answers for.")},
    {0},
};

static const MgSettingRow tcp_settings[] = {
    {"zones", MG_SETTING_FILES, NULL,
     N_("The master files of the zones that this server answers for.")},
    {"dns-idle", MG_SETTING_TIME, "30s",
     N_("How long a stream may be silent before the server closes it.")},
    {0},
};

static void *setup(const MgSettings *rows, GPtrArray *problems)
{
    return mg_dns_zones_new(rows, "zones", problems);
}

static void teardown(void *shared)
{
    mg_dns_zones_free(shared);
}

static const MgRule *rule_of(MgDnsSays says, const MgDnsReply *reply)
{
    if (says == MG_DNS_SAYS_NOTHING)
        return &rules[R_NO_QUERY];
    if ((reply->data[2] & MG_DNS_TC >> 8) != 0)
        return &rules[R_TRUNCATED];
    switch (says) {
    case MG_DNS_SAYS_REFERRAL:
        return &rules[R_REFERRAL];
    case MG_DNS_SAYS_NODATA:
        return &rules[R_NODATA];
    case MG_DNS_SAYS_NXDOMAIN:
        return &rules[R_NXDOMAIN];
    case MG_DNS_SAYS_REFUSED:
        return &rules[R_REFUSED];
    case MG_DNS_SAYS_ERROR:
        return &rules[R_ERROR];
    default:
        return reply->wildcard ? &rules[R_WILDCARD] : NULL;
    }
}

static size_t zone_facts(const MgDnsZones *zones, MgFact *facts, size_t max)
{
    if (max == 0 || zones == NULL)
        return 0;
    g_autoptr(GString) names = g_string_new(NULL);
    for (size_t i = 0; i < mg_dns_zones_n(zones); i++) {
        if (i > 0)
            g_string_append(names, ", ");
        mg_dns_name_format(mg_dns_zones_apex(zones, i), names);
    }
    facts[0].label = N_("Zones");
    g_strlcpy(facts[0].value, names->str, sizeof facts[0].value);
    return 1;
}

static bool no_answer(MgEngine *engine, MgAskId ask, const void *answer, MgTime now)
{
    return false; /* it asks nothing */
}

/* ---- a datagram ---- */

typedef struct {
    MgEngine base;
    const MgDnsZones *zones;
    const MgRule *rule;
    bool received, said_rule, sent, closed;
    size_t len;
    uint8_t reply[MG_DNS_UDP_EDNS];
} Server;

static MgEngine *create(const MgBirth *birth)
{
    Server *server = g_malloc(sizeof *server);
    server->base.kind = &mg_dns_server;
    server->zones = birth->shared;
    server->rule = NULL;
    server->received = server->said_rule = server->sent = server->closed = false;
    server->len = 0;
    return &server->base;
}

static void free_server(MgEngine *engine)
{
    g_free(engine);
}

/* Bytes that come are looked at at once: what is kept is the reply. */
static void receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    Server *server = (Server *)engine;
    if (server->received)
        return;
    server->received = true;
    if (server->zones == NULL)
        return;
    MgDnsReply reply = {.data = server->reply, .cap = sizeof server->reply};
    MgDnsSays says = mg_dns_zones_answer(server->zones, bytes, &reply);
    server->len = reply.len;
    server->rule = rule_of(says, &reply);
}

static void receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
    Server *server = (Server *)engine;
    server->received = true;
    if (how != MG_END_CLOSED)
        server->sent = server->said_rule = true;
}

static void advance(MgEngine *engine, MgTime now)
{
}

static bool next(MgEngine *engine, MgEvent *event)
{
    Server *server = (Server *)engine;
    if (!server->received || server->closed)
        return false;
    if (!server->said_rule) {
        server->said_rule = true;
        if (server->rule != NULL) {
            *event = (MgEvent){.kind = MG_EVENT_NOTE, .note = {.rule = server->rule}};
            return true;
        }
    }
    if (!server->sent && server->len > 0) {
        server->sent = true;
        *event = (MgEvent){.kind = MG_EVENT_SEND, .send = {server->reply, server->len}};
        return true;
    }
    server->closed = true;
    *event = (MgEvent){.kind = MG_EVENT_CLOSE};
    return true;
}

static MgTime deadline(const MgEngine *engine)
{
    return MG_TIME_NEVER;
}

static size_t facts(const MgEngine *engine, MgFact *out, size_t max)
{
    return zone_facts(((const Server *)engine)->zones, out, max);
}

const MgEngineKind mg_dns_server = {
    .name = "dns.server",
    .summary = N_("Authoritative name server: answers for its zones"),
    .usual = "nameserver:53",
    .transport = MG_TRANSPORT_DATAGRAM,
    .port = 53,
    .dissector = "dns",
    .settings = settings,
    .rules = rules,
    .setup = setup,
    .teardown = teardown,
    .create = create,
    .free = free_server,
    .receive = receive,
    .receive_end = receive_end,
    .advance = advance,
    .answer = no_answer,
    .next = next,
    .deadline = deadline,
    .facts = facts,
};

/* ---- a stream: each message with its length before it (RFC 7766 §8) ---- */

typedef struct {
    MgEngine base;
    const MgDnsZones *zones;
    GByteArray *in;
    uint8_t *reply;
    size_t taken;
    bool ended, closed;
    const MgRule *rule;
    size_t len; /* of the reply that waits behind the note */
    MgTime idle, due;
} Stream;

static MgEngine *tcp_create(const MgBirth *birth)
{
    Stream *stream = g_new0(Stream, 1);
    stream->base.kind = &mg_dns_server_tcp;
    stream->zones = birth->shared;
    stream->in = g_byte_array_new();
    stream->idle = mg_settings_get_time(birth->settings, "dns-idle", 30 * MG_SECONDS);
    stream->due = birth->now + stream->idle;
    return &stream->base;
}

static void tcp_free(MgEngine *engine)
{
    Stream *stream = (Stream *)engine;
    g_byte_array_unref(stream->in);
    g_free(stream->reply);
    g_free(stream);
}

static void tcp_receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    Stream *stream = (Stream *)engine;
    if (stream->closed || stream->ended)
        return;
    if (stream->taken > 0) {
        g_byte_array_remove_range(stream->in, 0, (guint)stream->taken);
        stream->taken = 0;
    }
    g_byte_array_append(stream->in, bytes.data, (guint)bytes.len);
    stream->due = now + stream->idle;
}

static void tcp_receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
    Stream *stream = (Stream *)engine;
    stream->ended = true;
    if (how != MG_END_CLOSED)
        stream->taken = stream->in->len;
}

static void tcp_advance(MgEngine *engine, MgTime now)
{
    Stream *stream = (Stream *)engine;
    if (now >= stream->due)
        stream->ended = true;
}

/* Takes the first whole message. False if there is none. */
static bool tcp_take(Stream *stream)
{
    size_t left = stream->in->len - stream->taken;
    const uint8_t *bytes = stream->in->data + stream->taken;
    if (left < 2 || left - 2 < mg_dns_get_u16(bytes))
        return false;
    MgSpan query = {bytes + 2, mg_dns_get_u16(bytes)};
    if (stream->reply == NULL)
        stream->reply = g_malloc(STREAM_IN_MAX);
    MgDnsReply reply = {.data = stream->reply + 2, .cap = MG_DNS_MESSAGE_MAX, .stream = true};
    MgDnsSays says = mg_dns_zones_answer(stream->zones, query, &reply);
    stream->len = reply.len;
    stream->rule = rule_of(says, &reply);
    stream->taken += 2 + query.len;
    if (says == MG_DNS_SAYS_NOTHING)
        stream->ended = true; /* whoever sends such things is no client */
    return true;
}

static bool tcp_next(MgEngine *engine, MgEvent *event)
{
    Stream *stream = (Stream *)engine;
    if (stream->closed)
        return false;
    for (;;) {
        if (stream->rule != NULL) {
            *event = (MgEvent){.kind = MG_EVENT_NOTE, .note = {.rule = stream->rule}};
            stream->rule = NULL;
            return true;
        }
        if (stream->len > 0) {
            mg_dns_put_u16(stream->reply, (uint16_t)stream->len);
            *event = (MgEvent){.kind = MG_EVENT_SEND, .send = {stream->reply, stream->len + 2}};
            stream->len = 0;
            return true;
        }
        if (stream->zones == NULL || !tcp_take(stream))
            break;
    }
    if (!stream->ended)
        return false;
    stream->closed = true;
    *event = (MgEvent){.kind = MG_EVENT_CLOSE};
    return true;
}

static MgTime tcp_deadline(const MgEngine *engine)
{
    const Stream *stream = (const Stream *)engine;
    return stream->ended || stream->closed ? MG_TIME_NEVER : stream->due;
}

static size_t tcp_facts(const MgEngine *engine, MgFact *out, size_t max)
{
    return zone_facts(((const Stream *)engine)->zones, out, max);
}

const MgEngineKind mg_dns_server_tcp = {
    .name = "dns.server-tcp",
    .summary = N_("Authoritative name server over TCP: for answers that no datagram holds"),
    .usual = "nameserver:53",
    .transport = MG_TRANSPORT_STREAM,
    .port = 53,
    .dissector = "dns",
    .settings = tcp_settings,
    .rules = rules,
    .setup = setup,
    .teardown = teardown,
    .create = tcp_create,
    .free = tcp_free,
    .receive = tcp_receive,
    .receive_end = tcp_receive_end,
    .advance = tcp_advance,
    .answer = no_answer,
    .next = tcp_next,
    .deadline = tcp_deadline,
    .facts = tcp_facts,
};
