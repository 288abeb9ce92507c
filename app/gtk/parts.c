/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parts.c - the parts of a letter, as the fields of an exchange name them
 *
 * Fields are known by the ends of their names: a header has lines, each with a name and a value;
 * beside it lies what the header is about. */
#include "parts.h"

#include <string.h>

static bool is(const MgTree *tree, MgNode node, const char *suffix)
{
    const MgField *field = mg_tree_node(tree, node)->field;
    return field != NULL && field->id != NULL && g_str_has_suffix(field->id, suffix);
}

/* The first child that is this; MG_NODE_ROOT if there is none. */
static MgNode child(const MgTree *tree, MgNode of, const char *suffix)
{
    for (MgNode at = mg_tree_node(tree, of)->first_child; at != 0;
         at = mg_tree_node(tree, at)->next_sibling)
        if (is(tree, at, suffix))
            return at;
    return MG_NODE_ROOT;
}

static bool is_header(const MgTree *tree, MgNode node)
{
    if (!is(tree, node, ".header"))
        return false;
    MgNode line = child(tree, node, ".field");
    return line != MG_NODE_ROOT && child(tree, line, ".field.name") != MG_NODE_ROOT;
}

bool mg_parts_are_in(const MgTree *tree)
{
    for (MgNode i = 1; tree != NULL && i < mg_tree_n_nodes(tree); i++)
        if (is_header(tree, i))
            return true;
    return false;
}

/* The value of the line with this name; MG_NODE_ROOT if there is none. */
static MgNode find_line(const MgTree *tree, MgNode header, const char *wanted)
{
    for (MgNode line = mg_tree_node(tree, header)->first_child; line != 0;
         line = mg_tree_node(tree, line)->next_sibling) {
        MgNode name = child(tree, line, ".field.name");
        g_autofree char *text = name != MG_NODE_ROOT ? mg_tree_value(tree, name) : NULL;
        if (text != NULL && g_ascii_strcasecmp(text, wanted) == 0)
            return mg_tree_node(tree, name)->next_sibling;
    }
    return MG_NODE_ROOT;
}

MgNode mg_parts_subject(const MgTree *tree)
{
    for (MgNode i = 1; tree != NULL && i < mg_tree_n_nodes(tree); i++) {
        if (!is_header(tree, i))
            continue;
        MgNode subject = find_line(tree, i, "subject");
        return subject != MG_NODE_ROOT && !is(tree, subject, ".end_of_line")
                   ? subject
                   : mg_tree_node(tree, i)->first_child;
    }
    return MG_NODE_ROOT;
}

char *mg_part_line(const MgTree *tree, const MgPart *part, const char *name)
{
    MgNode node = find_line(tree, part->header, name);
    return node != MG_NODE_ROOT && !is(tree, node, ".end_of_line") ? mg_tree_value(tree, node)
                                                                   : NULL;
}

static bool is_below(const MgTree *tree, MgNode node, MgNode above)
{
    while (node != MG_NODE_ROOT && node != above)
        node = mg_tree_node(tree, node)->parent;
    return node == above;
}

/* (nullable) (transfer full) What a parameter anywhere in the header says. */
static char *parameter(const MgTree *tree, MgNode header, const char *wanted)
{
    for (MgNode i = header + 1; i < mg_tree_n_nodes(tree); i++) {
        if (!is(tree, i, ".parameter") || !is_below(tree, i, header))
            continue;
        MgNode name = child(tree, i, ".parameter.name");
        g_autofree char *text = name != MG_NODE_ROOT ? mg_tree_value(tree, name) : NULL;
        /* filename*0*: the same name, in pieces or in another charset (RFC 2231) */
        size_t len = strlen(wanted);
        if (text == NULL || g_ascii_strncasecmp(text, wanted, len) != 0 ||
            (text[len] != '\0' && text[len] != '*'))
            continue;
        MgNode value = child(tree, i, ".parameter.value");
        if (value == MG_NODE_ROOT)
            continue;
        MgNode decoded = child(tree, value, ".parameter.decoded");
        return mg_tree_value(tree, decoded != MG_NODE_ROOT ? decoded : value);
    }
    return NULL;
}

static void part_clear(gpointer data)
{
    MgPart *part = data;
    g_free(part->type);
    g_free(part->name);
}

static MgPart part_of(const MgTree *tree, MgNode header)
{
    MgPart part = {.header = header};
    for (MgNode at = mg_tree_node(tree, header)->next_sibling; at != 0;
         at = mg_tree_node(tree, at)->next_sibling)
        if (is(tree, at, ".message_text"))
            part.body = at;
    g_autofree char *type = mg_part_line(tree, &part, "Content-Type");
    g_autofree char *encoding = mg_part_line(tree, &part, "Content-Transfer-Encoding");
    part.type = type != NULL ? g_strstrip(g_strndup(type, strcspn(type, ";")))
                             : g_strdup("text/plain"); /* RFC 2045 §5.2 */
    part.name = parameter(tree, header, "filename");
    if (part.name == NULL)
        part.name = parameter(tree, header, "name");
    part.is_base64 = encoding != NULL && g_ascii_strcasecmp(g_strstrip(encoding), "base64") == 0;
    if (part.body == MG_NODE_ROOT)
        return part;
    part.size = mg_tree_node(tree, part.body)->len;
    MgNode size = child(tree, part.body, ".decoded_size"), text = child(tree, part.body, ".text");
    g_autofree char *decoded = text != MG_NODE_ROOT ? mg_tree_value(tree, text) : NULL;
    if (size != MG_NODE_ROOT)
        mg_tree_number(tree, size, &part.size);
    else if (decoded != NULL)
        part.size = strlen(decoded);
    return part;
}

GArray *mg_parts_of(const MgTree *tree)
{
    GArray *parts = g_array_new(FALSE, FALSE, sizeof(MgPart));
    g_array_set_clear_func(parts, part_clear);
    for (MgNode i = 1; tree != NULL && i < mg_tree_n_nodes(tree); i++) {
        if (!is_header(tree, i))
            continue;
        MgPart part = part_of(tree, i);
        /* It lies in each part whose header stands beside something around it. */
        for (guint k = 0; k < parts->len; k++) {
            MgNode around = mg_tree_node(tree, g_array_index(parts, MgPart, k).header)->parent;
            if (mg_tree_node(tree, i)->parent != around && is_below(tree, i, around))
                part.depth++;
        }
        g_array_append_val(parts, part);
    }
    return parts;
}

char *mg_part_text(const MgTree *tree, const MgPart *part)
{
    if (part->body == MG_NODE_ROOT || !g_str_has_prefix(part->type, "text/"))
        return NULL;
    MgNode text = child(tree, part->body, ".text");
    if (text != MG_NODE_ROOT)
        return mg_tree_value(tree, text);
    MgSpan raw = mg_tree_bytes(tree, part->body);
    return g_utf8_make_valid((const char *)raw.data, (gssize)raw.len);
}

GBytes *mg_part_octets(const MgTree *tree, const MgPart *part)
{
    char *text = mg_part_text(tree, part);
    if (text != NULL)
        return g_bytes_new_take(text, strlen(text));
    MgSpan raw = part->body != MG_NODE_ROOT ? mg_tree_bytes(tree, part->body) : (MgSpan){NULL, 0};
    if (!part->is_base64)
        return g_bytes_new(raw.data, raw.len);
    g_autofree char *encoded = g_strndup((const char *)raw.data, raw.len);
    gsize len = 0;
    guchar *octets = g_base64_decode(encoded, &len);
    return g_bytes_new_take(octets, len);
}
