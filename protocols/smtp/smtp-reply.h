/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-reply.h - a reply as the client reads it (RFC 5321 §4.2.1, RFC 2034 §4) */
#pragma once

#include <mailglass/base.h>

G_BEGIN_DECLS

/* RFC 5321 sets no limit to the lines of a reply; this is ours. */
#define MG_SMTP_REPLY_MAX 65536u

typedef enum {
    MG_REPLY_MORE,  /* not whole yet */
    MG_REPLY_WHOLE, /* `len` octets, one line or several */
    MG_REPLY_BROKEN /* this is not SMTP */
} MgReplyCut;

typedef struct {
    unsigned code;
    size_t len;        /* octets of all its lines */
    MgSpan enhanced;   /* "5.7.1"; empty without one */
    MgSpan first_text; /* of the first line, behind the enhanced code */
} MgSmtpReply;

/* All spans are in `bytes`. */
MgReplyCut mg_smtp_reply_cut(MgSpan bytes, MgSmtpReply *reply);

/* The text of the next line of a whole reply, without code and line end. `*at` begins at 0. */
bool mg_smtp_reply_line(MgSpan reply, size_t *at, MgSpan *text);

/* Octets of an enhanced status code with this class at the start of `text`; 0 if there is none. */
size_t mg_smtp_enhanced_len(MgSpan text, unsigned class_digit);

/* (transfer full) What it says, without its codes, cut to a few lines. Control characters and what
 * is not UTF-8 do not get into it, because it is shown, logged and put into bounces. */
char *mg_smtp_reply_text(MgSpan bytes, const MgSmtpReply *reply);

G_END_DECLS
