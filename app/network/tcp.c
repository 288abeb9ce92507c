/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tcp.c - TCP good enough to be true (RFC 9293): handshake, segments, acknowledgements, loss, FIN,
 * RST
 *
 * Both ends of a connection are one object, so that a segment in the queue carries no octets: it
 * says which, and they are read from the sender's buffer, where they stay until they are
 * acknowledged. Losses are made good as NewReno does (RFC 6582), but without a congestion window.
 * Left out, as no lesson needs it yet: congestion control beyond a fixed window, SACK, options but
 * MSS, TIME-WAIT. Offsets count octets of one direction from 0; sequence numbers
 * are those plus the initial one plus 1. */
#include "wire.h"

#define MSS            1460u                /* RFC 9293 §3.7.1, Ethernet */
#define WINDOW         65535u               /* what every end offers, always */
#define FLIGHT         (UINT64_C(44) * MSS) /* on their way at most: a full window looks like trouble */
#define DELAYED_ACK    (40 * MG_MILLISECONDS)  /* RFC 9293 §3.8.6.3: less than half a second */
#define RTO_FIRST      (1 * MG_SECONDS)        /* RFC 6298 §2.1 */
#define RTO_MIN        (200 * MG_MILLISECONDS) /* laxer than RFC 6298 §2.4, as Linux does */
#define RTO_MAX        (60 * MG_SECONDS)
#define SYN_TRIES_MAX  6  /* about a minute: then nobody answers */
#define DATA_TRIES_MAX 15 /* a quarter of an hour, as Linux has it */
#define REPEATS        3  /* RFC 5681 §3.2: so many equal acknowledgements mean a loss */

typedef enum { IDLE, SYN_SENT, SYN_RECEIVED, OPEN, GONE } EndState;

typedef struct {
    uint64_t from, to;
} Range;

struct MgTcp;

typedef struct {
    MgEndKind kind;
    EndState state;
    MgDirection sends;
    struct MgTcp *tcp;
    MgLine *line; /* (nullable) NULL: nobody reads or writes here any more */
    MgHostId host;
    uint32_t isn;
    /* What it sends. */
    uint8_t *buffer; /* octets from `una` to `queued` */
    size_t start, room;
    uint64_t una, next, queued; /* acknowledged, sent, written */
    bool fin_wanted, fin_sent, fin_acked;
    bool lingers; /* what comes after it was closed is taken, and thrown away */
    /* What it receives. */
    uint64_t received, ack_sent; /* in order; the last that it acknowledged */
    Range *early;                /* (nullable) what came out of order, sorted */
    unsigned n_early;
    bool fin_seen, fin_taken, fin_ack_sent; /* the peer's FIN: known, in order, acknowledged */
    uint64_t fin_at;
    bool ack_now, ack_later, ack_planned;
    /* Time. */
    MgTime rto, srtt, rttvar, expires, measured_at;
    uint64_t measured; /* the offset whose acknowledgement gives a round-trip time; 0 none */
    bool timer_planned;
    unsigned tries;
    uint64_t recover; /* until this is acknowledged, holes are filled at once; 0 none */
    unsigned repeats; /* equal acknowledgements in a row */
    bool resend;      /* the octets at `una` are missing at the peer */
} MgTcpEnd;

typedef struct MgTcp {
    MgTcpEnd ends[2]; /* by what the end sends: MG_FROM_CLIENT, MG_FROM_SERVER */
    MgFlowId flow;
    uint16_t server_port;
    bool dirty;
    unsigned n_queued;
    struct MgTcp *next_dirty, *previous, *next;
} MgTcp;

static MgTcpEnd *peer_of(MgTcpEnd *end)
{
    return &end->tcp->ends[1 - end->sends];
}

static void soil(MgWire *wire, MgTcp *tcp)
{
    if (tcp->dirty)
        return;
    tcp->dirty = true;
    tcp->next_dirty = wire->dirty;
    wire->dirty = tcp;
}

static void plan(MgWire *wire, MgTcpEnd *end, MgHappening what, MgTime at)
{
    mg_queue_push(
        &wire->queue,
        (MgQueued){.at = at, .about = end->tcp, .what = (uint8_t)what, .end = (uint8_t)end->sends});
    end->tcp->n_queued++;
}

/* ---- birth and death ---- */

static void free_tcp(MgWire *wire, MgTcp *tcp)
{
    if (tcp->previous != NULL)
        tcp->previous->next = tcp->next;
    else
        wire->tcps = tcp->next;
    if (tcp->next != NULL)
        tcp->next->previous = tcp->previous;
    for (unsigned i = 0; i < 2; i++) {
        g_free(tcp->ends[i].buffer);
        g_free(tcp->ends[i].early);
    }
    mg_trace_end_flow(wire->trace, tcp->flow);
    g_free(tcp);
}

void mg_tcp_clear(MgWire *wire)
{
    while (wire->tcps != NULL)
        free_tcp(wire, wire->tcps);
    wire->dirty = NULL;
}

static bool is_over(const MgTcpEnd *end)
{
    return end->state == GONE || end->state == IDLE || (end->fin_acked && end->fin_taken);
}

/* Frees a connection that both ends have left, once no event in the queue speaks of it. */
static void release(MgWire *wire, MgTcp *tcp)
{
    if (tcp->n_queued == 0 && !tcp->dirty && is_over(&tcp->ends[0]) && is_over(&tcp->ends[1]) &&
        tcp->ends[0].line == NULL && tcp->ends[1].line == NULL)
        free_tcp(wire, tcp);
}

static void end_octets(MgWire *wire, MgTcpEnd *end)
{
    mg_trace_end_octets(wire->trace, end->tcp->flow, end->sends, wire->now);
}

static void leave(MgWire *wire, MgTcpEnd *end)
{
    if (end->state == GONE)
        return;
    end->state = GONE;
    end->expires = MG_TIME_NEVER;
    end_octets(wire, end);
}

static void tell_end(MgWire *wire, MgTcpEnd *end, MgEnd how)
{
    if (end->line != NULL)
        mg_line_ended(end->line, how, wire->now);
}

/* ---- packets ---- */

typedef struct {
    uint8_t flags;
    uint64_t offset;
    uint32_t len;
    bool again; /* it was sent before */
    bool show;  /* people see it, though it carries nothing of theirs */
} Segment;

static void arm(MgWire *wire, MgTcpEnd *end)
{
    end->expires = wire->now + end->rto;
    if (!end->timer_planned) {
        plan(wire, end, MG_HAPPEN_RETRANSMIT, end->expires);
        end->timer_planned = true;
    }
}

static void transmit(MgWire *wire, MgTcpEnd *end, const Segment *segment)
{
    MgTcp *tcp = end->tcp;
    const MgTcpEnd *peer = peer_of(end);
    MgTime arrives = mg_wire_send(wire, end->host, peer->host);
    bool lost = arrives == MG_TIME_NEVER;
    bool syn = (segment->flags & MG_TCP_SYN) != 0;
    size_t run = 0;
    MgPacket packet = {
        .at = wire->now,
        .bytes = segment->len > 0
                     ? mg_trace_octets_at(wire->trace, tcp->flow, end->sends, segment->offset, &run)
                     : 0,
        .len = segment->len,
        .flow = tcp->flow,
        .seq = end->isn + (syn ? 0 : 1) + (uint32_t)segment->offset,
        .window = WINDOW,
        .tcp_flags = segment->flags,
        .from_server = end->sends == MG_FROM_SERVER,
        .fate = lost ? MG_FATE_LOST : MG_FATE_ARRIVED};
    if ((segment->flags & MG_TCP_ACK) != 0)
        packet.ack = peer->isn + 1 + (uint32_t)end->received + (end->fin_taken ? 1 : 0);
    bool show = lost || segment->again || segment->show ||
                (segment->flags & (MG_TCP_SYN | MG_TCP_FIN | MG_TCP_RST)) != 0;
    uint8_t flags = (lost ? MG_RECORD_LOST : 0) | (segment->again ? MG_RECORD_AGAIN : 0);
    mg_trace_add_packet(wire->trace, &packet, show, flags, arrives);
    end->ack_sent = end->received;
    end->fin_ack_sent = end->fin_taken;
    end->ack_now = end->ack_later = false;
    if (lost)
        return;
    mg_queue_push(&wire->queue, (MgQueued){.at = arrives,
                                           .about = tcp,
                                           .offset = segment->offset,
                                           .ack = end->received + (end->fin_taken ? 1 : 0),
                                           .len = segment->len,
                                           .what = MG_HAPPEN_SEGMENT,
                                           .flags = segment->flags,
                                           .end = (uint8_t)peer->sends});
    tcp->n_queued++;
}

/* The longest piece from `offset` that fits a segment and lies in one piece in the trace. */
static uint32_t piece(MgWire *wire, const MgTcpEnd *end, uint64_t offset, uint64_t limit)
{
    size_t run = 0;
    mg_trace_octets_at(wire->trace, end->tcp->flow, end->sends, offset, &run);
    uint64_t len = MIN(limit - offset, MSS);
    return (uint32_t)(run > 0 ? MIN(len, run) : len);
}

static void send_again(MgWire *wire, MgTcpEnd *end)
{
    Segment segment = {MG_TCP_ACK | MG_TCP_PSH, end->una, piece(wire, end, end->una, end->next),
                       true, true};
    end->resend = false;
    end->measured = 0; /* Karn: no time from what was sent twice */
    transmit(wire, end, &segment);
    arm(wire, end);
}

static void send_new(MgWire *wire, MgTcpEnd *end)
{
    if (end->resend && end->una < end->next)
        send_again(wire, end);
    while (end->next < end->queued && end->next - end->una < FLIGHT) {
        uint64_t limit = MIN(end->queued, end->una + FLIGHT);
        Segment segment = {MG_TCP_ACK, end->next, piece(wire, end, end->next, limit), false, false};
        end->next += segment.len;
        if (end->next == end->queued)
            segment.flags |= MG_TCP_PSH;
        if (end->measured == 0) {
            end->measured = end->next;
            end->measured_at = wire->now;
        }
        transmit(wire, end, &segment);
        if (end->expires == MG_TIME_NEVER)
            arm(wire, end);
    }
    if (end->fin_wanted && !end->fin_sent && end->next == end->queued) {
        end->fin_sent = true;
        Segment segment = {MG_TCP_FIN | MG_TCP_ACK, end->next, 0, false, false};
        transmit(wire, end, &segment);
        if (end->expires == MG_TIME_NEVER)
            arm(wire, end);
    }
}

static void acknowledge(MgWire *wire, MgTcpEnd *end)
{
    bool owed = end->received != end->ack_sent || end->fin_taken != end->fin_ack_sent;
    if (end->ack_now ||
        (owed && (end->fin_taken || end->received - end->ack_sent >= UINT64_C(2) * MSS))) {
        Segment segment = {MG_TCP_ACK, end->next + (end->fin_sent ? 1 : 0), 0, false, false};
        transmit(wire, end, &segment);
    } else if (owed && !end->ack_planned) {
        end->ack_later = end->ack_planned = true;
        plan(wire, end, MG_HAPPEN_DELAYED_ACK, wire->now + DELAYED_ACK);
    } else if (owed) {
        end->ack_later = true;
    }
}

void mg_tcp_flush(MgWire *wire)
{
    while (wire->dirty != NULL) {
        MgTcp *tcp = wire->dirty;
        wire->dirty = tcp->next_dirty;
        tcp->dirty = false;
        for (unsigned i = 0; i < 2; i++) {
            MgTcpEnd *end = &tcp->ends[i];
            if (end->state != OPEN)
                continue;
            send_new(wire, end);
            acknowledge(wire, end);
        }
        release(wire, tcp);
    }
}

/* A segment that belongs to no connection, or to one that nobody reads: RFC 9293 §3.5.2. */
static void reset(MgWire *wire, MgTcpEnd *end)
{
    Segment segment = {MG_TCP_RST | MG_TCP_ACK, end->next + (end->fin_sent ? 1 : 0), 0, false,
                       false};
    transmit(wire, end, &segment);
    leave(wire, end);
}

/* ---- opening ---- */

static void init_end(MgWire *wire, MgTcp *tcp, MgDirection sends, MgHostId host)
{
    MgTcpEnd *end = &tcp->ends[sends];
    end->kind = MG_END_OF_STREAM;
    end->tcp = tcp;
    end->sends = sends;
    end->host = host;
    end->isn = (uint32_t)mg_random_next(&wire->random);
    end->rto = RTO_FIRST;
    end->expires = MG_TIME_NEVER;
}

static void send_syn(MgWire *wire, MgTcpEnd *end, bool again)
{
    Segment segment = {MG_TCP_SYN, 0, 0, again, true};
    if (end->sends == MG_FROM_SERVER)
        segment.flags |= MG_TCP_ACK;
    if (!again)
        end->measured_at = wire->now;
    transmit(wire, end, &segment);
    arm(wire, end);
}

void mg_tcp_connect(MgWire *wire, MgLine *line, const char *address, uint16_t port)
{
    MgHostId to = mg_wire_find(wire, address);
    MgTcp *tcp = g_new0(MgTcp, 1);
    tcp->server_port = port;
    init_end(wire, tcp, MG_FROM_CLIENT, line->host);
    init_end(wire, tcp, MG_FROM_SERVER, to);
    tcp->next = wire->tcps;
    if (tcp->next != NULL)
        tcp->next->previous = tcp;
    wire->tcps = tcp;
    MgTcpEnd *end = &tcp->ends[MG_FROM_CLIENT];
    end->line = line;
    line->end = end;
    end->state = SYN_SENT;
    if (to == 0) { /* no such address here: said at once, but from the queue */
        end->expires = wire->now;
        end->tries = SYN_TRIES_MAX;
        end->timer_planned = true;
        plan(wire, end, MG_HAPPEN_RETRANSMIT, wire->now);
        return;
    }
    MgFlow flow = {.transport = MG_TRANSPORT_STREAM, .server = to, .server_port = port};
    tcp->flow = mg_wire_open_flow(wire, line, &flow, address);
    send_syn(wire, end, false);
}

void mg_tcp_send(MgWire *wire, MgLine *line, MgSpan octets)
{
    MgTcpEnd *end = line->end;
    if (end->state != OPEN || end->fin_wanted)
        return;
    size_t held = (size_t)(end->queued - end->una);
    if (end->start + held + octets.len > end->room) {
        size_t room = MAX(MAX(end->room, 256u), held + octets.len);
        while (room < 2 * (held + octets.len) && end->start < held)
            room *= 2;
        uint8_t *fresh = g_malloc(room);
        if (held > 0)
            memcpy(fresh, end->buffer + end->start, held);
        g_free(end->buffer);
        end->buffer = fresh;
        end->start = 0;
        end->room = room;
    }
    memcpy(end->buffer + end->start + held, octets.data, octets.len);
    end->queued += octets.len;
    soil(wire, end->tcp);
}

void mg_tcp_close(MgWire *wire, MgLine *line, bool abort)
{
    MgTcpEnd *end = line->end;
    end->line = NULL;
    end->lingers = line->lingers;
    if (end->state == OPEN && !abort && !wire->hosts[end->host - 1].down) {
        end->fin_wanted = true;
        end_octets(wire, end);
    } else if (end->tcp->flow != 0) {
        leave(wire, end);
    } else {
        end->state = GONE;
    }
    soil(wire, end->tcp);
}

/* ---- what arrives ---- */

/* RFC 6298 §2 */
static void measure(MgTcpEnd *end, MgTime rtt)
{
    end->rttvar = end->srtt == 0 ? rtt / 2 : (3 * end->rttvar + ABS(end->srtt - rtt)) / 4;
    end->srtt = end->srtt == 0 ? MAX(rtt, 1) : (7 * end->srtt + rtt) / 8;
    end->measured = 0;
}

/* What was put off by losses is over: the peer hears us (laxer than RFC 6298 §5, as Linux does). */
static void rest_timer(MgTcpEnd *end)
{
    end->tries = 0;
    end->rto = end->srtt == 0 ? RTO_FIRST : CLAMP(end->srtt + 4 * end->rttvar, RTO_MIN, RTO_MAX);
}

/* New octets are acknowledged; not yet all that were on their way when one was lost, means that
 * the next is lost too: RFC 6582 §3.2. */
static void take_new_ack(MgWire *wire, MgTcpEnd *end, uint64_t ack)
{
    if (end->measured != 0 && ack >= end->measured)
        measure(end, wire->now - end->measured_at);
    rest_timer(end);
    end->start += (size_t)(ack - end->una);
    end->una = ack;
    if (end->una == end->queued)
        end->start = 0;
    end->repeats = 0;
    if (end->una >= end->recover)
        end->recover = 0;
    end->resend = end->recover != 0;
}

static void take_ack(MgWire *wire, MgTcpEnd *end, uint64_t ack, bool bare)
{
    if (end->fin_sent && ack > end->queued) {
        end->fin_acked = true;
        ack = end->queued;
    }
    bool all = ack == end->next && (!end->fin_sent || end->fin_acked);
    if (ack > end->una) {
        take_new_ack(wire, end, ack);
        if (!all)
            end->expires = wire->now + end->rto;
    } else if (bare && ack == end->una && end->una < end->next && end->recover == 0 &&
               ++end->repeats == REPEATS) {
        end->recover = end->next;
        end->resend = true;
    }
    if (all)
        end->expires = MG_TIME_NEVER;
}

/* Remembers octets that came before their turn. */
static void keep_early(MgTcpEnd *end, Range range)
{
    unsigned i = 0;
    while (i < end->n_early && end->early[i].to < range.from)
        i++;
    unsigned j = i;
    while (j < end->n_early && end->early[j].from <= range.to) {
        range.from = MIN(range.from, end->early[j].from);
        range.to = MAX(range.to, end->early[j].to);
        j++;
    }
    if (j == i) {
        end->early = g_renew(Range, end->early, end->n_early + 1);
        memmove(&end->early[i + 1], &end->early[i], (end->n_early - i) * sizeof(Range));
        end->n_early++;
    } else {
        memmove(&end->early[i + 1], &end->early[j], (end->n_early - j) * sizeof(Range));
        end->n_early -= j - i - 1;
    }
    end->early[i] = range;
}

static uint64_t reach_of(MgTcpEnd *end, uint64_t to)
{
    unsigned used = 0;
    while (used < end->n_early && end->early[used].from <= to) {
        to = MAX(to, end->early[used].to);
        used++;
    }
    if (used > 0) {
        memmove(end->early, &end->early[used], (end->n_early - used) * sizeof(Range));
        end->n_early -= used;
    }
    return to;
}

static void take_octets(MgWire *wire, MgTcpEnd *end, uint64_t offset, uint32_t len)
{
    const MgTcpEnd *peer = peer_of(end);
    if (offset + len <= end->received) {
        end->ack_now = true; /* sent again although it had come: the acknowledgement was lost */
        return;
    }
    if (offset > end->received) {
        keep_early(end, (Range){offset, offset + len});
        end->ack_now = true; /* RFC 5681 §4.2: a gap is told at once */
        return;
    }
    uint64_t from = end->received;
    end->received = reach_of(end, offset + len);
    mg_trace_arrived(wire->trace, end->tcp->flow, peer->sends, end->received, wire->now);
    g_assert(from >= peer->una && end->received <= peer->queued);
    MgSpan octets = {peer->buffer + peer->start + (from - peer->una),
                     (size_t)(end->received - from)};
    if (end->line != NULL)
        mg_line_received(end->line, octets, wire->now);
}

static void take_fin(MgWire *wire, MgTcpEnd *end)
{
    if (!end->fin_seen || end->fin_taken || end->received != end->fin_at)
        return;
    end->fin_taken = true;
    tell_end(wire, end, MG_END_CLOSED);
}

static void open_end(MgWire *wire, MgTcpEnd *end)
{
    end->state = OPEN;
    end->expires = MG_TIME_NEVER;
    if (end->tries == 0)
        measure(end, wire->now - end->measured_at);
    rest_timer(end);
}

static void open_server(MgWire *wire, MgTcpEnd *end)
{
    MgTcp *tcp = end->tcp;
    const MgEngineKind *kind =
        mg_runtime_listener(wire->runtime, end->host, MG_TRANSPORT_STREAM, tcp->server_port);
    open_end(wire, end);
    if (kind == NULL) {
        reset(wire, end);
        return;
    }
    MgLine *line = mg_runtime_accept(wire->runtime,
                                     &(MgVisitor){.host = end->host,
                                                  .kind = kind,
                                                  .carrier_class = &mg_wire_carrier,
                                                  .carrier = wire,
                                                  .end = end,
                                                  .flow = tcp->flow,
                                                  .record_received = false},
                                     wire->now);
    if (end->state == OPEN && !end->fin_wanted)
        end->line = line;
}

static void take_syn(MgWire *wire, MgTcpEnd *end, uint8_t flags)
{
    MgTcpEnd *client = &end->tcp->ends[MG_FROM_CLIENT];
    if (end->sends == MG_FROM_SERVER && (end->state == IDLE || end->state == SYN_RECEIVED)) {
        bool listens = mg_runtime_listener(wire->runtime, end->host, MG_TRANSPORT_STREAM,
                                           end->tcp->server_port) != NULL;
        if (!listens) {
            end->isn = UINT32_MAX; /* a refusal has sequence number 0: RFC 9293 §3.5.2 */
            reset(wire, end);
            return;
        }
        bool again = end->state == SYN_RECEIVED;
        end->state = SYN_RECEIVED;
        send_syn(wire, end, again);
    } else if (end == client && (flags & MG_TCP_ACK) != 0 && end->state == SYN_SENT) {
        open_end(wire, end);
        Segment segment = {MG_TCP_ACK, 0, 0, false, true};
        transmit(wire, end, &segment);
        mg_line_connected(end->line, MG_REACH_OK, NULL, wire->now);
    } else if (end->state == OPEN) {
        end->ack_now = true; /* our acknowledgement was lost */
    }
}

/* The connection is gone for this end; who used it is told why. */
static void give_up(MgWire *wire, MgTcpEnd *end, MgReach reach, MgEnd how)
{
    MgLine *line = end->line;
    bool connecting = end->state == SYN_SENT;
    if (end->tcp->flow != 0)
        leave(wire, end);
    end->state = GONE;
    if (connecting && line != NULL) { /* the runtime frees a line that was never open */
        end->line = NULL;
        mg_line_connected(line, reach, NULL, wire->now);
    } else {
        tell_end(wire, end, how);
    }
}

static void take_segment(MgWire *wire, MgTcpEnd *end, const MgQueued *event)
{
    if (wire->hosts[end->host - 1].down)
        return;
    if ((event->flags & MG_TCP_RST) != 0) {
        if (end->state != GONE && end->state != IDLE)
            give_up(wire, end, MG_REACH_REFUSED, MG_END_RESET);
        return;
    }
    if (end->state == GONE || (end->state == IDLE && (event->flags & MG_TCP_SYN) == 0)) {
        if (event->len > 0 || (event->flags & (MG_TCP_SYN | MG_TCP_FIN)) != 0)
            reset(wire, end);
        return;
    }
    if ((event->flags & MG_TCP_SYN) != 0) {
        take_syn(wire, end, event->flags);
        return;
    }
    if (end->state == SYN_RECEIVED)
        open_server(wire, end);
    if (end->state != OPEN)
        return;
    take_ack(wire, end, event->ack, event->len == 0 && (event->flags & MG_TCP_FIN) == 0);
    if (event->len > 0 && end->line == NULL && !end->lingers &&
        event->offset + event->len > end->received) {
        reset(wire, end); /* nobody will ever read this */
        return;
    }
    if ((event->flags & MG_TCP_FIN) != 0) {
        end->fin_seen = true;
        end->fin_at = event->offset;
        end->ack_now |= end->fin_taken; /* sent again: our acknowledgement was lost */
    }
    if (event->len > 0)
        take_octets(wire, end, event->offset, event->len);
    take_fin(wire, end);
}

/* ---- timers ---- */

static void retransmit(MgWire *wire, MgTcpEnd *end)
{
    bool opening = end->state == SYN_SENT || end->state == SYN_RECEIVED;
    if (++end->tries > (opening ? SYN_TRIES_MAX : DATA_TRIES_MAX)) {
        MgReach reach = end->tcp->flow != 0 ? MG_REACH_TIMEOUT : MG_REACH_UNREACHABLE;
        give_up(wire, end, reach, MG_END_TIMEOUT);
        return;
    }
    end->rto = MIN(2 * end->rto, RTO_MAX); /* RFC 6298 §5.5 */
    if (opening) {
        send_syn(wire, end, true);
        return;
    }
    if (end->una < end->next) {
        end->recover = end->next;
        send_again(wire, end);
    } else if (end->fin_sent && !end->fin_acked) {
        Segment segment = {MG_TCP_FIN | MG_TCP_ACK, end->next, 0, true, true};
        transmit(wire, end, &segment);
        arm(wire, end);
    }
}

static void take_timer(MgWire *wire, MgTcpEnd *end)
{
    end->timer_planned = false;
    if (end->expires == MG_TIME_NEVER || end->state == GONE)
        return;
    if (end->expires > wire->now) { /* it was put off since */
        plan(wire, end, MG_HAPPEN_RETRANSMIT, end->expires);
        end->timer_planned = true;
        return;
    }
    retransmit(wire, end);
}

bool mg_tcp_is_live(const MgQueued *event)
{
    const MgTcp *tcp = event->about;
    const MgTcpEnd *end = &tcp->ends[event->end];
    if (event->what == MG_HAPPEN_RETRANSMIT)
        return end->expires != MG_TIME_NEVER && end->state != GONE && end->expires <= event->at;
    if (event->what == MG_HAPPEN_DELAYED_ACK)
        return end->ack_later && end->state == OPEN;
    return true;
}

void mg_tcp_happen(MgWire *wire, const MgQueued *event)
{
    MgTcp *tcp = event->about;
    MgTcpEnd *end = &tcp->ends[event->end];
    switch (event->what) {
    case MG_HAPPEN_SEGMENT:
        take_segment(wire, end, event);
        break;
    case MG_HAPPEN_RETRANSMIT:
        take_timer(wire, end);
        break;
    default:
        end->ack_planned = false;
        if (end->ack_later && end->state == OPEN)
            end->ack_now = true;
        break;
    }
    tcp->n_queued--;
    soil(wire, tcp);
}
