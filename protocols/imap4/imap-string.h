/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-string.h - the words of IMAP read and written: strings, numbers, sets (RFC 3501 §4, §9)
 *
 * A reader goes over the octets of one whole command, its literals in their places
 * ("{5}\r\nhello"). A function that returns false leaves it somewhere in what it could not read.
 */
#pragma once

#include <mailglass/engine.h>

G_BEGIN_DECLS

typedef struct {
    MgSpan text;
    size_t at;
} MgImapReader;

static inline bool mg_imap_read_end(const MgImapReader *reader)
{
    return reader->at >= reader->text.len;
}

/* 0 at the end. */
static inline uint8_t mg_imap_read_peek(const MgImapReader *reader)
{
    return reader->at < reader->text.len ? reader->text.data[reader->at] : 0;
}

/* Goes over `octet` if it is there. */
static inline bool mg_imap_read_octet(MgImapReader *reader, char octet)
{
    bool found = reader->at < reader->text.len && reader->text.data[reader->at] == (uint8_t)octet;
    reader->at += found;
    return found;
}

/* Goes over this word, in any case, if it is there and nothing of an atom follows it. */
bool mg_imap_read_word(MgImapReader *reader, const char *word);
/* An atom; "]" may be in it, as an astring allows. */
bool mg_imap_read_atom(MgImapReader *reader, MgSpan *atom);
/* An atom, a quoted string or a literal ({n}, {n+}, ~{n}), added to `out`. */
bool mg_imap_read_astring(MgImapReader *reader, GString *out);
/* {n} or {n+}: its octets stay where they are. */
bool mg_imap_read_literal(MgImapReader *reader, MgSpan *octets);
/* Digits, at most `max`. */
bool mg_imap_read_number(MgImapReader *reader, uint64_t max, uint64_t *out);

/* ---- sets ---- */

#define MG_IMAP_LAST 0u /* "*": the highest number there is */

typedef struct {
    uint32_t first, last; /* in any order; MG_IMAP_LAST */
} MgImapRange;

#define MG_IMAP_RANGES_MAX 10000u

/* "1:3,5,*" is added to `set`, a GArray of MgImapRange. */
bool mg_imap_read_set(MgImapReader *reader, GArray *set);
/* `last` is what "*" means; 0: nothing is there, then "*" is nobody. */
bool mg_imap_set_has(const GArray *set, uint32_t number, uint32_t last);
/* Ascending numbers as "1:3,5"; nothing for none. */
void mg_imap_add_set(GString *out, const uint32_t *numbers, size_t n_numbers);

/* ---- compared ---- */

/* (transfer full) Without case and without what is only another way to write the same (Unicode
 * casefold, NFKC): "STRASSE" of "straße". */
char *mg_imap_fold(const char *text);
/* (transfer full) What i;unicode-casemap compares octet by octet (RFC 5051 §2), to put in order. */
char *mg_imap_collate(const char *text);

/* ---- written ---- */

/* Quoted if it can be, else a literal. What is beyond ASCII is quoted only if `utf8` and it is
 * UTF-8 (RFC 6855 §3). */
void mg_imap_add_string(GString *out, MgSpan text, bool utf8);
/* As it is if it can be an atom. */
void mg_imap_add_astring(GString *out, const char *text);
/* `data` NULL is NIL. */
void mg_imap_add_nstring(GString *out, MgSpan text, bool utf8);
/* "{5}\r\nhello"; with `binary`, "~{5}\r\nhe\0lo" if there is a NUL (RFC 3516 §4.1). Else NUL,
 * which no literal may hold (RFC 3501 §9), becomes octet 0x80. */
void mg_imap_add_literal(GString *out, MgSpan octets, bool binary);

G_END_DECLS
