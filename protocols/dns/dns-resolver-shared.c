/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-resolver-shared.c - what all engines of a host's resolver have in common */
#include "dns-resolver-shared.h"

#include "dns-record.h"
#include "dns-validate.h"

const MgSettingRow mg_dns_resolver_settings[] = {
    {"hints", MG_SETTING_FILES, NULL,
     N_("A master file with the names and addresses of the root's name servers.")},
    {"cache-size", MG_SETTING_UINT, "10000", N_("How many sets of records the cache holds.")},
    {"cache-ttl-min", MG_SETTING_TIME, "0s",
     N_("Every record is remembered for at least this long, whatever its TTL.")},
    {"cache-ttl-max", MG_SETTING_TIME, "1d",
     N_("No record is remembered for longer than this, whatever its TTL.")},
    {"cache-negative-max", MG_SETTING_TIME, "3h",
     N_("That there is no such record or name is not remembered for longer than this.")},
    {"query-timeout", MG_SETTING_TIME, "2s", N_("How long a name server may take to answer.")},
    {"query-port", MG_SETTING_UINT, "53", N_("The port of the name servers that are asked.")},
    {"queries-max", MG_SETTING_UINT, "100",
     N_("How many queries one question may cost; then the resolver gives up.")},
    {"question-timeout", MG_SETTING_TIME, "30s",
     N_("How long one question may take; then the resolver gives up.")},
    {"qname-minimisation", MG_SETTING_TEXT, "no",
     N_("Whether each server is told only as much of the name as it needs (`yes` or `no`).")},
    {"minimised-type", MG_SETTING_TEXT, "A",
     N_("The type that is asked for while the name is shortened: `A` or `NS`.")},
    {"mixed-case", MG_SETTING_TEXT, "no",
     N_("Whether letters of the name are capitals by chance, so that a forger has more to guess "
        "(`yes` or `no`).")},
    {"random-id", MG_SETTING_TEXT, "yes",
     N_("Whether the id of each query is drawn by chance; else it counts (`yes` or `no`).")},
    {"random-port", MG_SETTING_TEXT, "yes",
     N_("Whether each query comes from a port drawn by chance; else from one port (`yes` or "
        "`no`).")},
    {"harden-glue", MG_SETTING_TEXT, "yes",
     N_("Whether an address sent along with a referral is believed only if its name lies in the "
        "zone of the server (`yes` or `no`).")},
    {"bailiwick", MG_SETTING_TEXT, "yes",
     N_("Whether a server is believed about its own zone only; with `no`, whatever it sends along "
        "goes into the cache, as resolvers did before 1997 (`yes` or `no`).")},
    {"ipv6", MG_SETTING_TEXT, "yes",
     N_("Whether name servers are asked over IPv6, too (`yes` or `no`).")},
    {"query-loopback", MG_SETTING_TEXT, NULL,
     N_("Whether name servers at loopback addresses are asked (`yes` or `no`); if not said, when "
        "the root's are at such addresses.")},
    {"validate", MG_SETTING_TEXT, "no",
     N_("Whether signatures are checked (DNSSEC), from a trust anchor down; what is wrong is "
        "answered SERVFAIL (`yes` or `no`).")},
    {"trust-anchor", MG_SETTING_TEXT, NULL,
     N_("Where trust begins: a DS or DNSKEY record, most often the root's; several "
        "stand apart by `;`.")},
    {"trust-anchor-file", MG_SETTING_FILES, NULL,
     N_("Master files with DS or DNSKEY records where trust begins.")},
    {"domain-insecure", MG_SETTING_TEXT, NULL,
     N_("Names below which no signatures are checked, for instance while a zone's are broken "
        "(RFC 7646); several stand apart by `;`.")},
    {0},
};

const MgCommandOption mg_dns_resolver_options[] = {
    {.name = "hints",
     .argument = "FILE",
     .about = N_("The root's name servers and their addresses, as a master file")},
    {.name = "port",
     .argument = "PORT",
     .about = N_("The port of all name servers"),
     .setting = "query-port"},
    {.name = "minimise",
     .about = N_("Tells each server only as much of the name as it needs (RFC 9156)"),
     .setting = "qname-minimisation"},
    {.name = "validate",
     .about = N_("Checks signatures (DNSSEC), from the trust anchors down"),
     .setting = "validate"},
    {.name = "trust-anchor",
     .argument = "FILE",
     .about = N_("DS or DNSKEY records where trust begins, as a master file"),
     .setting = "trust-anchor-file",
     .many = true},
    {0},
};

static bool is_yes(const MgSettings *rows, const char *key, bool fallback)
{
    static const char *const yes[] = {"yes", "on", "true", "1"};
    const char *value = mg_settings_get(rows, key, NULL);
    if (value == NULL)
        return fallback;
    for (size_t i = 0; i < G_N_ELEMENTS(yes); i++)
        if (g_ascii_strcasecmp(value, yes[i]) == 0)
            return true;
    return false;
}

static uint32_t ttl_of(const MgSettings *rows, const char *key, MgTime fallback)
{
    return (uint32_t)MIN(mg_settings_get_time(rows, key, fallback) / MG_SECONDS, INT32_MAX);
}

void mg_dns_resolver_heed(MgDnsResolverShared *shared, const MgSettings *rows)
{
    if (shared == NULL || shared->heeded == rows->rows)
        return;
    const char *type = mg_settings_get(rows, "minimised-type", "A");
    shared->heeded = rows->rows;
    shared->habits = (MgDnsHabits){
        .port = (uint16_t)mg_settings_get_uint(rows, "query-port", 53),
        .timeout = mg_settings_get_time(rows, "query-timeout", 2 * MG_SECONDS),
        .patience = mg_settings_get_time(rows, "question-timeout", 30 * MG_SECONDS),
        .queries_max = (unsigned)CLAMP(
            mg_settings_get_uint(rows, "queries-max", MG_DNS_QUERIES_MAX), 1, 10000),
        .ipv6 = is_yes(rows, "ipv6", true),
        .loopback = is_yes(rows, "query-loopback", mg_dns_hints_at_loopback(shared->hints)),
        .harden_glue = is_yes(rows, "harden-glue", true),
        .bailiwick = is_yes(rows, "bailiwick", true),
        .minimise = is_yes(rows, "qname-minimisation", false),
        .minimised_type = g_ascii_strcasecmp(type, "NS") == 0 ? MG_DNS_NS : MG_DNS_A,
        .mixed_case = is_yes(rows, "mixed-case", false),
        .random_id = is_yes(rows, "random-id", true),
        .random_port = is_yes(rows, "random-port", true),
        .validate = is_yes(rows, "validate", false)};
}

/* (nullable) NULL: they cannot be read, or are missing. */
static MgDnsAnchors *read_anchors(const MgSettings *rows, GPtrArray *problems)
{
    MgDnsAnchors *anchors = mg_dns_anchors_new();
    bool good = mg_dns_anchors_read(anchors, rows, "trust-anchor", problems);
    good &= mg_dns_anchors_read(anchors, rows, "trust-anchor-file", problems);
    if (good && anchors->rows->len == 0 && is_yes(rows, "validate", false)) {
        g_ptr_array_add(problems,
                        g_strdup("error: validate=yes wants a trust-anchor: a DS or DNSKEY record "
                                 "of the root, or of the zone where trust begins"));
        good = false;
    }
    good &= mg_dns_anchors_read_negative(anchors, mg_settings_get(rows, "domain-insecure", ""),
                                         problems);
    if (!good)
        g_clear_pointer(&anchors, mg_dns_anchors_free);
    return anchors;
}

void *mg_dns_resolver_setup(const MgSettings *rows, GPtrArray *problems)
{
    MgDnsHints *hints = mg_dns_hints_new(rows, "hints", problems);
    MgDnsAnchors *anchors = hints != NULL ? read_anchors(rows, problems) : NULL;
    if (anchors == NULL) {
        mg_dns_hints_free(hints);
        return NULL;
    }
    MgDnsResolverShared *shared = g_new0(MgDnsResolverShared, 1);
    const MgDnsCacheLimits limits = {.sets = mg_settings_get_uint(rows, "cache-size", 10000),
                                     .ttl_min = ttl_of(rows, "cache-ttl-min", 0),
                                     .ttl_max = ttl_of(rows, "cache-ttl-max", 24 * MG_HOURS),
                                     .negative_ttl_max =
                                         ttl_of(rows, "cache-negative-max", 3 * MG_HOURS)};
    shared->hints = hints;
    shared->anchors = anchors;
    shared->trust = mg_dns_trust_new();
    shared->cache = mg_dns_cache_new(&limits);
    mg_dns_resolver_heed(shared, rows);
    return shared;
}

void mg_dns_resolver_teardown(void *data)
{
    MgDnsResolverShared *shared = data;
    mg_dns_hints_free(shared->hints);
    mg_dns_anchors_free(shared->anchors);
    mg_dns_trust_free(shared->trust);
    mg_dns_cache_free(shared->cache);
    g_free(shared->spare);
    g_free(shared);
}

void mg_dns_resolver_forget(MgDnsResolverShared *shared, MgSpan name)
{
    mg_dns_trust_flush(shared->trust, name);
    if (name.len == 1)
        mg_dns_cache_flush(shared->cache);
    else
        mg_dns_cache_flush_name(shared->cache, name);
}

MgDnsRecursion *mg_dns_resolver_recur(MgDnsResolverShared *shared, uint64_t seed, MgSpan name,
                                      uint16_t type, bool check)
{
    const MgDnsRecursionSetup setup = {.cache = shared->cache,
                                       .known = &shared->known,
                                       .hints = shared->hints,
                                       .habits = &shared->habits,
                                       .last_id = &shared->last_id,
                                       .seed = seed,
                                       .check = check && shared->habits.validate,
                                       .anchors = shared->anchors,
                                       .trust = shared->trust,
                                       .epoch = shared->epoch};
    return mg_dns_recursion_new(&setup, name, type);
}
