/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-validate-private.h - what the parts of a validator share */
#pragma once

#include "dns-denial.h"
#include "dns-signature.h"
#include "dns-validate.h"

G_BEGIN_DECLS

typedef struct {
    MgSpan owner;
    uint16_t type; /* 0 with NXDOMAIN */
    MgDnsSecurity security;
    MgDnsWhy why;
    uint32_t ttl;
} MgDnsJudged;

struct MgDnsValidator {
    MgDnsValidatorSetup setup;
    MgDnsName name; /* the question */
    uint16_t type, rcode;
    GByteArray *results;
    GArray *judged; /* MgDnsJudged */
    MgDnsSecurity security;
    MgDnsWhy why;
    MgTime began, now; /* began: what was known then is good until the verdict */
    bool every;        /* each label may be where a zone begins */
    unsigned left;     /* signatures */
    unsigned needs;    /* what was asked for */
    MgDnsName need;    /* what is asked for … */
    uint16_t need_type;
    MgDnsName need_zone; /* the zone above, whose keys sign DS */
    MgDnsCulprit culprit;
};

static inline uint32_t mg_dns_validator_time(const MgDnsValidator *validator)
{
    return (uint32_t)(validator->setup.epoch + validator->now / MG_SECONDS);
}

/* How far trust reaches towards a name. */
typedef struct {
    MgDnsZoneStatus status; /* SECURE, INSECURE or BOGUS */
    MgDnsWhy why;
    MgDnsName zone; /* the deepest one that is known */
} MgDnsReach;

/* Goes down from the trust anchor. False: something is needed first. `exact`: a zone should begin
 * at the name itself. */
bool mg_dns_validator_walk(MgDnsValidator *validator, MgSpan name, bool exact, MgDnsReach *reach);
/* The keys of a zone that is secure. */
MgDnsSigner mg_dns_validator_signer(MgDnsValidator *validator, const MgDnsName *zone);
/* Gathers the NSEC and NSEC3 records of an authority section that are signed by the zone. What is
 * wrong with those that are not, or MG_DNS_WHY_NO_DENIAL if there are none at all. */
MgDnsWhy mg_dns_validator_gather(MgDnsValidator *validator, const GByteArray *results,
                                 const MgDnsSigner *signer, MgDnsDenial *denial, uint32_t *ttl);

G_END_DECLS
