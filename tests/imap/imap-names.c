/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-names.c - each exchange of a conversation is cut where it ends and named as it should be */
#include "imap.h"
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
    {S, "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n",
     "imap.line=; imap.untagged=; imap.untagged.name=OK; imap.response.code=CAPABILITY; "
     "imap.capability=IMAP4rev1; imap.capability=AUTH=PLAIN; imap.response.text=ready",
     "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready", "Welcome; who are you?", NULL},
    {C, "a AUTHENTICATE PLAIN\r\n",
     "imap.request=a AUTHENTICATE PLAIN; imap.request_tag=a; imap.request.command=AUTHENTICATE; "
     "imap.auth.mechanism=PLAIN",
     "a AUTHENTICATE PLAIN", "Let me prove who I am.", NULL},
    {S, "+ PDEuMkB4Pg==\r\n",
     "imap.response=+ PDEuMkB4Pg==; imap.response_tag=+; imap.response.text=PDEuMkB4Pg==; "
     "imap.auth.decoded=<1.2@x>",
     "+ PDEuMkB4Pg==", "Go on with the proof.", NULL},
    {C, "AGJvYgBzZWNyZXQ=\r\n", "imap.auth.data=AGJvYgBzZWNyZXQ=; imap.auth.decoded=␀bob␀secret",
     "16 octets of the login", "Here is my part of the proof.", "AGJvYgBzZWNyZXQ="},
    {S, "a NO [AUTHENTICATIONFAILED] no\r\n",
     "imap.response_tag=a; imap.response.status=NO; imap.response.code=AUTHENTICATIONFAILED; "
     "imap.response.text=no",
     "a NO [AUTHENTICATIONFAILED] no", "No, that does not work.", NULL},
    {C, "b AUTHENTICATE PLAIN AGJvYgBzZWNyZXQ=\r\n",
     "imap.auth.mechanism=PLAIN; imap.auth.data=AGJvYgBzZWNyZXQ=; imap.auth.decoded=␀bob␀secret",
     "b AUTHENTICATE PLAIN …", NULL, "AGJvYgBzZWNyZXQ="},
    /* who does not wait for the server's + has a password, too */
    {C, "c LOGIN {3}\r\n", "imap.auth.data=", "11 octets of the login", NULL, "c LOGIN {3}"},
    {C, "*\r\n", "imap.auth.data=*", "1 octets of the login", NULL, NULL},
    {S, "b BAD no\r\n", "imap.response.status=BAD", "b BAD no", "I do not understand that.", NULL},
    {C, "d LOGIN bob secret\r\n",
     "imap.request.command=LOGIN; imap.request.username=bob; imap.request.password=secret",
     "d LOGIN bob …", "This is my name and my password, for everybody on the way to read.",
     "secret"},
    {C, "e LOGIN \"bob\" \"se\\\"c ret\"\r\n",
     "imap.request.username=bob; imap.request.password=se\\\"c ret", "e LOGIN \"bob\" …", NULL,
     "se\\\"c ret"},
    {C, "f login {3+}\r\nbob {6+}\r\nsecret\r\n",
     "imap.literal=3; imap.request.username=bob; imap.literal=6; imap.request.password=secret",
     "f login  …", NULL, "secret"},
    {C, "LOGIN bob secret\r\n", "imap.request_tag=LOGIN", "LOGIN bob secret", NULL, "bob secret"},
    {C, "g LOGIN {3}\r\n", "imap.request.command=LOGIN; imap.literal=3", "g LOGIN {3}", NULL, NULL},
    {S, "+ go\r\n", "imap.response_tag=+; imap.response.text=go", "+ go",
     "I am ready; send the octets.", NULL},
    {C, "bob {6}\r\n", "imap.request.username=bob; imap.line= {6}\r\n; imap.literal=6",
     "7 octets of the login", NULL, NULL},
    {S, "+ go\r\n", "imap.response_tag=+", "+ go", "I am ready; send the octets.", NULL},
    {C, "secret\r\n", "imap.request.password=secret", "6 octets of the login",
     "And this is my password, for everybody on the way to read.", "secret"},
    {C, "h LOGIN {3}\r\n", "imap.literal=3", "h LOGIN {3}", NULL, NULL},
    {C, "bob secret\r\n", "imap.request.username=bob; imap.request.password=secret",
     "10 octets of the login", NULL, "secret"},
    {S, "h OK in\r\n", "imap.response.status=OK; imap.response.text=in", "h OK in",
     "You are who you say you are. Your mailboxes are open to you.", NULL},
    {C, "i CREATE \"&vPStAA-\"\r\n", "imap.request.folder=\"&vPStAA-\"; imap.mailbox.name=보관",
     "i CREATE \"&vPStAA-\"", "Make a new mailbox of this name.", NULL},
    {C, "j LIST (SUBSCRIBED) \"a/\" \"%\" RETURN (CHILDREN)\r\n",
     "imap.request.argument=SUBSCRIBED; imap.request.reference=; imap.request.pattern=; "
     "imap.request.argument=RETURN; imap.request.argument=CHILDREN",
     "j LIST (SUBSCRIBED) \"a/\" \"%\" RETURN (CHILDREN)", NULL, NULL},
    {S, "* LIST (\\HasChildren \\Sent) \"/\" \"&vPStAA-\"\r\n",
     "imap.untagged.name=LIST; imap.list.attribute=\\HasChildren; imap.list.attribute=\\Sent; "
     "imap.list.delimiter=/; imap.mailbox=\"&vPStAA-\"; imap.mailbox.name=보관",
     "* LIST (\\HasChildren \\Sent) \"/\" \"&vPStAA-\"", "There is this mailbox.", NULL},
    {S, "i OK\r\n", "imap.response.status=OK", "i OK", "The mailbox is there now.", NULL},
    {C, "k STATUS INBOX (MESSAGES UIDNEXT)\r\n",
     "imap.request.folder=INBOX; imap.request.item=MESSAGES; imap.request.item=UIDNEXT",
     "k STATUS INBOX (MESSAGES UIDNEXT)", NULL, NULL},
    {S, "* STATUS INBOX (MESSAGES 17 UIDNEXT 40)\r\n",
     "imap.mailbox=INBOX; imap.status.item=MESSAGES; imap.status.value=17; "
     "imap.status.item=UIDNEXT; imap.status.value=40",
     "* STATUS INBOX (MESSAGES 17 UIDNEXT 40)", "So it is in that mailbox.", NULL},
    {C, "l APPEND {5}\r\n", "imap.request.command=APPEND; imap.literal=5", "l APPEND {5}", NULL,
     NULL},
    {C, "INBOX (\\Seen) \"01-Mar-2026 09:00:00 +0000\" {13}\r\n",
     "imap.request.folder=INBOX; imap.flag=\\Seen; imap.date=01-Mar-2026 09:00:00 +0000; "
     "imap.literal=13",
     "INBOX (\\Seen) \"01-Mar-2026 09:00:00 +0000\" {13}", NULL, NULL},
    {S, "+ go\r\n", "imap.response_tag=+", "+ go", "I am ready; send the octets.", NULL},
    {C, "A: b\r\n\r\nc {3}\r\n", "imap.letter=A: b\r\n\r\nc {3}", "13 octets",
     "Here is the message.", NULL},
    {S, "l OK [APPENDUID 1 9] got it {3}\r\n",
     "imap.response.code=APPENDUID; imap.response.code.value=1; imap.response.code.value=9; "
     "imap.response.text=got it {3}",
     "l OK [APPENDUID 1 9] got it {3}", "I have the message.", NULL},
    /* refused: what comes next is a command */
    {C, "m APPEND INBOX {99999999}\r\n", "imap.request.folder=INBOX; imap.literal=99999999",
     "m APPEND INBOX {99999999}", NULL, NULL},
    {S, "m NO [TOOBIG] no\r\n", "imap.response.code=TOOBIG", "m NO [TOOBIG] no", NULL, NULL},
    {C, "n SELECT INBOX\r\n", "imap.request.command=SELECT; imap.request.folder=INBOX",
     "n SELECT INBOX", "Open this mailbox for me.", NULL},
    {S, "* 2 EXISTS\r\n", "imap.untagged.number=2; imap.untagged.name=EXISTS", "* 2 EXISTS",
     "So many messages are in the mailbox.", NULL},
    {S, "* FLAGS (\\Seen)\r\n", "imap.untagged.name=FLAGS; imap.flag=\\Seen", "* FLAGS (\\Seen)",
     NULL, NULL},
    {S, "n OK [READ-WRITE] open\r\n", "imap.response.code=READ-WRITE", "n OK [READ-WRITE] open",
     "The mailbox is open.", NULL},
    {C, "o UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (TO)]<0.10>)\r\n",
     "imap.request.command.uid=true; imap.request.command=FETCH; imap.request.set=1:*; "
     "imap.request.item=FLAGS; imap.request.item=BODY.PEEK; imap.section=HEADER.FIELDS (TO); "
     "imap.partial=0.10",
     "o UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (TO)]<0.10>)", NULL, NULL},
    {S, "* 1 FETCH (UID 5 BODY[] {8}\r\nA: b\r\n\r\n BODY[2] {1}\r\n) FLAGS (\\Seen x))\r\n",
     "imap.untagged.number=1; imap.untagged.name=FETCH; imap.fetch=; imap.fetch.item=UID; "
     "imap.fetch.value=5; imap.fetch.item=BODY; imap.literal=8; imap.letter=A: b\r\n\r\n; "
     "imap.fetch.item=BODY; imap.section=2; imap.literal=1; imap.piece=); imap.fetch.item=FLAGS; "
     "imap.flag=\\Seen; imap.flag=x",
     "* 1 FETCH (UID 5 BODY[] {8} + 42 octets", "This is what I know about this message.", NULL},
    {S,
     "* 2 FETCH (ENVELOPE (\"Mon\" \"=?utf-8?q?=C3=A9?=\" ((\"A\" \"@r\" \"a\" \"b\")) "
     "((NIL NIL \"s\" \"b\")) ((NIL NIL \"p\" \"b\")) ((NIL NIL \"t\" \"b\")) "
     "((NIL NIL \"c\" \"b\")) ((NIL NIL \"d\" \"b\")) \"<r@b>\" \"<i@b>\"))\r\n",
     "imap.envelope=; imap.envelope.date=Mon; imap.envelope.subject=é; imap.envelope.from=; "
     "imap.address=; imap.address.name=A; imap.address.route=@r; imap.address.mailbox=a; "
     "imap.address.host=b; imap.envelope.sender=; imap.address.mailbox=s; "
     "imap.envelope.reply_to=; imap.address.mailbox=p; imap.envelope.to=; imap.address.mailbox=t; "
     "imap.envelope.cc=; imap.address.mailbox=c; imap.envelope.bcc=; imap.address.mailbox=d; "
     "imap.envelope.in_reply_to=<r@b>; imap.envelope.message_id=<i@b>",
     "* 2 FETCH (ENVELOPE (\"Mon\" \"=?utf-8?q?=C3=A9?=\" ((\"A\" \"@r\" \"a\" \"b\")) ((NIL NIL "
     "\"s\" \"b\")) ((NIL NIL \"…",
     NULL, NULL},
    {S,
     "* 2 FETCH (BODYSTRUCTURE ((\"text\" \"plain\" (\"charset\" \"utf-8\") \"<1>\" \"words\" "
     "\"7bit\" 5 1 \"md5\" (\"inline\" (\"filename\" \"a\")) (\"en\" \"ko\") \"loc\")"
     "(\"message\" \"rfc822\" NIL NIL NIL \"8bit\" 9 (NIL \"in\" NIL NIL NIL NIL NIL NIL NIL NIL) "
     "(\"text\" \"html\" NIL NIL NIL \"7bit\" 2 3) 7) \"mixed\" (\"boundary\" \"x\")))\r\n",
     "imap.fetch.item=BODYSTRUCTURE; imap.body=; imap.body=; imap.body.type=text; "
     "imap.body.subtype=plain; imap.body.parameter=; imap.body.parameter.name=charset; "
     "imap.body.parameter.value=utf-8; imap.body.id=<1>; imap.body.description=words; "
     "imap.body.encoding=7bit; imap.body.octets=5; imap.body.lines=1; imap.body.md5=md5; "
     "imap.body.disposition=inline; imap.body.parameter.value=a; imap.body.language=en; "
     "imap.body.language=ko; imap.body.location=loc; imap.body.type=message; imap.body.octets=9; "
     "imap.envelope.subject=in; imap.body.subtype=html; imap.body.lines=3; imap.body.lines=7; "
     "imap.body.subtype=mixed; imap.body.parameter.name=boundary",
     "* 2 FETCH (BODYSTRUCTURE ((\"text\" \"plain\" (\"charset\" \"utf-8\") \"<1>\" \"words\" "
     "\"7bit\" 5 1 \"md5\" (\"inlin…",
     NULL, NULL},
    {C, "p STORE 1,3 (UNCHANGEDSINCE 5) +FLAGS.SILENT (\\Deleted x)\r\n",
     "imap.request.set=1,3; imap.request.argument=UNCHANGEDSINCE; "
     "imap.request.store=+FLAGS.SILENT; imap.flag=\\Deleted; imap.flag=x",
     "p STORE 1,3 (UNCHANGEDSINCE 5) +FLAGS.SILENT (\\Deleted x)", "Mark these messages so.", NULL},
    {C, "q SEARCH OR FROM alice NOT (SEEN SINCE 1-Feb-2026) 2:4 SUBJECT {2}\r\n",
     "imap.request.search.key=OR; imap.request.search.key=FROM; imap.request.search.value=alice; "
     "imap.request.search.key=NOT; imap.request.search.key=SEEN; imap.request.search.key=SINCE; "
     "imap.date=1-Feb-2026; imap.request.set=2:4; imap.request.search.key=SUBJECT; imap.literal=2",
     "q SEARCH OR FROM alice NOT (SEEN SINCE 1-Feb-2026) 2:4 SUBJECT {2}", NULL, NULL},
    {C, "hi UNSEEN\r\n", "imap.request.search.value=hi; imap.request.search.key=UNSEEN",
     "hi UNSEEN", NULL, NULL},
    {S, "* SEARCH 2 84\r\n", "imap.search.result=2; imap.search.result=84", "* SEARCH 2 84",
     "These messages are like that.", NULL},
    {C, "r SORT (SUBJECT REVERSE FROM) UTF-8 ALL\r\n",
     "imap.request.search.key=SUBJECT; imap.request.search.key=REVERSE; "
     "imap.request.search.key=FROM; imap.request.search.value=UTF-8; imap.request.search.key=ALL",
     "r SORT (SUBJECT REVERSE FROM) UTF-8 ALL", NULL, NULL},
    {S, "* ESEARCH (TAG \"a\") COUNT 2\r\n", "imap.untagged.value=TAG; imap.untagged.value=a",
     "* ESEARCH (TAG \"a\") COUNT 2", NULL, NULL},
    /* answered in another order */
    {C, "s MOVE 1 x\r\n", "imap.request.command=MOVE; imap.request.folder=x", "s MOVE 1 x", NULL,
     NULL},
    {C, "t EXPUNGE\r\n", "imap.request.command=EXPUNGE", "t EXPUNGE", NULL, NULL},
    {S, "t OK\r\n", "imap.response_tag=t", "t OK", "What was deleted is gone.", NULL},
    {S, "s OK\r\n", "imap.response_tag=s", "s OK", "They are in the other mailbox now.", NULL},
    {C, "u IDLE\r\n", "imap.request.command=IDLE", "u IDLE", NULL, NULL},
    {S, "+ idling\r\n", "imap.response.text=idling", "+ idling",
     "I tell you as soon as something happens.", NULL},
    {C, "DONE\r\n", "imap.request.command=DONE", "DONE", "I have waited long enough.", NULL},
    {S, "u OK\r\n", "imap.response_tag=u", "u OK", "You have stopped waiting.", NULL},
    {C, "v LOGOUT\r\n", "imap.request.command=LOGOUT", "v LOGOUT", NULL, NULL},
    {S, "* BYE\r\n", "imap.untagged.name=BYE", "* BYE", "I am closing the connection.", NULL},
    {S, "v OK\r\n", "imap.response_tag=v", "v OK", "Done. Goodbye.", NULL},
    {C, "w STARTTLS\r\n", "imap.request.command=STARTTLS", "w STARTTLS", NULL, NULL},
    {S, "w OK\r\n", "imap.response.status=OK", "w OK", "Let us start TLS.", NULL},
    {C,
     "\x16\x03\x01\x01\x02"
     "\x01\x01",
     NULL, NULL, NULL, NULL}, /* a record that is not whole */
};

static const Row compressed[] = {
    {C, "a COMPRESS DEFLATE\r\n", "imap.request.argument=DEFLATE", "a COMPRESS DEFLATE", NULL,
     NULL},
    {S, "a OK\r\n", "imap.response.status=OK", "a OK", "Let us begin.", NULL},
    {C, "b NOOP\r\n", NULL, NULL, NULL, NULL}, /* not the end of a block */
};

/* ---- one exchange ---- */

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

static MgTree *look(MgDirection direction, uint16_t tag, MgSpan span, GString *line)
{
    g_autoptr(GBytes) bytes = g_bytes_new(span.data, span.len);
    MgTree *tree = mg_tree_new();
    mg_tree_begin(tree, &mg_imap_dissector, "Exchange", bytes);
    span.data = g_bytes_get_data(bytes, NULL);
    mg_imap_dissector.dissect(tag, direction, span, tree);
    mg_imap_dissector.summarize(tag, direction, span, line);
    return tree;
}

static void check_row(const Row *row, const MgUnit *unit, GHashTable *seen)
{
    g_autoptr(GString) line = g_string_new(NULL);
    g_autoptr(MgTree) tree = look(row->direction, unit->tag, mg_span_from_string(row->unit), line);
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
    g_assert_cmpstr(line->str, ==, row->summary);
    if (row->caption != NULL)
        g_assert_cmpstr(mg_tree_caption(tree), ==, row->caption);
    g_assert_cmpuint(unit->secret_len, ==, row->secret != NULL ? strlen(row->secret) : 0);
    if (row->secret != NULL)
        g_assert_cmpmem(row->unit + unit->secret_offset, unit->secret_len, row->secret,
                        strlen(row->secret));
}

static void play(const Row *row, size_t n_rows, GHashTable *seen)
{
    g_autofree void *state = g_malloc0(mg_imap_dissector.state_size);
    for (size_t i = 0; i < n_rows; i++, row++) {
        MgUnit unit = {0};
        MgSpan span = mg_span_from_string(row->unit);
        bool cut = mg_imap_dissector.cut(state, row->direction, span, false, &unit);
        if (row->fields == NULL) {
            g_assert_false(cut);
            g_assert_true(mg_imap_dissector.cut(state, row->direction, span, true, &unit));
            g_autoptr(GString) line = g_string_new(NULL);
            g_autoptr(MgTree) tree = look(row->direction, unit.tag, span, line);
            g_hash_table_add(seen, (void *)mg_tree_node(tree, 1)->field->id);
            continue;
        }
        g_test_message("%s", row->unit);
        g_assert_true(cut);
        g_assert_cmpuint(unit.len, ==, span.len);
        check_row(row, &unit, seen);
    }
}

static void test_conversation(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    play(rows, G_N_ELEMENTS(rows), seen);
    play(compressed, G_N_ELEMENTS(compressed), seen);
    for (size_t i = 0; i < mg_imap_dissector.n_fields; i++)
        if (!g_hash_table_contains(seen, mg_imap_dissector.fields[i].id))
            g_error("%s appears nowhere", mg_imap_dissector.fields[i].id);
}

/* ---- what is large ---- */

/* Cuts all of it; returns how many units there were, and checks that each is small enough. */
static unsigned cut_all(void *state, MgDirection direction, const GString *octets, GArray *units)
{
    unsigned n = 0;
    for (size_t at = 0; at < octets->len; n++) {
        MgUnit unit = {0};
        MgSpan rest = {(const uint8_t *)octets->str + at, octets->len - at};
        g_assert_true(mg_imap_dissector.cut(state, direction, rest, false, &unit));
        g_assert_cmpuint(unit.len, <=, 66000);
        g_array_append_val(units, unit);
        at += unit.len;
    }
    return n;
}

/* A message of 300,000 octets in one reply, and what follows it in the line. */
static void test_large_reply(void)
{
    g_autofree void *state = g_malloc0(mg_imap_dissector.state_size);
    g_autoptr(GString) reply = g_string_new("* 1 FETCH (BODY[] {300000}\r\nSubject: x\r\n\r\n");
    g_autoptr(GArray) units = g_array_new(FALSE, FALSE, sizeof(MgUnit));
    size_t head = reply->len - strlen("Subject: x\r\n\r\n");
    while (reply->len - head < 300000)
        g_string_append(reply, "{5}\r\n");
    g_string_truncate(reply, head + 300000);
    g_string_append(reply, " FLAGS (\\Seen))\r\na OK done\r\n");
    g_assert_cmpuint(cut_all(state, S, reply, units), ==, 6);
    size_t at = 0;
    for (guint i = 0; i < units->len; i++) {
        const MgUnit *unit = &g_array_index(units, MgUnit, i);
        g_autoptr(GString) line = g_string_new(NULL);
        MgSpan span = {(const uint8_t *)reply->str + at, unit->len};
        g_autoptr(MgTree) tree = look(S, unit->tag, span, line);
        g_assert_cmpint(unit->kind, ==, i < 5 ? MG_UNIT_DATA : MG_UNIT_REPLY);
        g_assert_cmpint(mg_tree_find(tree, "imap.letter", 1) != MG_NODE_ROOT, ==, i < 5);
        g_assert_cmpint(mg_tree_find(tree, "imap.flag", 1) != MG_NODE_ROOT, ==, i == 4);
        at += unit->len;
    }
}

/* A client that does not wait, and a letter larger than a piece. */
static void test_large_append(void)
{
    g_autofree void *state = g_malloc0(mg_imap_dissector.state_size);
    g_autoptr(GString) command = g_string_new("a APPEND INBOX {100000+}\r\n");
    g_autoptr(GArray) units = g_array_new(FALSE, FALSE, sizeof(MgUnit));
    for (size_t i = 0; i < 100000; i++)
        g_string_append_c(command, 'x');
    g_string_append(command, "\r\nb NOOP\r\n");
    g_assert_cmpuint(cut_all(state, C, command, units), ==, 3);
    g_assert_cmpint(g_array_index(units, MgUnit, 0).kind, ==, MG_UNIT_COMMAND);
    g_assert_cmpint(g_array_index(units, MgUnit, 1).kind, ==, MG_UNIT_DATA);
    g_assert_cmpint(g_array_index(units, MgUnit, 2).kind, ==, MG_UNIT_COMMAND);
    g_assert_cmpuint(g_array_index(units, MgUnit, 2).len, ==, 8);
}

/* Wherever a password lies in a large login, none of it is kept. */
static void test_large_login(void)
{
    static const char *const begins[] = {"a LOGIN bob {100000+}\r\n", "a LOGIN bob ",
                                         "a AUTHENTICATE PLAIN "};
    for (size_t b = 0; b < G_N_ELEMENTS(begins); b++) {
        g_autofree void *state = g_malloc0(mg_imap_dissector.state_size);
        g_autoptr(GString) command = g_string_new(begins[b]);
        g_autoptr(GArray) units = g_array_new(FALSE, FALSE, sizeof(MgUnit));
        for (size_t i = 0; i < 100000; i++)
            g_string_append_c(command, 'P');
        g_string_append(command, "\r\n");
        g_assert_cmpuint(cut_all(state, C, command, units), ==, 2);
        size_t at = 0, kept = 0;
        for (guint i = 0; i < units->len; i++) {
            const MgUnit *unit = &g_array_index(units, MgUnit, i);
            memset(command->str + at + unit->secret_offset, '*', unit->secret_len);
            at += unit->len;
        }
        for (size_t i = strlen(begins[b]); i < command->len; i++)
            kept += command->str[i] == 'P';
        g_assert_cmpuint(kept, ==, 0);
    }
}

/* What the inspector needs of each row. */
static void test_explained(void)
{
    for (size_t i = 0; i < mg_imap_dissector.n_fields; i++) {
        const MgField *field = &mg_imap_dissector.fields[i];
        g_assert_true(g_str_has_prefix(field->id, "imap."));
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
    g_test_add_func("/imap/names/conversation", test_conversation);
    g_test_add_func("/imap/names/large-reply", test_large_reply);
    g_test_add_func("/imap/names/large-append", test_large_append);
    g_test_add_func("/imap/names/large-login", test_large_login);
    g_test_add_func("/imap/names/explained", test_explained);
    return g_test_run();
}
