/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tree.c - fields over bytes: what a dissector fills and everybody else reads */
#include "tree.h"

#include "inet.h"

#define NESTED_MAX 16u /* dissectors in each other */

/* What a dissector sees: its octets are those from `base` on, its root is `root`. */
typedef struct {
    const MgDissector *dissector;
    uint8_t source;
    size_t base, len;
    MgNode root;
    unsigned level;
} Frame;

struct MgTree {
    GArray *nodes;         /* MgTreeNode; index 0 is the root */
    GArray *sources;       /* MgTreeSource */
    GStringChunk *strings; /* (nullable) values that the bytes do not spell */
    const MgRegistry *registry;
    Frame frame;
    const char *say;
    bool brief, left_out; /* nothing is nested; something would have been */
};

static void clear_source(void *data)
{
    g_bytes_unref(((MgTreeSource *)data)->bytes);
}

MgTree *mg_tree_new(void)
{
    MgTree *tree = g_new0(MgTree, 1);
    tree->nodes = g_array_sized_new(FALSE, TRUE, sizeof(MgTreeNode), 48);
    tree->sources = g_array_new(FALSE, FALSE, sizeof(MgTreeSource));
    g_array_set_clear_func(tree->sources, clear_source);
    g_array_set_size(tree->nodes, 1);
    return tree;
}

void mg_tree_free(MgTree *tree)
{
    if (tree == NULL)
        return;
    g_array_unref(tree->nodes);
    g_array_unref(tree->sources);
    if (tree->strings != NULL)
        g_string_chunk_free(tree->strings);
    g_free(tree);
}

void mg_tree_reset(MgTree *tree, bool brief)
{
    g_array_set_size(tree->nodes, 1);
    g_array_index(tree->nodes, MgTreeNode, 0) = (MgTreeNode){0};
    g_array_set_size(tree->sources, 0);
    if (tree->strings != NULL)
        g_string_chunk_clear(tree->strings);
    tree->frame = (Frame){0};
    tree->say = NULL;
    tree->brief = brief;
    tree->left_out = false;
}

bool mg_tree_is_too_brief(const MgTree *tree)
{
    return tree->left_out && tree->say == NULL;
}

void mg_tree_set_registry(MgTree *tree, const MgRegistry *registry)
{
    tree->registry = registry;
}

static void add_source(MgTree *tree, const char *label, GBytes *bytes)
{
    g_assert(tree->sources->len < UINT8_MAX);
    MgTreeSource source = {label, g_bytes_ref(bytes)};
    g_array_append_val(tree->sources, source);
}

void mg_tree_begin(MgTree *tree, const MgDissector *dissector, const char *label, GBytes *bytes)
{
    size_t last = tree->sources->len;
    /* Else it is another layer over the same bytes. */
    if (last == 0 || g_array_index(tree->sources, MgTreeSource, last - 1).bytes != bytes)
        add_source(tree, label, bytes);
    tree->frame = (Frame){.dissector = dissector,
                          .source = (uint8_t)(tree->sources->len - 1),
                          .len = g_bytes_get_size(bytes)};
}

/* Where in the frame's octets `octets` lie; false if they are others. */
static bool find_octets(const MgTree *tree, MgSpan octets, size_t *base)
{
    const Frame *frame = &tree->frame;
    GBytes *bytes = g_array_index(tree->sources, MgTreeSource, frame->source).bytes;
    uintptr_t from = (uintptr_t)g_bytes_get_data(bytes, NULL) + frame->base;
    uintptr_t at = (uintptr_t)octets.data;
    *base = frame->base + (at - from);
    return at >= from && at - from <= frame->len && octets.len <= frame->len - (at - from);
}

MgNode mg_tree_nest(MgTree *tree, MgNode parent, const char *dissector, uint16_t tag, MgSpan octets)
{
    const Frame around = tree->frame;
    g_autoptr(GBytes) copy = NULL;
    uint8_t index =
        tree->registry != NULL ? mg_registry_dissector_index(tree->registry, dissector) : 0;
    if (index == 0 || octets.len == 0 || around.level == NESTED_MAX)
        return MG_NODE_ROOT;
    Frame inner = {.dissector = mg_registry_dissector(tree->registry, index),
                   .source = around.source,
                   .len = octets.len,
                   .root = parent == MG_NODE_ROOT ? around.root : parent,
                   .level = around.level + 1};
    if (inner.dissector->dissect == NULL)
        return MG_NODE_ROOT;
    if (tree->brief) {
        tree->left_out = true;
        return MG_NODE_ROOT;
    }
    if (!find_octets(tree, octets, &inner.base)) {
        if (tree->sources->len == UINT8_MAX)
            return MG_NODE_ROOT;
        copy = g_bytes_new(octets.data, octets.len);
        octets.data = g_bytes_get_data(copy, NULL);
        add_source(tree, inner.dissector->label, copy);
        inner.base = 0;
        inner.source = (uint8_t)(tree->sources->len - 1);
    }
    MgNode first = tree->nodes->len;
    tree->frame = inner;
    inner.dissector->dissect(tag, MG_FROM_CLIENT, octets, tree);
    tree->frame = around;
    return first < tree->nodes->len ? first : MG_NODE_ROOT;
}

static MgTreeNode *at(const MgTree *tree, MgNode node)
{
    g_assert(node < tree->nodes->len);
    return &g_array_index(tree->nodes, MgTreeNode, node);
}

MgNode mg_tree_add(MgTree *tree, MgNode parent, unsigned field, size_t offset, size_t len)
{
    const Frame *frame = &tree->frame;
    g_assert(frame->dissector != NULL && field < frame->dissector->n_fields);
    g_assert(offset <= frame->len && len <= frame->len - offset);
    if (parent == MG_NODE_ROOT)
        parent = frame->root;
    MgNode node = tree->nodes->len;
    g_array_set_size(tree->nodes, node + 1);
    *at(tree, node) = (MgTreeNode){.field = &frame->dissector->fields[field],
                                   .dissector = frame->dissector,
                                   .parent = parent,
                                   .offset = (uint32_t)(frame->base + offset),
                                   .len = (uint32_t)len,
                                   .source = frame->source};
    MgTreeNode *above = at(tree, parent);
    if (above->last_child != 0)
        at(tree, above->last_child)->next_sibling = node;
    else
        above->first_child = node;
    above->last_child = node;
    return node;
}

MgNode mg_tree_add_uint(MgTree *tree, MgNode parent, unsigned field, size_t offset, size_t len,
                        uint64_t value)
{
    MgNode node = mg_tree_add(tree, parent, field, offset, len);
    at(tree, node)->has_number = true;
    at(tree, node)->number = value;
    return node;
}

MgNode mg_tree_add_text(MgTree *tree, MgNode parent, unsigned field, size_t offset, size_t len,
                        const char *value)
{
    MgNode node = mg_tree_add(tree, parent, field, offset, len);
    if (tree->strings == NULL)
        tree->strings = g_string_chunk_new(256);
    at(tree, node)->text = g_string_chunk_insert(tree->strings, value != NULL ? value : "");
    return node;
}

/* A node has room for one rule: the worst stays. */
void mg_tree_note(MgTree *tree, MgNode node, const MgRule *rule)
{
    MgTreeNode *noted = at(tree, node == MG_NODE_ROOT ? tree->frame.root : node);
    if (noted->note == NULL || noted->note->severity < rule->severity)
        noted->note = rule;
}

void mg_tree_say(MgTree *tree, const char *say)
{
    if (tree->frame.level == 0) /* the whole unit's, not that of what is in it */
        tree->say = say;
}

/* ---- reading ---- */

size_t mg_tree_n_nodes(const MgTree *tree)
{
    return tree->nodes->len;
}

const MgTreeNode *mg_tree_node(const MgTree *tree, MgNode node)
{
    return at(tree, node);
}

size_t mg_tree_n_sources(const MgTree *tree)
{
    return tree->sources->len;
}

const MgTreeSource *mg_tree_source(const MgTree *tree, size_t i)
{
    g_assert(i < tree->sources->len);
    return &g_array_index(tree->sources, MgTreeSource, i);
}

MgSpan mg_tree_bytes(const MgTree *tree, MgNode node)
{
    const MgTreeNode *of = at(tree, node);
    if (of->field == NULL)
        return (MgSpan){0};
    size_t size = 0;
    const uint8_t *data = g_bytes_get_data(mg_tree_source(tree, of->source)->bytes, &size);
    return (MgSpan){data != NULL ? data + of->offset : NULL, of->len};
}

bool mg_tree_number(const MgTree *tree, MgNode node, uint64_t *number)
{
    const MgTreeNode *of = at(tree, node);
    if (of->has_number) {
        *number = of->number;
        return true;
    }
    if (of->field == NULL || (of->field->type != MG_FIELD_UINT && of->field->type != MG_FIELD_BOOL))
        return false;
    /* Spelled in digits, as text protocols do. */
    MgSpan bytes = of->text != NULL ? mg_span_from_string(of->text) : mg_tree_bytes(tree, node);
    g_assert(bytes.data != NULL || bytes.len == 0);
    uint64_t sum = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        if (!g_ascii_isdigit(bytes.data[i]) || sum > (UINT64_MAX - 9) / 10)
            return false;
        sum = sum * 10 + (bytes.data[i] - '0');
    }
    *number = sum;
    return bytes.len > 0;
}

static char *hex(MgSpan bytes)
{
    static const char digits[] = "0123456789abcdef";
    g_assert(bytes.data != NULL || bytes.len == 0);
    char *text = g_malloc(2 * bytes.len + 1);
    for (size_t i = 0; i < bytes.len; i++) {
        text[2 * i] = digits[bytes.data[i] >> 4];
        text[2 * i + 1] = digits[bytes.data[i] & 15];
    }
    text[2 * bytes.len] = '\0';
    return text;
}

/* Four or sixteen octets are an address as it travels; anything else spells one. */
static char *address_text(MgSpan bytes)
{
    char text[MG_INET_TEXT_MAX];
    if ((bytes.len == 4 || bytes.len == 16) && mg_inet_format(bytes, text))
        return g_strdup(text);
    return g_utf8_make_valid((const char *)bytes.data, (gssize)bytes.len);
}

char *mg_tree_value(const MgTree *tree, MgNode node)
{
    const MgTreeNode *of = at(tree, node);
    uint64_t number;
    if (of->text != NULL)
        return g_utf8_make_valid(of->text, -1);
    if (of->field == NULL)
        return g_strdup("");
    MgSpan bytes = mg_tree_bytes(tree, node);
    switch (of->field->type) {
    case MG_FIELD_UINT:
        if (mg_tree_number(tree, node, &number))
            return g_strdup_printf("%" G_GUINT64_FORMAT, number);
        break;
    case MG_FIELD_BOOL:
        return g_strdup(mg_tree_number(tree, node, &number) && number != 0 ? "true" : "false");
    case MG_FIELD_BYTES:
        return hex(bytes);
    case MG_FIELD_ADDRESS:
        return bytes.len > 0 ? address_text(bytes) : g_strdup("");
    case MG_FIELD_GROUP:
    case MG_FIELD_TEXT:
        break;
    }
    return bytes.len > 0 ? g_utf8_make_valid((const char *)bytes.data, (gssize)bytes.len)
                         : g_strdup("");
}

static bool name_fits(const MgTree *tree, MgNode node, const MgName *name)
{
    if (name->text != NULL) {
        const char *given = at(tree, node)->text;
        MgSpan value = given != NULL ? mg_span_from_string(given) : mg_tree_bytes(tree, node);
        return mg_span_equal_nocase(value, mg_span_from_string(name->text));
    }
    uint64_t number;
    return mg_tree_number(tree, node, &number) && number == name->value;
}

const MgName *mg_tree_name(const MgTree *tree, MgNode node)
{
    const MgTreeNode *of = at(tree, node);
    if (of->field == NULL || of->field->names == NULL)
        return NULL;
    for (const MgName *name = of->field->names; name->name != NULL; name++)
        if (name_fits(tree, node, name))
            return name;
    return NULL;
}

static unsigned depth(const MgTree *tree, MgNode node)
{
    unsigned levels = 0;
    for (; node != MG_NODE_ROOT; node = at(tree, node)->parent)
        levels++;
    return levels;
}

MgNode mg_tree_node_at(const MgTree *tree, size_t source, size_t offset)
{
    MgNode best = MG_NODE_ROOT;
    unsigned best_depth = 0;
    for (MgNode i = 1; i < tree->nodes->len; i++) {
        const MgTreeNode *node = at(tree, i);
        if (node->source != source || offset < node->offset || offset - node->offset >= node->len)
            continue;
        unsigned levels = depth(tree, i);
        /* Of equals, the shorter: it says more about this byte. */
        if (levels > best_depth || (levels == best_depth && node->len < at(tree, best)->len)) {
            best = i;
            best_depth = levels;
        }
    }
    return best;
}

MgNode mg_tree_find(const MgTree *tree, const char *field_id, MgNode from)
{
    for (MgNode i = MAX(from, 1u); i < tree->nodes->len; i++)
        if (strcmp(at(tree, i)->field->id, field_id) == 0)
            return i;
    return MG_NODE_ROOT;
}

const char *mg_tree_caption(const MgTree *tree)
{
    if (tree->say != NULL)
        return tree->say;
    for (MgNode i = 1; i < tree->nodes->len; i++) {
        const MgName *name = mg_tree_name(tree, i);
        if (name != NULL && name->say != NULL)
            return name->say;
    }
    return NULL;
}
