/* SPDX-License-Identifier: GPL-3.0-or-later */
/* real-panel.h - one host of a network meets a real server on this machine, in real time
 *
 * The same engines as in the simulation, over sockets; map, ladder and inspector look at the trace
 * as they do at any other. No socket is opened before somebody has seen what will be sent and where
 * to, and has pressed Send. */
#pragma once

#include <gtk/gtk.h>

#include "session.h"

G_BEGIN_DECLS

/* A session over a real server was made; nothing was sent yet. */
typedef void (*MgRealReady)(MgSession *session, const char *title, void *data);

/* Asks which server, on top of the session of a network; then `ready`, unless it is cancelled. */
void mg_real_panel_ask(GtkWindow *parent, MgSession *simulated, MgRealReady ready, void *data);
/* (nullable) (transfer full) The same without asking: `endpoint` is "127.0.0.1:2525". */
MgSession *mg_real_panel_connect(MgSession *simulated, const char *endpoint, GError **error);
bool mg_real_panel_has(MgSession *session); /* whether it is one over a real server */
/* (nullable) (transfer floating) The panel on the left of such a session. */
GtkWidget *mg_real_panel_of(MgSession *session);
/* Opens the sheet to write a mail that goes there. */
void mg_real_panel_write(MgSession *session, GtkWindow *parent);
/* Hands a letter over, as the sheet does. */
gboolean mg_real_panel_send(MgSession *session, const char *const *words, GBytes *letter,
                            GError **error);
/* What became of the last mail: "", or a sentence. Borrowed until the next. */
const char *mg_real_panel_outcome(MgSession *session);

G_END_DECLS
