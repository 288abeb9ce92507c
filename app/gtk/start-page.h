/* SPDX-License-Identifier: GPL-3.0-or-later */
/* start-page.h - networks as cards to open; its button runs win.open-folder */
#pragma once

#include <gtk/gtk.h>

#include "network.h"

G_BEGIN_DECLS

#define MG_TYPE_START_PAGE (mg_start_page_get_type())
G_DECLARE_FINAL_TYPE(MgStartPage, mg_start_page, MG, START_PAGE, GtkWidget)

/* Signal "open" (const char *path). */
GtkWidget *mg_start_page_new(MgRegistry *registry);
/* Reads the folders again. */
void mg_start_page_refresh(MgStartPage *self);

G_END_DECLS
