/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-suite.c - dialogues that another server's authors wrote (chasquid's), played with ours
 *
 * Only codes are compared: texts are each server's own. What is said within TLS is said without it
 * here, to a server that allows logins so: the words are the same. The
 * folder is MAILGLASS_SUITES, or "shared/suites" beside the source tree; without it the test is
 * skipped.
 *
 *      c -> TEXT     sends TEXT CR LF          c <~ REGEX    a reply that fits
 *      c ~> EXPR     sends octets              c <- TEXT     this very reply
 *      c close       a new connection          c <... TEXT   lines up to this one
 */
#include "smtp.h"
#include "transcript.h"

/* Where we differ, and why. */
static const struct {
    const char *file, *theirs, *ours, *why;
} differences[] = {
    {"line_too_long", "554", "500", "RFC 5321 §4.5.3.1.9: 500 Line too long"},
    {"bad_rcpt_to", "550", "553", "RFC 6531 §3.5: 553 5.6.7 where SMTPUTF8 was not said"},
    {"auth_multi_dialog", "534", "504", "RFC 4954 §4: 504 5.5.4 for a mechanism not supported"},
    {"auth_not_tls", "503", "538", "RFC 4954 §6: 538 5.7.11 Encryption required"},
    {"bad_data", "554", "250", "RFC 5321 §2.3.9: the content is not the transport's business"},
};

typedef struct {
    const char *file;
    MgEngine *engine;
    GString *heard; /* what the server said and nobody has read yet */
    bool tls;       /* the connection would be within TLS */
    unsigned n_compared, n_different;
} Dialogue;

static void drain(Dialogue *dialogue)
{
    static const MgAcceptAnswer accepted = {250, "2.0.0", "queued"};
    static const MgMailboxAnswer found = {.result = MG_MAILBOX_OK,
                                          .data = {(const uint8_t *)"secretpassword", 14}};
    MgEvent event;
    while (mg_engine_next(dialogue->engine, &event)) {
        if (event.kind == MG_EVENT_SEND)
            g_string_append_len(dialogue->heard, (const char *)event.send.data,
                                (gssize)event.send.len);
        else if (event.kind == MG_EVENT_ASK)
            mg_engine_answer(dialogue->engine, event.ask.id,
                             strcmp(event.ask.topic, MG_TOPIC_ACCEPT) == 0 ? (const void *)&accepted
                                                                           : &found,
                             0);
    }
}

static void open_connection(Dialogue *dialogue)
{
    static const MgSetting rows[] = {{"domains", "testserver", 10, NULL, 0},
                                     {"size_max", "1048576", 7, NULL, 0},
                                     {"auth", "yes", 3, NULL, 0},
                                     {"auth-clear", "yes", 3, NULL, 0}};
    MgSettings settings = {rows, G_N_ELEMENTS(rows) - (dialogue->tls ? 0 : 1)};
    MgBirth birth = {.settings = &settings,
                     .host = "testserver",
                     .local_address = "192.0.2.25",
                     .peer_address = "192.0.2.1",
                     .local_port = 25};
    mg_engine_free(dialogue->engine);
    dialogue->engine = mg_smtp_server.create(&birth);
    g_string_truncate(dialogue->heard, 0);
    drain(dialogue);
}

static void send_octets(Dialogue *dialogue, const GString *octets)
{
    mg_engine_receive(dialogue->engine, (MgSpan){(const uint8_t *)octets->str, octets->len}, 0);
    drain(dialogue);
}

/* expr = term { "+" term }; term = ( "'" text "'" | "(" expr ")" ) [ "*" number ] */
static void evaluate(const char **at, GString *out)
{
    do {
        g_autoptr(GString) term = g_string_new(NULL);
        *at += strspn(*at, " +");
        if (**at == '(') {
            (*at)++;
            evaluate(at, term);
            g_assert_cmpint(**at, ==, ')');
            (*at)++;
        } else {
            g_assert_cmpint(**at, ==, '\'');
            size_t len = strcspn(*at + 1, "'");
            g_autofree char *text = g_strndup(*at + 1, len);
            g_autofree char *problem = NULL;
            g_assert_true(mg_transcript_unescape(text, term, &problem));
            *at += len + 2;
        }
        uint64_t times = 1;
        *at += strspn(*at, " ");
        if (**at == '*')
            times = g_ascii_strtoull(*at + 1, (char **)at, 10);
        for (uint64_t i = 0; i < times; i++)
            g_string_append_len(out, term->str, (gssize)term->len);
        *at += strspn(*at, " ");
    } while (**at == '+');
}

/* (transfer full) the last line of the next reply. */
static char *read_reply(Dialogue *dialogue)
{
    for (;;) {
        char *end = strstr(dialogue->heard->str, "\r\n");
        if (end == NULL)
            return g_strdup("(nothing)");
        g_autofree char *line =
            g_strndup(dialogue->heard->str, (size_t)(end - dialogue->heard->str));
        g_string_erase(dialogue->heard, 0, end - dialogue->heard->str + 2);
        if (strlen(line) < 4 || line[3] != '-')
            return g_steal_pointer(&line);
    }
}

static void compare(Dialogue *dialogue, const char *wanted)
{
    g_autofree char *got = read_reply(dialogue);
    dialogue->n_compared++;
    if (strncmp(got, wanted, 3) == 0)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(differences); i++)
        if (strcmp(differences[i].file, dialogue->file) == 0 &&
            g_str_has_prefix(wanted, differences[i].theirs) &&
            g_str_has_prefix(got, differences[i].ours)) {
            g_test_message("%s: %s, not %s: %s", dialogue->file, differences[i].ours,
                           differences[i].theirs, differences[i].why);
            dialogue->n_different++;
            return;
        }
    g_test_message("%s: wanted %s, got %s", dialogue->file, wanted, got);
    g_test_fail();
}

static void play_line(Dialogue *dialogue, const char *line)
{
    g_autoptr(GString) octets = g_string_new(NULL);
    if (g_str_has_prefix(line, "c tcp_connect") || g_str_has_prefix(line, "c tls_connect")) {
        dialogue->tls = line[3] == 'l';
        open_connection(dialogue);
    } else if (g_str_has_prefix(line, "c ->")) {
        g_string_append_printf(octets, "%s\r\n", line[4] == ' ' ? line + 5 : "");
        send_octets(dialogue, octets);
    } else if (g_str_has_prefix(line, "c ~> ")) {
        const char *at = line + 5;
        evaluate(&at, octets);
        send_octets(dialogue, octets);
    } else if (g_str_has_prefix(line, "c <~ ") || g_str_has_prefix(line, "c <- ")) {
        compare(dialogue, line + 5);
    } else if (g_str_has_prefix(line, "c <... ")) {
        compare(dialogue, line + 7);
    } else if (strcmp(line, "c close") != 0) {
        g_error("%s: cannot play \"%s\"", dialogue->file, line);
    }
}

static void test_dialogue(const void *data)
{
    const char *path = data;
    g_autofree char *content = NULL;
    g_assert_true(g_file_get_contents(path, &content, NULL, NULL));
    g_autofree char *file = g_path_get_basename(path);
    *strrchr(file, '.') = '\0';
    Dialogue dialogue = {.file = file, .heard = g_string_new(NULL)};
    g_auto(GStrv) lines = g_strsplit(content, "\n", -1);
    for (size_t i = 0; lines[i] != NULL; i++)
        if (lines[i][0] != '\0' && lines[i][0] != '#')
            play_line(&dialogue, lines[i]);
    g_test_message("%u replies compared, %u different for a reason", dialogue.n_compared,
                   dialogue.n_different);
    g_assert_cmpuint(dialogue.n_compared, >, 0);
    mg_engine_free(dialogue.engine);
    g_string_free(dialogue.heard, TRUE);
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    const char *suites = g_getenv("MAILGLASS_SUITES");
    g_autofree char *beside =
        argc > 1 ? g_build_filename(argv[1], "..", "shared", "suites", NULL) : NULL;
    g_autofree char *folder = g_build_filename(suites != NULL   ? suites
                                               : beside != NULL ? beside
                                                                : ".",
                                               "smtp", "dialogues", NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
        if (g_str_has_suffix(name, ".cmy"))
            g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
    if (paths->len == 0) {
        g_print("1..0 # SKIP no dialogues in %s\n", folder);
        return 0;
    }
    g_ptr_array_sort(paths, compare_paths);
    for (size_t i = 0; i < paths->len; i++) {
        g_autofree char *base = g_path_get_basename(g_ptr_array_index(paths, i));
        g_autofree char *test = g_strdup_printf("/smtp/suite/%s", base);
        g_test_add_data_func(test, g_ptr_array_index(paths, i), test_dialogue);
    }
    return g_test_run();
}
