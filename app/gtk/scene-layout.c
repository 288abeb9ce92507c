/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scene-layout.c - where hosts and regions lie on the map
 *
 * The network's places are stretched to the room there is. Then the largest of these is taken in
 * which no card or region lies upon another: full names or what the region's title leaves of them,
 * larger or smaller words, taller or flatter cards. */
#include <math.h>

#include "scene-private.h"

#define MARGIN      10.0
#define CARD_WIDEST 176.0 /* at scale 1, as all of these */
#define CARD_HIGH   74
#define CARD_LOW    56   /* what icon and two lines need */
#define SIDE        9.0  /* left and right of a name */
#define LINK_ROOM   34.0 /* between two cards that are linked: a token is seen there */
#define GAP         8.0  /* between other cards */
#define GAP_REGIONS 4.0
#define LARGE       1.5
#define PAIRS_MAX   200u /* hosts: with more, cards are only made small */

typedef struct {
    gboolean full; /* names */
    double scale;  /* of everything */
    double name;   /* of names besides */
    double least;  /* width of a card */
} Attempt;

static const Attempt attempts[] = {
    {TRUE, 1.3, 1, 116},     {TRUE, 1.15, 1, 116},    {TRUE, 1, 1, 116},
    {TRUE, 1, 1, 100},       {TRUE, 1, 0.9, 100},     {TRUE, 1, 0.9, 84},
    {TRUE, 1, 0.82, 84},     {FALSE, 1, 1, 100},      {FALSE, 1, 0.9, 84},
    {FALSE, 0.9, 0.95, 116}, {TRUE, 0.9, 0.9, 84},    {TRUE, 0.9, 0.8, 84},
    {FALSE, 0.9, 0.95, 84},  {FALSE, 0.8, 0.95, 124}, {FALSE, 0.8, 0.95, 84},
    {FALSE, 0.7, 0.95, 140}, {FALSE, 0.7, 0.95, 110}, {FALSE, 0.7, 0.9, 76},
    {FALSE, 0.6, 0.95, 140}, {FALSE, 0.6, 0.95, 110}, {FALSE, 0.6, 0.9, 76},
    {FALSE, 0.5, 0.95, 130}, {FALSE, 0.5, 0.9, 76},   {FALSE, 0.4, 0.9, 76},
    {FALSE, 0.3, 0.9, 76},
};

/* Everything about one attempt. */
typedef struct {
    const MgScene *scene;
    const MgTrace *trace;
    const MgPoint *places;
    const double *full, *brief; /* widths of names, at scale 1 */
    const bool *linked;         /* n × n */
    double base;
    MgGeometry *geometry;
} Placing;

/* A grid for hosts that the network gives no place: a column a region, in order of the file. */
static void place_unplaced(const MgTrace *trace, MgPoint *places, const bool *placed)
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
        places[h - 1] = (MgPoint){170.0 * column, 110.0 * (*row)++};
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

/* "mta" of mta.example.com in the region example.com: its title says the rest. (transfer full) */
static char *brief_name(const MgTraceHost *host)
{
    size_t len = strlen(host->name), tail = host->region != NULL ? strlen(host->region) : 0;
    if (tail == 0 || len < tail + 2 || host->name[len - tail - 1] != '.' ||
        g_ascii_strcasecmp(host->name + len - tail, host->region) != 0)
        return g_strdup(host->name);
    return g_strndup(host->name, len - tail - 1);
}

static double *measure_names(const MgScene *scene, const MgTrace *trace, gboolean full)
{
    size_t n = mg_trace_n_hosts(trace);
    double *widths = g_new0(double, n + 1);
    MgPaper paper = mg_paper_new(scene);
    MgStyle style = {.size = MG_SCENE_NAME, .bold = TRUE};
    for (size_t i = 0; i < n; i++) {
        const MgTraceHost *host = mg_trace_host(trace, (MgHostId)(i + 1));
        g_autofree char *name = full ? g_strdup(host->name) : brief_name(host);
        g_autoptr(PangoLayout) layout = mg_paper_lay(&paper, name, &style);
        int width;
        pango_layout_get_pixel_size(layout, &width, NULL);
        widths[i] = width;
    }
    GskRenderNode *nothing = mg_paper_done(&paper);
    g_clear_pointer(&nothing, gsk_render_node_unref);
    return widths;
}

static bool *find_linked(const MgGeometry *geometry)
{
    size_t n = geometry->n;
    bool *linked = g_new0(bool, n *n + 1);
    for (guint i = 0; i < geometry->links->len; i++) {
        const MgSceneLink *link = &g_array_index(geometry->links, MgSceneLink, i);
        linked[link->a * n + link->b] = linked[link->b * n + link->a] = true;
    }
    return linked;
}

/* Where the middle of a place lies between the first and the last of its axis. */
static double stretch(double at, double low, double high, double from, double to)
{
    return high > low ? from + (at - low) / (high - low) * (to - from) : (from + to) / 2;
}

/* Cards of these widths and this height, stretched over the scene. */
static void spread(const Placing *placing, const double *widths, double height)
{
    const MgScene *scene = placing->scene;
    MgGeometry *geometry = placing->geometry;
    const MgPoint *places = placing->places;
    double title = MG_SCENE_TITLE * geometry->scale, edge = MARGIN + MG_SCENE_PAD;
    MgPoint low = places[0], high = places[0];
    for (size_t i = 1; i < geometry->n; i++) {
        low = (MgPoint){MIN(low.x, places[i].x), MIN(low.y, places[i].y)};
        high = (MgPoint){MAX(high.x, places[i].x), MAX(high.y, places[i].y)};
    }
    double left = 0, right = 0; /* half of the widest card at the edges */
    for (size_t i = 0; i < geometry->n; i++) {
        left = MAX(left, widths[i] / 2 - (places[i].x - low.x) / 2);
        right = MAX(right, widths[i] / 2 - (high.x - places[i].x) / 2);
    }
    for (size_t i = 0; i < geometry->n; i++) {
        double x = stretch(places[i].x, low.x, high.x, edge + left, scene->width - edge - right);
        double y = stretch(places[i].y, low.y, high.y, edge + title + height / 2,
                           scene->height - edge - height / 2);
        x = CLAMP(x - widths[i] / 2, edge, MAX(scene->width - edge - widths[i], edge));
        graphene_rect_init(&geometry->cards[i], (float)round(x), (float)round(y - height / 2),
                           (float)round(widths[i]), (float)round(height));
    }
}

/* No card lies upon another, nor its region upon the other's. */
static gboolean fits(const Placing *placing)
{
    const MgGeometry *geometry = placing->geometry;
    for (size_t i = 0; i < geometry->n; i++) {
        for (size_t j = 0; j < i; j++) {
            const graphene_rect_t *a = &geometry->cards[i], *b = &geometry->cards[j];
            bool same = g_strcmp0(mg_trace_host(placing->trace, (MgHostId)(i + 1))->region,
                                  mg_trace_host(placing->trace, (MgHostId)(j + 1))->region) == 0;
            double gap_x = placing->linked[i * geometry->n + j] ? LINK_ROOM * geometry->scale : GAP;
            double gap_y = GAP;
            if (!same) {
                gap_x = MAX(gap_x, 2 * MG_SCENE_PAD + GAP_REGIONS);
                gap_y = 2 * MG_SCENE_PAD + GAP_REGIONS + MG_SCENE_TITLE * geometry->scale;
            }
            if (fabsf(a->origin.y - b->origin.y) >= a->size.height + gap_y)
                continue;
            MgPoint one = mg_scene_middle(a), other = mg_scene_middle(b);
            if (fabs(one.x - other.x) < (a->size.width + b->size.width) / 2 + gap_x)
                return FALSE;
        }
    }
    return TRUE;
}

static gboolean attempt(const Placing *placing, const Attempt *how)
{
    MgGeometry *geometry = placing->geometry;
    const double *names = how->full ? placing->full : placing->brief;
    double scale = placing->base * how->scale;
    g_autofree double *widths = g_new0(double, geometry->n + 1);
    geometry->scale = scale;
    geometry->name_size = MG_SCENE_NAME * scale * how->name;
    for (size_t i = 0; i < geometry->n; i++)
        widths[i] = CLAMP(names[i] * scale * how->name + 2 * SIDE * scale, how->least * scale,
                          CARD_WIDEST * scale);
    for (int height = CARD_HIGH; height >= CARD_LOW; height -= 3) {
        spread(placing, widths, height * scale);
        if (geometry->n <= PAIRS_MAX && fits(placing))
            return TRUE;
    }
    return FALSE;
}

/* ---- regions ---- */

/* The one of the names is violet, the others take turns. */
static const char *region_color(const char *region, unsigned *turn)
{
    static const char *const turns[] = {"blue", "green", "amber", "teal", "orange"};
    if (mg_scene_is_names(region))
        return "violet";
    return turns[(*turn)++ % G_N_ELEMENTS(turns)];
}

static MgSceneRegion *region_of(MgGeometry *geometry, const MgTraceHost *host, unsigned *turn)
{
    for (guint i = 0; i < geometry->regions->len; i++) {
        MgSceneRegion *region = &g_array_index(geometry->regions, MgSceneRegion, i);
        if (strcmp(region->name, host->region) == 0)
            return region;
    }
    MgSceneRegion region = {.name = host->region, .color = region_color(host->region, turn)};
    g_array_append_val(geometry->regions, region);
    return &g_array_index(geometry->regions, MgSceneRegion, geometry->regions->len - 1);
}

/* Regions that begin at one height end at one height, where nothing is in the way. */
static void level_regions(MgGeometry *geometry)
{
    for (guint i = 0; i < geometry->regions->len; i++) {
        MgSceneRegion *a = &g_array_index(geometry->regions, MgSceneRegion, i);
        for (guint j = 0; j < geometry->regions->len; j++) {
            const MgSceneRegion *b = &g_array_index(geometry->regions, MgSceneRegion, j);
            if (fabsf(a->box.origin.y - b->box.origin.y) > 1 ||
                b->box.size.height <= a->box.size.height)
                continue;
            graphene_rect_t longer = a->box;
            longer.size.height = b->box.size.height;
            gboolean free = TRUE;
            for (guint k = 0; k < geometry->regions->len; k++)
                free &= k == i ||
                        !graphene_rect_intersection(
                            &longer, &g_array_index(geometry->regions, MgSceneRegion, k).box, NULL);
            if (free)
                a->box = longer;
        }
    }
}

static void find_regions(MgGeometry *geometry, const MgTrace *trace)
{
    unsigned turn = 0;
    double title = MG_SCENE_TITLE * geometry->scale;
    for (size_t i = 0; i < geometry->n; i++) {
        const MgTraceHost *host = mg_trace_host(trace, (MgHostId)(i + 1));
        geometry->colors[i] = mg_scene_is_names(host->region) ? "violet" : "blue";
        if (host->region == NULL || host->region[0] == '\0')
            continue;
        graphene_rect_t box = geometry->cards[i];
        graphene_rect_inset(&box, (float)-MG_SCENE_PAD, (float)-MG_SCENE_PAD);
        box.origin.y -= (float)round(title);
        box.size.height += (float)round(title);
        MgSceneRegion *region = region_of(geometry, host, &turn);
        if (region->box.size.width > 0)
            graphene_rect_union(&region->box, &box, &region->box);
        else
            region->box = box;
        region->real |= host->real;
        geometry->colors[i] = region->color;
    }
    level_regions(geometry);
}

void mg_geometry_place(MgGeometry *geometry, const MgScene *scene)
{
    const MgTrace *trace = mg_session_trace(scene->session);
    size_t n = geometry->n;
    g_autofree MgPoint *places = find_places(scene, trace);
    g_autofree double *full = measure_names(scene, trace, TRUE);
    g_autofree double *brief = measure_names(scene, trace, FALSE);
    g_autofree bool *linked = find_linked(geometry);
    Placing placing = {scene,   trace, places, full, brief, linked, (scene->large ? LARGE : 1),
                       geometry};
    if (scene->zoom > 0)
        placing.base *= scene->zoom;
    geometry->cards = g_new0(graphene_rect_t, n + 1);
    geometry->colors = g_new0(const char *, n + 1);
    geometry->names = g_new0(char *, n + 1);
    geometry->scale = placing.base;
    bool whole = true;
    for (size_t i = n > PAIRS_MAX ? G_N_ELEMENTS(attempts) - 1 : 0; n > 0; i++) {
        whole = attempts[i].full;
        if (attempt(&placing, &attempts[i]) || i + 1 == G_N_ELEMENTS(attempts))
            break;
    }
    for (size_t i = 0; i < n; i++) {
        const MgTraceHost *host = mg_trace_host(trace, (MgHostId)(i + 1));
        geometry->names[i] = whole ? g_strdup(host->name) : brief_name(host);
    }
    find_regions(geometry, trace);
}

MgPoint mg_scene_middle(const graphene_rect_t *card)
{
    return (MgPoint){card->origin.x + card->size.width / 2, card->origin.y + card->size.height / 2};
}
