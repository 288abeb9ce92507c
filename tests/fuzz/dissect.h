/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dissect.h - what holds for every dissector and every unit, whatever its octets are */
#pragma once

#include "tree.h"

/* (transfer full) The unit's tree: each node lies in its octets and in its parent, each value can
 * be printed; and the summary is a line of `line_min` to less than `line_max` characters. */
static inline MgTree *check_unit(const MgDissector *dissector, uint16_t tag, MgDirection direction,
                                 MgSpan unit, glong line_min, glong line_max)
{
    g_autoptr(GBytes) bytes = g_bytes_new(unit.data, unit.len);
    MgSpan copy = {g_bytes_get_data(bytes, NULL), unit.len};
    g_autoptr(GString) line = g_string_new(NULL);
    MgTree *tree = mg_tree_new();
    mg_tree_begin(tree, dissector, "Exchange", bytes);
    dissector->dissect(tag, direction, copy, tree);
    for (MgNode i = 1; i < mg_tree_n_nodes(tree); i++) {
        const MgTreeNode *node = mg_tree_node(tree, i);
        g_free(mg_tree_value(tree, i));
        /* The unit, or octets that were made of it: decoded, put together. */
        GBytes *source = mg_tree_source(tree, node->source)->bytes;
        g_assert_cmpuint(node->offset + node->len, <=, g_bytes_get_size(source));
        const MgTreeNode *parent = mg_tree_node(tree, node->parent);
        if (node->parent == MG_NODE_ROOT || parent->source != node->source)
            continue; /* else a part lies in its whole */
        g_assert_cmpuint(node->offset, >=, parent->offset);
        g_assert_cmpuint(node->offset + node->len, <=, parent->offset + parent->len);
    }
    dissector->summarize(tag, direction, copy, line);
    g_assert_true(g_utf8_validate(line->str, (gssize)line->len, NULL));
    g_assert_cmpint(g_utf8_strlen(line->str, -1), >=, line_min);
    g_assert_cmpint(g_utf8_strlen(line->str, -1), <, line_max);
    for (const char *c = line->str; *c != '\0'; c++)
        g_assert_true((uint8_t)*c >= 0x20 && *c != 0x7f);
    return tree;
}
