/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-results.c - the records of one answer, in one buffer */
#include "dns-results.h"

typedef struct {
    uint16_t section, type, owner_len, data_len;
    uint32_t ttl;
} Head; /* then owner, then data */

void mg_dns_results_add(GByteArray *results, const MgDnsResult *result)
{
    Head head = {(uint16_t)result->section, result->type, (uint16_t)result->owner.len,
                 (uint16_t)result->data.len, result->ttl};
    g_byte_array_append(results, (const uint8_t *)&head, sizeof head);
    g_byte_array_append(results, result->owner.data, (guint)result->owner.len);
    g_byte_array_append(results, result->data.data, (guint)result->data.len);
}

bool mg_dns_results_next(const GByteArray *results, size_t *at, MgDnsResult *out)
{
    Head head;
    if (*at >= results->len)
        return false;
    memcpy(&head, results->data + *at, sizeof head);
    *at += sizeof head;
    out->section = head.section;
    out->type = head.type;
    out->ttl = head.ttl;
    out->owner = (MgSpan){results->data + *at, head.owner_len};
    out->data = (MgSpan){results->data + *at + head.owner_len, head.data_len};
    *at += (size_t)head.owner_len + head.data_len;
    return true;
}

void mg_dns_results_cap(GByteArray *results, MgSpan owner, uint16_t type, uint32_t ttl)
{
    MgDnsResult result;
    for (size_t at = 0, from = 0; mg_dns_results_next(results, &at, &result); from = at) {
        bool one = result.type == type || mg_dns_result_covers(&result) == type;
        if (!one || result.ttl <= ttl || !mg_dns_name_equal(result.owner, owner))
            continue;
        memcpy(results->data + from + offsetof(Head, ttl), &ttl, sizeof ttl);
    }
}
