/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasl-private.h - what both ends of a login share */
#pragma once

#include "sasl.h"

G_BEGIN_DECLS

#define MG_SASL_HASH_MAX 32u

/* Octets that are wiped when they go. */
typedef struct {
    uint8_t *data; /* one NUL more than len */
    size_t len;
} MgSaslOctets;

void mg_sasl_octets_clear(MgSaslOctets *octets);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgSaslOctets, mg_sasl_octets_clear)

/* Strict (RFC 4648 §3): padding is there, no other character, no bits left over. */
bool mg_sasl_decode(MgSpan line, MgSaslOctets *out);
/* (transfer full) */
char *mg_sasl_encode(MgSpan octets);
/* "" and "PLAIN\0…" have a NUL inside or not UTF-8: not text. */
bool mg_sasl_is_text(MgSpan octets);
/* Whether both are the same, in a time that tells nothing of what they are. */
bool mg_sasl_same(MgSpan a, MgSpan b);
/* `len` characters of base64's alphabet, by seed and what they are for. */
char *mg_sasl_nonce(uint64_t seed, const char *what, size_t len);

/* RFC 2195 §2, as 32 digits and a NUL. */
void mg_sasl_cram_digest(const char *password, const char *challenge, char out[33]);

/* ---- SCRAM ---- */

/* "n=value" at the beginning of *rest, up to a "," or the end; moves *rest behind it. */
bool mg_sasl_take(MgSpan *rest, char name, MgSpan *value);
bool mg_sasl_is_nonce(MgSpan value);
/* RFC 5802 §5.1: "=2C" and "=3D". */
char *mg_sasl_unescape_name(MgSpan value); /* (transfer full, nullable) */
void mg_sasl_escape_name(const char *name, GString *out);

size_t mg_sasl_hash_len(MgSaslMechanism mechanism);
/* SaltedPassword, then the keys of RFC 5802 §3; `password` is prepared. */
void mg_sasl_keys_derive(MgSaslKeys *keys, const char *password, uint8_t *client_key);
/* ClientProof from ClientKey, and ClientKey from ClientProof: the same XOR. */
void mg_sasl_scram_proof(const MgSaslKeys *keys, const char *message, const uint8_t *in,
                         uint8_t *out);
void mg_sasl_scram_signature(const MgSaslKeys *keys, const char *message, uint8_t *out);
/* H(ClientKey) is StoredKey. */
bool mg_sasl_scram_fits(const MgSaslKeys *keys, const uint8_t *client_key);
/* What the "c=" attribute must say, in base64: the header and the channel's data. */
char *mg_sasl_scram_binding(const char *header, MgSpan channel);

G_END_DECLS
