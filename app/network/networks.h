/* SPDX-License-Identifier: GPL-3.0-or-later */
/* networks.h - where networks are: shipped ones, the user's, those opened lately */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* (transfer full) (element-type filename) Folders with a network.ini, in order of their names. */
GPtrArray *mg_networks_shipped(void);
/* (transfer full) A path as it is, or the shipped network of this name; NULL if there is none. */
char *mg_networks_find(const char *name);
/* (transfer full) (element-type filename) Lately opened first; those that are gone are left out. */
GPtrArray *mg_networks_recent(void);
void mg_networks_opened(const char *path);

G_END_DECLS
