/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-envelope.c - MAIL and RCPT: paths, and the parameters that extensions put behind them
 *
 * A parameter is a row: which command, which extension offers it, who reads its value. What is not
 * in the table, or was not offered, is answered with 555 (RFC 5321 §4.1.1.11).
 */
#include "smtp-alias.h"
#include "smtp-session.h"
#include "smtp-xtext.h"
#include "text.h"

#define ENVID_MAX 100u /* RFC 3461 §4.4 */
#define ORCPT_MAX 500u /* RFC 3461 §4.2 */

MgSpan mg_smtp_trim(MgSpan text)
{
    while (text.len > 0 && text.data[0] == ' ')
        text = mg_span_slice(text, 1, text.len - 1);
    while (text.len > 0 && text.data[text.len - 1] == ' ')
        text.len--;
    return text;
}

void mg_smtp_forget_recipient(MgSmtpSession *session)
{
    g_clear_pointer(&session->recipient, g_free);
    g_free((char *)session->wish.orcpt);
    session->wish = (MgMailWish){0};
}

void mg_smtp_forget_mail(MgSmtpSession *session)
{
    g_clear_pointer(&session->mail_from, g_free);
    g_clear_pointer(&session->envid, g_free);
    g_clear_pointer(&session->mail_auth, g_free);
    mg_smtp_forget_recipient(session);
    if (session->recipients->len > 0) {
        g_ptr_array_set_size(session->recipients, 0);
        g_array_set_size(session->wishes, 0);
    }
    session->tried_recipient = false;
    session->body = MG_BODY_7BIT;
    session->ret = MG_RET_UNSAID;
    session->smtputf8 = false;
    if (session->data->len > 64 * 1024) { /* a large message's room is not kept */
        g_byte_array_unref(session->data);
        session->data = g_byte_array_new();
    } else {
        g_byte_array_set_size(session->data, 0);
    }
}

/* ---- paths ---- */

static bool path_is_good(MgSmtpSession *session, const MgPath *path, bool sender)
{
    bool offered = session->esmtp && (session->extensions & MG_SMTP_X_SMTPUTF8) != 0;
    switch (path->fault) {
    case MG_PATH_GOOD:
        return true;
    case MG_PATH_NOT_ASCII: /* RFC 6531 §3.5 */
        mg_smtp_refuse(session, MG_SMTP_R_NOT_ASCII, 553, "5.6.7",
                       offered ? "Only ASCII in addresses: MAIL did not say SMTPUTF8"
                               : "Only ASCII in addresses: SMTPUTF8 is not offered");
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
}

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
    MgPathRules rules = session->path_rules;
    /* Whether MAIL says SMTPUTF8 stands behind its path. */
    rules.utf8 = sender ? session->esmtp && (session->extensions & MG_SMTP_X_SMTPUTF8) != 0
                        : session->smtputf8;
    mg_path_parse(rest, &rules, path);
    if (!path_is_good(session, path, sender))
        return false;
    *parameters = mg_smtp_trim(mg_span_slice(rest, path->len, rest.len - path->len));
    MgSpan where = mg_smtp_line(session);
    if (path->space) /* RFC 5321 §3.3: no spaces at the colon; taken all the same, as everywhere */
        mg_smtp_note(session, MG_SMTP_R_SPACE, where);
    if (path->bare)
        mg_smtp_note(session, MG_SMTP_R_BRACKETS, where);
    if (path->route.len > 0) /* RFC 5321 §4.1.1.3: ignored */
        mg_smtp_note(session, MG_SMTP_R_ROUTE, path->route);
    return true;
}

/* ---- values ---- */

static bool bad_value(MgSmtpSession *session, const char *text)
{
    mg_smtp_refuse(session, MG_SMTP_R_PARAMETER, 501, "5.5.4", text);
    return false;
}

/* (transfer full) What an xtext says; NULL when it was answered. */
static char *take_xtext(MgSmtpSession *session, MgSpan value, size_t max, bool utf8)
{
    g_autoptr(GString) text = g_string_new(NULL);
    if (value.len > max) {
        bad_value(session, "The value is too long");
        return NULL;
    }
    /* RFC 3461 §4.2, §4.4: it will stand in the header of a notice */
    if (value.len == 0 || !mg_xtext_decode(value, text) || text->len != strlen(text->str) ||
        !mg_xtext_is_printable(text->str, utf8)) {
        mg_smtp_refuse(session, MG_SMTP_R_XTEXT, 501, "5.5.4", "The value is not xtext");
        return NULL;
    }
    return g_strdup(text->str);
}

static bool take_size(MgSmtpSession *session, MgSpan value)
{
    uint64_t size = 0;
    if (value.len > 20 || !mg_text_parse_uint(value, UINT64_MAX, &size)) /* RFC 1870 §3 */
        return bad_value(session, "SIZE wants a number");
    if (session->size_max > 0 && size > session->size_max) { /* RFC 1870 §6.1 */
        mg_smtp_note(session, MG_SMTP_R_SIZE, mg_smtp_line(session));
        mg_smtp_reply(session, 552, "5.3.4", "The message is larger than %" G_GUINT64_FORMAT,
                      session->size_max);
        return false;
    }
    return true;
}

static bool take_body(MgSmtpSession *session, MgSpan value)
{
    bool binary = (session->extensions & MG_SMTP_X_BINARYMIME) != 0;
    if (mg_span_equal_nocase(value, MG_SPAN("7BIT"))) /* RFC 6152 §3 */
        session->body = MG_BODY_7BIT;
    else if (mg_span_equal_nocase(value, MG_SPAN("8BITMIME")))
        session->body = MG_BODY_8BITMIME;
    else if (binary && mg_span_equal_nocase(value, MG_SPAN("BINARYMIME"))) /* RFC 3030 §3 */
        session->body = MG_BODY_BINARY;
    else
        return bad_value(session, binary ? "BODY is 7BIT, 8BITMIME or BINARYMIME"
                                         : "BODY is 7BIT or 8BITMIME");
    return true;
}

static bool take_smtputf8(MgSmtpSession *session, MgSpan value)
{
    session->smtputf8 = true; /* RFC 6531 §3.4 */
    return true;
}

static bool take_ret(MgSmtpSession *session, MgSpan value)
{
    if (mg_span_equal_nocase(value, MG_SPAN("FULL")))
        session->ret = MG_RET_FULL;
    else if (mg_span_equal_nocase(value, MG_SPAN("HDRS")))
        session->ret = MG_RET_HEADERS;
    else
        return bad_value(session, "RET is FULL or HDRS");
    return true;
}

static bool take_envid(MgSmtpSession *session, MgSpan value)
{
    session->envid = take_xtext(session, value, ENVID_MAX, false);
    return session->envid != NULL;
}

/* RFC 4954 §5: who handed the mail in, as far as the client knows. Who has not logged in is not
 * believed: then it is "<>", nobody knows. */
static bool take_auth(MgSmtpSession *session, MgSpan value)
{
    MgPath path;
    MgPathRules rules = session->path_rules;
    rules.utf8 = (session->extensions & MG_SMTP_X_SMTPUTF8) != 0;
    g_autofree char *text = take_xtext(session, value, ORCPT_MAX, rules.utf8);
    if (text == NULL)
        return false;
    mg_path_parse(mg_span_from_string(text), &rules, &path); /* curl writes brackets, too */
    if (path.fault != MG_PATH_GOOD || path.len != strlen(text))
        return bad_value(session, "AUTH is an address, or <>");
    session->mail_auth = session->login != NULL && path.mailbox.len > 0
                             ? g_strndup((const char *)path.mailbox.data, path.mailbox.len)
                             : g_strdup("<>");
    return true;
}

static bool take_notify(MgSmtpSession *session, MgSpan value)
{
    static const struct {
        const char *word;
        unsigned bit;
    } words[] = {{"NEVER", MG_NOTIFY_NEVER},
                 {"SUCCESS", MG_NOTIFY_SUCCESS},
                 {"FAILURE", MG_NOTIFY_FAILURE},
                 {"DELAY", MG_NOTIFY_DELAY}};
    unsigned notify = 0;
    for (size_t at = 0; at <= value.len;) {
        const uint8_t *comma = at < value.len ? memchr(value.data + at, ',', value.len - at) : NULL;
        size_t end = comma != NULL ? (size_t)(comma - value.data) : value.len;
        MgSpan word = mg_span_slice(value, at, end - at);
        unsigned bit = 0;
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
            if (mg_span_equal_nocase(word, mg_span_from_string(words[i].word)))
                bit = words[i].bit;
        if (bit == 0 || (notify & bit) != 0)
            return bad_value(session, "NOTIFY is NEVER, or some of SUCCESS, FAILURE, DELAY");
        notify |= bit;
        at = end + 1;
    }
    if ((notify & MG_NOTIFY_NEVER) != 0 && notify != MG_NOTIFY_NEVER)
        return bad_value(session, "NEVER stands alone");
    session->wish.notify = notify;
    return true;
}

/* "rfc822;bob+2Bnews@example.net": a type, and an address of that type as xtext. */
static bool take_orcpt(MgSmtpSession *session, MgSpan value)
{
    const uint8_t *semicolon = value.len > 0 ? memchr(value.data, ';', value.len) : NULL;
    size_t type = semicolon != NULL ? (size_t)(semicolon - value.data) : 0;
    for (size_t i = 0; i < type; i++)
        if (!g_ascii_isalnum(value.data[i]) && value.data[i] != '-')
            type = 0;
    if (type == 0)
        return bad_value(session, "ORCPT wants a type and an address: rfc822;bob@example.net");
    MgSpan address = mg_span_slice(value, type + 1, value.len - type - 1);
    g_autofree char *kind = g_strndup((const char *)value.data, type);
    g_autofree char *text = NULL;
    if (session->smtputf8 && g_ascii_strcasecmp(kind, "utf-8") == 0) {
        /* RFC 6533 §3: letters of all scripts as they are, or as \x{AC00}; it is handed on so */
        if (value.len > ORCPT_MAX || address.len == 0 ||
            !g_utf8_validate_len((const char *)address.data, address.len, NULL))
            return bad_value(session, "This is no address of the type utf-8");
        text = g_strndup((const char *)address.data, address.len);
    } else {
        text = take_xtext(session, address, ORCPT_MAX, session->smtputf8);
    }
    if (text == NULL)
        return false;
    session->wish.orcpt = g_strdup_printf("%s;%s", kind, text);
    return true;
}

/* ---- parameters ---- */

enum { WITH_MAIL = 1, WITH_RCPT = 2 };
typedef struct {
    const char *keyword;
    unsigned with, extension;
    bool has_value;
    bool (*take)(MgSmtpSession *session, MgSpan value);
} Parameter;

static const Parameter parameter_rows[] = {
    {"SIZE", WITH_MAIL, MG_SMTP_X_SIZE, true, take_size},
    {"BODY", WITH_MAIL, MG_SMTP_X_8BITMIME, true, take_body},
    {"SMTPUTF8", WITH_MAIL, MG_SMTP_X_SMTPUTF8, false, take_smtputf8},
    {"RET", WITH_MAIL, MG_SMTP_X_DSN, true, take_ret},
    {"ENVID", WITH_MAIL, MG_SMTP_X_DSN, true, take_envid},
    {"AUTH", WITH_MAIL, MG_SMTP_X_AUTH, true, take_auth},
    {"NOTIFY", WITH_RCPT, MG_SMTP_X_DSN, true, take_notify},
    {"ORCPT", WITH_RCPT, MG_SMTP_X_DSN, true, take_orcpt},
};

/* Returns false when it was answered. */
static bool take_parameter(MgSmtpSession *session, unsigned with, MgSpan parameter)
{
    const uint8_t *equals = memchr(parameter.data, '=', parameter.len);
    size_t len = equals != NULL ? (size_t)(equals - parameter.data) : parameter.len;
    MgSpan keyword = mg_span_slice(parameter, 0, len);
    MgSpan value = equals != NULL ? mg_span_slice(parameter, len + 1, parameter.len - len - 1)
                                  : mg_span_slice(parameter, len, 0);
    unsigned offered = session->esmtp ? session->extensions : 0;
    for (size_t i = 0; i < G_N_ELEMENTS(parameter_rows); i++) {
        const Parameter *row = &parameter_rows[i];
        if ((row->with & with) == 0 || (row->extension & offered) == 0 ||
            !mg_span_equal_nocase(keyword, mg_span_from_string(row->keyword)))
            continue;
        if ((session->said & 1u << i) != 0) {
            mg_smtp_refuse(session, MG_SMTP_R_TWICE, 501, "5.5.4", "The same parameter twice");
            return false;
        }
        session->said |= 1u << i;
        if (!row->has_value && equals != NULL)
            return bad_value(session, "This parameter has no value");
        return row->take(session, value);
    }
    mg_smtp_refuse(session, MG_SMTP_R_PARAMETER, 555, "5.5.4",
                   "This parameter is not known or was not offered"); /* RFC 5321 §4.1.1.11 */
    return false;
}

static bool next_parameter(MgSpan *list, MgSpan *parameter)
{
    *list = mg_smtp_trim(*list);
    size_t len = 0;
    while (len < list->len && list->data[len] != ' ')
        len++;
    *parameter = mg_span_slice(*list, 0, len);
    *list = mg_span_slice(*list, len, list->len - len);
    return len > 0;
}

static bool take_parameters(MgSmtpSession *session, unsigned with, MgSpan list)
{
    MgSpan parameter;
    session->said = 0;
    while (next_parameter(&list, &parameter))
        if (!take_parameter(session, with, parameter))
            return false;
    return true;
}

/* ---- MAIL ---- */

void mg_smtp_do_mail(MgSmtpSession *session, MgSpan argument)
{
    MgPath path;
    MgSpan list;
    mg_smtp_forget_mail(session);
    if (mg_smtp_must_log_in(session) ||
        !take_path(session, argument, MG_SPAN("FROM:"), &path, &list))
        return;
    if (!take_parameters(session, WITH_MAIL, list)) {
        mg_smtp_forget_mail(session);
        return;
    }
    if (!session->smtputf8 && !mg_smtp_is_ascii(path.mailbox)) {
        path.fault = MG_PATH_NOT_ASCII;
        path_is_good(session, &path, true);
        mg_smtp_forget_mail(session);
        return;
    }
    session->mail_from = g_strndup((const char *)path.mailbox.data, path.mailbox.len);
    if (!mg_smtp_may_send_as(session, session->mail_from)) {
        mg_smtp_forget_mail(session);
        return;
    }
    if (!mg_smtp_ask_policy(session, MG_STAGE_MAIL))
        mg_smtp_go_on(session, MG_STAGE_MAIL);
}

/* ---- RCPT ---- */

bool mg_smtp_is_local(const MgSmtpSession *session, const char *recipient)
{
    MgSpan domain = mg_smtp_domain_of(recipient);
    /* RFC 5321 §4.5.1: every server has a postmaster */
    if (domain.len == 0 || mg_text_list_has(session->domains, domain))
        return true;
    if (mg_smtp_is_ascii(domain))
        return false;
    g_autofree char *ascii = mg_smtp_ascii_domain(domain);
    return ascii != NULL && mg_text_list_has(session->domains, mg_span_from_string(ascii));
}

/* May this client send through us to the rest of the world? */
bool mg_smtp_may_relay(const MgSmtpSession *session)
{
    return session->open_relay || mg_smtp_is_user(session);
}

bool mg_smtp_is_user(const MgSmtpSession *session)
{
    MgSpan network;
    if (session->submission || session->login != NULL)
        return true;
    for (const char *list = session->relay_from; mg_text_next_item(&list, &network);)
        if (mg_text_network_has(network, session->peer))
            return true;
    return false;
}

static void accept_recipient(MgSmtpSession *session)
{
    g_ptr_array_add(session->recipients, g_steal_pointer(&session->recipient));
    g_array_append_val(session->wishes, session->wish);
    session->wish = (MgMailWish){0};
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
        mg_smtp_note(session, MG_SMTP_R_NO_MAILBOX, (MgSpan){NULL, 0});
        mg_smtp_reply(session, 550, "5.1.1", "No mailbox here for <%s>", session->recipient);
        break;
    case MG_MAILBOX_FULL:
        mg_smtp_reply(session, 452, "4.2.2", "The mailbox of <%s> is full", session->recipient);
        break;
    default:
        mg_smtp_reply(session, 451, "4.3.0", "The mailboxes cannot be asked now");
    }
    mg_smtp_forget_recipient(session);
}

void mg_smtp_judge_recipient(MgSmtpSession *session)
{
    bool local = session->lmtp || mg_smtp_is_local(session, session->recipient);
    bool alias = local && !session->lmtp && mg_alias_has(session->aliases, session->recipient);
    if (local && session->store && !alias)
        mg_smtp_ask_mailbox(session, MG_SMTP_WAIT_MAILBOX);
    else
        accept_recipient(session);
}

void mg_smtp_do_rcpt(MgSmtpSession *session, MgSpan argument)
{
    MgPath path;
    MgSpan list;
    mg_smtp_forget_recipient(session);
    if (!take_path(session, argument, MG_SPAN("TO:"), &path, &list))
        return;
    session->tried_recipient = true;
    if (path.mailbox.len == 0) {
        mg_smtp_refuse(session, MG_SMTP_R_PATH, 501, "5.1.3", "A recipient cannot be empty");
        return;
    }
    if (!take_parameters(session, WITH_RCPT, list)) {
        mg_smtp_forget_recipient(session);
        return;
    }
    if (session->recipients->len >= session->recipients_max) { /* RFC 5321 §4.5.3.1.10 */
        mg_smtp_note(session, MG_SMTP_R_MANY, mg_smtp_line(session));
        mg_smtp_reply(session, 452, "4.5.3", "Too many recipients, send the rest later");
        mg_smtp_forget_recipient(session);
        return;
    }
    session->recipient = g_strndup((const char *)path.mailbox.data, path.mailbox.len);
    if (mg_smtp_magic(session))
        return;
    if (!session->lmtp && !mg_smtp_is_local(session, session->recipient) &&
        !mg_smtp_may_relay(session)) {
        mg_smtp_note(session, MG_SMTP_R_RELAY, path.mailbox);
        mg_smtp_reply(session, 550, "5.7.1", "Relay denied: no mail for <%s> from you here",
                      session->recipient);
        mg_smtp_forget_recipient(session);
        return;
    }
    if (!mg_smtp_ask_policy(session, MG_STAGE_RCPT))
        mg_smtp_judge_recipient(session);
}
