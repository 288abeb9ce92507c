/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ladder-model.h - the rows of the ladder up to the session's position, as a list model
 *
 * Row objects are made when a row is looked at; the model holds numbers only. */
#pragma once

#include <gio/gio.h>

#include "ladder-index.h"
#include "session.h"

G_BEGIN_DECLS

/* A row: the number of its record. */
#define MG_TYPE_LADDER_ROW (mg_ladder_row_get_type())
G_DECLARE_FINAL_TYPE(MgLadderRow, mg_ladder_row, MG, LADDER_ROW, GObject)
uint32_t mg_ladder_row_record(MgLadderRow *row);

#define MG_TYPE_LADDER_MODEL (mg_ladder_model_get_type())
G_DECLARE_FINAL_TYPE(MgLadderModel, mg_ladder_model, MG, LADDER_MODEL, GObject)

/* Signal "changed": lifelines or folds may be others now. */
MgLadderModel *mg_ladder_model_new(MgSession *session);
MgSession *mg_ladder_model_session(MgLadderModel *self);
MgLadderIndex *mg_ladder_model_index(MgLadderModel *self);
/* "" shows all. On error (MG_ERROR_FILTER) nothing changes. */
bool mg_ladder_model_set_filter(MgLadderModel *self, const char *text, GError **error);
/* Opens or closes the fold of this record. */
void mg_ladder_model_toggle(MgLadderModel *self, uint32_t n);
/* Opens the fold that hides this record, if one does. */
void mg_ladder_model_reveal(MgLadderModel *self, uint32_t n);

G_END_DECLS
