/* SPDX-License-Identifier: GPL-3.0-or-later */
/* start-card.h - one lesson or one network as a card; of the start page */
#pragma once

#include <gtk/gtk.h>

#include "progress.h"
#include "shelf.h"

G_BEGIN_DECLS

/* The folder that a card of a sound lesson or network opens is its data "path". */
#define MG_START_PATH "path"

/* (transfer floating) A label of the start page. */
GtkWidget *mg_start_line(const char *text, const char *class, int lines);

/* (transfer floating) A button; for a lesson with mistakes a box that says the first of them, with
 * a button for all. */
GtkWidget *mg_start_lesson_card(const MgShelfEntry *entry, MgProgressOf of);
/* (transfer floating) A button, with mistakes too: they are shown when it is opened. */
GtkWidget *mg_start_network_card(MgRegistry *registry, const char *path);

/* The large card on top: what to begin with, or to go on with. */
typedef struct {
    const MgShelfEntry *entry;
    const char *eyebrow, *button;
    char *title;
    MgProgressOf of;
} MgStartFirst;
/* (transfer floating) */
GtkWidget *mg_start_first_card(const MgStartFirst *first);

/* (transfer full) "step 4 of 9", "4 of 9 done", "done", "9 steps". */
char *mg_start_how_far(const MgLesson *lesson, MgProgressOf of);

G_END_DECLS
