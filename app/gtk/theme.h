/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theme.h - the colours of everything that is painted; names of protocols' colours come from their
 * dissectors */
#pragma once

#include <gtk/gtk.h>

#include "registry.h"

G_BEGIN_DECLS

typedef struct {
    GdkRGBA ground, dot;                  /* behind the map */
    GdkRGBA text, dim;                    /* words */
    GdkRGBA card, card_edge, card_chosen; /* hosts */
    GdkRGBA link;                         /* the wire */
    GdkRGBA accent;                       /* what is selected */
    GdkRGBA pill, pill_text, pill_dim;    /* the caption under the map */
} MgPalette;

const MgPalette *mg_palette(gboolean dark);
/* "blue", "violet", "orange", "green", "grey", "amber", "teal", "red"; grey for others and NULL. */
GdkRGBA mg_theme_color(const char *name, gboolean dark);
/* Of the dissector at this index of the registry; grey for 0. */
GdkRGBA mg_theme_dissector_color(const MgRegistry *registry, uint8_t dissector, gboolean dark);
GdkRGBA mg_theme_fade(GdkRGBA color, double alpha);
/* The desktop's choice now. */
gboolean mg_theme_is_dark(void);
/* Loads the style sheet and icons of the program for this display; once. */
void mg_theme_init(GdkDisplay *display);

G_END_DECLS
