/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shortcuts.c - the keys */
#include "shortcuts.h"

#include "words.h"

/* clang-format off */
const MgShortcut mg_shortcuts[] = {
    {N_("Time"), "space", "win.play", N_("Play, pause"), TRUE},
    {N_("Time"), "Right", "win.step", N_("Next"), TRUE},
    {N_("Time"), "Left", "win.back", N_("Back"), TRUE},
    {N_("Time"), "Down", "win.step-answered", N_("A command with its answer"), TRUE},
    {N_("Time"), "Up", "win.back-answered", N_("Back by a command with its answer"), TRUE},
    {N_("Time"), "Home", "win.start", N_("To the start"), TRUE},
    {N_("Time"), "End", "win.end", N_("To the end"), TRUE},
    {N_("Time"), "F5", "win.run-end", N_("Run to the end of the step"), FALSE},
    {N_("Speed"), "1", "win.speed-1", N_("A quarter of the speed"), TRUE},
    {N_("Speed"), "2", "win.speed-2", N_("Normal speed"), TRUE},
    {N_("Speed"), "3", "win.speed-3", N_("Four times the speed"), TRUE},
    {N_("Speed"), "4", "win.speed-4", N_("As fast as it can"), TRUE},
    {N_("Lesson"), "<Control>Return", "win.lesson-check", N_("Check"), FALSE},
    {N_("Lesson"), "<Alt>Right", "win.lesson-next", N_("Next step of the lesson"), FALSE},
    {N_("Lesson"), "<Alt>Left", "win.lesson-back", N_("Previous step of the lesson"), FALSE},
    {N_("Presentation"), "F11", "win.presentation", N_("Begin or end it"), FALSE},
    {N_("Presentation"), "Page_Down", "win.present-next", N_("Next step of the lesson"), TRUE},
    {N_("Presentation"), "Page_Up", "win.present-back", N_("Previous step of the lesson"), TRUE},
    {N_("Presentation"), "b", "win.blank", N_("Black screen"), TRUE},
    {N_("Presentation"), "period", "win.blank", N_("Black screen"), TRUE},
    {N_("Presentation"), "n", "win.present-notes", N_("Notes"), TRUE},
    {N_("Presentation"), "<Control><Shift>n", "win.notes", N_("Notes for the teacher"), FALSE},
    {N_("The window"), "<Control>f", "win.filter", N_("Filter"), FALSE},
    {N_("The window"), "<Control>e", "win.other-view", N_("What the ends see, what the wire carries"), FALSE},
    {N_("The window"), "<Control>k", "win.faults", N_("Faults: change the network while it runs"), FALSE},
    {N_("The window"), "<Control>l", "win.networks", N_("Lessons and networks"), FALSE},
    {N_("The window"), "<Control>i", "win.inspector", N_("Inspector"), FALSE},
    {N_("The window"), "<Control><Shift>c", "win.console", N_("Console"), FALSE},
    {N_("The window"), "<Control>n", "win.compose", N_("Write a mail"), FALSE},
    {N_("The window"), "<Control>o", "win.open-folder", N_("Open a folder"), FALSE},
    {N_("The window"), "<Control>question", "win.keys", N_("All keys"), FALSE},
    {N_("The window"), "<Control>w", "window.close", N_("Close the window"), FALSE},
    {N_("The window"), "<Control>q", "app.quit", N_("Quit"), FALSE},
    {0}};
/* clang-format on */

/* Whether the widget with the keyboard wants this key for itself: one that is written in any plain
 * key, a tree its arrows, and a button that was reached by keyboard its space bar. */
static gboolean is_wanted_there(GtkWindow *window, GtkWidget *focus, unsigned key)
{
    if (focus == NULL)
        return FALSE;
    if (GTK_IS_EDITABLE(focus) || GTK_IS_TEXT_VIEW(focus) || GTK_IS_POPOVER(focus) ||
        gtk_widget_get_ancestor(focus, GTK_TYPE_POPOVER) != NULL)
        return TRUE;
    if (key == GDK_KEY_space)
        return (GTK_IS_BUTTON(focus) || GTK_IS_DROP_DOWN(focus) || GTK_IS_SWITCH(focus)) &&
               gtk_window_get_focus_visible(window);
    if (key >= GDK_KEY_0 && key <= GDK_KEY_9)
        return FALSE;
    for (GtkWidget *at = focus; at != NULL; at = gtk_widget_get_parent(at)) {
        const char *name = gtk_widget_class_get_css_name(GTK_WIDGET_GET_CLASS(at));
        if (g_str_equal(name, "inspectortree") || g_str_equal(name, "bytes") ||
            g_str_equal(name, "machine") || g_str_equal(name, "flowbox"))
            return TRUE;
    }
    return FALSE;
}

static gboolean is_key(const char *accelerator, unsigned key, GdkModifierType modifiers)
{
    unsigned wanted = 0;
    GdkModifierType with = 0;
    if (!gtk_accelerator_parse(accelerator, &wanted, &with))
        return FALSE;
    /* A question mark is made with Shift on most keyboards. */
    GdkModifierType have = wanted == GDK_KEY_question ? modifiers & ~GDK_SHIFT_MASK : modifiers;
    return gdk_keyval_to_lower(key) == wanted && have == with;
}

/* What cannot be done leaves its key to others. */
static gboolean is_enabled(GtkWindow *window, const char *name)
{
    if (!g_str_has_prefix(name, "win.") || !G_IS_ACTION_MAP(window))
        return TRUE;
    GAction *action = g_action_map_lookup_action(G_ACTION_MAP(window), name + strlen("win."));
    return action != NULL && g_action_get_enabled(action);
}

/* `target` has the actions of the window; closing is done to the window that has the keyboard. */
static gboolean on_key(GtkEventControllerKey *keys, unsigned key, unsigned code,
                       GdkModifierType modifiers, GtkWindow *target)
{
    GtkWindow *window = GTK_WINDOW(gtk_event_controller_get_widget(GTK_EVENT_CONTROLLER(keys)));
    GtkWidget *focus = gtk_window_get_focus(window);
    modifiers &= GDK_CONTROL_MASK | GDK_ALT_MASK | GDK_SHIFT_MASK | GDK_SUPER_MASK;
    for (const MgShortcut *row = mg_shortcuts; row->action != NULL; row++) {
        if (!is_key(row->accelerator, key, modifiers) || !is_enabled(target, row->action))
            continue;
        if (row->plain && is_wanted_there(window, focus, key))
            return FALSE;
        gboolean here = g_str_has_prefix(row->action, "window.");
        return gtk_widget_activate_action(GTK_WIDGET(here ? window : target), row->action, NULL);
    }
    return FALSE;
}

void mg_shortcuts_install_for(GtkWindow *window, GtkWindow *target)
{
    GtkEventController *keys = gtk_event_controller_key_new();
    gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
    g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), target);
    gtk_widget_add_controller(GTK_WIDGET(window), keys);
}

void mg_shortcuts_install(GtkWindow *window)
{
    mg_shortcuts_install_for(window, window);
}

/* These containers take children from GtkBuilder alone (before GTK 4.14). */
static void add_child(GtkBuilder *builder, GtkWidget *to, GtkWidget *child)
{
    GTK_BUILDABLE_GET_IFACE(to)->add_child(GTK_BUILDABLE(to), builder, G_OBJECT(child), NULL);
}

GtkWidget *mg_shortcuts_window_new(void)
{
    g_autoptr(GtkBuilder) builder = gtk_builder_new();
    GtkWidget *window = g_object_new(GTK_TYPE_SHORTCUTS_WINDOW, "modal", TRUE, NULL);
    GtkWidget *section =
        g_object_new(GTK_TYPE_SHORTCUTS_SECTION, "section-name", "all", "max-height", 20, NULL);
    GtkWidget *group = NULL;
    const char *last = NULL;
    for (const MgShortcut *row = mg_shortcuts; row->action != NULL; row++) {
        if (last == NULL || strcmp(last, row->group) != 0) {
            group = g_object_new(GTK_TYPE_SHORTCUTS_GROUP, "title", _(row->group), NULL);
            add_child(builder, section, group);
            last = row->group;
        }
        GtkWidget *shortcut = g_object_new(GTK_TYPE_SHORTCUTS_SHORTCUT, "accelerator",
                                           row->accelerator, "title", _(row->title), NULL);
        add_child(builder, group, shortcut);
    }
    add_child(builder, window, section);
    return window;
}
