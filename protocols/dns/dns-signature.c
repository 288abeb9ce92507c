/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-signature.c - is a set of records signed by a key of the zone (RFC 4035 §5.3)
 *
 * What is signed is the signature's own data without the signature, and the records behind it in
 * canonical form and order (RFC 4034 §3.1.8.1, §6).
 */
#include "dns-signature.h"

#include "dns-cache.h"
#include "dns-record.h"
#include "dnssec.h"

#define RRSIG_HEAD 18 /* octets before the signer's name */

bool mg_dns_rrsig_read(MgSpan data, MgDnsRrsig *out)
{
    MgDnsReader reader = {.data = data.data, .len = data.len};
    MgDnsName signer;
    out->covers = mg_dns_read_u16(&reader);
    out->algorithm = mg_dns_read_u8(&reader);
    out->labels = mg_dns_read_u8(&reader);
    out->ttl = mg_dns_read_u32(&reader);
    out->expires = mg_dns_read_u32(&reader);
    out->begins = mg_dns_read_u32(&reader);
    out->tag = mg_dns_read_u16(&reader);
    if (reader.bad)
        return false;
    mg_dns_read_name(&reader, &signer);
    /* RFC 4034 §3.1.7: the name is never compressed. */
    if (reader.bad || reader.at - RRSIG_HEAD != signer.len)
        return false;
    out->signer = mg_span_slice(data, RRSIG_HEAD, signer.len);
    out->signature = mg_span_slice(data, reader.at, data.len - reader.at);
    return out->signature.len > 0;
}

bool mg_dns_key_read(MgSpan data, MgDnsKey *out)
{
    if (data.len <= 4)
        return false;
    out->flags = mg_dns_get_u16(data.data);
    out->algorithm = data.data[3];
    out->key = mg_span_slice(data, 4, data.len - 4);
    out->tag = mg_dnssec_key_tag(data);
    return (out->flags & MG_DNS_KEY_ZONE) != 0 && data.data[2] == 3;
}

/* ---- sets ---- */

void mg_dns_rrset_gather(MgDnsRrset *set, const GByteArray *results, MgDnsSection section,
                         MgSpan owner, uint16_t type)
{
    MgDnsResult result;
    *set = (MgDnsRrset){.owner = owner, .type = type, .ttl = UINT32_MAX};
    set->data = g_array_new(FALSE, FALSE, sizeof(MgSpan));
    set->signatures = g_array_new(FALSE, FALSE, sizeof(MgSpan));
    for (size_t at = 0; mg_dns_results_next(results, &at, &result);) {
        if (result.section != section || !mg_dns_name_equal(result.owner, owner))
            continue;
        if (result.type == type) {
            g_array_append_val(set->data, result.data);
            set->ttl = MIN(set->ttl, result.ttl);
        } else if (mg_dns_result_covers(&result) == type) {
            g_array_append_val(set->signatures, result.data);
        }
    }
}

void mg_dns_rrset_clear(MgDnsRrset *set)
{
    g_clear_pointer(&set->data, g_array_unref);
    g_clear_pointer(&set->signatures, g_array_unref);
}

/* ---- canonical form ---- */

/* The types whose names are made small (RFC 4034 §6.2, RFC 6840 §5.1). */
static bool has_small_names(uint16_t type)
{
    static const uint8_t types[] = {2,  3,  4,  5,  6,  7,  8,  9,  12, 14, 15, 17,
                                    18, 21, 24, 26, 30, 33, 35, 36, 38, 39, 46};
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (types[i] == type)
            return true;
    return false;
}

static void lower_names(uint16_t type, uint8_t *data, size_t len)
{
    const MgDnsTypeRow *row = mg_dns_type_row(type);
    MgDnsReader reader = {.data = data, .len = len};
    if (row == NULL || !has_small_names(type))
        return;
    for (const uint8_t *field = row->fields; *field != MG_DNS_FIELD_END; field++) {
        MgDnsName name;
        size_t from = reader.at;
        if (!mg_dns_read_field(&reader, *field, &name))
            return;
        if (*field == MG_DNS_FIELD_NAME || *field == MG_DNS_FIELD_PLAIN)
            for (size_t i = from; i < reader.at; i++)
                data[i] = mg_dns_lower(data[i]);
    }
}

typedef struct {
    size_t at, len; /* in the buffer */
} Piece;

static int compare_pieces(const void *a, const void *b, void *user)
{
    const Piece *x = a, *y = b;
    const uint8_t *octets = user;
    int order = memcmp(octets + x->at, octets + y->at, MIN(x->len, y->len));
    if (order != 0)
        return order;
    return (x->len > y->len) - (x->len < y->len);
}

static void add_u16(GByteArray *out, size_t value)
{
    uint8_t octets[] = {(uint8_t)(value >> 8), (uint8_t)value};
    g_byte_array_append(out, octets, sizeof octets);
}

/* "*" and the labels that were signed, if the owner has more (RFC 4034 §3.1.3). */
static void signed_owner(MgSpan owner, uint8_t labels, MgDnsName *out)
{
    MgDnsLabels all;
    mg_dns_name_labels(owner, &all);
    if (labels >= all.n) {
        mg_dns_name_set(out, owner);
    } else {
        size_t at = labels > 0 ? all.at[all.n - labels] : owner.len - 1;
        out->wire[0] = 1;
        out->wire[1] = '*';
        memcpy(out->wire + 2, owner.data + at, owner.len - at);
        out->len = (uint8_t)(2 + owner.len - at);
    }
    mg_dns_name_lower(out);
}

static void append_records(const MgDnsRrset *set, const MgDnsRrsig *rrsig, GByteArray *out)
{
    g_autoptr(GByteArray) octets = g_byte_array_new();
    g_autoptr(GArray) pieces = g_array_new(FALSE, FALSE, sizeof(Piece));
    MgDnsName owner;
    uint8_t fixed[] = {(uint8_t)(set->type >> 8),
                       (uint8_t)set->type,
                       0,
                       MG_DNS_IN,
                       (uint8_t)(rrsig->ttl >> 24),
                       (uint8_t)(rrsig->ttl >> 16),
                       (uint8_t)(rrsig->ttl >> 8),
                       (uint8_t)rrsig->ttl};
    signed_owner(set->owner, rrsig->labels, &owner);
    for (unsigned i = 0; i < set->data->len; i++) {
        MgSpan data = g_array_index(set->data, MgSpan, i);
        Piece piece = {octets->len, data.len};
        g_byte_array_append(octets, data.data, (guint)data.len);
        lower_names(set->type, octets->data + piece.at, piece.len);
        g_array_append_val(pieces, piece);
    }
    g_array_sort_with_data(pieces, compare_pieces, octets->data);
    for (unsigned i = 0; i < pieces->len; i++) {
        const Piece *piece = &g_array_index(pieces, Piece, i);
        if (i > 0 && compare_pieces(piece - 1, piece, octets->data) == 0)
            continue; /* RFC 4034 §6.3: the same record twice counts once */
        g_byte_array_append(out, owner.wire, owner.len);
        g_byte_array_append(out, fixed, sizeof fixed);
        add_u16(out, piece->len);
        g_byte_array_append(out, octets->data + piece->at, (guint)piece->len);
    }
}

static GByteArray *signed_octets(const MgDnsRrset *set, MgSpan data, const MgDnsRrsig *rrsig)
{
    GByteArray *out = g_byte_array_new();
    MgDnsName signer;
    mg_dns_name_set(&signer, rrsig->signer);
    mg_dns_name_lower(&signer);
    g_byte_array_append(out, data.data, RRSIG_HEAD);
    g_byte_array_append(out, signer.wire, signer.len);
    append_records(set, rrsig, out);
    return out;
}

/* ---- checking ---- */

/* The asterisk of a wildcard does not count (RFC 4034 §3.1.3). */
static unsigned count_labels(MgSpan owner)
{
    MgDnsLabels labels;
    mg_dns_name_labels(owner, &labels);
    bool wild = owner.data[0] == 1 && owner.data[1] == '*';
    return labels.n - (wild ? 1u : 0u);
}

static MgDnsWhy try_keys(const MgDnsRrset *set, MgSpan data, const MgDnsRrsig *rrsig,
                         const MgDnsSigner *signer)
{
    g_autoptr(GByteArray) octets = NULL;
    MgDnsWhy why = MG_DNS_WHY_NO_KEY;
    size_t at = 0;
    MgSpan piece;
    while (mg_dns_packed_next(signer->keys, &at, &piece)) {
        MgDnsKey key;
        if (!mg_dns_key_read(piece, &key) || key.tag != rrsig->tag ||
            key.algorithm != rrsig->algorithm)
            continue;
        if (*signer->left == 0) /* keys with the same tag are made by whoever attacks */
            return MG_DNS_WHY_LIMIT;
        --*signer->left;
        if (octets == NULL)
            octets = signed_octets(set, data, rrsig);
        if (mg_dnssec_verify(key.algorithm, key.key, (MgSpan){octets->data, octets->len},
                             rrsig->signature))
            return MG_DNS_WHY_NOTHING;
        why = MG_DNS_WHY_FORGED;
    }
    return why;
}

/* RFC 4035 §5.3.1: what must be so before a signature is worth being looked at. */
static MgDnsWhy judge_rrsig(const MgDnsRrset *set, const MgDnsRrsig *rrsig,
                            const MgDnsSigner *signer)
{
    if (rrsig->covers != set->type || rrsig->labels > count_labels(set->owner) ||
        !mg_dns_name_equal(rrsig->signer, signer->zone) ||
        !mg_dns_name_is_under(set->owner, rrsig->signer))
        return MG_DNS_WHY_NO_SIGNATURE;
    if (!mg_dnssec_algorithm_known(rrsig->algorithm))
        return MG_DNS_WHY_NO_KEY;
    if ((int32_t)(signer->time - rrsig->begins) < 0)
        return MG_DNS_WHY_NOT_YET;
    if ((int32_t)(rrsig->expires - signer->time) < 0)
        return MG_DNS_WHY_EXPIRED;
    return MG_DNS_WHY_NOTHING;
}

MgDnsWhy mg_dns_rrset_verify(const MgDnsRrset *set, const MgDnsSigner *signer, MgDnsVerified *out)
{
    MgDnsWhy worst = MG_DNS_WHY_NO_SIGNATURE;
    for (unsigned i = 0; i < set->signatures->len; i++) {
        MgSpan data = g_array_index(set->signatures, MgSpan, i);
        MgDnsRrsig rrsig;
        if (!mg_dns_rrsig_read(data, &rrsig))
            continue;
        MgDnsWhy why = judge_rrsig(set, &rrsig, signer);
        if (why == MG_DNS_WHY_NOTHING)
            why = try_keys(set, data, &rrsig, signer);
        if (why == MG_DNS_WHY_NOTHING) {
            uint32_t left = rrsig.expires - signer->time;
            *out = (MgDnsVerified){.ttl = MIN(MIN(set->ttl, rrsig.ttl), left),
                                   .labels = rrsig.labels,
                                   .from_a_wildcard = rrsig.labels < count_labels(set->owner)};
            return MG_DNS_WHY_NOTHING;
        }
        worst = MAX(worst, why);
    }
    return worst;
}
