/* SPDX-License-Identifier: GPL-3.0-or-later */
/* runtime.c - engines are born, say what they have to say, and die
 *
 * Nothing recurses: whoever may have something to say is put on the list of the
 * ready, and pump() asks each until none has. So an ask that is answered by a
 * chain of engines costs no stack. */
#include <glib/gi18n-lib.h>

#include "runtime-private.h"

/* ---- hosts ---- */

static void free_settings(MgSettings *settings)
{
    MgSetting *rows = (MgSetting *)settings->rows;
    for (size_t i = 0; i < settings->n_rows; i++) {
        g_free((char *)rows[i].key);
        g_free((char *)rows[i].value);
        g_free((char *)rows[i].path);
    }
    g_free(rows);
}

static MgSettings copy_settings(const MgSettings *settings)
{
    size_t n = settings != NULL ? settings->n_rows : 0;
    MgSetting *rows = g_new0(MgSetting, n + 1);
    for (size_t i = 0; i < n; i++) {
        const MgSetting *row = &settings->rows[i];
        rows[i] = *row;
        rows[i].key = g_strdup(row->key);
        char *value = g_malloc(row->len + 1);
        memcpy(value, row->value, row->len);
        value[row->len] = '\0';
        rows[i].value = value;
        rows[i].path = g_strdup(row->path);
    }
    return (MgSettings){rows, n};
}

static void free_host(void *data)
{
    MgHost *host = data;
    for (guint i = 0; i < host->shared->len; i++) {
        MgShared *shared = &g_array_index(host->shared, MgShared, i);
        if (shared->kind->teardown != NULL && shared->shared != NULL && !shared->borrowed)
            shared->kind->teardown(shared->shared);
    }
    g_array_unref(host->shared);
    g_array_unref(host->runs);
    free_settings(&host->settings);
    g_clear_pointer(&host->outdated, g_ptr_array_unref);
    mg_store_free(host->store);
    g_free(host->name);
    g_free(host->kind);
    g_free(host->address);
    g_free(host);
}

MgRuntime *mg_runtime_new(MgRegistry *registry, MgTrace *trace, int64_t epoch, uint64_t seed)
{
    MgRuntime *runtime = g_new0(MgRuntime, 1);
    runtime->registry = mg_registry_ref(registry);
    runtime->trace = mg_trace_ref(trace);
    runtime->epoch = epoch;
    runtime->seed = runtime->run_seed = seed;
    runtime->layers = g_array_new(FALSE, TRUE, sizeof(MgSharedLayer));
    runtime->hosts = g_ptr_array_new_with_free_func(free_host);
    runtime->heap = g_ptr_array_new();
    runtime->graves = g_ptr_array_new();
    return runtime;
}

MgTrace *mg_runtime_trace(const MgRuntime *runtime)
{
    return runtime->trace;
}

MgHostId mg_runtime_add_host(MgRuntime *runtime, const char *name, const char *kind,
                             const char *region, const char *address, const MgSettings *settings)
{
    MgHost *host = g_new0(MgHost, 1);
    host->name = g_strdup(name);
    host->kind = g_strdup(kind);
    host->address = g_strdup(address);
    host->settings = copy_settings(settings);
    host->runs = g_array_new(FALSE, TRUE, sizeof(MgRun));
    host->shared = g_array_new(FALSE, TRUE, sizeof(MgShared));
    host->seed = mg_random_next(&runtime->seed);
    g_ptr_array_add(runtime->hosts, host);
    MgHostId id = mg_trace_add_host(runtime->trace, name, kind, region, address, false);
    g_assert(id == runtime->hosts->len);
    return id;
}

static MgShared *shared_of(MgHost *host, const MgEngineKind *kind)
{
    for (guint i = 0; i < host->shared->len; i++)
        if (g_array_index(host->shared, MgShared, i).kind == kind)
            return &g_array_index(host->shared, MgShared, i);
    return NULL;
}

/* (nullable) what a kind with the same setup() has there already: one cache for datagrams and
 * streams. */
static const MgShared *twin_of(const MgHost *host, const MgEngineKind *kind)
{
    for (guint i = 0; kind->setup != NULL && i < host->shared->len; i++)
        if (g_array_index(host->shared, MgShared, i).kind->setup == kind->setup)
            return &g_array_index(host->shared, MgShared, i);
    return NULL;
}

bool mg_runtime_add_engine(MgRuntime *runtime, MgHostId id, const MgEngineKind *kind, uint16_t port,
                           GPtrArray *problems)
{
    MgHost *host = mg_runtime_host(runtime, id);
    if (shared_of(host, kind) == NULL) {
        MgShared fresh = {kind, NULL, false};
        const MgShared *twin = twin_of(host, kind);
        if (twin != NULL)
            fresh = (MgShared){kind, twin->shared, true};
        else if (kind->setup != NULL &&
                 (fresh.shared = kind->setup(&host->settings, problems)) == NULL)
            return false;
        g_array_append_val(host->shared, fresh);
    }
    MgRun run = {.kind = kind, .port = port};
    g_array_append_val(host->runs, run);
    return true;
}

static void free_outdated(void *data)
{
    free_settings(data);
    g_free(data);
}

const MgSettings *mg_runtime_settings(const MgRuntime *runtime, MgHostId id)
{
    return &mg_runtime_host(runtime, id)->settings;
}

void mg_runtime_set_setting(MgRuntime *runtime, MgHostId id, const char *key, const char *value)
{
    MgHost *host = mg_runtime_host(runtime, id);
    MgSettings old = host->settings;
    host->settings = copy_settings(&old);
    MgSetting *rows = (MgSetting *)host->settings.rows;
    size_t n = host->settings.n_rows, at = 0;
    while (at < n && strcmp(rows[at].key, key) != 0)
        at++;
    if (at == n) {
        rows = g_renew(MgSetting, rows, n + 2);
        rows[at] = (MgSetting){.key = g_strdup(key)};
        rows[n + 1] = (MgSetting){0};
        host->settings = (MgSettings){rows, n + 1};
    }
    g_free((char *)rows[at].value);
    rows[at].value = g_strdup(value);
    rows[at].len = strlen(value);
    if (host->outdated == NULL)
        host->outdated = g_ptr_array_new_with_free_func(free_outdated);
    g_ptr_array_add(host->outdated, g_memdup2(&old, sizeof old));
}

void mg_runtime_set_carrier(MgRuntime *runtime, MgHostId id, const MgCarrierClass *carrier_class,
                            void *carrier)
{
    MgHost *host = mg_runtime_host(runtime, id);
    host->carrier_class = carrier_class;
    host->carrier = carrier;
}

MgStore *mg_runtime_store(MgRuntime *runtime, MgHostId id)
{
    MgHost *host = mg_runtime_host(runtime, id);
    if (host->store == NULL)
        host->store = mg_store_new();
    return host->store;
}

const MgEngineKind *mg_runtime_listener(const MgRuntime *runtime, MgHostId id,
                                        MgTransport transport, uint16_t port)
{
    const MgHost *host = mg_runtime_host(runtime, id);
    for (guint i = 0; i < host->runs->len; i++) {
        const MgRun *run = &g_array_index(host->runs, MgRun, i);
        if (run->port == port && port != 0 && run->kind->transport == transport)
            return run->instead != NULL ? run->instead : run->kind;
    }
    return NULL;
}

static MgRun *stream_run(const MgRuntime *runtime, MgHostId id, uint16_t port)
{
    const MgHost *host = mg_runtime_host(runtime, id);
    for (guint i = 0; i < host->runs->len; i++) {
        MgRun *run = &g_array_index(host->runs, MgRun, i);
        if (run->port == port && port != 0 && run->kind->transport == MG_TRANSPORT_STREAM)
            return run;
    }
    return NULL;
}

const MgEngineKind *mg_runtime_by_hand(const MgRuntime *runtime, MgHostId id, uint16_t port)
{
    const MgRun *run = stream_run(runtime, id, port);
    for (size_t i = 0; run != NULL && i < mg_registry_n_engines(runtime->registry); i++) {
        const MgEngineKind *kind = mg_registry_engine_at(runtime->registry, i);
        if (kind->stands_for != NULL && strcmp(kind->stands_for, run->kind->name) == 0)
            return kind;
    }
    return NULL;
}

bool mg_runtime_take_over(MgRuntime *runtime, MgHostId id, uint16_t port, bool by_hand)
{
    const MgEngineKind *person = mg_runtime_by_hand(runtime, id, port);
    if (person == NULL)
        return false;
    stream_run(runtime, id, port)->instead = by_hand ? person : NULL;
    return true;
}

/* ---- what a script or a person does ---- */

static bool speaks(const MgHost *host, const MgEngineKind *kind, const char *word)
{
    if (kind->verb == NULL)
        return false;
    if (kind->scheme == NULL)
        return true;
    const char *value = kind->scheme_setting != NULL
                            ? mg_settings_get(&host->settings, kind->scheme_setting, NULL)
                            : word;
    size_t len = strlen(kind->scheme);
    return value != NULL && g_ascii_strncasecmp(value, kind->scheme, len) == 0 &&
           g_str_has_prefix(value + len, "://");
}

static void list_verbs(const MgHost *host, const char *verb, GError **error)
{
    g_autoptr(GString) verbs = g_string_new(NULL);
    for (guint i = 0; i < host->runs->len; i++) {
        const MgEngineKind *kind = g_array_index(host->runs, MgRun, i).kind;
        if (kind->verb != NULL && (kind->scheme_setting == NULL || speaks(host, kind, NULL)))
            g_string_append_printf(verbs, "%s%s", verbs->len > 0 ? "; " : "", kind->usage);
    }
    if (verbs->len == 0)
        g_set_error(error, MG_ERROR, MG_ERROR_CONFIG,
                    _("%s cannot \"%s\": no engine of it takes commands"), host->name, verb);
    else
        g_set_error(error, MG_ERROR, MG_ERROR_CONFIG, _("%s cannot \"%s\"; it can %s"), host->name,
                    verb, verbs->str);
}

uint32_t mg_runtime_say(MgRuntime *runtime, MgHostId id, const char *verb, const MgVerbCall *call,
                        MgTime now, GError **error)
{
    const MgHost *host = mg_runtime_host(runtime, id);
    const char *word = call->n_words > 0 ? call->words[0] : NULL;
    for (guint i = 0; i < host->runs->len; i++) {
        const MgEngineKind *kind = g_array_index(host->runs, MgRun, i).kind;
        if (!speaks(host, kind, word) || strcmp(kind->verb, verb) != 0)
            continue;
        g_autoptr(GString) text = g_string_new(verb);
        for (size_t w = 0; w < call->n_words; w++)
            g_string_append_printf(text, " %s", call->words[w]);
        uint32_t n = mg_trace_add_action(runtime->trace, &(MgDoer){id, runtime->n_born + 1, 0, now},
                                         text->str);
        MgBirth birth = {.question = call, .now = now};
        MgInstance *instance = mg_runtime_bear(runtime, id, kind, &birth, n);
        uint32_t number = instance->number;
        mg_runtime_pump(runtime, now);
        return number;
    }
    list_verbs(host, verb, error);
    return 0;
}

uint32_t mg_runtime_ask(MgRuntime *runtime, MgHostId id, const char *topic, const void *question,
                        MgListener listener, MgTime now)
{
    const MgHost *host = mg_runtime_host(runtime, id);
    for (guint i = 0; i < host->runs->len; i++) {
        const MgEngineKind *kind = g_array_index(host->runs, MgRun, i).kind;
        if (kind->topic == NULL || strcmp(kind->topic, topic) != 0)
            continue;
        MgBirth birth = {.question = question, .now = now};
        MgInstance *instance = mg_runtime_bear(runtime, id, kind, &birth, 0);
        instance->topic = kind->topic;
        instance->done = listener.done;
        instance->done_data = listener.data;
        uint32_t number = instance->number;
        mg_runtime_pump(runtime, now);
        return number;
    }
    return 0;
}

void mg_runtime_command(MgRuntime *runtime, MgHostId id, const MgEngineKind *kind,
                        const MgCommandCall *call, const MgCommander *commander)
{
    MgBirth birth = {.question = call};
    MgInstance *instance = mg_runtime_bear(runtime, id, kind, &birth, 0);
    instance->commander = commander;
    mg_runtime_pump(runtime, 0);
}

/* ---- what a person types ---- */

static const MgInstance *waiting(const MgHost *host, uint32_t *ask)
{
    for (const MgInstance *i = host->last; i != NULL; i = i->previous)
        for (*ask = 0; *ask < i->n_asks; ++*ask)
            if (i->asks[*ask].person)
                return i;
    return NULL;
}

bool mg_runtime_waiting(const MgRuntime *runtime, MgHostId id, MgFlowId *flow)
{
    uint32_t ask;
    const MgInstance *instance = waiting(mg_runtime_host(runtime, id), &ask);
    if (instance != NULL && flow != NULL)
        *flow = instance->line != NULL ? instance->line->flow : 0;
    return instance != NULL;
}

bool mg_runtime_waits(const MgRuntime *runtime)
{
    return runtime->n_persons > 0;
}

bool mg_runtime_tell(MgRuntime *runtime, MgHostId id, const char *text, MgTime now, GError **error)
{
    uint32_t ask;
    const MgHost *host = mg_runtime_host(runtime, id);
    MgInstance *instance = (MgInstance *)waiting(host, &ask);
    if (instance == NULL) {
        g_set_error(error, MG_ERROR, MG_ERROR_CONFIG,
                    _("%s has no open console that a line could be typed in"), host->name);
        return false;
    }
    MgPersonAnswer answer = {text};
    mg_runtime_settle(instance, instance->asks[ask].id, &answer, now);
    mg_runtime_pump(runtime, now);
    return true;
}

/* ---- time ---- */

#define ADVANCES_MAX 100000u /* of one engine, one after the other, at one time */

void mg_runtime_advance(MgRuntime *runtime, MgTime now)
{
    uint32_t number = 0;
    unsigned n = 0;
    while (mg_runtime_deadline(runtime) <= now) {
        MgInstance *instance = g_ptr_array_index(runtime->heap, 0);
        n = instance->number == number ? n + 1 : 0;
        number = instance->number;
        if (n > ADVANCES_MAX) /* it would go on for ever: a bug of the engine, told by name */
            g_error("%s wants to be called at a time that is over", instance->kind->name);
        mg_runtime_unwake(instance);
        mg_engine_advance(instance->engine, now);
        mg_runtime_ready(instance);
        mg_runtime_pump(runtime, now);
    }
}

/* Its connections end without a goodbye. */
static void silence(const MgHost *host)
{
    for (const MgInstance *i = host->first; i != NULL; i = i->next)
        if (i->line != NULL)
            i->line->gone = true;
}

void mg_runtime_crash(MgRuntime *runtime, MgHostId id, MgTime now)
{
    MgHost *host = mg_runtime_host(runtime, id);
    silence(host);
    while (host->last != NULL)
        mg_runtime_kill(host->last, now);
    mg_runtime_pump(runtime, now);
}

void mg_runtime_revive(MgRuntime *runtime, MgHostId id, MgTime now)
{
    MgHost *host = mg_runtime_host(runtime, id);
    if (host->store == NULL)
        return;
    g_autoptr(GArray) items = mg_store_spool_items(host->store);
    for (guint i = 0; i < items->len; i++) {
        MgStoreItem item;
        if (!mg_store_spooled(host->store, g_array_index(items, uint32_t, i), &item))
            continue; /* an engine that was born before it has removed it */
        MgBirth birth = {.spooled = &item.spooled, .now = now};
        MgInstance *instance = mg_runtime_bear(runtime, id, item.owner, &birth, item.cause);
        instance->spools = true;
        mg_runtime_pump(runtime, now);
    }
}

/* ---- for readers ---- */

void mg_runtime_counts(const MgRuntime *runtime, MgRuntimeCounts *counts)
{
    *counts = runtime->counts;
}

void mg_runtime_each_engine(const MgRuntime *runtime, MgHostId id, MgEachEngine each, void *data)
{
    const MgHost *host = mg_runtime_host(runtime, id);
    for (const MgInstance *i = host->first; i != NULL; i = i->next) {
        MgFact facts[16];
        size_t n =
            i->kind->facts != NULL ? i->kind->facts(i->engine, facts, G_N_ELEMENTS(facts)) : 0;
        each(i->number, i->kind, i->state, facts, n, data);
    }
}

void mg_runtime_each_shared(const MgRuntime *runtime, MgHostId id, MgTime now, MgEachShared each,
                            void *data)
{
    const MgHost *host = mg_runtime_host(runtime, id);
    for (guint i = 0; i < host->shared->len; i++) {
        const MgShared *shared = &g_array_index(host->shared, MgShared, i);
        MgFact facts[48];
        if (shared->shared == NULL || shared->kind->shared_facts == NULL)
            continue;
        size_t n = shared->kind->shared_facts(shared->shared, now, facts, G_N_ELEMENTS(facts));
        each(shared->kind, facts, n, data);
    }
}

void mg_runtime_on_fate(MgRuntime *runtime, MgFateSeen seen, void *data)
{
    runtime->on_fate = seen;
    runtime->on_fate_data = data;
}

void mg_runtime_free(MgRuntime *runtime)
{
    if (runtime == NULL)
        return;
    runtime->on_fate = NULL; /* nobody hears of what dies now */
    for (guint h = 1; h <= runtime->hosts->len; h++) {
        silence(mg_runtime_host(runtime, (MgHostId)h)); /* the trace is written already */
        while (mg_runtime_host(runtime, (MgHostId)h)->last != NULL)
            mg_runtime_kill(mg_runtime_host(runtime, (MgHostId)h)->last, 0);
    }
    mg_runtime_pump(runtime, 0);
    mg_layer_forget(runtime);
    g_ptr_array_unref(runtime->hosts);
    g_ptr_array_unref(runtime->heap);
    g_ptr_array_unref(runtime->graves);
    mg_trace_unref(runtime->trace);
    mg_registry_unref(runtime->registry);
    g_free(runtime);
}
