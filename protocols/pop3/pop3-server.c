/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pop3-server.c - the server's end of POP3 (RFC 1939), with AUTH (RFC 5034)
 *
 * One row of commands[] is a command: in which state it is good, what it takes, who does it. Input
 * is read one line at a time, and only while no ask is open, so replies keep the order of commands
 * that were pipelined (RFC 2449 §6.6).
 *
 * A message is read from the mailbox as a whole and handed out in pieces of PIECE octets, stuffed
 * on the way, so that a large one is held once.
 */
#include "pop3.h"

#include <mailglass/topics.h>

#include "outbox.h"
#include "pop3-auth.h"
#include "text.h"

#define PIECE        ((size_t)64 * 1024)
#define ASK_TIMEOUT  (30 * MG_SECONDS)
#define WAITING_MAX  ((size_t)64 * 1024) /* octets that a client may send ahead while we wait */
#define LOGINS_MAX   3u
#define MESSAGES_MAX 1000000u

static const char AUTHORIZATION[] = "authorization", TRANSACTION[] = "transaction",
                  UPDATE[] = "update", CLOSED[] = "closed";

static const MgTransition transitions[] = {
    {AUTHORIZATION, N_("the password is right"), TRANSACTION, "RFC 1939 §4"},
    {AUTHORIZATION, N_("QUIT, or the connection ends"), CLOSED, "RFC 1939 §4"},
    {TRANSACTION, N_("QUIT"), UPDATE, "RFC 1939 §6"},
    {TRANSACTION, N_("the connection ends without QUIT: nothing is removed"), CLOSED,
     "RFC 1939 §6"},
    {UPDATE, N_("the marked messages are removed"), CLOSED, "RFC 1939 §6"},
    {0},
};

enum {
    R_UNKNOWN,
    R_STATE,
    R_ARGUMENT,
    R_LONG,
    R_BARE_LF,
    R_FLOOD,
    R_CLEAR,
    R_LOGIN,
    R_LOCKED,
    R_NO_QUIT,
    R_AUTOLOGOUT,
    R_SASL /* and those after it, in the order of MgSaslFault */
};

static const MgRule rules[] = {
    [R_UNKNOWN] = {"pop3.unknown-command", MG_SEVERITY_WARN, "RFC 1939 §3",
                   N_("This server does not know the command.")},
    [R_STATE] = {"pop3.wrong-state", MG_SEVERITY_FAULT, "RFC 1939 §3",
                 N_("This command is not allowed in this state of the session.")},
    [R_ARGUMENT] = {"pop3.bad-argument", MG_SEVERITY_FAULT, "RFC 1939 §3",
                    N_("The command's arguments are missing, too many or not of the right form.")},
    [R_LONG] = {"pop3.line-too-long", MG_SEVERITY_FAULT, "RFC 2449 §4",
                N_("A command line may have at most 255 octets.")},
    [R_BARE_LF] = {"pop3.bare-lf", MG_SEVERITY_FAULT, "RFC 1939 §3",
                   N_("A command ends with CR and LF; here the CR is missing.")},
    [R_FLOOD] = {"pop3.flood", MG_SEVERITY_FAULT, "RFC 2449 §6.6",
                 N_("The client sends far more than the server can keep while it works.")},
    [R_CLEAR] = {"pop3.password-in-clear", MG_SEVERITY_NOTE, "RFC 1939 §13",
                 N_("The password crossed the wire as it is: whoever listens can read it.")},
    [R_LOGIN] = {"pop3.login-failed", MG_SEVERITY_NOTE, "RFC 3206 §4",
                 N_("The name or the password is wrong; the server does not say which.")},
    [R_LOCKED] = {"pop3.maildrop-locked", MG_SEVERITY_NOTE, "RFC 1939 §4",
                  N_("Another session holds the maildrop; only one may have it at a time.")},
    [R_NO_QUIT] = {"pop3.ended-without-quit", MG_SEVERITY_NOTE, "RFC 1939 §6",
                   N_("The connection ended without QUIT, so no message is removed.")},
    [R_AUTOLOGOUT] = {"pop3.autologout", MG_SEVERITY_NOTE, "RFC 1939 §3",
                      N_("The client was silent for too long; the server hangs up and removes "
                         "nothing.")},
    MG_SASL_RULES,
    {0},
};

static const MgSettingRow settings[] = {
    {"apop", MG_SETTING_BOOL, "no",
     N_("Greets with a timestamp, so that clients can log in without showing the password "
        "(APOP).")},
    {"auth", MG_SETTING_TEXT, "yes",
     N_("Which ways to log in with AUTH are offered: yes (all), no, or a list such as "
        "SCRAM-SHA-256 CRAM-MD5.")},
    {"auth-clear", MG_SETTING_BOOL, "no",
     N_("Offers ways to log in with AUTH that show the password (PLAIN, LOGIN) without TLS, "
        "too.")},
    {"autologout", MG_SETTING_TIME, "10min",
     N_("How long a client may be silent before the server hangs up (at least 10 minutes).")},
    {0},
};

/* What the open ask is for. */
typedef enum { WAIT_NOTHING, WAIT_SECRET, WAIT_OPEN, WAIT_READ, WAIT_EXPUNGE, WAIT_CLOSE } Wait;

typedef struct {
    uint32_t uid;
    bool deleted;
    size_t size;
} Message;

typedef struct {
    MgEngine base;
    MgOutbox out;
    GString *in;
    size_t in_at;   /* octets of `in` that were consumed */
    uint64_t taken; /* octets of the peer's that were consumed, in all */
    const char *state;
    char *host, *timestamp; /* timestamp: (nullable) as in the greeting, with its brackets */
    char *user;             /* (nullable) */
    char secret[MG_POP3_COMMAND_MAX + 1]; /* what PASS or APOP brought; wiped when answered */
    GArray *messages;                     /* of Message */
    size_t n_deleted;
    uint32_t validity;
    MgTime heard, idle_max, asked;
    MgAskId last_ask;
    Wait wait;
    MgMailboxQuestion question;
    uint32_t *uids;                     /* of EXPUNGE */
    char line[MG_POP3_COMMAND_MAX + 1]; /* the command being looked at; notes point into it */
    GString *body;                      /* the message being sent */
    size_t body_at;
    uint64_t top; /* lines still to send of a TOP's body; UINT64_MAX for RETR */
    bool in_body, at_line_start, in_header;
    unsigned n_logins;
    char *mechanisms;   /* (nullable) which of SASL are offered; NULL: all */
    MgSaslServer *sasl; /* (nullable) an exchange of AUTH */
    uint64_t seed;
    int64_t epoch;
    bool auth, auth_clear, in_auth; /* in_auth: a line of the exchange comes next */
    bool open, apop, quitting, skipping, gone, ended, closed, finished, cancel;
} Server;

static void say(Server *server, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void say(Server *server, const char *format, ...)
{
    if (server->gone)
        return;
    va_list arguments;
    va_start(arguments, format);
    g_string_append_vprintf(server->out.octets, format, arguments);
    va_end(arguments);
    g_string_append(server->out.octets, "\r\n");
}

static void note(Server *server, unsigned rule, MgSpan where)
{
    mg_outbox_add(&server->out,
                  (MgEvent){.kind = MG_EVENT_NOTE, .note = {.rule = &rules[rule], .where = where}});
}

static void enter(Server *server, const char *state)
{
    const MgTransition *row = transitions;
    while (row->from != NULL && (row->from != server->state || row->to != state))
        row++;
    g_assert(row->from != NULL);
    mg_outbox_add(&server->out,
                  (MgEvent){.kind = MG_EVENT_STATE, .state = {.from = server->state, .to = state}});
    server->state = state;
}

static void ask(Server *server, Wait wait, MgMailboxOp op)
{
    server->wait = wait;
    server->asked = server->heard;
    server->question.op = op;
    server->question.user = server->user;
    mg_outbox_add(&server->out, (MgEvent){.kind = MG_EVENT_ASK,
                                          .ask = {.id = ++server->last_ask,
                                                  .topic = MG_TOPIC_MAILBOX,
                                                  .question = &server->question,
                                                  .taken = server->taken}});
}

/* The engine's end: CLOSE follows when the lock is given back. */
static void finish(Server *server)
{
    server->finished = true;
    if (server->open) {
        server->open = false;
        ask(server, WAIT_CLOSE, MG_MAILBOX_CLOSE);
        return;
    }
    if (server->state != CLOSED)
        enter(server, CLOSED);
    mg_outbox_add(&server->out, (MgEvent){.kind = MG_EVENT_CLOSE});
    server->closed = true;
}

/* ---- commands ---- */

static MgSpan no_bytes(void)
{
    return (MgSpan){NULL, 0};
}

static void bad_argument(Server *server, const char *text)
{
    note(server, R_ARGUMENT, no_bytes());
    say(server, "-ERR %s", text);
}

static size_t total_size(const Server *server)
{
    size_t total = 0;
    for (unsigned i = 0; i < server->messages->len; i++) {
        const Message *message = &g_array_index(server->messages, Message, i);
        total += message->deleted ? 0 : message->size;
    }
    return total;
}

static size_t n_left(const Server *server)
{
    return server->messages->len - server->n_deleted;
}

static const char *plural(size_t n)
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
static Message *find_message(Server *server, const char *text)
{
    uint64_t number = 0;
    if (!parse_number(text, MESSAGES_MAX, &number)) {
        bad_argument(server, "not a message number");
        return NULL;
    }
    if (number == 0 || number > server->messages->len) { /* RFC 1939 §3: numbers begin at 1 */
        say(server, "-ERR no such message, the maildrop has %u", server->messages->len);
        return NULL;
    }
    Message *message = &g_array_index(server->messages, Message, number - 1);
    if (message->deleted) { /* RFC 1939 §5: a deleted message may not be referred to */
        say(server, "-ERR message %u is marked as deleted", (unsigned)number);
        return NULL;
    }
    return message;
}

static unsigned number_of(const Server *server, const Message *message)
{
    return (unsigned)(message - &g_array_index(server->messages, Message, 0)) + 1;
}

static void do_user(Server *server, char **arguments, size_t n)
{
    /* RFC 1939 §7 lets a server say whether the name is known; ours does not tell strangers. */
    g_free(server->user);
    server->user = g_strdup(arguments[0]);
    say(server, "+OK now the password");
}

static void log_in(Server *server, const char *secret)
{
    g_strlcpy(server->secret, secret, sizeof server->secret);
    server->question.password = server->apop ? NULL : server->secret;
    server->question.apop_timestamp = server->apop ? server->timestamp : NULL;
    server->question.apop_digest = server->apop ? server->secret : NULL;
    ask(server, WAIT_OPEN, MG_MAILBOX_OPEN);
}

static void do_pass(Server *server, char **arguments, size_t n)
{
    note(server, R_CLEAR, no_bytes());
    if (server->user == NULL) { /* RFC 1939 §7: only right after a good USER */
        note(server, R_STATE, no_bytes());
        say(server, "-ERR USER comes first");
        return;
    }
    server->apop = false;
    log_in(server, arguments[0]);
}

static void do_apop(Server *server, char **arguments, size_t n)
{
    if (server->timestamp == NULL) {
        say(server, "-ERR no APOP here: the greeting had no timestamp");
        return;
    }
    g_free(server->user);
    server->user = g_strdup(arguments[0]);
    server->apop = true;
    log_in(server, arguments[1]);
}

/* ---- AUTH (RFC 5034) ---- */

static MgSaslPolicy policy_of(const Server *server)
{
    return (MgSaslPolicy){.mechanisms = server->mechanisms,
                          .clear = server->auth_clear,
                          .host = server->host,
                          .time = server->epoch + server->heard / MG_SECONDS,
                          .seed = server->seed};
}

/* A login failed: three are enough. */
static void count_login(Server *server)
{
    g_clear_pointer(&server->user, g_free);
    if (++server->n_logins >= LOGINS_MAX)
        finish(server);
}

static void went(Server *server, MgSaslStep step)
{
    MgSaslFault fault = mg_sasl_server_fault(server->sasl);
    if (fault != MG_SASL_FAULT_NONE)
        note(server, R_SASL + fault, no_bytes());
    server->in_auth = step == MG_SASL_SEND;
    if (step == MG_SASL_SEND) {
        say(server, "+ %s", mg_sasl_server_line(server->sasl)); /* RFC 5034 §4 */
        return;
    }
    g_free(server->user);
    server->user = g_strdup(step == MG_SASL_DONE ? mg_sasl_server_acts_as(server->sasl)
                                                 : mg_sasl_server_user(server->sasl));
    if (step == MG_SASL_ASK) {
        ask(server, WAIT_SECRET, MG_MAILBOX_SECRET);
        return;
    }
    g_clear_pointer(&server->sasl, mg_sasl_server_free);
    if (step == MG_SASL_DONE) {
        server->question.proved = true;
        ask(server, WAIT_OPEN, MG_MAILBOX_OPEN);
        return;
    }
    say(server, "-ERR %s", mg_pop3_server_words(fault));
    if (fault == MG_SASL_FAULT_CANCELLED || fault == MG_SASL_FAULT_MECHANISM ||
        fault == MG_SASL_FAULT_NEEDS_TLS) /* nothing was guessed */
        g_clear_pointer(&server->user, g_free);
    else
        count_login(server);
}

static void do_auth(Server *server, char **arguments, size_t n)
{
    mg_random_next(&server->seed); /* never the same nonce */
    MgSaslPolicy policy = policy_of(server);
    MgSpan initial = mg_span_from_string(n > 1 ? arguments[1] : NULL);
    if (!server->auth)
        policy.mechanisms = "";
    server->sasl = mg_sasl_server_new(&policy);
    went(server, mg_sasl_server_start(server->sasl, mg_span_from_string(arguments[0]),
                                      n > 1 ? &initial : NULL));
}

static void got_secret(Server *server, const MgMailboxAnswer *answer)
{
    bool found = answer != NULL && answer->result == MG_MAILBOX_OK;
    server->question = (MgMailboxQuestion){0};
    if (!found && (answer == NULL || answer->result == MG_MAILBOX_FAILED)) {
        went(server, mg_sasl_server_unavailable(server->sasl));
        return;
    }
    char *secret = found ? g_strndup((const char *)answer->data.data, answer->data.len) : NULL;
    went(server, mg_sasl_server_credentials(server->sasl, secret));
    mg_sasl_wipe(secret);
}

/* A line of the exchange. It is not what notes point at: it may be the password. Returns false if
 * more is needed. */
static bool read_auth_line(Server *server, const uint8_t *start, size_t len)
{
    size_t line = 0;
    MgLineCut cut = mg_text_cut_line((MgSpan){start, len}, MG_SASL_LINE_MAX + 2, &line);
    if (cut == MG_LINE_MORE)
        return false;
    if (cut == MG_LINE_BARE_LF)
        note(server, R_BARE_LF, no_bytes());
    MgSpan span = {start, line};
    server->skipping = line > 0 && start[line - 1] != '\n'; /* the rest of a line without end */
    size_t text = mg_text_without_end(span);
    MgSaslStep step = mg_sasl_server_step(server->sasl, (MgSpan){start, text});
    server->in_at += line;
    server->taken += line;
    went(server, step);
    return true;
}

/* ---- commands after the login ---- */

static void do_stat(Server *server, char **arguments, size_t n)
{
    say(server, "+OK %zu %zu", n_left(server), total_size(server));
}

static void do_list(Server *server, char **arguments, size_t n)
{
    if (n > 0) {
        const Message *message = find_message(server, arguments[0]);
        if (message != NULL)
            say(server, "+OK %u %zu", number_of(server, message), message->size);
        return;
    }
    say(server, "+OK %zu message%s (%zu octets)", n_left(server), plural(n_left(server)),
        total_size(server));
    for (unsigned i = 0; i < server->messages->len; i++) {
        const Message *message = &g_array_index(server->messages, Message, i);
        if (!message->deleted)
            say(server, "%u %zu", i + 1, message->size);
    }
    say(server, ".");
}

/* RFC 1939 §7: 1 to 70 characters, never used for another message of this maildrop. */
static void do_uidl(Server *server, char **arguments, size_t n)
{
    if (n > 0) {
        const Message *message = find_message(server, arguments[0]);
        if (message != NULL)
            say(server, "+OK %u %u.%u", number_of(server, message), server->validity, message->uid);
        return;
    }
    say(server, "+OK");
    for (unsigned i = 0; i < server->messages->len; i++) {
        const Message *message = &g_array_index(server->messages, Message, i);
        if (!message->deleted)
            say(server, "%u %u.%u", i + 1, server->validity, message->uid);
    }
    say(server, ".");
}

static void read_message(Server *server, const Message *message, uint64_t lines)
{
    server->top = lines;
    server->question.uid = message->uid;
    ask(server, WAIT_READ, MG_MAILBOX_READ);
}

static void do_retr(Server *server, char **arguments, size_t n)
{
    const Message *message = find_message(server, arguments[0]);
    if (message != NULL)
        read_message(server, message, UINT64_MAX);
}

static void do_top(Server *server, char **arguments, size_t n)
{
    uint64_t lines = 0;
    if (!parse_number(arguments[1], UINT32_MAX, &lines)) {
        bad_argument(server, "TOP takes a message number and a number of lines");
        return;
    }
    const Message *message = find_message(server, arguments[0]);
    if (message != NULL)
        read_message(server, message, lines);
}

static void do_dele(Server *server, char **arguments, size_t n)
{
    Message *message = find_message(server, arguments[0]);
    if (message == NULL)
        return;
    message->deleted = true; /* RFC 1939 §5: only marked; QUIT removes it */
    server->n_deleted++;
    say(server, "+OK message %u will be removed at QUIT", number_of(server, message));
}

static void do_noop(Server *server, char **arguments, size_t n)
{
    say(server, "+OK");
}

static void do_rset(Server *server, char **arguments, size_t n)
{
    for (unsigned i = 0; i < server->messages->len; i++)
        g_array_index(server->messages, Message, i).deleted = false;
    server->n_deleted = 0;
    say(server, "+OK maildrop has %u message%s (%zu octets)", server->messages->len,
        plural(server->messages->len), total_size(server));
}

static void do_capa(Server *server, char **arguments, size_t n)
{
    static const char *const capabilities[] = {
        "TOP", "UIDL", "USER", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "EXPIRE NEVER"};
    say(server, "+OK what this server can do");
    for (size_t i = 0; i < G_N_ELEMENTS(capabilities); i++)
        say(server, "%s", capabilities[i]);
    MgSaslPolicy policy = policy_of(server);
    g_autoptr(GString) list = g_string_new(NULL);
    if (server->auth && server->state == AUTHORIZATION && mg_sasl_list(&policy, list))
        say(server, "SASL %s", list->str); /* RFC 5034 §3 */
    say(server, ".");
}

/* RFC 1939 §6: messages are removed now and at no other time. */
static void expunge(Server *server)
{
    size_t n = 0;
    server->uids = g_new(uint32_t, server->n_deleted);
    for (unsigned i = 0; i < server->messages->len; i++) {
        const Message *message = &g_array_index(server->messages, Message, i);
        if (message->deleted)
            server->uids[n++] = message->uid;
    }
    server->question.uids = server->uids;
    server->question.n_uids = n;
    ask(server, WAIT_EXPUNGE, MG_MAILBOX_EXPUNGE);
}

static void do_quit(Server *server, char **arguments, size_t n)
{
    server->quitting = true;
    if (server->state == TRANSACTION)
        enter(server, UPDATE);
    if (server->n_deleted > 0) {
        expunge(server);
        return;
    }
    say(server, "+OK goodbye");
    finish(server);
}

enum { IN_AUTHORIZATION = 1, IN_TRANSACTION = 2, IN_BOTH = 3 };

static const struct {
    const char *name;
    uint8_t states, n_min, n_max;
    bool whole; /* the rest of the line is one argument: passwords may hold spaces (RFC 1939 §7) */
    void (*run)(Server *server, char **arguments, size_t n);
} commands[] = {
    {"USER", IN_AUTHORIZATION, 1, 1, false, do_user},
    {"PASS", IN_AUTHORIZATION, 1, 1, true, do_pass},
    {"APOP", IN_AUTHORIZATION, 2, 2, false, do_apop},
    {"AUTH", IN_AUTHORIZATION, 1, 2, false, do_auth},
    {"STAT", IN_TRANSACTION, 0, 0, false, do_stat},
    {"LIST", IN_TRANSACTION, 0, 1, false, do_list},
    {"RETR", IN_TRANSACTION, 1, 1, false, do_retr},
    {"DELE", IN_TRANSACTION, 1, 1, false, do_dele},
    {"NOOP", IN_TRANSACTION, 0, 0, false, do_noop},
    {"RSET", IN_TRANSACTION, 0, 0, false, do_rset},
    {"TOP", IN_TRANSACTION, 2, 2, false, do_top},
    {"UIDL", IN_TRANSACTION, 0, 1, false, do_uidl},
    {"CAPA", IN_BOTH, 0, 0, false, do_capa},
    {"QUIT", IN_BOTH, 0, 0, false, do_quit},
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

static void run_command(Server *server, char *line, MgSpan where)
{
    char *arguments[3] = {NULL};
    char *rest = strchr(line, ' ');
    if (rest != NULL)
        *rest++ = '\0';
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (g_ascii_strcasecmp(line, commands[i].name) != 0)
            continue;
        uint8_t state = server->state == AUTHORIZATION ? IN_AUTHORIZATION : IN_TRANSACTION;
        if ((commands[i].states & state) == 0) {
            note(server, R_STATE, where);
            say(server, state == IN_AUTHORIZATION ? "-ERR log in first" : "-ERR already logged in");
            return;
        }
        if (rest != NULL && !commands[i].whole)
            g_strchomp(rest); /* laxer than §3: trailing spaces are common and mean nothing */
        size_t n = split(rest != NULL && *rest != '\0' ? rest : NULL, arguments, commands[i].whole);
        if (n < commands[i].n_min || n > commands[i].n_max) {
            note(server, R_ARGUMENT, where);
            say(server, "-ERR %s takes %s", commands[i].name,
                commands[i].n_max == 0                            ? "no argument"
                : commands[i].n_max == 2 && commands[i].n_min < 2 ? "one or two arguments"
                : commands[i].n_max == 2                          ? "two arguments"
                : commands[i].n_min == 0                          ? "one argument or none"
                                                                  : "one argument");
            return;
        }
        commands[i].run(server, arguments, n);
        return;
    }
    note(server, R_UNKNOWN, where);
    say(server, "-ERR unknown command");
}

/* ---- answers ---- */

static bool copy_messages(Server *server, const MgMailboxAnswer *answer)
{
    if (answer->n_messages > MESSAGES_MAX)
        return false;
    g_array_set_size(server->messages, 0);
    for (size_t i = 0; i < answer->n_messages; i++) {
        Message message = {.uid = answer->messages[i].uid, .size = answer->messages[i].size};
        g_array_append_val(server->messages, message);
    }
    server->validity = answer->uid_validity;
    return true;
}

static void opened(Server *server, const MgMailboxAnswer *answer)
{
    MgMailboxResult result = answer != NULL ? answer->result : MG_MAILBOX_FAILED;
    explicit_bzero(server->secret, sizeof server->secret);
    server->question = (MgMailboxQuestion){0};
    server->open = result == MG_MAILBOX_OK;
    if (server->open && copy_messages(server, answer)) {
        enter(server, TRANSACTION);
        say(server, "+OK maildrop has %u message%s (%zu octets)", server->messages->len,
            plural(server->messages->len), total_size(server));
        return;
    }
    if (result == MG_MAILBOX_LOCKED) {
        note(server, R_LOCKED, no_bytes());
        say(server, "-ERR [IN-USE] another session has this maildrop"); /* RFC 2449 §8.1.2 */
    } else if (result == MG_MAILBOX_NONE || result == MG_MAILBOX_DENIED) {
        note(server, R_LOGIN, no_bytes());
        say(server, "-ERR [AUTH] wrong name or password"); /* RFC 3206 §4 */
    } else {
        say(server, "-ERR [SYS/TEMP] the maildrop cannot be opened now");
    }
    count_login(server); /* RFC 1939 §7: USER again, or QUIT */
}

static void was_read(Server *server, const MgMailboxAnswer *answer)
{
    if (answer == NULL || answer->result != MG_MAILBOX_OK) {
        say(server, "-ERR [SYS/TEMP] the message cannot be read now");
        return;
    }
    g_string_truncate(server->body, 0);
    g_string_append_len(server->body, (const char *)answer->data.data, (gssize)answer->data.len);
    server->body_at = 0;
    server->in_body = server->at_line_start = server->in_header = true;
    if (server->top == UINT64_MAX)
        say(server, "+OK %zu octets", answer->data.len);
    else
        say(server, "+OK the top of it");
}

static void expunged(Server *server, const MgMailboxAnswer *answer)
{
    g_clear_pointer(&server->uids, g_free);
    server->n_deleted = 0;
    if (answer != NULL && answer->result == MG_MAILBOX_OK)
        say(server, "+OK goodbye");
    else
        say(server, "-ERR some messages were not removed"); /* RFC 1939 §6 */
    finish(server);
}

static void answered(Server *server, const MgMailboxAnswer *answer)
{
    Wait wait = server->wait;
    server->wait = WAIT_NOTHING;
    if (wait == WAIT_SECRET)
        got_secret(server, answer);
    else if (wait == WAIT_OPEN)
        opened(server, answer);
    else if (wait == WAIT_READ)
        was_read(server, answer);
    else if (wait == WAIT_EXPUNGE)
        expunged(server, answer);
    else
        finish(server);
}

/* ---- a message on its way ---- */

/* The next piece of the body: lines that begin with a dot get another (RFC 1939 §3). */
static void send_piece(Server *server)
{
    GString *out = server->out.octets;
    const char *body = server->body->str;
    size_t len = server->body->len;
    while (server->body_at < len && out->len < PIECE && (server->in_header || server->top > 0)) {
        const char *line = body + server->body_at;
        size_t left = MIN(len - server->body_at, PIECE);
        const char *lf = memchr(line, '\n', left);
        size_t n = lf != NULL ? (size_t)(lf - line) + 1 : left;
        if (server->at_line_start && line[0] == '.')
            g_string_append_c(out, '.');
        g_string_append_len(out, line, (gssize)n);
        if (server->in_header)
            server->in_header = !(server->at_line_start && (line[0] == '\r' || line[0] == '\n'));
        else if (lf != NULL && server->top != UINT64_MAX)
            server->top--;
        server->at_line_start = lf != NULL;
        server->body_at += n;
    }
    if (out->len >= PIECE)
        return;
    if (!server->at_line_start)
        g_string_append(out, "\r\n");
    g_string_append(out, ".\r\n");
    server->in_body = false;
    if (server->body->allocated_len > 4 * PIECE) { /* a large message's room is not kept */
        g_string_free(server->body, TRUE);
        server->body = g_string_new(NULL);
    }
}

/* ---- lines ---- */

/* The line as it came, kept for notes: `in` may move before they are handed out. */
static MgSpan keep_line(Server *server, const uint8_t *start, size_t len)
{
    memcpy(server->line, start, len);
    return (MgSpan){(const uint8_t *)server->line, len};
}

static void run_line(Server *server, const uint8_t *start, size_t len)
{
    char line[MG_POP3_COMMAND_MAX + 1];
    MgSpan where = keep_line(server, start, len);
    size_t text = len - 1;
    if (text > 0 && start[text - 1] == '\r')
        text--;
    else /* laxer than RFC 1939 §3, as every server is: it is taken, and noted */
        note(server, R_BARE_LF, where);
    memcpy(line, start, text);
    line[text] = '\0';
    server->in_at += len;
    server->taken += len;
    for (size_t i = 0; i < text; i++)
        if (start[i] < 0x20 || start[i] >= 0x7f) {
            note(server, R_ARGUMENT, where); /* RFC 1939 §3: printable ASCII */
            say(server, "-ERR only printable ASCII is allowed");
            return;
        }
    run_command(server, line, where);
}

/* Reads one line. Returns false if there is none. */
static bool read_line(Server *server)
{
    const uint8_t *start = (const uint8_t *)server->in->str + server->in_at;
    size_t len = server->in->len - server->in_at;
    const uint8_t *lf = len > 0 ? memchr(start, '\n', len) : NULL;
    size_t line = lf != NULL ? (size_t)(lf - start) + 1 : len;
    if (server->skipping) {
        server->in_at += line;
        server->taken += line;
        server->skipping = lf == NULL;
        return lf != NULL;
    }
    if (server->in_auth)
        return read_auth_line(server, start, len);
    if (line > MG_POP3_COMMAND_MAX || (lf == NULL && line == MG_POP3_COMMAND_MAX)) {
        note(server, R_LONG, keep_line(server, start, MG_POP3_COMMAND_MAX));
        say(server, "-ERR the line is too long"); /* RFC 2449 §4 */
        server->skipping = true;
        return true;
    }
    if (lf == NULL)
        return false;
    run_line(server, start, line);
    return true;
}

/* The peer's octets have ended and all that they said was done. */
static void end_session(Server *server)
{
    if (server->state == TRANSACTION && !server->quitting)
        note(server, R_NO_QUIT, no_bytes()); /* RFC 1939 §6 */
    finish(server);
}

/* ---- the engine ---- */

static MgEngine *server_create(const MgBirth *birth)
{
    Server *server = g_new0(Server, 1);
    server->base.kind = &mg_pop3_server;
    mg_outbox_init(&server->out);
    server->in = g_string_new(NULL);
    server->body = g_string_new(NULL);
    server->messages = g_array_new(FALSE, FALSE, sizeof(Message));
    server->state = AUTHORIZATION;
    server->host = g_strdup(birth->host);
    server->heard = birth->now;
    server->idle_max = mg_settings_get_time(birth->settings, "autologout", 10 * MG_MINUTES);
    server->seed = birth->seed;
    server->epoch = birth->epoch;
    const char *auth = mg_settings_get(birth->settings, "auth", "yes");
    server->auth = strcmp(auth, "no") != 0;
    server->mechanisms = mg_text_is_yes(auth) ? NULL : g_strdup(auth);
    server->auth_clear = mg_text_is_yes(mg_settings_get(birth->settings, "auth-clear", "no"));
    if (mg_text_is_yes(mg_settings_get(birth->settings, "apop", "no"))) {
        uint64_t seed = birth->seed;
        server->timestamp = g_strdup_printf("<%" G_GUINT64_FORMAT ".%" G_GINT64_FORMAT "@%s>",
                                            mg_random_next(&seed) >> 32,
                                            birth->epoch + birth->now / MG_SECONDS, birth->host);
    }
    say(server, "+OK %s POP3 ready%s%s", server->host, server->timestamp != NULL ? " " : "",
        server->timestamp != NULL ? server->timestamp : "");
    return &server->base;
}

static void server_free(MgEngine *engine)
{
    Server *server = (Server *)engine;
    mg_outbox_clear(&server->out);
    g_string_free(server->in, TRUE);
    g_string_free(server->body, TRUE);
    g_array_unref(server->messages);
    g_free(server->host);
    g_free(server->timestamp);
    g_free(server->user);
    g_free(server->uids);
    g_free(server->mechanisms);
    mg_sasl_server_free(server->sasl);
    explicit_bzero(server->secret, sizeof server->secret);
    g_free(server);
}

static void server_receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    Server *server = (Server *)engine;
    if (server->finished || server->closed || server->ended)
        return;
    g_string_append_len(server->in, (const char *)bytes.data, (gssize)bytes.len);
    server->heard = now;
}

static void server_receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
    Server *server = (Server *)engine;
    server->ended = true;
    if (how != MG_END_CLOSED)
        server->gone = true;
}

static MgTime server_deadline(const MgEngine *engine)
{
    const Server *server = (const Server *)engine;
    if (server->closed || server->cancel)
        return MG_TIME_NEVER;
    if (server->wait != WAIT_NOTHING)
        return server->asked + ASK_TIMEOUT;
    return server->heard + server->idle_max;
}

static void server_advance(MgEngine *engine, MgTime now)
{
    Server *server = (Server *)engine;
    if (now < server_deadline(engine) || server->closed || server->cancel)
        return;
    server->heard = now;
    if (server->wait != WAIT_NOTHING) {
        server->cancel = true;
        return;
    }
    note(server, R_AUTOLOGOUT, no_bytes()); /* RFC 1939 §3: no response, no UPDATE */
    finish(server);
}

static bool server_answer(MgEngine *engine, MgAskId ask_id, const void *answer, MgTime now)
{
    Server *server = (Server *)engine;
    if (server->wait == WAIT_NOTHING || ask_id != server->last_ask || server->cancel)
        return false;
    server->heard = now;
    answered(server, answer);
    return true;
}

static void flood(Server *server)
{
    note(server, R_FLOOD, no_bytes());
    g_string_truncate(server->in, 0);
    server->in_at = 0;
    server->gone = server->ended = true;
}

/* Does one thing that may give events. Returns false when there is nothing to do. */
static bool work(Server *server)
{
    if (server->closed)
        return false;
    if (server->cancel) {
        server->cancel = false;
        mg_outbox_add(&server->out, (MgEvent){.kind = MG_EVENT_CANCEL, .cancel = server->last_ask});
        answered(server, NULL);
        return true;
    }
    if (server->in_body && !server->gone) {
        send_piece(server);
        return true;
    }
    if (server->wait != WAIT_NOTHING) {
        if (server->finished || server->gone || server->in->len - server->in_at <= WAITING_MAX)
            return false;
        flood(server);
        return true;
    }
    if (read_line(server))
        return true;
    if (server->in_at > 0) {
        g_string_erase(server->in, 0, (gssize)server->in_at);
        server->in_at = 0;
    }
    if (!server->ended)
        return false;
    end_session(server);
    return true;
}

static bool server_next(MgEngine *engine, MgEvent *event)
{
    Server *server = (Server *)engine;
    do {
        if (mg_outbox_next(&server->out, event))
            return true;
    } while (work(server));
    return false;
}

static size_t server_facts(const MgEngine *engine, MgFact *facts, size_t max)
{
    const Server *server = (const Server *)engine;
    size_t n = 0;
    if (n < max && server->user != NULL) {
        facts[n].label = N_("User");
        g_strlcpy(facts[n++].value, server->user, sizeof facts->value);
    }
    if (n < max && server->state == TRANSACTION) {
        facts[n].label = N_("Messages");
        g_snprintf(facts[n++].value, sizeof facts->value, "%zu", n_left(server));
    }
    if (n < max && server->n_deleted > 0) {
        facts[n].label = N_("To be removed at QUIT");
        g_snprintf(facts[n++].value, sizeof facts->value, "%zu", server->n_deleted);
    }
    return n;
}

const MgEngineKind mg_pop3_server = {
    .name = "pop3.server",
    .summary = N_("POP3 server: lets a mail program fetch what is in its mailbox"),
    .usual = "mda:110",
    .transport = MG_TRANSPORT_STREAM,
    .port = 110,
    .dissector = "pop",
    .settings = settings,
    .rules = rules,
    .transitions = transitions,
    .create = server_create,
    .free = server_free,
    .receive = server_receive,
    .receive_end = server_receive_end,
    .advance = server_advance,
    .answer = server_answer,
    .next = server_next,
    .deadline = server_deadline,
    .facts = server_facts,
};
