/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-names.c - each exchange of a conversation is cut where it ends and named as it should be */
#include "smtp.h"
#include "tree.h"

typedef struct {
    MgDirection direction;
    const char *unit;    /* its octets */
    const char *fields;  /* "id=value" in order, separated by "; "; no value: any */
    const char *summary; /* one line */
    const char *caption; /* (nullable) */
    const char *secret;  /* (nullable) the octets that a real session must not keep */
} Row;

#define C MG_FROM_CLIENT
#define S MG_FROM_SERVER

#define ALL_HEADERS                                                                                \
    "Return-Path: <a@b>\r\nReceived: from x\r\n\tby y; z\r\nDate: d\r\nFrom: Alice <a@b>\r\n"      \
    "Sender: s\r\nReply-To: r\r\nTo: t\r\nCc: c\r\nBcc: b\r\nMessage-ID: <m>\r\n"                  \
    "In-Reply-To: <i>\r\nReferences: <r>\r\nsubject : Hello\r\nComments: c\r\nKeywords: k\r\n"     \
    "MIME-Version: 1.0\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: 7bit\r\n"         \
    "User-Agent: u\r\nAuto-Submitted: no\r\nX-Other: o\r\n"

static const Row rows[] = {
    {S, "220 mx.example.net ESMTP\r\n",
     "smtp.rsp; smtp.response=220 mx.example.net ESMTP; smtp.response.code=220; "
     "smtp.rsp.parameter=mx.example.net ESMTP; smtp.server_name=mx.example.net; "
     "smtp.greeting=ESMTP; smtp.end_of_line",
     "220 mx.example.net ESMTP", "Hello, I am ready.", NULL},
    {C, "EHLO alice.example.com\r\n",
     "smtp.req; smtp.command_line=EHLO alice.example.com; smtp.req.command=EHLO; "
     "smtp.req.parameter=alice.example.com; smtp.helo=alice.example.com; smtp.end_of_line",
     "EHLO alice.example.com", "Hello, this is my name. What can you do?", NULL},
    {S, "250-mx.example.net greets you\r\n250-SIZE 1000\r\n250 PIPELINING\r\n",
     "smtp.response.code=250; smtp.response.more=-; smtp.server_name=mx.example.net; "
     "smtp.greeting=greets you; smtp.response.line=250-SIZE 1000; smtp.response.code_again=250; "
     "smtp.extension; "
     "smtp.extension.keyword=SIZE; smtp.extension.value=1000; smtp.extension.keyword=PIPELINING",
     "250-mx.example.net greets you, 2 extensions", "Hello. This is what I can do.", NULL},
    {C, "MAIL FROM:<alice@example.com> SIZE=12 BODY=8BITMIME\r\n",
     "smtp.req.command=MAIL; "
     "smtp.req.parameter=FROM:<alice@example.com> SIZE=12 BODY=8BITMIME; "
     "smtp.reverse_path=alice@example.com; smtp.local_part=alice; smtp.domain=example.com; "
     "smtp.esmtp; smtp.esmtp.keyword=SIZE; smtp.esmtp.value=12; smtp.esmtp.keyword=BODY",
     "MAIL FROM:<alice@example.com> SIZE=12 BODY=8BITMIME",
     "I have a letter. If it cannot be delivered, tell this address.", NULL},
    {C, "rcpt to: <@a,@b:\"x > y\"@[192.0.2.1]>\r\n",
     "smtp.req.command=rcpt; smtp.source_route=@a,@b; smtp.forward_path=\"x > y\"@[192.0.2.1]; "
     "smtp.local_part=\"x > y\"; smtp.domain=[192.0.2.1]",
     "rcpt to: <@a,@b:\"x > y\"@[192.0.2.1]>", "It is for this address. Do you take it?", NULL},
    {C, "RCPT TO:<nobody@example.net>\r\n", "smtp.forward_path=nobody@example.net",
     "RCPT TO:<nobody@example.net>", NULL, NULL},
    {C, "DATA\r\n", "smtp.req.command=DATA", "DATA", NULL, NULL},
    {S, "250 2.1.0 Sender ok\r\n",
     "smtp.rsp.parameter=2.1.0 Sender ok; smtp.enhanced=2.1.0; smtp.enhanced.class=2; "
     "smtp.enhanced.subject=1; smtp.enhanced.detail=0; smtp.response.text=Sender ok",
     "250 2.1.0 Sender ok", "All right, I have noted who it is from.", NULL},
    {S, "250 ok\r\n", "smtp.response.text=ok", "250 ok", "Yes, I take it for this address.", NULL},
    {S, "550-5.1.1 no\r\n550 5.1.1 such mailbox\r\n",
     "smtp.response.code=550; smtp.enhanced.subject=1; smtp.response.code_again=550; "
     "smtp.enhanced=5.1.1",
     "550-5.1.1 no, 1 more line", "No, I do not take it for this address.", NULL},
    {S, "354 go\r\n", "smtp.response.code=354", "354 go", "Go on. End it with a lone dot.", NULL},
    {C, ALL_HEADERS "\r\n..dot\r\n.\r\n",
     "smtp.message; smtp.stuffed; "
     "smtp.eom",
     "354 octets, subject : Hello", "Here is the letter. The lone dot is its end.", NULL},
    {S, "250 2.0.0 queued as 1\r\n", "smtp.enhanced.subject=0", "250 2.0.0 queued as 1",
     "I have it. From now on I am responsible for it.", NULL},
    {C, "MAIL FROM:<>\r\n", "smtp.null_path", "MAIL FROM:<>", NULL, NULL},
    {C, "RCPT TO:bare@example.net\r\n", "smtp.forward_path=bare@example.net",
     "RCPT TO:bare@example.net", NULL, NULL},
    {S, "503 no\r\n", "smtp.response.code=503", "503 no", "Not now: something else comes first.",
     NULL},
    {S, "450 no\r\n", "smtp.response.code=450", "450 no",
     "Not for this address, not now. Try again later.", NULL},
    {C, "NOOP\n", "smtp.req.command=NOOP; smtp.end_of_line", "NOOP", "Are you still there?", NULL},
    {S, "250 ok\r\n", "smtp.rsp", "250 ok", "Yes, I am here.", NULL},
    {C, "VRFY bob\r\n", "smtp.req.command=VRFY; smtp.string=bob", "VRFY bob", NULL, NULL},
    {S, "nonsense\r\n", "smtp.response=nonsense; smtp.response.text=nonsense", "nonsense", NULL,
     NULL},
    {C, "AUTH PLAIN AGJvYgBzZWNyZXQ=\r\n",
     "smtp.req.command=AUTH; smtp.auth.mechanism=PLAIN; "
     "smtp.auth.username_password=AGJvYgBzZWNyZXQ=; smtp.auth.decoded=␀bob␀secret",
     "AUTH PLAIN …", "Let me prove who I am.", "AGJvYgBzZWNyZXQ="},
    {S, "535 no\r\n", "smtp.response.code=535", "535 no", "I do not believe you.", NULL},
    {C, "AUTH LOGIN\r\n", "smtp.auth.mechanism=LOGIN", "AUTH LOGIN", NULL, NULL},
    {S, "334 VXNlcm5hbWU6\r\n",
     "smtp.response.code=334; smtp.response.text=VXNlcm5hbWU6; smtp.auth.decoded=Username:",
     "334 VXNlcm5hbWU6", "Go on, I am listening.", NULL},
    {C, "Ym9i\r\n", "smtp.req; smtp.auth.username=Ym9i", "4 octets of the login",
     "Here is my secret, in base64.", NULL},
    {S, "334 UGFzc3dvcmQ6\r\n", "smtp.response.code=334", "334 UGFzc3dvcmQ6", NULL, NULL},
    {C, "c2VjcmV0\r\n", "smtp.auth.password=c2VjcmV0", "8 octets of the login", NULL, "c2VjcmV0"},
    {S, "235 yes\r\n", "smtp.response.code=235", "235 yes", "I believe you. Welcome.", NULL},
    {C, "AUTH PLAIN\r\n", "smtp.auth.mechanism=PLAIN", "AUTH PLAIN", NULL, NULL},
    {S, "334 \r\n", "smtp.response.code=334", "334 ", NULL, NULL},
    {C, "AGJvYgBzZWNyZXQ=\r\n", "smtp.auth.username_password=AGJvYgBzZWNyZXQ=",
     "16 octets of the login", NULL, "AGJvYgBzZWNyZXQ="},
    {S, "235 yes\r\n", "smtp.response.code=235", "235 yes", NULL, NULL},
    {C, "AUTH SCRAM-SHA-1\r\n", "smtp.auth.mechanism=SCRAM-SHA-1", "AUTH SCRAM-SHA-1", NULL, NULL},
    {S, "334 \r\n", "smtp.response.code=334", "334 ", NULL, NULL},
    {C, "abcd\r\n", "smtp.auth.data=abcd", "4 octets of the login", NULL, "abcd"},
    {S, "235 yes\r\n", "smtp.response.code=235", "235 yes", NULL, NULL},
    {C, "AUTH LOGIN\r\n", "smtp.auth.mechanism=LOGIN", "AUTH LOGIN", NULL, NULL},
    {C, "Ym9i\r\n", "smtp.auth.username=Ym9i", "4 octets of the login", NULL, NULL},
    {C, "c2VjcmV0\r\n", "smtp.auth.password=c2VjcmV0", "8 octets of the login", NULL, "c2VjcmV0"},
    {S, "334 VXNlcm5hbWU6\r\n", "smtp.response.code=334", "334 VXNlcm5hbWU6", NULL, NULL},
    {S, "334 UGFzc3dvcmQ6\r\n", "smtp.response.code=334", "334 UGFzc3dvcmQ6", NULL, NULL},
    {S, "235 yes\r\n", "smtp.response.code=235", "235 yes", NULL, NULL},
    {C, "AUTH PLAIN\r\n", "smtp.auth.mechanism=PLAIN", "AUTH PLAIN", NULL, NULL},
    {S, "334 \r\n", "smtp.response.code=334", "334 ", NULL, NULL},
    {C, "*\r\n", "smtp.auth.data=*", "1 octets of the login", NULL, NULL},
    {S, "501 broken off\r\n", "smtp.response.code=501", "501 broken off", NULL, NULL},
    {C, "MAIL FROM:<a@b> RET=HDRS ENVID=a+20b+2B BODY=BINARYMIME SMTPUTF8\r\n",
     "smtp.esmtp.keyword=RET; smtp.esmtp.value=HDRS; smtp.esmtp.keyword=ENVID; "
     "smtp.esmtp.value=a+20b+2B; smtp.esmtp.decoded=a b+; smtp.esmtp.value=BINARYMIME; "
     "smtp.esmtp.keyword=SMTPUTF8",
     "MAIL FROM:<a@b> RET=HDRS ENVID=a+20b+2B BODY=BINARYMIME SMTPUTF8", NULL, NULL},
    {S, "250 ok\r\n", "smtp.rsp", "250 ok", NULL, NULL},
    {C, "RCPT TO:<c@d> NOTIFY=NEVER ORCPT=rfc822;c+2Be@d\r\n",
     "smtp.forward_path=c@d; smtp.esmtp.value=NEVER; smtp.esmtp.value=rfc822;c+2Be@d; "
     "smtp.esmtp.decoded=c+e@d",
     "RCPT TO:<c@d> NOTIFY=NEVER ORCPT=rfc822;c+2Be@d", NULL, NULL},
    {S, "250 ok\r\n", "smtp.rsp", "250 ok", NULL, NULL},
    {C, "BDAT 14\r\n", "smtp.req.command=BDAT; smtp.req.parameter=14; smtp.bdat.size=14", "BDAT 14",
     "Here is a piece of the letter, and its length.", NULL},
    {C, "Subject: x\r\n\r\n", "smtp.message=Subject: x", "14 octets of the letter, Subject: x",
     "Here is a part of the letter; more follows.", NULL},
    {S, "250 ok\r\n", "smtp.response.code=250", "250 ok", "I have this piece. Where is the next?",
     NULL},
    {C, "BDAT 6 LAST\r\n", "smtp.bdat.size=6; smtp.bdat.last=LAST", "BDAT 6 LAST", NULL, NULL},
    {C, ".\r\nxyz", "smtp.message=.\r\nxyz", "6 octets of the letter",
     "Here is the last piece of the letter.", NULL},
    {S, "250 ok\r\n", "smtp.response.code=250", "250 ok",
     "I have it. From now on I am responsible for it.", NULL},
    {C, "BDAT 0 LAST\r\n", "smtp.bdat.size=0", "BDAT 0 LAST", NULL, NULL},
    {S, "503 no\r\n", "smtp.response.code=503", "503 no", NULL, NULL},
    {C, "STARTTLS\r\n", "smtp.req.command=STARTTLS", "STARTTLS", NULL, NULL},
    {S, "220 go\r\n", "smtp.response.code=220", "220 go", "Good, from now on in secret.", NULL},
    {C, "\x16\x03\x01\x01\x02\x01\x01", NULL, NULL, NULL, NULL}, /* a record that is not whole */
    {C, "\x16\x03\x01\x01\x02\x01\x01", "smtp.tls", "TLS, 7 octets", NULL, NULL},
};

static bool value_is(const MgTree *tree, MgNode node, const char *wanted)
{
    if (wanted == NULL)
        return true;
    g_autofree char *value = mg_tree_value(tree, node);
    MgSpan bytes = mg_tree_bytes(tree, node);
    g_autofree char *raw = g_strndup((const char *)bytes.data, bytes.len);
    return g_str_has_prefix(raw, wanted) || g_strcmp0(value, wanted) == 0;
}

static void check_tree(const Row *row, MgTree *tree)
{
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
    /* Every octet of a unit belongs to a node, so all of it can be pointed at. */
    for (size_t i = 0; i < strlen(row->unit); i++)
        g_assert_cmpuint(mg_tree_node_at(tree, 0, i), !=, MG_NODE_ROOT);
}

static void check_row(const Row *row, const MgUnit *unit, GHashTable *seen)
{
    g_autoptr(GBytes) bytes = g_bytes_new(row->unit, strlen(row->unit));
    MgSpan span = {g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)};
    g_autoptr(MgTree) tree = mg_tree_new();
    g_autoptr(GString) line = g_string_new(NULL);
    mg_tree_begin(tree, &mg_smtp_dissector, "Exchange", bytes);
    mg_smtp_dissector.dissect(unit->tag, row->direction, span, tree);
    check_tree(row, tree);
    for (MgNode i = 1; i < mg_tree_n_nodes(tree); i++)
        g_hash_table_add(seen, (void *)mg_tree_node(tree, i)->field->id);
    mg_smtp_dissector.summarize(unit->tag, row->direction, span, line);
    g_assert_cmpstr(line->str, ==, row->summary);
    if (row->caption != NULL)
        g_assert_cmpstr(mg_tree_caption(tree), ==, row->caption);
    g_assert_cmpuint(unit->secret_len, ==, row->secret != NULL ? strlen(row->secret) : 0);
    if (row->secret != NULL)
        g_assert_cmpmem(row->unit + unit->secret_offset, unit->secret_len, row->secret,
                        strlen(row->secret));
}

static void test_conversation(void)
{
    g_autofree void *state = g_malloc0(mg_smtp_dissector.state_size);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        MgUnit unit = {0};
        MgSpan span = mg_span_from_string(rows[i].unit);
        bool end = i + 1 == G_N_ELEMENTS(rows);
        for (size_t len = 1; !end && len < span.len; len++) /* not before it is whole */
            if (mg_smtp_dissector.cut(state, rows[i].direction, mg_span_slice(span, 0, len), false,
                                      &unit))
                g_error("%s: cut after %zu octets", rows[i].unit, len);
        bool cut = mg_smtp_dissector.cut(state, rows[i].direction, span, end, &unit);
        g_assert_cmpint(cut, ==, rows[i].fields != NULL);
        if (!cut)
            continue;
        g_assert_cmpuint(unit.len, ==, span.len);
        check_row(&rows[i], &unit, seen);
    }
    for (size_t i = 0; i < mg_smtp_dissector.n_fields; i++)
        if (!g_hash_table_contains(seen, mg_smtp_dissector.fields[i].id))
            g_error("%s appears nowhere", mg_smtp_dissector.fields[i].id);
}

static void give(void *state, MgDirection direction, const char *text, MgUnit *unit)
{
    g_assert_true(mg_smtp_dissector.cut(state, direction, mg_span_from_string(text), false, unit));
    g_assert_cmpuint(unit->len, ==, strlen(text));
}

/* A letter of 300,000 octets: pieces of whole lines, and the last has the final dot. */
static void test_large(void)
{
    g_autofree void *state = g_malloc0(mg_smtp_dissector.state_size);
    g_autoptr(GString) letter = g_string_new(NULL);
    MgUnit unit = {0};
    give(state, S, "220 mx\r\n", &unit);
    give(state, C, "DATA\r\n", &unit);
    give(state, S, "354 go\r\n", &unit);
    while (letter->len < 300000)
        g_string_append(letter, "..a line of the message\r\n");
    g_string_append(letter, ".\r\n");
    unsigned n = 0;
    for (size_t at = 0; at < letter->len; at += unit.len, n++) {
        MgSpan rest = {(const uint8_t *)letter->str + at, letter->len - at};
        g_assert_true(mg_smtp_dissector.cut(state, C, rest, false, &unit));
        g_assert_cmpuint(unit.len, <=, 66000);
        g_assert_cmpint(rest.data[unit.len - 1], ==, '\n');
        g_assert_cmpint(unit.kind, ==, MG_UNIT_DATA);
    }
    g_assert_cmpuint(n, ==, 5);
    give(state, S, "250 ok\r\n", &unit);
    give(state, C, "QUIT\r\n", &unit);
    g_assert_cmpint(unit.kind, ==, MG_UNIT_COMMAND);
}

/* RFC 2033 §4.2: after the letter as many replies as recipients, and all of them are its. */
static void test_lmtp(void)
{
    g_autofree void *state = g_malloc0(mg_smtp_dissector.state_size);
    static const char *const talk[] = {
        "S220 mda\r\n",         "CLHLO mx\r\n",       "S250 mda\r\n",
        "CMAIL FROM:<a@b>\r\n", "S250 ok\r\n",        "CRCPT TO:<c@d>\r\n",
        "S250 ok\r\n",          "CRCPT TO:<e@d>\r\n", "S550 no\r\n",
        "CRCPT TO:<g@d>\r\n",   "S250 ok\r\n",        "CDATA\r\n",
        "S354 go\r\n",          "Chi\r\n.\r\n",       NULL};
    MgUnit unit = {0}, second = {0}, quit = {0};
    for (size_t i = 0; talk[i] != NULL; i++)
        give(state, talk[i][0] == 'C' ? C : S, talk[i] + 1, &unit);
    give(state, S, "250 one\r\n", &unit);
    give(state, S, "452 two\r\n", &second);
    g_assert_cmpuint(unit.tag, ==, second.tag);
    give(state, C, "QUIT\r\n", &unit);
    give(state, S, "221 bye\r\n", &quit);
    g_assert_cmpuint(quit.tag, ==, unit.tag);
}

/* BDAT to LMTP, all at once: one reply for a piece, and for the last one as many as recipients. */
static void test_lmtp_pieces(void)
{
    g_autofree void *state = g_malloc0(mg_smtp_dissector.state_size);
    static const char *const talk[] = {"S220 mda\r\n",       "CLHLO mx\r\n",
                                       "S250 mda\r\n",       "CMAIL FROM:<a@b>\r\n",
                                       "CRCPT TO:<c@d>\r\n", "CRCPT TO:<e@d>\r\n",
                                       "CBDAT 4\r\n",        "CQUIT",
                                       "CBDAT 2 LAST\r\n",   "C\r\n",
                                       "S250 ok\r\n",        "S250 ok\r\n",
                                       "S250 ok\r\n",        "S250 a piece\r\n",
                                       "S250 for c\r\n",     NULL};
    MgUnit unit = {0}, second = {0}, quit = {0};
    for (size_t i = 0; talk[i] != NULL; i++)
        give(state, talk[i][0] == 'C' ? C : S, talk[i] + 1, &unit);
    give(state, S, "452 for e\r\n", &second);
    g_assert_cmpuint(unit.tag, ==, second.tag);
    give(state, C, "QUIT\r\n", &unit);
    give(state, S, "221 bye\r\n", &quit);
    g_assert_cmpuint(quit.tag, ==, unit.tag);
}

/* A piece of 300,000 octets is several units; a final dot in it is none. */
static void test_large_piece(void)
{
    g_autofree void *state = g_malloc0(mg_smtp_dissector.state_size);
    g_autoptr(GString) letter = g_string_new(NULL);
    MgUnit unit = {0};
    give(state, S, "220 mx\r\n", &unit);
    give(state, C, "BDAT 300000 LAST\r\n", &unit);
    while (letter->len < 300000)
        g_string_append(letter, "\r\n.\r\n.");
    unsigned n = 0;
    for (size_t at = 0; at < letter->len; at += unit.len, n++) {
        MgSpan rest = {(const uint8_t *)letter->str + at, letter->len - at};
        g_assert_true(mg_smtp_dissector.cut(state, C, rest, false, &unit));
        g_assert_cmpint(unit.kind, ==, MG_UNIT_DATA);
    }
    g_assert_cmpuint(n, ==, 5);
    give(state, C, "QUIT\r\n", &unit);
    g_assert_cmpint(unit.kind, ==, MG_UNIT_COMMAND);
}

static void check_names(const MgField *field)
{
    for (const MgName *name = field->names; name != NULL && name->name != NULL; name++) {
        g_assert_nonnull(name->about);
        g_assert_nonnull(name->source);
        if (strcmp(field->id, "smtp.req.command") == 0 ||
            strcmp(field->id, "smtp.response.code") == 0)
            g_assert_nonnull(name->say);
    }
}

/* What the inspector needs of each row. */
static void test_explained(void)
{
    static const unsigned codes[] = {211, 214, 220, 221, 235, 250, 251, 252, 334, 354, 421,
                                     450, 451, 452, 454, 455, 500, 501, 502, 503, 504, 521,
                                     530, 535, 550, 551, 552, 553, 554, 555, 556};
    const MgField *code_field = NULL;
    for (size_t i = 0; i < mg_smtp_dissector.n_fields; i++) {
        const MgField *field = &mg_smtp_dissector.fields[i];
        g_assert_true(g_str_has_prefix(field->id, "smtp."));
        g_assert_nonnull(field->label);
        g_assert_nonnull(field->about);
        g_assert_nonnull(field->source);
        check_names(field);
        if (strcmp(field->id, "smtp.response.code") == 0)
            code_field = field;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
        const MgName *name = code_field->names;
        while (name->value != codes[i] && name->name != NULL)
            name++;
        g_assert_cmpuint(name->value, ==, codes[i]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/smtp/names/conversation", test_conversation);
    g_test_add_func("/smtp/names/large", test_large);
    g_test_add_func("/smtp/names/lmtp", test_lmtp);
    g_test_add_func("/smtp/names/lmtp-pieces", test_lmtp_pieces);
    g_test_add_func("/smtp/names/large-piece", test_large_piece);
    g_test_add_func("/smtp/names/explained", test_explained);
    return g_test_run();
}
