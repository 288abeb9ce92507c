/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-view.c - the selected folder as the client sees it
 *
 * Sequence numbers are what the client counts, so a message that another session has removed keeps
 * its place until the client may be told (RFC 3501 §7.4.1: not while FETCH, STORE or SEARCH is
 * answered, and never when no command is under way). Each command in a selected folder ends with a
 * look at the store.
 */
#include "imap-session.h"

#include "text.h"
#include <stdlib.h>

void mg_imap_forget_folder(MgImapSession *session)
{
    g_clear_pointer(&session->folder, g_free);
    g_array_set_size(session->messages, 0);
    g_array_set_size(session->saved, 0);
    session->read_only = session->lost = false;
    session->modseq = session->validity = 0;
    session->n_told = session->n_keywords_told = 0;
}

void mg_imap_look(MgImapSession *session, MgImapStep then)
{
    session->question = (MgFoldersQuestion){
        .folder = session->folder, .modseq = session->modseq, .claims_recent = !session->read_only};
    mg_imap_ask(session, MG_FOLDERS_LOOK, then);
}

/* ---- what the store says ---- */

static void take_keywords(MgImapSession *session, const char *const *keywords)
{
    g_ptr_array_set_size(session->keywords, 0);
    for (size_t i = 0; keywords != NULL && keywords[i] != NULL && i < 64; i++)
        g_ptr_array_add(session->keywords, g_strdup(keywords[i]));
    g_ptr_array_add(session->keywords, NULL);
}

static void update(MgImapMessage *message, const MgMailboxMessage *facts)
{
    if (message->facts.flags != facts->flags || message->facts.keywords != facts->keywords)
        message->flags_changed = true;
    if (message->facts.modseq != facts->modseq)
        message->modseq_changed = true;
    message->facts = *facts;
}

static void lose_all(MgImapSession *session)
{
    session->lost = true;
    for (unsigned i = 0; i < session->messages->len; i++)
        mg_imap_message(session, i)->gone = true;
}

void mg_imap_merge(MgImapSession *session, const MgFoldersAnswer *answer)
{
    if (answer == NULL || answer->result == MG_FOLDERS_FAILED)
        return;
    if (answer->result != MG_FOLDERS_OK || answer->n_folders == 0 || session->lost ||
        (session->validity != 0 && answer->folders->uid_validity != session->validity)) {
        lose_all(session); /* somebody has deleted or renamed it */
        return;
    }
    const MgFolder *folder = answer->folders;
    session->validity = folder->uid_validity;
    session->uid_next = folder->uid_next;
    if (session->modseq != 0 && folder->modseq == session->modseq)
        return;
    session->modseq = folder->modseq;
    take_keywords(session, answer->keywords);
    size_t there = 0;
    for (unsigned i = 0; i < session->messages->len; i++) {
        MgImapMessage *message = mg_imap_message(session, i);
        while (there < answer->n_messages && answer->messages[there].uid < message->facts.uid)
            there++;
        if (there < answer->n_messages && answer->messages[there].uid == message->facts.uid)
            update(message, &answer->messages[there++]);
        else
            message->gone = true;
    }
    uint32_t last = session->messages->len > 0
                        ? mg_imap_message(session, session->messages->len - 1)->facts.uid
                        : 0;
    for (; there < answer->n_messages; there++) {
        MgImapMessage message = {.facts = answer->messages[there]};
        message.recent = message.facts.uid >= folder->recent_from;
        if (message.facts.uid > last)
            g_array_append_val(session->messages, message);
    }
}

/* ---- what the client is told ---- */

static const char *const flag_names[] = {"\\Seen", "\\Answered", "\\Flagged", "\\Deleted",
                                         "\\Draft"};

void mg_imap_add_flags(const MgImapSession *session, const MgImapMessage *message, GString *out)
{
    const char *space = "";
    g_string_append_c(out, '(');
    for (unsigned i = 0; i < G_N_ELEMENTS(flag_names); i++)
        if ((message->facts.flags & 1u << i) != 0) {
            g_string_append_printf(out, "%s%s", space, flag_names[i]);
            space = " ";
        }
    for (unsigned i = 0; i + 1 < session->keywords->len; i++)
        if ((message->facts.keywords & UINT64_C(1) << i) != 0) {
            g_string_append_printf(out, "%s%s", space, (char *)session->keywords->pdata[i]);
            space = " ";
        }
    g_string_append_printf(out, "%s)",
                           message->recent ? *space != '\0' ? " \\Recent" : "\\Recent" : "");
}

/* RFC 3501 §7.2.6, when there is a new keyword. */
static void tell_keywords(MgImapSession *session)
{
    unsigned n = session->keywords->len;
    if (n == session->n_keywords_told)
        return;
    session->n_keywords_told = n;
    g_autoptr(GString) list = g_string_new("\\Answered \\Flagged \\Deleted \\Seen \\Draft");
    for (unsigned i = 0; i + 1 < n; i++)
        g_string_append_printf(list, " %s", (char *)session->keywords->pdata[i]);
    mg_imap_say(session, "* FLAGS (%s)", list->str);
    if (session->read_only)
        mg_imap_say(session, "* OK [PERMANENTFLAGS ()] Nothing can be changed");
    else
        mg_imap_say(session, "* OK [PERMANENTFLAGS (%s \\*)] These stay", list->str);
}

static void tell_gone(MgImapSession *session)
{
    g_autoptr(GArray) vanished = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    unsigned left = 0, told = session->n_told;
    for (unsigned i = 0; i < session->messages->len; i++) {
        const MgImapMessage *message = mg_imap_message(session, i);
        if (!message->gone) {
            if (left != i)
                *mg_imap_message(session, left) = *message;
            left++;
            continue;
        }
        if (i >= session->n_told) /* it came and went: nobody knows of it */
            continue;
        told--;
        if (session->qresync)
            g_array_append_val(vanished, message->facts.uid);
        else
            mg_imap_say(session, "* %u EXPUNGE", left + 1);
    }
    session->n_told = told;
    g_array_set_size(session->messages, left);
    if (vanished->len == 0)
        return;
    g_autoptr(GString) set = g_string_new(NULL);
    mg_imap_add_set(set, (const uint32_t *)(const void *)vanished->data, vanished->len);
    mg_imap_say(session, "* VANISHED %s", set->str); /* RFC 7162 §3.2.10 */
}

static void tell_new(MgImapSession *session)
{
    unsigned n_recent = 0;
    if (session->n_told == session->messages->len)
        return;
    session->n_told = session->messages->len;
    for (unsigned i = 0; i < session->messages->len; i++)
        n_recent += mg_imap_message(session, i)->recent;
    mg_imap_say(session, "* %u EXISTS", session->n_told);
    mg_imap_say(session, "* %u RECENT", n_recent);
}

static void tell_changed(MgImapSession *session, unsigned place)
{
    MgImapMessage *message = mg_imap_message(session, place);
    bool modseq = session->condstore && (message->modseq_changed || message->flags_changed);
    bool flags = message->flags_changed;
    message->flags_changed = message->modseq_changed = false;
    if (message->gone || (!flags && !modseq) || session->gone)
        return;
    GString *out = session->out.octets;
    const char *space = "";
    g_string_append_printf(out, "* %u FETCH (", place + 1);
    if (session->job.by_uid || session->qresync) {
        g_string_append_printf(out, "UID %u", message->facts.uid);
        space = " ";
    }
    if (flags) {
        g_string_append_printf(out, "%sFLAGS ", space);
        mg_imap_add_flags(session, message, out);
        space = " ";
    }
    if (modseq)
        g_string_append_printf(out, "%sMODSEQ (%" G_GUINT64_FORMAT ")", space,
                               message->facts.modseq);
    g_string_append(out, ")\r\n");
}

void mg_imap_tell(MgImapSession *session, bool expunges)
{
    if (expunges)
        tell_gone(session);
    tell_keywords(session);
    tell_new(session);
    for (unsigned i = 0; i < session->messages->len; i++)
        tell_changed(session, i);
}

void mg_imap_want_modseqs(MgImapSession *session)
{
    if (session->condstore)
        return;
    session->condstore = true;
    if (session->state == MG_IMAP_SELECTED) /* RFC 7162 §3.1.2.1 */
        mg_imap_say(session, "* OK [HIGHESTMODSEQ %" G_GUINT64_FORMAT "] The last change",
                    session->modseq);
}

/* ---- the end of a command ---- */

static void concluded(MgImapSession *session, const MgFoldersAnswer *answer)
{
    mg_imap_merge(session, answer);
    mg_imap_tell(session, session->job.expunges);
    mg_imap_reply(session, "%s", session->job.reply->str);
}

void mg_imap_conclude(MgImapSession *session, const char *format, ...)
{
    va_list arguments;
    if (session->job.reply == NULL)
        session->job.reply = g_string_new(NULL);
    va_start(arguments, format);
    g_string_vprintf(session->job.reply, format, arguments);
    va_end(arguments);
    session->work = NULL;
    if (session->state == MG_IMAP_SELECTED)
        mg_imap_look(session, concluded);
    else
        mg_imap_reply(session, "%s", session->job.reply->str);
}

void mg_imap_conclude_failed(MgImapSession *session, const MgFoldersAnswer *answer)
{
    static const char *const words[] = {
        [MG_FOLDERS_NONE] = "[NONEXISTENT] There is no such folder",
        [MG_FOLDERS_EXISTS] = "[ALREADYEXISTS] There is such a folder already",
        [MG_FOLDERS_REFUSED] = "[CANNOT] This cannot be done with this folder",
        [MG_FOLDERS_FULL] = "[OVERQUOTA] There is no room for it",
        [MG_FOLDERS_FAILED] = "[SERVERBUG] The store has failed",
    };
    if (answer == NULL)
        mg_imap_conclude(session, "NO [UNAVAILABLE] Nobody keeps folders here now");
    else
        mg_imap_conclude(session, "NO %s", words[answer->result]);
}

/* ---- which messages ---- */

/* False: it speaks of a sequence number that is not there. */
static bool range_is_there(const MgImapRange *range, unsigned n)
{
    bool open = range->first == MG_IMAP_LAST || range->last == MG_IMAP_LAST;
    if (n == 0)
        return open; /* "1:*" of nothing is nothing */
    return range->first <= n && range->last <= n;
}

static unsigned place_of_uid(const MgImapSession *session, uint32_t uid)
{
    unsigned low = 0, high = session->n_told;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (mg_imap_message(session, middle)->facts.uid < uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void mark_range(const MgImapSession *session, const MgImapRange *range, bool by_uid,
                       GByteArray *marks)
{
    unsigned n = session->n_told;
    uint32_t last = by_uid ? mg_imap_message(session, n - 1)->facts.uid : n;
    uint32_t a = range->first == MG_IMAP_LAST ? last : range->first;
    uint32_t b = range->last == MG_IMAP_LAST ? last : range->last;
    uint32_t low = MIN(a, b), high = MAX(a, b);
    if (!by_uid) {
        memset(marks->data + low - 1, 1, high - low + 1);
        return;
    }
    for (unsigned i = place_of_uid(session, low);
         i < n && mg_imap_message(session, i)->facts.uid <= high; i++)
        marks->data[i] = !mg_imap_message(session, i)->gone;
}

bool mg_imap_find_places(MgImapSession *session, const GArray *set, bool by_uid)
{
    unsigned n = session->n_told;
    g_autoptr(GByteArray) marks = g_byte_array_sized_new(n + 1);
    g_byte_array_set_size(marks, n + 1);
    memset(marks->data, 0, n + 1);
    for (unsigned i = 0; i < set->len; i++) {
        const MgImapRange *range = &g_array_index(set, MgImapRange, i);
        if (!by_uid && !range_is_there(range, n))
            return false;
        if (n > 0)
            mark_range(session, range, by_uid, marks);
    }
    g_array_set_size(session->job.places, 0);
    for (unsigned i = 0; i < n; i++)
        if (marks->data[i] != 0)
            g_array_append_val(session->job.places, i);
    return true;
}

static void find_saved(MgImapSession *session)
{
    g_array_set_size(session->job.places, 0);
    for (unsigned i = 0; i < session->saved->len; i++) {
        uint32_t uid = g_array_index(session->saved, uint32_t, i);
        unsigned place = place_of_uid(session, uid);
        if (place < session->n_told && mg_imap_message(session, place)->facts.uid == uid &&
            !mg_imap_message(session, place)->gone)
            g_array_append_val(session->job.places, place);
    }
}

bool mg_imap_read_places(MgImapSession *session, MgImapReader *reader)
{
    if (mg_imap_read_octet(reader, '$')) { /* RFC 5182 §2.1 */
        find_saved(session);
        return true;
    }
    g_autoptr(GArray) set = g_array_new(FALSE, FALSE, sizeof(MgImapRange));
    if (!mg_imap_read_set(reader, set)) {
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT, "Say which messages: 1, 2:4, 7:*");
        return false;
    }
    if (!mg_imap_find_places(session, set, session->job.by_uid)) {
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT, "There is no message with this number");
        return false;
    }
    return true;
}

void mg_imap_collect_uids(MgImapSession *session)
{
    MgImapJob *job = &session->job;
    g_array_set_size(job->uids, 0);
    for (unsigned i = 0; i < job->places->len; i++) {
        const MgImapMessage *message =
            mg_imap_message(session, g_array_index(job->places, unsigned, i));
        if (message->gone)
            job->some_gone = true;
        else
            g_array_append_val(job->uids, message->facts.uid);
    }
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

void mg_imap_sort_uids(GArray *uids)
{
    unsigned n = 0;
    g_array_sort(uids, by_number);
    for (unsigned i = 0; i < uids->len; i++) {
        uint32_t uid = g_array_index(uids, uint32_t, i);
        if (n == 0 || g_array_index(uids, uint32_t, n - 1) != uid)
            g_array_index(uids, uint32_t, n++) = uid;
    }
    g_array_set_size(uids, n);
}

bool mg_imap_uids_have(const GArray *uids, uint32_t uid)
{
    return uids->len > 0 && bsearch(&uid, uids->data, uids->len, sizeof uid, by_number) != NULL;
}
