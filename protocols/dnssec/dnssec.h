/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dnssec.h - the arithmetic of DNSSEC: is this signature of this key, what is the digest of that
 *
 * Octets in, a verdict out; what they mean in a zone is not known here. Whoever calls has put them
 * into canonical form (RFC 4034 §6).
 */
#pragma once

#include <mailglass/base.h>

G_BEGIN_DECLS

/* https://www.iana.org/assignments/dns-sec-alg-numbers; those that we know. RSA/MD5 and DSA must
 * not be used any more (RFC 8624 §3.1), and nobody's OpenSSL needs to have GOST. */
enum {
    MG_DNSSEC_RSASHA1 = 5,
    MG_DNSSEC_RSASHA1_NSEC3 = 7,
    MG_DNSSEC_RSASHA256 = 8,
    MG_DNSSEC_RSASHA512 = 10,
    MG_DNSSEC_ECDSAP256 = 13,
    MG_DNSSEC_ECDSAP384 = 14,
    MG_DNSSEC_ED25519 = 15,
    MG_DNSSEC_ED448 = 16
};

enum { MG_DNSSEC_DIGEST_SHA1 = 1, MG_DNSSEC_DIGEST_SHA256 = 2, MG_DNSSEC_DIGEST_SHA384 = 4 };

#define MG_DNSSEC_DIGEST_MAX 48
#define MG_DNSSEC_HASH_LEN   20 /* of NSEC3's SHA-1 */

/* (nullable) "ECDSAP256SHA256" */
const char *mg_dnssec_algorithm_name(uint8_t algorithm);
static inline bool mg_dnssec_algorithm_known(uint8_t algorithm)
{
    return mg_dnssec_algorithm_name(algorithm) != NULL;
}
/* The length of a digest of this type; 0: the type is unknown. */
size_t mg_dnssec_digest_len(uint8_t type);

/* Of a DNSKEY's whole data (RFC 4034 appendix B). */
uint16_t mg_dnssec_key_tag(MgSpan dnskey);

/* Is `signature` made over `message` by the owner of the public key, which is in the form that
 * DNSKEY has it in? False, too, if key or signature are broken or the algorithm is unknown. */
bool mg_dnssec_verify(uint8_t algorithm, MgSpan key, MgSpan message, MgSpan signature);

/* Of the owner's name in canonical form, and the DNSKEY's data (RFC 4034 §5.1.4). The digest's
 * length; 0 if the type is unknown. */
size_t mg_dnssec_digest(uint8_t type, MgSpan owner, MgSpan dnskey,
                        uint8_t out[MG_DNSSEC_DIGEST_MAX]);

/* RFC 5155 §5, of a name in canonical form: once, and `iterations` times more. */
void mg_dnssec_nsec3_hash(MgSpan name, unsigned iterations, MgSpan salt,
                          uint8_t out[MG_DNSSEC_HASH_LEN]);

G_END_DECLS
