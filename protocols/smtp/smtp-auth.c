/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-auth.c - AUTH (RFC 4954): a client proves who it is
 *
 * The exchange is protocols/sasl's; here are its place in the session and the words around it. The
 * password, or keys made of it, come from the mailboxes of this host. No line of an exchange is
 * ever what a note points at: it may be the password.
 */
#include "smtp-session.h"
#include "smtp-xtext.h"
#include "text.h"

/* What a client is told when a login fails (RFC 4954 §4, §6). */
typedef struct {
    MgSaslFault fault;
    unsigned code;
    const char *enhanced, *text;
    bool guess; /* it counts as a failed login */
} Words;

static const Words words[] = {
    {MG_SASL_FAULT_BASE64, 501, "5.5.2", "This is not base64", true},
    {MG_SASL_FAULT_LONG, 500, "5.5.6", "The line is too long", true},
    {MG_SASL_FAULT_FORM, 501, "5.5.2", "Not the form of this mechanism", true},
    {MG_SASL_FAULT_PLAIN_FORM, 501, "5.5.2", "Not the form of this mechanism", true},
    {MG_SASL_FAULT_CRAM_FORM, 501, "5.5.2", "Not the form of this mechanism", true},
    {MG_SASL_FAULT_SCRAM_FORM, 501, "5.5.2", "Not the form of this mechanism", true},
    {MG_SASL_FAULT_EXTRA, 501, "5.5.2", "An empty line was due", true},
    {MG_SASL_FAULT_INITIAL, 501, "5.5.2", "In this mechanism the server speaks first", false},
    {MG_SASL_FAULT_NEEDS_TLS, 538, "5.7.11", "This mechanism is for TLS alone", false},
    {MG_SASL_FAULT_MECHANISM, 504, "5.5.4", "This mechanism is not offered", false},
    {MG_SASL_FAULT_CANCELLED, 501, "5.7.0", "Given up", false},
    {MG_SASL_FAULT_UNAVAILABLE, 454, "4.7.0", "The password cannot be checked now", false},
    {MG_SASL_FAULT_AUTHZID, 535, "5.7.8", "Not for somebody else", true},
    {MG_SASL_FAULT_NONE, 535, "5.7.8", "Wrong name or password", true}, /* and all others */
};

static bool is_loopback(const char *address)
{
    return g_str_has_prefix(address, "127.") || strcmp(address, "::1") == 0;
}

static MgSaslPolicy policy_of(const MgSmtpSession *session)
{
    return (MgSaslPolicy){.mechanisms = session->mechanisms,
                          .clear = session->auth_clear || is_loopback(session->peer),
                          .host = session->host,
                          .time = session->epoch + session->now / MG_SECONDS,
                          .seed = session->auth_seed,
                          .channel = mg_sasl_channel(&session->binding)};
}

bool mg_smtp_auth_list(const MgSmtpSession *session, GString *out)
{
    MgSaslPolicy policy = policy_of(session);
    return (session->extensions & MG_SMTP_X_AUTH) != 0 && mg_sasl_list(&policy, out);
}

/* One failure too many is answered with 421 instead of what it was (RFC 4954 §4). */
static void tell_failure(MgSmtpSession *session, MgSaslFault fault)
{
    size_t i = 0;
    while (words[i].fault != fault && i + 1 < G_N_ELEMENTS(words))
        i++;
    if (words[i].guess && ++session->n_logins >= session->logins_max && session->logins_max > 0) {
        mg_smtp_note(session, MG_SMTP_R_LOGINS, (MgSpan){NULL, 0});
        mg_smtp_reply(session, 421, "4.7.0", "Too many failed logins");
        mg_smtp_finish(session);
        return;
    }
    mg_smtp_enter(session, MG_SMTP_READY);
    mg_smtp_reply(session, words[i].code, words[i].enhanced, "%s", words[i].text);
}

/* A step was made; what follows it? */
static void went(MgSmtpSession *session, MgSaslStep step)
{
    MgSaslFault fault = mg_sasl_server_fault(session->sasl);
    if (fault != MG_SASL_FAULT_NONE)
        mg_smtp_note(session, MG_SMTP_R_SASL + fault, (MgSpan){NULL, 0});
    switch (step) {
    case MG_SASL_SEND:
        g_string_append_printf(session->out.octets, "334 %s\r\n",
                               mg_sasl_server_line(session->sasl));
        return;
    case MG_SASL_ASK:
        mg_smtp_ask_mailbox(session, MG_SMTP_WAIT_SECRET);
        return;
    case MG_SASL_DONE:
        g_free(session->login);
        session->login = g_strdup(mg_sasl_server_acts_as(session->sasl));
        g_clear_pointer(&session->sasl, mg_sasl_server_free);
        mg_smtp_enter(session, MG_SMTP_READY);
        mg_smtp_reply(session, 235, "2.7.0", "Welcome");
        return;
    default:
        g_clear_pointer(&session->sasl, mg_sasl_server_free);
        tell_failure(session, fault);
    }
}

void mg_smtp_do_auth(MgSmtpSession *session, MgSpan argument)
{
    bool offered = (session->extensions & MG_SMTP_X_AUTH) != 0;
    if (!offered) {
        mg_smtp_refuse(session, MG_SMTP_R_NOT_HERE, 502, "5.5.1", "Not offered here");
    } else if (session->state == MG_SMTP_CONNECTED || !session->esmtp) {
        mg_smtp_refuse(session, MG_SMTP_R_ORDER, 503, "5.5.1", "Say EHLO first");
    } else if (session->state != MG_SMTP_READY) { /* RFC 4954 §4: not within a mail */
        mg_smtp_refuse(session, MG_SMTP_R_ORDER, 503, "5.5.1",
                       "Not within a mail; RSET forgets it");
    } else if (session->login != NULL) {
        mg_smtp_refuse(session, MG_SMTP_R_ORDER, 503, "5.5.1", "You have logged in already");
    } else if (argument.len == 0) {
        mg_smtp_refuse(session, MG_SMTP_R_ARGUMENT, 501, "5.5.4", "Say AUTH and a mechanism");
    } else {
        size_t len = 0;
        while (len < argument.len && argument.data[len] != ' ')
            len++;
        MgSpan initial = mg_smtp_trim(mg_span_slice(argument, len, argument.len - len));
        mg_random_next(&session->auth_seed); /* never the same nonce */
        MgSaslPolicy policy = policy_of(session);
        session->sasl = mg_sasl_server_new(&policy);
        mg_smtp_enter(session, MG_SMTP_LOGIN);
        went(session, mg_sasl_server_start(session->sasl, mg_span_slice(argument, 0, len),
                                           initial.len > 0 ? &initial : NULL));
    }
}

void mg_smtp_auth_line(MgSmtpSession *session, MgSpan line)
{
    went(session, mg_sasl_server_step(session->sasl, line));
}

void mg_smtp_auth_secret(MgSmtpSession *session, const MgMailboxAnswer *answer)
{
    bool found = answer != NULL && answer->result == MG_MAILBOX_OK;
    if (answer == NULL || answer->result == MG_MAILBOX_FAILED) {
        went(session, mg_sasl_server_unavailable(session->sasl));
        return;
    }
    char *secret = found ? g_strndup((const char *)answer->data.data, answer->data.len) : NULL;
    went(session, mg_sasl_server_credentials(session->sasl, secret));
    mg_sasl_wipe(secret);
}

bool mg_smtp_must_log_in(MgSmtpSession *session)
{
    if (!session->require_auth || !session->submission || session->login != NULL)
        return false;
    mg_smtp_refuse(session, MG_SMTP_R_LOGIN, 530, "5.7.0", "Log in first");
    return true;
}

/* A login without a domain is of every domain of this host. */
static bool is_own(const MgSmtpSession *session, const char *sender)
{
    const char *at = strrchr(sender, '@');
    if (strchr(session->login, '@') != NULL || at == NULL)
        return g_ascii_strcasecmp(session->login, sender) == 0;
    return strlen(session->login) == (size_t)(at - sender) &&
           g_ascii_strncasecmp(session->login, sender, (size_t)(at - sender)) == 0 &&
           mg_smtp_is_local(session, sender);
}

bool mg_smtp_may_send_as(MgSmtpSession *session, const char *sender)
{
    if (!session->own_sender || session->login == NULL || is_own(session, sender))
        return true;
    mg_smtp_refuse(session, MG_SMTP_R_SENDER, 550, "5.7.1", "This is not your address");
    return false;
}
