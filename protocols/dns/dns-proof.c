/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-proof.c - which record proves that something is not there (RFC 4034 §4, RFC 5155)
 *
 * The records were made by whoever signed the zone; a server only finds the right ones. They lie in
 * the order of names (NSEC) or of hashes (NSEC3), and the one before a name covers it.
 */
#include "dns-zones-private.h"

/* RFC 4034 §6.1: label by label from the root, as octets, letters small. */
static int compare_names(MgSpan a, MgSpan b)
{
    MgDnsLabels x, y;
    mg_dns_name_labels(a, &x);
    mg_dns_name_labels(b, &y);
    for (size_t i = x.n, j = y.n; i > 0 && j > 0;) {
        const uint8_t *p = a.data + x.at[--i], *q = b.data + y.at[--j];
        for (unsigned k = 1; k <= *p && k <= *q; k++)
            if (mg_dns_lower(p[k]) != mg_dns_lower(q[k]))
                return mg_dns_lower(p[k]) < mg_dns_lower(q[k]) ? -1 : 1;
        if (*p != *q)
            return *p < *q ? -1 : 1;
    }
    return (int)x.n - (int)y.n;
}

/* ---- hashes ---- */

static bool decode_hash(MgSpan name, uint8_t out[MG_DNS_HASH_LEN])
{
    uint64_t bits = 0;
    unsigned n = 0, len = 0;
    if (name.data[0] != 32)
        return false;
    for (size_t i = 1; i <= 32; i++) {
        uint8_t c = mg_dns_lower(name.data[i]);
        if (!g_ascii_isdigit(c) && (c < 'a' || c > 'v'))
            return false;
        bits = bits << 5 | (g_ascii_isdigit(c) ? c - '0' : c - 'a' + 10);
        for (n += 5; n >= 8; n -= 8)
            out[len++] = (uint8_t)(bits >> (n - 8));
    }
    return len == MG_DNS_HASH_LEN;
}

/* RFC 5155 §5. */
static void hash_name(const MgDnsZone *zone, MgSpan name, uint8_t out[MG_DNS_HASH_LEN])
{
    uint8_t wire[MG_DNS_NAME_MAX];
    for (size_t i = 0; i < name.len; i++)
        wire[i] = mg_dns_lower(name.data[i]);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA1);
    for (unsigned i = 0; i <= zone->iterations; i++) {
        gsize len = MG_DNS_HASH_LEN;
        g_checksum_reset(sum);
        g_checksum_update(sum, i == 0 ? wire : out, i == 0 ? (gssize)name.len : MG_DNS_HASH_LEN);
        if (zone->salt_len > 0)
            g_checksum_update(sum, zone->salt, zone->salt_len);
        g_checksum_get_digest(sum, out, &len);
    }
}

/* ---- building ---- */

static int compare_proofs(const void *a, const void *b, void *data)
{
    const MgDnsZones *zones = data;
    return compare_names(
        mg_dns_node_name(zones, mg_dns_node(zones, ((const MgDnsProof *)a)->node)),
        mg_dns_node_name(zones, mg_dns_node(zones, ((const MgDnsProof *)b)->node)));
}

static int compare_hashes(const void *a, const void *b)
{
    return memcmp(((const MgDnsProof *)a)->hash, ((const MgDnsProof *)b)->hash, MG_DNS_HASH_LEN);
}

/* Algorithm, flags, iterations, salt (RFC 5155 §4.2). We know SHA-1; there is no other. */
static bool take_parameters(const MgDnsZones *zones, MgDnsZone *zone)
{
    const MgDnsSet *set = mg_dns_node_set(zones, mg_dns_node(zones, zone->apex), MG_DNS_NSEC3PARAM);
    if (set == NULL)
        return false;
    uint32_t at = set->data;
    MgSpan data = mg_dns_set_next(zones, &at);
    zone->iterations = mg_dns_get_u16(data.data + 2);
    zone->salt_len = data.data[4];
    memcpy(zone->salt, data.data + 5, zone->salt_len);
    return data.data[0] == 1;
}

void mg_dns_proofs_find(const MgDnsZones *zones, uint16_t index, MgDnsZone *zone)
{
    zone->proofs = g_array_new(FALSE, TRUE, sizeof(MgDnsProof));
    zone->hashed = take_parameters(zones, zone);
    for (uint32_t i = 0; i < zones->nodes->len; i++) {
        const MgDnsNode *node = mg_dns_node(zones, i);
        MgDnsProof proof = {.node = i};
        if (node->zone != index ||
            mg_dns_node_set(zones, node, zone->hashed ? MG_DNS_NSEC3 : MG_DNS_NSEC) == NULL ||
            (zone->hashed && !decode_hash(mg_dns_node_name(zones, node), proof.hash)))
            continue;
        g_array_append_val(zone->proofs, proof);
    }
    if (zone->hashed)
        g_array_sort(zone->proofs, compare_hashes);
    else
        g_array_sort_with_data(zone->proofs, compare_proofs, (void *)zones);
}

/* ---- looking up ---- */

uint32_t mg_dns_proof_for(const MgDnsZones *zones, uint16_t index, MgSpan name, bool *own)
{
    const MgDnsZone *zone = mg_dns_zone_at(zones, index);
    const MgDnsProof *proofs = (const MgDnsProof *)(void *)zone->proofs->data;
    size_t from = 0, to = zone->proofs->len;
    uint8_t hash[MG_DNS_HASH_LEN] = {0};
    *own = false;
    if (to == 0)
        return MG_DNS_NO_NODE;
    if (zone->hashed)
        hash_name(zone, name, hash);
    while (from < to) { /* [0, from) are not behind the name */
        size_t middle = (from + to) / 2;
        int order =
            zone->hashed
                ? memcmp(proofs[middle].hash, hash, MG_DNS_HASH_LEN)
                : compare_names(mg_dns_node_name(zones, mg_dns_node(zones, proofs[middle].node)),
                                name);
        *own = *own || order == 0;
        if (order <= 0)
            from = middle + 1;
        else
            to = middle;
    }
    /* Before the first hash lies the last one. */
    return proofs[from > 0 ? from - 1 : zone->proofs->len - 1].node;
}
