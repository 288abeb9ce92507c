/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-tree.c - nodes over bytes, their values, and how they are found */
#include "core-test.h"

static MgTree *tree_of(MgRegistry *registry, MgDirection direction, const char *text)
{
    const MgDissector *line =
        mg_registry_dissector(registry, mg_registry_dissector_index(registry, "line"));
    MgTree *tree = mg_tree_new();
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    mg_tree_begin(tree, line, "Exchange", bytes);
    line->dissect(0, direction, mg_span_from_string(text), tree);
    return tree;
}

static void assert_value(const MgTree *tree, const char *id, const char *value)
{
    MgNode node = mg_tree_find(tree, id, 0);
    g_assert_cmpuint(node, !=, MG_NODE_ROOT);
    g_autofree char *text = mg_tree_value(tree, node);
    g_assert_cmpstr(text, ==, value);
}

static void test_values(void)
{
    g_autoptr(MgRegistry) registry = line_registry();
    g_autoptr(MgTree) tree = tree_of(registry, MG_FROM_CLIENT, "helo a b\n");
    assert_value(tree, "line.verb", "helo");
    assert_value(tree, "line.argument", "a b");
    assert_value(tree, "line.raw", "68656c6f20612062");
    MgNode verb = mg_tree_find(tree, "line.verb", 0);
    g_assert_cmpstr(mg_tree_name(tree, verb)->name, ==, "Hello");
    g_assert_cmpstr(mg_tree_caption(tree), ==, "Hello, here I am.");
    mg_tree_say(tree, "Something else.");
    g_assert_cmpstr(mg_tree_caption(tree), ==, "Something else.");
    MgNode first = mg_tree_find(tree, "line.word", 0);
    MgNode second = mg_tree_find(tree, "line.word", first + 1);
    g_assert_cmpuint(second, >, first);
    g_assert_cmpuint(mg_tree_find(tree, "line.word", second + 1), ==, MG_NODE_ROOT);

    g_autoptr(MgTree) reply = tree_of(registry, MG_FROM_SERVER, "250 fine\n");
    assert_value(reply, "line.code", "250");
    assert_value(reply, "line.argument", "said by the server");
    uint64_t code = 0;
    g_assert_true(mg_tree_number(reply, mg_tree_find(reply, "line.code", 0), &code));
    g_assert_cmpuint(code, ==, 250);
    g_assert_null(mg_tree_caption(reply));

    g_autoptr(MgTree) odd = tree_of(registry, MG_FROM_SERVER, "99999999999999999999999 x\n");
    g_assert_false(mg_tree_number(odd, mg_tree_find(odd, "line.code", 0), &code));
    assert_value(odd, "line.code", "99999999999999999999999");
    g_autoptr(MgTree) broken = tree_of(registry, MG_FROM_CLIENT, "helo \xff\n");
    assert_value(broken, "line.argument", "\xef\xbf\xbd");
    g_autoptr(MgTree) address = tree_of(registry, MG_FROM_CLIENT, "IP 192.0.2.1\n");
    assert_value(address, "line.address", "192.0.2.1");
    g_autoptr(MgTree) octets = tree_of(registry, MG_FROM_CLIENT, "IP \300\001\002\003\n");
    assert_value(octets, "line.address", "192.1.2.3");
    g_autoptr(MgTree) flag = tree_of(registry, MG_FROM_CLIENT, "FLAG yes\n");
    assert_value(flag, "line.flag", "true");
}

static void test_links(void)
{
    g_autoptr(MgRegistry) registry = line_registry();
    g_autoptr(MgTree) tree = tree_of(registry, MG_FROM_CLIENT, "HELO a b\n");
    /* Every node is reached once, by the links alone, and lies in its parent. */
    size_t reached = 0;
    for (MgNode node = mg_tree_node(tree, 0)->first_child; node != 0;) {
        const MgTreeNode *here = mg_tree_node(tree, node);
        const MgTreeNode *above = mg_tree_node(tree, here->parent);
        reached++;
        if (here->parent != 0) {
            g_assert_cmpuint(here->offset, >=, above->offset);
            g_assert_cmpuint(here->offset + here->len, <=, above->offset + above->len);
        }
        MgNode next = here->first_child;
        while (next == 0 && node != 0) {
            next = mg_tree_node(tree, node)->next_sibling;
            node = mg_tree_node(tree, node)->parent;
        }
        node = next;
    }
    g_assert_cmpuint(reached, ==, mg_tree_n_nodes(tree) - 1);
}

static void test_node_at(void)
{
    g_autoptr(MgRegistry) registry = line_registry();
    g_autoptr(MgTree) tree = tree_of(registry, MG_FROM_CLIENT, "HELO ab c\n");
    static const char *const ids[] = {"line.verb", "line.verb", "line.verb", "line.verb",
                                      "line.raw",  "line.word", "line.word", "line.argument",
                                      "line.word", "line"};
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++)
        g_assert_cmpstr(mg_tree_node(tree, mg_tree_node_at(tree, 0, i))->field->id, ==, ids[i]);
    g_assert_cmpuint(mg_tree_node_at(tree, 0, 10), ==, MG_NODE_ROOT);
    g_assert_cmpuint(mg_tree_node_at(tree, 1, 0), ==, MG_NODE_ROOT);
}

static void test_notes(void)
{
    static const MgRule mild = {"line.mild", MG_SEVERITY_NOTE, NULL, "Mild."};
    static const MgRule bad = {"line.bad", MG_SEVERITY_FAULT, NULL, "Bad."};
    g_autoptr(MgRegistry) registry = line_registry();
    g_autoptr(MgTree) tree = tree_of(registry, MG_FROM_CLIENT, "HELO a\n");
    mg_tree_note(tree, 1, &mild);
    mg_tree_note(tree, 1, &bad);
    mg_tree_note(tree, 1, &mild);
    g_assert_true(mg_tree_node(tree, 1)->note == &bad);
}

static void add_outside(void)
{
    g_autoptr(MgRegistry) registry = line_registry();
    g_autoptr(MgTree) tree = tree_of(registry, MG_FROM_CLIENT, "HELO\n");
    mg_tree_add(tree, MG_NODE_ROOT, 0, 3, 3);
}

static void test_outside_is_a_bug(void)
{
    if (g_test_subprocess()) {
        add_outside();
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr("*assertion failed*");
}

/* Who wants the caption only is not given what is nested, unless it could be there. */
static void test_brief(void)
{
    static const MgDissector around = {.name = "around", .label = "AROUND"};
    g_autoptr(MgRegistry) registry = line_registry();
    g_autoptr(MgTree) tree = mg_tree_new();
    g_autoptr(GBytes) bytes = g_bytes_new_static("HELO a\n", 7);
    MgSpan octets = {g_bytes_get_data(bytes, NULL), 7};
    mg_tree_set_registry(tree, registry);
    for (unsigned round = 0; round < 4; round++) {
        bool brief = round % 2 == 0;
        mg_tree_reset(tree, brief);
        mg_tree_begin(tree, &around, "Exchange", bytes);
        MgNode nested = mg_tree_nest(tree, MG_NODE_ROOT, "line", 0, octets);
        g_assert_cmpint(nested == MG_NODE_ROOT, ==, brief);
        g_assert_cmpint(mg_tree_is_too_brief(tree), ==, brief);
        g_assert_cmpstr(mg_tree_caption(tree), ==, brief ? NULL : "Hello, here I am.");
        g_assert_cmpint(mg_tree_n_nodes(tree) == 1, ==, brief);
        g_assert_cmpuint(mg_tree_n_sources(tree), ==, 1);
        mg_tree_say(tree, "Something else.");
        g_assert_false(mg_tree_is_too_brief(tree));
        g_assert_cmpstr(mg_tree_caption(tree), ==, "Something else.");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tree/brief", test_brief);
    g_test_add_func("/tree/values", test_values);
    g_test_add_func("/tree/links", test_links);
    g_test_add_func("/tree/node-at", test_node_at);
    g_test_add_func("/tree/notes", test_notes);
    g_test_add_func("/tree/outside-is-a-bug", test_outside_is_a_bug);
    return g_test_run();
}
