/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scene-paper.c - words and boxes for the painters of the scene */
#include <math.h>

#include "icons.h"
#include "scene-private.h"

MgPaper mg_paper_new(const MgScene *scene)
{
    return (MgPaper){gtk_snapshot_new(),
                     pango_font_map_create_context(pango_cairo_font_map_get_default()),
                     scene->font != NULL ? scene->font : "Sans"};
}

GskRenderNode *mg_paper_done(MgPaper *paper)
{
    g_clear_object(&paper->pango);
    return gtk_snapshot_free_to_node(g_steal_pointer(&paper->snapshot));
}

PangoLayout *mg_paper_lay(const MgPaper *paper, const char *text, const MgStyle *style)
{
    PangoLayout *layout = pango_layout_new(paper->pango);
    PangoFontDescription *font = pango_font_description_new();
    pango_font_description_set_family(font, style->mono ? "Monospace" : paper->family);
    pango_font_description_set_weight(font, style->bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_font_description_set_absolute_size(font, style->size * PANGO_SCALE);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    pango_layout_set_text(layout, text, -1);
    pango_layout_set_single_paragraph_mode(layout, TRUE);
    if (style->width > 0) {
        pango_layout_set_width(layout, (int)(style->width * PANGO_SCALE));
        pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
        pango_layout_set_alignment(layout, style->middle ? PANGO_ALIGN_CENTER : PANGO_ALIGN_LEFT);
    }
    return layout;
}

void mg_paper_put_layout(const MgPaper *paper, PangoLayout *layout, double x, double y,
                         const GdkRGBA *color)
{
    gtk_snapshot_save(paper->snapshot);
    gtk_snapshot_translate(paper->snapshot, &GRAPHENE_POINT_INIT((float)round(x), (float)round(y)));
    gtk_snapshot_append_layout(paper->snapshot, layout, color);
    gtk_snapshot_restore(paper->snapshot);
}

void mg_paper_put(const MgPaper *paper, const char *text, double x, double y, const MgStyle *style)
{
    g_autoptr(PangoLayout) layout = mg_paper_lay(paper, text, style);
    mg_paper_put_layout(paper, layout, x, y, &style->color);
}

void mg_paper_round_box(cairo_t *cr, const graphene_rect_t *box, double r)
{
    graphene_rect_t inner = *box; /* lines lie in the middle of pixels */
    graphene_rect_inset(&inner, 0.5F, 0.5F);
    mg_icon_round_box(cr, &inner, r);
}
