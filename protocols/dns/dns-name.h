/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-name.h - domain names, as the wire has them: labels with their lengths, ended by the root
 *
 * Letters keep their case and are compared without it (RFC 4343). A label has at most 63 octets, a
 * name at most 255 with its lengths (RFC 1035 §2.3.4).
 */
#pragma once

#include <mailglass/base.h>

G_BEGIN_DECLS

#define MG_DNS_LABEL_MAX 63
#define MG_DNS_NAME_MAX  255
#define MG_DNS_LABELS    128

typedef struct {
    uint8_t len; /* octets of wire[], the root's 0 included: at least 1 */
    uint8_t wire[MG_DNS_NAME_MAX];
} MgDnsName;

/* Where each label begins, from the left; the root is not counted. */
typedef struct {
    uint8_t n;
    uint8_t at[MG_DNS_LABELS];
} MgDnsLabels;

static inline uint8_t mg_dns_lower(uint8_t c)
{
    return (uint8_t)(c - 'A') < 26 ? (uint8_t)(c + 32) : c;
}

static inline MgSpan mg_dns_name_span(const MgDnsName *name)
{
    return (MgSpan){name->wire, name->len};
}

/* `wire` is a whole valid name. */
void mg_dns_name_set(MgDnsName *name, MgSpan wire);
void mg_dns_name_set_root(MgDnsName *name);
/* Letters become small ones (RFC 4034 §6.2). */
void mg_dns_name_lower(MgDnsName *name);

/* Reads presentation form; a name without a last dot is completed by `origin` (nullable: by the
 * root). `@` is the origin. Returns NULL, or what is wrong in words. */
const char *mg_dns_name_parse(MgSpan text, const MgDnsName *origin, MgDnsName *out);
/* Appends presentation form with a last dot; the octets that would mislead are escaped (RFC 1035
 * §5.1). */
void mg_dns_name_format(MgSpan wire, GString *out);

bool mg_dns_name_equal(MgSpan a, MgSpan b);
/* True too if they are equal. */
bool mg_dns_name_is_under(MgSpan name, MgSpan ancestor);
/* The order of a zone (RFC 4034 §6.1): label by label from the root, as octets, letters small. */
int mg_dns_name_compare(MgSpan a, MgSpan b);
/* The 20 octets that the first label is in base32hex (RFC 5155 §3.3). False: it is none. */
bool mg_dns_name_base32(MgSpan name, uint8_t out[20]);
void mg_dns_name_labels(MgSpan wire, MgDnsLabels *labels);
/* Without its first label; the root's is empty. */
static inline MgSpan mg_dns_name_parent(MgSpan wire)
{
    size_t skip = wire.len > 1 ? (size_t)wire.data[0] + 1 : wire.len;
    return (MgSpan){wire.data + skip, wire.len - skip};
}

/* A hash that grows label by label from the root, so that all suffixes cost one walk. */
#define MG_DNS_HASH_ROOT 2166136261u
uint32_t mg_dns_hash_label(uint32_t hash, const uint8_t *label);
uint32_t mg_dns_name_hash(MgSpan wire);

G_END_DECLS
