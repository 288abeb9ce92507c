/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-transfer.h - whole zones over a stream (AXFR, RFC 5936), message by message */
#pragma once

#include "dns-zones.h"

G_BEGIN_DECLS

#define MG_DNS_TRANSFER_MAX 16384 /* octets of a message: as far as names can be pointed at */

/* Where a transfer stands. */
typedef struct {
    uint32_t zone, node;
    uint16_t set, n_in_set; /* of the record that is next */
    uint32_t at;            /* … and its data */
    uint16_t id, type;
    bool begun, ended, serial_only;
    MgDnsName name; /* as it was asked for */
} MgDnsTransfer;

/* May this address have whole zones? (nullable) serving */
bool mg_dns_transfer_allowed(const MgDnsServing *serving, MgSpan client);
/* `query` is one of which mg_dns_zones_answer() said SAYS_TRANSFER, for zone `zone`. */
void mg_dns_transfer_begin(MgDnsTransfer *transfer, const MgDnsZones *zones, uint32_t zone,
                           MgSpan query);
/* Writes the next message; its length, 0 when all was said. `cap` is at least
 * MG_DNS_MESSAGE_MAX. */
size_t mg_dns_transfer_next(MgDnsTransfer *transfer, const MgDnsZones *zones, uint8_t *data,
                            size_t cap);

G_END_DECLS
