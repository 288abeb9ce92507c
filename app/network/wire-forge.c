/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wire-forge.c - what an attacker can do: with a host of its own, send datagrams with another's
 * address, and hear those that pass it on their way; with a link, write over what streams carry
 *
 * A forged datagram is recorded as what it pretends to be: its flow has the address that it claims,
 * and the host that really sent it. */
#include "wire.h"

/* Somebody listens at a host. */
typedef struct MgListening {
    MgEndKind kind;
    MgLine *line;
    uint16_t port;   /* 0: any */
    uint64_t number; /* in the order of beginning */
} MgListening;

/* A datagram on its way: forged, or heard. */
typedef struct {
    MgHostId host; /* where it arrives, or passes */
    uint32_t n;    /* its record */
} MgPassing;

static void plan(MgWire *wire, MgHappening what, MgHostId host, uint32_t n, MgTime at)
{
    MgPassing *passing = g_new(MgPassing, 1);
    *passing = (MgPassing){host, n};
    mg_queue_push(&wire->queue, (MgQueued){.at = at, .about = passing, .what = (uint8_t)what});
}

/* ---- writing over ---- */

static MgWireLink *link_between(const MgWire *wire, size_t a, size_t b)
{
    for (size_t i = 0; i < wire->n_links; i++) {
        MgWireLink *link = &wire->links[i];
        if ((link->a == a && link->b == b) || (link->a == b && link->b == a))
            return link;
    }
    return NULL;
}

/* Writes over what this link's thief wants to be rid of. */
static bool write_over(MgWire *wire, const MgWireLink *link, MgSpan *octets)
{
    const uint8_t *found = link != NULL && link->over != NULL && octets->len > 0
                               ? memmem(octets->data, octets->len, link->over, strlen(link->over))
                               : NULL;
    if (found == NULL)
        return false;
    size_t at = (size_t)(found - octets->data);
    if (wire->altered == NULL)
        wire->altered = g_byte_array_new();
    if (octets->data != wire->altered->data) {
        g_byte_array_set_size(wire->altered, 0);
        g_byte_array_append(wire->altered, octets->data, (guint)octets->len);
        octets->data = wire->altered->data;
    }
    memcpy(wire->altered->data + at, link->by, strlen(link->by));
    return true;
}

MgSpan mg_wire_alter(MgWire *wire, const MgLine *line, MgSpan octets)
{
    const MgFlow *flow = mg_trace_flow(wire->trace, line->flow);
    MgHostId to = line->sends == MG_FROM_CLIENT ? flow->server : flow->client;
    bool any = false, changed = false;
    for (size_t i = 0; i < wire->n_links; i++)
        any = any || wire->links[i].over != NULL;
    if (!any || mg_wire_path(wire, line->host, to).delay == MG_TIME_NEVER)
        return octets;
    for (size_t far = to - 1u; far != line->host - 1u;) {
        size_t near = mg_wire_path(wire, line->host, (MgHostId)(far + 1)).before;
        while (write_over(wire, link_between(wire, near, far), &octets))
            changed = true;
        far = near;
    }
    if (changed)
        mg_trace_add_note(wire->trace, &(MgDoer){line->host, line->engine, line->cause, wire->now},
                          mg_registry_rule(mg_trace_registry(wire->trace), "link.written-over"),
                          (MgSpan){NULL, 0});
    return octets;
}

/* ---- forging ---- */

bool mg_wire_forge(MgWire *wire, MgLine *line, const MgForgeQuestion *question)
{
    MgHostId to = mg_wire_find(wire, question->to_address);
    if (to == 0)
        return false;
    MgFlow flow = {.transport = MG_TRANSPORT_DATAGRAM,
                   .client = to,
                   .client_port = question->to_port,
                   .server = line->host,
                   .server_port = question->from_port,
                   .dissector = line->dissector,
                   .parent = line->cause,
                   .at = wire->now};
    g_strlcpy(flow.client_address, question->to_address, sizeof flow.client_address);
    g_strlcpy(flow.server_address, question->from_address, sizeof flow.server_address);
    MgFlowId id = mg_trace_add_flow(wire->trace, &flow);
    uint32_t n = mg_trace_add_datagram(wire->trace, id, MG_FROM_SERVER, question->payload,
                                       line->engine, wire->now);
    MgTime arrives = mg_wire_send(wire, line->host, to);
    bool lost = arrives == MG_TIME_NEVER;
    const MgRecord *record = mg_trace_record(wire->trace, n);
    MgPacket packet = {.at = wire->now,
                       .bytes = record->bytes,
                       .len = record->len,
                       .flow = id,
                       .from_server = true,
                       .fate = lost ? MG_FATE_LOST : MG_FATE_ARRIVED};
    mg_trace_add_packet(wire->trace, &packet, lost, lost ? MG_RECORD_LOST : 0, arrives);
    if (lost) {
        mg_trace_end_flow(wire->trace, id);
        return true;
    }
    mg_wire_passes(wire, line->host, to, n);
    plan(wire, MG_HAPPEN_FORGED, to, n, arrives);
    return true;
}

static void arrive(MgWire *wire, const MgPassing *passing)
{
    const MgRecord *record = mg_trace_record(wire->trace, passing->n);
    MgFlow flow = *mg_trace_flow(wire->trace, record->flow); /* the trace may move */
    mg_trace_end_flow(wire->trace, record->flow);
    if (wire->hosts[passing->host - 1].down)
        return;
    mg_trace_set_until(wire->trace, passing->n, wire->now);
    MgSpan bytes = mg_trace_bytes(wire->trace, passing->n);
    g_autoptr(GBytes) payload = g_bytes_new(bytes.data, bytes.len);
    size_t len;
    const uint8_t *data = g_bytes_get_data(payload, &len);
    mg_datagram_deliver(wire, passing->host, &flow, (MgSpan){data, len});
}

/* ---- overhearing ---- */

void mg_wire_listen(MgWire *wire, MgLine *line, uint16_t port)
{
    MgListening *listening = g_new(MgListening, 1);
    *listening = (MgListening){MG_END_OF_LISTENING, line, port, ++wire->n_listenings};
    line->end = listening;
    if (wire->listeners == NULL)
        wire->listeners = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(wire->listeners, listening);
}

void mg_wire_stop_listening(MgWire *wire, MgLine *line)
{
    MgListening *listening = line->end;
    line->end = NULL;
    g_ptr_array_remove(wire->listeners, listening);
}

/* Is it between the two, on the way that packets take? */
static bool on_way(MgWire *wire, MgHostId from, MgHostId to, MgHostId host)
{
    if (host == from || host == to)
        return false;
    for (uint32_t at = to - 1u; at != from - 1u; at = wire->hosts[from - 1].paths[at].before)
        if (at == host - 1u)
            return true;
    return false;
}

/* Does somebody before this one listen at the same host? */
static bool is_planned(const MgWire *wire, guint i)
{
    const MgListening *listening = g_ptr_array_index(wire->listeners, i);
    for (guint j = 0; j < i; j++)
        if (((MgListening *)g_ptr_array_index(wire->listeners, j))->line->host ==
            listening->line->host)
            return true;
    return false;
}

void mg_wire_passes(MgWire *wire, MgHostId from, MgHostId to, uint32_t n)
{
    for (guint i = 0; wire->listeners != NULL && i < wire->listeners->len; i++) {
        const MgListening *listening = g_ptr_array_index(wire->listeners, i);
        MgHostId host = listening->line->host;
        if (on_way(wire, from, to, host) && !wire->hosts[host - 1].down && !is_planned(wire, i))
            plan(wire, MG_HAPPEN_OVERHEARD, host, n,
                 wire->now + mg_wire_path(wire, from, host).delay);
    }
}

/* (nullable) the next at this host who began to listen after number `after`, and until `last`. */
static MgListening *next_listening(const MgWire *wire, MgHostId host, uint64_t after, uint64_t last)
{
    for (guint i = 0; i < wire->listeners->len; i++) {
        MgListening *listening = g_ptr_array_index(wire->listeners, i);
        if (listening->line->host == host && listening->number > after && listening->number <= last)
            return listening;
    }
    return NULL;
}

/* All who listen there hear it, each once: who begins anew when it has heard waits for the next. */
static void hear(MgWire *wire, const MgPassing *passing)
{
    const MgRecord *record = mg_trace_record(wire->trace, passing->n);
    MgFlow flow = *mg_trace_flow(wire->trace, record->flow);
    bool back = (record->flags & MG_RECORD_FROM_SERVER) != 0;
    MgSpan bytes = mg_trace_bytes(wire->trace, passing->n);
    g_autoptr(GBytes) payload = g_bytes_new(bytes.data, bytes.len); /* the trace may move */
    size_t len;
    const uint8_t *data = g_bytes_get_data(payload, &len);
    const MgOverhearAnswer answer = {.from_address =
                                         back ? flow.server_address : flow.client_address,
                                     .to_address = back ? flow.client_address : flow.server_address,
                                     .from_port = back ? flow.server_port : flow.client_port,
                                     .to_port = back ? flow.client_port : flow.server_port,
                                     .payload = {data, len}};
    uint64_t last = wire->n_listenings, at = 0;
    for (MgListening *listening;
         wire->listeners != NULL && (listening = next_listening(wire, passing->host, at, last));) {
        at = listening->number;
        if (listening->port != 0 && listening->port != flow.server_port &&
            listening->port != flow.client_port)
            continue;
        MgLine *line = listening->line;
        mg_wire_stop_listening(wire, line);
        mg_line_overheard(line, &answer, wire->now);
    }
}

void mg_forge_happen(MgWire *wire, const MgQueued *event)
{
    MgPassing *passing = event->about;
    if (event->what == MG_HAPPEN_FORGED)
        arrive(wire, passing);
    else
        hear(wire, passing);
    g_free(passing);
}

void mg_forge_clear(MgWire *wire)
{
    g_clear_pointer(&wire->listeners, g_ptr_array_unref);
    while (wire->queue.n > 0) { /* what is still on its way */
        MgQueued event = mg_queue_pop(&wire->queue);
        if (event.what >= MG_HAPPEN_FORGED)
            g_free(event.about);
    }
}
