/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-search-private.h - the tree of a SEARCH program: between who reads it and who matches it */
#pragma once

#include "imap-search.h"

G_BEGIN_DECLS

typedef enum {
    MG_IMAP_KEY_ALL,
    MG_IMAP_KEY_AND, /* of its parts */
    MG_IMAP_KEY_OR,
    MG_IMAP_KEY_NUMBER,
    MG_IMAP_KEY_UID,
    MG_IMAP_KEY_SAVED,
    MG_IMAP_KEY_FLAG,
    MG_IMAP_KEY_RECENT,
    MG_IMAP_KEY_NEW, /* RECENT UNSEEN */
    MG_IMAP_KEY_KEYWORD,
    MG_IMAP_KEY_LARGER,
    MG_IMAP_KEY_SMALLER,
    MG_IMAP_KEY_MODSEQ,
    MG_IMAP_KEY_BEFORE,
    MG_IMAP_KEY_ON,
    MG_IMAP_KEY_OLDER,
    /* What follows is in the letter. */
    MG_IMAP_KEY_SENT_BEFORE,
    MG_IMAP_KEY_SENT_ON,
    MG_IMAP_KEY_HEADER,
    MG_IMAP_KEY_PEOPLE,
    MG_IMAP_KEY_BODY,
    MG_IMAP_KEY_TEXT
} MgImapSearchOp;

typedef struct {
    MgImapSearchOp op;
    bool negated;
    GPtrArray *parts; /* of MgImapSearchKey *: AND, OR */
    GArray *set;      /* NUMBER, UID */
    uint32_t flag;    /* FLAG */
    uint64_t number;  /* LARGER, SMALLER, MODSEQ; OLDER: seconds */
    int64_t day;      /* since 1970-01-01 */
    char *name;       /* KEYWORD; HEADER, PEOPLE: of the field */
    char *text;       /* what is looked for, folded */
} MgImapSearchKey;

struct MgImapSearch {
    MgImapSearchKey *root; /* an AND */
    char *charset;         /* (nullable) */
    unsigned depth, n_keys;
    bool has_modseq, has_saved;
};

static inline int64_t mg_imap_day(int64_t unix_seconds)
{
    return unix_seconds >= 0 ? unix_seconds / 86400 : -((86399 - unix_seconds) / 86400);
}

G_END_DECLS
