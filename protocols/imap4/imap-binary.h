/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-binary.h - letters with any octets in them (RFC 3516 §4.4) */
#pragma once

#include <mailglass/base.h>

G_BEGIN_DECLS

/* (transfer full) (nullable) The letter with base64 in the parts that are binary, so that BODY[1]
 * has no NUL in it; NULL if there is no such part. */
GString *mg_imap_encode_binary(MgSpan letter);

G_END_DECLS
