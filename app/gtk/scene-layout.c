/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scene-layout.c - where hosts lie on the map, and the way that a token takes between them */
#include "scene-private.h"

#include <math.h>

#define MARGIN          10.0
#define LARGE           1.45

#define CARD_WIDTH_MIN  76.0
#define CARD_HEIGHT_MIN 50.0
#define GAP             10.0 /* between cards of one region */

/* A grid for hosts that the network gives no place: a column a region, in order of the file. */
static void place_unplaced(const MgTrace *trace, MgPoint *places, bool *placed)
{
    g_autoptr(GPtrArray) regions = g_ptr_array_new();
    g_autoptr(GArray) rows = g_array_new(FALSE, TRUE, sizeof(unsigned));
    for (uint16_t h = 1; h <= mg_trace_n_hosts(trace); h++) {
        const char *region = mg_trace_host(trace, h)->region;
        guint column = 0;
        if (placed[h - 1])
            continue;
        while (column < regions->len && g_strcmp0(g_ptr_array_index(regions, column), region) != 0)
            column++;
        if (column == regions->len) {
            g_ptr_array_add(regions, (void *)region);
            g_array_set_size(rows, regions->len);
        }
        unsigned *row = &g_array_index(rows, unsigned, column);
        places[h - 1] = (MgPoint){150.0 * column, 110.0 * (*row)++};
    }
}

static MgPoint *find_places(const MgScene *scene, const MgTrace *trace)
{
    const MgNetwork *network = mg_session_network(scene->session);
    size_t n = mg_trace_n_hosts(trace);
    MgPoint *places = g_new0(MgPoint, n + 1);
    g_autofree bool *placed = g_new0(bool, n + 1);
    for (size_t i = 0; network != NULL && i < MIN(n, network->hosts->len); i++) {
        const MgNetworkHost *host = &g_array_index(network->hosts, MgNetworkHost, i);
        placed[i] = host->x >= 0 && host->y >= 0;
        places[i] = (MgPoint){host->x, host->y};
    }
    place_unplaced(trace, places, placed);
    return places;
}

struct MgGeometry {
    const MgNetwork *network; /* (nullable) */
    size_t n;                 /* hosts */
    graphene_rect_t *cards;
    MgCurve *links;     /* as many as the network has */
    GHashTable *ways;   /* from << 16 | to → GArray of MgPoint; made when first asked for */
    GskRenderNode *lit; /* (nullable) and whose it is: */
    MgHostId lit_from, lit_to;
    GdkRGBA lit_color;
};

/* Where cards of this size lie: the places of the network stretched to the room there is. */
static void spread(const MgScene *scene, const MgPoint *places, size_t n, MgPoint size,
                   graphene_rect_t *cards)
{
    MgPoint low = places[0], high = places[0];
    for (size_t i = 1; i < n; i++) {
        low = (MgPoint){MIN(low.x, places[i].x), MIN(low.y, places[i].y)};
        high = (MgPoint){MAX(high.x, places[i].x), MAX(high.y, places[i].y)};
    }
    double title = mg_scene_title(scene->large);
    double width = scene->width - size.x - 2 * (MARGIN + MG_SCENE_PAD);
    double height = scene->height - size.y - title - 2 * (MARGIN + MG_SCENE_PAD);
    double sx = high.x > low.x ? width / (high.x - low.x) : 0;
    double sy = high.y > low.y ? height / (high.y - low.y) : 0;
    for (size_t i = 0; i < n; i++) {
        double x = sx > 0 ? (places[i].x - low.x) * sx : MAX(width, 0) / 2;
        double y = sy > 0 ? (places[i].y - low.y) * sy : MAX(height, 0) / 2;
        graphene_rect_init(&cards[i], (float)round(MARGIN + MG_SCENE_PAD + x),
                           (float)round(MARGIN + MG_SCENE_PAD + title + y), (float)round(size.x),
                           (float)round(size.y));
    }
}

/* By how much a card, or the regions around two of them, lie upon each other. */
static MgPoint overlap(const MgTrace *trace, const graphene_rect_t *cards, size_t i, size_t j,
                       double title)
{
    bool same = g_strcmp0(mg_trace_host(trace, (MgHostId)(i + 1))->region,
                          mg_trace_host(trace, (MgHostId)(j + 1))->region) == 0;
    double gap_x = same ? GAP : GAP / 2 + 2 * MG_SCENE_PAD;
    double gap_y = same ? GAP : GAP / 2 + 2 * MG_SCENE_PAD + title;
    double dx = fabs(cards[i].origin.x - cards[j].origin.x);
    double dy = fabs(cards[i].origin.y - cards[j].origin.y);
    return (MgPoint){cards[i].size.width + gap_x - dx, cards[i].size.height + gap_y - dy};
}

/* Cards as large as can be without lying upon each other: smaller rather than a pile. */
static graphene_rect_t *place_cards(const MgScene *scene)
{
    const MgTrace *trace = mg_session_trace(scene->session);
    size_t n = mg_trace_n_hosts(trace);
    g_autofree MgPoint *places = find_places(scene, trace);
    graphene_rect_t *cards = g_new0(graphene_rect_t, n + 1);
    double scale = scene->large ? LARGE : 1, title = mg_scene_title(scene->large);
    MgPoint size = {MG_SCENE_CARD_WIDTH * scale, MG_SCENE_CARD_HEIGHT * scale};
    for (bool piled = n > 0; piled;) {
        bool narrow = false, low = false;
        spread(scene, places, n, size, cards);
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < i; j++) {
                MgPoint over = overlap(trace, cards, i, j, title);
                if (over.x <= 0 || over.y <= 0)
                    continue;
                /* Side by side: narrower; one above the other: lower. */
                if (over.x < over.y)
                    narrow = true;
                else
                    low = true;
            }
        }
        narrow &= size.x > CARD_WIDTH_MIN;
        low &= size.y > CARD_HEIGHT_MIN;
        size.x = MAX(size.x - (narrow ? 4 : 0), CARD_WIDTH_MIN);
        size.y = MAX(size.y - (low ? 3 : 0), CARD_HEIGHT_MIN);
        piled = narrow || low;
    }
    return cards;
}

MgPoint mg_scene_middle(const graphene_rect_t *card)
{
    return (MgPoint){card->origin.x + card->size.width / 2, card->origin.y + card->size.height / 2};
}

/* ---- links ---- */

static MgPoint bend(MgPoint a, MgPoint b, double by)
{
    double dx = b.x - a.x, dy = b.y - a.y, len = MAX(hypot(dx, dy), 1);
    return (MgPoint){(a.x + b.x) / 2 - dy / len * by, (a.y + b.y) / 2 + dx / len * by};
}

static MgPoint curve_at(const MgCurve *curve, double t)
{
    double u = 1 - t;
    return (MgPoint){u * u * curve->a.x + 2 * u * t * curve->c.x + t * t * curve->b.x,
                     u * u * curve->a.y + 2 * u * t * curve->c.y + t * t * curve->b.y};
}

static unsigned hits(const MgCurve *curve, const graphene_rect_t *cards, size_t n, size_t a,
                     size_t b)
{
    unsigned found = 0;
    for (size_t i = 0; i < n; i++) {
        graphene_rect_t wide = cards[i];
        graphene_rect_inset(&wide, -4, -4);
        for (unsigned k = 1; i != a && i != b && k < 24; k++) {
            MgPoint at = curve_at(curve, k / 24.0);
            if (graphene_rect_contains_point(&wide,
                                             &GRAPHENE_POINT_INIT((float)at.x, (float)at.y))) {
                found++;
                break;
            }
        }
    }
    return found;
}

static MgCurve find_link(const graphene_rect_t *cards, size_t n, size_t a, size_t b)
{
    static const double bends[] = {0, 50, -50, 90, -90, 140, -140};
    MgCurve best = {mg_scene_middle(&cards[a]), mg_scene_middle(&cards[b]), {0, 0}};
    unsigned best_hits = G_MAXUINT;
    for (size_t i = 0; i < G_N_ELEMENTS(bends) && best_hits > 0; i++) {
        MgCurve curve = best;
        curve.c = bend(curve.a, curve.b, bends[i]);
        unsigned found = hits(&curve, cards, n, a, b);
        if (found < best_hits) {
            best = curve;
            best_hits = found;
        }
    }
    return best;
}

/* ---- ways ---- */

/* Hosts from `from` to `to` over links, the fewest; both ends included. (element-type gsize) */
static GArray *find_way(const MgNetwork *network, size_t n, size_t from, size_t to)
{
    GArray *way = g_array_new(FALSE, FALSE, sizeof(size_t));
    g_autofree size_t *before = g_new(size_t, n);
    g_autofree size_t *queue = g_new(size_t, n);
    size_t head = 0, tail = 0;
    for (size_t i = 0; i < n; i++)
        before[i] = n;
    before[to] = to;
    queue[tail++] = to;
    while (network != NULL && head < tail && before[from] == n) {
        size_t at = queue[head++];
        for (guint l = 0; l < network->links->len; l++) {
            const MgNetworkLink *link = &g_array_index(network->links, MgNetworkLink, l);
            size_t far = link->a == at ? link->b : link->b == at ? link->a : n;
            if (far < n && before[far] == n) {
                before[far] = at;
                queue[tail++] = far;
            }
        }
    }
    g_array_append_val(way, from);
    if (before[from] == n) {
        g_array_append_val(way, to); /* no links are known: straight on */
        return way;
    }
    for (size_t at = from; at != to;) {
        at = before[at];
        g_array_append_val(way, at);
    }
    return way;
}

#define SAMPLES 24

static void add_leg(const MgGeometry *geometry, size_t a, size_t b, size_t from, size_t to,
                    GArray *points)
{
    /* The same curve whichever end it is looked at from. */
    MgCurve curve = find_link(geometry->cards, geometry->n, MIN(a, b), MAX(a, b));
    for (unsigned k = 0; k <= SAMPLES; k++) {
        double t = k / (double)SAMPLES;
        MgPoint at = curve_at(&curve, a < b ? t : 1 - t);
        graphene_point_t point = GRAPHENE_POINT_INIT((float)at.x, (float)at.y);
        if (!graphene_rect_contains_point(&geometry->cards[from], &point) &&
            !graphene_rect_contains_point(&geometry->cards[to], &point))
            g_array_append_val(points, at);
    }
}

const GArray *mg_geometry_way(MgGeometry *geometry, size_t from, size_t to)
{
    gpointer key = GSIZE_TO_POINTER(from << 16 | to);
    GArray *points = g_hash_table_lookup(geometry->ways, key);
    if (points != NULL)
        return points;
    g_autoptr(GArray) way = find_way(geometry->network, geometry->n, from, to);
    points = g_array_new(FALSE, FALSE, sizeof(MgPoint));
    for (guint i = 0; i + 1 < way->len; i++)
        add_leg(geometry, g_array_index(way, size_t, i), g_array_index(way, size_t, i + 1), from,
                to, points);
    g_hash_table_insert(geometry->ways, key, points);
    return points;
}

MgGeometry *mg_geometry_new(const MgScene *scene)
{
    MgGeometry *geometry = g_new0(MgGeometry, 1);
    geometry->network = mg_session_network(scene->session);
    geometry->n = mg_trace_n_hosts(mg_session_trace(scene->session));
    geometry->cards = place_cards(scene);
    geometry->ways = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_array_unref);
    size_t n_links = geometry->network != NULL ? geometry->network->links->len : 0;
    geometry->links = g_new0(MgCurve, n_links + 1);
    for (size_t i = 0; i < n_links; i++) {
        const MgNetworkLink *link = &g_array_index(geometry->network->links, MgNetworkLink, i);
        geometry->links[i] =
            find_link(geometry->cards, geometry->n, MIN(link->a, link->b), MAX(link->a, link->b));
    }
    return geometry;
}

void mg_geometry_free(MgGeometry *geometry)
{
    if (geometry == NULL)
        return;
    g_hash_table_unref(geometry->ways);
    g_clear_pointer(&geometry->lit, gsk_render_node_unref);
    g_free(geometry->cards);
    g_free(geometry->links);
    g_free(geometry);
}

const graphene_rect_t *mg_geometry_cards(const MgGeometry *geometry, size_t *n)
{
    if (n != NULL)
        *n = geometry->n;
    return geometry->cards;
}

GskRenderNode **mg_geometry_lit(MgGeometry *geometry, MgHostId from, MgHostId to,
                                const GdkRGBA *color)
{
    if (geometry->lit_from != from || geometry->lit_to != to ||
        !gdk_rgba_equal(&geometry->lit_color, color))
        g_clear_pointer(&geometry->lit, gsk_render_node_unref);
    geometry->lit_from = from;
    geometry->lit_to = to;
    geometry->lit_color = *color;
    return &geometry->lit;
}

const MgCurve *mg_geometry_link(const MgGeometry *geometry, size_t link)
{
    return &geometry->links[link];
}

MgPoint mg_scene_along(const GArray *points, double progress)
{
    double total = 0;
    for (guint i = 1; i < points->len; i++) {
        const MgPoint *p = &g_array_index(points, MgPoint, i - 1);
        total += hypot(p[1].x - p[0].x, p[1].y - p[0].y);
    }
    double left = total * CLAMP(progress, 0, 1);
    for (guint i = 1; i < points->len; i++) {
        const MgPoint *p = &g_array_index(points, MgPoint, i - 1);
        double len = hypot(p[1].x - p[0].x, p[1].y - p[0].y);
        if (left <= len && len > 0)
            return (MgPoint){p[0].x + (p[1].x - p[0].x) * left / len,
                             p[0].y + (p[1].y - p[0].y) * left / len};
        left -= len;
    }
    return points->len > 0 ? g_array_index(points, MgPoint, points->len - 1) : (MgPoint){0, 0};
}
