/* SPDX-License-Identifier: GPL-3.0-or-later */
/* frame-bench.c - how long a frame of the map takes with 40 hosts and 200 tokens on their way
 *
 * Prints; asserts nothing about time. Run it under a display with GSK_RENDERER=cairo. */
#include <adwaita.h>

#include "map-view.h"
#include "player.h"

#include <time.h>

#define HOSTS  40
#define TOKENS 200
#define FRAMES 240

typedef struct {
    gint64 began, spent;
    unsigned n;
    GMainLoop *loop;
} Bench;

/* Of this thread, in microseconds: other programs on the machine do not count. */
static gint64 cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (gint64)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static MgSession *crowd(MgRegistry *registry)
{
    g_autoptr(MgTrace) trace = mg_trace_new(registry);
    for (unsigned i = 0; i < HOSTS; i++) {
        g_autofree char *name = g_strdup_printf("host%u.example", i);
        g_autofree char *region = g_strdup_printf("region %u", i / 8);
        mg_trace_add_host(trace, name, i % 3 == 0 ? "mta" : "mua", region, "192.0.2.1", false);
    }
    for (unsigned i = 0; i <= TOKENS; i++) {
        MgFlow flow = {.transport = MG_TRANSPORT_DATAGRAM,
                       .client = (MgHostId)(i % HOSTS + 1),
                       .server = (MgHostId)((i * 7 + 11) % HOSTS + 1),
                       .client_address = "192.0.2.1",
                       .server_address = "192.0.2.2"};
        MgFlowId id = mg_trace_add_flow(trace, &flow);
        uint32_t n =
            mg_trace_add_datagram(trace, id, MG_FROM_CLIENT, MG_SPAN("hello, world"), 0, i);
        mg_trace_set_until(trace, n, 100000 + i * 100);
    }
    return mg_session_new_for_trace(trace);
}

static gboolean give_up(void *loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static void before(GdkFrameClock *clock, Bench *bench)
{
    bench->began = cpu_us();
}

static void after(GdkFrameClock *clock, Bench *bench)
{
    if (bench->n > 20) /* the first ones make textures */
        bench->spent += cpu_us() - bench->began;
    if (++bench->n == FRAMES)
        g_main_loop_quit(bench->loop);
}

int main(void)
{
    g_autoptr(MgRegistry) registry = mg_registry_new_for_path("");
    adw_init();
    g_object_set(gtk_settings_get_default(), "gtk-enable-animations", TRUE, NULL);
    g_autoptr(MgSession) session = crowd(registry);
    Bench bench = {.loop = g_main_loop_new(NULL, FALSE)};
    GtkWidget *window = gtk_window_new();
    gtk_window_set_default_size(GTK_WINDOW(window), 1280, 800);
    gtk_window_set_child(GTK_WINDOW(window), mg_map_view_new(session));
    gtk_window_present(GTK_WINDOW(window));
    mg_player_set_speed(mg_player_get(session), MG_SPEED_QUARTER);
    mg_session_seek(session, TOKENS); /* its token sets out: the map moves for several seconds */
    GdkFrameClock *clock = gtk_widget_get_frame_clock(window);
    g_signal_connect(clock, "before-paint", G_CALLBACK(before), &bench);
    g_signal_connect(clock, "after-paint", G_CALLBACK(after), &bench);
    guint patience = g_timeout_add_seconds(20, give_up, bench.loop);
    g_main_loop_run(bench.loop);
    g_source_remove(patience);
    printf("a frame with %d hosts and %d tokens: %.1f ms (%u frames)\n", HOSTS, TOKENS,
           (double)bench.spent / 1000 / MAX(bench.n - 21, 1u), bench.n);
    gtk_window_destroy(GTK_WINDOW(window));
    g_main_loop_unref(bench.loop);
    return 0;
}
