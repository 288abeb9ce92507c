/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-xtext.h - values of parameters that may hold any character (RFC 3461 §4) */
#pragma once

#include <mailglass/base.h>

G_BEGIN_DECLS

/* Appends what the xtext means: "+2B" is "+". Returns false where it is not xtext. */
bool mg_xtext_decode(MgSpan text, GString *out);
void mg_xtext_encode(const char *text, GString *out);

/* Can it be shown: no control characters, and ASCII or, if that is allowed, UTF-8? */
bool mg_xtext_is_printable(const char *text, bool utf8);

G_END_DECLS
