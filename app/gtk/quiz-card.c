/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quiz-card.c - a question with its answers, and what is said to the one that was chosen */
#include "quiz-card.h"

#include "prose-view.h"
#include "words.h"

struct _MgQuizCard {
    GtkBox parent_instance;
    MgLessonPlay *play;
    size_t quiz;
    MgLanguage language;
    GPtrArray *rows, *whys; /* GtkWidget: a button an answer, a box below it */
    int shown;              /* the answer that is shown as chosen; -1 none */
};

enum { CHOOSE, N_SIGNALS };
static unsigned signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(MgQuizCard, mg_quiz_card, GTK_TYPE_BOX)

static void on_row(GtkButton *row, MgQuizCard *self)
{
    unsigned answer = 0;
    if (g_ptr_array_find(self->rows, row, &answer) && (int)answer != self->shown)
        g_signal_emit(self, signals[CHOOSE], 0, answer);
}

/* A button that looks and reads like a radio: chosen by Space or a click alone, never by an arrow
 * key on its way, since choosing makes things happen. */
static GtkWidget *row_new(MgQuizCard *self, const MgQuizAnswer *answer)
{
    GtkWidget *row =
        g_object_new(GTK_TYPE_BUTTON, "accessible-role", GTK_ACCESSIBLE_ROLE_RADIO, NULL);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 10);
    GtkWidget *mark = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
    gtk_widget_add_css_class(mark, "mg-radio");
    gtk_widget_set_valign(mark, GTK_ALIGN_START);
    gtk_box_append(GTK_BOX(box), mark);
    gtk_box_append(GTK_BOX(box), mg_prose_label_new(
                                     mg_bilingual_markup(&answer->label, self->language), "prose"));
    gtk_button_set_child(GTK_BUTTON(row), box);
    gtk_widget_add_css_class(row, "flat");
    gtk_widget_add_css_class(row, "mg-answer");
    const char *name = mg_bilingual_plain(&answer->label, self->language);
    gtk_accessible_update_property(GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                   name != NULL ? name : "", -1);
    g_signal_connect(row, "clicked", G_CALLBACK(on_row), self);
    return row;
}

/* Icon, word and colour: colour never stands alone. */
static GtkWidget *why_new(MgQuizCard *self, const MgQuizAnswer *answer)
{
    GtkWidget *why = gtk_box_new(GTK_ORIENTATION_VERTICAL, 3);
    GtkWidget *head = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    gtk_widget_add_css_class(why, "mg-why");
    gtk_widget_add_css_class(why, answer->right ? "mg-good" : "mg-bad");
    gtk_box_append(GTK_BOX(head),
                   gtk_image_new_from_icon_name(answer->right ? "object-select-symbolic"
                                                              : "dialog-warning-symbolic"));
    GtkWidget *word = gtk_label_new(answer->right ? _("Right") : _("Not quite"));
    gtk_widget_add_css_class(word, "mg-verdict");
    gtk_box_append(GTK_BOX(head), word);
    gtk_box_append(GTK_BOX(why), head);
    const char *markup = mg_bilingual_markup(&answer->why, self->language);
    if (markup != NULL) {
        GtkWidget *text = mg_prose_view_new(mg_lesson_play_lesson(self->play),
                                            mg_lesson_play_session(self->play), self->language);
        mg_prose_view_add_markup(MG_PROSE_VIEW(text), markup, NULL);
        gtk_box_append(GTK_BOX(why), text);
    }
    gtk_widget_set_visible(why, FALSE);
    return why;
}

static void set_chosen(GtkWidget *row, GtkWidget *why, bool chosen)
{
    if (chosen)
        gtk_widget_add_css_class(row, "mg-chosen");
    else
        gtk_widget_remove_css_class(row, "mg-chosen");
    gtk_widget_set_visible(why, chosen);
    gtk_accessible_update_state(
        GTK_ACCESSIBLE(row), GTK_ACCESSIBLE_STATE_CHECKED,
        chosen ? GTK_ACCESSIBLE_TRISTATE_TRUE : GTK_ACCESSIBLE_TRISTATE_FALSE, -1);
}

bool mg_quiz_card_update(MgQuizCard *self)
{
    int chosen = mg_lesson_play_chosen(self->play, self->quiz);
    if (chosen == self->shown)
        return false;
    self->shown = chosen;
    for (unsigned i = 0; i < self->rows->len; i++)
        set_chosen(g_ptr_array_index(self->rows, i), g_ptr_array_index(self->whys, i),
                   (int)i == chosen);
    return true;
}

size_t mg_quiz_card_quiz(MgQuizCard *self)
{
    return self->quiz;
}

GtkWidget *mg_quiz_card_row(MgQuizCard *self, size_t answer)
{
    return g_ptr_array_index(self->rows, answer);
}

static void mg_quiz_card_dispose(GObject *object)
{
    MgQuizCard *self = MG_QUIZ_CARD(object);
    g_clear_object(&self->play);
    g_clear_pointer(&self->rows, g_ptr_array_unref);
    g_clear_pointer(&self->whys, g_ptr_array_unref);
    G_OBJECT_CLASS(mg_quiz_card_parent_class)->dispose(object);
}

static void mg_quiz_card_class_init(MgQuizCardClass *class)
{
    G_OBJECT_CLASS(class)->dispose = mg_quiz_card_dispose;
    signals[CHOOSE] = g_signal_new("choose", MG_TYPE_QUIZ_CARD, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void mg_quiz_card_init(MgQuizCard *self)
{
    gtk_orientable_set_orientation(GTK_ORIENTABLE(self), GTK_ORIENTATION_VERTICAL);
    gtk_box_set_spacing(GTK_BOX(self), 4);
    gtk_widget_add_css_class(GTK_WIDGET(self), "mg-quiz");
    self->rows = g_ptr_array_new();
    self->whys = g_ptr_array_new();
    self->shown = -1;
}

GtkWidget *mg_quiz_card_new(MgLessonPlay *play, size_t quiz, MgLanguage language)
{
    MgQuizCard *self =
        g_object_new(MG_TYPE_QUIZ_CARD, "accessible-role", GTK_ACCESSIBLE_ROLE_GROUP, NULL);
    const MgLessonStep *step = mg_lesson_play_step(play);
    const MgQuiz *of = g_ptr_array_index(step->quizzes, quiz);
    self->play = g_object_ref(play);
    self->quiz = quiz;
    self->language = language;
    GtkWidget *heading = gtk_label_new(step->run.predict ? _("Predict, then see") : _("Question"));
    gtk_label_set_xalign(GTK_LABEL(heading), 0);
    gtk_widget_add_css_class(heading, "mg-quiz-heading");
    gtk_box_append(GTK_BOX(self), heading);
    GtkWidget *ask =
        mg_prose_view_new(mg_lesson_play_lesson(play), mg_lesson_play_session(play), language);
    mg_prose_view_add_markup(MG_PROSE_VIEW(ask), mg_bilingual_markup(&of->ask, language), NULL);
    gtk_box_append(GTK_BOX(self), ask);
    for (unsigned i = 0; i < of->answers->len; i++) {
        const MgQuizAnswer *answer = g_ptr_array_index(of->answers, i);
        GtkWidget *row = row_new(self, answer), *why = why_new(self, answer);
        g_ptr_array_add(self->rows, row);
        g_ptr_array_add(self->whys, why);
        gtk_box_append(GTK_BOX(self), row);
        gtk_box_append(GTK_BOX(self), why);
        set_chosen(row, why, false);
    }
    mg_quiz_card_update(self);
    return GTK_WIDGET(self);
}
