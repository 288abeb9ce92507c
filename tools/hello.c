/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hello.c - the smallest GTK window, which the bench compares our first frame with */
#include <gtk/gtk.h>
#include <stdio.h>
#include <time.h>

static double start_ms;

/* Milliseconds of CLOCK_MONOTONIC. */
static double clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void painted(GdkFrameClock *clock, gpointer window)
{
    printf("hello after %.1f ms\n", clock_ms() - start_ms);
    fflush(stdout);
    gtk_window_destroy(window);
}

static void activate(GtkApplication *application)
{
    GtkWidget *window = gtk_application_window_new(application);
    gtk_window_set_default_size(GTK_WINDOW(window), 1280, 800);
    gtk_window_set_child(GTK_WINDOW(window), gtk_label_new("Hello"));
    gtk_window_present(GTK_WINDOW(window));
    g_signal_connect(gtk_widget_get_frame_clock(window), "after-paint", G_CALLBACK(painted),
                     window);
}

int main(int argc, char **argv)
{
    start_ms = clock_ms();
    GtkApplication *application = gtk_application_new(NULL, G_APPLICATION_NON_UNIQUE);
    g_signal_connect(application, "activate", G_CALLBACK(activate), NULL);
    return g_application_run(G_APPLICATION(application), argc, argv);
}
