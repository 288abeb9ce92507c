/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session-steps.h - where a step leads in a trace: to the next exchange, answer, conversation, hop
 *
 * Keeps a small index beside a trace (the first and last record of each flow, the hops of mail). It
 * grows with the trace, so that a step looks at its neighbourhood and never at the whole.
 */
#pragma once

#include "session.h"

G_BEGIN_DECLS

typedef struct MgSteps MgSteps;

MgSteps *mg_steps_new(MgTrace *trace);
void mg_steps_free(MgSteps *steps);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgSteps, mg_steps_free)

/* Where a step from record `from` leads: 0 or the trace's n_records at the ends. */
uint32_t mg_steps_peek(MgSteps *steps, uint32_t from, MgStep step, bool back);

G_END_DECLS
