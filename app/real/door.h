/* SPDX-License-Identifier: GPL-3.0-or-later */
/* door.h - a simulated server that real clients can reach
 *
 * Listens on a real address and port and hands who comes to a server engine of a host. Whoever
 * opens a door names its address; nothing listens beyond loopback by itself.
 */
#pragma once

#include "carrier.h"

G_BEGIN_DECLS

typedef struct MgDoor MgDoor;

/* `address` is "127.0.0.1:2525", "[::1]:0", "localhost:110"; port 0 takes a free one. TCP or UDP as
 * `kind` says. `carrier` must outlive it. On error: MG_ERROR_REACH. */
MgDoor *mg_door_open(MgRealCarrier *carrier, MgHostId host, const MgEngineKind *kind,
                     const char *address, GError **error);
void mg_door_close(MgDoor *door);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgDoor, mg_door_close)

/* "127.0.0.1:40123": with the port that was taken. */
const char *mg_door_address(const MgDoor *door);
uint16_t mg_door_port(const MgDoor *door);

/* (transfer full) "127.0.0.1:2525", "[::1]:0", "localhost:110". NULL with MG_ERROR_REACH. */
GSocketAddress *mg_door_parse_address(const char *text, GError **error);

G_END_DECLS
