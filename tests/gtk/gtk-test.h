/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gtk-test.h - what tests of the real window share: a beginning and an end, waiting, finding,
 * acting */
#pragma once

#include <locale.h>

#include "window.h"

static MgRegistry *registry;

/* TEST_DARK=1 looks at the dark side. */
static inline void test_begin(int *argc, char ***argv)
{
    gtk_test_init(argc, argv, NULL);
    adw_init();
    setlocale(LC_ALL, g_getenv("TEST_PICTURES") != NULL ? "" : "C.UTF-8");
    if (g_getenv("TEST_DARK") != NULL)
        adw_style_manager_set_color_scheme(adw_style_manager_get_default(),
                                           ADW_COLOR_SCHEME_FORCE_DARK);
    registry = mg_registry_new();
}

static inline int test_end(void)
{
    int result = g_test_run();
    mg_registry_unref(registry);
    return result;
}

static inline void settle(void)
{
    for (int i = 0; i < 20; i++)
        while (g_main_context_iteration(NULL, FALSE))
            continue;
}

static inline gboolean tell_over(void *data)
{
    *(bool *)data = true;
    return G_SOURCE_REMOVE;
}

static inline void wait_ms(unsigned ms)
{
    bool over = false;
    g_timeout_add(ms, tell_over, &over);
    while (!over)
        g_main_context_iteration(NULL, TRUE);
}

/* ---- finding ---- */

typedef bool (*Wanted)(GtkWidget *widget, const void *what);

/* (nullable) The first that is wanted, from here down. */
static inline GtkWidget *search(GtkWidget *from, Wanted wanted, const void *what, bool hidden_too)
{
    if (!hidden_too && !gtk_widget_get_visible(from))
        return NULL;
    if (wanted(from, what))
        return from;
    GtkWidget *found = NULL;
    for (GtkWidget *at = gtk_widget_get_first_child(from); at != NULL && found == NULL;
         at = gtk_widget_get_next_sibling(at))
        found = search(at, wanted, what, hidden_too);
    return found;
}

/* In no part that is hidden. */
static inline GtkWidget *find_that(GtkWidget *from, Wanted wanted, const void *what)
{
    return search(from, wanted, what, false);
}

static inline bool is_of_type(GtkWidget *widget, const void *type)
{
    return G_TYPE_CHECK_INSTANCE_TYPE(widget, *(const GType *)type);
}

static inline bool has_class(GtkWidget *widget, const void *class)
{
    return gtk_widget_has_css_class(widget, class);
}

static inline bool has_label(GtkWidget *widget, const void *label)
{
    return GTK_IS_BUTTON(widget) && g_strcmp0(gtk_button_get_label(GTK_BUTTON(widget)), label) == 0;
}

static inline bool says(GtkWidget *widget, const void *text)
{
    return GTK_IS_LABEL(widget) && strstr(gtk_label_get_text(GTK_LABEL(widget)), text) != NULL;
}

/* Hidden ones too. */
static inline GtkWidget *find(GtkWidget *from, GType type)
{
    return search(from, is_of_type, &type, true);
}

static inline GtkWidget *find_class(GtkWidget *from, const char *class)
{
    return find_that(from, has_class, class);
}

/* ---- a window ---- */

static inline void show_window(MgWindow *window)
{
    gtk_window_present(GTK_WINDOW(window));
    gtk_test_widget_wait_for_draw(GTK_WIDGET(window));
    settle();
}

static inline void close_window(MgWindow *window)
{
    gtk_window_destroy(GTK_WINDOW(window));
    settle();
}

static inline void act(MgWindow *window, const char *action)
{
    g_assert_true(gtk_widget_activate_action(GTK_WIDGET(window), action, NULL));
    settle();
}
