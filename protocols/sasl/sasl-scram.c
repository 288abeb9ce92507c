/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasl-scram.c - the sums of SCRAM (RFC 5802 §3) and the form of its messages (§7) */
#include "sasl-private.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define SCRAM_ITERATIONS_MAX 10000000u

static const EVP_MD *hash_of(MgSaslMechanism mechanism)
{
    return mechanism == MG_SASL_SCRAM_SHA_1 || mechanism == MG_SASL_SCRAM_SHA_1_PLUS ? EVP_sha1()
                                                                                     : EVP_sha256();
}

size_t mg_sasl_hash_len(MgSaslMechanism mechanism)
{
    return (size_t)EVP_MD_get_size(hash_of(mechanism));
}

static void hmac(const MgSaslKeys *keys, const uint8_t *key, const char *text, uint8_t *out)
{
    unsigned len = 0;
    HMAC(hash_of(keys->mechanism), key, (int)mg_sasl_hash_len(keys->mechanism),
         (const uint8_t *)text, strlen(text), out, &len);
}

static void hash(const MgSaslKeys *keys, const uint8_t *in, uint8_t *out)
{
    unsigned len = 0;
    EVP_Digest(in, mg_sasl_hash_len(keys->mechanism), out, &len, hash_of(keys->mechanism), NULL);
}

void mg_sasl_keys_derive(MgSaslKeys *keys, const char *password, uint8_t *client_key)
{
    uint8_t salted[MG_SASL_HASH_MAX];
    PKCS5_PBKDF2_HMAC(password, (int)strlen(password), keys->salt, (int)keys->salt_len,
                      (int)keys->iterations, hash_of(keys->mechanism),
                      (int)mg_sasl_hash_len(keys->mechanism), salted);
    hmac(keys, salted, "Client Key", client_key);
    hash(keys, client_key, keys->stored);
    hmac(keys, salted, "Server Key", keys->server);
    explicit_bzero(salted, sizeof salted);
}

bool mg_sasl_keys_make(MgSaslKeys *keys, const char *password, MgSpan salt)
{
    uint8_t client_key[MG_SASL_HASH_MAX];
    char *prepared = mg_sasl_prep(password, true);
    if (prepared == NULL)
        return false;
    g_assert(salt.len > 0 && salt.len <= sizeof keys->salt && keys->iterations > 0);
    memcpy(keys->salt, salt.data, salt.len);
    keys->salt_len = salt.len;
    mg_sasl_keys_derive(keys, prepared, client_key);
    explicit_bzero(client_key, sizeof client_key);
    mg_sasl_wipe(prepared);
    return true;
}

void mg_sasl_scram_proof(const MgSaslKeys *keys, const char *message, const uint8_t *in,
                         uint8_t *out)
{
    uint8_t signature[MG_SASL_HASH_MAX];
    hmac(keys, keys->stored, message, signature);
    for (size_t i = 0; i < mg_sasl_hash_len(keys->mechanism); i++)
        out[i] = in[i] ^ signature[i];
    explicit_bzero(signature, sizeof signature);
}

void mg_sasl_scram_signature(const MgSaslKeys *keys, const char *message, uint8_t *out)
{
    hmac(keys, keys->server, message, out);
}

bool mg_sasl_scram_fits(const MgSaslKeys *keys, const uint8_t *client_key)
{
    uint8_t stored[MG_SASL_HASH_MAX];
    hash(keys, client_key, stored);
    bool fits = CRYPTO_memcmp(stored, keys->stored, mg_sasl_hash_len(keys->mechanism)) == 0;
    explicit_bzero(stored, sizeof stored);
    return fits;
}

char *mg_sasl_scram_binding(const char *header, MgSpan channel)
{
    g_autoptr(GByteArray) octets = g_byte_array_new();
    g_byte_array_append(octets, (const uint8_t *)header, (guint)strlen(header));
    if (channel.len > 0)
        g_byte_array_append(octets, channel.data, (guint)channel.len);
    return g_base64_encode(octets->data, octets->len);
}

/* ---- messages ---- */

bool mg_sasl_take(MgSpan *rest, char name, MgSpan *value)
{
    if (rest->len < 2 || rest->data[0] != (uint8_t)name || rest->data[1] != '=')
        return false;
    const uint8_t *comma = memchr(rest->data, ',', rest->len);
    size_t len = comma != NULL ? (size_t)(comma - rest->data) : rest->len;
    *value = (MgSpan){rest->data + 2, len - 2};
    size_t step = MIN(len + 1, rest->len);
    *rest = (MgSpan){rest->data + step, rest->len - step};
    return true;
}

/* RFC 5802 §7: printable, without "," (which cannot be in a value anyway). */
bool mg_sasl_is_nonce(MgSpan value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.data[i] <= 0x20 || value.data[i] >= 0x7f)
            return false;
    return value.len > 0;
}

char *mg_sasl_unescape_name(MgSpan value)
{
    GString *name = g_string_sized_new(value.len + 1);
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] != '=') {
            g_string_append_c(name, (char)value.data[i]);
            continue;
        }
        bool comma = value.len - i >= 3 && memcmp(value.data + i, "=2C", 3) == 0;
        if (!comma && (value.len - i < 3 || memcmp(value.data + i, "=3D", 3) != 0)) {
            g_string_free(name, TRUE);
            return NULL;
        }
        g_string_append_c(name, comma ? ',' : '=');
        i += 2;
    }
    return g_string_free(name, FALSE);
}

void mg_sasl_escape_name(const char *name, GString *out)
{
    for (; *name != '\0'; name++) {
        if (*name == ',')
            g_string_append(out, "=2C");
        else if (*name == '=')
            g_string_append(out, "=3D");
        else
            g_string_append_c(out, *name);
    }
}

/* ---- stored keys as text (RFC 5803) ---- */

static bool take_octets(const char *text, size_t len, uint8_t *out, size_t max, size_t *out_len)
{
    g_auto(MgSaslOctets) octets = {0};
    if (!mg_sasl_decode((MgSpan){(const uint8_t *)text, len}, &octets) || octets.len == 0 ||
        octets.len > max)
        return false;
    memcpy(out, octets.data, octets.len);
    *out_len = octets.len;
    return true;
}

bool mg_sasl_keys_parse(const char *text, MgSaslKeys *out)
{
    const char *dollar = strchr(text, '$'), *second = NULL, *salt = NULL, *server = NULL;
    MgSaslKeys keys = {0};
    if (dollar != NULL)
        second = strchr(dollar + 1, '$');
    if (second == NULL)
        return false;
    MgSpan name = {(const uint8_t *)text, (size_t)(dollar - text)};
    if (!mg_sasl_find(name, &keys.mechanism) ||
        (keys.mechanism != MG_SASL_SCRAM_SHA_1 && keys.mechanism != MG_SASL_SCRAM_SHA_256))
        return false;
    salt = memchr(dollar, ':', (size_t)(second - dollar));
    server = strchr(second, ':');
    if (salt == NULL || server == NULL || !g_ascii_isdigit(dollar[1]))
        return false;
    char *end = NULL;
    uint64_t iterations = g_ascii_strtoull(dollar + 1, &end, 10);
    if (end != salt || iterations == 0 || iterations > SCRAM_ITERATIONS_MAX)
        return false;
    keys.iterations = (unsigned)iterations;
    size_t hash_len = mg_sasl_hash_len(keys.mechanism), stored_len = 0, server_len = 0;
    if (!take_octets(salt + 1, (size_t)(second - salt) - 1, keys.salt, sizeof keys.salt,
                     &keys.salt_len) ||
        !take_octets(second + 1, (size_t)(server - second) - 1, keys.stored, hash_len,
                     &stored_len) ||
        !take_octets(server + 1, strlen(server + 1), keys.server, hash_len, &server_len) ||
        stored_len != hash_len || server_len != hash_len)
        return false;
    *out = keys;
    return true;
}

void mg_sasl_keys_write(const MgSaslKeys *keys, GString *out)
{
    size_t len = mg_sasl_hash_len(keys->mechanism);
    g_autofree char *salt = g_base64_encode(keys->salt, keys->salt_len);
    g_autofree char *stored = g_base64_encode(keys->stored, len);
    g_autofree char *server = g_base64_encode(keys->server, len);
    g_string_append_printf(out, "%s$%u:%s$%s:%s", mg_sasl_mechanisms[keys->mechanism].name,
                           keys->iterations, salt, stored, server);
}
