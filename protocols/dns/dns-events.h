/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-events.h - what an engine has to say, in order, in a small queue that allocates nothing */
#pragma once

#include <mailglass/engine.h>

G_BEGIN_DECLS

#define MG_DNS_EVENTS_MAX 48

typedef struct {
    unsigned n, given;
    MgEvent items[MG_DNS_EVENTS_MAX];
} MgDnsEvents;

static inline void mg_dns_events_add(MgDnsEvents *events, MgEvent event)
{
    g_assert(events->n < MG_DNS_EVENTS_MAX);
    events->items[events->n++] = event;
}

/* Notes are dropped when there are very many. */
static inline void mg_dns_events_note(MgDnsEvents *events, const MgRule *rule, MgSpan where)
{
    if (events->n < MG_DNS_EVENTS_MAX - 8)
        mg_dns_events_add(events, (MgEvent){.kind = MG_EVENT_NOTE, .note = {rule, where}});
}

/* Moves *state, which must be a row of the kind's. */
static inline void mg_dns_events_enter(MgDnsEvents *events, const MgEngineKind *kind,
                                       const char **state, const char *to)
{
    const MgTransition *row = kind->transitions;
    while (row->from != NULL && (row->from != *state || row->to != to))
        row++;
    g_assert(row->from != NULL);
    mg_dns_events_add(events, (MgEvent){.kind = MG_EVENT_STATE, .state = {*state, to}});
    *state = to;
}

static inline bool mg_dns_events_next(MgDnsEvents *events, MgEvent *event)
{
    if (events->given == events->n)
        return false;
    *event = events->items[events->given++];
    if (events->given == events->n) /* at once: an answer to this event may bring the next */
        events->n = events->given = 0;
    return true;
}

G_END_DECLS
