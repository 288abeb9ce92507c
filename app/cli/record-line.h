/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record-line.h - a record as one line on a terminal:
 * " 0.084  alice → mta.example.com   SMTP   EHLO alice.example.com", set in by its causes */
#pragma once

#include "network.h"
#include "trace.h"

G_BEGIN_DECLS

typedef struct MgRecordLine MgRecordLine; /* how wide the columns are, and each record's depth */

MgRecordLine *mg_record_line_new(const MgNetwork *network, MgRegistry *registry);
/* For one conversation, whose records come one below the other, without their depth. */
MgRecordLine *mg_record_line_new_for_pair(const char *client, const char *server,
                                          MgRegistry *registry);
void mg_record_line_free(MgRecordLine *self);
/* To be told of each record, in order, printed or not. */
void mg_record_line_note(MgRecordLine *self, const MgRecord *record, uint32_t n);
void mg_record_line_print(MgRecordLine *self, const MgTrace *trace, uint32_t n);
/* A TCP, UDP or ICMP packet, with no exchange of a protocol in it. */
bool mg_record_is_bare(const MgRegistry *registry, const MgRecord *record);
/* Ciphertext: what it holds has a record of its own. */
bool mg_record_is_layer(const MgTrace *trace, uint32_t n);

/* In columns of a terminal: Korean takes two for a character. */
int mg_text_columns(const char *text);

G_END_DECLS
