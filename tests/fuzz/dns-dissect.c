/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-dissect.c - any octets can be cut and named; the first one says whether they are a stream */
#include "dns.h"
#include "tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(MgUnit unit, MgSpan bytes)
{
    MgSpan span = {g_memdup2(bytes.data, unit.len), unit.len};
    g_autoptr(MgTree) tree = mg_tree_new();
    g_autoptr(GBytes) owned = g_bytes_new(span.data, span.len);
    g_autoptr(GString) line = g_string_new(NULL);
    mg_tree_begin(tree, &mg_dns_dissector, "Exchange", owned);
    mg_dns_dissector.dissect(unit.tag, MG_FROM_CLIENT, span, tree);
    for (MgNode i = 1; i < mg_tree_n_nodes(tree); i++) {
        const MgTreeNode *node = mg_tree_node(tree, i);
        const MgTreeNode *above = mg_tree_node(tree, node->parent);
        g_assert_cmpuint(node->offset + node->len, <=, unit.len);
        if (node->parent != MG_NODE_ROOT) { /* a field lies in what holds it */
            g_assert_cmpuint(node->offset, >=, above->offset);
            g_assert_cmpuint(node->offset + node->len, <=, above->offset + above->len);
        }
        g_free(mg_tree_value(tree, i));
    }
    mg_dns_dissector.summarize(unit.tag, MG_FROM_CLIENT, span, line);
    g_assert_true(g_utf8_validate(line->str, (gssize)line->len, NULL));
    g_assert_cmpuint(line->len, >, 0);
    g_assert_cmpuint(line->len, <, 160);
    g_free((void *)span.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree void *state = g_malloc0(mg_dns_dissector.state_size);
    if (size < 2)
        return 0;
    bool stream = (data[0] & 1) != 0;
    for (size_t at = 1; at < size;) {
        MgSpan rest = {data + at, size - at};
        MgUnit unit = {0};
        if (stream && mg_dns_dissector.cut(state, MG_FROM_CLIENT, rest, false, &unit))
            g_assert_cmpint(unit.tag, ==, 1);
        else if (!mg_dns_dissector.cut(state, MG_FROM_CLIENT, rest, true, &unit))
            g_assert_not_reached();
        g_assert_cmpuint(unit.len, >, 0);
        g_assert_cmpuint(unit.len, <=, rest.len);
        look(unit, rest);
        at += unit.len;
    }
    return 0;
}
