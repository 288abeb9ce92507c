/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-edns.h - what OPT carries: options that both ends may speak of (RFC 6891 §6.1.2) */
#pragma once

#include "dns-message.h"

G_BEGIN_DECLS

enum {
    MG_DNS_OPTION_NSID = 3,       /* RFC 5001 */
    MG_DNS_OPTION_SUBNET = 8,     /* RFC 7871 */
    MG_DNS_OPTION_COOKIE = 10,    /* RFC 7873 */
    MG_DNS_OPTION_KEEPALIVE = 11, /* RFC 7828 */
    MG_DNS_OPTION_PADDING = 12,   /* RFC 7830 */
    MG_DNS_OPTION_ERROR = 15      /* RFC 8914 */
};

#define MG_DNS_COOKIE_CLIENT 8
#define MG_DNS_COOKIE_SERVER 16 /* RFC 9018 §4; other servers' have 8 to 32 */
#define MG_DNS_COOKIE_MAX    40
#define MG_DNS_SUBNET_MAX    20

/* Codes of MG_DNS_OPTION_ERROR that our servers say (RFC 8914 §4). */
enum {
    MG_DNS_ERROR_PROHIBITED = 18,
    MG_DNS_ERROR_NOT_AUTHORITATIVE = 20,
    MG_DNS_ERROR_NOT_SUPPORTED = 21
};

/* The options of one OPT, as spans of its data. */
typedef struct {
    bool bad; /* lengths do not fit, or an option is not as it must be */
    bool nsid;
    MgSpan cookie, subnet; /* empty: not there */
} MgDnsOptions;

/* The next option of OPT's data. False at its end, and if it is broken (reader->bad). */
bool mg_dns_option_next(MgDnsReader *reader, uint16_t *code, MgSpan *value);
MgDnsOptions mg_dns_options_of(MgSpan data);
/* Family, two prefix lengths, as many octets as the first needs and no bit more (RFC 7871 §6). */
bool mg_dns_subnet_valid(MgSpan value);
/* "192.0.2.0/24" in wire form with scope 0; 0 if it is none, else its length. */
size_t mg_dns_subnet_parse(const char *text, uint8_t out[MG_DNS_SUBNET_MAX]);

/* Adds an option to the OPT that was just written. False, and nothing is written, without room. */
bool mg_dns_write_option(MgDnsWriter *writer, MgDnsMark before_opt, uint16_t code, MgSpan value);

/* (nullable) "Stale Answer" */
const char *mg_dns_error_name(unsigned code);
/* Appends "NSID: 6e7331 (\"ns1\")", "COOKIE: …", "CLIENT-SUBNET: …", "EDE: 18 (Prohibited)". */
void mg_dns_option_format(uint16_t code, MgSpan value, GString *out);

/* The server's half of a cookie: version, time, and SipHash-2-4 over both halves and the client's
 * address (RFC 9018 §4). */
void mg_dns_cookie_make(const uint8_t secret[16], MgSpan client_cookie, uint32_t now,
                        MgSpan address, uint8_t out[MG_DNS_COOKIE_SERVER]);
/* Did we make this one, in the last hour (RFC 9018 §4.3)? `cookie` has both halves. */
bool mg_dns_cookie_good(const uint8_t secret[16], MgSpan cookie, uint32_t now, MgSpan address);

G_END_DECLS
