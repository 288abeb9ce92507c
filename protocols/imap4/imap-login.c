/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-login.c - the way in: CAPABILITY, STARTTLS, AUTHENTICATE, LOGIN (RFC 3501 §6.1, §6.2)
 *
 * LOGIN is SASL's PLAIN in other words, and is checked as that. No line of an exchange is ever what
 * a note points at: it may be the password.
 */
#include "imap-session.h"
#include "text.h"

#define LOGINS_MAX 5u

static bool is_loopback(const char *address)
{
    return g_str_has_prefix(address, "127.") || strcmp(address, "::1") == 0;
}

static bool must_secure(const MgImapSession *session)
{
    return session->tls_required && !session->secure;
}

static bool allows_clear(const MgImapSession *session)
{
    return session->secure || session->auth_clear || is_loopback(session->peer);
}

/* ---- CAPABILITY ---- */

static const char *const capabilities[] = {"LITERAL+", "ID", "SASL-IR"};
static const char *const capabilities_inside[] = {"ENABLE",
                                                  "IDLE",
                                                  "NAMESPACE",
                                                  "CHILDREN",
                                                  "UNSELECT",
                                                  "UIDPLUS",
                                                  "MOVE",
                                                  "MULTIAPPEND",
                                                  "BINARY",
                                                  "CONDSTORE",
                                                  "QRESYNC",
                                                  "ESEARCH",
                                                  "SEARCHRES",
                                                  "WITHIN",
                                                  "SORT",
                                                  "ESORT",
                                                  "SORT=DISPLAY",
                                                  "PARTIAL",
                                                  "THREAD=REFERENCES",
                                                  "THREAD=ORDEREDSUBJECT",
                                                  "SPECIAL-USE",
                                                  "LIST-EXTENDED",
                                                  "LIST-STATUS",
                                                  "CREATE-SPECIAL-USE",
                                                  "STATUS=SIZE",
                                                  "QUOTA",
                                                  "QUOTA=RES-STORAGE"};

static void add_offered(const MgImapSession *session, const char *const *names, size_t n,
                        GString *out)
{
    for (size_t i = 0; i < n; i++)
        if (session->offers == NULL ||
            mg_text_list_has(session->offers, mg_span_from_string(names[i])))
            g_string_append_printf(out, " %s", names[i]);
}

void mg_imap_add_capabilities(MgImapSession *session, GString *out)
{
    g_string_append(out, "IMAP4rev1");
    add_offered(session, capabilities, G_N_ELEMENTS(capabilities), out);
    if (session->user != NULL) {
        add_offered(session, capabilities_inside, G_N_ELEMENTS(capabilities_inside), out);
        g_string_append_printf(out, " APPENDLIMIT=%" G_GUINT64_FORMAT, session->message_max);
        return;
    }
    if (session->starttls && !session->secure)
        g_string_append(out, " STARTTLS");
    if (must_secure(session) || !allows_clear(session))
        g_string_append(out, " LOGINDISABLED"); /* RFC 3501 §6.2.3 */
    MgSaslPolicy policy = mg_imap_policy_of(session);
    g_autoptr(GString) list = g_string_new(NULL);
    if (must_secure(session) || !mg_sasl_list(&policy, list))
        return;
    g_auto(GStrv) names = g_strsplit(list->str, " ", -1);
    for (size_t i = 0; names[i] != NULL; i++)
        g_string_append_printf(out, " AUTH=%s", names[i]);
}

void mg_imap_do_capability(MgImapSession *session, MgImapReader *reader)
{
    g_autoptr(GString) list = g_string_new(NULL);
    mg_imap_add_capabilities(session, list);
    mg_imap_say(session, "* CAPABILITY %s", list->str);
    mg_imap_reply(session, "OK That is all");
}

/* ---- STARTTLS ---- */

static void drop_input(MgImapSession *session)
{
    size_t len = session->in->len - session->in_at;
    if (len == 0)
        return;
    mg_imap_note(session, MG_IMAP_R_TLS_INJECTED, mg_imap_no_bytes());
    session->in_at += len;
    session->taken += len;
}

void mg_imap_do_starttls(MgImapSession *session, MgImapReader *reader)
{
    if (!session->starttls) {
        mg_imap_bad(session, MG_IMAP_R_UNKNOWN, "No TLS here");
    } else if (session->secure) {
        mg_imap_bad(session, MG_IMAP_R_STATE, "TLS is there already");
    } else {
        mg_imap_reply(session, "OK Go ahead");
        drop_input(session);
        mg_imap_ask_secure(session);
    }
}

void mg_imap_secured(MgImapSession *session, const MgSecureAnswer *answer)
{
    if (answer == NULL || !answer->secure) {
        mg_imap_note(session, MG_IMAP_R_TLS_FAILED, mg_imap_no_bytes());
        mg_imap_finish(session);
        return;
    }
    session->secure = true;
    session->binding = mg_sasl_bind(answer);
    session->tls = g_strdup_printf("%s %s", answer->version, answer->cipher);
    mg_imap_enter(session, MG_IMAP_STRANGER);
    if (session->base.kind == &mg_imap_server_tls)
        mg_imap_greet(session);
}

/* ---- LOGIN and AUTHENTICATE ---- */

/* What a client is told (RFC 5530); one that is not here gets "the login failed". */
static const struct {
    const char *status, *text;
    bool guess; /* it counts as a failed login */
} words[MG_SASL_N_FAULTS] = {
    [MG_SASL_FAULT_BASE64] = {"BAD", "This is not base64", true},
    [MG_SASL_FAULT_LONG] = {"BAD", "The line is too long", true},
    [MG_SASL_FAULT_NEEDS_TLS] = {"NO", "[PRIVACYREQUIRED] Not without TLS", false},
    [MG_SASL_FAULT_MECHANISM] = {"NO", "This mechanism is not offered", false},
    [MG_SASL_FAULT_INITIAL] = {"BAD", "The server speaks first in this mechanism", false},
    [MG_SASL_FAULT_CANCELLED] = {"BAD", "Given up", false},
    [MG_SASL_FAULT_UNAVAILABLE] = {"NO", "[UNAVAILABLE] The password cannot be checked now", false},
    [MG_SASL_FAULT_CHANNEL] =
        {"NO", "[AUTHENTICATIONFAILED] This is not the TLS connection that the server sees", true},
    [MG_SASL_FAULT_DOWNGRADE] =
        {"NO", "[AUTHENTICATIONFAILED] Somebody has changed what the server offers", true},
    [MG_SASL_FAULT_AUTHZID] = {"NO", "[AUTHORIZATIONFAILED] Not for somebody else", true},
};

MgSaslPolicy mg_imap_policy_of(const MgImapSession *session)
{
    return (MgSaslPolicy){.mechanisms = session->mechanisms,
                          .clear = allows_clear(session),
                          .host = session->host,
                          .time = session->epoch + session->now / MG_SECONDS,
                          .seed = session->seed,
                          .channel = mg_sasl_channel(&session->binding)};
}

static void failed(MgImapSession *session, MgSaslFault fault)
{
    bool known = fault < MG_SASL_N_FAULTS && words[fault].text != NULL;
    mg_imap_reply(session, "%s %s", known ? words[fault].status : "NO",
                  known ? words[fault].text : "[AUTHENTICATIONFAILED] Wrong name or password");
    if ((known && !words[fault].guess) || ++session->n_logins < LOGINS_MAX)
        return;
    mg_imap_say(session, "* BYE Too many failed logins");
    mg_imap_finish(session);
}

static void welcome(MgImapSession *session)
{
    session->user = g_strdup(mg_sasl_server_acts_as(session->sasl));
    g_clear_pointer(&session->sasl, mg_sasl_server_free);
    mg_imap_enter(session, MG_IMAP_KNOWN);
    g_autoptr(GString) list = g_string_new(NULL);
    mg_imap_add_capabilities(session, list);
    mg_imap_reply(session, "OK [CAPABILITY %s] Welcome", list->str);
}

/* A step was made; what follows it? */
static void went(MgImapSession *session, MgSaslStep step)
{
    MgSaslFault fault = mg_sasl_server_fault(session->sasl);
    if (fault != MG_SASL_FAULT_NONE)
        mg_imap_note(session, MG_IMAP_R_SASL + fault, mg_imap_no_bytes());
    session->in_auth = step == MG_SASL_SEND;
    switch (step) {
    case MG_SASL_SEND:
        mg_imap_say(session, "+ %s", mg_sasl_server_line(session->sasl));
        return;
    case MG_SASL_ASK:
        mg_imap_ask_mailbox(session, MG_MAILBOX_SECRET, mg_sasl_server_user(session->sasl));
        return;
    case MG_SASL_DONE:
        welcome(session);
        return;
    default:
        g_clear_pointer(&session->sasl, mg_sasl_server_free);
        failed(session, fault);
    }
}

static void refuse_in_clear(MgImapSession *session)
{
    mg_imap_note(session, MG_IMAP_R_TLS_NEEDED, mg_imap_no_bytes());
    mg_imap_reply(session, "NO [PRIVACYREQUIRED] Not without TLS"); /* RFC 5530 §3 */
}

void mg_imap_do_login(MgImapSession *session, MgImapReader *reader)
{
    g_autoptr(GString) message = g_string_new(NULL);
    g_string_append_c(message, '\0');
    bool read = mg_imap_read_octet(reader, ' ') && mg_imap_read_astring(reader, message);
    g_string_append_c(message, '\0');
    read = read && mg_imap_read_octet(reader, ' ') && mg_imap_read_astring(reader, message) &&
           mg_imap_read_end(reader);
    if (!read) {
        mg_imap_note(session, MG_IMAP_R_ARGUMENT, mg_imap_no_bytes()); /* it may hold a password */
        mg_imap_reply(session, "BAD LOGIN takes a name and a password");
    } else if (must_secure(session) || !allows_clear(session)) {
        refuse_in_clear(session);
    } else {
        MgSaslPolicy policy = mg_imap_policy_of(session);
        policy.mechanisms = "PLAIN";
        char *line = g_base64_encode((const uint8_t *)message->str, message->len);
        MgSpan initial = mg_span_from_string(line);
        session->sasl = mg_sasl_server_new(&policy);
        went(session, mg_sasl_server_start(session->sasl, MG_SPAN("PLAIN"), &initial));
        mg_sasl_wipe(line);
    }
    explicit_bzero(message->str, message->len);
}

void mg_imap_do_authenticate(MgImapSession *session, MgImapReader *reader)
{
    MgSpan name, initial = {NULL, 0};
    bool has_initial = false;
    bool read = mg_imap_read_octet(reader, ' ') && mg_imap_read_atom(reader, &name);
    if (read && mg_imap_read_octet(reader, ' ')) { /* RFC 4959 §3 */
        has_initial = true;
        initial = mg_span_slice(reader->text, reader->at, reader->text.len - reader->at);
        read = initial.len > 0;
    } else {
        read = read && mg_imap_read_end(reader);
    }
    if (!read) {
        mg_imap_note(session, MG_IMAP_R_ARGUMENT, mg_imap_no_bytes());
        mg_imap_reply(session, "BAD AUTHENTICATE takes the name of a mechanism");
        return;
    }
    if (must_secure(session)) {
        refuse_in_clear(session);
        return;
    }
    mg_random_next(&session->seed); /* never the same nonce */
    MgSaslPolicy policy = mg_imap_policy_of(session);
    session->sasl = mg_sasl_server_new(&policy);
    went(session, mg_sasl_server_start(session->sasl, name, has_initial ? &initial : NULL));
}

void mg_imap_got_secret(MgImapSession *session, const MgMailboxAnswer *answer)
{
    if (answer == NULL || answer->result == MG_MAILBOX_FAILED) {
        went(session, mg_sasl_server_unavailable(session->sasl));
        return;
    }
    bool found = answer->result == MG_MAILBOX_OK;
    char *secret = found ? g_strndup((const char *)answer->data.data, answer->data.len) : NULL;
    went(session, mg_sasl_server_credentials(session->sasl, secret));
    mg_sasl_wipe(secret);
}

bool mg_imap_read_auth_line(MgImapSession *session, MgSpan bytes)
{
    size_t len = 0;
    MgLineCut cut = mg_text_cut_line(bytes, MG_SASL_LINE_MAX + 2, &len);
    if (cut == MG_LINE_MORE)
        return false;
    if (cut == MG_LINE_BARE_LF)
        mg_imap_note(session, MG_IMAP_R_BARE_LF, mg_imap_no_bytes());
    MgSpan line = mg_span_slice(bytes, 0, len);
    session->skipping = len > 0 && line.data[len - 1] != '\n'; /* the rest of a line without end */
    MgSaslStep step =
        mg_sasl_server_step(session->sasl, mg_span_slice(line, 0, mg_text_without_end(line)));
    session->in_at += len;
    session->taken += len;
    went(session, step);
    return true;
}
