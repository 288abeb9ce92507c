/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-server.c - the server's end of SMTP (RFC 5321), and LMTP (RFC 2033), which is the same
 * conversation with a reply for each recipient at its end
 *
 * Input is read one line at a time, and only while no ask is open, so replies keep the order of
 * commands that were pipelined (RFC 2920 §3.1). A letter is collected as it comes: what is larger
 * than the limit is read to its end and not kept.
 *
 * Stricter than most: only CR LF ends a line, and a lone CR or LF in a letter is refused, because
 * two servers that see different line ends see different letters ("SMTP smuggling").
 */
#include "smtp-session.h"

#include <stdarg.h>

#include "text.h"

#define ASK_TIMEOUT    (30 * MG_SECONDS)
#define ACCEPT_TIMEOUT (2 * MG_MINUTES)
#define WAITING_MAX    ((size_t)1024 * 1024) /* octets that a client may send ahead while we wait */

const char MG_SMTP_CONNECTED[] = N_("connected"), MG_SMTP_REFUSED[] = N_("refused"),
           MG_SMTP_READY[] = N_("ready"), MG_SMTP_MAIL[] = N_("mail"),
           MG_SMTP_RECIPIENTS[] = N_("recipients"), MG_SMTP_DATA[] = N_("data"),
           MG_SMTP_CLOSED[] = N_("closed");

#define MAIL_ROWS                                                                                  \
    {MG_SMTP_READY, N_("MAIL is accepted"), MG_SMTP_MAIL, "RFC 5321 §3.3"},                        \
        {MG_SMTP_MAIL, N_("the first RCPT is accepted"), MG_SMTP_RECIPIENTS, "RFC 5321 §3.3"},     \
        {MG_SMTP_MAIL, N_("RSET, or another greeting"), MG_SMTP_READY, "RFC 5321 §4.1.1.5"},       \
        {MG_SMTP_RECIPIENTS, N_("DATA"), MG_SMTP_DATA, "RFC 5321 §3.3"},                           \
        {MG_SMTP_RECIPIENTS, N_("RSET, or another greeting"), MG_SMTP_READY, "RFC 5321 §4.1.1.5"}, \
        {MG_SMTP_CONNECTED, N_("QUIT, or the connection ends"), MG_SMTP_CLOSED, "RFC 5321 §3.8"},  \
        {MG_SMTP_READY, N_("QUIT, or the connection ends"), MG_SMTP_CLOSED, "RFC 5321 §4.1.1.10"}, \
        {MG_SMTP_MAIL, N_("QUIT, or the connection ends"), MG_SMTP_CLOSED, "RFC 5321 §4.1.1.10"},  \
        {MG_SMTP_RECIPIENTS, N_("QUIT, or the connection ends"), MG_SMTP_CLOSED,                   \
         "RFC 5321 §4.1.1.10"},                                                                    \
    {                                                                                              \
        MG_SMTP_DATA, N_("the connection ends before the final dot: the mail does not exist"),     \
            MG_SMTP_CLOSED, "RFC 5321 §4.1.1.4"                                                   \
    }

static const MgTransition transitions[] = {
    {MG_SMTP_CONNECTED, N_("HELO or EHLO is accepted"), MG_SMTP_READY, "RFC 5321 §3.2"},
    {MG_SMTP_CONNECTED, N_("a policy wants no mail from this client"), MG_SMTP_REFUSED,
     "RFC 5321 §3.1"},
    {MG_SMTP_REFUSED, N_("QUIT, or the connection ends"), MG_SMTP_CLOSED, "RFC 5321 §3.1"},
    {MG_SMTP_DATA, N_("the final dot, and its reply"), MG_SMTP_READY, "RFC 5321 §4.1.1.4"},
    MAIL_ROWS,
    {0},
};

static const MgTransition lmtp_transitions[] = {
    {MG_SMTP_CONNECTED, N_("LHLO is accepted"), MG_SMTP_READY, "RFC 2033 §4.1"},
    {MG_SMTP_DATA, N_("the final dot, and a reply for each recipient"), MG_SMTP_READY,
     "RFC 2033 §4.2"},
    MAIL_ROWS,
    {0},
};

const MgRule mg_smtp_session_rules[] = {
    [MG_SMTP_R_BARE_LF] = {"smtp.bare-lf", MG_SEVERITY_FAULT, "RFC 5321 §2.3.8",
                           N_("A line feed without its carriage return does not end a line.")},
    [MG_SMTP_R_BARE_CR] = {"smtp.bare-cr", MG_SEVERITY_FAULT, "RFC 5321 §2.3.8",
                           N_("A carriage return must be followed by a line feed.")},
    [MG_SMTP_R_LINE_LONG] = {"smtp.line-too-long", MG_SEVERITY_FAULT, "RFC 5321 §4.5.3.1.4",
                             N_("A command line may have at most 512 octets.")},
    [MG_SMTP_R_TEXT_LONG] = {"smtp.text-line-too-long", MG_SEVERITY_FAULT, "RFC 5321 §4.5.3.1.6",
                             N_("A line of a letter may have at most 1000 octets.")},
    [MG_SMTP_R_UNKNOWN] = {"smtp.unknown-command", MG_SEVERITY_WARN, "RFC 5321 §4.2.4",
                           N_("This server does not know the command.")},
    [MG_SMTP_R_NOT_HERE] = {"smtp.not-offered", MG_SEVERITY_WARN, "RFC 5321 §2.2.2",
                            N_("The client uses an extension that the server did not offer.")},
    [MG_SMTP_R_ORDER] = {"smtp.wrong-order", MG_SEVERITY_FAULT, "RFC 5321 §4.1.4",
                         N_("This command is not allowed at this point of the session.")},
    [MG_SMTP_R_ARGUMENT] = {"smtp.bad-argument", MG_SEVERITY_FAULT, "RFC 5321 §4.1.2",
                            N_("What follows the command is missing, too much or not of the right "
                               "form.")},
    [MG_SMTP_R_PARAMETER] = {"smtp.bad-parameter", MG_SEVERITY_FAULT, "RFC 5321 §4.1.1.11",
                             N_("A parameter after the address is not known, not offered or not "
                                "of the right form.")},
    [MG_SMTP_R_HELO] = {"smtp.bad-helo", MG_SEVERITY_FAULT, "RFC 5321 §4.1.1.1",
                        N_("A client greets with its domain name, or with its address in "
                           "brackets.")},
    [MG_SMTP_R_PATH] = {"smtp.bad-address", MG_SEVERITY_FAULT, "RFC 5321 §4.1.2",
                        N_("This is not an address, or it is longer than an address may be.")},
    [MG_SMTP_R_NOT_ASCII] = {"smtp.address-not-ascii", MG_SEVERITY_FAULT, "RFC 6531 §3.3",
                             N_("An address may hold letters beyond ASCII only where SMTPUTF8 was "
                                "offered.")},
    [MG_SMTP_R_SPACE] = {"smtp.space-after-colon", MG_SEVERITY_WARN, "RFC 5321 §3.3",
                         N_("No space belongs between the colon and the address; this server "
                            "takes it all the same.")},
    [MG_SMTP_R_BRACKETS] = {"smtp.no-angle-brackets", MG_SEVERITY_WARN, "RFC 5321 §4.1.2",
                            N_("An address stands in angle brackets; this server takes it "
                               "without.")},
    [MG_SMTP_R_ROUTE] = {"smtp.source-route", MG_SEVERITY_NOTE, "RFC 5321 §4.1.1.3",
                         N_("A route before the address, from the early days; it is left out.")},
    [MG_SMTP_R_RELAY] = {"smtp.relay-denied", MG_SEVERITY_NOTE, "RFC 5321 §7.9",
                         N_("The recipient is not of this server, and the client is not one that "
                            "it sends mail for.")},
    [MG_SMTP_R_NO_MAILBOX] = {"smtp.no-mailbox", MG_SEVERITY_NOTE, "RFC 5321 §3.3",
                              N_("There is no mailbox of this name here.")},
    [MG_SMTP_R_MANY] = {"smtp.too-many-recipients", MG_SEVERITY_NOTE, "RFC 5321 §4.5.3.1.10",
                        N_("The mail has more recipients than the server takes at once.")},
    [MG_SMTP_R_SIZE] = {"smtp.too-large", MG_SEVERITY_NOTE, "RFC 1870 §6.1",
                        N_("The message is larger than the server takes.")},
    [MG_SMTP_R_POLICY] = {"smtp.policy", MG_SEVERITY_NOTE, "RFC 5321 §7.8",
                          N_("A policy of this server has something against it.")},
    [MG_SMTP_R_EARLY_END] = {"smtp.ended-early", MG_SEVERITY_WARN, "RFC 5321 §4.1.1.10",
                             N_("The connection ended without QUIT; a mail that was not finished "
                                "is thrown away.")},
    [MG_SMTP_R_TIMEOUT] = {"smtp.timeout", MG_SEVERITY_NOTE, "RFC 5321 §4.5.3.2.7",
                           N_("The client was silent for too long; the server hangs up.")},
    [MG_SMTP_R_ASK_TIMEOUT] = {"smtp.no-decision", MG_SEVERITY_NOTE, "RFC 5321 §4.2.5",
                               N_("Whoever should have decided did not answer in time.")},
    [MG_SMTP_R_FLOOD] = {"smtp.flood", MG_SEVERITY_FAULT, "RFC 2920 §3.1",
                         N_("The client sends far more than the server can keep while it waits.")},
    [MG_SMTP_R_ERRORS] = {"smtp.too-many-errors", MG_SEVERITY_NOTE, "RFC 5321 §3.8",
                          N_("The client makes one mistake after the other; the server hangs up.")},
    [MG_SMTP_R_OTHER_PROTOCOL] = {"smtp.other-protocol", MG_SEVERITY_FAULT, "RFC 5321 §4.1.1",
                                  N_("The client speaks HTTP, and this is a mail server.")},
    {0},
};

#define TIMEOUT_ROW                                                                                \
    {                                                                                              \
        "timeout", MG_SETTING_TIME, "5min",                                                        \
            N_("How long a client may be silent before the server hangs up (at least 5 minutes).") \
    }
#define SIZE_ROW                                                                                   \
    {                                                                                              \
        "size_max", MG_SETTING_UINT, "10485760",                                                   \
            N_("The largest message in octets, told with the extension SIZE; 0 is no limit.")      \
    }
#define RECIPIENTS_ROW                                                                             \
    {                                                                                              \
        "recipients_max", MG_SETTING_UINT, "1000",                                                 \
            N_("How many recipients one mail may have (at least 100).")                            \
    }
#define LINE_ROW                                                                                   \
    {                                                                                              \
        "text_line_max", MG_SETTING_UINT, "1000",                                                  \
            N_("The longest line of a message in octets; 0 is no limit.")                          \
    }
#define ERRORS_ROW                                                                                 \
    {                                                                                              \
        "errors_max", MG_SETTING_UINT, "20",                                                       \
            N_("After so many mistakes in one session the server hangs up; 0 is never.")           \
    }

static const MgSettingRow server_settings[] = {
    {"domains", MG_SETTING_TEXT, NULL, N_("The domains whose mail ends here, separated by \";\".")},
    {"deliver", MG_SETTING_TEXT, "store",
     N_("Where mail for these domains goes: `store`, the mailboxes of this host, or "
        "`lmtp:HOST:PORT`.")},
    {"relay_from", MG_SETTING_TEXT, NULL,
     N_("Clients that may send to everywhere through port 25: addresses or networks such as "
        "192.0.2.0/24, separated by \";\".")},
    {"open_relay", MG_SETTING_BOOL, "no",
     N_("Lets everybody send to everywhere. Never do that outside a lesson.")},
    {"policy_stages", MG_SETTING_TEXT, NULL,
     N_("When policies are asked: any of connect, helo, mail, rcpt, message, separated by "
        "\";\".")},
    {"extensions", MG_SETTING_TEXT, "PIPELINING;SIZE;8BITMIME;ENHANCEDSTATUSCODES",
     N_("The extensions that the server offers, separated by \";\".")},
    SIZE_ROW,
    RECIPIENTS_ROW,
    LINE_ROW,
    ERRORS_ROW,
    TIMEOUT_ROW,
    {0},
};

static const MgSettingRow lmtp_settings[] = {
    SIZE_ROW, RECIPIENTS_ROW, LINE_ROW, ERRORS_ROW, TIMEOUT_ROW, {0},
};

/* ---- what the session says ---- */

void mg_smtp_reply(MgSmtpSession *session, unsigned code, const char *enhanced, const char *format,
                   ...)
{
    GString *out = session->out.octets;
    if (session->gone)
        return;
    bool shown = enhanced != NULL && (session->extensions & MG_SMTP_X_ENHANCED) != 0;
    g_string_append_printf(out, "%u %s%s", code, shown ? enhanced : "", shown ? " " : "");
    size_t start = out->len;
    va_list arguments;
    va_start(arguments, format);
    g_string_append_vprintf(out, format, arguments);
    va_end(arguments);
    /* RFC 5321 §4.5.3.1.5; and what an answer brought must not make a second line of ours. */
    if (out->len - start > 400)
        g_string_truncate(out, start + 400);
    for (size_t i = start; i < out->len; i++)
        if ((uint8_t)out->str[i] < 0x20 || out->str[i] == 0x7f)
            out->str[i] = ' ';
    g_string_append(out, "\r\n");
}

void mg_smtp_note(MgSmtpSession *session, unsigned rule, MgSpan where)
{
    mg_outbox_note(&session->out, &mg_smtp_session_rules[rule], where);
}

MgSpan mg_smtp_line(const MgSmtpSession *session)
{
    return (MgSpan){(const uint8_t *)session->line, session->line_used};
}

void mg_smtp_refuse(MgSmtpSession *session, unsigned rule, unsigned code, const char *enhanced,
                    const char *text)
{
    mg_smtp_note(session, rule, mg_smtp_line(session));
    mg_smtp_reply(session, code, enhanced, "%s", text);
    session->n_errors++;
}

void mg_smtp_enter(MgSmtpSession *session, const char *state)
{
    mg_outbox_enter(&session->out, session->base.kind->transitions, &session->state, state);
}

void mg_smtp_finish(MgSmtpSession *session)
{
    if (session->closed)
        return;
    mg_smtp_enter(session, MG_SMTP_CLOSED);
    mg_outbox_add(&session->out, (MgEvent){.kind = MG_EVENT_CLOSE});
    session->closed = true;
}

/* ---- asks ---- */

static void ask(MgSmtpSession *session, MgSmtpWait wait, const char *topic)
{
    session->wait = wait;
    session->asked = session->now;
    mg_outbox_add(&session->out, (MgEvent){.kind = MG_EVENT_ASK,
                                           .ask = {.id = ++session->last_ask,
                                                   .topic = topic,
                                                   .question = &session->question,
                                                   .taken = session->taken}});
}

static void cancel(MgSmtpSession *session)
{
    mg_outbox_add(&session->out, (MgEvent){.kind = MG_EVENT_CANCEL, .cancel = session->last_ask});
    session->wait = MG_SMTP_WAIT_NOTHING;
}

static MgSpan letter(const MgSmtpSession *session)
{
    return (MgSpan){session->data->data, session->data->len};
}

/* MgMail wants an array; a NULL is kept behind its last. */
static MgMail mail_of(const MgSmtpSession *session)
{
    return (MgMail){.mail_from = session->mail_from,
                    .recipients = (const char *const *)session->recipients->pdata,
                    .n_recipients = session->recipients->len};
}

bool mg_smtp_ask_policy(MgSmtpSession *session, MgStage stage)
{
    if ((session->stages & (unsigned)stage) == 0)
        return false;
    session->stage = stage;
    session->question.policy = (MgPolicyQuestion){.stage = stage,
                                                  .client_ip = session->peer,
                                                  .helo = session->helo,
                                                  .mail = mail_of(session),
                                                  .rcpt = session->recipient};
    if (stage == MG_STAGE_MESSAGE)
        session->question.policy.mail.data = letter(session);
    ask(session, MG_SMTP_WAIT_POLICY, MG_TOPIC_POLICY);
    return true;
}

void mg_smtp_ask_mailbox(MgSmtpSession *session, MgMailboxOp op)
{
    bool append = op == MG_MAILBOX_APPEND;
    session->question.mailbox = (MgMailboxQuestion){.op = op, .user = session->recipient};
    if (append) {
        session->question.mailbox.user =
            g_ptr_array_index(session->recipients, session->n_appended);
        session->question.mailbox.mail_from = session->mail_from;
        session->question.mailbox.data = letter(session);
    }
    ask(session, append ? MG_SMTP_WAIT_APPEND : MG_SMTP_WAIT_MAILBOX, MG_TOPIC_MAILBOX);
}

/* ---- the end of a letter ---- */

static void end_of_mail(MgSmtpSession *session)
{
    mg_smtp_forget_mail(session);
    mg_smtp_enter(session, MG_SMTP_READY);
}

/* One reply, or in LMTP one for each recipient (RFC 2033 §4.2). */
static void reply_to_data(MgSmtpSession *session, unsigned code, const char *enhanced,
                          const char *text)
{
    for (unsigned i = 0; i < (session->lmtp ? session->recipients->len : 1); i++)
        mg_smtp_reply(session, code, enhanced, "%s", text);
    end_of_mail(session);
}

static void take_responsibility(MgSmtpSession *session)
{
    if (session->lmtp) {
        session->n_appended = 0;
        mg_smtp_ask_mailbox(session, MG_MAILBOX_APPEND);
        return;
    }
    session->question.accept = mail_of(session);
    session->question.accept.data = letter(session);
    ask(session, MG_SMTP_WAIT_ACCEPT, MG_TOPIC_ACCEPT);
}

static void final_dot(MgSmtpSession *session)
{
    static const MgSpan dot = {(const uint8_t *)".\r\n", 3};
    if (session->data_fault == MG_SMTP_R_BARE_LF || session->data_fault == MG_SMTP_R_BARE_CR) {
        /* The two ends disagree about where lines end, so nothing more of this can be trusted. */
        mg_smtp_note(session, (unsigned)session->data_fault, dot);
        reply_to_data(session, 521, "5.5.2", "Lines must end with CR LF");
        mg_smtp_finish(session);
    } else if (session->too_large) { /* RFC 1870 §6.3 */
        mg_smtp_note(session, MG_SMTP_R_SIZE, dot);
        reply_to_data(session, 552, "5.3.4", "The message is too large");
    } else if (session->data_fault == MG_SMTP_R_TEXT_LONG) { /* RFC 5321 §4.5.3.1.9 */
        mg_smtp_note(session, MG_SMTP_R_TEXT_LONG, dot);
        session->n_errors++;
        reply_to_data(session, 500, "5.5.2", "A line of the message is too long");
    } else if (!mg_smtp_ask_policy(session, MG_STAGE_MESSAGE)) {
        take_responsibility(session);
    }
}

/* Keeps octets of the letter that hold at most one LF, at their end. */
static void keep(MgSmtpSession *session, const uint8_t *bytes, size_t len, bool lf)
{
    bool ended = lf && (len > 1 ? bytes[len - 2] : session->last) == '\r';
    /* A CR is alone if what follows it is there and is not LF. */
    size_t followed = len - MIN(len, lf ? 2 : 1);
    bool bare_cr = (session->last == '\r' && bytes[0] != '\n') ||
                   (followed > 0 && memchr(bytes, '\r', followed) != NULL);
    session->line_len += len;
    session->size += len;
    if (lf && !ended)
        session->data_fault = MG_SMTP_R_BARE_LF;
    else if (bare_cr && session->data_fault != MG_SMTP_R_BARE_LF)
        session->data_fault = MG_SMTP_R_BARE_CR;
    else if (session->text_line_max > 0 && session->line_len > session->text_line_max &&
             session->data_fault < 0)
        session->data_fault = MG_SMTP_R_TEXT_LONG;
    if (session->size_max > 0 && session->size > session->size_max)
        session->too_large = true;
    session->last = bytes[len - 1];
    session->line_start = ended;
    if (ended)
        session->line_len = 0;
    if (!session->too_large && session->data_fault < 0)
        g_byte_array_append(session->data, bytes, (guint)len);
    else if (session->data->len > 0)
        g_byte_array_set_size(session->data, 0);
}

/* Reads of the letter what is there. Returns false when more is needed. */
static bool read_data(MgSmtpSession *session)
{
    const uint8_t *start = (const uint8_t *)session->in->str + session->in_at;
    const uint8_t *at = start, *end = (const uint8_t *)session->in->str + session->in->len;
    bool done = false;
    while (at < end && !done) {
        if (session->line_start && *at == '.') {
            size_t left = (size_t)(end - at);
            if (left < 2 || (left < 3 && at[1] == '\r'))
                break; /* perhaps the final dot */
            done = at[1] == '\r' && at[2] == '\n';
            at += done ? 3 : 1; /* RFC 5321 §4.5.2: a dot that was added goes */
            session->line_start = false;
            continue;
        }
        const uint8_t *lf = memchr(at, '\n', (size_t)(end - at));
        const uint8_t *next = lf != NULL ? lf + 1 : end;
        keep(session, at, (size_t)(next - at), lf != NULL);
        at = next;
    }
    session->in_at += (size_t)(at - start);
    session->taken += (uint64_t)(at - start);
    if (done)
        final_dot(session);
    return done;
}

/* ---- answers ---- */

static bool is_refusal(const MgVerdict *verdict)
{
    return verdict->code < 200 || verdict->code > 299;
}

/* The connection was not wanted: only QUIT is obeyed from here on (RFC 5321 §3.1). */
static void refuse_at(MgSmtpSession *session, MgStage stage, const MgVerdict *verdict)
{
    unsigned code = verdict->code >= 400 && verdict->code <= 599 ? verdict->code : 451;
    const char *enhanced = verdict->enhanced;
    if (verdict->code == 0)
        enhanced = "4.4.3";
    const char *text = verdict->text != NULL ? verdict->text
                       : code < 500          ? "Not now; try again later"
                                             : "Refused by a policy";
    mg_smtp_note(session, MG_SMTP_R_POLICY, (MgSpan){NULL, 0});
    if (stage == MG_STAGE_MESSAGE) {
        reply_to_data(session, code, enhanced, text);
    } else if (stage == MG_STAGE_CONNECT) {
        mg_smtp_reply(session, code == 421 ? 421 : 554, NULL, "%s %s", session->host, text);
        if (code != 421)
            mg_smtp_enter(session, MG_SMTP_REFUSED);
    } else {
        mg_smtp_reply(session, code, enhanced, "%s", text);
    }
    if (stage == MG_STAGE_HELO)
        g_clear_pointer(&session->helo, g_free);
    else if (stage == MG_STAGE_MAIL)
        g_clear_pointer(&session->mail_from, g_free);
    else if (stage == MG_STAGE_RCPT)
        g_clear_pointer(&session->recipient, g_free);
    if (code == 421) /* RFC 5321 §3.8 */
        mg_smtp_finish(session);
}

static void greeting(MgSmtpSession *session)
{
    mg_smtp_reply(session, 220, NULL, "%s %s", session->host, session->lmtp ? "LMTP" : "ESMTP");
}

/* `verdict` NULL: nobody here has a policy, so nothing is against it. */
static void policy_answered(MgSmtpSession *session, const MgVerdict *verdict)
{
    MgStage stage = session->stage;
    if (verdict != NULL && is_refusal(verdict))
        refuse_at(session, stage, verdict);
    else if (stage == MG_STAGE_CONNECT)
        greeting(session);
    else if (stage == MG_STAGE_MESSAGE)
        take_responsibility(session);
    else
        mg_smtp_go_on(session, stage);
}

static void accept_answered(MgSmtpSession *session, const MgVerdict *verdict)
{
    static const MgVerdict none = {451, "4.3.0", "Nobody here takes mail now"};
    if (verdict == NULL || verdict->code < 200 || (verdict->code >= 300 && verdict->code < 400) ||
        verdict->code > 599)
        verdict = &none;
    const char *text = verdict->text != NULL ? verdict->text
                       : verdict->code < 300 ? "Ok"
                                             : "Not accepted";
    unsigned code = verdict->code;
    /* `text` may be in the answer, which is gone after this; reply_to_data() copies it first. */
    reply_to_data(session, code, verdict->enhanced, text);
    if (code == 421)
        mg_smtp_finish(session);
}

static void appended(MgSmtpSession *session, const MgMailboxAnswer *answer)
{
    const char *recipient = g_ptr_array_index(session->recipients, session->n_appended);
    switch (answer != NULL ? answer->result : MG_MAILBOX_FAILED) {
    case MG_MAILBOX_OK:
        mg_smtp_reply(session, 250, "2.1.5", "Delivered to <%s>", recipient);
        break;
    case MG_MAILBOX_NONE:
        mg_smtp_note(session, MG_SMTP_R_NO_MAILBOX, (MgSpan){NULL, 0});
        mg_smtp_reply(session, 550, "5.1.1", "No mailbox here for <%s>", recipient);
        break;
    case MG_MAILBOX_FULL:
        mg_smtp_reply(session, 452, "4.2.2", "The mailbox of <%s> is full", recipient);
        break;
    default:
        mg_smtp_reply(session, 451, "4.3.0", "The mailboxes cannot be asked now");
    }
    if (++session->n_appended < session->recipients->len)
        mg_smtp_ask_mailbox(session, MG_MAILBOX_APPEND);
    else
        end_of_mail(session);
}

static void ask_timed_out(MgSmtpSession *session)
{
    static const MgVerdict late = {451, "4.3.0", "The mail could not be kept in time"};
    MgSmtpWait wait = session->wait;
    MgStage stage = session->stage;
    mg_smtp_note(session, MG_SMTP_R_ASK_TIMEOUT, (MgSpan){NULL, 0});
    cancel(session);
    switch (wait) {
    case MG_SMTP_WAIT_POLICY:
        if (stage == MG_STAGE_CONNECT) {
            mg_smtp_reply(session, 421, NULL, "%s Not now; try again later", session->host);
            mg_smtp_finish(session);
            return;
        }
        if (stage == MG_STAGE_MESSAGE) {
            reply_to_data(session, 451, "4.4.3", "Policy decision timed out");
            return;
        }
        mg_smtp_reply(session, 451, "4.4.3", "Policy decision timed out");
        if (stage == MG_STAGE_HELO)
            g_clear_pointer(&session->helo, g_free);
        else if (stage == MG_STAGE_MAIL)
            g_clear_pointer(&session->mail_from, g_free);
        g_clear_pointer(&session->recipient, g_free);
        return;
    case MG_SMTP_WAIT_MAILBOX:
        mg_smtp_mailbox_found(session, NULL);
        return;
    case MG_SMTP_WAIT_ACCEPT:
        accept_answered(session, &late);
        return;
    default:
        appended(session, NULL);
    }
}

/* ---- lines ---- */

static void bare_lf(MgSmtpSession *session)
{
    mg_smtp_refuse(session, MG_SMTP_R_BARE_LF, 500, "5.5.2", "Lines must end with CR LF");
    mg_smtp_finish(session);
}

/* The line as it came, kept for notes: `in` may move before they are handed out. */
static void keep_line(MgSmtpSession *session, const uint8_t *start, size_t len)
{
    session->line_used = MIN(len, sizeof session->line);
    memcpy(session->line, start, session->line_used);
}

/* The rest of a line that is too long. */
static void skip_line(MgSmtpSession *session, const uint8_t *start, size_t len)
{
    const uint8_t *lf = memchr(start, '\n', len);
    size_t used = lf != NULL ? (size_t)(lf - start) + 1 : len;
    uint8_t before = used > 1 && lf != NULL ? start[used - 2] : session->skip_last;
    session->in_at += used;
    session->taken += used;
    session->skip_last = start[used - 1];
    if (lf == NULL)
        return;
    session->skipping = false;
    if (before != '\r')
        bare_lf(session);
}

static void run_line(MgSmtpSession *session, size_t len)
{
    const uint8_t *line = (const uint8_t *)session->line;
    size_t text = len - 2;
    session->in_at += len;
    session->taken += len;
    if (memchr(line, '\r', text) != NULL)
        mg_smtp_refuse(session, MG_SMTP_R_BARE_CR, 500, "5.5.2", "Lines must end with CR LF");
    else if (memchr(line, '\0', text) != NULL)
        mg_smtp_refuse(session, MG_SMTP_R_ARGUMENT, 500, "5.5.2", "No NUL in a command");
    else
        mg_smtp_run_command(session, (MgSpan){line, text});
    if (!session->closed && session->errors_max > 0 && session->n_errors >= session->errors_max) {
        mg_smtp_note(session, MG_SMTP_R_ERRORS, (MgSpan){NULL, 0});
        if (session->wait != MG_SMTP_WAIT_NOTHING)
            cancel(session);
        mg_smtp_reply(session, 421, "4.7.0", "Too many errors");
        mg_smtp_finish(session);
    }
}

/* Reads one line. Returns false when more is needed. */
static bool read_line(MgSmtpSession *session)
{
    const uint8_t *start = (const uint8_t *)session->in->str + session->in_at;
    size_t len = session->in->len - session->in_at, line = 0;
    if (session->skipping) {
        skip_line(session, start, len);
        return true;
    }
    switch (mg_text_cut_line((MgSpan){start, len}, MG_SMTP_COMMAND_LINE_MAX, &line)) {
    case MG_LINE_MORE:
        return false;
    case MG_LINE_TOO_LONG:
        keep_line(session, start, MG_SMTP_COMMAND_LINE_MAX);
        mg_smtp_refuse(session, MG_SMTP_R_LINE_LONG, 500, "5.5.2", "The line is too long");
        session->skipping = true;
        session->skip_last = '\0';
        return true;
    case MG_LINE_BARE_LF:
        keep_line(session, start, line);
        session->in_at += line;
        session->taken += line;
        bare_lf(session);
        return true;
    default:
        keep_line(session, start, line);
        run_line(session, line);
        return true;
    }
}

/* ---- the engine ---- */

static unsigned read_stages(const char *text)
{
    static const struct {
        const char *name;
        MgStage stage;
    } names[] = {{"connect", MG_STAGE_CONNECT},
                 {"helo", MG_STAGE_HELO},
                 {"mail", MG_STAGE_MAIL},
                 {"rcpt", MG_STAGE_RCPT},
                 {"message", MG_STAGE_MESSAGE}};
    unsigned stages = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (mg_text_list_has(text, mg_span_from_string(names[i].name)))
            stages |= (unsigned)names[i].stage;
    return stages;
}

static unsigned read_extensions(const char *text)
{
    static const char *const names[] = {"PIPELINING", "SIZE", "8BITMIME", "ENHANCEDSTATUSCODES"};
    unsigned extensions = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (mg_text_list_has(text, mg_span_from_string(names[i])))
            extensions |= 1u << i;
    return extensions;
}

static void read_settings(MgSmtpSession *session, const MgSettings *settings)
{
    session->domains = g_strdup(mg_settings_get(settings, "domains", ""));
    session->relay_from = g_strdup(mg_settings_get(settings, "relay_from", ""));
    session->open_relay = mg_text_is_yes(mg_settings_get(settings, "open_relay", "no"));
    session->store = strcmp(mg_settings_get(settings, "deliver", "store"), "store") == 0;
    if (!session->lmtp) /* what comes by LMTP was judged where it came in */
        session->stages = read_stages(mg_settings_get(settings, "policy_stages", ""));
    session->extensions = read_extensions(
        mg_settings_get(settings, "extensions", "PIPELINING;SIZE;8BITMIME;ENHANCEDSTATUSCODES"));
    session->recipients_max =
        (unsigned)MIN(mg_settings_get_uint(settings, "recipients_max", 1000), 100000);
    session->errors_max = (unsigned)MIN(mg_settings_get_uint(settings, "errors_max", 20), 1000000);
    session->text_line_max = (unsigned)MIN(
        mg_settings_get_uint(settings, "text_line_max", MG_SMTP_TEXT_LINE_MAX), 1u << 30);
    session->size_max = MIN(mg_settings_get_uint(settings, "size_max", 10485760), 1u << 30);
    session->idle_max = mg_settings_get_time(settings, "timeout", 5 * MG_MINUTES);
}

static MgEngine *session_create(const MgBirth *birth, const MgEngineKind *kind)
{
    MgSmtpSession *session = g_new0(MgSmtpSession, 1);
    session->base.kind = kind;
    session->lmtp = kind == &mg_smtp_lmtp;
    session->submission = birth->local_port == 587; /* RFC 6409 §3.1 */
    mg_outbox_init(&session->out);
    session->in = g_string_new(NULL);
    session->state = MG_SMTP_CONNECTED;
    session->host = g_strdup(birth->host);
    session->peer = g_strdup(birth->peer_address != NULL ? birth->peer_address : "");
    session->recipients = g_ptr_array_new_with_free_func(g_free);
    session->data = g_byte_array_new();
    session->data_fault = -1;
    session->epoch = birth->epoch;
    session->seed = birth->seed;
    session->now = session->heard = birth->now;
    read_settings(session, birth->settings);
    if (!mg_smtp_ask_policy(session, MG_STAGE_CONNECT))
        greeting(session);
    return &session->base;
}

static MgEngine *server_create(const MgBirth *birth)
{
    return session_create(birth, &mg_smtp_server);
}

static MgEngine *lmtp_create(const MgBirth *birth)
{
    return session_create(birth, &mg_smtp_lmtp);
}

static void session_free(MgEngine *engine)
{
    MgSmtpSession *session = (MgSmtpSession *)engine;
    mg_outbox_clear(&session->out);
    g_string_free(session->in, TRUE);
    g_ptr_array_unref(session->recipients);
    g_byte_array_unref(session->data);
    g_free(session->host);
    g_free(session->peer);
    g_free(session->domains);
    g_free(session->relay_from);
    g_free(session->helo);
    g_free(session->mail_from);
    g_free(session->recipient);
    g_free(session);
}

static void session_receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    MgSmtpSession *session = (MgSmtpSession *)engine;
    if (session->closed || session->ended)
        return;
    session->now = session->heard = now;
    g_string_append_len(session->in, (const char *)bytes.data, (gssize)bytes.len);
}

static bool has_input(const MgSmtpSession *session)
{
    return session->in_at < session->in->len;
}

/* What was received before still counts, so this is looked at in next(), after it. */
static void session_receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
    MgSmtpSession *session = (MgSmtpSession *)engine;
    session->now = now;
    session->ended = true;
    if (how != MG_END_CLOSED)
        session->gone = true;
}

static MgTime session_deadline(const MgEngine *engine)
{
    const MgSmtpSession *session = (const MgSmtpSession *)engine;
    if (session->closed)
        return MG_TIME_NEVER;
    if (session->wait == MG_SMTP_WAIT_NOTHING)
        return session->heard + session->idle_max;
    return session->asked + (session->wait == MG_SMTP_WAIT_ACCEPT ? ACCEPT_TIMEOUT : ASK_TIMEOUT);
}

static void session_advance(MgEngine *engine, MgTime now)
{
    MgSmtpSession *session = (MgSmtpSession *)engine;
    if (now < session_deadline(engine) || session->closed)
        return;
    session->now = session->heard = now;
    if (session->wait != MG_SMTP_WAIT_NOTHING) {
        ask_timed_out(session);
        return;
    }
    mg_smtp_note(session, MG_SMTP_R_TIMEOUT, (MgSpan){NULL, 0});
    mg_smtp_reply(session, 421, "4.4.2", "%s You were silent for too long", session->host);
    mg_smtp_finish(session);
}

static bool session_answer(MgEngine *engine, MgAskId ask_id, const void *answer, MgTime now)
{
    MgSmtpSession *session = (MgSmtpSession *)engine;
    if (session->closed || session->wait == MG_SMTP_WAIT_NOTHING || ask_id != session->last_ask)
        return false;
    MgSmtpWait wait = session->wait;
    session->wait = MG_SMTP_WAIT_NOTHING;
    session->now = session->heard = now;
    if (wait == MG_SMTP_WAIT_POLICY)
        policy_answered(session, answer);
    else if (wait == MG_SMTP_WAIT_MAILBOX)
        mg_smtp_mailbox_found(session, answer);
    else if (wait == MG_SMTP_WAIT_ACCEPT)
        accept_answered(session, answer);
    else
        appended(session, answer);
    return true;
}

/* The peer's octets have ended. A letter that was read whole is still handed over (RFC 1047: the
 * client may have it twice, but never not at all); any other ask has lost its purpose. */
static bool end_session(MgSmtpSession *session)
{
    if (session->wait == MG_SMTP_WAIT_ACCEPT || session->wait == MG_SMTP_WAIT_APPEND)
        return false;
    if (session->wait != MG_SMTP_WAIT_NOTHING) {
        if (has_input(session) && !session->gone)
            return false;
        cancel(session);
    }
    mg_smtp_note(session, MG_SMTP_R_EARLY_END, (MgSpan){NULL, 0});
    mg_smtp_finish(session);
    return true;
}

static void flood(MgSmtpSession *session)
{
    mg_smtp_note(session, MG_SMTP_R_FLOOD, (MgSpan){NULL, 0});
    if (session->wait != MG_SMTP_WAIT_NOTHING)
        cancel(session);
    mg_smtp_reply(session, 421, "4.3.2", "Too much at once");
    mg_smtp_finish(session);
}

/* Makes the next thing happen. Returns false when nothing can. */
static bool step(MgSmtpSession *session)
{
    if (session->wait != MG_SMTP_WAIT_NOTHING) {
        if (session->ended)
            return end_session(session);
        if (session->in->len - session->in_at <= WAITING_MAX)
            return false;
        flood(session);
        return true;
    }
    if (has_input(session) &&
        (session->state == MG_SMTP_DATA ? read_data(session) || !has_input(session)
                                        : read_line(session)))
        return true;
    return session->ended && end_session(session);
}

static bool session_next(MgEngine *engine, MgEvent *event)
{
    MgSmtpSession *session = (MgSmtpSession *)engine;
    while (!mg_outbox_next(&session->out, event)) {
        if (session->closed || !step(session)) {
            if (session->in_at > 0) {
                g_string_erase(session->in, 0, (gssize)session->in_at);
                session->in_at = 0;
            }
            return false;
        }
    }
    return true;
}

static size_t session_facts(const MgEngine *engine, MgFact *facts, size_t max)
{
    const MgSmtpSession *session = (const MgSmtpSession *)engine;
    size_t n = 0;
    if (n < max)
        mg_text_set_fact(&facts[n++], N_("Session"), "%s", session->state);
    if (n < max)
        mg_text_set_fact(
            &facts[n++], N_("Client"), "%s%s%s%s", session->helo != NULL ? session->helo : "",
            session->helo != NULL ? " (" : "", session->peer, session->helo != NULL ? ")" : "");
    if (n < max && session->mail_from != NULL)
        mg_text_set_fact(&facts[n++], N_("Envelope from"), "<%s>", session->mail_from);
    if (n < max && session->recipients->len > 0)
        mg_text_set_fact(&facts[n++], N_("Recipients"), "%u: %s%s", session->recipients->len,
                         (const char *)g_ptr_array_index(session->recipients, 0),
                         session->recipients->len > 1 ? " …" : "");
    if (n < max && session->state == MG_SMTP_DATA)
        mg_text_set_fact(&facts[n++], N_("Octets so far"), "%" G_GUINT64_FORMAT, session->size);
    return n;
}

#define SESSION_CALLS                                                                              \
    .dissector = "smtp", .rules = mg_smtp_session_rules, .free = session_free,                     \
    .receive = session_receive, .receive_end = session_receive_end, .advance = session_advance,    \
    .answer = session_answer, .next = session_next, .deadline = session_deadline,                  \
    .facts = session_facts

const MgEngineKind mg_smtp_server = {
    .name = "smtp.server",
    .summary = N_("SMTP server: takes mail from other servers and, on port 587, from its users"),
    .usual = "mta:25 mta:587",
    .transport = MG_TRANSPORT_STREAM,
    .port = 25,
    .settings = server_settings,
    .transitions = transitions,
    .create = server_create,
    SESSION_CALLS,
};

const MgEngineKind mg_smtp_lmtp = {
    .name = "smtp.lmtp",
    .summary = N_("LMTP server: puts mail into the mailboxes of this host"),
    .usual = "mda:24",
    .transport = MG_TRANSPORT_STREAM,
    .port = 24,
    .settings = lmtp_settings,
    .transitions = lmtp_transitions,
    .create = lmtp_create,
    SESSION_CALLS,
};
