/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message-encoding.c - base64, quoted-printable and their relatives, both ways (RFC 2045 §6) */
#include "message-private.h"

#define LINE_MAX_LEN 76u

/* Who says base64 and has one stranger in sixteen characters does not mean it. */
#define STRANGERS_PER 16u

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int value64(uint8_t octet)
{
    if (octet >= 'A' && octet <= 'Z')
        return octet - 'A';
    if (octet >= 'a' && octet <= 'z')
        return octet - 'a' + 26;
    if (octet >= '0' && octet <= '9')
        return octet - '0' + 52;
    return octet == '+' ? 62 : octet == '/' ? 63 : -1;
}

/* What is left over of the last group: 2 or 3 characters are 1 or 2 octets. False: one alone is
 * nothing. */
static bool flush64(uint32_t bits, unsigned n, GByteArray *out)
{
    uint8_t octets[2];
    if (n >= 2) {
        bits <<= 6 * (4 - n);
        octets[0] = (uint8_t)(bits >> 16);
        octets[1] = (uint8_t)(bits >> 8);
        g_byte_array_append(out, octets, n - 1);
    }
    return n != 1;
}

/* §6.8: "all line breaks or other characters not found in Table 1 must be ignored by decoding
 * software". Padding ends a group, not the whole: some programs encode line by line. */
MgDecoded mg_message_decode_base64(MgSpan in, GByteArray *out)
{
    guint before = out->len;
    uint32_t bits = 0;
    unsigned n = 0;
    size_t strangers = 0, good = 0;
    bool whole = true;
    for (size_t i = 0; i < in.len; i++) {
        int value = value64(in.data[i]);
        if (value >= 0) {
            good++;
            bits = bits << 6 | (uint32_t)value;
            if (++n == 4) {
                const uint8_t octets[] = {(uint8_t)(bits >> 16), (uint8_t)(bits >> 8),
                                          (uint8_t)bits};
                g_byte_array_append(out, octets, 3);
                bits = n = 0;
            }
        } else if (in.data[i] == '=') {
            whole = flush64(bits, n, out) && whole;
            bits = n = 0;
        } else {
            strangers += !mg_message_is_space(in.data[i]);
        }
    }
    whole = flush64(bits, n, out) && n == 0 && whole;
    if (strangers > good / STRANGERS_PER && strangers > 0) {
        g_byte_array_set_size(out, before);
        return MG_DECODED_NOT;
    }
    return strangers > 0 || !whole ? MG_DECODED_PARTLY : MG_DECODED_WELL;
}

static int hex_at(MgSpan in, size_t at)
{
    if (at + 1 >= in.len)
        return -1;
    int high = g_ascii_xdigit_value((char)in.data[at]);
    int low = g_ascii_xdigit_value((char)in.data[at + 1]);
    return high >= 0 && low >= 0 ? high << 4 | low : -1;
}

/* How long the spaces and the line end here are; 0 if something else comes first. The end of it all
 * is a line end. */
static size_t blank_rest(MgSpan in, size_t at)
{
    size_t i = at;
    while (i < in.len && (in.data[i] == ' ' || in.data[i] == '\t'))
        i++;
    if (i == in.len)
        return MAX(i - at, 1);
    if (in.data[i] == '\r' && i + 1 < in.len && in.data[i + 1] == '\n')
        return i + 2 - at;
    return in.data[i] == '\n' ? i + 1 - at : 0;
}

MgDecoded mg_message_decode_quoted(MgSpan in, GByteArray *out)
{
    bool well = true;
    for (size_t i = 0; i < in.len; i++) {
        uint8_t octet = in.data[i];
        if (octet == '=') {
            int value = hex_at(in, i + 1);
            size_t rest = value < 0 ? blank_rest(in, i + 1) : 0;
            if (rest > 0) { /* a soft line break */
                i += rest;
                continue;
            }
            well = well && value >= 0;
            if (value >= 0) {
                octet = (uint8_t)value;
                i += 2;
            }
            g_byte_array_append(out, &octet, 1);
            continue;
        }
        if (octet == ' ' || octet == '\t') {
            /* Rule 3: space at the end of a line was added on the way. The run is taken whole, so
             * that a long one is looked at once. */
            size_t end = i;
            while (end < in.len && (in.data[end] == ' ' || in.data[end] == '\t'))
                end++;
            if (end < in.len && blank_rest(in, end) == 0)
                g_byte_array_append(out, in.data + i, (guint)(end - i));
            i = end - 1;
            continue;
        }
        g_byte_array_append(out, &octet, 1);
    }
    return well ? MG_DECODED_WELL : MG_DECODED_PARTLY;
}

static MgDecoded decode_hex(MgSpan in, char escape, bool underscores, GByteArray *out)
{
    bool well = true;
    for (size_t i = 0; i < in.len; i++) {
        uint8_t octet = in.data[i];
        if (octet == (uint8_t)escape) {
            int value = hex_at(in, i + 1);
            well = well && value >= 0;
            if (value >= 0) {
                octet = (uint8_t)value;
                i += 2;
            }
        } else if (octet == '_' && underscores) {
            octet = ' ';
        }
        g_byte_array_append(out, &octet, 1);
    }
    return well ? MG_DECODED_WELL : MG_DECODED_PARTLY;
}

MgDecoded mg_message_decode_q(MgSpan in, GByteArray *out)
{
    return decode_hex(in, '=', true, out);
}

void mg_message_decode_percent(MgSpan in, GByteArray *out)
{
    decode_hex(in, '%', false, out);
}

/* ---- encoding ---- */

void mg_message_encode_base64(MgSpan in, GString *out)
{
    size_t column = 0;
    for (size_t i = 0; i < in.len; i += 3) {
        size_t n = MIN(in.len - i, 3);
        uint32_t bits = (uint32_t)in.data[i] << 16;
        bits |= n > 1 ? (uint32_t)in.data[i + 1] << 8 : 0;
        bits |= n > 2 ? in.data[i + 2] : 0;
        char group[] = "====";
        for (size_t c = 0; c <= n; c++)
            group[c] = alphabet[bits >> (18 - 6 * c) & 63];
        g_string_append_len(out, group, 4);
        column += 4;
        if (column == LINE_MAX_LEN || i + 3 >= in.len) {
            g_string_append(out, "\r\n");
            column = 0;
        }
    }
}

/* Whether a line ends here, or everything. */
static bool is_line_end(MgSpan in, size_t at)
{
    return at == in.len || (in.data[at] == '\r' && at + 1 < in.len && in.data[at + 1] == '\n');
}

void mg_message_encode_quoted(MgSpan in, GString *out)
{
    size_t column = 0;
    for (size_t i = 0; i < in.len; i++) {
        uint8_t octet = in.data[i];
        if (octet == '\r' && i + 1 < in.len && in.data[i + 1] == '\n') {
            g_string_append(out, "\r\n");
            column = 0;
            i++;
            continue;
        }
        bool space = octet == ' ' || octet == '\t';
        bool plain =
            (octet > ' ' && octet < 0x7f && octet != '=') || (space && !is_line_end(in, i + 1));
        /* The last column is for the "=" of a soft break, unless the line ends here. */
        if (column + (plain ? 1 : 3) > LINE_MAX_LEN - (is_line_end(in, i + 1) ? 0 : 1)) {
            g_string_append(out, "=\r\n");
            column = 0;
        }
        /* "From " at the start of a line is changed in an mbox file, a lone dot by bad servers
         * (RFC 2049 §3). */
        if (column == 0 && (octet == 'F' || octet == '.'))
            plain = false;
        size_t len = plain ? 1 : 3;
        if (plain)
            g_string_append_c(out, (char)octet);
        else
            g_string_append_printf(out, "=%02X", octet);
        column += len;
    }
}
