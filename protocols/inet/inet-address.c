/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inet-address.c - IP addresses as text and as octets */
#include "inet.h"

static bool parse_v4(const char *text, size_t len, uint8_t *out)
{
    size_t i = 0;
    for (unsigned part = 0; part < 4; part++) {
        unsigned value = 0, digits = 0;
        while (i < len && g_ascii_isdigit(text[i])) {
            /* A leading zero could be meant as octal: refused, as inet_pton does. */
            if (digits > 0 && value == 0)
                return false;
            value = value * 10 + (unsigned)(text[i++] - '0');
            if (value > 255)
                return false;
            digits++;
        }
        if (digits == 0)
            return false;
        out[part] = (uint8_t)value;
        if (part < 3 && (i >= len || text[i++] != '.'))
            return false;
    }
    return i == len;
}

/* RFC 4291 §2.2: up to eight groups, "::" once for groups of zeros, IPv4 for the last two. */
static bool parse_v6(const char *text, size_t len, uint8_t *out)
{
    uint8_t octets[16] = {0};
    size_t n = 0, i = 0;
    int gap = -1;
    if (len >= 2 && text[0] == ':' && text[1] == ':') {
        gap = 0;
        i = 2;
    }
    while (i < len) {
        size_t start = i;
        unsigned value = 0;
        while (i < len && i - start < 4 && g_ascii_isxdigit(text[i]))
            value = value << 4 | (unsigned)g_ascii_xdigit_value(text[i++]);
        if (i < len && text[i] == '.') {
            if (n > 12 || !parse_v4(text + start, len - start, octets + n))
                return false;
            n += 4;
            break;
        }
        if (i == start || n > 14)
            return false;
        octets[n++] = (uint8_t)(value >> 8);
        octets[n++] = (uint8_t)value;
        if (i == len)
            break;
        if (text[i++] != ':' || i == len)
            return false;
        if (text[i] == ':') {
            if (gap >= 0)
                return false;
            gap = (int)n;
            i++;
        }
    }
    if (gap < 0 ? n != 16 : n > 14)
        return false;
    size_t head = gap < 0 ? n : (size_t)gap;
    memset(out, 0, 16);
    memcpy(out, octets, head);
    memcpy(out + 16 - (n - head), octets + head, n - head);
    return true;
}

size_t mg_inet_parse(const char *text, size_t len, uint8_t address[16])
{
    if (len >= MG_INET_TEXT_MAX)
        return 0;
    if (parse_v4(text, len, address))
        return 4;
    return parse_v6(text, len, address) ? 16 : 0;
}

bool mg_inet_format(MgSpan address, char text[MG_INET_TEXT_MAX])
{
    const uint8_t *a = address.data;
    text[0] = '\0';
    if (address.len == 4) {
        g_snprintf(text, MG_INET_TEXT_MAX, "%u.%u.%u.%u", a[0], a[1], a[2], a[3]);
        return true;
    }
    if (address.len != 16)
        return false;
    uint16_t groups[8];
    int best = -1, best_len = 1; /* RFC 5952 §4.2.2: one group of zeros is not shortened */
    for (int i = 0; i < 8; i++)
        groups[i] = (uint16_t)(a[2 * (size_t)i] << 8 | a[2 * (size_t)i + 1]);
    for (int i = 0; i < 8; i++) {
        int run = 0;
        while (i + run < 8 && groups[i + run] == 0)
            run++;
        if (run > best_len) { /* RFC 5952 §4.2.3: the first of the longest */
            best = i;
            best_len = run;
        }
    }
    char *at = text;
    for (int i = 0; i < 8; i++) {
        if (i == best) {
            at = g_stpcpy(at, "::");
            i += best_len - 1;
            continue;
        }
        if (i > 0 && at[-1] != ':')
            *at++ = ':';
        at += g_snprintf(at, 5, "%x", groups[i]);
    }
    return true;
}
