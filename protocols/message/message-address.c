/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message-address.c - lists of mailboxes and groups (RFC 5322 §3.4, §4.4), read laxly
 *
 * A mailbox is gathered word by word until something ends it; then it is looked at: what is in <>
 * is the address, else a word with an "@"; the rest is the name. A comment is the name of who has
 * none (RFC 822 §3.4.3 wrote names so).
 */
#include "message-private.h"

typedef struct {
    MgMessageScan scan;
    GArray *mailboxes;
    GString *phrase; /* words with one space between them, without quotation marks */
    GPtrArray *bare; /* of char *: the words with their quotation marks */
    GString *angle;  /* what is in <> */
    GString *comment;
    char *group;
    unsigned groups;
    bool in_group, has_angle;
    guint group_from; /* how many mailboxes there were when the group began */
} Reader;

static void clear_mailbox(void *data)
{
    MgMessageMailbox *mailbox = data;
    g_free(mailbox->group);
    g_free(mailbox->name);
    g_free(mailbox->address);
}

static char *decode(const char *text)
{
    return mg_message_decode_words(mg_span_from_string(text));
}

static void add_mailbox(Reader *reader, char *name, char *address)
{
    MgMessageMailbox mailbox = {
        .group = reader->in_group ? g_strdup(reader->group) : NULL,
        .group_at = reader->in_group ? reader->groups : 0,
        .name = name,
        .address = address,
    };
    if (reader->mailboxes->len < MG_MESSAGE_FIELDS_MAX)
        g_array_append_val(reader->mailboxes, mailbox);
    else
        clear_mailbox(&mailbox);
}

/* ---- one mailbox ---- */

static bool has_at(const char *word)
{
    bool quoted = false;
    for (const char *c = word; *c != '\0'; c++) {
        if (*c == '\\' && quoted && c[1] != '\0')
            c++;
        else if (*c == '"')
            quoted = !quoted;
        else if (*c == '@' && !quoted)
            return true;
    }
    return false;
}

/* §4.4 allows spaces around "@" and ".": "john . doe @ example.com" */
static bool joins(const char *left, const char *right)
{
    size_t len = strlen(left);
    return strchr("@.", right[0]) != NULL || (len > 0 && strchr("@.", left[len - 1]) != NULL);
}

static char *unquote(const char *word)
{
    GString *out = g_string_new(NULL);
    MgMessageScan scan = {mg_span_from_string(word), 0};
    while (!mg_message_scan_end(&scan)) {
        if (mg_message_scan_peek(&scan) == '"')
            mg_message_scan_quoted(&scan, out);
        else
            g_string_append_c(out, (char)scan.text.data[scan.at++]);
    }
    return g_string_free(out, FALSE);
}

/* (nullable) Takes the address out of the words, and leaves the name in `phrase`. */
static char *bare_address(Reader *reader)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    char *address = NULL;
    bool any = false;
    for (guint i = 0; i < reader->bare->len; i++)
        any = any || has_at(g_ptr_array_index(reader->bare, i));
    if (!any) /* "Moderator-Address", "J. Doe": a name */
        return NULL;
    for (guint i = 0; i < reader->bare->len; i++) {
        const char *word = g_ptr_array_index(reader->bare, i);
        char *last = words->len > 0 ? g_ptr_array_index(words, words->len - 1) : NULL;
        if (last != NULL && joins(last, word)) {
            words->pdata[words->len - 1] = g_strconcat(last, word, NULL);
            g_free(last);
        } else {
            g_ptr_array_add(words, g_strdup(word));
        }
    }
    g_string_truncate(reader->phrase, 0);
    for (guint i = words->len; i > 0 && address == NULL; i--) {
        if (has_at(g_ptr_array_index(words, i - 1))) {
            address = g_ptr_array_steal_index(words, i - 1);
        }
    }
    for (guint i = 0; i < words->len; i++) {
        g_autofree char *plain = unquote(g_ptr_array_index(words, i));
        if (reader->phrase->len > 0)
            g_string_append_c(reader->phrase, ' ');
        g_string_append(reader->phrase, plain);
    }
    return address;
}

/* §4.4: "<@a.example,@b.example:c@d.example>" is "<c@d.example>" with a route that nobody takes. */
static char *angle_address(const char *angle)
{
    const char *colon = angle[0] == '@' ? strchr(angle, ':') : NULL;
    return decode(colon != NULL ? colon + 1 : angle);
}

static void finish_mailbox(Reader *reader)
{
    g_autofree char *bare = reader->has_angle ? NULL : bare_address(reader);
    char *address = NULL;
    if (reader->has_angle && reader->angle->len > 0)
        address = angle_address(reader->angle->str);
    else if (bare != NULL)
        address = decode(bare);
    g_autofree char *name = decode(reader->phrase->str);
    g_autofree char *comment = decode(reader->comment->str);
    char *whole = NULL;
    if (name[0] != '\0' && comment[0] != '\0')
        whole = g_strdup_printf("%s (%s)", name, comment);
    else if (name[0] != '\0' || comment[0] != '\0')
        whole = g_strdup(name[0] != '\0' ? name : comment);
    if (whole != NULL || address != NULL)
        add_mailbox(reader, whole, address);
    g_string_truncate(reader->phrase, 0);
    g_string_truncate(reader->angle, 0);
    g_string_truncate(reader->comment, 0);
    g_ptr_array_set_size(reader->bare, 0);
    reader->has_angle = false;
}

/* ---- groups ---- */

static void begin_group(Reader *reader)
{
    g_autofree char *name = decode(reader->phrase->str);
    g_autofree char *comment = decode(reader->comment->str);
    g_string_truncate(reader->phrase, 0);
    g_string_truncate(reader->comment, 0);
    g_ptr_array_set_size(reader->bare, 0);
    reader->in_group = true;
    reader->groups++;
    reader->group_from = reader->mailboxes->len;
    reader->group =
        name[0] != '\0' || comment[0] == '\0' ? g_steal_pointer(&name) : g_steal_pointer(&comment);
}

static void end_group(Reader *reader)
{
    finish_mailbox(reader);
    if (!reader->in_group)
        return;
    if (reader->mailboxes->len == reader->group_from) /* "undisclosed recipients:;" */
        add_mailbox(reader, NULL, NULL);
    reader->in_group = false;
    g_clear_pointer(&reader->group, g_free);
}

/* ---- words ---- */

static void add_word(Reader *reader, const char *bare, const char *plain)
{
    if (reader->phrase->len > 0)
        g_string_append_c(reader->phrase, ' ');
    g_string_append(reader->phrase, plain);
    g_ptr_array_add(reader->bare, g_strdup(bare));
}

/* Up to ">", or to what cannot be in it: "<a@b.example, c@d.example" lacks one. */
static void take_angle(Reader *reader)
{
    MgMessageScan *scan = &reader->scan;
    scan->at++;
    reader->has_angle = true;
    g_string_truncate(reader->angle, 0); /* of two, the last: as "<<a@b>>" */
    while (!mg_message_scan_end(scan)) {
        uint8_t octet = mg_message_scan_peek(scan);
        if (octet == '>' || octet == '<') {
            scan->at += octet == '>';
            return;
        }
        if (octet == '(') {
            mg_message_scan_comment(scan, NULL);
        } else if (octet == '"') {
            size_t from = scan->at;
            mg_message_scan_quoted(scan, NULL);
            g_string_append_len(reader->angle, (const char *)scan->text.data + from,
                                (gssize)(scan->at - from));
        } else if (octet == ',' && reader->angle->str[0] != '@') {
            return;
        } else {
            if (!mg_message_is_space(octet))
                g_string_append_c(reader->angle, (char)octet);
            scan->at++;
        }
    }
}

/* Up to a space or a special; a quoted string or an encoded word in it is whole. */
static void take_word(Reader *reader)
{
    MgMessageScan *scan = &reader->scan;
    g_autoptr(GString) bare = g_string_new(NULL);
    g_autoptr(GString) plain = g_string_new(NULL);
    while (!mg_message_scan_end(scan)) {
        MgSpan rest = {scan->text.data + scan->at, scan->text.len - scan->at};
        uint8_t octet = rest.data[0];
        size_t len = octet == '=' ? mg_message_word_length(rest) : 0;
        size_t from = scan->at;
        if (len == 0 && octet != 0 &&
            (mg_message_is_space(octet) || strchr(",:;<>(", octet) != NULL))
            break;
        if (octet == '"') {
            if (bare->len > 0 && bare->str[bare->len - 1] != '@' && bare->str[bare->len - 1] != '.')
                break; /* Doe"Jane": two words */
            mg_message_scan_quoted(scan, plain);
        } else if (octet == '[') { /* a domain literal: "[IPv6:2001:db8::1]" */
            const uint8_t *end = memchr(rest.data, ']', MIN(rest.len, 80));
            len = end != NULL ? (size_t)(end - rest.data) + 1 : 1;
        } else if (octet == '\\' && rest.len > 1) {
            len = 2;
        }
        if (octet != '"') {
            scan->at += MAX(len, 1);
            g_string_append_len(plain, (const char *)rest.data, (gssize)MAX(len, 1));
        }
        g_string_append_len(bare, (const char *)rest.data, (gssize)(scan->at - from));
        if (octet == '"' && mg_message_scan_peek(scan) != '@' && mg_message_scan_peek(scan) != '.')
            break;
    }
    add_word(reader, bare->str, plain->str);
}

static void take(Reader *reader)
{
    MgMessageScan *scan = &reader->scan;
    switch (mg_message_scan_peek(scan)) {
    case ',':
        scan->at++;
        finish_mailbox(reader);
        break;
    case ';': /* some programs write it between mailboxes */
        scan->at++;
        end_group(reader);
        break;
    case ':':
        scan->at++;
        if (!reader->in_group && !reader->has_angle)
            begin_group(reader);
        break;
    case '<':
        take_angle(reader);
        break;
    case '>':
        scan->at++;
        break;
    case '(':
        if (reader->comment->len > 0)
            g_string_append_c(reader->comment, ' ');
        mg_message_scan_comment(scan, reader->comment);
        break;
    default:
        take_word(reader);
    }
}

static void read_all(MgSpan raw, GArray *mailboxes, unsigned *groups)
{
    Reader reader = {
        .scan = {raw, 0},
        .mailboxes = mailboxes,
        .phrase = g_string_new(NULL),
        .bare = g_ptr_array_new_with_free_func(g_free),
        .angle = g_string_new(NULL),
        .comment = g_string_new(NULL),
        .groups = *groups,
    };
    for (;;) {
        mg_message_scan_spaces(&reader.scan);
        if (mg_message_scan_end(&reader.scan))
            break;
        take(&reader);
    }
    end_group(&reader);
    *groups = reader.groups;
    g_string_free(reader.phrase, TRUE);
    g_ptr_array_unref(reader.bare);
    g_string_free(reader.angle, TRUE);
    g_string_free(reader.comment, TRUE);
}

static GArray *new_mailboxes(void)
{
    GArray *mailboxes = g_array_new(FALSE, FALSE, sizeof(MgMessageMailbox));
    g_array_set_clear_func(mailboxes, clear_mailbox);
    return mailboxes;
}

GArray *mg_message_parse_mailboxes(MgSpan raw)
{
    GArray *mailboxes = new_mailboxes();
    unsigned groups = 0;
    read_all(raw, mailboxes, &groups);
    return mailboxes;
}

GArray *mg_message_mailboxes(const MgMessagePart *part, const char *name)
{
    GArray *mailboxes = new_mailboxes();
    unsigned groups = 0;
    const MgMessageField *field = NULL;
    while ((field = mg_message_field(part, name, field)) != NULL)
        read_all(mg_message_span(part->message, field->value), mailboxes, &groups);
    return mailboxes;
}
