/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-answer.c - the algorithm of a name server (RFC 1034 §4.3.2, with RFC 4592 and RFC 6672)
 *
 *      the zone that is nearest above the name   none: REFUSED
 *      down from its apex, label by label        a cut: referral; a DNAME: rewritten
 *      the name is there                         the records, a CNAME followed, or NODATA
 *      the name is not there                     the wildcard beside it, or NXDOMAIN
 *
 * Of a signed zone, who asks with DO gets the signatures, and the proof of what is not there (RFC
 * 4035 §3.1, RFC 5155 §7.2).
 */
#include "dns-edns.h"
#include "dns-record.h"
#include "dns-transfer.h"
#include "dns-zones-private.h"

#define CHAIN_MAX   16 /* CNAMEs and DNAMEs of one answer */
#define TARGETS_MAX 32 /* names whose addresses may be added */
#define PROOFS_MAX  8
#define OPT_LEN     11

typedef struct {
    const MgDnsZones *zones;
    MgDnsMessage query;
    MgDnsWriter writer;
    MgDnsEdns edns;
    MgDnsOptions options;
    MgDnsReply *reply;
    unsigned error; /* of MG_DNS_OPTION_ERROR, or 0 */
    unsigned n_proofs;
    uint32_t proofs[PROOFS_MAX]; /* nodes that were given as one */
    MgDnsName name;              /* being looked up: the question's, later an alias's target */
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

/* RFC 4035 §3.1.1: signatures go with what they sign. */
static bool add_signatures(Answer *answer, MgDnsSection section, MgSpan owner,
                           const MgDnsNode *node, const MgDnsSet *signed_set, uint32_t ttl)
{
    const MgDnsSet *set = answer->edns.dnssec_ok && signed_set->type != MG_DNS_RRSIG
                              ? mg_dns_node_set(answer->zones, node, MG_DNS_RRSIG)
                              : NULL;
    uint32_t at = set != NULL ? set->data : 0;
    for (uint16_t i = 0; set != NULL && i < set->n; i++) {
        MgSpan data = mg_dns_set_next(answer->zones, &at);
        if (mg_dns_get_u16(data.data) != signed_set->type ||
            mg_dns_write_record(&answer->writer, section, owner, MG_DNS_RRSIG, ttl, data))
            continue;
        return false;
    }
    return true;
}

/* A set of `node` in the name of `owner`, with its signatures. Of the additional section it is
 * left out if it does not fit whole; elsewhere the message is truncated. */
static bool add_set(Answer *answer, MgDnsSection section, MgSpan owner, const MgDnsNode *node,
                    const MgDnsSet *set, uint32_t ttl)
{
    MgDnsMark mark = mg_dns_writer_mark(&answer->writer);
    uint32_t at = set->data;
    uint8_t *count = answer->writer.data + 4 + 2 * (size_t)MG_DNS_ADDITIONAL;
    uint16_t before = mg_dns_get_u16(count);
    bool fits = true;
    for (uint16_t i = 0; i < set->n && fits; i++) {
        MgSpan data = mg_dns_set_next(answer->zones, &at);
        fits = mg_dns_write_record(&answer->writer, section, owner, set->type, ttl, data);
        if (fits && section != MG_DNS_ADDITIONAL)
            add_target(answer, set->type, data);
    }
    if (fits && add_signatures(answer, section, owner, node, set, ttl))
        return true;
    if (section != MG_DNS_ADDITIONAL) {
        answer->truncated = true;
        return false;
    }
    mg_dns_writer_return(&answer->writer, mark);
    mg_dns_put_u16(count, before);
    return false;
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
            if (set == NULL || add_set(answer, MG_DNS_ADDITIONAL, name, node, set, set->ttl))
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
    const MgDnsNode *node = mg_dns_node(answer->zones, mg_dns_zone_at(answer->zones, zone)->apex);
    const MgDnsSet *set = mg_dns_node_set(answer->zones, node, MG_DNS_SOA);
    uint32_t at = set->data;
    MgSpan data = mg_dns_set_next(answer->zones, &at);
    uint32_t minimum = mg_dns_get_u32(data.data + data.len - 4);
    add_set(answer, MG_DNS_AUTHORITY, mg_dns_node_name(answer->zones, node), node, set,
            MIN(set->ttl, minimum));
}

/* ---- proofs ---- */

/* Keeps in mind the record that is the name's own or covers it, each once: proofs stand behind all
 * records of the answer. */
static void prove(Answer *answer, uint16_t zone, MgSpan name)
{
    bool own = false;
    uint32_t index = mg_dns_proof_for(answer->zones, zone, name, &own);
    for (unsigned i = 0; i < answer->n_proofs; i++)
        if (answer->proofs[i] == index)
            return;
    if (index != MG_DNS_NO_NODE && answer->n_proofs < PROOFS_MAX)
        answer->proofs[answer->n_proofs++] = index;
}

static void add_proofs(Answer *answer)
{
    for (unsigned i = 0; i < answer->n_proofs; i++) {
        const MgDnsNode *node = mg_dns_node(answer->zones, answer->proofs[i]);
        const MgDnsSet *set = mg_dns_node_set(answer->zones, node, MG_DNS_NSEC);
        if (set == NULL || mg_dns_zone_at(answer->zones, node->zone)->hashed)
            set = mg_dns_node_set(answer->zones, node, MG_DNS_NSEC3);
        add_set(answer, MG_DNS_AUTHORITY, mg_dns_node_name(answer->zones, node), node, set,
                set->ttl);
    }
    answer->n_proofs = 0;
}

/* `*` below `encloser`. False: that would be too long. */
static bool make_wildcard(MgSpan encloser, MgDnsName *out)
{
    if (encloser.len + 2 > MG_DNS_NAME_MAX)
        return false;
    out->wire[0] = 1;
    out->wire[1] = '*';
    memcpy(out->wire + 2, encloser.data, encloser.len);
    out->len = (uint8_t)(encloser.len + 2);
    return true;
}

/* The name with one label more than `encloser` (RFC 5155 §1.3). */
static MgSpan next_closer(MgSpan name, MgSpan encloser)
{
    MgSpan closer = name;
    while (mg_dns_name_parent(closer).len > encloser.len)
        closer = mg_dns_name_parent(closer);
    return closer;
}

/* That nothing is between `encloser`, which there is, and the name (RFC 5155 §7.2.1). */
static void prove_encloser(Answer *answer, uint16_t zone, MgSpan name, MgSpan encloser)
{
    if (mg_dns_zone_at(answer->zones, zone)->hashed) {
        prove(answer, zone, encloser);
        prove(answer, zone, next_closer(name, encloser));
    } else {
        prove(answer, zone, name);
    }
}

/* RFC 4035 §3.1.3.2, RFC 5155 §7.2.2: neither the name nor a wildcard for it. */
static void prove_no_name(Answer *answer, uint16_t zone, MgSpan name, MgSpan encloser)
{
    MgDnsName wildcard;
    if (!answer->edns.dnssec_ok)
        return;
    prove_encloser(answer, zone, name, encloser);
    if (make_wildcard(encloser, &wildcard))
        prove(answer, zone, mg_dns_name_span(&wildcard));
}

/* RFC 4035 §3.1.3.1, RFC 5155 §7.2.3 and §7.2.4: the name's own record says which types it has. A
 * delegation that was left out of the hashes has none; then what covers it must do. */
static void prove_no_data(Answer *answer, uint16_t zone, const MgDnsNode *node)
{
    MgSpan name = mg_dns_node_name(answer->zones, node);
    const MgDnsZone *row = mg_dns_zone_at(answer->zones, zone);
    MgSpan apex = mg_dns_node_name(answer->zones, mg_dns_node(answer->zones, row->apex));
    bool own = false;
    if (!answer->edns.dnssec_ok ||
        mg_dns_proof_for(answer->zones, zone, name, &own) == MG_DNS_NO_NODE)
        return;
    if (own || !row->hashed) {
        prove(answer, zone, name);
        return;
    }
    MgSpan encloser = mg_dns_name_parent(name);
    while (encloser.len > apex.len) {
        mg_dns_proof_for(answer->zones, zone, encloser, &own);
        if (own)
            break;
        encloser = mg_dns_name_parent(encloser);
    }
    prove_encloser(answer, zone, name, encloser);
}

/* ---- looking up ---- */

static MgDnsSays negative(Answer *answer, uint16_t zone, MgDnsSays says)
{
    add_soa(answer, zone);
    if (says == MG_DNS_SAYS_NXDOMAIN)
        answer->rcode = MG_DNS_NXDOMAIN; /* also at the end of a chain: RFC 6604 §3 */
    return says;
}

static MgDnsSays referral(Answer *answer, uint16_t zone, const MgDnsNode *node)
{
    const MgDnsSet *set = mg_dns_node_set(answer->zones, node, MG_DNS_NS);
    const MgDnsSet *ds = mg_dns_node_set(answer->zones, node, MG_DNS_DS);
    MgSpan owner = mg_dns_node_name(answer->zones, node);
    answer->n_targets = 0;
    add_set(answer, MG_DNS_AUTHORITY, owner, node, set, set->ttl);
    if (ds != NULL && answer->edns.dnssec_ok) /* RFC 4035 §3.1.4 */
        add_set(answer, MG_DNS_AUTHORITY, owner, node, ds, ds->ttl);
    else
        prove_no_data(answer, zone, node);
    add_proofs(answer);
    add_addresses(answer, true);
    return MG_DNS_SAYS_REFERRAL;
}

/* RFC 8482 §4.1: who asks for ANY gets one set, so that nobody can make us shout. Which, is as NSD
 * has it. */
static const MgDnsSet *any_set(const MgDnsZones *zones, const MgDnsNode *node)
{
    static const uint16_t liked[] = {MG_DNS_SOA, MG_DNS_A, MG_DNS_MX, MG_DNS_AAAA, MG_DNS_PTR};
    const MgDnsSet *first = &g_array_index(zones->sets, MgDnsSet, node->sets), *other = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(liked); i++) {
        const MgDnsSet *set = mg_dns_node_set(zones, node, liked[i]);
        if (set != NULL)
            return set;
    }
    for (uint16_t i = 0; i < node->n_sets && other == NULL; i++)
        if (first[i].type != MG_DNS_RRSIG && first[i].type != MG_DNS_NSEC &&
            first[i].type != MG_DNS_DNSKEY)
            other = &first[i];
    return other != NULL ? other : first;
}

/* The records that were asked for, at a node: its own, or a wildcard's in the name of the
 * question. SAYS_NOTHING means: answer->name is an alias's target now, look again. */
static MgDnsSays at_node(Answer *answer, uint16_t zone, const MgDnsNode *node)
{
    uint16_t type = answer->query.type;
    MgSpan owner = mg_dns_name_span(&answer->name);
    if (type == MG_DNS_ANY && node->n_sets > 0) {
        const MgDnsSet *one = any_set(answer->zones, node);
        add_set(answer, MG_DNS_ANSWER, owner, node, one, one->ttl);
        return MG_DNS_SAYS_ANSWER;
    }
    const MgDnsSet *set = mg_dns_node_set(answer->zones, node, type);
    if (set != NULL) {
        add_set(answer, MG_DNS_ANSWER, owner, node, set, set->ttl);
        return MG_DNS_SAYS_ANSWER;
    }
    set = mg_dns_node_set(answer->zones, node, MG_DNS_CNAME);
    if (set == NULL) {
        MgDnsSays says = negative(answer, zone, MG_DNS_SAYS_NODATA);
        prove_no_data(answer, zone, node);
        return says;
    }
    add_set(answer, MG_DNS_ANSWER, owner, node, set, set->ttl);
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
    add_set(answer, MG_DNS_ANSWER, mg_dns_node_name(answer->zones, node), node, set, set->ttl);
    if (keep + target.len > MG_DNS_NAME_MAX) {
        answer->rcode = MG_DNS_YXDOMAIN;
        return MG_DNS_SAYS_ERROR;
    }
    memcpy(answer->name.wire + keep, target.data, target.len);
    answer->name.len = (uint8_t)(keep + target.len);
    if (!mg_dns_write_record(&answer->writer, MG_DNS_ANSWER, mg_dns_name_span(&before),
                             MG_DNS_CNAME, set->ttl, mg_dns_name_span(&answer->name)))
        answer->truncated = true;
    return answer->query.type == MG_DNS_CNAME ? MG_DNS_SAYS_ANSWER : MG_DNS_SAYS_NOTHING;
}

/* The node of a name, if questions can see it. */
static uint32_t find_visible(const MgDnsZones *zones, uint16_t zone, MgSpan name, uint32_t hash)
{
    uint32_t index = mg_dns_node_find(zones, zone, name, hash);
    return index != MG_DNS_NO_NODE && mg_dns_node(zones, index)->hidden ? MG_DNS_NO_NODE : index;
}

/* RFC 4592 §3.3.1: nothing below `encloser` has the name; perhaps a wildcard stands for it. */
static MgDnsSays below(Answer *answer, uint16_t zone, const MgDnsNode *encloser)
{
    static const uint8_t star[] = {1, '*'};
    MgSpan above = mg_dns_node_name(answer->zones, encloser);
    MgDnsName wildcard, name = answer->name;
    uint32_t index = MG_DNS_NO_NODE;
    if (make_wildcard(above, &wildcard))
        index = find_visible(answer->zones, zone, mg_dns_name_span(&wildcard),
                             mg_dns_hash_label(encloser->hash, star));
    if (index == MG_DNS_NO_NODE) {
        MgDnsSays says = negative(answer, zone, MG_DNS_SAYS_NXDOMAIN);
        prove_no_name(answer, zone, mg_dns_name_span(&name), above);
        return says;
    }
    answer->wildcard = true;
    MgDnsSays says = at_node(answer, zone, mg_dns_node(answer->zones, index));
    if (!answer->edns.dnssec_ok)
        return says;
    /* That the name itself is not there: RFC 4035 §3.1.3.3; the signature tells how much of it is
     * (RFC 5155 §7.2.6), but of NODATA there is none (§7.2.5). */
    if (says == MG_DNS_SAYS_NODATA || !mg_dns_zone_at(answer->zones, zone)->hashed)
        prove_encloser(answer, zone, mg_dns_name_span(&name), above);
    else
        prove(answer, zone, next_closer(mg_dns_name_span(&name), above));
    return says;
}

static MgDnsSays in_zone(Answer *answer, uint16_t zone, size_t apex, const Walk *walk)
{
    MgSpan name = mg_dns_name_span(&answer->name);
    const MgDnsNode *node = NULL;
    for (size_t i = apex + 1; i-- > 0;) {
        uint32_t index = find_visible(answer->zones, zone, suffix(walk, name, i), walk->hashes[i]);
        if (index == MG_DNS_NO_NODE) {
            g_assert(node != NULL); /* the apex is there */
            return below(answer, zone, node);
        }
        node = mg_dns_node(answer->zones, index);
        /* RFC 4035 §3.1.4.1: DS is the one type that the parent's side of a cut answers. */
        if (node->cut && !(i == 0 && answer->query.type == MG_DNS_DS))
            return referral(answer, zone, node);
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
            if (answer->chain > 0) { /* the alias leads to where others know more */
                add_proofs(answer);
                return MG_DNS_SAYS_ANSWER;
            }
            answer->rcode = MG_DNS_REFUSED;
            answer->error = MG_DNS_ERROR_NOT_AUTHORITATIVE;
            return MG_DNS_SAYS_REFUSED;
        }
        answer->zone = zone;
        says = in_zone(answer, zone, apex, &walk);
        if (says == MG_DNS_SAYS_REFERRAL && answer->chain > 0)
            says = MG_DNS_SAYS_ANSWER;
    }
    add_proofs(answer);
    return says == MG_DNS_SAYS_NOTHING ? MG_DNS_SAYS_ANSWER : says;
}

/* ---- the message ---- */

static MgDnsSays fail(Answer *answer, uint16_t rcode, unsigned error)
{
    answer->rcode = rcode;
    answer->error = error;
    return rcode == MG_DNS_REFUSED ? MG_DNS_SAYS_REFUSED : MG_DNS_SAYS_ERROR;
}

/* RFC 5936 §2.2: over a stream, of a zone of ours, and not for everybody. */
static MgDnsSays judge_transfer(Answer *answer)
{
    MgDnsReply *reply = answer->reply;
    MgSpan name = mg_dns_name_span(&answer->query.name);
    Walk walk;
    uint16_t zone = 0;
    size_t label = 0;
    if (!reply->stream && answer->query.type == MG_DNS_AXFR)
        return fail(answer, MG_DNS_REFUSED, MG_DNS_ERROR_NOT_SUPPORTED);
    walk_init(&walk, name);
    if (!find_zone(answer->zones, name, &walk, false, &zone, &label) || label != 0)
        return fail(answer, MG_DNS_NOTAUTH, MG_DNS_ERROR_NOT_AUTHORITATIVE);
    if (!mg_dns_transfer_allowed(reply->serving, reply->client)) {
        reply->prohibited = true;
        return fail(answer, MG_DNS_REFUSED, MG_DNS_ERROR_PROHIBITED);
    }
    reply->transfer = zone;
    return MG_DNS_SAYS_TRANSFER;
}

/* False: there is a second one, or one that cannot be (RFC 6891 §6.1.1). */
static bool find_opt(Answer *answer, MgSpan bytes)
{
    MgDnsRecord record;
    while (mg_dns_message_next(&answer->query, &record)) {
        if (record.type != MG_DNS_OPT)
            continue;
        if (answer->edns.present || record.name.len != 1)
            return false;
        answer->edns = mg_dns_edns_of(&record);
        answer->options = mg_dns_options_of(mg_span_slice(bytes, record.data_at, record.data_len));
    }
    return !answer->query.reader.bad;
}

/* Over a stream the client's address is its own; a datagram's may be anybody's, so that a cookie of
 * ours must show it (RFC 7873 §5.2.3, §5.2.4). Who has none is sent to TCP. */
static bool lacks_cookie(const Answer *answer)
{
    const MgDnsReply *reply = answer->reply;
    const MgDnsServing *serving = reply->serving;
    return serving != NULL && serving->needs_cookie && !reply->stream &&
           !mg_dns_cookie_good(serving->secret, answer->options.cookie, reply->time, reply->client);
}

/* What is wrong with the query as a message, or that it wants a zone; else SAYS_NOTHING. */
static MgDnsSays judge(Answer *answer, bool opened, MgSpan bytes)
{
    const MgDnsMessage *query = &answer->query;
    bool transfer = query->type == MG_DNS_AXFR || query->type == MG_DNS_IXFR;
    bool good = opened && find_opt(answer, bytes), options = !answer->options.bad;
    if (!options) /* they are not answered, then */
        answer->options = (MgDnsOptions){0};
    if ((query->flags & MG_DNS_OPCODE) != 0)
        return fail(answer, MG_DNS_NOTIMP, MG_DNS_ERROR_NOT_SUPPORTED);
    if (!good || query->counts[MG_DNS_QUESTION] != 1 || query->counts[MG_DNS_ANSWER] != 0 ||
        (query->counts[MG_DNS_AUTHORITY] != 0 && query->type != MG_DNS_IXFR))
        return fail(answer, MG_DNS_FORMERR, 0);
    if (answer->edns.version > 0) /* RFC 6891 §6.1.3 */
        return fail(answer, MG_DNS_BADVERS, 0);
    if (!options) /* RFC 7873 §5.2.2, RFC 7871 §7.1.2 */
        return fail(answer, MG_DNS_FORMERR, 0);
    if (lacks_cookie(answer)) {
        answer->truncated = answer->options.cookie.len == 0;
        answer->rcode = answer->truncated ? MG_DNS_NOERROR : MG_DNS_BADCOOKIE;
        return MG_DNS_SAYS_COOKIE;
    }
    if (query->class != MG_DNS_IN && query->class != MG_DNS_ANY)
        return fail(answer, MG_DNS_REFUSED, MG_DNS_ERROR_NOT_AUTHORITATIVE);
    return transfer ? judge_transfer(answer) : MG_DNS_SAYS_NOTHING;
}

/* How many octets OPT will have: they are kept free. */
static size_t opt_len(const Answer *answer)
{
    const MgDnsServing *serving = answer->reply->serving;
    size_t len = OPT_LEN + 6; /* why it did not work */
    if (!answer->edns.present)
        return 0;
    if (answer->options.cookie.len > 0)
        len += 4 + MG_DNS_COOKIE_CLIENT + MG_DNS_COOKIE_SERVER;
    if (answer->options.nsid && serving != NULL)
        len += 4 + strlen(serving->nsid);
    return len + (answer->options.subnet.len > 0 ? 4 + answer->options.subnet.len : 0);
}

static void write_opt(Answer *answer)
{
    const MgDnsReply *reply = answer->reply;
    const MgDnsServing *serving = reply->serving;
    const MgDnsOptions *options = &answer->options;
    MgDnsMark mark = mg_dns_writer_mark(&answer->writer);
    mg_dns_write_opt(&answer->writer, MG_DNS_UDP_EDNS, answer->rcode, answer->edns.dnssec_ok);
    if (options->nsid && serving != NULL && serving->nsid[0] != '\0')
        mg_dns_write_option(&answer->writer, mark, MG_DNS_OPTION_NSID,
                            mg_span_from_string(serving->nsid));
    if (options->subnet.len > 0) { /* RFC 7871 §7.2.1: the answer is good for all networks */
        uint8_t subnet[MG_DNS_SUBNET_MAX];
        memcpy(subnet, options->subnet.data, options->subnet.len);
        subnet[3] = 0;
        mg_dns_write_option(&answer->writer, mark, MG_DNS_OPTION_SUBNET,
                            (MgSpan){subnet, options->subnet.len});
    }
    if (options->cookie.len > 0 && serving != NULL && serving->has_secret) {
        uint8_t cookie[MG_DNS_COOKIE_CLIENT + MG_DNS_COOKIE_SERVER];
        memcpy(cookie, options->cookie.data, MG_DNS_COOKIE_CLIENT);
        mg_dns_cookie_make(serving->secret, mg_span_slice(options->cookie, 0, MG_DNS_COOKIE_CLIENT),
                           reply->time, reply->client, cookie + MG_DNS_COOKIE_CLIENT);
        mg_dns_write_option(&answer->writer, mark, MG_DNS_OPTION_COOKIE,
                            (MgSpan){cookie, sizeof cookie});
    }
    if (answer->error != 0) {
        uint8_t code[2];
        mg_dns_put_u16(code, (uint16_t)answer->error);
        mg_dns_write_option(&answer->writer, mark, MG_DNS_OPTION_ERROR, (MgSpan){code, 2});
    }
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
        write_opt(answer);
    if (says == MG_DNS_SAYS_ANSWER || says == MG_DNS_SAYS_NODATA || says == MG_DNS_SAYS_NXDOMAIN)
        flags |= MG_DNS_AA;
    mg_dns_write_flags(&answer->writer, flags, answer->rcode);
}

static void begin(Answer *answer, const MgDnsZones *zones, MgDnsReply *reply)
{
    answer->zones = zones;
    answer->reply = reply;
    answer->edns = (MgDnsEdns){0};
    answer->options = (MgDnsOptions){0};
    answer->name = answer->query.name;
    answer->chain = answer->n_targets = answer->n_proofs = answer->error = 0;
    answer->truncated = answer->wildcard = false;
    answer->rcode = answer->zone = 0;
}

MgDnsSays mg_dns_zones_answer(const MgDnsZones *zones, MgSpan query, MgDnsReply *reply)
{
    Answer answer;
    g_assert(reply->cap >= MG_DNS_UDP_PLAIN);
    reply->len = 0;
    reply->prohibited = false;
    bool opened = mg_dns_message_open(&answer.query, query);
    /* Too short to answer, or itself an answer: silence, so that two servers never play tennis. */
    if (query.len < MG_DNS_HEADER || (answer.query.flags & MG_DNS_QR) != 0)
        return MG_DNS_SAYS_NOTHING;
    begin(&answer, zones, reply);
    MgDnsSays says = judge(&answer, opened, query);
    if (says == MG_DNS_SAYS_TRANSFER && reply->stream)
        return says;
    size_t limit = reply->stream ? reply->cap : MG_DNS_UDP_PLAIN;
    if (!reply->stream && answer.edns.present) /* RFC 6891 §6.2.3 */
        limit = CLAMP(answer.edns.payload, MG_DNS_UDP_PLAIN, reply->cap);
    mg_dns_writer_init(&answer.writer, reply->data, limit - opt_len(&answer));
    uint16_t kept = answer.query.flags & (MG_DNS_OPCODE | MG_DNS_RD);
    mg_dns_write_header(&answer.writer, answer.query.id, MG_DNS_QR | kept);
    if (opened && answer.query.counts[MG_DNS_QUESTION] > 0)
        mg_dns_write_question(&answer.writer, mg_dns_name_span(&answer.query.name),
                              answer.query.type, answer.query.class);
    MgDnsMark mark = mg_dns_writer_mark(&answer.writer);
    if (says == MG_DNS_SAYS_TRANSFER) { /* RFC 1995 §2: a datagram tells the serial alone */
        answer.query.type = MG_DNS_SOA;
        says = look_up(&answer);
    } else if (says == MG_DNS_SAYS_NOTHING) {
        says = look_up(&answer);
        if (says == MG_DNS_SAYS_ANSWER)
            add_addresses(&answer, false);
    }
    finish(&answer, mark, limit, says);
    reply->len = answer.writer.len;
    reply->wildcard = answer.wildcard;
    return says;
}
