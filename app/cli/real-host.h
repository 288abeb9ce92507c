/* SPDX-License-Identifier: GPL-3.0-or-later */
/* real-host.h - this machine as a host of engines: what commands that talk to real servers share */
#pragma once

#include <glib/gi18n.h>

#include "carrier.h"
#include "pcapng.h"

G_BEGIN_DECLS

/* What a command returns to the shell. */
enum { MG_EXIT_DONE, MG_EXIT_NO, MG_EXIT_USAGE, MG_EXIT_FAILED };

/* Options that all these commands have; `command` begins the messages: "mailglass send". */
typedef struct {
    const char *command;
    char *trace;   /* (nullable) --trace FILE.pcapng */
    char *timeout; /* (nullable) --timeout 30s */
    gboolean json;
} MgRealOptions;

/* "?starttls=try": what is wanted where TLS begins in the middle. */
typedef enum { MG_STARTTLS_TRY, MG_STARTTLS_NEVER, MG_STARTTLS_REQUIRE } MgStartTls;

/* "smtp://user@host:25?starttls=require". Strings are owned. */
typedef struct {
    char *scheme, *user, *host; /* user: (nullable) */
    uint16_t port;
    MgStartTls starttls;
    bool starttls_said; /* else it is the usual, TRY */
} MgUrl;
void mg_url_clear(MgUrl *url);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgUrl, mg_url_clear)
/* `schemes` are the ones that are allowed with their ports; the last has name NULL. */
typedef struct {
    const char *name;
    uint16_t port;
} MgScheme;
bool mg_url_parse(const char *text, const MgScheme *schemes, MgUrl *url, GError **error);
/* (transfer full) "smtp://host:25" */
char *mg_url_server(const MgUrl *url);
/* Nobody on a wire can hear what is said there. */
bool mg_url_is_loopback(const MgUrl *url);
/* "no", "try", "require": as settings of engines say it. */
const char *mg_url_starttls(const MgUrl *url);

typedef struct {
    const MgRealOptions *options;
    MgTrace *trace;
    MgRuntime *runtime;
    MgDrive *drive;
    MgRealCarrier *carrier;
    MgHostId id;
    MgPcapng *file; /* (nullable) that follows the trace */
    bool interrupted;
    void (*turned)(void *data); /* (nullable) after each turn of the main loop */
    void *turned_data;
} MgRealHost;

MgRealHost *mg_real_host_new(MgRegistry *registry, const MgSettings *settings,
                             const MgRealOptions *options);
void mg_real_host_free(MgRealHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgRealHost, mg_real_host_free)
/* Lets the host run `kind`; false after saying why not. */
bool mg_real_host_add(MgRealHost *host, const MgEngineKind *kind);
/* Until no engine is alive, or the user interrupts; what is still to be sent is sent. `what` is
 * said on a terminal when it takes long: "talking to mx.example.net"; NULL: nothing. */
void mg_real_host_run(MgRealHost *host, const char *what);
/* Writes --trace. False after saying why not. */
bool mg_real_host_save(MgRealHost *host);

/* For servers, which run for weeks: the trace forgets, and with --trace what happens is written as
 * it comes, to `file`. False after saying why not. */
bool mg_trace_for_weeks(MgTrace *trace, const MgRealOptions *options, MgPcapng **file);

/* "mailglass send: TEXT" on standard error, as one line. */
void mg_complain(const char *command, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* An engine kind of the plugins: one that answers `topic`, or has this verb for this scheme. */
const MgEngineKind *mg_find_answerer(MgRegistry *registry, const char *topic);
const MgEngineKind *mg_find_verb(MgRegistry *registry, const char *verb, const char *scheme);

/* Runs GOptionContext over the arguments. Returns MG_EXIT_DONE to go on; else what to return. With
 * --help it has printed it, sets *helped and returns MG_EXIT_DONE. */
int mg_parse_options(const char *command, const char *usage, const char *about,
                     const GOptionEntry *entries, int *argc, char ***argv, bool *helped);

/* Serves until somebody interrupts or ends the program. */
void mg_wait_for_signal(void);

G_END_DECLS
