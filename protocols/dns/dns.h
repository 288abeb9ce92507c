/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns.h - what the plugin binds: the engines of DNS, and the names of its bytes */
#pragma once

#include <mailglass/dissect.h>
#include <mailglass/engine.h>

G_BEGIN_DECLS

extern const MgEngineKind mg_dns_server; /* authoritative, a datagram each; mailglass dns serve */
extern const MgEngineKind mg_dns_server_tcp; /* the same over a stream */
extern const MgEngineKind mg_dns_resolver;   /* recursive, a datagram each; mailglass dns resolve */
extern const MgEngineKind mg_dns_resolver_tcp;   /* the same over a stream */
extern const MgEngineKind mg_dns_stream;         /* answers "dns.stream" */
extern const MgEngineKind mg_dns_flush;          /* the verb "flush" */
extern const MgEngineKind mg_dns_iterate;        /* mailglass dns iterate */
extern const MgEngineKind mg_dns_replay;         /* mailglass dns replay */
extern const MgEngineKind mg_dns_stub;           /* answers "dns.lookup" */
extern const MgEngineKind mg_dns_ask;            /* the verb "lookup" */
extern const MgEngineKind mg_dns_command_lookup; /* mailglass dns lookup */
extern const MgEngineKind mg_dns_command_zone;   /* mailglass dns zone */

/* dns-attack*.c */
extern const MgEngineKind mg_dns_poison; /* the verb "poison" */
extern const MgEngineKind mg_dns_spoof;  /* the verb "spoof" */
extern const MgEngineKind mg_dns_watch;  /* the verb "watch" */
extern const MgEngineKind mg_dns_liar;   /* a resolver that lies */
extern const MgEngineKind mg_dns_who;    /* a name server that tells who asks */
extern const MgEngineKind mg_dns_leak;   /* the verb "leaktest" */

extern const MgDissector mg_dns_dissector;

G_END_DECLS
