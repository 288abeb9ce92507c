/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view-bar.h - a switch over the ladder: what the ends see, what the wire carries */
#pragma once

#include <gtk/gtk.h>

#include "session.h"

G_BEGIN_DECLS

/* (transfer floating) Is seen while something is hidden on the wire. Its buttons are the action
 * win.view. */
GtkWidget *mg_view_bar_new(MgSession *session);

/* The action "view", whose state is "ends" or "wire"; "other-view" goes to the other. */
void mg_view_install_actions(GActionMap *map, MgSession *session);

G_END_DECLS
