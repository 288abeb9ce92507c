/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-attack.h - what the engines of an attacker's host share: addresses in words, forged answers
 *
 * They work on the simulated wire alone: net.forge and net.overhear are not answered elsewhere.
 */
#pragma once

#include <mailglass/topics.h>

#include "dns-events.h"
#include "dns-record.h"

G_BEGIN_DECLS

typedef struct {
    uint8_t octets[16], len; /* 4 or 16 */
} MgDnsLieAddress;

/* "192.0.2.66". False if it is no address. */
bool mg_dns_lie_parse(const char *text, MgDnsLieAddress *out);
/* MG_DNS_A or MG_DNS_AAAA */
static inline uint16_t mg_dns_lie_type(const MgDnsLieAddress *address)
{
    return address->len == 4 ? MG_DNS_A : MG_DNS_AAAA;
}
static inline MgSpan mg_dns_lie_data(const MgDnsLieAddress *address)
{
    return (MgSpan){address->octets, address->len};
}

/* Begins the answer to a query: header and question, which is repeated letter by letter. */
void mg_dns_lie_begin(MgDnsWriter *writer, const MgDnsMessage *query, uint16_t flags);

/* Appends a fact. */
void mg_dns_lie_fact(MgFact *facts, size_t max, size_t *n, const char *label, const char *value);

G_END_DECLS
