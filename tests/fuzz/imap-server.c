/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-server.c - a hostile client, and a mail store that answers anything
 *
 * Octets below 0x08 say what happens next; all others are what the client sends, in which "\n" is
 * CR LF. */
#include "imap.h"

#include <mailglass/topics.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    MgEngine *engine;
    MgTime now;
    MgAskId ask;
    const char *topic;
    MgFoldersOp op;
    bool closed;
    unsigned turns; /* what the store says changes with them */
} Run;

static void take_ask(Run *run, const MgAsk *ask)
{
    g_assert_cmpuint(run->ask, ==, 0);
    run->ask = ask->id;
    run->topic = ask->topic;
    if (strcmp(ask->topic, MG_TOPIC_FOLDERS) != 0)
        return;
    const MgFoldersQuestion *question = ask->question;
    uint32_t sum = 0;
    run->op = question->op;
    g_assert_nonnull(question->user);
    for (size_t i = 0; i < question->n_uids; i++)
        sum += question->uids[i];
    for (size_t i = 0; i < question->data.len; i++)
        sum += question->data.data[i];
    for (size_t i = 0; question->keywords != NULL && question->keywords[i] != NULL; i++)
        sum += (uint32_t)strlen(question->keywords[i]);
    run->turns += sum & 1;
}

static void drain(Run *run)
{
    MgEvent event;
    for (unsigned n = 0; mg_engine_next(run->engine, &event); n++) {
        g_assert_true(n < 1000000);
        g_assert_false(run->closed);
        switch (event.kind) {
        case MG_EVENT_SEND:
            g_assert_cmpuint(event.send.len, >, 0);
            break;
        case MG_EVENT_ASK:
            take_ask(run, &event.ask);
            break;
        case MG_EVENT_CANCEL:
            g_assert_cmpuint(run->ask, ==, event.cancel);
            g_assert_false(mg_engine_answer(run->engine, run->ask, NULL, run->now));
            run->ask = 0;
            break;
        case MG_EVENT_CLOSE:
            run->closed = true;
            break;
        default:
            g_assert_true(event.kind == MG_EVENT_NOTE || event.kind == MG_EVENT_STATE);
        }
    }
}

/* What the store says, of copies that are gone right after. */
static void answer_folders(Run *run, MgFoldersResult result)
{
    static const char text[] =
        "Subject: =?utf-8?q?hi?=\r\nFrom: A <a@b>\r\nContent-Type: "
        "multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\none\r\n--x\r\n"
        "Content-Type: message/rfc822\r\n\r\nTo: c@d\r\n\r\ntwo\r\n--x--\r\n";
    static const char *const keywords[] = {"$Junk", "work", NULL};
    unsigned turn = run->turns++;
    unsigned n = 4 + turn % 3, gone = turn % 5;
    MgMailboxMessage *messages = g_new0(MgMailboxMessage, n);
    MgFolder *folders = g_new0(MgFolder, 3);
    uint32_t *uids = g_new0(uint32_t, 2);
    char *letter = g_strdup(text);
    MgFoldersAnswer reply = {.result = result, .folders = folders, .keywords = keywords};
    for (unsigned i = 0; i < n; i++)
        messages[i] = (MgMailboxMessage){.uid = 10 + gone + 2 * i,
                                         .size = strlen(text),
                                         .flags = (turn + i) % 32,
                                         .keywords = (turn + i) % 4,
                                         .modseq = 1 + (turn ^ i)};
    folders[0] = (MgFolder){.name = "INBOX",
                            .uid_validity = 7 + turn / 64,
                            .uid_next = 40,
                            .recent_from = 12 + turn % 8,
                            .modseq = 1 + turn,
                            .subscribed = true};
    folders[1] = (MgFolder){.name = "a/b", .use = "\\Sent", .gone = turn % 2 == 0};
    folders[2] = (MgFolder){.name = "a/b/\303\244", .subscribed = turn % 3 == 0};
    uids[0] = 11;
    uids[1] = 10;
    reply.gone = reply.new_uids = uids;
    reply.n_gone = turn % 3;
    reply.n_new_uids = 1;
    reply.n_folders = run->op == MG_FOLDERS_LIST ? 3 : 1;
    if (run->op == MG_FOLDERS_LOOK || run->op == MG_FOLDERS_WAIT) {
        reply.messages = messages;
        reply.n_messages = n;
    }
    if (run->op == MG_FOLDERS_READ)
        reply.data = mg_span_from_string(letter);
    MgAskId ask = run->ask;
    run->ask = 0;
    g_assert_true(mg_engine_answer(run->engine, ask, &reply, run->now));
    g_free(messages);
    g_free(folders);
    g_free(uids);
    g_free(letter);
}

static void answer(Run *run, unsigned result)
{
    if (strcmp(run->topic, MG_TOPIC_FOLDERS) == 0) {
        answer_folders(run, (MgFoldersResult)result);
        return;
    }
    MgMailboxAnswer reply = {.result = (MgMailboxResult)result, .data = MG_SPAN("secret")};
    MgAskId ask = run->ask;
    run->ask = 0;
    g_assert_true(mg_engine_answer(run->engine, ask, &reply, run->now));
}

static void receive(Run *run, const uint8_t *data, size_t len)
{
    g_autoptr(GString) octets = g_string_new(NULL);
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '\n')
            g_string_append_c(octets, '\r');
        g_string_append_c(octets, (char)data[i]);
    }
    uint8_t *exact = g_memdup2(octets->str, octets->len);
    mg_engine_receive(run->engine, (MgSpan){exact, octets->len}, run->now);
    g_free(exact);
}

static void act(Run *run, uint8_t what)
{
    static const unsigned results[] = {MG_FOLDERS_OK, MG_FOLDERS_NONE, MG_FOLDERS_FULL,
                                       MG_FOLDERS_FAILED};
    if (what < 4) {
        if (run->ask != 0)
            answer(run, results[what]);
    } else if (what == 4) {
        mg_engine_receive_end(run->engine, MG_END_CLOSED, run->now);
    } else if (what == 5) {
        mg_engine_receive_end(run->engine, MG_END_RESET, run->now);
    } else if (mg_engine_deadline(run->engine) != MG_TIME_NEVER) {
        mg_engine_advance(run->engine, run->now = mg_engine_deadline(run->engine));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const MgSettings settings = {NULL, 0};
    const MgBirth birth = {
        .settings = &settings, .host = "mail.example.net", .peer_address = "127.0.0.1", .seed = 1};
    Run run = {.engine = mg_imap_server.create(&birth)};
    drain(&run);
    for (size_t i = 0; i < size && !run.closed;) {
        size_t n = 0;
        while (i + n < size && data[i + n] >= 8)
            n++;
        if (n > 0)
            receive(&run, data + i, n);
        else
            act(&run, data[i]);
        i += MAX(n, 1);
        drain(&run);
    }
    /* Whatever was said, the end comes. */
    mg_engine_receive_end(run.engine, MG_END_CLOSED, run.now);
    drain(&run);
    for (size_t n = 0; n < 40 * size + 100 && !run.closed; n++) {
        if (run.ask != 0)
            answer(&run, MG_FOLDERS_OK);
        drain(&run);
    }
    g_assert_true(run.closed);
    mg_engine_free(run.engine);
    return 0;
}
