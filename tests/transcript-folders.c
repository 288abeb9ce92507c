/* SPDX-License-Identifier: GPL-3.0-or-later */
/* transcript-folders.c - how the topic "folders" is written in transcripts */
#include "transcript-folders.h"

static const char *const ops[] = {
    [MG_FOLDERS_LIST] = "list",           [MG_FOLDERS_CREATE] = "create",
    [MG_FOLDERS_DELETE] = "delete",       [MG_FOLDERS_RENAME] = "rename",
    [MG_FOLDERS_SUBSCRIBE] = "subscribe", [MG_FOLDERS_UNSUBSCRIBE] = "unsubscribe",
    [MG_FOLDERS_LOOK] = "look",           [MG_FOLDERS_WAIT] = "wait",
    [MG_FOLDERS_READ] = "read",           [MG_FOLDERS_APPEND] = "append",
    [MG_FOLDERS_FLAGS] = "flags",         [MG_FOLDERS_EXPUNGE] = "expunge",
    [MG_FOLDERS_COPY] = "copy",           [MG_FOLDERS_MOVE] = "move",
    [MG_FOLDERS_QUOTA] = "quota",
};
static const char *const results[] = {
    [MG_FOLDERS_OK] = "ok",           [MG_FOLDERS_NONE] = "none", [MG_FOLDERS_EXISTS] = "exists",
    [MG_FOLDERS_REFUSED] = "refused", [MG_FOLDERS_FULL] = "full", [MG_FOLDERS_FAILED] = "failed",
};
static const char flag_letters[] = "safdt"; /* seen, answered, flagged, deleted, draft */

/* ---- the question ---- */

static void add(GString *out, const char *key, const char *value)
{
    if (value != NULL)
        g_string_append_printf(out, " %s=%s", key, value);
}

static void add_flags(GString *out, const MgFoldersQuestion *question)
{
    static const char *const changes[] = {
        [MG_FLAGS_ADD] = "add", [MG_FLAGS_REMOVE] = "remove", [MG_FLAGS_REPLACE] = "replace"};
    g_string_append_printf(
        out, " %s=", question->op == MG_FOLDERS_APPEND ? "flags" : changes[question->change]);
    for (unsigned i = 0; i < strlen(flag_letters); i++)
        if ((question->flags & 1u << i) != 0)
            g_string_append_c(out, flag_letters[i]);
    for (size_t i = 0; question->keywords != NULL && question->keywords[i] != NULL; i++)
        g_string_append_printf(out, ",%s", question->keywords[i]);
}

static void format_question(const void *data, GString *out)
{
    const MgFoldersQuestion *question = data;
    g_string_append_printf(out, " %s user=%s", ops[question->op], question->user);
    add(out, "folder", question->folder);
    add(out, "to", question->to);
    add(out, "use", question->use);
    if (question->modseq > 0)
        g_string_append_printf(out, " modseq=%" G_GUINT64_FORMAT, question->modseq);
    if (question->claims_recent)
        g_string_append(out, " claims");
    if (question->op == MG_FOLDERS_READ)
        g_string_append_printf(out, " uid=%u", question->uid);
    for (size_t i = 0; i < question->n_uids; i++)
        g_string_append_printf(out, "%s%u", i > 0 ? "," : " uids=", question->uids[i]);
    if (question->op == MG_FOLDERS_FLAGS || question->op == MG_FOLDERS_APPEND)
        add_flags(out, question);
    if (question->unchanged_since > 0)
        g_string_append_printf(out, " unchanged=%" G_GUINT64_FORMAT, question->unchanged_since);
    if (question->op == MG_FOLDERS_APPEND) {
        g_string_append_printf(out, " at=%" G_GINT64_FORMAT " data=", question->at / MG_SECONDS);
        mg_transcript_escape(question->data, out);
    }
}

/* ---- the answer ---- */

static uint64_t number_of(const char *text)
{
    return text != NULL ? g_ascii_strtoull(text, NULL, 10) : 0;
}

static const uint32_t *take_uids(const char *text, const char *key, size_t *n, GPtrArray *pool)
{
    const char *list = mg_transcript_value(text, key, 0, pool);
    g_auto(GStrv) items = g_strsplit(list != NULL ? list : "", ",", -1);
    *n = g_strv_length(items);
    uint32_t *uids = g_new0(uint32_t, *n + 1);
    g_ptr_array_add(pool, uids);
    for (size_t i = 0; i < *n; i++)
        uids[i] = (uint32_t)number_of(items[i]);
    return uids;
}

/* "3:120:sf:7:$Junk+x": uid, octets, flags, modseq, keywords (whose bits count in `words`). */
static void take_message(const char *text, MgMailboxMessage *message, GPtrArray *words)
{
    g_auto(GStrv) pieces = g_strsplit(text, ":", 5);
    size_t n = g_strv_length(pieces);
    message->uid = (uint32_t)number_of(pieces[0]);
    message->size = n > 1 ? number_of(pieces[1]) : 0;
    for (unsigned i = 0; n > 2 && i < strlen(flag_letters); i++)
        if (strchr(pieces[2], flag_letters[i]) != NULL)
            message->flags |= 1u << i;
    message->modseq = n > 3 ? number_of(pieces[3]) : 1;
    g_auto(GStrv) names = g_strsplit(n > 4 ? pieces[4] : "", "+", -1);
    for (size_t k = 0; names[k] != NULL; k++)
        for (guint i = 0; i < words->len; i++)
            if (strcmp(words->pdata[i], names[k]) == 0)
                message->keywords |= UINT64_C(1) << i;
}

static void take_messages(const char *text, MgFoldersAnswer *answer, GPtrArray *pool)
{
    const char *list = mg_transcript_value(text, "messages", 0, pool);
    const char *named = mg_transcript_value(text, "keywords", 0, pool);
    g_auto(GStrv) items = g_strsplit(list != NULL ? list : "", ",", -1);
    g_auto(GStrv) names = g_strsplit(named != NULL ? named : "", ",", -1);
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    for (size_t i = 0; names[i] != NULL; i++)
        g_ptr_array_add(words, mg_transcript_pool_string(pool, names[i]));
    answer->n_messages = g_strv_length(items);
    MgMailboxMessage *messages = g_new0(MgMailboxMessage, answer->n_messages + 1);
    g_ptr_array_add(pool, messages);
    for (size_t i = 0; i < answer->n_messages; i++)
        take_message(items[i], &messages[i], words);
    answer->messages = messages;
    g_ptr_array_add(words, NULL);
    answer->keywords = mg_transcript_pool_copy(pool, words->pdata, words->len * sizeof(char *));
}

/* "Sent;use=\Sent;subscribed;validity=7". */
static void take_folder(const char *text, MgFolder *folder, GPtrArray *pool)
{
    g_autofree char *spaced = g_strdelimit(g_strdup(text), ";", ' ');
    char *name = mg_transcript_pool_string(pool, text);
    name[strcspn(name, ";")] = '\0';
    const char *validity = mg_transcript_value(spaced, "validity", 0, pool);
    folder->name = name;
    folder->use = mg_transcript_value(spaced, "use", 0, pool);
    folder->subscribed = strstr(text, ";subscribed") != NULL;
    folder->gone = strstr(text, ";gone") != NULL;
    folder->uid_validity = validity != NULL ? (uint32_t)number_of(validity) : 1;
    folder->uid_next = (uint32_t)number_of(mg_transcript_value(spaced, "next", 0, pool));
    folder->recent_from = (uint32_t)number_of(mg_transcript_value(spaced, "recent", 0, pool));
    folder->n_messages = (uint32_t)number_of(mg_transcript_value(spaced, "messages", 0, pool));
    folder->n_unseen = (uint32_t)number_of(mg_transcript_value(spaced, "unseen", 0, pool));
    folder->n_deleted = (uint32_t)number_of(mg_transcript_value(spaced, "deleted", 0, pool));
    folder->size = number_of(mg_transcript_value(spaced, "size", 0, pool));
    folder->modseq = number_of(mg_transcript_value(spaced, "modseq", 0, pool));
}

static void take_folders(const char *text, MgFoldersAnswer *answer, GPtrArray *pool)
{
    size_t n = 0;
    while (mg_transcript_value(text, "folder", n, pool) != NULL)
        n++;
    MgFolder *folders = g_new0(MgFolder, n + 1);
    g_ptr_array_add(pool, folders);
    for (size_t i = 0; i < n; i++)
        take_folder(mg_transcript_value(text, "folder", i, pool), &folders[i], pool);
    if (n == 1 && answer->n_messages > 0)
        folders[0].n_messages = (uint32_t)answer->n_messages;
    answer->folders = folders;
    answer->n_folders = n;
}

static void *parse_answer(const char *text, size_t count, GPtrArray *pool)
{
    MgFoldersAnswer answer = {0};
    size_t len = strcspn(text, " "), result = 0;
    while (result < G_N_ELEMENTS(results) &&
           (strlen(results[result]) != len || strncmp(results[result], text, len) != 0))
        result++;
    if (result == G_N_ELEMENTS(results))
        return NULL;
    answer.result = (MgFoldersResult)result;
    take_messages(text, &answer, pool);
    take_folders(text, &answer, pool);
    answer.gone = take_uids(text, "gone", &answer.n_gone, pool);
    answer.new_uids = take_uids(text, "new", &answer.n_new_uids, pool);
    answer.uid_validity = (uint32_t)number_of(mg_transcript_value(text, "validity", 0, pool));
    answer.used = number_of(mg_transcript_value(text, "used", 0, pool));
    answer.limit = number_of(mg_transcript_value(text, "limit", 0, pool));
    const char *data = mg_transcript_value(text, "data", 0, pool);
    if (data != NULL) {
        g_autoptr(GString) octets = g_string_new(NULL);
        g_autofree char *problem = NULL;
        if (!mg_transcript_unescape(data, octets, &problem))
            return NULL;
        answer.data =
            (MgSpan){mg_transcript_pool_copy(pool, octets->str, octets->len), octets->len};
    }
    return mg_transcript_pool_copy(pool, &answer, sizeof answer);
}

static const char *const faults[] = {"none", "exists", "refused", "full", "failed", "ok", NULL};

const MgTopicAdapter mg_transcript_folders = {.topic = MG_TOPIC_FOLDERS,
                                              .name = "folders",
                                              .format_question = format_question,
                                              .parse_answer = parse_answer,
                                              .faults = faults};
