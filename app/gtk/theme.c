/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theme.c - two palettes, eight colours, one style sheet */
#include "theme.h"

#include <adwaita.h>

#include "mg-resources.h"

#define RGB(hex)                                                                                   \
    {                                                                                              \
        ((hex) >> 16 & 255) / 255.f, ((hex) >> 8 & 255) / 255.f, ((hex)&255) / 255.f, 1            \
    }

/* Light and dark, and both with high contrast. */
static const MgPalette palettes[4] = {
    {
        .ground = RGB(0xfdfdfd),
        .dot = RGB(0xdddbe0),
        .text = RGB(0x241f31),
        .dim = RGB(0x6a6773),
        .card = RGB(0xffffff),
        .card_edge = RGB(0xcfccd4),
        .card_chosen = RGB(0xe3effc),
        .link = RGB(0xaaa7b2),
        .accent = RGB(0x2f7fe0),
        .pill = RGB(0x322e40),
        .pill_text = RGB(0xffffff),
        .pill_dim = RGB(0xc9c5d6),
    },
    {
        .ground = RGB(0x1f1f21),
        .dot = RGB(0x353538),
        .text = RGB(0xf3f2f5),
        .dim = RGB(0xa5a3ab),
        .card = RGB(0x36363a),
        .card_edge = RGB(0x4d4d53),
        .card_chosen = RGB(0x2b3f58),
        .link = RGB(0x8a8892),
        .accent = RGB(0x5aa2f2),
        .pill = RGB(0xf6f5f4),
        .pill_text = RGB(0x241f31),
        .pill_dim = RGB(0x5c5964),
    },
    {
        .ground = RGB(0xffffff),
        .dot = RGB(0xdddbe0),
        .text = RGB(0x000000),
        .dim = RGB(0x3d3846),
        .card = RGB(0xffffff),
        .card_edge = RGB(0x5e5c64),
        .card_chosen = RGB(0xd3e5fb),
        .link = RGB(0x5e5c64),
        .accent = RGB(0x0b57b8),
        .pill = RGB(0x000000),
        .pill_text = RGB(0xffffff),
        .pill_dim = RGB(0xe8e6ee),
    },
    {
        .ground = RGB(0x121214),
        .dot = RGB(0x353538),
        .text = RGB(0xffffff),
        .dim = RGB(0xd8d6de),
        .card = RGB(0x2a2a2d),
        .card_edge = RGB(0xb4b2ba),
        .card_chosen = RGB(0x1f3f66),
        .link = RGB(0xc6c4cc),
        .accent = RGB(0x8cc2ff),
        .pill = RGB(0xffffff),
        .pill_text = RGB(0x000000),
        .pill_dim = RGB(0x3d3846),
    },
};

static gboolean strong; /* the desktop wants high contrast; never without a display */

/* For light and dark: each is read on its ground with a contrast of 4.5 and more. */
static const struct {
    const char *name;
    GdkRGBA color[2];
} colors[] = {
    {"blue", {RGB(0x1c6fd6), RGB(0x62a8f5)}},   {"violet", {RGB(0x8a3aa8), RGB(0xc58be0)}},
    {"orange", {RGB(0xb85a00), RGB(0xffa657)}}, {"green", {RGB(0x1f8a4c), RGB(0x63d297)}},
    {"grey", {RGB(0x6f6d76), RGB(0xa9a7b0)}},   {"amber", {RGB(0x946800), RGB(0xf2c84b)}},
    {"teal", {RGB(0x0f7f86), RGB(0x58c8cf)}},   {"red", {RGB(0xc01c28), RGB(0xff7b72)}},
};

const MgPalette *mg_palette(gboolean dark)
{
    return &palettes[(dark ? 1 : 0) + (strong ? 2 : 0)];
}

GdkRGBA mg_theme_color(const char *name, gboolean dark)
{
    size_t found = 4; /* grey */
    for (size_t i = 0; i < G_N_ELEMENTS(colors); i++)
        if (g_strcmp0(colors[i].name, name) == 0)
            found = i;
    return colors[found].color[dark ? 1 : 0];
}

GdkRGBA mg_theme_dissector_color(const MgRegistry *registry, uint8_t dissector, gboolean dark)
{
    const MgDissector *about = mg_registry_dissector(registry, dissector);
    return mg_theme_color(about != NULL ? about->color : NULL, dark);
}

GdkRGBA mg_theme_fade(GdkRGBA color, double alpha)
{
    color.alpha = (float)alpha;
    return color;
}

gboolean mg_theme_is_dark(void)
{
    return adw_style_manager_get_dark(adw_style_manager_get_default());
}

static void on_contrast(AdwStyleManager *manager, GParamSpec *spec, gpointer data)
{
    strong = adw_style_manager_get_high_contrast(manager);
}

void mg_theme_init(GdkDisplay *display)
{
    static gboolean done;
    if (done)
        return;
    done = TRUE;
    AdwStyleManager *manager = adw_style_manager_get_default();
    g_signal_connect(manager, "notify::high-contrast", G_CALLBACK(on_contrast), NULL);
    on_contrast(manager, NULL, NULL);
    GtkCssProvider *provider = gtk_css_provider_new();
    g_resources_register(mg_get_resource());
    gtk_css_provider_load_from_resource(provider, "/org/mailglass/Mailglass/style.css");
    gtk_style_context_add_provider_for_display(display, GTK_STYLE_PROVIDER(provider),
                                               GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
    g_object_unref(provider);
}
