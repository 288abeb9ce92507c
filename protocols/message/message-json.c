/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message-json.c - a message as one JSON object, for programs */
#include "message-private.h"

typedef struct {
    const MgMessage *message;
    GString *out;
    GArray *problems; /* what parsing found, and then what decoding finds */
} Writer;

static void add_message(const MgMessage *message, GString *out);

static void add_string(GString *out, MgSpan text)
{
    g_string_append_c(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        uint8_t octet = text.data[i];
        if (octet == '"' || octet == '\\')
            g_string_append_printf(out, "\\%c", octet);
        else if (octet == '\n')
            g_string_append(out, "\\n");
        else if (octet == '\r')
            g_string_append(out, "\\r");
        else if (octet == '\t')
            g_string_append(out, "\\t");
        else if (octet < 0x20 || octet == 0x7f)
            g_string_append_printf(out, "\\u%04x", octet);
        else
            g_string_append_c(out, (char)octet);
    }
    g_string_append_c(out, '"');
}

static void add_text(GString *out, const char *text)
{
    if (text != NULL)
        add_string(out, mg_span_from_string(text));
    else
        g_string_append(out, "null");
}

/* ,"key":"value" */
static void add_key(GString *out, const char *key, const char *text)
{
    g_string_append_printf(out, ",\"%s\":", key);
    add_text(out, text);
}

static void add_range(GString *out, const char *key, MgMessageRange range)
{
    g_string_append_printf(out, ",\"%s\":{\"offset\":%zu,\"length\":%zu}", key, range.offset,
                           range.len);
}

/* ---- fields ---- */

static void add_mailbox(GString *out, const MgMessageMailbox *mailbox, bool first)
{
    g_string_append(out, first ? "{\"name\":" : ",{\"name\":");
    add_text(out, mailbox->name);
    add_key(out, "address", mailbox->address);
    g_string_append_c(out, '}');
}

/* The members of a group come one after the other. */
static void add_mailboxes(GString *out, const GArray *mailboxes)
{
    unsigned group = 0;
    g_string_append_c(out, '[');
    for (guint i = 0; i < mailboxes->len; i++) {
        const MgMessageMailbox *mailbox = &g_array_index(mailboxes, MgMessageMailbox, i);
        bool begins = mailbox->group_at != 0 && mailbox->group_at != group;
        if (group != 0 && mailbox->group_at != group)
            g_string_append(out, "]}");
        if (begins) {
            g_string_append(out, i > 0 ? ",{\"group\":" : "{\"group\":");
            add_text(out, mailbox->group);
            g_string_append(out, ",\"members\":[");
        }
        group = mailbox->group_at;
        if (mailbox->name != NULL || mailbox->address != NULL)
            add_mailbox(out, mailbox, begins || i == 0);
    }
    g_string_append(out, group != 0 ? "]}]" : "]");
}

static void add_date(GString *out, const MgMessageDate *date)
{
    if (date == NULL) {
        g_string_append(out, ",\"date\":null,\"date_unix\":null");
        return;
    }
    g_string_append(out, ",\"date\":\"");
    mg_message_add_rfc3339(date, out);
    g_string_append_printf(out, "\",\"date_unix\":%" G_GINT64_FORMAT, date->unix_seconds);
}

static bool has_mailboxes(const char *name)
{
    static const char *const names[] = {"From",
                                        "Sender",
                                        "Reply-To",
                                        "To",
                                        "Cc",
                                        "Bcc",
                                        "Resent-From",
                                        "Resent-Sender",
                                        "Resent-To",
                                        "Resent-Cc",
                                        "Resent-Bcc",
                                        "Resent-Reply-To",
                                        "Return-Path",
                                        "Disposition-Notification-To",
                                        "Mail-Followup-To",
                                        "Mail-Reply-To",
                                        "Delivered-To",
                                        "Errors-To"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_ascii_strcasecmp(names[i], name) == 0)
            return true;
    return false;
}

/* Of Date, Resent-Date, and Received, whose date comes after the last semicolon. */
static bool date_of(const char *name, MgSpan value, MgMessageDate *date)
{
    if (g_ascii_strcasecmp(name, "Received") == 0) {
        const uint8_t *last = memrchr(value.data, ';', value.len);
        if (last == NULL)
            return false;
        size_t skip = (size_t)(last - value.data) + 1;
        return mg_message_parse_date((MgSpan){value.data + skip, value.len - skip}, date);
    }
    return (g_ascii_strcasecmp(name, "Date") == 0 ||
            g_ascii_strcasecmp(name, "Resent-Date") == 0) &&
           mg_message_parse_date(value, date);
}

static void add_fields(GString *out, const MgMessagePart *part)
{
    g_string_append(out, ",\"headers\":[");
    for (guint i = 0; i < part->fields->len; i++) {
        const MgMessageField *field = &g_array_index(part->fields, MgMessageField, i);
        MgSpan value = mg_message_span(part->message, field->value);
        g_autofree char *text = mg_message_decode_words(value);
        MgMessageDate date;
        g_string_append(out, i > 0 ? ",{\"name\":" : "{\"name\":");
        add_text(out, field->name);
        add_key(out, "value", text);
        g_string_append_printf(out, ",\"offset\":%zu,\"length\":%zu", field->whole.offset,
                               field->whole.len);
        if (has_mailboxes(field->name)) {
            g_autoptr(GArray) mailboxes = mg_message_parse_mailboxes(value);
            g_string_append(out, ",\"addresses\":");
            add_mailboxes(out, mailboxes);
        }
        if (date_of(field->name, value, &date))
            add_date(out, &date);
        g_string_append_c(out, '}');
    }
    g_string_append_c(out, ']');
}

static void add_parameters(GString *out, const char *key, const GArray *parameters)
{
    g_string_append_printf(out, ",\"%s\":{", key);
    for (guint i = 0; i < parameters->len; i++) {
        const MgMessageParameter *parameter = &g_array_index(parameters, MgMessageParameter, i);
        if (i > 0)
            g_string_append_c(out, ',');
        add_text(out, parameter->name);
        g_string_append_c(out, ':');
        add_text(out, parameter->value);
    }
    g_string_append_c(out, '}');
}

/* ---- parts ---- */

static void find_problem(Writer *writer, const MgMessagePart *part, const MgRule *rule)
{
    MgMessageProblem problem = {rule, part->body, part->number};
    if (rule != NULL)
        g_array_append_val(writer->problems, problem);
}

static void add_body(Writer *writer, const MgMessagePart *part)
{
    GString *out = writer->out;
    g_autoptr(GByteArray) octets = g_byte_array_new();
    const MgRule *broken = mg_message_part_decode(part, octets);
    MgSpan span = {octets->data != NULL ? octets->data : (const uint8_t *)"", octets->len};
    g_autofree char *hash = g_compute_checksum_for_data(G_CHECKSUM_SHA256, span.data, span.len);
    g_string_append_printf(out, ",\"decoded_length\":%zu,\"sha256\":\"%s\"", span.len, hash);
    bool undecodable = broken == &mg_message_rules[MG_MESSAGE_BASE64_NOT];
    if (mg_message_part_is_text(part) || undecodable) {
        g_autoptr(GString) text = g_string_new(NULL);
        broken = mg_message_part_text(part, text);
        g_string_append(out, ",\"text\":");
        add_string(out, (MgSpan){(const uint8_t *)text->str, text->len});
    }
    g_string_append_printf(out, ",\"undecodable\":%s", undecodable ? "true" : "false");
    find_problem(writer, part, broken);
}

static void add_part(Writer *writer, const MgMessagePart *part)
{
    GString *out = writer->out;
    g_string_append_printf(out, "{\"number\":%u,\"section\":\"%s\"", part->number, part->section);
    g_string_append(out, ",\"type\":");
    g_autofree char *type = g_strdup_printf("%s/%s", part->type, part->subtype);
    add_text(out, type);
    add_parameters(out, "parameters", part->parameters);
    add_key(out, "charset", part->charset);
    add_key(out, "transfer_encoding", part->transfer_encoding);
    add_key(out, "disposition", part->disposition);
    add_parameters(out, "disposition_parameters", part->disposition_parameters);
    add_key(out, "file_name", part->file_name);
    add_key(out, "content_id", part->content_id);
    add_key(out, "description", part->description);
    add_range(out, "header", part->header);
    add_range(out, "body", part->body);
    if (part->parent != NULL)
        add_fields(out, part);
    if (part->kind == MG_MESSAGE_LEAF)
        add_body(writer, part);
    if (part->nested != NULL) {
        g_string_append(out, ",\"message\":");
        add_message(part->nested, out);
    }
    if (part->kind == MG_MESSAGE_MULTIPART) {
        g_string_append(out, ",\"parts\":[");
        for (guint i = 0; i < part->parts->len; i++) {
            if (i > 0)
                g_string_append_c(out, ',');
            add_part(writer, g_ptr_array_index(part->parts, i));
        }
        g_string_append_c(out, ']');
    }
    g_string_append_c(out, '}');
}

/* ---- messages ---- */

static void add_people(GString *out, const MgMessagePart *root)
{
    static const struct {
        const char *key, *name;
    } rows[] = {{"from", "From"}, {"sender", "Sender"}, {"reply_to", "Reply-To"},
                {"to", "To"},     {"cc", "Cc"},         {"bcc", "Bcc"}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GArray) mailboxes = mg_message_mailboxes(root, rows[i].name);
        g_string_append_printf(out, ",\"%s\":", rows[i].key);
        add_mailboxes(out, mailboxes);
    }
}

static void add_ids(GString *out, const char *key, const MgMessagePart *root, const char *name)
{
    g_auto(GStrv) ids = mg_message_ids(root, name);
    g_string_append_printf(out, ",\"%s\":[", key);
    for (size_t i = 0; ids[i] != NULL; i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        add_text(out, ids[i]);
    }
    g_string_append_c(out, ']');
}

static void add_numbers(GString *out, const char *key, const GPtrArray *parts)
{
    g_string_append_printf(out, ",\"%s\":[", key);
    for (guint i = 0; i < parts->len; i++)
        g_string_append_printf(out, i > 0 ? ",%u" : "%u",
                               ((const MgMessagePart *)g_ptr_array_index(parts, i))->number);
    g_string_append_c(out, ']');
}

static void add_problems(GString *out, const GArray *problems)
{
    static const char *const severities[] = {"chat", "note", "warning", "fault"};
    g_string_append(out, ",\"problems\":[");
    for (guint i = 0; i < problems->len; i++) {
        const MgMessageProblem *problem = &g_array_index(problems, MgMessageProblem, i);
        g_string_append_printf(out, "%s{\"rule\":\"%s\",\"severity\":\"%s\"", i > 0 ? "," : "",
                               problem->rule->id, severities[problem->rule->severity]);
        g_string_append_printf(out, ",\"part\":%u,\"offset\":%zu,\"length\":%zu", problem->part,
                               problem->where.offset, problem->where.len);
        add_key(out, "source", problem->rule->source);
        add_key(out, "text", problem->rule->text);
        g_string_append_c(out, '}');
    }
    g_string_append_c(out, ']');
}

static void add_message(const MgMessage *message, GString *out)
{
    const MgMessagePart *root = message->root;
    const MgMessageField *subject = mg_message_field(root, "Subject", NULL);
    const MgMessageField *sent = mg_message_field(root, "Date", NULL);
    g_autofree char *text = subject != NULL ? mg_message_field_text(root, subject) : NULL;
    g_auto(GStrv) ids = mg_message_ids(root, "Message-ID");
    MgMessageDate date;
    bool dated =
        sent != NULL && mg_message_parse_date(mg_message_span(message, sent->value), &date);
    g_string_append_printf(out, "{\"size\":%zu,\"decoded\":%s",
                           message->decoded ? g_bytes_get_size(message->bytes)
                                            : root->header.len + root->body.len,
                           message->decoded ? "true" : "false");
    add_people(out, root);
    add_key(out, "subject", text);
    add_date(out, dated ? &date : NULL);
    add_key(out, "message_id", ids[0]);
    add_ids(out, "in_reply_to", root, "In-Reply-To");
    add_ids(out, "references", root, "References");
    add_fields(out, root);
    g_autoptr(GPtrArray) plain = g_ptr_array_new();
    g_autoptr(GPtrArray) html = g_ptr_array_new();
    g_autoptr(GPtrArray) attachments = g_ptr_array_new();
    mg_message_bodies(message, plain, html, attachments);
    add_numbers(out, "text_body", plain);
    add_numbers(out, "html_body", html);
    add_numbers(out, "attachments", attachments);
    g_autoptr(GArray) problems = g_array_copy(message->problems);
    Writer writer = {message, out, problems};
    g_string_append(out, ",\"part\":");
    add_part(&writer, root);
    add_problems(out, problems);
    g_string_append_c(out, '}');
}

void mg_message_add_json(const MgMessage *message, GString *out)
{
    add_message(message, out);
}
