/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-cache-facts.c - what a resolver remembers, as a table for people */
#include "dns-cache-facts.h"

#include "dns-record.h"
#include "dns-resolver-shared.h"

#define NAME_MAX_SHOWN 60u /* octets of a name: the other columns want room in a fact, too */

static const char *const trusts[] = {
    [MG_DNS_TRUST_GLUE] = N_("glue"),
    [MG_DNS_TRUST_REFERRAL] = N_("referral"),
    [MG_DNS_TRUST_ANSWER] = N_("answer"),
    [MG_DNS_TRUST_AUTHORITY] = N_("authority"),
};

/* The end of a long name says most. */
static void add_name(GString *text, MgSpan name)
{
    g_autoptr(GString) whole = g_string_new(NULL);
    mg_dns_name_format(name, whole);
    size_t skip = whole->len > NAME_MAX_SHOWN ? whole->len - NAME_MAX_SHOWN : 0;
    g_string_append_printf(text, "%s%s", skip > 0 ? "…" : "", whole->str + skip);
}

static void add_type(GString *text, const MgDnsCached *set)
{
    if (set->type == 0) {
        g_string_append(text, "NXDOMAIN");
        return;
    }
    mg_dns_type_format(set->type, text);
    if (set->n == 0)
        g_string_append(text, " NODATA");
}

/* What a signature has shown says more than who has told it. */
static const char *trust_of(const MgDnsCached *set)
{
    if (set->security == MG_DNS_SECURE)
        return N_("secure");
    if (set->security == MG_DNS_BOGUS)
        return N_("bogus");
    return set->trust < G_N_ELEMENTS(trusts) && trusts[set->trust] != NULL ? trusts[set->trust]
                                                                           : "";
}

static void describe(const MgDnsCached *set, MgTime now, MgFact *fact)
{
    g_autoptr(GString) text = g_string_new(NULL);
    add_name(text, set->name);
    g_string_append_c(text, '\t');
    add_type(text, set);
    g_string_append_printf(text, "\t%u s\t", mg_dns_cached_ttl(set, now));
    if (set->from_len > 0)
        mg_dns_address_format((MgSpan){set->from, set->from_len}, text);
    g_string_append_printf(text, "\t%s", trust_of(set));
    fact->label = N_("Name\tType\tTTL\tFrom\tTrust");
    g_strlcpy(fact->value, text->str, sizeof fact->value);
}

size_t mg_dns_cache_facts(const void *data, MgTime now, MgFact *out, size_t max)
{
    const MgDnsResolverShared *shared = data;
    const MgDnsCached *set;
    size_t n = 0;
    if (shared == NULL || max == 0)
        return 0;
    out[n].label = N_("Sets in the cache");
    g_snprintf(out[n++].value, sizeof out[0].value, "%zu", mg_dns_cache_size(shared->cache));
    for (size_t i = 0; n < max && (set = mg_dns_cache_nth(shared->cache, i)) != NULL; i++)
        if (set->expires > now)
            describe(set, now, &out[n++]);
    return n;
}
