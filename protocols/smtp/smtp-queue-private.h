/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-queue-private.h - one queued mail, shared by smtp-queue.c (its life) and smtp-route.c (its
 * ways); nobody else includes it
 */
#pragma once

#include "outbox.h"
#include "smtp.h"

G_BEGIN_DECLS

#define MG_QUEUE_DELAYS_MAX 32u /* waiting times of the setting `retry` */

enum {
    MG_QUEUE_R_DEFERRED,
    MG_QUEUE_R_BOUNCED,
    MG_QUEUE_R_DROPPED,
    MG_QUEUE_R_GIVE_UP,
    MG_QUEUE_R_LOOP,
    MG_QUEUE_R_IMPLICIT_MX,
    MG_QUEUE_R_NULL_MX,
    MG_QUEUE_R_SELF_MX,
    MG_QUEUE_R_NO_DOMAIN,
    MG_QUEUE_R_NEXT_MX
};

typedef enum { MG_QUEUE_PENDING, MG_QUEUE_FAILED, MG_QUEUE_SETTLED } MgQueueFate;

typedef struct {
    char *address;
    unsigned route;
    MgQueueFate fate;
    char *status, *diagnostic, *remote; /* (nullable) the last verdict */
} MgQueueRecipient;

typedef enum {
    MG_QUEUE_BY_STORE,
    MG_QUEUE_BY_HOST,
    MG_QUEUE_BY_LITERAL,
    MG_QUEUE_BY_MX
} MgQueueRouteKind;

typedef struct {
    unsigned preference;
    uint64_t order; /* chance among equals (RFC 5321 §5.1) */
    char *name;
} MgQueueHost;

typedef struct {
    MgQueueRouteKind kind;
    bool lmtp, implicit;
    char *domain; /* or the host, for MG_QUEUE_BY_HOST */
    uint16_t port;
    unsigned tries;
    MgTime due;
} MgQueueRoute;

typedef enum {
    MG_QUEUE_WAIT_NOTHING,
    MG_QUEUE_WAIT_MX,
    MG_QUEUE_WAIT_ADDRESS,
    MG_QUEUE_WAIT_SEND,
    MG_QUEUE_WAIT_APPEND,
    MG_QUEUE_WAIT_REPORT
} MgQueueWait;

typedef struct {
    MgEngine base;
    MgOutbox out;
    const char *state;
    char *host, *mail_from, *id;
    char *domains, *deliver, *smarthost; /* smarthost: (nullable) */
    uint16_t relay_port;
    MgTime delays[MG_QUEUE_DELAYS_MAX], give_up, born, now;
    unsigned n_delays;
    int64_t epoch;
    uint64_t seed;
    GByteArray *letter;
    GArray *recipients; /* of MgQueueRecipient */
    GArray *routes;     /* of MgQueueRoute */

    /* the route that is being tried */
    MgQueueRoute *route;
    GArray *hosts; /* of MgQueueHost */
    unsigned host_at;
    GPtrArray *addresses; /* of char * */
    unsigned address_at;
    bool found_address, soft; /* something that may be better later went wrong */
    char *trouble;            /* (nullable) the last of it */

    /* the open ask */
    MgQueueWait wait;
    MgAskId last_ask;
    MgTime ask_due;
    union {
        MgLookupQuestion lookup;
        MgSendQuestion send;
        MgMailboxQuestion mailbox;
        MgAcceptQuestion accept;
    } question;
    GPtrArray *asked; /* addresses in the question, borrowed from recipients */
    GArray *asked_of; /* of unsigned: their indices */
    GString *report;  /* (nullable) */
    unsigned n_reports;
    MgTime report_due;
    MgAcceptAnswer answer;
    char *answer_text;
    GPtrArray *scratch; /* what events point to, until the next call */
    bool closed;
} MgQueue;

static inline MgQueueRecipient *mg_queue_recipient(const MgQueue *queue, unsigned i)
{
    return &g_array_index(queue->recipients, MgQueueRecipient, i);
}

/* ---- smtp-queue.c ---- */
/* `where` (nullable) is copied. */
void mg_queue_note(MgQueue *queue, unsigned rule, const char *where);
void mg_queue_say_fate(MgQueue *queue, MgFateKind kind, const MgQueueRecipient *recipient);
void mg_queue_ask(MgQueue *queue, MgQueueWait wait, const char *topic, MgTime timeout);

/* ---- smtp-route.c ---- */
bool mg_queue_has_pending(const MgQueue *queue, const MgQueueRoute *route);
void mg_queue_set_reason(MgQueueRecipient *recipient, const char *status, const char *diagnostic,
                         const char *remote);
/* How to get to this domain, as the settings say. (transfer full): its `domain` */
MgQueueRoute mg_queue_make_route(const MgQueue *queue, MgSpan domain);
/* Begins a try; an ask is open after it, or the route has come to its end for now. */
void mg_queue_start_route(MgQueue *queue, MgQueueRoute *route);
/* Goes on with the answer to the ask that was open for `wait`. */
void mg_queue_route_answered(MgQueue *queue, MgQueueWait wait, const void *answer);
void mg_queue_host_clear(void *data);

G_END_DECLS
