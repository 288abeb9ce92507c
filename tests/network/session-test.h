/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session-test.h - what the tests of sessions share: reading a trace, and comparing two */
#pragma once

#include "session.h"

static inline uint32_t length(MgSession *session)
{
    return mg_trace_n_records(mg_session_trace(session));
}

static inline char *record_text(const MgTrace *trace, uint32_t n)
{
    const MgRecord *record = mg_trace_record(trace, n);
    g_autoptr(GString) line = g_string_new(NULL);
    mg_trace_summarize(trace, n, line);
    return g_strdup_printf("%" G_GINT64_FORMAT " %u>%u %u %s", record->at, record->from, record->to,
                           record->parent, line->str);
}

/* The first `n` records are the same, in every word. */
static inline void assert_prefix(const MgTrace *a, const MgTrace *b, uint32_t n)
{
    for (uint32_t i = 1; i <= n; i++) {
        g_autofree char *first = record_text(a, i), *second = record_text(b, i);
        g_assert_cmpstr(first, ==, second);
    }
}
