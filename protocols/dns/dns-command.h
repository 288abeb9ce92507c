/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-command.h - what commands say, kept in order until it is asked for */
#pragma once

#include <mailglass/engine.h>
#include <mailglass/topics.h>

#include "dns-record.h"

G_BEGIN_DECLS

/* What commands return to the shell. */
enum { MG_DNS_EXIT_DONE, MG_DNS_EXIT_NO, MG_DNS_EXIT_USAGE, MG_DNS_EXIT_FAILED };

typedef struct {
    GPtrArray *items; /* of what is said, and not yet given out */
    guint given;
    MgSpan text;
    int result;
    bool ended, closed;
} MgDnsOutput;

void mg_dns_output_init(MgDnsOutput *output);
void mg_dns_output_clear(MgDnsOutput *output);
/* For standard output. Takes the text, not the string. */
void mg_dns_output_text(MgDnsOutput *output, const GString *text);
/* For standard error. A text without values is translated where it is shown. */
void mg_dns_output_complain(MgDnsOutput *output, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The last word. */
void mg_dns_output_exit(MgDnsOutput *output, int result);
/* The events of all that. False: there is none at present. */
bool mg_dns_output_next(MgDnsOutput *output, MgEvent *event);

/* ---- records in JSON and in words ---- */

/* {"name":"example.net.","ttl":300,"class":"IN","type":"MX","data":"10 mx.example.net."} */
void mg_dns_record_json(MgSpan owner, uint32_t ttl, uint16_t class, uint16_t type, MgSpan data,
                        GString *json);

G_END_DECLS
