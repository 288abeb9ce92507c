/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-session.h - one session of the server, shared by smtp-server.c (octets, asks, the end) and
 * smtp-commands.c (the table of commands); nobody else includes it
 */
#pragma once

#include "outbox.h"
#include "smtp.h"

G_BEGIN_DECLS

/* What a session is doing. One pointer each: states are compared by it. */
extern const char MG_SMTP_CONNECTED[], MG_SMTP_REFUSED[], MG_SMTP_READY[], MG_SMTP_MAIL[],
    MG_SMTP_RECIPIENTS[], MG_SMTP_DATA[], MG_SMTP_CLOSED[];

enum {
    MG_SMTP_R_BARE_LF,
    MG_SMTP_R_BARE_CR,
    MG_SMTP_R_LINE_LONG,
    MG_SMTP_R_TEXT_LONG,
    MG_SMTP_R_UNKNOWN,
    MG_SMTP_R_NOT_HERE,
    MG_SMTP_R_ORDER,
    MG_SMTP_R_ARGUMENT,
    MG_SMTP_R_PARAMETER,
    MG_SMTP_R_HELO,
    MG_SMTP_R_PATH,
    MG_SMTP_R_NOT_ASCII,
    MG_SMTP_R_SPACE,
    MG_SMTP_R_BRACKETS,
    MG_SMTP_R_ROUTE,
    MG_SMTP_R_RELAY,
    MG_SMTP_R_NO_MAILBOX,
    MG_SMTP_R_MANY,
    MG_SMTP_R_SIZE,
    MG_SMTP_R_POLICY,
    MG_SMTP_R_EARLY_END,
    MG_SMTP_R_TIMEOUT,
    MG_SMTP_R_ASK_TIMEOUT,
    MG_SMTP_R_FLOOD,
    MG_SMTP_R_ERRORS,
    MG_SMTP_R_OTHER_PROTOCOL,
    MG_SMTP_N_RULES
};
extern const MgRule mg_smtp_session_rules[];

enum {
    MG_SMTP_X_PIPELINING = 1 << 0,
    MG_SMTP_X_SIZE = 1 << 1,
    MG_SMTP_X_8BITMIME = 1 << 2,
    MG_SMTP_X_ENHANCED = 1 << 3,
};

/* What the open ask is for, and so what goes on when it is answered. */
typedef enum {
    MG_SMTP_WAIT_NOTHING,
    MG_SMTP_WAIT_POLICY,  /* smtp.policy, at `stage` */
    MG_SMTP_WAIT_MAILBOX, /* mailbox FIND for the recipient */
    MG_SMTP_WAIT_ACCEPT,  /* mail.accept */
    MG_SMTP_WAIT_APPEND   /* LMTP: mailbox APPEND for recipient number `n_appended` */
} MgSmtpWait;

typedef struct {
    MgEngine base;
    MgOutbox out;
    GString *in;    /* octets of the peer's that were not looked at yet … */
    size_t in_at;   /* … from here on */
    uint64_t taken; /* octets of the peer's that were consumed, in all */
    const char *state;
    bool lmtp, submission, store, open_relay;

    /* as the settings say */
    char *host, *peer, *domains, *relay_from;
    unsigned stages, extensions, recipients_max, errors_max, text_line_max;
    uint64_t size_max;
    MgTime idle_max;
    int64_t epoch;
    uint64_t seed;

    /* the envelope */
    char *helo; /* (nullable) */
    bool esmtp, tried_recipient;
    char *mail_from;       /* (nullable) */
    GPtrArray *recipients; /* of char *; a NULL follows the last, for MgMail */
    char *recipient;       /* (nullable) the one being judged */

    /* the letter */
    GByteArray *data;
    size_t line_len; /* octets of the line that is coming in */
    uint64_t size;   /* octets that came, kept or not */
    uint8_t last;    /* octet before the one to be looked at */
    bool line_start;
    int data_fault; /* a rule, or -1 */
    bool too_large;

    /* the open ask */
    MgSmtpWait wait;
    MgStage stage;
    MgAskId last_ask;
    MgTime asked;
    union {
        MgPolicyQuestion policy;
        MgMailboxQuestion mailbox;
        MgAcceptQuestion accept;
    } question;
    unsigned n_appended;

    MgTime now, heard;
    char line[MG_SMTP_COMMAND_LINE_MAX]; /* the command being looked at; notes point into it */
    size_t line_used;
    uint8_t skip_last;
    unsigned n_errors;
    bool skipping, ended, gone, closed;
} MgSmtpSession;

/* `enhanced` (nullable) is left out where ENHANCEDSTATUSCODES is off. `text` is printf's. */
void mg_smtp_reply(MgSmtpSession *session, unsigned code, const char *enhanced, const char *format,
                   ...) G_GNUC_PRINTF(4, 5);
void mg_smtp_note(MgSmtpSession *session, unsigned rule, MgSpan where);
/* Both, and one error more on the account of the client. */
void mg_smtp_refuse(MgSmtpSession *session, unsigned rule, unsigned code, const char *enhanced,
                    const char *text);
void mg_smtp_enter(MgSmtpSession *session, const char *state);
/* The whole line being looked at. */
MgSpan mg_smtp_line(const MgSmtpSession *session);
void mg_smtp_finish(MgSmtpSession *session);

/* Asks smtp.policy if the settings name this stage; returns false if not, and life goes on. */
bool mg_smtp_ask_policy(MgSmtpSession *session, MgStage stage);
void mg_smtp_ask_mailbox(MgSmtpSession *session, MgMailboxOp op);

/* ---- smtp-commands.c ---- */
void mg_smtp_run_command(MgSmtpSession *session, MgSpan line);
void mg_smtp_forget_mail(MgSmtpSession *session);
/* What follows a policy that has nothing against it. */
void mg_smtp_go_on(MgSmtpSession *session, MgStage stage);
void mg_smtp_mailbox_found(MgSmtpSession *session, const MgMailboxAnswer *answer);
bool mg_smtp_is_local(const MgSmtpSession *session, const char *recipient);

G_END_DECLS
