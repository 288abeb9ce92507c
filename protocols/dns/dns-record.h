/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-record.h - record types as rows: what their data is made of, on the wire and in words
 *
 * A new type is a new row. All functions work on data in wire form without compression, but
 * mg_dns_expand_data(), which makes it of a record in a message.
 */
#pragma once

#include "dns-message.h"

G_BEGIN_DECLS

typedef enum {
    MG_DNS_FIELD_END,
    MG_DNS_FIELD_U8,
    MG_DNS_FIELD_U16,
    MG_DNS_FIELD_U32,
    MG_DNS_FIELD_PERIOD, /* seconds; may be written "1h30m" */
    MG_DNS_FIELD_NAME,   /* may be compressed in a message: the types of RFC 1035 (RFC 3597 §4) */
    MG_DNS_FIELD_PLAIN,  /* a name that must not be compressed */
    MG_DNS_FIELD_A,
    MG_DNS_FIELD_AAAA,
    MG_DNS_FIELD_STRING,  /* a length and at most 255 octets */
    MG_DNS_FIELD_WORD,    /* the same, written without quotes */
    MG_DNS_FIELD_STRINGS, /* one or more, to the end */
    MG_DNS_FIELD_REST,    /* all that is left, written as one string */
    MG_DNS_FIELD_HEX,     /* all that is left */
    MG_DNS_FIELD_BASE64,  /* all that is left */
    MG_DNS_FIELD_TIME,    /* 32 bits, written YYYYMMDDHHmmSS (RFC 4034 §3.2) */
    MG_DNS_FIELD_TYPE,    /* 16 bits, written as a type's name */
    MG_DNS_FIELD_TYPES,   /* a bitmap to the end (RFC 4034 §4.1.2) */
    MG_DNS_FIELD_SALT,    /* a length and octets, written in hex or "-" (RFC 5155 §3.3) */
    MG_DNS_FIELD_HASH,    /* a length and octets, written in base32hex */
    MG_DNS_FIELD_EUI48,   /* 00-00-5e-00-53-2a (RFC 7043) */
    MG_DNS_FIELD_EUI64,
    MG_DNS_FIELD_NODE,     /* 64 bits, written like a half IPv6 address (RFC 6742) */
    MG_DNS_FIELD_NSAP,     /* all that is left, written 0x47.0005… (RFC 1706 §5) */
    MG_DNS_FIELD_LOC,      /* 16 octets: where on earth (RFC 1876 §2) */
    MG_DNS_FIELD_PROTOCOL, /* 8 bits, written "tcp" */
    MG_DNS_FIELD_PORTS,    /* a bitmap to the end (RFC 1035 §3.4.2) */
    MG_DNS_FIELD_SVC       /* parameters to the end (RFC 9460 §2.2) */
} MgDnsFieldKind;

typedef struct {
    const char *name;
    uint8_t fields[10]; /* MgDnsFieldKind, ended by END */
    uint16_t type;
} MgDnsTypeRow;

/* A word of a master file. */
typedef struct {
    MgSpan text; /* without the quotes; escapes are still in it */
    unsigned line, column;
    bool quoted;
} MgDnsToken;

/* (nullable) the row of a type. */
const MgDnsTypeRow *mg_dns_type_row(uint16_t type);
/* "MX", or "TYPE65280" (RFC 3597 §5). */
void mg_dns_type_format(uint16_t type, GString *out);
bool mg_dns_type_parse(MgSpan text, uint16_t *type);
/* "IN", or "CLASS42". */
void mg_dns_class_format(uint16_t class, GString *out);
bool mg_dns_class_parse(MgSpan text, uint16_t *class);
/* (nullable) "NXDOMAIN" */
const char *mg_dns_rcode_name(unsigned rcode);

/* Moves over one field of data that begins at reader->at and ends at reader->len. False at the end
 * or when it is broken (reader->bad). `name` gets the name of a name field. A name in a message may
 * be compressed. */
bool mg_dns_read_field(MgDnsReader *reader, MgDnsFieldKind kind, MgDnsName *name);
/* Is it whole, with nothing left over? Types without a row always are. */
bool mg_dns_data_valid(uint16_t type, MgSpan data);
/* Appends the data of a record in `message`, names written out. False if it is broken. */
bool mg_dns_expand_data(MgSpan message, const MgDnsRecord *record, GByteArray *out);
/* Valid data into a message, names compressed where that is allowed. */
void mg_dns_write_data(MgDnsWriter *writer, uint16_t type, MgSpan data);
/* Appends presentation form; what is unknown or broken as `\# 2 abcd` (RFC 3597 §5). */
void mg_dns_data_format(uint16_t type, MgSpan data, GString *out);
/* The same of one field that is whole: "20260302090000" of a time, "A MX RRSIG" of types. */
void mg_dns_field_format(MgDnsFieldKind kind, MgSpan raw, GString *out);
/* Appends the wire form of what the tokens say. Returns NULL, or what is wrong in words, with the
 * index of the token in *at; `n` means that one is missing. */
const char *mg_dns_data_parse(uint16_t type, const MgDnsToken *tokens, size_t n,
                              const MgDnsName *origin, GByteArray *out, size_t *at);
/* The octets of an IP address: how many, 0 if it is none. And back, in the one way to write it. */
size_t mg_dns_address_parse(const char *text, uint8_t out[16]);
void mg_dns_address_format(MgSpan octets, GString *out);
/* "1h30m" (BIND's way to write a TTL) or a number. */
bool mg_dns_period_parse(MgSpan text, uint32_t *out);

G_END_DECLS
