/* SPDX-License-Identifier: GPL-3.0-or-later */
/* burst.h - the datagrams of one socket, many at a system call
 *
 * What is sent between mg_burst_receive() and mg_burst_flush() goes out together; what is sent at
 * another time goes out at once. A datagram that is lost is lost: nothing here fails.
 */
#pragma once

#include <gio/gio.h>
#include <netinet/in.h>

#include <mailglass/base.h>

G_BEGIN_DECLS

typedef struct MgBurst MgBurst;

/* An address as the system has it. */
typedef struct {
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } address;
    socklen_t len;
} MgPeer;

/* 4 octets, or 16 of IPv6, and the port. */
MgSpan mg_peer_octets(const MgPeer *peer, uint16_t *port);
/* Text, "192.0.2.1" or "2001:db8::1", and the port. */
void mg_peer_format(const MgPeer *peer, char *text, size_t size, uint16_t *port);

MgBurst *mg_burst_new(GSocket *socket);
MgBurst *mg_burst_ref(MgBurst *burst);
void mg_burst_unref(MgBurst *burst);
/* Who is sent to is nobody any more: the socket is about to be closed. */
void mg_burst_close(MgBurst *burst);

/* How many have come: as many as there are, but not more than fit. */
unsigned mg_burst_receive(MgBurst *burst);
/* Of those; valid until the next receive(). */
MgSpan mg_burst_payload(const MgBurst *burst, unsigned i, MgPeer *from);
void mg_burst_send(MgBurst *burst, MgSpan payload, const MgPeer *to);
void mg_burst_flush(MgBurst *burst);

/* Where the socket is bound to. */
const char *mg_burst_address(const MgBurst *burst, uint16_t *port);

G_END_DECLS
