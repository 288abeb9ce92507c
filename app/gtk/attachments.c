/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attachments.c - the files that go with a mail that is being written */
#include "attachments.h"

#include "words.h"

#define LIMIT ((guint64)10 * 1000 * 1000) /* of all files together: many servers take 25 MB */

typedef struct {
    char *name, *type;
    GBytes *data;
    GtkWidget *row;
} File;

struct _MgAttachments {
    GtkBox parent_instance;
    GPtrArray *files; /* File */
    GtkWidget *list, *button;
    GtkFileChooserNative *dialog; /* (nullable) open now */
};

G_DEFINE_FINAL_TYPE(MgAttachments, mg_attachments, GTK_TYPE_BOX)

static void file_free(void *data)
{
    File *file = data;
    g_free(file->name);
    g_free(file->type);
    g_bytes_unref(file->data);
    g_free(file);
}

static guint64 size_of_all(MgAttachments *self)
{
    guint64 size = 0;
    for (guint i = 0; i < self->files->len; i++)
        size += g_bytes_get_size(((File *)g_ptr_array_index(self->files, i))->data);
    return size;
}

static void on_remove(GtkButton *button, MgAttachments *self)
{
    File *file = g_object_get_data(G_OBJECT(button), "file");
    gtk_box_remove(GTK_BOX(self->list), file->row);
    g_ptr_array_remove(self->files, file);
    gtk_widget_set_visible(self->list, self->files->len > 0);
    gtk_widget_grab_focus(self->button);
}

static void add_row(MgAttachments *self, File *file)
{
    file->row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
    GtkWidget *name = gtk_label_new(file->name);
    gtk_label_set_ellipsize(GTK_LABEL(name), PANGO_ELLIPSIZE_MIDDLE);
    gtk_label_set_xalign(GTK_LABEL(name), 0);
    gtk_widget_set_hexpand(name, TRUE);
    gtk_widget_set_tooltip_text(name, file->type);
    g_autofree char *octets = g_format_size(g_bytes_get_size(file->data));
    GtkWidget *size = gtk_label_new(octets);
    gtk_widget_add_css_class(size, "dim-label");
    GtkWidget *button = gtk_button_new_from_icon_name("window-close-symbolic");
    g_autofree char *what = g_strdup_printf(_("Remove %s"), file->name);
    gtk_button_set_has_frame(GTK_BUTTON(button), FALSE);
    gtk_widget_set_tooltip_text(button, what);
    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, what, -1);
    g_object_set_data(G_OBJECT(button), "file", file);
    g_signal_connect(button, "clicked", G_CALLBACK(on_remove), self);
    gtk_box_append(GTK_BOX(file->row), name);
    gtk_box_append(GTK_BOX(file->row), size);
    gtk_box_append(GTK_BOX(file->row), button);
    gtk_box_append(GTK_BOX(self->list), file->row);
    gtk_widget_set_visible(self->list, TRUE);
}

/* Nothing is read of what would be too much, or of what has no end. */
static gboolean judge(MgAttachments *self, GFileInfo *info, GError **error)
{
    const char *name = g_file_info_get_display_name(info);
    guint64 size = (guint64)g_file_info_get_size(info);
    if (g_file_info_get_file_type(info) != G_FILE_TYPE_REGULAR) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE, _("“%s” is not a file"), name);
        return FALSE;
    }
    if (size <= LIMIT && size_of_all(self) + size <= LIMIT)
        return TRUE;
    g_autofree char *has = g_format_size(size), *most = g_format_size(LIMIT);
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                _("“%s” has %s, and is not attached: all files of a mail together may have %s"),
                name, has, most);
    return FALSE;
}

gboolean mg_attachments_add(MgAttachments *self, GFile *from, GError **error)
{
    g_autoptr(GFileInfo) info =
        g_file_query_info(from,
                          G_FILE_ATTRIBUTE_STANDARD_TYPE "," G_FILE_ATTRIBUTE_STANDARD_SIZE
                                                         "," G_FILE_ATTRIBUTE_STANDARD_DISPLAY_NAME,
                          G_FILE_QUERY_INFO_NONE, NULL, error);
    if (info == NULL || !judge(self, info, error))
        return FALSE;
    g_autoptr(GBytes) data = g_file_load_bytes(from, NULL, NULL, error);
    if (data == NULL)
        return FALSE;
    File *file = g_new0(File, 1);
    gsize len = 0;
    const guchar *octets = g_bytes_get_data(data, &len);
    file->name = g_strdup(g_file_info_get_display_name(info));
    g_autofree char *type = g_content_type_guess(file->name, octets, len, NULL);
    file->type = g_content_type_get_mime_type(type);
    file->data = g_steal_pointer(&data);
    g_ptr_array_add(self->files, file);
    add_row(self, file);
    return TRUE;
}

GArray *mg_attachments_files(MgAttachments *self)
{
    GArray *files = g_array_new(FALSE, FALSE, sizeof(MgLetterFile));
    for (guint i = 0; i < self->files->len; i++) {
        const File *file = g_ptr_array_index(self->files, i);
        gsize len = 0;
        const guchar *octets = g_bytes_get_data(file->data, &len);
        const MgLetterFile row = {file->name, file->type, {octets, len}};
        g_array_append_val(files, row);
    }
    return files;
}

/* ---- choosing ---- */

static void on_response(GtkNativeDialog *dialog, int response, MgAttachments *self)
{
    g_autoptr(GListModel) chosen = gtk_file_chooser_get_files(GTK_FILE_CHOOSER(dialog));
    guint n = response == GTK_RESPONSE_ACCEPT ? g_list_model_get_n_items(chosen) : 0;
    for (guint i = 0; i < n; i++) {
        g_autoptr(GFile) file = g_list_model_get_item(chosen, i);
        g_autoptr(GError) error = NULL;
        if (!mg_attachments_add(self, file, &error))
            g_signal_emit_by_name(self, "problem", error->message);
    }
    g_clear_object(&self->dialog);
}

static void on_attach(MgAttachments *self)
{
    if (self->dialog != NULL)
        return;
    self->dialog = gtk_file_chooser_native_new(
        _("Attach files"), GTK_WINDOW(gtk_widget_get_root(GTK_WIDGET(self))),
        GTK_FILE_CHOOSER_ACTION_OPEN, _("Attach"), _("Cancel"));
    gtk_file_chooser_set_select_multiple(GTK_FILE_CHOOSER(self->dialog), TRUE);
    gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(self->dialog), TRUE);
    g_signal_connect_object(self->dialog, "response", G_CALLBACK(on_response), self, 0);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(self->dialog));
}

/* ---- the object ---- */

static void dispose(GObject *object)
{
    MgAttachments *self = MG_ATTACHMENTS(object);
    g_clear_object(&self->dialog);
    g_clear_pointer(&self->files, g_ptr_array_unref);
    G_OBJECT_CLASS(mg_attachments_parent_class)->dispose(object);
}

static void mg_attachments_class_init(MgAttachmentsClass *class)
{
    G_OBJECT_CLASS(class)->dispose = dispose;
    g_signal_new("problem", MG_TYPE_ATTACHMENTS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                 G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void mg_attachments_init(MgAttachments *self)
{
    self->files = g_ptr_array_new_with_free_func(file_free);
    gtk_orientable_set_orientation(GTK_ORIENTABLE(self), GTK_ORIENTATION_VERTICAL);
    gtk_box_set_spacing(GTK_BOX(self), 8);
    self->list = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2);
    gtk_widget_set_visible(self->list, FALSE);
    gtk_box_append(GTK_BOX(self), self->list);
    self->button = gtk_button_new_with_mnemonic(_("_Attach files…"));
    gtk_widget_set_halign(self->button, GTK_ALIGN_START);
    g_signal_connect_swapped(self->button, "clicked", G_CALLBACK(on_attach), self);
    gtk_box_append(GTK_BOX(self), self->button);
}

GtkWidget *mg_attachments_new(void)
{
    return g_object_new(MG_TYPE_ATTACHMENTS, NULL);
}
