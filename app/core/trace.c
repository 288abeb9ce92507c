/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace.c - the store that records, packets, flows, hosts and octets lie in */
#include "trace-private.h"

static void *grown(void *array, size_t item, size_t n, size_t room)
{
    return n < room ? array : g_realloc_n(array, MAX(room * 2, (size_t)16), item);
}

void *mg_blocks_add(MgBlocks *blocks)
{
    if (blocks->n >> MG_BLOCK_SHIFT == blocks->n_blocks) {
        blocks->blocks = grown(blocks->blocks, sizeof(uint8_t *), blocks->n_blocks, blocks->room);
        if (blocks->n_blocks == blocks->room)
            blocks->room = MAX(blocks->room * 2, 16u);
        blocks->blocks[blocks->n_blocks++] = g_malloc0_n(MG_BLOCK_ITEMS, blocks->item);
    }
    g_assert(blocks->n < UINT32_MAX);
    return mg_blocks_at(blocks, blocks->n++);
}

void mg_blocks_clear(MgBlocks *blocks)
{
    for (uint32_t i = 0; i < blocks->n_blocks; i++)
        g_free(blocks->blocks[i]);
    g_free(blocks->blocks);
}

/* New memory, in whole slots: one, or as many as `len` octets in one piece need. */
static void extend(MgArena *arena, size_t len)
{
    size_t n = MAX((len + MG_SLOT_SIZE - 1) >> MG_SLOT_SHIFT, (size_t)1);
    uint8_t *memory = g_malloc(n << MG_SLOT_SHIFT);
    g_ptr_array_add(arena->owned, memory);
    arena->end = (uint64_t)arena->n_slots << MG_SLOT_SHIFT;
    for (size_t i = 0; i < n; i++) {
        arena->slots = grown(arena->slots, sizeof(uint8_t *), arena->n_slots, arena->room);
        if (arena->n_slots == arena->room)
            arena->room = MAX(arena->room * 2, (size_t)16);
        arena->slots[arena->n_slots++] = memory + (i << MG_SLOT_SHIFT);
    }
    arena->limit = (uint64_t)arena->n_slots << MG_SLOT_SHIFT;
}

uint64_t mg_arena_put(MgArena *arena, MgSpan octets)
{
    if (octets.len == 0)
        return arena->end;
    if (arena->limit - arena->end < octets.len)
        extend(arena, octets.len);
    uint64_t address = arena->end;
    memcpy(mg_arena_at(arena, address), octets.data, octets.len);
    arena->end += octets.len;
    return address;
}

static void free_host(void *data)
{
    MgTraceHost *host = data;
    g_free(host->name);
    g_free(host->kind);
    g_free(host->region);
    g_free(host->address);
    g_free(host);
}

MgTrace *mg_trace_new(MgRegistry *registry)
{
    G_STATIC_ASSERT(sizeof(MgRecord) == 64);
    MgTrace *trace = g_new0(MgTrace, 1);
    g_atomic_ref_count_init(&trace->refs);
    trace->registry = mg_registry_ref(registry);
    trace->title = g_strdup("");
    trace->keep_packets = true;
    trace->records.item = sizeof(MgRecord);
    trace->packets.item = sizeof(MgPacket);
    trace->flows.item = sizeof(MgFlow);
    trace->states.item = sizeof(MgFlowState);
    trace->arena.owned = g_ptr_array_new_with_free_func(g_free);
    trace->hosts = g_ptr_array_new_with_free_func(free_host);
    trace->texts = g_ptr_array_new_with_free_func(g_free);
    trace->text_ids = g_hash_table_new(g_str_hash, g_str_equal);
    trace->engine_names = g_array_new(FALSE, TRUE, sizeof(uint16_t));
    trace->tcp = mg_registry_dissector_index(registry, "tcp");
    trace->udp = mg_registry_dissector_index(registry, "udp");
    trace->icmp = mg_registry_dissector_index(registry, "icmp");
    return trace;
}

MgTrace *mg_trace_ref(MgTrace *trace)
{
    g_atomic_ref_count_inc(&trace->refs);
    return trace;
}

void mg_trace_unref(MgTrace *trace)
{
    if (trace == NULL || !g_atomic_ref_count_dec(&trace->refs))
        return;
    for (uint32_t i = 0; i < trace->states.n; i++)
        mg_trace_free_stream(mg_trace_state(trace, i + 1)->stream);
    mg_blocks_clear(&trace->records);
    mg_blocks_clear(&trace->packets);
    mg_blocks_clear(&trace->flows);
    mg_blocks_clear(&trace->states);
    g_ptr_array_unref(trace->arena.owned);
    g_free(trace->arena.slots);
    g_ptr_array_unref(trace->hosts);
    g_hash_table_unref(trace->text_ids);
    g_ptr_array_unref(trace->texts);
    g_array_unref(trace->engine_names);
    mg_registry_unref(trace->registry);
    if (trace->secrets != NULL) {
        g_string_free(trace->secrets, TRUE);
        g_hash_table_unref(trace->secret_lines);
    }
    g_free(trace->title);
    g_free(trace);
}

MgRegistry *mg_trace_registry(const MgTrace *trace)
{
    return trace->registry;
}

void mg_trace_set_origin(MgTrace *trace, const char *title, int64_t epoch, uint64_t seed)
{
    g_free(trace->title);
    trace->title = g_strdup(title != NULL ? title : "");
    trace->epoch = epoch;
    trace->seed = seed;
}

int64_t mg_trace_epoch(const MgTrace *trace)
{
    return trace->epoch;
}

uint64_t mg_trace_seed(const MgTrace *trace)
{
    return trace->seed;
}

const char *mg_trace_title(const MgTrace *trace)
{
    return trace->title;
}

void mg_trace_set_keep_packets(MgTrace *trace, bool keep)
{
    trace->keep_packets = keep;
}

MgHostId mg_trace_add_host(MgTrace *trace, const char *name, const char *kind, const char *region,
                           const char *address, bool real)
{
    g_assert(trace->hosts->len < UINT16_MAX);
    MgTraceHost *host = g_new0(MgTraceHost, 1);
    host->name = g_strdup(name != NULL ? name : "");
    host->kind = g_strdup(kind != NULL ? kind : "");
    host->region = g_strdup(region != NULL ? region : "");
    host->address = g_strdup(address != NULL ? address : "");
    host->real = real;
    g_ptr_array_add(trace->hosts, host);
    return (MgHostId)trace->hosts->len;
}

MgFlowId mg_trace_add_flow(MgTrace *trace, const MgFlow *flow)
{
    MgFlow *kept = mg_blocks_add(&trace->flows);
    *kept = *flow;
    mg_blocks_add(&trace->states);
    return trace->flows.n;
}

/* Texts that are interned are mostly static ones, so the pointer alone finds most of them. */
uint16_t mg_trace_intern(MgTrace *trace, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return 0;
    size_t slot = ((uintptr_t)text >> 3 ^ (uintptr_t)text >> 11) & 255;
    uint16_t id = trace->recent[slot] == text ? trace->recent_ids[slot] : 0;
    if (id != 0 && strcmp(g_ptr_array_index(trace->texts, id - 1u), text) == 0)
        return id;
    id = (uint16_t)GPOINTER_TO_UINT(g_hash_table_lookup(trace->text_ids, text));
    if (id == 0) {
        if (trace->texts->len == UINT16_MAX)
            return 0; /* names are few; whoever makes them up without end loses the rest */
        char *kept = g_strdup(text);
        g_ptr_array_add(trace->texts, kept);
        id = (uint16_t)trace->texts->len;
        g_hash_table_insert(trace->text_ids, kept, GUINT_TO_POINTER(id));
    }
    trace->recent[slot] = text;
    trace->recent_ids[slot] = id;
    return id;
}

MgRecord *mg_trace_new_record(MgTrace *trace, MgRecordKind kind, MgTime now, uint32_t *n)
{
    MgRecord *record = mg_blocks_add(&trace->records);
    record->at = now;
    record->kind = (uint8_t)kind;
    *n = trace->records.n;
    return record;
}

/* ---- reading ---- */

uint32_t mg_trace_n_records(const MgTrace *trace)
{
    return trace->records.n;
}

const MgRecord *mg_trace_record(const MgTrace *trace, uint32_t n)
{
    return mg_blocks_at(&trace->records, n - 1);
}

uint32_t mg_trace_n_packets(const MgTrace *trace)
{
    return trace->packets.n;
}

const MgPacket *mg_trace_packet(const MgTrace *trace, uint32_t index)
{
    return mg_blocks_at(&trace->packets, index);
}

uint32_t mg_trace_n_flows(const MgTrace *trace)
{
    return trace->flows.n;
}

const MgFlow *mg_trace_flow(const MgTrace *trace, MgFlowId flow)
{
    return mg_blocks_at(&trace->flows, flow - 1);
}

uint16_t mg_trace_n_hosts(const MgTrace *trace)
{
    return (uint16_t)trace->hosts->len;
}

const MgTraceHost *mg_trace_host(const MgTrace *trace, MgHostId host)
{
    g_assert(host >= 1 && host <= trace->hosts->len);
    return g_ptr_array_index(trace->hosts, host - 1u);
}

static MgSpan octets_of(const MgTrace *trace, uint64_t address, uint32_t len)
{
    if (len == 0)
        return (MgSpan){(const uint8_t *)"", 0};
    return (MgSpan){mg_arena_at(&trace->arena, address), len};
}

MgSpan mg_trace_bytes(const MgTrace *trace, uint32_t n)
{
    const MgRecord *record = mg_trace_record(trace, n);
    return octets_of(trace, record->bytes, record->len);
}

MgSpan mg_trace_packet_bytes(const MgTrace *trace, uint32_t index)
{
    const MgPacket *packet = mg_trace_packet(trace, index);
    return octets_of(trace, packet->bytes, packet->len);
}

const char *mg_trace_text(const MgTrace *trace, uint16_t text)
{
    return text >= 1 && text <= trace->texts->len ? g_ptr_array_index(trace->texts, text - 1u) : "";
}

const char *mg_trace_engine_name(const MgTrace *trace, uint32_t engine)
{
    if (engine == 0 || engine >= trace->engine_names->len)
        return "";
    return mg_trace_text(trace, g_array_index(trace->engine_names, uint16_t, engine));
}

static size_t blocks_memory(const MgBlocks *blocks)
{
    return blocks->n_blocks * (size_t)MG_BLOCK_ITEMS * blocks->item + blocks->room * sizeof(void *);
}

size_t mg_trace_memory(const MgTrace *trace)
{
    size_t sum = sizeof *trace + trace->stream_memory + (trace->arena.n_slots << MG_SLOT_SHIFT) +
                 trace->engine_names->len * sizeof(uint16_t);
    sum += blocks_memory(&trace->records) + blocks_memory(&trace->packets);
    sum += blocks_memory(&trace->flows) + blocks_memory(&trace->states);
    for (unsigned i = 0; i < trace->texts->len; i++)
        sum += strlen(g_ptr_array_index(trace->texts, i)) + 64;
    return sum;
}
