/* SPDX-License-Identifier: GPL-3.0-or-later */
/* filter.c - a filter of any octets is read or refused with a column; what is read can be asked of
 * any record, and says the opposite when it is turned around */
#include <stdio.h>

#include "filter.h"

static MgTrace *trace;

static void set_up(void)
{
    g_autoptr(MgRegistry) registry = mg_registry_new_for_path("");
    trace = mg_trace_new(registry);
    mg_trace_add_host(trace, "alice", "mua", "example.com", "192.0.2.10", false);
    mg_trace_add_host(trace, "mx", "mta", "example.net", "2001:db8::25", false);
    MgFlow flow = {.transport = MG_TRANSPORT_STREAM,
                   .client = 1,
                   .server = 2,
                   .client_address = "192.0.2.10",
                   .server_address = "198.51.100.25",
                   .client_port = 49152,
                   .server_port = 25};
    MgFlowId id = mg_trace_add_flow(trace, &flow);
    MgPacket syn = {.flow = id, .tcp_flags = MG_TCP_SYN};
    mg_trace_add_packet(trace, &syn, true, 0, 5);
    mg_trace_add_octets(trace, id, MG_FROM_CLIENT, MG_SPAN("EHLO alice\r\n"), 1, 10);
    mg_trace_add_state(trace, &(MgDoer){2, 1, 2, 20}, "a.server", "new", "old");
}

/* The column is of the text, or just after it. */
static void check_error(const GError *error, const char *text)
{
    long column = 0;
    g_assert(error->domain == MG_ERROR && error->code == MG_ERROR_FILTER);
    g_assert(sscanf(error->message, "column %ld: ", &column) == 1);
    g_assert(column >= 1 && (size_t)column <= strlen(text) + 1);
    g_assert(g_utf8_validate(error->message, -1, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (trace == NULL)
        set_up();
    const MgRegistry *registry = mg_trace_registry(trace);
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) names = mg_filter_complete(text, registry);
    for (unsigned i = 0; i < names->len; i++)
        g_assert(*(const char *)g_ptr_array_index(names, i) != '\0');
    g_autoptr(MgFilter) filter = mg_filter_new(text, registry, &error);
    g_assert((filter == NULL) == (error != NULL));
    if (filter == NULL) {
        check_error(error, text);
        return 0;
    }
    g_autofree char *turned = g_strdup_printf("not (%s)", text);
    g_autoptr(MgFilter) opposite = mg_filter_new(turned, registry, NULL);
    for (uint32_t n = 1; n <= mg_trace_n_records(trace); n++) {
        bool match = mg_filter_match(filter, trace, n);
        g_assert(opposite == NULL || mg_filter_match(opposite, trace, n) == !match);
    }
    return 0;
}
