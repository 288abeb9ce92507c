/* SPDX-License-Identifier: GPL-3.0-or-later */
/* presenter.c - step, title and question in type that the last row can read */
#include "presenter.h"

#include "prose-view.h"
#include "words.h"

#define ANSWER_WIDE 20
#define WORD_WIDE   32
#define ASK_WIDE    44
#define ROW_WIDE    64 /* characters of short answers that stand in one row */

struct _MgPresenter {
    GtkWidget parent_instance;
    MgLessonPlay *play;
    GtkWidget *box, *number, *title, *question;
    GPtrArray *answers; /* GtkWidget: of the question that is shown */
    size_t quiz;
};

G_DEFINE_FINAL_TYPE(MgPresenter, mg_presenter, GTK_TYPE_WIDGET)

/* ---- the question ---- */

/* Columns of the longest word; a Korean one with code in it is not broken (prose-view.c). */
static int longest_word(const char *text)
{
    int longest = 0, cells = 0;
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        cells = c == ' ' ? 0 : cells + (g_unichar_iswide(c) ? 2 : 1);
        longest = MAX(longest, cells);
    }
    return longest;
}

/* `wide`: characters that a line has room for in any case: without them a label could be as narrow
 * as a word, and so high that the window had to grow. */
static GtkWidget *text_new(const char *markup, const char *class, int wide)
{
    GtkWidget *label = mg_prose_label_new(markup, class);
    int word = longest_word(gtk_label_get_text(GTK_LABEL(label)));
    gtk_label_set_width_chars(GTK_LABEL(label), CLAMP(word + 4, wide, MAX(wide, WORD_WIDE)));
    gtk_widget_set_valign(label, GTK_ALIGN_CENTER);
    return label;
}

static int cells_of(const char *text)
{
    int cells = 0;
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at))
        cells += g_unichar_iswide(g_utf8_get_char(at)) ? 2 : 1;
    return cells;
}

#define IN_ONE_ROW 0 /* each as wide as it is */

/* Answers that need no second line stand in one row, and so do three of short words; long words one
 * below the other. */
static int columns_of(const MgQuiz *quiz, MgLanguage language)
{
    int longest = 0, all = 0;
    for (unsigned i = 0; i < quiz->answers->len; i++) {
        const MgQuizAnswer *answer = g_ptr_array_index(quiz->answers, i);
        const char *plain = mg_bilingual_plain(&answer->label, language);
        longest = MAX(longest, plain != NULL ? longest_word(plain) : 0);
        all += plain != NULL ? cells_of(plain) : 0;
    }
    if (quiz->answers->len <= 4 && all <= ROW_WIDE)
        return IN_ONE_ROW;
    if (longest > WORD_WIDE - 8)
        return 1;
    return longest + 6 <= ANSWER_WIDE && quiz->answers->len == 3 ? 3 : 2;
}

size_t mg_presenter_quiz(MgLessonPlay *play)
{
    const MgLessonStep *step = mg_lesson_play_step(play);
    for (unsigned i = 0; i < step->quizzes->len; i++) {
        const MgQuiz *quiz = g_ptr_array_index(step->quizzes, i);
        int chosen = mg_lesson_play_chosen(play, i);
        if (chosen < 0 ||
            !((const MgQuizAnswer *)g_ptr_array_index(quiz->answers, (unsigned)chosen))->right)
            return i;
    }
    return step->quizzes->len - 1;
}

static void on_answer(GtkButton *button, MgPresenter *self)
{
    unsigned answer = 0;
    g_autoptr(GError) error = NULL;
    if (!g_ptr_array_find(self->answers, button, &answer))
        return;
    mg_lesson_play_choose(self->play, self->quiz, answer, &error);
    if (error != NULL)
        g_printerr("mailglass-window: %s\n", error->message);
}

/* The mark says it in shape as well as in colour. */
static GtkWidget *mark_new(const MgQuizAnswer *answer, unsigned at, bool chosen)
{
    const char letter[] = {(char)('A' + (int)(at % 26)), '\0'};
    GtkWidget *mark = chosen ? gtk_image_new_from_icon_name(answer->right ? "object-select-symbolic"
                                                                          : "window-close-symbolic")
                             : gtk_label_new(letter);
    gtk_widget_add_css_class(mark, "mg-letter");
    gtk_widget_set_valign(mark, GTK_ALIGN_CENTER);
    return mark;
}

static GtkWidget *answer_new(MgPresenter *self, const MgQuizAnswer *answer, unsigned at, bool whole)
{
    MgLanguage language = mg_lesson_play_language(self->play);
    bool chosen = mg_lesson_play_chosen(self->play, self->quiz) == (int)at;
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 14);
    gtk_box_append(GTK_BOX(row), mark_new(answer, at, chosen));
    const char *name = mg_bilingual_plain(&answer->label, language);
    int wide = whole && name != NULL ? cells_of(name) : ANSWER_WIDE;
    GtkWidget *text = text_new(mg_bilingual_markup(&answer->label, language), NULL, wide);
    gtk_widget_set_hexpand(text, TRUE);
    gtk_box_append(GTK_BOX(row), text);
    GtkWidget *button = gtk_button_new();
    gtk_button_set_child(GTK_BUTTON(button), row);
    gtk_widget_add_css_class(button, "mg-show-answer");
    if (chosen)
        gtk_widget_add_css_class(button, answer->right ? "mg-good" : "mg-bad");
    const char *verdict = !chosen ? "" : answer->right ? _("Right") : _("Not quite");
    gtk_accessible_update_property(GTK_ACCESSIBLE(button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   name != NULL ? name : "", GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                   verdict, -1);
    g_signal_connect(button, "clicked", G_CALLBACK(on_answer), self);
    return button;
}

static void add_why(MgPresenter *self, const MgQuiz *quiz)
{
    int chosen = mg_lesson_play_chosen(self->play, self->quiz);
    if (chosen < 0)
        return;
    const MgQuizAnswer *answer = g_ptr_array_index(quiz->answers, (unsigned)chosen);
    const char *why = mg_bilingual_markup(&answer->why, mg_lesson_play_language(self->play));
    if (why == NULL)
        return;
    gtk_box_append(GTK_BOX(self->question), text_new(why, "mg-show-why", ASK_WIDE));
}

static void show_question(MgPresenter *self)
{
    const MgLessonStep *step = mg_lesson_play_step(self->play);
    GtkWidget *child;
    while ((child = gtk_widget_get_first_child(self->question)) != NULL)
        gtk_box_remove(GTK_BOX(self->question), child);
    g_ptr_array_set_size(self->answers, 0);
    gtk_widget_set_visible(self->question, step->quizzes->len > 0);
    if (step->quizzes->len == 0)
        return;
    self->quiz = mg_presenter_quiz(self->play);
    const MgQuiz *quiz = g_ptr_array_index(step->quizzes, (unsigned)self->quiz);
    gtk_box_append(GTK_BOX(self->question),
                   text_new(mg_bilingual_markup(&quiz->ask, mg_lesson_play_language(self->play)),
                            "mg-show-ask", ASK_WIDE));
    GtkWidget *grid = gtk_grid_new();
    int columns = columns_of(quiz, mg_lesson_play_language(self->play));
    bool whole = columns == IN_ONE_ROW;
    if (whole)
        columns = (int)quiz->answers->len;
    gtk_grid_set_column_homogeneous(GTK_GRID(grid), !whole);
    gtk_grid_set_row_spacing(GTK_GRID(grid), 8);
    gtk_grid_set_column_spacing(GTK_GRID(grid), 12);
    for (unsigned i = 0; i < quiz->answers->len; i++) {
        GtkWidget *button = answer_new(self, g_ptr_array_index(quiz->answers, i), i, whole);
        g_ptr_array_add(self->answers, button);
        gtk_grid_attach(GTK_GRID(grid), button, (int)i % columns, (int)i / columns, 1, 1);
    }
    gtk_box_append(GTK_BOX(self->question), grid);
    add_why(self, quiz);
}

GtkWidget *mg_presenter_answer(MgPresenter *self, unsigned answer)
{
    return answer < self->answers->len ? g_ptr_array_index(self->answers, answer) : NULL;
}

/* ---- the strip ---- */

/* A fingerprint of what is shown: the same is not made anew, or the keyboard would lose its place.
 */
static char *state_of(MgPresenter *self)
{
    const MgLessonStep *step = mg_lesson_play_step(self->play);
    g_autoptr(GString) state = g_string_new(mg_language_codes[mg_lesson_play_language(self->play)]);
    g_string_append_printf(state, " %zu", mg_lesson_play_at(self->play));
    for (unsigned i = 0; i < step->quizzes->len; i++)
        g_string_append_printf(state, " %d", mg_lesson_play_chosen(self->play, i));
    return g_string_free(g_steal_pointer(&state), FALSE);
}

static void update(MgPresenter *self)
{
    g_autofree char *state = state_of(self);
    if (g_strcmp0(state, g_object_get_data(G_OBJECT(self), "state")) == 0)
        return;
    g_object_set_data_full(G_OBJECT(self), "state", g_steal_pointer(&state), g_free);
    g_autofree char *number = g_strdup_printf("%zu / %zu", mg_lesson_play_at(self->play) + 1,
                                              mg_lesson_play_n_steps(self->play));
    gtk_label_set_label(GTK_LABEL(self->number), number);
    gtk_label_set_label(GTK_LABEL(self->title),
                        mg_lesson_step_title(mg_lesson_play_lesson(self->play),
                                             mg_lesson_play_step(self->play),
                                             mg_lesson_play_language(self->play)));
    show_question(self);
}

static void mg_presenter_dispose(GObject *object)
{
    MgPresenter *self = MG_PRESENTER(object);
    if (self->play != NULL)
        g_signal_handlers_disconnect_by_data(self->play, self);
    g_clear_object(&self->play);
    g_clear_pointer(&self->box, gtk_widget_unparent);
    g_clear_pointer(&self->answers, g_ptr_array_unref);
    G_OBJECT_CLASS(mg_presenter_parent_class)->dispose(object);
}

static void mg_presenter_class_init(MgPresenterClass *class)
{
    G_OBJECT_CLASS(class)->dispose = mg_presenter_dispose;
    gtk_widget_class_set_layout_manager_type(GTK_WIDGET_CLASS(class), GTK_TYPE_BIN_LAYOUT);
    gtk_widget_class_set_css_name(GTK_WIDGET_CLASS(class), "presenter");
}

static void mg_presenter_init(MgPresenter *self)
{
    self->answers = g_ptr_array_new();
    self->box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 10);
    GtkWidget *head = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 18);
    self->number = gtk_label_new(NULL);
    gtk_widget_add_css_class(self->number, "mg-show-number");
    gtk_widget_set_valign(self->number, GTK_ALIGN_CENTER);
    gtk_box_append(GTK_BOX(head), self->number);
    self->title = gtk_label_new(NULL);
    gtk_label_set_xalign(GTK_LABEL(self->title), 0);
    gtk_label_set_ellipsize(GTK_LABEL(self->title), PANGO_ELLIPSIZE_END);
    gtk_widget_set_hexpand(self->title, TRUE);
    gtk_widget_add_css_class(self->title, "mg-show-title");
    gtk_box_append(GTK_BOX(head), self->title);
    gtk_box_append(GTK_BOX(self->box), head);
    self->question = gtk_box_new(GTK_ORIENTATION_VERTICAL, 10);
    gtk_box_append(GTK_BOX(self->box), self->question);
    gtk_widget_set_parent(self->box, GTK_WIDGET(self));
}

GtkWidget *mg_presenter_new(MgLessonPlay *play)
{
    MgPresenter *self = g_object_new(MG_TYPE_PRESENTER, NULL);
    self->play = g_object_ref(play);
    g_signal_connect_swapped(play, "changed", G_CALLBACK(update), self);
    update(self);
    return GTK_WIDGET(self);
}
