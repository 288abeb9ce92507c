/* SPDX-License-Identifier: GPL-3.0-or-later */
/* map-view.c - the scene under real widgets for the hosts
 *
 * What is still is painted once into a texture and shown again until size, theme or network change;
 * a host's card is painted when it changes; only token and bubble are painted in a frame. The frame
 * clock is asked for frames only while something moves. */
#include "map-view.h"

#include <adwaita.h>
#include <math.h>

#include "player.h"
#include "scene.h"
#include "theme.h"
#include "words.h"

#define NEAR_RECORDS 400u /* a step forward of this many is replayed at once */
#define LINES_MS     70   /* after a step back or a jump, the hosts' states are looked up later */
#define PULSE_US     1600000 /* a host that glows is lit once in this time, … */
#define PULSES       3       /* … so often; then it is calm, so that it does not keep the eye */

struct _MgMapView {
    GtkWidget parent_instance;
    MgSession *session;
    GPtrArray *cards;     /* MgCard: children, by host id - 1 */
    GtkWidget *over;      /* paints token and bubble above the cards */
    GskRenderNode *still; /* (nullable) a picture of what does not move */
    MgGeometry *geometry; /* (nullable) for the size that was last given */
    char *font;           /* (nullable) the desktop's */
    double zoom;
    gboolean still_dark, large;
    guint tick, lines, pulses;
    gint64 pulses_began; /* frame time; 0: at the next frame */
    double pulse;
    uint32_t position, n_flows;
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
                     .selected = self->selected,
                     .font = self->font,
                     .zoom = self->zoom,
                     .pulse = self->pulse};
}

/* ---- cards ---- */

#define MG_TYPE_CARD (mg_card_get_type())
G_DECLARE_FINAL_TYPE(MgCard, mg_card, MG, CARD, GtkButton)

struct _MgCard {
    GtkButton parent_instance;
    MgMapView *view;
    MgHostId host;
    gboolean active, pointed;
    char *line;
};

G_DEFINE_FINAL_TYPE(MgCard, mg_card, GTK_TYPE_BUTTON)

static void mg_card_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
    MgCard *self = MG_CARD(widget);
    MgScene scene = scene_of(self->view);
    if (scene.geometry == NULL)
        return;
    gboolean hovered = (gtk_widget_get_state_flags(widget) & GTK_STATE_FLAG_PRELIGHT) != 0;
    GskRenderNode *node = mg_scene_card(&scene, self->host, self->line, hovered);
    gtk_snapshot_append_node(snapshot, node);
    gsk_render_node_unref(node);
}

/* As small as the map wants it: what it shows is not made of widgets. */
/* NOLINTNEXTLINE(readability-function-size): as GTK wants it */
static void mg_card_measure(GtkWidget *widget, GtkOrientation orientation, int for_size,
                            int *minimum, int *natural, int *minimum_baseline,
                            int *natural_baseline)
{
    *minimum = *natural = 1;
    *minimum_baseline = *natural_baseline = -1;
}

static void mg_card_state_flags_changed(GtkWidget *widget, GtkStateFlags before)
{
    gtk_widget_queue_draw(widget);
    GTK_WIDGET_CLASS(mg_card_parent_class)->state_flags_changed(widget, before);
}

static void mg_card_finalize(GObject *object)
{
    g_free(MG_CARD(object)->line);
    G_OBJECT_CLASS(mg_card_parent_class)->finalize(object);
}

static void mg_card_class_init(MgCardClass *class)
{
    GTK_WIDGET_CLASS(class)->snapshot = mg_card_snapshot;
    GTK_WIDGET_CLASS(class)->measure = mg_card_measure;
    GTK_WIDGET_CLASS(class)->state_flags_changed = mg_card_state_flags_changed;
    G_OBJECT_CLASS(class)->finalize = mg_card_finalize;
}

static void mg_card_init(MgCard *self)
{
    self->line = g_strdup("");
    gtk_widget_set_layout_manager(GTK_WIDGET(self), NULL);
    gtk_widget_add_css_class(GTK_WIDGET(self), "mg-card");
}

static void mg_card_update_name(MgCard *self)
{
    const MgTraceHost *host = mg_trace_host(mg_session_trace(self->view->session), self->host);
    /* TRANSLATORS: host name, what kind of host, what it says of itself */
    g_autofree char *name =
        g_strdup_printf(_("%s, %s: %s"), host->name, mg_words_host_kind(host->kind), self->line);
    gtk_widget_set_tooltip_text(GTK_WIDGET(self), host->name);
    gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

static void mg_card_set_line(MgCard *self, const char *line)
{
    if (strcmp(line, self->line) == 0)
        return;
    g_free(self->line);
    self->line = g_strdup(line);
    mg_card_update_name(self);
    gtk_widget_queue_draw(GTK_WIDGET(self));
}

static void on_card(GtkButton *button, MgMapView *self)
{
    self->selected = MG_CARD(button)->host;
    const MgTraceHost *host = mg_trace_host(mg_session_trace(self->session), self->selected);
    for (guint i = 0; i < self->cards->len; i++)
        gtk_widget_queue_draw(g_ptr_array_index(self->cards, i));
    g_signal_emit(self, signals[HOST_SELECTED], 0, host->name);
}

static void add_card(MgMapView *self)
{
    MgCard *card = g_object_new(MG_TYPE_CARD, NULL);
    card->view = self;
    card->host = (MgHostId)(self->cards->len + 1);
    mg_card_update_name(card);
    g_signal_connect(card, "clicked", G_CALLBACK(on_card), self);
    gtk_widget_insert_before(GTK_WIDGET(card), GTK_WIDGET(self), self->over);
    g_ptr_array_add(self->cards, card);
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

/* ---- following the session ---- */

static gboolean look_up_lines(gpointer data)
{
    MgMapView *self = data;
    self->lines = 0;
    self->position = mg_session_position(self->session);
    for (guint i = 0; i < self->cards->len; i++) {
        g_autofree char *line = mg_scene_host_line(self->session, (MgHostId)(i + 1));
        mg_card_set_line(g_ptr_array_index(self->cards, i), line);
    }
    return G_SOURCE_REMOVE;
}

/* States are of the network at the position, which a step back has to play again from the start:
 * not for each of the many positions that a hand on the track passes. */
static void schedule_lines(MgMapView *self)
{
    uint32_t position = mg_session_position(self->session);
    if (position >= self->position && position - self->position < NEAR_RECORDS) {
        g_clear_handle_id(&self->lines, g_source_remove);
        look_up_lines(self);
    } else if (self->lines == 0) {
        self->lines = g_timeout_add(LINES_MS, look_up_lines, self);
    }
}

static void follow(MgMapView *self)
{
    const MgTrace *trace = mg_session_trace(self->session);
    guint n_cards = self->cards->len;
    while (self->cards->len < mg_trace_n_hosts(trace))
        add_card(self);
    if (self->cards->len != n_cards ||
        (mg_session_network(self->session) == NULL && self->n_flows != mg_trace_n_flows(trace))) {
        self->n_flows = mg_trace_n_flows(trace);
        gtk_widget_queue_allocate(GTK_WIDGET(self)); /* which makes the geometry anew */
    }
    for (guint i = 0; i < self->cards->len; i++) {
        MgCard *card = g_ptr_array_index(self->cards, i);
        gboolean active = mg_scene_is_active(self->session, card->host);
        if (card->active != active)
            gtk_widget_queue_draw(GTK_WIDGET(card));
        card->active = active;
    }
    schedule_lines(self);
    gtk_widget_queue_draw(self->over);
}

static void on_session(MgSession *session, GParamSpec *spec, MgMapView *self)
{
    follow(self);
}

static gboolean on_tick(GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
    MgMapView *self = MG_MAP_VIEW(widget);
    MgPlayer *player = mg_player_get(self->session);
    mg_player_tick(player, gdk_frame_clock_get_frame_time(clock));
    if (mg_player_is_moving(player))
        return G_SOURCE_CONTINUE;
    self->tick = 0;
    return G_SOURCE_REMOVE;
}

/* ---- what glows ---- */

static void draw_pointed(MgMapView *self)
{
    for (guint i = 0; i < self->cards->len; i++)
        if (((MgCard *)g_ptr_array_index(self->cards, i))->pointed)
            gtk_widget_queue_draw(g_ptr_array_index(self->cards, i));
}

static gboolean on_pulse(GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
    MgMapView *self = MG_MAP_VIEW(widget);
    gint64 now = gdk_frame_clock_get_frame_time(clock);
    if (self->pulses_began == 0)
        self->pulses_began = now;
    double passed = (double)(now - self->pulses_began) / PULSE_US;
    gboolean over = passed >= PULSES || self->pulses == 0;
    self->pulse = over ? 0 : (1 - cos(2 * G_PI * passed)) / 2;
    draw_pointed(self);
    if (!over)
        return G_SOURCE_CONTINUE;
    self->pulses = 0;
    return G_SOURCE_REMOVE;
}

static void stop_pulses(MgMapView *self)
{
    if (self->pulses != 0)
        gtk_widget_remove_tick_callback(GTK_WIDGET(self), self->pulses);
    self->pulses = 0;
    self->pulses_began = 0;
    self->pulse = 0;
}

static void on_pointed(MgSession *session, GParamSpec *spec, MgMapView *self)
{
    gboolean animations = FALSE, any = FALSE;
    stop_pulses(self);
    for (guint i = 0; i < self->cards->len; i++) {
        MgCard *card = g_ptr_array_index(self->cards, i);
        const char *name = mg_trace_host(mg_session_trace(session), card->host)->name;
        card->pointed = mg_session_points_at(session, name);
        any = any || card->pointed;
        gtk_widget_queue_draw(GTK_WIDGET(card));
        if (card->pointed)
            gtk_accessible_update_property(GTK_ACCESSIBLE(card),
                                           GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                           _("The lesson points at this"), -1);
        else
            gtk_accessible_reset_property(GTK_ACCESSIBLE(card),
                                          GTK_ACCESSIBLE_PROPERTY_DESCRIPTION);
    }
    g_object_get(gtk_widget_get_settings(GTK_WIDGET(self)), "gtk-enable-animations", &animations,
                 NULL);
    if (any && animations)
        self->pulses = gtk_widget_add_tick_callback(GTK_WIDGET(self), on_pulse, NULL, NULL);
}

static void on_player(MgPlayer *player, MgMapView *self)
{
    if (mg_player_is_moving(player) && self->tick == 0)
        self->tick = gtk_widget_add_tick_callback(GTK_WIDGET(self), on_tick, NULL, NULL);
    gtk_widget_queue_draw(self->over);
}

static void repaint(MgMapView *self)
{
    g_clear_pointer(&self->still, gsk_render_node_unref);
    gtk_widget_queue_draw(GTK_WIDGET(self));
    gtk_widget_queue_draw(self->over);
    for (guint i = 0; i < self->cards->len; i++)
        gtk_widget_queue_draw(g_ptr_array_index(self->cards, i));
}

static void on_theme(GObject *manager, GParamSpec *spec, MgMapView *self)
{
    repaint(self);
}

/* The desktop's font and how large it wants words. */
static void on_settings(GtkSettings *settings, GParamSpec *spec, MgMapView *self)
{
    g_autofree char *name = NULL;
    int dpi = 0;
    g_object_get(settings, "gtk-font-name", &name, "gtk-xft-dpi", &dpi, NULL);
    PangoFontDescription *font = pango_font_description_from_string(name != NULL ? name : "Sans");
    g_free(self->font);
    self->font = g_strdup(pango_font_description_get_family(font));
    pango_font_description_free(font);
    self->zoom = dpi > 0 ? CLAMP(dpi / 1024.0 / 96, 0.5, 3) : 1;
    gtk_widget_queue_allocate(GTK_WIDGET(self));
    repaint(self);
}

/* What is wrong with a link is said in its sheet. */
static void press_link(MgMapView *self, const MgScene *scene, double x, double y)
{
    size_t a, b;
    if (!mg_scene_hits_link(scene, x, y, &a, &b))
        return;
    const MgTrace *trace = mg_session_trace(self->session);
    const char *names[] = {mg_trace_host(trace, (MgHostId)(a + 1))->name,
                           mg_trace_host(trace, (MgHostId)(b + 1))->name, NULL};
    gtk_widget_activate_action(GTK_WIDGET(self), "win.faults-of", "^as", names);
}

static void on_press(GtkGestureClick *click, int n_press, double x, double y, MgMapView *self)
{
    MgScene scene = scene_of(self);
    if (scene.geometry != NULL && mg_scene_hits_token(&scene, x, y))
        mg_session_select(self->session, mg_session_position(self->session));
    else if (scene.geometry != NULL)
        press_link(self, &scene, x, y);
}

/* ---- the widget ---- */

/* A node of cairo's that holds an image: with a renderer that uses cairo, nothing is converted or
 * copied in a frame, as it would be for a texture; others keep it as long as it is the same node.
 */
static void paint_still(MgMapView *self, const MgScene *scene)
{
    int width = (int)scene->width, height = (int)scene->height;
    int factor = gtk_widget_get_scale_factor(GTK_WIDGET(self));
    cairo_surface_t *image =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, width * factor, height * factor);
    cairo_surface_set_device_scale(image, factor, factor);
    cairo_t *cr = cairo_create(image);
    GskRenderNode *node = mg_scene_still(scene);
    gsk_render_node_draw(node, cr);
    gsk_render_node_unref(node);
    cairo_destroy(cr);
    g_clear_pointer(&self->still, gsk_render_node_unref);
    self->still = gsk_cairo_node_new(&GRAPHENE_RECT_INIT(0, 0, (float)width, (float)height));
    self->still_dark = scene->dark;
    cr = gsk_cairo_node_get_draw_context(self->still);
    cairo_set_source_surface(cr, image, 0, 0);
    cairo_paint(cr);
    cairo_destroy(cr);
    cairo_surface_destroy(image);
}

static void mg_map_view_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
    MgMapView *self = MG_MAP_VIEW(widget);
    MgScene scene = scene_of(self);
    if (scene.width < 1 || scene.height < 1 || self->geometry == NULL)
        return;
    if (self->still == NULL || self->still_dark != scene.dark)
        paint_still(self, &scene);
    gtk_snapshot_append_node(snapshot, self->still);
    for (guint i = 0; i < self->cards->len; i++)
        gtk_widget_snapshot_child(widget, g_ptr_array_index(self->cards, i), snapshot);
    gtk_widget_snapshot_child(widget, self->over, snapshot);
}

/* NOLINTNEXTLINE(readability-function-size): as GTK wants it */
static void mg_map_view_measure(GtkWidget *widget, GtkOrientation orientation, int for_size,
                                int *minimum, int *natural, int *minimum_baseline,
                                int *natural_baseline)
{
    *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 360 : 220;
    *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 640 : 380;
}

static void mg_map_view_size_allocate(GtkWidget *widget, int width, int height, int baseline)
{
    MgMapView *self = MG_MAP_VIEW(widget);
    MgScene scene = scene_of(self);
    scene.width = width;
    scene.height = height;
    g_clear_pointer(&self->geometry, mg_geometry_free);
    g_clear_pointer(&self->still, gsk_render_node_unref);
    self->geometry = mg_geometry_new(&scene);
    size_t n;
    const graphene_rect_t *cards = mg_geometry_cards(self->geometry, &n);
    for (guint i = 0; i < MIN(self->cards->len, n); i++) {
        GtkWidget *card = g_ptr_array_index(self->cards, i);
        GtkAllocation place = {(int)cards[i].origin.x, (int)cards[i].origin.y,
                               (int)cards[i].size.width, (int)cards[i].size.height};
        int least;
        gtk_widget_measure(card, GTK_ORIENTATION_HORIZONTAL, -1, &least, NULL, NULL, NULL);
        gtk_widget_size_allocate(card, &place, -1);
        gtk_widget_queue_draw(card);
    }
    gtk_widget_size_allocate(self->over, &(GtkAllocation){0, 0, width, height}, -1);
    gtk_widget_queue_draw(self->over);
}

static void mg_map_view_dispose(GObject *object)
{
    MgMapView *self = MG_MAP_VIEW(object);
    GtkWidget *child;
    g_clear_handle_id(&self->lines, g_source_remove);
    stop_pulses(self);
    while ((child = gtk_widget_get_first_child(GTK_WIDGET(self))) != NULL)
        gtk_widget_unparent(child);
    g_ptr_array_set_size(self->cards, 0);
    self->over = NULL;
    g_clear_pointer(&self->still, gsk_render_node_unref);
    g_clear_pointer(&self->geometry, mg_geometry_free);
    if (self->session != NULL) {
        g_signal_handlers_disconnect_by_data(self->session, self);
        g_signal_handlers_disconnect_by_data(mg_player_get(self->session), self);
        g_signal_handlers_disconnect_by_data(adw_style_manager_get_default(), self);
        g_signal_handlers_disconnect_by_data(gtk_widget_get_settings(GTK_WIDGET(self)), self);
    }
    g_clear_object(&self->session);
    G_OBJECT_CLASS(mg_map_view_parent_class)->dispose(object);
}

static void mg_map_view_finalize(GObject *object)
{
    g_ptr_array_unref(MG_MAP_VIEW(object)->cards);
    g_free(MG_MAP_VIEW(object)->font);
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
    self->zoom = 1;
    self->over = g_object_new(MG_TYPE_MAP_OVER, NULL);
    ((MgMapOver *)self->over)->view = self;
    gtk_widget_set_parent(self->over, GTK_WIDGET(self));
    gtk_widget_set_overflow(GTK_WIDGET(self), GTK_OVERFLOW_HIDDEN);
    gtk_widget_set_hexpand(GTK_WIDGET(self), TRUE);
    gtk_widget_set_vexpand(GTK_WIDGET(self), TRUE);
    GtkGesture *click = gtk_gesture_click_new();
    g_signal_connect(click, "pressed", G_CALLBACK(on_press), self);
    gtk_widget_add_controller(GTK_WIDGET(self), GTK_EVENT_CONTROLLER(click));
}

GtkWidget *mg_map_view_new(MgSession *session)
{
    MgMapView *self = g_object_new(MG_TYPE_MAP_VIEW, NULL);
    GtkSettings *settings = gtk_widget_get_settings(GTK_WIDGET(self));
    self->session = g_object_ref(session);
    mg_theme_init(gtk_widget_get_display(GTK_WIDGET(self)));
    gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Map"),
                                   -1);
    on_settings(settings, NULL, self);
    follow(self);
    on_pointed(session, NULL, self);
    g_signal_connect(session, "notify::pointed", G_CALLBACK(on_pointed), self);
    g_signal_connect(session, "notify::position", G_CALLBACK(on_session), self);
    g_signal_connect(session, "notify::trace", G_CALLBACK(on_session), self);
    g_signal_connect(session, "notify::n-records", G_CALLBACK(on_session), self);
    g_signal_connect(mg_player_get(session), "changed", G_CALLBACK(on_player), self);
    g_signal_connect(mg_player_get(session), "moved", G_CALLBACK(on_player), self);
    g_signal_connect(adw_style_manager_get_default(), "notify::dark", G_CALLBACK(on_theme), self);
    g_signal_connect(adw_style_manager_get_default(), "notify::high-contrast", G_CALLBACK(on_theme),
                     self);
    g_signal_connect(settings, "notify::gtk-font-name", G_CALLBACK(on_settings), self);
    g_signal_connect(settings, "notify::gtk-xft-dpi", G_CALLBACK(on_settings), self);
    return GTK_WIDGET(self);
}

void mg_map_view_set_large(MgMapView *self, gboolean large)
{
    self->large = large;
    gtk_widget_queue_allocate(GTK_WIDGET(self));
    repaint(self);
}
