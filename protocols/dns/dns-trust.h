/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-trust.h - what a validator has found out about zones, by name */
#pragma once

#include "dns-name.h"
#include "dns-validate-why.h"

G_BEGIN_DECLS

#define MG_DNS_TRUST_ZONES 4096

typedef enum {
    MG_DNS_ZONE_UNKNOWN,
    MG_DNS_ZONE_SIGNED,   /* the zone above says so: data is the DS records */
    MG_DNS_ZONE_SECURE,   /* data is its keys, which are the right ones */
    MG_DNS_ZONE_INSECURE, /* it is not signed, or not so that we could check it */
    MG_DNS_ZONE_NONE,     /* no zone begins at this name */
    MG_DNS_ZONE_BOGUS
} MgDnsZoneStatus;

typedef struct {
    MgDnsZoneStatus status;
    MgDnsWhy why;
    MgTime expires;
    GByteArray *data; /* packed records (mg_dns_packed_next) */
} MgDnsZoneTrust;

typedef struct MgDnsTrustTable MgDnsTrustTable;
MgDnsTrustTable *mg_dns_trust_new(void);
void mg_dns_trust_free(MgDnsTrustTable *table);
/* (nullable) what is known of the zone, if it has not expired. */
const MgDnsZoneTrust *mg_dns_trust_get(MgDnsTrustTable *table, MgSpan name, MgTime now);
/* Puts what is known of the zone in the place of what was; takes `data` (nullable). */
void mg_dns_trust_put(MgDnsTrustTable *table, MgSpan name, const MgDnsZoneTrust *trust);
void mg_dns_trust_forget(MgDnsTrustTable *table, MgSpan name);
/* Of the name and all that is below it; the root's is all. */
void mg_dns_trust_flush(MgDnsTrustTable *table, MgSpan name);

G_END_DECLS
