/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-proof.c - which record proves that something is not there (RFC 4034 §4, RFC 5155)
 *
 * The records were made by whoever signed the zone; a server only finds the right ones. They lie in
 * the order of names (NSEC) or of hashes (NSEC3), and the one before a name covers it.
 */
#include "dns-zones-private.h"
#include "dnssec.h"

/* ---- hashes ---- */

static void hash_name(const MgDnsZone *zone, MgSpan name, uint8_t out[MG_DNS_HASH_LEN])
{
    MgDnsName small;
    mg_dns_name_set(&small, name);
    mg_dns_name_lower(&small);
    mg_dnssec_nsec3_hash(mg_dns_name_span(&small), zone->iterations,
                         (MgSpan){zone->salt, zone->salt_len}, out);
}

/* ---- building ---- */

static int compare_proofs(const void *a, const void *b, void *data)
{
    const MgDnsZones *zones = data;
    return mg_dns_name_compare(
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
            (zone->hashed && !mg_dns_name_base32(mg_dns_node_name(zones, node), proof.hash)))
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
                : mg_dns_name_compare(
                      mg_dns_node_name(zones, mg_dns_node(zones, proofs[middle].node)), name);
        *own = *own || order == 0;
        if (order <= 0)
            from = middle + 1;
        else
            to = middle;
    }
    /* Before the first hash lies the last one. */
    return proofs[from > 0 ? from - 1 : zone->proofs->len - 1].node;
}
