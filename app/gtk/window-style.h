/* SPDX-License-Identifier: GPL-3.0-or-later */
/* window-style.h - what windows and sheets have in common: the style sheet, and the key that closes
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Once for a display. */
void mg_window_style_init(GdkDisplay *display);
/* As a sheet does. */
void mg_window_close_on_escape(GtkWindow *window);

G_END_DECLS
