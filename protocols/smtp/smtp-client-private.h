/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-client-private.h - one session of the client, shared by smtp-client.c (replies, time, the
 * answer) and smtp-client-say.c (what it says: the envelope and the letter); nobody else includes
 * it
 */
#pragma once

#include "outbox.h"
#include "sasl.h"
#include "smtp-reply.h"
#include "smtp.h"

G_BEGIN_DECLS

extern const char MG_CLIENT_CONNECTING[], MG_CLIENT_GREETING[], MG_CLIENT_HELLO[],
    MG_CLIENT_SECURING[], MG_CLIENT_LOGIN[], MG_CLIENT_ENVELOPE[], MG_CLIENT_MESSAGE[],
    MG_CLIENT_QUITTING[], MG_CLIENT_CLOSED[];

enum {
    MG_CLIENT_R_REPLY,
    MG_CLIENT_R_TIMEOUT,
    MG_CLIENT_R_LOST,
    MG_CLIENT_R_HELO,
    MG_CLIENT_R_SIZE,
    MG_CLIENT_R_8BIT,
    MG_CLIENT_R_UTF8,
    MG_CLIENT_R_BINARY,
    MG_CLIENT_R_DSN,
    MG_CLIENT_R_ADDRESS,
    MG_CLIENT_R_EMPTY,
    MG_CLIENT_R_NO_TLS,
    MG_CLIENT_R_TLS_MISSING,
    MG_CLIENT_R_TLS_FAILED,
    MG_CLIENT_R_NOT_VERIFIED,
    MG_CLIENT_R_INJECTED,
    MG_CLIENT_R_SASL /* and those after it, in the order of MgSaslFault */
};

/* RFC 5321 §4.5.3.2: how long the server may take for an answer. */
typedef enum {
    MG_CLIENT_T_GREETING,
    MG_CLIENT_T_COMMAND, /* EHLO, QUIT */
    MG_CLIENT_T_MAIL,
    MG_CLIENT_T_RCPT,
    MG_CLIENT_T_DATA,
    MG_CLIENT_T_BLOCK, /* a piece that is not the last */
    MG_CLIENT_T_DOT,
    MG_CLIENT_N_TIMES
} MgClientTime;

/* What is wanted of TLS. */
typedef enum { MG_CLIENT_TLS_NO, MG_CLIENT_TLS_TRY, MG_CLIENT_TLS_REQUIRE } MgClientTls;

typedef struct {
    MgEngine base;
    MgOutbox out;
    GString *in;
    size_t in_at;
    uint64_t taken; /* octets of the server's that were looked at, in all */
    const char *state;
    GStringChunk *strings; /* everything that the question and the verdicts point to */
    const char *address, *helo, *server;
    uint16_t port;
    bool lmtp, pipelining, chunking, keeps_lines;
    size_t chunk_size;
    MgTime times[MG_CLIENT_N_TIMES];

    MgMail mail; /* what was said with the envelope; its recipients and letter are below */
    const char *mail_from;
    const char **recipients;
    MgMailWish *wishes;
    MgVerdict *verdicts;
    bool *accepted;
    size_t n_recipients, n_accepted;
    size_t *steps; /* recipients that are said, in order: some cannot be */
    size_t n_steps;
    GByteArray *letter;
    GString *stuffed; /* (nullable) the letter as it is sent, where it is not the same */

    MgSaslClient *sasl;      /* (nullable) who we are, if we are to log in */
    MgSaslFault login_fault; /* why the client has ended a login itself */
    char *mechanisms;        /* that the server offers */
    bool may_skip_login, logged_in;

    MgClientTls tls;
    bool tls_from_start, secure, verified, tls_failed;
    MgConnectQuestion connect_question;
    MgSecureQuestion secure_question;

    unsigned offers;
    bool esmtp, tried_ehlo, eight_bit, binary, utf8, by_chunks, mail_refused;
    uint64_t size_max;
    size_t sent, done; /* steps of the envelope: sent, answered */
    size_t letter_at;  /* octets that were sent in pieces */
    size_t n_pieces;   /* that are sent and not answered */
    bool piece_refused;
    size_t reply_of; /* MESSAGE: recipient whose reply is next (LMTP) */
    MgAskId last_ask;
    bool asking;
    MgSendAnswer answer;
    MgTime now, due;
    bool delivered, ended, closed;
} MgSmtpClient;

/* ---- smtp-client.c ---- */
void mg_client_enter(MgSmtpClient *client, const char *state);
void mg_client_note(MgSmtpClient *client, unsigned rule);
/* Only where there is none yet. */
void mg_client_set_verdict(MgSmtpClient *client, size_t recipient, MgVerdict verdict);
void mg_client_set_verdicts(MgSmtpClient *client, MgVerdict verdict);
void mg_client_quit(MgSmtpClient *client);

/* EHLO; what the server has offered before does not count any more. */
void mg_client_say_hello(MgSmtpClient *client);
/* The server has said what it can do, and TLS is settled: a login, or the mail. */
void mg_client_greeted(MgSmtpClient *client);
void mg_client_finish(MgSmtpClient *client);
void mg_client_deliver(MgSmtpClient *client, MgReach reach, bool lost);

/* ---- smtp-client-tls.c ---- */
void mg_client_read_tls(MgSmtpClient *client, const MgSettings *settings, MgSendTls wish);
/* Says STARTTLS, or gives all up; false: the mail goes on as the connection is. */
bool mg_client_secure(MgSmtpClient *client);
void mg_client_starttls_answered(MgSmtpClient *client, MgVerdict verdict);
void mg_client_ask_secure(MgSmtpClient *client);
/* NULL: nobody here can do TLS, or it took too long. */
void mg_client_secured(MgSmtpClient *client, const MgSecureAnswer *answer);

/* ---- smtp-client-auth.c ---- */
void mg_client_read_auth(MgSmtpClient *client, const MgBirth *birth);
/* Begins a login, or gives all up; false: the mail goes without. */
bool mg_client_log_in(MgSmtpClient *client);
void mg_client_login_answered(MgSmtpClient *client, MgSpan reply, MgVerdict verdict);

/* ---- smtp-client-say.c ---- */
/* Reads of the question what was said with the envelope. */
void mg_client_take_mail(MgSmtpClient *client, const MgMail *mail);
/* The server has said what it can do. */
void mg_client_begin_envelope(MgSmtpClient *client);
/* Sends what may be sent now, or goes to the end when there is nothing more to say. */
void mg_client_go_on(MgSmtpClient *client);
/* DATA was answered with 354. */
void mg_client_send_letter(MgSmtpClient *client);
/* The next piece, or all that are left. */
void mg_client_send_pieces(MgSmtpClient *client);
/* Steps of the envelope: MAIL is 0, then recipients, then DATA, unless it is sent in pieces. */
static inline size_t mg_client_step_data(const MgSmtpClient *client)
{
    return client->n_steps + 1;
}

G_END_DECLS
