/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imf.c - any octets are a letter that can be named, whole or in pieces, with dots or without:
 * nodes lie in their parents, values are UTF-8 */
#include "message.h"
#include "tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_tree(const MgTree *tree)
{
    for (MgNode i = 1; i < mg_tree_n_nodes(tree); i++) {
        const MgTreeNode *node = mg_tree_node(tree, i), *above = mg_tree_node(tree, node->parent);
        g_autofree char *value = mg_tree_value(tree, i);
        g_assert_true(g_utf8_validate(value, -1, NULL));
        if (node->parent == MG_NODE_ROOT || node->source != above->source)
            continue;
        g_assert_cmpuint(node->offset, >=, above->offset);
        g_assert_cmpuint(node->offset + node->len, <=, above->offset + above->len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t pieces[] = {MG_PIECE_WHOLE, MG_PIECE_FIRST, MG_PIECE_LATER,
                                      MG_PIECE_WHOLE | MG_PIECE_DOTTED};
    g_autoptr(GBytes) bytes = g_bytes_new(data, MIN(size, 65536));
    MgSpan unit = {g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)};
    if (unit.len == 0)
        return 0;
    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
        g_autoptr(MgTree) tree = mg_tree_new();
        mg_tree_begin(tree, &mg_imf_dissector, "Letter", bytes);
        mg_imf_dissector.dissect(pieces[i], MG_FROM_CLIENT, unit, tree);
        check_tree(tree);
    }
    return 0;
}
