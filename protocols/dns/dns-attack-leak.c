/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-attack-leak.c - the verb "leaktest": which resolver do this host's questions go through?
 *
 * A name that nobody has asked for, below a domain whose server answers with the address of whoever
 * asks it: so the answer tells which resolver came to ask. */
#include "dns.h"

#include "dns-attack.h"

enum { R_WORDS, R_NOBODY, R_TIGHT, R_LEAK };

static const MgRule rules[] = {
    [R_WORDS] = {"dns.leaktest-words", MG_SEVERITY_WARN, NULL,
                 N_("This is no name, or no IP address, so that nobody is asked.")},
    [R_NOBODY] = {"dns.leaktest-failed", MG_SEVERITY_NOTE, NULL,
                  N_("No address came back, so that the test says nothing.")},
    [R_TIGHT] = {"dns.no-leak", MG_SEVERITY_CHAT, "RFC 9076 §6.1",
                 N_("The question came from the resolver that it should come from; no other was "
                    "asked.")},
    [R_LEAK] = {"dns.leak", MG_SEVERITY_FAULT, "RFC 9076 §6.1",
                N_("The question came from another resolver than it should: the names that this "
                   "host asks for leak out of the tunnel.")},
    {0},
};

static const char fresh[] = N_("new"), asking[] = N_("asking"), tight[] = N_("tight"),
                  leaking[] = N_("leaking"), unknown[] = N_("unknown");

static const MgTransition transitions[] = {
    {fresh, N_("the words make sense"), asking, NULL},
    {fresh, N_("the words make no sense"), unknown, NULL},
    {asking, N_("the expected resolver came to ask"), tight, NULL},
    {asking, N_("another resolver came to ask"), leaking, NULL},
    {asking, N_("there is no answer"), unknown, NULL},
    {0},
};

typedef struct {
    MgEngine base;
    const char *state;
    char name[MG_DNS_NAME_MAX + 16], expected[64], found[64];
    MgLookupQuestion question;
    MgAskId ask;
    MgDnsEvents events;
} Leak;

static void enter(Leak *leak, const char *to)
{
    mg_dns_events_enter(&leak->events, leak->base.kind, &leak->state, to);
}

static void finish(Leak *leak, const char *state, unsigned rule)
{
    mg_dns_events_note(&leak->events, &rules[rule], (MgSpan){NULL, 0});
    enter(leak, state);
    mg_dns_events_add(&leak->events, (MgEvent){.kind = MG_EVENT_CLOSE});
}

/* NAME expecting SERVER */
static MgEngine *create(const MgBirth *birth)
{
    Leak *leak = g_new0(Leak, 1);
    const MgVerbCall *call = birth->question;
    uint64_t seed = birth->seed;
    MgDnsName name;
    MgDnsLieAddress address;
    leak->base.kind = &mg_dns_leak;
    leak->state = fresh;
    if (call == NULL || call->n_words < 3 || strlen(call->words[0]) > MG_DNS_NAME_MAX - 16 ||
        mg_dns_name_parse(mg_span_from_string(call->words[0]), NULL, &name) != NULL ||
        !mg_dns_lie_parse(call->words[2], &address)) {
        finish(leak, unknown, R_WORDS);
        return &leak->base;
    }
    g_snprintf(leak->name, sizeof leak->name, "t%08x.%s", (uint32_t)mg_random_next(&seed),
               call->words[0]);
    g_strlcpy(leak->expected, call->words[2], sizeof leak->expected);
    leak->question = (MgLookupQuestion){.name = leak->name, .type = mg_dns_lie_type(&address)};
    leak->ask = 1;
    enter(leak, asking);
    mg_dns_events_add(&leak->events, (MgEvent){.kind = MG_EVENT_ASK,
                                               .ask = {1, MG_TOPIC_LOOKUP, &leak->question, 0}});
    return &leak->base;
}

static bool answer(MgEngine *engine, MgAskId id, const void *given, MgTime now)
{
    Leak *leak = (Leak *)engine;
    const MgLookupAnswer *found = given;
    const char *address = NULL;
    if (leak->ask == 0 || id != leak->ask)
        return false;
    leak->ask = 0;
    for (size_t i = 0; found != NULL && address == NULL && i < found->n_records; i++)
        if (found->records[i].type == leak->question.type)
            address = found->records[i].data;
    if (address == NULL) {
        finish(leak, unknown, R_NOBODY);
        return true;
    }
    g_strlcpy(leak->found, address, sizeof leak->found);
    bool same = strcmp(leak->found, leak->expected) == 0;
    finish(leak, same ? tight : leaking, same ? R_TIGHT : R_LEAK);
    return true;
}

static void free_leak(MgEngine *engine)
{
    g_free(engine);
}

static bool next(MgEngine *engine, MgEvent *event)
{
    return mg_dns_events_next(&((Leak *)engine)->events, event);
}

static size_t facts(const MgEngine *engine, MgFact *out, size_t max)
{
    const Leak *leak = (const Leak *)engine;
    size_t n = 0;
    if (leak->name[0] != '\0') {
        mg_dns_lie_fact(out, max, &n, N_("Asks for"), leak->name);
        mg_dns_lie_fact(out, max, &n, N_("Expected resolver"), leak->expected);
    }
    return n;
}

const MgEngineKind mg_dns_leak = {
    .name = "dns.leak-test",
    .summary = N_("Finds out which resolver this host's questions go through"),
    .verb = "leaktest",
    .usage = "leaktest NAME expecting SERVER",
    .dissector = "dns",
    .rules = rules,
    .transitions = transitions,
    .create = create,
    .free = free_leak,
    .answer = answer,
    .next = next,
    .facts = facts,
};
