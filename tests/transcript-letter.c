/* SPDX-License-Identifier: GPL-3.0-or-later */
/* transcript-letter.c - the topic "letter.build": "from=a@b to=c@d to=e@f date=0 seed=7
 * file=tree.png;image/png;\x89PNG subject=…", with escapes, \x20 for a space; the text is the
 * "= data" lines. */
#include "transcript-letter.h"

static char *unescape(const char *escaped, size_t *len, GPtrArray *pool)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *problem = NULL;
    if (escaped != NULL)
        mg_transcript_unescape(escaped, out, &problem);
    if (len != NULL)
        *len = out->len;
    return mg_transcript_pool_copy(pool, out->str, out->len + 1);
}

static uint64_t number_of(const char *text, const char *key, GPtrArray *pool)
{
    const char *value = mg_transcript_value(text, key, 0, pool);
    return value != NULL ? g_ascii_strtoull(value, NULL, 10) : 0;
}

/* "NAME;TYPE;OCTETS"; without a type: "NAME;;OCTETS". */
static MgLetterFile file_of(const char *value, GPtrArray *pool)
{
    g_auto(GStrv) parts = g_strsplit(value, ";", 3);
    MgLetterFile file = {0};
    guint n = g_strv_length(parts);
    file.file_name = unescape(parts[0], NULL, pool);
    if (n > 1 && parts[1][0] != '\0')
        file.type = unescape(parts[1], NULL, pool);
    if (n > 2)
        file.data.data = (const uint8_t *)unescape(parts[2], &file.data.len, pool);
    return file;
}

static void *parse_question(const char *text, MgSpan data, GPtrArray *pool)
{
    MgLetterQuestion question = {.from = mg_transcript_value(text, "from", 0, pool)};
    GPtrArray *to = g_ptr_array_new();
    GArray *files = g_array_new(FALSE, TRUE, sizeof(MgLetterFile));
    char *value;
    while ((value = mg_transcript_value(text, "to", to->len, pool)) != NULL)
        g_ptr_array_add(to, value);
    while ((value = mg_transcript_value(text, "file", files->len, pool)) != NULL) {
        MgLetterFile file = file_of(value, pool);
        g_array_append_val(files, file);
    }
    question.n_to = to->len;
    question.n_files = files->len;
    question.subject = unescape(mg_transcript_value(text, "subject", 0, pool), NULL, pool);
    g_autofree char *body = g_strndup((const char *)data.data, data.len);
    question.text = mg_transcript_pool_string(pool, body);
    question.date = (int64_t)number_of(text, "date", pool);
    question.seed = number_of(text, "seed", pool);
    void *list = g_ptr_array_free(to, FALSE), *rows = g_array_free(files, FALSE);
    if (list != NULL)
        g_ptr_array_add(pool, list);
    if (rows != NULL)
        g_ptr_array_add(pool, rows);
    question.to = list;
    question.files = rows;
    return mg_transcript_pool_copy(pool, &question, sizeof question);
}

static void format_answer(const void *data, GString *out)
{
    const MgLetterAnswer *answer = data;
    if (answer->error != NULL) {
        g_string_append_printf(out, " error %s", answer->error);
        return;
    }
    g_string_append(out, " data=");
    mg_transcript_escape(answer->data, out);
}

const MgTopicAdapter mg_transcript_letter = {.topic = MG_TOPIC_LETTER,
                                             .name = "letter",
                                             .format_answer = format_answer,
                                             .parse_question = parse_question};
