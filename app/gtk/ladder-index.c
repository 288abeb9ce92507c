/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ladder-index.c - which records are rows of the ladder */
#include "ladder-index.h"

#include "words.h"

#define STATES_LOOK_MAX 64u /* records after a row that are looked at for states */

struct MgLadderIndex {
    MgTrace *trace;
    MgFilter *filter; /* (nullable) */
    MgView view;
    uint32_t seen;     /* records whose fold is known */
    uint32_t listed;   /* records that were judged to be rows or not */
    GArray *fold_of;   /* uint32_t, by record: index + 1 into `folds`; 0 none */
    GArray *by_flow;   /* uint32_t, by flow: the same */
    GArray *folds;     /* MgFold */
    GArray *rows;      /* uint32_t: records, rising */
    GArray *columns;   /* MgHostId */
    GArray *column_of; /* int16_t, by host: index + 1 */
};

MgLadderIndex *mg_ladder_index_new(MgTrace *trace)
{
    MgLadderIndex *index = g_new0(MgLadderIndex, 1);
    index->trace = mg_trace_ref(trace);
    index->fold_of = g_array_new(FALSE, TRUE, sizeof(uint32_t));
    index->by_flow = g_array_new(FALSE, TRUE, sizeof(uint32_t));
    index->folds = g_array_new(FALSE, TRUE, sizeof(MgFold));
    index->rows = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    index->columns = g_array_new(FALSE, FALSE, sizeof(MgHostId));
    index->column_of = g_array_new(FALSE, TRUE, sizeof(int16_t));
    return index;
}

void mg_ladder_index_free(MgLadderIndex *index)
{
    if (index == NULL)
        return;
    g_array_unref(index->fold_of);
    g_array_unref(index->by_flow);
    g_array_unref(index->folds);
    g_array_unref(index->rows);
    g_array_unref(index->columns);
    g_array_unref(index->column_of);
    g_clear_pointer(&index->filter, mg_filter_free);
    mg_trace_unref(index->trace);
    g_free(index);
}

MgTrace *mg_ladder_index_trace(const MgLadderIndex *index)
{
    return index->trace;
}

/* ---- folds ---- */

static uint32_t fold_of(const MgLadderIndex *index, uint32_t n)
{
    return n >= 1 && n <= index->seen ? g_array_index(index->fold_of, uint32_t, n) : 0;
}

static MgFold *fold_at(const MgLadderIndex *index, uint32_t fold)
{
    return &g_array_index(index->folds, MgFold, fold - 1);
}

/* The fold of the datagram right before this one, if this says the same between the same hosts. */
static uint32_t fold_of_same(MgLadderIndex *index, uint32_t n)
{
    uint32_t before = n - 1, fold = fold_of(index, before);
    if (fold == 0)
        return 0;
    MgFold *of = fold_at(index, fold);
    if ((of->first != before && !of->again) || of->last != before ||
        !mg_words_says_again(index->trace, of->first, n))
        return 0;
    of->again = true;
    of->answer = 0;
    return fold;
}

/* The fold of a conversation: its asker's, or, for datagrams, a new one. */
static uint32_t fold_of_flow(MgLadderIndex *index, MgFlowId flow, uint32_t n)
{
    if (flow >= index->by_flow->len)
        g_array_set_size(index->by_flow, MAX(flow, mg_trace_n_flows(index->trace)) + 1);
    uint32_t *fold = &g_array_index(index->by_flow, uint32_t, flow);
    if (*fold != 0)
        return *fold;
    const MgFlow *about = mg_trace_flow(index->trace, flow);
    *fold = fold_of(index, about->parent);
    if (*fold == 0 && about->transport == MG_TRANSPORT_DATAGRAM)
        *fold = fold_of_same(index, n);
    if (*fold == 0 && about->transport == MG_TRANSPORT_DATAGRAM) {
        MgFold new = {.first = n, .last = n, .flow = flow};
        g_array_append_val(index->folds, new);
        *fold = index->folds->len;
    }
    return *fold;
}

static void see(MgLadderIndex *index, uint32_t n)
{
    const MgRecord *record = mg_trace_record(index->trace, n);
    uint32_t fold = record->kind == MG_RECORD_EXCHANGE && record->flow != 0
                        ? fold_of_flow(index, record->flow, n)
                        : fold_of(index, record->parent);
    g_array_index(index->fold_of, uint32_t, n) = fold;
    index->seen = n;
    if (fold == 0)
        return;
    MgFold *of = fold_at(index, fold);
    of->last = n;
    if (record->kind != MG_RECORD_EXCHANGE)
        return;
    of->count++;
    if (record->flow == of->flow && !of->again && (record->flags & MG_RECORD_FROM_SERVER) != 0)
        of->answer = n;
}

/* ---- rows ---- */

static bool is_row(const MgLadderIndex *index, uint32_t n)
{
    bool hidden = mg_view_hides(index->view, index->trace, n);
    if (index->filter != NULL)
        return !(hidden && index->view == MG_VIEW_WIRE) &&
               mg_filter_match(index->filter, index->trace, n);
    if (hidden)
        return false;
    uint32_t fold = fold_of(index, n);
    if (mg_trace_record(index->trace, n)->kind == MG_RECORD_STATE)
        return false;
    return fold == 0 || fold_at(index, fold)->first == n || fold_at(index, fold)->open;
}

static void add_column(MgLadderIndex *index, MgHostId host)
{
    if (host == 0)
        return;
    if (host >= index->column_of->len)
        g_array_set_size(index->column_of, host + 1u);
    int16_t *column = &g_array_index(index->column_of, int16_t, host);
    if (*column != 0 || index->columns->len == INT16_MAX)
        return;
    g_array_append_val(index->columns, host);
    *column = (int16_t)index->columns->len;
}

static void list(MgLadderIndex *index, uint32_t n)
{
    index->listed = n;
    if (!is_row(index, n))
        return;
    g_array_append_val(index->rows, n);
    const MgRecord *record = mg_trace_record(index->trace, n);
    add_column(index, record->from);
    add_column(index, record->to);
}

bool mg_ladder_index_catch_up(MgLadderIndex *index, uint32_t max)
{
    uint32_t n_records = mg_trace_n_records(index->trace);
    if (n_records + 1 > index->fold_of->len)
        g_array_set_size(index->fold_of, n_records + 1);
    for (uint32_t done = 0; index->listed < n_records && done < max; done++) {
        uint32_t n = index->listed + 1;
        if (n > index->seen)
            see(index, n);
        list(index, n);
    }
    return index->listed < n_records;
}

/* Forgets the rows; catch_up() makes them again. */
static void forget_rows(MgLadderIndex *index)
{
    index->listed = 0;
    g_array_set_size(index->rows, 0);
    g_array_set_size(index->columns, 0);
    g_array_set_size(index->column_of, 0);
}

void mg_ladder_index_set_filter(MgLadderIndex *index, MgFilter *filter)
{
    g_clear_pointer(&index->filter, mg_filter_free);
    index->filter = filter;
    forget_rows(index);
}

void mg_ladder_index_set_view(MgLadderIndex *index, MgView view)
{
    index->view = view;
    forget_rows(index);
}

MgView mg_ladder_index_view(const MgLadderIndex *index)
{
    return index->view;
}

bool mg_ladder_index_is_filtered(const MgLadderIndex *index)
{
    return index->filter != NULL;
}

uint32_t mg_ladder_index_n_rows(const MgLadderIndex *index, uint32_t position)
{
    uint32_t low = 0, high = index->rows->len;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (g_array_index(index->rows, uint32_t, middle) <= position)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t mg_ladder_index_record(const MgLadderIndex *index, uint32_t row)
{
    g_assert(row < index->rows->len);
    return g_array_index(index->rows, uint32_t, row);
}

bool mg_ladder_index_row_of(const MgLadderIndex *index, uint32_t n, uint32_t *row)
{
    uint32_t fold = index->filter == NULL ? fold_of(index, n) : 0;
    if (fold != 0 && !fold_at(index, fold)->open)
        n = fold_at(index, fold)->first;
    uint32_t rows = n > 0 ? mg_ladder_index_n_rows(index, n) : 0;
    if (rows == 0)
        return false;
    *row = rows - 1;
    return true;
}

const MgFold *mg_ladder_index_fold(const MgLadderIndex *index, uint32_t n)
{
    uint32_t fold = index->filter == NULL ? fold_of(index, n) : 0;
    return fold != 0 && fold_at(index, fold)->first == n ? fold_at(index, fold) : NULL;
}

bool mg_ladder_index_is_inside(const MgLadderIndex *index, uint32_t n)
{
    uint32_t fold = index->filter == NULL ? fold_of(index, n) : 0;
    return fold != 0 && fold_at(index, fold)->first != n;
}

uint32_t mg_ladder_index_fold_count(const MgLadderIndex *index, const MgFold *fold,
                                    uint32_t position)
{
    if (position >= fold->last)
        return fold->count;
    uint32_t count = 0, mine = fold_of(index, fold->first);
    for (uint32_t n = fold->first; n <= position; n++)
        count += fold_of(index, n) == mine &&
                 mg_trace_record(index->trace, n)->kind == MG_RECORD_EXCHANGE;
    return count;
}

void mg_ladder_index_toggle(MgLadderIndex *index, uint32_t n)
{
    uint32_t fold = fold_of(index, n);
    if (fold == 0)
        return;
    fold_at(index, fold)->open = !fold_at(index, fold)->open;
    forget_rows(index);
    mg_ladder_index_catch_up(index, UINT32_MAX);
}

/* ---- states ---- */

static size_t keep_state(MgLadderState *states, size_t count, size_t max, MgLadderState state)
{
    for (size_t i = 0; i < count; i++) {
        if (states[i].host == state.host) {
            states[i].n = state.n;
            return count;
        }
    }
    if (count < max)
        states[count++] = state;
    return count;
}

size_t mg_ladder_index_states(const MgLadderIndex *index, uint32_t n, uint32_t position,
                              MgLadderState *states, size_t max)
{
    uint32_t row = 0, end = MIN(position, index->seen);
    if (index->filter != NULL || !mg_ladder_index_row_of(index, n, &row))
        return 0;
    if (row + 1 < index->rows->len)
        end = MIN(end, mg_ladder_index_record(index, row + 1) - 1);
    end = MIN(end, n + STATES_LOOK_MAX);
    size_t count = 0;
    for (uint32_t i = n + 1; i <= end; i++) {
        const MgRecord *record = mg_trace_record(index->trace, i);
        uint32_t fold = fold_of(index, i);
        if (record->kind == MG_RECORD_STATE && (fold == 0 || fold_at(index, fold)->open))
            count = keep_state(states, count, max, (MgLadderState){record->from, i});
    }
    return count;
}

/* ---- lifelines ---- */

uint32_t mg_ladder_index_n_columns(const MgLadderIndex *index)
{
    return index->columns->len;
}

MgHostId mg_ladder_index_column_host(const MgLadderIndex *index, uint32_t column)
{
    g_assert(column < index->columns->len);
    return g_array_index(index->columns, MgHostId, column);
}

int mg_ladder_index_column_of(const MgLadderIndex *index, MgHostId host)
{
    return host < index->column_of->len ? g_array_index(index->column_of, int16_t, host) - 1 : -1;
}
