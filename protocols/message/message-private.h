/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message-private.h - what the files of this folder share: encodings, rules, writing */
#pragma once

#include "message-scan.h"

G_BEGIN_DECLS

/* Index of mg_message_rules. */
typedef enum {
    MG_MESSAGE_BARE_LF,
    MG_MESSAGE_LONG_LINE,
    MG_MESSAGE_NUL,
    MG_MESSAGE_MBOX_FROM,
    MG_MESSAGE_NO_COLON,
    MG_MESSAGE_NO_BLANK_LINE,
    MG_MESSAGE_RAW_OCTETS,
    MG_MESSAGE_FIELD_REPEATED,
    MG_MESSAGE_FROM_MISSING,
    MG_MESSAGE_DATE_MISSING,
    MG_MESSAGE_DATE_BAD,
    MG_MESSAGE_NO_MIME_VERSION,
    MG_MESSAGE_TYPE_BAD,
    MG_MESSAGE_NO_BOUNDARY,
    MG_MESSAGE_BOUNDARY_LONG,
    MG_MESSAGE_NO_PARTS,
    MG_MESSAGE_NOT_CLOSED,
    MG_MESSAGE_ENCODED_COMPOSITE,
    MG_MESSAGE_ENCODING_UNKNOWN,
    MG_MESSAGE_BASE64_BROKEN,
    MG_MESSAGE_BASE64_NOT,
    MG_MESSAGE_QP_BROKEN,
    MG_MESSAGE_CHARSET_UNKNOWN,
    MG_MESSAGE_CHARSET_BROKEN,
    MG_MESSAGE_TOO_DEEP,
    MG_MESSAGE_TOO_MANY_PARTS,
    MG_MESSAGE_HEADER_LARGE,
    MG_MESSAGE_N_RULES
} MgMessageRuleAt;

void mg_message_note(const MgMessagePart *part, MgMessageRuleAt rule, MgMessageRange where);

/* ---- transfer encodings (RFC 2045 §6) ---- */

typedef enum {
    MG_DECODED_WELL,
    MG_DECODED_PARTLY, /* something was left out or taken as it is */
    MG_DECODED_NOT     /* it is no such encoding: nothing was added */
} MgDecoded;

MgDecoded mg_message_decode_base64(MgSpan in, GByteArray *out);
MgDecoded mg_message_decode_quoted(MgSpan in, GByteArray *out);
/* RFC 2047 §4.2: "_" is a space. */
MgDecoded mg_message_decode_q(MgSpan in, GByteArray *out);
/* "%F6" (RFC 2231 §4) */
void mg_message_decode_percent(MgSpan in, GByteArray *out);
/* Lines of 76 with CR LF, the last one, too. */
void mg_message_encode_base64(MgSpan in, GString *out);
/* Of text whose lines end with CR LF. */
void mg_message_encode_quoted(MgSpan in, GString *out);

/* ---- fields ---- */

/* "text/plain; charset=utf-8", "attachment; filename=x". `subtype` NULL: there is none. Values are
 * kept in `strings`. */
void mg_message_parse_content(MgSpan raw, GStringChunk *strings, const char **type,
                              const char **subtype, GArray *parameters);
const char *mg_message_parameter(const GArray *parameters, const char *name);

/* ---- writing ---- */

/* "Subject: …" folded, with encoded words where they are needed (RFC 2047 §5), and CR LF. */
void mg_message_add_field(GString *out, const char *name, const char *text);
void mg_message_add_people(GString *out, const char *name, const MgMessagePerson *people,
                           size_t n_people);
/* "; filename=…" on a line of its own (RFC 2231). */
void mg_message_add_parameter(GString *out, const char *name, const char *value);

G_END_DECLS
