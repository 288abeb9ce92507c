/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-client-tls.c - the client's side of TLS: in the middle (RFC 3207), or from the start (RFC
 * 8314)
 *
 * With `try` the mail goes encrypted to whoever is there, and in the clear where TLS is not
 * offered, or the server says that it cannot now (RFC 7435). With `require` it goes to nobody who
 * has not proved its name. A handshake that fails ends the connection either way; whoever asked is
 * told that it may try once more in the clear.
 */
#include "smtp-client-private.h"
#include "text.h"

void mg_client_read_tls(MgSmtpClient *client, const MgSettings *settings, MgSendTls wish)
{
    const char *how = mg_settings_get(settings, "send-tls", "try");
    client->tls_from_start = wish == MG_SEND_TLS_FROM_START;
    /* A word that nobody knows may be a misspelt `require`: what was to be secret must not go out.
     */
    client->tls = strcmp(how, "try") == 0  ? MG_CLIENT_TLS_TRY
                  : strcmp(how, "no") == 0 ? MG_CLIENT_TLS_NO
                                           : MG_CLIENT_TLS_REQUIRE;
    if (client->lmtp || (wish == MG_SEND_TLS_NEVER && client->tls == MG_CLIENT_TLS_TRY))
        client->tls = MG_CLIENT_TLS_NO;
}

/* For now: a queue tries again, for the offer may have been taken out by somebody in between. */
static void give_up(MgSmtpClient *client, MgVerdict verdict)
{
    if (verdict.code < 400)
        verdict = (MgVerdict){454, "4.7.10", "The server does not offer TLS, and it is demanded"};
    mg_client_note(client, MG_CLIENT_R_TLS_MISSING);
    mg_client_set_verdicts(client, verdict);
    mg_client_quit(client);
}

bool mg_client_secure(MgSmtpClient *client)
{
    bool offered = client->esmtp && (client->offers & MG_SMTP_X_STARTTLS) != 0;
    if (client->secure || client->tls == MG_CLIENT_TLS_NO)
        return false;
    if (offered) {
        mg_client_enter(client, MG_CLIENT_SECURING);
        g_string_append(client->out.octets, "STARTTLS\r\n");
        return true;
    }
    if (client->tls == MG_CLIENT_TLS_REQUIRE)
        give_up(client, (MgVerdict){0});
    return client->tls == MG_CLIENT_TLS_REQUIRE;
}

void mg_client_ask_secure(MgSmtpClient *client)
{
    client->secure_question =
        (MgSecureQuestion){.name = client->server,
                           .any = client->tls != MG_CLIENT_TLS_REQUIRE && !client->tls_from_start};
    client->asking = true;
    mg_outbox_add(&client->out, (MgEvent){.kind = MG_EVENT_STARTTLS,
                                          .ask = {.id = ++client->last_ask,
                                                  .topic = MG_TOPIC_SECURE,
                                                  .question = &client->secure_question,
                                                  .taken = client->taken}});
}

void mg_client_starttls_answered(MgSmtpClient *client, MgVerdict verdict)
{
    if (verdict.code == 220) {
        size_t rest = client->in->len - client->in_at;
        if (rest > 0)
            mg_client_note(client, MG_CLIENT_R_INJECTED);
        client->in_at += rest;
        client->taken += rest;
        mg_client_ask_secure(client);
    } else if (client->tls == MG_CLIENT_TLS_REQUIRE) {
        give_up(client, verdict);
    } else {
        client->tls = MG_CLIENT_TLS_NO;
        mg_client_note(client, MG_CLIENT_R_NO_TLS);
        mg_client_greeted(client);
    }
}

void mg_client_secured(MgSmtpClient *client, const MgSecureAnswer *answer)
{
    if (answer == NULL || !answer->secure) {
        const char *reason = answer != NULL ? answer->reason : NULL;
        g_autofree char *text =
            g_strdup_printf("TLS did not come about: %s",
                            reason != NULL ? reason : "nothing on this host can do it");
        mg_client_note(client, MG_CLIENT_R_TLS_FAILED);
        mg_client_set_verdicts(
            client, (MgVerdict){454, "4.7.5", g_string_chunk_insert(client->strings, text)});
        client->tls_failed = client->tls == MG_CLIENT_TLS_TRY && !client->tls_from_start;
        mg_client_deliver(client, MG_REACH_OK, false);
        mg_client_finish(client);
        return;
    }
    client->secure = true;
    client->verified = answer->verified;
    if (!answer->verified)
        mg_client_note(client, MG_CLIENT_R_NOT_VERIFIED);
    else if (client->sasl != NULL) { /* a password is only for whom it is meant */
        MgSaslBinding binding = mg_sasl_bind(answer);
        MgSaslChannel channel = mg_sasl_channel(&binding);
        mg_sasl_client_set_channel(client->sasl, &channel);
    }
    mg_client_enter(client, client->tls_from_start ? MG_CLIENT_GREETING : MG_CLIENT_HELLO);
    if (!client->tls_from_start)
        mg_client_say_hello(client);
}
