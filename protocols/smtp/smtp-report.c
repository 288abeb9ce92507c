/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-report.c - the letter that tells a sender what could not be delivered
 *
 * Three parts (RFC 6522 §3): words for people, lines for programs (RFC 3464), and the header of the
 * letter, so that the sender knows which one it was.
 */
#include "smtp-report.h"

#include "smtp-letter.h"
#include "text.h"

static void part(GString *out, const MgReport *report, const char *type)
{
    g_string_append_printf(out, "\r\n--%s\r\nContent-Type: %s\r\n\r\n", report->id, type);
}

static void add_header(GString *out, const MgReport *report)
{
    g_string_append_printf(out,
                           "From: Mail Delivery System <MAILER-DAEMON@%s>\r\n"
                           "To: <%s>\r\n"
                           "Subject: Undelivered mail returned to sender\r\n"
                           "Date: ",
                           report->host, report->to);
    mg_text_add_date(out, report->now);
    g_string_append_printf(out,
                           "\r\nMessage-ID: <%s.bounce@%s>\r\n"
                           "Auto-Submitted: auto-replied\r\n" /* RFC 3834 §5 */
                           "MIME-Version: 1.0\r\n"
                           "Content-Type: multipart/report; report-type=delivery-status;\r\n"
                           "\tboundary=\"%s\"\r\n",
                           report->id, report->host, report->id);
}

static void add_words(GString *out, const MgReport *report)
{
    part(out, report, "text/plain; charset=us-ascii");
    g_string_append_printf(out,
                           "This is the mail server %s.\r\n\r\n"
                           "Your message could not be delivered to these recipients:\r\n",
                           report->host);
    for (size_t i = 0; i < report->n_rows; i++) {
        const MgReportRow *row = &report->rows[i];
        g_string_append_printf(out, "\r\n<%s>\r\n    %s\r\n", row->recipient, row->diagnostic);
        if (row->remote != NULL)
            g_string_append_printf(out, "    (said by %s)\r\n", row->remote);
    }
}

static void add_status(GString *out, const MgReport *report)
{
    part(out, report, "message/delivery-status");
    g_string_append_printf(out, "Reporting-MTA: dns; %s\r\nArrival-Date: ", report->host);
    mg_text_add_date(out, report->arrived);
    g_string_append(out, "\r\n");
    for (size_t i = 0; i < report->n_rows; i++) {
        const MgReportRow *row = &report->rows[i];
        g_string_append_printf(out,
                               "\r\nFinal-Recipient: rfc822; %s\r\nAction: failed\r\n"
                               "Status: %s\r\n",
                               row->recipient, row->status);
        if (row->remote != NULL)
            g_string_append_printf(out, "Remote-MTA: dns; %s\r\n", row->remote);
        g_string_append_printf(out, "Diagnostic-Code: smtp; %s\r\n", row->diagnostic);
    }
}

GString *mg_report_write(const MgReport *report)
{
    GString *out = g_string_sized_new(2048);
    add_header(out, report);
    add_words(out, report);
    add_status(out, report);
    part(out, report, "text/rfc822-headers");
    g_string_append_len(out, (const char *)report->letter.data,
                        (gssize)mg_letter_header_len(report->letter));
    g_string_append_printf(out, "\r\n--%s--\r\n", report->id);
    for (size_t i = 0; i < out->len; i++) /* a report goes through every server, 8BITMIME or not */
        if ((uint8_t)out->str[i] >= 0x80)
            out->str[i] = '?';
    return out;
}
