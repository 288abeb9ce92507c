/* SPDX-License-Identifier: GPL-3.0-or-later */
/* problems.h - a dialog with everything that is wrong, every line of it */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* `lines`: (element-type utf8). */
void mg_problems_present(GtkWindow *parent, const char *heading, const GPtrArray *lines);

G_END_DECLS
