/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-sort.c - SORT: criteria, what they compare, the order (RFC 5256 §3, RFC 5957) */
#include "imap-sort.h"

#define CRITERIA_MAX 20u

typedef enum {
    BY_ARRIVAL,
    BY_CC,
    BY_DATE,
    BY_DISPLAY_FROM,
    BY_DISPLAY_TO,
    BY_FROM,
    BY_SIZE,
    BY_SUBJECT,
    BY_TO
} Criterion;

static const struct {
    const char *word;
    Criterion by;
    bool letter;       /* it is in the letter */
    const char *field; /* (nullable) whose first address it is */
} criteria[] = {
    {"ARRIVAL", BY_ARRIVAL, false, NULL},
    {"CC", BY_CC, true, "Cc"},
    {"DATE", BY_DATE, true, NULL},
    {"DISPLAYFROM", BY_DISPLAY_FROM, true, "From"},
    {"DISPLAYTO", BY_DISPLAY_TO, true, "To"},
    {"FROM", BY_FROM, true, "From"},
    {"SIZE", BY_SIZE, false, NULL},
    {"SUBJECT", BY_SUBJECT, true, NULL},
    {"TO", BY_TO, true, "To"},
};

typedef struct {
    size_t at; /* in `criteria` */
    bool reverse;
} Key;

typedef struct {
    int64_t number;
    char *text; /* (nullable) collated; else the number is compared */
} Value;

typedef struct {
    uint32_t name;
    guint order; /* as they were added: what decides if nothing else does */
    Value values[CRITERIA_MAX];
} Entry;

struct MgImapSort {
    Key keys[CRITERIA_MAX];
    guint n_keys;
    GPtrArray *entries; /* of Entry *, cut behind its values */
};

/* ---- criteria ---- */

static bool read_key(MgImapReader *reader, MgImapSort *sort)
{
    Key *key = &sort->keys[sort->n_keys];
    key->reverse = mg_imap_read_word(reader, "REVERSE");
    if (key->reverse && !mg_imap_read_octet(reader, ' '))
        return false;
    for (key->at = 0; key->at < G_N_ELEMENTS(criteria); key->at++) {
        if (mg_imap_read_word(reader, criteria[key->at].word)) {
            sort->n_keys++;
            return true;
        }
    }
    return false;
}

MgImapSort *mg_imap_sort_read(MgImapReader *reader)
{
    g_autoptr(MgImapSort) sort = g_new0(MgImapSort, 1);
    sort->entries = g_ptr_array_new();
    if (!mg_imap_read_octet(reader, '('))
        return NULL;
    do
        if (sort->n_keys == CRITERIA_MAX || !read_key(reader, sort))
            return NULL;
    while (mg_imap_read_octet(reader, ' '));
    return mg_imap_read_octet(reader, ')') ? g_steal_pointer(&sort) : NULL;
}

void mg_imap_sort_free(MgImapSort *sort)
{
    if (sort == NULL)
        return;
    for (guint i = 0; i < sort->entries->len; i++) {
        Entry *entry = g_ptr_array_index(sort->entries, i);
        for (guint k = 0; k < sort->n_keys; k++)
            g_free(entry->values[k].text);
        g_free(entry);
    }
    g_ptr_array_unref(sort->entries);
    g_free(sort);
}

bool mg_imap_sort_needs_letter(const MgImapSort *sort)
{
    for (guint i = 0; i < sort->n_keys; i++)
        if (criteria[sort->keys[i].at].letter)
            return true;
    return false;
}

/* ---- what is compared ---- */

/* RFC 5256 §3: the mailbox of the first address; of a group, that is its name. RFC 5957 §3: the
 * name for people, or else the whole address. */
static char *person(const MgMessagePart *root, const char *field, bool display)
{
    g_autoptr(GArray) people = mg_message_mailboxes(root, field);
    if (people->len == 0)
        return g_strdup("");
    const MgMessageMailbox *first = &g_array_index(people, MgMessageMailbox, 0);
    if (first->group != NULL)
        return mg_imap_collate(first->group);
    const char *address = first->address != NULL ? first->address
                          : first->name != NULL  ? first->name
                                                 : "";
    if (display)
        return mg_imap_collate(first->name != NULL ? first->name : address);
    const char *at = strrchr(address, '@');
    g_autofree char *local = at != NULL ? g_strndup(address, (gsize)(at - address)) : NULL;
    return mg_imap_collate(local != NULL ? local : address);
}

static char *subject(const MgMessagePart *root)
{
    const MgMessageField *field = mg_message_field(root, "Subject", NULL);
    g_autofree char *text = field != NULL ? mg_message_field_text(root, field) : g_strdup("");
    bool is_reply;
    g_autofree char *base = mg_imap_base_subject(text, &is_reply);
    return mg_imap_collate(base);
}

int64_t mg_imap_sent_at(const MgMessage *letter, const MgMailboxMessage *facts, int64_t epoch)
{
    const MgMessageField *field =
        letter != NULL ? mg_message_field(letter->root, "Date", NULL) : NULL;
    MgMessageDate date;
    if (field != NULL && mg_message_parse_date(mg_message_span(letter, field->value), &date))
        return date.unix_seconds;
    return mg_imap_came_at(facts, epoch);
}

void mg_imap_sort_add(MgImapSort *sort, uint32_t name, const MgMailboxMessage *facts, int64_t epoch,
                      const MgMessage *letter)
{
    Entry *entry = g_malloc0(offsetof(Entry, values) + sort->n_keys * sizeof(Value));
    entry->name = name;
    entry->order = sort->entries->len;
    for (guint i = 0; i < sort->n_keys; i++) {
        Value *value = &entry->values[i];
        size_t at = sort->keys[i].at;
        Criterion by = criteria[at].by;
        if (by == BY_ARRIVAL)
            value->number = facts->at;
        else if (by == BY_SIZE)
            value->number = (int64_t)facts->size;
        else if (by == BY_DATE)
            value->number = mg_imap_sent_at(letter, facts, epoch);
        else if (letter == NULL)
            value->text = g_strdup("");
        else if (by == BY_SUBJECT)
            value->text = subject(letter->root);
        else
            value->text = person(letter->root, criteria[at].field,
                                 by == BY_DISPLAY_FROM || by == BY_DISPLAY_TO);
    }
    g_ptr_array_add(sort->entries, entry);
}

/* ---- the order ---- */

static int compare(const void *a, const void *b, void *data)
{
    const Entry *left = *(const Entry *const *)a, *right = *(const Entry *const *)b;
    const MgImapSort *sort = data;
    for (guint i = 0; i < sort->n_keys; i++) {
        const Value *one = &left->values[i], *other = &right->values[i];
        int order = one->text != NULL
                        ? strcmp(one->text, other->text)
                        : (one->number > other->number) - (one->number < other->number);
        if (order != 0)
            return (order > 0) == sort->keys[i].reverse ? -1 : 1;
    }
    return (left->order > right->order) - (left->order < right->order);
}

GArray *mg_imap_sort_finish(MgImapSort *sort)
{
    GArray *names = g_array_sized_new(FALSE, FALSE, sizeof(uint32_t), sort->entries->len);
    g_ptr_array_sort_with_data(sort->entries, compare, sort);
    for (guint i = 0; i < sort->entries->len; i++) {
        const Entry *entry = g_ptr_array_index(sort->entries, i);
        g_array_append_val(names, entry->name);
    }
    return names;
}
