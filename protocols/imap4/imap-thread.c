/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-thread.c - THREAD: which letter answers which (RFC 5256 §3)
 *
 * REFERENCES: a node for each message id that anybody names; who names others hangs below the last
 * of them. A node without a letter is a dummy; at the end there are dummies only at the top.
 * Nothing here recurs: a chain may be as long as a mailbox.
 */
#include "imap-thread.h"

typedef struct Node Node;
struct Node {
    uint32_t name; /* 0: a dummy */
    guint order;   /* as they were added */
    int64_t sent;
    char *subject; /* (nullable) the base subject, collated */
    bool is_reply;
    Node *parent;
    GPtrArray *children; /* of Node *, borrowed */
};

struct MgImapThread {
    MgImapThreading threading;
    GPtrArray *nodes; /* of Node *, all of them */
    GHashTable *ids;  /* message id → Node, borrowed */
    guint n_added;
};

bool mg_imap_thread_named(MgSpan name, MgImapThreading *threading)
{
    static const char *const names[] = {
        [MG_IMAP_ORDEREDSUBJECT] = "ORDEREDSUBJECT",
        [MG_IMAP_REFERENCES] = "REFERENCES",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strlen(names[i]) == name.len &&
            g_ascii_strncasecmp(names[i], (const char *)name.data, name.len) == 0) {
            *threading = (MgImapThreading)i;
            return true;
        }
    }
    return false;
}

static void free_node(void *data)
{
    Node *node = data;
    g_ptr_array_unref(node->children);
    g_free(node->subject);
    g_free(node);
}

MgImapThread *mg_imap_thread_new(MgImapThreading threading)
{
    MgImapThread *thread = g_new0(MgImapThread, 1);
    thread->threading = threading;
    thread->nodes = g_ptr_array_new_with_free_func(free_node);
    thread->ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return thread;
}

void mg_imap_thread_free(MgImapThread *thread)
{
    if (thread == NULL)
        return;
    g_ptr_array_unref(thread->nodes);
    g_hash_table_unref(thread->ids);
    g_free(thread);
}

/* ---- the tree ---- */

static Node *new_node(MgImapThread *thread)
{
    Node *node = g_new0(Node, 1);
    node->children = g_ptr_array_new();
    g_ptr_array_add(thread->nodes, node);
    return node;
}

static bool is_above(const Node *node, const Node *below)
{
    for (; below != NULL; below = below->parent)
        if (below == node)
            return true;
    return false;
}

static void unhang(Node *node)
{
    if (node->parent != NULL)
        g_ptr_array_remove(node->parent->children, node);
    node->parent = NULL;
}

static void hang(Node *parent, Node *child)
{
    unhang(child);
    child->parent = parent;
    g_ptr_array_add(parent->children, child);
}

/* All that hangs below `from`; `to` NULL: they are at the top. */
static void move_children(Node *from, Node *to)
{
    for (guint i = 0; i < from->children->len; i++) {
        Node *child = g_ptr_array_index(from->children, i);
        child->parent = to;
        if (to != NULL)
            g_ptr_array_add(to->children, child);
    }
    g_ptr_array_set_size(from->children, 0);
}

/* ---- step 1: who names whom ---- */

static Node *named(MgImapThread *thread, const char *id)
{
    Node *node = g_hash_table_lookup(thread->ids, id);
    if (node == NULL) {
        node = new_node(thread);
        g_hash_table_insert(thread->ids, g_strdup(id), node);
    }
    return node;
}

/* (transfer full) References; without any, the first of In-Reply-To. */
static GStrv references_of(const MgMessagePart *root)
{
    GStrv ids = mg_message_ids(root, "References");
    if (ids[0] != NULL)
        return ids;
    g_strfreev(ids);
    ids = mg_message_ids(root, "In-Reply-To");
    for (guint i = 1; ids[0] != NULL && ids[i] != NULL; i++)
        g_clear_pointer(&ids[i], g_free);
    return ids;
}

/* A message whose id another has already is taken as if it had none. */
static Node *own_node(MgImapThread *thread, const MgMessagePart *root)
{
    g_auto(GStrv) ids = mg_message_ids(root, "Message-ID");
    Node *node = ids[0] != NULL ? named(thread, ids[0]) : NULL;
    return node != NULL && node->name == 0 ? node : new_node(thread);
}

static void take_references(MgImapThread *thread, Node *node, const MgMessagePart *root)
{
    g_auto(GStrv) ids = references_of(root);
    Node *before = NULL;
    for (guint i = 0; ids[i] != NULL; i++) {
        Node *next = named(thread, ids[i]);
        if (before != NULL && next->parent == NULL && !is_above(next, before))
            hang(before, next);
        before = next;
    }
    if (before != NULL && is_above(node, before))
        return;
    unhang(node); /* others only guessed where it belongs */
    if (before != NULL)
        hang(before, node);
}

void mg_imap_thread_add(MgImapThread *thread, uint32_t name, const MgMailboxMessage *facts,
                        int64_t epoch, const MgMessage *letter)
{
    bool references = thread->threading == MG_IMAP_REFERENCES;
    const MgMessagePart *root = letter->root;
    const MgMessageField *field = mg_message_field(root, "Subject", NULL);
    g_autofree char *text = field != NULL ? mg_message_field_text(root, field) : g_strdup("");
    Node *node = references ? own_node(thread, root) : new_node(thread);
    g_autofree char *base = mg_imap_base_subject(text, &node->is_reply);
    node->name = name;
    node->order = thread->n_added++;
    node->sent = mg_imap_sent_at(letter, facts, epoch);
    node->subject = mg_imap_collate(base);
    if (references)
        take_references(thread, node, root);
}

/* ---- order ---- */

/* A dummy was sent when its first child was. */
static const Node *letter_of(const Node *node)
{
    while (node->name == 0 && node->children->len > 0)
        node = g_ptr_array_index(node->children, 0);
    return node;
}

static int by_date(const void *a, const void *b)
{
    const Node *left = letter_of(*(const Node *const *)a),
               *right = letter_of(*(const Node *const *)b);
    if (left->sent != right->sent)
        return left->sent > right->sent ? 1 : -1;
    return (left->order > right->order) - (left->order < right->order);
}

/* By subject first: then letters of one subject are neighbours. */
static int by_subject(const void *a, const void *b)
{
    const Node *left = *(const Node *const *)a, *right = *(const Node *const *)b;
    int order = strcmp(left->subject, right->subject);
    return order != 0 ? order : by_date(a, b);
}

/* ---- steps 2 to 6 ---- */

/* Step 3, from below: a dummy goes, and its children hang where it hung; at the top it stays if it
 * holds several together. */
static void prune(Node *dummy)
{
    Node *parent = dummy->parent;
    if (parent == NULL && dummy->children->len > 1)
        return;
    move_children(dummy, parent);
    unhang(dummy);
}

static GPtrArray *roots_of(MgImapThread *thread)
{
    GPtrArray *roots = g_ptr_array_new();
    for (guint i = 0; i < thread->nodes->len; i++) {
        Node *node = g_ptr_array_index(thread->nodes, i);
        if (node->parent == NULL && (node->name != 0 || node->children->len > 0))
            g_ptr_array_add(roots, node);
    }
    return roots;
}

static void sort_children(MgImapThread *thread)
{
    for (guint i = 0; i < thread->nodes->len; i++) {
        Node *node = g_ptr_array_index(thread->nodes, i);
        g_ptr_array_sort(node->children, by_date);
    }
}

/* Whose subject a root has, for step 5; NULL if that is empty. */
static const char *subject_of(const Node *root)
{
    const Node *letter = letter_of(root);
    return letter->subject != NULL && letter->subject[0] != '\0' ? letter->subject : NULL;
}

/* Step 5 B: for each subject the root that the others hang below. */
static GHashTable *leaders_of(const GPtrArray *roots)
{
    GHashTable *leaders = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < roots->len; i++) {
        Node *root = g_ptr_array_index(roots, i);
        const char *subject = subject_of(root);
        if (subject == NULL)
            continue;
        const Node *other = g_hash_table_lookup(leaders, subject);
        if (other == NULL || (root->name == 0 && other->name != 0) ||
            (other->name != 0 && other->is_reply && !root->is_reply))
            g_hash_table_insert(leaders, (char *)subject, root);
    }
    return leaders;
}

/* Step 5 C: `root` joins the leader of its subject. */
static void join(MgImapThread *thread, GHashTable *leaders, const char *subject, Node *root)
{
    Node *leader = g_hash_table_lookup(leaders, subject);
    if (leader->name == 0 && root->name == 0) {
        move_children(root, leader);
    } else if (leader->name == 0 || (root->is_reply && !leader->is_reply)) {
        hang(leader, root);
    } else {
        Node *dummy = new_node(thread);
        hang(dummy, leader);
        hang(dummy, root);
        g_hash_table_insert(leaders, (char *)subject, dummy);
    }
}

static GPtrArray *thread_references(MgImapThread *thread)
{
    /* A dummy is named before or after the letters below it: whoever is pruned first, what is left
     * is the same. Those at the top are last, when their children are all letters. */
    for (guint top = 0; top < 2; top++) {
        for (guint i = 0; i < thread->nodes->len; i++) {
            Node *node = g_ptr_array_index(thread->nodes, i);
            if (node->name == 0 && (node->parent == NULL) == (top == 1))
                prune(node);
        }
    }
    g_autoptr(GPtrArray) roots = roots_of(thread);
    sort_children(thread);
    g_ptr_array_sort(roots, by_date);
    g_autoptr(GHashTable) leaders = leaders_of(roots);
    for (guint i = 0; i < roots->len; i++) {
        Node *root = g_ptr_array_index(roots, i);
        const char *subject = subject_of(root);
        if (subject != NULL && root->parent == NULL &&
            g_hash_table_lookup(leaders, subject) != root)
            join(thread, leaders, subject, root);
    }
    GPtrArray *merged = roots_of(thread);
    sort_children(thread);
    g_ptr_array_sort(merged, by_date);
    return merged;
}

/* All answers to a subject hang below its first letter. */
static GPtrArray *thread_subjects(MgImapThread *thread)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    GPtrArray *roots = g_ptr_array_new();
    Node *root = NULL;
    for (guint i = 0; i < thread->nodes->len; i++)
        g_ptr_array_add(sorted, g_ptr_array_index(thread->nodes, i));
    g_ptr_array_sort(sorted, by_subject);
    for (guint i = 0; i < sorted->len; i++) {
        Node *node = g_ptr_array_index(sorted, i);
        if (root != NULL && strcmp(root->subject, node->subject) == 0) {
            hang(root, node);
        } else {
            root = node;
            g_ptr_array_add(roots, root);
        }
    }
    g_ptr_array_sort(roots, by_date);
    return roots;
}

/* ---- written (§4) ---- */

/* A stack of what is still to be written; NULL closes a parenthesis. */
static void add_thread(Node *root, GPtrArray *stack, GString *out)
{
    g_string_append_c(out, '(');
    g_ptr_array_add(stack, NULL);
    g_ptr_array_add(stack, root);
    while (stack->len > 0) {
        Node *node = g_ptr_array_steal_index(stack, stack->len - 1);
        if (node == NULL) {
            g_string_append_c(out, ')');
            continue;
        }
        bool first = out->str[out->len - 1] == '(';
        if (node->parent != NULL && node->parent->children->len > 1) {
            g_string_append(out, "(");
            first = true;
        }
        if (node->name != 0)
            g_string_append_printf(out, first ? "%u" : " %u", node->name);
        bool forks = node->children->len > 1;
        if (forks && node->name != 0)
            g_string_append_c(out, ' ');
        for (guint i = node->children->len; i > 0; i--) {
            if (forks)
                g_ptr_array_add(stack, NULL);
            g_ptr_array_add(stack, g_ptr_array_index(node->children, i - 1));
        }
    }
}

void mg_imap_thread_finish(MgImapThread *thread, GString *out)
{
    g_autoptr(GPtrArray) stack = g_ptr_array_new();
    g_autoptr(GPtrArray) roots = thread->threading == MG_IMAP_REFERENCES ? thread_references(thread)
                                                                         : thread_subjects(thread);
    for (guint i = 0; i < roots->len; i++)
        add_thread(g_ptr_array_index(roots, i), stack, out);
}
