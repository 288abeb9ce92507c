/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-fetch.c - FETCH (RFC 3501 §6.4.5, RFC 3516, RFC 7162 §3.1.4)
 *
 * Messages are gone through one by one; the letter is read only where an item needs it. What marks
 * as read does so first, for all of them at once, so that each answer has the new flags.
 */
#include "imap-session.h"

#define PIECE ((size_t)64 * 1024) /* octets that are said in one go */

void mg_imap_fetch_item_clear(void *item)
{
    MgImapFetchItem *fetch = item;
    if (fetch->item == MG_IMAP_FETCH_SECTION)
        mg_imap_section_clear(&fetch->section);
}

void mg_imap_add_date(GString *out, int64_t unix_seconds)
{
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(unix_seconds);
    if (time == NULL)
        time = g_date_time_new_from_unix_utc(0);
    g_string_append_printf(
        out, "\"%2d-%s-%04d %02d:%02d:%02d +0000\"", g_date_time_get_day_of_month(time),
        months[g_date_time_get_month(time) - 1], g_date_time_get_year(time),
        g_date_time_get_hour(time), g_date_time_get_minute(time), g_date_time_get_second(time));
}

/* ---- what is wanted ---- */

static const struct {
    const char *name;
    int item;
    const char *section; /* what it stands for */
    bool peek;
} items[] = {
    {"FLAGS", MG_IMAP_FETCH_FLAGS, NULL, true},
    {"UID", MG_IMAP_FETCH_UID, NULL, true},
    {"INTERNALDATE", MG_IMAP_FETCH_DATE, NULL, true},
    {"RFC822.SIZE", MG_IMAP_FETCH_SIZE, NULL, true},
    {"MODSEQ", MG_IMAP_FETCH_MODSEQ, NULL, true},
    {"ENVELOPE", MG_IMAP_FETCH_ENVELOPE, NULL, true},
    {"BODYSTRUCTURE", MG_IMAP_FETCH_STRUCTURE, NULL, true},
    {"BODY", MG_IMAP_FETCH_STRUCTURE_SHORT, NULL, true},
    {"RFC822.HEADER", MG_IMAP_FETCH_SECTION, "[HEADER]", true},
    {"RFC822.TEXT", MG_IMAP_FETCH_SECTION, "[TEXT]", false},
    {"RFC822", MG_IMAP_FETCH_SECTION, "[]", false},
};

static const struct {
    const char *name;
    MgImapSectionItem item;
    bool peek;
} sections[] = {
    {"BODY.PEEK[", MG_IMAP_BODY, true},     {"BODY[", MG_IMAP_BODY, false},
    {"BINARY.PEEK[", MG_IMAP_BINARY, true}, {"BINARY.SIZE[", MG_IMAP_BINARY_SIZE, true},
    {"BINARY[", MG_IMAP_BINARY, false},
};

static const struct {
    const char *name;
    unsigned n; /* the first so many of these: */
} macros[] = {{"FAST", 3}, {"ALL", 4}, {"FULL", 5}};
static const int macro_items[] = {MG_IMAP_FETCH_FLAGS, MG_IMAP_FETCH_DATE, MG_IMAP_FETCH_SIZE,
                                  MG_IMAP_FETCH_ENVELOPE, MG_IMAP_FETCH_STRUCTURE_SHORT};

static void add_item(MgImapJob *job, int item)
{
    MgImapFetchItem fetch = {.item = item};
    g_array_append_val(job->items, fetch);
}

static bool begins(const MgImapReader *reader, const char *word)
{
    size_t len = strlen(word);
    return reader->text.len - reader->at >= len &&
           g_ascii_strncasecmp((const char *)reader->text.data + reader->at, word, len) == 0;
}

static bool read_section_item(MgImapSession *session, MgImapReader *reader, size_t which)
{
    MgImapJob *job = &session->job;
    MgImapFetchItem fetch = {.item = MG_IMAP_FETCH_SECTION};
    reader->at += strlen(sections[which].name) - 1;
    bool read = mg_imap_read_section(reader, sections[which].item, &fetch.section);
    g_array_append_val(job->items, fetch);
    job->marks_seen |= !sections[which].peek;
    return read;
}

static bool read_item(MgImapSession *session, MgImapReader *reader)
{
    MgImapJob *job = &session->job;
    for (size_t i = 0; i < G_N_ELEMENTS(sections); i++)
        if (begins(reader, sections[i].name))
            return read_section_item(session, reader, i);
    for (size_t i = 0; i < G_N_ELEMENTS(items); i++) {
        if (!mg_imap_read_word(reader, items[i].name))
            continue;
        MgImapFetchItem fetch = {.item = items[i].item};
        if (items[i].section != NULL) {
            MgImapReader stands = {.text = mg_span_from_string(items[i].section)};
            fetch.name = items[i].name;
            mg_imap_read_section(&stands, MG_IMAP_BODY, &fetch.section);
        }
        g_array_append_val(job->items, fetch);
        job->marks_seen |= !items[i].peek;
        job->condstore |= items[i].item == MG_IMAP_FETCH_MODSEQ;
        return true;
    }
    return false;
}

static bool read_items(MgImapSession *session, MgImapReader *reader)
{
    for (size_t i = 0; i < G_N_ELEMENTS(macros); i++)
        if (mg_imap_read_word(reader, macros[i].name)) {
            for (unsigned k = 0; k < macros[i].n; k++)
                add_item(&session->job, macro_items[k]);
            return true;
        }
    if (!mg_imap_read_octet(reader, '('))
        return read_item(session, reader);
    do {
        if (session->job.items->len > 1000 || !read_item(session, reader))
            return false;
    } while (mg_imap_read_octet(reader, ' '));
    return mg_imap_read_octet(reader, ')');
}

/* " (CHANGEDSINCE 5 VANISHED)" (RFC 7162 §3.1.4.1, §3.2.6). */
static bool read_modifiers(MgImapSession *session, MgImapReader *reader)
{
    MgImapJob *job = &session->job;
    if (mg_imap_read_end(reader))
        return true;
    bool read = mg_imap_read_octet(reader, ' ') && mg_imap_read_octet(reader, '(') &&
                mg_imap_read_word(reader, "CHANGEDSINCE") && mg_imap_read_octet(reader, ' ') &&
                mg_imap_read_number(reader, INT64_MAX, &job->since);
    if (read && mg_imap_read_octet(reader, ' ')) {
        job->vanished = mg_imap_read_word(reader, "VANISHED");
        read = job->vanished && session->qresync && job->by_uid;
    }
    job->condstore |= read;
    return read && mg_imap_read_octet(reader, ')') && mg_imap_read_end(reader);
}

static bool has_item(const MgImapJob *job, int item)
{
    for (unsigned i = 0; i < job->items->len; i++)
        if ((int)g_array_index(job->items, MgImapFetchItem, i).item == item)
            return true;
    return false;
}

static bool needs_letter(const MgImapJob *job)
{
    for (unsigned i = 0; i < job->items->len; i++)
        if (g_array_index(job->items, MgImapFetchItem, i).item >= MG_IMAP_FETCH_ENVELOPE)
            return true;
    return false;
}

/* ---- what is given ---- */

static void add_section(MgImapSession *session, MgMessage *letter, const MgImapFetchItem *fetch,
                        GString *out)
{
    if (fetch->name == NULL) {
        if (mg_imap_add_section(letter, &fetch->section, out) == MG_IMAP_SECTION_UNKNOWN)
            session->job.unknown_encoding = true;
        return;
    }
    MgSpan octets = {NULL, 0};
    g_autoptr(GByteArray) keep = g_byte_array_new();
    mg_imap_section_octets(letter, &fetch->section, keep, &octets);
    g_string_append_printf(out, "%s ", fetch->name);
    mg_imap_add_literal(out, octets, false);
}

static void add_fact(const MgImapSession *session, const MgImapMessage *message, int item,
                     GString *out)
{
    switch (item) {
    case MG_IMAP_FETCH_FLAGS:
        g_string_append(out, "FLAGS ");
        mg_imap_add_flags(session, message, out);
        break;
    case MG_IMAP_FETCH_UID:
        g_string_append_printf(out, "UID %u", message->facts.uid);
        break;
    case MG_IMAP_FETCH_DATE:
        g_string_append(out, "INTERNALDATE ");
        mg_imap_add_date(out, session->epoch + message->facts.at / MG_SECONDS);
        break;
    case MG_IMAP_FETCH_SIZE:
        g_string_append_printf(out, "RFC822.SIZE %zu", message->facts.size);
        break;
    default:
        g_string_append_printf(out, "MODSEQ (%" G_GUINT64_FORMAT ")", message->facts.modseq);
    }
}

static void add_of_letter(MgImapSession *session, MgMessage *letter, const MgImapFetchItem *fetch,
                          GString *out)
{
    switch (fetch->item) {
    case MG_IMAP_FETCH_ENVELOPE:
        g_string_append(out, "ENVELOPE ");
        mg_imap_add_envelope(letter, false, out);
        break;
    case MG_IMAP_FETCH_STRUCTURE:
        g_string_append(out, "BODYSTRUCTURE ");
        mg_imap_add_body(letter, true, false, out);
        break;
    case MG_IMAP_FETCH_STRUCTURE_SHORT:
        g_string_append(out, "BODY ");
        mg_imap_add_body(letter, false, false, out);
        break;
    default:
        add_section(session, letter, fetch, out);
    }
}

/* What comes without being asked for: the uid, the flags if reading has changed them. */
static void add_unasked(MgImapSession *session, MgImapMessage *message, GString *out)
{
    const MgImapJob *job = &session->job;
    bool modseq = session->condstore && (message->flags_changed || message->modseq_changed);
    int wanted[3];
    unsigned n = 0;
    if ((job->by_uid || session->qresync) && !has_item(job, MG_IMAP_FETCH_UID))
        wanted[n++] = MG_IMAP_FETCH_UID;
    if (message->flags_changed && !has_item(job, MG_IMAP_FETCH_FLAGS))
        wanted[n++] = MG_IMAP_FETCH_FLAGS;
    if ((modseq || job->since > 0) && !has_item(job, MG_IMAP_FETCH_MODSEQ))
        wanted[n++] = MG_IMAP_FETCH_MODSEQ;
    for (unsigned i = 0; i < n; i++) {
        g_string_append_c(out, ' ');
        add_fact(session, message, wanted[i], out);
    }
    message->flags_changed = message->modseq_changed = false;
}

static void add_message(MgImapSession *session, unsigned place, MgMessage *letter)
{
    const MgImapJob *job = &session->job;
    MgImapMessage *message = mg_imap_message(session, place);
    g_autoptr(GString) kept = session->gone ? g_string_new(NULL) : NULL;
    GString *out = kept != NULL ? kept : session->out.octets;
    g_string_append_printf(out, "* %u FETCH (", place + 1);
    for (unsigned i = 0; i < job->items->len; i++) {
        const MgImapFetchItem *fetch = &g_array_index(job->items, MgImapFetchItem, i);
        size_t before = out->len;
        if (fetch->item >= MG_IMAP_FETCH_ENVELOPE)
            add_of_letter(session, letter, fetch, out);
        else
            add_fact(session, message, (int)fetch->item, out);
        if (out->len > before && i + 1 < job->items->len)
            g_string_append_c(out, ' ');
    }
    if (out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
    size_t before = out->len;
    add_unasked(session, message, out);
    if (out->str[before - 1] == '(' && out->len > before) /* nothing was before it */
        g_string_erase(out, (gssize)before, 1);
    g_string_append(out, ")\r\n");
}

/* ---- one after the other ---- */

static void fetch_next(MgImapSession *session);

static void fetch_done(MgImapSession *session)
{
    const MgImapJob *job = &session->job;
    if (job->unknown_encoding) /* RFC 3516 §4.3 */
        mg_imap_conclude(session, "NO [UNKNOWN-CTE] The encoding of a part is not known");
    else if (job->some_gone)
        mg_imap_conclude(session, "NO [EXPUNGEISSUED] Some of the messages are no more");
    else
        mg_imap_conclude(session, "OK Done");
}

static void fetch_read(MgImapSession *session, const MgFoldersAnswer *answer)
{
    MgImapJob *job = &session->job;
    unsigned place = g_array_index(job->places, unsigned, job->at++);
    if (answer != NULL && answer->result == MG_FOLDERS_OK) {
        g_autoptr(GBytes) octets = g_bytes_new(answer->data.data, answer->data.len);
        g_autoptr(MgMessage) letter = mg_message_parse(octets);
        add_message(session, place, letter);
    } else {
        job->some_gone = true;
    }
    session->work = fetch_next;
}

static void fetch_next(MgImapSession *session)
{
    MgImapJob *job = &session->job;
    bool reads = needs_letter(job);
    session->work = NULL;
    while (job->at < job->places->len) {
        unsigned place = g_array_index(job->places, unsigned, job->at);
        const MgImapMessage *message = mg_imap_message(session, place);
        if (job->since > 0 && message->facts.modseq <= job->since) {
            job->at++;
            continue;
        }
        if (reads) {
            session->question =
                (MgFoldersQuestion){.folder = session->folder, .uid = message->facts.uid};
            mg_imap_ask(session, MG_FOLDERS_READ, fetch_read);
            return;
        }
        add_message(session, place, NULL);
        job->at++;
        if (session->out.octets->len > PIECE) {
            session->work = fetch_next;
            return;
        }
    }
    fetch_done(session);
}

/* RFC 7162 §3.2.6: what of the uids has gone since. */
static void tell_vanished(MgImapSession *session, const MgFoldersAnswer *answer)
{
    const MgImapJob *job = &session->job;
    g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    g_autoptr(GString) set = g_string_new(NULL);
    for (size_t i = 0; answer != NULL && i < answer->n_gone; i++)
        if (job->known == NULL || mg_imap_set_has(job->known, answer->gone[i], UINT32_MAX))
            g_array_append_val(gone, answer->gone[i]);
    mg_imap_sort_uids(gone);
    mg_imap_add_set(set, (const uint32_t *)(const void *)gone->data, gone->len);
    if (set->len > 0)
        mg_imap_say(session, "* VANISHED (EARLIER) %s", set->str);
}

static void fetch_looked(MgImapSession *session, const MgFoldersAnswer *answer)
{
    if (session->job.vanished)
        tell_vanished(session, answer);
    else
        mg_imap_merge(session, answer);
    fetch_next(session);
}

static void fetch_marked(MgImapSession *session, const MgFoldersAnswer *answer)
{
    mg_imap_look(session, fetch_looked);
}

/* Those that are not read yet, if this reads them. */
static bool mark_seen(MgImapSession *session)
{
    MgImapJob *job = &session->job;
    if (!job->marks_seen || session->read_only)
        return false;
    for (unsigned i = 0; i < job->places->len; i++) {
        const MgImapMessage *message =
            mg_imap_message(session, g_array_index(job->places, unsigned, i));
        bool wanted = job->since == 0 || message->facts.modseq > job->since;
        if (wanted && !message->gone && (message->facts.flags & MG_FLAG_SEEN) == 0)
            g_array_append_val(job->uids, message->facts.uid);
    }
    if (job->uids->len == 0)
        return false;
    session->question = (MgFoldersQuestion){.folder = session->folder,
                                            .uids = (const uint32_t *)(const void *)job->uids->data,
                                            .n_uids = job->uids->len,
                                            .change = MG_FLAGS_ADD,
                                            .flags = MG_FLAG_SEEN};
    mg_imap_ask(session, MG_FOLDERS_FLAGS, fetch_marked);
    return true;
}

/* The set again, for what is no more and so has no place. */
static void keep_set(MgImapSession *session, MgImapReader reader)
{
    session->job.known = g_array_new(FALSE, FALSE, sizeof(MgImapRange));
    if (!mg_imap_read_set(&reader, session->job.known))
        g_clear_pointer(&session->job.known, g_array_unref); /* "$" */
}

void mg_imap_do_fetch(MgImapSession *session, MgImapReader *reader)
{
    MgImapJob *job = &session->job;
    if (!mg_imap_read_octet(reader, ' ')) {
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT, "Say which messages");
        return;
    }
    MgImapReader set = *reader;
    if (!mg_imap_read_places(session, reader))
        return;
    if (!mg_imap_read_octet(reader, ' ') || !read_items(session, reader) ||
        !read_modifiers(session, reader)) {
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT, "Say what of them: FLAGS, (UID ENVELOPE), BODY[]");
        return;
    }
    if (job->condstore)
        mg_imap_want_modseqs(session);
    if (job->vanished) {
        keep_set(session, set);
        session->question = (MgFoldersQuestion){.folder = session->folder, .modseq = job->since};
        mg_imap_ask(session, MG_FOLDERS_LOOK, fetch_looked);
    } else if (!mark_seen(session)) {
        fetch_next(session);
    }
}
