/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-message.h - messages on the wire (RFC 1035 §4): read without copying, written compressed
 *
 * A reader never fails in the middle: what goes wrong stays in `bad`, all reads after it give
 * zeros, and the caller looks once at the end. A writer that is out of room stays `full` in the
 * same way and writes nothing more.
 */
#pragma once

#include "dns-name.h"

G_BEGIN_DECLS

#define MG_DNS_HEADER      12
#define MG_DNS_UDP_PLAIN   512  /* RFC 1035 §2.3.4 */
#define MG_DNS_UDP_EDNS    1232 /* what passes every path without fragments */
#define MG_DNS_MESSAGE_MAX 65535

typedef enum {
    MG_DNS_A = 1,
    MG_DNS_NS = 2,
    MG_DNS_CNAME = 5,
    MG_DNS_SOA = 6,
    MG_DNS_PTR = 12,
    MG_DNS_MX = 15,
    MG_DNS_TXT = 16,
    MG_DNS_AAAA = 28,
    MG_DNS_SRV = 33,
    MG_DNS_DNAME = 39,
    MG_DNS_OPT = 41,
    MG_DNS_DS = 43,
    MG_DNS_RRSIG = 46,
    MG_DNS_NSEC = 47,
    MG_DNS_DNSKEY = 48,
    MG_DNS_NSEC3 = 50,
    MG_DNS_NSEC3PARAM = 51,
    MG_DNS_IXFR = 251,
    MG_DNS_AXFR = 252,
    MG_DNS_ANY = 255
} MgDnsType;

#define MG_DNS_IN         1
#define MG_DNS_CLASS_NONE 254 /* with ANY, 255, of an UPDATE alone (RFC 2136 §2.4) */

typedef enum {
    MG_DNS_NOERROR = 0,
    MG_DNS_FORMERR = 1,
    MG_DNS_SERVFAIL = 2,
    MG_DNS_NXDOMAIN = 3,
    MG_DNS_NOTIMP = 4,
    MG_DNS_REFUSED = 5,
    MG_DNS_YXDOMAIN = 6,
    MG_DNS_NOTAUTH = 9,
    MG_DNS_BADVERS = 16,
    MG_DNS_BADCOOKIE = 23
} MgDnsRcode;

/* The header's flags (RFC 1035 §4.1.1, RFC 4035 §3.2). */
enum {
    MG_DNS_QR = 0x8000,
    MG_DNS_OPCODE = 0x7800,
    MG_DNS_AA = 0x0400,
    MG_DNS_TC = 0x0200,
    MG_DNS_RD = 0x0100,
    MG_DNS_RA = 0x0080,
    MG_DNS_AD = 0x0020,
    MG_DNS_CD = 0x0010
};

typedef enum { MG_DNS_QUESTION, MG_DNS_ANSWER, MG_DNS_AUTHORITY, MG_DNS_ADDITIONAL } MgDnsSection;

typedef struct {
    const uint8_t *data;
    size_t len, at;
    bool bad;
} MgDnsReader;

uint8_t mg_dns_read_u8(MgDnsReader *reader);
uint16_t mg_dns_read_u16(MgDnsReader *reader);
uint32_t mg_dns_read_u32(MgDnsReader *reader);
MgSpan mg_dns_read_span(MgDnsReader *reader, size_t len);
/* A name, compressed or not. A pointer must lead to before the name it stands in: so no loop is
 * possible, and we are as strict as "a prior occurrence" (RFC 1035 §4.1.4) says. */
void mg_dns_read_name(MgDnsReader *reader, MgDnsName *name);

typedef struct {
    uint16_t id, flags, counts[4]; /* counts by MgDnsSection */
    MgDnsName name;                /* of the first question */
    uint16_t type, class;
    MgDnsReader reader; /* behind the first question */
    uint16_t left;      /* records that are left in `section` */
    MgDnsSection section;
} MgDnsMessage;

typedef struct {
    MgDnsSection section;
    MgDnsName name;
    uint16_t type, class;
    uint32_t ttl;
    size_t at, data_at; /* offsets in the message: of the record, of its data */
    uint16_t data_len;
} MgDnsRecord;

/* Reads header and first question. False: not a message (fewer than 12 octets, or the question is
 * broken; the header's fields are set if there is one). */
bool mg_dns_message_open(MgDnsMessage *message, MgSpan bytes);
/* The next record of any section. False at the end, and when something is wrong (reader.bad). */
bool mg_dns_message_next(MgDnsMessage *message, MgDnsRecord *record);

/* What OPT says (RFC 6891 §6.1). */
typedef struct {
    bool present, dnssec_ok;
    uint8_t version, extended_rcode;
    uint16_t payload;
} MgDnsEdns;
MgDnsEdns mg_dns_edns_of(const MgDnsRecord *record);

#define MG_DNS_KNOWN_NAMES 96

typedef struct {
    uint8_t *data;
    size_t cap, len;
    bool full;
    uint16_t n_known; /* suffixes that can be pointed at */
    struct {
        uint16_t at;
        uint8_t len; /* of the whole suffix, uncompressed */
        uint32_t hash;
    } known[MG_DNS_KNOWN_NAMES];
} MgDnsWriter;

/* A mark to go back to when a record did not fit. */
typedef struct {
    size_t len;
    uint16_t n_known;
} MgDnsMark;

void mg_dns_writer_init(MgDnsWriter *writer, uint8_t *data, size_t cap);
void mg_dns_write_u8(MgDnsWriter *writer, uint8_t value);
void mg_dns_write_u16(MgDnsWriter *writer, uint16_t value);
void mg_dns_write_u32(MgDnsWriter *writer, uint32_t value);
void mg_dns_write_span(MgDnsWriter *writer, MgSpan bytes);
/* `wire` is a whole name. Compressed where a suffix was written before, if `compress`. */
void mg_dns_write_name(MgDnsWriter *writer, MgSpan wire, bool compress);
void mg_dns_write_header(MgDnsWriter *writer, uint16_t id, uint16_t flags);
void mg_dns_write_question(MgDnsWriter *writer, MgSpan name, uint16_t type, uint16_t class);
/* Data is uncompressed wire form. Writes all of the record or, when there is no room, nothing and
 * returns false. Counts it in the header. */
bool mg_dns_write_record(MgDnsWriter *writer, MgDnsSection section, MgSpan name, uint16_t type,
                         uint32_t ttl, MgSpan data);
bool mg_dns_write_opt(MgDnsWriter *writer, uint16_t payload, unsigned rcode, bool dnssec_ok);
/* Sets or clears bits of a header that was written, and its rcode. */
void mg_dns_write_flags(MgDnsWriter *writer, uint16_t set, uint16_t rcode);
MgDnsMark mg_dns_writer_mark(const MgDnsWriter *writer);
void mg_dns_writer_return(MgDnsWriter *writer, MgDnsMark mark);

static inline uint16_t mg_dns_get_u16(const uint8_t *data)
{
    return (uint16_t)(data[0] << 8 | data[1]);
}

static inline uint32_t mg_dns_get_u32(const uint8_t *data)
{
    return (uint32_t)mg_dns_get_u16(data) << 16 | mg_dns_get_u16(data + 2);
}

static inline void mg_dns_put_u16(uint8_t *data, uint16_t value)
{
    data[0] = (uint8_t)(value >> 8);
    data[1] = (uint8_t)value;
}

G_END_DECLS
