/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "sasl.h"

void sasl_add_vectors(void);
/* Base64 of text, without what g_base64_encode() needs to be told. */
char *sasl_base64(const char *text);

/* What one end says in a whole conversation. */
typedef struct {
    MgSaslPolicy policy;
    MgSaslIdentity identity;
    MgSaslMechanism mechanism;
    const char *secret; /* (nullable) what the host answers */
    bool late;          /* no initial response with the command */
    /* Changes a line on its way, or NULL; `n` counts the lines of both. */
    char *(*meddle)(const char *line, unsigned n, void *data);
    void *data;
} SaslTalk;

typedef struct {
    MgSaslStep server, client;
    MgSaslFault server_fault, client_fault;
    unsigned n_lines;
    char name[64], acts_as[64];
    GString *wire; /* all lines, for searching */
} SaslEnd;

void sasl_talk(const SaslTalk *talk, SaslEnd *end);
