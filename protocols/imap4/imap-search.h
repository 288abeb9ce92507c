/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-search.h - SEARCH: programs read and matched, results written
 * (RFC 3501 §6.4.4; RFC 4731, 5032, 5182, 7162 §3.1.5, 9394)
 *
 * A program is matched with what is known of a message. Only if that does not decide, the letter
 * itself is asked for (MG_IMAP_MATCH_LETTER), and it is matched again with the letter.
 */
#pragma once

#include <mailglass/topics.h>

#include "imap-string.h"
#include "message.h"

G_BEGIN_DECLS

typedef struct MgImapSearch MgImapSearch;

typedef enum {
    MG_IMAP_SEARCH_OK,
    MG_IMAP_SEARCH_BAD,    /* no program: BAD */
    MG_IMAP_SEARCH_CHARSET /* NO [BADCHARSET] */
} MgImapSearchResult;

/* "UNSEEN SINCE 1-Feb-1994": all keys to the end of the text. `charset` (nullable) is SORT's and
 * THREAD's; with `takes_charset` the program itself may begin with "CHARSET x". `*search` is
 * (transfer full) if OK. */
MgImapSearchResult mg_imap_search_read(MgImapReader *reader, const char *charset,
                                       bool takes_charset, MgImapSearch **search);
void mg_imap_search_free(MgImapSearch *search);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgImapSearch, mg_imap_search_free)
/* MODSEQ is in it: the client wants to know of changes from now on, and the highest modseq. */
bool mg_imap_search_has_modseq(const MgImapSearch *search);
/* "$" is in it (RFC 5182 §2.1). */
bool mg_imap_search_has_saved(const MgImapSearch *search);

/* A message as the session sees it. */
typedef struct {
    uint32_t number;
    const MgMailboxMessage *facts;
    bool recent;
    uint32_t last, last_uid;     /* what "*" means as a number and as a uid; 0: none */
    const char *const *keywords; /* (nullable) of its folder, as the bits count them */
    const uint32_t *saved;       /* uids of "$", ascending */
    size_t n_saved;
    int64_t epoch;     /* Unix time of MgTime 0 */
    int64_t now;       /* Unix time, for OLDER and YOUNGER */
    MgMessage *letter; /* NULL: not read yet */
} MgImapSearchView;

typedef enum { MG_IMAP_MATCH_NO, MG_IMAP_MATCH_YES, MG_IMAP_MATCH_LETTER } MgImapMatch;

/* When it came, as Unix time. */
static inline int64_t mg_imap_came_at(const MgMailboxMessage *facts, int64_t epoch)
{
    int64_t seconds = facts->at / MG_SECONDS;
    return epoch + seconds - (facts->at < seconds * MG_SECONDS);
}

/* Never LETTER if the letter is there. */
MgImapMatch mg_imap_search_match(const MgImapSearch *search, const MgImapSearchView *view);

/* ---- RETURN (RFC 4731 §3.1) ---- */

enum {
    MG_IMAP_RETURN_MIN = 1 << 0,
    MG_IMAP_RETURN_MAX = 1 << 1,
    MG_IMAP_RETURN_ALL = 1 << 2,
    MG_IMAP_RETURN_COUNT = 1 << 3,
    MG_IMAP_RETURN_SAVE = 1 << 4,    /* RFC 5182 */
    MG_IMAP_RETURN_PARTIAL = 1 << 5, /* RFC 5267 §4.4, RFC 9394 */
    MG_IMAP_RETURN_UPDATE = 1 << 6,  /* RFC 5267 §4.3 */
    MG_IMAP_RETURN_CONTEXT = 1 << 7
};

typedef struct {
    unsigned options;
    int64_t partial_first, partial_last; /* both negative: from the end */
} MgImapReturn;

/* The list in parentheses after RETURN. "()" is ALL. */
bool mg_imap_read_return(MgImapReader *reader, MgImapReturn *wanted);
/* " MIN 2 MAX 47 COUNT 25 ALL 2,10:11" of results in their order: SEARCH's ascend, SORT's need not
 * (RFC 5267 §3.1). What there is none of is left out. */
void mg_imap_add_results(const MgImapReturn *wanted, const uint32_t *numbers, size_t n_numbers,
                         GString *out);

G_END_DECLS
