/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-denial.h - what NSEC and NSEC3 records prove (RFC 4035 §5.4, RFC 5155 §8)
 *
 * They were checked before: here they are believed, and asked what follows from them.
 */
#pragma once

#include "dns-message.h"

G_BEGIN_DECLS

#define MG_DNS_ITERATIONS_MAX 100 /* RFC 9276 §3.2: with more, a zone is taken as unsigned */

typedef struct {
    MgSpan zone;
    GArray *nsec, *nsec3;
} MgDnsDenial;

typedef enum {
    MG_DNS_DENIED_NOT, /* nothing follows */
    MG_DNS_DENIED,
    MG_DNS_DENIED_OPT_OUT,   /* … but for zones that are not signed (RFC 5155 §6) */
    MG_DNS_DENIED_ITERATIONS /* the proof would cost too much */
} MgDnsDenied;

void mg_dns_denial_init(MgDnsDenial *denial, MgSpan zone);
void mg_dns_denial_clear(MgDnsDenial *denial);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgDnsDenial, mg_dns_denial_clear)
/* The data of an NSEC or NSEC3 record of the zone; what cannot be used is passed over. Spans must
 * live as long as the denial. */
void mg_dns_denial_add(MgDnsDenial *denial, MgSpan owner, uint16_t type, MgSpan data);
bool mg_dns_denial_is_empty(const MgDnsDenial *denial);

/* There is no such name, and no wildcard that would make it. */
MgDnsDenied mg_dns_denial_no_name(const MgDnsDenial *denial, MgSpan name);
/* There is no record of this type at the name, nor at the wildcard that would make it. */
MgDnsDenied mg_dns_denial_no_type(const MgDnsDenial *denial, MgSpan name, uint16_t type);
/* The name itself is not there, nor anything nearer to it than a wildcard with `labels` labels
 * without its asterisk. */
MgDnsDenied mg_dns_denial_no_closer(const MgDnsDenial *denial, MgSpan name, unsigned labels);
/* Does a record say that another zone begins at the name? */
bool mg_dns_denial_is_cut(const MgDnsDenial *denial, MgSpan name);

G_END_DECLS
