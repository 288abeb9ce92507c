/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-queue.c - one accepted mail, until each of its recipients has it or its sender was told
 *
 * Recipients of one domain share a *route*: how to get there, and when to try again. Routes are
 * tried one after the other. A route asks for the mail exchangers of its domain, for the address of
 * each, and has the mail sent to one after the other until every recipient has a final verdict
 * (RFC 5321 §5.1). Recipients that are left are tried again later (§4.5.4.1); those that failed for
 * good are told to the sender together, in a mail of its own, when nothing is left to do at once.
 */
#include "smtp-address.h"
#include "smtp-letter.h"
#include "smtp-queue-private.h"
#include "smtp-report.h"
#include "smtp.h"
#include "text.h"

#define ACCEPT_TIMEOUT (2 * MG_MINUTES)
#define REPORTS_MAX    3u /* times that a bounce is tried to be handed over */

static const char ACTIVE[] = N_("active"), DEFERRED[] = N_("deferred"), DONE[] = N_("done");

static const MgTransition transitions[] = {
    {ACTIVE, N_("some recipients could not be reached yet"), DEFERRED, "RFC 5321 §4.5.4.1"},
    {DEFERRED, N_("it is time to try again"), ACTIVE, "RFC 5321 §4.5.4.1"},
    {ACTIVE, N_("every recipient is settled"), DONE, "RFC 5321 §4.2.5"},
    {0},
};

static const MgRule rules[] = {
    [MG_QUEUE_R_DEFERRED] = {"smtp.deferred", MG_SEVERITY_CHAT, "RFC 5321 §4.5.4.1",
                             N_("The mail stays in the queue, which tries again later.")},
    [MG_QUEUE_R_BOUNCED] =
        {"smtp.bounced", MG_SEVERITY_NOTE, "RFC 5321 §6.1",
         N_("The mail cannot be delivered; a letter from the null sender tells it to "
            "whoever sent it.")},
    [MG_QUEUE_R_DROPPED] =
        {"smtp.dropped", MG_SEVERITY_WARN, "RFC 5321 §6.1",
         N_("The mail cannot be delivered and nobody can be told: a report about a "
            "report would never end.")},
    [MG_QUEUE_R_GIVE_UP] = {"smtp.give-up", MG_SEVERITY_NOTE, "RFC 5321 §4.5.4.1",
                            N_("The queue has tried for days; now it gives up.")},
    [MG_QUEUE_R_LOOP] =
        {"smtp.loop", MG_SEVERITY_FAULT, "RFC 5321 §6.3",
         N_("So many servers have passed the mail on that it must be going in a circle.")},
    [MG_QUEUE_R_IMPLICIT_MX] =
        {"smtp.implicit-mx", MG_SEVERITY_CHAT, "RFC 5321 §5.1",
         N_("The domain has no MX record, so its own address is taken as the mail "
            "server.")},
    [MG_QUEUE_R_NULL_MX] = {"smtp.null-mx", MG_SEVERITY_NOTE, "RFC 7505 §3",
                            N_("The domain says with the MX record \".\" that it takes no mail.")},
    [MG_QUEUE_R_SELF_MX] =
        {"smtp.own-mx", MG_SEVERITY_CHAT, "RFC 5321 §5.1",
         N_("This server is in the list of mail exchangers itself: it tries only those "
            "before it.")},
    [MG_QUEUE_R_NO_DOMAIN] = {"smtp.no-domain", MG_SEVERITY_NOTE, "RFC 5321 §5.1",
                              N_("The domain of the recipient does not exist, or has no address.")},
    [MG_QUEUE_R_NEXT_MX] = {"smtp.next-mx", MG_SEVERITY_CHAT, "RFC 5321 §5.1",
                            N_("This mail exchanger cannot take it now; the next one is tried.")},
    {0},
};

static const MgSettingRow setting_rows[] = {
    {"domains", MG_SETTING_TEXT, NULL, N_("The domains whose mail ends here, separated by \";\".")},
    {"deliver", MG_SETTING_TEXT, "store",
     N_("Where mail for these domains goes: `store`, the mailboxes of this host, or "
        "`lmtp:HOST:PORT`.")},
    {"smarthost", MG_SETTING_TEXT, NULL,
     N_("HOST:PORT of a server that takes all mail for other domains, instead of their MX.")},
    {"relay_port", MG_SETTING_UINT, "25",
     N_("The port of other domains' mail exchangers; only tests change it.")},
    {"retry", MG_SETTING_TEXT, "15min;30min;1h;2h;4h",
     N_("How long to wait before each new try, separated by \";\"; the last one repeats.")},
    {"give_up", MG_SETTING_TIME, "5d",
     N_("How long the queue tries before the mail goes back to its sender.")},
    {"hops_max", MG_SETTING_UINT, "100",
     N_("With more Received lines than this a mail is taken to go in a circle.")},
    {0},
};

static void enter(MgQueue *queue, const char *state)
{
    mg_outbox_enter(&queue->out, transitions, &queue->state, state);
}

void mg_queue_note(MgQueue *queue, unsigned rule, const char *where)
{
    char *kept = g_strdup(where != NULL ? where : "");
    g_ptr_array_add(queue->scratch, kept);
    mg_outbox_note(&queue->out, &rules[rule], mg_span_from_string(kept));
}

void mg_queue_say_fate(MgQueue *queue, MgFateKind kind, const MgQueueRecipient *recipient)
{
    MgFate *fate = g_new0(MgFate, 1);
    g_ptr_array_add(queue->scratch, fate);
    *fate = (MgFate){.kind = kind,
                     .mail_from = queue->mail_from,
                     .recipient = recipient->address,
                     .text = g_strdup(recipient->diagnostic)};
    if (fate->text != NULL)
        g_ptr_array_add(queue->scratch, (char *)fate->text);
    mg_outbox_add(&queue->out, (MgEvent){.kind = MG_EVENT_DELIVER,
                                         .deliver = {.type = MG_DELIVER_FATE, .item = fate}});
}

void mg_queue_ask(MgQueue *queue, MgQueueWait wait, const char *topic, MgTime timeout)
{
    queue->wait = wait;
    queue->ask_due = queue->now + timeout;
    mg_outbox_add(
        &queue->out,
        (MgEvent){.kind = MG_EVENT_ASK,
                  .ask = {.id = ++queue->last_ask, .topic = topic, .question = &queue->question}});
}

/* ---- telling the sender ---- */

static void settle_failed(MgQueue *queue, MgFateKind kind)
{
    for (unsigned i = 0; i < queue->recipients->len; i++) {
        MgQueueRecipient *recipient = mg_queue_recipient(queue, i);
        if (recipient->fate != MG_QUEUE_FAILED)
            continue;
        recipient->fate = MG_QUEUE_SETTLED;
        mg_queue_say_fate(queue, kind, recipient);
    }
    queue->n_reports = 0;
}

static void write_report(MgQueue *queue)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(MgReportRow));
    for (unsigned i = 0; i < queue->recipients->len; i++) {
        const MgQueueRecipient *recipient = mg_queue_recipient(queue, i);
        MgReportRow row = {recipient->address, recipient->status, recipient->diagnostic,
                           recipient->remote};
        if (recipient->fate == MG_QUEUE_FAILED)
            g_array_append_val(rows, row);
    }
    MgReport report = {.host = queue->host,
                       .to = queue->mail_from,
                       .id = queue->id,
                       .arrived = queue->epoch + queue->born / MG_SECONDS,
                       .now = queue->epoch + queue->now / MG_SECONDS,
                       .letter = {queue->letter->data, queue->letter->len},
                       .rows = (const MgReportRow *)rows->data,
                       .n_rows = rows->len};
    if (queue->report != NULL)
        g_string_free(queue->report, TRUE);
    queue->report = mg_report_write(&report);
}

/* RFC 5321 §6.1: from the null sender, and never because of a mail from the null sender. */
static void tell_sender(MgQueue *queue)
{
    if (queue->mail_from[0] == '\0') {
        mg_queue_note(queue, MG_QUEUE_R_DROPPED, queue->id);
        settle_failed(queue, MG_FATE_DROPPED);
        return;
    }
    write_report(queue);
    g_ptr_array_set_size(queue->asked, 0);
    g_ptr_array_add(queue->asked, queue->mail_from);
    queue->question.accept =
        (MgAcceptQuestion){.mail_from = "",
                           .recipients = (const char *const *)queue->asked->pdata,
                           .n_recipients = 1,
                           .data = mg_span_from_string(queue->report->str)};
    mg_queue_ask(queue, MG_QUEUE_WAIT_REPORT, MG_TOPIC_ACCEPT, ACCEPT_TIMEOUT);
}

static void report_answered(MgQueue *queue, const MgAcceptAnswer *answer)
{
    if (answer != NULL && answer->code >= 200 && answer->code <= 299) {
        mg_queue_note(queue, MG_QUEUE_R_BOUNCED, queue->id);
        settle_failed(queue, MG_FATE_BOUNCED);
    } else if (answer != NULL && answer->code < 500 && ++queue->n_reports < REPORTS_MAX) {
        queue->report_due = queue->now + queue->delays[0];
    } else {
        mg_queue_note(queue, MG_QUEUE_R_DROPPED, queue->id);
        settle_failed(queue, MG_FATE_DROPPED);
    }
}

/* ---- what is next ---- */

static bool has_failed(const MgQueue *queue)
{
    for (unsigned i = 0; i < queue->recipients->len; i++)
        if (mg_queue_recipient(queue, i)->fate == MG_QUEUE_FAILED)
            return true;
    return false;
}

/* When the next route or report is due; MG_TIME_NEVER if none ever is. */
static MgTime next_due(const MgQueue *queue)
{
    MgTime due = MG_TIME_NEVER;
    for (unsigned i = 0; i < queue->routes->len; i++) {
        const MgQueueRoute *route = &g_array_index(queue->routes, MgQueueRoute, i);
        if (route->due < due && mg_queue_has_pending(queue, route))
            due = route->due;
    }
    if (has_failed(queue))
        due = MIN(due, queue->report_due);
    return due;
}

static void finish(MgQueue *queue)
{
    enter(queue, DONE);
    mg_outbox_add(&queue->out, (MgEvent){.kind = MG_EVENT_CLOSE});
    queue->closed = true;
}

/* Starts what is due. Returns false when an ask is open, or nothing is due yet. */
static bool step(MgQueue *queue)
{
    if (queue->wait != MG_QUEUE_WAIT_NOTHING || queue->closed)
        return false;
    MgTime due = next_due(queue);
    if (due == MG_TIME_NEVER) {
        finish(queue);
        return true;
    }
    if (due > queue->now) {
        bool moved = queue->state == ACTIVE;
        enter(queue, DEFERRED);
        return moved;
    }
    enter(queue, ACTIVE);
    for (unsigned i = 0; i < queue->routes->len; i++) {
        MgQueueRoute *route = &g_array_index(queue->routes, MgQueueRoute, i);
        if (route->due <= queue->now && mg_queue_has_pending(queue, route)) {
            mg_queue_start_route(queue, route);
            return true;
        }
    }
    tell_sender(queue);
    return true;
}

/* ---- birth ---- */

static void add_recipient(MgQueue *queue, const char *address)
{
    MgSpan domain = mg_smtp_domain_of(address);
    MgQueueRecipient recipient = {.address = g_strdup(address), .route = queue->routes->len};
    for (unsigned i = 0; i < queue->recipients->len; i++) {
        const MgQueueRecipient *other = mg_queue_recipient(queue, i);
        if (mg_span_equal_nocase(mg_smtp_domain_of(other->address), domain)) {
            recipient.route = other->route;
            break;
        }
    }
    if (recipient.route == queue->routes->len) {
        MgQueueRoute route = mg_queue_make_route(queue, domain);
        g_array_append_val(queue->routes, route);
    }
    g_array_append_val(queue->recipients, recipient);
}

static void recipient_clear(void *data)
{
    MgQueueRecipient *recipient = data;
    g_free(recipient->address);
    g_free(recipient->status);
    g_free(recipient->diagnostic);
    g_free(recipient->remote);
}

static void route_clear(void *data)
{
    g_free(((MgQueueRoute *)data)->domain);
}

/* The name that our own server wrote into its Received line, so that both are the same; a letter
 * that has none gets one of its own. */
static char *find_id(const MgQueue *queue, uint64_t random)
{
    MgSpan received =
        mg_letter_value((MgSpan){queue->letter->data, queue->letter->len}, "Received");
    g_autofree char *value =
        g_strndup(received.len > 0 ? (const char *)received.data : "", received.len);
    g_autofree char *by = g_strdup_printf("by %s ", queue->host);
    const char *id = strstr(value, by) != NULL ? strstr(value, " id ") : NULL;
    size_t len = 0;
    while (id != NULL && g_ascii_isalnum(id[4 + len]))
        len++;
    if (len > 0 && len <= 16)
        return g_strndup(id + 4, len);
    return g_strdup_printf("%08X", (unsigned)(random >> 32));
}

static void read_delays(MgQueue *queue, const char *text)
{
    MgSpan item;
    while (queue->n_delays < MG_QUEUE_DELAYS_MAX && mg_text_next_item(&text, &item)) {
        g_autofree char *word = g_strndup((const char *)item.data, item.len);
        MgTime delay = 0;
        if (mg_time_parse(word, &delay))
            queue->delays[queue->n_delays++] = MAX(delay, MG_SECONDS);
    }
    if (queue->n_delays == 0)
        queue->delays[queue->n_delays++] = 15 * MG_MINUTES;
}

static void read_settings(MgQueue *queue, const MgSettings *settings)
{
    queue->domains = g_strdup(mg_settings_get(settings, "domains", ""));
    queue->deliver = g_strdup(mg_settings_get(settings, "deliver", "store"));
    queue->smarthost = g_strdup(mg_settings_get(settings, "smarthost", NULL));
    queue->relay_port = (uint16_t)mg_settings_get_uint(settings, "relay_port", 25);
    queue->give_up = mg_settings_get_time(settings, "give_up", (MgTime)5 * 24 * MG_HOURS);
    read_delays(queue, mg_settings_get(settings, "retry", "15min;30min;1h;2h;4h"));
}

static void accept_mail(MgQueue *queue, const MgMail *mail, unsigned hops_max)
{
    MgSpan letter = {queue->letter->data, queue->letter->len};
    queue->answer_text = g_strdup_printf("queued as %s", queue->id);
    queue->answer = (MgAcceptAnswer){250, "2.0.0", queue->answer_text};
    mg_outbox_add(&queue->out,
                  (MgEvent){.kind = MG_EVENT_DELIVER,
                            .deliver = {.type = MG_TOPIC_ACCEPT, .item = &queue->answer}});
    for (size_t i = 0; i < mail->n_recipients; i++)
        add_recipient(queue, mail->recipients[i]);
    if (mg_letter_count(letter, "Received") <= hops_max)
        return;
    mg_queue_note(queue, MG_QUEUE_R_LOOP, queue->id); /* RFC 5321 §6.3 */
    for (unsigned i = 0; i < queue->recipients->len; i++) {
        mg_queue_set_reason(mg_queue_recipient(queue, i), "5.4.6",
                            "Too many hops: the mail goes in a circle", NULL);
        mg_queue_recipient(queue, i)->fate = MG_QUEUE_FAILED;
    }
}

static MgEngine *queue_create(const MgBirth *birth)
{
    const MgAcceptQuestion *mail = birth->question;
    MgQueue *queue = g_new0(MgQueue, 1);
    queue->base.kind = &mg_smtp_queue;
    mg_outbox_init(&queue->out);
    queue->state = ACTIVE;
    queue->host = g_strdup(birth->host);
    queue->mail_from = g_strdup(mail->mail_from != NULL ? mail->mail_from : "");
    queue->born = queue->now = queue->report_due = birth->now;
    queue->epoch = birth->epoch;
    queue->seed = birth->seed;
    queue->letter = g_byte_array_sized_new((guint)mail->data.len);
    if (mail->data.len > 0)
        g_byte_array_append(queue->letter, mail->data.data, (guint)mail->data.len);
    queue->recipients = g_array_new(FALSE, FALSE, sizeof(MgQueueRecipient));
    g_array_set_clear_func(queue->recipients, recipient_clear);
    queue->routes = g_array_new(FALSE, FALSE, sizeof(MgQueueRoute));
    g_array_set_clear_func(queue->routes, route_clear);
    queue->hosts = g_array_new(FALSE, FALSE, sizeof(MgQueueHost));
    g_array_set_clear_func(queue->hosts, mg_queue_host_clear);
    queue->addresses = g_ptr_array_new_with_free_func(g_free);
    queue->asked = g_ptr_array_new();
    queue->asked_of = g_array_new(FALSE, FALSE, sizeof(unsigned));
    queue->scratch = g_ptr_array_new_with_free_func(g_free);
    queue->id = find_id(queue, mg_random_next(&queue->seed));
    read_settings(queue, birth->settings);
    accept_mail(queue, mail, (unsigned)mg_settings_get_uint(birth->settings, "hops_max", 100));
    return &queue->base;
}

static void queue_free(MgEngine *engine)
{
    MgQueue *queue = (MgQueue *)engine;
    mg_outbox_clear(&queue->out);
    g_byte_array_unref(queue->letter);
    g_array_unref(queue->recipients);
    g_array_unref(queue->routes);
    g_array_unref(queue->hosts);
    g_ptr_array_unref(queue->addresses);
    g_ptr_array_unref(queue->asked);
    g_array_unref(queue->asked_of);
    g_ptr_array_unref(queue->scratch);
    if (queue->report != NULL)
        g_string_free(queue->report, TRUE);
    g_free(queue->host);
    g_free(queue->mail_from);
    g_free(queue->id);
    g_free(queue->domains);
    g_free(queue->deliver);
    g_free(queue->smarthost);
    g_free(queue->trouble);
    g_free(queue->answer_text);
    g_free(queue);
}

/* ---- the engine ---- */

static void queue_receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
}

static void queue_receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
}

/* What events pointed to may go once they were all handed out. */
static void clear_scratch(MgQueue *queue)
{
    if (queue->out.events->len == 0)
        g_ptr_array_set_size(queue->scratch, 0);
}

static void answered(MgQueue *queue, MgQueueWait wait, const void *answer)
{
    queue->wait = MG_QUEUE_WAIT_NOTHING;
    if (wait == MG_QUEUE_WAIT_REPORT)
        report_answered(queue, answer);
    else
        mg_queue_route_answered(queue, wait, answer);
}

static bool queue_answer(MgEngine *engine, MgAskId ask_id, const void *answer, MgTime now)
{
    MgQueue *queue = (MgQueue *)engine;
    if (queue->wait == MG_QUEUE_WAIT_NOTHING || ask_id != queue->last_ask)
        return false;
    clear_scratch(queue);
    queue->now = now;
    answered(queue, queue->wait, answer);
    return true;
}

static MgTime queue_deadline(const MgEngine *engine)
{
    const MgQueue *queue = (const MgQueue *)engine;
    if (queue->closed)
        return MG_TIME_NEVER;
    return queue->wait != MG_QUEUE_WAIT_NOTHING ? queue->ask_due : next_due(queue);
}

static void queue_advance(MgEngine *engine, MgTime now)
{
    MgQueue *queue = (MgQueue *)engine;
    if (queue->closed || now < queue_deadline(engine))
        return;
    clear_scratch(queue);
    queue->now = now;
    if (queue->wait == MG_QUEUE_WAIT_NOTHING)
        return; /* next() starts what is due */
    mg_outbox_add(&queue->out, (MgEvent){.kind = MG_EVENT_CANCEL, .cancel = queue->last_ask});
    answered(queue, queue->wait, NULL);
}

static bool queue_next(MgEngine *engine, MgEvent *event)
{
    MgQueue *queue = (MgQueue *)engine;
    while (!mg_outbox_next(&queue->out, event))
        if (!step(queue))
            return false;
    return true;
}

static size_t queue_facts(const MgEngine *engine, MgFact *facts, size_t max)
{
    const MgQueue *queue = (const MgQueue *)engine;
    size_t n = 0;
    unsigned left = 0;
    const char *trouble = NULL;
    for (unsigned i = 0; i < queue->recipients->len; i++) {
        const MgQueueRecipient *recipient = &g_array_index(queue->recipients, MgQueueRecipient, i);
        left += recipient->fate != MG_QUEUE_SETTLED;
        if (recipient->fate != MG_QUEUE_SETTLED && recipient->diagnostic != NULL)
            trouble = recipient->diagnostic;
    }
    if (n < max)
        mg_text_set_fact(&facts[n++], N_("Mail"), "%s", queue->id);
    if (n < max)
        mg_text_set_fact(&facts[n++], N_("Envelope from"), "<%s>", queue->mail_from);
    if (n < max)
        mg_text_set_fact(&facts[n++], N_("Recipients left"), "%u / %u", left,
                         queue->recipients->len);
    if (n < max && trouble != NULL)
        mg_text_set_fact(&facts[n++], N_("Last trouble"), "%s", trouble);
    if (n < max && queue->wait == MG_QUEUE_WAIT_NOTHING && next_due(queue) != MG_TIME_NEVER) {
        g_autoptr(GString) when = g_string_new(NULL);
        mg_text_add_date(when, queue->epoch + next_due(queue) / MG_SECONDS);
        mg_text_set_fact(&facts[n++], N_("Next try"), "%s", when->str);
    }
    return n;
}

const MgEngineKind mg_smtp_queue = {
    .name = "smtp.queue",
    .summary = N_("Mail queue: keeps a mail until every recipient has it or the sender was told"),
    .usual = "mta",
    .topic = MG_TOPIC_ACCEPT,
    .settings = setting_rows,
    .rules = rules,
    .transitions = transitions,
    .create = queue_create,
    .free = queue_free,
    .receive = queue_receive,
    .receive_end = queue_receive_end,
    .advance = queue_advance,
    .answer = queue_answer,
    .next = queue_next,
    .deadline = queue_deadline,
    .facts = queue_facts,
};
