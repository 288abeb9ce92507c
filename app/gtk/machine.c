/* SPDX-License-Identifier: GPL-3.0-or-later */
/* machine.c - an engine's state machine as a picture */
#include "machine.h"

#include <math.h>

#include "scene-private.h"

#define STATES     24u  /* more than any table has; what is beyond is not drawn */
#define ROW_HEIGHT 54.0 /* from one distance to the next */
#define PILL       26.0 /* height of a state */
#define SIDE       18.0 /* inside of a pill, beside its words */
#define GAP        8.0  /* between pills */
#define BEND       16.0 /* how far an arrow swerves, so that its way back lies beside it */
#define HEAD       7.0  /* an arrow's */
#define NEAR       7.0  /* an arrow is under the pointer */

typedef struct {
    const char *name;
    unsigned distance;
    graphene_rect_t box;
} State;

typedef struct {
    State states[STATES];
    unsigned n, n_rows;
} Places;

static State *find_state(Places *places, const char *name)
{
    for (unsigned i = 0; i < places->n; i++)
        if (strcmp(places->states[i].name, name) == 0)
            return &places->states[i];
    return NULL;
}

static void add_state(Places *places, const char *name)
{
    if (find_state(places, name) == NULL && places->n < STATES)
        places->states[places->n++] = (State){.name = name, .distance = STATES};
}

const MgTransition *mg_machine_find(const MgTransition *rows, const char *from, const char *to)
{
    for (; rows != NULL && rows->from != NULL; rows++)
        if (g_strcmp0(rows->from, from) == 0 && g_strcmp0(rows->to, to) == 0)
            return rows;
    return NULL;
}

/* How many steps each state is away from the first; what cannot be reached stands last. */
static void measure(Places *places, const MgTransition *rows)
{
    unsigned last = 0;
    places->states[0].distance = 0;
    for (unsigned round = 0; round < places->n; round++)
        for (const MgTransition *row = rows; row->from != NULL; row++) {
            State *from = find_state(places, row->from), *to = find_state(places, row->to);
            if (from != NULL && to != NULL && from->distance == round)
                to->distance = MIN(to->distance, round + 1);
        }
    for (unsigned i = 0; i < places->n; i++)
        if (places->states[i].distance < STATES)
            last = MAX(last, places->states[i].distance);
    for (unsigned i = 0; i < places->n; i++)
        places->states[i].distance = MIN(places->states[i].distance, last + 1);
}

static double pill_width(const MgMachine *machine, const MgPaper *paper, const char *name)
{
    MgStyle style = {.size = 12, .bold = TRUE};
    g_autoptr(PangoLayout) layout =
        mg_paper_lay(paper, mg_registry_translate(machine->registry, name), &style);
    PangoRectangle size;
    pango_layout_get_pixel_extents(layout, NULL, &size);
    return size.width + SIDE;
}

/* The states of one distance, side by side; too many for one line take two. */
static void place_row(Places *places, unsigned distance, const MgMachine *machine,
                      const MgPaper *paper)
{
    unsigned first = 0;
    while (first < places->n) {
        double widths[STATES] = {0}, sum = 0;
        unsigned members[STATES], n = 0, i = first;
        for (; i < places->n; i++) {
            if (places->states[i].distance != distance)
                continue;
            double width =
                MIN(pill_width(machine, paper, places->states[i].name), machine->width - 4);
            if (n > 0 && sum + width + (n + 1) * GAP > machine->width)
                break;
            widths[n] = width;
            members[n++] = i;
            sum += width;
        }
        first = i;
        if (n == 0)
            return;
        double room = (machine->width - sum) / (n + 1), x = room;
        for (unsigned k = 0; k < n; k++) {
            places->states[members[k]].box =
                GRAPHENE_RECT_INIT((float)round(x), (float)(places->n_rows * ROW_HEIGHT + 6),
                                   (float)round(widths[k]), (float)PILL);
            x += widths[k] + room;
        }
        places->n_rows++;
    }
}

static Places place(const MgMachine *machine)
{
    Places places = {0};
    MgPaper paper = mg_paper_new(&(MgScene){.font = machine->font});
    for (const MgTransition *row = machine->rows; row != NULL && row->from != NULL; row++) {
        add_state(&places, row->from);
        add_state(&places, row->to);
    }
    if (places.n > 0) {
        measure(&places, machine->rows);
        for (unsigned distance = 0; distance <= places.n; distance++)
            place_row(&places, distance, machine, &paper);
    }
    g_clear_pointer(&paper.snapshot, g_object_unref);
    g_clear_object(&paper.pango);
    return places;
}

double mg_machine_height(const MgMachine *machine)
{
    Places places = place(machine);
    return places.n_rows > 0 ? places.n_rows * ROW_HEIGHT - (ROW_HEIGHT - PILL) + 12 : 0;
}

/* ---- arrows ---- */

/* Where the way from the box's middle towards a point leaves the box. */
static MgPoint leave(const graphene_rect_t *box, MgPoint towards)
{
    MgPoint middle = mg_scene_middle(box);
    double dx = towards.x - middle.x, dy = towards.y - middle.y;
    double kx = dx != 0 ? (box->size.width / 2 + 2) / fabs(dx) : G_MAXDOUBLE;
    double ky = dy != 0 ? (box->size.height / 2 + 2) / fabs(dy) : G_MAXDOUBLE;
    double k = MIN(MIN(kx, ky), 1);
    return (MgPoint){middle.x + dx * k, middle.y + dy * k};
}

static MgCurve curve_of(const State *from, const State *to)
{
    MgPoint a = mg_scene_middle(&from->box), b = mg_scene_middle(&to->box);
    double dx = b.x - a.x, dy = b.y - a.y, length = MAX(hypot(dx, dy), 1);
    double bend = BEND + length / 10;
    MgCurve curve = {
        .c = {(a.x + b.x) / 2 - dy / length * bend, (a.y + b.y) / 2 + dx / length * bend}};
    curve.a = leave(&from->box, curve.c);
    curve.b = leave(&to->box, curve.c);
    return curve;
}

/* What stays where it is has no arrow. */
static bool find_curve(Places *places, const MgTransition *row, MgCurve *curve)
{
    const State *from = find_state(places, row->from), *to = find_state(places, row->to);
    if (from == NULL || to == NULL || from == to)
        return false;
    *curve = curve_of(from, to);
    return true;
}

static void paint_arrow(cairo_t *cr, const MgCurve *curve, const GdkRGBA *color, double thick)
{
    double angle = atan2(curve->b.y - curve->c.y, curve->b.x - curve->c.x);
    double head = HEAD + thick;
    gdk_cairo_set_source_rgba(cr, color);
    cairo_set_line_width(cr, thick);
    mg_curve_path(cr, curve);
    cairo_stroke(cr);
    cairo_move_to(cr, curve->b.x, curve->b.y);
    cairo_line_to(cr, curve->b.x - head * cos(angle - 0.42), curve->b.y - head * sin(angle - 0.42));
    cairo_line_to(cr, curve->b.x - head * cos(angle + 0.42), curve->b.y - head * sin(angle + 0.42));
    cairo_close_path(cr);
    cairo_fill(cr);
}

static bool same_way(const MgTransition *a, const MgTransition *b)
{
    return a != NULL && b != NULL && strcmp(a->from, b->from) == 0 && strcmp(a->to, b->to) == 0;
}

/* Faint ones first, so that what matters now lies above. */
static void paint_arrows(cairo_t *cr, Places *places, const MgMachine *machine)
{
    const MgPalette *palette = mg_palette(machine->dark);
    GdkRGBA faint = mg_theme_fade(palette->dim, 0.30), open = mg_theme_fade(palette->text, 0.75);
    GdkRGBA halo = mg_theme_fade(palette->accent, 0.28);
    for (int layer = 0; layer < 3; layer++)
        for (const MgTransition *row = machine->rows; row->from != NULL; row++) {
            MgCurve curve;
            bool leads = g_strcmp0(row->from, machine->now) == 0;
            bool bright = same_way(row, machine->taken) || same_way(row, machine->chosen);
            if ((bright ? 2 : leads ? 1 : 0) != layer || !find_curve(places, row, &curve))
                continue;
            if (same_way(row, machine->taken))
                paint_arrow(cr, &curve, &halo, 8);
            paint_arrow(cr, &curve,
                        bright  ? &palette->accent
                        : leads ? &open
                                : &faint,
                        bright ? 2.2 : 1.3);
        }
}

/* ---- states ---- */

static void paint_state(const MgPaper *paper, const State *state, const MgMachine *machine)
{
    const MgPalette *palette = mg_palette(machine->dark);
    bool here = g_strcmp0(state->name, machine->now) == 0;
    graphene_rect_t around = state->box;
    graphene_rect_inset(&around, -5, -5);
    cairo_t *cr = gtk_snapshot_append_cairo(paper->snapshot, &around);
    if (here && machine->taken != NULL) {
        GdkRGBA halo = mg_theme_fade(palette->accent, 0.28);
        mg_paper_round_box(cr, &around, PILL / 2 + 5);
        gdk_cairo_set_source_rgba(cr, &halo);
        cairo_fill(cr);
    }
    mg_paper_round_box(cr, &state->box, PILL / 2);
    gdk_cairo_set_source_rgba(cr, here ? &palette->accent : &palette->card);
    cairo_fill_preserve(cr);
    gdk_cairo_set_source_rgba(cr, here ? &palette->accent : &palette->card_edge);
    cairo_set_line_width(cr, 1);
    cairo_stroke(cr);
    cairo_destroy(cr);
    MgStyle style = {.size = 12,
                     .bold = here,
                     .color = here ? (GdkRGBA){1, 1, 1, 1} : palette->text,
                     .width = state->box.size.width - 6,
                     .middle = TRUE};
    g_autoptr(PangoLayout) layout =
        mg_paper_lay(paper, mg_registry_translate(machine->registry, state->name), &style);
    PangoRectangle size;
    pango_layout_get_pixel_extents(layout, NULL, &size);
    mg_paper_put_layout(paper, layout, state->box.origin.x + 3,
                        state->box.origin.y + (PILL - size.height) / 2, &style.color);
}

GskRenderNode *mg_machine_paint(const MgMachine *machine)
{
    Places places = place(machine);
    MgPaper paper = mg_paper_new(&(MgScene){.font = machine->font});
    if (places.n > 0) {
        cairo_t *cr = gtk_snapshot_append_cairo(
            paper.snapshot,
            &GRAPHENE_RECT_INIT(0, 0, (float)machine->width, (float)(places.n_rows * ROW_HEIGHT)));
        paint_arrows(cr, &places, machine);
        cairo_destroy(cr);
    }
    for (unsigned i = 0; i < places.n; i++)
        paint_state(&paper, &places.states[i], machine);
    return mg_paper_done(&paper);
}

/* ---- for the pointer and for words ---- */

/* What leads from the present state comes before other ways to the same state. */
const MgTransition *mg_machine_hit(const MgMachine *machine, double x, double y)
{
    Places places = place(machine);
    const MgTransition *found = NULL;
    double least = NEAR;
    for (const MgTransition *row = machine->rows; row != NULL && row->from != NULL; row++) {
        const State *to = find_state(&places, row->to);
        MgCurve curve;
        bool inside = to != NULL && graphene_rect_contains_point(
                                        &to->box, &GRAPHENE_POINT_INIT((float)x, (float)y));
        if (inside && (found == NULL || g_strcmp0(row->from, machine->now) == 0)) {
            found = row;
            least = 0;
        } else if (!inside && find_curve(&places, row, &curve) &&
                   mg_curve_distance(&curve, x, y) < least) {
            found = row;
            least = mg_curve_distance(&curve, x, y);
        }
    }
    return found;
}

char *mg_machine_words(const MgRegistry *registry, const MgTransition *row)
{
    return g_strdup_printf("%s → %s: %s", mg_registry_translate(registry, row->from),
                           mg_registry_translate(registry, row->to),
                           mg_registry_translate(registry, row->on));
}
