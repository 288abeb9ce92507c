/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-letter.h - what is done to a letter on its way: line ends, dots, header lines
 */
#pragma once

#include <mailglass/base.h>

G_BEGIN_DECLS

/* (transfer full) A copy whose every line ends with CR LF. A lone CR or LF becomes a line end. */
GByteArray *mg_letter_copy(MgSpan letter);

/* The setting of whoever copies a letter: is that done? */
#define MG_SMTP_LINE_ENDS_ROW                                                                      \
    {                                                                                              \
        "line-ends", MG_SETTING_TEXT, "strict",                                                    \
            N_("What becomes of a lone CR or LF in a letter that is sent: strict makes a line "    \
               "end "                                                                              \
               "of it; keep sends it as it is, as a careless server does.")                        \
    }
bool mg_letter_keeps_line_ends(const MgSettings *settings);

/* Makes the last line whole. */
void mg_letter_end_line(GByteArray *letter);

/* Is there a line that begins with a dot? Only CR LF ends a line. */
bool mg_letter_needs_stuffing(MgSpan letter);
/* Appends it with a dot before each line that begins with one (RFC 5321 §4.5.2). */
void mg_letter_stuff(MgSpan letter, GString *out);

bool mg_letter_has_8bit(MgSpan letter);

/* Octets of the header, without the empty line. */
size_t mg_letter_header_len(MgSpan letter);
/* How many header lines have this name; `name` without colon. */
unsigned mg_letter_count(MgSpan letter, const char *name);
/* Has one of them this value (compared without case)? */
bool mg_letter_has(MgSpan letter, const char *name, const char *value);
/* The unfolded-as-is value of the first; empty if there is none. */
MgSpan mg_letter_value(MgSpan letter, const char *name);

G_END_DECLS
