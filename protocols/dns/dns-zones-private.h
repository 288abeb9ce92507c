/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-zones-private.h - how zones lie in memory: shared by what builds them and what answers */
#pragma once

#include "dns-zones.h"

G_BEGIN_DECLS

#define MG_DNS_NO_NODE  UINT32_MAX
#define MG_DNS_HASH_LEN 20 /* SHA-1 */

/* The records of one type at one name. */
typedef struct {
    uint16_t type, n;
    uint32_t ttl;
    uint32_t data; /* in octets: n times a length of 16 bits in the machine's order, and data */
} MgDnsSet;

typedef struct {
    uint32_t hash; /* of the name */
    uint32_t name; /* in octets */
    uint32_t sets; /* the first */
    uint16_t n_sets;
    uint16_t zone;
    uint8_t name_len;
    bool hidden;    /* it has nothing but an NSEC3 record: for questions it is not there (RFC 5155
                       §7.2.8) */
    bool apex, cut; /* cut: it has NS records, but is not the apex (RFC 1034 §4.2.1) */
} MgDnsNode;

/* A node with an NSEC or NSEC3 record, in the order of names or of hashes. */
typedef struct {
    uint32_t node;
    uint8_t hash[MG_DNS_HASH_LEN]; /* NSEC3: what the node's first label says */
} MgDnsProof;

typedef struct {
    uint32_t apex; /* node */
    bool hashed;   /* NSEC3 */
    uint16_t iterations;
    uint8_t salt_len, salt[255];
    GArray *proofs; /* of MgDnsProof; empty: the zone is not signed */
} MgDnsZone;

struct MgDnsZones {
    GByteArray *octets;
    GArray *nodes;   /* MgDnsNode */
    GArray *sets;    /* MgDnsSet */
    GArray *zones;   /* MgDnsZone */
    uint32_t *table; /* of nodes, open addressing by hash and zone */
    uint32_t mask;
};

static inline const MgDnsNode *mg_dns_node(const MgDnsZones *zones, uint32_t node)
{
    return &g_array_index(zones->nodes, MgDnsNode, node);
}

static inline MgSpan mg_dns_node_name(const MgDnsZones *zones, const MgDnsNode *node)
{
    return (MgSpan){zones->octets->data + node->name, node->name_len};
}

/* The node of this name in this zone, or MG_DNS_NO_NODE. */
uint32_t mg_dns_node_find(const MgDnsZones *zones, uint16_t zone, MgSpan name, uint32_t hash);
static inline const MgDnsZone *mg_dns_zone_at(const MgDnsZones *zones, uint16_t zone)
{
    return &g_array_index(zones->zones, MgDnsZone, zone);
}

/* Finds what a zone can prove with, once all its records have their place. */
void mg_dns_proofs_find(const MgDnsZones *zones, uint16_t index, MgDnsZone *zone);
/* The node whose NSEC or NSEC3 record is this name's own, or else covers it; MG_DNS_NO_NODE in a
 * zone that is not signed. */
uint32_t mg_dns_proof_for(const MgDnsZones *zones, uint16_t index, MgSpan name, bool *own);

/* (nullable) */
const MgDnsSet *mg_dns_node_set(const MgDnsZones *zones, const MgDnsNode *node, uint16_t type);
/* Data i of a set, found from data i - 1: *at begins as set->data. */
MgSpan mg_dns_set_next(const MgDnsZones *zones, uint32_t *at);

G_END_DECLS
