/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-binary.c - binary parts of a letter are kept as base64, which every command can give */
#include "imap-binary.h"
#include "message.h"

#define LINE_OCTETS ((size_t)57) /* 76 characters (RFC 2045 §6.8) */

static void add_base64(GString *out, MgSpan octets)
{
    for (size_t at = 0; at < octets.len; at += LINE_OCTETS) {
        g_autofree char *line =
            g_base64_encode(octets.data + at, MIN(LINE_OCTETS, octets.len - at));
        g_string_append_printf(out, "%s\r\n", line);
    }
}

static bool is_binary(const MgMessage *message, const MgMessagePart *part)
{
    MgSpan body = mg_message_span(message, part->body);
    return part->kind == MG_MESSAGE_LEAF && part->encoding == MG_ENCODING_NONE &&
           (g_strcmp0(part->transfer_encoding, "binary") == 0 ||
            (body.len > 0 && memchr(body.data, '\0', body.len) != NULL));
}

static void add_until(GString *out, MgSpan letter, size_t *at, size_t end)
{
    g_string_append_len(out, (const char *)letter.data + *at, (gssize)(end - *at));
    *at = end;
}

GString *mg_imap_encode_binary(MgSpan letter)
{
    g_autoptr(GBytes) octets = g_bytes_new_static(letter.data, letter.len);
    g_autoptr(MgMessage) message = mg_message_parse(octets);
    GString *out = NULL;
    size_t at = 0;
    for (guint i = 0; i < message->parts->len; i++) {
        const MgMessagePart *part = message->parts->pdata[i];
        if (!is_binary(message, part) || part->header.offset < at)
            continue;
        const MgMessageField *field = mg_message_field(part, "Content-Transfer-Encoding", NULL);
        if (out == NULL)
            out = g_string_new(NULL);
        add_until(out, letter, &at, field != NULL ? field->whole.offset : part->header.offset);
        g_string_append(out, "Content-Transfer-Encoding: base64\r\n");
        at += field != NULL ? field->whole.len : 0;
        add_until(out, letter, &at, part->body.offset);
        add_base64(out, mg_message_span(message, part->body));
        at += part->body.len;
    }
    if (out != NULL)
        add_until(out, letter, &at, letter.len);
    return out;
}
