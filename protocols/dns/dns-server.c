/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-server.c - authoritative name servers: one engine a datagram, or one a stream */
#include "dns.h"

#include "dns-client.h"
#include "dns-events.h"
#include "dns-transfer.h"
#include "dns-zones.h"

#define STREAM_IN_MAX (2u + MG_DNS_MESSAGE_MAX)

enum {
    R_REFERRAL,
    R_WILDCARD,
    R_NODATA,
    R_NXDOMAIN,
    R_TRUNCATED,
    R_REFUSED,
    R_ERROR,
    R_NO_QUERY,
    R_COOKIE,
    R_TRANSFER,
    R_PROHIBITED
};

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
    [R_COOKIE] =
        {"dns.cookie-wanted", MG_SEVERITY_NOTE, "RFC 7873 §5.2.3",
         N_("The query has no cookie of this server, so that its address may be another's: "
            "it gets one, or is sent to TCP, and no answer yet.")},
    [R_TRANSFER] = {"dns.transfers", MG_SEVERITY_CHAT, "RFC 5936 §2.2",
                    N_("The whole zone follows, record by record; the SOA record stands first and "
                       "last.")},
    [R_PROHIBITED] = {"dns.no-transfer", MG_SEVERITY_NOTE, "RFC 5936 §5",
                      N_("The whole zone is not for everybody; whoever may have it stands in the "
                         "server's `transfer`.")},
    {0},
};

#define SETTINGS                                                                                   \
    {"zones", MG_SETTING_FILES, NULL,                                                              \
     N_("The master files of the zones that this server answers for.")},                           \
        {"transfer", MG_SETTING_TEXT, NULL,                                                        \
         N_("Who may have whole zones (AXFR): addresses or networks, like `192.0.2.0/24`.")},      \
        {"cookies", MG_SETTING_TEXT, "offered",                                                    \
         N_("`required`: who asks by a datagram is answered only with a cookie, which shows that " \
            "its address is its own.")},                                                           \
        {"nsid", MG_SETTING_TEXT, NULL,                                                            \
         N_("What the server calls itself to who asks which of several it is (NSID).")},           \
    {                                                                                              \
        "cookie-secret", MG_SETTING_TEXT, NULL,                                                    \
            N_("32 hexadecimal digits that the server's cookies are made with; servers of one "    \
               "address share them. Without it, chance.")                                          \
    }

static const MgSettingRow settings[] = {
    SETTINGS,
    {0},
};

static const MgSettingRow tcp_settings[] = {
    SETTINGS,
    {"dns-idle", MG_SETTING_TIME, "30s",
     N_("How long a stream may be silent before the server closes it.")},
    {0},
};

/* What all engines of one server share. */
typedef struct {
    MgDnsZones *zones;
    MgDnsServing serving;
} Authority;

static bool parse_secret(const char *text, uint8_t out[16])
{
    for (size_t i = 0; i < 16; i++) {
        int high = g_ascii_xdigit_value(text[2 * i]);
        int low = high >= 0 ? g_ascii_xdigit_value(text[2 * i + 1]) : -1;
        if (low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return text[32] == '\0';
}

static void free_authority(void *shared)
{
    Authority *authority = shared;
    if (authority == NULL)
        return;
    mg_dns_zones_free(authority->zones);
    g_array_unref(authority->serving.transfers);
    g_free(authority);
}

static void complain(const MgSetting *row, GPtrArray *problems, const char *text)
{
    g_ptr_array_add(problems, row->path != NULL
                                  ? g_strdup_printf("%s:%u: %s", row->path, row->line, text)
                                  : g_strdup(text));
}

static void *setup(const MgSettings *rows, GPtrArray *problems)
{
    guint before = problems->len;
    Authority *authority = g_new0(Authority, 1);
    MgDnsServing *serving = &authority->serving;
    serving->transfers = g_array_new(FALSE, FALSE, sizeof(MgDnsNetwork));
    g_strlcpy(serving->nsid, mg_settings_get(rows, "nsid", ""), sizeof serving->nsid);
    for (size_t i = 0; rows != NULL && i < rows->n_rows; i++) {
        const MgSetting *row = &rows->rows[i];
        if (strcmp(row->key, "transfer") == 0 &&
            !mg_dns_networks_parse(row->value, serving->transfers))
            complain(row, problems,
                     "error: transfer= has addresses or networks, like 192.0.2.0/24");
        if (strcmp(row->key, "cookies") == 0) {
            serving->needs_cookie = strcmp(row->value, "required") == 0;
            if (!serving->needs_cookie && strcmp(row->value, "offered") != 0)
                complain(row, problems, "error: cookies= is offered or required");
        }
        if (strcmp(row->key, "cookie-secret") != 0)
            continue;
        serving->has_secret = parse_secret(row->value, serving->secret);
        if (!serving->has_secret)
            complain(row, problems, "error: cookie-secret= has 32 hexadecimal digits");
    }
    authority->zones = mg_dns_zones_new(rows, "zones", problems);
    if (problems->len == before)
        return authority;
    free_authority(authority);
    return NULL;
}

/* Without a secret of its own, the first engine's seed is one: in a simulation the run's, on a real
 * door the system's. */
static void need_secret(Authority *authority, const MgBirth *birth)
{
    uint64_t seed = birth->seed;
    if (authority == NULL || authority->serving.has_secret)
        return;
    for (unsigned i = 0; i < 2; i++) {
        uint64_t half = mg_random_next(&seed);
        memcpy(authority->serving.secret + 8 * (size_t)i, &half, 8);
    }
    authority->serving.has_secret = true;
}

static size_t client_of(const MgBirth *birth, uint8_t out[16])
{
    return birth->peer_address != NULL ? mg_dns_address_parse(birth->peer_address, out) : 0;
}

static const MgRule *rule_of(MgDnsSays says, const MgDnsReply *reply)
{
    if (says == MG_DNS_SAYS_NOTHING)
        return &rules[R_NO_QUERY];
    if (says == MG_DNS_SAYS_COOKIE)
        return &rules[R_COOKIE];
    if (says == MG_DNS_SAYS_TRANSFER)
        return &rules[R_TRANSFER];
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
        return &rules[reply->prohibited ? R_PROHIBITED : R_REFUSED];

    case MG_DNS_SAYS_ERROR:
        return &rules[R_ERROR];
    default:
        return reply->wildcard ? &rules[R_WILDCARD] : NULL;
    }
}

static size_t zone_facts(const Authority *authority, MgFact *facts, size_t max)
{
    if (max == 0 || authority == NULL)
        return 0;
    const MgDnsZones *zones = authority->zones;
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

/* ---- a datagram ---- */

typedef struct {
    MgEngine base;
    const Authority *authority;
    uint8_t client[16];
    size_t client_len;
    int64_t epoch;
    const MgRule *rule;
    bool received, said_rule, sent, closed;
    size_t len;
    uint8_t reply[MG_DNS_UDP_EDNS];
} Server;

static MgEngine *create(const MgBirth *birth)
{
    Server *server = g_malloc(sizeof *server);
    server->base.kind = &mg_dns_server;
    need_secret(birth->shared, birth);
    server->authority = birth->shared;
    server->client_len = client_of(birth, server->client);
    server->epoch = birth->epoch;
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
    if (server->authority == NULL)
        return;
    MgDnsReply reply = {.data = server->reply,
                        .cap = sizeof server->reply,
                        .serving = &server->authority->serving,
                        .client = {server->client, server->client_len},
                        .time = (uint32_t)(server->epoch + now / MG_SECONDS)};
    MgDnsSays says = mg_dns_zones_answer(server->authority->zones, bytes, &reply);
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

static size_t facts(const MgEngine *engine, MgFact *out, size_t max)
{
    return zone_facts(((const Server *)engine)->authority, out, max);
}

static const MgCommandOption options[] = {
    {"zone", "FILE", N_("The master file of a zone to answer for"), "zones", true},
    {"transfer", "ADDRESS[/LENGTH]", N_("Who may have whole zones (AXFR)"), NULL, true},
    {"nsid", "TEXT", N_("What it calls itself to who asks (NSID)"), NULL, false},
    {"cookies", "WHEN", N_("offered, or required: without a cookie there is no answer"), NULL,
     false},
    {"cookie-secret", "HEX", N_("What cookies are made with: 32 hexadecimal digits"), NULL, false},
    {0},
};

static const MgCommandRow command = {
    .name = "dns serve",
    .summary = N_("answers for zones, as an authoritative name server"),
    .about = N_("It answers over UDP and TCP until it is interrupted, and says where it "
                "listens.\n\nExample:\n  mailglass dns serve --zone example.net.zone --listen "
                "127.0.0.1:5353"),
    .options = options,
    .serves = "dns.server dns.server-tcp",
};

const MgEngineKind mg_dns_server = {
    .name = "dns.server",
    .summary = N_("Authoritative name server: answers for its zones"),
    .usual = "nameserver:53",
    .transport = MG_TRANSPORT_DATAGRAM,
    .port = 53,
    .command = &command,
    .dissector = "dns",
    .settings = settings,
    .rules = rules,
    .setup = setup,
    .teardown = free_authority,
    .create = create,
    .free = free_server,
    .receive = receive,
    .receive_end = receive_end,
    .next = next,
    .facts = facts,
};

/* ---- a stream: each message with its length before it (RFC 7766 §8) ---- */

typedef struct {
    MgEngine base;
    const Authority *authority;
    uint8_t client[16];
    size_t client_len;
    int64_t epoch;
    MgTime now;
    GByteArray *in;
    uint8_t *reply;
    size_t taken;
    bool ended, closed;
    const MgRule *rule;
    size_t len; /* of the reply that waits behind the note */
    MgTime idle, due;
    MgDnsTransfer transfer;
    bool transferring;
} Stream;

static MgEngine *tcp_create(const MgBirth *birth)
{
    Stream *stream = g_new0(Stream, 1);
    stream->base.kind = &mg_dns_server_tcp;
    need_secret(birth->shared, birth);
    stream->authority = birth->shared;
    stream->client_len = client_of(birth, stream->client);
    stream->epoch = birth->epoch;
    stream->now = birth->now;
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
    stream->now = now;
}

static void tcp_receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
    Stream *stream = (Stream *)engine;
    stream->ended = true;
    if (how == MG_END_CLOSED)
        return;
    stream->taken = stream->in->len;
    stream->transferring = false;
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
    MgDnsReply reply = {.data = stream->reply + 2,
                        .cap = MG_DNS_MESSAGE_MAX,
                        .stream = true,
                        .serving = &stream->authority->serving,
                        .client = {stream->client, stream->client_len},
                        .time = (uint32_t)(stream->epoch + stream->now / MG_SECONDS)};
    MgDnsSays says = mg_dns_zones_answer(stream->authority->zones, query, &reply);
    stream->transferring = says == MG_DNS_SAYS_TRANSFER;
    if (stream->transferring)
        mg_dns_transfer_begin(&stream->transfer, stream->authority->zones, reply.transfer, query);
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
        if (stream->transferring) {
            stream->len = mg_dns_transfer_next(&stream->transfer, stream->authority->zones,
                                               stream->reply + 2, MG_DNS_MESSAGE_MAX);
            stream->transferring = stream->len > 0;
            continue;
        }
        if (stream->authority == NULL || !tcp_take(stream))
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
    return zone_facts(((const Stream *)engine)->authority, out, max);
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
    .teardown = free_authority,
    .create = tcp_create,
    .free = tcp_free,
    .receive = tcp_receive,
    .receive_end = tcp_receive_end,
    .advance = tcp_advance,
    .next = tcp_next,
    .deadline = tcp_deadline,
    .facts = tcp_facts,
};
