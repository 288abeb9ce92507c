/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-route.c - the ways of one queued mail: by MX, by an address, by LMTP, into the store
 *
 * A route is tried as a whole: each step ends with an ask, and each answer leads to the next step
 * (mg_queue_route_answered()) until every recipient has a final verdict or nothing is left to try.
 */
#include <stdarg.h>

#include "smtp-address.h"
#include "smtp-queue-private.h"
#include "text.h"

#define TYPE_A          1u
#define TYPE_MX         15u
#define TYPE_AAAA       28u
#define RCODE_NXDOMAIN  3u
#define HOSTS_MAX       20u /* exchangers of a domain that are tried */
#define ADDRESSES_MAX   8u
#define LOOKUP_TIMEOUT  MG_MINUTES
#define MAILBOX_TIMEOUT MG_MINUTES
#define SEND_TIMEOUT    (2 * MG_HOURS)
#define LOOPS_BACK      "Mail for this domain loops back to this server"

/* ---- recipients ---- */

static unsigned route_index(const MgQueue *queue, const MgQueueRoute *route)
{
    return (unsigned)(route - &g_array_index(queue->routes, MgQueueRoute, 0));
}

static bool is_pending(const MgQueue *queue, const MgQueueRoute *route, unsigned i)
{
    const MgQueueRecipient *recipient = mg_queue_recipient(queue, i);
    return recipient->fate == MG_QUEUE_PENDING && recipient->route == route_index(queue, route);
}

bool mg_queue_has_pending(const MgQueue *queue, const MgQueueRoute *route)
{
    for (unsigned i = 0; i < queue->recipients->len; i++)
        if (is_pending(queue, route, i))
            return true;
    return false;
}

void mg_queue_set_reason(MgQueueRecipient *recipient, const char *status, const char *diagnostic,
                         const char *remote)
{
    g_free(recipient->status);
    g_free(recipient->diagnostic);
    g_free(recipient->remote);
    recipient->status = g_strdup(status);
    recipient->diagnostic = g_strdup(diagnostic);
    recipient->remote = g_strdup(remote);
}

/* All that are still pending on the route. */
static void fail_route(MgQueue *queue, const char *status, const char *diagnostic)
{
    for (unsigned i = 0; i < queue->recipients->len; i++) {
        if (!is_pending(queue, queue->route, i))
            continue;
        MgQueueRecipient *recipient = mg_queue_recipient(queue, i);
        mg_queue_set_reason(recipient, status, diagnostic, NULL);
        mg_queue_fail(queue, recipient);
    }
    queue->route = NULL;
}

static void set_trouble(MgQueue *queue, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void set_trouble(MgQueue *queue, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_free(queue->trouble);
    queue->trouble = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    queue->soft = true;
}

/* ---- trying again ---- */

/* "+15 min" */
static char *time_in_words(MgTime time)
{
    int64_t seconds = time / MG_SECONDS;
    if (seconds >= 86400 && seconds % 86400 == 0)
        return g_strdup_printf("%d d", (int)(seconds / 86400));
    if (seconds >= 3600 && seconds % 3600 == 0)
        return g_strdup_printf("%d h", (int)(seconds / 3600));
    if (seconds >= 60 && seconds % 60 == 0)
        return g_strdup_printf("%d min", (int)(seconds / 60));
    return g_strdup_printf("%d s", (int)seconds);
}

/* What is left of the route has to wait; or, after days, to be given up. */
static void defer_route(MgQueue *queue)
{
    MgQueueRoute *route = queue->route;
    MgTime end = queue->born + queue->give_up;
    if (queue->now >= end) {
        g_autofree char *text =
            g_strdup_printf("Not delivered in time; the last trouble: %s",
                            queue->trouble != NULL ? queue->trouble : "the server did not take it");
        mg_queue_note(queue, MG_QUEUE_R_GIVE_UP, route->domain);
        fail_route(queue, "4.4.7", text);
        return;
    }
    MgTime delay = queue->delays[MIN(route->tries, queue->n_delays - 1)];
    route->tries++;
    route->due = MIN(queue->now + delay, end);
    queue->dirty = true;
    g_autofree char *in = time_in_words(route->due - queue->now);
    g_autofree char *words = g_strdup_printf("+%s: the queue tries again", in);
    mg_queue_note(queue, MG_QUEUE_R_DEFERRED, words);
    for (unsigned i = 0; i < queue->recipients->len; i++) {
        if (!is_pending(queue, route, i))
            continue;
        MgQueueRecipient *recipient = mg_queue_recipient(queue, i);
        if (queue->trouble != NULL)
            mg_queue_set_reason(recipient, "4.4.0", queue->trouble, NULL);
        mg_queue_say_fate(queue, MG_FATE_QUEUED, recipient);
        mg_queue_delayed(queue, recipient);
    }
    queue->route = NULL;
}

/* The letter as it goes on this route. Who forwards it writes for whom, so that the letter is known
 * when it comes back (RFC 9228 §4). */
static MgSpan letter_of(MgQueue *queue)
{
    MgSpan letter = {queue->letter->data, queue->letter->len};
    if (queue->route->via == NULL)
        return letter;
    g_byte_array_set_size(queue->copy, 0);
    const char *const parts[] = {"Delivered-To: ", queue->route->via, "\r\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        g_byte_array_append(queue->copy, (const guint8 *)parts[i], (guint)strlen(parts[i]));
    if (letter.len > 0)
        g_byte_array_append(queue->copy, letter.data, (guint)letter.len);
    return (MgSpan){queue->copy->data, queue->copy->len};
}

/* ---- the store of this host ---- */

/* Asks for the next recipient of the route; its end when there is none. */
static void append_next(MgQueue *queue)
{
    g_array_set_size(queue->asked_of, 0);
    for (unsigned i = 0; i < queue->recipients->len; i++) {
        /* `host_at` counts recipients here: each is asked about once in a try. */
        if (!is_pending(queue, queue->route, i) || i < queue->host_at)
            continue;
        queue->host_at = i + 1;
        g_array_append_val(queue->asked_of, i);
        queue->question.mailbox = (MgMailboxQuestion){.op = MG_MAILBOX_APPEND,
                                                      .user = mg_queue_recipient(queue, i)->address,
                                                      .mail_from = queue->mail_from,
                                                      .data = letter_of(queue)};
        mg_queue_ask(queue, MG_QUEUE_WAIT_APPEND, MG_TOPIC_MAILBOX, MAILBOX_TIMEOUT);
        return;
    }
    if (mg_queue_has_pending(queue, queue->route))
        defer_route(queue);
    else
        queue->route = NULL;
}

static void appended(MgQueue *queue, const MgMailboxAnswer *answer)
{
    MgQueueRecipient *recipient =
        mg_queue_recipient(queue, g_array_index(queue->asked_of, unsigned, 0));
    switch (answer != NULL ? answer->result : MG_MAILBOX_FAILED) {
    case MG_MAILBOX_OK:
        mg_queue_set_reason(recipient, "2.0.0", "250 2.0.0 In the mailbox", NULL);
        mg_queue_succeed(queue, recipient, MG_QUEUE_TELL_DELIVERED);
        break;
    case MG_MAILBOX_NONE:
        mg_queue_set_reason(recipient, "5.1.1", "550 5.1.1 No such mailbox here", NULL);
        mg_queue_fail(queue, recipient);
        break;
    case MG_MAILBOX_FULL:
        set_trouble(queue, "452 4.2.2 The mailbox is full");
        break;
    default:
        set_trouble(queue, "451 4.3.0 The mailboxes of this host cannot be used now");
    }
    queue->go_on = append_next;
}

/* ---- sending ---- */

static void next_host(MgQueue *queue);

/* Whom to ask about at this address: as many as one transaction may have (RFC 5321 §4.5.3.1.8). */
static void choose_recipients(MgQueue *queue)
{
    g_ptr_array_set_size(queue->asked, 0);
    g_array_set_size(queue->asked_of, 0);
    g_array_set_size(queue->wishes, 0);
    unsigned i = queue->asked_until;
    for (; i < queue->recipients->len && queue->asked->len < queue->at_once; i++) {
        if (!is_pending(queue, queue->route, i))
            continue;
        const MgQueueRecipient *recipient = mg_queue_recipient(queue, i);
        MgMailWish wish = {recipient->notify, recipient->orcpt};
        g_ptr_array_add(queue->asked, recipient->address);
        g_array_append_val(queue->asked_of, i);
        g_array_append_val(queue->wishes, wish);
    }
    queue->asked_until = i;
}

static bool has_unasked(const MgQueue *queue)
{
    for (unsigned i = queue->asked_until; i < queue->recipients->len; i++)
        if (is_pending(queue, queue->route, i))
            return true;
    return false;
}

static void next_address(MgQueue *queue)
{
    if (!mg_queue_has_pending(queue, queue->route)) {
        queue->route = NULL;
        return;
    }
    if (queue->address_at >= queue->addresses->len) { /* this host is done */
        next_host(queue);
        return;
    }
    choose_recipients(queue);
    queue->found_address = true;
    const MgQueueHost *host = &g_array_index(queue->hosts, MgQueueHost, queue->host_at - 1);
    queue->question.send =
        (MgSendQuestion){.mail = {.mail_from = queue->mail_from,
                                  .recipients = (const char *const *)queue->asked->pdata,
                                  .n_recipients = queue->asked->len,
                                  .data = letter_of(queue),
                                  .body = queue->body,
                                  .smtputf8 = queue->smtputf8,
                                  .ret = queue->ret,
                                  .envid = queue->envid,
                                  .wishes = (const MgMailWish *)(void *)queue->wishes->data,
                                  .auth = queue->auth},
                         .address = g_ptr_array_index(queue->addresses, queue->address_at),
                         .port = queue->route->port,
                         .server = host->name,
                         .helo = queue->host,
                         .tls = queue->in_clear ? MG_SEND_TLS_NEVER : MG_SEND_TLS_AS_SET,
                         .lmtp = queue->route->lmtp};
    mg_queue_ask(queue, MG_QUEUE_WAIT_SEND, MG_TOPIC_SEND, SEND_TIMEOUT);
}

static void take_verdict(MgQueue *queue, MgQueueRecipient *recipient, const MgVerdict *verdict,
                         bool dsn)
{
    const char *remote = queue->question.send.server;
    g_autofree char *diagnostic = g_strdup_printf(
        "%u%s%s%s%s", verdict->code, verdict->enhanced != NULL ? " " : "",
        verdict->enhanced != NULL ? verdict->enhanced : "", verdict->text != NULL ? " " : "",
        verdict->text != NULL ? verdict->text : "");
    if (verdict->code >= 200 && verdict->code <= 299) {
        mg_queue_set_reason(recipient, "2.0.0", diagnostic, remote);
        MgQueueTell how = queue->route->lmtp ? MG_QUEUE_TELL_DELIVERED : MG_QUEUE_TELL_RELAYED;
        /* RFC 3461 §5.2.2: who knows the extension tells; else we say that we know no more. */
        mg_queue_succeed(queue, recipient, dsn ? MG_QUEUE_TELL_NOTHING : how);
        mg_queue_say_fate(queue, MG_FATE_RELAYED, recipient);
    } else if (verdict->code >= 500) {
        mg_queue_set_reason(recipient, verdict->enhanced != NULL ? verdict->enhanced : "5.0.0",
                            diagnostic, remote);
        mg_queue_fail(queue, recipient);
    } else if (verdict->code != 0) {
        set_trouble(queue, "%s", diagnostic);
    }
}

/* The verdicts of those that were asked about. True if some went through and the server wanted no
 * more of them at once: then the rest is asked about again without waiting (§4.5.3.1.10). */
static bool take_verdicts(MgQueue *queue, const MgSendAnswer *answer)
{
    bool taken = false, full = false;
    for (unsigned i = 0; i < queue->asked_of->len && i < answer->n_verdicts; i++) {
        const MgVerdict *verdict = &answer->verdicts[i];
        taken = taken || verdict->code / 100 == 2;
        full = full || verdict->code == 452;
        take_verdict(queue, mg_queue_recipient(queue, g_array_index(queue->asked_of, unsigned, i)),
                     verdict, answer->dsn);
    }
    return taken && full && !answer->lost;
}

/* The same address again, in the clear. False if that was not it. */
static bool try_in_clear(MgQueue *queue, const MgSendAnswer *answer)
{
    if (answer == NULL || !answer->tls_failed || queue->in_clear)
        return false;
    mg_queue_note(queue, MG_QUEUE_R_IN_CLEAR, queue->question.send.server);
    queue->in_clear = true;
    queue->asked_until = 0;
    queue->go_on = next_address;
    return true;
}

static void sent(MgQueue *queue, const MgSendAnswer *answer)
{
    static const char *const reaches[] = {"", "connection refused", "nobody answers",
                                          "no route to it", "not an address"};
    if (try_in_clear(queue, answer))
        return;
    if (answer == NULL) {
        set_trouble(queue, "nothing on this host can send mail");
    } else if (answer->reach != MG_REACH_OK) {
        unsigned reach = MIN((unsigned)answer->reach, G_N_ELEMENTS(reaches) - 1);
        set_trouble(queue, "%s: %s", queue->question.send.server, reaches[reach]);
    } else {
        if (answer->lost)
            set_trouble(queue, "%s: the connection was lost", queue->question.send.server);
        if (take_verdicts(queue, answer))
            queue->asked_until = 0;
    }
    queue->go_on = next_address;
    bool reached = answer != NULL && answer->reach == MG_REACH_OK;
    if (reached && !answer->lost && has_unasked(queue))
        return; /* the same address, the next recipients */
    queue->asked_until = 0;
    queue->in_clear = false;
    if (reached) /* this host has spoken; its other addresses would say the same */
        queue->address_at = queue->addresses->len;
    else
        queue->address_at++;
    bool more = queue->address_at < queue->addresses->len || queue->host_at < queue->hosts->len;
    if (more && mg_queue_has_pending(queue, queue->route))
        mg_queue_note(queue, MG_QUEUE_R_NEXT_MX, queue->question.send.server);
}

/* ---- finding the way ---- */

static void add_host(MgQueue *queue, const char *name, size_t len, unsigned preference)
{
    MgQueueHost host = {.preference = preference,
                        .order = mg_random_next(&queue->seed),
                        .name = g_strndup(name, len)};
    g_array_append_val(queue->hosts, host);
}

void mg_queue_host_clear(void *data)
{
    g_free(((MgQueueHost *)data)->name);
}

/* RFC 5321 §5.1: whoever sends to itself sends for ever. Exchangers from here on are not before us
 * in the list, whatever name we have there. */
static void add_address(MgQueue *queue, const char *text)
{
    if (!queue->route->lmtp && queue->route->port == queue->relay_port &&
        strcmp(text, queue->local_address) == 0) {
        mg_queue_note(queue, MG_QUEUE_R_SELF_MX, queue->route->domain);
        g_array_set_size(queue->hosts, queue->host_at);
        g_ptr_array_set_size(queue->addresses, 0);
        queue->loops = true;
    }
    if (!queue->loops && queue->addresses->len < ADDRESSES_MAX)
        g_ptr_array_add(queue->addresses, g_strdup(text));
}

static void ask_addresses(MgQueue *queue, const char *name, uint16_t type)
{
    queue->question.lookup = (MgLookupQuestion){.name = name, .type = type};
    mg_queue_ask(queue, type == TYPE_A ? MG_QUEUE_WAIT_ADDRESS : MG_QUEUE_WAIT_ADDRESS_6,
                 MG_TOPIC_LOOKUP, LOOKUP_TIMEOUT);
}

static void next_host(MgQueue *queue)
{
    g_ptr_array_set_size(queue->addresses, 0);
    queue->address_at = 0;
    if (queue->host_at < queue->hosts->len) {
        const MgQueueHost *host = &g_array_index(queue->hosts, MgQueueHost, queue->host_at++);
        if (mg_text_is_address(mg_span_from_string(host->name))) {
            add_address(queue, host->name);
            next_address(queue);
            return;
        }
        ask_addresses(queue, host->name, TYPE_A);
        return;
    }
    if (queue->loops && !queue->found_address &&
        (!queue->soft || queue->route->kind == MG_QUEUE_BY_HOST)) {
        fail_route(queue, "5.4.6", LOOPS_BACK);
        return;
    }
    if (queue->soft || queue->found_address) {
        defer_route(queue);
        return;
    }
    mg_queue_note(queue, MG_QUEUE_R_NO_DOMAIN, queue->route->domain);
    if (queue->route->implicit)
        fail_route(queue, "5.1.2", "The domain has no mail server and no address");
    else
        fail_route(queue, "5.4.4", "The mail servers of the domain have no address");
}

/* AAAA is asked for where there is no A: who has both can be reached by the one (RFC 5321 §5.2). */
static void addresses_came(MgQueue *queue, uint16_t type, const MgLookupAnswer *answer)
{
    const char *name = queue->question.lookup.name;
    if (answer == NULL || !answer->reached) {
        set_trouble(queue, "the address of %s could not be asked for", name);
    } else if (answer->rcode != 0 && answer->rcode != RCODE_NXDOMAIN) {
        set_trouble(queue, "the DNS could not find the address of %s now", name);
    } else {
        for (size_t i = 0; i < answer->n_records; i++)
            if (answer->records[i].type == type)
                add_address(queue, answer->records[i].data);
        if (type == TYPE_A && answer->rcode == 0 && queue->addresses->len == 0 && !queue->loops) {
            ask_addresses(queue, name, TYPE_AAAA);
            return;
        }
    }
    next_address(queue);
}

static int compare_hosts(const void *a, const void *b)
{
    const MgQueueHost *x = a, *y = b;
    if (x->preference != y->preference)
        return x->preference < y->preference ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* "10 mx.example.net." */
static bool read_exchange(const char *data, unsigned *preference, MgSpan *name)
{
    uint64_t number = 0;
    const char *space = strchr(data, ' ');
    if (space == NULL ||
        !mg_text_parse_uint((MgSpan){(const uint8_t *)data, (size_t)(space - data)}, 65535,
                            &number))
        return false;
    *preference = (unsigned)number;
    *name = mg_span_from_string(space + strspn(space, " "));
    if (name->len > 1 && name->data[name->len - 1] == '.')
        name->len--;
    return name->len > 0;
}

/* Returns false when that settled the route. */
static bool read_exchanges(MgQueue *queue, const MgLookupAnswer *answer)
{
    MgSpan name, own = mg_span_from_string(queue->host);
    unsigned preference, limit = UINT_MAX, n = 0;
    for (size_t i = 0; i < answer->n_records; i++) {
        const MgLookupRecord *record = &answer->records[i];
        if (record->type != TYPE_MX || !read_exchange(record->data, &preference, &name))
            continue;
        n++;
        if (mg_span_equal_nocase(name, own))
            limit = MIN(limit, preference);
        if (mg_span_equal_nocase(name, MG_SPAN("."))) /* RFC 7505 §3, alone or not: no host */
            continue;
        if (queue->hosts->len < HOSTS_MAX)
            add_host(queue, (const char *)name.data, name.len, preference);
    }
    if (n == 0) {
        mg_queue_note(queue, MG_QUEUE_R_IMPLICIT_MX, queue->route->domain);
        queue->route->implicit = true;
        add_host(queue, queue->route->domain, strlen(queue->route->domain), 0);
    } else if (queue->hosts->len == 0) {
        mg_queue_note(queue, MG_QUEUE_R_NULL_MX, queue->route->domain);
        fail_route(queue, "5.1.10", "The domain takes no mail (null MX)");
        return false;
    }
    g_array_sort(queue->hosts, compare_hosts);
    if (limit == UINT_MAX)
        return true;
    mg_queue_note(queue, MG_QUEUE_R_SELF_MX, queue->route->domain);
    unsigned kept = 0;
    while (kept < queue->hosts->len &&
           g_array_index(queue->hosts, MgQueueHost, kept).preference < limit)
        kept++;
    g_array_set_size(queue->hosts, kept);
    if (kept == 0) /* RFC 5321 §5.1: nobody is left, and it would come back to us */
        fail_route(queue, "5.4.6", LOOPS_BACK);
    return kept > 0;
}

static void exchanges_came(MgQueue *queue, const MgLookupAnswer *answer)
{
    const char *domain = queue->route->domain;
    if (answer == NULL || !answer->reached) {
        set_trouble(queue, "no name server answers for %s", domain);
        defer_route(queue);
    } else if (answer->rcode == RCODE_NXDOMAIN) {
        mg_queue_note(queue, MG_QUEUE_R_NO_DOMAIN, domain);
        fail_route(queue, "5.1.2", "The domain does not exist");
    } else if (answer->rcode != 0) {
        set_trouble(queue, "the DNS could not find the mail servers of %s now", domain);
        defer_route(queue);
    } else if (read_exchanges(queue, answer)) {
        next_host(queue);
    }
}

void mg_queue_start_route(MgQueue *queue, MgQueueRoute *route)
{
    queue->route = route;
    g_array_set_size(queue->hosts, 0);
    g_ptr_array_set_size(queue->addresses, 0);
    queue->host_at = queue->address_at = queue->asked_until = 0;
    queue->found_address = queue->soft = queue->loops = false;
    g_clear_pointer(&queue->trouble, g_free);
    switch (route->kind) {
    case MG_QUEUE_BY_STORE:
        append_next(queue);
        break;
    case MG_QUEUE_BY_MX:
        queue->question.lookup = (MgLookupQuestion){.name = route->domain, .type = TYPE_MX};
        mg_queue_ask(queue, MG_QUEUE_WAIT_MX, MG_TOPIC_LOOKUP, LOOKUP_TIMEOUT);
        break;
    default:
        /* Somebody set this host: that it has no address may be a mistake that is mended soon. */
        set_trouble(queue, "%s has no address", route->domain);
        add_host(queue, route->domain, strlen(route->domain), 0);
        next_host(queue);
    }
}

void mg_queue_route_answered(MgQueue *queue, MgQueueWait wait, const void *answer)
{
    switch (wait) {
    case MG_QUEUE_WAIT_MX:
        exchanges_came(queue, answer);
        break;
    case MG_QUEUE_WAIT_ADDRESS:
        addresses_came(queue, TYPE_A, answer);
        break;
    case MG_QUEUE_WAIT_ADDRESS_6:
        addresses_came(queue, TYPE_AAAA, answer);
        break;
    case MG_QUEUE_WAIT_SEND:
        sent(queue, answer);
        break;
    default:
        appended(queue, answer);
    }
}

/* ---- at birth ---- */

bool mg_queue_is_local(const MgQueue *queue, MgSpan domain)
{
    MgSpan own = mg_span_from_string(queue->local_address);
    bool literal = domain.len == own.len + 2 && own.len > 0 && domain.data[0] == '[' &&
                   mg_span_equal_nocase(mg_span_slice(domain, 1, own.len), own);
    return domain.len == 0 || literal || mg_text_list_has(queue->domains, domain);
}

MgQueueRoute mg_queue_make_route(const MgQueue *queue, MgSpan domain)
{
    MgQueueRoute route = {.kind = MG_QUEUE_BY_MX, .port = queue->relay_port, .due = queue->born};
    bool local = mg_queue_is_local(queue, domain);
    const char *where = local ? queue->deliver : queue->smarthost;
    if (local && g_str_has_prefix(where, "lmtp:")) {
        where += strlen("lmtp:");
        route.lmtp = true;
    } else if (local) {
        where = NULL;
        route.kind = MG_QUEUE_BY_STORE;
    }
    if (where != NULL &&
        mg_text_parse_endpoint(where, route.lmtp ? 24 : 25, &route.domain, &route.port)) {
        route.kind = MG_QUEUE_BY_HOST;
        return route;
    }
    route.lmtp = false;
    bool v6 =
        domain.len > 6 && mg_span_equal_nocase(mg_span_slice(domain, 0, 6), MG_SPAN("[IPv6:"));
    if (!local && domain.len > 2 && domain.data[0] == '[') { /* RFC 5321 §4.1.3 */
        size_t skip = v6 ? 6 : 1;
        route.kind = MG_QUEUE_BY_LITERAL;
        domain = mg_span_slice(domain, skip, domain.len - skip - 1);
    }
    route.domain = g_strndup((const char *)domain.data, domain.len);
    return route;
}
