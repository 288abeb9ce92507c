/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-test.h - what the tests of lessons share: a folder to write lessons in, a network for them
 */
#pragma once

#include "lesson-check.h"
#include "lesson-play.h"

/* A folder of its own, gone at the end. */
extern char *scratch;
extern MgRegistry *registry;

/* g_test_init(), the folder, plugins, English. */
void lesson_test_begin(int *argc, char ***argv);
int lesson_test_run(void);

/* (transfer full) Writes NAME/lesson.md and returns its folder. `size` -1: up to NUL. */
char *write_lesson(const char *name, const char *text, gssize size);
void write_file(const char *name, const char *text, gssize size);

/* (transfer full) Reads it, judges it and proves it, as `lesson check` does. */
GPtrArray *examine(const char *folder);

/* The beginning of a lesson on the network first-mail, HEAD_LINES long. */
#define HEAD                                                                                       \
    "```lesson\nformat: 1\ntitle.en: T\ntitle.ko: 제\n```\n"                                      \
    "```network\nuse: first-mail\nscript: no\n```\n"
#define HEAD_LINES 9u
#define STEP(id)   "## " id "\n### en\nText.\n### ko\n글.\n"
#define TO_BOB     "alice send mail/hello.eml to bob@example.net"
#define HAS_MAIL   "```check\nmailbox bob@example.net has count == 1\n```\n"
#define SOLUTION   "```solution\n" TO_BOB "\n```\n"

typedef struct {
    const char *name;
    const char *text; /* stands after HEAD */
    unsigned line;    /* of `text` from 1; 0: it is sound */
    const char *said;
} Mistake;

#define QUIZ(answers) "```quiz\nask.en: What?\nask.ko: 무엇?\n" answers "```\n"
#define RIGHT         "(x) yes\n    en: Yes.\n    ko: 맞습니다.\n"
#define WRONG         "( ) no\n    en: No.\n    ko: 아닙니다.\n"

/* One problem, in this line of lesson.md, that says this; line 0: none. */
void lesson_test_assert_one(const GPtrArray *problems, const char *folder, unsigned line,
                            const char *said);
/* Adds a test a row. */
void lesson_test_add(const char *path, const Mistake *rows, size_t n);
