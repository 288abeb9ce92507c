/* SPDX-License-Identifier: GPL-3.0-or-later */
/* presenter.h - over the map of a presentation: step, title, and the question for the class
 *
 * It shows what the play says, and holds nothing but what it was last asked to show. */
#pragma once

#include <gtk/gtk.h>

#include "lesson-play.h"

G_BEGIN_DECLS

#define MG_TYPE_PRESENTER (mg_presenter_get_type())
G_DECLARE_FINAL_TYPE(MgPresenter, mg_presenter, MG, PRESENTER, GtkWidget)

GtkWidget *mg_presenter_new(MgLessonPlay *play);
/* Which question of the step is shown: the first that was not answered rightly; when all were, the
 * last, so that it can be talked about. There has to be one. */
size_t mg_presenter_quiz(MgLessonPlay *play);
/* (transfer none) (nullable) The button of an answer of the question that is shown, for tests. */
GtkWidget *mg_presenter_answer(MgPresenter *self, unsigned answer);

G_END_DECLS
