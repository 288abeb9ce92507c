/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-commands.c - the table of commands (RFC 3501 §6) and the simplest of them */
#include "imap-session.h"
#include "text.h"

static void do_noop(MgImapSession *session, MgImapReader *reader)
{
    mg_imap_conclude(session, "OK Nothing done");
}

static void do_logout(MgImapSession *session, MgImapReader *reader)
{
    mg_imap_say(session, "* BYE Goodbye"); /* RFC 3501 §6.1.3: before the OK */
    mg_imap_reply(session, "OK Until next time");
    mg_imap_finish(session);
}

static void do_namespace(MgImapSession *session, MgImapReader *reader)
{
    mg_imap_say(session, "* NAMESPACE ((\"\" \"/\")) NIL NIL"); /* RFC 2342 §5 */
    mg_imap_conclude(session, "OK That is all");
}

/* What the client says of itself is in the inspector; nothing depends on it (RFC 2971 §3.1). */
static void do_id(MgImapSession *session, MgImapReader *reader)
{
    mg_imap_say(session, "* ID (\"name\" \"Mailglass\")");
    mg_imap_conclude(session, "OK Pleased to meet you");
}

/* RFC 5161 §3.1: what is not known is passed over. */
static void do_enable(MgImapSession *session, MgImapReader *reader)
{
    MgSpan word;
    bool condstore = false, qresync = false, read = false;
    while (mg_imap_read_octet(reader, ' ')) {
        read = mg_imap_read_atom(reader, &word);
        if (!read)
            break;
        condstore |= mg_span_equal_nocase(word, MG_SPAN("CONDSTORE"));
        qresync |= mg_span_equal_nocase(word, MG_SPAN("QRESYNC"));
    }
    if (!read || !mg_imap_read_end(reader)) {
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT, "Say what to enable");
        return;
    }
    if (condstore || qresync) /* RFC 7162 §3.2.3 */
        mg_imap_want_modseqs(session);
    session->qresync |= qresync;
    mg_imap_say(session, "* ENABLED%s%s", condstore ? " CONDSTORE" : "", qresync ? " QRESYNC" : "");
    mg_imap_conclude(session, "OK Done");
}

enum { STRANGER = 1, KNOWN = 2, SELECTED = 4, INSIDE = KNOWN | SELECTED, ANY = 7 };
enum {
    BARE = 1, /* nothing follows the name */
    UID = 2,  /* may come behind UID */
    ONLY_UID = 4,
    STILL = 8 /* RFC 3501 §7.4.1: no EXPUNGE before its reply, but behind UID */
};

static const struct {
    const char *name;
    uint8_t states, ways;
    void (*run)(MgImapSession *session, MgImapReader *reader);
} commands[] = {
    {"CAPABILITY", ANY, BARE, mg_imap_do_capability},
    {"NOOP", ANY, BARE, do_noop},
    {"LOGOUT", ANY, BARE, do_logout},
    {"ID", ANY, 0, do_id},
    {"STARTTLS", STRANGER, BARE, mg_imap_do_starttls},
    {"AUTHENTICATE", STRANGER, 0, mg_imap_do_authenticate},
    {"LOGIN", STRANGER, 0, mg_imap_do_login},
    {"ENABLE", INSIDE, 0, do_enable}, /* laxer than RFC 5161 §3.1, as others are */
    {"SELECT", INSIDE, 0, mg_imap_do_select},
    {"EXAMINE", INSIDE, 0, mg_imap_do_examine},
    {"CREATE", INSIDE, 0, mg_imap_do_create},
    {"DELETE", INSIDE, 0, mg_imap_do_delete},
    {"RENAME", INSIDE, 0, mg_imap_do_rename},
    {"SUBSCRIBE", INSIDE, 0, mg_imap_do_subscribe},
    {"UNSUBSCRIBE", INSIDE, 0, mg_imap_do_unsubscribe},
    {"LIST", INSIDE, 0, mg_imap_do_list},
    {"LSUB", INSIDE, 0, mg_imap_do_lsub},
    {"STATUS", INSIDE, 0, mg_imap_do_status},
    {"NAMESPACE", INSIDE, BARE, do_namespace},
    {"APPEND", INSIDE, 0, mg_imap_do_append},
    {"IDLE", INSIDE, BARE, mg_imap_do_idle},
    {"GETQUOTA", INSIDE, 0, mg_imap_do_getquota},
    {"GETQUOTAROOT", INSIDE, 0, mg_imap_do_getquotaroot},
    {"CHECK", SELECTED, BARE, do_noop},
    {"CLOSE", SELECTED, BARE, mg_imap_do_close},
    {"UNSELECT", SELECTED, BARE, mg_imap_do_unselect},
    {"EXPUNGE", SELECTED, UID, mg_imap_do_expunge},
    {"FETCH", SELECTED, UID | STILL, mg_imap_do_fetch},
    {"STORE", SELECTED, UID | STILL, mg_imap_do_store},
    {"COPY", SELECTED, UID | STILL, mg_imap_do_copy},
    {"MOVE", SELECTED, UID, mg_imap_do_move},
    {"SEARCH", SELECTED, UID | STILL, mg_imap_do_search},
    {"SORT", SELECTED, UID | STILL, mg_imap_do_sort},
    {"THREAD", SELECTED, UID | STILL, mg_imap_do_thread},
};

/* ---- what a command remembers ---- */

static void job_begin(MgImapJob *job)
{
    *job = (MgImapJob){.places = g_array_new(FALSE, FALSE, sizeof(unsigned)),
                       .uids = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
                       .found = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
                       .found_modseqs = g_array_new(FALSE, FALSE, sizeof(uint64_t)),
                       .found_uids = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
                       .keywords = g_ptr_array_new_with_free_func(g_free),
                       .items = g_array_new(FALSE, FALSE, sizeof(MgImapFetchItem)),
                       .letters = g_array_new(FALSE, FALSE, sizeof(MgImapLetter)),
                       .patterns = g_ptr_array_new_with_free_func(g_free)};
    g_array_set_clear_func(job->items, mg_imap_fetch_item_clear);
    g_array_set_clear_func(job->letters, mg_imap_letter_clear);
}

void mg_imap_job_clear(MgImapJob *job)
{
    GArray *arrays[] = {job->places, job->uids,    job->found, job->found_uids,
                        job->items,  job->letters, job->known, job->found_modseqs};
    for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++)
        if (arrays[i] != NULL)
            g_array_unref(arrays[i]);
    g_clear_pointer(&job->keywords, g_ptr_array_unref);
    g_clear_pointer(&job->patterns, g_ptr_array_unref);
    g_clear_pointer(&job->search, mg_imap_search_free);
    g_clear_pointer(&job->sort, mg_imap_sort_free);
    g_clear_pointer(&job->thread, mg_imap_thread_free);
    if (job->reply != NULL)
        g_string_free(job->reply, TRUE);
    if (job->level != NULL)
        g_string_free(job->level, TRUE);
    g_free(job->folder);
    g_free(job->to);
    *job = (MgImapJob){0};
}

/* A tag is an astring without "+" (RFC 3501 §9). */
static bool read_tag(MgImapSession *session, MgImapReader *reader)
{
    MgSpan tag;
    bool read = mg_imap_read_atom(reader, &tag) && memchr(tag.data, '+', tag.len) == NULL &&
                mg_imap_read_octet(reader, ' ');
    g_free(session->tag);
    session->tag = read ? g_strndup((const char *)tag.data, tag.len) : NULL;
    return read;
}

/* The row of the command, or one past the last. */
static size_t find_row(MgSpan name, bool by_uid)
{
    size_t i = 0;
    while (i < G_N_ELEMENTS(commands) &&
           (!mg_span_equal_nocase(name, mg_span_from_string(commands[i].name)) ||
            (by_uid && (commands[i].ways & UID) == 0)))
        i++;
    return i;
}

static void run_row(MgImapSession *session, MgImapReader *reader, size_t row)
{
    uint8_t state = session->state == MG_IMAP_STRANGER ? STRANGER
                    : session->state == MG_IMAP_KNOWN  ? KNOWN
                                                       : SELECTED;
    bool bare = (commands[row].ways & BARE) != 0;
    if ((commands[row].states & state) == 0)
        mg_imap_bad(session, MG_IMAP_R_STATE,
                    state == STRANGER                  ? "Log in first"
                    : commands[row].states == STRANGER ? "You have logged in already"
                    : state == KNOWN                   ? "Select a folder first"
                                                       : "Not now");
    else if (bare && !mg_imap_read_end(reader))
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT, "Nothing follows this command");
    else
        commands[row].run(session, reader);
}

void mg_imap_run_command(MgImapSession *session)
{
    MgImapJob *job = &session->job;
    MgImapReader reader = {.text = mg_imap_span(session->command)};
    MgSpan name = {NULL, 0};
    reader.text.len = mg_text_without_end(reader.text);
    mg_imap_job_clear(job);
    job_begin(job);
    if (!read_tag(session, &reader) || !mg_imap_read_atom(&reader, &name)) {
        mg_imap_bad(session, MG_IMAP_R_TAG, "Say a tag, a space and a command");
        return;
    }
    bool uid = mg_span_equal_nocase(name, MG_SPAN("UID"));
    if (uid && (!mg_imap_read_octet(&reader, ' ') || !mg_imap_read_atom(&reader, &name)))
        name = mg_imap_no_bytes();
    size_t row = find_row(name, uid);
    if (row == G_N_ELEMENTS(commands)) {
        mg_imap_bad(session, MG_IMAP_R_UNKNOWN, "There is no such command");
        return;
    }
    job->by_uid = uid;
    job->expunges = uid || (commands[row].ways & STILL) == 0;
    run_row(session, &reader, row);
}
