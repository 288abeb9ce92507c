/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-client-say.c - what the client says of a mail: the envelope with the parameters that the
 * server offered, and the letter, with DATA or in pieces with BDAT
 *
 * What a mail needs and the server does not offer is found out before anything is said: then the
 * recipients have their verdict at once.
 */
#include "smtp-address.h"
#include "smtp-client-private.h"
#include "smtp-letter.h"
#include "smtp-xtext.h"

static bool offers(const MgSmtpClient *client, unsigned extension)
{
    return (client->offers & extension) != 0;
}

/* ---- the question ---- */

/* RFC 6531 §3.2: a domain has a form in ASCII, so only the part before the @ can need SMTPUTF8. */
static const char *spoken(MgSmtpClient *client, const char *address)
{
    MgSpan domain = mg_smtp_domain_of(address);
    MgSpan local = {(const uint8_t *)address, strlen(address) - domain.len};
    if (mg_smtp_is_ascii(domain) || !mg_smtp_is_ascii(local))
        return g_string_chunk_insert(client->strings, address);
    g_autofree char *ascii = mg_smtp_ascii_domain(domain);
    if (ascii == NULL)
        return g_string_chunk_insert(client->strings, address);
    g_autofree char *whole =
        g_strdup_printf("%.*s%s", (int)local.len, (const char *)local.data, ascii);
    return g_string_chunk_insert(client->strings, whole);
}

static const char *keep(MgSmtpClient *client, const char *text)
{
    return text != NULL ? g_string_chunk_insert(client->strings, text) : NULL;
}

/* Is it lines and nothing else, so that DATA can carry it as it is? */
static bool is_lines(MgSpan letter)
{
    size_t line = 0;
    for (size_t i = 0; i < letter.len; i++) {
        bool lf = letter.data[i] == '\n', before = i > 0 && letter.data[i - 1] == '\r';
        if (lf != before || letter.data[i] == '\0')
            return false;
        line = lf ? 0 : line + 1;
        if (line >= MG_SMTP_TEXT_LINE_MAX)
            return false;
    }
    return line == 0;
}

void mg_client_take_mail(MgSmtpClient *client, const MgMail *mail)
{
    size_t n = mail->n_recipients;
    client->mail = *mail;
    client->mail.envid = keep(client, mail->envid);
    client->mail.auth = keep(client, mail->auth);
    client->mail_from = spoken(client, mail->mail_from != NULL ? mail->mail_from : "");
    client->n_recipients = n;
    client->recipients = g_new0(const char *, n + 1);
    client->wishes = g_new0(MgMailWish, n + 1);
    client->verdicts = g_new0(MgVerdict, n + 1);
    client->accepted = g_new0(bool, n + 1);
    client->steps = g_new0(size_t, n + 1);
    for (size_t i = 0; i < n; i++) {
        client->recipients[i] = spoken(client, mail->recipients[i]);
        if (mail->wishes != NULL)
            client->wishes[i] = (MgMailWish){.notify = mail->wishes[i].notify,
                                             .orcpt = keep(client, mail->wishes[i].orcpt)};
    }
    client->binary = mail->body == MG_BODY_BINARY && !is_lines(mail->data);
    if (client->binary || client->keeps_lines) {
        client->letter = g_byte_array_sized_new((guint)mail->data.len);
        g_byte_array_append(client->letter, mail->data.data, (guint)mail->data.len);
        if (!client->binary)
            mg_letter_end_line(client->letter);
    } else {
        client->letter = mg_letter_copy(mail->data);
    }
    client->eight_bit = mg_letter_has_8bit((MgSpan){client->letter->data, client->letter->len});
    client->mail.data = (MgSpan){NULL, 0};
    client->mail.recipients = NULL;
    client->mail.wishes = NULL;
}

/* ---- what the mail needs ---- */

static void fail_all(MgSmtpClient *client, unsigned rule, MgVerdict verdict)
{
    mg_client_note(client, rule);
    mg_client_set_verdicts(client, verdict);
}

static bool is_ascii(const char *text)
{
    return mg_smtp_is_ascii(mg_span_from_string(text));
}

/* Without SMTPUTF8 the recipients that can be said in ASCII still get the mail. */
static void choose_recipients(MgSmtpClient *client)
{
    static const MgVerdict no_utf8 = {553, "5.6.7", "The server does not offer SMTPUTF8"};
    MgSpan letter = {client->letter->data, client->letter->len};
    bool all = !is_ascii(client->mail_from) ||
               (client->mail.smtputf8 &&
                mg_letter_has_8bit(mg_span_slice(letter, 0, mg_letter_header_len(letter))));
    bool some = false;
    for (size_t i = 0; i < client->n_recipients; i++)
        some = some || !is_ascii(client->recipients[i]);
    client->utf8 = (all || some) && offers(client, MG_SMTP_X_SMTPUTF8);
    if ((all || some) && !client->utf8)
        mg_client_note(client, MG_CLIENT_R_UTF8);
    for (size_t i = 0; i < client->n_recipients; i++)
        if (client->utf8 || (!all && is_ascii(client->recipients[i])))
            client->steps[client->n_steps++] = i;
        else
            mg_client_set_verdict(client, i, no_utf8);
}

/* Gives verdicts where something is missing. */
static void look_at_needs(MgSmtpClient *client)
{
    static const MgVerdict large = {552, "5.3.4", "The server takes no message so large"},
                           eight = {554, "5.6.3", "The server does not offer 8BITMIME"},
                           binary = {554, "5.6.3", "The server does not offer BINARYMIME"};
    bool chunks = offers(client, MG_SMTP_X_CHUNKING);
    bool wishes = client->mail.ret != MG_RET_UNSAID || client->mail.envid != NULL;
    for (size_t i = 0; i < client->n_recipients; i++)
        wishes = wishes || client->wishes[i].notify != 0;
    if (offers(client, MG_SMTP_X_SIZE) && client->size_max > 0 &&
        client->letter->len > client->size_max)
        fail_all(client, MG_CLIENT_R_SIZE, large);
    else if (client->binary && !(chunks && offers(client, MG_SMTP_X_BINARYMIME)))
        fail_all(client, MG_CLIENT_R_BINARY, binary);
    else if (client->eight_bit && !client->binary && !offers(client, MG_SMTP_X_8BITMIME))
        fail_all(client, MG_CLIENT_R_8BIT, eight);
    else
        choose_recipients(client);
    if (wishes && client->n_steps > 0 && !client->lmtp && !offers(client, MG_SMTP_X_DSN))
        mg_client_note(client, MG_CLIENT_R_DSN);
    client->by_chunks = chunks && (client->chunking || client->binary);
}

void mg_client_begin_envelope(MgSmtpClient *client)
{
    look_at_needs(client);
    if (client->n_steps == 0) {
        mg_client_quit(client);
        return;
    }
    mg_client_enter(client, MG_CLIENT_ENVELOPE);
    mg_client_go_on(client);
}

/* ---- the envelope ---- */

static void say_mail(const MgSmtpClient *client, GString *out)
{
    g_string_append_printf(out, "MAIL FROM:<%s>", client->mail_from);
    if (offers(client, MG_SMTP_X_SIZE)) /* RFC 1870 §5: as it is before dots are added */
        g_string_append_printf(out, " SIZE=%u", client->letter->len);
    if (client->binary)
        g_string_append(out, " BODY=BINARYMIME");
    else if (client->eight_bit)
        g_string_append(out, " BODY=8BITMIME");
    if (client->utf8)
        g_string_append(out, " SMTPUTF8");
    if (offers(client, MG_SMTP_X_DSN) && client->mail.ret != MG_RET_UNSAID)
        g_string_append(out, client->mail.ret == MG_RET_FULL ? " RET=FULL" : " RET=HDRS");
    if (offers(client, MG_SMTP_X_DSN) && client->mail.envid != NULL) {
        g_string_append(out, " ENVID=");
        mg_xtext_encode(client->mail.envid, out);
    }
    if (offers(client, MG_SMTP_X_AUTH) && client->mail.auth != NULL) { /* RFC 4954 §5 */
        g_string_append(out, " AUTH=");
        mg_xtext_encode(client->mail.auth, out);
    }
    g_string_append(out, "\r\n");
}

/* RFC 6533 §3: letters of all scripts as they are, or as "\x{AC00}". */
static void say_utf8_address(const char *text, bool utf8, GString *out)
{
    for (const char *c = text; *c != '\0'; c = g_utf8_next_char(c)) {
        gunichar letter = g_utf8_get_char(c);
        if (letter >= 0x80 && utf8)
            g_string_append_unichar(out, letter);
        else if (letter >= 0x80)
            g_string_append_printf(out, "\\x{%X}", letter);
        else
            g_string_append_c(out, *c);
    }
}

static void say_wish(const MgSmtpClient *client, const MgMailWish *wish, GString *out)
{
    static const char *const words[] = {"NEVER", "SUCCESS", "FAILURE", "DELAY"};
    const char *before = " NOTIFY=";
    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++)
        if ((wish->notify & 1u << i) != 0) {
            g_string_append_printf(out, "%s%s", before, words[i]);
            before = ",";
        }
    const char *semicolon = wish->orcpt != NULL ? strchr(wish->orcpt, ';') : NULL;
    if (semicolon == NULL || !g_utf8_validate(wish->orcpt, -1, NULL))
        return;
    g_string_append_printf(out, " ORCPT=%.*s;", (int)(semicolon - wish->orcpt), wish->orcpt);
    if (g_ascii_strncasecmp(wish->orcpt, "utf-8;", 6) == 0)
        say_utf8_address(semicolon + 1, client->utf8, out);
    else
        mg_xtext_encode(semicolon + 1, out);
}

static void send_step(MgSmtpClient *client)
{
    GString *out = client->out.octets;
    size_t step = client->sent++;
    if (step == 0) {
        say_mail(client, out);
    } else if (step < mg_client_step_data(client)) {
        size_t recipient = client->steps[step - 1];
        g_string_append_printf(out, "RCPT TO:<%s>", client->recipients[recipient]);
        if (offers(client, MG_SMTP_X_DSN))
            say_wish(client, &client->wishes[recipient], out);
        g_string_append(out, "\r\n");
    } else {
        g_string_append(out, "DATA\r\n");
    }
}

void mg_client_go_on(MgSmtpClient *client)
{
    bool all_at_once = client->pipelining && offers(client, MG_SMTP_X_PIPELINING);
    size_t data = mg_client_step_data(client);
    bool known = client->done == data;
    bool nobody = known && client->n_accepted == 0;
    if ((nobody && (client->by_chunks || !all_at_once)) || (client->mail_refused && !all_at_once)) {
        mg_client_quit(client);
    } else if (known && client->by_chunks) {
        mg_client_enter(client, MG_CLIENT_MESSAGE);
        mg_client_send_pieces(client);
    } else if (!all_at_once) {
        if (client->sent == client->done)
            send_step(client);
    } else {
        while (client->sent < data + (client->by_chunks ? 0 : 1))
            send_step(client);
    }
}

/* ---- the letter ---- */

void mg_client_send_letter(MgSmtpClient *client)
{
    MgSpan letter = {client->letter->data, client->letter->len};
    mg_client_enter(client, MG_CLIENT_MESSAGE);
    if (mg_letter_needs_stuffing(letter)) {
        client->stuffed = g_string_sized_new(letter.len + letter.len / 32);
        mg_letter_stuff(letter, client->stuffed);
        letter = (MgSpan){(const uint8_t *)client->stuffed->str, client->stuffed->len};
    }
    mg_outbox_lend(&client->out, letter);
    g_string_append(client->out.octets, ".\r\n");
}

void mg_client_send_pieces(MgSmtpClient *client)
{
    bool all_at_once = client->pipelining && offers(client, MG_SMTP_X_PIPELINING);
    size_t len = client->letter->len;
    do {
        size_t piece = MIN(client->chunk_size, len - client->letter_at);
        bool last = client->letter_at + piece == len;
        g_string_append_printf(client->out.octets, "BDAT %zu%s\r\n", piece, last ? " LAST" : "");
        mg_outbox_lend(&client->out, (MgSpan){client->letter->data + client->letter_at, piece});
        client->letter_at += piece;
        client->n_pieces++;
    } while (all_at_once && client->letter_at < len);
}
