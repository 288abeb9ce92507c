/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-utf7.h - names of mailboxes in modified UTF-7 (RFC 3501 §5.1.3) */
#pragma once

#include <mailglass/engine.h>

G_BEGIN_DECLS

/* "받은편지함" → "&vBvHQNO4ycDVaA-". The name is UTF-8. */
void mg_imap_add_utf7(GString *out, const char *name);
/* (transfer full) (nullable) NULL if it is none: an "&" without its "-", base64 that is none or
 * stands for what could be written plainly, half of a surrogate, octets beyond ASCII. */
char *mg_imap_utf7_decode(MgSpan text);

G_END_DECLS
