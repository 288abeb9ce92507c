/* SPDX-License-Identifier: GPL-3.0-or-later */
/* toys.h - engines so small that what is tested is the runtime and the wire around them */
#pragma once

#include "world.h"

G_BEGIN_DECLS

/* "toy.echo" (stream, port 7): sends back what it gets, closes when the peer does. "toy.caller"
 * (verb "call", words ADDRESS OCTETS [PORT]): connects, sends a pattern, checks that the same comes
 * back, closes. "toy.clock" (datagram, port 37): answers with the question. "toy.wonder" (verb
 * "wonder", ADDRESS [PORT]): asks it. "toy.line" (stream, port 9): for each line asks "toy.topic",
 * sends the answer's number. "toy.topic" (topic "toy.topic"): asks a clock at its setting `clock`,
 * then answers. "toy.fickle" (verb "dither", ADDRESS): asks, cancels, connects twice, closes. */
extern const MgEngineKind mg_toy_echo, mg_toy_caller, mg_toy_clock, mg_toy_wonder, mg_toy_line,
    mg_toy_topic, mg_toy_fickle;

/* What became of the callers and wonderers since the program began. */
typedef struct {
    unsigned connected, refused, timed_out, unreachable, reset, closed, dropped;
    uint64_t octets_back;
    unsigned answers, no_answers;
} MgToyTally;
extern MgToyTally mg_toy_tally;

/* A network of two hosts, a (192.0.2.1) and b (192.0.2.2), with a link; `kinds` run on both. */
MgNetwork *mg_toy_network(MgTime delay, double loss);
void mg_toy_network_free(MgNetwork *network);
void mg_toy_act(MgNetwork *network, MgTime at, const char *verb, const char *words);

G_END_DECLS
