/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-queue-spool.c - what is kept of a queued mail, so that it outlives a crash of its host
 *
 * RFC 5321 §6.1: a server that has said 250 must not lose the mail "because the host later
 * crashes". So the letter is kept before that 250, and all else is kept again whenever more is
 * known: after each recipient's verdict, each delay and each report. What is kept is a row of
 * texts, each with a NUL at its end, for no text of an envelope holds one.
 */
#include "smtp-queue-private.h"

#define SPOOL_TIMEOUT MG_MINUTES
#define FORMAT        "1" /* the first text: who reads it knows what follows */

/* ---- writing ---- */

static void put(GString *out, const char *text) /* (nullable) */
{
    g_string_append(out, text != NULL ? text : "");
    g_string_append_c(out, '\0');
}

/* Many are written for each mail, and printf() takes its time. */
static void put_number(GString *out, int64_t number)
{
    char text[24];
    size_t at = sizeof text;
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    text[--at] = '\0';
    do {
        text[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (number < 0)
        text[--at] = '-';
    g_string_append_len(out, text + at, (gssize)(sizeof text - at));
}

static void put_recipient(GString *out, const MgQueueRecipient *recipient)
{
    put(out, recipient->address);
    put_number(out, recipient->route == MG_QUEUE_NO_ROUTE ? -1 : (int64_t)recipient->route);
    put_number(out, recipient->fate);
    put_number(out, recipient->tell);
    put_number(out, recipient->warned);
    put_number(out, recipient->notify);
    put(out, recipient->orcpt);
    put(out, recipient->status);
    put(out, recipient->diagnostic);
    put(out, recipient->remote);
}

/* How to get there is not kept: the settings may be others after the crash. */
static void put_route(const MgQueue *queue, GString *out, unsigned i)
{
    const MgQueueRoute *route = &g_array_index(queue->routes, MgQueueRoute, i);
    put(out, route->via);
    put_number(out, route->tries);
    put_number(out, route->due);
}

static void freeze(const MgQueue *queue, GString *out)
{
    g_string_truncate(out, 0);
    put(out, FORMAT);
    put(out, queue->id);
    put(out, queue->mail_from);
    put(out, queue->envid);
    put(out, queue->auth);
    put_number(out, queue->body);
    put_number(out, queue->ret);
    put_number(out, queue->smtputf8);
    put_number(out, queue->born);
    put_number(out, queue->report_due);
    put_number(out, queue->n_reports);
    put_number(out, queue->routes->len);
    for (unsigned i = 0; i < queue->routes->len; i++)
        put_route(queue, out, i);
    put_number(out, queue->recipients->len);
    for (unsigned i = 0; i < queue->recipients->len; i++)
        put_recipient(out, mg_queue_recipient(queue, i));
}

void mg_queue_spool(MgQueue *queue, MgSpoolOp op)
{
    static const MgQueueWait waits[] = {[MG_SPOOL_PUT] = MG_QUEUE_WAIT_PUT,
                                        [MG_SPOOL_UPDATE] = MG_QUEUE_WAIT_UPDATE,
                                        [MG_SPOOL_REMOVE] = MG_QUEUE_WAIT_REMOVE};
    queue->question.spool = (MgSpoolQuestion){.op = op, .item = queue->item};
    if (op == MG_SPOOL_PUT)
        queue->question.spool.data = (MgSpan){queue->letter->data, queue->letter->len};
    if (op != MG_SPOOL_REMOVE) {
        freeze(queue, queue->frozen);
        queue->question.spool.state =
            (MgSpan){(const uint8_t *)queue->frozen->str, queue->frozen->len};
    }
    queue->dirty = false;
    mg_queue_ask(queue, waits[op], MG_TOPIC_SPOOL, SPOOL_TIMEOUT);
}

/* ---- reading ---- */

/* The next text; "" at the end, and for what has no NUL. */
static const char *take(MgSpan *state)
{
    const uint8_t *end = state->len > 0 ? memchr(state->data, '\0', state->len) : NULL;
    if (end == NULL) {
        *state = (MgSpan){NULL, 0};
        return "";
    }
    const char *text = (const char *)state->data;
    size_t used = (size_t)(end - state->data) + 1;
    *state = mg_span_slice(*state, used, state->len - used);
    return text;
}

/* (transfer full) What stands in the lines of a report: "" if it would make lines of its own. */
static char *take_word(MgSpan *state)
{
    const char *text = take(state);
    for (const char *c = text; *c != '\0'; c++)
        if (g_ascii_iscntrl(*c))
            return g_strdup("");
    return g_strdup(text);
}

static int64_t take_number(MgSpan *state)
{
    return g_ascii_strtoll(take(state), NULL, 10);
}

static int64_t take_small(MgSpan *state, int64_t max)
{
    int64_t number = take_number(state);
    return CLAMP(number, 0, max);
}

/* When something is due: no later than a mail of now would be given up, whatever was kept. */
static MgTime take_due(const MgQueue *queue, MgSpan *state)
{
    return take_small(state, queue->now + queue->give_up);
}

/* (nullable) (transfer full) */
static char *take_copy(MgSpan *state)
{
    const char *text = take(state);
    return text[0] != '\0' ? g_strdup(text) : NULL;
}

typedef struct {
    char *via; /* (nullable) */
    unsigned tries;
    MgTime due;
} KeptRoute;

static void kept_route_clear(void *data)
{
    g_free(((KeptRoute *)data)->via);
}

static GArray *take_routes(const MgQueue *queue, MgSpan *state)
{
    GArray *kept = g_array_new(FALSE, FALSE, sizeof(KeptRoute));
    g_array_set_clear_func(kept, kept_route_clear);
    for (int64_t n = take_number(state); n > 0 && state->len > 0; n--) {
        KeptRoute route = {.via = take_copy(state)};
        route.tries = (unsigned)take_number(state);
        route.due = take_due(queue, state);
        g_array_append_val(kept, route);
    }
    return kept;
}

static void take_recipient(MgQueue *queue, MgSpan *state, const GArray *routes)
{
    MgQueueRecipient recipient = {.address = take_word(state), .route = MG_QUEUE_NO_ROUTE};
    int64_t at = take_number(state);
    if (at >= 0 && at < routes->len) {
        const KeptRoute *kept = &g_array_index(routes, KeptRoute, at);
        unsigned before = queue->routes->len;
        recipient.route = mg_queue_find_route(queue, recipient.address, kept->via);
        MgQueueRoute *route = &g_array_index(queue->routes, MgQueueRoute, recipient.route);
        route->due = recipient.route < before ? MIN(route->due, kept->due) : kept->due;
        route->tries = MAX(route->tries, kept->tries);
    }
    recipient.fate = (MgQueueFate)take_small(state, MG_QUEUE_SETTLED);
    recipient.tell = (MgQueueTell)take_small(state, MG_QUEUE_TELL_EXPANDED);
    recipient.warned = take_number(state) != 0;
    recipient.notify = (unsigned)take_number(state);
    recipient.orcpt = take_copy(state);
    recipient.status = take_copy(state);
    recipient.diagnostic = take_copy(state);
    recipient.remote = take_copy(state);
    g_array_append_val(queue->recipients, recipient);
}

void mg_queue_thaw(MgQueue *queue, const MgSpooled *spooled)
{
    MgSpan state = spooled->state;
    queue->item = spooled->item;
    bool known = strcmp(take(&state), FORMAT) == 0;
    if (!known)
        state = (MgSpan){NULL, 0};
    queue->id = take_word(&state);
    queue->mail_from = take_word(&state);
    queue->envid = take_copy(&state);
    queue->auth = take_copy(&state);
    queue->body = (MgBody)take_small(&state, MG_BODY_BINARY);
    queue->ret = (MgRet)take_small(&state, MG_RET_HEADERS);
    queue->smtputf8 = take_number(&state) != 0;
    queue->born = take_small(&state, queue->now); /* before the crash, so before now */
    queue->report_due = take_due(queue, &state);
    queue->n_reports = (unsigned)take_number(&state);
    g_autoptr(GArray) routes = take_routes(queue, &state);
    for (int64_t n = take_number(&state); n > 0 && state.len > 0; n--)
        take_recipient(queue, &state, routes);
}
