/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pop3-tls.c - TLS under the server: STLS in the middle (RFC 2595 §4), or from the start (RFC 8314
 * §3)
 *
 * When TLS stands, the session is as new: what was said in the clear may have been said by anybody
 * in between. So what came behind STLS is thrown away, too.
 */
#include "pop3-session.h"

static void drop_input(MgPop3Session *session)
{
    size_t len = session->in->len - session->in_at;
    if (len == 0)
        return;
    mg_pop3_note(session, MG_POP3_R_TLS_INJECTED, mg_pop3_no_bytes());
    session->in_at += len;
    session->taken += len;
}

void mg_pop3_do_stls(MgPop3Session *session, char **arguments, size_t n)
{
    if (!session->stls) {
        mg_pop3_note(session, MG_POP3_R_UNKNOWN, mg_pop3_no_bytes());
        mg_pop3_say(session, "-ERR no TLS here");
    } else if (session->secure) {
        mg_pop3_note(session, MG_POP3_R_STATE, mg_pop3_no_bytes());
        mg_pop3_say(session, "-ERR TLS is there already");
    } else {
        mg_pop3_say(session, "+OK go ahead");
        drop_input(session);
        mg_pop3_ask_secure(session);
    }
}

void mg_pop3_ask_secure(MgPop3Session *session)
{
    mg_pop3_enter(session, MG_POP3_SECURING);
    session->wait = MG_POP3_WAIT_SECURE;
    session->asked = session->heard;
    mg_outbox_add(&session->out, (MgEvent){.kind = MG_EVENT_STARTTLS,
                                           .ask = {.id = ++session->last_ask,
                                                   .topic = MG_TOPIC_SECURE,
                                                   .question = &session->secure_question,
                                                   .taken = session->taken}});
}

void mg_pop3_secured(MgPop3Session *session, const MgSecureAnswer *answer)
{
    if (answer == NULL || !answer->secure) {
        mg_pop3_note(session, MG_POP3_R_TLS_FAILED, mg_pop3_no_bytes());
        mg_pop3_finish(session);
        return;
    }
    session->secure = true;
    session->binding = mg_sasl_bind(answer);
    session->tls = g_strdup_printf("%s %s", answer->version, answer->cipher);
    g_clear_pointer(&session->user, g_free);
    mg_pop3_enter(session, MG_POP3_AUTHORIZATION);
    if (session->base.kind == &mg_pop3_server_tls)
        mg_pop3_greet(session);
}

bool mg_pop3_must_secure(const MgPop3Session *session)
{
    return session->stls_required && !session->secure;
}
