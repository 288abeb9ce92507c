/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-body.c - ENVELOPE, BODY, BODYSTRUCTURE (RFC 3501 §7.4.2) */
#include "imap-body.h"
#include "imap-raw.h"

typedef struct {
    GString *out;
    bool extended, utf8;
} Writer;

static void add_structure(Writer *writer, const MgMessagePart *part);

/* ---- envelope ---- */

static void add_field(Writer *writer, const MgMessagePart *part, const char *name)
{
    g_autoptr(GString) raw = mg_imap_field_raw(part, name);
    mg_imap_add_nstring(writer->out, mg_imap_span(raw), writer->utf8);
}

/* Who has written nothing about the sender, or where answers go, means From. */
static void add_people(Writer *writer, const MgMessagePart *part, const char *name, bool or_from)
{
    if (mg_imap_add_addresses(part, name, writer->utf8, writer->out) ||
        (or_from && mg_imap_add_addresses(part, "From", writer->utf8, writer->out)))
        return;
    g_string_append(writer->out, "NIL");
}

static void add_envelope(Writer *writer, const MgMessagePart *root)
{
    static const struct {
        const char *name;
        bool people, or_from;
    } fields[] = {{"Date", false, false},        {"Subject", false, false},
                  {"From", true, false},         {"Sender", true, true},
                  {"Reply-To", true, true},      {"To", true, false},
                  {"Cc", true, false},           {"Bcc", true, false},
                  {"In-Reply-To", false, false}, {"Message-ID", false, false}};
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        g_string_append_c(writer->out, i == 0 ? '(' : ' ');
        if (fields[i].people)
            add_people(writer, root, fields[i].name, fields[i].or_from);
        else
            add_field(writer, root, fields[i].name);
    }
    g_string_append_c(writer->out, ')');
}

void mg_imap_add_envelope(const MgMessage *message, bool utf8, GString *out)
{
    Writer writer = {.out = out, .utf8 = utf8};
    add_envelope(&writer, message->root);
}

/* ---- structure ---- */

static void add_parameters(Writer *writer, const MgImapContent *content, const char *more)
{
    guint n = content->parameters->len;
    if (n == 0 && more == NULL) {
        g_string_append(writer->out, "NIL");
        return;
    }
    g_string_append_c(writer->out, '(');
    for (guint i = 0; i < n; i++) {
        if (i > 0)
            g_string_append_c(writer->out, ' ');
        mg_imap_add_string(writer->out, mg_imap_span(g_ptr_array_index(content->parameters, i)),
                           writer->utf8);
    }
    if (more != NULL)
        g_string_append_printf(writer->out, n > 0 ? " %s" : "%s", more);
    g_string_append_c(writer->out, ')');
}

static bool has_parameter(const MgImapContent *content, const char *name)
{
    for (guint i = 0; i < content->parameters->len; i += 2) {
        const GString *own = g_ptr_array_index(content->parameters, i);
        if (g_ascii_strcasecmp(own->str, name) == 0)
            return true;
    }
    return false;
}

static void add_disposition(Writer *writer, const MgMessagePart *part)
{
    MgImapContent content;
    mg_imap_content_read(part, "Content-Disposition", &content);
    if (content.type == NULL || content.type->len == 0) {
        g_string_append(writer->out, "NIL");
    } else {
        g_string_append_c(writer->out, '(');
        mg_imap_add_string(writer->out, mg_imap_span(content.type), writer->utf8);
        g_string_append_c(writer->out, ' ');
        add_parameters(writer, &content, NULL);
        g_string_append_c(writer->out, ')');
    }
    mg_imap_content_clear(&content);
}

/* "en, fr" (RFC 3282 §2) is ("en" "fr"). */
static void add_language(Writer *writer, const MgMessagePart *part)
{
    g_autoptr(GString) raw = mg_imap_field_raw(part, "Content-Language");
    g_auto(GStrv) tags = g_strsplit_set(raw != NULL ? raw->str : "", ", \t", -1);
    bool any = false;
    for (guint i = 0; tags[i] != NULL; i++) {
        if (tags[i][0] == '\0')
            continue;
        g_string_append_c(writer->out, any ? ' ' : '(');
        mg_imap_add_string(writer->out, mg_span_from_string(tags[i]), writer->utf8);
        any = true;
    }
    g_string_append(writer->out, any ? ")" : "NIL");
}

static void add_extension(Writer *writer, const MgMessagePart *part)
{
    g_string_append_c(writer->out, ' ');
    add_disposition(writer, part);
    g_string_append_c(writer->out, ' ');
    add_language(writer, part);
    g_string_append_c(writer->out, ' ');
    add_field(writer, part, "Content-Location");
}

static size_t count_lines(MgSpan text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += text.data[i] == '\n';
    return n;
}

/* A client takes "message/rfc822" for a promise that an envelope follows. */
static bool is_letter(const Writer *writer, const MgMessagePart *part)
{
    return part->kind == MG_MESSAGE_NESTED &&
           (writer->utf8 || strcmp(part->subtype, "rfc822") == 0);
}

/* What cannot be taken apart must not look as if it could: too deep, or without its boundary. */
static bool is_opaque(const Writer *writer, const MgMessagePart *part)
{
    return !is_letter(writer, part) &&
           (strcmp(part->type, "multipart") == 0 ||
            (strcmp(part->type, "message") == 0 && strcmp(part->subtype, "rfc822") == 0));
}

/* As it is written, if the part is taken for it. */
static void add_type(Writer *writer, const MgMessagePart *part, const MgImapContent *content)
{
    static const char opaque[] = "\"APPLICATION\" \"OCTET-STREAM\"";
    bool own = content->type != NULL && content->type->len > 0 && content->subtype != NULL &&
               content->subtype->len > 0;
    if (is_opaque(writer, part)) {
        g_string_append(writer->out, opaque);
    } else if (own) {
        mg_imap_add_string(writer->out, mg_imap_span(content->type), writer->utf8);
        g_string_append_c(writer->out, ' ');
        mg_imap_add_string(writer->out, mg_imap_span(content->subtype), writer->utf8);
    } else { /* RFC 2045 §5.2, RFC 2046 §5.1.5 */
        g_autofree char *type = g_ascii_strup(part->type, -1);
        g_autofree char *subtype = g_ascii_strup(part->subtype, -1);
        g_string_append_printf(writer->out, "\"%s\" \"%s\"", type, subtype);
    }
}

static void add_encoding(Writer *writer, const MgMessagePart *part)
{
    MgImapContent content;
    mg_imap_content_read(part, "Content-Transfer-Encoding", &content);
    g_string_append_c(writer->out, ' ');
    if (content.type != NULL && content.type->len > 0)
        mg_imap_add_string(writer->out, mg_imap_span(content.type), writer->utf8);
    else
        g_string_append(writer->out, "\"7BIT\"");
    mg_imap_content_clear(&content);
}

static void add_single(Writer *writer, const MgMessagePart *part)
{
    MgSpan body = mg_message_span(part->message, part->body);
    bool text = strcmp(part->type, "text") == 0, letter = is_letter(writer, part);
    MgImapContent content;
    mg_imap_content_read(part, "Content-Type", &content);
    g_string_append_c(writer->out, '(');
    add_type(writer, part, &content);
    g_string_append_c(writer->out, ' ');
    add_parameters(writer, &content,
                   text && !has_parameter(&content, "charset") ? "\"CHARSET\" \"US-ASCII\"" : NULL);
    mg_imap_content_clear(&content);
    g_string_append_c(writer->out, ' ');
    add_field(writer, part, "Content-ID");
    g_string_append_c(writer->out, ' ');
    add_field(writer, part, "Content-Description");
    add_encoding(writer, part);
    g_string_append_printf(writer->out, " %" G_GSIZE_FORMAT, body.len);
    if (letter) {
        g_string_append_c(writer->out, ' ');
        add_envelope(writer, part->nested->root);
        g_string_append_c(writer->out, ' ');
        add_structure(writer, part->nested->root);
    }
    if (text || letter)
        g_string_append_printf(writer->out, " %" G_GSIZE_FORMAT, count_lines(body));
    if (writer->extended) {
        g_string_append_c(writer->out, ' ');
        add_field(writer, part, "Content-MD5");
        add_extension(writer, part);
    }
    g_string_append_c(writer->out, ')');
}

static void add_multipart(Writer *writer, const MgMessagePart *part)
{
    MgImapContent content;
    mg_imap_content_read(part, "Content-Type", &content);
    g_string_append_c(writer->out, '(');
    for (guint i = 0; i < part->parts->len; i++)
        add_structure(writer, g_ptr_array_index(part->parts, i));
    /* The grammar wants one part at least (RFC 3501 §9, body-type-mpart). */
    if (part->parts->len == 0)
        g_string_append_printf(
            writer->out, "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 0 0%s)",
            writer->extended ? " NIL NIL NIL NIL" : "");
    g_string_append_c(writer->out, ' ');
    mg_imap_add_string(writer->out, mg_imap_span(content.subtype), writer->utf8);
    if (writer->extended) {
        g_string_append_c(writer->out, ' ');
        add_parameters(writer, &content, NULL);
        add_extension(writer, part);
    }
    g_string_append_c(writer->out, ')');
    mg_imap_content_clear(&content);
}

/* No deeper than MG_MESSAGE_DEPTH_MAX. */
static void add_structure(Writer *writer, const MgMessagePart *part)
{
    if (part->kind == MG_MESSAGE_MULTIPART)
        add_multipart(writer, part);
    else
        add_single(writer, part);
}

void mg_imap_add_body(const MgMessage *message, bool extended, bool utf8, GString *out)
{
    Writer writer = {out, extended, utf8};
    add_structure(&writer, message->root);
}
