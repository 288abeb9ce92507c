/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-xtext.c - values of parameters that may hold any character
 *
 *      xtext   = *( xchar / hexchar )
 *      xchar   = any ASCII character from "!" to "~" but "+" and "="
 *      hexchar = "+" two hexadecimal digits, in capitals            (RFC 3461 §4)
 */
#include "smtp-xtext.h"

static bool is_xchar(uint8_t c)
{
    return c > 0x20 && c < 0x7f && c != '+' && c != '=';
}

static bool is_hex(uint8_t c)
{
    return g_ascii_isdigit(c) || (c >= 'A' && c <= 'F');
}

bool mg_xtext_decode(MgSpan text, GString *out)
{
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t *c = text.data + i;
        if (is_xchar(*c)) {
            g_string_append_c(out, (char)*c);
        } else if (*c == '+' && text.len - i >= 3 && is_hex(c[1]) && is_hex(c[2])) {
            g_string_append_c(out,
                              (char)(g_ascii_xdigit_value(c[1]) * 16 + g_ascii_xdigit_value(c[2])));
            i += 2;
        } else {
            return false;
        }
    }
    return true;
}

void mg_xtext_encode(const char *text, GString *out)
{
    for (const char *c = text; *c != '\0'; c++)
        if (is_xchar((uint8_t)*c))
            g_string_append_c(out, *c);
        else
            g_string_append_printf(out, "+%02X", (uint8_t)*c);
}

bool mg_xtext_is_printable(const char *text, bool utf8)
{
    if (!g_utf8_validate(text, -1, NULL))
        return false;
    for (const char *c = text; *c != '\0'; c++)
        if ((uint8_t)*c < 0x20 || *c == 0x7f || ((uint8_t)*c >= 0x80 && !utf8))
            return false;
    return true;
}
