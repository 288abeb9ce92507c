/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-folders.c - the mail store as IMAP sees it: names, flags, numbers, what has changed since */
#include "store.h"

static MgStore *store;
static MgFoldersAnswer answer;

static MgFoldersResult ask(MgFoldersQuestion question)
{
    question.user = "bob@example.net";
    mg_store_ask_folders(store, &question, &answer);
    return answer.result;
}

static MgFoldersResult name(MgFoldersOp op, const char *folder)
{
    return ask((MgFoldersQuestion){.op = op, .folder = folder});
}

static uint32_t put(const char *folder, const char *text, uint32_t flags, const char *keyword)
{
    const char *const words[] = {keyword, NULL};
    MgFoldersResult result = ask((MgFoldersQuestion){.op = MG_FOLDERS_APPEND,
                                                     .folder = folder,
                                                     .data = mg_span_from_string(text),
                                                     .flags = flags,
                                                     .keywords = words,
                                                     .at = 7});
    g_assert_cmpint(result, ==, MG_FOLDERS_OK);
    g_assert_cmpuint(answer.n_new_uids, ==, 1);
    return answer.new_uids[0];
}

static void look(const char *folder, uint64_t modseq)
{
    MgFoldersQuestion question = {.op = MG_FOLDERS_LOOK, .folder = folder, .modseq = modseq};
    g_assert_cmpint(ask(question), ==, MG_FOLDERS_OK);
}

static void begin(size_t quota)
{
    store = mg_store_new();
    mg_store_add_mailbox(store, "alice@example.net", "secret", 0);
    mg_store_add_mailbox(store, "bob@example.net", "secret", quota);
}

static void end(void)
{
    g_clear_pointer(&store, mg_store_free);
}

static char *names(void)
{
    GString *out = g_string_new(NULL);
    g_assert_cmpint(name(MG_FOLDERS_LIST, NULL), ==, MG_FOLDERS_OK);
    for (size_t i = 0; i < answer.n_folders; i++)
        g_string_append_printf(out, "%s%s%s ", answer.folders[i].name,
                               answer.folders[i].subscribed ? "+" : "",
                               answer.folders[i].gone ? "!" : "");
    return g_string_free(out, FALSE);
}

#define NAMES(text)                                                                                \
    G_STMT_START                                                                                   \
    {                                                                                              \
        g_autofree char *listed = names();                                                         \
        g_assert_cmpstr(listed, ==, text);                                                         \
    }                                                                                              \
    G_STMT_END

static void test_names(void)
{
    static const char *const bad[] = {"", "/a", "a/", "a//b", "a\nb", "\xff"};
    begin(0);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_cmpint(name(MG_FOLDERS_CREATE, bad[i]), ==, MG_FOLDERS_REFUSED);
    g_assert_cmpint(name(MG_FOLDERS_CREATE, "inbox"), ==, MG_FOLDERS_EXISTS);
    g_assert_cmpint(name(MG_FOLDERS_CREATE, "b/c"), ==, MG_FOLDERS_OK);
    g_assert_cmpint(name(MG_FOLDERS_CREATE, "b"), ==, MG_FOLDERS_OK);
    g_assert_cmpint(name(MG_FOLDERS_CREATE, "b"), ==, MG_FOLDERS_EXISTS);
    g_assert_cmpint(name(MG_FOLDERS_CREATE, "Inbox/a"), ==, MG_FOLDERS_OK);
    g_assert_cmpint(name(MG_FOLDERS_CREATE, "A"), ==, MG_FOLDERS_OK);
    NAMES("INBOX A INBOX/a b b/c ");
    g_assert_cmpint(name(MG_FOLDERS_SUBSCRIBE, "b"), ==, MG_FOLDERS_OK);
    g_assert_cmpint(name(MG_FOLDERS_SUBSCRIBE, "never"), ==, MG_FOLDERS_OK);
    g_assert_cmpint(name(MG_FOLDERS_DELETE, "b"), ==, MG_FOLDERS_OK);
    g_assert_cmpint(name(MG_FOLDERS_DELETE, "b"), ==, MG_FOLDERS_NONE);
    g_assert_cmpint(name(MG_FOLDERS_DELETE, "INBOX"), ==, MG_FOLDERS_REFUSED);
    NAMES("INBOX A INBOX/a b+! b/c never+! ");
    g_assert_cmpint(name(MG_FOLDERS_UNSUBSCRIBE, "b"), ==, MG_FOLDERS_OK);
    g_assert_cmpint(name(MG_FOLDERS_UNSUBSCRIBE, "never"), ==, MG_FOLDERS_OK);
    NAMES("INBOX A INBOX/a b/c ");
    end();
}

static MgFoldersResult rename_to(const char *from, const char *to)
{
    return ask((MgFoldersQuestion){.op = MG_FOLDERS_RENAME, .folder = from, .to = to});
}

static void test_rename(void)
{
    begin(0);
    name(MG_FOLDERS_CREATE, "a");
    name(MG_FOLDERS_CREATE, "a/b");
    name(MG_FOLDERS_CREATE, "ab");
    put("a/b", "one", 0, NULL);
    g_assert_cmpint(rename_to("a", "z"), ==, MG_FOLDERS_OK);
    NAMES("INBOX ab z z/b ");
    look("z/b", 0);
    g_assert_cmpuint(answer.n_messages, ==, 1);
    g_assert_cmpint(rename_to("z", "z/b/c"), ==, MG_FOLDERS_REFUSED);
    g_assert_cmpint(rename_to("z", "ab"), ==, MG_FOLDERS_EXISTS);
    g_assert_cmpint(rename_to("y", "x"), ==, MG_FOLDERS_NONE);
    put("INBOX", "two", MG_FLAG_SEEN, NULL);
    g_assert_cmpint(rename_to("inbox", "old"), ==, MG_FOLDERS_OK);
    NAMES("INBOX ab old z z/b ");
    look("INBOX", 0);
    g_assert_cmpuint(answer.n_messages, ==, 0);
    g_assert_cmpuint(answer.n_gone, ==, 1);
    look("old", 0);
    g_assert_cmpuint(answer.messages[0].flags, ==, MG_FLAG_SEEN);
    g_assert_cmpint(answer.messages[0].at, ==, 7);
    end();
}

/* A folder that is made again is another one (RFC 9051 §2.3.1.1). */
static void test_validity(void)
{
    begin(0);
    name(MG_FOLDERS_CREATE, "a");
    put("a", "one", 0, NULL);
    look("a", 0);
    uint32_t before = answer.folders[0].uid_validity;
    name(MG_FOLDERS_DELETE, "a");
    name(MG_FOLDERS_CREATE, "a");
    look("a", 0);
    g_assert_cmpuint(answer.folders[0].uid_validity, >, before);
    end();
}

static void change(MgFlagsChange how, uint32_t uid, uint32_t flags, const char *keyword)
{
    const char *const words[] = {keyword, NULL};
    MgFoldersQuestion question = {.op = MG_FOLDERS_FLAGS,
                                  .folder = "INBOX",
                                  .uids = &uid,
                                  .n_uids = 1,
                                  .change = how,
                                  .flags = flags,
                                  .keywords = words};
    g_assert_cmpint(ask(question), ==, MG_FOLDERS_OK);
}

static void test_flags(void)
{
    begin(0);
    uint32_t uid = put("INBOX", "one", MG_FLAG_SEEN, "$Label1");
    uint64_t modseq = mg_store_n_mailboxes(store); /* any that is smaller */
    change(MG_FLAGS_ADD, uid, MG_FLAG_FLAGGED, "work");
    look("INBOX", modseq);
    g_assert_cmpuint(answer.messages[0].flags, ==, MG_FLAG_SEEN | MG_FLAG_FLAGGED);
    g_assert_cmpuint(answer.messages[0].keywords, ==, 3);
    g_assert_cmpstr(answer.keywords[0], ==, "$Label1");
    g_assert_cmpstr(answer.keywords[1], ==, "work");
    g_assert_null(answer.keywords[2]);
    modseq = answer.folders[0].modseq;
    g_assert_cmpuint(answer.messages[0].modseq, ==, modseq);
    change(MG_FLAGS_ADD, uid, MG_FLAG_SEEN, "WORK"); /* nothing new */
    look("INBOX", 0);
    g_assert_cmpuint(answer.folders[0].modseq, ==, modseq);
    change(MG_FLAGS_REMOVE, uid, MG_FLAG_SEEN, "$label1");
    change(MG_FLAGS_REPLACE, uid, MG_FLAG_DELETED, NULL);
    look("INBOX", 0);
    g_assert_cmpuint(answer.messages[0].flags, ==, MG_FLAG_DELETED);
    g_assert_cmpuint(answer.messages[0].keywords, ==, 0);
    g_assert_cmpuint(answer.folders[0].modseq, ==, modseq + 2);
    g_assert_cmpuint(answer.folders[0].n_deleted, ==, 1);
    /* RFC 7162 §3.1.3: changed since, so it is left alone, and told. */
    MgFoldersQuestion late = {.op = MG_FOLDERS_FLAGS,
                              .folder = "INBOX",
                              .uids = &uid,
                              .n_uids = 1,
                              .flags = MG_FLAG_SEEN,
                              .unchanged_since = modseq};
    g_assert_cmpint(ask(late), ==, MG_FOLDERS_OK);
    g_assert_cmpuint(answer.n_gone, ==, 1);
    look("INBOX", 0);
    g_assert_cmpuint(answer.messages[0].flags, ==, MG_FLAG_DELETED);
    end();
}

static MgFoldersResult carry(MgFoldersOp op, const char *to, const uint32_t *uids, size_t n)
{
    return ask(
        (MgFoldersQuestion){.op = op, .folder = "INBOX", .to = to, .uids = uids, .n_uids = n});
}

static void test_copy_and_move(void)
{
    begin(20);
    name(MG_FOLDERS_CREATE, "a");
    put("a", "xx", 0, "other");
    uint32_t one = put("INBOX", "one", MG_FLAG_SEEN, "work"), two = put("INBOX", "two", 0, NULL);
    uint32_t both[] = {one, two}, missing[] = {one, 99};
    g_assert_cmpint(carry(MG_FOLDERS_COPY, "nowhere", both, 2), ==, MG_FOLDERS_NONE);
    g_assert_cmpint(carry(MG_FOLDERS_COPY, "a", missing, 2), ==, MG_FOLDERS_NONE);
    g_assert_cmpint(carry(MG_FOLDERS_COPY, "a", both, 2), ==, MG_FOLDERS_OK);
    g_assert_cmpuint(answer.n_new_uids, ==, 2);
    g_assert_cmpuint(answer.new_uids[1], ==, 3);
    look("a", 0);
    g_assert_cmpuint(answer.n_messages, ==, 3);
    g_assert_cmpstr(answer.keywords[1], ==, "work"); /* the name goes along, not the bit */
    g_assert_cmpuint(answer.messages[1].keywords, ==, 2);
    g_assert_cmpint(name(MG_FOLDERS_QUOTA, NULL), ==, MG_FOLDERS_OK);
    g_assert_cmpuint(answer.used, ==, 14);
    g_assert_cmpuint(answer.limit, ==, 20);
    g_assert_cmpint(carry(MG_FOLDERS_MOVE, "a", both, 2), ==, MG_FOLDERS_OK);
    look("INBOX", 0);
    g_assert_cmpuint(answer.n_messages, ==, 0);
    g_assert_cmpuint(answer.n_gone, ==, 2);
    name(MG_FOLDERS_QUOTA, NULL);
    g_assert_cmpuint(answer.used, ==, 14);
    MgFoldersQuestion large = {
        .op = MG_FOLDERS_APPEND, .folder = "a", .data = mg_span_from_string("seven..")};
    g_assert_cmpint(ask(large), ==, MG_FOLDERS_FULL);
    name(MG_FOLDERS_DELETE, "a");
    name(MG_FOLDERS_QUOTA, NULL);
    g_assert_cmpuint(answer.used, ==, 0);
    end();
}

/* What has gone is told to who knew it, and to nobody else (RFC 7162 §3.2.10). */
static void test_gone(void)
{
    begin(0);
    uint32_t uids[4];
    for (size_t i = 0; i < 4; i++)
        uids[i] = put("INBOX", "a letter", 0, NULL);
    look("INBOX", 0);
    uint64_t modseq = answer.folders[0].modseq;
    carry(MG_FOLDERS_EXPUNGE, NULL, uids + 1, 1);
    look("INBOX", modseq);
    uint64_t later = answer.folders[0].modseq;
    carry(MG_FOLDERS_EXPUNGE, NULL, uids + 2, 2);
    look("INBOX", later);
    g_assert_cmpuint(answer.n_gone, ==, 2);
    look("INBOX", modseq);
    g_assert_cmpuint(answer.n_gone, ==, 3);
    g_assert_cmpuint(answer.gone[0], ==, uids[1]);
    MgFoldersQuestion news = {.user = "bob", .folder = "INBOX", .modseq = later};
    g_assert_true(mg_store_has_news(store, &news));
    news.modseq = answer.folders[0].modseq;
    g_assert_false(mg_store_has_news(store, &news));
    news.folder = "nowhere"; /* who waits for it must not wait for ever */
    g_assert_true(mg_store_has_news(store, &news));
    end();
}

static void test_recent(void)
{
    begin(0);
    put("INBOX", "one", 0, NULL);
    MgFoldersQuestion first = {.op = MG_FOLDERS_LOOK, .folder = "INBOX", .claims_recent = true};
    ask(first);
    g_assert_cmpuint(answer.folders[0].recent_from, ==, 1);
    put("INBOX", "two", 0, NULL);
    ask(first);
    g_assert_cmpuint(answer.folders[0].recent_from, ==, 2);
    look("INBOX", 0);
    g_assert_cmpuint(answer.folders[0].recent_from, ==, 3);
    end();
}

/* POP3's maildrop and IMAP's INBOX are one. */
static void test_one_store(void)
{
    begin(0);
    MgMailboxQuestion drop = {.op = MG_MAILBOX_APPEND,
                              .user = "bob",
                              .mail_from = "a@example.com",
                              .data = mg_span_from_string("Subject: a\r\n\r\n")};
    MgMailboxAnswer dropped;
    mg_store_ask(store, 1, &drop, 3, &dropped);
    look("INBOX", 0);
    g_assert_cmpuint(answer.n_messages, ==, 1);
    uint32_t uid = put("INBOX", "two", 0, NULL);
    drop.op = MG_MAILBOX_OPEN;
    drop.proved = true;
    mg_store_ask(store, 1, &drop, 3, &dropped);
    g_assert_cmpuint(dropped.n_messages, ==, 2);
    drop.op = MG_MAILBOX_EXPUNGE;
    drop.uids = &uid;
    drop.n_uids = 1;
    mg_store_ask(store, 1, &drop, 3, &dropped);
    look("INBOX", 0);
    g_assert_cmpuint(answer.n_messages, ==, 1);
    end();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/folders/names", test_names);
    g_test_add_func("/folders/rename", test_rename);
    g_test_add_func("/folders/validity", test_validity);
    g_test_add_func("/folders/flags", test_flags);
    g_test_add_func("/folders/copy-and-move", test_copy_and_move);
    g_test_add_func("/folders/gone", test_gone);
    g_test_add_func("/folders/recent", test_recent);
    g_test_add_func("/folders/one-store", test_one_store);
    return g_test_run();
}
