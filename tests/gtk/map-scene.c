/* SPDX-License-Identifier: GPL-3.0-or-later */
/* map-scene.c - the map as a picture, without a display: where things lie, what is painted, files
 */
#include <glib/gstdio.h>
#include <math.h>

#include "icons.h"
#include "picture.h"
#include "scene-private.h"

static MgRegistry *registry;

static MgSession *open_network(const char *name)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *path = g_build_filename(g_getenv("TEST_NETWORKS"), name, NULL);
    MgSession *session = mg_session_new(path, registry, 1, problems);
    for (guint i = 0; i < problems->len; i++)
        g_test_message("%s", (char *)g_ptr_array_index(problems, i));
    g_assert_nonnull(session);
    return session;
}

/* Hosts without places that all say something to another. */
static MgSession *crowd(unsigned n_hosts)
{
    g_autoptr(MgTrace) trace = mg_trace_new(registry);
    for (unsigned i = 0; i < n_hosts; i++) {
        g_autofree char *name = g_strdup_printf("host%u.example", i);
        g_autofree char *region = g_strdup_printf("region %u", i / 8);
        mg_trace_add_host(trace, name, i % 3 == 0 ? "mta" : "mua", region, "192.0.2.1", false);
    }
    for (unsigned i = 0; i < n_hosts; i++) {
        MgFlow flow = {.transport = MG_TRANSPORT_DATAGRAM,
                       .client = (MgHostId)(i + 1),
                       .server = (MgHostId)((i + 9) % n_hosts + 1),
                       .client_address = "192.0.2.1",
                       .server_address = "192.0.2.2"};
        MgFlowId id = mg_trace_add_flow(trace, &flow);
        uint32_t n = mg_trace_add_datagram(trace, id, MG_FROM_CLIENT, MG_SPAN("hello"), 0, i);
        mg_trace_set_until(trace, n, 1000 + i);
    }
    return mg_session_new_for_trace(trace);
}

/* ---- where things lie ---- */

static void assert_apart(const char *what, const graphene_rect_t *a, const graphene_rect_t *b)
{
    graphene_rect_t both;
    if (graphene_rect_intersection(a, b, &both))
        g_error("%s: %g×%g at %g, %g lie upon another", what, both.size.width, both.size.height,
                both.origin.x, both.origin.y);
}

static void check_places(MgScene *scene, gboolean regions_too)
{
    g_autoptr(MgGeometry) geometry = mg_geometry_new(scene);
    g_autofree char *what = g_strdup_printf("%gx%g, large %d, zoom %g", scene->width, scene->height,
                                            scene->large, scene->zoom);
    graphene_rect_t all = GRAPHENE_RECT_INIT(0, 0, (float)scene->width, (float)scene->height);
    size_t n;
    const graphene_rect_t *cards = mg_geometry_cards(geometry, &n);
    g_assert_cmpuint(n, ==, mg_trace_n_hosts(mg_session_trace(scene->session)));
    for (size_t i = 0; i < n; i++) {
        g_assert_true(graphene_rect_contains_rect(&all, &cards[i]));
        g_assert_cmpfloat(cards[i].size.width, >=, 20);
        g_assert_cmpstr(geometry->names[i], !=, "");
        for (size_t j = 0; j < i; j++)
            assert_apart(what, &cards[i], &cards[j]);
    }
    for (guint i = 0; regions_too && i < geometry->regions->len; i++)
        for (guint j = 0; j < i; j++)
            assert_apart(what, &g_array_index(geometry->regions, MgSceneRegion, i).box,
                         &g_array_index(geometry->regions, MgSceneRegion, j).box);
}

static void test_places(void)
{
    static const char *const networks[] = {"first-mail", "two-domains"};
    static const double sizes[][2] = {{600, 350}, {638, 370}, {900, 560}, {1280, 590}, {1900, 940}};
    for (size_t k = 0; k < G_N_ELEMENTS(networks); k++) {
        g_autoptr(MgSession) session = open_network(networks[k]);
        for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
            for (unsigned more = 0; more < 4; more++) {
                MgScene scene = {.session = session,
                                 .width = sizes[i][0],
                                 .height = sizes[i][1],
                                 .large = (more & 1) != 0,
                                 .zoom = (more & 2) != 0 ? 1.5 : 1};
                check_places(&scene, TRUE);
            }
        }
    }
}

static void test_crowd(void)
{
    static const unsigned counts[] = {1, 2, 40, 120};
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        g_autoptr(MgSession) session = crowd(counts[i]);
        MgScene scene = {.session = session, .width = 1280, .height = 700};
        check_places(&scene, TRUE);
    }
}

/* With room a name is whole; without, what the region's title says of it is left out. */
static void test_names(void)
{
    g_autoptr(MgSession) session = open_network("two-domains");
    MgScene wide = {.session = session, .width = 1900, .height = 940};
    MgScene small = {.session = session, .width = 420, .height = 300};
    g_autoptr(MgGeometry) roomy = mg_geometry_new(&wide);
    g_autoptr(MgGeometry) tight = mg_geometry_new(&small);
    g_assert_cmpstr(roomy->names[1], ==, "mta.example.com");
    g_assert_cmpstr(tight->names[1], ==, "mta");
    g_assert_cmpstr(tight->names[0], ==, "alice");
    g_assert_cmpfloat(roomy->scale, >, tight->scale);
}

/* ---- what is painted ---- */

static cairo_surface_t *draw(const MgScene *scene)
{
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)scene->width, (int)scene->height);
    cairo_t *cr = cairo_create(surface);
    GskRenderNode *node = mg_scene_map(scene);
    gsk_render_node_draw(node, cr);
    gsk_render_node_unref(node);
    cairo_destroy(cr);
    cairo_surface_flush(surface);
    return surface;
}

/* How many pixels have this colour, near enough. */
static unsigned count_color(cairo_surface_t *surface, const GdkRGBA *color)
{
    const unsigned char *data = cairo_image_surface_get_data(surface);
    ptrdiff_t stride = cairo_image_surface_get_stride(surface);
    unsigned found = 0;
    for (int y = 0; y < cairo_image_surface_get_height(surface); y++) {
        for (int x = 0; x < cairo_image_surface_get_width(surface); x++) {
            const uint32_t *pixel = (const void *)(data + y * stride + (ptrdiff_t)x * 4);
            double r = (*pixel >> 16 & 255) / 255.0, g = (*pixel >> 8 & 255) / 255.0;
            double b = (*pixel & 255) / 255.0;
            found += fabs(r - color->red) < 0.02 && fabs(g - color->green) < 0.02 &&
                     fabs(b - color->blue) < 0.02;
        }
    }
    return found;
}

static gboolean is_same(cairo_surface_t *a, cairo_surface_t *b)
{
    size_t size =
        (size_t)cairo_image_surface_get_stride(a) * (size_t)cairo_image_surface_get_height(a);
    return memcmp(cairo_image_surface_get_data(a), cairo_image_surface_get_data(b), size) == 0;
}

/* The first exchange of this kind, and its dissector's colour. */
static uint32_t find_unit(MgSession *session, MgUnitKind kind)
{
    const MgTrace *trace = mg_session_trace(session);
    for (uint32_t n = 1; n <= mg_trace_n_records(trace); n++) {
        const MgRecord *record = mg_trace_record(trace, n);
        if (mg_scene_travels(record) && record->unit == kind)
            return n;
    }
    g_assert_not_reached();
}

static void test_paint(void)
{
    g_autoptr(MgSession) session = open_network("first-mail");
    MgScene scene = {.session = session, .width = 900, .height = 560, .cards = TRUE};
    g_autoptr(MgGeometry) geometry = mg_geometry_new(&scene);
    scene.geometry = geometry;
    GdkRGBA violet = mg_theme_color("violet", FALSE), blue = mg_theme_color("blue", FALSE);
    cairo_surface_t *before = draw(&scene);
    mg_session_seek(session, find_unit(session, MG_UNIT_QUERY));
    scene.progress = 0.5;
    cairo_surface_t *query = draw(&scene), *again = draw(&scene);
    g_assert_true(is_same(query, again));
    g_assert_cmpuint(count_color(query, &violet), >, count_color(before, &violet) + 400);
    mg_session_seek(session, find_unit(session, MG_UNIT_COMMAND));
    cairo_surface_t *command = draw(&scene);
    g_assert_cmpuint(count_color(command, &blue), >, count_color(before, &blue) + 400);
    scene.progress = 0.9;
    cairo_surface_t *later = draw(&scene);
    g_assert_false(is_same(command, later));
    scene.dark = TRUE;
    cairo_surface_t *dark = draw(&scene);
    g_assert_cmpuint(count_color(dark, &mg_palette(TRUE)->ground), >, 50000);
    g_assert_cmpuint(count_color(later, &mg_palette(TRUE)->ground), <, 500);
    cairo_surface_t *const all[] = {before, query, again, command, later, dark};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        cairo_surface_destroy(all[i]);
}

/* What is lost is red and does not arrive. */
static void test_lost(void)
{
    g_autoptr(MgSession) session = crowd(2);
    MgTrace *trace = mg_session_trace(session);
    MgPacket packet = {.at = 5000, .flow = 1, .tcp_flags = MG_TCP_SYN, .fate = MG_FATE_LOST};
    mg_trace_add_packet(trace, &packet, true, MG_RECORD_LOST, MG_TIME_NEVER);
    mg_session_grown(session);
    MgScene scene = {.session = session, .width = 640, .height = 400, .progress = 1};
    g_autoptr(MgGeometry) geometry = mg_geometry_new(&scene);
    scene.geometry = geometry;
    mg_session_seek(session, mg_trace_n_records(trace));
    GdkRGBA red = mg_theme_color("red", FALSE);
    cairo_surface_t *arrived = draw(&scene);
    scene.progress = 0.5;
    cairo_surface_t *half = draw(&scene);
    g_assert_cmpuint(count_color(half, &red), >, 300);
    g_assert_true(is_same(arrived, half));
    cairo_surface_destroy(arrived);
    cairo_surface_destroy(half);
}

/* The token travels from one card to the other; a press on it is a press on its exchange. */
static void test_token(void)
{
    g_autoptr(MgSession) session = open_network("first-mail");
    uint32_t n = find_unit(session, MG_UNIT_COMMAND);
    const MgRecord *record = mg_trace_record(mg_session_trace(session), n);
    MgScene scene = {.session = session, .width = 900, .height = 560};
    g_autoptr(MgGeometry) geometry = mg_geometry_new(&scene);
    scene.geometry = geometry;
    const GArray *way = mg_geometry_way(geometry, record->from - 1u, record->to - 1u);
    MgPoint from = mg_scene_along(way, 0), to = mg_scene_along(way, 1);
    MgPoint sender = mg_scene_middle(&geometry->cards[record->from - 1]);
    MgPoint receiver = mg_scene_middle(&geometry->cards[record->to - 1]);
    g_assert_cmpfloat(hypot(from.x - sender.x, from.y - sender.y), <,
                      hypot(from.x - receiver.x, from.y - receiver.y));
    g_assert_cmpfloat(hypot(to.x - receiver.x, to.y - receiver.y), <,
                      hypot(to.x - sender.x, to.y - sender.y));
    MgPoint middle = mg_scene_along(way, 0.5);
    g_assert_false(mg_scene_hits_token(&scene, middle.x, middle.y)); /* nothing has happened */
    mg_session_seek(session, n);
    scene.progress = 0.5;
    g_assert_true(mg_scene_hits_token(&scene, middle.x, middle.y));
    g_assert_false(mg_scene_hits_token(&scene, 5, 5));
}

/* A host without a link to another is reached over those between. */
static void test_way(void)
{
    g_autoptr(MgSession) session = open_network("first-mail");
    MgScene scene = {.session = session, .width = 900, .height = 560};
    g_autoptr(MgGeometry) geometry = mg_geometry_new(&scene);
    /* alice (1) to the resolver (6) over mta.example.com (2). */
    const GArray *way = mg_geometry_way(geometry, 0, 5);
    MgPoint between = mg_scene_middle(&geometry->cards[1]);
    double nearest = G_MAXDOUBLE;
    for (guint i = 0; i < way->len; i++) {
        const MgPoint *point = &g_array_index(way, MgPoint, i);
        nearest = MIN(nearest, hypot(point->x - between.x, point->y - between.y));
    }
    g_assert_cmpfloat(nearest, <, 1);
    g_assert_true(mg_geometry_way(geometry, 0, 5) == way); /* made once */
}

static void assert_line(MgSession *session, MgHostId host, const char *expected)
{
    g_autofree char *line = mg_scene_host_line(session, host);
    g_assert_cmpstr(line, ==, expected);
}

static void test_lines(void)
{
    enum { ALICE = 1, MTA, MX, MAIL, BOB, RESOLVER };
    g_autoptr(MgSession) session = open_network("first-mail");
    assert_line(session, ALICE, "mail program");
    assert_line(session, MX, "mail server");
    assert_line(session, MAIL, "bob: 0 messages");
    mg_session_seek(session, find_unit(session, MG_UNIT_COMMAND));
    g_autofree char *client = mg_scene_host_line(session, ALICE);
    g_autofree char *server = mg_scene_host_line(session, MTA);
    g_assert_true(g_str_has_prefix(client, "Session: "));
    g_assert_true(g_str_has_prefix(server, "Session: "));
    g_assert_true(mg_scene_is_active(session, ALICE));
    g_assert_true(mg_scene_is_active(session, MTA));
    g_assert_false(mg_scene_is_active(session, BOB));
    /* Delivered, not yet fetched: before Bob's program does anything. */
    const MgTrace *trace = mg_session_trace(session);
    uint32_t n = 1;
    while (mg_trace_record(trace, n)->at < 4 * MG_SECONDS && mg_trace_record(trace, n)->from != BOB)
        n++;
    mg_session_seek(session, n);
    assert_line(session, MAIL, "bob: 1 message");
    mg_session_seek(session, 1);
    assert_line(session, MAIL, "bob: 0 messages");
}

/* ---- drawings and files ---- */

static void test_icons(void)
{
    static const char *const names[] = {
        "host-mua",    "host-mta",      "host-mda",    "host-resolver",  "host-root",
        "host-tld",    "host-rbl",      "host-other",  "host-attacker",  "host-keyserver",
        "token-query", "token-command", "token-reply", "token-answer",   "token-data",
        "lock",        "token-packet",  "foot-start",  "foot-back",      "foot-play",
        "foot-pause",  "foot-step",     "foot-sizes",  "host-nameserver"};
    GdkRGBA blue = {0, 0, 1, 1};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_assert_true(mg_icon_exists(names[i]));
        cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 64, 64);
        cairo_t *cr = cairo_create(surface);
        cairo_set_source_rgb(cr, 1, 1, 1);
        cairo_paint(cr);
        mg_icon_paint(cr, &(MgIcon){names[i], 0, 0, 64, blue, {1, 1, 1, 1}, FALSE});
        cairo_destroy(cr);
        cairo_surface_flush(surface);
        unsigned inked = count_color(surface, &blue);
        g_test_message("%s: %u", names[i], inked);
        g_assert_cmpuint(inked, >, 60);
        g_assert_cmpuint(inked, <, 64 * 64 * 8 / 10);
        cairo_surface_destroy(surface);
    }
    g_assert_false(mg_icon_exists("host-nothing"));
}

/* What mg_picture_run() says to these words, without a program's name. */
static int take(const char *words)
{
    g_autofree char *line = g_strdup_printf("picture %s", words);
    g_auto(GStrv) argv = g_strsplit(line, " ", -1);
    g_autofree char **parsed = g_memdup2(argv, sizeof(char *) * (g_strv_length(argv) + 1));
    return mg_picture_run((int)g_strv_length(argv), parsed, registry);
}

static int take_into(const char *words, const char *folder, const char *file, char **contents,
                     gsize *len)
{
    g_autofree char *path = g_build_filename(folder, file, NULL);
    g_autofree char *order = g_strdup_printf("%s --output %s", words, path);
    int code = take(order);
    g_clear_pointer(contents, g_free);
    *len = 0;
    if (code == 0)
        g_assert_true(g_file_get_contents(path, contents, len, NULL));
    g_unlink(path);
    return code;
}

static void test_files(void)
{
    g_autofree char *folder = g_dir_make_tmp("mailglass-XXXXXX", NULL);
    g_autofree char *network = g_build_filename(g_getenv("TEST_NETWORKS"), "first-mail", NULL);
    g_autofree char *order = g_strdup_printf("%s --at 30 --size 640x400", network);
    g_autofree char *dark = g_strdup_printf("%s --at 30 --size 640x400 --dark", network);
    g_autofree char *ladder = g_strdup_printf("%s --at 30 --size 640x400 --view ladder", network);
    g_autofree char *one = NULL, *two = NULL;
    gsize len, other;
    g_assert_cmpint(take_into(order, folder, "a.png", &one, &len), ==, 0);
    g_assert_cmpmem(one, 8, "\x89PNG\r\n\x1a\n", 8);
    g_assert_cmpmem(one + 16, 8, "\0\0\x02\x80\0\0\x01\x90", 8); /* 640 by 400 */
    g_assert_cmpint(take_into(order, folder, "a.png", &two, &other), ==, 0);
    g_assert_cmpmem(one, len, two, other);
    g_assert_cmpint(take_into(dark, folder, "a.png", &two, &other), ==, 0);
    g_assert_true(len != other || memcmp(one, two, len) != 0);
    g_assert_cmpint(take_into(ladder, folder, "a.png", &two, &other), ==, 0);
    g_assert_true(len != other || memcmp(one, two, len) != 0);
    g_assert_cmpint(take_into(order, folder, "a.pdf", &one, &len), ==, 0);
    g_assert_true(g_str_has_prefix(one, "%PDF-"));
    g_assert_cmpint(take_into(order, folder, "a.gif", &one, &len), ==, 2);
    g_assert_cmpint(take_into(order, "/nowhere/at/all", "a.png", &one, &len), ==, 3);
    g_assert_cmpint(take_into("/nowhere/at/all", folder, "a.png", &one, &len), ==, 3);
    g_assert_cmpint(take(network), ==, 2);
    g_rmdir(folder);
}

/* In a process of its own whose leaks are not counted: cairo 1.16 keeps every surface that was
 * drawn onto one for SVG. */
static void test_svg(void)
{
    if (g_test_subprocess()) {
        g_autofree char *folder = g_dir_make_tmp("mailglass-XXXXXX", NULL);
        g_autofree char *network = g_build_filename(g_getenv("TEST_NETWORKS"), "first-mail", NULL);
        g_autofree char *order = g_strdup_printf("%s --at 30 --size 640x400", network);
        g_autofree char *file = NULL;
        gsize len;
        g_assert_cmpint(take_into(order, folder, "a.svg", &file, &len), ==, 0);
        g_assert_nonnull(g_strstr_len(file, (gssize)len, "<svg"));
        g_rmdir(folder);
        return;
    }
    g_autofree char *options = g_strdup(g_getenv("LSAN_OPTIONS"));
    g_setenv("LSAN_OPTIONS", "detect_leaks=0", TRUE);
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_passed();
    g_setenv("LSAN_OPTIONS", options != NULL ? options : "", TRUE);
}

int main(int argc, char **argv)
{
    g_unsetenv("DISPLAY");
    g_unsetenv("WAYLAND_DISPLAY");
    g_test_init(&argc, &argv, NULL);
    gtk_init_check();
    registry = mg_registry_new();
    g_test_add_func("/map/places", test_places);
    g_test_add_func("/map/crowd", test_crowd);
    g_test_add_func("/map/names", test_names);
    g_test_add_func("/map/paint", test_paint);
    g_test_add_func("/map/lost", test_lost);
    g_test_add_func("/map/token", test_token);
    g_test_add_func("/map/way", test_way);
    g_test_add_func("/map/lines", test_lines);
    g_test_add_func("/map/icons", test_icons);
    g_test_add_func("/map/files", test_files);
    g_test_add_func("/map/svg", test_svg);
    int result = g_test_run();
    mg_registry_unref(registry);
    return result;
}
