/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-lookup-verb.c - the verb "lookup": a person asks the DNS one question, as with nslookup
 *
 * It asks the host's resolver, or the server that is said; the answer is there to be read in the
 * trace, and nothing follows from it.
 */
#include "dns.h"

#include "dns-client.h"

enum { R_TYPE = MG_DNS_CLIENT_N_RULES, R_AT };

static const MgRule rules[] = {
    MG_DNS_CLIENT_RULES,
    [R_TYPE] = {"dns.lookup-type", MG_SEVERITY_WARN, "RFC 3597 §5",
                N_("There is no such type of record, so that nobody is asked. Write one like A, "
                   "AAAA, MX, NS, TXT, SOA or PTR, or its number like TYPE65280.")},
    [R_AT] = {"dns.lookup-server", MG_SEVERITY_WARN, NULL,
              N_("The server that is to be asked is no IP address, and no name that has one.")},
    {0},
};

static const char fresh[] = N_("new"), finding[] = N_("looking up"), asking[] = N_("asking"),
                  answered[] = N_("answered"), unanswered[] = N_("unanswered");

static const MgTransition transitions[] = {
    {fresh, N_("the server to ask has an address"), asking, "RFC 1034 §5.3.1"},
    {fresh, N_("the server to ask has a name"), finding, NULL},
    {fresh, N_("this is no question, or there is nobody to ask"), unanswered, NULL},
    {finding, N_("the name of the server has an address"), asking, NULL},
    {finding, N_("the name of the server has no address"), unanswered, NULL},
    {asking, N_("an answer arrives, whatever it says"), answered, "RFC 1034 §5.3.1"},
    {asking, N_("nobody answers"), unanswered, "RFC 1035 §4.2.1"},
    {0},
};

typedef struct {
    MgDnsAsker asker;
    const char *state;
    bool has_question;
    unsigned rcode;     /* of the answer */
    uint16_t n_records; /* in its answer section */
    MgLookupQuestion server;
} Lookup;

static void enter(Lookup *lookup, const char *to)
{
    mg_dns_events_enter(&lookup->asker.client.events, lookup->asker.base.kind, &lookup->state, to);
}

static void finish(Lookup *lookup, const char *state)
{
    enter(lookup, state);
    mg_dns_events_add(&lookup->asker.client.events, (MgEvent){.kind = MG_EVENT_CLOSE});
}

static void refuse(Lookup *lookup, unsigned rule)
{
    mg_dns_client_note(&lookup->asker.client, rule);
    finish(lookup, unanswered);
}

/* ---- the words ---- */

static void find_server(Lookup *lookup)
{
    MgDnsClient *client = &lookup->asker.client;
    lookup->server = (MgLookupQuestion){.name = client->address, .type = MG_DNS_A};
    client->ask = ++client->last_ask;
    enter(lookup, finding);
    mg_dns_events_add(
        &client->events,
        (MgEvent){.kind = MG_EVENT_ASK, .ask = {client->ask, MG_TOPIC_LOOKUP, &lookup->server, 0}});
}

static void ask(Lookup *lookup)
{
    enter(lookup, asking);
    mg_dns_client_ask(&lookup->asker.client);
}

/* NAME TYPE [at SERVER] */
static void start(Lookup *lookup, const MgBirth *birth, const MgVerbCall *call)
{
    MgDnsClient *client = &lookup->asker.client;
    uint8_t octets[16];
    const char *name = call != NULL && call->n_words > 0 ? call->words[0] : "";
    const char *type = call != NULL && call->n_words > 1 ? call->words[1] : "";
    const char *at = call != NULL && call->n_words > 3 ? call->words[3] : NULL;
    const char *server = at != NULL ? at : mg_settings_get(birth->settings, "resolver", NULL);
    if (!mg_dns_type_parse(mg_span_from_string(type), &client->type)) {
        refuse(lookup, R_TYPE);
        return;
    }
    if (!mg_dns_client_set_name(client, name)) {
        refuse(lookup, MG_DNS_CLIENT_NAME);
        return;
    }
    lookup->has_question = true;
    if (server == NULL || !mg_dns_client_set_server(client, server))
        refuse(lookup, at != NULL ? R_AT : MG_DNS_CLIENT_SERVER);
    else if (mg_dns_address_parse(client->address, octets) > 0 || at == NULL)
        ask(lookup);
    else
        find_server(lookup);
}

static void free_lookup(MgEngine *engine)
{
    mg_dns_client_clear(&((Lookup *)engine)->asker.client);
    g_free(engine);
}

/* ---- the answers ---- */

static void take_server(Lookup *lookup, const MgLookupAnswer *answer)
{
    MgDnsClient *client = &lookup->asker.client;
    const char *address = NULL;
    client->ask = 0;
    client->events.n = client->events.given = 0;
    for (size_t i = 0; answer != NULL && i < answer->n_records && address == NULL; i++)
        if (answer->records[i].type == MG_DNS_A)
            address = answer->records[i].data;
    if (address == NULL) {
        refuse(lookup, R_AT);
        return;
    }
    g_strlcpy(client->address, address, sizeof client->address);
    ask(lookup);
}

static void take_answer(Lookup *lookup)
{
    MgSpan reply = mg_dns_client_reply(&lookup->asker.client);
    lookup->rcode = mg_dns_client_rcode(&lookup->asker.client);
    lookup->n_records = mg_dns_get_u16(reply.data + 6); /* ANCOUNT */
    finish(lookup, answered);
}

static void settle(MgEngine *engine, MgDnsClientState state, MgTime now)
{
    Lookup *lookup = (Lookup *)engine;
    if (state == MG_DNS_CLIENT_ANSWERED)
        take_answer(lookup);
    else if (state == MG_DNS_CLIENT_GIVEN_UP)
        finish(lookup, unanswered);
}

static bool answer(MgEngine *engine, MgAskId id, const void *given, MgTime now)
{
    Lookup *lookup = (Lookup *)engine;
    if (lookup->state != finding || lookup->asker.client.ask == 0 || id != lookup->asker.client.ask)
        return mg_dns_asker_answer(engine, id, given, now);
    take_server(lookup, given);
    return true;
}

static MgEngine *create(const MgBirth *birth)
{
    Lookup *lookup = g_new0(Lookup, 1);
    lookup->asker.base.kind = &mg_dns_ask;
    lookup->asker.settle = settle;
    lookup->state = fresh;
    mg_dns_client_init(&lookup->asker.client, birth, rules);
    start(lookup, birth, birth->question);
    return &lookup->asker.base;
}

static void add_fact(MgFact *fact, const char *label, const GString *value)
{
    fact->label = label;
    g_strlcpy(fact->value, value->str, sizeof fact->value);
}

static size_t facts(const MgEngine *engine, MgFact *out, size_t max)
{
    const Lookup *lookup = (const Lookup *)engine;
    const MgDnsClient *client = &lookup->asker.client;
    g_autoptr(GString) text = g_string_new(NULL);
    size_t n = 0;
    if (n < max && lookup->has_question) {
        mg_dns_client_format(client, text);
        add_fact(&out[n++], N_("Question"), text);
    }
    if (n < max && client->port != 0) {
        g_string_printf(text, strchr(client->address, ':') != NULL ? "[%s]:%u" : "%s:%u",
                        client->address, client->port);
        add_fact(&out[n++], N_("Server"), text);
    }
    if (n < max && lookup->state == answered) {
        const char *name = mg_dns_rcode_name(lookup->rcode);
        g_string_printf(text, "%s, %u", name != NULL ? name : "?", lookup->n_records);
        add_fact(&out[n++], N_("Answer, records"), text);
    }
    return n;
}

const MgEngineKind mg_dns_ask = {
    .name = "dns.ask",
    .summary = N_("Asks the DNS one question, by hand"),
    .usual = "mua",
    .verb = "lookup",
    .usage = "lookup NAME TYPE [at SERVER]",
    .dissector = "dns",
    .settings = mg_dns_client_settings,
    .rules = rules,
    .transitions = transitions,
    .create = create,
    .free = free_lookup,
    .receive = mg_dns_asker_receive,
    .answer = answer,
    .next = mg_dns_asker_next,
    MG_DNS_ASKER_CALLS,
    .facts = facts,
};
