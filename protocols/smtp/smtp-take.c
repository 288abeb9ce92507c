/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-take.c - the letter comes in: with DATA up to the final dot, or with BDAT in pieces of a
 * length that was said (RFC 3030)
 *
 * A letter is collected as it comes: what is larger than the limit is read to its end and not kept.
 * A lone CR or LF in it is refused either way. With BDAT it could not end the letter, but the next
 * server gets it with DATA, and there it could ("SMTP smuggling").
 */
#include "smtp-letter.h"
#include "smtp-session.h"
#include "text.h"

/* ---- the end of a letter ---- */

static void end_of_mail(MgSmtpSession *session)
{
    mg_smtp_forget_mail(session);
    mg_smtp_enter(session, MG_SMTP_READY);
}

void mg_smtp_reply_to_letter(MgSmtpSession *session, unsigned code, const char *enhanced,
                             const char *text)
{
    for (unsigned i = 0; i < (session->lmtp ? session->recipients->len : 1); i++)
        mg_smtp_reply(session, code, enhanced, "%s", text);
    end_of_mail(session);
}

void mg_smtp_take_responsibility(MgSmtpSession *session)
{
    session->n_appended = 0;
    if (session->lmtp)
        mg_smtp_ask_mailbox(session, MG_SMTP_WAIT_APPEND);
    else
        mg_smtp_ask_accept(session);
}

void mg_smtp_appended(MgSmtpSession *session, const MgMailboxAnswer *answer)
{
    const char *recipient = g_ptr_array_index(session->recipients, session->n_appended);
    switch (answer != NULL ? answer->result : MG_MAILBOX_FAILED) {
    case MG_MAILBOX_OK:
        mg_smtp_reply(session, 250, "2.1.5", "Delivered to <%s>", recipient);
        break;
    case MG_MAILBOX_NONE:
        mg_smtp_note(session, MG_SMTP_R_NO_MAILBOX, (MgSpan){NULL, 0});
        mg_smtp_reply(session, 550, "5.1.1", "No mailbox here for <%s>", recipient);
        break;
    case MG_MAILBOX_FULL:
        mg_smtp_reply(session, 452, "4.2.2", "The mailbox of <%s> is full", recipient);
        break;
    default:
        mg_smtp_reply(session, 451, "4.3.0", "The mailboxes cannot be asked now");
    }
    if (++session->n_appended < session->recipients->len)
        mg_smtp_ask_mailbox(session, MG_SMTP_WAIT_APPEND);
    else
        end_of_mail(session);
}

/* What is wrong with what has come so far; NULL: nothing. */
static const MgSmtpRefusal *fault_of(const MgSmtpSession *session)
{
    static const MgSmtpRefusal
        large = {MG_SMTP_R_SIZE, 552, "5.3.4", "The message is too large"},
        lone_lf = {MG_SMTP_R_BARE_LF, 521, "5.5.2", "Lines must end with CR LF"},
        lone_cr = {MG_SMTP_R_BARE_CR, 521, "5.5.2", "Lines must end with CR LF"},
        lone_lf_in_piece = {MG_SMTP_R_BARE_LF, 554, "5.6.0", "Lines must end with CR LF"},
        lone_cr_in_piece = {MG_SMTP_R_BARE_CR, 554, "5.6.0", "Lines must end with CR LF"},
        long_line = {MG_SMTP_R_TEXT_LONG, 500, "5.5.2", "A line of the message is too long"};
    if (session->data_fault == MG_SMTP_R_BARE_LF)
        return session->by_chunks ? &lone_lf_in_piece : &lone_lf;
    if (session->data_fault == MG_SMTP_R_BARE_CR)
        return session->by_chunks ? &lone_cr_in_piece : &lone_cr;
    if (session->too_large) /* RFC 1870 §6.3 */
        return &large;
    return session->data_fault == MG_SMTP_R_TEXT_LONG ? &long_line : NULL; /* §4.5.3.1.9 */
}

/* All of it is there: `where` is its last octets, or the command that said so. */
static void end_of_letter(MgSmtpSession *session, MgSpan where)
{
    const MgSmtpRefusal *fault = fault_of(session);
    if (fault != NULL) {
        mg_smtp_note(session, fault->rule, where);
        if (fault->rule != MG_SMTP_R_SIZE)
            session->n_errors++;
        mg_smtp_reply_to_letter(session, fault->code, fault->enhanced, fault->text);
        /* Where the two ends disagree about line ends, nothing more of this can be trusted. */
        if (fault->code == 521)
            mg_smtp_finish(session);
        return;
    }
    if (session->body == MG_BODY_7BIT &&
        mg_letter_has_8bit((MgSpan){session->data->data + session->postmark,
                                    session->data->len - session->postmark})) {
        mg_smtp_note(session, MG_SMTP_R_8BIT, where);
        session->body = MG_BODY_8BITMIME;
    }
    if (!mg_smtp_mischief(session, MG_SMTP_AT_LETTER) &&
        !mg_smtp_ask_policy(session, MG_STAGE_MESSAGE))
        mg_smtp_take_responsibility(session);
}

/* ---- its beginning ---- */

/* RFC 5321 §4.4: where it came from and when, as the first line of the letter. With what protocol:
 * RFC 3848, RFC 6531 §4.3. */
static void add_received(MgSmtpSession *session)
{
    g_autoptr(GString) line = g_string_sized_new(256);
    uint64_t id = mg_random_next(&session->seed) >> 32;
    bool v6 = strchr(session->peer, ':') != NULL;
    const char *protocol = session->smtputf8 && session->lmtp ? "UTF8LMTP"
                           : session->smtputf8                ? "UTF8SMTP"
                           : session->lmtp                    ? "LMTP"
                           : session->esmtp                   ? "ESMTP"
                                                              : "SMTP";
    g_string_append_printf(line, "Received: from %s ([%s%s])\r\n\tby %s with %s%s%s id %08X",
                           session->helo, v6 ? "IPv6:" : "", session->peer, session->host, protocol,
                           session->secure && session->esmtp ? "S" : "",
                           session->login != NULL ? "A" : "", (unsigned)id);
    if (session->recipients->len == 1) /* RFC 5321 §7.2: several would tell each of the others */
        g_string_append_printf(line, "\r\n\tfor <%s>",
                               (const char *)g_ptr_array_index(session->recipients, 0));
    g_string_append(line, ";\r\n\t");
    mg_text_add_date(line, session->epoch + session->now / MG_SECONDS);
    g_string_append(line, "\r\n");
    g_byte_array_append(session->data, (const uint8_t *)line->str, (guint)line->len);
}

static void begin_letter(MgSmtpSession *session, bool by_chunks)
{
    g_byte_array_set_size(session->data, 0);
    add_received(session);
    session->postmark = session->data->len;
    session->line_start = true;
    session->line_len = 0;
    session->size = 0;
    session->last = '\n';
    session->data_fault = -1;
    session->too_large = false;
    session->by_chunks = by_chunks;
    session->lax_line = false;
    session->chunk_failed = false;
}

/* Why the letter cannot come now; NULL: it can. */
static const MgSmtpRefusal *too_early(const MgSmtpSession *session)
{
    /* RFC 5321 §3.3: 503, or 554 where recipients were tried and refused */
    static const MgSmtpRefusal nobody = {MG_SMTP_R_ORDER, 554, "5.5.1", "No valid recipients"},
                               no_mail = {MG_SMTP_R_ORDER, 503, "5.5.1", "Say MAIL first"},
                               no_rcpt = {MG_SMTP_R_ORDER, 503, "5.5.1", "Say RCPT first"};
    if (session->recipients->len > 0)
        return NULL;
    return session->tried_recipient ? &nobody : session->mail_from == NULL ? &no_mail : &no_rcpt;
}

static void say_refusal(MgSmtpSession *session, const MgSmtpRefusal *refusal)
{
    mg_smtp_refuse(session, refusal->rule, refusal->code, refusal->enhanced, refusal->text);
}

void mg_smtp_do_data(MgSmtpSession *session, MgSpan argument)
{
    const MgSmtpRefusal *refusal = too_early(session);
    if (refusal != NULL) {
        say_refusal(session, refusal);
    } else if (session->state == MG_SMTP_CHUNKS) {
        mg_smtp_refuse(session, MG_SMTP_R_CHUNK_ORDER, 503, "5.5.1",
                       "The letter has begun with BDAT; go on with it, or say RSET");
    } else if (session->body == MG_BODY_BINARY) {
        mg_smtp_refuse(session, MG_SMTP_R_BODY, 503, "5.5.1", "BINARYMIME wants BDAT");
    } else {
        begin_letter(session, false);
        mg_smtp_enter(session, MG_SMTP_DATA);
        mg_smtp_reply(session, 354, NULL, "End data with <CR><LF>.<CR><LF>");
    }
}

/* ---- DATA ---- */

/* Keeps octets of the letter that hold at most one LF, at their end. */
static void keep(MgSmtpSession *session, const uint8_t *bytes, size_t len, bool lf)
{
    bool whole = lf && (len > 1 ? bytes[len - 2] : session->last) == '\r';
    bool ended = whole || (lf && session->lines == MG_SMTP_LINES_LAX);
    /* A CR is alone if what follows it is there and is not LF. */
    size_t followed = len - MIN(len, lf ? 2 : 1);
    bool bare_cr = (session->last == '\r' && bytes[0] != '\n') ||
                   (followed > 0 && memchr(bytes, '\r', followed) != NULL);
    session->line_len += len;
    session->size += len;
    if (lf && !whole && session->lines == MG_SMTP_LINES_STRICT)
        session->data_fault = MG_SMTP_R_BARE_LF;
    else if (bare_cr && session->lines == MG_SMTP_LINES_STRICT &&
             session->data_fault != MG_SMTP_R_BARE_LF)
        session->data_fault = MG_SMTP_R_BARE_CR;
    else if (session->text_line_max > 0 && session->line_len > session->text_line_max &&
             session->data_fault < 0)
        session->data_fault = MG_SMTP_R_TEXT_LONG;
    if (session->size_max > 0 && session->size > session->size_max)
        session->too_large = true;
    session->last = bytes[len - 1];
    session->line_start = ended;
    session->lax_line = ended && !whole;
    if (ended)
        session->line_len = 0;
    if (!session->too_large && session->data_fault < 0) {
        g_byte_array_append(session->data, bytes, (guint)len - (session->lax_line ? 1 : 0));
        if (session->lax_line) /* the mailbox wants whole lines */
            g_byte_array_append(session->data, (const uint8_t *)"\r\n", 2);
    } else if (session->data->len > 0)
        g_byte_array_set_size(session->data, 0);
}

/* Reads of the letter what is there. Returns false when more is needed. */
static bool read_data(MgSmtpSession *session)
{
    const uint8_t *start = (const uint8_t *)session->in->str + session->in_at;
    const uint8_t *at = start, *end = (const uint8_t *)session->in->str + session->in->len;
    static const MgSpan dot = {(const uint8_t *)".\r\n", 3};
    bool done = false;
    while (at < end && !done) {
        if (session->line_start && *at == '.') {
            size_t left = (size_t)(end - at);
            if (left < 2 || (left < 3 && at[1] == '\r'))
                break; /* perhaps the final dot */
            bool lone = at[1] == '\n' && session->lines == MG_SMTP_LINES_LAX;
            done = lone || (at[1] == '\r' && at[2] == '\n');
            if (done && (lone || session->lax_line))
                mg_smtp_note(session, MG_SMTP_R_LAX_END, dot);
            at += lone ? 2 : done ? 3 : 1; /* RFC 5321 §4.5.2: a dot that was added goes */
            session->line_start = false;
            continue;
        }
        const uint8_t *lf = memchr(at, '\n', (size_t)(end - at));
        const uint8_t *next = lf != NULL ? lf + 1 : end;
        keep(session, at, (size_t)(next - at), lf != NULL);
        at = next;
    }
    session->in_at += (size_t)(at - start);
    session->taken += (uint64_t)(at - start);
    if (done)
        end_of_letter(session, dot);
    return done;
}

/* ---- BDAT ---- */

/* Octets of a piece, line by line as keep() wants them; of a binary letter as they are. */
static void keep_piece(MgSmtpSession *session, const uint8_t *at, size_t len)
{
    if (session->body == MG_BODY_BINARY) {
        session->size += len;
        session->too_large =
            session->too_large || (session->size_max > 0 && session->size > session->size_max);
        if (!session->too_large)
            g_byte_array_append(session->data, at, (guint)len);
        return;
    }
    for (const uint8_t *end = at + len; at < end;) {
        const uint8_t *lf = memchr(at, '\n', (size_t)(end - at));
        const uint8_t *next = lf != NULL ? lf + 1 : end;
        keep(session, at, (size_t)(next - at), lf != NULL);
        at = next;
    }
}

/* RFC 5321 §2.3.8 counts lines, so the last one is made whole. */
static void end_last_line(MgSmtpSession *session)
{
    if (session->body == MG_BODY_BINARY || session->line_start)
        return;
    if (session->last == '\r' && session->data_fault != MG_SMTP_R_BARE_LF)
        session->data_fault = MG_SMTP_R_BARE_CR;
    if (!session->too_large && session->data_fault < 0)
        g_byte_array_append(session->data, (const uint8_t *)"\r\n", 2);
}

/* The piece has come. */
static void end_of_piece(MgSmtpSession *session)
{
    if (session->chunk_refusal != NULL) {
        say_refusal(session, session->chunk_refusal);
        session->chunk_refusal = NULL;
        return;
    }
    if (session->chunk_last) {
        end_last_line(session);
        end_of_letter(session, mg_smtp_line(session));
        return;
    }
    const MgSmtpRefusal *fault = fault_of(session);
    mg_smtp_enter(session, MG_SMTP_CHUNKS);
    if (fault != NULL) { /* RFC 3030 §2: from here on only RSET helps */
        session->chunk_failed = true;
        g_byte_array_set_size(session->data, 0);
        say_refusal(session, fault);
    } else {
        mg_smtp_reply(session, 250, "2.0.0", "%" G_GUINT64_FORMAT " octets taken", session->chunk);
    }
}

/* "1000", "1000 LAST" */
static bool read_piece_size(MgSpan argument, uint64_t *size, bool *last)
{
    size_t len = 0;
    while (len < argument.len && argument.data[len] != ' ')
        len++;
    MgSpan word = mg_smtp_trim(mg_span_slice(argument, len, argument.len - len));
    *last = word.len > 0;
    return len <= 20 && (!*last || mg_span_equal_nocase(word, MG_SPAN("LAST"))) &&
           mg_text_parse_uint(mg_span_slice(argument, 0, len), UINT64_MAX, size);
}

/* The octets come whatever the answer will be (RFC 3030 §4.2), so they are read in any case. */
void mg_smtp_do_bdat(MgSmtpSession *session, MgSpan argument)
{
    static const MgSmtpRefusal failed = {MG_SMTP_R_CHUNK_ORDER, 503, "5.5.1",
                                         "A piece was refused; say RSET"},
                               not_here = {MG_SMTP_R_NOT_HERE, 502, "5.5.1", "Not offered here"};
    bool offered = session->esmtp && (session->extensions & MG_SMTP_X_CHUNKING) != 0;
    uint64_t size = 0;
    if (!read_piece_size(argument, &size, &session->chunk_last)) {
        if (!offered) {
            say_refusal(session, &not_here);
            return;
        }
        mg_smtp_refuse(session, MG_SMTP_R_CHUNK_SIZE, 501, "5.5.4",
                       "Say BDAT, the number of octets, and LAST with the last piece");
        mg_smtp_finish(session);
        return;
    }
    session->chunk = session->chunk_left = size;
    session->chunk_refusal = !offered ? &not_here : too_early(session);
    if (session->chunk_refusal == NULL && session->state == MG_SMTP_CHUNKS && session->chunk_failed)
        session->chunk_refusal = &failed;
    if (session->chunk_refusal == NULL) {
        if (session->state == MG_SMTP_RECIPIENTS)
            begin_letter(session, true);
        mg_smtp_enter(session, MG_SMTP_CHUNK);
    }
    if (size == 0)
        end_of_piece(session);
}

static bool read_piece(MgSmtpSession *session)
{
    const uint8_t *start = (const uint8_t *)session->in->str + session->in_at;
    size_t len = (size_t)MIN(session->in->len - session->in_at, session->chunk_left);
    session->in_at += len;
    session->taken += len;
    session->chunk_left -= len;
    if (session->chunk_refusal == NULL)
        keep_piece(session, start, len);
    if (session->chunk_left > 0)
        return false;
    end_of_piece(session);
    return true;
}

bool mg_smtp_read_letter(MgSmtpSession *session)
{
    return session->chunk_left > 0 ? read_piece(session) : read_data(session);
}
