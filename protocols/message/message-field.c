/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message-field.c - fields by name, and what is in them */
#include "message-private.h"

MgSpan mg_message_span(const MgMessage *message, MgMessageRange range)
{
    gsize len = 0;
    const uint8_t *data = g_bytes_get_data(message->bytes, &len);
    return mg_span_slice((MgSpan){data != NULL ? data : (const uint8_t *)"", len}, range.offset,
                         range.len);
}

const MgMessageField *mg_message_field(const MgMessagePart *part, const char *name,
                                       const MgMessageField *previous)
{
    const MgMessageField *fields = (const MgMessageField *)(void *)part->fields->data;
    size_t from = previous != NULL ? (size_t)(previous - fields) + 1 : 0;
    for (size_t i = from; i < part->fields->len; i++)
        if (g_ascii_strcasecmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

char *mg_message_field_text(const MgMessagePart *part, const MgMessageField *field)
{
    return mg_message_decode_words(mg_message_span(part->message, field->value));
}

/* A word without brackets is taken, too; comments are not (RFC 5322 §3.6.4, §4.5.4). */
static void add_ids(MgSpan raw, GPtrArray *ids)
{
    MgMessageScan scan = {raw, 0};
    for (;;) {
        mg_message_scan_cfws(&scan);
        if (mg_message_scan_end(&scan) || ids->len == MG_MESSAGE_FIELDS_MAX)
            return;
        bool angle = mg_message_scan_peek(&scan) == '<';
        g_autoptr(GString) id = g_string_new(NULL);
        scan.at += angle;
        while (!mg_message_scan_end(&scan)) {
            uint8_t octet = scan.text.data[scan.at];
            bool space = mg_message_is_space(octet);
            if (octet == '>' || octet == '<' || (space && !angle))
                break;
            if (!space) /* broken by a fold */
                g_string_append_c(id, (char)octet);
            scan.at++;
        }
        if (mg_message_scan_peek(&scan) == '>')
            scan.at++;
        if (id->len > 0)
            g_ptr_array_add(ids,
                            mg_message_decode_words((MgSpan){(const uint8_t *)id->str, id->len}));
    }
}

GStrv mg_message_ids(const MgMessagePart *part, const char *name)
{
    GPtrArray *ids = g_ptr_array_new();
    const MgMessageField *field = NULL;
    while ((field = mg_message_field(part, name, field)) != NULL)
        add_ids(mg_message_span(part->message, field->value), ids);
    g_ptr_array_add(ids, NULL);
    return (GStrv)g_ptr_array_free(ids, FALSE);
}
