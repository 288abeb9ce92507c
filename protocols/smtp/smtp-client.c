/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-client.c - the client's end of SMTP (RFC 5321) and LMTP (RFC 2033): carries one mail
 *
 * The envelope is a row of steps: MAIL, a RCPT for each recipient, DATA (or pieces of the letter
 * with BDAT, RFC 3030). Each is sent when the one before was answered or, with the setting
 * `pipelining` and a server that offers it, all at once (RFC 2920). The answer is given as soon as
 * each recipient has its verdict; QUIT comes after it.
 *
 * A recipient for whom the server has said 250 after the final dot is never reported as not
 * accepted; one for whom the connection was lost before has code 0, and is tried again by whoever
 * asked.
 */
#include "smtp-client-private.h"
#include "smtp-letter.h"
#include "text.h"

const char MG_CLIENT_CONNECTING[] = N_("connecting"), MG_CLIENT_GREETING[] = N_("greeting"),
           MG_CLIENT_HELLO[] = N_("hello"), MG_CLIENT_SECURING[] = N_("securing"),
           MG_CLIENT_LOGIN[] = N_("logging in"), MG_CLIENT_ENVELOPE[] = N_("envelope"),
           MG_CLIENT_MESSAGE[] = N_("message"), MG_CLIENT_QUITTING[] = N_("quitting"),
           MG_CLIENT_CLOSED[] = N_("closed");

static const MgTransition transitions[] = {
    {MG_CLIENT_CONNECTING, N_("the connection stands"), MG_CLIENT_GREETING, "RFC 5321 §3.1"},
    {MG_CLIENT_CONNECTING, N_("the server cannot be reached"), MG_CLIENT_CLOSED,
     "RFC 5321 §4.5.4.1"},
    {MG_CLIENT_GREETING, N_("220"), MG_CLIENT_HELLO, "RFC 5321 §3.2"},
    {MG_CLIENT_GREETING, N_("any other reply"), MG_CLIENT_QUITTING, "RFC 5321 §3.1"},
    {MG_CLIENT_GREETING, N_("421, or the connection is lost"), MG_CLIENT_CLOSED, "RFC 5321 §3.8"},
    {MG_CLIENT_HELLO, N_("250"), MG_CLIENT_ENVELOPE, "RFC 5321 §3.3"},
    {MG_CLIENT_HELLO, N_("any other reply"), MG_CLIENT_QUITTING, "RFC 5321 §3.2"},
    {MG_CLIENT_CONNECTING, N_("the connection stands, on a port where TLS comes first"),
     MG_CLIENT_SECURING, "RFC 8314 §3.3"},
    {MG_CLIENT_HELLO, N_("250, and STARTTLS is offered"), MG_CLIENT_SECURING, "RFC 3207 §4"},
    {MG_CLIENT_SECURING, N_("TLS stands, and EHLO comes again"), MG_CLIENT_HELLO, "RFC 3207 §4.2"},
    {MG_CLIENT_SECURING, N_("TLS stands, before the greeting"), MG_CLIENT_GREETING,
     "RFC 8314 §3.3"},
    {MG_CLIENT_SECURING, N_("the server cannot begin TLS now, and the mail goes without"),
     MG_CLIENT_ENVELOPE, "RFC 3207 §4.1"},
    {MG_CLIENT_SECURING, N_("the server cannot begin TLS now, and the login goes without"),
     MG_CLIENT_LOGIN, "RFC 3207 §4.1"},
    {MG_CLIENT_SECURING, N_("the server cannot begin TLS now, and nothing goes without"),
     MG_CLIENT_QUITTING, "RFC 3207 §4.1"},
    {MG_CLIENT_SECURING, N_("TLS has failed, or the connection is lost"), MG_CLIENT_CLOSED,
     "RFC 3207 §4.1"},
    {MG_CLIENT_HELLO, N_("250, and there is a password to log in with"), MG_CLIENT_LOGIN,
     "RFC 4954 §4"},
    {MG_CLIENT_LOGIN, N_("235"), MG_CLIENT_ENVELOPE, "RFC 4954 §4"},
    {MG_CLIENT_LOGIN, N_("the login has failed"), MG_CLIENT_QUITTING, "RFC 4954 §4"},
    {MG_CLIENT_LOGIN, N_("421, or the connection is lost"), MG_CLIENT_CLOSED, "RFC 5321 §3.8"},
    {MG_CLIENT_HELLO, N_("421, or the connection is lost"), MG_CLIENT_CLOSED, "RFC 5321 §3.8"},
    {MG_CLIENT_ENVELOPE, N_("354, or the recipients are known and BDAT follows"), MG_CLIENT_MESSAGE,
     "RFC 5321 §4.1.1.4"},
    {MG_CLIENT_ENVELOPE, N_("no recipient is accepted, or no message is wanted"),
     MG_CLIENT_QUITTING, "RFC 5321 §3.3"},
    {MG_CLIENT_ENVELOPE, N_("421, or the connection is lost"), MG_CLIENT_CLOSED, "RFC 5321 §3.8"},
    {MG_CLIENT_MESSAGE, N_("the reply to the end of the letter"), MG_CLIENT_QUITTING,
     "RFC 5321 §4.1.1.4"},
    {MG_CLIENT_MESSAGE, N_("421, or the connection is lost"), MG_CLIENT_CLOSED, "RFC 5321 §3.8"},
    {MG_CLIENT_QUITTING, N_("221, or the connection ends"), MG_CLIENT_CLOSED, "RFC 5321 §4.1.1.10"},
    {0},
};

static const MgRule rules[] = {
    [MG_CLIENT_R_REPLY] = {"smtp.bad-reply", MG_SEVERITY_FAULT, "RFC 5321 §4.2",
                           N_("What the server says is not a reply of SMTP.")},
    [MG_CLIENT_R_TIMEOUT] =
        {"smtp.reply-timeout", MG_SEVERITY_NOTE, "RFC 5321 §4.5.3.2",
         N_("The server was silent for too long; the client gives up for now.")},
    [MG_CLIENT_R_LOST] = {"smtp.connection-lost", MG_SEVERITY_NOTE, "RFC 5321 §4.5.4.1",
                          N_("The connection was lost before the mail was accepted.")},
    [MG_CLIENT_R_HELO] =
        {"smtp.helo-fallback", MG_SEVERITY_NOTE, "RFC 5321 §3.2",
         N_("The server does not know EHLO, so the client says HELO and does without "
            "extensions.")},
    [MG_CLIENT_R_SIZE] =
        {"smtp.larger-than-offered", MG_SEVERITY_NOTE, "RFC 1870 §6.1",
         N_("The server said how much it takes; the message is larger, so it is not even "
            "tried.")},
    [MG_CLIENT_R_8BIT] = {"smtp.needs-8bitmime", MG_SEVERITY_NOTE, "RFC 6152 §3",
                          N_("The message has letters beyond ASCII, and the server does not offer "
                             "8BITMIME.")},
    [MG_CLIENT_R_UTF8] =
        {"smtp.needs-smtputf8", MG_SEVERITY_NOTE, "RFC 6531 §3.5",
         N_("An address or the header has letters beyond ASCII, and the server does not "
            "offer SMTPUTF8.")},
    [MG_CLIENT_R_BINARY] =
        {"smtp.needs-binarymime", MG_SEVERITY_NOTE, "RFC 3030 §3",
         N_("The letter holds any octets, and the server does not offer BINARYMIME.")},
    [MG_CLIENT_R_DSN] =
        {"smtp.needs-dsn", MG_SEVERITY_NOTE, "RFC 3461 §5.2.2",
         N_("The sender asked for notices, and the server does not offer DSN: from here on "
            "nobody can promise them.")},
    [MG_CLIENT_R_ADDRESS] = {"smtp.unspeakable-address", MG_SEVERITY_FAULT, "RFC 5321 §4.1.2",
                             N_("This address cannot be written in an SMTP command.")},
    [MG_CLIENT_R_EMPTY] =
        {"smtp.empty-message", MG_SEVERITY_NOTE, "RFC 2920 §3.1",
         N_("The server wants a message for which it accepted no recipient: it gets a "
            "lone dot.")},
    [MG_CLIENT_R_NO_TLS] = {"smtp.sent-in-clear", MG_SEVERITY_NOTE, "RFC 7435 §3",
                            N_("The server does not offer TLS, so the mail crosses the wire as "
                               "it is: whoever listens can read it.")},
    [MG_CLIENT_R_TLS_MISSING] =
        {"smtp.tls-not-offered", MG_SEVERITY_WARN, "RFC 3207 §6",
         N_("The client wants TLS, and the server does not offer it now: perhaps somebody in "
            "between has taken it out of the offer. Nothing is sent.")},
    [MG_CLIENT_R_TLS_FAILED] =
        {"smtp.tls-failed", MG_SEVERITY_WARN, "RFC 3207 §4.1",
         N_("TLS was begun and did not come about. The connection is of no use any more: nobody "
            "must go on in the clear on it.")},
    [MG_CLIENT_R_NOT_VERIFIED] =
        {"smtp.server-not-proved", MG_SEVERITY_NOTE, "RFC 7435 §3",
         N_("The server's certificate does not prove who it is. The client goes on: encrypted to "
            "somebody is better than open to everybody.")},
    [MG_CLIENT_R_INJECTED] =
        {"smtp.reply-before-tls", MG_SEVERITY_FAULT, "RFC 3207 §4.2",
         N_("Something came behind the reply to STARTTLS in the clear, perhaps from somebody in "
            "between; it is thrown away.")},
    MG_SASL_RULES,
    {0},
};

static const MgSettingRow setting_rows[] = {
    {"pipelining", MG_SETTING_BOOL, "no",
     N_("Sends all commands of the envelope at once where the server offers PIPELINING.")},
    {"chunking", MG_SETTING_BOOL, "no",
     N_("Sends the letter in pieces, with BDAT, where the server offers CHUNKING. A binary letter "
        "is always sent so.")},
    {"account", MG_SETTING_TEXT, NULL, N_("The address of the person at this host.")},
    {"password", MG_SETTING_TEXT, NULL, N_("The password to log in with.")},
    {"auth", MG_SETTING_TEXT, "auto",
     N_("Which ways to log in with AUTH may be used: no, auto (the strongest that is offered, if "
        "any, but not on port 25), yes (any, and not without), or a list such as "
        "SCRAM-SHA-256 CRAM-MD5.")},
    {"auth-clear", MG_SETTING_BOOL, "no",
     N_("Ways to log in that show the password may be used without TLS, too.")},
    MG_SMTP_LINE_ENDS_ROW,
    {"send-tls", MG_SETTING_TEXT, "try",
     N_("Whether mail that is sent goes through TLS: no, try (where the server offers STARTTLS, "
        "whoever it is), or require (and the server must prove its name).")},
    {"chunk_size", MG_SETTING_UINT, "65536", N_("How many octets a piece has at most.")},
    {"timeout_greeting", MG_SETTING_TIME, "5min",
     N_("How long the server may take for its greeting.")},
    {"timeout_command", MG_SETTING_TIME, "5min",
     N_("How long the server may take to answer EHLO and QUIT.")},
    {"timeout_mail", MG_SETTING_TIME, "5min", N_("How long the server may take to answer MAIL.")},
    {"timeout_rcpt", MG_SETTING_TIME, "5min", N_("How long the server may take to answer RCPT.")},
    {"timeout_data", MG_SETTING_TIME, "2min", N_("How long the server may take to answer DATA.")},
    {"timeout_block", MG_SETTING_TIME, "3min",
     N_("How long the server may take for a piece of the letter that is not the last.")},
    {"timeout_dot", MG_SETTING_TIME, "10min",
     N_("How long the server may take for the end of the letter; it may have much to do.")},
    {0},
};

/* RFC 5321 §4.5.3.2, in the order of MgClientTime. */
static const struct {
    const char *key;
    MgTime usual;
} times[MG_CLIENT_N_TIMES] = {
    {"timeout_greeting", 5 * MG_MINUTES}, {"timeout_command", 5 * MG_MINUTES},
    {"timeout_mail", 5 * MG_MINUTES},     {"timeout_rcpt", 5 * MG_MINUTES},
    {"timeout_data", 2 * MG_MINUTES},     {"timeout_block", 3 * MG_MINUTES},
    {"timeout_dot", 10 * MG_MINUTES},
};

#define RECEIVED_MAX ((size_t)2 * MG_SMTP_REPLY_MAX)

void mg_client_enter(MgSmtpClient *client, const char *state)
{
    mg_outbox_enter(&client->out, transitions, &client->state, state);
}

void mg_client_note(MgSmtpClient *client, unsigned rule)
{
    mg_outbox_note(&client->out, &rules[rule], (MgSpan){NULL, 0});
}

/* ---- the answer ---- */

void mg_client_set_verdict(MgSmtpClient *client, size_t recipient, MgVerdict verdict)
{
    if (client->verdicts[recipient].code == 0)
        client->verdicts[recipient] = verdict;
}

/* For all that have none yet. */
void mg_client_set_verdicts(MgSmtpClient *client, MgVerdict verdict)
{
    for (size_t i = 0; i < client->n_recipients; i++)
        mg_client_set_verdict(client, i, verdict);
}

void mg_client_deliver(MgSmtpClient *client, MgReach reach, bool lost)
{
    if (client->delivered)
        return;
    client->delivered = true;
    client->answer = (MgSendAnswer){.reach = reach,
                                    .lost = lost,
                                    .tls_failed = client->tls_failed,
                                    .verdicts = client->verdicts,
                                    .n_verdicts = client->n_recipients,
                                    .dsn = (client->offers & MG_SMTP_X_DSN) != 0};
    mg_outbox_add(&client->out,
                  (MgEvent){.kind = MG_EVENT_DELIVER,
                            .deliver = {.type = MG_TOPIC_SEND, .item = &client->answer}});
}

void mg_client_finish(MgSmtpClient *client)
{
    mg_client_enter(client, MG_CLIENT_CLOSED);
    mg_outbox_add(&client->out, (MgEvent){.kind = MG_EVENT_CLOSE});
    client->closed = true;
    client->due = MG_TIME_NEVER;
}

static void lose(MgSmtpClient *client)
{
    if (!client->delivered) {
        mg_client_note(client, MG_CLIENT_R_LOST);
        mg_client_deliver(client, MG_REACH_OK, true);
    }
    mg_client_finish(client);
}

void mg_client_quit(MgSmtpClient *client)
{
    mg_client_deliver(client, MG_REACH_OK, false);
    mg_client_enter(client, MG_CLIENT_QUITTING);
    g_string_append(client->out.octets, "QUIT\r\n");
}

/* What the server says, as a verdict whose texts stay. */
static MgVerdict verdict_of(MgSmtpClient *client, MgSpan bytes, const MgSmtpReply *reply)
{
    g_autofree char *valid = mg_smtp_reply_text(bytes, reply);
    MgVerdict verdict = {.code = (uint16_t)reply->code};
    verdict.text = g_string_chunk_insert(client->strings, valid);
    if (reply->enhanced.len > 0)
        verdict.enhanced = g_string_chunk_insert_len(
            client->strings, (const char *)reply->enhanced.data, (gssize)reply->enhanced.len);
    return verdict;
}

/* ---- the envelope ---- */

void mg_client_say_hello(MgSmtpClient *client)
{
    client->tried_ehlo = true;
    client->esmtp = true;
    client->offers = 0;
    client->size_max = 0;
    client->mechanisms[0] = '\0';
    g_string_append_printf(client->out.octets, "%s %s\r\n", client->lmtp ? "LHLO" : "EHLO",
                           client->helo);
}

static void recipient_answered(MgSmtpClient *client, size_t recipient, MgVerdict verdict)
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
    mg_client_set_verdict(client, recipient, verdict);
}

static void data_answered(MgSmtpClient *client, MgVerdict verdict)
{
    if (verdict.code != 354) {
        if (verdict.code < 400)
            verdict.code = 451;
        mg_client_set_verdicts(client, verdict);
        mg_client_quit(client);
    } else if (client->n_accepted == 0) {
        /* RFC 2920 §3.1: DATA was sent ahead, and the server took it without any recipient. */
        mg_client_note(client, MG_CLIENT_R_EMPTY);
        mg_client_enter(client, MG_CLIENT_MESSAGE);
        g_string_append(client->out.octets, ".\r\n");
    } else {
        mg_client_send_letter(client);
    }
}

static void envelope_answered(MgSmtpClient *client, MgVerdict verdict)
{
    size_t step = client->done++;
    if (step == mg_client_step_data(client)) {
        data_answered(client, verdict);
        return;
    }
    if (step == 0 && (verdict.code < 200 || verdict.code > 299)) {
        if (verdict.code < 400)
            verdict.code = 451;
        client->mail_refused = true;
        mg_client_set_verdicts(client, verdict);
    } else if (step != 0) {
        recipient_answered(client, client->steps[step - 1], verdict);
    }
    mg_client_go_on(client);
}

/* ---- replies ---- */

static void read_extensions(MgSmtpClient *client, MgSpan reply)
{
    MgSpan text;
    size_t at = 0;
    mg_smtp_reply_line(reply, &at, &text); /* the first names the server */
    while (mg_smtp_reply_line(reply, &at, &text)) {
        size_t len = 0;
        while (len < text.len && text.data[len] != ' ')
            len++;
        MgSpan word = mg_span_slice(text, 0, len);
        for (unsigned i = 0; i < MG_SMTP_N_EXTENSIONS; i++)
            if (mg_span_equal_nocase(word, mg_span_from_string(mg_smtp_extensions[i])))
                client->offers |= 1u << i;
        if (mg_span_equal_nocase(word, MG_SPAN("AUTH"))) {
            g_free(client->mechanisms);
            client->mechanisms = g_strndup((const char *)text.data + MIN(len + 1, text.len),
                                           text.len - MIN(len + 1, text.len));
        }
        if (mg_span_equal_nocase(word, MG_SPAN("SIZE"))) {
            size_t skip = MIN(len + 1, text.len);
            mg_text_parse_uint(mg_span_slice(text, skip, text.len - skip), UINT64_MAX,
                               &client->size_max);
        }
    }
}

void mg_client_greeted(MgSmtpClient *client)
{
    if (!mg_client_log_in(client))
        mg_client_begin_envelope(client);
}

static void hello_answered(MgSmtpClient *client, MgSpan bytes, const MgSmtpReply *reply)
{
    if (reply->code >= 200 && reply->code <= 299) {
        if (client->esmtp)
            read_extensions(client, mg_span_slice(bytes, 0, reply->len));
        if (!mg_client_secure(client))
            mg_client_greeted(client);
    } else if (client->esmtp && !client->lmtp && reply->code >= 500) {
        mg_client_note(client, MG_CLIENT_R_HELO); /* RFC 5321 §3.2 */
        client->esmtp = false;
        g_string_append_printf(client->out.octets, "HELO %s\r\n", client->helo);
    } else {
        MgVerdict verdict = verdict_of(client, bytes, reply);
        if (verdict.code < 400)
            verdict.code = 451;
        mg_client_set_verdicts(client, verdict);
        mg_client_quit(client);
    }
}

/* Of a letter in pieces every piece has its answer. Returns true if it was not the last one's. */
static bool piece_answered(MgSmtpClient *client, MgVerdict verdict)
{
    bool last = client->letter_at == client->letter->len && client->n_pieces <= 1;
    if (client->n_pieces > 0)
        client->n_pieces--;
    if (last && !client->piece_refused)
        return false;
    if (verdict.code >= 300 || client->piece_refused) {
        client->piece_refused = true;
        mg_client_set_verdicts(client, verdict);
        if (client->n_pieces == 0) /* the others were sent ahead, and have answers, too */
            mg_client_quit(client);
    } else if (client->n_pieces == 0) {
        mg_client_send_pieces(client);
    }
    return true;
}

static void message_answered(MgSmtpClient *client, MgVerdict verdict)
{
    if (verdict.code == 354 || verdict.code < 200 || (verdict.code >= 300 && verdict.code < 400))
        verdict.code = 451;
    if (client->by_chunks && piece_answered(client, verdict))
        return;
    if (!client->lmtp || client->n_accepted == 0) {
        mg_client_set_verdicts(client, verdict);
        mg_client_quit(client);
        return;
    }
    while (client->reply_of < client->n_recipients && !client->accepted[client->reply_of])
        client->reply_of++;
    g_assert(client->reply_of < client->n_recipients);
    mg_client_set_verdict(client, client->reply_of++, verdict);
    while (client->reply_of < client->n_recipients && !client->accepted[client->reply_of])
        client->reply_of++;
    if (client->reply_of == client->n_recipients)
        mg_client_quit(client);
}

/* How long to wait for the reply that comes next. */
static MgTime patience(const MgSmtpClient *client)
{
    MgClientTime which = MG_CLIENT_T_COMMAND;
    if (client->state == MG_CLIENT_GREETING)
        which = MG_CLIENT_T_GREETING;
    else if (client->state == MG_CLIENT_ENVELOPE)
        which = client->done == 0                            ? MG_CLIENT_T_MAIL
                : client->done < mg_client_step_data(client) ? MG_CLIENT_T_RCPT
                                                             : MG_CLIENT_T_DATA;
    else if (client->state == MG_CLIENT_MESSAGE)
        which = client->by_chunks && client->letter_at < client->letter->len ? MG_CLIENT_T_BLOCK
                                                                             : MG_CLIENT_T_DOT;
    return client->times[which];
}

static void replied(MgSmtpClient *client, MgSpan bytes, const MgSmtpReply *reply)
{
    if (client->state == MG_CLIENT_QUITTING) {
        mg_client_finish(client);
        return;
    }
    if (reply->code == 421) { /* RFC 5321 §3.8: the server closes */
        mg_client_set_verdicts(client, verdict_of(client, bytes, reply));
        mg_client_deliver(client, MG_REACH_OK, false);
        mg_client_finish(client);
        return;
    }
    if (client->state == MG_CLIENT_GREETING && reply->code == 220) {
        mg_client_enter(client, MG_CLIENT_HELLO);
        mg_client_say_hello(client);
    } else if (client->state == MG_CLIENT_GREETING) {
        MgVerdict verdict = verdict_of(client, bytes, reply);
        if (verdict.code < 400)
            verdict.code = 451;
        mg_client_set_verdicts(client, verdict);
        mg_client_quit(client);
    } else if (client->state == MG_CLIENT_HELLO) {
        hello_answered(client, bytes, reply);
    } else if (client->state == MG_CLIENT_SECURING) {
        mg_client_starttls_answered(client, verdict_of(client, bytes, reply));
    } else if (client->state == MG_CLIENT_LOGIN) {
        mg_client_login_answered(client, bytes, verdict_of(client, bytes, reply));
    } else if (client->state == MG_CLIENT_ENVELOPE) {
        envelope_answered(client, verdict_of(client, bytes, reply));
    } else {
        message_answered(client, verdict_of(client, bytes, reply));
    }
    client->due = client->now + patience(client);
}

/* Reads one reply. Returns false if there is none. */
static bool read_reply(MgSmtpClient *client)
{
    MgSmtpReply reply;
    MgSpan bytes = {(const uint8_t *)client->in->str + client->in_at,
                    client->in->len - client->in_at};
    switch (mg_smtp_reply_cut(bytes, &reply)) {
    case MG_REPLY_MORE:
        return false;
    case MG_REPLY_BROKEN:
        mg_client_note(client, MG_CLIENT_R_REPLY);
        if (!client->delivered)
            mg_client_deliver(client, MG_REACH_OK, true);
        mg_client_finish(client);
        return true;
    default:
        client->in_at += reply.len;
        client->taken += reply.len;
        replied(client, bytes, &reply);
        return true;
    }
}

/* ---- the engine ---- */

/* An address must not be able to end its command's line or its brackets. Letters beyond ASCII are
 * looked at when the server has said what it offers. */
static bool is_speakable(const char *address)
{
    if (strlen(address) > MG_SMTP_PATH_MAX || !g_utf8_validate(address, -1, NULL))
        return false;
    for (const char *c = address; *c != '\0'; c++)
        if ((uint8_t)*c < 0x20 || *c == 0x7f || *c == '<' || *c == '>' ||
            (*c == ' ' && address[0] != '"'))
            return false;
    return true;
}

static void start(MgSmtpClient *client)
{
    MgVerdict verdict = {.code = 553, .enhanced = "5.1.3", .text = "This address cannot be used"};
    bool good = is_speakable(client->mail_from);
    for (size_t i = 0; good && i < client->n_recipients; i++)
        good = is_speakable(client->recipients[i]) && client->recipients[i][0] != '\0';
    if (!good) {
        mg_client_note(client, MG_CLIENT_R_ADDRESS);
        mg_client_set_verdicts(client, verdict);
        mg_client_deliver(client, MG_REACH_OK, false);
        mg_client_finish(client);
        return;
    }
    client->connect_question =
        (MgConnectQuestion){.address = client->address, .port = client->port, .dissector = "smtp"};
    client->asking = true;
    mg_outbox_add(&client->out, (MgEvent){.kind = MG_EVENT_ASK,
                                          .ask = {.id = ++client->last_ask,
                                                  .topic = MG_TOPIC_CONNECT,
                                                  .question = &client->connect_question}});
}

static void read_settings(MgSmtpClient *client, const MgSettings *settings)
{
    client->pipelining = mg_text_is_yes(mg_settings_get(settings, "pipelining", "no"));
    client->chunking = mg_text_is_yes(mg_settings_get(settings, "chunking", "no"));
    client->keeps_lines = mg_letter_keeps_line_ends(settings);
    client->chunk_size =
        (size_t)CLAMP(mg_settings_get_uint(settings, "chunk_size", 65536), 1, 1u << 30);
    for (size_t i = 0; i < MG_CLIENT_N_TIMES; i++)
        client->times[i] = mg_settings_get_time(settings, times[i].key, times[i].usual);
}

static MgEngine *client_create(const MgBirth *birth)
{
    const MgSendQuestion *question = birth->question;
    MgSmtpClient *client = g_new0(MgSmtpClient, 1);
    client->base.kind = &mg_smtp_client;
    mg_outbox_init(&client->out);
    client->in = g_string_new(NULL);
    client->strings = g_string_chunk_new(1024);
    client->state = MG_CLIENT_CONNECTING;
    client->address = g_string_chunk_insert(client->strings, question->address);
    client->port = question->port;
    client->server = g_string_chunk_insert(
        client->strings, question->server != NULL ? question->server : question->address);
    client->helo = g_string_chunk_insert(client->strings,
                                         question->helo != NULL ? question->helo : birth->host);
    client->lmtp = question->lmtp;
    read_settings(client, birth->settings);
    mg_client_take_mail(client, &question->mail);
    mg_client_read_tls(client, birth->settings, question->tls);
    client->login_fault = MG_SASL_FAULT_NONE;
    client->mechanisms = g_strdup("");
    mg_client_read_auth(client, birth);
    client->now = birth->now;
    client->due = birth->now + client->times[MG_CLIENT_T_GREETING];
    start(client);
    return &client->base;
}

static void client_free(MgEngine *engine)
{
    MgSmtpClient *client = (MgSmtpClient *)engine;
    mg_outbox_clear(&client->out);
    g_string_free(client->in, TRUE);
    if (client->stuffed != NULL)
        g_string_free(client->stuffed, TRUE);
    g_string_chunk_free(client->strings);
    g_byte_array_unref(client->letter);
    g_free(client->recipients);
    g_free(client->verdicts);
    g_free(client->accepted);
    g_free(client->wishes);
    g_free(client->steps);
    g_free(client->mechanisms);
    mg_sasl_client_free(client->sasl);
    g_free(client);
}

static void client_receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    MgSmtpClient *client = (MgSmtpClient *)engine;
    if (client->closed || client->ended || client->state == MG_CLIENT_CONNECTING)
        return;
    client->now = now;
    /* More than any reply has: what is cut off shows as a broken reply. */
    size_t room = RECEIVED_MAX - MIN(client->in->len, RECEIVED_MAX);
    g_string_append_len(client->in, (const char *)bytes.data, (gssize)MIN(bytes.len, room));
}

static void client_receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
    MgSmtpClient *client = (MgSmtpClient *)engine;
    client->now = now;
    if (client->state != MG_CLIENT_CONNECTING)
        client->ended = true;
}

static MgTime client_deadline(const MgEngine *engine)
{
    return ((const MgSmtpClient *)engine)->due;
}

static void client_advance(MgEngine *engine, MgTime now)
{
    MgSmtpClient *client = (MgSmtpClient *)engine;
    if (client->closed || now < client->due)
        return;
    client->now = now;
    if (client->asking) {
        client->asking = false;
        mg_outbox_add(&client->out, (MgEvent){.kind = MG_EVENT_CANCEL, .cancel = client->last_ask});
        if (client->state == MG_CLIENT_SECURING) {
            mg_client_secured(client, NULL);
            return;
        }
        mg_client_deliver(client, MG_REACH_TIMEOUT, false);
        mg_client_finish(client);
        return;
    }
    if (client->state != MG_CLIENT_QUITTING)
        mg_client_note(client, MG_CLIENT_R_TIMEOUT);
    if (!client->delivered)
        mg_client_deliver(client, MG_REACH_OK, true);
    mg_client_finish(client);
}

static bool client_answer(MgEngine *engine, MgAskId ask_id, const void *answer, MgTime now)
{
    MgSmtpClient *client = (MgSmtpClient *)engine;
    if (!client->asking || ask_id != client->last_ask)
        return false;
    client->asking = false;
    client->now = now;
    if (client->state == MG_CLIENT_SECURING) {
        mg_client_secured(client, answer);
        client->due = client->closed ? MG_TIME_NEVER : now + patience(client);
        return true;
    }
    const MgConnectAnswer *connected = answer;
    MgReach reach = connected != NULL ? connected->reach : MG_REACH_UNREACHABLE;
    if (reach == MG_REACH_OK) {
        mg_client_enter(client, client->tls_from_start ? MG_CLIENT_SECURING : MG_CLIENT_GREETING);
        if (client->tls_from_start)
            mg_client_ask_secure(client);
        client->due = now + patience(client);
        return true;
    }
    mg_client_deliver(client, reach, false);
    mg_client_finish(client);
    return true;
}

static bool client_next(MgEngine *engine, MgEvent *event)
{
    MgSmtpClient *client = (MgSmtpClient *)engine;
    while (!mg_outbox_next(&client->out, event)) {
        if (client->closed)
            return false;
        if (!client->asking && read_reply(client))
            continue;
        if (client->in_at > 0) {
            g_string_erase(client->in, 0, (gssize)client->in_at);
            client->in_at = 0;
        }
        if (!client->ended)
            return false;
        if (client->asking)
            mg_outbox_add(&client->out,
                          (MgEvent){.kind = MG_EVENT_CANCEL, .cancel = client->last_ask});
        client->asking = false;
        lose(client);
    }
    return true;
}

static size_t client_facts(const MgEngine *engine, MgFact *facts, size_t max)
{
    const MgSmtpClient *client = (const MgSmtpClient *)engine;
    size_t n = 0;
    if (n < max)
        mg_text_set_fact(&facts[n++], N_("Session"), "%s", client->state);
    if (n < max)
        mg_text_set_fact(&facts[n++], N_("Server"), "%s (%s:%u)", client->server, client->address,
                         client->port);
    if (n < max && client->secure)
        mg_text_set_fact(&facts[n++], N_("Protected by"), "%s",
                         client->verified ? N_("TLS; the server has proved its name")
                                          : N_("TLS; the server has not proved its name"));
    if (n < max && client->logged_in)
        mg_text_set_fact(&facts[n++], N_("Logged in"), "%s",
                         mg_sasl_mechanisms[mg_sasl_client_mechanism(client->sasl)].name);
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
