/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attachments.h - the files that go with a mail that is being written */
#pragma once

#include <gtk/gtk.h>
#include <mailglass/topics.h>

G_BEGIN_DECLS

#define MG_TYPE_ATTACHMENTS (mg_attachments_get_type())
G_DECLARE_FINAL_TYPE(MgAttachments, mg_attachments, MG, ATTACHMENTS, GtkBox)

/* The signal "problem" tells, in words, why a chosen file was not attached. */
GtkWidget *mg_attachments_new(void);
/* Read now, so that what is sent is what was chosen. */
gboolean mg_attachments_add(MgAttachments *self, GFile *file, GError **error);
/* (transfer container) of MgLetterFile, borrowed until something is attached or removed. */
GArray *mg_attachments_files(MgAttachments *self);

G_END_DECLS
