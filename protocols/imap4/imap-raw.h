/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-raw.h - fields of a letter as IMAP gives them: without folds and quotation marks, but not
 * decoded (RFC 3501 §7.4.2)
 */
#pragma once

#include "imap-string.h"
#include "message.h"

G_BEGIN_DECLS

/* (nullable) The first field of this name, unfolded, without space around it. */
GString *mg_imap_field_raw(const MgMessagePart *part, const char *name);

/* "((\"Name\" NIL \"mailbox\" \"host\")…)" of all fields of this name; false, and nothing, if there
 * is no address in them. */
bool mg_imap_add_addresses(const MgMessagePart *part, const char *name, bool utf8, GString *out);

/* "text/plain; charset=x": words as they are written; each is GString, nullable. */
typedef struct {
    GString *type, *subtype;
    GPtrArray *parameters; /* of GString: name, value, name … */
} MgImapContent;

void mg_imap_content_read(const MgMessagePart *part, const char *name, MgImapContent *content);
void mg_imap_content_clear(MgImapContent *content);

static inline MgSpan mg_imap_span(const GString *string)
{
    return string != NULL ? (MgSpan){(const uint8_t *)string->str, string->len} : (MgSpan){0};
}

G_END_DECLS
