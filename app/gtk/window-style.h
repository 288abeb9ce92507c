/* SPDX-License-Identifier: GPL-3.0-or-later */
/* window-style.h - the style sheet of the panels */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Once for a display. */
void mg_window_style_init(GdkDisplay *display);

G_END_DECLS
