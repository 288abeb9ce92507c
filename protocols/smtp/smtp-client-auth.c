/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-client-auth.c - the client logs in (RFC 4954), if it has a name and a password, the server
 * offers AUTH, and nothing speaks against showing who it is
 *
 * Without the setting `auth` it logs in where mail is handed in (port 587), not at every server of
 * the world to which it brings mail. The exchange is protocols/sasl's.
 */
#include "smtp-client-private.h"
#include "text.h"

/* Why the client itself ends a login. */
static const struct {
    MgSaslFault fault;
    const char *text;
} words[] = {
    {MG_SASL_FAULT_BASE64, "What the server sends is not base64"},
    {MG_SASL_FAULT_LONG, "A line of the login is too long"},
    {MG_SASL_FAULT_NONCE, "The server's nonce is not made from ours"},
    {MG_SASL_FAULT_EXTENSION, "The server demands an extension that is not known here"},
    {MG_SASL_FAULT_PREP, "The name or the password holds a character that is not allowed"},
    {MG_SASL_FAULT_NEEDS_TLS, "Every login that the server offers shows the password"},
    {MG_SASL_FAULT_OFFER, "The server offers no login that this client may use"},
    {MG_SASL_FAULT_ITERATIONS, "The server wants a number of iterations that is not acceptable"},
    {MG_SASL_FAULT_SIGNATURE, "The server did not prove that it knows the password"},
    {MG_SASL_FAULT_SERVER_ERROR, "The server ended the login with an error"},
    {MG_SASL_FAULT_NONE, "The server does not keep to the mechanism"}, /* and all others */
};

static void note(MgSmtpClient *client, MgSaslFault fault)
{
    if (fault != MG_SASL_FAULT_NONE)
        mg_client_note(client, MG_CLIENT_R_SASL + fault);
}

/* The client does not want to go on. */
static MgVerdict verdict_of(MgSaslFault fault)
{
    size_t i = 0;
    while (words[i].fault != fault && i + 1 < G_N_ELEMENTS(words))
        i++;
    return (MgVerdict){.code = 535, .enhanced = "5.7.8", .text = words[i].text};
}

static bool is_loopback(const char *address)
{
    return g_str_has_prefix(address, "127.") || strcmp(address, "::1") == 0;
}

void mg_client_read_auth(MgSmtpClient *client, const MgBirth *birth)
{
    const char *auth = mg_settings_get(birth->settings, "auth", "auto");
    const char *user = mg_settings_get(birth->settings, "account", NULL);
    const char *password = mg_settings_get(birth->settings, "password", NULL);
    bool any = strcmp(auth, "auto") == 0;
    if (client->lmtp || user == NULL || strcmp(auth, "no") == 0 ||
        (password == NULL && !mg_text_list_has(auth, MG_SPAN("EXTERNAL"))) ||
        (any && client->port == 25))
        return;
    bool clear = mg_text_is_yes(mg_settings_get(birth->settings, "auth-clear", "no"));
    MgSaslIdentity identity = {.user = user,
                               .password = password,
                               .mechanisms = any || mg_text_is_yes(auth) ? NULL : auth,
                               .clear = clear || is_loopback(client->address),
                               .seed = birth->seed};
    client->sasl = mg_sasl_client_new(&identity);
    client->may_skip_login = any;
}

/* A login that this client itself has given up. */
static void give_up(MgSmtpClient *client, MgSaslFault fault)
{
    note(client, fault);
    mg_client_set_verdicts(client, verdict_of(fault));
    mg_client_quit(client);
}

bool mg_client_log_in(MgSmtpClient *client)
{
    MgSaslMechanism mechanism;
    if (client->sasl == NULL || client->logged_in ||
        (client->may_skip_login && client->mechanisms[0] == '\0'))
        return false;
    if (!mg_sasl_client_choose(client->sasl, client->mechanisms, &mechanism) ||
        mg_sasl_client_start(client->sasl, mechanism) == MG_SASL_FAILED) {
        MgSaslFault fault = mg_sasl_client_fault(client->sasl);
        if (client->may_skip_login) { /* the server will say so if it wants a login */
            note(client, fault);
            return false;
        }
        give_up(client, fault);
        return true;
    }
    const char *name = mg_sasl_mechanisms[mechanism].name;
    /* RFC 4954 §4: with the initial response it is a command line like any other. */
    size_t max = MG_SMTP_COMMAND_LINE_MAX - strlen("AUTH  \r\n") - strlen(name);
    const char *initial = mg_sasl_client_initial(client->sasl, max);
    note(client, mg_sasl_client_fault(client->sasl));
    mg_client_enter(client, MG_CLIENT_LOGIN);
    g_string_append_printf(client->out.octets, "AUTH %s%s%s\r\n", name, initial != NULL ? " " : "",
                           initial != NULL ? initial : "");
    return true;
}

static void got_challenge(MgSmtpClient *client, MgSpan challenge)
{
    if (client->login_fault == MG_SASL_FAULT_NONE &&
        mg_sasl_client_step(client->sasl, challenge) == MG_SASL_SEND) {
        note(client, mg_sasl_client_fault(client->sasl));
        g_string_append_printf(client->out.octets, "%s\r\n", mg_sasl_client_line(client->sasl));
        return;
    }
    if (client->login_fault == MG_SASL_FAULT_NONE) {
        client->login_fault = mg_sasl_client_fault(client->sasl);
        note(client, client->login_fault);
    }
    g_string_append(client->out.octets, "*\r\n"); /* RFC 4954 §4 */
}

void mg_client_login_answered(MgSmtpClient *client, MgSpan reply, MgVerdict verdict)
{
    MgSpan text = {NULL, 0};
    size_t at = 0;
    if (verdict.code == 334) {
        mg_smtp_reply_line(reply, &at, &text);
        got_challenge(client, text);
    } else if (verdict.code == 235 && client->login_fault == MG_SASL_FAULT_NONE) {
        if (mg_sasl_client_succeeded(client->sasl) == MG_SASL_FAILED) {
            give_up(client, mg_sasl_client_fault(client->sasl));
            return;
        }
        client->logged_in = true;
        mg_client_begin_envelope(client);
    } else {
        if (client->login_fault != MG_SASL_FAULT_NONE) /* it answers our "*": this is the reason */
            verdict = verdict_of(client->login_fault);
        else if (verdict.code < 400)
            verdict.code = 454;
        mg_client_set_verdicts(client, verdict);
        mg_client_quit(client);
    }
}
