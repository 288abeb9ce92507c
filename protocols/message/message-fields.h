/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message-fields.h - what the dissectors of letters can name: handles of message-fields.c */
#pragma once

#include <mailglass/dissect.h>

G_BEGIN_DECLS

enum {
    F_HEADER,
    F_FIELD,
    F_NAME,
    F_END_OF_LINE,
    F_HEADER_END,
    F_BODY,
    F_TEXT,
    F_SIZE,
    F_INNER,
    F_WORD,
    F_WORD_CHARSET,
    F_WORD_ENCODING,
    F_WORD_TEXT,
    F_GROUP,
    F_MAILBOX,
    F_DISPLAY_NAME,
    F_ADDRESS,
    F_LOCAL_PART,
    F_DOMAIN,
    F_TIME,
    F_TYPE_TYPE,
    F_PARAMETERS,
    F_PARAMETER,
    F_PARAMETER_NAME,
    F_PARAMETER_VALUE,
    F_PARAMETER_DECODED,
    F_DISPOSITION_TYPE,
    F_RECEIVED_FROM,
    F_RECEIVED_BY,
    F_RECEIVED_VIA,
    F_RECEIVED_WITH,
    F_RECEIVED_ID,
    F_RECEIVED_FOR,
    F_RECEIVED_DATE,
    F_DATE, /* from here on: header fields, in the order of mg_imf_headers */
    F_FROM,
    F_SENDER,
    F_REPLY_TO,
    F_TO,
    F_CC,
    F_BCC,
    F_MESSAGE_ID,
    F_IN_REPLY_TO,
    F_REFERENCES,
    F_SUBJECT,
    F_COMMENTS,
    F_KEYWORDS,
    F_RESENT_DATE,
    F_RESENT_FROM,
    F_RESENT_SENDER,
    F_RESENT_TO,
    F_RESENT_CC,
    F_RESENT_BCC,
    F_RESENT_MESSAGE_ID,
    F_RETURN_PATH,
    F_RECEIVED,
    F_MIME_VERSION,
    F_CONTENT_TYPE,
    F_CONTENT_ENCODING,
    F_CONTENT_ID,
    F_CONTENT_DESCRIPTION,
    F_CONTENT_DISPOSITION,
    F_CONTENT_LANGUAGE,
    F_USER_AGENT,
    F_AUTO_SUBMITTED,
    F_DELIVERED_TO,
    F_IMPORTANCE,
    F_PRIORITY,
    F_PRECEDENCE,
    F_EXTENSION,
    IMF_N_FIELDS
};

/* Of the dissector of parts. It is only used through mg_tree_nest(), with the handle as its tag. */
enum {
    M_PARTS,
    M_PREAMBLE,
    M_FIRST_BOUNDARY,
    M_BOUNDARY,
    M_LAST_BOUNDARY,
    M_TRAILER,
    M_PART,
    M_CONTENT_TYPE,
    M_CONTENT_ENCODING,
    M_CONTENT_ID,
    M_CONTENT_DESCRIPTION,
    M_CONTENT_DISPOSITION,
    M_CONTENT_LANGUAGE,
    MIME_N_FIELDS
};

extern const MgField mg_imf_fields[IMF_N_FIELDS], mg_mime_fields[MIME_N_FIELDS];

/* What is inside a header field's value. */
typedef enum { IS_TEXT, IS_PEOPLE, IS_DATE, IS_TYPE, IS_DISPOSITION, IS_RECEIVED } ImfValue;

typedef struct {
    const char *name;
    ImfValue value;
    unsigned in_part; /* its field where it is a part's (RFC 2045 §3), if not 0 */
} ImfHeader;

/* For the fields from F_DATE to F_PRECEDENCE. */
extern const ImfHeader mg_imf_headers[F_EXTENSION - F_DATE];

G_END_DECLS
