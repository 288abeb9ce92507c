/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-zone.h - reads master files (RFC 1035 §5, RFC 2308 §4) */
#pragma once

#include "dns-record.h"

G_BEGIN_DECLS

typedef struct {
    MgDnsName owner;
    uint16_t type, class;
    uint32_t ttl;
    MgSpan data; /* wire form, uncompressed */
    unsigned line, column;
} MgDnsZoneRecord;

typedef void (*MgDnsZoneSink)(void *user, const MgDnsZoneRecord *record);

#define MG_DNS_ZONE_PROBLEMS_MAX 20 /* of one file: then reading stops */

/* Hands each record to `sink`. Each mistake is added to `problems` as "PATH:LINE:COLUMN: error:
 * text", and reading goes on behind it. Returns false if there was one. `origin` (nullable) is what
 * names are completed by before $ORIGIN says so. $INCLUDE is an error: there are no files here. */
bool mg_dns_zone_read(MgSpan text, const char *path, const MgDnsName *origin, MgDnsZoneSink sink,
                      void *user, GPtrArray *problems);

/* "zones/example.net.zone" → example.net., "root.zone" → the root: the origin that a file's name
 * says. False if it says none. */
bool mg_dns_zone_origin(const char *path, MgDnsName *origin);

G_END_DECLS
