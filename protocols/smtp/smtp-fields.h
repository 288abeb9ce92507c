/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-fields.h - what the dissector can name: the tables of smtp-fields.c, and their handles */
#pragma once

#include <mailglass/dissect.h>

G_BEGIN_DECLS

typedef enum {
    SMTP_NONE,     /* a reply to nothing we know */
    SMTP_GREETING, /* the server's first words */
    SMTP_HELO,
    SMTP_EHLO,
    SMTP_LHLO,
    SMTP_MAIL,
    SMTP_RCPT,
    SMTP_DATA,
    SMTP_MESSAGE, /* the letter, up to the final dot */
    SMTP_RSET,
    SMTP_NOOP,
    SMTP_QUIT,
    SMTP_VRFY,
    SMTP_EXPN,
    SMTP_HELP,
    SMTP_AUTH,
    SMTP_AUTH_DATA, /* a line of the client's that answers 334 */
    SMTP_STARTTLS,
    SMTP_BDAT,
    SMTP_OTHER,
    SMTP_TLS, /* octets after STARTTLS: not SMTP any more */
    SMTP_N_COMMANDS
} SmtpCommand;

enum {
    F_REQ,
    F_COMMAND_LINE,
    F_COMMAND,
    F_PARAMETER,
    F_HELO,
    F_REVERSE_PATH,
    F_FORWARD_PATH,
    F_NULL_PATH,
    F_SOURCE_ROUTE,
    F_LOCAL_PART,
    F_DOMAIN,
    F_ESMTP,
    F_ESMTP_KEYWORD,
    F_ESMTP_VALUE,
    F_ESMTP_DECODED,
    F_CHUNK_SIZE,
    F_CHUNK_LAST,
    F_STRING,
    F_AUTH_MECHANISM,
    F_AUTH_USERNAME,
    F_AUTH_PASSWORD,
    F_AUTH_BOTH,
    F_AUTH_DATA,
    F_AUTH_DECODED,
    F_RSP,
    F_RESPONSE,
    F_NEXT_LINE,
    F_CODE,
    F_CODE_AGAIN,
    F_MORE,
    F_RSP_PARAMETER,
    F_ENHANCED,
    F_CLASS,
    F_SUBJECT,
    F_DETAIL,
    F_SERVER_NAME,
    F_GREETING_TEXT,
    F_EXTENSION,
    F_EXTENSION_KEYWORD,
    F_EXTENSION_VALUE,
    F_TEXT,
    F_END_OF_LINE,
    F_MESSAGE,
    F_STUFFED,
    F_EOM,
    F_TLS,
    MG_SMTP_N_FIELDS
};

extern const MgField mg_smtp_fields[MG_SMTP_N_FIELDS];

/* (nullable) What a reply with this code says in answer to this command, in plain words. */
const char *mg_smtp_reply_say(SmtpCommand command, unsigned code);
/* What a unit without a verb says. */
extern const char mg_smtp_say_message[], mg_smtp_say_piece[], mg_smtp_say_last_piece[],
    mg_smtp_say_auth[], mg_smtp_say_tls[];

G_END_DECLS
