/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pop3.h - the Post Office Protocol, version 3 (RFC 1939, RFC 2449): both ends and the names of its
 * bytes
 */
#pragma once

#include <mailglass/dissect.h>
#include <mailglass/engine.h>

G_BEGIN_DECLS

/* How TLS begins in the middle: the client's word, and the beginning of the reply that agrees. */
#define MG_POP3_STARTTLS                                                                           \
    {                                                                                              \
        "STLS", "+OK"                                                                              \
    }

/* RFC 2449 §4: a command is at most 255 octets, a reply's line at most 512, CR LF included. */
#define MG_POP3_COMMAND_MAX 255u
#define MG_POP3_REPLY_MAX   512u

/* The server: a maildrop over the topic "mailbox". It asks OPEN at login, READ for RETR and TOP,
 * EXPUNGE at QUIT (and only then), CLOSE at the end of a session that had the lock. */
extern const MgEngineKind mg_pop3_server;
/* The same, with TLS from the start (RFC 8314). */
extern const MgEngineKind mg_pop3_server_tls;

/* The client: the verb "fetch". It asks dns.lookup for the server's address, net.connect, and
 * DELIVERs a fate for each message it has, or one that says why there is none. */
extern const MgEngineKind mg_pop3_client;
/* The same for pop3s://, with TLS from the start. */
extern const MgEngineKind mg_pop3_client_tls;

/* A person types: as a client (the verb "talk pop3://…"), as the server (engines=pop3.by-hand:110).
 */
extern const MgEngineKind mg_pop3_console, mg_pop3_console_tls, mg_pop3_by_hand;

/* Named "pop", as Wireshark's filters call it. */
extern const MgDissector mg_pop3_dissector;

G_END_DECLS
