/* SPDX-License-Identifier: GPL-3.0-or-later */
/* picture.c - the painters' nodes drawn onto a cairo surface */
#include "picture.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <locale.h>
#include <stdlib.h>

#include "ladder-paint.h"
#include "lesson-play.h"
#include "networks.h"
#include "scene.h"
#include "shelf.h"
#include "words.h"

#define WIDTH_MIN  200
#define HEIGHT_MIN 150
#define SIDE_MAX   16384

typedef struct {
    char *output, *view, *language, *size, *step;
    const char *name; /* of a network or a lesson */
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
                              {"step", 0, 0, G_OPTION_ARG_STRING, &order->step, NULL, NULL},
                              {"size", 0, 0, G_OPTION_ARG_STRING, &order->size, NULL, NULL},
                              {0}};
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, argc, argv, &error))
        return complain(2, "%s", error->message);
    if (*argc != 2 || order->output == NULL)
        return complain(2, "%s",
                        _("say which network or lesson, and --output FILE.png, .svg or .pdf"));
    order->name = (*argv)[1];
    if (order->size != NULL && !read_size(order))
        return complain(2, _("a size is written like 1280x800, not \"%s\""), order->size);
    if (order->view != NULL && strcmp(order->view, "map") != 0 && !is_ladder(order))
        return complain(2, _("a view is map or ladder, not \"%s\""), order->view);
    if (!mg_picture_is_name(order->output))
        return complain(2, _("%s: a picture ends in .png, .svg or .pdf"), order->output);
    return 0;
}

static void order_clear(Order *order)
{
    g_free(order->output);
    g_free(order->view);
    g_free(order->language);
    g_free(order->size);
    g_free(order->step);
}

/* ---- drawing ---- */

gboolean mg_picture_is_name(const char *path)
{
    return g_str_has_suffix(path, ".png") || g_str_has_suffix(path, ".svg") ||
           g_str_has_suffix(path, ".pdf");
}

static gboolean draw(const char *path, GskRenderNode *node, int width, int height, GError **error)
{
    gboolean png = g_str_has_suffix(path, ".png");
    cairo_surface_t *surface;
    if (png)
        surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height);
    else if (g_str_has_suffix(path, ".svg"))
        surface = cairo_svg_surface_create(path, width, height);
    else
        surface = cairo_pdf_surface_create(path, width, height);
    cairo_t *cr = cairo_create(surface);
    gsk_render_node_draw(node, cr);
    cairo_destroy(cr);
    cairo_status_t status = png ? cairo_surface_write_to_png(surface, path) : CAIRO_STATUS_SUCCESS;
    cairo_surface_finish(surface);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    if (status == CAIRO_STATUS_SUCCESS)
        return TRUE;
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", path,
                cairo_status_to_string(status));
    return FALSE;
}

gboolean mg_picture_save(MgSession *session, const MgPicture *picture, const char *path,
                         GError **error)
{
    MgScene scene = {.session = session,
                     .width = picture->width,
                     .height = picture->height,
                     .dark = picture->dark,
                     .large = picture->large,
                     .cards = TRUE,
                     .progress = MG_SCENE_REST};
    g_autoptr(MgGeometry) geometry = mg_geometry_new(&scene);
    scene.geometry = geometry;
    GskRenderNode *node =
        picture->ladder ? mg_scene_ladder(session, picture->width, picture->height, picture->dark)
                        : mg_scene_map(&scene);
    gboolean good = draw(path, node, picture->width, picture->height, error);
    gsk_render_node_unref(node);
    return good;
}

/* ---- what is drawn ---- */

static void say_problems(const GPtrArray *problems)
{
    for (guint i = 0; i < problems->len; i++)
        g_printerr("%s\n", (char *)g_ptr_array_index(problems, i));
}

/* 1 for the first; or the step's id. -1 if there is no such step. */
int mg_picture_step(const MgLesson *lesson, const char *step)
{
    guint64 number = 0;
    if (step == NULL)
        return 0;
    if (g_ascii_string_to_unsigned(step, 10, 1, lesson->steps->len, &number, NULL))
        return (int)number - 1;
    return mg_lesson_find_step(lesson, step);
}

/* (transfer full) (nullable) A lesson where one of its steps begins. */
static MgLessonPlay *play_of(const Order *order, MgRegistry *registry)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *folder = mg_shelf_find(order->name);
    if (folder == NULL) {
        complain(3, _("%s: there is no such lesson"), order->name);
        return NULL;
    }
    MgLesson *lesson = mg_lesson_load(folder, problems);
    int step = lesson != NULL ? mg_picture_step(lesson, order->step) : -1;
    MgLessonPlay *play = NULL;
    if (lesson != NULL && step < 0) {
        complain(3, _("%s has no step \"%s\""), order->name, order->step);
        mg_lesson_free(lesson);
    } else if (lesson != NULL) {
        play = mg_lesson_play_new(lesson, registry, problems);
    }
    say_problems(problems);
    if (play != NULL)
        mg_lesson_play_enter(play, (size_t)step);
    return play;
}

static MgSession *session_of(const Order *order, const char *path, MgRegistry *registry)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgSession *session = mg_session_new(path, registry, (uint64_t)order->seed, problems);
    say_problems(problems);
    if (session != NULL)
        mg_session_seek(session, mg_trace_n_records(mg_session_trace(session)));
    return session;
}

static gboolean is_network(const char *path)
{
    g_autofree char *file = path != NULL ? g_build_filename(path, "network.ini", NULL) : NULL;
    return path != NULL &&
           (g_file_test(file, G_FILE_TEST_EXISTS) || g_str_has_suffix(path, ".ini"));
}

/* A step is a lesson's; without one a name is a network's before it is a lesson's. */
static int take(const Order *order, MgRegistry *registry)
{
    g_autoptr(MgLessonPlay) play = NULL;
    g_autoptr(MgSession) session = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = order->step == NULL ? mg_networks_find(order->name) : NULL;
    g_autofree char *lesson = order->step == NULL ? mg_shelf_find(order->name) : NULL;
    if (order->step != NULL || (lesson != NULL && !is_network(path))) {
        play = play_of(order, registry);
        session = play != NULL ? g_object_ref(mg_lesson_play_session(play)) : NULL;
    } else {
        session = session_of(order, path != NULL ? path : order->name, registry);
    }
    if (session == NULL)
        return 3;
    if (order->at >= 0)
        mg_session_seek(session,
                        MIN((uint32_t)order->at, mg_trace_n_records(mg_session_trace(session))));
    const MgPicture picture = {.ladder = is_ladder(order),
                               .dark = order->dark,
                               .large = order->large,
                               .width = order->width,
                               .height = order->height};
    if (mg_picture_save(session, &picture, order->output, &error))
        return 0;
    return complain(3, "%s", error->message);
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
