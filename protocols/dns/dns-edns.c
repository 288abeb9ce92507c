/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-edns.c - options of OPT: read, written, said in words; cookies made and known again */
#include "dns-edns.h"

#include "dns-record-special.h"

bool mg_dns_option_next(MgDnsReader *reader, uint16_t *code, MgSpan *value)
{
    if (reader->bad || reader->at >= reader->len)
        return false;
    *code = mg_dns_read_u16(reader);
    *value = mg_dns_read_span(reader, mg_dns_read_u16(reader));
    return !reader->bad;
}

bool mg_dns_subnet_valid(MgSpan value)
{
    unsigned family = value.len >= 4 ? mg_dns_get_u16(value.data) : 0;
    unsigned prefix = value.len >= 4 ? value.data[2] : 0;
    if (value.len < 4 || family < 1 || family > 2 || prefix > (family == 1 ? 32 : 128) ||
        value.data[3] > (family == 1 ? 32 : 128) || value.len != 4 + (prefix + 7) / 8)
        return false;
    return prefix % 8 == 0 || (value.data[value.len - 1] & 0xff >> prefix % 8) == 0;
}

/* RFC 7873 §5.2.2: the client's half alone, or both. */
static bool cookie_valid(MgSpan value)
{
    return value.len == MG_DNS_COOKIE_CLIENT || (value.len >= 16 && value.len <= MG_DNS_COOKIE_MAX);
}

MgDnsOptions mg_dns_options_of(MgSpan data)
{
    MgDnsOptions options = {0};
    MgDnsReader reader = {.data = data.data, .len = data.len};
    uint16_t code = 0;
    MgSpan value = {NULL, 0};
    while (mg_dns_option_next(&reader, &code, &value)) {
        if (code == MG_DNS_OPTION_NSID) {
            options.nsid = true;
        } else if (code == MG_DNS_OPTION_COOKIE && options.cookie.len == 0) { /* the first counts */
            options.cookie = value;
            options.bad = options.bad || !cookie_valid(value);
        } else if (code == MG_DNS_OPTION_SUBNET && options.subnet.len == 0) {
            options.subnet = value;
            options.bad = options.bad || !mg_dns_subnet_valid(value);
        }
    }
    options.bad = options.bad || reader.bad;
    return options;
}

size_t mg_dns_subnet_parse(const char *text, uint8_t out[MG_DNS_SUBNET_MAX])
{
    const char *slash = strchr(text, '/');
    MgSpan address = {(const uint8_t *)text, slash != NULL ? (size_t)(slash - text) : strlen(text)};
    uint64_t prefix = 0;
    memset(out, 0, MG_DNS_SUBNET_MAX);
    bool four = mg_dns_a_parse(address, out + 4);
    if (!four && !mg_dns_aaaa_parse(address, out + 4))
        return 0;
    unsigned bits = four ? 32 : 128;
    prefix = bits;
    if (slash != NULL && !mg_dns_uint_parse(mg_span_from_string(slash + 1), bits, &prefix))
        return 0;
    size_t len = (size_t)(prefix + 7) / 8;
    if (prefix % 8 != 0)
        out[3 + len] &= (uint8_t)(0xff00 >> prefix % 8);
    out[1] = four ? 1 : 2;
    out[2] = (uint8_t)prefix;
    return 4 + len;
}

bool mg_dns_write_option(MgDnsWriter *writer, MgDnsMark before_opt, uint16_t code, MgSpan value)
{
    uint8_t *len = writer->data + before_opt.len + 9; /* behind root, type, class and TTL */
    MgDnsMark mark = mg_dns_writer_mark(writer);
    mg_dns_write_u16(writer, code);
    mg_dns_write_u16(writer, (uint16_t)value.len);
    mg_dns_write_span(writer, value);
    if (writer->full) {
        mg_dns_writer_return(writer, mark);
        return false;
    }
    mg_dns_put_u16(len, (uint16_t)(mg_dns_get_u16(len) + 4 + value.len));
    return true;
}

/* ---- in words ---- */

const char *mg_dns_error_name(unsigned code)
{
    static const char *const names[] = {"Other",
                                        "Unsupported DNSKEY Algorithm",
                                        "Unsupported DS Digest Type",
                                        "Stale Answer",
                                        "Forged Answer",
                                        "DNSSEC Indeterminate",
                                        "DNSSEC Bogus",
                                        "Signature Expired",
                                        "Signature Not Yet Valid",
                                        "DNSKEY Missing",
                                        "RRSIGs Missing",
                                        "No Zone Key Bit Set",
                                        "NSEC Missing",
                                        "Cached Error",
                                        "Not Ready",
                                        "Blocked",
                                        "Censored",
                                        "Filtered",
                                        "Prohibited",
                                        "Stale NXDOMAIN Answer",
                                        "Not Authoritative",
                                        "Not Supported",
                                        "No Reachable Authority",
                                        "Network Error",
                                        "Invalid Data"};
    return code < G_N_ELEMENTS(names) ? names[code] : NULL;
}

static void format_hex(MgSpan value, GString *out)
{
    for (size_t i = 0; i < value.len; i++)
        g_string_append_printf(out, "%02x", value.data[i]);
}

static void format_subnet(MgSpan value, GString *out)
{
    uint8_t address[16] = {0};
    memcpy(address, value.data + 4, MIN(value.len - 4, sizeof address));
    if (value.data[1] == 1)
        g_string_append_printf(out, "%u.%u.%u.%u", address[0], address[1], address[2], address[3]);
    else
        mg_dns_aaaa_format(address, out);
    g_string_append_printf(out, "/%u/%u", value.data[2], value.data[3]);
}

void mg_dns_option_format(uint16_t code, MgSpan value, GString *out)
{
    static const struct {
        uint16_t code;
        const char *name;
    } rows[] = {{MG_DNS_OPTION_NSID, "NSID"},       {MG_DNS_OPTION_SUBNET, "CLIENT-SUBNET"},
                {MG_DNS_OPTION_COOKIE, "COOKIE"},   {MG_DNS_OPTION_KEEPALIVE, "TCP-KEEPALIVE"},
                {MG_DNS_OPTION_PADDING, "PADDING"}, {MG_DNS_OPTION_ERROR, "EDE"}};
    const char *name = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].code == code)
            name = rows[i].name;
    if (name != NULL)
        g_string_append_printf(out, "%s: ", name);
    else
        g_string_append_printf(out, "OPT=%u: ", code);
    if (code == MG_DNS_OPTION_ERROR && value.len >= 2) {
        unsigned number = mg_dns_get_u16(value.data);
        const char *why = mg_dns_error_name(number);
        g_string_append_printf(out, "%u (%s)", number, why != NULL ? why : "?");
        if (value.len > 2) {
            g_string_append(out, ": ");
            mg_dns_string_format(mg_span_slice(value, 2, value.len - 2), out);
        }
    } else if (code == MG_DNS_OPTION_SUBNET && mg_dns_subnet_valid(value)) {
        format_subnet(value, out);
    } else if (code == MG_DNS_OPTION_PADDING) {
        g_string_append_printf(out, "%zu octets", value.len);
    } else {
        format_hex(value, out);
        if (code == MG_DNS_OPTION_NSID && value.len > 0) {
            g_string_append(out, " (");
            mg_dns_string_format(value, out);
            g_string_append_c(out, ')');
        }
    }
}

/* ---- cookies ---- */

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static uint64_t get_u64(const uint8_t *data)
{
    uint64_t value = 0;
    for (unsigned i = 8; i-- > 0;)
        value = value << 8 | data[i];
    return value;
}

/* SipHash-2-4 (Aumasson, Bernstein 2012). */
static uint64_t sip_hash(const uint8_t key[16], MgSpan data)
{
    uint64_t k0 = get_u64(key), k1 = get_u64(key + 8);
    uint64_t v[4] = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u,
                     k1 ^ 0x7465646279746573u};
    uint8_t last[8] = {0};
    for (size_t at = 0; at <= data.len; at += 8) {
        bool whole = at + 8 <= data.len;
        if (!whole) {
            memcpy(last, data.data + at, data.len - at);
            last[7] = (uint8_t)data.len;
        }
        uint64_t word = get_u64(whole ? data.data + at : last);
        v[3] ^= word;
        sip_round(v);
        sip_round(v);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    for (unsigned i = 0; i < 4; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void mg_dns_cookie_make(const uint8_t secret[16], MgSpan client_cookie, uint32_t now,
                        MgSpan address, uint8_t out[MG_DNS_COOKIE_SERVER])
{
    uint8_t input[MG_DNS_COOKIE_CLIENT + 8 + 16];
    g_assert(client_cookie.len == MG_DNS_COOKIE_CLIENT && address.len <= 16);
    memset(out, 0, 8);
    out[0] = 1; /* the version */
    mg_dns_put_u16(out + 4, (uint16_t)(now >> 16));
    mg_dns_put_u16(out + 6, (uint16_t)now);
    memcpy(input, client_cookie.data, MG_DNS_COOKIE_CLIENT);
    memcpy(input + MG_DNS_COOKIE_CLIENT, out, 8);
    if (address.len > 0)
        memcpy(input + MG_DNS_COOKIE_CLIENT + 8, address.data, address.len);
    uint64_t hash = sip_hash(secret, (MgSpan){input, MG_DNS_COOKIE_CLIENT + 8 + address.len});
    for (unsigned i = 0; i < 8; i++)
        out[8 + i] = (uint8_t)(hash >> 8 * i);
}

bool mg_dns_cookie_good(const uint8_t secret[16], MgSpan cookie, uint32_t now, MgSpan address)
{
    uint8_t made[MG_DNS_COOKIE_SERVER];
    if (cookie.len != MG_DNS_COOKIE_CLIENT + MG_DNS_COOKIE_SERVER)
        return false;
    const uint8_t *half = cookie.data + MG_DNS_COOKIE_CLIENT;
    uint32_t then = mg_dns_get_u32(half + 4);
    int32_t age = (int32_t)(now - then); /* RFC 1982: serial numbers */
    if (age < -300 || age > 3600)
        return false;
    mg_dns_cookie_make(secret, mg_span_slice(cookie, 0, MG_DNS_COOKIE_CLIENT), then, address, made);
    return memcmp(made, half, sizeof made) == 0;
}
