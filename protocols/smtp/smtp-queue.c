/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-queue.c - one accepted mail, until each of its recipients has it or its sender was told
 *
 * Recipients of one domain share a *route*: how to get there, and when to try again. Routes are
 * tried one after the other. A route asks for the mail exchangers of its domain, for the address of
 * each, and has the mail sent to one after the other until every recipient has a final verdict
 * (RFC 5321 §5.1). Recipients that are left are tried again later (§4.5.4.1); those that failed for
 * good are told to the sender together, in a mail of its own, when nothing is left to do at once.
 */
#include <stdarg.h>

#include "outbox.h"
#include "smtp-address.h"
#include "smtp-letter.h"
#include "smtp-report.h"
#include "smtp.h"
#include "text.h"

#define TYPE_A          1u
#define TYPE_MX         15u
#define RCODE_NXDOMAIN  3u
#define HOSTS_MAX       20u /* exchangers of a domain that are tried */
#define ADDRESSES_MAX   8u
#define DELAYS_MAX      32u
#define LOOKUP_TIMEOUT  MG_MINUTES
#define MAILBOX_TIMEOUT MG_MINUTES
#define ACCEPT_TIMEOUT  (2 * MG_MINUTES)
#define SEND_TIMEOUT    (2 * MG_HOURS)
#define REPORTS_MAX     3u /* times that a bounce is tried to be handed over */

static const char ACTIVE[] = N_("active"), DEFERRED[] = N_("deferred"), DONE[] = N_("done");

static const MgTransition transitions[] = {
    {ACTIVE, N_("some recipients could not be reached yet"), DEFERRED, "RFC 5321 §4.5.4.1"},
    {DEFERRED, N_("it is time to try again"), ACTIVE, "RFC 5321 §4.5.4.1"},
    {ACTIVE, N_("every recipient is settled"), DONE, "RFC 5321 §4.2.5"},
    {0},
};

enum {
    R_DEFERRED,
    R_BOUNCED,
    R_DROPPED,
    R_GIVE_UP,
    R_LOOP,
    R_IMPLICIT_MX,
    R_NULL_MX,
    R_SELF_MX,
    R_NO_DOMAIN,
    R_NEXT_MX
};

static const MgRule rules[] = {
    [R_DEFERRED] = {"smtp.deferred", MG_SEVERITY_CHAT, "RFC 5321 §4.5.4.1",
                    N_("The mail stays in the queue, which tries again later.")},
    [R_BOUNCED] = {"smtp.bounced", MG_SEVERITY_NOTE, "RFC 5321 §6.1",
                   N_("The mail cannot be delivered; a letter from the null sender tells it to "
                      "whoever sent it.")},
    [R_DROPPED] = {"smtp.dropped", MG_SEVERITY_WARN, "RFC 5321 §6.1",
                   N_("The mail cannot be delivered and nobody can be told: a report about a "
                      "report would never end.")},
    [R_GIVE_UP] = {"smtp.give-up", MG_SEVERITY_NOTE, "RFC 5321 §4.5.4.1",
                   N_("The queue has tried for days; now it gives up.")},
    [R_LOOP] = {"smtp.loop", MG_SEVERITY_FAULT, "RFC 5321 §6.3",
                N_("So many servers have passed the mail on that it must be going in a circle.")},
    [R_IMPLICIT_MX] = {"smtp.implicit-mx", MG_SEVERITY_CHAT, "RFC 5321 §5.1",
                       N_("The domain has no MX record, so its own address is taken as the mail "
                          "server.")},
    [R_NULL_MX] = {"smtp.null-mx", MG_SEVERITY_NOTE, "RFC 7505 §3",
                   N_("The domain says with the MX record \".\" that it takes no mail.")},
    [R_SELF_MX] = {"smtp.own-mx", MG_SEVERITY_CHAT, "RFC 5321 §5.1",
                   N_("This server is in the list of mail exchangers itself: it tries only those "
                      "before it.")},
    [R_NO_DOMAIN] = {"smtp.no-domain", MG_SEVERITY_NOTE, "RFC 5321 §5.1",
                     N_("The domain of the recipient does not exist, or has no address.")},
    [R_NEXT_MX] = {"smtp.next-mx", MG_SEVERITY_CHAT, "RFC 5321 §5.1",
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

typedef enum { PENDING, FAILED, SETTLED } Fate;

typedef struct {
    char *address;
    unsigned route;
    Fate fate;
    char *status, *diagnostic, *remote; /* (nullable) the last verdict */
} Recipient;

typedef enum { BY_STORE, BY_HOST, BY_LITERAL, BY_MX } RouteKind;

typedef struct {
    unsigned preference;
    uint64_t order; /* chance among equals (RFC 5321 §5.1) */
    char *name;
} Host;

typedef struct {
    RouteKind kind;
    bool lmtp, implicit;
    char *domain; /* or the host, for BY_HOST */
    uint16_t port;
    unsigned tries;
    MgTime due;
} Route;

typedef enum { WAIT_NOTHING, WAIT_MX, WAIT_ADDRESS, WAIT_SEND, WAIT_APPEND, WAIT_REPORT } Wait;

typedef struct {
    MgEngine base;
    MgOutbox out;
    const char *state;
    char *host, *mail_from, *id;
    char *domains, *deliver, *smarthost; /* smarthost: (nullable) */
    uint16_t relay_port;
    MgTime delays[DELAYS_MAX], give_up, born, now;
    unsigned n_delays;
    int64_t epoch;
    uint64_t seed;
    GByteArray *letter;
    GArray *recipients; /* of Recipient */
    GArray *routes;     /* of Route */

    /* the route that is being tried */
    Route *route;
    GArray *hosts; /* of Host */
    unsigned host_at;
    GPtrArray *addresses; /* of char * */
    unsigned address_at;
    bool found_address, soft; /* something that may be better later went wrong */
    char *trouble;            /* (nullable) the last of it */

    /* the open ask */
    Wait wait;
    MgAskId last_ask;
    MgTime ask_due;
    union {
        MgLookupQuestion lookup;
        MgSendQuestion send;
        MgMailboxQuestion mailbox;
        MgAcceptQuestion accept;
    } question;
    GPtrArray *asked; /* addresses in the question, borrowed from recipients */
    GArray *asked_of; /* of unsigned: their indices */
    GString *report;  /* (nullable) */
    unsigned n_reports;
    MgTime report_due;
    MgAcceptAnswer answer;
    char *answer_text;
    GPtrArray *scratch; /* what events point to, until the next call */
    bool closed;
} Queue;

static void enter(Queue *queue, const char *state)
{
    mg_outbox_enter(&queue->out, transitions, &queue->state, state);
}

static void note(Queue *queue, unsigned rule, const char *where)
{
    char *kept = g_strdup(where != NULL ? where : "");
    g_ptr_array_add(queue->scratch, kept);
    mg_outbox_note(&queue->out, &rules[rule], mg_span_from_string(kept));
}

static void say_fate(Queue *queue, MgFateKind kind, const Recipient *recipient)
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

static void ask(Queue *queue, Wait wait, const char *topic, MgTime timeout)
{
    queue->wait = wait;
    queue->ask_due = queue->now + timeout;
    mg_outbox_add(
        &queue->out,
        (MgEvent){.kind = MG_EVENT_ASK,
                  .ask = {.id = ++queue->last_ask, .topic = topic, .question = &queue->question}});
}

/* ---- recipients ---- */

static Recipient *recipient_at(Queue *queue, unsigned i)
{
    return &g_array_index(queue->recipients, Recipient, i);
}

static unsigned route_index(const Queue *queue, const Route *route)
{
    return (unsigned)(route - &g_array_index(queue->routes, Route, 0));
}

static bool is_pending(Queue *queue, const Route *route, unsigned i)
{
    const Recipient *recipient = recipient_at(queue, i);
    return recipient->fate == PENDING && recipient->route == route_index(queue, route);
}

static bool has_pending(Queue *queue, const Route *route)
{
    for (unsigned i = 0; i < queue->recipients->len; i++)
        if (is_pending(queue, route, i))
            return true;
    return false;
}

static void set_reason(Recipient *recipient, const char *status, const char *diagnostic,
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
static void fail_route(Queue *queue, const char *status, const char *diagnostic)
{
    for (unsigned i = 0; i < queue->recipients->len; i++) {
        if (!is_pending(queue, queue->route, i))
            continue;
        Recipient *recipient = recipient_at(queue, i);
        set_reason(recipient, status, diagnostic, NULL);
        recipient->fate = FAILED;
    }
    queue->route = NULL;
}

static void set_trouble(Queue *queue, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void set_trouble(Queue *queue, const char *format, ...)
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
static void defer_route(Queue *queue)
{
    Route *route = queue->route;
    MgTime end = queue->born + queue->give_up;
    if (queue->now >= end) {
        g_autofree char *text =
            g_strdup_printf("Not delivered in time; the last trouble: %s",
                            queue->trouble != NULL ? queue->trouble : "the server did not take it");
        note(queue, R_GIVE_UP, route->domain);
        fail_route(queue, "4.4.7", text);
        return;
    }
    MgTime delay = queue->delays[MIN(route->tries, queue->n_delays - 1)];
    route->tries++;
    route->due = MIN(queue->now + delay, end);
    g_autofree char *in = time_in_words(route->due - queue->now);
    g_autofree char *words = g_strdup_printf("+%s: the queue tries again", in);
    note(queue, R_DEFERRED, words);
    for (unsigned i = 0; i < queue->recipients->len; i++) {
        if (!is_pending(queue, route, i))
            continue;
        Recipient *recipient = recipient_at(queue, i);
        if (queue->trouble != NULL)
            set_reason(recipient, "4.4.0", queue->trouble, NULL);
        say_fate(queue, MG_FATE_QUEUED, recipient);
    }
    queue->route = NULL;
}

/* ---- the store of this host ---- */

/* Asks for the next recipient of the route; its end when there is none. */
static void append_next(Queue *queue)
{
    g_array_set_size(queue->asked_of, 0);
    for (unsigned i = 0; i < queue->recipients->len; i++) {
        /* One that could not be put in now has its trouble written down for this try. */
        if (!is_pending(queue, queue->route, i) || i < queue->host_at)
            continue;
        queue->host_at = i + 1;
        g_array_append_val(queue->asked_of, i);
        queue->question.mailbox =
            (MgMailboxQuestion){.op = MG_MAILBOX_APPEND,
                                .user = recipient_at(queue, i)->address,
                                .mail_from = queue->mail_from,
                                .data = {queue->letter->data, queue->letter->len}};
        ask(queue, WAIT_APPEND, MG_TOPIC_MAILBOX, MAILBOX_TIMEOUT);
        return;
    }
    if (has_pending(queue, queue->route))
        defer_route(queue);
    else
        queue->route = NULL;
}

static void appended(Queue *queue, const MgMailboxAnswer *answer)
{
    Recipient *recipient = recipient_at(queue, g_array_index(queue->asked_of, unsigned, 0));
    switch (answer != NULL ? answer->result : MG_MAILBOX_FAILED) {
    case MG_MAILBOX_OK:
        recipient->fate = SETTLED;
        break;
    case MG_MAILBOX_NONE:
        set_reason(recipient, "5.1.1", "550 5.1.1 No such mailbox here", NULL);
        recipient->fate = FAILED;
        break;
    case MG_MAILBOX_FULL:
        set_trouble(queue, "452 4.2.2 The mailbox is full");
        break;
    default:
        set_trouble(queue, "451 4.3.0 The mailboxes of this host cannot be used now");
    }
    append_next(queue);
}

/* ---- sending ---- */

static void next_host(Queue *queue);

static void next_address(Queue *queue)
{
    if (!has_pending(queue, queue->route)) {
        queue->route = NULL;
        return;
    }
    if (queue->address_at >= queue->addresses->len) {
        next_host(queue);
        return;
    }
    g_ptr_array_set_size(queue->asked, 0);
    g_array_set_size(queue->asked_of, 0);
    for (unsigned i = 0; i < queue->recipients->len; i++)
        if (is_pending(queue, queue->route, i)) {
            g_ptr_array_add(queue->asked, recipient_at(queue, i)->address);
            g_array_append_val(queue->asked_of, i);
        }
    const Host *host = &g_array_index(queue->hosts, Host, queue->host_at - 1);
    queue->question.send =
        (MgSendQuestion){.mail = {.mail_from = queue->mail_from,
                                  .recipients = (const char *const *)queue->asked->pdata,
                                  .n_recipients = queue->asked->len,
                                  .data = {queue->letter->data, queue->letter->len}},
                         .address = g_ptr_array_index(queue->addresses, queue->address_at++),
                         .port = queue->route->port,
                         .server = host->name,
                         .helo = queue->host,
                         .lmtp = queue->route->lmtp};
    ask(queue, WAIT_SEND, MG_TOPIC_SEND, SEND_TIMEOUT);
}

static void take_verdict(Queue *queue, Recipient *recipient, const MgVerdict *verdict)
{
    const char *remote = queue->question.send.server;
    g_autofree char *diagnostic = g_strdup_printf(
        "%u%s%s%s%s", verdict->code, verdict->enhanced != NULL ? " " : "",
        verdict->enhanced != NULL ? verdict->enhanced : "", verdict->text != NULL ? " " : "",
        verdict->text != NULL ? verdict->text : "");
    if (verdict->code >= 200 && verdict->code <= 299) {
        set_reason(recipient, "2.0.0", diagnostic, remote);
        recipient->fate = SETTLED;
        say_fate(queue, MG_FATE_RELAYED, recipient);
    } else if (verdict->code >= 500) {
        set_reason(recipient, verdict->enhanced != NULL ? verdict->enhanced : "5.0.0", diagnostic,
                   remote);
        recipient->fate = FAILED;
    } else if (verdict->code != 0) {
        set_trouble(queue, "%s", diagnostic);
    }
}

static void sent(Queue *queue, const MgSendAnswer *answer)
{
    static const char *const reaches[] = {"", "connection refused", "nobody answers",
                                          "no route to it", "not an address"};
    if (answer == NULL) {
        set_trouble(queue, "nothing on this host can send mail");
    } else if (answer->reach != MG_REACH_OK) {
        unsigned reach = MIN((unsigned)answer->reach, G_N_ELEMENTS(reaches) - 1);
        set_trouble(queue, "%s: %s", queue->question.send.server, reaches[reach]);
    } else {
        if (answer->lost)
            set_trouble(queue, "%s: the connection was lost", queue->question.send.server);
        for (unsigned i = 0; i < queue->asked_of->len && i < answer->n_verdicts; i++)
            take_verdict(queue, recipient_at(queue, g_array_index(queue->asked_of, unsigned, i)),
                         &answer->verdicts[i]);
    }
    bool reached = answer != NULL && answer->reach == MG_REACH_OK;
    if (reached) /* this host has spoken; its other addresses would say the same */
        queue->address_at = queue->addresses->len;
    bool more = queue->address_at < queue->addresses->len || queue->host_at < queue->hosts->len;
    if (more && has_pending(queue, queue->route))
        note(queue, R_NEXT_MX, queue->question.send.server);
    next_address(queue);
}

/* ---- finding the way ---- */

static void add_host(Queue *queue, const char *name, size_t len, unsigned preference)
{
    Host host = {.preference = preference,
                 .order = mg_random_next(&queue->seed),
                 .name = g_strndup(name, len)};
    g_array_append_val(queue->hosts, host);
}

static void host_clear(void *data)
{
    g_free(((Host *)data)->name);
}

static void add_address(Queue *queue, const char *text)
{
    if (queue->addresses->len < ADDRESSES_MAX)
        g_ptr_array_add(queue->addresses, g_strdup(text));
}

static void next_host(Queue *queue)
{
    g_ptr_array_set_size(queue->addresses, 0);
    queue->address_at = 0;
    if (queue->host_at < queue->hosts->len) {
        const Host *host = &g_array_index(queue->hosts, Host, queue->host_at++);
        if (mg_text_is_address(mg_span_from_string(host->name))) {
            add_address(queue, host->name);
            queue->found_address = true;
            next_address(queue);
            return;
        }
        queue->question.lookup = (MgLookupQuestion){.name = host->name, .type = TYPE_A};
        ask(queue, WAIT_ADDRESS, MG_TOPIC_LOOKUP, LOOKUP_TIMEOUT);
        return;
    }
    if (queue->soft || queue->found_address) {
        defer_route(queue);
        return;
    }
    note(queue, R_NO_DOMAIN, queue->route->domain);
    if (queue->route->implicit)
        fail_route(queue, "5.1.2", "The domain has no mail server and no address");
    else
        fail_route(queue, "5.4.4", "The mail servers of the domain have no address");
}

static void addresses_came(Queue *queue, const MgLookupAnswer *answer)
{
    const char *name = queue->question.lookup.name;
    if (answer == NULL || !answer->reached) {
        set_trouble(queue, "the address of %s could not be asked for", name);
    } else if (answer->rcode != 0 && answer->rcode != RCODE_NXDOMAIN) {
        set_trouble(queue, "the DNS could not find the address of %s now", name);
    } else {
        for (size_t i = 0; i < answer->n_records; i++)
            if (answer->records[i].type == TYPE_A) {
                add_address(queue, answer->records[i].data);
                queue->found_address = true;
            }
    }
    next_address(queue);
}

static int compare_hosts(const void *a, const void *b)
{
    const Host *x = a, *y = b;
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
static bool read_exchanges(Queue *queue, const MgLookupAnswer *answer)
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
        note(queue, R_IMPLICIT_MX, queue->route->domain);
        queue->route->implicit = true;
        add_host(queue, queue->route->domain, strlen(queue->route->domain), 0);
    } else if (queue->hosts->len == 0) {
        note(queue, R_NULL_MX, queue->route->domain);
        fail_route(queue, "5.1.10", "The domain takes no mail (null MX)");
        return false;
    }
    g_array_sort(queue->hosts, compare_hosts);
    if (limit == UINT_MAX)
        return true;
    note(queue, R_SELF_MX, queue->route->domain);
    unsigned kept = 0;
    while (kept < queue->hosts->len && g_array_index(queue->hosts, Host, kept).preference < limit)
        kept++;
    g_array_set_size(queue->hosts, kept);
    if (kept == 0) /* RFC 5321 §5.1: nobody is left, and it would come back to us */
        fail_route(queue, "5.4.6", "Mail for this domain loops back to this server");
    return kept > 0;
}

static void exchanges_came(Queue *queue, const MgLookupAnswer *answer)
{
    const char *domain = queue->route->domain;
    if (answer == NULL || !answer->reached) {
        set_trouble(queue, "no name server answers for %s", domain);
        defer_route(queue);
    } else if (answer->rcode == RCODE_NXDOMAIN) {
        note(queue, R_NO_DOMAIN, domain);
        fail_route(queue, "5.1.2", "The domain does not exist");
    } else if (answer->rcode != 0) {
        set_trouble(queue, "the DNS could not find the mail servers of %s now", domain);
        defer_route(queue);
    } else if (read_exchanges(queue, answer)) {
        next_host(queue);
    }
}

/* ---- telling the sender ---- */

static void settle_failed(Queue *queue, MgFateKind kind)
{
    for (unsigned i = 0; i < queue->recipients->len; i++) {
        Recipient *recipient = recipient_at(queue, i);
        if (recipient->fate != FAILED)
            continue;
        recipient->fate = SETTLED;
        say_fate(queue, kind, recipient);
    }
    queue->n_reports = 0;
}

static void write_report(Queue *queue)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(MgReportRow));
    for (unsigned i = 0; i < queue->recipients->len; i++) {
        const Recipient *recipient = recipient_at(queue, i);
        MgReportRow row = {recipient->address, recipient->status, recipient->diagnostic,
                           recipient->remote};
        if (recipient->fate == FAILED)
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
static void tell_sender(Queue *queue)
{
    if (queue->mail_from[0] == '\0') {
        note(queue, R_DROPPED, queue->id);
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
    ask(queue, WAIT_REPORT, MG_TOPIC_ACCEPT, ACCEPT_TIMEOUT);
}

static void report_answered(Queue *queue, const MgAcceptAnswer *answer)
{
    if (answer != NULL && answer->code >= 200 && answer->code <= 299) {
        note(queue, R_BOUNCED, queue->id);
        settle_failed(queue, MG_FATE_BOUNCED);
    } else if (answer != NULL && answer->code < 500 && ++queue->n_reports < REPORTS_MAX) {
        queue->report_due = queue->now + queue->delays[0];
    } else {
        note(queue, R_DROPPED, queue->id);
        settle_failed(queue, MG_FATE_DROPPED);
    }
}

/* ---- what is next ---- */

static bool has_failed(Queue *queue)
{
    for (unsigned i = 0; i < queue->recipients->len; i++)
        if (recipient_at(queue, i)->fate == FAILED)
            return true;
    return false;
}

static void start_route(Queue *queue, Route *route)
{
    queue->route = route;
    g_array_set_size(queue->hosts, 0);
    g_ptr_array_set_size(queue->addresses, 0);
    queue->host_at = queue->address_at = 0;
    queue->found_address = queue->soft = false;
    g_clear_pointer(&queue->trouble, g_free);
    switch (route->kind) {
    case BY_STORE:
        append_next(queue);
        break;
    case BY_MX:
        queue->question.lookup = (MgLookupQuestion){.name = route->domain, .type = TYPE_MX};
        ask(queue, WAIT_MX, MG_TOPIC_LOOKUP, LOOKUP_TIMEOUT);
        break;
    default:
        /* Somebody set this host: that it has no address may be a mistake that is mended soon. */
        set_trouble(queue, "%s has no address", route->domain);
        add_host(queue, route->domain, strlen(route->domain), 0);
        next_host(queue);
    }
}

/* When the next route or report is due; MG_TIME_NEVER if none ever is. */
static MgTime next_due(const Queue *queue)
{
    Queue *writable = (Queue *)queue;
    MgTime due = MG_TIME_NEVER;
    for (unsigned i = 0; i < queue->routes->len; i++) {
        const Route *route = &g_array_index(queue->routes, Route, i);
        if (route->due < due && has_pending(writable, route))
            due = route->due;
    }
    if (has_failed(writable))
        due = MIN(due, queue->report_due);
    return due;
}

static void finish(Queue *queue)
{
    enter(queue, DONE);
    mg_outbox_add(&queue->out, (MgEvent){.kind = MG_EVENT_CLOSE});
    queue->closed = true;
}

/* Starts what is due. Returns false when an ask is open, or nothing is due yet. */
static bool step(Queue *queue)
{
    if (queue->wait != WAIT_NOTHING || queue->closed)
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
        Route *route = &g_array_index(queue->routes, Route, i);
        if (route->due <= queue->now && has_pending(queue, route)) {
            start_route(queue, route);
            return true;
        }
    }
    tell_sender(queue);
    return true;
}

/* ---- birth ---- */

static bool is_local(const Queue *queue, MgSpan domain)
{
    return domain.len == 0 || mg_text_list_has(queue->domains, domain);
}

/* How to get to this domain, as the settings say. */
static Route make_route(const Queue *queue, MgSpan domain)
{
    Route route = {.kind = BY_MX, .port = queue->relay_port, .due = queue->born};
    bool local = is_local(queue, domain);
    const char *where = local ? queue->deliver : queue->smarthost;
    if (local && g_str_has_prefix(where, "lmtp:")) {
        where += strlen("lmtp:");
        route.lmtp = true;
    } else if (local) {
        where = NULL;
        route.kind = BY_STORE;
    }
    if (where != NULL &&
        mg_text_parse_endpoint(where, route.lmtp ? 24 : 25, &route.domain, &route.port)) {
        route.kind = BY_HOST;
        return route;
    }
    route.lmtp = false;
    bool v6 =
        domain.len > 6 && mg_span_equal_nocase(mg_span_slice(domain, 0, 6), MG_SPAN("[IPv6:"));
    if (!local && domain.len > 2 && domain.data[0] == '[') { /* RFC 5321 §4.1.3 */
        size_t skip = v6 ? 6 : 1;
        route.kind = BY_LITERAL;
        domain = mg_span_slice(domain, skip, domain.len - skip - 1);
    }
    route.domain = g_strndup((const char *)domain.data, domain.len);
    return route;
}

static void add_recipient(Queue *queue, const char *address)
{
    MgSpan domain = mg_smtp_domain_of(address);
    Recipient recipient = {.address = g_strdup(address), .route = queue->routes->len};
    for (unsigned i = 0; i < queue->recipients->len; i++) {
        const Recipient *other = recipient_at(queue, i);
        if (mg_span_equal_nocase(mg_smtp_domain_of(other->address), domain)) {
            recipient.route = other->route;
            break;
        }
    }
    if (recipient.route == queue->routes->len) {
        Route route = make_route(queue, domain);
        g_array_append_val(queue->routes, route);
    }
    g_array_append_val(queue->recipients, recipient);
}

static void recipient_clear(void *data)
{
    Recipient *recipient = data;
    g_free(recipient->address);
    g_free(recipient->status);
    g_free(recipient->diagnostic);
    g_free(recipient->remote);
}

static void route_clear(void *data)
{
    g_free(((Route *)data)->domain);
}

/* The name that our own server wrote into its Received line, so that both are the same; a letter
 * that has none gets one of its own. */
static char *find_id(const Queue *queue, uint64_t random)
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

static void read_delays(Queue *queue, const char *text)
{
    MgSpan item;
    while (queue->n_delays < DELAYS_MAX && mg_text_next_item(&text, &item)) {
        g_autofree char *word = g_strndup((const char *)item.data, item.len);
        MgTime delay = 0;
        if (mg_time_parse(word, &delay))
            queue->delays[queue->n_delays++] = MAX(delay, MG_SECONDS);
    }
    if (queue->n_delays == 0)
        queue->delays[queue->n_delays++] = 15 * MG_MINUTES;
}

static void read_settings(Queue *queue, const MgSettings *settings)
{
    queue->domains = g_strdup(mg_settings_get(settings, "domains", ""));
    queue->deliver = g_strdup(mg_settings_get(settings, "deliver", "store"));
    queue->smarthost = g_strdup(mg_settings_get(settings, "smarthost", NULL));
    queue->relay_port = (uint16_t)mg_settings_get_uint(settings, "relay_port", 25);
    queue->give_up = mg_settings_get_time(settings, "give_up", 5 * 24 * MG_HOURS);
    read_delays(queue, mg_settings_get(settings, "retry", "15min;30min;1h;2h;4h"));
}

static void accept_mail(Queue *queue, const MgMail *mail, unsigned hops_max)
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
    note(queue, R_LOOP, queue->id); /* RFC 5321 §6.3 */
    for (unsigned i = 0; i < queue->recipients->len; i++) {
        set_reason(recipient_at(queue, i), "5.4.6", "Too many hops: the mail goes in a circle",
                   NULL);
        recipient_at(queue, i)->fate = FAILED;
    }
}

static MgEngine *queue_create(const MgBirth *birth)
{
    const MgAcceptQuestion *mail = birth->question;
    Queue *queue = g_new0(Queue, 1);
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
    queue->recipients = g_array_new(FALSE, FALSE, sizeof(Recipient));
    g_array_set_clear_func(queue->recipients, recipient_clear);
    queue->routes = g_array_new(FALSE, FALSE, sizeof(Route));
    g_array_set_clear_func(queue->routes, route_clear);
    queue->hosts = g_array_new(FALSE, FALSE, sizeof(Host));
    g_array_set_clear_func(queue->hosts, host_clear);
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
    Queue *queue = (Queue *)engine;
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
static void clear_scratch(Queue *queue)
{
    if (queue->out.events->len == 0)
        g_ptr_array_set_size(queue->scratch, 0);
}

static void answered(Queue *queue, Wait wait, const void *answer)
{
    queue->wait = WAIT_NOTHING;
    switch (wait) {
    case WAIT_MX:
        exchanges_came(queue, answer);
        break;
    case WAIT_ADDRESS:
        addresses_came(queue, answer);
        break;
    case WAIT_SEND:
        sent(queue, answer);
        break;
    case WAIT_APPEND:
        appended(queue, answer);
        break;
    default:
        report_answered(queue, answer);
    }
}

static bool queue_answer(MgEngine *engine, MgAskId ask_id, const void *answer, MgTime now)
{
    Queue *queue = (Queue *)engine;
    if (queue->wait == WAIT_NOTHING || ask_id != queue->last_ask)
        return false;
    clear_scratch(queue);
    queue->now = now;
    answered(queue, queue->wait, answer);
    return true;
}

static MgTime queue_deadline(const MgEngine *engine)
{
    const Queue *queue = (const Queue *)engine;
    if (queue->closed)
        return MG_TIME_NEVER;
    return queue->wait != WAIT_NOTHING ? queue->ask_due : next_due(queue);
}

static void queue_advance(MgEngine *engine, MgTime now)
{
    Queue *queue = (Queue *)engine;
    if (queue->closed || now < queue_deadline(engine))
        return;
    clear_scratch(queue);
    queue->now = now;
    if (queue->wait == WAIT_NOTHING)
        return; /* next() starts what is due */
    mg_outbox_add(&queue->out, (MgEvent){.kind = MG_EVENT_CANCEL, .cancel = queue->last_ask});
    answered(queue, queue->wait, NULL);
}

static bool queue_next(MgEngine *engine, MgEvent *event)
{
    Queue *queue = (Queue *)engine;
    while (!mg_outbox_next(&queue->out, event))
        if (!step(queue))
            return false;
    return true;
}

static size_t queue_facts(const MgEngine *engine, MgFact *facts, size_t max)
{
    const Queue *queue = (const Queue *)engine;
    size_t n = 0;
    unsigned left = 0;
    const char *trouble = NULL;
    for (unsigned i = 0; i < queue->recipients->len; i++) {
        const Recipient *recipient = &g_array_index(queue->recipients, Recipient, i);
        left += recipient->fate != SETTLED;
        if (recipient->fate != SETTLED && recipient->diagnostic != NULL)
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
    if (n < max && queue->wait == WAIT_NOTHING && next_due(queue) != MG_TIME_NEVER) {
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
