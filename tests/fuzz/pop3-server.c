/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pop3-server.c - a hostile client, and a mail store that answers anything
 *
 * Octets below 0x08 say what happens next; all others are what the client sends. */
#include "pop3.h"

#include <mailglass/topics.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    MgEngine *engine;
    MgTime now;
    MgAskId ask;
    MgMailboxOp op;
    bool closed;
    size_t sent;
    uint8_t last[2];
    unsigned states;
} Run;

static void drain(Run *run)
{
    MgEvent event;
    for (unsigned n = 0; mg_engine_next(run->engine, &event); n++) {
        g_assert_true(n < 1000000);
        g_assert_false(run->closed);
        switch (event.kind) {
        case MG_EVENT_SEND:
            g_assert_cmpuint(event.send.len, >, 0);
            run->sent += event.send.len;
            for (size_t i = event.send.len > 2 ? event.send.len - 2 : 0; i < event.send.len; i++) {
                run->last[0] = run->last[1];
                run->last[1] = event.send.data[i];
            }
            break;
        case MG_EVENT_ASK:
            g_assert_cmpuint(run->ask, ==, 0);
            g_assert_cmpstr(event.ask.topic, ==, MG_TOPIC_MAILBOX);
            run->ask = event.ask.id;
            run->op = ((const MgMailboxQuestion *)event.ask.question)->op;
            break;
        case MG_EVENT_CANCEL:
            g_assert_cmpuint(run->ask, ==, event.cancel);
            g_assert_false(mg_engine_answer(run->engine, run->ask, NULL, run->now));
            run->ask = 0;
            break;
        case MG_EVENT_STATE:
            g_assert_cmpuint(++run->states, <=, 3);
            break;
        case MG_EVENT_CLOSE:
            run->closed = true;
            break;
        default:
            g_assert_cmpint(event.kind, ==, MG_EVENT_NOTE);
        }
    }
    if (run->ask == 0 && run->sent > 0) { /* every reply ends a line */
        g_assert_cmpint(run->last[0], ==, '\r');
        g_assert_cmpint(run->last[1], ==, '\n');
    }
}

/* What the store says, of a copy that is gone right after. */
static void answer(Run *run, MgMailboxResult result)
{
    static const char text[] = "A: b\r\n\r\n.\r\n..x\r\nend";
    MgMailboxMessage *messages = g_new0(MgMailboxMessage, 3);
    char *mail = g_strdup(text);
    MgMailboxAnswer reply = {.result = result, .uid_validity = 9};
    for (unsigned i = 0; i < 3; i++)
        messages[i] = (MgMailboxMessage){.uid = 10 + i, .size = strlen(text)};
    if (run->op == MG_MAILBOX_OPEN) {
        reply.messages = messages;
        reply.n_messages = 3;
    }
    if (run->op == MG_MAILBOX_READ)
        reply.data = mg_span_from_string(mail);
    if (run->op == MG_MAILBOX_SECRET)
        reply.data = MG_SPAN("secret");
    MgAskId ask = run->ask;
    run->ask = 0;
    g_assert_true(mg_engine_answer(run->engine, ask, &reply, run->now));
    g_free(messages);
    g_free(mail);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const MgSetting rows[] = {{.key = "apop", .value = "yes", .len = 3},
                              {.key = "auth-clear", .value = "yes", .len = 3}};
    const MgSettings settings = {rows, size > 0 && data[0] == '!' ? 2 : 0};
    const MgBirth birth = {.settings = &settings, .host = "mail.example.net", .seed = 1};
    Run run = {.engine = mg_pop3_server.create(&birth)};
    drain(&run);
    for (size_t i = 0; i < size && !run.closed;) {
        size_t n = 0;
        while (i + n < size && data[i + n] >= 8)
            n++;
        if (n > 0) {
            uint8_t *bytes = g_memdup2(data + i, n);
            mg_engine_receive(run.engine, (MgSpan){bytes, n}, run.now);
            g_free(bytes);
            i += n;
        } else if (data[i] < 4) {
            if (run.ask != 0)
                answer(&run, (MgMailboxResult)data[i]);
            i++;
        } else {
            if (data[i] == 4)
                mg_engine_receive_end(run.engine, MG_END_CLOSED, run.now);
            else if (data[i] == 5)
                mg_engine_receive_end(run.engine, MG_END_RESET, run.now);
            else if (mg_engine_deadline(run.engine) != MG_TIME_NEVER)
                mg_engine_advance(run.engine, run.now = mg_engine_deadline(run.engine));
            i++;
        }
        drain(&run);
    }
    /* Whatever was said, the end comes. */
    mg_engine_receive_end(run.engine, MG_END_CLOSED, run.now);
    drain(&run);
    for (size_t n = 0; n < size + 20 && !run.closed; n++) {
        if (run.ask != 0)
            answer(&run, MG_MAILBOX_OK);
        drain(&run);
    }
    g_assert_true(run.closed);
    mg_engine_free(run.engine);
    return 0;
}
