/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace.h - what happened: the one thing that map, ladder, inspector, filters and files read
 *
 * Two arrays that only grow: records (what people see: exchanges, states, notes) and packets (what
 * the wire carried). Both are of small fixed size; bytes lie in an arena, once. A record's number
 * is its index + 1 and is `n` everywhere; 0 is "none". Field trees are made when somebody looks.
 *
 * A trace that nobody will read to its beginning can forget, so that a server runs for weeks:
 * mg_trace_set_forgetful().
 */
#pragma once

#include "inet.h"
#include "registry.h"
#include "tree.h"

G_BEGIN_DECLS

typedef uint16_t MgHostId; /* 1-based; 0 is nobody */
typedef uint32_t MgFlowId; /* 1-based; 0 is none */

typedef struct {
    char *name, *kind, *region; /* "alice", "mua", "example.com" */
    char *address;              /* its first */
    bool real;
} MgTraceHost;

/* A conversation: a TCP connection, or the datagrams between two ends for one question. Direction
 * MG_FROM_CLIENT is from `client` to `server`. */
typedef struct {
    MgTransport transport;
    MgHostId client, server;
    char client_address[46], server_address[46];
    uint16_t client_port, server_port;
    uint8_t dissector;
    bool real;       /* carried by a real socket */
    uint32_t parent; /* the record that caused it to be opened; 0 none */
    uint32_t birth;  /* the trace counts them: two flows that had one number, one after the other,
                        have two births */
    MgTime at;
} MgFlow;

typedef enum {
    MG_RECORD_EXCHANGE =
        1,              /* a unit of a dissector, or a TCP packet worth seeing (SYN, FIN, RST) */
    MG_RECORD_STATE,    /* an engine went from one state to another */
    MG_RECORD_NOTE,     /* a rule was met, bent or broken */
    MG_RECORD_DECISION, /* a verdict, with its reason */
    MG_RECORD_ACTION    /* somebody did something: a script line, an intervention, a delivery */
} MgRecordKind;

enum {
    MG_RECORD_ENCRYPTED = 1 << 0,
    MG_RECORD_REAL = 1 << 1,
    MG_RECORD_FROM_SERVER = 1 << 2, /* direction of an exchange */
    MG_RECORD_LOST = 1 << 3,        /* a packet record: never arrived */
    MG_RECORD_AGAIN = 1 << 4        /* a packet record: sent again */
};

typedef struct {
    MgTime at;         /* when it was sent, or happened */
    MgTime until;      /* when the last octet arrived; MG_TIME_NEVER while it has not */
    uint64_t bytes;    /* where its octets begin in the arena; use mg_trace_bytes() */
    uint32_t len;      /* octets */
    uint32_t parent;   /* the exchange that caused it; 0 none */
    MgFlowId flow;     /* 0 none */
    uint32_t engine;   /* number of the engine that did it; 0 none */
    MgHostId from, to; /* `to` is 0 for states, notes, actions */
    uint8_t kind;      /* MgRecordKind */
    uint8_t dissector; /* registry index; 0 none */
    uint8_t unit;      /* MgUnitKind of an exchange */
    uint8_t flags;
    uint16_t tag; /* exchange: the dissector's; STATE: the engine's name, a text */
    uint16_t text_a,
        text_b;      /* interned texts: STATE from and to; NOTE rule id; see mg_trace_text() */
    uint32_t packet; /* exchange: index + 1 of the first packet that carried it; 0 none */
} MgRecord;

enum { MG_TCP_FIN = 1, MG_TCP_SYN = 2, MG_TCP_RST = 4, MG_TCP_PSH = 8, MG_TCP_ACK = 16 };
typedef enum { MG_FATE_ARRIVED, MG_FATE_LOST, MG_FATE_DOUBLED } MgPacketFate;

typedef struct {
    MgTime at;      /* when it was sent */
    uint64_t bytes; /* payload in the arena */
    uint32_t len;
    MgFlowId flow;
    uint32_t seq, ack; /* absolute, with the initial sequence number */
    uint16_t window;
    uint8_t tcp_flags;   /* 0 for UDP */
    uint8_t from_server; /* direction */
    uint8_t fate;        /* MgPacketFate */
    uint8_t icmp;        /* 1: it is the ICMP "port unreachable" answer to this flow's datagram */
} MgPacket;

typedef struct MgTrace MgTrace;

MgTrace *mg_trace_new(MgRegistry *registry);
MgTrace *mg_trace_ref(MgTrace *trace);
void mg_trace_unref(MgTrace *trace);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgTrace, mg_trace_unref)
MgRegistry *mg_trace_registry(const MgTrace *trace);
/* What the file formats keep beside the records. */
void mg_trace_set_origin(MgTrace *trace, const char *title, int64_t epoch, uint64_t seed);
int64_t mg_trace_epoch(const MgTrace *trace);
uint64_t mg_trace_seed(const MgTrace *trace);
const char *mg_trace_title(const MgTrace *trace);
/* With packets off, none are kept (and exchanges have packet 0). On at first. */
void mg_trace_set_keep_packets(MgTrace *trace, bool keep);
/* From now on only what happened last is kept: at least 16,384 records, their packets and octets,
 * and always those since the oldest simulated flow that is not over, for its segments point to
 * them. Real flows keep nothing: a peer who holds a connection open does not fill the memory.
 * What refers to a record (a parent, a cause) may then name one that is forgotten, so readers ask
 * mg_trace_has(), and what is told of one late is lost. Numbers go on, and begin again at 1 after
 * 4 thousand million. Flows that are over and forgotten give their numbers to new ones; engines'
 * names and secrets are not kept. `before` (nullable) is called before each time; what it reads is
 * all there since the last. To be said before anything is recorded. */
typedef void (*MgBeforeForgetting)(MgTrace *trace, void *data);
void mg_trace_set_forgetful(MgTrace *trace, MgBeforeForgetting before, void *data);

/* ---- writing: runtime, carriers, capture readers ---- */
MgHostId mg_trace_add_host(MgTrace *trace, const char *name, const char *kind, const char *region,
                           const char *address, bool real);
MgFlowId mg_trace_add_flow(MgTrace *trace, const MgFlow *flow);
/* Whoever added the flow (0: nothing) has no more to say of it. Matters to a trace that forgets. */
void mg_trace_end_flow(MgTrace *trace, MgFlowId flow);
/* The next octets of a stream in one direction, in order. Cuts them into exchanges, which are
 * recorded at `now`. Returns the number of the last record that was completed, 0 if none. */
uint32_t mg_trace_add_octets(MgTrace *trace, MgFlowId flow, MgDirection direction, MgSpan octets,
                             uint32_t engine, MgTime now);
/* Where in the arena the octet at stream offset `offset` (from 0) of this direction lies, and how
 * many follow it without a break (2,048 are enough to know): what a packet record points at. */
uint64_t mg_trace_octets_at(const MgTrace *trace, MgFlowId flow, MgDirection direction,
                            uint64_t offset, size_t *run);
/* No more octets in this direction: what is left over becomes a unit. */
void mg_trace_end_octets(MgTrace *trace, MgFlowId flow, MgDirection direction, MgTime now);
/* All octets before `offset` have arrived: sets `until` of the exchanges that are complete now.
 * Returns the number of the last of them, 0 if none. */
uint32_t mg_trace_arrived(MgTrace *trace, MgFlowId flow, MgDirection direction, uint64_t offset,
                          MgTime now);
/* The exchange that octet number `offset` (counted from 1) of this direction belongs to; 0 none. */
uint32_t mg_trace_exchange_at(const MgTrace *trace, MgFlowId flow, MgDirection direction,
                              uint64_t offset);
/* From the next octet of this direction on, what is on the wire is a layer's (layer.h): its
 * dissector cuts it. What it hides is recorded beneath, by the two functions below it. */
void mg_trace_begin_layer(MgTrace *trace, MgFlowId flow, MgDirection direction, uint8_t dissector,
                          MgTime now);
/* The exchange on the wire that is this unit of the layer (from 1); 0 none. */
uint32_t mg_trace_layer_unit(const MgTrace *trace, MgFlowId flow, MgDirection direction,
                             uint32_t unit);
/* Where something hidden was. */
typedef struct {
    MgFlowId flow;
    MgDirection direction;
    uint32_t unit, engine;
} MgHidden;
/* The next octets of the conversation within: cut by the flow's dissector, encrypted. */
uint32_t mg_trace_add_inner(MgTrace *trace, const MgHidden *where, MgSpan octets, MgTime now);
/* A message of the layer's own, which the wire does not show: one exchange, which arrives with its
 * unit. */
uint32_t mg_trace_add_inside(MgTrace *trace, const MgHidden *where, uint16_t tag, MgSpan octets,
                             MgTime now);
/* As mg_trace_arrived() and mg_trace_exchange_at(), of the conversation within, from its first
 * octet. */
void mg_trace_inner_arrived(MgTrace *trace, MgFlowId flow, MgDirection direction, uint64_t offset,
                            MgTime now);
uint32_t mg_trace_inner_at(const MgTrace *trace, MgFlowId flow, MgDirection direction,
                           uint64_t offset);
/* A line with which others can decrypt (a TLS key log). Kept once. */
void mg_trace_add_secret(MgTrace *trace, MgSpan line);
/* All of them, a line each; "" if there are none. */
MgSpan mg_trace_secrets(const MgTrace *trace);
/* A whole datagram: one exchange. Returns its number. `arrives` may be MG_TIME_NEVER. */
uint32_t mg_trace_add_datagram(MgTrace *trace, MgFlowId flow, MgDirection direction, MgSpan octets,
                               uint32_t engine, MgTime now);
void mg_trace_set_until(MgTrace *trace, uint32_t n, MgTime until);
/* Index + 1; 0 when packets are not kept. With `show`, a record too (SYN, FIN, RST, lost, again);
 * `flags` are the record's. */
uint32_t mg_trace_add_packet(MgTrace *trace, const MgPacket *packet, bool show, uint8_t flags,
                             MgTime arrives);
/* Who did it, when, and because of which record. */
typedef struct {
    MgHostId host;
    uint32_t engine, parent; /* 0 none */
    MgTime at;
} MgDoer;

uint32_t mg_trace_add_state(MgTrace *trace, const MgDoer *doer, const char *engine_name,
                            const char *from, const char *to);
uint32_t mg_trace_add_note(MgTrace *trace, const MgDoer *doer, const MgRule *rule, MgSpan where);
uint32_t mg_trace_add_action(MgTrace *trace, const MgDoer *doer, const char *text);

/* ---- reading ---- */
uint32_t mg_trace_n_records(const MgTrace *trace);
bool mg_trace_has(const MgTrace *trace, uint32_t n);               /* false for 0 */
const MgRecord *mg_trace_record(const MgTrace *trace, uint32_t n); /* that it has */
uint32_t mg_trace_n_packets(const MgTrace *trace);
const MgPacket *mg_trace_packet(const MgTrace *trace, uint32_t index); /* from 0 */
uint32_t mg_trace_n_flows(const MgTrace *trace);
const MgFlow *mg_trace_flow(const MgTrace *trace, MgFlowId flow);
uint16_t mg_trace_n_hosts(const MgTrace *trace);
const MgTraceHost *mg_trace_host(const MgTrace *trace, MgHostId host);
/* Valid until the trace is written to. */
MgSpan mg_trace_bytes(const MgTrace *trace, uint32_t n);
MgSpan mg_trace_packet_bytes(const MgTrace *trace, uint32_t index);
/* What mg_inet_write() and mg_inet_frames() want, borrowed from the trace and from `scratch`, which
 * has room for MG_TRACE_QUOTE_MAX octets. */
#define MG_TRACE_QUOTE_MAX 48u /* an IPv6 header and the 8 octets after it */
void mg_trace_inet_packet(const MgTrace *trace, uint32_t index, uint8_t scratch[MG_TRACE_QUOTE_MAX],
                          MgInetPacket *out);
/* The same for a packet that is not of the trace, without its id and payload. */
void mg_trace_inet_ends(const MgTrace *trace, const MgPacket *packet, MgInetPacket *out);
const char *mg_trace_text(const MgTrace *trace, uint16_t text);
/* "smtp.server", as mg_trace_add_state() was told; "" if it never was. */
const char *mg_trace_engine_name(const MgTrace *trace, uint32_t engine);
/* (transfer full) Layers (frame, IP, TCP or UDP) and the dissector's own fields. */
MgTree *mg_trace_tree(const MgTrace *trace, uint32_t n);
/* (nullable) The caption of that tree, not yet translated: cheaper than the tree. `scratch` is any
 * tree; what it holds then is nobody's business. */
const char *mg_trace_caption(const MgTrace *trace, uint32_t n, MgTree *scratch);
/* Appends one line for people: "EHLO alice.example.com", "SYN", a state, a note's text. */
void mg_trace_summarize(const MgTrace *trace, uint32_t n, GString *line);
/* "command", "reply", "query", "answer", "data", "note", "decision", "state": `kind` in JSON. */
const char *mg_trace_kind_name(const MgTrace *trace, uint32_t n);
/* (transfer full) One JSON object, as command-line.md says, with fields. */
char *mg_trace_json(const MgTrace *trace, uint32_t n);
/* Appends `text` in quotes, as RFC 8259 wants it; what is no UTF-8 becomes U+FFFD. */
void mg_json_string(GString *json, MgSpan text);
/* Appends seconds: 84000 is 0.084. */
void mg_json_time(GString *json, MgTime time);
/* (transfer full) SHA-256 in hex over all records, packets, flows and octets. */
char *mg_trace_hash(const MgTrace *trace);
size_t mg_trace_memory(const MgTrace *trace); /* bytes held */

G_END_DECLS
