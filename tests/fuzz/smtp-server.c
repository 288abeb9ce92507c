/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-server.c - a hostile client, and everybody whom the server asks answering anything
 *
 * The first octet chooses the kind and its settings. Then octets below 0x08 say what happens next;
 * all others, and what follows 0x07, are what the client sends. */
#include "smtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    MgEngine *engine;
    MgTime now;
    MgAskId ask;
    const char *topic;
    bool closed;
    size_t sent, line;
    const char *state;
} Run;

/* Each line of a reply: three digits, a space or hyphen, at most 512 octets, CR LF. */
static void check_reply(Run *run, MgSpan octets)
{
    for (size_t i = 0; i < octets.len; i++) {
        uint8_t c = octets.data[i];
        if (run->line < 3)
            g_assert_true(g_ascii_isdigit(c));
        else if (run->line == 3)
            g_assert_true(c == ' ' || c == '-');
        if (c == '\n') {
            g_assert_true(i > 0 && octets.data[i - 1] == '\r');
            run->line = 0;
        } else {
            g_assert_cmpuint(++run->line, <, MG_SMTP_REPLY_LINE_MAX);
        }
    }
    run->sent += octets.len;
}

static void check_state(Run *run, const char *from, const char *to)
{
    const MgTransition *row = run->engine->kind->transitions;
    if (run->state != NULL)
        g_assert_cmpstr(run->state, ==, from);
    while (row->from != NULL && (strcmp(row->from, from) != 0 || strcmp(row->to, to) != 0))
        row++;
    g_assert_nonnull(row->from);
    run->state = to;
}

/* What is handed over can stand in a header, and needs nothing that nobody asked for. */
static void check_words(const char *text, bool utf8)
{
    g_assert_true(g_utf8_validate(text, -1, NULL));
    for (const char *c = text; *c != '\0'; c++)
        g_assert_true((uint8_t)*c >= 0x20 && *c != 0x7f && (utf8 || (uint8_t)*c < 0x80));
}

static void check_mail(const MgMail *mail)
{
    MgSpan letter = mail->data;
    g_assert_cmpuint(letter.len, >=, 2);
    check_words(mail->mail_from, mail->smtputf8);
    if (mail->auth != NULL)
        check_words(mail->auth, false);
    if (mail->envid != NULL)
        check_words(mail->envid, false);
    for (size_t i = 0; i < mail->n_recipients; i++) {
        unsigned notify = mail->wishes[i].notify;
        check_words(mail->recipients[i], mail->smtputf8);
        g_assert_true((notify & MG_NOTIFY_NEVER) == 0 || notify == MG_NOTIFY_NEVER);
        if (mail->wishes[i].orcpt != NULL)
            check_words(mail->wishes[i].orcpt, mail->smtputf8);
    }
    if (mail->body == MG_BODY_BINARY)
        return;
    /* It is whole: it ends a line, and holds no lone CR or LF. */
    for (size_t i = 0; i < letter.len; i++)
        g_assert_true((letter.data[i] == '\n') == (i > 0 && letter.data[i - 1] == '\r'));
    g_assert_cmpint(letter.data[letter.len - 1], ==, '\n');
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
            check_reply(run, event.send);
            break;
        case MG_EVENT_STARTTLS: /* nothing is received until it is answered */
        case MG_EVENT_ASK:
            g_assert_cmpuint(run->ask, ==, 0);
            run->ask = event.ask.id;
            run->topic = event.ask.topic;
            if (strcmp(event.ask.topic, MG_TOPIC_ACCEPT) == 0) {
                check_mail(event.ask.question);
            }
            break;
        case MG_EVENT_CANCEL:
            g_assert_cmpuint(run->ask, ==, event.cancel);
            g_assert_false(mg_engine_answer(run->engine, run->ask, NULL, run->now));
            run->ask = 0;
            break;
        case MG_EVENT_STATE:
            check_state(run, event.state.from, event.state.to);
            break;
        case MG_EVENT_CLOSE:
            run->closed = true;
            break;
        default:
            g_assert_cmpint(event.kind, ==, MG_EVENT_NOTE);
            for (size_t i = 0; i < event.note.where.len; i++) /* still there */
                run->sent += event.note.where.data[i] == 0xff;
        }
    }
    g_assert_cmpuint(run->line, ==, 0);
}

static void check_facts(const Run *run)
{
    MgFact facts[8];
    size_t n = run->engine->kind->facts(run->engine, facts, G_N_ELEMENTS(facts));
    for (size_t i = 0; i < n; i++)
        g_assert_true(g_utf8_validate(facts[i].value, -1, NULL));
}

static void answer(Run *run, uint8_t how)
{
    static const uint16_t codes[] = {250, 550, 451, 421, 0, 999};
    MgAskId ask = run->ask;
    run->ask = 0;
    if (how == 0) {
        mg_engine_answer(run->engine, ask, NULL, run->now);
    } else if (strcmp(run->topic, MG_TOPIC_SECURE) == 0) {
        MgSecureAnswer *secure = g_new0(MgSecureAnswer, 1);
        *secure = (MgSecureAnswer){.secure = how < 3, .version = "TLSv1.3", .cipher = ""};
        g_assert_true(mg_engine_answer(run->engine, ask, secure, run->now));
        g_free(secure);
    } else if (strcmp(run->topic, MG_TOPIC_MAILBOX) == 0) {
        MgMailboxAnswer *found = g_new0(MgMailboxAnswer, 1);
        found->result = how == 1 ? MG_MAILBOX_OK : (MgMailboxResult)(how % 6);
        found->data = mg_span_from_string("secret");
        g_assert_true(mg_engine_answer(run->engine, ask, found, run->now));
        g_free(found);
    } else {
        char *text = g_strdup(how == 1 ? "fine" : "a\r\nb\x01 an answer that is rather long");
        MgVerdict *verdict = g_new0(MgVerdict, 1);
        *verdict = (MgVerdict){codes[(how - 1) % G_N_ELEMENTS(codes)], NULL, text};
        g_assert_true(mg_engine_answer(run->engine, ask, verdict, run->now));
        g_free(verdict);
        g_free(text);
    }
    g_assert_false(mg_engine_answer(run->engine, ask, NULL, run->now));
}

static void happen(Run *run, uint8_t what)
{
    static const MgEnd ends[] = {MG_END_CLOSED, MG_END_RESET, MG_END_TIMEOUT};
    if (what < 4) {
        drain(run);
        if (run->ask != 0)
            answer(run, what == 3 ? (uint8_t)(3 + run->sent % 4) : what);
    } else if (what == 4) {
        MgTime due = mg_engine_deadline(run->engine);
        run->now = due == MG_TIME_NEVER ? run->now : MAX(run->now, due);
        mg_engine_advance(run->engine, run->now);
    } else if (what == 5 || what == 6) {
        mg_engine_receive_end(run->engine, ends[(what - 5) * (1 + run->sent % 2)], run->now);
    }
}

static MgEngine *make(uint8_t choice, void **shared)
{
    static const MgSetting rows[] = {
        {"extensions", "8BITMIME;DSN;SMTPUTF8;CHUNKING;BINARYMIME", 0, NULL, 0},
        {"vrfy", "tell", 0, NULL, 0},
        {"auth", "yes", 0, NULL, 0},
        {"auth-clear", "yes", 0, NULL, 0},
        {"require-auth", "yes", 0, NULL, 0},
        {"domains", "example.net;b", 0, NULL, 0},
        {"size_max", "300", 0, NULL, 0},
        {"recipients_max", "3", 0, NULL, 0},
        {"open_relay", "yes", 0, NULL, 0},
        {"policy_stages", "connect;helo;mail;rcpt;message", 0, NULL, 0},
    };
    static const MgSetting loose[] = {
        {"starttls", "require", 0, NULL, 0},
        {"auth", "yes", 0, NULL, 0},
        {"starttls-flaw", "yes", 0, NULL, 0},
        {"magic", "yes", 0, NULL, 0},
        {"line-ends", "lax", 0, NULL, 0},
        {"misbehave",
         "451 at rcpt once; drop at letter; slow 5s at mail twice; 421 at quit; 500 at auth 2", 0,
         NULL, 0},
        {"domains", "example.net;b", 0, NULL, 0},
    };
    unsigned more = (choice & 128) != 0 ? 0 : 5;
    MgSettings settings = {rows + more, 1 + (choice >> 1) % 5 + 5 - more};
    bool is_loose = (choice & 32) != 0;
    if (is_loose)
        settings = (MgSettings){loose + (choice >> 1) % 3, G_N_ELEMENTS(loose) - (choice >> 1) % 3};
    *shared = mg_smtp_server.setup(&settings, NULL);
    MgBirth birth = {.settings = &settings,
                     .shared = *shared,
                     .host = "mx.example.net",
                     .peer_address = "192.0.2.1",
                     .local_address = "192.0.2.25",
                     .local_port = (choice & 64) != 0 ? 587 : 25};
    const MgEngineKind *kind = (choice & 1) == 0 ? &mg_smtp_server
                               : is_loose        ? &mg_smtp_server_tls
                                                 : &mg_smtp_lmtp;
    return kind->create(&birth);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    void *shared = NULL;
    Run run = {.engine = make(data[0], &shared)};
    for (size_t i = 1; i < size; i++) {
        if (data[i] < 7) {
            happen(&run, data[i]);
        } else {
            size_t end = i + (data[i] == 7);
            i = end;
            while (end < size && data[end] >= 8)
                end++;
            uint8_t *copy = g_memdup2(data + i, end - i);
            if (run.ask == 0 || strcmp(run.topic, MG_TOPIC_SECURE) != 0)
                mg_engine_receive(run.engine, (MgSpan){copy, end - i}, run.now);
            g_free(copy);
            i = end - 1;
        }
        drain(&run);
        check_facts(&run);
    }
    /* Whatever happened, it comes to an end. */
    mg_engine_receive_end(run.engine, MG_END_RESET, run.now);
    drain(&run);
    for (unsigned n = 0; !run.closed; n++) {
        g_assert_cmpuint(n, <, 300);
        run.now = MAX(run.now, mg_engine_deadline(run.engine));
        mg_engine_advance(run.engine, run.now);
        drain(&run);
    }
    mg_engine_free(run.engine);
    mg_smtp_server.teardown(shared);
    return 0;
}
