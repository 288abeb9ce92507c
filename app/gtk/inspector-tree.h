/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inspector-tree.h - the layers and fields of one exchange, as a list that opens
 *
 * Signal "picked" (uint node): a field was selected by a person. */
#pragma once

#include <gtk/gtk.h>

#include "session.h"

G_BEGIN_DECLS

#define MG_TYPE_INSPECTOR_TREE (mg_inspector_tree_get_type())
G_DECLARE_FINAL_TYPE(MgInspectorTree, mg_inspector_tree, MG, INSPECTOR_TREE, GtkWidget)

GtkWidget *mg_inspector_tree_new(void);
/* `tree` (transfer full) (nullable); `own` is the dissector whose layer is open at first. */
void mg_inspector_tree_set(MgInspectorTree *self, const MgRegistry *registry, MgTree *tree,
                           const MgDissector *own);
const MgTree *mg_inspector_tree_get(MgInspectorTree *self);
/* Opens what is above it and selects it. */
void mg_inspector_tree_select(MgInspectorTree *self, MgNode node);
MgNode mg_inspector_tree_selected(MgInspectorTree *self);
/* One line of a layer that is closed: "192.0.2.10 → 192.0.2.25". (transfer full) */
char *mg_inspector_tree_line(const MgTree *tree, MgNode node);

/* (nullable) Fields with these ids glow. Copied. */
void mg_inspector_tree_point(MgInspectorTree *self, const char *const *ids);

G_END_DECLS
