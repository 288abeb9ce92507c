/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls-plugin.c - binds protocols/tls to the contract */
#include <mailglass/plugin.h>

#include "tls.h"

MG_PLUGIN(tls, .version = "0.1.0", .spdx = "GPL-3.0-or-later",
          .summary = N_("Transport Layer Security: connections that nobody on the way can read"),
          .dissectors = (const MgDissector *const[]){&mg_tls_dissector, NULL},
          .layers = (const MgLayerKind *const[]){&mg_tls_layer, NULL});
