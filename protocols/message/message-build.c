/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message-build.c - writes what somebody composed (RFC 5322, RFC 2045, RFC 2046)
 *
 *      text                     text/plain
 *      text and HTML            multipart/alternative {text/plain, text/html}
 *      HTML with pictures       … {text/plain, multipart/related {text/html, image/… }}
 *      and attachments          multipart/mixed {that, application/…}
 *
 * Each part is written whole into a string before its multipart is, so that a boundary can be
 * chosen that is in none of them.
 */
#include "message-private.h"

#define LINE_MAX_LEN 998u /* RFC 5322 §2.1.1, without CR LF */

typedef struct {
    const MgMessageDraft *draft;
    uint64_t seed;
} Builder;

static void add_random(GString *out, uint64_t *seed, unsigned letters)
{
    static const char digits[] =
        "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; /* Crockford: none look alike */
    uint64_t value = 0;
    for (unsigned i = 0; i < letters; i++) {
        if (i % 12 == 0)
            value = mg_random_next(seed);
        g_string_append_c(out, digits[value & 31]);
        value >>= 5;
    }
}

/* ---- a leaf ---- */

/* Every line end becomes CR LF. */
static GString *with_crlf(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_sized_new(strlen(valid) + 64);
    for (const char *c = valid; *c != '\0'; c++) {
        if (*c == '\r' && c[1] == '\n')
            continue;
        if (*c == '\n' || *c == '\r')
            g_string_append(out, "\r\n");
        else
            g_string_append_c(out, *c);
    }
    return out;
}

typedef struct {
    bool seven_bit; /* no octet over 127, no NUL */
    bool lines;     /* they end with CR LF, and none is too long */
    bool tidy;      /* no space before a line end, no "From " that an mbox would change */
    size_t foreign; /* octets that quoted-printable has to quote */
} Look;

static Look look_at(MgSpan text)
{
    Look look = {.seven_bit = true, .lines = true, .tidy = true};
    size_t line = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t octet = text.data[i];
        bool lf = octet == '\n';
        look.foreign += octet >= 0x7f || octet == '=' || (octet < 0x20 && !lf && octet != '\r');
        look.seven_bit = look.seven_bit && octet != 0 && octet < 0x80;
        if (lf != (i > 0 && text.data[i - 1] == '\r'))
            look.lines = false;
        if (octet == '\r' && i + 1 == text.len)
            look.lines = false;
        if (line == 0 && text.len - i >= 5 && memcmp(text.data + i, "From ", 5) == 0)
            look.tidy = false;
        if (octet == '\r' && i > 0 && (text.data[i - 1] == ' ' || text.data[i - 1] == '\t'))
            look.tidy = false;
        line = lf ? 0 : line + 1;
        if (line > LINE_MAX_LEN)
            look.lines = false;
    }
    return look;
}

static void add_encoding(GString *out, const char *encoding)
{
    g_string_append_printf(out, "Content-Transfer-Encoding: %s\r\n\r\n", encoding);
}

/* As it is, if that is ASCII in short lines; quoted-printable while people can read most of it;
 * else base64, which is smaller then. */
static GString *text_part(const char *type, const char *text)
{
    g_autoptr(GString) lines = with_crlf(text);
    MgSpan span = {(const uint8_t *)lines->str, lines->len};
    Look look = look_at(span);
    GString *out = g_string_sized_new(span.len + 200);
    g_string_append_printf(out, "Content-Type: %s; charset=utf-8\r\n", type);
    if (look.seven_bit && look.lines && look.tidy) {
        add_encoding(out, "7bit");
        g_string_append_len(out, lines->str, (gssize)lines->len);
    } else if (look.foreign * 4 < span.len) {
        add_encoding(out, "quoted-printable");
        mg_message_encode_quoted(span, out);
    } else {
        add_encoding(out, "base64");
        mg_message_encode_base64(span, out);
    }
    return out;
}

/* "image/png", and nothing that could begin a field. */
static bool is_type(const char *type)
{
    const char *slash = strchr(type, '/');
    for (const char *c = type; *c != '\0'; c++)
        if (!g_ascii_isalnum(*c) && strchr("/+-._", *c) == NULL)
            return false;
    return slash != NULL && slash > type && slash[1] != '\0' && strchr(slash + 1, '/') == NULL &&
           !g_str_has_prefix(type, "multipart/");
}

static GString *attachment_part(const MgMessageAttachment *attachment)
{
    const char *type = attachment->type != NULL && is_type(attachment->type)
                           ? attachment->type
                           : "application/octet-stream";
    Look look = look_at(attachment->data);
    /* RFC 2046 §5.2.1: a message is not encoded. One with other line ends is a mere file. */
    bool message = g_ascii_strcasecmp(type, "message/rfc822") == 0;
    if (message && !look.lines)
        type = "application/octet-stream";
    message = message && look.lines;
    GString *out = g_string_sized_new(attachment->data.len / 3 * 4 + 300);
    g_string_append_printf(out, "Content-Type: %s\r\n", type);
    if (attachment->content_id != NULL) {
        g_autofree char *id = g_strdup_printf("<%s>", attachment->content_id);
        mg_message_add_field(out, "Content-ID", id);
    }
    g_string_append_printf(out, "Content-Disposition: %s",
                           attachment->content_id != NULL ? "inline" : "attachment");
    if (attachment->file_name != NULL)
        mg_message_add_parameter(out, "filename", attachment->file_name);
    g_string_append(out, "\r\n");
    if (message) {
        add_encoding(out, look.seven_bit ? "7bit" : "8bit");
        g_string_append_len(out, (const char *)attachment->data.data, (gssize)attachment->data.len);
    } else {
        add_encoding(out, "base64");
        mg_message_encode_base64(attachment->data, out);
    }
    return out;
}

/* ---- multiparts ---- */

static void free_part(void *part)
{
    g_string_free(part, TRUE);
}

/* "=_" is in no line of base64 or quoted-printable (RFC 2045 §6.7 says so); what is written as it
 * is, is looked through. */
static void choose_boundary(Builder *builder, const GPtrArray *parts, GString *boundary)
{
    bool taken = true;
    while (taken) {
        g_string_assign(boundary, "=_");
        add_random(boundary, &builder->seed, 24);
        taken = false;
        for (guint i = 0; i < parts->len; i++) {
            const GString *part = g_ptr_array_index(parts, i);
            taken = taken || memmem(part->str, part->len, boundary->str, boundary->len) != NULL;
        }
    }
}

/* Takes the parts. One alone stays as it is. */
static GString *join(Builder *builder, const char *subtype, GPtrArray *parts)
{
    if (parts->len == 1)
        return g_ptr_array_steal_index(parts, 0);
    g_autoptr(GString) boundary = g_string_new(NULL);
    choose_boundary(builder, parts, boundary);
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "Content-Type: multipart/%s;\r\n boundary=\"%s\"\r\n\r\n", subtype,
                           boundary->str);
    for (guint i = 0; i < parts->len; i++) {
        const GString *part = g_ptr_array_index(parts, i);
        g_string_append_printf(out, "--%s\r\n", boundary->str);
        g_string_append_len(out, part->str, (gssize)part->len);
        /* This line break belongs to the boundary; base64 has one of its own before. */
        g_string_append(out, "\r\n");
    }
    g_string_append_printf(out, "--%s--\r\n", boundary->str);
    return out;
}

static GString *html_part(Builder *builder)
{
    const MgMessageDraft *draft = builder->draft;
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(free_part);
    g_ptr_array_add(parts, text_part("text/html", draft->html));
    for (size_t i = 0; i < draft->n_attachments; i++)
        if (draft->attachments[i].content_id != NULL)
            g_ptr_array_add(parts, attachment_part(&draft->attachments[i]));
    return join(builder, "related", parts);
}

static GString *whole_body(Builder *builder)
{
    const MgMessageDraft *draft = builder->draft;
    g_autoptr(GPtrArray) bodies = g_ptr_array_new_with_free_func(free_part);
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(free_part);
    if (draft->text != NULL || draft->html == NULL)
        g_ptr_array_add(bodies, text_part("text/plain", draft->text != NULL ? draft->text : ""));
    if (draft->html != NULL)
        g_ptr_array_add(bodies, html_part(builder));
    g_ptr_array_add(parts, join(builder, "alternative", bodies));
    for (size_t i = 0; i < draft->n_attachments; i++)
        if (draft->attachments[i].content_id == NULL || draft->html == NULL)
            g_ptr_array_add(parts, attachment_part(&draft->attachments[i]));
    return join(builder, "mixed", parts);
}

/* ---- the header ---- */

/* RFC 5322 §3.6.4: the right side is the sender's domain. */
static void add_message_id(Builder *builder, GString *out)
{
    const MgMessageDraft *draft = builder->draft;
    g_autoptr(GString) id = g_string_new("<");
    if (draft->message_id != NULL) {
        g_string_append(id, draft->message_id);
    } else {
        const char *at = draft->n_from > 0 ? strrchr(draft->from[0].address, '@') : NULL;
        add_random(id, &builder->seed, 20);
        g_string_append_printf(id, ".%" G_GINT64_FORMAT "@%s", draft->date,
                               at != NULL ? at + 1 : "localhost");
    }
    g_string_append_c(id, '>');
    mg_message_add_field(out, "Message-ID", id->str);
}

static void add_references(const MgMessageDraft *draft, GString *out)
{
    if (draft->in_reply_to != NULL) {
        g_autofree char *id = g_strdup_printf("<%s>", draft->in_reply_to);
        mg_message_add_field(out, "In-Reply-To", id);
    }
    if (draft->references == NULL || draft->references[0] == NULL)
        return;
    g_autoptr(GString) ids = g_string_new(NULL);
    for (size_t i = 0; draft->references[i] != NULL; i++)
        g_string_append_printf(ids, i > 0 ? " <%s>" : "<%s>", draft->references[i]);
    mg_message_add_field(out, "References", ids->str);
}

static void add_list(GString *out, const char *name, const MgMessagePerson *people, size_t n)
{
    if (n > 0)
        mg_message_add_people(out, name, people, n);
}

GString *mg_message_build(const MgMessageDraft *draft)
{
    Builder builder = {draft, draft->seed};
    GString *out = g_string_new(NULL);
    const MgMessageDate date = {draft->date, draft->zone_minutes, true};
    g_string_append(out, "Date: ");
    mg_message_add_date(&date, out);
    g_string_append(out, "\r\n");
    add_list(out, "From", draft->from, draft->n_from);
    add_list(out, "Reply-To", draft->reply_to, draft->n_reply_to);
    add_list(out, "To", draft->to, draft->n_to);
    add_list(out, "Cc", draft->cc, draft->n_cc);
    if (draft->subject != NULL)
        mg_message_add_field(out, "Subject", draft->subject);
    add_message_id(&builder, out);
    add_references(draft, out);
    for (size_t i = 0; i < draft->n_extras; i++)
        mg_message_add_field(out, draft->extras[i].name, draft->extras[i].text);
    g_string_append(out, "MIME-Version: 1.0\r\n");
    GString *body = whole_body(&builder);
    g_string_append_len(out, body->str, (gssize)body->len);
    g_string_free(body, TRUE);
    return out;
}
