/* SPDX-License-Identifier: GPL-3.0-or-later */
/* filter.h - the one filter language: a subset of Wireshark's display filters
 *
 *   filter     = or ;  or = and {("or" | "||") and} ;  and = not {("and" | "&&") not}
 *   not        = ("not" | "!") not | "(" or ")" | test
 *   test       = field [op value | "in" "{" value [".." value] {"," value} "}"]
 *   op         = "==" "eq" "!=" "ne" ">" "gt" "<" "lt" ">=" "ge" "<=" "le" "contains" "matches" "~"
 *   value      = "text" | number (10, 0x0a) | IP address[/bits] | true | false | bare-word
 *
 * A bare field, or a dissector's name ("smtp"), tests for presence. A field that occurs several
 * times matches if any does (so `!=` is "some differs", as Wireshark's `!==`… is not offered).
 * Beside the dissectors' fields: frame.number, frame.time_relative, frame.len, ip.src, ip.dst,
 * ip.addr, tcp.port, tcp.srcport, tcp.dstport, tcp.stream, udp.port, …, and ours:
 * mailglass.from, mailglass.to, mailglass.host (names of hosts), mailglass.kind ("command" …),
 * mailglass.parent, mailglass.encrypted, mailglass.state, mailglass.engine, mailglass.rule.
 */
#pragma once

#include "trace.h"

G_BEGIN_DECLS

typedef struct MgFilter MgFilter;

/* (transfer full) On error: MG_ERROR_FILTER, whose text shows the column and what was expected. */
MgFilter *mg_filter_new(const char *text, const MgRegistry *registry, GError **error);
void mg_filter_free(MgFilter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgFilter, mg_filter_free)

bool mg_filter_match(const MgFilter *filter, const MgTrace *trace, uint32_t n);
/* Names that may follow `text` when something is being typed: (transfer full) (element-type utf8).
 */
GPtrArray *mg_filter_complete(const char *text, const MgRegistry *registry);

G_END_DECLS
