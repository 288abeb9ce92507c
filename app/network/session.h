/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session.h - one run as somebody looks at it: the trace, the position in it, branches
 *
 * The one object that every view observes; views hold no state of their own.
 * The trace reaches as far as the run was played; `position` is the record that the eye is at.
 * Going back only moves the position; the network at the position is made by replay when asked for
 * (mg_session_world()). Doing something at a position before the end of the trace makes a branch:
 * the old run is kept beside it.
 *
 * Properties (all notify): "position" (uint, 0 = before the first record), "n-records" (uint; the
 * trace has grown), "selected" (uint, record; 0 none), "playing" (bool), "trace" (pointer; a
 * branch), "fence" (uint; beyond it the eye may not go, 0 none: what a learner shall predict),
 * "pointed" (strv: hosts and fields that glow).
 *
 * While somebody's console waits for a line (MG_TOPIC_PERSON) and nothing is due within
 * MG_SESSION_PATIENCE, the run stands still: "alice> QUIT" goes on with it, and "wait 5min" lets
 * time pass.
 */
#pragma once

#include <glib-object.h>

#include "world.h"

G_BEGIN_DECLS

#define MG_TYPE_SESSION (mg_session_get_type())
G_DECLARE_FINAL_TYPE(MgSession, mg_session, MG, SESSION, GObject)

/* Loads and runs the network's script to its end (at most `MG_SESSION_RECORDS_MAX` records; more by
 * playing on). Position 0. NULL with problems as mg_network_load(). */
#define MG_SESSION_RECORDS_MAX 200000u
#define MG_SESSION_PATIENCE    (30 * MG_SECONDS)
MgSession *mg_session_new(const char *path, MgRegistry *registry, uint64_t seed,
                          GPtrArray *problems);

/* The same for a network that was read before, which is taken over. */
MgSession *mg_session_new_for_network(MgNetwork *network, MgRegistry *registry, uint64_t seed,
                                      GPtrArray *problems);

/* Begins anew, as if it had just been made: no branches, nothing done, position 0. */
void mg_session_restart(MgSession *session);

/* A session over a trace that something else writes (a capture, real servers): no network, no
 * world, no interventions. Call mg_session_grown() when records were added. */
MgSession *mg_session_new_for_trace(MgTrace *trace);
void mg_session_grown(MgSession *session);

/* (nullable) NULL for a session over a bare trace. */
const MgNetwork *mg_session_network(MgSession *session);
MgTrace *mg_session_trace(MgSession *session);
MgRegistry *mg_session_registry(MgSession *session);
uint64_t mg_session_seed(MgSession *session);

typedef enum {
    MG_STEP_RECORD,   /* whatever is next: a packet worth seeing, a state */
    MG_STEP_EXCHANGE, /* the next exchange that is not a bare packet */
    MG_STEP_ANSWERED, /* a command with its answer */
    MG_STEP_FLOW,     /* to the end of this conversation (transaction) */
    MG_STEP_HOP       /* until the mail has reached the next host */
} MgStep;

uint32_t mg_session_position(MgSession *session);
void mg_session_seek(MgSession *session, uint32_t n);
/* To what was done last, so that the next thing is done after it and not in its place. */
void mg_session_follow(MgSession *session);
/* Where a step from the position would lead; 0 or n_records at the ends. */
uint32_t mg_session_peek(MgSession *session, MgStep step, bool back);
void mg_session_step(MgSession *session, MgStep step, bool back);
/* To the next record after the position that matches; false if none does. */
bool mg_session_run_until(MgSession *session, const char *filter, GError **error);

/* Beyond this record the eye may not go; nothing that is hidden is shown. 0: no fence. */
uint32_t mg_session_fence(MgSession *session);
void mg_session_set_fence(MgSession *session, uint32_t n);
/* Playing pauses once when the eye comes to this record or beyond. 0: nowhere. */
void mg_session_set_stop(MgSession *session, uint32_t n);

/* Names of hosts and ids of fields that glow; NULL for none. Copied. */
const char *const *mg_session_pointed(MgSession *session); /* (nullable) */
void mg_session_point(MgSession *session, const char *const *names);
bool mg_session_points_at(MgSession *session, const char *name);

uint32_t mg_session_selected(MgSession *session);
void mg_session_select(MgSession *session, uint32_t n);
bool mg_session_playing(MgSession *session);
void mg_session_set_playing(MgSession *session, bool playing);

/* The network as it was right after the record at the position. Owned by the session, valid until
 * the position or the trace changes. */
MgWorld *mg_session_world(MgSession *session);
/* Time at the position. */
MgTime mg_session_time(MgSession *session);

/* Does it at the position; the session's trace is the new branch from then on. */
bool mg_session_intervene(MgSession *session, const char *text, GBytes *file, GError **error);
/* What was done in this branch, in order; borrowed until the next one is done. */
size_t mg_session_n_deeds(MgSession *session);
const MgIntervention *mg_session_deed(MgSession *session, size_t i);
/* Does somebody at this host have a console that waits for a line, now at the position? `flow`
 * (nullable out): what it talks on. */
bool mg_session_waits(MgSession *session, MgHostId host, MgFlowId *flow);
size_t mg_session_n_branches(MgSession *session); /* at least 1 */
size_t mg_session_branch(MgSession *session);
void mg_session_set_branch(MgSession *session, size_t branch);

G_END_DECLS
