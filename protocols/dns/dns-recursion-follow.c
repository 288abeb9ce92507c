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

static void give_negative(const MgDnsCached *set, MgTime now, MgDnsResultFunc func, void *user)
{
    size_t at = 0;
    MgSpan piece;
    while (mg_dns_packed_next(set->data, &at, &piece)) {
        size_t len = 0;
        while (piece.data[len] != 0)
            len += piece.data[len] + 1u;
        len++;
        func(user, MG_DNS_AUTHORITY, mg_span_slice(piece, 0, len), mg_dns_get_u16(piece.data + len),
             mg_dns_cached_ttl(set, now), mg_span_slice(piece, len + 2, piece.len - len - 2));
    }
}

static void give_set(const MgDnsCached *set, MgTime now, MgDnsResultFunc func, void *user)
{
    size_t at = 0;
    MgSpan data;
    while (mg_dns_packed_next(set->data, &at, &data))
        func(user, MG_DNS_ANSWER, set->name, set->type, mg_dns_cached_ttl(set, now), data);
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
        const MgDnsCached *set = answer_of(cache, owner, way->type, now);
        if (set != NULL && set->n == 0) {
            way->rcode = set->rcode;
            give_negative(set, now, func, user);
            return true;
        }
        if (set != NULL) {
            give_set(set, now, func, user);
            way->rcode = MG_DNS_NOERROR;
            return true;
        }
        set = dname_above(cache, owner, now);
        if (set != NULL) {
            give_set(set, now, func, user);
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
            give_set(set, now, func, user);
            mg_dns_packed_next(set->data, &at, &data);
            mg_dns_name_set(&to, data);
        }
        if (!move(way, &to))
            return false;
    }
    return false;
}
