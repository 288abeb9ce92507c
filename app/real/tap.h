/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tap.h - stands between a mail program and its server, and writes down what they say
 *
 * Octets pass unchanged both ways. Where the two begin TLS, the tap is the server for the one and
 * the client for the other, so that it can read along; who is at the other end is verified, and
 * said if it was not.
 */
#pragma once

#include <gio/gio.h>

#include "trace.h"

G_BEGIN_DECLS

typedef struct {
    const char *server; /* its name or address */
    uint16_t port;
    const char *dissector;      /* of the conversation: "smtp" */
    bool from_start;            /* TLS comes first, on both sides */
    const MgSettings *settings; /* of TLS: certificate, key, authorities */
} MgTapQuestion;

typedef struct MgTap MgTap;

/* What happens goes into `trace`, which must outlive it; `said` (nullable) is called when something
 * was added. Everything is copied. `address` is "127.0.0.1:2525", "[::1]:0". NULL with
 * MG_ERROR_REACH. */
MgTap *mg_tap_open(MgTrace *trace, const char *address, const MgTapQuestion *question,
                   GError **error);
void mg_tap_on_change(MgTap *tap, void (*said)(void *data), void *data);
/* Closes all connections at once. */
void mg_tap_close(MgTap *tap);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgTap, mg_tap_close)
/* "127.0.0.1:2525", with the port that was picked. */
const char *mg_tap_address(const MgTap *tap);

G_END_DECLS
