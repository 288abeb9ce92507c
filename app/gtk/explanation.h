/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explanation.h - the card that says what a field is, what it does and where that is written */
#pragma once

#include <gtk/gtk.h>

#include "session.h"

G_BEGIN_DECLS

#define MG_TYPE_EXPLANATION (mg_explanation_get_type())
G_DECLARE_FINAL_TYPE(MgExplanation, mg_explanation, MG, EXPLANATION, GtkBox)

GtkWidget *mg_explanation_new(void);
/* `tree` NULL hides the card; node MG_NODE_ROOT explains nothing. */
void mg_explanation_show(MgExplanation *self, const MgRegistry *registry, const MgTree *tree,
                         MgNode node);
/* For what has no bytes: a state, a note, something that somebody did. */
void mg_explanation_show_record(MgExplanation *self, const MgTrace *trace, uint32_t n);

G_END_DECLS
