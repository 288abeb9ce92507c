/* SPDX-License-Identifier: GPL-3.0-or-later */
/* window-style.c - the style sheet of the panels */
#include "window-style.h"

static const char style[] =
    /* What lies under a card is not seen through it, in the dark neither. */
    "@define-color card_bg_color @popover_bg_color;\n"
    ".side, inspector { background: @window_bg_color; }\n"
    ".side-content { padding: 18px 20px; }\n"
    ".side-foot { padding: 14px 20px; }\n"
    ".eyebrow { font-size: 8.5pt; font-weight: bold; letter-spacing: 0.6px; opacity: 0.7;"
    "  text-transform: uppercase; }\n"
    ".prose { line-height: 1.35; }\n"
    ".region { padding: 10px 12px; border-radius: 10px; background: alpha(@window_fg_color, 0.05); "
    "}\n"
    ".region label { font-size: 9.5pt; }\n"
    ".sheet { padding: 18px; }\n"
    ".faults-said { padding: 10px 18px; }\n"
    ".letter-text { padding: 10px; background: transparent; }\n"
    ".start-page { padding: 36px 24px; }\n"
    ".network-card { padding: 16px; }\n"
    ".network-card label { font-weight: normal; }\n"
    ".network-card label.title-4 { font-weight: bold; }\n"
    ".filter-bar { padding: 6px 10px; background: @headerbar_bg_color;"
    "  border-top: 1px solid alpha(@window_fg_color, 0.12); }\n"
    ".filter-bar label.error { font-size: 9pt; }\n"
    "console { padding: 6px 12px 8px 12px; background: @headerbar_bg_color;"
    "  border-top: 1px solid alpha(@window_fg_color, 0.14); }\n"
    "console .console-reply { font-size: 9.5pt; }\n"
    "console label.error { font-size: 9.5pt; }\n"
    "console dropdown button, .console-entry { font-family: monospace; font-size: 10pt;"
    "  font-weight: normal; min-height: 30px; }\n"
    "console button.console-aside, console .console-aside > button { padding: 1px 10px;"
    "  min-height: 22px; font-size: 9pt; font-weight: normal; }\n"
    "console.mg-large .console-reply, console.mg-large label.error { font-size: 17pt; }\n"
    "console.mg-large dropdown button, console.mg-large .console-entry { font-size: 19pt; }\n"
    ".console-offers label { font-size: 9.5pt; }\n"
    ".console-offers label.wire { font-size: 9.5pt; }\n"
    ".console-offers row { padding: 3px 8px; border-radius: 6px; }\n"
    ".console-offers list { background: transparent; }\n"
    ".inspector-heading { padding: 12px 16px 6px 16px; font-size: 9.5pt; opacity: 0.85; }\n"
    ".inspector-lower { padding: 12px 14px 16px 14px; }\n"
    "listview.inspector-tree { background: transparent; }\n"
    "listview.inspector-tree > row { padding: 2px 8px; border-radius: 6px; margin: 0 8px;"
    "  min-height: 22px; }\n"
    "listview.inspector-tree > row:selected { background: @accent_bg_color; color: "
    "@accent_fg_color; }\n"
    "listview.inspector-tree > row:selected:focus-visible { outline-offset: -2px; }\n"
    "listview.inspector-tree > row.pointed { box-shadow: inset 0 0 0 2px @accent_color,"
    "  0 0 6px alpha(@accent_color, 0.55); }\n"
    "listview.inspector-tree > row.pointed:selected { box-shadow: inset 0 0 0 2px @accent_fg_color,"
    "  0 0 0 2px @accent_color, 0 0 8px alpha(@accent_color, 0.7); }\n"
    "listview.inspector-tree label { font-size: 9.5pt; }\n"
    "listview.inspector-tree label.layer { font-weight: bold; }\n"
    "listview.inspector-tree label.noted { text-decoration: underline wavy; }\n"
    "listview.inspector-tree inscription { font-size: 9.5pt; opacity: 0.8; }\n"
    "listview.inspector-tree inscription.wire, .wire { font-family: monospace; font-size: 9pt;"
    "  opacity: 1; }\n"
    ".dot { min-width: 9px; min-height: 9px; border-radius: 99px; background: #77767b; }\n"
    ".dot.blue { background: #3584e4; } .dot.violet { background: #9141ac; }\n"
    ".dot.orange { background: #e66100; } .dot.green { background: #26a269; }\n"
    ".dot.amber { background: #c88800; } .dot.teal { background: #0f9aa5; }\n"
    ".dot.red { background: #c01c28; } .dot.grey { background: #8a8892; }\n"
    ".bytes-area { background: alpha(@window_fg_color, 0.045);"
    "  border-top: 1px solid alpha(@window_fg_color, 0.10);"
    "  border-bottom: 1px solid alpha(@window_fg_color, 0.10); }\n"
    "bytes { font-size: 9pt; }\n"
    "bytes:focus-visible { outline: 2px solid alpha(@accent_bg_color, 0.6); outline-offset: -3px; "
    "}\n"
    "explanation { padding: 14px; border-radius: 12px;"
    "  background: alpha(@accent_bg_color, 0.11); }\n"
    ".explanation-title { font-weight: bold; color: @accent_color; }\n"
    ".explanation-text { font-size: 10pt; line-height: 1.3; }\n"
    ".inspector-lock { margin: 10px 16px 0 0; color: @accent_color; }\n"
    "chain { padding: 12px 14px; border-radius: 12px;"
    "  background: alpha(@success_bg_color, 0.12); }\n"
    "chain label { font-size: 9.5pt; }\n"
    "button.source { padding: 1px 9px; min-height: 22px; font-size: 9pt; border-radius: 7px;"
    "  background: alpha(@accent_bg_color, 0.16); color: @accent_color; }\n"
    "hostnow label { font-size: 9.5pt; }\n"
    "hostnow .letter { font-family: monospace; font-size: 8.5pt; padding: 8px; border-radius: 8px;"
    "  background: alpha(@window_fg_color, 0.06); }\n"
    "hostnow .facts-table label { font-size: 8.5pt; }\n"
    "hostnow .facts-table .row-name { font-family: monospace; padding-top: 5px; }\n"
    "hostnow button { padding: 1px 10px; min-height: 26px; }\n"
    "ladder listview { background: transparent; }\n"
    "ladder listview > row { padding: 0; margin: 0; border-radius: 0; }\n"
    "ladder listview > row:hover { background: alpha(@window_fg_color, 0.03); }\n"
    "ladder listview > row:focus-visible { outline: 2px solid alpha(@accent_bg_color, 0.5);"
    "  outline-offset: -2px; }\n"
    ".mode button { padding: 3px 14px; min-height: 26px; }\n"
    ".mode button:checked { background: @accent_bg_color; color: @accent_fg_color; }\n"
    ".real-note { padding: 10px 12px; border-radius: 10px; background: alpha(@window_fg_color, "
    "0.06); }\n"
    ".outcome.good { color: @success_color; } .outcome.bad { color: @error_color; }\n";

void mg_window_style_init(GdkDisplay *display)
{
    static gboolean done;
    if (done)
        return;
    done = TRUE;
    GtkCssProvider *provider = gtk_css_provider_new();
    gtk_css_provider_load_from_data(provider, style, -1);
    gtk_style_context_add_provider_for_display(display, GTK_STYLE_PROVIDER(provider),
                                               GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
    g_object_unref(provider);
}

static gboolean on_key(GtkEventControllerKey *keys, unsigned key, unsigned code,
                       GdkModifierType modifiers, GtkWindow *window)
{
    if (key != GDK_KEY_Escape)
        return FALSE;
    gtk_window_close(window);
    return TRUE;
}

void mg_window_close_on_escape(GtkWindow *window)
{
    GtkEventController *keys = gtk_event_controller_key_new();
    g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), window);
    gtk_widget_add_controller(GTK_WIDGET(window), keys);
}
