/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host-now.c - what one host is doing at the session's position
 *
 * Engines that are alive say so in facts, and so does what the host's engines share: a fact whose
 * label has tabs is a row of a table (engine.h). What the host can be told without another word is
 * offered as buttons.
 */
#include "host-now.h"

#include "machine-view.h"
#include "words.h"

#define DELAY_MS     60    /* after the last change: a replay is not made for each of many steps */
#define LINES        4     /* of a message that are shown */
#define MESSAGES     5     /* of a mailbox, the newest */
#define ENGINES      6     /* of a host */
#define STATES_BACK  5000u /* records that are looked at for a state */
#define STATES_AHEAD 20u
#define NARROW       3 /* columns of a table that fit beside each other */

struct _MgHostNow {
    GtkBox parent_instance;
    MgSession *session;
    MgHostId host;
    GtkWidget *title, *verbs, *rows;
    GtkWidget *machine; /* (nullable) on a page of its own */
    unsigned later;
    int n_engines;
    char *wrong; /* (nullable) why what was wished could not be done */
};

G_DEFINE_FINAL_TYPE(MgHostNow, mg_host_now, GTK_TYPE_BOX)

static void schedule(MgHostNow *self);

static GtkWidget *text_label(const char *text, const char *class)
{
    GtkWidget *label = gtk_label_new(text);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_yalign(GTK_LABEL(label), 0);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
    gtk_widget_add_css_class(label, class);
    return label;
}

static void add_row(MgHostNow *self, const char *name, const char *value)
{
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
    GtkWidget *left = text_label(name, "dim-label");
    gtk_widget_set_size_request(left, 116, -1);
    gtk_label_set_max_width_chars(GTK_LABEL(left), 14);
    gtk_label_set_width_chars(GTK_LABEL(left), 14);
    gtk_box_append(GTK_BOX(row), left);
    GtkWidget *right = text_label(value, "wire");
    gtk_widget_set_hexpand(right, TRUE);
    gtk_box_append(GTK_BOX(row), right);
    gtk_box_append(GTK_BOX(self->rows), row);
}

/* ---- facts ---- */

/* One row of a table, or its heads, from this line of the grid on; returns the next line. The panel
 * is narrow: the first cell has a line of its own if many follow. */
static int fill_row(MgHostNow *self, GtkGrid *grid, int line, const char *text, const char *class)
{
    const MgRegistry *registry = mg_session_registry(self->session);
    g_auto(GStrv) cells = g_strsplit(text, "\t", -1);
    int n = (int)g_strv_length(cells), column = 0;
    bool alone = n > NARROW;
    for (int i = 0; i < n; i++) {
        const char *words = cells[i][0] != '\0' ? mg_registry_translate(registry, cells[i]) : NULL;
        GtkWidget *cell = text_label(words, i == 0 ? class : "dim-label");
        gtk_widget_set_hexpand(cell, i == 0 && !alone);
        gtk_grid_attach(grid, cell, column, line, i == 0 && alone ? n - 1 : 1, 1);
        if (i == 0 && alone)
            line++;
        else
            column++;
    }
    return line + 1;
}

/* The rows of one table, from facts[0] on; returns how many they are. */
static size_t add_table(MgHostNow *self, const MgFact *facts, size_t n_facts)
{
    const MgRegistry *registry = mg_session_registry(self->session);
    GtkGrid *grid = GTK_GRID(gtk_grid_new());
    size_t n = 0;
    gtk_widget_add_css_class(GTK_WIDGET(grid), "facts-table");
    gtk_grid_set_column_spacing(grid, 12);
    const char *heads = mg_registry_translate(registry, facts[0].label);
    int line = fill_row(self, grid, 0, heads, "dim-label");
    for (; n < n_facts && strcmp(facts[n].label, facts[0].label) == 0; n++)
        line = fill_row(self, grid, line, facts[n].value, "row-name");
    gtk_box_append(GTK_BOX(self->rows), GTK_WIDGET(grid));
    return n;
}

static void add_facts(MgHostNow *self, const MgFact *facts, size_t n_facts)
{
    const MgRegistry *registry = mg_session_registry(self->session);
    for (size_t i = 0; i < n_facts;) {
        if (strchr(facts[i].label, '\t') != NULL) {
            i += add_table(self, facts + i, n_facts - i);
            continue;
        }
        add_row(self, mg_registry_translate(registry, facts[i].label),
                facts[i].value[0] != '\0' ? facts[i].value : "–");
        i++;
    }
}

static void each_engine(uint32_t number, const MgEngineKind *kind, const char *state,
                        const MgFact *facts, size_t n_facts, void *data)
{
    MgHostNow *self = data;
    if (self->n_engines++ >= ENGINES)
        return;
    add_row(self, kind->name,
            state != NULL ? mg_registry_translate(mg_session_registry(self->session), state) : "–");
    add_facts(self, facts, n_facts);
}

static void each_shared(const MgEngineKind *kind, const MgFact *facts, size_t n_facts, void *data)
{
    add_facts(data, facts, n_facts);
}

/* ---- what it can be told ---- */

/* "flush [NAME]": nothing has to follow the verb, and what it needs stands in the host's settings.
 */
static bool wants_no_word(const MgNetworkHost *host, const MgEngineKind *kind)
{
    if (kind->scheme_setting != NULL) {
        const char *url = mg_settings_get(&host->settings, kind->scheme_setting, NULL);
        size_t len = kind->scheme != NULL ? strlen(kind->scheme) : 0;
        if (url == NULL || (len > 0 && (!g_str_has_prefix(url, kind->scheme) || url[len] != ':')))
            return false;
    }
    g_auto(GStrv) words = g_strsplit(kind->usage != NULL ? kind->usage : kind->verb, " ", -1);
    for (size_t i = 1; words[0] != NULL && words[i] != NULL; i++)
        if (words[i][0] != '[')
            return false;
    return true;
}

static void on_deed(MgHostNow *self, GtkWidget *button)
{
    g_autoptr(GError) error = NULL;
    const char *text = g_object_get_data(G_OBJECT(button), "deed");
    g_clear_pointer(&self->wrong, g_free);
    if (!mg_session_intervene(self->session, text, NULL, &error))
        self->wrong = g_strdup(error->message);
    else
        mg_session_follow(self->session);
    schedule(self);
}

/* A button that does this: "resolver flush". */
static GtkWidget *deed_button(MgHostNow *self, const char *label, char *deed)
{
    GtkWidget *button = gtk_button_new_with_label(label);
    g_object_set_data_full(G_OBJECT(button), "deed", deed, g_free);
    g_signal_connect_swapped(button, "clicked", G_CALLBACK(on_deed), self);
    return button;
}

/* "Flush": as one would type it, but with a capital, or in the reader's language. */
static GtkWidget *verb_button(MgHostNow *self, const char *host, const MgEngineKind *kind)
{
    const MgRegistry *registry = mg_session_registry(self->session);
    g_autofree char *name = g_strdup(kind->verb);
    name[0] = g_ascii_toupper(name[0]);
    GtkWidget *button = deed_button(self, mg_registry_translate(registry, name),
                                    g_strdup_printf("%s %s", host, kind->verb));
    gtk_widget_set_tooltip_text(button, mg_registry_translate(registry, kind->summary));
    return button;
}

/* Who answers from the next connection on, for each port where a person can. */
static void add_ports(MgHostNow *self, const MgNetworkHost *host)
{
    const MgRuntime *runtime = mg_world_runtime(mg_session_world(self->session));
    for (size_t i = 0; i < host->n_engines; i++) {
        uint16_t port = host->engines[i].port;
        const MgEngineKind *kind = port != 0 ? mg_runtime_by_hand(runtime, self->host, port) : NULL;
        if (kind == NULL)
            continue;
        const MgEngineKind *now =
            mg_runtime_listener(runtime, self->host, MG_TRANSPORT_STREAM, port);
        bool back = now != NULL && now->stands_for != NULL;
        g_autofree char *label = g_strdup_printf(
            back ? _("Let the engine answer on %u") : _("Answer by hand on %u"), port);
        GtkWidget *button = deed_button(
            self, label,
            g_strdup_printf("!host %s %s %u", host->name, back ? "by-engine" : "by-hand", port));
        gtk_widget_set_halign(button, GTK_ALIGN_START);
        gtk_widget_set_tooltip_text(
            button, back ? _("From the next connection on, the program answers again")
                         : _("From the next connection on, you are the server: the console opens "
                             "when somebody connects"));
        gtk_box_append(GTK_BOX(self->rows), button);
    }
}

static void add_verbs(MgHostNow *self)
{
    const MgNetwork *network = mg_session_network(self->session);
    if (network == NULL || self->host > network->hosts->len)
        return;
    const MgNetworkHost *host = &g_array_index(network->hosts, MgNetworkHost, self->host - 1u);
    for (size_t i = 0; i < host->n_engines; i++) {
        const MgEngineKind *kind = host->engines[i].kind;
        if (kind->verb != NULL && wants_no_word(host, kind))
            gtk_box_append(GTK_BOX(self->verbs), verb_button(self, host->name, kind));
    }
    if (self->machine != NULL) {
        const char *names[] = {host->name, NULL};
        GtkWidget *change = gtk_button_new_with_label(_("Change a setting…"));
        gtk_actionable_set_action_name(GTK_ACTIONABLE(change), "win.faults-of");
        gtk_actionable_set_action_target_value(GTK_ACTIONABLE(change),
                                               g_variant_new_strv(names, 1));
        gtk_box_append(GTK_BOX(self->verbs), change);
        add_ports(self, host);
    }
    if (self->wrong != NULL)
        gtk_box_append(GTK_BOX(self->rows), text_label(self->wrong, "error"));
}

/* ---- mailboxes ---- */

/* The first lines of a message, as they lie there. */
static void add_message(MgHostNow *self, MgSpan message, uint32_t uid)
{
    g_autoptr(GString) text = g_string_new(NULL);
    size_t from = 0;
    for (int line = 0; line < LINES && from < message.len; line++) {
        const uint8_t *end = memchr(message.data + from, '\n', message.len - from);
        size_t len = end != NULL ? (size_t)(end - message.data) - from : message.len - from;
        g_autofree char *valid =
            g_utf8_make_valid((const char *)message.data + from, (gssize)MIN(len, 60u));
        g_strchomp(valid);
        if (valid[0] == '\0')
            break;
        g_string_append_printf(text, "%s%s", text->len > 0 ? "\n" : "", valid);
        from += len + 1;
    }
    g_autofree char *title = g_strdup_printf(
        mg_plural("#%u · %zu octet", "#%u · %zu octets", message.len), uid, message.len);
    gtk_box_append(GTK_BOX(self->rows), text_label(title, "dim-label"));
    GtkWidget *lines = text_label(text->str, "letter");
    gtk_box_append(GTK_BOX(self->rows), lines);
}

static void add_mailboxes(MgHostNow *self, MgStore *store)
{
    for (size_t i = 0; i < mg_store_n_mailboxes(store); i++) {
        size_t n = mg_store_n_messages(store, i);
        g_autofree char *count = g_strdup_printf(mg_plural("%zu message", "%zu messages", n), n);
        /* An address is wider than the names of facts. */
        g_autofree char *line = g_strdup_printf("%s · %s", mg_store_address(store, i), count);
        gtk_box_append(GTK_BOX(self->rows), text_label(line, "wire"));
        for (size_t k = n > MESSAGES ? n - MESSAGES : 0; k < n; k++) {
            uint32_t uid = 0;
            MgSpan message = mg_store_message(store, i, k, &uid);
            add_message(self, message, uid);
        }
    }
}

static bool has_mailboxes(MgHostNow *self)
{
    const MgNetwork *network = mg_session_network(self->session);
    if (network == NULL || self->host == 0 || self->host > network->hosts->len)
        return false;
    return g_array_index(network->hosts, MgNetworkHost, self->host - 1u).n_mailboxes > 0;
}

/* ---- the state machine ---- */

typedef struct {
    uint32_t number; /* of the engine that is looked for; 0: the youngest that has states */
    const MgEngineKind *kind;
    const char *state;
} Alive;

static void find_alive(uint32_t number, const MgEngineKind *kind, const char *state,
                       const MgFact *facts, size_t n_facts, void *data)
{
    Alive *alive = data;
    if (kind->transitions == NULL || (alive->number != 0 && number != alive->number))
        return;
    alive->kind = kind;
    alive->state = state;
}

/* The last change of state on this host up to the position; NULL if there was none of late. */
static const MgRecord *last_change(MgHostNow *self)
{
    const MgTrace *trace = mg_session_trace(self->session);
    uint32_t position = mg_session_position(self->session);
    for (uint32_t n = position; n > 0 && position - n < STATES_BACK; n--) {
        const MgRecord *record = mg_trace_record(trace, n);
        if (record->kind == MG_RECORD_STATE && record->from == self->host)
            return record;
    }
    return NULL;
}

/* Whence the engine came to its state. What it did at once after the record at the position is
 * done, but has a later number. */
static const char *came_from(MgHostNow *self, const MgRecord *change, const char *state)
{
    const MgTrace *trace = mg_session_trace(self->session);
    uint32_t position = mg_session_position(self->session), n = mg_trace_n_records(trace);
    const MgRecord *last = change;
    for (uint32_t i = position + 1; i <= n && i < position + STATES_AHEAD; i++) {
        if (g_strcmp0(mg_trace_text(trace, last->text_b), state) == 0)
            break;
        const MgRecord *record = mg_trace_record(trace, i);
        if (record->kind == MG_RECORD_STATE && record->engine == change->engine)
            last = record;
    }
    return g_strcmp0(mg_trace_text(trace, last->text_b), state) == 0
               ? mg_trace_text(trace, last->text_a)
               : NULL;
}

/* Of the engine that has changed last; of one that has just been born if that is gone. */
static void show_machine(MgHostNow *self, MgRuntime *runtime)
{
    const MgTrace *trace = mg_session_trace(self->session);
    const MgRegistry *registry = mg_session_registry(self->session);
    const MgRecord *change = last_change(self);
    Alive alive = {.number = change != NULL ? change->engine : 0};
    const char *before = NULL;
    mg_runtime_each_engine(runtime, self->host, find_alive, &alive);
    if (alive.kind == NULL) {
        alive.number = 0;
        mg_runtime_each_engine(runtime, self->host, find_alive, &alive);
        if (alive.kind == NULL && change != NULL) { /* what is over stays to be read */
            alive.kind = mg_registry_engine(registry, mg_trace_text(trace, change->tag));
            alive.state = mg_trace_text(trace, change->text_b);
            alive.number = change->engine;
        }
    }
    if (change != NULL && alive.number == change->engine)
        before = came_from(self, change, alive.state);
    if (alive.kind != NULL && alive.kind->transitions == NULL)
        alive.kind = NULL;
    mg_machine_view_show(MG_MACHINE_VIEW(self->machine), registry, alive.kind, alive.state, before);
}

static void clear_box(GtkWidget *box)
{
    GtkWidget *child;
    while ((child = gtk_widget_get_first_child(box)) != NULL)
        gtk_box_remove(GTK_BOX(box), child);
}

static gboolean read_now(void *data)
{
    MgHostNow *self = data;
    self->later = 0;
    clear_box(self->rows);
    clear_box(self->verbs);
    if (self->session == NULL || self->host == 0)
        return G_SOURCE_REMOVE;
    MgWorld *world = mg_session_world(self->session);
    if (world == NULL)
        return G_SOURCE_REMOVE;
    MgRuntime *runtime = mg_world_runtime(world);
    self->n_engines = 0;
    add_verbs(self);
    if (has_mailboxes(self))
        add_mailboxes(self, mg_runtime_store(runtime, self->host));
    mg_runtime_each_engine(runtime, self->host, each_engine, self);
    if (self->machine != NULL)
        show_machine(self, runtime);
    mg_runtime_each_shared(runtime, self->host, mg_session_time(self->session), each_shared, self);
    if (self->n_engines > ENGINES) {
        g_autofree char *more = g_strdup_printf(_("and %d more"), self->n_engines - ENGINES);
        gtk_box_append(GTK_BOX(self->rows), text_label(more, "dim-label"));
    }
    if (gtk_widget_get_first_child(self->rows) == NULL)
        gtk_box_append(GTK_BOX(self->rows), text_label(_("idle: nothing waits here"), "dim-label"));
    return G_SOURCE_REMOVE;
}

static void schedule(MgHostNow *self)
{
    g_autofree char *title = NULL;
    /* What happened elsewhere has no network to look into. */
    if (self->session != NULL && self->host != 0 && mg_session_network(self->session) != NULL)
        /* TRANSLATORS: a host's name, and its state at this moment */
        title = g_strdup_printf(_("%s now"),
                                mg_trace_host(mg_session_trace(self->session), self->host)->name);
    gtk_label_set_label(GTK_LABEL(self->title), title != NULL ? title : "");
    gtk_widget_set_visible(GTK_WIDGET(self), title != NULL);
    if (self->later == 0)
        self->later = g_timeout_add(DELAY_MS, read_now, self);
}

static void mg_host_now_dispose(GObject *object)
{
    MgHostNow *self = MG_HOST_NOW(object);
    g_clear_handle_id(&self->later, g_source_remove);
    mg_host_now_set_session(self, NULL);
    g_clear_pointer(&self->wrong, g_free);
    G_OBJECT_CLASS(mg_host_now_parent_class)->dispose(object);
}

static void mg_host_now_class_init(MgHostNowClass *class)
{
    G_OBJECT_CLASS(class)->dispose = mg_host_now_dispose;
    gtk_widget_class_set_css_name(GTK_WIDGET_CLASS(class), "hostnow");
}

static void mg_host_now_init(MgHostNow *self)
{
    gtk_orientable_set_orientation(GTK_ORIENTABLE(self), GTK_ORIENTATION_VERTICAL);
    gtk_box_set_spacing(GTK_BOX(self), 8);
    GtkWidget *head = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
    self->title = text_label(NULL, "heading");
    gtk_widget_set_hexpand(self->title, TRUE);
    gtk_widget_set_valign(self->title, GTK_ALIGN_CENTER);
    gtk_box_append(GTK_BOX(head), self->title);
    self->verbs = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    gtk_widget_set_valign(self->verbs, GTK_ALIGN_CENTER);
    gtk_box_append(GTK_BOX(head), self->verbs);
    gtk_box_append(GTK_BOX(self), head);
    self->rows = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
    gtk_box_append(GTK_BOX(self), self->rows);
}

void mg_host_now_set_session(MgHostNow *self, MgSession *session)
{
    if (self->session == session)
        return;
    if (self->session != NULL)
        g_signal_handlers_disconnect_by_data(self->session, self);
    g_clear_object(&self->session);
    self->host = 0;
    if (session == NULL)
        return;
    self->session = g_object_ref(session);
    g_signal_connect_swapped(session, "notify::position", G_CALLBACK(schedule), self);
    g_signal_connect_swapped(session, "notify::trace", G_CALLBACK(schedule), self);
    schedule(self);
}

GtkWidget *mg_host_now_new(MgSession *session)
{
    MgHostNow *self = g_object_new(MG_TYPE_HOST_NOW, NULL);
    mg_host_now_set_session(self, session);
    return GTK_WIDGET(self);
}

void mg_host_now_set_host(MgHostNow *self, MgHostId host)
{
    if (host != self->host)
        g_clear_pointer(&self->wrong, g_free);
    self->host = host;
    schedule(self);
}

void mg_host_now_set_whole(MgHostNow *self)
{
    self->machine = mg_machine_view_new();
    gtk_box_append(GTK_BOX(self), self->machine);
}
