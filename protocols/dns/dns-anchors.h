/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-anchors.h - where trust begins: keys, or digests of keys, that somebody was given (RFC 4033)
 */
#pragma once

#include "dns-name.h"

G_BEGIN_DECLS

typedef struct {
    GArray *rows; /* MgDnsAnchor */
} MgDnsAnchors;

typedef struct {
    MgDnsName owner;
    uint16_t type;    /* DS or DNSKEY; 0: below it nothing is checked (RFC 7646) */
    GByteArray *data; /* wire form */
} MgDnsAnchor;

MgDnsAnchors *mg_dns_anchors_new(void);
void mg_dns_anchors_free(MgDnsAnchors *anchors);
/* From the rows of `settings` with this key: DS and DNSKEY records, as a master file has them, or
 * in one line with ";" between them. What is wrong is added to the problems, and false returned. */
bool mg_dns_anchors_read(MgDnsAnchors *anchors, const MgSettings *settings, const char *key,
                         GPtrArray *problems);
/* Names with ";" between, below which nothing is to be checked (RFC 7646). */
bool mg_dns_anchors_read_negative(MgDnsAnchors *anchors, const char *names, GPtrArray *problems);
/* The deepest name with an anchor that `name` is under; empty if there is none. */
MgSpan mg_dns_anchors_above(const MgDnsAnchors *anchors, MgSpan name);

G_END_DECLS
