/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-record-text.c - the data of records in words, both ways (RFC 1035 §5.1, RFC 3597 §5) */
#include "dns-record-special.h"

static const char base32_digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV"; /* RFC 4648 §7 */

/* ---- printing ---- */

void mg_dns_string_format(MgSpan text, GString *out)
{
    g_string_append_c(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c < 0x20 || c >= 0x7f)
            g_string_append_printf(out, "\\%03u", c);
        else if (c == '"' || c == '\\')
            g_string_append_printf(out, "\\%c", c);
        else
            g_string_append_c(out, (char)c);
    }
    g_string_append_c(out, '"');
}

static void format_hex(MgSpan bytes, GString *out)
{
    for (size_t i = 0; i < bytes.len; i++)
        g_string_append_printf(out, "%02X", bytes.data[i]);
}

static void format_base32(MgSpan bytes, GString *out)
{
    unsigned bits = 0, n = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        bits = bits << 8 | bytes.data[i];
        for (n += 8; n >= 5; n -= 5)
            g_string_append_c(out, base32_digits[bits >> (n - 5) & 31]);
        bits &= 0xff;
    }
    if (n > 0)
        g_string_append_c(out, base32_digits[bits << (5 - n) & 31]);
}

/* RFC 5952: the longest run of zeros, of two groups at least, becomes "::". */
void mg_dns_aaaa_format(const uint8_t *bytes, GString *out)
{
    size_t best = 8, best_len = 1;
    for (size_t i = 0; i < 8; i++) {
        size_t len = 0;
        while (i + len < 8 && mg_dns_get_u16(bytes + 2 * (i + len)) == 0)
            len++;
        if (len > best_len) {
            best = i;
            best_len = len;
        }
    }
    for (size_t i = 0; i < 8; i++) {
        if (i == best) {
            g_string_append(out, "::");
            i += best_len - 1;
            continue;
        }
        if (i > 0 && i != best + best_len)
            g_string_append_c(out, ':');
        g_string_append_printf(out, "%x", mg_dns_get_u16(bytes + 2 * i));
    }
}

static void format_types(MgSpan bitmap, GString *out)
{
    bool first = true;
    for (size_t at = 0; at + 2 <= bitmap.len; at += 2u + bitmap.data[at + 1]) {
        for (unsigned bit = 0; bit < 8u * bitmap.data[at + 1]; bit++) {
            if ((bitmap.data[at + 2 + bit / 8] & (0x80 >> bit % 8)) == 0)
                continue;
            if (!first)
                g_string_append_c(out, ' ');
            first = false;
            mg_dns_type_format((uint16_t)(bitmap.data[at] << 8 | bit), out);
        }
    }
}

/* Days from 1970-01-01 to a date and back (Howard Hinnant, chrono-compatible algorithms). */
static void format_time(uint32_t seconds, GString *out)
{
    uint32_t z = seconds / 86400 + 719468, era = z / 146097, doe = z - era * 146097;
    uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    uint32_t month = mp < 10 ? mp + 3 : mp - 9, second = seconds % 86400;
    g_string_append_printf(out, "%04u%02u%02u%02u%02u%02u", yoe + era * 400 + (month <= 2), month,
                           doy - (153 * mp + 2) / 5 + 1, second / 3600, second / 60 % 60,
                           second % 60);
}

static void format_groups(MgSpan bytes, unsigned step, char between, GString *out)
{
    for (size_t i = 0; i < bytes.len; i += step) {
        if (i > 0)
            g_string_append_c(out, between);
        for (size_t j = i; j < i + step; j++)
            g_string_append_printf(out, "%02x", bytes.data[j]);
    }
}

static void format_strings(MgSpan raw, GString *out)
{
    for (size_t at = 0; at < raw.len; at += (size_t)raw.data[at] + 1) {
        if (at > 0)
            g_string_append_c(out, ' ');
        mg_dns_string_format(mg_span_slice(raw, at + 1, raw.data[at]), out);
    }
}

static void format_number(MgDnsFieldKind kind, MgSpan raw, GString *out)
{
    uint32_t value = 0;
    for (size_t i = 0; i < raw.len; i++)
        value = value << 8 | raw.data[i];
    if (kind == MG_DNS_FIELD_TIME)
        format_time(value, out);
    else if (kind == MG_DNS_FIELD_TYPE)
        mg_dns_type_format((uint16_t)value, out);
    else
        g_string_append_printf(out, "%u", value);
}

void mg_dns_field_format(MgDnsFieldKind kind, MgSpan raw, GString *out)
{
    switch (kind) {
    case MG_DNS_FIELD_NAME:
    case MG_DNS_FIELD_PLAIN:
        mg_dns_name_format(raw, out);
        break;
    case MG_DNS_FIELD_A:
        g_string_append_printf(out, "%u.%u.%u.%u", raw.data[0], raw.data[1], raw.data[2],
                               raw.data[3]);
        break;
    case MG_DNS_FIELD_AAAA:
        mg_dns_aaaa_format(raw.data, out);
        break;
    case MG_DNS_FIELD_STRING:
        mg_dns_string_format(mg_span_slice(raw, 1, raw.len - 1), out);
        break;
    case MG_DNS_FIELD_WORD:
        g_string_append_len(out, (const char *)raw.data + 1, (gssize)raw.len - 1);
        break;
    case MG_DNS_FIELD_STRINGS:
        format_strings(raw, out);
        break;
    case MG_DNS_FIELD_REST:
        mg_dns_string_format(raw, out);
        break;
    case MG_DNS_FIELD_NSAP:
        g_string_append(out, "0x");
        format_hex(raw, out);
        break;
    case MG_DNS_FIELD_HEX:
        format_hex(raw, out);
        break;
    case MG_DNS_FIELD_BASE64: {
        g_autofree char *text = raw.len > 0 ? g_base64_encode(raw.data, raw.len) : g_strdup("");
        g_string_append(out, text);
        break;
    }
    case MG_DNS_FIELD_TYPES:
        format_types(raw, out);
        break;
    case MG_DNS_FIELD_SALT:
        if (raw.len == 1)
            g_string_append_c(out, '-');
        format_hex(mg_span_slice(raw, 1, raw.len - 1), out);
        break;
    case MG_DNS_FIELD_HASH:
        format_base32(mg_span_slice(raw, 1, raw.len - 1), out);
        break;
    case MG_DNS_FIELD_EUI48:
    case MG_DNS_FIELD_EUI64:
        format_groups(raw, 1, '-', out);
        break;
    case MG_DNS_FIELD_NODE:
        format_groups(raw, 2, ':', out);
        break;
    case MG_DNS_FIELD_LOC:
        mg_dns_loc_format(raw, out);
        break;
    case MG_DNS_FIELD_PROTOCOL:
        mg_dns_protocol_format(raw.data[0], out);
        break;
    case MG_DNS_FIELD_PORTS:
        mg_dns_ports_format(raw, out);
        break;
    case MG_DNS_FIELD_SVC:
        mg_dns_svc_format(raw, out);
        break;
    default:
        format_number(kind, raw, out);
    }
}

/* A word goes unquoted, so that it must have nothing that would end it. */
static bool printable_word(MgSpan raw)
{
    for (size_t i = 1; i < raw.len; i++)
        if (!g_ascii_isalnum(raw.data[i]) && raw.data[i] != '-' && raw.data[i] != '.')
            return false;
    return raw.len > 1;
}

/* Nothing is written as no word at all, which could not be read again. */
static bool has_words(MgDnsFieldKind kind, MgSpan raw)
{
    switch (kind) {
    case MG_DNS_FIELD_WORD:
        return printable_word(raw);
    case MG_DNS_FIELD_HEX:
    case MG_DNS_FIELD_BASE64:
    case MG_DNS_FIELD_NSAP:
        return raw.len > 0;
    case MG_DNS_FIELD_HASH:
        return raw.len > 1;
    case MG_DNS_FIELD_LOC: {
        g_autoptr(GString) scratch = g_string_new(NULL);
        return mg_dns_loc_format(raw, scratch);
    }
    case MG_DNS_FIELD_PORTS: {
        g_autoptr(GString) scratch = g_string_new(NULL);
        return mg_dns_ports_format(raw, scratch);
    }
    case MG_DNS_FIELD_TYPES: /* RFC 4034 §4.1.2: no octets of zeros at the end of a window */
        for (size_t at = 0; at < raw.len; at += 2u + raw.data[at + 1])
            if (raw.data[at + 1u + raw.data[at + 1]] == 0)
                return false;
        return true;
    default:
        return true;
    }
}

void mg_dns_data_format(uint16_t type, MgSpan data, GString *out)
{
    const MgDnsTypeRow *row = mg_dns_type_row(type);
    if (data.len == 0)
        data.data = (const uint8_t *)""; /* no pointer arithmetic on NULL */
    MgDnsReader reader = {.data = data.data, .len = data.len};
    MgDnsName name;
    size_t before = out->len;
    bool good = row != NULL;
    for (const uint8_t *field = good ? row->fields : NULL; good && *field != MG_DNS_FIELD_END;
         field++) {
        size_t at = reader.at;
        good = mg_dns_read_field(&reader, *field, &name);
        MgSpan raw = mg_span_slice(data, at, reader.at - at);
        if (good)
            good = has_words(*field, raw);
        if (!good)
            break;
        if (field > row->fields)
            g_string_append_c(out, ' ');
        if (*field == MG_DNS_FIELD_NAME || *field == MG_DNS_FIELD_PLAIN)
            raw = mg_dns_name_span(&name);
        mg_dns_field_format(*field, raw, out);
    }
    if (good && reader.at == data.len) {
        if (out->len > before && out->str[out->len - 1] == ' ')
            g_string_truncate(out, out->len - 1);
        return;
    }
    g_string_truncate(out, before);
    g_string_append_printf(out, "\\# %zu%s", data.len, data.len > 0 ? " " : "");
    format_hex(data, out);
}

/* ---- parsing ---- */

typedef struct {
    const MgDnsToken *tokens;
    size_t n, at;
    const MgDnsName *origin;
    GByteArray *out;
    const char *problem;
} Parser;

static const char *fail(Parser *parser, const char *problem)
{
    if (parser->problem == NULL)
        parser->problem = problem;
    return parser->problem;
}

static void put(Parser *parser, uint32_t value, unsigned size)
{
    uint8_t bytes[4];
    for (unsigned i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> 8 * (size - 1 - i));
    g_byte_array_append(parser->out, bytes, size);
}

bool mg_dns_uint_parse(MgSpan text, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    if (text.len == 0 || text.len > 18)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!g_ascii_isdigit(text.data[i]))
            return false;
        value = value * 10 + (text.data[i] - '0');
    }
    *out = value;
    return value <= max;
}

bool mg_dns_period_parse(MgSpan text, uint32_t *out)
{
    uint64_t total = 0, number = 0;
    bool digits = false, units = false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = mg_dns_lower(text.data[i]);
        if (g_ascii_isdigit(c)) {
            number = number * 10 + (c - '0');
            digits = true;
        } else {
            uint32_t unit = c == 's'   ? 1
                            : c == 'm' ? 60
                            : c == 'h' ? 3600
                            : c == 'd' ? 86400
                            : c == 'w' ? 604800
                                       : 0;
            if (unit == 0 || !digits)
                return false;
            total += number * unit;
            number = 0;
            digits = false;
            units = true;
        }
        if (number > UINT32_MAX || total > UINT32_MAX)
            return false;
    }
    if (!digits && !units)
        return false;
    total += number;
    *out = (uint32_t)total;
    return total <= UINT32_MAX;
}

bool mg_dns_string_parse(MgSpan text, GByteArray *out)
{
    for (size_t i = 0; i < text.len;) {
        uint8_t c = text.data[i++];
        if (c == '\\') {
            unsigned value = 0, digits = 0;
            while (digits < 3 && i + digits < text.len && g_ascii_isdigit(text.data[i + digits]))
                value = value * 10 + (text.data[i + digits++] - '0');
            if (i >= text.len || value > 255 || (digits > 0 && digits < 3))
                return false;
            c = digits == 3 ? (uint8_t)value : text.data[i];
            i += digits == 3 ? 3 : 1;
        }
        g_byte_array_append(out, &c, 1);
    }
    return true;
}

static void parse_string(Parser *parser, MgSpan text, size_t max)
{
    guint before = parser->out->len;
    if (!mg_dns_string_parse(text, parser->out))
        fail(parser, "a wrong escape: \\DDD is a number up to 255");
    if (parser->out->len - before > max)
        fail(parser, "a string has more than 255 octets");
}

/* With its length before it. */
static void parse_counted(Parser *parser, MgSpan text)
{
    guint at = parser->out->len;
    put(parser, 0, 1);
    parse_string(parser, text, 255);
    parser->out->data[at] = (uint8_t)(parser->out->len - at - 1);
}

static void parse_hex(Parser *parser, MgSpan text)
{
    if (text.len % 2 != 0) {
        fail(parser, "hexadecimal digits come in pairs");
        return;
    }
    for (size_t i = 0; i < text.len; i += 2) {
        int high = g_ascii_xdigit_value((char)text.data[i]);
        int low = g_ascii_xdigit_value((char)text.data[i + 1]);
        if (high < 0 || low < 0) {
            fail(parser, "not a hexadecimal digit");
            return;
        }
        put(parser, (uint32_t)(high * 16 + low), 1);
    }
}

/* The rest of the entry: spaces between the pieces do not count. */
static void parse_rest_digits(Parser *parser, bool base64)
{
    g_autoptr(GString) all = g_string_new(NULL);
    size_t first = parser->at;
    for (; parser->at < parser->n; parser->at++) {
        MgSpan text = parser->tokens[parser->at].text;
        for (size_t i = 0; base64 && i < text.len; i++) {
            if (!g_ascii_isalnum(text.data[i]) && strchr("+/=", text.data[i]) == NULL) {
                fail(parser, "not base64");
                return;
            }
        }
        g_string_append_len(all, (const char *)text.data, (gssize)text.len);
    }
    if (!base64) {
        parse_hex(parser, (MgSpan){(const uint8_t *)all->str, all->len});
    } else if (all->len % 4 != 0) {
        fail(parser, "base64 that is not whole");
    } else if (all->len > 0) {
        gsize len = 0;
        g_autofree guchar *bytes = g_base64_decode(all->str, &len);
        g_byte_array_append(parser->out, bytes, (guint)len);
    }
    if (parser->problem != NULL)
        parser->at = MIN(first, parser->n - 1);
}

static void parse_base32(Parser *parser, MgSpan text)
{
    guint at = parser->out->len;
    unsigned bits = 0, n = 0;
    put(parser, 0, 1);
    for (size_t i = 0; i < text.len; i++) {
        const char *digit =
            memchr(base32_digits, g_ascii_toupper((char)text.data[i]), sizeof base32_digits - 1);
        if (digit == NULL) {
            fail(parser, "not base32");
            return;
        }
        bits = (bits << 5 | (unsigned)(digit - base32_digits)) & 0xfff;
        n += 5;
        if (n >= 8) {
            n -= 8;
            put(parser, bits >> n & 0xff, 1);
        }
    }
    if (parser->out->len - at - 1 > 255)
        fail(parser, "a hash has more than 255 octets");
    else
        parser->out->data[at] = (uint8_t)(parser->out->len - at - 1);
}

bool mg_dns_a_parse(MgSpan text, uint8_t out[4])
{
    size_t at = 0;
    for (unsigned i = 0; i < 4; i++) {
        unsigned value = 0, digits = 0;
        for (; at < text.len && g_ascii_isdigit(text.data[at]) && digits < 3; digits++)
            value = value * 10 + (text.data[at++] - '0');
        if (digits == 0 || value > 255 || (i < 3 && (at >= text.len || text.data[at++] != '.')))
            return false;
        out[i] = (uint8_t)value;
    }
    return at == text.len;
}

/* RFC 4291 §2.2: groups, "::" once, an IPv4 address at the end. */
bool mg_dns_aaaa_parse(MgSpan text, uint8_t out[16])
{
    uint8_t groups[16] = {0};
    size_t n = 0, gap = SIZE_MAX, at = 0;
    if (text.len >= 2 && text.data[0] == ':' && text.data[1] == ':') {
        gap = 0;
        at = 2;
    }
    while (at < text.len) {
        unsigned value = 0, digits = 0;
        size_t start = at;
        for (; at < text.len && g_ascii_isxdigit(text.data[at]) && digits < 5; digits++)
            value = value * 16 + (unsigned)g_ascii_xdigit_value((char)text.data[at++]);
        if (at < text.len && text.data[at] == '.') {
            if (n > 12 ||
                !mg_dns_a_parse((MgSpan){text.data + start, text.len - start}, groups + n))
                return false;
            n += 4;
            break;
        }
        if (digits == 0 || digits > 4 || n > 14)
            return false;
        mg_dns_put_u16(groups + n, (uint16_t)value);
        n += 2;
        if (at == text.len)
            break;
        if (text.data[at++] != ':' || at == text.len)
            return false;
        if (text.data[at] == ':') {
            if (gap != SIZE_MAX)
                return false;
            gap = n;
            at++;
        }
    }
    if (gap == SIZE_MAX ? n != 16 : n > 14)
        return false;
    memset(out, 0, 16);
    gap = MIN(gap, n);
    memcpy(out, groups, gap);
    memcpy(out + 16 - (n - gap), groups + gap, n - gap);
    return true;
}

/* YYYYMMDDHHmmSS or seconds since 1970 (RFC 4034 §3.2). */
static bool parse_time(MgSpan text, uint32_t *out)
{
    uint64_t number = 0;
    if (!mg_dns_uint_parse(text, UINT64_MAX, &number))
        return false;
    if (text.len != 14) {
        *out = (uint32_t)number;
        return number <= UINT32_MAX;
    }
    uint64_t day = number / 1000000, second = number % 1000000;
    uint64_t year = day / 10000, month = day / 100 % 100;
    if (month < 1 || month > 12 || day % 100 < 1 || day % 100 > 31 || second / 10000 > 23 ||
        second / 100 % 100 > 59 || second % 100 > 59 || year < 1970 || year > 9999)
        return false;
    year -= month <= 2;
    uint64_t era = year / 400, yoe = year - era * 400;
    uint64_t doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day % 100 - 1;
    uint64_t days = era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
    /* Serial arithmetic: dates after 2106 begin at 0 again. */
    *out =
        (uint32_t)(days * 86400 + second / 10000 * 3600 + second / 100 % 100 * 60 + second % 100);
    return true;
}

static void parse_types(Parser *parser)
{
    uint8_t(*windows)[34] = g_malloc0(256 * sizeof *windows);
    for (; parser->at < parser->n; parser->at++) {
        uint16_t type = 0;
        if (!mg_dns_type_parse(parser->tokens[parser->at].text, &type)) {
            fail(parser, "not a record type");
            break;
        }
        uint8_t *window = windows[type >> 8];
        window[0] = (uint8_t)(type >> 8);
        window[1] = MAX(window[1], (uint8_t)((type & 0xff) / 8 + 1));
        window[2 + (type & 0xff) / 8] |= (uint8_t)(0x80 >> type % 8);
    }
    for (unsigned i = 0; i < 256; i++)
        if (windows[i][1] > 0)
            g_byte_array_append(parser->out, windows[i], 2u + windows[i][1]);
    g_free(windows);
}

/* Pairs of hexadecimal digits with this between groups of them. */
static void parse_groups(Parser *parser, MgSpan text, unsigned groups, unsigned step, char between)
{
    g_autoptr(GString) digits = g_string_new(NULL);
    g_auto(GStrv) parts = NULL;
    g_autofree char *copy = g_strndup((const char *)text.data, text.len);
    parts = g_strsplit(copy, (char[]){between, '\0'}, -1);
    bool good = g_strv_length(parts) == groups;
    size_t digits_each = 2 * (size_t)step;
    for (unsigned i = 0; good && i < groups; i++) {
        size_t len = strlen(parts[i]);
        good = len > 0 && len <= digits_each;
        for (size_t pad = len; good && pad < digits_each; pad++)
            g_string_append_c(digits, '0');
        g_string_append(digits, parts[i]);
    }
    if (good)
        parse_hex(parser, (MgSpan){(const uint8_t *)digits->str, digits->len});
    else
        fail(parser, "not an address of this kind");
}

static void parse_nsap(Parser *parser, MgSpan text)
{
    g_autoptr(GString) digits = g_string_new(NULL);
    bool good = text.len > 2 && text.data[0] == '0' && mg_dns_lower(text.data[1]) == 'x';
    for (size_t i = 2; good && i < text.len; i++)
        if (text.data[i] != '.')
            g_string_append_c(digits, (char)text.data[i]);
    if (good)
        parse_hex(parser, (MgSpan){(const uint8_t *)digits->str, digits->len});
    else
        fail(parser, "not an NSAP address: it begins with 0x");
}

static void parse_number(Parser *parser, MgDnsFieldKind kind, MgSpan text)
{
    static const struct {
        uint64_t max;
        unsigned size;
        const char *problem;
    } rows[] = {
        [MG_DNS_FIELD_U8] = {UINT8_MAX, 1, "not a number up to 255"},
        [MG_DNS_FIELD_U16] = {UINT16_MAX, 2, "not a number up to 65535"},
        [MG_DNS_FIELD_U32] = {UINT32_MAX, 4, "not a number up to 4294967295"},
    };
    uint64_t number = 0;
    if (!mg_dns_uint_parse(text, rows[kind].max, &number))
        fail(parser, rows[kind].problem);
    else
        put(parser, (uint32_t)number, rows[kind].size);
}

static void parse_address(Parser *parser, MgDnsFieldKind kind, MgSpan text)
{
    uint8_t octets[16];
    if (kind == MG_DNS_FIELD_A ? !mg_dns_a_parse(text, octets) : !mg_dns_aaaa_parse(text, octets))
        fail(parser, kind == MG_DNS_FIELD_A ? "not an IPv4 address" : "not an IPv6 address");
    else
        g_byte_array_append(parser->out, octets, kind == MG_DNS_FIELD_A ? 4 : 16);
}

static void parse_named_number(Parser *parser, MgDnsFieldKind kind, MgSpan text)
{
    uint32_t value = 0;
    uint16_t type = 0;
    switch (kind) {
    case MG_DNS_FIELD_PERIOD:
        if (!mg_dns_period_parse(text, &value))
            fail(parser, "not a number of seconds");
        break;
    case MG_DNS_FIELD_TIME:
        if (!parse_time(text, &value))
            fail(parser, "not a time: YYYYMMDDHHmmSS");
        break;
    default:
        if (!mg_dns_type_parse(text, &type))
            fail(parser, "not a record type");
        put(parser, type, 2);
        return;
    }
    put(parser, value, 4);
}

static void parse_name(Parser *parser, MgSpan text)
{
    MgDnsName name;
    const char *problem = mg_dns_name_parse(text, parser->origin, &name);
    if (problem != NULL)
        fail(parser, problem);
    else
        g_byte_array_append(parser->out, name.wire, name.len);
}

static bool parse_special(Parser *parser, MgDnsFieldKind kind)
{
    const char *problem = NULL;
    switch (kind) {
    case MG_DNS_FIELD_TYPES:
        parse_types(parser);
        return true;
    case MG_DNS_FIELD_LOC:
        problem = mg_dns_loc_parse(parser->tokens, parser->n, &parser->at, parser->out);
        break;
    case MG_DNS_FIELD_PORTS:
        problem = mg_dns_ports_parse(parser->tokens, parser->n, &parser->at, parser->out);
        break;
    case MG_DNS_FIELD_SVC:
        problem = mg_dns_svc_parse(parser->tokens, parser->n, &parser->at, parser->out);
        break;
    default:
        return false;
    }
    if (problem != NULL)
        fail(parser, problem);
    return true;
}

static void parse_protocol(Parser *parser, MgSpan text)
{
    uint8_t protocol = 0;
    const char *problem = mg_dns_protocol_parse(text, &protocol);
    if (problem != NULL)
        fail(parser, problem);
    put(parser, protocol, 1);
}

static void parse_field(Parser *parser, MgDnsFieldKind kind)
{
    if (parse_special(parser, kind))
        return;
    if (parser->at >= parser->n) {
        fail(parser, "something is missing at the end of this record");
        return;
    }
    MgSpan text = parser->tokens[parser->at].text;
    switch (kind) {
    case MG_DNS_FIELD_HEX:
    case MG_DNS_FIELD_BASE64:
        parse_rest_digits(parser, kind == MG_DNS_FIELD_BASE64);
        return;
    case MG_DNS_FIELD_STRINGS:
        while (parser->at < parser->n && parser->problem == NULL) {
            parse_counted(parser, parser->tokens[parser->at].text);
            parser->at += parser->problem == NULL;
        }
        return;
    case MG_DNS_FIELD_NAME:
    case MG_DNS_FIELD_PLAIN:
        parse_name(parser, text);
        break;
    case MG_DNS_FIELD_A:
    case MG_DNS_FIELD_AAAA:
        parse_address(parser, kind, text);
        break;
    case MG_DNS_FIELD_STRING:
    case MG_DNS_FIELD_WORD:
        parse_counted(parser, text);
        break;
    case MG_DNS_FIELD_REST:
        parse_string(parser, text, UINT16_MAX);
        break;
    case MG_DNS_FIELD_SALT: {
        guint at = parser->out->len;
        put(parser, 0, 1);
        if (text.len != 1 || text.data[0] != '-')
            parse_hex(parser, text);
        if (parser->out->len - at - 1 > 255)
            fail(parser, "a salt has more than 255 octets");
        parser->out->data[at] = (uint8_t)(parser->out->len - at - 1);
        break;
    }
    case MG_DNS_FIELD_HASH:
        parse_base32(parser, text);
        break;
    case MG_DNS_FIELD_EUI48:
    case MG_DNS_FIELD_EUI64:
        parse_groups(parser, text, kind == MG_DNS_FIELD_EUI48 ? 6 : 8, 1, '-');
        break;
    case MG_DNS_FIELD_NSAP:
        parse_nsap(parser, text);
        break;
    case MG_DNS_FIELD_NODE:
        parse_groups(parser, text, 4, 2, ':');
        break;
    case MG_DNS_FIELD_PROTOCOL:
        parse_protocol(parser, text);
        break;
    case MG_DNS_FIELD_U8:
    case MG_DNS_FIELD_U16:
    case MG_DNS_FIELD_U32:
        parse_number(parser, kind, text);
        break;
    default:
        parse_named_number(parser, kind, text);
    }
    if (parser->problem == NULL)
        parser->at++;
}

/* `\# LENGTH HEX…` (RFC 3597 §5), good for every type. */
static void parse_generic(Parser *parser, uint16_t type)
{
    uint64_t len = 0;
    guint before = parser->out->len;
    parser->at = 1;
    if (parser->n < 2 || !mg_dns_uint_parse(parser->tokens[1].text, UINT16_MAX, &len)) {
        fail(parser, "after \\# comes the length of the data");
        return;
    }
    parser->at = 2;
    if (parser->n > 2)
        parse_rest_digits(parser, false);
    MgSpan data = {parser->out->data + before, parser->out->len - before};
    if (parser->problem == NULL && data.len != len) {
        parser->at = 1;
        fail(parser, "this is not the length of the data");
    } else if (parser->problem == NULL && !mg_dns_data_valid(type, data)) {
        parser->at = 0;
        fail(parser, "this type's data cannot be like this");
    }
}

const char *mg_dns_data_parse(uint16_t type, const MgDnsToken *tokens, size_t n,
                              const MgDnsName *origin, GByteArray *out, size_t *at)
{
    const MgDnsTypeRow *row = mg_dns_type_row(type);
    guint before = out->len;
    Parser parser = {.tokens = tokens, .n = n, .origin = origin, .out = out};
    if (n > 0 && !tokens[0].quoted && tokens[0].text.len == 2 &&
        memcmp(tokens[0].text.data, "\\#", 2) == 0)
        parse_generic(&parser, type);
    else if (row == NULL)
        fail(&parser, "data of this type can only be written as \\# LENGTH HEX");
    else
        for (const uint8_t *field = row->fields;
             *field != MG_DNS_FIELD_END && parser.problem == NULL; field++)
            parse_field(&parser, *field);
    if (parser.problem == NULL && parser.at < n)
        fail(&parser, "this is more than a record of this type has");
    if (parser.problem == NULL && out->len - before > UINT16_MAX)
        fail(&parser, "a record has at most 65535 octets");
    *at = parser.at;
    if (parser.problem != NULL)
        g_byte_array_set_size(out, before);
    return parser.problem;
}

/* ---- addresses ---- */

size_t mg_dns_address_parse(const char *text, uint8_t out[16])
{
    MgSpan span = mg_span_from_string(text);
    if (mg_dns_a_parse(span, out))
        return 4;
    return mg_dns_aaaa_parse(span, out) ? 16 : 0;
}

void mg_dns_address_format(MgSpan octets, GString *out)
{
    mg_dns_field_format(octets.len == 4 ? MG_DNS_FIELD_A : MG_DNS_FIELD_AAAA, octets, out);
}
