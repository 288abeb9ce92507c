/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pop3-session.h - the server's session, for the files that make it */
#pragma once

#include <mailglass/topics.h>

#include "outbox.h"
#include "pop3-auth.h"
#include "pop3.h"

G_BEGIN_DECLS

/* ---- pop3-rules.c ---- */

extern const char MG_POP3_AUTHORIZATION[], MG_POP3_SECURING[], MG_POP3_TRANSACTION[],
    MG_POP3_UPDATE[], MG_POP3_CLOSED[];
extern const MgTransition mg_pop3_transitions[];
extern const MgRule mg_pop3_session_rules[];
extern const MgSettingRow mg_pop3_server_settings[];

enum {
    MG_POP3_R_UNKNOWN,
    MG_POP3_R_STATE,
    MG_POP3_R_ARGUMENT,
    MG_POP3_R_LONG,
    MG_POP3_R_BARE_LF,
    MG_POP3_R_FLOOD,
    MG_POP3_R_CLEAR,
    MG_POP3_R_LOGIN,
    MG_POP3_R_LOCKED,
    MG_POP3_R_NO_QUIT,
    MG_POP3_R_AUTOLOGOUT,
    MG_POP3_R_TLS_NEEDED,
    MG_POP3_R_TLS_INJECTED,
    MG_POP3_R_TLS_FAILED,
    MG_POP3_R_SASL /* and those after it, in the order of MgSaslFault */
};

/* What the open ask is for. */
typedef enum {
    MG_POP3_WAIT_NOTHING,
    MG_POP3_WAIT_SECURE,
    MG_POP3_WAIT_SECRET,
    MG_POP3_WAIT_OPEN,
    MG_POP3_WAIT_READ,
    MG_POP3_WAIT_EXPUNGE,
    MG_POP3_WAIT_CLOSE
} MgPop3Wait;

typedef struct {
    uint32_t uid;
    bool deleted;
    size_t size;
} MgPop3Message;

typedef struct {
    MgEngine base;
    MgOutbox out;
    GString *in;
    size_t in_at;   /* octets of `in` that were consumed */
    uint64_t taken; /* octets of the peer's that were consumed, in all */
    const char *state;
    char *host, *timestamp; /* timestamp: (nullable) as in the greeting, with its brackets */
    char *user;             /* (nullable) */
    char secret[MG_POP3_COMMAND_MAX + 1]; /* what PASS or APOP brought; wiped when answered */
    GArray *messages;                     /* of MgPop3Message */
    size_t n_deleted;
    uint32_t validity;
    MgTime heard, idle_max, asked;
    MgAskId last_ask;
    MgPop3Wait wait;
    MgMailboxQuestion question;
    uint32_t *uids;                     /* of EXPUNGE */
    char line[MG_POP3_COMMAND_MAX + 1]; /* the command being looked at; notes point into it */
    GString *body;                      /* the message being sent */
    size_t body_at;
    uint64_t top; /* lines still to send of a TOP's body; UINT64_MAX for RETR */
    bool in_body, at_line_start, in_header;
    unsigned n_logins;
    char *mechanisms;   /* (nullable) which of SASL are offered; NULL: all */
    MgSaslServer *sasl; /* (nullable) an exchange of AUTH */
    uint64_t seed;
    int64_t epoch;
    bool auth, auth_clear, in_auth; /* in_auth: a line of the exchange comes next */
    MgSaslBinding binding;
    MgSecureQuestion secure_question;
    char *tls; /* (nullable) its version and cipher */
    bool stls, stls_required, secure;
    bool open, apop, quitting, skipping, gone, ended, closed, finished, cancel;
} MgPop3Session;

/* ---- pop3-server.c ---- */

/* A line of a reply. */
void mg_pop3_say(MgPop3Session *session, const char *format, ...) G_GNUC_PRINTF(2, 3);
void mg_pop3_note(MgPop3Session *session, unsigned rule, MgSpan where);
void mg_pop3_enter(MgPop3Session *session, const char *state);
void mg_pop3_ask(MgPop3Session *session, MgPop3Wait wait, MgMailboxOp op);
void mg_pop3_finish(MgPop3Session *session);
void mg_pop3_greet(MgPop3Session *session);

static inline MgSpan mg_pop3_no_bytes(void)
{
    return (MgSpan){NULL, 0};
}

/* ---- pop3-login.c: USER, PASS, APOP, AUTH ---- */

MgSaslPolicy mg_pop3_policy_of(const MgPop3Session *session);
void mg_pop3_do_user(MgPop3Session *session, char **arguments, size_t n);
void mg_pop3_do_pass(MgPop3Session *session, char **arguments, size_t n);
void mg_pop3_do_apop(MgPop3Session *session, char **arguments, size_t n);
void mg_pop3_do_auth(MgPop3Session *session, char **arguments, size_t n);
void mg_pop3_got_secret(MgPop3Session *session, const MgMailboxAnswer *answer);
void mg_pop3_opened(MgPop3Session *session, const MgMailboxAnswer *answer);
/* A line of an exchange. Returns false if more is needed. */
bool mg_pop3_read_auth_line(MgPop3Session *session, const uint8_t *start, size_t len);

/* ---- pop3-tls.c ---- */

void mg_pop3_do_stls(MgPop3Session *session, char **arguments, size_t n);
void mg_pop3_ask_secure(MgPop3Session *session);
void mg_pop3_secured(MgPop3Session *session, const MgSecureAnswer *answer);
bool mg_pop3_must_secure(const MgPop3Session *session);

/* ---- pop3-commands.c: the maildrop, and the table of commands ---- */

size_t mg_pop3_n_left(const MgPop3Session *session);
size_t mg_pop3_total_size(const MgPop3Session *session);
const char *mg_pop3_plural(size_t n);
void mg_pop3_run_command(MgPop3Session *session, char *line, MgSpan where);
void mg_pop3_was_read(MgPop3Session *session, const MgMailboxAnswer *answer);
void mg_pop3_expunged(MgPop3Session *session, const MgMailboxAnswer *answer);
/* The next piece of the message that is on its way. */
void mg_pop3_send_piece(MgPop3Session *session);

G_END_DECLS
