/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-resolver.c - the recursive resolver: one engine a question, all with one cache
 *
 * What the cache knows is answered at once. Else a recursion asks down from the root, a datagram
 * at a time, and over TCP where a datagram is too small. Over a stream, one engine answers the
 * questions of one client, one after the other.
 */
#include "dns.h"

#include "dns-edns.h"
#include "dns-events.h"
#include "dns-record.h"
#include "dns-resolver-shared.h"
#include "dns-resolver-stream.h"

#define STREAM_IN_MAX (2u * 65537) /* octets of questions that wait */

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
    [R_MET +
        MG_DNS_MET_TIMEOUT] = {"dns.server-timeout", MG_SEVERITY_NOTE, "RFC 1035 §7.2",
                               N_("This server does not answer; the resolver asks it again, or "
                                  "asks another one.")},
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
    [R_MET + MG_DNS_MET_TRUNCATED] = {"dns.truncated", MG_SEVERITY_NOTE, "RFC 7766 §5",
                                      N_("The answer did not fit a datagram: the resolver asks "
                                         "once more, over TCP.")},
    [R_MET + MG_DNS_MET_BAILIWICK] = {"dns.bailiwick", MG_SEVERITY_WARN, "RFC 5452 §6",
                                      N_("The answer holds records of names that this server has "
                                         "no say about. They are not believed: a poisoned cache "
                                         "begins like this.")},
    [R_MET + MG_DNS_MET_ALIAS] = {"dns.alias", MG_SEVERITY_CHAT, "RFC 1034 §3.6.2",
                                  N_("The name is an alias (CNAME): the resolver goes on with the "
                                     "name that it stands for.")},
    [R_MET + MG_DNS_MET_DNAME] = {"dns.dname", MG_SEVERITY_CHAT, "RFC 6672 §2.2",
                                  N_("A DNAME above the name moves all that is below it: the "
                                     "resolver makes a CNAME of it and goes on with that name.")},
    [R_MET + MG_DNS_MET_LOOP] = {"dns.alias-loop", MG_SEVERITY_WARN, "RFC 1034 §3.6.2",
                                 N_("The aliases lead back to where they began: the resolver gives "
                                    "up.")},
    [R_MET + MG_DNS_MET_CASE] = {"dns.wrong-case", MG_SEVERITY_WARN, "RFC 5452 §9.3",
                                 N_("The capital letters of the name are not those that were "
                                    "asked for: the answer may be forged. The resolver asks once "
                                    "more, over TCP.")},
    [R_MET + MG_DNS_MET_STRANGERS] = {"dns.strangers", MG_SEVERITY_FAULT, "RFC 5452 §9.2",
                                      N_("Datagrams came to this port that are no answer to what "
                                         "was asked: somebody guesses. They are thrown away.")},
    [R_MET + MG_DNS_MET_NO_EDNS] = {"dns.no-edns", MG_SEVERITY_NOTE, "RFC 6891 §7",
                                    N_("This server does not understand the OPT record: the "
                                       "resolver asks without it.")},
    [R_MET + MG_DNS_MET_MINIMISED] = {"dns.minimised", MG_SEVERITY_CHAT, "RFC 9156 §2",
                                      N_("This server is asked for the end of the name only: it "
                                         "needs to know no more to say who is next.")},
    [R_MET + MG_DNS_MET_NOT_MINIMISED] = {"dns.not-minimised", MG_SEVERITY_NOTE, "RFC 9156 §3",
                                          N_("This server does not know the shorter name: the "
                                             "resolver asks for the whole one.")},
    [R_MET + MG_DNS_MET_LOOPBACK] = {"dns.loopback-server", MG_SEVERITY_WARN, "RFC 1122 §3.2.1.3",
                                     N_("A name server is said to be at a loopback address, which "
                                        "is the resolver's own machine: it is not asked.")},
    [R_MET + MG_DNS_MET_PARENT] = {"dns.parent-side", MG_SEVERITY_NOTE, "RFC 2181 §5.4.1",
                                   N_("The servers that the zone itself names do not answer: the "
                                      "resolver tries those that the zone above names.")},
    [R_MET + MG_DNS_MET_RECURSIVE] = {"dns.recursive-server", MG_SEVERITY_WARN, "RFC 1034 §4.3.1",
                                      N_("No server of this zone answers from its own knowledge; "
                                         "the resolver takes what one of them has from others.")},
    [R_MET + MG_DNS_MET_LIMIT] = {"dns.limit", MG_SEVERITY_WARN, "RFC 1034 §7.1",
                                  N_("This question has cost too many queries or leads through too "
                                     "many aliases: the resolver gives up.")},
    [R_MET + MG_DNS_MET_NO_SERVER] = {"dns.no-server", MG_SEVERITY_WARN, "RFC 1034 §5.3.3",
                                      N_("No name server of the zone is left that could be asked: "
                                         "the resolver gives up.")},
    [R_MET + MG_DNS_MET_KEYS] = {"dns.keys", MG_SEVERITY_CHAT, "RFC 4035 §5",
                                 N_("The answer is there. Before it is believed, its signatures "
                                    "are checked: for that, the resolver needs the zones' keys "
                                    "(DNSKEY) and what the zones above say of them (DS).")},
    [R_MET + MG_DNS_MET_ANOTHER] = {"dns.bogus-another", MG_SEVERITY_NOTE, "RFC 4035 §4.7",
                                    N_("What was not believed is forgotten, and asked for once "
                                       "more, of another server if there is one.")},
    MG_DNS_WHY_RULES(R_MET + MG_DNS_MET_WHY),
    {0},
};
static const char received[] = "received", iterating[] = N_("iterating"), answered[] = "answered",
                  failed[] = "failed", refused[] = "refused";

static const MgTransition transitions[] = {
    {received, N_("the cache knows"), answered, "RFC 1034 §5.3.3"},
    {received, N_("the cache does not know"), iterating, "RFC 1034 §5.3.3"},
    {received, N_("the question cannot be worked on"), refused, "RFC 1035 §4.1.1"},
    {iterating, N_("an answer was found, or that there is none"), answered, "RFC 1034 §5.3.3"},
    {iterating, N_("nobody could tell"), failed, "RFC 1034 §5.3.3"},
    {0},
};

static const MgTransition stream_transitions[] = {
    {received, N_("the cache knows"), answered, "RFC 1034 §5.3.3"},
    {received, N_("the cache does not know"), iterating, "RFC 1034 §5.3.3"},
    {received, N_("the question cannot be worked on"), refused, "RFC 1035 §4.1.1"},
    {iterating, N_("an answer was found, or that there is none"), answered, "RFC 1034 §5.3.3"},
    {iterating, N_("nobody could tell"), failed, "RFC 1034 §5.3.3"},
    {answered, N_("the client asks once more"), received, "RFC 7766 §6.2.1"},
    {failed, N_("the client asks once more"), received, "RFC 7766 §6.2.1"},
    {refused, N_("the client asks once more"), received, "RFC 7766 §6.2.1"},
    {0},
};

typedef struct {
    MgEngine base;
    MgDnsResolverShared *shared;
    uint64_t seed;
    MgDnsMessage query;
    MgDnsEdns edns;
    bool got, done;
    const char *state;
    MgDnsRecursion *recursion;
    MgDatagramQuestion question;
    MgAskId ask, last_ask;
    uint64_t taken;         /* octets that were understood, which all asks follow from */
    MgTime now;             /* of the last call */
    MgDnsSecurity security; /* of the reply … */
    MgDnsWhy why;           /* … and why */
    MgDnsWriter writer;
    bool overflow;
    size_t limit;
    uint8_t *reply;
    size_t reply_max;
    GByteArray *in; /* (nullable) of a stream */
    bool ended;     /* the client asks nothing more */
    MgTime idle, due;
    MgDnsEvents events; /* last: what it has room for is not cleared */
} Resolver;

/* Whose reply lies behind it, for a datagram's never grows: one piece of memory, which the next
 * query gets. */
static bool is_datagram(const Resolver *resolver)
{
    return resolver->base.kind == &mg_dns_resolver;
}

static Resolver *make(const MgBirth *birth, const MgEngineKind *kind, size_t reply_max)
{
    MgDnsResolverShared *shared = birth->shared;
    bool datagram = kind == &mg_dns_resolver;
    Resolver *resolver =
        datagram && shared != NULL ? g_steal_pointer((Resolver **)&shared->spare) : NULL;
    if (resolver == NULL)
        resolver = g_malloc(sizeof *resolver + (datagram ? 2 + reply_max : 0));
    memset(resolver, 0, offsetof(Resolver, events.items));
    if (datagram)
        resolver->reply = (uint8_t *)(resolver + 1);
    resolver->base.kind = kind;
    resolver->shared = birth->shared;
    resolver->seed = birth->seed;
    resolver->now = birth->now;
    resolver->state = received;
    if (resolver->shared != NULL)
        resolver->shared->epoch = birth->epoch;
    mg_dns_resolver_heed(resolver->shared, birth->settings);
    resolver->reply_max = reply_max;
    return resolver;
}

static MgEngine *create(const MgBirth *birth)
{
    return &make(birth, &mg_dns_resolver, MG_DNS_UDP_EDNS)->base;
}

static void free_resolver(MgEngine *engine)
{
    Resolver *resolver = (Resolver *)engine;
    mg_dns_recursion_free(resolver->recursion);
    g_clear_pointer(&resolver->in, g_byte_array_unref);
    if (!is_datagram(resolver)) {
        g_free(resolver->reply);
    } else if (resolver->shared != NULL && resolver->shared->spare == NULL) {
        resolver->shared->spare = resolver;
        return;
    }
    g_free(resolver);
}

/* ---- events ---- */

static void enter(Resolver *resolver, const char *to)
{
    mg_dns_events_enter(&resolver->events, resolver->base.kind, &resolver->state, to);
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
    if (resolver->reply == NULL)
        resolver->reply = g_malloc(2 + resolver->reply_max);
    if (resolver->in != NULL)
        limit = resolver->reply_max;
    else if (resolver->edns.present)
        limit = CLAMP(resolver->edns.payload, MG_DNS_UDP_PLAIN, resolver->reply_max);
    uint16_t kept = resolver->query.flags & (MG_DNS_OPCODE | MG_DNS_RD | MG_DNS_CD);
    resolver->limit = limit;
    resolver->overflow = false;
    mg_dns_writer_init(&resolver->writer, resolver->reply + 2,
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
    /* RFC 4035 §3.2.1: who does not know DNSSEC is told nothing of it, but if it asks. */
    bool of_dnssec = type == MG_DNS_RRSIG || type == MG_DNS_NSEC || type == MG_DNS_NSEC3;
    if (of_dnssec && !resolver->edns.dnssec_ok && type != resolver->query.type)
        return;
    if (!resolver->overflow &&
        !mg_dns_write_record(&resolver->writer, section, owner, type, ttl, data))
        resolver->overflow = true;
}

/* Why an answer is none, or vouched for by nobody, is an extended error (RFC 8914 §4). */
static void write_opt(Resolver *resolver, uint16_t rcode)
{
    MgDnsMark before = mg_dns_writer_mark(&resolver->writer);
    mg_dns_write_opt(&resolver->writer, MG_DNS_UDP_EDNS, rcode, resolver->edns.dnssec_ok);
    int error = mg_dns_why_error(resolver->why);
    if (resolver->security == MG_DNS_UNCHECKED || error < 0)
        return;
    uint8_t code[] = {(uint8_t)(error >> 8), (uint8_t)error};
    mg_dns_write_option(&resolver->writer, before, MG_DNS_OPTION_ERROR,
                        (MgSpan){code, sizeof code});
}

static void send_reply(Resolver *resolver, uint16_t rcode)
{
    if (resolver->overflow) {
        begin_reply(resolver);
        mg_dns_write_flags(&resolver->writer, MG_DNS_TC, 0);
    }
    resolver->writer.cap = resolver->limit;
    if (resolver->edns.present)
        write_opt(resolver, rcode);
    /* RFC 6840 §5.7, §5.8: AD is for who has shown that it knows what that means. */
    bool tells = resolver->security == MG_DNS_SECURE && !resolver->overflow &&
                 (resolver->edns.dnssec_ok || (resolver->query.flags & MG_DNS_AD) != 0);
    mg_dns_write_flags(&resolver->writer, tells ? MG_DNS_AD : 0, rcode);
    size_t prefix = resolver->in != NULL ? 2 : 0; /* RFC 7766 §8: the length */
    mg_dns_put_u16(resolver->reply, (uint16_t)resolver->writer.len);
    mg_dns_events_add(&resolver->events, (MgEvent){.kind = MG_EVENT_SEND,
                                                   .send = {resolver->reply + 2 - prefix,
                                                            resolver->writer.len + prefix}});
    if (resolver->in == NULL)
        close_engine(resolver);
    else
        resolver->got = false;
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
        mg_dns_events_add(
            &resolver->events,
            (MgEvent){.kind = MG_EVENT_ASK,
                      .ask = {resolver->ask,
                              mg_dns_recursion_over_tcp(resolver->recursion) ? MG_TOPIC_DNS_STREAM
                                                                             : MG_TOPIC_DATAGRAM,
                              &resolver->question, resolver->taken}});
        return;
    }
    uint16_t rcode = mg_dns_recursion_rcode(resolver->recursion);
    resolver->security = mg_dns_recursion_security(resolver->recursion);
    resolver->why = mg_dns_recursion_why(resolver->recursion);
    enter(resolver, rcode == MG_DNS_SERVFAIL ? failed : answered);
    begin_reply(resolver);
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

/* From the cache alone. False: it does not know, or nobody has checked what it knows. */
static bool answer_at_once(Resolver *resolver, bool check, MgTime now)
{
    MgDnsWay way = {.name = resolver->query.name, .type = resolver->query.type};
    begin_reply(resolver);
    if (!mg_dns_cache_follow(resolver->shared->cache, &way, now, add_record, resolver) ||
        (check && way.security == MG_DNS_UNCHECKED))
        return false;
    note(resolver, &rules[R_CACHE_HIT]);
    if (resolver->shared->habits.validate) {
        resolver->security = way.security;
        resolver->why = way.why;
    }
    if (check)
        note(resolver, &rules[R_MET + MG_DNS_MET_WHY + way.why]);
    bool bogus = check && way.security == MG_DNS_BOGUS;
    if (bogus)
        begin_reply(resolver);
    enter(resolver, answered);
    send_reply(resolver, bogus ? MG_DNS_SERVFAIL : way.rcode);
    return true;
}

static void look_up(Resolver *resolver, MgTime now)
{
    const MgDnsMessage *query = &resolver->query;
    bool check = resolver->shared->habits.validate && (query->flags & MG_DNS_CD) == 0;
    if (query->type == MG_DNS_ANY) {
        answer_any(resolver);
        return;
    }
    if (answer_at_once(resolver, check, now))
        return;
    if ((query->flags & MG_DNS_RD) == 0) {
        refuse(resolver, MG_DNS_REFUSED, &rules[R_CACHE_ONLY]);
        return;
    }
    mg_dns_recursion_free(resolver->recursion);
    resolver->recursion = mg_dns_resolver_recur(resolver->shared, mg_random_next(&resolver->seed),
                                                mg_dns_name_span(&query->name), query->type, check);
    enter(resolver, iterating);
    go_on(resolver, now);
}

/* A query is understood at once; nothing of it is needed later but header and question. */
static void start(Resolver *resolver, MgSpan bytes, MgTime now)
{
    resolver->got = true;
    resolver->edns = (MgDnsEdns){0};
    resolver->security = MG_DNS_UNCHECKED;
    resolver->why = MG_DNS_WHY_NOTHING;
    bool opened = mg_dns_message_open(&resolver->query, bytes);
    if (bytes.len < MG_DNS_HEADER || (resolver->query.flags & MG_DNS_QR) != 0 ||
        resolver->shared == NULL) {
        note(resolver, &rules[R_NOT_A_QUERY]);
        close_engine(resolver); /* whoever sends such things is no client */
        return;
    }
    uint16_t rcode = judge(resolver, opened);
    if (rcode != 0)
        refuse(resolver, rcode, &rules[R_BAD_QUERY]);
    else
        look_up(resolver, now);
    resolver->query.reader.data = NULL; /* the bytes are the caller's */
}

static void receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    Resolver *resolver = (Resolver *)engine;
    if (resolver->got || resolver->done)
        return;
    resolver->now = now;
    resolver->taken = bytes.len;
    start(resolver, bytes, now);
}

static bool answer(MgEngine *engine, MgAskId id, const void *given, MgTime now)
{
    Resolver *resolver = (Resolver *)engine;
    if (resolver->ask == 0 || id != resolver->ask)
        return false;
    resolver->now = now;
    resolver->ask = 0;
    if (resolver->events.given == resolver->events.n)
        resolver->events.given = resolver->events.n = 0;
    mg_dns_recursion_reply(resolver->recursion, given, now);
    go_on(resolver, now);
    return true;
}

/* Nobody waits for the answer any more. */
static void abandon(Resolver *resolver)
{
    if (resolver->ask != 0)
        mg_dns_events_add(&resolver->events,
                          (MgEvent){.kind = MG_EVENT_CANCEL, .cancel = resolver->ask});
    resolver->ask = 0;
    close_engine(resolver);
}

static void receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
    Resolver *resolver = (Resolver *)engine;
    if (!resolver->done && (how != MG_END_CLOSED || !resolver->got))
        abandon(resolver);
}

static bool next(MgEngine *engine, MgEvent *event)
{
    return mg_dns_events_next(&((Resolver *)engine)->events, event);
}

/* ---- a stream: each message with its length before it (RFC 7766 §8) ---- */

static MgEngine *stream_create(const MgBirth *birth)
{
    Resolver *resolver = make(birth, &mg_dns_resolver_tcp, MG_DNS_MESSAGE_MAX);
    resolver->in = g_byte_array_new();
    resolver->idle = mg_settings_get_time(birth->settings, "dns-idle", 30 * MG_SECONDS);
    resolver->due = birth->now + resolver->idle;
    return &resolver->base;
}

static void stream_receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    Resolver *resolver = (Resolver *)engine;
    if (resolver->ended || resolver->done || bytes.len == 0)
        return;
    /* A client that sends much more than it reads has no use for it. */
    if (resolver->in->len + bytes.len > STREAM_IN_MAX)
        resolver->ended = true;
    else
        g_byte_array_append(resolver->in, bytes.data, (guint)bytes.len);
    resolver->now = now;
    resolver->due = now + resolver->idle;
}

static void stream_receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
    Resolver *resolver = (Resolver *)engine;
    resolver->ended = true;
    resolver->now = now;
    if (how != MG_END_CLOSED && !resolver->done)
        abandon(resolver);
}

static void stream_advance(MgEngine *engine, MgTime now)
{
    Resolver *resolver = (Resolver *)engine;
    resolver->now = now;
    if (now >= resolver->due)
        resolver->ended = true;
}

/* Begins with the next question; its octets are gone then. False if there is no whole one. */
static bool stream_start(Resolver *resolver)
{
    GByteArray *in = resolver->in;
    if (in->len < 2 || in->len - 2 < mg_dns_get_u16(in->data))
        return false;
    size_t len = mg_dns_get_u16(in->data);
    if (resolver->state != received)
        enter(resolver, received);
    resolver->taken += 2 + len;
    start(resolver, (MgSpan){in->data + 2, len}, resolver->now);
    g_byte_array_remove_range(in, 0, (guint)(2 + len));
    return true;
}

static bool stream_next(MgEngine *engine, MgEvent *event)
{
    Resolver *resolver = (Resolver *)engine;
    for (;;) {
        if (mg_dns_events_next(&resolver->events, event))
            return true;
        if (resolver->done || resolver->got)
            return false;
        if (stream_start(resolver))
            continue;
        if (!resolver->ended)
            return false;
        close_engine(resolver);
    }
}

static MgTime stream_deadline(const MgEngine *engine)
{
    const Resolver *resolver = (const Resolver *)engine;
    bool waits = !resolver->done && !resolver->got && !resolver->ended;
    return waits ? resolver->due : MG_TIME_NEVER;
}

/* ---- for people ---- */

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
    if (resolver->recursion != NULL && resolver->got && !resolver->done) {
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
    return n;
}

static const MgCommandRow command = {
    .name = "dns resolve",
    .summary = N_("resolves names for others: asks down from the root, and remembers"),
    .about = N_("Waits for questions over UDP and TCP and answers them by asking down from the "
                "root servers of the hints.\n\n"
                "Example: mailglass dns resolve --listen 127.0.0.1:5353 --hints root.hints"),
    .options = mg_dns_resolver_options,
    .serves = "dns.resolver dns.resolver-tcp dns.stream",
};

const MgEngineKind mg_dns_resolver = {
    .name = "dns.resolver",
    .summary = N_("Recursive resolver: asks its way down from the root, and remembers"),
    .usual = "resolver:53",
    .transport = MG_TRANSPORT_DATAGRAM,
    .port = 53,
    .command = &command,
    .dissector = "dns",
    .settings = mg_dns_resolver_settings,
    .rules = rules,
    .transitions = transitions,
    .setup = mg_dns_resolver_setup,
    .teardown = mg_dns_resolver_teardown,
    .create = create,
    .free = free_resolver,
    .receive = receive,
    .receive_end = receive_end,
    .answer = answer,
    .next = next,
    .facts = facts,
};

const MgEngineKind mg_dns_resolver_tcp = {
    .name = "dns.resolver-tcp",
    .summary = N_("Recursive resolver over TCP: for answers that no datagram holds"),
    .usual = "resolver:53",
    .transport = MG_TRANSPORT_STREAM,
    .port = 53,
    .dissector = "dns",
    .settings = mg_dns_resolver_settings,
    .rules = rules,
    .transitions = stream_transitions,
    .setup = mg_dns_resolver_setup,
    .teardown = mg_dns_resolver_teardown,
    .create = stream_create,
    .free = free_resolver,
    .receive = stream_receive,
    .receive_end = stream_receive_end,
    .advance = stream_advance,
    .answer = answer,
    .next = stream_next,
    .deadline = stream_deadline,
    .facts = facts,
};
