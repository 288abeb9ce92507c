/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scene-card.c - what stands for a host on the map, and what it says of itself */
#include <math.h>

#include "icons.h"
#include "scene-private.h"
#include "words.h"

#define LOOK_BACK  4000u /* records: how far back a host's last state is looked for */
#define RADIUS     11.0
#define LINE_SIZE  10.5 /* of a host's line, in pixels at scale 1 */
#define ICON_SIZE  26.0
#define ICON_LEAST 16.0
#define NAME_LINE  1.22 /* heights of lines, by the size of their words */
#define STATE_LINE 1.32
#define GLOW_GAP   4.0 /* between a card and the ring that points at it */
#define GLOW_RING  2.5
#define GLOW_BLUR  12.0

/* ---- words of a host ---- */

typedef struct {
    const MgRegistry *registry;
    int64_t now; /* Unix time at the position */
    GString *line;
} Alive;

/* "Mon, 2 Mar 2026 09:17:03 +0000", as it stands in messages; FALSE for anything else. */
static gboolean read_date(const char *text, int64_t *when)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    static GRegex *pattern;
    if (pattern == NULL)
        pattern = g_regex_new("^[A-Z][a-z]{2}, (\\d{1,2}) ([A-Z][a-z]{2}) (\\d{4}) "
                              "(\\d\\d):(\\d\\d):(\\d\\d) \\+0000$",
                              0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    if (!g_regex_match(pattern, text, 0, &match))
        return FALSE;
    int parts[7] = {0};
    for (int i = 1; i < 7; i++) {
        g_autofree char *part = g_match_info_fetch(match, i);
        const char *month = strstr(months, part);
        parts[i] = i == 2 ? (month != NULL ? (int)(month - months) / 3 + 1 : 0)
                          : (int)g_ascii_strtoll(part, NULL, 10);
    }
    g_autoptr(GDateTime) date =
        g_date_time_new_utc(parts[3], parts[2], parts[1], parts[4], parts[5], parts[6]);
    if (date == NULL)
        return FALSE;
    *when = g_date_time_to_unix(date);
    return TRUE;
}

/* " · Next try +15 min", of the last fact if it is a time to come: what the engine waits for. */
static void add_wait(const Alive *alive, const MgFact *last)
{
    int64_t when;
    if (!read_date(last->value, &when) || when < alive->now)
        return;
    unsigned minutes = (unsigned)((when - alive->now + 59) / 60);
    g_string_append_printf(alive->line, " · %s ",
                           mg_registry_translate(alive->registry, last->label));
    if (minutes < 120)
        g_string_append_printf(alive->line, mg_plural("+%u min", "+%u min", minutes), minutes);
    else
        g_string_append_printf(alive->line, mg_plural("+%u h", "+%u h", minutes / 60),
                               minutes / 60);
}

/* The engine that was born last speaks for the host; those before it wait for it. */
static void see_engine(uint32_t number, const MgEngineKind *kind, const char *state,
                       const MgFact *facts, size_t n_facts, void *data)
{
    Alive *alive = data;
    const char *words = mg_registry_translate(alive->registry, state);
    if (state == NULL) { /* it has not moved yet: what it says first of itself */
        if (n_facts > 0)
            g_string_printf(alive->line, "%s: %s",
                            mg_registry_translate(alive->registry, facts[0].label),
                            mg_registry_translate(alive->registry, facts[0].value));
        return;
    }
    g_string_assign(alive->line, words);
    for (size_t i = 0; i < n_facts; i++) {
        const char *label = mg_registry_translate(alive->registry, facts[i].label);
        if (strcmp(facts[i].value, state) == 0 || strcmp(facts[i].value, words) == 0) {
            g_string_printf(alive->line, "%s: %s", label, words); /* "Session: greeted" */
            return;
        }
    }
    if (n_facts > 0)
        add_wait(alive, &facts[n_facts - 1]);
}

/* "bob: 2 messages"; "3 messages" in several mailboxes. */
static void say_mailboxes(const MgStore *store, GString *line)
{
    size_t n = mg_store_n_mailboxes(store), messages = 0;
    for (size_t i = 0; i < n; i++)
        messages += mg_store_n_messages(store, i);
    if (n == 1) {
        const char *address = mg_store_address(store, 0);
        g_string_append_printf(line, "%.*s: ", (int)strcspn(address, "@"), address);
    }
    g_string_append_printf(line, mg_plural("%zu message", "%zu messages", messages), messages);
}

/* Of a bare trace: the last state that was recorded of this host. */
static gboolean say_last_state(MgSession *session, MgHostId id, GString *line)
{
    const MgTrace *trace = mg_session_trace(session);
    uint32_t position = mg_session_position(session);
    for (uint32_t n = position; n > 0 && position - n < LOOK_BACK; n--) {
        const MgRecord *record = mg_trace_record(trace, n);
        if (record->kind != MG_RECORD_STATE || record->from != id)
            continue;
        g_string_append(line, mg_registry_translate(mg_trace_registry(trace),
                                                    mg_trace_text(trace, record->text_b)));
        return line->len > 0;
    }
    return FALSE;
}

char *mg_scene_host_line(MgSession *session, MgHostId id)
{
    const MgTrace *trace = mg_session_trace(session);
    const MgNetwork *network = mg_session_network(session);
    MgWorld *world = network != NULL ? mg_session_world(session) : NULL;
    g_autoptr(GString) line = g_string_new(NULL);
    if (world != NULL && id <= network->hosts->len) {
        Alive alive = {mg_trace_registry(trace),
                       network->epoch + mg_session_time(session) / MG_SECONDS, line};
        mg_runtime_each_engine(mg_world_runtime(world), id, see_engine, &alive);
        if (line->len == 0 && g_array_index(network->hosts, MgNetworkHost, id - 1u).n_mailboxes > 0)
            say_mailboxes(mg_runtime_store(mg_world_runtime(world), id), line);
    } else {
        say_last_state(session, id, line);
    }
    if (line->len == 0)
        g_string_append(line, mg_words_host_kind(mg_trace_host(trace, id)->kind));
    return g_string_free(g_steal_pointer(&line), FALSE);
}

gboolean mg_scene_is_active(MgSession *session, MgHostId host)
{
    uint32_t n = mg_session_position(session);
    const MgRecord *record = n > 0 ? mg_trace_record(mg_session_trace(session), n) : NULL;
    return record != NULL && (record->from == host || record->to == host);
}

/* ---- the card ---- */

/* (transfer full) The drawing for a host. Of name servers, those of the root and of top domains
 * have names of one label; who is called ns serves a zone below. */
static char *icon_of(const MgTraceHost *host)
{
    const char *kind = host->kind != NULL ? host->kind : "other";
    if (strcmp(kind, "nameserver") == 0 && strchr(host->name, '.') == NULL &&
        !g_str_has_prefix(host->name, "ns"))
        kind = strcmp(host->name, "root") == 0 ? "root" : "tld";
    char *name = g_strdup_printf("host-%s", kind);
    if (mg_icon_exists(name))
        return name;
    g_free(name);
    return g_strdup("host-other");
}

/* A ring around the card, and a light around the ring: without the light it is seen too. */
static void paint_glow(const MgPaper *paper, const MgScene *scene, const graphene_rect_t *card)
{
    GdkRGBA accent = mg_palette(scene->dark)->accent;
    GdkRGBA light = mg_theme_fade(accent, 0.55 + 0.35 * scene->pulse);
    float gap = (float)(GLOW_GAP + GLOW_RING), wide = (float)GLOW_RING;
    graphene_rect_t around = *card;
    GskRoundedRect ring;
    graphene_rect_inset(&around, -gap, -gap);
    gsk_rounded_rect_init_from_rect(&ring, &around, (float)(RADIUS * scene->geometry->scale) + gap);
    gtk_snapshot_append_outset_shadow(paper->snapshot, &ring, &light, 0, 0,
                                      (float)(1 + 4 * scene->pulse), (float)GLOW_BLUR);
    gtk_snapshot_append_border(paper->snapshot, &ring, (const float[]){wide, wide, wide, wide},
                               (const GdkRGBA[]){accent, accent, accent, accent});
}

static void paint_box(cairo_t *cr, const MgScene *scene, MgHostId id, const graphene_rect_t *card)
{
    const MgPalette *palette = mg_palette(scene->dark);
    gboolean active = mg_scene_is_active(scene->session, id);
    double radius = RADIUS * scene->geometry->scale;
    GdkRGBA shade = {0, 0, 0, scene->dark ? 0.30f : 0.10f};
    graphene_rect_t below = *card;
    below.origin.y += 1.5f;
    mg_paper_round_box(cr, &below, radius);
    gdk_cairo_set_source_rgba(cr, &shade);
    cairo_fill(cr);
    mg_paper_round_box(cr, card, radius);
    gdk_cairo_set_source_rgba(cr, id == scene->selected ? &palette->card_chosen : &palette->card);
    cairo_fill_preserve(cr);
    cairo_set_line_width(cr, active ? 2.5 : 1);
    gdk_cairo_set_source_rgba(cr, active ? &palette->accent : &palette->card_edge);
    cairo_stroke(cr);
}

/* Where there is no room for it all, what matters more: "greeted" of "Session: greeted", "Next try
 * +15 min" of "deferred · Next try +15 min". */
static void put_line(const MgPaper *paper, const char *line, double x, double y,
                     const MgStyle *style)
{
    static const char *const breaks[] = {" · ", ": "};
    for (size_t i = 0; i <= G_N_ELEMENTS(breaks); i++) {
        g_autoptr(PangoLayout) layout = mg_paper_lay(paper, line, style);
        const char *more = i < G_N_ELEMENTS(breaks) ? strstr(line, breaks[i]) : NULL;
        if (!pango_layout_is_ellipsized(layout) || i == G_N_ELEMENTS(breaks)) {
            mg_paper_put_layout(paper, layout, x, y, &style->color);
            return;
        }
        line = more != NULL ? more + strlen(breaks[i]) : line;
    }
}

void mg_paper_card(const MgPaper *paper, const MgScene *scene, MgHostId id,
                   const graphene_rect_t *card, const char *line)
{
    const MgGeometry *geometry = scene->geometry;
    const MgTraceHost *host = mg_trace_host(mg_session_trace(scene->session), id);
    const MgPalette *palette = mg_palette(scene->dark);
    double scale = geometry->scale, width = card->size.width;
    MgStyle name = {.size = geometry->name_size,
                    .bold = TRUE,
                    .color = palette->text,
                    .width = width - 6,
                    .middle = TRUE};
    MgStyle state = {
        .size = LINE_SIZE * scale, .color = palette->dim, .width = width - 8, .middle = TRUE};
    double words = (MG_SCENE_NAME * NAME_LINE + LINE_SIZE * STATE_LINE) * scale;
    double icon =
        CLAMP(card->size.height - words - 14 * scale, ICON_LEAST * scale, ICON_SIZE * scale);
    double y = card->origin.y + (card->size.height - words - icon - 3 * scale) / 2;
    graphene_rect_t bounds = *card;
    graphene_rect_inset(&bounds, -3, -3);
    if (mg_session_points_at(scene->session, host->name))
        paint_glow(paper, scene, card);
    cairo_t *cr = gtk_snapshot_append_cairo(paper->snapshot, &bounds);
    paint_box(cr, scene, id, card);
    g_autofree char *drawing = icon_of(host);
    mg_icon_paint(cr, &(MgIcon){.name = drawing,
                                .x = round(card->origin.x + (width - icon) / 2),
                                .y = round(y),
                                .size = icon,
                                .color = mg_theme_color(geometry->colors[id - 1], scene->dark),
                                .ground = palette->card});
    cairo_destroy(cr);
    y += icon + 2 * scale;
    mg_paper_put(paper, geometry->names[id - 1], card->origin.x + 3, y, &name);
    put_line(paper, line, card->origin.x + 4, y + MG_SCENE_NAME * NAME_LINE * scale, &state);
}

GskRenderNode *mg_scene_card(const MgScene *scene, MgHostId id, const char *line, gboolean hovered)
{
    MgPaper paper = mg_paper_new(scene);
    graphene_rect_t card = scene->geometry->cards[id - 1];
    card.origin = *graphene_point_zero();
    mg_paper_card(&paper, scene, id, &card, line);
    if (hovered) {
        GdkRGBA veil = mg_theme_fade(mg_palette(scene->dark)->accent, 0.09);
        cairo_t *cr = gtk_snapshot_append_cairo(paper.snapshot, &card);
        mg_paper_round_box(cr, &card, RADIUS * scene->geometry->scale);
        gdk_cairo_set_source_rgba(cr, &veil);
        cairo_fill(cr);
        cairo_destroy(cr);
    }
    return mg_paper_done(&paper);
}
