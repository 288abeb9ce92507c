/* SPDX-License-Identifier: GPL-3.0-or-later */
/* poller.h - many sockets behind one GSource
 *
 * With a GSource for each socket, GLib would ask each of them in every turn of its loop, and wake
 * itself up with every change. And a busy poller asks the system again before it goes back to the
 * loop.
 */
#pragma once

#include <glib.h>

#include <mailglass/base.h>

G_BEGIN_DECLS

typedef struct MgPoller MgPoller;

/* A socket that is waited for; its owner's, and zeroed but for the first two at first. */
typedef struct {
    void (*ready)(void *data, GIOCondition condition);
    void *data;
    GIOCondition wants; /* 0: nothing */
} MgWatch;

MgPoller *mg_poller_new(GMainContext *context);
void mg_poller_free(MgPoller *poller);

/* From now on `watch` waits for G_IO_IN, G_IO_OUT, both, or nothing at all: so it must be before
 * its socket is closed. It must not be moved while it waits. An error, or an end of both
 * directions, is told whatever is waited for. */
void mg_poller_watch(MgPoller *poller, MgWatch *watch, int fd, GIOCondition wants);

G_END_DECLS
