/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store-private.h - what the store's files share: accounts with folders, folders with messages
 *
 *      store.c          accounts, the topic "mailbox", locks, the spool
 *      store-folder.c   the messages of one folder
 *      store-folders.c  the topic "folders": names, and what is asked of several folders
 */
#pragma once

#include "store.h"

#define MG_STORE_INBOX "INBOX"

/* A message that is no more, and the modseq of its leaving. */
typedef struct {
    uint32_t uid;
    uint64_t modseq;
} MgStoreGone;

/* Messages lie in the order of their numbers, so that one is found by halving, and an answer is the
 * list itself. */
typedef struct {
    char *name, *use; /* use: (nullable) */
    bool subscribed;
    bool exists; /* else it is only subscribed to */
    uint32_t uid_validity, next_uid, recent_from;
    uint64_t modseq, size;
    GArray *list;        /* MgMailboxMessage */
    GPtrArray *contents; /* GBytes, beside `list` */
    GPtrArray *keywords; /* char *, by their bit; a NULL follows the last */
    GArray *gone;        /* MgStoreGone, by modseq */
} MgStoreFolder;

typedef struct {
    char *address, *password;
    size_t quota, used;
    uint32_t last_validity;
    GPtrArray *folders; /* MgStoreFolder, by name; INBOX is the first */
    uint32_t locked_by;
    bool locked;
} MgStoreAccount;

/* What an answer points to, until the next question. */
typedef struct {
    GArray *folders;     /* MgFolder */
    GArray *uids, *gone; /* uint32_t */
} MgStoreScratch;

/* ---- store.c ---- */
/* (nullable) */
MgStoreAccount *mg_store_account(const MgStore *store, const char *user);
MgStoreScratch *mg_store_scratch(MgStore *store);

static inline MgStoreFolder *mg_store_inbox(const MgStoreAccount *account)
{
    return g_ptr_array_index(account->folders, 0);
}

/* ---- store-folder.c ---- */
MgStoreFolder *mg_store_folder_new(const char *name, uint32_t uid_validity);
void mg_store_folder_free(void *folder);
/* Where the message with this number is, or would be. */
unsigned mg_store_place(const MgStoreFolder *folder, uint32_t uid);
/* (nullable) */
MgMailboxMessage *mg_store_message_of(const MgStoreFolder *folder, uint32_t uid);
MgSpan mg_store_octets(const MgStoreFolder *folder, unsigned place);
/* Takes a reference to `octets`; `like` says its flags and its time. Returns its number, 0 if there
 * are no more numbers. */
uint32_t mg_store_put(MgStoreFolder *folder, GBytes *octets, const MgMailboxMessage *like);
/* Returns the octets that are free now. False in `all` if one was not there. */
size_t mg_store_remove(MgStoreFolder *folder, const uint32_t *uids, size_t n_uids, bool *all);
/* The bits of these keywords, new ones are added; there are 64 at most, others are passed over. */
uint64_t mg_store_keywords(MgStoreFolder *folder, const char *const *keywords);

static inline uint64_t mg_store_changed(MgStoreFolder *folder)
{
    return ++folder->modseq;
}
