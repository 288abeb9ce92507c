/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-tls.c - TLS under the server: STARTTLS in the middle (RFC 3207), or from the start (RFC
 * 8314 §3)
 *
 * When TLS stands, the session is as new: what was said in the clear may have been said by anybody
 * in between. So what came behind STARTTLS is thrown away, too.
 */
#include "smtp-session.h"
#include "text.h"

/* The session in front of the first EHLO (RFC 3207 §4.2). */
static void forget_all(MgSmtpSession *session)
{
    mg_smtp_forget_mail(session);
    g_clear_pointer(&session->helo, g_free);
    g_clear_pointer(&session->login, g_free);
    session->esmtp = session->reads_utf8 = false;
}

static void drop_input(MgSmtpSession *session)
{
    size_t len = session->in->len - session->in_at;
    if (len == 0)
        return;
    mg_smtp_note(session, MG_SMTP_R_TLS_INJECTED, (MgSpan){NULL, 0});
    if (session->obeys_injected)
        return;
    session->in_at += len;
    session->taken += len;
}

void mg_smtp_do_starttls(MgSmtpSession *session, MgSpan argument)
{
    if ((session->extensions & MG_SMTP_X_STARTTLS) == 0) {
        mg_smtp_refuse(session, MG_SMTP_R_NOT_HERE, 502, "5.5.1", "Not offered here");
    } else if (session->secure) {
        mg_smtp_refuse(session, MG_SMTP_R_ORDER, 503, "5.5.1", "TLS is there already");
    } else if (session->state == MG_SMTP_CONNECTED || !session->esmtp) {
        mg_smtp_refuse(session, MG_SMTP_R_ORDER, 503, "5.5.1", "Say EHLO first");
    } else if (session->state != MG_SMTP_READY) {
        mg_smtp_refuse(session, MG_SMTP_R_ORDER, 503, "5.5.1",
                       "Not within a mail; RSET forgets it");
    } else {
        mg_smtp_reply(session, 220, "2.0.0", "Go ahead");
        drop_input(session);
        mg_smtp_enter(session, MG_SMTP_SECURING);
        mg_smtp_ask_secure(session);
    }
}

void mg_smtp_secured(MgSmtpSession *session, const MgSecureAnswer *answer)
{
    if (answer == NULL || !answer->secure) {
        mg_smtp_note(session, MG_SMTP_R_TLS_FAILED, (MgSpan){NULL, 0});
        mg_smtp_finish(session);
        return;
    }
    bool from_start = session->base.kind == &mg_smtp_server_tls;
    session->secure = true;
    session->binding = mg_sasl_bind(answer);
    session->tls = g_strdup_printf("%s %s", answer->version, answer->cipher);
    forget_all(session);
    mg_smtp_enter(session, MG_SMTP_CONNECTED);
    if (from_start)
        mg_smtp_begin(session);
}

bool mg_smtp_must_secure(MgSmtpSession *session)
{
    if (!session->starttls_required || session->secure)
        return false;
    mg_smtp_refuse(session, MG_SMTP_R_TLS_NEEDED, 530, "5.7.0", "Say STARTTLS first");
    return true;
}
