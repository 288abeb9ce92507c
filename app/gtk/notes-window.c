/* SPDX-License-Identifier: GPL-3.0-or-later */
/* notes-window.c - the teacher's screen */
#include "notes-window.h"

#include <adwaita.h>

#include "prose-view.h"
#include "shortcuts.h"
#include "words.h"

#define KEY                  "mg-notes"
#define SIDE_WIDTH           300

#define MG_TYPE_NOTES_WINDOW (mg_notes_window_get_type())
G_DECLARE_FINAL_TYPE(MgNotesWindow, mg_notes_window, MG, NOTES_WINDOW, AdwWindow)

struct _MgNotesWindow {
    AdwWindow parent_instance;
    GtkWindow *shown;   /* what the class sees */
    MgLessonPlay *play; /* (nullable) */
    AdwWindowTitle *title;
    GtkWidget *clock, *left, *right;
    gint64 began;
    unsigned tick;
    size_t at; /* the step that is shown, and its language */
    MgLanguage language;
};

G_DEFINE_FINAL_TYPE(MgNotesWindow, mg_notes_window, ADW_TYPE_WINDOW)

/* ---- what is told ---- */

static void empty(GtkWidget *box)
{
    GtkWidget *child;
    while ((child = gtk_widget_get_first_child(box)) != NULL)
        gtk_box_remove(GTK_BOX(box), child);
}

static GtkWidget *line_new(const char *text, const char *class)
{
    g_autofree char *markup = g_markup_escape_text(text, -1);
    return mg_prose_label_new(markup, class);
}

static void add_heading(GtkWidget *box, const char *text)
{
    GtkWidget *heading = line_new(text, "eyebrow");
    gtk_widget_set_margin_top(heading, 10);
    gtk_box_append(GTK_BOX(box), heading);
}

/* A text in this language, or in the other one when it is missing. */
static const MgProse *prose_of(const MgProse *texts, MgLanguage language)
{
    if (texts[language].blocks != NULL && texts[language].blocks->len > 0)
        return &texts[language];
    for (size_t i = 0; i < MG_N_LANGUAGES; i++)
        if (texts[i].blocks != NULL && texts[i].blocks->len > 0)
            return &texts[i];
    return NULL;
}

static void add_prose(MgNotesWindow *self, GtkWidget *box, const MgProse *prose, const char *class)
{
    GtkWidget *view =
        mg_prose_view_new(mg_lesson_play_lesson(self->play), mg_lesson_play_session(self->play),
                          mg_lesson_play_language(self->play));
    mg_prose_view_add(MG_PROSE_VIEW(view), prose);
    gtk_widget_add_css_class(view, class);
    gtk_box_append(GTK_BOX(box), view);
}

static void add_notes(MgNotesWindow *self)
{
    const MgLesson *lesson = mg_lesson_play_lesson(self->play);
    const MgLessonStep *step = mg_lesson_play_step(self->play);
    MgLanguage language = mg_lesson_play_language(self->play);
    g_autofree char *number =
        g_strdup_printf(_("step %zu of %zu"), mg_lesson_play_at(self->play) + 1,
                        mg_lesson_play_n_steps(self->play));
    gtk_box_append(GTK_BOX(self->left), line_new(number, "eyebrow"));
    gtk_box_append(GTK_BOX(self->left),
                   line_new(mg_lesson_step_title(lesson, step, language), "title-2"));
    const MgProse *notes = prose_of(step->notes, language);
    if (notes != NULL)
        add_prose(self, self->left, notes, "mg-notes-text");
    else
        gtk_box_append(GTK_BOX(self->left), line_new(_("No notes for this step"), "dim-label"));
}

static void add_next(MgNotesWindow *self)
{
    const MgLesson *lesson = mg_lesson_play_lesson(self->play);
    size_t next = mg_lesson_play_at(self->play) + 1;
    add_heading(self->right, _("Next step"));
    gtk_box_append(GTK_BOX(self->right),
                   next < lesson->steps->len
                       ? line_new(mg_lesson_step_title(
                                      lesson, g_ptr_array_index(lesson->steps, (unsigned)next),
                                      mg_lesson_play_language(self->play)),
                                  "heading")
                       : line_new(_("This is the last step"), "dim-label"));
}

static void add_solution(MgNotesWindow *self)
{
    const MgLessonStep *step = mg_lesson_play_step(self->play);
    if (step->solution->len == 0)
        return;
    add_heading(self->right, _("Solution"));
    for (unsigned i = 0; i < step->solution->len; i++) {
        const MgLessonDeed *deed = g_ptr_array_index(step->solution, i);
        GtkWidget *line = line_new(deed->text, "wire");
        gtk_label_set_selectable(GTK_LABEL(line), TRUE);
        gtk_widget_set_focusable(line, FALSE); /* the keys are the presenter's */
        gtk_box_append(GTK_BOX(self->right), line);
    }
}

static void add_answers(MgNotesWindow *self)
{
    const MgLessonStep *step = mg_lesson_play_step(self->play);
    MgLanguage language = mg_lesson_play_language(self->play);
    if (step->quizzes->len > 0)
        add_heading(self->right, _("Right answers"));
    for (unsigned i = 0; i < step->quizzes->len; i++) {
        const MgQuiz *quiz = g_ptr_array_index(step->quizzes, i);
        for (unsigned k = 0; k < quiz->answers->len; k++) {
            const MgQuizAnswer *answer = g_ptr_array_index(quiz->answers, k);
            const char *plain = mg_bilingual_plain(&answer->label, language);
            g_autofree char *text =
                g_strdup_printf("%c  %s", (char)('A' + (int)k), plain != NULL ? plain : "");
            if (answer->right)
                gtk_box_append(GTK_BOX(self->right), line_new(text, "mg-small"));
        }
    }
}

static void update(MgNotesWindow *self)
{
    empty(self->left);
    empty(self->right);
    if (self->play == NULL) {
        adw_window_title_set_subtitle(self->title, NULL);
        gtk_box_append(GTK_BOX(self->left), line_new(_("No lesson is open"), "dim-label"));
        return;
    }
    const MgLesson *lesson = mg_lesson_play_lesson(self->play);
    MgLanguage language = mg_lesson_play_language(self->play);
    adw_window_title_set_subtitle(self->title, mg_bilingual_plain(&lesson->title, language));
    add_notes(self);
    add_next(self);
    add_solution(self);
    add_answers(self);
    const MgProse *prose = prose_of(mg_lesson_play_step(self->play)->prose, language);
    if (prose != NULL) {
        add_heading(self->right, _("What the class reads"));
        add_prose(self, self->right, prose, "mg-small");
    }
}

static void on_changed(MgNotesWindow *self)
{
    size_t at = mg_lesson_play_at(self->play);
    MgLanguage language = mg_lesson_play_language(self->play);
    if (at == self->at && language == self->language)
        return;
    self->at = at;
    self->language = language;
    update(self);
}

static void follow(MgNotesWindow *self, MgLessonPlay *play)
{
    if (self->play == play)
        return;
    if (self->play != NULL)
        g_signal_handlers_disconnect_by_data(self->play, self);
    /* Its texts belong to the play: they go before it does. */
    empty(self->left);
    empty(self->right);
    g_set_object(&self->play, play);
    if (play != NULL) {
        self->at = mg_lesson_play_at(play);
        self->language = mg_lesson_play_language(play);
        g_signal_connect_swapped(play, "changed", G_CALLBACK(on_changed), self);
    }
    update(self);
}

/* ---- the clock ---- */

static gboolean on_tick(void *data)
{
    MgNotesWindow *self = data;
    unsigned seconds = (unsigned)((g_get_monotonic_time() - self->began) / G_USEC_PER_SEC);
    g_autofree char *text = seconds < 3600 ? g_strdup_printf("%u:%02u", seconds / 60, seconds % 60)
                                           : g_strdup_printf("%u:%02u:%02u", seconds / 3600,
                                                             seconds / 60 % 60, seconds % 60);
    gtk_label_set_label(GTK_LABEL(self->clock), text);
    return G_SOURCE_CONTINUE;
}

/* ---- keys ---- */

static gboolean on_key(GtkEventControllerKey *keys, unsigned key, unsigned code,
                       GdkModifierType modifiers, MgNotesWindow *self)
{
    if (self->play != NULL && (key == GDK_KEY_Page_Down || key == GDK_KEY_KP_Page_Down))
        mg_lesson_play_next(self->play);
    else if (self->play != NULL && (key == GDK_KEY_Page_Up || key == GDK_KEY_KP_Page_Up))
        mg_lesson_play_back(self->play);
    else
        return FALSE;
    return TRUE;
}

static void on_next(GtkButton *button, MgNotesWindow *self)
{
    if (self->play != NULL)
        mg_lesson_play_next(self->play);
}

static void on_back(GtkButton *button, MgNotesWindow *self)
{
    if (self->play != NULL)
        mg_lesson_play_back(self->play);
}

/* ---- the window ---- */

static void mg_notes_window_dispose(GObject *object)
{
    MgNotesWindow *self = MG_NOTES_WINDOW(object);
    g_clear_handle_id(&self->tick, g_source_remove);
    if (self->shown != NULL) {
        g_signal_handlers_disconnect_by_data(self->shown, self);
        g_object_set_data(G_OBJECT(self->shown), KEY, NULL);
        self->shown = NULL;
    }
    if (self->play != NULL) {
        g_signal_handlers_disconnect_by_data(self->play, self);
        empty(self->left);
        empty(self->right);
    }
    g_clear_object(&self->play);
    G_OBJECT_CLASS(mg_notes_window_parent_class)->dispose(object);
}

static void mg_notes_window_class_init(MgNotesWindowClass *class)
{
    G_OBJECT_CLASS(class)->dispose = mg_notes_window_dispose;
}

static GtkWidget *button_new(const char *icon, const char *name)
{
    GtkWidget *button = gtk_button_new_from_icon_name(icon);
    gtk_widget_set_tooltip_text(button, name);
    gtk_widget_set_focus_on_click(button, FALSE);
    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
    return button;
}

static GtkWidget *header_new(MgNotesWindow *self)
{
    AdwHeaderBar *bar = ADW_HEADER_BAR(adw_header_bar_new());
    self->title = ADW_WINDOW_TITLE(adw_window_title_new(_("Notes"), NULL));
    adw_header_bar_set_title_widget(bar, GTK_WIDGET(self->title));
    GtkWidget *back = button_new("go-previous-symbolic", _("Previous step"));
    GtkWidget *next = button_new("go-next-symbolic", _("Next step"));
    g_signal_connect(back, "clicked", G_CALLBACK(on_back), self);
    g_signal_connect(next, "clicked", G_CALLBACK(on_next), self);
    adw_header_bar_pack_start(bar, back);
    adw_header_bar_pack_start(bar, next);
    self->clock = gtk_label_new("0:00");
    gtk_widget_add_css_class(self->clock, "mg-clock");
    gtk_widget_set_tooltip_text(self->clock, _("Since these notes were opened"));
    adw_header_bar_pack_end(bar, self->clock);
    return GTK_WIDGET(bar);
}

static GtkWidget *column_new(GtkWidget **box, const char *class)
{
    GtkWidget *scrolled = gtk_scrolled_window_new();
    *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 8);
    gtk_widget_add_css_class(*box, class);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER,
                                   GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scrolled), *box);
    return scrolled;
}

static void mg_notes_window_init(MgNotesWindow *self)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
    gtk_window_set_default_size(GTK_WINDOW(self), 900, 620);
    gtk_window_set_title(GTK_WINDOW(self), _("Notes"));
    gtk_box_append(GTK_BOX(box), header_new(self));
    GtkWidget *left = column_new(&self->left, "mg-notes");
    gtk_widget_set_hexpand(left, TRUE);
    GtkWidget *right = column_new(&self->right, "mg-notes-side");
    gtk_widget_set_size_request(right, SIDE_WIDTH, -1);
    gtk_widget_set_hexpand(right, FALSE);
    gtk_widget_set_vexpand(row, TRUE);
    gtk_box_append(GTK_BOX(row), left);
    gtk_box_append(GTK_BOX(row), gtk_separator_new(GTK_ORIENTATION_VERTICAL));
    gtk_box_append(GTK_BOX(row), right);
    gtk_box_append(GTK_BOX(box), row);
    adw_window_set_content(ADW_WINDOW(self), box);
    self->began = g_get_monotonic_time();
    self->tick = g_timeout_add_seconds(1, on_tick, self);
}

static void on_shown_gone(MgNotesWindow *self)
{
    gtk_window_destroy(GTK_WINDOW(self));
}

static MgNotesWindow *notes_of(GtkWindow *shown)
{
    return g_object_get_data(G_OBJECT(shown), KEY);
}

GtkWindow *mg_notes_window_of(GtkWindow *shown)
{
    MgNotesWindow *self = notes_of(shown);
    return self != NULL ? GTK_WINDOW(self) : NULL;
}

void mg_notes_window_follow(GtkWindow *shown, MgLessonPlay *play)
{
    MgNotesWindow *self = notes_of(shown);
    if (self != NULL)
        follow(self, play);
}

void mg_notes_window_present(GtkWindow *shown, MgLessonPlay *play)
{
    MgNotesWindow *self = notes_of(shown);
    if (self == NULL) {
        self = g_object_new(MG_TYPE_NOTES_WINDOW, "application", gtk_window_get_application(shown),
                            NULL);
        self->shown = shown;
        g_object_set_data(G_OBJECT(shown), KEY, self);
        g_signal_connect_swapped(shown, "destroy", G_CALLBACK(on_shown_gone), self);
        GtkEventController *keys = gtk_event_controller_key_new();
        gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
        g_signal_connect(keys, "key-pressed", G_CALLBACK(on_key), self);
        gtk_widget_add_controller(GTK_WIDGET(self), keys);
        mg_shortcuts_install_for(GTK_WINDOW(self), shown);
    }
    follow(self, play);
    gtk_window_present(GTK_WINDOW(self));
}
