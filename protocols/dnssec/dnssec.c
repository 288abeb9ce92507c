/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dnssec.c - signatures, digests and hashes of DNSSEC, by OpenSSL's libcrypto */
#include "dnssec.h"

#include <limits.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#define RSA_BITS_MIN 512  /* RFC 3110 §3, RFC 5702 §2 */
#define RSA_BITS_MAX 4096 /* … and what is longer costs whoever verifies too much */
#define EXPONENT_MAX 8    /* octets: a longer one is nobody's but an attacker's */

typedef enum { FAMILY_RSA, FAMILY_ECDSA, FAMILY_EDDSA } Family;

typedef struct {
    const char *name;
    Family family;
    const EVP_MD *(*digest)(void);
    const char *group; /* the curve, as OpenSSL calls it */
    size_t size;       /* of a number of ECDSA; of a key of EdDSA */
} Algorithm;

static const Algorithm algorithms[] = {
    [MG_DNSSEC_RSASHA1] = {"RSASHA1", FAMILY_RSA, EVP_sha1, NULL, 0},
    [MG_DNSSEC_RSASHA1_NSEC3] = {"RSASHA1-NSEC3-SHA1", FAMILY_RSA, EVP_sha1, NULL, 0},
    [MG_DNSSEC_RSASHA256] = {"RSASHA256", FAMILY_RSA, EVP_sha256, NULL, 0},
    [MG_DNSSEC_RSASHA512] = {"RSASHA512", FAMILY_RSA, EVP_sha512, NULL, 0},
    [MG_DNSSEC_ECDSAP256] = {"ECDSAP256SHA256", FAMILY_ECDSA, EVP_sha256, "prime256v1", 32},
    [MG_DNSSEC_ECDSAP384] = {"ECDSAP384SHA384", FAMILY_ECDSA, EVP_sha384, "secp384r1", 48},
    [MG_DNSSEC_ED25519] = {"ED25519", FAMILY_EDDSA, NULL, "ED25519", 32},
    [MG_DNSSEC_ED448] = {"ED448", FAMILY_EDDSA, NULL, "ED448", 57},
};

static const Algorithm *find_algorithm(uint8_t number)
{
    bool there = number < G_N_ELEMENTS(algorithms) && algorithms[number].name != NULL;
    return there ? &algorithms[number] : NULL;
}

const char *mg_dnssec_algorithm_name(uint8_t algorithm)
{
    const Algorithm *row = find_algorithm(algorithm);
    return row != NULL ? row->name : NULL;
}

static const EVP_MD *digest_of(uint8_t type)
{
    switch (type) {
    case MG_DNSSEC_DIGEST_SHA1:
        return EVP_sha1();
    case MG_DNSSEC_DIGEST_SHA256:
        return EVP_sha256();
    case MG_DNSSEC_DIGEST_SHA384:
        return EVP_sha384();
    default:
        return NULL;
    }
}

size_t mg_dnssec_digest_len(uint8_t type)
{
    const EVP_MD *digest = digest_of(type);
    return digest != NULL ? (size_t)EVP_MD_get_size(digest) : 0;
}

/* A sum of 16 bits with its carry; of the key that would be RSA/MD5's, which nobody uses, another
 * rule would hold. */
uint16_t mg_dnssec_key_tag(MgSpan dnskey)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < dnskey.len; i++)
        sum += (i & 1) != 0 ? dnskey.data[i] : (uint32_t)dnskey.data[i] << 8;
    sum += sum >> 16 & 0xffff;
    return (uint16_t)sum;
}

/* ---- keys ---- */

static EVP_PKEY *make_key(const char *type, OSSL_PARAM *params)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    return key;
}

/* RFC 3110 §2: the exponent's length in one octet or, after a zero, in two; exponent; modulus. */
static EVP_PKEY *read_rsa(MgSpan key)
{
    size_t at = 1, len = key.len > 0 ? key.data[0] : 0;
    if (len == 0 && key.len >= 3) {
        len = (size_t)key.data[1] << 8 | key.data[2];
        at = 3;
    }
    if (len == 0 || len > EXPONENT_MAX || at + len >= key.len)
        return NULL;
    BIGNUM *e = BN_bin2bn(key.data + at, (int)len, NULL);
    BIGNUM *n = BN_bin2bn(key.data + at + len, (int)MIN(key.len - at - len, INT_MAX), NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY *made = NULL;
    if (BN_num_bits(n) >= RSA_BITS_MIN && BN_num_bits(n) <= RSA_BITS_MAX &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1 &&
        (params = OSSL_PARAM_BLD_to_param(build)) != NULL)
        made = make_key("RSA", params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(e);
    return made;
}

/* RFC 6605 §4: the two numbers of a point, which OpenSSL wants a 4 before. */
static EVP_PKEY *read_ecdsa(const Algorithm *algorithm, MgSpan key)
{
    uint8_t point[1 + 2 * 48] = {4};
    if (key.len != 2 * algorithm->size)
        return NULL;
    memcpy(point + 1, key.data, key.len);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)algorithm->group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + key.len),
        OSSL_PARAM_construct_end()};
    return make_key("EC", params);
}

static EVP_PKEY *read_key(const Algorithm *algorithm, MgSpan key)
{
    switch (algorithm->family) {
    case FAMILY_RSA:
        return read_rsa(key);
    case FAMILY_ECDSA:
        return read_ecdsa(algorithm, key);
    default: /* RFC 8080 §3 */
        return key.len == algorithm->size
                   ? EVP_PKEY_new_raw_public_key_ex(NULL, algorithm->group, NULL, key.data, key.len)
                   : NULL;
    }
}

/* ---- signatures ---- */

/* RFC 6605 §4: r and s, which OpenSSL wants in DER. */
static uint8_t *to_der(const Algorithm *algorithm, MgSpan signature, int *len)
{
    uint8_t *der = NULL;
    *len = 0;
    if (signature.len != 2 * algorithm->size)
        return NULL;
    ECDSA_SIG *both = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature.data, (int)algorithm->size, NULL);
    BIGNUM *s = BN_bin2bn(signature.data + algorithm->size, (int)algorithm->size, NULL);
    ECDSA_SIG_set0(both, r, s);
    *len = i2d_ECDSA_SIG(both, &der);
    ECDSA_SIG_free(both);
    return *len > 0 ? der : NULL;
}

bool mg_dnssec_verify(uint8_t algorithm, MgSpan key, MgSpan message, MgSpan signature)
{
    const Algorithm *row = find_algorithm(algorithm);
    EVP_PKEY *public = row != NULL ? read_key(row, key) : NULL;
    if (public == NULL)
        return false;
    int der_len = 0;
    uint8_t *der = row->family == FAMILY_ECDSA ? to_der(row, signature, &der_len) : NULL;
    MgSpan form = row->family == FAMILY_ECDSA ? (MgSpan){der, (size_t)der_len} : signature;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = form.len > 0 &&
                EVP_DigestVerifyInit(context, NULL, row->digest != NULL ? row->digest() : NULL,
                                     NULL, public) == 1 &&
                EVP_DigestVerify(context, form.data, form.len, message.data, message.len) == 1;
    EVP_MD_CTX_free(context);
    OPENSSL_free(der);
    EVP_PKEY_free(public);
    return good;
}

/* ---- digests ---- */

size_t mg_dnssec_digest(uint8_t type, MgSpan owner, MgSpan dnskey,
                        uint8_t out[MG_DNSSEC_DIGEST_MAX])
{
    const EVP_MD *digest = digest_of(type);
    unsigned len = 0;
    if (digest == NULL)
        return 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = EVP_DigestInit_ex(context, digest, NULL) == 1 &&
                EVP_DigestUpdate(context, owner.data, owner.len) == 1 &&
                EVP_DigestUpdate(context, dnskey.data, dnskey.len) == 1 &&
                EVP_DigestFinal_ex(context, out, &len) == 1;
    EVP_MD_CTX_free(context);
    return good ? len : 0;
}

void mg_dnssec_nsec3_hash(MgSpan name, unsigned iterations, MgSpan salt,
                          uint8_t out[MG_DNSSEC_HASH_LEN])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const EVP_MD *digest = EVP_sha1();
    for (unsigned i = 0; i <= iterations; i++) {
        MgSpan in = i == 0 ? name : (MgSpan){out, MG_DNSSEC_HASH_LEN};
        EVP_DigestInit_ex(context, digest, NULL);
        EVP_DigestUpdate(context, in.data, in.len);
        if (salt.len > 0)
            EVP_DigestUpdate(context, salt.data, salt.len);
        EVP_DigestFinal_ex(context, out, NULL);
    }
    EVP_MD_CTX_free(context);
}
