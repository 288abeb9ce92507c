/* SPDX-License-Identifier: GPL-3.0-or-later */
/* drive.h - real time: wakes what waits for its deadline, in a GMainContext
 *
 * What is driven (a runtime, a simulated world) reads no clock; it says when it wants to be woken,
 * and is told what time it is. Its time 0 is when the drive was made, or `start` before that.
 */
#pragma once

#include "runtime.h"

G_BEGIN_DECLS

typedef struct {
    MgTime (*deadline)(void *data); /* when advance() is wanted; MG_TIME_NEVER if not */
    /* All that is due by `now` is done, and what follows happens at `now`. */
    void (*advance)(void *data, MgTime now);
} MgDriven;

typedef struct MgDrive MgDrive;

/* `driven` must outlive it. `context` (nullable): the default one. */
MgDrive *mg_drive_new(GMainContext *context, const MgDriven *driven, void *data, MgTime start);
/* Drives a runtime that has no world around it. */
MgDrive *mg_drive_new_for_runtime(GMainContext *context, MgRuntime *runtime);
void mg_drive_free(MgDrive *drive);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgDrive, mg_drive_free)

GMainContext *mg_drive_context(MgDrive *drive);
MgTime mg_drive_now(const MgDrive *drive);
/* Does what is due and returns the time: to be called before anything is told from outside. */
MgTime mg_drive_sync(MgDrive *drive);

G_END_DECLS
