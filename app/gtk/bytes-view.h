/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bytes-view.h - octets in hexadecimal with their text beside them, eight a line
 *
 * Signal "picked" (uint offset): somebody has clicked an octet, or gone to it with the arrow keys.
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define MG_TYPE_BYTES_VIEW (mg_bytes_view_get_type())
G_DECLARE_FINAL_TYPE(MgBytesView, mg_bytes_view, MG, BYTES_VIEW, GtkWidget)

GtkWidget *mg_bytes_view_new(void);
/* (nullable) */
void mg_bytes_view_set_bytes(MgBytesView *self, GBytes *bytes);
void mg_bytes_view_set_lit(MgBytesView *self, size_t offset, size_t len);
void mg_bytes_view_get_lit(MgBytesView *self, size_t *offset, size_t *len);

G_END_DECLS
