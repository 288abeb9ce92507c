/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-recursion-servers.c - what a resolver knows of servers by experience */
#include "dns-recursion-servers.h"

#define RTT_UNKNOWN (100 * MG_MILLISECONDS)
#define TIMEOUT_MIN (300 * MG_MILLISECONDS)
#define BACKOFF     (2 * MG_SECONDS) /* twice that for each further silence … */
#define BACKOFF_MAX 8                /* … as often as this: 15 minutes are enough */

MgDnsKnownServer *mg_dns_known_server(MgDnsKnownServers *known, const uint8_t *address, uint8_t len)
{
    uint32_t hash = 2166136261u;
    for (uint8_t i = 0; i < len; i++)
        hash = (hash ^ address[i]) * 16777619u;
    MgDnsKnownServer *row = &known->rows[(hash ^ hash >> 16) % MG_DNS_SERVERS_KNOWN];
    if (row->len == len && memcmp(row->address, address, len) == 0)
        return row;
    *row = (MgDnsKnownServer){.len = len};
    memcpy(row->address, address, len);
    return row;
}

/* As TCP does it (RFC 6298 §2.3): an eighth of what is new. */
void mg_dns_known_answered(MgDnsKnownServer *server, MgTime took)
{
    took = MAX(took, 1);
    server->rtt = server->rtt == 0 ? took : server->rtt + (took - server->rtt) / 8;
    server->silent = 0;
    server->until = 0;
}

void mg_dns_known_silent(MgDnsKnownServer *server, MgTime now)
{
    if (server->silent < BACKOFF_MAX)
        server->silent++;
    server->rtt = CLAMP(2 * server->rtt, 2 * RTT_UNKNOWN, 8 * MG_SECONDS);
    /* One lost datagram says nothing yet. */
    if (server->silent > 1)
        server->until = now + (BACKOFF << (server->silent - 2));
}

MgTime mg_dns_known_timeout(const MgDnsKnownServer *server, unsigned tries, MgTime max)
{
    if (server->rtt == 0 || server->silent > 0)
        return max;
    MgTime wait = MAX(4 * server->rtt, TIMEOUT_MIN);
    return MIN(wait << MIN(tries, 4u), max);
}

MgTime mg_dns_known_rank(const MgDnsKnownServer *server, MgTime now)
{
    MgTime rank = server->rtt == 0 ? RTT_UNKNOWN : server->rtt;
    return server->until > now ? rank + 10 * MG_SECONDS : rank;
}
