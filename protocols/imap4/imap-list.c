/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-list.c - LIST, LSUB, STATUS (RFC 3501 §6.3.8 to §6.3.10; RFC 5258, 5819, 6154, 8438)
 *
 * The store keeps folders, not levels: "a" of "a/b" may be in the names alone. Such a level is
 * listed as \Noselect.
 */
#include "imap-session.h"
#include "imap-utf7.h"

#define PATTERN_MAX  1000u
#define PATTERNS_MAX 100u

enum {
    SELECT_SUBSCRIBED = 1 << 0,
    SELECT_RECURSIVE = 1 << 1,
    SELECT_SPECIAL = 1 << 2,
    SELECT_REMOTE = 1 << 3,
    RETURN_SUBSCRIBED = 1 << 4,
    RETURN_CHILDREN = 1 << 5,
    RETURN_SPECIAL = 1 << 6,
    IS_LSUB = 1 << 7
};

typedef struct {
    char *name;
    const MgFolder *folder; /* (nullable) borrowed of the answer; NULL: a level in names alone */
    bool there, subscribed, children, subscribed_below, matches;
} Row;

/* ---- STATUS items ---- */

enum {
    STATUS_MESSAGES,
    STATUS_RECENT,
    STATUS_UIDNEXT,
    STATUS_UIDVALIDITY,
    STATUS_UNSEEN,
    STATUS_DELETED,
    STATUS_SIZE,
    STATUS_HIGHESTMODSEQ,
    STATUS_APPENDLIMIT
};
static const char *const status_names[] = {
    [STATUS_MESSAGES] = "MESSAGES",
    [STATUS_RECENT] = "RECENT",
    [STATUS_UIDNEXT] = "UIDNEXT",
    [STATUS_UIDVALIDITY] = "UIDVALIDITY",
    [STATUS_UNSEEN] = "UNSEEN",
    [STATUS_DELETED] = "DELETED",
    [STATUS_SIZE] = "SIZE",
    [STATUS_HIGHESTMODSEQ] = "HIGHESTMODSEQ",
    [STATUS_APPENDLIMIT] = "APPENDLIMIT",
};

static bool read_status_items(MgImapSession *session, MgImapReader *reader)
{
    if (!mg_imap_read_octet(reader, '('))
        return false;
    do {
        unsigned i = 0;
        while (i < G_N_ELEMENTS(status_names) && !mg_imap_read_word(reader, status_names[i]))
            i++;
        if (i == G_N_ELEMENTS(status_names))
            return false;
        session->job.status |= 1u << i;
        session->job.condstore |= i == STATUS_HIGHESTMODSEQ;
    } while (mg_imap_read_octet(reader, ' '));
    return mg_imap_read_octet(reader, ')');
}

/* How many are new, as far as it can be told without the messages: of those that have gone since,
 * nobody knows. */
static uint32_t recent_at_most(const MgFolder *folder)
{
    return MIN(folder->n_messages, folder->uid_next - MIN(folder->recent_from, folder->uid_next));
}

static void say_status(MgImapSession *session, const char *name, const MgFolder *folder,
                       uint32_t recent)
{
    const uint64_t values[] = {[STATUS_MESSAGES] = folder->n_messages,
                               [STATUS_RECENT] = recent,
                               [STATUS_UIDNEXT] = folder->uid_next,
                               [STATUS_UIDVALIDITY] = folder->uid_validity,
                               [STATUS_UNSEEN] = folder->n_unseen,
                               [STATUS_DELETED] = folder->n_deleted,
                               [STATUS_SIZE] = folder->size,
                               [STATUS_HIGHESTMODSEQ] = folder->modseq,
                               [STATUS_APPENDLIMIT] = session->message_max};
    const char *space = "";
    g_autoptr(GString) line = g_string_new("* STATUS ");
    mg_imap_add_folder(line, name);
    g_string_append(line, " (");
    for (unsigned i = 0; i < G_N_ELEMENTS(values); i++)
        if ((session->job.status & 1u << i) != 0) {
            g_string_append_printf(line, "%s%s %" G_GUINT64_FORMAT, space, status_names[i],
                                   values[i]);
            space = " ";
        }
    mg_imap_say(session, "%s)", line->str);
}

static void status_looked(MgImapSession *session, const MgFoldersAnswer *answer)
{
    uint32_t recent = 0;
    if (answer == NULL || answer->result != MG_FOLDERS_OK || answer->n_folders == 0) {
        mg_imap_conclude_failed(session, answer);
        return;
    }
    for (size_t i = 0; i < answer->n_messages; i++)
        recent += answer->messages[i].uid >= answer->folders->recent_from;
    say_status(session, session->job.folder, answer->folders, recent);
    mg_imap_conclude(session, "OK That is it");
}

void mg_imap_do_status(MgImapSession *session, MgImapReader *reader)
{
    MgImapJob *job = &session->job;
    job->folder = mg_imap_read_octet(reader, ' ') ? mg_imap_read_folder(reader) : NULL;
    if (job->folder == NULL || !mg_imap_read_octet(reader, ' ') ||
        !read_status_items(session, reader) || !mg_imap_read_end(reader)) {
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT, "Say which folder, and (MESSAGES UNSEEN)");
        return;
    }
    if (job->condstore)
        mg_imap_want_modseqs(session);
    session->question = (MgFoldersQuestion){.folder = job->folder};
    mg_imap_ask(session, MG_FOLDERS_LOOK, status_looked);
}

/* ---- patterns: "*" is anything, "%" anything on one level ---- */

/* Which beginnings of the pattern match the beginning of the name that was looked at so far. */
static void step_over(GByteArray *reached, const char *pattern, char octet)
{
    bool before = false; /* reached[i - 1], as it was */
    for (guint i = 0; i < reached->len; i++) {
        bool was = reached->data[i] != 0, now = false;
        if (i > 0 && (pattern[i - 1] == '*' || (pattern[i - 1] == '%' && octet != '/')))
            now = was || before;
        else if (i > 0 && pattern[i - 1] == octet)
            now = before;
        reached->data[i] = now;
        before = was;
    }
}

/* A wildcard may stand for nothing. */
static void step_empty(GByteArray *reached, const char *pattern)
{
    for (guint i = 1; i < reached->len; i++)
        if (reached->data[i - 1] != 0 && (pattern[i - 1] == '*' || pattern[i - 1] == '%'))
            reached->data[i] = 1;
}

static bool pattern_matches(const char *pattern, const char *name)
{
    size_t len = strlen(pattern);
    g_autoptr(GByteArray) reached = g_byte_array_new();
    g_byte_array_set_size(reached, (guint)len + 1);
    memset(reached->data, 0, len + 1);
    reached->data[0] = 1;
    step_empty(reached, pattern);
    for (const char *c = name; *c != '\0'; c++) {
        step_over(reached, pattern, *c);
        step_empty(reached, pattern);
    }
    return reached->data[len] != 0;
}

static bool matches(const MgImapJob *job, const char *name)
{
    bool inbox = strcmp(name, "INBOX") == 0;
    for (guint i = 0; i < job->patterns->len; i++) {
        const char *pattern = job->patterns->pdata[i];
        g_autofree char *upper = inbox ? g_ascii_strup(pattern, -1) : NULL;
        if (pattern_matches(upper != NULL ? upper : pattern, name))
            return true;
    }
    return false;
}

/* A list-mailbox: an atom in which wildcards may be, or a string. */
static bool read_pattern(MgImapReader *reader, GString *out)
{
    uint8_t next = mg_imap_read_peek(reader);
    size_t before = reader->at;
    if (next == '"' || next == '{')
        return mg_imap_read_astring(reader, out);
    while (next > ' ' && next < 0x7f && strchr("(){\"\\", next) == NULL) {
        g_string_append_c(out, (char)next);
        reader->at++;
        next = mg_imap_read_peek(reader);
    }
    return reader->at > before;
}

static bool read_patterns(MgImapSession *session, MgImapReader *reader, const char *reference)
{
    MgImapJob *job = &session->job;
    bool many = mg_imap_read_octet(reader, '(');
    do {
        g_autoptr(GString) pattern = g_string_new(reference);
        if (!read_pattern(reader, pattern) || job->patterns->len >= PATTERNS_MAX ||
            pattern->len > PATTERN_MAX)
            return false;
        char *name = mg_imap_utf7_decode(mg_imap_span(pattern));
        if (name != NULL) /* else it is the name of no folder */
            g_ptr_array_add(job->patterns, name);
    } while (many && mg_imap_read_octet(reader, ' '));
    return !many || mg_imap_read_octet(reader, ')');
}

/* ---- options ---- */

static const struct {
    const char *name;
    unsigned bit;
} selections[] = {{"SUBSCRIBED", SELECT_SUBSCRIBED | RETURN_SUBSCRIBED},
                  {"RECURSIVEMATCH", SELECT_RECURSIVE},
                  {"SPECIAL-USE", SELECT_SPECIAL | RETURN_SPECIAL},
                  {"REMOTE", SELECT_REMOTE}},
  returns[] = {{"SUBSCRIBED", RETURN_SUBSCRIBED},
               {"CHILDREN", RETURN_CHILDREN},
               {"SPECIAL-USE", RETURN_SPECIAL}};

static bool read_selections(MgImapSession *session, MgImapReader *reader)
{
    MgImapJob *job = &session->job;
    if (!mg_imap_read_octet(reader, '('))
        return true;
    while (!mg_imap_read_octet(reader, ')')) {
        size_t i = 0;
        while (i < G_N_ELEMENTS(selections) && !mg_imap_read_word(reader, selections[i].name))
            i++;
        if (i == G_N_ELEMENTS(selections))
            return false;
        job->listing |= selections[i].bit;
        mg_imap_read_octet(reader, ' ');
    }
    /* RFC 5258 §3.1: RECURSIVEMATCH needs something to match */
    return mg_imap_read_octet(reader, ' ') &&
           ((job->listing & SELECT_RECURSIVE) == 0 ||
            (job->listing & (SELECT_SUBSCRIBED | SELECT_SPECIAL)) != 0);
}

static bool read_returns(MgImapSession *session, MgImapReader *reader)
{
    MgImapJob *job = &session->job;
    if (mg_imap_read_end(reader))
        return true;
    if (!mg_imap_read_octet(reader, ' ') || !mg_imap_read_word(reader, "RETURN") ||
        !mg_imap_read_octet(reader, ' ') || !mg_imap_read_octet(reader, '('))
        return false;
    while (!mg_imap_read_octet(reader, ')')) {
        size_t i = 0;
        while (i < G_N_ELEMENTS(returns) && !mg_imap_read_word(reader, returns[i].name))
            i++;
        if (i < G_N_ELEMENTS(returns))
            job->listing |= returns[i].bit;
        else if (!mg_imap_read_word(reader, "STATUS") || !mg_imap_read_octet(reader, ' ') ||
                 !read_status_items(session, reader))
            return false;
        mg_imap_read_octet(reader, ' ');
    }
    return mg_imap_read_end(reader);
}

/* ---- rows ---- */

static void row_free(void *data)
{
    Row *row = data;
    g_free(row->name);
    g_free(row);
}

static Row *row_of(GPtrArray *rows, GHashTable *by_name, const char *name)
{
    Row *row = g_hash_table_lookup(by_name, name);
    if (row == NULL) {
        row = g_new0(Row, 1);
        row->name = g_strdup(name);
        g_ptr_array_add(rows, row);
        g_hash_table_insert(by_name, row->name, row);
    }
    return row;
}

/* The levels above it come into being with it. */
static void add_folder(GPtrArray *rows, GHashTable *by_name, const MgFolder *folder, bool lsub)
{
    if (folder->gone && !folder->subscribed)
        return;
    g_autofree char *name = g_strdup(folder->name);
    for (char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        Row *above = folder->gone && !lsub ? g_hash_table_lookup(by_name, name)
                                           : row_of(rows, by_name, name);
        if (above != NULL) {
            above->children |= !folder->gone;
            above->subscribed_below |= folder->subscribed;
        }
        *slash = '/';
    }
    Row *row = row_of(rows, by_name, name);
    row->folder = folder;
    row->there = !folder->gone;
    row->subscribed = folder->subscribed;
}

static void add_word(GString *line, const char **space, const char *word)
{
    g_string_append_printf(line, "%s%s", *space, word);
    *space = " ";
}

static void say_row(MgImapSession *session, const Row *row, bool child_info)
{
    unsigned listing = session->job.listing;
    bool lsub = (listing & IS_LSUB) != 0, extended = (listing & SELECT_SUBSCRIBED) != 0;
    const char *space = "";
    g_autoptr(GString) line = g_string_new(lsub ? "* LSUB (" : "* LIST (");
    if (lsub && !row->subscribed)
        add_word(line, &space, "\\Noselect"); /* RFC 3501 §6.3.9 */
    else if (!lsub && !row->there)
        add_word(line, &space, row->folder != NULL || extended ? "\\NonExistent" : "\\Noselect");
    if (!lsub)
        add_word(line, &space, row->children ? "\\HasChildren" : "\\HasNoChildren");
    if ((listing & RETURN_SUBSCRIBED) != 0 && row->subscribed)
        add_word(line, &space, "\\Subscribed");
    if (!lsub && row->there && row->folder->use != NULL)
        add_word(line, &space, row->folder->use);
    g_string_append(line, ") \"/\" ");
    mg_imap_add_folder(line, row->name);
    if (child_info)
        g_string_append(line, " (\"CHILDINFO\" (\"SUBSCRIBED\"))");
    mg_imap_say(session, "%s", line->str);
    if (session->job.status != 0 && row->there)
        say_status(session, row->name, row->folder, recent_at_most(row->folder));
}

/* Is there one below that is subscribed to, and that the pattern does not name by itself? */
static bool hides_subscribed(const MgImapSession *session, const GPtrArray *rows, const Row *row)
{
    size_t len = strlen(row->name);
    if ((session->job.listing & SELECT_RECURSIVE) == 0 || !row->subscribed_below)
        return false;
    for (guint i = 0; i < rows->len; i++) {
        const Row *other = rows->pdata[i];
        if (other->subscribed && strncmp(other->name, row->name, len) == 0 &&
            other->name[len] == '/' && !matches(&session->job, other->name))
            return true;
    }
    return false;
}

static bool is_selected(const MgImapSession *session, const Row *row)
{
    unsigned listing = session->job.listing;
    if ((listing & IS_LSUB) != 0)
        return row->subscribed || row->subscribed_below;
    if ((listing & SELECT_SUBSCRIBED) != 0 && !row->subscribed)
        return false;
    if ((listing & SELECT_SPECIAL) != 0 && (!row->there || row->folder->use == NULL))
        return false;
    return row->there || row->children || (listing & SELECT_SUBSCRIBED) != 0;
}

static void listed(MgImapSession *session, const MgFoldersAnswer *answer)
{
    bool lsub = (session->job.listing & IS_LSUB) != 0;
    if (answer == NULL || answer->result != MG_FOLDERS_OK) {
        mg_imap_conclude_failed(session, answer);
        return;
    }
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(row_free);
    g_autoptr(GHashTable) by_name = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < answer->n_folders; i++)
        add_folder(rows, by_name, &answer->folders[i], lsub);
    for (guint i = 0; i < rows->len; i++) {
        const Row *row = rows->pdata[i];
        if (!matches(&session->job, row->name))
            continue;
        bool hides = hides_subscribed(session, rows, row);
        if (is_selected(session, row) || hides)
            say_row(session, row, hides);
    }
    mg_imap_conclude(session, "OK That is all");
}

static void list(MgImapSession *session, MgImapReader *reader, bool lsub)
{
    MgImapJob *job = &session->job;
    g_autoptr(GString) reference = g_string_new(NULL);
    job->listing = lsub ? IS_LSUB : 0;
    bool read = mg_imap_read_octet(reader, ' ') && (lsub || read_selections(session, reader)) &&
                mg_imap_read_astring(reader, reference) && mg_imap_read_octet(reader, ' ');
    MgImapReader rest = *reader;
    bool root = read && !lsub && mg_imap_read_octet(&rest, '"') && mg_imap_read_octet(&rest, '"') &&
                mg_imap_read_end(&rest);
    if (root) { /* RFC 3501 §6.3.8: which hierarchy is it? */
        mg_imap_say(session, "* LIST (\\Noselect) \"/\" \"\"");
        mg_imap_conclude(session, "OK That is all");
        return;
    }
    read = read && read_patterns(session, reader, reference->str) &&
           (lsub ? mg_imap_read_end(reader) : read_returns(session, reader));
    if (!read) {
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT, "Say where to begin, and a pattern: \"\" \"*\"");
        return;
    }
    session->question = (MgFoldersQuestion){0};
    mg_imap_ask(session, MG_FOLDERS_LIST, listed);
}

void mg_imap_do_list(MgImapSession *session, MgImapReader *reader)
{
    list(session, reader, false);
}

void mg_imap_do_lsub(MgImapSession *session, MgImapReader *reader)
{
    list(session, reader, true);
}
