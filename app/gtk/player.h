/* SPDX-License-Identifier: GPL-3.0-or-later */
/* player.h - a beat for each event: what moves a session's position while it plays
 *
 * One player a session, made when first asked for. It holds what is only for the eye: how fast, in
 * which steps, and how far the token of the record at the position has come. A view that draws the
 * token calls mg_player_tick() from its frame clock while mg_player_is_moving().
 *
 * Signal "changed": speed, step, view or movement; "moved": the token is elsewhere. */
#pragma once

#include <gtk/gtk.h>

#include "session.h"
#include "view.h"

G_BEGIN_DECLS

#define MG_TYPE_PLAYER (mg_player_get_type())
G_DECLARE_FINAL_TYPE(MgPlayer, mg_player, MG, PLAYER, GObject)

MgPlayer *mg_player_get(MgSession *session); /* (transfer none) lives as long as the session */

typedef enum { MG_SPEED_QUARTER, MG_SPEED_NORMAL, MG_SPEED_FOUR, MG_SPEED_MAX } MgSpeed;
MgSpeed mg_player_speed(MgPlayer *self);
void mg_player_set_speed(MgPlayer *self, MgSpeed speed);
MgStep mg_player_step(MgPlayer *self);
void mg_player_set_step(MgPlayer *self, MgStep step);
/* Steps leave out what this view hides. Setting it may move the position to what stands for it. */
MgView mg_player_view(MgPlayer *self);
void mg_player_set_view(MgPlayer *self, MgView view);

gboolean mg_player_is_moving(MgPlayer *self);
/* How far the token is on its way, 0 to 1; or MG_PLAYER_REST where the eye has jumped to (a step
 * back, a seek back, reduced motion in the desktop): it is shown, and does not move. */
#define MG_PLAYER_REST (-1.0)
double mg_player_progress(MgPlayer *self);
void mg_player_tick(MgPlayer *self, gint64 now);
/* Forward or back by the step that was chosen, or by another. */
void mg_player_go(MgPlayer *self, MgStep step, gboolean back);

G_END_DECLS
