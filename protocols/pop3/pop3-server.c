/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pop3-server.c - the server's end of POP3 (RFC 1939), with AUTH (RFC 5034)
 *
 * Input is read one line at a time, and only while no ask is open, so replies keep the order of
 * commands that were pipelined (RFC 2449 §6.6).
 */
#include "pop3-session.h"
#include "text.h"

#define ASK_TIMEOUT (30 * MG_SECONDS)
#define WAITING_MAX ((size_t)64 * 1024) /* octets that a client may send ahead while we wait */

void mg_pop3_say(MgPop3Session *session, const char *format, ...)
{
    if (session->gone)
        return;
    va_list arguments;
    va_start(arguments, format);
    g_string_append_vprintf(session->out.octets, format, arguments);
    va_end(arguments);
    g_string_append(session->out.octets, "\r\n");
}

void mg_pop3_note(MgPop3Session *session, unsigned rule, MgSpan where)
{
    mg_outbox_add(&session->out,
                  (MgEvent){.kind = MG_EVENT_NOTE,
                            .note = {.rule = &mg_pop3_session_rules[rule], .where = where}});
}

void mg_pop3_enter(MgPop3Session *session, const char *state)
{
    mg_outbox_enter(&session->out, mg_pop3_transitions, &session->state, state);
}

void mg_pop3_ask(MgPop3Session *session, MgPop3Wait wait, MgMailboxOp op)
{
    session->wait = wait;
    session->asked = session->heard;
    session->question.op = op;
    session->question.user = session->user;
    mg_outbox_add(&session->out, (MgEvent){.kind = MG_EVENT_ASK,
                                           .ask = {.id = ++session->last_ask,
                                                   .topic = MG_TOPIC_MAILBOX,
                                                   .question = &session->question,
                                                   .taken = session->taken}});
}

/* The engine's end: CLOSE follows when the lock is given back. */
void mg_pop3_finish(MgPop3Session *session)
{
    session->finished = true;
    if (session->open) {
        session->open = false;
        mg_pop3_ask(session, MG_POP3_WAIT_CLOSE, MG_MAILBOX_CLOSE);
        return;
    }
    if (session->state != MG_POP3_CLOSED)
        mg_pop3_enter(session, MG_POP3_CLOSED);
    mg_outbox_add(&session->out, (MgEvent){.kind = MG_EVENT_CLOSE});
    session->closed = true;
}

static void answered(MgPop3Session *session, const void *answer)
{
    MgPop3Wait wait = session->wait;
    session->wait = MG_POP3_WAIT_NOTHING;
    if (wait == MG_POP3_WAIT_SECURE)
        mg_pop3_secured(session, answer);
    else if (wait == MG_POP3_WAIT_SECRET)
        mg_pop3_got_secret(session, answer);
    else if (wait == MG_POP3_WAIT_OPEN)
        mg_pop3_opened(session, answer);
    else if (wait == MG_POP3_WAIT_READ)
        mg_pop3_was_read(session, answer);
    else if (wait == MG_POP3_WAIT_EXPUNGE)
        mg_pop3_expunged(session, answer);
    else
        mg_pop3_finish(session);
}

/* ---- lines ---- */

/* The line as it came, kept for notes: `in` may move before they are handed out. */
static MgSpan keep_line(MgPop3Session *session, const uint8_t *start, size_t len)
{
    memcpy(session->line, start, len);
    return (MgSpan){(const uint8_t *)session->line, len};
}

static void run_line(MgPop3Session *session, const uint8_t *start, size_t len)
{
    char line[MG_POP3_COMMAND_MAX + 1];
    MgSpan where = keep_line(session, start, len);
    size_t text = len - 1;
    if (text > 0 && start[text - 1] == '\r')
        text--;
    else /* laxer than RFC 1939 §3, as every server is: it is taken, and noted */
        mg_pop3_note(session, MG_POP3_R_BARE_LF, where);
    memcpy(line, start, text);
    line[text] = '\0';
    session->in_at += len;
    session->taken += len;
    for (size_t i = 0; i < text; i++)
        if (start[i] < 0x20 || start[i] >= 0x7f) {
            mg_pop3_note(session, MG_POP3_R_ARGUMENT, where); /* RFC 1939 §3: printable ASCII */
            mg_pop3_say(session, "-ERR only printable ASCII is allowed");
            return;
        }
    mg_pop3_run_command(session, line, where);
}

/* Reads one line. Returns false if there is none. */
static bool read_line(MgPop3Session *session)
{
    const uint8_t *start = (const uint8_t *)session->in->str + session->in_at;
    size_t len = session->in->len - session->in_at;
    const uint8_t *lf = len > 0 ? memchr(start, '\n', len) : NULL;
    size_t line = lf != NULL ? (size_t)(lf - start) + 1 : len;
    if (session->skipping) {
        session->in_at += line;
        session->taken += line;
        session->skipping = lf == NULL;
        return lf != NULL;
    }
    if (session->in_auth)
        return mg_pop3_read_auth_line(session, start, len);
    if (line > MG_POP3_COMMAND_MAX || (lf == NULL && line == MG_POP3_COMMAND_MAX)) {
        mg_pop3_note(session, MG_POP3_R_LONG, keep_line(session, start, MG_POP3_COMMAND_MAX));
        mg_pop3_say(session, "-ERR the line is too long"); /* RFC 2449 §4 */
        session->skipping = true;
        return true;
    }
    if (lf == NULL)
        return false;
    run_line(session, start, line);
    return true;
}

/* The peer's octets have ended and all that they said was done. */
static void end_session(MgPop3Session *session)
{
    if (session->state == MG_POP3_TRANSACTION && !session->quitting)
        mg_pop3_note(session, MG_POP3_R_NO_QUIT, mg_pop3_no_bytes()); /* RFC 1939 §6 */
    mg_pop3_finish(session);
}

/* ---- the engine ---- */

void mg_pop3_greet(MgPop3Session *session)
{
    bool stamped = session->timestamp != NULL;
    mg_pop3_say(session, "+OK %s POP3 ready%s%s", session->host, stamped ? " " : "",
                stamped ? session->timestamp : "");
}

static MgEngine *session_create(const MgBirth *birth, const MgEngineKind *kind)
{
    MgPop3Session *session = g_new0(MgPop3Session, 1);
    session->base.kind = kind;
    mg_outbox_init(&session->out);
    session->in = g_string_new(NULL);
    session->body = g_string_new(NULL);
    session->messages = g_array_new(FALSE, FALSE, sizeof(MgPop3Message));
    session->state = MG_POP3_AUTHORIZATION;
    session->host = g_strdup(birth->host);
    session->heard = birth->now;
    session->idle_max = mg_settings_get_time(birth->settings, "autologout", 10 * MG_MINUTES);
    session->seed = birth->seed;
    session->epoch = birth->epoch;
    const char *auth = mg_settings_get(birth->settings, "auth", "yes");
    session->auth = strcmp(auth, "no") != 0;
    session->mechanisms = mg_text_is_yes(auth) ? NULL : g_strdup(auth);
    session->auth_clear = mg_text_is_yes(mg_settings_get(birth->settings, "auth-clear", "no"));
    if (mg_text_is_yes(mg_settings_get(birth->settings, "apop", "no"))) {
        uint64_t seed = birth->seed;
        session->timestamp = g_strdup_printf("<%" G_GUINT64_FORMAT ".%" G_GINT64_FORMAT "@%s>",
                                             mg_random_next(&seed) >> 32,
                                             birth->epoch + birth->now / MG_SECONDS, birth->host);
    }
    const char *stls = mg_settings_get(birth->settings, "stls", "no");
    session->stls_required = strcmp(stls, "require") == 0;
    session->stls = session->stls_required || strcmp(stls, "offer") == 0;
    if (kind == &mg_pop3_server_tls)
        mg_pop3_ask_secure(session);
    else
        mg_pop3_greet(session);
    return &session->base;
}

static MgEngine *server_create(const MgBirth *birth)
{
    return session_create(birth, &mg_pop3_server);
}

static MgEngine *server_tls_create(const MgBirth *birth)
{
    return session_create(birth, &mg_pop3_server_tls);
}

static void server_free(MgEngine *engine)
{
    MgPop3Session *session = (MgPop3Session *)engine;
    mg_outbox_clear(&session->out);
    g_string_free(session->in, TRUE);
    g_string_free(session->body, TRUE);
    g_array_unref(session->messages);
    g_free(session->host);
    g_free(session->timestamp);
    g_free(session->tls);
    g_free(session->user);
    g_free(session->uids);
    g_free(session->mechanisms);
    mg_sasl_server_free(session->sasl);
    explicit_bzero(session->secret, sizeof session->secret);
    g_free(session);
}

static void server_receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    MgPop3Session *session = (MgPop3Session *)engine;
    if (session->finished || session->closed || session->ended)
        return;
    g_string_append_len(session->in, (const char *)bytes.data, (gssize)bytes.len);
    session->heard = now;
}

static void server_receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
    MgPop3Session *session = (MgPop3Session *)engine;
    session->ended = true;
    if (how != MG_END_CLOSED)
        session->gone = true;
}

static MgTime server_deadline(const MgEngine *engine)
{
    const MgPop3Session *session = (const MgPop3Session *)engine;
    if (session->closed || session->cancel)
        return MG_TIME_NEVER;
    if (session->wait != MG_POP3_WAIT_NOTHING)
        return session->asked + ASK_TIMEOUT;
    return session->heard + session->idle_max;
}

static void server_advance(MgEngine *engine, MgTime now)
{
    MgPop3Session *session = (MgPop3Session *)engine;
    if (now < server_deadline(engine) || session->closed || session->cancel)
        return;
    session->heard = now;
    if (session->wait != MG_POP3_WAIT_NOTHING) {
        session->cancel = true;
        return;
    }
    mg_pop3_note(session, MG_POP3_R_AUTOLOGOUT,
                 mg_pop3_no_bytes()); /* RFC 1939 §3: no response, no MG_POP3_UPDATE */
    mg_pop3_finish(session);
}

static bool server_answer(MgEngine *engine, MgAskId ask_id, const void *answer, MgTime now)
{
    MgPop3Session *session = (MgPop3Session *)engine;
    if (session->wait == MG_POP3_WAIT_NOTHING || ask_id != session->last_ask || session->cancel)
        return false;
    session->heard = now;
    answered(session, answer);
    return true;
}

static void flood(MgPop3Session *session)
{
    mg_pop3_note(session, MG_POP3_R_FLOOD, mg_pop3_no_bytes());
    g_string_truncate(session->in, 0);
    session->in_at = 0;
    session->gone = session->ended = true;
}

/* Does one thing that may give events. Returns false when there is nothing to do. */
static bool work(MgPop3Session *session)
{
    if (session->closed)
        return false;
    if (session->cancel) {
        session->cancel = false;
        mg_outbox_add(&session->out,
                      (MgEvent){.kind = MG_EVENT_CANCEL, .cancel = session->last_ask});
        answered(session, NULL);
        return true;
    }
    if (session->in_body && !session->gone) {
        mg_pop3_send_piece(session);
        return true;
    }
    if (session->wait == MG_POP3_WAIT_SECURE && session->ended) {
        session->cancel = true; /* nobody is there to shake hands with */
        return true;
    }
    if (session->wait != MG_POP3_WAIT_NOTHING) {
        if (session->finished || session->gone || session->in->len - session->in_at <= WAITING_MAX)
            return false;
        flood(session);
        return true;
    }
    if (read_line(session))
        return true;
    if (session->in_at > 0) {
        g_string_erase(session->in, 0, (gssize)session->in_at);
        session->in_at = 0;
    }
    if (!session->ended)
        return false;
    end_session(session);
    return true;
}

static bool server_next(MgEngine *engine, MgEvent *event)
{
    MgPop3Session *session = (MgPop3Session *)engine;
    do {
        if (mg_outbox_next(&session->out, event))
            return true;
    } while (work(session));
    return false;
}

static size_t server_facts(const MgEngine *engine, MgFact *facts, size_t max)
{
    const MgPop3Session *session = (const MgPop3Session *)engine;
    size_t n = 0;
    if (n < max && session->secure)
        mg_text_set_fact(&facts[n++], N_("Protected by"), "%s", session->tls);
    if (n < max && session->user != NULL) {
        facts[n].label = N_("User");
        g_strlcpy(facts[n++].value, session->user, sizeof facts->value);
    }
    if (n < max && session->state == MG_POP3_TRANSACTION) {
        facts[n].label = N_("Messages");
        g_snprintf(facts[n++].value, sizeof facts->value, "%zu", mg_pop3_n_left(session));
    }
    if (n < max && session->n_deleted > 0) {
        facts[n].label = N_("To be removed at QUIT");
        g_snprintf(facts[n++].value, sizeof facts->value, "%zu", session->n_deleted);
    }
    return n;
}

#define SESSION_CALLS                                                                              \
    .transport = MG_TRANSPORT_STREAM, .dissector = "pop", .settings = mg_pop3_server_settings,     \
    .rules = mg_pop3_session_rules, .transitions = mg_pop3_transitions, .free = server_free,       \
    .receive = server_receive, .receive_end = server_receive_end, .advance = server_advance,       \
    .answer = server_answer, .next = server_next, .deadline = server_deadline,                     \
    .facts = server_facts

const MgEngineKind mg_pop3_server = {
    .name = "pop3.server",
    .summary = N_("POP3 server: lets a mail program fetch what is in its mailbox"),
    .usual = "mda:110",
    .port = 110,
    .create = server_create,
    SESSION_CALLS,
};

const MgEngineKind mg_pop3_server_tls = {
    .name = "pop3.server-tls",
    .summary = N_("POP3 server that speaks TLS from the start"),
    .port = 995,
    .create = server_tls_create,
    SESSION_CALLS,
};
