/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-client.h - one question to one server, over datagrams, until it is answered or given up
 *
 * What the stub and the verb "lookup" have in common: the query, the tries, and which datagram is
 * its answer. Who embeds it gives out its events, and has MG_DNS_CLIENT_RULES first in its rules.
 */
#pragma once

#include <mailglass/topics.h>

#include "dns-events.h"
#include "dns-record.h"

G_BEGIN_DECLS

enum {
    MG_DNS_CLIENT_TIMEOUT,
    MG_DNS_CLIENT_UNREACHABLE,
    MG_DNS_CLIENT_MISMATCH,
    MG_DNS_CLIENT_TRUNCATED,
    MG_DNS_CLIENT_NAME,
    MG_DNS_CLIENT_SERVER,
    MG_DNS_CLIENT_N_RULES
};

/* Rows, because a rule must stand in the table of the kind that notes it. */
#define MG_DNS_CLIENT_RULES                                                                        \
    [MG_DNS_CLIENT_TIMEOUT] = {"dns.stub-timeout", MG_SEVERITY_NOTE, "RFC 1035 §4.2.1",            \
                               N_("No answer came in time; a datagram may be lost without a "      \
                                  "word.")},                                                       \
    [MG_DNS_CLIENT_UNREACHABLE] = {"dns.stub-unreachable", MG_SEVERITY_WARN, NULL,                 \
                                   N_("The server that is asked cannot be reached.")},             \
    [MG_DNS_CLIENT_MISMATCH] = {"dns.stub-mismatch", MG_SEVERITY_FAULT, "RFC 5452 §9.1",           \
                                N_("This is not the answer to the question that was asked: id or " \
                                   "question are others. It is thrown away.")},                    \
    [MG_DNS_CLIENT_TRUNCATED] = {"dns.stub-truncated", MG_SEVERITY_WARN, "RFC 1035 §4.1.1",        \
                                 N_("The answer was too long for a datagram and is not "           \
                                    "complete.")},                                                 \
    [MG_DNS_CLIENT_NAME] = {"dns.stub-name", MG_SEVERITY_WARN, "RFC 1035 §2.3.4",                  \
                            N_("This cannot be a domain name, so that nobody needs to be "         \
                               "asked.")},                                                         \
    [MG_DNS_CLIENT_SERVER] = {"dns.no-resolver", MG_SEVERITY_WARN, NULL,                           \
                              N_("This host knows no resolver to ask: its `resolver` is not set, " \
                                 "or is no IP address.")}

extern const MgSettingRow mg_dns_client_settings[];

typedef struct {
    const MgRule *rules; /* the embedder's */
    MgDnsName name;
    uint16_t type, port, id;
    char address[MG_DNS_NAME_MAX + 1];
    MgTime timeout;
    uint64_t seed;
    unsigned tries_left;
    MgAskId ask, last_ask; /* ask: the open one, or 0 */
    MgDatagramQuestion question;
    uint8_t query[MG_DNS_HEADER + MG_DNS_NAME_MAX + 4 + 11];
    MgDnsEvents events;
} MgDnsClient;

typedef enum {
    MG_DNS_CLIENT_GIVEN_UP, /* nobody answers */
    MG_DNS_CLIENT_ASKED,    /* the question is on its way, perhaps again */
    MG_DNS_CLIENT_ANSWERED
} MgDnsClientState;

void mg_dns_client_init(MgDnsClient *client, const MgBirth *birth, const MgRule *rules);
/* "192.0.2.53", "192.0.2.53:5353", "2001:db8::53", "[2001:db8::53]:5353"; a name instead of an
 * address is kept as it is. */
bool mg_dns_client_set_server(MgDnsClient *client, const char *text);
void mg_dns_client_note(MgDnsClient *client, unsigned rule);
/* Asks once more. False: all tries are used up. */
bool mg_dns_client_ask(MgDnsClient *client);
/* The answer to the open ask; `message` is open if it is the one. (nullable) datagram */
MgDnsClientState mg_dns_client_take(MgDnsClient *client, const MgDatagramAnswer *datagram,
                                    MgDnsMessage *message);
/* "MX example.net." */
void mg_dns_client_format(const MgDnsClient *client, GString *out);

G_END_DECLS
