/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-session.h - the server's session, for the files that make it
 *
 * A command is parsed as a whole and done in steps: a step asks the store one thing and names the
 * step that takes the answer (`then`), or does a piece of a long work (`work`). It ends with
 * mg_imap_ok(), _no() or _bad(); in a selected folder the reply waits until the client knows what
 * others have changed (imap-view.c).
 */
#pragma once

#include <mailglass/topics.h>

#include "imap-lex.h"
#include "imap-string.h"
#include "imap.h"
#include "outbox.h"
#include "sasl.h"

G_BEGIN_DECLS

typedef struct MgImapSession MgImapSession;

/* ---- imap-rules.c ---- */

extern const char MG_IMAP_STRANGER[], MG_IMAP_SECURING[], MG_IMAP_KNOWN[], MG_IMAP_SELECTED[],
    MG_IMAP_LOGOUT[];
extern const MgTransition mg_imap_transitions[];
extern const MgRule mg_imap_session_rules[];
extern const MgSettingRow mg_imap_server_settings[];

enum {
    MG_IMAP_R_TAG,
    MG_IMAP_R_UNKNOWN,
    MG_IMAP_R_STATE,
    MG_IMAP_R_ARGUMENT,
    MG_IMAP_R_LONG,
    MG_IMAP_R_LITERAL,
    MG_IMAP_R_BARE_LF,
    MG_IMAP_R_FLOOD,
    MG_IMAP_R_NO_LOGOUT,
    MG_IMAP_R_AUTOLOGOUT,
    MG_IMAP_R_TLS_NEEDED,
    MG_IMAP_R_TLS_INJECTED,
    MG_IMAP_R_TLS_FAILED,
    MG_IMAP_R_SASL /* and those after it, in the order of MgSaslFault */
};

/* What the open ask is for. */
typedef enum {
    MG_IMAP_WAIT_NOTHING,
    MG_IMAP_WAIT_SECURE,
    MG_IMAP_WAIT_SECRET,
    MG_IMAP_WAIT_FOLDERS,
    MG_IMAP_WAIT_NEWS /* IDLE */
} MgImapWait;

typedef void (*MgImapStep)(MgImapSession *session, const MgFoldersAnswer *answer);

struct MgImapSession {
    MgEngine base;
    MgOutbox out;
    GString *in;
    size_t in_at;     /* octets of `in` that were consumed */
    uint64_t taken;   /* octets of the peer's that were consumed, in all */
    GString *command; /* the one being done; notes point into it */
    MgImapCut cut;
    const char *state;
    char *host, *peer, *user; /* user: (nullable) */
    MgTime now, heard, asked, idle_max;
    int64_t epoch;
    uint64_t seed, message_max;
    unsigned n_logins;

    MgAskId last_ask;
    MgImapWait wait;
    MgMailboxQuestion mailbox;
    MgFoldersQuestion question;
    MgSecureQuestion secure_question;
    MgImapStep then;                      /* takes the answer of the open ask */
    void (*work)(MgImapSession *session); /* (nullable) goes on when nothing is asked */

    char *tag;        /* (nullable) of the command being done */
    char *mechanisms; /* (nullable) which of SASL are offered; NULL: all */
    MgSaslServer *sasl;
    MgSaslBinding binding;
    char *tls; /* (nullable) its version and cipher */

    bool starttls, tls_required, secure, auth_clear;
    bool in_auth;  /* a line of an exchange comes next */
    bool skipping; /* the rest of a line that was too long */
    bool gone, ended, closed, finished, cancel;
};

/* ---- imap-server.c ---- */

static inline MgSpan mg_imap_no_bytes(void)
{
    return (MgSpan){NULL, 0};
}

static inline MgSpan mg_imap_span(const GString *string)
{
    return (MgSpan){(const uint8_t *)string->str, string->len};
}

/* A line, untagged where it has "* ". */
void mg_imap_say(MgImapSession *session, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The end of a command: its tag and this. */
void mg_imap_reply(MgImapSession *session, const char *format, ...) G_GNUC_PRINTF(2, 3);
void mg_imap_bad(MgImapSession *session, unsigned rule, const char *text);
void mg_imap_note(MgImapSession *session, unsigned rule, MgSpan where);
void mg_imap_enter(MgImapSession *session, const char *state);
void mg_imap_ask_mailbox(MgImapSession *session, MgMailboxOp op, const char *user);
/* Asks `session->question` with this op. */
void mg_imap_ask(MgImapSession *session, MgFoldersOp op, MgImapStep then);
void mg_imap_cancel_ask(MgImapSession *session);
void mg_imap_finish(MgImapSession *session);
void mg_imap_greet(MgImapSession *session);

/* ---- imap-login.c: CAPABILITY, LOGIN, AUTHENTICATE, STARTTLS ---- */

MgSaslPolicy mg_imap_policy_of(const MgImapSession *session);
void mg_imap_add_capabilities(MgImapSession *session, GString *out);
void mg_imap_do_capability(MgImapSession *session, MgImapReader *reader);
void mg_imap_do_login(MgImapSession *session, MgImapReader *reader);
void mg_imap_do_authenticate(MgImapSession *session, MgImapReader *reader);
void mg_imap_do_starttls(MgImapSession *session, MgImapReader *reader);
void mg_imap_got_secret(MgImapSession *session, const MgMailboxAnswer *answer);
/* A line of an exchange. Returns false if more is needed. */
bool mg_imap_read_auth_line(MgImapSession *session, MgSpan bytes);
void mg_imap_ask_secure(MgImapSession *session);
void mg_imap_secured(MgImapSession *session, const MgSecureAnswer *answer);

/* ---- imap-commands.c ---- */

void mg_imap_run_command(MgImapSession *session);

G_END_DECLS
