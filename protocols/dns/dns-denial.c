/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-denial.c - what NSEC and NSEC3 records prove
 *
 *      a record of the name itself      its bitmap tells which types there are
 *      a record before the name         there is nothing between it and the next one
 *
 * With NSEC3 the same holds for hashes of names, so that the nearest name above that exists must be
 * found first (RFC 5155 §8.3).
 */
#include "dns-denial.h"

#include "dnssec.h"

#define OPT_OUT 1 /* RFC 5155 §3.1.2.1 */

typedef struct {
    MgSpan owner, next, types;
} Nsec;

typedef struct {
    uint8_t owner[MG_DNSSEC_HASH_LEN], next[MG_DNSSEC_HASH_LEN];
    bool opt_out;
    uint16_t iterations;
    MgSpan salt, types;
} Nsec3;

void mg_dns_denial_init(MgDnsDenial *denial, MgSpan zone)
{
    denial->zone = zone;
    denial->nsec = g_array_new(FALSE, FALSE, sizeof(Nsec));
    denial->nsec3 = g_array_new(FALSE, FALSE, sizeof(Nsec3));
}

void mg_dns_denial_clear(MgDnsDenial *denial)
{
    g_clear_pointer(&denial->nsec, g_array_unref);
    g_clear_pointer(&denial->nsec3, g_array_unref);
}

bool mg_dns_denial_is_empty(const MgDnsDenial *denial)
{
    return denial->nsec->len == 0 && denial->nsec3->len == 0;
}

static MgSpan rest_of(const MgDnsReader *reader)
{
    return (MgSpan){reader->data + reader->at, reader->len - reader->at};
}

static void add_nsec(MgDnsDenial *denial, MgSpan owner, MgSpan data)
{
    MgDnsReader reader = {.data = data.data, .len = data.len};
    MgDnsName next;
    mg_dns_read_name(&reader, &next);
    if (reader.bad || reader.at != next.len ||
        !mg_dns_name_is_under(mg_dns_name_span(&next), denial->zone))
        return;
    Nsec nsec = {owner, mg_span_slice(data, 0, next.len), rest_of(&reader)};
    g_array_append_val(denial->nsec, nsec);
}

/* RFC 5155 §8.1, §8.2: unknown algorithms and flags are passed over; one chain is enough. */
static void add_nsec3(MgDnsDenial *denial, MgSpan owner, MgSpan data)
{
    MgDnsReader reader = {.data = data.data, .len = data.len};
    Nsec3 nsec3;
    uint8_t algorithm = mg_dns_read_u8(&reader), flags = mg_dns_read_u8(&reader);
    nsec3.opt_out = (flags & OPT_OUT) != 0;
    nsec3.iterations = mg_dns_read_u16(&reader);
    nsec3.salt = mg_dns_read_span(&reader, mg_dns_read_u8(&reader));
    MgSpan next = mg_dns_read_span(&reader, mg_dns_read_u8(&reader));
    if (reader.bad || algorithm != 1 || (flags & ~OPT_OUT) != 0 || next.len != sizeof nsec3.next ||
        !mg_dns_name_equal(mg_dns_name_parent(owner), denial->zone) ||
        !mg_dns_name_base32(owner, nsec3.owner))
        return;
    memcpy(nsec3.next, next.data, next.len);
    nsec3.types = rest_of(&reader);
    if (denial->nsec3->len > 0) {
        const Nsec3 *first = &g_array_index(denial->nsec3, Nsec3, 0);
        if (first->iterations != nsec3.iterations || first->salt.len != nsec3.salt.len ||
            memcmp(first->salt.data, nsec3.salt.data, nsec3.salt.len) != 0)
            return;
    }
    g_array_append_val(denial->nsec3, nsec3);
}

void mg_dns_denial_add(MgDnsDenial *denial, MgSpan owner, uint16_t type, MgSpan data)
{
    if (!mg_dns_name_is_under(owner, denial->zone))
        return;
    if (type == MG_DNS_NSEC)
        add_nsec(denial, owner, data);
    else if (type == MG_DNS_NSEC3 && owner.len > 1)
        add_nsec3(denial, owner, data);
}

/* ---- bitmaps ---- */

static bool has_type(MgSpan types, uint16_t type)
{
    MgDnsReader reader = {.data = types.data, .len = types.len};
    while (reader.at < reader.len && !reader.bad) {
        uint8_t window = mg_dns_read_u8(&reader);
        MgSpan bits = mg_dns_read_span(&reader, mg_dns_read_u8(&reader));
        size_t at = (type & 0xff) / 8;
        if (!reader.bad && window == type >> 8)
            return at < bits.len && (bits.data[at] & 0x80 >> type % 8) != 0;
    }
    return false;
}

/* The parent's record of a place where another zone begins. */
static bool is_delegation(MgSpan types)
{
    return has_type(types, MG_DNS_NS) && !has_type(types, MG_DNS_SOA);
}

/* What lies below such a name is not this zone's to deny (RFC 6840 §4.1). */
static bool ends_the_zone(MgSpan types)
{
    return is_delegation(types) || has_type(types, MG_DNS_DNAME);
}

/* Does the bitmap of the name itself say that the type is not there? Of DS the parent's bitmap
 * counts, of all else the child's (RFC 6840 §4.1, §4.4). */
static bool lacks(MgSpan types, uint16_t type, MgSpan name)
{
    if (has_type(types, type) || has_type(types, MG_DNS_CNAME))
        return false;
    if (type == MG_DNS_DS)
        return !has_type(types, MG_DNS_SOA) || name.len == 1;
    return !is_delegation(types);
}

/* ---- names ---- */

static unsigned count(MgSpan name)
{
    MgDnsLabels labels;
    mg_dns_name_labels(name, &labels);
    return labels.n;
}

/* The last `n` labels of a name. */
static MgSpan suffix(MgSpan name, unsigned n)
{
    for (unsigned have = count(name); have > n; have--)
        name = mg_dns_name_parent(name);
    return name;
}

/* The longest name that both are under. */
static MgSpan common(MgSpan a, MgSpan b)
{
    while (!mg_dns_name_is_under(b, a))
        a = mg_dns_name_parent(a);
    return a;
}

/* "*.example." False: it would be too long for a name. */
static bool wildcard_at(MgSpan above, MgDnsName *out)
{
    if (above.len + 2 > MG_DNS_NAME_MAX)
        return false;
    out->wire[0] = 1;
    out->wire[1] = '*';
    memcpy(out->wire + 2, above.data, above.len);
    out->len = (uint8_t)(above.len + 2);
    return true;
}

/* ---- NSEC ---- */

static const Nsec *nsec_at(const MgDnsDenial *denial, MgSpan name)
{
    for (unsigned i = 0; i < denial->nsec->len; i++) {
        const Nsec *nsec = &g_array_index(denial->nsec, Nsec, i);
        if (mg_dns_name_equal(nsec->owner, name))
            return nsec;
    }
    return NULL;
}

/* The record between whose owner and next name the name would lie. */
static const Nsec *nsec_over(const MgDnsDenial *denial, MgSpan name)
{
    if (!mg_dns_name_is_under(name, denial->zone))
        return NULL;
    for (unsigned i = 0; i < denial->nsec->len; i++) {
        const Nsec *nsec = &g_array_index(denial->nsec, Nsec, i);
        bool last = mg_dns_name_equal(nsec->next, denial->zone);
        if (mg_dns_name_compare(nsec->owner, name) >= 0 ||
            (!last && mg_dns_name_compare(name, nsec->next) >= 0))
            continue;
        if (mg_dns_name_is_under(name, nsec->owner) && ends_the_zone(nsec->types))
            continue;
        return nsec;
    }
    return NULL;
}

/* The nearest name above one that exists, as the record over it tells. */
static MgSpan nsec_encloser(const Nsec *nsec, MgSpan name)
{
    MgSpan a = common(name, nsec->owner), b = common(name, nsec->next);
    return a.len > b.len ? a : b;
}

static MgDnsDenied nsec_no_name(const MgDnsDenial *denial, MgSpan name)
{
    const Nsec *nsec = nsec_over(denial, name);
    MgDnsName wildcard;
    /* A next name below it makes it an empty one, which exists (RFC 4592 §2.2.2). */
    if (nsec == NULL || mg_dns_name_is_under(nsec->next, name))
        return MG_DNS_DENIED_NOT;
    if (!wildcard_at(nsec_encloser(nsec, name), &wildcard))
        return MG_DNS_DENIED;
    nsec = nsec_over(denial, mg_dns_name_span(&wildcard));
    return nsec != NULL ? MG_DNS_DENIED : MG_DNS_DENIED_NOT;
}

static MgDnsDenied nsec_no_type(const MgDnsDenial *denial, MgSpan name, uint16_t type)
{
    const Nsec *nsec = nsec_at(denial, name);
    MgDnsName wildcard;
    if (nsec != NULL)
        return lacks(nsec->types, type, name) ? MG_DNS_DENIED : MG_DNS_DENIED_NOT;
    nsec = nsec_over(denial, name);
    if (nsec == NULL)
        return MG_DNS_DENIED_NOT;
    if (mg_dns_name_is_under(nsec->next, name)) /* an empty name between */
        return MG_DNS_DENIED;
    if (!wildcard_at(nsec_encloser(nsec, name), &wildcard))
        return MG_DNS_DENIED_NOT;
    nsec = nsec_at(denial, mg_dns_name_span(&wildcard));
    return nsec != NULL && lacks(nsec->types, type, name) ? MG_DNS_DENIED : MG_DNS_DENIED_NOT;
}

static MgDnsDenied nsec_no_closer(const MgDnsDenial *denial, MgSpan name, unsigned labels)
{
    const Nsec *nsec = nsec_over(denial, name);
    if (nsec == NULL || mg_dns_name_is_under(nsec->next, name))
        return MG_DNS_DENIED_NOT;
    return count(nsec_encloser(nsec, name)) <= labels ? MG_DNS_DENIED : MG_DNS_DENIED_NOT;
}

/* ---- NSEC3 ---- */

static void hash_of(const MgDnsDenial *denial, MgSpan name, uint8_t out[MG_DNSSEC_HASH_LEN])
{
    const Nsec3 *first = &g_array_index(denial->nsec3, Nsec3, 0);
    MgDnsName small;
    mg_dns_name_set(&small, name);
    mg_dns_name_lower(&small);
    mg_dnssec_nsec3_hash(mg_dns_name_span(&small), first->iterations, first->salt, out);
}

static const Nsec3 *nsec3_at(const MgDnsDenial *denial, MgSpan name)
{
    uint8_t hash[MG_DNSSEC_HASH_LEN];
    hash_of(denial, name, hash);
    for (unsigned i = 0; i < denial->nsec3->len; i++) {
        const Nsec3 *nsec3 = &g_array_index(denial->nsec3, Nsec3, i);
        if (memcmp(nsec3->owner, hash, sizeof hash) == 0)
            return nsec3;
    }
    return NULL;
}

static const Nsec3 *nsec3_over(const MgDnsDenial *denial, MgSpan name)
{
    uint8_t hash[MG_DNSSEC_HASH_LEN];
    hash_of(denial, name, hash);
    for (unsigned i = 0; i < denial->nsec3->len; i++) {
        const Nsec3 *nsec3 = &g_array_index(denial->nsec3, Nsec3, i);
        Nsec3 row = g_array_index(denial->nsec3, Nsec3, i);
        bool behind = memcmp(row.owner, hash, sizeof hash) < 0;
        bool before = memcmp(hash, row.next, sizeof hash) < 0;
        bool last = memcmp(row.owner, row.next, sizeof hash) >= 0;
        if (last ? behind || before : behind && before)
            return nsec3;
    }
    return NULL;
}

/* RFC 5155 §8.3: the nearest name above that exists, and the record over the name one label longer.
 * NULL: there is no such proof. */
static const Nsec3 *nsec3_encloser(const MgDnsDenial *denial, MgSpan name, MgSpan *encloser)
{
    MgSpan next_closer = name;
    if (!mg_dns_name_is_under(name, denial->zone))
        return NULL;
    for (MgSpan at = name; at.len >= denial->zone.len; at = mg_dns_name_parent(at)) {
        const Nsec3 *nsec3 = nsec3_at(denial, at);
        if (nsec3 != NULL) {
            if (at.len == name.len || ends_the_zone(nsec3->types))
                return NULL;
            *encloser = at;
            return nsec3_over(denial, next_closer);
        }
        next_closer = at;
        if (at.len == 1)
            break;
    }
    return NULL;
}

static MgDnsDenied nsec3_no_name(const MgDnsDenial *denial, MgSpan name)
{
    MgSpan encloser;
    MgDnsName wildcard;
    const Nsec3 *over = nsec3_encloser(denial, name, &encloser);
    if (over == NULL)
        return MG_DNS_DENIED_NOT;
    if (wildcard_at(encloser, &wildcard) && nsec3_over(denial, mg_dns_name_span(&wildcard)) == NULL)
        return MG_DNS_DENIED_NOT;
    return over->opt_out ? MG_DNS_DENIED_OPT_OUT : MG_DNS_DENIED;
}

static MgDnsDenied nsec3_no_type(const MgDnsDenial *denial, MgSpan name, uint16_t type)
{
    const Nsec3 *nsec3 = nsec3_at(denial, name);
    MgSpan encloser;
    MgDnsName wildcard;
    if (nsec3 != NULL)
        return lacks(nsec3->types, type, name) ? MG_DNS_DENIED : MG_DNS_DENIED_NOT;
    const Nsec3 *over = nsec3_encloser(denial, name, &encloser);
    if (over == NULL)
        return MG_DNS_DENIED_NOT;
    if (wildcard_at(encloser, &wildcard)) { /* RFC 5155 §8.7 */
        nsec3 = nsec3_at(denial, mg_dns_name_span(&wildcard));
        if (nsec3 != NULL && lacks(nsec3->types, type, name))
            return over->opt_out ? MG_DNS_DENIED_OPT_OUT : MG_DNS_DENIED;
    }
    /* §8.6 for DS. An empty name above zones that are not signed has no record either, so that
     * other types are treated alike. */
    return over->opt_out ? MG_DNS_DENIED_OPT_OUT : MG_DNS_DENIED_NOT;
}

/* RFC 5155 §8.8 */
static MgDnsDenied nsec3_no_closer(const MgDnsDenial *denial, MgSpan name, unsigned labels)
{
    const Nsec3 *over = nsec3_over(denial, suffix(name, labels + 1));
    if (over == NULL)
        return MG_DNS_DENIED_NOT;
    return over->opt_out ? MG_DNS_DENIED_OPT_OUT : MG_DNS_DENIED;
}

/* ---- both ---- */

static bool costs_too_much(const MgDnsDenial *denial)
{
    return denial->nsec3->len > 0 &&
           g_array_index(denial->nsec3, Nsec3, 0).iterations > MG_DNS_ITERATIONS_MAX;
}

MgDnsDenied mg_dns_denial_no_name(const MgDnsDenial *denial, MgSpan name)
{
    if (denial->nsec->len > 0 && nsec_no_name(denial, name) == MG_DNS_DENIED)
        return MG_DNS_DENIED;
    if (denial->nsec3->len == 0)
        return MG_DNS_DENIED_NOT;
    return costs_too_much(denial) ? MG_DNS_DENIED_ITERATIONS : nsec3_no_name(denial, name);
}

MgDnsDenied mg_dns_denial_no_type(const MgDnsDenial *denial, MgSpan name, uint16_t type)
{
    if (denial->nsec->len > 0 && nsec_no_type(denial, name, type) == MG_DNS_DENIED)
        return MG_DNS_DENIED;
    if (denial->nsec3->len == 0)
        return MG_DNS_DENIED_NOT;
    return costs_too_much(denial) ? MG_DNS_DENIED_ITERATIONS : nsec3_no_type(denial, name, type);
}

MgDnsDenied mg_dns_denial_no_closer(const MgDnsDenial *denial, MgSpan name, unsigned labels)
{
    if (denial->nsec->len > 0 && nsec_no_closer(denial, name, labels) == MG_DNS_DENIED)
        return MG_DNS_DENIED;
    if (denial->nsec3->len == 0)
        return MG_DNS_DENIED_NOT;
    return costs_too_much(denial) ? MG_DNS_DENIED_ITERATIONS
                                  : nsec3_no_closer(denial, name, labels);
}

bool mg_dns_denial_is_cut(const MgDnsDenial *denial, MgSpan name)
{
    const Nsec *nsec = nsec_at(denial, name);
    if (nsec != NULL)
        return is_delegation(nsec->types);
    if (denial->nsec3->len == 0 || costs_too_much(denial))
        return false;
    const Nsec3 *nsec3 = nsec3_at(denial, name);
    return nsec3 != NULL && is_delegation(nsec3->types);
}
