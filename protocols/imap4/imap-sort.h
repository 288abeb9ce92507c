/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-sort.h - SORT (RFC 5256, RFC 5957) */
#pragma once

#include "imap-search.h"

G_BEGIN_DECLS

typedef struct MgImapSort MgImapSort;

/* (transfer full) (nullable) "(REVERSE DATE SUBJECT)"; NULL if it is no such list. */
MgImapSort *mg_imap_sort_read(MgImapReader *reader);
void mg_imap_sort_free(MgImapSort *sort);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgImapSort, mg_imap_sort_free)
/* False: what is known of the messages is enough, mg_imap_sort_add() need not have the letter. */
bool mg_imap_sort_needs_letter(const MgImapSort *sort);
/* In order of their numbers. `name` is what is given back: the number or the uid. */
void mg_imap_sort_add(MgImapSort *sort, uint32_t name, const MgMailboxMessage *facts, int64_t epoch,
                      const MgMessage *letter);
/* (transfer full) Of uint32_t: the names in order. */
GArray *mg_imap_sort_finish(MgImapSort *sort);

/* (transfer full) RFC 5256 §2.1, of a subject that is decoded already: with `is_reply`, whether it
 * is that of an answer or a forwarded letter. */
char *mg_imap_base_subject(const char *subject, bool *is_reply);
/* RFC 5256 §2.2: when the letter says it was sent, or else when it came. */
int64_t mg_imap_sent_at(const MgMessage *letter, const MgMailboxMessage *facts, int64_t epoch);

G_END_DECLS
