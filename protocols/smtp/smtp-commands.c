/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-commands.c - the commands of the server, a row each (RFC 5321 §4.1.1)
 *
 * A row says in which states the command is good, whether it takes an argument, and who does it.
 * What is wrong with the order or the argument is answered here, once for all commands.
 */
#include "smtp-alias.h"
#include "smtp-session.h"
#include "text.h"

enum { NO_ARGUMENT, MAY_ARGUMENT, MUST_ARGUMENT };
enum {
    IN_CONNECTED = 1,
    IN_READY = 2,
    IN_MAIL = 4,
    IN_RECIPIENTS = 8,
    IN_REFUSED = 16,
    IN_CHUNKS = 32
};
enum { IN_SMTP = 1, IN_LMTP = 2, IN_BOTH = 3 };
#define IN_ANY    (IN_CONNECTED | IN_READY | IN_MAIL | IN_RECIPIENTS)
#define IN_LETTER (IN_READY | IN_MAIL | IN_RECIPIENTS | IN_CHUNKS)

typedef struct {
    const char *verb;
    unsigned states, argument, protocols;
    void (*run)(MgSmtpSession *session, MgSpan argument);
    const char *help; /* (nullable) what stands behind the verb, and what it does */
} Command;

/* ---- HELO, EHLO, LHLO ---- */

/* 250, the greeting, and a line for each of `words`, which end with LF. */
static void say_lines(MgSmtpSession *session, const char *words)
{
    GString *out = session->out.octets;
    g_string_append_printf(out, "250%c%s greets %s\r\n", *words != '\0' ? '-' : ' ', session->host,
                           session->helo);
    while (*words != '\0') {
        size_t len = strcspn(words, "\n");
        bool more = words[len + 1] != '\0';
        g_string_append_printf(out, "250%c%.*s\r\n", more ? '-' : ' ', (int)len, words);
        words += len + 1;
    }
}

static void greet(MgSmtpSession *session)
{
    mg_smtp_forget_mail(session); /* RFC 5321 §4.1.4: as if RSET had been said */
    mg_smtp_enter(session, MG_SMTP_READY);
    if (session->gone)
        return;
    g_autoptr(GString) words = g_string_new(NULL);
    for (unsigned i = 0; i < MG_SMTP_N_EXTENSIONS; i++) {
        size_t before = words->len;
        if (!session->esmtp || (session->extensions & 1u << i) == 0)
            continue;
        if (1u << i == MG_SMTP_X_STARTTLS && session->secure) /* RFC 3207 §4.2 */
            continue;
        g_string_append(words, mg_smtp_extensions[i]);
        if (1u << i == MG_SMTP_X_SIZE && session->size_max > 0) /* RFC 1870 §3 */
            g_string_append_printf(words, " %" G_GUINT64_FORMAT, session->size_max);
        if (1u << i == MG_SMTP_X_AUTH) { /* RFC 4954 §3 */
            g_string_append_c(words, ' ');
            if (!mg_smtp_auth_list(session, words)) {
                g_string_truncate(words, before);
                continue;
            }
        }
        g_string_append_c(words, '\n');
    }
    if (session->esmtp && session->expn == MG_SMTP_TELL) /* RFC 5321 §3.5.2 */
        g_string_append(words, "EXPN\n");
    say_lines(session, words->str);
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

/* ---- VRFY, EXPN ---- */

/* RFC 5321 §7.3: a server that does not tell says 252, which is neither yes nor no. */
static void tell_nothing(MgSmtpSession *session)
{
    mg_smtp_reply(session, 252, "2.5.2", "Cannot verify; send the mail and see");
}

void mg_smtp_verified(MgSmtpSession *session, const MgMailboxAnswer *answer)
{
    switch (answer != NULL ? answer->result : MG_MAILBOX_FAILED) {
    case MG_MAILBOX_OK:
    case MG_MAILBOX_FULL:
    case MG_MAILBOX_LOCKED:
        mg_smtp_reply(session, 250, "2.1.5", "<%s>", session->recipient);
        break;
    case MG_MAILBOX_NONE:
        mg_smtp_note(session, MG_SMTP_R_NO_MAILBOX, (MgSpan){NULL, 0});
        mg_smtp_reply(session, 550, "5.1.1", "No mailbox here for <%s>", session->recipient);
        break;
    default:
        mg_smtp_reply(session, 451, "4.3.0", "The mailboxes cannot be asked now");
    }
    mg_smtp_forget_recipient(session);
}

/* "bob", "bob@example.net", "<bob@example.net>": a name without a domain is one of ours. */
static char *address_of(const MgSmtpSession *session, MgSpan name, bool utf8)
{
    MgPath path;
    MgPathRules rules = session->path_rules;
    MgSpan domain;
    const char *domains = session->domains;
    g_autofree char *text = g_strndup((const char *)name.data, name.len);
    if (strchr(text, '@') == NULL && text[0] != '<' && mg_text_next_item(&domains, &domain)) {
        char *whole = g_strdup_printf("%s@%.*s", text, (int)domain.len, (const char *)domain.data);
        g_free(text);
        text = whole;
    }
    rules.utf8 = utf8;
    mg_path_parse(mg_span_from_string(text), &rules, &path);
    if (path.fault != MG_PATH_GOOD || path.len != strlen(text) || path.mailbox.len == 0)
        return NULL;
    return g_strndup((const char *)path.mailbox.data, path.mailbox.len);
}

/* Takes " SMTPUTF8" from the end (RFC 6531 §3.7.4.2). */
static bool says_utf8(const MgSmtpSession *session, MgSpan *argument)
{
    static const char word[] = " SMTPUTF8";
    size_t len = sizeof word - 1;
    if (!session->esmtp || (session->extensions & MG_SMTP_X_SMTPUTF8) == 0 ||
        argument->len <= len ||
        !mg_span_equal_nocase(mg_span_slice(*argument, argument->len - len, len),
                              mg_span_from_string(word)))
        return false;
    *argument = mg_smtp_trim(mg_span_slice(*argument, 0, argument->len - len));
    return true;
}

static bool is_ours(const void *session, const char *address)
{
    return mg_smtp_is_local(session, address);
}

/* RFC 5321 §3.5.2: everybody behind the name, a line each. False if it is no alias. */
static bool tell_alias(MgSmtpSession *session, bool expand)
{
    g_autoptr(GPtrArray) targets =
        session->lmtp ? NULL
                      : mg_alias_expand(session->aliases, session->recipient, is_ours, session);
    if (targets == NULL)
        return false;
    for (guint i = 0; expand && i < targets->len; i++) {
        size_t start = session->out.octets->len;
        mg_smtp_reply(session, 250, "2.1.5", "<%s>", (const char *)targets->pdata[i]);
        if (i + 1 < targets->len && session->out.octets->len > start)
            session->out.octets->str[start + 3] = '-';
    }
    if (!expand || targets->len == 0)
        mg_smtp_reply(session, 250, "2.1.5", "<%s>", session->recipient);
    return true;
}

static void do_not_here(MgSmtpSession *session, MgSpan argument);

static void look_for(MgSmtpSession *session, MgSmtpTelling telling, bool expand, MgSpan argument)
{
    if (mg_smtp_must_log_in(session))
        return;
    if (telling == MG_SMTP_DENY) {
        do_not_here(session, argument);
        return;
    }
    if (telling == MG_SMTP_HIDE) {
        tell_nothing(session);
        return;
    }
    bool utf8 = session->reads_utf8 = says_utf8(session, &argument);
    mg_smtp_forget_recipient(session);
    session->recipient = address_of(session, argument, utf8);
    if (session->recipient == NULL) {
        bool ascii = utf8 || mg_smtp_is_ascii(argument);
        mg_smtp_refuse(session, ascii ? MG_SMTP_R_PATH : MG_SMTP_R_NOT_ASCII, ascii ? 501 : 553,
                       ascii ? "5.1.3" : "5.6.7",
                       ascii ? "This is not an address" : "Say SMTPUTF8 behind such a name");
    } else if (!session->lmtp && !mg_smtp_is_local(session, session->recipient)) {
        if (mg_smtp_may_relay(session))
            tell_nothing(session);
        else
            mg_smtp_reply(session, 550, "5.1.2", "<%s> is not of this server", session->recipient);
        mg_smtp_forget_recipient(session);
    } else if (tell_alias(session, expand)) {
        mg_smtp_forget_recipient(session);
    } else if (session->store) {
        mg_smtp_ask_mailbox(session, MG_SMTP_WAIT_VERIFY);
    } else {
        tell_nothing(session);
        mg_smtp_forget_recipient(session);
    }
}

static void do_vrfy(MgSmtpSession *session, MgSpan argument)
{
    look_for(session, session->vrfy, false, argument);
}

static void do_expn(MgSmtpSession *session, MgSpan argument)
{
    look_for(session, session->expn, true, argument);
}

/* ---- HELP, QUIT, and what is not here ---- */

static void do_help(MgSmtpSession *session, MgSpan argument);

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
    {"EHLO", IN_ANY | IN_CHUNKS, MUST_ARGUMENT, IN_SMTP, do_ehlo,
     "domain: greets, and asks for the extensions"},
    {"HELO", IN_ANY | IN_CHUNKS, MUST_ARGUMENT, IN_SMTP, do_helo, "domain: greets"},
    {"LHLO", IN_ANY | IN_CHUNKS, MUST_ARGUMENT, IN_LMTP, do_ehlo,
     "domain: greets, and asks for the extensions"},
    {"MAIL", IN_READY, MUST_ARGUMENT, IN_BOTH, mg_smtp_do_mail,
     "FROM:<address>: begins a mail; failures are told to this address"},
    {"RCPT", IN_MAIL | IN_RECIPIENTS, MUST_ARGUMENT, IN_BOTH, mg_smtp_do_rcpt,
     "TO:<address>: one recipient of the mail"},
    {"DATA", IN_LETTER, NO_ARGUMENT, IN_BOTH, mg_smtp_do_data,
     "then the letter, and a line with a lone dot"},
    {"BDAT", IN_ANY | IN_CHUNKS, MUST_ARGUMENT, IN_BOTH, mg_smtp_do_bdat,
     "octets [LAST]: then a piece of the letter with so many octets"},
    {"AUTH", IN_ANY | IN_CHUNKS, MAY_ARGUMENT, IN_SMTP, mg_smtp_do_auth,
     "mechanism [response]: proves who the client is"},
    {"STARTTLS", IN_ANY | IN_CHUNKS, NO_ARGUMENT, IN_SMTP, mg_smtp_do_starttls,
     "then TLS begins, and EHLO comes again"},
    {"RSET", IN_ANY | IN_CHUNKS, NO_ARGUMENT, IN_BOTH, do_rset, "forgets the mail that was begun"},
    {"NOOP", IN_ANY | IN_CHUNKS, MAY_ARGUMENT, IN_BOTH, do_noop, "does nothing"},
    {"VRFY", IN_ANY | IN_CHUNKS, MUST_ARGUMENT, IN_BOTH, do_vrfy, "name: is there such a mailbox?"},
    {"EXPN", IN_ANY | IN_CHUNKS, MUST_ARGUMENT, IN_SMTP, do_expn, "name: who is behind it?"},
    {"HELP", IN_ANY | IN_CHUNKS, MAY_ARGUMENT, IN_BOTH, do_help,
     "[command]: what can be said here"},
    {"QUIT", IN_ANY | IN_CHUNKS | IN_REFUSED, NO_ARGUMENT, IN_BOTH, do_quit, "ends the session"},
    {"AUTH", IN_ANY, MAY_ARGUMENT, IN_LMTP, do_not_here, NULL},
    {"STARTTLS", IN_ANY, MAY_ARGUMENT, IN_LMTP, do_not_here, NULL},
    {"TURN", IN_ANY, MAY_ARGUMENT, IN_BOTH, do_not_here, NULL},
    {"ETRN", IN_ANY, MAY_ARGUMENT, IN_BOTH, do_not_here, NULL},
    {"GET", IN_CONNECTED, MAY_ARGUMENT, IN_BOTH, do_other_protocol, NULL},
    {"POST", IN_CONNECTED, MAY_ARGUMENT, IN_BOTH, do_other_protocol, NULL},
    {"CONNECT", IN_CONNECTED, MAY_ARGUMENT, IN_BOTH, do_other_protocol, NULL},
};

/* Is it something that this session could say with success? */
static bool is_offered(const MgSmtpSession *session, const Command *command)
{
    unsigned protocol = session->lmtp ? IN_LMTP : IN_SMTP;
    if (command->help == NULL || (command->protocols & protocol) == 0)
        return false;
    if (command->run == mg_smtp_do_bdat)
        return (session->extensions & MG_SMTP_X_CHUNKING) != 0;
    if (command->run == mg_smtp_do_auth)
        return (session->extensions & MG_SMTP_X_AUTH) != 0;
    if (command->run == mg_smtp_do_starttls)
        return (session->extensions & MG_SMTP_X_STARTTLS) != 0 && !session->secure;
    return command->run != do_expn || session->expn != MG_SMTP_DENY;
}

static void do_help(MgSmtpSession *session, MgSpan argument)
{
    g_autoptr(GString) list = g_string_new(NULL);
    if (!session->help) {
        do_not_here(session, argument);
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (!is_offered(session, &commands[i]))
            continue;
        if (mg_span_equal_nocase(argument, mg_span_from_string(commands[i].verb))) {
            mg_smtp_reply(session, 214, "2.0.0", "%s %s", commands[i].verb, commands[i].help);
            return;
        }
        g_string_append_printf(list, "%s ", commands[i].verb);
    }
    if (argument.len > 0)
        mg_smtp_refuse(session, MG_SMTP_R_ARGUMENT, 504, "5.5.4", "No help about that");
    else
        mg_smtp_reply(session, 214, "2.0.0", "%s(%s)", list->str,
                      session->lmtp ? "RFC 2033" : "RFC 5321");
}

/* RFC 3207 §4: what a server does before TLS even if it demands TLS. */
static bool is_for_all(const Command *command)
{
    return command->run == do_ehlo || command->run == do_noop || command->run == do_quit ||
           command->run == mg_smtp_do_starttls;
}

static unsigned state_bit(const MgSmtpSession *session)
{
    if (session->state == MG_SMTP_CONNECTED)
        return IN_CONNECTED;
    if (session->state == MG_SMTP_READY)
        return IN_READY;
    if (session->state == MG_SMTP_MAIL)
        return IN_MAIL;
    if (session->state == MG_SMTP_CHUNKS)
        return IN_CHUNKS;
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

MgSmtpMoment mg_smtp_moment_of(MgSpan line)
{
    static const struct {
        const char *verb;
        MgSmtpMoment moment;
    } rows[] = {{"HELO", MG_SMTP_AT_HELO}, {"EHLO", MG_SMTP_AT_HELO},
                {"LHLO", MG_SMTP_AT_HELO}, {"STARTTLS", MG_SMTP_AT_STARTTLS},
                {"AUTH", MG_SMTP_AT_AUTH}, {"MAIL", MG_SMTP_AT_MAIL},
                {"RCPT", MG_SMTP_AT_RCPT}, {"DATA", MG_SMTP_AT_DATA},
                {"BDAT", MG_SMTP_AT_DATA}, {"QUIT", MG_SMTP_AT_QUIT}};
    size_t len = 0;
    while (len < line.len && line.data[len] > ' ')
        len++;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (mg_span_equal_nocase(mg_span_slice(line, 0, len), mg_span_from_string(rows[i].verb)))
            return rows[i].moment;
    return MG_SMTP_N_MOMENTS;
}

void mg_smtp_run_command(MgSmtpSession *session, MgSpan line)
{
    size_t len = 0;
    session->reads_utf8 = false;
    while (len < line.len && line.data[len] != ' ')
        len++;
    const Command *command = find_command(session, mg_span_slice(line, 0, len));
    if (command != NULL && command->run == mg_smtp_do_auth) /* what follows may be a secret */
        session->shown = len;
    MgSpan argument = mg_smtp_trim(mg_span_slice(line, len, line.len - len));
    if (command == NULL && session->state != MG_SMTP_REFUSED)
        mg_smtp_refuse(session, MG_SMTP_R_UNKNOWN, 500, "5.5.1", "Unknown command");
    else if (command == NULL || (command->states & state_bit(session)) == 0)
        mg_smtp_refuse(session, MG_SMTP_R_ORDER, 503, "5.5.1",
                       wanted_first(session, command != NULL && command->run == mg_smtp_do_mail));
    else if (command->argument == NO_ARGUMENT && argument.len > 0)
        mg_smtp_refuse(session, MG_SMTP_R_ARGUMENT, 501, "5.5.4", "This command stands alone");
    else if (command->argument == MUST_ARGUMENT && argument.len == 0)
        mg_smtp_refuse(session, MG_SMTP_R_ARGUMENT, 501, "5.5.4", "Something must follow");
    else if ((is_for_all(command) || !mg_smtp_must_secure(session)) &&
             !mg_smtp_mischief(session, mg_smtp_moment_of(line)))
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
        mg_smtp_judge_recipient(session);
        break;
    default:
        g_assert_not_reached(); /* CONNECT and MESSAGE are the server's own */
    }
}
