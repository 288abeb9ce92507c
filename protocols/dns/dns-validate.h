/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-validate.h - is an answer what the zone's owner has signed (RFC 4035 §5)
 *
 * A pure piece: it looks at one answer, says which keys (DNSKEY) and digests (DS) it needs to go
 * on, and is given them. From a trust anchor it goes down, zone by zone: the zone above vouches for
 * the keys of the one below, or says, signed, that there are none.
 */
#pragma once

#include "dns-anchors.h"
#include "dns-results.h"
#include "dns-trust.h"

G_BEGIN_DECLS

#define MG_DNS_SIGNATURES_MAX 128 /* that are looked at for one answer */
#define MG_DNS_NEEDS_MAX      64  /* DS and DNSKEY sets for one answer */
#define MG_DNS_BOGUS_TTL      60  /* seconds; RFC 9520 §3.2 */

typedef struct {
    const MgDnsAnchors *anchors;
    MgDnsTrustTable *trust;
    int64_t epoch; /* Unix time of MgTime 0 */
    /* Is it known that a zone begins at this name? If not, it is only looked at when there is no
     * other way to explain what came. */
    bool (*is_cut)(void *user, MgSpan name);
    void *user;
} MgDnsValidatorSetup;

typedef struct MgDnsValidator MgDnsValidator;
/* Results must stay as they are until the validator is gone; only their TTLs become smaller. */
MgDnsValidator *mg_dns_validator_new(const MgDnsValidatorSetup *setup, MgSpan name, uint16_t type,
                                     GByteArray *results, uint16_t rcode);
void mg_dns_validator_free(MgDnsValidator *validator);
/* True: `name` and `type` are needed, and are to be given to mg_dns_validator_take(). False: there
 * is a verdict. */
bool mg_dns_validator_step(MgDnsValidator *validator, MgTime now, MgDnsName *name, uint16_t *type);
void mg_dns_validator_take(MgDnsValidator *validator, const GByteArray *results, uint16_t rcode,
                           MgTime now);

MgDnsSecurity mg_dns_validator_security(const MgDnsValidator *validator);
MgDnsWhy mg_dns_validator_why(const MgDnsValidator *validator);
/* The set that is to blame for a bogus answer. */
typedef struct {
    MgDnsName name;
    uint16_t type; /* 0: that there is no such name */
    bool needed;   /* it is one of those that were asked for */
    bool known;
} MgDnsCulprit;
/* False: there is none. */
bool mg_dns_validator_culprit(const MgDnsValidator *validator, MgDnsCulprit *culprit);

/* What became of each set of the answer; type 0 is that there is no such name. */
typedef void (*MgDnsJudgedFunc)(void *user, MgSpan owner, uint16_t type, MgDnsSecurity security,
                                MgDnsWhy why, uint32_t ttl);
void mg_dns_validator_each(const MgDnsValidator *validator, MgDnsJudgedFunc func, void *user);

G_END_DECLS
