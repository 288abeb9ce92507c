/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pcapng.h - a trace as a capture file that other programs read
 *
 * What is in it is what a capture at each sender's own card would show: every packet that was put
 * on the wire, those that were lost on the way included. So nothing that is acknowledged was
 * never seen, and what was sent again is seen twice. A connection that a real socket carried, of
 * which only octets are known, gets headers made for it, and says so in a comment.
 *
 * Beside the packets: the names of hosts (name resolution block), summaries and explanations
 * (packet comments), title and seed (a custom option of the section). */
#pragma once

#include "trace.h"

G_BEGIN_DECLS

/* Writes the file anew. On error: MG_ERROR_CAPTURE, and the text names the file. */
bool mg_pcapng_write(const MgTrace *trace, const char *path, GError **error);

/* For a trace that is to go on for weeks: it forgets (mg_trace_set_forgetful()) what was written,
 * and what happens is in the file a second or two later. Needs a main loop. A comment about a
 * packet that is written already is lost. */
typedef struct MgPcapng MgPcapng;
MgPcapng *mg_pcapng_follow(MgTrace *trace, const char *path, GError **error);
/* Writes the rest. False if anything went wrong since it was opened. */
bool mg_pcapng_close(MgPcapng *file, GError **error);

G_END_DECLS
