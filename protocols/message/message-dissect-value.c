/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message-dissect-value.c - what is in a header field: mailboxes, encoded words, parameters,
 * postmarks, each with its place
 *
 * What a thing says is asked of the parser; here it is only found where it stands.
 */
#include "message-dissect.h"

#define VALUES_MAX 5000u /* of one letter: what comes after is not taken apart */

static MgSpan span_of(const ImfNaming *naming, MgMessageRange where)
{
    return mg_span_slice(naming->unit, where.offset, where.len);
}

static MgMessageRange trimmed(const ImfNaming *naming, size_t from, size_t to)
{
    while (from < to && mg_message_is_space(naming->unit.data[from]))
        from++;
    while (to > from && mg_message_is_space(naming->unit.data[to - 1]))
        to--;
    return (MgMessageRange){from, to - from};
}

static size_t end_of(MgMessageRange where)
{
    return where.offset + where.len;
}

/* ---- encoded words ---- */

static void name_word(ImfNaming *naming, MgNode parent, MgMessageRange where)
{
    const uint8_t *octets = naming->unit.data;
    g_autofree char *text = mg_message_decode_words(span_of(naming, where));
    MgNode word = mg_imf_add_text(naming, parent, F_WORD, where, text);
    size_t charset = where.offset + 2, mark = charset;
    while (octets[mark] != '?')
        mark++;
    mg_imf_add(naming, word, F_WORD_CHARSET, charset, mark);
    mg_imf_add(naming, word, F_WORD_ENCODING, mark + 1, mark + 2);
    mg_imf_add(naming, word, F_WORD_TEXT, mark + 3, end_of(where) - 2);
}

static void name_words(ImfNaming *naming, MgNode parent, MgMessageRange where)
{
    for (size_t at = where.offset; at + 6 < end_of(where) && naming->n_values < VALUES_MAX;) {
        const uint8_t *mark = memchr(naming->unit.data + at, '=', end_of(where) - at);
        if (mark == NULL)
            return;
        at = (size_t)(mark - naming->unit.data);
        size_t len =
            mg_message_word_length(span_of(naming, (MgMessageRange){at, end_of(where) - at}));
        if (len > 0) {
            name_word(naming, parent, (MgMessageRange){at, len});
            naming->n_values++;
        }
        at += MAX(len, (size_t)1);
    }
}

/* ---- where things end ---- */

/* Past a quoted string or a comment that begins at `at`; else past one octet. */
static size_t step(const ImfNaming *naming, size_t at, size_t to)
{
    MgMessageScan scan = {span_of(naming, (MgMessageRange){at, to - at}), 0};
    uint8_t octet = mg_message_scan_peek(&scan);
    if (octet == '"')
        mg_message_scan_quoted(&scan, NULL);
    else if (octet == '(')
        mg_message_scan_comment(&scan, NULL);
    else
        scan.at = 1;
    return at + scan.at;
}

/* The first of these octets outside quotation marks and comments; `to` if there is none. */
static size_t find_any(const ImfNaming *naming, size_t from, size_t to, const char *any)
{
    while (from < to) {
        uint8_t octet = naming->unit.data[from];
        if (octet != 0 && strchr(any, octet) != NULL)
            return from;
        from = step(naming, from, to);
    }
    return to;
}

/* ---- people ---- */

static void name_address(ImfNaming *naming, MgNode parent, MgMessageRange where)
{
    MgNode node = mg_imf_add_text(naming, parent, F_ADDRESS, where, NULL);
    size_t at = end_of(where);
    while (at > where.offset && naming->unit.data[at - 1] != '@')
        at--;
    if (at <= where.offset + 1 || at == end_of(where))
        return;
    mg_imf_add(naming, node, F_LOCAL_PART, where.offset, at - 1);
    mg_imf_add(naming, node, F_DOMAIN, at, end_of(where));
}

/* "Name <a@b>", "a@b (Name)" */
static void name_mailbox(ImfNaming *naming, MgNode parent, size_t from, size_t to)
{
    MgMessageRange where = trimmed(naming, from, to);
    if (where.len == 0 || naming->n_values++ >= VALUES_MAX)
        return;
    MgNode item = mg_imf_add_text(naming, parent, F_MAILBOX, where, NULL);
    size_t open = find_any(naming, where.offset, end_of(where), "<");
    if (open < end_of(where)) {
        size_t close = find_any(naming, open + 1, end_of(where), ">");
        MgMessageRange name = trimmed(naming, where.offset, open);
        if (name.len > 0) {
            g_autoptr(GArray) parsed = mg_message_parse_mailboxes(span_of(naming, where));
            const char *text =
                parsed->len > 0 ? g_array_index(parsed, MgMessageMailbox, 0).name : NULL;
            MgNode node = mg_imf_add_text(naming, item, F_DISPLAY_NAME, name, text);
            name_words(naming, node, name);
        }
        if (close > open + 1)
            name_address(naming, item, trimmed(naming, open + 1, close));
        return;
    }
    size_t comment = find_any(naming, where.offset, end_of(where), " \t\r\n(");
    if (memchr(naming->unit.data + where.offset, '@', comment - where.offset) == NULL)
        comment = end_of(where); /* spaces around the @, or no address at all */
    MgMessageRange address = {where.offset, comment - where.offset};
    if (memchr(naming->unit.data + where.offset, '@', address.len) != NULL)
        name_address(naming, item, address);
    name_words(naming, item, (MgMessageRange){comment, end_of(where) - comment});
}

static void name_people(ImfNaming *naming, MgNode parent, MgMessageRange where)
{
    size_t from = where.offset, end = end_of(where), at = from;
    bool angle = false;
    while (at < end) {
        uint8_t octet = naming->unit.data[at];
        if (octet == '<')
            angle = true;
        else if (octet == '>')
            angle = false;
        if (octet == ':' && !angle) {
            MgMessageRange name = trimmed(naming, from, at);
            g_autofree char *text = mg_message_decode_words(span_of(naming, name));
            mg_imf_add_text(naming, parent, F_GROUP, name, text);
            from = at + 1;
        } else if ((octet == ',' && !angle) || octet == ';') {
            name_mailbox(naming, parent, from, at);
            from = at + 1;
        }
        at = step(naming, at, end);
    }
    name_mailbox(naming, parent, from, end);
}

/* ---- content ---- */

static void name_parameter(ImfNaming *naming, MgNode parent, MgMessageRange where, GArray *parsed)
{
    size_t equals = find_any(naming, where.offset, end_of(where), "=");
    MgMessageRange name = trimmed(naming, where.offset, equals);
    MgMessageRange value = {end_of(where), 0};
    if (equals < end_of(where))
        value = trimmed(naming, equals + 1, end_of(where));
    MgNode node = mg_imf_add_text(naming, parent, F_PARAMETER, where, NULL);
    mg_imf_add(naming, node, F_PARAMETER_NAME, name.offset, end_of(name));
    if (value.len >= 2 && naming->unit.data[value.offset] == '"' &&
        naming->unit.data[end_of(value) - 1] == '"')
        value = (MgMessageRange){value.offset + 1, value.len - 2};
    MgNode at = mg_imf_add(naming, node, F_PARAMETER_VALUE, value.offset, end_of(value));
    /* Of one in pieces the whole is at the first. */
    g_autofree char *base =
        g_ascii_strdown((const char *)naming->unit.data + name.offset, (gssize)name.len);
    char *star = strchr(base, '*');
    bool later = star != NULL && g_ascii_isdigit(star[1]) && g_ascii_strtoull(star + 1, NULL, 10);
    if (star != NULL)
        *star = '\0';
    const char *text = mg_message_parameter(parsed, base);
    if (text != NULL && !later && value.len > 0 &&
        (strlen(text) != value.len ||
         memcmp(text, naming->unit.data + value.offset, value.len) != 0))
        mg_imf_add_text(naming, at, F_PARAMETER_DECODED, value, text);
}

static void name_content(ImfNaming *naming, MgNode parent, unsigned type, MgMessageRange where)
{
    g_autoptr(GStringChunk) strings = g_string_chunk_new(256);
    g_autoptr(GArray) parsed = g_array_new(FALSE, FALSE, sizeof(MgMessageParameter));
    const char *first, *second;
    size_t end = end_of(where), at = find_any(naming, where.offset, end, ";");
    mg_message_parse_content(span_of(naming, where), strings, &first, &second, parsed);
    mg_imf_add_text(naming, parent, type, trimmed(naming, where.offset, at), NULL);
    MgMessageRange rest = trimmed(naming, MIN(at + 1, end), end);
    if (rest.len == 0)
        return;
    MgNode node = mg_imf_add_text(naming, parent, F_PARAMETERS, rest, NULL);
    for (at = rest.offset; at < end_of(rest);) {
        size_t next = find_any(naming, at, end_of(rest), ";");
        MgMessageRange one = trimmed(naming, at, next);
        if (one.len > 0 && naming->n_values++ < VALUES_MAX)
            name_parameter(naming, node, one, parsed);
        at = next + 1;
    }
}

/* ---- postmarks ---- */

static unsigned clause_of(MgSpan word)
{
    static const struct {
        const char *word;
        unsigned field;
    } clauses[] = {{"from", F_RECEIVED_FROM}, {"by", F_RECEIVED_BY}, {"via", F_RECEIVED_VIA},
                   {"with", F_RECEIVED_WITH}, {"id", F_RECEIVED_ID}, {"for", F_RECEIVED_FOR}};
    for (size_t i = 0; i < G_N_ELEMENTS(clauses); i++)
        if (mg_span_equal_nocase(word, mg_span_from_string(clauses[i].word)))
            return clauses[i].field;
    return 0;
}

static void end_clause(ImfNaming *naming, MgNode parent, unsigned field, size_t from, size_t to)
{
    MgMessageRange where = trimmed(naming, from, to);
    if (field != 0 && where.len > 0)
        mg_imf_add_text(naming, parent, field, where, NULL);
}

/* RFC 5321 §4.4: "from … by … with …; date". A word of these begins the next. */
static void name_received(ImfNaming *naming, MgNode parent, MgMessageRange where)
{
    size_t end = end_of(where), stop = find_any(naming, where.offset, end, ";");
    size_t from = where.offset;
    unsigned field = 0;
    for (size_t at = where.offset; at < stop;) {
        size_t word = at;
        while (at < stop && !mg_message_is_space(naming->unit.data[at]))
            at = step(naming, at, stop);
        unsigned next = clause_of(span_of(naming, (MgMessageRange){word, at - word}));
        if (next != 0) {
            end_clause(naming, parent, field, from, word);
            field = next;
            from = at;
        }
        at += at < stop;
    }
    end_clause(naming, parent, field, from, stop);
    if (stop < end)
        end_clause(naming, parent, F_RECEIVED_DATE, stop + 1, end);
}

static void name_date(ImfNaming *naming, MgNode parent, MgMessageRange where)
{
    MgMessageDate date;
    if (!mg_message_parse_date(span_of(naming, where), &date))
        return;
    g_autoptr(GString) text = g_string_new(NULL);
    mg_message_add_rfc3339(&date, text);
    mg_imf_add_text(naming, parent, F_TIME, where, text->str);
}

void mg_imf_name_value(ImfNaming *naming, MgNode parent, ImfValue kind, MgMessageRange where)
{
    switch (kind) {
    case IS_TEXT:
        name_words(naming, parent, where);
        return;
    case IS_PEOPLE:
        name_people(naming, parent, where);
        return;
    case IS_DATE:
        name_date(naming, parent, where);
        return;
    case IS_TYPE:
        name_content(naming, parent, F_TYPE_TYPE, where);
        return;
    case IS_DISPOSITION:
        name_content(naming, parent, F_DISPOSITION_TYPE, where);
        return;
    case IS_RECEIVED:
        name_received(naming, parent, where);
        return;
    }
}
