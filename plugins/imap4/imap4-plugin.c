/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap4-plugin.c - binds protocols/imap4 to the contract */
#include <mailglass/plugin.h>

#include "imap.h"

MG_PLUGIN(imap4, .version = "0.1.0", .spdx = "GPL-3.0-or-later",
          .summary = N_("Internet Message Access Protocol, version 4: mail that stays on the "
                        "server, in folders"),
          .dissectors = (const MgDissector *const[]){&mg_imap_dissector, NULL},
          .engines = (const MgEngineKind *const[]){&mg_imap_server, &mg_imap_server_tls, NULL});
