/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-resolver.c - the recursive resolver: one engine a question, all with one cache
 *
 * What the cache knows is answered at once. Else a recursion asks down from the root, a datagram
 * at a time.
 */
#include <mailglass/topics.h>

#include "dns.h"

#include "dns-events.h"
#include "dns-record.h"
#include "dns-recursion.h"

/* R_ANY stands where MG_DNS_MET_NOTHING would be, so that the table has no gap. */
enum { R_CACHE_HIT, R_BAD_QUERY, R_NOT_A_QUERY, R_CACHE_ONLY, R_ANY, R_MET = R_ANY };

static const MgRule rules[] = {
    [R_CACHE_HIT] = {"dns.cache-hit", MG_SEVERITY_CHAT, "RFC 1034 §5.3.3",
                     N_("The resolver remembers this answer, and asks nobody; the TTL has become "
                        "smaller since.")},
    [R_BAD_QUERY] = {"dns.resolver-bad-query", MG_SEVERITY_WARN, "RFC 1035 §4.1.1",
                     N_("The resolver cannot make sense of the query, or does not know this kind "
                        "of query.")},
    [R_NOT_A_QUERY] = {"dns.resolver-not-a-query", MG_SEVERITY_WARN, "RFC 1035 §4.1.1",
                       N_("This is no query, so that the resolver does not answer it at all.")},
    [R_CACHE_ONLY] = {"dns.no-recursion-desired", MG_SEVERITY_NOTE, "RFC 1034 §4.3.1",
                      N_("The client did not ask for recursion (RD is 0), and the cache does not "
                         "know: the resolver refuses.")},
    [R_ANY] = {"dns.any", MG_SEVERITY_NOTE, "RFC 8482 §4.2",
               N_("A question for ANY type gets a small made-up HINFO record: large answers to "
                  "small questions are a weapon.")},
    [R_MET + MG_DNS_MET_REFERRAL] = {"dns.referral", MG_SEVERITY_CHAT, "RFC 1034 §4.3.1",
                                     N_("This server does not know, but names those who know more: "
                                        "the resolver asks them next.")},
    [R_MET + MG_DNS_MET_NEGATIVE] = {"dns.negative", MG_SEVERITY_CHAT, "RFC 2308 §5",
                                     N_("There is no such thing, and the resolver remembers that, "
                                        "too, for as long as the SOA record says.")},
    [R_MET + MG_DNS_MET_TIMEOUT] = {"dns.server-timeout", MG_SEVERITY_NOTE, "RFC 1035 §7.2",
                                    N_("This server does not answer; the resolver tries another "
                                       "one.")},
    [R_MET + MG_DNS_MET_UNREACHABLE] = {"dns.server-unreachable", MG_SEVERITY_WARN, "RFC 1035 §7.2",
                                        N_("This server cannot be reached; the resolver tries "
                                           "another one.")},
    [R_MET + MG_DNS_MET_LAME] = {"dns.lame", MG_SEVERITY_WARN, "RFC 1034 §5.3.3",
                                 N_("This server should know the zone, but does not (a lame "
                                    "delegation), or it cannot answer: the resolver tries another "
                                    "one.")},
    [R_MET + MG_DNS_MET_MISMATCH] = {"dns.mismatch", MG_SEVERITY_FAULT, "RFC 5452 §9.1",
                                     N_("This is not the answer to the question that was asked: "
                                        "id or question are others. It is thrown away.")},
    [R_MET + MG_DNS_MET_BROKEN] = {"dns.broken", MG_SEVERITY_FAULT, "RFC 1035 §4.1",
                                   N_("This is not a whole DNS message. It is thrown away.")},
    [R_MET + MG_DNS_MET_TRUNCATED] = {"dns.truncated", MG_SEVERITY_WARN, "RFC 7766 §5",
                                      N_("The answer did not fit a datagram, and this resolver "
                                         "does not ask over TCP: it tries another server.")},
    [R_MET + MG_DNS_MET_BAILIWICK] = {"dns.bailiwick", MG_SEVERITY_WARN, "RFC 5452 §6",
                                      N_("The answer holds records of names that this server has "
                                         "no say about. They are not believed: a poisoned cache "
                                         "begins like this.")},
    [R_MET + MG_DNS_MET_ALIAS] = {"dns.alias", MG_SEVERITY_CHAT, "RFC 1034 §3.6.2",
                                  N_("The name is an alias (CNAME): the resolver goes on with the "
                                     "name that it stands for.")},
    [R_MET + MG_DNS_MET_LIMIT] = {"dns.limit", MG_SEVERITY_WARN, "RFC 1034 §7.1",
                                  N_("This question has cost too many queries or leads through too "
                                     "many aliases: the resolver gives up.")},
    [R_MET + MG_DNS_MET_NO_SERVER] = {"dns.no-server", MG_SEVERITY_WARN, "RFC 1034 §5.3.3",
                                      N_("No name server of the zone is left that could be asked: "
                                         "the resolver gives up.")},
    {0},
};
static const char received[] = "received", iterating[] = "iterating", answered[] = "answered",
                  failed[] = "failed", refused[] = "refused";

static const MgTransition transitions[] = {
    {received, N_("the cache knows"), answered, "RFC 1034 §5.3.3"},
    {received, N_("the cache does not know"), iterating, "RFC 1034 §5.3.3"},
    {received, N_("the question cannot be worked on"), refused, "RFC 1035 §4.1.1"},
    {iterating, N_("an answer was found, or that there is none"), answered, "RFC 1034 §5.3.3"},
    {iterating, N_("nobody could tell"), failed, "RFC 1034 §5.3.3"},
    {0},
};

static const MgSettingRow settings[] = {
    {"hints", MG_SETTING_FILES, NULL,
     N_("A master file with the names and addresses of the root's name servers.")},
    {"cache-size", MG_SETTING_UINT, "10000", N_("How many sets of records the cache holds.")},
    {"cache-ttl-max", MG_SETTING_TIME, "1d",
     N_("No record is remembered for longer than this, whatever its TTL.")},
    {"cache-negative-max", MG_SETTING_TIME, "3h",
     N_("That there is no such record or name is not remembered for longer than this.")},
    {"query-timeout", MG_SETTING_TIME, "2s", N_("How long a name server may take to answer.")},
    {"query-port", MG_SETTING_UINT, "53", N_("The port of the name servers that are asked.")},
    {0},
};

typedef struct {
    MgDnsHints *hints;
    MgDnsCache *cache;
} Shared;

typedef struct {
    MgEngine base;
    Shared *shared;
    uint64_t seed;
    uint16_t port;
    MgTime timeout;
    MgDnsMessage query;
    MgDnsEdns edns;
    bool got, done;
    const char *state;
    MgDnsRecursion *recursion;
    MgDatagramQuestion question;
    MgAskId ask, last_ask;
    uint64_t taken; /* octets of the query, which all asks follow from */
    MgDnsWriter writer;
    bool overflow;
    size_t limit;
    MgDnsEvents events;
    uint8_t reply[MG_DNS_UDP_EDNS];
} Resolver;

static void *setup(const MgSettings *rows, GPtrArray *problems)
{
    MgDnsHints *hints = mg_dns_hints_new(rows, "hints", problems);
    if (hints == NULL)
        return NULL;
    Shared *shared = g_new0(Shared, 1);
    shared->hints = hints;
    MgTime ttl = mg_settings_get_time(rows, "cache-ttl-max", 24 * MG_HOURS);
    MgTime negative = mg_settings_get_time(rows, "cache-negative-max", 3 * MG_HOURS);
    shared->cache = mg_dns_cache_new(mg_settings_get_uint(rows, "cache-size", 10000),
                                     (uint32_t)MIN(ttl / MG_SECONDS, INT32_MAX),
                                     (uint32_t)MIN(negative / MG_SECONDS, INT32_MAX));
    return shared;
}

static void teardown(void *data)
{
    Shared *shared = data;
    mg_dns_hints_free(shared->hints);
    mg_dns_cache_free(shared->cache);
    g_free(shared);
}

static MgEngine *create(const MgBirth *birth)
{
    Resolver *resolver = g_malloc(sizeof *resolver);
    resolver->base.kind = &mg_dns_resolver;
    resolver->shared = birth->shared;
    resolver->seed = birth->seed;
    resolver->port = (uint16_t)mg_settings_get_uint(birth->settings, "query-port", 53);
    resolver->timeout = mg_settings_get_time(birth->settings, "query-timeout", 2 * MG_SECONDS);
    resolver->edns = (MgDnsEdns){0};
    resolver->got = resolver->done = resolver->overflow = false;
    resolver->state = received;
    resolver->recursion = NULL;
    resolver->ask = resolver->last_ask = 0;
    resolver->events.n = resolver->events.given = 0;
    return &resolver->base;
}

static void free_resolver(MgEngine *engine)
{
    mg_dns_recursion_free(((Resolver *)engine)->recursion);
    g_free(engine);
}

/* ---- events ---- */

static void enter(Resolver *resolver, const char *state)
{
    const MgTransition *row = transitions;
    while (row->from != NULL && (row->from != resolver->state || row->to != state))
        row++;
    g_assert(row->from != NULL);
    mg_dns_events_add(&resolver->events,
                      (MgEvent){.kind = MG_EVENT_STATE, .state = {resolver->state, state}});
    resolver->state = state;
}

static void note(Resolver *resolver, const MgRule *rule)
{
    mg_dns_events_note(&resolver->events, rule, (MgSpan){NULL, 0});
}

static void close_engine(Resolver *resolver)
{
    resolver->done = true;
    mg_dns_events_add(&resolver->events, (MgEvent){.kind = MG_EVENT_CLOSE});
}

/* ---- the reply ---- */

static void begin_reply(Resolver *resolver)
{
    size_t limit = MG_DNS_UDP_PLAIN;
    if (resolver->edns.present)
        limit = CLAMP(resolver->edns.payload, MG_DNS_UDP_PLAIN, sizeof resolver->reply);
    uint16_t kept = resolver->query.flags & (MG_DNS_OPCODE | MG_DNS_RD | MG_DNS_CD);
    resolver->limit = limit;
    resolver->overflow = false;
    mg_dns_writer_init(&resolver->writer, resolver->reply,
                       limit - (resolver->edns.present ? 11 : 0));
    mg_dns_write_header(&resolver->writer, resolver->query.id, MG_DNS_QR | MG_DNS_RA | kept);
    if (resolver->query.counts[MG_DNS_QUESTION] > 0 && !resolver->query.reader.bad)
        mg_dns_write_question(&resolver->writer, mg_dns_name_span(&resolver->query.name),
                              resolver->query.type, resolver->query.class);
}

static void add_record(void *user, MgDnsSection section, MgSpan owner, uint16_t type, uint32_t ttl,
                       MgSpan data)
{
    Resolver *resolver = user;
    if (!resolver->overflow &&
        !mg_dns_write_record(&resolver->writer, section, owner, type, ttl, data))
        resolver->overflow = true;
}

static void send_reply(Resolver *resolver, uint16_t rcode)
{
    if (resolver->overflow) {
        begin_reply(resolver);
        mg_dns_write_flags(&resolver->writer, MG_DNS_TC, 0);
    }
    resolver->writer.cap = resolver->limit;
    if (resolver->edns.present)
        mg_dns_write_opt(&resolver->writer, MG_DNS_UDP_EDNS, rcode, resolver->edns.dnssec_ok);
    mg_dns_write_flags(&resolver->writer, 0, rcode);
    mg_dns_events_add(
        &resolver->events,
        (MgEvent){.kind = MG_EVENT_SEND, .send = {resolver->reply, resolver->writer.len}});
    close_engine(resolver);
}

static void refuse(Resolver *resolver, uint16_t rcode, const MgRule *rule)
{
    note(resolver, rule);
    enter(resolver, refused);
    begin_reply(resolver);
    send_reply(resolver, rcode);
}

static void go_on(Resolver *resolver, MgTime now)
{
    bool asks = mg_dns_recursion_step(resolver->recursion, now, &resolver->question);
    for (MgDnsMet met; (met = mg_dns_recursion_met(resolver->recursion)) != MG_DNS_MET_NOTHING;)
        note(resolver, &rules[R_MET + met]);
    if (asks) {
        resolver->ask = ++resolver->last_ask;
        mg_dns_events_add(&resolver->events,
                          (MgEvent){.kind = MG_EVENT_ASK,
                                    .ask = {resolver->ask, MG_TOPIC_DATAGRAM, &resolver->question,
                                            resolver->taken}});
        return;
    }
    uint16_t rcode = mg_dns_recursion_rcode(resolver->recursion);
    enter(resolver, rcode == MG_DNS_SERVFAIL ? failed : answered);
    begin_reply(resolver);
    if (rcode != MG_DNS_SERVFAIL)
        mg_dns_recursion_each(resolver->recursion, add_record, resolver);
    send_reply(resolver, rcode);
}

/* ---- the query ---- */

/* The rcode for what cannot be worked on; 0 for what can. */
static uint16_t judge(Resolver *resolver, bool opened)
{
    MgDnsMessage *query = &resolver->query;
    MgDnsRecord record;
    if ((query->flags & MG_DNS_OPCODE) != 0)
        return MG_DNS_NOTIMP;
    if (!opened || query->counts[MG_DNS_QUESTION] != 1 || query->counts[MG_DNS_ANSWER] != 0 ||
        query->counts[MG_DNS_AUTHORITY] != 0)
        return MG_DNS_FORMERR;
    while (mg_dns_message_next(query, &record)) {
        if (record.type != MG_DNS_OPT)
            continue;
        if (resolver->edns.present)
            return MG_DNS_FORMERR;
        resolver->edns = mg_dns_edns_of(&record);
    }
    if (query->reader.bad)
        return MG_DNS_FORMERR;
    if (resolver->edns.version > 0)
        return MG_DNS_BADVERS;
    if (query->class != MG_DNS_IN)
        return MG_DNS_REFUSED;
    /* Transfers and other questions that no record answers; 0 is reserved. */
    bool meta = query->type == 0 || query->type == MG_DNS_OPT ||
                (query->type >= 249 && query->type < MG_DNS_ANY);
    return meta ? MG_DNS_NOTIMP : 0;
}

static void answer_any(Resolver *resolver)
{
    static const uint8_t hinfo[] = "\007RFC8482";
    note(resolver, &rules[R_ANY]);
    enter(resolver, answered);
    begin_reply(resolver);
    add_record(resolver, MG_DNS_ANSWER, mg_dns_name_span(&resolver->query.name), 13, 3600,
               (MgSpan){hinfo, sizeof hinfo}); /* its NUL is the empty second string */
    send_reply(resolver, MG_DNS_NOERROR);
}

static void look_up(Resolver *resolver, MgTime now)
{
    const MgDnsMessage *query = &resolver->query;
    MgDnsWay way = {.name = query->name, .type = query->type};
    if (query->type == MG_DNS_ANY) {
        answer_any(resolver);
        return;
    }
    begin_reply(resolver);
    if (mg_dns_cache_follow(resolver->shared->cache, &way, now, add_record, resolver)) {
        note(resolver, &rules[R_CACHE_HIT]);
        enter(resolver, answered);
        send_reply(resolver, way.rcode);
        return;
    }
    if ((query->flags & MG_DNS_RD) == 0) {
        refuse(resolver, MG_DNS_REFUSED, &rules[R_CACHE_ONLY]);
        return;
    }
    const MgDnsRecursionSetup with = {.cache = resolver->shared->cache,
                                      .hints = resolver->shared->hints,
                                      .seed = resolver->seed,
                                      .port = resolver->port,
                                      .timeout = resolver->timeout};
    resolver->recursion = mg_dns_recursion_new(&with, mg_dns_name_span(&query->name), query->type);
    enter(resolver, iterating);
    go_on(resolver, now);
}

/* The datagram is understood at once; nothing of it is needed later but header and question. */
static void receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    Resolver *resolver = (Resolver *)engine;
    if (resolver->got || resolver->done)
        return;
    resolver->got = true;
    resolver->taken = bytes.len;
    bool opened = mg_dns_message_open(&resolver->query, bytes);
    if (bytes.len < MG_DNS_HEADER || (resolver->query.flags & MG_DNS_QR) != 0 ||
        resolver->shared == NULL) {
        note(resolver, &rules[R_NOT_A_QUERY]);
        close_engine(resolver);
        return;
    }
    uint16_t rcode = judge(resolver, opened);
    if (rcode != 0)
        refuse(resolver, rcode, &rules[R_BAD_QUERY]);
    else
        look_up(resolver, now);
    resolver->query.reader.data = NULL; /* the bytes are the caller's */
}

static bool answer(MgEngine *engine, MgAskId id, const void *given, MgTime now)
{
    Resolver *resolver = (Resolver *)engine;
    if (resolver->ask == 0 || id != resolver->ask)
        return false;
    resolver->ask = 0;
    mg_dns_recursion_reply(resolver->recursion, given, now);
    go_on(resolver, now);
    return true;
}

static void receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
    Resolver *resolver = (Resolver *)engine;
    if (resolver->done || (how == MG_END_CLOSED && resolver->got))
        return;
    /* Nobody waits for the answer any more. */
    if (resolver->ask != 0)
        mg_dns_events_add(&resolver->events,
                          (MgEvent){.kind = MG_EVENT_CANCEL, .cancel = resolver->ask});
    resolver->ask = 0;
    close_engine(resolver);
}

static void advance(MgEngine *engine, MgTime now)
{
}

static bool next(MgEngine *engine, MgEvent *event)
{
    return mg_dns_events_next(&((Resolver *)engine)->events, event);
}

static MgTime deadline(const MgEngine *engine)
{
    return MG_TIME_NEVER; /* the carrier keeps the time of each datagram */
}

static void set_question(MgFact *fact, const char *label, MgSpan name, uint16_t type)
{
    g_autoptr(GString) text = g_string_new(NULL);
    mg_dns_type_format(type, text);
    g_string_append_c(text, ' ');
    mg_dns_name_format(name, text);
    fact->label = label;
    g_strlcpy(fact->value, text->str, sizeof fact->value);
}

static size_t facts(const MgEngine *engine, MgFact *out, size_t max)
{
    const Resolver *resolver = (const Resolver *)engine;
    size_t n = 0;
    if (resolver->got && n < max)
        set_question(&out[n++], N_("Question"), mg_dns_name_span(&resolver->query.name),
                     resolver->query.type);
    if (resolver->recursion != NULL && !resolver->done) {
        uint16_t type = 0;
        MgSpan name = mg_dns_recursion_name(resolver->recursion, &type);
        if (n < max)
            set_question(&out[n++], N_("Looks for"), name, type);
        if (n < max) {
            out[n].label = N_("Asks");
            g_snprintf(out[n].value, sizeof out[n].value, "%s (%u)",
                       mg_dns_recursion_server(resolver->recursion),
                       mg_dns_recursion_n_queries(resolver->recursion));
            n++;
        }
    }
    if (resolver->shared != NULL && n < max) {
        out[n].label = N_("Sets in the cache");
        g_snprintf(out[n].value, sizeof out[n].value, "%zu",
                   mg_dns_cache_size(resolver->shared->cache));
        n++;
    }
    return n;
}

const MgEngineKind mg_dns_resolver = {
    .name = "dns.resolver",
    .summary = N_("Recursive resolver: asks its way down from the root, and remembers"),
    .usual = "resolver:53",
    .transport = MG_TRANSPORT_DATAGRAM,
    .port = 53,
    .dissector = "dns",
    .settings = settings,
    .rules = rules,
    .transitions = transitions,
    .setup = setup,
    .teardown = teardown,
    .create = create,
    .free = free_resolver,
    .receive = receive,
    .receive_end = receive_end,
    .advance = advance,
    .answer = answer,
    .next = next,
    .deadline = deadline,
    .facts = facts,
};
