/* SPDX-License-Identifier: GPL-3.0-or-later */
/* outbox.h - what an engine has to say, in order: octets with events between them
 *
 * Octets are gathered in one buffer, and an event remembers how many of them come before it. So a
 * reply of many pieces is one SEND, and nothing is allocated for a command once the buffers have
 * grown. Octets that the engine keeps anyway are an event of their own (mg_outbox_lend()).
 */
#pragma once

#include <mailglass/engine.h>

G_BEGIN_DECLS

typedef struct {
    GString *octets;
    GArray *events; /* of MgOutboxEvent */
    size_t sent;    /* octets that were handed out */
    unsigned given; /* events that were handed out */
} MgOutbox;

typedef struct {
    size_t at; /* octets before it */
    MgEvent event;
} MgOutboxEvent;

static inline void mg_outbox_init(MgOutbox *box)
{
    *box = (MgOutbox){.octets = g_string_new(NULL),
                      .events = g_array_sized_new(FALSE, FALSE, sizeof(MgOutboxEvent), 4)};
}

static inline void mg_outbox_clear(MgOutbox *box)
{
    g_string_free(box->octets, TRUE);
    g_array_unref(box->events);
}

static inline void mg_outbox_add(MgOutbox *box, MgEvent event)
{
    MgOutboxEvent entry = {box->octets->len, event};
    g_array_append_val(box->events, entry);
}

/* `rule` and the bytes it is about must stay until the event was handed out. */
static inline void mg_outbox_note(MgOutbox *box, const MgRule *rule, MgSpan where)
{
    mg_outbox_add(box, (MgEvent){.kind = MG_EVENT_NOTE, .note = {.rule = rule, .where = where}});
}

/* Octets that stay where they are until they were handed out: a large message is not copied. */
static inline void mg_outbox_lend(MgOutbox *box, MgSpan octets)
{
    if (octets.len > 0)
        mg_outbox_add(box, (MgEvent){.kind = MG_EVENT_SEND, .send = octets});
}

/* The next event, or false when all was said; then the buffers are empty again. */
static inline bool mg_outbox_next(MgOutbox *box, MgEvent *event)
{
    size_t until = box->octets->len;
    bool has_event = box->given < box->events->len;
    if (has_event)
        until = g_array_index(box->events, MgOutboxEvent, box->given).at;
    if (box->sent < until) {
        *event =
            (MgEvent){.kind = MG_EVENT_SEND,
                      .send = {(const uint8_t *)box->octets->str + box->sent, until - box->sent}};
        box->sent = until;
        return true;
    }
    if (has_event) {
        *event = g_array_index(box->events, MgOutboxEvent, box->given++).event;
        return true;
    }
    if (until > 0)
        g_string_truncate(box->octets, 0);
    if (box->given > 0)
        g_array_set_size(box->events, 0);
    box->sent = 0;
    box->given = 0;
    return false;
}

/* One row an edge: asserts that the move is in the table, says it, and makes it. */
static inline void mg_outbox_enter(MgOutbox *box, const MgTransition *table, const char **state,
                                   const char *to)
{
    if (*state == to)
        return;
    const MgTransition *row = table;
    while (row->from != NULL && (row->from != *state || row->to != to))
        row++;
    g_assert(row->from != NULL);
    mg_outbox_add(box, (MgEvent){.kind = MG_EVENT_STATE, .state = {.from = *state, .to = to}});
    *state = to;
}

G_END_DECLS
