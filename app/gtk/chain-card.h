/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chain-card.h - who vouches for whom: the certificates that a conversation has shown */
#pragma once

#include <gtk/gtk.h>

#include "session.h"

G_BEGIN_DECLS

#define MG_TYPE_CHAIN_CARD (mg_chain_card_get_type())
G_DECLARE_FINAL_TYPE(MgChainCard, mg_chain_card, MG, CHAIN_CARD, GtkBox)

GtkWidget *mg_chain_card_new(void);
/* Of the conversation that record `n` is of, up to it, as far as the session's view sees them;
 * hidden when there are none. */
void mg_chain_card_show(MgChainCard *self, MgSession *session, uint32_t n);

G_END_DECLS
