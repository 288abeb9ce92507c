/* SPDX-License-Identifier: GPL-3.0-or-later */
/* outbox.h - what an engine has to say, in order: octets with events between them
 *
 * Octets are gathered in one buffer, and an event remembers how many of them come before it. So a
 * reply of many pieces is one SEND, and nothing is allocated for a command once the buffers have
 * grown.
 */
#pragma once

#include <mailglass/engine.h>

G_BEGIN_DECLS

typedef struct {
    GString *octets;
    GArray *events; /* of OutboxEvent */
    size_t sent;    /* octets that were handed out */
    unsigned given; /* events that were handed out */
} Outbox;

typedef struct {
    size_t at; /* octets before it */
    MgEvent event;
} OutboxEvent;

static inline void outbox_init(Outbox *box)
{
    box->octets = g_string_new(NULL);
    box->events = g_array_sized_new(FALSE, FALSE, sizeof(OutboxEvent), 4);
}

static inline void outbox_clear(Outbox *box)
{
    g_string_free(box->octets, TRUE);
    g_array_unref(box->events);
}

static inline void outbox_add(Outbox *box, MgEvent event)
{
    OutboxEvent entry = {box->octets->len, event};
    g_array_append_val(box->events, entry);
}

/* The next event, or false when all was said; then the buffers are empty again. */
static inline bool outbox_next(Outbox *box, MgEvent *event)
{
    size_t until = box->octets->len;
    bool has_event = box->given < box->events->len;
    if (has_event)
        until = g_array_index(box->events, OutboxEvent, box->given).at;
    if (box->sent < until) {
        *event =
            (MgEvent){.kind = MG_EVENT_SEND,
                      .send = {(const uint8_t *)box->octets->str + box->sent, until - box->sent}};
        box->sent = until;
        return true;
    }
    if (has_event) {
        *event = g_array_index(box->events, OutboxEvent, box->given++).event;
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

G_END_DECLS
