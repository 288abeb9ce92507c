/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-transfer.c - whole zones over a stream (AXFR, RFC 5936), message by message
 *
 * The SOA record, all others, and the SOA record again: the second one says that this was all. Who
 * asks for changes alone (IXFR) gets the whole zone too (RFC 1995 §4), or nothing but the SOA
 * record if there are none.
 */
#include "dns-transfer.h"

#include "dns-record-special.h"
#include "dns-zones-private.h"

/* ---- who may ---- */

static bool parse_network(MgSpan word, MgDnsNetwork *network)
{
    const uint8_t *slash = memchr(word.data, '/', word.len);
    MgSpan address = {word.data, slash != NULL ? (size_t)(slash - word.data) : word.len};
    *network = (MgDnsNetwork){0};
    network->len = mg_dns_a_parse(address, network->octets)      ? 4
                   : mg_dns_aaaa_parse(address, network->octets) ? 16
                                                                 : 0;
    uint64_t prefix = (uint64_t)8 * network->len;
    if (slash != NULL &&
        !mg_dns_uint_parse(mg_span_slice(word, address.len + 1, word.len - address.len - 1), prefix,
                           &prefix))
        return false;
    network->prefix = (uint8_t)prefix;
    return network->len > 0;
}

bool mg_dns_networks_parse(const char *text, GArray *networks)
{
    g_auto(GStrv) words = g_strsplit_set(text, " ,;", -1);
    for (size_t i = 0; words[i] != NULL; i++) {
        MgDnsNetwork network;
        if (words[i][0] == '\0')
            continue;
        if (!parse_network(mg_span_from_string(words[i]), &network))
            return false;
        g_array_append_val(networks, network);
    }
    return true;
}

static bool is_in(const MgDnsNetwork *network, MgSpan address)
{
    unsigned octets = network->prefix / 8, bits = network->prefix % 8;
    if (network->len != address.len || memcmp(network->octets, address.data, octets) != 0)
        return false;
    return bits == 0 ||
           ((network->octets[octets] ^ address.data[octets]) & (0xff00 >> bits & 0xff)) == 0;
}

bool mg_dns_transfer_allowed(const MgDnsServing *serving, MgSpan client)
{
    const GArray *networks = serving != NULL ? serving->transfers : NULL;
    for (guint i = 0; networks != NULL && i < networks->len; i++)
        if (is_in(&g_array_index(networks, MgDnsNetwork, i), client))
            return true;
    return false;
}

/* ---- records in their order ---- */

static const MgDnsSet *soa_of(const MgDnsZones *zones, uint32_t zone, const MgDnsNode **apex)
{
    *apex = mg_dns_node(zones, mg_dns_zone_at(zones, (uint16_t)zone)->apex);
    return mg_dns_node_set(zones, *apex, MG_DNS_SOA);
}

static uint32_t serial_of(MgSpan soa)
{
    return soa.len >= 20 ? mg_dns_get_u32(soa.data + soa.len - 20) : 0;
}

/* Moves to the next record that is there, but for the SOA. False: there is none left. */
static bool settle(MgDnsTransfer *transfer, const MgDnsZones *zones)
{
    for (; transfer->node < zones->nodes->len; transfer->node++) {
        const MgDnsNode *node = mg_dns_node(zones, transfer->node);
        if (node->zone == transfer->zone) {
            for (; transfer->set < node->n_sets; transfer->set++) {
                const MgDnsSet *set =
                    &g_array_index(zones->sets, MgDnsSet, node->sets + transfer->set);
                if (transfer->n_in_set == 0)
                    transfer->at = set->data;
                if (transfer->n_in_set < set->n && set->type != MG_DNS_SOA)
                    return true;
                transfer->n_in_set = 0;
            }
        }
        transfer->set = transfer->n_in_set = 0;
    }
    return false;
}

static bool write_soa(const MgDnsTransfer *transfer, const MgDnsZones *zones, MgDnsWriter *writer)
{
    const MgDnsNode *apex = NULL;
    const MgDnsSet *set = soa_of(zones, transfer->zone, &apex);
    uint32_t at = set->data;
    return mg_dns_write_record(writer, MG_DNS_ANSWER, mg_dns_node_name(zones, apex), MG_DNS_SOA,
                               set->ttl, mg_dns_set_next(zones, &at));
}

/* RFC 4035 §2.2: a signature lives as long as what it signs. */
static uint32_t ttl_of(const MgDnsZones *zones, const MgDnsNode *node, const MgDnsSet *set,
                       MgSpan data)
{
    const MgDnsSet *covered =
        set->type == MG_DNS_RRSIG ? mg_dns_node_set(zones, node, mg_dns_get_u16(data.data)) : NULL;
    return covered != NULL ? covered->ttl : set->ttl;
}

static bool write_one(MgDnsTransfer *transfer, const MgDnsZones *zones, MgDnsWriter *writer)
{
    const MgDnsNode *node = mg_dns_node(zones, transfer->node);
    const MgDnsSet *set = &g_array_index(zones->sets, MgDnsSet, node->sets + transfer->set);
    uint32_t at = transfer->at;
    MgSpan data = mg_dns_set_next(zones, &at);
    if (!mg_dns_write_record(writer, MG_DNS_ANSWER, mg_dns_node_name(zones, node), set->type,
                             ttl_of(zones, node, set, data), data))
        return false;
    transfer->at = at;
    transfer->n_in_set++;
    return true;
}

/* ---- messages ---- */

/* RFC 1995 §2: the serial that the asker has. */
static bool has_newest(const MgDnsZones *zones, uint32_t zone, MgDnsMessage *message, MgSpan query)
{
    const MgDnsNode *apex = NULL;
    uint32_t at = soa_of(zones, zone, &apex)->data;
    uint32_t ours = serial_of(mg_dns_set_next(zones, &at));
    MgDnsRecord record;
    g_autoptr(GByteArray) data = g_byte_array_new();
    while (mg_dns_message_next(message, &record))
        if (record.section == MG_DNS_AUTHORITY && record.type == MG_DNS_SOA &&
            mg_dns_expand_data(query, &record, data))
            return (int32_t)(serial_of((MgSpan){data->data, data->len}) - ours) >= 0;
    return false;
}

void mg_dns_transfer_begin(MgDnsTransfer *transfer, const MgDnsZones *zones, uint32_t zone,
                           MgSpan query)
{
    MgDnsMessage message;
    mg_dns_message_open(&message, query);
    *transfer =
        (MgDnsTransfer){.zone = zone, .id = message.id, .type = message.type, .name = message.name};
    if (message.type == MG_DNS_IXFR)
        transfer->serial_only = has_newest(zones, zone, &message, query);
}

size_t mg_dns_transfer_next(MgDnsTransfer *transfer, const MgDnsZones *zones, uint8_t *data,
                            size_t cap)
{
    MgDnsWriter writer;
    if (transfer->ended)
        return 0;
    g_assert(cap >= MG_DNS_MESSAGE_MAX);
    mg_dns_writer_init(&writer, data, MG_DNS_MESSAGE_MAX);
    mg_dns_write_header(&writer, transfer->id, MG_DNS_QR | MG_DNS_AA);
    if (!transfer->begun) { /* RFC 5936 §2.2.1: later messages need no question */
        mg_dns_write_question(&writer, mg_dns_name_span(&transfer->name), transfer->type,
                              MG_DNS_IN);
        write_soa(transfer, zones, &writer);
        transfer->begun = true;
    }
    while (!transfer->serial_only && settle(transfer, zones)) {
        if (writer.len >= MG_DNS_TRANSFER_MAX || !write_one(transfer, zones, &writer))
            return writer.len;
    }
    if (transfer->serial_only || write_soa(transfer, zones, &writer))
        transfer->ended = true;
    return writer.len;
}
