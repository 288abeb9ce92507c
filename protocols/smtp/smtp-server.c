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

#include "smtp-reply.h"
#include "text.h"

#define ASK_TIMEOUT    (30 * MG_SECONDS)
#define ACCEPT_TIMEOUT (2 * MG_MINUTES)
#define WAITING_MAX    ((size_t)1024 * 1024) /* octets that a client may send ahead while we wait */

/* ---- what the session says ---- */

void mg_smtp_reply(MgSmtpSession *session, unsigned code, const char *enhanced, const char *format,
                   ...)
{
    GString *out = session->out.octets;
    if (session->gone)
        return;
    g_assert(code >= 100 && code <= 999);
    const char digits[] = {(char)('0' + code / 100), (char)('0' + code / 10 % 10),
                           (char)('0' + code % 10), ' '};
    g_string_append_len(out, digits, sizeof digits);
    if (enhanced != NULL && (session->extensions & MG_SMTP_X_ENHANCED) != 0) {
        g_string_append(out, enhanced);
        g_string_append_c(out, ' ');
    }
    size_t start = out->len;
    va_list arguments;
    va_start(arguments, format);
    g_string_append_vprintf(out, format, arguments);
    va_end(arguments);
    /* RFC 5321 §4.5.3.1.5; and what an answer brought must not make a second line of ours. */
    if (out->len - start > 400)
        g_string_truncate(out, start + 400);
    /* RFC 6531 §3.7.4: letters beyond ASCII only for who has said that it reads them. */
    for (size_t i = start; i < out->len; i++)
        if ((uint8_t)out->str[i] < 0x20 || out->str[i] == 0x7f)
            out->str[i] = ' ';
        else if ((uint8_t)out->str[i] >= 0x80 && !session->smtputf8 && !session->reads_utf8)
            out->str[i] = '?';
    g_string_append(out, "\r\n");
}

void mg_smtp_note(MgSmtpSession *session, unsigned rule, MgSpan where)
{
    mg_outbox_note(&session->out, &mg_smtp_session_rules[rule], where);
}

MgSpan mg_smtp_line(const MgSmtpSession *session)
{
    return (MgSpan){(const uint8_t *)session->line, session->shown};
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

void mg_smtp_cancel(MgSmtpSession *session)
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
                    .n_recipients = session->recipients->len,
                    .body = session->body,
                    .smtputf8 = session->smtputf8,
                    .ret = session->ret,
                    .envid = session->envid,
                    .wishes = (const MgMailWish *)(const void *)session->wishes->data,
                    .auth = session->mail_auth};
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
                                                  .rcpt = session->recipient,
                                                  .trusted = mg_smtp_is_user(session)};
    if (stage == MG_STAGE_MESSAGE)
        session->question.policy.mail.data = letter(session);
    ask(session, MG_SMTP_WAIT_POLICY, MG_TOPIC_POLICY);
    return true;
}

void mg_smtp_ask_mailbox(MgSmtpSession *session, MgSmtpWait wait)
{
    bool append = wait == MG_SMTP_WAIT_APPEND;
    session->question.mailbox = (MgMailboxQuestion){
        .op = append ? MG_MAILBOX_APPEND : MG_MAILBOX_FIND, .user = session->recipient};
    if (wait == MG_SMTP_WAIT_SECRET) {
        session->question.mailbox.op = MG_MAILBOX_SECRET;
        session->question.mailbox.user = mg_sasl_server_user(session->sasl);
    }
    if (append) {
        session->question.mailbox.user =
            g_ptr_array_index(session->recipients, session->n_appended);
        session->question.mailbox.mail_from = session->mail_from;
        session->question.mailbox.data = letter(session);
    }
    ask(session, wait, MG_TOPIC_MAILBOX);
}

void mg_smtp_ask_secure(MgSmtpSession *session)
{
    session->question.secure = (MgSecureQuestion){.asks = session->asks_certificate};
    session->wait = MG_SMTP_WAIT_SECURE;
    session->asked = session->now;
    mg_outbox_add(&session->out, (MgEvent){.kind = MG_EVENT_STARTTLS,
                                           .ask = {.id = ++session->last_ask,
                                                   .topic = MG_TOPIC_SECURE,
                                                   .question = &session->question,
                                                   .taken = session->taken}});
}

void mg_smtp_ask_accept(MgSmtpSession *session)
{
    session->question.accept = mail_of(session);
    session->question.accept.data = letter(session);
    ask(session, MG_SMTP_WAIT_ACCEPT, MG_TOPIC_ACCEPT);
}

/* ---- answers ---- */

static bool is_refusal(const MgVerdict *verdict)
{
    return verdict->code < 200 || verdict->code > 299;
}

/* RFC 2034 §4: every reply has an enhanced code, and of the same class. */
static const char *enhanced_of(const MgVerdict *verdict, unsigned code, const char *usual)
{
    const char *given = verdict->enhanced;
    if (given != NULL && mg_smtp_enhanced_len(mg_span_from_string(given), code / 100) > 0)
        return given;
    return usual;
}

/* The connection was not wanted: only QUIT is obeyed from here on (RFC 5321 §3.1). */
static void refuse_at(MgSmtpSession *session, MgStage stage, const MgVerdict *verdict)
{
    unsigned code = verdict->code >= 400 && verdict->code <= 599 ? verdict->code : 451;
    const char *enhanced =
        verdict->code == 0 ? "4.4.3" : enhanced_of(verdict, code, code < 500 ? "4.7.1" : "5.7.1");
    const char *text = verdict->text != NULL ? verdict->text
                       : code < 500          ? "Not now; try again later"
                                             : "Refused by a policy";
    mg_smtp_note(session, MG_SMTP_R_POLICY, (MgSpan){NULL, 0});
    if (stage == MG_STAGE_MESSAGE) {
        mg_smtp_reply_to_letter(session, code, enhanced, text);
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
        mg_smtp_forget_recipient(session);
    if (code == 421) /* RFC 5321 §3.8 */
        mg_smtp_finish(session);
}

static void greeting(MgSmtpSession *session)
{
    mg_smtp_reply(session, 220, NULL, "%s %s", session->host, session->lmtp ? "LMTP" : "ESMTP");
}

void mg_smtp_begin(MgSmtpSession *session)
{
    if (!mg_smtp_mischief(session, MG_SMTP_AT_CONNECT) &&
        !mg_smtp_ask_policy(session, MG_STAGE_CONNECT))
        greeting(session);
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
        mg_smtp_take_responsibility(session);
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
    /* `text` may be in the answer, which is gone after this; mg_smtp_reply_to_letter() copies it
     * first. */
    const char *usual = code < 300 ? "2.0.0" : code < 500 ? "4.3.0" : "5.0.0";
    mg_smtp_reply_to_letter(session, code, enhanced_of(verdict, code, usual), text);
    if (code == 421)
        mg_smtp_finish(session);
}

static void ask_timed_out(MgSmtpSession *session)
{
    static const MgVerdict late = {451, "4.3.0", "The mail could not be kept in time"};
    MgSmtpWait wait = session->wait;
    MgStage stage = session->stage;
    mg_smtp_note(session, MG_SMTP_R_ASK_TIMEOUT, (MgSpan){NULL, 0});
    mg_smtp_cancel(session);
    switch (wait) {
    case MG_SMTP_WAIT_POLICY:
        if (stage == MG_STAGE_CONNECT) {
            mg_smtp_reply(session, 421, NULL, "%s Not now; try again later", session->host);
            mg_smtp_finish(session);
            return;
        }
        if (stage == MG_STAGE_MESSAGE) {
            mg_smtp_reply_to_letter(session, 451, "4.4.3", "Policy decision timed out");
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
    case MG_SMTP_WAIT_VERIFY:
        mg_smtp_verified(session, NULL);
        return;
    case MG_SMTP_WAIT_SECRET:
        mg_smtp_auth_secret(session, NULL);
        return;
    case MG_SMTP_WAIT_ACCEPT:
        accept_answered(session, &late);
        return;
    case MG_SMTP_WAIT_SECURE:
        mg_smtp_secured(session, NULL);
        return;
    default:
        mg_smtp_appended(session, NULL);
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
    session->line_most = MAX(session->line_most, session->line_used);
    memcpy(session->line, start, session->line_used);
    session->shown = session->state == MG_SMTP_LOGIN ? 0 : session->line_used;
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

/* Is a command held back, because the server is to be slow? */
static bool is_held(MgSmtpSession *session, MgSpan line)
{
    if (session->held_until == 0 && session->state != MG_SMTP_LOGIN) {
        MgTime delay = mg_smtp_mischief_delay(session, mg_smtp_moment_of(line));
        if (delay > 0)
            session->held_until = session->now + delay;
    }
    if (session->now < session->held_until && !session->ended)
        return true;
    session->held_until = 0;
    return false;
}

static void run_line(MgSmtpSession *session, size_t len)
{
    const uint8_t *line = (const uint8_t *)session->line;
    size_t text = len - (len > 1 && line[len - 2] == '\r' ? 2 : 1);
    session->in_at += len;
    session->taken += len;
    if (session->state == MG_SMTP_LOGIN)
        mg_smtp_auth_line(session, (MgSpan){line, text});
    else if (memchr(line, '\r', text) != NULL)
        mg_smtp_refuse(session, MG_SMTP_R_BARE_CR, 500, "5.5.2", "Lines must end with CR LF");
    else if (memchr(line, '\0', text) != NULL)
        mg_smtp_refuse(session, MG_SMTP_R_ARGUMENT, 500, "5.5.2", "No NUL in a command");
    else
        mg_smtp_run_command(session, (MgSpan){line, text});
    if (!session->closed && session->errors_max > 0 && session->n_errors >= session->errors_max) {
        mg_smtp_note(session, MG_SMTP_R_ERRORS, (MgSpan){NULL, 0});
        if (session->wait != MG_SMTP_WAIT_NOTHING)
            mg_smtp_cancel(session);
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
    size_t max = mg_smtp_line_max(session, (MgSpan){start, len});
    switch (mg_text_cut_line((MgSpan){start, len}, max, &line)) {
    case MG_LINE_MORE:
        return false;
    case MG_LINE_TOO_LONG:
        keep_line(session, start, max);
        if (session->state == MG_SMTP_LOGIN)
            mg_smtp_auth_line(session, (MgSpan){start, max});
        else
            mg_smtp_refuse(session, MG_SMTP_R_LINE_LONG, 500, "5.5.2", "The line is too long");
        session->skipping = true;
        session->skip_last = '\0';
        return true;
    case MG_LINE_BARE_LF:
        keep_line(session, start, line);
        if (session->lines == MG_SMTP_LINES_LAX && is_held(session, (MgSpan){start, line}))
            return false;
        if (session->lines == MG_SMTP_LINES_LAX) {
            run_line(session, line);
            return true;
        }
        session->in_at += line;
        session->taken += line;
        bare_lf(session);
        return true;
    default:
        keep_line(session, start, line);
        if (is_held(session, (MgSpan){start, line}))
            return false;
        run_line(session, line);
        return true;
    }
}

/* ---- the engine ---- */

static void wish_clear(void *data)
{
    g_free((char *)((MgMailWish *)data)->orcpt);
}

static MgEngine *session_create(const MgBirth *birth, const MgEngineKind *kind)
{
    MgSmtpSession *session = g_malloc(sizeof *session);
    memset(session, 0, offsetof(MgSmtpSession, line));
    session->base.kind = kind;
    session->lmtp = kind == &mg_smtp_lmtp;
    session->submission =
        birth->local_port == 587 || kind == &mg_smtp_server_tls; /* RFC 6409 §3.1 */
    mg_outbox_init(&session->out);
    session->in = g_string_new(NULL);
    session->state = MG_SMTP_CONNECTED;
    session->host = g_strdup(birth->host);
    session->peer = g_strdup(birth->peer_address != NULL ? birth->peer_address : "");
    session->recipients = g_ptr_array_new_with_free_func(g_free);
    session->wishes = g_array_new(FALSE, FALSE, sizeof(MgMailWish));
    g_array_set_clear_func(session->wishes, wish_clear);
    session->data = g_byte_array_new();
    session->data_fault = -1;
    session->epoch = birth->epoch;
    session->mischief = birth->shared;
    mg_smtp_mischief_look(session->mischief, birth->settings);
    session->seed = birth->seed;
    session->auth_seed = ~birth->seed;
    session->now = session->heard = birth->now;
    mg_smtp_read_settings(session, birth->settings);
    if (kind == &mg_smtp_server_tls) {
        mg_smtp_enter(session, MG_SMTP_SECURING);
        mg_smtp_ask_secure(session);
    } else {
        mg_smtp_begin(session);
    }
    return &session->base;
}

static MgEngine *server_create(const MgBirth *birth)
{
    return session_create(birth, &mg_smtp_server);
}

static MgEngine *server_tls_create(const MgBirth *birth)
{
    return session_create(birth, &mg_smtp_server_tls);
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
    mg_smtp_forget_mail(session);
    g_ptr_array_unref(session->recipients);
    g_array_unref(session->wishes);
    g_byte_array_unref(session->data);
    g_free(session->host);
    g_free(session->peer);
    g_free(session->domains);
    g_free(session->relay_from);
    g_free(session->aliases);
    g_free(session->helo);
    g_free(session->mechanisms);
    g_free(session->login);
    g_free(session->tls);
    mg_sasl_server_free(session->sasl);
    explicit_bzero(session->line, session->line_most); /* a login may have stood there */
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
    if (session->held_until > 0)
        return session->held_until;
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
    if (session->held_until > 0)
        return; /* next() goes on with the command */
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
    else if (wait == MG_SMTP_WAIT_VERIFY)
        mg_smtp_verified(session, answer);
    else if (wait == MG_SMTP_WAIT_SECRET)
        mg_smtp_auth_secret(session, answer);
    else if (wait == MG_SMTP_WAIT_ACCEPT)
        accept_answered(session, answer);
    else if (wait == MG_SMTP_WAIT_SECURE)
        mg_smtp_secured(session, answer);
    else
        mg_smtp_appended(session, answer);
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
        mg_smtp_cancel(session);
    }
    mg_smtp_note(session, MG_SMTP_R_EARLY_END, (MgSpan){NULL, 0});
    mg_smtp_finish(session);
    return true;
}

static void flood(MgSmtpSession *session)
{
    mg_smtp_note(session, MG_SMTP_R_FLOOD, (MgSpan){NULL, 0});
    if (session->wait != MG_SMTP_WAIT_NOTHING)
        mg_smtp_cancel(session);
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
    bool letter = session->state == MG_SMTP_DATA || session->chunk_left > 0;
    MgTime held = session->held_until;
    if (has_input(session) && (letter ? mg_smtp_read_letter(session) || !has_input(session)
                                      : read_line(session) || session->held_until != held))
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
    if (n < max && session->secure)
        mg_text_set_fact(&facts[n++], N_("Protected by"), "%s", session->tls);
    if (n < max && session->login != NULL)
        mg_text_set_fact(&facts[n++], N_("Logged in"), "%s", session->login);
    if (n < max && session->mail_from != NULL)
        mg_text_set_fact(&facts[n++], N_("Envelope from"), "<%s>", session->mail_from);
    if (n < max && session->recipients->len > 0)
        mg_text_set_fact(&facts[n++], N_("Recipients"), "%u: %s%s", session->recipients->len,
                         (const char *)g_ptr_array_index(session->recipients, 0),
                         session->recipients->len > 1 ? " …" : "");
    if (n < max && (session->state == MG_SMTP_DATA || session->state == MG_SMTP_CHUNK ||
                    session->state == MG_SMTP_CHUNKS))
        mg_text_set_fact(&facts[n++], N_("Octets so far"), "%" G_GUINT64_FORMAT, session->size);
    return n;
}

#define SESSION_CALLS                                                                              \
    .dissector = "smtp", .rules = mg_smtp_session_rules, .setup = mg_smtp_mischief_setup,          \
    .teardown = mg_smtp_mischief_teardown, .free = session_free, .receive = session_receive,       \
    .receive_end = session_receive_end, .advance = session_advance, .answer = session_answer,      \
    .next = session_next, .deadline = session_deadline, .facts = session_facts

const MgEngineKind mg_smtp_server = {
    .name = "smtp.server",
    .summary = N_("SMTP server: takes mail from other servers and, on port 587, from its users"),
    .usual = "mta:25 mta:587",
    .transport = MG_TRANSPORT_STREAM,
    .port = 25,
    .settings = mg_smtp_server_settings,
    .transitions = mg_smtp_transitions,
    .create = server_create,
    SESSION_CALLS,
};

const MgEngineKind mg_smtp_server_tls = {
    .name = "smtp.server-tls",
    .summary = N_("SMTP server that speaks TLS from the start, for its users"),
    .transport = MG_TRANSPORT_STREAM,
    .port = 465,
    .settings = mg_smtp_server_settings,
    .transitions = mg_smtp_transitions,
    .create = server_tls_create,
    SESSION_CALLS,
};

const MgEngineKind mg_smtp_lmtp = {
    .name = "smtp.lmtp",
    .summary = N_("LMTP server: puts mail into the mailboxes of this host"),
    .usual = "mda:24",
    .transport = MG_TRANSPORT_STREAM,
    .port = 24,
    .settings = mg_smtp_lmtp_settings,
    .transitions = mg_smtp_lmtp_transitions,
    .create = lmtp_create,
    SESSION_CALLS,
};
