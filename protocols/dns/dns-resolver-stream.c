/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-resolver-stream.c - answers "dns.stream": one query over a TCP connection of its own
 *
 * The message goes with its length before it (RFC 7766 §8), and the first that comes back is the
 * answer. Whether it is the right one is seen by who asked.
 */
#include "dns-resolver-stream.h"

#include "dns.h"

#include "dns-events.h"
#include "dns-message.h"

static const char connecting[] = "connecting", waiting[] = "waiting", answered[] = "answered",
                  unanswered[] = "unanswered";

static const MgTransition transitions[] = {
    {connecting, N_("the connection is open"), waiting, "RFC 7766 §5"},
    {connecting, N_("there is no connection"), unanswered, "RFC 7766 §5"},
    {waiting, N_("the whole answer is there"), answered, "RFC 7766 §8"},
    {waiting, N_("the server hangs up, or time is up"), unanswered, "RFC 7766 §6.2.3"},
    {0},
};

typedef struct {
    MgEngine base;
    MgConnectQuestion connect;
    char address[64];
    GByteArray *out, *in;
    MgTime due;
    const char *state;
    bool asked; /* for the connection, and it is not there yet */
    MgDnsStreamAnswer answer;
    MgDnsEvents events;
} Stream;

static void enter(Stream *stream, const char *to)
{
    mg_dns_events_enter(&stream->events, stream->base.kind, &stream->state, to);
}

static void finish(Stream *stream, MgReach reach)
{
    if (stream->asked)
        mg_dns_events_add(&stream->events, (MgEvent){.kind = MG_EVENT_CANCEL, .cancel = 1});
    stream->asked = false;
    enter(stream, reach == MG_REACH_OK ? answered : unanswered);
    stream->answer.reach = reach;
    if (reach == MG_REACH_OK)
        stream->answer.payload = (MgSpan){stream->in->data + 2, mg_dns_get_u16(stream->in->data)};
    mg_dns_events_add(
        &stream->events,
        (MgEvent){.kind = MG_EVENT_DELIVER, .deliver = {MG_TOPIC_DNS_STREAM, &stream->answer}});
    mg_dns_events_add(&stream->events, (MgEvent){.kind = MG_EVENT_CLOSE});
}

static bool is_over(const Stream *stream)
{
    return stream->state == answered || stream->state == unanswered;
}

static MgEngine *create(const MgBirth *birth)
{
    const MgDnsStreamQuestion *question = birth->question;
    Stream *stream = g_new0(Stream, 1);
    uint8_t len[] = {(uint8_t)(question->payload.len >> 8), (uint8_t)question->payload.len};
    stream->base.kind = &mg_dns_stream;
    stream->state = connecting;
    stream->in = g_byte_array_new();
    stream->out = g_byte_array_new();
    g_byte_array_append(stream->out, len, sizeof len);
    g_byte_array_append(stream->out, question->payload.data, (guint)question->payload.len);
    g_strlcpy(stream->address, question->address, sizeof stream->address);
    stream->due = birth->now + question->timeout;
    stream->connect =
        (MgConnectQuestion){.address = stream->address, .port = question->port, .dissector = "dns"};
    stream->asked = true;
    mg_dns_events_add(
        &stream->events,
        (MgEvent){.kind = MG_EVENT_ASK, .ask = {1, MG_TOPIC_CONNECT, &stream->connect, 0}});
    return &stream->base;
}

static void free_stream(MgEngine *engine)
{
    Stream *stream = (Stream *)engine;
    g_byte_array_unref(stream->in);
    g_byte_array_unref(stream->out);
    g_free(stream);
}

static bool answer(MgEngine *engine, MgAskId id, const void *given, MgTime now)
{
    Stream *stream = (Stream *)engine;
    const MgConnectAnswer *connected = given;
    if (!stream->asked || id != 1)
        return false;
    stream->asked = false;
    if (connected == NULL || connected->reach != MG_REACH_OK) {
        finish(stream, connected == NULL ? MG_REACH_UNREACHABLE : connected->reach);
        return true;
    }
    enter(stream, waiting);
    mg_dns_events_add(&stream->events, (MgEvent){.kind = MG_EVENT_SEND,
                                                 .send = {stream->out->data, stream->out->len}});
    return true;
}

static void receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    Stream *stream = (Stream *)engine;
    if (stream->state != waiting)
        return;
    g_byte_array_append(stream->in, bytes.data, (guint)bytes.len);
    if (stream->in->len >= 2 && stream->in->len - 2 >= mg_dns_get_u16(stream->in->data))
        finish(stream, MG_REACH_OK);
}

static void receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
    Stream *stream = (Stream *)engine;
    if (stream->state == waiting)
        finish(stream, how == MG_END_TIMEOUT ? MG_REACH_TIMEOUT : MG_REACH_REFUSED);
}

static void advance(MgEngine *engine, MgTime now)
{
    Stream *stream = (Stream *)engine;
    if (!is_over(stream) && now >= stream->due)
        finish(stream, MG_REACH_TIMEOUT);
}

static bool next(MgEngine *engine, MgEvent *event)
{
    return mg_dns_events_next(&((Stream *)engine)->events, event);
}

static MgTime deadline(const MgEngine *engine)
{
    const Stream *stream = (const Stream *)engine;
    return is_over(stream) ? MG_TIME_NEVER : stream->due;
}

const MgEngineKind mg_dns_stream = {
    .name = "dns.stream",
    .summary = N_("Asks a name server over TCP when a datagram is too small"),
    .usual = "resolver mua",
    .topic = MG_TOPIC_DNS_STREAM,
    .dissector = "dns",
    .transitions = transitions,
    .create = create,
    .free = free_stream,
    .receive = receive,
    .receive_end = receive_end,
    .advance = advance,
    .answer = answer,
    .next = next,
    .deadline = deadline,
};
