/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view.c - what the ends see, what the wire carries */
#include "view.h"

#define NEAR 64u /* records within which what was hidden follows what hid it */

/* Octets of a layer that carry something: its own messages are seen by both. */
static bool carries(const MgTrace *trace, const MgRecord *record)
{
    return record->kind == MG_RECORD_EXCHANGE && record->flow != 0 &&
           record->unit == MG_UNIT_DATA && (record->flags & MG_RECORD_ENCRYPTED) == 0 &&
           record->dissector != mg_trace_flow(trace, record->flow)->dissector;
}

bool mg_view_hides(MgView view, const MgTrace *trace, uint32_t n)
{
    const MgRecord *record = mg_trace_record(trace, n);
    return view == MG_VIEW_WIRE ? (record->flags & MG_RECORD_ENCRYPTED) != 0
                                : carries(trace, record);
}

bool mg_view_matters(const MgTrace *trace, uint32_t n)
{
    for (uint32_t i = 1; i <= n; i++)
        if ((mg_trace_record(trace, i)->flags & MG_RECORD_ENCRYPTED) != 0)
            return true;
    return false;
}

uint32_t mg_view_moment(MgView view, const MgTrace *trace, uint32_t n)
{
    if (n == 0 || !mg_view_hides(view, trace, n))
        return n;
    if (view == MG_VIEW_WIRE)
        return mg_trace_record(trace, n)->parent != 0 ? mg_trace_record(trace, n)->parent : n;
    for (uint32_t i = n + 1; i <= MIN(mg_trace_n_records(trace), n + NEAR); i++)
        if (mg_trace_record(trace, i)->parent == n &&
            (mg_trace_record(trace, i)->flags & MG_RECORD_ENCRYPTED) != 0)
            return i;
    return n;
}
