/* SPDX-License-Identifier: GPL-3.0-or-later */
/* foot.c - the buttons under the map, and the actions that keys and menus use as well */
#include "foot.h"

#include <adwaita.h>

#include "icons.h"
#include "player.h"
#include "theme.h"
#include "track.h"
#include "words.h"

struct _MgFoot {
    GtkWidget parent_instance;
    MgSession *session;
    GtkWidget *box, *play, *time;
    GtkWidget *speeds[4];
    GtkImage *play_image;
    gboolean shows_pause;
};

G_DEFINE_FINAL_TYPE(MgFoot, mg_foot, GTK_TYPE_WIDGET)

/* ---- actions ---- */

static const char *const step_names[] = {[MG_STEP_RECORD] = "record",
                                         [MG_STEP_EXCHANGE] = "exchange",
                                         [MG_STEP_ANSWERED] = "answered",
                                         [MG_STEP_FLOW] = "flow",
                                         [MG_STEP_HOP] = "hop"};

static void go(MgSession *session, MgStep step, gboolean back)
{
    mg_session_set_playing(session, FALSE);
    mg_player_go(mg_player_get(session), step, back);
}

static void on_action(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    MgSession *session = data;
    MgPlayer *player = mg_player_get(session);
    const char *name = g_action_get_name(G_ACTION(action));
    uint32_t end = mg_trace_n_records(mg_session_trace(session));
    if (strcmp(name, "play") == 0) {
        if (!mg_session_playing(session) && mg_session_position(session) == end && end > 0)
            mg_session_seek(session, 0); /* at the end, play means once more */
        mg_session_set_playing(session, !mg_session_playing(session));
    } else if (strcmp(name, "step") == 0) {
        go(session, mg_player_step(player), FALSE);
    } else if (strcmp(name, "back") == 0) {
        go(session, mg_player_step(player), TRUE);
    } else if (strcmp(name, "step-answered") == 0) {
        go(session, MG_STEP_ANSWERED, FALSE);
    } else if (strcmp(name, "back-answered") == 0) {
        go(session, MG_STEP_ANSWERED, TRUE);
    } else if (strcmp(name, "start") == 0) {
        mg_session_set_playing(session, FALSE);
        mg_session_seek(session, 0);
    } else if (strcmp(name, "end") == 0 || strcmp(name, "run-end") == 0) {
        mg_session_set_playing(session, FALSE);
        mg_session_seek(session, end);
    } else if (g_str_has_prefix(name, "speed-")) {
        mg_player_set_speed(player, (MgSpeed)(name[6] - '1'));
    }
}

/* Forward is nowhere while the eye stands at the fence. */
gboolean mg_foot_can(MgSession *session, const char *name)
{
    static const char *const forward[] = {"play", "step", "step-answered", "run-end", "end", NULL};
    uint32_t fence = mg_session_fence(session);
    return fence == 0 || mg_session_position(session) < fence || !g_strv_contains(forward, name);
}

static void on_fence(MgSession *session, GParamSpec *spec, gpointer action)
{
    g_simple_action_set_enabled(action, mg_foot_can(session, g_action_get_name(G_ACTION(action))));
}

static void on_step_size(GSimpleAction *action, GVariant *value, gpointer data)
{
    const char *name = g_variant_get_string(value, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(step_names); i++) {
        if (strcmp(step_names[i], name) == 0) {
            g_simple_action_set_state(action, value);
            mg_player_set_step(mg_player_get(data), (MgStep)i);
        }
    }
}

void mg_foot_install_actions(GActionMap *map, MgSession *session)
{
    static const char *const names[] = {"play",          "step",    "back",    "step-answered",
                                        "back-answered", "start",   "end",     "run-end",
                                        "speed-1",       "speed-2", "speed-3", "speed-4"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        GSimpleAction *action = g_simple_action_new(names[i], NULL);
        g_signal_connect_object(action, "activate", G_CALLBACK(on_action), session, 0);
        g_signal_connect_object(session, "notify::fence", G_CALLBACK(on_fence), action, 0);
        g_signal_connect_object(session, "notify::position", G_CALLBACK(on_fence), action, 0);
        on_fence(session, NULL, action);
        g_action_map_add_action(map, G_ACTION(action));
        g_object_unref(action);
    }
    GSimpleAction *size = g_simple_action_new_stateful(
        "step-size", G_VARIANT_TYPE_STRING,
        g_variant_new_string(step_names[mg_player_step(mg_player_get(session))]));
    g_signal_connect_object(size, "change-state", G_CALLBACK(on_step_size), session, 0);
    g_action_map_add_action(map, G_ACTION(size));
    g_object_unref(size);
}

/* ---- widgets ---- */

static GtkWidget *new_image(const char *icon)
{
    g_autoptr(GdkPaintable) paintable = mg_icon_paintable_new(icon);
    return gtk_image_new_from_paintable(paintable);
}

/* `word` (nullable) stands beside the icon: after it, or before it where that leads on. */
static GtkWidget *new_button(const char *icon, const char *word, gboolean leads)
{
    GtkWidget *button = gtk_button_new(), *image = new_image(icon);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    gtk_box_append(GTK_BOX(box), image);
    if (word != NULL) {
        GtkWidget *label = gtk_label_new(word);
        if (leads)
            gtk_box_prepend(GTK_BOX(box), label);
        else
            gtk_box_append(GTK_BOX(box), label);
    }
    gtk_widget_set_halign(box, GTK_ALIGN_CENTER);
    gtk_button_set_child(GTK_BUTTON(button), box);
    gtk_widget_add_css_class(button, "flat");
    gtk_widget_add_css_class(button, "mg-step");
    gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
    gtk_widget_set_focus_on_click(button, FALSE);
    return button;
}

static void set_action(GtkWidget *button, const char *action, const char *name, const char *keys)
{
    g_autofree char *tip = g_strdup_printf("%s (%s)", name, keys);
    gtk_actionable_set_action_name(GTK_ACTIONABLE(button), action);
    gtk_widget_set_tooltip_text(button, tip);
    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

static GtkWidget *new_speeds(MgFoot *self)
{
    static const char *const labels[] = {"¼×", "1×", "4×", N_("max")};
    static const char *const names[] = {N_("A quarter of the speed"), N_("Normal speed"),
                                        N_("Four times the speed"), N_("As fast as it can")};
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
    gtk_widget_add_css_class(box, "mg-speeds");
    gtk_widget_set_valign(box, GTK_ALIGN_CENTER);
    for (unsigned i = 0; i < 4; i++) {
        g_autofree char *action = g_strdup_printf("win.speed-%u", i + 1);
        g_autofree char *tip = g_strdup_printf("%s (%u)", _(names[i]), i + 1);
        GtkWidget *button = gtk_toggle_button_new_with_label(_(labels[i]));
        gtk_actionable_set_action_name(GTK_ACTIONABLE(button), action);
        gtk_widget_set_tooltip_text(button, tip);
        gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       _(names[i]), -1);
        gtk_widget_add_css_class(button, "flat");
        gtk_widget_set_focus_on_click(button, FALSE);
        gtk_box_append(GTK_BOX(box), button);
        self->speeds[i] = button;
    }
    return box;
}

static GtkWidget *new_step_menu(void)
{
    static const char *const labels[] = {[MG_STEP_RECORD] = N_("Every event and packet"),
                                         [MG_STEP_EXCHANGE] = N_("An exchange"),
                                         [MG_STEP_ANSWERED] = N_("A command with its answer"),
                                         [MG_STEP_FLOW] = N_("To the end of the conversation"),
                                         [MG_STEP_HOP] = N_("To the next host on the mail's way")};
    g_autoptr(GMenu) menu = g_menu_new();
    for (size_t i = 0; i < G_N_ELEMENTS(labels); i++) {
        g_autofree char *action = g_strdup_printf("win.step-size::%s", step_names[i]);
        g_menu_append(menu, _(labels[i]), action);
    }
    GtkWidget *button = gtk_menu_button_new();
    gtk_menu_button_set_menu_model(GTK_MENU_BUTTON(button), G_MENU_MODEL(menu));
    gtk_menu_button_set_child(GTK_MENU_BUTTON(button), new_image("foot-sizes"));
    gtk_menu_button_set_direction(GTK_MENU_BUTTON(button), GTK_ARROW_UP);
    gtk_widget_add_css_class(button, "mg-sizes");
    gtk_widget_set_tooltip_text(button, _("How far a step goes"));
    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("How far a step goes"), -1);
    gtk_widget_add_css_class(button, "flat");
    gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
    return button;
}

static void update(MgFoot *self)
{
    gboolean playing = mg_session_playing(self->session);
    g_autofree char *time = mg_words_time(mg_session_time(self->session));
    g_autofree char *seconds = g_strdup_printf(_("%s s"), time);
    /* From a minute on it is written with colons. */
    gtk_label_set_text(GTK_LABEL(self->time), strchr(time, ':') != NULL ? time : seconds);
    if (playing != self->shows_pause || gtk_image_get_paintable(self->play_image) == NULL) {
        g_autoptr(GdkPaintable) icon = mg_icon_paintable_new(playing ? "foot-pause" : "foot-play");
        gtk_image_set_from_paintable(self->play_image, icon);
        self->shows_pause = playing;
    }
    gtk_accessible_update_property(GTK_ACCESSIBLE(self->play), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   playing ? _("Pause") : _("Play"), -1);
    for (unsigned i = 0; i < 4; i++)
        gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(self->speeds[i]),
                                     mg_player_speed(mg_player_get(self->session)) == (MgSpeed)i);
}

static void on_session(MgSession *session, GParamSpec *spec, MgFoot *self)
{
    update(self);
}

static void on_player(MgPlayer *player, MgFoot *self)
{
    update(self);
}

static void on_theme(AdwStyleManager *manager, GParamSpec *spec, MgFoot *self)
{
    if (adw_style_manager_get_dark(manager))
        gtk_widget_add_css_class(GTK_WIDGET(self), "mg-dark");
    else
        gtk_widget_remove_css_class(GTK_WIDGET(self), "mg-dark");
}

static void mg_foot_dispose(GObject *object)
{
    MgFoot *self = MG_FOOT(object);
    g_clear_pointer(&self->box, gtk_widget_unparent);
    if (self->session != NULL) {
        g_signal_handlers_disconnect_by_data(self->session, self);
        g_signal_handlers_disconnect_by_data(mg_player_get(self->session), self);
        g_signal_handlers_disconnect_by_data(adw_style_manager_get_default(), self);
    }
    g_clear_object(&self->session);
    G_OBJECT_CLASS(mg_foot_parent_class)->dispose(object);
}

static void mg_foot_class_init(MgFootClass *class)
{
    G_OBJECT_CLASS(class)->dispose = mg_foot_dispose;
    gtk_widget_class_set_layout_manager_type(GTK_WIDGET_CLASS(class), GTK_TYPE_BIN_LAYOUT);
    gtk_widget_class_set_css_name(GTK_WIDGET_CLASS(class), "foot");
    gtk_widget_class_set_accessible_role(GTK_WIDGET_CLASS(class), GTK_ACCESSIBLE_ROLE_GROUP);
}

static void mg_foot_init(MgFoot *self)
{
    self->box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 4);
    gtk_widget_set_parent(self->box, GTK_WIDGET(self));
    gtk_widget_add_css_class(GTK_WIDGET(self), "mg-foot");
}

static GtkWidget *new_play(MgFoot *self)
{
    GtkWidget *button = gtk_button_new(), *image = gtk_image_new();
    self->play_image = GTK_IMAGE(image);
    gtk_widget_set_halign(image, GTK_ALIGN_CENTER);
    gtk_widget_set_valign(image, GTK_ALIGN_CENTER);
    gtk_button_set_child(GTK_BUTTON(button), image);
    gtk_widget_add_css_class(button, "suggested-action");
    gtk_widget_add_css_class(button, "mg-round");
    gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
    gtk_widget_set_focus_on_click(button, FALSE);
    gtk_widget_set_margin_start(button, 4);
    gtk_widget_set_margin_end(button, 4);
    return button;
}

static void add_parts(MgFoot *self)
{
    GtkWidget *start = new_button("foot-start", NULL, FALSE);
    GtkWidget *back = new_button("foot-back", _("step"), FALSE);
    GtkWidget *step = new_button("foot-step", _("step"), TRUE);
    GtkWidget *speeds = new_speeds(self), *sizes = new_step_menu();
    self->play = new_play(self);
    set_action(start, "win.start", _("To the start"), _("Home"));
    set_action(back, "win.back", _("Step back"), "←");
    set_action(self->play, "win.play", _("Play"), _("Space"));
    set_action(step, "win.step", _("Step"), "→");
    self->time = gtk_label_new("");
    gtk_label_set_width_chars(GTK_LABEL(self->time), 8);
    gtk_label_set_xalign(GTK_LABEL(self->time), 1);
    gtk_widget_add_css_class(self->time, "mg-time");
    gtk_widget_set_margin_end(sizes, 8);
    GtkWidget *faults = gtk_button_new_with_label(_("Faults"));
    gtk_widget_add_css_class(faults, "flat");
    gtk_widget_add_css_class(faults, "mg-step");
    gtk_widget_set_valign(faults, GTK_ALIGN_CENTER);
    gtk_widget_set_focus_on_click(faults, FALSE);
    set_action(faults, "win.faults", _("Faults"), _("Ctrl+K"));
    gtk_widget_set_visible(faults, mg_session_network(self->session) != NULL);
    GtkWidget *parts[] = {
        start,      back,  self->play, step, sizes, speeds, mg_track_new(self->session),
        self->time, faults};
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        gtk_box_append(GTK_BOX(self->box), parts[i]);
}

GtkWidget *mg_foot_new(MgSession *session)
{
    MgFoot *self = g_object_new(MG_TYPE_FOOT, NULL);
    AdwStyleManager *manager = adw_style_manager_get_default();
    self->session = g_object_ref(session);
    mg_theme_init(gtk_widget_get_display(GTK_WIDGET(self)));
    add_parts(self);
    g_signal_connect(session, "notify::position", G_CALLBACK(on_session), self);
    g_signal_connect(session, "notify::playing", G_CALLBACK(on_session), self);
    g_signal_connect(session, "notify::trace", G_CALLBACK(on_session), self);
    g_signal_connect(mg_player_get(session), "changed", G_CALLBACK(on_player), self);
    g_signal_connect(manager, "notify::dark", G_CALLBACK(on_theme), self);
    on_theme(manager, NULL, self);
    update(self);
    return GTK_WIDGET(self);
}

void mg_foot_set_large(MgFoot *self, gboolean large)
{
    if (large)
        gtk_widget_add_css_class(GTK_WIDGET(self), "mg-large");
    else
        gtk_widget_remove_css_class(GTK_WIDGET(self), "mg-large");
}
