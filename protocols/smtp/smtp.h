/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp.h - the Simple Mail Transfer Protocol (RFC 5321) and LMTP (RFC 2033): the engines
 *
 *      alice says "send"          mta                         mx                      mda
 *      smtp.submit                                                     deliver=lmtp:mda:24
 *         └ mail.send: smtp.client ──> smtp.server
 *                                         └ mail.accept: smtp.queue
 *                                              └ mail.send: smtp.client ──> smtp.server …
 *                                                                     smtp.client ──> smtp.lmtp
 *                                                                          └ mailbox (the host's
 * store)
 */
#pragma once

#include <mailglass/dissect.h>
#include <mailglass/engine.h>
#include <mailglass/topics.h>

G_BEGIN_DECLS

/* How TLS begins in the middle: the client's word, and the beginning of the reply that agrees. */
#define MG_SMTP_STARTTLS                                                                           \
    {                                                                                              \
        "STARTTLS", "220"                                                                          \
    }

/* RFC 5321 §4.5.3.1, octets with CR LF. */
#define MG_SMTP_COMMAND_LINE_MAX 512u
#define MG_SMTP_REPLY_LINE_MAX   512u
#define MG_SMTP_TEXT_LINE_MAX    1000u
#define MG_SMTP_PATH_MAX         256u
#define MG_SMTP_LOCAL_PART_MAX   64u
#define MG_SMTP_DOMAIN_MAX       255u

/* Extensions, a bit each. */
enum {
    MG_SMTP_X_PIPELINING = 1 << 0,
    MG_SMTP_X_SIZE = 1 << 1,
    MG_SMTP_X_8BITMIME = 1 << 2,
    MG_SMTP_X_ENHANCED = 1 << 3,
    MG_SMTP_X_DSN = 1 << 4,
    MG_SMTP_X_SMTPUTF8 = 1 << 5,
    MG_SMTP_X_CHUNKING = 1 << 6,
    MG_SMTP_X_BINARYMIME = 1 << 7,
    MG_SMTP_X_AUTH = 1 << 8,
    MG_SMTP_X_STARTTLS = 1 << 9,
};
/* Their keywords, in the order of the bits. */
#define MG_SMTP_N_EXTENSIONS 10u
extern const char *const mg_smtp_extensions[MG_SMTP_N_EXTENSIONS];

extern const MgEngineKind mg_smtp_server;     /* a server for MTAs and for submission (port 587) */
extern const MgEngineKind mg_smtp_server_tls; /* the same, with TLS from the start (RFC 8314) */
extern const MgEngineKind mg_smtp_lmtp;       /* a server that puts mail into mailboxes */
extern const MgEngineKind mg_smtp_client;     /* answers mail.send */
extern const MgEngineKind mg_smtp_queue;      /* answers mail.accept, and lives on with the mail */
extern const MgEngineKind mg_smtp_submit;     /* the verb "send" of an MUA */
extern const MgEngineKind mg_smtp_greylist;   /* answers smtp.policy */
extern const MgEngineKind mg_smtp_probe;      /* the command "probe" */
/* A person types: as a client (the verb "talk smtp://…"), as the server (engines=smtp.by-hand:25).
 */
extern const MgEngineKind mg_smtp_console, mg_smtp_console_submission, mg_smtp_console_tls,
    mg_smtp_by_hand;

/* Named "smtp"; LMTP too. */
extern const MgDissector mg_smtp_dissector;

G_END_DECLS
