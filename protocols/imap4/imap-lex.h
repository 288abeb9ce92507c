/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-lex.h - where a command ends: lines with literals in them (RFC 3501 §4.3, RFC 7888) */
#pragma once

#include <mailglass/engine.h>

G_BEGIN_DECLS

typedef enum {
    MG_IMAP_CUT_MORE,     /* it is not whole yet */
    MG_IMAP_CUT_WHOLE,    /* `at` octets are it, with the line end */
    MG_IMAP_CUT_CONTINUE, /* the client waits for "+" before it sends a literal; then cut on */
    MG_IMAP_CUT_LONG,     /* its lines are longer than `lines_max` */
    MG_IMAP_CUT_BIG       /* the literal is larger than `literal_max` */
} MgImapCutResult;

typedef struct {
    size_t at;         /* octets of the command that were looked at */
    size_t lines;      /* of these, outside of literals */
    uint64_t literal;  /* octets of a literal that are still due */
    bool waits;        /* the literal that is too big: the client waits for "+" */
    bool bare_lf;      /* a line had no CR */
    size_t lines_max;  /* RFC 7162 §4: at least 8192 */
    uint64_t literals; /* octets of literals so far */
    uint64_t literal_max;
} MgImapCut;

/* `bytes` begin where the command begins. What was found is kept in `cut`; a new command begins
 * with all of it zero, but for the limits. */
MgImapCutResult mg_imap_cut(MgImapCut *cut, MgSpan bytes);

/* "{5}", "{5+}", "~{5}" at the end of a line without its line end. */
bool mg_imap_literal_at_end(MgSpan line, uint64_t *octets, bool *waits);

G_END_DECLS
