/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-attack-spoof.c - on the path: the verb "watch" reads along, the verb "spoof" answers first
 *
 * Who sees the query need guess nothing: id, port and question are copied, and the answer from half
 * the way is there before the true one.
 */
#include "dns.h"

#include "dns-attack.h"

#define TTL   3600u
#define NAMES 4 /* that the facts show */

enum { R_WORDS, R_DEAF, R_OVERHEARD, R_SPOOFED };

static const MgRule rules[] = {
    [R_WORDS] = {"dns.spoof-words", MG_SEVERITY_WARN, NULL,
                 N_("This is no name, or no IP address, so that nothing is done.")},
    [R_DEAF] = {"dns.deaf", MG_SEVERITY_WARN, NULL, N_("Nothing can be overheard here.")},
    [R_OVERHEARD] = {"dns.overheard", MG_SEVERITY_WARN, "RFC 9076 §6.1",
                     N_("A query has passed in the clear, and who stands here now knows which name "
                        "was asked for.")},
    [R_SPOOFED] = {"dns.spoofed", MG_SEVERITY_FAULT, "RFC 5452 §3",
                   N_("The query has passed here. A forged answer with its id, its port and its "
                      "question leaves at once, and will be there before the true one.")},
    {0},
};

static const char fresh[] = N_("new"), listening[] = N_("listening"), ended[] = N_("ended");

static const MgTransition transitions[] = {
    {fresh, N_("the words make sense"), listening, NULL},
    {fresh, N_("the words make no sense"), ended, NULL},
    {listening, N_("nothing can be overheard"), ended, NULL},
    {0},
};

typedef struct {
    MgEngine base;
    const char *state;
    bool lies; /* spoof, not watch */
    MgDnsName name;
    MgDnsLieAddress lie;
    unsigned n_heard, n_forged;
    char heard[NAMES][80]; /* the last names, the newest first */
    char from[64], to[64];
    MgAskId hearing, forging, last_ask;
    MgOverhearQuestion overhear;
    MgForgeQuestion forgery;
    uint8_t forged[MG_DNS_UDP_PLAIN];
    MgDnsEvents events;
} Spoof;

static void enter(Spoof *spoof, const char *to)
{
    mg_dns_events_enter(&spoof->events, spoof->base.kind, &spoof->state, to);
}

static void give_up(Spoof *spoof, unsigned rule)
{
    mg_dns_events_note(&spoof->events, &rules[rule], (MgSpan){NULL, 0});
    enter(spoof, ended);
    mg_dns_events_add(&spoof->events, (MgEvent){.kind = MG_EVENT_CLOSE});
}

static void hear(Spoof *spoof)
{
    spoof->overhear = (MgOverhearQuestion){53};
    spoof->hearing = ++spoof->last_ask;
    mg_dns_events_add(&spoof->events,
                      (MgEvent){.kind = MG_EVENT_ASK,
                                .ask = {spoof->hearing, MG_TOPIC_OVERHEAR, &spoof->overhear, 0}});
}

static void forge(Spoof *spoof, const MgDnsMessage *query, const MgOverhearAnswer *heard)
{
    MgDnsWriter writer;
    g_strlcpy(spoof->from, heard->to_address, sizeof spoof->from);
    g_strlcpy(spoof->to, heard->from_address, sizeof spoof->to);
    mg_dns_writer_init(&writer, spoof->forged, sizeof spoof->forged);
    mg_dns_lie_begin(&writer, query, MG_DNS_AA | MG_DNS_RA | (query->flags & MG_DNS_RD));
    mg_dns_write_record(&writer, MG_DNS_ANSWER, mg_dns_name_span(&query->name), query->type, TTL,
                        mg_dns_lie_data(&spoof->lie));
    spoof->forgery = (MgForgeQuestion){.from_address = spoof->from,
                                       .from_port = heard->to_port,
                                       .to_address = spoof->to,
                                       .to_port = heard->from_port,
                                       .payload = {spoof->forged, writer.len},
                                       .dissector = "dns"};
    spoof->forging = ++spoof->last_ask;
    spoof->n_forged++;
    mg_dns_events_note(&spoof->events, &rules[R_SPOOFED], (MgSpan){NULL, 0});
    mg_dns_events_add(&spoof->events,
                      (MgEvent){.kind = MG_EVENT_ASK,
                                .ask = {spoof->forging, MG_TOPIC_FORGE, &spoof->forgery, 0}});
}

static void remember(Spoof *spoof, const MgDnsMessage *query)
{
    g_autoptr(GString) text = g_string_new(NULL);
    mg_dns_name_format(mg_dns_name_span(&query->name), text);
    memmove(spoof->heard[1], spoof->heard[0], sizeof spoof->heard - sizeof spoof->heard[0]);
    g_strlcpy(spoof->heard[0], text->str, sizeof spoof->heard[0]);
    spoof->n_heard++;
}

static void take(Spoof *spoof, const MgOverhearAnswer *heard)
{
    MgDnsMessage query;
    if (heard == NULL) {
        give_up(spoof, R_DEAF);
        return;
    }
    bool is_query = heard->to_port == 53 && mg_dns_message_open(&query, heard->payload) &&
                    (query.flags & (MG_DNS_QR | MG_DNS_OPCODE)) == 0;
    if (is_query)
        remember(spoof, &query);
    if (is_query && !spoof->lies)
        mg_dns_events_note(&spoof->events, &rules[R_OVERHEARD], (MgSpan){NULL, 0});
    if (is_query && spoof->lies && query.type == mg_dns_lie_type(&spoof->lie) &&
        mg_dns_name_equal(mg_dns_name_span(&query.name), mg_dns_name_span(&spoof->name)))
        forge(spoof, &query, heard);
    hear(spoof);
}

static bool answer(MgEngine *engine, MgAskId id, const void *given, MgTime now)
{
    Spoof *spoof = (Spoof *)engine;
    if (id != 0 && id == spoof->forging) {
        spoof->forging = 0;
        return true;
    }
    if (id == 0 || id != spoof->hearing)
        return false;
    spoof->hearing = 0;
    take(spoof, given);
    return true;
}

static Spoof *spoof_new(const MgEngineKind *kind)
{
    Spoof *spoof = g_new0(Spoof, 1);
    spoof->base.kind = kind;
    spoof->state = fresh;
    return spoof;
}

/* NAME with ADDRESS */
static MgEngine *create_spoof(const MgBirth *birth)
{
    Spoof *spoof = spoof_new(&mg_dns_spoof);
    const MgVerbCall *call = birth->question;
    spoof->lies = true;
    if (call == NULL || call->n_words < 3 || strcmp(call->words[0], "@") == 0 ||
        mg_dns_name_parse(mg_span_from_string(call->words[0]), NULL, &spoof->name) != NULL ||
        !mg_dns_lie_parse(call->words[2], &spoof->lie)) {
        give_up(spoof, R_WORDS);
    } else {
        enter(spoof, listening);
        hear(spoof);
    }
    return &spoof->base;
}

static MgEngine *create_watch(const MgBirth *birth)
{
    Spoof *spoof = spoof_new(&mg_dns_watch);
    enter(spoof, listening);
    hear(spoof);
    return &spoof->base;
}

static void free_spoof(MgEngine *engine)
{
    g_free(engine);
}

static bool next(MgEngine *engine, MgEvent *event)
{
    return mg_dns_events_next(&((Spoof *)engine)->events, event);
}

static size_t facts(const MgEngine *engine, MgFact *out, size_t max)
{
    const Spoof *spoof = (const Spoof *)engine;
    g_autoptr(GString) text = g_string_new(NULL);
    size_t n = 0;
    g_string_printf(text, "%u", spoof->n_heard);
    mg_dns_lie_fact(out, max, &n, N_("Queries overheard"), text->str);
    if (spoof->lies) {
        g_string_printf(text, "%u", spoof->n_forged);
        mg_dns_lie_fact(out, max, &n, N_("Forged answers"), text->str);
    }
    g_string_truncate(text, 0);
    for (unsigned i = 0; i < MIN(spoof->n_heard, NAMES); i++)
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", spoof->heard[i]);
    if (text->len > 0)
        mg_dns_lie_fact(out, max, &n, N_("Names overheard"), text->str);
    return n;
}

#define SAME                                                                                       \
    .usual = "attacker", .dissector = "dns", .rules = rules, .transitions = transitions,           \
    .free = free_spoof, .answer = answer, .next = next, .facts = facts

const MgEngineKind mg_dns_spoof = {
    .name = "dns.spoof",
    .summary = N_("Answers queries that pass this host before the true server does"),
    .verb = "spoof",
    .usage = "spoof NAME with ADDRESS",
    .create = create_spoof,
    SAME,
};

static const char watch_button[] G_GNUC_UNUSED = N_("Watch");

const MgEngineKind mg_dns_watch = {
    .name = "dns.watch",
    .summary = N_("Reads the names in the queries that pass this host"),
    .verb = "watch",
    .usage = "watch",
    .create = create_watch,
    SAME,
};
