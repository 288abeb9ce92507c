/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "toys.h"

#include <stdlib.h>

MgToyTally mg_toy_tally;

typedef struct {
    MgEngine engine;
    enum { REST, ASK, WAIT, TALK, CLOSE, DONE } step;
    char address[64];
    uint64_t want, sent, got;
    GByteArray *out;
    GQueue lines; /* toy.line: how many lines wait */
    MgConnectQuestion where;
    MgDatagramQuestion what;
    uint64_t taken;
    const char *topic;
    bool ended;
} Toy;

static uint8_t pattern(uint64_t i)
{
    return i % 50 == 49 ? '\n' : (uint8_t)('a' + (i * 7 + i / 50) % 26);
}

static Toy *toy_new(const MgEngineKind *kind)
{
    Toy *toy = g_new0(Toy, 1);
    toy->engine.kind = kind;
    toy->out = g_byte_array_new();
    return toy;
}

static void toy_free(MgEngine *engine)
{
    Toy *toy = (Toy *)engine;
    g_byte_array_unref(toy->out);
    g_free(toy);
}

static void toy_end(MgEngine *engine, MgEnd how, MgTime now)
{
    Toy *toy = (Toy *)engine;
    if (toy->step == DONE)
        return;
    mg_toy_tally.reset += how == MG_END_RESET;
    mg_toy_tally.dropped += how == MG_END_TIMEOUT;
    mg_toy_tally.closed += how == MG_END_CLOSED;
    toy->ended = true;
}

static bool send_out(Toy *toy, MgEvent *event)
{
    static GByteArray *last; /* what was handed out stays until the next call */
    if (last != NULL)
        g_byte_array_unref(last);
    last = toy->out;
    toy->out = g_byte_array_new();
    *event = (MgEvent){.kind = MG_EVENT_SEND, .send = {last->data, last->len}};
    return true;
}

static bool close_now(Toy *toy, MgEvent *event)
{
    *event = (MgEvent){.kind = MG_EVENT_CLOSE};
    toy->step = DONE;
    return true;
}

/* ---- echo, clock ---- */

static void echo_receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    g_byte_array_append(((Toy *)engine)->out, bytes.data, (guint)bytes.len);
}

static bool echo_next(MgEngine *engine, MgEvent *event)
{
    Toy *toy = (Toy *)engine;
    if (toy->step == DONE)
        return false;
    if (toy->out->len > 0)
        return send_out(toy, event);
    bool datagram = engine->kind == &mg_toy_clock;
    if (datagram ? toy->step == TALK : toy->ended)
        return close_now(toy, event);
    return false;
}

static MgEngine *echo_create(const MgBirth *birth)
{
    return &toy_new(&mg_toy_echo)->engine;
}

static void clock_receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    echo_receive(engine, bytes, now);
    ((Toy *)engine)->step = TALK;
}

static MgEngine *clock_create(const MgBirth *birth)
{
    return &toy_new(&mg_toy_clock)->engine;
}

/* ---- caller ---- */

static MgEngine *caller_create(const MgBirth *birth)
{
    const MgVerbCall *call = birth->question;
    Toy *toy = toy_new(&mg_toy_caller);
    g_strlcpy(toy->address, call->words[0], sizeof toy->address);
    toy->want = g_ascii_strtoull(call->words[1], NULL, 10);
    toy->where = (MgConnectQuestion){
        toy->address, (uint16_t)(call->n_words > 2 ? atoi(call->words[2]) : 7), NULL};
    toy->step = ASK;
    return &toy->engine;
}

static bool caller_answer(MgEngine *engine, MgAskId ask, const void *answer, MgTime now)
{
    Toy *toy = (Toy *)engine;
    const MgConnectAnswer *connected = answer;
    if (toy->step != WAIT)
        return false;
    MgReach reach = connected != NULL ? connected->reach : MG_REACH_UNREACHABLE;
    mg_toy_tally.connected += reach == MG_REACH_OK;
    mg_toy_tally.refused += reach == MG_REACH_REFUSED;
    mg_toy_tally.timed_out += reach == MG_REACH_TIMEOUT;
    mg_toy_tally.unreachable += reach == MG_REACH_UNREACHABLE;
    toy->step = reach == MG_REACH_OK ? TALK : CLOSE;
    return true;
}

static void caller_receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    Toy *toy = (Toy *)engine;
    for (size_t i = 0; toy->where.port == 7 && i < bytes.len; i++)
        g_assert_cmpuint(bytes.data[i], ==, pattern(toy->got + i));
    toy->got += bytes.len;
    mg_toy_tally.octets_back += bytes.len;
    g_assert_cmpuint(toy->got, <=, toy->want);
}

static bool caller_next(MgEngine *engine, MgEvent *event)
{
    Toy *toy = (Toy *)engine;
    switch (toy->step) {
    case ASK:
        *event = (MgEvent){.kind = MG_EVENT_ASK,
                           .ask = {.id = 1, .topic = MG_TOPIC_CONNECT, .question = &toy->where}};
        toy->step = WAIT;
        return true;
    case TALK:
        if (toy->sent < toy->want && !toy->ended) {
            uint64_t n = MIN(toy->want - toy->sent, 1000u);
            for (uint64_t i = 0; i < n; i++) {
                uint8_t octet = pattern(toy->sent + i);
                g_byte_array_append(toy->out, &octet, 1);
            }
            toy->sent += n;
            return send_out(toy, event);
        }
        /* A line server says "yes\n" to each line of 50 octets. */
        return toy->got == (toy->where.port == 9 ? toy->want / 50 * 4 : toy->want) || toy->ended
                   ? close_now(toy, event)
                   : false;
    case CLOSE:
        return close_now(toy, event);
    default:
        return false;
    }
}

/* ---- wonder, topic: both ask a clock ---- */

static MgEngine *wonder_create(const MgBirth *birth)
{
    const MgVerbCall *call = birth->question;
    Toy *toy = toy_new(&mg_toy_wonder);
    g_strlcpy(toy->address, call->words[0], sizeof toy->address);
    toy->where.port = (uint16_t)(call->n_words > 1 ? atoi(call->words[1]) : 37);
    toy->step = ASK;
    return &toy->engine;
}

static MgEngine *topic_create(const MgBirth *birth)
{
    Toy *toy = toy_new(&mg_toy_topic);
    g_strlcpy(toy->address, mg_settings_get(birth->settings, "clock", "192.0.2.2"),
              sizeof toy->address);
    toy->where.port = 37;
    toy->step = ASK;
    return &toy->engine;
}

static bool wonder_next(MgEngine *engine, MgEvent *event)
{
    Toy *toy = (Toy *)engine;
    bool answers = engine->kind == &mg_toy_topic;
    if (toy->step == ASK) {
        toy->what = (MgDatagramQuestion){toy->address, toy->where.port, MG_SPAN("time?"),
                                         5 * MG_SECONDS, NULL};
        *event = (MgEvent){.kind = MG_EVENT_ASK,
                           .ask = {.id = 1, .topic = MG_TOPIC_DATAGRAM, .question = &toy->what}};
        toy->step = WAIT;
        return true;
    }
    if (toy->step == TALK && answers) {
        *event = (MgEvent){.kind = MG_EVENT_DELIVER,
                           .deliver = {.type = "toy.topic", .item = &toy->got}};
        toy->step = CLOSE;
        return true;
    }
    return toy->step == TALK || toy->step == CLOSE ? close_now(toy, event) : false;
}

static bool wonder_answer(MgEngine *engine, MgAskId ask, const void *answer, MgTime now)
{
    Toy *toy = (Toy *)engine;
    const MgDatagramAnswer *reply = answer;
    if (toy->step != WAIT)
        return false;
    bool good = reply != NULL && reply->reach == MG_REACH_OK;
    mg_toy_tally.answers += good;
    mg_toy_tally.no_answers += !good;
    mg_toy_tally.refused += reply != NULL && reply->reach == MG_REACH_REFUSED;
    mg_toy_tally.timed_out += reply != NULL && reply->reach == MG_REACH_TIMEOUT;
    if (good)
        g_assert_cmpmem(reply->payload.data, reply->payload.len, "time?", 5);
    toy->got = good ? reply->payload.len : 0;
    toy->step = TALK;
    return true;
}

/* ---- line ---- */

static MgEngine *line_create(const MgBirth *birth)
{
    Toy *toy = toy_new(&mg_toy_line);
    toy->topic = mg_settings_get(birth->settings, "topic", "toy.topic");
    return &toy->engine;
}

static void line_receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    Toy *toy = (Toy *)engine;
    for (size_t i = 0; i < bytes.len; i++) {
        toy->got++;
        if (bytes.data[i] == '\n')
            g_queue_push_tail(&toy->lines, GSIZE_TO_POINTER(toy->got));
    }
}

static bool line_answer(MgEngine *engine, MgAskId ask, const void *answer, MgTime now)
{
    Toy *toy = (Toy *)engine;
    if (toy->step != WAIT)
        return false;
    g_byte_array_append(toy->out, (const guint8 *)(answer != NULL ? "yes\n" : "none\n"),
                        answer != NULL ? 4 : 5);
    toy->step = REST;
    return true;
}

static bool line_next(MgEngine *engine, MgEvent *event)
{
    Toy *toy = (Toy *)engine;
    if (toy->step == DONE)
        return false;
    if (toy->out->len > 0)
        return send_out(toy, event);
    if (toy->step == REST && !g_queue_is_empty(&toy->lines)) {
        toy->taken = GPOINTER_TO_SIZE(g_queue_pop_head(&toy->lines));
        *event =
            (MgEvent){.kind = MG_EVENT_ASK,
                      .ask = {.id = 1, .topic = "toy.topic", .question = "?", .taken = toy->taken}};
        toy->step = WAIT;
        return true;
    }
    return toy->step == REST && toy->ended ? close_now(toy, event) : false;
}

/* ---- fickle: changes its mind ---- */

static MgEngine *fickle_create(const MgBirth *birth)
{
    const MgVerbCall *call = birth->question;
    Toy *toy = toy_new(&mg_toy_fickle);
    g_strlcpy(toy->address, call->words[0], sizeof toy->address);
    toy->where = (MgConnectQuestion){toy->address, 7, NULL};
    toy->what = (MgDatagramQuestion){toy->address, 37, MG_SPAN("time?"), 5 * MG_SECONDS, NULL};
    return &toy->engine;
}

/* Two questions, both cancelled; then two connections, of which the second is in the way of the
 * first. `sent` counts what it has said. */
static bool fickle_next(MgEngine *engine, MgEvent *event)
{
    Toy *toy = (Toy *)engine;
    if (toy->step == CLOSE)
        return close_now(toy, event);
    if (toy->step == DONE || toy->sent == 6)
        return false;
    const MgAsk asks[] = {
        {1, MG_TOPIC_CONNECT, &toy->where, 0}, {2, MG_TOPIC_DATAGRAM, &toy->what, 0}, {0}, {0},
        {3, MG_TOPIC_CONNECT, &toy->where, 0}, {4, MG_TOPIC_CONNECT, &toy->where, 0}};
    unsigned i = (unsigned)toy->sent++;
    if (asks[i].id != 0)
        *event = (MgEvent){.kind = MG_EVENT_ASK, .ask = asks[i]};
    else
        *event = (MgEvent){.kind = MG_EVENT_CANCEL, .cancel = i - 1};
    return true;
}

static bool fickle_answer(MgEngine *engine, MgAskId ask, const void *answer, MgTime now)
{
    Toy *toy = (Toy *)engine;
    g_assert_cmpuint(ask, >=, 3); /* the others were cancelled */
    g_assert_true((ask == 4) == (answer != NULL));
    mg_toy_tally.no_answers += answer == NULL;
    if (ask == 4) {
        mg_toy_tally.connected += ((const MgConnectAnswer *)answer)->reach == MG_REACH_OK;
        toy->step = CLOSE;
    }
    return true;
}

#define SAME .free = toy_free, .receive_end = toy_end

const MgEngineKind mg_toy_echo = {.name = "toy.echo",
                                  .transport = MG_TRANSPORT_STREAM,
                                  .port = 7,
                                  .create = echo_create,
                                  .receive = echo_receive,
                                  .next = echo_next,
                                  SAME};
const MgEngineKind mg_toy_clock = {.name = "toy.clock",
                                   .transport = MG_TRANSPORT_DATAGRAM,
                                   .port = 37,
                                   .create = clock_create,
                                   .receive = clock_receive,
                                   .next = echo_next,
                                   SAME};
const MgEngineKind mg_toy_caller = {.name = "toy.caller",
                                    .verb = "call",
                                    .usage = "call ADDRESS OCTETS",
                                    .create = caller_create,
                                    .receive = caller_receive,
                                    .answer = caller_answer,
                                    .next = caller_next,
                                    SAME};
const MgEngineKind mg_toy_wonder = {.name = "toy.wonder",
                                    .verb = "wonder",
                                    .usage = "wonder ADDRESS",
                                    .create = wonder_create,
                                    .receive = echo_receive,
                                    .answer = wonder_answer,
                                    .next = wonder_next,
                                    SAME};
const MgEngineKind mg_toy_topic = {.name = "toy.topic",
                                   .topic = "toy.topic",
                                   .create = topic_create,
                                   .receive = echo_receive,
                                   .answer = wonder_answer,
                                   .next = wonder_next,
                                   SAME};
const MgEngineKind mg_toy_line = {.name = "toy.line",
                                  .transport = MG_TRANSPORT_STREAM,
                                  .port = 9,
                                  .create = line_create,
                                  .receive = line_receive,
                                  .answer = line_answer,
                                  .next = line_next,
                                  SAME};

const MgEngineKind mg_toy_fickle = {.name = "toy.fickle",
                                    .verb = "dither",
                                    .usage = "dither ADDRESS",
                                    .create = fickle_create,
                                    .receive = echo_receive,
                                    .answer = fickle_answer,
                                    .next = fickle_next,
                                    SAME};

/* ---- a network of two ---- */

static void add_host(MgNetwork *network, const char *name, const char *address)
{
    static const struct {
        const MgEngineKind *kind;
        uint16_t port;
    } kinds[] = {{&mg_toy_echo, 7}, {&mg_toy_clock, 37}, {&mg_toy_caller, 0}, {&mg_toy_wonder, 0},
                 {&mg_toy_line, 9}, {&mg_toy_topic, 0},  {&mg_toy_fickle, 0}};
    MgNetworkHost host = {.name = g_strdup(name),
                          .kind = g_strdup("toy"),
                          .region = g_strdup("r"),
                          .addresses = g_strsplit(address, " ", -1)};
    host.n_engines = G_N_ELEMENTS(kinds);
    host.engines = g_malloc0(sizeof kinds);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        host.engines[i].kind = kinds[i].kind;
        host.engines[i].port = kinds[i].port;
    }
    g_array_append_val(network->hosts, host);
}

MgNetwork *mg_toy_network(MgTime delay, double loss)
{
    MgNetwork *network = g_new0(MgNetwork, 1);
    network->title = g_strdup("Toys");
    network->hosts = g_array_new(FALSE, TRUE, sizeof(MgNetworkHost));
    network->links = g_array_new(FALSE, TRUE, sizeof(MgNetworkLink));
    network->actions = g_array_new(FALSE, TRUE, sizeof(MgNetworkAction));
    network->regions = g_array_new(FALSE, TRUE, sizeof(char *));
    add_host(network, "a", "192.0.2.1");
    add_host(network, "b", "192.0.2.2");
    MgNetworkLink link = {.a = 0, .b = 1, .delay = delay, .loss = loss};
    g_array_append_val(network->links, link);
    return network;
}

void mg_toy_act(MgNetwork *network, MgTime at, const char *verb, const char *words)
{
    MgNetworkAction action = {
        .at = at, .verb = g_strdup(verb), .words = g_strsplit(words, " ", -1)};
    g_array_append_val(network->actions, action);
}

void mg_toy_network_free(MgNetwork *network)
{
    for (guint i = 0; i < network->hosts->len; i++) {
        MgNetworkHost *host = &g_array_index(network->hosts, MgNetworkHost, i);
        g_free(host->name);
        g_free(host->kind);
        g_free(host->region);
        g_strfreev(host->addresses);
        g_free(host->engines);
    }
    for (guint i = 0; i < network->actions->len; i++) {
        MgNetworkAction *action = &g_array_index(network->actions, MgNetworkAction, i);
        g_free(action->verb);
        g_strfreev(action->words);
    }
    g_array_unref(network->hosts);
    g_array_unref(network->links);
    g_array_unref(network->actions);
    g_array_unref(network->regions);
    g_free(network->title);
    g_free(network);
}
