/* SPDX-License-Identifier: GPL-3.0-or-later */
/* start-card.c - lessons and networks as cards */
#include "start-card.h"

#include <adwaita.h>

#include "icons.h"
#include "problems.h"
#include "prose-view.h"
#include "words.h"

#define SEGMENTS_MAX 24 /* more steps than that are told in figures alone */

GtkWidget *mg_start_line(const char *text, const char *class, int lines)
{
    g_autofree char *markup = g_markup_escape_text(text, -1);
    GtkWidget *label = mg_prose_label_new(markup, class); /* for how Korean is broken */
    gtk_widget_set_hexpand(label, FALSE);
    gtk_label_set_natural_wrap_mode(GTK_LABEL(label), GTK_NATURAL_WRAP_INHERIT);
    gtk_label_set_width_chars(GTK_LABEL(label), -1);
    gtk_label_set_lines(GTK_LABEL(label), lines);
    gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
    gtk_label_set_max_width_chars(GTK_LABEL(label), 40);
    return label;
}

static void add_line(GtkWidget *box, const char *text, const char *class, int lines)
{
    gtk_box_append(GTK_BOX(box), mg_start_line(text, class, lines));
}

static GtkWidget *tile_new(const char *group, int size)
{
    const MgLessonGroup *of = mg_lesson_groups;
    while (of->id != NULL && g_strcmp0(of->id, group) != 0)
        of++;
    g_autoptr(GdkPaintable) paintable = mg_icon_paintable_new(of->icon);
    GtkWidget *tile = gtk_image_new_from_paintable(paintable);
    gtk_image_set_pixel_size(GTK_IMAGE(tile), size);
    gtk_widget_add_css_class(tile, "mg-tile");
    gtk_widget_add_css_class(tile, of->color);
    gtk_widget_set_halign(tile, GTK_ALIGN_START);
    gtk_widget_set_valign(tile, GTK_ALIGN_START);
    return tile;
}

static GtkWidget *chip_new(const char *text, const char *class)
{
    GtkWidget *chip = gtk_label_new(text);
    gtk_widget_add_css_class(chip, "mg-chip");
    if (class != NULL)
        gtk_widget_add_css_class(chip, class);
    gtk_widget_set_valign(chip, GTK_ALIGN_START);
    return chip;
}

/* One short stroke a step; those that were done are filled. */
static GtkWidget *segments_new(MgProgressOf of)
{
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 3);
    gtk_box_set_homogeneous(GTK_BOX(row), TRUE);
    gtk_widget_add_css_class(row, "mg-segments");
    for (unsigned i = 0; i < of.steps && of.steps <= SEGMENTS_MAX; i++) {
        GtkWidget *segment = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
        gtk_widget_set_hexpand(segment, TRUE);
        if (i < of.passed || of.finished)
            gtk_widget_add_css_class(segment, "mg-done");
        gtk_box_append(GTK_BOX(row), segment);
    }
    return row;
}

char *mg_start_how_far(const MgLesson *lesson, MgProgressOf of)
{
    unsigned steps = lesson->steps->len;
    int at = of.step != NULL ? mg_lesson_find_step(lesson, of.step) : -1;
    if (of.finished)
        return g_strdup(_("done"));
    if (at >= 0)
        return g_strdup_printf(_("step %d of %u"), at + 1, steps);
    if (of.steps > 0)
        return g_strdup_printf(_("%u of %u done"), of.passed, of.steps);
    return g_strdup_printf(mg_plural("%u step", "%u steps", steps), steps);
}

static char *minutes_of(const MgLesson *lesson)
{
    return g_strdup_printf(mg_plural("%u min", "%u min", lesson->minutes), lesson->minutes);
}

static void name_button(GtkWidget *card, const char *path, const char *name, const char *about)
{
    gtk_widget_set_tooltip_text(card, path);
    gtk_accessible_update_property(GTK_ACCESSIBLE(card), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
                                   GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, about, -1);
    g_object_set_data_full(G_OBJECT(card), MG_START_PATH, g_strdup(path), g_free);
}

static GtkWidget *button_card_new(GtkWidget *box, const char *class)
{
    GtkWidget *card = gtk_button_new();
    gtk_button_set_child(GTK_BUTTON(card), box);
    gtk_widget_add_css_class(card, "card");
    gtk_widget_add_css_class(card, class);
    return card;
}

/* ---- a lesson ---- */

static const char *title_of(const MgShelfEntry *entry)
{
    const char *title =
        entry->lesson != NULL ? mg_bilingual_plain(&entry->lesson->title, mg_language_now()) : NULL;
    return title != NULL && title[0] != '\0' ? title : entry->id;
}

static const char *about_of(const MgShelfEntry *entry)
{
    const char *about = mg_bilingual_plain(&entry->lesson->about, mg_language_now());
    return about != NULL ? about : "";
}

/* Its mark, its title, and what is special about it. */
static GtkWidget *head_new(const MgShelfEntry *entry, gboolean finished)
{
    GtkWidget *head = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 10);
    gtk_box_append(GTK_BOX(head),
                   tile_new(entry->lesson != NULL ? entry->lesson->group : NULL, 22));
    GtkWidget *title = mg_start_line(title_of(entry), "title-4", 2);
    gtk_label_set_yalign(GTK_LABEL(title), 0.5F);
    gtk_label_set_max_width_chars(GTK_LABEL(title), 24);
    gtk_widget_set_hexpand(title, TRUE);
    gtk_box_append(GTK_BOX(head), title);
    if (entry->own)
        gtk_box_append(GTK_BOX(head), chip_new(_("your own"), NULL));
    if (finished) {
        GtkWidget *tick = gtk_image_new_from_icon_name("object-select-symbolic");
        gtk_widget_add_css_class(tick, "mg-tick");
        gtk_widget_set_valign(tick, GTK_ALIGN_START);
        gtk_box_append(GTK_BOX(head), tick);
    }
    return head;
}

static void on_all_problems(GtkButton *button, void *data)
{
    const GPtrArray *problems = g_object_get_data(G_OBJECT(button), "problems");
    GtkRoot *root = gtk_widget_get_root(GTK_WIDGET(button));
    g_autofree char *heading = g_strdup_printf(
        _("“%s” has mistakes"), (const char *)g_object_get_data(G_OBJECT(button), "title"));
    mg_problems_present(GTK_IS_WINDOW(root) ? GTK_WINDOW(root) : NULL, heading, problems);
}

/* It cannot be opened; what keeps it from that is told, and harms no other. */
static GtkWidget *broken_card_new(const MgShelfEntry *entry)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 8);
    gtk_widget_add_css_class(box, "card");
    gtk_widget_add_css_class(box, "mg-broken");
    gtk_box_append(GTK_BOX(box), head_new(entry, FALSE));
    const char *first =
        entry->problems->len > 0 ? g_ptr_array_index(entry->problems, 0) : entry->folder;
    /* Where it is stands in the tooltip: the file's name and line are enough here. */
    g_autofree char *folder = g_strconcat(entry->folder, "/", NULL);
    const char *shown = g_str_has_prefix(first, folder) ? first + strlen(folder) : first;
    GtkWidget *problem = mg_start_line(shown, "mg-problem", 3);
    gtk_box_append(GTK_BOX(box), problem);
    gtk_widget_set_tooltip_text(box, entry->folder);
    gtk_widget_set_sensitive(gtk_widget_get_first_child(box), FALSE);
    gtk_widget_set_vexpand(problem, TRUE);
    g_autofree char *label =
        g_strdup_printf(mg_plural("Show %u mistake", "Show %u mistakes", entry->problems->len),
                        entry->problems->len);
    GtkWidget *all = gtk_button_new_with_label(label);
    gtk_widget_set_halign(all, GTK_ALIGN_START);
    gtk_widget_set_valign(all, GTK_ALIGN_END);
    g_object_set_data_full(G_OBJECT(all), "problems", g_ptr_array_ref(entry->problems),
                           (GDestroyNotify)g_ptr_array_unref);
    g_object_set_data_full(G_OBJECT(all), "title", g_strdup(title_of(entry)), g_free);
    g_signal_connect(all, "clicked", G_CALLBACK(on_all_problems), NULL);
    gtk_box_append(GTK_BOX(box), all);
    return box;
}

GtkWidget *mg_start_lesson_card(const MgShelfEntry *entry, MgProgressOf of)
{
    if (entry->lesson == NULL)
        return broken_card_new(entry);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 8);
    gtk_box_append(GTK_BOX(box), head_new(entry, of.finished));
    GtkWidget *about = mg_start_line(about_of(entry), "prose", 4);
    gtk_widget_set_vexpand(about, TRUE);
    gtk_box_append(GTK_BOX(box), about);
    if (of.steps > 0 && !of.finished)
        gtk_box_append(GTK_BOX(box), segments_new(of));
    g_autofree char *minutes = minutes_of(entry->lesson);
    g_autofree char *far = mg_start_how_far(entry->lesson, of);
    g_autofree char *foot = g_strdup_printf("%s · %s", minutes, far);
    add_line(box, foot, "dim-label", 1);
    GtkWidget *card = button_card_new(box, "network-card");
    g_autofree char *said = g_strdup_printf("%s, %s", title_of(entry), foot);
    name_button(card, entry->folder, said, about_of(entry));
    return card;
}

GtkWidget *mg_start_first_card(const MgStartFirst *first)
{
    const MgLesson *lesson = first->entry->lesson;
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 20);
    GtkWidget *tile = tile_new(lesson->group, 44);
    gtk_widget_add_css_class(tile, "mg-large");
    gtk_widget_set_valign(tile, GTK_ALIGN_CENTER);
    gtk_box_append(GTK_BOX(row), tile);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
    gtk_widget_set_hexpand(box, TRUE);
    add_line(box, first->eyebrow, "eyebrow", 1);
    add_line(box, first->title, "title-2", 2);
    GtkWidget *about = mg_start_line(about_of(first->entry), "prose", 3);
    gtk_label_set_max_width_chars(GTK_LABEL(about), 80);
    gtk_box_append(GTK_BOX(box), about);
    g_autofree char *minutes = minutes_of(lesson);
    if (first->of.steps > 0 && !first->of.finished) {
        GtkWidget *segments = segments_new(first->of);
        gtk_widget_set_size_request(segments, 320, -1);
        gtk_widget_set_halign(segments, GTK_ALIGN_START);
        gtk_widget_set_margin_top(segments, 6);
        gtk_box_append(GTK_BOX(box), segments);
    }
    gtk_box_append(GTK_BOX(row), box);
    GtkWidget *end = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
    gtk_widget_set_valign(end, GTK_ALIGN_CENTER);
    GtkWidget *go = gtk_label_new(first->button);
    gtk_widget_add_css_class(go, "mg-go");
    gtk_box_append(GTK_BOX(end), go);
    GtkWidget *time = gtk_label_new(minutes);
    gtk_widget_add_css_class(time, "dim-label");
    gtk_box_append(GTK_BOX(end), time);
    gtk_box_append(GTK_BOX(row), end);
    GtkWidget *card = button_card_new(row, "mg-first");
    g_autofree char *said = g_strdup_printf("%s: %s", first->eyebrow, first->title);
    name_button(card, first->entry->folder, said, about_of(first->entry));
    return card;
}

/* ---- a network ---- */

GtkWidget *mg_start_network_card(MgRegistry *registry, const char *path)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(MgNetwork) network = mg_network_load(path, registry, problems);
    g_autofree char *name = g_path_get_basename(path);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
    const char *title = network != NULL ? mg_words_title(network) : name;
    add_line(box, title[0] != '\0' ? title : name, "title-4", 1);
    g_autofree char *mistakes =
        g_strdup_printf(mg_plural("%u mistake keeps it from opening",
                                  "%u mistakes keep it from opening", problems->len),
                        problems->len);
    const char *about = network != NULL ? mg_words_description(network) : mistakes;
    GtkWidget *text = mg_start_line(about, network != NULL ? "prose" : "error", 5);
    gtk_widget_set_vexpand(text, TRUE);
    gtk_box_append(GTK_BOX(box), text);
    if (network != NULL) {
        g_autofree char *hosts = g_strdup_printf(
            mg_plural("%u host", "%u hosts", network->hosts->len), network->hosts->len);
        g_autofree char *regions = mg_words_regions(network);
        g_autofree char *foot =
            g_strdup_printf("%s%s%s", hosts, regions[0] != '\0' ? " · " : "", regions);
        add_line(box, foot, "dim-label", 1);
    }
    GtkWidget *card = button_card_new(box, "network-card");
    name_button(card, path, title, about);
    return card;
}
