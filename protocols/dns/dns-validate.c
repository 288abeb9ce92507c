/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-validate.c - the verdict over one answer: each set of it, and what is said not to be there
 *
 * Every set has a signer, and trust must reach that zone. A set without one is only good if trust
 * ends above it, at a zone that is not signed. Of several verdicts the worst is the answer's.
 */
#include "dns-validate-private.h"

#include "dns-cache.h"
#include "dns-recursion.h"

MgDnsValidator *mg_dns_validator_new(const MgDnsValidatorSetup *setup, MgSpan name, uint16_t type,
                                     GByteArray *results, uint16_t rcode)
{
    MgDnsValidator *validator = g_new0(MgDnsValidator, 1);
    validator->setup = *setup;
    mg_dns_name_set(&validator->name, name);
    validator->type = type;
    validator->rcode = rcode;
    validator->results = results;
    validator->judged = g_array_new(FALSE, FALSE, sizeof(MgDnsJudged));
    validator->began = MG_TIME_NEVER;
    validator->left = MG_DNS_SIGNATURES_MAX;
    return validator;
}

void mg_dns_validator_free(MgDnsValidator *validator)
{
    if (validator == NULL)
        return;
    g_array_unref(validator->judged);
    g_free(validator);
}

MgDnsSecurity mg_dns_validator_security(const MgDnsValidator *validator)
{
    return validator->security;
}

MgDnsWhy mg_dns_validator_why(const MgDnsValidator *validator)
{
    return validator->why;
}

bool mg_dns_validator_culprit(const MgDnsValidator *validator, MgDnsCulprit *culprit)
{
    *culprit = validator->culprit;
    return culprit->known;
}

void mg_dns_validator_each(const MgDnsValidator *validator, MgDnsJudgedFunc func, void *user)
{
    for (unsigned i = 0; i < validator->judged->len; i++) {
        const MgDnsJudged *judged = &g_array_index(validator->judged, MgDnsJudged, i);
        func(user, judged->owner, judged->type, judged->security, judged->why, judged->ttl);
    }
}

/* ---- verdicts ---- */

static bool is_judged(const MgDnsValidator *validator, MgSpan owner, uint16_t type)
{
    for (unsigned i = 0; i < validator->judged->len; i++) {
        const MgDnsJudged *judged = &g_array_index(validator->judged, MgDnsJudged, i);
        if (judged->type == type && mg_dns_name_equal(judged->owner, owner))
            return true;
    }
    return false;
}

static void judge(MgDnsValidator *validator, const MgDnsJudged *judged)
{
    g_array_append_val(validator->judged, *judged);
    if (judged->security == MG_DNS_BOGUS && !validator->culprit.known) {
        validator->culprit = (MgDnsCulprit){.type = judged->type, .known = true};
        mg_dns_name_set(&validator->culprit.name, judged->owner);
    }
    if (validator->security == MG_DNS_UNCHECKED || judged->security < validator->security) {
        validator->security = judged->security;
        validator->why = judged->why;
    }
}

static void judge_by_reach(MgDnsValidator *validator, MgDnsJudged *judged, const MgDnsReach *reach)
{
    judged->security = reach->status == MG_DNS_ZONE_INSECURE ? MG_DNS_INSECURE : MG_DNS_BOGUS;
    judged->why = reach->why;
    judged->ttl = judged->security == MG_DNS_INSECURE ? UINT32_MAX : MG_DNS_BOGUS_TTL;
    judge(validator, judged);
}

static void judge_bogus(MgDnsValidator *validator, MgDnsJudged *judged, MgDnsWhy why)
{
    judged->security = MG_DNS_BOGUS;
    judged->why = why;
    judged->ttl = MG_DNS_BOGUS_TTL;
    judge(validator, judged);
}

/* What a proof makes of something that is signed well. */
static void judge_denied(MgDnsValidator *validator, MgDnsJudged *judged, MgDnsDenied denied,
                         MgDnsWhy otherwise)
{
    if (denied == MG_DNS_DENIED_NOT) {
        judge_bogus(validator, judged, otherwise);
        return;
    }
    judged->security = denied == MG_DNS_DENIED ? MG_DNS_SECURE : MG_DNS_INSECURE;
    judged->why = denied == MG_DNS_DENIED           ? MG_DNS_WHY_NOTHING
                  : denied == MG_DNS_DENIED_OPT_OUT ? MG_DNS_WHY_OPT_OUT
                                                    : MG_DNS_WHY_ITERATIONS;
    judge(validator, judged);
}

/* Once more, with every label as a place where a zone may begin: parent and child may have the same
 * server, so that nobody was ever referred. True: it is worth it. */
static bool look_closer(MgDnsValidator *validator)
{
    if (validator->every)
        return false;
    validator->every = true;
    if (validator->culprit.known && validator->culprit.needed)
        mg_dns_trust_forget(validator->setup.trust, mg_dns_name_span(&validator->culprit.name));
    validator->culprit.known = false;
    return true;
}

/* Keys that are bad stay so: their zone is one, for the zone above has said it. */
static bool may_be_elsewhere(const MgDnsValidator *validator, bool exact, const MgDnsReach *reach)
{
    const MgDnsCulprit *culprit = &validator->culprit;
    if (reach->status == MG_DNS_ZONE_BOGUS)
        return !culprit->known || culprit->type == MG_DNS_DS;
    return !exact && reach->status == MG_DNS_ZONE_SECURE;
}

/* Walks, closer if need be. False: something is needed first. */
static bool walk(MgDnsValidator *validator, MgSpan name, bool exact, MgDnsReach *reach)
{
    do {
        if (!mg_dns_validator_walk(validator, name, exact, reach))
            return false;
    } while (may_be_elsewhere(validator, exact, reach) && look_closer(validator));
    return true;
}

/* ---- sets that are there ---- */

/* Whose zone a set of this name and type lies in, at most: DS is the parent's (RFC 4035 §2.4). */
static MgSpan home_of(MgSpan owner, uint16_t type)
{
    return type == MG_DNS_DS && owner.len > 1 ? mg_dns_name_parent(owner) : owner;
}

/* The deepest zone that says it has signed the set. Empty: none does. */
static MgSpan signer_of(const GArray *signatures, MgSpan home)
{
    MgSpan best = {NULL, 0};
    for (unsigned i = 0; i < signatures->len; i++) {
        MgDnsRrsig rrsig;
        if (mg_dns_rrsig_read(g_array_index(signatures, MgSpan, i), &rrsig) &&
            mg_dns_name_is_under(home, rrsig.signer) && rrsig.signer.len > best.len)
            best = rrsig.signer;
    }
    return best;
}

/* A set that a wildcard has made: nothing nearer to the name may be there (RFC 4035 §5.3.4). */
static void judge_expanded(MgDnsValidator *validator, MgDnsJudged *judged,
                           const MgDnsSigner *signer, unsigned labels)
{
    g_auto(MgDnsDenial) denial = {0};
    mg_dns_denial_init(&denial, signer->zone);
    MgDnsWhy why =
        mg_dns_validator_gather(validator, validator->results, signer, &denial, &judged->ttl);
    if (!mg_dns_denial_is_empty(&denial))
        why = MG_DNS_WHY_WRONG_DENIAL;
    judge_denied(validator, judged, mg_dns_denial_no_closer(&denial, judged->owner, labels), why);
}

/* False: something is needed first. */
static bool judge_set(MgDnsValidator *validator, MgDnsSection section, MgSpan owner, uint16_t type)
{
    g_auto(MgDnsRrset) set = {0};
    MgDnsJudged judged = {.owner = owner, .type = type};
    MgDnsReach reach;
    MgDnsVerified verified;
    mg_dns_rrset_gather(&set, validator->results, section, owner, type);
    MgSpan home = home_of(owner, type), zone = signer_of(set.signatures, home);
    if (!walk(validator, zone.len > 0 ? zone : home, zone.len > 0, &reach))
        return false;
    if (reach.status != MG_DNS_ZONE_SECURE) {
        judge_by_reach(validator, &judged, &reach);
        return true;
    }
    if (zone.len == 0 || !mg_dns_name_equal(mg_dns_name_span(&reach.zone), zone)) {
        judge_bogus(validator, &judged, MG_DNS_WHY_NO_SIGNATURE);
        return true;
    }
    MgDnsSigner signer = mg_dns_validator_signer(validator, &reach.zone);
    MgDnsWhy why = mg_dns_rrset_verify(&set, &signer, &verified);
    if (why != MG_DNS_WHY_NOTHING) {
        judge_bogus(validator, &judged, why);
        return true;
    }
    judged.ttl = verified.ttl;
    judged.security = MG_DNS_SECURE;
    if (verified.from_a_wildcard)
        judge_expanded(validator, &judged, &signer, verified.labels);
    else
        judge(validator, &judged);
    return true;
}

/* (nullable) The DNAME that has made this alias (RFC 6672 §5.3.1: such a CNAME is not signed). */
static bool is_made_by_dname(const MgDnsValidator *validator, const MgDnsResult *cname)
{
    MgDnsResult result;
    for (size_t at = 0; mg_dns_results_next(validator->results, &at, &result);) {
        MgDnsName name;
        if (result.section != MG_DNS_ANSWER || result.type != MG_DNS_DNAME ||
            result.owner.len >= cname->owner.len ||
            !mg_dns_name_is_under(cname->owner, result.owner))
            continue;
        mg_dns_name_set(&name, cname->owner);
        if (mg_dns_name_substitute(&name, result.owner, result.data) &&
            mg_dns_name_equal(mg_dns_name_span(&name), cname->data))
            return true;
    }
    return false;
}

/* False: something is needed first. */
static bool judge_answers(MgDnsValidator *validator)
{
    MgDnsResult result;
    for (size_t at = 0; mg_dns_results_next(validator->results, &at, &result);) {
        if (result.section != MG_DNS_ANSWER || is_judged(validator, result.owner, result.type))
            continue;
        /* Nobody signs signatures; who asks for them gets them as they are. */
        if (result.type == MG_DNS_RRSIG && validator->type != MG_DNS_RRSIG)
            continue;
        if (result.type == MG_DNS_RRSIG) {
            MgDnsJudged judged = {result.owner, result.type, MG_DNS_INSECURE, MG_DNS_WHY_NO_ANCHOR,
                                  result.ttl};
            judge(validator, &judged);
            continue;
        }
        if (result.type == MG_DNS_CNAME && is_made_by_dname(validator, &result))
            continue;
        if (!judge_set(validator, MG_DNS_ANSWER, result.owner, result.type))
            return false;
    }
    return true;
}

/* ---- what is not there ---- */

/* (nullable) The first record of the answer section of this name and type. */
static bool find_answer(const MgDnsValidator *validator, MgSpan owner, uint16_t type,
                        MgDnsResult *out)
{
    for (size_t at = 0; mg_dns_results_next(validator->results, &at, out);)
        if (out->section == MG_DNS_ANSWER && out->type == type &&
            mg_dns_name_equal(out->owner, owner))
            return true;
    return false;
}

/* Where the aliases of the answer lead. True: there is nothing there. */
static bool find_end(const MgDnsValidator *validator, MgSpan *end)
{
    *end = mg_dns_name_span(&validator->name);
    for (unsigned i = 0; i <= MG_DNS_ALIASES_MAX; i++) {
        MgDnsResult result;
        if (find_answer(validator, *end, validator->type, &result))
            return false;
        if (!find_answer(validator, *end, MG_DNS_CNAME, &result))
            return true;
        *end = result.data;
    }
    return false;
}

/* The deepest zone above the name that has signed something of the authority section that denies.
 */
static MgSpan denier_of(const MgDnsValidator *validator, MgSpan home)
{
    MgSpan best = {NULL, 0};
    MgDnsResult result;
    for (size_t at = 0; mg_dns_results_next(validator->results, &at, &result);) {
        uint16_t covers = mg_dns_result_covers(&result);
        MgDnsRrsig rrsig;
        if (result.section == MG_DNS_AUTHORITY &&
            (covers == MG_DNS_NSEC || covers == MG_DNS_NSEC3 || covers == MG_DNS_SOA) &&
            mg_dns_rrsig_read(result.data, &rrsig) && mg_dns_name_is_under(home, rrsig.signer) &&
            rrsig.signer.len > best.len)
            best = rrsig.signer;
    }
    return best;
}

/* The SOA record of a negative answer says how long it holds: it is to be signed, too. */
static MgDnsWhy check_soa(MgDnsValidator *validator, const MgDnsSigner *signer, uint32_t *ttl)
{
    MgDnsResult result;
    for (size_t at = 0; mg_dns_results_next(validator->results, &at, &result);) {
        g_auto(MgDnsRrset) set = {0};
        MgDnsVerified verified;
        if (result.section != MG_DNS_AUTHORITY || result.type != MG_DNS_SOA)
            continue;
        mg_dns_rrset_gather(&set, validator->results, MG_DNS_AUTHORITY, result.owner, result.type);
        MgDnsWhy why = mg_dns_rrset_verify(&set, signer, &verified);
        if (why != MG_DNS_WHY_NOTHING)
            return why;
        *ttl = MIN(*ttl, verified.ttl);
    }
    return MG_DNS_WHY_NOTHING;
}

static void judge_proof(MgDnsValidator *validator, MgDnsJudged *judged, const MgDnsSigner *signer)
{
    g_auto(MgDnsDenial) denial = {0};
    judged->ttl = UINT32_MAX;
    MgDnsWhy why = check_soa(validator, signer, &judged->ttl);
    if (why != MG_DNS_WHY_NOTHING) {
        judge_bogus(validator, judged, why);
        return;
    }
    mg_dns_denial_init(&denial, signer->zone);
    why = mg_dns_validator_gather(validator, validator->results, signer, &denial, &judged->ttl);
    if (why == MG_DNS_WHY_NO_DENIAL && !mg_dns_denial_is_empty(&denial))
        why = MG_DNS_WHY_WRONG_DENIAL;
    judge_denied(validator, judged,
                 validator->rcode == MG_DNS_NXDOMAIN
                     ? mg_dns_denial_no_name(&denial, judged->owner)
                     : mg_dns_denial_no_type(&denial, judged->owner, validator->type),
                 why);
}

/* False: something is needed first. */
static bool judge_nothing(MgDnsValidator *validator)
{
    MgSpan end;
    MgDnsReach reach;
    if (validator->rcode == MG_DNS_YXDOMAIN || !find_end(validator, &end))
        return true; /* RFC 6672 §2.2: the DNAME says all */
    MgDnsJudged judged = {.owner = end,
                          .type = validator->rcode == MG_DNS_NXDOMAIN ? 0 : validator->type};
    if (is_judged(validator, judged.owner, judged.type))
        return true;
    MgSpan home = home_of(end, validator->type), zone = denier_of(validator, home);
    if (!walk(validator, zone.len > 0 ? zone : home, zone.len > 0, &reach))
        return false;
    bool right = mg_dns_name_equal(mg_dns_name_span(&reach.zone), zone);
    if (reach.status != MG_DNS_ZONE_SECURE) {
        judge_by_reach(validator, &judged, &reach);
    } else if (zone.len == 0 || !right) {
        judge_bogus(validator, &judged, MG_DNS_WHY_NO_DENIAL);
    } else {
        MgDnsSigner signer = mg_dns_validator_signer(validator, &reach.zone);
        judge_proof(validator, &judged, &signer);
    }
    return true;
}

/* ---- the whole ---- */

static void cap_ttl(void *user, MgSpan owner, uint16_t type, MgDnsSecurity security, MgDnsWhy why,
                    uint32_t ttl)
{
    if (security == MG_DNS_SECURE && type != 0)
        mg_dns_results_cap(user, owner, type, ttl);
}

bool mg_dns_validator_step(MgDnsValidator *validator, MgTime now, MgDnsName *name, uint16_t *type)
{
    validator->now = now;
    if (validator->began == MG_TIME_NEVER)
        validator->began = now;
    if (judge_answers(validator) && judge_nothing(validator)) {
        /* An answer with nothing to judge says nothing. */
        if (validator->security == MG_DNS_UNCHECKED)
            validator->security = MG_DNS_INSECURE;
        mg_dns_validator_each(validator, cap_ttl, validator->results);
        return false;
    }
    if (++validator->needs > MG_DNS_NEEDS_MAX) {
        validator->security = MG_DNS_BOGUS;
        validator->why = MG_DNS_WHY_LIMIT;
        return false;
    }
    *name = validator->need;
    *type = validator->need_type;
    return true;
}

/* ---- in words ---- */

static const struct {
    const char *name;
    int error; /* RFC 8914 §4 */
} whys[MG_DNS_WHY_N] = {
    [MG_DNS_WHY_NOTHING] = {"signed", -1},
    [MG_DNS_WHY_UNSIGNED] = {"not signed", -1},
    [MG_DNS_WHY_NO_ANCHOR] = {"no trust anchor", -1},
    [MG_DNS_WHY_ALGORITHM] = {"unknown algorithm", 1},
    [MG_DNS_WHY_DIGEST] = {"unknown digest", 2},
    [MG_DNS_WHY_ITERATIONS] = {"too many iterations", 27},
    [MG_DNS_WHY_OPT_OUT] = {"opt-out", -1},
    [MG_DNS_WHY_NO_SIGNATURE] = {"no signature", 10},
    [MG_DNS_WHY_NO_KEY] = {"no such key", 9},
    [MG_DNS_WHY_NOT_YET] = {"not valid yet", 8},
    [MG_DNS_WHY_EXPIRED] = {"expired", 7},
    [MG_DNS_WHY_FORGED] = {"wrong signature", 6},
    [MG_DNS_WHY_NO_KEYS] = {"no keys", 9},
    [MG_DNS_WHY_WRONG_DIGEST] = {"no key with this digest", 9},
    [MG_DNS_WHY_NO_DENIAL] = {"no proof", 12},
    [MG_DNS_WHY_WRONG_DENIAL] = {"wrong proof", 6},
    [MG_DNS_WHY_UNREACHABLE] = {"keys cannot be got", 5},
    [MG_DNS_WHY_LIMIT] = {"too much work", 6},
};

int mg_dns_why_error(MgDnsWhy why)
{
    return whys[why].error;
}

const char *mg_dns_why_name(MgDnsWhy why)
{
    return whys[why].name;
}

const char *mg_dns_security_name(MgDnsSecurity security)
{
    static const char *const names[] = {"unchecked", "bogus", "insecure", "secure"};
    return names[security];
}
