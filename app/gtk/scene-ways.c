/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scene-ways.c - links between hosts, and the way that a token takes over them */
#include <math.h>

#include "scene-private.h"

#define SAMPLES   24
#define FLOWS_MAX 2000u /* of a bare trace, that links are made of */

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

/* How many cards of others the curve runs through. */
static unsigned hits(const MgGeometry *geometry, const MgCurve *curve, size_t a, size_t b)
{
    unsigned found = 0;
    for (size_t i = 0; i < geometry->n; i++) {
        graphene_rect_t wide = geometry->cards[i];
        graphene_rect_inset(&wide, -4, -4);
        for (unsigned k = 1; i != a && i != b && k < SAMPLES; k++) {
            MgPoint at = curve_at(curve, k / (double)SAMPLES);
            if (graphene_rect_contains_point(&wide,
                                             &GRAPHENE_POINT_INIT((float)at.x, (float)at.y))) {
                found++;
                break;
            }
        }
    }
    return found;
}

/* Straight, or bent where a straight one would run through a third card. */
static MgCurve find_curve(const MgGeometry *geometry, size_t a, size_t b)
{
    static const double bends[] = {0, 50, -50, 90, -90, 140, -140, 200, -200};
    MgCurve best = {
        mg_scene_middle(&geometry->cards[a]), mg_scene_middle(&geometry->cards[b]), {0, 0}};
    unsigned best_hits = G_MAXUINT;
    for (size_t i = 0; i < G_N_ELEMENTS(bends) && best_hits > 0; i++) {
        MgCurve curve = best;
        curve.c = bend(curve.a, curve.b, bends[i]);
        unsigned found = hits(geometry, &curve, a, b);
        if (found < best_hits) {
            best = curve;
            best_hits = found;
        }
    }
    return best;
}

static void add_link(GArray *links, size_t a, size_t b)
{
    MgSceneLink link = {.a = MIN(a, b), .b = MAX(a, b)};
    for (guint i = 0; i < links->len; i++) {
        const MgSceneLink *old = &g_array_index(links, MgSceneLink, i);
        if (old->a == link.a && old->b == link.b)
            return;
    }
    if (a != b)
        g_array_append_val(links, link);
}

/* Those of the network; of a bare trace, between hosts that have talked. */
static GArray *find_links(MgSession *session)
{
    GArray *links = g_array_new(FALSE, TRUE, sizeof(MgSceneLink));
    const MgNetwork *network = mg_session_network(session);
    const MgTrace *trace = mg_session_trace(session);
    for (guint i = 0; network != NULL && i < network->links->len; i++) {
        const MgNetworkLink *link = &g_array_index(network->links, MgNetworkLink, i);
        add_link(links, link->a, link->b);
    }
    uint32_t n = network == NULL ? MIN(mg_trace_n_flows(trace), FLOWS_MAX) : 0;
    for (MgFlowId f = 1; f <= n; f++) {
        const MgFlow *flow = mg_trace_flow(trace, f);
        if (flow->client != 0 && flow->server != 0)
            add_link(links, flow->client - 1u, flow->server - 1u);
    }
    return links;
}

/* ---- ways ---- */

/* Hosts from `from` to `to` over links, the fewest; both ends included. (element-type gsize) */
static GArray *find_way(const MgGeometry *geometry, size_t from, size_t to)
{
    size_t n = geometry->n;
    GArray *way = g_array_new(FALSE, FALSE, sizeof(size_t));
    g_autofree size_t *before = g_new(size_t, n);
    g_autofree size_t *queue = g_new(size_t, n);
    size_t head = 0, tail = 0;
    for (size_t i = 0; i < n; i++)
        before[i] = n;
    before[to] = to;
    queue[tail++] = to;
    while (head < tail && before[from] == n) {
        size_t at = queue[head++];
        for (guint l = 0; l < geometry->links->len; l++) {
            const MgSceneLink *link = &g_array_index(geometry->links, MgSceneLink, l);
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

static void add_leg(const MgGeometry *geometry, size_t a, size_t b, size_t from, size_t to,
                    GArray *points)
{
    /* The same curve whichever end it is looked at from. */
    MgCurve curve = find_curve(geometry, MIN(a, b), MAX(a, b));
    for (unsigned k = 0; k <= 2 * SAMPLES; k++) {
        double t = k / (2.0 * SAMPLES);
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
    g_autoptr(GArray) way = find_way(geometry, from, to);
    points = g_array_new(FALSE, FALSE, sizeof(MgPoint));
    for (guint i = 0; i + 1 < way->len; i++)
        add_leg(geometry, g_array_index(way, size_t, i), g_array_index(way, size_t, i + 1), from,
                to, points);
    g_hash_table_insert(geometry->ways, key, points);
    return points;
}

double mg_scene_length(const GArray *points)
{
    double total = 0;
    for (guint i = 1; i < points->len; i++) {
        const MgPoint *p = &g_array_index(points, MgPoint, i - 1);
        total += hypot(p[1].x - p[0].x, p[1].y - p[0].y);
    }
    return total;
}

MgPoint mg_scene_along(const GArray *points, double progress)
{
    double left = mg_scene_length(points) * CLAMP(progress, 0, 1);
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

/* ---- all of it ---- */

MgGeometry *mg_geometry_new(const MgScene *scene)
{
    MgGeometry *geometry = g_new0(MgGeometry, 1);
    geometry->n = mg_trace_n_hosts(mg_session_trace(scene->session));
    geometry->regions = g_array_new(FALSE, TRUE, sizeof(MgSceneRegion));
    geometry->links = find_links(scene->session);
    geometry->ways = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_array_unref);
    mg_geometry_place(geometry, scene);
    for (guint i = 0; i < geometry->links->len; i++) {
        MgSceneLink *link = &g_array_index(geometry->links, MgSceneLink, i);
        link->curve = find_curve(geometry, link->a, link->b);
    }
    return geometry;
}

void mg_geometry_free(MgGeometry *geometry)
{
    if (geometry == NULL)
        return;
    g_hash_table_unref(geometry->ways);
    g_array_unref(geometry->regions);
    g_array_unref(geometry->links);
    g_clear_pointer(&geometry->lit, gsk_render_node_unref);
    for (size_t i = 0; i < geometry->n; i++)
        g_free(geometry->names[i]);
    g_free(geometry->names);
    g_free(geometry->colors);
    g_free(geometry->cards);
    g_free(geometry);
}

const graphene_rect_t *mg_geometry_cards(const MgGeometry *geometry, size_t *n)
{
    if (n != NULL)
        *n = geometry->n;
    return geometry->cards;
}

/* ---- under the pointer ---- */

#define NEAR 6.0 /* so close is on it */

double mg_curve_distance(const MgCurve *curve, double x, double y)
{
    double least = G_MAXDOUBLE;
    for (int i = 0; i <= SAMPLES; i++) {
        MgPoint point = curve_at(curve, (double)i / SAMPLES);
        least = MIN(least, hypot(point.x - x, point.y - y));
    }
    return least;
}

gboolean mg_scene_hits_link(const MgScene *scene, double x, double y, size_t *a, size_t *b)
{
    const GArray *links = scene->geometry->links;
    double least = NEAR;
    const MgSceneLink *found = NULL;
    for (guint i = 0; i < links->len; i++) {
        const MgSceneLink *link = &g_array_index(links, MgSceneLink, i);
        double distance = mg_curve_distance(&link->curve, x, y);
        if (distance < least) {
            least = distance;
            found = link;
        }
    }
    if (found == NULL)
        return FALSE;
    *a = found->a;
    *b = found->b;
    return TRUE;
}
