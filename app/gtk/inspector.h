/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inspector.h - the panel on the right: layers, fields, octets, what they mean, the host's state */
#pragma once

#include <gtk/gtk.h>

#include "session.h"

G_BEGIN_DECLS

#define MG_TYPE_INSPECTOR (mg_inspector_get_type())
G_DECLARE_FINAL_TYPE(MgInspector, mg_inspector, MG, INSPECTOR, GtkBox)

GtkWidget *mg_inspector_new(MgSession *session);
/* Moves the keyboard to the tree. */
/* Opens the letter that the exchange holds, if it holds one. */
void mg_inspector_read(MgInspector *self);
void mg_inspector_focus(MgInspector *self);
/* Shows what this host is doing, and goes on while the position moves, until somebody selects
 * another event or goes back to it. */
void mg_inspector_show_host(MgInspector *self, MgHostId host);
gboolean mg_inspector_shows_host(MgInspector *self);
/* For tests: the field that is shown, and the octets that are lit. */
const char *mg_inspector_field(MgInspector *self);
void mg_inspector_lit(MgInspector *self, size_t *offset, size_t *len);
/* As if somebody had clicked that octet. */
void mg_inspector_pick_octet(MgInspector *self, size_t offset);

G_END_DECLS
