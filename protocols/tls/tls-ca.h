/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls-ca.h - certificates for a simulated world, and those that a real host brings
 *
 * All hosts of a simulated network trust one root, which gives each host the certificate that it
 * needs when it first needs it. Keys, serial numbers and signatures follow from the seed, and dates
 * from the network's epoch: the same network has the same certificates, whoever asks first. */
#pragma once

#include "tls-random.h"

G_BEGIN_DECLS

/* What is wrong with a certificate, for lessons. */
typedef enum {
    MG_TLS_GOOD,
    MG_TLS_EXPIRED,     /* it was valid until a day before the epoch */
    MG_TLS_NOT_YET,     /* it is valid from a year after it */
    MG_TLS_WRONG_NAME,  /* it is for another host */
    MG_TLS_SELF_SIGNED, /* nobody has vouched for it */
    MG_TLS_UNKNOWN      /* a root that nobody knows has */
} MgTlsFlaw;

/* A certificate, those above it, and its key. */
typedef struct MgTlsIdentity MgTlsIdentity;
/* Those whose signature is believed. */
typedef struct MgTlsTrust MgTlsTrust;
typedef struct MgTlsCa MgTlsCa;

MgTlsCa *mg_tls_ca_new(uint64_t seed, int64_t epoch);
/* For real peers: the same, with chance of the operating system and dates from `now` on. */
MgTlsCa *mg_tls_ca_new_real(int64_t now);
void mg_tls_ca_free(MgTlsCa *ca);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgTlsCa, mg_tls_ca_free)
MgTlsLibrary *mg_tls_ca_library(MgTlsCa *ca);
/* Its own root alone. Borrowed. */
const MgTlsTrust *mg_tls_ca_trust(MgTlsCa *ca);
/* The certificate of this host; `more` (nullable): further names, with commas. Borrowed. */
const MgTlsIdentity *mg_tls_ca_identity(MgTlsCa *ca, const char *name, const char *more,
                                        MgTlsFlaw flaw);
/* (transfer full) The root as PEM, for real clients of a door. */
char *mg_tls_ca_pem(MgTlsCa *ca);

/* From PEM; `library` NULL is a real host's. NULL with (transfer full) `problem`. */
MgTlsIdentity *mg_tls_identity_parse(const MgTlsLibrary *library, MgSpan certificates, MgSpan key,
                                     char **problem);
void mg_tls_identity_free(MgTlsIdentity *identity);
/* (transfer full) Certificates and, with `secret`, the key as PEM. */
char *mg_tls_identity_pem(const MgTlsIdentity *identity, bool secret);
X509 *mg_tls_identity_certificate(const MgTlsIdentity *identity);
STACK_OF(X509) * mg_tls_identity_chain(const MgTlsIdentity *identity); /* (nullable) */
EVP_PKEY *mg_tls_identity_key(const MgTlsIdentity *identity);

MgTlsTrust *mg_tls_trust_new(const MgTlsLibrary *library);
/* What the system trusts (SSL_CERT_FILE, SSL_CERT_DIR, or the distribution's). Real hosts alone:
 * OpenSSL reads files. */
void mg_tls_trust_add_system(MgTlsTrust *trust);
/* Adds all certificates of a PEM text; returns how many. */
unsigned mg_tls_trust_add(MgTlsTrust *trust, MgSpan pem);
void mg_tls_trust_free(MgTlsTrust *trust);
X509_STORE *mg_tls_trust_store(const MgTlsTrust *trust);

G_END_DECLS
