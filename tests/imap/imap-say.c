/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-say.c FILE - names a conversation: what names.py compares with tshark
 *
 * In FILE octet 0x00 turns to the client's stream, 0x01 to the server's. Each unit is printed as a
 * line "unit", who said it, its octets, its summary and its caption, and then a line for each
 * field: its name, where it lies, its value; all with tabs between, and escaped as C does it.
 */
#include <stdio.h>

#include "imap.h"
#include "tree.h"

static MgRegistry *registry; /* where "imf" is, if its plugin is there */

static void print(const char *text)
{
    g_autofree char *escaped = g_strescape(text, "");
    printf("\t%s", escaped);
}

static void say(MgDirection direction, const MgUnit *unit, MgSpan octets)
{
    g_autoptr(GBytes) bytes = g_bytes_new(octets.data, octets.len);
    MgSpan copy = {g_bytes_get_data(bytes, NULL), octets.len};
    g_autoptr(MgTree) tree = mg_tree_new();
    g_autoptr(GString) line = g_string_new(NULL);
    mg_tree_set_registry(tree, registry);
    mg_tree_begin(tree, &mg_imap_dissector, "Exchange", bytes);
    mg_imap_dissector.dissect(unit->tag, direction, copy, tree);
    mg_imap_dissector.summarize(unit->tag, direction, copy, line);
    const char *caption = mg_tree_caption(tree);
    printf("unit\t%s\t%zu", direction == MG_FROM_CLIENT ? "client" : "server", octets.len);
    print(line->str);
    print(caption != NULL ? caption : "");
    printf("\n");
    for (MgNode i = 1; i < mg_tree_n_nodes(tree); i++) {
        g_autofree char *value = mg_tree_value(tree, i);
        const MgTreeNode *node = mg_tree_node(tree, i);
        /* The octets themselves, for a value is cut where it is long. */
        const char *source = g_bytes_get_data(mg_tree_source(tree, node->source)->bytes, NULL);
        g_autofree char *raw = g_strndup(source + node->offset, node->len);
        bool number = node->field->type == MG_FIELD_UINT || node->field->type == MG_FIELD_BOOL;
        printf("%s\t%u", node->field->id, (unsigned)node->offset);
        print(number || node->field->type == MG_FIELD_GROUP ? value : raw);
        print(value);
        printf("\n");
    }
}

static void cut(void *state, MgDirection direction, GByteArray *left, bool end)
{
    MgUnit unit = {0};
    while (left->len > 0) {
        MgSpan span = {left->data, left->len};
        if (!mg_imap_dissector.cut(state, direction, span, end, &unit))
            return;
        say(direction, &unit, mg_span_slice(span, 0, unit.len));
        g_byte_array_remove_range(left, 0, (guint)unit.len);
    }
}

int main(int argc, char **argv)
{
    g_autofree char *data = NULL;
    gsize size = 0;
    if (argc != 2 || !g_file_get_contents(argv[1], &data, &size, NULL))
        return 2;
    registry = mg_registry_new();
    g_autofree void *state = g_malloc0(mg_imap_dissector.state_size);
    g_autoptr(GByteArray) client = g_byte_array_new();
    g_autoptr(GByteArray) server = g_byte_array_new();
    MgDirection direction = MG_FROM_SERVER;
    for (gsize i = 0; i < size; i++) {
        uint8_t octet = (uint8_t)data[i];
        GByteArray *left = direction == MG_FROM_CLIENT ? client : server;
        if (octet >= 2) {
            g_byte_array_append(left, &octet, 1);
            continue;
        }
        cut(state, direction, left, false);
        direction = octet == 0 ? MG_FROM_CLIENT : MG_FROM_SERVER;
    }
    cut(state, MG_FROM_CLIENT, client, true);
    cut(state, MG_FROM_SERVER, server, true);
    mg_registry_unref(registry);
    return 0;
}
