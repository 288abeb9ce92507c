/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-string.c - atoms, strings, literals, sets (RFC 3501 §4, §9; RFC 7888; RFC 3516 §4.1) */
#include "imap-string.h"

/* ---- read ---- */

/* An ASTRING-CHAR: an ATOM-CHAR or "]". */
static bool is_atom_octet(uint8_t octet)
{
    return octet > ' ' && octet < 0x7f && strchr("(){%*\"\\", octet) == NULL;
}

bool mg_imap_read_word(MgImapReader *reader, const char *word)
{
    size_t len = strlen(word), end = reader->at + len;
    if (end > reader->text.len ||
        g_ascii_strncasecmp((const char *)reader->text.data + reader->at, word, len) != 0 ||
        (end < reader->text.len && is_atom_octet(reader->text.data[end])))
        return false;
    reader->at = end;
    return true;
}

bool mg_imap_read_atom(MgImapReader *reader, MgSpan *atom)
{
    size_t from = reader->at;
    while (!mg_imap_read_end(reader) && is_atom_octet(reader->text.data[reader->at]))
        reader->at++;
    *atom = (MgSpan){reader->text.data + from, reader->at - from};
    return atom->len > 0;
}

static bool read_quoted(MgImapReader *reader, GString *out)
{
    reader->at++;
    while (!mg_imap_read_end(reader)) {
        uint8_t octet = reader->text.data[reader->at++];
        if (octet == '"')
            return true;
        if (octet == '\\') {
            octet = mg_imap_read_peek(reader);
            if (octet != '"' && octet != '\\')
                return false;
            reader->at++;
        }
        if (octet == '\r' || octet == '\n' || octet == 0)
            return false;
        g_string_append_c(out, (char)octet);
    }
    return false;
}

bool mg_imap_read_literal(MgImapReader *reader, MgSpan *octets)
{
    uint64_t len;
    if (!mg_imap_read_octet(reader, '{') || !mg_imap_read_number(reader, UINT32_MAX, &len))
        return false;
    mg_imap_read_octet(reader, '+');
    if (!mg_imap_read_octet(reader, '}') || !mg_imap_read_octet(reader, '\r') ||
        !mg_imap_read_octet(reader, '\n') || len > reader->text.len - reader->at)
        return false;
    *octets = mg_span_slice(reader->text, reader->at, len);
    reader->at += len;
    return true;
}

static bool read_literal(MgImapReader *reader, GString *out)
{
    MgSpan octets;
    mg_imap_read_octet(reader, '~');
    if (!mg_imap_read_literal(reader, &octets))
        return false;
    g_string_append_len(out, (const char *)octets.data, (gssize)octets.len);
    return true;
}

bool mg_imap_read_astring(MgImapReader *reader, GString *out)
{
    MgSpan atom;
    uint8_t next = mg_imap_read_peek(reader);
    bool binary = next == '~' && reader->at + 1 < reader->text.len &&
                  reader->text.data[reader->at + 1] == '{';
    if (next == '"')
        return read_quoted(reader, out);
    if (next == '{' || binary)
        return read_literal(reader, out);
    if (!mg_imap_read_atom(reader, &atom))
        return false;
    g_string_append_len(out, (const char *)atom.data, (gssize)atom.len);
    return true;
}

bool mg_imap_read_number(MgImapReader *reader, uint64_t max, uint64_t *out)
{
    size_t from = reader->at;
    *out = 0;
    while (g_ascii_isdigit((char)mg_imap_read_peek(reader))) {
        uint64_t digit = (uint64_t)(reader->text.data[reader->at++] - '0');
        if (*out > (max - MIN(digit, max)) / 10 || digit > max)
            return false;
        *out = *out * 10 + digit;
    }
    return reader->at > from;
}

/* ---- sets ---- */

static bool read_end_of_range(MgImapReader *reader, uint32_t *out)
{
    uint64_t number;
    *out = MG_IMAP_LAST;
    if (mg_imap_read_octet(reader, '*'))
        return true;
    if (!mg_imap_read_number(reader, UINT32_MAX, &number) || number == 0)
        return false;
    *out = (uint32_t)number;
    return true;
}

bool mg_imap_read_set(MgImapReader *reader, GArray *set)
{
    do {
        MgImapRange range;
        if (set->len == MG_IMAP_RANGES_MAX || !read_end_of_range(reader, &range.first))
            return false;
        range.last = range.first;
        if (mg_imap_read_octet(reader, ':') && !read_end_of_range(reader, &range.last))
            return false;
        g_array_append_val(set, range);
    } while (mg_imap_read_octet(reader, ','));
    return !is_atom_octet(mg_imap_read_peek(reader));
}

bool mg_imap_set_has(const GArray *set, uint32_t number, uint32_t last)
{
    for (guint i = 0; i < set->len; i++) {
        const MgImapRange *range = &g_array_index(set, MgImapRange, i);
        uint32_t a = range->first == MG_IMAP_LAST ? last : range->first;
        uint32_t b = range->last == MG_IMAP_LAST ? last : range->last;
        if (a != 0 && b != 0 && number >= MIN(a, b) && number <= MAX(a, b))
            return true;
    }
    return false;
}

void mg_imap_add_set(GString *out, const uint32_t *numbers, size_t n_numbers)
{
    for (size_t i = 0; i < n_numbers;) {
        size_t end = i;
        while (end + 1 < n_numbers && numbers[end + 1] == numbers[end] + 1)
            end++;
        if (i > 0)
            g_string_append_c(out, ',');
        g_string_append_printf(out, "%u", numbers[i]);
        if (end > i)
            g_string_append_printf(out, ":%u", numbers[end]);
        i = end + 1;
    }
}

/* ---- compared ---- */

char *mg_imap_fold(const char *text)
{
    g_autofree char *folded = g_utf8_casefold(text, -1);
    char *composed = g_utf8_normalize(folded, -1, G_NORMALIZE_ALL_COMPOSE);
    return composed != NULL ? composed : g_steal_pointer(&folded);
}

char *mg_imap_collate(const char *text)
{
    g_autoptr(GString) titled = g_string_sized_new(strlen(text));
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at))
        g_string_append_unichar(titled, g_unichar_totitle(g_utf8_get_char(at)));
    char *decomposed = g_utf8_normalize(titled->str, -1, G_NORMALIZE_ALL);
    return decomposed != NULL ? decomposed : g_string_free(g_steal_pointer(&titled), FALSE);
}

/* ---- written ---- */

/* Longer ones are literals: some clients read a line into a buffer. */
#define QUOTED_MAX 1000u

static bool can_be_quoted(MgSpan text, bool utf8)
{
    bool ascii = true;
    if (text.len > QUOTED_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\r' || text.data[i] == '\n' || text.data[i] == 0)
            return false;
        ascii = ascii && text.data[i] < 0x80;
    }
    return ascii || (utf8 && g_utf8_validate((const char *)text.data, (gssize)text.len, NULL));
}

void mg_imap_add_string(GString *out, MgSpan text, bool utf8)
{
    if (can_be_quoted(text, utf8)) {
        g_string_append_c(out, '"');
        for (size_t i = 0; i < text.len; i++) {
            if (text.data[i] == '"' || text.data[i] == '\\')
                g_string_append_c(out, '\\');
            g_string_append_c(out, (char)text.data[i]);
        }
        g_string_append_c(out, '"');
        return;
    }
    mg_imap_add_literal(out, text, false);
}

void mg_imap_add_astring(GString *out, const char *text)
{
    MgSpan span = mg_span_from_string(text), atom;
    MgImapReader reader = {span, 0};
    if (mg_imap_read_atom(&reader, &atom) && atom.len == span.len)
        g_string_append(out, text);
    else
        mg_imap_add_string(out, span, false);
}

void mg_imap_add_nstring(GString *out, MgSpan text, bool utf8)
{
    if (text.data == NULL)
        g_string_append(out, "NIL");
    else
        mg_imap_add_string(out, text, utf8);
}

void mg_imap_add_literal(GString *out, MgSpan octets, bool binary)
{
    bool has_nul = octets.len > 0 && memchr(octets.data, 0, octets.len) != NULL;
    if (binary && has_nul)
        g_string_append_c(out, '~');
    g_string_append_printf(out, "{%" G_GSIZE_FORMAT "}\r\n", octets.len);
    gsize from = out->len;
    g_string_append_len(out, (const char *)octets.data, (gssize)octets.len);
    for (gsize i = from; has_nul && !binary && i < out->len; i++)
        if (out->str[i] == '\0')
            out->str[i] = (char)0x80;
}
