/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quiz-card.h - a question with its answers, and what is said to the one that was chosen
 *
 * Signal "choose" (uint answer): somebody wants this answer. The card shows what the play says. */
#pragma once

#include <gtk/gtk.h>

#include "lesson-play.h"

G_BEGIN_DECLS

#define MG_TYPE_QUIZ_CARD (mg_quiz_card_get_type())
G_DECLARE_FINAL_TYPE(MgQuizCard, mg_quiz_card, MG, QUIZ_CARD, GtkBox)

GtkWidget *mg_quiz_card_new(MgLessonPlay *play, size_t quiz, MgLanguage language);
/* The play's choice may be another. True if it is. */
bool mg_quiz_card_update(MgQuizCard *self);
size_t mg_quiz_card_quiz(MgQuizCard *self);
/* (transfer none) The row of an answer, for tests. */
GtkWidget *mg_quiz_card_row(MgQuizCard *self, size_t answer);

G_END_DECLS
