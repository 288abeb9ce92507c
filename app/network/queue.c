/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue.c - a 4-ary heap: shallower than a binary one, and four children share a cache line or two
 */
#include "queue.h"

static bool before(const MgQueued *a, const MgQueued *b)
{
    return a->at != b->at ? a->at < b->at : a->sequence < b->sequence;
}

void mg_queue_push(MgQueue *queue, MgQueued event)
{
    if (queue->n == queue->room) {
        queue->room = MAX(64, 2 * queue->room);
        queue->events = g_renew(MgQueued, queue->events, queue->room);
    }
    event.sequence = ++queue->sequence;
    size_t at = queue->n++;
    while (at > 0 && before(&event, &queue->events[(at - 1) / 4])) {
        queue->events[at] = queue->events[(at - 1) / 4];
        at = (at - 1) / 4;
    }
    queue->events[at] = event;
}

MgQueued mg_queue_pop(MgQueue *queue)
{
    g_assert(queue->n > 0);
    MgQueued top = queue->events[0], last = queue->events[--queue->n];
    size_t at = 0;
    for (;;) {
        size_t first = 4 * at + 1, best = first;
        for (size_t i = first + 1; i < MIN(first + 4, queue->n); i++)
            if (before(&queue->events[i], &queue->events[best]))
                best = i;
        if (best >= queue->n || !before(&queue->events[best], &last))
            break;
        queue->events[at] = queue->events[best];
        at = best;
    }
    queue->events[at] = last;
    return top;
}

void mg_queue_clear(MgQueue *queue)
{
    g_free(queue->events);
    *queue = (MgQueue){0};
}
