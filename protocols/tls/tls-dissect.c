/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls-dissect.c - TLS as the wire shows it: records, and the messages of a handshake
 *
 * A unit is a record (RFC 8446 §5.1). What a layer has decrypted comes as a unit of its own: the
 * bare message, with INSIDE in its tag. */
#include "tls-fields.h"
#include "tls-session.h"
#include "tls.h"

/* Of a record: */
#define TAG_ENCRYPTED 1u /* the direction has keys, so what looks like a message is none */
#define TAG_CONTINUES 2u /* it begins in the middle of a message */
#define TAG_NOT_TLS   4u
/* Of a bare message, with its content type in the low octet: */
#define TAG_INSIDE 0x100u

#define HEADER     5u
#define LENGTH_MAX (16384u + 2048u) /* RFC 5246 §6.2.3 */

enum { CHANGE_CIPHER_SPEC = 20, ALERT, HANDSHAKE, APPLICATION_DATA };
enum {
    CLIENT_HELLO = 1,
    SERVER_HELLO = 2,
    ENCRYPTED_EXTENSIONS = 8,
    CERTIFICATE = 11,
    SERVER_KEY_EXCHANGE = 12,
    CERTIFICATE_VERIFY = 15,
    CLIENT_KEY_EXCHANGE = 16,
    FINISHED = 20
};
enum {
    EXT_SERVER_NAME = 0,
    EXT_GROUPS = 10,
    EXT_SIGNATURES = 13,
    EXT_ALPN = 16,
    EXT_VERSIONS = 43,
    EXT_KEY_SHARE = 51
};

typedef struct {
    bool has_keys[2];
    bool ended[2];    /* no TLS from here on */
    uint32_t left[2]; /* of a message that a record did not hold whole */
} State;

static uint32_t number_at(MgSpan bytes, size_t at, size_t len)
{
    uint32_t value = 0;
    for (size_t i = 0; i < len; i++)
        value = value << 8 | bytes.data[at + i];
    return value;
}

/* ---- cutting ---- */

/* After a change of keys nothing is readable, but TLS 1.3 sends an empty change only to look
 * like older versions, and a second ClientHello may follow it. */
static bool looks_plain(MgSpan record)
{
    size_t len = record.len - HEADER;
    return len >= 4 &&
           (record.data[HEADER] == CLIENT_HELLO || record.data[HEADER] == SERVER_HELLO) &&
           number_at(record, HEADER + 1, 3) + 4 == len;
}

static uint16_t learn(State *state, MgDirection direction, MgSpan record)
{
    uint8_t type = record.data[0];
    uint32_t *left = &state->left[direction];
    if (type == CHANGE_CIPHER_SPEC)
        state->has_keys[direction] = true;
    if (type != HANDSHAKE && type != ALERT)
        return 0;
    if (state->has_keys[direction] && !looks_plain(record))
        return TAG_ENCRYPTED;
    if (type != HANDSHAKE)
        return 0;
    uint16_t tag = *left > 0 ? TAG_CONTINUES : 0;
    size_t at = HEADER;
    while (at < record.len) {
        if (*left == 0) {
            if (record.len - at < 4)
                break;
            *left = number_at(record, at + 1, 3) + 4;
        }
        size_t here = MIN(*left, record.len - at);
        *left -= (uint32_t)here;
        at += here;
    }
    return tag;
}

static bool cut(void *memory, MgDirection direction, MgSpan bytes, bool end, MgUnit *unit)
{
    State *state = memory;
    bool good = !state->ended[direction] && bytes.data[0] >= CHANGE_CIPHER_SPEC &&
                bytes.data[0] <= APPLICATION_DATA + 1 && (bytes.len < 2 || bytes.data[1] == 3) &&
                (bytes.len < HEADER || number_at(bytes, 3, 2) <= LENGTH_MAX);
    size_t len = bytes.len >= HEADER ? HEADER + number_at(bytes, 3, 2) : HEADER;
    if (good && bytes.len < len && !end)
        return false;
    if (!good || bytes.len < len) {
        state->ended[direction] = true;
        *unit = (MgUnit){.len = bytes.len, .kind = MG_UNIT_DATA, .tag = TAG_NOT_TLS};
        if (direction == MG_FROM_CLIENT) /* perhaps a password that was to be encrypted */
            unit->secret_len = (uint32_t)bytes.len;
        return true;
    }
    uint8_t type = bytes.data[0];
    *unit = (MgUnit){.len = len, .kind = MG_UNIT_DATA};
    unit->tag = learn(state, direction, mg_span_slice(bytes, 0, len));
    if ((type == HANDSHAKE && (unit->tag & TAG_CONTINUES) == 0) || type == ALERT)
        unit->kind = direction == MG_FROM_CLIENT ? MG_UNIT_COMMAND : MG_UNIT_REPLY;
    return true;
}

/* ---- reading what may be broken ---- */

typedef struct {
    MgSpan unit;
    size_t at, end;
    MgTree *tree;
    bool server, broken;
} Reader;

static size_t left(const Reader *reader)
{
    return reader->end - reader->at;
}

static bool has(Reader *reader, size_t len)
{
    if (left(reader) >= len)
        return true;
    reader->broken = true;
    reader->at = reader->end;
    return false;
}

/* A number of so many octets becomes a field; 0 if it is not there. */
static uint32_t take(Reader *reader, MgNode parent, unsigned field, size_t len)
{
    if (!has(reader, len))
        return 0;
    uint32_t value = number_at(reader->unit, reader->at, len);
    mg_tree_add_uint(reader->tree, parent, field, reader->at, len, value);
    reader->at += len;
    return value;
}

static void take_octets(Reader *reader, MgNode parent, unsigned field, size_t len)
{
    if (len == 0 || !has(reader, len))
        return;
    mg_tree_add(reader->tree, parent, field, reader->at, len);
    reader->at += len;
}

/* What the next `len` octets hold; it is not read beyond them. */
static Reader part(Reader *reader, size_t len)
{
    Reader within = *reader;
    within.end = reader->at + MIN(len, left(reader));
    within.broken = len > left(reader);
    reader->broken |= within.broken;
    reader->at = within.end;
    return within;
}

/* ---- extensions ---- */

static uint32_t skip(Reader *reader, size_t len)
{
    if (!has(reader, len))
        return 0;
    uint32_t value = number_at(reader->unit, reader->at, len);
    reader->at += len;
    return value;
}

static void read_server_name(Reader *reader, MgNode node)
{
    skip(reader, 2);
    while (left(reader) >= 3) {
        skip(reader, 1);
        size_t len = skip(reader, 2);
        take_octets(reader, node, TLS_SERVER_NAME, len);
    }
}

static void read_alpn(Reader *reader, MgNode node)
{
    skip(reader, 2);
    while (left(reader) > 0) {
        size_t len = skip(reader, 1);
        take_octets(reader, node, TLS_ALPN, len);
    }
}

static void read_numbers(Reader *reader, MgNode node, unsigned field, size_t header)
{
    skip(reader, header);
    while (left(reader) >= 2)
        take(reader, node, field, 2);
}

static void read_key_shares(Reader *reader, MgNode node)
{
    if (!reader->server)
        skip(reader, 2);
    while (left(reader) >= 2) {
        size_t rest = left(reader);
        size_t len = rest >= 4 ? number_at(reader->unit, reader->at + 2, 2) + 4 : rest;
        MgNode share = mg_tree_add(reader->tree, node, TLS_KEY_SHARE, reader->at, MIN(len, rest));
        take(reader, share, TLS_KEY_SHARE_GROUP, 2);
        if (left(reader) < 2) /* a HelloRetryRequest names but the group */
            return;
        size_t key = skip(reader, 2);
        take_octets(reader, share, TLS_KEY_EXCHANGE, key);
    }
}

static void read_extension(Reader *reader, MgNode node, uint32_t type)
{
    switch (type) {
    case EXT_SERVER_NAME:
        read_server_name(reader, node);
        break;
    case EXT_ALPN:
        read_alpn(reader, node);
        break;
    case EXT_VERSIONS:
        read_numbers(reader, node, TLS_SUPPORTED_VERSION, reader->server ? 0 : 1);
        break;
    case EXT_GROUPS:
        read_numbers(reader, node, TLS_GROUP, 2);
        break;
    case EXT_SIGNATURES:
        read_numbers(reader, node, TLS_SIGNATURE_ALGORITHM, 2);
        break;
    case EXT_KEY_SHARE:
        read_key_shares(reader, node);
        break;
    default:
        take_octets(reader, node, TLS_EXTENSION_DATA, left(reader));
    }
}

static void read_extensions(Reader *reader, MgNode parent)
{
    if (left(reader) < 2) /* there may be none */
        return;
    size_t all = take(reader, parent, TLS_EXTENSIONS_LENGTH, 2);
    Reader list = part(reader, all);
    while (left(&list) >= 4) {
        size_t len = number_at(list.unit, list.at + 2, 2);
        MgNode node =
            mg_tree_add(list.tree, parent, TLS_EXTENSION, list.at, MIN(len + 4, left(&list)));
        uint32_t type = take(&list, node, TLS_EXTENSION_TYPE, 2);
        take(&list, node, TLS_EXTENSION_LEN, 2);
        Reader within = part(&list, len);
        read_extension(&within, node, type);
    }
}

/* ---- messages ---- */

static void read_hello(Reader *reader, MgNode node)
{
    take(reader, node, TLS_VERSION, 2);
    take_octets(reader, node, TLS_RANDOM, 32);
    take_octets(reader, node, TLS_SESSION_ID, take(reader, node, TLS_SESSION_ID_LENGTH, 1));
    if (reader->server) {
        take(reader, node, TLS_CIPHER, 2);
        take(reader, node, TLS_COMP_METHOD, 1);
    } else {
        size_t len = take(reader, node, TLS_CIPHERS_LENGTH, 2);
        size_t at = reader->at;
        Reader list = part(reader, len);
        MgNode suites = mg_tree_add(reader->tree, node, TLS_CIPHERS, at, list.end - at);
        while (left(&list) >= 2)
            take(&list, suites, TLS_CIPHER, 2);
        len = take(reader, node, TLS_COMP_LENGTH, 1);
        list = part(reader, len);
        while (left(&list) > 0)
            take(&list, node, TLS_COMP_METHOD, 1);
    }
    read_extensions(reader, node);
}

/* TLS 1.3 has a context before the list and extensions behind each; older versions have neither.
 * The list's length is three octets, and below 2^16, so its first octet is 0; a context of a
 * server's is empty, which is also 0: what comes next must fit exactly. */
static void read_certificates(Reader *reader, MgNode node)
{
    bool old = left(reader) >= 3 && number_at(reader->unit, reader->at, 3) + 3 == left(reader);
    if (!old) {
        size_t context = take(reader, node, TLS_CERTIFICATE_CONTEXT, 1);
        part(reader, context);
    }
    size_t len = take(reader, node, TLS_CERTIFICATES_LENGTH, 3);
    Reader list = part(reader, len);
    while (left(&list) >= 3) {
        size_t one = take(&list, node, TLS_CERTIFICATE_LENGTH, 3);
        size_t at = list.at;
        Reader within = part(&list, one);
        if (within.end > at) {
            MgNode certificate = mg_tree_add(list.tree, node, TLS_CERTIFICATE, at, within.end - at);
            mg_tls_dissect_certificate(list.unit, at, within.end - at, list.tree, certificate);
        }
        if (!old)
            read_extensions(&list, node);
    }
}

static void read_server_key(Reader *reader, MgNode node)
{
    if (left(reader) < 4 || reader->unit.data[reader->at] != 3) { /* a named curve */
        take_octets(reader, node, TLS_HANDSHAKE_DATA, left(reader));
        return;
    }
    skip(reader, 1);
    take(reader, node, TLS_CURVE, 2);
    take_octets(reader, node, TLS_POINT, take(reader, node, TLS_POINT_LENGTH, 1));
    if (left(reader) >= 4)
        take(reader, node, TLS_SIGNATURE_ALGORITHM, 2);
    take_octets(reader, node, TLS_SIGNATURE, take(reader, node, TLS_SIGNATURE_LENGTH, 2));
}

static void read_message(Reader *reader, MgNode node, uint32_t type)
{
    switch (type) {
    case CLIENT_HELLO:
    case SERVER_HELLO:
        read_hello(reader, node);
        break;
    case ENCRYPTED_EXTENSIONS:
        read_extensions(reader, node);
        break;
    case CERTIFICATE:
        read_certificates(reader, node);
        break;
    case SERVER_KEY_EXCHANGE:
        read_server_key(reader, node);
        break;
    case CLIENT_KEY_EXCHANGE:
        take_octets(reader, node, TLS_POINT, take(reader, node, TLS_POINT_LENGTH, 1));
        break;
    case CERTIFICATE_VERIFY:
        take(reader, node, TLS_SIGNATURE_ALGORITHM, 2);
        take_octets(reader, node, TLS_SIGNATURE, take(reader, node, TLS_SIGNATURE_LENGTH, 2));
        break;
    case FINISHED:
        take_octets(reader, node, TLS_VERIFY_DATA, left(reader));
        break;
    default:
        break;
    }
    take_octets(reader, node, TLS_HANDSHAKE_DATA, left(reader));
}

static void read_messages(Reader *reader, MgNode parent)
{
    while (left(reader) >= 4) {
        size_t len = number_at(reader->unit, reader->at + 1, 3);
        MgNode node = mg_tree_add(reader->tree, parent, TLS_HANDSHAKE, reader->at,
                                  MIN(len + 4, left(reader)));
        uint32_t type = take(reader, node, TLS_HANDSHAKE_TYPE, 1);
        take(reader, node, TLS_HANDSHAKE_LENGTH, 3);
        Reader within = part(reader, len);
        within.server = type != CLIENT_HELLO && reader->server;
        read_message(&within, node, type);
    }
    take_octets(reader, parent, TLS_CONTINUES, left(reader));
}

static void read_alert(Reader *reader, MgNode parent)
{
    MgNode node = mg_tree_add(reader->tree, parent, TLS_ALERT, reader->at, left(reader));
    take(reader, node, TLS_ALERT_LEVEL, 1);
    take(reader, node, TLS_ALERT_DESC, 1);
}

static void read_content(Reader *reader, MgNode parent, uint32_t type, unsigned tag)
{
    if ((tag & TAG_ENCRYPTED) != 0)
        take_octets(reader, parent, TLS_ENCRYPTED, left(reader));
    else if ((tag & TAG_CONTINUES) != 0)
        take_octets(reader, parent, TLS_CONTINUES, left(reader));
    else if (type == HANDSHAKE)
        read_messages(reader, parent);
    else if (type == ALERT)
        read_alert(reader, parent);
    else if (type == CHANGE_CIPHER_SPEC)
        take_octets(reader, parent, TLS_CHANGE_CIPHER_SPEC, left(reader));
    else
        take_octets(reader, parent, TLS_APP_DATA, left(reader));
}

static void dissect(uint16_t tag, MgDirection direction, MgSpan unit, MgTree *tree)
{
    Reader reader = {unit, 0, unit.len, tree, direction == MG_FROM_SERVER, false};
    if ((tag & TAG_INSIDE) != 0) {
        read_content(&reader, MG_NODE_ROOT, tag & 0xff, 0);
        return;
    }
    if ((tag & TAG_NOT_TLS) != 0 || unit.len < HEADER) {
        mg_tree_add(tree, MG_NODE_ROOT, TLS_NOT_TLS, 0, unit.len);
        return;
    }
    MgNode record = mg_tree_add(tree, MG_NODE_ROOT, TLS_RECORD, 0, unit.len);
    uint32_t type = take(&reader, record, TLS_CONTENT_TYPE, 1);
    take(&reader, record, TLS_RECORD_VERSION, 2);
    take(&reader, record, TLS_RECORD_LENGTH, 2);
    read_content(&reader, record, type, tag);
}

/* ---- one line ---- */

/* The name that a ClientHello asks for, found without a tree. */
static MgSpan find_server_name(MgSpan message)
{
    Reader reader = {message, 0, message.len, NULL, false, false};
    skip(&reader, 4 + 2);
    skip(&reader, 32);
    part(&reader, skip(&reader, 1));
    part(&reader, skip(&reader, 2));
    part(&reader, skip(&reader, 1));
    skip(&reader, 2);
    while (left(&reader) >= 4) {
        uint32_t type = skip(&reader, 2);
        Reader within = part(&reader, skip(&reader, 2));
        if (type != EXT_SERVER_NAME)
            continue;
        skip(&within, 3);
        size_t len = skip(&within, 2);
        Reader name = part(&within, len);
        return (MgSpan){message.data + name.at, name.end - name.at};
    }
    return (MgSpan){message.data, 0};
}

static void add_printable(GString *line, MgSpan text)
{
    for (size_t i = 0; i < MIN(text.len, (size_t)64); i++)
        g_string_append_c(line, g_ascii_isgraph(text.data[i]) ? (char)text.data[i] : '?');
}

static void summarize_messages(MgSpan content, GString *line)
{
    for (size_t at = 0; content.len - at >= 4;) {
        const MgName *name = mg_tls_find_name(mg_tls_handshake_types, content.data[at]);
        size_t len = MIN(number_at(content, at + 1, 3) + (size_t)4, content.len - at);
        MgSpan message = mg_span_slice(content, at, len);
        if (line->len > 90)
            return;
        g_string_append_printf(line, "%s%s", line->len > 0 ? ", " : "",
                               name != NULL ? name->name : "Handshake message");
        if (content.data[at] == CLIENT_HELLO) {
            MgSpan host = find_server_name(message);
            if (host.len > 0) {
                g_string_append(line, " for ");
                add_printable(line, host);
            }
        }
        at += len;
    }
}

static void summarize_alert(MgSpan content, GString *line)
{
    const char *name = content.len >= 2 ? mg_tls_alert_name(content.data[1]) : NULL;
    g_string_append_printf(line, "Alert: %s", name != NULL ? name : "?");
}

static void summarize(uint16_t tag, MgDirection direction, MgSpan unit, GString *line)
{
    g_autoptr(GString) text = g_string_new(NULL);
    bool inside = (tag & TAG_INSIDE) != 0;
    if (!inside && ((tag & TAG_NOT_TLS) != 0 || unit.len < HEADER)) {
        g_string_append_printf(line, "%zu octets that are no TLS", unit.len);
        return;
    }
    unsigned type = inside ? tag & 0xffu : unit.data[0];
    MgSpan content = inside ? unit : mg_span_slice(unit, HEADER, unit.len - HEADER);
    if (!inside && (tag & TAG_ENCRYPTED) != 0)
        g_string_append(text, type == ALERT ? "Encrypted alert" : "Encrypted handshake message");
    else if (!inside && (tag & TAG_CONTINUES) != 0)
        g_string_append_printf(text, "Handshake continued, %zu octets", content.len);
    else if (type == HANDSHAKE)
        summarize_messages(content, text);
    else if (type == ALERT)
        summarize_alert(content, text);
    else if (type == CHANGE_CIPHER_SPEC)
        g_string_append(text, "Change Cipher Spec");
    else
        g_string_append_printf(text, "Application Data, %zu octets", content.len);
    g_string_append(line, text->len > 0 ? text->str : "Handshake");
}

static const uint16_t no_ports[] = {0};

const MgDissector mg_tls_dissector = {.name = "tls",
                                      .label = "TLS",
                                      .color = "teal",
                                      .fields = mg_tls_fields,
                                      .n_fields = TLS_N_FIELDS,
                                      .stream_ports = no_ports,
                                      .state_size = sizeof(State),
                                      .cut = cut,
                                      .dissect = dissect,
                                      .summarize = summarize};
