/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scene.c - the map, painted from a session */
#include "scene-private.h"

#include <math.h>

#include "icons.h"
#include "theme.h"
#include "words.h"

#define DOT_STEP     24
#define BUBBLE_CHARS 22
#define OTHERS_BACK  400u  /* records: how far back something may have set out that still travels */
#define LOOK_BACK    4000u /* records: how far a host's last word is looked for */

/* ---- words of a host ---- */

typedef struct {
    const MgRegistry *registry;
    const char *state;
    unsigned n;
} Alive;

static void see_engine(uint32_t number, const MgEngineKind *kind, const char *state,
                       const MgFact *facts, size_t n_facts, void *data)
{
    Alive *alive = data;
    alive->n++;
    if (state != NULL)
        alive->state = state;
}

static char *mailbox_line(MgWorld *world, const MgNetworkHost *host, MgHostId id)
{
    const MgStore *store = mg_runtime_store(mg_world_runtime(world), id);
    unsigned n = 0;
    for (size_t i = 0; i < mg_store_n_mailboxes(store); i++)
        n += (unsigned)mg_store_n_messages(store, i);
    return g_strdup_printf(mg_plural("%u message", "%u messages", n), n);
}

char *mg_scene_host_line(MgSession *session, MgHostId id)
{
    const MgTrace *trace = mg_session_trace(session);
    const MgNetwork *network = mg_session_network(session);
    MgWorld *world = network != NULL ? mg_session_world(session) : NULL;
    if (world != NULL && id <= network->hosts->len) {
        const MgNetworkHost *host = &g_array_index(network->hosts, MgNetworkHost, id - 1u);
        Alive alive = {mg_trace_registry(trace), NULL, 0};
        mg_runtime_each_engine(mg_world_runtime(world), id, see_engine, &alive);
        if (host->n_mailboxes > 0)
            return mailbox_line(world, host, id);
        if (alive.state != NULL)
            return g_strdup(mg_registry_translate(alive.registry, alive.state));
        return g_strdup(mg_words_host_kind(host->kind));
    }
    uint32_t position = mg_session_position(session);
    for (uint32_t n = position; n > 0 && position - n < LOOK_BACK; n--) {
        const MgRecord *record = mg_trace_record(trace, n);
        if (record->kind == MG_RECORD_STATE && record->from == id)
            return g_strdup(mg_registry_translate(mg_trace_registry(trace),
                                                  mg_trace_text(trace, record->text_b)));
    }
    return g_strdup(mg_words_host_kind(mg_trace_host(trace, id)->kind));
}

gboolean mg_scene_is_names(const char *region)
{
    return region != NULL && g_ascii_strcasecmp(region, "dns") == 0;
}

const char *mg_scene_icon(const MgTraceHost *host)
{
    /* A name server with a name of one label is one of the top of the tree. */
    return g_strcmp0(host->kind, "nameserver") == 0 && strchr(host->name, '.') == NULL ? "root"
                                                                                       : host->kind;
}

double mg_scene_icon_size(const graphene_rect_t *card)
{
    return CLAMP(round(card->size.height * 0.62 - 22), 14, 40);
}

const char *mg_scene_short_name(const MgTraceHost *host)
{
    /* "mta" in the region example.com: its title says the rest. */
    static char name[64];
    size_t len = strlen(host->name), tail = host->region != NULL ? strlen(host->region) : 0;
    if (tail == 0 || len < tail + 2 || len >= sizeof name ||
        g_ascii_strcasecmp(host->name + len - tail, host->region) != 0 ||
        host->name[len - tail - 1] != '.')
        return host->name;
    g_strlcpy(name, host->name, len - tail);
    return name;
}

/* ---- painting words ---- */

typedef struct {
    GtkSnapshot *snapshot;
    PangoContext *pango;
} Paper;

typedef struct {
    const char *font; /* "Sans Bold 10" */
    GdkRGBA color;
    double width; /* of the room; 0: as wide as it is */
    double align; /* 0 left, 0.5 in the middle */
} Style;

static PangoLayout *lay(const Paper *paper, const char *text, const Style *style)
{
    PangoLayout *layout = pango_layout_new(paper->pango);
    PangoFontDescription *font = pango_font_description_from_string(style->font);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    pango_layout_set_text(layout, text, -1);
    pango_layout_set_single_paragraph_mode(layout, TRUE);
    if (style->width > 0) {
        pango_layout_set_width(layout, (int)(style->width * PANGO_SCALE));
        pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
        pango_layout_set_alignment(layout,
                                   style->align > 0 ? PANGO_ALIGN_CENTER : PANGO_ALIGN_LEFT);
    }
    return layout;
}

static void put_layout(const Paper *paper, PangoLayout *layout, double x, double y,
                       const GdkRGBA *color)
{
    gtk_snapshot_save(paper->snapshot);
    gtk_snapshot_translate(paper->snapshot, &GRAPHENE_POINT_INIT((float)round(x), (float)round(y)));
    gtk_snapshot_append_layout(paper->snapshot, layout, color);
    gtk_snapshot_restore(paper->snapshot);
}

static void put_text(const Paper *paper, const char *text, double x, double y, const Style *style)
{
    g_autoptr(PangoLayout) layout = lay(paper, text, style);
    put_layout(paper, layout, x, y, &style->color);
}

static Paper paper_new(void)
{
    return (Paper){gtk_snapshot_new(),
                   pango_font_map_create_context(pango_cairo_font_map_get_default())};
}

static GskRenderNode *paper_done(Paper *paper)
{
    g_object_unref(paper->pango);
    return gtk_snapshot_free_to_node(paper->snapshot);
}

static cairo_t *begin_cairo(const Paper *paper, const MgScene *scene)
{
    return gtk_snapshot_append_cairo(
        paper->snapshot, &GRAPHENE_RECT_INIT(0, 0, (float)scene->width, (float)scene->height));
}

/* ---- what is still ---- */

static void round_box(cairo_t *cr, const graphene_rect_t *box, double r)
{
    double x = box->origin.x + 0.5, y = box->origin.y + 0.5;
    double w = box->size.width - 1, h = box->size.height - 1;
    cairo_new_sub_path(cr);
    cairo_arc(cr, x + w - r, y + r, r, -G_PI / 2, 0);
    cairo_arc(cr, x + w - r, y + h - r, r, 0, G_PI / 2);
    cairo_arc(cr, x + r, y + h - r, r, G_PI / 2, G_PI);
    cairo_arc(cr, x + r, y + r, r, G_PI, 3 * G_PI / 2);
    cairo_close_path(cr);
}

static void paint_ground(cairo_t *cr, const MgScene *scene, const MgPalette *palette)
{
    gdk_cairo_set_source_rgba(cr, &palette->ground);
    cairo_paint(cr);
    gdk_cairo_set_source_rgba(cr, &palette->dot);
    for (double y = DOT_STEP / 2; y < scene->height; y += DOT_STEP)
        for (double x = DOT_STEP / 2; x < scene->width; x += DOT_STEP)
            cairo_rectangle(cr, x, y, 1.5, 1.5);
    cairo_fill(cr);
}

/* Regions in order of their first host; the one of the names is violet, the others take turns. */
static const char *region_color(const char *region, unsigned *turn)
{
    static const char *const turns[] = {"blue", "green", "amber", "teal", "orange"};
    if (mg_scene_is_names(region))
        return "violet";
    return turns[(*turn)++ % G_N_ELEMENTS(turns)];
}

static const char *region_title(const char *region)
{
    return mg_scene_is_names(region) ? _("The Domain Name System") : region;
}

typedef struct {
    const char *name, *color;
    graphene_rect_t box;
    gboolean real;
} Region;

static GArray *find_regions(const MgTrace *trace, const graphene_rect_t *cards, double title)
{
    GArray *regions = g_array_new(FALSE, TRUE, sizeof(Region));
    unsigned turn = 0;
    for (uint16_t h = 1; h <= mg_trace_n_hosts(trace); h++) {
        const MgTraceHost *host = mg_trace_host(trace, h);
        graphene_rect_t box = cards[h - 1];
        guint i = 0;
        if (host->region == NULL || host->region[0] == '\0')
            continue;
        graphene_rect_inset(&box, (float)-MG_SCENE_PAD, (float)-MG_SCENE_PAD);
        box.origin.y -= (float)title;
        box.size.height += (float)title;
        while (i < regions->len &&
               strcmp(g_array_index(regions, Region, i).name, host->region) != 0)
            i++;
        if (i == regions->len) {
            Region region = {host->region, region_color(host->region, &turn), box, host->real};
            g_array_append_val(regions, region);
        } else {
            Region *region = &g_array_index(regions, Region, i);
            graphene_rect_union(&region->box, &box, &region->box);
            region->real |= host->real;
        }
    }
    return regions;
}

static void hatch(cairo_t *cr, const Region *region, const GdkRGBA *color)
{
    cairo_save(cr);
    round_box(cr, &region->box, 14);
    cairo_clip(cr);
    cairo_set_line_width(cr, 1);
    gdk_cairo_set_source_rgba(cr, color);
    for (double x = -region->box.size.height; x < region->box.size.width; x += 10) {
        cairo_move_to(cr, region->box.origin.x + x, region->box.origin.y + region->box.size.height);
        cairo_line_to(cr, region->box.origin.x + x + region->box.size.height, region->box.origin.y);
    }
    cairo_stroke(cr);
    cairo_restore(cr);
}

static void paint_region(cairo_t *cr, const Region *region, gboolean dark)
{
    static const double dashes[] = {7, 5};
    GdkRGBA color = mg_theme_color(region->color, dark);
    GdkRGBA ground = mg_theme_fade(color, dark ? 0.10 : 0.07);
    GdkRGBA edge = mg_theme_fade(color, dark ? 0.38 : 0.30);
    round_box(cr, &region->box, 14);
    gdk_cairo_set_source_rgba(cr, &ground);
    cairo_fill(cr);
    if (region->real)
        hatch(cr, region, &ground);
    round_box(cr, &region->box, 14);
    gdk_cairo_set_source_rgba(cr, &edge);
    cairo_set_line_width(cr, region->real ? 2 : 1);
    if (region->real)
        cairo_set_dash(cr, dashes, 2, 0);
    cairo_stroke(cr);
    cairo_set_dash(cr, NULL, 0, 0);
}

static void trace_curve(cairo_t *cr, const MgCurve *curve)
{
    cairo_move_to(cr, curve->a.x, curve->a.y);
    cairo_curve_to(cr, curve->a.x + (curve->c.x - curve->a.x) * 2 / 3,
                   curve->a.y + (curve->c.y - curve->a.y) * 2 / 3,
                   curve->b.x + (curve->c.x - curve->b.x) * 2 / 3,
                   curve->b.y + (curve->c.y - curve->b.y) * 2 / 3, curve->b.x, curve->b.y);
}

static void paint_links(cairo_t *cr, const MgScene *scene, const MgPalette *palette)
{
    const MgNetwork *network = mg_session_network(scene->session);
    cairo_set_line_width(cr, 1.8);
    gdk_cairo_set_source_rgba(cr, &palette->link);
    for (guint i = 0; network != NULL && i < network->links->len; i++)
        trace_curve(cr, mg_geometry_link(scene->geometry, i));
    cairo_stroke(cr);
}

GskRenderNode *mg_scene_still(const MgScene *scene)
{
    const MgPalette *palette = mg_palette(scene->dark);
    const MgTrace *trace = mg_session_trace(scene->session);
    const graphene_rect_t *cards = mg_geometry_cards(scene->geometry, NULL);
    double title = mg_scene_title(scene->large);
    g_autoptr(GArray) regions = find_regions(trace, cards, title);
    Paper paper = paper_new();
    cairo_t *cr = begin_cairo(&paper, scene);
    paint_ground(cr, scene, palette);
    for (guint i = 0; i < regions->len; i++)
        paint_region(cr, &g_array_index(regions, Region, i), scene->dark);
    paint_links(cr, scene, palette);
    cairo_destroy(cr);
    for (guint i = 0; i < regions->len; i++) {
        const Region *region = &g_array_index(regions, Region, i);
        Style style = {scene->large ? "Sans Bold 14" : "Sans Bold 9.5",
                       mg_theme_color(region->color, scene->dark), region->box.size.width - 24, 0};
        put_text(&paper, region_title(region->name), region->box.origin.x + 12,
                 region->box.origin.y + 5, &style);
    }
    return paper_done(&paper);
}

/* ---- what moves ---- */

static MgToken token_of(const MgRecord *record)
{
    static const MgToken tokens[] = {
        [MG_UNIT_COMMAND] = MG_TOKEN_COMMAND, [MG_UNIT_REPLY] = MG_TOKEN_REPLY,
        [MG_UNIT_QUERY] = MG_TOKEN_QUERY,     [MG_UNIT_ANSWER] = MG_TOKEN_ANSWER,
        [MG_UNIT_DATA] = MG_TOKEN_DATA,       [MG_UNIT_NOTE] = MG_TOKEN_PACKET};
    return record->unit < G_N_ELEMENTS(tokens) && record->unit > 0 ? tokens[record->unit]
                                                                   : MG_TOKEN_PACKET;
}

/* Over the point, with a tip that points at it; `below`: under it, without one. */
static void paint_bubble(const Paper *paper, const MgScene *scene, const char *text, MgPoint at,
                         const GdkRGBA *color, gboolean below)
{
    GdkRGBA white = scene->dark ? (GdkRGBA){0.08f, 0.08f, 0.1f, 1} : (GdkRGBA){1, 1, 1, 1};
    Style style = {scene->large ? "Monospace 15" : "Monospace 9.5", white, 0, 0};
    g_autoptr(PangoLayout) layout = lay(paper, text, &style);
    int w, h;
    pango_layout_get_pixel_size(layout, &w, &h);
    double width = w + 22, height = h + 12, drop = scene->large ? 34 : 26;
    double x = CLAMP(at.x - width / 2, 4, MAX(scene->width - width - 4, 4));
    double y = below ? MIN(at.y + 6, scene->height - height - 4) : MAX(at.y - drop - height, 4);
    graphene_rect_t box =
        GRAPHENE_RECT_INIT((float)round(x), (float)round(y), (float)width, (float)height);
    graphene_rect_t bounds = box;
    graphene_rect_inset(&bounds, -1, -10); /* the tip */
    cairo_t *cr = gtk_snapshot_append_cairo(paper->snapshot, &bounds);
    gdk_cairo_set_source_rgba(cr, color);
    round_box(cr, &box, height / 2);
    cairo_fill(cr);
    double tip = CLAMP(at.x, x + height / 2 + 8, x + width - height / 2 - 8);
    cairo_move_to(cr, tip - 8, box.origin.y + height - 1.5);
    cairo_line_to(cr, tip, box.origin.y + height + 9);
    cairo_line_to(cr, tip + 8, box.origin.y + height - 1.5);
    if (!below)
        cairo_fill(cr);
    cairo_destroy(cr);
    put_layout(paper, layout, box.origin.x + 11, box.origin.y + 6, &white);
}

/* The way of the token. Its node stays the same from frame to frame, so that a renderer which
 * paints only what has changed leaves it alone. */
static void paint_lit(const Paper *paper, const MgScene *scene, const MgRecord *record,
                      const GdkRGBA *color)
{
    const GArray *way = mg_geometry_way(scene->geometry, record->from - 1u, record->to - 1u);
    GskRenderNode **kept = mg_geometry_lit(scene->geometry, record->from, record->to, color);
    if (*kept != NULL) {
        gtk_snapshot_append_node(paper->snapshot, *kept);
        return;
    }
    graphene_rect_t bounds = GRAPHENE_RECT_INIT(0, 0, 0, 0);
    for (guint i = 0; i < way->len; i++) {
        const MgPoint *point = &g_array_index(way, MgPoint, i);
        graphene_rect_t around = GRAPHENE_RECT_INIT((float)point->x - 4, (float)point->y - 4, 8, 8);
        if (i == 0)
            bounds = around;
        graphene_rect_union(&bounds, &around, &bounds);
    }
    *kept = gsk_cairo_node_new(&bounds);
    cairo_t *cr = gsk_cairo_node_get_draw_context(*kept);
    for (guint i = 0; i < way->len; i++) {
        const MgPoint *point = &g_array_index(way, MgPoint, i);
        if (i == 0)
            cairo_move_to(cr, point->x, point->y);
        else
            cairo_line_to(cr, point->x, point->y);
    }
    cairo_set_line_width(cr, scene->large ? 4 : 3);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    gdk_cairo_set_source_rgba(cr, color);
    cairo_stroke(cr);
    cairo_destroy(cr);
    gtk_snapshot_append_node(paper->snapshot, *kept);
}

static void paint_cross(cairo_t *cr, MgPoint at, const GdkRGBA *color)
{
    gdk_cairo_set_source_rgba(cr, color);
    cairo_set_line_width(cr, 4);
    cairo_move_to(cr, at.x - 9, at.y - 9);
    cairo_line_to(cr, at.x + 9, at.y + 9);
    cairo_move_to(cr, at.x + 9, at.y - 9);
    cairo_line_to(cr, at.x - 9, at.y + 9);
    cairo_stroke(cr);
}

static GdkTexture *draw_token(MgToken token, gboolean left, gboolean locked, int size,
                              const GdkRGBA *color, const GdkRGBA *ground)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, size, size);
    cairo_t *cr = cairo_create(surface);
    mg_icon_token(cr, token, size / 2.0, size / 2.0, size * 0.9, color, ground, left);
    if (locked)
        mg_icon_lock(cr, size / 2.0, size / 2.0, size * 0.9, color, ground);
    cairo_destroy(cr);
    cairo_surface_flush(surface);
    gsize stride = (gsize)cairo_image_surface_get_stride(surface);
    g_autoptr(GBytes) bytes =
        g_bytes_new_with_free_func(cairo_image_surface_get_data(surface), stride * (gsize)size,
                                   (GDestroyNotify)cairo_surface_destroy, surface);
    return gdk_memory_texture_new(size, size, GDK_MEMORY_DEFAULT, bytes, stride);
}

/* One small texture a kind of token, size and colour: a frame with many of them only copies. */
static GdkTexture *token_texture(const MgRecord *record, gboolean left, int size, gboolean dark,
                                 const GdkRGBA *color)
{
    static GHashTable *textures;
    MgToken token = token_of(record);
    gboolean locked = (record->flags & MG_RECORD_ENCRYPTED) != 0;
    unsigned hue = (unsigned)(color->red * 15) << 8 | (unsigned)(color->green * 15) << 4 |
                   (unsigned)(color->blue * 15);
    guint key = hue << 16 | (guint)size << 8 | token << 4 | (unsigned)left << 3 |
                (unsigned)locked << 2 | (unsigned)dark << 1 | 1u;
    if (textures == NULL)
        textures = g_hash_table_new_full(NULL, NULL, NULL, g_object_unref);
    GdkTexture *texture = g_hash_table_lookup(textures, GUINT_TO_POINTER(key));
    if (texture == NULL) {
        texture = draw_token(token, left, locked, size, color, &mg_palette(dark)->card);
        g_hash_table_insert(textures, GUINT_TO_POINTER(key), texture);
    }
    return texture;
}

static MgPoint put_token(const Paper *paper, const MgScene *scene, const MgRecord *record,
                         double progress, const GdkRGBA *color, int size)
{
    const GArray *way = mg_geometry_way(scene->geometry, record->from - 1u, record->to - 1u);
    MgPoint at = mg_scene_along(way, progress);
    gboolean left = mg_scene_along(way, 1).x < mg_scene_along(way, 0).x;
    GdkTexture *texture = token_texture(record, left, size, scene->dark, color);
    gtk_snapshot_append_texture(paper->snapshot, texture,
                                &GRAPHENE_RECT_INIT((float)round(at.x - size / 2.0),
                                                    (float)round(at.y - size / 2.0), (float)size,
                                                    (float)size));
    return at;
}

static gboolean travels(const MgRecord *record)
{
    return record->kind == MG_RECORD_EXCHANGE && record->from != 0 && record->to != 0 &&
           record->from != record->to;
}

/* What else is on its way while the record at the position is: smaller, without words. */
static void paint_others(const Paper *paper, const MgScene *scene, uint32_t n)
{
    const MgTrace *trace = mg_session_trace(scene->session);
    const MgRecord *here = mg_trace_record(trace, n);
    MgTime now = here->at;
    if (here->until != MG_TIME_NEVER)
        now += (MgTime)((double)(here->until - here->at) * scene->progress);
    for (uint32_t back = 1; back < n && back <= OTHERS_BACK; back++) {
        const MgRecord *record = mg_trace_record(trace, n - back);
        if (!travels(record) || record->until == MG_TIME_NEVER || record->until <= now)
            continue;
        GdkRGBA color =
            mg_theme_dissector_color(mg_trace_registry(trace), record->dissector, scene->dark);
        double passed = (double)(now - record->at) / (double)(record->until - record->at);
        put_token(paper, scene, record, passed, &color, scene->large ? 28 : 22);
    }
}

static void paint_token(const Paper *paper, const MgScene *scene, uint32_t n)
{
    const MgTrace *trace = mg_session_trace(scene->session);
    const MgRecord *record = mg_trace_record(trace, n);
    GdkRGBA color =
        mg_theme_dissector_color(mg_trace_registry(trace), record->dissector, scene->dark);
    gboolean lost = (record->flags & MG_RECORD_LOST) != 0;
    if (lost)
        color = mg_theme_color("red", scene->dark);
    paint_lit(paper, scene, record, &color);
    MgPoint at = put_token(paper, scene, record, lost ? MIN(scene->progress, 0.5) : scene->progress,
                           &color, scene->large ? 48 : 38);
    if (lost && scene->progress >= 0.5) {
        cairo_t *cr = gtk_snapshot_append_cairo(
            paper->snapshot, &GRAPHENE_RECT_INIT((float)at.x - 12, (float)at.y - 12, 24, 24));
        paint_cross(cr, at, &color);
        cairo_destroy(cr);
    }
    g_autofree char *words = mg_words_summary(trace, n, BUBBLE_CHARS);
    paint_bubble(paper, scene, words, at, &color, FALSE);
}

/* A state, a note, something done: said under its host. */
static void paint_saying(const Paper *paper, const MgScene *scene, uint32_t n,
                         const graphene_rect_t *cards)
{
    const MgTrace *trace = mg_session_trace(scene->session);
    const MgRecord *record = mg_trace_record(trace, n);
    GdkRGBA color = mg_theme_color("grey", scene->dark);
    g_autofree char *words = mg_words_summary(trace, n, BUBBLE_CHARS + 12);
    MgPoint at = mg_scene_middle(&cards[record->from - 1]);
    at.y += cards[record->from - 1].size.height / 2;
    paint_bubble(paper, scene, words, at, &color, TRUE);
}

static void paint_card(const Paper *paper, const MgScene *scene, MgHostId id,
                       const graphene_rect_t *card, gboolean active)
{
    const MgTraceHost *host = mg_trace_host(mg_session_trace(scene->session), id);
    const MgPalette *palette = mg_palette(scene->dark);
    GdkRGBA kind_color =
        mg_theme_color(mg_scene_is_names(host->region) ? "violet" : "blue", scene->dark);
    double scale = scene->large ? 1.4 : 1;
    double icon = mg_scene_icon_size(card);
    graphene_rect_t bounds = *card;
    graphene_rect_inset(&bounds, -2, -2);
    cairo_t *cr = gtk_snapshot_append_cairo(paper->snapshot, &bounds);
    round_box(cr, card, 11);
    gdk_cairo_set_source_rgba(cr, &palette->card);
    cairo_fill_preserve(cr);
    cairo_set_line_width(cr, active ? 2.5 : 1);
    gdk_cairo_set_source_rgba(cr, active ? &palette->accent : &palette->card_edge);
    cairo_stroke(cr);
    double line_height = 14 * scale, top = (card->size.height - icon - 2 * line_height - 5) / 2;
    mg_icon_host(cr, mg_scene_icon(host), round(card->origin.x + (card->size.width - icon) / 2),
                 round(card->origin.y + top), icon, &kind_color);
    cairo_destroy(cr);
    g_autofree char *name_font = g_strdup_printf("Sans Bold %.1f", 8.5 * scale);
    g_autofree char *line_font = g_strdup_printf("Sans %.1f", 7.5 * scale);
    g_autofree char *line = mg_scene_host_line(scene->session, id);
    Style name = {name_font, palette->text, card->size.width - 4, 0.5};
    Style state = {line_font, palette->dim, card->size.width - 6, 0.5};
    double y = card->origin.y + top + icon + 3;
    put_text(paper, mg_scene_short_name(host), card->origin.x + 2, y, &name);
    put_text(paper, line, card->origin.x + 3, y + line_height + 1, &state);
}

GskRenderNode *mg_scene_moving(const MgScene *scene)
{
    const MgTrace *trace = mg_session_trace(scene->session);
    uint32_t n = mg_session_position(scene->session);
    const MgRecord *record = n > 0 ? mg_trace_record(trace, n) : NULL;
    size_t n_cards;
    const graphene_rect_t *cards = mg_geometry_cards(scene->geometry, &n_cards);
    Paper paper = paper_new();
    for (uint16_t h = 1; scene->cards && h <= n_cards; h++) {
        gboolean active =
            h == scene->selected || (record != NULL && (h == record->from || h == record->to));
        paint_card(&paper, scene, h, &cards[h - 1], active);
    }
    if (record != NULL)
        paint_others(&paper, scene, n);
    if (record != NULL && travels(record))
        paint_token(&paper, scene, n);
    else if (record != NULL && record->from != 0)
        paint_saying(&paper, scene, n, cards);
    return paper_done(&paper);
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
