/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pop3-login.c - the ways into a maildrop: USER and PASS, APOP (RFC 1939 §7), AUTH (RFC 5034) */
#include "pop3-session.h"
#include "text.h"

#define LOGINS_MAX   3u
#define MESSAGES_MAX 1000000u

void mg_pop3_do_user(MgPop3Session *session, char **arguments, size_t n)
{
    /* RFC 1939 §7 lets a server say whether the name is known; ours does not tell strangers. */
    g_free(session->user);
    session->user = g_strdup(arguments[0]);
    mg_pop3_say(session, "+OK now the password");
}

static void log_in(MgPop3Session *session, const char *secret)
{
    g_strlcpy(session->secret, secret, sizeof session->secret);
    session->question.password = session->apop ? NULL : session->secret;
    session->question.apop_timestamp = session->apop ? session->timestamp : NULL;
    session->question.apop_digest = session->apop ? session->secret : NULL;
    mg_pop3_ask(session, MG_POP3_WAIT_OPEN, MG_MAILBOX_OPEN);
}

void mg_pop3_do_pass(MgPop3Session *session, char **arguments, size_t n)
{
    if (!session->secure)
        mg_pop3_note(session, MG_POP3_R_CLEAR, mg_pop3_no_bytes());
    if (session->user == NULL) { /* RFC 1939 §7: only right after a good USER */
        mg_pop3_note(session, MG_POP3_R_STATE, mg_pop3_no_bytes());
        mg_pop3_say(session, "-ERR USER comes first");
        return;
    }
    session->apop = false;
    log_in(session, arguments[0]);
}

void mg_pop3_do_apop(MgPop3Session *session, char **arguments, size_t n)
{
    if (session->timestamp == NULL) {
        mg_pop3_say(session, "-ERR no APOP here: the greeting had no timestamp");
        return;
    }
    g_free(session->user);
    session->user = g_strdup(arguments[0]);
    session->apop = true;
    log_in(session, arguments[1]);
}

/* ---- AUTH (RFC 5034) ---- */

MgSaslPolicy mg_pop3_policy_of(const MgPop3Session *session)
{
    return (MgSaslPolicy){.mechanisms = session->mechanisms,
                          .clear = session->auth_clear,
                          .host = session->host,
                          .time = session->epoch + session->heard / MG_SECONDS,
                          .seed = session->seed,
                          .channel = mg_sasl_channel(&session->binding)};
}

/* A login failed: three are enough. */
static void count_login(MgPop3Session *session)
{
    g_clear_pointer(&session->user, g_free);
    if (++session->n_logins >= LOGINS_MAX)
        mg_pop3_finish(session);
}

static void went(MgPop3Session *session, MgSaslStep step)
{
    MgSaslFault fault = mg_sasl_server_fault(session->sasl);
    if (fault != MG_SASL_FAULT_NONE)
        mg_pop3_note(session, MG_POP3_R_SASL + fault, mg_pop3_no_bytes());
    session->in_auth = step == MG_SASL_SEND;
    if (step == MG_SASL_SEND) {
        mg_pop3_say(session, "+ %s", mg_sasl_server_line(session->sasl)); /* RFC 5034 §4 */
        return;
    }
    g_free(session->user);
    session->user = g_strdup(step == MG_SASL_DONE ? mg_sasl_server_acts_as(session->sasl)
                                                  : mg_sasl_server_user(session->sasl));
    if (step == MG_SASL_ASK) {
        mg_pop3_ask(session, MG_POP3_WAIT_SECRET, MG_MAILBOX_SECRET);
        return;
    }
    g_clear_pointer(&session->sasl, mg_sasl_server_free);
    if (step == MG_SASL_DONE) {
        session->question.proved = true;
        mg_pop3_ask(session, MG_POP3_WAIT_OPEN, MG_MAILBOX_OPEN);
        return;
    }
    mg_pop3_say(session, "-ERR %s", mg_pop3_server_words(fault));
    if (fault == MG_SASL_FAULT_CANCELLED || fault == MG_SASL_FAULT_MECHANISM ||
        fault == MG_SASL_FAULT_NEEDS_TLS) /* nothing was guessed */
        g_clear_pointer(&session->user, g_free);
    else
        count_login(session);
}

void mg_pop3_do_auth(MgPop3Session *session, char **arguments, size_t n)
{
    mg_random_next(&session->seed); /* never the same nonce */
    MgSaslPolicy policy = mg_pop3_policy_of(session);
    MgSpan initial = mg_span_from_string(n > 1 ? arguments[1] : NULL);
    if (!session->auth)
        policy.mechanisms = "";
    session->sasl = mg_sasl_server_new(&policy);
    went(session, mg_sasl_server_start(session->sasl, mg_span_from_string(arguments[0]),
                                       n > 1 ? &initial : NULL));
}

void mg_pop3_got_secret(MgPop3Session *session, const MgMailboxAnswer *answer)
{
    bool found = answer != NULL && answer->result == MG_MAILBOX_OK;
    session->question = (MgMailboxQuestion){0};
    if (!found && (answer == NULL || answer->result == MG_MAILBOX_FAILED)) {
        went(session, mg_sasl_server_unavailable(session->sasl));
        return;
    }
    char *secret = found ? g_strndup((const char *)answer->data.data, answer->data.len) : NULL;
    went(session, mg_sasl_server_credentials(session->sasl, secret));
    mg_sasl_wipe(secret);
}

/* A line of the exchange. It is not what notes point at: it may be the password. Returns false if
 * more is needed. */
bool mg_pop3_read_auth_line(MgPop3Session *session, const uint8_t *start, size_t len)
{
    size_t line = 0;
    MgLineCut cut = mg_text_cut_line((MgSpan){start, len}, MG_SASL_LINE_MAX + 2, &line);
    if (cut == MG_LINE_MORE)
        return false;
    if (cut == MG_LINE_BARE_LF)
        mg_pop3_note(session, MG_POP3_R_BARE_LF, mg_pop3_no_bytes());
    MgSpan span = {start, line};
    session->skipping = line > 0 && start[line - 1] != '\n'; /* the rest of a line without end */
    size_t text = mg_text_without_end(span);
    MgSaslStep step = mg_sasl_server_step(session->sasl, (MgSpan){start, text});
    session->in_at += line;
    session->taken += line;
    went(session, step);
    return true;
}

/* ---- the maildrop is open, or not ---- */

static bool copy_messages(MgPop3Session *session, const MgMailboxAnswer *answer)
{
    if (answer->n_messages > MESSAGES_MAX)
        return false;
    g_array_set_size(session->messages, 0);
    for (size_t i = 0; i < answer->n_messages; i++) {
        MgPop3Message message = {.uid = answer->messages[i].uid, .size = answer->messages[i].size};
        g_array_append_val(session->messages, message);
    }
    session->validity = answer->uid_validity;
    return true;
}

void mg_pop3_opened(MgPop3Session *session, const MgMailboxAnswer *answer)
{
    MgMailboxResult result = answer != NULL ? answer->result : MG_MAILBOX_FAILED;
    explicit_bzero(session->secret, sizeof session->secret);
    session->question = (MgMailboxQuestion){0};
    session->open = result == MG_MAILBOX_OK;
    if (session->open && copy_messages(session, answer)) {
        mg_pop3_enter(session, MG_POP3_TRANSACTION);
        mg_pop3_say(session, "+OK maildrop has %u message%s (%zu octets)", session->messages->len,
                    mg_pop3_plural(session->messages->len), mg_pop3_total_size(session));
        return;
    }
    if (result == MG_MAILBOX_LOCKED) {
        mg_pop3_note(session, MG_POP3_R_LOCKED, mg_pop3_no_bytes());
        mg_pop3_say(session,
                    "-ERR [IN-USE] another session has this maildrop"); /* RFC 2449 §8.1.2 */
    } else if (result == MG_MAILBOX_NONE || result == MG_MAILBOX_DENIED) {
        mg_pop3_note(session, MG_POP3_R_LOGIN, mg_pop3_no_bytes());
        mg_pop3_say(session, "-ERR [AUTH] wrong name or password"); /* RFC 3206 §4 */
    } else {
        mg_pop3_say(session, "-ERR [SYS/TEMP] the maildrop cannot be opened now");
    }
    count_login(session); /* RFC 1939 §7: USER again, or QUIT */
}
