/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store.h - what a host keeps when it crashes: mailboxes, answering the topics "mailbox" and
 * "folders", and the spool, answering "spool" */
#pragma once

#include <mailglass/topics.h>

G_BEGIN_DECLS

typedef struct MgStore MgStore;

MgStore *mg_store_new(void);
void mg_store_free(MgStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgStore, mg_store_free)

/* `quota` in octets, 0 for none. `address` is compared without case. */
void mg_store_add_mailbox(MgStore *store, const char *address, const char *password, size_t quota);
/* `answer` is borrowed until the next call. `session` names the asker, for the lock. */
void mg_store_ask(MgStore *store, uint32_t session, const MgMailboxQuestion *question, MgTime now,
                  MgMailboxAnswer *answer);
/* The topic "folders"; `answer` is borrowed until the next call. A WAIT is answered as a LOOK: who
 * calls looks whether there are news first. */
void mg_store_ask_folders(MgStore *store, const MgFoldersQuestion *question,
                          MgFoldersAnswer *answer);
/* Has the folder changed since the question's modseq, or is it gone? */
bool mg_store_has_news(const MgStore *store, const MgFoldersQuestion *question);
/* Releases what `session` locks: its engine is gone. */
void mg_store_forget(MgStore *store, uint32_t session);

/* Spool. `cause` is the record that the item follows from, `owner` whoever is born again with it;
 * both are kept for mg_store_spooled(). */
void mg_store_spool(MgStore *store, const MgSpoolQuestion *question, const void *owner,
                    uint32_t cause, MgSpoolAnswer *answer);
/* (transfer container) Numbers of its items, in order. */
GArray *mg_store_spool_items(const MgStore *store);
/* Borrowed until the item is updated or removed; false if there is none. */
typedef struct {
    MgSpooled spooled;
    const void *owner;
    uint32_t cause;
} MgStoreItem;
bool mg_store_spooled(const MgStore *store, uint32_t item, MgStoreItem *out);

/* For readers. */
size_t mg_store_n_mailboxes(const MgStore *store);
const char *mg_store_address(const MgStore *store, size_t mailbox);
size_t mg_store_n_messages(const MgStore *store, size_t mailbox);
MgSpan mg_store_message(const MgStore *store, size_t mailbox, size_t i, uint32_t *uid);

G_END_DECLS
