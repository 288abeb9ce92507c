/* SPDX-License-Identifier: GPL-3.0-or-later */
/* faults.h - the sheet where a network is changed while it runs: hosts, links, settings */
#pragma once

#include "window.h"

G_BEGIN_DECLS

/* Adds win.faults, which begins with the host of what is selected, and win.faults-of, which begins
 * with the host or the two ends of a link that are named. */
void mg_faults_add_actions(MgWindow *window);
/* The window shows something else. */
void mg_faults_update(MgWindow *window, gboolean here);

G_END_DECLS
