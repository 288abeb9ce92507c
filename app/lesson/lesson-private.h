/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-private.h - what the reader's files share */
#pragma once

#include <cmark.h>

#include "lesson-check.h"

G_BEGIN_DECLS

/* Where a lesson's mistakes are told. */
typedef struct {
    const char *path;
    GPtrArray *problems;
} MgComplaints;

G_GNUC_PRINTF(3, 4)
void mg_lesson_error(const MgComplaints *to, unsigned line, const char *format, ...);
G_GNUC_PRINTF(3, 4)
void mg_lesson_warning(const MgComplaints *to, unsigned line, const char *format, ...);
/* (nullable) Of the names, the one that was probably meant; `names` ends with NULL. */
const char *mg_lesson_nearest(const char *word, const char *const *names);

/* ---- lesson-prose.c ---- */
void mg_prose_init(MgProse *prose);
void mg_prose_clear(MgProse *prose);
/* Adds a block of the document with all that is in it. */
void mg_prose_add(MgProse *prose, cmark_node *block, const MgComplaints *to);
/* (transfer full) The text of a node's inlines, without marks. */
char *mg_prose_plain(cmark_node *node);
/* One line of Markdown. A text that is there already is a mistake. */
void mg_bilingual_set(MgBilingual *text, MgLanguage language, const char *source, unsigned line,
                      const MgComplaints *to);
void mg_bilingual_clear(MgBilingual *text);
bool mg_bilingual_is_empty(const MgBilingual *text);
/* (transfer full) char *: inline code, or links, of the text in a language. */
GPtrArray *mg_bilingual_codes(const MgBilingual *text, MgLanguage language);
GPtrArray *mg_bilingual_links(const MgBilingual *text, MgLanguage language);

/* ---- lesson-fence.c ---- */
extern const char *const mg_fence_words[]; /* ends with NULL */
/* `step` is NULL before the first. False when the word is none of a fence. */
bool mg_fence_read(MgLesson *lesson, MgLessonStep *step, const char *word, cmark_node *block,
                   const MgComplaints *to);

/* ---- lesson-languages.c ---- */
void mg_lesson_compare(const MgLesson *lesson, const MgComplaints *to);

/* ---- lesson.c ---- */
/* Calls `each` for every text of a lesson that is no prose. */
typedef void (*MgEachText)(const MgBilingual *text, unsigned line, void *data);
void mg_lesson_each_text(const MgLesson *lesson, MgEachText each, void *data);
void mg_lesson_deed_free(void *data);

/* ---- lesson-judge.c ---- */
/* (transfer full) One filter of a check's field and its where. */
char *mg_check_filter(const MgCheck *check);

G_END_DECLS
