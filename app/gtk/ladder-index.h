/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ladder-index.h - which records are rows of the ladder, what is folded, who has a lifeline
 *
 * Beside a trace lies an array with the number of each row's record. It only grows while the trace
 * grows; opening a fold or filtering makes it anew. What is folded is told by the shape of the
 * conversation alone: datagrams are an aside of what asked for them, so all datagrams that one
 * question led to (and the streams that they caused) are one fold, whose row is its first record.
 * Datagrams that say the same again at once, as somebody does who guesses, are one fold too. A
 * state is no row: it is drawn in the row before it.
 */
#pragma once

#include "filter.h"
#include "trace.h"
#include "view.h"

G_BEGIN_DECLS

typedef struct MgLadderIndex MgLadderIndex;

typedef struct {
    uint32_t first, last; /* records */
    uint32_t count;       /* exchanges */
    uint32_t answer;      /* the last record that answers the question; 0 none */
    MgFlowId flow;        /* of the question */
    bool open, again;     /* again: the same said again and again, not one question */
} MgFold;

MgLadderIndex *mg_ladder_index_new(MgTrace *trace);
void mg_ladder_index_free(MgLadderIndex *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgLadderIndex, mg_ladder_index_free)
MgTrace *mg_ladder_index_trace(const MgLadderIndex *index);

/* Looks at no more than `max` records that it has not seen; true while there are more. */
bool mg_ladder_index_catch_up(MgLadderIndex *index, uint32_t max);
/* (transfer full) (nullable) Only what matches is a row, and nothing is folded. */
void mg_ladder_index_set_filter(MgLadderIndex *index, MgFilter *filter);
/* What it hides is no row, also where a filter looks at an eavesdropper's. */
void mg_ladder_index_set_view(MgLadderIndex *index, MgView view);
MgView mg_ladder_index_view(const MgLadderIndex *index);
bool mg_ladder_index_is_filtered(const MgLadderIndex *index);

/* Rows of the records up to `position`. */
uint32_t mg_ladder_index_n_rows(const MgLadderIndex *index, uint32_t position);
uint32_t mg_ladder_index_record(const MgLadderIndex *index, uint32_t row);
/* The row in which record `n` is seen, itself, in its fold, or as the state drawn there. False
 * when none is. */
bool mg_ladder_index_row_of(const MgLadderIndex *index, uint32_t n, uint32_t *row);
/* (nullable) The fold that this record is the row of. */
const MgFold *mg_ladder_index_fold(const MgLadderIndex *index, uint32_t n);
/* Whether it is one of an open fold, and not its first. */
bool mg_ladder_index_is_inside(const MgLadderIndex *index, uint32_t n);
/* The exchanges of the fold that had happened at `position`. */
uint32_t mg_ladder_index_fold_count(const MgLadderIndex *index, const MgFold *fold,
                                    uint32_t position);
/* Opens or closes it; rows after its first have changed. */
void mg_ladder_index_toggle(MgLadderIndex *index, uint32_t n);

/* States that are drawn in the row of record `n`: the last of each host up to `position`. */
typedef struct {
    MgHostId host;
    uint32_t n;
} MgLadderState;
size_t mg_ladder_index_states(const MgLadderIndex *index, uint32_t n, uint32_t position,
                              MgLadderState *states, size_t max);

/* Hosts that occur in rows, in order of first appearance. */
uint32_t mg_ladder_index_n_columns(const MgLadderIndex *index);
MgHostId mg_ladder_index_column_host(const MgLadderIndex *index, uint32_t column);
/* -1: none. */
int mg_ladder_index_column_of(const MgLadderIndex *index, MgHostId host);

G_END_DECLS
