/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-resolver-flush.c - the verb "flush": a resolver forgets, all or a name and what is below it
 */
#include <mailglass/topics.h>

#include "dns.h"

#include "dns-cache-facts.h"
#include "dns-events.h"
#include "dns-resolver-shared.h"

enum { R_FLUSHED, R_FORGOTTEN, R_NAME };

static const MgRule rules[] = {
    [R_FLUSHED] = {"dns.flushed", MG_SEVERITY_CHAT, "RFC 1034 §5.3.3",
                   N_("The resolver forgets everything: the next question begins at the root.")},
    [R_FORGOTTEN] = {"dns.forgotten", MG_SEVERITY_CHAT, "RFC 1034 §5.3.3",
                     N_("The resolver forgets this name and all names below it.")},
    [R_NAME] = {"dns.flush-name", MG_SEVERITY_WARN, "RFC 1035 §2.3.4",
                N_("This cannot be a domain name, so that nothing is forgotten.")},
    {0},
};

typedef struct {
    MgEngine base;
    MgDnsResolverShared *shared;
    MgDnsEvents events;
} Flush;

static MgEngine *create(const MgBirth *birth)
{
    const MgVerbCall *call = birth->question;
    Flush *flush = g_new0(Flush, 1);
    MgDnsName name;
    unsigned rule = R_FLUSHED;
    flush->base.kind = &mg_dns_flush;
    flush->shared = birth->shared;
    if (call != NULL && call->n_words > 0)
        rule = mg_dns_name_parse(mg_span_from_string(call->words[0]), NULL, &name) == NULL
                   ? R_FORGOTTEN
                   : R_NAME;
    if (rule == R_FLUSHED)
        mg_dns_name_set_root(&name);
    if (rule != R_NAME && flush->shared != NULL)
        mg_dns_resolver_forget(flush->shared, mg_dns_name_span(&name));
    mg_dns_events_note(&flush->events, &rules[rule], (MgSpan){NULL, 0});
    mg_dns_events_add(&flush->events, (MgEvent){.kind = MG_EVENT_CLOSE});
    return &flush->base;
}

static void free_flush(MgEngine *engine)
{
    g_free(engine);
}

static bool answer(MgEngine *engine, MgAskId ask, const void *given, MgTime now)
{
    return false; /* nothing is asked */
}

static bool next(MgEngine *engine, MgEvent *event)
{
    return mg_dns_events_next(&((Flush *)engine)->events, event);
}

static const char button[] G_GNUC_UNUSED = N_("Flush"); /* the verb, on a button */

const MgEngineKind mg_dns_flush = {
    .name = "dns.flush",
    .summary = N_("Makes a resolver forget"),
    .usual = "resolver",
    .verb = "flush",
    .usage = "flush [NAME]",
    .settings = mg_dns_resolver_settings,
    .rules = rules,
    .setup = mg_dns_resolver_setup,
    .teardown = mg_dns_resolver_teardown,
    .create = create,
    .free = free_flush,
    .answer = answer,
    .next = next,
    .shared_facts = mg_dns_cache_facts,
};
