/* SPDX-License-Identifier: GPL-3.0-or-later */
/* map-view.h - the map: hosts as cards over painted regions and links, with what travels between
 * them
 *
 * Signal "host-selected" (const char *name): a card was pressed. */
#pragma once

#include <gtk/gtk.h>

#include "session.h"

G_BEGIN_DECLS

#define MG_TYPE_MAP_VIEW (mg_map_view_get_type())
G_DECLARE_FINAL_TYPE(MgMapView, mg_map_view, MG, MAP_VIEW, GtkWidget)

GtkWidget *mg_map_view_new(MgSession *session);
void mg_map_view_set_large(MgMapView *self, gboolean large);

G_END_DECLS
