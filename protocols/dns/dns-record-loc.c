/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-record-loc.c - where a host stands (LOC, RFC 1876), and what it once offered (WKS, RFC 1035
 * §3.4.2) */
#include "dns-record-special.h"

#define LOC_LEN      16
#define EQUATOR      (1u << 31) /* and the prime meridian, in thousandths of an arc second */
#define SEA_LEVEL    10000000   /* in centimetres above the base of 100 km below it */
#define ARC_DEGREE   3600000u
#define PORTS_OCTETS 8192

/* ---- LOC ---- */

/* A digit and how many zeros follow, in centimetres. */
static bool size_valid(uint8_t octet)
{
    return octet >> 4 <= 9 && (octet & 15) <= 9 && (octet >> 4 > 0 || octet == 0);
}

static bool angle_valid(uint32_t angle, unsigned degrees)
{
    return (angle > EQUATOR ? angle - EQUATOR : EQUATOR - angle) <= degrees * ARC_DEGREE;
}

static void format_angle(uint32_t angle, char positive, char negative, GString *out)
{
    uint32_t arc = angle >= EQUATOR ? angle - EQUATOR : EQUATOR - angle;
    g_string_append_printf(out, "%u %02u %02u.%03u %c ", arc / ARC_DEGREE, arc / 60000 % 60,
                           arc / 1000 % 60, arc % 1000, angle >= EQUATOR ? positive : negative);
}

static void format_size(uint8_t octet, GString *out)
{
    uint64_t size = octet >> 4;
    for (unsigned i = octet & 15; i > 0; i--)
        size *= 10;
    if (size % 100 == 0 && size > 0)
        g_string_append_printf(out, " %um", (unsigned)(size / 100));
    else
        g_string_append_printf(out, " %u.%02um", (unsigned)(size / 100), (unsigned)(size % 100));
}

bool mg_dns_loc_format(MgSpan data, GString *out)
{
    const uint8_t *at = data.data;
    if (data.len != LOC_LEN || at[0] != 0 || !size_valid(at[1]) || !size_valid(at[2]) ||
        !size_valid(at[3]) || !angle_valid(mg_dns_get_u32(at + 4), 90) ||
        !angle_valid(mg_dns_get_u32(at + 8), 180))
        return false;
    format_angle(mg_dns_get_u32(at + 4), 'N', 'S', out);
    format_angle(mg_dns_get_u32(at + 8), 'E', 'W', out);
    int64_t altitude = (int64_t)mg_dns_get_u32(at + 12) - SEA_LEVEL;
    uint64_t height = (uint64_t)ABS(altitude);
    g_string_append_printf(out, "%s%u", altitude < 0 ? "-" : "", (unsigned)(height / 100));
    if (height % 100 != 0)
        g_string_append_printf(out, ".%02u", (unsigned)(height % 100));
    g_string_append_c(out, 'm');
    for (unsigned i = 1; i <= 3; i++)
        format_size(at[i], out);
    return true;
}

/* "12", "12.5", "-3.25": `places` digits behind the point, as a whole number of the smallest. */
static bool parse_decimal(MgSpan text, unsigned places, uint64_t *out)
{
    uint64_t value = 0;
    size_t at = 0;
    for (; at < text.len && g_ascii_isdigit(text.data[at]) && at < 12; at++)
        value = value * 10 + (text.data[at] - '0');
    bool digits = at > 0;
    if (at < text.len && text.data[at] == '.')
        at++;
    for (unsigned i = 0; i < places; i++) {
        bool digit = at < text.len && g_ascii_isdigit(text.data[at]);
        value = value * 10 + (digit ? (uint64_t)(text.data[at] - '0') : 0);
        digits = digits || digit;
        at += digit;
    }
    *out = value;
    return digits && at == text.len;
}

static bool is_letter(const MgDnsToken *token, char letter)
{
    return token->text.len == 1 && mg_dns_lower(token->text.data[0]) == (uint8_t)letter;
}

/* DEGREES [MINUTES [SECONDS]] and one of two letters. */
static const char *parse_angle(const MgDnsToken *tokens, size_t n, size_t *at, const char *letters,
                               uint32_t *out)
{
    static const uint64_t factors[] = {ARC_DEGREE, 60000, 1};
    const uint64_t max[] = {letters[0] == 'n' ? 90 : 180, 59, 59999};
    uint64_t total = 0;
    for (unsigned i = 0; *at < n; i++, (*at)++) {
        if (i > 0 && (is_letter(&tokens[*at], letters[0]) || is_letter(&tokens[*at], letters[1])))
            break;
        uint64_t value = 0;
        if (i == 3 || !parse_decimal(tokens[*at].text, i == 2 ? 3 : 0, &value) || value > max[i])
            return letters[0] == 'n' ? "not degrees, minutes and seconds up to 90, and N or S"
                                     : "not degrees, minutes and seconds up to 180, and E or W";
        total += value * factors[i];
    }
    if (*at >= n)
        return "something is missing at the end of this record";
    if (total > max[0] * ARC_DEGREE)
        return "this is more degrees than there are";
    bool positive = is_letter(&tokens[(*at)++], letters[0]);
    *out = positive ? EQUATOR + (uint32_t)total : EQUATOR - (uint32_t)total;
    return NULL;
}

/* Metres, with or without "m", in centimetres. */
static bool parse_metres(MgSpan text, uint64_t *out)
{
    if (text.len > 1 && mg_dns_lower(text.data[text.len - 1]) == 'm')
        text.len--;
    return parse_decimal(text, 2, out);
}

static bool parse_size(MgSpan text, uint8_t *out)
{
    uint64_t value = 0;
    uint8_t zeros = 0;
    if (!parse_metres(text, &value))
        return false;
    for (; value >= 10; value /= 10)
        zeros++;
    *out = (uint8_t)(value << 4 | zeros);
    return zeros <= 9;
}

const char *mg_dns_loc_parse(const MgDnsToken *tokens, size_t n, size_t *at, GByteArray *out)
{
    /* RFC 1876 §3: what is left out is 1 m, 10,000 m and 10 m. */
    uint8_t wire[LOC_LEN] = {0, 0x12, 0x16, 0x13};
    uint32_t latitude = 0, longitude = 0;
    uint64_t value = 0;
    const char *problem = parse_angle(tokens, n, at, "ns", &latitude);
    if (problem == NULL)
        problem = parse_angle(tokens, n, at, "ew", &longitude);
    if (problem != NULL)
        return problem;
    if (*at >= n)
        return "something is missing at the end of this record";
    MgSpan text = tokens[*at].text;
    bool below = text.len > 0 && text.data[0] == '-';
    if (!parse_metres(below ? mg_span_slice(text, 1, text.len - 1) : text, &value) ||
        value > (below ? SEA_LEVEL : UINT32_MAX - (uint64_t)SEA_LEVEL))
        return "not a height from -100000m to 42849672.95m";
    uint32_t altitude = (uint32_t)(below ? SEA_LEVEL - value : SEA_LEVEL + value);
    (*at)++;
    for (size_t i = 1; *at < n; i++, (*at)++) {
        if (i > 3)
            return "this is more than a record of this type has";
        if (!parse_size(tokens[*at].text, &wire[i]))
            return "not a size up to 90000000m";
    }
    mg_dns_put_u16(wire + 4, (uint16_t)(latitude >> 16));
    mg_dns_put_u16(wire + 6, (uint16_t)latitude);
    mg_dns_put_u16(wire + 8, (uint16_t)(longitude >> 16));
    mg_dns_put_u16(wire + 10, (uint16_t)longitude);
    mg_dns_put_u16(wire + 12, (uint16_t)(altitude >> 16));
    mg_dns_put_u16(wire + 14, (uint16_t)altitude);
    g_byte_array_append(out, wire, sizeof wire);
    return NULL;
}

/* ---- WKS ---- */

static const struct {
    const char *name;
    uint8_t number;
} protocols[] = {{"icmp", 1}, {"tcp", 6}, {"udp", 17}};

/* Those that a master file of the time when WKS was in use may name. */
static const struct {
    const char *name;
    uint16_t port;
} services[] = {{"echo", 7},    {"discard", 9}, {"systat", 11}, {"daytime", 13}, {"ftp-data", 20},
                {"ftp", 21},    {"ssh", 22},    {"telnet", 23}, {"smtp", 25},    {"time", 37},
                {"whois", 43},  {"domain", 53}, {"tftp", 69},   {"gopher", 70},  {"finger", 79},
                {"http", 80},   {"pop2", 109},  {"pop3", 110},  {"sunrpc", 111}, {"nntp", 119},
                {"ntp", 123},   {"imap", 143},  {"imap2", 143}, {"snmp", 161},   {"https", 443},
                {"imaps", 993}, {"pop3s", 995}};

void mg_dns_protocol_format(uint8_t protocol, GString *out)
{
    for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++) {
        if (protocols[i].number == protocol) {
            g_string_append(out, protocols[i].name);
            return;
        }
    }
    g_string_append_printf(out, "%u", protocol);
}

const char *mg_dns_protocol_parse(MgSpan text, uint8_t *protocol)
{
    uint64_t number = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++) {
        if (mg_span_equal_nocase(text, mg_span_from_string(protocols[i].name))) {
            *protocol = protocols[i].number;
            return NULL;
        }
    }
    if (!mg_dns_uint_parse(text, UINT8_MAX, &number))
        return "not a protocol: tcp, udp or a number up to 255";
    *protocol = (uint8_t)number;
    return NULL;
}

bool mg_dns_ports_format(MgSpan bitmap, GString *out)
{
    size_t before = out->len;
    if (bitmap.len > PORTS_OCTETS || (bitmap.len > 0 && bitmap.data[bitmap.len - 1] == 0))
        return false;
    for (size_t port = 0; port < 8 * bitmap.len; port++)
        if ((bitmap.data[port / 8] & 0x80 >> port % 8) != 0)
            g_string_append_printf(out, "%s%zu", out->len > before ? " " : "", port);
    return true;
}

const char *mg_dns_ports_parse(const MgDnsToken *tokens, size_t n, size_t *at, GByteArray *out)
{
    g_autofree uint8_t *bitmap = g_malloc0(PORTS_OCTETS);
    guint len = 0;
    for (; *at < n; (*at)++) {
        uint64_t port = UINT16_MAX + 1u;
        for (size_t i = 0; i < G_N_ELEMENTS(services); i++)
            if (mg_span_equal_nocase(tokens[*at].text, mg_span_from_string(services[i].name)))
                port = services[i].port;
        if (port > UINT16_MAX && !mg_dns_uint_parse(tokens[*at].text, UINT16_MAX, &port))
            return "not a port or a service's name";
        bitmap[port / 8] |= (uint8_t)(0x80 >> port % 8);
        len = MAX(len, (guint)port / 8 + 1);
    }
    g_byte_array_append(out, bitmap, len);
    return NULL;
}
