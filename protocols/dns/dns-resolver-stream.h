/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-resolver-stream.h - one question over TCP (RFC 7766), for who was told that a datagram is too
 * small */
#pragma once

#include <mailglass/topics.h>

G_BEGIN_DECLS

/* dns.stream: asks one query over a connection of its own. The answer is the message, as if it had
 * been a datagram. */
#define MG_TOPIC_DNS_STREAM "dns.stream"
typedef MgDatagramQuestion MgDnsStreamQuestion;
typedef MgDatagramAnswer MgDnsStreamAnswer;

G_END_DECLS
