/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-report.h - the letter that tells a sender what became of a mail (RFC 3464) */
#pragma once

#include <mailglass/base.h>

G_BEGIN_DECLS

typedef struct {
    const char *recipient;
    const char *original;   /* (nullable) "rfc822;bob@example.net", as ORCPT said it */
    const char *action;     /* "failed", "delayed", "delivered", "relayed", "expanded" */
    const char *status;     /* (nullable) "5.1.1" (RFC 3463) */
    const char *diagnostic; /* (nullable) "550 5.1.1 No mailbox here" */
    const char *remote;     /* (nullable) the server that said so */
} MgReportRow;

typedef struct {
    const char *host, *to, *id;
    const char *envid;           /* (nullable) */
    int64_t arrived, now, until; /* Unix seconds; `until`: how long it will be tried */
    MgSpan letter;
    bool whole; /* RET=FULL: it goes back whole if something has failed, else its header */
    const MgReportRow *rows;
    size_t n_rows;
} MgReport;

/* (transfer full) A letter in ASCII whose lines end with CR LF. */
GString *mg_report_write(const MgReport *report);

G_END_DECLS
