/* SPDX-License-Identifier: GPL-3.0-or-later */
/* machine-view.h - the state machine of one engine, live, and what leads from state to state */
#pragma once

#include <gtk/gtk.h>

#include "machine.h"

G_BEGIN_DECLS

#define MG_TYPE_MACHINE_VIEW (mg_machine_view_get_type())
G_DECLARE_FINAL_TYPE(MgMachineView, mg_machine_view, MG, MACHINE_VIEW, GtkBox)

GtkWidget *mg_machine_view_new(void);
/* `kind` NULL: there is none, and it is hidden. `now` and `before` (nullable) are states of the
 * kind: where it is, whence it came. */
void mg_machine_view_show(MgMachineView *self, const MgRegistry *registry, const MgEngineKind *kind,
                          const char *now, const char *before);
/* What is told under the picture: "ready → mail: MAIL is accepted"; "" if nothing is. */
const char *mg_machine_view_told(MgMachineView *self);

G_END_DECLS
