/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls-ca.c - a certification authority that forgets nothing and invents nothing */
#include "tls-ca.h"

#include <mailglass/engine.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#define DAY         (INT64_C(24) * 3600)
#define ROOT_NAME   "Mailglass Simulated Root"
#define ISSUER_NAME "Mailglass Simulated Issuer"
#define OTHER_NAME  "Somebody's Own Root"
#define WRONG_HOST  "www.example.org"

struct MgTlsIdentity {
    X509 *certificate;
    STACK_OF(X509) * chain; /* (nullable) */
    EVP_PKEY *key;
    bool root; /* it has signed itself */
};

struct MgTlsTrust {
    X509_STORE *store;
    const MgTlsLibrary *library; /* (nullable) */
};

struct MgTlsCa {
    MgTlsLibrary library;
    uint64_t seed;
    int64_t epoch;
    MgTlsIdentity *root, *issuer, *other; /* `other`: one that nobody trusts; made when needed */
    MgTlsTrust *trust;
    GHashTable *identities; /* text → MgTlsIdentity */
};

/* ---- identities ---- */

void mg_tls_identity_free(MgTlsIdentity *identity)
{
    if (identity == NULL)
        return;
    X509_free(identity->certificate);
    sk_X509_pop_free(identity->chain, X509_free);
    EVP_PKEY_free(identity->key);
    g_free(identity);
}

X509 *mg_tls_identity_certificate(const MgTlsIdentity *identity)
{
    return identity->certificate;
}

STACK_OF(X509) * mg_tls_identity_chain(const MgTlsIdentity *identity)
{
    return identity->chain;
}

EVP_PKEY *mg_tls_identity_key(const MgTlsIdentity *identity)
{
    return identity->key;
}

static char *take_text(BIO *bio)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    char *text = g_strndup(data, (gsize)len);
    BIO_free(bio);
    return text;
}

char *mg_tls_identity_pem(const MgTlsIdentity *identity, bool secret)
{
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, identity->certificate);
    for (int i = 0; i < sk_X509_num(identity->chain); i++)
        PEM_write_bio_X509(bio, sk_X509_value(identity->chain, i));
    if (secret)
        PEM_write_bio_PKCS8PrivateKey(bio, identity->key, NULL, NULL, 0, NULL, NULL);
    return take_text(bio);
}

/* A key with a passphrase is not opened: nobody is asked. */
static int no_passphrase(char *buffer, int size, int writing, void *data)
{
    return -1;
}

MgTlsIdentity *mg_tls_identity_parse(const MgTlsLibrary *library, MgSpan certificates, MgSpan key,
                                     char **problem)
{
    OSSL_LIB_CTX *context = library != NULL ? library->context : NULL;
    MgTlsIdentity *identity = g_new0(MgTlsIdentity, 1);
    BIO *bio = BIO_new_mem_buf(certificates.data, (int)MIN(certificates.len, (size_t)G_MAXINT));
    for (;;) {
        X509 *certificate = X509_new_ex(context, NULL);
        if (PEM_read_bio_X509(bio, &certificate, no_passphrase, NULL) == NULL) {
            X509_free(certificate);
            break;
        }
        if (identity->certificate == NULL) {
            identity->certificate = certificate;
            continue;
        }
        if (identity->chain == NULL)
            identity->chain = sk_X509_new_null();
        sk_X509_push(identity->chain, certificate);
    }
    BIO_free(bio);
    bio = BIO_new_mem_buf(key.data, (int)MIN(key.len, (size_t)G_MAXINT));
    identity->key = PEM_read_bio_PrivateKey_ex(bio, NULL, no_passphrase, NULL, context, NULL);
    BIO_free(bio);
    const char *what = NULL;
    if (identity->certificate == NULL)
        what = "there is no certificate in it (PEM: -----BEGIN CERTIFICATE-----)";
    else if (identity->key == NULL)
        what = "there is no private key in it (PEM, without a passphrase)";
    else if (!X509_check_private_key(identity->certificate, identity->key))
        what = "the key is not the certificate's";
    ERR_clear_error();
    if (what == NULL)
        return identity;
    *problem = g_strdup(what);
    mg_tls_identity_free(identity);
    return NULL;
}

/* ---- trust ---- */

MgTlsTrust *mg_tls_trust_new(const MgTlsLibrary *library)
{
    MgTlsTrust *trust = g_new0(MgTlsTrust, 1);
    trust->store = X509_STORE_new();
    trust->library = library;
    return trust;
}

void mg_tls_trust_add_system(MgTlsTrust *trust)
{
    X509_STORE_set_default_paths(trust->store);
    ERR_clear_error();
}

unsigned mg_tls_trust_add(MgTlsTrust *trust, MgSpan pem)
{
    OSSL_LIB_CTX *context = trust->library != NULL ? trust->library->context : NULL;
    BIO *bio = BIO_new_mem_buf(pem.data, (int)MIN(pem.len, (size_t)G_MAXINT));
    unsigned n = 0;
    for (;;) {
        X509 *certificate = X509_new_ex(context, NULL);
        bool read = PEM_read_bio_X509(bio, &certificate, no_passphrase, NULL) != NULL;
        n += read && X509_STORE_add_cert(trust->store, certificate);
        X509_free(certificate);
        if (!read)
            break;
    }
    BIO_free(bio);
    ERR_clear_error();
    return n;
}

void mg_tls_trust_free(MgTlsTrust *trust)
{
    if (trust == NULL)
        return;
    X509_STORE_free(trust->store);
    g_free(trust);
}

X509_STORE *mg_tls_trust_store(const MgTlsTrust *trust)
{
    return trust->store;
}

/* ---- making certificates ---- */

/* Chance that depends on what it is for, and on nothing that was done before. FNV-1a. */
static uint64_t seed_for(const MgTlsCa *ca, const char *what)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ ca->seed;
    for (const char *c = what; *c != '\0'; c++)
        hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
    mg_random_next(&hash);
    return hash;
}

typedef struct {
    const char *name, *names; /* names: "DNS:a,DNS:b"; NULL for an authority */
    int64_t from, until;
    const MgTlsIdentity *issuer; /* NULL: itself */
} Order;

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    g_assert(extension != NULL);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

static void set_name(X509 *certificate, const char *text)
{
    X509_NAME *name = X509_NAME_new();
    if (strncmp(text, "Mailglass ", 10) == 0)
        X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const uint8_t *)"Mailglass", -1, -1,
                                   0);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)text,
                               (int)MIN(strlen(text), (size_t)64), -1, 0); /* RFC 5280: 64 */
    X509_set_subject_name(certificate, name);
    X509_NAME_free(name);
}

static X509 *make_certificate(const MgTlsCa *ca, const Order *order, EVP_PKEY *key)
{
    X509 *made = X509_new_ex(ca->library.context, NULL);
    X509 *issuer = order->issuer != NULL ? order->issuer->certificate : made;
    uint64_t random = seed_for(ca, order->name);
    X509_set_version(made, X509_VERSION_3);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(made), mg_random_next(&random) >> 1);
    set_name(made, order->name);
    X509_set_issuer_name(made, X509_get_subject_name(issuer));
    ASN1_TIME_set(X509_getm_notBefore(made), (time_t)order->from);
    ASN1_TIME_set(X509_getm_notAfter(made), (time_t)order->until);
    X509_set_pubkey(made, key);
    bool authority = order->names == NULL;
    add_extension(made, issuer, NID_basic_constraints, authority ? "critical,CA:TRUE" : "CA:FALSE");
    add_extension(made, issuer, NID_key_usage,
                  authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
    if (!authority) {
        add_extension(made, issuer, NID_ext_key_usage, "serverAuth,clientAuth");
        add_extension(made, issuer, NID_subject_alt_name, order->names);
    }
    add_extension(made, issuer, NID_subject_key_identifier, "hash");
    if (order->issuer != NULL)
        add_extension(made, issuer, NID_authority_key_identifier, "keyid");
    int signed_len =
        X509_sign(made, order->issuer != NULL ? order->issuer->key : key, EVP_sha256());
    g_assert(signed_len > 0);
    return made;
}

static MgTlsIdentity *make(const MgTlsCa *ca, const Order *order)
{
    g_autofree char *what = g_strconcat(order->name, " ", order->names, NULL);
    uint64_t random = seed_for(ca, what);
    uint64_t *before = mg_tls_random_use(&random);
    MgTlsIdentity *identity = g_new0(MgTlsIdentity, 1);
    identity->key = EVP_PKEY_Q_keygen(ca->library.context, NULL, "EC", "P-256");
    g_assert(identity->key != NULL);
    identity->certificate = make_certificate(ca, order, identity->key);
    identity->root = order->issuer == NULL;
    if (order->issuer != NULL &&
        !order->issuer->root) { /* the peer has the root, or it does not help */
        identity->chain = sk_X509_new_null();
        X509_up_ref(order->issuer->certificate);
        sk_X509_push(identity->chain, order->issuer->certificate);
    }
    mg_tls_random_use(before);
    return identity;
}

static MgTlsIdentity *make_root(const MgTlsCa *ca, const char *name)
{
    return make(ca, &(Order){name, NULL, ca->epoch - 3650 * DAY, ca->epoch + 3650 * DAY, NULL});
}

MgTlsCa *mg_tls_ca_new(uint64_t seed, int64_t epoch)
{
    MgTlsCa *ca = g_new0(MgTlsCa, 1);
    mg_tls_library_init(&ca->library);
    ca->seed = seed;
    ca->epoch = epoch;
    ca->identities = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                           (GDestroyNotify)mg_tls_identity_free);
    return ca;
}

MgTlsCa *mg_tls_ca_new_real(int64_t now)
{
    MgTlsCa *ca = g_new0(MgTlsCa, 1);
    int drawn = RAND_bytes((uint8_t *)&ca->seed, sizeof ca->seed); /* of serial numbers */
    g_assert(drawn == 1);
    ca->epoch = now;
    ca->identities = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                           (GDestroyNotify)mg_tls_identity_free);
    return ca;
}

void mg_tls_ca_free(MgTlsCa *ca)
{
    if (ca == NULL)
        return;
    g_hash_table_unref(ca->identities);
    mg_tls_identity_free(ca->root);
    mg_tls_identity_free(ca->issuer);
    mg_tls_identity_free(ca->other);
    mg_tls_trust_free(ca->trust);
    if (ca->library.context != NULL)
        mg_tls_library_clear(&ca->library);
    g_free(ca);
}

MgTlsLibrary *mg_tls_ca_library(MgTlsCa *ca)
{
    return &ca->library;
}

static const MgTlsIdentity *root_of(MgTlsCa *ca)
{
    if (ca->root == NULL)
        ca->root = make_root(ca, ROOT_NAME);
    return ca->root;
}

/* As in the real world a root signs few things itself: so there is a chain to look at. */
static const MgTlsIdentity *issuer_of(MgTlsCa *ca)
{
    if (ca->issuer == NULL)
        ca->issuer = make(ca, &(Order){ISSUER_NAME, NULL, ca->epoch - 1000 * DAY,
                                       ca->epoch + 1000 * DAY, root_of(ca)});
    return ca->issuer;
}

static const MgTlsIdentity *other_of(MgTlsCa *ca)
{
    if (ca->other == NULL)
        ca->other = make_root(ca, OTHER_NAME);
    return ca->other;
}

const MgTlsTrust *mg_tls_ca_trust(MgTlsCa *ca)
{
    if (ca->trust == NULL) {
        ca->trust = mg_tls_trust_new(&ca->library);
        X509_STORE_add_cert(ca->trust->store, root_of(ca)->certificate);
    }
    return ca->trust;
}

char *mg_tls_ca_pem(MgTlsCa *ca)
{
    return mg_tls_identity_pem(root_of(ca), false);
}

static bool is_host(const char *name)
{
    return name[0] != '\0' && strlen(name) <= 253 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_*") ==
               strlen(name);
}

/* "DNS:a,DNS:b", without what is no name. */
static char *list_names(const char *name, const char *more)
{
    GString *names = g_string_new(NULL);
    if (is_host(name))
        g_string_append_printf(names, "DNS:%s", name);
    g_auto(GStrv) others = g_strsplit_set(more != NULL ? more : "", ",; ", -1);
    for (size_t i = 0; others[i] != NULL; i++)
        if (is_host(others[i]))
            g_string_append_printf(names, "%sDNS:%s", names->len > 0 ? "," : "", others[i]);
    if (names->len == 0)
        g_string_append(names, "DNS:localhost");
    return g_string_free(names, FALSE);
}

const MgTlsIdentity *mg_tls_ca_identity(MgTlsCa *ca, const char *name, const char *more,
                                        MgTlsFlaw flaw)
{
    g_autofree char *key = g_strdup_printf("%d %s %s", (int)flaw, name, more != NULL ? more : "");
    MgTlsIdentity *identity = g_hash_table_lookup(ca->identities, key);
    if (identity != NULL)
        return identity;
    g_autofree char *names =
        flaw == MG_TLS_WRONG_NAME ? list_names(WRONG_HOST, NULL) : list_names(name, more);
    Order order = {flaw == MG_TLS_WRONG_NAME ? WRONG_HOST : name, names, ca->epoch - 30 * DAY,
                   ca->epoch + 60 * DAY, NULL};
    if (flaw == MG_TLS_EXPIRED) {
        order.from = ca->epoch - 91 * DAY;
        order.until = ca->epoch - DAY;
    } else if (flaw == MG_TLS_NOT_YET) {
        order.from = ca->epoch + 365 * DAY;
        order.until = ca->epoch + 455 * DAY;
    }
    if (flaw == MG_TLS_UNKNOWN)
        order.issuer = other_of(ca);
    else if (flaw != MG_TLS_SELF_SIGNED)
        order.issuer = issuer_of(ca);
    identity = make(ca, &order);
    g_hash_table_insert(ca->identities, g_steal_pointer(&key), identity);
    return identity;
}
