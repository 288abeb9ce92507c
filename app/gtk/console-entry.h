/* SPDX-License-Identifier: GPL-3.0-or-later */
/* console-entry.h - an entry in the wire's type that offers words and remembers lines
 *
 * Enter sends; Tab takes the word that is offered, or shows what may be written; Up and Down choose
 * among what is offered, else go through what was typed; Escape puts the offers away, and Tab
 * leaves then, as Shift+Tab always does.
 *
 * Signal "line" (const char *text): Enter. "changed" (inside: GtkEditable) as ever. */
#pragma once

#include "console-offers.h"

G_BEGIN_DECLS

#define MG_TYPE_CONSOLE_ENTRY (mg_console_entry_get_type())
G_DECLARE_FINAL_TYPE(MgConsoleEntry, mg_console_entry, MG, CONSOLE_ENTRY, GtkEntry)

GtkWidget *mg_console_entry_new(MgSession *session);
/* Whose line it is now, and on which flow; host 0: what can be done. */
void mg_console_entry_set_talk(MgConsoleEntry *self, MgHostId host, MgFlowId flow);
/* The line was taken: it is remembered, and another begins. */
void mg_console_entry_sent(MgConsoleEntry *self);
/* MgOffer, what was offered last; and whether it is seen. */
const GPtrArray *mg_console_entry_offers(MgConsoleEntry *self);
gboolean mg_console_entry_is_offering(MgConsoleEntry *self);

G_END_DECLS
