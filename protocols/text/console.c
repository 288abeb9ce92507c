/* SPDX-License-Identifier: GPL-3.0-or-later */
/* console.c - an engine that a person drives by hand */
#include "console.h"

#include "outbox.h"
#include "text.h"

#define TYPE_A         1u
#define LOOKUP_TIMEOUT MG_MINUTES

static const char NEW[] = N_("new"), LOOKING[] = N_("looking up"), CONNECTING[] = N_("connecting"),
                  CONNECTED[] = N_("connected"), CLOSED[] = N_("closed");

const MgTransition mg_console_transitions[] = {
    {NEW, N_("somebody has connected"), CONNECTED, NULL},
    {NEW, N_("the server has a name"), LOOKING, NULL},
    {NEW, N_("the server has an address"), CONNECTING, NULL},
    {NEW, N_("the URL names no server"), CLOSED, NULL},
    {LOOKING, N_("the name has an address"), CONNECTING, "RFC 1035 §3.4.1"},
    {LOOKING, N_("the name has no address"), CLOSED, NULL},
    {CONNECTING, N_("the server has taken the connection"), CONNECTED, "RFC 9293 §3.5"},
    {CONNECTING, N_("the server cannot be reached"), CLOSED, NULL},
    {CONNECTED, N_("one of the two has hung up"), CLOSED, "RFC 9293 §3.6"},
    {0},
};

enum { R_NO_SERVER, R_NO_NAME, R_NO_CONNECTION };

const MgRule mg_console_rules[] = {
    [R_NO_SERVER] = {"console.no-server", MG_SEVERITY_NOTE, "RFC 3986 §3.2",
                     N_("This URL names no server: write it like scheme://host or "
                        "scheme://host:port.")},
    [R_NO_NAME] = {"console.no-name", MG_SEVERITY_NOTE, "RFC 1035 §3.4.1",
                   N_("The domain name system gives no address for this server's name.")},
    [R_NO_CONNECTION] = {"console.no-connection", MG_SEVERITY_NOTE, "RFC 9293 §3.5",
                         N_("The server could not be reached: nobody listens on this port, or no "
                            "packet comes through.")},
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
    MgTime due;
    union {
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
    ask_person(console);
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

MgEngine *mg_console_new(const MgEngineKind *kind, const MgBirth *birth, uint16_t port)
{
    Console *console = g_new0(Console, 1);
    console->base.kind = kind;
    mg_outbox_init(&console->out);
    console->state = NEW;
    console->port = port;
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
    g_free(console);
}

/* ---- the engine ---- */

/* What the peer says is for the person to read, who sees it in the trace. */
void mg_console_receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    ((Console *)engine)->received += bytes.len;
}

void mg_console_receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
    Console *console = (Console *)engine;
    if (console->state == CONNECTED) /* an end of what has not begun cannot come */
        finish(console);
}

void mg_console_advance(MgEngine *engine, MgTime now)
{
    Console *console = (Console *)engine;
    if (now < console->due)
        return;
    give_up(console, R_NO_NAME);
}

bool mg_console_answer(MgEngine *engine, MgAskId ask_id, const void *answer, MgTime now)
{
    Console *console = (Console *)engine;
    const char *topic = console->topic;
    if (topic == NULL || ask_id != console->last_ask)
        return false;
    console->topic = NULL;
    console->due = MG_TIME_NEVER;
    if (strcmp(topic, MG_TOPIC_LOOKUP) == 0)
        found(console, answer);
    else if (strcmp(topic, MG_TOPIC_CONNECT) == 0)
        connected(console, answer);
    else
        typed(console, answer);
    return true;
}

bool mg_console_next(MgEngine *engine, MgEvent *event)
{
    return mg_outbox_next(&((Console *)engine)->out, event);
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
    return n;
}
