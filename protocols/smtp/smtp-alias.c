/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-alias.c - names that stand for other addresses */
#include "smtp-alias.h"

#include "smtp-address.h"

#define TARGETS_MAX 1000u

static MgSpan trim(MgSpan text)
{
    while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
        text = mg_span_slice(text, 1, text.len - 1);
    while (text.len > 0 && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* The part of `*list` before the next `mark`, trimmed; false at the end. */
static bool next_part(MgSpan *list, char mark, MgSpan *part)
{
    if (list->len == 0)
        return false;
    const uint8_t *end = memchr(list->data, mark, list->len);
    size_t len = end != NULL ? (size_t)(end - list->data) : list->len;
    *part = trim(mg_span_slice(*list, 0, len));
    size_t used = MIN(len + 1, list->len);
    *list = mg_span_slice(*list, used, list->len - used);
    return true;
}

static MgSpan local_of(const char *address)
{
    MgSpan whole = mg_span_from_string(address);
    size_t domain = mg_smtp_domain_of(address).len;
    return mg_span_slice(whole, 0, domain > 0 ? whole.len - domain - 1 : whole.len);
}

/* The targets of the first row with this name. */
static bool find(const char *aliases, const char *address, MgSpan *targets)
{
    MgSpan list = mg_span_from_string(aliases), row, name;
    while (next_part(&list, ';', &row)) {
        *targets = row;
        bool good = next_part(targets, ':', &name);
        bool whole = good && name.len > 0 && memchr(name.data, '@', name.len) != NULL;
        if (good &&
            mg_span_equal_nocase(name, whole ? mg_span_from_string(address) : local_of(address)))
            return true;
    }
    return false;
}

bool mg_alias_has(const char *aliases, const char *address)
{
    MgSpan targets;
    return aliases != NULL && address[0] != '\0' && find(aliases, address, &targets);
}

typedef struct {
    char *address;
    bool final;
    int parent; /* the alias that named it, in the same list; -1: none */
} Node;

static void node_clear(void *data)
{
    g_free(((Node *)data)->address);
}

static bool same(const char *a, const char *b)
{
    return g_ascii_strcasecmp(a, b) == 0;
}

/* Each target of a row goes to the end of the list of those that are to be looked up. */
static void add_targets(GArray *nodes, MgSpan targets, int parent)
{
    MgSpan target;
    while (next_part(&targets, ',', &target) && nodes->len < TARGETS_MAX) {
        bool final = target.len > 0 && target.data[0] == '\\';
        if (final)
            target = mg_span_slice(target, 1, target.len - 1);
        if (target.len == 0)
            continue;
        Node fresh = {g_strndup((const char *)target.data, target.len), final, parent};
        MgSpan domain = mg_smtp_domain_of(g_array_index(nodes, Node, parent).address);
        if (strchr(fresh.address, '@') == NULL && domain.len > 0) {
            char *name = fresh.address;
            fresh.address = g_strdup_printf("%s@%.*s", name, (int)domain.len, domain.data);
            g_free(name);
        }
        g_array_append_val(nodes, fresh);
    }
}

typedef enum { NEW, IN_CHAIN, ELSEWHERE } Seen;

/* Was this address an alias on the way to itself, or on another way? */
static Seen seen(const GArray *nodes, guint at)
{
    const Node *node = &g_array_index(nodes, Node, at);
    for (int up = node->parent; up >= 0; up = g_array_index(nodes, Node, up).parent)
        if (same(g_array_index(nodes, Node, up).address, node->address))
            return IN_CHAIN;
    for (guint i = 0; i < at; i++)
        if (!g_array_index(nodes, Node, i).final &&
            same(g_array_index(nodes, Node, i).address, node->address))
            return ELSEWHERE;
    return NEW;
}

static void add_found(GPtrArray *found, const char *address)
{
    for (guint i = 0; i < found->len; i++)
        if (same(g_ptr_array_index(found, i), address))
            return;
    g_ptr_array_add(found, g_strdup(address));
}

GPtrArray *mg_alias_expand(const char *aliases, const char *address,
                           bool (*is_local)(const void *data, const char *address),
                           const void *data)
{
    MgSpan targets;
    if (!mg_alias_has(aliases, address))
        return NULL;
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) nodes = g_array_new(FALSE, FALSE, sizeof(Node));
    g_array_set_clear_func(nodes, node_clear);
    Node first = {g_strdup(address), false, -1};
    g_array_append_val(nodes, first);
    for (guint i = 0; i < nodes->len; i++) {
        const Node *node = &g_array_index(nodes, Node, i);
        bool alias =
            !node->final && is_local(data, node->address) && find(aliases, node->address, &targets);
        Seen how = alias ? seen(nodes, i) : IN_CHAIN;
        if (how == NEW)
            add_targets(nodes, targets, (int)i);
        else if (how == IN_CHAIN)
            add_found(found, node->address);
    }
    return found;
}
