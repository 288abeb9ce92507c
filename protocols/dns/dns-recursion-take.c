/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-recursion-take.c - what a resolver believes of a reply
 *
 * A server is believed about the zone it was asked as a server of, and about nothing else
 * (RFC 5452 §6): all other records are passed over. Of what is believed, answers are worth more
 * than referrals, and those more than glue (RFC 2181 §5.4.1).
 */
#include "dns-recursion-private.h"

#include "dns-record.h"

typedef struct {
    MgDnsRecursion *recursion;
    MgDnsFrame *frame;
    MgSpan bytes;
    MgDnsMessage head; /* stands behind the question */
    MgDnsTrust trust;
    MgTime now;
    bool found, outside;
} Take;

static bool in_zone(const Take *take, MgSpan name)
{
    return mg_dns_name_is_under(name, mg_dns_name_span(&take->frame->zone));
}

/* Gathers the records of one name and type in one section into the scratch buffer. */
static unsigned gather(Take *take, MgDnsSection section, MgSpan owner, uint16_t type, uint32_t *ttl)
{
    MgDnsMessage message = take->head;
    GByteArray *packed = take->recursion->scratch;
    MgDnsRecord record;
    unsigned n = 0;
    g_byte_array_set_size(packed, 0);
    *ttl = UINT32_MAX;
    while (mg_dns_message_next(&message, &record)) {
        if (record.section != section || record.type != type || record.class != MG_DNS_IN ||
            !mg_dns_name_equal(mg_dns_name_span(&record.name), owner))
            continue;
        guint at = packed->len;
        uint16_t len = 0;
        g_byte_array_append(packed, (const uint8_t *)&len, sizeof len);
        if (!mg_dns_expand_data(take->bytes, &record, packed)) {
            g_byte_array_set_size(packed, at);
            continue;
        }
        len = (uint16_t)(packed->len - at - sizeof len);
        memcpy(packed->data + at, &len, sizeof len);
        *ttl = MIN(*ttl, record.ttl);
        n++;
    }
    return n;
}

static void store(Take *take, MgSpan owner, uint16_t type, unsigned n, MgDnsTrust trust,
                  uint32_t ttl)
{
    const GByteArray *packed = take->recursion->scratch;
    MgDnsCached set = {.name = owner,
                       .type = type,
                       .n = (uint16_t)n,
                       .trust = (uint8_t)trust,
                       .data = {packed->data, packed->len}};
    mg_dns_cache_put(take->recursion->setup.cache, &set, ttl, take->now);
}

/* Follows the answer section from the question's name on; `name` is left at the last alias's
 * target, whose records are not here. True: they are. */
static bool take_answers(Take *take, MgDnsName *name)
{
    uint16_t type = take->frame->way.type;
    for (unsigned i = 0; i < MG_DNS_ALIASES_MAX; i++) {
        uint32_t ttl = 0;
        MgSpan owner = mg_dns_name_span(name), data;
        if (!in_zone(take, owner)) {
            return false;
        }
        unsigned n = gather(take, MG_DNS_ANSWER, owner, type, &ttl);
        if (n > 0) {
            store(take, owner, type, n, take->trust, ttl);
            take->found = true;
            return true;
        }
        n = type != MG_DNS_CNAME ? gather(take, MG_DNS_ANSWER, owner, MG_DNS_CNAME, &ttl) : 0;
        if (n == 0)
            return false;
        store(take, owner, MG_DNS_CNAME, 1, take->trust, ttl);
        take->found = true;
        size_t at = 0;
        mg_dns_packed_next((MgSpan){take->recursion->scratch->data, take->recursion->scratch->len},
                           &at, &data);
        mg_dns_name_set(name, data);
    }
    return false;
}

/* The owner of the first record of a type in the authority section that is an ancestor of `name`
 * (or it) in the zone. */
static bool find_authority(Take *take, uint16_t type, const MgDnsName *name, MgDnsName *owner)
{
    MgDnsMessage message = take->head;
    MgDnsRecord record;
    while (mg_dns_message_next(&message, &record)) {
        MgSpan at = mg_dns_name_span(&record.name);
        if (record.section != MG_DNS_AUTHORITY || record.type != type ||
            record.class != MG_DNS_IN || !in_zone(take, at) ||
            !mg_dns_name_is_under(mg_dns_name_span(name), at))
            continue;
        *owner = record.name;
        return true;
    }
    return false;
}

/* RFC 2308 §5: "no" is remembered for as long as the SOA in the authority section says. */
static void store_negative(Take *take, const MgDnsName *name, uint16_t rcode,
                           const MgDnsName *soa_owner)
{
    uint32_t ttl = 0;
    g_autoptr(GByteArray) data = g_byte_array_new();
    MgDnsCached set = {.name = mg_dns_name_span(name),
                       .type = rcode == MG_DNS_NXDOMAIN ? 0 : take->frame->way.type,
                       .rcode = (uint8_t)rcode,
                       .trust = MG_DNS_TRUST_ANSWER};
    if (soa_owner != NULL &&
        gather(take, MG_DNS_AUTHORITY, mg_dns_name_span(soa_owner), MG_DNS_SOA, &ttl) > 0) {
        const GByteArray *packed = take->recursion->scratch;
        size_t at = 0;
        MgSpan soa;
        mg_dns_packed_next((MgSpan){packed->data, packed->len}, &at, &soa);
        ttl = MIN(ttl, mg_dns_get_u32(soa.data + soa.len - 4));
        g_byte_array_append(data, soa_owner->wire, soa_owner->len);
        mg_dns_packed_add(data, soa);
        set.data = (MgSpan){data->data, data->len};
    } else {
        ttl = 0; /* without SOA it is good for this question alone */
    }
    mg_dns_cache_put(take->recursion->setup.cache, &set, ttl, take->now);
    mg_dns_recursion_note(take->recursion, MG_DNS_MET_NEGATIVE);
}

/* Addresses of the name servers just named, if the sender may speak for them. */
static void take_glue(Take *take)
{
    static const uint16_t types[] = {MG_DNS_A, MG_DNS_AAAA};
    MgDnsName names[MG_DNS_NS_MAX];
    unsigned n_names = 0;
    size_t at = 0;
    MgSpan data;
    MgSpan packed = {take->recursion->scratch->data, take->recursion->scratch->len};
    while (n_names < MG_DNS_NS_MAX && mg_dns_packed_next(packed, &at, &data))
        mg_dns_name_set(&names[n_names++], data);
    for (unsigned i = 0; i < n_names; i++) {
        MgSpan owner = mg_dns_name_span(&names[i]);
        for (size_t t = 0; t < G_N_ELEMENTS(types) && in_zone(take, owner); t++) {
            uint32_t ttl = 0;
            unsigned n = gather(take, MG_DNS_ADDITIONAL, owner, types[t], &ttl);
            if (n > 0)
                store(take, owner, types[t], n, MG_DNS_TRUST_GLUE, ttl);
        }
    }
}

static bool take_referral(Take *take, const MgDnsName *name)
{
    MgDnsName owner;
    uint32_t ttl = 0;
    if (!find_authority(take, MG_DNS_NS, name, &owner) || owner.len <= take->frame->zone.len)
        return false; /* upwards or sideways: it leads nowhere */
    unsigned n = gather(take, MG_DNS_AUTHORITY, mg_dns_name_span(&owner), MG_DNS_NS, &ttl);
    if (n == 0)
        return false;
    store(take, mg_dns_name_span(&owner), MG_DNS_NS, n, MG_DNS_TRUST_REFERRAL, ttl);
    take_glue(take);
    mg_dns_recursion_note(take->recursion, MG_DNS_MET_REFERRAL);
    return true;
}

/* Somebody speaks of what is not theirs: worth a note, and nothing else. */
static void look_for_poison(Take *take)
{
    MgDnsMessage message = take->head;
    MgDnsRecord record;
    while (mg_dns_message_next(&message, &record)) {
        if (record.type == MG_DNS_OPT || in_zone(take, mg_dns_name_span(&record.name)))
            continue;
        mg_dns_recursion_note(take->recursion, MG_DNS_MET_BAILIWICK);
        return;
    }
}

static void give_up(Take *take, MgDnsMet met)
{
    take->frame->servers[take->frame->server].bad = true;
    mg_dns_recursion_note(take->recursion, met);
}

static bool whole(const MgDnsMessage *head)
{
    MgDnsMessage message = *head;
    MgDnsRecord record;
    while (mg_dns_message_next(&message, &record))
        ;
    return !message.reader.bad;
}

/* Is it the answer to what we asked (RFC 5452 §9.1)? The carrier looks at the address and port. */
static bool is_ours(const Take *take)
{
    const MgDnsMessage *head = &take->head;
    return (head->flags & MG_DNS_QR) != 0 && head->id == take->recursion->id &&
           (head->flags & MG_DNS_OPCODE) == 0 && head->counts[MG_DNS_QUESTION] == 1 &&
           head->type == take->frame->way.type && head->class == MG_DNS_IN &&
           mg_dns_name_equal(mg_dns_name_span(&head->name),
                             mg_dns_name_span(&take->frame->way.name));
}

static void take_good(Take *take)
{
    uint16_t flags = take->head.flags, rcode = flags & 0xf;
    bool authority = (flags & MG_DNS_AA) != 0;
    MgDnsName name = take->frame->way.name, owner;
    take->trust = authority ? MG_DNS_TRUST_AUTHORITY : MG_DNS_TRUST_ANSWER;
    look_for_poison(take);
    if (!authority && (flags & MG_DNS_RA) != 0) { /* it asked others: no server of this zone */
        give_up(take, MG_DNS_MET_LAME);
        return;
    }
    if (take_answers(take, &name))
        return;
    bool here = in_zone(take, mg_dns_name_span(&name));
    bool has_soa = here && find_authority(take, MG_DNS_SOA, &name, &owner);
    if (here && rcode == MG_DNS_NXDOMAIN && (authority || has_soa)) {
        store_negative(take, &name, rcode, has_soa ? &owner : NULL);
        return;
    }
    if (here && has_soa && rcode == MG_DNS_NOERROR) {
        store_negative(take, &name, rcode, &owner);
        return;
    }
    if (here && take_referral(take, &name)) {
        take->frame->planned = false;
        return;
    }
    if (take->found) /* an alias that leads on */
        return;
    if (authority && rcode == MG_DNS_NOERROR && !find_authority(take, MG_DNS_NS, &name, &owner))
        store_negative(take, &name, rcode, NULL);
    else
        give_up(take, MG_DNS_MET_LAME);
}

void mg_dns_frame_take(MgDnsRecursion *recursion, MgDnsFrame *frame, MgSpan message, MgTime now)
{
    Take take = {.recursion = recursion, .frame = frame, .bytes = message, .now = now};
    MgDnsServer *server = &frame->servers[frame->server];
    bool opened = mg_dns_message_open(&take.head, message);
    if (message.len >= MG_DNS_HEADER && (take.head.flags & MG_DNS_QR) != 0 &&
        take.head.id == recursion->id && (take.head.flags & 0xf) == MG_DNS_FORMERR &&
        !server->plain) { /* RFC 6891 §7: from before EDNS */
        server->plain = true;
        server->tries--;
        return;
    }
    if (!opened || !is_ours(&take)) {
        mg_dns_recursion_note(recursion, opened ? MG_DNS_MET_MISMATCH : MG_DNS_MET_BROKEN);
        return;
    }
    if (!whole(&take.head)) {
        give_up(&take, MG_DNS_MET_BROKEN);
        return;
    }
    uint16_t rcode = take.head.flags & 0xf;
    if ((take.head.flags & MG_DNS_TC) != 0)
        give_up(&take, MG_DNS_MET_TRUNCATED);
    else if (rcode != MG_DNS_NOERROR && rcode != MG_DNS_NXDOMAIN)
        give_up(&take, MG_DNS_MET_LAME);
    else
        take_good(&take);
}
