/* SPDX-License-Identifier: GPL-3.0-or-later */
/* core-test.h - a registry with the line protocol, and a trace with two hosts */
#pragma once

#include "trace.h"

static inline MgRegistry *line_registry(void)
{
    MgRegistry *registry = mg_registry_new_for_path(g_getenv("MAILGLASS_TEST_PLUGINS"));
    g_assert_cmpuint(mg_registry_dissector_index(registry, "line"), !=, 0);
    return registry;
}

static inline MgTrace *line_trace(void)
{
    g_autoptr(MgRegistry) registry = line_registry();
    MgTrace *trace = mg_trace_new(registry);
    mg_trace_set_origin(trace, "Lines", 1772442000, 7); /* 2026-03-02T09:00:00Z */
    mg_trace_add_host(trace, "alice", "mua", "example.com", "192.0.2.10", false);
    mg_trace_add_host(trace, "mx.example.net", "mta", "example.net", "198.51.100.25", false);
    return trace;
}

static inline MgFlowId line_flow(MgTrace *trace, MgTransport transport, bool real)
{
    MgFlow flow = {.transport = transport,
                   .client = 1,
                   .server = 2,
                   .client_address = "192.0.2.10",
                   .server_address = "198.51.100.25",
                   .client_port = 49152,
                   .server_port = 7777,
                   .dissector = mg_registry_dissector_index(mg_trace_registry(trace), "line"),
                   .real = real};
    return mg_trace_add_flow(trace, &flow);
}

static inline uint32_t add_line(MgTrace *trace, MgFlowId flow, MgDirection direction,
                                const char *text, MgTime now)
{
    return mg_trace_add_octets(trace, flow, direction, mg_span_from_string(text), 1, now);
}

static inline void assert_octets(MgSpan octets, const char *text)
{
    g_assert_cmpmem(octets.data, octets.len, text, strlen(text));
}
