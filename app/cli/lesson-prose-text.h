/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-prose-text.h - a lesson's texts on a terminal */
#pragma once

#include "lesson.h"

G_BEGIN_DECLS

/* Blocks, folded at 78 columns (a Korean letter takes two), an empty line before each. */
void mg_print_prose(const MgProse *prose, const char *margin);
void mg_print_text(const char *text, const char *first, const char *margin);
/* The question and its answers, as "  a) …". */
void mg_print_quiz(const MgQuiz *quiz, MgLanguage language, const char *margin);

G_END_DECLS
