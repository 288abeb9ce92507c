/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message-dissect.c - names the octets of a letter that SMTP or POP3 carry
 *
 * The parser says where the parts are; here they become a tree. A letter on the wire may have dots
 * added to its lines: it is parsed as it is, so that every octet has its place there, and once more
 * without them for what it says. Dots never make or hide a boundary, so both have the same parts.
 */
#include "message-dissect.h"

#define PARTS_MAX  1000u /* that are shown */
#define FIELDS_MAX 2000u

typedef struct {
    size_t from, to;
    MgNode node;
} Place;

typedef struct {
    ImfNaming naming;
    unsigned n_parts, n_fields;
} Letter;

static void name_message(Letter *letter, MgNode parent, MgMessage *message, MgMessage *clean);

/* ---- adding ---- */

static MgNode place(ImfNaming *naming, MgNode node, size_t from, size_t to)
{
    Place at = {from, to, node};
    g_array_append_val(naming->places, at);
    return node;
}

MgNode mg_imf_add(ImfNaming *naming, MgNode parent, unsigned field, size_t from, size_t to)
{
    if (to <= from)
        return parent;
    return place(naming, mg_tree_add(naming->tree, parent, field, from, to - from), from, to);
}

MgNode mg_imf_add_text(ImfNaming *naming, MgNode parent, unsigned field, MgMessageRange where,
                       const char *value)
{
    size_t from = where.offset, to = from + where.len;
    MgSpan raw = mg_span_slice(naming->unit, from, where.len);
    if (where.len == 0)
        return parent;
    if (value == NULL || (strlen(value) == raw.len && memcmp(value, raw.data, raw.len) == 0))
        return mg_imf_add(naming, parent, field, from, to);
    return place(naming, mg_tree_add_text(naming->tree, parent, field, from, where.len, value),
                 from, to);
}

/* A field of the dissector of parts; without that, its parent stands for it. */
static MgNode add_mime(ImfNaming *naming, MgNode parent, unsigned field, size_t from, size_t to)
{
    if (to <= from)
        return parent;
    MgNode node = mg_tree_nest(naming->tree, parent, "mime_multipart", (uint16_t)field,
                               mg_span_slice(naming->unit, from, to - from));
    return node != MG_NODE_ROOT ? place(naming, node, from, to) : parent;
}

/* ---- the header ---- */

static const ImfHeader *header_of(const char *name, unsigned *field)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(mg_imf_headers); i++) {
        if (g_ascii_strcasecmp(mg_imf_headers[i].name, name) == 0) {
            *field = F_DATE + i;
            return &mg_imf_headers[i];
        }
    }
    *field = F_EXTENSION;
    return NULL;
}

static void name_field(Letter *letter, MgNode parent, const MgMessagePart *part,
                       const MgMessageField *field)
{
    ImfNaming *naming = &letter->naming;
    const uint8_t *octets = naming->unit.data;
    size_t from = field->value.offset, end = from + field->value.len, name = from - 1;
    size_t whole = field->whole.offset, after = whole + field->whole.len;
    MgNode node = mg_imf_add(naming, parent, F_FIELD, whole, after);
    while (name > whole && (octets[name - 1] == ' ' || octets[name - 1] == '\t'))
        name--; /* RFC 5322 §4.5.8: obsolete, but read */
    mg_imf_add(naming, node, F_NAME, whole, name);
    while (from < end && mg_message_is_space(octets[from]))
        from++;
    size_t to = end;
    while (to > from && mg_message_is_space(octets[to - 1]))
        to--;
    MgMessageRange value = {from, to - from};
    unsigned handle;
    const ImfHeader *known = header_of(field->name, &handle);
    MgNode at = MG_NODE_ROOT;
    if (value.len > 0 && known != NULL && known->in_part != 0 && part->parent != NULL)
        at = add_mime(naming, node, known->in_part, from, to);
    if (value.len > 0 && (at == MG_NODE_ROOT || at == node)) {
        g_autofree char *text = mg_message_field_text(part, field);
        at = mg_imf_add_text(naming, node, handle, value, text);
    }
    if (value.len > 0)
        mg_imf_name_value(naming, at, known != NULL ? known->value : IS_TEXT, value);
    mg_imf_add(naming, node, F_END_OF_LINE, end, after);
}

static void name_header(Letter *letter, MgNode parent, const MgMessagePart *part)
{
    ImfNaming *naming = &letter->naming;
    const uint8_t *octets = naming->unit.data;
    size_t from = part->header.offset, to = from + part->header.len, end = to;
    /* The empty line is the last of it, if there is one. */
    if (end > from && octets[end - 1] == '\n') {
        size_t line = end - 1;
        line -= line > from && octets[line - 1] == '\r';
        if (line == from || octets[line - 1] == '\n')
            end = line;
    }
    MgNode header = mg_imf_add(naming, parent, F_HEADER, from, end);
    for (guint i = 0; i < part->fields->len && letter->n_fields < FIELDS_MAX; i++) {
        name_field(letter, header, part, &g_array_index(part->fields, MgMessageField, i));
        letter->n_fields++;
    }
    mg_imf_add(naming, parent, F_HEADER_END, end, to);
}

/* ---- bodies ---- */

static void note_decoding(Letter *letter, MgNode node, const MgRule *broken)
{
    bool cut = (letter->naming.piece & 3) == MG_PIECE_FIRST; /* its end is elsewhere */
    if (broken != NULL && !cut)
        mg_tree_note(letter->naming.tree, node, broken);
}

static void name_leaf(Letter *letter, MgNode parent, const MgMessagePart *part,
                      const MgMessagePart *clean)
{
    ImfNaming *naming = &letter->naming;
    MgMessageRange body = part->body;
    if (body.len == 0)
        return;
    MgNode node = mg_imf_add(naming, parent, F_BODY, body.offset, body.offset + body.len);
    if (mg_message_part_is_text(clean)) {
        g_autoptr(GString) text = g_string_new(NULL);
        note_decoding(letter, node, mg_message_part_text(clean, text));
        for (size_t i = 0; i < text->len; i++)
            if (text->str[i] == '\0')
                text->str[i] = ' ';
        MgSpan raw = mg_message_span(part->message, body);
        if (text->len != raw.len || memcmp(text->str, raw.data, raw.len) != 0)
            mg_imf_add_text(naming, node, F_TEXT, body, text->str);
    } else if (clean->encoding != MG_ENCODING_NONE) {
        g_autoptr(GByteArray) octets = g_byte_array_new();
        note_decoding(letter, node, mg_message_part_decode(clean, octets));
        mg_tree_add_uint(naming->tree, node, F_SIZE, body.offset, body.len, octets->len);
    }
}

static void name_part(Letter *letter, MgNode parent, const MgMessagePart *part,
                      const MgMessagePart *clean);

/* From the end of a part up to the next, or to the end: the boundary there, and what is around it.
 */
static void name_between(Letter *letter, MgNode parent, size_t from, size_t to, bool first)
{
    ImfNaming *naming = &letter->naming;
    const uint8_t *octets = naming->unit.data;
    size_t line = to;
    if (line > from) /* the boundary is the last line there */
        line--;
    while (line > from && octets[line - 1] != '\n')
        line--;
    if (first)
        add_mime(naming, parent, M_PREAMBLE, from, line);
    add_mime(naming, parent, first ? M_FIRST_BOUNDARY : M_BOUNDARY, first ? line : from, to);
}

static void name_last_boundary(Letter *letter, MgNode parent, size_t from, size_t to)
{
    ImfNaming *naming = &letter->naming;
    const uint8_t *octets = naming->unit.data;
    size_t line = from;
    line += line < to && octets[line] == '\r';
    line += line < to && octets[line] == '\n';
    if (to - line < 2 || octets[line] != '-' || octets[line + 1] != '-')
        return;
    const uint8_t *lf = memchr(octets + line, '\n', to - line);
    size_t end = lf != NULL ? (size_t)(lf - octets) + 1 : to;
    add_mime(naming, parent, M_LAST_BOUNDARY, from, end);
    add_mime(naming, parent, M_TRAILER, end, to);
}

static void name_multipart(Letter *letter, MgNode parent, const MgMessagePart *part,
                           const MgMessagePart *clean)
{
    size_t at = part->body.offset, end = at + part->body.len;
    MgNode parts = add_mime(&letter->naming, parent, M_PARTS, at, end);
    for (guint i = 0; i < part->parts->len && letter->n_parts < PARTS_MAX; i++) {
        const MgMessagePart *child = g_ptr_array_index(part->parts, i);
        size_t from = child->header.offset, to = child->body.offset + child->body.len;
        name_between(letter, parts, at, from, i == 0);
        MgNode node = add_mime(&letter->naming, parts, M_PART, from, to);
        name_part(letter, node, child, g_ptr_array_index(clean->parts, i));
        at = MAX(from, to);
    }
    if (at < end && part->parts->len > 0)
        name_last_boundary(letter, parts, at, end);
}

static void name_nested(Letter *letter, MgNode parent, const MgMessagePart *part,
                        const MgMessagePart *clean)
{
    ImfNaming *naming = &letter->naming;
    size_t from = part->body.offset, to = from + part->body.len;
    MgNode node = mg_imf_add(naming, parent, F_INNER, from, to);
    if (!part->nested->decoded) {
        name_message(letter, node, part->nested, clean->nested);
        return;
    }
    MgMessageRange all = {0, g_bytes_get_size(clean->nested->bytes)};
    if (all.len > 0)
        mg_tree_nest(naming->tree, node, "imf", MG_PIECE_WHOLE,
                     mg_message_span(clean->nested, all));
}

static void note_problems(Letter *letter, const MgMessagePart *part, guint first);

static void name_part(Letter *letter, MgNode parent, const MgMessagePart *part,
                      const MgMessagePart *clean)
{
    guint first = letter->naming.places->len;
    letter->n_parts++;
    name_header(letter, parent, part);
    switch (part->kind) {
    case MG_MESSAGE_MULTIPART:
        name_multipart(letter, parent, part, clean);
        break;
    case MG_MESSAGE_NESTED:
        name_nested(letter, parent, part, clean);
        break;
    case MG_MESSAGE_LEAF:
        name_leaf(letter, parent, part, clean);
        break;
    }
    note_problems(letter, part, first);
}

/* ---- problems ---- */

/* The smallest that was added since `first` and holds it all; spaces around it do not count. Where
 * something is missing there is a point only: then the largest. */
static MgNode node_at(const ImfNaming *naming, guint first, MgMessageRange where)
{
    const GArray *places = naming->places;
    const Place *best = NULL;
    bool point = where.len == 0;
    while (where.len > 1 && mg_message_is_space(naming->unit.data[where.offset])) {
        where.offset++;
        where.len--;
    }
    for (guint i = first; i < places->len; i++) {
        const Place *at = &g_array_index(places, Place, i);
        if (at->from > where.offset || where.offset + where.len > at->to)
            continue;
        size_t len = at->to - at->from;
        if (best == NULL || (point ? len > best->to - best->from : len < best->to - best->from))
            best = at;
    }
    if (best == NULL && first < places->len)
        best = &g_array_index(places, Place, first);
    return best != NULL ? best->node : MG_NODE_ROOT;
}

/* What only the whole letter can show is no fault of its first piece. */
static bool needs_end(const MgRule *rule)
{
    return rule == &mg_message_rules[MG_MESSAGE_NOT_CLOSED] ||
           rule == &mg_message_rules[MG_MESSAGE_NO_PARTS];
}

static void note_problems(Letter *letter, const MgMessagePart *part, guint first)
{
    const GArray *problems = part->message->problems;
    bool cut = (letter->naming.piece & 3) == MG_PIECE_FIRST;
    for (guint i = 0; i < problems->len; i++) {
        const MgMessageProblem *problem = &g_array_index(problems, MgMessageProblem, i);
        if (problem->part != part->number || (cut && needs_end(problem->rule)))
            continue;
        MgNode node = node_at(&letter->naming, first, problem->where);
        if (node != MG_NODE_ROOT)
            mg_tree_note(letter->naming.tree, node, problem->rule);
    }
}

/* ---- the whole ---- */

static void name_message(Letter *letter, MgNode parent, MgMessage *message, MgMessage *clean)
{
    name_part(letter, parent, message->root, clean->root);
}

/* (transfer full) Without the dots that were added to lines that begin with one. */
static GBytes *without_dots(MgSpan unit)
{
    GByteArray *out = g_byte_array_sized_new((guint)unit.len);
    for (size_t at = 0; at < unit.len;) {
        const uint8_t *lf = memchr(unit.data + at, '\n', unit.len - at);
        size_t next = lf != NULL ? (size_t)(lf - unit.data) + 1 : unit.len;
        at += unit.data[at] == '.';
        g_byte_array_append(out, unit.data + at, (guint)(next - at));
        at = next;
    }
    return g_byte_array_free_to_bytes(out);
}

static bool same_shape(const MgMessage *a, const MgMessage *b);

static bool same_part(const MgMessagePart *a, const MgMessagePart *b)
{
    unsigned n = a->parts != NULL ? a->parts->len : 0, m = b->parts != NULL ? b->parts->len : 0;
    return a->kind == b->kind && n == m && (a->nested == NULL) == (b->nested == NULL) &&
           (a->nested == NULL || same_shape(a->nested, b->nested));
}

static bool same_shape(const MgMessage *a, const MgMessage *b)
{
    if (a->parts->len != b->parts->len || a->decoded != b->decoded)
        return false;
    for (guint i = 0; i < a->parts->len; i++)
        if (!same_part(g_ptr_array_index(a->parts, i), g_ptr_array_index(b->parts, i)))
            return false;
    return true;
}

static void dissect(uint16_t tag, MgDirection direction, MgSpan unit, MgTree *tree)
{
    g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(Place));
    Letter letter = {{.unit = unit, .tree = tree, .piece = tag, .places = places}, 0, 0};
    if ((tag & 3) == MG_PIECE_LATER) {
        mg_imf_add(&letter.naming, MG_NODE_ROOT, F_BODY, 0, unit.len);
        return;
    }
    g_autoptr(GBytes) bytes = g_bytes_new_static(unit.data, unit.len);
    g_autoptr(MgMessage) message = mg_message_parse(bytes);
    g_autoptr(MgMessage) clean = NULL;
    if ((tag & MG_PIECE_DOTTED) != 0) {
        g_autoptr(GBytes) plain = without_dots(unit);
        if (g_bytes_get_size(plain) < unit.len)
            clean = mg_message_parse(plain);
        if (clean != NULL && !same_shape(message, clean)) /* dots that nobody should have added */
            g_clear_pointer(&clean, mg_message_free);
    }
    name_message(&letter, MG_NODE_ROOT, message, clean != NULL ? clean : message);
}

/* Only one node, which the dissector of letters asked for. */
static void dissect_mime(uint16_t tag, MgDirection direction, MgSpan unit, MgTree *tree)
{
    if (tag < MIME_N_FIELDS)
        mg_tree_add(tree, MG_NODE_ROOT, tag, 0, unit.len);
}

const MgDissector mg_imf_dissector = {
    .name = "imf",
    .label = "IMF",
    .color = "teal",
    .fields = mg_imf_fields,
    .n_fields = IMF_N_FIELDS,
    .dissect = dissect,
};

const MgDissector mg_mime_dissector = {
    .name = "mime_multipart",
    .label = "MIME",
    .color = "teal",
    .fields = mg_mime_fields,
    .n_fields = MIME_N_FIELDS,
    .dissect = dissect_mime,
};
