/* SPDX-License-Identifier: GPL-3.0-or-later */
/* caption.c - a pill: who to whom and the wire's words, and one sentence that says what they mean
 *
 * In a wide window the sentence stands beside the words, else under them; that does not depend on
 * what is said, so that neither the map over it nor the eye has to move from one exchange to the
 * next. */
#include "caption.h"

#include <adwaita.h>

#include "theme.h"
#include "words.h"

#define SUMMARY_CHARS  60
#define SENTENCE_CHARS 200
#define JUMP           (60 * MG_SECONDS) /* a gap that is told */
#define WIDE           900               /* room for words and sentence beside each other */
#define BESIDE         16                /* between them */

struct _MgCaption {
    GtkWidget parent_instance;
    MgSession *session;
    GtkWidget *words, *sentence;
    gboolean large, brief;
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
static void add_jump(GString *markup, MgSession *session, uint32_t n)
{
    const MgTrace *trace = mg_session_trace(session);
    uint32_t before = mg_session_peek(session, MG_STEP_EXCHANGE, true);
    if (before == 0 || before >= n)
        return;
    MgTime gap = mg_trace_record(trace, n)->at - mg_trace_record(trace, before)->at;
    if (gap < JUMP)
        return;
    unsigned minutes = (unsigned)(gap / MG_MINUTES);
    g_string_append(markup, "<b>");
    if (minutes < 120)
        add_markup(markup, mg_plural("+%u min", "+%u min", minutes), minutes);
    else
        add_markup(markup, mg_plural("+%u h", "+%u h", minutes / 60), minutes / 60);
    g_string_append(markup, ":</b>  ");
}

static void add_hosts(GString *markup, const MgTrace *trace, uint32_t n)
{
    const MgRecord *record = mg_trace_record(trace, n);
    MgHostId posed = mg_words_posed(trace, n);
    if (record->from != 0)
        add_markup(markup, "<b>%s</b>", mg_trace_host(trace, record->from)->name);
    if (posed != 0) {
        g_string_append_c(markup, ' ');
        /* TRANSLATORS: the host whose address somebody pretends to have */
        add_markup(markup, _("(as %s)"), mg_trace_host(trace, posed)->name);
    }
    if (record->to != 0)
        add_markup(markup, " → <b>%s</b>", mg_trace_host(trace, record->to)->name);
}

/* Who does it: "SMTP client: carries one mail to one server". */
static void add_engine(GString *markup, const MgTrace *trace, const MgRecord *record)
{
    const MgRegistry *registry = mg_trace_registry(trace);
    const MgEngineKind *engine =
        mg_registry_engine(registry, mg_trace_engine_name(trace, record->engine));
    if (engine != NULL && engine->summary != NULL)
        add_markup(markup, "%s", mg_registry_translate(registry, engine->summary));
}

/* The sentence: what a dissector says of an exchange, what a note says, who changes its state. */
static void add_sentence(GString *markup, const MgTrace *trace, uint32_t n)
{
    const MgRecord *record = mg_trace_record(trace, n);
    if ((record->flags & MG_RECORD_LOST) != 0) {
        add_markup(markup, "%s", _("It is lost on the way."));
        return;
    }
    const MgRegistry *registry = mg_trace_registry(trace);
    if (record->kind == MG_RECORD_EXCHANGE) {
        g_autoptr(MgTree) tree = mg_trace_tree(trace, n);
        const char *say = mg_registry_translate(registry, mg_tree_caption(tree));
        if (say != NULL)
            add_markup(markup, _("“%s”"), say);
        return;
    }
    if (record->kind == MG_RECORD_ACTION)
        return;
    if (record->kind == MG_RECORD_STATE) {
        add_engine(markup, trace, record);
        return;
    }
    g_autofree char *words = mg_words_summary(trace, n, SENTENCE_CHARS);
    add_markup(markup, "%s", words);
}

static void add_record(GString *markup, const MgTrace *trace, uint32_t n)
{
    const MgRecord *record = mg_trace_record(trace, n);
    gboolean dark = mg_theme_is_dark();
    /* The pill is dark on light and light on dark: so are the colours on it. */
    GdkRGBA wire = record->dissector != 0 ? mg_theme_dissector_color(mg_trace_registry(trace),
                                                                     record->dissector, !dark)
                                          : mg_palette(dark)->pill_dim;
    g_autofree char *color = hex_of(wire);
    g_autofree char *words = mg_words_summary(trace, n, SUMMARY_CHARS);
    add_hosts(markup, trace, n);
    if (record->kind == MG_RECORD_NOTE || record->kind == MG_RECORD_DECISION) {
        g_string_append(markup, "   "); /* its words are the sentence */
        add_engine(markup, trace, record);
        return;
    }
    add_markup(markup, "%s<span face=\"monospace\" color=\"%s\">%s</span>",
               record->from != 0 ? "   " : "", color, words);
}

/* Who has a console that waits for a line at the end of what has happened; 0 nobody. */
static MgHostId who_waits(MgSession *session)
{
    const MgTrace *trace = mg_session_trace(session);
    MgHostId host = mg_session_position(session) == mg_trace_n_records(trace) &&
                            mg_session_network(session) != NULL
                        ? mg_trace_n_hosts(trace)
                        : 0;
    while (host > 0 && !mg_session_waits(session, host, NULL))
        host--;
    return host;
}

/* The world stands still, for a question or for somebody who may type. */
static void add_pause(GString *sentence, const MgCaption *self)
{
    MgSession *session = self->session;
    uint32_t fence = mg_session_fence(session);
    MgHostId host = who_waits(session);
    if (fence != 0 && mg_session_position(session) >= fence) {
        g_string_truncate(sentence, 0);
        add_markup(sentence, "%s", _("What comes next? Answer the question."));
    } else if (host != 0 && !self->brief) { /* the console beneath says it */
        if (sentence->len > 0)
            g_string_append(sentence, "  ·  ");
        add_markup(sentence, _("%s’s console waits for a line"),
                   mg_trace_host(mg_session_trace(session), host)->name);
    }
}

/* Before the first event: what it will be. */
static void add_next(GString *markup, MgSession *session)
{
    if (mg_session_fence(session) != 0) {
        add_markup(markup, "%s", _("What comes next? Answer the question."));
        return;
    }
    uint32_t next = mg_session_peek(session, MG_STEP_EXCHANGE, false);
    if (next == mg_session_position(session)) {
        add_markup(markup, "%s", _("Nothing has happened here yet."));
        return;
    }
    const MgTrace *trace = mg_session_trace(session);
    g_autofree char *dim = hex_of(mg_palette(mg_theme_is_dark())->pill_dim);
    add_markup(markup, "<span color=\"%s\">%s</span>  ", dim, _("Next:"));
    add_record(markup, trace, next);
}

static void set_dark(MgCaption *self, gboolean dark)
{
    gtk_widget_remove_css_class(GTK_WIDGET(self), dark ? "mg-light" : "mg-dark");
    gtk_widget_add_css_class(GTK_WIDGET(self), dark ? "mg-dark" : "mg-light");
}

static void update(MgCaption *self)
{
    g_autoptr(GString) words = g_string_new(NULL);
    g_autoptr(GString) sentence = g_string_new(NULL);
    uint32_t n = mg_session_position(self->session);
    if (n > 0) {
        add_jump(words, self->session, n);
        add_record(words, mg_session_trace(self->session), n);
        if (mg_trace_record(mg_session_trace(self->session), n)->kind != MG_RECORD_STATE ||
            who_waits(self->session) == 0)
            add_sentence(sentence, mg_session_trace(self->session), n);
        add_pause(sentence, self);
    } else {
        add_next(words, self->session);
    }
    gtk_label_set_markup(GTK_LABEL(self->words), words->str);
    gtk_label_set_markup(GTK_LABEL(self->sentence), sentence->str);
    gtk_widget_set_child_visible(self->sentence, sentence->len > 0);
    set_dark(self, mg_theme_is_dark());
    gtk_widget_queue_allocate(GTK_WIDGET(self));
}

static void on_session(MgSession *session, GParamSpec *spec, MgCaption *self)
{
    update(self);
}

static void on_theme(GObject *manager, GParamSpec *spec, MgCaption *self)
{
    update(self);
}

/* ---- the widget ---- */

static int measure(GtkWidget *label, GtkOrientation orientation, int for_size)
{
    int natural;
    gtk_widget_measure(label, orientation, for_size, NULL, &natural, NULL, NULL);
    return natural;
}

static int line_height(MgCaption *self)
{
    return measure(self->words, GTK_ORIENTATION_VERTICAL, -1);
}

/* NOLINTNEXTLINE(readability-function-size): as GTK wants it */
static void mg_caption_measure(GtkWidget *widget, GtkOrientation orientation, int for_size,
                               int *minimum, int *natural, int *minimum_baseline,
                               int *natural_baseline)
{
    MgCaption *self = MG_CAPTION(widget);
    measure(self->sentence, orientation, -1);
    if (orientation == GTK_ORIENTATION_HORIZONTAL) {
        measure(self->words, orientation, -1);
        *minimum = 100;
        *natural = 400;
        return;
    }
    int height = line_height(self);
    gboolean wide = self->brief || (for_size >= WIDE && !self->large);
    *minimum = *natural = wide ? height + 6 : 2 * height + 2;
}

static void place(GtkWidget *label, int x, int y, int width, int height)
{
    gtk_widget_size_allocate(label, &(GtkAllocation){x, y, MAX(width, 1), MAX(height, 1)}, -1);
}

static void mg_caption_size_allocate(GtkWidget *widget, int width, int height, int baseline)
{
    MgCaption *self = MG_CAPTION(widget);
    int line = line_height(self);
    int words = measure(self->words, GTK_ORIENTATION_HORIZONTAL, -1);
    int sentence = measure(self->sentence, GTK_ORIENTATION_HORIZONTAL, -1);
    gboolean has_sentence = gtk_widget_get_child_visible(self->sentence);
    if (!has_sentence) {
        words = MIN(words, width);
        place(self->words, (width - words) / 2, (height - line) / 2, words, line);
    } else if (height < 2 * line) {
        words = MIN(words, MAX(width - BESIDE - sentence, width * 3 / 5));
        sentence = MIN(sentence, width - BESIDE - words);
        int x = (width - words - BESIDE - sentence) / 2;
        place(self->words, x, (height - line) / 2, words, line);
        place(self->sentence, x + words + BESIDE, (height - line) / 2, sentence, line);
    } else {
        int top = (height - 2 * line) / 2;
        words = MIN(words, width);
        sentence = MIN(sentence, width);
        place(self->words, (width - words) / 2, top, words, line);
        place(self->sentence, (width - sentence) / 2, top + line, sentence, line);
    }
}

static GtkSizeRequestMode mg_caption_get_request_mode(GtkWidget *widget)
{
    return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void mg_caption_dispose(GObject *object)
{
    MgCaption *self = MG_CAPTION(object);
    g_clear_pointer(&self->words, gtk_widget_unparent);
    g_clear_pointer(&self->sentence, gtk_widget_unparent);
    if (self->session != NULL)
        g_signal_handlers_disconnect_by_data(self->session, self);
    g_signal_handlers_disconnect_by_data(adw_style_manager_get_default(), self);
    g_clear_object(&self->session);
    G_OBJECT_CLASS(mg_caption_parent_class)->dispose(object);
}

static void mg_caption_class_init(MgCaptionClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);
    G_OBJECT_CLASS(class)->dispose = mg_caption_dispose;
    widget_class->measure = mg_caption_measure;
    widget_class->size_allocate = mg_caption_size_allocate;
    widget_class->get_request_mode = mg_caption_get_request_mode;
    gtk_widget_class_set_css_name(widget_class, "caption");
}

static GtkWidget *new_line(MgCaption *self)
{
    GtkWidget *label = gtk_label_new(NULL);
    gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
    gtk_label_set_single_line_mode(GTK_LABEL(label), TRUE);
    gtk_widget_set_parent(label, GTK_WIDGET(self));
    return label;
}

static void mg_caption_init(MgCaption *self)
{
    self->words = new_line(self);
    self->sentence = new_line(self);
    gtk_widget_set_overflow(GTK_WIDGET(self), GTK_OVERFLOW_HIDDEN);
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
    g_signal_connect(session, "notify::fence", G_CALLBACK(on_session), self);
    g_signal_connect(adw_style_manager_get_default(), "notify::dark", G_CALLBACK(on_theme), self);
    update(self);
    return GTK_WIDGET(self);
}

static void set_class(MgCaption *self, const char *class, gboolean on)
{
    if (on)
        gtk_widget_add_css_class(GTK_WIDGET(self), class);
    else
        gtk_widget_remove_css_class(GTK_WIDGET(self), class);
    gtk_widget_queue_resize(GTK_WIDGET(self));
}

void mg_caption_set_large(MgCaption *self, gboolean large)
{
    self->large = large;
    set_class(self, "mg-large", large);
}

void mg_caption_set_brief(MgCaption *self, gboolean brief)
{
    self->brief = brief;
    update(self);
    set_class(self, "mg-brief", brief);
}
