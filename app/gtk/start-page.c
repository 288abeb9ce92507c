/* SPDX-License-Identifier: GPL-3.0-or-later */
/* start-page.c - lessons and networks as cards to open */
#include "start-page.h"

#include <adwaita.h>

#include "networks.h"
#include "start-card.h"
#include "words.h"

#define COLUMNS 3

struct _MgStartPage {
    GtkWidget parent_instance;
    MgRegistry *registry;
    GtkWidget *scrolled, *column;
};

enum { OPEN, OPEN_LESSON, N_SIGNALS };
static unsigned signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(MgStartPage, mg_start_page, GTK_TYPE_WIDGET)

static void on_network(GtkButton *card, MgStartPage *self)
{
    g_signal_emit(self, signals[OPEN], 0, g_object_get_data(G_OBJECT(card), MG_START_PATH));
}

static void on_lesson(GtkButton *card, MgStartPage *self)
{
    g_signal_emit(self, signals[OPEN_LESSON], 0, g_object_get_data(G_OBJECT(card), MG_START_PATH));
}

/* ---- rows of cards ---- */

/* Cards under a heading, in columns of one width. */
typedef struct {
    GtkWidget *grid;
    unsigned n;
} Cards;

static Cards cards_new(void)
{
    GtkWidget *grid = gtk_grid_new();
    gtk_grid_set_column_homogeneous(GTK_GRID(grid), TRUE);
    gtk_grid_set_row_spacing(GTK_GRID(grid), 12);
    gtk_grid_set_column_spacing(GTK_GRID(grid), 12);
    gtk_widget_set_vexpand(grid, FALSE); /* a tall window makes no tall cards */
    return (Cards){g_object_ref_sink(grid), 0};
}

static void cards_add(Cards *cards, GtkWidget *card)
{
    gtk_grid_attach(GTK_GRID(cards->grid), card, (int)cards->n % COLUMNS, (int)cards->n / COLUMNS,
                    1, 1);
    cards->n++;
}

/* Shows them, if there are any. */
static void cards_show(Cards *cards, MgStartPage *self, const char *title)
{
    if (cards->n > 0) {
        GtkWidget *heading = mg_start_line(title, "title-4", 1);
        gtk_widget_add_css_class(heading, "mg-group");
        gtk_box_append(GTK_BOX(self->column), heading);
        /* One or two cards are as wide as three are. */
        for (unsigned i = cards->n; i < COLUMNS; i++)
            gtk_grid_attach(GTK_GRID(cards->grid), gtk_box_new(GTK_ORIENTATION_VERTICAL, 0), (int)i,
                            0, 1, 1);
        gtk_box_append(GTK_BOX(self->column), cards->grid);
    }
    g_object_unref(cards->grid);
}

/* ---- lessons ---- */

static gboolean is_sound(const MgShelfEntry *entry)
{
    return entry->lesson != NULL;
}

static gboolean is_in(const MgShelfEntry *entry, const char *group)
{
    return entry->lesson != NULL && g_strcmp0(entry->lesson->group, group) == 0;
}

static gboolean has_known_group(const MgShelfEntry *entry)
{
    for (const MgLessonGroup *group = mg_lesson_groups; group->id != NULL; group++)
        if (is_in(entry, group->id))
            return TRUE;
    return FALSE;
}

static MgProgressOf progress_of(MgProgress *progress, const MgShelfEntry *entry)
{
    return progress != NULL ? mg_progress_of(progress, entry->id) : (MgProgressOf){0};
}

static char *name_of(const MgShelfEntry *entry)
{
    const char *title = mg_bilingual_plain(&entry->lesson->title, mg_language_now());
    return g_strdup(title != NULL ? title : entry->id);
}

/* The one that was taken last, or another, that is not finished; without it the first that was not
 * begun. */
static const MgShelfEntry *first_of(const GPtrArray *entries, MgProgress *progress, gboolean *begun)
{
    const MgShelfEntry *next = NULL, *open = NULL;
    const char *last = progress != NULL ? mg_progress_last(progress) : NULL;
    *begun = FALSE;
    for (unsigned i = 0; i < entries->len; i++) {
        const MgShelfEntry *entry = g_ptr_array_index(entries, i);
        if (!is_sound(entry))
            continue;
        MgProgressOf of = progress_of(progress, entry);
        *begun = *begun || of.steps > 0;
        bool unfinished = of.steps > 0 && !of.finished;
        if (unfinished && (open == NULL || g_strcmp0(entry->id, last) == 0))
            open = entry;
        if (next == NULL && of.steps == 0)
            next = entry;
    }
    return open != NULL ? open : next;
}

static void add_first(MgStartPage *self, const GPtrArray *entries, MgProgress *progress)
{
    gboolean begun;
    const MgShelfEntry *entry = first_of(entries, progress, &begun);
    if (entry == NULL)
        return;
    MgStartFirst first = {.entry = entry, .of = progress_of(progress, entry)};
    g_autofree char *name = name_of(entry);
    g_autofree char *far = mg_start_how_far(entry->lesson, first.of);
    gboolean open = first.of.steps > 0;
    first.eyebrow = open ? _("Go on") : begun ? _("Next lesson") : _("Start here");
    first.button = open ? _("Go on") : _("Start");
    first.title = open ? g_strdup_printf("%s, %s", name, far) : g_steal_pointer(&name);
    GtkWidget *card = mg_start_first_card(&first);
    g_signal_connect(card, "clicked", G_CALLBACK(on_lesson), self);
    gtk_box_append(GTK_BOX(self->column), card);
    g_free(first.title);
}

static void add_lesson(MgStartPage *self, Cards *cards, const MgShelfEntry *entry,
                       MgProgress *progress)
{
    GtkWidget *card = mg_start_lesson_card(entry, progress_of(progress, entry));
    if (GTK_IS_BUTTON(card))
        g_signal_connect(card, "clicked", G_CALLBACK(on_lesson), self);
    cards_add(cards, card);
}

static void add_lessons(MgStartPage *self)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MgProgress) progress = mg_progress_open(NULL, &error);
    g_autoptr(GPtrArray) entries = mg_shelf_lessons(self->registry);
    if (error != NULL)
        gtk_box_append(GTK_BOX(self->column), mg_start_line(error->message, "error", 3));
    add_first(self, entries, progress);
    for (const MgLessonGroup *group = mg_lesson_groups; group->id != NULL; group++) {
        Cards cards = cards_new();
        for (unsigned i = 0; i < entries->len; i++)
            if (is_in(g_ptr_array_index(entries, i), group->id))
                add_lesson(self, &cards, g_ptr_array_index(entries, i), progress);
        cards_show(&cards, self, _(group->title));
    }
    Cards others = cards_new();
    for (unsigned i = 0; i < entries->len; i++)
        if (!has_known_group(g_ptr_array_index(entries, i)))
            add_lesson(self, &others, g_ptr_array_index(entries, i), progress);
    cards_show(&others, self, _("Other lessons"));
}

/* ---- networks ---- */

static gboolean is_among(const GPtrArray *paths, const char *path)
{
    for (unsigned i = 0; i < paths->len; i++)
        if (strcmp(g_ptr_array_index(paths, i), path) == 0)
            return TRUE;
    return FALSE;
}

static void add_networks(MgStartPage *self, const char *title, const GPtrArray *paths,
                         const GPtrArray *without)
{
    Cards cards = cards_new();
    for (unsigned i = 0; i < paths->len; i++) {
        const char *path = g_ptr_array_index(paths, i);
        if (without != NULL && is_among(without, path))
            continue;
        GtkWidget *card = mg_start_network_card(self->registry, path);
        g_signal_connect(card, "clicked", G_CALLBACK(on_network), self);
        cards_add(&cards, card);
    }
    cards_show(&cards, self, title);
}

static GtkWidget *pill_new(const char *label, const char *action)
{
    GtkWidget *pill = gtk_button_new_with_label(label);
    gtk_widget_add_css_class(pill, "pill");
    gtk_actionable_set_action_name(GTK_ACTIONABLE(pill), action);
    return pill;
}

void mg_start_page_refresh(MgStartPage *self)
{
    GtkWidget *child;
    while ((child = gtk_widget_get_first_child(self->column)) != NULL)
        gtk_box_remove(GTK_BOX(self->column), child);
    gtk_box_append(GTK_BOX(self->column), mg_start_line("Mailglass", "title-1", 1));
    gtk_box_append(GTK_BOX(self->column),
                   mg_start_line(_("See electronic mail happen, byte by byte."), "prose", 2));
    add_lessons(self);
    g_autoptr(GPtrArray) shipped = mg_networks_shipped();
    g_autoptr(GPtrArray) recent = mg_networks_recent();
    add_networks(self, _("Networks to explore freely"), shipped, NULL);
    add_networks(self, _("Opened lately"), recent, shipped);
    if (shipped->len + recent->len == 0)
        gtk_box_append(GTK_BOX(self->column),
                       mg_start_line(_("No network was found."), "dim-label", 1));
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
    gtk_box_append(GTK_BOX(row), pill_new(_("Open a folder…"), "win.open-folder"));
    gtk_box_append(GTK_BOX(row), pill_new(_("Connect to a real server…"), "win.connect"));
    gtk_widget_set_margin_top(row, 8);
    gtk_box_append(GTK_BOX(self->column), row);
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
    signals[OPEN_LESSON] = g_signal_new("open-lesson", MG_TYPE_START_PAGE, G_SIGNAL_RUN_LAST, 0,
                                        NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void mg_start_page_init(MgStartPage *self)
{
    self->column = gtk_box_new(GTK_ORIENTATION_VERTICAL, 14);
    gtk_widget_add_css_class(self->column, "start-page");
    GtkWidget *clamp = adw_clamp_new();
    adw_clamp_set_maximum_size(ADW_CLAMP(clamp), 1120);
    adw_clamp_set_tightening_threshold(ADW_CLAMP(clamp), 1000);
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
