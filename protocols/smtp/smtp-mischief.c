/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-mischief.c - a server that misbehaves as it is told to: what do the others do about it?
 *
 * The setting `misbehave` is a list: "451 at rcpt twice; drop at letter once; slow 30s at mail".
 * How often each was done is counted for the host, not for a session: a client that comes again
 * finds the server in a better mood.
 */
#include "smtp-session.h"
#include "text.h"

#define TIMES_ALWAYS UINT_MAX

typedef struct {
    MgSmtpMoment at;
    unsigned code; /* 0: no reply */
    MgTime slow;   /* 0: not slow; then code 0 hangs up */
    unsigned left; /* how often still */
} Row;

static const char *const moments[MG_SMTP_N_MOMENTS] = {
    "connect", "helo", "starttls", "auth", "mail", "rcpt", "data", "letter", "quit"};

static bool read_code(const char *word, unsigned *code)
{
    uint64_t value = 0;
    if (!mg_text_parse_uint(mg_span_from_string(word), 599, &value) || value < 400)
        return false;
    *code = (unsigned)value;
    return true;
}

static bool read_times(const char *word, unsigned *times)
{
    uint64_t value = 0;
    if (word == NULL)
        *times = TIMES_ALWAYS;
    else if (strcmp(word, "once") == 0)
        *times = 1;
    else if (strcmp(word, "twice") == 0)
        *times = 2;
    else if (mg_text_parse_uint(mg_span_from_string(word), 1000000, &value))
        *times = (unsigned)value;
    else
        return false;
    return true;
}

/* "451 at rcpt twice", "drop at letter", "slow 30s at mail" */
static bool read_row(const char *text, Row *row)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    unsigned n = g_strv_length(words), i = 0;
    *row = (Row){0};
    if (n > 1 && strcmp(words[0], "slow") == 0) {
        i = 2;
        if (!mg_time_parse(words[1], &row->slow) || row->slow <= 0)
            return false;
    } else if (n > 0 && (strcmp(words[0], "drop") == 0 || read_code(words[0], &row->code))) {
        i = 1;
    }
    if (i == 0 || n < i + 2 || n > i + 3 || strcmp(words[i], "at") != 0)
        return false;
    for (row->at = 0; row->at < MG_SMTP_N_MOMENTS; row->at++)
        if (strcmp(words[i + 1], moments[row->at]) == 0)
            break;
    return row->at < MG_SMTP_N_MOMENTS && read_times(words[i + 2], &row->left);
}

struct MgSmtpMischief {
    GArray *rows; /* of Row */
    char *text;   /* that they were read from */
};

/* `problems` NULL: what cannot be read is left out. */
static void read_rows(MgSmtpMischief *mischief, const MgSettings *settings, GPtrArray *problems)
{
    g_free(mischief->text);
    mischief->text = g_strdup(mg_settings_get(settings, "misbehave", ""));
    g_array_set_size(mischief->rows, 0);
    g_auto(GStrv) texts = g_strsplit(mischief->text, ";", -1);
    for (size_t i = 0; texts[i] != NULL; i++) {
        Row row;
        const char *text = g_strstrip(texts[i]);
        if (*text == '\0')
            continue;
        if (read_row(text, &row))
            g_array_append_val(mischief->rows, row);
        else if (problems != NULL)
            g_ptr_array_add(problems, g_strdup_printf("misbehave: \"%s\" is not of the form "
                                                      "\"451 at rcpt twice\", \"drop at "
                                                      "letter\" or \"slow 30s at mail\"",
                                                      text));
    }
}

void *mg_smtp_mischief_setup(const MgSettings *settings, GPtrArray *problems)
{
    MgSmtpMischief *mischief = g_new0(MgSmtpMischief, 1);
    guint known = problems != NULL ? problems->len : 0;
    mischief->rows = g_array_new(FALSE, FALSE, sizeof(Row));
    read_rows(mischief, settings, problems);
    if (problems != NULL)
        mg_smtp_check_settings(settings, problems);
    if (problems != NULL && problems->len > known) {
        mg_smtp_mischief_teardown(mischief);
        return NULL;
    }
    return mischief;
}

void mg_smtp_mischief_look(MgSmtpMischief *mischief, const MgSettings *settings)
{
    if (mischief != NULL && strcmp(mischief->text, mg_settings_get(settings, "misbehave", "")) != 0)
        read_rows(mischief, settings, NULL);
}

void mg_smtp_mischief_teardown(void *shared)
{
    MgSmtpMischief *mischief = shared;
    g_array_unref(mischief->rows);
    g_free(mischief->text);
    g_free(mischief);
}

MgTime mg_smtp_mischief_delay(MgSmtpSession *session, MgSmtpMoment at)
{
    for (guint i = 0; session->mischief != NULL && i < session->mischief->rows->len; i++) {
        Row *row = &g_array_index(session->mischief->rows, Row, i);
        if (row->at != at || row->slow == 0 || row->left == 0)
            continue;
        if (row->left != TIMES_ALWAYS)
            row->left--;
        mg_smtp_note(session, MG_SMTP_R_MISCHIEF, (MgSpan){NULL, 0});
        return row->slow;
    }
    return 0;
}

/* What is answered, or that nothing is. */
static void misbehave(MgSmtpSession *session, MgSmtpMoment at, unsigned code)
{
    static const char text[] = "As this server was told to say";
    const char *enhanced = code < 500 ? "4.0.0" : "5.0.0";
    mg_smtp_note(session, MG_SMTP_R_MISCHIEF, (MgSpan){NULL, 0});
    if (code == 0)
        mg_smtp_finish(session);
    else if (at == MG_SMTP_AT_LETTER)
        mg_smtp_reply_to_letter(session, code, enhanced, text);
    else
        mg_smtp_reply(session, code, at == MG_SMTP_AT_CONNECT ? NULL : enhanced, "%s", text);
    if (code == 421)
        mg_smtp_finish(session);
    else if (at == MG_SMTP_AT_CONNECT && code != 0)
        mg_smtp_enter(session, MG_SMTP_REFUSED);
}

bool mg_smtp_mischief(MgSmtpSession *session, MgSmtpMoment at)
{
    for (guint i = 0; session->mischief != NULL && i < session->mischief->rows->len; i++) {
        Row *row = &g_array_index(session->mischief->rows, Row, i);
        if (row->at != at || row->slow != 0 || row->left == 0)
            continue;
        if (row->left != TIMES_ALWAYS)
            row->left--;
        misbehave(session, at, row->code);
        return true;
    }
    return false;
}

bool mg_smtp_magic(MgSmtpSession *session)
{
    const char *name = session->recipient;
    size_t len = strcspn(name, "@+-");
    g_autofree char *word = g_strndup(name, len);
    unsigned code = 0;
    if (!session->magic || (strcmp(word, "drop") != 0 && !read_code(word, &code)))
        return false;
    mg_smtp_forget_recipient(session);
    misbehave(session, MG_SMTP_AT_RCPT, code);
    return true;
}
