/* SPDX-License-Identifier: GPL-3.0-or-later */
/* map-view.c - the scene under real widgets for the hosts
 *
 * What is still is painted once into a texture and shown again until size, theme or network change;
 * only token and bubble are painted in a frame. The frame clock is asked for frames only while
 * something moves. */
#include "map-view.h"

#include <adwaita.h>

#include "icons.h"
#include "player.h"
#include "scene.h"
#include "theme.h"
#include "words.h"

struct _MgMapView {
    GtkWidget parent_instance;
    MgSession *session;
    GPtrArray *cards; /* GtkWidget: children, by host id - 1 */
    GtkWidget *over;  /* paints token and bubble above the cards */
    GdkTexture *still;
    MgGeometry *geometry; /* (nullable) for the size that was last given */
    graphene_size_t still_size;
    gboolean still_dark, large;
    guint tick;
    MgHostId selected;
};

enum { HOST_SELECTED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(MgMapView, mg_map_view, GTK_TYPE_WIDGET)

static MgScene scene_of(MgMapView *self)
{
    return (MgScene){.session = self->session,
                     .geometry = self->geometry,
                     .width = gtk_widget_get_width(GTK_WIDGET(self)),
                     .height = gtk_widget_get_height(GTK_WIDGET(self)),
                     .dark = mg_theme_is_dark(),
                     .large = self->large,
                     .progress = mg_player_progress(mg_player_get(self->session)),
                     .selected = self->selected};
}

/* ---- a layer above the cards ---- */

#define MG_TYPE_MAP_OVER (mg_map_over_get_type())
G_DECLARE_FINAL_TYPE(MgMapOver, mg_map_over, MG, MAP_OVER, GtkWidget)
struct _MgMapOver {
    GtkWidget parent_instance;
    MgMapView *view;
};
G_DEFINE_FINAL_TYPE(MgMapOver, mg_map_over, GTK_TYPE_WIDGET)

static void mg_map_over_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
    MgScene scene = scene_of(((MgMapOver *)widget)->view);
    if (scene.geometry == NULL)
        return;
    GskRenderNode *node = mg_scene_moving(&scene);
    if (node == NULL)
        return;
    gtk_snapshot_append_node(snapshot, node);
    gsk_render_node_unref(node);
}

static void mg_map_over_class_init(MgMapOverClass *class)
{
    GTK_WIDGET_CLASS(class)->snapshot = mg_map_over_snapshot;
}

static void mg_map_over_init(MgMapOver *self)
{
    gtk_widget_set_can_target(GTK_WIDGET(self), FALSE);
}

/* ---- cards ---- */

static void draw_icon(GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data)
{
    const MgTraceHost *host = data;
    GdkRGBA color =
        mg_theme_color(mg_scene_is_names(host->region) ? "violet" : "blue", mg_theme_is_dark());
    mg_icon_host(cr, mg_scene_icon(host), 0, 0, MIN(width, height), &color);
}

static void on_card(GtkButton *button, MgMapView *self)
{
    for (guint i = 0; i < self->cards->len; i++)
        if (g_ptr_array_index(self->cards, i) == (gpointer)button)
            self->selected = (MgHostId)(i + 1);
    const MgTraceHost *host = mg_trace_host(mg_session_trace(self->session), self->selected);
    g_signal_emit(self, signals[HOST_SELECTED], 0, host->name);
}

static GtkWidget *new_label(const char *text, const char *class)
{
    GtkWidget *label = gtk_label_new(text);
    gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_MIDDLE);
    gtk_label_set_max_width_chars(GTK_LABEL(label), 1);
    gtk_widget_set_halign(label, GTK_ALIGN_FILL);
    gtk_widget_add_css_class(label, class);
    return label;
}

static GtkWidget *new_card(MgMapView *self, const MgTraceHost *host)
{
    GtkWidget *card = gtk_button_new(), *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    GtkWidget *icon = gtk_drawing_area_new();
    gtk_drawing_area_set_content_width(GTK_DRAWING_AREA(icon), 24);
    gtk_drawing_area_set_content_height(GTK_DRAWING_AREA(icon), 24);
    gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(icon), draw_icon, (gpointer)host, NULL);
    gtk_widget_set_halign(icon, GTK_ALIGN_CENTER);
    gtk_box_append(GTK_BOX(box), icon);
    gtk_box_append(GTK_BOX(box), new_label(mg_scene_short_name(host), "mg-name"));
    gtk_box_append(GTK_BOX(box), new_label("", "mg-state"));
    gtk_widget_set_valign(box, GTK_ALIGN_CENTER);
    gtk_button_set_child(GTK_BUTTON(card), box);
    gtk_widget_set_overflow(card, GTK_OVERFLOW_HIDDEN);
    gtk_widget_set_tooltip_text(card, host->name);
    gtk_widget_add_css_class(card, "mg-card");
    if (host->real)
        gtk_widget_add_css_class(card, "mg-real");
    g_signal_connect(card, "clicked", G_CALLBACK(on_card), self);
    gtk_widget_insert_before(card, GTK_WIDGET(self), self->over);
    return card;
}

static void set_class(GtkWidget *widget, const char *class, gboolean on)
{
    if (on)
        gtk_widget_add_css_class(widget, class);
    else
        gtk_widget_remove_css_class(widget, class);
}

static void update_cards(MgMapView *self)
{
    const MgTrace *trace = mg_session_trace(self->session);
    uint32_t n = mg_session_position(self->session);
    const MgRecord *record = n > 0 ? mg_trace_record(trace, n) : NULL;
    while (self->cards->len < mg_trace_n_hosts(trace))
        g_ptr_array_add(self->cards,
                        new_card(self, mg_trace_host(trace, (MgHostId)(self->cards->len + 1))));
    for (MgHostId h = 1; h <= self->cards->len; h++) {
        GtkWidget *card = g_ptr_array_index(self->cards, h - 1u);
        GtkWidget *label = gtk_widget_get_last_child(gtk_button_get_child(GTK_BUTTON(card)));
        const MgTraceHost *host = mg_trace_host(trace, h);
        g_autofree char *line = mg_scene_host_line(self->session, h);
        /* TRANSLATORS: host name, what kind of host, what it says of itself */
        g_autofree char *name =
            g_strdup_printf(_("%s, %s: %s"), host->name, mg_words_host_kind(host->kind), line);
        gtk_label_set_text(GTK_LABEL(label), line);
        gtk_accessible_update_property(GTK_ACCESSIBLE(card), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                       -1);
        set_class(card, "mg-active", record != NULL && (record->from == h || record->to == h));
        set_class(card, "mg-selected", self->selected == h);
    }
}

/* ---- the widget ---- */

static gboolean on_tick(GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
    MgMapView *self = MG_MAP_VIEW(widget);
    MgPlayer *player = mg_player_get(self->session);
    gboolean animations = TRUE;
    g_object_get(gtk_widget_get_settings(widget), "gtk-enable-animations", &animations, NULL);
    mg_player_set_still(player, !animations);
    mg_player_tick(player, gdk_frame_clock_get_frame_time(clock));
    if (mg_player_is_moving(player))
        return G_SOURCE_CONTINUE;
    self->tick = 0;
    return G_SOURCE_REMOVE;
}

static void on_player(MgPlayer *player, MgMapView *self)
{
    if (mg_player_is_moving(player) && self->tick == 0)
        self->tick = gtk_widget_add_tick_callback(GTK_WIDGET(self), on_tick, NULL, NULL);
    gtk_widget_queue_draw(self->over);
}

static void on_session(MgSession *session, GParamSpec *spec, MgMapView *self)
{
    update_cards(self);
    gtk_widget_queue_draw(self->over);
}

static void on_theme(GObject *manager, GParamSpec *spec, MgMapView *self)
{
    g_clear_object(&self->still);
    gtk_widget_queue_draw(GTK_WIDGET(self));
    for (guint i = 0; i < self->cards->len; i++)
        gtk_widget_queue_draw(g_ptr_array_index(self->cards, i));
}

static void paint_still(MgMapView *self, const MgScene *scene)
{
    int width = (int)scene->width, height = (int)scene->height;
    int factor = gtk_widget_get_scale_factor(GTK_WIDGET(self));
    g_clear_object(&self->still);
    self->still_dark = scene->dark;
    self->still_size = GRAPHENE_SIZE_INIT((float)width, (float)height);
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width * factor, height * factor);
    cairo_t *cr = cairo_create(surface);
    cairo_scale(cr, factor, factor);
    GskRenderNode *node = mg_scene_still(scene);
    gsk_render_node_draw(node, cr);
    gsk_render_node_unref(node);
    cairo_destroy(cr);
    cairo_surface_flush(surface);
    g_autoptr(GBytes) bytes = g_bytes_new_with_free_func(
        cairo_image_surface_get_data(surface),
        (gsize)cairo_image_surface_get_stride(surface) * (gsize)(height * factor),
        (GDestroyNotify)cairo_surface_destroy, surface);
    self->still = gdk_memory_texture_new(width * factor, height * factor, GDK_MEMORY_DEFAULT, bytes,
                                         (gsize)cairo_image_surface_get_stride(surface));
}

static void mg_map_view_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
    MgMapView *self = MG_MAP_VIEW(widget);
    MgScene scene = scene_of(self);
    if (scene.width < 1 || scene.height < 1 || self->geometry == NULL)
        return;
    if (self->still == NULL || self->still_dark != scene.dark ||
        self->still_size.width != (float)scene.width ||
        self->still_size.height != (float)scene.height)
        paint_still(self, &scene);
    gtk_snapshot_append_texture(snapshot, self->still,
                                &GRAPHENE_RECT_INIT(0, 0, (float)scene.width, (float)scene.height));
    for (guint i = 0; i < self->cards->len; i++)
        gtk_widget_snapshot_child(widget, g_ptr_array_index(self->cards, i), snapshot);
    gtk_widget_snapshot_child(widget, self->over, snapshot);
}

static void mg_map_view_measure(GtkWidget *widget, GtkOrientation orientation, int for_size,
                                int *minimum, int *natural, int *minimum_baseline,
                                int *natural_baseline)
{
    *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 360 : 220;
    *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 640 : 380;
    for (GtkWidget *child = gtk_widget_get_first_child(widget); child != NULL;
         child = gtk_widget_get_next_sibling(child)) {
        int min, nat;
        gtk_widget_measure(child, orientation, -1, &min, &nat, NULL, NULL);
    }
}

static void mg_map_view_size_allocate(GtkWidget *widget, int width, int height, int baseline)
{
    MgMapView *self = MG_MAP_VIEW(widget);
    MgScene scene = scene_of(self);
    scene.width = width;
    scene.height = height;
    g_clear_pointer(&self->geometry, mg_geometry_free);
    g_clear_object(&self->still);
    self->geometry = mg_geometry_new(&scene);
    size_t n;
    const graphene_rect_t *cards = mg_geometry_cards(self->geometry, &n);
    for (guint i = 0; i < MIN(self->cards->len, n); i++) {
        GtkAllocation place = {(int)cards[i].origin.x, (int)cards[i].origin.y,
                               (int)cards[i].size.width, (int)cards[i].size.height};
        GtkWidget *card = g_ptr_array_index(self->cards, i);
        GtkDrawingArea *icon =
            GTK_DRAWING_AREA(gtk_widget_get_first_child(gtk_button_get_child(GTK_BUTTON(card))));
        int size = (int)mg_scene_icon_size(&cards[i]);
        if (gtk_drawing_area_get_content_width(icon) != size) {
            gtk_drawing_area_set_content_width(icon, size);
            gtk_drawing_area_set_content_height(icon, size);
            int minimum;
            gtk_widget_measure(card, GTK_ORIENTATION_VERTICAL, -1, &minimum, NULL, NULL, NULL);
        }
        gtk_widget_size_allocate(card, &place, -1);
    }
    gtk_widget_size_allocate(self->over, &(GtkAllocation){0, 0, width, height}, -1);
}

static void mg_map_view_dispose(GObject *object)
{
    MgMapView *self = MG_MAP_VIEW(object);
    GtkWidget *child;
    while ((child = gtk_widget_get_first_child(GTK_WIDGET(self))) != NULL)
        gtk_widget_unparent(child);
    g_ptr_array_set_size(self->cards, 0);
    self->over = NULL;
    g_clear_object(&self->still);
    g_clear_pointer(&self->geometry, mg_geometry_free);
    if (self->session != NULL) {
        g_signal_handlers_disconnect_by_data(self->session, self);
        g_signal_handlers_disconnect_by_data(mg_player_get(self->session), self);
    }
    g_signal_handlers_disconnect_by_data(adw_style_manager_get_default(), self);
    g_clear_object(&self->session);
    G_OBJECT_CLASS(mg_map_view_parent_class)->dispose(object);
}

static void mg_map_view_finalize(GObject *object)
{
    g_ptr_array_unref(MG_MAP_VIEW(object)->cards);
    G_OBJECT_CLASS(mg_map_view_parent_class)->finalize(object);
}

static void mg_map_view_class_init(MgMapViewClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = mg_map_view_dispose;
    G_OBJECT_CLASS(class)->finalize = mg_map_view_finalize;
    widget_class->snapshot = mg_map_view_snapshot;
    widget_class->measure = mg_map_view_measure;
    widget_class->size_allocate = mg_map_view_size_allocate;
    gtk_widget_class_set_css_name(widget_class, "map");
    gtk_widget_class_set_accessible_role(widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
    signals[HOST_SELECTED] = g_signal_new("host-selected", MG_TYPE_MAP_VIEW, G_SIGNAL_RUN_LAST, 0,
                                          NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void mg_map_view_init(MgMapView *self)
{
    self->cards = g_ptr_array_new();
    self->over = g_object_new(MG_TYPE_MAP_OVER, NULL);
    ((MgMapOver *)self->over)->view = self;
    gtk_widget_set_parent(self->over, GTK_WIDGET(self));
    gtk_widget_set_overflow(GTK_WIDGET(self), GTK_OVERFLOW_HIDDEN);
    gtk_widget_set_hexpand(GTK_WIDGET(self), TRUE);
    gtk_widget_set_vexpand(GTK_WIDGET(self), TRUE);
}

GtkWidget *mg_map_view_new(MgSession *session)
{
    MgMapView *self = g_object_new(MG_TYPE_MAP_VIEW, NULL);
    self->session = g_object_ref(session);
    mg_theme_init(gtk_widget_get_display(GTK_WIDGET(self)));
    update_cards(self);
    g_signal_connect(session, "notify::position", G_CALLBACK(on_session), self);
    g_signal_connect(session, "notify::trace", G_CALLBACK(on_session), self);
    g_signal_connect(mg_player_get(session), "changed", G_CALLBACK(on_player), self);
    g_signal_connect(mg_player_get(session), "moved", G_CALLBACK(on_player), self);
    g_signal_connect(adw_style_manager_get_default(), "notify::dark", G_CALLBACK(on_theme), self);
    return GTK_WIDGET(self);
}

void mg_map_view_set_large(MgMapView *self, gboolean large)
{
    self->large = large;
    set_class(GTK_WIDGET(self), "mg-large", large);
    g_clear_object(&self->still);
    gtk_widget_queue_allocate(GTK_WIDGET(self));
    gtk_widget_queue_draw(GTK_WIDGET(self));
}
