/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pop3-commands.c - what a client can do with a maildrop (RFC 1939 §5 to §7, RFC 2449)
 *
 * One row of commands[] is a command: in which state it is good, what it takes, who does it. A
 * message is read from the mailbox as a whole and handed out in pieces of PIECE octets, stuffed on
 * the way, so that a large one is held once.
 */
#include "pop3-session.h"

#define PIECE        ((size_t)64 * 1024)
#define MESSAGES_MAX 1000000u

static void bad_argument(MgPop3Session *session, const char *text)
{
    mg_pop3_note(session, MG_POP3_R_ARGUMENT, mg_pop3_no_bytes());
    mg_pop3_say(session, "-ERR %s", text);
}

size_t mg_pop3_total_size(const MgPop3Session *session)
{
    size_t total = 0;
    for (unsigned i = 0; i < session->messages->len; i++) {
        const MgPop3Message *message = &g_array_index(session->messages, MgPop3Message, i);
        total += message->deleted ? 0 : message->size;
    }
    return total;
}

size_t mg_pop3_n_left(const MgPop3Session *session)
{
    return session->messages->len - session->n_deleted;
}

const char *mg_pop3_plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* A decimal number, and nothing else, up to `max`. */
static bool parse_number(const char *text, uint64_t max, uint64_t *out)
{
    char *end = NULL;
    if (!g_ascii_isdigit(text[0]))
        return false;
    *out = g_ascii_strtoull(text, &end, 10);
    return *end == '\0' && *out <= max;
}

/* (nullable) The message with this number; the complaint was said. */
static MgPop3Message *find_message(MgPop3Session *session, const char *text)
{
    uint64_t number = 0;
    if (!parse_number(text, MESSAGES_MAX, &number)) {
        bad_argument(session, "not a message number");
        return NULL;
    }
    if (number == 0 || number > session->messages->len) { /* RFC 1939 §3: numbers begin at 1 */
        mg_pop3_say(session, "-ERR no such message, the maildrop has %u", session->messages->len);
        return NULL;
    }
    MgPop3Message *message = &g_array_index(session->messages, MgPop3Message, number - 1);
    if (message->deleted) { /* RFC 1939 §5: a deleted message may not be referred to */
        mg_pop3_say(session, "-ERR message %u is marked as deleted", (unsigned)number);
        return NULL;
    }
    return message;
}

static unsigned number_of(const MgPop3Session *session, const MgPop3Message *message)
{
    return (unsigned)(message - &g_array_index(session->messages, MgPop3Message, 0)) + 1;
}

/* ---- commands after the login ---- */

static void do_stat(MgPop3Session *session, char **arguments, size_t n)
{
    mg_pop3_say(session, "+OK %zu %zu", mg_pop3_n_left(session), mg_pop3_total_size(session));
}

static void do_list(MgPop3Session *session, char **arguments, size_t n)
{
    if (n > 0) {
        const MgPop3Message *message = find_message(session, arguments[0]);
        if (message != NULL)
            mg_pop3_say(session, "+OK %u %zu", number_of(session, message), message->size);
        return;
    }
    mg_pop3_say(session, "+OK %zu message%s (%zu octets)", mg_pop3_n_left(session),
                mg_pop3_plural(mg_pop3_n_left(session)), mg_pop3_total_size(session));
    for (unsigned i = 0; i < session->messages->len; i++) {
        const MgPop3Message *message = &g_array_index(session->messages, MgPop3Message, i);
        if (!message->deleted)
            mg_pop3_say(session, "%u %zu", i + 1, message->size);
    }
    mg_pop3_say(session, ".");
}

/* RFC 1939 §7: 1 to 70 characters, never used for another message of this maildrop. */
static void do_uidl(MgPop3Session *session, char **arguments, size_t n)
{
    if (n > 0) {
        const MgPop3Message *message = find_message(session, arguments[0]);
        if (message != NULL)
            mg_pop3_say(session, "+OK %u %u.%u", number_of(session, message), session->validity,
                        message->uid);
        return;
    }
    mg_pop3_say(session, "+OK");
    for (unsigned i = 0; i < session->messages->len; i++) {
        const MgPop3Message *message = &g_array_index(session->messages, MgPop3Message, i);
        if (!message->deleted)
            mg_pop3_say(session, "%u %u.%u", i + 1, session->validity, message->uid);
    }
    mg_pop3_say(session, ".");
}

static void read_message(MgPop3Session *session, const MgPop3Message *message, uint64_t lines)
{
    session->top = lines;
    session->question.uid = message->uid;
    mg_pop3_ask(session, MG_POP3_WAIT_READ, MG_MAILBOX_READ);
}

static void do_retr(MgPop3Session *session, char **arguments, size_t n)
{
    const MgPop3Message *message = find_message(session, arguments[0]);
    if (message != NULL)
        read_message(session, message, UINT64_MAX);
}

static void do_top(MgPop3Session *session, char **arguments, size_t n)
{
    uint64_t lines = 0;
    if (!parse_number(arguments[1], UINT32_MAX, &lines)) {
        bad_argument(session, "TOP takes a message number and a number of lines");
        return;
    }
    const MgPop3Message *message = find_message(session, arguments[0]);
    if (message != NULL)
        read_message(session, message, lines);
}

static void do_dele(MgPop3Session *session, char **arguments, size_t n)
{
    MgPop3Message *message = find_message(session, arguments[0]);
    if (message == NULL)
        return;
    message->deleted = true; /* RFC 1939 §5: only marked; QUIT removes it */
    session->n_deleted++;
    mg_pop3_say(session, "+OK message %u will be removed at QUIT", number_of(session, message));
}

static void do_noop(MgPop3Session *session, char **arguments, size_t n)
{
    mg_pop3_say(session, "+OK");
}

static void do_rset(MgPop3Session *session, char **arguments, size_t n)
{
    for (unsigned i = 0; i < session->messages->len; i++)
        g_array_index(session->messages, MgPop3Message, i).deleted = false;
    session->n_deleted = 0;
    mg_pop3_say(session, "+OK maildrop has %u message%s (%zu octets)", session->messages->len,
                mg_pop3_plural(session->messages->len), mg_pop3_total_size(session));
}

static void do_capa(MgPop3Session *session, char **arguments, size_t n)
{
    static const char *const capabilities[] = {"RESP-CODES", "AUTH-RESP-CODE", "PIPELINING",
                                               "EXPIRE NEVER"};
    bool logs_in = !mg_pop3_must_secure(session);
    mg_pop3_say(session, "+OK what this server can do");
    mg_pop3_say(session, "TOP");
    mg_pop3_say(session, "UIDL");
    if (logs_in)
        mg_pop3_say(session, "USER");
    for (size_t i = 0; i < G_N_ELEMENTS(capabilities); i++)
        mg_pop3_say(session, "%s", capabilities[i]);
    MgSaslPolicy policy = mg_pop3_policy_of(session);
    g_autoptr(GString) list = g_string_new(NULL);
    bool outside = session->state == MG_POP3_AUTHORIZATION;
    if (session->auth && outside && logs_in && mg_sasl_list(&policy, list))
        mg_pop3_say(session, "SASL %s", list->str);   /* RFC 5034 §3 */
    if (outside && session->stls && !session->secure) /* RFC 2595 §4 */
        mg_pop3_say(session, "STLS");
    mg_pop3_say(session, ".");
}

/* RFC 1939 §6: messages are removed now and at no other time. */
static void expunge(MgPop3Session *session)
{
    size_t n = 0;
    session->uids = g_new(uint32_t, session->n_deleted);
    for (unsigned i = 0; i < session->messages->len; i++) {
        const MgPop3Message *message = &g_array_index(session->messages, MgPop3Message, i);
        if (message->deleted)
            session->uids[n++] = message->uid;
    }
    session->question.uids = session->uids;
    session->question.n_uids = n;
    mg_pop3_ask(session, MG_POP3_WAIT_EXPUNGE, MG_MAILBOX_EXPUNGE);
}

static void do_quit(MgPop3Session *session, char **arguments, size_t n)
{
    session->quitting = true;
    if (session->state == MG_POP3_TRANSACTION)
        mg_pop3_enter(session, MG_POP3_UPDATE);
    if (session->n_deleted > 0) {
        expunge(session);
        return;
    }
    mg_pop3_say(session, "+OK goodbye");
    mg_pop3_finish(session);
}

enum { IN_AUTHORIZATION = 1, IN_TRANSACTION = 2, IN_BOTH = 3 };

static const struct {
    const char *name;
    uint8_t states, n_min, n_max;
    bool login; /* refused before TLS where TLS is demanded */
    bool whole; /* the rest of the line is one argument: passwords may hold spaces (RFC 1939 §7) */
    void (*run)(MgPop3Session *session, char **arguments, size_t n);
} commands[] = {
    {"USER", IN_AUTHORIZATION, 1, 1, true, false, mg_pop3_do_user},
    {"PASS", IN_AUTHORIZATION, 1, 1, true, true, mg_pop3_do_pass},
    {"APOP", IN_AUTHORIZATION, 2, 2, true, false, mg_pop3_do_apop},
    {"AUTH", IN_AUTHORIZATION, 1, 2, true, false, mg_pop3_do_auth},
    {"STLS", IN_AUTHORIZATION, 0, 0, false, false, mg_pop3_do_stls},
    {"STAT", IN_TRANSACTION, 0, 0, false, false, do_stat},
    {"LIST", IN_TRANSACTION, 0, 1, false, false, do_list},
    {"RETR", IN_TRANSACTION, 1, 1, false, false, do_retr},
    {"DELE", IN_TRANSACTION, 1, 1, false, false, do_dele},
    {"NOOP", IN_TRANSACTION, 0, 0, false, false, do_noop},
    {"RSET", IN_TRANSACTION, 0, 0, false, false, do_rset},
    {"TOP", IN_TRANSACTION, 2, 2, false, false, do_top},
    {"UIDL", IN_TRANSACTION, 0, 1, false, false, do_uidl},
    {"CAPA", IN_BOTH, 0, 0, false, false, do_capa},
    {"QUIT", IN_BOTH, 0, 0, false, false, do_quit},
};

/* Splits in place at single spaces (RFC 1939 §3). Returns the number of arguments; one more than
 * there is room for if there are too many. */
static size_t split(char *text, char *arguments[3], bool whole)
{
    size_t n = 0;
    while (text != NULL && n < 3) {
        arguments[n++] = text;
        text = whole ? NULL : strchr(text, ' ');
        if (text != NULL)
            *text++ = '\0';
    }
    return n;
}

/* The password has crossed the wire all the same. */
static void refuse_in_clear(MgPop3Session *session, bool shows, MgSpan where)
{
    if (shows)
        mg_pop3_note(session, MG_POP3_R_CLEAR, mg_pop3_no_bytes());
    mg_pop3_note(session, MG_POP3_R_TLS_NEEDED, shows ? mg_pop3_no_bytes() : where);
    mg_pop3_say(session, "-ERR say STLS first");
}

void mg_pop3_run_command(MgPop3Session *session, char *line, MgSpan where)
{
    char *arguments[3] = {NULL};
    char *rest = strchr(line, ' ');
    if (rest != NULL)
        *rest++ = '\0';
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (g_ascii_strcasecmp(line, commands[i].name) != 0)
            continue;
        uint8_t state = session->state == MG_POP3_AUTHORIZATION ? IN_AUTHORIZATION : IN_TRANSACTION;
        if ((commands[i].states & state) == 0) {
            mg_pop3_note(session, MG_POP3_R_STATE, where);
            mg_pop3_say(session,
                        state == IN_AUTHORIZATION ? "-ERR log in first" : "-ERR already logged in");
            return;
        }
        if (rest != NULL && !commands[i].whole)
            g_strchomp(rest); /* laxer than §3: trailing spaces are common and mean nothing */
        size_t n = split(rest != NULL && *rest != '\0' ? rest : NULL, arguments, commands[i].whole);
        if (n < commands[i].n_min || n > commands[i].n_max) {
            mg_pop3_note(session, MG_POP3_R_ARGUMENT, where);
            mg_pop3_say(session, "-ERR %s takes %s", commands[i].name,
                        commands[i].n_max == 0                            ? "no argument"
                        : commands[i].n_max == 2 && commands[i].n_min < 2 ? "one or two arguments"
                        : commands[i].n_max == 2                          ? "two arguments"
                        : commands[i].n_min == 0                          ? "one argument or none"
                                                                          : "one argument");
            return;
        }
        if (commands[i].login && mg_pop3_must_secure(session)) {
            refuse_in_clear(session, commands[i].whole, where);
            return;
        }
        commands[i].run(session, arguments, n);
        return;
    }
    mg_pop3_note(session, MG_POP3_R_UNKNOWN, where);
    mg_pop3_say(session, "-ERR unknown command");
}

/* ---- answers ---- */

void mg_pop3_was_read(MgPop3Session *session, const MgMailboxAnswer *answer)
{
    if (answer == NULL || answer->result != MG_MAILBOX_OK) {
        mg_pop3_say(session, "-ERR [SYS/TEMP] the message cannot be read now");
        return;
    }
    g_string_truncate(session->body, 0);
    g_string_append_len(session->body, (const char *)answer->data.data, (gssize)answer->data.len);
    session->body_at = 0;
    session->in_body = session->at_line_start = session->in_header = true;
    if (session->top == UINT64_MAX)
        mg_pop3_say(session, "+OK %zu octets", answer->data.len);
    else
        mg_pop3_say(session, "+OK the top of it");
}

void mg_pop3_expunged(MgPop3Session *session, const MgMailboxAnswer *answer)
{
    g_clear_pointer(&session->uids, g_free);
    session->n_deleted = 0;
    if (answer != NULL && answer->result == MG_MAILBOX_OK)
        mg_pop3_say(session, "+OK goodbye");
    else
        mg_pop3_say(session, "-ERR some messages were not removed"); /* RFC 1939 §6 */
    mg_pop3_finish(session);
}

/* ---- a message on its way ---- */

/* The next piece of the body: lines that begin with a dot get another (RFC 1939 §3). */
void mg_pop3_send_piece(MgPop3Session *session)
{
    GString *out = session->out.octets;
    const char *body = session->body->str;
    size_t len = session->body->len;
    while (session->body_at < len && out->len < PIECE && (session->in_header || session->top > 0)) {
        const char *line = body + session->body_at;
        size_t left = MIN(len - session->body_at, PIECE);
        const char *lf = memchr(line, '\n', left);
        size_t n = lf != NULL ? (size_t)(lf - line) + 1 : left;
        if (session->at_line_start && line[0] == '.')
            g_string_append_c(out, '.');
        g_string_append_len(out, line, (gssize)n);
        if (session->in_header)
            session->in_header = !(session->at_line_start && (line[0] == '\r' || line[0] == '\n'));
        else if (lf != NULL && session->top != UINT64_MAX)
            session->top--;
        session->at_line_start = lf != NULL;
        session->body_at += n;
    }
    if (out->len >= PIECE)
        return;
    if (!session->at_line_start)
        g_string_append(out, "\r\n");
    g_string_append(out, ".\r\n");
    session->in_body = false;
    if (session->body->allocated_len > 4 * PIECE) { /* a large message's room is not kept */
        g_string_free(session->body, TRUE);
        session->body = g_string_new(NULL);
    }
}
