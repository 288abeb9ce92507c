/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-recursion-judge.c - whether an answer that was found is to be believed
 *
 * The validator says which keys it needs; each is a frame above the question's. What is bogus is
 * forgotten and asked of another server, if there is one: one that lies, or sleeps, is not all.
 */
#include "dns-recursion-private.h"

#define ANOTHER_MAX 3 /* times that another server is asked */

bool mg_dns_frame_avoids(const MgDnsRecursion *recursion, const MgDnsFrame *frame,
                         const MgDnsServer *server)
{
    if (recursion->n_avoided == 0)
        return false;
    uint32_t hash = mg_dns_name_hash(mg_dns_name_span(&frame->way.name));
    for (unsigned i = 0; i < recursion->n_avoided; i++)
        if (recursion->avoided[i].name == hash && recursion->avoided[i].len == server->len &&
            memcmp(recursion->avoided[i].address, server->address, server->len) == 0)
            return true;
    return false;
}

bool mg_dns_frame_has_others(const MgDnsRecursion *recursion, const MgDnsFrame *frame)
{
    if (!frame->asked)
        return true; /* nobody was asked yet: the cache was */
    for (unsigned i = 0; i < frame->n_servers; i++)
        if (i != frame->server && !frame->servers[i].bad &&
            !mg_dns_frame_avoids(recursion, frame, &frame->servers[i]))
            return true;
    return false;
}

static bool is_cut(void *user, MgSpan name)
{
    const MgDnsRecursion *recursion = user;
    const MgDnsCached *set =
        mg_dns_cache_get(recursion->setup.cache, name, MG_DNS_NS, recursion->now);
    return set != NULL && set->n > 0;
}

static void mark(void *user, MgSpan owner, uint16_t type, MgDnsSecurity security, MgDnsWhy why,
                 uint32_t ttl)
{
    MgDnsRecursion *recursion = user;
    const MgDnsCacheMark row = {owner, type, (uint8_t)security, (uint8_t)why, ttl};
    mg_dns_cache_mark(recursion->setup.cache, &row, recursion->now);
}

/* Who has said the set is not asked for it again, unless it was long ago. */
static void avoid(MgDnsRecursion *recursion, MgSpan name, uint16_t type)
{
    MgDnsCache *cache = recursion->setup.cache;
    for (unsigned parent = 0; parent < 2; parent++) {
        const MgDnsCached *set = parent ? mg_dns_cache_get_parent(cache, name, type, recursion->now)
                                        : mg_dns_cache_get(cache, name, type, recursion->now);
        if (set == NULL || set->stored < recursion->began || set->from_len == 0 ||
            recursion->n_avoided == MG_DNS_AVOIDED_MAX)
            continue;
        recursion->avoided[recursion->n_avoided].name = mg_dns_name_hash(name);
        recursion->avoided[recursion->n_avoided].len = set->from_len;
        memcpy(recursion->avoided[recursion->n_avoided].address, set->from, sizeof set->from);
        recursion->n_avoided++;
        break;
    }
    mg_dns_cache_forget(cache, name, type);
    mg_dns_cache_forget(cache, name, 0);
}

/* Forgets what is to blame and begins anew. False: that would change nothing. */
static bool ask_another(MgDnsRecursion *recursion)
{
    MgDnsFrame *frame = recursion->frames[0];
    MgDnsCulprit culprit;
    if (!mg_dns_validator_culprit(recursion->validator, &culprit) ||
        recursion->n_another == ANOTHER_MAX || recursion->why == MG_DNS_WHY_LIMIT)
        return false;
    MgSpan name = mg_dns_name_span(&culprit.name);
    bool last = mg_dns_name_equal(name, mg_dns_name_span(&frame->way.name));
    if (culprit.needed ? !recursion->others : last && !mg_dns_frame_has_others(recursion, frame))
        return false;
    recursion->n_another++;
    mg_dns_recursion_note(recursion, MG_DNS_MET_ANOTHER);
    avoid(recursion, name, culprit.type);
    if (culprit.needed)
        mg_dns_trust_forget(recursion->setup.trust, name);
    g_clear_pointer(&recursion->validator, mg_dns_validator_free);
    frame->way = (MgDnsWay){.name = recursion->name, .type = recursion->type};
    frame->planned = frame->done = frame->vague = frame->asked = false;
    g_byte_array_set_size(frame->records, 0);
    return true;
}

static void refuse(MgDnsRecursion *recursion)
{
    MgDnsFrame *frame = recursion->frames[0];
    frame->way.rcode = MG_DNS_SERVFAIL; /* RFC 4035 §5.5 */
    g_byte_array_set_size(frame->records, 0);
}

/* All of it was checked before. */
static void judge_by_cache(MgDnsRecursion *recursion)
{
    const MgDnsWay *way = &recursion->frames[0]->way;
    recursion->judged = true;
    recursion->security = way->security;
    recursion->why = way->why;
    mg_dns_recursion_note(recursion, MG_DNS_MET_WHY + recursion->why);
    if (recursion->security == MG_DNS_BOGUS)
        refuse(recursion);
}

bool mg_dns_recursion_judge(MgDnsRecursion *recursion, MgTime now)
{
    MgDnsFrame *frame = recursion->frames[0];
    MgDnsName name;
    uint16_t type;
    recursion->now = now;
    if (!recursion->setup.check || recursion->judged || frame->way.rcode == MG_DNS_SERVFAIL)
        return false;
    if (frame->way.n_sets > 0 && frame->way.security != MG_DNS_UNCHECKED) {
        judge_by_cache(recursion);
        return false;
    }
    if (recursion->validator == NULL) {
        const MgDnsValidatorSetup setup = {.anchors = recursion->setup.anchors,
                                           .trust = recursion->setup.trust,
                                           .epoch = recursion->setup.epoch,
                                           .is_cut = is_cut,
                                           .user = recursion};
        recursion->validator =
            mg_dns_validator_new(&setup, mg_dns_name_span(&recursion->name), recursion->type,
                                 frame->records, frame->way.rcode);
    }
    if (mg_dns_validator_step(recursion->validator, now, &name, &type)) {
        if (!recursion->told_keys)
            mg_dns_recursion_note(recursion, MG_DNS_MET_KEYS);
        recursion->told_keys = true;
        mg_dns_recursion_push(recursion, mg_dns_name_span(&name), type);
        recursion->frames[recursion->depth - 1]->needed = true;
        recursion->frames[recursion->depth - 1]->way.referred = true;
        return true;
    }
    recursion->security = mg_dns_validator_security(recursion->validator);
    MgDnsWhy why = mg_dns_validator_why(recursion->validator);
    /* That nobody else could be asked tells less than what was wrong before. */
    if (why != MG_DNS_WHY_UNREACHABLE || recursion->n_another == 0)
        recursion->why = why;
    mg_dns_recursion_note(recursion, MG_DNS_MET_WHY + recursion->why);
    if (recursion->security == MG_DNS_BOGUS && ask_another(recursion))
        return true;
    recursion->judged = true;
    mg_dns_validator_each(recursion->validator, mark, recursion);
    if (recursion->security == MG_DNS_BOGUS)
        refuse(recursion);
    return false;
}
