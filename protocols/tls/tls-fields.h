/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls-fields.h - what the bytes of TLS are called, and what the dissector's files share */
#pragma once

#include <mailglass/dissect.h>

G_BEGIN_DECLS

enum {
    TLS_RECORD,
    TLS_CONTENT_TYPE,
    TLS_RECORD_VERSION,
    TLS_RECORD_LENGTH,
    TLS_APP_DATA,
    TLS_CHANGE_CIPHER_SPEC,
    TLS_ALERT,
    TLS_ALERT_LEVEL,
    TLS_ALERT_DESC,
    TLS_ENCRYPTED,
    TLS_CONTINUES,
    TLS_NOT_TLS,
    TLS_HANDSHAKE,
    TLS_HANDSHAKE_TYPE,
    TLS_HANDSHAKE_LENGTH,
    TLS_HANDSHAKE_DATA,
    TLS_VERSION,
    TLS_RANDOM,
    TLS_SESSION_ID_LENGTH,
    TLS_SESSION_ID,
    TLS_CIPHERS_LENGTH,
    TLS_CIPHERS,
    TLS_CIPHER,
    TLS_COMP_LENGTH,
    TLS_COMP_METHOD,
    TLS_EXTENSIONS_LENGTH,
    TLS_EXTENSION,
    TLS_EXTENSION_TYPE,
    TLS_EXTENSION_LEN,
    TLS_EXTENSION_DATA,
    TLS_SERVER_NAME,
    TLS_ALPN,
    TLS_SUPPORTED_VERSION,
    TLS_GROUP,
    TLS_SIGNATURE_ALGORITHM,
    TLS_KEY_SHARE,
    TLS_KEY_SHARE_GROUP,
    TLS_KEY_EXCHANGE,
    TLS_CERTIFICATES_LENGTH,
    TLS_CERTIFICATE_LENGTH,
    TLS_CERTIFICATE,
    TLS_CERTIFICATE_CONTEXT,
    TLS_SIGNATURE_LENGTH,
    TLS_SIGNATURE,
    TLS_VERIFY_DATA,
    TLS_CURVE,
    TLS_POINT_LENGTH,
    TLS_POINT,
    X509_SERIAL,
    X509_ALGORITHM,
    X509_ISSUER,
    X509_NOT_BEFORE,
    X509_NOT_AFTER,
    X509_SUBJECT,
    X509_KEY_ALGORITHM,
    X509_NAME_OF_HOST,
    TLS_N_FIELDS
};
extern const MgField mg_tls_fields[TLS_N_FIELDS];

/* tls-names.c; each ends with {0} */
extern const MgName mg_tls_content_types[], mg_tls_versions[], mg_tls_handshake_types[],
    mg_tls_ciphers[], mg_tls_extensions[], mg_tls_groups[], mg_tls_signature_algorithms[],
    mg_tls_alerts[], mg_tls_alert_levels[], mg_tls_compressions[];

/* (nullable) */
static inline const MgName *mg_tls_find_name(const MgName *names, uint64_t value)
{
    for (; names->name != NULL; names++)
        if (names->value == value)
            return names;
    return NULL;
}

/* A certificate in DER at this place of the unit. */
void mg_tls_dissect_certificate(MgSpan unit, size_t at, size_t len, MgTree *tree, MgNode parent);

G_END_DECLS
