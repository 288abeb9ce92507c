/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track.h - the whole run as a line: where the eye is, and a tick for each event in its protocol's
 * colour */
#pragma once

#include <gtk/gtk.h>

#include "session.h"

G_BEGIN_DECLS

#define MG_TYPE_TRACK (mg_track_get_type())
G_DECLARE_FINAL_TYPE(MgTrack, mg_track, MG, TRACK, GtkWidget)

GtkWidget *mg_track_new(MgSession *session);

G_END_DECLS
