/* SPDX-License-Identifier: GPL-3.0-or-later */
/* picture.c - the painters' nodes drawn onto a cairo surface */
#include "picture.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <locale.h>
#include <stdlib.h>

#include "ladder-paint.h"
#include "scene.h"
#include "words.h"

#define WIDTH_MIN  200
#define HEIGHT_MIN 150
#define SIDE_MAX   16384

typedef struct {
    char *output, *view, *language, *size;
    const char *network;
    int at, seed;
    gboolean dark, large;
    int width, height;
} Order;

static int complain(int code, const char *format, ...) G_GNUC_PRINTF(2, 3);
static int complain(int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_printerr("mailglass picture: %s\n", text);
    return code;
}

static gboolean is_ladder(const Order *order)
{
    return g_strcmp0(order->view, "ladder") == 0; /* the map is what is taken without a word */
}

/* "1280x800" */
static gboolean read_size(Order *order)
{
    g_auto(GStrv) parts = g_strsplit(order->size, "x", 2);
    guint64 width = 0, height = 0;
    if (g_strv_length(parts) != 2 ||
        !g_ascii_string_to_unsigned(parts[0], 10, WIDTH_MIN, SIDE_MAX, &width, NULL) ||
        !g_ascii_string_to_unsigned(parts[1], 10, HEIGHT_MIN, SIDE_MAX, &height, NULL))
        return FALSE;
    order->width = (int)width;
    order->height = (int)height;
    return TRUE;
}

static int read_order(int *argc, char ***argv, Order *order)
{
    GOptionEntry entries[] = {{"at", 0, 0, G_OPTION_ARG_INT, &order->at, NULL, NULL},
                              {"seed", 0, 0, G_OPTION_ARG_INT, &order->seed, NULL, NULL},
                              {"output", 0, 0, G_OPTION_ARG_FILENAME, &order->output, NULL, NULL},
                              {"view", 0, 0, G_OPTION_ARG_STRING, &order->view, NULL, NULL},
                              {"dark", 0, 0, G_OPTION_ARG_NONE, &order->dark, NULL, NULL},
                              {"large", 0, 0, G_OPTION_ARG_NONE, &order->large, NULL, NULL},
                              {"language", 0, 0, G_OPTION_ARG_STRING, &order->language, NULL, NULL},
                              {"size", 0, 0, G_OPTION_ARG_STRING, &order->size, NULL, NULL},
                              {0}};
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, argc, argv, &error))
        return complain(2, "%s", error->message);
    if (*argc != 2 || order->output == NULL)
        return complain(2, "%s", _("say which network, and --output FILE.png, .svg or .pdf"));
    order->network = (*argv)[1];
    if (order->size != NULL && !read_size(order))
        return complain(2, _("a size is written like 1280x800, not \"%s\""), order->size);
    if (order->view != NULL && strcmp(order->view, "map") != 0 && !is_ladder(order))
        return complain(2, _("a view is map or ladder, not \"%s\""), order->view);
    if (!g_str_has_suffix(order->output, ".png") && !g_str_has_suffix(order->output, ".svg") &&
        !g_str_has_suffix(order->output, ".pdf"))
        return complain(2, _("%s: a picture ends in .png, .svg or .pdf"), order->output);
    return 0;
}

static void order_clear(Order *order)
{
    g_free(order->output);
    g_free(order->view);
    g_free(order->language);
    g_free(order->size);
}

static char *find_network(const char *name)
{
    const char *data = g_getenv("MAILGLASS_DATA");
    if (g_file_test(name, G_FILE_TEST_EXISTS))
        return g_strdup(name);
    return g_build_filename(data != NULL ? data : MG_PKGDATADIR, "networks", name, NULL);
}

static gboolean draw(const Order *order, GskRenderNode *node)
{
    gboolean png = g_str_has_suffix(order->output, ".png");
    cairo_surface_t *surface;
    if (png)
        surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, order->width, order->height);
    else if (g_str_has_suffix(order->output, ".svg"))
        surface = cairo_svg_surface_create(order->output, order->width, order->height);
    else
        surface = cairo_pdf_surface_create(order->output, order->width, order->height);
    cairo_t *cr = cairo_create(surface);
    gsk_render_node_draw(node, cr);
    cairo_destroy(cr);
    cairo_status_t status =
        png ? cairo_surface_write_to_png(surface, order->output) : CAIRO_STATUS_SUCCESS;
    cairo_surface_finish(surface);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    if (status == CAIRO_STATUS_SUCCESS)
        return TRUE;
    complain(3, "%s: %s", order->output, cairo_status_to_string(status));
    return FALSE;
}

static int take(const Order *order, MgRegistry *registry)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *path = find_network(order->network);
    g_autoptr(MgSession) session = mg_session_new(path, registry, (uint64_t)order->seed, problems);
    for (guint i = 0; i < problems->len; i++)
        g_printerr("%s\n", (char *)g_ptr_array_index(problems, i));
    if (session == NULL)
        return 3;
    uint32_t end = mg_trace_n_records(mg_session_trace(session));
    mg_session_seek(session, order->at < 0 ? end : MIN((uint32_t)order->at, end));
    MgScene scene = {.session = session,
                     .width = order->width,
                     .height = order->height,
                     .dark = order->dark,
                     .large = order->large,
                     .cards = TRUE,
                     .progress = MG_SCENE_REST};
    g_autoptr(MgGeometry) geometry = mg_geometry_new(&scene);
    scene.geometry = geometry;
    GskRenderNode *node = is_ladder(order)
                              ? mg_scene_ladder(session, order->width, order->height, order->dark)
                              : mg_scene_map(&scene);
    gboolean good = draw(order, node);
    gsk_render_node_unref(node);
    return good ? 0 : 3;
}

int mg_picture_run(int argc, char **argv, MgRegistry *registry)
{
    Order order = {.at = -1, .seed = 1, .width = 1280, .height = 800};
    int code = read_order(&argc, &argv, &order);
    if (code == 0 && order.language != NULL) {
        g_setenv("LANGUAGE", order.language, TRUE);
        setlocale(LC_ALL, "C.UTF-8");
    }
    gtk_init_check(); /* for the types of render nodes: a display is not needed */
    if (code == 0)
        code = take(&order, registry);
    order_clear(&order);
    return code;
}
