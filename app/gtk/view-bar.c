/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view-bar.c - a switch over the ladder */
#include "view-bar.h"

#include "player.h"
#include "words.h"

static const struct {
    const char *name, *label, *tooltip;
} rows[] = {[MG_VIEW_ENDS] = {"ends", N_("What the ends see"),
                              N_("The conversation, as the two hosts read it")},
            [MG_VIEW_WIRE] = {"wire", N_("What the wire carries"),
                              N_("The octets that somebody on the way can read")}};

static void on_view(GSimpleAction *action, GVariant *wanted, MgSession *session)
{
    MgView view = g_str_equal(g_variant_get_string(wanted, NULL), rows[MG_VIEW_WIRE].name)
                      ? MG_VIEW_WIRE
                      : MG_VIEW_ENDS;
    g_simple_action_set_state(action, wanted);
    mg_player_set_view(mg_player_get(session), view);
}

static void on_other(GSimpleAction *action, GVariant *parameter, GAction *view)
{
    g_autoptr(GVariant) state = g_action_get_state(view);
    bool wire = g_str_equal(g_variant_get_string(state, NULL), rows[MG_VIEW_WIRE].name);
    g_action_change_state(view,
                          g_variant_new_string(rows[wire ? MG_VIEW_ENDS : MG_VIEW_WIRE].name));
}

void mg_view_install_actions(GActionMap *map, MgSession *session)
{
    g_autoptr(GSimpleAction) view = g_simple_action_new_stateful(
        "view", G_VARIANT_TYPE_STRING,
        g_variant_new_string(rows[mg_player_view(mg_player_get(session))].name));
    g_signal_connect_object(view, "change-state", G_CALLBACK(on_view), session, 0);
    g_action_map_add_action(map, G_ACTION(view));
    g_autoptr(GSimpleAction) other = g_simple_action_new("other-view", NULL);
    g_signal_connect_object(other, "activate", G_CALLBACK(on_other), view, 0);
    g_action_map_add_action(map, G_ACTION(other));
}

static void on_trace(MgSession *session, GParamSpec *spec, GtkWidget *bar)
{
    const MgTrace *trace = mg_session_trace(session);
    gtk_widget_set_visible(bar, mg_view_matters(trace, mg_trace_n_records(trace)));
}

GtkWidget *mg_view_bar_new(MgSession *session)
{
    GtkWidget *bar = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
    gtk_widget_add_css_class(bar, "linked");
    gtk_widget_add_css_class(bar, "mg-views");
    gtk_widget_set_halign(bar, GTK_ALIGN_CENTER);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        GtkWidget *button = gtk_toggle_button_new_with_label(_(rows[i].label));
        gtk_widget_set_tooltip_text(button, _(rows[i].tooltip));
        gtk_widget_set_focus_on_click(button, FALSE);
        gtk_actionable_set_action_target(GTK_ACTIONABLE(button), "s", rows[i].name);
        gtk_actionable_set_action_name(GTK_ACTIONABLE(button), "win.view");
        gtk_box_append(GTK_BOX(bar), button);
    }
    gtk_accessible_update_property(GTK_ACCESSIBLE(bar), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   _("Who looks"), -1);
    g_signal_connect_object(session, "notify::trace", G_CALLBACK(on_trace), bar, 0);
    g_signal_connect_object(session, "notify::n-records", G_CALLBACK(on_trace), bar, 0);
    on_trace(session, NULL, bar);
    return bar;
}
