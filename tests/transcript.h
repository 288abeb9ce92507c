/* SPDX-License-Identifier: GPL-3.0-or-later */
/* transcript.h - plays conversations written as text against any engine
 *
 * The format is told in transcripts/README.md. A test program is three lines:
 *
 *      int main(int argc, char **argv)
 *      {
 *          return mg_transcript_main(argc, argv, &mg_smtp_server, &mg_smtp_client, NULL);
 *      }
 *
 * and is registered with the folder of its transcripts as its argument. Each file is played as it
 * stands, then once for every split of its octets, then once for every way in which each of its
 * asks can go wrong. With --coverage a transition never taken or a rule never noted fails.
 */
#pragma once

#include <mailglass/engine.h>
#include <mailglass/topics.h>

G_BEGIN_DECLS

/* How a topic is written. Each function that fails returns false or NULL. */
typedef struct {
    const char *topic; /* "smtp.policy" */
    const char *name;  /* "policy": the first word of a ?: or D: line */
    /* Appends what follows the name: "rcpt client=192.0.2.1 …". */
    void (*format_question)(const void *question, GString *out);
    /* Appends an answer as it would be written after the name in a D: line. */
    void (*format_answer)(const void *answer, GString *out);
    /* Makes an answer of the text after "!: ". Every piece of it comes from `pool`, whose free
     * function is g_free. `count` is what count() said of the question. */
    void *(*parse_answer)(const char *text, size_t count, GPtrArray *pool);
    /* (nullable) Makes the question of an answerer of "= question" and "= data" lines. */
    void *(*parse_question)(const char *text, MgSpan data, GPtrArray *pool);
    size_t (*count)(const void *question); /* (nullable) recipients: how many verdicts it wants */
    const char *const *faults;             /* answers that "every ask" tries; ends with NULL */
} MgTopicAdapter;

/* Adds an adapter, or replaces one: for a test that can say more about a payload. */
void mg_transcript_add_adapter(const MgTopicAdapter *adapter);
/* (nullable) by topic. */
const MgTopicAdapter *mg_transcript_adapter(const char *topic);

/* Helpers for adapters: `\r \n \t \0 \\ \xNN`, printable ASCII and UTF-8 as they are. */
void mg_transcript_escape(MgSpan bytes, GString *out);
bool mg_transcript_unescape(const char *text, GString *out, char **problem);
/* A copy of `bytes` with its end at the end of its allocation, so that a sanitizer sees what reads
 * past it. */
void *mg_transcript_pool_copy(GPtrArray *pool, const void *bytes, size_t len);
char *mg_transcript_pool_string(GPtrArray *pool, const char *text);
/* "a=1 b=2 data=the rest": the value of `key`, NULL if it is not there. `nth` counts from 0. */
char *mg_transcript_value(const char *text, const char *key, size_t nth, GPtrArray *pool);

typedef struct {
    GHashTable *transitions; /* "from -> to" that were taken, by kind name and pair */
    GHashTable *rules;       /* ids that were noted */
} MgTranscriptCoverage;

/* Plays one file as it stands. Returns NULL, or (transfer full) what went wrong, beginning with
 * "FILE:LINE: ". `kinds` ends with NULL. `coverage` (nullable) is added to. */
char *mg_transcript_run(const char *path, const MgEngineKind *const *kinds,
                        MgTranscriptCoverage *coverage);
/* The two mechanical variants. */
char *mg_transcript_run_splits(const char *path, const MgEngineKind *const *kinds);
char *mg_transcript_run_asks(const char *path, const MgEngineKind *const *kinds);

/* The whole of a test program. Arguments: a folder, [--coverage]. Kinds end with NULL. */
int mg_transcript_main(int argc, char **argv, ...) G_GNUC_NULL_TERMINATED;

G_END_DECLS
