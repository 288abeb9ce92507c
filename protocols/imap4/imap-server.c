/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-server.c - the server's end of IMAP4rev1 (RFC 3501): the engine
 *
 * Input is read one command at a time, and only while none is being done, so that replies keep the
 * order of commands that were pipelined (RFC 3501 §5.5).
 */
#include "imap-session.h"
#include "text.h"

#define ASK_TIMEOUT (30 * MG_SECONDS)
#define LINES_MAX   ((size_t)64 * 1024) /* of a command outside of its literals */
#define WAITING_MAX ((size_t)64 * 1024) /* octets that a client may send ahead while we work */

void mg_imap_say(MgImapSession *session, const char *format, ...)
{
    if (session->gone)
        return;
    va_list arguments;
    va_start(arguments, format);
    g_string_append_vprintf(session->out.octets, format, arguments);
    va_end(arguments);
    g_string_append(session->out.octets, "\r\n");
}

void mg_imap_reply(MgImapSession *session, const char *format, ...)
{
    if (!session->gone) {
        va_list arguments;
        g_string_append_printf(session->out.octets, "%s ",
                               session->tag != NULL ? session->tag : "*");
        va_start(arguments, format);
        g_string_append_vprintf(session->out.octets, format, arguments);
        va_end(arguments);
        g_string_append(session->out.octets, "\r\n");
    }
    g_clear_pointer(&session->tag, g_free);
}

void mg_imap_note(MgImapSession *session, unsigned rule, MgSpan where)
{
    mg_outbox_note(&session->out, &mg_imap_session_rules[rule], where);
}

void mg_imap_bad(MgImapSession *session, unsigned rule, const char *text)
{
    mg_imap_note(session, rule, mg_imap_span(session->command));
    mg_imap_reply(session, "BAD %s", text);
}

void mg_imap_enter(MgImapSession *session, const char *state)
{
    mg_outbox_enter(&session->out, mg_imap_transitions, &session->state, state);
}

static void ask(MgImapSession *session, MgImapWait wait, MgEventKind kind, const char *topic,
                const void *question)
{
    session->wait = wait;
    session->asked = session->now;
    mg_outbox_add(&session->out, (MgEvent){.kind = kind,
                                           .ask = {.id = ++session->last_ask,
                                                   .topic = topic,
                                                   .question = question,
                                                   .taken = session->taken}});
}

void mg_imap_ask_mailbox(MgImapSession *session, MgMailboxOp op, const char *user)
{
    session->mailbox = (MgMailboxQuestion){.op = op, .user = user};
    ask(session, MG_IMAP_WAIT_SECRET, MG_EVENT_ASK, MG_TOPIC_MAILBOX, &session->mailbox);
}

void mg_imap_ask(MgImapSession *session, MgFoldersOp op, MgImapStep then)
{
    session->question.op = op;
    session->question.user = session->user;
    session->then = then;
    ask(session, op == MG_FOLDERS_WAIT ? MG_IMAP_WAIT_NEWS : MG_IMAP_WAIT_FOLDERS, MG_EVENT_ASK,
        MG_TOPIC_FOLDERS, &session->question);
}

void mg_imap_ask_secure(MgImapSession *session)
{
    mg_imap_enter(session, MG_IMAP_SECURING);
    ask(session, MG_IMAP_WAIT_SECURE, MG_EVENT_STARTTLS, MG_TOPIC_SECURE,
        &session->secure_question);
}

void mg_imap_cancel_ask(MgImapSession *session)
{
    mg_outbox_add(&session->out, (MgEvent){.kind = MG_EVENT_CANCEL, .cancel = session->last_ask});
    session->wait = MG_IMAP_WAIT_NOTHING;
    session->cancel = false;
}

void mg_imap_finish(MgImapSession *session)
{
    session->finished = session->closed = true;
    mg_imap_enter(session, MG_IMAP_LOGOUT);
    mg_outbox_add(&session->out, (MgEvent){.kind = MG_EVENT_CLOSE});
}

static void answered(MgImapSession *session, const void *answer)
{
    MgImapWait wait = session->wait;
    session->wait = MG_IMAP_WAIT_NOTHING;
    if (wait == MG_IMAP_WAIT_SECURE)
        mg_imap_secured(session, answer);
    else if (wait == MG_IMAP_WAIT_SECRET)
        mg_imap_got_secret(session, answer);
    else
        session->then(session, answer);
}

/* ---- commands ---- */

/* The command's octets become `command`: notes point into it, and `in` goes on. */
static void take_command(MgImapSession *session, size_t len)
{
    session->taken += len;
    if (session->in_at == 0 && len == session->in->len) { /* a large letter is not copied */
        GString *empty = session->command;
        session->command = session->in;
        session->in = empty;
        g_string_truncate(session->in, 0);
    } else {
        g_string_truncate(session->command, 0);
        g_string_append_len(session->command, session->in->str + session->in_at, (gssize)len);
        session->in_at += len;
    }
}

/* Only APPEND's literal may be as large as a letter, and only of those who have logged in. */
static uint64_t literal_max(const MgImapSession *session, MgSpan bytes)
{
    static const char append[] = "APPEND ";
    const uint8_t *space = bytes.len > 0 ? memchr(bytes.data, ' ', MIN(bytes.len, 64)) : NULL;
    if (space == NULL || session->user == NULL)
        return LINES_MAX;
    size_t left = bytes.len - (size_t)(space + 1 - bytes.data);
    bool is_append = left >= strlen(append) &&
                     g_ascii_strncasecmp((const char *)space + 1, append, strlen(append)) == 0;
    return is_append ? session->message_max : LINES_MAX;
}

/* What cannot be taken is answered with its own tag, if that can be seen. */
static void take_tag(MgImapSession *session)
{
    size_t len = strcspn(session->command->str, " \r\n+(){%*\"\\");
    g_free(session->tag);
    session->tag = len > 0 && len < session->command->len && session->command->str[len] == ' '
                       ? g_strndup(session->command->str, len)
                       : NULL;
}

static void refuse(MgImapSession *session, MgImapCutResult why)
{
    bool long_line = why == MG_IMAP_CUT_LONG;
    size_t len = long_line ? session->in->len - session->in_at : session->cut.at;
    const char *lf = long_line ? memchr(session->in->str + session->in_at, '\n', len) : NULL;
    bool waits = session->cut.waits;
    if (lf != NULL)
        len = (size_t)(lf - session->in->str) + 1 - session->in_at;
    take_command(session, len);
    take_tag(session);
    MgSpan where = mg_span_slice(mg_imap_span(session->command), 0, MIN(len, 256));
    mg_imap_note(session, long_line ? MG_IMAP_R_LONG : MG_IMAP_R_LITERAL, where);
    session->cut = (MgImapCut){0};
    if (long_line) {
        session->skipping = lf == NULL;
        mg_imap_reply(session, "BAD The command is too long");
    } else if (waits) { /* the client will not send it (RFC 3501 §7.5) */
        mg_imap_reply(session, "NO [TOOBIG] The literal is too large");
    } else { /* RFC 7888 §4: rather than reading on to its end */
        mg_imap_say(session, "* BYE [TOOBIG] The literal is too large");
        mg_imap_finish(session);
    }
}

static bool read_command(MgImapSession *session)
{
    MgSpan bytes =
        mg_span_slice(mg_imap_span(session->in), session->in_at, session->in->len - session->in_at);
    session->cut.lines_max = LINES_MAX;
    session->cut.literal_max = literal_max(session, bytes);
    MgImapCutResult result = mg_imap_cut(&session->cut, bytes);
    if (result == MG_IMAP_CUT_MORE)
        return false;
    if (result == MG_IMAP_CUT_CONTINUE) {
        mg_imap_say(session, "+ Go on");
        return true;
    }
    if (result != MG_IMAP_CUT_WHOLE) {
        refuse(session, result);
        return true;
    }
    bool bare_lf = session->cut.bare_lf;
    take_command(session, session->cut.at);
    session->cut = (MgImapCut){0};
    if (bare_lf)
        mg_imap_note(session, MG_IMAP_R_BARE_LF, mg_imap_span(session->command));
    mg_imap_run_command(session);
    return true;
}

static bool read_input(MgImapSession *session)
{
    size_t len = session->in->len - session->in_at;
    const char *start = session->in->str + session->in_at;
    if (session->skipping) {
        const char *lf = memchr(start, '\n', len);
        size_t line = lf != NULL ? (size_t)(lf - start) + 1 : len;
        session->in_at += line;
        session->taken += line;
        session->skipping = lf == NULL;
        return lf != NULL;
    }
    if (session->in_auth)
        return mg_imap_read_auth_line(session, (MgSpan){(const uint8_t *)start, len});
    if (session->idles)
        return mg_imap_read_done(session, (MgSpan){(const uint8_t *)start, len});
    return read_command(session);
}

/* ---- the engine ---- */

void mg_imap_greet(MgImapSession *session)
{
    g_autoptr(GString) capabilities = g_string_new(NULL);
    mg_imap_add_capabilities(session, capabilities);
    mg_imap_say(session, "* OK [CAPABILITY %s] %s IMAP4rev1 ready", capabilities->str,
                session->host);
}

static MgEngine *session_create(const MgBirth *birth, const MgEngineKind *kind)
{
    MgImapSession *session = g_new0(MgImapSession, 1);
    session->base.kind = kind;
    mg_outbox_init(&session->out);
    session->in = g_string_new(NULL);
    session->command = g_string_new(NULL);
    session->messages = g_array_new(FALSE, FALSE, sizeof(MgImapMessage));
    session->keywords = g_ptr_array_new_with_free_func(g_free);
    session->saved = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    session->state = MG_IMAP_STRANGER;
    session->host = g_strdup(birth->host);
    session->peer = g_strdup(birth->peer_address != NULL ? birth->peer_address : "");
    session->now = session->heard = birth->now;
    session->seed = birth->seed;
    session->epoch = birth->epoch;
    session->idle_max = mg_settings_get_time(birth->settings, "autologout", 30 * MG_MINUTES);
    session->message_max =
        mg_settings_get_uint(birth->settings, "message-max", (uint64_t)50 * 1024 * 1024);
    const char *auth = mg_settings_get(birth->settings, "auth", "yes");
    session->mechanisms = mg_text_is_yes(auth)      ? NULL
                          : strcmp(auth, "no") == 0 ? g_strdup("")
                                                    : g_strdup(auth);
    session->auth_clear = mg_text_is_yes(mg_settings_get(birth->settings, "auth-clear", "no"));
    const char *offers = mg_settings_get(birth->settings, "extensions", "all");
    session->offers = strcmp(offers, "all") == 0 ? NULL : g_strdup(offers);
    const char *starttls = mg_settings_get(birth->settings, "starttls", "no");
    session->tls_required = strcmp(starttls, "require") == 0;
    session->starttls = session->tls_required || strcmp(starttls, "offer") == 0;
    if (kind == &mg_imap_server_tls)
        mg_imap_ask_secure(session);
    else
        mg_imap_greet(session);
    return &session->base;
}

static MgEngine *server_create(const MgBirth *birth)
{
    return session_create(birth, &mg_imap_server);
}

static MgEngine *server_tls_create(const MgBirth *birth)
{
    return session_create(birth, &mg_imap_server_tls);
}

static void server_free(MgEngine *engine)
{
    MgImapSession *session = (MgImapSession *)engine;
    mg_outbox_clear(&session->out);
    g_string_free(session->in, TRUE);
    g_string_free(session->command, TRUE);
    g_array_unref(session->messages);
    g_array_unref(session->saved);
    g_ptr_array_unref(session->keywords);
    mg_imap_job_clear(&session->job);
    g_free(session->folder);
    g_free(session->host);
    g_free(session->peer);
    g_free(session->user);
    g_free(session->tag);
    g_free(session->tls);
    g_free(session->mechanisms);
    g_free(session->offers);
    mg_sasl_server_free(session->sasl);
    g_free(session);
}

static void server_receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    MgImapSession *session = (MgImapSession *)engine;
    if (session->finished || session->ended)
        return;
    g_string_append_len(session->in, (const char *)bytes.data, (gssize)bytes.len);
    session->now = session->heard = now;
}

static void server_receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
    MgImapSession *session = (MgImapSession *)engine;
    session->now = now;
    session->ended = true;
    if (how != MG_END_CLOSED)
        session->gone = true;
}

static bool waits_for_client(const MgImapSession *session)
{
    return session->wait == MG_IMAP_WAIT_NOTHING || session->wait == MG_IMAP_WAIT_NEWS;
}

static MgTime server_deadline(const MgEngine *engine)
{
    const MgImapSession *session = (const MgImapSession *)engine;
    if (session->closed || session->cancel)
        return MG_TIME_NEVER;
    return waits_for_client(session) ? session->heard + session->idle_max
                                     : session->asked + ASK_TIMEOUT;
}

static void server_advance(MgEngine *engine, MgTime now)
{
    MgImapSession *session = (MgImapSession *)engine;
    if (now < server_deadline(engine) || session->closed || session->cancel)
        return;
    session->now = now;
    if (!waits_for_client(session)) {
        session->cancel = true;
        return;
    }
    if (session->wait == MG_IMAP_WAIT_NEWS)
        mg_imap_cancel_ask(session);
    mg_imap_note(session, MG_IMAP_R_AUTOLOGOUT, mg_imap_no_bytes());
    mg_imap_say(session, "* BYE You have been silent for too long"); /* RFC 3501 §5.4 */
    mg_imap_finish(session);
}

static bool server_answer(MgEngine *engine, MgAskId ask_id, const void *answer, MgTime now)
{
    MgImapSession *session = (MgImapSession *)engine;
    if (session->wait == MG_IMAP_WAIT_NOTHING || ask_id != session->last_ask || session->cancel)
        return false;
    session->now = now;
    answered(session, answer);
    return true;
}

static void flood(MgImapSession *session)
{
    mg_imap_note(session, MG_IMAP_R_FLOOD, mg_imap_no_bytes());
    g_string_truncate(session->in, 0);
    session->in_at = 0;
    session->gone = session->ended = true;
}

/* The peer's octets have ended and all that they said was done. */
static void end_session(MgImapSession *session)
{
    mg_imap_note(session, MG_IMAP_R_NO_LOGOUT, mg_imap_no_bytes());
    mg_imap_finish(session);
}

/* While an ask is open: returns false if there is nothing to do but wait. */
static bool work_waiting(MgImapSession *session)
{
    if (session->wait == MG_IMAP_WAIT_SECURE && session->ended)
        session->cancel = true; /* nobody is there to shake hands with */
    if (session->cancel) {
        MgImapWait wait = session->wait;
        mg_imap_cancel_ask(session);
        session->wait = wait;
        answered(session, NULL);
        return true;
    }
    if (session->wait == MG_IMAP_WAIT_NEWS) {
        if (!session->gone && read_input(session))
            return true;
        if (!session->ended)
            return false;
        mg_imap_cancel_ask(session);
        end_session(session);
        return true;
    }
    if (session->gone || session->in->len - session->in_at <= WAITING_MAX + session->message_max)
        return false;
    flood(session);
    return true;
}

/* Does one thing that may give events. Returns false when there is nothing to do. */
static bool work(MgImapSession *session)
{
    if (session->closed)
        return false;
    if (session->wait != MG_IMAP_WAIT_NOTHING)
        return work_waiting(session);
    if (session->gone) { /* nobody is there to read on */
        end_session(session);
        return true;
    }
    if (session->work != NULL) {
        session->work(session);
        return true;
    }
    if (read_input(session))
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
    MgImapSession *session = (MgImapSession *)engine;
    do {
        if (mg_outbox_next(&session->out, event))
            return true;
    } while (work(session));
    return false;
}

static size_t server_facts(const MgEngine *engine, MgFact *facts, size_t max)
{
    const MgImapSession *session = (const MgImapSession *)engine;
    size_t n = 0;
    if (n < max && session->secure)
        mg_text_set_fact(&facts[n++], N_("Protected by"), "%s", session->tls);
    if (n < max && session->user != NULL)
        mg_text_set_fact(&facts[n++], N_("User"), "%s", session->user);
    if (n < max && session->folder != NULL)
        mg_text_set_fact(&facts[n++], N_("Folder"), "%s", session->folder);
    if (n < max && session->folder != NULL)
        mg_text_set_fact(&facts[n++], N_("Messages"), "%u", session->n_told);
    if (n < max && session->idles)
        mg_text_set_fact(&facts[n++], N_("Waiting"), "IDLE");
    return n;
}

#define SESSION_CALLS                                                                              \
    .transport = MG_TRANSPORT_STREAM, .dissector = "imap", .settings = mg_imap_server_settings,    \
    .rules = mg_imap_session_rules, .transitions = mg_imap_transitions, .free = server_free,       \
    .receive = server_receive, .receive_end = server_receive_end, .advance = server_advance,       \
    .answer = server_answer, .next = server_next, .deadline = server_deadline,                     \
    .facts = server_facts

const MgEngineKind mg_imap_server = {
    .name = "imap.server",
    .summary = N_("IMAP server: shows mail programs the folders of their owner"),
    .usual = "mda:143",
    .port = 143,
    .create = server_create,
    SESSION_CALLS,
};

const MgEngineKind mg_imap_server_tls = {
    .name = "imap.server-tls",
    .summary = N_("IMAP server that speaks TLS from the start"),
    .port = 993,
    .create = server_tls_create,
    SESSION_CALLS,
};
