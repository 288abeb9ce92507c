/* SPDX-License-Identifier: GPL-3.0-or-later */
/* start-page.c - networks as cards to open */
#include "start-page.h"

#include <adwaita.h>

#include "networks.h"
#include "words.h"

#define COLUMNS 2

struct _MgStartPage {
    GtkWidget parent_instance;
    MgRegistry *registry;
    GtkWidget *scrolled, *column;
};

enum { OPEN, N_SIGNALS };
static unsigned signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(MgStartPage, mg_start_page, GTK_TYPE_WIDGET)

static void on_card(GtkButton *card, MgStartPage *self)
{
    g_signal_emit(self, signals[OPEN], 0, g_object_get_data(G_OBJECT(card), "path"));
}

static GtkWidget *line(GtkWidget *box, const char *text, const char *class, int lines)
{
    GtkWidget *label = gtk_label_new(text);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_yalign(GTK_LABEL(label), 0);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
    gtk_label_set_lines(GTK_LABEL(label), lines);
    gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
    gtk_label_set_max_width_chars(GTK_LABEL(label), 40);
    gtk_widget_add_css_class(label, class);
    gtk_box_append(GTK_BOX(box), label);
    return label;
}

/* What a card says of a network; one with mistakes is shown too, and its mistakes when opened. */
static GtkWidget *card_new(MgStartPage *self, const char *path)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(MgNetwork) network = mg_network_load(path, self->registry, problems);
    g_autofree char *name = g_path_get_basename(path);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
    const char *title = network != NULL ? mg_words_title(network) : name;
    line(box, title[0] != '\0' ? title : name, "title-4", 1);
    g_autofree char *mistakes =
        g_strdup_printf(mg_plural("%u mistake keeps it from opening",
                                  "%u mistakes keep it from opening", problems->len),
                        problems->len);
    line(box, network != NULL ? mg_words_description(network) : mistakes,
         network != NULL ? "prose" : "error", 5);
    if (network != NULL) {
        g_autofree char *hosts = g_strdup_printf(
            mg_plural("%u host", "%u hosts", network->hosts->len), network->hosts->len);
        g_autofree char *regions = mg_words_regions(network);
        g_autofree char *foot =
            g_strdup_printf("%s%s%s", hosts, regions[0] != '\0' ? " · " : "", regions);
        line(box, foot, "dim-label", 1);
    }
    GtkWidget *card = gtk_button_new();
    gtk_button_set_child(GTK_BUTTON(card), box);
    gtk_widget_add_css_class(card, "card");
    gtk_widget_add_css_class(card, "network-card");
    gtk_widget_set_tooltip_text(card, path);
    gtk_accessible_update_property(GTK_ACCESSIBLE(card), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
    g_object_set_data_full(G_OBJECT(card), "path", g_strdup(path), g_free);
    g_signal_connect(card, "clicked", G_CALLBACK(on_card), self);
    return card;
}

static gboolean is_among(const GPtrArray *paths, const char *path)
{
    for (unsigned i = 0; i < paths->len; i++)
        if (strcmp(g_ptr_array_index(paths, i), path) == 0)
            return TRUE;
    return FALSE;
}

static void add_cards(MgStartPage *self, const char *title, const GPtrArray *paths,
                      const GPtrArray *without)
{
    GtkWidget *grid = gtk_grid_new();
    gtk_grid_set_column_homogeneous(GTK_GRID(grid), TRUE);
    gtk_grid_set_row_spacing(GTK_GRID(grid), 12);
    gtk_grid_set_column_spacing(GTK_GRID(grid), 12);
    unsigned n = 0;
    for (unsigned i = 0; i < paths->len; i++) {
        const char *path = g_ptr_array_index(paths, i);
        if (without != NULL && is_among(without, path))
            continue;
        gtk_grid_attach(GTK_GRID(grid), card_new(self, path), (int)n % COLUMNS, (int)n / COLUMNS, 1,
                        1);
        n++;
    }
    if (n == 0) {
        g_object_ref_sink(grid);
        g_object_unref(grid);
        return;
    }
    line(self->column, title, "title-4", 1);
    gtk_box_append(GTK_BOX(self->column), grid);
}

void mg_start_page_refresh(MgStartPage *self)
{
    GtkWidget *child;
    while ((child = gtk_widget_get_first_child(self->column)) != NULL)
        gtk_box_remove(GTK_BOX(self->column), child);
    line(self->column, "Mailglass", "title-1", 1);
    line(self->column, _("See electronic mail happen, byte by byte."), "prose", 2);
    g_autoptr(GPtrArray) shipped = mg_networks_shipped();
    g_autoptr(GPtrArray) recent = mg_networks_recent();
    add_cards(self, _("Networks"), shipped, NULL);
    add_cards(self, _("Opened lately"), recent, shipped);
    if (shipped->len + recent->len == 0)
        line(self->column, _("No network was found."), "dim-label", 1);
    GtkWidget *open = gtk_button_new_with_label(_("Open a folder…"));
    gtk_widget_add_css_class(open, "pill");
    gtk_widget_set_halign(open, GTK_ALIGN_START);
    gtk_actionable_set_action_name(GTK_ACTIONABLE(open), "win.open-folder");
    gtk_box_append(GTK_BOX(self->column), open);
}

static void mg_start_page_dispose(GObject *object)
{
    MgStartPage *self = MG_START_PAGE(object);
    g_clear_pointer(&self->scrolled, gtk_widget_unparent);
    g_clear_pointer(&self->registry, mg_registry_unref);
    G_OBJECT_CLASS(mg_start_page_parent_class)->dispose(object);
}

static void mg_start_page_class_init(MgStartPageClass *class)
{
    G_OBJECT_CLASS(class)->dispose = mg_start_page_dispose;
    gtk_widget_class_set_layout_manager_type(GTK_WIDGET_CLASS(class), GTK_TYPE_BIN_LAYOUT);
    signals[OPEN] = g_signal_new("open", MG_TYPE_START_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void mg_start_page_init(MgStartPage *self)
{
    self->column = gtk_box_new(GTK_ORIENTATION_VERTICAL, 14);
    gtk_widget_add_css_class(self->column, "start-page");
    GtkWidget *clamp = adw_clamp_new();
    adw_clamp_set_maximum_size(ADW_CLAMP(clamp), 1080);
    adw_clamp_set_child(ADW_CLAMP(clamp), self->column);
    self->scrolled = gtk_scrolled_window_new();
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(self->scrolled), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(self->scrolled), clamp);
    gtk_widget_set_parent(self->scrolled, GTK_WIDGET(self));
}

GtkWidget *mg_start_page_new(MgRegistry *registry)
{
    MgStartPage *self = g_object_new(MG_TYPE_START_PAGE, NULL);
    self->registry = mg_registry_ref(registry);
    return GTK_WIDGET(self);
}
