/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-section.c - BODY[…]<…>, BINARY[…], BINARY.SIZE[…] (RFC 3501 §6.4.5, RFC 3516 §4) */
#include "imap-body.h"
#include "message-scan.h"

#define NUMBERS_MAX 200u
#define FIELDS_MAX  1000u

static void init(MgImapSection *section, MgImapSectionItem item)
{
    *section = (MgImapSection){.item = item,
                               .numbers = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
                               .fields = g_ptr_array_new_with_free_func(g_free)};
}

void mg_imap_section_rfc822(MgImapSection *section, MgImapSectionText text)
{
    init(section, MG_IMAP_RFC822);
    section->text = text;
}

void mg_imap_section_clear(MgImapSection *section)
{
    if (section->numbers != NULL)
        g_array_unref(section->numbers);
    if (section->fields != NULL)
        g_ptr_array_unref(section->fields);
    *section = (MgImapSection){0};
}

/* ---- read ---- */

/* "HEADER.FIELDS.NOT" before "HEADER.FIELDS" before "HEADER": the longest is meant. */
static const struct {
    const char *name;
    MgImapSectionText text;
} texts[] = {
    {"HEADER.FIELDS.NOT", MG_IMAP_SECTION_FIELDS_NOT},
    {"HEADER.FIELDS", MG_IMAP_SECTION_FIELDS},
    {"HEADER", MG_IMAP_SECTION_HEADER},
    {"TEXT", MG_IMAP_SECTION_TEXT},
    {"MIME", MG_IMAP_SECTION_MIME},
};

static bool starts(const MgImapReader *reader, const char *word)
{
    size_t len = strlen(word);
    return reader->text.len - reader->at >= len &&
           g_ascii_strncasecmp((const char *)reader->text.data + reader->at, word, len) == 0;
}

static bool read_text(MgImapReader *reader, MgImapSection *section)
{
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (starts(reader, texts[i].name)) {
            reader->at += strlen(texts[i].name);
            section->text = texts[i].text;
            return section->item == MG_IMAP_BODY &&
                   (section->text != MG_IMAP_SECTION_MIME || section->numbers->len > 0);
        }
    }
    return false;
}

/* "1.2", and "." after it if a word follows. */
static bool read_numbers(MgImapReader *reader, MgImapSection *section)
{
    while (g_ascii_isdigit((char)mg_imap_read_peek(reader))) {
        uint64_t number;
        if (section->numbers->len == NUMBERS_MAX ||
            !mg_imap_read_number(reader, UINT32_MAX, &number) || number == 0)
            return false;
        uint32_t narrow = (uint32_t)number;
        g_array_append_val(section->numbers, narrow);
        if (!mg_imap_read_octet(reader, '.'))
            return mg_imap_read_peek(reader) == ']';
    }
    return mg_imap_read_peek(reader) != ']' || section->numbers->len == 0;
}

static bool read_fields(MgImapReader *reader, MgImapSection *section)
{
    if (!mg_imap_read_octet(reader, ' ') || !mg_imap_read_octet(reader, '('))
        return false;
    do {
        g_autoptr(GString) name = g_string_new(NULL);
        if (section->fields->len == FIELDS_MAX || !mg_imap_read_astring(reader, name) ||
            strlen(name->str) != name->len)
            return false;
        g_ptr_array_add(section->fields, g_strdup(name->str));
    } while (mg_imap_read_octet(reader, ' '));
    return mg_imap_read_octet(reader, ')');
}

static bool read_partial(MgImapReader *reader, MgImapSection *section)
{
    if (!mg_imap_read_octet(reader, '<'))
        return true;
    section->partial = true;
    return section->item != MG_IMAP_BINARY_SIZE &&
           mg_imap_read_number(reader, UINT32_MAX, &section->offset) &&
           mg_imap_read_octet(reader, '.') &&
           mg_imap_read_number(reader, UINT32_MAX, &section->count) && section->count > 0 &&
           mg_imap_read_octet(reader, '>');
}

bool mg_imap_read_section(MgImapReader *reader, MgImapSectionItem item, MgImapSection *section)
{
    init(section, item);
    if (!mg_imap_read_octet(reader, '[') || !read_numbers(reader, section))
        return false;
    if (mg_imap_read_peek(reader) != ']' && !read_text(reader, section))
        return false;
    if ((section->text == MG_IMAP_SECTION_FIELDS || section->text == MG_IMAP_SECTION_FIELDS_NOT) &&
        !read_fields(reader, section))
        return false;
    return mg_imap_read_octet(reader, ']') && read_partial(reader, section);
}

/* ---- given ---- */

/* (nullable) RFC 3501 §6.4.5: a letter that is no multipart has one part, 1. */
static MgMessagePart *find_part(MgMessage *message, const GArray *numbers)
{
    MgMessagePart *part = NULL;
    for (guint i = 0; i < numbers->len; i++) {
        uint32_t number = g_array_index(numbers, uint32_t, i);
        if (part != NULL && part->kind == MG_MESSAGE_NESTED) {
            message = part->nested;
            part = NULL;
        }
        if (part == NULL && message->root->kind != MG_MESSAGE_MULTIPART) {
            part = number == 1 ? message->root : NULL;
        } else {
            const MgMessagePart *around = part != NULL ? part : message->root;
            part = around->kind == MG_MESSAGE_MULTIPART && number <= around->parts->len
                       ? g_ptr_array_index(around->parts, number - 1)
                       : NULL;
        }
        if (part == NULL)
            return NULL;
    }
    return part;
}

static bool is_wanted(const MgImapSection *section, const char *name)
{
    bool listed = false;
    for (guint i = 0; i < section->fields->len && !listed; i++)
        listed = g_ascii_strcasecmp(g_ptr_array_index(section->fields, i), name) == 0;
    return listed == (section->text == MG_IMAP_SECTION_FIELDS);
}

/* "the delimiting blank line is included, except in the case of a message which has no body and no
 * blank line" */
static void add_blank(const MgMessagePart *root, GByteArray *out)
{
    MgSpan header = mg_message_span(root->message, root->header);
    size_t len = header.len;
    if (len > 0 && header.data[len - 1] == '\n')
        len -= len > 1 && header.data[len - 2] == '\r' ? 2 : 1;
    bool blank = len < header.len && (len == 0 || header.data[len - 1] == '\n');
    if (blank || root->body.len > 0)
        g_byte_array_append(out, (const uint8_t *)"\r\n", 2);
}

static MgSpan subset(const MgMessagePart *root, const MgImapSection *section, GByteArray *keep)
{
    for (guint i = 0; i < root->fields->len; i++) {
        const MgMessageField *field = &g_array_index(root->fields, MgMessageField, i);
        MgSpan whole = mg_message_span(root->message, field->whole);
        if (is_wanted(section, field->name))
            g_byte_array_append(keep, whole.data, (guint)whole.len);
    }
    add_blank(root, keep);
    return (MgSpan){keep->data != NULL ? keep->data : (const uint8_t *)"", keep->len};
}

/* What is taken apart has no encoding of its own (RFC 2045 §6.4). */
static MgImapSectionResult decode(const MgMessagePart *part, GByteArray *keep, MgSpan *octets)
{
    *octets = mg_message_span(part->message, part->body);
    if (part->kind != MG_MESSAGE_LEAF || part->encoding == MG_ENCODING_NONE)
        return MG_IMAP_SECTION_THERE;
    if (part->encoding == MG_ENCODING_UNKNOWN)
        return MG_IMAP_SECTION_UNKNOWN;
    const MgRule *fault = mg_message_part_decode(part, keep);
    if (fault != NULL && strcmp(fault->id, "message.base64-not") == 0)
        return MG_IMAP_SECTION_UNKNOWN;
    *octets = (MgSpan){keep->data != NULL ? keep->data : (const uint8_t *)"", keep->len};
    return MG_IMAP_SECTION_THERE;
}

static MgImapSectionResult whole(MgMessage *message, const MgImapSection *section, GByteArray *keep,
                                 MgSpan *octets)
{
    MgMessagePart *part = NULL;
    if (section->numbers->len > 0) {
        part = find_part(message, section->numbers);
        if (part == NULL)
            return MG_IMAP_SECTION_NONE;
        bool of_part =
            section->text == MG_IMAP_SECTION_WHOLE || section->text == MG_IMAP_SECTION_MIME;
        if (!of_part && part->nested == NULL)
            return MG_IMAP_SECTION_NONE;
        message = of_part ? part->message : part->nested;
    }
    const MgMessagePart *root = message->root;
    switch (section->text) {
    case MG_IMAP_SECTION_WHOLE:
        if (part != NULL && section->item != MG_IMAP_BODY) /* BINARY */
            return decode(part, keep, octets);
        *octets = mg_message_span(
            message,
            part != NULL ? part->body : (MgMessageRange){0, g_bytes_get_size(message->bytes)});
        break;
    case MG_IMAP_SECTION_HEADER:
        *octets = mg_message_span(message, root->header);
        break;
    case MG_IMAP_SECTION_TEXT:
        *octets = mg_message_span(message, root->body);
        break;
    case MG_IMAP_SECTION_MIME:
        *octets = mg_message_span(message, part->header);
        break;
    default:
        *octets = subset(root, section, keep);
    }
    return MG_IMAP_SECTION_THERE;
}

MgImapSectionResult mg_imap_section_octets(MgMessage *message, const MgImapSection *section,
                                           GByteArray *keep, MgSpan *octets)
{
    MgImapSectionResult result = whole(message, section, keep, octets);
    if (result == MG_IMAP_SECTION_THERE && section->partial)
        *octets =
            mg_span_slice(*octets, MIN(section->offset, octets->len),
                          MIN(section->count, octets->len - MIN(section->offset, octets->len)));
    return result;
}

static void add_name(const MgImapSection *section, GString *out)
{
    static const char *const items[] = {"BODY[", "BINARY[", "BINARY.SIZE["};
    if (section->item == MG_IMAP_RFC822) {
        g_string_append(out, section->text == MG_IMAP_SECTION_HEADER ? "RFC822.HEADER "
                             : section->text == MG_IMAP_SECTION_TEXT ? "RFC822.TEXT "
                                                                     : "RFC822 ");
        return;
    }
    g_string_append(out, items[section->item]);
    for (guint i = 0; i < section->numbers->len; i++)
        g_string_append_printf(out, i > 0 ? ".%u" : "%u",
                               g_array_index(section->numbers, uint32_t, i));
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (texts[i].text == section->text)
            g_string_append_printf(out, section->numbers->len > 0 ? ".%s" : "%s", texts[i].name);
    }
    for (guint i = 0; i < section->fields->len; i++) {
        g_string_append(out, i == 0 ? " (" : " ");
        mg_imap_add_astring(out, g_ptr_array_index(section->fields, i));
    }
    g_string_append(out, section->fields->len > 0 ? ")]" : "]");
    if (section->partial)
        g_string_append_printf(out, "<%" G_GUINT64_FORMAT ">", section->offset);
    g_string_append_c(out, ' ');
}

MgImapSectionResult mg_imap_add_section(MgMessage *message, const MgImapSection *section,
                                        GString *out)
{
    g_autoptr(GByteArray) keep = g_byte_array_new();
    MgSpan octets = {0};
    MgImapSectionResult result = mg_imap_section_octets(message, section, keep, &octets);
    if (result == MG_IMAP_SECTION_UNKNOWN)
        return result;
    add_name(section, out);
    if (section->item == MG_IMAP_BINARY_SIZE)
        g_string_append_printf(out, "%" G_GSIZE_FORMAT, octets.len);
    else if (result == MG_IMAP_SECTION_NONE)
        g_string_append(out, "NIL");
    else
        mg_imap_add_literal(out, octets, section->item == MG_IMAP_BINARY);
    return result;
}
