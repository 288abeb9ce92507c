/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls-verify.c - certificates and failures in words */
#include "tls-session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

const MgRule mg_tls_rules[] = {
    {"tls.expired", MG_SEVERITY_FAULT, "RFC 5280 §4.1.2.5",
     N_("The certificate is no longer valid.")},
    {"tls.not-yet-valid", MG_SEVERITY_FAULT, "RFC 5280 §4.1.2.5",
     N_("The certificate is not valid yet.")},
    {"tls.wrong-name", MG_SEVERITY_FAULT, "RFC 9525 §6",
     N_("The certificate is for another name than the one that was to be reached: this may be "
        "another "
        "server.")},
    {"tls.self-signed", MG_SEVERITY_FAULT, "RFC 5280 §6.1",
     N_("The certificate is signed with its own key: nobody has vouched for the server.")},
    {"tls.unknown-issuer", MG_SEVERITY_FAULT, "RFC 5280 §6.1",
     N_("Whoever has signed the certificate is not trusted here.")},
    {"tls.bad-certificate", MG_SEVERITY_FAULT, "RFC 5280 §6.1",
     N_("The certificate proves nothing.")},
    {"tls.no-certificate", MG_SEVERITY_FAULT, "RFC 8446 §4.4.2",
     N_("The server has shown no certificate.")},
    {"tls.not-tls", MG_SEVERITY_FAULT, "RFC 8446 §5.1", N_("What came here is no TLS.")},
    {"tls.no-common-version", MG_SEVERITY_FAULT, "RFC 8446 §4.2.1",
     N_("There is no version of TLS that both ends have.")},
    {"tls.no-common-cipher", MG_SEVERITY_FAULT, "RFC 8446 §4.1.1",
     N_("There is no cipher that both ends have.")},
    {"tls.broken-record", MG_SEVERITY_FAULT, "RFC 8446 §5.2",
     N_("A record does not decrypt to what was sent: somebody has changed it on its way.")},
    {"tls.own-certificate", MG_SEVERITY_FAULT, "RFC 8446 §4.4.2",
     N_("The certificate that this host is to show cannot be used: the settings "
        "`tls-certificate` and `tls-key`.")},
    {"tls.refused", MG_SEVERITY_FAULT, "RFC 8446 §6.2", N_("The other end has given up.")},
    {"tls.failed", MG_SEVERITY_FAULT, "RFC 8446 §4", N_("The handshake failed.")},
    {"tls.broken-off", MG_SEVERITY_FAULT, "RFC 8446 §4",
     N_("The connection ended in the middle of the handshake.")},
    {"tls.truncated", MG_SEVERITY_WARN, "RFC 8446 §6.1",
     N_("The connection ended without a goodbye (`close_notify`): something may have been cut "
        "off.")},
    {0}};

char *mg_tls_person(X509 *certificate)
{
    STACK_OF(OPENSSL_STRING) *addresses = X509_get1_email(certificate);
    const char *first =
        sk_OPENSSL_STRING_num(addresses) > 0 ? sk_OPENSSL_STRING_value(addresses, 0) : NULL;
    char *person = first != NULL ? g_strdup(first) : NULL;
    X509_email_free(addresses);
    if (person == NULL) {
        char name[128];
        int len = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                            name, sizeof name);
        person = len > 0 ? g_strndup(name, (gsize)len) : NULL;
    }
    if (person != NULL && (!g_utf8_validate(person, -1, NULL) || person[0] == '\0'))
        g_clear_pointer(&person, g_free);
    return person;
}

const MgRule *mg_tls_rule(const char *id)
{
    for (const MgRule *rule = mg_tls_rules; rule->id != NULL; rule++)
        if (strcmp(rule->id, id) == 0)
            return rule;
    g_assert_not_reached();
}

/* RFC 8446 §6 and the registry of IANA. */
const char *mg_tls_alert_name(uint8_t alert)
{
    static const struct {
        uint8_t alert;
        const char *name;
    } names[] = {{0, "close_notify"},
                 {10, "unexpected_message"},
                 {20, "bad_record_mac"},
                 {21, "decryption_failed"},
                 {22, "record_overflow"},
                 {40, "handshake_failure"},
                 {42, "bad_certificate"},
                 {43, "unsupported_certificate"},
                 {44, "certificate_revoked"},
                 {45, "certificate_expired"},
                 {46, "certificate_unknown"},
                 {47, "illegal_parameter"},
                 {48, "unknown_ca"},
                 {49, "access_denied"},
                 {50, "decode_error"},
                 {51, "decrypt_error"},
                 {70, "protocol_version"},
                 {71, "insufficient_security"},
                 {80, "internal_error"},
                 {86, "inappropriate_fallback"},
                 {90, "user_canceled"},
                 {100, "no_renegotiation"},
                 {109, "missing_extension"},
                 {110, "unsupported_extension"},
                 {112, "unrecognized_name"},
                 {113, "bad_certificate_status_response"},
                 {115, "unknown_psk_identity"},
                 {116, "certificate_required"},
                 {120, "no_application_protocol"}};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].alert == alert)
            return names[i].name;
    return NULL;
}

/* ---- certificates as people read them ---- */

static int64_t unix_time(const ASN1_TIME *time)
{
    struct tm tm;
    if (!ASN1_TIME_to_tm(time, &tm))
        return 0;
    g_autoptr(GDateTime) date = g_date_time_new_utc(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                                                    tm.tm_hour, tm.tm_min, tm.tm_sec);
    return date != NULL ? g_date_time_to_unix(date) : 0;
}

static char *take_text(BIO *bio)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    char *text = g_utf8_make_valid(data, (gssize)MAX(len, 0));
    BIO_free(bio);
    return text;
}

static char *name_text(const X509_NAME *name)
{
    BIO *bio = BIO_new(BIO_s_mem());
    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    return take_text(bio);
}

static char *names_text(const X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    GString *text = g_string_new(NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_DNS)
            continue;
        g_autofree char *valid =
            g_utf8_make_valid((const char *)ASN1_STRING_get0_data(name->d.dNSName),
                              ASN1_STRING_length(name->d.dNSName));
        g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", valid);
    }
    GENERAL_NAMES_free(names);
    return g_string_free(text, FALSE);
}

static char *keep(GPtrArray *pool, char *text)
{
    g_ptr_array_add(pool, text);
    return text;
}

void mg_tls_describe(X509 *certificate, MgCertificate *about, GPtrArray *pool)
{
    uint8_t *der = NULL;
    int len = i2d_X509(certificate, &der);
    size_t size = (size_t)MAX(len, 0);
    g_autofree char *hash = g_compute_checksum_for_data(G_CHECKSUM_SHA256, der, size);
    *about = (MgCertificate){
        .subject = keep(pool, name_text(X509_get_subject_name(certificate))),
        .issuer = keep(pool, name_text(X509_get_issuer_name(certificate))),
        .names = keep(pool, names_text(certificate)),
        .not_before = unix_time(X509_get0_notBefore(certificate)),
        .not_after = unix_time(X509_get0_notAfter(certificate)),
        .fingerprint = keep(pool, g_strdup(hash)),
        .der = {(const uint8_t *)keep(pool, g_memdup2(der, size)), size},
    };
    OPENSSL_free(der);
}

/* ---- why ---- */

static char *date_text(int64_t time)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(time);
    return date != NULL ? g_date_time_format(date, "%Y-%m-%d %H:%M UTC") : g_strdup("?");
}

const MgRule *mg_tls_explain(long result, X509 *certificate, const char *name, int64_t now,
                             char **reason)
{
    g_autoptr(GPtrArray) pool = g_ptr_array_new_with_free_func(g_free);
    MgCertificate about = {.subject = "", .issuer = "", .names = ""};
    if (certificate == NULL) {
        *reason = g_strdup("the server has shown no certificate");
        return mg_tls_rule("tls.no-certificate");
    }
    mg_tls_describe(certificate, &about, pool);
    g_autofree char *from = date_text(about.not_before), *until = date_text(about.not_after);
    g_autofree char *today = date_text(now);
    switch (result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        *reason =
            now > about.not_after
                ? g_strdup_printf("the certificate was valid until %s, and it is %s", until, today)
                : g_strdup("the certificate of an issuer is no longer valid");
        return mg_tls_rule("tls.expired");
    case X509_V_ERR_CERT_NOT_YET_VALID:
        *reason =
            now < about.not_before
                ? g_strdup_printf("the certificate is valid from %s, and it is %s", from, today)
                : g_strdup("the certificate of an issuer is not valid yet");
        return mg_tls_rule("tls.not-yet-valid");
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        *reason = g_strdup_printf("the certificate is for %s, not for %s",
                                  about.names[0] != '\0' ? about.names : about.subject, name);
        return mg_tls_rule("tls.wrong-name");
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        *reason = g_strdup_printf("the certificate of %s is signed by itself", about.subject);
        return mg_tls_rule("tls.self-signed");
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
        *reason =
            g_strdup_printf("the certificate of %s is signed by %s, which is not trusted here",
                            about.subject, about.issuer);
        return mg_tls_rule("tls.unknown-issuer");
    default:
        *reason = g_strdup_printf("the certificate of %s: %s", about.subject,
                                  X509_verify_cert_error_string(result));
        return mg_tls_rule("tls.bad-certificate");
    }
}
