/* SPDX-License-Identifier: GPL-3.0-or-later */
/* console-view.c - a prompt for a person who drives a host by hand
 *
 * Who waits is asked of the session whenever its position, trace or fence changes; after a jump, a
 * little later, since the network there has to be played again first. */
#include "console-view.h"

#include "console-entry.h"
#include "words.h"

#define LATER_MS    70    /* after a jump, as the map does */
#define LOOK_BACK   4000u /* records: how far back the peer's last reply is looked for */
#define REPLY_CHARS 160

typedef struct {
    MgHostId host; /* 0: what can be done */
    MgFlowId flow;
    char *label;
} Prompt;

struct _MgConsoleView {
    GtkWidget parent_instance;
    MgSession *session;
    GtkWidget *box, *reply, *prompt, *entry, *hang_up, *wait, *error;
    GArray *prompts; /* Prompt; the last is "…" */
    MgHostId chosen; /* 0: "…" */
    MgConsoleDoer doer;
    gpointer doer_data;
    gboolean open, quiet;
    guint later;
};

enum { TYPED, GROWS, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(MgConsoleView, mg_console_view, GTK_TYPE_WIDGET)

/* ---- who waits ---- */

static const Prompt *prompt_at(const MgConsoleView *self, guint i)
{
    return &g_array_index(self->prompts, Prompt, i);
}

static const Prompt *find_prompt(const MgConsoleView *self, MgHostId host)
{
    for (guint i = 0; i < self->prompts->len; i++)
        if (prompt_at(self, i)->host == host)
            return prompt_at(self, i);
    return NULL;
}

static void clear_prompt(void *data)
{
    g_free(((Prompt *)data)->label);
}

static GArray *new_prompts(void)
{
    GArray *prompts = g_array_new(FALSE, TRUE, sizeof(Prompt));
    g_array_set_clear_func(prompts, clear_prompt);
    return prompts;
}

/* "alice → mta.example.com:25 >" */
static char *label_of(const MgTrace *trace, MgHostId host, MgFlowId flow)
{
    const char *name = mg_trace_host(trace, host)->name;
    if (flow == 0)
        return g_strdup_printf("%s >", name);
    const MgFlow *about = mg_trace_flow(trace, flow);
    bool client = about->client == host;
    MgHostId peer = client ? about->server : about->client;
    return g_strdup_printf("%s → %s:%u >", name,
                           peer != 0 ? mg_trace_host(trace, peer)->name
                           : client  ? about->server_address
                                     : about->client_address,
                           client ? about->server_port : about->client_port);
}

static GArray *find_prompts(MgSession *session)
{
    GArray *prompts = new_prompts();
    const MgTrace *trace = mg_session_trace(session);
    MgWorld *world = mg_session_world(session);
    bool waits = world != NULL && mg_runtime_waits(mg_world_runtime(world));
    for (MgHostId host = 1; waits && host <= mg_trace_n_hosts(trace); host++) {
        Prompt prompt = {.host = host};
        if (!mg_session_waits(session, host, &prompt.flow))
            continue;
        prompt.label = label_of(trace, host, prompt.flow);
        g_array_append_val(prompts, prompt);
    }
    Prompt rest = {.label = g_strdup("…")};
    g_array_append_val(prompts, rest);
    return prompts;
}

static bool is_same(const GArray *a, const GArray *b)
{
    bool same = a->len == b->len;
    for (guint i = 0; same && i < a->len; i++)
        same = strcmp(g_array_index(a, Prompt, i).label, g_array_index(b, Prompt, i).label) == 0;
    return same;
}

/* Who has just begun to wait is who is meant, unless something is being written to another. */
static MgHostId choose(const MgConsoleView *self, const GArray *prompts)
{
    bool empty = gtk_editable_get_text(GTK_EDITABLE(self->entry))[0] == '\0';
    bool still = false;
    for (guint i = 0; i < prompts->len; i++) {
        MgHostId host = g_array_index(prompts, Prompt, i).host;
        if (empty && host != 0 && find_prompt(self, host) == NULL)
            return host;
        still = still || host == self->chosen;
    }
    return still ? self->chosen : g_array_index(prompts, Prompt, 0).host;
}

static void show_prompts(MgConsoleView *self, GArray *prompts)
{
    MgHostId chosen = choose(self, prompts);
    bool same = is_same(prompts, self->prompts);
    g_array_unref(self->prompts);
    self->prompts = prompts;
    self->chosen = chosen;
    self->quiet = TRUE;
    if (!same) {
        g_autoptr(GtkStringList) labels = gtk_string_list_new(NULL);
        for (guint i = 0; i < prompts->len; i++)
            gtk_string_list_append(labels, prompt_at(self, i)->label);
        gtk_drop_down_set_model(GTK_DROP_DOWN(self->prompt), G_LIST_MODEL(labels));
    }
    for (guint i = 0; i < prompts->len; i++)
        if (prompt_at(self, i)->host == chosen)
            gtk_drop_down_set_selected(GTK_DROP_DOWN(self->prompt), i);
    self->quiet = FALSE;
}

/* ---- what is said around the entry ---- */

static bool at_fence(const MgConsoleView *self)
{
    uint32_t fence = mg_session_fence(self->session);
    return fence != 0 && mg_session_position(self->session) >= fence;
}

/* The last that the peer has said, up to where the eye is; 0 if nothing. */
static uint32_t last_reply(const MgConsoleView *self, const Prompt *prompt)
{
    const MgTrace *trace = mg_session_trace(self->session);
    uint32_t position = mg_session_position(self->session);
    for (uint32_t n = position; prompt->flow != 0 && n > 0 && position - n < LOOK_BACK; n--) {
        const MgRecord *record = mg_trace_record(trace, n);
        if (record->flow == prompt->flow && record->kind == MG_RECORD_EXCHANGE &&
            record->unit != MG_UNIT_NOTE && record->from != prompt->host)
            return n;
    }
    return 0;
}

static void show_reply(MgConsoleView *self)
{
    const MgTrace *trace = mg_session_trace(self->session);
    const Prompt *prompt = find_prompt(self, self->chosen);
    uint32_t n = last_reply(self, prompt);
    g_autofree char *text = NULL;
    if (at_fence(self)) {
        text = g_markup_escape_text(_("What comes next? Answer the question."), -1);
    } else if (n != 0) {
        const MgRecord *record = mg_trace_record(trace, n);
        g_autofree char *summary = mg_words_summary(trace, n, REPLY_CHARS);
        text = g_markup_printf_escaped("<b>%s</b>  <span face=\"monospace\">%s</span>",
                                       mg_trace_host(trace, record->from)->name, summary);
    } else if (prompt->host != 0) {
        text = g_markup_escape_text(_("Nothing was said to you yet"), -1);
    } else {
        text = g_markup_escape_text(_("Write who does what. Tab shows what can be written."), -1);
    }
    gtk_label_set_markup(GTK_LABEL(self->reply), text);
}

static void show_hint(MgConsoleView *self, const Prompt *prompt)
{
    g_autofree char *name = NULL;
    g_autofree char *example = prompt->host == 0 ? mg_doing_example(self->session) : NULL;
    if (prompt->host != 0)
        name = g_strdup_printf(_("Line for %s’s console"),
                               mg_trace_host(mg_session_trace(self->session), prompt->host)->name);
    gtk_entry_set_placeholder_text(GTK_ENTRY(self->entry), example != NULL ? example : "");
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->entry), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   name != NULL ? name : _("Who does what"), -1);
}

static void set_visible(MgConsoleView *self, GtkWidget *widget, bool visible)
{
    if (gtk_widget_get_visible(widget) != visible)
        g_signal_emit(self, signals[GROWS], 0);
    gtk_widget_set_visible(widget, visible);
}

static void show_error(MgConsoleView *self, const char *message)
{
    gtk_label_set_label(GTK_LABEL(self->error), message != NULL ? message : "");
    set_visible(self, self->error, message != NULL);
    if (message != NULL)
        gtk_widget_add_css_class(self->entry, "error");
    else
        gtk_widget_remove_css_class(self->entry, "error");
    gtk_accessible_update_state(
        GTK_ACCESSIBLE(self->entry), GTK_ACCESSIBLE_STATE_INVALID,
        message != NULL ? GTK_ACCESSIBLE_INVALID_TRUE : GTK_ACCESSIBLE_INVALID_FALSE, -1);
}

static void show_chosen(MgConsoleView *self)
{
    const Prompt *prompt = find_prompt(self, self->chosen);
    bool open = !at_fence(self);
    mg_console_entry_set_talk(MG_CONSOLE_ENTRY(self->entry), prompt->host, prompt->flow);
    show_reply(self);
    show_hint(self, prompt);
    gtk_widget_set_sensitive(self->prompt, open);
    gtk_widget_set_sensitive(self->entry, open);
    gtk_widget_set_sensitive(self->wait, open);
    gtk_widget_set_sensitive(self->hang_up, open && prompt->host != 0);
}

/* ---- following the session ---- */

/* While something plays, it stays as it is: who does not wait now will perhaps in a moment. */
static void show(MgConsoleView *self)
{
    GtkWidget *widget = GTK_WIDGET(self);
    bool plays = mg_session_playing(self->session) && gtk_widget_get_visible(widget);
    set_visible(self, widget,
                mg_session_network(self->session) != NULL &&
                    (self->open || self->prompts->len > 1 || plays));
}

static gboolean update(gpointer data)
{
    MgConsoleView *self = data;
    self->later = 0;
    show_prompts(self, find_prompts(self->session));
    show_chosen(self);
    show(self);
    return G_SOURCE_REMOVE;
}

static void on_session(MgSession *session, GParamSpec *spec, MgConsoleView *self)
{
    uint32_t end = mg_trace_n_records(mg_session_trace(session));
    if (mg_session_network(session) == NULL)
        return;
    g_clear_handle_id(&self->later, g_source_remove);
    if (mg_session_position(session) == end)
        update(self);
    else
        self->later = g_timeout_add(LATER_MS, update, self);
}

static void on_prompt(MgConsoleView *self)
{
    guint i = gtk_drop_down_get_selected(GTK_DROP_DOWN(self->prompt));
    if (self->quiet || i >= self->prompts->len)
        return;
    self->chosen = prompt_at(self, i)->host;
    show_error(self, NULL);
    show_chosen(self);
    gtk_widget_grab_focus(self->entry);
}

/* ---- doing ---- */

/* What somebody types while an answer is still on its way to the eye is meant for after it: what
 * was not seen yet has happened, and no other branch begins. */
static void arrive(MgConsoleView *self)
{
    uint32_t position = mg_session_position(self->session);
    if (self->chosen == 0 || !mg_session_playing(self->session))
        return;
    MgHostId host = self->chosen;
    mg_session_set_playing(self->session, FALSE);
    mg_session_seek(self->session, mg_trace_n_records(mg_session_trace(self->session)));
    if (!mg_session_waits(self->session, host, NULL))
        mg_session_seek(self->session, position);
}

static gboolean do_line(MgConsoleView *self, const char *line)
{
    g_autoptr(GError) error = NULL;
    arrive(self);
    gboolean done = self->doer != NULL ? self->doer(line, &error, self->doer_data)
                                       : mg_session_intervene(self->session, line, NULL, &error);
    if (self->session == NULL) /* what was done has closed this page */
        return done;
    show_error(self, done ? NULL : error != NULL ? error->message : _("It could not be done"));
    if (!done)
        return FALSE;
    mg_session_set_playing(self->session, TRUE);
    g_signal_emit(self, signals[TYPED], 0, line);
    return TRUE;
}

/* What is done may close this page. */
static gboolean perform(MgConsoleView *self, const char *line)
{
    g_object_ref(self);
    gboolean done = do_line(self, line);
    g_object_unref(self);
    return done;
}

static void on_line(MgConsoleView *self, const char *text)
{
    g_autofree char *line = NULL;
    if (self->chosen != 0)
        line = g_strdup_printf(
            "%s> %s", mg_trace_host(mg_session_trace(self->session), self->chosen)->name, text);
    else
        line = g_strstrip(g_strdup(text));
    if (line[0] != '\0' && perform(self, line) && self->session != NULL)
        mg_console_entry_sent(MG_CONSOLE_ENTRY(self->entry));
}

static void on_hang_up(MgConsoleView *self)
{
    if (self->chosen == 0)
        return;
    g_autofree char *line = g_strdup_printf(
        "%s hang up", mg_trace_host(mg_session_trace(self->session), self->chosen)->name);
    perform(self, line);
}

static void act_wait(GSimpleAction *action, GVariant *time, gpointer data)
{
    g_autofree char *line = g_strdup_printf("wait %s", g_variant_get_string(time, NULL));
    perform(data, line);
}

/* ---- the widget ---- */

static GtkWidget *new_wait(MgConsoleView *self)
{
    static const struct {
        const char *time, *label;
    } rows[] = {{"1min", N_("1 minute")}, {"5min", N_("5 minutes")}, {"1h", N_("1 hour")}};
    g_autoptr(GMenu) menu = g_menu_new();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *action = g_strdup_printf("console.wait::%s", rows[i].time);
        g_menu_append(menu, _(rows[i].label), action);
    }
    static const GActionEntry entries[] = {{"wait", act_wait, "s", NULL, NULL, {0}}};
    g_autoptr(GSimpleActionGroup) group = g_simple_action_group_new();
    g_action_map_add_action_entries(G_ACTION_MAP(group), entries, G_N_ELEMENTS(entries), self);
    gtk_widget_insert_action_group(GTK_WIDGET(self), "console", G_ACTION_GROUP(group));
    GtkWidget *button = gtk_menu_button_new();
    gtk_menu_button_set_menu_model(GTK_MENU_BUTTON(button), G_MENU_MODEL(menu));
    gtk_menu_button_set_label(GTK_MENU_BUTTON(button), _("Wait…"));
    gtk_menu_button_set_direction(GTK_MENU_BUTTON(button), GTK_ARROW_UP);
    gtk_widget_set_tooltip_text(button, _("Lets time pass"));
    return button;
}

static void mg_console_view_dispose(GObject *object)
{
    MgConsoleView *self = MG_CONSOLE_VIEW(object);
    g_clear_handle_id(&self->later, g_source_remove);
    if (self->session != NULL)
        g_signal_handlers_disconnect_by_data(self->session, self);
    g_clear_pointer(&self->box, gtk_widget_unparent);
    g_clear_object(&self->session);
    G_OBJECT_CLASS(mg_console_view_parent_class)->dispose(object);
}

static void mg_console_view_finalize(GObject *object)
{
    g_array_unref(MG_CONSOLE_VIEW(object)->prompts);
    G_OBJECT_CLASS(mg_console_view_parent_class)->finalize(object);
}

static void mg_console_view_class_init(MgConsoleViewClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = mg_console_view_dispose;
    G_OBJECT_CLASS(class)->finalize = mg_console_view_finalize;
    gtk_widget_class_set_layout_manager_type(widget_class, GTK_TYPE_BIN_LAYOUT);
    gtk_widget_class_set_css_name(widget_class, "console");
    gtk_widget_class_set_accessible_role(widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
    signals[TYPED] = g_signal_new("typed", MG_TYPE_CONSOLE_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                  NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
    signals[GROWS] = g_signal_new("grows", MG_TYPE_CONSOLE_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                  NULL, G_TYPE_NONE, 0);
}

static GtkWidget *new_line(const char *class, GtkAccessibleRole role)
{
    GtkWidget *label = g_object_new(GTK_TYPE_LABEL, "accessible-role", role, NULL);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
    gtk_widget_add_css_class(label, class);
    return label;
}

static void add_parts(MgConsoleView *self)
{
    GtkWidget *above = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    GtkWidget *line = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    self->reply = new_line("console-reply", GTK_ACCESSIBLE_ROLE_STATUS);
    self->error = new_line("error", GTK_ACCESSIBLE_ROLE_ALERT);
    gtk_label_set_ellipsize(GTK_LABEL(self->error), PANGO_ELLIPSIZE_NONE);
    gtk_label_set_wrap(GTK_LABEL(self->error), TRUE);
    gtk_widget_set_visible(self->error, FALSE);
    self->prompt = gtk_drop_down_new(NULL, NULL);
    gtk_widget_set_tooltip_text(self->prompt, _("Who types; “…” is for anything else"));
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->prompt), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("Who types"), -1);
    self->entry = mg_console_entry_new(self->session);
    gtk_widget_set_hexpand(self->entry, TRUE);
    gtk_accessible_update_relation(GTK_ACCESSIBLE(self->entry),
                                   GTK_ACCESSIBLE_RELATION_DESCRIBED_BY, self->reply, NULL, -1);
    self->hang_up = gtk_button_new_with_label(_("Hang up"));
    gtk_widget_set_tooltip_text(self->hang_up, _("Ends the conversation without a word"));
    self->wait = new_wait(self);
    gtk_widget_set_hexpand(self->reply, TRUE);
    gtk_widget_add_css_class(self->hang_up, "console-aside");
    gtk_widget_add_css_class(self->wait, "console-aside");
    gtk_box_append(GTK_BOX(above), self->reply);
    gtk_box_append(GTK_BOX(above), self->hang_up);
    gtk_box_append(GTK_BOX(above), self->wait);
    gtk_box_append(GTK_BOX(line), self->prompt);
    gtk_box_append(GTK_BOX(line), self->entry);
    gtk_box_append(GTK_BOX(self->box), above);
    gtk_box_append(GTK_BOX(self->box), line);
    gtk_box_append(GTK_BOX(self->box), self->error);
    g_signal_connect_swapped(self->prompt, "notify::selected", G_CALLBACK(on_prompt), self);
    g_signal_connect_swapped(self->entry, "line", G_CALLBACK(on_line), self);
    g_signal_connect_swapped(self->hang_up, "clicked", G_CALLBACK(on_hang_up), self);
}

static void on_edited(MgConsoleView *self)
{
    if (gtk_widget_get_visible(self->error))
        show_error(self, NULL);
}

static void mg_console_view_init(MgConsoleView *self)
{
    self->prompts = new_prompts();
    self->box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
    gtk_widget_set_parent(self->box, GTK_WIDGET(self));
}

GtkWidget *mg_console_view_new(MgSession *session)
{
    static const char *const signs[] = {"notify::position", "notify::n-records", "notify::trace",
                                        "notify::fence", "notify::playing"};
    MgConsoleView *self = g_object_new(MG_TYPE_CONSOLE_VIEW, NULL);
    self->session = g_object_ref(session);
    gtk_accessible_update_property(GTK_ACCESSIBLE(self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("Console"), -1);
    add_parts(self);
    g_signal_connect_swapped(self->entry, "changed", G_CALLBACK(on_edited), self);
    for (size_t i = 0; i < G_N_ELEMENTS(signs); i++)
        g_signal_connect(session, signs[i], G_CALLBACK(on_session), self);
    gtk_widget_set_visible(GTK_WIDGET(self), FALSE);
    update(self);
    return GTK_WIDGET(self);
}

void mg_console_view_set_doer(MgConsoleView *self, MgConsoleDoer doer, gpointer data)
{
    self->doer = doer;
    self->doer_data = data;
}

void mg_console_view_set_open(MgConsoleView *self, gboolean open)
{
    self->open = open;
    show(self);
}

gboolean mg_console_view_is_open(MgConsoleView *self)
{
    return self->open;
}

void mg_console_view_focus(MgConsoleView *self)
{
    gtk_widget_grab_focus(self->entry);
}

const char *mg_console_view_prompt(MgConsoleView *self)
{
    return find_prompt(self, self->chosen)->label;
}

void mg_console_view_set_large(MgConsoleView *self, gboolean large)
{
    if (large)
        gtk_widget_add_css_class(GTK_WIDGET(self), "mg-large");
    else
        gtk_widget_remove_css_class(GTK_WIDGET(self), "mg-large");
}
