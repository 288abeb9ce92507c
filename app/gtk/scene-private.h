/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scene-private.h - geometry and brushes that the scene's files share */
#pragma once

#include "scene.h"
#include "theme.h"

G_BEGIN_DECLS

/* ---- geometry ---- */

typedef struct {
    double x, y;
} MgPoint;

typedef struct {
    MgPoint a, b, c; /* from, to, what pulls it aside */
} MgCurve;

typedef struct {
    const char *name, *color; /* a colour of mg_theme_color() */
    graphene_rect_t box;
    gboolean real;
} MgSceneRegion;

typedef struct {
    size_t a, b; /* hosts, from 0 */
    MgCurve curve;
} MgSceneLink;

struct MgGeometry {
    size_t n;         /* hosts */
    double scale;     /* of words, icons and gaps on the map */
    double name_size; /* of hosts' names, in pixels */
    char **names;     /* as they stand on the cards */
    graphene_rect_t *cards;
    const char **colors; /* of hosts: their region's */
    GArray *regions;     /* MgSceneRegion, in order of their first host */
    GArray *links;       /* MgSceneLink */
    GHashTable *ways;    /* from << 16 | to → GArray of MgPoint; made when first asked for */
    GskRenderNode *lit;  /* (nullable) the lit way, and whose it is: */
    MgHostId lit_from, lit_to;
    GdkRGBA lit_color;
};

/* scene-layout.c: from n and links to scale, cards, names, colours and regions. */
void mg_geometry_place(MgGeometry *geometry, const MgScene *scene);
MgPoint mg_scene_middle(const graphene_rect_t *card);
#define MG_SCENE_NAME  12.0 /* a host's name, in pixels at scale 1 */
#define MG_SCENE_TITLE 21.0 /* height of a region's title, at scale 1 */
#define MG_SCENE_PAD   9.0  /* between a region's edge and its cards */

/* The way over links, from edge to edge of the cards; owned by the geometry. */
const GArray *mg_geometry_way(MgGeometry *geometry, size_t from, size_t to);
/* How far a point is from it. */
double mg_curve_distance(const MgCurve *curve, double x, double y);
/* A quadratic curve, as cairo wants it: a cubic one. */
void mg_curve_path(cairo_t *cr, const MgCurve *curve);
double mg_scene_length(const GArray *points);
MgPoint mg_scene_along(const GArray *points, double progress);

/* ---- brushes ---- */

typedef struct {
    GtkSnapshot *snapshot;
    PangoContext *pango;
    const char *family;
} MgPaper;

typedef struct {
    double size; /* in pixels */
    gboolean bold, mono;
    GdkRGBA color;
    double width; /* of the room; 0: as wide as it is */
    gboolean middle;
} MgStyle;

MgPaper mg_paper_new(const MgScene *scene);
GskRenderNode *mg_paper_done(MgPaper *paper); /* (nullable) (transfer full) */
PangoLayout *mg_paper_lay(const MgPaper *paper, const char *text, const MgStyle *style);
void mg_paper_put_layout(const MgPaper *paper, PangoLayout *layout, double x, double y,
                         const GdkRGBA *color);
void mg_paper_put(const MgPaper *paper, const char *text, double x, double y, const MgStyle *style);
void mg_paper_round_box(cairo_t *cr, const graphene_rect_t *box, double radius);

/* scene-card.c */
void mg_paper_card(const MgPaper *paper, const MgScene *scene, MgHostId id,
                   const graphene_rect_t *card, const char *line);

G_END_DECLS
