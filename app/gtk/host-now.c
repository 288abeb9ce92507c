/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host-now.c - what one host is doing at the session's position */
#include "host-now.h"

#include "words.h"

#define DELAY_MS 60 /* after the last change: a replay is not made for each of many steps */
#define LINES    4  /* of a message that are shown */
#define MESSAGES 5  /* of a mailbox, the newest */
#define ENGINES  6  /* of a host */

struct _MgHostNow {
    GtkBox parent_instance;
    MgSession *session;
    MgHostId host;
    GtkWidget *title, *rows;
    unsigned later;
    int n_engines;
};

G_DEFINE_FINAL_TYPE(MgHostNow, mg_host_now, GTK_TYPE_BOX)

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

static void each_engine(uint32_t number, const MgEngineKind *kind, const char *state,
                        const MgFact *facts, size_t n_facts, void *data)
{
    MgHostNow *self = data;
    if (self->n_engines++ >= ENGINES)
        return;
    const MgRegistry *registry = mg_session_registry(self->session);
    add_row(self, kind->name, state != NULL ? mg_registry_translate(registry, state) : "–");
    for (size_t i = 0; i < n_facts; i++)
        add_row(self, mg_registry_translate(registry, facts[i].label),
                facts[i].value[0] != '\0' ? facts[i].value : "–");
}

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
        add_row(self, mg_store_address(store, i), count);
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

static gboolean read_now(void *data)
{
    MgHostNow *self = data;
    self->later = 0;
    GtkWidget *child;
    while ((child = gtk_widget_get_first_child(self->rows)) != NULL)
        gtk_box_remove(GTK_BOX(self->rows), child);
    if (self->session == NULL || self->host == 0)
        return G_SOURCE_REMOVE;
    MgWorld *world = mg_session_world(self->session);
    if (world == NULL)
        return G_SOURCE_REMOVE;
    MgRuntime *runtime = mg_world_runtime(world);
    self->n_engines = 0;
    if (has_mailboxes(self))
        add_mailboxes(self, mg_runtime_store(runtime, self->host));
    mg_runtime_each_engine(runtime, self->host, each_engine, self);
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
    self->title = text_label(NULL, "heading");
    gtk_box_append(GTK_BOX(self), self->title);
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
    self->host = host;
    schedule(self);
}
