/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-raw.c - raw values, contents with parameters; addresses are imap-address.c */
#include "imap-raw.h"
#include "message-scan.h"

#define PARAMETERS_MAX 200u

GString *mg_imap_field_raw(const MgMessagePart *part, const char *name)
{
    const MgMessageField *field = mg_message_field(part, name, NULL);
    if (field == NULL)
        return NULL;
    MgSpan raw = mg_message_span(part->message, field->value);
    GString *out = g_string_sized_new(raw.len);
    for (size_t i = 0; i < raw.len; i++)
        if (raw.data[i] != '\r' && raw.data[i] != '\n' &&
            (out->len > 0 || !mg_message_is_space(raw.data[i])))
            g_string_append_c(out, (char)raw.data[i]);
    while (out->len > 0 && mg_message_is_space((uint8_t)out->str[out->len - 1]))
        g_string_truncate(out, out->len - 1);
    return out;
}

static void free_string(void *string)
{
    g_string_free(string, TRUE);
}

/* Up to a space or one of `ends`. */
static GString *take_token(MgMessageScan *scan, const char *ends)
{
    GString *out = g_string_new(NULL);
    while (!mg_message_scan_end(scan)) {
        uint8_t octet = mg_message_scan_peek(scan);
        if (mg_message_is_space(octet) || octet == 0 || strchr(ends, octet) != NULL)
            break;
        g_string_append_c(out, (char)octet);
        scan->at++;
    }
    return out;
}

static void take_parameter(MgMessageScan *scan, MgImapContent *content)
{
    GString *name = take_token(scan, "=;\"("), *value = NULL;
    mg_message_scan_cfws(scan);
    if (mg_message_scan_peek(scan) == '=') {
        scan->at++;
        mg_message_scan_cfws(scan);
        if (mg_message_scan_peek(scan) == '"') {
            value = g_string_new(NULL);
            mg_message_scan_quoted(scan, value);
        } else {
            value = take_token(scan, ";");
        }
    }
    if (name->len == 0 || value == NULL || content->parameters->len >= 2 * PARAMETERS_MAX) {
        g_string_free(name, TRUE);
        if (value != NULL)
            g_string_free(value, TRUE);
        return;
    }
    g_ptr_array_add(content->parameters, name);
    g_ptr_array_add(content->parameters, value);
}

void mg_imap_content_read(const MgMessagePart *part, const char *name, MgImapContent *content)
{
    const MgMessageField *field = mg_message_field(part, name, NULL);
    *content = (MgImapContent){.parameters = g_ptr_array_new_with_free_func(free_string)};
    if (field == NULL)
        return;
    MgMessageScan scan = {mg_message_span(part->message, field->value), 0};
    mg_message_scan_cfws(&scan);
    content->type = take_token(&scan, "/;(\"=");
    mg_message_scan_cfws(&scan);
    if (mg_message_scan_peek(&scan) == '/') {
        scan.at++;
        mg_message_scan_cfws(&scan);
        content->subtype = take_token(&scan, ";(\"=");
    }
    for (;;) {
        mg_message_scan_cfws(&scan);
        if (mg_message_scan_end(&scan))
            return;
        size_t before = scan.at;
        if (mg_message_scan_peek(&scan) == ';')
            scan.at++;
        mg_message_scan_cfws(&scan);
        take_parameter(&scan, content);
        if (scan.at == before) /* what is no parameter at all */
            scan.at++;
    }
}

void mg_imap_content_clear(MgImapContent *content)
{
    if (content->type != NULL)
        g_string_free(content->type, TRUE);
    if (content->subtype != NULL)
        g_string_free(content->subtype, TRUE);
    g_ptr_array_unref(content->parameters);
    *content = (MgImapContent){0};
}
