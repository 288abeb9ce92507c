/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-record-special.h - fields of records with a form of their own: LOC, WKS, SVCB and HTTPS */
#pragma once

#include "dns-record.h"

G_BEGIN_DECLS

/* Parameters of SVCB and HTTPS (RFC 9460 §14.3.2). */
enum {
    MG_DNS_SVC_MANDATORY,
    MG_DNS_SVC_ALPN,
    MG_DNS_SVC_NO_DEFAULT_ALPN,
    MG_DNS_SVC_PORT,
    MG_DNS_SVC_IPV4HINT,
    MG_DNS_SVC_ECH,
    MG_DNS_SVC_IPV6HINT,
    MG_DNS_SVC_DOHPATH,
    MG_DNS_SVC_OHTTP,
    MG_DNS_SVC_N
};
#define MG_DNS_SVC_INVALID 65535

/* Is this, all that is left of a record, as it must be? */
bool mg_dns_svc_valid(MgSpan params);

/* All append; what has no words of its own, so that reading them would not give it back, is false.
 */
bool mg_dns_loc_format(MgSpan data, GString *out);
bool mg_dns_ports_format(MgSpan bitmap, GString *out);
void mg_dns_protocol_format(uint8_t protocol, GString *out);
bool mg_dns_svc_format(MgSpan params, GString *out);
/* "alpn", or "key667". */
void mg_dns_svc_key_format(unsigned key, GString *out);

/* Read from tokens[*at] on; *at moves behind what was taken, or stays at what is wrong. Each
 * returns NULL, or what is wrong in words. */
const char *mg_dns_loc_parse(const MgDnsToken *tokens, size_t n, size_t *at, GByteArray *out);
const char *mg_dns_ports_parse(const MgDnsToken *tokens, size_t n, size_t *at, GByteArray *out);
const char *mg_dns_protocol_parse(MgSpan text, uint8_t *protocol);
const char *mg_dns_svc_parse(const MgDnsToken *tokens, size_t n, size_t *at, GByteArray *out);

/* Of dns-record-text.c: what fields of several kinds share. */
void mg_dns_string_format(MgSpan text, GString *out); /* with quotes */
void mg_dns_aaaa_format(const uint8_t *bytes, GString *out);
bool mg_dns_aaaa_parse(MgSpan text, uint8_t out[16]);
bool mg_dns_a_parse(MgSpan text, uint8_t out[4]);
bool mg_dns_uint_parse(MgSpan text, uint64_t max, uint64_t *out);
/* Appends the octets that an escaped string means (RFC 1035 §5.1). False: a wrong escape. */
bool mg_dns_string_parse(MgSpan text, GByteArray *out);

G_END_DECLS
