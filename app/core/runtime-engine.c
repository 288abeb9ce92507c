/* SPDX-License-Identifier: GPL-3.0-or-later */
/* runtime-engine.c - births, deaths, and what engines say in between */
#include "runtime-private.h"

/* ---- birth and death ---- */

void mg_runtime_ready(MgInstance *instance)
{
    MgRuntime *runtime = instance->runtime;
    if (instance->ready || instance->dead)
        return;
    instance->ready = true;
    instance->next_ready = NULL;
    if (runtime->ready_last != NULL)
        runtime->ready_last->next_ready = instance;
    else
        runtime->ready_first = instance;
    runtime->ready_last = instance;
}

static void *shared_of(const MgHost *host, const MgEngineKind *kind)
{
    for (guint i = 0; i < host->shared->len; i++)
        if (g_array_index(host->shared, MgShared, i).kind == kind)
            return g_array_index(host->shared, MgShared, i).shared;
    return NULL;
}

MgInstance *mg_runtime_bear(MgRuntime *runtime, MgHostId id, const MgEngineKind *kind,
                            MgBirth *birth, uint32_t cause)
{
    MgHost *host = mg_runtime_host(runtime, id);
    birth->shared = shared_of(host, kind);
    birth->settings = &host->settings;
    birth->host = host->name;
    if (birth->local_address == NULL)
        birth->local_address = host->address;
    birth->epoch = runtime->epoch;
    birth->seed = mg_random_next(&host->seed);
    /* Not g_new0(): calloc() takes nothing from malloc()'s caches. */
    MgInstance *instance = g_new(MgInstance, 1);
    runtime->n_born = runtime->n_born == UINT32_MAX ? 1 : runtime->n_born + 1;
    *instance = (MgInstance){.runtime = runtime,
                             .kind = kind,
                             .host = id,
                             .number = runtime->n_born,
                             .cause = cause,
                             .previous = host->last};
    if (host->last != NULL)
        host->last->next = instance;
    else
        host->first = instance;
    host->last = instance;
    runtime->counts.engines++;
    instance->engine = kind->create(birth);
    mg_runtime_ready(instance);
    return instance;
}

static void unlink_instance(MgHost *host, MgInstance *instance)
{
    if (instance->previous != NULL)
        instance->previous->next = instance->next;
    else
        host->first = instance->next;
    if (instance->next != NULL)
        instance->next->previous = instance->previous;
    else
        host->last = instance->previous;
}

static void drop_ask(MgInstance *instance, uint32_t i)
{
    MgStoreWait *news = instance->asks[i].news;
    instance->runtime->n_persons -= instance->asks[i].person;
    if (news != NULL) {
        g_free(news->user);
        g_free(news->folder);
        g_free(news);
    }
    instance->asks[i] = instance->asks[--instance->n_asks];
}

/* Nobody waits for what answers this ask any more. */
static void abandon(MgInstance *instance, uint32_t i, MgTime now)
{
    MgInstance *answerer = instance->asks[i].answerer;
    MgLine *line = instance->asks[i].line;
    bool alone = instance->asks[i].person || instance->asks[i].news != NULL;
    drop_ask(instance, i);
    if (alone) /* whoever might have typed, or changed the folder, need not know */
        return;
    if (answerer != NULL) {
        answerer->asker = NULL;
        if (!answerer->answered)
            mg_runtime_kill(answerer, now);
    } else if (line != NULL) {
        line->carrier_class->cancel(line->carrier, line);
        mg_line_free(line);
    } else if (instance->line != NULL && instance->line->ask != 0) {
        instance->line->ask = 0;
        instance->line->carrier_class->cancel(instance->line->carrier, instance->line);
        g_clear_pointer(&instance->line, g_free);
    }
}

static void bury(MgInstance *instance, MgTime now)
{
    MgRuntime *runtime = instance->runtime;
    MgHost *host = mg_runtime_host(runtime, instance->host);
    while (instance->n_asks > 0)
        abandon(instance, instance->n_asks - 1, now);
    if (instance->line != NULL) {
        MgLine *line = instance->line;
        instance->line = NULL;
        mg_line_close(line, now);
    }
    if (instance->asker != NULL) { /* it waits in vain: nobody answers */
        MgInstance *asker = instance->asker;
        instance->asker = NULL;
        mg_runtime_settle(asker, instance->ask, NULL, now);
    }
    if (instance->queued)
        runtime->counts.queued--;
    if (host->store != NULL)
        mg_store_forget(host->store, instance->number);
    mg_runtime_unwake(instance);
    runtime->counts.engines--;
    g_ptr_array_add(runtime->graves, instance);
}

/* Who dies takes those along that work for it, and so on down a chain of any length: hence a list
 * and no recursion. */
void mg_runtime_kill(MgInstance *instance, MgTime now)
{
    MgRuntime *runtime = instance->runtime;
    if (instance->dead)
        return;
    instance->dead = true;
    if (instance->gone != NULL)
        *instance->gone = true;
    unlink_instance(mg_runtime_host(runtime, instance->host), instance);
    if (runtime->dying_last != NULL)
        runtime->dying_last->next_dying = instance;
    else
        runtime->dying_first = instance;
    runtime->dying_last = instance;
    if (runtime->burying)
        return;
    runtime->burying = true;
    while (runtime->dying_first != NULL) {
        MgInstance *first = runtime->dying_first;
        bury(first, now);
        runtime->dying_first = first->next_dying;
        if (runtime->dying_first == NULL)
            runtime->dying_last = NULL;
    }
    runtime->burying = false;
}

/* ---- what an engine says ---- */

void mg_runtime_settle(MgInstance *asker, MgAskId ask, const void *answer, MgTime now)
{
    for (uint32_t i = 0; i < asker->n_asks && !asker->dead; i++) {
        if (asker->asks[i].id != ask)
            continue;
        drop_ask(asker, i);
        mg_engine_answer(asker->engine, ask, answer, now);
        mg_runtime_ready(asker);
        return;
    }
}

static void count_fate(MgInstance *instance, const MgFate *fate, MgTime now)
{
    MgRuntime *runtime = instance->runtime;
    MgRuntimeCounts *counts = &runtime->counts;
    uint64_t *const by_kind[] = {
        [MG_FATE_QUEUED] = NULL,
        [MG_FATE_RELAYED] = &counts->relayed,
        [MG_FATE_BOUNCED] = &counts->bounced,
        [MG_FATE_DROPPED] = &counts->dropped,
        [MG_FATE_SENT] = &counts->sent,
        [MG_FATE_REFUSED] = &counts->refused,
        [MG_FATE_FETCHED] = &counts->fetched,
    };
    if (by_kind[fate->kind] != NULL)
        (*by_kind[fate->kind])++;
    if (runtime->on_fate != NULL)
        runtime->on_fate(instance->host, fate, now, runtime->on_fate_data);
}

static void deliver(MgInstance *instance, const MgEvent *event, MgTime now)
{
    const char *type = event->deliver.type;
    if (instance->topic != NULL && !instance->answered &&
        (type == instance->topic || strcmp(type, instance->topic) == 0)) {
        instance->answered = true;
        const MgAcceptAnswer *verdict = event->deliver.item;
        if (strcmp(type, MG_TOPIC_ACCEPT) == 0 && verdict->code / 100 == 2 && !instance->spools) {
            instance->queued = true;
            instance->runtime->counts.queued++;
        }
        if (instance->done != NULL) {
            MgAnswered done = instance->done;
            instance->done = NULL;
            done(event->deliver.item, instance->done_data);
        } else if (instance->asker != NULL) {
            MgInstance *asker = instance->asker;
            instance->asker = NULL;
            mg_runtime_settle(asker, instance->ask, event->deliver.item, now);
        }
    } else if (strcmp(type, MG_DELIVER_FATE) == 0) {
        count_fate(instance, event->deliver.item, now);
    } else if (instance->commander != NULL) {
        instance->commander->seen(type, event->deliver.item, instance->commander->data);
    }
}

void mg_line_send(MgLine *line, MgSpan octets, MgTime now)
{
    if (line->carrier_class->alter != NULL)
        octets = line->carrier_class->alter(line->carrier, line, octets);
    mg_trace_add_octets(line->runtime->trace, line->flow, line->sends, octets, line->engine, now);
    line->carrier_class->send(line->carrier, line, octets);
}

static void send_octets(MgInstance *instance, MgSpan octets, MgTime now)
{
    MgLine *line = instance->line;
    if (line == NULL || line->flow == 0 || line->gone || line->ask != 0)
        return; /* not connected: nowhere to go */
    MgTrace *trace = instance->runtime->trace;
    if (line->layer != NULL) {
        mg_layer_send(line, octets, now);
        return;
    }
    if (mg_trace_flow(trace, line->flow)->transport == MG_TRANSPORT_DATAGRAM) {
        mg_trace_add_datagram(trace, line->flow, line->sends, octets, instance->number, now);
        line->carrier_class->send(line->carrier, line, octets);
    } else {
        mg_line_send(line, octets, now);
    }
}

static void cancel(MgInstance *instance, MgAskId ask, MgTime now)
{
    for (uint32_t i = 0; i < instance->n_asks; i++) {
        if (instance->asks[i].id == ask) {
            abandon(instance, i, now);
            return;
        }
    }
}

static void obey(MgInstance *instance, const MgEvent *event, MgTime now)
{
    MgTrace *trace = instance->runtime->trace;
    switch (event->kind) {
    case MG_EVENT_SEND:
        send_octets(instance, event->send, now);
        break;
    case MG_EVENT_ASK:
    case MG_EVENT_STARTTLS:
        mg_runtime_route(instance, &event->ask, now);
        break;
    case MG_EVENT_CANCEL:
        cancel(instance, event->cancel, now);
        break;
    case MG_EVENT_NOTE:
        mg_trace_add_note(
            trace, &(MgDoer){instance->host, instance->number, mg_runtime_cause(instance), now},
            event->note.rule, event->note.where);
        break;
    case MG_EVENT_STATE:
        instance->state = event->state.to;
        mg_trace_add_state(
            trace, &(MgDoer){instance->host, instance->number, mg_runtime_cause(instance), now},
            instance->kind->name, event->state.from, event->state.to);
        break;
    case MG_EVENT_DELIVER:
        deliver(instance, event, now);
        break;
    case MG_EVENT_CLOSE:
        mg_runtime_kill(instance, now);
        break;
    }
}

void mg_runtime_pump(MgRuntime *runtime, MgTime now)
{
    if (runtime->pumping || runtime->burying)
        return; /* somebody's answer came from inside: whoever pumps will get to it */
    runtime->pumping = true;
    while (runtime->ready_first != NULL) {
        MgInstance *instance = runtime->ready_first;
        runtime->ready_first = instance->next_ready;
        if (runtime->ready_first == NULL)
            runtime->ready_last = NULL;
        instance->ready = false;
        MgEvent event;
        while (!instance->dead && mg_engine_next(instance->engine, &event))
            obey(instance, &event, now);
        if (!instance->dead)
            mg_runtime_wake(instance);
    }
    runtime->pumping = false;
    for (guint i = 0; i < runtime->graves->len; i++) {
        MgInstance *grave = g_ptr_array_index(runtime->graves, i);
        mg_engine_free(grave->engine);
        g_free(grave->asks);
        g_free(grave);
    }
    g_ptr_array_set_size(runtime->graves, 0);
}
