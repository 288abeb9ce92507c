/* SPDX-License-Identifier: GPL-3.0-or-later */
/* start-page.h - what can be opened: lessons by group with how far one is, networks, real servers
 *
 * Its buttons run win.open-folder and win.connect. */
#pragma once

#include <gtk/gtk.h>

#include "network.h"

G_BEGIN_DECLS

#define MG_TYPE_START_PAGE (mg_start_page_get_type())
G_DECLARE_FINAL_TYPE(MgStartPage, mg_start_page, MG, START_PAGE, GtkWidget)

/* Signals "open" (const char *path of a network), "open-lesson" (const char *folder). */
GtkWidget *mg_start_page_new(MgRegistry *registry);
/* Reads the folders and the learner's progress again. */
void mg_start_page_refresh(MgStartPage *self);

G_END_DECLS
