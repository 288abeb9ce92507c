/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scene.c - what moves on the map: tokens, what is said, the way that is lit */
#include "scene.h"

#include <math.h>

#include "icons.h"
#include "scene-private.h"
#include "words.h"

#define BUBBLE_CHARS 24
#define TOKEN        38.0  /* at scale 1 */
#define TIP          9.0   /* of a bubble, at least */
#define TOKEN_SMALL  22.0  /* of what else is on its way */
#define LOCK         20.0  /* on a way that is encrypted */
#define LOCKS_BACK   1000u /* records: how far back a conversation was heard that is still open */
#define OTHERS_BACK  400u  /* records: how far back something may have set out that still travels */

static const char *const tokens[] = {
    [MG_UNIT_COMMAND] = "token-command", [MG_UNIT_REPLY] = "token-reply",
    [MG_UNIT_QUERY] = "token-query",     [MG_UNIT_ANSWER] = "token-answer",
    [MG_UNIT_DATA] = "token-data",       [MG_UNIT_NOTE] = "token-packet"};

gboolean mg_scene_is_names(const char *region)
{
    return region != NULL && g_ascii_strcasecmp(region, "dns") == 0;
}

gboolean mg_scene_travels(const MgRecord *record)
{
    return record->kind == MG_RECORD_EXCHANGE && record->from != 0 && record->to != 0 &&
           record->from != record->to;
}

/* It travels, between hosts that the geometry knows. */
static gboolean is_drawn(const MgScene *scene, const MgRecord *record)
{
    return mg_scene_travels(record) && record->from <= scene->geometry->n &&
           record->to <= scene->geometry->n;
}

static GdkRGBA color_of(const MgScene *scene, const MgRecord *record)
{
    if ((record->flags & MG_RECORD_LOST) != 0)
        return mg_theme_color("red", scene->dark);
    return mg_theme_dissector_color(mg_session_registry(scene->session), record->dissector,
                                    scene->dark);
}

/* ---- tokens ---- */

static GdkTexture *draw_token(const char *name, gboolean left, gboolean locked, int size,
                              const GdkRGBA *color, const GdkRGBA *ground)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, size, size);
    cairo_t *cr = cairo_create(surface);
    MgIcon icon = {name, 0, 0, size, *color, *ground, left};
    mg_icon_paint(cr, &icon);
    icon.name = "lock";
    icon.left = FALSE;
    if (locked)
        mg_icon_paint(cr, &icon);
    cairo_destroy(cr);
    cairo_surface_flush(surface);
    gsize stride = (gsize)cairo_image_surface_get_stride(surface);
    g_autoptr(GBytes) bytes =
        g_bytes_new_with_free_func(cairo_image_surface_get_data(surface), stride * (gsize)size,
                                   (GDestroyNotify)cairo_surface_destroy, surface);
    return gdk_memory_texture_new(size, size, GDK_MEMORY_DEFAULT, bytes, stride);
}

/* One small texture a kind of token, size and colour: a frame with many of them only copies. Only
 * a command and a reply point anywhere. */
static GdkTexture *token_texture(const MgRecord *record, gboolean left, int size, gboolean dark,
                                 const GdkRGBA *color)
{
    static GHashTable *textures;
    unsigned unit = record->unit < G_N_ELEMENTS(tokens) && tokens[record->unit] != NULL
                        ? record->unit
                        : MG_UNIT_NOTE;
    gboolean locked = (record->flags & MG_RECORD_ENCRYPTED) != 0;
    left = left && (unit == MG_UNIT_COMMAND || unit == MG_UNIT_REPLY);
    unsigned hue = (unsigned)(color->red * 15) << 8 | (unsigned)(color->green * 15) << 4 |
                   (unsigned)(color->blue * 15);
    guint key = hue << 16 | (guint)MIN(size, 255) << 8 | unit << 4 | (unsigned)left << 3 |
                (unsigned)locked << 2 | (unsigned)dark << 1 | 1u;
    if (textures == NULL)
        textures = g_hash_table_new_full(NULL, NULL, NULL, g_object_unref);
    GdkTexture *texture = g_hash_table_lookup(textures, GUINT_TO_POINTER(key));
    if (texture == NULL) {
        texture = draw_token(tokens[unit], left, locked, size, color, &mg_palette(dark)->card);
        g_hash_table_insert(textures, GUINT_TO_POINTER(key), texture);
    }
    return texture;
}

/* The middle of a token of this size: it sets out beside the one card and stops beside the other.
 */
static MgPoint token_at(const MgScene *scene, const MgRecord *record, double progress, double size)
{
    const GArray *way = mg_geometry_way(scene->geometry, record->from - 1u, record->to - 1u);
    double length = mg_scene_length(way);
    double aside = length > 0 ? MIN(size / 2 / length, 0.5) : 0;
    return mg_scene_along(way, aside + progress * (1 - 2 * aside));
}

static gboolean is_covered(const MgGeometry *geometry, MgPoint at, double radius)
{
    for (size_t i = 0; i < geometry->n; i++) {
        graphene_rect_t wide = geometry->cards[i];
        graphene_rect_inset(&wide, (float)-radius, (float)-radius);
        if (graphene_rect_contains_point(&wide, &GRAPHENE_POINT_INIT((float)at.x, (float)at.y)))
            return TRUE;
    }
    return FALSE;
}

/* How far the token of this record is. What is lost gets half of the way; one that rests stands as
 * near to the middle as no card is in its way. */
static double progress_of(const MgScene *scene, const MgRecord *record)
{
    if (scene->progress >= 0)
        return (record->flags & MG_RECORD_LOST) != 0 ? MIN(scene->progress, 0.5) : scene->progress;
    double size = TOKEN * scene->geometry->scale;
    for (int step = 0; step < 10; step++) {
        double aside = step * 0.05;
        if (!is_covered(scene->geometry, token_at(scene, record, 0.5 - aside, size), size / 2))
            return 0.5 - aside;
        if (!is_covered(scene->geometry, token_at(scene, record, 0.5 + aside, size), size / 2))
            return 0.5 + aside;
    }
    return 0.5;
}

static MgPoint put_token(const MgPaper *paper, const MgScene *scene, const MgRecord *record,
                         double progress, double side)
{
    int size = (int)round(side);
    GdkRGBA color = color_of(scene, record);
    MgPoint at = token_at(scene, record, progress, size);
    const graphene_rect_t *cards = scene->geometry->cards;
    gboolean left = cards[record->to - 1].origin.x < cards[record->from - 1].origin.x;
    GdkTexture *texture = token_texture(record, left, size, scene->dark, &color);
    gtk_snapshot_append_texture(paper->snapshot, texture,
                                &GRAPHENE_RECT_INIT((float)round(at.x - size / 2.0),
                                                    (float)round(at.y - size / 2.0), (float)size,
                                                    (float)size));
    return at;
}

/* What else is on its way while the record at the position is: smaller, without words. */
static void paint_others(const MgPaper *paper, const MgScene *scene, uint32_t n)
{
    const MgTrace *trace = mg_session_trace(scene->session);
    const MgRecord *here = mg_trace_record(trace, n);
    MgTime now = here->at;
    if (here->until != MG_TIME_NEVER)
        now += (MgTime)((double)(here->until - here->at) *
                        (scene->progress < 0 ? 0.5 : scene->progress));
    for (uint32_t back = 1; back < n && back <= OTHERS_BACK; back++) {
        const MgRecord *record = mg_trace_record(trace, n - back);
        if (!is_drawn(scene, record) || record->until == MG_TIME_NEVER || record->until <= now)
            continue;
        double passed = (double)(now - record->at) / (double)(record->until - record->at);
        put_token(paper, scene, record, passed, TOKEN_SMALL * scene->geometry->scale);
    }
}

/* ---- what is said ---- */

/* Ink that is read on this colour. */
static GdkRGBA ink_on(const GdkRGBA *color)
{
    double light = 0.299 * color->red + 0.587 * color->green + 0.114 * color->blue;
    return light > 0.55 ? (GdkRGBA){0.08f, 0.08f, 0.1f, 1} : (GdkRGBA){1, 1, 1, 1};
}

typedef struct {
    const char *text;
    GdkRGBA color;
    gboolean wire;  /* what is on it, in the wire's type; or our words */
    double reach;   /* from the point that it says this of to the end of its tip */
    double away;    /* from there to the bubble */
    gboolean under; /* the point, or over it */
    double share;   /* of it that lies to the left of the point */
} Bubble;

/* Over the point, or under it, with a tip that points at it. */
static graphene_rect_t bubble_box(const MgScene *scene, const Bubble *bubble, MgPoint at, double w,
                                  double h)
{
    double scale = scene->geometry->scale;
    double width = w + 22 * scale, height = h + 11 * scale, away = bubble->reach + bubble->away;
    double x = CLAMP(at.x - width * bubble->share, 4, MAX(scene->width - width - 4, 4));
    double y = bubble->under ? at.y + away : at.y - away - height;
    return GRAPHENE_RECT_INIT((float)round(x), (float)round(y), (float)width, (float)height);
}

/* How much of cards and titles the bubble hides at this point, and how much of it is not seen. */
static double hidden_by(const MgScene *scene, const graphene_rect_t *box)
{
    const MgGeometry *geometry = scene->geometry;
    graphene_rect_t seen, all = GRAPHENE_RECT_INIT(0, 0, (float)scene->width, (float)scene->height);
    double area = box->size.width * box->size.height, hidden = 20 * area;
    if (graphene_rect_intersection(box, &all, &seen))
        hidden -= 20 * seen.size.width * seen.size.height;
    for (size_t i = 0; i < geometry->n; i++)
        if (graphene_rect_intersection(box, &geometry->cards[i], &seen))
            hidden += seen.size.width * seen.size.height;
    for (guint i = 0; i < geometry->regions->len; i++) {
        graphene_rect_t title = g_array_index(geometry->regions, MgSceneRegion, i).box;
        title.size.height = (float)(MG_SCENE_TITLE * geometry->scale);
        title.size.width = MIN(title.size.width, title.size.height * 6);
        if (graphene_rect_intersection(box, &title, &seen))
            hidden += seen.size.width * seen.size.height;
    }
    return hidden;
}

/* One side for the whole way, so that it does not jump: the one that hides least, near by or clear
 * of the cards in the row. */
static void choose_side(const MgScene *scene, Bubble *bubble, const GArray *way, double w, double h)
{
    static const double shares[] = {0.5, 0.15, 0.85, 0.04, 0.96};
    double scale = scene->geometry->scale;
    double aways[] = {TIP * scale,
                      MAX(scene->geometry->cards[0].size.height / 2 - bubble->reach, TIP * scale)};
    Bubble best = *bubble;
    double least = G_MAXDOUBLE;
    for (unsigned i = 0; i < 4 * G_N_ELEMENTS(shares); i++) {
        Bubble tried = *bubble;
        double hidden = 0;
        tried.under = i % 2 == 1;
        tried.away = aways[i / 2 % 2];
        tried.share = shares[i / 4];
        for (unsigned k = 0; k <= 4; k++) {
            graphene_rect_t box =
                bubble_box(scene, &tried, mg_scene_along(way, 0.1 + k * 0.2), w, h);
            hidden += hidden_by(scene, &box);
        }
        if (hidden < least - 1) {
            least = hidden;
            best = tried;
        }
    }
    *bubble = best;
}

static void paint_bubble(const MgPaper *paper, const MgScene *scene, Bubble *bubble, MgPoint at,
                         const GArray *way)
{
    GdkRGBA ink = ink_on(&bubble->color);
    double scale = scene->geometry->scale, half = TIP * scale;
    MgStyle style = {.size = 12.5 * scale, .mono = bubble->wire, .color = ink};
    g_autoptr(PangoLayout) layout = mg_paper_lay(paper, bubble->text, &style);
    int w, h;
    pango_layout_get_pixel_size(layout, &w, &h);
    choose_side(scene, bubble, way, w, h);
    graphene_rect_t box = bubble_box(scene, bubble, at, w, h), bounds = box;
    graphene_rect_inset(&bounds, -1, (float)-(bubble->away + 1));
    double x = box.origin.x, y = box.origin.y, width = box.size.width, height = box.size.height;
    double foot = CLAMP(at.x, x + height / 2 + 4, x + width - height / 2 - 4);
    double base = bubble->under ? y + 1 : y + height - 1;
    double end = bubble->under ? y - bubble->away + 1 : y + height + bubble->away - 1;
    cairo_t *cr = gtk_snapshot_append_cairo(paper->snapshot, &bounds);
    gdk_cairo_set_source_rgba(cr, &bubble->color);
    mg_paper_round_box(cr, &box, height / 2);
    cairo_fill(cr);
    cairo_move_to(cr, foot - half, base);
    cairo_line_to(cr, foot, end);
    cairo_line_to(cr, foot + half, base);
    cairo_close_path(cr);
    cairo_fill(cr);
    cairo_destroy(cr);
    mg_paper_put_layout(paper, layout, x + 11 * scale, y + (height - h) / 2, &ink);
}

/* ---- the way ---- */

static graphene_rect_t bounds_of(const GArray *way)
{
    graphene_rect_t bounds = GRAPHENE_RECT_INIT(0, 0, 0, 0);
    for (guint i = 0; i < way->len; i++) {
        const MgPoint *point = &g_array_index(way, MgPoint, i);
        graphene_rect_t around = GRAPHENE_RECT_INIT((float)point->x - 4, (float)point->y - 4, 8, 8);
        if (i == 0)
            bounds = around;
        graphene_rect_union(&bounds, &around, &bounds);
    }
    return bounds;
}

/* The way of the token. Its node stays the same from frame to frame, so that a renderer which
 * paints only what has changed leaves it alone. */
static void paint_lit(const MgPaper *paper, const MgScene *scene, const MgRecord *record,
                      const GdkRGBA *color)
{
    MgGeometry *geometry = scene->geometry;
    const GArray *way = mg_geometry_way(geometry, record->from - 1u, record->to - 1u);
    if (geometry->lit == NULL || geometry->lit_from != record->from ||
        geometry->lit_to != record->to || !gdk_rgba_equal(&geometry->lit_color, color)) {
        graphene_rect_t bounds = bounds_of(way);
        g_clear_pointer(&geometry->lit, gsk_render_node_unref);
        geometry->lit = gsk_cairo_node_new(&bounds);
        geometry->lit_from = record->from;
        geometry->lit_to = record->to;
        geometry->lit_color = *color;
        cairo_t *cr = gsk_cairo_node_get_draw_context(geometry->lit);
        gboolean drawn = FALSE;
        for (guint i = 0; i < way->len; i++) {
            const MgPoint *point = &g_array_index(way, MgPoint, i);
            gboolean hidden = is_covered(geometry, *point, 0); /* under a host on the way */
            if (drawn && !hidden)
                cairo_line_to(cr, point->x, point->y);
            else if (!hidden)
                cairo_move_to(cr, point->x, point->y);
            drawn = !hidden;
        }
        cairo_set_line_width(cr, scene->large ? 5 : 3.5);
        cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
        cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
        gdk_cairo_set_source_rgba(cr, color);
        cairo_stroke(cr);
        cairo_destroy(cr);
    }
    gtk_snapshot_append_node(paper->snapshot, geometry->lit);
}

static void paint_cross(const MgPaper *paper, MgPoint at, const GdkRGBA *color)
{
    cairo_t *cr = gtk_snapshot_append_cairo(
        paper->snapshot, &GRAPHENE_RECT_INIT((float)at.x - 12, (float)at.y - 12, 24, 24));
    gdk_cairo_set_source_rgba(cr, color);
    cairo_set_line_width(cr, 4);
    cairo_move_to(cr, at.x - 9, at.y - 9);
    cairo_line_to(cr, at.x + 9, at.y + 9);
    cairo_move_to(cr, at.x + 9, at.y - 9);
    cairo_line_to(cr, at.x - 9, at.y + 9);
    cairo_stroke(cr);
    cairo_destroy(cr);
}

/* The conversation's end: somebody closes it, or breaks it off. */
static gboolean is_end(const MgTrace *trace, const MgRecord *record)
{
    return record->packet != 0 && record->unit == MG_UNIT_NOTE &&
           (mg_trace_packet(trace, record->packet - 1)->tcp_flags & (MG_TCP_FIN | MG_TCP_RST)) != 0;
}

static void paint_lock(const MgPaper *paper, const MgScene *scene, const MgRecord *record)
{
    const GArray *way = mg_geometry_way(scene->geometry, record->from - 1u, record->to - 1u);
    const MgPalette *palette = mg_palette(scene->dark);
    double size = round(LOCK * scene->geometry->scale), half = size / 2;
    MgPoint at = mg_scene_along(way, 0.5);
    for (int step = 1; step < 10 && is_covered(scene->geometry, at, half); step++)
        at = mg_scene_along(way, 0.5 + (step % 2 != 0 ? -0.05 : 0.05) * ((step + 1) / 2));
    MgIcon icon = {.name = "padlock",
                   .x = round(at.x - half * 0.7),
                   .y = round(at.y - half * 0.7),
                   .size = size * 0.7,
                   .color = color_of(scene, record)};
    graphene_rect_t box = GRAPHENE_RECT_INIT((float)round(at.x - half), (float)round(at.y - half),
                                             (float)size, (float)size);
    cairo_t *cr = gtk_snapshot_append_cairo(paper->snapshot, &box);
    gdk_cairo_set_source_rgba(cr, &palette->card);
    cairo_arc(cr, at.x, at.y, half - 1, 0, 2 * G_PI);
    cairo_fill_preserve(cr);
    cairo_set_line_width(cr, 1);
    gdk_cairo_set_source_rgba(cr, &icon.color);
    cairo_stroke(cr);
    mg_icon_paint(cr, &icon);
    cairo_destroy(cr);
}

/* A lock on each way over which an encrypted conversation is open at the position; on the token's
 * own way, the token has it. */
static void paint_locks(const MgPaper *paper, const MgScene *scene, uint32_t n)
{
    const MgTrace *trace = mg_session_trace(scene->session);
    const MgRecord *here = mg_trace_record(trace, n);
    g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);
    for (uint32_t back = 0; back < n && back < LOCKS_BACK; back++) {
        const MgRecord *record = mg_trace_record(trace, n - back);
        bool ends = record->flow != 0 && is_end(trace, record);
        if (!is_drawn(scene, record) || (!ends && (record->flags & MG_RECORD_ENCRYPTED) == 0) ||
            !g_hash_table_add(known, GUINT_TO_POINTER(record->flow)) || ends)
            continue;
        bool own = (record->from == here->from && record->to == here->to) ||
                   (record->from == here->to && record->to == here->from);
        if (!own || !is_drawn(scene, here))
            paint_lock(paper, scene, record);
    }
}

static void paint_token(const MgPaper *paper, const MgScene *scene, uint32_t n)
{
    const MgTrace *trace = mg_session_trace(scene->session);
    const MgRecord *record = mg_trace_record(trace, n);
    GdkRGBA color = color_of(scene, record);
    double size = TOKEN * scene->geometry->scale, progress = progress_of(scene, record);
    paint_lit(paper, scene, record, &color);
    paint_others(paper, scene, n);
    MgPoint at = put_token(paper, scene, record, progress, size);
    if ((record->flags & MG_RECORD_LOST) != 0 && progress >= 0.5)
        paint_cross(paper, at, &color);
    g_autofree char *words = mg_words_summary(trace, n, BUBBLE_CHARS);
    /* Tags are lower than their square. */
    Bubble bubble = {.text = words, .color = color, .wire = TRUE, .reach = size * 0.38};
    paint_bubble(paper, scene, &bubble, at,
                 mg_geometry_way(scene->geometry, record->from - 1u, record->to - 1u));
}

/* A state, a note, something done: said by its host. */
static void paint_saying(const MgPaper *paper, const MgScene *scene, uint32_t n)
{
    const MgTrace *trace = mg_session_trace(scene->session);
    const MgRecord *record = mg_trace_record(trace, n);
    const graphene_rect_t *card = &scene->geometry->cards[record->from - 1];
    g_autofree char *words = mg_words_summary(trace, n, BUBBLE_CHARS + 18);
    MgPoint at = mg_scene_middle(card);
    Bubble bubble = {
        .text = words, .color = mg_palette(scene->dark)->pill, .reach = card->size.height / 2 - 5};
    g_autoptr(GArray) place = g_array_new(FALSE, FALSE, sizeof(MgPoint));
    g_array_append_val(place, at);
    paint_bubble(paper, scene, &bubble, at, place);
}

GskRenderNode *mg_scene_moving(const MgScene *scene)
{
    const MgTrace *trace = mg_session_trace(scene->session);
    const MgGeometry *geometry = scene->geometry;
    uint32_t n = mg_session_position(scene->session);
    const MgRecord *record = n > 0 ? mg_trace_record(trace, n) : NULL;
    MgPaper paper = mg_paper_new(scene);
    for (MgHostId h = 1; scene->cards && h <= geometry->n; h++) {
        g_autofree char *line = mg_scene_host_line(scene->session, h);
        mg_paper_card(&paper, scene, h, &geometry->cards[h - 1], line);
    }
    if (record != NULL)
        paint_locks(&paper, scene, n);
    if (record != NULL && is_drawn(scene, record))
        paint_token(&paper, scene, n);
    else if (record != NULL) {
        paint_others(&paper, scene, n);
        if (record->from != 0 && record->from <= geometry->n)
            paint_saying(&paper, scene, n);
    }
    return mg_paper_done(&paper);
}

gboolean mg_scene_hits_token(const MgScene *scene, double x, double y)
{
    uint32_t n = mg_session_position(scene->session);
    const MgRecord *record = n > 0 ? mg_trace_record(mg_session_trace(scene->session), n) : NULL;
    if (record == NULL || !is_drawn(scene, record))
        return FALSE;
    double size = TOKEN * scene->geometry->scale;
    MgPoint at = token_at(scene, record, progress_of(scene, record), size);
    /* The bubble stands over it, about twice as wide as the token is. */
    return fabs(x - at.x) <= size * 1.6 && y <= at.y + size / 2 && y >= at.y - size * 1.5;
}

GskRenderNode *mg_scene_map(const MgScene *scene)
{
    GskRenderNode *parts[2] = {mg_scene_still(scene), mg_scene_moving(scene)};
    guint n = 0;
    for (guint i = 0; i < 2; i++)
        if (parts[i] != NULL)
            parts[n++] = parts[i];
    GskRenderNode *all = gsk_container_node_new(parts, n);
    for (guint i = 0; i < n; i++)
        gsk_render_node_unref(parts[i]);
    return all;
}
