/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-session.h - one session of the server, shared by the files that make it
 *
 *      smtp-server.c    octets, asks and answers, time, the end: the engine
 *      smtp-commands.c  the table of commands, and the small ones
 *      smtp-envelope.c  MAIL and RCPT with their parameters
 *      smtp-take.c      the letter: DATA, BDAT, and what follows its end
 *      smtp-auth.c      AUTH: who the client is
 *      smtp-mischief.c  misbehaves as it is told to
 *      smtp-tls.c       STARTTLS, and TLS from the start
 *      smtp-rules.c     tables: states, rules, settings
 */
#pragma once

#include "outbox.h"
#include "sasl.h"
#include "smtp-address.h"
#include "smtp.h"

G_BEGIN_DECLS

/* The longest line of any command, with CR LF: that of AUTH (RFC 4954 §4). */
#define MG_SMTP_LINE_MAX (MG_SASL_LINE_MAX + 2)

/* What a session is doing. One pointer each: states are compared by it. */
extern const char MG_SMTP_CONNECTED[], MG_SMTP_REFUSED[], MG_SMTP_READY[], MG_SMTP_MAIL[],
    MG_SMTP_RECIPIENTS[], MG_SMTP_DATA[], MG_SMTP_CHUNK[], MG_SMTP_CHUNKS[], MG_SMTP_LOGIN[],
    MG_SMTP_SECURING[], MG_SMTP_CLOSED[];
extern const MgTransition mg_smtp_transitions[], mg_smtp_lmtp_transitions[];
extern const MgSettingRow mg_smtp_server_settings[], mg_smtp_lmtp_settings[];

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
    MG_SMTP_R_TWICE,
    MG_SMTP_R_XTEXT,
    MG_SMTP_R_BODY,
    MG_SMTP_R_8BIT,
    MG_SMTP_R_CHUNK_SIZE,
    MG_SMTP_R_CHUNK_ORDER,
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
    MG_SMTP_R_LOGIN,
    MG_SMTP_R_LOGINS,
    MG_SMTP_R_SENDER,
    MG_SMTP_R_OTHER_PROTOCOL,
    MG_SMTP_R_TLS_NEEDED,
    MG_SMTP_R_TLS_FAILED,
    MG_SMTP_R_TLS_INJECTED,
    MG_SMTP_R_LAX_END,
    MG_SMTP_R_MISCHIEF,
    MG_SMTP_R_SASL /* and those after it, in the order of MgSaslFault */
};
extern const MgRule mg_smtp_session_rules[];

/* What VRFY and EXPN tell (RFC 5321 §7.3). */
typedef enum {
    MG_SMTP_HIDE, /* 252: neither yes nor no */
    MG_SMTP_TELL,
    MG_SMTP_DENY /* 502: there is no such command here */
} MgSmtpTelling;

/* What ends a line. */
typedef enum {
    MG_SMTP_LINES_STRICT, /* CR LF; a lone CR or LF in a letter is refused */
    MG_SMTP_LINES_KEEP,   /* CR LF; in a letter the others are octets like any */
    MG_SMTP_LINES_LAX     /* LF, too */
} MgSmtpLines;

/* When a server may misbehave. */
typedef enum {
    MG_SMTP_AT_CONNECT,
    MG_SMTP_AT_HELO,
    MG_SMTP_AT_STARTTLS,
    MG_SMTP_AT_AUTH,
    MG_SMTP_AT_MAIL,
    MG_SMTP_AT_RCPT,
    MG_SMTP_AT_DATA,
    MG_SMTP_AT_LETTER, /* the letter has come, and no reply was given */
    MG_SMTP_AT_QUIT,
    MG_SMTP_N_MOMENTS /* also: none of them */
} MgSmtpMoment;

/* What the open ask is for, and so what goes on when it is answered. */
typedef enum {
    MG_SMTP_WAIT_NOTHING,
    MG_SMTP_WAIT_POLICY,  /* smtp.policy, at `stage` */
    MG_SMTP_WAIT_MAILBOX, /* mailbox FIND for the recipient … */
    MG_SMTP_WAIT_VERIFY,  /* … for VRFY or EXPN */
    MG_SMTP_WAIT_SECRET,  /* mailbox SECRET for who logs in */
    MG_SMTP_WAIT_ACCEPT,  /* mail.accept */
    MG_SMTP_WAIT_SECURE,  /* net.secure */
    MG_SMTP_WAIT_APPEND   /* LMTP: mailbox APPEND for recipient number `n_appended` */
} MgSmtpWait;

typedef struct MgSmtpMischief MgSmtpMischief;

/* An answer that is known before it can be said. */
typedef struct {
    unsigned rule, code;
    const char *enhanced, *text;
} MgSmtpRefusal;

typedef struct {
    MgEngine base;
    MgOutbox out;
    GString *in;    /* octets of the peer's that were not looked at yet … */
    size_t in_at;   /* … from here on */
    uint64_t taken; /* octets of the peer's that were consumed, in all */
    const char *state;
    MgTime now, heard;

    /* as the settings say */
    char *host, *peer, *domains, *relay_from, *aliases; /* aliases: (nullable) */
    char *mechanisms;                                   /* (nullable) of AUTH; NULL: all */
    MgPathRules path_rules;
    uint64_t size_max, seed;
    MgTime idle_max;
    int64_t epoch;
    unsigned stages, extensions, recipients_max, errors_max, text_line_max, command_line_max,
        logins_max;
    MgSmtpTelling vrfy, expn;
    MgSmtpLines lines;
    MgSmtpMischief *mischief; /* (nullable) the host's */
    bool magic;
    bool starttls_required, obeys_injected, asks_certificate;
    bool lmtp, submission, store, open_relay, help, auth_clear, require_auth, own_sender;

    /* TLS, if it is there */
    bool secure;
    char *tls; /* (nullable) "TLSv1.3 TLS_AES_256_GCM_SHA384" */
    MgSaslBinding binding;

    /* the login */
    MgSaslServer *sasl; /* (nullable) an exchange that is under way */
    uint64_t auth_seed;
    char *login; /* (nullable) who has logged in */

    /* the envelope */
    char *helo;              /* (nullable) */
    char *mail_from;         /* (nullable) */
    char *envid, *mail_auth; /* (nullable) */
    GPtrArray *recipients;   /* of char *; a NULL follows the last, for MgMail */
    GArray *wishes;          /* of MgMailWish, one for each of `recipients` */
    char *recipient;         /* (nullable) the one being judged … */
    MgMailWish wish;         /* … and what was asked for with it */
    MgBody body;
    MgRet ret;
    unsigned said; /* parameters of this command that were said, a bit a row */

    /* the letter */
    int data_fault; /* a rule, or -1 */
    bool lax_line;  /* its last line ended with a lone LF, and that was taken */
    GByteArray *data;
    size_t line_len;                    /* octets of the line that is coming in */
    uint64_t size;                      /* octets that came, kept or not */
    uint64_t chunk, chunk_left;         /* BDAT: octets of this piece, and those that are to come */
    size_t postmark;                    /* octets of the Received line that we put before it */
    const MgSmtpRefusal *chunk_refusal; /* (nullable) its octets are read and dropped */

    /* the open ask */
    union {
        MgPolicyQuestion policy;
        MgMailboxQuestion mailbox;
        MgAcceptQuestion accept;
        MgSecureQuestion secure;
    } question;
    MgTime asked;
    MgTime held_until; /* 0: nothing is held back; else the next command waits */
    MgSmtpWait wait;
    MgStage stage;
    MgAskId last_ask;
    unsigned n_appended;

    size_t line_used, shown; /* octets of `line`, and how many of them may stand in a note */
    size_t line_most;        /* octets that ever stood in it; behind them nothing is set */
    unsigned n_errors, n_logins;
    uint8_t last;      /* octet of the letter before the one to be looked at … */
    uint8_t skip_last; /* … and of a line that is too long */
    bool esmtp, tried_recipient, smtputf8;
    bool line_start, too_large, by_chunks, chunk_last, chunk_failed;
    bool skipping, ended, gone, closed;
    bool reads_utf8;             /* SMTPUTF8 was said with VRFY or EXPN */
    char line[MG_SMTP_LINE_MAX]; /* the command being looked at; notes point into it. It is long,
                                    and commands are short: so it is the last, and not cleared */
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

void mg_smtp_cancel(MgSmtpSession *session);
/* Asks smtp.policy if the settings name this stage; returns false if not, and life goes on. */
bool mg_smtp_ask_policy(MgSmtpSession *session, MgStage stage);
/* FIND for `recipient`, APPEND for recipient number `n_appended`. */
void mg_smtp_ask_mailbox(MgSmtpSession *session, MgSmtpWait wait);
void mg_smtp_ask_accept(MgSmtpSession *session);
void mg_smtp_ask_secure(MgSmtpSession *session);
/* The session begins: a policy is asked, or the greeting said. */
void mg_smtp_begin(MgSmtpSession *session);

/* ---- smtp-rules.c ---- */
/* Complains of words that mean nothing: who writes starttls=required must not get less. */
void mg_smtp_check_settings(const MgSettings *settings, GPtrArray *problems);
void mg_smtp_read_settings(MgSmtpSession *session, const MgSettings *settings);
/* How many octets a line may have that begins so: parameters of extensions need more room. */
size_t mg_smtp_line_max(const MgSmtpSession *session, MgSpan start);

/* ---- smtp-commands.c ---- */
void mg_smtp_run_command(MgSmtpSession *session, MgSpan line);
/* MG_SMTP_N_MOMENTS: of no command that a server could misbehave at. */
MgSmtpMoment mg_smtp_moment_of(MgSpan line);
/* The answer to a FIND for VRFY or EXPN; NULL: nobody could be asked. */
void mg_smtp_verified(MgSmtpSession *session, const MgMailboxAnswer *answer);
/* What follows a policy that has nothing against it. */
void mg_smtp_go_on(MgSmtpSession *session, MgStage stage);

/* ---- smtp-envelope.c ---- */
MgSpan mg_smtp_trim(MgSpan text);
void mg_smtp_forget_mail(MgSmtpSession *session);
void mg_smtp_forget_recipient(MgSmtpSession *session);
void mg_smtp_do_mail(MgSmtpSession *session, MgSpan argument);
void mg_smtp_do_rcpt(MgSmtpSession *session, MgSpan argument);
void mg_smtp_judge_recipient(MgSmtpSession *session);
void mg_smtp_mailbox_found(MgSmtpSession *session, const MgMailboxAnswer *answer);
bool mg_smtp_is_local(const MgSmtpSession *session, const char *recipient);
bool mg_smtp_may_relay(const MgSmtpSession *session);
/* A client that the server sends mail for, whatever a lesson has opened. */
bool mg_smtp_is_user(const MgSmtpSession *session);

/* ---- smtp-auth.c ---- */
/* "SCRAM-SHA-256 PLAIN"; false, and nothing is added, if nothing is offered. */
bool mg_smtp_auth_list(const MgSmtpSession *session, GString *out);
void mg_smtp_do_auth(MgSmtpSession *session, MgSpan argument);
/* A line of the exchange, without its end. */
void mg_smtp_auth_line(MgSmtpSession *session, MgSpan line);
/* The answer to SECRET; NULL: nobody could be asked. */
void mg_smtp_auth_secret(MgSmtpSession *session, const MgMailboxAnswer *answer);
/* Both answer the client where it may not. */
bool mg_smtp_must_log_in(MgSmtpSession *session);
bool mg_smtp_may_send_as(MgSmtpSession *session, const char *sender);

/* ---- smtp-mischief.c ---- */
/* Reads the setting again if it was changed since: what was counted begins anew. */
void mg_smtp_mischief_look(MgSmtpMischief *mischief, const MgSettings *settings);
void *mg_smtp_mischief_setup(const MgSettings *settings, GPtrArray *problems);
void mg_smtp_mischief_teardown(void *shared);
/* How long to wait before what comes now is done. */
MgTime mg_smtp_mischief_delay(MgSmtpSession *session, MgSmtpMoment at);
/* True: it was answered, or the server has hung up. */
bool mg_smtp_mischief(MgSmtpSession *session, MgSmtpMoment at);
/* The same for an address that says what it wants: 451@…, 550-full@…, drop@… */
bool mg_smtp_magic(MgSmtpSession *session);

/* ---- smtp-tls.c ---- */
void mg_smtp_do_starttls(MgSmtpSession *session, MgSpan argument);
/* NULL: nobody here can do TLS, or it took too long. */
void mg_smtp_secured(MgSmtpSession *session, const MgSecureAnswer *answer);
/* Answers the client where nothing is done for it without TLS. */
bool mg_smtp_must_secure(MgSmtpSession *session);

/* ---- smtp-take.c ---- */
void mg_smtp_do_data(MgSmtpSession *session, MgSpan argument);
void mg_smtp_do_bdat(MgSmtpSession *session, MgSpan argument);
/* Reads of the letter, or of the piece, what is there. Returns false when more is needed. */
bool mg_smtp_read_letter(MgSmtpSession *session);
/* One reply, or in LMTP one for each recipient (RFC 2033 §4.2); the mail is over. */
void mg_smtp_reply_to_letter(MgSmtpSession *session, unsigned code, const char *enhanced,
                             const char *text);
void mg_smtp_take_responsibility(MgSmtpSession *session);
/* `answer` NULL: the mailboxes could not be asked. */
void mg_smtp_appended(MgSmtpSession *session, const MgMailboxAnswer *answer);

G_END_DECLS
