/* SPDX-License-Identifier: GPL-3.0-or-later */
/* filter-bar.c - a filter for the ladder */
#include "filter-bar.h"

#include "words.h"

#define OFFERS_MAX 40

struct _MgFilterBar {
    GtkWidget parent_instance;
    MgLadderModel *model;
    GtkWidget *revealer, *entry, *problem, *until, *popover, *offers;
    gboolean quiet; /* the text is not being typed */
};

G_DEFINE_FINAL_TYPE(MgFilterBar, mg_filter_bar, GTK_TYPE_WIDGET)

/* ---- what may follow ---- */

static size_t word_start(const char *text)
{
    size_t at = strlen(text);
    while (at > 0 && strchr(" \t(){},!", text[at - 1]) == NULL)
        at--;
    return at;
}

static void on_offer(GtkListBox *list, GtkListBoxRow *row, MgFilterBar *self)
{
    const char *offer = gtk_label_get_label(GTK_LABEL(gtk_list_box_row_get_child(row)));
    const char *text = gtk_editable_get_text(GTK_EDITABLE(self->entry));
    g_autofree char *begin = g_strndup(text, word_start(text));
    g_autofree char *all = g_strdup_printf("%s%s ", begin, offer);
    mg_filter_bar_set_text(self, all);
    gtk_popover_popdown(GTK_POPOVER(self->popover));
    gtk_widget_grab_focus(self->entry);
    gtk_editable_set_position(GTK_EDITABLE(self->entry), -1);
}

static void offer(MgFilterBar *self)
{
    GtkWidget *row;
    while ((row = gtk_widget_get_first_child(self->offers)) != NULL)
        gtk_list_box_remove(GTK_LIST_BOX(self->offers), row);
    const char *text = gtk_editable_get_text(GTK_EDITABLE(self->entry));
    g_autoptr(GPtrArray) names =
        mg_filter_complete(text, mg_session_registry(mg_ladder_model_session(self->model)));
    for (unsigned i = 0; i < MIN(names->len, OFFERS_MAX); i++) {
        GtkWidget *label = gtk_label_new(g_ptr_array_index(names, i));
        gtk_label_set_xalign(GTK_LABEL(label), 0);
        gtk_widget_add_css_class(label, "monospace");
        gtk_list_box_append(GTK_LIST_BOX(self->offers), label);
    }
    bool wanted = names->len > 0 && text[0] != '\0' && text[word_start(text)] != '\0' &&
                  gtk_widget_get_mapped(self->entry);
    if (wanted)
        gtk_popover_popup(GTK_POPOVER(self->popover));
    else
        gtk_popover_popdown(GTK_POPOVER(self->popover));
}

/* ---- the filter ---- */

static void apply(MgFilterBar *self)
{
    g_autoptr(GError) error = NULL;
    const char *text = gtk_editable_get_text(GTK_EDITABLE(self->entry));
    bool good = mg_ladder_model_set_filter(self->model, text, &error);
    gtk_label_set_label(GTK_LABEL(self->problem), good ? "" : error->message);
    gtk_widget_set_visible(self->problem, !good);
    if (good)
        gtk_widget_remove_css_class(self->entry, "error");
    else
        gtk_widget_add_css_class(self->entry, "error");
    gtk_widget_set_sensitive(self->until, good && text[0] != '\0');
}

static void on_changed(MgFilterBar *self)
{
    if (self->quiet) /* an entry takes the old text out before it puts the new one in */
        return;
    apply(self);
    offer(self);
}

static void on_until(MgFilterBar *self)
{
    MgSession *session = mg_ladder_model_session(self->model);
    g_autoptr(GError) error = NULL;
    const char *text = gtk_editable_get_text(GTK_EDITABLE(self->entry));
    mg_session_set_playing(session, false);
    if (mg_session_run_until(session, text, &error))
        return;
    gtk_label_set_label(GTK_LABEL(self->problem),
                        error != NULL ? error->message : _("Nothing after this matches"));
    gtk_widget_set_visible(self->problem, TRUE);
}

static void on_close(MgFilterBar *self)
{
    mg_filter_bar_set_open(self, FALSE);
}

static gboolean on_key(GtkEventControllerKey *keys, unsigned key, unsigned code,
                       GdkModifierType modifiers, MgFilterBar *self)
{
    if (key == GDK_KEY_Escape) {
        mg_filter_bar_set_open(self, FALSE);
        return TRUE;
    }
    if (key == GDK_KEY_Down && gtk_widget_get_visible(self->popover)) {
        gtk_widget_child_focus(self->offers, GTK_DIR_TAB_FORWARD);
        return TRUE;
    }
    return FALSE;
}

/* ---- the widget ---- */

static void make_offers(MgFilterBar *self)
{
    self->popover = gtk_popover_new();
    gtk_popover_set_autohide(GTK_POPOVER(self->popover), FALSE);
    gtk_popover_set_has_arrow(GTK_POPOVER(self->popover), FALSE);
    gtk_popover_set_position(GTK_POPOVER(self->popover), GTK_POS_BOTTOM);
    gtk_widget_set_halign(self->popover, GTK_ALIGN_START);
    self->offers = gtk_list_box_new();
    gtk_list_box_set_selection_mode(GTK_LIST_BOX(self->offers), GTK_SELECTION_NONE);
    g_signal_connect(self->offers, "row-activated", G_CALLBACK(on_offer), self);
    GtkWidget *scrolled = gtk_scrolled_window_new();
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_propagate_natural_height(GTK_SCROLLED_WINDOW(scrolled), TRUE);
    gtk_scrolled_window_set_max_content_height(GTK_SCROLLED_WINDOW(scrolled), 180);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), self->offers);
    gtk_popover_set_child(GTK_POPOVER(self->popover), scrolled);
    gtk_widget_set_parent(self->popover, self->entry);
}

static void mg_filter_bar_dispose(GObject *object)
{
    MgFilterBar *self = MG_FILTER_BAR(object);
    g_clear_pointer(&self->popover, gtk_widget_unparent);
    g_clear_pointer(&self->revealer, gtk_widget_unparent);
    g_clear_object(&self->model);
    G_OBJECT_CLASS(mg_filter_bar_parent_class)->dispose(object);
}

static void mg_filter_bar_class_init(MgFilterBarClass *class)
{
    G_OBJECT_CLASS(class)->dispose = mg_filter_bar_dispose;
    gtk_widget_class_set_layout_manager_type(GTK_WIDGET_CLASS(class), GTK_TYPE_BIN_LAYOUT);
}

static void mg_filter_bar_init(MgFilterBar *self)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
    gtk_widget_add_css_class(box, "filter-bar");
    GtkWidget *line = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    self->entry = gtk_entry_new();
    gtk_entry_set_icon_from_icon_name(GTK_ENTRY(self->entry), GTK_ENTRY_ICON_PRIMARY,
                                      "edit-find-symbolic");
    gtk_widget_add_css_class(self->entry, "monospace");
    gtk_entry_set_placeholder_text(GTK_ENTRY(self->entry), "mailglass.kind == \"reply\"");
    gtk_widget_set_hexpand(self->entry, TRUE);
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->entry), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("Filter"), -1);
    self->until = gtk_button_new_with_label(_("Run until"));
    gtk_widget_set_tooltip_text(self->until, _("Goes on to the next event that matches"));
    gtk_widget_set_sensitive(self->until, FALSE);
    GtkWidget *close = gtk_button_new_from_icon_name("window-close-symbolic");
    gtk_widget_add_css_class(close, "flat");
    gtk_accessible_update_property(GTK_ACCESSIBLE(close), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("Close the filter"), -1);
    gtk_box_append(GTK_BOX(line), self->entry);
    gtk_box_append(GTK_BOX(line), self->until);
    gtk_box_append(GTK_BOX(line), close);
    gtk_box_append(GTK_BOX(box), line);
    self->problem = gtk_label_new(NULL);
    gtk_label_set_xalign(GTK_LABEL(self->problem), 0);
    gtk_label_set_ellipsize(GTK_LABEL(self->problem), PANGO_ELLIPSIZE_END);
    gtk_widget_add_css_class(self->problem, "error");
    gtk_widget_set_visible(self->problem, FALSE);
    gtk_box_append(GTK_BOX(box), self->problem);
    self->revealer = gtk_revealer_new();
    gtk_revealer_set_child(GTK_REVEALER(self->revealer), box);
    gtk_widget_set_parent(self->revealer, GTK_WIDGET(self));
    make_offers(self);
    g_signal_connect_swapped(self->entry, "changed", G_CALLBACK(on_changed), self);
    g_signal_connect_swapped(self->entry, "activate", G_CALLBACK(on_until), self);
    g_signal_connect_swapped(self->until, "clicked", G_CALLBACK(on_until), self);
    g_signal_connect_swapped(close, "clicked", G_CALLBACK(on_close), self);
    GtkEventController *keys = gtk_event_controller_key_new();
    gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
    g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), self);
    gtk_widget_add_controller(GTK_WIDGET(self), keys);
}

GtkWidget *mg_filter_bar_new(MgLadderModel *model)
{
    MgFilterBar *self = g_object_new(MG_TYPE_FILTER_BAR, NULL);
    self->model = g_object_ref(model);
    return GTK_WIDGET(self);
}

void mg_filter_bar_set_open(MgFilterBar *self, gboolean open)
{
    gtk_revealer_set_reveal_child(GTK_REVEALER(self->revealer), open);
    if (open) {
        gtk_widget_grab_focus(self->entry);
        apply(self);
        return;
    }
    gtk_popover_popdown(GTK_POPOVER(self->popover));
    mg_ladder_model_set_filter(self->model, "", NULL);
}

gboolean mg_filter_bar_is_open(MgFilterBar *self)
{
    return gtk_revealer_get_reveal_child(GTK_REVEALER(self->revealer));
}

void mg_filter_bar_set_text(MgFilterBar *self, const char *text)
{
    self->quiet = TRUE;
    gtk_editable_set_text(GTK_EDITABLE(self->entry), text);
    self->quiet = FALSE;
    apply(self);
}

const char *mg_filter_bar_problem(MgFilterBar *self)
{
    return gtk_label_get_label(GTK_LABEL(self->problem));
}
