/* SPDX-License-Identifier: GPL-3.0-or-later */
/* filter-bar.h - a filter for the ladder, with what may follow, and "run until" it matches */
#pragma once

#include <gtk/gtk.h>

#include "ladder-model.h"

G_BEGIN_DECLS

#define MG_TYPE_FILTER_BAR (mg_filter_bar_get_type())
G_DECLARE_FINAL_TYPE(MgFilterBar, mg_filter_bar, MG, FILTER_BAR, GtkWidget)

GtkWidget *mg_filter_bar_new(MgLadderModel *model);
/* Shown, with the keyboard in it; or hidden, with everything shown again. */
void mg_filter_bar_set_open(MgFilterBar *self, gboolean open);
gboolean mg_filter_bar_is_open(MgFilterBar *self);
/* For tests. */
void mg_filter_bar_set_text(MgFilterBar *self, const char *text);
const char *mg_filter_bar_problem(MgFilterBar *self);

G_END_DECLS
