/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-section.c - BODY[…]<…>, BINARY[…], BINARY.SIZE[…] (RFC 3501 §6.4.5, RFC 3516 §4) */
#include "imap-body.h"

#define NUMBERS_MAX 200u
#define FIELDS_MAX  1000u

static void init(MgImapSection *section, MgImapSectionItem item)
{
    *section = (MgImapSection){.item = item,
                               .numbers = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
                               .fields = g_ptr_array_new_with_free_func(g_free)};
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

MgImapSectionResult mg_imap_section_octets(MgMessage *message, const MgImapSection *section,
                                           GByteArray *keep, MgSpan *octets)
{
    return MG_IMAP_SECTION_NONE;
}
MgImapSectionResult mg_imap_add_section(MgMessage *message, const MgImapSection *section,
                                        GString *out)
{
    return MG_IMAP_SECTION_NONE;
}
