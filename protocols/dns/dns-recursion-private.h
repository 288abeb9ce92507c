/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-recursion-private.h - what the parts of a recursion share */
#pragma once

#include "dns-recursion.h"
#include "dns-validate.h"

G_BEGIN_DECLS

#define MG_DNS_NS_MAX      16 /* name servers of a zone that are looked at */
#define MG_DNS_SERVERS_MAX 24 /* addresses of them */
#define MG_DNS_MET_MAX     32
#define MG_DNS_AVOIDED_MAX 8 /* servers whose answers were bogus */

typedef struct {
    MgDnsName name;
    uint16_t type; /* NS: a name of the root's; A, AAAA: an address of one */
    uint8_t len, address[16];
} MgDnsHint;

struct MgDnsHints {
    GArray *rows; /* MgDnsHint */
};

typedef struct {
    MgDnsName name;
    uint8_t asked; /* bits: 1 its A, 2 its AAAA */
    bool has_address;
} MgDnsNs;

typedef struct {
    uint8_t address[16], len;
    uint8_t tries, ns;
    bool bad, tcp;  /* tcp: its answer is too long for a datagram */
    bool recursive; /* bad, because it asks others instead of knowing */
} MgDnsServer;

/* One question that is worked on. */
typedef struct {
    MgDnsWay way;
    MgDnsName zone; /* whose servers are asked */
    bool planned;   /* zone and servers are chosen */
    bool done;
    bool parents; /* what the parent says of the servers was taken, too */
    bool heard;   /* a server of the zone has answered something */
    bool old;     /* what is known of the zone is from before this question */
    bool renewed; /* … and the parent was asked for it once more */
    bool modest;  /* no server knows by itself: what they heard from others is taken, too */
    bool whole;   /* the name is no longer shortened */
    bool vague;   /* a server had nothing to say, without saying that there is nothing */
    bool needed;  /* by the validator, which gets what is found */
    bool asked;   /* a server was; else the cache knew all */
    unsigned n_known, n_asked; /* labels of the name: down to where no zone begins; asked for */
    unsigned n_ns, n_servers, server; /* server: the one that is being asked */
    unsigned n_seeks;
    MgDnsName name; /* what is asked now: the way's, or less of it */
    uint16_t type;
    MgDnsNs ns[MG_DNS_NS_MAX];
    MgDnsServer servers[MG_DNS_SERVERS_MAX];
    GByteArray *records; /* of the answer: dns-results.h */
} MgDnsFrame;

struct MgDnsRecursion {
    MgDnsRecursionSetup setup;
    MgDnsFrame *frames[MG_DNS_DEPTH_MAX];
    unsigned depth, queries;
    MgTime began, asked_at; /* began: MG_TIME_NEVER before the first step */
    uint16_t id;
    char address[64]; /* text of who is being asked */
    uint8_t query[MG_DNS_HEADER + MG_DNS_NAME_MAX + 4 + 11];
    uint8_t met[MG_DNS_MET_MAX];
    unsigned n_met, met_given;
    GByteArray *scratch, *extra;
    MgDnsName name; /* the question */
    uint16_t type;
    MgDnsValidator *validator; /* (nullable) */
    bool judged, told_keys;
    bool others;        /* the last frame that the validator needed could have asked others */
    unsigned n_another; /* times that a bogus answer was asked of another server */
    MgTime now;
    MgDnsSecurity security;
    MgDnsWhy why;
    struct {
        uint32_t name; /* a hash: of what it has answered badly */
        uint8_t address[16], len;
    } avoided[MG_DNS_AVOIDED_MAX];
    unsigned n_avoided;
};

void mg_dns_recursion_note(MgDnsRecursion *recursion, MgDnsMet met);
/* It asks for less than the whole name. */
static inline bool mg_dns_frame_is_minimised(const MgDnsFrame *frame)
{
    return frame->name.len != frame->way.name.len || frame->type != frame->way.type;
}
/* Is this server not asked for the frame's name again? */
bool mg_dns_frame_avoids(const MgDnsRecursion *recursion, const MgDnsFrame *frame,
                         const MgDnsServer *server);
void mg_dns_recursion_push(MgDnsRecursion *recursion, MgSpan name, uint16_t type);
bool mg_dns_frame_has_others(const MgDnsRecursion *recursion, const MgDnsFrame *frame);
/* The answer is there: is it to be believed? False: that is known now. True: there is more to be
 * worked on first. */
bool mg_dns_recursion_judge(MgDnsRecursion *recursion, MgTime now);
/* RFC 1122 §3.2.1.3: an address of this host itself. */
bool mg_dns_is_loopback(MgSpan address);
/* Takes from a message what may be believed. */
void mg_dns_frame_take(MgDnsRecursion *recursion, MgDnsFrame *frame, MgSpan message, MgTime now);

G_END_DECLS
