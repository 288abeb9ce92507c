/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inspector.c - the panel on the right
 *
 * It has two pages. That of the event has layers, octets, what they mean and, below, the state of
 * the host that it reached; that of a host has the host's state alone, and stays while time passes.
 */
#include "inspector.h"

#include <adwaita.h>

#include "bytes-view.h"
#include "chain-card.h"
#include "explanation.h"
#include "host-now.h"
#include "icons.h"
#include "inspector-tree.h"
#include "parts.h"
#include "player.h"
#include "reading.h"
#include "words.h"

#define WIDTH 330

struct _MgInspector {
    GtkBox parent_instance;
    MgSession *session;
    GtkWidget *pages, *event, *host, *host_now, *back;
    GtkWidget *heading, *lock, *tree, *bytes_area, *bytes, *explanation, *letter, *chain, *now;
    uint32_t shown;    /* record; 0 none */
    MgTrace *shown_of; /* the trace it is of: borrowed, compared only */
    MgView view;       /* that the chain was shown for */
    MgNode node;
    size_t source;      /* of the octets that are shown */
    const char *wanted; /* (nullable) id of the field that a person has chosen */
};

G_DEFINE_FINAL_TYPE(MgInspector, mg_inspector, GTK_TYPE_BOX)

static void show_node(MgInspector *self, MgNode node)
{
    const MgTree *tree = mg_inspector_tree_get(MG_INSPECTOR_TREE(self->tree));
    self->node = node;
    if (tree == NULL || node == MG_NODE_ROOT)
        return;
    const MgTreeNode *of = mg_tree_node(tree, node);
    self->source = of->source;
    mg_bytes_view_set_bytes(MG_BYTES_VIEW(self->bytes), mg_tree_source(tree, of->source)->bytes);
    mg_bytes_view_set_lit(MG_BYTES_VIEW(self->bytes), of->offset, of->len);
    mg_explanation_show(MG_EXPLANATION(self->explanation), mg_session_registry(self->session), tree,
                        node);
}

static void on_picked(MgInspector *self, unsigned node)
{
    const MgTree *tree = mg_inspector_tree_get(MG_INSPECTOR_TREE(self->tree));
    if (tree == NULL || node == MG_NODE_ROOT)
        return;
    self->wanted = mg_tree_node(tree, node)->field->id;
    show_node(self, node);
}

void mg_inspector_pick_octet(MgInspector *self, size_t offset)
{
    const MgTree *tree = mg_inspector_tree_get(MG_INSPECTOR_TREE(self->tree));
    MgNode node = tree != NULL ? mg_tree_node_at(tree, self->source, offset) : MG_NODE_ROOT;
    if (node == MG_NODE_ROOT)
        return;
    mg_inspector_tree_select(MG_INSPECTOR_TREE(self->tree), node);
    on_picked(self, node);
}

static void on_octet(MgInspector *self, unsigned offset)
{
    mg_inspector_pick_octet(self, offset);
}

/* The first of what a lesson points at; MG_NODE_ROOT if this has none of it. */
static MgNode pointed_node(const MgInspector *self, const MgTree *tree)
{
    const char *const *names = mg_session_pointed(self->session);
    MgNode node = MG_NODE_ROOT;
    for (size_t i = 0; names != NULL && names[i] != NULL && node == MG_NODE_ROOT; i++)
        node = mg_tree_find(tree, names[i], MG_NODE_ROOT);
    return node;
}

/* What is worth looking at first: what was looked at before, else a field with a story. */
static MgNode first_node(const MgInspector *self, const MgTree *tree, const MgDissector *own,
                         bool packet)
{
    MgNode wanted = pointed_node(self, tree);
    if (wanted == MG_NODE_ROOT && self->wanted != NULL)
        wanted = mg_tree_find(tree, self->wanted, 0);
    if (wanted == MG_NODE_ROOT)
        wanted = mg_parts_subject(tree); /* rather than where a letter ends */
    if (wanted != MG_NODE_ROOT)
        return wanted;
    MgNode first = MG_NODE_ROOT, named = MG_NODE_ROOT, text = MG_NODE_ROOT;
    for (MgNode i = 1; i < mg_tree_n_nodes(tree); i++) {
        const MgTreeNode *node = mg_tree_node(tree, i);
        const MgName *name = mg_tree_name(tree, i);
        if (node->dissector != own)
            continue;
        if (packet) /* its whole header */
            return i;
        if (node->note != NULL || (name != NULL && name->say != NULL))
            return i;
        if (named == MG_NODE_ROOT && name != NULL && node->first_child == 0 && node->offset == 0)
            named = i; /* a verb, a code */
        if (text == MG_NODE_ROOT && node->field->type == MG_FIELD_TEXT && node->first_child == 0)
            text = i; /* the name that is asked for */
        if (first == MG_NODE_ROOT ||
            (mg_tree_node(tree, first)->first_child != 0 && node->first_child == 0))
            first = i;
    }
    return named != MG_NODE_ROOT ? named : text != MG_NODE_ROOT ? text : first;
}

static char *heading_of(const MgTrace *trace, uint32_t n)
{
    const MgRecord *record = mg_trace_record(trace, n);
    const char *kind = mg_words_kind(trace, n);
    if (record->kind != MG_RECORD_EXCHANGE || record->len == 0)
        /* TRANSLATORS: number of the event, its kind */
        return g_strdup_printf(_("Event %u · %s"), n, kind);
    g_autofree char *octets =
        g_strdup_printf(mg_plural("%u byte", "%u bytes", record->len), record->len);
    /* TRANSLATORS: number of the exchange, its kind, its octets */
    return g_strdup_printf(_("Exchange %u · %s · %s"), n, kind, octets);
}

static void show_tree(MgInspector *self, const MgTrace *trace, uint32_t n)
{
    const MgRegistry *registry = mg_trace_registry(trace);
    const MgRecord *record = mg_trace_record(trace, n);
    const MgDissector *own = mg_registry_dissector(registry, record->dissector);
    mg_inspector_tree_set(MG_INSPECTOR_TREE(self->tree), registry, mg_trace_tree(trace, n), own);
    const MgTree *tree = mg_inspector_tree_get(MG_INSPECTOR_TREE(self->tree));
    gtk_widget_set_visible(self->letter, mg_parts_are_in(tree));
    MgNode node = first_node(self, tree, own, record->unit == MG_UNIT_NOTE);
    mg_inspector_tree_select(MG_INSPECTOR_TREE(self->tree), node);
    if (node != MG_NODE_ROOT)
        show_node(self, node);
    else
        mg_explanation_show_record(MG_EXPLANATION(self->explanation), trace, n);
}

gboolean mg_inspector_shows_host(MgInspector *self)
{
    return gtk_stack_get_visible_child(GTK_STACK(self->pages)) == self->host;
}

static void show_event(MgInspector *self)
{
    bool had_focus = gtk_widget_get_focus_child(self->host) != NULL;
    gtk_stack_set_visible_child(GTK_STACK(self->pages), self->event);
    if (had_focus)
        gtk_widget_child_focus(self->tree, GTK_DIR_TAB_FORWARD);
}

/* The eye moves on with the position, and a host's page stays; a choice elsewhere is a choice. */
static void on_selected(MgInspector *self)
{
    uint32_t position = mg_session_position(self->session);
    if (mg_inspector_shows_host(self) && mg_session_selected(self->session) != position)
        show_event(self);
}

static void show_chain(MgInspector *self)
{
    self->view = mg_player_view(mg_player_get(self->session));
    mg_chain_card_show(MG_CHAIN_CARD(self->chain), self->session, self->shown);
}

static void on_player(MgInspector *self)
{
    if (self->view != mg_player_view(mg_player_get(self->session)))
        show_chain(self);
}

static void show_record(MgInspector *self)
{
    MgTrace *trace = mg_session_trace(self->session);
    uint32_t n = MIN(mg_session_selected(self->session), mg_trace_n_records(trace));
    if (n == self->shown && trace == self->shown_of)
        return;
    self->shown = n;
    self->shown_of = trace;
    bool exchange = n > 0 && mg_trace_record(trace, n)->kind == MG_RECORD_EXCHANGE;
    gtk_widget_set_visible(self->bytes_area, exchange);
    gtk_widget_set_visible(self->tree, exchange);
    self->node = MG_NODE_ROOT;
    gtk_widget_set_visible(self->letter, FALSE);
    gtk_widget_set_visible(self->lock,
                           n > 0 && (mg_trace_record(trace, n)->flags & MG_RECORD_ENCRYPTED) != 0);
    show_chain(self);
    if (!exchange)
        mg_inspector_tree_set(MG_INSPECTOR_TREE(self->tree), NULL, NULL, NULL);
    if (n == 0) {
        gtk_label_set_label(GTK_LABEL(self->heading), _("Nothing has happened yet"));
        mg_explanation_show(MG_EXPLANATION(self->explanation), NULL, NULL, MG_NODE_ROOT);
        mg_host_now_set_host(MG_HOST_NOW(self->now), 0);
        return;
    }
    const MgRecord *record = mg_trace_record(trace, n);
    g_autofree char *heading = heading_of(trace, n);
    gtk_label_set_label(GTK_LABEL(self->heading), heading);
    if (exchange)
        show_tree(self, trace, n);
    else
        mg_explanation_show_record(MG_EXPLANATION(self->explanation), trace, n);
    mg_host_now_set_host(MG_HOST_NOW(self->now), record->to != 0 ? record->to : record->from);
}

static void on_pointed(MgInspector *self)
{
    const MgTree *tree = mg_inspector_tree_get(MG_INSPECTOR_TREE(self->tree));
    MgNode node = tree != NULL ? pointed_node(self, tree) : MG_NODE_ROOT;
    mg_inspector_tree_point(MG_INSPECTOR_TREE(self->tree), mg_session_pointed(self->session));
    if (node == MG_NODE_ROOT)
        return;
    show_event(self);
    mg_inspector_tree_select(MG_INSPECTOR_TREE(self->tree), node);
    show_node(self, node);
}

static void pick_node(MgNode node, gpointer data)
{
    MgInspector *self = data;
    const MgTree *tree = mg_inspector_tree_get(MG_INSPECTOR_TREE(self->tree));
    if (tree == NULL || node >= mg_tree_n_nodes(tree))
        return;
    show_event(self);
    mg_inspector_tree_select(MG_INSPECTOR_TREE(self->tree), node);
    on_picked(self, node);
    mg_inspector_focus(self);
}

void mg_inspector_read(MgInspector *self)
{
    GtkRoot *root = gtk_widget_get_root(GTK_WIDGET(self));
    if (root != NULL && gtk_widget_get_visible(self->letter))
        mg_reading_present(GTK_WINDOW(root),
                           mg_trace_tree(mg_session_trace(self->session), self->shown), pick_node,
                           self);
}

/* ---- the object ---- */

static void mg_inspector_dispose(GObject *object)
{
    MgInspector *self = MG_INSPECTOR(object);
    if (self->session != NULL)
        g_signal_handlers_disconnect_by_data(self->session, self);
    g_clear_object(&self->session);
    G_OBJECT_CLASS(mg_inspector_parent_class)->dispose(object);
}

static void mg_inspector_class_init(MgInspectorClass *class)
{
    G_OBJECT_CLASS(class)->dispose = mg_inspector_dispose;
    gtk_widget_class_set_css_name(GTK_WIDGET_CLASS(class), "inspector");
}

static GtkWidget *scrolled_new(GtkWidget *child)
{
    GtkWidget *scrolled = gtk_scrolled_window_new();
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_widget_set_vexpand(scrolled, TRUE);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), child);
    return scrolled;
}

static GtkWidget *host_page_new(MgInspector *self)
{
    GtkWidget *column = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12);
    gtk_widget_add_css_class(column, "inspector-lower");
    GtkWidget *content = adw_button_content_new();
    adw_button_content_set_icon_name(ADW_BUTTON_CONTENT(content), "go-previous-symbolic");
    adw_button_content_set_label(ADW_BUTTON_CONTENT(content), _("Back to the event"));
    self->back = gtk_button_new();
    gtk_button_set_child(GTK_BUTTON(self->back), content);
    gtk_widget_set_halign(self->back, GTK_ALIGN_START);
    gtk_widget_add_css_class(self->back, "flat");
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->back), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("Back to the event"), -1);
    g_signal_connect_swapped(self->back, "clicked", G_CALLBACK(show_event), self);
    gtk_box_append(GTK_BOX(column), self->back);
    self->host_now = mg_host_now_new(NULL);
    mg_host_now_set_whole(MG_HOST_NOW(self->host_now));
    gtk_box_append(GTK_BOX(column), self->host_now);
    return scrolled_new(column);
}

static GtkWidget *bytes_area_new(MgInspector *self)
{
    self->bytes = mg_bytes_view_new();
    g_signal_connect_swapped(self->bytes, "picked", G_CALLBACK(on_octet), self);
    GtkWidget *area = scrolled_new(self->bytes);
    gtk_widget_set_vexpand(area, FALSE);
    gtk_scrolled_window_set_propagate_natural_height(GTK_SCROLLED_WINDOW(area), TRUE);
    gtk_scrolled_window_set_max_content_height(GTK_SCROLLED_WINDOW(area), 130);
    gtk_scrolled_window_set_min_content_height(GTK_SCROLLED_WINDOW(area), 60);
    gtk_widget_add_css_class(area, "bytes-area");
    return area;
}

static GtkWidget *event_page_new(MgInspector *self)
{
    GtkBox *page = GTK_BOX(gtk_box_new(GTK_ORIENTATION_VERTICAL, 0));
    self->heading = gtk_label_new(NULL);
    gtk_label_set_xalign(GTK_LABEL(self->heading), 0);
    gtk_label_set_ellipsize(GTK_LABEL(self->heading), PANGO_ELLIPSIZE_END);
    gtk_widget_add_css_class(self->heading, "heading");
    gtk_widget_add_css_class(self->heading, "inspector-heading");
    gtk_widget_set_hexpand(self->heading, TRUE);
    g_autoptr(GdkPaintable) padlock = mg_icon_paintable_new("padlock");
    self->lock = gtk_image_new_from_paintable(padlock);
    gtk_widget_set_tooltip_text(self->lock, _("Encrypted: nobody on the way can read it"));
    gtk_widget_add_css_class(self->lock, "inspector-lock");
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->lock), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("Encrypted: nobody on the way can read it"), -1);
    GtkWidget *head = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
    gtk_box_append(GTK_BOX(head), self->heading);
    gtk_box_append(GTK_BOX(head), self->lock);
    gtk_box_append(page, head);
    self->tree = mg_inspector_tree_new();
    gtk_widget_set_vexpand(self->tree, TRUE);
    gtk_widget_set_size_request(self->tree, -1, 150);
    g_signal_connect_swapped(self->tree, "picked", G_CALLBACK(on_picked), self);
    gtk_box_append(page, self->tree);
    self->bytes_area = bytes_area_new(self);
    gtk_box_append(page, self->bytes_area);
    GtkWidget *column = gtk_box_new(GTK_ORIENTATION_VERTICAL, 16);
    gtk_widget_add_css_class(column, "inspector-lower");
    self->letter = gtk_button_new_with_label(_("Open the letter"));
    gtk_widget_set_halign(self->letter, GTK_ALIGN_START);
    gtk_widget_set_visible(self->letter, FALSE);
    g_signal_connect_swapped(self->letter, "clicked", G_CALLBACK(mg_inspector_read), self);
    gtk_box_append(GTK_BOX(column), self->letter);
    self->explanation = mg_explanation_new();
    gtk_box_append(GTK_BOX(column), self->explanation);
    self->chain = mg_chain_card_new();
    gtk_box_append(GTK_BOX(column), self->chain);
    self->now = mg_host_now_new(NULL);
    gtk_box_append(GTK_BOX(column), self->now);
    GtkWidget *lower = scrolled_new(column);
    gtk_widget_set_size_request(lower, -1, 220);
    gtk_box_append(page, lower);
    return GTK_WIDGET(page);
}

static void mg_inspector_init(MgInspector *self)
{
    gtk_orientable_set_orientation(GTK_ORIENTABLE(self), GTK_ORIENTATION_VERTICAL);
    self->pages = gtk_stack_new();
    gtk_stack_set_hhomogeneous(GTK_STACK(self->pages), TRUE);
    gtk_widget_set_vexpand(self->pages, TRUE);
    self->event = event_page_new(self);
    self->host = host_page_new(self);
    gtk_stack_add_child(GTK_STACK(self->pages), self->event);
    gtk_stack_add_child(GTK_STACK(self->pages), self->host);
    /* As wide as it was asked to be, whatever it has to say: or the map would jump. */
    GtkWidget *clamp = adw_clamp_new();
    adw_clamp_set_maximum_size(ADW_CLAMP(clamp), WIDTH);
    adw_clamp_set_tightening_threshold(ADW_CLAMP(clamp), WIDTH);
    adw_clamp_set_child(ADW_CLAMP(clamp), self->pages);
    gtk_widget_set_size_request(GTK_WIDGET(self), WIDTH, -1);
    gtk_box_append(GTK_BOX(self), clamp);
}

GtkWidget *mg_inspector_new(MgSession *session)
{
    MgInspector *self = g_object_new(MG_TYPE_INSPECTOR, NULL);
    self->session = g_object_ref(session);
    self->shown = UINT32_MAX;
    mg_host_now_set_session(MG_HOST_NOW(self->now), session);
    mg_host_now_set_session(MG_HOST_NOW(self->host_now), session);
    g_signal_connect_swapped(session, "notify::selected", G_CALLBACK(on_selected), self);
    g_signal_connect_swapped(session, "notify::selected", G_CALLBACK(show_record), self);
    g_signal_connect_swapped(session, "notify::trace", G_CALLBACK(show_record), self);
    g_signal_connect_object(mg_player_get(session), "changed", G_CALLBACK(on_player), self,
                            G_CONNECT_SWAPPED);
    g_signal_connect_swapped(session, "notify::pointed", G_CALLBACK(on_pointed), self);
    mg_inspector_tree_point(MG_INSPECTOR_TREE(self->tree), mg_session_pointed(session));
    show_record(self);
    return GTK_WIDGET(self);
}

void mg_inspector_focus(MgInspector *self)
{
    gtk_widget_child_focus(mg_inspector_shows_host(self) ? self->host : self->tree,
                           GTK_DIR_TAB_FORWARD);
}

void mg_inspector_show_host(MgInspector *self, MgHostId host)
{
    mg_host_now_set_host(MG_HOST_NOW(self->host_now), host);
    if (mg_session_network(self->session) != NULL && host != 0)
        gtk_stack_set_visible_child(GTK_STACK(self->pages), self->host);
}

const char *mg_inspector_field(MgInspector *self)
{
    const MgTree *tree = mg_inspector_tree_get(MG_INSPECTOR_TREE(self->tree));
    return tree != NULL && self->node != MG_NODE_ROOT ? mg_tree_node(tree, self->node)->field->id
                                                      : "";
}

void mg_inspector_lit(MgInspector *self, size_t *offset, size_t *len)
{
    mg_bytes_view_get_lit(MG_BYTES_VIEW(self->bytes), offset, len);
}
