/* SPDX-License-Identifier: GPL-3.0-or-later */
/* layer.h - what stands between an engine and its connection: encryption that begins in the middle
 *
 * An engine that ASKs a layer's topic (MG_TOPIC_SECURE, by the event STARTTLS) wants its connection
 * to be wrapped. From then on what the engine SENDs goes into the layer and what the layer gives
 * goes on the wire, and the other way round. A layer is written like an engine: it does no I/O,
 * reads no clock, calls nobody back; all that it has to say comes out of next(), in order. So the
 * same layer serves the simulated wire and real sockets, and the host needs to know nothing of it
 * but its topic.
 *
 *      engine SENDs ─> send()     ┌─────────┐ ─> WIRE     octets for the peer
 *      wire brings  ─> receive()  │  layer  │ ─> PLAIN    octets for the engine
 *      engine closes ─> close()   └─────────┘ ─> READY, FAILED: the answer to the ask
 *
 * A *unit* is what the layer's dissector cuts the wire's octets into (a TLS record). An event that
 * says what was inside of one names it by its number in its direction, counted from 1 since the
 * layer began there; so the trace can put the plaintext below the ciphertext. An event that names a
 * unit of ours comes after the WIRE that holds it.
 */
#pragma once

#include <mailglass/engine.h>

G_BEGIN_DECLS

typedef enum {
    MG_LAYER_WIRE = 1, /* octets for the peer */
    MG_LAYER_SENT,     /* what send() was given, once its unit is on the wire */
    MG_LAYER_PLAIN,    /* what the peer's engine sent: for ours */
    MG_LAYER_INSIDE,   /* a message of the layer's own that the wire does not show */
    MG_LAYER_SECRET,   /* a line for a key log: with it others can read the ciphertext */
    MG_LAYER_NOTE,     /* a rule met, bent or broken */
    MG_LAYER_READY,    /* the ask is answered: the engine's octets flow from now on */
    MG_LAYER_FAILED, /* the ask is answered: they never will. After READY: the connection is dead */
    MG_LAYER_ENDED   /* the peer has said that it sends no more */
} MgLayerEventKind;

/* Everything reachable from an event is borrowed and valid until the next call on its layer. */
typedef struct {
    MgLayerEventKind kind;
    MgSpan octets; /* WIRE, SENT, PLAIN, INSIDE, SECRET (a text) */
    uint32_t
        unit; /* SENT, PLAIN, INSIDE: in which unit; NOTE: about which of the peer's; 0 unknown */
    bool from_peer;     /* INSIDE */
    uint16_t tag;       /* INSIDE: for the layer's dissector */
    const MgRule *rule; /* NOTE */
    const void *answer; /* READY, FAILED: the topic's answer */
} MgLayerEvent;

typedef struct MgLayer MgLayer;

/* What a layer is born with. All of it is borrowed during create(). */
typedef struct {
    const void *question; /* the topic's */
    void *shared;         /* what setup() made for the whole run */
    const MgSettings *settings;
    const char *host;
    bool server; /* the peer has connected to us */
    bool real;   /* the peer is no engine of ours: chance must be the operating system's */
    MgTime now;
    int64_t epoch;
    uint64_t seed; /* this layer's own */
} MgLayerBirth;

typedef struct {
    const char *name;             /* "tls" */
    const char *topic;            /* MG_TOPIC_SECURE */
    const char *dissector;        /* of what it puts on the wire */
    const MgSettingRow *settings; /* (nullable) that any host may have; ends with {0} */
    const MgRule *rules;          /* (nullable) ends with {0} */

    /* What all layers of one run share (certificates), made when the first is born. `seed` is the
     * run's: the same for all hosts. */
    void *(*setup)(uint64_t seed, int64_t epoch);
    void (*teardown)(void *shared);

    MgLayer *(*create)(const MgLayerBirth *birth); /* (transfer full); never NULL */
    void (*free)(MgLayer *layer);
    void (*send)(MgLayer *layer, MgSpan octets, MgTime now);
    void (*receive)(MgLayer *layer, MgSpan octets, MgTime now);
    void (*receive_end)(MgLayer *layer, MgEnd how, MgTime now); /* the connection's octets end */
    void (*close)(MgLayer *layer, MgTime now); /* the engine is done: say goodbye */
    bool (*next)(MgLayer *layer, MgLayerEvent *event);
} MgLayerKind;

struct MgLayer { /* the first member of every layer */
    const MgLayerKind *kind;
};

G_END_DECLS
