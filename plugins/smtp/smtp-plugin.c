/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-plugin.c - binds protocols/smtp to the contract */
#include <mailglass/plugin.h>

#include "smtp.h"

MG_PLUGIN(smtp, .version = "0.1.0", .spdx = "GPL-3.0-or-later",
          .summary = N_("Simple Mail Transfer Protocol: how mail travels"),
          .dissectors = (const MgDissector *const[]){&mg_smtp_dissector, NULL},
          .engines = (const MgEngineKind *const[]){
              &mg_smtp_server, &mg_smtp_server_tls, &mg_smtp_lmtp, &mg_smtp_client, &mg_smtp_queue,
              &mg_smtp_submit, &mg_smtp_greylist, &mg_smtp_console, &mg_smtp_console_submission,
              &mg_smtp_console_tls, &mg_smtp_by_hand, &mg_smtp_probe, NULL});
