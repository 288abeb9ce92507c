/* SPDX-License-Identifier: GPL-3.0-or-later */
/* machine-view.c - the state machine of one engine, live, and what leads from state to state
 *
 * The pointer or ↑ and ↓ choose an arrow; what leads along it is told under the picture, with its
 * section of the standard. Without a choice that is what was taken last. */
#include "machine-view.h"

#include "theme.h"
#include "words.h"

#define WIDTH 300 /* at least */

struct _MgMachineView {
    GtkBox parent_instance;
    const MgRegistry *registry;
    const MgEngineKind *kind;
    char *now;
    const MgTransition *taken, *chosen; /* (nullable) */
    GtkWidget *name, *picture, *told, *source;
};

G_DEFINE_FINAL_TYPE(MgMachineView, mg_machine_view, GTK_TYPE_BOX)

static MgMachine machine_of(MgMachineView *self, double width)
{
    PangoContext *context = gtk_widget_get_pango_context(GTK_WIDGET(self));
    return (MgMachine){
        .registry = self->registry,
        .rows = self->kind->transitions,
        .now = self->now,
        .taken = self->taken,
        .chosen = self->chosen,
        .width = width,
        .dark = mg_theme_is_dark(),
        .font = pango_font_description_get_family(pango_context_get_font_description(context))};
}

static void draw(GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer data)
{
    if (((MgMachineView *)data)->kind == NULL)
        return;
    MgMachine machine = machine_of(data, width);
    GskRenderNode *node = mg_machine_paint(&machine);
    if (node == NULL)
        return;
    gsk_render_node_draw(node, cr);
    gsk_render_node_unref(node);
}

/* Its height follows from its width: words may need another line. */
static void on_resize(GtkDrawingArea *area, int width, int height, MgMachineView *self)
{
    if (self->kind == NULL)
        return;
    MgMachine machine = machine_of(self, width);
    gtk_drawing_area_set_content_height(area, (int)mg_machine_height(&machine));
}

static void tell(MgMachineView *self)
{
    const MgTransition *row = self->chosen != NULL ? self->chosen : self->taken;
    g_autofree char *words = row != NULL ? mg_machine_words(self->registry, row) : NULL;
    gtk_label_set_label(GTK_LABEL(self->told), words != NULL ? words : "");
    gtk_widget_set_visible(self->told, words != NULL);
    gtk_label_set_label(GTK_LABEL(self->source), row != NULL ? row->source : NULL);
    gtk_widget_set_visible(self->source, row != NULL && row->source != NULL);
    g_autofree char *name = g_strdup_printf(
        /* TRANSLATORS: a sort of engine, the state that it is in, what is told of an arrow */
        _("State machine of %s. Now: %s. %s"), self->kind->name,
        self->now != NULL ? mg_registry_translate(self->registry, self->now) : "–",
        words != NULL ? words : "");
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->picture), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   name, -1);
    gtk_widget_queue_draw(self->picture);
}

static void choose(MgMachineView *self, const MgTransition *row)
{
    if (row == self->chosen)
        return;
    self->chosen = row;
    tell(self);
}

static void on_motion(GtkEventControllerMotion *motion, double x, double y, MgMachineView *self)
{
    if (self->kind == NULL)
        return;
    MgMachine machine = machine_of(self, gtk_widget_get_width(self->picture));
    choose(self, mg_machine_hit(&machine, x, y));
}

static void on_leave(MgMachineView *self)
{
    if (self->kind != NULL)
        choose(self, NULL);
}

/* ↑ and ↓ go through what leads from the present state, or through all if nothing does. */
static bool is_choice(MgMachineView *self, const MgTransition *row)
{
    for (const MgTransition *at = self->kind->transitions; at->from != NULL; at++)
        if (g_strcmp0(at->from, self->now) == 0)
            return g_strcmp0(row->from, self->now) == 0;
    return true;
}

static gboolean on_key(GtkEventControllerKey *keys, unsigned key, unsigned code,
                       GdkModifierType modifiers, MgMachineView *self)
{
    if ((key != GDK_KEY_Up && key != GDK_KEY_Down) || self->kind == NULL)
        return FALSE;
    const MgTransition *first = NULL, *last = NULL, *before = NULL, *after = NULL;
    bool passed = false;
    for (const MgTransition *row = self->kind->transitions; row->from != NULL; row++) {
        if (row == self->chosen) {
            passed = true;
            continue;
        }
        if (!is_choice(self, row))
            continue;
        first = first != NULL ? first : row;
        last = row;
        if (!passed)
            before = row;
        else if (after == NULL)
            after = row;
    }
    if (key == GDK_KEY_Down)
        choose(self, after != NULL ? after : first);
    else
        choose(self, before != NULL && passed ? before : last);
    return TRUE;
}

static void mg_machine_view_finalize(GObject *object)
{
    g_free(MG_MACHINE_VIEW(object)->now);
    G_OBJECT_CLASS(mg_machine_view_parent_class)->finalize(object);
}

static void mg_machine_view_class_init(MgMachineViewClass *class)
{
    G_OBJECT_CLASS(class)->finalize = mg_machine_view_finalize;
    gtk_widget_class_set_css_name(GTK_WIDGET_CLASS(class), "machine");
}

static void mg_machine_view_init(MgMachineView *self)
{
    gtk_orientable_set_orientation(GTK_ORIENTABLE(self), GTK_ORIENTATION_VERTICAL);
    gtk_box_set_spacing(GTK_BOX(self), 4);
    self->name = gtk_label_new(NULL);
    gtk_label_set_xalign(GTK_LABEL(self->name), 0);
    gtk_widget_add_css_class(self->name, "explanation-title");
    gtk_box_append(GTK_BOX(self), self->name);
    self->picture = g_object_new(GTK_TYPE_DRAWING_AREA, "accessible-role", GTK_ACCESSIBLE_ROLE_IMG,
                                 "focusable", TRUE, "content-width", WIDTH, NULL);
    gtk_widget_add_css_class(self->picture, "machine-picture");
    gtk_drawing_area_set_draw_func(GTK_DRAWING_AREA(self->picture), draw, self, NULL);
    g_signal_connect(self->picture, "resize", G_CALLBACK(on_resize), self);
    GtkEventController *motion = gtk_event_controller_motion_new();
    g_signal_connect(motion, "motion", G_CALLBACK(on_motion), self);
    g_signal_connect_swapped(motion, "leave", G_CALLBACK(on_leave), self);
    gtk_widget_add_controller(self->picture, motion);
    GtkEventController *keys = gtk_event_controller_key_new();
    g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), self);
    gtk_widget_add_controller(self->picture, keys);
    gtk_box_append(GTK_BOX(self), self->picture);
    self->told = gtk_label_new(NULL);
    gtk_label_set_xalign(GTK_LABEL(self->told), 0);
    gtk_label_set_wrap(GTK_LABEL(self->told), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(self->told), PANGO_WRAP_WORD_CHAR);
    gtk_widget_add_css_class(self->told, "explanation-text");
    gtk_box_append(GTK_BOX(self), self->told);
    self->source = gtk_label_new(NULL);
    gtk_label_set_xalign(GTK_LABEL(self->source), 0);
    gtk_widget_add_css_class(self->source, "dim-label");
    gtk_box_append(GTK_BOX(self), self->source);
}

GtkWidget *mg_machine_view_new(void)
{
    return g_object_new(MG_TYPE_MACHINE_VIEW, "visible", FALSE, NULL);
}

/* A choice outlives a step in time, or one could not look while it plays. */
void mg_machine_view_show(MgMachineView *self, const MgRegistry *registry, const MgEngineKind *kind,
                          const char *now, const char *before)
{
    bool other = kind != self->kind;
    gtk_widget_set_visible(GTK_WIDGET(self), kind != NULL);
    self->kind = kind;
    if (other)
        self->chosen = NULL;
    if (kind == NULL)
        return;
    self->registry = registry;
    g_free(self->now);
    self->now = g_strdup(now != NULL ? now : kind->transitions->from);
    self->taken = mg_machine_find(kind->transitions, before, now);
    gtk_label_set_label(GTK_LABEL(self->name), kind->name);
    MgMachine machine = machine_of(self, MAX(gtk_widget_get_width(self->picture), WIDTH));
    gtk_drawing_area_set_content_height(GTK_DRAWING_AREA(self->picture),
                                        (int)mg_machine_height(&machine));
    tell(self);
}

const char *mg_machine_view_told(MgMachineView *self)
{
    return gtk_label_get_label(GTK_LABEL(self->told));
}
