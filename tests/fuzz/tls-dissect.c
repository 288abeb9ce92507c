/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls-dissect.c - any octets as records of one direction, or as a bare message: the units together
 * are the octets, and nothing is named outside its unit
 *
 * The first octet says which: bit 0 the server's; from 0x80 on a bare message of content type 20 +
 * low bits. */
#include "tls.h"
#include "tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_tree(uint16_t tag, MgDirection direction, MgSpan unit)
{
    g_autoptr(GBytes) bytes = g_bytes_new(unit.data, unit.len);
    MgSpan copy = {g_bytes_get_data(bytes, NULL), unit.len};
    g_autoptr(MgTree) tree = mg_tree_new();
    g_autoptr(GString) line = g_string_new(NULL);
    mg_tree_begin(tree, &mg_tls_dissector, "Exchange", bytes);
    mg_tls_dissector.dissect(tag, direction, copy, tree);
    for (MgNode i = 1; i < mg_tree_n_nodes(tree); i++) {
        const MgTreeNode *node = mg_tree_node(tree, i);
        g_free(mg_tree_value(tree, i));
        g_assert_cmpuint(node->offset + node->len, <=, unit.len);
        if (node->parent != MG_NODE_ROOT) { /* a part is within its whole */
            const MgTreeNode *parent = mg_tree_node(tree, node->parent);
            g_assert_cmpuint(node->offset, >=, parent->offset);
            g_assert_cmpuint(node->offset + node->len, <=, parent->offset + parent->len);
        }
    }
    mg_tls_dissector.summarize(tag, direction, copy, line);
    g_assert_true(g_utf8_validate(line->str, -1, NULL));
    g_assert_cmpint(g_utf8_strlen(line->str, -1), <, 260);
    for (const char *c = line->str; *c != '\0'; c++)
        g_assert_true((uint8_t)*c >= 0x20 && *c != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    MgDirection direction = (data[0] & 1) != 0 ? MG_FROM_SERVER : MG_FROM_CLIENT;
    MgSpan rest = {data + 1, size - 1};
    if (data[0] >= 0x80) {
        check_tree((uint16_t)(0x100 | (20 + (data[0] >> 1) % 4)), direction, rest);
        return 0;
    }
    g_autofree void *state = g_malloc0(mg_tls_dissector.state_size);
    while (rest.len > 0) {
        MgUnit unit = {0};
        bool whole = mg_tls_dissector.cut(state, direction, rest, false, &unit);
        if (!whole) {
            g_assert_cmpuint(rest.len, <, 128 * 1024);
            g_assert_true(mg_tls_dissector.cut(state, direction, rest, true, &unit));
        }
        g_assert_cmpuint(unit.len, >=, 1);
        g_assert_cmpuint(unit.len, <=, rest.len);
        check_tree(unit.tag, direction, mg_span_slice(rest, 0, unit.len));
        rest = mg_span_slice(rest, unit.len, rest.len - unit.len);
    }
    return 0;
}
