/* SPDX-License-Identifier: GPL-3.0-or-later */
/* world.h - the simulated network: clock, event queue, links and their weather, TCP and UDP
 *
 * A run is a pure function: network + seed + interventions → trace. One thread; the queue is
 * ordered by (time, sequence number). */
#pragma once

#include "network.h"
#include "runtime.h"

G_BEGIN_DECLS

typedef struct MgWorld MgWorld;

/* What a person did, and after which record: replayed at the same place. */
typedef struct {
    uint32_t after; /* record number; 0: at the start */
    MgTime at;      /* not before this time */
    char *text;     /* "alice send - to bob@example.net", "!link alice mta.example.com cut", "alice>
                       QUIT" (typed at alice's console), "alice hang up", "wait 5min" */
    GBytes *file;   /* (nullable) */
} MgIntervention;

#define MG_WAIT "wait "

/* `network` must outlive the world. Problems of engines' setup() are added; NULL if any was an
 * error. */
MgWorld *mg_world_new(const MgNetwork *network, MgRegistry *registry, uint64_t seed,
                      GPtrArray *problems);
void mg_world_free(MgWorld *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgWorld, mg_world_free)

MgTrace *mg_world_trace(const MgWorld *world);
MgRuntime *mg_world_runtime(const MgWorld *world);
MgTime mg_world_now(const MgWorld *world);
/* Does the next thing in the queue, if it is due before `limit` (MG_TIME_NEVER: whatever is next).
 * Returns false when there was nothing: the run is over, or waits beyond the limit. */
bool mg_world_step(MgWorld *world, MgTime limit);
MgTime mg_world_next(const MgWorld *world); /* when the next thing is due; MG_TIME_NEVER: never */
/* Runs until the trace has at least `n` records or nothing is left to do. */
void mg_world_run_to(MgWorld *world, uint32_t n);
/* Does it now; recorded as an action. Returns false with an error if it makes no sense. */
bool mg_world_intervene(MgWorld *world, const MgIntervention *what, GError **error);
/* Real time: nothing happens before this time; the next step sees it as now. */
void mg_world_set_now(MgWorld *world, MgTime now);
/* The simulated address and engine for a door (app/real): host by name; 0 if there is none. */
MgHostId mg_world_host(const MgWorld *world, const char *name);

G_END_DECLS
