/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compose.c - the sheet to write a mail on */
#include "compose.h"

#include <adwaita.h>

#include "attachments.h"
#include "letter.h"
#include "window-style.h"
#include "words.h"

typedef struct {
    MgSession *session;
    AdwWindow *window;
    GtkWidget *from, *to, *subject, *text, *attachments, *problem, *send;
    GPtrArray *hosts; /* MgNetworkHost that can send, as in `from`; borrowed */
    MgComposeSend deliver;
    gpointer data;
} Sheet;

static void sheet_free(gpointer data, GObject *gone)
{
    Sheet *sheet = data;
    g_object_unref(sheet->session);
    g_ptr_array_unref(sheet->hosts);
    g_free(sheet);
}

static gboolean can_send(const MgNetworkHost *host)
{
    if (mg_settings_get(&host->settings, "account", NULL) == NULL)
        return FALSE;
    for (size_t i = 0; i < host->n_engines; i++)
        if (g_strcmp0(host->engines[i].kind->verb, "send") == 0)
            return TRUE;
    return FALSE;
}

static GPtrArray *senders(MgSession *session)
{
    GPtrArray *hosts = g_ptr_array_new();
    const MgNetwork *network = mg_session_network(session);
    for (unsigned i = 0; network != NULL && i < network->hosts->len; i++) {
        MgNetworkHost *host = &g_array_index(network->hosts, MgNetworkHost, i);
        if (can_send(host))
            g_ptr_array_add(hosts, host);
    }
    return hosts;
}

gboolean mg_compose_is_possible(MgSession *session)
{
    g_autoptr(GPtrArray) hosts = senders(session);
    return hosts->len > 0;
}

static void complain(Sheet *sheet, GtkWidget *where, const char *text)
{
    gtk_label_set_label(GTK_LABEL(sheet->problem), text);
    gtk_widget_set_visible(sheet->problem, TRUE);
    if (where != NULL) {
        gtk_widget_add_css_class(where, "error");
        gtk_widget_grab_focus(where);
    }
}

/* What a person typed, as words of the action; NULL when it cannot be. */
static char **recipients(Sheet *sheet)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) parts =
        g_strsplit_set(gtk_editable_get_text(GTK_EDITABLE(sheet->to)), " ,;\t\r\n", -1);
    unsigned n = 0;
    g_strv_builder_add(builder, "to");
    for (size_t i = 0; parts[i] != NULL; i++) {
        const char *at = strrchr(parts[i], '@');
        if (parts[i][0] == '\0')
            continue;
        if (at == NULL || at == parts[i] || at[1] == '\0' || strpbrk(parts[i], "<>\"") != NULL) {
            g_autofree char *text =
                g_strdup_printf(_("“%s” is not an address such as bob@example.net"), parts[i]);
            complain(sheet, sheet->to, text);
            return NULL;
        }
        g_strv_builder_add(builder, parts[i]);
        n++;
    }
    if (n == 0) {
        complain(sheet, sheet->to, _("Who is it for? Write an address, such as bob@example.net"));
        return NULL;
    }
    return g_strv_builder_end(builder);
}

/* A real server lives today. */
static gint64 now_of(Sheet *sheet)
{
    if (sheet->deliver != NULL)
        return g_get_real_time() / G_USEC_PER_SEC;
    return mg_trace_epoch(mg_session_trace(sheet->session)) +
           mg_session_time(sheet->session) / MG_SECONDS;
}

static GBytes *letter_of(Sheet *sheet, const MgNetworkHost *host, char **words, GError **error)
{
    GtkTextBuffer *buffer = gtk_text_view_get_buffer(GTK_TEXT_VIEW(sheet->text));
    GtkTextIter start, end;
    gtk_text_buffer_get_bounds(buffer, &start, &end);
    g_autofree char *text = gtk_text_buffer_get_text(buffer, &start, &end, FALSE);
    g_autoptr(GArray) files = mg_attachments_files(MG_ATTACHMENTS(sheet->attachments));
    const MgLetterQuestion question = {
        .from = mg_settings_get(&host->settings, "account", ""),
        .to = (const char *const *)words + 1,
        .n_to = g_strv_length(words + 1),
        .subject = gtk_editable_get_text(GTK_EDITABLE(sheet->subject)),
        .text = text,
        .files = (const MgLetterFile *)files->data,
        .n_files = files->len,
        .date = now_of(sheet),
        .seed = (uint64_t)mg_session_position(sheet->session) << 32 |
                mg_session_n_branches(sheet->session) << 16 | mg_session_n_deeds(sheet->session)};
    return mg_letter_write(mg_session_registry(sheet->session), &question, error);
}

static void on_send(GtkButton *button, Sheet *sheet)
{
    gtk_widget_set_visible(sheet->problem, FALSE);
    gtk_widget_remove_css_class(sheet->to, "error");
    unsigned chosen = gtk_drop_down_get_selected(GTK_DROP_DOWN(sheet->from));
    if (chosen >= sheet->hosts->len)
        return;
    const MgNetworkHost *host = g_ptr_array_index(sheet->hosts, chosen);
    g_auto(GStrv) words = recipients(sheet);
    if (words == NULL)
        return;
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) letter = letter_of(sheet, host, words, &error);
    gboolean sent = letter != NULL;
    if (sent && sheet->deliver != NULL) {
        sent = sheet->deliver(host->name, (const char *const *)words, letter, sheet->data, &error);
    } else if (sent) {
        g_autofree char *rest = g_strjoinv(" ", words);
        g_autofree char *action = g_strdup_printf("%s send - %s", host->name, rest);
        sent = mg_session_intervene(sheet->session, action, letter, &error);
        if (sent)
            mg_session_set_playing(sheet->session, true);
    }
    if (!sent)
        complain(sheet, NULL, error != NULL ? error->message : _("It could not be sent"));
    else
        gtk_window_close(GTK_WINDOW(sheet->window));
}

/* ---- how it looks ---- */

static GtkWidget *add_line(GtkGrid *grid, int row, const char *name, GtkWidget *field)
{
    GtkWidget *label = gtk_label_new(name);
    gtk_label_set_xalign(GTK_LABEL(label), 1);
    gtk_widget_add_css_class(label, "dim-label");
    gtk_grid_attach(grid, label, 0, row, 1, 1);
    gtk_widget_set_hexpand(field, TRUE);
    gtk_grid_attach(grid, field, 1, row, 1, 1);
    gtk_accessible_update_property(GTK_ACCESSIBLE(field), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    return field;
}

static GtkWidget *from_list(Sheet *sheet)
{
    GtkStringList *list = gtk_string_list_new(NULL);
    for (unsigned i = 0; i < sheet->hosts->len; i++) {
        const MgNetworkHost *host = g_ptr_array_index(sheet->hosts, i);
        g_autofree char *text = g_strdup_printf(
            "%s  (%s)", mg_settings_get(&host->settings, "account", ""), host->name);
        gtk_string_list_append(list, text);
    }
    return gtk_drop_down_new(G_LIST_MODEL(list), NULL);
}

/* The account of the last other sender is a likely recipient. */
static const char *likely(Sheet *sheet)
{
    for (unsigned i = sheet->hosts->len; i-- > 1;) {
        const MgNetworkHost *host = g_ptr_array_index(sheet->hosts, i);
        return mg_settings_get(&host->settings, "account", "");
    }
    return "";
}

static void on_problem(MgAttachments *attachments, const char *text, Sheet *sheet)
{
    complain(sheet, NULL, text);
}

static GtkWidget *words_below(const char *text, const char *class)
{
    GtkWidget *label = gtk_label_new(text);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_widget_add_css_class(label, class);
    return label;
}

/* What can be attached, or why nothing can. */
static void add_below(Sheet *sheet, GtkBox *box)
{
    gboolean any = mg_letter_has_builder(mg_session_registry(sheet->session));
    sheet->attachments = mg_attachments_new();
    gtk_widget_set_visible(sheet->attachments, any);
    g_signal_connect(sheet->attachments, "problem", G_CALLBACK(on_problem), sheet);
    gtk_box_append(box, sheet->attachments);
    if (!any)
        gtk_box_append(box, words_below(_("No plugin that makes letters is loaded: this mail can "
                                          "have ASCII characters alone, and no files."),
                                        "dim-label"));
    sheet->problem = words_below(NULL, "error");
    gtk_widget_set_visible(sheet->problem, FALSE);
    gtk_box_append(box, sheet->problem);
}

static GtkWidget *body(Sheet *sheet)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12);
    gtk_widget_add_css_class(box, "sheet");
    GtkWidget *grid = gtk_grid_new();
    gtk_grid_set_row_spacing(GTK_GRID(grid), 8);
    gtk_grid_set_column_spacing(GTK_GRID(grid), 12);
    sheet->from = add_line(GTK_GRID(grid), 0, _("From"), from_list(sheet));
    sheet->to = add_line(GTK_GRID(grid), 1, _("To"), gtk_entry_new());
    gtk_entry_set_placeholder_text(GTK_ENTRY(sheet->to), "bob@example.net");
    gtk_editable_set_text(GTK_EDITABLE(sheet->to), likely(sheet));
    sheet->subject = add_line(GTK_GRID(grid), 2, _("Subject"), gtk_entry_new());
    gtk_box_append(GTK_BOX(box), grid);
    sheet->text = gtk_text_view_new();
    gtk_text_view_set_wrap_mode(GTK_TEXT_VIEW(sheet->text), GTK_WRAP_WORD_CHAR);
    gtk_text_view_set_accepts_tab(GTK_TEXT_VIEW(sheet->text), FALSE);
    gtk_widget_add_css_class(sheet->text, "letter-text");
    gtk_accessible_update_property(GTK_ACCESSIBLE(sheet->text), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("Text of the mail"), -1);
    GtkWidget *scrolled = gtk_scrolled_window_new();
    gtk_widget_add_css_class(scrolled, "card");
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), sheet->text);
    gtk_widget_set_vexpand(scrolled, TRUE);
    gtk_box_append(GTK_BOX(box), scrolled);
    add_below(sheet, GTK_BOX(box));
    return box;
}

void mg_compose_present(GtkWindow *parent, MgSession *session, MgComposeSend send, gpointer data)
{
    Sheet *sheet = g_new0(Sheet, 1);
    sheet->session = g_object_ref(session);
    sheet->hosts = senders(session);
    sheet->deliver = send;
    sheet->data = data;
    sheet->window = ADW_WINDOW(adw_window_new());
    GtkWindow *window = GTK_WINDOW(sheet->window);
    gtk_window_set_title(window, _("Write a mail"));
    gtk_window_set_transient_for(window, parent);
    gtk_window_set_modal(window, TRUE);
    gtk_window_set_default_size(window, 560, 480);
    GtkWidget *header = adw_header_bar_new();
    adw_header_bar_set_show_end_title_buttons(ADW_HEADER_BAR(header), FALSE);
    adw_header_bar_set_show_start_title_buttons(ADW_HEADER_BAR(header), FALSE);
    GtkWidget *cancel = gtk_button_new_with_label(_("Cancel"));
    g_signal_connect_swapped(cancel, "clicked", G_CALLBACK(gtk_window_close), window);
    adw_header_bar_pack_start(ADW_HEADER_BAR(header), cancel);
    sheet->send = gtk_button_new_with_label(_("Send"));
    gtk_widget_add_css_class(sheet->send, "suggested-action");
    g_signal_connect(sheet->send, "clicked", G_CALLBACK(on_send), sheet);
    adw_header_bar_pack_end(ADW_HEADER_BAR(header), sheet->send);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    gtk_box_append(GTK_BOX(box), header);
    gtk_box_append(GTK_BOX(box), body(sheet));
    adw_window_set_content(sheet->window, box);
    mg_window_close_on_escape(GTK_WINDOW(window));
    g_object_weak_ref(G_OBJECT(window), sheet_free, sheet);
    gtk_window_present(window);
    gtk_widget_grab_focus(sheet->to);
}
