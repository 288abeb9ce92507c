/* SPDX-License-Identifier: GPL-3.0-or-later */
/* network-load.c - a network's folder, read: what is right, and every mistake with its line */
#include <glib/gstdio.h>

#include "network.h"
#include "session.h"

static MgRegistry *registry;

/* A folder with this network.ini, and one file beside it; removed by drop(). */
static char *make_folder(const char *ini)
{
    g_autoptr(GError) error = NULL;
    char *folder = g_dir_make_tmp(NULL, &error);
    g_assert_no_error(error);
    g_autofree char *path = g_build_filename(folder, "network.ini", NULL);
    g_autofree char *book = g_build_filename(folder, "book.txt", NULL);
    g_assert_true(g_file_set_contents(path, ini, -1, NULL));
    g_assert_true(g_file_set_contents(book, "one line\n", -1, NULL));
    return folder;
}

static void drop(char *folder)
{
    static const char *const names[] = {"network.ini", "book.txt"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);
        g_unlink(path);
    }
    g_rmdir(folder);
    g_free(folder);
}

static MgNetwork *load(const char *folder, GPtrArray *problems)
{
    return mg_network_load(folder, registry, problems);
}

#define GOOD                                                                                       \
    "[network]\nformat=1\ntitle=Two\ntitle[ko]=둘\ndescription=One\\nTwo\n"                       \
    "epoch=2026-03-02T10:00:00+01:00\n"                                                            \
    "[host alice]\nkind=mua\nregion=example.com\naddress=192.0.2.10;2001:db8::10\nat=80, 300\n"    \
    "resolver=mta\n# a comment\n"                                                                  \
    "[host mta]\nkind=mta\nregion=example.net\naddress=192.0.2.25\nbooks=book.txt;book.txt\n"      \
    "mailboxes=bob@example.net:secret;carol@example.net:hush:1000\npatience=20ms\n"                \
    "[link alice mta]\ndelay=5ms\nloss=0.25\n"                                                     \
    "[script]\n2=at 5s alice say 192.0.2.25 bye\n1=at 0s alice read book.txt to 192.0.2.25\n"      \
    "repeat=3\n"

static void test_good(void)
{
    char *folder = make_folder(GOOD);
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(MgNetwork) network = load(folder, problems);
    for (unsigned i = 0; i < problems->len; i++)
        g_test_message("%s", (char *)g_ptr_array_index(problems, i));
    g_assert_nonnull(network);
    g_assert_cmpuint(problems->len, ==, 0);
    g_assert_cmpstr(network->title, ==, "Two");
    g_assert_cmpstr(network->title_ko, ==, "둘");
    g_assert_cmpstr(network->description, ==, "One\nTwo");
    g_assert_cmpint(network->epoch, ==, 1772442000);
    g_assert_cmpuint(network->hosts->len, ==, 2);
    const MgNetworkHost *alice = &g_array_index(network->hosts, MgNetworkHost, 0);
    g_assert_cmpint(alice->x, ==, 80);
    g_assert_cmpint(alice->y, ==, 300);
    g_assert_cmpstr(alice->addresses[1], ==, "2001:db8::10");
    g_assert_cmpuint(alice->n_engines, ==, 2);
    g_assert_cmpstr(mg_settings_get(&alice->settings, "resolver", ""), ==, "192.0.2.25");
    const MgNetworkHost *mta = &g_array_index(network->hosts, MgNetworkHost, 1);
    g_assert_cmpuint(mta->n_engines, ==, 1);
    g_assert_cmpuint(mta->engines[0].port, ==, 7);
    g_assert_cmpuint(mta->n_mailboxes, ==, 2);
    g_assert_cmpstr(mta->mailboxes[1].address, ==, "carol@example.net");
    g_assert_cmpuint(mta->mailboxes[1].quota, ==, 1000);
    g_assert_cmpstr(mg_settings_get(&mta->settings, "books", ""), ==, "one line\n");
    unsigned books = 0;
    for (size_t i = 0; i < mta->settings.n_rows; i++)
        books += strcmp(mta->settings.rows[i].key, "books") == 0;
    g_assert_cmpuint(books, ==, 2);
    const MgNetworkLink *link = &g_array_index(network->links, MgNetworkLink, 0);
    g_assert_cmpint(link->delay, ==, 5 * MG_MILLISECONDS);
    g_assert_cmpfloat(link->loss, ==, 0.25);
    g_assert_cmpuint(network->actions->len, ==, 2);
    const MgNetworkAction *first = &g_array_index(network->actions, MgNetworkAction, 0);
    g_assert_cmpstr(first->verb, ==, "read");
    g_assert_cmpuint(g_bytes_get_size(first->file), ==, 9);
    g_assert_cmpuint(network->repeat, ==, 3);
    g_assert_cmpint(network->every, ==, 15 * MG_SECONDS);
    g_assert_cmpstr(g_array_index(network->regions, char *, 1), ==, "example.net");
    drop(folder);
}

#define HEAD  "[network]\nformat=1\n"                        /* lines 1, 2 */
#define ALICE "[host alice]\nkind=mua\naddress=192.0.2.10\n" /* 3 4 5 */
#define MTA   "[host mta]\nkind=mta\naddress=192.0.2.25\n"   /* 6 7 8 */
#define LINK  "[link alice mta]\n"                           /* 9 */
#define ALL   HEAD ALICE MTA LINK

/* One mistake each: its line, whether it is an error, and words that must be said. */
static const struct {
    const char *ini;
    unsigned line;
    bool error;
    const char *words;
} mistakes[] = {
    {"", 0, true, "[network]"},
    {"hello\n" ALL, 1, true, "before the first"},
    {"[network\nformat=1\n" ALICE, 1, true, "[NAME]"},
    {"[network]\nformat=7\n" ALICE, 2, true, "format 1"},
    {ALL "[network]\nformat=1\n", 10, true, "line 1"},
    {HEAD "epoch=yesterday\n" ALICE, 3, true, "ISO 8601"},
    {HEAD "titel=x\n" ALICE, 3, false, "\"title\""},
    {HEAD "title=x\\q\n" ALICE, 3, true, "backslash"},
    {HEAD "title=x\ntitle=y\n" ALICE, 4, true, "line 3"},
    {HEAD "title=\xff\n" ALICE, 3, true, "UTF-8"},
    {HEAD "plugins=imap4\n" ALICE, 3, true, "\"imap4\", which is not loaded"},
    {ALL "[hots bob]\n", 10, false, "\"host\""},
    {ALL "[host]\n", 10, true, "one name"},
    {ALL "[host alice]\nkind=mua\naddress=192.0.2.11\n", 10, true, "line 3"},
    {HEAD "[host alice]\naddress=192.0.2.10\n", 3, true, "no \"kind\""},
    {HEAD "[host alice]\nkind=mua\n", 3, true, "no \"address\""},
    {HEAD "[host alice]\nkind=mau\naddress=192.0.2.10\n", 4, true, "\"mua\""},
    {HEAD "[host alice]\nkind=mua\naddress=192.0.2.999\n", 5, true, "no IP address"},
    {HEAD ALICE "[host mta]\nkind=mta\naddress=192.0.2.10\n" LINK, 8, true,
     "alice already (line 5)"},
    {HEAD ALICE "at=here\n", 6, true, "80,300"},
    {HEAD ALICE "adress=192.0.2.4\n", 6, false, "\"address\""},
    {HEAD ALICE "fetch=imap4://mail.example.net\n", 6, true, "plugin \"imap4\""},
    {HEAD ALICE "resolver=nobody\n", 6, true, "[host nobody]"},
    {HEAD ALICE "resolver=alcie\n", 6, true, "\"alice\""},
    {HEAD ALICE "engines=imap4.server:143\n", 6, true, "plugin \"imap4\""},
    {HEAD ALICE "engines=talk.nothing\n", 6, true, "talk.server, talk.client"},
    {HEAD ALICE "engines=talk.server:0\n", 6, true, "no port"},
    {HEAD ALICE "engines=talk.client:25\n", 6, true, "does not listen"},
    {HEAD ALICE "mailboxes=bob\n", 6, true, "ADDRESS:PASSWORD"},
    {HEAD ALICE "mailboxes=a@b.example:x;A@B.example:y\n", 6, true, "twice"},
    {HEAD ALICE "greeting=hello\n", 6, false, "talk.server"},
    {ALL "[link alice nobody]\n", 10, true, "[host nobody]"},
    {ALL "[link alice]\n", 10, true, "two hosts"},
    {ALL "[link alice alice]\n", 10, true, "itself"},
    {ALL "[link mta alice]\n", 10, true, "line 9"},
    {ALL "delay=fast\n", 10, true, "20ms"},
    {ALL "loss=2\n", 10, true, "from 0"},
    {HEAD ALICE MTA "limit=many\n" LINK, 9, true, "a number"},
    {HEAD ALICE MTA "polite=perhaps\n" LINK, 9, true, "\"yes\" or \"no\""},
    {HEAD ALICE MTA "patience=long\n" LINK, 9, true, "15min"},
    {HEAD ALICE MTA "books=none.txt\n" LINK, 9, true, "no file \"none.txt\""},
    {HEAD ALICE MTA "books=../book.txt\n" LINK, 9, true, "not inside"},
    {HEAD ALICE MTA "books=/etc/passwd\n" LINK, 9, true, "not inside"},
    {ALL "[host bob]\nkind=mua\naddress=192.0.2.30\n", 10, false, "no link"},
    {ALL "[script]\n1=soon alice say hello\n", 11, true, "at 5s bob fetch"},
    {ALL "[script]\n1=at noon alice say 192.0.2.25 hello\n", 11, true, "no time"},
    {ALL "[script]\n1=at 0s alcie say 192.0.2.25 hello\n", 11, true, "\"alice\""},
    {ALL "[script]\n1=at 0s alice fetch\n", 11, true, "say ADDRESS WORD…"},
    {ALL "[script]\n1=at 0s mta say 192.0.2.10 x\n", 11, true, "takes commands"},
    {ALL "[script]\n1=at 0s alice say 192.0.2.25\n", 11, true, "say ADDRESS WORD…"},
    {ALL "[script]\n1=at 0s alice read book.txt for 192.0.2.25\n", 11, true, "read FILE to"},
    {ALL "[script]\n1=at 0s alice read no.txt to 192.0.2.25\n", 11, true, "no file"},
    {ALL "[script]\n1=at 0s alice say 192.0.2.25 \"x\n", 11, true, "quot"},
    {ALL "[script]\nrepeat=0\n", 11, true, "from 1"},
    {ALL "[script]\nevery=often\n1=at 9s alice say 192.0.2.25 x\n", 11, true, "10s"},
};

static void test_mistakes(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(mistakes); i++) {
        char *folder = make_folder(mistakes[i].ini);
        g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(MgNetwork) network = load(folder, problems);
        g_autofree char *place =
            mistakes[i].line > 0
                ? g_strdup_printf("%s/network.ini:%u: %s: ", folder, mistakes[i].line,
                                  mistakes[i].error ? "error" : "warning")
                : g_strdup_printf("%s/network.ini: error: ", folder);
        bool said = false;
        for (unsigned j = 0; j < problems->len; j++) {
            const char *text = g_ptr_array_index(problems, j);
            g_test_message("%zu: %s", i, text);
            said = said || (g_str_has_prefix(text, place) && strstr(text, mistakes[i].words));
        }
        if (!said)
            g_test_message("%zu: not said: %s… %s", i, place, mistakes[i].words);
        g_assert_true(said);
        g_assert_true((network == NULL) == mistakes[i].error);
        if (mistakes[i].line > 0 && strstr(mistakes[i].ini, "[network\n") == NULL)
            g_assert_cmpuint(problems->len, ==, 1); /* one mistake, one line */
        drop(folder);
    }
}

/* All at once, in the order of the file. */
static void test_many(void)
{
    char *folder = make_folder(HEAD "epoch=never\n[host alice]\nkind=mau\naddress=192.0.2.x\n"
                                    "at=1\n[link alice bob]\ndelay=x\nloss=-1\n[script]\n"
                                    "1=at x alice say\n2=bob\n3=at 0s bob fetch\nrepeat=-1\n");
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_assert_null(load(folder, problems));
    static const unsigned lines[] = {3, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15};
    unsigned seen = 0;
    for (unsigned i = 0; i < problems->len; i++) {
        const char *text = g_ptr_array_index(problems, i);
        g_test_message("%s", text);
        if (strstr(text, "warning") != NULL)
            continue;
        g_autofree char *place = g_strdup_printf("%s/network.ini:%u: ", folder, lines[seen++]);
        g_assert_true(g_str_has_prefix(text, place));
    }
    g_assert_cmpuint(seen, ==, G_N_ELEMENTS(lines));
    drop(folder);
}

/* A word with spaces in quotes; "-" is the file that is given. */
static void test_action(void)
{
    char *folder = make_folder(GOOD);
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(MgNetwork) network = load(folder, problems);
    g_autoptr(GBytes) file = g_bytes_new_static("letter", 6);
    g_autoptr(GError) error = NULL;
    MgNetworkAction action = {0};
    g_assert_true(mg_network_parse_action(network, registry, "alice say 192.0.2.25 'two words' x",
                                          NULL, &action, &error));
    g_assert_cmpstr(action.words[1], ==, "two words");
    g_assert_null(action.file);
    mg_network_action_clear(&action);
    g_assert_true(mg_network_parse_action(network, registry, "alice read - to 192.0.2.25", file,
                                          &action, &error));
    g_assert_true(action.file == file);
    mg_network_action_clear(&action);
    g_assert_false(mg_network_parse_action(network, registry, "alice read - to 192.0.2.25", NULL,
                                           &action, &error));
    g_assert_error(error, MG_ERROR, MG_ERROR_CONFIG);
    g_assert_null(action.words);
    drop(folder);
}

static void test_absent(void)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_assert_null(load("/nonexistent/network", problems));
    g_assert_cmpuint(problems->len, ==, 1);
    g_assert_nonnull(strstr(g_ptr_array_index(problems, 0), "/nonexistent/network: error: "));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    registry = mg_registry_new_for_path(g_getenv("TEST_PLUGINS"));
    g_test_add_func("/network/good", test_good);
    g_test_add_func("/network/mistakes", test_mistakes);
    g_test_add_func("/network/many", test_many);
    g_test_add_func("/network/action", test_action);
    g_test_add_func("/network/absent", test_absent);
    int failed = g_test_run();
    mg_registry_unref(registry);
    return failed;
}
