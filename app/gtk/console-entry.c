/* SPDX-License-Identifier: GPL-3.0-or-later */
/* console-entry.c - an entry in the wire's type that offers words and remembers lines */
#include "console-entry.h"

#include "words.h"

#define OFFERS_MAX  40u
#define LINES_MAX   200u /* remembered */
#define ABOUT_CHARS 54
#define LIST_HEIGHT 220

/* Of what can be done, and of what was said, one each. */
typedef struct {
    GPtrArray *lines; /* char *, the last is the newest */
    guint at;         /* lines->len: what is being written */
    char *draft;      /* (nullable) which was being written when the first was recalled */
} Memory;

struct _MgConsoleEntry {
    GtkEntry parent_instance;
    MgSession *session;
    MgHostId host;
    MgFlowId flow;
    MgTyping *typing; /* (nullable) made when the first word is offered */
    GPtrArray *offers;
    size_t start; /* of the word that is offered */
    int marked;   /* row; -1 none */
    GtkWidget *popover, *list;
    Memory memories[2];
    gboolean quiet, dismissed;
};

enum { LINE, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(MgConsoleEntry, mg_console_entry, GTK_TYPE_ENTRY)

static const char *text_of(MgConsoleEntry *self)
{
    return gtk_editable_get_text(GTK_EDITABLE(self));
}

static void put(MgConsoleEntry *self, const char *text)
{
    self->quiet = TRUE;
    gtk_editable_set_text(GTK_EDITABLE(self), text);
    gtk_editable_set_position(GTK_EDITABLE(self), -1);
    self->quiet = FALSE;
}

/* ---- offers ---- */

static void hide_offers(MgConsoleEntry *self)
{
    self->marked = -1;
    gtk_popover_popdown(GTK_POPOVER(self->popover));
    gtk_accessible_reset_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION);
}

static void find_offers(MgConsoleEntry *self)
{
    g_clear_pointer(&self->offers, g_ptr_array_unref);
    if (self->host == 0) {
        self->offers = mg_doing_offers(self->session, text_of(self), &self->start);
        return;
    }
    if (self->typing == NULL)
        self->typing = mg_typing_new(self->session, self->flow, self->host);
    self->offers = mg_typing_offers(self->typing, text_of(self), &self->start);
}

static void fill_list(MgConsoleEntry *self)
{
    GtkWidget *row;
    while ((row = gtk_widget_get_first_child(self->list)) != NULL)
        gtk_list_box_remove(GTK_LIST_BOX(self->list), row);
    g_autoptr(GtkSizeGroup) words = gtk_size_group_new(GTK_SIZE_GROUP_HORIZONTAL);
    for (guint i = 0; i < MIN(self->offers->len, OFFERS_MAX); i++) {
        const MgOffer *offer = g_ptr_array_index(self->offers, i);
        GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 14);
        GtkWidget *word = gtk_label_new(offer->text), *about = gtk_label_new(offer->about);
        gtk_label_set_xalign(GTK_LABEL(word), 0);
        gtk_label_set_xalign(GTK_LABEL(about), 0);
        gtk_label_set_ellipsize(GTK_LABEL(about), PANGO_ELLIPSIZE_END);
        gtk_label_set_max_width_chars(GTK_LABEL(about), ABOUT_CHARS);
        gtk_widget_add_css_class(word, "wire");
        gtk_widget_add_css_class(about, "dim-label");
        gtk_size_group_add_widget(words, word);
        gtk_box_append(GTK_BOX(box), word);
        gtk_box_append(GTK_BOX(box), about);
        row = gtk_list_box_row_new();
        gtk_list_box_row_set_child(GTK_LIST_BOX_ROW(row), box);
        gtk_widget_set_focusable(row, FALSE);
        gtk_list_box_append(GTK_LIST_BOX(self->list), row);
    }
}

/* Nothing is left to offer when the word stands there already. */
static bool is_all(const MgConsoleEntry *self, const char *text)
{
    return self->offers->len == 1 &&
           strcmp(((const MgOffer *)g_ptr_array_index(self->offers, 0))->text,
                  text + self->start) == 0;
}

/* With `asked`, also where no word has begun. */
static bool offer(MgConsoleEntry *self, bool asked)
{
    const char *text = text_of(self);
    find_offers(self);
    bool begun = text[self->start] != '\0';
    if (self->offers->len == 0 || is_all(self, text) || (!asked && !begun) ||
        !gtk_widget_get_mapped(GTK_WIDGET(self))) {
        hide_offers(self);
        return false;
    }
    fill_list(self);
    self->marked = -1;
    gtk_list_box_unselect_all(GTK_LIST_BOX(self->list));
    gtk_popover_popup(GTK_POPOVER(self->popover));
    return true;
}

/* What takes more after it is written on at once. */
static void take(MgConsoleEntry *self, guint i)
{
    const MgOffer *offered = g_ptr_array_index(self->offers, i);
    g_autofree char *begin = g_strndup(text_of(self), self->start);
    bool whole = !g_str_has_suffix(offered->text, "://");
    g_autofree char *text = g_strconcat(begin, offered->text, whole ? " " : "", NULL);
    put(self, text);
    if (self->host == 0)
        offer(self, true);
    else
        hide_offers(self);
}

static void on_row(GtkListBox *list, GtkListBoxRow *row, MgConsoleEntry *self)
{
    take(self, (guint)gtk_list_box_row_get_index(row));
    gtk_entry_grab_focus_without_selecting(GTK_ENTRY(self));
}

/* A screen reader has the marked row told with the entry, which keeps the keyboard. */
static void mark(MgConsoleEntry *self, int row)
{
    GtkListBoxRow *at = gtk_list_box_get_row_at_index(GTK_LIST_BOX(self->list), row);
    GtkWidget *scrolled = gtk_widget_get_ancestor(self->list, GTK_TYPE_SCROLLED_WINDOW);
    graphene_rect_t box;
    if (at == NULL)
        return;
    self->marked = row;
    gtk_list_box_select_row(GTK_LIST_BOX(self->list), at);
    if (gtk_widget_compute_bounds(GTK_WIDGET(at), self->list, &box))
        gtk_adjustment_clamp_page(
            gtk_scrolled_window_get_vadjustment(GTK_SCROLLED_WINDOW(scrolled)), box.origin.y,
            box.origin.y + box.size.height);
    const MgOffer *offered = g_ptr_array_index(self->offers, (guint)row);
    g_autofree char *spoken =
        g_strdup_printf("%s, %s", offered->text, offered->about != NULL ? offered->about : "");
    gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                   spoken, -1);
}

/* ---- what was typed ---- */

static Memory *memory_of(MgConsoleEntry *self)
{
    return &self->memories[self->host != 0 ? 1 : 0];
}

static void recall(MgConsoleEntry *self, int by)
{
    Memory *memory = memory_of(self);
    guint n = memory->lines->len;
    if (by < 0 ? memory->at == 0 : memory->at >= n)
        return;
    if (memory->at == n) {
        g_free(memory->draft);
        memory->draft = g_strdup(text_of(self));
    }
    memory->at = (guint)((int)memory->at + by);
    put(self, memory->at < n          ? (const char *)g_ptr_array_index(memory->lines, memory->at)
              : memory->draft != NULL ? memory->draft
                                      : "");
    hide_offers(self);
}

void mg_console_entry_sent(MgConsoleEntry *self)
{
    Memory *memory = memory_of(self);
    const char *text = text_of(self);
    guint n = memory->lines->len;
    bool again = n > 0 && strcmp(g_ptr_array_index(memory->lines, n - 1), text) == 0;
    if (text[0] != '\0' && !again)
        g_ptr_array_add(memory->lines, g_strdup(text));
    if (memory->lines->len > LINES_MAX)
        g_ptr_array_remove_index(memory->lines, 0);
    memory->at = memory->lines->len;
    g_clear_pointer(&memory->draft, g_free);
    put(self, "");
    hide_offers(self);
}

/* ---- keys ---- */

static bool on_tab(MgConsoleEntry *self)
{
    if (gtk_widget_get_visible(self->popover)) {
        take(self, (guint)MAX(self->marked, 0));
        return true;
    }
    return !self->dismissed && offer(self, true);
}

static bool on_arrow(MgConsoleEntry *self, int by)
{
    bool offering = gtk_widget_get_visible(self->popover);
    if (offering && (by > 0 || self->marked > 0))
        mark(self, self->marked + by);
    else
        recall(self, by);
    return true;
}

static gboolean on_key(GtkEventControllerKey *keys, unsigned key, unsigned code,
                       GdkModifierType modifiers, MgConsoleEntry *self)
{
    bool offering = gtk_widget_get_visible(self->popover);
    modifiers &= GDK_CONTROL_MASK | GDK_ALT_MASK | GDK_SHIFT_MASK | GDK_SUPER_MASK;
    if (key == GDK_KEY_space && modifiers == GDK_CONTROL_MASK)
        return offer(self, true);
    if (modifiers != 0)
        return FALSE;
    switch (key) {
    case GDK_KEY_Tab:
        return on_tab(self);
    case GDK_KEY_Up:
    case GDK_KEY_KP_Up:
        return on_arrow(self, -1);
    case GDK_KEY_Down:
    case GDK_KEY_KP_Down:
        return on_arrow(self, 1);
    case GDK_KEY_Escape:
        hide_offers(self);
        self->dismissed = TRUE;
        return offering;
    case GDK_KEY_Return:
    case GDK_KEY_KP_Enter:
        if (!offering || self->marked < 0)
            return FALSE;
        take(self, (guint)self->marked);
        return TRUE;
    default:
        return FALSE;
    }
}

static void on_changed(MgConsoleEntry *self)
{
    self->dismissed = FALSE;
    if (self->quiet) /* an entry takes the old text out before it puts the new one in */
        return;
    memory_of(self)->at = memory_of(self)->lines->len;
    offer(self, false);
}

static void on_activate(MgConsoleEntry *self)
{
    g_autofree char *text = g_strdup(text_of(self));
    hide_offers(self);
    g_signal_emit(self, signals[LINE], 0, text);
}

static void on_focus(MgConsoleEntry *self)
{
    hide_offers(self);
}

/* ---- the widget ---- */

static void mg_console_entry_size_allocate(GtkWidget *widget, int width, int height, int baseline)
{
    GTK_WIDGET_CLASS(mg_console_entry_parent_class)->size_allocate(widget, width, height, baseline);
    gtk_popover_present(GTK_POPOVER(MG_CONSOLE_ENTRY(widget)->popover));
}

static void mg_console_entry_dispose(GObject *object)
{
    MgConsoleEntry *self = MG_CONSOLE_ENTRY(object);
    g_clear_pointer(&self->popover, gtk_widget_unparent);
    g_clear_pointer(&self->typing, mg_typing_free);
    g_clear_object(&self->session);
    G_OBJECT_CLASS(mg_console_entry_parent_class)->dispose(object);
}

static void mg_console_entry_finalize(GObject *object)
{
    MgConsoleEntry *self = MG_CONSOLE_ENTRY(object);
    for (size_t i = 0; i < G_N_ELEMENTS(self->memories); i++) {
        g_ptr_array_unref(self->memories[i].lines);
        g_free(self->memories[i].draft);
    }
    g_clear_pointer(&self->offers, g_ptr_array_unref);
    G_OBJECT_CLASS(mg_console_entry_parent_class)->finalize(object);
}

static void mg_console_entry_class_init(MgConsoleEntryClass *class)
{
    G_OBJECT_CLASS(class)->dispose = mg_console_entry_dispose;
    G_OBJECT_CLASS(class)->finalize = mg_console_entry_finalize;
    GTK_WIDGET_CLASS(class)->size_allocate = mg_console_entry_size_allocate;
    signals[LINE] = g_signal_new("line", MG_TYPE_CONSOLE_ENTRY, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                 NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void make_popover(MgConsoleEntry *self)
{
    self->popover = gtk_popover_new();
    gtk_popover_set_autohide(GTK_POPOVER(self->popover), FALSE);
    gtk_popover_set_has_arrow(GTK_POPOVER(self->popover), FALSE);
    gtk_popover_set_position(GTK_POPOVER(self->popover), GTK_POS_TOP);
    gtk_widget_set_halign(self->popover, GTK_ALIGN_START);
    gtk_widget_add_css_class(self->popover, "console-offers");
    self->list = gtk_list_box_new();
    g_signal_connect(self->list, "row-activated", G_CALLBACK(on_row), self);
    GtkWidget *scrolled = gtk_scrolled_window_new();
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_propagate_natural_height(GTK_SCROLLED_WINDOW(scrolled), TRUE);
    gtk_scrolled_window_set_propagate_natural_width(GTK_SCROLLED_WINDOW(scrolled), TRUE);
    gtk_scrolled_window_set_max_content_height(GTK_SCROLLED_WINDOW(scrolled), LIST_HEIGHT);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), self->list);
    gtk_popover_set_child(GTK_POPOVER(self->popover), scrolled);
    gtk_widget_set_parent(self->popover, GTK_WIDGET(self));
}

static void mg_console_entry_init(MgConsoleEntry *self)
{
    self->marked = -1;
    for (size_t i = 0; i < G_N_ELEMENTS(self->memories); i++)
        self->memories[i].lines = g_ptr_array_new_with_free_func(g_free);
    self->offers = g_ptr_array_new();
    gtk_widget_add_css_class(GTK_WIDGET(self), "console-entry");
    gtk_entry_set_input_hints(GTK_ENTRY(self), GTK_INPUT_HINT_NO_SPELLCHECK |
                                                   GTK_INPUT_HINT_NO_EMOJI |
                                                   GTK_INPUT_HINT_PRIVATE);
    make_popover(self);
    GtkEventController *keys = gtk_event_controller_key_new();
    gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
    g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), self);
    gtk_widget_add_controller(GTK_WIDGET(self), keys);
    GtkEventController *focus = gtk_event_controller_focus_new();
    g_signal_connect_swapped(focus, "leave", G_CALLBACK(on_focus), self);
    gtk_widget_add_controller(GTK_WIDGET(self), focus);
    g_signal_connect(self, "changed", G_CALLBACK(on_changed), NULL);
    g_signal_connect(self, "activate", G_CALLBACK(on_activate), NULL);
}

GtkWidget *mg_console_entry_new(MgSession *session)
{
    MgConsoleEntry *self = g_object_new(MG_TYPE_CONSOLE_ENTRY, NULL);
    self->session = g_object_ref(session);
    return GTK_WIDGET(self);
}

void mg_console_entry_set_talk(MgConsoleEntry *self, MgHostId host, MgFlowId flow)
{
    if (host != self->host)
        hide_offers(self);
    self->host = host;
    self->flow = flow;
    g_clear_pointer(&self->typing, mg_typing_free); /* something may have been said */
}

const GPtrArray *mg_console_entry_offers(MgConsoleEntry *self)
{
    return self->offers;
}

gboolean mg_console_entry_is_offering(MgConsoleEntry *self)
{
    return gtk_widget_get_visible(self->popover);
}
