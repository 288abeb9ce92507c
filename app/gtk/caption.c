/* SPDX-License-Identifier: GPL-3.0-or-later */
/* caption.c - a pill with one sentence */
#include "caption.h"

#include <adwaita.h>

#include "theme.h"
#include "words.h"

#define SUMMARY_CHARS 60
#define JUMP          (60 * MG_SECONDS) /* a gap that is told */

struct _MgCaption {
    GtkWidget parent_instance;
    MgSession *session;
    GtkWidget *label;
};

G_DEFINE_FINAL_TYPE(MgCaption, mg_caption, GTK_TYPE_WIDGET)

static char *hex_of(GdkRGBA color)
{
    return g_strdup_printf("#%02x%02x%02x", (unsigned)(color.red * 255 + 0.5f),
                           (unsigned)(color.green * 255 + 0.5f),
                           (unsigned)(color.blue * 255 + 0.5f));
}

static void add_markup(GString *markup, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void add_markup(GString *markup, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_markup_vprintf_escaped(format, arguments);
    va_end(arguments);
    g_string_append(markup, text);
}

/* How long ago the exchange before was, when that is longer than the eye would think. */
static void add_jump(GString *markup, const MgTrace *trace, uint32_t n)
{
    MgTime gap = n > 1 ? mg_trace_record(trace, n)->at - mg_trace_record(trace, n - 1)->at : 0;
    if (gap < JUMP)
        return;
    unsigned minutes = (unsigned)(gap / MG_MINUTES);
    if (minutes < 120)
        add_markup(markup, mg_plural("+%u min", "+%u min", minutes), minutes);
    else
        add_markup(markup, mg_plural("+%u h", "+%u h", minutes / 60), minutes / 60);
    g_string_append(markup, "  ");
}

static void add_record(GString *markup, MgSession *session, uint32_t n)
{
    const MgTrace *trace = mg_session_trace(session);
    const MgRecord *record = mg_trace_record(trace, n);
    const MgPalette *palette = mg_palette(mg_theme_is_dark());
    /* The pill is dark on light and light on dark: so are the colours on it. */
    GdkRGBA wire =
        mg_theme_dissector_color(mg_trace_registry(trace), record->dissector, !mg_theme_is_dark());
    g_autofree char *color = hex_of(wire), *dim = hex_of(palette->pill_dim);
    g_autofree char *words = mg_words_summary(trace, n, SUMMARY_CHARS);
    add_jump(markup, trace, n);
    if (record->from != 0)
        add_markup(markup, "<b>%s</b>", mg_trace_host(trace, record->from)->name);
    if (record->to != 0)
        add_markup(markup, " → <b>%s</b>", mg_trace_host(trace, record->to)->name);
    add_markup(markup, "   <span face=\"monospace\" color=\"%s\">%s</span>", color, words);
    if ((record->flags & MG_RECORD_LOST) != 0)
        add_markup(markup, "   %s", _("It is lost on the way."));
    if (record->kind != MG_RECORD_EXCHANGE)
        return;
    g_autoptr(MgTree) tree = mg_trace_tree(trace, n);
    const char *say = mg_registry_translate(mg_trace_registry(trace), mg_tree_caption(tree));
    if (say != NULL)
        add_markup(markup, "   <span color=\"%s\">“%s”</span>", dim, say);
}

static void add_next(GString *markup, MgSession *session)
{
    uint32_t next = mg_session_peek(session, MG_STEP_EXCHANGE, false);
    if (next == mg_session_position(session)) {
        g_string_append(markup, _("Nothing has happened here yet."));
        return;
    }
    const MgTrace *trace = mg_session_trace(session);
    const MgRecord *record = mg_trace_record(trace, next);
    g_autofree char *words = mg_words_summary(trace, next, SUMMARY_CHARS);
    /* TRANSLATORS: who will say something next, and what */
    add_markup(markup, _("Next: %s: %s"),
               record->from != 0 ? mg_trace_host(trace, record->from)->name : "", words);
}

static void update(MgCaption *self)
{
    g_autoptr(GString) markup = g_string_new(NULL);
    uint32_t n = mg_session_position(self->session);
    if (n > 0)
        add_record(markup, self->session, n);
    else
        add_next(markup, self->session);
    gtk_label_set_markup(GTK_LABEL(self->label), markup->str);
    gboolean dark = mg_theme_is_dark();
    gtk_widget_remove_css_class(GTK_WIDGET(self), dark ? "mg-light" : "mg-dark");
    gtk_widget_add_css_class(GTK_WIDGET(self), dark ? "mg-dark" : "mg-light");
}

static void on_session(MgSession *session, GParamSpec *spec, MgCaption *self)
{
    update(self);
}

static void on_theme(GObject *manager, GParamSpec *spec, MgCaption *self)
{
    update(self);
}

static void mg_caption_dispose(GObject *object)
{
    MgCaption *self = MG_CAPTION(object);
    g_clear_pointer(&self->label, gtk_widget_unparent);
    if (self->session != NULL)
        g_signal_handlers_disconnect_by_data(self->session, self);
    g_signal_handlers_disconnect_by_data(adw_style_manager_get_default(), self);
    g_clear_object(&self->session);
    G_OBJECT_CLASS(mg_caption_parent_class)->dispose(object);
}

static void mg_caption_class_init(MgCaptionClass *class)
{
    G_OBJECT_CLASS(class)->dispose = mg_caption_dispose;
    gtk_widget_class_set_layout_manager_type(GTK_WIDGET_CLASS(class), GTK_TYPE_BIN_LAYOUT);
    gtk_widget_class_set_css_name(GTK_WIDGET_CLASS(class), "caption");
}

static void mg_caption_init(MgCaption *self)
{
    self->label = gtk_label_new(NULL);
    gtk_label_set_ellipsize(GTK_LABEL(self->label), PANGO_ELLIPSIZE_END);
    gtk_label_set_xalign(GTK_LABEL(self->label), 0.5f);
    gtk_widget_set_parent(self->label, GTK_WIDGET(self));
    gtk_widget_add_css_class(GTK_WIDGET(self), "mg-caption");
}

GtkWidget *mg_caption_new(MgSession *session)
{
    MgCaption *self = g_object_new(MG_TYPE_CAPTION, NULL);
    self->session = g_object_ref(session);
    mg_theme_init(gtk_widget_get_display(GTK_WIDGET(self)));
    g_signal_connect(session, "notify::position", G_CALLBACK(on_session), self);
    g_signal_connect(session, "notify::trace", G_CALLBACK(on_session), self);
    g_signal_connect(session, "notify::n-records", G_CALLBACK(on_session), self);
    g_signal_connect(adw_style_manager_get_default(), "notify::dark", G_CALLBACK(on_theme), self);
    update(self);
    return GTK_WIDGET(self);
}

void mg_caption_set_large(MgCaption *self, gboolean large)
{
    if (large)
        gtk_widget_add_css_class(GTK_WIDGET(self), "mg-large");
    else
        gtk_widget_remove_css_class(GTK_WIDGET(self), "mg-large");
    gtk_label_set_wrap(GTK_LABEL(self->label), large);
    gtk_label_set_lines(GTK_LABEL(self->label), large ? 2 : -1);
}
