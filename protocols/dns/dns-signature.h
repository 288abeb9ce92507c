/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-signature.h - sets of records, their signatures, and the keys that made them (RFC 4034) */
#pragma once

#include "dns-results.h"
#include "dns-validate-why.h"

G_BEGIN_DECLS

/* What RRSIG says. */
typedef struct {
    uint16_t covers, tag;
    uint8_t algorithm, labels;
    uint32_t ttl, expires, begins; /* seconds since 1970, as 32 bits that go round (RFC 1982) */
    MgSpan signer, signature;
} MgDnsRrsig;
/* False: it is broken. */
bool mg_dns_rrsig_read(MgSpan data, MgDnsRrsig *out);

/* What DNSKEY says. */
#define MG_DNS_KEY_ZONE   0x0100 /* RFC 4034 §2.1.1 */
#define MG_DNS_KEY_REVOKE 0x0080 /* RFC 5011 §2.1 */
typedef struct {
    uint16_t flags, tag;
    uint8_t algorithm;
    MgSpan key;
} MgDnsKey;
/* False: it is broken, or no key that signs zones (RFC 4034 §2.1). */
bool mg_dns_key_read(MgSpan data, MgDnsKey *out);

/* All records of a name and type, and their signatures. */
typedef struct {
    MgSpan owner;
    uint16_t type;
    uint32_t ttl;       /* the smallest */
    GArray *data;       /* of MgSpan */
    GArray *signatures; /* of MgSpan: RRSIG's data */
} MgDnsRrset;
void mg_dns_rrset_gather(MgDnsRrset *set, const GByteArray *results, MgDnsSection section,
                         MgSpan owner, uint16_t type);
void mg_dns_rrset_clear(MgDnsRrset *set);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgDnsRrset, mg_dns_rrset_clear)

typedef struct {
    MgSpan zone; /* whose keys these are */
    MgSpan keys; /* packed DNSKEY data (mg_dns_packed_next) */
    uint32_t time;
    unsigned *left; /* how many signatures may still be looked at: they cost much */
} MgDnsSigner;
typedef struct {
    uint32_t ttl;         /* RFC 4035 §5.3.3 */
    uint8_t labels;       /* that were signed … */
    bool from_a_wildcard; /* … which are fewer than the owner has */
} MgDnsVerified;
/* Is one of the signatures good? MG_DNS_WHY_NOTHING, or why none is. */
MgDnsWhy mg_dns_rrset_verify(const MgDnsRrset *set, const MgDnsSigner *signer, MgDnsVerified *out);

G_END_DECLS
