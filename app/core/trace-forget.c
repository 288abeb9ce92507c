/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace-forget.c - a trace that keeps only what happened last
 *
 * A page is a block of records. When one is full, those before it go, as far as no simulated flow
 * that is not over began in them. */
#include "trace-private.h"

/* Who has ended a flow may still be in the middle of something; so its number is not used again at
 * once. */
#define REST 64u /* flows that end after it */

void mg_trace_set_forgetful(MgTrace *trace, MgBeforeForgetting before, void *data)
{
    MgForgetting *forgetting = &trace->forgetting;
    g_assert(trace->records.n == 0 && trace->flows.n == 0);
    g_assert(!forgetting->on);
    forgetting->on = true;
    forgetting->before = before;
    forgetting->data = data;
    forgetting->pages = g_array_new(FALSE, TRUE, sizeof(MgPage));
    g_array_set_size(forgetting->pages, 1);
}

static MgPage *page_at(MgTrace *trace, uint32_t page)
{
    return &g_array_index(trace->forgetting.pages, MgPage, page);
}

static void forget_secrets(MgTrace *trace)
{
    if (trace->secrets == NULL)
        return;
    g_string_truncate(trace->secrets, 0);
    g_hash_table_remove_all(trace->secret_lines);
}

void mg_trace_turn_page(MgTrace *trace, uint32_t next)
{
    MgForgetting *forgetting = &trace->forgetting;
    uint32_t last = forgetting->page, first = trace->records.first >> MG_BLOCK_SHIFT;
    if (trace->records.n == 0)
        return; /* the first page is there */
    if (forgetting->before != NULL)
        forgetting->before(trace, forgetting->data);
    while (first != last && page_at(trace, first)->n_live == 0)
        first = (first + 1) % MG_BLOCK_MAX;
    mg_blocks_forget(&trace->records, first << MG_BLOCK_SHIFT);
    mg_blocks_forget(&trace->packets, page_at(trace, first)->packets);
    mg_arena_forget(&trace->arena, page_at(trace, first)->octets);
    forget_secrets(trace);
    forgetting->page = next >> MG_BLOCK_SHIFT;
    if (forgetting->page >= forgetting->pages->len)
        g_array_set_size(forgetting->pages, forgetting->page + 1);
    *page_at(trace, forgetting->page) =
        (MgPage){.octets = trace->arena.end, .packets = mg_blocks_next(&trace->packets)};
}

void mg_trace_end_flow(MgTrace *trace, MgFlowId flow)
{
    MgForgetting *forgetting = &trace->forgetting;
    if (!forgetting->on || flow == 0)
        return;
    MgFlowState *state = mg_trace_state(trace, flow);
    if (state->over)
        return;
    state->over = true;
    if (!mg_trace_flow(trace, flow)->real)
        page_at(trace, state->page)->n_live--;
    MgOver *over = &forgetting->over[state->newest == 0];
    if (over->n++ > 0)
        mg_trace_state(trace, over->last)->next = flow;
    else
        over->first = flow;
    over->last = flow;
}

MgFlowId mg_trace_reuse_flow(MgTrace *trace)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(trace->forgetting.over); i++) {
        MgOver *over = &trace->forgetting.over[i];
        MgFlowId flow = over->first;
        MgFlowState *state = over->n > REST ? mg_trace_state(trace, flow) : NULL;
        if (state == NULL || mg_trace_has(trace, state->newest))
            continue;
        over->first = state->next;
        over->n--;
        mg_trace_free_stream(trace, state->stream);
        *state = (MgFlowState){0};
        return flow;
    }
    return 0;
}
