/* SPDX-License-Identifier: GPL-3.0-or-later */
/* caption.h - what happens at the position, in one line: from, to, the wire's words, what they mean
 */
#pragma once

#include <gtk/gtk.h>

#include "session.h"

G_BEGIN_DECLS

#define MG_TYPE_CAPTION (mg_caption_get_type())
G_DECLARE_FINAL_TYPE(MgCaption, mg_caption, MG, CAPTION, GtkWidget)

GtkWidget *mg_caption_new(MgSession *session);
void mg_caption_set_large(MgCaption *self, gboolean large);
/* Large, but in one line: a console beneath wants room. */
void mg_caption_set_brief(MgCaption *self, gboolean brief);

G_END_DECLS
