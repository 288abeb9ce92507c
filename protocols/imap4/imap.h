/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap.h - the Internet Message Access Protocol, version 4rev1 (RFC 3501): the server and the names
 * of its bytes
 */
#pragma once

#include <mailglass/dissect.h>
#include <mailglass/engine.h>

G_BEGIN_DECLS

/* How TLS begins in the middle: the client's word, and what the line that agrees has behind its
 * tag. */
#define MG_IMAP_STARTTLS                                                                           \
    {                                                                                              \
        "STARTTLS", "OK", true                                                                     \
    }

/* The server: folders over the topic "folders"; who it is over "mailbox". */
extern const MgEngineKind mg_imap_server;
/* The same, with TLS from the start (RFC 8314). */
extern const MgEngineKind mg_imap_server_tls;

/* Named "imap", as Wireshark's filters call it. */
extern const MgDissector mg_imap_dissector;

G_END_DECLS
