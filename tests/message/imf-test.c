/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imf-test.c - letters inside SMTP and POP3 are named, octet by octet, and nothing that comes makes
 * them stumble */
#include <stdlib.h>

#include "tree.h"

static MgRegistry *registry;

static const MgDissector *dissector(const char *name)
{
    return mg_registry_dissector(registry, mg_registry_dissector_index(registry, name));
}

/* The tree of `letter` as these carry it: SMTP is between DATA and its dot, POP3 answers RETR. */
static MgTree *carried(bool retr, const char *letter, size_t len)
{
    const MgDissector *around = dissector(retr ? "pop" : "smtp");
    g_autofree void *state = g_malloc0(around->state_size);
    MgDirection to_server = MG_FROM_CLIENT, from_server = MG_FROM_SERVER;
    MgUnit unit;
    g_assert_true(around->cut(state, from_server,
                              retr ? MG_SPAN("+OK hi\r\n") : MG_SPAN("220 hi\r\n"), false, &unit));
    g_assert_true(around->cut(state, to_server, retr ? MG_SPAN("RETR 1\r\n") : MG_SPAN("DATA\r\n"),
                              false, &unit));
    if (!retr)
        g_assert_true(around->cut(state, from_server, MG_SPAN("354 go\r\n"), false, &unit));
    g_autoptr(GString) wire = g_string_new(retr ? "+OK\r\n" : "");
    g_string_append_len(wire, letter, (gssize)len);
    g_string_append(wire, ".\r\n");
    MgSpan octets = {(const uint8_t *)wire->str, wire->len};
    g_assert_true(around->cut(state, retr ? from_server : to_server, octets, false, &unit));
    g_autoptr(GBytes) bytes = g_bytes_new(wire->str, unit.len);
    MgTree *tree = mg_tree_new();
    mg_tree_set_registry(tree, registry);
    mg_tree_begin(tree, around, "Exchange", bytes);
    around->dissect(unit.tag, retr ? from_server : to_server,
                    (MgSpan){g_bytes_get_data(bytes, NULL), unit.len}, tree);
    return tree;
}

typedef struct {
    const char *letter;
    const char *fields; /* in the order of the tree: "id=value; id" */
} Row;

static const Row rows[] = {
    {"Received: from a.example (a.example [192.0.2.1])\r\n\tby mx.example with ESMTPS id 7\r\n"
     "\tfor <b@c.example>; Mon, 2 Mar 2026 09:00:00 +0000\r\nX: y\r\n\r\n",
     "imf.header; imf.field; imf.field.name=Received; "
     "imf.received=from a.example (a.example [192.0.2.1]) by mx.example with ESMTPS id 7 for "
     "<b@c.example>, Mon, 2 Mar 2026 09:00:00 +0000; "
     "imf.received.from=a.example (a.example [192.0.2.1]); imf.received.by=mx.example; "
     "imf.received.with=ESMTPS; imf.received.id=7; imf.received.for=<b@c.example>; "
     "imf.received.date=Mon, 2 Mar 2026 09:00:00 +0000; imf.end_of_line=0d0a; imf.extension=y; "
     "imf.header.end=0d0a"},
    {"Subject: =?UTF-8?B?7ZWc6riA?= =?utf-8?q?_x?=\r\nDate: Mon, 2 Mar 2026 09:00:00 +0900\r\n\r\n",
     "imf.subject=한글 x; imf.encoded_word=한글; imf.encoded_word.charset=UTF-8; "
     "imf.encoded_word.encoding=B; imf.encoded_word.text=7ZWc6riA; imf.encoded_word= x; "
     "imf.date.time=2026-03-02T09:00:00+09:00"},
    {"From: \"Doe, J.\" <j@d.example>, k@e.example (K)\r\n"
     "To: friends: =?utf-8?q?J=C3=B6rg?= <x@y.example>, z@w.example;, last@v.example\r\n\r\n",
     "imf.from; imf.mailbox_list.item=\"Doe, J.\" <j@d.example>; imf.display_name=Doe, J.; "
     "imf.address=j@d.example; imf.address.local_part=j; imf.address.domain=d.example; "
     "imf.mailbox_list.item=k@e.example (K); imf.address=k@e.example; imf.to; imf.group=friends; "
     "imf.mailbox_list.item; imf.display_name=Jörg; imf.encoded_word=Jörg; "
     "imf.address=x@y.example; "
     "imf.address=z@w.example; imf.mailbox_list.item=last@v.example; imf.address=last@v.example"},
    {"Content-Type: multipart/mixed; boundary=\"x y\"\r\n\r\nfor old programs\r\n--x "
     "y\r\n\r\nplain\r\n"
     "--x y\r\nContent-Type: text/plain; charset=euc-kr\r\nContent-Transfer-Encoding: "
     "base64\r\n\r\n"
     "x9GxuQ==\r\n--x y\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
     "Content-Disposition: attachment;\r\n filename*=UTF-8''%ED%95%9C.pdf\r\n\r\nJVBERg==\r\n"
     "--x y--\r\nnothing\r\n",
     "imf.content.type.type=multipart/mixed; imf.content.type.parameters=boundary=\"x y\"; "
     "imf.parameter.name=boundary; imf.parameter.value=x y; mime_multipart.parts; "
     "mime_multipart.preamble=for old programs\r\n; mime_multipart.first_boundary=--x y\r\n; "
     "mime_multipart.part=\r\nplain; imf.message_text=706c61696e; "
     "mime_multipart.boundary=\r\n--x y\r\n; mime_multipart.part; "
     "mime_multipart.header.content-type=text/plain, charset=euc-kr; "
     "imf.content.type.type=text/plain; imf.parameter.value=euc-kr; "
     "mime_multipart.header.content-transfer-encoding=base64; imf.message_text; imf.text=한국; "
     "mime_multipart.header.content-disposition; imf.content.disposition.type=attachment; "
     "imf.parameter.name=filename*; imf.parameter.decoded=한.pdf; imf.decoded_size=4; "
     "mime_multipart.last_boundary=\r\n--x y--\r\n; mime_multipart.trailer=nothing\r\n"},
    {"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nhello\r\n",
     "imf.content.type.type=message/rfc822; imf.message; imf.header; imf.subject=inner; "
     "imf.header.end; imf.message_text=68656c6c6f0d0a"},
    {"Content-Type: message/global\r\nContent-Transfer-Encoding: base64\r\n\r\n"
     "U3ViamVjdDogaW4NCg0KaGVsbG8=\r\n",
     "imf.message; imf.header; imf.subject=in; imf.message_text=68656c6c6f"},
    {"Content-Transfer-Encoding: quoted-printable\r\n\r\n..a=3Db\r\n",
     "imf.content.transfer_encoding=quoted-printable; imf.message_text=2e2e613d334462; "
     "imf.text=.a=b\r\n"},
    {"no header at all\r\n", "imf.message_text"},
};

static bool value_is(const MgTree *tree, MgNode node, const char *wanted)
{
    if (wanted == NULL)
        return true;
    /* In a row "; " parts fields. */
    g_autofree char *value = mg_tree_value(tree, node);
    g_auto(GStrv) pieces = g_strsplit(value, "; ", -1);
    g_autofree char *shown = g_strjoinv(", ", pieces);
    return g_str_has_prefix(shown, wanted);
}

static void check_fields(const Row *row, const MgTree *tree)
{
    g_auto(GStrv) wanted = g_strsplit(row->fields, "; ", -1);
    MgNode at = 1;
    for (size_t i = 0; wanted[i] != NULL; i++) {
        g_auto(GStrv) pair = g_strsplit(wanted[i], "=", 2);
        do {
            at = mg_tree_find(tree, pair[0], at);
            if (at == MG_NODE_ROOT)
                g_error("%s: no %s", row->letter, wanted[i]);
        } while (!value_is(tree, at++, pair[1]));
    }
}

/* Children lie in their parents unless they have octets of their own, and all octets are named. */
static void check_shape(const MgTree *tree)
{
    for (MgNode i = 1; i < mg_tree_n_nodes(tree); i++) {
        const MgTreeNode *node = mg_tree_node(tree, i), *above = mg_tree_node(tree, node->parent);
        if (node->parent == MG_NODE_ROOT || node->source != above->source)
            continue;
        g_assert_cmpuint(node->offset, >=, above->offset);
        g_assert_cmpuint(node->offset + node->len, <=, above->offset + above->len);
        g_assert_nonnull(node->field->about);
    }
}

static void named(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (int retr = 0; retr < 2; retr++) {
            g_autoptr(MgTree) tree = carried(retr, rows[i].letter, strlen(rows[i].letter));
            check_fields(&rows[i], tree);
            check_shape(tree);
        }
    }
}

/* Which rule is at which field. */
static void broken(void)
{
    static const struct {
        const char *letter, *rule, *field;
    } faults[] = {
        {"Date: never\r\nFrom: a@b.example\r\n\r\n", "message.date-bad", "imf.date"},
        {"From: a@b.example\r\nFrom: c@d.example\r\n\r\n", "message.field-repeated", "imf.field"},
        {"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n", "message.not-closed",
         "mime_multipart.parts"},
        {"Date: Mon, 2 Mar 2026 09:00:00 +0000\r\n\r\n", "message.from-missing", "imf.header"},
        {"Content-Type: text/plain\r\nContent-Transfer-Encoding: "
         "base64\r\n\r\nQUJDQUJDQUJDQUJDQUJDQUJD*QUJD\r\n",
         "message.base64-broken", "imf.message_text"},
        {"Content-Transfer-Encoding: rot13\r\n\r\nx\r\n", "message.encoding-unknown",
         "imf.content.transfer_encoding"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autoptr(MgTree) tree = carried(false, faults[i].letter, strlen(faults[i].letter));
        bool found = false;
        for (MgNode n = 1; n < mg_tree_n_nodes(tree) && !found; n++) {
            const MgTreeNode *node = mg_tree_node(tree, n);
            found = node->note != NULL && strcmp(node->note->id, faults[i].rule) == 0;
            if (found && strcmp(node->field->id, faults[i].field) != 0)
                g_error("%s is at %s", faults[i].rule, node->field->id);
        }
        if (!found)
            g_error("%s is nowhere", faults[i].rule);
    }
}

/* Without the dissector of letters, or in the second piece of a large one, there is one field. */
static void plain(void)
{
    g_autoptr(GString) large = g_string_new("Subject: large\r\nContent-Type: multipart/mixed; "
                                            "boundary=b\r\n\r\n--b\r\n\r\n");
    while (large->len < 100000)
        g_string_append(large, "a line of the letter\r\n");
    g_autoptr(MgTree) first = carried(false, large->str, large->len);
    g_assert_cmpuint(mg_tree_find(first, "imf.subject", 0), !=, MG_NODE_ROOT);
    for (MgNode i = 1; i < mg_tree_n_nodes(first); i++) { /* its end is not known yet */
        const MgTreeNode *node = mg_tree_node(first, i);
        g_assert_true(node->note == NULL || strcmp(node->note->id, "message.not-closed") != 0);
    }
    g_autoptr(GBytes) bytes = g_bytes_new_static("rest\r\n", 6);
    g_autoptr(MgTree) tree = mg_tree_new();
    mg_tree_begin(tree, dissector("smtp"), "Exchange", bytes);
    MgSpan octets = {g_bytes_get_data(bytes, NULL), 6};
    g_assert_cmpuint(mg_tree_nest(tree, MG_NODE_ROOT, "imf", MG_PIECE_LATER, octets), ==,
                     MG_NODE_ROOT);
    mg_tree_set_registry(tree, registry);
    g_assert_cmpuint(mg_tree_nest(tree, MG_NODE_ROOT, "no-such", 0, octets), ==, MG_NODE_ROOT);
    MgNode node = mg_tree_nest(tree, MG_NODE_ROOT, "imf", MG_PIECE_LATER, octets);
    g_assert_cmpstr(mg_tree_node(tree, node)->field->id, ==, "imf.message_text");
    g_assert_cmpuint(mg_tree_n_nodes(tree), ==, 2);
}

/* Pieces of letters in any order: whatever comes out must hold together. */
static void hostile(void)
{
    static const char *const words[] = {"Content-Type: ",
                                        "multipart/mixed",
                                        "message/rfc822",
                                        "; boundary=b",
                                        "\r\n",
                                        "\r\n\r\n",
                                        "--b\r\n",
                                        "--b--\r\n",
                                        "--b",
                                        "From: ",
                                        "<",
                                        ">",
                                        "\"",
                                        "(",
                                        ",",
                                        ";",
                                        ":",
                                        "=?utf-8?B?",
                                        "?=",
                                        "=?a?q?x?=",
                                        "Content-Transfer-Encoding: base64\r\n",
                                        "Received: from by with;",
                                        ".",
                                        "\n",
                                        "\r",
                                        "a@b",
                                        "filename*0*=",
                                        "''%f",
                                        "Subject:",
                                        " ",
                                        "Date:",
                                        "QUJD"};
    g_autoptr(GRand) rand = g_rand_new_with_seed(5);
    for (unsigned i = 0; i < 3000; i++) {
        g_autoptr(GString) letter = g_string_new(NULL);
        unsigned n = (unsigned)g_rand_int_range(rand, 1, 60);
        for (unsigned k = 0; k < n; k++)
            g_string_append(letter, words[g_rand_int_range(rand, 0, G_N_ELEMENTS(words))]);
        g_string_append(letter, "\r\n");
        g_autoptr(MgTree) tree = carried(i % 2 != 0, letter->str, letter->len);
        check_shape(tree);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    registry = mg_registry_new();
    g_assert_cmpuint(mg_registry_dissector_index(registry, "imf"), !=, 0);
    g_test_add_func("/imf/named", named);
    g_test_add_func("/imf/broken", broken);
    g_test_add_func("/imf/plain", plain);
    g_test_add_func("/imf/hostile", hostile);
    int status = g_test_run();
    mg_registry_unref(registry);
    return status;
}
