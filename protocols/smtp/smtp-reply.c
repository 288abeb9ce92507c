/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-reply.c - a reply as the client reads it
 *
 *      Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
 *      Reply-code = %x32-35 %x30-35 %x30-39                              (RFC 5321 §4.2)
 */
#include "smtp-reply.h"

#include "text.h"

/* Laxer than the RFC: real servers send longer lines. */
#define TEXT_KEPT       400u   /* octets of a reply's text */
#define REPLY_LINE_READ 12294u /* "334 " and a line of a login (RFC 4954 §4) */

size_t mg_smtp_enhanced_len(MgSpan text, unsigned class_digit)
{
    size_t i = 0;
    if (text.len < 5 || text.data[0] != '0' + class_digit || text.data[1] != '.')
        return 0;
    i = 2;
    for (unsigned part = 0; part < 2; part++) { /* RFC 3463 §2: one to three digits */
        size_t start = i;
        while (i < text.len && g_ascii_isdigit(text.data[i]))
            i++;
        if (i == start || i - start > 3)
            return 0;
        if (part == 0 && (i >= text.len || text.data[i++] != '.'))
            return 0;
    }
    return i == text.len || text.data[i] == ' ' ? i : 0;
}

static bool read_code(MgSpan line, unsigned *code, bool *more)
{
    if (line.len < 3 || line.data[0] < '2' || line.data[0] > '5' ||
        !g_ascii_isdigit(line.data[1]) || !g_ascii_isdigit(line.data[2]))
        return false;
    if (line.len > 3 && line.data[3] != ' ' && line.data[3] != '-')
        return false;
    *code = (unsigned)(line.data[0] - '0') * 100 + (unsigned)(line.data[1] - '0') * 10 +
            (unsigned)(line.data[2] - '0');
    *more = line.len > 3 && line.data[3] == '-';
    return true;
}

MgReplyCut mg_smtp_reply_cut(MgSpan bytes, MgSmtpReply *reply)
{
    *reply = (MgSmtpReply){0};
    bool more = true;
    while (more) {
        size_t len = 0;
        MgSpan left = mg_span_slice(bytes, reply->len, bytes.len - reply->len);
        MgLineCut cut = mg_text_cut_line(left, REPLY_LINE_READ, &len);
        if (cut == MG_LINE_MORE)
            return MG_REPLY_MORE;
        if (cut != MG_LINE_WHOLE || reply->len + len > MG_SMTP_REPLY_MAX)
            return MG_REPLY_BROKEN;
        MgSpan line = mg_span_slice(left, 0, len - 2);
        if (!read_code(line, &reply->code, &more))
            return MG_REPLY_BROKEN;
        if (reply->len == 0) {
            MgSpan text = mg_span_slice(line, MIN(line.len, 4), line.len - MIN(line.len, 4));
            size_t enhanced = mg_smtp_enhanced_len(text, reply->code / 100);
            reply->enhanced = mg_span_slice(text, 0, enhanced);
            enhanced += enhanced > 0 && enhanced < text.len ? 1 : 0;
            reply->first_text = mg_span_slice(text, enhanced, text.len - enhanced);
        }
        reply->len += len;
    }
    return MG_REPLY_WHOLE;
}

bool mg_smtp_reply_line(MgSpan reply, size_t *at, MgSpan *text)
{
    if (*at >= reply.len)
        return false;
    MgSpan left = mg_span_slice(reply, *at, reply.len - *at);
    const uint8_t *lf = memchr(left.data, '\n', left.len);
    size_t len = lf != NULL ? (size_t)(lf - left.data) + 1 : left.len;
    size_t end = mg_text_without_end(mg_span_slice(left, 0, len));
    size_t start = MIN(end, 4);
    *text = mg_span_slice(left, start, end - start);
    *at += len;
    return true;
}

char *mg_smtp_reply_text(MgSpan bytes, const MgSmtpReply *reply)
{
    g_autoptr(GString) text = g_string_new(NULL);
    MgSpan line;
    size_t at = 0;
    while (mg_smtp_reply_line(mg_span_slice(bytes, 0, reply->len), &at, &line)) {
        size_t skip = mg_smtp_enhanced_len(line, reply->code / 100);
        skip += skip > 0 && skip < line.len ? 1 : 0;
        if (text->len > 0)
            g_string_append_c(text, ' ');
        g_string_append_len(text, (const char *)line.data + skip, (gssize)(line.len - skip));
        if (text->len > TEXT_KEPT)
            break;
    }
    g_string_truncate(text, MIN(text->len, TEXT_KEPT));
    for (size_t i = 0; i < text->len; i++)
        if ((uint8_t)text->str[i] < 0x20 || text->str[i] == 0x7f)
            text->str[i] = ' ';
    return g_utf8_make_valid(text->str, (gssize)text->len);
}
