/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-queue.c - one accepted mail, until each of its recipients has it or its sender was told
 *
 * Recipients of one domain share a *route*: how to get there, and when to try again. Routes are
 * tried one after the other. A route asks for the mail exchangers of its domain, for the address of
 * each, and has the mail sent to one after the other until every recipient has a final verdict
 * (RFC 5321 §5.1). Recipients that are left are tried again later (§4.5.4.1); what the sender has
 * to know is told in a mail of its own, when nothing is left to do at once.
 */
#include "smtp-address.h"
#include "smtp-alias.h"
#include "smtp-letter.h"
#include "smtp-queue-private.h"
#include "smtp.h"
#include "text.h"

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
    [MG_QUEUE_R_NOT_TOLD] =
        {"smtp.not-told", MG_SEVERITY_NOTE, "RFC 3461 §4.1",
         N_("The mail cannot be delivered, and its sender did not want to be told of that "
            "(NOTIFY).")},
    [MG_QUEUE_R_DELAY_TOLD] =
        {"smtp.delay-told", MG_SEVERITY_CHAT, "RFC 3461 §4.1",
         N_("The mail waits for hours already; a letter tells its sender that the queue goes on "
            "trying.")},
    [MG_QUEUE_R_SUCCESS_TOLD] =
        {"smtp.success-told", MG_SEVERITY_CHAT, "RFC 3461 §4.1",
         N_("The sender wanted to know when the mail has arrived (NOTIFY=SUCCESS); a letter tells "
            "it.")},
    [MG_QUEUE_R_GIVE_UP] = {"smtp.give-up", MG_SEVERITY_NOTE, "RFC 5321 §4.5.4.1",
                            N_("The queue has tried for days; now it gives up.")},
    [MG_QUEUE_R_LOOP] =
        {"smtp.loop", MG_SEVERITY_FAULT, "RFC 5321 §6.3",
         N_("So many servers have passed the mail on that it must be going in a circle.")},
    [MG_QUEUE_R_FORWARD_LOOP] =
        {"smtp.forward-loop", MG_SEVERITY_FAULT, "RFC 9228 §4",
         N_("The mail was forwarded from this address before, as its line Delivered-To says: it "
            "goes in a circle.")},
    [MG_QUEUE_R_ALIAS] = {"smtp.alias", MG_SEVERITY_CHAT, "RFC 5321 §3.9.1",
                          N_("The recipient is an alias: other addresses take its place on the "
                             "envelope, and the sender stays.")},
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
    [MG_QUEUE_R_IN_CLEAR] =
        {"smtp.again-in-clear", MG_SEVERITY_WARN, "RFC 7435 §3",
         N_("TLS with this server did not come about. Nobody demands it, so the mail is sent "
            "again in the clear: better than not at all.")},
    [MG_QUEUE_R_NEXT_MX] = {"smtp.next-mx", MG_SEVERITY_CHAT, "RFC 5321 §5.1",
                            N_("This mail exchanger cannot take it now; the next one is tried.")},
    [MG_QUEUE_R_NO_SPOOL] = {"smtp.no-room", MG_SEVERITY_NOTE, "RFC 5321 §4.2.5",
                             N_("There is no room to keep the mail, so the server does not take "
                                "it.")},
    [MG_QUEUE_R_REVIVED] = {"smtp.revived", MG_SEVERITY_CHAT, "RFC 5321 §6.1",
                            N_("The server has started again and found this mail on its disk: a "
                               "crash must not lose what was accepted.")},
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
    {"warn", MG_SETTING_TIME, "4h",
     N_("After how long a wait the sender is told that the mail is late.")},
    {"aliases", MG_SETTING_TEXT, NULL,
     N_("Names that stand for other addresses: `team: alice, bob@example.net; bob: \\bob, "
        "bob@example.org`. With a backslash it is the mailbox itself.")},
    {"at_once", MG_SETTING_UINT, "100",
     N_("How many recipients one transaction with another server may have.")},
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

/* ---- what is next ---- */

/* When the next route or report is due; MG_TIME_NEVER if none ever is. */
static MgTime next_due(const MgQueue *queue)
{
    MgTime due = MG_TIME_NEVER;
    for (unsigned i = 0; i < queue->routes->len; i++) {
        const MgQueueRoute *route = &g_array_index(queue->routes, MgQueueRoute, i);
        if (route->due < due && mg_queue_has_pending(queue, route))
            due = route->due;
    }
    if (mg_queue_has_news(queue))
        due = MIN(due, queue->report_due);
    return due;
}

static void finish(MgQueue *queue)
{
    enter(queue, DONE);
    mg_outbox_add(&queue->out, (MgEvent){.kind = MG_EVENT_CLOSE});
    queue->closed = true;
}

/* What must happen before anything new begins: what is known by now is kept, and a route that was
 * begun goes on. Returns false if there is no such thing. */
static bool go_on(MgQueue *queue)
{
    bool over = next_due(queue) == MG_TIME_NEVER;
    if (queue->item != 0 && (queue->dirty || over)) {
        mg_queue_spool(queue, over ? MG_SPOOL_REMOVE : MG_SPOOL_UPDATE);
    } else if (over) {
        finish(queue);
    } else if (queue->go_on != NULL) {
        void (*next)(MgQueue * queue) = queue->go_on;
        queue->go_on = NULL;
        next(queue);
    } else {
        return false;
    }
    return true;
}

/* Starts what is due. Returns false when an ask is open, or nothing is due yet. */
static bool step(MgQueue *queue)
{
    if (queue->wait != MG_QUEUE_WAIT_NOTHING || queue->closed)
        return false;
    if (go_on(queue))
        return true;
    MgTime due = next_due(queue);
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
    mg_queue_tell_sender(queue);
    return true;
}

/* ---- birth ---- */

unsigned mg_queue_find_route(MgQueue *queue, const char *address, const char *via)
{
    MgSpan domain = mg_smtp_domain_of(address);
    for (unsigned i = 0; i < queue->recipients->len; i++) {
        const MgQueueRecipient *other = mg_queue_recipient(queue, i);
        if (other->route != MG_QUEUE_NO_ROUTE &&
            mg_span_equal_nocase(mg_smtp_domain_of(other->address), domain) &&
            g_strcmp0(g_array_index(queue->routes, MgQueueRoute, other->route).via, via) == 0)
            return other->route;
    }
    MgQueueRoute route = mg_queue_make_route(queue, domain);
    route.via = g_strdup(via);
    g_array_append_val(queue->routes, route);
    return queue->routes->len - 1;
}

static MgQueueRecipient *add_recipient(MgQueue *queue, const char *address, const char *via,
                                       const MgMailWish *wish)
{
    MgQueueRecipient recipient = {.address = g_strdup(address),
                                  .route = mg_queue_find_route(queue, address, via),
                                  .notify = wish->notify,
                                  .orcpt = g_strdup(wish->orcpt)};
    g_array_append_val(queue->recipients, recipient);
    return mg_queue_recipient(queue, queue->recipients->len - 1);
}

static bool is_local(const void *data, const char *address)
{
    return mg_queue_is_local(data, mg_smtp_domain_of(address));
}

static bool was_forwarded_from(const MgQueue *queue, const char *address)
{
    return mg_letter_has((MgSpan){queue->letter->data, queue->letter->len}, "Delivered-To",
                         address);
}

/* RFC 3461 §5.2.7: success of an alias with several targets is told as "expanded", and theirs is
 * not told; a single target takes over what was asked for. */
static void add_targets(MgQueue *queue, const char *alias, const GPtrArray *targets,
                        const MgMailWish *wish)
{
    g_autofree char *original = g_strdup_printf("rfc822;%s", alias);
    MgMailWish theirs = {wish->notify, wish->orcpt != NULL ? wish->orcpt : original};
    if (targets->len > 1 && (wish->notify & MG_NOTIFY_SUCCESS) != 0) {
        MgQueueRecipient expanded = {.address = g_strdup(alias),
                                     .route = MG_QUEUE_NO_ROUTE,
                                     .notify = wish->notify,
                                     .orcpt = g_strdup(wish->orcpt)};
        mg_queue_set_reason(&expanded, "2.0.0", "250 2.0.0 Sent on to several addresses", NULL);
        mg_queue_succeed(queue, &expanded, MG_QUEUE_TELL_EXPANDED);
        g_array_append_val(queue->recipients, expanded);
        theirs.notify &= ~(unsigned)MG_NOTIFY_SUCCESS;
        if (theirs.notify == 0)
            theirs.notify = MG_NOTIFY_NEVER;
    }
    for (guint i = 0; i < targets->len; i++)
        add_recipient(queue, g_ptr_array_index(targets, i), alias, &theirs);
}

#define LOOP_STATUS "5.4.6" /* of a recipient that is not to be tried */

/* A recipient of the envelope, or those whom it stands for. */
static void take_recipient(MgQueue *queue, const char *address, const MgMailWish *wish)
{
    g_autoptr(GPtrArray) targets =
        is_local(queue, address) ? mg_alias_expand(queue->aliases, address, is_local, queue) : NULL;
    if (targets == NULL || targets->len == 0) {
        add_recipient(queue, address, NULL, wish);
    } else if (was_forwarded_from(queue, address)) {
        mg_queue_set_reason(add_recipient(queue, address, NULL, wish), LOOP_STATUS,
                            "The mail was forwarded from here before", NULL);
    } else {
        mg_queue_note(queue, MG_QUEUE_R_ALIAS, address);
        add_targets(queue, address, targets, wish);
    }
}

static void recipient_clear(void *data)
{
    MgQueueRecipient *recipient = data;
    g_free(recipient->address);
    g_free(recipient->orcpt);
    g_free(recipient->status);
    g_free(recipient->diagnostic);
    g_free(recipient->remote);
}

static void route_clear(void *data)
{
    g_free(((MgQueueRoute *)data)->domain);
    g_free(((MgQueueRoute *)data)->via);
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
    queue->warn = mg_settings_get_time(settings, "warn", 4 * MG_HOURS);
    queue->aliases = g_strdup(mg_settings_get(settings, "aliases", NULL));
    queue->at_once = (unsigned)CLAMP(mg_settings_get_uint(settings, "at_once", 100), 1, 100000);
    queue->hops_max = (unsigned)MIN(mg_settings_get_uint(settings, "hops_max", 100), 100000);
    read_delays(queue, mg_settings_get(settings, "retry", "15min;30min;1h;2h;4h"));
}

static void answer(MgQueue *queue, unsigned code, const char *enhanced, char *text)
{
    queue->answer_text = text;
    queue->answer = (MgAcceptAnswer){(uint16_t)code, enhanced, text};
    mg_outbox_add(&queue->out,
                  (MgEvent){.kind = MG_EVENT_DELIVER,
                            .deliver = {.type = MG_TOPIC_ACCEPT, .item = &queue->answer}});
}

/* What goes in a circle is taken, and goes back: its sender must know. */
static void fail_loops(MgQueue *queue)
{
    MgSpan letter = {queue->letter->data, queue->letter->len};
    bool far = mg_letter_count(letter, "Received") > queue->hops_max;
    if (far)
        mg_queue_note(queue, MG_QUEUE_R_LOOP, queue->id); /* RFC 5321 §6.3 */
    for (unsigned i = 0; i < queue->recipients->len; i++) {
        MgQueueRecipient *recipient = mg_queue_recipient(queue, i);
        bool forwarded = g_strcmp0(recipient->status, LOOP_STATUS) == 0;
        if (recipient->fate != MG_QUEUE_PENDING || !(far || forwarded))
            continue;
        if (forwarded)
            mg_queue_note(queue, MG_QUEUE_R_FORWARD_LOOP, recipient->address);
        else
            mg_queue_set_reason(recipient, LOOP_STATUS, "Too many hops: the mail goes in a circle",
                                NULL);
        mg_queue_fail(queue, recipient);
    }
}

/* RFC 5321 §4.2.5: with the 250 the mail is ours, so it is kept first. `kept` is NULL where nobody
 * keeps anything: then the mail lives and dies with this engine. */
static void put_answered(MgQueue *queue, const MgSpoolAnswer *kept)
{
    if (kept != NULL && !kept->done) {
        mg_queue_note(queue, MG_QUEUE_R_NO_SPOOL, queue->id);
        answer(queue, 452, "4.3.1", g_strdup("No room to keep the mail"));
        g_array_set_size(queue->recipients, 0);
        finish(queue);
        return;
    }
    queue->item = kept != NULL ? kept->item : 0;
    answer(queue, 250, "2.0.0", g_strdup_printf("queued as %s", queue->id));
    fail_loops(queue);
}

static void take_mail(MgQueue *queue, const MgMail *mail)
{
    queue->mail_from = g_strdup(mail->mail_from != NULL ? mail->mail_from : "");
    queue->envid = g_strdup(mail->envid);
    queue->auth = g_strdup(mail->auth);
    queue->body = mail->body;
    queue->ret = mail->ret;
    queue->smtputf8 = mail->smtputf8;
    queue->id = find_id(queue, mg_random_next(&queue->seed));
    for (size_t i = 0; i < mail->n_recipients; i++) {
        MgMailWish none = {0};
        take_recipient(queue, mail->recipients[i], mail->wishes != NULL ? &mail->wishes[i] : &none);
    }
    mg_queue_spool(queue, MG_SPOOL_PUT);
}

static void make_room(MgQueue *queue)
{
    mg_outbox_init(&queue->out);
    queue->letter = g_byte_array_new();
    queue->copy = g_byte_array_new();
    queue->frozen = g_string_new(NULL);
    queue->recipients = g_array_new(FALSE, FALSE, sizeof(MgQueueRecipient));
    g_array_set_clear_func(queue->recipients, recipient_clear);
    queue->routes = g_array_new(FALSE, FALSE, sizeof(MgQueueRoute));
    g_array_set_clear_func(queue->routes, route_clear);
    queue->hosts = g_array_new(FALSE, FALSE, sizeof(MgQueueHost));
    g_array_set_clear_func(queue->hosts, mg_queue_host_clear);
    queue->addresses = g_ptr_array_new_with_free_func(g_free);
    queue->asked = g_ptr_array_new();
    queue->asked_of = g_array_new(FALSE, FALSE, sizeof(unsigned));
    queue->wishes = g_array_new(FALSE, FALSE, sizeof(MgMailWish));
    queue->scratch = g_ptr_array_new_with_free_func(g_free);
}

static MgEngine *queue_create(const MgBirth *birth)
{
    const MgAcceptQuestion *mail = birth->question;
    MgQueue *queue = g_new0(MgQueue, 1);
    queue->base.kind = &mg_smtp_queue;
    queue->state = ACTIVE;
    queue->host = g_strdup(birth->host);
    queue->local_address = g_strdup(birth->local_address != NULL ? birth->local_address : "");
    queue->born = queue->now = queue->report_due = birth->now;
    queue->epoch = birth->epoch;
    queue->seed = birth->seed;
    make_room(queue);
    read_settings(queue, birth->settings);
    MgSpan letter = birth->spooled != NULL ? birth->spooled->data : mail->data;
    if (letter.len > 0)
        g_byte_array_append(queue->letter, letter.data, (guint)letter.len);
    if (birth->spooled != NULL) {
        mg_queue_thaw(queue, birth->spooled);
        mg_queue_note(queue, MG_QUEUE_R_REVIVED, queue->id);
    } else {
        take_mail(queue, mail);
    }
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
    g_array_unref(queue->wishes);
    g_byte_array_unref(queue->copy);
    g_string_free(queue->frozen, TRUE);
    g_ptr_array_unref(queue->scratch);
    if (queue->report != NULL)
        g_string_free(queue->report, TRUE);
    g_free(queue->host);
    g_free(queue->local_address);
    g_free(queue->aliases);
    g_free(queue->envid);
    g_free(queue->auth);
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

/* What events pointed to may go once they were all handed out. */
static void clear_scratch(MgQueue *queue)
{
    if (queue->out.events->len == 0)
        g_ptr_array_set_size(queue->scratch, 0);
}

static void answered(MgQueue *queue, MgQueueWait wait, const void *answer)
{
    queue->wait = MG_QUEUE_WAIT_NOTHING;
    switch (wait) {
    case MG_QUEUE_WAIT_PUT:
        put_answered(queue, answer);
        break;
    case MG_QUEUE_WAIT_UPDATE: /* if it failed, the mail is kept as it was: it may go out twice */
        break;
    case MG_QUEUE_WAIT_REMOVE:
        queue->item = 0;
        break;
    case MG_QUEUE_WAIT_REPORT:
        mg_queue_report_answered(queue, answer);
        break;
    default:
        mg_queue_route_answered(queue, wait, answer);
    }
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
    static const MgSpoolAnswer not_kept = {0};
    answered(queue, queue->wait, queue->wait == MG_QUEUE_WAIT_PUT ? &not_kept : NULL);
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
    .advance = queue_advance,
    .answer = queue_answer,
    .next = queue_next,
    .deadline = queue_deadline,
    .facts = queue_facts,
};
