/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pop3-names.c - each exchange of a conversation is cut where it ends and named as it should be */
#include "pop3.h"
#include "tree.h"

typedef struct {
    MgDirection direction;
    const char *unit;    /* its octets */
    const char *fields;  /* "id=value" in order, separated by "; " */
    const char *summary; /* one line */
    const char *caption; /* (nullable) */
    const char *secret;  /* (nullable) the octets that a real session must not keep */
} Row;

#define C MG_FROM_CLIENT
#define S MG_FROM_SERVER

static const Row rows[] = {
    {S, "+OK mail POP3 ready <1.2@mail>\r\n",
     "pop.response.indicator=+OK; pop.response.description=mail POP3 ready <1.2@mail>; "
     "pop.response.timestamp=<1.2@mail>",
     "+OK mail POP3 ready <1.2@mail>", "Welcome; who are you?", NULL},
    {C, "CAPA\r\n", "pop.request=CAPA; pop.request.command=CAPA", "CAPA", "What can you do?", NULL},
    {S, "+OK\r\nTOP\r\nEXPIRE NEVER\r\n.\r\n",
     "pop.response.indicator=+OK; pop.response.data=TOP\r\nEXPIRE NEVER\r\n; "
     "pop.response.capability=TOP; pop.response.capability=EXPIRE; pop.response.end=",
     "+OK, 2 lines", "This is what I can do.", NULL},
    {C, "apop bob 0123\r\n",
     "pop.request.command=apop; pop.request.parameter=bob 0123; pop.request.user=bob; "
     "pop.request.digest=0123",
     "apop bob 0123", "This is my name, and here is proof that I know the password.", "0123"},
    {S, "-ERR [AUTH] no\r\n",
     "pop.response.indicator=-ERR; pop.response.description=[AUTH] no; pop.response.code=AUTH",
     "-ERR [AUTH] no", "No, that does not work.", NULL},
    {C, "USER bob@example.net\r\n", "pop.request.user=bob@example.net", "USER bob@example.net",
     "This is my name.", NULL},
    {S, "+OK\r\n", "pop.response=+OK; pop.response.indicator=+OK", "+OK", "And your password?",
     NULL},
    {C, "PASS se cret\r\n", "pop.request.parameter=se cret; pop.request.password=se cret",
     "PASS se cret", "And this is my password, for everybody on the way to read.", "se cret"},
    {S, "+OK\r\n", "pop.response.indicator=+OK", "+OK",
     "You are who you say you are; the maildrop is yours alone now.", NULL},
    {C, "STAT\r\n", "pop.request.command=STAT", "STAT", NULL, NULL},
    {C, "LIST\r\n", "pop.request.command=LIST", "LIST", NULL, NULL},
    {C, "LIST 2\r\n", "pop.request.command=LIST; pop.request.message=2", "LIST 2", NULL, NULL},
    {C, "UIDL\r\n", "pop.request.command=UIDL", "UIDL", NULL, NULL},
    {C, "UIDL 2\r\n", "pop.request.message=2", "UIDL 2", NULL, NULL},
    {C, "TOP 2 0\r\n", "pop.request.message=2; pop.request.lines=0", "TOP 2 0", NULL, NULL},
    {C, "RETR 1\r\n", "pop.request.message=1", "RETR 1", "Give me this message.", NULL},
    {S, "+OK 2 320\r\n",
     "pop.response.description=2 320; pop.response.count=2; pop.response.octets=320", "+OK 2 320",
     "So many messages, and so many octets together.", NULL},
    {S, "+OK 2 messages\r\n1 120\r\n2 200\r\n.\r\n",
     "pop.response.description=2 messages; pop.response.message=1; pop.response.size=120; "
     "pop.response.message=2; pop.response.size=200; pop.response.end=",
     "+OK 2 messages, 2 lines", "Here is the size of each message.", NULL},
    {S, "+OK 2 200\r\n", "pop.response.message=2; pop.response.size=200", "+OK 2 200",
     "Here is the size of this message.", NULL},
    {S, "+OK\r\n1 7.1\r\n.\r\n", "pop.response.message=1; pop.response.uid=7.1", "+OK, 1 line",
     "Here is each message's own name.", NULL},
    {S, "+OK 2 7.4\r\n", "pop.response.message=2; pop.response.uid=7.4", "+OK 2 7.4", NULL, NULL},
    {S, "+OK\r\nA: b\r\n\r\n.\r\n", "pop.response.data=A: b\r\n\r\n", "+OK, 2 lines", NULL, NULL},
    {S, "+OK\r\nA: b\r\n\r\n..x\r\n.\r\n",
     "pop.response.data=A: b\r\n\r\n..x\r\n; pop.response.stuffed=; pop.response.end=",
     "+OK, 3 lines", "Here is the message.", NULL},
    {C, "RETR 9\r\n", "pop.request.message=9", "RETR 9", NULL, NULL},
    {S, "-ERR no such message\r\n", "pop.response.indicator=-ERR", "-ERR no such message", NULL,
     NULL},
    {C, "AUTH PLAIN\r\n",
     "pop.request.command=AUTH; pop.request.parameter=PLAIN; pop.request.mechanism=PLAIN",
     "AUTH PLAIN", NULL, ""},
    {S, "+ \r\n", "pop.response.indicator=+", "+ ", "Go on.", NULL},
    {C, "AGJvYgBzZWNyZXQ=\r\n", "pop.request.data=AGJvYgBzZWNyZXQ=; pop.auth.decoded=␀bob␀secret",
     "AGJvYgBzZWNyZXQ=", NULL, "AGJvYgBzZWNyZXQ="},
    {S, "-ERR no\r\n", "pop.response.indicator=-ERR", "-ERR no", NULL, NULL},
    {C, "AUTH PLAIN AGJvYgBzZWNyZXQ=\r\n",
     "pop.request.mechanism=PLAIN; pop.request.data=AGJvYgBzZWNyZXQ=; "
     "pop.auth.decoded=␀bob␀secret",
     "AUTH PLAIN AGJvYgBzZWNyZXQ=", NULL, "AGJvYgBzZWNyZXQ="},
    {S, "-ERR no\r\n", "pop.response.indicator=-ERR", "-ERR no", NULL, NULL},
    /* who does not wait for the server's + has a password, too */
    {C, "AUTH PLAIN\r\n", "pop.request.command=AUTH", "AUTH PLAIN", NULL, ""},
    {C, "AGJvYgBzZWNyZXQ=\r\n", "pop.request.data=AGJvYgBzZWNyZXQ=", "AGJvYgBzZWNyZXQ=", NULL,
     "AGJvYgBzZWNyZXQ="},
    {S, "+ \r\n", "pop.response.indicator=+", "+ ", "Go on.", NULL},
    {S, "-ERR no\r\n", "pop.response.indicator=-ERR", "-ERR no", NULL, NULL},
    {C, "AUTH CRAM-MD5\r\n", "pop.request.mechanism=CRAM-MD5", "AUTH CRAM-MD5", NULL, ""},
    {S, "+ PDEuMkB4Pg==\r\n", "pop.response.description=PDEuMkB4Pg==; pop.auth.decoded=<1.2@x>",
     "+ PDEuMkB4Pg==", NULL, NULL},
    {C, "*\r\n", "pop.request.data=*", "*", NULL, "*"},
    {S, "+OK\r\n", "pop.response.indicator=+OK", "+OK",
     "You are who you say you are; the maildrop is yours alone now.", NULL},
    {C, "QUIT\r\n", "pop.request.command=QUIT", "QUIT", NULL, NULL},
    {S, "+OK\r\n", "pop.response.indicator=+OK", "+OK", "Done. Goodbye.", NULL},
    {C, "STLS\r\n", "pop.request.command=STLS", "STLS", NULL, NULL},
    {S, "+OK\r\n", "pop.response.indicator=+OK", "+OK", "Let us start TLS.", NULL},
    {C,
     "\x16\x03\x01\x01\x02"
     "\x01\x01",
     NULL, NULL, NULL, NULL}, /* a record that is not whole */
};

static bool value_is(const MgTree *tree, MgNode node, const char *wanted)
{
    g_autofree char *value = mg_tree_value(tree, node);
    if (wanted[0] == '\0')
        return true;
    const MgTreeNode *found = mg_tree_node(tree, node);
    const char *bytes = g_bytes_get_data(mg_tree_source(tree, found->source)->bytes, NULL);
    g_autofree char *raw = g_strndup(bytes + found->offset, found->len);
    return strcmp(raw, wanted) == 0 || strcmp(value, wanted) == 0;
}

static void check_row(const Row *row, const MgUnit *unit, GHashTable *seen)
{
    g_autoptr(GBytes) bytes = g_bytes_new(row->unit, strlen(row->unit));
    MgSpan span = {g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)};
    g_autoptr(MgTree) tree = mg_tree_new();
    g_autoptr(GString) line = g_string_new(NULL);
    mg_tree_begin(tree, &mg_pop3_dissector, "Exchange", bytes);
    mg_pop3_dissector.dissect(unit->tag, row->direction, span, tree);
    g_auto(GStrv) wanted = g_strsplit(row->fields, "; ", -1);
    MgNode at = 1;
    for (size_t i = 0; wanted[i] != NULL; i++) {
        g_auto(GStrv) pair = g_strsplit(wanted[i], "=", 2);
        do {
            at = mg_tree_find(tree, pair[0], at);
            if (at == MG_NODE_ROOT)
                g_error("%s: no %s", row->unit, wanted[i]);
        } while (!value_is(tree, at++, pair[1]));
    }
    for (MgNode i = 1; i < mg_tree_n_nodes(tree); i++)
        g_hash_table_add(seen, (void *)mg_tree_node(tree, i)->field->id);
    mg_pop3_dissector.summarize(unit->tag, row->direction, span, line);
    g_assert_cmpstr(line->str, ==, row->summary);
    if (row->caption != NULL)
        g_assert_cmpstr(mg_tree_caption(tree), ==, row->caption);
    if (row->secret != NULL) {
        g_assert_cmpuint(unit->secret_len, ==, strlen(row->secret));
        g_assert_cmpmem(row->unit + unit->secret_offset, unit->secret_len, row->secret,
                        strlen(row->secret));
    } else {
        g_assert_cmpuint(unit->secret_len, ==, 0);
    }
}

static void test_conversation(void)
{
    g_autofree void *state = g_malloc0(mg_pop3_dissector.state_size);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        MgUnit unit = {0};
        MgSpan span = mg_span_from_string(rows[i].unit);
        bool cut = mg_pop3_dissector.cut(state, rows[i].direction, span, false, &unit);
        if (rows[i].fields == NULL) {
            g_assert_false(cut);
            continue;
        }
        g_assert_true(cut);
        g_assert_cmpuint(unit.len, ==, span.len);
        check_row(&rows[i], &unit, seen);
    }
    for (size_t i = 0; i < mg_pop3_dissector.n_fields; i++)
        if (!g_hash_table_contains(seen, mg_pop3_dissector.fields[i].id))
            g_error("%s appears nowhere", mg_pop3_dissector.fields[i].id);
}

/* A message of 300,000 octets in one reply: pieces of whole lines, cut in bounded time. */
static void test_large(void)
{
    g_autofree void *state = g_malloc0(mg_pop3_dissector.state_size);
    g_autoptr(GString) reply = g_string_new("+OK\r\n");
    MgUnit unit = {0};
    g_assert_true(mg_pop3_dissector.cut(state, S, MG_SPAN("+OK\r\n"), false, &unit));
    g_assert_true(mg_pop3_dissector.cut(state, C, MG_SPAN("RETR 1\r\n"), false, &unit));
    while (reply->len < 300000)
        g_string_append(reply, "..a line of the message\r\n");
    g_string_append(reply, ".\r\n");
    unsigned n = 0;
    for (size_t at = 0; at < reply->len; at += unit.len, n++) {
        MgSpan rest = {(const uint8_t *)reply->str + at, reply->len - at};
        g_assert_true(mg_pop3_dissector.cut(state, S, rest, false, &unit));
        g_assert_cmpuint(unit.len, <=, 66000);
        g_assert_cmpint(rest.data[unit.len - 1], ==, '\n');
        g_assert_cmpint(unit.kind, ==, n == 0 ? MG_UNIT_REPLY : MG_UNIT_DATA);
    }
    g_assert_cmpuint(n, ==, 5);
    g_assert_true(mg_pop3_dissector.cut(state, C, MG_SPAN("QUIT\r\n"), false, &unit));
    g_assert_true(mg_pop3_dissector.cut(state, S, MG_SPAN("+OK\r\n"), false, &unit));
    g_assert_cmpint(unit.kind, ==, MG_UNIT_REPLY);
}

/* A line of a login may be longer than any command; none of it is kept. */
static void test_long_login(void)
{
    g_autofree void *state = g_malloc0(mg_pop3_dissector.state_size);
    g_autofree char *line = g_strnfill(12290, 'A');
    line[12288] = '\r';
    line[12289] = '\n';
    MgUnit unit = {0};
    g_assert_true(mg_pop3_dissector.cut(state, S, MG_SPAN("+OK\r\n"), false, &unit));
    g_assert_true(mg_pop3_dissector.cut(state, C, MG_SPAN("AUTH PLAIN\r\n"), false, &unit));
    g_assert_true(mg_pop3_dissector.cut(state, S, MG_SPAN("+ \r\n"), false, &unit));
    for (size_t len = 0; len < 12290; len++)
        g_assert_false(
            mg_pop3_dissector.cut(state, C, (MgSpan){(uint8_t *)line, len}, false, &unit));
    g_assert_true(mg_pop3_dissector.cut(state, C, mg_span_from_string(line), false, &unit));
    g_assert_cmpuint(unit.len, ==, 12290);
    g_assert_cmpuint(unit.secret_len, ==, 12288);
}

/* What the inspector needs of each row. */
static void test_explained(void)
{
    for (size_t i = 0; i < mg_pop3_dissector.n_fields; i++) {
        const MgField *field = &mg_pop3_dissector.fields[i];
        g_assert_true(g_str_has_prefix(field->id, "pop."));
        g_assert_nonnull(field->label);
        g_assert_nonnull(field->about);
        g_assert_nonnull(field->source);
        for (const MgName *name = field->names; name != NULL && name->text != NULL; name++) {
            g_assert_nonnull(name->name);
            g_assert_nonnull(name->about);
            g_assert_nonnull(name->source);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pop3/names/conversation", test_conversation);
    g_test_add_func("/pop3/names/large", test_large);
    g_test_add_func("/pop3/names/long-login", test_long_login);
    g_test_add_func("/pop3/names/explained", test_explained);
    return g_test_run();
}
