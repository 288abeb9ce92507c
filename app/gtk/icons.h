/* SPDX-License-Identifier: GPL-3.0-or-later */
/* icons.h - the project's own drawings, icons/NAME.svg
 *
 * Painted as shapes, so that they stay sharp at any size and in files, and need neither a display
 * nor a loader of pictures. Black in a file stands for the colour that is asked for, white for the
 * ground. */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef struct {
    const char *name; /* "host-mua", "token-command", "lock" */
    double x, y, size;
    GdkRGBA color, ground;
    gboolean left; /* as in a mirror */
} MgIcon;

/* Into a square at x, y. Nothing if there is no such drawing. */
void mg_icon_paint(cairo_t *cr, const MgIcon *icon);
/* A path around a box, `r` round at its corners. */
void mg_icon_round_box(cairo_t *cr, const graphene_rect_t *box, double r);
gboolean mg_icon_exists(const char *name);

/* (transfer full) For buttons: takes the colour of the words beside it. */
#define MG_TYPE_ICON_PAINTABLE (mg_icon_paintable_get_type())
G_DECLARE_FINAL_TYPE(MgIconPaintable, mg_icon_paintable, MG, ICON_PAINTABLE, GObject)
GdkPaintable *mg_icon_paintable_new(const char *name);

G_END_DECLS
