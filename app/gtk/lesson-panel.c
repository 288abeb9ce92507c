/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-panel.c - the panel on the left of a lesson
 *
 * A step's text, tries and quizzes are made when it begins; what follows from what was done
 * (results, hints, the solution) has sections of its own, made anew only when they say something
 * else, so that neither the place in the text nor the keyboard's focus is lost. */
#include "lesson-panel.h"

#include "prose-view.h"
#include "quiz-card.h"
#include "words.h"

#define WIDTH       323
#define SUMMARY_MAX 60 /* characters of what proved a check */

typedef enum { PRIMARY_PLAY, PRIMARY_PAUSE, PRIMARY_CHECK, PRIMARY_NEXT, PRIMARY_FINISH } Primary;

/* What an attempt has shown; it stays so wherever the eye goes then. */
typedef struct {
    bool passed;
    uint32_t proof;
    char *missing; /* (nullable) */
} Verdict;

struct _MgLessonPanel {
    GtkWidget parent_instance;
    MgLessonPlay *play;
    MgSession *session; /* the play's */
    size_t reached;
    GPtrArray *verdicts; /* Verdict: results of the last attempt; empty when there was none */
    GtkWidget *box, *eyebrow, *segments, *scrolled, *content, *title, *step;
    GtkWidget *results, *hints, *solution, *finished;
    GPtrArray *quizzes; /* MgQuizCard of the step */
    GtkWidget *trouble, *trouble_text;
    GtkWidget *back, *hint, *primary;
    unsigned scroll; /* idle */
    GtkWidget *scroll_to;
};

G_DEFINE_FINAL_TYPE(MgLessonPanel, mg_lesson_panel, GTK_TYPE_WIDGET)

static MgLanguage language_of(MgLessonPanel *self)
{
    return mg_lesson_play_language(self->play);
}

static bool at_last(MgLessonPanel *self)
{
    return mg_lesson_play_at(self->play) + 1 >= mg_lesson_play_n_steps(self->play);
}

static void set_name(GtkWidget *widget, const char *name)
{
    gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

static void clear_box(GtkWidget *box)
{
    GtkWidget *child;
    while ((child = gtk_widget_get_first_child(box)) != NULL)
        gtk_box_remove(GTK_BOX(box), child);
}

static GtkWidget *label_new(const char *text, const char *class)
{
    g_autofree char *escaped = g_markup_escape_text(text, -1);
    return mg_prose_label_new(escaped, class);
}

static GtkWidget *prose_new(MgLessonPanel *self)
{
    return mg_prose_view_new(mg_lesson_play_lesson(self->play), self->session, language_of(self));
}

/* ---- scrolling to what is new ---- */

static gboolean scroll_now(void *data)
{
    MgLessonPanel *self = data;
    graphene_rect_t bounds;
    GtkAdjustment *adjustment =
        gtk_scrolled_window_get_vadjustment(GTK_SCROLLED_WINDOW(self->scrolled));
    self->scroll = 0;
    if (self->scroll_to == NULL ||
        !gtk_widget_compute_bounds(self->scroll_to, self->content, &bounds))
        return G_SOURCE_REMOVE;
    double top = bounds.origin.y - 12, bottom = bounds.origin.y + bounds.size.height + 14;
    double page = gtk_adjustment_get_page_size(adjustment);
    double value = gtk_adjustment_get_value(adjustment);
    if (bottom > value + page)
        value = bottom - page;
    gtk_adjustment_set_value(adjustment, MIN(value, top));
    g_clear_object(&self->scroll_to);
    return G_SOURCE_REMOVE;
}

/* Once it has its place: layout comes before idle ones of low priority. */
static void scroll_to(MgLessonPanel *self, GtkWidget *widget)
{
    g_set_object(&self->scroll_to, widget);
    if (self->scroll == 0)
        self->scroll = g_timeout_add(30, scroll_now, self);
}

/* ---- trouble ---- */

static void show_trouble(MgLessonPanel *self, const char *text)
{
    gtk_label_set_text(GTK_LABEL(self->trouble_text), text != NULL ? text : "");
    gtk_widget_set_visible(self->trouble, text != NULL);
}

/* What was done is watched at once: the play sees to that. */
static void done_or_trouble(MgLessonPanel *self, bool done, const GError *error)
{
    show_trouble(self, done ? NULL : error != NULL ? error->message : _("This was not possible."));
}

/* ---- head: which step ---- */

static void on_segment(GtkButton *button, MgLessonPanel *self)
{
    size_t step = GPOINTER_TO_SIZE(g_object_get_data(G_OBJECT(button), "step"));
    mg_lesson_play_enter(self->play, step);
}

static void add_segment(MgLessonPanel *self, size_t i)
{
    const MgLesson *lesson = mg_lesson_play_lesson(self->play);
    size_t at = mg_lesson_play_at(self->play);
    const char *title =
        mg_lesson_step_title(lesson, g_ptr_array_index(lesson->steps, i), language_of(self));
    GtkWidget *segment = gtk_button_new(), *bar = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
    gtk_widget_add_css_class(bar, "mg-bar");
    gtk_widget_set_valign(bar, GTK_ALIGN_CENTER);
    gtk_button_set_child(GTK_BUTTON(segment), bar);
    gtk_widget_add_css_class(segment, "mg-segment");
    gtk_widget_add_css_class(segment, i < at ? "mg-done" : i == at ? "mg-now" : "mg-ahead");
    gtk_widget_set_sensitive(segment, i <= MAX(self->reached, at));
    gtk_widget_set_tooltip_text(segment, title);
    /* TRANSLATORS: number of a step, its title, and whether it is done */
    g_autofree char *name = g_strdup_printf(_("Step %zu: %s (%s)"), i + 1, title,
                                            i < at    ? _("done")
                                            : i == at ? _("this one")
                                                      : _("to come"));
    set_name(segment, name);
    g_object_set_data(G_OBJECT(segment), "step", GSIZE_TO_POINTER(i));
    g_signal_connect(segment, "clicked", G_CALLBACK(on_segment), self);
    gtk_box_append(GTK_BOX(self->segments), segment);
}

static void render_head(MgLessonPanel *self)
{
    size_t n = mg_lesson_play_n_steps(self->play);
    g_autofree char *eyebrow =
        g_strdup_printf(_("Lesson · Step %zu of %zu"), mg_lesson_play_at(self->play) + 1, n);
    gtk_label_set_text(GTK_LABEL(self->eyebrow), eyebrow);
    clear_box(self->segments);
    for (size_t i = 0; i < n; i++)
        add_segment(self, i);
}

/* ---- a step ---- */

static void on_try(GtkButton *button, MgLessonPanel *self)
{
    g_autoptr(GError) error = NULL;
    const char *line = g_object_get_data(G_OBJECT(button), "line");
    done_or_trouble(self, mg_lesson_play_do(self->play, line, &error), error);
}

static GtkWidget *try_new(MgLessonPanel *self, const MgLessonDeed *deed)
{
    const char *label = mg_bilingual_markup(&deed->label, language_of(self));
    GtkWidget *button = gtk_button_new();
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 9);
    GtkWidget *words =
        label != NULL ? mg_prose_label_new(label, "prose") : label_new(deed->text, "wire");
    GtkWidget *icon = gtk_image_new_from_icon_name("media-playback-start-symbolic");
    gtk_widget_set_valign(words, GTK_ALIGN_CENTER);
    gtk_widget_add_css_class(icon, "mg-try-icon");
    gtk_box_append(GTK_BOX(row), icon);
    gtk_box_append(GTK_BOX(row), words);
    gtk_button_set_child(GTK_BUTTON(button), row);
    gtk_widget_add_css_class(button, "mg-try");
    gtk_widget_set_tooltip_text(button, label != NULL ? deed->text : NULL);
    set_name(button,
             label != NULL ? mg_bilingual_plain(&deed->label, language_of(self)) : deed->text);
    g_object_set_data_full(G_OBJECT(button), "line", g_strdup(deed->text), g_free);
    g_signal_connect(button, "clicked", G_CALLBACK(on_try), self);
    return button;
}

static void on_choose(MgQuizCard *card, unsigned answer, MgLessonPanel *self)
{
    g_autoptr(GError) error = NULL;
    mg_lesson_play_choose(self->play, mg_quiz_card_quiz(card), answer, &error);
    done_or_trouble(self, error == NULL, error);
}

static void add_prose(MgLessonPanel *self, const MgLessonStep *step)
{
    const MgProse *own = &step->prose[language_of(self)];
    if (own->line == 0)
        own = &step->prose[MG_N_LANGUAGES - 1 - language_of(self)];
    GtkWidget *prose = prose_new(self);
    mg_prose_view_add(MG_PROSE_VIEW(prose), own);
    gtk_box_append(GTK_BOX(self->step), prose);
}

static void render_step(MgLessonPanel *self)
{
    const MgLesson *lesson = mg_lesson_play_lesson(self->play);
    const MgLessonStep *step = mg_lesson_play_step(self->play);
    self->reached = MAX(self->reached, mg_lesson_play_at(self->play));
    render_head(self);
    gtk_label_set_text(GTK_LABEL(self->title),
                       mg_lesson_step_title(lesson, step, language_of(self)));
    clear_box(self->step);
    g_ptr_array_set_size(self->quizzes, 0);
    add_prose(self, step);
    for (unsigned i = 0; i < step->tries->len; i++)
        gtk_box_append(GTK_BOX(self->step), try_new(self, g_ptr_array_index(step->tries, i)));
    for (unsigned i = 0; i < step->quizzes->len; i++) {
        GtkWidget *card = mg_quiz_card_new(self->play, i, language_of(self));
        g_signal_connect(card, "choose", G_CALLBACK(on_choose), self);
        g_ptr_array_add(self->quizzes, card);
        gtk_box_append(GTK_BOX(self->step), card);
    }
}

/* ---- sections: results, hints, solution ---- */

/* True, and empty, if the section has something else to say. */
static bool begin_section(MgLessonPanel *self, GtkWidget *section, const char *says)
{
    g_autofree char *now =
        g_strdup_printf("%zu %d %s", mg_lesson_play_at(self->play), (int)language_of(self), says);
    if (g_strcmp0(now, g_object_get_data(G_OBJECT(section), "says")) == 0)
        return false;
    g_object_set_data_full(G_OBJECT(section), "says", g_steal_pointer(&now), g_free);
    clear_box(section);
    return true;
}

static void end_section(GtkWidget *section)
{
    gtk_widget_set_visible(section, gtk_widget_get_first_child(section) != NULL);
}

static void on_show(GtkButton *button, MgLessonPanel *self)
{
    uint32_t proof = GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(button), "proof"));
    mg_session_set_playing(self->session, false);
    mg_session_seek(self->session, proof);
    mg_session_select(self->session, proof);
}

/* What proved a check; the check as written where nothing of the trace alone does. */
static GtkWidget *proof_new(MgLessonPanel *self, const MgCheck *check, uint32_t proof)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 1);
    const MgTrace *trace = mg_session_trace(self->session);
    if (proof == 0 || proof > mg_trace_n_records(trace)) {
        gtk_box_append(GTK_BOX(box), label_new(check->text, "wire"));
        return box;
    }
    const MgRecord *record = mg_trace_record(trace, proof);
    const char *from = record->from != 0 ? mg_trace_host(trace, record->from)->name : "";
    g_autofree char *hosts =
        record->to != 0 && record->to != record->from
            ? g_strdup_printf("%s → %s", from, mg_trace_host(trace, record->to)->name)
            : g_strdup(from);
    g_autofree char *summary = mg_words_summary(trace, proof, SUMMARY_MAX);
    gtk_box_append(GTK_BOX(box), label_new(hosts, "mg-hosts"));
    gtk_box_append(GTK_BOX(box), label_new(summary, "wire"));
    return box;
}

static GtkWidget *missing_new(MgLessonPanel *self, const MgCheck *check, const char *missing)
{
    GtkWidget *words = prose_new(self);
    const char *failed = mg_bilingual_markup(&check->failed, language_of(self));
    g_autofree char *plain = g_markup_escape_text(missing != NULL ? missing : check->text, -1);
    mg_prose_view_add_markup(MG_PROSE_VIEW(words), failed != NULL ? failed : plain, NULL);
    return words;
}

static GtkWidget *show_new(MgLessonPanel *self, uint32_t proof)
{
    GtkWidget *show = gtk_button_new_with_label(_("Show"));
    gtk_widget_add_css_class(show, "source");
    gtk_widget_set_valign(show, GTK_ALIGN_START);
    gtk_widget_set_tooltip_text(show, _("Shows the exchange that proves it"));
    g_object_set_data(G_OBJECT(show), "proof", GUINT_TO_POINTER(proof));
    g_signal_connect(show, "clicked", G_CALLBACK(on_show), self);
    return show;
}

static GtkWidget *result_new(MgLessonPanel *self, const MgCheck *check, const Verdict *result)
{
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
    gtk_widget_add_css_class(row, "mg-result");
    gtk_widget_add_css_class(row, result->passed ? "mg-good" : "mg-bad");
    gtk_widget_set_tooltip_text(row, check->text);
    GtkWidget *icon = gtk_image_new_from_icon_name(result->passed ? "object-select-symbolic"
                                                                  : "dialog-warning-symbolic");
    gtk_widget_set_valign(icon, GTK_ALIGN_START);
    set_name(icon, result->passed ? _("There") : _("Missing"));
    gtk_box_append(GTK_BOX(row), icon);
    gtk_box_append(GTK_BOX(row), result->passed ? proof_new(self, check, result->proof)
                                                : missing_new(self, check, result->missing));
    if (result->passed && result->proof != 0)
        gtk_box_append(GTK_BOX(row), show_new(self, result->proof));
    return row;
}

static void verdict_free(void *data)
{
    g_free(((Verdict *)data)->missing);
    g_free(data);
}

static void take_verdicts(MgLessonPanel *self)
{
    const MgLessonStep *step = mg_lesson_play_step(self->play);
    g_ptr_array_set_size(self->verdicts, 0);
    for (unsigned i = 0; i < step->checks->len; i++) {
        const MgCheckResult *result = mg_lesson_play_result(self->play, i);
        Verdict *verdict = g_new0(Verdict, 1);
        *verdict = (Verdict){result->passed, result->proof, g_strdup(result->missing)};
        g_ptr_array_add(self->verdicts, verdict);
    }
}

/* In the language of now, where that is still known. */
static void translate_verdicts(MgLessonPanel *self)
{
    for (unsigned i = 0; i < self->verdicts->len; i++) {
        Verdict *verdict = g_ptr_array_index(self->verdicts, i);
        const MgCheckResult *result = mg_lesson_play_result(self->play, i);
        if (verdict->passed || result->passed)
            continue;
        g_free(verdict->missing);
        verdict->missing = g_strdup(result->missing);
    }
}

static bool all_passed(MgLessonPanel *self)
{
    bool passed = self->verdicts->len > 0;
    for (unsigned i = 0; i < self->verdicts->len; i++)
        passed = passed && ((const Verdict *)g_ptr_array_index(self->verdicts, i))->passed;
    return passed;
}

/* True if they say something else than before. */
static bool update_results(MgLessonPanel *self)
{
    const MgLessonStep *step = mg_lesson_play_step(self->play);
    g_autoptr(GString) says = g_string_new(NULL);
    for (unsigned i = 0; i < self->verdicts->len; i++) {
        const Verdict *verdict = g_ptr_array_index(self->verdicts, i);
        g_string_append_printf(says, "%d %u %s\n", verdict->passed, verdict->proof,
                               verdict->missing != NULL ? verdict->missing : "");
    }
    if (!begin_section(self, self->results, says->str))
        return false;
    for (unsigned i = 0; i < self->verdicts->len; i++)
        gtk_box_append(GTK_BOX(self->results), result_new(self, g_ptr_array_index(step->checks, i),
                                                          g_ptr_array_index(self->verdicts, i)));
    end_section(self->results);
    return self->verdicts->len > 0;
}

static bool update_hints(MgLessonPanel *self)
{
    const MgLessonStep *step = mg_lesson_play_step(self->play);
    size_t n = MIN(mg_lesson_play_n_hints(self->play), step->hints->len);
    g_autofree char *says = g_strdup_printf("%zu", n);
    if (!begin_section(self, self->hints, says))
        return false;
    for (size_t i = 0; i < n; i++) {
        GtkWidget *card = gtk_box_new(GTK_ORIENTATION_VERTICAL, 3);
        GtkWidget *text = prose_new(self);
        g_autofree char *heading =
            g_strdup_printf(_("Hint %zu of %zu"), i + 1, (size_t)step->hints->len);
        gtk_widget_add_css_class(card, "mg-hint");
        gtk_box_append(GTK_BOX(card), label_new(heading, "mg-hint-heading"));
        mg_prose_view_add_markup(
            MG_PROSE_VIEW(text),
            mg_bilingual_markup(g_ptr_array_index(step->hints, i), language_of(self)), NULL);
        gtk_box_append(GTK_BOX(card), text);
        gtk_box_append(GTK_BOX(self->hints), card);
    }
    end_section(self->hints);
    return n > 0;
}

static void on_solve(GtkButton *button, MgLessonPanel *self)
{
    g_autoptr(GError) error = NULL;
    done_or_trouble(self, mg_lesson_play_solve(self->play, &error), error);
}

static bool update_solution(MgLessonPanel *self)
{
    const MgLessonStep *step = mg_lesson_play_step(self->play);
    bool shown = mg_lesson_play_solution_shown(self->play) && step->solution->len > 0;
    if (!begin_section(self, self->solution, shown ? "shown" : ""))
        return false;
    if (shown) {
        GtkWidget *card = gtk_box_new(GTK_ORIENTATION_VERTICAL, 5);
        gtk_widget_add_css_class(card, "mg-hint");
        gtk_box_append(GTK_BOX(card), label_new(_("Solution"), "mg-hint-heading"));
        for (unsigned i = 0; i < step->solution->len; i++) {
            const MgLessonDeed *deed = g_ptr_array_index(step->solution, i);
            gtk_box_append(GTK_BOX(card), label_new(deed->text, "wire"));
        }
        GtkWidget *solve = gtk_button_new_with_label(_("Do it"));
        gtk_widget_set_halign(solve, GTK_ALIGN_END);
        gtk_widget_set_tooltip_text(solve, _("Does these lines, one after the other"));
        g_signal_connect(solve, "clicked", G_CALLBACK(on_solve), self);
        gtk_box_append(GTK_BOX(card), solve);
        gtk_box_append(GTK_BOX(self->solution), card);
    }
    end_section(self->solution);
    return shown;
}

/* ---- the foot ---- */

static bool quizzes_right(MgLessonPanel *self)
{
    const MgLessonStep *step = mg_lesson_play_step(self->play);
    for (unsigned i = 0; i < step->quizzes->len; i++) {
        const MgQuiz *quiz = g_ptr_array_index(step->quizzes, i);
        int chosen = mg_lesson_play_chosen(self->play, i);
        if (chosen < 0 || !((const MgQuizAnswer *)g_ptr_array_index(quiz->answers, chosen))->right)
            return false;
    }
    return true;
}

/* What the blue button is for now. */
static Primary primary_of(MgLessonPanel *self)
{
    Primary onward = at_last(self) ? PRIMARY_FINISH : PRIMARY_NEXT;
    if (all_passed(self))
        return onward;
    if (mg_lesson_play_target(self->play) > mg_session_position(self->session))
        return mg_session_playing(self->session) ? PRIMARY_PAUSE : PRIMARY_PLAY;
    return mg_lesson_play_step(self->play)->checks->len > 0 ? PRIMARY_CHECK : onward;
}

static bool more_help(MgLessonPanel *self, bool *solution)
{
    const MgLessonStep *step = mg_lesson_play_step(self->play);
    *solution = mg_lesson_play_n_hints(self->play) >= step->hints->len && step->solution->len > 0;
    return *solution ? !mg_lesson_play_solution_shown(self->play)
                     : mg_lesson_play_n_hints(self->play) < step->hints->len;
}

static void update_foot(MgLessonPanel *self)
{
    static const char *const labels[] = {[PRIMARY_PLAY] = N_("Play"),
                                         [PRIMARY_PAUSE] = N_("Pause"),
                                         [PRIMARY_CHECK] = N_("Check"),
                                         [PRIMARY_NEXT] = N_("Next"),
                                         [PRIMARY_FINISH] = N_("Finish")};
    Primary primary = primary_of(self);
    bool solution = false, more = more_help(self, &solution);
    gtk_button_set_label(GTK_BUTTON(self->primary), _(labels[primary]));
    gtk_widget_set_sensitive(self->primary, primary < PRIMARY_NEXT || quizzes_right(self));
    gtk_widget_set_tooltip_text(self->primary, gtk_widget_get_sensitive(self->primary)
                                                   ? NULL
                                                   : _("First answer the question"));
    gtk_widget_set_visible(self->primary, !gtk_widget_get_visible(self->finished));
    gtk_button_set_label(GTK_BUTTON(self->hint), solution ? _("Solution") : _("Hint"));
    gtk_widget_set_tooltip_text(self->hint, solution ? _("Shows the lines that do it") : NULL);
    gtk_widget_set_sensitive(self->hint, more);
    gtk_widget_set_sensitive(self->back, mg_lesson_play_at(self->play) > 0);
}

static void on_primary(GtkButton *button, MgLessonPanel *self)
{
    switch (primary_of(self)) {
    case PRIMARY_PLAY:
        mg_session_set_playing(self->session, true);
        break;
    case PRIMARY_PAUSE:
        mg_session_set_playing(self->session, false);
        break;
    case PRIMARY_CHECK:
        mg_lesson_panel_check(self);
        break;
    case PRIMARY_NEXT:
    case PRIMARY_FINISH:
        mg_lesson_panel_next(self);
        break;
    }
}

/* ---- following ---- */

static void on_changed(MgLessonPlay *play, MgLessonPanel *self)
{
    GtkWidget *news = NULL;
    for (unsigned i = 0; i < self->quizzes->len; i++)
        if (mg_quiz_card_update(g_ptr_array_index(self->quizzes, i)))
            news = g_ptr_array_index(self->quizzes, i);
    if (!mg_lesson_play_tried(play)) /* something was done since */
        g_ptr_array_set_size(self->verdicts, 0);
    news = update_results(self) ? self->results : news;
    news = update_hints(self) ? self->hints : news;
    news = update_solution(self) ? self->solution : news;
    update_foot(self);
    if (news != NULL)
        scroll_to(self, news);
}

static void to_top(MgLessonPanel *self)
{
    GtkAdjustment *adjustment =
        gtk_scrolled_window_get_vadjustment(GTK_SCROLLED_WINDOW(self->scrolled));
    g_clear_handle_id(&self->scroll, g_source_remove);
    g_clear_object(&self->scroll_to);
    gtk_adjustment_set_value(adjustment, 0);
}

static void on_step(MgLessonPlay *play, MgLessonPanel *self)
{
    g_ptr_array_set_size(self->verdicts, 0);
    gtk_widget_set_visible(self->finished, FALSE);
    show_trouble(self, mg_lesson_play_trouble(play, NULL));
    render_step(self);
    on_changed(play, self);
    to_top(self);
    mg_lesson_panel_focus(self);
}

static void on_session(MgSession *session, GParamSpec *spec, MgLessonPanel *self)
{
    update_foot(self);
}

/* ---- what can be done ---- */

void mg_lesson_panel_focus(MgLessonPanel *self)
{
    /* A label does not grab it, but can have it: what follows by Tab is the step. */
    GtkRoot *root = gtk_widget_get_root(GTK_WIDGET(self));
    if (root != NULL)
        gtk_root_set_focus(root, self->title);
}

void mg_lesson_panel_set_language(MgLessonPanel *self, MgLanguage language)
{
    if (language == language_of(self))
        return;
    GtkAdjustment *adjustment =
        gtk_scrolled_window_get_vadjustment(GTK_SCROLLED_WINDOW(self->scrolled));
    double value = gtk_adjustment_get_value(adjustment);
    mg_lesson_play_set_language(self->play, language);
    translate_verdicts(self);
    render_step(self);
    on_changed(self->play, self);
    g_clear_handle_id(&self->scroll, g_source_remove); /* nothing is new */
    gtk_adjustment_set_value(adjustment, value);
}

void mg_lesson_panel_set_reached(MgLessonPanel *self, size_t step)
{
    if (step <= self->reached)
        return;
    self->reached = step;
    render_head(self);
}

/* Where the step leads counts as seen: the eye may be elsewhere, at a proof. */
static void settle(MgLessonPanel *self)
{
    uint32_t target = mg_lesson_play_target(self->play);
    mg_session_set_playing(self->session, false);
    if (target != 0)
        mg_session_seek(self->session, target);
}

void mg_lesson_panel_next(MgLessonPanel *self)
{
    show_trouble(self, NULL);
    settle(self);
    if (!at_last(self)) {
        mg_lesson_play_next(self->play);
    } else if (mg_lesson_play_done(self->play)) {
        gtk_widget_set_visible(self->finished, TRUE);
        update_foot(self);
        scroll_to(self, self->finished);
        gtk_widget_child_focus(self->finished, GTK_DIR_TAB_FORWARD);
    }
}

void mg_lesson_panel_back(MgLessonPanel *self)
{
    mg_lesson_play_back(self->play);
}

/* What is on its way has happened when it is judged. */
void mg_lesson_panel_check(MgLessonPanel *self)
{
    show_trouble(self, NULL);
    settle(self);
    mg_lesson_play_check(self->play, true);
    take_verdicts(self);
    on_changed(self->play, self);
    scroll_to(self, self->results);
}

void mg_lesson_panel_hint(MgLessonPanel *self)
{
    bool solution = false;
    if (!more_help(self, &solution))
        return;
    if (solution)
        mg_lesson_play_show_solution(self->play);
    else
        mg_lesson_play_hint(self->play);
}

void mg_lesson_panel_again(MgLessonPanel *self)
{
    mg_lesson_play_enter(self->play, mg_lesson_play_at(self->play));
}

void mg_lesson_panel_leap(MgLessonPanel *self)
{
    uint32_t target = mg_lesson_play_target(self->play);
    uint32_t end = mg_trace_n_records(mg_session_trace(self->session));
    mg_session_set_playing(self->session, false);
    mg_session_seek(self->session, target > mg_session_position(self->session) ? target : end);
}

/* ---- widgets ---- */

static GtkWidget *languages_new(void)
{
    static const struct {
        const char *label, *target; /* a language is named in itself */
    } rows[] = {{"한국어", "ko"}, {"English", "en"}};
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
    gtk_widget_add_css_class(box, "linked");
    gtk_widget_add_css_class(box, "mg-languages");
    gtk_widget_set_valign(box, GTK_ALIGN_CENTER);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        GtkWidget *button = gtk_toggle_button_new_with_label(rows[i].label);
        gtk_actionable_set_action_target(GTK_ACTIONABLE(button), "s", rows[i].target);
        gtk_actionable_set_action_name(GTK_ACTIONABLE(button), "win.lesson-language");
        gtk_widget_set_tooltip_text(button, _("The lesson in this language"));
        gtk_widget_set_focus_on_click(button, FALSE);
        gtk_box_append(GTK_BOX(box), button);
    }
    return box;
}

static GtkWidget *head_new(MgLessonPanel *self)
{
    GtkWidget *head = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    gtk_widget_add_css_class(head, "mg-lesson-head");
    self->eyebrow = gtk_label_new(NULL);
    gtk_label_set_xalign(GTK_LABEL(self->eyebrow), 0);
    gtk_label_set_ellipsize(GTK_LABEL(self->eyebrow), PANGO_ELLIPSIZE_END);
    gtk_widget_set_hexpand(self->eyebrow, TRUE);
    gtk_widget_add_css_class(self->eyebrow, "eyebrow");
    gtk_box_append(GTK_BOX(row), self->eyebrow);
    gtk_box_append(GTK_BOX(row), languages_new());
    self->segments = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    gtk_box_set_homogeneous(GTK_BOX(self->segments), TRUE);
    set_name(self->segments, _("Steps of the lesson"));
    gtk_box_append(GTK_BOX(head), row);
    gtk_box_append(GTK_BOX(head), self->segments);
    return head;
}

static GtkWidget *finished_new(void)
{
    GtkWidget *card = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
    gtk_widget_add_css_class(card, "mg-finished");
    GtkWidget *head = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
    gtk_box_append(GTK_BOX(head), gtk_image_new_from_icon_name("object-select-symbolic"));
    gtk_box_append(GTK_BOX(head), label_new(_("Lesson done"), "heading"));
    gtk_box_append(GTK_BOX(card), head);
    gtk_box_append(
        GTK_BOX(card),
        label_new(_("You may stay and try things here, or go on to another lesson."), "prose"));
    GtkWidget *lessons = gtk_button_new_with_label(_("Back to the lessons"));
    gtk_widget_add_css_class(lessons, "suggested-action");
    gtk_widget_set_halign(lessons, GTK_ALIGN_END);
    gtk_actionable_set_action_name(GTK_ACTIONABLE(lessons), "win.networks");
    gtk_box_append(GTK_BOX(card), lessons);
    gtk_widget_set_visible(card, FALSE);
    return card;
}

static GtkWidget *section_new(MgLessonPanel *self)
{
    GtkWidget *section = gtk_box_new(GTK_ORIENTATION_VERTICAL, 8);
    gtk_box_append(GTK_BOX(self->content), section);
    return section;
}

static GtkWidget *title_new(MgLessonPanel *self)
{
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    GtkWidget *again = gtk_button_new_from_icon_name("view-refresh-symbolic");
    self->title = label_new("", "title-2");
    gtk_widget_set_focusable(self->title, TRUE);
    gtk_widget_set_tooltip_text(again, _("Start this step again"));
    set_name(again, _("Start this step again"));
    gtk_widget_add_css_class(again, "flat");
    gtk_widget_add_css_class(again, "circular");
    gtk_widget_add_css_class(again, "mg-again");
    gtk_widget_set_valign(again, GTK_ALIGN_CENTER);
    g_signal_connect_swapped(again, "clicked", G_CALLBACK(mg_lesson_panel_again), self);
    gtk_box_append(GTK_BOX(row), self->title);
    gtk_box_append(GTK_BOX(row), again);
    return row;
}

static GtkWidget *content_new(MgLessonPanel *self)
{
    self->content = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12);
    gtk_widget_add_css_class(self->content, "mg-lesson-content");
    gtk_box_append(GTK_BOX(self->content), title_new(self));
    self->step = gtk_box_new(GTK_ORIENTATION_VERTICAL, 10);
    gtk_box_append(GTK_BOX(self->content), self->step);
    self->results = section_new(self);
    self->hints = section_new(self);
    self->solution = section_new(self);
    self->finished = finished_new();
    gtk_box_append(GTK_BOX(self->content), self->finished);
    self->scrolled = gtk_scrolled_window_new();
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(self->scrolled), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(self->scrolled), self->content);
    gtk_widget_set_vexpand(self->scrolled, TRUE);
    return self->scrolled;
}

static void on_trouble_close(GtkButton *button, MgLessonPanel *self)
{
    show_trouble(self, NULL);
}

/* Above the foot, where it is seen wherever the text stands. */
static GtkWidget *trouble_new(MgLessonPanel *self)
{
    self->trouble = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
    gtk_widget_add_css_class(self->trouble, "mg-trouble");
    GtkWidget *icon = gtk_image_new_from_icon_name("dialog-information-symbolic");
    gtk_widget_set_valign(icon, GTK_ALIGN_START);
    gtk_box_append(GTK_BOX(self->trouble), icon);
    self->trouble_text = label_new("", "prose");
    gtk_box_append(GTK_BOX(self->trouble), self->trouble_text);
    GtkWidget *close = gtk_button_new_from_icon_name("window-close-symbolic");
    gtk_widget_add_css_class(close, "flat");
    gtk_widget_add_css_class(close, "circular");
    gtk_widget_set_valign(close, GTK_ALIGN_START);
    set_name(close, _("Close"));
    g_signal_connect(close, "clicked", G_CALLBACK(on_trouble_close), self);
    gtk_box_append(GTK_BOX(self->trouble), close);
    gtk_widget_set_visible(self->trouble, FALSE);
    return self->trouble;
}

static GtkWidget *foot_new(MgLessonPanel *self)
{
    GtkWidget *bar = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);
    gtk_widget_add_css_class(bar, "side-foot");
    self->back = gtk_button_new_with_label(_("Back"));
    self->hint = gtk_button_new_with_label(_("Hint"));
    self->primary = gtk_button_new_with_label("");
    gtk_widget_add_css_class(self->primary, "suggested-action");
    gtk_widget_set_hexpand(self->primary, TRUE);
    gtk_widget_set_halign(self->primary, GTK_ALIGN_END);
    GtkWidget *const buttons[] = {self->back, self->hint, self->primary};
    for (size_t i = 0; i < G_N_ELEMENTS(buttons); i++)
        gtk_box_append(GTK_BOX(bar), buttons[i]);
    g_signal_connect_swapped(self->back, "clicked", G_CALLBACK(mg_lesson_panel_back), self);
    g_signal_connect_swapped(self->hint, "clicked", G_CALLBACK(mg_lesson_panel_hint), self);
    g_signal_connect(self->primary, "clicked", G_CALLBACK(on_primary), self);
    return bar;
}

/* ---- the object ---- */

static void mg_lesson_panel_dispose(GObject *object)
{
    MgLessonPanel *self = MG_LESSON_PANEL(object);
    g_clear_handle_id(&self->scroll, g_source_remove);
    g_clear_object(&self->scroll_to);
    if (self->play != NULL) {
        g_signal_handlers_disconnect_by_data(self->session, self);
        g_signal_handlers_disconnect_by_data(self->play, self);
    }
    g_clear_pointer(&self->quizzes, g_ptr_array_unref);
    g_clear_pointer(&self->verdicts, g_ptr_array_unref);
    g_clear_pointer(&self->box, gtk_widget_unparent);
    g_clear_object(&self->play);
    G_OBJECT_CLASS(mg_lesson_panel_parent_class)->dispose(object);
}

static void mg_lesson_panel_class_init(MgLessonPanelClass *class)
{
    G_OBJECT_CLASS(class)->dispose = mg_lesson_panel_dispose;
    gtk_widget_class_set_layout_manager_type(GTK_WIDGET_CLASS(class), GTK_TYPE_BIN_LAYOUT);
    gtk_widget_class_set_css_name(GTK_WIDGET_CLASS(class), "lessonpanel");
    gtk_widget_class_set_accessible_role(GTK_WIDGET_CLASS(class), GTK_ACCESSIBLE_ROLE_GROUP);
}

static void mg_lesson_panel_init(MgLessonPanel *self)
{
    self->quizzes = g_ptr_array_new();
    self->verdicts = g_ptr_array_new_with_free_func(verdict_free);
    self->box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    gtk_widget_add_css_class(self->box, "side");
    gtk_box_append(GTK_BOX(self->box), head_new(self));
    gtk_box_append(GTK_BOX(self->box), content_new(self));
    gtk_box_append(GTK_BOX(self->box), trouble_new(self));
    gtk_box_append(GTK_BOX(self->box), foot_new(self));
    gtk_widget_set_parent(self->box, GTK_WIDGET(self));
    gtk_widget_set_size_request(self->box, WIDTH, -1);
}

GtkWidget *mg_lesson_panel_new(MgLessonPlay *play)
{
    MgLessonPanel *self = g_object_new(MG_TYPE_LESSON_PANEL, NULL);
    self->play = g_object_ref(play);
    self->session = mg_lesson_play_session(play);
    set_name(GTK_WIDGET(self), _("Lesson"));
    g_signal_connect(play, "step", G_CALLBACK(on_step), self);
    g_signal_connect(play, "changed", G_CALLBACK(on_changed), self);
    g_signal_connect(self->session, "notify::position", G_CALLBACK(on_session), self);
    g_signal_connect(self->session, "notify::playing", G_CALLBACK(on_session), self);
    g_signal_connect(self->session, "notify::n-records", G_CALLBACK(on_session), self);
    render_step(self);
    on_changed(play, self);
    return GTK_WIDGET(self);
}
