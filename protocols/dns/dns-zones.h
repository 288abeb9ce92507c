/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-zones.h - what an authoritative server knows: zones, and what it answers from them
 *
 * Nodes lie in one array with a hash over them; names that exist only because something is below
 * them (empty non-terminals, RFC 4592 §2.2.2) have a node too. Answering allocates nothing.
 */
#pragma once

#include "dns-message.h"

G_BEGIN_DECLS

typedef struct MgDnsZones MgDnsZones;

/* From the rows of `settings` with this key, each a master file. Every mistake is added to
 * `problems`. NULL if there was one. Without any row it knows no zone. */
MgDnsZones *mg_dns_zones_new(const MgSettings *settings, const char *key, GPtrArray *problems);
/* The same; names without a last dot are completed by `origin` (nullable) instead of what the
 * file's name says, and all mistakes are told. */
MgDnsZones *mg_dns_zones_new_at(const MgSettings *settings, const char *key,
                                const MgDnsName *origin, GPtrArray *problems);
void mg_dns_zones_free(MgDnsZones *zones);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgDnsZones, mg_dns_zones_free)

size_t mg_dns_zones_n(const MgDnsZones *zones);
MgSpan mg_dns_zones_apex(const MgDnsZones *zones, size_t i);

typedef enum {
    MG_DNS_SAYS_NOTHING,  /* no such message is answered */
    MG_DNS_SAYS_ANSWER,   /* records, AA */
    MG_DNS_SAYS_NODATA,   /* the name exists, the type does not */
    MG_DNS_SAYS_NXDOMAIN, /* the name does not exist */
    MG_DNS_SAYS_REFERRAL, /* others know */
    MG_DNS_SAYS_REFUSED,  /* no zone of ours, or not for everybody */
    MG_DNS_SAYS_TRANSFER, /* the reply is a whole zone: see dns-transfer.h */
    MG_DNS_SAYS_COOKIE,   /* BADCOOKIE, or to ask over TCP */
    MG_DNS_SAYS_ERROR     /* FORMERR, NOTIMP, BADVERS */
} MgDnsSays;

/* What a server says beside its zones, and to whom. All of it may be empty. */
typedef struct {
    bool has_secret, needs_cookie; /* it gives cookies; it answers nobody without (RFC 7873) */
    uint8_t secret[16];
    char nsid[64];     /* RFC 5001 */
    GArray *transfers; /* of MgDnsNetwork: who may have whole zones */
} MgDnsServing;

typedef struct {
    uint8_t len, prefix, octets[16]; /* len 4 or 16 */
} MgDnsNetwork;

/* "192.0.2.0/24 2001:db8::1": appends them. False: something is none. */
bool mg_dns_networks_parse(const char *text, GArray *networks);

/* Room for a reply, and what became of it. */
typedef struct {
    uint8_t *data;
    size_t cap;                  /* at least 512 */
    bool stream;                 /* there is no limit but cap; else the query's */
    const MgDnsServing *serving; /* (nullable) */
    MgSpan client;               /* the asker's address: 4 or 16 octets, or none */
    uint32_t time;               /* Unix time */
    size_t len;                  /* set; 0 for no reply */
    bool wildcard;               /* set: the answer was made of one */
    bool prohibited;             /* set: the asker may not have this */
    uint32_t transfer;           /* set by SAYS_TRANSFER: which zone */
} MgDnsReply;

/* Answers `query`. Returns what the reply says. */
MgDnsSays mg_dns_zones_answer(const MgDnsZones *zones, MgSpan query, MgDnsReply *reply);

G_END_DECLS
