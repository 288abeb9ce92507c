/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-append.c - APPEND: a letter, or several, put into a folder (RFC 3501 §6.3.11, RFC 3502,
 * RFC 4315 §3, RFC 3516 §4.4)
 */
#include "imap-binary.h"
#include "imap-session.h"

#include <stdio.h>

#define LETTERS_MAX  1000u
#define KEYWORDS_MAX 64u

void mg_imap_letter_clear(void *letter)
{
    MgImapLetter *mine = letter;
    g_ptr_array_unref(mine->keywords);
    if (mine->encoded != NULL)
        g_string_free(mine->encoded, TRUE);
}

/* ---- flags ---- */

static bool read_flag(MgImapReader *reader, uint32_t *flags, GPtrArray *keywords)
{
    static const char *const names[] = {"Seen", "Answered", "Flagged", "Deleted", "Draft"};
    MgSpan atom;
    if (mg_imap_read_octet(reader, '\\')) {
        for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
            if (mg_imap_read_word(reader, names[i])) {
                *flags |= 1u << i;
                return true;
            }
        return false; /* \Recent is not the client's to set (RFC 3501 §2.3.2) */
    }
    if (!mg_imap_read_atom(reader, &atom) || memchr(atom.data, ']', atom.len) != NULL ||
        atom.len > 255 || keywords->len >= KEYWORDS_MAX)
        return false;
    g_ptr_array_add(keywords, g_strndup((const char *)atom.data, atom.len));
    return true;
}

bool mg_imap_read_flags(MgImapReader *reader, uint32_t *flags, GPtrArray *keywords)
{
    bool in_list = mg_imap_read_octet(reader, '(');
    bool read = (in_list && mg_imap_read_octet(reader, ')'));
    if (!read) {
        do {
            read = read_flag(reader, flags, keywords);
        } while (read && mg_imap_read_octet(reader, ' '));
        read = read && (!in_list || mg_imap_read_octet(reader, ')'));
    }
    g_ptr_array_add(keywords, NULL);
    return read;
}

/* ---- what is to be put in ---- */

/* " 7-Oct-1994 16:15:05 -0700" in quotes. */
static bool read_date(MgImapReader *reader, int64_t *out)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    g_autoptr(GString) text = g_string_new(NULL);
    int day, year, hour, minute, second, zone, end = 0;
    char month[4], sign;
    if (!mg_imap_read_astring(reader, text) || text->len != 26 ||
        sscanf(text->str, "%2d-%3[A-Za-z]-%4d %2d:%2d:%2d %c%4d%n", &day, month, &year, &hour,
               &minute, &second, &sign, &zone, &end) != 8 ||
        end != 26 || (sign != '+' && sign != '-'))
        return false;
    int number = 0;
    for (int i = 0; i < 12; i++)
        if (g_ascii_strncasecmp(months + 3 * i, month, 3) == 0)
            number = i + 1;
    if (number == 0 || zone % 100 > 59)
        return false;
    g_autoptr(GDateTime) time =
        g_date_time_new_utc(year, number, day, hour, minute, second == 60 ? 59 : second);
    if (time == NULL)
        return false;
    int64_t offset = (zone / 100 * 60 + zone % 100) * 60;
    *out = g_date_time_to_unix(time) - (sign == '+' ? offset : -offset);
    return true;
}

static bool read_letter_octets(MgImapReader *reader, bool binary, MgSpan *out)
{
    return mg_imap_read_literal(reader, out) &&
           (binary || out->len == 0 || memchr(out->data, '\0', out->len) == NULL);
}

static bool read_letter(MgImapSession *session, MgImapReader *reader)
{
    MgImapLetter letter = {.keywords = g_ptr_array_new_with_free_func(g_free), .at = session->now};
    bool read = mg_imap_read_octet(reader, ' '), has_flags = false;
    if (read && mg_imap_read_peek(reader) == '(') {
        has_flags = true;
        read = mg_imap_read_flags(reader, &letter.flags, letter.keywords) &&
               mg_imap_read_octet(reader, ' ');
    }
    if (read && mg_imap_read_peek(reader) == '"') {
        int64_t at = 0;
        read = read_date(reader, &at) && mg_imap_read_octet(reader, ' ');
        letter.at = (at - session->epoch) * MG_SECONDS;
    }
    if (!has_flags)
        g_ptr_array_add(letter.keywords, NULL);
    bool binary = read && mg_imap_read_octet(reader, '~');
    read = read && read_letter_octets(reader, binary, &letter.octets);
    if (read && binary)
        letter.encoded = mg_imap_encode_binary(letter.octets);
    if (letter.encoded != NULL)
        letter.octets = mg_imap_span(letter.encoded);
    g_array_append_val(session->job.letters, letter);
    return read;
}

/* ---- one after the other ---- */

static void undone(MgImapSession *session, const MgFoldersAnswer *answer)
{
    g_autofree char *reply = g_strdup(session->job.reply->str);
    mg_imap_conclude(session, "%s", reply);
}

/* RFC 3502 §3: all or nothing. */
static void give_up(MgImapSession *session, const MgFoldersAnswer *answer)
{
    MgImapJob *job = &session->job;
    bool none = answer != NULL && answer->result == MG_FOLDERS_NONE;
    bool full = answer != NULL && answer->result == MG_FOLDERS_FULL;
    const char *text = none   ? "NO [TRYCREATE] There is no such folder" /* RFC 3501 §6.3.11 */
                       : full ? "NO [OVERQUOTA] There is no room for it"
                              : "NO [UNAVAILABLE] It cannot be kept now";
    if (job->uids->len == 0) {
        mg_imap_conclude(session, "%s", text);
        return;
    }
    job->reply = g_string_new(text);
    session->question = (MgFoldersQuestion){.folder = job->folder,
                                            .uids = (const uint32_t *)(const void *)job->uids->data,
                                            .n_uids = job->uids->len};
    mg_imap_ask(session, MG_FOLDERS_EXPUNGE, undone);
}

static void append_next(MgImapSession *session, MgImapStep then)
{
    const MgImapJob *job = &session->job;
    const MgImapLetter *letter = &g_array_index(job->letters, MgImapLetter, job->at);
    session->question =
        (MgFoldersQuestion){.folder = job->folder,
                            .data = letter->octets,
                            .flags = letter->flags,
                            .keywords = (const char *const *)letter->keywords->pdata,
                            .at = letter->at};
    mg_imap_ask(session, MG_FOLDERS_APPEND, then);
}

static void appended(MgImapSession *session, const MgFoldersAnswer *answer)
{
    MgImapJob *job = &session->job;
    if (answer == NULL || answer->result != MG_FOLDERS_OK || answer->n_new_uids != 1) {
        give_up(session, answer);
        return;
    }
    g_array_append_val(job->uids, answer->new_uids[0]);
    if (++job->at < job->letters->len) {
        append_next(session, appended);
        return;
    }
    g_autoptr(GString) set = g_string_new(NULL);
    mg_imap_add_set(set, (const uint32_t *)(const void *)job->uids->data, job->uids->len);
    mg_imap_conclude(session, "OK [APPENDUID %u %s] Kept", answer->uid_validity, set->str);
}

void mg_imap_do_append(MgImapSession *session, MgImapReader *reader)
{
    MgImapJob *job = &session->job;
    job->folder = mg_imap_read_octet(reader, ' ') ? mg_imap_read_folder(reader) : NULL;
    bool read = job->folder != NULL, empty = false;
    do {
        read = read && job->letters->len < LETTERS_MAX && read_letter(session, reader);
        if (read)
            empty |=
                g_array_index(job->letters, MgImapLetter, job->letters->len - 1).octets.len == 0;
    } while (read && !mg_imap_read_end(reader)); /* RFC 3502: several in one command */
    if (!read)
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT,
                    "Say which folder, flags in parentheses, a date, and the letter as a literal");
    else if (empty) /* RFC 3502 §3: a way to give the command up */
        mg_imap_conclude(session, "NO An empty letter is none");
    else
        append_next(session, appended);
}
