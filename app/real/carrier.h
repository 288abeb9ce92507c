/* SPDX-License-Identifier: GPL-3.0-or-later */
/* carrier.h - real sockets as what carries an engine's octets
 *
 * The same engines as in the simulation, over sockets in one GMainContext: nothing blocks, writes
 * are queued, and what a peer does (refuses, is silent, vanishes in the middle) becomes an MgReach
 * or an MgEnd. What comes in is recorded, as what goes out is.
 *
 * Give it to a host with mg_runtime_set_carrier(runtime, host, &mg_real_carrier_class, carrier).
 */
#pragma once

#include <gio/gio.h>

#include "burst.h"
#include "drive.h"
#include "poller.h"

G_BEGIN_DECLS

typedef struct MgRealCarrier MgRealCarrier;

extern const MgCarrierClass mg_real_carrier_class;

/* Both must outlive it. */
MgRealCarrier *mg_real_carrier_new(MgRuntime *runtime, MgDrive *drive);
/* Closes all connections at once. */
void mg_real_carrier_free(MgRealCarrier *carrier);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgRealCarrier, mg_real_carrier_free)

/* How long a connection may take to be made, each address for itself. 30 seconds at first. */
void mg_real_carrier_set_connect_timeout(MgRealCarrier *carrier, MgTime timeout);
/* Connections that still have something to send or to hear. */
size_t mg_real_carrier_n_open(const MgRealCarrier *carrier);
/* Lets all connections go without another octet, as if they had been lost: for a program that
 * cannot go on. May be called from inside the runtime. */
void mg_real_carrier_drop(MgRealCarrier *carrier);
/* Was there a peer that could not be reached, was lost in the middle, or fell silent? Tells "it
 * could not be done" from "the server said no". */
bool mg_real_carrier_in_trouble(const MgRealCarrier *carrier);
/* What waits for its sockets. */
MgPoller *mg_real_carrier_poller(MgRealCarrier *carrier);

/* A client has connected to a door: gives birth to the server's engine on `host`. `fd` is the
 * carrier's from now on, and does not block. */
void mg_real_carrier_accept(MgRealCarrier *carrier, int fd, const MgPeer *peer, MgHostId host,
                            const MgEngineKind *kind);
/* The same for a datagram that came to a door's socket; the answer goes back to `peer` by way of
 * `burst`. */
void mg_real_carrier_accept_datagram(MgRealCarrier *carrier, MgBurst *burst, const MgPeer *peer,
                                     MgSpan payload, MgHostId host, const MgEngineKind *kind);

G_END_DECLS
