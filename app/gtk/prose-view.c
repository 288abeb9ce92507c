/* SPDX-License-Identifier: GPL-3.0-or-later */
/* prose-view.c - a lesson's text: paragraphs, lists, wire text, and links */
#include "prose-view.h"

#include "words.h"

#define RFC_URI    "https://www.rfc-editor.org/rfc/rfc"
#define WORD_CELLS 32 /* of a Korean word that is kept together; fits into a panel's line */
/* A narrow space that is not broken: what follows code belongs to it. */
#define CODE_EDGE      0x202f
#define CODE_EDGE_TEXT "\u202f"

struct _MgProseView {
    GtkBox parent_instance;
    const MgLesson *lesson;
    MgSession *session;
    MgLanguage language;
};

G_DEFINE_FINAL_TYPE(MgProseView, mg_prose_view, GTK_TYPE_BOX)

/* ---- labels ---- */

/* Pango would break Korean after any syllable; it is read better when broken between words. A word
 * that might not fit into a line may be broken. */
static void keep_words(GtkWidget *label)
{
    const char *text = gtk_label_get_text(GTK_LABEL(label));
    PangoAttrList *list = pango_attr_list_new();
    const char *word = text;
    unsigned cells = 0;
    bool korean = false;
    for (const char *at = text;; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (c != 0 && (c == CODE_EDGE || !g_unichar_isspace(c))) {
            korean = korean || g_unichar_get_script(c) == G_UNICODE_SCRIPT_HANGUL;
            cells += g_unichar_iswide(c) ? 2 : 1;
            continue;
        }
        if (korean && cells <= WORD_CELLS) {
            PangoAttribute *attribute = pango_attr_allow_breaks_new(FALSE);
            attribute->start_index = (unsigned)(word - text);
            attribute->end_index = (unsigned)(at - text);
            pango_attr_list_insert(list, attribute);
        }
        if (c == 0)
            break;
        word = g_utf8_next_char(at);
        cells = 0;
        korean = false;
    }
    gtk_label_set_attributes(GTK_LABEL(label), list);
    pango_attr_list_unref(list);
}

/* (transfer full) Code in the wire's type, on a ground of its own. */
static char *with_code(const char *markup)
{
    g_autoptr(GString) text = g_string_new(markup);
    g_string_replace(text, "<tt>",
                     "<span face=\"monospace\" size=\"smaller\" bgcolor=\"#808080\" "
                     "bgalpha=\"22%\">" CODE_EDGE_TEXT,
                     0);
    g_string_replace(text, "</tt>", CODE_EDGE_TEXT "</span>", 0);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static GtkWidget *label_new(const char *class)
{
    GtkWidget *label = gtk_label_new(NULL);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_yalign(GTK_LABEL(label), 0);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
    gtk_label_set_max_width_chars(GTK_LABEL(label), 1); /* the panel says how wide it is, … */
    gtk_label_set_width_chars(GTK_LABEL(label), 4);     /* … but no letter stands alone */
    gtk_widget_set_hexpand(label, TRUE);
    if (class != NULL)
        gtk_widget_add_css_class(label, class);
    return label;
}

GtkWidget *mg_prose_label_new(const char *markup, const char *class)
{
    GtkWidget *label = label_new(class);
    g_autofree char *shown = with_code(markup != NULL ? markup : "");
    gtk_label_set_markup(GTK_LABEL(label), shown);
    keep_words(label);
    return label;
}

/* ---- words ---- */

/* One meaning at a time below a paragraph. */
static GtkWidget *revealer_new(void)
{
    GtkWidget *revealer = gtk_revealer_new();
    gtk_revealer_set_transition_type(GTK_REVEALER(revealer),
                                     GTK_REVEALER_TRANSITION_TYPE_SLIDE_DOWN);
    gtk_widget_set_visible(revealer, FALSE);
    return revealer;
}

static void close_word(GtkWidget *revealer)
{
    gtk_revealer_set_reveal_child(GTK_REVEALER(revealer), FALSE);
    gtk_widget_set_visible(revealer, FALSE);
    g_object_set_data(G_OBJECT(revealer), "term", NULL);
}

static void on_close(GtkButton *button, GtkWidget *revealer)
{
    close_word(revealer);
}

static GtkWidget *word_card(MgProseView *self, const char *term, GtkWidget *revealer)
{
    const MgProse *word = mg_lesson_word(self->lesson, term + 1, self->language);
    GtkWidget *card = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
    gtk_widget_add_css_class(card, "mg-word");
    GtkWidget *head = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    GtkWidget *title = label_new("mg-word-title");
    gtk_label_set_text(GTK_LABEL(title),
                       word != NULL && word->title != NULL ? word->title : term + 1);
    GtkWidget *close = gtk_button_new_from_icon_name("window-close-symbolic");
    gtk_widget_add_css_class(close, "flat");
    gtk_widget_add_css_class(close, "circular");
    gtk_widget_set_valign(close, GTK_ALIGN_START);
    gtk_widget_set_tooltip_text(close, _("Close the meaning"));
    gtk_accessible_update_property(GTK_ACCESSIBLE(close), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("Close the meaning"), -1);
    g_signal_connect(close, "clicked", G_CALLBACK(on_close), revealer);
    gtk_box_append(GTK_BOX(head), title);
    gtk_box_append(GTK_BOX(head), close);
    gtk_box_append(GTK_BOX(card), head);
    GtkWidget *meaning = mg_prose_view_new(self->lesson, self->session, self->language);
    if (word != NULL)
        mg_prose_view_add(MG_PROSE_VIEW(meaning), word);
    else
        mg_prose_view_add_markup(MG_PROSE_VIEW(meaning), _("This word is not explained."), NULL);
    gtk_box_append(GTK_BOX(card), meaning);
    return card;
}

static void toggle_word(MgProseView *self, const char *term, GtkWidget *revealer)
{
    const char *open = g_object_get_data(G_OBJECT(revealer), "term");
    if (open != NULL && strcmp(open, term) == 0) {
        close_word(revealer);
        return;
    }
    g_object_set_data_full(G_OBJECT(revealer), "term", g_strdup(term), g_free);
    gtk_revealer_set_child(GTK_REVEALER(revealer), word_card(self, term, revealer));
    gtk_widget_set_visible(revealer, TRUE);
    gtk_revealer_set_reveal_child(GTK_REVEALER(revealer), TRUE);
}

/* ---- links ---- */

/* (transfer full) (nullable) What the browser shall open. */
static char *uri_of(const char *link)
{
    if (g_str_has_prefix(link, "rfc:"))
        return g_strconcat(RFC_URI, link + strlen("rfc:"), NULL);
    return g_str_has_prefix(link, "https:") ? g_strdup(link) : NULL;
}

/* `revealer` is of the paragraph that the link is in. */
static bool follow(MgProseView *self, const char *link, GtkWidget *revealer)
{
    g_autofree char *uri = uri_of(link);
    if (link[0] == '#') {
        toggle_word(self, link, revealer);
    } else if (g_str_has_prefix(link, "host:") || g_str_has_prefix(link, "field:")) {
        const char *const names[] = {strchr(link, ':') + 1, NULL};
        mg_session_point(self->session, names);
    } else if (uri != NULL) {
        GtkRoot *root = gtk_widget_get_root(GTK_WIDGET(self));
        gtk_show_uri(GTK_IS_WINDOW(root) ? GTK_WINDOW(root) : NULL, uri, GDK_CURRENT_TIME);
    } else {
        return false;
    }
    return true;
}

static gboolean on_link(GtkLabel *label, const char *link, GtkWidget *revealer)
{
    GtkWidget *view = gtk_widget_get_ancestor(GTK_WIDGET(label), MG_TYPE_PROSE_VIEW);
    follow(MG_PROSE_VIEW(view), link, revealer);
    return TRUE; /* nobody else knows these links */
}

/* Where a link leads, in words rather than as it is written. */
static gboolean on_tooltip(GtkWidget *label, int x, int y, gboolean keyboard, GtkTooltip *tooltip,
                           void *data)
{
    const char *link = gtk_label_get_current_uri(GTK_LABEL(label));
    if (link == NULL)
        return FALSE;
    g_autofree char *uri = uri_of(link);
    gtk_tooltip_set_text(tooltip, uri != NULL                        ? uri
                                  : link[0] == '#'                   ? _("What this word means")
                                  : g_str_has_prefix(link, "field:") ? _("Shows this field")
                                                                     : _("Shows it on the map"));
    return TRUE;
}

/* ---- blocks ---- */

/* A label, and below it room for a word's meaning. */
static GtkWidget *paragraph(const char *markup, const char *class, GtkWidget **label)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    GtkWidget *revealer = revealer_new();
    *label = mg_prose_label_new(markup, class);
    g_signal_connect(*label, "activate-link", G_CALLBACK(on_link), revealer);
    g_signal_connect(*label, "query-tooltip", G_CALLBACK(on_tooltip), NULL);
    gtk_box_append(GTK_BOX(box), *label);
    gtk_box_append(GTK_BOX(box), revealer);
    gtk_widget_set_hexpand(box, TRUE);
    return box;
}

GtkWidget *mg_prose_view_add_markup(MgProseView *self, const char *markup, const char *class)
{
    GtkWidget *label = NULL;
    gtk_box_append(GTK_BOX(self), paragraph(markup, class != NULL ? class : "prose", &label));
    return label;
}

static void add_item(MgProseView *self, const MgProseBlock *block)
{
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 7), *label = NULL;
    g_autofree char *number = g_strdup_printf("%u.", block->number);
    GtkWidget *mark = gtk_label_new(block->number != 0 ? number : "•");
    gtk_label_set_xalign(GTK_LABEL(mark), 1);
    gtk_label_set_width_chars(GTK_LABEL(mark), 2);
    gtk_widget_set_valign(mark, GTK_ALIGN_START);
    gtk_widget_add_css_class(mark, "prose");
    gtk_widget_set_margin_start(row, 14 * (int)block->depth);
    gtk_box_append(GTK_BOX(row), mark);
    gtk_box_append(GTK_BOX(row), paragraph(block->markup, "prose", &label));
    gtk_box_append(GTK_BOX(self), row);
}

static void add_code(MgProseView *self, const MgProseBlock *block)
{
    GtkWidget *label = label_new("wire");
    g_autofree char *text = g_strchomp(g_strdup(block->plain != NULL ? block->plain : ""));
    gtk_label_set_text(GTK_LABEL(label), text);
    gtk_widget_add_css_class(label, "mg-code");
    gtk_box_append(GTK_BOX(self), label);
}

static void add_block(MgProseView *self, const MgProseBlock *block)
{
    switch (block->kind) {
    case MG_PROSE_PARAGRAPH:
        mg_prose_view_add_markup(self, block->markup, NULL);
        break;
    case MG_PROSE_HEADING:
        mg_prose_view_add_markup(self, block->markup, "heading");
        break;
    case MG_PROSE_QUOTE:
        mg_prose_view_add_markup(self, block->markup, "mg-quote");
        break;
    case MG_PROSE_ITEM:
        add_item(self, block);
        break;
    case MG_PROSE_CODE:
        add_code(self, block);
        break;
    }
}

void mg_prose_view_add(MgProseView *self, const MgProse *prose)
{
    for (unsigned i = 0; prose->blocks != NULL && i < prose->blocks->len; i++)
        add_block(self, g_ptr_array_index(prose->blocks, i));
}

static GtkWidget *find_revealer(GtkWidget *from)
{
    for (GtkWidget *at = gtk_widget_get_first_child(from); at != NULL;
         at = gtk_widget_get_next_sibling(at)) {
        GtkWidget *found = GTK_IS_REVEALER(at) ? at : find_revealer(at);
        if (found != NULL)
            return found;
    }
    return NULL;
}

bool mg_prose_view_follow(MgProseView *self, const char *link)
{
    GtkWidget *revealer = find_revealer(GTK_WIDGET(self));
    return revealer != NULL && follow(self, link, revealer);
}

/* ---- the object ---- */

static void mg_prose_view_dispose(GObject *object)
{
    g_clear_object(&MG_PROSE_VIEW(object)->session);
    G_OBJECT_CLASS(mg_prose_view_parent_class)->dispose(object);
}

static void mg_prose_view_class_init(MgProseViewClass *class)
{
    G_OBJECT_CLASS(class)->dispose = mg_prose_view_dispose;
}

static void mg_prose_view_init(MgProseView *self)
{
    gtk_orientable_set_orientation(GTK_ORIENTABLE(self), GTK_ORIENTATION_VERTICAL);
    gtk_box_set_spacing(GTK_BOX(self), 9);
}

GtkWidget *mg_prose_view_new(const MgLesson *lesson, MgSession *session, MgLanguage language)
{
    MgProseView *self = g_object_new(MG_TYPE_PROSE_VIEW, NULL);
    self->lesson = lesson;
    self->session = g_object_ref(session);
    self->language = language;
    return GTK_WIDGET(self);
}
