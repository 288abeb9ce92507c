/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wire.h - how octets travel in the simulated network: hosts' addresses, paths, TCP, UDP
 *
 * For the files of app/network alone. The world owns the clock; a wire is a carrier
 * (app/core/runtime.h) for all hosts of one world. */
#pragma once

#include "network.h"
#include "queue.h"
#include "runtime.h"

G_BEGIN_DECLS

/* What an event in the queue is. */
typedef enum {
    MG_HAPPEN_SEGMENT,        /* a TCP segment arrives */
    MG_HAPPEN_RETRANSMIT,     /* the retransmission timer of an end */
    MG_HAPPEN_DELAYED_ACK,    /* the delayed acknowledgement of an end */
    MG_HAPPEN_DATAGRAM,       /* a question arrives at its host */
    MG_HAPPEN_DATAGRAM_REPLY, /* an answer, or ICMP, arrives at who asked */
    MG_HAPPEN_DATAGRAM_TIMEOUT,
    MG_HAPPEN_FORGED,   /* a datagram with another's address arrives */
    MG_HAPPEN_OVERHEARD /* a datagram passes a host that listens */
} MgHappening;

#define MG_LOSS_ONE 1000000u /* chance is an integer of so many */

typedef struct {
    MgTime delay; /* MG_TIME_NEVER: no way */
    uint32_t loss;
    uint32_t before; /* the host that it comes through last, from 0 */
} MgPath;

typedef struct {
    size_t a, b; /* hosts, from 0 */
    MgTime delay;
    uint32_t loss;
    bool cut;
    char *over, *by; /* (nullable) what is written over in streams, and with what: as long */
} MgWireLink;

typedef struct {
    char *address; /* its first */
    uint16_t next_port;
    bool down;
    MgPath *paths; /* (nullable) to every host; made when first needed */
} MgWireHost;

typedef struct {
    MgRuntime *runtime;
    MgTrace *trace;
    MgQueue queue;
    MgTime now;
    uint64_t random;
    MgWireHost *hosts; /* by host id - 1 */
    size_t n_hosts;
    MgWireLink *links;
    size_t n_links;
    GHashTable *addresses;        /* text → GSIZE host id */
    struct MgTcp *dirty;          /* connections that may have something to send */
    struct MgTcp *tcps;           /* all that are alive, and */
    struct MgDatagram *datagrams; /* … so that the world can free them */
    GPtrArray *listeners;         /* (nullable) struct MgListening */
    uint64_t n_listenings;        /* that there ever were */
    GByteArray *altered;          /* (nullable) what mg_wire_alter() has given last */
} MgWire;

extern const MgCarrierClass mg_wire_carrier; /* its carrier is an MgWire */

void mg_wire_init(MgWire *wire, const MgNetwork *network, MgRuntime *runtime, uint64_t seed);
void mg_wire_clear(MgWire *wire);
/* The links have changed. */
void mg_wire_forget_paths(MgWire *wire);
/* Sends what engines have said since: call after everything that lets engines talk. */
void mg_wire_flush(MgWire *wire);
/* Whether this event would do anything; a time-out of what was answered would not. */
bool mg_wire_is_live(const MgQueued *event);
void mg_wire_happen(MgWire *wire, const MgQueued *event);

/* ---- between the wire's files ---- */
MgHostId mg_wire_find(const MgWire *wire, const char *address); /* 0: nobody has it */
MgPath mg_wire_path(MgWire *wire, MgHostId from, MgHostId to);
/* When a packet sent now arrives; MG_TIME_NEVER if it is lost on the way. */
MgTime mg_wire_send(MgWire *wire, MgHostId from, MgHostId to);
/* Fills in what the line says (its host, a new port, dissector, cause), and gives it the flow. */
MgFlowId mg_wire_open_flow(MgWire *wire, MgLine *line, MgFlow *flow, const char *address);

/* line->end of a stream is an MgTcpEnd, of a datagram an MgDatagram: both begin with this. */
typedef enum { MG_END_OF_STREAM = 1, MG_END_OF_DATAGRAM, MG_END_OF_LISTENING } MgEndKind;

void mg_tcp_connect(MgWire *wire, MgLine *line, const char *address, uint16_t port);
void mg_tcp_send(MgWire *wire, MgLine *line, MgSpan octets);
void mg_tcp_close(MgWire *wire, MgLine *line, bool abort);
void mg_tcp_flush(MgWire *wire);
bool mg_tcp_is_live(const MgQueued *event);
void mg_tcp_happen(MgWire *wire, const MgQueued *event);
void mg_tcp_clear(MgWire *wire);

void mg_datagram_ask(MgWire *wire, MgLine *line, const MgDatagramQuestion *question);
void mg_datagram_send(MgWire *wire, MgLine *line, MgSpan octets);
void mg_datagram_close(MgWire *wire, MgLine *line);
bool mg_datagram_is_live(const MgQueued *event);
void mg_datagram_happen(MgWire *wire, const MgQueued *event);
void mg_datagram_clear(MgWire *wire);
/* A datagram that came to a port of `host` from `address`: whoever waits there for one. False if
 * nobody took it. */
bool mg_datagram_deliver(MgWire *wire, MgHostId host, const MgFlow *flow, MgSpan payload);

/* wire-forge.c: what an attacker can do */
MgSpan mg_wire_alter(MgWire *wire, const MgLine *line, MgSpan octets);
bool mg_wire_forge(MgWire *wire, MgLine *line, const MgForgeQuestion *question);
void mg_wire_listen(MgWire *wire, MgLine *line, uint16_t port);
void mg_wire_stop_listening(MgWire *wire, MgLine *line);
/* A datagram was put on the wire: who listens on its way? */
void mg_wire_passes(MgWire *wire, MgHostId from, MgHostId to, uint32_t n);
void mg_forge_happen(MgWire *wire, const MgQueued *event);
void mg_forge_clear(MgWire *wire);

G_END_DECLS
