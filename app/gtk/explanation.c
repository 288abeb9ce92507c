/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explanation.c - the card that says what a field is */
#include "explanation.h"

#include "words.h"

#define VALUE_MAX 40 /* characters of a value in the card's first line */

struct _MgExplanation {
    GtkBox parent_instance;
    GtkWidget *title, *text, *chips;
};

G_DEFINE_FINAL_TYPE(MgExplanation, mg_explanation, GTK_TYPE_BOX)

static GtkWidget *add_label(MgExplanation *self, const char *class)
{
    GtkWidget *label = gtk_label_new(NULL);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_selectable(GTK_LABEL(label), FALSE);
    gtk_widget_add_css_class(label, class);
    gtk_box_append(GTK_BOX(self), label);
    return label;
}

static void mg_explanation_class_init(MgExplanationClass *class)
{
    gtk_widget_class_set_css_name(GTK_WIDGET_CLASS(class), "explanation");
}

static void mg_explanation_init(MgExplanation *self)
{
    gtk_orientable_set_orientation(GTK_ORIENTABLE(self), GTK_ORIENTATION_VERTICAL);
    gtk_box_set_spacing(GTK_BOX(self), 6);
    self->title = add_label(self, "explanation-title");
    self->text = add_label(self, "explanation-text");
    self->chips = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    gtk_box_append(GTK_BOX(self), self->chips);
}

GtkWidget *mg_explanation_new(void)
{
    return g_object_new(MG_TYPE_EXPLANATION, NULL);
}

static void on_chip(GtkButton *button, const char *uri)
{
    GtkRoot *root = gtk_widget_get_root(GTK_WIDGET(button));
    gtk_show_uri(root != NULL ? GTK_WINDOW(root) : NULL, uri, GDK_CURRENT_TIME);
}

static void clear_chips(MgExplanation *self)
{
    GtkWidget *child;
    while ((child = gtk_widget_get_first_child(self->chips)) != NULL)
        gtk_box_remove(GTK_BOX(self->chips), child);
    gtk_widget_set_visible(self->chips, FALSE);
}

static void add_chip(MgExplanation *self, const char *source)
{
    if (source == NULL)
        return;
    GtkWidget *first = gtk_widget_get_first_child(self->chips);
    if (first != NULL && strcmp(gtk_button_get_label(GTK_BUTTON(first)), source) == 0)
        return;
    GtkWidget *chip = gtk_button_new_with_label(source);
    gtk_widget_add_css_class(chip, "source");
    gtk_widget_set_valign(chip, GTK_ALIGN_CENTER);
    char *uri = mg_words_source_uri(source);
    if (uri != NULL) {
        gtk_widget_set_tooltip_text(chip, uri);
        g_signal_connect_data(chip, "clicked", G_CALLBACK(on_chip), uri,
                              (GClosureNotify)(void (*)(void))g_free, 0);
    } else {
        gtk_widget_set_can_target(chip, FALSE);
    }
    gtk_box_append(GTK_BOX(self->chips), chip);
    gtk_widget_set_visible(self->chips, TRUE);
}

static void add_paragraph(GString *text, const char *lead, const char *about)
{
    if (about == NULL || about[0] == '\0')
        return;
    if (text->len > 0)
        g_string_append(text, "\n");
    g_autofree char *markup = mg_words_markup(about);
    if (lead != NULL) {
        g_autofree char *escaped = g_markup_escape_text(lead, -1);
        g_string_append_printf(text, "<b>%s</b>: ", escaped);
    }
    g_string_append(text, markup);
}

static const char *severity(MgSeverity severity)
{
    switch (severity) {
    case MG_SEVERITY_CHAT:
        return _("Worth knowing");
    case MG_SEVERITY_NOTE:
        return _("Unusual");
    case MG_SEVERITY_WARN:
        return _("Not as it should be");
    case MG_SEVERITY_FAULT:
        return _("Against the rules");
    }
    return "";
}

static void finish(MgExplanation *self, const char *title, const GString *text)
{
    gtk_label_set_label(GTK_LABEL(self->title), title);
    gtk_label_set_markup(GTK_LABEL(self->text), text->str);
    gtk_widget_set_visible(self->text, text->len > 0);
    gtk_widget_set_visible(GTK_WIDGET(self), title[0] != '\0' || text->len > 0);
}

void mg_explanation_show(MgExplanation *self, const MgRegistry *registry, const MgTree *tree,
                         MgNode node)
{
    clear_chips(self);
    gtk_widget_set_visible(GTK_WIDGET(self), tree != NULL && node != MG_NODE_ROOT);
    if (tree == NULL || node == MG_NODE_ROOT)
        return;
    const MgTreeNode *of = mg_tree_node(tree, node);
    const MgName *name = mg_tree_name(tree, node);
    const char *label = mg_registry_translate(registry, of->field->label);
    g_autofree char *value = mg_tree_value(tree, node);
    g_autofree char *cut = mg_words_cut(value, VALUE_MAX);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *title = NULL;
    if (name != NULL)
        title = g_strdup_printf("%s · %s", cut, mg_registry_translate(registry, name->name));
    if (name != NULL && name->about != NULL) {
        add_paragraph(text, NULL, mg_registry_translate(registry, name->about));
        add_paragraph(text, label, mg_registry_translate(registry, of->field->about));
    } else {
        add_paragraph(text, name != NULL ? label : NULL,
                      mg_registry_translate(registry, of->field->about));
    }
    if (of->note != NULL) {
        add_paragraph(text, severity(of->note->severity),
                      mg_registry_translate(registry, of->note->text));
        add_chip(self, of->note->source);
    }
    finish(self, title != NULL ? title : label, text);
    add_chip(self, name != NULL ? name->source : NULL);
    add_chip(self, of->field->source);
}

/* The row of the machine's table that was taken, if the engine's kind has one. */
static const MgTransition *transition(const MgTrace *trace, const MgRecord *record)
{
    const MgEngineKind *kind =
        mg_registry_engine(mg_trace_registry(trace), mg_trace_text(trace, record->tag));
    const MgTransition *row = kind != NULL ? kind->transitions : NULL;
    for (; row != NULL && row->from != NULL; row++)
        if (g_strcmp0(row->from, mg_trace_text(trace, record->text_a)) == 0 &&
            g_strcmp0(row->to, mg_trace_text(trace, record->text_b)) == 0)
            return row;
    return NULL;
}

void mg_explanation_show_record(MgExplanation *self, const MgTrace *trace, uint32_t n)
{
    const MgRecord *record = mg_trace_record(trace, n);
    const MgRegistry *registry = mg_trace_registry(trace);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *title = mg_words_summary(trace, n, 200);
    clear_chips(self);
    if (record->kind == MG_RECORD_STATE) {
        const MgTransition *row = transition(trace, record);
        const MgEngineKind *kind = mg_registry_engine(registry, mg_trace_text(trace, record->tag));
        g_free(title);
        title =
            g_strdup_printf("%s: %s → %s", mg_trace_text(trace, record->tag),
                            mg_registry_translate(registry, mg_trace_text(trace, record->text_a)),
                            mg_registry_translate(registry, mg_trace_text(trace, record->text_b)));
        add_paragraph(text, _("What led to it"),
                      row != NULL ? mg_registry_translate(registry, row->on) : NULL);
        add_paragraph(text, NULL,
                      kind != NULL ? mg_registry_translate(registry, kind->summary) : NULL);
        add_chip(self, row != NULL ? row->source : NULL);
    } else if (record->kind == MG_RECORD_NOTE) {
        const MgRule *rule = mg_registry_rule(registry, mg_trace_text(trace, record->text_a));
        add_paragraph(text, NULL, rule != NULL ? severity(rule->severity) : NULL);
        add_chip(self, rule != NULL ? rule->source : NULL);
    }
    finish(self, title, text);
}
