/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-report.h - the letter that tells a sender what could not be delivered (RFC 3464) */
#pragma once

#include <mailglass/base.h>

G_BEGIN_DECLS

typedef struct {
    const char *recipient;
    const char *status;     /* "5.1.1" (RFC 3463) */
    const char *diagnostic; /* "550 5.1.1 No mailbox here" */
    const char *remote;     /* (nullable) the server that said so */
} MgReportRow;

typedef struct {
    const char *host, *to, *id;
    int64_t arrived, now; /* Unix seconds */
    MgSpan letter;        /* what could not be delivered: its header goes back */
    const MgReportRow *rows;
    size_t n_rows;
} MgReport;

/* (transfer full) A letter in ASCII whose lines end with CR LF. */
GString *mg_report_write(const MgReport *report);

G_END_DECLS
