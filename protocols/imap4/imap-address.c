/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-address.c - the addresses of an envelope (RFC 3501 §7.4.2)
 *
 * Unlike those of protocols/message they are not decoded, and keep the route and where a group
 * begins and ends. An address without a domain has the empty string for its host: NIL there would
 * say that a group begins.
 */
#include "imap-raw.h"
#include "message-scan.h"

typedef struct {
    MgMessageScan scan;
    GString *out;
    bool utf8, in_group;
    unsigned n; /* addresses written */
    /* What has been read of the address at hand: */
    GString *phrase; /* words, with a space between them where there is one */
    GString *local;  /* the last of them, with what hangs on it by dots … */
    size_t last;     /* … and where it begins in the phrase */
    size_t end;      /* where the last word ended */
    GString *comment, *route, *mailbox, *host;
    bool has_angle, has_at, has_phrase;
} Reader;

/* ---- written ---- */

static void add_address(Reader *reader, const GString *name, const GString *mailbox,
                        const GString *host)
{
    if (reader->n++ >= MG_MESSAGE_FIELDS_MAX)
        return;
    g_string_append_c(reader->out, '(');
    mg_imap_add_nstring(reader->out, mg_imap_span(name), reader->utf8);
    g_string_append_c(reader->out, ' ');
    mg_imap_add_nstring(reader->out, mg_imap_span(reader->route->len > 0 ? reader->route : NULL),
                        reader->utf8);
    g_string_append_c(reader->out, ' ');
    mg_imap_add_nstring(reader->out, mg_imap_span(mailbox), reader->utf8);
    g_string_append_c(reader->out, ' ');
    mg_imap_add_nstring(reader->out, mg_imap_span(host), reader->utf8);
    g_string_append_c(reader->out, ')');
}

static void forget(Reader *reader)
{
    g_string_truncate(reader->phrase, 0);
    g_string_truncate(reader->local, 0);
    g_string_truncate(reader->comment, 0);
    g_string_truncate(reader->route, 0);
    g_string_truncate(reader->mailbox, 0);
    g_string_truncate(reader->host, 0);
    reader->last = 0;
    reader->has_angle = reader->has_at = reader->has_phrase = false;
}

static void finish_address(Reader *reader)
{
    /* "root" is a mailbox without a domain; of "Somebody Else" only the name is there. */
    if (!reader->has_angle && !reader->has_at && reader->last == 0) {
        g_string_append_len(reader->mailbox, reader->local->str, (gssize)reader->local->len);
        g_string_truncate(reader->phrase, 0);
    }
    /* RFC 822 wrote names as comments. */
    const GString *name = reader->phrase->len > 0    ? reader->phrase
                          : reader->comment->len > 0 ? reader->comment
                                                     : NULL;
    if (reader->has_angle || reader->has_at || reader->has_phrase)
        add_address(reader, name, reader->mailbox, reader->host);
    forget(reader);
}

static void begin_group(Reader *reader)
{
    g_string_truncate(reader->route, 0);
    add_address(reader, NULL, reader->phrase, NULL);
    forget(reader);
    reader->in_group = true;
}

static void end_group(Reader *reader)
{
    finish_address(reader);
    if (reader->in_group)
        add_address(reader, NULL, NULL, NULL);
    reader->in_group = false;
}

/* ---- read ---- */

/* A word that begins at `from`. RFC 5322 §4.4 allows spaces around the dots of "john . doe". */
static void add_word(Reader *reader, size_t from, const char *text, size_t len)
{
    GString *phrase = reader->phrase, *local = reader->local;
    bool joins =
        local->len > 0 && ((len > 0 && text[0] == '.') || local->str[local->len - 1] == '.');
    if (reader->has_phrase && from > reader->end)
        g_string_append_c(phrase, ' ');
    if (!joins) {
        reader->last = phrase->len;
        g_string_truncate(local, 0);
    }
    g_string_append_len(phrase, text, (gssize)len);
    g_string_append_len(local, text, (gssize)len);
    reader->has_phrase = true;
    reader->end = reader->scan.at;
}

static void take_atom(Reader *reader)
{
    MgMessageScan *scan = &reader->scan;
    size_t from = scan->at;
    while (!mg_message_scan_end(scan)) {
        MgSpan rest = {scan->text.data + scan->at, scan->text.len - scan->at};
        uint8_t octet = rest.data[0];
        size_t word = octet == '=' ? mg_message_word_length(rest) : 0;
        if (word == 0 && octet != 0 &&
            (mg_message_is_space(octet) || strchr(",:;<>@(\"", octet) != NULL))
            break;
        scan->at += MAX(word, 1);
    }
    add_word(reader, from, (const char *)scan->text.data + from, scan->at - from);
}

/* After "@", up to what cannot be in a domain. Spaces and comments beside its dots are none of it
 * (RFC 5322 §4.4). */
static void take_domain(Reader *reader)
{
    MgMessageScan *scan = &reader->scan;
    GString *host = reader->host;
    for (;;) {
        size_t before = scan->at;
        mg_message_scan_cfws(scan);
        bool goes_on =
            host->len == 0 || host->str[host->len - 1] == '.' || mg_message_scan_peek(scan) == '.';
        size_t start = scan->at;
        bool literal = false;
        while (goes_on && !mg_message_scan_end(scan)) {
            uint8_t octet = mg_message_scan_peek(scan);
            literal = (literal || octet == '[') && octet != ']';
            if (mg_message_is_space(octet) ||
                (octet != 0 && strchr(literal ? "<>(\"" : ",:;<>(\"", octet) != NULL))
                break;
            g_string_append_c(host, (char)octet);
            scan->at++;
        }
        if (scan->at == start) {
            scan->at = before; /* a comment there is a name */
            return;
        }
    }
}

/* "john@": the last word is the mailbox, those before it are a name without its <>. */
static void take_at(Reader *reader)
{
    reader->scan.at++;
    if (reader->has_at || reader->has_angle) {
        g_string_append_c(reader->host, '@');
        take_domain(reader);
        return;
    }
    g_string_append_len(reader->mailbox, reader->local->str, (gssize)reader->local->len);
    g_string_truncate(reader->phrase, reader->last);
    if (reader->last > 0 && reader->phrase->str[reader->last - 1] == ' ')
        g_string_truncate(reader->phrase, reader->last - 1);
    reader->has_at = true;
    take_domain(reader);
}

/* "@a,@b:" before the mailbox (RFC 5322 §4.4) */
static void take_route(Reader *reader)
{
    MgMessageScan *scan = &reader->scan;
    mg_message_scan_cfws(scan);
    if (mg_message_scan_peek(scan) != '@')
        return;
    while (!mg_message_scan_end(scan) && strchr(":>", mg_message_scan_peek(scan)) == NULL) {
        g_string_append_c(reader->route, (char)scan->text.data[scan->at++]);
        mg_message_scan_cfws(scan);
    }
    if (mg_message_scan_peek(scan) == ':')
        scan->at++;
}

static void take_angle(Reader *reader)
{
    MgMessageScan *scan = &reader->scan;
    scan->at++;
    reader->has_angle = true;
    g_string_truncate(reader->mailbox, 0); /* of two, the last */
    g_string_truncate(reader->host, 0);
    take_route(reader);
    for (bool in_host = false; !mg_message_scan_end(scan);) {
        mg_message_scan_cfws(scan);
        uint8_t octet = mg_message_scan_peek(scan);
        GString *into = in_host ? reader->host : reader->mailbox;
        if (mg_message_scan_end(scan) || octet == '<' || octet == ',')
            return;
        if (octet == '"') {
            mg_message_scan_quoted(scan, into);
            continue;
        }
        scan->at++;
        if (octet == '>')
            return;
        if (octet == '@' && !in_host)
            in_host = true;
        else
            g_string_append_c(into, (char)octet);
    }
}

static void take(Reader *reader)
{
    MgMessageScan *scan = &reader->scan;
    g_autoptr(GString) quoted = NULL;
    size_t from;
    switch (mg_message_scan_peek(scan)) {
    case ',':
        scan->at++;
        finish_address(reader);
        break;
    case ';':
        scan->at++;
        end_group(reader);
        break;
    case ':':
        scan->at++;
        if (!reader->in_group && !reader->has_angle && !reader->has_at)
            begin_group(reader);
        break;
    case '<':
        take_angle(reader);
        break;
    case '>':
        scan->at++;
        break;
    case '@':
        take_at(reader);
        break;
    case '(':
        g_string_truncate(reader->comment, 0);
        mg_message_scan_comment(scan, reader->comment);
        break;
    case '"':
        quoted = g_string_new(NULL);
        from = scan->at;
        mg_message_scan_quoted(scan, quoted);
        add_word(reader, from, quoted->str, quoted->len);
        break;
    default:
        take_atom(reader);
    }
}

bool mg_imap_add_addresses(const MgMessagePart *part, const char *name, bool utf8, GString *out)
{
    gsize before = out->len;
    Reader reader = {.out = out,
                     .utf8 = utf8,
                     .phrase = g_string_new(NULL),
                     .local = g_string_new(NULL),
                     .comment = g_string_new(NULL),
                     .route = g_string_new(NULL),
                     .mailbox = g_string_new(NULL),
                     .host = g_string_new(NULL)};
    const MgMessageField *field = NULL;
    g_string_append_c(out, '(');
    while ((field = mg_message_field(part, name, field)) != NULL) {
        reader.scan = (MgMessageScan){mg_message_span(part->message, field->value), 0};
        for (;;) {
            mg_message_scan_spaces(&reader.scan);
            if (mg_message_scan_end(&reader.scan))
                break;
            take(&reader);
        }
        end_group(&reader);
    }
    g_string_append_c(out, ')');
    if (reader.n == 0)
        g_string_truncate(out, before);
    g_string_free(reader.phrase, TRUE);
    g_string_free(reader.local, TRUE);
    g_string_free(reader.comment, TRUE);
    g_string_free(reader.route, TRUE);
    g_string_free(reader.mailbox, TRUE);
    g_string_free(reader.host, TRUE);
    return reader.n > 0;
}
