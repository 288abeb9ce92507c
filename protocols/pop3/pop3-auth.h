/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pop3-auth.h - AUTH (RFC 5034): what either end says when it fails */
#pragma once

#include "sasl.h"

G_BEGIN_DECLS

/* What follows "-ERR ". */
const char *mg_pop3_server_words(MgSaslFault fault);
/* Why the client itself ended a login, for people. */
const char *mg_pop3_client_words(MgSaslFault fault);

G_END_DECLS
