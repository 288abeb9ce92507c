/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-plugin.c - binds protocols/dns to the contract */
#include <mailglass/plugin.h>

#include "dns.h"

MG_PLUGIN(dns, .version = "0.1.0", .spdx = "GPL-3.0-or-later",
          .summary = N_("Domain Name System: finding the hosts that take the mail"),
          .dissectors = (const MgDissector *const[]){&mg_dns_dissector, NULL},
          .engines = (const MgEngineKind *const[]){
              &mg_dns_server, &mg_dns_server_tcp, &mg_dns_resolver, &mg_dns_resolver_tcp,
              &mg_dns_stream, &mg_dns_flush, &mg_dns_replay, &mg_dns_iterate, &mg_dns_stub,
              &mg_dns_ask, &mg_dns_command_lookup, &mg_dns_command_zone, &mg_dns_poison,
              &mg_dns_spoof, &mg_dns_watch, &mg_dns_liar, &mg_dns_who, &mg_dns_leak, NULL});
