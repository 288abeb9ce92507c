/* SPDX-License-Identifier: GPL-3.0-or-later */
/* datagram.c - UDP: a question and its answer, each carried once, or lost */
#include "wire.h"

typedef struct MgDatagram {
    MgEndKind kind;
    MgLine *asker;  /* (nullable) NULL when nobody waits any more */
    MgLine *server; /* (nullable) the engine that works on the answer */
    MgHostId from, to;
    MgFlowId flow;
    GBytes *question;
    GBytes *answer;    /* (nullable) the one on its way */
    MgReach reach;     /* … and how it went */
    unsigned n_queued; /* events about it */
    struct MgDatagram *previous, *next;
} MgDatagram;

static void release(MgWire *wire, MgDatagram *datagram)
{
    if (datagram->n_queued > 0 || datagram->asker != NULL || datagram->server != NULL)
        return;
    if (datagram->previous != NULL)
        datagram->previous->next = datagram->next;
    else
        wire->datagrams = datagram->next;
    if (datagram->next != NULL)
        datagram->next->previous = datagram->previous;
    g_bytes_unref(datagram->question);
    g_clear_pointer(&datagram->answer, g_bytes_unref);
    mg_trace_end_flow(wire->trace, datagram->flow);
    g_free(datagram);
}

void mg_datagram_clear(MgWire *wire)
{
    while (wire->datagrams != NULL) {
        MgDatagram *datagram = wire->datagrams;
        datagram->n_queued = 0;
        datagram->asker = datagram->server = NULL;
        release(wire, datagram);
    }
}

static void plan(MgWire *wire, MgDatagram *datagram, MgHappening what, MgTime at)
{
    mg_queue_push(&wire->queue, (MgQueued){.at = at, .about = datagram, .what = (uint8_t)what});
    datagram->n_queued++;
}

/* Puts one packet on the wire; returns when it arrives. */
static MgTime put(MgWire *wire, MgDatagram *datagram, bool from_server, uint32_t n, bool icmp)
{
    MgHostId from = from_server ? datagram->to : datagram->from;
    MgHostId to = from_server ? datagram->from : datagram->to;
    MgTime arrives = mg_wire_send(wire, from, to);
    bool lost = arrives == MG_TIME_NEVER;
    const MgRecord *record = mg_trace_record(wire->trace, n);
    MgPacket packet = {.at = wire->now,
                       .bytes = record->bytes,
                       .len = record->len,
                       .flow = datagram->flow,
                       .from_server = from_server,
                       .fate = lost ? MG_FATE_LOST : MG_FATE_ARRIVED,
                       .icmp = icmp};
    mg_trace_add_packet(wire->trace, &packet, icmp || lost, lost ? MG_RECORD_LOST : 0, arrives);
    if (!lost && !icmp)
        mg_wire_passes(wire, from, to, n);
    return arrives;
}

void mg_datagram_ask(MgWire *wire, MgLine *line, const MgDatagramQuestion *question)
{
    const char *address = question->address;
    MgSpan payload = question->payload;
    MgDatagram *datagram = g_new0(MgDatagram, 1);
    datagram->kind = MG_END_OF_DATAGRAM;
    datagram->asker = line;
    datagram->from = line->host;
    datagram->to = mg_wire_find(wire, address);
    datagram->question = g_bytes_new(payload.data, payload.len);
    datagram->next = wire->datagrams;
    if (datagram->next != NULL)
        datagram->next->previous = datagram;
    wire->datagrams = datagram;
    line->end = datagram;
    if (datagram->to == 0) {
        uint8_t octets[16];
        bool good = mg_inet_parse(address, strlen(address), octets) > 0;
        datagram->reach = good ? MG_REACH_UNREACHABLE : MG_REACH_BAD_ADDRESS;
        plan(wire, datagram, MG_HAPPEN_DATAGRAM_REPLY, wire->now);
        return;
    }
    MgFlow flow = {.transport = MG_TRANSPORT_DATAGRAM,
                   .client_port = question->local_port,
                   .server = datagram->to,
                   .server_port = question->port};
    datagram->flow = mg_wire_open_flow(wire, line, &flow, address);
    uint32_t n = mg_trace_add_datagram(wire->trace, datagram->flow, MG_FROM_CLIENT, payload,
                                       line->engine, wire->now);
    MgTime arrives = put(wire, datagram, false, n, false);
    if (arrives != MG_TIME_NEVER)
        plan(wire, datagram, MG_HAPPEN_DATAGRAM, arrives);
    plan(wire, datagram, MG_HAPPEN_DATAGRAM_TIMEOUT, wire->now + question->timeout);
}

void mg_datagram_send(MgWire *wire, MgLine *line, MgSpan octets)
{
    MgDatagram *datagram = line->end;
    uint32_t n = mg_trace_exchange_at(wire->trace, datagram->flow, MG_FROM_SERVER, 1);
    MgTime arrives = put(wire, datagram, true, n, false);
    if (arrives == MG_TIME_NEVER || datagram->answer != NULL)
        return; /* one answer is waited for */
    datagram->answer = g_bytes_new(octets.data, octets.len);
    datagram->reach = MG_REACH_OK;
    plan(wire, datagram, MG_HAPPEN_DATAGRAM_REPLY, arrives);
}

void mg_datagram_close(MgWire *wire, MgLine *line)
{
    MgDatagram *datagram = line->end;
    if (datagram->asker == line)
        datagram->asker = NULL;
    if (datagram->server == line)
        datagram->server = NULL;
    release(wire, datagram);
}

bool mg_datagram_is_live(const MgQueued *event)
{
    const MgDatagram *datagram = event->about;
    return event->what != MG_HAPPEN_DATAGRAM_TIMEOUT || datagram->asker != NULL;
}

static MgSpan span_of(GBytes *bytes)
{
    gsize len = 0;
    const uint8_t *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    return (MgSpan){data, len};
}

static void arrive(MgWire *wire, MgDatagram *datagram)
{
    const MgFlow *flow = mg_trace_flow(wire->trace, datagram->flow);
    if (wire->hosts[datagram->to - 1].down)
        return;
    uint32_t n = mg_trace_exchange_at(wire->trace, datagram->flow, MG_FROM_CLIENT, 1);
    mg_trace_set_until(wire->trace, n, wire->now);
    const MgEngineKind *kind =
        mg_runtime_listener(wire->runtime, datagram->to, MG_TRANSPORT_DATAGRAM, flow->server_port);
    if (kind == NULL) { /* RFC 1122 §4.1.3.1: port unreachable */
        MgTime arrives = put(wire, datagram, true, n, true);
        datagram->reach = MG_REACH_REFUSED;
        if (arrives != MG_TIME_NEVER)
            plan(wire, datagram, MG_HAPPEN_DATAGRAM_REPLY, arrives);
        return;
    }
    MgLine *line = mg_runtime_accept(wire->runtime,
                                     &(MgVisitor){.host = datagram->to,
                                                  .kind = kind,
                                                  .carrier_class = &mg_wire_carrier,
                                                  .carrier = wire,
                                                  .end = datagram,
                                                  .flow = datagram->flow,
                                                  .record_received = false},
                                     wire->now);
    datagram->server = line;
    if (line != NULL)
        mg_line_received(line, span_of(datagram->question), wire->now);
}

static void answer(MgWire *wire, MgDatagram *datagram)
{
    if (datagram->flow != 0 && datagram->reach == MG_REACH_OK)
        mg_trace_set_until(wire->trace,
                           mg_trace_exchange_at(wire->trace, datagram->flow, MG_FROM_SERVER, 1),
                           wire->now);
    MgLine *line = datagram->asker;
    if (line == NULL || wire->hosts[datagram->from - 1].down)
        return;
    if (datagram->reach == MG_REACH_OK && !mg_line_fits(line, span_of(datagram->answer)))
        return; /* the wait goes on */
    datagram->asker = NULL;
    mg_line_datagram(line, datagram->reach, span_of(datagram->answer), wire->now);
}

bool mg_datagram_deliver(MgWire *wire, MgHostId host, const MgFlow *flow, MgSpan payload)
{
    for (MgDatagram *datagram = wire->datagrams; datagram != NULL; datagram = datagram->next) {
        if (datagram->asker == NULL || datagram->from != host || datagram->flow == 0)
            continue;
        const MgFlow *asked = mg_trace_flow(wire->trace, datagram->flow);
        if (asked->client_port != flow->client_port)
            continue;
        MgLine *line = datagram->asker;
        if (asked->server_port != flow->server_port ||
            strcmp(asked->server_address, flow->server_address) != 0) {
            line->strangers++;
            continue;
        }
        if (!mg_line_fits(line, payload))
            continue;
        datagram->asker = NULL;
        mg_line_datagram(line, MG_REACH_OK, payload, wire->now);
        release(wire, datagram);
        return true;
    }
    return false;
}

void mg_datagram_happen(MgWire *wire, const MgQueued *event)
{
    MgDatagram *datagram = event->about;
    switch (event->what) {
    case MG_HAPPEN_DATAGRAM:
        arrive(wire, datagram);
        break;
    case MG_HAPPEN_DATAGRAM_REPLY:
        answer(wire, datagram);
        break;
    default:
        if (datagram->asker != NULL) {
            MgLine *line = datagram->asker;
            datagram->asker = NULL;
            mg_line_datagram(line, MG_REACH_TIMEOUT, (MgSpan){0}, wire->now);
        }
        break;
    }
    datagram->n_queued--;
    release(wire, datagram);
}
