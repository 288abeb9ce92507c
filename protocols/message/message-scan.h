/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message-scan.h - reading a field by hand: comments, quoted strings, charsets. For protocols that
 * have to see how a field was written, and not only what it says */
#pragma once

#include "message.h"

G_BEGIN_DECLS

/* ---- scanning a structured field (RFC 5322 §3.2) ---- */

typedef struct {
    MgSpan text;
    size_t at;
} MgMessageScan;

static inline bool mg_message_is_space(uint8_t octet)
{
    return octet == ' ' || octet == '\t' || octet == '\r' || octet == '\n';
}

static inline bool mg_message_scan_end(const MgMessageScan *scan)
{
    return scan->at >= scan->text.len;
}

/* 0 at the end: no caller cares for NUL. */
static inline uint8_t mg_message_scan_peek(const MgMessageScan *scan)
{
    return scan->at < scan->text.len ? scan->text.data[scan->at] : 0;
}

void mg_message_scan_spaces(MgMessageScan *scan);
/* At "(": its text without the parentheses around it is added to `out` (nullable). */
void mg_message_scan_comment(MgMessageScan *scan, GString *out);
/* At a quotation mark: what is quoted, without backslashes. A missing end is the end of the field.
 */
void mg_message_scan_quoted(MgMessageScan *scan, GString *out);
void mg_message_scan_cfws(MgMessageScan *scan);
/* At "=?": how long the encoded word there is; 0 if there is none (RFC 2047 §2). */
size_t mg_message_word_length(MgSpan text);

/* ---- charsets ---- */

/* Adds it as UTF-8; what is no character is U+FFFD. */
typedef enum { MG_CHARSET_WELL, MG_CHARSET_BROKEN, MG_CHARSET_UNKNOWN } MgCharsetResult;
MgCharsetResult mg_message_to_utf8(MgSpan in, const char *charset, GString *out);
/* NUL becomes U+FFFD, too: for strings. True if nothing had to be changed. */
bool mg_message_add_utf8(MgSpan in, bool keep_nul, GString *out);

G_END_DECLS
