/* SPDX-License-Identifier: GPL-3.0-or-later */
/* problems.c - a dialog with everything that is wrong */
#include "problems.h"

#include <adwaita.h>

#include "words.h"

void mg_problems_present(GtkWindow *parent, const char *heading, const GPtrArray *lines)
{
    GtkWidget *dialog = adw_message_dialog_new(parent, heading, NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < lines->len; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? "\n" : "",
                               (const char *)g_ptr_array_index(lines, i));
    GtkWidget *label = gtk_label_new(text->str);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
    gtk_label_set_selectable(GTK_LABEL(label), TRUE);
    gtk_widget_add_css_class(label, "wire");
    GtkWidget *scrolled = gtk_scrolled_window_new();
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_propagate_natural_height(GTK_SCROLLED_WINDOW(scrolled), TRUE);
    gtk_scrolled_window_set_max_content_height(GTK_SCROLLED_WINDOW(scrolled), 320);
    gtk_scrolled_window_set_min_content_width(GTK_SCROLLED_WINDOW(scrolled), 480);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), label);
    adw_message_dialog_set_extra_child(ADW_MESSAGE_DIALOG(dialog), scrolled);
    adw_message_dialog_add_response(ADW_MESSAGE_DIALOG(dialog), "close", _("Close"));
    gtk_window_present(GTK_WINDOW(dialog));
}
