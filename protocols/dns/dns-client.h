/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-client.h - one question to one server, until it is answered or given up
 *
 * What the stub, the verb and the command "lookup" have in common: the query, the tries, which
 * datagram is its answer, and the way over TCP when no datagram holds it (RFC 7766 §5). Whose
 * engine begins with an asker has MG_DNS_ASKER_CALLS in its row and MG_DNS_CLIENT_RULES first in
 * its rules.
 */
#pragma once

#include <mailglass/topics.h>

#include "dns-edns.h"
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
    bool streamed;                         /* the answer came over TCP */
    MgTime due;                            /* over TCP: when the answer must be there */
    GByteArray *reply;                     /* the answer, when there is one */
    GByteArray *in;                        /* of the stream */
    uint8_t cookie[MG_DNS_COOKIE_MAX];     /* ours, and behind it the server's … */
    size_t cookie_len;                     /* … when it has given one; 0: there is none yet */
    uint8_t query[2 + MG_DNS_HEADER + MG_DNS_NAME_MAX + 4 + 11 + 96]; /* length first */
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
void mg_dns_client_note(MgDnsClient *client, unsigned rule);
/* Asks once more. False: all tries are used up. */
bool mg_dns_client_ask(MgDnsClient *client);
static inline MgSpan mg_dns_client_reply(const MgDnsClient *client)
{
    return (MgSpan){client->reply->data, client->reply->len};
}
/* The reply's code, with the half that stands in OPT (RFC 6891 §6.1.3). */
unsigned mg_dns_client_rcode(const MgDnsClient *client);
/* "MX example.net." */
void mg_dns_client_format(const MgDnsClient *client, GString *out);

/* ---- engines that ask ---- */

typedef struct {
    MgEngine base;
    MgDnsClient client;
    void (*settle)(MgEngine *engine, MgDnsClientState state, MgTime now); /* what became of it */
} MgDnsAsker;

/* The engine's calls of these names. */
bool mg_dns_asker_answer(MgEngine *engine, MgAskId id, const void *given, MgTime now);
void mg_dns_asker_receive(MgEngine *engine, MgSpan bytes, MgTime now);
void mg_dns_asker_receive_end(MgEngine *engine, MgEnd how, MgTime now);
void mg_dns_asker_advance(MgEngine *engine, MgTime now);
bool mg_dns_asker_next(MgEngine *engine, MgEvent *event);
MgTime mg_dns_asker_deadline(const MgEngine *engine);

#define MG_DNS_ASKER_CALLS                                                                         \
    .receive_end = mg_dns_asker_receive_end, .advance = mg_dns_asker_advance,                      \
    .deadline = mg_dns_asker_deadline

G_END_DECLS
