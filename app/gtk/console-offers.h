/* SPDX-License-Identifier: GPL-3.0-or-later */
/* console-offers.h - what may be typed next at a console, and what it means
 *
 * No protocol is known here. Of a conversation, a word is offered where its dissector would find it
 * with a name: every word of the dissector's tables is tried after what stands there. Of what can
 * be done, the hosts' verbs and their usages say it. */
#pragma once

#include <gtk/gtk.h>

#include "session.h"

G_BEGIN_DECLS

typedef struct {
    char *text;  /* takes the place of the word that is being typed */
    char *about; /* (nullable) what it means, translated */
} MgOffer;

/* One line of a conversation that somebody types; made anew when anything was said in it. */
typedef struct MgTyping MgTyping;

/* As it stands on this flow, at the session's position, for this host. */
MgTyping *mg_typing_new(MgSession *session, MgFlowId flow, MgHostId host);
void mg_typing_free(MgTyping *typing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgTyping, mg_typing_free)

/* (transfer full) MgOffer, which fit the beginning of the last word; all, where it has not begun.
 * `start`: where in `text` that word begins. */
GPtrArray *mg_typing_offers(MgTyping *typing, const char *text, size_t *start);
/* The same for "alice talk smtp://mta.example.com": who, what, and the words after it. */
GPtrArray *mg_doing_offers(MgSession *session, const char *text, size_t *start);
/* (transfer full) (nullable) What could be written there, as an example: "alice talk URL". */
char *mg_doing_example(MgSession *session);

G_END_DECLS
