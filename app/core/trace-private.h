/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace-private.h - how a trace lies in memory; for trace-*.c alone
 *
 * Nothing that was handed out ever moves: records, packets and flows lie in blocks that are never
 * reallocated, octets in an arena of blocks. A trace that forgets gives up whole blocks of records,
 * the oldest first, and what lay in memory before the first record that is left. */
#pragma once

#include "trace.h"

G_BEGIN_DECLS

/* ---- items of one size, in blocks ---- */
#define MG_BLOCK_SHIFT 14 /* items a block: a block of records has 1 MiB */
#define MG_BLOCK_ITEMS (1u << MG_BLOCK_SHIFT)

#define MG_BLOCK_MAX   (1u << (32 - MG_BLOCK_SHIFT)) /* blocks */

/* Items are counted in 32 bits, and start again at 0 when these are used up; so `first` may be
 * larger than `n`. Item UINT32_MAX is left out: its number would be 0. */
typedef struct {
    uint8_t **blocks; /* NULL: not made yet, or forgotten */
    uint8_t *spare;   /* (nullable) a forgotten one, for the next */
    uint32_t room;    /* of `blocks` */
    uint32_t n_kept;  /* blocks that have memory */
    uint32_t first;   /* item that is not forgotten */
    uint32_t n;       /* after the last item */
    size_t item;
} MgBlocks;

static inline bool mg_blocks_has(const MgBlocks *blocks, uint32_t i)
{
    return i - blocks->first < blocks->n - blocks->first;
}

static inline void *mg_blocks_at(const MgBlocks *blocks, uint32_t i)
{
    g_assert(mg_blocks_has(blocks, i));
    return blocks->blocks[i >> MG_BLOCK_SHIFT] + (i & (MG_BLOCK_ITEMS - 1)) * blocks->item;
}

/* The item that comes next. */
static inline uint32_t mg_blocks_next(const MgBlocks *blocks)
{
    return blocks->n == UINT32_MAX ? 0 : blocks->n;
}
void *mg_blocks_add(MgBlocks *blocks); /* zero-filled */
/* Gives up the blocks that lie before item `i` altogether. */
void mg_blocks_forget(MgBlocks *blocks, uint32_t i);
void mg_blocks_clear(MgBlocks *blocks);

/* ---- octets: an address is a slot's number and a place in it ---- */
#define MG_SLOT_SHIFT 20
#define MG_SLOT_SIZE  ((size_t)1 << MG_SLOT_SHIFT)

typedef struct {
    uint8_t *octets;
    size_t n; /* slots that were allocated together, in the first of them; 0 in the others */
} MgSlot;

typedef struct {
    MgSlot *slots;        /* from number `first` on */
    size_t n_slots, room; /* of `slots` */
    uint64_t first;       /* slots before it are forgotten */
    uint64_t end, limit;  /* the next address; where the memory it lies in ends */
    uint8_t *spare;       /* (nullable) a forgotten slot, for the next */
} MgArena;

static inline uint8_t *mg_arena_at(const MgArena *arena, uint64_t address)
{
    return arena->slots[(address >> MG_SLOT_SHIFT) - arena->first].octets +
           (address & (MG_SLOT_SIZE - 1));
}
uint64_t mg_arena_put(MgArena *arena, MgSpan octets); /* where they lie, in one piece */
/* Gives up the slots that lie before `address` altogether. */
void mg_arena_forget(MgArena *arena, uint64_t address);
void mg_arena_clear(MgArena *arena);

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
    uint32_t n_dropped;            /* cuts before these, whose exchanges are forgotten */
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
} MgTracePiece;

/* The octets that are no whole unit yet. They lie at `address` when they came in one piece;
 * otherwise, and in a real flow until it is known which of them are secret, in `gather`. */
typedef struct {
    uint64_t address;
    size_t len;
    GByteArray *gather;
    GArray *pieces; /* MgTracePiece; NULL in a real flow */
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
    uint32_t newest;  /* its last record */
    uint32_t page;    /* in which it began */
    MgFlowId next;    /* of those that are over */
    bool over;
} MgFlowState;

/* What there was when a block of records was begun. */
typedef struct {
    uint64_t octets; /* the arena's end */
    uint32_t packets;
    uint32_t n_live; /* simulated flows that began in it and are not over */
} MgPage;

/* Flows that are over, in that order. */
typedef struct {
    MgFlowId first, last;
    uint32_t n;
} MgOver;

/* Of a trace that forgets. */
typedef struct {
    bool on;
    MgBeforeForgetting before; /* (nullable) */
    void *data;
    GArray *pages;  /* MgPage: one for each block of records */
    uint32_t page;  /* the one that is filled */
    MgOver over[2]; /* those that have records; those that never had one need not wait for these */
} MgForgetting;

struct MgTrace {
    gatomicrefcount refs;
    MgRegistry *registry;
    char *title;
    int64_t epoch;
    uint64_t seed;
    bool keep_packets;
    MgBlocks records, packets, flows, states;
    MgArena arena;
    MgForgetting forgetting;
    uint32_t n_born;         /* flows */
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

/* For what is told of a record late: NULL if it is forgotten. */
static inline MgRecord *mg_trace_edit_if(MgTrace *trace, uint32_t n)
{
    return mg_blocks_has(&trace->records, n - 1) ? mg_trace_edit(trace, n) : NULL;
}

static inline MgFlowState *mg_trace_state(const MgTrace *trace, MgFlowId flow)
{
    return mg_blocks_at(&trace->states, flow - 1);
}

MgRecord *mg_trace_new_record(MgTrace *trace, MgRecordKind kind, MgTime now, uint32_t *n);
uint16_t mg_trace_intern(MgTrace *trace, const char *text);
void mg_trace_free_stream(MgTrace *trace, MgStream *stream);
/* trace-forget.c: what a trace that forgets does before record `next` is begun, and the number of a
 * flow that is forgotten; 0 if there is none. */
void mg_trace_turn_page(MgTrace *trace, uint32_t next);
MgFlowId mg_trace_reuse_flow(MgTrace *trace);
/* (transfer full) The dissector's own fields alone. */
MgTree *mg_trace_own_tree(const MgTrace *trace, uint32_t n);

G_END_DECLS
