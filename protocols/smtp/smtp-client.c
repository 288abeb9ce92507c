/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-client.c - the client's end of SMTP (RFC 5321) and LMTP (RFC 2033): carries one mail
 *
 * The envelope is a row of steps: MAIL, a RCPT for each recipient, DATA. Each is sent when the one
 * before was answered or, with the setting `pipelining` and a server that offers it, all at once
 * (RFC 2920). The answer is given as soon as each recipient has its verdict; QUIT comes after it.
 *
 * A recipient for whom the server has said 250 after the final dot is never reported as not
 * accepted; one for whom the connection was lost before has code 0, and is tried again by whoever
 * asked.
 */
#include "outbox.h"
#include "smtp-letter.h"
#include "smtp-reply.h"
#include "smtp.h"
#include "text.h"

static const char CONNECTING[] = N_("connecting"), GREETING[] = N_("greeting"),
                  HELLO[] = N_("hello"), ENVELOPE[] = N_("envelope"), MESSAGE[] = N_("message"),
                  QUITTING[] = N_("quitting"), CLOSED[] = N_("closed");

static const MgTransition transitions[] = {
    {CONNECTING, N_("the connection stands"), GREETING, "RFC 5321 §3.1"},
    {CONNECTING, N_("the server cannot be reached"), CLOSED, "RFC 5321 §4.5.4.1"},
    {GREETING, N_("220"), HELLO, "RFC 5321 §3.2"},
    {GREETING, N_("any other reply"), QUITTING, "RFC 5321 §3.1"},
    {GREETING, N_("421, or the connection is lost"), CLOSED, "RFC 5321 §3.8"},
    {HELLO, N_("250"), ENVELOPE, "RFC 5321 §3.3"},
    {HELLO, N_("any other reply"), QUITTING, "RFC 5321 §3.2"},
    {HELLO, N_("421, or the connection is lost"), CLOSED, "RFC 5321 §3.8"},
    {ENVELOPE, N_("354"), MESSAGE, "RFC 5321 §4.1.1.4"},
    {ENVELOPE, N_("no recipient is accepted, or no message is wanted"), QUITTING, "RFC 5321 §3.3"},
    {ENVELOPE, N_("421, or the connection is lost"), CLOSED, "RFC 5321 §3.8"},
    {MESSAGE, N_("the reply to the final dot"), QUITTING, "RFC 5321 §4.1.1.4"},
    {MESSAGE, N_("421, or the connection is lost"), CLOSED, "RFC 5321 §3.8"},
    {QUITTING, N_("221, or the connection ends"), CLOSED, "RFC 5321 §4.1.1.10"},
    {0},
};

enum { R_REPLY, R_TIMEOUT, R_LOST, R_HELO, R_SIZE, R_8BIT, R_ADDRESS, R_EMPTY };

static const MgRule rules[] = {
    [R_REPLY] = {"smtp.bad-reply", MG_SEVERITY_FAULT, "RFC 5321 §4.2",
                 N_("What the server says is not a reply of SMTP.")},
    [R_TIMEOUT] = {"smtp.reply-timeout", MG_SEVERITY_NOTE, "RFC 5321 §4.5.3.2",
                   N_("The server was silent for too long; the client gives up for now.")},
    [R_LOST] = {"smtp.connection-lost", MG_SEVERITY_NOTE, "RFC 5321 §4.5.4.1",
                N_("The connection was lost before the mail was accepted.")},
    [R_HELO] = {"smtp.helo-fallback", MG_SEVERITY_NOTE, "RFC 5321 §3.2",
                N_("The server does not know EHLO, so the client says HELO and does without "
                   "extensions.")},
    [R_SIZE] = {"smtp.larger-than-offered", MG_SEVERITY_NOTE, "RFC 1870 §6.1",
                N_("The server said how much it takes; the message is larger, so it is not even "
                   "tried.")},
    [R_8BIT] = {"smtp.needs-8bitmime", MG_SEVERITY_NOTE, "RFC 6152 §3",
                N_("The message has letters beyond ASCII, and the server does not offer "
                   "8BITMIME.")},
    [R_ADDRESS] = {"smtp.unspeakable-address", MG_SEVERITY_FAULT, "RFC 5321 §4.1.2",
                   N_("This address cannot be written in an SMTP command.")},
    [R_EMPTY] = {"smtp.empty-message", MG_SEVERITY_NOTE, "RFC 2920 §3.1",
                 N_("The server wants a message for which it accepted no recipient: it gets a "
                    "lone dot.")},
    {0},
};

static const MgSettingRow setting_rows[] = {
    {"pipelining", MG_SETTING_BOOL, "no",
     N_("Sends all commands of the envelope at once where the server offers PIPELINING.")},
    {0},
};

/* RFC 5321 §4.5.3.2 */
#define TIMEOUT_COMMAND (5 * MG_MINUTES)
#define TIMEOUT_DATA    (2 * MG_MINUTES)
#define TIMEOUT_DOT     (10 * MG_MINUTES)
#define TEXT_KEPT       400u /* octets of a reply's text in a verdict */
#define RECEIVED_MAX    ((size_t)2 * MG_SMTP_REPLY_MAX)

typedef struct {
    MgEngine base;
    MgOutbox out;
    GString *in;
    size_t in_at;
    const char *state;
    GStringChunk *strings; /* everything that the question and the verdicts point to */
    const char *address, *helo, *server;
    uint16_t port;
    bool lmtp, pipelining;

    const char *mail_from;
    const char **recipients;
    MgVerdict *verdicts;
    bool *accepted;
    size_t n_recipients, n_accepted;
    GByteArray *letter;
    GString *stuffed; /* (nullable) the letter as it is sent, where it is not the same */

    bool esmtp, tried_ehlo, offers_pipelining, offers_size, offers_8bit, eight_bit, mail_refused;
    uint64_t size_max;
    size_t sent, done; /* steps of the envelope: sent, answered */
    size_t reply_of;   /* MESSAGE: recipient whose reply is next (LMTP) */
    MgAskId last_ask;
    bool asking;
    MgConnectQuestion question;
    MgSendAnswer answer;
    MgTime now, due;
    bool delivered, ended, closed;
} Client;

#define STEP_MAIL ((size_t)0)

static size_t step_data(const Client *client)
{
    return client->n_recipients + 1;
}

static void enter(Client *client, const char *state)
{
    mg_outbox_enter(&client->out, transitions, &client->state, state);
}

static void note(Client *client, unsigned rule, MgSpan where)
{
    mg_outbox_note(&client->out, &rules[rule], where);
}

/* ---- the answer ---- */

static void set_verdict(Client *client, size_t recipient, MgVerdict verdict)
{
    if (client->verdicts[recipient].code == 0)
        client->verdicts[recipient] = verdict;
}

/* For all that have none yet. */
static void set_verdicts(Client *client, MgVerdict verdict)
{
    for (size_t i = 0; i < client->n_recipients; i++)
        set_verdict(client, i, verdict);
}

static void deliver(Client *client, MgReach reach, bool lost)
{
    if (client->delivered)
        return;
    client->delivered = true;
    client->answer = (MgSendAnswer){.reach = reach,
                                    .lost = lost,
                                    .verdicts = client->verdicts,
                                    .n_verdicts = client->n_recipients};
    mg_outbox_add(&client->out,
                  (MgEvent){.kind = MG_EVENT_DELIVER,
                            .deliver = {.type = MG_TOPIC_SEND, .item = &client->answer}});
}

static void finish(Client *client)
{
    enter(client, CLOSED);
    mg_outbox_add(&client->out, (MgEvent){.kind = MG_EVENT_CLOSE});
    client->closed = true;
    client->due = MG_TIME_NEVER;
}

static void lose(Client *client)
{
    if (!client->delivered) {
        note(client, R_LOST, (MgSpan){NULL, 0});
        deliver(client, MG_REACH_OK, true);
    }
    finish(client);
}

static void quit(Client *client)
{
    deliver(client, MG_REACH_OK, false);
    enter(client, QUITTING);
    g_string_append(client->out.octets, "QUIT\r\n");
}

/* What the server says, as a verdict whose texts stay. Control characters and what is not UTF-8 do
 * not get into it, because it is shown, logged and put into bounces. */
static MgVerdict verdict_of(Client *client, MgSpan bytes, const MgSmtpReply *reply)
{
    g_autoptr(GString) text = g_string_new(NULL);
    MgSpan line;
    size_t at = 0;
    while (mg_smtp_reply_line(mg_span_slice(bytes, 0, reply->len), &at, &line)) {
        size_t skip = mg_smtp_enhanced_len(line, reply->code / 100);
        skip += skip > 0 && skip < line.len ? 1 : 0;
        if (text->len > 0)
            g_string_append_c(text, ' ');
        g_string_append_len(text, (const char *)line.data + skip, (gssize)(line.len - skip));
        if (text->len > TEXT_KEPT)
            break;
    }
    g_string_truncate(text, MIN(text->len, TEXT_KEPT));
    for (size_t i = 0; i < text->len; i++)
        if ((uint8_t)text->str[i] < 0x20 || text->str[i] == 0x7f)
            text->str[i] = ' ';
    g_autofree char *valid = g_utf8_make_valid(text->str, (gssize)text->len);
    MgVerdict verdict = {.code = (uint16_t)reply->code};
    verdict.text = g_string_chunk_insert(client->strings, valid);
    if (reply->enhanced.len > 0)
        verdict.enhanced = g_string_chunk_insert_len(
            client->strings, (const char *)reply->enhanced.data, (gssize)reply->enhanced.len);
    return verdict;
}

/* ---- the envelope ---- */

static void send_hello(Client *client)
{
    client->tried_ehlo = true;
    client->esmtp = true;
    g_string_append_printf(client->out.octets, "%s %s\r\n", client->lmtp ? "LHLO" : "EHLO",
                           client->helo);
}

static void send_step(Client *client)
{
    GString *out = client->out.octets;
    size_t step = client->sent++;
    if (step == STEP_MAIL) {
        g_string_append_printf(out, "MAIL FROM:<%s>", client->mail_from);
        if (client->offers_size) /* RFC 1870 §5: as it is before dots are added */
            g_string_append_printf(out, " SIZE=%u", client->letter->len);
        if (client->offers_8bit && client->eight_bit)
            g_string_append(out, " BODY=8BITMIME");
        g_string_append(out, "\r\n");
    } else if (step < step_data(client)) {
        g_string_append_printf(out, "RCPT TO:<%s>\r\n", client->recipients[step - 1]);
    } else {
        g_string_append(out, "DATA\r\n");
    }
}

/* Sends what may be sent now, or goes to the end when there is nothing more to say. */
static void go_on(Client *client)
{
    bool all_at_once = client->pipelining && client->offers_pipelining;
    if (!all_at_once) {
        bool useless =
            client->mail_refused || (client->done == step_data(client) && client->n_accepted == 0);
        if (useless)
            quit(client);
        else if (client->sent == client->done)
            send_step(client);
        return;
    }
    while (client->sent <= step_data(client))
        send_step(client);
}

static MgVerdict local_verdict(uint16_t code, const char *enhanced, const char *text)
{
    return (MgVerdict){.code = code, .enhanced = enhanced, .text = text};
}

/* The server has said what it can do. */
static void begin_envelope(Client *client)
{
    if (client->offers_size && client->size_max > 0 && client->letter->len > client->size_max) {
        note(client, R_SIZE, (MgSpan){NULL, 0});
        set_verdicts(client, local_verdict(552, "5.3.4", "The server takes no message so large"));
        quit(client);
        return;
    }
    if (client->eight_bit && !client->offers_8bit) {
        note(client, R_8BIT, (MgSpan){NULL, 0});
        set_verdicts(client, local_verdict(554, "5.6.3", "The server does not offer 8BITMIME"));
        quit(client);
        return;
    }
    enter(client, ENVELOPE);
    go_on(client);
}

static void send_letter(Client *client)
{
    MgSpan letter = {client->letter->data, client->letter->len};
    enter(client, MESSAGE);
    if (mg_letter_needs_stuffing(letter)) {
        client->stuffed = g_string_sized_new(letter.len + letter.len / 32);
        mg_letter_stuff(letter, client->stuffed);
        letter = (MgSpan){(const uint8_t *)client->stuffed->str, client->stuffed->len};
    }
    mg_outbox_lend(&client->out, letter);
    g_string_append(client->out.octets, ".\r\n");
}

static void recipient_answered(Client *client, size_t recipient, MgVerdict verdict)
{
    if (verdict.code >= 200 && verdict.code <= 299 && !client->mail_refused) {
        client->accepted[recipient] = true;
        client->n_accepted++;
        return;
    }
    if (verdict.code == 552) /* RFC 5321 §4.5.3.1.10: an old way to say too many recipients */
        verdict.code = 452;
    if (verdict.code < 400) /* not an answer to RCPT */
        verdict.code = 451;
    set_verdict(client, recipient, verdict);
}

static void data_answered(Client *client, MgVerdict verdict)
{
    if (verdict.code != 354) {
        if (verdict.code < 400)
            verdict.code = 451;
        set_verdicts(client, verdict);
        quit(client);
    } else if (client->n_accepted == 0) {
        /* RFC 2920 §3.1: DATA was sent ahead, and the server took it without any recipient. */
        note(client, R_EMPTY, (MgSpan){NULL, 0});
        enter(client, MESSAGE);
        g_string_append(client->out.octets, ".\r\n");
    } else {
        send_letter(client);
    }
}

static void envelope_answered(Client *client, MgVerdict verdict)
{
    size_t step = client->done++;
    if (step == step_data(client)) {
        data_answered(client, verdict);
        return;
    }
    if (step == STEP_MAIL && (verdict.code < 200 || verdict.code > 299)) {
        if (verdict.code < 400)
            verdict.code = 451;
        client->mail_refused = true;
        set_verdicts(client, verdict);
    } else if (step != STEP_MAIL) {
        recipient_answered(client, step - 1, verdict);
    }
    go_on(client);
}

/* ---- replies ---- */

static void read_extensions(Client *client, MgSpan reply)
{
    MgSpan text;
    size_t at = 0;
    mg_smtp_reply_line(reply, &at, &text); /* the first names the server */
    while (mg_smtp_reply_line(reply, &at, &text)) {
        size_t len = 0;
        while (len < text.len && text.data[len] != ' ')
            len++;
        MgSpan word = mg_span_slice(text, 0, len);
        if (mg_span_equal_nocase(word, MG_SPAN("PIPELINING"))) {
            client->offers_pipelining = true;
        } else if (mg_span_equal_nocase(word, MG_SPAN("8BITMIME"))) {
            client->offers_8bit = true;
        } else if (mg_span_equal_nocase(word, MG_SPAN("SIZE"))) {
            client->offers_size = true;
            size_t skip = MIN(len + 1, text.len);
            mg_text_parse_uint(mg_span_slice(text, skip, text.len - skip), UINT64_MAX,
                               &client->size_max);
        }
    }
}

static void hello_answered(Client *client, MgSpan bytes, const MgSmtpReply *reply)
{
    if (reply->code >= 200 && reply->code <= 299) {
        if (client->esmtp)
            read_extensions(client, mg_span_slice(bytes, 0, reply->len));
        begin_envelope(client);
    } else if (client->esmtp && !client->lmtp && reply->code >= 500) {
        note(client, R_HELO, (MgSpan){NULL, 0}); /* RFC 5321 §3.2 */
        client->esmtp = false;
        g_string_append_printf(client->out.octets, "HELO %s\r\n", client->helo);
    } else {
        MgVerdict verdict = verdict_of(client, bytes, reply);
        if (verdict.code < 400)
            verdict.code = 451;
        set_verdicts(client, verdict);
        quit(client);
    }
}

static void message_answered(Client *client, MgVerdict verdict)
{
    if (verdict.code == 354 || verdict.code < 200 || (verdict.code >= 300 && verdict.code < 400))
        verdict.code = 451;
    if (!client->lmtp || client->n_accepted == 0) {
        set_verdicts(client, verdict);
        quit(client);
        return;
    }
    while (client->reply_of < client->n_recipients && !client->accepted[client->reply_of])
        client->reply_of++;
    g_assert(client->reply_of < client->n_recipients);
    set_verdict(client, client->reply_of++, verdict);
    while (client->reply_of < client->n_recipients && !client->accepted[client->reply_of])
        client->reply_of++;
    if (client->reply_of == client->n_recipients)
        quit(client);
}

static void replied(Client *client, MgSpan bytes, const MgSmtpReply *reply)
{
    client->due = client->now + TIMEOUT_COMMAND;
    if (client->state == QUITTING) {
        finish(client);
        return;
    }
    if (reply->code == 421) { /* RFC 5321 §3.8: the server closes */
        set_verdicts(client, verdict_of(client, bytes, reply));
        deliver(client, MG_REACH_OK, false);
        finish(client);
        return;
    }
    if (client->state == GREETING && reply->code == 220) {
        enter(client, HELLO);
        send_hello(client);
    } else if (client->state == GREETING) {
        MgVerdict verdict = verdict_of(client, bytes, reply);
        if (verdict.code < 400)
            verdict.code = 451;
        set_verdicts(client, verdict);
        quit(client);
    } else if (client->state == HELLO) {
        hello_answered(client, bytes, reply);
    } else if (client->state == ENVELOPE) {
        envelope_answered(client, verdict_of(client, bytes, reply));
        if (client->state == MESSAGE)
            client->due = client->now + TIMEOUT_DOT;
        else if (client->sent > step_data(client))
            client->due = client->now + TIMEOUT_DATA;
    } else {
        message_answered(client, verdict_of(client, bytes, reply));
    }
}

/* Reads one reply. Returns false if there is none. */
static bool read_reply(Client *client)
{
    MgSmtpReply reply;
    MgSpan bytes = {(const uint8_t *)client->in->str + client->in_at,
                    client->in->len - client->in_at};
    switch (mg_smtp_reply_cut(bytes, &reply)) {
    case MG_REPLY_MORE:
        return false;
    case MG_REPLY_BROKEN:
        note(client, R_REPLY, (MgSpan){NULL, 0});
        if (!client->delivered)
            deliver(client, MG_REACH_OK, true);
        finish(client);
        return true;
    default:
        client->in_at += reply.len;
        replied(client, bytes, &reply);
        return true;
    }
}

/* ---- the engine ---- */

/* An address must not be able to end its command's line or its brackets. */
static bool is_speakable(const char *address)
{
    if (strlen(address) > MG_SMTP_PATH_MAX)
        return false;
    for (const char *c = address; *c != '\0'; c++)
        if ((uint8_t)*c < 0x20 || (uint8_t)*c > 0x7e || *c == '<' || *c == '>' ||
            (*c == ' ' && address[0] != '"'))
            return false;
    return true;
}

static void start(Client *client)
{
    MgVerdict verdict = local_verdict(553, "5.1.3", "This address cannot be used");
    bool good = is_speakable(client->mail_from);
    for (size_t i = 0; good && i < client->n_recipients; i++)
        good = is_speakable(client->recipients[i]) && client->recipients[i][0] != '\0';
    if (!good) {
        note(client, R_ADDRESS, (MgSpan){NULL, 0});
        set_verdicts(client, verdict);
        deliver(client, MG_REACH_OK, false);
        finish(client);
        return;
    }
    client->question =
        (MgConnectQuestion){.address = client->address, .port = client->port, .dissector = "smtp"};
    client->asking = true;
    mg_outbox_add(&client->out, (MgEvent){.kind = MG_EVENT_ASK,
                                          .ask = {.id = ++client->last_ask,
                                                  .topic = MG_TOPIC_CONNECT,
                                                  .question = &client->question}});
}

static MgEngine *client_create(const MgBirth *birth)
{
    const MgSendQuestion *question = birth->question;
    Client *client = g_new0(Client, 1);
    client->base.kind = &mg_smtp_client;
    mg_outbox_init(&client->out);
    client->in = g_string_new(NULL);
    client->strings = g_string_chunk_new(1024);
    client->state = CONNECTING;
    client->address = g_string_chunk_insert(client->strings, question->address);
    client->port = question->port;
    client->server = g_string_chunk_insert(
        client->strings, question->server != NULL ? question->server : question->address);
    client->helo = g_string_chunk_insert(client->strings,
                                         question->helo != NULL ? question->helo : birth->host);
    client->lmtp = question->lmtp;
    client->pipelining = mg_text_is_yes(mg_settings_get(birth->settings, "pipelining", "no"));
    client->mail_from = g_string_chunk_insert(
        client->strings, question->mail.mail_from != NULL ? question->mail.mail_from : "");
    client->n_recipients = question->mail.n_recipients;
    client->recipients = g_new0(const char *, client->n_recipients + 1);
    client->verdicts = g_new0(MgVerdict, client->n_recipients + 1);
    client->accepted = g_new0(bool, client->n_recipients + 1);
    for (size_t i = 0; i < client->n_recipients; i++)
        client->recipients[i] =
            g_string_chunk_insert(client->strings, question->mail.recipients[i]);
    client->letter = mg_letter_copy(question->mail.data);
    client->eight_bit = mg_letter_has_8bit((MgSpan){client->letter->data, client->letter->len});
    client->now = birth->now;
    client->due = birth->now + TIMEOUT_COMMAND;
    start(client);
    return &client->base;
}

static void client_free(MgEngine *engine)
{
    Client *client = (Client *)engine;
    mg_outbox_clear(&client->out);
    g_string_free(client->in, TRUE);
    if (client->stuffed != NULL)
        g_string_free(client->stuffed, TRUE);
    g_string_chunk_free(client->strings);
    g_byte_array_unref(client->letter);
    g_free(client->recipients);
    g_free(client->verdicts);
    g_free(client->accepted);
    g_free(client);
}

static void client_receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    Client *client = (Client *)engine;
    if (client->closed || client->ended || client->state == CONNECTING)
        return;
    client->now = now;
    /* More than any reply has: what is cut off shows as a broken reply. */
    size_t room = RECEIVED_MAX - MIN(client->in->len, RECEIVED_MAX);
    g_string_append_len(client->in, (const char *)bytes.data, (gssize)MIN(bytes.len, room));
}

static void client_receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
    Client *client = (Client *)engine;
    client->now = now;
    if (client->state != CONNECTING)
        client->ended = true;
}

static MgTime client_deadline(const MgEngine *engine)
{
    return ((const Client *)engine)->due;
}

static void client_advance(MgEngine *engine, MgTime now)
{
    Client *client = (Client *)engine;
    if (client->closed || now < client->due)
        return;
    client->now = now;
    if (client->asking) {
        client->asking = false;
        mg_outbox_add(&client->out, (MgEvent){.kind = MG_EVENT_CANCEL, .cancel = client->last_ask});
        deliver(client, MG_REACH_TIMEOUT, false);
        finish(client);
        return;
    }
    if (client->state != QUITTING)
        note(client, R_TIMEOUT, (MgSpan){NULL, 0});
    if (!client->delivered)
        deliver(client, MG_REACH_OK, true);
    finish(client);
}

static bool client_answer(MgEngine *engine, MgAskId ask_id, const void *answer, MgTime now)
{
    Client *client = (Client *)engine;
    const MgConnectAnswer *connected = answer;
    if (!client->asking || ask_id != client->last_ask)
        return false;
    client->asking = false;
    client->now = now;
    client->due = now + TIMEOUT_COMMAND;
    MgReach reach = connected != NULL ? connected->reach : MG_REACH_UNREACHABLE;
    if (reach == MG_REACH_OK) {
        enter(client, GREETING);
        return true;
    }
    deliver(client, reach, false);
    finish(client);
    return true;
}

static bool client_next(MgEngine *engine, MgEvent *event)
{
    Client *client = (Client *)engine;
    while (!mg_outbox_next(&client->out, event)) {
        if (client->closed)
            return false;
        if (read_reply(client))
            continue;
        if (client->in_at > 0) {
            g_string_erase(client->in, 0, (gssize)client->in_at);
            client->in_at = 0;
        }
        if (!client->ended)
            return false;
        lose(client);
    }
    return true;
}

static size_t client_facts(const MgEngine *engine, MgFact *facts, size_t max)
{
    const Client *client = (const Client *)engine;
    size_t n = 0;
    if (n < max)
        mg_text_set_fact(&facts[n++], N_("Session"), "%s", client->state);
    if (n < max)
        mg_text_set_fact(&facts[n++], N_("Server"), "%s (%s:%u)", client->server, client->address,
                         client->port);
    if (n < max)
        mg_text_set_fact(&facts[n++], N_("Envelope from"), "<%s>", client->mail_from);
    if (n < max)
        mg_text_set_fact(&facts[n++], N_("Recipients accepted"), "%zu / %zu", client->n_accepted,
                         client->n_recipients);
    return n;
}

const MgEngineKind mg_smtp_client = {
    .name = "smtp.client",
    .summary = N_("SMTP client: carries one mail to one server"),
    .usual = "mta mua mda",
    .topic = MG_TOPIC_SEND,
    .dissector = "smtp",
    .settings = setting_rows,
    .rules = rules,
    .transitions = transitions,
    .create = client_create,
    .free = client_free,
    .receive = client_receive,
    .receive_end = client_receive_end,
    .advance = client_advance,
    .answer = client_answer,
    .next = client_next,
    .deadline = client_deadline,
    .facts = client_facts,
};
