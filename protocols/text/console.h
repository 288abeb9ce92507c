/* SPDX-License-Identifier: GPL-3.0-or-later */
/* console.h - an engine that a person drives by hand, one line at a time
 *
 * As a client it is the verb "talk smtp://mta.example.com:587": it looks the name up, connects, and
 * then ASKs the person for line after line (MG_TOPIC_PERSON). As a server it waits for whoever
 * connects and asks the same. It understands nothing of what it sends: every mistake goes out as it
 * was typed, and the peer answers as it would. The one thing that it knows is how TLS begins: when
 * one of the two has said the word for it and the other has agreed, it asks for TLS (net.secure),
 * and what is typed next goes inside.
 *
 * A protocol that is spoken in lines has a kind of each, with MG_CONSOLE_METHODS, and a create() of
 * its own that calls mg_console_new().
 */
#pragma once

#include <mailglass/engine.h>
#include <mailglass/topics.h>

G_BEGIN_DECLS

extern const MgRule mg_console_rules[];
extern const MgTransition mg_console_transitions[];

typedef struct {
    struct {
        const char *word, *yes;
    } starttls;     /* how TLS begins in the middle, as the row of a dissector */
    uint16_t port;  /* a client's where the URL says none */
    bool tls_first; /* a client that speaks TLS from the start */
} MgConsoleWay;

/* `way` must stay. */
MgEngine *mg_console_new(const MgEngineKind *kind, const MgBirth *birth, const MgConsoleWay *way);
void mg_console_free(MgEngine *engine);
void mg_console_receive(MgEngine *engine, MgSpan bytes, MgTime now);
void mg_console_receive_end(MgEngine *engine, MgEnd how, MgTime now);
void mg_console_advance(MgEngine *engine, MgTime now);
bool mg_console_answer(MgEngine *engine, MgAskId ask, const void *answer, MgTime now);
bool mg_console_next(MgEngine *engine, MgEvent *event);
MgTime mg_console_deadline(const MgEngine *engine);
size_t mg_console_facts(const MgEngine *engine, MgFact *facts, size_t max);

#define MG_CONSOLE_METHODS                                                                         \
    .rules = mg_console_rules, .transitions = mg_console_transitions, .free = mg_console_free,     \
    .receive = mg_console_receive, .receive_end = mg_console_receive_end,                          \
    .advance = mg_console_advance, .answer = mg_console_answer, .next = mg_console_next,           \
    .deadline = mg_console_deadline, .facts = mg_console_facts

G_END_DECLS
