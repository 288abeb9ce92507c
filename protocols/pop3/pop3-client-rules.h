/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pop3-client-rules.h - the client's states, rules and settings */
#pragma once

#include <mailglass/engine.h>

G_BEGIN_DECLS

extern const char MG_FETCH_DISCONNECTED[], MG_FETCH_SECURING[], MG_FETCH_AUTHORIZATION[],
    MG_FETCH_TRANSACTION[], MG_FETCH_UPDATE[], MG_FETCH_CLOSED[];
extern const MgTransition mg_pop3_client_transitions[];
extern const MgRule mg_pop3_client_rules[];
extern const MgSettingRow mg_pop3_client_settings[];

/* Rows of mg_pop3_client_rules. */
enum {
    R_UNREADABLE,
    R_LONG,
    R_REFUSED,
    R_SEEN,
    R_TLS_MISSING,
    R_NO_TLS,
    R_INJECTED,
    R_TLS_FAILED,
    R_NOT_VERIFIED,
    R_SASL /* and those after it, in the order of MgSaslFault */
};

G_END_DECLS
