/* SPDX-License-Identifier: GPL-3.0-or-later */
/* console-view.h - a prompt for a person who drives a host by hand
 *
 * It is seen while somebody's console waits for a line at the session's position, and when it was
 * opened. Beside the consoles that wait, "…" takes what can be done: "alice talk smtp://…".
 *
 * Signal "typed" (const char *line): it was done, as mg_session_intervene() has it. Signal "grows":
 * it is about to be seen, or not, or to have another height. */
#pragma once

#include <gtk/gtk.h>

#include "session.h"

G_BEGIN_DECLS

#define MG_TYPE_CONSOLE_VIEW (mg_console_view_get_type())
G_DECLARE_FINAL_TYPE(MgConsoleView, mg_console_view, MG, CONSOLE_VIEW, GtkWidget)

GtkWidget *mg_console_view_new(MgSession *session);
/* Who does the lines; mg_session_intervene() where nobody was set. */
typedef gboolean (*MgConsoleDoer)(const char *line, GError **error, gpointer data);
void mg_console_view_set_doer(MgConsoleView *self, MgConsoleDoer doer, gpointer data);
/* Seen also when nobody waits. */
void mg_console_view_set_open(MgConsoleView *self, gboolean open);
gboolean mg_console_view_is_open(MgConsoleView *self);
void mg_console_view_focus(MgConsoleView *self);
void mg_console_view_set_large(MgConsoleView *self, gboolean large);
/* What the prompt says now: "alice → mta.example.com:25 >". */
const char *mg_console_view_prompt(MgConsoleView *self);

G_END_DECLS
