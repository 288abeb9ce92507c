/* SPDX-License-Identifier: GPL-3.0-or-later */
/* letter.h - a letter written by hand, as a message in the format that mail programs make */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    const char *from, *to, *subject, *text; /* UTF-8; `to` as in the header */
    gint64 date;                            /* Unix time */
    guint64 number;                         /* makes its Message-ID another than the others' */
} MgLetter;

/* (transfer full) Lines end with CR LF. Without ASCII alone, the subject is encoded words (RFC
 * 2047) and the text base64 (RFC 2045), so that every server takes it. */
GBytes *mg_letter_write(const MgLetter *letter);

G_END_DECLS
