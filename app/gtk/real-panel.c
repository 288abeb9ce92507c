/* SPDX-License-Identifier: GPL-3.0-or-later */
/* real-panel.c - one host of a network meets a real server */
#include "real-panel.h"

#include <adwaita.h>

#include "carrier.h"
#include "compose.h"
#include "words.h"

#define TICK_MS 33 /* how often the trace is looked at while somebody talks */
#define KEY     "mg-real"

typedef struct {
    MgSession *simulated;
    const MgNetworkHost *host; /* of the simulated network: borrowed from it */
    MgSession *session;        /* borrowed: it owns this */
    MgTrace *trace;
    MgRuntime *runtime;
    MgDrive *drive;
    MgRealCarrier *carrier;
    MgHostId id;
    char *endpoint, *outcome;
    bool good;
    unsigned tick;
    GtkWidget *label; /* (nullable) of the outcome */
} Real;

static Real *real_of(MgSession *session)
{
    return session != NULL ? g_object_get_data(G_OBJECT(session), KEY) : NULL;
}

static void real_free(void *data)
{
    Real *real = data;
    g_clear_handle_id(&real->tick, g_source_remove);
    g_clear_weak_pointer(&real->label);
    mg_runtime_free(real->runtime);
    mg_real_carrier_free(real->carrier);
    mg_drive_free(real->drive);
    mg_trace_unref(real->trace);
    g_object_unref(real->simulated);
    g_free(real->endpoint);
    g_free(real->outcome);
    g_free(real);
}

/* ---- what happens ---- */

static void show_outcome(Real *real)
{
    if (real->label == NULL)
        return;
    gtk_label_set_label(GTK_LABEL(real->label), real->outcome);
    gtk_widget_remove_css_class(real->label, real->good ? "bad" : "good");
    gtk_widget_add_css_class(real->label, real->good ? "good" : "bad");
}

static void set_outcome(Real *real, bool good, char *text)
{
    g_free(real->outcome);
    real->outcome = text;
    real->good = good;
    show_outcome(real);
}

/* "550 5.1.1 not here", and not "127.0.0.1:25: connection refused". */
static bool is_reply(const char *text)
{
    return strspn(text, "0123456789") == 3 && text[3] == ' ';
}

static void on_fate(MgHostId host, const MgFate *fate, MgTime now, void *data)
{
    const char *text = fate->text != NULL ? fate->text : "";
    if (fate->kind == MG_FATE_SENT)
        set_outcome(data, true, g_strdup_printf(_("Done: the server has taken it. %s"), text));
    else if (fate->kind == MG_FATE_REFUSED && is_reply(text))
        set_outcome(data, false, g_strdup_printf(_("Refused by the server: %s"), text));
    else if (fate->kind == MG_FATE_REFUSED)
        set_outcome(data, false, g_strdup_printf(_("Could not be handed over: %s"), text));
}

/* The eye follows what is said. */
static gboolean on_tick(void *data)
{
    Real *real = data;
    MgRuntimeCounts counts;
    mg_session_grown(real->session);
    mg_session_seek(real->session, mg_trace_n_records(real->trace));
    mg_runtime_counts(real->runtime, &counts);
    if (counts.engines > 0 || mg_real_carrier_n_open(real->carrier) > 0)
        return G_SOURCE_CONTINUE;
    real->tick = 0;
    return G_SOURCE_REMOVE;
}

gboolean mg_real_panel_send(MgSession *session, const char *const *words, GBytes *letter,
                            GError **error)
{
    Real *real = real_of(session);
    g_assert(real != NULL);
    size_t len = 0;
    const uint8_t *data = g_bytes_get_data(letter, &len);
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_ptr_array_add(all, (char *)"-");
    for (size_t i = 0; words[i] != NULL; i++)
        g_ptr_array_add(all, (char *)words[i]);
    const MgVerbCall call = {(const char *const *)all->pdata, all->len, {data, len}, "-"};
    set_outcome(real, true, g_strdup_printf(_("Talking to %s…"), real->endpoint));
    if (mg_runtime_say(real->runtime, real->id, "send", &call, mg_drive_sync(real->drive), error) ==
        0) {
        set_outcome(real, false, g_strdup(""));
        return FALSE;
    }
    if (real->tick == 0)
        real->tick = g_timeout_add(TICK_MS, on_tick, real);
    return TRUE;
}

const char *mg_real_panel_outcome(MgSession *session)
{
    Real *real = real_of(session);
    return real != NULL ? real->outcome : "";
}

/* ---- making it ---- */

/* "127.0.0.1:2525": only this machine, so that a lesson never writes to a stranger. */
static bool check_endpoint(const char *endpoint, GError **error)
{
    g_autoptr(GNetworkAddress) address =
        G_NETWORK_ADDRESS(g_network_address_parse(endpoint, 587, error));
    if (address == NULL)
        return false;
    const char *name = g_network_address_get_hostname(address);
    g_autoptr(GInetAddress) inet = g_inet_address_new_from_string(name);
    if (inet != NULL && g_inet_address_get_is_loopback(inet) &&
        g_network_address_get_port(address) != 0)
        return true;
    g_set_error(error, MG_ERROR, MG_ERROR_REACH,
                _("“%s” is not an address of this machine, such as 127.0.0.1:2525"), endpoint);
    return false;
}

static const MgNetworkHost *first_sender(MgSession *simulated)
{
    const MgNetwork *network = mg_session_network(simulated);
    for (unsigned i = 0; network != NULL && i < network->hosts->len; i++) {
        const MgNetworkHost *host = &g_array_index(network->hosts, MgNetworkHost, i);
        for (size_t k = 0; k < host->n_engines; k++)
            if (g_strcmp0(host->engines[k].kind->verb, "send") == 0)
                return host;
    }
    return NULL;
}

/* The host as its network has it, but its server is the real one. */
static bool add_host(Real *real, GError **error)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, TRUE, sizeof(MgSetting));
    MgSetting server = {.key = "submission", .value = real->endpoint};
    server.len = strlen(server.value);
    g_array_append_val(rows, server); /* the first with a key counts */
    g_array_append_vals(rows, real->host->settings.rows, (guint)real->host->settings.n_rows);
    const MgSettings settings = {(const MgSetting *)rows->data, rows->len};
    real->id = mg_runtime_add_host(real->runtime, real->host->name, real->host->kind,
                                   real->host->region, real->host->addresses[0], &settings);
    mg_runtime_set_carrier(real->runtime, real->id, &mg_real_carrier_class, real->carrier);
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < real->host->n_engines; i++) {
        if (mg_runtime_add_engine(real->runtime, real->id, real->host->engines[i].kind,
                                  real->host->engines[i].port, problems))
            continue;
        g_set_error(error, MG_ERROR, MG_ERROR_CONFIG, "%s",
                    problems->len > 0 ? (char *)g_ptr_array_index(problems, 0) : real->host->name);
        return false;
    }
    return true;
}

MgSession *mg_real_panel_connect(MgSession *simulated, const char *endpoint, GError **error)
{
    const MgNetworkHost *host = first_sender(simulated);
    if (host == NULL) {
        g_set_error(error, MG_ERROR, MG_ERROR_CONFIG, _("no host of this network can send mail"));
        return NULL;
    }
    if (!check_endpoint(endpoint, error))
        return NULL;
    MgRegistry *registry = mg_session_registry(simulated);
    int64_t epoch = g_get_real_time() / G_USEC_PER_SEC;
    uint64_t seed = (uint64_t)g_random_int() << 32 | g_random_int();
    Real *real = g_new0(Real, 1);
    real->simulated = g_object_ref(simulated);
    real->host = host;
    real->endpoint = g_strdup(endpoint);
    real->outcome = g_strdup("");
    real->trace = mg_trace_new(registry);
    mg_trace_set_origin(real->trace, endpoint, epoch, seed);
    real->runtime = mg_runtime_new(registry, real->trace, epoch, seed);
    real->drive = mg_drive_new_for_runtime(NULL, real->runtime);
    real->carrier = mg_real_carrier_new(real->runtime, real->drive);
    mg_runtime_on_fate(real->runtime, on_fate, real);
    if (!add_host(real, error)) {
        real_free(real);
        return NULL;
    }
    real->session = mg_session_new_for_trace(real->trace);
    g_object_set_data_full(G_OBJECT(real->session), KEY, real, real_free);
    return real->session;
}

/* ---- the panel ---- */

static gboolean deliver(const char *host, const char *const *words, GBytes *letter, void *data,
                        GError **error)
{
    return mg_real_panel_send(data, words, letter, error);
}

void mg_real_panel_write(MgSession *session, GtkWindow *parent)
{
    Real *real = real_of(session);
    if (real != NULL)
        mg_compose_present(parent, real->simulated, deliver, session);
}

static GtkWidget *add_text(GtkWidget *box, const char *text, const char *class)
{
    GtkWidget *label = gtk_label_new(text);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
    gtk_label_set_max_width_chars(GTK_LABEL(label), 30);
    gtk_widget_add_css_class(label, class);
    gtk_box_append(GTK_BOX(box), label);
    return label;
}

static void add_fact(GtkWidget *box, const char *name, const char *value)
{
    GtkWidget *card = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2);
    gtk_widget_add_css_class(card, "real-note");
    add_text(card, name, "caption");
    add_text(card, value, "wire");
    gtk_box_append(GTK_BOX(box), card);
}

bool mg_real_panel_has(MgSession *session)
{
    return real_of(session) != NULL;
}

/* The bar at the foot of the panel. */
static GtkWidget *add_button(GtkWidget *bar, const char *label, const char *action)
{
    GtkWidget *button = gtk_button_new_with_label(label);
    gtk_actionable_set_action_name(GTK_ACTIONABLE(button), action);
    gtk_box_append(GTK_BOX(bar), button);
    return button;
}

GtkWidget *mg_real_panel_of(MgSession *session)
{
    Real *real = real_of(session);
    if (real == NULL)
        return NULL;
    GtkWidget *panel = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    gtk_widget_add_css_class(panel, "side");
    gtk_widget_set_size_request(panel, 300, -1);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12);
    gtk_widget_add_css_class(box, "side-content");
    gtk_widget_set_vexpand(box, TRUE);
    g_autofree char *about = g_strdup_printf(
        _("%s talks to a real server, in real time. The rest of the network stays as it was."),
        real->host->name);
    add_text(box, _("Real server"), "title-2");
    add_text(box, about, "prose");
    add_fact(box, _("Server"), real->endpoint);
    add_fact(box, _("Security"), _("none: in the clear, on this machine alone"));
    add_fact(box, _("Sender"), mg_settings_get(&real->host->settings, "account", "–"));
    GtkWidget *write = add_button(box, _("Write a mail"), "win.compose");
    gtk_widget_add_css_class(write, "suggested-action");
    gtk_widget_set_halign(write, GTK_ALIGN_START);
    g_set_weak_pointer(&real->label, add_text(box, NULL, "outcome"));
    show_outcome(real);
    gtk_box_append(GTK_BOX(panel), box);
    GtkWidget *bar = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
    gtk_widget_add_css_class(bar, "side-foot");
    add_button(bar, _("Save capture…"), "win.save-capture");
    GtkWidget *space = gtk_label_new(NULL);
    gtk_widget_set_hexpand(space, TRUE);
    gtk_box_append(GTK_BOX(bar), space);
    GtkWidget *leave = gtk_button_new_with_label(_("Disconnect"));
    gtk_actionable_set_action_target(GTK_ACTIONABLE(leave), "s", "simulated");
    gtk_actionable_set_action_name(GTK_ACTIONABLE(leave), "win.mode");
    gtk_widget_set_tooltip_text(leave, _("Back to the simulation"));
    gtk_widget_add_css_class(leave, "destructive-action");
    gtk_box_append(GTK_BOX(bar), leave);
    gtk_box_append(GTK_BOX(panel), bar);
    return panel;
}

/* ---- asking ---- */

typedef struct {
    MgSession *simulated;
    MgRealReady ready;
    void *data;
    GtkWidget *entry, *problem;
} Question;

static void question_free(void *data, GObject *gone)
{
    Question *question = data;
    g_object_unref(question->simulated);
    g_free(question);
}

static void on_response(AdwMessageDialog *dialog, const char *response, Question *question)
{
    if (strcmp(response, "use") != 0)
        return;
    g_autoptr(GError) error = NULL;
    g_autoptr(MgSession) session = mg_real_panel_connect(
        question->simulated, gtk_editable_get_text(GTK_EDITABLE(question->entry)), &error);
    if (session != NULL) {
        g_autofree char *title = g_strdup(_("A real server"));
        question->ready(session, title, question->data);
    }
}

static void on_entry(Question *question, AdwMessageDialog *dialog)
{
    g_autoptr(GError) error = NULL;
    bool good = check_endpoint(gtk_editable_get_text(GTK_EDITABLE(question->entry)), &error);
    gtk_label_set_label(GTK_LABEL(question->problem), good ? "" : error->message);
    adw_message_dialog_set_response_enabled(dialog, "use", good);
}

static void on_entry_changed(GtkEditable *entry, Question *question)
{
    on_entry(question, ADW_MESSAGE_DIALOG(gtk_widget_get_root(GTK_WIDGET(entry))));
}

void mg_real_panel_ask(GtkWindow *parent, MgSession *simulated, MgRealReady ready, void *data)
{
    const MgNetworkHost *host = first_sender(simulated);
    if (host == NULL)
        return;
    Question *question = g_new0(Question, 1);
    *question = (Question){g_object_ref(simulated), ready, data, NULL, NULL};
    GtkWidget *dialog = adw_message_dialog_new(parent, _("A real server"), NULL);
    adw_message_dialog_format_body(
        ADW_MESSAGE_DIALOG(dialog),
        _("%s will hand its mail to a server that really runs on this machine. What will be sent, "
          "in the clear: the greeting, the addresses of sender and recipients, and the mail that "
          "you write next. Nothing is sent before you press Send there."),
        host->name);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
    question->entry = gtk_entry_new();
    gtk_editable_set_text(GTK_EDITABLE(question->entry), "127.0.0.1:2525");
    gtk_entry_set_activates_default(GTK_ENTRY(question->entry), TRUE);
    gtk_accessible_update_property(GTK_ACCESSIBLE(question->entry), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("Address and port of the server"), -1);
    gtk_box_append(GTK_BOX(box), question->entry);
    question->problem = gtk_label_new(NULL);
    gtk_label_set_wrap(GTK_LABEL(question->problem), TRUE);
    gtk_widget_add_css_class(question->problem, "error");
    gtk_box_append(GTK_BOX(box), question->problem);
    AdwMessageDialog *message = ADW_MESSAGE_DIALOG(dialog);
    adw_message_dialog_set_extra_child(message, box);
    adw_message_dialog_add_responses(message, "cancel", _("Cancel"), "use", _("Use this server"),
                                     NULL);
    adw_message_dialog_set_response_appearance(message, "use", ADW_RESPONSE_SUGGESTED);
    adw_message_dialog_set_default_response(message, "use");
    adw_message_dialog_set_close_response(message, "cancel");
    g_signal_connect(question->entry, "changed", G_CALLBACK(on_entry_changed), question);
    g_signal_connect(dialog, "response", G_CALLBACK(on_response), question);
    g_object_weak_ref(G_OBJECT(dialog), question_free, question);
    gtk_window_present(GTK_WINDOW(dialog));
}
