/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue.h - what will happen, ordered by (time, sequence number): a 4-ary heap of small events */
#pragma once

#include <mailglass/base.h>

G_BEGIN_DECLS

typedef struct {
    MgTime at;
    uint64_t sequence; /* given by push(): two events of one time happen in the order of pushing */
    void *about;       /* a connection, a datagram, …, as `what` says */
    uint64_t offset;   /* TCP: first octet of the segment in its direction's stream */
    uint64_t ack;      /* TCP: octets of the other direction that are acknowledged */
    uint32_t len;
    uint8_t what;
    uint8_t flags; /* TCP */
    uint8_t end;   /* which end it is for: MgDirection of what that end sends */
} MgQueued;

typedef struct {
    MgQueued *events;
    size_t n, room;
    uint64_t sequence;
} MgQueue;

void mg_queue_push(MgQueue *queue, MgQueued event);
MgQueued mg_queue_pop(MgQueue *queue); /* asserts that there is one */
static inline MgTime mg_queue_next(const MgQueue *queue)
{
    return queue->n > 0 ? queue->events[0].at : MG_TIME_NEVER;
}
void mg_queue_clear(MgQueue *queue);

G_END_DECLS
