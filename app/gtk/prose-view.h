/* SPDX-License-Identifier: GPL-3.0-or-later */
/* prose-view.h - a lesson's text: paragraphs, lists, wire text, and links
 *
 * A word's link opens its meaning right below the paragraph, and closes it when it is followed
 * again; hosts and fields begin to glow; the rest opens in the browser. */
#pragma once

#include <gtk/gtk.h>

#include "lesson.h"
#include "session.h"

G_BEGIN_DECLS

#define MG_TYPE_PROSE_VIEW (mg_prose_view_get_type())
G_DECLARE_FINAL_TYPE(MgProseView, mg_prose_view, MG, PROSE_VIEW, GtkBox)

/* Empty. `lesson` (whose words are explained) has to live longer. */
GtkWidget *mg_prose_view_new(const MgLesson *lesson, MgSession *session, MgLanguage language);
void mg_prose_view_add(MgProseView *self, const MgProse *prose);
/* A paragraph; the label. `class` is nullable. */
GtkWidget *mg_prose_view_add_markup(MgProseView *self, const char *markup, const char *class);

/* Follows a link as if it was clicked; false if it leads nowhere. For tests too. */
bool mg_prose_view_follow(MgProseView *self, const char *link);

/* A label of a lesson's text that is broken between words, in Korean too, and fits any width. */
GtkWidget *mg_prose_label_new(const char *markup, const char *class);

G_END_DECLS
