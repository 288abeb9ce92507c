/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-recursion.h - finds an answer by asking down from the root (RFC 1034 §5.3.3)
 *
 * A pure piece: it says which datagram it wants answered, and is told what came. One question may
 * need others first (the address of a name server that lies elsewhere): those are frames, one above
 * the other, and the topmost is worked on.
 */
#pragma once

#include <mailglass/engine.h>
#include <mailglass/topics.h>

#include "dns-anchors.h"
#include "dns-cache.h"
#include "dns-recursion-servers.h"
#include "dns-trust.h"

G_BEGIN_DECLS

#define MG_DNS_QUERIES_MAX 100 /* a question may cost; named servers that need names … */
#define MG_DNS_DEPTH_MAX   8   /* … that need names, at most this deep */
#define MG_DNS_ALIASES_MAX 16
#define MG_DNS_SEEKS_MAX   12 /* name servers of one zone whose address is looked for (NXNS) */

/* The servers that it begins with: names and addresses of the root's. */
typedef struct MgDnsHints MgDnsHints;
/* From the rows of `settings` with this key. NULL if something is wrong with them. */
MgDnsHints *mg_dns_hints_new(const MgSettings *settings, const char *key, GPtrArray *problems);
void mg_dns_hints_free(MgDnsHints *hints);
size_t mg_dns_hints_n(const MgDnsHints *hints);
/* Is a root server on this very machine? */
bool mg_dns_hints_at_loopback(const MgDnsHints *hints);

/* What a resolver does, and what it leaves out; a lesson leaves out more. */
typedef struct {
    uint16_t port;        /* of the servers that are asked: 53 */
    MgTime timeout;       /* of each datagram */
    MgTime patience;      /* of the whole question */
    unsigned queries_max; /* for one question */
    bool ipv6;            /* servers are asked over IPv6, too */
    bool loopback;        /* … and at 127.0.0.0/8 and ::1 */
    bool harden_glue;     /* RFC 5452 §6: a server is believed about names of its zone only … */
    bool bailiwick;       /* … and about nothing else that it sends along */
    bool minimise;        /* RFC 9156: no server sees more of the name than it needs to */
    uint16_t minimised_type; /* what is asked of the shortened name: A, or NS */
    bool mixed_case;         /* the case of letters is one more secret (0x20) */
    bool random_id;          /* RFC 5452 §4.3, §9.2 … */
    bool random_port;        /* … RFC 5452 §9.2 */
    bool validate;           /* RFC 4035: signatures are asked for, and remembered */
} MgDnsHabits;

#define MG_DNS_FIXED_PORT 5353 /* where all queries come from without random ports */

typedef struct {
    MgDnsCache *cache;
    MgDnsKnownServers *known;
    const MgDnsHints *hints;
    const MgDnsHabits *habits;
    uint16_t *last_id; /* where ids are counted and not drawn */
    uint64_t seed;
    bool check;                  /* the answer's signatures are checked … */
    const MgDnsAnchors *anchors; /* … from here down … */
    MgDnsTrustTable *trust;
    int64_t epoch; /* … at this Unix time of MgTime 0 */
} MgDnsRecursionSetup;

typedef struct MgDnsRecursion MgDnsRecursion;
MgDnsRecursion *mg_dns_recursion_new(const MgDnsRecursionSetup *setup, MgSpan name, uint16_t type);
void mg_dns_recursion_free(MgDnsRecursion *recursion);

/* Goes on as far as it can. True: `question` is to be asked, and its answer given to
 * mg_dns_recursion_reply(). False: it is done. */
bool mg_dns_recursion_step(MgDnsRecursion *recursion, MgTime now, MgDatagramQuestion *question);
void mg_dns_recursion_reply(MgDnsRecursion *recursion, const MgDatagramAnswer *answer, MgTime now);
/* The question of the last step is to be asked over TCP. */
bool mg_dns_recursion_over_tcp(const MgDnsRecursion *recursion);

/* What it met on the way, oldest first; NULL when there is nothing more. */
typedef enum {
    MG_DNS_MET_NOTHING,
    MG_DNS_MET_REFERRAL,
    MG_DNS_MET_NEGATIVE,
    MG_DNS_MET_TIMEOUT,
    MG_DNS_MET_UNREACHABLE,
    MG_DNS_MET_LAME,
    MG_DNS_MET_MISMATCH,
    MG_DNS_MET_BROKEN,
    MG_DNS_MET_TRUNCATED,
    MG_DNS_MET_BAILIWICK,
    MG_DNS_MET_ALIAS,
    MG_DNS_MET_DNAME,
    MG_DNS_MET_LOOP,
    MG_DNS_MET_CASE,
    MG_DNS_MET_STRANGERS,
    MG_DNS_MET_NO_EDNS,
    MG_DNS_MET_MINIMISED,
    MG_DNS_MET_NOT_MINIMISED,
    MG_DNS_MET_LOOPBACK,
    MG_DNS_MET_PARENT,
    MG_DNS_MET_RECURSIVE,
    MG_DNS_MET_LIMIT,
    MG_DNS_MET_NO_SERVER,
    MG_DNS_MET_KEYS,
    MG_DNS_MET_ANOTHER,
    MG_DNS_MET_WHY, /* a verdict: MgDnsWhy stands behind */
    MG_DNS_MET_N = MG_DNS_MET_WHY + MG_DNS_WHY_N
} MgDnsMet;
MgDnsMet mg_dns_recursion_met(MgDnsRecursion *recursion);

/* When it is done: the rcode, and each record of the answer and of the authority section. */
uint16_t mg_dns_recursion_rcode(const MgDnsRecursion *recursion);
MgDnsSecurity mg_dns_recursion_security(const MgDnsRecursion *recursion);
MgDnsWhy mg_dns_recursion_why(const MgDnsRecursion *recursion);
typedef void (*MgDnsResultFunc)(void *user, MgDnsSection section, MgSpan owner, uint16_t type,
                                uint32_t ttl, MgSpan data);
void mg_dns_recursion_each(const MgDnsRecursion *recursion, MgDnsResultFunc func, void *user);

/* For people: what is being looked for now, at whom. */
MgSpan mg_dns_recursion_name(const MgDnsRecursion *recursion, uint16_t *type);
const char *mg_dns_recursion_server(const MgDnsRecursion *recursion);
unsigned mg_dns_recursion_n_queries(const MgDnsRecursion *recursion);

/* RFC 6672 §2.2: what of `name` is `above` becomes `target`. False: it would be too long. */
bool mg_dns_name_substitute(MgDnsName *name, MgSpan above, MgSpan target);

/* A way along aliases: where it stands, and where it ended. */
typedef struct {
    MgDnsName name; /* moves to the last alias's target */
    uint16_t type, rcode;
    unsigned aliases; /* at MG_DNS_ALIASES_MAX it stops */
    bool dname, loop; /* it led over a DNAME; it led back to where it had been */
    bool referred;    /* what a referral says of DS may end it */
    uint8_t n_sets;
    uint8_t security, why;                 /* MgDnsSecurity, MgDnsWhy: the worst of its sets */
    uint32_t been[MG_DNS_ALIASES_MAX + 1]; /* hashes of the names before */
} MgDnsWay;

/* Follows what the cache knows from way->name on, and hands out each record. True: the answer is
 * whole, with way->rcode. */
bool mg_dns_cache_follow(MgDnsCache *cache, MgDnsWay *way, MgTime now, MgDnsResultFunc func,
                         void *user);

G_END_DECLS
