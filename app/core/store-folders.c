/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store-folders.c - the topic "folders": the mail store as IMAP sees it (RFC 9051)
 *
 * A folder is a name with messages; that "a/b" is below "a" is in the names alone, and "a" need not
 * be there. */
#include "store-private.h"

#define NAME_MAX_OCTETS 500u

/* ---- names ---- */

/* (transfer full) The name as it is kept; NULL: this cannot be one. */
static char *proper_name(const char *name)
{
    size_t len = name != NULL ? strlen(name) : 0, inbox = strlen(MG_STORE_INBOX);
    if (len == 0 || len > NAME_MAX_OCTETS || !g_utf8_validate(name, -1, NULL) || name[0] == '/' ||
        name[len - 1] == '/' || strstr(name, "//") != NULL)
        return NULL;
    for (const char *c = name; *c != '\0'; c++)
        if ((uint8_t)*c < 0x20 || *c == 0x7f)
            return NULL;
    char *proper = g_strdup(name);
    if (g_ascii_strncasecmp(name, MG_STORE_INBOX, inbox) == 0 &&
        (name[inbox] == '\0' || name[inbox] == '/'))
        memcpy(proper, MG_STORE_INBOX, inbox);
    return proper;
}

/* Where the folder of this name is, or would be. */
static bool find(const MgStoreAccount *account, const char *name, unsigned *place)
{
    unsigned low = 1, high = account->folders->len; /* INBOX stands before all */
    *place = 0;
    if (strcmp(name, MG_STORE_INBOX) == 0)
        return true;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        const MgStoreFolder *folder = account->folders->pdata[middle];
        if (strcmp(folder->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *place = low;
    return low < account->folders->len &&
           strcmp(((MgStoreFolder *)account->folders->pdata[low])->name, name) == 0;
}

/* (nullable) A folder that is there. */
static MgStoreFolder *folder_of(const MgStoreAccount *account, const char *name)
{
    unsigned place;
    g_autofree char *proper = proper_name(name);
    if (proper == NULL || !find(account, proper, &place))
        return NULL;
    MgStoreFolder *folder = account->folders->pdata[place];
    return folder->exists ? folder : NULL;
}

/* Made if it is not there, for a name that is subscribed to and nothing more. */
static MgStoreFolder *entry_of(MgStoreAccount *account, const char *proper)
{
    unsigned place;
    if (find(account, proper, &place))
        return account->folders->pdata[place];
    MgStoreFolder *folder = mg_store_folder_new(proper, 0);
    folder->exists = false;
    g_ptr_array_insert(account->folders, (int)place, folder);
    return folder;
}

static void drop_entry(MgStoreAccount *account, MgStoreFolder *folder)
{
    if (!folder->exists && !folder->subscribed)
        g_ptr_array_remove(account->folders, folder);
}

static MgFoldersResult create(MgStoreAccount *account, const MgFoldersQuestion *question)
{
    g_autofree char *proper = proper_name(question->folder);
    if (proper == NULL)
        return MG_FOLDERS_REFUSED;
    MgStoreFolder *folder = entry_of(account, proper);
    if (folder->exists)
        return MG_FOLDERS_EXISTS;
    folder->exists = true;
    folder->uid_validity = ++account->last_validity;
    g_free(folder->use);
    folder->use = g_strdup(question->use);
    return MG_FOLDERS_OK;
}

static MgFoldersResult delete_folder(MgStoreAccount *account, const char *name)
{
    MgStoreFolder *folder = folder_of(account, name);
    if (folder == NULL)
        return MG_FOLDERS_NONE;
    if (folder == mg_store_inbox(account))
        return MG_FOLDERS_REFUSED;
    account->used -= folder->size;
    bool subscribed = folder->subscribed; /* RFC 9051 §6.3.5: that stays */
    g_autofree char *proper = g_strdup(folder->name);
    g_ptr_array_remove(account->folders, folder);
    if (subscribed)
        entry_of(account, proper)->subscribed = true;
    return MG_FOLDERS_OK;
}

static MgFoldersResult subscribe(MgStoreAccount *account, const char *name, bool subscribed)
{
    g_autofree char *proper = proper_name(name);
    if (proper == NULL)
        return MG_FOLDERS_REFUSED;
    MgStoreFolder *folder = entry_of(account, proper);
    folder->subscribed = subscribed;
    drop_entry(account, folder);
    return MG_FOLDERS_OK;
}

/* RFC 9051 §6.3.6: the messages of INBOX move, and it stays, empty. */
static MgFoldersResult rename_inbox(MgStoreAccount *account, const char *to)
{
    MgStoreFolder *inbox = mg_store_inbox(account), *folder = entry_of(account, to);
    g_autofree uint32_t *uids = g_new(uint32_t, inbox->list->len + 1u);
    bool all;
    folder->exists = true;
    folder->uid_validity = ++account->last_validity;
    for (unsigned i = 0; i < inbox->list->len; i++) {
        MgMailboxMessage message = g_array_index(inbox->list, MgMailboxMessage, i);
        uids[i] = message.uid;
        message.keywords = 0; /* their bits are the folder's */
        mg_store_put(folder, inbox->contents->pdata[i], &message);
    }
    mg_store_remove(inbox, uids, inbox->list->len, &all);
    return MG_FOLDERS_OK;
}

static int by_name(const void *a, const void *b)
{
    const MgStoreFolder *const *x = a, *const *y = b;
    bool inbox_x = strcmp((*x)->name, MG_STORE_INBOX) == 0;
    bool inbox_y = strcmp((*y)->name, MG_STORE_INBOX) == 0;
    return inbox_x != inbox_y ? inbox_y - inbox_x : strcmp((*x)->name, (*y)->name);
}

static MgFoldersResult rename_folder(MgStoreAccount *account, const MgFoldersQuestion *question)
{
    g_autofree char *to = proper_name(question->to);
    const MgStoreFolder *folder = folder_of(account, question->folder);
    unsigned place;
    if (folder == NULL)
        return MG_FOLDERS_NONE;
    if (to == NULL)
        return MG_FOLDERS_REFUSED;
    if (find(account, to, &place) && ((MgStoreFolder *)account->folders->pdata[place])->exists)
        return MG_FOLDERS_EXISTS;
    if (folder == mg_store_inbox(account))
        return rename_inbox(account, to);
    g_autofree char *from = g_strdup(folder->name);
    size_t len = strlen(from);
    if (strncmp(to, from, len) == 0 && to[len] == '/')
        return MG_FOLDERS_REFUSED; /* into itself */
    for (guint i = 0; i < account->folders->len;
         i++) { /* what is only subscribed to stands in the way of none */
        MgStoreFolder *other = account->folders->pdata[i];
        if (!other->exists || strncmp(other->name, from, len) != 0 ||
            (other->name[len] != '\0' && other->name[len] != '/'))
            continue;
        char *name = g_strconcat(to, other->name + len, NULL);
        g_free(other->name);
        other->name = name;
    }
    g_ptr_array_sort(account->folders, by_name);
    return MG_FOLDERS_OK;
}

/* ---- what is in a folder ---- */

static void describe(const MgStoreFolder *folder, GArray *out)
{
    MgFolder about = {.name = folder->name,
                      .use = folder->use,
                      .subscribed = folder->subscribed,
                      .gone = !folder->exists,
                      .uid_validity = folder->uid_validity,
                      .uid_next = folder->next_uid,
                      .n_messages = folder->list->len,
                      .recent_from = folder->recent_from,
                      .modseq = folder->modseq,
                      .size = folder->size};
    for (unsigned i = 0; i < folder->list->len; i++) {
        uint32_t flags = g_array_index(folder->list, MgMailboxMessage, i).flags;
        about.n_unseen += (flags & MG_FLAG_SEEN) == 0;
        about.n_deleted += (flags & MG_FLAG_DELETED) != 0;
    }
    g_array_append_val(out, about);
}

static void look(MgStoreScratch *scratch, MgStoreFolder *folder, const MgFoldersQuestion *question,
                 MgFoldersAnswer *answer)
{
    describe(folder, scratch->folders);
    if (question->claims_recent)
        folder->recent_from = folder->next_uid;
    answer->messages = (const MgMailboxMessage *)(const void *)folder->list->data;
    answer->n_messages = folder->list->len;
    answer->keywords = (const char *const *)folder->keywords->pdata;
    unsigned i = folder->gone->len;
    while (i > 0 && g_array_index(folder->gone, MgStoreGone, i - 1).modseq > question->modseq)
        i--;
    for (; i < folder->gone->len; i++)
        g_array_append_val(scratch->gone, g_array_index(folder->gone, MgStoreGone, i).uid);
}

static bool has_room(const MgStoreAccount *account, size_t size)
{
    return account->quota == 0 ||
           (account->used < account->quota && size <= account->quota - account->used);
}

static MgFoldersResult append(MgStoreAccount *account, MgStoreScratch *scratch,
                              const MgFoldersQuestion *question, MgFoldersAnswer *answer)
{
    MgStoreFolder *folder = folder_of(account, question->folder);
    if (folder == NULL)
        return MG_FOLDERS_NONE;
    if (!has_room(account, question->data.len))
        return MG_FOLDERS_FULL;
    g_autoptr(GBytes) octets = g_bytes_new(question->data.data, question->data.len);
    MgMailboxMessage like = {.flags = question->flags,
                             .keywords = mg_store_keywords(folder, question->keywords),
                             .at = question->at};
    uint32_t uid = mg_store_put(folder, octets, &like);
    if (uid == 0)
        return MG_FOLDERS_FAILED;
    account->used += question->data.len;
    g_array_append_val(scratch->uids, uid);
    answer->uid_validity = folder->uid_validity;
    return MG_FOLDERS_OK;
}

static MgFoldersResult change_flags(MgStoreFolder *folder, MgStoreScratch *scratch,
                                    const MgFoldersQuestion *question)
{
    uint64_t keywords = mg_store_keywords(folder, question->keywords);
    uint64_t modseq = folder->modseq + 1; /* one for all of them */
    bool changed = false;
    for (size_t i = 0; i < question->n_uids; i++) {
        MgMailboxMessage *message = mg_store_message_of(folder, question->uids[i]);
        if (message == NULL)
            continue;
        if (question->unchanged_since > 0 && message->modseq > question->unchanged_since) {
            g_array_append_val(scratch->gone, question->uids[i]);
            continue;
        }
        uint32_t flags = question->flags;
        uint64_t words = keywords;
        if (question->change == MG_FLAGS_ADD) {
            flags |= message->flags;
            words |= message->keywords;
        } else if (question->change == MG_FLAGS_REMOVE) {
            flags = message->flags & ~flags;
            words = message->keywords & ~words;
        }
        if (flags == message->flags && words == message->keywords)
            continue;
        message->flags = flags;
        message->keywords = words;
        message->modseq = modseq;
        changed = true;
    }
    if (changed)
        folder->modseq = modseq;
    return MG_FOLDERS_OK;
}

static MgFoldersResult copy(MgStoreAccount *account, MgStoreScratch *scratch,
                            const MgFoldersQuestion *question, MgFoldersAnswer *answer)
{
    MgStoreFolder *from = folder_of(account, question->folder);
    MgStoreFolder *to = folder_of(account, question->to);
    bool moves = question->op == MG_FOLDERS_MOVE, all;
    size_t size = 0;
    if (from == NULL || to == NULL)
        return MG_FOLDERS_NONE;
    for (size_t i = 0; i < question->n_uids; i++) {
        const MgMailboxMessage *message = mg_store_message_of(from, question->uids[i]);
        if (message == NULL)
            return MG_FOLDERS_NONE; /* RFC 9051 §6.4.7: all or nothing */
        size += message->size;
    }
    if (!moves && !has_room(account, size))
        return MG_FOLDERS_FULL;
    if (to->next_uid > UINT32_MAX - question->n_uids)
        return MG_FOLDERS_FAILED;
    for (size_t i = 0; i < question->n_uids; i++) {
        unsigned place = mg_store_place(from, question->uids[i]);
        MgMailboxMessage like = g_array_index(from->list, MgMailboxMessage, place);
        const char *words[65] = {NULL};
        unsigned n = 0;
        for (unsigned bit = 0; bit + 1 < from->keywords->len; bit++)
            if ((like.keywords & UINT64_C(1) << bit) != 0)
                words[n++] = from->keywords->pdata[bit];
        words[n] = NULL;
        like.keywords = mg_store_keywords(to, words);
        g_autoptr(GBytes) octets = g_bytes_ref(from->contents->pdata[place]);
        uint32_t uid = mg_store_put(to, octets, &like);
        g_array_append_val(scratch->uids, uid);
    }
    account->used += size;
    if (moves)
        account->used -= mg_store_remove(from, question->uids, question->n_uids, &all);
    answer->uid_validity = to->uid_validity;
    return MG_FOLDERS_OK;
}

static MgFoldersResult read_message(const MgStoreFolder *folder, uint32_t uid,
                                    MgFoldersAnswer *answer)
{
    if (mg_store_message_of(folder, uid) == NULL)
        return MG_FOLDERS_NONE;
    answer->data = mg_store_octets(folder, mg_store_place(folder, uid));
    return MG_FOLDERS_OK;
}

/* ---- the question ---- */

static MgFoldersResult in_folder(MgStoreAccount *account, MgStoreScratch *scratch,
                                 const MgFoldersQuestion *question, MgFoldersAnswer *answer)
{
    MgStoreFolder *folder = folder_of(account, question->folder);
    bool all = true;
    if (folder == NULL)
        return MG_FOLDERS_NONE;
    switch (question->op) {
    case MG_FOLDERS_LOOK:
    case MG_FOLDERS_WAIT:
        look(scratch, folder, question, answer);
        return MG_FOLDERS_OK;
    case MG_FOLDERS_READ:
        return read_message(folder, question->uid, answer);
    case MG_FOLDERS_FLAGS:
        return change_flags(folder, scratch, question);
    default:
        account->used -= mg_store_remove(folder, question->uids, question->n_uids, &all);
        return all ? MG_FOLDERS_OK : MG_FOLDERS_NONE;
    }
}

static MgFoldersResult ask(MgStoreAccount *account, MgStoreScratch *scratch,
                           const MgFoldersQuestion *question, MgFoldersAnswer *answer)
{
    switch (question->op) {
    case MG_FOLDERS_LIST:
        for (guint i = 0; i < account->folders->len; i++)
            describe(account->folders->pdata[i], scratch->folders);
        return MG_FOLDERS_OK;
    case MG_FOLDERS_CREATE:
        return create(account, question);
    case MG_FOLDERS_DELETE:
        return delete_folder(account, question->folder);
    case MG_FOLDERS_RENAME:
        return rename_folder(account, question);
    case MG_FOLDERS_SUBSCRIBE:
    case MG_FOLDERS_UNSUBSCRIBE:
        return subscribe(account, question->folder, question->op == MG_FOLDERS_SUBSCRIBE);
    case MG_FOLDERS_APPEND:
        return append(account, scratch, question, answer);
    case MG_FOLDERS_COPY:
    case MG_FOLDERS_MOVE:
        return copy(account, scratch, question, answer);
    case MG_FOLDERS_QUOTA:
        answer->used = account->used;
        answer->limit = account->quota;
        return MG_FOLDERS_OK;
    default:
        return in_folder(account, scratch, question, answer);
    }
}

void mg_store_ask_folders(MgStore *store, const MgFoldersQuestion *question,
                          MgFoldersAnswer *answer)
{
    MgStoreScratch *scratch = mg_store_scratch(store);
    MgStoreAccount *account = mg_store_account(store, question->user);
    *answer = (MgFoldersAnswer){.result = MG_FOLDERS_NONE};
    g_array_set_size(scratch->folders, 0);
    g_array_set_size(scratch->uids, 0);
    g_array_set_size(scratch->gone, 0);
    if (account != NULL)
        answer->result = ask(account, scratch, question, answer);
    answer->folders = (const MgFolder *)(const void *)scratch->folders->data;
    answer->n_folders = scratch->folders->len;
    answer->new_uids = (const uint32_t *)(const void *)scratch->uids->data;
    answer->n_new_uids = scratch->uids->len;
    answer->gone = (const uint32_t *)(const void *)scratch->gone->data;
    answer->n_gone = scratch->gone->len;
}

bool mg_store_has_news(const MgStore *store, const MgFoldersQuestion *question)
{
    const MgStoreAccount *account = mg_store_account(store, question->user);
    const MgStoreFolder *folder = account != NULL ? folder_of(account, question->folder) : NULL;
    return folder == NULL || folder->modseq > question->modseq;
}
