/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text.h - what the line-based protocols share: lines with a limit, numbers, lists, dates */
#pragma once

#include <mailglass/engine.h>

G_BEGIN_DECLS

typedef enum {
    MG_LINE_MORE,    /* no line end yet, and room for one */
    MG_LINE_WHOLE,   /* `len` octets with CR LF at the end */
    MG_LINE_BARE_LF, /* `len` octets up to an LF without its CR */
    MG_LINE_TOO_LONG /* more than `limit` octets without a line end: `len` may be dropped */
} MgLineCut;

/* Looks for the first line. `limit` counts CR LF. A line that is longer but whole is found too:
 * then the result is TOO_LONG and *len is its length; if its end is not there yet, *len leaves a CR
 * at the end where it is, so that the line end is found when its LF comes. */
MgLineCut mg_text_cut_line(MgSpan bytes, size_t limit, size_t *len);

/* Decimal digits and nothing else, at most `max`. */
bool mg_text_parse_uint(MgSpan text, uint64_t max, uint64_t *out);

/* "yes", "true", "on", "1" */
bool mg_text_is_yes(const char *text);

/* Steps through a list whose items are separated by ";", "," or spaces. `*list` moves on. */
bool mg_text_next_item(const char **list, MgSpan *item);
/* Compared without case. */
bool mg_text_list_has(const char *list, MgSpan item);

/* "Mon, 2 Mar 2026 09:00:00 +0000" (RFC 5322 §3.3) for a time in Unix seconds. */
void mg_text_add_date(GString *out, int64_t unix_seconds);

/* Dotted quad, host order. */
bool mg_text_parse_ipv4(MgSpan text, uint32_t *out);
/* An IPv4 or, by its characters, an IPv6 address. */
bool mg_text_is_address(MgSpan text);
/* "192.0.2.0/24", "192.0.2.1" or the very text of an IPv6 address. */
bool mg_text_network_has(MgSpan network, const char *address);

/* "mx.example.net:25", "[2001:db8::1]:25", "192.0.2.1". (transfer full); false if it is not one. */
bool mg_text_parse_endpoint(const char *text, uint16_t port_usual, char **host, uint16_t *port);

/* Length without the line end, whatever it is: CR LF, LF or none. */
static inline size_t mg_text_without_end(MgSpan line)
{
    size_t len = line.len;
    if (len > 0 && line.data[len - 1] == '\n')
        len--;
    if (len < line.len && len > 0 && line.data[len - 1] == '\r')
        len--;
    return len;
}

/* Fills a fact; what does not fit is cut at a character, and what is not UTF-8 becomes "?". */
void mg_text_set_fact(MgFact *fact, const char *label, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* In quotes, as RFC 8259 wants it; what is no UTF-8 becomes U+FFFD. */
void mg_text_add_json(GString *json, const char *text);
/* What people can read of it, in UTF-8: control characters are spaces, and where the line would
 * have more than `max` octets it is cut at a character, with "…". */
void mg_text_add_printable(GString *line, size_t max, MgSpan text);

G_END_DECLS
