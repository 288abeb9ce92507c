/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message-plugin.c - binds protocols/message to the contract */
#include <mailglass/plugin.h>

#include "message.h"

MG_PLUGIN(message, .version = "0.1.0", .spdx = "GPL-3.0-or-later",
          .summary = N_("Messages: their fields, parts and texts"),
          .dissectors = (const MgDissector *const[]){&mg_imf_dissector, &mg_mime_dissector, NULL},
          .engines = (const MgEngineKind *const[]){&mg_message_command, &mg_message_builder, NULL});
