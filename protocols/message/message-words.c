/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message-words.c - encoded words in fields, both ways (RFC 2047)
 *
 * Read more laxly than the RFC says: words inside quoted strings and against other characters are
 * decoded, too, since many programs write them so; a character that is cut between two words of the
 * same charset is put together.
 */
#include "message-private.h"

#define CHARSET_MAX 60u

#define WORD_MAX    75u /* §2 */
#define COLUMN_MAX  76u
#define WORD_HEAD   "=?UTF-8?"

/* ---- reading ---- */

typedef struct {
    MgSpan charset, text;
    bool base64;
    size_t len; /* of the whole word */
} Word;

static size_t find(MgSpan text, size_t at, const char *two)
{
    for (; at + 1 < text.len; at++)
        if (text.data[at] == (uint8_t)two[0] && text.data[at + 1] == (uint8_t)two[1])
            return at;
    return text.len;
}

/* `*end` is a place with "?=" that was found before, so that nothing is looked at twice. */
static bool word_at(MgSpan text, size_t at, size_t *end, Word *word)
{
    if (at + 5 >= text.len || text.data[at] != '=' || text.data[at + 1] != '?')
        return false;
    size_t i = at + 2;
    while (i < text.len && i - at < CHARSET_MAX && g_ascii_isgraph((char)text.data[i]) &&
           text.data[i] != '?')
        i++;
    if (i + 2 >= text.len || i == at + 2 || text.data[i] != '?' || text.data[i + 2] != '?')
        return false;
    char kind = g_ascii_toupper((char)text.data[i + 1]);
    if (kind != 'B' && kind != 'Q')
        return false;
    size_t start = i + 3;
    if (*end < start)
        *end = find(text, start, "?=");
    if (*end >= text.len)
        return false;
    *word = (Word){.charset = {text.data + at + 2, i - at - 2},
                   .text = {text.data + start, *end - start},
                   .base64 = kind == 'B',
                   .len = *end + 2 - at};
    /* One that was never closed must not eat the next. */
    if (find(word->text, 0, "=?") < word->text.len)
        return false;
    const uint8_t *star = memchr(word->charset.data, '*', word->charset.len); /* RFC 2231 §5 */
    if (star != NULL)
        word->charset.len = (size_t)(star - word->charset.data);
    return true;
}

size_t mg_message_word_length(MgSpan text)
{
    Word word;
    size_t end = 0;
    return word_at((MgSpan){text.data, MIN(text.len, 1000)}, 0, &end, &word) ? word.len : 0;
}

typedef struct {
    GString *out;
    GByteArray *octets; /* of the words so far, not yet converted */
    char charset[CHARSET_MAX + 1];
} Joined;

static void flush(Joined *joined)
{
    if (joined->octets->len > 0)
        mg_message_to_utf8((MgSpan){joined->octets->data, joined->octets->len}, joined->charset,
                           joined->out);
    g_byte_array_set_size(joined->octets, 0);
}

static bool add_word(Joined *joined, const Word *word)
{
    char charset[CHARSET_MAX + 1];
    memcpy(charset, word->charset.data, word->charset.len);
    charset[word->charset.len] = '\0';
    if (g_ascii_strcasecmp(charset, joined->charset) != 0) {
        flush(joined);
        g_strlcpy(joined->charset, charset, sizeof joined->charset);
    }
    MgDecoded decoded = word->base64 ? mg_message_decode_base64(word->text, joined->octets)
                                     : mg_message_decode_q(word->text, joined->octets);
    return decoded != MG_DECODED_NOT;
}

/* RFC 5322 §2.2.3: of a fold only the space stays. All programs fold with one or more; people wrote
 * one. */
static size_t skip_spaces(MgSpan raw, size_t at, bool *fold)
{
    *fold = false;
    while (at < raw.len && mg_message_is_space(raw.data[at])) {
        *fold = *fold || raw.data[at] == '\r' || raw.data[at] == '\n';
        at++;
    }
    return at;
}

char *mg_message_decode_words(MgSpan raw)
{
    g_autoptr(GString) out = g_string_sized_new(raw.len);
    g_autoptr(GByteArray) octets = g_byte_array_new();
    Joined joined = {.out = out, .octets = octets};
    bool after_word = false, fold;
    size_t end = 0, at = skip_spaces(raw, 0, &fold);
    Word word;
    while (at < raw.len) {
        size_t next = skip_spaces(raw, at, &fold);
        if (next == raw.len)
            break;
        bool is_word = word_at(raw, next, &end, &word);
        /* §6.2: space between two words is not shown. */
        if (next > at && !(is_word && after_word)) {
            flush(&joined);
            if (fold)
                g_string_append_c(out, ' ');
            else
                g_string_append_len(out, (const char *)raw.data + at, (gssize)(next - at));
        }
        at = next;
        after_word = is_word && add_word(&joined, &word);
        if (after_word) {
            at += word.len;
            continue;
        }
        flush(&joined);
        size_t from = at++; /* also an "=?" that begins no word */
        while (at < raw.len && !mg_message_is_space(raw.data[at]) && raw.data[at] != '=')
            at++;
        g_string_append_len(out, (const char *)raw.data + from, (gssize)(at - from));
    }
    flush(&joined);
    GString *valid = g_string_sized_new(out->len);
    mg_message_add_utf8((MgSpan){(const uint8_t *)out->str, out->len}, false, valid);
    return g_string_free(valid, FALSE);
}

/* ---- writing ---- */

/* Q leaves most ASCII as it is, so that people can read it; in a phrase only these (§5 (3)). */
static bool is_q_plain(uint8_t octet)
{
    return g_ascii_isalnum((char)octet) || (octet != '\0' && strchr("!*+-/", octet) != NULL);
}

static size_t q_len(MgSpan text)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++)
        len += is_q_plain(text.data[i]) || text.data[i] == ' ' ? 1 : 3;
    return len;
}

static void add_encoded(GString *out, MgSpan text, bool base64)
{
    g_string_append(out, base64 ? WORD_HEAD "B?" : WORD_HEAD "Q?");
    if (base64) {
        g_autofree char *encoded = g_base64_encode(text.data, text.len);
        g_string_append(out, encoded);
    } else {
        for (size_t i = 0; i < text.len; i++) {
            if (text.data[i] == ' ')
                g_string_append_c(out, '_');
            else if (is_q_plain(text.data[i]))
                g_string_append_c(out, (char)text.data[i]);
            else
                g_string_append_printf(out, "=%02X", text.data[i]);
        }
    }
    g_string_append(out, "?=");
}

static size_t column_of(const GString *out)
{
    const char *line = g_strrstr_len(out->str, (gssize)out->len, "\n");
    return out->len - (line != NULL ? (size_t)(line - out->str) + 1 : 0);
}

/* Words of at most 75 characters, none cut in a character (§5), a fold between them. */
static void add_words(GString *out, const char *text)
{
    MgSpan whole = mg_span_from_string(text);
    bool base64 = q_len(whole) > 4 * (whole.len + 2) / 3;
    const size_t frame = strlen(WORD_HEAD) + strlen("B?") + strlen("?=");
    size_t column = column_of(out), at = 0;
    while (at < whole.len) {
        size_t room = column + frame + 12 < COLUMN_MAX ? COLUMN_MAX - column : 0;
        room = MIN(room, WORD_MAX);
        size_t len = 0;
        while (at + len < whole.len) {
            size_t one = (size_t)(g_utf8_next_char(text + at + len) - (text + at + len));
            MgSpan longer = {whole.data + at, MIN(len + one, whole.len - at)};
            size_t size = base64 ? (longer.len + 2) / 3 * 4 : q_len(longer);
            if (frame + size > room)
                break;
            len = longer.len;
        }
        if (len > 0)
            add_encoded(out, (MgSpan){whole.data + at, len}, base64);
        at += len;
        if (at < whole.len) {
            g_string_append(out, "\r\n ");
            column = 1;
        }
    }
}

/* Whether it would be read back as it is when it is written as it is. */
static bool is_plain(const char *text)
{
    size_t word = 0;
    if (text[0] == ' ' || strstr(text, "=?") != NULL ||
        (text[0] != '\0' && text[strlen(text) - 1] == ' '))
        return false;
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f)
            return false;
        word = *c == ' ' ? 0 : word + 1;
        if (word > 200) /* nothing to fold at */
            return false;
    }
    return true;
}

/* Folds where one space stands alone: of a fold, one space is read back. */
static void add_plain(GString *out, const char *text)
{
    size_t column = column_of(out);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == ' ' && c > text && c[-1] != ' ' && c[1] != ' ' && c[1] != '\0') {
            size_t word = strcspn(c + 1, " ");
            if (column + 1 + word > COLUMN_MAX) {
                g_string_append(out, "\r\n");
                column = 0;
            }
        }
        g_string_append_c(out, *c);
        column++;
    }
}

/* A field's name from outside must not end its line. */
static void add_name(GString *out, const char *name)
{
    for (const char *c = name; *c != '\0'; c++)
        if (*c > ' ' && *c < 0x7f && *c != ':')
            g_string_append_c(out, *c);
    g_string_append(out, ": ");
}

void mg_message_add_field(GString *out, const char *name, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    add_name(out, name);
    if (is_plain(valid))
        add_plain(out, valid);
    else
        add_words(out, valid);
    g_string_append(out, "\r\n");
}

/* ---- people ---- */

static bool is_atoms(const char *name)
{
    for (const char *c = name; *c != '\0'; c++)
        if (!g_ascii_isalnum(*c) && strchr("!#$%&'*+-/=?^_`{|}~ ", *c) == NULL)
            return false;
    return strstr(name, "  ") == NULL;
}

static void add_phrase(GString *out, const char *name)
{
    if (!is_plain(name) || (strlen(name) > 60 && !is_atoms(name))) {
        add_words(out, name); /* what is quoted is not folded */
    } else if (is_atoms(name)) {
        add_plain(out, name);
    } else {
        g_string_append_c(out, '"');
        for (const char *c = name; *c != '\0'; c++) {
            if (*c == '"' || *c == '\\')
                g_string_append_c(out, '\\');
            g_string_append_c(out, *c);
        }
        g_string_append_c(out, '"');
    }
}

/* Only what can stand in an addr-spec: no controls, nothing that ends it. */
static void add_address(GString *out, const char *address)
{
    for (const char *c = address; *c != '\0'; c++)
        if ((unsigned char)*c > ' ' && *c != 0x7f && *c != '<' && *c != '>')
            g_string_append_c(out, *c);
}

void mg_message_add_people(GString *out, const char *name, const MgMessagePerson *people,
                           size_t n_people)
{
    add_name(out, name);
    for (size_t i = 0; i < n_people; i++) {
        g_autofree char *valid =
            g_utf8_make_valid(people[i].name != NULL ? people[i].name : "", -1);
        size_t len = strlen(valid) + strlen(people[i].address) + 4;
        if (i > 0)
            g_string_append(out, column_of(out) + len > COLUMN_MAX ? ",\r\n " : ", ");
        if (valid[0] != '\0') {
            add_phrase(out, valid);
            g_string_append(
                out, column_of(out) + strlen(people[i].address) + 3 > COLUMN_MAX ? "\r\n <" : " <");
        }
        add_address(out, people[i].address);
        if (valid[0] != '\0')
            g_string_append_c(out, '>');
    }
    g_string_append(out, "\r\n");
}

/* ---- parameters ---- */

static bool is_attribute_char(uint8_t octet)
{
    return g_ascii_isalnum((char)octet) || (octet != 0 && strchr("!#$&+-.^_`{|}~", octet) != NULL);
}

void mg_message_add_parameter(GString *out, const char *name, const char *value)
{
    g_autofree char *valid = g_utf8_make_valid(value, -1);
    if (is_plain(valid) && strlen(valid) < 60) {
        g_string_append_printf(out, ";\r\n %s=\"", name);
        for (const char *c = valid; *c != '\0'; c++) {
            if (*c == '"' || *c == '\\')
                g_string_append_c(out, '\\');
            g_string_append_c(out, *c);
        }
        g_string_append_c(out, '"');
        return;
    }
    /* RFC 2231 §3, §4: pieces with a number, each short enough for its line. */
    size_t at = 0, len = strlen(valid);
    for (unsigned piece = 0; at < len; piece++) {
        size_t column = 0;
        g_string_append_printf(out, ";\r\n %s*%u*=%s", name, piece, piece == 0 ? "UTF-8''" : "");
        for (; at < len && column < 50; at++) {
            uint8_t octet = (uint8_t)valid[at];
            if (is_attribute_char(octet))
                g_string_append_c(out, (char)octet);
            else
                g_string_append_printf(out, "%%%02X", octet);
            column += is_attribute_char(octet) ? 1 : 3;
        }
    }
}
