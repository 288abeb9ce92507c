/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store-folder.c - the messages of one folder: numbers, flags, what has gone */
#include "store-private.h"

#define KEYWORDS_MAX 64u

MgStoreFolder *mg_store_folder_new(const char *name, uint32_t uid_validity)
{
    MgStoreFolder *folder = g_new0(MgStoreFolder, 1);
    folder->name = g_strdup(name);
    folder->exists = true;
    folder->uid_validity = uid_validity;
    folder->next_uid = folder->recent_from = 1;
    folder->modseq = 1; /* RFC 7162 §3.1: never 0 */
    folder->list = g_array_new(FALSE, FALSE, sizeof(MgMailboxMessage));
    folder->contents = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    folder->keywords = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(folder->keywords, NULL);
    folder->gone = g_array_new(FALSE, FALSE, sizeof(MgStoreGone));
    return folder;
}

void mg_store_folder_free(void *data)
{
    MgStoreFolder *folder = data;
    g_free(folder->name);
    g_free(folder->use);
    g_array_unref(folder->list);
    g_ptr_array_unref(folder->contents);
    g_ptr_array_unref(folder->keywords);
    g_array_unref(folder->gone);
    g_free(folder);
}

static MgMailboxMessage *at(const MgStoreFolder *folder, unsigned place)
{
    return &g_array_index(folder->list, MgMailboxMessage, place);
}

unsigned mg_store_place(const MgStoreFolder *folder, uint32_t uid)
{
    unsigned low = 0, high = folder->list->len;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (at(folder, middle)->uid < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

MgMailboxMessage *mg_store_message_of(const MgStoreFolder *folder, uint32_t uid)
{
    unsigned place = mg_store_place(folder, uid);
    return place < folder->list->len && at(folder, place)->uid == uid ? at(folder, place) : NULL;
}

MgSpan mg_store_octets(const MgStoreFolder *folder, unsigned place)
{
    size_t len = 0;
    const void *data = g_bytes_get_data(g_ptr_array_index(folder->contents, place), &len);
    return (MgSpan){data, len};
}

uint32_t mg_store_put(MgStoreFolder *folder, GBytes *octets, const MgMailboxMessage *like)
{
    if (folder->next_uid == UINT32_MAX)
        return 0;
    MgMailboxMessage message = *like;
    message.uid = folder->next_uid++;
    message.size = g_bytes_get_size(octets);
    message.modseq = mg_store_changed(folder);
    g_array_append_val(folder->list, message);
    g_ptr_array_add(folder->contents, g_bytes_ref(octets));
    folder->size += message.size;
    return message.uid;
}

/* All at once: the list is gone through a single time, however many leave it. */
size_t mg_store_remove(MgStoreFolder *folder, const uint32_t *uids, size_t n_uids, bool *all)
{
    g_autofree bool *leaves = g_new0(bool, folder->list->len + 1u);
    *all = true;
    for (size_t i = 0; i < n_uids; i++) {
        const MgMailboxMessage *message = mg_store_message_of(folder, uids[i]);
        if (message != NULL)
            leaves[message - at(folder, 0)] = true;
        else
            *all = false;
    }
    size_t freed = 0;
    unsigned kept = 0;
    for (unsigned i = 0; i < folder->list->len; i++) {
        const MgMailboxMessage *message = at(folder, i);
        if (leaves[i]) {
            MgStoreGone gone = {message->uid, mg_store_changed(folder)};
            g_array_append_val(folder->gone, gone);
            freed += message->size;
            g_bytes_unref(folder->contents->pdata[i]);
            continue;
        }
        *at(folder, kept) = *message;
        folder->contents->pdata[kept++] = folder->contents->pdata[i];
    }
    for (unsigned i = kept; i < folder->contents->len; i++)
        folder->contents->pdata[i] = NULL; /* moved, or let go of */
    g_ptr_array_set_free_func(folder->contents, NULL);
    g_ptr_array_set_size(folder->contents, (int)kept);
    g_ptr_array_set_free_func(folder->contents, (GDestroyNotify)g_bytes_unref);
    g_array_set_size(folder->list, kept);
    folder->size -= freed;
    return freed;
}

uint64_t mg_store_keywords(MgStoreFolder *folder, const char *const *keywords)
{
    uint64_t bits = 0;
    for (size_t k = 0; keywords != NULL && keywords[k] != NULL; k++) {
        unsigned n = folder->keywords->len - 1, i = 0;
        while (i < n && g_ascii_strcasecmp(folder->keywords->pdata[i], keywords[k]) != 0)
            i++;
        if (i == KEYWORDS_MAX)
            continue;
        if (i == n) {
            folder->keywords->pdata[n] = g_strdup(keywords[k]);
            g_ptr_array_add(folder->keywords, NULL);
        }
        bits |= UINT64_C(1) << i;
    }
    return bits;
}
