/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-store.c - what is done with messages that are there: STORE, COPY, MOVE, EXPUNGE
 * (RFC 3501 §6.4.3, §6.4.6, §6.4.7; RFC 4315; RFC 6851; RFC 7162 §3.1.3)
 */
#include "imap-session.h"

static void add_uids(GString *out, const GArray *uids)
{
    mg_imap_add_set(out, (const uint32_t *)(const void *)uids->data, uids->len);
}

static bool refuse_read_only(MgImapSession *session)
{
    if (session->read_only)
        mg_imap_conclude(session, "NO [READ-ONLY] The folder was opened with EXAMINE");
    return session->read_only;
}

static void ask_with_uids(MgImapSession *session, MgFoldersOp op, MgImapStep then)
{
    const MgImapJob *job = &session->job;
    session->question = (MgFoldersQuestion){.folder = session->folder,
                                            .to = job->to,
                                            .uids = (const uint32_t *)(const void *)job->uids->data,
                                            .n_uids = job->uids->len,
                                            .change = job->change,
                                            .flags = job->flags,
                                            .keywords = (const char *const *)job->keywords->pdata,
                                            .unchanged_since = job->since};
    mg_imap_ask(session, op, then);
}

/* ---- STORE ---- */

static uint64_t keyword_bits(const MgImapSession *session, const char *const *keywords)
{
    uint64_t bits = 0;
    const GPtrArray *wanted = session->job.keywords;
    for (unsigned k = 0; k + 1 < wanted->len; k++)
        for (unsigned i = 0; keywords != NULL && keywords[i] != NULL && i < 64; i++)
            if (g_ascii_strcasecmp(wanted->pdata[k], keywords[i]) == 0)
                bits |= UINT64_C(1) << i;
    return bits;
}

/* With .SILENT the client knows what it has asked for. */
static void expect(MgImapSession *session, const char *const *keywords)
{
    const MgImapJob *job = &session->job;
    uint64_t bits = keyword_bits(session, keywords);
    for (unsigned i = 0; i < job->places->len; i++) {
        MgMailboxMessage *facts =
            &mg_imap_message(session, g_array_index(job->places, unsigned, i))->facts;
        if (mg_imap_uids_have(job->found_uids, facts->uid))
            continue;
        if (job->change == MG_FLAGS_ADD) {
            facts->flags |= job->flags;
            facts->keywords |= bits;
        } else if (job->change == MG_FLAGS_REMOVE) {
            facts->flags &= ~job->flags;
            facts->keywords &= ~bits;
        } else {
            facts->flags = job->flags;
            facts->keywords = bits;
        }
    }
}

/* What the store has made of it is known; what of it is told? RFC 3501 §6.4.6: without .SILENT the
 * flags of all; with it those that another session has changed, which merge() finds by itself. */
static void store_looked(MgImapSession *session, const MgFoldersAnswer *answer)
{
    MgImapJob *job = &session->job;
    if (job->silent && answer != NULL && answer->result == MG_FOLDERS_OK)
        expect(session, answer->keywords);
    mg_imap_merge(session, answer);
    g_autoptr(GArray) modified = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (unsigned i = 0; i < job->places->len; i++) {
        unsigned place = g_array_index(job->places, unsigned, i);
        MgImapMessage *message = mg_imap_message(session, place);
        uint32_t name = job->by_uid ? message->facts.uid : place + 1;
        if (mg_imap_uids_have(job->found_uids, message->facts.uid)) {
            g_array_append_val(modified, name);
            message->modseq_changed = message->flags_changed = true; /* RFC 7162 §3.1.3 */
            continue;
        }
        if (!job->silent)
            message->flags_changed = true;
        else if (job->since > 0)
            message->modseq_changed = true;
    }
    mg_imap_tell(session, job->expunges);
    g_autoptr(GString) list = g_string_new(NULL);
    add_uids(list, modified);
    if (job->some_gone)
        mg_imap_reply(session, "NO [EXPUNGEISSUED] Some of the messages are no more");
    else if (list->len > 0)
        mg_imap_reply(session, "OK [MODIFIED %s] These had changed", list->str);
    else
        mg_imap_reply(session, "OK Done");
}

static void stored(MgImapSession *session, const MgFoldersAnswer *answer)
{
    MgImapJob *job = &session->job;
    if (answer == NULL || answer->result != MG_FOLDERS_OK) {
        mg_imap_conclude_failed(session, answer);
        return;
    }
    g_array_append_vals(job->found_uids, answer->gone, (guint)answer->n_gone);
    mg_imap_look(session, store_looked);
}

/* " (UNCHANGEDSINCE 5)" (RFC 7162 §3.1.3). 0 is a number like others: nothing is that old. */
static bool read_unchanged(MgImapSession *session, MgImapReader *reader)
{
    if (!mg_imap_read_octet(reader, '('))
        return true;
    bool read = mg_imap_read_word(reader, "UNCHANGEDSINCE") && mg_imap_read_octet(reader, ' ') &&
                mg_imap_read_number(reader, INT64_MAX, &session->job.since) &&
                mg_imap_read_octet(reader, ')') && mg_imap_read_octet(reader, ' ');
    session->job.never = read && session->job.since == 0;
    if (read)
        mg_imap_want_modseqs(session);
    return read;
}

static bool read_change(MgImapSession *session, MgImapReader *reader)
{
    MgImapJob *job = &session->job;
    job->change = mg_imap_read_octet(reader, '+')   ? MG_FLAGS_ADD
                  : mg_imap_read_octet(reader, '-') ? MG_FLAGS_REMOVE
                                                    : MG_FLAGS_REPLACE;
    job->silent = mg_imap_read_word(reader, "FLAGS.SILENT");
    return (job->silent || mg_imap_read_word(reader, "FLAGS")) && mg_imap_read_octet(reader, ' ') &&
           mg_imap_read_flags(reader, &job->flags, job->keywords) && mg_imap_read_end(reader);
}

void mg_imap_do_store(MgImapSession *session, MgImapReader *reader)
{
    MgImapJob *job = &session->job;
    if (!mg_imap_read_octet(reader, ' ')) {
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT, "Say which messages");
        return;
    }
    if (!mg_imap_read_places(session, reader))
        return;
    if (!mg_imap_read_octet(reader, ' ') || !read_unchanged(session, reader) ||
        !read_change(session, reader)) {
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT, "Say which flags");
        return;
    }
    if (refuse_read_only(session))
        return;
    mg_imap_collect_uids(session);
    if (job->never) {
        g_array_append_vals(job->found_uids, job->uids->data, job->uids->len);
        mg_imap_look(session, store_looked);
    } else {
        ask_with_uids(session, MG_FOLDERS_FLAGS, stored);
    }
}

/* ---- EXPUNGE, and CLOSE's silent one ---- */

static void expunge_looked(MgImapSession *session, const MgFoldersAnswer *answer)
{
    MgImapJob *job = &session->job;
    mg_imap_merge(session, answer);
    if (!job->some) {
        g_array_set_size(job->places, 0);
        for (unsigned i = 0; i < session->messages->len; i++)
            g_array_append_val(job->places, i);
    }
    for (unsigned i = 0; i < job->places->len; i++) {
        const MgImapMessage *message =
            mg_imap_message(session, g_array_index(job->places, unsigned, i));
        if ((message->facts.flags & MG_FLAG_DELETED) != 0 && !message->gone)
            g_array_append_val(job->uids, message->facts.uid);
    }
    if (job->uids->len == 0)
        job->after(session, NULL);
    else
        ask_with_uids(session, MG_FOLDERS_EXPUNGE, job->after);
}

void mg_imap_expunge(MgImapSession *session, bool some, MgImapStep then)
{
    session->job.some = some;
    session->job.after = then;
    mg_imap_look(session, expunge_looked);
}

static void expunge_told(MgImapSession *session, const MgFoldersAnswer *answer)
{
    mg_imap_merge(session, answer);
    mg_imap_tell(session, true);
    if (session->condstore) /* RFC 7162 §3.2.7 */
        mg_imap_reply(session, "OK [HIGHESTMODSEQ %" G_GUINT64_FORMAT "] Removed", session->modseq);
    else
        mg_imap_reply(session, "OK Removed");
}

static void expunged(MgImapSession *session, const MgFoldersAnswer *answer)
{
    mg_imap_look(session, expunge_told);
}

void mg_imap_do_expunge(MgImapSession *session, MgImapReader *reader)
{
    bool some = session->job.by_uid; /* RFC 4315 §2.1 */
    if (some && !mg_imap_read_octet(reader, ' ')) {
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT, "Say which messages");
        return;
    }
    if (some && !mg_imap_read_places(session, reader))
        return;
    if (!mg_imap_read_end(reader))
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT, "Nothing follows this command");
    else if (!refuse_read_only(session))
        mg_imap_expunge(session, some, expunged);
}

/* ---- COPY, MOVE ---- */

static void target_looked(MgImapSession *session, const MgFoldersAnswer *answer)
{
    if (answer != NULL && answer->result == MG_FOLDERS_OK)
        mg_imap_conclude(session, "NO [EXPUNGEISSUED] Some of the messages are no more");
    else /* RFC 3501 §6.4.7 */
        mg_imap_conclude(session, "NO [TRYCREATE] There is no such folder");
}

static void copied(MgImapSession *session, const MgFoldersAnswer *answer)
{
    MgImapJob *job = &session->job;
    if (answer != NULL && answer->result == MG_FOLDERS_NONE) {
        session->question = (MgFoldersQuestion){.folder = job->to};
        mg_imap_ask(session, MG_FOLDERS_LOOK, target_looked);
        return;
    }
    if (answer == NULL || answer->result != MG_FOLDERS_OK) {
        mg_imap_conclude_failed(session, answer);
        return;
    }
    g_autoptr(GString) code = g_string_new(NULL);
    g_string_append_printf(code, "[COPYUID %u ", answer->uid_validity); /* RFC 4315 §3 */
    add_uids(code, job->uids);
    g_string_append_c(code, ' ');
    mg_imap_add_set(code, answer->new_uids, answer->n_new_uids);
    g_string_append_c(code, ']');
    if (job->moves) { /* RFC 6851 §4.3: before the messages go */
        mg_imap_say(session, "* OK %s Moved", code->str);
        mg_imap_conclude(session, "OK Done");
    } else {
        mg_imap_conclude(session, "OK %s Copied", code->str);
    }
}

static void copy_or_move(MgImapSession *session, MgImapReader *reader, bool moves)
{
    MgImapJob *job = &session->job;
    job->moves = moves;
    if (!mg_imap_read_octet(reader, ' ')) {
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT, "Say which messages");
        return;
    }
    if (!mg_imap_read_places(session, reader))
        return;
    job->to = mg_imap_read_octet(reader, ' ') ? mg_imap_read_folder(reader) : NULL;
    if (job->to == NULL || !mg_imap_read_end(reader)) {
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT, "Say which folder");
        return;
    }
    if (moves && refuse_read_only(session))
        return;
    mg_imap_collect_uids(session);
    if (job->some_gone)
        mg_imap_conclude(session, "NO [EXPUNGEISSUED] Some of the messages are no more");
    else if (job->uids->len == 0)
        mg_imap_conclude(session, "OK There are no such messages");
    else
        ask_with_uids(session, moves ? MG_FOLDERS_MOVE : MG_FOLDERS_COPY, copied);
}

void mg_imap_do_copy(MgImapSession *session, MgImapReader *reader)
{
    copy_or_move(session, reader, false);
}

void mg_imap_do_move(MgImapSession *session, MgImapReader *reader)
{
    copy_or_move(session, reader, true);
}
