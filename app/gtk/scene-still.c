/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scene-still.c - what lies under hosts and tokens: ground, regions, links */
#include "scene-private.h"
#include "words.h"

#define DOT_STEP   24
#define HATCH_STEP 9.0

static void paint_ground(cairo_t *cr, const MgScene *scene, const MgPalette *palette)
{
    gdk_cairo_set_source_rgba(cr, &palette->ground);
    cairo_paint(cr);
    gdk_cairo_set_source_rgba(cr, &palette->dot);
    for (int y = DOT_STEP / 2; y < scene->height; y += DOT_STEP)
        for (int x = DOT_STEP / 2; x < scene->width; x += DOT_STEP)
            cairo_rectangle(cr, x, y, 1.5, 1.5);
    cairo_fill(cr);
}

/* The ground of a region whose hosts are real. */
static void hatch(cairo_t *cr, const MgSceneRegion *region, const GdkRGBA *color)
{
    const graphene_rect_t *box = &region->box;
    cairo_save(cr);
    mg_paper_round_box(cr, box, 14);
    cairo_clip(cr);
    cairo_set_line_width(cr, 1.5);
    gdk_cairo_set_source_rgba(cr, color);
    double top = box->origin.y, height = box->size.height;
    for (int i = 0; i * HATCH_STEP < box->size.width + height; i++) {
        double x = box->origin.x - height + i * HATCH_STEP;
        cairo_move_to(cr, x, top + height);
        cairo_line_to(cr, x + height, top);
    }
    cairo_stroke(cr);
    cairo_restore(cr);
}

static double ground_alpha(gboolean dark)
{
    return dark ? 0.10 : 0.075;
}

static void paint_region(cairo_t *cr, const MgSceneRegion *region, gboolean dark)
{
    static const double dashes[] = {7, 5};
    GdkRGBA color = mg_theme_color(region->color, dark);
    GdkRGBA ground = mg_theme_fade(color, ground_alpha(dark));
    GdkRGBA edge = mg_theme_fade(color, region->real ? 0.9 : dark ? 0.36 : 0.28);
    mg_paper_round_box(cr, &region->box, 14);
    gdk_cairo_set_source_rgba(cr, &ground);
    cairo_fill(cr);
    if (region->real)
        hatch(cr, region, &ground);
    mg_paper_round_box(cr, &region->box, 14);
    gdk_cairo_set_source_rgba(cr, &edge);
    cairo_set_line_width(cr, region->real ? 2 : 1);
    if (region->real)
        cairo_set_dash(cr, dashes, 2, 0);
    cairo_stroke(cr);
    cairo_set_dash(cr, NULL, 0, 0);
}

void mg_curve_path(cairo_t *cr, const MgCurve *curve)
{
    cairo_move_to(cr, curve->a.x, curve->a.y);
    cairo_curve_to(cr, curve->a.x + (curve->c.x - curve->a.x) * 2 / 3,
                   curve->a.y + (curve->c.y - curve->a.y) * 2 / 3,
                   curve->b.x + (curve->c.x - curve->b.x) * 2 / 3,
                   curve->b.y + (curve->c.y - curve->b.y) * 2 / 3, curve->b.x, curve->b.y);
}

static void paint_links(cairo_t *cr, const MgScene *scene, const MgPalette *palette)
{
    const GArray *links = scene->geometry->links;
    cairo_set_line_width(cr, scene->large ? 2.5 : 1.8);
    gdk_cairo_set_source_rgba(cr, &palette->link);
    for (guint i = 0; i < links->len; i++) {
        const MgCurve *curve = &g_array_index(links, MgSceneLink, i).curve;
        mg_curve_path(cr, curve);
    }
    cairo_stroke(cr);
}

/* Links run under a title: it stands on a piece of its region's ground. */
static void put_title(const MgPaper *paper, const MgScene *scene, const MgSceneRegion *region)
{
    double scale = scene->geometry->scale;
    const char *text = mg_scene_is_names(region->name) ? _("The Domain Name System") : region->name;
    GdkRGBA color = mg_theme_color(region->color, scene->dark);
    MgStyle style = {
        .size = 12.5 * scale, .bold = TRUE, .color = color, .width = region->box.size.width - 26};
    g_autoptr(PangoLayout) layout = mg_paper_lay(paper, text, &style);
    PangoRectangle ink;
    pango_layout_get_pixel_extents(layout, NULL, &ink);
    double x = region->box.origin.x + 13, y = region->box.origin.y + 6 * scale;
    graphene_rect_t under =
        GRAPHENE_RECT_INIT((float)x - 4, (float)y - 1, (float)ink.width + 8, (float)ink.height + 2);
    if (!region->real) {
        GdkRGBA tint = mg_theme_fade(color, ground_alpha(scene->dark));
        gtk_snapshot_append_color(paper->snapshot, &mg_palette(scene->dark)->ground, &under);
        gtk_snapshot_append_color(paper->snapshot, &tint, &under);
    }
    mg_paper_put_layout(paper, layout, x, y, &color);
}

GskRenderNode *mg_scene_still(const MgScene *scene)
{
    const MgPalette *palette = mg_palette(scene->dark);
    const GArray *regions = scene->geometry->regions;
    MgPaper paper = mg_paper_new(scene);
    cairo_t *cr = gtk_snapshot_append_cairo(
        paper.snapshot, &GRAPHENE_RECT_INIT(0, 0, (float)scene->width, (float)scene->height));
    paint_ground(cr, scene, palette);
    for (guint i = 0; i < regions->len; i++)
        paint_region(cr, &g_array_index(regions, MgSceneRegion, i), scene->dark);
    paint_links(cr, scene, palette);
    cairo_destroy(cr);
    for (guint i = 0; i < regions->len; i++)
        put_title(&paper, scene, &g_array_index(regions, MgSceneRegion, i));
    return mg_paper_done(&paper);
}
