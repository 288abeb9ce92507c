/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session-steps.c - where a step leads in a trace
 *
 * A step forward goes to a record that shows something whole; a step back goes to where one more
 * step forward would show it again.
 */
#include "session-steps.h"

#include "inet.h"

typedef struct {
    uint32_t first, last; /* records; 0 none */
    uint32_t hop;         /* index + 1 into `hops`: its data has moved a mail to another host */
} FlowSpan;

typedef struct {
    uint32_t first, last; /* the records whose octets are the letter, in this flow */
    MgHostId to;
} Hop;

struct MgSteps {
    MgTrace *trace;
    uint32_t indexed; /* records that are in the index */
    GArray *flows;    /* FlowSpan; of flow f at f */
    GArray *hops;     /* Hop, in order of `first` */
    uint8_t wire[3];  /* dissectors of bare packets */
};

MgSteps *mg_steps_new(MgTrace *trace)
{
    static const MgDissector *const wire[] = {&mg_inet_tcp, &mg_inet_udp, &mg_inet_icmp};
    MgSteps *steps = g_new0(MgSteps, 1);
    steps->trace = mg_trace_ref(trace);
    steps->flows = g_array_new(FALSE, TRUE, sizeof(FlowSpan));
    steps->hops = g_array_new(FALSE, TRUE, sizeof(Hop));
    for (size_t i = 0; i < G_N_ELEMENTS(wire); i++)
        steps->wire[i] = mg_registry_dissector_index(mg_trace_registry(trace), wire[i]->name);
    return steps;
}

void mg_steps_free(MgSteps *steps)
{
    if (steps == NULL)
        return;
    g_array_unref(steps->flows);
    g_array_unref(steps->hops);
    mg_trace_unref(steps->trace);
    g_free(steps);
}

/* An exchange of a protocol, and not a bare packet. */
static bool speaks(const MgSteps *steps, const MgRecord *record)
{
    return record->kind == MG_RECORD_EXCHANGE && record->dissector != 0 &&
           record->dissector != steps->wire[0] && record->dissector != steps->wire[1] &&
           record->dissector != steps->wire[2];
}

/* ---- the index ---- */

/* A letter is a header, an empty line and a text (RFC 5322 §2.1), whichever protocol moves it and
 * whether it calls that data or a reply. */
static bool is_letter(const MgSteps *steps, const MgRecord *record, uint32_t n)
{
    if (record->unit != MG_UNIT_DATA && record->unit != MG_UNIT_REPLY)
        return false;
    MgSpan octets = mg_trace_bytes(steps->trace, n);
    return octets.len > 4 && memmem(octets.data, octets.len, "\r\n\r\n", 4) != NULL;
}

static void add_hop(MgSteps *steps, FlowSpan *span, const MgRecord *record, uint32_t n)
{
    if (span->hop != 0) {
        g_array_index(steps->hops, Hop, span->hop - 1).last = n;
        return;
    }
    unsigned len = steps->hops->len;
    if (len > 0 && g_array_index(steps->hops, Hop, len - 1).to == record->to)
        return; /* the next mail for the same host */
    Hop hop = {n, n, record->to};
    g_array_append_val(steps->hops, hop);
    span->hop = steps->hops->len;
}

static void catch_up(MgSteps *steps)
{
    uint32_t n_records = mg_trace_n_records(steps->trace);
    uint32_t n_flows = mg_trace_n_flows(steps->trace);
    if (n_flows >= steps->flows->len)
        g_array_set_size(steps->flows, n_flows + 1);
    while (steps->indexed < n_records) {
        uint32_t n = ++steps->indexed;
        const MgRecord *record = mg_trace_record(steps->trace, n);
        if (record->flow == 0)
            continue;
        FlowSpan *span = &g_array_index(steps->flows, FlowSpan, record->flow);
        if (span->first == 0)
            span->first = n;
        span->last = n;
        if (!speaks(steps, record))
            continue;
        if (is_letter(steps, record, n) || (span->hop != 0 && record->unit == MG_UNIT_DATA))
            add_hop(steps, span, record, n); /* a long letter is in several pieces */
    }
}

/* ---- the steps ---- */

/* The first exchange after `from`; 0 if none. */
static uint32_t exchange_after(const MgSteps *steps, uint32_t from)
{
    uint32_t end = mg_trace_n_records(steps->trace);
    for (uint32_t n = from + 1; n <= end; n++)
        if (speaks(steps, mg_trace_record(steps->trace, n)))
            return n;
    return 0;
}

/* The last exchange before `from`; 0 if none. */
static uint32_t exchange_before(const MgSteps *steps, uint32_t from)
{
    for (uint32_t n = from; n-- > 1;)
        if (speaks(steps, mg_trace_record(steps->trace, n)))
            return n;
    return 0;
}

static const FlowSpan *span_of(const MgSteps *steps, MgFlowId flow)
{
    return &g_array_index(steps->flows, FlowSpan, flow);
}

static bool from_server(const MgRecord *record)
{
    return (record->flags & MG_RECORD_FROM_SERVER) != 0;
}

/* A command with its answer; what the server says unasked (a greeting) stands alone. */
static uint32_t answered_after(const MgSteps *steps, uint32_t from)
{
    uint32_t n = exchange_after(steps, from);
    if (n == 0)
        return 0;
    const MgRecord *command = mg_trace_record(steps->trace, n);
    if (from_server(command) || command->flow == 0)
        return n;
    for (uint32_t i = n + 1; i <= span_of(steps, command->flow)->last; i++) {
        const MgRecord *record = mg_trace_record(steps->trace, i);
        if (record->flow == command->flow && from_server(record) && speaks(steps, record))
            return i;
    }
    return n; /* never answered */
}

static uint32_t answered_before(const MgSteps *steps, uint32_t from)
{
    uint32_t n = exchange_before(steps, from + 1);
    if (n == 0)
        return 0;
    const MgRecord *answer = mg_trace_record(steps->trace, n);
    if (!from_server(answer) || answer->flow == 0)
        return exchange_before(steps, n);
    for (uint32_t i = n; i-- > span_of(steps, answer->flow)->first;) {
        const MgRecord *record = mg_trace_record(steps->trace, i);
        if (record->flow != answer->flow || !speaks(steps, record))
            continue;
        return from_server(record) ? exchange_before(steps, n) : exchange_before(steps, i);
    }
    return exchange_before(steps, n);
}

static uint32_t flow_after(const MgSteps *steps, uint32_t from)
{
    uint32_t n = exchange_after(steps, from);
    if (n == 0)
        return 0;
    MgFlowId flow = mg_trace_record(steps->trace, n)->flow;
    return flow != 0 ? span_of(steps, flow)->last : n;
}

static uint32_t flow_before(const MgSteps *steps, uint32_t from)
{
    uint32_t n = exchange_before(steps, from + 1);
    if (n == 0)
        return 0;
    MgFlowId flow = mg_trace_record(steps->trace, n)->flow;
    return (flow != 0 ? span_of(steps, flow)->first : n) - 1;
}

/* The number of hops that begin at `n` or before. */
static unsigned hops_until(const MgSteps *steps, uint32_t n)
{
    unsigned low = 0, high = steps->hops->len;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (g_array_index(steps->hops, Hop, middle).first <= n)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint32_t hop_after(const MgSteps *steps, uint32_t from)
{
    unsigned i = hops_until(steps, from);
    while (i > 0 && g_array_index(steps->hops, Hop, i - 1).last > from)
        i--; /* one that has begun, but is not there yet */
    return i < steps->hops->len ? g_array_index(steps->hops, Hop, i).last : 0;
}

static uint32_t hop_before(const MgSteps *steps, uint32_t from)
{
    for (unsigned i = hops_until(steps, from); i-- > 0;)
        if (g_array_index(steps->hops, Hop, i).last < from)
            return g_array_index(steps->hops, Hop, i).last;
    return 0;
}

uint32_t mg_steps_peek(MgSteps *steps, uint32_t from, MgStep step, bool back)
{
    static uint32_t (*const leads[][2])(const MgSteps *, uint32_t) = {
        [MG_STEP_EXCHANGE] = {exchange_after, exchange_before},
        [MG_STEP_ANSWERED] = {answered_after, answered_before},
        [MG_STEP_FLOW] = {flow_after, flow_before},
        [MG_STEP_HOP] = {hop_after, hop_before},
    };
    catch_up(steps);
    uint32_t end = mg_trace_n_records(steps->trace);
    g_assert(from <= end);
    if (step == MG_STEP_RECORD)
        return back ? from - (from > 0) : from + (from < end);
    uint32_t n = leads[step][back](steps, from);
    g_assert(back ? n <= from : n == 0 || n > from);
    return n == 0 && !back ? end : n;
}
