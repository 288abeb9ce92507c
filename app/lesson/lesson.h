/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson.h - a lesson as its file says it (lessons/README.md): steps, texts in both languages, what
 * is tried, asked and checked. Read with libcmark; knows neither a window nor a run.
 *
 * Everything here is owned by the lesson and lives as long as it.
 */
#pragma once

#include "network.h"

G_BEGIN_DECLS

typedef enum { MG_ENGLISH, MG_KOREAN, MG_N_LANGUAGES } MgLanguage;

/* The language of what the program says now; English for all that are not Korean. */
MgLanguage mg_language_now(void);
extern const char *const mg_language_codes[MG_N_LANGUAGES]; /* "en", "ko" */

/* One text in both languages. `plain` is without marks; `markup` is Pango's. */
typedef struct {
    char *source[MG_N_LANGUAGES]; /* (nullable) Markdown, as written */
    char *plain[MG_N_LANGUAGES];  /* (nullable) */
    char *markup[MG_N_LANGUAGES]; /* (nullable) */
    unsigned line[MG_N_LANGUAGES];
} MgBilingual;

/* (nullable) In this language, or in the other when it is missing. */
const char *mg_bilingual_plain(const MgBilingual *text, MgLanguage language);
const char *mg_bilingual_markup(const MgBilingual *text, MgLanguage language);

/* Prose is a row of blocks. */
typedef enum {
    MG_PROSE_PARAGRAPH,
    MG_PROSE_HEADING,
    MG_PROSE_ITEM, /* of a list; `number` 0 is a bullet */
    MG_PROSE_CODE, /* wire text: `plain` with its line ends */
    MG_PROSE_QUOTE
} MgProseKind;
typedef struct {
    MgProseKind kind;
    unsigned number, depth; /* ITEM */
    char *plain,
        *markup; /* markup has <a href="…">: "#term", "host:…", "field:…", "rfc:…", "https:…" */
    unsigned line;
} MgProseBlock;
typedef struct {
    char *title;                     /* (nullable) of the step, plain */
    GPtrArray *blocks;               /* MgProseBlock */
    GPtrArray *codes;                /* char *: inline code, in order */
    GPtrArray *links;                /* char *: where links lead, in order */
    GArray *code_lines, *link_lines; /* unsigned, one each */
    unsigned line;                   /* 0: this language is missing */
} MgProse;

/* ---- what a step holds ---- */

/* Something to do: a line as lessons/README.md has them. */
typedef struct {
    char *text;
    MgBilingual label; /* of a `try` button; may be empty */
    unsigned line;
} MgLessonDeed;

typedef enum {
    MG_CHECK_SAW,
    MG_CHECK_THEN_SAW,
    MG_CHECK_COUNT,
    MG_CHECK_NEVER,
    MG_CHECK_STATE,
    MG_CHECK_MAILBOX,
    MG_CHECK_WITHIN
} MgCheckKind;
typedef enum {
    MG_COMPARE_EQ,
    MG_COMPARE_NE,
    MG_COMPARE_LT,
    MG_COMPARE_LE,
    MG_COMPARE_GT,
    MG_COMPARE_GE,
    MG_COMPARE_CONTAINS
} MgCompare;
typedef struct {
    MgCheckKind kind;
    char *text;  /* as written */
    char *where; /* (nullable) SAW, THEN_SAW, COUNT, NEVER: the filter after "where" */
    char *field; /* SAW …: the field or "note"; MAILBOX: "imf.subject", "size", "count" */
    char *rule;  /* (nullable) NEVER note */
    char *host, *engine,
        *value;         /* STATE: value is the state, host NULL until
                           mg_lesson_judge() has split it off; MAILBOX: host is the address */
    MgCompare compare;  /* COUNT, STATE, MAILBOX */
    uint64_t number;    /* COUNT */
    MgTime within;      /* WITHIN */
    MgBilingual failed; /* said when it fails; may be empty */
    unsigned line;
    bool broken; /* it has a mistake, which was told */
} MgCheck;

typedef struct {
    bool right;
    MgBilingual label;
    MgBilingual why;
    GPtrArray *deeds; /* MgLessonDeed: run when it is chosen */
    unsigned line;
} MgQuizAnswer;
typedef struct {
    MgBilingual ask;
    GPtrArray *answers; /* MgQuizAnswer */
    unsigned line;
} MgQuiz;

typedef struct {
    char *id;
    MgProse prose[MG_N_LANGUAGES], notes[MG_N_LANGUAGES];
    struct {
        GPtrArray *deeds; /* MgLessonDeed */
        char *until;      /* (nullable) a filter */
        char **show;      /* (nullable) hosts and fields */
        bool predict;
        bool there; /* there is a `run` */
        unsigned line, until_line, show_line;
    } run;
    GPtrArray *tries;    /* MgLessonDeed */
    GPtrArray *checks;   /* MgCheck */
    GPtrArray *hints;    /* MgBilingual */
    GPtrArray *solution; /* MgLessonDeed */
    GPtrArray *quizzes;  /* MgQuiz */
    unsigned line, solution_line;
    bool torn; /* a fence in it was never closed, which was told: what follows is in it */
} MgLessonStep;

typedef struct MgLesson {
    char *id;     /* the folder's name */
    char *folder; /* path */
    char *path;   /* of lesson.md */
    MgBilingual title, about;
    unsigned minutes;
    char *group; /* "way" … */
    int order;
    char **needs;  /* NULL-terminated */
    char *network; /* what `use` says */
    uint64_t seed;
    bool script; /* the network's own is played */
    unsigned network_line, needs_line, group_line;
    GPtrArray *steps; /* MgLessonStep */
    struct MgLesson
        *glossaries[2]; /* (nullable) its own, the one a folder up; read when asked for */
    bool glossary_read[2];
} MgLesson;

/* Reads a lesson: a folder, or its lesson.md. Every mistake is a line in `problems`, as
 * "PATH:LINE: error: text"; what can be read is read. NULL only if there is no such file. Judges
 * the form and the two languages against each other; mg_lesson_judge() (lesson-check.h) judges what
 * the words mean. */
MgLesson *mg_lesson_load(const char *path, GPtrArray *problems);
/* The same for a text that is in memory; `path` is what problems begin with, and beside it are the
 * lesson's files. NULL if it is no text. */
MgLesson *mg_lesson_read(MgSpan text, const char *path, GPtrArray *problems);
void mg_lesson_free(MgLesson *lesson);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgLesson, mg_lesson_free)

/* The step's title, or the lesson's where it has none. Never NULL. */
const char *mg_lesson_step_title(const MgLesson *lesson, const MgLessonStep *step,
                                 MgLanguage language);
int mg_lesson_find_step(const MgLesson *lesson, const char *id); /* -1: none */

/* ---- the glossary ---- */

/* (nullable) The meaning of "#term" for this lesson: from glossary.md beside lesson.md, then from
 * the one a folder up. `title` is the word, blocks its meaning. Read once and kept. */
const MgProse *mg_lesson_word(const MgLesson *lesson, const char *term, MgLanguage language);

/* Reads a glossary, as mg_lesson_load(): each step is a word. */
MgLesson *mg_glossary_load(const char *path, GPtrArray *problems);

G_END_DECLS
