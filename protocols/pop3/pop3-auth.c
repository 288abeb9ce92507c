/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pop3-auth.c - what either end says when AUTH fails */
#include "pop3-auth.h"

/* What a client is told; one that is not here gets "the login failed". */
static const char *const server_words[MG_SASL_N_FAULTS] = {
    [MG_SASL_FAULT_BASE64] = "this is not base64",
    [MG_SASL_FAULT_LONG] = "the line is too long",
    [MG_SASL_FAULT_NEEDS_TLS] = "this mechanism is for TLS alone",
    [MG_SASL_FAULT_MECHANISM] = "this mechanism is not offered",
    [MG_SASL_FAULT_INITIAL] = "the server speaks first in this mechanism",
    [MG_SASL_FAULT_CANCELLED] = "given up",
    [MG_SASL_FAULT_CREDENTIALS] = "[AUTH] wrong name or password", /* RFC 3206 §4 */
    [MG_SASL_FAULT_PREP] = "[AUTH] wrong name or password",
    [MG_SASL_FAULT_UNAVAILABLE] = "[SYS/TEMP] the password cannot be checked now",
    [MG_SASL_FAULT_CHANNEL] = "[AUTH] this is not the TLS connection that the server sees",
    [MG_SASL_FAULT_DOWNGRADE] = "[AUTH] somebody has changed what the server offers",
    [MG_SASL_FAULT_AUTHZID] = "[AUTH] not for somebody else",
    [MG_SASL_FAULT_CERTIFICATE] = "[AUTH] there was no certificate",
};

/* Why the client itself ends a login. */
static const char *const client_words[MG_SASL_N_FAULTS] = {
    [MG_SASL_FAULT_BASE64] = "what the server sends is not base64",
    [MG_SASL_FAULT_LONG] = "a line of the login is too long",
    [MG_SASL_FAULT_NONCE] = "the server's nonce is not made from ours",
    [MG_SASL_FAULT_EXTENSION] = "the server demands an extension that is not known here",
    [MG_SASL_FAULT_PREP] = "the name or the password holds a character that is not allowed",
    [MG_SASL_FAULT_NEEDS_TLS] = "every login that the server offers shows the password",
    [MG_SASL_FAULT_OFFER] = "the server offers no login that this client may use",
    [MG_SASL_FAULT_ITERATIONS] = "the server wants a number of iterations that is not acceptable",
    [MG_SASL_FAULT_SIGNATURE] = "the server did not prove that it knows the password",
    [MG_SASL_FAULT_SERVER_ERROR] = "the server ended the login with an error",
    [MG_SASL_FAULT_UNEXPECTED] = "the server does not keep to the mechanism",
};

const char *mg_pop3_server_words(MgSaslFault fault)
{
    return server_words[fault] != NULL ? server_words[fault] : "the login failed";
}

const char *mg_pop3_client_words(MgSaslFault fault)
{
    return client_words[fault] != NULL ? client_words[fault]
                                       : "the server's part of the login has a wrong form";
}
