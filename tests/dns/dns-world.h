/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-world.h - name servers in process, found by address, for tests: no socket, no clock */
#pragma once

#include "dns.h"

#include "dns-record.h"
#include "dns-recursion.h"
#include "dns-zones.h"

typedef enum { HEALTHY, DEAD, REFUSING, LAME, GARBAGE, WRONG_ID, UNREACHABLE, CUSTOM } Health;

typedef struct {
    const char *address;
    const char *zones[4]; /* texts; NULL-terminated */
    Health health;
    /* CUSTOM: appends the records of its reply */
    void (*custom)(MgDnsWriter *writer, const MgDnsMessage *query);
    uint16_t custom_flags;
    void *shared;
    unsigned asked;
} Place;

typedef struct {
    Place *places;
    size_t n;
    void *resolver; /* its shared part */
    uint64_t seed;
    MgTime now;
    unsigned asked; /* datagrams of the last question */
    GString *notes; /* ids, each with a space behind it */
    GString *states;
    unsigned fail_ask; /* this ask (from 1) is answered by NULL */
} World;

/* Makes what servers and resolver share. `hints` is a master file. */
void world_open(World *world, Place *places, size_t n, const char *hints);
void world_close(World *world);

/* Sends a query to the resolver and gives its reply as text: the rcode, flags in brackets, and the
 * records of answer and authority, sorted: "NOERROR [ra] a. 60 A 192.0.2.1 ; …". */
char *world_ask(World *world, const char *name, const char *type);
/* A reply in the same form. */
char *world_reply_text(MgSpan reply);
/* A query as it goes over the wire. */
size_t world_query(uint8_t out[600], uint16_t id, const char *name, const char *type,
                   uint16_t flags, uint16_t payload);
/* What one server says to one query; empty if nothing. */
GByteArray *world_serve(const MgEngineKind *kind, void *shared, MgSpan query);
