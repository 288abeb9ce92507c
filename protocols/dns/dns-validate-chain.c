/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-validate-chain.c - from the trust anchor down to a name, zone by zone (RFC 4035 §5.2)
 *
 *      DS of the name, signed by the zone above     then its DNSKEY, one of which has that digest
 *      no DS, but NS, and that is signed            the zone below is not signed
 *      no DS and no NS, or no such name             no zone begins here
 */
#include "dns-validate-private.h"

#include "dns-cache.h"
#include "dns-record.h"
#include "dnssec.h"

#define TTL_MAX (24 * 3600) /* how long a zone's keys are believed without a new look */

/* ---- what is known ---- */

static void put(MgDnsValidator *validator, MgDnsZoneStatus status, MgDnsWhy why, GByteArray *data,
                uint32_t ttl)
{
    ttl = MIN(ttl, status == MG_DNS_ZONE_BOGUS ? MG_DNS_BOGUS_TTL : TTL_MAX);
    const MgDnsZoneTrust row = {status, why, validator->now + ttl * MG_SECONDS, data};
    mg_dns_trust_put(validator->setup.trust, mg_dns_name_span(&validator->need), &row);
    if (status != MG_DNS_ZONE_BOGUS)
        return;
    validator->culprit =
        (MgDnsCulprit){validator->need, validator->need_type, .needed = true, .known = true};
}

static const MgDnsZoneTrust *get(MgDnsValidator *validator, MgSpan name)
{
    return mg_dns_trust_get(validator->setup.trust, name, validator->began);
}

MgDnsSigner mg_dns_validator_signer(MgDnsValidator *validator, const MgDnsName *zone)
{
    MgDnsSigner signer = {.zone = mg_dns_name_span(zone),
                          .time = mg_dns_validator_time(validator),
                          .left = &validator->left};
    const MgDnsZoneTrust *row = get(validator, signer.zone);
    if (row != NULL && row->status == MG_DNS_ZONE_SECURE)
        signer.keys = (MgSpan){row->data->data, row->data->len};
    return signer;
}

MgDnsWhy mg_dns_validator_gather(MgDnsValidator *validator, const GByteArray *results,
                                 const MgDnsSigner *signer, MgDnsDenial *denial, uint32_t *ttl)
{
    MgDnsWhy worst = MG_DNS_WHY_NO_DENIAL;
    bool some = false;
    MgDnsResult result;
    for (size_t at = 0; mg_dns_results_next(results, &at, &result);) {
        if (result.section != MG_DNS_AUTHORITY ||
            (result.type != MG_DNS_NSEC && result.type != MG_DNS_NSEC3))
            continue;
        g_auto(MgDnsRrset) set = {0};
        MgDnsVerified verified;
        mg_dns_rrset_gather(&set, results, MG_DNS_AUTHORITY, result.owner, result.type);
        MgDnsWhy why = mg_dns_rrset_verify(&set, signer, &verified);
        /* One that a wildcard made proves nothing (RFC 4035 §5.4). */
        if (why == MG_DNS_WHY_NOTHING && !verified.from_a_wildcard) {
            mg_dns_denial_add(denial, result.owner, result.type, result.data);
            *ttl = MIN(*ttl, verified.ttl);
        } else if (!some || why > worst) {
            worst = why != MG_DNS_WHY_NOTHING ? why : MG_DNS_WHY_WRONG_DENIAL;
            some = true;
        }
    }
    return worst;
}

/* ---- DS ---- */

/* RFC 4509 §3: where there is a better digest, SHA-1 does not count. */
static bool is_weaker(const GArray *all, MgSpan ds)
{
    for (unsigned i = 0; i < all->len && ds.data[3] == MG_DNSSEC_DIGEST_SHA1; i++) {
        MgSpan other = g_array_index(all, MgSpan, i);
        if (other.len > 4 && mg_dnssec_algorithm_known(other.data[2]) &&
            other.data[3] != MG_DNSSEC_DIGEST_SHA1 && mg_dnssec_digest_len(other.data[3]) > 0)
            return true;
    }
    return false;
}

/* The DS records that can be used become the row's data; if there is none, the zone is insecure. */
static void put_digests(MgDnsValidator *validator, const GArray *all, uint32_t ttl)
{
    GByteArray *data = g_byte_array_new();
    MgDnsWhy why = MG_DNS_WHY_ALGORITHM;
    for (unsigned i = 0; i < all->len; i++) {
        MgSpan ds = g_array_index(all, MgSpan, i);
        if (ds.len <= 4 || !mg_dnssec_algorithm_known(ds.data[2]))
            continue;
        if (mg_dnssec_digest_len(ds.data[3]) == 0)
            why = MG_DNS_WHY_DIGEST;
        else if (!is_weaker(all, ds))
            mg_dns_packed_add(data, ds);
    }
    if (data->len > 0) {
        put(validator, MG_DNS_ZONE_SIGNED, MG_DNS_WHY_NOTHING, data, ttl);
        return;
    }
    g_byte_array_unref(data);
    put(validator, MG_DNS_ZONE_INSECURE, why, NULL, ttl);
}

/* An alias at the name or a DNAME above it: no zone begins here. True: there is one. */
static bool take_alias(MgDnsValidator *validator, const GByteArray *results,
                       const MgDnsSigner *signer)
{
    MgSpan name = mg_dns_name_span(&validator->need);
    MgDnsResult result;
    for (size_t at = 0; mg_dns_results_next(results, &at, &result);) {
        bool above = result.owner.len < name.len && mg_dns_name_is_under(name, result.owner);
        bool dname = result.type == MG_DNS_DNAME && above;
        bool cname = result.type == MG_DNS_CNAME && mg_dns_name_equal(result.owner, name);
        if (result.section != MG_DNS_ANSWER || (!dname && !cname))
            continue;
        g_auto(MgDnsRrset) set = {0};
        MgDnsVerified verified;
        mg_dns_rrset_gather(&set, results, MG_DNS_ANSWER, result.owner, result.type);
        MgDnsWhy why = mg_dns_rrset_verify(&set, signer, &verified);
        if (why == MG_DNS_WHY_NOTHING)
            put(validator, MG_DNS_ZONE_NONE, why, NULL, verified.ttl);
        else
            put(validator, MG_DNS_ZONE_BOGUS, why, NULL, MG_DNS_BOGUS_TTL);
        return true;
    }
    return false;
}

static void take_no_digests(MgDnsValidator *validator, const GByteArray *results, uint16_t rcode,
                            const MgDnsSigner *signer)
{
    g_auto(MgDnsDenial) denial = {0};
    MgSpan name = mg_dns_name_span(&validator->need);
    uint32_t ttl = UINT32_MAX;
    mg_dns_denial_init(&denial, signer->zone);
    MgDnsWhy why = mg_dns_validator_gather(validator, results, signer, &denial, &ttl);
    MgDnsDenied denied = rcode == MG_DNS_NXDOMAIN ? mg_dns_denial_no_name(&denial, name)
                                                  : mg_dns_denial_no_type(&denial, name, MG_DNS_DS);
    bool cut = rcode != MG_DNS_NXDOMAIN && mg_dns_denial_is_cut(&denial, name);
    if (denied == MG_DNS_DENIED_ITERATIONS)
        put(validator, MG_DNS_ZONE_INSECURE, MG_DNS_WHY_ITERATIONS, NULL, ttl);
    else if (denied == MG_DNS_DENIED_OPT_OUT)
        put(validator, MG_DNS_ZONE_INSECURE, MG_DNS_WHY_OPT_OUT, NULL, ttl);
    else if (denied == MG_DNS_DENIED && cut)
        put(validator, MG_DNS_ZONE_INSECURE, MG_DNS_WHY_UNSIGNED, NULL, ttl);
    else if (denied == MG_DNS_DENIED)
        put(validator, MG_DNS_ZONE_NONE, MG_DNS_WHY_NOTHING, NULL, ttl);
    else
        put(validator, MG_DNS_ZONE_BOGUS,
            why == MG_DNS_WHY_NO_DENIAL && !mg_dns_denial_is_empty(&denial)
                ? MG_DNS_WHY_WRONG_DENIAL
                : why,
            NULL, MG_DNS_BOGUS_TTL);
}

static void take_digests(MgDnsValidator *validator, const GByteArray *results, uint16_t rcode)
{
    g_auto(MgDnsRrset) set = {0};
    MgDnsVerified verified;
    MgDnsSigner signer = mg_dns_validator_signer(validator, &validator->need_zone);
    mg_dns_rrset_gather(&set, results, MG_DNS_ANSWER, mg_dns_name_span(&validator->need),
                        MG_DNS_DS);
    if (set.data->len == 0) {
        if (!take_alias(validator, results, &signer))
            take_no_digests(validator, results, rcode, &signer);
        return;
    }
    MgDnsWhy why = mg_dns_rrset_verify(&set, &signer, &verified);
    if (why == MG_DNS_WHY_NOTHING && verified.from_a_wildcard)
        why = MG_DNS_WHY_FORGED; /* a zone does not begin at a wildcard */
    if (why != MG_DNS_WHY_NOTHING)
        put(validator, MG_DNS_ZONE_BOGUS, why, NULL, MG_DNS_BOGUS_TTL);
    else
        put_digests(validator, set.data, verified.ttl);
}

/* ---- DNSKEY ---- */

static bool is_digest_of(MgSpan ds, MgSpan owner, MgSpan dnskey, const MgDnsKey *key)
{
    uint8_t digest[MG_DNSSEC_DIGEST_MAX];
    MgDnsName small;
    if (ds.len <= 4 || mg_dns_get_u16(ds.data) != key->tag || ds.data[2] != key->algorithm)
        return false;
    mg_dns_name_set(&small, owner);
    mg_dns_name_lower(&small);
    size_t len = mg_dnssec_digest(ds.data[3], mg_dns_name_span(&small), dnskey, digest);
    return len > 0 && len == ds.len - 4 && memcmp(digest, ds.data + 4, len) == 0;
}

/* Does the zone above, or the trust anchor, vouch for this key? */
static bool is_vouched_for(MgDnsValidator *validator, MgSpan owner, MgSpan dnskey,
                           const MgDnsKey *key)
{
    const MgDnsAnchors *anchors = validator->setup.anchors;
    const MgDnsZoneTrust *row = get(validator, owner);
    size_t at = 0;
    MgSpan ds;
    if ((key->flags & MG_DNS_KEY_REVOKE) != 0) /* RFC 5011 §2.1 */
        return false;
    for (unsigned i = 0; i < anchors->rows->len; i++) {
        const MgDnsAnchor *anchor = &g_array_index(anchors->rows, MgDnsAnchor, i);
        MgSpan data = {anchor->data->data, anchor->data->len};
        if (!mg_dns_name_equal(mg_dns_name_span(&anchor->owner), owner))
            continue;
        if (anchor->type == MG_DNS_DS
                ? is_digest_of(data, owner, dnskey, key)
                : data.len == dnskey.len && memcmp(data.data, dnskey.data, data.len) == 0)
            return true;
    }
    while (row != NULL && row->status == MG_DNS_ZONE_SIGNED && row->data != NULL &&
           mg_dns_packed_next((MgSpan){row->data->data, row->data->len}, &at, &ds))
        if (is_digest_of(ds, owner, dnskey, key))
            return true;
    return false;
}

/* Once the set is good, all of its keys are, but for those that were revoked. */
static void put_keys(MgDnsValidator *validator, const MgDnsRrset *set, uint32_t ttl)
{
    GByteArray *data = g_byte_array_new();
    for (unsigned i = 0; i < set->data->len; i++) {
        MgSpan dnskey = g_array_index(set->data, MgSpan, i);
        MgDnsKey key;
        if (mg_dns_key_read(dnskey, &key) && (key.flags & MG_DNS_KEY_REVOKE) == 0)
            mg_dns_packed_add(data, dnskey);
    }
    const MgDnsZoneTrust *row = get(validator, mg_dns_name_span(&validator->need));
    if (row != NULL) /* the DS records are no longer believed than they may be */
        ttl = (uint32_t)MIN(ttl, MAX(row->expires - validator->now, 0) / MG_SECONDS);
    put(validator, MG_DNS_ZONE_SECURE, MG_DNS_WHY_NOTHING, data, ttl);
}

static void take_keys(MgDnsValidator *validator, const GByteArray *results)
{
    g_auto(MgDnsRrset) set = {0};
    MgDnsVerified verified;
    MgSpan owner = mg_dns_name_span(&validator->need);
    mg_dns_rrset_gather(&set, results, MG_DNS_ANSWER, owner, MG_DNS_DNSKEY);
    MgDnsWhy worst = set.data->len == 0 ? MG_DNS_WHY_NO_KEYS : MG_DNS_WHY_WRONG_DIGEST;
    bool vouched = false;
    for (unsigned i = 0; i < set.data->len; i++) {
        MgSpan dnskey = g_array_index(set.data, MgSpan, i);
        MgDnsKey key;
        if (!mg_dns_key_read(dnskey, &key) || !is_vouched_for(validator, owner, dnskey, &key))
            continue;
        g_autoptr(GByteArray) one = g_byte_array_new();
        mg_dns_packed_add(one, dnskey);
        MgDnsSigner signer = {
            owner, {one->data, one->len}, mg_dns_validator_time(validator), &validator->left};
        MgDnsWhy why = mg_dns_rrset_verify(&set, &signer, &verified);
        if (why == MG_DNS_WHY_NOTHING && !verified.from_a_wildcard) {
            put_keys(validator, &set, verified.ttl);
            return;
        }
        worst = vouched ? MAX(worst, why) : why;
        vouched = true;
    }
    put(validator, MG_DNS_ZONE_BOGUS, worst, NULL, MG_DNS_BOGUS_TTL);
}

void mg_dns_validator_take(MgDnsValidator *validator, const GByteArray *results, uint16_t rcode,
                           MgTime now)
{
    uint16_t type = validator->need_type;
    validator->now = now;
    if (rcode != MG_DNS_NOERROR && rcode != MG_DNS_NXDOMAIN && rcode != MG_DNS_YXDOMAIN)
        put(validator, MG_DNS_ZONE_BOGUS, MG_DNS_WHY_UNREACHABLE, NULL, MG_DNS_BOGUS_TTL);
    else if (type == MG_DNS_DS)
        take_digests(validator, results, rcode);
    else if (type == MG_DNS_DNSKEY)
        take_keys(validator, results);
    validator->need_type = 0;
}

/* ---- the way down ---- */

static void need(MgDnsValidator *validator, MgSpan name, uint16_t type, const MgDnsName *zone)
{
    mg_dns_name_set(&validator->need, name);
    validator->need_type = type;
    validator->need_zone = *zone;
}

/* Anchors of which none can be used are as good as none. */
static bool anchor_is_useful(const MgDnsAnchors *anchors, MgSpan name)
{
    for (unsigned i = 0; i < anchors->rows->len; i++) {
        const MgDnsAnchor *anchor = &g_array_index(anchors->rows, MgDnsAnchor, i);
        const GByteArray *data = anchor->data;
        if (data->len <= 4 || !mg_dns_name_equal(mg_dns_name_span(&anchor->owner), name))
            continue;
        if (anchor->type == MG_DNS_DNSKEY ? mg_dnssec_algorithm_known(data->data[3])
                                          : mg_dnssec_algorithm_known(data->data[2]) &&
                                                mg_dnssec_digest_len(data->data[3]) > 0)
            return true;
    }
    return false;
}

typedef enum { FURTHER, ENDED, NEEDED } Pace;

/* One label: what is known of it moves the reach, ends the way, or must be asked for. */
static Pace pace(MgDnsValidator *validator, MgSpan name, bool wanted, MgDnsReach *reach)
{
    const MgDnsZoneTrust *row = get(validator, name);
    MgDnsZoneStatus status = row != NULL ? row->status : MG_DNS_ZONE_UNKNOWN;
    switch (status) {
    case MG_DNS_ZONE_SECURE:
        mg_dns_name_set(&reach->zone, name);
        return FURTHER;
    case MG_DNS_ZONE_INSECURE:
    case MG_DNS_ZONE_BOGUS:
        reach->status = status;
        reach->why = row->why;
        return ENDED;
    case MG_DNS_ZONE_NONE:
        return FURTHER;
    case MG_DNS_ZONE_SIGNED:
        need(validator, name, MG_DNS_DNSKEY, &reach->zone);
        return NEEDED;
    default:
        if (!wanted && !validator->every && !validator->setup.is_cut(validator->setup.user, name))
            return FURTHER;
        need(validator, name, MG_DNS_DS, &reach->zone);
        return NEEDED;
    }
}

bool mg_dns_validator_walk(MgDnsValidator *validator, MgSpan name, bool exact, MgDnsReach *reach)
{
    MgSpan anchor = mg_dns_anchors_above(validator->setup.anchors, name);
    *reach = (MgDnsReach){MG_DNS_ZONE_INSECURE, MG_DNS_WHY_NO_ANCHOR, {0}};
    mg_dns_name_set_root(&reach->zone);
    if (anchor.len == 0)
        return true;
    if (!anchor_is_useful(validator->setup.anchors, anchor)) {
        reach->why = MG_DNS_WHY_ALGORITHM;
        return true;
    }
    const MgDnsZoneTrust *row = get(validator, anchor);
    mg_dns_name_set(&reach->zone, anchor);
    if (row == NULL || (row->status != MG_DNS_ZONE_SECURE && row->status != MG_DNS_ZONE_BOGUS)) {
        need(validator, anchor, MG_DNS_DNSKEY, &reach->zone);
        return false;
    }
    reach->status = MG_DNS_ZONE_SECURE;
    reach->why = MG_DNS_WHY_NOTHING;
    if (row->status == MG_DNS_ZONE_BOGUS) {
        reach->status = row->status;
        reach->why = row->why;
        return true;
    }
    MgDnsLabels labels, above;
    mg_dns_name_labels(name, &labels);
    mg_dns_name_labels(anchor, &above);
    for (unsigned n = above.n + 1; n <= labels.n; n++) {
        size_t at = labels.at[labels.n - n];
        Pace next =
            pace(validator, mg_span_slice(name, at, name.len - at), exact && n == labels.n, reach);
        if (next != FURTHER)
            return next == ENDED;
    }
    return true;
}
