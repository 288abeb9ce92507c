/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-thread.h - THREAD (RFC 5256 §3) */
#pragma once

#include "imap-sort.h"

G_BEGIN_DECLS

typedef enum { MG_IMAP_ORDEREDSUBJECT, MG_IMAP_REFERENCES } MgImapThreading;
typedef struct MgImapThread MgImapThread;

/* By its name, in any case; false if there is no such algorithm. */
bool mg_imap_thread_named(MgSpan name, MgImapThreading *threading);
/* (transfer full) */
MgImapThread *mg_imap_thread_new(MgImapThreading threading);
void mg_imap_thread_free(MgImapThread *thread);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgImapThread, mg_imap_thread_free)
/* In order of their numbers. `name` is what is given back: the number or the uid. */
void mg_imap_thread_add(MgImapThread *thread, uint32_t name, const MgMailboxMessage *facts,
                        int64_t epoch, const MgMessage *letter);
/* "(2)(3 6 (4 23)(44 7 96))"; nothing if nothing was added. */
void mg_imap_thread_finish(MgImapThread *thread, GString *out);

G_END_DECLS
