/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-new.h - lessons to start from: an empty one, and one of what was just shown */
#pragma once

#include "lesson.h"
#include "session.h"

G_BEGIN_DECLS

/* Makes the folder and its lesson.md, which passes `lesson check` but for its text. Nothing that is
 * there is written over. */
bool mg_lesson_write_skeleton(const char *folder, GError **error);

/* A demonstration as a lesson: what was done in the session's branch becomes `try` and `solution`,
 * a step for each; mails that were written go to mail/. The network is named if it is shipped, else
 * copied into the folder. */
bool mg_lesson_write_demo(MgSession *session, const char *folder, const char *title,
                          GError **error);

G_END_DECLS
