/* SPDX-License-Identifier: GPL-3.0-or-later */
/* description.h - the panel on the left: what this network is, who is in it, and a mail to write
 *
 * Its button runs the action win.compose. */
#pragma once

#include <gtk/gtk.h>

#include "session.h"

G_BEGIN_DECLS

GtkWidget *mg_description_new(MgSession *session);

G_END_DECLS
