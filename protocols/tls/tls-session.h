/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls-session.h - one end of a TLS connection: OpenSSL over memory
 *
 * Octets in, octets out; what there is to say comes out as the events of layer.h. With a
 * library of a simulation and a seed the same calls give the same octets. */
#pragma once

#include <mailglass/layer.h>
#include <mailglass/topics.h>

#include "tls-ca.h"

G_BEGIN_DECLS

typedef struct {
    const MgTlsLibrary *library; /* NULL: a real peer; chance is the operating system's */
    SSL_CTX *context;            /* (nullable) of this library, for more than one session */
    bool server;
    const char *name, *alpn; /* as in MgSecureQuestion */
    bool any;
    bool asks;                     /* server: for the client's certificate */
    const MgTlsTrust *trust;       /* client, and server that asks */
    const MgTlsIdentity *identity; /* server; client: (nullable) shown when it is asked for */
    const char *problem; /* (nullable) why the handshake cannot even begin; then it fails at once */
    const char *version_min, *version_max; /* (nullable) "1.0" to "1.3" */
    int64_t now;                           /* Unix time: are certificates valid? */
    uint64_t seed;
    bool keep_keys; /* SECRET events */
} MgTlsSetup;

typedef struct MgTlsSession MgTlsSession;

/* What sessions with real peers may share; it is costly to make. Those that repeat themselves have
 * one each, for it draws chance. */
SSL_CTX *mg_tls_context_new(const MgTlsLibrary *library);
void mg_tls_context_free(SSL_CTX *context); /* (nullable) */

/* What the setup points at must outlive the session, but for the texts. */
MgTlsSession *mg_tls_session_new(const MgTlsSetup *setup);
void mg_tls_session_free(MgTlsSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgTlsSession, mg_tls_session_free)
void mg_tls_session_receive(MgTlsSession *session, MgSpan octets);
/* Plaintext; kept until the handshake is over. */
void mg_tls_session_send(MgTlsSession *session, MgSpan octets);
void mg_tls_session_receive_end(MgTlsSession *session, MgEnd how);
void mg_tls_session_close(MgTlsSession *session); /* close_notify */
bool mg_tls_session_next(MgTlsSession *session, MgLayerEvent *event);

/* What certificates and peers do wrong; ends with {0}. */
extern const MgRule mg_tls_rules[];

/* ---- between tls-session.c and tls-verify.c ---- */

/* The rule and (transfer full) the words for a chain that proves nothing. */
const MgRule *mg_tls_explain(long result, X509 *certificate, const char *name, int64_t now,
                             char **reason);
const MgRule *mg_tls_rule(const char *id);
/* What people read of certificates; all of it is in `pool` (g_free). */
void mg_tls_describe(X509 *certificate, MgCertificate *about, GPtrArray *pool);
/* (transfer full) Whom it names: an address, else the common name; NULL: nobody. */
char *mg_tls_person(X509 *certificate);
/* "unknown_ca" of 48; NULL if there is none. */
const char *mg_tls_alert_name(uint8_t alert);

G_END_DECLS
