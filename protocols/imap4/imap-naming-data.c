/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-naming-data.c - the names of what the server says: states, codes, data, messages
 */
#include "imap-naming.h"

#include "message.h"
#include "text.h"

#define DEPTH_MAX 32u

static size_t word_end(const ImapNaming *naming, size_t from, size_t to)
{
    while (from < to && naming->unit.data[from] != ' ')
        from++;
    return from;
}

static bool word_is(const ImapNaming *naming, size_t from, size_t to, const char *word)
{
    return mg_span_equal_nocase(mg_span_slice(naming->unit, from, to - from),
                                mg_span_from_string(word));
}

/* ---- what FETCH tells ---- */

static void add_number_or_text(ImapNaming *naming, MgNode parent, unsigned number, unsigned text,
                               const ImapValue *value)
{
    uint64_t parsed = 0;
    if (mg_text_parse_uint(mg_imap_inner(naming, value), UINT64_MAX, &parsed))
        mg_imap_add_uint(naming, parent, number, value);
    else
        mg_imap_add_value(naming, parent, text, value);
}

static bool is_nil(const ImapNaming *naming, const ImapValue *value)
{
    return value->kind == IMAP_VALUE_ATOM && mg_imap_value_is(naming, value, "NIL");
}

/* A string that may be NIL; encoded words in it are decoded. */
static void add_string(ImapNaming *naming, MgNode parent, unsigned field, const ImapValue *value,
                       bool words)
{
    MgSpan inner = mg_imap_inner(naming, value);
    if (is_nil(naming, value) || inner.len == 0)
        return;
    g_autofree char *text =
        words && value->kind != IMAP_VALUE_LIST ? mg_message_decode_words(inner) : NULL;
    if (text == NULL || mg_span_equal_nocase(inner, mg_span_from_string(text)))
        mg_imap_add_value(naming, parent, field, value);
    else
        mg_imap_add_text(naming, parent, field, value, text);
}

/* ("Alice" NIL "alice" "example.com") */
static void name_address(ImapNaming *naming, MgNode parent, const ImapValue *value)
{
    static const unsigned fields[] = {F_ADDRESS_NAME, F_ADDRESS_ROUTE, F_ADDRESS_MAILBOX,
                                      F_ADDRESS_HOST};
    MgNode node = mg_imap_add(naming, parent, F_ADDRESS, value->from, value->to);
    size_t at = value->inner;
    ImapValue part;
    for (size_t i = 0; i < G_N_ELEMENTS(fields) && at < value->inner_to;) {
        if (!mg_imap_next(naming, &at, value->inner_to, &part))
            continue;
        unsigned field = fields[i++];
        add_string(naming, node, field, &part, field == F_ADDRESS_NAME);
    }
}

void mg_imap_name_envelope(ImapNaming *naming, MgNode parent, const ImapValue *value)
{
    static const unsigned fields[] = {F_ENV_DATE,        F_ENV_SUBJECT,   F_ENV_FROM, F_ENV_SENDER,
                                      F_ENV_REPLY_TO,    F_ENV_TO,        F_ENV_CC,   F_ENV_BCC,
                                      F_ENV_IN_REPLY_TO, F_ENV_MESSAGE_ID};
    MgNode envelope = mg_imap_add(naming, parent, F_ENVELOPE, value->from, value->to);
    size_t at = value->inner;
    ImapValue part, address;
    for (size_t i = 0; i < G_N_ELEMENTS(fields) && at < value->inner_to;) {
        if (!mg_imap_next(naming, &at, value->inner_to, &part))
            continue;
        unsigned field = fields[i++];
        if (part.kind != IMAP_VALUE_LIST) {
            add_string(naming, envelope, field, &part, field == F_ENV_SUBJECT);
            continue;
        }
        MgNode list = mg_imap_add(naming, envelope, field, part.from, part.to);
        for (size_t in = part.inner; in < part.inner_to;)
            if (mg_imap_next(naming, &in, part.inner_to, &address) &&
                address.kind == IMAP_VALUE_LIST)
                name_address(naming, list, &address);
    }
}

/* ("charset" "utf-8" …) */
static void name_parameters(ImapNaming *naming, MgNode parent, const ImapValue *value)
{
    ImapValue key, word;
    for (size_t at = value->inner; at < value->inner_to;) {
        if (!mg_imap_next(naming, &at, value->inner_to, &key) ||
            !mg_imap_next(naming, &at, value->inner_to, &word))
            continue;
        MgNode node = mg_imap_add(naming, parent, F_BODY_PARAMETER, key.from, word.to);
        mg_imap_add_value(naming, node, F_BODY_PARAMETER_NAME, &key);
        add_string(naming, node, F_BODY_PARAMETER_VALUE, &word, false);
    }
}

/* ("attachment" ("filename" "a.png")) */
static void name_disposition(ImapNaming *naming, MgNode parent, const ImapValue *value)
{
    ImapValue part;
    for (size_t at = value->inner; at < value->inner_to;) {
        if (!mg_imap_next(naming, &at, value->inner_to, &part))
            continue;
        if (part.kind == IMAP_VALUE_LIST)
            name_parameters(naming, parent, &part);
        else
            add_string(naming, parent, F_BODY_DISPOSITION, &part, false);
    }
}

/* What a part has behind what all parts have: of text its lines, of a message its envelope, its
 * body and its lines; then MD5, disposition, language, location (RFC 9051 §7.5.2). */
static void name_extensions(ImapNaming *naming, MgNode body, size_t at, size_t to, unsigned field)
{
    ImapValue value;
    while (at < to) {
        if (!mg_imap_next(naming, &at, to, &value))
            continue;
        if (field == F_BODY_DISPOSITION && value.kind == IMAP_VALUE_LIST)
            name_disposition(naming, body, &value);
        else if (field == F_BODY_LANGUAGE && value.kind == IMAP_VALUE_LIST)
            mg_imap_add_each(naming, body, field, &value);
        else
            add_string(naming, body, field, &value, false);
        field = MIN(field + 1, F_BODY_LOCATION);
    }
}

static void name_single(ImapNaming *naming, MgNode body, const ImapValue *whole, unsigned depth)
{
    static const unsigned fields[] = {F_BODY_TYPE,  F_BODY_SUBTYPE,     F_BODY_PARAMETER,
                                      F_BODY_ID,    F_BODY_DESCRIPTION, F_BODY_ENCODING,
                                      F_BODY_OCTETS};
    bool text = false, message = false;
    size_t at = whole->inner, to = whole->inner_to;
    ImapValue value;
    for (size_t i = 0; i < G_N_ELEMENTS(fields) && at < to;) {
        if (!mg_imap_next(naming, &at, to, &value))
            continue;
        unsigned field = fields[i++];
        text = text || (i == 1 && mg_imap_value_is(naming, &value, "TEXT"));
        message = message || (i == 1 && mg_imap_value_is(naming, &value, "MESSAGE"));
        if (i == 2)
            message = message && (mg_imap_value_is(naming, &value, "RFC822") ||
                                  mg_imap_value_is(naming, &value, "GLOBAL"));
        if (field == F_BODY_PARAMETER && value.kind == IMAP_VALUE_LIST)
            name_parameters(naming, body, &value);
        else if (field == F_BODY_OCTETS)
            mg_imap_add_uint(naming, body, field, &value);
        else
            add_string(naming, body, field, &value, field == F_BODY_DESCRIPTION);
    }
    if (message && mg_imap_next(naming, &at, to, &value)) {
        mg_imap_name_envelope(naming, body, &value);
        if (mg_imap_next(naming, &at, to, &value))
            mg_imap_name_body(naming, body, &value, depth + 1);
    }
    if ((text || message) && mg_imap_next(naming, &at, to, &value))
        mg_imap_add_uint(naming, body, F_BODY_LINES, &value);
    name_extensions(naming, body, at, to, F_BODY_MD5);
}

void mg_imap_name_body(ImapNaming *naming, MgNode parent, const ImapValue *whole, unsigned depth)
{
    MgNode body = mg_imap_add(naming, parent, F_BODY, whole->from, whole->to);
    size_t at = whole->inner, to = whole->inner_to;
    ImapValue value;
    if (whole->kind != IMAP_VALUE_LIST || depth >= DEPTH_MAX || body == parent)
        return;
    if (at >= to || naming->unit.data[at] != '(') {
        name_single(naming, body, whole, depth);
        return;
    }
    while (at < to && naming->unit.data[at] == '(')
        if (mg_imap_next(naming, &at, to, &value))
            mg_imap_name_body(naming, body, &value, depth + 1);
    if (mg_imap_next(naming, &at, to, &value))
        add_string(naming, body, F_BODY_SUBTYPE, &value, false);
    if (mg_imap_next(naming, &at, to, &value) && value.kind == IMAP_VALUE_LIST)
        name_parameters(naming, body, &value);
    name_extensions(naming, body, at, to, F_BODY_DISPOSITION);
}

static void name_fetch_value(ImapNaming *naming, MgNode parent, const ImapValue *item,
                             const ImapValue *value)
{
    if (mg_imap_value_is(naming, item, "FLAGS")) {
        mg_imap_add_each(naming, parent, F_FLAG, value);
    } else if (mg_imap_value_is(naming, item, "ENVELOPE") && value->kind == IMAP_VALUE_LIST) {
        mg_imap_name_envelope(naming, parent, value);
    } else if (value->kind == IMAP_VALUE_LIST &&
               (mg_imap_value_is(naming, item, "BODY") ||
                mg_imap_value_is(naming, item, "BODYSTRUCTURE"))) {
        mg_imap_name_body(naming, parent, value, 0);
    } else if (mg_imap_value_is(naming, item, "INTERNALDATE")) {
        mg_imap_add_value(naming, parent, F_DATE, value);
    } else if (value->kind == IMAP_VALUE_LITERAL) {
        ImapWhat what = mg_imap_literal_of(mg_span_slice(naming->unit, 0, value->from));
        ImapValue mark = *value;
        mark.inner_to = mark.inner; /* the {n} alone */
        mg_imap_add_value(naming, parent, F_PIECE, &mark);
        mg_imap_add_letter(naming, parent, what, value->inner, value->inner_to, true, value->whole);
    } else {
        mg_imap_add_each(naming, parent, F_FETCH_VALUE, value);
    }
}

void mg_imap_name_fetch_items(ImapNaming *naming, MgNode parent, size_t from, size_t to)
{
    ImapValue item, value;
    for (size_t at = from; at < to;) {
        if (!mg_imap_next(naming, &at, to, &item))
            continue;
        size_t end = item.to;
        bool has_value = mg_imap_next(naming, &at, to, &value);
        if (has_value)
            end = value.to;
        MgNode group = mg_imap_add(naming, parent, F_FETCH, item.from, end);
        mg_imap_add_item(naming, group, F_FETCH_ITEM, &item);
        if (has_value)
            name_fetch_value(naming, group, &item, &value);
    }
}

/* ---- other data ---- */

/* (\HasNoChildren) "/" "INBOX" */
static void name_list(ImapNaming *naming, MgNode parent, size_t at, size_t to)
{
    ImapValue value;
    for (unsigned i = 0; at < to;) {
        if (!mg_imap_next(naming, &at, to, &value))
            continue;
        if (i == 0)
            mg_imap_add_each(naming, parent, F_ATTRIBUTE, &value);
        else if (i == 1)
            mg_imap_add_value(naming, parent, F_DELIMITER, &value);
        else if (i == 2)
            mg_imap_add_mailbox(naming, parent, F_MAILBOX, &value);
        else
            mg_imap_add_each(naming, parent, F_DATA_VALUE, &value);
        i++;
    }
}

/* INBOX (MESSAGES 1 UIDNEXT 2) */
static void name_status(ImapNaming *naming, MgNode parent, size_t at, size_t to)
{
    ImapValue value, list;
    if (mg_imap_next(naming, &at, to, &value))
        mg_imap_add_mailbox(naming, parent, F_MAILBOX, &value);
    if (!mg_imap_next(naming, &at, to, &list) || list.kind != IMAP_VALUE_LIST)
        return;
    bool item = true;
    for (at = list.inner; at < list.inner_to;) {
        if (!mg_imap_next(naming, &at, list.inner_to, &value))
            continue;
        if (item)
            mg_imap_add_value(naming, parent, F_STATUS_ITEM, &value);
        else
            mg_imap_add_uint(naming, parent, F_STATUS_VALUE, &value);
        item = !item;
    }
}

static void name_each(ImapNaming *naming, MgNode parent, unsigned field, size_t at, size_t to)
{
    ImapValue value;
    while (at < to) {
        if (!mg_imap_next(naming, &at, to, &value))
            continue;
        if (field == F_RESULT)
            add_number_or_text(naming, parent, F_RESULT, F_DATA_VALUE, &value);
        else
            mg_imap_add_each(naming, parent, field, &value);
    }
}

/* What a word of data has behind it. */
static void name_data_values(ImapNaming *naming, MgNode parent, MgSpan word, size_t at, size_t to)
{
    static const struct {
        const char *word;
        uint8_t field;
    } plain[] = {
        {"FLAGS", F_FLAG},    {"CAPABILITY", F_CAPABILITY}, {"ENABLED", F_CAPABILITY},
        {"SEARCH", F_RESULT}, {"SORT", F_RESULT},
    };
    ImapValue value;
    if (mg_span_equal_nocase(word, MG_SPAN("LIST")) ||
        mg_span_equal_nocase(word, MG_SPAN("LSUB"))) {
        name_list(naming, parent, at, to);
        return;
    }
    if (mg_span_equal_nocase(word, MG_SPAN("STATUS"))) {
        name_status(naming, parent, at, to);
        return;
    }
    if (mg_span_equal_nocase(word, MG_SPAN("FETCH"))) {
        if (mg_imap_next(naming, &at, to, &value) && value.kind == IMAP_VALUE_LIST)
            mg_imap_name_fetch_items(naming, parent, value.inner, value.inner_to);
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(plain); i++) {
        if (mg_span_equal_nocase(word, mg_span_from_string(plain[i].word))) {
            name_each(naming, parent, plain[i].field, at, to);
            return;
        }
    }
    name_each(naming, parent, F_DATA_VALUE, at, to);
}

/* "* 3 EXISTS": `at` is behind the star. */
static void name_data(ImapNaming *naming, MgNode line, size_t at, size_t to)
{
    MgNode data = mg_imap_add(naming, line, F_UNTAGGED, at, to);
    size_t end = word_end(naming, at, to);
    ImapValue number = {.from = at, .to = end, .inner = at, .inner_to = end};
    uint64_t parsed = 0;
    if (end < to && mg_text_parse_uint(mg_imap_inner(naming, &number), UINT32_MAX, &parsed)) {
        mg_imap_add_uint(naming, data, F_NUMBER, &number);
        at = end + 1;
        end = word_end(naming, at, to);
    }
    mg_imap_add(naming, data, F_DATA_NAME, at, end);
    if (end < to)
        name_data_values(naming, data, mg_span_slice(naming->unit, at, end - at), end + 1, to);
}

/* ---- states ---- */

/* "[UIDNEXT 4] more text" */
static void name_text(ImapNaming *naming, MgNode parent, size_t at, size_t to)
{
    const uint8_t *octets = naming->unit.data;
    const uint8_t *close = at < to && octets[at] == '[' ? memchr(octets + at, ']', to - at) : NULL;
    if (close != NULL) {
        size_t end = (size_t)(close - octets), word = word_end(naming, at + 1, end);
        mg_imap_add(naming, parent, F_CODE, at + 1, word);
        if (word < end) {
            bool capability = word_is(naming, at + 1, word, "CAPABILITY");
            bool flags = word_is(naming, at + 1, word, "PERMANENTFLAGS");
            name_each(naming, parent,
                      capability ? F_CAPABILITY
                      : flags    ? F_FLAG
                                 : F_CODE_VALUE,
                      word + 1, end);
        }
        at = end + 1;
        while (at < to && octets[at] == ' ')
            at++;
    }
    mg_imap_add(naming, parent, F_TEXT, at, to);
}

static bool is_status(const ImapNaming *naming, size_t from, size_t to)
{
    return word_is(naming, from, to, "OK") || word_is(naming, from, to, "NO") ||
           word_is(naming, from, to, "BAD") || word_is(naming, from, to, "BYE") ||
           word_is(naming, from, to, "PREAUTH");
}

static void name_go_on(ImapNaming *naming, MgNode response, size_t at, size_t to)
{
    if (at >= to)
        return;
    if (naming->what == IMAP_AUTHENTICATE)
        mg_imap_add_base64(naming, mg_imap_add(naming, response, F_TEXT, at, to), at, to);
    else
        name_text(naming, response, at, to);
}

void mg_imap_name_response(ImapNaming *naming, size_t text)
{
    MgNode line = mg_imap_add(naming, MG_NODE_ROOT, F_LINE, 0, naming->unit.len);
    size_t tag = word_end(naming, 0, text), at = MIN(tag + 1, text);
    size_t word = word_end(naming, at, text);
    bool star = word_is(naming, 0, tag, "*"), go_on = word_is(naming, 0, tag, "+");
    if (star && !is_status(naming, at, word)) {
        if (at < text)
            name_data(naming, line, at, text);
        return;
    }
    /* Wireshark has this name for what has a tag, and for "+". */
    MgNode response =
        mg_imap_add(naming, line, star ? F_UNTAGGED : F_RESPONSE, star ? at : 0, text);
    const char *say = go_on ? mg_imap_go_on_say(naming->what) : NULL;
    if (!star)
        mg_imap_add(naming, response, F_RESPONSE_TAG, 0, tag);
    if (go_on) {
        name_go_on(naming, response, at, text);
    } else {
        mg_imap_add(naming, response, star ? F_DATA_NAME : F_STATUS, at, word);
        name_text(naming, response, MIN(word + 1, text), text);
        if (word_is(naming, at, word, "OK") && (!star || naming->what == IMAP_GREETING))
            say = mg_imap_reply_say(naming->what);
    }
    if (say != NULL)
        mg_tree_say(naming->tree, say);
}
