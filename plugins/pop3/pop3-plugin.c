/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pop3-plugin.c - binds protocols/pop3 to the contract */
#include <mailglass/plugin.h>

#include "pop3.h"

MG_PLUGIN(pop3, .version = "0.1.0", .spdx = "GPL-3.0-or-later",
          .summary = N_("Post Office Protocol, version 3: fetching mail from a mailbox"),
          .dissectors = (const MgDissector *const[]){&mg_pop3_dissector, NULL},
          .engines = (const MgEngineKind *const[]){
              &mg_pop3_server, &mg_pop3_server_tls, &mg_pop3_client, &mg_pop3_client_tls,
              &mg_pop3_console, &mg_pop3_console_tls, &mg_pop3_by_hand, NULL});
