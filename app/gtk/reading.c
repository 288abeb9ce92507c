/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reading.c - the sheet where a letter is read
 *
 * Text is shown as text: nothing that somebody wrote is ever carried out, and nothing is fetched.
 */
#include "reading.h"

#include <adwaita.h>

#include "parts.h"
#include "window-style.h"
#include "words.h"

#define INDENT 16

typedef struct {
    MgTree *tree;
    GArray *parts;
    guint chosen;
    GtkWidget *window, *text, *nothing, *stack;
    MgReadingPick pick;
    gpointer data;
} Sheet;

static void sheet_free(gpointer data, GObject *gone)
{
    Sheet *sheet = data;
    g_array_unref(sheet->parts);
    mg_tree_free(sheet->tree);
    g_free(sheet);
}

static const MgPart *chosen(Sheet *sheet)
{
    return &g_array_index(sheet->parts, MgPart, sheet->chosen);
}

static void show_part(Sheet *sheet)
{
    g_autofree char *text = mg_part_text(sheet->tree, chosen(sheet));
    gtk_text_buffer_set_text(gtk_text_view_get_buffer(GTK_TEXT_VIEW(sheet->text)),
                             text != NULL ? text : "", -1);
    gtk_label_set_label(GTK_LABEL(sheet->nothing),
                        chosen(sheet)->body == MG_NODE_ROOT
                            ? _("This part holds other parts, or nothing.")
                            : _("This part is no text. It can be saved, or its bytes looked at."));
    gtk_stack_set_visible_child(GTK_STACK(sheet->stack),
                                text != NULL ? gtk_widget_get_parent(sheet->text) : sheet->nothing);
}

static void on_row(GtkListBox *list, GtkListBoxRow *row, Sheet *sheet)
{
    if (row == NULL)
        return;
    sheet->chosen = (guint)gtk_list_box_row_get_index(row);
    show_part(sheet);
}

static void on_bytes(Sheet *sheet)
{
    MgNode node = chosen(sheet)->body != MG_NODE_ROOT ? chosen(sheet)->body : chosen(sheet)->header;
    MgReadingPick pick = sheet->pick;
    gpointer data = sheet->data;
    gtk_window_close(GTK_WINDOW(sheet->window));
    pick(node, data);
}

/* ---- saving ---- */

static void on_saved(GtkNativeDialog *dialog, int response, gpointer data)
{
    GBytes *octets = g_object_get_data(G_OBJECT(dialog), "octets");
    g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
    g_autoptr(GError) error = NULL;
    gsize len = 0;
    const char *bytes = g_bytes_get_data(octets, &len);
    if (response == GTK_RESPONSE_ACCEPT && file != NULL &&
        !g_file_replace_contents(file, bytes != NULL ? bytes : "", len, NULL, FALSE,
                                 G_FILE_CREATE_NONE, NULL, NULL, &error)) {
        GtkWindow *parent = gtk_native_dialog_get_transient_for(dialog);
        GtkWidget *message =
            adw_message_dialog_new(parent, _("It could not be written"), error->message);
        adw_message_dialog_add_response(ADW_MESSAGE_DIALOG(message), "close", _("Close"));
        gtk_window_present(GTK_WINDOW(message));
    }
    g_object_unref(dialog);
}

/* A name that came with the letter is no path: what would lead elsewhere is left out. */
static char *safe_name(const MgPart *part)
{
    g_autofree char *base = part->name != NULL ? g_path_get_basename(part->name) : NULL;
    if (base == NULL || base[0] == '.' || base[0] == '/' || !g_utf8_validate(base, -1, NULL))
        return g_strdup(g_str_has_prefix(part->type, "text/") ? "part.txt" : "part");
    return g_strdelimit(g_steal_pointer(&base), "\\:\r\n", '_');
}

static void on_save(Sheet *sheet)
{
    GtkFileChooserNative *dialog =
        gtk_file_chooser_native_new(_("Save the part"), GTK_WINDOW(sheet->window),
                                    GTK_FILE_CHOOSER_ACTION_SAVE, _("Save"), _("Cancel"));
    g_autofree char *name = safe_name(chosen(sheet));
    g_object_set_data_full(G_OBJECT(dialog), "octets", mg_part_octets(sheet->tree, chosen(sheet)),
                           (GDestroyNotify)g_bytes_unref);
    gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
    gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(dialog), name);
    g_signal_connect(dialog, "response", G_CALLBACK(on_saved), NULL);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

/* ---- how it looks ---- */

static void add_line(Sheet *sheet, GtkGrid *grid, int *row, const char *name, const char *title)
{
    g_autofree char *value =
        mg_part_line(sheet->tree, &g_array_index(sheet->parts, MgPart, 0), name);
    if (value == NULL)
        return;
    GtkWidget *left = gtk_label_new(title), *right = gtk_label_new(value);
    gtk_label_set_xalign(GTK_LABEL(left), 1);
    gtk_widget_set_valign(left, GTK_ALIGN_START);
    gtk_widget_add_css_class(left, "dim-label");
    gtk_label_set_xalign(GTK_LABEL(right), 0);
    gtk_label_set_wrap(GTK_LABEL(right), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(right), PANGO_WRAP_WORD_CHAR);
    gtk_label_set_width_chars(GTK_LABEL(right), 40);
    gtk_label_set_selectable(GTK_LABEL(right), TRUE);
    gtk_widget_set_hexpand(right, TRUE);
    gtk_grid_attach(grid, left, 0, *row, 1, 1);
    gtk_grid_attach(grid, right, 1, (*row)++, 1, 1);
}

static GtkWidget *header_new(Sheet *sheet)
{
    GtkGrid *grid = GTK_GRID(gtk_grid_new());
    int row = 0;
    gtk_grid_set_row_spacing(grid, 4);
    gtk_grid_set_column_spacing(grid, 12);
    add_line(sheet, grid, &row, "From", _("From"));
    add_line(sheet, grid, &row, "To", _("To"));
    add_line(sheet, grid, &row, "Cc", _("Copy to"));
    add_line(sheet, grid, &row, "Date", _("Date"));
    add_line(sheet, grid, &row, "Subject", _("Subject"));
    return GTK_WIDGET(grid);
}

static GtkWidget *part_row_new(const MgPart *part)
{
    g_autofree char *size = g_format_size(part->size);
    /* TRANSLATORS: type of a part of a letter, the name of its file, its size */
    g_autofree char *text = part->body == MG_NODE_ROOT ? g_strdup(part->type)
                            : part->name != NULL
                                ? g_strdup_printf("%s · %s · %s", part->type, part->name, size)
                                : g_strdup_printf("%s · %s", part->type, size);
    GtkWidget *label = gtk_label_new(text);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_MIDDLE);
    gtk_widget_set_margin_start(label, 8 + (int)part->depth * INDENT);
    gtk_widget_set_margin_top(label, 6);
    gtk_widget_set_margin_bottom(label, 6);
    return label;
}

static GtkWidget *list_new(Sheet *sheet)
{
    GtkWidget *list = gtk_list_box_new();
    gtk_widget_add_css_class(list, "boxed-list");
    gtk_accessible_update_property(GTK_ACCESSIBLE(list), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Parts"),
                                   -1);
    guint first = sheet->parts->len; /* what is to be read comes first */
    for (guint i = 0; i < sheet->parts->len; i++) {
        const MgPart *part = &g_array_index(sheet->parts, MgPart, i);
        gtk_list_box_append(GTK_LIST_BOX(list), part_row_new(part));
        g_autofree char *text = first == sheet->parts->len ? mg_part_text(sheet->tree, part) : NULL;
        first = text != NULL ? i : first;
    }
    g_signal_connect(list, "row-selected", G_CALLBACK(on_row), sheet);
    gtk_list_box_select_row(GTK_LIST_BOX(list),
                            gtk_list_box_get_row_at_index(
                                GTK_LIST_BOX(list), first < sheet->parts->len ? (int)first : 0));
    return list;
}

static GtkWidget *body_new(Sheet *sheet)
{
    sheet->text = gtk_text_view_new();
    gtk_text_view_set_editable(GTK_TEXT_VIEW(sheet->text), FALSE);
    gtk_text_view_set_wrap_mode(GTK_TEXT_VIEW(sheet->text), GTK_WRAP_WORD_CHAR);
    gtk_text_view_set_accepts_tab(GTK_TEXT_VIEW(sheet->text), FALSE);
    gtk_widget_add_css_class(sheet->text, "letter-text");
    gtk_accessible_update_property(GTK_ACCESSIBLE(sheet->text), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("Text of the part"), -1);
    GtkWidget *scrolled = gtk_scrolled_window_new();
    gtk_widget_add_css_class(scrolled, "card");
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), sheet->text);
    sheet->nothing = gtk_label_new(NULL);
    gtk_label_set_wrap(GTK_LABEL(sheet->nothing), TRUE);
    gtk_label_set_width_chars(GTK_LABEL(sheet->nothing), 40);
    gtk_widget_add_css_class(sheet->nothing, "dim-label");
    sheet->stack = gtk_stack_new();
    gtk_stack_set_vhomogeneous(GTK_STACK(sheet->stack), FALSE);
    gtk_stack_add_child(GTK_STACK(sheet->stack), scrolled);
    gtk_stack_add_child(GTK_STACK(sheet->stack), sheet->nothing);
    gtk_widget_set_vexpand(sheet->stack, TRUE);
    return sheet->stack;
}

static GtkWidget *content_new(Sheet *sheet)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0), *bar = adw_header_bar_new();
    GtkWidget *bytes = gtk_button_new_with_label(_("Its bytes"));
    GtkWidget *save = gtk_button_new_with_label(_("Save…"));
    g_signal_connect_swapped(bytes, "clicked", G_CALLBACK(on_bytes), sheet);
    g_signal_connect_swapped(save, "clicked", G_CALLBACK(on_save), sheet);
    adw_header_bar_pack_start(ADW_HEADER_BAR(bar), bytes);
    adw_header_bar_pack_start(ADW_HEADER_BAR(bar), save);
    gtk_box_append(GTK_BOX(box), bar);
    GtkWidget *column = gtk_box_new(GTK_ORIENTATION_VERTICAL, 14);
    gtk_widget_add_css_class(column, "sheet");
    gtk_widget_set_vexpand(column, TRUE);
    GtkWidget *body = body_new(sheet);
    gtk_box_append(GTK_BOX(column), header_new(sheet));
    gtk_box_append(GTK_BOX(column), list_new(sheet));
    gtk_box_append(GTK_BOX(column), body);
    gtk_box_append(GTK_BOX(box), column);
    return box;
}

void mg_reading_present(GtkWindow *parent, MgTree *tree, MgReadingPick pick, gpointer data)
{
    Sheet *sheet = g_new0(Sheet, 1);
    sheet->tree = tree;
    sheet->parts = mg_parts_of(tree);
    sheet->pick = pick;
    sheet->data = data;
    sheet->window = adw_window_new();
    g_object_weak_ref(G_OBJECT(sheet->window), sheet_free, sheet);
    gtk_window_set_title(GTK_WINDOW(sheet->window), _("The letter"));
    gtk_window_set_transient_for(GTK_WINDOW(sheet->window), parent);
    gtk_window_set_modal(GTK_WINDOW(sheet->window), TRUE);
    gtk_window_set_destroy_with_parent(GTK_WINDOW(sheet->window), TRUE);
    gtk_window_set_default_size(GTK_WINDOW(sheet->window), 620, 560);
    if (sheet->parts->len > 0)
        adw_window_set_content(ADW_WINDOW(sheet->window), content_new(sheet));
    mg_window_close_on_escape(GTK_WINDOW(sheet->window));
    gtk_window_present(GTK_WINDOW(sheet->window));
}
