/* SPDX-License-Identifier: GPL-3.0-or-later */
/* runtime-private.h - what the runtime's files share */
#pragma once

#include "runtime.h"

G_BEGIN_DECLS

/* What a host runs: one row a kind and port. */
typedef struct {
    const MgEngineKind *kind;
    const MgEngineKind *instead; /* (nullable) a person has taken its place */
    uint16_t port;
} MgRun;

/* What setup() made for a kind on a host. */
typedef struct {
    const MgEngineKind *kind;
    void *shared;
    bool borrowed; /* it is another kind's, whose setup() is the same */
} MgShared;

/* What all layers of a kind share in a run. */
typedef struct {
    const MgLayerKind *kind;
    void *shared;
} MgSharedLayer;

typedef struct {
    char *name, *kind, *address;
    MgSettings settings; /* owned copies */
    GPtrArray *outdated; /* (nullable) MgSettings that were these before */
    GArray *runs;        /* MgRun */
    GArray *shared;      /* MgShared */
    const MgCarrierClass *carrier_class;
    void *carrier;
    MgStore *store; /* (nullable) */
    uint64_t seed;
    struct MgInstance *first, *last; /* alive, in order of birth */
} MgHost;

/* Somebody waits until a folder is changed. */
typedef struct MgStoreWait {
    char *user, *folder;
    uint64_t modseq;
} MgStoreWait;

/* A question that an engine waits for: who works on it. */
typedef struct {
    MgAskId id;
    struct MgInstance *answerer; /* NULL: the carrier */
    MgLine *line;                /* a datagram's; NULL else */
    bool person;                 /* MG_TOPIC_PERSON: neither of the two */
    struct MgStoreWait *news;    /* (nullable) MG_FOLDERS_WAIT: nor this */
} MgOpenAsk;

typedef struct MgInstance {
    MgEngine *engine;
    const MgEngineKind *kind;
    MgRuntime *runtime;
    uint32_t number;
    MgHostId host;
    MgLine *line;             /* (nullable) */
    struct MgInstance *asker; /* (nullable) who asked; NULL once it was answered, or is gone */
    MgAskId ask;              /* … and which of its asks this one answers */
    const char *topic;        /* (nullable) */
    MgAnswered done;          /* (nullable) a program asked */
    void *done_data;
    const MgCommander *commander; /* (nullable) of a command; outlives it */
    uint32_t cause;               /* record that this engine's doings follow from, unless a
                                     peer's does */
    const char *state;            /* (nullable) static */
    MgOpenAsk *asks;
    uint32_t n_asks, asks_room;
    uint32_t heap_at; /* index + 1 in the heap of deadlines; 0: not in it */
    MgTime wake;      /* its key there, never later than its real deadline */
    bool *gone;       /* (nullable) set when it dies: for who gave birth and still looks */
    bool answered, queued, ready, dead;
    bool spools;                        /* it has put something into the spool, which counts it */
    struct MgInstance *previous, *next; /* on its host */
    struct MgInstance *next_ready, *next_dying;
} MgInstance;

struct MgRuntime {
    MgRegistry *registry;
    MgTrace *trace;
    int64_t epoch;
    uint64_t seed, run_seed; /* as it goes on; as it was */
    GArray *layers;          /* MgSharedLayer */
    GPtrArray *hosts;        /* MgHost */
    uint32_t n_born;
    MgInstance *ready_first, *ready_last; /* those whose next() may say something */
    GPtrArray *heap;                      /* MgInstance, by (wake, number) */
    GPtrArray *graves;                    /* dead instances, freed when nobody is in the middle */
    MgInstance *dying_first, *dying_last; /* dead, but not yet out of every table */
    bool pumping, burying;
    uint32_t n_persons; /* open asks of MG_TOPIC_PERSON */
    MgRuntimeCounts counts;
    MgFateSeen on_fate;
    void *on_fate_data;
};

/* runtime-engine.c */
MgInstance *mg_runtime_bear(MgRuntime *runtime, MgHostId id, const MgEngineKind *kind,
                            MgBirth *birth, uint32_t cause);
void mg_runtime_kill(MgInstance *instance, MgTime now);
void mg_runtime_ready(MgInstance *instance); /* its next() may have something to say */
void mg_runtime_pump(MgRuntime *runtime, MgTime now);
/* Hands `answer` (NULL: nobody answers) to the ask, if it is still open. */
void mg_runtime_settle(MgInstance *asker, MgAskId ask, const void *answer, MgTime now);

/* runtime-ask.c */
void mg_runtime_route(MgInstance *asker, const MgAsk *ask, MgTime now);
void mg_line_free(MgLine *line);
/* The record that what this engine does now follows from. */
uint32_t mg_runtime_cause(const MgInstance *instance);

/* runtime-layer.c: a line whose octets go through a layer */
void mg_layer_begin(MgInstance *asker, const MgAsk *ask, const MgLayerKind *kind, MgTime now);
void mg_layer_send(MgLine *line, MgSpan octets, MgTime now);
void mg_layer_received(MgLine *line, MgSpan octets, MgTime now);
void mg_layer_ended(MgLine *line, MgEnd how, MgTime now);
/* The exchange within that holds the peer's octet number `taken` of all that the engine was given.
 */
uint32_t mg_layer_exchange_at(const MgLine *line, uint64_t taken);
void mg_layer_forget(MgRuntime *runtime); /* what layers share; the last one is gone */
/* The engine is done with its connection: goodbyes are said, and the line is freed. */
void mg_line_close(MgLine *line, MgTime now);

/* runtime-deadline.c */
void mg_runtime_wake(MgInstance *instance);   /* its deadline may have become earlier */
void mg_runtime_unwake(MgInstance *instance); /* it is gone */

static inline MgHost *mg_runtime_host(const MgRuntime *runtime, MgHostId host)
{
    g_assert(host >= 1 && host <= runtime->hosts->len);
    return g_ptr_array_index(runtime->hosts, host - 1);
}

/* Octets of a stream are recorded, and given to the carrier. */
void mg_line_send(MgLine *line, MgSpan octets, MgTime now);

G_END_DECLS
