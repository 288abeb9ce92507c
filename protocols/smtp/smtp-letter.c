/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-letter.c - what is done to a letter on its way */
#include "smtp-letter.h"

/* The next line with its LF, from `at` on. */
static MgSpan line_at(MgSpan letter, size_t at)
{
    const uint8_t *lf = memchr(letter.data + at, '\n', letter.len - at);
    size_t len = lf != NULL ? (size_t)(lf - letter.data) + 1 - at : letter.len - at;
    return mg_span_slice(letter, at, len);
}

static void add(GByteArray *out, const uint8_t *bytes, size_t len)
{
    if (len > 0)
        g_byte_array_append(out, bytes, (guint)len);
}

GByteArray *mg_letter_copy(MgSpan letter)
{
    GByteArray *out = g_byte_array_sized_new((guint)letter.len + 2);
    size_t at = 0;
    while (at < letter.len) {
        MgSpan line = line_at(letter, at);
        at += line.len;
        bool has_lf = line.data[line.len - 1] == '\n';
        size_t text = line.len - (has_lf ? 1 : 0);
        if (has_lf && text > 0 && line.data[text - 1] == '\r')
            text--;
        const uint8_t *start = line.data, *end = line.data + text, *cr;
        while (start < end && (cr = memchr(start, '\r', (size_t)(end - start))) != NULL) {
            add(out, start, (size_t)(cr - start));
            add(out, (const uint8_t *)"\r\n", 2);
            start = cr + 1;
        }
        add(out, start, (size_t)(end - start));
        if (has_lf || start < end)
            add(out, (const uint8_t *)"\r\n", 2);
    }
    return out;
}

void mg_letter_end_line(GByteArray *letter)
{
    guint len = letter->len;
    if (len > 0 && (len < 2 || letter->data[len - 2] != '\r' || letter->data[len - 1] != '\n'))
        g_byte_array_append(letter, (const uint8_t *)"\r\n", 2);
}

bool mg_letter_keeps_line_ends(const MgSettings *settings)
{
    const char *how = mg_settings_get(settings, "line-ends", "strict");
    return strcmp(how, "keep") == 0 || strcmp(how, "lax") == 0;
}

bool mg_letter_needs_stuffing(MgSpan letter)
{
    return letter.len > 0 &&
           (letter.data[0] == '.' || memmem(letter.data, letter.len, "\r\n.", 3) != NULL);
}

void mg_letter_stuff(MgSpan letter, GString *out)
{
    size_t at = 0;
    if (letter.len > 0 && letter.data[0] == '.')
        g_string_append_c(out, '.');
    while (at < letter.len) {
        const uint8_t *found = memmem(letter.data + at, letter.len - at, "\r\n.", 3);
        size_t end = found != NULL ? (size_t)(found - letter.data) + 2 : letter.len;
        g_string_append_len(out, (const char *)letter.data + at, (gssize)(end - at));
        if (found != NULL)
            g_string_append_c(out, '.');
        at = end;
    }
}

bool mg_letter_has_8bit(MgSpan letter)
{
    size_t at = 0;
    for (; at + sizeof(uint64_t) <= letter.len; at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, letter.data + at, sizeof word);
        if ((word & G_GUINT64_CONSTANT(0x8080808080808080)) != 0)
            return true;
    }
    for (; at < letter.len; at++)
        if (letter.data[at] >= 0x80)
            return true;
    return false;
}

size_t mg_letter_header_len(MgSpan letter)
{
    size_t at = 0;
    while (at < letter.len) {
        MgSpan line = line_at(letter, at);
        if (line.data[0] == '\r' || line.data[0] == '\n')
            break;
        at += line.len;
    }
    return at;
}

/* Is this a line of that header field? Then where its value begins. */
static size_t is_field(MgSpan line, MgSpan name)
{
    if (line.len <= name.len || !mg_span_equal_nocase(mg_span_slice(line, 0, name.len), name))
        return 0;
    size_t at = name.len;
    while (at < line.len && (line.data[at] == ' ' || line.data[at] == '\t'))
        at++; /* RFC 5322 §4.5.1: obsolete, but read */
    return at < line.len && line.data[at] == ':' ? at + 1 : 0;
}

unsigned mg_letter_count(MgSpan letter, const char *name)
{
    unsigned n = 0;
    MgSpan header = mg_span_slice(letter, 0, mg_letter_header_len(letter));
    for (size_t at = 0; at < header.len;) {
        MgSpan line = line_at(header, at);
        n += is_field(line, mg_span_from_string(name)) > 0;
        at += line.len;
    }
    return n;
}

/* The next field of this name from `*at` on, which is moved behind it. */
static bool next_value(MgSpan header, MgSpan name, size_t *at, MgSpan *out)
{
    while (*at < header.len) {
        MgSpan line = line_at(header, *at);
        size_t value = is_field(line, name), end = *at + line.len;
        if (value == 0) {
            *at = end;
            continue;
        }
        while (end < header.len && (header.data[end] == ' ' || header.data[end] == '\t'))
            end += line_at(header, end).len; /* RFC 5322 §2.2.3: folded */
        value += *at;
        *at = end;
        while (value < end && (header.data[value] == ' ' || header.data[value] == '\t'))
            value++;
        while (end > value && (header.data[end - 1] == '\n' || header.data[end - 1] == '\r'))
            end--;
        *out = mg_span_slice(header, value, end - value);
        return true;
    }
    return false;
}

MgSpan mg_letter_value(MgSpan letter, const char *name)
{
    MgSpan header = mg_span_slice(letter, 0, mg_letter_header_len(letter)), value = {NULL, 0};
    size_t at = 0;
    next_value(header, mg_span_from_string(name), &at, &value);
    return value;
}

bool mg_letter_has(MgSpan letter, const char *name, const char *value)
{
    MgSpan header = mg_span_slice(letter, 0, mg_letter_header_len(letter)), one;
    size_t at = 0;
    while (next_value(header, mg_span_from_string(name), &at, &one)) {
        while (one.len > 0 && (one.data[one.len - 1] == ' ' || one.data[one.len - 1] == '\t'))
            one.len--;
        if (mg_span_equal_nocase(one, mg_span_from_string(value)))
            return true;
    }
    return false;
}
