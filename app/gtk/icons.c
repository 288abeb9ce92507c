/* SPDX-License-Identifier: GPL-3.0-or-later */
/* icons.c - reads the little of SVG that icons/ is written in
 *
 * <svg> sets line width and paints for all; then <path> with M, L, C and Z, each number and letter
 * apart; <rect> with rx; <circle>. A file that says more is a mistake of ours, and asserted. */
#include "icons.h"

#include <math.h>
#include <stdlib.h>

#include "mg-resources.h"

#define UNITS 16.0 /* the side of the square in a file */

typedef enum { PAINT_NONE, PAINT_COLOR, PAINT_GROUND } Paint;

typedef struct {
    char verb; /* M, L, C, Z; R: rect; O: circle */
    double v[6];
} Stroke;

typedef struct {
    Paint fill, line;
    double width;
    guint first, n; /* of the drawing's strokes */
} Shape;

typedef struct {
    Shape whole;     /* what <svg> says */
    GArray *shapes;  /* Shape */
    GArray *strokes; /* Stroke */
} Drawing;

static const struct {
    char verb;
    unsigned n; /* numbers that follow */
} verbs[] = {{'M', 2}, {'L', 2}, {'C', 6}, {'Z', 0}};

static Paint read_paint(const char *text)
{
    return strcmp(text, "none") == 0      ? PAINT_NONE
           : strcmp(text, "#ffffff") == 0 ? PAINT_GROUND
                                          : PAINT_COLOR;
}

static void read_path(Drawing *drawing, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    for (char **word = words; *word != NULL;) {
        Stroke stroke = {.verb = (*word)[0]};
        size_t i = 0;
        while (i < G_N_ELEMENTS(verbs) && verbs[i].verb != stroke.verb)
            i++;
        g_assert(i < G_N_ELEMENTS(verbs) && (*word)[1] == '\0');
        word++;
        for (unsigned k = 0; k < verbs[i].n; k++, word++) {
            g_assert(*word != NULL);
            stroke.v[k] = g_ascii_strtod(*word, NULL);
        }
        g_array_append_val(drawing->strokes, stroke);
    }
}

static void read_element(GMarkupParseContext *context, const char *element, const char **names,
                         const char **values, void *data, GError **error)
{
    static const struct {
        const char *name;
        unsigned place;
    } numbers[] = {{"x", 0},  {"y", 1},  {"width", 2}, {"height", 3},
                   {"rx", 4}, {"cx", 0}, {"cy", 1},    {"r", 2}};
    Drawing *drawing = data;
    Shape shape = drawing->whole;
    Stroke stroke = {0};
    shape.first = drawing->strokes->len;
    for (size_t i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], "fill") == 0)
            shape.fill = read_paint(values[i]);
        else if (strcmp(names[i], "stroke") == 0)
            shape.line = read_paint(values[i]);
        else if (strcmp(names[i], "stroke-width") == 0)
            shape.width = g_ascii_strtod(values[i], NULL);
        else if (strcmp(names[i], "d") == 0)
            read_path(drawing, values[i]);
        for (size_t k = 0; k < G_N_ELEMENTS(numbers); k++)
            if (strcmp(names[i], numbers[k].name) == 0)
                stroke.v[numbers[k].place] = g_ascii_strtod(values[i], NULL);
    }
    if (strcmp(element, "svg") == 0) {
        drawing->whole = shape;
        return;
    }
    stroke.verb = (char)(strcmp(element, "rect") == 0     ? 'R'
                         : strcmp(element, "circle") == 0 ? 'O'
                                                          : 0);
    g_assert(stroke.verb != 0 || strcmp(element, "path") == 0);
    if (stroke.verb != 0)
        g_array_append_val(drawing->strokes, stroke);
    shape.n = drawing->strokes->len - shape.first;
    g_array_append_val(drawing->shapes, shape);
}

/* (nullable) Read once; kept for the life of the program. */
static const Drawing *find_drawing(const char *name)
{
    static const GMarkupParser parser = {.start_element = read_element};
    static GHashTable *drawings;
    if (drawings == NULL) {
        drawings = g_hash_table_new(g_str_hash, g_str_equal);
        g_resources_register(mg_get_resource());
    }
    Drawing *drawing = g_hash_table_lookup(drawings, name);
    if (drawing != NULL)
        return drawing;
    g_autofree char *path = g_strdup_printf("/org/mailglass/Mailglass/icons/%s.svg", name);
    g_autoptr(GBytes) file = g_resources_lookup_data(path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    if (file == NULL)
        return NULL;
    drawing = g_new0(Drawing, 1);
    drawing->shapes = g_array_new(FALSE, FALSE, sizeof(Shape));
    drawing->strokes = g_array_new(FALSE, FALSE, sizeof(Stroke));
    g_autoptr(GMarkupParseContext) context = g_markup_parse_context_new(&parser, 0, drawing, NULL);
    gsize size;
    const char *text = g_bytes_get_data(file, &size);
    bool good = g_markup_parse_context_parse(context, text, (gssize)size, NULL) &&
                g_markup_parse_context_end_parse(context, NULL);
    g_assert(good);
    g_hash_table_insert(drawings, g_strdup(name), drawing);
    return drawing;
}

gboolean mg_icon_exists(const char *name)
{
    return find_drawing(name) != NULL;
}

/* ---- painting ---- */

void mg_icon_round_box(cairo_t *cr, const graphene_rect_t *box, double r)
{
    double x = box->origin.x, y = box->origin.y, w = box->size.width, h = box->size.height;
    cairo_new_sub_path(cr);
    cairo_arc(cr, x + w - r, y + r, r, -G_PI / 2, 0);
    cairo_arc(cr, x + w - r, y + h - r, r, 0, G_PI / 2);
    cairo_arc(cr, x + r, y + h - r, r, G_PI / 2, G_PI);
    cairo_arc(cr, x + r, y + r, r, G_PI, 3 * G_PI / 2);
    cairo_close_path(cr);
}

static void trace_rect(cairo_t *cr, const double *v)
{
    mg_icon_round_box(cr, &GRAPHENE_RECT_INIT((float)v[0], (float)v[1], (float)v[2], (float)v[3]),
                      v[4]);
}

static void trace_stroke(cairo_t *cr, const Stroke *stroke)
{
    const double *v = stroke->v;
    switch (stroke->verb) {
    case 'M':
        cairo_move_to(cr, v[0], v[1]);
        break;
    case 'L':
        cairo_line_to(cr, v[0], v[1]);
        break;
    case 'C':
        cairo_curve_to(cr, v[0], v[1], v[2], v[3], v[4], v[5]);
        break;
    case 'Z':
        cairo_close_path(cr);
        break;
    case 'R':
        trace_rect(cr, v);
        break;
    default:
        cairo_new_sub_path(cr);
        cairo_arc(cr, v[0], v[1], v[2], 0, 2 * G_PI);
    }
}

static void set_paint(cairo_t *cr, Paint paint, const MgIcon *icon)
{
    gdk_cairo_set_source_rgba(cr, paint == PAINT_GROUND ? &icon->ground : &icon->color);
}

void mg_icon_paint(cairo_t *cr, const MgIcon *icon)
{
    const Drawing *drawing = find_drawing(icon->name);
    if (drawing == NULL)
        return;
    cairo_save(cr);
    cairo_translate(cr, icon->x + (icon->left ? icon->size : 0), icon->y);
    cairo_scale(cr, (icon->left ? -1 : 1) * icon->size / UNITS, icon->size / UNITS);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    for (guint i = 0; i < drawing->shapes->len; i++) {
        const Shape *shape = &g_array_index(drawing->shapes, Shape, i);
        cairo_new_path(cr);
        for (guint k = 0; k < shape->n; k++)
            trace_stroke(cr, &g_array_index(drawing->strokes, Stroke, shape->first + k));
        if (shape->fill != PAINT_NONE) {
            set_paint(cr, shape->fill, icon);
            cairo_fill_preserve(cr);
        }
        if (shape->line != PAINT_NONE) {
            set_paint(cr, shape->line, icon);
            cairo_set_line_width(cr, shape->width);
            cairo_stroke(cr);
        }
    }
    cairo_new_path(cr);
    cairo_restore(cr);
}

/* ---- for buttons ---- */

struct _MgIconPaintable {
    GObject parent_instance;
    const char *name;
};

static void snapshot_symbolic(GtkSymbolicPaintable *paintable, GdkSnapshot *snapshot, double width,
                              double height, const GdkRGBA *colors, gsize n_colors)
{
    double size = MIN(width, height);
    MgIcon icon = {.name = ((MgIconPaintable *)paintable)->name,
                   .x = (width - size) / 2,
                   .y = (height - size) / 2,
                   .size = size,
                   .color = n_colors > 0 ? colors[0] : (GdkRGBA){0, 0, 0, 1}};
    cairo_t *cr =
        gtk_snapshot_append_cairo(snapshot, &GRAPHENE_RECT_INIT(0, 0, (float)width, (float)height));
    mg_icon_paint(cr, &icon);
    cairo_destroy(cr);
}

static void snapshot_black(GdkPaintable *paintable, GdkSnapshot *snapshot, double width,
                           double height)
{
    snapshot_symbolic((GtkSymbolicPaintable *)paintable, snapshot, width, height, NULL, 0);
}

static int get_side(GdkPaintable *paintable)
{
    return (int)UNITS;
}

static void be_paintable(GdkPaintableInterface *interface)
{
    interface->snapshot = snapshot_black;
    interface->get_intrinsic_width = get_side;
    interface->get_intrinsic_height = get_side;
}

static void be_symbolic(GtkSymbolicPaintableInterface *interface)
{
    interface->snapshot_symbolic = snapshot_symbolic;
}

G_DEFINE_FINAL_TYPE_WITH_CODE(MgIconPaintable, mg_icon_paintable, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(GDK_TYPE_PAINTABLE, be_paintable)
                                  G_IMPLEMENT_INTERFACE(GTK_TYPE_SYMBOLIC_PAINTABLE, be_symbolic))

static void mg_icon_paintable_class_init(MgIconPaintableClass *class)
{
}

static void mg_icon_paintable_init(MgIconPaintable *self)
{
}

GdkPaintable *mg_icon_paintable_new(const char *name)
{
    g_assert(mg_icon_exists(name));
    MgIconPaintable *self = g_object_new(MG_TYPE_ICON_PAINTABLE, NULL);
    self->name = g_intern_string(name);
    return GDK_PAINTABLE(self);
}
