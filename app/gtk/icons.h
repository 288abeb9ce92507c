/* SPDX-License-Identifier: GPL-3.0-or-later */
/* icons.h - the project's own drawings: hosts by kind, tokens by what they carry */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Draws the icon of a host kind ("mua", "mta", …; a plain box for others) into a square at x, y. */
void mg_icon_host(cairo_t *cr, const char *kind, double x, double y, double size,
                  const GdkRGBA *color);
/* What travels, around the middle x, y: its shape by kind; `left`: it goes to the left. */
typedef enum {
    MG_TOKEN_COMMAND,
    MG_TOKEN_REPLY,
    MG_TOKEN_QUERY,
    MG_TOKEN_ANSWER,
    MG_TOKEN_DATA,
    MG_TOKEN_PACKET
} MgToken;
void mg_icon_token(cairo_t *cr, MgToken token, double x, double y, double size,
                   const GdkRGBA *color, const GdkRGBA *ground, gboolean left);
/* The lock of a token that is encrypted. */
void mg_icon_lock(cairo_t *cr, double x, double y, double size, const GdkRGBA *color,
                  const GdkRGBA *ground);

G_END_DECLS
