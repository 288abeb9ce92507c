/* SPDX-License-Identifier: GPL-3.0-or-later */
/* poller.c - a GSource that waits for an epoll */
#include "poller.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/epoll.h>
#include <unistd.h>

#define BATCH  64
#define ROUNDS 16u /* without a turn of the loop, which others wait for */

struct MgPoller {
    GSource *source;
    int fd;
    struct epoll_event events[BATCH]; /* those that are told just now */
    int n_events;
};

typedef struct {
    GSource base;
    MgPoller *poller;
} PollerSource;

static gboolean dispatch(GSource *source, GSourceFunc callback, void *data)
{
    MgPoller *poller = ((PollerSource *)source)->poller;
    for (unsigned round = 0; round < ROUNDS; round++) {
        int n = epoll_wait(poller->fd, poller->events, BATCH, 0);
        poller->n_events = MAX(n, 0);
        for (int i = 0; i < poller->n_events; i++) {
            MgWatch *watch = poller->events[i].data.ptr; /* NULL: it has stopped to wait */
            if (watch != NULL)
                watch->ready(watch->data, (GIOCondition)poller->events[i].events);
        }
        poller->n_events = 0;
        if (n <= 0)
            break;
    }
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {.dispatch = dispatch};

/* The system's names and GLib's are the same bits. */
G_STATIC_ASSERT((int)EPOLLIN == (int)G_IO_IN && (int)EPOLLOUT == (int)G_IO_OUT &&
                (int)EPOLLERR == (int)G_IO_ERR && (int)EPOLLHUP == (int)G_IO_HUP);

MgPoller *mg_poller_new(GMainContext *context)
{
    MgPoller *poller = g_new0(MgPoller, 1);
    poller->fd = epoll_create1(EPOLL_CLOEXEC);
    if (poller->fd < 0)
        g_error("epoll: %s", g_strerror(errno)); /* no memory, or no descriptors, at the start */
    poller->source = g_source_new(&source_funcs, sizeof(PollerSource));
    g_source_set_static_name(poller->source, "poller");
    ((PollerSource *)poller->source)->poller = poller;
    g_source_add_unix_fd(poller->source, poller->fd, G_IO_IN);
    /* Else GLib takes the descriptor out of its poll() for each call and puts it back, and wakes
     * itself for both. */
    g_source_set_can_recurse(poller->source, TRUE);
    g_source_attach(poller->source, context);
    return poller;
}

void mg_poller_free(MgPoller *poller)
{
    g_source_destroy(poller->source);
    g_source_unref(poller->source);
    close(poller->fd);
    g_free(poller);
}

void mg_poller_watch(MgPoller *poller, MgWatch *watch, int fd, GIOCondition wants)
{
    if (watch->wants == wants)
        return;
    int operation = wants == 0 ? EPOLL_CTL_DEL : watch->wants == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    struct epoll_event event = {.events = (uint32_t)wants, .data.ptr = watch};
    if (epoll_ctl(poller->fd, operation, fd, &event) != 0)
        g_warning("epoll: %s", g_strerror(errno));
    watch->wants = wants;
    for (int i = 0; i < poller->n_events && wants == 0; i++)
        if (poller->events[i].data.ptr == watch)
            poller->events[i].data.ptr = NULL;
}
