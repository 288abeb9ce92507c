/* SPDX-License-Identifier: GPL-3.0-or-later */
/* drive.c - a GSource whose ready time is the next deadline */
#include "drive.h"

struct MgDrive {
    GSource *source;
    GMainContext *context;
    const MgDriven *driven;
    void *data;
    int64_t origin; /* the monotonic clock at time 0 */
};

typedef struct {
    GSource base;
    MgDrive *drive;
} DriveSource;

MgTime mg_drive_now(const MgDrive *drive)
{
    return g_get_monotonic_time() - drive->origin;
}

MgTime mg_drive_sync(MgDrive *drive)
{
    MgTime now = mg_drive_now(drive);
    drive->driven->advance(drive->data, now);
    return now;
}

/* Asked anew in every turn of the loop, so that nobody has to say that a deadline moved. */
static gboolean prepare(GSource *source, int *timeout)
{
    MgDrive *drive = ((DriveSource *)source)->drive;
    MgTime deadline = drive->driven->deadline(drive->data);
    if (deadline == MG_TIME_NEVER) {
        *timeout = -1;
        return FALSE;
    }
    MgTime left = deadline - mg_drive_now(drive);
    *timeout = left > 0 ? (int)MIN((left + 999) / 1000, G_MAXINT) : 0;
    return left <= 0;
}

static gboolean check(GSource *source)
{
    MgDrive *drive = ((DriveSource *)source)->drive;
    MgTime deadline = drive->driven->deadline(drive->data);
    return deadline != MG_TIME_NEVER && deadline <= mg_drive_now(drive);
}

static gboolean dispatch(GSource *source, GSourceFunc callback, void *data)
{
    mg_drive_sync(((DriveSource *)source)->drive);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {.prepare = prepare, .check = check, .dispatch = dispatch};

MgDrive *mg_drive_new(GMainContext *context, const MgDriven *driven, void *data, MgTime start)
{
    MgDrive *drive = g_new0(MgDrive, 1);
    drive->context = g_main_context_ref(context != NULL ? context : g_main_context_default());
    drive->driven = driven;
    drive->data = data;
    drive->origin = g_get_monotonic_time() - start;
    drive->source = g_source_new(&source_funcs, sizeof(DriveSource));
    g_source_set_static_name(drive->source, "drive");
    ((DriveSource *)drive->source)->drive = drive;
    g_source_attach(drive->source, drive->context);
    return drive;
}

static MgTime runtime_deadline(void *data)
{
    return mg_runtime_deadline(data);
}

static void runtime_advance(void *data, MgTime now)
{
    mg_runtime_advance(data, now);
}

MgDrive *mg_drive_new_for_runtime(GMainContext *context, MgRuntime *runtime)
{
    static const MgDriven driven = {runtime_deadline, runtime_advance};
    return mg_drive_new(context, &driven, runtime, 0);
}

void mg_drive_free(MgDrive *drive)
{
    if (drive == NULL)
        return;
    g_source_destroy(drive->source);
    g_source_unref(drive->source);
    g_main_context_unref(drive->context);
    g_free(drive);
}

GMainContext *mg_drive_context(MgDrive *drive)
{
    return drive->context;
}
