/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-cache.h - what a resolver remembers: sets of records, and that there are none
 *
 * Each entry is one block of memory. When the cache is full, what was used longest ago goes.
 */
#pragma once

#include "dns-message.h"

G_BEGIN_DECLS

/* How far data is to be believed (RFC 2181 §5.4.1): what is worth less never replaces what is worth
 * more, and only what is an answer is given to clients. What a parent says of its child (glue and
 * referrals) has a place of its own beside what the child says: where the child is wrong about
 * itself, the parent's word still leads somewhere. */
typedef enum {
    MG_DNS_TRUST_GLUE = 1,
    MG_DNS_TRUST_REFERRAL,
    MG_DNS_TRUST_ANSWER,
    MG_DNS_TRUST_AUTHORITY /* an answer with AA */
} MgDnsTrust;

typedef struct MgDnsCache MgDnsCache;

/* One set. `data` holds n times: a length (16 bits, the machine's order) and octets. Of a negative
 * answer (n is 0) the pieces are records of its authority section: owner, type (16 bits, the
 * network's order), data. */
typedef struct {
    MgTime stored, expires;
    MgSpan name, data;
    uint16_t type; /* 0 with NXDOMAIN: the name has no type at all */
    uint16_t n;
    uint8_t trust, rcode;
    uint8_t security, why; /* MgDnsSecurity, MgDnsWhy: unchecked as long as nobody has looked */
    MgSpan extra; /* what vouches for it, as pieces like a negative answer's: its signatures, and
                     that nothing is nearer to the name than the wildcard that made it */
    uint8_t from[16], from_len; /* the address of who said it */
} MgDnsCached;

typedef struct {
    size_t sets;
    uint32_t ttl_min, ttl_max, negative_ttl_max; /* RFC 2308 §5, RFC 8767 §4 */
} MgDnsCacheLimits;
MgDnsCache *mg_dns_cache_new(const MgDnsCacheLimits *limits);
void mg_dns_cache_free(MgDnsCache *cache);
size_t mg_dns_cache_size(const MgDnsCache *cache);
/* Forgets everything. */
void mg_dns_cache_flush(MgDnsCache *cache);
/* Forgets a name and all that is below it; returns how many sets that were. */
size_t mg_dns_cache_flush_name(MgDnsCache *cache, MgSpan name);
/* Forgets one set, of both sides. */
void mg_dns_cache_forget(MgDnsCache *cache, MgSpan name, uint16_t type);
/* (nullable) the nth set from the one that was used last. */
const MgDnsCached *mg_dns_cache_nth(const MgDnsCache *cache, size_t n);
/* Was there ever a DNAME? Else nobody needs to look for one. */
bool mg_dns_cache_has_dname(const MgDnsCache *cache);

/* (nullable) what is known of a name and type. Valid until the next call that changes the cache. */
const MgDnsCached *mg_dns_cache_get(MgDnsCache *cache, MgSpan name, uint16_t type, MgTime now);
/* (nullable) the same of what the parent side says alone. */
const MgDnsCached *mg_dns_cache_get_parent(MgDnsCache *cache, MgSpan name, uint16_t type,
                                           MgTime now);
/* `set` without times. Data of TTL 0 can be got at this very `now` only. */
void mg_dns_cache_put(MgDnsCache *cache, const MgDnsCached *set, uint32_t ttl, MgTime now);
/* What a validator found out of a set, in its place; it is not remembered for longer than `ttl`. */
typedef struct {
    MgSpan name;
    uint16_t type;
    uint8_t security, why;
    uint32_t ttl;
} MgDnsCacheMark;
void mg_dns_cache_mark(MgDnsCache *cache, const MgDnsCacheMark *mark, MgTime now);
/* Whole seconds that are left. */
uint32_t mg_dns_cached_ttl(const MgDnsCached *set, MgTime now);

/* A piece of packed data: *at begins as 0. False at the end. */
bool mg_dns_packed_next(MgSpan packed, size_t *at, MgSpan *data);
void mg_dns_packed_add(GByteArray *packed, MgSpan data);

/* A record as a piece: owner, type (16 bits, the network's order), data. */
void mg_dns_piece_add(GByteArray *packed, MgSpan owner, uint16_t type, MgSpan data);
void mg_dns_piece_read(MgSpan piece, MgSpan *owner, uint16_t *type, MgSpan *data);

G_END_DECLS
