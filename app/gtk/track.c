/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track.c - a slider over the records
 *
 * Records are put into as many bins as ticks fit, once for each of them: when the trace grows, only
 * what is new is looked at, and when there are too many for the bins, a bin gets twice the records.
 */
#include "track.h"

#include <adwaita.h>
#include <math.h>

#include "theme.h"
#include "words.h"

#define BINS_MAX   120u
#define EDGE       10.0 /* room for the knob at both ends */
#define KNOB       7.0
#define TICK_BELOW 11.0
#define PACKET     1 /* in a bin: something of the wire alone; any exchange is worth more */

struct _MgTrack {
    GtkWidget parent_instance;
    MgSession *session;
    const MgTrace *trace;   /* the one that was binned */
    uint8_t bins[BINS_MAX]; /* dissector + 1 of the first exchange, 1 for a packet; 0: nothing */
    uint32_t per_bin, binned;
};

G_DEFINE_FINAL_TYPE(MgTrack, mg_track, GTK_TYPE_WIDGET)

static uint8_t worth(const MgRecord *record)
{
    bool packet = record->unit == MG_UNIT_NOTE || record->dissector == 0;
    if (record->kind != MG_RECORD_EXCHANGE)
        return 0;
    return packet ? PACKET : (uint8_t)(record->dissector + 1);
}

static void bin_records(MgTrack *self)
{
    const MgTrace *trace = mg_session_trace(self->session);
    uint32_t n = mg_trace_n_records(trace);
    if (trace != self->trace || n < self->binned) {
        memset(self->bins, 0, sizeof self->bins);
        self->trace = trace;
        self->per_bin = 1;
        self->binned = 0;
    }
    while (self->binned < n) {
        if (self->binned / self->per_bin >= BINS_MAX) {
            for (size_t i = 0; i < BINS_MAX; i++) {
                uint8_t a = 2 * i < BINS_MAX ? self->bins[2 * i] : 0;
                uint8_t b = 2 * i + 1 < BINS_MAX ? self->bins[2 * i + 1] : 0;
                self->bins[i] = a > PACKET ? a : MAX(b, a);
            }
            self->per_bin *= 2;
        }
        uint8_t *bin = &self->bins[self->binned / self->per_bin];
        if (*bin <= PACKET)
            *bin = MAX(*bin, worth(mg_trace_record(trace, self->binned + 1)));
        self->binned++;
    }
}

/* What a bin shows. Nothing beyond the fence is seen, also not where it stands inside of a bin. */
static uint8_t tick_of(MgTrack *self, uint32_t bin)
{
    uint32_t fence = mg_session_fence(self->session), first = bin * self->per_bin;
    if (fence == 0 || first + self->per_bin <= fence || self->bins[bin] == 0)
        return self->bins[bin];
    uint8_t tick = 0;
    for (uint32_t n = first + 1; n <= fence; n++) {
        uint8_t of = worth(mg_trace_record(self->trace, n));
        tick = tick > PACKET ? tick : MAX(tick, of);
    }
    return tick;
}

static double x_of(MgTrack *self, double n, double width)
{
    uint32_t total = MAX(mg_trace_n_records(mg_session_trace(self->session)), 1u);
    return EDGE + (width - 2 * EDGE) * n / total;
}

/* Where the way ends for now. */
static void paint_fence(MgTrack *self, GtkSnapshot *snapshot, double width, double middle)
{
    uint32_t fence = mg_session_fence(self->session);
    const MgPalette *palette = mg_palette(mg_theme_is_dark());
    if (fence != 0)
        gtk_snapshot_append_color(
            snapshot, &palette->accent,
            &GRAPHENE_RECT_INIT((float)x_of(self, fence + 0.5, width) + (float)KNOB,
                                (float)middle - 9, 3, 18));
}

static void mg_track_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
    MgTrack *self = MG_TRACK(widget);
    gboolean dark = mg_theme_is_dark();
    const MgPalette *palette = mg_palette(dark);
    double width = gtk_widget_get_width(widget), middle = gtk_widget_get_height(widget) / 2.0 - 5;
    double x = x_of(self, mg_session_position(self->session), width);
    bin_records(self);
    GdkRGBA rest = mg_theme_fade(palette->dim, 0.35);
    gtk_snapshot_append_color(
        snapshot, &rest,
        &GRAPHENE_RECT_INIT((float)EDGE, (float)middle - 2.5f, (float)(width - 2 * EDGE), 5));
    gtk_snapshot_append_color(
        snapshot, &palette->accent,
        &GRAPHENE_RECT_INIT((float)EDGE, (float)middle - 2.5f, (float)(x - EDGE), 5));
    paint_fence(self, snapshot, width, middle);
    for (unsigned i = 0; i < BINS_MAX; i++) {
        uint8_t tick = tick_of(self, i);
        if (tick == 0)
            continue;
        GdkRGBA color = tick == PACKET
                            ? mg_theme_fade(palette->dim, 0.55)
                            : mg_theme_dissector_color(mg_session_registry(self->session),
                                                       (uint8_t)(tick - 1), dark);
        float high = tick == PACKET ? 4 : 7;
        double at = round(x_of(self, i * (double)self->per_bin + 1, width));
        gtk_snapshot_append_color(
            snapshot, &color,
            &GRAPHENE_RECT_INIT((float)at - 1, (float)(middle + TICK_BELOW), 2, high));
    }
    cairo_t *cr = gtk_snapshot_append_cairo(
        snapshot, &GRAPHENE_RECT_INIT((float)(x - KNOB - 2), (float)(middle - KNOB - 2),
                                      (float)(2 * KNOB + 4), (float)(2 * KNOB + 4)));
    cairo_arc(cr, x, middle, KNOB, 0, 2 * G_PI);
    gdk_cairo_set_source_rgba(cr, &palette->card);
    cairo_fill_preserve(cr);
    cairo_set_line_width(cr, 3);
    gdk_cairo_set_source_rgba(cr, &palette->accent);
    cairo_stroke(cr);
    cairo_destroy(cr);
}

/* NOLINTNEXTLINE(readability-function-size): as GTK wants it */
static void mg_track_measure(GtkWidget *widget, GtkOrientation orientation, int for_size,
                             int *minimum, int *natural, int *minimum_baseline,
                             int *natural_baseline)
{
    *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 120 : 40;
    *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 480 : 40;
}

static void seek_to(MgTrack *self, double x)
{
    double width = gtk_widget_get_width(GTK_WIDGET(self));
    uint32_t total = mg_trace_n_records(mg_session_trace(self->session));
    double share = (x - EDGE) / MAX(width - 2 * EDGE, 1);
    mg_session_set_playing(self->session, FALSE);
    mg_session_seek(self->session, (uint32_t)round(CLAMP(share, 0, 1) * total));
}

static void on_drag_begin(GtkGestureDrag *drag, double x, double y, MgTrack *self)
{
    seek_to(self, x);
}

static void on_drag_update(GtkGestureDrag *drag, double dx, double dy, MgTrack *self)
{
    double x, y;
    gtk_gesture_drag_get_start_point(drag, &x, &y);
    seek_to(self, x + dx);
}

static void update(MgTrack *self)
{
    uint32_t n = mg_session_position(self->session);
    uint32_t total = mg_trace_n_records(mg_session_trace(self->session));
    /* TRANSLATORS: position in the run, of how many */
    g_autofree char *text = g_strdup_printf(_("event %u of %u"), n, total);
    gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_VALUE_MIN, 0.0,
                                   GTK_ACCESSIBLE_PROPERTY_VALUE_MAX, (double)total,
                                   GTK_ACCESSIBLE_PROPERTY_VALUE_NOW, (double)n,
                                   GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, text, -1);
    gtk_widget_queue_draw(GTK_WIDGET(self));
}

static void on_session(MgSession *session, GParamSpec *spec, MgTrack *self)
{
    update(self);
}

static void on_theme(GObject *manager, GParamSpec *spec, MgTrack *self)
{
    update(self);
}

static void mg_track_dispose(GObject *object)
{
    MgTrack *self = MG_TRACK(object);
    if (self->session != NULL)
        g_signal_handlers_disconnect_by_data(self->session, self);
    g_signal_handlers_disconnect_by_data(adw_style_manager_get_default(), self);
    g_clear_object(&self->session);
    G_OBJECT_CLASS(mg_track_parent_class)->dispose(object);
}

static void mg_track_class_init(MgTrackClass *class)
{
    G_OBJECT_CLASS(class)->dispose = mg_track_dispose;
    GTK_WIDGET_CLASS(class)->snapshot = mg_track_snapshot;
    GTK_WIDGET_CLASS(class)->measure = mg_track_measure;
    gtk_widget_class_set_css_name(GTK_WIDGET_CLASS(class), "track");
    gtk_widget_class_set_accessible_role(GTK_WIDGET_CLASS(class), GTK_ACCESSIBLE_ROLE_SLIDER);
}

static void mg_track_init(MgTrack *self)
{
    GtkGesture *drag = gtk_gesture_drag_new();
    g_signal_connect(drag, "drag-begin", G_CALLBACK(on_drag_begin), self);
    g_signal_connect(drag, "drag-update", G_CALLBACK(on_drag_update), self);
    gtk_widget_add_controller(GTK_WIDGET(self), GTK_EVENT_CONTROLLER(drag));
    gtk_widget_set_hexpand(GTK_WIDGET(self), TRUE);
}

GtkWidget *mg_track_new(MgSession *session)
{
    MgTrack *self = g_object_new(MG_TYPE_TRACK, NULL);
    self->session = g_object_ref(session);
    gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("Where the run is"), -1);
    g_signal_connect(session, "notify::position", G_CALLBACK(on_session), self);
    g_signal_connect(session, "notify::trace", G_CALLBACK(on_session), self);
    g_signal_connect(session, "notify::n-records", G_CALLBACK(on_session), self);
    g_signal_connect(session, "notify::fence", G_CALLBACK(on_session), self);
    g_signal_connect(adw_style_manager_get_default(), "notify::dark", G_CALLBACK(on_theme), self);
    update(self);
    return GTK_WIDGET(self);
}
