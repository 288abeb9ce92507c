/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-recursion-servers.h - what a resolver knows of servers by experience
 *
 * By address: how fast each answers, whether it seems dead, what it does not understand. The table
 * is small and forgets by itself: a server that falls on the place of another takes it.
 */
#pragma once

#include <mailglass/base.h>

G_BEGIN_DECLS

#define MG_DNS_SERVERS_KNOWN 1024

typedef struct {
    uint8_t address[16], len; /* 0: nobody is here */
    MgTime rtt;               /* smoothed; 0: unknown */
    MgTime until;             /* until then it is left alone */
    uint8_t silent;           /* timeouts in a row */
    bool plain;               /* it does not know EDNS (RFC 6891 §7) */
    bool no_case;             /* it does not keep the case of letters */
} MgDnsKnownServer;

typedef struct {
    MgDnsKnownServer rows[MG_DNS_SERVERS_KNOWN];
} MgDnsKnownServers;

/* The row of an address; a new one is empty. */
MgDnsKnownServer *mg_dns_known_server(MgDnsKnownServers *known, const uint8_t *address,
                                      uint8_t len);
/* What one question to it has shown. */
void mg_dns_known_answered(MgDnsKnownServer *server, MgTime took);
void mg_dns_known_silent(MgDnsKnownServer *server, MgTime now);
/* How long an answer is worth waiting for, `max` at most. */
MgTime mg_dns_known_timeout(const MgDnsKnownServer *server, unsigned tries, MgTime max);
/* Its rank: the smaller, the sooner it is asked. */
MgTime mg_dns_known_rank(const MgDnsKnownServer *server, MgTime now);

G_END_DECLS
