/* SPDX-License-Identifier: GPL-3.0-or-later */
/* window-menu.c - the bar at the top, and the menu with every command */
#include "window-menu.h"

#include <adwaita.h>

#include "shortcuts.h"
#include "words.h"

static void add_item(GMenu *menu, const char *title, const char *action, const char *accelerator)
{
    g_autoptr(GMenuItem) item = g_menu_item_new(title, action);
    if (accelerator != NULL)
        g_menu_item_set_attribute(item, "accel", "s", accelerator);
    g_menu_append_item(menu, item);
}

/* The commands that have keys, by group. */
static GMenu *group_menu(const char *group)
{
    GMenu *menu = g_menu_new();
    const char *last = "";
    for (const MgShortcut *row = mg_shortcuts; row->action != NULL; row++) {
        if (strcmp(row->group, group) != 0 || strcmp(row->action, last) == 0)
            continue; /* of two keys the first is shown */
        add_item(menu, _(row->title), row->action, row->accelerator);
        last = row->action;
    }
    return menu;
}

/* What → and ← step over. */
static GMenu *step_menu(void)
{
    static const struct {
        const char *title, *size;
    } rows[] = {{N_("Every packet and state"), "win.step-size::record"},
                {N_("An exchange"), "win.step-size::exchange"},
                {N_("A command with its answer"), "win.step-size::answered"},
                {N_("A whole conversation"), "win.step-size::flow"},
                {N_("A hop of the mail"), "win.step-size::hop"}};
    GMenu *menu = g_menu_new();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_menu_append(menu, _(rows[i].title), rows[i].size);
    return menu;
}

/* What can be taken along. */
static GMenu *save_menu(void)
{
    static const struct {
        const char *title, *action;
    } rows[] = {{N_("Save map…"), "win.save-map"},
                {N_("Save ladder…"), "win.save-ladder"},
                {N_("Save capture…"), "win.save-capture"},
                {N_("Save as a lesson…"), "win.save-lesson"},
                {N_("Save my progress…"), "win.save-progress"}};
    GMenu *menu = g_menu_new();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_menu_append(menu, _(rows[i].title), rows[i].action);
    return menu;
}

static GMenu *lesson_menu(void)
{
    GMenu *menu = group_menu("Lesson");
    g_autoptr(GMenu) languages = g_menu_new();
    add_item(menu, _("Hint"), "win.lesson-hint", NULL);
    add_item(menu, _("Start this step again"), "win.lesson-again", NULL);
    g_menu_append(languages, "한국어", "win.lesson-language::ko");
    g_menu_append(languages, "English", "win.lesson-language::en");
    g_menu_append_section(menu, NULL, G_MENU_MODEL(languages));
    return menu;
}

static GMenuModel *main_menu(void)
{
    GMenu *menu = g_menu_new();
    g_autoptr(GMenu) time = group_menu("Time");
    g_autoptr(GMenu) steps = step_menu();
    g_autoptr(GMenu) speed = group_menu("Speed");
    g_autoptr(GMenu) run = g_menu_new();
    g_menu_append_submenu(run, _("Time"), G_MENU_MODEL(time));
    g_menu_append_submenu(run, _("A step is"), G_MENU_MODEL(steps));
    g_menu_append_submenu(run, _("Speed"), G_MENU_MODEL(speed));
    g_autoptr(GMenu) lesson = lesson_menu();
    g_menu_append_submenu(run, _("Lesson"), G_MENU_MODEL(lesson));
    add_item(run, _("The next branch"), "win.next-branch", NULL);
    g_menu_append_section(menu, NULL, G_MENU_MODEL(run));
    g_autoptr(GMenu) window = group_menu("The window");
    g_autoptr(GMenu) presentation = group_menu("Presentation");
    g_menu_append_submenu(window, _("Presentation"), G_MENU_MODEL(presentation));
    g_menu_append_section(menu, NULL, G_MENU_MODEL(window));
    g_autoptr(GMenu) save = save_menu();
    g_autoptr(GMenu) saving = g_menu_new();
    g_menu_append_submenu(saving, _("Save"), G_MENU_MODEL(save));
    g_menu_append_section(menu, NULL, G_MENU_MODEL(saving));
    g_autoptr(GMenu) about = g_menu_new();
    add_item(about, _("Plugins"), "win.plugins", NULL);
    add_item(about, _("About Mailglass"), "win.about", NULL);
    g_menu_append_section(menu, NULL, G_MENU_MODEL(about));
    return G_MENU_MODEL(menu);
}

static GtkWidget *icon_button(const char *icon, const char *action, const char *name)
{
    GtkWidget *button = gtk_button_new_from_icon_name(icon);
    gtk_actionable_set_action_name(GTK_ACTIONABLE(button), action);
    gtk_widget_set_tooltip_text(button, name);
    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    return button;
}

static GtkWidget *mode_new(void)
{
    static const struct {
        const char *label, *target, *tip;
    } rows[] = {
        {N_("Simulated"), "simulated", N_("Everything happens inside this program")},
        {N_("Real servers"), "real",
         N_("The mail server is a real one on this machine; asks before it sends anything")}};
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
    gtk_widget_add_css_class(box, "linked");
    gtk_widget_add_css_class(box, "mode");
    gtk_widget_set_valign(box, GTK_ALIGN_CENTER);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        GtkWidget *button = gtk_toggle_button_new_with_label(_(rows[i].label));
        gtk_actionable_set_action_target(GTK_ACTIONABLE(button), "s", rows[i].target);
        gtk_actionable_set_action_name(GTK_ACTIONABLE(button), "win.mode");
        gtk_widget_set_tooltip_text(button, _(rows[i].tip));
        gtk_widget_set_focus_on_click(button, FALSE);
        gtk_box_append(GTK_BOX(box), button);
    }
    return box;
}

GtkWidget *mg_window_header_new(GtkWidget *title, GtkWidget **mode)
{
    AdwHeaderBar *bar = ADW_HEADER_BAR(adw_header_bar_new());
    adw_header_bar_set_title_widget(bar, title);
    GtkWidget *networks = gtk_button_new();
    GtkWidget *content = adw_button_content_new();
    adw_button_content_set_icon_name(ADW_BUTTON_CONTENT(content), "open-menu-symbolic");
    adw_button_content_set_label(ADW_BUTTON_CONTENT(content), _("Lessons"));
    gtk_button_set_child(GTK_BUTTON(networks), content);
    gtk_actionable_set_action_name(GTK_ACTIONABLE(networks), "win.networks");
    gtk_accessible_update_property(GTK_ACCESSIBLE(networks), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("Lessons and networks"), -1);
    gtk_widget_set_tooltip_text(networks, _("Lessons and networks"));
    adw_header_bar_pack_start(bar, networks);
    adw_header_bar_pack_start(bar,
                              icon_button("go-previous-symbolic", "win.previous", _("Go back")));
    GtkWidget *menu = gtk_menu_button_new();
    gtk_menu_button_set_icon_name(GTK_MENU_BUTTON(menu), "view-more-symbolic");
    gtk_menu_button_set_primary(GTK_MENU_BUTTON(menu), TRUE);
    g_autoptr(GMenuModel) model = main_menu();
    gtk_menu_button_set_menu_model(GTK_MENU_BUTTON(menu), model);
    gtk_accessible_update_property(GTK_ACCESSIBLE(menu), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Menu"),
                                   -1);
    adw_header_bar_pack_end(bar, menu);
    adw_header_bar_pack_end(
        bar, icon_button("view-fullscreen-symbolic", "win.presentation", _("Presentation")));
    *mode = mode_new();
    adw_header_bar_pack_end(bar, *mode);
    return GTK_WIDGET(bar);
}
