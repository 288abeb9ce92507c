/* SPDX-License-Identifier: GPL-3.0-or-later */
/* letter.c - a letter written by hand, as a message */
#include "letter.h"

#include <string.h>

#define WORD_OCTETS                                                                                \
    42                  /* of text in an encoded word: it has at most 75 characters (RFC 2047 §2) \
                         */
#define LINE_OCTETS 998 /* RFC 5322 §2.1.1 */
#define BASE64_LINE 57  /* octets: 76 characters (RFC 2045 §6.8) */

static gboolean is_plain(const char *text)
{
    for (; *text != '\0'; text++)
        if ((guchar)*text >= 0x80 || ((guchar)*text < 0x20 && strchr("\r\n\t", *text) == NULL))
            return FALSE;
    return TRUE;
}

static void add_date(GString *out, gint64 unix_time)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(unix_time);
    if (date == NULL)
        date = g_date_time_new_from_unix_utc(0);
    /* RFC 5322 §3.3: never in the user's language. */
    g_string_append_printf(
        out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n",
        days[g_date_time_get_day_of_week(date) - 1], g_date_time_get_day_of_month(date),
        months[g_date_time_get_month(date) - 1], g_date_time_get_year(date),
        g_date_time_get_hour(date), g_date_time_get_minute(date), g_date_time_get_second(date));
}

/* Cut between characters, never within one (RFC 2047 §5). */
static void add_subject(GString *out, const char *subject)
{
    g_autofree char *clean = g_strdelimit(g_strdup(subject), "\r\n\t", ' ');
    g_string_append(out, "Subject:");
    if (is_plain(clean) && strlen(clean) < 900) {
        g_string_append_printf(out, " %s\r\n", clean);
        return;
    }
    for (const char *at = clean; *at != '\0';) {
        const char *end = at;
        while (*end != '\0' && (gsize)(g_utf8_next_char(end) - at) <= WORD_OCTETS)
            end = g_utf8_next_char(end);
        g_autofree char *word = g_base64_encode((const guchar *)at, (gsize)(end - at));
        g_string_append_printf(out, "%s =?utf-8?B?%s?=", at == clean ? "" : "\r\n", word);
        at = end;
    }
    g_string_append(out, "\r\n");
}

/* Line ends of all sorts become CR LF, and the last line has one. */
static GString *canonical(const char *text)
{
    GString *out = g_string_new(NULL);
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '\r' && at[1] == '\n')
            continue;
        if (*at == '\n' || *at == '\r')
            g_string_append(out, "\r\n");
        else
            g_string_append_c(out, *at);
    }
    if (!g_str_has_suffix(out->str, "\r\n"))
        g_string_append(out, "\r\n");
    return out;
}

static gboolean lines_fit(const char *text)
{
    gsize len = 0;
    for (; *text != '\0'; text++) {
        len = *text == '\n' ? 0 : len + 1;
        if (len > LINE_OCTETS)
            return FALSE;
    }
    return TRUE;
}

GBytes *mg_letter_write(const MgLetter *letter)
{
    g_autoptr(GString) body = canonical(letter->text);
    gboolean plain = is_plain(body->str) && lines_fit(body->str);
    const char *at = strrchr(letter->from, '@');
    GString *out = g_string_new(NULL);
    add_date(out, letter->date);
    g_string_append_printf(out, "From: <%s>\r\nTo: %s\r\n", letter->from, letter->to);
    add_subject(out, letter->subject);
    g_string_append_printf(out, "Message-ID: <%" G_GINT64_FORMAT ".%" G_GUINT64_FORMAT "@%s>\r\n",
                           letter->date, letter->number, at != NULL ? at + 1 : "localhost");
    g_string_append_printf(out,
                           "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                           "Content-Transfer-Encoding: %s\r\n\r\n",
                           plain ? "7bit" : "base64");
    if (plain)
        g_string_append(out, body->str);
    for (gsize i = 0; !plain && i < body->len; i += BASE64_LINE) {
        g_autofree char *line =
            g_base64_encode((const guchar *)body->str + i, MIN(body->len - i, BASE64_LINE));
        g_string_append_printf(out, "%s\r\n", line);
    }
    return g_string_free_to_bytes(out);
}
