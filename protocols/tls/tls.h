/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls.h - what the plugin binds: the layer and the dissector; and how an engine comes by TLS
 *
 * An engine includes nothing of this folder: it asks (include/mailglass/topics.h).
 *
 *     *event = (MgEvent){.kind = MG_EVENT_STARTTLS,
 *                        .ask = {id, MG_TOPIC_SECURE, &engine->question, engine->taken}};
 *
 * with an MgSecureQuestion that stays where it is until the answer, which is an MgSecureAnswer.
 * Who has connected is the TLS client.
 *
 *   - STARTTLS (RFC 3207, RFC 2595). Server: SEND "220 …", drop all input that is not looked at yet
 *     (and count it as taken), then STARTTLS. Client: having read the "220", drop what came behind
 *     it, then STARTTLS, with the name that the server must prove. An MTA that takes what it gets
 *     sets `any` (RFC 7435) and looks at `verified`.
 *   - TLS from the start (RFC 8314; ports 465, 995, 993). Server: STARTTLS is the first event,
 *     before the greeting. It is a kind of its own ("smtp.server-tls"), for a door has another
 *     port than its kind. Client: STARTTLS right after net.connect was answered with OK.
 *   - Then wait for the answer, with a deadline as for any reply. Until it comes nothing is
 *     received; what is SENT waits in the layer and goes out behind the handshake.
 *   - `secure`: from here all is as before, SEND and receive() are plaintext. Both sides forget
 *     what they knew (RFC 3207 §4.2): EHLO comes again. `taken` goes on counting, plaintext now.
 *   - Not `secure`, or an answer of NULL (no plugin "tls" here): `reason` says why. The connection
 *     is of no use any more; CLOSE. Nobody must go on in the clear on it.
 *   - Later trouble (a changed record) is receive_end(MG_END_RESET); the peer's close_notify is
 *     receive_end(MG_END_CLOSED). CLOSE says goodbye by itself.
 *   - `exporter` and `end_point` are for SCRAM-…-PLUS (tls-exporter, tls-server-end-point).
 *
 * Whether the plugin is there cannot be known beforehand: that a server offers STARTTLS is a
 * setting of its own. Transcripts write it as `U: secure name=…` and `!: ok verified`.
 */
#pragma once

#include <mailglass/dissect.h>
#include <mailglass/layer.h>

extern const MgDissector mg_tls_dissector;
extern const MgLayerKind mg_tls_layer;
