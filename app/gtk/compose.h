/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compose.h - the sheet to write a mail on, which then goes its way from the position on */
#pragma once

#include <gtk/gtk.h>

#include "session.h"

G_BEGIN_DECLS

/* Sends it somewhere else than into the session (a real server): FALSE with an error shown in the
 * sheet. `host` can "send"; `words` is what follows the verb and its FILE: {"to", address, …}. */
typedef gboolean (*MgComposeSend)(const char *host, const char *const *words, GBytes *letter,
                                  gpointer data, GError **error);

/* `send` (nullable): into the session, at its position; then it plays. */
void mg_compose_present(GtkWindow *parent, MgSession *session, MgComposeSend send, gpointer data);
/* Whether a host of the session's network can send. */
gboolean mg_compose_is_possible(MgSession *session);

G_END_DECLS
