/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls-random.h - OpenSSL with chance of our own, so that the same seed gives the same octets
 *
 * OpenSSL draws random octets from its library context. A context made here has a generator that
 * asks whoever works just now (mg_tls_random_use). Real peers never see such a context: for them it
 * is NULL, OpenSSL's own, which draws from the operating system. */
#pragma once

#include <mailglass/base.h>
#include <openssl/types.h>

G_BEGIN_DECLS

typedef struct {
    OSSL_LIB_CTX *context;
    OSSL_PROVIDER *chance, *algorithms;
} MgTlsLibrary;

void mg_tls_library_init(MgTlsLibrary *library);
void mg_tls_library_clear(MgTlsLibrary *library);

/* Draw from `state` (as mg_random_next() does) until it is called again; NULL: nobody may draw.
 * Returns what was there before. */
uint64_t *mg_tls_random_use(uint64_t *state);

G_END_DECLS
