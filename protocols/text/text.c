/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text.c - what the line-based protocols share */
#include "text.h"

#include <stdarg.h>

MgLineCut mg_text_cut_line(MgSpan bytes, size_t limit, size_t *len)
{
    const uint8_t *lf = bytes.len > 0 ? memchr(bytes.data, '\n', bytes.len) : NULL;
    if (lf == NULL) {
        if (bytes.len < limit) {
            *len = 0;
            return MG_LINE_MORE;
        }
        *len = bytes.len - (bytes.data[bytes.len - 1] == '\r' ? 1 : 0);
        return MG_LINE_TOO_LONG;
    }
    *len = (size_t)(lf - bytes.data) + 1;
    if (*len > limit)
        return MG_LINE_TOO_LONG;
    return lf > bytes.data && lf[-1] == '\r' ? MG_LINE_WHOLE : MG_LINE_BARE_LF;
}

bool mg_text_parse_uint(MgSpan text, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    if (text.len == 0)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint64_t digit = (uint64_t)text.data[i] - '0';
        if (digit > 9 || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    if (value > max)
        return false;
    *out = value;
    return true;
}

bool mg_text_is_yes(const char *text)
{
    static const char *const words[] = {"yes", "true", "on", "1"};
    for (size_t i = 0; text != NULL && i < G_N_ELEMENTS(words); i++)
        if (g_ascii_strcasecmp(text, words[i]) == 0)
            return true;
    return false;
}

bool mg_text_next_item(const char **list, MgSpan *item)
{
    static const char separators[] = ";, \t";
    if (*list == NULL)
        return false;
    *list += strspn(*list, separators);
    size_t len = strcspn(*list, separators);
    *item = (MgSpan){(const uint8_t *)*list, len};
    *list += len;
    return len > 0;
}

bool mg_text_list_has(const char *list, MgSpan item)
{
    MgSpan found;
    while (mg_text_next_item(&list, &found))
        if (mg_span_equal_nocase(found, item))
            return true;
    return false;
}

void mg_text_add_date(GString *out, int64_t unix_seconds)
{
    static const char weekdays[] = "ThuFriSatSunMonTueWed"; /* 1 January 1970 was a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int64_t days = unix_seconds / 86400, seconds = unix_seconds % 86400;
    if (seconds < 0) {
        seconds += 86400;
        days--;
    }
    /* Years that begin in March, in eras of 400 years: a leap day is then the last of its year. */
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t of_era = shifted - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153; /* 0 is March */
    int64_t day = of_year - (153 * month + 2) / 5 + 1;
    int64_t weekday = ((days % 7) + 7) % 7;
    month = month < 10 ? month + 2 : month - 10; /* 0 is January */
    g_string_append_printf(out, "%.3s, %d %.3s %04d %02d:%02d:%02d +0000", weekdays + 3 * weekday,
                           (int)day, months + 3 * month,
                           (int)(year + era * 400 + (month < 2 ? 1 : 0)), (int)(seconds / 3600),
                           (int)(seconds / 60 % 60), (int)(seconds % 60));
}

bool mg_text_parse_ipv4(MgSpan text, uint32_t *out)
{
    uint32_t address = 0;
    size_t at = 0;
    for (unsigned part = 0; part < 4; part++) {
        size_t start = at;
        uint64_t number = 0;
        while (at < text.len && text.data[at] != '.')
            at++;
        if (at - start > 3 ||
            !mg_text_parse_uint(mg_span_slice(text, start, at - start), 255, &number))
            return false;
        address = address << 8 | (uint32_t)number;
        if (part < 3 && at++ >= text.len)
            return false;
    }
    *out = address;
    return at == text.len;
}

bool mg_text_is_address(MgSpan text)
{
    uint32_t address;
    if (mg_text_parse_ipv4(text, &address))
        return true;
    unsigned n_colons = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == ':')
            n_colons++;
        else if (!g_ascii_isxdigit(text.data[i]) && text.data[i] != '.')
            return false;
    }
    return n_colons >= 2 && text.len < 46;
}

bool mg_text_network_has(MgSpan network, const char *address)
{
    uint32_t wanted = 0, base = 0;
    uint64_t bits = 32;
    const uint8_t *slash = network.len > 0 ? memchr(network.data, '/', network.len) : NULL;
    size_t len = slash != NULL ? (size_t)(slash - network.data) : network.len;
    if (slash != NULL &&
        !mg_text_parse_uint(mg_span_slice(network, len + 1, network.len - len - 1), 32, &bits))
        return false;
    if (!mg_text_parse_ipv4(mg_span_from_string(address), &wanted))
        return mg_span_equal_nocase(network, mg_span_from_string(address));
    if (!mg_text_parse_ipv4(mg_span_slice(network, 0, len), &base))
        return false;
    return bits == 0 || (wanted ^ base) >> (32 - bits) == 0;
}

bool mg_text_parse_endpoint(const char *text, uint16_t port_usual, char **host, uint16_t *port)
{
    const char *end = NULL, *colon = NULL;
    if (text[0] == '[') {
        end = strchr(text, ']');
        if (end == NULL || (end[1] != '\0' && end[1] != ':'))
            return false;
        colon = end[1] == ':' ? end + 1 : NULL;
        text++;
    } else {
        colon = strchr(text, ':');
        if (colon != NULL && strchr(colon + 1, ':') != NULL)
            colon = NULL; /* an IPv6 address without a port */
        end = colon != NULL ? colon : text + strlen(text);
    }
    uint64_t number = port_usual;
    if (end == text ||
        (colon != NULL && !mg_text_parse_uint(mg_span_from_string(colon + 1), 65535, &number)))
        return false;
    *host = g_strndup(text, (size_t)(end - text));
    *port = (uint16_t)number;
    return true;
}

void mg_text_set_fact(MgFact *fact, const char *label, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fact->label = label;
    g_vsnprintf(fact->value, sizeof fact->value, format, arguments);
    va_end(arguments);
    const char *bad = NULL;
    while (!g_utf8_validate(fact->value, -1, &bad)) {
        bool cut = strlen(bad) < 4 && strlen(fact->value) == sizeof fact->value - 1;
        fact->value[bad - fact->value] = cut ? '\0' : '?';
    }
}

void mg_text_add_json(GString *json, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_string_append_c(json, '"');
    for (const char *c = valid; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            g_string_append_printf(json, "\\%c", *c);
        else if ((unsigned char)*c < 0x20 || *c == 0x7f)
            g_string_append_printf(json, "\\u%04x", (unsigned)*c);
        else
            g_string_append_c(json, *c);
    }
    g_string_append_c(json, '"');
}

void mg_text_add_printable(GString *line, size_t max, MgSpan text)
{
    size_t room = max - MIN(line->len, max);
    size_t len = MIN(text.len, room);
    while (len > 0 && len < text.len && (text.data[len] & 0xc0) == 0x80)
        len--;
    if (len == 0)
        return;
    g_autofree char *valid = g_utf8_make_valid((const char *)text.data, (gssize)len);
    for (char *c = valid; *c != '\0'; c++)
        if ((uint8_t)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    g_string_append(line, valid);
    if (len < text.len)
        g_string_append(line, "…");
}
