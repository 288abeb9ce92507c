/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-queue-tell.c - what the sender of a queued mail is told: failures, delays, success
 *
 * Who is told what, RFC 3461 §4.1 decides: without NOTIFY failures and long delays, with NOTIFY
 * what it names. All that there is to tell goes into one letter, as soon as nothing else can be
 * done at once. It comes from the null sender, and nobody is ever told of such a letter's own
 * fate (RFC 5321 §6.1): else two servers could write to each other for ever.
 */
#include "smtp-queue-private.h"
#include "smtp-report.h"

#define ACCEPT_TIMEOUT (2 * MG_MINUTES)
#define REPORTS_MAX    3u /* times that a report is tried to be handed over */

static bool wants(const MgQueue *queue, const MgQueueRecipient *recipient, MgNotify what)
{
    unsigned notify =
        recipient->notify != 0 ? recipient->notify : MG_NOTIFY_FAILURE | MG_NOTIFY_DELAY;
    return queue->mail_from[0] != '\0' && (notify & (unsigned)what) != 0;
}

void mg_queue_fail(MgQueue *queue, MgQueueRecipient *recipient)
{
    queue->dirty = true;
    recipient->fate = MG_QUEUE_FAILED;
    recipient->tell = MG_QUEUE_TELL_FAILED;
    if (wants(queue, recipient, MG_NOTIFY_FAILURE))
        return;
    bool null_sender = queue->mail_from[0] == '\0';
    mg_queue_note(queue, null_sender ? MG_QUEUE_R_DROPPED : MG_QUEUE_R_NOT_TOLD,
                  recipient->address);
    recipient->fate = MG_QUEUE_SETTLED;
    recipient->tell = MG_QUEUE_TELL_NOTHING;
    mg_queue_say_fate(queue, MG_FATE_DROPPED, recipient);
}

void mg_queue_succeed(MgQueue *queue, MgQueueRecipient *recipient, MgQueueTell how)
{
    queue->dirty = true;
    recipient->fate = MG_QUEUE_SETTLED;
    recipient->tell = wants(queue, recipient, MG_NOTIFY_SUCCESS) ? how : MG_QUEUE_TELL_NOTHING;
}

void mg_queue_delayed(MgQueue *queue, MgQueueRecipient *recipient)
{
    if (recipient->warned || !wants(queue, recipient, MG_NOTIFY_DELAY) ||
        queue->now - queue->born < queue->warn)
        return;
    recipient->warned = true;
    recipient->tell = MG_QUEUE_TELL_DELAYED;
}

bool mg_queue_has_news(const MgQueue *queue)
{
    for (unsigned i = 0; i < queue->recipients->len; i++)
        if (mg_queue_recipient(queue, i)->tell != MG_QUEUE_TELL_NOTHING)
            return true;
    return false;
}

/* ---- the letter ---- */

static void write_report(MgQueue *queue)
{
    static const char *const actions[] = {
        [MG_QUEUE_TELL_NOTHING] = "",        [MG_QUEUE_TELL_FAILED] = "failed",
        [MG_QUEUE_TELL_DELAYED] = "delayed", [MG_QUEUE_TELL_DELIVERED] = "delivered",
        [MG_QUEUE_TELL_RELAYED] = "relayed", [MG_QUEUE_TELL_EXPANDED] = "expanded"};
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(MgReportRow));
    for (unsigned i = 0; i < queue->recipients->len; i++) {
        const MgQueueRecipient *recipient = mg_queue_recipient(queue, i);
        MgReportRow row = {.recipient = recipient->address,
                           .original = recipient->orcpt,
                           .action = actions[recipient->tell],
                           .status = recipient->status,
                           .diagnostic = recipient->diagnostic,
                           .remote = recipient->remote};
        if (recipient->tell != MG_QUEUE_TELL_NOTHING)
            g_array_append_val(rows, row);
    }
    int64_t until = queue->epoch + (queue->born + queue->give_up) / MG_SECONDS;
    MgReport report = {.host = queue->host,
                       .to = queue->mail_from,
                       .id = queue->id,
                       .envid = queue->envid,
                       .arrived = queue->epoch + queue->born / MG_SECONDS,
                       .now = queue->epoch + queue->now / MG_SECONDS,
                       .until = until,
                       .letter = {queue->letter->data, queue->letter->len},
                       .whole = queue->ret == MG_RET_FULL,
                       .rows = (const MgReportRow *)(void *)rows->data,
                       .n_rows = rows->len};
    if (queue->report != NULL)
        g_string_free(queue->report, TRUE);
    queue->report = mg_report_write(&report);
}

void mg_queue_tell_sender(MgQueue *queue)
{
    write_report(queue);
    g_ptr_array_set_size(queue->asked, 0);
    g_ptr_array_add(queue->asked, queue->mail_from);
    queue->question.accept =
        (MgAcceptQuestion){.mail_from = "",
                           .recipients = (const char *const *)queue->asked->pdata,
                           .n_recipients = 1,
                           .data = mg_span_from_string(queue->report->str),
                           .smtputf8 = queue->smtputf8};
    mg_queue_ask(queue, MG_QUEUE_WAIT_REPORT, MG_TOPIC_ACCEPT, ACCEPT_TIMEOUT);
}

/* ---- what became of the letter ---- */

static void told(MgQueue *queue, MgFateKind kind)
{
    unsigned rule = MG_QUEUE_R_SUCCESS_TOLD;
    for (unsigned i = 0; i < queue->recipients->len; i++) {
        MgQueueTell tell = mg_queue_recipient(queue, i)->tell;
        if (tell == MG_QUEUE_TELL_FAILED)
            rule = MG_QUEUE_R_BOUNCED;
        else if (tell == MG_QUEUE_TELL_DELAYED && rule != MG_QUEUE_R_BOUNCED)
            rule = MG_QUEUE_R_DELAY_TOLD;
    }
    mg_queue_note(queue, kind == MG_FATE_BOUNCED ? rule : MG_QUEUE_R_DROPPED, queue->id);
    for (unsigned i = 0; i < queue->recipients->len; i++) {
        MgQueueRecipient *recipient = mg_queue_recipient(queue, i);
        recipient->tell = MG_QUEUE_TELL_NOTHING;
        if (recipient->fate != MG_QUEUE_FAILED)
            continue;
        recipient->fate = MG_QUEUE_SETTLED;
        mg_queue_say_fate(queue, kind, recipient);
    }
    queue->n_reports = 0;
}

void mg_queue_report_answered(MgQueue *queue, const MgAcceptAnswer *answer)
{
    queue->dirty = true;
    if (answer != NULL && answer->code >= 200 && answer->code <= 299)
        told(queue, MG_FATE_BOUNCED);
    else if (answer != NULL && answer->code < 500 && ++queue->n_reports < REPORTS_MAX)
        queue->report_due = queue->now + queue->delays[0];
    else
        told(queue, MG_FATE_DROPPED);
}
