/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ladder.c - the ladder as a widget */
#include "ladder.h"

#include <adwaita.h>

#include "ladder-paint.h"
#include "theme.h"
#include "words.h"

struct _MgLadder {
    GtkWidget parent_instance;
    MgSession *session;
    MgLadderModel *model;
    GtkWidget *scrolled, *list, *empty;
    GPtrArray *views; /* RowView, bound to a row; borrowed */
    uint32_t current; /* record of the row that the position is in */
    uint32_t glow;    /* record of the row that a lesson points at; 0 none */
    unsigned later;   /* the list has not got its size yet */
};

G_DEFINE_FINAL_TYPE(MgLadder, mg_ladder, GTK_TYPE_WIDGET)

static MgLadderPaint paint_of(MgLadder *self)
{
    return (MgLadderPaint){self->session,
                           mg_ladder_model_index(self->model),
                           gtk_widget_get_pango_context(GTK_WIDGET(self)),
                           gtk_widget_get_width(GTK_WIDGET(self)),
                           mg_theme_is_dark(),
                           self->glow};
}

/* ---- a row ---- */

#define TYPE_ROW_VIEW (row_view_get_type())
G_DECLARE_FINAL_TYPE(RowView, row_view, MG, LADDER_ROW_VIEW, GtkWidget)
struct _RowView {
    GtkWidget parent_instance;
    MgLadder *ladder; /* borrowed */
    uint32_t n;       /* record; 0 unbound */
    uint32_t told;    /* exchanges of its fold when its name was last said */
};
G_DEFINE_FINAL_TYPE(RowView, row_view, GTK_TYPE_WIDGET)

static void row_view_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
    RowView *self = MG_LADDER_ROW_VIEW(widget);
    if (self->n == 0 || self->ladder->model == NULL)
        return;
    MgLadderPaint paint = paint_of(self->ladder);
    mg_ladder_paint_row(&paint, snapshot, self->n, self->n == self->ladder->current,
                        self->n == mg_session_selected(self->ladder->session));
}

/* NOLINTNEXTLINE(readability-function-size): GTK's own signature */
static void row_view_measure(GtkWidget *widget, GtkOrientation orientation, int for_size,
                             int *minimum, int *natural, int *minimum_baseline,
                             int *natural_baseline)
{
    *minimum = orientation == GTK_ORIENTATION_VERTICAL ? MG_LADDER_ROW_HEIGHT : 120;
    *natural = *minimum;
    *minimum_baseline = *natural_baseline = -1;
}

static void row_view_class_init(RowViewClass *class)
{
    GTK_WIDGET_CLASS(class)->snapshot = row_view_snapshot;
    GTK_WIDGET_CLASS(class)->measure = row_view_measure;
    gtk_widget_class_set_css_name(GTK_WIDGET_CLASS(class), "ladderrow");
    gtk_widget_class_set_accessible_role(GTK_WIDGET_CLASS(class), GTK_ACCESSIBLE_ROLE_LABEL);
}

static void row_view_init(RowView *self)
{
    gtk_widget_set_hexpand(GTK_WIDGET(self), TRUE);
    gtk_widget_set_overflow(GTK_WIDGET(self), GTK_OVERFLOW_HIDDEN);
}

/* ---- how a row reads ---- */

static void add_states(MgLadder *self, uint32_t n, GString *text)
{
    const MgTrace *trace = mg_session_trace(self->session);
    MgLadderState states[4];
    size_t count =
        mg_ladder_index_states(mg_ladder_model_index(self->model), n,
                               mg_session_position(self->session), states, G_N_ELEMENTS(states));
    for (size_t i = 0; i < count; i++)
        g_string_append_printf(
            text, "; %s: %s", mg_trace_host(trace, states[i].host)->name,
            mg_registry_translate(
                mg_trace_registry(trace),
                mg_trace_text(trace, mg_trace_record(trace, states[i].n)->text_b)));
}

static void say(RowView *view)
{
    MgLadder *self = view->ladder;
    const MgTrace *trace = mg_session_trace(self->session);
    if (view->n > mg_trace_n_records(trace))
        return;
    const MgLadderIndex *index = mg_ladder_model_index(self->model);
    const MgFold *fold = mg_ladder_index_fold(index, view->n);
    uint32_t position = mg_session_position(self->session);
    g_autofree char *spoken = mg_words_record(trace, view->n);
    g_autoptr(GString) label = g_string_new(spoken);
    view->told = fold != NULL ? mg_ladder_index_fold_count(index, fold, position) : 0;
    if (fold != NULL) {
        g_autofree char *text = mg_ladder_fold_text(index, fold, position);
        const char *after = strchr(text, ' '); /* without its triangle */
        g_string_append_printf(label, "; %s%s",
                               fold->open ? _("opened, exchanges") : _("folded, exchanges"),
                               after != NULL ? after : "");
    }
    add_states(self, view->n, label);
    if (view->n == self->glow)
        g_string_append_printf(label, "; %s", _("The lesson points at this"));
    gtk_accessible_update_property(GTK_ACCESSIBLE(view), GTK_ACCESSIBLE_PROPERTY_LABEL, label->str,
                                   -1);
}

/* ---- rows come and go ---- */

static void setup(GtkSignalListItemFactory *factory, GtkListItem *item, MgLadder *self)
{
    RowView *view = g_object_new(TYPE_ROW_VIEW, NULL);
    view->ladder = self;
    gtk_list_item_set_child(item, GTK_WIDGET(view));
    gtk_list_item_set_activatable(item, TRUE);
}

static void bind(GtkSignalListItemFactory *factory, GtkListItem *item, MgLadder *self)
{
    RowView *view = MG_LADDER_ROW_VIEW(gtk_list_item_get_child(item));
    view->n = mg_ladder_row_record(gtk_list_item_get_item(item));
    g_ptr_array_add(self->views, view);
    say(view);
    gtk_widget_queue_draw(GTK_WIDGET(view));
}

static void unbind(GtkSignalListItemFactory *factory, GtkListItem *item, MgLadder *self)
{
    RowView *view = MG_LADDER_ROW_VIEW(gtk_list_item_get_child(item));
    view->n = 0;
    if (self->views != NULL)
        g_ptr_array_remove_fast(self->views, view);
}

static void on_activate(GtkListView *list, unsigned row, MgLadder *self)
{
    g_autoptr(MgLadderRow) item = g_list_model_get_item(G_LIST_MODEL(self->model), row);
    if (item == NULL)
        return;
    uint32_t n = mg_ladder_row_record(item);
    mg_session_select(self->session, n);
    if (mg_ladder_index_fold(mg_ladder_model_index(self->model), n) != NULL)
        mg_ladder_model_toggle(self->model, n);
}

/* ---- following the session ---- */

/* Whether what a lesson points at is among its fields. */
static bool is_pointed(MgLadder *self, uint32_t n)
{
    const MgTrace *trace = mg_session_trace(self->session);
    const char *const *names = mg_session_pointed(self->session);
    if (n == 0 || names == NULL || mg_trace_record(trace, n)->kind != MG_RECORD_EXCHANGE)
        return false;
    g_autoptr(MgTree) tree = mg_trace_tree(trace, n);
    for (size_t i = 0; names[i] != NULL; i++)
        if (mg_tree_find(tree, names[i], MG_NODE_ROOT) != MG_NODE_ROOT)
            return true;
    return false;
}

static void redraw(MgLadder *self)
{
    uint32_t row = 0, position = mg_session_position(self->session);
    const MgLadderIndex *index = mg_ladder_model_index(self->model);
    bool shown = mg_ladder_index_row_of(index, position, &row);
    uint32_t glowed = self->glow;
    self->current = shown ? mg_ladder_index_record(index, row) : 0;
    self->glow = is_pointed(self, position) || is_pointed(self, self->current) ? self->current : 0;
    for (unsigned i = 0; i < self->views->len; i++) {
        RowView *view = g_ptr_array_index(self->views, i);
        const MgFold *fold = mg_ladder_index_fold(index, view->n);
        if (view->n == self->current || view->n == glowed ||
            (fold != NULL && mg_ladder_index_fold_count(index, fold, position) != view->told))
            say(view);
        gtk_widget_queue_draw(GTK_WIDGET(view));
    }
    gtk_widget_set_visible(self->empty, g_list_model_get_n_items(G_LIST_MODEL(self->model)) == 0);
    gtk_widget_queue_draw(GTK_WIDGET(self));
}

static void scroll(MgLadder *self)
{
    uint32_t row = 0;
    if (!mg_ladder_index_row_of(mg_ladder_model_index(self->model),
                                mg_session_position(self->session), &row))
        return;
    /* What came last is seen too, if there is room for both. */
    uint32_t n = g_list_model_get_n_items(G_LIST_MODEL(self->model));
    uint32_t fit = (uint32_t)MAX(gtk_widget_get_height(self->scrolled) / MG_LADDER_ROW_HEIGHT, 1);
    if (row < n && n - row <= fit)
        row = n - 1;
    if (row < n)
        gtk_widget_activate_action(self->list, "list.scroll-to-item", "u", row);
}

static gboolean scroll_later(void *data)
{
    MgLadder *self = data;
    self->later = 0;
    scroll(self);
    return G_SOURCE_REMOVE;
}

/* The list takes notice at its next layout, and of rows that it has just got not at all. */
static void follow(MgLadder *self)
{
    redraw(self);
    scroll(self);
    if (self->later == 0)
        self->later = g_timeout_add(20, scroll_later, self);
}

static void on_changed(MgLadder *self)
{
    bool filtered = mg_ladder_index_is_filtered(mg_ladder_model_index(self->model));
    gtk_label_set_label(GTK_LABEL(self->empty),
                        mg_session_network(self->session) == NULL && !filtered
                            ? _("Nothing has happened yet")
                        : filtered ? _("Nothing up to here matches the filter")
                                   : _("Nothing has happened yet. Space plays, → goes one step"));
    follow(self);
}

/* ---- the widget ---- */

static void mg_ladder_snapshot(GtkWidget *widget, GtkSnapshot *snapshot)
{
    MgLadder *self = MG_LADDER(widget);
    int width = gtk_widget_get_width(widget), height = gtk_widget_get_height(widget);
    MgLadderPaint paint = paint_of(self);
    gtk_snapshot_append_color(snapshot, &mg_palette(paint.dark)->ground,
                              &GRAPHENE_RECT_INIT(0, 0, (float)width, (float)height));
    mg_ladder_paint_head(&paint, snapshot);
    mg_ladder_paint_lines(&paint, snapshot, MG_LADDER_HEAD_HEIGHT, height - MG_LADDER_HEAD_HEIGHT);
    GTK_WIDGET_CLASS(mg_ladder_parent_class)->snapshot(widget, snapshot);
}

/* NOLINTNEXTLINE(readability-function-size): GTK's own signature */
static void mg_ladder_measure(GtkWidget *widget, GtkOrientation orientation, int for_size,
                              int *minimum, int *natural, int *minimum_baseline,
                              int *natural_baseline)
{
    *minimum = orientation == GTK_ORIENTATION_VERTICAL ? 130 : 300;
    *natural = orientation == GTK_ORIENTATION_VERTICAL ? 300 : 600;
    *minimum_baseline = *natural_baseline = -1;
}

static void mg_ladder_size_allocate(GtkWidget *widget, int width, int height, int baseline)
{
    MgLadder *self = MG_LADDER(widget);
    int below = MAX(height - MG_LADDER_HEAD_HEIGHT, 1);
    if (height != gtk_widget_get_height(self->scrolled) + MG_LADDER_HEAD_HEIGHT && self->later == 0)
        self->later = g_timeout_add(20, scroll_later, self);
    gtk_widget_size_allocate(self->scrolled,
                             &(GtkAllocation){0, MG_LADDER_HEAD_HEIGHT, width, below}, -1);
    if (gtk_widget_get_visible(self->empty))
        gtk_widget_size_allocate(self->empty,
                                 &(GtkAllocation){0, MG_LADDER_HEAD_HEIGHT, width, below}, -1);
}

static gboolean on_tooltip(GtkWidget *widget, int x, int y, gboolean keyboard, GtkTooltip *tooltip)
{
    MgLadder *self = MG_LADDER(widget);
    MgLadderPaint paint = paint_of(self);
    g_autofree char *name = y < MG_LADDER_HEAD_HEIGHT ? mg_ladder_slot_name(&paint, x) : NULL;
    gtk_tooltip_set_text(tooltip, name);
    return name != NULL;
}

static void mg_ladder_dispose(GObject *object)
{
    MgLadder *self = MG_LADDER(object);
    if (self->session != NULL) {
        g_signal_handlers_disconnect_by_data(self->session, self);
        g_signal_handlers_disconnect_by_data(self->model, self);
        g_signal_handlers_disconnect_by_data(adw_style_manager_get_default(), self);
    }
    g_clear_handle_id(&self->later, g_source_remove);
    g_clear_pointer(&self->scrolled, gtk_widget_unparent);
    g_clear_pointer(&self->empty, gtk_widget_unparent);
    g_clear_pointer(&self->views, g_ptr_array_unref);
    g_clear_object(&self->model);
    g_clear_object(&self->session);
    G_OBJECT_CLASS(mg_ladder_parent_class)->dispose(object);
}

static void mg_ladder_class_init(MgLadderClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = mg_ladder_dispose;
    widget_class->snapshot = mg_ladder_snapshot;
    widget_class->measure = mg_ladder_measure;
    widget_class->size_allocate = mg_ladder_size_allocate;
    widget_class->query_tooltip = on_tooltip;
    gtk_widget_class_set_css_name(widget_class, "ladder");
}

static void mg_ladder_init(MgLadder *self)
{
    self->views = g_ptr_array_new();
    gtk_widget_set_has_tooltip(GTK_WIDGET(self), TRUE);
    gtk_widget_set_overflow(GTK_WIDGET(self), GTK_OVERFLOW_HIDDEN);
}

GtkWidget *mg_ladder_new(MgSession *session)
{
    MgLadder *self = g_object_new(MG_TYPE_LADDER, NULL);
    self->session = g_object_ref(session);
    self->model = mg_ladder_model_new(session);
    GtkListItemFactory *factory = gtk_signal_list_item_factory_new();
    g_signal_connect(factory, "setup", G_CALLBACK(setup), self);
    g_signal_connect(factory, "bind", G_CALLBACK(bind), self);
    g_signal_connect(factory, "unbind", G_CALLBACK(unbind), self);
    GtkNoSelection *rows = gtk_no_selection_new(G_LIST_MODEL(g_object_ref(self->model)));
    self->list = gtk_list_view_new(GTK_SELECTION_MODEL(rows), factory);
    gtk_list_view_set_single_click_activate(GTK_LIST_VIEW(self->list), TRUE);
    g_signal_connect(self->list, "activate", G_CALLBACK(on_activate), self);
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->list), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("What was said, in order"), -1);
    self->scrolled = gtk_scrolled_window_new();
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(self->scrolled), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(self->scrolled), self->list);
    gtk_widget_set_parent(self->scrolled, GTK_WIDGET(self));
    self->empty = gtk_label_new(NULL);
    gtk_widget_add_css_class(self->empty, "dim-label");
    gtk_widget_set_can_target(self->empty, FALSE);
    gtk_label_set_ellipsize(GTK_LABEL(self->empty), PANGO_ELLIPSIZE_END);
    gtk_widget_set_parent(self->empty, GTK_WIDGET(self));
    g_signal_connect_swapped(session, "notify::position", G_CALLBACK(follow), self);
    g_signal_connect_swapped(session, "notify::selected", G_CALLBACK(redraw), self);
    g_signal_connect_swapped(session, "notify::pointed", G_CALLBACK(redraw), self);
    g_signal_connect_swapped(self->model, "changed", G_CALLBACK(on_changed), self);
    g_signal_connect_swapped(adw_style_manager_get_default(), "notify::dark", G_CALLBACK(redraw),
                             self);
    on_changed(self);
    return GTK_WIDGET(self);
}

MgLadderModel *mg_ladder_get_model(MgLadder *self)
{
    return self->model;
}
