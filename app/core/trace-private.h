/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace-private.h - how a trace lies in memory; for trace-*.c alone
 *
 * Nothing that was handed out ever moves: records, packets and flows lie in blocks that are never
 * reallocated, octets in an arena of blocks. */
#pragma once

#include "trace.h"

G_BEGIN_DECLS

/* ---- items of one size, in blocks ---- */
#define MG_BLOCK_SHIFT 14 /* items a block: a block of records has 1 MiB */
#define MG_BLOCK_ITEMS (1u << MG_BLOCK_SHIFT)

typedef struct {
    uint8_t **blocks;
    uint32_t n_blocks, room; /* of `blocks` */
    uint32_t n;              /* items */
    size_t item;
} MgBlocks;

static inline void *mg_blocks_at(const MgBlocks *blocks, uint32_t i)
{
    g_assert(i < blocks->n);
    return blocks->blocks[i >> MG_BLOCK_SHIFT] + (i & (MG_BLOCK_ITEMS - 1)) * blocks->item;
}
void *mg_blocks_add(MgBlocks *blocks); /* zero-filled */
void mg_blocks_clear(MgBlocks *blocks);

/* ---- octets: an address is a slot's number and a place in it ---- */
#define MG_SLOT_SHIFT 20
#define MG_SLOT_SIZE  ((size_t)1 << MG_SLOT_SHIFT)

typedef struct {
    uint8_t **slots;
    size_t n_slots, room; /* of `slots` */
    uint64_t end, limit;  /* the next address; where the memory it lies in ends */
    GPtrArray *owned;
} MgArena;

static inline uint8_t *mg_arena_at(const MgArena *arena, uint64_t address)
{
    return arena->slots[address >> MG_SLOT_SHIFT] + (address & (MG_SLOT_SIZE - 1));
}
uint64_t mg_arena_put(MgArena *arena, MgSpan octets); /* where they lie, in one piece */

/* ---- streams ---- */

/* Where an exchange ends in its direction's stream. */
typedef struct {
    uint32_t end_low, end_high;
    uint32_t n;
} MgCut;

/* One direction, as far as it is cut. Stays when the flow is over. */
typedef struct {
    MgCut *cuts;
    uint32_t n_cuts, room;
    uint32_t n_arrived, n_carried; /* cuts before these have arrived; have a packet */
    uint64_t arrived;              /* octets */
    MgTime arrived_at;
    uint32_t isn;
    bool has_isn, ended;
} MgCourse;

/* A piece of what waits, as it lies in the arena. */
typedef struct {
    uint64_t address;
    size_t offset, len; /* offset from the first octet that waits */
} MgPiece;

/* The octets that are no whole unit yet. They lie at `address` when they came in one piece;
 * otherwise, and in a real flow until it is known which of them are secret, in `gather`. */
typedef struct {
    uint64_t address;
    size_t len;
    GByteArray *gather;
    GArray *pieces; /* MgPiece; NULL in a real flow */
    uint32_t packet, engine;
    uint32_t parent; /* inside a layer: what carried the first of them */
} MgWaiting;

typedef struct {
    void *conversation, *layer; /* the state of the flow's dissector, and of the layer's */
    MgWaiting waiting[2];
} MgLive; /* freed when both directions have ended */

/* The messages of a layer's own in one direction, which arrive in order. */
typedef struct {
    uint32_t *n;
    uint32_t len, room, n_arrived;
} MgInside;

typedef struct MgStream {
    MgCourse course[2];
    MgLive *live;
    /* Of a stream that is encrypted from some octet on: */
    struct MgStream *inner; /* (nullable) what is hidden in it */
    uint32_t layer_at[2];   /* cuts before the layer began, + 1; 0: it has not */
    uint8_t layer;          /* its dissector */
    MgInside inside[2];
} MgStream;

typedef struct {
    MgStream *stream; /* NULL for datagrams */
    uint32_t last[2]; /* datagrams: the last exchange of each direction */
} MgFlowState;

struct MgTrace {
    gatomicrefcount refs;
    MgRegistry *registry;
    char *title;
    int64_t epoch;
    uint64_t seed;
    bool keep_packets;
    MgBlocks records, packets, flows, states;
    MgArena arena;
    GPtrArray *hosts;        /* MgTraceHost */
    GPtrArray *texts;        /* interned; index + 1 is the number */
    GHashTable *text_ids;    /* text → number */
    const char *recent[256]; /* texts by their pointer, with … */
    uint16_t recent_ids[256];
    GArray *engine_names; /* uint16_t: texts, by number of the engine */
    uint8_t tcp, udp, icmp;
    size_t stream_memory;
    GString *secrets;         /* (nullable) a key log */
    GHashTable *secret_lines; /* its lines: both ends of a simulated connection tell each */
};

static inline uint64_t mg_cut_end(const MgCut *cut)
{
    return (uint64_t)cut->end_high << 32 | cut->end_low;
}

static inline uint64_t mg_course_end(const MgCourse *course)
{
    return course->n_cuts > 0 ? mg_cut_end(&course->cuts[course->n_cuts - 1]) : 0;
}

static inline MgRecord *mg_trace_edit(MgTrace *trace, uint32_t n)
{
    return mg_blocks_at(&trace->records, n - 1);
}

static inline MgFlowState *mg_trace_state(const MgTrace *trace, MgFlowId flow)
{
    return mg_blocks_at(&trace->states, flow - 1);
}

MgRecord *mg_trace_new_record(MgTrace *trace, MgRecordKind kind, MgTime now, uint32_t *n);
uint16_t mg_trace_intern(MgTrace *trace, const char *text);
void mg_trace_free_stream(MgStream *stream);
/* (transfer full) The dissector's own fields alone. */
MgTree *mg_trace_own_tree(const MgTrace *trace, uint32_t n);

G_END_DECLS
