/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-recursion-follow.c - along aliases through what the cache knows
 *
 *      the type itself, or that there is none     the way has ended
 *      a CNAME                                    on with its target (RFC 1034 §3.6.2)
 *      a DNAME above the name                     on with the name that it makes (RFC 6672 §2.2)
 */
#include "dns-recursion.h"

static const MgDnsCached *answer_of(MgDnsCache *cache, MgSpan owner, uint16_t type, MgTime now)
{
    const MgDnsCached *set = mg_dns_cache_get(cache, owner, type, now);
    return set != NULL && set->trust >= MG_DNS_TRUST_ANSWER ? set : NULL;
}

/* A validator knows what to think of what a referral says of DS; clients are not told. */
static const MgDnsCached *end_of(MgDnsCache *cache, const MgDnsWay *way, MgTime now)
{
    MgSpan owner = mg_dns_name_span(&way->name);
    const MgDnsCached *set = answer_of(cache, owner, way->type, now);
    if (set == NULL && way->referred && way->type == MG_DNS_DS)
        set = mg_dns_cache_get_parent(cache, owner, way->type, now);
    return set;
}

/* (nullable) The DNAME of the nearest ancestor. */
static const MgDnsCached *dname_above(MgDnsCache *cache, MgSpan owner, MgTime now)
{
    if (!mg_dns_cache_has_dname(cache))
        return NULL;
    for (MgSpan above = mg_dns_name_parent(owner); above.len > 0;
         above = mg_dns_name_parent(above)) {
        const MgDnsCached *set = answer_of(cache, above, MG_DNS_DNAME, now);
        if (set != NULL && set->n > 0)
            return set;
    }
    return NULL;
}

bool mg_dns_name_substitute(MgDnsName *name, MgSpan above, MgSpan target)
{
    size_t kept = name->len - above.len;
    if (kept + target.len > MG_DNS_NAME_MAX)
        return false;
    memmove(name->wire + kept, target.data, target.len);
    name->len = (uint8_t)(kept + target.len);
    return true;
}

/* What vouches for a set stands with it, or proves something in the authority section. */
static void give_extra(const MgDnsCached *set, uint32_t ttl, MgDnsResultFunc func, void *user)
{
    size_t at = 0;
    MgSpan piece, owner, data;
    uint16_t type;
    while (mg_dns_packed_next(set->extra, &at, &piece)) {
        mg_dns_piece_read(piece, &owner, &type, &data);
        bool own = type == MG_DNS_RRSIG && mg_dns_get_u16(data.data) == set->type &&
                   mg_dns_name_equal(owner, set->name);
        func(user, own ? MG_DNS_ANSWER : MG_DNS_AUTHORITY, owner, type, ttl, data);
    }
}

/* All sets of the way, and what vouches for them. */
static void give(const MgDnsCached *set, MgDnsWay *way, MgTime now, MgDnsResultFunc func,
                 void *user)
{
    size_t at = 0;
    MgSpan piece, owner, data;
    uint16_t type;
    uint32_t ttl = mg_dns_cached_ttl(set, now);
    while (mg_dns_packed_next(set->data, &at, &piece)) {
        if (set->n > 0) {
            func(user, MG_DNS_ANSWER, set->name, set->type, ttl, piece);
            continue;
        }
        mg_dns_piece_read(piece, &owner, &type, &data);
        func(user, MG_DNS_AUTHORITY, owner, type, ttl, data);
    }
    give_extra(set, ttl, func, user);
    if (way->n_sets++ == 0 || set->security < way->security) {
        way->security = set->security;
        way->why = set->why;
    }
}

/* On to the next name, unless the way has been there. */
static bool move(MgDnsWay *way, const MgDnsName *to)
{
    way->been[way->aliases++] = mg_dns_name_hash(mg_dns_name_span(&way->name));
    uint32_t hash = mg_dns_name_hash(mg_dns_name_span(to));
    way->name = *to;
    for (unsigned i = 0; i < way->aliases; i++)
        way->loop |= way->been[i] == hash;
    return !way->loop;
}

bool mg_dns_cache_follow(MgDnsCache *cache, MgDnsWay *way, MgTime now, MgDnsResultFunc func,
                         void *user)
{
    while (way->aliases < MG_DNS_ALIASES_MAX && !way->loop) {
        MgSpan owner = mg_dns_name_span(&way->name), data;
        MgDnsName to = way->name;
        size_t at = 0;
        const MgDnsCached *set = end_of(cache, way, now);
        if (set != NULL) {
            give(set, way, now, func, user);
            way->rcode = set->n > 0 ? MG_DNS_NOERROR : set->rcode;
            return true;
        }
        set = dname_above(cache, owner, now);
        if (set != NULL) {
            give(set, way, now, func, user);
            mg_dns_packed_next(set->data, &at, &data);
            way->dname = true;
            if (!mg_dns_name_substitute(&to, set->name, data)) {
                way->rcode = MG_DNS_YXDOMAIN; /* RFC 6672 §2.2: the name would be too long */
                return true;
            }
            func(user, MG_DNS_ANSWER, owner, MG_DNS_CNAME, mg_dns_cached_ttl(set, now),
                 mg_dns_name_span(&to));
        } else {
            set = answer_of(cache, owner, MG_DNS_CNAME, now);
            if (set == NULL || set->n == 0)
                return false;
            give(set, way, now, func, user);
            mg_dns_packed_next(set->data, &at, &data);
            mg_dns_name_set(&to, data);
        }
        if (!move(way, &to))
            return false;
    }
    return false;
}
