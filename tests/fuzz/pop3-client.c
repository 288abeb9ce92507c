/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pop3-client.c - a hostile server
 *
 * 0x01 is the end of what the server says, 0x02 lets time pass; all other octets are what it says.
 * An input that begins with "k" is for a client that leaves copies, one with "a" for one that logs
 * in by AUTH. */
#include "pop3.h"

#include <mailglass/topics.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    MgEngine *engine;
    MgTime now;
    bool closed;
    unsigned n_refused;
} Run;

static void drain(Run *run)
{
    MgEvent event;
    while (mg_engine_next(run->engine, &event)) {
        g_assert_false(run->closed);
        if (event.kind == MG_EVENT_ASK) {
            static const MgConnectAnswer reached = {MG_REACH_OK, NULL};
            g_assert_cmpstr(event.ask.topic, ==, MG_TOPIC_CONNECT);
            g_assert_true(mg_engine_answer(run->engine, event.ask.id, &reached, run->now));
        } else if (event.kind == MG_EVENT_SEND) { /* whole lines only */
            g_assert_cmpuint(event.send.len, >=, 2);
            g_assert_cmpint(event.send.data[event.send.len - 1], ==, '\n');
            g_assert_null(memchr(event.send.data, '\n', event.send.len - 1));
        } else if (event.kind == MG_EVENT_DELIVER) {
            const MgFate *fate = event.deliver.item;
            if (fate->kind != MG_FATE_FETCHED) { /* said once, in UTF-8 */
                g_assert_cmpuint(++run->n_refused, ==, 1);
                g_assert_true(g_utf8_validate(fate->text, -1, NULL));
            }
        } else if (event.kind == MG_EVENT_CLOSE) {
            run->closed = true;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *keep = size > 0 && data[0] == 'k' ? "yes" : "no";
    const char *auth = size > 0 && data[0] == 'a' ? "auto" : "no";
    const MgSetting rows[] = {{.key = "fetch", .value = "pop3://bob@192.0.2.110", .len = 22},
                              {.key = "password", .value = "secret", .len = 6},
                              {.key = "auth", .value = auth, .len = strlen(auth)},
                              {.key = "auth-clear", .value = "yes", .len = 3},
                              {.key = "keep", .value = keep, .len = strlen(keep)}};
    const MgSettings settings = {rows, G_N_ELEMENTS(rows)};
    void *shared = mg_pop3_client.setup(&settings, NULL);
    const MgVerbCall call = {0};
    const MgBirth birth = {
        .settings = &settings, .host = "bob", .question = &call, .shared = shared};
    Run run = {.engine = mg_pop3_client.create(&birth)};
    drain(&run);
    for (size_t i = size > 0 && (data[0] == 'k' || data[0] == 'a') ? 1 : 0; i < size;) {
        size_t n = 0;
        while (i + n < size && data[i + n] != 1 && data[i + n] != 2)
            n++;
        if (n > 0) {
            uint8_t *bytes = g_memdup2(data + i, n);
            mg_engine_receive(run.engine, (MgSpan){bytes, n}, run.now);
            g_free(bytes);
            i += n;
        } else {
            MgTime deadline = mg_engine_deadline(run.engine);
            if (data[i] == 1)
                mg_engine_receive_end(run.engine, MG_END_CLOSED, run.now);
            else if (deadline != MG_TIME_NEVER)
                mg_engine_advance(run.engine, run.now = deadline);
            i++;
        }
        drain(&run);
    }
    mg_engine_receive_end(run.engine, MG_END_RESET, run.now);
    drain(&run);
    g_assert_true(run.closed);
    mg_engine_free(run.engine);
    mg_pop3_client.teardown(shared);
    return 0;
}
