/* SPDX-License-Identifier: GPL-3.0-or-later */
/* console.c - an engine that a person drives by hand */
#include "console.h"

#include "outbox.h"
#include "text.h"

#define TYPE_A         1u
#define LOOKUP_TIMEOUT MG_MINUTES
#define SECURE_TIMEOUT MG_MINUTES
#define REPLY_TIMEOUT  (30 * MG_SECONDS)
#define LINE_MAX_KEPT  512u

static const char NEW[] = N_("new"), LOOKING[] = N_("looking up"), CONNECTING[] = N_("connecting"),
                  CONNECTED[] = N_("connected"), SECURING[] = N_("securing"),
                  CLOSED[] = N_("closed");

const MgTransition mg_console_transitions[] = {
    {NEW, N_("somebody has connected"), CONNECTED, NULL},
    {NEW, N_("the server has a name"), LOOKING, NULL},
    {NEW, N_("the server has an address"), CONNECTING, NULL},
    {NEW, N_("the URL names no server"), CLOSED, NULL},
    {LOOKING, N_("the name has an address"), CONNECTING, "RFC 1035 §3.4.1"},
    {LOOKING, N_("the name has no address"), CLOSED, NULL},
    {CONNECTING, N_("the server has taken the connection"), CONNECTED, "RFC 9293 §3.5"},
    {CONNECTING, N_("the server cannot be reached"), CLOSED, NULL},
    {CONNECTED, N_("both ends want TLS"), SECURING, "RFC 3207 §4"},
    {SECURING, N_("TLS stands"), CONNECTED, "RFC 3207 §4.2"},
    {SECURING, N_("TLS has failed, or the connection ends"), CLOSED, "RFC 3207 §4.1"},
    {CONNECTED, N_("one of the two has hung up"), CLOSED, "RFC 9293 §3.6"},
    {0},
};

enum {
    R_NO_SERVER,
    R_NO_NAME,
    R_NO_CONNECTION,
    R_PROVED,
    R_NOT_PROVED,
    R_SECURE,
    R_TLS_FAILED,
    R_INJECTED
};

const MgRule mg_console_rules[] = {
    [R_NO_SERVER] = {"console.no-server", MG_SEVERITY_NOTE, "RFC 3986 §3.2",
                     N_("This URL names no server: write it like scheme://host or "
                        "scheme://host:port.")},
    [R_NO_NAME] = {"console.no-name", MG_SEVERITY_NOTE, "RFC 1035 §3.4.1",
                   N_("The domain name system gives no address for this server's name.")},
    [R_NO_CONNECTION] = {"console.no-connection", MG_SEVERITY_NOTE, "RFC 9293 §3.5",
                         N_("The server could not be reached: nobody listens on this port, or no "
                            "packet comes through.")},
    [R_PROVED] = {"console.tls-proved", MG_SEVERITY_NOTE, "RFC 9525 §6",
                  N_("TLS stands: what is typed now can be read by the two ends alone. The server "
                     "has proved its name.")},
    [R_NOT_PROVED] = {"console.tls-not-proved", MG_SEVERITY_WARN, "RFC 9525 §6",
                      N_("TLS stands, but the server has not proved its name. Who only listens "
                         "reads nothing; somebody who sits in between could. Type no password.")},
    [R_SECURE] = {"console.tls", MG_SEVERITY_NOTE, "RFC 3207 §4.2",
                  N_("TLS stands: what is typed now can be read by the two ends alone.")},
    [R_TLS_FAILED] = {"console.tls-failed", MG_SEVERITY_WARN, "RFC 3207 §4.1",
                      N_("TLS was begun and did not come about. The connection is of no use any "
                         "more: nobody must go on in the clear on it.")},
    [R_INJECTED] = {"console.before-tls", MG_SEVERITY_FAULT, "RFC 3207 §4.2",
                    N_("More came in the clear when TLS was about to begin, perhaps from somebody "
                       "in between. A program throws it away.")},
    {0},
};

typedef struct {
    MgEngine base;
    MgOutbox out;
    const char *state;
    char *server, *address, *peer; /* (nullable) */
    uint16_t port;
    const char *topic; /* of the open ask; NULL: none */
    MgAskId last_ask;
    uint64_t received;
    MgTime due, now;
    const MgConsoleWay *way;
    bool wants_tls, agreed, secure; /* wants_tls: the client has said the word for it */
    bool more;                      /* came in the clear behind the server's agreement */
    GString *line;                  /* the peer's, so far */
    char *tls;                      /* (nullable) its version and cipher */
    union {
        MgSecureQuestion secure;
        MgLookupQuestion lookup;
        MgConnectQuestion connect;
        MgPersonQuestion person;
    } question;
} Console;

static void enter(Console *console, const char *state)
{
    mg_outbox_enter(&console->out, mg_console_transitions, &console->state, state);
}

static void ask(Console *console, const char *topic, MgTime due)
{
    console->topic = topic;
    console->due = due;
    mg_outbox_add(&console->out, (MgEvent){.kind = MG_EVENT_ASK,
                                           .ask = {.id = ++console->last_ask,
                                                   .topic = topic,
                                                   .question = &console->question,
                                                   .taken = console->received}});
}

static void finish(Console *console)
{
    if (console->state == CLOSED)
        return;
    if (console->topic != NULL)
        mg_outbox_add(&console->out,
                      (MgEvent){.kind = MG_EVENT_CANCEL, .cancel = console->last_ask});
    console->topic = NULL;
    console->due = MG_TIME_NEVER;
    enter(console, CLOSED);
    mg_outbox_add(&console->out, (MgEvent){.kind = MG_EVENT_CLOSE});
}

static void give_up(Console *console, unsigned rule)
{
    mg_outbox_note(&console->out, &mg_console_rules[rule], (MgSpan){NULL, 0});
    finish(console);
}

static void ask_person(Console *console)
{
    console->question.person = (MgPersonQuestion){console->peer};
    ask(console, MG_TOPIC_PERSON, MG_TIME_NEVER);
}

/* ---- TLS ---- */

static bool is_client(const Console *console)
{
    return console->base.kind->verb != NULL;
}

/* "STARTTLS", and "a1 STARTTLS": a client's line that ends with the word. */
static bool asks_for_tls(const Console *console, const char *line)
{
    const char *word = console->way->starttls.word;
    g_autofree char *text = g_strchomp(g_strdup(line));
    const char *last = strrchr(text, ' ');
    return word != NULL && !console->secure &&
           g_ascii_strcasecmp(last != NULL ? last + 1 : text, word) == 0;
}

static bool agrees(const Console *console, const char *line)
{
    const char *yes = console->way->starttls.yes;
    size_t len = strlen(yes);
    return g_ascii_strncasecmp(line, yes, len) == 0 && strchr(" \r\n", line[len]) != NULL;
}

static void secure(Console *console)
{
    console->wants_tls = console->agreed = false;
    console->topic = MG_TOPIC_SECURE;
    console->due = console->now + SECURE_TIMEOUT;
    console->question.secure =
        (MgSecureQuestion){.name = console->server, .any = is_client(console)};
    enter(console, SECURING);
    mg_outbox_add(&console->out, (MgEvent){.kind = MG_EVENT_STARTTLS,
                                           .ask = {.id = ++console->last_ask,
                                                   .topic = MG_TOPIC_SECURE,
                                                   .question = &console->question,
                                                   .taken = console->received}});
}

static void secured(Console *console, const MgSecureAnswer *answer)
{
    if (answer == NULL || !answer->secure) {
        give_up(console, R_TLS_FAILED);
        return;
    }
    console->secure = true;
    console->tls = g_strdup_printf("%s %s", answer->version, answer->cipher);
    unsigned rule = !is_client(console) ? R_SECURE : answer->verified ? R_PROVED : R_NOT_PROVED;
    mg_outbox_note(&console->out, &mg_console_rules[rule], (MgSpan){NULL, 0});
    enter(console, CONNECTED);
    ask_person(console);
}

/* A line of the peer's is whole: the client's wish, or the server's answer to it. */
static void heard(Console *console)
{
    if (!is_client(console)) {
        console->wants_tls = asks_for_tls(console, console->line->str);
    } else if (console->wants_tls) {
        console->wants_tls = false;
        console->agreed = agrees(console, console->line->str);
        if (!console->agreed)
            ask_person(console);
    }
}

static void set_peer(Console *console, const char *name, uint16_t port)
{
    console->peer = strchr(name, ':') != NULL ? g_strdup_printf("[%s]:%u", name, port)
                                              : g_strdup_printf("%s:%u", name, port);
}

static void connect_to(Console *console, const char *address)
{
    console->address = g_strdup(address);
    console->question.connect =
        (MgConnectQuestion){console->address, console->port, console->base.kind->dissector};
    enter(console, CONNECTING);
    ask(console, MG_TOPIC_CONNECT, MG_TIME_NEVER);
}

static void found(Console *console, const MgLookupAnswer *answer)
{
    if (answer == NULL) { /* nobody looks names up here: a real carrier knows them itself */
        connect_to(console, console->server);
        return;
    }
    for (size_t i = 0; answer->reached && i < answer->n_records; i++) {
        if (answer->records[i].type == TYPE_A) {
            connect_to(console, answer->records[i].data);
            return;
        }
    }
    give_up(console, R_NO_NAME);
}

static void connected(Console *console, const MgConnectAnswer *answer)
{
    if (answer == NULL || answer->reach != MG_REACH_OK) {
        give_up(console, R_NO_CONNECTION);
        return;
    }
    enter(console, CONNECTED);
    if (console->way->tls_first)
        secure(console);
    else
        ask_person(console);
}

static void typed(Console *console, const MgPersonAnswer *answer)
{
    if (answer == NULL || answer->text == NULL) {
        finish(console);
        return;
    }
    g_string_append(console->out.octets, answer->text);
    g_string_append(console->out.octets, "\r\n");
    if (is_client(console) && asks_for_tls(console, answer->text)) {
        console->wants_tls = true; /* what is typed next depends on the reply */
        console->due = console->now + REPLY_TIMEOUT;
    } else if (!is_client(console) && console->wants_tls && agrees(console, answer->text)) {
        secure(console);
    } else {
        ask_person(console);
    }
}

/* ---- birth ---- */

/* "smtp://mta.example.com:587"; what stands after the authority means nothing here. */
static bool read_url(Console *console, const char *url)
{
    const char *at = strstr(url, "://");
    if (at == NULL)
        return false;
    g_autofree char *authority = g_strndup(at + 3, strcspn(at + 3, "/?#"));
    return mg_text_parse_endpoint(authority, console->port, &console->server, &console->port);
}

static void begin_client(Console *console, const MgVerbCall *call, MgTime now)
{
    if (call->n_words == 0 || !read_url(console, call->words[0])) {
        give_up(console, R_NO_SERVER);
        return;
    }
    set_peer(console, console->server, console->port);
    if (mg_text_is_address(mg_span_from_string(console->server))) {
        connect_to(console, console->server);
        return;
    }
    console->question.lookup = (MgLookupQuestion){.name = console->server, .type = TYPE_A};
    enter(console, LOOKING);
    ask(console, MG_TOPIC_LOOKUP, now + LOOKUP_TIMEOUT);
}

MgEngine *mg_console_new(const MgEngineKind *kind, const MgBirth *birth, const MgConsoleWay *way)
{
    Console *console = g_new0(Console, 1);
    console->base.kind = kind;
    mg_outbox_init(&console->out);
    console->state = NEW;
    console->port = way->port;
    console->way = way;
    console->now = birth->now;
    console->line = g_string_new(NULL);
    console->due = MG_TIME_NEVER;
    if (kind->verb != NULL) {
        begin_client(console, birth->question, birth->now);
    } else {
        set_peer(console, birth->peer_address != NULL ? birth->peer_address : "?",
                 birth->peer_port);
        enter(console, CONNECTED);
        ask_person(console);
    }
    return &console->base;
}

void mg_console_free(MgEngine *engine)
{
    Console *console = (Console *)engine;
    mg_outbox_clear(&console->out);
    g_free(console->server);
    g_free(console->address);
    g_free(console->peer);
    g_free(console->tls);
    g_string_free(console->line, TRUE);
    g_free(console);
}

/* ---- the engine ---- */

/* What the peer says is for the person to read, who sees it in the trace. */
void mg_console_receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    Console *console = (Console *)engine;
    console->now = now;
    console->received += bytes.len;
    if (console->secure || console->state != CONNECTED)
        return;
    console->more = console->agreed;
    for (size_t i = 0; i < bytes.len; i++) {
        if (console->line->len < LINE_MAX_KEPT)
            g_string_append_c(console->line, (char)bytes.data[i]);
        if (bytes.data[i] != '\n')
            continue;
        heard(console);
        console->more = console->more || (console->agreed && i + 1 < bytes.len);
        g_string_truncate(console->line, 0);
    }
}

void mg_console_receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
    Console *console = (Console *)engine;
    if (console->state == CONNECTED ||
        console->state == SECURING) /* an end of what has not begun cannot come */
        finish(console);
}

void mg_console_advance(MgEngine *engine, MgTime now)
{
    Console *console = (Console *)engine;
    if (now < console->due)
        return;
    console->now = now;
    if (console->state == LOOKING) {
        give_up(console, R_NO_NAME);
    } else if (console->state == SECURING) {
        give_up(console, R_TLS_FAILED);
    } else { /* no reply: the person may go on, or hang up */
        console->wants_tls = false;
        ask_person(console);
    }
}

bool mg_console_answer(MgEngine *engine, MgAskId ask_id, const void *answer, MgTime now)
{
    Console *console = (Console *)engine;
    const char *topic = console->topic;
    if (topic == NULL || ask_id != console->last_ask)
        return false;
    console->topic = NULL;
    console->due = MG_TIME_NEVER;
    console->now = now;
    if (strcmp(topic, MG_TOPIC_LOOKUP) == 0)
        found(console, answer);
    else if (strcmp(topic, MG_TOPIC_CONNECT) == 0)
        connected(console, answer);
    else if (strcmp(topic, MG_TOPIC_SECURE) == 0)
        secured(console, answer);
    else
        typed(console, answer);
    return true;
}

bool mg_console_next(MgEngine *engine, MgEvent *event)
{
    Console *console = (Console *)engine;
    if (console->agreed && console->state == CONNECTED) {
        if (console->more)
            mg_outbox_note(&console->out, &mg_console_rules[R_INJECTED], (MgSpan){NULL, 0});
        secure(console);
    }
    return mg_outbox_next(&console->out, event);
}

MgTime mg_console_deadline(const MgEngine *engine)
{
    return ((const Console *)engine)->due;
}

size_t mg_console_facts(const MgEngine *engine, MgFact *facts, size_t max)
{
    const Console *console = (const Console *)engine;
    size_t n = 0;
    if (n < max)
        mg_text_set_fact(&facts[n++], N_("Session"), "%s", console->state);
    if (n < max && console->peer != NULL)
        mg_text_set_fact(&facts[n++], N_("By hand, with"), "%s", console->peer);
    if (n < max && console->tls != NULL)
        mg_text_set_fact(&facts[n++], N_("Protected by"), "%s", console->tls);
    return n;
}
