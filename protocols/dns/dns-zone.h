/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-zone.h - reads master files (RFC 1035 §5, RFC 2308 §4) */
#pragma once

#include "dns-record.h"

G_BEGIN_DECLS

typedef struct {
    MgDnsName owner;
    uint16_t type, class;
    uint32_t ttl;
    MgSpan data;      /* wire form, uncompressed */
    const char *path; /* of the file where it stands */
    unsigned line, column;
} MgDnsZoneRecord;

typedef void (*MgDnsZoneSink)(void *user, const MgDnsZoneRecord *record);

/* A file that $INCLUDE names. */
typedef struct {
    MgSpan text;
    const char *path;
    const char *error; /* (nullable) why there is none; NULL: it is left out without a word */
} MgDnsZoneFile;

/* Finds the file that is written as `path` in the file `beside`. False: there is none. */
typedef bool (*MgDnsZoneInclude)(void *user, const char *path, const char *beside,
                                 MgDnsZoneFile *file);

#define MG_DNS_ZONE_PROBLEMS_MAX 20 /* of one file, if not said: then reading stops */
#define MG_DNS_ZONE_DEPTH        8  /* files in files */
#define MG_DNS_ZONE_FILES        1000

/* What is read, and where it goes. Lives as long as the reading. */
typedef struct {
    MgSpan text;
    const char *path;        /* (nullable) */
    const MgDnsName *origin; /* (nullable) completes names before $ORIGIN says what does */
    MgDnsZoneSink sink;
    MgDnsZoneInclude include; /* (nullable) then $INCLUDE is a mistake: there are no files */
    void *user;               /* of both */
    GPtrArray *problems;      /* of char * */
    unsigned problems_max;    /* 0: MG_DNS_ZONE_PROBLEMS_MAX */
    bool no_ttl;              /* records may have none, and no $TTL before them: then it is 0 */
} MgDnsZoneSource;

/* Hands each record to the sink. Each mistake is added to the problems as "PATH:LINE:COLUMN: error:
 * text", and reading goes on behind it. Returns false if there was one. */
bool mg_dns_zone_read_source(const MgDnsZoneSource *source);
/* The same without files. */
bool mg_dns_zone_read(MgSpan text, const char *path, const MgDnsName *origin, MgDnsZoneSink sink,
                      void *user, GPtrArray *problems);

/* "zones/example.net.zone" → example.net., "root.zone" → the root: the origin that a file's name
 * says. False if it says none. */
bool mg_dns_zone_origin(const char *path, MgDnsName *origin);

G_END_DECLS
