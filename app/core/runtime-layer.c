/* SPDX-License-Identifier: GPL-3.0-or-later */
/* runtime-layer.c - a line whose octets go through a layer: what the engine says becomes what is on
 * the wire, and the other way round
 *
 * Each event of a layer is a line of the trace or a word to the engine. On the simulated wire both
 * ends are ours: each tells what it sends, and the other only when it arrives. A real peer tells
 * nothing, so its end is told here, too. */
#include "runtime-private.h"

struct MgLineLayer {
    MgLayer *layer;
    MgAskId ask;       /* who waits for it to be ready; 0: it was told */
    uint64_t base;     /* octets that the engine was given before */
    uint64_t sent;     /* of the engine's, on the wire */
    uint64_t received; /* of the peer's */
    bool ended;        /* the engine knows that no more will come */
};

static MgDirection other(MgDirection direction)
{
    return direction == MG_FROM_CLIENT ? MG_FROM_SERVER : MG_FROM_CLIENT;
}

static void *shared_of(MgRuntime *runtime, const MgLayerKind *kind)
{
    for (guint i = 0; i < runtime->layers->len; i++)
        if (g_array_index(runtime->layers, MgSharedLayer, i).kind == kind)
            return g_array_index(runtime->layers, MgSharedLayer, i).shared;
    MgSharedLayer fresh = {kind, NULL};
    if (kind->setup != NULL)
        fresh.shared = kind->setup(runtime->run_seed, runtime->epoch);
    g_array_append_val(runtime->layers, fresh);
    return fresh.shared;
}

void mg_layer_forget(MgRuntime *runtime)
{
    for (guint i = 0; i < runtime->layers->len; i++) {
        MgSharedLayer *of = &g_array_index(runtime->layers, MgSharedLayer, i);
        if (of->kind->teardown != NULL && of->shared != NULL)
            of->kind->teardown(of->shared);
    }
    g_array_unref(runtime->layers);
}

/* ---- what a layer says ---- */

static void to_wire(MgLine *line, MgSpan octets, MgTime now)
{
    if (!line->gone)
        mg_line_send(line, octets, now);
}

static MgHidden where(const MgLine *line, const MgLayerEvent *event, bool ours)
{
    return (MgHidden){.flow = line->flow,
                      .direction = ours ? line->sends : other(line->sends),
                      .unit = event->unit,
                      .engine = ours ? line->engine : 0};
}

static void tell_sent(MgLine *line, const MgLayerEvent *event, MgTime now)
{
    MgTrace *trace = line->runtime->trace;
    MgHidden place = where(line, event, true);
    line->layer->sent += event->octets.len;
    mg_trace_add_inner(trace, &place, event->octets, now);
    if (line->record_received) /* a real wire does not tell when octets arrive */
        mg_trace_inner_arrived(trace, line->flow, line->sends, line->layer->sent, now);
}

static void to_engine(MgLine *line, const MgLayerEvent *event, MgTime now)
{
    MgTrace *trace = line->runtime->trace;
    MgInstance *instance = line->instance;
    MgHidden place = where(line, event, false);
    if (line->record_received)
        mg_trace_add_inner(trace, &place, event->octets, now);
    line->layer->received += event->octets.len;
    mg_trace_inner_arrived(trace, line->flow, other(line->sends), line->layer->received, now);
    line->received += event->octets.len;
    mg_engine_receive(instance->engine, event->octets, now);
    mg_runtime_ready(instance);
}

/* A message of the layer's own. */
static void tell_inside(MgLine *line, const MgLayerEvent *event, MgTime now)
{
    MgTrace *trace = line->runtime->trace;
    MgHidden place = where(line, event, !event->from_peer);
    if (!event->from_peer || line->record_received) /* else the other end has told it */
        mg_trace_add_inside(trace, &place, event->tag, event->octets, now);
}

static void tell_note(MgLine *line, const MgLayerEvent *event, MgTime now)
{
    MgRuntime *runtime = line->runtime;
    uint32_t parent =
        mg_trace_layer_unit(runtime->trace, line->flow, other(line->sends), event->unit);
    if (parent == 0)
        parent = mg_runtime_cause(line->instance);
    mg_trace_add_note(runtime->trace, &(MgDoer){line->host, line->engine, parent, now}, event->rule,
                      (MgSpan){NULL, 0});
}

static void end_for_engine(MgLine *line, MgEnd how, MgTime now)
{
    MgInstance *instance = line->instance;
    if (line->layer->ended && how == MG_END_CLOSED)
        return;
    line->layer->ended = true;
    mg_engine_receive_end(instance->engine, how, now);
    mg_runtime_ready(instance);
}

static void answer_ask(MgLine *line, const MgLayerEvent *event, MgTime now)
{
    MgAskId ask = line->layer->ask;
    line->layer->ask = 0;
    if (ask != 0)
        mg_runtime_settle(line->instance, ask, event->answer, now);
    else if (event->kind == MG_LAYER_FAILED) /* in the middle: nothing more can be understood */
        end_for_engine(line, MG_END_RESET, now);
}

static void drain(MgLine *line, MgTime now)
{
    MgLayer *layer = line->layer->layer;
    MgLayerEvent event;
    while (layer->kind->next(layer, &event)) {
        switch (event.kind) {
        case MG_LAYER_WIRE:
            to_wire(line, event.octets, now);
            break;
        case MG_LAYER_SENT:
            tell_sent(line, &event, now);
            break;
        case MG_LAYER_PLAIN:
            to_engine(line, &event, now);
            break;
        case MG_LAYER_INSIDE:
            tell_inside(line, &event, now);
            break;
        case MG_LAYER_SECRET:
            mg_trace_add_secret(line->runtime->trace, event.octets);
            break;
        case MG_LAYER_NOTE:
            tell_note(line, &event, now);
            break;
        case MG_LAYER_READY:
        case MG_LAYER_FAILED:
            answer_ask(line, &event, now);
            break;
        case MG_LAYER_ENDED:
            end_for_engine(line, MG_END_CLOSED, now);
            break;
        }
    }
}

/* ---- what the runtime calls ---- */

/* Is there a stream that could be wrapped, and that is not already? */
static bool can_begin(const MgInstance *asker)
{
    const MgLine *line = asker->line;
    return line != NULL && line->flow != 0 && line->ask == 0 && line->layer == NULL &&
           mg_trace_flow(asker->runtime->trace, line->flow)->transport == MG_TRANSPORT_STREAM;
}

void mg_layer_begin(MgInstance *asker, const MgAsk *ask, const MgLayerKind *kind, MgTime now)
{
    MgRuntime *runtime = asker->runtime;
    MgLine *line = asker->line;
    MgHost *host = mg_runtime_host(runtime, asker->host);
    if (!can_begin(asker)) {
        mg_runtime_settle(asker, ask->id, NULL, now);
        return;
    }
    uint8_t dissector = mg_registry_dissector_index(runtime->registry, kind->dissector);
    mg_trace_begin_layer(runtime->trace, line->flow, line->sends, dissector, now);
    if (line->record_received)
        mg_trace_begin_layer(runtime->trace, line->flow, other(line->sends), dissector, now);
    MgLayerBirth birth = {.question = ask->question,
                          .shared = shared_of(runtime, kind),
                          .settings = &host->settings,
                          .host = host->name,
                          .server = line->sends == MG_FROM_SERVER,
                          .real = line->record_received,
                          .now = now,
                          .epoch = runtime->epoch,
                          .seed = mg_random_next(&host->seed)};
    line->layer = g_new0(struct MgLineLayer, 1);
    line->layer->ask = ask->id;
    line->layer->base = line->received;
    line->layer->layer = kind->create(&birth);
    drain(line, now);
}

void mg_layer_send(MgLine *line, MgSpan octets, MgTime now)
{
    line->layer->layer->kind->send(line->layer->layer, octets, now);
    drain(line, now);
}

void mg_layer_received(MgLine *line, MgSpan octets, MgTime now)
{
    line->layer->layer->kind->receive(line->layer->layer, octets, now);
    drain(line, now);
}

void mg_layer_ended(MgLine *line, MgEnd how, MgTime now)
{
    line->layer->layer->kind->receive_end(line->layer->layer, how, now);
    drain(line, now);
    end_for_engine(line, how, now);
}

uint32_t mg_layer_exchange_at(const MgLine *line, uint64_t taken)
{
    const MgTrace *trace = line->runtime->trace;
    MgDirection theirs = other(line->sends);
    uint32_t n = 0;
    if (taken > line->layer->base)
        n = mg_trace_inner_at(trace, line->flow, theirs, taken - line->layer->base);
    return n != 0 ? n
                  : mg_trace_exchange_at(trace, line->flow, theirs, MIN(taken, line->layer->base));
}

void mg_line_close(MgLine *line, MgTime now)
{
    if (line->layer != NULL) {
        MgLayer *layer = line->layer->layer;
        MgLayerEvent event;
        if (!line->gone)
            layer->kind->close(layer, now);
        while (!line->gone && layer->kind->next(layer, &event)) { /* the engine hears no more */
            if (event.kind == MG_LAYER_WIRE)
                to_wire(line, event.octets, now);
            else if (event.kind == MG_LAYER_INSIDE)
                tell_inside(line, &event, now);
        }
        layer->kind->free(layer);
        g_clear_pointer(&line->layer, g_free);
        line->lingers = true;
    }
    line->carrier_class->close(line->carrier, line);
    mg_line_free(line);
}
