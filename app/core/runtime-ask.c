/* SPDX-License-Identifier: GPL-3.0-or-later */
/* runtime-ask.c - who answers a question, and what carriers report */
#include "runtime-private.h"

#include <stdio.h>

static MgDirection other(MgDirection direction)
{
    return direction == MG_FROM_CLIENT ? MG_FROM_SERVER : MG_FROM_CLIENT;
}

/* The exchange that holds the peer's octet number `taken`; else what the engine
 * was born of. */
static uint32_t cause_at(const MgInstance *instance, uint64_t taken)
{
    const MgLine *line = instance->line;
    uint32_t n = 0;
    if (line != NULL && line->layer != NULL)
        n = mg_layer_exchange_at(line, taken);
    else if (line != NULL && line->flow != 0 && taken > 0)
        n = mg_trace_exchange_at(instance->runtime->trace, line->flow, other(line->sends), taken);
    return n != 0 ? n : instance->cause;
}

uint32_t mg_runtime_cause(const MgInstance *instance)
{
    return cause_at(instance, instance->line != NULL ? instance->line->received : 0);
}

static void open_ask(MgInstance *asker, MgOpenAsk ask)
{
    if (asker->n_asks == asker->asks_room) {
        asker->asks_room = MAX(2, 2 * asker->asks_room);
        asker->asks = g_renew(MgOpenAsk, asker->asks, asker->asks_room);
    }
    asker->asks[asker->n_asks++] = ask;
    asker->runtime->n_persons += ask.person;
}

static MgLine *new_line(MgInstance *instance, const MgCarrierClass *carrier_class, void *carrier)
{
    MgLine *line = g_new(MgLine, 1);
    *line = (MgLine){.runtime = instance->runtime,
                     .carrier_class = carrier_class,
                     .carrier = carrier,
                     .host = instance->host,
                     .engine = instance->number,
                     .instance = instance};
    return line;
}

/* A line for this ask. */
static MgLine *ask_line(MgInstance *asker, const MgAsk *ask, const char *dissector)
{
    const MgHost *host = mg_runtime_host(asker->runtime, asker->host);
    MgLine *line = new_line(asker, host->carrier_class, host->carrier);
    line->sends = MG_FROM_CLIENT;
    line->cause = cause_at(asker, ask->taken);
    line->dissector = mg_registry_dissector_index(asker->runtime->registry, dissector);
    line->ask = ask->id;
    return line;
}

static void connect_line(MgInstance *asker, const MgAsk *ask, MgTime now)
{
    const MgConnectQuestion *question = ask->question;
    MgLine *line = ask_line(asker, ask, question->dissector); /* its cause may be on the old one */
    MgAskId before = 0;
    if (asker->line != NULL && asker->line->ask != 0) { /* it was still being opened */
        before = asker->line->ask;
        asker->line->carrier_class->cancel(asker->line->carrier, asker->line);
        g_free(asker->line);
    } else if (asker->line != NULL) {
        mg_line_close(asker->line, now);
    }
    asker->line = line;
    open_ask(asker, (MgOpenAsk){.id = ask->id});
    line->carrier_class->connect(line->carrier, line, question->address, question->port);
    if (before != 0) /* last, for the question is borrowed until then */
        mg_runtime_settle(asker, before, NULL, now);
}

static void send_datagram(MgInstance *asker, const MgAsk *ask)
{
    const MgDatagramQuestion *question = ask->question;
    MgLine *line = ask_line(asker, ask, question->dissector);
    open_ask(asker, (MgOpenAsk){.id = ask->id, .line = line});
    line->asked = g_bytes_new(question->payload.data, question->payload.len);
    line->question = *question;
    line->carrier_class->datagram(line->carrier, line, question);
}

static void forge(MgInstance *asker, const MgAsk *ask, MgTime now)
{
    const MgForgeQuestion *question = ask->question;
    MgLine *line = ask_line(asker, ask, question->dissector);
    MgForgeAnswer answer = {line->carrier_class->forge(line->carrier, line, question)};
    g_free(line);
    mg_engine_answer(asker->engine, ask->id, &answer, now);
}

static void overhear(MgInstance *asker, const MgAsk *ask)
{
    const MgOverhearQuestion *question = ask->question;
    MgLine *line = ask_line(asker, ask, NULL);
    open_ask(asker, (MgOpenAsk){.id = ask->id, .line = line});
    line->carrier_class->overhear(line->carrier, line, question->port);
}

/* Who waits for a change of a folder that has changed. */
static bool tell_one(MgHost *host, MgTime now)
{
    for (MgInstance *i = host->first; i != NULL; i = i->next)
        for (uint32_t k = 0; k < i->n_asks; k++) {
            const MgStoreWait *wait = i->asks[k].news;
            if (wait == NULL)
                continue;
            const MgFoldersQuestion question = {.op = MG_FOLDERS_WAIT,
                                                .user = wait->user,
                                                .folder = wait->folder,
                                                .modseq = wait->modseq};
            if (!mg_store_has_news(host->store, &question))
                continue;
            MgFoldersAnswer answer;
            mg_store_ask_folders(host->store, &question, &answer);
            mg_runtime_settle(i, i->asks[k].id, &answer, now);
            return true;
        }
    return false;
}

static void tell_news(MgHost *host, MgTime now)
{
    while (tell_one(host, now))
        continue;
}

static void ask_store(MgInstance *asker, const MgAsk *ask, MgTime now)
{
    MgRuntime *runtime = asker->runtime;
    MgHost *host = mg_runtime_host(runtime, asker->host);
    const MgMailboxQuestion *question = ask->question;
    if (host->store == NULL || mg_store_n_mailboxes(host->store) == 0) {
        mg_engine_answer(asker->engine, ask->id, NULL, now);
        return;
    }
    MgMailboxAnswer answer;
    mg_store_ask(host->store, asker->number, question, now, &answer);
    if (question->op == MG_MAILBOX_APPEND && answer.result == MG_MAILBOX_OK) {
        runtime->counts.delivered++;
        g_autofree char *text = g_strdup_printf("delivered to %s", question->user);
        mg_trace_add_action(runtime->trace,
                            &(MgDoer){asker->host, asker->number, cause_at(asker, ask->taken), now},
                            text);
    }
    mg_engine_answer(asker->engine, ask->id, &answer, now);
    if (question->op == MG_MAILBOX_APPEND || question->op == MG_MAILBOX_EXPUNGE)
        tell_news(host, now);
}

/* Opens the ask until there are news, or answers it at once. */
static void ask_folders(MgInstance *asker, const MgAsk *ask, MgTime now)
{
    MgHost *host = mg_runtime_host(asker->runtime, asker->host);
    const MgFoldersQuestion *question = ask->question;
    if (host->store == NULL || mg_store_n_mailboxes(host->store) == 0) {
        mg_engine_answer(asker->engine, ask->id, NULL, now);
        return;
    }
    if (question->op == MG_FOLDERS_WAIT && !mg_store_has_news(host->store, question)) {
        MgStoreWait *wait = g_new(MgStoreWait, 1);
        *wait =
            (MgStoreWait){g_strdup(question->user), g_strdup(question->folder), question->modseq};
        open_ask(asker, (MgOpenAsk){.id = ask->id, .news = wait});
        return;
    }
    bool changes = question->op != MG_FOLDERS_LIST && question->op != MG_FOLDERS_LOOK &&
                   question->op != MG_FOLDERS_WAIT && question->op != MG_FOLDERS_READ &&
                   question->op != MG_FOLDERS_QUOTA;
    MgFoldersAnswer answer;
    mg_store_ask_folders(host->store, question, &answer);
    mg_engine_answer(asker->engine, ask->id, &answer, now);
    if (changes)
        tell_news(host, now);
}

/* Counted as queued for as long as it is there, whether the host is up or not. */
static void ask_spool(MgInstance *asker, const MgAsk *ask, MgTime now)
{
    MgRuntime *runtime = asker->runtime;
    const MgSpoolQuestion *question = ask->question;
    MgSpoolAnswer answer;
    mg_store_spool(mg_runtime_store(runtime, asker->host), question, asker->kind,
                   cause_at(asker, ask->taken), &answer);
    if (question->op == MG_SPOOL_PUT && answer.done) {
        asker->spools = true;
        runtime->counts.queued++;
    } else if (question->op == MG_SPOOL_REMOVE && answer.done) {
        runtime->counts.queued--;
    }
    mg_engine_answer(asker->engine, ask->id, &answer, now);
}

static void ask_file(MgInstance *asker, const MgAsk *ask, MgTime now)
{
    const MgCommander *commander = asker->commander;
    MgFileAnswer answer = {0};
    bool answered = commander != NULL && commander->file != NULL;
    if (answered)
        commander->file(ask->question, &answer, commander->data);
    mg_engine_answer(asker->engine, ask->id, answered ? &answer : NULL, now);
}

static const MgEngineKind *answerer_of(const MgHost *host, const char *topic)
{
    for (guint i = 0; i < host->runs->len; i++) {
        const MgEngineKind *kind = g_array_index(host->runs, MgRun, i).kind;
        if (kind->topic != NULL && (kind->topic == topic || strcmp(kind->topic, topic) == 0))
            return kind;
    }
    return NULL;
}

static MgInstance *bear_answerer(MgRuntime *runtime, MgHostId host, const MgEngineKind *kind,
                                 const void *question, uint32_t cause, MgTime now)
{
    MgBirth birth = {.question = question, .now = now};
    MgInstance *answerer = mg_runtime_bear(runtime, host, kind, &birth, cause);
    answerer->topic = kind->topic;
    return answerer;
}

void mg_runtime_route(MgInstance *asker, const MgAsk *ask, MgTime now)
{
    const MgHost *host = mg_runtime_host(asker->runtime, asker->host);
    const MgEngineKind *kind;
    const MgLayerKind *layer;
    if (strcmp(ask->topic, MG_TOPIC_CONNECT) == 0 && host->carrier_class != NULL) {
        connect_line(asker, ask, now);
    } else if (strcmp(ask->topic, MG_TOPIC_DATAGRAM) == 0 && host->carrier_class != NULL) {
        send_datagram(asker, ask);
    } else if (strcmp(ask->topic, MG_TOPIC_FORGE) == 0 && host->carrier_class != NULL &&
               host->carrier_class->forge != NULL) {
        forge(asker, ask, now);
    } else if (strcmp(ask->topic, MG_TOPIC_OVERHEAR) == 0 && host->carrier_class != NULL &&
               host->carrier_class->overhear != NULL) {
        overhear(asker, ask);
    } else if (strcmp(ask->topic, MG_TOPIC_MAILBOX) == 0) {
        ask_store(asker, ask, now);
    } else if (strcmp(ask->topic, MG_TOPIC_FOLDERS) == 0) {
        ask_folders(asker, ask, now);
    } else if (strcmp(ask->topic, MG_TOPIC_SPOOL) == 0) {
        ask_spool(asker, ask, now);
    } else if (strcmp(ask->topic, MG_TOPIC_FILE) == 0) {
        ask_file(asker, ask, now);
    } else if (strcmp(ask->topic, MG_TOPIC_PERSON) == 0) {
        open_ask(asker, (MgOpenAsk){.id = ask->id, .person = true});
    } else if ((layer = mg_registry_layer(asker->runtime->registry, ask->topic)) != NULL) {
        open_ask(asker, (MgOpenAsk){.id = ask->id});
        mg_layer_begin(asker, ask, layer, now);
    } else if ((kind = answerer_of(host, ask->topic)) != NULL) {
        uint32_t cause = cause_at(asker, ask->taken);
        MgInstance *answerer =
            bear_answerer(asker->runtime, asker->host, kind, ask->question, cause, now);
        answerer->asker = asker;
        answerer->ask = ask->id;
        open_ask(asker, (MgOpenAsk){.id = ask->id, .answerer = answerer});
    } else {
        mg_engine_answer(asker->engine, ask->id, NULL, now);
    }
}

/* ---- what carriers report ---- */

MgLine *mg_runtime_accept(MgRuntime *runtime, const MgVisitor *visitor, MgTime now)
{
    const MgFlow *about = mg_trace_flow(runtime->trace, visitor->flow);
    MgBirth birth = {.local_address = about->server_address,
                     .peer_address = about->client_address,
                     .local_port = about->server_port,
                     .peer_port = about->client_port,
                     .now = now};
    MgInstance *instance =
        mg_runtime_bear(runtime, visitor->host, visitor->kind, &birth, about->parent);
    MgLine *line = new_line(instance, visitor->carrier_class, visitor->carrier);
    line->sends = MG_FROM_SERVER;
    line->end = visitor->end;
    line->flow = visitor->flow;
    line->record_received = visitor->record_received;
    line->cause = about->parent;
    instance->line = line;
    bool gone = false; /* a server that says one thing and closes dies in the pump */
    instance->gone = &gone;
    mg_runtime_pump(runtime, now);
    if (gone)
        return NULL;
    instance->gone = NULL;
    return line;
}

void mg_line_connected(MgLine *line, MgReach reach, const char *text, MgTime now)
{
    MgRuntime *runtime = line->runtime;
    MgInstance *instance = line->instance;
    MgAskId ask = line->ask;
    MgConnectAnswer answer = {reach, text};
    line->ask = 0;
    if (reach != MG_REACH_OK)
        g_clear_pointer(&instance->line, g_free);
    mg_runtime_settle(instance, ask, &answer, now);
    mg_runtime_pump(runtime, now);
}

void mg_line_received(MgLine *line, MgSpan octets, MgTime now)
{
    MgRuntime *runtime = line->runtime;
    MgInstance *instance = line->instance;
    if (line->record_received)
        mg_trace_add_octets(runtime->trace, line->flow, other(line->sends), octets, 0, now);
    if (line->layer != NULL) {
        mg_layer_received(line, octets, now);
    } else {
        line->received += octets.len;
        mg_engine_receive(instance->engine, octets, now);
        mg_runtime_ready(instance);
    }
    mg_runtime_pump(runtime, now);
}

void mg_line_ended(MgLine *line, MgEnd how, MgTime now)
{
    MgRuntime *runtime = line->runtime;
    MgInstance *instance = line->instance;
    line->gone = line->gone || how != MG_END_CLOSED;
    if (line->layer != NULL)
        mg_layer_ended(line, how, now); /* first: it may learn of octets that were cut off */
    else
        mg_engine_receive_end(instance->engine, how, now);
    if (line->record_received)
        mg_trace_end_octets(runtime->trace, line->flow, other(line->sends), now);
    mg_runtime_ready(instance);
    mg_runtime_pump(runtime, now);
}

void mg_line_datagram(MgLine *line, MgReach reach, MgSpan payload, MgTime now)
{
    MgRuntime *runtime = line->runtime;
    MgInstance *instance = line->instance;
    MgDatagramAnswer answer = {reach, payload, line->strangers};
    if (line->record_received && reach == MG_REACH_OK)
        mg_trace_add_datagram(runtime->trace, line->flow, other(line->sends), payload, 0, now);
    mg_runtime_settle(instance, line->ask, &answer, now);
    mg_line_free(line);
    mg_runtime_pump(runtime, now);
}

bool mg_line_fits(MgLine *line, MgSpan payload)
{
    size_t len;
    const uint8_t *asked = g_bytes_get_data(line->asked, &len);
    for (size_t i = 0; i < G_N_ELEMENTS(line->question.echoes); i++) {
        size_t at = line->question.echoes[i].at, n = line->question.echoes[i].len;
        if (n == 0 || at + n > len)
            continue;
        if (at + n > payload.len || memcmp(asked + at, payload.data + at, n) != 0) {
            line->strangers++;
            return false;
        }
    }
    return true;
}

void mg_line_overheard(MgLine *line, const MgOverhearAnswer *answer, MgTime now)
{
    MgRuntime *runtime = line->runtime;
    mg_runtime_settle(line->instance, line->ask, answer, now);
    mg_line_free(line);
    mg_runtime_pump(runtime, now);
}

void mg_line_free(MgLine *line)
{
    if (line == NULL)
        return;
    g_clear_pointer(&line->asked, g_bytes_unref);
    g_free(line);
}
