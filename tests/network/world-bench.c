/* SPDX-License-Identifier: GPL-3.0-or-later */
/* world-bench.c - how fast the runtime and the wire are by themselves, under engines that do
 * nothing
 *
 *      world-bench [CONVERSATIONS [LINES [LOSS]]]
 *
 * A conversation is a connection of its own: LINES times a line of 40 octets and its answer. Not a
 * test: it prints, and judges nothing. */
#include "toys.h"

#include <stdio.h>
#include <stdlib.h>

#define LINE "0123456789012345678901234567890123456\r\n"

typedef struct {
    MgEngine engine;
    enum { ASK, WAIT, SAY, LISTEN, CLOSE, DONE } step;
    unsigned left;
    size_t unsaid; /* server: lines that wait for an answer */
    size_t octets;
    MgConnectQuestion where;
    MgTime deadline; /* moves with each line, as a command's time-out does */
} Talker;

static const MgEngineKind client_kind, server_kind;
static unsigned n_lines = 6;

static MgEngine *create_client(const MgBirth *birth)
{
    Talker *talker = g_new0(Talker, 1);
    talker->engine.kind = &client_kind;
    talker->where = (MgConnectQuestion){"192.0.2.2", 11, NULL};
    talker->left = n_lines;
    talker->deadline = birth->now + 5 * MG_MINUTES;
    return &talker->engine;
}

static MgEngine *create_server(const MgBirth *birth)
{
    Talker *talker = g_new0(Talker, 1);
    talker->engine.kind = &server_kind;
    talker->step = LISTEN;
    talker->deadline = birth->now + 5 * MG_MINUTES;
    return &talker->engine;
}

static void free_talker(MgEngine *engine)
{
    g_free(engine);
}

static void receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    Talker *talker = (Talker *)engine;
    talker->octets += bytes.len;
    talker->unsaid += talker->octets / (sizeof LINE - 1);
    talker->octets %= sizeof LINE - 1;
    talker->deadline = now + 5 * MG_MINUTES;
}

static void receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
    Talker *talker = (Talker *)engine;
    if (talker->step != DONE)
        talker->step = CLOSE;
}

static void advance(MgEngine *engine, MgTime now)
{
    Talker *talker = (Talker *)engine;
    if (now >= talker->deadline && talker->step != DONE)
        talker->step = CLOSE;
}

static MgTime deadline(const MgEngine *engine)
{
    const Talker *talker = (const Talker *)engine;
    return talker->step == CLOSE || talker->step == DONE ? MG_TIME_NEVER : talker->deadline;
}

static bool answer(MgEngine *engine, MgAskId ask, const void *about, MgTime now)
{
    Talker *talker = (Talker *)engine;
    const MgConnectAnswer *connected = about;
    talker->step = connected != NULL && connected->reach == MG_REACH_OK ? SAY : CLOSE;
    return true;
}

static bool next(MgEngine *engine, MgEvent *event)
{
    Talker *talker = (Talker *)engine;
    bool client = engine->kind == &client_kind;
    if (talker->step == ASK) {
        *event = (MgEvent){.kind = MG_EVENT_ASK,
                           .ask = {.id = 1, .topic = MG_TOPIC_CONNECT, .question = &talker->where}};
        talker->step = WAIT;
        return true;
    }
    if (talker->step == LISTEN && talker->unsaid > 0) {
        talker->unsaid--;
        if (!client || --talker->left > 0)
            talker->step = SAY;
        else
            talker->step = CLOSE;
    }
    if (talker->step == SAY) {
        *event = (MgEvent){.kind = MG_EVENT_SEND, .send = MG_SPAN(LINE)};
        talker->step = LISTEN;
        return true;
    }
    if (talker->step == CLOSE) {
        *event = (MgEvent){.kind = MG_EVENT_CLOSE};
        talker->step = DONE;
        return true;
    }
    return false;
}

#define SAME                                                                                       \
    .free = free_talker, .receive = receive, .receive_end = receive_end, .advance = advance,       \
    .deadline = deadline, .answer = answer, .next = next

static const MgEngineKind client_kind = {
    .name = "bench.client", .verb = "talk", .usage = "talk", .create = create_client, SAME};
static const MgEngineKind server_kind = {.name = "bench.server",
                                         .transport = MG_TRANSPORT_STREAM,
                                         .port = 11,
                                         .create = create_server,
                                         SAME};

static void use(MgNetworkHost *host, const MgEngineKind *kind, uint16_t port)
{
    host->n_engines = 1;
    host->engines[0].kind = kind;
    host->engines[0].port = port;
}

int main(int argc, char **argv)
{
    unsigned n = argc > 1 ? (unsigned)atoi(argv[1]) : 40000;
    n_lines = argc > 2 ? (unsigned)atoi(argv[2]) : n_lines;
    MgRegistry *registry = mg_registry_new_for_path("");
    MgNetwork *network = mg_toy_network(10 * MG_MILLISECONDS, argc > 3 ? atof(argv[3]) : 0);
    use(&g_array_index(network->hosts, MgNetworkHost, 0), &client_kind, 0);
    use(&g_array_index(network->hosts, MgNetworkHost, 1), &server_kind, 11);
    mg_toy_act(network, 0, "talk", "");
    network->repeat = n;
    network->every = 10 * MG_MILLISECONDS; /* so that about a score are going on at a time */
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgWorld *world = mg_world_new(network, registry, 1, problems);
    g_assert_nonnull(world);
    uint64_t steps = 0;
    gint64 began = g_get_monotonic_time();
    while (mg_world_step(world, MG_TIME_NEVER))
        steps++;
    double seconds = (double)(g_get_monotonic_time() - began) / 1e6;
    const MgTrace *trace = mg_world_trace(world);
    uint64_t exchanges = 0, payload = 0;
    for (uint32_t r = 1; r <= mg_trace_n_records(trace); r++) {
        const MgRecord *record = mg_trace_record(trace, r);
        exchanges += record->kind == MG_RECORD_EXCHANGE && record->unit != MG_UNIT_NOTE;
        payload += record->kind == MG_RECORD_EXCHANGE ? record->len : 0;
    }
    size_t memory = mg_trace_memory(trace);
    printf("%u conversations, %.2f s: %.0f exchanges/s, %.0f packets/s, %.0f steps/s\n", n, seconds,
           (double)exchanges / seconds, mg_trace_n_packets(trace) / seconds,
           (double)steps / seconds);
    printf("%" G_GUINT64_FORMAT " exchanges, %u records, %u packets; "
           "%.0f octets an exchange beyond its own\n",
           exchanges, mg_trace_n_records(trace), mg_trace_n_packets(trace),
           (double)(memory - MIN(payload, memory)) / (double)exchanges);
    mg_world_free(world);
    mg_toy_network_free(network);
    mg_registry_unref(registry);
    return 0;
}
