/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-replay.h - scripted conversations with a resolver: what its servers say, what it must answer
 *
 * A scenario (*.rpl, as Deckard and Unbound have them) is read whole and then played: its steps in
 * order, against a resolver that is born for it and asks nobody but the script.
 */
#pragma once

#include <mailglass/engine.h>

#include "dns-message.h"

G_BEGIN_DECLS

#define MG_DNS_REPLAY_LINE_MAX 200000  /* octets of a line */
#define MG_DNS_REPLAY_PARTS    1000000 /* entries, steps, ranges */

/* What of two messages is compared, as bits. */
typedef enum {
    MG_DNS_MATCH_OPCODE = 1 << 0,
    MG_DNS_MATCH_QTYPE = 1 << 1,
    MG_DNS_MATCH_QNAME = 1 << 2,
    MG_DNS_MATCH_QCASE = 1 << 3,
    MG_DNS_MATCH_SUBDOMAIN = 1 << 4,
    MG_DNS_MATCH_FLAGS = 1 << 5,
    MG_DNS_MATCH_RCODE = 1 << 6,
    MG_DNS_MATCH_ANSWER = 1 << 7,
    MG_DNS_MATCH_AUTHORITY = 1 << 8,
    MG_DNS_MATCH_ADDITIONAL = 1 << 9,
    MG_DNS_MATCH_EDNS = 1 << 10,
    MG_DNS_MATCH_NSID = 1 << 11,
    MG_DNS_MATCH_TCP = 1 << 12,
    MG_DNS_MATCH_UDP = 1 << 13,
    MG_DNS_MATCH_TTL = 1 << 14,
    MG_DNS_MATCH_DO = 1 << 15,
    MG_DNS_MATCH_NO_EDNS = 1 << 16,
    MG_DNS_MATCH_OPTIONS = 1 << 17 /* of OPT, all octets */
} MgDnsMatch;

typedef enum {
    MG_DNS_ADJUST_COPY_ID = 1 << 0,
    MG_DNS_ADJUST_COPY_QUERY = 1 << 1,
    MG_DNS_ADJUST_RAW_ID = 1 << 2,
    MG_DNS_ADJUST_SILENT = 1 << 3 /* do_not_answer */
} MgDnsAdjust;

typedef struct {
    MgDnsName name;
    uint16_t type, class;
    uint32_t ttl;
    uint8_t section; /* MgDnsSection */
    GByteArray *data;
} MgDnsReplayRecord;

typedef struct {
    unsigned line;
    uint32_t match, adjust;
    uint16_t flags, rcode;
    bool dnssec_ok, used, mandatory; /* mandatory: it must be used */
    unsigned n_questions;            /* the first is name, type, class */
    MgDnsName name;
    uint16_t type, class;
    GPtrArray *records;  /* MgDnsReplayRecord */
    GByteArray *raw;     /* (nullable) */
    GByteArray *options; /* (nullable) of OPT */
} MgDnsReplayEntry;

typedef struct {
    unsigned from, to;
    GPtrArray *addresses; /* text, as the resolver writes them; none: any */
    GPtrArray *entries;
} MgDnsReplayRange;

typedef enum {
    MG_DNS_STEP_NOTHING,
    MG_DNS_STEP_QUERY,
    MG_DNS_STEP_CHECK_ANSWER,
    MG_DNS_STEP_TIME_PASSES,
    MG_DNS_STEP_REPLY,
    MG_DNS_STEP_TIMEOUT,
    MG_DNS_STEP_RESTART,
    MG_DNS_STEP_ERROR,
    MG_DNS_STEP_FLUSH,
    MG_DNS_STEP_N
} MgDnsStepKind;

typedef struct {
    unsigned line, id;
    MgDnsStepKind kind;
    uint32_t elapse;         /* seconds */
    MgDnsName name;          /* that is flushed */
    MgDnsReplayEntry *entry; /* (nullable) */
} MgDnsReplayStep;

typedef struct {
    char *title;
    GHashTable *config; /* a setting of the resolver → its value */
    GPtrArray *roots;   /* addresses of stub-addr or forward-addr, as text */
    GString *anchors;   /* trust-anchor: a line each; none: nothing is checked */
    GString *insecure;  /* domain-insecure: names, each with a ";" */
    char *zone;         /* (nullable) whose stub-addr are being read */
    GPtrArray *notes;   /* what was passed over, as "PATH:LINE: text" */
    int64_t epoch;      /* val-override-date: Unix time when it begins; 0: not said */
    GPtrArray *ranges, *steps;
} MgDnsScenario;

/* NULL if it cannot be read; each mistake is added to `problems` as "PATH:LINE: text". */
MgDnsScenario *mg_dns_scenario_read(MgSpan text, const char *path, GPtrArray *problems);
void mg_dns_scenario_free(MgDnsScenario *scenario);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgDnsScenario, mg_dns_scenario_free)

/* Where a line stands, and the list of mistakes. */
typedef struct {
    const char *path;
    unsigned line;
    GPtrArray *problems;
} MgDnsReplayPlace;

/* Takes a line of the head. */
void mg_dns_replay_config(MgDnsScenario *scenario, const char *line, const MgDnsReplayPlace *place);
bool mg_dns_replay_number(const char *text, uint64_t max, uint64_t *out);
/* An address as text in one way only; NULL if it is none. */
char *mg_dns_address_plain(const char *text);

/* Does the message have what `entry` wants? NULL, or what is different in words (transfer full). */
char *mg_dns_replay_compare(const MgDnsReplayEntry *entry, MgSpan bytes, bool stream);
/* The message that the entry is, for an answer to `query` (empty: for none). */
void mg_dns_replay_make(const MgDnsReplayEntry *entry, MgSpan query, GByteArray *out);
/* "NOERROR [qr rd ra] www.example.com. A: www.example.com. A 192.0.2.1 / …" */
void mg_dns_replay_describe(MgSpan bytes, GString *out);

/* What became of one step. */
typedef struct {
    const MgDnsReplayStep *step;
    const char *wrong;    /* (nullable) NULL: it passed */
    const char *expected; /* (nullable) messages in words */
    const char *got;
} MgDnsStepResult;
typedef void (*MgDnsStepFunc)(void *user, const MgDnsStepResult *result);

/* Plays all steps, up to the first that fails. False if one did. `log` (nullable) gets a line for
 * each query of the resolver's, with what it was answered by which line. */
bool mg_dns_scenario_play(MgDnsScenario *scenario, GString *log, MgDnsStepFunc func, void *user);

G_END_DECLS
