/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-probe.h - what was learnt of a server, between smtp-probe.c (learns it) and
 * smtp-probe-print.c (prints it); nobody else includes it
 */
#pragma once

#include <mailglass/engine.h>
#include <mailglass/topics.h>

G_BEGIN_DECLS

typedef enum {
    MG_PROBE_CONNECT,
    MG_PROBE_GREETING,
    MG_PROBE_EHLO,
    MG_PROBE_STARTTLS,
    MG_PROBE_CERTIFICATE,
    MG_PROBE_EHLO_TLS,
    MG_PROBE_MAIL,
    MG_PROBE_RCPT,
    MG_PROBE_N_STAGES
} MgProbeStage;

/* They are kept apart: what the server said no to, what it does not have, and what nobody knows. */
typedef enum {
    MG_PROBE_UNTESTED,
    MG_PROBE_OK,
    MG_PROBE_REFUSED,
    MG_PROBE_NOT_OFFERED,
    MG_PROBE_NOT_ASKED /* nobody wanted to know */
} MgProbeOutcome;

typedef struct {
    MgProbeOutcome outcome;
    MgTime took;   /* OK, REFUSED */
    unsigned code; /* of the reply; 0 none */
    char *text;    /* (nullable) the reply; or why */
} MgProbeResult;

typedef struct {
    char *name, *address; /* address: (nullable) that was reached, or tried last */
    uint16_t port;
    int preference; /* of the MX; -1: it is none */
    MgProbeResult results[MG_PROBE_N_STAGES];
    GString *chain; /* the certificates that were shown, as JSON with commas */
} MgProbeHost;

void mg_probe_print_table(const GPtrArray *hosts, GString *out);
void mg_probe_print_json(const MgProbeHost *host, GString *out);
void mg_probe_add_certificate(MgProbeHost *host, const MgCertificate *certificate);

G_END_DECLS
