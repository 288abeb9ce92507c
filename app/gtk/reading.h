/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reading.h - the sheet where a letter is read: who, when, what, and its parts */
#pragma once

#include <gtk/gtk.h>

#include "tree.h"

G_BEGIN_DECLS

/* Somebody wants to see the octets of a part: the node of its header or body. */
typedef void (*MgReadingPick)(MgNode node, gpointer data);

/* `tree` (transfer full). `pick` is called with `data` while `parent` lives. */
void mg_reading_present(GtkWindow *parent, MgTree *tree, MgReadingPick pick, gpointer data);

G_END_DECLS
