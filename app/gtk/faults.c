/* SPDX-License-Identifier: GPL-3.0-or-later */
/* faults.c - the sheet where a network is changed while it runs
 *
 * Each button does what a line in the console does (world.h), at the position: in the past that
 * begins another branch. The sheet says which line it was, so that one learns to type it. */
#include "faults.h"

#include "window-style.h"
#include "words.h"

typedef struct {
    MgWindow *parent;
    MgSession *session;
    GtkWidget *window, *hosts, *links, *settings, *said;
    GPtrArray *rows; /* of settings; GtkWidget, borrowed */
} Sheet;

/* What an entry or a switch does: the words before and after what was typed. */
typedef struct {
    Sheet *sheet;
    char *words;
    bool of_link;
    GtkWidget *first, *second; /* (nullable) what is typed */
} Change;

static void sheet_free(gpointer data, GObject *gone)
{
    Sheet *sheet = data;
    g_object_unref(sheet->session);
    g_ptr_array_unref(sheet->rows);
    g_free(sheet);
}

static void change_free(gpointer data, GClosure *closure)
{
    Change *change = data;
    g_free(change->words);
    g_free(change);
}

/* ---- what is done ---- */

static const MgNetworkHost *host_at(Sheet *sheet, size_t i)
{
    const MgNetwork *network = mg_session_network(sheet->session);
    return i < network->hosts->len ? &g_array_index(network->hosts, MgNetworkHost, i) : NULL;
}

/* (nullable) (transfer full) "!host alice", "!link alice bob": what is chosen in the lists. */
static char *subject(Sheet *sheet, bool of_link)
{
    const MgNetwork *network = mg_session_network(sheet->session);
    unsigned at = adw_combo_row_get_selected(ADW_COMBO_ROW(of_link ? sheet->links : sheet->hosts));
    if (!of_link)
        return at < network->hosts->len ? g_strdup_printf("!host %s", host_at(sheet, at)->name)
                                        : NULL;
    if (at >= network->links->len)
        return NULL;
    const MgNetworkLink *link = &g_array_index(network->links, MgNetworkLink, at);
    return g_strdup_printf("!link %s %s", host_at(sheet, link->a)->name,
                           host_at(sheet, link->b)->name);
}

static void tell(Sheet *sheet, bool good, const char *text)
{
    gtk_label_set_label(GTK_LABEL(sheet->said), text);
    gtk_widget_remove_css_class(sheet->said, good ? "error" : "wire");
    gtk_widget_add_css_class(sheet->said, good ? "wire" : "error");
    gtk_widget_set_visible(sheet->said, TRUE);
}

static void make(Change *change)
{
    Sheet *sheet = change->sheet;
    g_autofree char *about = subject(sheet, change->of_link);
    if (about == NULL)
        return;
    g_autoptr(GString) line = g_string_new(about);
    g_string_append_printf(line, " %s", change->words);
    GtkWidget *const typed[] = {change->first, change->second};
    for (size_t i = 0; i < G_N_ELEMENTS(typed); i++) {
        const char *text = NULL;
        if (typed[i] != NULL)
            text = GTK_IS_SWITCH(typed[i])
                       ? gtk_switch_get_active(GTK_SWITCH(typed[i])) ? "yes" : "no"
                       : gtk_editable_get_text(GTK_EDITABLE(typed[i]));
        if (text != NULL && text[0] != '\0')
            g_string_append_printf(line, " %s", text);
    }
    g_autoptr(GError) error = NULL;
    MgLessonPlay *play = mg_window_play(sheet->parent);
    bool done = play != NULL ? mg_lesson_play_do(play, line->str, &error)
                             : mg_session_intervene(sheet->session, line->str, NULL, &error);
    if (done && play == NULL)
        mg_session_follow(sheet->session);
    tell(sheet, done, done ? line->str : error->message);
}

/* ---- rows ---- */

static Change *change_new(Sheet *sheet, bool of_link, const char *words)
{
    Change *change = g_new0(Change, 1);
    change->sheet = sheet;
    change->of_link = of_link;
    change->words = g_strdup(words);
    return change;
}

static GtkWidget *button_new(const char *label, Change *change)
{
    GtkWidget *button = gtk_button_new_with_label(label);
    gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
    g_signal_connect_data(button, "clicked", G_CALLBACK(make), change, change_free,
                          G_CONNECT_SWAPPED);
    return button;
}

static GtkWidget *row_new(const char *title, const char *about)
{
    GtkWidget *row = adw_action_row_new();
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
    if (about != NULL)
        adw_action_row_set_subtitle(ADW_ACTION_ROW(row), about);
    return row;
}

static GtkWidget *entry_new(const char *name, const char *example, int width)
{
    GtkWidget *entry = gtk_entry_new();
    gtk_entry_set_placeholder_text(GTK_ENTRY(entry), example);
    gtk_editable_set_width_chars(GTK_EDITABLE(entry), width);
    gtk_widget_set_valign(entry, GTK_ALIGN_CENTER);
    gtk_widget_add_css_class(entry, "wire");
    gtk_accessible_update_property(GTK_ACCESSIBLE(entry), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    return entry;
}

/* Something to type, and a button that does it, as Enter does. */
static void add_entry(GtkWidget *row, Change *change, GtkWidget *entry)
{
    if (change->first == NULL)
        change->first = entry;
    else
        change->second = entry;
    adw_action_row_add_suffix(ADW_ACTION_ROW(row), entry);
    g_signal_connect_swapped(entry, "activate", G_CALLBACK(make), change);
}

/* Two buttons for what one word says. */
static GtkWidget *two_new(Sheet *sheet, bool of_link, const char *const names[2],
                          const char *const words[2])
{
    GtkWidget *row = row_new(_("Now"), NULL);
    for (int i = 0; i < 2; i++)
        adw_action_row_add_suffix(ADW_ACTION_ROW(row),
                                  button_new(names[i], change_new(sheet, of_link, words[i])));
    return row;
}

/* ---- settings ---- */

/* A password is told nobody, so it is not for a sheet that shows what there is. */
static bool is_shown(Sheet *sheet, const MgSettingRow *row)
{
    if (row->type == MG_SETTING_FILES || strstr(row->key, "password") != NULL)
        return false;
    for (unsigned i = 0; i < sheet->rows->len; i++)
        if (strcmp(adw_preferences_row_get_title(g_ptr_array_index(sheet->rows, i)), row->key) == 0)
            return false;
    return true;
}

static void on_switch(Change *change)
{
    make(change);
}

static GtkWidget *setting_new(Sheet *sheet, const MgSettingRow *row, const char *value)
{
    g_autofree char *words = g_strdup_printf("set %s", row->key);
    const char *about = mg_registry_translate(mg_session_registry(sheet->session), row->about);
    g_autofree char *markup = mg_words_markup(about);
    GtkWidget *widget = row_new(row->key, markup);
    Change *change = change_new(sheet, false, words);
    if (row->type == MG_SETTING_BOOL) {
        GtkWidget *on = change->first = gtk_switch_new();
        gtk_switch_set_active(GTK_SWITCH(on), g_strcmp0(value, "yes") == 0);
        gtk_widget_set_valign(on, GTK_ALIGN_CENTER);
        gtk_accessible_update_property(GTK_ACCESSIBLE(on), GTK_ACCESSIBLE_PROPERTY_LABEL, row->key,
                                       -1);
        g_signal_connect_data(on, "notify::active", G_CALLBACK(on_switch), change, change_free,
                              G_CONNECT_SWAPPED);
        adw_action_row_add_suffix(ADW_ACTION_ROW(widget), on);
        return widget;
    }
    GtkWidget *entry = entry_new(row->key, row->fallback, row->type == MG_SETTING_TEXT ? 16 : 8);
    gtk_editable_set_text(GTK_EDITABLE(entry), value != NULL ? value : "");
    add_entry(widget, change, entry);
    adw_action_row_add_suffix(ADW_ACTION_ROW(widget), button_new(_("Set"), change));
    return widget;
}

/* What the host's engines can be told, with what they were told last. */
static void show_settings(Sheet *sheet)
{
    unsigned at = adw_combo_row_get_selected(ADW_COMBO_ROW(sheet->hosts));
    const MgNetworkHost *host = host_at(sheet, at);
    MgWorld *world = mg_session_world(sheet->session);
    for (unsigned i = 0; i < sheet->rows->len; i++)
        adw_preferences_group_remove(ADW_PREFERENCES_GROUP(sheet->settings),
                                     g_ptr_array_index(sheet->rows, i));
    g_ptr_array_set_size(sheet->rows, 0);
    if (host == NULL || world == NULL)
        return;
    const MgSettings *settings = mg_runtime_settings(mg_world_runtime(world), (MgHostId)(at + 1));
    g_autofree char *title = g_strdup_printf(_("Settings of %s"), host->name);
    adw_preferences_group_set_title(ADW_PREFERENCES_GROUP(sheet->settings), title);
    for (size_t i = 0; i < host->n_engines; i++)
        for (const MgSettingRow *row = host->engines[i].kind->settings;
             row != NULL && row->key != NULL; row++) {
            if (!is_shown(sheet, row))
                continue;
            GtkWidget *widget =
                setting_new(sheet, row, mg_settings_get(settings, row->key, row->fallback));
            adw_preferences_group_add(ADW_PREFERENCES_GROUP(sheet->settings), widget);
            g_ptr_array_add(sheet->rows, widget);
        }
}

static void on_search(GtkSearchEntry *search, Sheet *sheet)
{
    g_autofree char *wanted = g_utf8_casefold(gtk_editable_get_text(GTK_EDITABLE(search)), -1);
    for (unsigned i = 0; i < sheet->rows->len; i++) {
        GtkWidget *row = g_ptr_array_index(sheet->rows, i);
        g_autofree char *text =
            g_strconcat(adw_preferences_row_get_title(ADW_PREFERENCES_ROW(row)), " ",
                        adw_action_row_get_subtitle(ADW_ACTION_ROW(row)), NULL);
        g_autofree char *have = g_utf8_casefold(text, -1);
        gtk_widget_set_visible(row, strstr(have, wanted) != NULL);
    }
}

/* ---- the sheet ---- */

static GtkWidget *group_new(GtkWidget *column, const char *title)
{
    GtkWidget *group = adw_preferences_group_new();
    adw_preferences_group_set_title(ADW_PREFERENCES_GROUP(group), title);
    gtk_box_append(GTK_BOX(column), group);
    return group;
}

/* Names of links are long, and are to be read whole. */
static void name_setup(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
    GtkWidget *label = gtk_label_new(NULL);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_list_item_set_child(item, label);
}

static void name_bind(GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
    gtk_label_set_label(GTK_LABEL(gtk_list_item_get_child(item)),
                        gtk_string_object_get_string(gtk_list_item_get_item(item)));
}

static GtkWidget *list_new(GtkWidget *group, const char *title, GtkStringList *names)
{
    GtkWidget *row = adw_combo_row_new();
    adw_preferences_row_set_title(ADW_PREFERENCES_ROW(row), title);
    g_autoptr(GtkListItemFactory) factory = gtk_signal_list_item_factory_new();
    g_signal_connect(factory, "setup", G_CALLBACK(name_setup), NULL);
    g_signal_connect(factory, "bind", G_CALLBACK(name_bind), NULL);
    adw_combo_row_set_factory(ADW_COMBO_ROW(row), factory);
    adw_combo_row_set_model(ADW_COMBO_ROW(row), G_LIST_MODEL(names));
    g_object_unref(names);
    adw_preferences_group_add(ADW_PREFERENCES_GROUP(group), row);
    return row;
}

static void add_host(Sheet *sheet, GtkWidget *column)
{
    const MgNetwork *network = mg_session_network(sheet->session);
    GtkStringList *names = gtk_string_list_new(NULL);
    for (unsigned i = 0; i < network->hosts->len; i++)
        gtk_string_list_append(names, host_at(sheet, i)->name);
    GtkWidget *group = group_new(column, _("A host"));
    sheet->hosts = list_new(group, _("Host"), names);
    adw_preferences_group_add(ADW_PREFERENCES_GROUP(group),
                              two_new(sheet, false,
                                      (const char *const[]){_("Take down"), _("Bring up")},
                                      (const char *const[]){"down", "up"}));
    sheet->settings = group_new(column, NULL);
    GtkWidget *search = gtk_search_entry_new();
    gtk_widget_set_valign(search, GTK_ALIGN_CENTER);
    g_signal_connect(search, "search-changed", G_CALLBACK(on_search), sheet);
    adw_preferences_group_set_header_suffix(ADW_PREFERENCES_GROUP(sheet->settings), search);
    g_signal_connect_swapped(sheet->hosts, "notify::selected", G_CALLBACK(show_settings), sheet);
    show_settings(sheet);
}

static void add_link(Sheet *sheet, GtkWidget *column)
{
    static const struct {
        const char *title, *about, *words, *example;
        int n, width;
    } rows[] = {
        {N_("Loss"), N_("How much is lost: from 0, nothing, to 1, all"), "loss", "0.1", 1, 8},
        {N_("Delay"), N_("How long a packet takes"), "delay", "50ms", 1, 8},
        {N_("Overwrite"), N_("A word that is said on the way, and another one as long over it"),
         "overwrite", "STARTTLS", 2, 10}};
    const MgNetwork *network = mg_session_network(sheet->session);
    GtkStringList *names = gtk_string_list_new(NULL);
    for (unsigned i = 0; i < network->links->len; i++) {
        const MgNetworkLink *link = &g_array_index(network->links, MgNetworkLink, i);
        g_autofree char *name = g_strdup_printf("%s – %s", host_at(sheet, link->a)->name,
                                                host_at(sheet, link->b)->name);
        gtk_string_list_append(names, name);
    }
    GtkWidget *group = group_new(column, _("A link"));
    sheet->links = list_new(group, _("Link"), names);
    adw_preferences_group_add(ADW_PREFERENCES_GROUP(group),
                              two_new(sheet, true, (const char *const[]){_("Cut"), _("Mend")},
                                      (const char *const[]){"cut", "mend"}));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        GtkWidget *row = row_new(_(rows[i].title), _(rows[i].about));
        Change *change = change_new(sheet, true, rows[i].words);
        for (int k = 0; k < rows[i].n; k++)
            add_entry(row, change,
                      entry_new(_(rows[i].title), k == 0 ? rows[i].example : NULL, rows[i].width));
        adw_action_row_add_suffix(ADW_ACTION_ROW(row), button_new(_("Set"), change));
        adw_preferences_group_add(ADW_PREFERENCES_GROUP(group), row);
    }
}

static int find_host(Sheet *sheet, const char *name)
{
    const MgNetwork *network = mg_session_network(sheet->session);
    for (unsigned i = 0; i < network->hosts->len; i++)
        if (g_strcmp0(host_at(sheet, i)->name, name) == 0)
            return (int)i;
    return -1;
}

/* A host's first link is chosen with it. */
static void choose(Sheet *sheet, const char *const *names)
{
    const MgNetwork *network = mg_session_network(sheet->session);
    int a = find_host(sheet, names[0]), b = names[0] != NULL ? find_host(sheet, names[1]) : -1;
    if (a < 0)
        return;
    adw_combo_row_set_selected(ADW_COMBO_ROW(sheet->hosts), (unsigned)a);
    for (unsigned i = network->links->len; i-- > 0;) {
        const MgNetworkLink *link = &g_array_index(network->links, MgNetworkLink, i);
        int other = (int)link->a == a ? (int)link->b : (int)link->b == a ? (int)link->a : -1;
        if (other >= 0 && (b < 0 || other == b))
            adw_combo_row_set_selected(ADW_COMBO_ROW(sheet->links), i);
    }
}

static GtkWidget *content_new(Sheet *sheet, bool link_first)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    gtk_box_append(GTK_BOX(box), adw_header_bar_new());
    GtkWidget *column = gtk_box_new(GTK_ORIENTATION_VERTICAL, 18);
    gtk_widget_add_css_class(column, "sheet");
    if (link_first)
        add_link(sheet, column);
    add_host(sheet, column);
    if (!link_first)
        add_link(sheet, column);
    GtkWidget *scrolled = gtk_scrolled_window_new();
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), column);
    gtk_widget_set_vexpand(scrolled, TRUE);
    gtk_box_append(GTK_BOX(box), scrolled);
    sheet->said = gtk_label_new(NULL);
    gtk_label_set_wrap(GTK_LABEL(sheet->said), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(sheet->said), PANGO_WRAP_WORD_CHAR);
    gtk_label_set_xalign(GTK_LABEL(sheet->said), 0);
    gtk_widget_add_css_class(sheet->said, "faults-said");
    gtk_widget_set_visible(sheet->said, FALSE);
    gtk_box_append(GTK_BOX(box), sheet->said);
    return box;
}

/* `names` are a host, or the two ends of a link. */
static void present(MgWindow *parent, const char *const *names)
{
    MgSession *session = mg_window_session(parent);
    if (session == NULL || mg_session_network(session) == NULL)
        return;
    mg_session_set_playing(session, false);
    Sheet *sheet = g_new0(Sheet, 1);
    sheet->parent = parent;
    sheet->session = g_object_ref(session);
    sheet->rows = g_ptr_array_new();
    sheet->window = adw_window_new();
    gtk_window_set_title(GTK_WINDOW(sheet->window), _("Faults"));
    gtk_window_set_transient_for(GTK_WINDOW(sheet->window), GTK_WINDOW(parent));
    gtk_window_set_modal(GTK_WINDOW(sheet->window), TRUE);
    gtk_window_set_destroy_with_parent(GTK_WINDOW(sheet->window), TRUE);
    gtk_window_set_default_size(GTK_WINDOW(sheet->window), 620, 680);
    adw_window_set_content(ADW_WINDOW(sheet->window),
                           content_new(sheet, names[0] != NULL && names[1] != NULL));
    choose(sheet, names);
    mg_window_close_on_escape(GTK_WINDOW(sheet->window));
    g_object_weak_ref(G_OBJECT(sheet->window), sheet_free, sheet);
    gtk_window_present(GTK_WINDOW(sheet->window));
}

/* ---- actions ---- */

static void act_faults(GSimpleAction *action, GVariant *parameter, void *data)
{
    MgSession *session = mg_window_session(data);
    const MgTrace *trace = mg_session_trace(session);
    uint32_t n = mg_session_selected(session);
    const char *names[] = {NULL, NULL, NULL};
    if (n > 0 && n <= mg_trace_n_records(trace)) {
        const MgRecord *record = mg_trace_record(trace, n);
        MgHostId host = record->to != 0 ? record->to : record->from;
        names[0] = host != 0 ? mg_trace_host(trace, host)->name : NULL;
    }
    present(data, names);
}

static void act_faults_of(GSimpleAction *action, GVariant *parameter, void *data)
{
    g_autofree const char **names = g_variant_get_strv(parameter, NULL);
    present(data, names);
}

void mg_faults_add_actions(MgWindow *window)
{
    static const GActionEntry entries[] = {{"faults", act_faults, NULL, NULL, NULL, {0}},
                                           {"faults-of", act_faults_of, "as", NULL, NULL, {0}}};
    g_action_map_add_action_entries(G_ACTION_MAP(window), entries, G_N_ELEMENTS(entries), window);
}

void mg_faults_update(MgWindow *window, gboolean here)
{
    static const char *const names[] = {"faults", "faults-of"};
    MgSession *session = mg_window_session(window);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        g_simple_action_set_enabled(
            G_SIMPLE_ACTION(g_action_map_lookup_action(G_ACTION_MAP(window), names[i])),
            here && session != NULL && mg_session_network(session) != NULL);
}
