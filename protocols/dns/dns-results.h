/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-results.h - the records of one answer, in one buffer */
#pragma once

#include "dns-message.h"

G_BEGIN_DECLS

typedef struct {
    MgDnsSection section;
    MgSpan owner, data; /* wire form, uncompressed */
    uint16_t type;
    uint32_t ttl;
} MgDnsResult;

void mg_dns_results_add(GByteArray *results, const MgDnsResult *result);
/* *at begins as 0. False at the end. Spans are good until the buffer changes. */
bool mg_dns_results_next(const GByteArray *results, size_t *at, MgDnsResult *out);
/* No record of this set, nor a signature of it, has more than `ttl`. */
void mg_dns_results_cap(GByteArray *results, MgSpan owner, uint16_t type, uint32_t ttl);

/* The type that a signature is of; 0 of other records. */
static inline uint16_t mg_dns_result_covers(const MgDnsResult *result)
{
    return result->type == MG_DNS_RRSIG && result->data.len >= 2 ? mg_dns_get_u16(result->data.data)
                                                                 : 0;
}

G_END_DECLS
