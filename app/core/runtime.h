/* SPDX-License-Identifier: GPL-3.0-or-later */
/* runtime.h - drives engines: births them, drains next(), routes asks, writes
 * the trace
 *
 * The runtime knows hosts and engines; it does not know how octets travel. That
 * is a *carrier*'s: the simulated wire (app/network), or real sockets
 * (app/real). Both drive the very same engines. One thread. Nothing here reads
 * a clock: every entry takes `now`.
 *
 * Routing of an ask by topic, first that fits:
 *   net.connect, net.datagram -> the host's carrier
 *   mailbox, spool            -> the host's store
 *   person.line               -> stays open until mg_runtime_tell()
 *   a layer's topic           -> the connection is wrapped (include/mailglass/layer.h)
 *   a kind with this topic that the host runs -> a new engine of it
 *   nobody                    -> answered with NULL at once
 *
 * Causes. The cause of an ask is the exchange that holds the peer's octet
 * number `ask.taken`, or, if that is 0, the cause of the asking engine's birth.
 * It becomes the parent of every flow, exchange, state and note that follows
 * from the answer being worked out.
 */
#pragma once

#include "store.h"
#include "trace.h"

G_BEGIN_DECLS

typedef struct MgRuntime MgRuntime;
typedef struct MgLine MgLine; /* one engine's end of a connection, or of a datagram's question */

/* What brings octets to the peer. Functions return at once; results come by
 * mg_line_*() calls, from the carrier's own queue or main loop, never from
 * inside these functions. */
typedef struct {
    /* Open a connection for `line`. Then: mg_line_connected(). */
    void (*connect)(void *carrier, MgLine *line, const char *address, uint16_t port);
    /* Octets in order; copied. They were recorded in the trace already. */
    void (*send)(void *carrier, MgLine *line, MgSpan octets);
    /* No more will be sent; what was, still goes out. The line is dead for the
     * runtime unless `keep_reading`: the carrier must not call it again, and
     * frees its own part in its time. */
    void (*close)(void *carrier, MgLine *line);
    /* Send one datagram and wait for an answer that mg_line_fits(): then mg_line_datagram(). */
    void (*datagram)(void *carrier, MgLine *line, const MgDatagramQuestion *question);
    /* The asker no longer waits for connect or datagram. */
    void (*cancel)(void *carrier, MgLine *line);
    /* (nullable) The simulated wire alone: MG_TOPIC_FORGE for a line that ends with it, and
     * MG_TOPIC_OVERHEAR; then mg_line_overheard(). */
    bool (*forge)(void *carrier, MgLine *line, const MgForgeQuestion *question);
    void (*overhear)(void *carrier, MgLine *line, uint16_t port);
    /* (nullable) The simulated wire alone: what arrives of octets of a stream where somebody on the
     * way writes over them. As long as `octets`; valid until the next call. */
    MgSpan (*alter)(void *carrier, const MgLine *line, MgSpan octets);
} MgCarrierClass;

struct MgLine { /* owned by the runtime; carriers may keep it until close() or
                   cancel() */
    MgRuntime *runtime;
    void *instance; /* the runtime's own: the engine at this end */
    const MgCarrierClass *carrier_class;
    void *carrier;
    void *end; /* the carrier's own */
    MgHostId host;
    MgFlowId flow;             /* the carrier sets it when the flow is known (connect, datagram) */
    MgDirection sends;         /* MG_FROM_CLIENT for who connects */
    uint32_t cause;            /* record; parent of the flow */
    uint8_t dissector;         /* of the flow, as the asker said */
    struct MgLineLayer *layer; /* (nullable) what its octets go through: runtime-layer.c */
    bool lingers; /* closed, but the peer's goodbye may come: no reason to reset the connection */
    bool gone;    /* reset or timed out: nothing can be sent any more */
    bool record_received;        /* the peer is not an engine of ours: record what comes
                                    in, too */
    uint64_t received;           /* octets handed to the engine */
    uint32_t engine;             /* number of the engine at this end */
    MgAskId ask;                 /* the connect, datagram or overhear that is open */
    GBytes *asked;               /* (nullable) a datagram's payload, and … */
    MgDatagramQuestion question; /* … what else it said; its pointers are dead */
    unsigned strangers;
};

MgRuntime *mg_runtime_new(MgRegistry *registry, MgTrace *trace, int64_t epoch, uint64_t seed);
void mg_runtime_free(MgRuntime *runtime);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgRuntime, mg_runtime_free)
MgTrace *mg_runtime_trace(const MgRuntime *runtime);

/* ---- hosts ---- */
/* `settings` is copied. */
MgHostId mg_runtime_add_host(MgRuntime *runtime, const char *name, const char *kind,
                             const char *region, const char *address, const MgSettings *settings);
/* Lets the host run this kind; `port` for servers (several calls: several
 * ports), else 0. Calls setup() once a kind; returns false when that
 * complained, with the lines added to `problems`. */
bool mg_runtime_add_engine(MgRuntime *runtime, MgHostId id, const MgEngineKind *kind, uint16_t port,
                           GPtrArray *problems);
/* Changes or adds one; engines that are born from now on are told. What a kind's setup() has made
 * stays; an engine may see that something has changed, for `rows` is another array then, never one
 * that was there before. */
void mg_runtime_set_setting(MgRuntime *runtime, MgHostId id, const char *key, const char *value);
/* What engines that are born now are told; until the next change. */
const MgSettings *mg_runtime_settings(const MgRuntime *runtime, MgHostId id);
void mg_runtime_set_carrier(MgRuntime *runtime, MgHostId id, const MgCarrierClass *carrier_class,
                            void *carrier);
MgStore *mg_runtime_store(MgRuntime *runtime, MgHostId id); /* made on first use */
/* (nullable) the kind that lets a person answer there in the engine's place. */
const MgEngineKind *mg_runtime_by_hand(const MgRuntime *runtime, MgHostId id, uint16_t port);
/* From the next connection on: a person, or the engine again. False: nobody can, there. */
bool mg_runtime_take_over(MgRuntime *runtime, MgHostId id, uint16_t port, bool by_hand);
/* (nullable) the kind that listens there. */
const MgEngineKind *mg_runtime_listener(const MgRuntime *runtime, MgHostId id,
                                        MgTransport transport, uint16_t port);

/* ---- what carriers call ---- */
/* A peer that has connected to, or sent a datagram to, a port that has a listener. */
typedef struct {
    MgHostId host;
    const MgEngineKind *kind;
    const MgCarrierClass *carrier_class;
    void *carrier, *end;
    MgFlowId flow;
    bool record_received; /* as in MgLine */
} MgVisitor;
/* Makes the server's engine and its line. For a stream, what the server says first (a greeting) is
 * sent before this returns. NULL when it has hung up already: then close() was called on its line.
 */
MgLine *mg_runtime_accept(MgRuntime *runtime, const MgVisitor *visitor, MgTime now);
void mg_line_connected(MgLine *line, MgReach reach, const char *text, MgTime now);
void mg_line_received(MgLine *line, MgSpan octets, MgTime now);
void mg_line_ended(MgLine *line, MgEnd how, MgTime now);
void mg_line_datagram(MgLine *line, MgReach reach, MgSpan payload, MgTime now);
/* Is this what was asked for? What is not is counted. */
bool mg_line_fits(MgLine *line, MgSpan payload);
void mg_line_overheard(MgLine *line, const MgOverhearAnswer *answer, MgTime now);

/* ---- what a script or a person does ---- */
/* "send", {"mail/hello.eml", "to", "bob@example.net"}. Returns the engine's
 * number, or 0 with an error that lists the verbs of this host. */
uint32_t mg_runtime_say(MgRuntime *runtime, MgHostId id, const char *verb, const MgVerbCall *call,
                        MgTime now, GError **error);
/* Asks a topic on behalf of a program (the command line's `send`, `dns
 * lookup`): `done` is called once with the answer, which may come before this
 * returns; never if the engine dies without one. Returns the engine's number,
 * or 0 if nobody answers. */
typedef void (*MgAnswered)(const void *answer, void *data);
typedef struct {
    MgAnswered done;
    void *data;
} MgListener;
uint32_t mg_runtime_ask(MgRuntime *runtime, MgHostId id, const char *topic, const void *question,
                        MgListener listener, MgTime now);

/* Gives birth to a command's engine. `seen` hears each DELIVER as it comes; the engine is done when
 * it is gone. `files` answers MG_TOPIC_FILE; NULL: nobody. */
typedef struct {
    void (*seen)(const char *type, const void *item, void *data);
    void (*file)(const MgFileQuestion *question, MgFileAnswer *answer, void *data); /* (nullable) */
    void *data;
} MgCommander;
void mg_runtime_command(MgRuntime *runtime, MgHostId id, const MgEngineKind *kind,
                        const MgCommandCall *call, const MgCommander *commander);

/* Somebody types a line where an engine of this host asks for one (MG_TOPIC_PERSON), the youngest
 * of several; NULL hangs up. False with an error if none asks. */
bool mg_runtime_tell(MgRuntime *runtime, MgHostId id, const char *text, MgTime now, GError **error);
/* Does an engine of this host ask for a line? `flow` (nullable out): what it talks on, or 0. */
bool mg_runtime_waiting(const MgRuntime *runtime, MgHostId id, MgFlowId *flow);
bool mg_runtime_waits(const MgRuntime *runtime); /* … of any host */

/* ---- time ---- */
MgTime mg_runtime_deadline(const MgRuntime *runtime);
void mg_runtime_advance(MgRuntime *runtime, MgTime now); /* engines whose deadline has come */
/* The host crashes: its engines die without a word, its lines are dropped; the store stays, with
 * mailboxes and spool. */
void mg_runtime_crash(MgRuntime *runtime, MgHostId id, MgTime now);
/* It is up again: for each item of its spool an engine is born of the kind that put it there. Its
 * cause is that of the engine that did. Once after each crash. */
void mg_runtime_revive(MgRuntime *runtime, MgHostId id, MgTime now);

/* ---- for readers ---- */
typedef struct {
    uint64_t delivered, bounced, dropped, relayed, sent, refused, fetched; /* recipients */
    uint64_t queued;  /* mails that a host has accepted and not yet got rid of */
    uint32_t engines; /* alive */
} MgRuntimeCounts;
void mg_runtime_counts(const MgRuntime *runtime, MgRuntimeCounts *counts);
/* Facts of the engines alive on this host, as (engine name, state, facts); for
 * host cards and the inspector. Calls `each` for every engine, in order of
 * birth. */
typedef void (*MgEachEngine)(uint32_t number, const MgEngineKind *kind, const char *state,
                             const MgFact *facts, size_t n_facts, void *data);
void mg_runtime_each_engine(const MgRuntime *runtime, MgHostId id, MgEachEngine each, void *data);
/* The same of what the host's engines share, whether any is alive or not. */
typedef void (*MgEachShared)(const MgEngineKind *kind, const MgFact *facts, size_t n_facts,
                             void *data);
void mg_runtime_each_shared(const MgRuntime *runtime, MgHostId id, MgTime now, MgEachShared each,
                            void *data);
/* DELIVERs of MG_DELIVER_FATE, as they happen; NULL for none. */
typedef void (*MgFateSeen)(MgHostId host, const MgFate *fate, MgTime now, void *data);
void mg_runtime_on_fate(MgRuntime *runtime, MgFateSeen seen, void *data);

G_END_DECLS
