/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-resolver-shared.h - what all engines of a host's resolver have in common
 *
 * The kinds that name mg_dns_resolver_setup() get the same one on a host: so datagrams, streams and
 * the verb "flush" see one cache.
 */
#pragma once

#include "dns-recursion.h"

G_BEGIN_DECLS

typedef struct {
    MgDnsHints *hints;
    MgDnsCache *cache;
    MgDnsKnownServers known;
    MgDnsHabits habits;
    MgDnsAnchors *anchors;
    MgDnsTrustTable *trust; /* what is known of zones' keys */
    int64_t epoch;          /* Unix time of MgTime 0, if somebody has said so */
    uint16_t last_id;
    const MgSetting *heeded; /* the rows that the habits were read from */
    void *spare;             /* (nullable) memory of an engine that is gone, for the next */
} MgDnsResolverShared;

extern const MgSettingRow mg_dns_resolver_settings[];
extern const MgCommandOption mg_dns_resolver_options[]; /* of the commands */
void *mg_dns_resolver_setup(const MgSettings *rows, GPtrArray *problems);
void mg_dns_resolver_teardown(void *data);

/* Reads the habits again if the host's settings have changed. (nullable) shared */
void mg_dns_resolver_heed(MgDnsResolverShared *shared, const MgSettings *rows);
/* Forgets a name and all that is below it; the root's is everything. */
void mg_dns_resolver_forget(MgDnsResolverShared *shared, MgSpan name);
/* A recursion with what is shared; signatures are checked if the habits say so and `check`. */
MgDnsRecursion *mg_dns_resolver_recur(MgDnsResolverShared *shared, uint64_t seed, MgSpan name,
                                      uint16_t type, bool check);

G_END_DECLS
