/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls-toys.h - two ends that speak just enough SMTP to begin TLS in the middle, or at once */
#pragma once

#include <mailglass/engine.h>
#include <mailglass/topics.h>

G_BEGIN_DECLS

/* "toy.secure-server" (port 25), "toy.secure-server-tls" (with TLS from the start, port 465).
 * "toy.secure-client" (verb "secure", words ADDRESS NAME PORT COUNT [any] [inject] [implicit]):
 * says COUNT NOOPs within TLS. */
extern const MgEngineKind mg_toy_secure_server, mg_toy_secure_server_tls, mg_toy_secure_client;

typedef struct {
    unsigned secure, failed, nobody, noops, oks, goodbyes, resets, closed;
    bool verified;
    char reason[256], rule[64], version[32], sni[64];
    char heard[4096]; /* the server's lines, "|" behind each */
} MgToySecure;
extern MgToySecure mg_toy_client_said, mg_toy_server_said;

G_END_DECLS
