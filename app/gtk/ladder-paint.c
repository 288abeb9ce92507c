/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ladder-paint.c - the ladder as a picture */
#include "ladder-paint.h"

#include "icons.h"
#include "theme.h"
#include "words.h"

#define TIME_X      14  /* where the time begins */
#define FIRST_X     98  /* the first lifeline */
#define LAST_MARGIN 58  /* right of the last one */
#define SLOT_MIN    76  /* between lifelines, at least … */
#define SLOT_MAX    230 /* … and at most */
#define ARROW_Y     20
#define NOTE_Y      12  /* middle of a note's pill */
#define STATE_Y     32  /* middle of a state's pill */
#define LOCK        12  /* the side of a lock on an arrow */
#define GLOW_EDGE   2   /* of the ring around what glows */
#define EDGE        10  /* nothing is written nearer to the right edge */
#define WIDE_MAX    300 /* of a wire text that is longer than its arrow */
#define WIRE_FONT   "monospace 8"
#define TIME_FONT   "monospace 7.5"
#define NAME_FONT   "sans bold 8.5"
#define PILL_FONT   "sans 7.5"
#define TEXT_MAX    72 /* characters of a wire text */

/* ---- where things are ---- */

static unsigned n_slots(const MgLadderPaint *paint)
{
    unsigned fit = 1 + (unsigned)(MAX(paint->width - FIRST_X - LAST_MARGIN, 0) / SLOT_MIN);
    return MIN(mg_ladder_index_n_columns(paint->index), fit);
}

static double spacing(const MgLadderPaint *paint)
{
    unsigned n = n_slots(paint);
    double room = paint->width - FIRST_X - LAST_MARGIN;
    return n > 1 ? CLAMP(room / (n - 1), 1, SLOT_MAX) : room;
}

/* Hosts for which there is no room share the last lifeline. */
static unsigned slot_of(const MgLadderPaint *paint, MgHostId host)
{
    int column = mg_ladder_index_column_of(paint->index, host);
    unsigned n = n_slots(paint);
    return n > 0 ? MIN((unsigned)MAX(column, 0), n - 1) : 0;
}

static double slot_x(const MgLadderPaint *paint, unsigned slot)
{
    return floor(FIRST_X + slot * spacing(paint)) + 0.5;
}

/* ---- pieces ---- */

static PangoLayout *words(const MgLadderPaint *paint, const char *font, const char *text,
                          double max_width)
{
    PangoLayout *layout = pango_layout_new(paint->pango);
    PangoFontDescription *description = pango_font_description_from_string(font);
    pango_layout_set_font_description(layout, description);
    pango_font_description_free(description);
    pango_layout_set_text(layout, text, -1);
    pango_layout_set_single_paragraph_mode(layout, TRUE);
    int width = 0;
    pango_layout_get_pixel_size(layout, &width, NULL);
    if (width > max_width) {
        pango_layout_set_width(layout, (int)(MAX(max_width, 8) * PANGO_SCALE));
        pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
    }
    return layout;
}

static void put(GtkSnapshot *snapshot, PangoLayout *layout, double x, double y, GdkRGBA color)
{
    gtk_snapshot_save(snapshot);
    gtk_snapshot_translate(snapshot, &GRAPHENE_POINT_INIT((float)round(x), (float)round(y)));
    gtk_snapshot_append_layout(snapshot, layout, &color);
    gtk_snapshot_restore(snapshot);
}

static void fill(GtkSnapshot *snapshot, double x, double y, double width, double height,
                 GdkRGBA color)
{
    if (width > 0 && height > 0)
        gtk_snapshot_append_color(
            snapshot, &color, &GRAPHENE_RECT_INIT((float)x, (float)y, (float)width, (float)height));
}

/* NOLINTNEXTLINE(readability-function-size): one thing each, and no struct would say it better */
static void pill(GtkSnapshot *snapshot, double x, double y, double width, double height,
                 GdkRGBA inside, GdkRGBA edge)
{
    GskRoundedRect round;
    graphene_rect_t area = GRAPHENE_RECT_INIT((float)x, (float)y, (float)width, (float)height);
    gsk_rounded_rect_init_from_rect(&round, &area, (float)height / 2);
    gtk_snapshot_push_rounded_clip(snapshot, &round);
    gtk_snapshot_append_color(snapshot, &inside, &area);
    gtk_snapshot_pop(snapshot);
    const float widths[] = {1, 1, 1, 1};
    const GdkRGBA edges[] = {edge, edge, edge, edge};
    gtk_snapshot_append_border(snapshot, &round, widths, edges);
}

static GdkRGBA over(GdkRGBA ground, GdkRGBA color)
{
    float a = color.alpha;
    return (GdkRGBA){ground.red * (1 - a) + color.red * a, ground.green * (1 - a) + color.green * a,
                     ground.blue * (1 - a) + color.blue * a, 1};
}

static void head_of_arrow(GtkSnapshot *snapshot, double x, double y, int direction, GdkRGBA color)
{
    cairo_t *cr = gtk_snapshot_append_cairo(
        snapshot, &GRAPHENE_RECT_INIT((float)x - 10, (float)y - 6, 20, 12));
    gdk_cairo_set_source_rgba(cr, &color);
    cairo_move_to(cr, x, y);
    cairo_line_to(cr, x - direction * 9, y - 4.5);
    cairo_line_to(cr, x - direction * 9, y + 4.5);
    cairo_close_path(cr);
    cairo_fill(cr);
    cairo_destroy(cr);
}

/* ---- lifelines and their names ---- */

void mg_ladder_paint_lines(const MgLadderPaint *paint, GtkSnapshot *snapshot, double y,
                           double height)
{
    GdkRGBA line = mg_palette(paint->dark)->card_edge;
    for (unsigned i = 0; i < n_slots(paint); i++)
        fill(snapshot, slot_x(paint, i) - 0.5, y, 1, height, line);
}

/* Whether another lifeline's name begins with the same label. */
static bool is_ambiguous(const MgLadderPaint *paint, const char *name, size_t len)
{
    const MgTrace *trace = mg_session_trace(paint->session);
    unsigned same = 0;
    for (unsigned i = 0; i < MIN(mg_ladder_index_n_columns(paint->index), 64); i++) {
        const char *other =
            mg_trace_host(trace, mg_ladder_index_column_host(paint->index, i))->name;
        same += strncmp(other, name, len) == 0 && (other[len] == '.' || other[len] == '\0');
    }
    return same > 1;
}

/* The first label of a name is enough where the whole has no room, if it says which host it is;
 * else the last one stands beside it. */
static PangoLayout *short_name(const MgLadderPaint *paint, const char *name, double max_width)
{
    PangoLayout *layout = words(paint, NAME_FONT, name, 1e6);
    int width = 0;
    pango_layout_get_pixel_size(layout, &width, NULL);
    size_t label = strcspn(name, ".");
    if (width <= max_width)
        return layout;
    g_object_unref(layout);
    const char *last = strrchr(name, '.');
    g_autofree char *first = is_ambiguous(paint, name, label) && last != NULL
                                 ? g_strdup_printf("%.*s…%s", (int)label, name, last)
                                 : g_strndup(name, label);
    return words(paint, NAME_FONT, first, max_width);
}

/* (nullable) The host that has this lifeline for itself. */
static const MgTraceHost *slot_host(const MgLadderPaint *paint, unsigned slot)
{
    unsigned n = n_slots(paint), columns = mg_ladder_index_n_columns(paint->index);
    if (slot == n - 1 && columns > n)
        return NULL;
    return mg_trace_host(mg_session_trace(paint->session),
                         mg_ladder_index_column_host(paint->index, slot));
}

static char *slot_name(const MgLadderPaint *paint, unsigned slot)
{
    unsigned n = n_slots(paint), columns = mg_ladder_index_n_columns(paint->index);
    const MgTraceHost *host = slot_host(paint, slot);
    return host != NULL ? g_strdup(host->name)
                        /* TRANSLATORS: hosts that have no lifeline of their own */
                        : g_strdup_printf(_("%u more"), columns - n + 1);
}

static void paint_ring(GtkSnapshot *snapshot, graphene_rect_t area, double radius, GdkRGBA color)
{
    GskRoundedRect round;
    gsk_rounded_rect_init_from_rect(&round, &area, (float)radius);
    gtk_snapshot_push_rounded_clip(snapshot, &round);
    fill(snapshot, area.origin.x, area.origin.y, area.size.width, area.size.height,
         mg_theme_fade(color, 0.14));
    gtk_snapshot_pop(snapshot);
    gtk_snapshot_append_border(snapshot, &round,
                               (const float[]){GLOW_EDGE, GLOW_EDGE, GLOW_EDGE, GLOW_EDGE},
                               (const GdkRGBA[]){color, color, color, color});
}

void mg_ladder_paint_head(const MgLadderPaint *paint, GtkSnapshot *snapshot)
{
    const MgPalette *palette = mg_palette(paint->dark);
    for (unsigned i = 0; i < n_slots(paint); i++) {
        double x = slot_x(paint, i);
        double room = MIN(spacing(paint) - 6, 2 * MIN(x - 4, paint->width - x - 4));
        g_autofree char *name = slot_name(paint, i);
        g_autoptr(PangoLayout) layout = short_name(paint, name, room);
        int width = 0, height = 0;
        pango_layout_get_pixel_size(layout, &width, &height);
        const MgTraceHost *host = slot_host(paint, i);
        double aside = MIN(9, paint->width - 3 - x - width / 2.0); /* not beyond the edge */
        if (host != NULL && mg_session_points_at(paint->session, host->name))
            paint_ring(snapshot,
                       GRAPHENE_RECT_INIT((float)(x - width / 2.0 - aside), 4,
                                          (float)(width + 2 * aside), MG_LADDER_HEAD_HEIGHT - 8),
                       12, palette->accent);
        put(snapshot, layout, x - width / 2.0, (MG_LADDER_HEAD_HEIGHT - height) / 2.0,
            palette->text);
    }
}

char *mg_ladder_slot_name(const MgLadderPaint *paint, double x)
{
    unsigned n = n_slots(paint);
    for (unsigned i = 0; i < n; i++)
        if (fabs(slot_x(paint, i) - x) < spacing(paint) / 2)
            return slot_name(paint, i);
    return NULL;
}

/* ---- rows ---- */

static GdkRGBA row_ground(const MgLadderPaint *paint, gboolean current, gboolean selected)
{
    const MgPalette *palette = mg_palette(paint->dark);
    double alpha = current ? 0.13 : selected ? 0.07 : 0;
    return over(palette->ground, mg_theme_fade(palette->accent, alpha));
}

char *mg_ladder_fold_text(const MgLadderIndex *index, const MgFold *fold, uint32_t position)
{
    const MgTrace *trace = mg_ladder_index_trace(index);
    bool answered = fold->answer != 0 && fold->answer <= position;
    g_autofree char *summary =
        mg_words_summary(trace, answered ? fold->answer : fold->first, TEXT_MAX);
    const MgDissector *dissector = mg_registry_dissector(
        mg_trace_registry(trace), mg_trace_record(trace, fold->first)->dissector);
    return g_strdup_printf("%s %u %s %s: %s%s", fold->open ? "▾" : "▸",
                           mg_ladder_index_fold_count(index, fold, position),
                           fold->again ? "×" : "·", dissector != NULL ? dissector->label : "UDP",
                           summary, answered || fold->again ? "" : " …");
}

static char *wire_text(const MgLadderPaint *paint, uint32_t n, const MgFold *fold)
{
    const MgTrace *trace = mg_session_trace(paint->session);
    if (fold != NULL)
        return mg_ladder_fold_text(paint->index, fold, mg_session_position(paint->session));
    return mg_words_summary(trace, n, TEXT_MAX);
}

/* The text over an arrow: in its middle, or from its left end where it is longer. */
/* NOLINTNEXTLINE(readability-function-size): one thing each, and no struct would say it better */
static void text_over(const MgLadderPaint *paint, GtkSnapshot *snapshot, PangoLayout *layout,
                      double left, double right, GdkRGBA color, const GdkRGBA *behind)
{
    int width = 0, height = 0;
    pango_layout_get_pixel_size(layout, &width, &height);
    double x = width <= right - left - 8 ? (left + right - width) / 2 : left + 8;
    x = MAX(MIN(x, paint->width - EDGE - width), TIME_X + 46);
    double y = ARROW_Y - height - 2;
    fill(snapshot, round(x) - 2, y + 1, width + 4, height - 1, *behind);
    put(snapshot, layout, x, y, color);
}

/* On the line, beside where it sets out: nobody on the way can read it. */
static void paint_lock(GtkSnapshot *snapshot, double from, int direction, GdkRGBA color,
                       GdkRGBA behind)
{
    double x = round(from) + (direction > 0 ? 7 : -7 - LOCK), y = ARROW_Y - LOCK / 2.0;
    graphene_rect_t area = GRAPHENE_RECT_INIT((float)x - 2, (float)y, LOCK + 4, LOCK);
    gtk_snapshot_append_color(snapshot, &behind, &area);
    MgIcon icon = {.name = "padlock", .x = x, .y = y, .size = LOCK, .color = color};
    cairo_t *cr = gtk_snapshot_append_cairo(snapshot, &area);
    mg_icon_paint(cr, &icon);
    cairo_destroy(cr);
}

static void paint_lost(const MgLadderPaint *paint, GtkSnapshot *snapshot, double x, GdkRGBA behind)
{
    GdkRGBA red = mg_theme_color("red", paint->dark);
    g_autoptr(PangoLayout) layout = words(paint, "sans bold 9", "✕", 40);
    int width = 0, height = 0;
    pango_layout_get_pixel_size(layout, &width, &height);
    fill(snapshot, x - width / 2.0 - 2, ARROW_Y - 6, width + 4, 12, behind);
    put(snapshot, layout, x - width / 2.0, ARROW_Y - height / 2.0, red);
}

static void paint_exchange(const MgLadderPaint *paint, GtkSnapshot *snapshot, uint32_t n,
                           GdkRGBA ground)
{
    const MgTrace *trace = mg_session_trace(paint->session);
    const MgRecord *record = mg_trace_record(trace, n);
    const MgPalette *palette = mg_palette(paint->dark);
    const MgFold *fold = mg_ladder_index_fold(paint->index, n);
    double from = slot_x(paint, slot_of(paint, record->from));
    double to = slot_x(paint, slot_of(paint, record->to));
    double left = MIN(from, to), right = MAX(from, to);
    int direction = to >= from ? 1 : -1;
    bool lost = (record->flags & MG_RECORD_LOST) != 0;
    GdkRGBA color =
        mg_theme_dissector_color(mg_trace_registry(trace), record->dissector, paint->dark);
    g_autofree char *text = wire_text(paint, n, fold);
    if (left == right) { /* both ends share a lifeline, or it is one host */
        g_autofree char *ends = g_strdup_printf(
            "%s → %s  %s", record->from != 0 ? mg_trace_host(trace, record->from)->name : "",
            record->to != 0 ? mg_trace_host(trace, record->to)->name : "", text);
        g_autoptr(PangoLayout) layout = words(paint, WIRE_FONT, ends, WIDE_MAX);
        fill(snapshot, left - 3, ARROW_Y - 3, 7, 7, color);
        text_over(paint, snapshot, layout, left, left, palette->text, &ground);
        return;
    }
    g_autoptr(PangoLayout) layout = words(paint, WIRE_FONT, text, MAX(right - left - 8, WIDE_MAX));
    GdkRGBA behind = fold != NULL ? over(ground, mg_theme_fade(color, 0.2)) : ground;
    text_over(paint, snapshot, layout, left, right, palette->text, &behind);
    double end = lost ? from + (to - from) * 0.62 : to;
    fill(snapshot, MIN(from, end), ARROW_Y - 1, fabs(end - from) - (lost ? 0 : 4), 2, color);
    if (lost) {
        paint_lost(paint, snapshot, end, ground);
    } else {
        if (direction < 0) /* the line stops where the head begins */
            fill(snapshot, right - 5, ARROW_Y - 1, 5, 2, color);
        head_of_arrow(snapshot, to, ARROW_Y, direction, color);
    }
    if ((record->flags & MG_RECORD_ENCRYPTED) != 0)
        paint_lock(snapshot, from, direction, color, ground);
}

/* A note, or what somebody did, on its host's lifeline. */
static void paint_note(const MgLadderPaint *paint, GtkSnapshot *snapshot, uint32_t n,
                       GdkRGBA ground)
{
    static const char *const colors[] = {"grey", "teal", "amber", "red"}; /* by severity */
    const MgTrace *trace = mg_session_trace(paint->session);
    const MgRecord *record = mg_trace_record(trace, n);
    const MgPalette *palette = mg_palette(paint->dark);
    GdkRGBA color = palette->accent;
    if (record->kind == MG_RECORD_NOTE) {
        const MgRule *rule =
            mg_registry_rule(mg_trace_registry(trace), mg_trace_text(trace, record->text_a));
        color = mg_theme_color(rule != NULL ? colors[rule->severity] : "grey", paint->dark);
    } else if (record->kind == MG_RECORD_STATE) {
        color = mg_theme_color("grey", paint->dark);
    }
    double x = slot_x(paint, slot_of(paint, record->from)) - 12;
    g_autofree char *text = mg_words_summary(trace, n, 90);
    g_autoptr(PangoLayout) layout = words(paint, PILL_FONT, text, paint->width - FIRST_X - EDGE);
    int width = 0, height = 0;
    pango_layout_get_pixel_size(layout, &width, &height);
    x = MIN(x, paint->width - EDGE - width - 20);
    double tall = height + 6;
    double y = NOTE_Y - tall / 2;
    pill(snapshot, x, y, width + 20, tall, over(ground, mg_theme_fade(color, 0.16)),
         mg_theme_fade(color, 0.7));
    put(snapshot, layout, x + 10, NOTE_Y - height / 2.0, palette->text);
}

static void paint_states(const MgLadderPaint *paint, GtkSnapshot *snapshot, uint32_t n)
{
    const MgTrace *trace = mg_session_trace(paint->session);
    const MgPalette *palette = mg_palette(paint->dark);
    MgLadderState states[4];
    size_t count = mg_ladder_index_states(paint->index, n, mg_session_position(paint->session),
                                          states, G_N_ELEMENTS(states));
    for (size_t i = 0; i < count; i++) {
        if (mg_ladder_index_column_of(paint->index, states[i].host) < 0)
            continue;
        const char *state = mg_registry_translate(
            mg_trace_registry(trace),
            mg_trace_text(trace, mg_trace_record(trace, states[i].n)->text_b));
        g_autoptr(PangoLayout) layout = words(paint, PILL_FONT, state, spacing(paint) - 20);
        int width = 0, height = 0;
        pango_layout_get_pixel_size(layout, &width, &height);
        double x = slot_x(paint, slot_of(paint, states[i].host)) - width / 2.0 - 7;
        pill(snapshot, round(x), STATE_Y - 6.5, width + 14, 13, palette->card, palette->card_edge);
        put(snapshot, layout, x + 7, STATE_Y - height / 2.0, palette->dim);
    }
}

void mg_ladder_paint_row(const MgLadderPaint *paint, GtkSnapshot *snapshot, uint32_t n,
                         gboolean current, gboolean selected)
{
    const MgTrace *trace = mg_session_trace(paint->session);
    if (n == 0 || n > mg_trace_n_records(trace))
        return;
    const MgRecord *record = mg_trace_record(trace, n);
    const MgPalette *palette = mg_palette(paint->dark);
    GdkRGBA ground = row_ground(paint, current, selected);
    if (current || selected)
        fill(snapshot, 0, 0, paint->width, MG_LADDER_ROW_HEIGHT,
             mg_theme_fade(palette->accent, current ? 0.13 : 0.07));
    if (n == paint->glow)
        paint_ring(snapshot,
                   GRAPHENE_RECT_INIT(4, 1, (float)paint->width - 8, MG_LADDER_ROW_HEIGHT - 2), 8,
                   palette->accent);
    if (current)
        fill(snapshot, 0, 0, 3, MG_LADDER_ROW_HEIGHT, palette->accent);
    if (mg_ladder_index_is_inside(paint->index, n))
        fill(snapshot, TIME_X - 7, 0, 2, MG_LADDER_ROW_HEIGHT,
             mg_theme_dissector_color(mg_trace_registry(trace), record->dissector, paint->dark));
    g_autofree char *time = mg_words_time(record->at);
    g_autoptr(PangoLayout) layout = words(paint, TIME_FONT, time, FIRST_X - TIME_X - 8);
    int height = 0;
    pango_layout_get_pixel_size(layout, NULL, &height);
    put(snapshot, layout, TIME_X, ARROW_Y - height / 2.0, palette->dim);
    if (record->kind == MG_RECORD_EXCHANGE)
        paint_exchange(paint, snapshot, n, ground);
    else
        paint_note(paint, snapshot, n, ground);
    paint_states(paint, snapshot, n);
}

/* ---- the whole ---- */

GskRenderNode *mg_scene_ladder(MgSession *session, double width, double height, gboolean dark)
{
    g_autoptr(MgLadderIndex) index = mg_ladder_index_new(mg_session_trace(session));
    mg_ladder_index_catch_up(index, UINT32_MAX);
    PangoContext *pango = pango_font_map_create_context(pango_cairo_font_map_get_default());
    MgLadderPaint paint = {session, index, pango, width, dark};
    GtkSnapshot *snapshot = gtk_snapshot_new();
    fill(snapshot, 0, 0, width, height, mg_palette(dark)->ground);
    mg_ladder_paint_head(&paint, snapshot);
    mg_ladder_paint_lines(&paint, snapshot, MG_LADDER_HEAD_HEIGHT, height - MG_LADDER_HEAD_HEIGHT);
    uint32_t position = mg_session_position(session), current = 0;
    uint32_t n = mg_ladder_index_n_rows(index, position);
    bool is_row = mg_ladder_index_row_of(index, position, &current);
    uint32_t fit = (uint32_t)MAX((height - MG_LADDER_HEAD_HEIGHT) / MG_LADDER_ROW_HEIGHT, 1);
    uint32_t first = n > fit ? n - fit : 0;
    for (uint32_t row = first; row < n; row++) {
        gtk_snapshot_save(snapshot);
        gtk_snapshot_translate(
            snapshot, &GRAPHENE_POINT_INIT(0, MG_LADDER_HEAD_HEIGHT +
                                                  (float)((row - first) * MG_LADDER_ROW_HEIGHT)));
        mg_ladder_paint_row(&paint, snapshot, mg_ladder_index_record(index, row),
                            is_row && row == current, FALSE);
        gtk_snapshot_restore(snapshot);
    }
    g_object_unref(pango);
    return gtk_snapshot_free_to_node(snapshot);
}
