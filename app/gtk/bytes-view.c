/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bytes-view.c - octets in hexadecimal with their text beside them */
#include "bytes-view.h"

#define ROW     8u         /* octets a line */
#define SHOWN   (1u << 20) /* octets at most */
#define HEX_AT  6u         /* columns of characters: the offset has 4, then 2 spaces */
#define TEXT_AT (HEX_AT + 3 * ROW + 1)
#define COLUMNS (TEXT_AT + ROW)
#define PAD     16
#define PAD_Y   8
#define LEADING 6 /* between lines */

struct _MgBytesView {
    GtkWidget parent_instance;
    GBytes *bytes; /* (nullable) */
    size_t lit, lit_len;
    PangoLayout *layout;
    int cell, line; /* size of a character, with the space between lines */
    GtkAdjustment *scroll;
    unsigned long scrolled;
};

enum { PICKED, N_SIGNALS };
static unsigned signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(MgBytesView, mg_bytes_view, GTK_TYPE_WIDGET)

static size_t shown(const MgBytesView *self)
{
    return self->bytes != NULL ? MIN(g_bytes_get_size(self->bytes), SHOWN) : 0;
}

static unsigned lines(const MgBytesView *self)
{
    return (unsigned)((shown(self) + ROW - 1) / ROW);
}

static void prepare(MgBytesView *self)
{
    if (self->layout != NULL)
        return;
    self->layout = gtk_widget_create_pango_layout(GTK_WIDGET(self), "0000000000");
    int width = 0, height = 0;
    pango_layout_get_pixel_size(self->layout, &width, &height);
    self->cell = MAX((width + 5) / 10, 1);
    self->line = height + LEADING;
}

static void forget_layout(MgBytesView *self)
{
    g_clear_object(&self->layout);
    gtk_widget_queue_resize(GTK_WIDGET(self));
}

/* NOLINTNEXTLINE(readability-function-size): GTK's own signature */
static void mg_bytes_view_measure(GtkWidget *widget, GtkOrientation orientation, int for_size,
                                  int *minimum, int *natural, int *minimum_baseline,
                                  int *natural_baseline)
{
    MgBytesView *self = MG_BYTES_VIEW(widget);
    prepare(self);
    if (orientation == GTK_ORIENTATION_HORIZONTAL)
        *minimum = *natural = 2 * PAD + (int)COLUMNS * self->cell;
    else
        *minimum = *natural = 2 * PAD_Y + (int)MAX(lines(self), 1u) * self->line;
    *minimum_baseline = *natural_baseline = -1;
}

static GdkRGBA named(GtkWidget *widget, const char *name, const char *otherwise)
{
    GdkRGBA color;
    if (!gtk_style_context_lookup_color(gtk_widget_get_style_context(widget), name, &color))
        gdk_rgba_parse(&color, otherwise);
    return color;
}

static void text(MgBytesView *self, GtkSnapshot *snapshot, unsigned column, float y,
                 const char *what, const GdkRGBA *color)
{
    pango_layout_set_text(self->layout, what, -1);
    gtk_snapshot_save(snapshot);
    gtk_snapshot_translate(snapshot,
                           &GRAPHENE_POINT_INIT(PAD + (float)(column * (unsigned)self->cell), y));
    gtk_snapshot_append_layout(snapshot, self->layout, color);
    gtk_snapshot_restore(snapshot);
}

static void box(MgBytesView *self, GtkSnapshot *snapshot, unsigned from, unsigned to, float y,
                const GdkRGBA *color)
{
    float x = PAD + (float)(from * (unsigned)self->cell) - 2;
    graphene_rect_t area =
        GRAPHENE_RECT_INIT(x, y - LEADING / 2.0f + 1,
                           (float)((to - from) * (unsigned)self->cell) + 4, (float)self->line - 2);
    GskRoundedRect round;
    gsk_rounded_rect_init_from_rect(&round, &area, 3);
    gtk_snapshot_push_rounded_clip(snapshot, &round);
    gtk_snapshot_append_color(snapshot, color, &area);
    gtk_snapshot_pop(snapshot);
}

/* One line in up to three runs: before, in and after what is lit. */
static void draw_line(MgBytesView *self, GtkSnapshot *snapshot, unsigned line,
                      const GdkRGBA colors[4])
{
    size_t size = 0, at = (size_t)line * ROW;
    const uint8_t *data = g_bytes_get_data(self->bytes, &size);
    size_t n = MIN(size - at, ROW);
    size_t from = CLAMP(self->lit, at, at + n) - at;
    size_t to = CLAMP(self->lit + self->lit_len, at, at + n) - at;
    float y = PAD_Y + (float)(line * (unsigned)self->line) + LEADING / 2.0f;
    char offset[16];
    g_snprintf(offset, sizeof offset, "%04x", (unsigned)at);
    text(self, snapshot, 0, y, offset, &colors[1]);
    if (from < to) {
        box(self, snapshot, HEX_AT + 3 * (unsigned)from, HEX_AT + 3 * (unsigned)to - 1, y,
            &colors[2]);
        box(self, snapshot, TEXT_AT + (unsigned)from, TEXT_AT + (unsigned)to, y, &colors[2]);
    }
    const size_t cuts[] = {0, from, to, n};
    for (unsigned part = 0; part < 3; part++) {
        char hex[3 * ROW + 1] = "", characters[ROW + 1] = "";
        for (size_t i = cuts[part]; i < cuts[part + 1]; i++) {
            size_t k = i - cuts[part];
            g_snprintf(hex + 3 * k, 4, "%02x ", data[at + i]);
            characters[k] = g_ascii_isprint(data[at + i]) ? (char)data[at + i] : '.';
            characters[k + 1] = '\0';
        }
        const GdkRGBA *color = part == 1 ? &colors[3] : &colors[0];
        text(self, snapshot, HEX_AT + 3 * (unsigned)cuts[part], y, hex, color);
        text(self, snapshot, TEXT_AT + (unsigned)cuts[part], y, characters, color);
    }
}

static void mg_bytes_view_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
    MgBytesView *self = MG_BYTES_VIEW(widget);
    if (shown(self) == 0)
        return;
    prepare(self);
    GdkRGBA colors[4];
    gtk_style_context_get_color(gtk_widget_get_style_context(widget), &colors[0]);
    colors[1] = colors[0];
    colors[1].alpha *= 0.62f;
    colors[2] = named(widget, "accent_bg_color", "#3584e4");
    colors[3] = named(widget, "accent_fg_color", "#ffffff");
    double top = 0, height = 1e6;
    if (self->scroll != NULL) {
        top = gtk_adjustment_get_value(self->scroll);
        height = gtk_adjustment_get_page_size(self->scroll);
    }
    unsigned first = (unsigned)MAX(top - PAD_Y, 0) / (unsigned)self->line;
    unsigned last = (unsigned)((top + height) / self->line) + 1;
    for (unsigned line = first; line < MIN(last, lines(self)); line++)
        draw_line(self, snapshot, line, colors);
}

/* ---- picking ---- */

static void pick(MgBytesView *self, size_t offset)
{
    if (offset < shown(self))
        g_signal_emit(self, signals[PICKED], 0, (unsigned)offset);
}

static void on_pressed(GtkGestureClick *click, int n, double x, double y, MgBytesView *self)
{
    gtk_widget_grab_focus(GTK_WIDGET(self));
    int line = (int)(y - PAD_Y) / self->line, column = (int)(x - PAD) / self->cell;
    if (y < PAD_Y || line < 0 || (unsigned)line >= lines(self))
        return;
    size_t at = (size_t)line * ROW;
    if (column >= (int)TEXT_AT && column < (int)COLUMNS)
        pick(self, at + (size_t)column - TEXT_AT);
    else if (column >= (int)HEX_AT && column < (int)(HEX_AT + 3 * ROW))
        pick(self, at + ((size_t)column - HEX_AT) / 3);
}

static gboolean on_key(GtkEventControllerKey *keys, unsigned key, unsigned code,
                       GdkModifierType modifiers, MgBytesView *self)
{
    static const struct {
        unsigned key;
        int by;
    } rows[] = {
        {GDK_KEY_Left, -1}, {GDK_KEY_Right, 1}, {GDK_KEY_Up, -(int)ROW}, {GDK_KEY_Down, ROW}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].key != key)
            continue;
        /* From a field of several octets, the next one is after it. */
        gint64 from = (gint64)(rows[i].by == 1 && self->lit_len > 0 ? self->lit + self->lit_len - 1
                                                                    : self->lit);
        if (from + rows[i].by >= 0)
            pick(self, (size_t)(from + rows[i].by));
        return TRUE;
    }
    return FALSE;
}

/* ---- the object ---- */

static void mg_bytes_view_map(GtkWidget *widget)
{
    MgBytesView *self = MG_BYTES_VIEW(widget);
    GTK_WIDGET_CLASS(mg_bytes_view_parent_class)->map(widget);
    GtkWidget *scrolled = gtk_widget_get_ancestor(widget, GTK_TYPE_SCROLLED_WINDOW);
    if (scrolled == NULL || self->scroll != NULL)
        return;
    self->scroll = g_object_ref(gtk_scrolled_window_get_vadjustment(GTK_SCROLLED_WINDOW(scrolled)));
    self->scrolled = g_signal_connect_swapped(self->scroll, "value-changed",
                                              G_CALLBACK(gtk_widget_queue_draw), self);
}

static void mg_bytes_view_unmap(GtkWidget *widget)
{
    MgBytesView *self = MG_BYTES_VIEW(widget);
    if (self->scroll != NULL)
        g_clear_signal_handler(&self->scrolled, self->scroll);
    g_clear_object(&self->scroll);
    GTK_WIDGET_CLASS(mg_bytes_view_parent_class)->unmap(widget);
}

static void mg_bytes_view_css_changed(GtkWidget *widget, GtkCssStyleChange *change)
{
    GTK_WIDGET_CLASS(mg_bytes_view_parent_class)->css_changed(widget, change);
    forget_layout(MG_BYTES_VIEW(widget));
}

static void mg_bytes_view_dispose(GObject *object)
{
    MgBytesView *self = MG_BYTES_VIEW(object);
    g_clear_object(&self->layout);
    g_clear_pointer(&self->bytes, g_bytes_unref);
    G_OBJECT_CLASS(mg_bytes_view_parent_class)->dispose(object);
}

static void mg_bytes_view_class_init(MgBytesViewClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = mg_bytes_view_dispose;
    widget_class->measure = mg_bytes_view_measure;
    widget_class->snapshot = mg_bytes_view_snapshot;
    widget_class->map = mg_bytes_view_map;
    widget_class->unmap = mg_bytes_view_unmap;
    widget_class->css_changed = mg_bytes_view_css_changed;
    gtk_widget_class_set_css_name(widget_class, "bytes");
    gtk_widget_class_set_accessible_role(widget_class, GTK_ACCESSIBLE_ROLE_IMG);
    signals[PICKED] = g_signal_new("picked", MG_TYPE_BYTES_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void mg_bytes_view_init(MgBytesView *self)
{
    gtk_widget_set_focusable(GTK_WIDGET(self), TRUE);
    gtk_widget_set_overflow(GTK_WIDGET(self), GTK_OVERFLOW_HIDDEN);
    gtk_widget_add_css_class(GTK_WIDGET(self), "monospace");
    GtkGesture *click = gtk_gesture_click_new();
    g_signal_connect(click, "pressed", G_CALLBACK(on_pressed), self);
    gtk_widget_add_controller(GTK_WIDGET(self), GTK_EVENT_CONTROLLER(click));
    GtkEventController *keys = gtk_event_controller_key_new();
    g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), self);
    gtk_widget_add_controller(GTK_WIDGET(self), keys);
}

GtkWidget *mg_bytes_view_new(void)
{
    return g_object_new(MG_TYPE_BYTES_VIEW, NULL);
}

void mg_bytes_view_set_bytes(MgBytesView *self, GBytes *bytes)
{
    if (bytes == self->bytes)
        return;
    g_clear_pointer(&self->bytes, g_bytes_unref);
    self->bytes = bytes != NULL ? g_bytes_ref(bytes) : NULL;
    self->lit = self->lit_len = 0;
    gtk_widget_queue_resize(GTK_WIDGET(self));
}

/* Brings the first lit line to where it is seen. */
static void reveal(MgBytesView *self)
{
    if (self->scroll == NULL || self->lit_len == 0 || self->layout == NULL)
        return;
    size_t row = self->lit / ROW;
    double y = PAD_Y + (double)row * self->line;
    gtk_adjustment_clamp_page(self->scroll, y - PAD_Y, y + self->line + PAD_Y);
}

void mg_bytes_view_set_lit(MgBytesView *self, size_t offset, size_t len)
{
    self->lit = offset;
    self->lit_len = len;
    reveal(self);
    gtk_widget_queue_draw(GTK_WIDGET(self));
    g_autoptr(GString) label = g_string_new(NULL);
    size_t size = 0;
    const uint8_t *data = self->bytes != NULL ? g_bytes_get_data(self->bytes, &size) : NULL;
    for (size_t i = offset; i < MIN(offset + MIN(len, 32), size); i++)
        g_string_append_printf(label, "%02x ", data[i]);
    gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL, label->str,
                                   -1);
}

void mg_bytes_view_get_lit(MgBytesView *self, size_t *offset, size_t *len)
{
    *offset = self->lit;
    *len = self->lit_len;
}
