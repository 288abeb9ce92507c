/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plugins-page.c - what is plugged in */
#include "plugins-page.h"

#include <adwaita.h>

#include "words.h"

#define HELP_MAX (256u << 10) /* octets of a README that are shown */

static void add_line(GtkWidget *row, const char *title, const char *text)
{
    GtkWidget *line = adw_action_row_new();
    g_autofree char *escaped = g_markup_escape_text(text, -1);
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(line), title);
    adw_action_row_set_subtitle(ADW_ACTION_ROW(line), escaped);
    adw_action_row_set_subtitle_lines(ADW_ACTION_ROW(line), 0);
    gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(line), FALSE);
    adw_expander_row_add_row(ADW_EXPANDER_ROW(row), line);
}

/* Where a plugin's README.md is: beside it, among the installed data, or in the source tree. */
static char *read_help(const MgPluginEntry *entry)
{
    const char *id = entry->plugin->id, *data = g_getenv("MAILGLASS_DATA");
    g_autofree char *folder = g_path_get_dirname(entry->path);
    g_autofree char *beside = g_build_filename(folder, "README.md", NULL);
    g_autofree char *installed = g_build_filename(MG_PKGDATADIR, "plugins", id, "README.md", NULL);
    g_autofree char *source =
        g_build_filename(data != NULL ? data : "", "plugins", id, "README.md", NULL);
    const char *const places[] = {beside, source, installed};
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        char *text = NULL;
        gsize len = 0;
        if (!g_file_get_contents(places[i], &text, &len, NULL))
            continue;
        if (len <= HELP_MAX && g_utf8_validate(text, (gssize)len, NULL))
            return text;
        g_free(text);
    }
    return NULL;
}

/* Headings bold, `code` in the wire's type; the rest as it is. */
static char *help_markup(const char *text)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (size_t i = 0; lines[i] != NULL; i++) {
        if (g_str_has_prefix(lines[i], "<!--"))
            continue;
        size_t level = strspn(lines[i], "#");
        g_autofree char *markup = mg_words_markup(lines[i] + (level > 0 ? level + 1 : 0));
        if (level > 0)
            g_string_append_printf(out, "<span size=\"%s\"><b>%s</b></span>\n",
                                   level == 1 ? "x-large" : "large", markup);
        else
            g_string_append_printf(out, "%s\n", markup);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void on_help(GtkButton *button, const char *text)
{
    GtkWidget *window = adw_window_new();
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    gtk_window_set_title(GTK_WINDOW(window), _("Help of this plugin"));
    gtk_window_set_transient_for(GTK_WINDOW(window),
                                 GTK_WINDOW(gtk_widget_get_root(GTK_WIDGET(button))));
    gtk_window_set_modal(GTK_WINDOW(window), TRUE);
    gtk_window_set_default_size(GTK_WINDOW(window), 640, 560);
    gtk_box_append(GTK_BOX(box), adw_header_bar_new());
    GtkWidget *label = gtk_label_new(NULL);
    g_autofree char *markup = help_markup(text);
    gtk_label_set_markup(GTK_LABEL(label), markup);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_yalign(GTK_LABEL(label), 0);
    gtk_widget_add_css_class(label, "sheet");
    GtkWidget *scrolled = gtk_scrolled_window_new();
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), label);
    gtk_widget_set_vexpand(scrolled, TRUE);
    gtk_box_append(GTK_BOX(box), scrolled);
    adw_window_set_content(ADW_WINDOW(window), box);
    gtk_window_present(GTK_WINDOW(window));
}

static void add_help(GtkWidget *row, const MgPluginEntry *entry)
{
    char *text = read_help(entry);
    if (text == NULL)
        return;
    GtkWidget *button = gtk_button_new_with_label(_("Help"));
    gtk_widget_add_css_class(button, "flat");
    gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
    g_signal_connect_data(button, "clicked", G_CALLBACK(on_help), text,
                          (GClosureNotify)(void (*)(void))g_free, 0);
    adw_expander_row_add_action(ADW_EXPANDER_ROW(row), button);
}

static GtkWidget *plugin_row(const MgRegistry *registry, const MgPluginEntry *entry)
{
    const MgPlugin *plugin = entry->plugin;
    GtkWidget *row = adw_expander_row_new();
    g_autofree char *title = g_strdup_printf("%s %s", plugin->id, plugin->version);
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
    adw_expander_row_set_subtitle(ADW_EXPANDER_ROW(row),
                                  mg_registry_translate(registry, plugin->summary));
    g_autoptr(GString) names = g_string_new(NULL);
    size_t fields = 0;
    for (size_t i = 0; plugin->dissectors != NULL && plugin->dissectors[i] != NULL; i++) {
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", plugin->dissectors[i]->label);
        fields += plugin->dissectors[i]->n_fields;
    }
    if (names->len > 0) {
        g_autofree char *line = g_strdup_printf(
            mg_plural("%s, with %zu field", "%s, with %zu fields", fields), names->str, fields);
        add_line(row, _("Names the bytes of"), line);
    }
    g_string_truncate(names, 0);
    for (size_t i = 0; plugin->engines != NULL && plugin->engines[i] != NULL; i++)
        g_string_append_printf(names, "%s%s: %s", i > 0 ? "\n" : "", plugin->engines[i]->name,
                               mg_registry_translate(registry, plugin->engines[i]->summary));
    if (names->len > 0)
        add_line(row, _("Runs on hosts"), names->str);
    add_line(row, _("File"), entry->path);
    add_help(row, entry);
    return row;
}

static GtkWidget *problem_row(const MgPluginEntry *entry)
{
    GtkWidget *row = adw_action_row_new();
    g_autofree char *name = g_path_get_basename(entry->path);
    g_autofree char *title = g_markup_escape_text(name, -1);
    g_autofree char *problem = g_markup_escape_text(entry->problem, -1);
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
    adw_action_row_set_subtitle(ADW_ACTION_ROW(row), problem);
    adw_action_row_set_subtitle_lines(ADW_ACTION_ROW(row), 0);
    GtkWidget *icon = gtk_image_new_from_icon_name("dialog-warning-symbolic");
    gtk_widget_add_css_class(icon, "error");
    adw_action_row_add_prefix(ADW_ACTION_ROW(row), icon);
    gtk_widget_set_tooltip_text(row, entry->path);
    return row;
}

GtkWidget *mg_plugins_page_new(MgRegistry *registry)
{
    GtkWidget *page = adw_preferences_page_new();
    GtkWidget *good = adw_preferences_group_new(), *bad = adw_preferences_group_new();
    unsigned n_good = 0, n_bad = 0;
    adw_preferences_group_set_title(ADW_PREFERENCES_GROUP(good), _("In use"));
    adw_preferences_group_set_title(ADW_PREFERENCES_GROUP(bad), _("Cannot be used"));
    for (size_t i = 0; i < mg_registry_n_entries(registry); i++) {
        const MgPluginEntry *entry = mg_registry_entry(registry, i);
        bool usable = entry->plugin != NULL && entry->problem == NULL;
        adw_preferences_group_add(ADW_PREFERENCES_GROUP(usable ? good : bad),
                                  usable ? plugin_row(registry, entry) : problem_row(entry));
        n_good += usable;
        n_bad += !usable;
    }
    if (n_good == 0)
        adw_preferences_group_set_description(
            ADW_PREFERENCES_GROUP(good),
            _("No plugin was found. Without plugins no protocol is known."));
    adw_preferences_page_add(ADW_PREFERENCES_PAGE(page), ADW_PREFERENCES_GROUP(good));
    gtk_widget_set_visible(bad, n_bad > 0);
    adw_preferences_page_add(ADW_PREFERENCES_PAGE(page), ADW_PREFERENCES_GROUP(bad));
    return page;
}

void mg_plugins_present(GtkWindow *parent, MgRegistry *registry)
{
    GtkWidget *window = adw_window_new();
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    gtk_window_set_title(GTK_WINDOW(window), _("Plugins"));
    gtk_window_set_transient_for(GTK_WINDOW(window), parent);
    gtk_window_set_default_size(GTK_WINDOW(window), 640, 560);
    gtk_box_append(GTK_BOX(box), adw_header_bar_new());
    GtkWidget *page = mg_plugins_page_new(registry);
    gtk_widget_set_vexpand(page, TRUE);
    gtk_box_append(GTK_BOX(box), page);
    adw_window_set_content(ADW_WINDOW(window), box);
    gtk_window_present(GTK_WINDOW(window));
}
