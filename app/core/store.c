/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store.c - mailboxes and the spool, in memory
 *
 * A mailbox's messages lie in the order of their numbers, so that one is found by halving, and an
 * answer to OPEN is the list itself. */
#include "store.h"

#define AMBIGUOUS G_MAXUINT /* a local part that two mailboxes have */

typedef struct {
    char *address, *password;
    size_t quota, used;
    uint32_t next_uid, uid_validity;
    GArray *list;        /* MgMailboxMessage */
    GPtrArray *contents; /* GBytes, beside `list` */
    uint32_t locked_by;
    bool locked;
} Mailbox;

typedef struct {
    GBytes *data, *state;
    const void *owner;
    uint32_t cause;
} Spooled;

struct MgStore {
    GHashTable *spool; /* number → Spooled */
    uint32_t last_item;
    GPtrArray *mailboxes;
    GHashTable *by_address, *by_local_part; /* lower case → index */
    GHashTable *locks;                      /* session → index */
};

static void free_mailbox(void *data)
{
    Mailbox *mailbox = data;
    g_free(mailbox->address);
    g_free(mailbox->password);
    g_array_unref(mailbox->list);
    g_ptr_array_unref(mailbox->contents);
    g_free(mailbox);
}

static void free_spooled(void *data)
{
    Spooled *spooled = data;
    g_bytes_unref(spooled->data);
    g_bytes_unref(spooled->state);
    g_free(spooled);
}

MgStore *mg_store_new(void)
{
    MgStore *store = g_new0(MgStore, 1);
    store->spool = g_hash_table_new_full(NULL, NULL, NULL, free_spooled);
    store->mailboxes = g_ptr_array_new_with_free_func(free_mailbox);
    store->by_address = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    store->by_local_part = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    store->locks = g_hash_table_new(NULL, NULL);
    return store;
}

void mg_store_free(MgStore *store)
{
    if (store == NULL)
        return;
    g_hash_table_unref(store->spool);
    g_hash_table_unref(store->by_address);
    g_hash_table_unref(store->by_local_part);
    g_hash_table_unref(store->locks);
    g_ptr_array_unref(store->mailboxes);
    g_free(store);
}

static Mailbox *mailbox_at(const MgStore *store, size_t i)
{
    g_assert(i < store->mailboxes->len);
    return g_ptr_array_index(store->mailboxes, i);
}

/* An address in full, or its local part if only one mailbox has it. */
static bool find(const MgStore *store, const char *user, unsigned *index)
{
    void *value = NULL;
    if (user == NULL)
        return false;
    g_autofree char *key = g_ascii_strdown(user, -1);
    if (!g_hash_table_lookup_extended(store->by_address, key, NULL, &value) &&
        (strchr(key, '@') != NULL ||
         !g_hash_table_lookup_extended(store->by_local_part, key, NULL, &value)))
        return false;
    *index = GPOINTER_TO_UINT(value);
    return *index != AMBIGUOUS;
}

void mg_store_add_mailbox(MgStore *store, const char *address, const char *password, size_t quota)
{
    char *key = g_ascii_strdown(address, -1);
    void *value = NULL;
    Mailbox *mailbox;
    if (g_hash_table_lookup_extended(store->by_address, key, NULL, &value)) {
        mailbox = mailbox_at(store, GPOINTER_TO_UINT(value));
        g_free(mailbox->password);
        g_free(key);
    } else {
        unsigned index = store->mailboxes->len;
        const char *at = strrchr(key, '@');
        char *local = at != NULL ? g_strndup(key, (size_t)(at - key)) : g_strdup(key);
        bool taken = g_hash_table_contains(store->by_local_part, local);
        g_hash_table_insert(store->by_local_part, local,
                            GUINT_TO_POINTER(taken ? AMBIGUOUS : index));
        g_hash_table_insert(store->by_address, key, GUINT_TO_POINTER(index));
        mailbox = g_new0(Mailbox, 1);
        mailbox->address = g_strdup(address);
        mailbox->next_uid = 1;
        mailbox->uid_validity = index + 1;
        mailbox->list = g_array_new(FALSE, FALSE, sizeof(MgMailboxMessage));
        mailbox->contents = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
        g_ptr_array_add(store->mailboxes, mailbox);
    }
    mailbox->password = g_strdup(password);
    mailbox->quota = quota;
}

/* Where the message with this number is, or would be. */
static unsigned place_of(const Mailbox *mailbox, uint32_t uid)
{
    unsigned low = 0, high = mailbox->list->len;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (g_array_index(mailbox->list, MgMailboxMessage, middle).uid < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool has(const Mailbox *mailbox, unsigned place, uint32_t uid)
{
    return place < mailbox->list->len &&
           g_array_index(mailbox->list, MgMailboxMessage, place).uid == uid;
}

/* ---- what is asked ---- */

/* Octets of the first line from `at` on, with its LF. */
static size_t line_len(MgSpan letter, size_t at)
{
    const uint8_t *lf = memchr(letter.data + at, '\n', letter.len - at);
    return lf != NULL ? (size_t)(lf - letter.data) + 1 - at : letter.len - at;
}

/* Copies the letter without the Return-Path lines of its header, folded ones too: RFC 5321 §4.4
 * wants exactly one, and it is this host's. Returns how much was copied. */
static size_t copy_letter(MgSpan letter, char *out)
{
    static const char name[] = "Return-Path:";
    size_t at = 0, used = 0;
    bool skipping = false;
    while (at < letter.len && letter.data[at] != '\r' && letter.data[at] != '\n') {
        size_t len = line_len(letter, at);
        const char *line = (const char *)letter.data + at;
        bool folded = line[0] == ' ' || line[0] == '\t';
        if (!folded)
            skipping =
                len >= sizeof name - 1 && g_ascii_strncasecmp(line, name, sizeof name - 1) == 0;
        if (!skipping)
            memcpy(out + used, line, len);
        used += skipping ? 0 : len;
        at += len;
    }
    if (at < letter.len)
        memcpy(out + used, letter.data + at, letter.len - at);
    return used + letter.len - at;
}

static MgMailboxResult append(Mailbox *mailbox, const MgMailboxQuestion *question, MgTime now)
{
    /* RFC 5321 §4.4: final delivery puts the reverse-path at the beginning. */
    const char *from = question->mail_from != NULL ? question->mail_from : "";
    g_autofree char *header = g_strdup_printf("Return-Path: <%s>\r\n", from);
    size_t header_len = strlen(header);
    g_autofree char *octets = g_malloc(header_len + question->data.len);
    memcpy(octets, header, header_len); /* NOLINT(bugprone-not-null-terminated-result): octets */
    size_t size = header_len + copy_letter(question->data, octets + header_len);
    if (mailbox->quota != 0 &&
        (mailbox->used >= mailbox->quota || size > mailbox->quota - mailbox->used))
        return MG_MAILBOX_FULL;
    if (mailbox->next_uid == UINT32_MAX)
        return MG_MAILBOX_FAILED;
    MgMailboxMessage message = {.uid = mailbox->next_uid++, .size = size, .at = now};
    g_array_append_val(mailbox->list, message);
    g_ptr_array_add(mailbox->contents, g_bytes_new_take(g_steal_pointer(&octets), size));
    mailbox->used += size;
    return MG_MAILBOX_OK;
}

/* RFC 1939 §7: MD5 over the timestamp and the shared secret, in lower-case hexadecimal. */
static bool digest_fits(const Mailbox *mailbox, const MgMailboxQuestion *question)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_MD5);
    g_checksum_update(sum, (const guchar *)question->apop_timestamp, -1);
    g_checksum_update(sum, (const guchar *)mailbox->password, -1);
    return strcmp(g_checksum_get_string(sum), question->apop_digest) == 0;
}

static bool password_fits(const Mailbox *mailbox, const MgMailboxQuestion *question)
{
    if (mailbox->password == NULL)
        return false;
    if (question->password != NULL)
        return strcmp(mailbox->password, question->password) == 0;
    return question->apop_timestamp != NULL && question->apop_digest != NULL &&
           digest_fits(mailbox, question);
}

static MgMailboxResult open_mailbox(MgStore *store, uint32_t session, unsigned index,
                                    const MgMailboxQuestion *question, MgMailboxAnswer *answer)
{
    Mailbox *mailbox = mailbox_at(store, index);
    if (!question->proved && !password_fits(mailbox, question))
        return MG_MAILBOX_DENIED;
    if (mailbox->locked && mailbox->locked_by != session)
        return MG_MAILBOX_LOCKED;
    if (!mailbox->locked)
        mg_store_forget(store, session); /* a session has one maildrop at most */
    mailbox->locked = true;
    mailbox->locked_by = session;
    g_hash_table_insert(store->locks, GUINT_TO_POINTER(session), GUINT_TO_POINTER(index));
    answer->messages = (const MgMailboxMessage *)(void *)mailbox->list->data;
    answer->n_messages = mailbox->list->len;
    answer->uid_validity = mailbox->uid_validity;
    return MG_MAILBOX_OK;
}

static MgMailboxResult read_message(const Mailbox *mailbox, uint32_t uid, MgMailboxAnswer *answer)
{
    unsigned place = place_of(mailbox, uid);
    if (!has(mailbox, place, uid))
        return MG_MAILBOX_NONE;
    size_t len = 0;
    const void *data = g_bytes_get_data(g_ptr_array_index(mailbox->contents, place), &len);
    answer->data = (MgSpan){data, len};
    return MG_MAILBOX_OK;
}

/* All at once: the list is gone through a single time, however many leave it. */
static MgMailboxResult expunge(Mailbox *mailbox, const MgMailboxQuestion *question)
{
    MgMailboxResult result = MG_MAILBOX_OK;
    g_autofree bool *gone = g_new0(bool, MAX(mailbox->list->len, 1u));
    for (size_t i = 0; i < question->n_uids; i++) {
        unsigned place = place_of(mailbox, question->uids[i]);
        if (has(mailbox, place, question->uids[i]))
            gone[place] = true;
        else
            result = MG_MAILBOX_NONE;
    }
    unsigned kept = 0;
    for (unsigned i = 0; i < mailbox->list->len; i++) {
        MgMailboxMessage *message = &g_array_index(mailbox->list, MgMailboxMessage, i);
        if (gone[i]) {
            mailbox->used -= message->size;
            g_bytes_unref(mailbox->contents->pdata[i]);
            continue;
        }
        g_array_index(mailbox->list, MgMailboxMessage, kept) = *message;
        mailbox->contents->pdata[kept++] = mailbox->contents->pdata[i];
    }
    for (unsigned i = kept; i < mailbox->contents->len; i++)
        mailbox->contents->pdata[i] = NULL; /* moved, or let go of */
    g_ptr_array_set_free_func(mailbox->contents, NULL);
    g_ptr_array_set_size(mailbox->contents, (int)kept);
    g_ptr_array_set_free_func(mailbox->contents, (GDestroyNotify)g_bytes_unref);
    g_array_set_size(mailbox->list, kept);
    return result;
}

void mg_store_ask(MgStore *store, uint32_t session, const MgMailboxQuestion *question, MgTime now,
                  MgMailboxAnswer *answer)
{
    *answer = (MgMailboxAnswer){.result = MG_MAILBOX_NONE};
    unsigned index;
    if (!find(store, question->user, &index))
        return;
    Mailbox *mailbox = mailbox_at(store, index);
    bool has_lock = mailbox->locked && mailbox->locked_by == session;
    switch (question->op) {
    case MG_MAILBOX_FIND:
        answer->result = MG_MAILBOX_OK;
        return;
    case MG_MAILBOX_APPEND:
        answer->result = append(mailbox, question, now);
        return;
    case MG_MAILBOX_OPEN:
        answer->result = open_mailbox(store, session, index, question, answer);
        return;
    case MG_MAILBOX_READ:
        answer->result =
            has_lock ? read_message(mailbox, question->uid, answer) : MG_MAILBOX_DENIED;
        return;
    case MG_MAILBOX_EXPUNGE:
        answer->result = has_lock ? expunge(mailbox, question) : MG_MAILBOX_DENIED;
        return;
    case MG_MAILBOX_CLOSE:
        if (has_lock)
            mg_store_forget(store, session);
        answer->result = has_lock ? MG_MAILBOX_OK : MG_MAILBOX_DENIED;
        return;
    case MG_MAILBOX_SECRET:
        answer->data = mg_span_from_string(mailbox->password);
        answer->result = mailbox->password != NULL ? MG_MAILBOX_OK : MG_MAILBOX_DENIED;
        return;
    }
    answer->result = MG_MAILBOX_FAILED;
}

void mg_store_forget(MgStore *store, uint32_t session)
{
    void *value = NULL;
    if (!g_hash_table_lookup_extended(store->locks, GUINT_TO_POINTER(session), NULL, &value))
        return;
    mailbox_at(store, GPOINTER_TO_UINT(value))->locked = false;
    g_hash_table_remove(store->locks, GUINT_TO_POINTER(session));
}

/* ---- the spool ---- */

void mg_store_spool(MgStore *store, const MgSpoolQuestion *question, const void *owner,
                    uint32_t cause, MgSpoolAnswer *answer)
{
    *answer = (MgSpoolAnswer){.item = question->item};
    if (question->op == MG_SPOOL_PUT) {
        Spooled *fresh = g_new(Spooled, 1);
        *fresh = (Spooled){g_bytes_new(question->data.data, question->data.len),
                           g_bytes_new(question->state.data, question->state.len), owner, cause};
        answer->item = ++store->last_item;
        answer->done = g_hash_table_insert(store->spool, GUINT_TO_POINTER(answer->item), fresh);
        return;
    }
    Spooled *spooled = g_hash_table_lookup(store->spool, GUINT_TO_POINTER(question->item));
    answer->done = spooled != NULL;
    if (spooled == NULL)
        return;
    if (question->op == MG_SPOOL_REMOVE) {
        g_hash_table_remove(store->spool, GUINT_TO_POINTER(question->item));
        return;
    }
    g_bytes_unref(spooled->state);
    spooled->state = g_bytes_new(question->state.data, question->state.len);
}

static int compare_items(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

GArray *mg_store_spool_items(const MgStore *store)
{
    GArray *items = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    GHashTableIter iter;
    void *key;
    g_hash_table_iter_init(&iter, store->spool);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        uint32_t item = GPOINTER_TO_UINT(key);
        g_array_append_val(items, item);
    }
    g_array_sort(items, compare_items);
    return items;
}

static MgSpan span_of(GBytes *bytes)
{
    size_t len;
    const void *data = g_bytes_get_data(bytes, &len);
    return (MgSpan){data, len};
}

bool mg_store_spooled(const MgStore *store, uint32_t item, MgStoreItem *out)
{
    const Spooled *spooled = g_hash_table_lookup(store->spool, GUINT_TO_POINTER(item));
    if (spooled == NULL)
        return false;
    *out = (MgStoreItem){
        {item, span_of(spooled->data), span_of(spooled->state)}, spooled->owner, spooled->cause};
    return true;
}

/* ---- for readers ---- */

size_t mg_store_n_mailboxes(const MgStore *store)
{
    return store->mailboxes->len;
}

const char *mg_store_address(const MgStore *store, size_t mailbox)
{
    return mailbox_at(store, mailbox)->address;
}

size_t mg_store_n_messages(const MgStore *store, size_t mailbox)
{
    return mailbox_at(store, mailbox)->list->len;
}

MgSpan mg_store_message(const MgStore *store, size_t mailbox, size_t i, uint32_t *uid)
{
    const Mailbox *from = mailbox_at(store, mailbox);
    g_assert(i < from->list->len);
    size_t len = 0;
    const void *data = g_bytes_get_data(g_ptr_array_index(from->contents, i), &len);
    if (uid != NULL)
        *uid = g_array_index(from->list, MgMailboxMessage, i).uid;
    return (MgSpan){data, len};
}
