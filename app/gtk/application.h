/* SPDX-License-Identifier: GPL-3.0-or-later */
/* application.h - org.mailglass.Mailglass: what the command line asks for, and its windows */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define MG_TYPE_APPLICATION (mg_application_get_type())
G_DECLARE_FINAL_TYPE(MgApplication, mg_application, MG, APPLICATION, AdwApplication)

/* mailglass-window [NETWORK] [--seed N] [--at N] [--lesson NAME] [--step K] [--language ko]
 * [--start-page] [--presentation] [--size 1280x800] [--action win.NAME] [--screenshot FILE.png] */
MgApplication *mg_application_new(void);

G_END_DECLS
