/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-body.c - the first line is what is asked, the rest are letters (parted by form feeds). Any
 * octets give an envelope and a structure that the grammar allows; a section lies in its letter; a
 * search says the same with the letter as without it; each letter is in its thread once
 */
#include "imap-body.h"
#include "imap-thread.h"
#include "imap-utf7.h"

#define LETTERS_MAX 20u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the grammar of RFC 3501 §9 ---- */

static void octet(MgImapReader *reader, char wanted)
{
    g_assert_true(mg_imap_read_octet(reader, wanted));
}

static bool is_list(const MgImapReader *reader)
{
    return mg_imap_read_peek(reader) == '(';
}

/* (transfer full) */
static GString *string(MgImapReader *reader)
{
    GString *out = g_string_new(NULL);
    size_t from = reader->at;
    bool quoted = mg_imap_read_peek(reader) == '"';
    g_assert_true(quoted || mg_imap_read_peek(reader) == '{');
    g_assert_true(mg_imap_read_astring(reader, out));
    g_assert_null(memchr(out->str, 0, out->len));
    for (size_t i = from; quoted && i < reader->at; i++)
        g_assert_true(reader->text.data[i] < 0x80);
    return out;
}

static void nstring(MgImapReader *reader)
{
    if (!mg_imap_read_word(reader, "NIL"))
        g_string_free(string(reader), TRUE);
}

/* Strings in parentheses, a multiple of `by`; or NIL, or (lax) one string. */
static void strings(MgImapReader *reader, unsigned by)
{
    unsigned n = 0;
    if (mg_imap_read_word(reader, "NIL"))
        return;
    octet(reader, '(');
    do {
        g_string_free(string(reader), TRUE);
        n++;
    } while (mg_imap_read_octet(reader, ' '));
    octet(reader, ')');
    g_assert_cmpuint(n % by, ==, 0);
}

static void addresses(MgImapReader *reader)
{
    if (mg_imap_read_word(reader, "NIL"))
        return;
    octet(reader, '(');
    do {
        octet(reader, '(');
        for (unsigned i = 0; i < 4; i++) {
            if (i > 0)
                octet(reader, ' ');
            nstring(reader);
        }
        octet(reader, ')');
    } while (is_list(reader));
    octet(reader, ')');
}

static void envelope(MgImapReader *reader)
{
    static const char kinds[] = "ssaaaaaass"; /* strings and addresses */
    octet(reader, '(');
    for (size_t i = 0; kinds[i] != '\0'; i++) {
        if (i > 0)
            octet(reader, ' ');
        if (kinds[i] == 's')
            nstring(reader);
        else
            addresses(reader);
    }
    octet(reader, ')');
}

static void number(MgImapReader *reader)
{
    uint64_t n;
    octet(reader, ' ');
    g_assert_true(mg_imap_read_number(reader, UINT32_MAX, &n));
}

static void extension(MgImapReader *reader)
{
    octet(reader, ' ');
    if (!mg_imap_read_word(reader, "NIL")) { /* disposition */
        octet(reader, '(');
        g_string_free(string(reader), TRUE);
        octet(reader, ' ');
        strings(reader, 2);
        octet(reader, ')');
    }
    octet(reader, ' ');
    strings(reader, 1); /* language */
    octet(reader, ' ');
    nstring(reader); /* location */
}

static void body(MgImapReader *reader, bool extended);

static void single(MgImapReader *reader, bool extended)
{
    g_autoptr(GString) type = string(reader);
    octet(reader, ' ');
    g_autoptr(GString) subtype = string(reader);
    octet(reader, ' ');
    strings(reader, 2);
    for (unsigned i = 0; i < 2; i++) {
        octet(reader, ' ');
        nstring(reader);
    }
    octet(reader, ' ');
    g_string_free(string(reader), TRUE);
    number(reader);
    bool letter = g_ascii_strcasecmp(type->str, "message") == 0 &&
                  g_ascii_strcasecmp(subtype->str, "rfc822") == 0;
    g_assert_true(g_ascii_strcasecmp(type->str, "multipart") != 0);
    if (letter) {
        octet(reader, ' ');
        envelope(reader);
        octet(reader, ' ');
        body(reader, extended);
    }
    if (letter || g_ascii_strcasecmp(type->str, "text") == 0)
        number(reader);
    if (extended) {
        octet(reader, ' ');
        nstring(reader);
        extension(reader);
    }
}

static void body(MgImapReader *reader, bool extended)
{
    octet(reader, '(');
    if (!is_list(reader)) {
        single(reader, extended);
    } else {
        while (is_list(reader))
            body(reader, extended);
        octet(reader, ' ');
        g_string_free(string(reader), TRUE);
        if (extended) {
            octet(reader, ' ');
            strings(reader, 2);
            extension(reader);
        }
    }
    octet(reader, ')');
}

static MgImapReader reader_of(const GString *text)
{
    return (MgImapReader){{(const uint8_t *)text->str, text->len}, 0};
}

static void check_structure(const MgMessage *letter)
{
    for (unsigned round = 0; round < 3; round++) {
        g_autoptr(GString) out = g_string_new(NULL);
        if (round == 0)
            mg_imap_add_envelope(letter, false, out);
        else
            mg_imap_add_body(letter, round == 2, false, out);
        MgImapReader reader = reader_of(out);
        if (round == 0)
            envelope(&reader);
        else
            body(&reader, round == 2);
        g_assert_true(mg_imap_read_end(&reader));
    }
    g_autoptr(GString) utf8 = g_string_new(NULL);
    mg_imap_add_body(letter, true, true, utf8);
}

/* ---- what is asked ---- */

static void check_section(MgSpan asked, MgMessage *letter)
{
    for (unsigned item = 0; item < 3; item++) {
        MgImapReader reader = {asked, 0};
        MgImapSection section;
        if (mg_imap_read_section(&reader, (MgImapSectionItem)item, &section)) {
            g_autoptr(GByteArray) keep = g_byte_array_new();
            g_autoptr(GString) out = g_string_new(NULL);
            MgSpan octets = {0};
            MgImapSectionResult result = mg_imap_section_octets(letter, &section, keep, &octets);
            g_assert_true(result != MG_IMAP_SECTION_THERE || !section.partial ||
                          octets.len <= section.count);
            g_assert_cmpint(mg_imap_add_section(letter, &section, out), ==, result);
            g_assert_true((out->len == 0) == (result == MG_IMAP_SECTION_UNKNOWN));
        }
        mg_imap_section_clear(&section);
    }
}

static void check_search(MgSpan asked, const MgMailboxMessage *facts, MgMessage *letter)
{
    g_autoptr(MgImapSearch) search = NULL;
    MgImapReader reader = {asked, 0};
    const uint32_t saved[] = {1, 3};
    if (mg_imap_search_read(&reader, NULL, true, &search) != MG_IMAP_SEARCH_OK)
        return;
    MgImapSearchView view = {.number = facts->uid,
                             .facts = facts,
                             .last = LETTERS_MAX,
                             .last_uid = LETTERS_MAX,
                             .saved = saved,
                             .n_saved = G_N_ELEMENTS(saved),
                             .now = 1000000};
    MgImapMatch without = mg_imap_search_match(search, &view);
    view.letter = letter;
    MgImapMatch with = mg_imap_search_match(search, &view);
    g_assert_cmpint(with, !=, MG_IMAP_MATCH_LETTER);
    g_assert_true(without == MG_IMAP_MATCH_LETTER || without == with);
}

static void check_return(MgSpan asked)
{
    const uint32_t numbers[] = {1, 2, 3, 5};
    MgImapReader reader = {asked, 0};
    MgImapReturn wanted;
    g_autoptr(GString) out = g_string_new(NULL);
    if (!mg_imap_read_return(&reader, &wanted))
        return;
    for (size_t n = 0; n <= G_N_ELEMENTS(numbers); n++)
        mg_imap_add_results(&wanted, numbers, n, out);
}

/* What is read is written as it was: there is one way only (RFC 3501 §5.1.3). */
static void check_names(MgSpan asked)
{
    g_autofree char *name = mg_imap_utf7_decode(asked);
    g_autoptr(GString) again = g_string_new(NULL);
    if (name != NULL) {
        mg_imap_add_utf7(again, name);
        g_assert_cmpmem(again->str, again->len, asked.data, asked.len);
    }
    g_autofree char *text = g_strndup((const char *)asked.data, asked.len);
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autoptr(GString) encoded = g_string_new(NULL);
    mg_imap_add_utf7(encoded, valid);
    g_autofree char *back =
        mg_imap_utf7_decode((MgSpan){(const uint8_t *)encoded->str, encoded->len});
    g_assert_cmpstr(back, ==, valid);
    bool is_reply;
    g_autofree char *base = mg_imap_base_subject(valid, &is_reply);
    g_autofree char *once_more = mg_imap_base_subject(base, &is_reply);
    g_assert_cmpstr(base, ==, once_more);
    g_assert_false(is_reply);
}

/* ---- letters together ---- */

static void check_order(MgSpan asked, GPtrArray *letters, const MgMailboxMessage *facts)
{
    MgImapReader reader = {asked, 0};
    g_autoptr(MgImapSort) sort = mg_imap_sort_read(&reader);
    if (sort == NULL)
        return;
    for (guint i = 0; i < letters->len; i++)
        mg_imap_sort_add(sort, i + 1, &facts[i], 0,
                         mg_imap_sort_needs_letter(sort) ? g_ptr_array_index(letters, i) : NULL);
    g_autoptr(GArray) names = mg_imap_sort_finish(sort);
    g_assert_cmpuint(names->len, ==, letters->len);
}

static void check_threads(GPtrArray *letters, const MgMailboxMessage *facts)
{
    for (unsigned threading = 0; threading < 2; threading++) {
        g_autoptr(MgImapThread) thread = mg_imap_thread_new((MgImapThreading)threading);
        g_autoptr(GString) out = g_string_new(NULL);
        unsigned seen = 0, depth = 0;
        for (guint i = 0; i < letters->len; i++)
            mg_imap_thread_add(thread, i + 1, &facts[i], 0, g_ptr_array_index(letters, i));
        mg_imap_thread_finish(thread, out);
        for (const char *at = out->str; *at != '\0';) {
            if (g_ascii_isdigit(*at)) {
                unsigned name = (unsigned)strtoul(at, (char **)&at, 10);
                g_assert_true(name >= 1 && name <= letters->len && (seen & 1u << name) == 0);
                seen |= 1u << name;
                continue;
            }
            g_assert_true(*at == ' ' || *at == '(' || (*at == ')' && depth > 0));
            g_assert_false(at[0] == '(' && at[1] == ')');
            depth += (*at == '(') - (*at == ')');
            at++;
        }
        g_assert_cmpuint(depth, ==, 0);
        g_assert_cmpuint(seen, ==, (2u << letters->len) - 2);
    }
}

static void free_letter(void *letter)
{
    mg_message_free(letter);
}

static void take_letters(MgSpan text, GPtrArray *letters)
{
    size_t at = 0;
    while (letters->len < LETTERS_MAX) {
        const uint8_t *end = memchr(text.data + at, '\f', text.len - at);
        size_t len = end != NULL ? (size_t)(end - text.data) - at : text.len - at;
        g_autoptr(GBytes) bytes = g_bytes_new(text.data + at, len);
        g_ptr_array_add(letters, mg_message_parse(bytes));
        if (end == NULL)
            return;
        at += len + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MgSpan all = {data, MIN(size, 65536)};
    const uint8_t *end = all.len > 0 ? memchr(data, '\n', all.len) : NULL;
    if (end == NULL)
        return 0;
    MgSpan asked = {data, (size_t)(end - data)};
    g_autoptr(GPtrArray) letters = g_ptr_array_new_with_free_func(free_letter);
    MgMailboxMessage facts[LETTERS_MAX] = {0};
    take_letters((MgSpan){end + 1, all.len - asked.len - 1}, letters);
    for (guint i = 0; i < letters->len; i++) {
        MgMessage *letter = g_ptr_array_index(letters, i);
        facts[i] = (MgMailboxMessage){.uid = i + 1,
                                      .flags = i,
                                      .size = g_bytes_get_size(letter->bytes),
                                      .at = (MgTime)i * MG_SECONDS,
                                      .modseq = i};
        check_structure(letter);
        check_section(asked, letter);
        check_search(asked, &facts[i], letter);
    }
    check_return(asked);
    check_names(asked);
    check_order(asked, letters, facts);
    check_threads(letters, facts);
    return 0;
}
