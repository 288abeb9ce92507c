/* SPDX-License-Identifier: GPL-3.0-or-later */
/* foot.h - to start, back, play, step, speed, and the track with a tick for each event
 *
 * The buttons use the actions that mg_foot_install_actions() puts on a window: play, step, back,
 * step-answered, back-answered, start, end, speed-1 … speed-4, run-end, and step-size (a string
 * state: record, exchange, answered, flow, hop). */
#pragma once

#include <gtk/gtk.h>

#include "session.h"

G_BEGIN_DECLS

#define MG_TYPE_FOOT (mg_foot_get_type())
G_DECLARE_FINAL_TYPE(MgFoot, mg_foot, MG, FOOT, GtkWidget)

GtkWidget *mg_foot_new(MgSession *session);
void mg_foot_set_large(MgFoot *self, gboolean large);
/* Puts them for this session in place of those of another. */
void mg_foot_install_actions(GActionMap *map, MgSession *session);
/* FALSE for what leads forward while the eye is at the session's fence. */
gboolean mg_foot_can(MgSession *session, const char *name);

G_END_DECLS
