/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-report.c - the letter that tells a sender what became of a mail
 *
 * Three parts (RFC 6522 §3): words for people, lines for programs (RFC 3464), and the letter or its
 * header, so that the sender knows which one it was.
 */
#include "smtp-report.h"

#include "smtp-letter.h"
#include "text.h"

/* What is said of recipients with one Action; what matters most stands first. */
static const struct {
    const char *action, *subject, *words;
} kinds[] = {
    {"failed", "Undelivered mail returned to sender",
     "Your message could not be delivered to these recipients:"},
    {"delayed", "Delayed mail (still being tried)",
     "Your message waits for these recipients. There is nothing for you to do;\r\n"
     "it is tried again and again:"},
    {"delivered", "Successful mail delivery report",
     "Your message was delivered to these recipients:"},
    {"relayed", "Successful mail delivery report",
     "Your message was handed on for these recipients, to a server that will not\r\n"
     "tell you when it has arrived:"},
    {"expanded", "Successful mail delivery report",
     "These recipients are lists; your message went on to everybody on them:"},
};

static bool has(const MgReport *report, const char *action)
{
    for (size_t i = 0; i < report->n_rows; i++)
        if (strcmp(report->rows[i].action, action) == 0)
            return true;
    return false;
}

static void part(GString *out, const MgReport *report, const char *type)
{
    g_string_append_printf(out, "\r\n--%s\r\nContent-Type: %s\r\n\r\n", report->id, type);
}

/* Others have said it: it must not make a line of its own, or two. */
static void add_said(GString *out, const char *before, const char *text, const char *after)
{
    g_string_append(out, before);
    size_t start = out->len;
    g_string_append(out, text);
    for (size_t i = start; i < out->len; i++)
        if ((uint8_t)out->str[i] < 0x20 || out->str[i] == 0x7f)
            out->str[i] = '?';
    g_string_append(out, after);
}

static void add_date(GString *out, const char *name, int64_t when)
{
    g_string_append_printf(out, "%s: ", name);
    mg_text_add_date(out, when);
    g_string_append(out, "\r\n");
}

static void add_header(GString *out, const MgReport *report)
{
    size_t kind = 0;
    while (kind + 1 < G_N_ELEMENTS(kinds) && !has(report, kinds[kind].action))
        kind++;
    g_string_append_printf(out,
                           "From: Mail Delivery System <MAILER-DAEMON@%s>\r\n"
                           "To: <%s>\r\n"
                           "Subject: %s\r\n",
                           report->host, report->to, kinds[kind].subject);
    add_date(out, "Date", report->now);
    g_string_append_printf(out,
                           "Message-ID: <%s.%s@%s>\r\n"
                           "Auto-Submitted: auto-replied\r\n" /* RFC 3834 §5 */
                           "MIME-Version: 1.0\r\n"
                           "Content-Type: multipart/report; report-type=delivery-status;\r\n"
                           "\tboundary=\"%s\"\r\n",
                           report->id, kind == 0 ? "bounce" : kinds[kind].action, report->host,
                           report->id);
}

static void add_words(GString *out, const MgReport *report)
{
    part(out, report, "text/plain; charset=us-ascii");
    g_string_append_printf(out, "This is the mail server %s.\r\n", report->host);
    for (size_t kind = 0; kind < G_N_ELEMENTS(kinds); kind++) {
        if (has(report, kinds[kind].action))
            g_string_append_printf(out, "\r\n%s\r\n", kinds[kind].words);
        for (size_t i = 0; i < report->n_rows; i++) {
            const MgReportRow *row = &report->rows[i];
            if (strcmp(row->action, kinds[kind].action) != 0)
                continue;
            add_said(out, "\r\n<", row->recipient, ">\r\n");
            if (row->diagnostic != NULL)
                add_said(out, "    ", row->diagnostic, "\r\n");
            if (row->remote != NULL)
                add_said(out, "    (said by ", row->remote, ")\r\n");
        }
    }
}

/* RFC 3464 §2.3, in its order. §2.3.6: "smtp" is what a server has said, our own words are not. */
static void add_recipient(GString *out, const MgReport *report, const MgReportRow *row)
{
    bool failed = strcmp(row->action, "failed") == 0;
    bool delayed = strcmp(row->action, "delayed") == 0;
    const char *status = failed ? "5.0.0" : delayed ? "4.0.0" : "2.0.0";
    g_string_append(out, "\r\n");
    if (row->original != NULL)
        add_said(out, "Original-Recipient: ", row->original, "\r\n");
    add_said(out, "Final-Recipient: rfc822; ", row->recipient, "\r\n");
    g_string_append_printf(out, "Action: %s\r\n", row->action);
    add_said(out, "Status: ", row->status != NULL ? row->status : status, "\r\n");
    if (row->remote != NULL)
        add_said(out, "Remote-MTA: dns; ", row->remote, "\r\n");
    if (row->diagnostic != NULL)
        add_said(out,
                 row->remote != NULL ? "Diagnostic-Code: smtp; " : "Diagnostic-Code: X-Mailglass; ",
                 row->diagnostic, "\r\n");
    if (delayed)
        add_date(out, "Will-Retry-Until", report->until);
}

static void add_status(GString *out, const MgReport *report)
{
    part(out, report, "message/delivery-status");
    if (report->envid != NULL) /* RFC 3464 §2.2.1: decoded, as it was said */
        add_said(out, "Original-Envelope-Id: ", report->envid, "\r\n");
    g_string_append_printf(out, "Reporting-MTA: dns; %s\r\n", report->host);
    add_date(out, "Arrival-Date", report->arrived);
    for (size_t i = 0; i < report->n_rows; i++)
        add_recipient(out, report, &report->rows[i]);
}

/* RFC 3461 §4.3: the whole letter only if it was asked for and something has failed. One in eight
 * bits stays here: a report must get through every server, 8BITMIME or not. */
static void add_letter(GString *out, const MgReport *report)
{
    bool whole = report->whole && has(report, "failed") && !mg_letter_has_8bit(report->letter);
    part(out, report, whole ? "message/rfc822" : "text/rfc822-headers");
    g_string_append_len(
        out, (const char *)report->letter.data,
        (gssize)(whole ? report->letter.len : mg_letter_header_len(report->letter)));
    g_string_append_printf(out, "\r\n--%s--\r\n", report->id);
}

GString *mg_report_write(const MgReport *report)
{
    GString *out = g_string_sized_new(2048);
    add_header(out, report);
    add_words(out, report);
    add_status(out, report);
    add_letter(out, report);
    for (size_t i = 0; i < out->len; i++)
        if ((uint8_t)out->str[i] >= 0x80)
            out->str[i] = '?';
    return out;
}
