/* SPDX-License-Identifier: GPL-3.0-or-later */
/* window-menu.h - the bar at the top: ways in, title, simulated or real, the menu with everything
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* `mode` gets the pair of buttons "Simulated | Real servers". */
GtkWidget *mg_window_header_new(GtkWidget *title, GtkWidget **mode);

G_END_DECLS
