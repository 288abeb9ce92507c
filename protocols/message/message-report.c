/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message-report.c - a message for people: who, when, what; the tree; the texts; what is wrong */
#include "message-private.h"

#define TYPE_COLUMN 44

static void add_message(const MgMessage *message, unsigned indent, GString *out, GArray *problems);

/* Nothing that moves a cursor or changes a colour: a control is shown as its picture (U+2400 …). */
static void add_safe(GString *out, const char *text, size_t len, bool lines)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char octet = (unsigned char)text[i];
        if (octet == '\r' && i + 1 < len && text[i + 1] == '\n')
            continue;
        bool kept = octet >= 0x20 || (octet == '\n' && lines) || octet == '\t';
        if (!kept)
            g_string_append_unichar(out, 0x2400 + octet);
        else if (octet == 0x7f)
            g_string_append_unichar(out, 0x2421);
        else if (octet == 0xc2 && i + 1 < len && (unsigned char)text[i + 1] < 0xa0) {
            g_string_append_unichar(out, 0xfffd); /* C1 controls */
            i++;
        } else {
            g_string_append_c(out, (char)octet);
        }
    }
}

static void add_line(GString *out, unsigned indent, const char *name, const char *text)
{
    g_string_append_printf(out, "%*s%-12s", (int)indent, "", name);
    add_safe(out, text, strlen(text), false);
    g_string_append_c(out, '\n');
}

static void add_fields(const MgMessage *message, unsigned indent, GString *out)
{
    static const char *const shown[] = {"From", "Sender", "Reply-To", "To",        "Cc",
                                        "Bcc",  "Date",   "Subject",  "Message-ID"};
    for (size_t i = 0; i < G_N_ELEMENTS(shown); i++) {
        const MgMessageField *field = NULL;
        while ((field = mg_message_field(message->root, shown[i], field)) != NULL) {
            g_autofree char *text = mg_message_field_text(message->root, field);
            g_autofree char *name = g_strconcat(shown[i], ":", NULL);
            add_line(out, indent, name, text);
        }
    }
}

/* ---- the tree ---- */

static void add_part(const MgMessagePart *part, unsigned indent, GString *out, GArray *problems)
{
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_append_printf(line, "%*s%s  %s/%s", (int)indent, "", part->section, part->type,
                           part->subtype);
    size_t width = (size_t)g_utf8_strlen(line->str, (gssize)line->len);
    g_string_append_printf(line, "%*s%zu–%zu", width < TYPE_COLUMN ? (int)(TYPE_COLUMN - width) : 1,
                           "", part->body.offset, part->body.offset + part->body.len);
    if (part->charset != NULL)
        g_string_append_printf(line, ", %s", part->charset);
    if (part->transfer_encoding != NULL)
        g_string_append_printf(line, ", %s", part->transfer_encoding);
    if (part->kind == MG_MESSAGE_LEAF) {
        g_autoptr(GByteArray) octets = g_byte_array_new();
        g_autoptr(GString) text = g_string_new(NULL);
        const MgRule *rule = mg_message_part_is_text(part) ? mg_message_part_text(part, text)
                                                           : mg_message_part_decode(part, octets);
        MgMessageProblem problem = {rule, part->body, part->number};
        if (rule != NULL)
            g_array_append_val(problems, problem);
        if (!mg_message_part_is_text(part))
            g_string_append_printf(line, ", %u octets", octets->len);
    }
    if (part->disposition != NULL)
        g_string_append_printf(line, ", %s", part->disposition);
    if (part->file_name != NULL)
        g_string_append_printf(line, " “%s”", part->file_name);
    add_safe(out, line->str, line->len, false);
    g_string_append_c(out, '\n');
    for (guint i = 0; part->parts != NULL && i < part->parts->len; i++)
        add_part(g_ptr_array_index(part->parts, i), indent + 2, out, problems);
    if (part->nested != NULL)
        add_message(part->nested, indent + 2, out, problems);
}

static void add_message(const MgMessage *message, unsigned indent, GString *out, GArray *problems)
{
    g_array_append_vals(problems, message->problems->data, message->problems->len);
    if (indent > 0)
        add_fields(message, indent, out);
    add_part(message->root, indent, out, problems);
}

/* ---- texts ---- */

static void add_texts(const MgMessage *message, GString *out)
{
    for (guint i = 0; i < message->parts->len; i++) {
        const MgMessagePart *part = g_ptr_array_index(message->parts, i);
        if (mg_message_part_is_text(part)) {
            g_autoptr(GString) text = g_string_new(NULL);
            mg_message_part_text(part, text);
            g_autofree char *head =
                g_strdup_printf("── %s  %s/%s ──", part->section, part->type, part->subtype);
            g_string_append_c(out, '\n');
            add_safe(out, head, strlen(head), false);
            g_string_append_c(out, '\n');
            add_safe(out, text->str, text->len, true);
            if (text->len > 0 && text->str[text->len - 1] != '\n')
                g_string_append_c(out, '\n');
        }
        if (part->nested != NULL)
            add_texts(part->nested, out);
    }
}

static void add_problems(const GArray *problems, GString *out)
{
    static const char *const severities[] = {"chat", "note", "warning", "fault"};
    if (problems->len > 0)
        g_string_append_c(out, '\n');
    for (guint i = 0; i < problems->len; i++) {
        const MgMessageProblem *problem = &g_array_index(problems, MgMessageProblem, i);
        g_string_append_printf(out, "%s: octet %zu: %s", severities[problem->rule->severity],
                               problem->where.offset, problem->rule->text);
        if (problem->rule->source != NULL)
            g_string_append_printf(out, " (%s)", problem->rule->source);
        g_string_append_c(out, '\n');
    }
}

void mg_message_add_report(const MgMessage *message, GString *out)
{
    g_autoptr(GArray) problems = g_array_new(FALSE, FALSE, sizeof(MgMessageProblem));
    add_fields(message, 0, out);
    g_string_append_c(out, '\n');
    add_message(message, 0, out, problems);
    add_texts(message, out);
    add_problems(problems, out);
}
