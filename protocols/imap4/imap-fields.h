/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-fields.h - what the dissector can name: the tables of imap-fields.c, and their handles */
#pragma once

#include <mailglass/dissect.h>

G_BEGIN_DECLS

/* What a unit is, or answers: at most 64, for a unit's tag has six bits for it. */
typedef enum {
    IMAP_NONE, /* a line of the server's that answers nothing we know */
    IMAP_GREETING,
    IMAP_OTHER, /* a command of another name */
    IMAP_APPEND,
    IMAP_AUTHENTICATE,
    IMAP_CAPABILITY,
    IMAP_CHECK,
    IMAP_CLOSE,
    IMAP_COMPRESS,
    IMAP_COPY,
    IMAP_CREATE,
    IMAP_DELETE,
    IMAP_ENABLE,
    IMAP_EXAMINE,
    IMAP_EXPUNGE,
    IMAP_FETCH,
    IMAP_ID,
    IMAP_IDLE,
    IMAP_LIST,
    IMAP_LOGIN,
    IMAP_LOGOUT,
    IMAP_LSUB,
    IMAP_MOVE,
    IMAP_NAMESPACE,
    IMAP_NOOP,
    IMAP_RENAME,
    IMAP_SEARCH,
    IMAP_SELECT,
    IMAP_SORT,
    IMAP_STARTTLS,
    IMAP_STATUS,
    IMAP_STORE,
    IMAP_SUBSCRIBE,
    IMAP_THREAD,
    IMAP_UNSELECT,
    IMAP_UNSUBSCRIBE,
    IMAP_DONE,       /* ends IDLE; has no tag */
    IMAP_PASSWORD,   /* a literal, or what follows one: the password of LOGIN */
    IMAP_AUTH_DATA,  /* a line of the client's in an AUTHENTICATE exchange */
    IMAP_LETTER,     /* a literal, or what follows one: a whole message … */
    IMAP_HEADER,     /* … a message without its text … */
    IMAP_PART,       /* … something else of a message */
    IMAP_LITERAL,    /* "+": the literal may come */
    IMAP_DATA,       /* untagged data */
    IMAP_TLS,        /* octets after STARTTLS: not IMAP any more */
    IMAP_COMPRESSED, /* octets after COMPRESS: unreadable from outside */
    IMAP_N_WHATS
} ImapWhat;

enum {
    F_LINE,
    F_REQUEST,
    F_REQUEST_TAG,
    F_COMMAND,
    F_UID,
    F_FOLDER,
    F_FOLDER_NAME,
    F_USERNAME,
    F_PASSWORD,
    F_MECHANISM,
    F_AUTH_DATA,
    F_AUTH_DECODED,
    F_REFERENCE,
    F_PATTERN,
    F_SET,
    F_ITEM,
    F_SECTION,
    F_PARTIAL,
    F_STORE,
    F_SEARCH_KEY,
    F_SEARCH_VALUE,
    F_DATE,
    F_ARGUMENT,
    F_LITERAL,
    F_LETTER,
    F_PIECE,
    F_FLAG,
    F_RESPONSE,
    F_RESPONSE_TAG,
    F_STATUS,
    F_CODE,
    F_CODE_VALUE,
    F_TEXT,
    F_UNTAGGED,
    F_NUMBER,
    F_DATA_NAME,
    F_DATA_VALUE,
    F_CAPABILITY,
    F_RESULT,
    F_ATTRIBUTE,
    F_DELIMITER,
    F_MAILBOX,
    F_STATUS_ITEM,
    F_STATUS_VALUE,
    F_FETCH,
    F_FETCH_ITEM,
    F_FETCH_VALUE,
    F_ENVELOPE,
    F_ENV_DATE,
    F_ENV_SUBJECT,
    F_ENV_FROM,
    F_ENV_SENDER,
    F_ENV_REPLY_TO,
    F_ENV_TO,
    F_ENV_CC,
    F_ENV_BCC,
    F_ENV_IN_REPLY_TO,
    F_ENV_MESSAGE_ID,
    F_ADDRESS,
    F_ADDRESS_NAME,
    F_ADDRESS_ROUTE,
    F_ADDRESS_MAILBOX,
    F_ADDRESS_HOST,
    F_BODY,
    F_BODY_TYPE,
    F_BODY_SUBTYPE,
    F_BODY_PARAMETER,
    F_BODY_PARAMETER_NAME,
    F_BODY_PARAMETER_VALUE,
    F_BODY_ID,
    F_BODY_DESCRIPTION,
    F_BODY_ENCODING,
    F_BODY_OCTETS,
    F_BODY_LINES,
    F_BODY_MD5,
    F_BODY_DISPOSITION,
    F_BODY_LANGUAGE,
    F_BODY_LOCATION,
    F_TLS,
    F_COMPRESSED,
    MG_IMAP_N_FIELDS
};

extern const MgField mg_imap_fields[MG_IMAP_N_FIELDS];

/* (nullable) What a reply that is OK says in answer to this command, in plain words. */
const char *mg_imap_reply_say(ImapWhat command);
/* (nullable) What the server's "+" says in answer to this. */
const char *mg_imap_go_on_say(ImapWhat what);
/* What a unit without a word of its own says. */
extern const char mg_imap_say_letter[], mg_imap_say_piece[], mg_imap_say_auth[],
    mg_imap_say_password[], mg_imap_say_tls[], mg_imap_say_compressed[];

G_END_DECLS
