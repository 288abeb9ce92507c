/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-find.c - SEARCH, SORT, THREAD (RFC 3501 §6.4.4, RFC 5256; RFC 4731, 5182, 5267 §3,
 * RFC 7162 §3.1.5)
 *
 * Messages are gone through one by one, and the letter is read only if it decides.
 */
#include "imap-session.h"

static void find_next(MgImapSession *session);

static MgImapSearchView view_of(const MgImapSession *session, unsigned place, MgMessage *letter)
{
    const MgImapMessage *message = mg_imap_message(session, place);
    return (MgImapSearchView){.number = place + 1,
                              .facts = &message->facts,
                              .recent = message->recent,
                              .last = session->n_told,
                              .last_uid = mg_imap_message(session, session->n_told - 1)->facts.uid,
                              .keywords = (const char *const *)session->keywords->pdata,
                              .saved = (const uint32_t *)(const void *)session->saved->data,
                              .n_saved = session->saved->len,
                              .epoch = session->epoch,
                              .now = session->epoch + session->now / MG_SECONDS,
                              .letter = letter};
}

/* ---- what was found ---- */

static void add_found(MgImapSession *session, unsigned place, const MgMessage *letter)
{
    MgImapJob *job = &session->job;
    const MgMailboxMessage *facts = &mg_imap_message(session, place)->facts;
    uint32_t name = job->by_uid ? facts->uid : place + 1;
    g_array_append_val(job->found_modseqs, facts->modseq);
    g_array_append_val(job->found, name);
    g_array_append_val(job->found_uids, facts->uid);
    if (job->sort != NULL)
        mg_imap_sort_add(job->sort, name, facts, session->epoch, letter);
    if (job->thread != NULL)
        mg_imap_thread_add(job->thread, name, facts, session->epoch, letter);
}

/* RFC 5182 §2.1: what "$" means from now on. */
static void save(MgImapSession *session)
{
    const MgImapJob *job = &session->job;
    unsigned options = job->wanted.options, n = job->found_uids->len;
    bool ends_only = (options & (MG_IMAP_RETURN_MIN | MG_IMAP_RETURN_MAX)) != 0 &&
                     (options & (MG_IMAP_RETURN_ALL | MG_IMAP_RETURN_COUNT)) == 0;
    g_array_set_size(session->saved, 0);
    for (unsigned i = 0; i < n; i++) {
        bool first = i == 0 && (options & MG_IMAP_RETURN_MIN) != 0;
        bool last = i + 1 == n && (options & MG_IMAP_RETURN_MAX) != 0;
        if (!ends_only || first || last)
            g_array_append_val(session->saved, g_array_index(job->found_uids, uint32_t, i));
    }
}

/* RFC 4731 §3.2: of MIN and MAX alone it is theirs, else the highest of all. */
static uint64_t modseq_of(const MgImapJob *job)
{
    unsigned options = job->wanted.options, n = job->found_modseqs->len;
    bool ends_only = (options & (MG_IMAP_RETURN_MIN | MG_IMAP_RETURN_MAX)) != 0 &&
                     (options & (MG_IMAP_RETURN_ALL | MG_IMAP_RETURN_COUNT)) == 0;
    uint64_t highest = 0;
    for (unsigned i = 0; i < n; i++) {
        bool first = i == 0 && (options & MG_IMAP_RETURN_MIN) != 0;
        bool last = i + 1 == n && (options & MG_IMAP_RETURN_MAX) != 0;
        if (!ends_only || first || last)
            highest = MAX(highest, g_array_index(job->found_modseqs, uint64_t, i));
    }
    return highest;
}

static const uint32_t *numbers_of(const GArray *found)
{
    return (const uint32_t *)(const void *)found->data;
}

static void say_extended(MgImapSession *session)
{
    const MgImapJob *job = &session->job;
    if (job->wanted.options == MG_IMAP_RETURN_SAVE)
        return;
    g_autoptr(GString) line = g_string_new("* ESEARCH (TAG ");
    mg_imap_add_string(line, mg_span_from_string(session->tag), false);
    g_string_append(line, job->by_uid ? ") UID" : ")");
    mg_imap_add_results(&job->wanted, numbers_of(job->found), job->found->len, line);
    if (mg_imap_search_has_modseq(job->search) && job->found->len > 0)
        g_string_append_printf(line, " MODSEQ %" G_GUINT64_FORMAT, modseq_of(job));
    mg_imap_say(session, "%s", line->str);
}

static void say_found(MgImapSession *session)
{
    const MgImapJob *job = &session->job;
    g_autoptr(GString) line = g_string_new(job->thread != NULL ? "* THREAD"
                                           : job->sort != NULL ? "* SORT"
                                                               : "* SEARCH");
    if (job->thread != NULL) {
        g_autoptr(GString) threads = g_string_new(NULL);
        mg_imap_thread_finish(job->thread, threads);
        g_string_append_printf(line, "%s%s", threads->len > 0 ? " " : "", threads->str);
    }
    for (unsigned i = 0; job->thread == NULL && i < job->found->len; i++)
        g_string_append_printf(line, " %u", g_array_index(job->found, uint32_t, i));
    if (job->thread == NULL && mg_imap_search_has_modseq(job->search) && job->found->len > 0)
        g_string_append_printf(line, " (MODSEQ %" G_GUINT64_FORMAT ")", modseq_of(job));
    mg_imap_say(session, "%s", line->str);
}

static void find_done(MgImapSession *session)
{
    MgImapJob *job = &session->job;
    if ((job->wanted.options & MG_IMAP_RETURN_SAVE) != 0)
        save(session);
    if (job->sort != NULL) {
        g_array_unref(job->found);
        job->found = mg_imap_sort_finish(job->sort);
    }
    if (job->wanted.options != 0)
        say_extended(session);
    else
        say_found(session);
    mg_imap_conclude(session, "OK That is all");
}

/* ---- one after the other ---- */

static void letter_read(MgImapSession *session, const MgFoldersAnswer *answer)
{
    MgImapJob *job = &session->job;
    unsigned place = job->at++;
    session->work = find_next;
    if (answer == NULL || answer->result != MG_FOLDERS_OK)
        return; /* it has gone meanwhile */
    g_autoptr(GBytes) octets = g_bytes_new(answer->data.data, answer->data.len);
    g_autoptr(MgMessage) letter = mg_message_parse(octets);
    MgImapSearchView view = view_of(session, place, letter);
    if (mg_imap_search_match(job->search, &view) == MG_IMAP_MATCH_YES)
        add_found(session, place, letter);
}

static void find_next(MgImapSession *session)
{
    MgImapJob *job = &session->job;
    bool reads_all =
        job->thread != NULL || (job->sort != NULL && mg_imap_sort_needs_letter(job->sort));
    session->work = NULL;
    for (; job->at < session->n_told; job->at++) {
        const MgImapMessage *message = mg_imap_message(session, job->at);
        if (message->gone)
            continue;
        MgImapSearchView view = view_of(session, job->at, NULL);
        MgImapMatch match = mg_imap_search_match(job->search, &view);
        if (match == MG_IMAP_MATCH_LETTER || (match == MG_IMAP_MATCH_YES && reads_all)) {
            session->question =
                (MgFoldersQuestion){.folder = session->folder, .uid = message->facts.uid};
            mg_imap_ask(session, MG_FOLDERS_READ, letter_read);
            return;
        }
        if (match == MG_IMAP_MATCH_YES)
            add_found(session, job->at, NULL);
    }
    find_done(session);
}

/* ---- what is wanted ---- */

/* " RETURN (MIN MAX)" (RFC 4731 §3.1); of RFC 5267 only PARTIAL. */
static bool read_return(MgImapSession *session, MgImapReader *reader)
{
    MgImapJob *job = &session->job;
    if (!mg_imap_read_word(reader, "RETURN"))
        return true;
    return mg_imap_read_octet(reader, ' ') && mg_imap_read_return(reader, &job->wanted) &&
           (job->wanted.options & (MG_IMAP_RETURN_UPDATE | MG_IMAP_RETURN_CONTEXT)) == 0 &&
           mg_imap_read_octet(reader, ' ');
}

static void begin(MgImapSession *session, MgImapReader *reader, const char *charset)
{
    MgImapJob *job = &session->job;
    MgImapSearchResult result = mg_imap_search_read(reader, charset, charset == NULL, &job->search);
    if (result == MG_IMAP_SEARCH_CHARSET) {
        mg_imap_conclude(session, "NO [BADCHARSET] This charset is not known");
    } else if (result != MG_IMAP_SEARCH_OK) {
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT, "This is not how to say what is looked for");
    } else {
        if (mg_imap_search_has_modseq(job->search))
            mg_imap_want_modseqs(session);
        find_next(session);
    }
}

void mg_imap_do_search(MgImapSession *session, MgImapReader *reader)
{
    if (!mg_imap_read_octet(reader, ' ') || !read_return(session, reader))
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT, "Say what is looked for: UNSEEN, FROM alice");
    else
        begin(session, reader, NULL);
}

static bool read_charset(MgImapReader *reader, GString *charset)
{
    return mg_imap_read_octet(reader, ' ') && mg_imap_read_astring(reader, charset) &&
           mg_imap_read_octet(reader, ' ');
}

void mg_imap_do_sort(MgImapSession *session, MgImapReader *reader)
{
    g_autoptr(GString) charset = g_string_new(NULL);
    if (mg_imap_read_octet(reader, ' ') && read_return(session, reader))
        session->job.sort = mg_imap_sort_read(reader);
    if (session->job.sort == NULL || !read_charset(reader, charset))
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT,
                    "Say by what, a charset, and what: (DATE) UTF-8 ALL");
    else
        begin(session, reader, charset->str);
}

void mg_imap_do_thread(MgImapSession *session, MgImapReader *reader)
{
    MgSpan name;
    MgImapThreading threading;
    g_autoptr(GString) charset = g_string_new(NULL);
    bool read = mg_imap_read_octet(reader, ' ') && mg_imap_read_atom(reader, &name) &&
                mg_imap_thread_named(name, &threading) && read_charset(reader, charset);
    if (!read) {
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT,
                    "Say how, a charset, and what: REFERENCES UTF-8 ALL");
        return;
    }
    session->job.thread = mg_imap_thread_new(threading);
    begin(session, reader, charset->str);
}
