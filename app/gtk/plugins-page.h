/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plugins-page.h - what is plugged in: what each brings, its help, or why it cannot be used */
#pragma once

#include <gtk/gtk.h>

#include "registry.h"

G_BEGIN_DECLS

void mg_plugins_present(GtkWindow *parent, MgRegistry *registry);
/* For tests: the page itself. */
GtkWidget *mg_plugins_page_new(MgRegistry *registry);

G_END_DECLS
