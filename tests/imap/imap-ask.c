/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-ask.c - imap-ask FILE…: FETCH, SEARCH, SORT and THREAD of letters in files, without a server
 *
 * A FILE is an mbox if it begins with "From ", else one letter. Commands are lines of the standard
 * input; what an IMAP server would answer is written, and a line OK, NO or BAD. STORE and EXPUNGE
 * are there as far as the scripts need them. For bodies.py and dovecot.py.
 */
#include <stdio.h>

#include "imap-body.h"
#include "imap-thread.h"

typedef struct {
    MgMailboxMessage facts;
    MgMessage *letter;
} Letter;

typedef struct {
    GPtrArray *letters;
    GPtrArray *keywords; /* NULL-terminated */
    GString *out;
    bool by_uid;
} Box;

/* ---- letters from files ---- */

static void free_letter(void *data)
{
    Letter *letter = data;
    mg_message_free(letter->letter);
    g_free(letter);
}

static void add_letter(Box *box, const char *text, size_t len, int64_t at)
{
    GString *lines = g_string_sized_new(len);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'))
            g_string_append_c(lines, '\r');
        g_string_append_c(lines, text[i]);
    }
    Letter *letter = g_new0(Letter, 1);
    letter->facts = (MgMailboxMessage){
        .uid = box->letters->len + 1, .size = lines->len, .at = at * MG_SECONDS, .modseq = 1};
    g_autoptr(GBytes) bytes = g_string_free_to_bytes(lines);
    letter->letter = mg_message_parse(bytes);
    g_ptr_array_add(box->letters, letter);
}

/* "From user@domain  Fri Feb 22 17:06:23 2008 +0200" */
static int64_t came(const char *line, size_t len)
{
    g_autofree char *text = g_strndup(line, len);
    char month[4], zone[8] = "+0000";
    int day, hour, minute, second, year;
    MgMessageDate date;
    if (sscanf(text, "From %*s %*s %3s %d %d:%d:%d %d %7s", month, &day, &hour, &minute, &second,
               &year, zone) < 6)
        return 0;
    g_autofree char *rfc =
        g_strdup_printf("%d %s %d %02d:%02d:%02d %s", day, month, year, hour, minute, second, zone);
    return mg_message_parse_date(mg_span_from_string(rfc), &date) ? date.unix_seconds : 0;
}

static void add_file(Box *box, const char *name)
{
    g_autofree char *text = NULL;
    gsize len = 0;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(name, &text, &len, &error))
        g_error("%s", error->message);
    if (!g_str_has_prefix(text, "From ")) {
        add_letter(box, text, len, 0);
        return;
    }
    for (const char *at = text, *end = text + len; at < end;) {
        const char *line = strchr(at, '\n'), *next = line != NULL ? strstr(line, "\nFrom ") : NULL;
        if (line == NULL)
            return;
        next = next != NULL ? next + 1 : end;
        add_letter(box, line + 1, (size_t)(next - line - 1), came(at, (size_t)(line - at)));
        at = next;
    }
}

/* ---- flags ---- */

static const struct {
    const char *name;
    uint32_t flag;
} flags[] = {{"\\Seen", MG_FLAG_SEEN},
             {"\\Answered", MG_FLAG_ANSWERED},
             {"\\Flagged", MG_FLAG_FLAGGED},
             {"\\Deleted", MG_FLAG_DELETED},
             {"\\Draft", MG_FLAG_DRAFT}};

static void add_flags(Box *box, const Letter *letter)
{
    const char *separator = "";
    g_string_append(box->out, "FLAGS (");
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        if ((letter->facts.flags & flags[i].flag) != 0) {
            g_string_append_printf(box->out, "%s%s", separator, flags[i].name);
            separator = " ";
        }
    }
    g_string_append_c(box->out, ')');
}

static void set_flag(Box *box, Letter *letter, const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        if (g_ascii_strcasecmp(flags[i].name, name) == 0) {
            letter->facts.flags |= flags[i].flag;
            return;
        }
    }
    guint at = 0;
    while (g_ptr_array_index(box->keywords, at) != NULL &&
           strcmp(g_ptr_array_index(box->keywords, at), name) != 0)
        at++;
    if (g_ptr_array_index(box->keywords, at) == NULL)
        g_ptr_array_insert(box->keywords, (int)at, g_strdup(name));
    letter->facts.keywords |= (uint64_t)1 << at;
}

/* "2,4 +flags (\seen \flagged)" */
static bool store(Box *box, MgImapReader *reader)
{
    g_autoptr(GArray) set = g_array_new(FALSE, FALSE, sizeof(MgImapRange));
    if (!mg_imap_read_set(reader, set) || !mg_imap_read_octet(reader, ' '))
        return false;
    bool adds = mg_imap_read_octet(reader, '+');
    if (!mg_imap_read_word(reader, "FLAGS") || !mg_imap_read_octet(reader, ' '))
        return false;
    g_autofree char *list =
        g_strndup((const char *)reader->text.data + reader->at, reader->text.len - reader->at);
    g_auto(GStrv) names = g_strsplit_set(list, "() ", -1);
    for (guint i = 0; i < box->letters->len; i++) {
        Letter *letter = g_ptr_array_index(box->letters, i);
        if (!mg_imap_set_has(set, i + 1, box->letters->len))
            continue;
        if (!adds)
            letter->facts.flags = 0, letter->facts.keywords = 0;
        for (guint k = 0; names[k] != NULL; k++)
            if (names[k][0] != '\0')
                set_flag(box, letter, names[k]);
    }
    return true;
}

static void expunge(Box *box)
{
    for (guint i = box->letters->len; i > 0; i--) {
        const Letter *letter = g_ptr_array_index(box->letters, i - 1);
        if ((letter->facts.flags & MG_FLAG_DELETED) != 0)
            g_ptr_array_remove_index(box->letters, i - 1);
    }
}

/* ---- FETCH ---- */

static bool fetch_section(Box *box, Letter *letter, MgImapReader *reader, MgImapSectionItem item)
{
    MgImapSection section;
    bool good = mg_imap_read_section(reader, item, &section) &&
                mg_imap_add_section(letter->letter, &section, box->out) != MG_IMAP_SECTION_UNKNOWN;
    mg_imap_section_clear(&section);
    return good;
}

static void fetch_rfc822(Box *box, Letter *letter, MgImapSectionText text)
{
    MgImapSection section;
    mg_imap_section_rfc822(&section, text);
    mg_imap_add_section(letter->letter, &section, box->out);
    mg_imap_section_clear(&section);
}

static bool starts(MgImapReader *reader, const char *word)
{
    size_t len = strlen(word);
    bool found = reader->text.len - reader->at >= len &&
                 g_ascii_strncasecmp((const char *)reader->text.data + reader->at, word, len) == 0;
    reader->at += found ? len : 0;
    return found;
}

static bool fetch_item(Box *box, Letter *letter, MgImapReader *reader)
{
    size_t before = reader->at;
    if (mg_imap_read_word(reader, "ENVELOPE")) {
        g_string_append(box->out, "ENVELOPE ");
        mg_imap_add_envelope(letter->letter, false, box->out);
    } else if (mg_imap_read_word(reader, "BODYSTRUCTURE")) {
        g_string_append(box->out, "BODYSTRUCTURE ");
        mg_imap_add_body(letter->letter, true, false, box->out);
    } else if (mg_imap_read_word(reader, "BODY")) {
        g_string_append(box->out, "BODY ");
        mg_imap_add_body(letter->letter, false, false, box->out);
    } else if (mg_imap_read_word(reader, "RFC822")) {
        fetch_rfc822(box, letter, MG_IMAP_SECTION_WHOLE);
    } else if (mg_imap_read_word(reader, "RFC822.HEADER")) {
        fetch_rfc822(box, letter, MG_IMAP_SECTION_HEADER);
    } else if (mg_imap_read_word(reader, "RFC822.TEXT")) {
        fetch_rfc822(box, letter, MG_IMAP_SECTION_TEXT);
    } else if (mg_imap_read_word(reader, "RFC822.SIZE")) {
        g_string_append_printf(box->out, "RFC822.SIZE %" G_GSIZE_FORMAT, letter->facts.size);
    } else if (mg_imap_read_word(reader, "UID")) {
        g_string_append_printf(box->out, "UID %u", letter->facts.uid);
    } else if (mg_imap_read_word(reader, "FLAGS")) {
        add_flags(box, letter);
    } else if (starts(reader, "BODY.PEEK")) {
        return fetch_section(box, letter, reader, MG_IMAP_BODY);
    } else if (starts(reader, "BODY")) {
        return fetch_section(box, letter, reader, MG_IMAP_BODY);
    } else if (starts(reader, "BINARY.SIZE")) {
        return fetch_section(box, letter, reader, MG_IMAP_BINARY_SIZE);
    } else if (starts(reader, "BINARY.PEEK") || starts(reader, "BINARY")) {
        return fetch_section(box, letter, reader, MG_IMAP_BINARY);
    }
    return reader->at > before;
}

static bool fetch(Box *box, MgImapReader *reader)
{
    g_autoptr(GArray) set = g_array_new(FALSE, FALSE, sizeof(MgImapRange));
    if (!mg_imap_read_set(reader, set) || !mg_imap_read_octet(reader, ' '))
        return false;
    bool list = mg_imap_read_octet(reader, '(');
    size_t items = reader->at;
    for (guint i = 0; i < box->letters->len; i++) {
        if (!mg_imap_set_has(set, i + 1, box->letters->len))
            continue;
        reader->at = items;
        g_string_append_printf(box->out, "* %u FETCH (", i + 1);
        for (;;) {
            if (!fetch_item(box, g_ptr_array_index(box->letters, i), reader))
                return false;
            if (!list || !mg_imap_read_octet(reader, ' '))
                break;
            g_string_append_c(box->out, ' ');
        }
        g_string_append(box->out, ")\r\n");
    }
    return (!list || mg_imap_read_octet(reader, ')')) && mg_imap_read_end(reader);
}

/* ---- SEARCH, SORT, THREAD ---- */

static uint32_t name_of(const Box *box, guint i)
{
    const Letter *letter = g_ptr_array_index(box->letters, i);
    return box->by_uid ? letter->facts.uid : i + 1;
}

/* (transfer full) (nullable) Of guint: the places of what matches. First without the letter, as a
 * server does. */
static GArray *find(Box *box, MgImapReader *reader, const char *charset, bool takes_charset)
{
    g_autoptr(MgImapSearch) search = NULL;
    MgImapSearchResult read = mg_imap_search_read(reader, charset, takes_charset, &search);
    if (read == MG_IMAP_SEARCH_CHARSET)
        g_string_append(box->out, "* NO [BADCHARSET]\r\n");
    if (read != MG_IMAP_SEARCH_OK)
        return NULL;
    GArray *found = g_array_new(FALSE, FALSE, sizeof(guint));
    const Letter *last =
        box->letters->len > 0 ? g_ptr_array_index(box->letters, box->letters->len - 1) : NULL;
    for (guint i = 0; i < box->letters->len; i++) {
        const Letter *letter = g_ptr_array_index(box->letters, i);
        MgImapSearchView view = {.number = i + 1,
                                 .facts = &letter->facts,
                                 .recent = true,
                                 .last = box->letters->len,
                                 .last_uid = last->facts.uid,
                                 .keywords = (const char *const *)(void *)box->keywords->pdata};
        MgImapMatch match = mg_imap_search_match(search, &view);
        if (match == MG_IMAP_MATCH_LETTER) {
            view.letter = letter->letter;
            match = mg_imap_search_match(search, &view);
        }
        if (match == MG_IMAP_MATCH_YES)
            g_array_append_val(found, i);
    }
    return found;
}

static void add_found(Box *box, const char *word, const MgImapReturn *wanted, const GArray *names)
{
    const uint32_t *all = (const uint32_t *)(void *)names->data;
    if (wanted->options != 0) {
        g_string_append_printf(box->out, "* ESEARCH (TAG \"t\")%s", box->by_uid ? " UID" : "");
        mg_imap_add_results(wanted, all, names->len, box->out);
    } else {
        g_string_append_printf(box->out, "* %s", word);
        for (guint i = 0; i < names->len; i++)
            g_string_append_printf(box->out, " %u", all[i]);
    }
    g_string_append(box->out, "\r\n");
}

static bool take_return(MgImapReader *reader, MgImapReturn *wanted)
{
    *wanted = (MgImapReturn){0};
    return !mg_imap_read_word(reader, "RETURN") ||
           (mg_imap_read_octet(reader, ' ') && mg_imap_read_return(reader, wanted) &&
            mg_imap_read_octet(reader, ' '));
}

static bool search_letters(Box *box, MgImapReader *reader)
{
    MgImapReturn wanted;
    if (!take_return(reader, &wanted))
        return false;
    g_autoptr(GArray) found = find(box, reader, NULL, true);
    if (found == NULL)
        return false;
    for (guint i = 0; i < found->len; i++)
        g_array_index(found, uint32_t, i) = name_of(box, g_array_index(found, guint, i));
    add_found(box, "SEARCH", &wanted, found);
    return true;
}

static bool take_charset(MgImapReader *reader, GString *charset)
{
    return mg_imap_read_octet(reader, ' ') && mg_imap_read_astring(reader, charset) &&
           mg_imap_read_octet(reader, ' ');
}

static bool sort_letters(Box *box, MgImapReader *reader)
{
    MgImapReturn wanted;
    g_autoptr(GString) charset = g_string_new(NULL);
    if (!take_return(reader, &wanted))
        return false;
    g_autoptr(MgImapSort) sort = mg_imap_sort_read(reader);
    if (sort == NULL || !take_charset(reader, charset))
        return false;
    g_autoptr(GArray) found = find(box, reader, charset->str, false);
    if (found == NULL)
        return false;
    for (guint i = 0; i < found->len; i++) {
        guint at = g_array_index(found, guint, i);
        const Letter *letter = g_ptr_array_index(box->letters, at);
        mg_imap_sort_add(sort, name_of(box, at), &letter->facts, 0,
                         mg_imap_sort_needs_letter(sort) ? letter->letter : NULL);
    }
    g_autoptr(GArray) sorted = mg_imap_sort_finish(sort);
    add_found(box, "SORT", &wanted, sorted);
    return true;
}

static bool thread_letters(Box *box, MgImapReader *reader)
{
    MgSpan name;
    MgImapThreading threading;
    g_autoptr(GString) charset = g_string_new(NULL);
    if (!mg_imap_read_atom(reader, &name) || !mg_imap_thread_named(name, &threading) ||
        !take_charset(reader, charset))
        return false;
    g_autoptr(GArray) found = find(box, reader, charset->str, false);
    if (found == NULL)
        return false;
    g_autoptr(MgImapThread) thread = mg_imap_thread_new(threading);
    for (guint i = 0; i < found->len; i++) {
        guint at = g_array_index(found, guint, i);
        const Letter *letter = g_ptr_array_index(box->letters, at);
        mg_imap_thread_add(thread, name_of(box, at), &letter->facts, 0, letter->letter);
    }
    g_string_append(box->out, "* THREAD ");
    mg_imap_thread_finish(thread, box->out);
    g_string_append(box->out, "\r\n");
    return true;
}

/* ---- commands ---- */

static bool run(Box *box, MgImapReader *reader)
{
    static const struct {
        const char *word;
        bool (*run)(Box *box, MgImapReader *reader);
    } commands[] = {{"FETCH", fetch},
                    {"SEARCH", search_letters},
                    {"SORT", sort_letters},
                    {"THREAD", thread_letters},
                    {"STORE", store}};
    if (mg_imap_read_word(reader, "EXPUNGE")) {
        expunge(box);
        return true;
    }
    box->by_uid = mg_imap_read_word(reader, "UID") && mg_imap_read_octet(reader, ' ');
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        if (mg_imap_read_word(reader, commands[i].word) && mg_imap_read_octet(reader, ' '))
            return commands[i].run(box, reader);
    return false;
}

int main(int argc, char **argv)
{
    Box box = {.letters = g_ptr_array_new_with_free_func(free_letter),
               .keywords = g_ptr_array_new_with_free_func(g_free),
               .out = g_string_new(NULL)};
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    g_ptr_array_add(box.keywords, NULL);
    for (int i = 1; i < argc; i++)
        add_file(&box, argv[i]);
    while ((len = getline(&line, &room, stdin)) > 0) {
        MgImapReader reader = {{(const uint8_t *)line, (size_t)len - (line[len - 1] == '\n')}, 0};
        g_string_truncate(box.out, 0);
        bool good = run(&box, &reader);
        if (!good)
            g_string_truncate(box.out, 0);
        g_string_append(box.out, good ? "OK\r\n" : "BAD\r\n");
        fwrite(box.out->str, 1, box.out->len, stdout);
        fflush(stdout);
    }
    free(line);
    g_ptr_array_unref(box.letters);
    g_ptr_array_unref(box.keywords);
    g_string_free(box.out, TRUE);
    return 0;
}
