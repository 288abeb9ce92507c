/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message.c - any octets are a message: its parts lie in each other, what is printed is UTF-8 (and
 * for terminals without controls); and whatever is written is read back */
#include "message-private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(MgMessageRange inner, MgMessageRange outer)
{
    g_assert_cmpuint(inner.offset, >=, outer.offset);
    g_assert_cmpuint(inner.offset + inner.len, <=, outer.offset + outer.len);
}

static void check_message(MgMessage *message, MgMessageRange around)
{
    for (guint i = 0; i < message->parts->len; i++) {
        const MgMessagePart *part = g_ptr_array_index(message->parts, i);
        MgMessageRange outer = part->parent != NULL ? part->parent->body : around;
        g_assert_cmpuint(part->number, ==, i);
        check_inside(part->header, outer);
        check_inside(part->body, outer);
        g_assert_cmpuint(part->header.offset + part->header.len, ==, part->body.offset);
        for (guint f = 0; f < part->fields->len; f++) {
            const MgMessageField *field = &g_array_index(part->fields, MgMessageField, f);
            check_inside(field->whole, part->header);
            check_inside(field->value, field->whole);
        }
        g_assert_true(part->nested != NULL ||
                      mg_message_find_section(message, part->section) == part);
        if (part->nested == NULL)
            continue;
        bool same = part->nested->bytes == message->bytes;
        g_assert_true(same || part->nested->decoded);
        check_message(part->nested,
                      same ? part->body
                           : (MgMessageRange){0, g_bytes_get_size(part->nested->bytes)});
    }
}

static void check_read(GBytes *bytes)
{
    g_autoptr(MgMessage) message = mg_message_parse(bytes);
    g_autoptr(GString) json = g_string_new(NULL);
    g_autoptr(GString) report = g_string_new(NULL);
    check_message(message, (MgMessageRange){0, g_bytes_get_size(bytes)});
    mg_message_add_json(message, json);
    mg_message_add_report(message, report);
    g_assert_true(g_utf8_validate(json->str, (gssize)json->len, NULL));
    g_assert_true(g_utf8_validate(report->str, (gssize)report->len, NULL));
    for (size_t i = 0; i < json->len; i++)
        g_assert_true((uint8_t)json->str[i] >= 0x20);
    for (size_t i = 0; i < report->len; i++)
        g_assert_true((uint8_t)report->str[i] >= 0x20 || strchr("\n\t", report->str[i]) != NULL);
}

/* What a draft's text becomes: valid, and every line end CR LF. */
static char *tidy(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_auto(GStrv) pairs = g_strsplit(valid, "\r\n", -1);
    g_autofree char *joined = g_strjoinv("\n", pairs);
    GString *out = g_string_new(joined);
    g_string_replace(out, "\r", "\n", 0);
    g_string_replace(out, "\n", "\r\n", 0);
    return g_string_free(out, FALSE);
}

static void check_text(const MgMessagePart *part, const char *text)
{
    g_autofree char *wanted = tidy(text);
    g_autoptr(GString) got = g_string_new(NULL);
    g_assert_null(mg_message_part_text(part, got));
    g_assert_cmpstr(got->str, ==, wanted);
}

static void check_field(const MgMessage *message, const char *name, const char *text)
{
    g_autofree char *wanted = g_utf8_make_valid(text, -1);
    const MgMessageField *field = mg_message_field(message->root, name, NULL);
    g_autofree char *got = mg_message_field_text(message->root, field);
    g_assert_cmpstr(got, ==, wanted);
    g_assert_null(mg_message_field(message->root, name, field));
}

static void check_written(const char *one, const char *two, MgSpan data)
{
    const MgMessagePerson from = {one, "a@example.com"};
    const MgMessageExtra extra = {"X-Extra", two};
    const MgMessageAttachment attachment = {
        .file_name = two[0] != '\0' ? two : NULL, .type = "application/x-fuzz", .data = data};
    const MgMessageDraft draft = {.from = &from,
                                  .n_from = 1,
                                  .subject = one,
                                  .extras = &extra,
                                  .n_extras = 1,
                                  .text = one,
                                  .html = two,
                                  .attachments = &attachment,
                                  .n_attachments = 1,
                                  .date = (int64_t)data.len,
                                  .seed = data.len};
    g_autoptr(GBytes) bytes = g_string_free_to_bytes(mg_message_build(&draft));
    g_autoptr(MgMessage) message = mg_message_parse(bytes);
    g_assert_cmpuint(message->problems->len, ==, 0);
    g_assert_cmpuint(message->parts->len, ==, 5);
    check_field(message, "Subject", one);
    check_field(message, "X-Extra", two);
    check_text(g_ptr_array_index(message->parts, 2), one);
    check_text(g_ptr_array_index(message->parts, 3), two);
    const MgMessagePart *part = g_ptr_array_index(message->parts, 4);
    g_autoptr(GByteArray) got = g_byte_array_new();
    g_assert_null(mg_message_part_decode(part, got));
    g_assert_cmpmem(got->data, got->len, data.data, data.len);
    g_autofree char *name = g_utf8_make_valid(two, -1);
    g_assert_cmpstr(part->file_name, ==, two[0] != '\0' ? name : NULL);
    g_autoptr(GArray) people = mg_message_mailboxes(message->root, "From");
    g_autofree char *person = g_utf8_make_valid(one, -1);
    const MgMessageMailbox *mailbox = &g_array_index(people, MgMessageMailbox, 0);
    g_assert_cmpstr(mailbox->name, ==, one[0] != '\0' ? person : NULL);
    g_assert_cmpstr(mailbox->address, ==, "a@example.com");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MgSpan all = {data, MIN(size, 65536)};
    g_autoptr(GBytes) bytes = g_bytes_new(all.data, all.len);
    check_read(bytes);
    size_t half = all.len / 2;
    g_autofree char *one = g_strndup((const char *)data, half);
    g_autofree char *two = g_strndup((const char *)data + half, all.len - half);
    check_written(one, two, all);
    return 0;
}
