/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ladder.h - a lifeline for each host, an arrow for each exchange, up to the position
 *
 * A virtual list: a row's widget is made for what is seen. It follows the position. */
#pragma once

#include <gtk/gtk.h>

#include "ladder-model.h"

G_BEGIN_DECLS

#define MG_TYPE_LADDER (mg_ladder_get_type())
G_DECLARE_FINAL_TYPE(MgLadder, mg_ladder, MG, LADDER, GtkWidget)

GtkWidget *mg_ladder_new(MgSession *session);
MgLadderModel *mg_ladder_get_model(MgLadder *self);

G_END_DECLS
