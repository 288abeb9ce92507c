/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store.c - mailboxes and the spool, in memory */
#include "store-private.h"

#define AMBIGUOUS G_MAXUINT /* a local part that two mailboxes have */

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
    MgStoreScratch scratch;
};

static void free_account(void *data)
{
    MgStoreAccount *account = data;
    g_free(account->address);
    g_free(account->password);
    g_ptr_array_unref(account->folders);
    g_free(account);
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
    store->mailboxes = g_ptr_array_new_with_free_func(free_account);
    store->by_address = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    store->by_local_part = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    store->locks = g_hash_table_new(NULL, NULL);
    store->scratch = (MgStoreScratch){g_array_new(FALSE, FALSE, sizeof(MgFolder)),
                                      g_array_new(FALSE, FALSE, sizeof(uint32_t)),
                                      g_array_new(FALSE, FALSE, sizeof(uint32_t))};
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
    g_array_unref(store->scratch.folders);
    g_array_unref(store->scratch.uids);
    g_array_unref(store->scratch.gone);
    g_free(store);
}

static MgStoreAccount *mailbox_at(const MgStore *store, size_t i)
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
    MgStoreAccount *mailbox;
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
        mailbox = g_new0(MgStoreAccount, 1);
        mailbox->address = g_strdup(address);
        mailbox->last_validity = index + 1;
        mailbox->folders = g_ptr_array_new_with_free_func(mg_store_folder_free);
        g_ptr_array_add(mailbox->folders,
                        mg_store_folder_new(MG_STORE_INBOX, mailbox->last_validity));
        g_ptr_array_add(store->mailboxes, mailbox);
    }
    mailbox->password = g_strdup(password);
    mailbox->quota = quota;
}

MgStoreAccount *mg_store_account(const MgStore *store, const char *user)
{
    unsigned index;
    return find(store, user, &index) ? mailbox_at(store, index) : NULL;
}

MgStoreScratch *mg_store_scratch(MgStore *store)
{
    return &store->scratch;
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

static MgMailboxResult append(MgStoreAccount *mailbox, const MgMailboxQuestion *question,
                              MgTime now)
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
    g_autoptr(GBytes) bytes = g_bytes_new_take(g_steal_pointer(&octets), size);
    if (mg_store_put(mg_store_inbox(mailbox), bytes, &(MgMailboxMessage){.at = now}) == 0)
        return MG_MAILBOX_FAILED;
    mailbox->used += size;
    return MG_MAILBOX_OK;
}

/* RFC 1939 §7: MD5 over the timestamp and the shared secret, in lower-case hexadecimal. */
static bool digest_fits(const MgStoreAccount *mailbox, const MgMailboxQuestion *question)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_MD5);
    g_checksum_update(sum, (const guchar *)question->apop_timestamp, -1);
    g_checksum_update(sum, (const guchar *)mailbox->password, -1);
    return strcmp(g_checksum_get_string(sum), question->apop_digest) == 0;
}

static bool password_fits(const MgStoreAccount *mailbox, const MgMailboxQuestion *question)
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
    MgStoreAccount *mailbox = mailbox_at(store, index);
    if (!question->proved && !password_fits(mailbox, question))
        return MG_MAILBOX_DENIED;
    if (mailbox->locked && mailbox->locked_by != session)
        return MG_MAILBOX_LOCKED;
    if (!mailbox->locked)
        mg_store_forget(store, session); /* a session has one maildrop at most */
    mailbox->locked = true;
    mailbox->locked_by = session;
    g_hash_table_insert(store->locks, GUINT_TO_POINTER(session), GUINT_TO_POINTER(index));
    const MgStoreFolder *inbox = mg_store_inbox(mailbox);
    answer->messages = (const MgMailboxMessage *)(void *)inbox->list->data;
    answer->n_messages = inbox->list->len;
    answer->uid_validity = inbox->uid_validity;
    return MG_MAILBOX_OK;
}

static MgMailboxResult read_message(const MgStoreFolder *folder, uint32_t uid,
                                    MgMailboxAnswer *answer)
{
    if (mg_store_message_of(folder, uid) == NULL)
        return MG_MAILBOX_NONE;
    answer->data = mg_store_octets(folder, mg_store_place(folder, uid));
    return MG_MAILBOX_OK;
}

static MgMailboxResult expunge(MgStoreAccount *mailbox, const MgMailboxQuestion *question)
{
    bool all;
    mailbox->used -=
        mg_store_remove(mg_store_inbox(mailbox), question->uids, question->n_uids, &all);
    return all ? MG_MAILBOX_OK : MG_MAILBOX_NONE;
}

void mg_store_ask(MgStore *store, uint32_t session, const MgMailboxQuestion *question, MgTime now,
                  MgMailboxAnswer *answer)
{
    *answer = (MgMailboxAnswer){.result = MG_MAILBOX_NONE};
    unsigned index;
    if (!find(store, question->user, &index))
        return;
    MgStoreAccount *mailbox = mailbox_at(store, index);
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
        answer->result = has_lock ? read_message(mg_store_inbox(mailbox), question->uid, answer)
                                  : MG_MAILBOX_DENIED;
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
    return mg_store_inbox(mailbox_at(store, mailbox))->list->len;
}

MgSpan mg_store_message(const MgStore *store, size_t mailbox, size_t i, uint32_t *uid)
{
    const MgStoreFolder *from = mg_store_inbox(mailbox_at(store, mailbox));
    g_assert(i < from->list->len);
    if (uid != NULL)
        *uid = g_array_index(from->list, MgMailboxMessage, i).uid;
    return mg_store_octets(from, (unsigned)i);
}
