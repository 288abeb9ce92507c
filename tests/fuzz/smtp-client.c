/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-client.c - a hostile server
 *
 * The first octet chooses LMTP, pipelining, pieces, wishes and the letter. Then octets below 0x04
 * say what happens next; all others are what the server sends. */
#include "smtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define N_RECIPIENTS 3u

typedef struct {
    MgEngine *engine;
    MgTime now;
    MgAskId ask;
    bool closed, delivered, lmtp, pieces;
    bool secure; /* `ask` is for TLS */
    GString *sent;
} Run;

static void check_answer(Run *run, const MgSendAnswer *answer)
{
    g_assert_false(run->delivered);
    run->delivered = true;
    g_assert_cmpuint(answer->n_verdicts, ==, N_RECIPIENTS);
    bool dot = strstr(run->sent->str, " LAST\r\n") != NULL ||
               g_str_has_suffix(run->sent->str, "\r\n.\r\n") ||
               strstr(run->sent->str, "\r\n.\r\n") != NULL;
    for (size_t i = 0; i < N_RECIPIENTS; i++) {
        const MgVerdict *verdict = &answer->verdicts[i];
        g_assert_true(verdict->code == 0 || (verdict->code >= 200 && verdict->code <= 299) ||
                      (verdict->code >= 400 && verdict->code <= 599));
        if (answer->reach != MG_REACH_OK)
            g_assert_cmpuint(verdict->code, ==, 0);
        if (verdict->code >= 200 && verdict->code <= 299) /* never accepted without the letter */
            g_assert_true(dot);
        if (verdict->text != NULL)
            g_assert_true(g_utf8_validate(verdict->text, -1, NULL));
        if (answer->reach == MG_REACH_OK && verdict->code == 0)
            g_assert_true(answer->lost);
    }
}

static void drain(Run *run)
{
    MgEvent event;
    for (unsigned n = 0; mg_engine_next(run->engine, &event); n++) {
        g_assert_true(n < 100000);
        g_assert_false(run->closed);
        switch (event.kind) {
        case MG_EVENT_SEND:
            g_string_append_len(run->sent, (const char *)event.send.data, (gssize)event.send.len);
            break;
        case MG_EVENT_STARTTLS:
        case MG_EVENT_ASK:
            g_assert_cmpuint(run->ask, ==, 0);
            run->secure = event.kind == MG_EVENT_STARTTLS;
            g_assert_cmpstr(event.ask.topic, ==, run->secure ? MG_TOPIC_SECURE : MG_TOPIC_CONNECT);
            run->ask = event.ask.id;
            break;
        case MG_EVENT_CANCEL:
            g_assert_cmpuint(run->ask, ==, event.cancel);
            run->ask = 0;
            break;
        case MG_EVENT_DELIVER:
            g_assert_cmpstr(event.deliver.type, ==, MG_TOPIC_SEND);
            check_answer(run, event.deliver.item);
            break;
        case MG_EVENT_CLOSE:
            g_assert_true(run->delivered);
            run->closed = true;
            break;
        default:
            g_assert_true(event.kind == MG_EVENT_NOTE || event.kind == MG_EVENT_STATE);
        }
    }
    if (run->pieces) /* they may end anywhere */
        return;
    if (run->sent->len > 0) /* whole lines, and no lone CR or LF is ever sent */
        g_assert_cmpint(run->sent->str[run->sent->len - 1], ==, '\n');
    for (size_t i = 0; i < run->sent->len; i++)
        g_assert_true((run->sent->str[i] == '\n') == (i > 0 && run->sent->str[i - 1] == '\r'));
}

static MgEngine *make(uint8_t choice)
{
    static const char *const recipients[] = {"a@example.net", "\xec\x95\x88@\xec\x95\x88.example",
                                             "c@\xec\x95\x88.example"};
    static const MgMailWish wishes[] = {{MG_NOTIFY_SUCCESS | MG_NOTIFY_DELAY, "rfc822;a+b@c d"},
                                        {MG_NOTIFY_NEVER, "utf-8;\xec\x95\x88"},
                                        {0, "nothing"}};
    static const char *const letters[] = {"Subject: a\r\n\r\n.\r\n..\r\nend", "", ".",
                                          "a\nb\r\rc\n.\n", "\xec\x95\x88\r\n"};
    static const MgSetting rows[] = {
        {"chunk_size", "4", 2, NULL, 0},   {"chunking", "yes", 3, NULL, 0},
        {"account", "bob", 3, NULL, 0},    {"password", "secret", 6, NULL, 0},
        {"auth-clear", "yes", 3, NULL, 0}, {"pipelining", "yes", 3, NULL, 0}};
    bool pieces = (choice & 32) != 0, pipelining = (choice & 2) != 0;
    MgSettings settings = {rows + (pieces ? 0 : 2), (pieces ? 5 : 3) + (pipelining ? 1 : 0)};
    MgSendQuestion question = {
        .mail = {.mail_from = "alice@example.com",
                 .recipients = recipients,
                 .n_recipients = N_RECIPIENTS,
                 .data = mg_span_from_string(letters[(choice >> 2) % G_N_ELEMENTS(letters)]),
                 .body = (choice & 64) != 0 ? MG_BODY_BINARY : MG_BODY_7BIT,
                 .smtputf8 = (choice & 128) != 0,
                 .ret = (choice & 64) != 0 ? MG_RET_HEADERS : MG_RET_UNSAID,
                 .envid = (choice & 128) != 0 ? "a b+" : NULL,
                 .wishes = (choice & 64) != 0 ? wishes : NULL},
        .address = "192.0.2.25",
        .port = (choice & 16) != 0 ? 587 : 25,
        .helo = "client.example",
        .tls = (choice & 48) == 48 ? MG_SEND_TLS_FROM_START : MG_SEND_TLS_AS_SET,
        .lmtp = (choice & 1) != 0};
    MgBirth birth = {.settings = &settings, .host = "client.example", .question = &question};
    return mg_smtp_client.create(&birth);
}

static void happen(Run *run, uint8_t what)
{
    static const MgEnd ends[] = {MG_END_CLOSED, MG_END_RESET};
    if (run->ask != 0 && run->secure) {
        MgSecureAnswer answer = {
            .secure = what < 2, .verified = what == 0, .version = "TLSv1.3", .cipher = ""};
        MgAskId ask = run->ask;
        run->ask = 0;
        g_assert_true(mg_engine_answer(run->engine, ask, &answer, run->now));
    } else if (run->ask != 0) {
        MgConnectAnswer answer = {.reach = what == 0 ? MG_REACH_OK : (MgReach)what};
        MgAskId ask = run->ask;
        run->ask = 0;
        g_assert_true(mg_engine_answer(run->engine, ask, &answer, run->now));
    } else if (what == 3) {
        MgTime due = mg_engine_deadline(run->engine);
        run->now = due == MG_TIME_NEVER ? run->now : MAX(run->now, due);
        mg_engine_advance(run->engine, run->now);
    } else if (what > 0) {
        mg_engine_receive_end(run->engine, ends[what - 1], run->now);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    Run run = {.engine = make(data[0]),
               .lmtp = (data[0] & 1) != 0,
               .pieces = (data[0] & 96) != 0,
               .sent = g_string_new(NULL)};
    drain(&run);
    for (size_t i = 1; i < size; i++) {
        if (data[i] < 4) {
            happen(&run, data[i]);
        } else {
            size_t end = i;
            while (end < size && data[end] >= 4)
                end++;
            uint8_t *copy = g_memdup2(data + i, end - i);
            if (run.ask == 0 || !run.secure)
                mg_engine_receive(run.engine, (MgSpan){copy, end - i}, run.now);
            g_free(copy);
            i = end - 1;
        }
        drain(&run);
    }
    mg_engine_receive_end(run.engine, MG_END_RESET, run.now);
    for (unsigned n = 0; !run.closed; n++) {
        g_assert_cmpuint(n, <, 10);
        drain(&run);
        run.now = MAX(run.now, run.closed ? 0 : mg_engine_deadline(run.engine));
        mg_engine_advance(run.engine, run.now);
    }
    g_assert_true(run.delivered);
    g_string_free(run.sent, TRUE);
    mg_engine_free(run.engine);
    return 0;
}
