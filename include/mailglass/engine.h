/* SPDX-License-Identifier: GPL-3.0-or-later */
/* engine.h - the shape shared by everything that waits
 *
 * An engine is a value that turns bytes and answers into events. It does no I/O, reads no clock,
 * draws no random numbers but from its seed, keeps no globals, and calls nobody back: everything it
 * wants to say comes out of next(), in order. The same inputs give the same events, always.
 *
 *      receive(bytes) ─┐                    ┌─> SEND     bytes for the peer
 *      answer(ask)    ─┼─>  [ engine ]  ────┼─> ASK      suspended until answered
 *      advance(now)   ─┘     next()         ├─> NOTE     a rule met, bent or broken
 *                                           └─> STATE, DELIVER, CANCEL, STARTTLS, CLOSE
 *
 * ASK is the only way to wait. An SMTP server asks for a verdict, a client asks for a connection, a
 * resolver asks for a datagram's reply. The host routes each topic to whoever can answer it; the
 * tree of open asks is what the ladder folds. Topics that cross plugins are in topics.h.
 *
 * How an engine is born (MgBirth), and what it is then:
 *   - a *server*: the kind has a port. One is made for each connection, or, when the transport is
 *     DATAGRAM, for each datagram that arrives; it lives until CLOSE.
 *   - an *answerer*: the kind has a topic. One is made for each ask of that topic on its host, with
 *     the question. It DELIVERs the answer (type = the topic) once. It may go on after that, until
 *     CLOSE: a queued mail is the answerer of "mail.accept" that lives on.
 *   - a *verb*: the kind has a verb. One is made when a script or a person says
 *     "HOST VERB WORDS…"; its question is an MgVerbCall.
 *   - a *command*: the kind has a command row. One is made when somebody runs "mailglass NAME …";
 *     its question is an MgCommandCall.
 * What all engines of one kind on one host share (zones, a cache) is made by setup() and comes in
 * MgBirth.shared; kinds that have the same setup() share the same.
 */
#pragma once

#include <mailglass/base.h>

G_BEGIN_DECLS

typedef uint32_t MgAskId; /* unique within one engine; 0 is never used */

typedef struct {
    MgAskId id;
    const char *topic;    /* "smtp.policy", "dns.lookup": names the two structs */
    const void *question; /* borrowed until the next call on the engine         */
    uint64_t taken; /* octets of the peer's that were consumed when this was asked, so that the host
                       finds the exchange that caused it; 0 if none */
} MgAsk;

typedef enum {
    MG_EVENT_SEND = 1,
    MG_EVENT_ASK,
    MG_EVENT_CANCEL,
    MG_EVENT_NOTE,
    MG_EVENT_STATE,
    MG_EVENT_DELIVER,
    MG_EVENT_STARTTLS, /* an ASK of MG_TOPIC_SECURE (topics.h), in `ask`: what was sent before it
                          goes out as it is, what is sent after it is encrypted. A kind of its own,
                          so that who reads events sees where the plaintext ends */
    MG_EVENT_CLOSE /* the connection, if any, is closed and the engine is done: no event follows */
} MgEventKind;

/* Everything reachable from an event is borrowed and valid until the next call on its engine. */
typedef struct {
    MgEventKind kind;
    union {
        MgSpan send;
        MgAsk ask; /* ASK, STARTTLS */
        MgAskId cancel;
        struct {
            const MgRule *rule;
            MgSpan where; /* the offending bytes; may be empty */
        } note;
        struct {
            const char *from, *to; /* static names, as in the kind's transitions */
        } state;
        struct {
            const char *type; /* an answerer's topic, or MG_DELIVER_… of topics.h */
            const void *item;
        } deliver;
    };
} MgEvent;

typedef enum { MG_TRANSPORT_NONE, MG_TRANSPORT_STREAM, MG_TRANSPORT_DATAGRAM } MgTransport;

/* How the peer's bytes end. */
typedef enum {
    MG_END_CLOSED, /* the peer will send no more; it can still read (TCP FIN)  */
    MG_END_RESET,  /* the connection is gone (TCP RST): nothing can be sent    */
    MG_END_TIMEOUT /* the connection is gone: the peer stopped acknowledging   */
} MgEnd;

/* One row an edge: the engine obeys this table and the window draws its diagram from it. */
typedef struct {
    const char *from, *on, *to, *source;
} MgTransition; /* a table ends with {0} */

/* What an engine says of itself while it waits, for the host's card and the inspector:
 * {N_("Envelope"), "alice@example.com → 2 recipients"}. A label with tabs has the heads of a table,
 * and the value, with as many, is a row of it: {N_("Name\tType"), "example.net.\tMX"}; facts of one
 * label that follow each other are one table. */
typedef struct {
    const char *label; /* static, N_() */
    char value[120];   /* UTF-8, NUL-terminated, cut at a character */
} MgFact;

typedef struct MgEngine MgEngine;

/* What an engine is born with. All of it is borrowed during create(). */
typedef struct {
    const void *question;                     /* answerers, verbs, commands; NULL for servers */
    void *shared;                             /* (nullable) what setup() made for this host */
    const MgSettings *settings;               /* the host's, after the kind's rows; never NULL */
    const char *host;                         /* this host's name: "mta.example.com" */
    const char *local_address, *peer_address; /* servers: IP as text; peer is NULL for others */
    uint16_t local_port, peer_port;
    int64_t epoch; /* Unix time, in seconds, of MgTime 0 */
    uint64_t seed; /* this engine's own; see mg_random_next() */
    MgTime now;
    /* (nullable) Born again after a crash of its host: what it had put into the spool (topics.h).
     * Then there is no question, and nobody who waits for an answer. */
    const struct MgSpooled *spooled;
} MgBirth;

/* A command of the program `mailglass`, as data. The engine is born with an MgCommandCall
 * (topics.h), and says what is printed by DELIVER. Every command has --help and --json. */
typedef struct {
    const char *name;     /* "zone", as in --zone */
    const char *argument; /* (nullable) "FILE": its content is the value; "ADDRESS", "N" …; NULL: a
                             switch, whose value is "true" */
    const char *about;    /* N_() one sentence */
    const char *setting;  /* (nullable) the key it has in the settings; NULL: its name */
    bool many;            /* it may be given several times */
} MgCommandOption;        /* a table ends with {0} */
typedef struct {
    const char *name;               /* "dns zone" */
    const char *usage;              /* (nullable) the words after it: "FILE…", "NAME [TYPE]" */
    const char *summary;            /* N_() one line */
    const char *about;              /* N_() for --help: what it does, and an example */
    const MgCommandOption *options; /* (nullable) */
    const char *serves; /* (nullable) "dns.server dns.server-tcp": no engine is born; these wait at
                           --listen ADDRESS:PORT until the user ends it */
    bool real;          /* it talks to real servers: --trace and --timeout are there too */
} MgCommandRow;

/* What one sort of engine is, as data: first for people and tools, then for the host. */
typedef struct {
    const char *name;    /* "smtp.server" */
    const char *summary; /* N_() one line */
    const char *usual;   /* (nullable) host kinds that run it unless told otherwise, with its port
                            when it is a server: "mta:25 mta:587", "mua" */
    MgTransport transport;
    uint16_t port;      /* servers: the customary port; else 0 */
    const char *topic;  /* answerers: what it answers; else NULL */
    const char *verb;   /* verbs: "send"; else NULL */
    const char *usage;  /* verbs: "send FILE to ADDRESS…": FILE words become content */
    const char *scheme; /* verbs (nullable): only for URLs of this scheme, "pop3": in … */
    const char
        *scheme_setting; /* … this setting, "fetch"; NULL: in the first word after the verb */
    const MgCommandRow *command;     /* commands (nullable) */
    const char *dissector;           /* (nullable) the dissector of its bytes: "smtp" */
    const MgSettingRow *settings;    /* (nullable) ends with {0} */
    const MgRule *rules;             /* (nullable) ends with {0} */
    const MgTransition *transitions; /* (nullable) ends with {0} */

    /* (nullable) Makes what all engines of this kind on a host share, once, before the run. Each
     * complaint is added to `problems` as "PATH:LINE: text", or "KEY: text" of a setting, or plain
     * text; any complaint that is an error makes it return NULL. */
    void *(*setup)(const MgSettings *settings, GPtrArray *problems);
    void (*teardown)(void *shared);

    MgEngine *(*create)(const MgBirth *birth); /* (transfer full); never NULL */
    void (*free)(MgEngine *engine);
    bool (*next)(MgEngine *engine, MgEvent *event);
    /* Each is nullable: of an engine that has no peer, that waits for no time (both or neither of
     * the two), that never asks. */
    void (*receive)(MgEngine *engine, MgSpan bytes, MgTime now);
    void (*receive_end)(MgEngine *engine, MgEnd how, MgTime now);
    void (*advance)(MgEngine *engine, MgTime now);
    MgTime (*deadline)(const MgEngine *engine);
    bool (*answer)(MgEngine *engine, MgAskId ask, const void *answer, MgTime now);
    size_t (*facts)(const MgEngine *engine, MgFact *facts, size_t max); /* (nullable) */
    /* (nullable) What is to be told of what setup() made: told also while no engine of
     * the kind is alive. One of the kinds that share it is enough. */
    size_t (*shared_facts)(const void *shared, MgTime now, MgFact *facts, size_t max);
    const char *stands_for; /* (nullable) of a server that a person drives: in whose place */
} MgEngineKind;

struct MgEngine { /* the first member of every engine */
    const MgEngineKind *kind;
};

/* Bytes from the peer. They are copied and looked at later, in next(). Allowed at any time, also
 * after an end or CLOSE (then ignored). */
static inline void mg_engine_receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    if (engine->kind->receive != NULL)
        engine->kind->receive(engine, bytes, now);
}

/* The peer's bytes have ended. What was received before still counts. */
static inline void mg_engine_receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
    if (engine->kind->receive_end != NULL)
        engine->kind->receive_end(engine, how, now);
}

/* Call when deadline() has come. Calling early is harmless. */
static inline void mg_engine_advance(MgEngine *engine, MgTime now)
{
    if (engine->kind->advance != NULL)
        engine->kind->advance(engine, now);
}

/* Answers the open ask with its topic's answer struct, which is copied. `answer` NULL means: nobody
 * here answers this topic; every engine has a default for that. Returns false, and does nothing, if
 * `ask` is not open: it was answered, cancelled, or never asked. */
static inline bool mg_engine_answer(MgEngine *engine, MgAskId ask, const void *answer, MgTime now)
{
    return engine->kind->answer != NULL && engine->kind->answer(engine, ask, answer, now);
}

/* Writes the next event and returns true, or returns false when nothing more can happen until one
 * of the calls above. */
static inline bool mg_engine_next(MgEngine *engine, MgEvent *event)
{
    return engine->kind->next(engine, event);
}

/* When advance() must be called next; MG_TIME_NEVER if it need not be. */
static inline MgTime mg_engine_deadline(const MgEngine *engine)
{
    return engine->kind->deadline != NULL ? engine->kind->deadline(engine) : MG_TIME_NEVER;
}

static inline void mg_engine_free(MgEngine *engine)
{
    if (engine != NULL)
        engine->kind->free(engine);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgEngine, mg_engine_free)

/* SplitMix64 (Steele, Lea, Flood 2014): the only source of chance in an engine. */
static inline uint64_t mg_random_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

G_END_DECLS
