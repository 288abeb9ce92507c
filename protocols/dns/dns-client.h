/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-client.h - one question to one server, until it is answered or given up
 *
 * What the stub, the verb and the command "lookup" have in common: the query, the tries, which
 * datagram is its answer, and the way over TCP when no datagram holds it (RFC 7766 §5). Who embeds
 * it gives out its events, hands all calls on, and has MG_DNS_CLIENT_RULES first in its rules.
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
    MG_DNS_CLIENT_INCOMPLETE,
    MG_DNS_CLIENT_STREAM,
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
    [MG_DNS_CLIENT_TRUNCATED] = {"dns.stub-truncated", MG_SEVERITY_NOTE, "RFC 7766 §5",            \
                                 N_("The answer is too long for a datagram: it is asked for "      \
                                    "again over TCP.")},                                           \
    [MG_DNS_CLIENT_INCOMPLETE] = {"dns.stub-incomplete", MG_SEVERITY_WARN, "RFC 2181 §9",          \
                                  N_("No answer came over TCP either; what the datagram held is "  \
                                     "all there is, and not complete.")},                          \
    [MG_DNS_CLIENT_STREAM] = {"dns.stub-stream", MG_SEVERITY_WARN, "RFC 7766 §6.2.4",              \
                              N_("The stream ended, or stayed silent, before the answer was "      \
                                 "whole.")},                                                       \
    [MG_DNS_CLIENT_NAME] = {"dns.stub-name", MG_SEVERITY_WARN, "RFC 1035 §2.3.4",                  \
                            N_("This cannot be a domain name, so that nobody needs to be "         \
                               "asked.")},                                                         \
    [MG_DNS_CLIENT_SERVER] = {"dns.no-resolver", MG_SEVERITY_WARN, NULL,                           \
                              N_("This host knows no resolver to ask: its `resolver` is not set, " \
                                 "or is no IP address.")}

extern const MgSettingRow mg_dns_client_settings[];

/* What a query says beside its question. */
typedef struct {
    bool no_recurse, dnssec, stream; /* stream: over TCP from the beginning */
    bool cookie, nsid;
    MgSpan subnet; /* in wire form; empty: none */
} MgDnsClientWish;

typedef struct {
    const MgRule *rules; /* the embedder's */
    MgDnsName name;
    uint16_t type, port, id;
    char address[MG_DNS_NAME_MAX + 1];
    MgDnsClientWish wish;
    MgTime timeout;
    uint64_t seed;
    unsigned tries_left;
    MgAskId ask, last_ask; /* ask: the open one, or 0 */
    MgDatagramQuestion question;
    MgConnectQuestion connect;
    bool connecting, connected, truncated; /* truncated: `reply` has what the datagram held */
    MgTime due;                            /* over TCP: when the answer must be there */
    GByteArray *reply;                     /* the answer, when there is one */
    GByteArray *in;                        /* of the stream */
    uint8_t query[2 + MG_DNS_HEADER + MG_DNS_NAME_MAX + 4 + 11 + 64]; /* length first */
    MgDnsEvents events;
} MgDnsClient;

typedef enum {
    MG_DNS_CLIENT_GIVEN_UP, /* nobody answers */
    MG_DNS_CLIENT_ASKED,    /* the question is on its way, perhaps again */
    MG_DNS_CLIENT_ANSWERED  /* `reply` is the answer */
} MgDnsClientState;

void mg_dns_client_init(MgDnsClient *client, const MgBirth *birth, const MgRule *rules);
void mg_dns_client_clear(MgDnsClient *client);
/* "192.0.2.53", "192.0.2.53:5353", "2001:db8::53", "[2001:db8::53]:5353"; a name instead of an
 * address is kept as it is. */
bool mg_dns_client_set_server(MgDnsClient *client, const char *text);
/* What is to be asked; of PTR, an address means its name below in-addr.arpa or ip6.arpa. */
bool mg_dns_client_set_name(MgDnsClient *client, const char *text);
/* The octets of an IP address: how many, 0 if it is none. */
size_t mg_dns_address_parse(const char *text, uint8_t out[16]);
void mg_dns_client_note(MgDnsClient *client, unsigned rule);
/* Asks once more. False: all tries are used up. */
bool mg_dns_client_ask(MgDnsClient *client);
/* The answer to the open ask: of net.datagram or net.connect, whichever it was. (nullable) */
MgDnsClientState mg_dns_client_take(MgDnsClient *client, const void *answer, MgTime now);
/* The engine's calls of these names; they matter while it is connected. */
MgDnsClientState mg_dns_client_receive(MgDnsClient *client, MgSpan bytes, MgTime now);
MgDnsClientState mg_dns_client_receive_end(MgDnsClient *client);
MgDnsClientState mg_dns_client_advance(MgDnsClient *client, MgTime now);
MgTime mg_dns_client_deadline(const MgDnsClient *client);
static inline MgSpan mg_dns_client_reply(const MgDnsClient *client)
{
    return (MgSpan){client->reply->data, client->reply->len};
}
/* "MX example.net." */
void mg_dns_client_format(const MgDnsClient *client, GString *out);

G_END_DECLS
