/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-store.c - mailboxes: who gets in, what is kept, what goes */
#include "store.h"

static MgMailboxResult ask(MgStore *store, uint32_t session, MgMailboxQuestion question,
                           MgMailboxAnswer *answer)
{
    static MgMailboxAnswer unread;
    mg_store_ask(store, session, &question, 5, answer != NULL ? answer : &unread);
    return answer != NULL ? answer->result : unread.result;
}

static MgMailboxQuestion to(MgMailboxOp op, const char *user)
{
    return (MgMailboxQuestion){.op = op, .user = user, .password = "secret"};
}

static MgStore *two_mailboxes(void)
{
    MgStore *store = mg_store_new();
    mg_store_add_mailbox(store, "bob@example.net", "secret", 0);
    mg_store_add_mailbox(store, "Carol@example.net", "secret", 100);
    return store;
}

static MgMailboxResult append(MgStore *store, const char *user, const char *text)
{
    MgMailboxQuestion question = to(MG_MAILBOX_APPEND, user);
    question.mail_from = "alice@example.com";
    question.data = mg_span_from_string(text);
    return ask(store, 0, question, NULL);
}

static void test_names(void)
{
    g_autoptr(MgStore) store = two_mailboxes();
    static const struct {
        const char *user;
        MgMailboxResult result;
    } rows[] = {{"bob@example.net", MG_MAILBOX_OK},
                {"BOB@Example.NET", MG_MAILBOX_OK},
                {"bob", MG_MAILBOX_OK},
                {"carol", MG_MAILBOX_OK},
                {"bob@example.org", MG_MAILBOX_NONE},
                {"dave", MG_MAILBOX_NONE},
                {"", MG_MAILBOX_NONE},
                {NULL, MG_MAILBOX_NONE}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(ask(store, 1, to(MG_MAILBOX_FIND, rows[i].user), NULL), ==, rows[i].result);
    /* Now "bob" could be either. */
    mg_store_add_mailbox(store, "bob@example.org", "other", 0);
    g_assert_cmpint(ask(store, 1, to(MG_MAILBOX_FIND, "bob"), NULL), ==, MG_MAILBOX_NONE);
    g_assert_cmpint(ask(store, 1, to(MG_MAILBOX_FIND, "bob@example.org"), NULL), ==, MG_MAILBOX_OK);
    g_assert_cmpuint(mg_store_n_mailboxes(store), ==, 3);
    g_assert_cmpstr(mg_store_address(store, 1), ==, "Carol@example.net");
}

static void test_append_and_read(void)
{
    g_autoptr(MgStore) store = two_mailboxes();
    MgMailboxAnswer answer;
    g_assert_cmpint(append(store, "bob", "Subject: 1\r\n\r\n"), ==, MG_MAILBOX_OK);
    g_assert_cmpint(append(store, "bob", "Subject: 2\r\n\r\n"), ==, MG_MAILBOX_OK);
    g_assert_cmpint(ask(store, 1, to(MG_MAILBOX_READ, "bob"), NULL), ==, MG_MAILBOX_DENIED);
    g_assert_cmpint(ask(store, 1, to(MG_MAILBOX_OPEN, "bob"), &answer), ==, MG_MAILBOX_OK);
    g_assert_cmpuint(answer.n_messages, ==, 2);
    g_assert_cmpuint(answer.uid_validity, !=, 0);
    g_assert_cmpuint(answer.messages[0].uid, <, answer.messages[1].uid);
    g_assert_cmpint(answer.messages[0].at, ==, 5);
    static const char whole[] = "Return-Path: <alice@example.com>\r\nSubject: 2\r\n\r\n";
    g_assert_cmpuint(answer.messages[1].size, ==, sizeof whole - 1);
    MgMailboxQuestion question = to(MG_MAILBOX_READ, "bob");
    question.uid = answer.messages[1].uid;
    g_assert_cmpint(ask(store, 1, question, &answer), ==, MG_MAILBOX_OK);
    g_assert_cmpmem(answer.data.data, answer.data.len, whole, sizeof whole - 1);
    question.uid = 99;
    g_assert_cmpint(ask(store, 1, question, &answer), ==, MG_MAILBOX_NONE);
    uint32_t uid = 0;
    MgSpan seen = mg_store_message(store, 0, 1, &uid);
    g_assert_cmpmem(seen.data, seen.len, whole, sizeof whole - 1);
    g_assert_cmpuint(uid, ==, 2);
}

static void test_null_reverse_path(void)
{
    g_autoptr(MgStore) store = two_mailboxes();
    MgMailboxQuestion question = to(MG_MAILBOX_APPEND, "bob");
    question.mail_from = "";
    ask(store, 0, question, NULL);
    MgSpan seen = mg_store_message(store, 0, 0, NULL);
    g_assert_cmpmem(seen.data, seen.len, "Return-Path: <>\r\n", 17);
}

static void test_passwords(void)
{
    g_autoptr(MgStore) store = two_mailboxes();
    MgMailboxQuestion question = to(MG_MAILBOX_OPEN, "bob");
    question.password = "Secret";
    g_assert_cmpint(ask(store, 1, question, NULL), ==, MG_MAILBOX_DENIED);
    question.password = NULL;
    g_assert_cmpint(ask(store, 1, question, NULL), ==, MG_MAILBOX_DENIED);
    /* The example of RFC 1939 §7. */
    mg_store_add_mailbox(store, "mrose@dbc.mtview.ca.us", "tanstaaf", 0);
    question.user = "mrose";
    question.apop_timestamp = "<1896.697170952@dbc.mtview.ca.us>";
    question.apop_digest = "c4c9334bac560ecc979e58001b3e22fa";
    g_assert_cmpint(ask(store, 1, question, NULL), ==, MG_MAILBOX_DENIED);
    question.apop_digest = "c4c9334bac560ecc979e58001b3e22fb";
    g_assert_cmpint(ask(store, 1, question, NULL), ==, MG_MAILBOX_OK);
    /* A mailbox without a password lets nobody in. */
    mg_store_add_mailbox(store, "dave@example.net", NULL, 0);
    question = to(MG_MAILBOX_OPEN, "dave");
    g_assert_cmpint(ask(store, 1, question, NULL), ==, MG_MAILBOX_DENIED);
    g_assert_cmpint(ask(store, 1, to(MG_MAILBOX_SECRET, "dave"), NULL), ==, MG_MAILBOX_DENIED);
    /* Who has proved it in another way needs none; who asks for it gets it. */
    question.proved = true;
    g_assert_cmpint(ask(store, 1, question, NULL), ==, MG_MAILBOX_OK);
    MgMailboxAnswer answer;
    g_assert_cmpint(ask(store, 1, to(MG_MAILBOX_SECRET, "mrose"), &answer), ==, MG_MAILBOX_OK);
    g_assert_cmpmem(answer.data.data, answer.data.len, "tanstaaf", 8);
    g_assert_cmpint(ask(store, 1, to(MG_MAILBOX_SECRET, "nobody"), NULL), ==, MG_MAILBOX_NONE);
}

static void test_locks(void)
{
    g_autoptr(MgStore) store = two_mailboxes();
    g_assert_cmpint(ask(store, 1, to(MG_MAILBOX_OPEN, "bob"), NULL), ==, MG_MAILBOX_OK);
    g_assert_cmpint(ask(store, 2, to(MG_MAILBOX_OPEN, "bob"), NULL), ==, MG_MAILBOX_LOCKED);
    g_assert_cmpint(ask(store, 2, to(MG_MAILBOX_OPEN, "carol"), NULL), ==, MG_MAILBOX_OK);
    /* Mail still comes in. */
    g_assert_cmpint(append(store, "bob", "x"), ==, MG_MAILBOX_OK);
    g_assert_cmpint(ask(store, 2, to(MG_MAILBOX_CLOSE, "bob"), NULL), ==, MG_MAILBOX_DENIED);
    g_assert_cmpint(ask(store, 1, to(MG_MAILBOX_CLOSE, "bob"), NULL), ==, MG_MAILBOX_OK);
    g_assert_cmpint(ask(store, 2, to(MG_MAILBOX_OPEN, "bob"), NULL), ==, MG_MAILBOX_OK);
    /* A session has one at most: carol's is free again. */
    g_assert_cmpint(ask(store, 3, to(MG_MAILBOX_OPEN, "carol"), NULL), ==, MG_MAILBOX_OK);
    mg_store_forget(store, 2);
    mg_store_forget(store, 2);
    g_assert_cmpint(ask(store, 4, to(MG_MAILBOX_OPEN, "bob"), NULL), ==, MG_MAILBOX_OK);
    g_assert_cmpint(ask(store, 5, to(MG_MAILBOX_OPEN, "carol"), NULL), ==, MG_MAILBOX_LOCKED);
}

static void test_expunge_and_quota(void)
{
    g_autoptr(MgStore) store = two_mailboxes();
    /* 100 octets; each message has 34 of Return-Path and 10 of its own. */
    g_assert_cmpint(append(store, "carol", "0123456789"), ==, MG_MAILBOX_OK);
    g_assert_cmpint(append(store, "carol", "0123456789"), ==, MG_MAILBOX_OK);
    g_assert_cmpint(append(store, "carol", "0123456789"), ==, MG_MAILBOX_FULL);
    uint32_t uids[] = {1, 77};
    MgMailboxQuestion question = to(MG_MAILBOX_EXPUNGE, "carol");
    question.uids = uids;
    question.n_uids = 1;
    g_assert_cmpint(ask(store, 1, question, NULL), ==, MG_MAILBOX_DENIED);
    ask(store, 1, to(MG_MAILBOX_OPEN, "carol"), NULL);
    g_assert_cmpint(ask(store, 1, question, NULL), ==, MG_MAILBOX_OK);
    question.n_uids = 2;
    g_assert_cmpint(ask(store, 1, question, NULL), ==, MG_MAILBOX_NONE);
    g_assert_cmpuint(mg_store_n_messages(store, 1), ==, 1);
    /* There is room again, and a number is never used twice. */
    g_assert_cmpint(append(store, "carol", "0123456789"), ==, MG_MAILBOX_OK);
    uint32_t uid = 0;
    mg_store_message(store, 1, 1, &uid);
    g_assert_cmpuint(uid, ==, 3);
    mg_store_message(store, 1, 0, &uid);
    g_assert_cmpuint(uid, ==, 2);
}

static void test_many(void)
{
    enum { N = 100000 };
    g_autoptr(MgStore) store = two_mailboxes();
    for (int i = 0; i < N; i++)
        append(store, "bob", "x");
    ask(store, 1, to(MG_MAILBOX_OPEN, "bob"), NULL);
    g_autofree uint32_t *uids = g_new(uint32_t, N);
    MgMailboxQuestion question = to(MG_MAILBOX_READ, "bob");
    for (uint32_t i = 0; i < N; i++) {
        question.uid = uids[i] = i + 1;
        g_assert_cmpint(ask(store, 1, question, NULL), ==, MG_MAILBOX_OK);
    }
    question = to(MG_MAILBOX_EXPUNGE, "bob");
    question.uids = uids;
    question.n_uids = N - 1;
    g_assert_cmpint(ask(store, 1, question, NULL), ==, MG_MAILBOX_OK);
    g_assert_cmpuint(mg_store_n_messages(store, 0), ==, 1);
}

/* RFC 5321 §4.4: one Return-Path, and it is ours. */
static void test_return_path(void)
{
    static const struct {
        const char *letter, *kept;
    } rows[] = {
        {"Return-Path: <evil@example.org>\r\nSubject: 1\r\n\r\nReturn-Path: <x>\r\n",
         "Subject: 1\r\n\r\nReturn-Path: <x>\r\n"},
        {"Subject: 1\r\nRETURN-path: <a\r\n @b>\r\n\t\r\nTo: x\r\n folded\r\n\r\n",
         "Subject: 1\r\nTo: x\r\n folded\r\n\r\n"},
        {"Return-Path: <a>", ""},
        {"Return-Pathology: x\r\n", "Return-Pathology: x\r\n"},
        {"", ""},
        {"no header", "no header"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MgStore) store = two_mailboxes();
        g_assert_cmpint(append(store, "bob", rows[i].letter), ==, MG_MAILBOX_OK);
        MgSpan got = mg_store_message(store, 0, 0, NULL);
        const char *end = memchr(got.data, '\n', got.len);
        size_t head = (size_t)(end - (const char *)got.data) + 1;
        g_assert_cmpmem(end + 1, got.len - head, rows[i].kept, strlen(rows[i].kept));
    }
}

/* Numbers are never used twice, also when the last item has gone; a state replaces a state. */
static void test_spool(void)
{
    g_autoptr(MgStore) store = two_mailboxes();
    MgSpoolAnswer answer;
    MgStoreItem item;
    int owner;
    MgSpoolQuestion put = {.op = MG_SPOOL_PUT, .data = MG_SPAN("letter"), .state = MG_SPAN("new")};
    for (uint32_t i = 1; i <= 20; i++) {
        mg_store_spool(store, &put, &owner, i + 100, &answer);
        g_assert_true(answer.done);
        g_assert_cmpuint(answer.item, ==, i);
    }
    MgSpoolQuestion update = {.op = MG_SPOOL_UPDATE, .item = 7, .state = MG_SPAN("older")};
    mg_store_spool(store, &update, NULL, 0, &answer);
    g_assert_true(answer.done && answer.item == 7);
    MgSpoolQuestion remove = {.op = MG_SPOOL_REMOVE, .item = 20};
    mg_store_spool(store, &remove, NULL, 0, &answer);
    g_assert_true(answer.done);
    mg_store_spool(store, &remove, NULL, 0, &answer);
    g_assert_false(answer.done);
    update.item = 20;
    mg_store_spool(store, &update, NULL, 0, &answer);
    g_assert_false(answer.done);
    mg_store_spool(store, &put, &owner, 1, &answer);
    g_assert_cmpuint(answer.item, ==, 21);
    g_autoptr(GArray) items = mg_store_spool_items(store);
    g_assert_cmpuint(items->len, ==, 20);
    for (uint32_t i = 0; i < 20; i++)
        g_assert_cmpuint(g_array_index(items, uint32_t, i), ==, i < 19 ? i + 1 : 21);
    g_assert_true(mg_store_spooled(store, 7, &item));
    g_assert_cmpmem(item.spooled.data.data, item.spooled.data.len, "letter", 6);
    g_assert_cmpmem(item.spooled.state.data, item.spooled.state.len, "older", 5);
    g_assert_true(item.owner == &owner && item.cause == 107 && item.spooled.item == 7);
    g_assert_false(mg_store_spooled(store, 20, &item));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/names", test_names);
    g_test_add_func("/store/append-and-read", test_append_and_read);
    g_test_add_func("/store/null-reverse-path", test_null_reverse_path);
    g_test_add_func("/store/passwords", test_passwords);
    g_test_add_func("/store/locks", test_locks);
    g_test_add_func("/store/expunge-and-quota", test_expunge_and_quota);
    g_test_add_func("/store/many", test_many);
    g_test_add_func("/store/return-path", test_return_path);
    g_test_add_func("/store/spool", test_spool);
    return g_test_run();
}
