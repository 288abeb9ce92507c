/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench-cache.c - how much memory a cached record takes; `./run bench` prints what it says */
#include <malloc.h>
#include <stdio.h>

#include "dns-cache.h"

#define SETS 100000u

static size_t in_use(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

int main(void)
{
    static const uint8_t address[4] = {192, 0, 2, 1}, from[4] = {203, 0, 113, 53};
    const MgDnsCacheLimits limits = {.sets = SETS, .ttl_max = 86400, .negative_ttl_max = 10800};
    g_autoptr(GByteArray) data = g_byte_array_new();
    mg_dns_packed_add(data, (MgSpan){address, sizeof address});
    size_t before = in_use();
    MgDnsCache *cache = mg_dns_cache_new(&limits);
    for (unsigned i = 0; i < SETS; i++) {
        MgDnsName name;
        g_autofree char *text = g_strdup_printf("host%u.example%u.net.", i, i % 1000);
        mg_dns_name_parse(mg_span_from_string(text), NULL, &name);
        MgDnsCached set = {.name = mg_dns_name_span(&name),
                           .data = {data->data, data->len},
                           .type = MG_DNS_A,
                           .n = 1,
                           .trust = MG_DNS_TRUST_AUTHORITY,
                           .from_len = sizeof from};
        memcpy(set.from, from, sizeof from);
        mg_dns_cache_put(cache, &set, 3600, 0);
    }
    g_assert(mg_dns_cache_size(cache) == SETS);
    printf("%.0f octets of memory a cached record (%u A records)\n",
           (double)(in_use() - before) / SETS, SETS);
    mg_dns_cache_free(cache);
    return 0;
}
