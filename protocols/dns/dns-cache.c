/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-cache.c - what a resolver remembers */
#include "dns-cache.h"

typedef struct Entry Entry;
struct Entry {
    MgDnsCached set;
    Entry *chain;         /* the next of this bucket */
    Entry *newer, *older; /* by last use */
    uint32_t hash;
    uint8_t octets[]; /* name, then data */
};

struct MgDnsCache {
    Entry **buckets;
    uint32_t mask;
    Entry *newest, *oldest;
    size_t n, max;
    MgDnsCacheLimits limits;
    bool has_dname;
};

MgDnsCache *mg_dns_cache_new(const MgDnsCacheLimits *limits)
{
    MgDnsCache *cache = g_new0(MgDnsCache, 1);
    size_t size = 64;
    cache->max = CLAMP(limits->sets, 64, 10000000);
    while (size < cache->max && size < 1u << 20)
        size *= 2;
    cache->buckets = g_new0(Entry *, size);
    cache->mask = (uint32_t)size - 1;
    cache->limits = *limits;
    return cache;
}

void mg_dns_cache_flush(MgDnsCache *cache)
{
    for (Entry *entry = cache->newest, *older; entry != NULL; entry = older) {
        older = entry->older;
        g_free(entry);
    }
    for (size_t i = 0; i <= cache->mask; i++)
        cache->buckets[i] = NULL;
    cache->newest = cache->oldest = NULL;
    cache->n = 0;
}

void mg_dns_cache_free(MgDnsCache *cache)
{
    if (cache == NULL)
        return;
    mg_dns_cache_flush(cache);
    g_free(cache->buckets);
    g_free(cache);
}

size_t mg_dns_cache_size(const MgDnsCache *cache)
{
    return cache->n;
}

static void unlink_use(MgDnsCache *cache, Entry *entry)
{
    if (entry->newer != NULL)
        entry->newer->older = entry->older;
    else
        cache->newest = entry->older;
    if (entry->older != NULL)
        entry->older->newer = entry->newer;
    else
        cache->oldest = entry->newer;
}

static void link_newest(MgDnsCache *cache, Entry *entry)
{
    entry->newer = NULL;
    entry->older = cache->newest;
    if (cache->newest != NULL)
        cache->newest->newer = entry;
    else
        cache->oldest = entry;
    cache->newest = entry;
}

static void drop(MgDnsCache *cache, Entry *entry)
{
    Entry **at = &cache->buckets[entry->hash & cache->mask];
    while (*at != entry)
        at = &(*at)->chain;
    *at = entry->chain;
    unlink_use(cache, entry);
    cache->n--;
    g_free(entry);
}

static bool is_parents(const MgDnsCached *set)
{
    return set->trust <= MG_DNS_TRUST_REFERRAL;
}

static uint32_t key_of(MgSpan name, uint16_t type, bool parent)
{
    uint32_t hash = mg_dns_name_hash(name) ^ (type * 2u + parent) * 2654435761u;
    return hash ^ hash >> 15;
}

static Entry *find(MgDnsCache *cache, MgSpan name, uint16_t type, bool parent, MgTime now)
{
    uint32_t hash = key_of(name, type, parent);
    for (Entry *entry = cache->buckets[hash & cache->mask]; entry != NULL; entry = entry->chain) {
        if (entry->hash != hash || entry->set.type != type || is_parents(&entry->set) != parent ||
            !mg_dns_name_equal(entry->set.name, name))
            continue;
        if (now < entry->set.expires || now == entry->set.stored)
            return entry;
        drop(cache, entry);
        return NULL;
    }
    return NULL;
}

static const MgDnsCached *use(MgDnsCache *cache, Entry *entry)
{
    if (entry == NULL)
        return NULL;
    if (entry != cache->newest) {
        unlink_use(cache, entry);
        link_newest(cache, entry);
    }
    return &entry->set;
}

const MgDnsCached *mg_dns_cache_get_parent(MgDnsCache *cache, MgSpan name, uint16_t type,
                                           MgTime now)
{
    return use(cache, find(cache, name, type, true, now));
}

const MgDnsCached *mg_dns_cache_get(MgDnsCache *cache, MgSpan name, uint16_t type, MgTime now)
{
    Entry *entry = find(cache, name, type, false, now);
    if (entry == NULL)
        entry = find(cache, name, 0, false, now);
    if (entry == NULL)
        entry = find(cache, name, type, true, now);
    return use(cache, entry);
}

bool mg_dns_cache_has_dname(const MgDnsCache *cache)
{
    return cache->has_dname;
}

const MgDnsCached *mg_dns_cache_nth(const MgDnsCache *cache, size_t n)
{
    const Entry *entry = cache->newest;
    while (entry != NULL && n-- > 0)
        entry = entry->older;
    return entry != NULL ? &entry->set : NULL;
}

void mg_dns_cache_forget(MgDnsCache *cache, MgSpan name, uint16_t type)
{
    for (unsigned parent = 0; parent < 2; parent++) {
        Entry *entry = find(cache, name, type, parent == 1, 0);
        if (entry != NULL)
            drop(cache, entry);
    }
}

size_t mg_dns_cache_flush_name(MgDnsCache *cache, MgSpan name)
{
    size_t n = 0;
    for (Entry *entry = cache->newest, *older; entry != NULL; entry = older) {
        older = entry->older;
        if (!mg_dns_name_is_under(entry->set.name, name))
            continue;
        drop(cache, entry);
        n++;
    }
    return n;
}

void mg_dns_cache_put(MgDnsCache *cache, const MgDnsCached *set, uint32_t ttl, MgTime now)
{
    Entry *old = find(cache, set->name, set->type, is_parents(set), now);
    if (old != NULL && old->set.trust > set->trust)
        return;
    Entry *entry = g_malloc(sizeof *entry + set->name.len + set->data.len + set->extra.len);
    memcpy(entry->octets, set->name.data, set->name.len);
    if (set->data.len > 0)
        memcpy(entry->octets + set->name.len, set->data.data, set->data.len);
    if (set->extra.len > 0)
        memcpy(entry->octets + set->name.len + set->data.len, set->extra.data, set->extra.len);
    if (old != NULL)
        drop(cache, old);
    while (cache->n >= cache->max)
        drop(cache, cache->oldest);
    /* RFC 2308 §5 and RFC 8767 §4: nothing is remembered for longer than this. */
    ttl = MAX(ttl, cache->limits.ttl_min);
    ttl = MIN(ttl, set->n > 0 ? cache->limits.ttl_max : cache->limits.negative_ttl_max);
    cache->has_dname |= set->type == MG_DNS_DNAME && set->n > 0;
    entry->set = *set;
    entry->set.name.data = entry->octets;
    entry->set.data.data = entry->octets + set->name.len;
    entry->set.extra.data = entry->set.data.data + set->data.len;
    entry->set.stored = now;
    entry->set.expires = now + ttl * MG_SECONDS;
    entry->hash = key_of(set->name, set->type, is_parents(set));
    entry->chain = cache->buckets[entry->hash & cache->mask];
    cache->buckets[entry->hash & cache->mask] = entry;
    link_newest(cache, entry);
    cache->n++;
}

void mg_dns_cache_mark(MgDnsCache *cache, const MgDnsCacheMark *mark, MgTime now)
{
    Entry *entry = find(cache, mark->name, mark->type, false, now);
    if (entry == NULL)
        return;
    entry->set.security = mark->security;
    entry->set.why = mark->why;
    entry->set.expires = MIN(entry->set.expires, now + mark->ttl * MG_SECONDS);
}

uint32_t mg_dns_cached_ttl(const MgDnsCached *set, MgTime now)
{
    return set->expires > now ? (uint32_t)((set->expires - now) / MG_SECONDS) : 0;
}

bool mg_dns_packed_next(MgSpan packed, size_t *at, MgSpan *data)
{
    uint16_t len = 0;
    if (*at >= packed.len)
        return false;
    memcpy(&len, packed.data + *at, sizeof len);
    *data = mg_span_slice(packed, *at + sizeof len, len);
    *at += sizeof len + len;
    return true;
}

void mg_dns_packed_add(GByteArray *packed, MgSpan data)
{
    uint16_t len = (uint16_t)data.len;
    g_byte_array_append(packed, (const uint8_t *)&len, sizeof len);
    g_byte_array_append(packed, data.data, (guint)data.len);
}

void mg_dns_piece_add(GByteArray *packed, MgSpan owner, uint16_t type, MgSpan data)
{
    uint8_t number[] = {(uint8_t)(type >> 8), (uint8_t)type};
    uint16_t len = (uint16_t)(owner.len + sizeof number + data.len);
    if (owner.len + sizeof number + data.len > UINT16_MAX)
        return; /* only names that are written out may lead so far; nobody needs it */
    g_byte_array_append(packed, (const uint8_t *)&len, sizeof len);
    g_byte_array_append(packed, owner.data, (guint)owner.len);
    g_byte_array_append(packed, number, sizeof number);
    g_byte_array_append(packed, data.data, (guint)data.len);
}

void mg_dns_piece_read(MgSpan piece, MgSpan *owner, uint16_t *type, MgSpan *data)
{
    size_t len = 0;
    while (piece.data[len] != 0)
        len += piece.data[len] + 1u;
    len++;
    *owner = mg_span_slice(piece, 0, len);
    *type = mg_dns_get_u16(piece.data + len);
    *data = mg_span_slice(piece, len + 2, piece.len - len - 2);
}
