/* SPDX-License-Identifier: GPL-3.0-or-later */
/* runtime-deadline.c - when engines must be called next
 *
 * A binary heap of the engines that wait for a time. An engine's deadline moves
 * later with almost everything that it does (a command's time-out); then
 * nothing is done here: its key stays early, and is set right when it comes to
 * the top. */
#include "runtime-private.h"

static bool before(const MgInstance *a, const MgInstance *b)
{
    return a->wake != b->wake ? a->wake < b->wake : a->number < b->number;
}

static void put(GPtrArray *heap, guint at, MgInstance *instance)
{
    g_ptr_array_index(heap, at) = instance;
    instance->heap_at = at + 1;
}

static void rise(GPtrArray *heap, guint at)
{
    MgInstance *instance = g_ptr_array_index(heap, at);
    while (at > 0 && before(instance, g_ptr_array_index(heap, (at - 1) / 2))) {
        put(heap, at, g_ptr_array_index(heap, (at - 1) / 2));
        at = (at - 1) / 2;
    }
    put(heap, at, instance);
}

static void sink(GPtrArray *heap, guint at)
{
    MgInstance *instance = g_ptr_array_index(heap, at);
    for (;;) {
        guint child = 2 * at + 1;
        if (child + 1 < heap->len &&
            before(g_ptr_array_index(heap, child + 1), g_ptr_array_index(heap, child)))
            child++;
        if (child >= heap->len || !before(g_ptr_array_index(heap, child), instance))
            break;
        put(heap, at, g_ptr_array_index(heap, child));
        at = child;
    }
    put(heap, at, instance);
}

void mg_runtime_unwake(MgInstance *instance)
{
    GPtrArray *heap = instance->runtime->heap;
    if (instance->heap_at == 0)
        return;
    guint at = instance->heap_at - 1;
    MgInstance *moved = g_ptr_array_index(heap, heap->len - 1);
    g_ptr_array_set_size(heap, (gint)heap->len - 1);
    instance->heap_at = 0;
    if (moved == instance)
        return;
    put(heap, at, moved);
    rise(heap, at);
    sink(heap, moved->heap_at - 1);
}

void mg_runtime_wake(MgInstance *instance)
{
    GPtrArray *heap = instance->runtime->heap;
    MgTime due = mg_engine_deadline(instance->engine);
    if (due == MG_TIME_NEVER || (instance->heap_at != 0 && instance->wake <= due))
        return;
    instance->wake = due;
    if (instance->heap_at == 0) {
        g_ptr_array_add(heap, instance);
        instance->heap_at = heap->len;
    }
    rise(heap, instance->heap_at - 1);
}

MgTime mg_runtime_deadline(const MgRuntime *runtime)
{
    GPtrArray *heap = runtime->heap;
    while (heap->len > 0) {
        MgInstance *top = g_ptr_array_index(heap, 0);
        MgTime due = mg_engine_deadline(top->engine);
        if (due == top->wake)
            return due;
        if (due == MG_TIME_NEVER) {
            mg_runtime_unwake(top);
            continue;
        }
        top->wake = due;
        sink(heap, 0);
        rise(heap, top->heap_at - 1);
    }
    return MG_TIME_NEVER;
}
