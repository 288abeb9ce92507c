/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-address.h - paths and mailboxes (RFC 5321 §4.1.2) */
#pragma once

#include <mailglass/base.h>

G_BEGIN_DECLS

/* What is odd or wrong about a path. The first bad one wins. */
typedef enum {
    MG_PATH_GOOD,
    MG_PATH_EMPTY,    /* nothing there */
    MG_PATH_SYNTAX,   /* not a mailbox */
    MG_PATH_TOO_LONG, /* RFC 5321 §4.5.3.1 */
    MG_PATH_NOT_ASCII /* wants SMTPUTF8 (RFC 6531) */
} MgPathFault;

typedef struct {
    MgPathFault fault;
    MgSpan mailbox;   /* "bob@example.net" without brackets and route; empty: the null path */
    size_t local_len; /* octets of the mailbox before the @; all of them if there is none */
    MgSpan route;     /* "@a.example,@b.example" of a source route; empty without one */
    bool space, bare; /* a space before it; no angle brackets */
    size_t len;       /* octets of the text that the path takes, spaces before it too */
} MgPath;

/* How long things may be, in octets, and whether they may hold more than ASCII. */
typedef struct {
    size_t local_max, domain_max, path_max;
    bool utf8;
} MgPathRules;
extern const MgPathRules mg_path_rules; /* RFC 5321 §4.5.3.1 */

/* Reads a path at the start of `text`, up to the space or end after it. All spans are in `text`. */
void mg_path_parse(MgSpan text, const MgPathRules *rules, MgPath *path);

/* Is all of `text` a Domain or an address-literal? */
bool mg_smtp_is_domain(MgSpan text);

bool mg_smtp_is_ascii(MgSpan text);

/* (transfer full) The domain as the DNS knows it: "xn--…" for letters beyond ASCII (RFC 5890);
 * NULL if it has no such form. */
char *mg_smtp_ascii_domain(MgSpan domain);

/* What is after the last @ that is not in quotes; empty if there is none. */
MgSpan mg_smtp_domain_of(const char *mailbox);

G_END_DECLS
