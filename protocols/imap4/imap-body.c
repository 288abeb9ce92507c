/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-body.c - ENVELOPE, BODY, BODYSTRUCTURE (RFC 3501 §7.4.2) */
#include "imap-body.h"

void mg_imap_add_envelope(const MgMessage *message, bool utf8, GString *out)
{
}
void mg_imap_add_body(const MgMessage *message, bool extended, bool utf8, GString *out)
{
}
