/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message-parse.c - finds the parts of a message (RFC 2046 §5.1), in one pass over its octets
 *
 * A part does not know beforehand where it ends: it is read until a line is the boundary of any
 * multipart around it. That line is the reader's `found`; whoever opened that boundary goes on from
 * there, and all that are deeper end (§5.1.2), closed or not.
 */
#include "message-private.h"

typedef struct {
    const char *text;
    size_t len;
} Boundary;

typedef struct {
    unsigned depth, decoded; /* around this message, too */
    unsigned *n_parts;       /* of all messages in each other */
} Limits;

typedef struct {
    MgMessage *message; /* the innermost at the moment */
    MgSpan bytes;
    size_t at;
    GArray *boundaries; /* of Boundary, the outermost first */
    Limits limits;
    struct {
        size_t level; /* 1: the outermost boundary; 0: the end of the octets */
        bool closing;
        size_t start, next; /* of its line */
    } found;
} Reader;

static void read_entity(Reader *reader, MgMessagePart *part);

/* ---- lines ---- */

/* Where the next line begins. */
static size_t next_line(const Reader *reader, size_t at)
{
    const uint8_t *end = memchr(reader->bytes.data + at, '\n', reader->bytes.len - at);
    return end != NULL ? (size_t)(end - reader->bytes.data) + 1 : reader->bytes.len;
}

static MgSpan line_text(const Reader *reader, size_t at, size_t next)
{
    MgSpan line = {reader->bytes.data + at, next - at};
    if (line.len > 0 && line.data[line.len - 1] == '\n')
        line.len--;
    if (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    return line;
}

/* §5.1.1: the boundary is compared with the beginning of the line; what may follow is space, or
 * "--". Of boundaries that begin alike the longest is meant, of equal ones the innermost. */
static size_t boundary_level(const Reader *reader, MgSpan line, bool *closing)
{
    size_t level = 0, longest = 0;
    if (line.len < 2 || line.data[0] != '-' || line.data[1] != '-')
        return 0;
    for (guint i = reader->boundaries->len; i > 0; i--) {
        const Boundary *boundary = &g_array_index(reader->boundaries, Boundary, i - 1);
        size_t end = 2 + boundary->len;
        if (line.len < end || boundary->len <= longest ||
            memcmp(line.data + 2, boundary->text, boundary->len) != 0)
            continue;
        bool closes = line.len >= end + 2 && line.data[end] == '-' && line.data[end + 1] == '-';
        if (!closes && line.len > end && line.data[end] != ' ' && line.data[end] != '\t')
            continue;
        level = i;
        longest = boundary->len;
        *closing = closes;
    }
    return level;
}

static bool find_at(Reader *reader, size_t start, size_t next)
{
    bool closing = false;
    size_t level = boundary_level(reader, line_text(reader, start, next), &closing);
    reader->found.level = level;
    reader->found.closing = closing;
    reader->found.start = start;
    reader->found.next = next;
    return level > 0;
}

/* From the start of a line to the next boundary of any level. */
static void find_boundary(Reader *reader)
{
    size_t at = reader->at;
    while (at < reader->bytes.len) {
        size_t next = next_line(reader, at);
        if (find_at(reader, at, next))
            return;
        at = next;
    }
    reader->found.level = 0;
    reader->found.closing = false;
    reader->found.start = reader->found.next = reader->bytes.len;
}

/* The line break before a boundary belongs to it. */
static size_t body_end(const Reader *reader, size_t body)
{
    size_t end = reader->found.start;
    if (reader->found.level == 0)
        return end;
    if (end > body && reader->bytes.data[end - 1] == '\n')
        end--;
    if (end > body && end < reader->found.start && reader->bytes.data[end - 1] == '\r')
        end--;
    return end;
}

/* ---- the header ---- */

/* How long the field's name is, with the spaces after it that old mail has (RFC 5322 §4.5.8); 0 if
 * this line is no field. */
static size_t name_length(MgSpan line)
{
    const uint8_t *colon = memchr(line.data, ':', MIN(line.len, 1000));
    if (colon == NULL)
        return 0;
    size_t len = (size_t)(colon - line.data), name = len;
    while (name > 0 && (line.data[name - 1] == ' ' || line.data[name - 1] == '\t'))
        name--;
    for (size_t i = 0; i < name; i++)
        if (line.data[i] <= ' ' || line.data[i] == 0x7f)
            return 0;
    return name > 0 ? len : 0;
}

static bool is_folded(MgSpan line)
{
    return line.len > 0 && (line.data[0] == ' ' || line.data[0] == '\t');
}

static void add_field(MgMessagePart *part, const Reader *reader, size_t at, size_t next)
{
    MgSpan line = line_text(reader, at, next);
    size_t colon = name_length(line), name = colon;
    while (line.data[name - 1] == ' ' || line.data[name - 1] == '\t')
        name--;
    g_autoptr(GString) valid = g_string_new(NULL);
    mg_message_add_utf8((MgSpan){line.data, name}, false, valid);
    MgMessageField field = {
        .name = g_string_chunk_insert(part->message->strings, valid->str),
        .whole = {at, next - at},
        .value = {at + colon + 1, line.len - colon - 1},
    };
    g_array_append_val(part->fields, field);
}

static void extend_field(MgMessagePart *part, const Reader *reader, size_t at, size_t next)
{
    MgMessageField *field = &g_array_index(part->fields, MgMessageField, part->fields->len - 1);
    field->whole.len = next - field->whole.offset;
    field->value.len = at + line_text(reader, at, next).len - field->value.offset;
}

/* A line that is no field: an accident in the header, or the body without its blank line? If a
 * field comes next, the header goes on; else nothing that somebody wrote is to be lost. */
static bool is_accident(const MgMessagePart *part, const Reader *reader, size_t next)
{
    if (part->fields->len == 0 || next == reader->bytes.len)
        return false;
    MgSpan line = line_text(reader, next, next_line(reader, next));
    return name_length(line) > 0;
}

/* One line of the header. False: the header ends before it. */
static bool read_header_line(Reader *reader, MgMessagePart *part, size_t next)
{
    size_t at = reader->at;
    MgSpan line = line_text(reader, at, next);
    MgMessageRange where = {at, next - at};
    bool full = at - part->header.offset > MG_MESSAGE_HEADER_MAX ||
                part->fields->len >= MG_MESSAGE_FIELDS_MAX;
    if (full)
        mg_message_note(part, MG_MESSAGE_HEADER_LARGE, where);
    if (is_folded(line) && part->fields->len > 0) {
        if (!full)
            extend_field(part, reader, at, next);
    } else if (name_length(line) > 0) {
        if (!full)
            add_field(part, reader, at, next);
    } else if (at == part->header.offset && part->parent == NULL && line.len >= 5 &&
               (memcmp(line.data, "From ", 5) == 0 ||
                (line.len >= 6 && memcmp(line.data, ">From ", 6) == 0))) {
        mg_message_note(part, MG_MESSAGE_MBOX_FROM, where);
    } else if (is_accident(part, reader, next)) {
        mg_message_note(part, MG_MESSAGE_NO_COLON, where);
    } else {
        mg_message_note(part, MG_MESSAGE_NO_BLANK_LINE, where);
        return false;
    }
    return true;
}

static void read_header(Reader *reader, MgMessagePart *part)
{
    part->header.offset = reader->at;
    while (reader->at < reader->bytes.len) {
        size_t next = next_line(reader, reader->at);
        if (line_text(reader, reader->at, next).len == 0) {
            reader->at = next;
            break;
        }
        if (find_at(reader, reader->at, next) || !read_header_line(reader, part, next))
            break;
        reader->at = next;
    }
    part->header.len = reader->at - part->header.offset;
}

/* ---- what the fields say ---- */

static const char *keep_text(const MgMessagePart *part, const char *name)
{
    const MgMessageField *field = mg_message_field(part, name, NULL);
    if (field == NULL)
        return NULL;
    g_autofree char *text = mg_message_field_text(part, field);
    return g_string_chunk_insert(part->message->strings, text);
}

static void read_type(MgMessagePart *part)
{
    const MgMessageField *field = mg_message_field(part, "Content-Type", NULL);
    part->type = "text";
    part->subtype = "plain";
    /* RFC 2046 §5.1.5 */
    if (part->parent != NULL && strcmp(part->parent->subtype, "digest") == 0 &&
        strcmp(part->parent->type, "multipart") == 0) {
        part->type = "message";
        part->subtype = "rfc822";
    }
    if (field == NULL)
        return;
    const char *type, *subtype;
    mg_message_parse_content(mg_message_span(part->message, field->value), part->message->strings,
                             &type, &subtype, part->parameters);
    if (type[0] != '\0' && subtype != NULL) {
        part->type = type;
        part->subtype = subtype;
        return;
    }
    mg_message_note(part, MG_MESSAGE_TYPE_BAD, field->value);
    part->type = "text"; /* RFC 2045 §5.2 */
    part->subtype = "plain";
}

static void read_encoding(MgMessagePart *part)
{
    static const struct {
        const char *name;
        MgMessageEncoding encoding;
    } known[] = {{"7bit", MG_ENCODING_NONE},
                 {"8bit", MG_ENCODING_NONE},
                 {"binary", MG_ENCODING_NONE},
                 {"quoted-printable", MG_ENCODING_QUOTED_PRINTABLE},
                 {"base64", MG_ENCODING_BASE64}};
    const MgMessageField *field = mg_message_field(part, "Content-Transfer-Encoding", NULL);
    if (field == NULL)
        return;
    const char *subtype;
    g_autoptr(GArray) none = g_array_new(FALSE, FALSE, sizeof(MgMessageParameter));
    mg_message_parse_content(mg_message_span(part->message, field->value), part->message->strings,
                             &part->transfer_encoding, &subtype, none);
    if (part->transfer_encoding[0] == '\0') {
        part->transfer_encoding = NULL;
        return;
    }
    part->encoding = MG_ENCODING_UNKNOWN;
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (strcmp(known[i].name, part->transfer_encoding) == 0)
            part->encoding = known[i].encoding;
    if (part->encoding == MG_ENCODING_UNKNOWN)
        mg_message_note(part, MG_MESSAGE_ENCODING_UNKNOWN, field->value);
}

static void read_content(MgMessagePart *part)
{
    const MgMessageField *field = mg_message_field(part, "Content-Disposition", NULL);
    const char *subtype;
    read_type(part);
    read_encoding(part);
    if (field != NULL) {
        mg_message_parse_content(mg_message_span(part->message, field->value),
                                 part->message->strings, &part->disposition, &subtype,
                                 part->disposition_parameters);
        if (part->disposition[0] == '\0')
            part->disposition = NULL;
    }
    part->charset = mg_message_parameter(part->parameters, "charset");
    part->file_name = mg_message_parameter(part->disposition_parameters, "filename");
    if (part->file_name == NULL)
        part->file_name = mg_message_parameter(part->parameters, "name");
    part->description = keep_text(part, "Content-Description");
    g_auto(GStrv) ids = mg_message_ids(part, "Content-ID");
    if (ids[0] != NULL)
        part->content_id = g_string_chunk_insert(part->message->strings, ids[0]);
}

/* ---- parts ---- */

static MgMessagePart *new_part(Reader *reader, MgMessagePart *parent)
{
    MgMessagePart *part = g_new0(MgMessagePart, 1);
    part->message = reader->message;
    part->parent = parent;
    part->number = reader->message->parts->len;
    part->fields = g_array_new(FALSE, FALSE, sizeof(MgMessageField));
    part->parameters = g_array_new(FALSE, FALSE, sizeof(MgMessageParameter));
    part->disposition_parameters = g_array_new(FALSE, FALSE, sizeof(MgMessageParameter));
    part->section = "";
    g_ptr_array_add(reader->message->parts, part);
    ++*reader->limits.n_parts;
    return part;
}

static void free_part(void *data)
{
    MgMessagePart *part = data;
    g_array_unref(part->fields);
    g_array_unref(part->parameters);
    g_array_unref(part->disposition_parameters);
    if (part->parts != NULL)
        g_ptr_array_unref(part->parts);
    mg_message_free(part->nested);
    g_free(part);
}

static MgMessage *new_message(GBytes *bytes, const char *prefix)
{
    MgMessage *message = g_new0(MgMessage, 1);
    message->bytes = g_bytes_ref(bytes);
    message->parts = g_ptr_array_new_with_free_func(free_part);
    message->problems = g_array_new(FALSE, FALSE, sizeof(MgMessageProblem));
    message->strings = g_string_chunk_new(512);
    message->prefix = g_string_chunk_insert(message->strings, prefix);
    return message;
}

void mg_message_free(MgMessage *message)
{
    if (message == NULL)
        return;
    g_ptr_array_unref(message->parts);
    g_array_unref(message->problems);
    g_string_chunk_free(message->strings);
    g_bytes_unref(message->bytes);
    g_free(message);
}

/* RFC 9051 §6.4.5 */
static void set_section(MgMessagePart *part, unsigned index)
{
    const MgMessagePart *parent = part->parent;
    const char *prefix = part->message->prefix;
    g_autofree char *section = NULL;
    if (parent == NULL)
        section =
            g_strdup_printf("%s%s", prefix, part->kind == MG_MESSAGE_MULTIPART ? "TEXT" : "1");
    else if (parent->parent == NULL)
        section = g_strdup_printf("%s%u", prefix, index);
    else
        section = g_strdup_printf("%s.%u", parent->section, index);
    part->section = g_string_chunk_insert(part->message->strings, section);
}

static void read_multipart(Reader *reader, MgMessagePart *part, const char *text)
{
    Boundary boundary = {text, strlen(text)};
    if (boundary.len > 70)
        mg_message_note(part, MG_MESSAGE_BOUNDARY_LONG, part->header);
    part->parts = g_ptr_array_new();
    g_array_append_val(reader->boundaries, boundary);
    size_t level = reader->boundaries->len;
    reader->limits.depth++;
    find_boundary(reader); /* over the preamble */
    while (reader->found.level == level && !reader->found.closing) {
        reader->at = reader->found.next;
        if (*reader->limits.n_parts >= MG_MESSAGE_PARTS_MAX) {
            mg_message_note(
                part, MG_MESSAGE_TOO_MANY_PARTS,
                (MgMessageRange){reader->found.start, reader->at - reader->found.start});
            find_boundary(reader);
            continue;
        }
        MgMessagePart *child = new_part(reader, part);
        g_ptr_array_add(part->parts, child);
        read_entity(reader, child);
    }
    reader->limits.depth--;
    g_array_set_size(reader->boundaries, (guint)level - 1);
    if (reader->found.level == level) {
        reader->at = reader->found.next;
        find_boundary(reader); /* over the epilogue */
    } else if (part->parts->len > 0) {
        mg_message_note(part, MG_MESSAGE_NOT_CLOSED, (MgMessageRange){reader->found.start, 0});
    }
    if (part->parts->len == 0)
        mg_message_note(part, MG_MESSAGE_NO_PARTS, part->header);
}

static void read_nested(Reader *reader, MgMessagePart *part)
{
    MgMessage *around = reader->message;
    g_autofree char *prefix = g_strdup_printf("%s.", part->section);
    part->nested = reader->message = new_message(around->bytes, prefix);
    part->nested->decoded = around->decoded;
    part->nested->root = new_part(reader, NULL);
    reader->limits.depth++;
    read_entity(reader, part->nested->root);
    reader->limits.depth--;
    reader->message = around;
}

static void read_message(GBytes *bytes, MgMessage *message, Limits limits)
{
    g_autoptr(GArray) boundaries = g_array_new(FALSE, FALSE, sizeof(Boundary));
    Reader reader = {.message = message, .boundaries = boundaries, .limits = limits};
    gsize len = 0;
    const uint8_t *data = g_bytes_get_data(bytes, &len);
    reader.bytes = (MgSpan){data != NULL ? data : (const uint8_t *)"", len};
    message->root = new_part(&reader, NULL);
    read_entity(&reader, message->root);
}

/* RFC 2046 §5.2.1 forbids to encode a message; some do. RFC 6532 §3.7 allows it for message/global.
 */
static void read_decoded(Reader *reader, MgMessagePart *part)
{
    g_autoptr(GByteArray) octets = g_byte_array_new();
    const MgRule *broken = mg_message_part_decode(part, octets);
    if (broken != NULL)
        mg_message_note(part, (MgMessageRuleAt)(broken - mg_message_rules), part->body);
    if (strcmp(part->subtype, "global") != 0)
        mg_message_note(part, MG_MESSAGE_ENCODED_COMPOSITE, part->header);
    g_autoptr(GBytes) bytes = g_byte_array_free_to_bytes(g_steal_pointer(&octets));
    g_autofree char *prefix = g_strdup_printf("%s.", part->section);
    Limits limits = reader->limits;
    limits.depth++;
    limits.decoded++;
    part->nested = new_message(bytes, prefix);
    part->nested->decoded = true;
    read_message(bytes, part->nested, limits);
}

static bool is_message(const MgMessagePart *part)
{
    return strcmp(part->type, "message") == 0 &&
           (strcmp(part->subtype, "rfc822") == 0 || strcmp(part->subtype, "global") == 0);
}

/* How the body is read; LEAF also for what is too deep or has no boundary. */
static MgMessageKind kind_of(const Reader *reader, MgMessagePart *part, const char **boundary)
{
    bool encoded =
        part->encoding == MG_ENCODING_BASE64 || part->encoding == MG_ENCODING_QUOTED_PRINTABLE;
    bool multipart = strcmp(part->type, "multipart") == 0;
    if (!multipart && !is_message(part))
        return MG_MESSAGE_LEAF;
    if (reader->limits.depth >= MG_MESSAGE_DEPTH_MAX ||
        (!multipart && encoded && reader->limits.decoded >= MG_MESSAGE_DECODED_MAX)) {
        mg_message_note(part, MG_MESSAGE_TOO_DEEP, part->header);
        return MG_MESSAGE_LEAF;
    }
    if (!multipart)
        return *reader->limits.n_parts < MG_MESSAGE_PARTS_MAX ? MG_MESSAGE_NESTED : MG_MESSAGE_LEAF;
    *boundary = mg_message_parameter(part->parameters, "boundary");
    if (*boundary == NULL || **boundary == '\0') {
        mg_message_note(part, MG_MESSAGE_NO_BOUNDARY, part->header);
        return MG_MESSAGE_LEAF;
    }
    if (encoded) /* its boundaries are looked for as they are */
        mg_message_note(part, MG_MESSAGE_ENCODED_COMPOSITE, part->header);
    return MG_MESSAGE_MULTIPART;
}

/* Where the last part inside ends. If that is nothing but a header, its blank line is the line
 * break before the boundary, too: then it is inside, all the way up. */
static size_t inner_end(const MgMessagePart *part)
{
    const MgMessagePart *last = NULL;
    if (part->nested != NULL)
        last = part->nested->root;
    else if (part->parts != NULL && part->parts->len > 0)
        last = g_ptr_array_index(part->parts, part->parts->len - 1);
    return last != NULL ? last->body.offset + last->body.len : 0;
}

/* Reads a part from its header on, up to `found`. */
static void read_entity(Reader *reader, MgMessagePart *part)
{
    const char *boundary = NULL;
    read_header(reader, part);
    size_t body = reader->at;
    read_content(part);
    part->kind = kind_of(reader, part, &boundary);
    set_section(part, part->parent != NULL ? part->parent->parts->len : 1);
    bool decoded =
        part->kind == MG_MESSAGE_NESTED &&
        (part->encoding == MG_ENCODING_BASE64 || part->encoding == MG_ENCODING_QUOTED_PRINTABLE);
    if (part->kind == MG_MESSAGE_MULTIPART)
        read_multipart(reader, part, boundary);
    else if (part->kind == MG_MESSAGE_NESTED && !decoded)
        read_nested(reader, part);
    else
        find_boundary(reader);
    part->body = (MgMessageRange){body, MAX(body_end(reader, body), inner_end(part)) - body};
    if (decoded)
        read_decoded(reader, part);
}

/* ---- the message as a whole ---- */

static void check_lines(MgMessage *message)
{
    MgSpan bytes = mg_message_span(message, (MgMessageRange){0, g_bytes_get_size(message->bytes)});
    bool bare = false, is_long = false;
    for (size_t at = 0; at < bytes.len && !(bare && is_long);) {
        const uint8_t *end = memchr(bytes.data + at, '\n', bytes.len - at);
        size_t next = end != NULL ? (size_t)(end - bytes.data) + 1 : bytes.len;
        MgMessageRange where = {at, next - at};
        if (!bare && end != NULL && (next - at < 2 || bytes.data[next - 2] != '\r')) {
            mg_message_note(message->root, MG_MESSAGE_BARE_LF, where);
            bare = true;
        }
        if (!is_long && next - at > 1000) {
            mg_message_note(message->root, MG_MESSAGE_LONG_LINE, where);
            is_long = true;
        }
        at = next;
    }
    const uint8_t *nul = memchr(bytes.data, 0, bytes.len);
    if (nul != NULL)
        mg_message_note(message->root, MG_MESSAGE_NUL,
                        (MgMessageRange){(size_t)(nul - bytes.data), 1});
}

static void check_fields(MgMessage *message)
{
    static const char *const once[] = {
        "Date",       "From",        "Sender",     "Reply-To", "To",           "Cc",          "Bcc",
        "Message-ID", "In-Reply-To", "References", "Subject",  "MIME-Version", "Content-Type"};
    MgMessagePart *root = message->root;
    for (size_t i = 0; i < G_N_ELEMENTS(once); i++) {
        const MgMessageField *first = mg_message_field(root, once[i], NULL);
        const MgMessageField *second =
            first != NULL ? mg_message_field(root, once[i], first) : NULL;
        if (second != NULL)
            mg_message_note(root, MG_MESSAGE_FIELD_REPEATED, second->whole);
    }
    for (guint i = 0; i < root->fields->len; i++) {
        const MgMessageField *field = &g_array_index(root->fields, MgMessageField, i);
        MgSpan value = mg_message_span(message, field->value);
        if (!g_utf8_validate((const char *)value.data, (gssize)value.len, NULL))
            mg_message_note(root, MG_MESSAGE_RAW_OCTETS, field->value);
    }
    const MgMessageField *date = mg_message_field(root, "Date", NULL);
    MgMessageDate parsed;
    if (date == NULL)
        mg_message_note(root, MG_MESSAGE_DATE_MISSING, (MgMessageRange){root->header.offset, 0});
    else if (!mg_message_parse_date(mg_message_span(message, date->value), &parsed))
        mg_message_note(root, MG_MESSAGE_DATE_BAD, date->value);
    g_autoptr(GArray) from = mg_message_mailboxes(root, "From");
    if (from->len == 0 || g_array_index(from, MgMessageMailbox, 0).address == NULL)
        mg_message_note(root, MG_MESSAGE_FROM_MISSING, (MgMessageRange){root->header.offset, 0});
    if (mg_message_field(root, "MIME-Version", NULL) == NULL &&
        mg_message_field(root, "Content-Type", NULL) != NULL)
        mg_message_note(root, MG_MESSAGE_NO_MIME_VERSION, root->header);
}

MgMessage *mg_message_parse(GBytes *bytes)
{
    unsigned n_parts = 0;
    MgMessage *message = new_message(bytes, "");
    read_message(bytes, message, (Limits){.n_parts = &n_parts});
    check_fields(message);
    check_lines(message);
    return message;
}

MgMessagePart *mg_message_find_section(MgMessage *message, const char *section)
{
    for (guint i = 0; i < message->parts->len; i++) {
        MgMessagePart *part = g_ptr_array_index(message->parts, i);
        if (strcmp(part->section, section) == 0)
            return part;
        MgMessagePart *inner =
            part->nested != NULL && g_str_has_prefix(section, part->nested->prefix)
                ? mg_message_find_section(part->nested, section)
                : NULL;
        if (inner != NULL)
            return inner;
    }
    return NULL;
}
