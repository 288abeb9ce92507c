/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls-certificate.c - what is written in a certificate, and where (RFC 5280 §4.1, DER) */
#include "tls-fields.h"

#include <openssl/x509.h>

typedef struct {
    MgSpan unit;
    size_t at, end;
} Der;

typedef struct {
    uint8_t tag;
    size_t start, at, len; /* with its header; its content */
} Item;

/* The next item; false at the end, and where there is none. */
static bool next(Der *der, Item *item)
{
    const uint8_t *data = der->unit.data;
    size_t at = der->at;
    if (der->end - at < 2)
        return false;
    item->start = at;
    item->tag = data[at++];
    size_t len = data[at++];
    if (len > 0x80) {
        size_t octets = len & 0x7f;
        if (octets > 4 || der->end - at < octets)
            return false;
        len = 0;
        for (size_t i = 0; i < octets; i++)
            len = len << 8 | data[at++];
    } else if (len == 0x80) {
        return false; /* BER; DER has no lengths that are not known */
    }
    if (len > der->end - at)
        return false;
    item->at = at;
    item->len = len;
    der->at = at + len;
    return true;
}

static Der inside(const Der *der, const Item *item)
{
    return (Der){der->unit, item->at, item->at + item->len};
}

static char *name_text(const Der *der, const Item *item)
{
    const uint8_t *data = der->unit.data + item->start;
    X509_NAME *name = d2i_X509_NAME(NULL, &data, (long)(item->at + item->len - item->start));
    if (name == NULL)
        return g_strdup("?");
    BIO *bio = BIO_new(BIO_s_mem());
    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    char *text;
    long len = BIO_get_mem_data(bio, &text);
    char *valid = g_utf8_make_valid(text, (gssize)MAX(len, 0));
    BIO_free(bio);
    X509_NAME_free(name);
    return valid;
}

/* The object identifier that the sequence begins with, by name. */
static char *algorithm_text(const Der *der, const Item *item)
{
    Der within = inside(der, item);
    Item oid;
    char text[80] = "?";
    if (!next(&within, &oid) || oid.tag != 6)
        return g_strdup(text);
    const uint8_t *data = der->unit.data + oid.start;
    ASN1_OBJECT *object = d2i_ASN1_OBJECT(NULL, &data, (long)(oid.at + oid.len - oid.start));
    if (object != NULL)
        OBJ_obj2txt(text, sizeof text, object, 0);
    ASN1_OBJECT_free(object);
    return g_strdup(text);
}

/* "260301090000Z" or, from 2050 on, "20500301090000Z" as "2026-03-01 09:00:00 UTC". */
static char *time_text(const Der *der, const Item *item)
{
    const char *text = (const char *)der->unit.data + item->at;
    size_t digits = 0;
    while (digits < item->len && g_ascii_isdigit(text[digits]))
        digits++;
    bool is_long = item->tag == 0x18;
    if (digits != (is_long ? 14u : 12u))
        return g_strdup("?");
    const char *rest = text + (is_long ? 4 : 2);
    const char *century = is_long ? "" : text[0] >= '5' ? "19" : "20"; /* RFC 5280 §4.1.2.5.1 */
    return g_strdup_printf("%s%.*s-%.2s-%.2s %.2s:%.2s:%.2s UTC", century, is_long ? 4 : 2, text,
                           rest, rest + 2, rest + 4, rest + 6, rest + 8);
}

/* SubjectAltName: OCTET STRING { SEQUENCE OF GeneralName }; [2] is a host's name. */
static void add_hosts(Der value, MgTree *tree, MgNode parent)
{
    Item string, names, name;
    if (!next(&value, &string) || string.tag != 4)
        return;
    Der within = inside(&value, &string);
    if (!next(&within, &names) || names.tag != 0x30)
        return;
    within = inside(&within, &names);
    while (next(&within, &name))
        if (name.tag == 0x82)
            mg_tree_add(tree, parent, X509_NAME_OF_HOST, name.at, name.len);
}

static void add_extensions(Der der, MgTree *tree, MgNode parent)
{
    static const uint8_t alt_name[] = {0x55, 0x1d, 0x11}; /* 2.5.29.17 */
    Item list, extension, part;
    if (!next(&der, &list))
        return;
    der = inside(&der, &list);
    while (next(&der, &extension)) {
        Der within = inside(&der, &extension);
        if (!next(&within, &part) || part.tag != 6 || part.len != sizeof alt_name ||
            memcmp(der.unit.data + part.at, alt_name, sizeof alt_name) != 0)
            continue;
        Der value = within;
        if (next(&within, &part) && part.tag == 1) /* critical or not */
            value = within;
        add_hosts(value, tree, parent);
    }
}

static void add_validity(Der der, MgTree *tree, MgNode parent)
{
    Item time;
    static const unsigned fields[] = {X509_NOT_BEFORE, X509_NOT_AFTER};
    for (size_t i = 0; i < 2 && next(&der, &time); i++) {
        g_autofree char *text = time_text(&der, &time);
        mg_tree_add_text(tree, parent, fields[i], time.at, time.len, text);
    }
}

void mg_tls_dissect_certificate(MgSpan unit, size_t at, size_t len, MgTree *tree, MgNode parent)
{
    Der der = {unit, at, at + len};
    Item item;
    static const struct {
        unsigned field;
        char *(*text)(const Der *der, const Item *item);
    } parts[] = {{X509_SERIAL, NULL},       {X509_ALGORITHM, algorithm_text},
                 {X509_ISSUER, name_text},  {X509_NOT_BEFORE, NULL},
                 {X509_SUBJECT, name_text}, {X509_KEY_ALGORITHM, algorithm_text}};
    for (int i = 0; i < 2; i++) { /* the certificate, and what of it is signed */
        if (!next(&der, &item) || item.tag != 0x30)
            return;
        der = inside(&der, &item);
    }
    Der before = der;
    if (next(&der, &item) && item.tag != 0xa0) /* the version */
        der = before;
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (!next(&der, &item))
            return;
        if (parts[i].field == X509_NOT_BEFORE) {
            add_validity(inside(&der, &item), tree, parent);
        } else if (parts[i].text == NULL) {
            mg_tree_add(tree, parent, parts[i].field, item.at, item.len);
        } else {
            bool key = parts[i].field == X509_KEY_ALGORITHM;
            Item first = item;
            Der within = inside(&der, &item);
            if (key && !next(&within, &first)) /* SEQUENCE { algorithm, key } */
                return;
            g_autofree char *text = parts[i].text(&der, &first);
            mg_tree_add_text(tree, parent, parts[i].field, item.start,
                             item.at + item.len - item.start, text);
        }
    }
    while (next(&der, &item))
        if (item.tag == 0xa3)
            add_extensions(inside(&der, &item), tree, parent);
}
