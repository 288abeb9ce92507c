/* SPDX-License-Identifier: GPL-3.0-or-later */
/* icons.c - drawn in a square of 16 units, with lines of 1.3 */
#include "icons.h"

#include <math.h>
#include <string.h>

typedef void (*Draw)(cairo_t *cr);

static void box(cairo_t *cr, double x, double y, double w, double h, double r)
{
    cairo_new_sub_path(cr);
    cairo_arc(cr, x + w - r, y + r, r, -G_PI / 2, 0);
    cairo_arc(cr, x + w - r, y + h - r, r, 0, G_PI / 2);
    cairo_arc(cr, x + r, y + h - r, r, G_PI / 2, G_PI);
    cairo_arc(cr, x + r, y + r, r, G_PI, 3 * G_PI / 2);
    cairo_close_path(cr);
}

static void line(cairo_t *cr, double x1, double y1, double x2, double y2)
{
    cairo_move_to(cr, x1, y1);
    cairo_line_to(cr, x2, y2);
}

static void circle(cairo_t *cr, double x, double y, double r)
{
    cairo_new_sub_path(cr);
    cairo_arc(cr, x, y, r, 0, 2 * G_PI);
}

/* A screen with a flap on it: somebody reads mail here. */
static void draw_mua(cairo_t *cr)
{
    box(cr, 1, 1.5, 14, 10, 1.5);
    line(cr, 5, 14.5, 11, 14.5);
    line(cr, 8, 11.5, 8, 14.5);
    cairo_move_to(cr, 5, 5);
    cairo_line_to(cr, 8, 7.6);
    cairo_line_to(cr, 11, 5);
    cairo_stroke(cr);
}

/* Two machines in a rack. */
static void draw_mta(cairo_t *cr)
{
    box(cr, 1, 1.5, 14, 5.5, 1.4);
    box(cr, 1, 9, 14, 5.5, 1.4);
    line(cr, 8, 4.25, 12, 4.25);
    line(cr, 8, 11.75, 12, 11.75);
    cairo_stroke(cr);
    circle(cr, 4, 4.25, 0.9);
    circle(cr, 4, 11.75, 0.9);
    cairo_fill(cr);
}

/* A mailbox with its flag. */
static void draw_mda(cairo_t *cr)
{
    cairo_move_to(cr, 1, 13);
    cairo_line_to(cr, 1, 7.5);
    cairo_arc(cr, 4.5, 7.5, 3.5, G_PI, 2 * G_PI);
    cairo_line_to(cr, 8, 13);
    cairo_close_path(cr);
    cairo_move_to(cr, 4.5, 4);
    cairo_line_to(cr, 11.5, 4);
    cairo_arc(cr, 11.5, 7.5, 3.5, -G_PI / 2, 0);
    cairo_line_to(cr, 15, 13);
    cairo_line_to(cr, 8, 13);
    line(cr, 3, 8, 6, 8);
    line(cr, 11.5, 4, 11.5, 1.2);
    line(cr, 11.5, 1.4, 13.6, 1.4);
    cairo_stroke(cr);
}

static void draw_resolver(cairo_t *cr)
{
    circle(cr, 6.5, 6.5, 5);
    line(cr, 10.3, 10.3, 14.6, 14.6);
    cairo_stroke(cr);
}

/* The whole world: who knows the top of the tree. */
static void draw_root(cairo_t *cr)
{
    circle(cr, 8, 8, 6.6);
    line(cr, 1.4, 8, 14.6, 8);
    cairo_stroke(cr);
    cairo_save(cr);
    cairo_translate(cr, 8, 8);
    cairo_scale(cr, 0.45, 1);
    circle(cr, 0, 0, 6.6);
    cairo_restore(cr);
    cairo_stroke(cr);
}

/* An open book: who looks names up in its zone. */
static void draw_nameserver(cairo_t *cr)
{
    cairo_move_to(cr, 8, 4);
    cairo_curve_to(cr, 6, 2, 3, 2, 1, 2.6);
    cairo_line_to(cr, 1, 13);
    cairo_curve_to(cr, 3, 12.4, 6, 12.4, 8, 14.2);
    cairo_curve_to(cr, 10, 12.4, 13, 12.4, 15, 13);
    cairo_line_to(cr, 15, 2.6);
    cairo_curve_to(cr, 13, 2, 10, 2, 8, 4);
    cairo_line_to(cr, 8, 14.2);
    cairo_stroke(cr);
}

static void draw_attacker(cairo_t *cr)
{
    cairo_move_to(cr, 1, 7);
    cairo_line_to(cr, 15, 7);
    cairo_move_to(cr, 4, 7);
    cairo_line_to(cr, 5, 2);
    cairo_line_to(cr, 11, 2);
    cairo_line_to(cr, 12, 7);
    circle(cr, 4.8, 11.5, 2.4);
    circle(cr, 11.2, 11.5, 2.4);
    line(cr, 7.2, 11, 8.8, 11);
    cairo_stroke(cr);
}

static void draw_other(cairo_t *cr)
{
    box(cr, 2, 2, 12, 12, 2);
    cairo_stroke(cr);
}

static const struct {
    const char *kind;
    Draw draw;
} hosts[] = {{"mua", draw_mua},           {"mta", draw_mta},   {"mda", draw_mda},
             {"resolver", draw_resolver}, {"root", draw_root}, {"nameserver", draw_nameserver},
             {"attacker", draw_attacker}, {NULL, draw_other}};

void mg_icon_host(cairo_t *cr, const char *kind, double x, double y, double size,
                  const GdkRGBA *color)
{
    size_t i = 0;
    while (hosts[i].kind != NULL && g_strcmp0(hosts[i].kind, kind) != 0)
        i++;
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_scale(cr, size / 16, size / 16);
    cairo_set_line_width(cr, 1.3);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    gdk_cairo_set_source_rgba(cr, color);
    hosts[i].draw(cr);
    cairo_restore(cr);
}

/* ---- tokens: around 0, 0; 16 units wide ---- */

static void fill_and_edge(cairo_t *cr, const GdkRGBA *color, const GdkRGBA *ground)
{
    gdk_cairo_set_source_rgba(cr, ground);
    cairo_fill_preserve(cr);
    gdk_cairo_set_source_rgba(cr, color);
    cairo_stroke(cr);
}

static void draw_envelope(cairo_t *cr, const GdkRGBA *color, const GdkRGBA *ground)
{
    box(cr, -8, -5.6, 16, 11.2, 1.6);
    fill_and_edge(cr, color, ground);
    cairo_move_to(cr, -7.4, -4.6);
    cairo_line_to(cr, 0, 1.2);
    cairo_line_to(cr, 7.4, -4.6);
    cairo_stroke(cr);
}

/* A tag that points where it goes; a reply is a full one. */
static void draw_tag(cairo_t *cr, const GdkRGBA *color, const GdkRGBA *ground, gboolean left,
                     gboolean full)
{
    cairo_save(cr);
    if (left)
        cairo_scale(cr, -1, 1);
    cairo_move_to(cr, -7, -4.6);
    cairo_line_to(cr, 3, -4.6);
    cairo_line_to(cr, 7.6, 0);
    cairo_line_to(cr, 3, 4.6);
    cairo_line_to(cr, -7, 4.6);
    cairo_close_path(cr);
    fill_and_edge(cr, color, full ? color : ground);
    gdk_cairo_set_source_rgba(cr, full ? ground : color);
    line(cr, -4, -1.4, 2.4, -1.4);
    line(cr, -4, 1.6, 0.4, 1.6);
    cairo_stroke(cr);
    cairo_restore(cr);
}

static void draw_mark(cairo_t *cr, const GdkRGBA *color, const GdkRGBA *ground, const char *mark)
{
    circle(cr, 0, 0, 6.8);
    fill_and_edge(cr, color, ground);
    cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD);
    cairo_set_font_size(cr, 9.5);
    cairo_text_extents_t size;
    cairo_text_extents(cr, mark, &size);
    cairo_move_to(cr, -size.width / 2 - size.x_bearing, -size.height / 2 - size.y_bearing);
    cairo_show_text(cr, mark);
}

static void draw_lock(cairo_t *cr, const GdkRGBA *color, const GdkRGBA *ground)
{
    cairo_save(cr);
    cairo_translate(cr, 6.5, 4.5);
    circle(cr, 0, 0, 4.6);
    gdk_cairo_set_source_rgba(cr, ground);
    cairo_fill(cr);
    gdk_cairo_set_source_rgba(cr, color);
    box(cr, -2.4, -0.6, 4.8, 3.6, 0.8);
    cairo_fill(cr);
    cairo_arc(cr, 0, -0.8, 1.5, G_PI, 2 * G_PI);
    cairo_stroke(cr);
    cairo_restore(cr);
}

void mg_icon_token(cairo_t *cr, MgToken token, double x, double y, double size,
                   const GdkRGBA *color, const GdkRGBA *ground, gboolean left)
{
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_scale(cr, size / 16, size / 16);
    cairo_set_line_width(cr, 1.3);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    switch (token) {
    case MG_TOKEN_DATA:
        draw_envelope(cr, color, ground);
        break;
    case MG_TOKEN_COMMAND:
    case MG_TOKEN_REPLY:
        draw_tag(cr, color, ground, left, token == MG_TOKEN_REPLY);
        break;
    case MG_TOKEN_QUERY:
    case MG_TOKEN_ANSWER:
        draw_mark(cr, color, ground, token == MG_TOKEN_QUERY ? "?" : "!");
        break;
    case MG_TOKEN_PACKET:
        circle(cr, 0, 0, 4);
        fill_and_edge(cr, color, ground);
        break;
    }
    cairo_restore(cr);
}

void mg_icon_lock(cairo_t *cr, double x, double y, double size, const GdkRGBA *color,
                  const GdkRGBA *ground)
{
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_scale(cr, size / 16, size / 16);
    cairo_set_line_width(cr, 1.3);
    draw_lock(cr, color, ground);
    cairo_restore(cr);
}
