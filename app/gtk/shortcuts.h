/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shortcuts.h - the keys: one table for what they do, and for the window that shows them */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef struct {
    const char *group; /* N_() */
    const char *accelerator;
    const char *action; /* "win.play" */
    const char *title;  /* N_() */
    gboolean plain;     /* without Ctrl: not while somebody writes */
} MgShortcut;           /* the table ends with {0} */
extern const MgShortcut mg_shortcuts[];

/* Makes the keys work in this window, before the widget that has the keyboard sees them. */
void mg_shortcuts_install(GtkWindow *window);
/* The same in a window beside it, which is gone before it: its keys do what they do in `target`. */
void mg_shortcuts_install_for(GtkWindow *window, GtkWindow *target);
/* (transfer full) The window with all keys. */
GtkWidget *mg_shortcuts_window_new(void);

G_END_DECLS
