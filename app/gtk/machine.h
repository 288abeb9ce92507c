/* SPDX-License-Identifier: GPL-3.0-or-later */
/* machine.h - an engine's state machine as a picture: from its kind's table to a render node
 *
 * Plain functions; nothing is kept. States lie in rows by their distance from the first one. */
#pragma once

#include <gtk/gtk.h>

#include "registry.h"

G_BEGIN_DECLS

typedef struct {
    const MgRegistry *registry;
    const MgTransition *rows;   /* of the kind; ends with {0} */
    const char *now;            /* (nullable) the state that it is in */
    const MgTransition *taken;  /* (nullable) what led there just now: it glows */
    const MgTransition *chosen; /* (nullable) what somebody looks at */
    double width;
    gboolean dark;
    const char *font; /* (nullable) family of words */
} MgMachine;

/* The row that leads from here to there; NULL if the table has none. */
const MgTransition *mg_machine_find(const MgTransition *rows, const char *from, const char *to);
double mg_machine_height(const MgMachine *machine);
/* (nullable) (transfer full) */
GskRenderNode *mg_machine_paint(const MgMachine *machine);
/* (nullable) The row whose arrow, or whose state that it leads to, is under this point. */
const MgTransition *mg_machine_hit(const MgMachine *machine, double x, double y);
/* (transfer full) "ready → mail: MAIL is accepted". */
char *mg_machine_words(const MgRegistry *registry, const MgTransition *row);

G_END_DECLS
