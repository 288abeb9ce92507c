/* SPDX-License-Identifier: GPL-3.0-or-later */
/* description.c - the panel on the left of a free network */
#include "description.h"

#include "words.h"

static GtkWidget *add_text(GtkWidget *box, const char *text, const char *class)
{
    GtkWidget *label = gtk_label_new(text);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
    gtk_label_set_natural_wrap_mode(GTK_LABEL(label), GTK_NATURAL_WRAP_NONE);
    gtk_label_set_max_width_chars(GTK_LABEL(label), 30);
    gtk_widget_add_css_class(label, class);
    gtk_box_append(GTK_BOX(box), label);
    return label;
}

static void add_host(GtkWidget *box, const MgNetworkHost *host)
{
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
    GtkWidget *name = gtk_label_new(host->name);
    gtk_label_set_xalign(GTK_LABEL(name), 0);
    gtk_label_set_ellipsize(GTK_LABEL(name), PANGO_ELLIPSIZE_END);
    gtk_widget_set_hexpand(name, TRUE);
    gtk_box_append(GTK_BOX(row), name);
    GtkWidget *kind = gtk_label_new(mg_words_host_kind(host->kind));
    gtk_widget_add_css_class(kind, "dim-label");
    gtk_box_append(GTK_BOX(row), kind);
    gtk_widget_set_tooltip_text(row, host->addresses != NULL ? host->addresses[0] : NULL);
    gtk_box_append(GTK_BOX(box), row);
}

/* Hosts, a heading a region. */
static void add_hosts(GtkWidget *box, const MgNetwork *network)
{
    for (unsigned r = 0; r < network->regions->len; r++) {
        const char *region = g_array_index(network->regions, char *, r);
        GtkWidget *card = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
        gtk_widget_add_css_class(card, "region");
        add_text(card, region, "caption-heading");
        for (unsigned i = 0; i < network->hosts->len; i++) {
            const MgNetworkHost *host = &g_array_index(network->hosts, MgNetworkHost, i);
            if (g_strcmp0(host->region, region) == 0)
                add_host(card, host);
        }
        gtk_box_append(GTK_BOX(box), card);
    }
}

GtkWidget *mg_description_new(MgSession *session)
{
    const MgNetwork *network = mg_session_network(session);
    GtkWidget *panel = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    gtk_widget_add_css_class(panel, "side");
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12);
    gtk_widget_add_css_class(box, "side-content");
    if (network != NULL) {
        add_text(box, _("Network"), "eyebrow");
        add_text(box, mg_words_title(network), "title-2");
        g_auto(GStrv) paragraphs = g_strsplit(mg_words_description(network), "\n", -1);
        for (size_t i = 0; paragraphs[i] != NULL; i++) {
            g_autofree char *markup = mg_words_markup(paragraphs[i]);
            if (paragraphs[i][0] != '\0')
                gtk_label_set_markup(GTK_LABEL(add_text(box, NULL, "prose")), markup);
        }
        add_hosts(box, network);
    }
    GtkWidget *scrolled = gtk_scrolled_window_new();
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), box);
    gtk_widget_set_vexpand(scrolled, TRUE);
    gtk_box_append(GTK_BOX(panel), scrolled);
    GtkWidget *bar = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
    gtk_widget_add_css_class(bar, "side-foot");
    GtkWidget *write = gtk_button_new_with_label(_("Write a mail"));
    gtk_widget_add_css_class(write, "suggested-action");
    gtk_widget_set_hexpand(write, TRUE);
    gtk_widget_set_halign(write, GTK_ALIGN_END);
    gtk_actionable_set_action_name(GTK_ACTIONABLE(write), "win.compose");
    gtk_box_append(GTK_BOX(bar), write);
    gtk_box_append(GTK_BOX(panel), bar);
    gtk_widget_set_size_request(panel, 300, -1);
    return panel;
}
