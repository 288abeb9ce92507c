/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message-bodies.c - what is in a part, and which parts to show */
#include "message-private.h"

const MgRule *mg_message_part_decode(const MgMessagePart *part, GByteArray *out)
{
    MgSpan body = mg_message_span(part->message, part->body);
    if (part->encoding == MG_ENCODING_QUOTED_PRINTABLE)
        return mg_message_decode_quoted(body, out) == MG_DECODED_WELL
                   ? NULL
                   : &mg_message_rules[MG_MESSAGE_QP_BROKEN];
    if (part->encoding == MG_ENCODING_BASE64) {
        MgDecoded decoded = mg_message_decode_base64(body, out);
        if (decoded != MG_DECODED_NOT)
            return decoded == MG_DECODED_WELL ? NULL : &mg_message_rules[MG_MESSAGE_BASE64_BROKEN];
    }
    g_byte_array_append(out, body.data, (guint)body.len);
    return part->encoding == MG_ENCODING_BASE64 ? &mg_message_rules[MG_MESSAGE_BASE64_NOT] : NULL;
}

bool mg_message_part_is_text(const MgMessagePart *part)
{
    static const char *const reports[] = {"delivery-status", "disposition-notification",
                                          "feedback-report", "global-delivery-status",
                                          "global-disposition-notification"};
    if (part->kind != MG_MESSAGE_LEAF)
        return false;
    if (strcmp(part->type, "text") == 0 || strcmp(part->type, "multipart") == 0)
        return true; /* a multipart that has no boundary */
    for (size_t i = 0; i < G_N_ELEMENTS(reports); i++)
        if (strcmp(part->type, "message") == 0 && strcmp(part->subtype, reports[i]) == 0)
            return true;
    return false;
}

const MgRule *mg_message_part_text(const MgMessagePart *part, GString *out)
{
    g_autoptr(GByteArray) octets = g_byte_array_new();
    const MgRule *broken = mg_message_part_decode(part, octets);
    MgSpan span = {octets->data != NULL ? octets->data : (const uint8_t *)"", octets->len};
    MgCharsetResult result = mg_message_to_utf8(span, part->charset, out);
    if (broken != NULL || result == MG_CHARSET_WELL)
        return broken;
    return &mg_message_rules[result == MG_CHARSET_UNKNOWN ? MG_MESSAGE_CHARSET_UNKNOWN
                                                          : MG_MESSAGE_CHARSET_BROKEN];
}

/* ---- RFC 8621 §4.1.4: its parseStructure(), in C ---- */

typedef struct {
    GPtrArray *text, *html; /* NULL: not here (inside an alternative that went the other way) */
    GPtrArray *attachments;
} Lists;

static bool is_media(const MgMessagePart *part)
{
    return strcmp(part->type, "image") == 0 || strcmp(part->type, "audio") == 0 ||
           strcmp(part->type, "video") == 0;
}

static bool is_type(const MgMessagePart *part, const char *type, const char *subtype)
{
    return part->kind == MG_MESSAGE_LEAF && strcmp(part->type, type) == 0 &&
           strcmp(part->subtype, subtype) == 0;
}

static void place(MgMessagePart *part, const char *around, bool first, bool alternative,
                  Lists *lists)
{
    bool is_plain = is_type(part, "text", "plain"), is_html = is_type(part, "text", "html");
    bool shown =
        g_strcmp0(part->disposition, "attachment") != 0 &&
        (is_plain || is_html || is_media(part)) && part->kind == MG_MESSAGE_LEAF &&
        (first || (strcmp(around, "related") != 0 && (is_media(part) || part->file_name == NULL)));
    if (!shown) {
        g_ptr_array_add(lists->attachments, part);
        return;
    }
    if (strcmp(around, "alternative") == 0) {
        GPtrArray *list = is_plain ? lists->text : is_html ? lists->html : lists->attachments;
        if (list != NULL)
            g_ptr_array_add(list, part);
        return;
    }
    if (alternative) {
        if (is_plain)
            lists->html = NULL;
        if (is_html)
            lists->text = NULL;
    }
    if (lists->text != NULL)
        g_ptr_array_add(lists->text, part);
    if (lists->html != NULL)
        g_ptr_array_add(lists->html, part);
    if ((lists->text == NULL || lists->html == NULL) && is_media(part))
        g_ptr_array_add(lists->attachments, part);
}

static void copy_from(GPtrArray *from, guint start, GPtrArray *to)
{
    guint end = from->len;
    for (guint i = start; i < end; i++)
        g_ptr_array_add(to, g_ptr_array_index(from, i));
}

static void walk(const GPtrArray *parts, const char *around, bool alternative, Lists *lists)
{
    bool is_alternative = strcmp(around, "alternative") == 0;
    guint text_from = lists->text != NULL ? lists->text->len : 0;
    guint html_from = lists->html != NULL ? lists->html->len : 0;
    for (guint i = 0; i < parts->len; i++) {
        MgMessagePart *part = g_ptr_array_index(parts, i);
        if (part->kind == MG_MESSAGE_MULTIPART) {
            Lists inner = *lists; /* what an inner one rules out, it rules out for itself */
            walk(part->parts, part->subtype,
                 alternative || strcmp(part->subtype, "alternative") == 0, &inner);
        } else {
            place(part, around, i == 0, alternative, lists);
        }
    }
    /* Only one of the two was found: it stands for both. */
    if (!is_alternative || lists->text == NULL || lists->html == NULL)
        return;
    if (text_from == lists->text->len && html_from != lists->html->len)
        copy_from(lists->html, html_from, lists->text);
    else if (html_from == lists->html->len && text_from != lists->text->len)
        copy_from(lists->text, text_from, lists->html);
}

void mg_message_bodies(const MgMessage *message, GPtrArray *text, GPtrArray *html,
                       GPtrArray *attachments)
{
    g_autoptr(GPtrArray) top = g_ptr_array_new();
    Lists lists = {text, html, attachments};
    g_ptr_array_add(top, message->root);
    walk(top, "mixed", false, &lists);
}
