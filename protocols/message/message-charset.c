/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message-charset.c - octets of any charset become UTF-8
 *
 * ASCII, UTF-8 and Latin-1 are done here, so that most mail is read the same everywhere; the rest
 * is GLib's iconv.
 */
#include <errno.h>

#include "message-private.h"

#define REPLACEMENT "\357\277\275" /* U+FFFD */

/* Windows-1252 where it differs from Latin-1: what says "iso-8859-1" and has these octets was
 * written on Windows (so the Encoding Standard of WHATWG, too). 0: a control, kept. */
static const uint16_t windows[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

typedef enum { OWN_UTF8, OWN_ASCII, OWN_LATIN1, OWN_NONE } Own;

/* Names that mail uses. `iconv` says which superset is meant by who writes the smaller name. */
static const struct {
    const char *name;
    Own own;
    const char *iconv;
} names[] = {
    {"utf-8", OWN_UTF8, NULL},
    {"utf8", OWN_UTF8, NULL},
    {"unicode-1-1-utf-8", OWN_UTF8, NULL},
    {"us-ascii", OWN_ASCII, NULL},
    {"ascii", OWN_ASCII, NULL},
    {"ansi_x3.4-1968", OWN_ASCII, NULL},
    {"iso-8859-1", OWN_LATIN1, NULL},
    {"iso8859-1", OWN_LATIN1, NULL},
    {"iso_8859-1", OWN_LATIN1, NULL},
    {"latin1", OWN_LATIN1, NULL},
    {"windows-1252", OWN_LATIN1, NULL},
    {"cp1252", OWN_LATIN1, NULL},
    {"unicode-1-1-utf-7", OWN_NONE, "UTF-7"},
    {"ks_c_5601-1987", OWN_NONE, "CP949"},
    {"ks_c_5601", OWN_NONE, "CP949"},
    {"ksc5601", OWN_NONE, "CP949"},
    {"ksc_5601", OWN_NONE, "CP949"},
    {"euc-kr", OWN_NONE, "CP949"},
    {"windows-949", OWN_NONE, "CP949"},
    {"gb2312", OWN_NONE, "GB18030"},
    {"gb_2312-80", OWN_NONE, "GB18030"},
    {"gbk", OWN_NONE, "GB18030"},
    {"cp936", OWN_NONE, "GB18030"},
    {"big5", OWN_NONE, "BIG5-HKSCS"},
    {"shift_jis", OWN_NONE, "CP932"},
    {"shift-jis", OWN_NONE, "CP932"},
    {"sjis", OWN_NONE, "CP932"},
    {"x-sjis", OWN_NONE, "CP932"},
    {"windows-31j", OWN_NONE, "CP932"},
    {"iso-8859-8-i", OWN_NONE, "ISO-8859-8"},
    {"iso-8859-8-e", OWN_NONE, "ISO-8859-8"},
    {"tis-620", OWN_NONE, "CP874"},
    {"windows-874", OWN_NONE, "CP874"},
    {"x-mac-roman", OWN_NONE, "MACINTOSH"},
    /* To iconv, these two mean the charset of this computer. */
    {"char", OWN_NONE, "-"},
    {"wchar_t", OWN_NONE, "-"},
};

/* How many of the octets here are one character, or 0: then *bad is how many are replaced as one
 * (Unicode 15 §3.9, "maximal subpart"). */
static size_t character_at(MgSpan in, size_t at, size_t *bad)
{
    uint8_t first = in.data[at];
    size_t len = first >= 0xf0 && first <= 0xf4   ? 4
                 : first >= 0xe0 && first <= 0xef ? 3
                 : first >= 0xc2 && first <= 0xdf ? 2
                                                  : 0;
    uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    size_t i = 1;
    for (; i < len && at + i < in.len; i++) {
        uint8_t octet = in.data[at + i];
        if (octet < low || octet > high)
            break;
        low = 0x80;
        high = 0xbf;
    }
    *bad = i;
    return i == len ? len : 0;
}

bool mg_message_add_utf8(MgSpan in, bool keep_nul, GString *out)
{
    bool well = true;
    size_t from = 0, i = 0;
    while (i < in.len) {
        size_t bad = 1;
        uint8_t octet = in.data[i];
        size_t len = octet == 0 ? keep_nul : octet < 0x80 ? 1 : character_at(in, i, &bad);
        if (len > 0) {
            i += len;
            continue;
        }
        well = false;
        g_string_append_len(out, (const char *)in.data + from, (gssize)(i - from));
        g_string_append(out, REPLACEMENT);
        i += bad;
        from = i;
    }
    if (in.len > from)
        g_string_append_len(out, (const char *)in.data + from, (gssize)(in.len - from));
    return well;
}

static void add_latin1(MgSpan in, GString *out)
{
    for (size_t i = 0; i < in.len; i++) {
        uint8_t octet = in.data[i];
        uint16_t mapped = octet >= 0x80 && octet < 0xa0 ? windows[octet - 0x80] : 0;
        if (octet < 0x80)
            g_string_append_c(out, (char)octet);
        else
            g_string_append_unichar(out, mapped != 0 ? mapped : octet);
    }
}

/* Neither a path to a module nor a flag for iconv ("//TRANSLIT"). */
static bool is_name(const char *charset)
{
    size_t len = strspn(charset, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                 "-_.:+()");
    return len > 0 && len <= 40 && charset[len] == '\0';
}

/* False: iconv stands at something that is no character. */
static bool convert_some(GIConv iconv, char **from, size_t *left, GString *out)
{
    char buffer[4096];
    for (;;) {
        char *to = buffer;
        size_t room = sizeof buffer;
        errno = 0;
        size_t result = g_iconv(iconv, from, left, &to, &room);
        int error = errno;
        g_string_append_len(out, buffer, to - buffer);
        if (result != (size_t)-1)
            return true;
        if (error != E2BIG || to == buffer)
            return false;
    }
}

static MgCharsetResult convert(GIConv iconv, MgSpan in, GString *out)
{
    MgCharsetResult result = MG_CHARSET_WELL;
    char *from = (char *)in.data;
    size_t left = in.len;
    g_autoptr(GString) raw = g_string_sized_new(in.len + in.len / 2);
    while (left > 0 && !convert_some(iconv, &from, &left, raw)) {
        result = MG_CHARSET_BROKEN;
        g_string_append(raw, REPLACEMENT);
        if (left > 0) {
            from++;
            left--;
        }
    }
    convert_some(iconv, NULL, NULL, raw); /* what a charset with states still holds back */
    /* Some modules give surrogates; nothing leaves here that is not UTF-8. */
    if (!mg_message_add_utf8((MgSpan){(const uint8_t *)raw->str, raw->len}, true, out))
        result = MG_CHARSET_BROKEN;
    return result;
}

MgCharsetResult mg_message_to_utf8(MgSpan in, const char *charset, GString *out)
{
    Own own = charset == NULL ? OWN_UTF8 : OWN_NONE;
    const char *name = charset;
    for (size_t i = 0; charset != NULL && i < G_N_ELEMENTS(names); i++) {
        if (g_ascii_strcasecmp(names[i].name, charset) == 0) {
            own = names[i].own;
            name = names[i].iconv;
        }
    }
    if (own == OWN_LATIN1) {
        add_latin1(in, out);
        return MG_CHARSET_WELL;
    }
    if (own != OWN_NONE)
        return mg_message_add_utf8(in, true, out) ? MG_CHARSET_WELL : MG_CHARSET_BROKEN;
    GIConv iconv = is_name(name) && name[0] != '-' ? g_iconv_open("UTF-8", name) : (GIConv)-1;
    if (iconv == (GIConv)-1) {
        mg_message_add_utf8(in, true, out);
        return MG_CHARSET_UNKNOWN;
    }
    MgCharsetResult result = convert(iconv, in, out);
    g_iconv_close(iconv);
    return result;
}
