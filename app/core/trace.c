/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace.c - the store that records, packets, flows, hosts and octets lie in */
#include "trace-private.h"

static void begin_block(MgBlocks *blocks, uint32_t block)
{
    if (block >= blocks->room) {
        uint32_t room = MAX(blocks->room * 2, block + 16);
        blocks->blocks = g_realloc_n(blocks->blocks, room, sizeof(uint8_t *));
        memset(blocks->blocks + blocks->room, 0, (room - blocks->room) * sizeof(uint8_t *));
        blocks->room = room;
    }
    g_assert(blocks->blocks[block] == NULL); /* else all numbers are in use */
    blocks->blocks[block] = blocks->spare != NULL
                                ? memset(blocks->spare, 0, MG_BLOCK_ITEMS * blocks->item)
                                : g_malloc0_n(MG_BLOCK_ITEMS, blocks->item);
    blocks->spare = NULL;
    blocks->n_kept++;
}

void *mg_blocks_add(MgBlocks *blocks)
{
    uint32_t i = mg_blocks_next(blocks);
    if ((i & (MG_BLOCK_ITEMS - 1)) == 0)
        begin_block(blocks, i >> MG_BLOCK_SHIFT);
    blocks->n = i + 1;
    return mg_blocks_at(blocks, i);
}

void mg_blocks_forget(MgBlocks *blocks, uint32_t i)
{
    while (blocks->first >> MG_BLOCK_SHIFT != i >> MG_BLOCK_SHIFT) {
        uint8_t **block = &blocks->blocks[blocks->first >> MG_BLOCK_SHIFT];
        g_free(blocks->spare);
        blocks->spare = *block;
        *block = NULL;
        blocks->n_kept--;
        blocks->first = (blocks->first | (MG_BLOCK_ITEMS - 1)) + 1;
    }
}

void mg_blocks_clear(MgBlocks *blocks)
{
    for (uint32_t i = 0; i < blocks->room; i++)
        g_free(blocks->blocks[i]);
    g_free(blocks->blocks);
    g_free(blocks->spare);
}

/* New memory, in whole slots: one, or as many as `len` octets in one piece need. */
static void extend(MgArena *arena, size_t len)
{
    size_t n = MAX((len + MG_SLOT_SIZE - 1) >> MG_SLOT_SHIFT, (size_t)1);
    uint8_t *memory = n == 1 ? g_steal_pointer(&arena->spare) : NULL;
    if (memory == NULL)
        memory = g_malloc(n << MG_SLOT_SHIFT);
    arena->end = (arena->first + arena->n_slots) << MG_SLOT_SHIFT;
    if (arena->n_slots + n > arena->room) {
        arena->room = MAX(arena->room * 2, arena->n_slots + n);
        arena->slots = g_realloc_n(arena->slots, arena->room, sizeof(MgSlot));
    }
    for (size_t i = 0; i < n; i++)
        arena->slots[arena->n_slots++] = (MgSlot){memory + (i << MG_SLOT_SHIFT), i == 0 ? n : 0};
    arena->limit = (arena->first + arena->n_slots) << MG_SLOT_SHIFT;
}

void mg_arena_forget(MgArena *arena, uint64_t address)
{
    uint64_t first = address >> MG_SLOT_SHIFT;
    size_t gone = 0;
    while (gone < arena->n_slots && arena->first + gone + arena->slots[gone].n <= first) {
        size_t n = arena->slots[gone].n;
        g_free(n == 1 ? arena->spare : arena->slots[gone].octets);
        arena->spare = n == 1 ? arena->slots[gone].octets : arena->spare;
        gone += n;
    }
    if (gone == 0)
        return;
    arena->n_slots -= gone;
    arena->first += gone;
    memmove(arena->slots, arena->slots + gone, arena->n_slots * sizeof(MgSlot));
}

void mg_arena_clear(MgArena *arena)
{
    for (size_t i = 0; i < arena->n_slots; i++)
        if (arena->slots[i].n > 0)
            g_free(arena->slots[i].octets);
    g_free(arena->slots);
    g_free(arena->spare);
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
        mg_trace_free_stream(trace, mg_trace_state(trace, i + 1)->stream);
    mg_blocks_clear(&trace->records);
    mg_blocks_clear(&trace->packets);
    mg_blocks_clear(&trace->flows);
    mg_blocks_clear(&trace->states);
    mg_arena_clear(&trace->arena);
    g_clear_pointer(&trace->forgetting.pages, g_array_unref);
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
    MgFlowId id = trace->forgetting.on ? mg_trace_reuse_flow(trace) : 0;
    if (id == 0) {
        mg_blocks_add(&trace->flows);
        mg_blocks_add(&trace->states);
        id = trace->flows.n;
    }
    MgFlow *kept = mg_blocks_at(&trace->flows, id - 1);
    *kept = *flow;
    kept->birth = ++trace->n_born;
    if (trace->forgetting.on && !flow->real) {
        mg_trace_state(trace, id)->page = trace->forgetting.page;
        g_array_index(trace->forgetting.pages, MgPage, trace->forgetting.page).n_live++;
    }
    return id;
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
    uint32_t next = mg_blocks_next(&trace->records);
    if (trace->forgetting.on && (next & (MG_BLOCK_ITEMS - 1)) == 0)
        mg_trace_turn_page(trace, next);
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

bool mg_trace_has(const MgTrace *trace, uint32_t n)
{
    return n != 0 && mg_blocks_has(&trace->records, n - 1);
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
    size_t n = blocks->n_kept + (blocks->spare != NULL);
    return n * MG_BLOCK_ITEMS * blocks->item + blocks->room * sizeof(void *);
}

size_t mg_trace_memory(const MgTrace *trace)
{
    size_t sum = sizeof *trace + trace->stream_memory + (trace->arena.n_slots << MG_SLOT_SHIFT) +
                 trace->engine_names->len * sizeof(uint16_t);
    sum += blocks_memory(&trace->records) + blocks_memory(&trace->packets);
    sum += blocks_memory(&trace->flows) + blocks_memory(&trace->states);
    for (unsigned i = 0; i < trace->texts->len; i++)
        sum += strlen(g_ptr_array_index(trace->texts, i)) + 64;
    if (trace->forgetting.on)
        sum += trace->forgetting.pages->len * sizeof(MgPage);
    return sum;
}
