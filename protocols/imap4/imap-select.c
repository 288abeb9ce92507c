/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-select.c - a folder is opened, watched and closed (RFC 3501 §6.3.1, §6.3.2, §6.4.2; RFC
 * 3691; RFC 2177; with CONDSTORE and QRESYNC, RFC 7162 §3.1.8, §3.2.5)
 */
#include "imap-session.h"
#include "text.h"

/* ---- SELECT, EXAMINE ---- */

static bool read_qresync(MgImapReader *reader, MgImapJob *job)
{
    uint64_t validity;
    bool read = mg_imap_read_octet(reader, ' ') && mg_imap_read_octet(reader, '(') &&
                mg_imap_read_number(reader, UINT32_MAX, &validity) &&
                mg_imap_read_octet(reader, ' ') &&
                mg_imap_read_number(reader, INT64_MAX, &job->known_modseq);
    if (!read)
        return false;
    job->validity = (uint32_t)validity;
    if (mg_imap_read_octet(reader, ' ') && mg_imap_read_peek(reader) != '(') {
        job->known = g_array_new(FALSE, FALSE, sizeof(MgImapRange));
        if (!mg_imap_read_set(reader, job->known))
            return false;
        mg_imap_read_octet(reader, ' ');
    }
    if (mg_imap_read_octet(reader, '(')) { /* numbers beside uids: we keep all that has gone */
        g_autoptr(GArray) ignored = g_array_new(FALSE, FALSE, sizeof(MgImapRange));
        if (!mg_imap_read_set(reader, ignored) || !mg_imap_read_octet(reader, ' ') ||
            !mg_imap_read_set(reader, ignored) || !mg_imap_read_octet(reader, ')'))
            return false;
    }
    return mg_imap_read_octet(reader, ')');
}

static bool read_parameters(MgImapSession *session, MgImapReader *reader)
{
    if (mg_imap_read_end(reader))
        return true;
    if (!mg_imap_read_octet(reader, ' ') || !mg_imap_read_octet(reader, '('))
        return false;
    do {
        if (mg_imap_read_word(reader, "CONDSTORE"))
            session->job.condstore = true;
        else if (!session->qresync || !mg_imap_read_word(reader, "QRESYNC") ||
                 !read_qresync(reader, &session->job))
            return false;
    } while (mg_imap_read_octet(reader, ' '));
    return mg_imap_read_octet(reader, ')') && mg_imap_read_end(reader);
}

/* What has changed since the client was here last (RFC 7162 §3.2.5.1). */
static void tell_since(MgImapSession *session, const MgFoldersAnswer *answer)
{
    const MgImapJob *job = &session->job;
    if (job->validity == 0 || job->validity != session->validity)
        return;
    uint32_t last = session->uid_next > 0 ? session->uid_next - 1 : 0;
    g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (size_t i = 0; i < answer->n_gone; i++)
        if (job->known == NULL || mg_imap_set_has(job->known, answer->gone[i], last))
            g_array_append_val(gone, answer->gone[i]);
    if (gone->len > 0) {
        g_autoptr(GString) set = g_string_new(NULL);
        mg_imap_sort_uids(gone);
        mg_imap_add_set(set, (const uint32_t *)(const void *)gone->data, gone->len);
        mg_imap_say(session, "* VANISHED (EARLIER) %s", set->str);
    }
    for (unsigned i = 0; i < session->messages->len; i++) {
        MgImapMessage *message = mg_imap_message(session, i);
        uint32_t uid = message->facts.uid;
        message->flags_changed = message->facts.modseq > job->known_modseq &&
                                 (job->known == NULL || mg_imap_set_has(job->known, uid, last));
    }
}

static void describe(MgImapSession *session, const MgFolder *folder)
{
    unsigned n_recent = 0, unseen = 0;
    for (unsigned i = session->messages->len; i > 0; i--) {
        const MgImapMessage *message = mg_imap_message(session, i - 1);
        n_recent += message->recent;
        if ((message->facts.flags & MG_FLAG_SEEN) == 0)
            unseen = i;
    }
    session->n_told = session->messages->len;
    mg_imap_tell(session, false); /* the flags */
    mg_imap_say(session, "* %u EXISTS", session->n_told);
    mg_imap_say(session, "* %u RECENT", n_recent);
    if (unseen > 0)
        mg_imap_say(session, "* OK [UNSEEN %u] The first that is not read", unseen);
    mg_imap_say(session, "* OK [UIDVALIDITY %u] As long as this stays, uids do",
                folder->uid_validity);
    mg_imap_say(session, "* OK [UIDNEXT %u] The next uid", folder->uid_next);
    mg_imap_say(session, "* OK [HIGHESTMODSEQ %" G_GUINT64_FORMAT "] The last change",
                folder->modseq);
}

static void selected(MgImapSession *session, const MgFoldersAnswer *answer)
{
    if (answer == NULL || answer->result != MG_FOLDERS_OK || answer->n_folders == 0) {
        mg_imap_conclude_failed(session, answer);
        return;
    }
    session->folder = g_strdup(answer->folders->name);
    session->read_only = !session->job.selects;
    session->condstore |= session->job.condstore;
    mg_imap_merge(session, answer);
    mg_imap_enter(session, MG_IMAP_SELECTED);
    describe(session, answer->folders);
    tell_since(session, answer);
    mg_imap_tell(session, false);
    mg_imap_reply(session, "OK [READ-%s] The folder is open",
                  session->read_only ? "ONLY" : "WRITE");
}

static void open_folder(MgImapSession *session, MgImapReader *reader, bool selects)
{
    MgImapJob *job = &session->job;
    job->folder = mg_imap_read_octet(reader, ' ') ? mg_imap_read_folder(reader) : NULL;
    job->selects = selects;
    if (job->folder == NULL || !read_parameters(session, reader)) {
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT, "Say which folder");
        return;
    }
    if (session->state == MG_IMAP_SELECTED) { /* RFC 3501 §6.3.1: whatever comes of this */
        mg_imap_forget_folder(session);
        mg_imap_enter(session, MG_IMAP_KNOWN);
        mg_imap_say(session, "* OK [CLOSED] The other folder is closed"); /* RFC 7162 §3.2.11 */
    }
    session->question = (MgFoldersQuestion){
        .folder = job->folder, .modseq = job->known_modseq, .claims_recent = selects};
    mg_imap_ask(session, MG_FOLDERS_LOOK, selected);
}

void mg_imap_do_select(MgImapSession *session, MgImapReader *reader)
{
    open_folder(session, reader, true);
}

void mg_imap_do_examine(MgImapSession *session, MgImapReader *reader)
{
    open_folder(session, reader, false);
}

/* ---- CLOSE, UNSELECT ---- */

static void closed(MgImapSession *session, const MgFoldersAnswer *answer)
{
    mg_imap_forget_folder(session);
    mg_imap_enter(session, MG_IMAP_KNOWN);
    mg_imap_reply(session, "OK It is closed");
}

void mg_imap_do_close(MgImapSession *session, MgImapReader *reader)
{
    if (session->read_only)
        closed(session, NULL);
    else
        mg_imap_expunge(session, false, closed);
}

void mg_imap_do_unselect(MgImapSession *session, MgImapReader *reader)
{
    closed(session, NULL);
}

/* ---- IDLE ---- */

static void watch(MgImapSession *session, const MgFoldersAnswer *answer)
{
    mg_imap_merge(session, answer);
    mg_imap_tell(session, true);
    if (answer == NULL || answer->result != MG_FOLDERS_OK || session->lost)
        return; /* there is nothing to wait for but the client */
    session->question = (MgFoldersQuestion){.folder = session->folder, .modseq = session->modseq};
    mg_imap_ask(session, MG_FOLDERS_WAIT, watch);
}

void mg_imap_do_idle(MgImapSession *session, MgImapReader *reader)
{
    session->idles = true;
    mg_imap_say(session, "+ Idling");
    if (session->state == MG_IMAP_SELECTED)
        mg_imap_look(session, watch);
}

bool mg_imap_read_done(MgImapSession *session, MgSpan bytes)
{
    size_t len = 0;
    MgLineCut cut = mg_text_cut_line(bytes, 512, &len);
    if (cut == MG_LINE_MORE)
        return false;
    MgSpan line = mg_span_slice(bytes, 0, len);
    bool done =
        mg_span_equal_nocase(mg_span_slice(line, 0, mg_text_without_end(line)), MG_SPAN("DONE"));
    session->skipping = len > 0 && line.data[len - 1] != '\n';
    g_string_truncate(session->command, 0);
    g_string_append_len(session->command, (const char *)line.data, (gssize)len);
    session->in_at += len;
    session->taken += len;
    session->idles = false;
    if (session->wait != MG_IMAP_WAIT_NOTHING)
        mg_imap_cancel_ask(session);
    if (done)
        mg_imap_reply(session, "OK Idle is over");
    else
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT, "Idle ends with DONE");
    return true;
}
