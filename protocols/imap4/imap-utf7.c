/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-utf7.c - modified UTF-7 (RFC 3501 §5.1.3): "&" to "-" is base64 of UTF-16, with "," for "/"
 */
#include "imap-utf7.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static bool is_plain(gunichar character)
{
    return character >= 0x20 && character <= 0x7e;
}

/* ---- written ---- */

typedef struct {
    uint32_t bits;
    unsigned n; /* how many of them */
} Bits;

static void put_unit(GString *out, Bits *bits, uint32_t unit)
{
    bits->bits = bits->bits << 16 | unit;
    for (bits->n += 16; bits->n >= 6; bits->n -= 6)
        g_string_append_c(out, alphabet[bits->bits >> (bits->n - 6) & 63]);
    bits->bits &= (1u << bits->n) - 1;
}

static void put_character(GString *out, Bits *bits, gunichar character)
{
    if (character > 0xffff) {
        put_unit(out, bits, 0xd800 + ((character - 0x10000) >> 10));
        put_unit(out, bits, 0xdc00 + ((character - 0x10000) & 0x3ff));
    } else {
        put_unit(out, bits, character);
    }
}

void mg_imap_add_utf7(GString *out, const char *name)
{
    const char *at = name;
    while (*at != '\0') {
        gunichar character = g_utf8_get_char(at);
        if (is_plain(character)) {
            g_string_append_c(out, (char)character);
            if (character == '&')
                g_string_append_c(out, '-');
            at = g_utf8_next_char(at);
            continue;
        }
        Bits bits = {0};
        g_string_append_c(out, '&');
        for (; *at != '\0' && !is_plain(g_utf8_get_char(at)); at = g_utf8_next_char(at))
            put_character(out, &bits, g_utf8_get_char(at));
        if (bits.n > 0)
            g_string_append_c(out, alphabet[bits.bits << (6 - bits.n) & 63]);
        g_string_append_c(out, '-');
    }
}

/* ---- read ---- */

/* One unit of UTF-16. `*high` is the first half of a surrogate pair, until the second comes. */
static bool take_unit(GString *out, uint32_t unit, uint32_t *high)
{
    bool is_low = unit >= 0xdc00 && unit <= 0xdfff;
    if ((*high != 0) != is_low)
        return false;
    if (unit >= 0xd800 && unit <= 0xdbff) {
        *high = unit;
        return true;
    }
    gunichar character = is_low ? 0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00) : unit;
    *high = 0;
    if (is_plain(character) || character == 0)
        return false;
    g_string_append_unichar(out, character);
    return true;
}

/* After "&": up to "-", that included. */
static bool take_encoded(MgSpan text, size_t *at, GString *out)
{
    uint32_t bits = 0, high = 0;
    unsigned n = 0;
    size_t from = *at;
    for (; *at < text.len && text.data[*at] != '-'; ++*at) {
        const char *found = text.data[*at] != 0 ? strchr(alphabet, text.data[*at]) : NULL;
        if (found == NULL)
            return false;
        bits = bits << 6 | (uint32_t)(found - alphabet);
        n += 6;
        if (n >= 16) {
            n -= 16;
            if (!take_unit(out, bits >> n & 0xffff, &high))
                return false;
            bits &= (1u << n) - 1;
        }
    }
    if (*at == text.len)
        return false;
    if (*at == from)
        g_string_append_c(out, '&');
    ++*at;
    return high == 0 && n < 6 && bits == 0;
}

char *mg_imap_utf7_decode(MgSpan text)
{
    g_autoptr(GString) out = g_string_sized_new(text.len);
    bool was_encoded = false;
    for (size_t at = 0; at < text.len;) {
        uint8_t octet = text.data[at];
        if (octet != '&') {
            if (!is_plain(octet))
                return NULL;
            g_string_append_c(out, (char)octet);
            was_encoded = false;
            at++;
            continue;
        }
        at++;
        bool is_ampersand = at < text.len && text.data[at] == '-';
        /* "superfluous shifts": "&AAA-&BBB-" is to be one (RFC 3501 §5.1.3). */
        if ((was_encoded && !is_ampersand) || !take_encoded(text, &at, out))
            return NULL;
        was_encoded = !is_ampersand;
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}
