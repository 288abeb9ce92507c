/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-queue-private.h - one queued mail, shared by smtp-queue.c (its life), smtp-route.c (its
 * ways), smtp-queue-tell.c (what its sender is told) and smtp-queue-spool.c (how it outlives a
 * crash); nobody else includes it
 */
#pragma once

#include "outbox.h"
#include "smtp.h"

G_BEGIN_DECLS

#define MG_QUEUE_DELAYS_MAX 32u /* waiting times of the setting `retry` */
#define MG_QUEUE_NO_ROUTE   UINT_MAX

enum {
    MG_QUEUE_R_DEFERRED,
    MG_QUEUE_R_BOUNCED,
    MG_QUEUE_R_DROPPED,
    MG_QUEUE_R_NOT_TOLD,
    MG_QUEUE_R_DELAY_TOLD,
    MG_QUEUE_R_SUCCESS_TOLD,
    MG_QUEUE_R_GIVE_UP,
    MG_QUEUE_R_LOOP,
    MG_QUEUE_R_FORWARD_LOOP,
    MG_QUEUE_R_ALIAS,
    MG_QUEUE_R_IMPLICIT_MX,
    MG_QUEUE_R_NULL_MX,
    MG_QUEUE_R_SELF_MX,
    MG_QUEUE_R_NO_DOMAIN,
    MG_QUEUE_R_IN_CLEAR,
    MG_QUEUE_R_NEXT_MX,
    MG_QUEUE_R_NO_SPOOL,
    MG_QUEUE_R_REVIVED
};

typedef enum { MG_QUEUE_PENDING, MG_QUEUE_FAILED, MG_QUEUE_SETTLED } MgQueueFate;

/* What the sender is still to be told of a recipient: the Action of RFC 3464 §2.3.3. */
typedef enum {
    MG_QUEUE_TELL_NOTHING,
    MG_QUEUE_TELL_FAILED,
    MG_QUEUE_TELL_DELAYED,
    MG_QUEUE_TELL_DELIVERED,
    MG_QUEUE_TELL_RELAYED,
    MG_QUEUE_TELL_EXPANDED
} MgQueueTell;

typedef struct {
    char *address;
    unsigned route; /* MG_QUEUE_NO_ROUTE: an alias, in whose place others stand */
    MgQueueFate fate;
    MgQueueTell tell;
    bool warned;                        /* was told of the delay */
    unsigned notify;                    /* of MgNotify */
    char *orcpt;                        /* (nullable) */
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
    char *via;    /* (nullable) the alias that sends it there: a Delivered-To more */
    uint16_t port;
    unsigned tries;
    MgTime due;
} MgQueueRoute;

typedef enum {
    MG_QUEUE_WAIT_NOTHING,
    MG_QUEUE_WAIT_PUT,
    MG_QUEUE_WAIT_UPDATE,
    MG_QUEUE_WAIT_REMOVE,
    MG_QUEUE_WAIT_MX,
    MG_QUEUE_WAIT_ADDRESS,
    MG_QUEUE_WAIT_ADDRESS_6,
    MG_QUEUE_WAIT_SEND,
    MG_QUEUE_WAIT_APPEND,
    MG_QUEUE_WAIT_REPORT
} MgQueueWait;

typedef struct MgQueue MgQueue;

struct MgQueue {
    MgEngine base;
    MgOutbox out;
    const char *state;
    char *host, *local_address, *id;
    char *domains, *deliver, *smarthost, *aliases; /* smarthost, aliases: (nullable) */
    uint16_t relay_port;
    unsigned at_once; /* recipients in one transaction */
    MgTime delays[MG_QUEUE_DELAYS_MAX], give_up, warn, born, now;
    unsigned n_delays, hops_max;
    int64_t epoch;
    uint64_t seed;

    /* the mail */
    char *mail_from, *envid, *auth; /* envid, auth: (nullable) */
    MgBody body;
    MgRet ret;
    bool smtputf8;
    GByteArray *letter;
    GArray *recipients; /* of MgQueueRecipient */
    GArray *routes;     /* of MgQueueRoute */

    /* the route that is being tried */
    MgQueueRoute *route;
    GArray *hosts;        /* of MgQueueHost */
    GPtrArray *addresses; /* of char * */
    unsigned host_at, address_at;
    unsigned asked_until;          /* recipients before this one were asked about there */
    bool in_clear;                 /* TLS with the server at `address_at` did not come about */
    bool found_address, soft;      /* something that may be better later went wrong */
    bool loops;                    /* one of the addresses is our own */
    char *trouble;                 /* (nullable) the last of it */
    void (*go_on)(MgQueue *queue); /* (nullable) what comes after what is known was kept */

    /* the open ask */
    MgQueueWait wait;
    MgAskId last_ask;
    MgTime ask_due;
    union {
        MgLookupQuestion lookup;
        MgSendQuestion send;
        MgMailboxQuestion mailbox;
        MgAcceptQuestion accept;
        MgSpoolQuestion spool;
    } question;
    GPtrArray *asked; /* addresses in the question, borrowed from recipients */
    GArray *asked_of; /* of unsigned: their indices */
    GArray *wishes;   /* of MgMailWish, beside `asked` */
    GByteArray *copy; /* the letter with a Delivered-To before it */
    GString *report;  /* (nullable) */
    unsigned n_reports;
    MgTime report_due;
    MgAcceptAnswer answer;
    char *answer_text;
    GPtrArray *scratch; /* what events point to, until the next call */

    /* what is kept of it */
    GString *frozen;
    uint32_t item; /* of the spool; 0: nobody keeps it */
    bool dirty;    /* more is known than is kept */
    bool closed;
};

static inline MgQueueRecipient *mg_queue_recipient(const MgQueue *queue, unsigned i)
{
    return &g_array_index(queue->recipients, MgQueueRecipient, i);
}

/* ---- smtp-queue.c ---- */
/* `where` (nullable) is copied. */
void mg_queue_note(MgQueue *queue, unsigned rule, const char *where);
void mg_queue_say_fate(MgQueue *queue, MgFateKind kind, const MgQueueRecipient *recipient);
void mg_queue_ask(MgQueue *queue, MgQueueWait wait, const char *topic, MgTime timeout);
/* The number of the route to this address, a new one if there is none. */
unsigned mg_queue_find_route(MgQueue *queue, const char *address, const char *via);

/* ---- smtp-queue-tell.c ---- */
/* This recipient will never have it. */
void mg_queue_fail(MgQueue *queue, MgQueueRecipient *recipient);
/* It has it, or the next server has; told if the sender wanted to know. */
void mg_queue_succeed(MgQueue *queue, MgQueueRecipient *recipient, MgQueueTell how);
void mg_queue_delayed(MgQueue *queue, MgQueueRecipient *recipient);
bool mg_queue_has_news(const MgQueue *queue);
void mg_queue_tell_sender(MgQueue *queue);
void mg_queue_report_answered(MgQueue *queue, const MgAcceptAnswer *answer);

/* ---- smtp-queue-spool.c ---- */
void mg_queue_spool(MgQueue *queue, MgSpoolOp op);
/* What freeze() has written; the settings were read. */
void mg_queue_thaw(MgQueue *queue, const MgSpooled *spooled);

/* ---- smtp-route.c ---- */
bool mg_queue_has_pending(const MgQueue *queue, const MgQueueRoute *route);
void mg_queue_set_reason(MgQueueRecipient *recipient, const char *status, const char *diagnostic,
                         const char *remote);
/* Mail for this domain ends here. */
bool mg_queue_is_local(const MgQueue *queue, MgSpan domain);
/* How to get to this domain, as the settings say. (transfer full): its `domain` */
MgQueueRoute mg_queue_make_route(const MgQueue *queue, MgSpan domain);
/* Begins a try; an ask is open after it, or the route has come to its end for now. */
void mg_queue_start_route(MgQueue *queue, MgQueueRoute *route);
/* Goes on with the answer to the ask that was open for `wait`. */
void mg_queue_route_answered(MgQueue *queue, MgQueueWait wait, const void *answer);
void mg_queue_host_clear(void *data);

G_END_DECLS
