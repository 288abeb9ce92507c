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
    bool found;           /* something of an answer */
    bool doubled;         /* two aliases of one name */
    MgDnsSection section; /* 0: the answer; where the sets that are stored stand */
} Take;

static bool in_zone(const Take *take, MgSpan name)
{
    return mg_dns_name_is_under(name, mg_dns_name_span(&take->frame->zone));
}

/* Is the piece at `at`, the last one, there before? */
static bool is_repeated(const GByteArray *packed, size_t at)
{
    MgSpan before = {packed->data, at}, last, data;
    size_t i = 0;
    mg_dns_packed_next((MgSpan){packed->data, packed->len}, &at, &last);
    while (mg_dns_packed_next(before, &i, &data))
        if (data.len == last.len && memcmp(data.data, last.data, data.len) == 0)
            return true;
    return false;
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
        if (is_repeated(packed, at)) { /* RFC 2181 §5: a set has no record twice */
            g_byte_array_set_size(packed, at);
            continue;
        }
        *ttl = MIN(*ttl, record.ttl);
        n++;
    }
    return n;
}

/* Who said it, for people who look into the cache. */
static void sign(const Take *take, MgDnsCached *set)
{
    const MgDnsServer *server = &take->frame->servers[take->frame->server];
    set->from_len = server->len;
    memcpy(set->from, server->address, sizeof set->from);
}

/* ---- what vouches for it, as pieces ---- */

typedef enum { PLAIN, EXPANDED } Expansion;

/* The signatures of a set. EXPANDED: a wildcard has made it. */
static Expansion add_signatures(Take *take, MgDnsSection section, MgSpan owner, uint16_t type,
                                GByteArray *pieces)
{
    MgDnsMessage message = take->head;
    MgDnsRecord record;
    MgDnsLabels labels;
    Expansion expansion = PLAIN;
    mg_dns_name_labels(owner, &labels);
    while (mg_dns_message_next(&message, &record)) {
        if (record.section != section || record.type != MG_DNS_RRSIG || record.class != MG_DNS_IN ||
            !mg_dns_name_equal(mg_dns_name_span(&record.name), owner))
            continue;
        g_autoptr(GByteArray) data = g_byte_array_new();
        if (!mg_dns_expand_data(take->bytes, &record, data) || data->len < 4 ||
            mg_dns_get_u16(data->data) != type)
            continue;
        mg_dns_piece_add(pieces, owner, record.type, (MgSpan){data->data, data->len});
        if (data->data[3] < labels.n)
            expansion = EXPANDED;
    }
    return expansion;
}

/* NSEC and NSEC3 of the authority section, with their signatures. */
static void add_denials(Take *take, GByteArray *pieces, uint32_t *ttl)
{
    MgDnsMessage message = take->head;
    MgDnsRecord record;
    while (mg_dns_message_next(&message, &record)) {
        MgSpan owner = mg_dns_name_span(&record.name);
        if (record.section != MG_DNS_AUTHORITY || record.class != MG_DNS_IN ||
            (record.type != MG_DNS_NSEC && record.type != MG_DNS_NSEC3) || !in_zone(take, owner))
            continue;
        g_autoptr(GByteArray) data = g_byte_array_new();
        if (!mg_dns_expand_data(take->bytes, &record, data))
            continue;
        mg_dns_piece_add(pieces, owner, record.type, (MgSpan){data->data, data->len});
        add_signatures(take, MG_DNS_AUTHORITY, owner, record.type, pieces);
        *ttl = MIN(*ttl, record.ttl);
    }
}

static void store(Take *take, MgSpan owner, uint16_t type, unsigned n, MgDnsTrust trust,
                  uint32_t ttl)
{
    const GByteArray *packed = take->recursion->scratch;
    GByteArray *extra = take->recursion->extra;
    MgDnsSection section = take->section != 0 ? take->section : MG_DNS_ANSWER;
    g_byte_array_set_size(extra, 0);
    if (take->recursion->setup.habits->validate && trust != MG_DNS_TRUST_GLUE &&
        add_signatures(take, section, owner, type, extra) == EXPANDED)
        add_denials(take, extra, &ttl);
    MgDnsCached set = {.name = owner,
                       .type = type,
                       .n = (uint16_t)n,
                       .trust = (uint8_t)trust,
                       .data = {packed->data, packed->len},
                       .extra = {extra->data, extra->len}};
    sign(take, &set);
    mg_dns_cache_put(take->recursion->setup.cache, &set, ttl, take->now);
}

/* The owner of a DNAME in the answer section above `name`. */
static bool find_dname(Take *take, MgSpan name, MgDnsName *owner)
{
    MgDnsMessage message = take->head;
    MgDnsRecord record;
    while (mg_dns_message_next(&message, &record)) {
        MgSpan at = mg_dns_name_span(&record.name);
        if (record.section != MG_DNS_ANSWER || record.type != MG_DNS_DNAME ||
            record.class != MG_DNS_IN || !in_zone(take, at) || at.len >= name.len ||
            !mg_dns_name_is_under(name, at))
            continue;
        *owner = record.name;
        return true;
    }
    return false;
}

static MgSpan first_gathered(const Take *take)
{
    const GByteArray *packed = take->recursion->scratch;
    MgSpan data = {NULL, 0};
    size_t at = 0;
    mg_dns_packed_next((MgSpan){packed->data, packed->len}, &at, &data);
    return data;
}

/* A type of which there is one record (RFC 1034 §3.6.2, RFC 6672 §2.4). */
static bool take_alias(Take *take, MgSpan owner, uint16_t type)
{
    uint32_t ttl = 0;
    unsigned n = gather(take, MG_DNS_ANSWER, owner, type, &ttl);
    take->doubled |= n > 1;
    if (n != 1)
        return false;
    store(take, owner, type, 1, take->trust, ttl);
    take->found = true;
    return true;
}

/* Follows the answer section from the question's name on; `name` is left at the last alias's
 * target, whose records are not here. True: they are. */
static bool take_answers(Take *take, MgDnsName *name)
{
    uint16_t type = take->frame->way.type;
    for (unsigned i = 0; i < MG_DNS_ALIASES_MAX; i++) {
        uint32_t ttl = 0;
        MgSpan owner = mg_dns_name_span(name);
        MgDnsName above;
        if (!in_zone(take, owner))
            return false;
        unsigned n = gather(take, MG_DNS_ANSWER, owner, type, &ttl);
        if (n > 0) {
            take->doubled |= n > 1 && (type == MG_DNS_CNAME || type == MG_DNS_DNAME);
            if (!take->doubled)
                store(take, owner, type, n, take->trust, ttl);
            take->found = true;
            return true;
        }
        if (find_dname(take, owner, &above)) {
            if (!take_alias(take, mg_dns_name_span(&above), MG_DNS_DNAME) ||
                !mg_dns_name_substitute(name, mg_dns_name_span(&above), first_gathered(take)))
                return true; /* the cache tells how it ends */
        } else if (type != MG_DNS_CNAME && take_alias(take, owner, MG_DNS_CNAME)) {
            mg_dns_name_set(name, first_gathered(take));
        } else {
            return false;
        }
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

/* A record of the authority section that a negative answer needs, as a piece of the cached set. */
static void add_authority(Take *take, MgSpan owner, uint16_t type, GByteArray *pieces,
                          uint32_t *ttl)
{
    const GByteArray *packed = take->recursion->scratch;
    size_t at = 0;
    MgSpan data;
    if (gather(take, MG_DNS_AUTHORITY, owner, type, ttl) == 0)
        return;
    while (mg_dns_packed_next((MgSpan){packed->data, packed->len}, &at, &data)) {
        mg_dns_piece_add(pieces, owner, type, data);
        if (type == MG_DNS_SOA && data.len >= 4)
            *ttl = MIN(*ttl, mg_dns_get_u32(data.data + data.len - 4));
    }
}

/* RFC 2308 §5: "no" is remembered for as long as the SOA in the authority section says; without one
 * it is good for this question alone. */
static void store_negative(Take *take, const MgDnsName *name, uint16_t rcode,
                           const MgDnsName *soa_owner)
{
    uint32_t ttl = 0, ns_ttl = 0;
    bool validate = take->recursion->setup.habits->validate;
    g_autoptr(GByteArray) pieces = g_byte_array_new();
    MgDnsCached set = {.name = mg_dns_name_span(name),
                       .type = rcode == MG_DNS_NXDOMAIN ? 0 : take->frame->way.type,
                       .rcode = (uint8_t)rcode,
                       .trust = MG_DNS_TRUST_ANSWER};
    if (soa_owner != NULL) {
        add_authority(take, mg_dns_name_span(soa_owner), MG_DNS_SOA, pieces, &ttl);
        if (validate) /* of what is shown, all must be checked: NS is left out */
            add_signatures(take, MG_DNS_AUTHORITY, mg_dns_name_span(soa_owner), MG_DNS_SOA, pieces);
        else
            add_authority(take, mg_dns_name_span(soa_owner), MG_DNS_NS, pieces, &ns_ttl);
    }
    if (validate)
        add_denials(take, pieces, &ttl);
    set.data = (MgSpan){pieces->data, pieces->len};
    sign(take, &set);
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
        bool believed = in_zone(take, owner) || !take->recursion->setup.habits->harden_glue;
        for (size_t t = 0; t < G_N_ELEMENTS(types) && believed; t++) {
            uint32_t ttl = 0;
            unsigned n = gather(take, MG_DNS_ADDITIONAL, owner, types[t], &ttl);
            if (n > 0)
                store(take, owner, types[t], n, MG_DNS_TRUST_GLUE, ttl);
        }
    }
}

/* What the zone above says of the keys of the one below: DS, or the proof that there is none. It is
 * kept for the validator, which saves a query. */
static void take_digests(Take *take, MgSpan owner)
{
    uint32_t ttl = UINT32_MAX;
    if (!take->recursion->setup.habits->validate)
        return;
    unsigned n = gather(take, MG_DNS_AUTHORITY, owner, MG_DNS_DS, &ttl);
    if (n > 0) {
        take->section = MG_DNS_AUTHORITY;
        store(take, owner, MG_DNS_DS, n, MG_DNS_TRUST_REFERRAL, ttl);
        take->section = 0;
        return;
    }
    g_autoptr(GByteArray) pieces = g_byte_array_new();
    add_denials(take, pieces, &ttl);
    if (pieces->len == 0)
        return;
    MgDnsCached set = {.name = owner,
                       .type = MG_DNS_DS,
                       .trust = MG_DNS_TRUST_REFERRAL,
                       .data = {pieces->data, pieces->len}};
    sign(take, &set);
    mg_dns_cache_put(take->recursion->setup.cache, &set, ttl, take->now);
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
    take_digests(take, mg_dns_name_span(&owner));
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

/* A resolver that believes everything: every set of the message goes into the cache, as if it had
 * been asked for. So poison works; a lesson shows it. */
static void take_all(Take *take)
{
    MgDnsMessage message = take->head;
    MgDnsRecord record;
    while (mg_dns_message_next(&message, &record)) {
        uint32_t ttl = 0;
        MgSpan owner = mg_dns_name_span(&record.name);
        if (record.type == MG_DNS_OPT || record.class != MG_DNS_IN || in_zone(take, owner))
            continue;
        unsigned n = gather(take, record.section, owner, record.type, &ttl);
        if (n > 0)
            store(take, owner, record.type, n, take->trust, ttl);
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
    const MgDnsFrame *frame = take->frame;
    return (head->flags & MG_DNS_QR) != 0 && head->id == take->recursion->id &&
           (head->flags & MG_DNS_OPCODE) == 0 && head->counts[MG_DNS_QUESTION] == 1 &&
           head->type == frame->type && head->class == MG_DNS_IN &&
           mg_dns_name_equal(mg_dns_name_span(&head->name), mg_dns_name_span(&frame->name));
}

/* The case of letters that was asked for must come back. A server that does not keep it is asked
 * once more without, and over TCP, where nobody forges answers so easily. */
static bool keeps_case(Take *take, MgDnsKnownServer *known)
{
    const MgDnsName *asked = &take->frame->name, *came = &take->head.name;
    MgDnsServer *server = &take->frame->servers[take->frame->server];
    if (!take->recursion->setup.habits->mixed_case || server->tcp ||
        memcmp(asked->wire, came->wire, asked->len) == 0)
        return true;
    mg_dns_recursion_note(take->recursion, MG_DNS_MET_CASE);
    known->no_case = true;
    server->tcp = true;
    server->tries = 0;
    return false;
}

/* ---- what it says ---- */

/* Of a name that is shorter than the question's: only whether a zone begins there. */
static void take_minimised(Take *take, uint16_t rcode)
{
    MgDnsFrame *frame = take->frame;
    MgDnsName name = frame->name;
    MgSpan span = mg_dns_name_span(&name);
    uint32_t ttl = 0;
    unsigned n = gather(take, MG_DNS_ANSWER, span, MG_DNS_NS, &ttl);
    if (rcode == MG_DNS_NOERROR && n > 0) { /* the zone below has the same server */
        store(take, span, MG_DNS_NS, n, MG_DNS_TRUST_REFERRAL, ttl);
        take_glue(take);
        mg_dns_recursion_note(take->recursion, MG_DNS_MET_REFERRAL);
        frame->planned = false;
    } else if (rcode == MG_DNS_NOERROR && take->head.counts[MG_DNS_ANSWER] == 0 &&
               take_referral(take, &name)) {
        frame->planned = false;
    } else if (rcode == MG_DNS_NOERROR) {
        frame->n_known = frame->n_asked;
        frame->servers[frame->server].tries = 0;
    } else {
        /* RFC 9156 §2.3 and RFC 8020 §3.1: some servers err about names with nothing but names
         * below, so that the whole name is asked at last. */
        mg_dns_recursion_note(take->recursion, MG_DNS_MET_NOT_MINIMISED);
        frame->whole = true;
        frame->servers[frame->server].tries = 0;
    }
}

/* It knows nobody but those who are asked first anyway. */
static bool refers_upwards(const Take *take)
{
    MgDnsMessage message = take->head;
    MgDnsRecord record;
    while (mg_dns_message_next(&message, &record))
        if (record.section == MG_DNS_AUTHORITY && record.type == MG_DNS_NS &&
            !in_zone(take, mg_dns_name_span(&record.name)))
            return true;
    return false;
}

/* Neither an answer, nor a referral, nor an SOA. */
static void take_nothing(Take *take, const MgDnsName *name)
{
    MgDnsName owner;
    bool authority = (take->head.flags & MG_DNS_AA) != 0;
    bool ns = find_authority(take, MG_DNS_NS, name, &owner);
    if (!ns && refers_upwards(take)) {
        give_up(take, MG_DNS_MET_LAME);
        return;
    }
    if (authority && (!ns || owner.len == take->frame->zone.len)) {
        store_negative(take, name, MG_DNS_NOERROR, NULL);
        return;
    }
    /* Nothing at all, not even a way upwards: perhaps there is nothing. Others are asked first. */
    take->frame->vague |=
        !ns && take->head.counts[MG_DNS_AUTHORITY] == 0 && take->head.counts[MG_DNS_ANSWER] > 0;
    give_up(take, MG_DNS_MET_LAME);
}

static void take_good(Take *take)
{
    uint16_t flags = take->head.flags, rcode = flags & 0xf;
    bool authority = (flags & MG_DNS_AA) != 0;
    MgDnsName name = take->frame->way.name, owner;
    take->trust = authority ? MG_DNS_TRUST_AUTHORITY : MG_DNS_TRUST_ANSWER;
    look_for_poison(take);
    if (!authority && (flags & MG_DNS_RA) != 0 && !take->frame->modest) {
        /* it asks others: no server of this zone */
        take->frame->servers[take->frame->server].recursive = true;
        give_up(take, MG_DNS_MET_LAME);
        return;
    }
    if (!take->recursion->setup.habits->bailiwick)
        take_all(take);
    if (mg_dns_frame_is_minimised(take->frame)) {
        take_minimised(take, rcode);
        return;
    }
    bool answered = take_answers(take, &name);
    if (take->doubled)
        give_up(take, MG_DNS_MET_BROKEN);
    if (answered || take->doubled)
        return;
    bool here = in_zone(take, mg_dns_name_span(&name));
    bool has_soa = here && find_authority(take, MG_DNS_SOA, &name, &owner);
    if (here && rcode == MG_DNS_NXDOMAIN) {
        store_negative(take, &name, rcode, has_soa ? &owner : NULL);
    } else if (here && has_soa && rcode == MG_DNS_NOERROR) {
        store_negative(take, &name, rcode, &owner);
    } else if (here && take_referral(take, &name)) {
        take->frame->planned = false;
    } else if (!take->found) { /* else an alias that leads on */
        take_nothing(take, &name);
    }
}

/* A server from before EDNS (RFC 6891 §7). */
static bool take_formerr(Take *take, MgDnsKnownServer *known, MgSpan message)
{
    if (message.len < MG_DNS_HEADER || (take->head.flags & MG_DNS_QR) == 0 ||
        take->head.id != take->recursion->id || (take->head.flags & 0xf) != MG_DNS_FORMERR ||
        known->plain)
        return false;
    known->plain = true;
    take->frame->servers[take->frame->server].tries = 0;
    mg_dns_recursion_note(take->recursion, MG_DNS_MET_NO_EDNS);
    return true;
}

void mg_dns_frame_take(MgDnsRecursion *recursion, MgDnsFrame *frame, MgSpan message, MgTime now)
{
    Take take = {.recursion = recursion, .frame = frame, .bytes = message, .now = now};
    MgDnsServer *server = &frame->servers[frame->server];
    MgDnsKnownServer *known =
        mg_dns_known_server(recursion->setup.known, server->address, server->len);
    bool opened = mg_dns_message_open(&take.head, message);
    if (take_formerr(&take, known, message))
        return;
    if (!opened || !is_ours(&take)) {
        mg_dns_recursion_note(recursion, opened ? MG_DNS_MET_MISMATCH : MG_DNS_MET_BROKEN);
        return;
    }
    if (!keeps_case(&take, known))
        return;
    uint16_t rcode = take.head.flags & 0xf;
    if ((take.head.flags & MG_DNS_TC) != 0 && !server->tcp) { /* RFC 7766 §5 */
        server->tcp = true;
        server->tries = 0;
        mg_dns_recursion_note(recursion, MG_DNS_MET_TRUNCATED);
    } else if (!whole(&take.head)) {
        give_up(&take, MG_DNS_MET_BROKEN);
    } else if (mg_dns_frame_is_minimised(frame) && rcode != MG_DNS_NOERROR) {
        take_minimised(&take, rcode);
    } else if (rcode != MG_DNS_NOERROR && rcode != MG_DNS_NXDOMAIN && rcode != MG_DNS_YXDOMAIN) {
        give_up(&take, MG_DNS_MET_LAME);
    } else {
        take_good(&take);
        frame->heard |= frame->planned && !server->bad;
    }
}
