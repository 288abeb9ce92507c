/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inspector-tree.c - the layers and fields of one exchange */
#include "inspector-tree.h"

#include "words.h"

#define LABEL     136 /* room for the name of a field, at the first depth … */
#define LABEL_MIN 76  /* … and at any */
#define INDENT    20  /* of a depth more */
#define VALUE_MAX 120 /* characters of a value in its row */

/* ---- a node as an object: all nodes of a tree share it ---- */

typedef struct {
    MgTree *tree;
    const MgRegistry *registry;
    char **pointed; /* (nullable) ids of fields that glow */
} Shared;

#define TYPE_ITEM (item_get_type())
G_DECLARE_FINAL_TYPE(Item, item, MG, INSPECTOR_ITEM, GObject)
struct _Item {
    GObject parent_instance;
    Shared *shared; /* an rc box */
    MgNode node;
};
G_DEFINE_FINAL_TYPE(Item, item, G_TYPE_OBJECT)

static void clear_shared(void *data)
{
    mg_tree_free(((Shared *)data)->tree);
    g_strfreev(((Shared *)data)->pointed);
}

static void item_finalize(GObject *object)
{
    g_rc_box_release_full(MG_INSPECTOR_ITEM(object)->shared, clear_shared);
    G_OBJECT_CLASS(item_parent_class)->finalize(object);
}

static void item_class_init(ItemClass *class)
{
    G_OBJECT_CLASS(class)->finalize = item_finalize;
}

static void item_init(Item *item)
{
}

/* (transfer full) (nullable) The children of a node. */
static GListModel *children(Shared *shared, MgNode parent)
{
    MgNode child = mg_tree_node(shared->tree, parent)->first_child;
    if (child == 0)
        return NULL;
    GListStore *store = g_list_store_new(TYPE_ITEM);
    for (; child != 0; child = mg_tree_node(shared->tree, child)->next_sibling) {
        Item *item = g_object_new(TYPE_ITEM, NULL);
        item->shared = g_rc_box_acquire(shared);
        item->node = child;
        g_list_store_append(store, item);
        g_object_unref(item);
    }
    return G_LIST_MODEL(store);
}

static GListModel *open_item(void *object, void *data)
{
    Item *item = object;
    return children(item->shared, item->node);
}

/* ---- the widget ---- */

struct _MgInspectorTree {
    GtkWidget parent_instance;
    GtkWidget *list;
    GtkSingleSelection *selection;
    GtkTreeListModel *rows;
    Shared *shared;        /* (nullable) */
    char **pointed;        /* (nullable) */
    GPtrArray *rows_shown; /* GtkListItem, bound; borrowed */
    bool quiet;            /* the selection is not a person's */
    unsigned later;        /* the list has not got its rows' sizes yet, … */
    unsigned frames;       /* … and so many frames were painted since */
};

enum { PICKED, N_SIGNALS };
static unsigned signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(MgInspectorTree, mg_inspector_tree, GTK_TYPE_WIDGET)

static bool ends_with(const MgTreeNode *node, const char *suffix)
{
    return node->field->id != NULL && g_str_has_suffix(node->field->id, suffix);
}

/* What a header says at a glance: from where to where, and how far. */
char *mg_inspector_tree_line(const MgTree *tree, MgNode node)
{
    static const struct {
        const char *suffix, *before;
    } parts[] = {{".src", ""},        {".dst", " → "},     {".srcport", ""},
                 {".dstport", " → "}, {".seq", " · seq "}, {".ack", " · ack "}};
    g_autoptr(GString) line = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        MgNode child = mg_tree_node(tree, node)->first_child;
        for (; child != 0; child = mg_tree_node(tree, child)->next_sibling) {
            const MgTreeNode *of = mg_tree_node(tree, child);
            if (!ends_with(of, parts[i].suffix) || of->field->type == MG_FIELD_TEXT ||
                of->field->type == MG_FIELD_BOOL || (line->len == 0 && parts[i].before[0] != '\0'))
                continue;
            g_autofree char *value = mg_tree_value(tree, child);
            g_string_append_printf(line, "%s%s", parts[i].before, value);
            break;
        }
    }
    if (line->len == 0) {
        MgSpan bytes = mg_tree_bytes(tree, node);
        const uint8_t *end = bytes.len > 0 ? memchr(bytes.data, '\r', bytes.len) : NULL;
        size_t len = MIN(end != NULL ? (size_t)(end - bytes.data) : bytes.len, 60u);
        bool text = true;
        for (size_t i = 0; i < len; i++)
            text = text && bytes.data[i] >= 0x20 && bytes.data[i] != 0x7f;
        if (text && len > 0)
            g_string_append_len(line, (const char *)bytes.data, (gssize)len);
    }
    return mg_words_cut(line->str, 60);
}

/* "Internet Protocol (IPv4)" is IPv4 to who has little room; "flags (flag)" stays. */
static char *short_label(const char *label)
{
    const char *open = strrchr(label, '(');
    size_t len = strlen(label);
    if (open != NULL && label[len - 1] == ')' && g_ascii_isupper(open[1]))
        return g_strndup(open + 1, (size_t)(label + len - 1 - (open + 1)));
    return g_strdup(label);
}

/* A value as it is read in a row; the end of a line has a name of its own. */
static char *row_value(const MgTree *tree, MgNode node)
{
    MgSpan bytes = mg_tree_bytes(tree, node);
    if (bytes.len == 2 && memcmp(bytes.data, "\r\n", 2) == 0)
        return g_strdup("CR LF");
    return mg_tree_value(tree, node);
}

static const char *protocol_color(const MgDissector *dissector)
{
    return dissector != NULL && dissector->color != NULL ? dissector->color : "grey";
}

/* A row: dot, label, value. */
static void setup(GtkSignalListItemFactory *factory, GtkListItem *list_item)
{
    GtkWidget *expander = gtk_tree_expander_new();
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
    GtkWidget *dot = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
    gtk_widget_add_css_class(dot, "dot");
    gtk_widget_set_valign(dot, GTK_ALIGN_CENTER);
    gtk_box_append(GTK_BOX(box), dot);
    GtkWidget *label = gtk_label_new(NULL);
    gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_box_append(GTK_BOX(box), label);
    GtkWidget *value = gtk_inscription_new(NULL);
    gtk_inscription_set_text_overflow(GTK_INSCRIPTION(value),
                                      GTK_INSCRIPTION_OVERFLOW_ELLIPSIZE_END);
    gtk_widget_set_valign(value, GTK_ALIGN_CENTER);
    gtk_inscription_set_min_chars(GTK_INSCRIPTION(value), 6);
    gtk_inscription_set_nat_chars(GTK_INSCRIPTION(value), 12);
    gtk_widget_set_hexpand(value, TRUE);
    gtk_box_append(GTK_BOX(box), value);
    gtk_tree_expander_set_child(GTK_TREE_EXPANDER(expander), box);
    gtk_list_item_set_child(list_item, expander);
}

static void set_class(GtkWidget *widget, const char *class, bool on)
{
    if (on)
        gtk_widget_add_css_class(widget, class);
    else
        gtk_widget_remove_css_class(widget, class);
}

static bool glows(const Item *item)
{
    const char *id = mg_tree_node(item->shared->tree, item->node)->field->id;
    return item->shared->pointed != NULL && id != NULL &&
           g_strv_contains((const char *const *)item->shared->pointed, id);
}

/* The ring is the row's, which is around what a factory may fill. */
static void show_glow(const Item *item, GtkWidget *expander)
{
    GtkWidget *row = gtk_widget_get_parent(expander);
    if (row != NULL)
        set_class(row, "pointed", glows(item));
    if (glows(item))
        gtk_accessible_update_property(GTK_ACCESSIBLE(expander),
                                       GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                       _("The lesson points at this"), -1);
    else
        gtk_accessible_reset_property(GTK_ACCESSIBLE(expander),
                                      GTK_ACCESSIBLE_PROPERTY_DESCRIPTION);
}

static void show_value(GtkTreeListRow *row, GParamSpec *spec, GtkListItem *list_item)
{
    g_autoptr(Item) item = gtk_tree_list_row_get_item(row);
    if (item == NULL)
        return;
    const MgTree *tree = item->shared->tree;
    const MgTreeNode *of = mg_tree_node(tree, item->node);
    GtkWidget *expander = gtk_list_item_get_child(list_item);
    GtkWidget *box = gtk_tree_expander_get_child(GTK_TREE_EXPANDER(expander));
    GtkWidget *dot = gtk_widget_get_first_child(box);
    GtkWidget *label = gtk_widget_get_next_sibling(dot);
    GtkWidget *value = gtk_widget_get_next_sibling(label);
    bool layer = gtk_tree_list_row_get_depth(row) == 0;
    g_autofree char *text = NULL;
    if (of->first_child != 0)
        text = gtk_tree_list_row_get_expanded(row) ? g_strdup("")
                                                   : mg_inspector_tree_line(tree, item->node);
    else
        text = row_value(tree, item->node);
    g_autofree char *cut = mg_words_cut(text, VALUE_MAX);
    const char *name = mg_registry_translate(item->shared->registry, of->field->label);
    g_autofree char *shown = layer ? short_label(name) : g_strdup(name);
    gtk_label_set_label(GTK_LABEL(label), shown);
    /* Values stand one below the other, however deep they are. */
    bool alone = of->first_child == 0 && !layer;
    int deep = (int)gtk_tree_list_row_get_depth(row) - 1;
    gtk_widget_set_size_request(label, alone ? MAX(LABEL - deep * INDENT, LABEL_MIN) : -1, -1);
    gtk_label_set_max_width_chars(GTK_LABEL(label), layer ? 28 : alone ? 1 : 22);
    gtk_widget_set_tooltip_text(label, alone ? name : NULL);
    gtk_inscription_set_text(GTK_INSCRIPTION(value), cut);
    gtk_widget_set_tooltip_text(value, strlen(cut) > 16 ? cut : NULL);
    gtk_widget_set_visible(dot, layer);
    set_class(label, "layer", layer);
    set_class(label, "noted", of->note != NULL);
    set_class(value, "wire", of->first_child == 0);
    g_autofree char *spoken = g_strdup_printf("%s %s", name, cut);
    gtk_accessible_update_property(GTK_ACCESSIBLE(expander), GTK_ACCESSIBLE_PROPERTY_LABEL, spoken,
                                   -1);
    show_glow(item, expander);
}

static void bind(GtkSignalListItemFactory *factory, GtkListItem *list_item, MgInspectorTree *self)
{
    GtkTreeListRow *row = gtk_list_item_get_item(list_item);
    GtkWidget *expander = gtk_list_item_get_child(list_item);
    gtk_tree_expander_set_list_row(GTK_TREE_EXPANDER(expander), row);
    g_autoptr(Item) item = gtk_tree_list_row_get_item(row);
    GtkWidget *dot =
        gtk_widget_get_first_child(gtk_tree_expander_get_child(GTK_TREE_EXPANDER(expander)));
    const char *classes[] = {
        "dot", protocol_color(mg_tree_node(item->shared->tree, item->node)->dissector), NULL};
    gtk_widget_set_css_classes(dot, classes);
    g_signal_connect(row, "notify::expanded", G_CALLBACK(show_value), list_item);
    show_value(row, NULL, list_item);
    g_ptr_array_add(self->rows_shown, list_item);
}

static void unbind(GtkSignalListItemFactory *factory, GtkListItem *list_item, MgInspectorTree *self)
{
    if (self->rows_shown != NULL)
        g_ptr_array_remove_fast(self->rows_shown, list_item);
    GtkTreeListRow *row = gtk_list_item_get_item(list_item);
    g_signal_handlers_disconnect_by_func(row, show_value, list_item);
    gtk_tree_expander_set_list_row(GTK_TREE_EXPANDER(gtk_list_item_get_child(list_item)), NULL);
}

MgNode mg_inspector_tree_selected(MgInspectorTree *self)
{
    GtkTreeListRow *row = gtk_single_selection_get_selected_item(self->selection);
    g_autoptr(Item) item = row != NULL ? gtk_tree_list_row_get_item(row) : NULL;
    return item != NULL ? item->node : MG_NODE_ROOT;
}

static void on_selected(MgInspectorTree *self)
{
    if (!self->quiet)
        g_signal_emit(self, signals[PICKED], 0, mg_inspector_tree_selected(self));
}

/* ---- filling ---- */

/* The row of a node; those above it are opened. */
static unsigned find_row(MgInspectorTree *self, MgNode node)
{
    const MgTree *tree = self->shared->tree;
    MgNode chain[32];
    size_t depth = 0;
    for (MgNode at = node; at != MG_NODE_ROOT && depth < G_N_ELEMENTS(chain);
         at = mg_tree_node(tree, at)->parent)
        chain[depth++] = at;
    unsigned row = 0, n = 0;
    while (depth-- > 0) {
        n = g_list_model_get_n_items(G_LIST_MODEL(self->rows));
        for (; row < n; row++) {
            g_autoptr(GtkTreeListRow) at = gtk_tree_list_model_get_row(self->rows, row);
            g_autoptr(Item) item = gtk_tree_list_row_get_item(at);
            if (item->node != chain[depth])
                continue;
            if (depth > 0)
                gtk_tree_list_row_set_expanded(at, TRUE);
            break;
        }
    }
    return row < g_list_model_get_n_items(G_LIST_MODEL(self->rows)) ? row
                                                                    : GTK_INVALID_LIST_POSITION;
}

/* In the second frame from now: in the first the rows get their sizes. */
static gboolean scroll_later(GtkWidget *widget, GdkFrameClock *clock, void *data)
{
    MgInspectorTree *self = MG_INSPECTOR_TREE(widget);
    unsigned row = gtk_single_selection_get_selected(self->selection);
    if (self->frames++ == 0)
        return G_SOURCE_CONTINUE;
    self->later = 0;
    if (row != GTK_INVALID_LIST_POSITION)
        gtk_widget_activate_action(self->list, "list.scroll-to-item", "u", row);
    return G_SOURCE_REMOVE;
}

void mg_inspector_tree_select(MgInspectorTree *self, MgNode node)
{
    if (self->shared == NULL)
        return;
    self->quiet = true;
    unsigned row = node != MG_NODE_ROOT ? find_row(self, node) : GTK_INVALID_LIST_POSITION;
    gtk_single_selection_set_selected(self->selection, row);
    if (row != GTK_INVALID_LIST_POSITION)
        gtk_widget_activate_action(self->list, "list.scroll-to-item", "u", row);
    self->frames = 0;
    if (self->later == 0)
        self->later = gtk_widget_add_tick_callback(GTK_WIDGET(self), scroll_later, NULL, NULL);
    self->quiet = false;
}

/* Layers of the exchange itself are open, those that carried it are not. */
static void open_own(MgInspectorTree *self, const MgDissector *own)
{
    for (unsigned i = g_list_model_get_n_items(G_LIST_MODEL(self->rows)); i-- > 0;) {
        g_autoptr(GtkTreeListRow) row = gtk_tree_list_model_get_row(self->rows, i);
        g_autoptr(Item) item = gtk_tree_list_row_get_item(row);
        if (mg_tree_node(self->shared->tree, item->node)->dissector == own)
            gtk_tree_list_row_set_expanded(row, TRUE);
    }
}

void mg_inspector_tree_set(MgInspectorTree *self, const MgRegistry *registry, MgTree *tree,
                           const MgDissector *own)
{
    self->quiet = true;
    gtk_single_selection_set_model(self->selection, NULL);
    g_clear_object(&self->rows);
    if (self->shared != NULL)
        g_rc_box_release_full(self->shared, clear_shared);
    self->shared = NULL;
    if (tree != NULL) {
        self->shared = g_rc_box_new0(Shared);
        self->shared->tree = tree;
        self->shared->registry = registry;
        self->shared->pointed = g_strdupv(self->pointed);
        GListModel *top = children(self->shared, MG_NODE_ROOT);
        if (top == NULL)
            top = G_LIST_MODEL(g_list_store_new(TYPE_ITEM));
        self->rows = gtk_tree_list_model_new(top, FALSE, FALSE, open_item, NULL, NULL);
        open_own(self, own);
        gtk_single_selection_set_model(self->selection, G_LIST_MODEL(self->rows));
    }
    self->quiet = false;
}

void mg_inspector_tree_point(MgInspectorTree *self, const char *const *ids)
{
    g_strfreev(self->pointed);
    self->pointed = g_strdupv((char **)ids);
    if (self->shared == NULL)
        return;
    g_strfreev(self->shared->pointed);
    self->shared->pointed = g_strdupv(self->pointed);
    for (guint i = 0; i < self->rows_shown->len; i++) {
        GtkListItem *list_item = g_ptr_array_index(self->rows_shown, i);
        show_value(gtk_list_item_get_item(list_item), NULL, list_item);
    }
}

const MgTree *mg_inspector_tree_get(MgInspectorTree *self)
{
    return self->shared != NULL ? self->shared->tree : NULL;
}

/* ---- the object ---- */

static void mg_inspector_tree_dispose(GObject *object)
{
    MgInspectorTree *self = MG_INSPECTOR_TREE(object);
    GtkWidget *child = gtk_widget_get_first_child(GTK_WIDGET(self));
    if (self->later != 0)
        gtk_widget_remove_tick_callback(GTK_WIDGET(self), self->later);
    self->later = 0;
    if (child != NULL) {
        mg_inspector_tree_set(self, NULL, NULL, NULL);
        gtk_widget_unparent(child);
    }
    g_clear_object(&self->selection);
    g_clear_pointer(&self->rows_shown, g_ptr_array_unref);
    g_clear_pointer(&self->pointed, g_strfreev);
    G_OBJECT_CLASS(mg_inspector_tree_parent_class)->dispose(object);
}

static void mg_inspector_tree_class_init(MgInspectorTreeClass *class)
{
    G_OBJECT_CLASS(class)->dispose = mg_inspector_tree_dispose;
    gtk_widget_class_set_layout_manager_type(GTK_WIDGET_CLASS(class), GTK_TYPE_BIN_LAYOUT);
    gtk_widget_class_set_css_name(GTK_WIDGET_CLASS(class), "inspectortree");
    signals[PICKED] = g_signal_new("picked", MG_TYPE_INSPECTOR_TREE, G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void mg_inspector_tree_init(MgInspectorTree *self)
{
    self->rows_shown = g_ptr_array_new();
    self->selection = gtk_single_selection_new(NULL);
    gtk_single_selection_set_autoselect(self->selection, FALSE);
    gtk_single_selection_set_can_unselect(self->selection, TRUE);
    g_signal_connect_swapped(self->selection, "notify::selected", G_CALLBACK(on_selected), self);
    GtkListItemFactory *factory = gtk_signal_list_item_factory_new();
    g_signal_connect(factory, "setup", G_CALLBACK(setup), NULL);
    g_signal_connect(factory, "bind", G_CALLBACK(bind), self);
    g_signal_connect(factory, "unbind", G_CALLBACK(unbind), self);
    self->list = gtk_list_view_new(g_object_ref(GTK_SELECTION_MODEL(self->selection)), factory);
    gtk_widget_add_css_class(self->list, "inspector-tree");
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->list), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("Layers and fields"), -1);
    GtkWidget *scrolled = gtk_scrolled_window_new();
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), self->list);
    gtk_widget_set_vexpand(scrolled, TRUE);
    gtk_widget_set_parent(scrolled, GTK_WIDGET(self));
}

GtkWidget *mg_inspector_tree_new(void)
{
    return g_object_new(MG_TYPE_INSPECTOR_TREE, NULL);
}
