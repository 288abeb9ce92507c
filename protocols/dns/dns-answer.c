/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-answer.c - the algorithm of a name server (RFC 1034 §4.3.2, with RFC 4592 and RFC 6672)
 *
 *      the zone that is nearest above the name   none: REFUSED
 *      down from its apex, label by label        a cut: referral; a DNAME: rewritten
 *      the name is there                         the records, a CNAME followed, or NODATA
 *      the name is not there                     the wildcard beside it, or NXDOMAIN
 */
#include "dns-record.h"
#include "dns-zones-private.h"

#define CHAIN_MAX   16 /* CNAMEs and DNAMEs of one answer */
#define TARGETS_MAX 32 /* names whose addresses may be added */
#define OPT_LEN     11

typedef struct {
    const MgDnsZones *zones;
    MgDnsMessage query;
    MgDnsWriter writer;
    MgDnsEdns edns;
    MgDnsName name; /* being looked up: the question's, later an alias's target */
    unsigned chain, n_targets;
    bool truncated, wildcard;
    uint16_t rcode, zone; /* zone: where the last name was found */
    MgSpan targets[TARGETS_MAX];
} Answer;

/* The name's labels with the hash of each suffix. */
typedef struct {
    MgDnsLabels labels;
    uint32_t hashes[MG_DNS_LABELS + 1]; /* [n] is the root's */
} Walk;

static void walk_init(Walk *walk, MgSpan name)
{
    mg_dns_name_labels(name, &walk->labels);
    walk->hashes[walk->labels.n] = MG_DNS_HASH_ROOT;
    for (size_t i = walk->labels.n; i-- > 0;)
        walk->hashes[i] = mg_dns_hash_label(walk->hashes[i + 1], name.data + walk->labels.at[i]);
}

/* The suffix that begins at label i. */
static MgSpan suffix(const Walk *walk, MgSpan name, size_t i)
{
    size_t at = i < walk->labels.n ? walk->labels.at[i] : name.len - 1;
    return mg_span_slice(name, at, name.len - at);
}

/* The zone whose apex is nearest above the name, and the label where it begins. */
static bool find_zone(const MgDnsZones *zones, MgSpan name, const Walk *walk, bool above,
                      uint16_t *zone, size_t *label)
{
    bool found = false;
    const uint16_t n = (uint16_t)mg_dns_zones_n(zones);
    for (uint16_t i = 0; i < n; i++) {
        uint32_t apex = g_array_index(zones->zones, MgDnsZone, i).apex;
        const MgDnsNode *node = mg_dns_node(zones, apex);
        for (size_t at = above ? 1 : 0; at <= walk->labels.n; at++) {
            if (found && at >= *label)
                break;
            if (walk->hashes[at] == node->hash &&
                mg_dns_name_equal(suffix(walk, name, at), mg_dns_node_name(zones, node))) {
                *zone = i;
                *label = at;
                found = true;
            }
        }
    }
    return found;
}

/* ---- writing ---- */

static void add_target(Answer *answer, uint16_t type, MgSpan data)
{
    size_t skip = type == MG_DNS_NS ? 0 : type == MG_DNS_MX ? 2 : type == MG_DNS_SRV ? 6 : SIZE_MAX;
    if (skip >= data.len || answer->n_targets == TARGETS_MAX)
        return;
    answer->targets[answer->n_targets++] = mg_span_slice(data, skip, data.len - skip);
}

static bool add_set(Answer *answer, MgDnsSection section, MgSpan owner, const MgDnsSet *set,
                    uint32_t ttl)
{
    uint32_t at = set->data;
    for (uint16_t i = 0; i < set->n; i++) {
        MgSpan data = mg_dns_set_next(answer->zones, &at);
        if (!mg_dns_write_record(&answer->writer, section, owner, set->type, ttl, data)) {
            answer->truncated = answer->truncated || section != MG_DNS_ADDITIONAL;
            return false;
        }
        if (section != MG_DNS_ADDITIONAL)
            add_target(answer, set->type, data);
    }
    return true;
}

/* The addresses of the names that the records point at, as far as the same zone has them (RFC 1034
 * §4.3.2, step 6): from elsewhere, nobody would believe them. Of a referral they are glue: without
 * it nobody may get any further. */
static void add_addresses(Answer *answer, bool glue)
{
    static const uint16_t types[] = {MG_DNS_A, MG_DNS_AAAA};
    uint32_t done[TARGETS_MAX];
    unsigned n_done = 0;
    for (unsigned i = 0; i < answer->n_targets; i++) {
        MgSpan name = answer->targets[i];
        Walk walk;
        walk_init(&walk, name);
        uint32_t index = mg_dns_node_find(answer->zones, answer->zone, name, walk.hashes[0]);
        bool again = index == MG_DNS_NO_NODE;
        for (unsigned j = 0; j < n_done; j++)
            again = again || done[j] == index;
        if (again)
            continue;
        done[n_done++] = index;
        const MgDnsNode *node = mg_dns_node(answer->zones, index);
        for (size_t t = 0; t < G_N_ELEMENTS(types); t++) {
            const MgDnsSet *set = mg_dns_node_set(answer->zones, node, types[t]);
            if (set == NULL || add_set(answer, MG_DNS_ADDITIONAL, name, set, set->ttl))
                continue;
            /* RFC 9471 §3.1: glue that does not fit is said to be missing. */
            answer->truncated = answer->truncated || glue;
            return;
        }
    }
}

/* RFC 2308 §3: how long "no" may be remembered is the smaller of the SOA's TTL and minimum. */
static void add_soa(Answer *answer, uint16_t zone)
{
    uint32_t apex = g_array_index(answer->zones->zones, MgDnsZone, zone).apex;
    const MgDnsNode *node = mg_dns_node(answer->zones, apex);
    const MgDnsSet *set = mg_dns_node_set(answer->zones, node, MG_DNS_SOA);
    uint32_t at = set->data;
    MgSpan data = mg_dns_set_next(answer->zones, &at);
    uint32_t minimum = mg_dns_get_u32(data.data + data.len - 4);
    add_set(answer, MG_DNS_AUTHORITY, mg_dns_node_name(answer->zones, node), set,
            MIN(set->ttl, minimum));
}

/* ---- looking up ---- */

static MgDnsSays negative(Answer *answer, uint16_t zone, MgDnsSays says)
{
    add_soa(answer, zone);
    if (says == MG_DNS_SAYS_NXDOMAIN)
        answer->rcode = MG_DNS_NXDOMAIN; /* also at the end of a chain: RFC 6604 §3 */
    return says;
}

static MgDnsSays referral(Answer *answer, const MgDnsNode *node)
{
    const MgDnsSet *set = mg_dns_node_set(answer->zones, node, MG_DNS_NS);
    answer->n_targets = 0;
    add_set(answer, MG_DNS_AUTHORITY, mg_dns_node_name(answer->zones, node), set, set->ttl);
    add_addresses(answer, true);
    return MG_DNS_SAYS_REFERRAL;
}

/* The records that were asked for, at a node: its own, or a wildcard's in the name of the
 * question. SAYS_NOTHING means: answer->name is an alias's target now, look again. */
static MgDnsSays at_node(Answer *answer, uint16_t zone, const MgDnsNode *node)
{
    uint16_t type = answer->query.type;
    MgSpan owner = mg_dns_name_span(&answer->name);
    if (type == MG_DNS_ANY) {
        const MgDnsSet *set = &g_array_index(answer->zones->sets, MgDnsSet, node->sets);
        for (uint16_t i = 0; i < node->n_sets; i++)
            add_set(answer, MG_DNS_ANSWER, owner, &set[i], set[i].ttl);
        return node->n_sets > 0 ? MG_DNS_SAYS_ANSWER : negative(answer, zone, MG_DNS_SAYS_NODATA);
    }
    const MgDnsSet *set = mg_dns_node_set(answer->zones, node, type);
    if (set != NULL) {
        add_set(answer, MG_DNS_ANSWER, owner, set, set->ttl);
        return MG_DNS_SAYS_ANSWER;
    }
    set = mg_dns_node_set(answer->zones, node, MG_DNS_CNAME);
    if (set == NULL)
        return negative(answer, zone, MG_DNS_SAYS_NODATA);
    add_set(answer, MG_DNS_ANSWER, owner, set, set->ttl);
    uint32_t at = set->data;
    mg_dns_name_set(&answer->name, mg_dns_set_next(answer->zones, &at));
    return MG_DNS_SAYS_NOTHING;
}

/* RFC 6672 §3.2: the end of the name is replaced, and a CNAME says so to those who know no DNAME.
 */
static MgDnsSays rewrite(Answer *answer, const MgDnsNode *node, const MgDnsSet *set, size_t keep)
{
    uint32_t at = set->data;
    MgSpan target = mg_dns_set_next(answer->zones, &at);
    MgDnsName before = answer->name;
    add_set(answer, MG_DNS_ANSWER, mg_dns_node_name(answer->zones, node), set, set->ttl);
    if (keep + target.len > MG_DNS_NAME_MAX) {
        answer->rcode = 6; /* YXDOMAIN */
        return MG_DNS_SAYS_ERROR;
    }
    memcpy(answer->name.wire + keep, target.data, target.len);
    answer->name.len = (uint8_t)(keep + target.len);
    if (!mg_dns_write_record(&answer->writer, MG_DNS_ANSWER, mg_dns_name_span(&before),
                             MG_DNS_CNAME, set->ttl, mg_dns_name_span(&answer->name)))
        answer->truncated = true;
    return answer->query.type == MG_DNS_CNAME ? MG_DNS_SAYS_ANSWER : MG_DNS_SAYS_NOTHING;
}

static MgDnsSays in_zone(Answer *answer, uint16_t zone, size_t apex, const Walk *walk)
{
    MgSpan name = mg_dns_name_span(&answer->name);
    const MgDnsNode *node = NULL;
    for (size_t i = apex + 1; i-- > 0;) {
        uint32_t index =
            mg_dns_node_find(answer->zones, zone, suffix(walk, name, i), walk->hashes[i]);
        if (index == MG_DNS_NO_NODE) {
            g_assert(node != NULL); /* the apex is there */
            /* RFC 4592 §3.3.1: `*` below the closest encloser, which is `node`. */
            static const uint8_t star[] = {1, '*'};
            uint8_t wire[2 + MG_DNS_NAME_MAX];
            MgSpan encloser = mg_dns_node_name(answer->zones, node);
            if (encloser.len + 2 <= MG_DNS_NAME_MAX) {
                memcpy(wire, star, 2);
                memcpy(wire + 2, encloser.data, encloser.len);
                index = mg_dns_node_find(answer->zones, zone, (MgSpan){wire, encloser.len + 2},
                                         mg_dns_hash_label(node->hash, star));
            }
            if (index == MG_DNS_NO_NODE)
                return negative(answer, zone, MG_DNS_SAYS_NXDOMAIN);
            answer->wildcard = true;
            return at_node(answer, zone, mg_dns_node(answer->zones, index));
        }
        node = mg_dns_node(answer->zones, index);
        /* RFC 4035 §3.1.4.1: DS is the one type that the parent's side of a cut answers. */
        if (node->cut && !(i == 0 && answer->query.type == MG_DNS_DS))
            return referral(answer, node);
        const MgDnsSet *dname = i > 0 ? mg_dns_node_set(answer->zones, node, MG_DNS_DNAME) : NULL;
        if (dname != NULL)
            return rewrite(answer, node, dname,
                           walk->labels.at[i - 1] + (size_t)name.data[walk->labels.at[i - 1]] + 1);
    }
    g_assert(node != NULL);
    return at_node(answer, zone, node);
}

static MgDnsSays look_up(Answer *answer)
{
    MgDnsSays says = MG_DNS_SAYS_NOTHING;
    for (; says == MG_DNS_SAYS_NOTHING && answer->chain <= CHAIN_MAX; answer->chain++) {
        MgSpan name = mg_dns_name_span(&answer->name);
        Walk walk;
        uint16_t zone = 0;
        size_t apex = 0;
        walk_init(&walk, name);
        bool ds = answer->query.type == MG_DNS_DS && name.len > 1;
        if ((!ds || !find_zone(answer->zones, name, &walk, true, &zone, &apex)) &&
            !find_zone(answer->zones, name, &walk, false, &zone, &apex)) {
            if (answer->chain > 0) /* the alias leads to where others know more */
                return MG_DNS_SAYS_ANSWER;
            answer->rcode = MG_DNS_REFUSED;
            return MG_DNS_SAYS_REFUSED;
        }
        answer->zone = zone;
        says = in_zone(answer, zone, apex, &walk);
        if (says == MG_DNS_SAYS_REFERRAL && answer->chain > 0)
            says = MG_DNS_SAYS_ANSWER;
    }
    return says == MG_DNS_SAYS_NOTHING ? MG_DNS_SAYS_ANSWER : says;
}

/* ---- the message ---- */

static uint16_t error(uint16_t rcode, Answer *answer)
{
    answer->rcode = rcode;
    return rcode;
}

/* What is wrong with the query as a message; 0 if nothing is. */
static uint16_t judge(Answer *answer, bool opened)
{
    MgDnsMessage *query = &answer->query;
    MgDnsRecord record;
    if ((query->flags & MG_DNS_OPCODE) != 0)
        return error(MG_DNS_NOTIMP, answer);
    if (!opened || query->counts[MG_DNS_QUESTION] != 1 || query->counts[MG_DNS_ANSWER] != 0 ||
        query->counts[MG_DNS_AUTHORITY] != 0)
        return error(MG_DNS_FORMERR, answer);
    while (mg_dns_message_next(query, &record)) {
        if (record.type != MG_DNS_OPT)
            continue;
        if (answer->edns.present || record.name.len != 1) /* RFC 6891 §6.1.1 */
            return error(MG_DNS_FORMERR, answer);
        answer->edns = mg_dns_edns_of(&record);
    }
    if (query->reader.bad)
        return error(MG_DNS_FORMERR, answer);
    if (answer->edns.version > 0) /* RFC 6891 §6.1.3 */
        return error(MG_DNS_BADVERS, answer);
    if (query->type == MG_DNS_AXFR || query->type == MG_DNS_IXFR ||
        (query->class != MG_DNS_IN && query->class != MG_DNS_ANY))
        return error(MG_DNS_REFUSED, answer);
    return 0;
}

static void finish(Answer *answer, MgDnsMark after_question, size_t cap, MgDnsSays says)
{
    uint16_t flags = 0;
    if (answer->truncated) { /* RFC 2181 §9: rather nothing than a part of a set */
        uint8_t *header = answer->writer.data;
        mg_dns_writer_return(&answer->writer, after_question);
        memset(header + 6, 0, 6);
        flags |= MG_DNS_TC;
    }
    answer->writer.cap = cap;
    if (answer->edns.present)
        mg_dns_write_opt(&answer->writer, MG_DNS_UDP_EDNS, answer->rcode, answer->edns.dnssec_ok);
    if (says == MG_DNS_SAYS_ANSWER || says == MG_DNS_SAYS_NODATA || says == MG_DNS_SAYS_NXDOMAIN)
        flags |= MG_DNS_AA;
    mg_dns_write_flags(&answer->writer, flags, answer->rcode);
}

MgDnsSays mg_dns_zones_answer(const MgDnsZones *zones, MgSpan query, MgDnsReply *reply)
{
    Answer answer;
    g_assert(reply->cap >= MG_DNS_UDP_PLAIN);
    reply->len = 0;
    bool opened = mg_dns_message_open(&answer.query, query);
    /* Too short to answer, or itself an answer: silence, so that two servers never play tennis. */
    if (query.len < MG_DNS_HEADER || (answer.query.flags & MG_DNS_QR) != 0)
        return MG_DNS_SAYS_NOTHING;
    answer.zones = zones;
    answer.edns = (MgDnsEdns){0};
    answer.name = answer.query.name;
    answer.chain = answer.n_targets = 0;
    answer.truncated = answer.wildcard = false;
    answer.rcode = 0;
    MgDnsSays says =
        judge(&answer, opened) != 0
            ? (answer.rcode == MG_DNS_REFUSED ? MG_DNS_SAYS_REFUSED : MG_DNS_SAYS_ERROR)
            : MG_DNS_SAYS_NOTHING;
    size_t limit = reply->stream ? reply->cap : MG_DNS_UDP_PLAIN;
    if (!reply->stream && answer.edns.present) /* RFC 6891 §6.2.3 */
        limit = CLAMP(answer.edns.payload, MG_DNS_UDP_PLAIN, reply->cap);
    mg_dns_writer_init(&answer.writer, reply->data, limit - (answer.edns.present ? OPT_LEN : 0));
    uint16_t kept = answer.query.flags & (MG_DNS_OPCODE | MG_DNS_RD);
    mg_dns_write_header(&answer.writer, answer.query.id, MG_DNS_QR | kept);
    if (opened && answer.query.counts[MG_DNS_QUESTION] > 0)
        mg_dns_write_question(&answer.writer, mg_dns_name_span(&answer.query.name),
                              answer.query.type, answer.query.class);
    MgDnsMark mark = mg_dns_writer_mark(&answer.writer);
    if (says == MG_DNS_SAYS_NOTHING) {
        says = look_up(&answer);
        if (says == MG_DNS_SAYS_ANSWER)
            add_addresses(&answer, false);
    }
    finish(&answer, mark, limit, says);
    reply->len = answer.writer.len;
    reply->wildcard = answer.wildcard;
    return says;
}
