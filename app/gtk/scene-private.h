/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scene-private.h - geometry that the scene's two files share */
#pragma once

#include "scene.h"

G_BEGIN_DECLS

#define MG_SCENE_PAD 12.0 /* between a region's edge and its cards */

/* Height of a region's title. */
static inline double mg_scene_title(gboolean large)
{
    return large ? 28 : 18;
}

typedef struct {
    double x, y;
} MgPoint;

typedef struct {
    MgPoint a, b, c; /* from, to, what pulls it aside */
} MgCurve;

MgPoint mg_scene_middle(const graphene_rect_t *card);
/* A link between two hosts, bent where a straight one would run through a third. */
const MgCurve *mg_geometry_link(const MgGeometry *geometry, size_t link);
/* The way over links, from edge to edge of the cards; owned by the geometry. */
const GArray *mg_geometry_way(MgGeometry *geometry, size_t from, size_t to);
/* Where the node of a lit way is kept; NULL in it when it is another way or colour than before. */
GskRenderNode **mg_geometry_lit(MgGeometry *geometry, MgHostId from, MgHostId to,
                                const GdkRGBA *color);
MgPoint mg_scene_along(const GArray *points, double progress);

G_END_DECLS
