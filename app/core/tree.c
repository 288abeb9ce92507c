/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tree.c - fields over bytes: what a dissector fills and everybody else reads */
#include "tree.h"

#include "inet.h"

struct MgTree {
    GArray *nodes;         /* MgTreeNode; index 0 is the root */
    GArray *sources;       /* MgTreeSource */
    GStringChunk *strings; /* (nullable) values that the bytes do not spell */
    const MgDissector *dissector;
    const char *say;
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

void mg_tree_begin(MgTree *tree, const MgDissector *dissector, const char *label, GBytes *bytes)
{
    tree->dissector = dissector;
    size_t last = tree->sources->len;
    if (last > 0 && g_array_index(tree->sources, MgTreeSource, last - 1).bytes == bytes)
        return; /* another layer over the same bytes */
    g_assert(last < UINT8_MAX);
    MgTreeSource source = {label, g_bytes_ref(bytes)};
    g_array_append_val(tree->sources, source);
}

static MgTreeNode *at(const MgTree *tree, MgNode node)
{
    g_assert(node < tree->nodes->len);
    return &g_array_index(tree->nodes, MgTreeNode, node);
}

MgNode mg_tree_add(MgTree *tree, MgNode parent, unsigned field, size_t offset, size_t len)
{
    g_assert(tree->dissector != NULL && field < tree->dissector->n_fields);
    g_assert(tree->sources->len > 0);
    MgTreeSource *source = &g_array_index(tree->sources, MgTreeSource, tree->sources->len - 1);
    size_t size = g_bytes_get_size(source->bytes);
    g_assert(offset <= size && len <= size - offset);
    MgNode node = tree->nodes->len;
    g_array_set_size(tree->nodes, node + 1);
    *at(tree, node) = (MgTreeNode){.field = &tree->dissector->fields[field],
                                   .dissector = tree->dissector,
                                   .parent = parent,
                                   .offset = (uint32_t)offset,
                                   .len = (uint32_t)len,
                                   .source = (uint8_t)(tree->sources->len - 1)};
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
    MgTreeNode *noted = at(tree, node);
    if (noted->note == NULL || noted->note->severity < rule->severity)
        noted->note = rule;
}

void mg_tree_say(MgTree *tree, const char *say)
{
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
