/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-commands.c - the commands of the server, a row each (RFC 5321 §4.1.1)
 *
 * A row says in which states the command is good, whether it takes an argument, and who does it.
 * What is wrong with the order or the argument is answered here, once for all commands.
 */
#include "smtp-address.h"
#include "smtp-session.h"
#include "text.h"

enum { NO_ARGUMENT, MAY_ARGUMENT, MUST_ARGUMENT };
enum { IN_CONNECTED = 1, IN_READY = 2, IN_MAIL = 4, IN_RECIPIENTS = 8, IN_REFUSED = 16 };
enum { IN_SMTP = 1, IN_LMTP = 2, IN_BOTH = 3 };
#define IN_ANY  (IN_CONNECTED | IN_READY | IN_MAIL | IN_RECIPIENTS)
#define IN_MORE (IN_READY | IN_MAIL | IN_RECIPIENTS)

typedef struct {
    const char *verb;
    unsigned states, argument, protocols;
    void (*run)(MgSmtpSession *session, MgSpan argument);
} Command;

static MgSpan nothing(void)
{
    return (MgSpan){NULL, 0};
}

static MgSpan trim(MgSpan text)
{
    while (text.len > 0 && text.data[0] == ' ')
        text = mg_span_slice(text, 1, text.len - 1);
    while (text.len > 0 && text.data[text.len - 1] == ' ')
        text.len--;
    return text;
}

void mg_smtp_forget_mail(MgSmtpSession *session)
{
    g_clear_pointer(&session->mail_from, g_free);
    g_clear_pointer(&session->recipient, g_free);
    if (session->recipients->len > 0)
        g_ptr_array_set_size(session->recipients, 0);
    session->tried_recipient = false;
    if (session->data->len > 64 * 1024) { /* a large message's room is not kept */
        g_byte_array_unref(session->data);
        session->data = g_byte_array_new();
    } else {
        g_byte_array_set_size(session->data, 0);
    }
}

/* ---- HELO, EHLO, LHLO ---- */

static void greet(MgSmtpSession *session)
{
    static const char *const words[] = {"PIPELINING", "SIZE", "8BITMIME", "ENHANCEDSTATUSCODES"};
    GString *out = session->out.octets;
    mg_smtp_forget_mail(session); /* RFC 5321 §4.1.4: as if RSET had been said */
    mg_smtp_enter(session, MG_SMTP_READY);
    if (session->gone)
        return;
    unsigned left = session->esmtp ? session->extensions : 0;
    g_string_append_printf(out, "250%c%s greets %s\r\n", left != 0 ? '-' : ' ', session->host,
                           session->helo);
    for (unsigned i = 0; left != 0; i++) {
        if ((left & 1u << i) == 0)
            continue;
        left &= ~(1u << i);
        g_string_append_printf(out, "250%c%s", left != 0 ? '-' : ' ', words[i]);
        if (1u << i == MG_SMTP_X_SIZE && session->size_max > 0) /* RFC 1870 §3 */
            g_string_append_printf(out, " %" G_GUINT64_FORMAT, session->size_max);
        g_string_append(out, "\r\n");
    }
}

static void hello(MgSmtpSession *session, MgSpan name, bool esmtp)
{
    if (!mg_smtp_is_domain(name)) {
        mg_smtp_refuse(session, MG_SMTP_R_HELO, 501, "5.5.4", "Say your domain or address literal");
        return;
    }
    g_free(session->helo);
    session->helo = g_strndup((const char *)name.data, name.len);
    session->esmtp = esmtp;
    if (!mg_smtp_ask_policy(session, MG_STAGE_HELO))
        greet(session);
}

static void do_helo(MgSmtpSession *session, MgSpan argument)
{
    hello(session, argument, false);
}

static void do_ehlo(MgSmtpSession *session, MgSpan argument)
{
    /* Appendix G of the next SMTP lets text follow the name; only the name is looked at. */
    hello(session, argument, true);
}

/* ---- MAIL ---- */

/* "FROM:<…> PARAMETERS" → the path, and the parameters behind it. Returns false when it was
 * answered. */
static bool take_path(MgSmtpSession *session, MgSpan argument, MgSpan keyword, MgPath *path,
                      MgSpan *parameters)
{
    bool sender = keyword.len == 5;
    if (argument.len < keyword.len ||
        !mg_span_equal_nocase(mg_span_slice(argument, 0, keyword.len), keyword)) {
        mg_smtp_refuse(session, MG_SMTP_R_ARGUMENT, 500, "5.5.2",
                       sender ? "Say MAIL FROM:<address>" : "Say RCPT TO:<address>");
        return false;
    }
    MgSpan rest = mg_span_slice(argument, keyword.len, argument.len - keyword.len);
    mg_path_parse(rest, path);
    *parameters = trim(mg_span_slice(rest, path->len, rest.len - path->len));
    switch (path->fault) {
    case MG_PATH_GOOD:
        break;
    case MG_PATH_NOT_ASCII:
        mg_smtp_refuse(session, MG_SMTP_R_NOT_ASCII, 553, "5.6.7",
                       "Only ASCII in addresses: SMTPUTF8 is not offered");
        return false;
    case MG_PATH_TOO_LONG:
        mg_smtp_refuse(session, MG_SMTP_R_PATH, 501, sender ? "5.1.7" : "5.1.3",
                       "The address is too long");
        return false;
    default:
        mg_smtp_refuse(session, MG_SMTP_R_PATH, path->fault == MG_PATH_EMPTY ? 500 : 501,
                       sender ? "5.1.7" : "5.1.3", "This is not an address");
        return false;
    }
    MgSpan where = mg_smtp_line(session);
    if (path->space) /* RFC 5321 §3.3: no spaces at the colon; taken all the same, as everywhere */
        mg_smtp_note(session, MG_SMTP_R_SPACE, where);
    if (path->bare)
        mg_smtp_note(session, MG_SMTP_R_BRACKETS, where);
    if (path->route.len > 0) /* RFC 5321 §4.1.1.3: ignored */
        mg_smtp_note(session, MG_SMTP_R_ROUTE, path->route);
    return true;
}

static bool keyword_is(MgSpan parameter, const char *keyword, MgSpan *value)
{
    size_t len = strlen(keyword);
    if (parameter.len < len ||
        !mg_span_equal_nocase(mg_span_slice(parameter, 0, len), mg_span_from_string(keyword)))
        return false;
    bool has_value = parameter.len > len && parameter.data[len] == '=';
    *value = has_value ? mg_span_slice(parameter, len + 1, parameter.len - len - 1) : nothing();
    return has_value || parameter.len == len;
}

/* Returns false when it was answered. */
static bool mail_parameter(MgSmtpSession *session, MgSpan parameter)
{
    MgSpan value;
    uint64_t size = 0;
    unsigned offered = session->esmtp ? session->extensions : 0;
    if ((offered & MG_SMTP_X_SIZE) != 0 && keyword_is(parameter, "SIZE", &value)) {
        if (value.len > 20 || !mg_text_parse_uint(value, UINT64_MAX, &size)) { /* RFC 1870 §3 */
            mg_smtp_refuse(session, MG_SMTP_R_PARAMETER, 501, "5.5.4", "SIZE wants a number");
            return false;
        }
        if (session->size_max > 0 && size > session->size_max) { /* RFC 1870 §6.1 */
            mg_smtp_note(session, MG_SMTP_R_SIZE, parameter);
            mg_smtp_reply(session, 552, "5.3.4", "The message is larger than %" G_GUINT64_FORMAT,
                          session->size_max);
            return false;
        }
        return true;
    }
    if ((offered & MG_SMTP_X_8BITMIME) != 0 && keyword_is(parameter, "BODY", &value)) {
        if (mg_span_equal_nocase(value, MG_SPAN("7BIT")) ||
            mg_span_equal_nocase(value, MG_SPAN("8BITMIME")))
            return true; /* RFC 6152 §3 */
        mg_smtp_refuse(session, MG_SMTP_R_PARAMETER, 501, "5.5.4", "BODY is 7BIT or 8BITMIME");
        return false;
    }
    mg_smtp_refuse(session, MG_SMTP_R_PARAMETER, 555, "5.5.4",
                   "This parameter is not known or was not offered"); /* RFC 5321 §4.1.1.11 */
    return false;
}

static bool next_parameter(MgSpan *list, MgSpan *parameter)
{
    *list = trim(*list);
    size_t len = 0;
    while (len < list->len && list->data[len] != ' ')
        len++;
    *parameter = mg_span_slice(*list, 0, len);
    *list = mg_span_slice(*list, len, list->len - len);
    return len > 0;
}

static void do_mail(MgSmtpSession *session, MgSpan argument)
{
    MgPath path;
    MgSpan list, parameter;
    if (!take_path(session, argument, MG_SPAN("FROM:"), &path, &list))
        return;
    while (next_parameter(&list, &parameter))
        if (!mail_parameter(session, parameter))
            return;
    mg_smtp_forget_mail(session);
    session->mail_from = g_strndup((const char *)path.mailbox.data, path.mailbox.len);
    if (!mg_smtp_ask_policy(session, MG_STAGE_MAIL))
        mg_smtp_go_on(session, MG_STAGE_MAIL);
}

/* ---- RCPT ---- */

bool mg_smtp_is_local(const MgSmtpSession *session, const char *recipient)
{
    MgSpan domain = mg_smtp_domain_of(recipient);
    /* RFC 5321 §4.5.1: every server has a postmaster */
    return domain.len == 0 || mg_text_list_has(session->domains, domain);
}

/* May this client send through us to the rest of the world? */
static bool may_relay(const MgSmtpSession *session)
{
    MgSpan network;
    if (session->submission || session->open_relay)
        return true;
    for (const char *list = session->relay_from; mg_text_next_item(&list, &network);)
        if (mg_text_network_has(network, session->peer))
            return true;
    return false;
}

static void accept_recipient(MgSmtpSession *session)
{
    g_ptr_array_add(session->recipients, g_steal_pointer(&session->recipient));
    mg_smtp_enter(session, MG_SMTP_RECIPIENTS);
    mg_smtp_reply(session, 250, "2.1.5", "Recipient ok");
}

void mg_smtp_mailbox_found(MgSmtpSession *session, const MgMailboxAnswer *answer)
{
    switch (answer != NULL ? answer->result : MG_MAILBOX_FAILED) {
    case MG_MAILBOX_OK:
        accept_recipient(session);
        return;
    case MG_MAILBOX_NONE:
        mg_smtp_note(session, MG_SMTP_R_NO_MAILBOX, nothing());
        mg_smtp_reply(session, 550, "5.1.1", "No mailbox here for <%s>", session->recipient);
        break;
    case MG_MAILBOX_FULL:
        mg_smtp_reply(session, 452, "4.2.2", "The mailbox of <%s> is full", session->recipient);
        break;
    default:
        mg_smtp_reply(session, 451, "4.3.0", "The mailboxes cannot be asked now");
    }
    g_clear_pointer(&session->recipient, g_free);
}

static void judge_recipient(MgSmtpSession *session)
{
    bool local = session->lmtp || mg_smtp_is_local(session, session->recipient);
    if (session->lmtp || (local && session->store))
        mg_smtp_ask_mailbox(session, MG_MAILBOX_FIND);
    else
        accept_recipient(session);
}

static void do_rcpt(MgSmtpSession *session, MgSpan argument)
{
    MgPath path;
    MgSpan list;
    if (!take_path(session, argument, MG_SPAN("TO:"), &path, &list))
        return;
    session->tried_recipient = true;
    if (path.mailbox.len == 0) {
        mg_smtp_refuse(session, MG_SMTP_R_PATH, 501, "5.1.3", "A recipient cannot be empty");
        return;
    }
    if (list.len > 0) { /* RFC 5321 §4.1.1.11 */
        mg_smtp_refuse(session, MG_SMTP_R_PARAMETER, 555, "5.5.4",
                       "This parameter is not known or was not offered");
        return;
    }
    if (session->recipients->len >= session->recipients_max) { /* RFC 5321 §4.5.3.1.10 */
        mg_smtp_note(session, MG_SMTP_R_MANY, mg_smtp_line(session));
        mg_smtp_reply(session, 452, "4.5.3", "Too many recipients, send the rest later");
        return;
    }
    g_free(session->recipient);
    session->recipient = g_strndup((const char *)path.mailbox.data, path.mailbox.len);
    if (!session->lmtp && !mg_smtp_is_local(session, session->recipient) && !may_relay(session)) {
        mg_smtp_note(session, MG_SMTP_R_RELAY, path.mailbox);
        mg_smtp_reply(session, 550, "5.7.1", "Relay denied: no mail for <%s> from you here",
                      session->recipient);
        g_clear_pointer(&session->recipient, g_free);
        return;
    }
    if (!mg_smtp_ask_policy(session, MG_STAGE_RCPT))
        judge_recipient(session);
}

/* ---- DATA ---- */

/* RFC 5321 §4.4: where it came from and when, as the first line of the letter. */
static void add_received(MgSmtpSession *session)
{
    g_autoptr(GString) line = g_string_sized_new(256);
    uint64_t id = mg_random_next(&session->seed) >> 32;
    bool v6 = strchr(session->peer, ':') != NULL;
    g_string_append_printf(line, "Received: from %s ([%s%s])\r\n\tby %s with %s id %08X",
                           session->helo, v6 ? "IPv6:" : "", session->peer, session->host,
                           session->lmtp    ? "LMTP"
                           : session->esmtp ? "ESMTP"
                                            : "SMTP",
                           (unsigned)id);
    if (session->recipients->len == 1) /* RFC 5321 §7.2: several would tell each of the others */
        g_string_append_printf(line, "\r\n\tfor <%s>",
                               (const char *)g_ptr_array_index(session->recipients, 0));
    g_string_append(line, ";\r\n\t");
    mg_text_add_date(line, session->epoch + session->now / MG_SECONDS);
    g_string_append(line, "\r\n");
    g_byte_array_append(session->data, (const uint8_t *)line->str, (guint)line->len);
}

static void do_data(MgSmtpSession *session, MgSpan argument)
{
    if (session->recipients->len == 0) {
        /* RFC 5321 §3.3: 503, or 554 where recipients were tried and refused */
        if (session->tried_recipient)
            mg_smtp_refuse(session, MG_SMTP_R_ORDER, 554, "5.5.1", "No valid recipients");
        else
            mg_smtp_refuse(session, MG_SMTP_R_ORDER, 503, "5.5.1",
                           session->mail_from == NULL ? "Say MAIL first" : "Say RCPT first");
        return;
    }
    g_byte_array_set_size(session->data, 0);
    add_received(session);
    session->line_start = true;
    session->line_len = 0;
    session->size = 0;
    session->last = '\n';
    session->data_fault = -1;
    session->too_large = false;
    mg_smtp_enter(session, MG_SMTP_DATA);
    mg_smtp_reply(session, 354, NULL, "End data with <CR><LF>.<CR><LF>");
}

/* ---- the small ones ---- */

static void do_rset(MgSmtpSession *session, MgSpan argument)
{
    mg_smtp_forget_mail(session);
    if (session->state != MG_SMTP_CONNECTED)
        mg_smtp_enter(session, MG_SMTP_READY);
    mg_smtp_reply(session, 250, "2.0.0", "Ok");
}

static void do_noop(MgSmtpSession *session, MgSpan argument)
{
    mg_smtp_reply(session, 250, "2.0.0", "Ok");
}

/* RFC 5321 §7.3: a server that does not tell says 252, which is neither yes nor no. */
static void do_vrfy(MgSmtpSession *session, MgSpan argument)
{
    mg_smtp_reply(session, 252, "2.5.2", "Cannot verify; send the mail and see");
}

static void do_help(MgSmtpSession *session, MgSpan argument)
{
    mg_smtp_reply(session, 214, "2.0.0",
                  session->lmtp ? "LHLO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT (RFC 2033)"
                                : "HELO EHLO MAIL RCPT DATA RSET NOOP VRFY EXPN HELP QUIT "
                                  "(RFC 5321)");
}

static void do_quit(MgSmtpSession *session, MgSpan argument)
{
    mg_smtp_reply(session, 221, "2.0.0", "Bye");
    mg_smtp_finish(session);
}

static void do_not_here(MgSmtpSession *session, MgSpan argument)
{
    mg_smtp_refuse(session, MG_SMTP_R_NOT_HERE, 502, "5.5.1", "Not offered here");
}

static void do_other_protocol(MgSmtpSession *session, MgSpan argument)
{
    mg_smtp_refuse(session, MG_SMTP_R_OTHER_PROTOCOL, 502, "5.7.0", "This is SMTP, not HTTP");
    mg_smtp_finish(session);
}

/* ---- the table ---- */

static const Command commands[] = {
    {"MAIL", IN_READY, MUST_ARGUMENT, IN_BOTH, do_mail},
    {"RCPT", IN_MAIL | IN_RECIPIENTS, MUST_ARGUMENT, IN_BOTH, do_rcpt},
    {"DATA", IN_MORE, NO_ARGUMENT, IN_BOTH, do_data},
    {"EHLO", IN_ANY, MUST_ARGUMENT, IN_SMTP, do_ehlo},
    {"HELO", IN_ANY, MUST_ARGUMENT, IN_SMTP, do_helo},
    {"LHLO", IN_ANY, MUST_ARGUMENT, IN_LMTP, do_ehlo},
    {"QUIT", IN_ANY | IN_REFUSED, NO_ARGUMENT, IN_BOTH, do_quit},
    {"RSET", IN_ANY, NO_ARGUMENT, IN_BOTH, do_rset},
    {"NOOP", IN_ANY, MAY_ARGUMENT, IN_BOTH, do_noop},
    {"VRFY", IN_ANY, MUST_ARGUMENT, IN_BOTH, do_vrfy},
    {"EXPN", IN_ANY, MUST_ARGUMENT, IN_SMTP, do_vrfy},
    {"HELP", IN_ANY, MAY_ARGUMENT, IN_BOTH, do_help},
    {"AUTH", IN_ANY, MAY_ARGUMENT, IN_BOTH, do_not_here},
    {"STARTTLS", IN_ANY, MAY_ARGUMENT, IN_BOTH, do_not_here},
    {"BDAT", IN_ANY, MAY_ARGUMENT, IN_BOTH, do_not_here},
    {"TURN", IN_ANY, MAY_ARGUMENT, IN_BOTH, do_not_here},
    {"ETRN", IN_ANY, MAY_ARGUMENT, IN_BOTH, do_not_here},
    {"GET", IN_CONNECTED, MAY_ARGUMENT, IN_BOTH, do_other_protocol},
    {"POST", IN_CONNECTED, MAY_ARGUMENT, IN_BOTH, do_other_protocol},
    {"CONNECT", IN_CONNECTED, MAY_ARGUMENT, IN_BOTH, do_other_protocol},
};

static unsigned state_bit(const MgSmtpSession *session)
{
    if (session->state == MG_SMTP_CONNECTED)
        return IN_CONNECTED;
    if (session->state == MG_SMTP_READY)
        return IN_READY;
    if (session->state == MG_SMTP_MAIL)
        return IN_MAIL;
    return session->state == MG_SMTP_RECIPIENTS ? IN_RECIPIENTS : IN_REFUSED;
}

static const Command *find_command(const MgSmtpSession *session, MgSpan verb)
{
    unsigned protocol = session->lmtp ? IN_LMTP : IN_SMTP;
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        if ((commands[i].protocols & protocol) != 0 &&
            mg_span_equal_nocase(verb, mg_span_from_string(commands[i].verb)))
            return &commands[i];
    return NULL;
}

/* What is missing before this command may come (RFC 5321 §4.1.4). */
static const char *wanted_first(const MgSmtpSession *session, bool mail)
{
    switch (state_bit(session)) {
    case IN_CONNECTED:
        return session->lmtp ? "Say LHLO first" : "Say EHLO or HELO first";
    case IN_READY:
        return "Say MAIL first";
    case IN_REFUSED:
        return "No service for you here; only QUIT"; /* RFC 5321 §3.1 */
    default:
        return mail ? "One mail at a time: RSET forgets the first" : "Not in this order";
    }
}

void mg_smtp_run_command(MgSmtpSession *session, MgSpan line)
{
    size_t len = 0;
    while (len < line.len && line.data[len] != ' ')
        len++;
    const Command *command = find_command(session, mg_span_slice(line, 0, len));
    MgSpan argument = trim(mg_span_slice(line, len, line.len - len));
    if (command == NULL && session->state != MG_SMTP_REFUSED)
        mg_smtp_refuse(session, MG_SMTP_R_UNKNOWN, 500, "5.5.1", "Unknown command");
    else if (command == NULL || (command->states & state_bit(session)) == 0)
        mg_smtp_refuse(session, MG_SMTP_R_ORDER, 503, "5.5.1",
                       wanted_first(session, command != NULL && command->run == do_mail));
    else if (command->argument == NO_ARGUMENT && argument.len > 0)
        mg_smtp_refuse(session, MG_SMTP_R_ARGUMENT, 501, "5.5.4", "This command stands alone");
    else if (command->argument == MUST_ARGUMENT && argument.len == 0)
        mg_smtp_refuse(session, MG_SMTP_R_ARGUMENT, 501, "5.5.4", "Something must follow");
    else
        command->run(session, argument);
}

void mg_smtp_go_on(MgSmtpSession *session, MgStage stage)
{
    switch (stage) {
    case MG_STAGE_HELO:
        greet(session);
        break;
    case MG_STAGE_MAIL:
        mg_smtp_enter(session, MG_SMTP_MAIL);
        mg_smtp_reply(session, 250, "2.1.0", "Sender ok");
        break;
    case MG_STAGE_RCPT:
        judge_recipient(session);
        break;
    default:
        g_assert_not_reached(); /* CONNECT and MESSAGE are the server's own */
    }
}
