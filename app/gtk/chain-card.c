/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain-card.c - who vouches for whom
 *
 * Certificates are known by their fields: a subject, its issuer, and until when it is good. */
#include "chain-card.h"

#include "player.h"
#include "words.h"

#define BACK   2000u /* records that are looked at */
#define LINKS  8u
#define INDENT 14

struct _MgChainCard {
    GtkBox parent_instance;
};

G_DEFINE_FINAL_TYPE(MgChainCard, mg_chain_card, GTK_TYPE_BOX)

static void mg_chain_card_class_init(MgChainCardClass *class)
{
    gtk_widget_class_set_css_name(GTK_WIDGET_CLASS(class), "chain");
}

static void mg_chain_card_init(MgChainCard *self)
{
    gtk_orientable_set_orientation(GTK_ORIENTABLE(self), GTK_ORIENTATION_VERTICAL);
    gtk_box_set_spacing(GTK_BOX(self), 4);
    gtk_widget_set_visible(GTK_WIDGET(self), FALSE);
}

GtkWidget *mg_chain_card_new(void)
{
    return g_object_new(MG_TYPE_CHAIN_CARD, NULL);
}

/* The values of the fields whose id ends so, in order. */
static GPtrArray *values_of(const MgTree *tree, const char *suffix)
{
    GPtrArray *values = g_ptr_array_new_with_free_func(g_free);
    for (MgNode i = 1; i < mg_tree_n_nodes(tree) && values->len < LINKS; i++) {
        const char *id = mg_tree_node(tree, i)->field->id;
        if (id != NULL && g_str_has_suffix(id, suffix))
            g_ptr_array_add(values, mg_tree_value(tree, i));
    }
    return values;
}

/* "mx.example.net" of "CN=mx.example.net,O=Example". */
static char *common_name(const char *name)
{
    g_auto(GStrv) parts = g_strsplit(name, ",", -1);
    for (size_t i = 0; parts[i] != NULL; i++)
        if (g_str_has_prefix(parts[i], "CN="))
            return g_strdup(parts[i] + 3);
    return g_strdup(name);
}

/* A message of the layer itself, not what it carries. */
static bool is_own(const MgTrace *trace, const MgRecord *record, MgFlowId flow)
{
    return record->kind == MG_RECORD_EXCHANGE && record->flow == flow &&
           record->unit != MG_UNIT_DATA && record->unit != MG_UNIT_NOTE &&
           record->dissector != mg_trace_flow(trace, flow)->dissector;
}

/* (nullable) (transfer full) The fields of the message that showed certificates last, and which it
 * is. */
static MgTree *find_chain(MgSession *session, uint32_t n, uint32_t *shown)
{
    const MgTrace *trace = mg_session_trace(session);
    MgView view = mg_player_view(mg_player_get(session));
    MgFlowId flow = n > 0 ? mg_trace_record(trace, n)->flow : 0;
    for (uint32_t i = n; flow != 0 && i > 0 && n - i < BACK; i--) {
        if (!is_own(trace, mg_trace_record(trace, i), flow) || mg_view_hides(view, trace, i))
            continue;
        MgTree *tree = mg_trace_tree(trace, i);
        g_autoptr(GPtrArray) subjects = values_of(tree, ".subject");
        *shown = i;
        if (subjects->len > 0)
            return tree;
        mg_tree_free(tree);
    }
    return NULL;
}

/* (nullable) A rule of what is between an engine and its connection. */
static const MgRule *layer_rule(const MgRegistry *registry, const char *id)
{
    for (size_t i = 0; i < mg_registry_n_layers(registry); i++)
        for (const MgRule *rule = mg_registry_layer_at(registry, i)->rules;
             rule != NULL && rule->id != NULL; rule++)
            if (strcmp(rule->id, id) == 0)
                return rule;
    return NULL;
}

static void add_line(MgChainCard *self, const char *text, const char *class, int indent)
{
    GtkWidget *label = gtk_label_new(text);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
    gtk_widget_set_margin_start(label, indent);
    gtk_widget_add_css_class(label, class);
    gtk_box_append(GTK_BOX(self), label);
}

static void add_link(MgChainCard *self, const char *name, const char *until, unsigned depth)
{
    g_autofree char *common = common_name(name);
    g_autofree char *shown = g_strconcat(depth > 0 ? "└ " : "", common, NULL);
    add_line(self, shown, "wire", (int)depth * INDENT);
    if (until == NULL)
        return;
    g_autofree char *day = g_strndup(until, strcspn(until, " "));
    g_autofree char *good = g_strdup_printf(_("good until %s"), day);
    add_line(self, good, "dim-label", (int)depth * INDENT + (depth > 0 ? INDENT : 0));
}

/* What whoever was shown them made of them, as far as the session has come. */
static void add_verdict(MgChainCard *self, MgSession *session, uint32_t shown)
{
    const MgTrace *trace = mg_session_trace(session);
    const MgRegistry *registry = mg_session_registry(session);
    const MgRecord *chain = mg_trace_record(trace, shown);
    uint32_t last = MIN(mg_trace_n_records(trace), shown + BACK), engine = 0;
    bool went_on = false, doubted = false;
    for (uint32_t i = shown > BACK ? shown - BACK : 1; i <= last && engine == 0; i++) {
        const MgRecord *record = mg_trace_record(trace, i);
        if (record->flow == chain->flow && record->from == chain->to)
            engine = record->engine;
    }
    /* What is said in the same moment has a later number. */
    for (uint32_t i = shown + 1; i <= last; i++) {
        const MgRecord *record = mg_trace_record(trace, i);
        if (record->at > mg_session_time(session))
            break;
        if (record->from != chain->to)
            continue;
        went_on = went_on || (record->kind == MG_RECORD_EXCHANGE && record->flow == chain->flow);
        if (record->kind != MG_RECORD_NOTE || (engine != 0 && record->engine != engine))
            continue;
        const MgRule *rule = layer_rule(registry, mg_trace_text(trace, record->text_a));
        if (rule == NULL)
            continue;
        doubted = true;
        add_line(self, mg_registry_translate(registry, rule->text),
                 rule->severity == MG_SEVERITY_FAULT ? "error" : "dim-label", 0);
    }
    if (went_on && !doubted)
        add_line(self, _("Proved: whoever was shown this found nothing wrong with it."), "success",
                 0);
}

void mg_chain_card_show(MgChainCard *self, MgSession *session, uint32_t n)
{
    GtkWidget *child;
    while ((child = gtk_widget_get_first_child(GTK_WIDGET(self))) != NULL)
        gtk_box_remove(GTK_BOX(self), child);
    uint32_t shown = 0;
    MgTree *tree = find_chain(session, n, &shown);
    gtk_widget_set_visible(GTK_WIDGET(self), tree != NULL);
    if (tree == NULL)
        return;
    g_autoptr(GPtrArray) subjects = values_of(tree, ".subject");
    g_autoptr(GPtrArray) issuers = values_of(tree, ".issuer");
    g_autoptr(GPtrArray) ends = values_of(tree, ".notAfter");
    add_line(self, _("Who vouches for whom"), "explanation-title", 0);
    add_verdict(self, session, shown);
    for (unsigned i = 0; i < subjects->len; i++)
        add_link(self, g_ptr_array_index(subjects, i),
                 i < ends->len ? g_ptr_array_index(ends, i) : NULL, i);
    /* The root is not sent: whoever trusts it has it. */
    const char *last = g_ptr_array_index(subjects, subjects->len - 1);
    const char *root =
        issuers->len == subjects->len ? g_ptr_array_index(issuers, issuers->len - 1) : last;
    if (strcmp(root, last) != 0)
        add_link(self, root, NULL, subjects->len);
    mg_tree_free(tree);
}
