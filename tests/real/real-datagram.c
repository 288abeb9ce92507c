/* SPDX-License-Identifier: GPL-3.0-or-later */
/* real-datagram.c - datagrams over real sockets, with toy engines at both ends
 *
 * The server answers a datagram with the same octets, unless they say "silence". The answerer of
 * the topic "toy.echo" sends its question's text and delivers what came back. */
#include "carrier.h"
#include "door.h"

/* ---- the server ---- */

typedef struct {
    MgEngine base;
    GString *text;
    bool sent, closed;
} Echo;

static MgEngine *echo_create(const MgBirth *birth)
{
    extern const MgEngineKind echo_kind;
    Echo *echo = g_new0(Echo, 1);
    echo->base.kind = &echo_kind;
    g_assert_true(g_str_has_prefix(birth->peer_address, "127."));
    g_assert_cmpuint(birth->peer_port, >, 0);
    return &echo->base;
}

static void echo_free(MgEngine *engine)
{
    Echo *echo = (Echo *)engine;
    if (echo->text != NULL)
        g_string_free(echo->text, TRUE);
    g_free(echo);
}

static void echo_receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    Echo *echo = (Echo *)engine;
    g_assert_null(echo->text); /* an engine for each datagram */
    echo->text = g_string_new_len((const char *)bytes.data, (gssize)bytes.len);
}

static bool echo_next(MgEngine *engine, MgEvent *event)
{
    Echo *echo = (Echo *)engine;
    if (echo->text == NULL || echo->closed)
        return false;
    if (!echo->sent && strcmp(echo->text->str, "silence") != 0) {
        echo->sent = true;
        *event = (MgEvent){.kind = MG_EVENT_SEND,
                           .send = {(const uint8_t *)echo->text->str, echo->text->len}};
        return true;
    }
    echo->closed = true;
    *event = (MgEvent){.kind = MG_EVENT_CLOSE};
    return true;
}

/* ---- the answerer ---- */

typedef struct {
    const char *address;
    uint16_t port;
    const char *text;
} EchoQuestion;

typedef struct {
    MgReach reach;
    char text[64];
} EchoAnswer;

typedef struct {
    MgEngine base;
    EchoAnswer answer;
    MgDatagramQuestion question;
    enum { ASKING, WAITING, ANSWERED, CLOSING, DONE } step;
} Asker;

static MgEngine *asker_create(const MgBirth *birth)
{
    extern const MgEngineKind asker_kind;
    const EchoQuestion *question = birth->question;
    Asker *asker = g_new0(Asker, 1);
    asker->base.kind = &asker_kind;
    asker->question = (MgDatagramQuestion){.address = question->address,
                                           .port = question->port,
                                           .payload = mg_span_from_string(question->text),
                                           .timeout = 200 * MG_MILLISECONDS};
    return &asker->base;
}

static void asker_free(MgEngine *engine)
{
    g_free(engine);
}

static bool asker_answer(MgEngine *engine, MgAskId ask, const void *answer, MgTime now)
{
    const MgDatagramAnswer *datagram = answer;
    Asker *asker = (Asker *)engine;
    g_assert_cmpint(asker->step, ==, WAITING);
    asker->answer.reach = datagram->reach;
    if (datagram->payload.len > 0)
        memcpy(asker->answer.text, datagram->payload.data, datagram->payload.len);
    asker->step = ANSWERED;
    return true;
}

static bool asker_next(MgEngine *engine, MgEvent *event)
{
    Asker *asker = (Asker *)engine;
    if (asker->step == ASKING)
        *event =
            (MgEvent){.kind = MG_EVENT_ASK, .ask = {1, MG_TOPIC_DATAGRAM, &asker->question, 0}};
    else if (asker->step == ANSWERED)
        *event = (MgEvent){.kind = MG_EVENT_DELIVER, .deliver = {"toy.echo", &asker->answer}};
    else if (asker->step == CLOSING)
        *event = (MgEvent){.kind = MG_EVENT_CLOSE};
    else
        return false;
    asker->step++;
    return true;
}

/* ---- what both have in common ---- */

extern const MgEngineKind echo_kind, asker_kind;
const MgEngineKind echo_kind = {.name = "toy.server",
                                .transport = MG_TRANSPORT_DATAGRAM,
                                .port = 7,
                                .create = echo_create,
                                .free = echo_free,
                                .receive = echo_receive,
                                .next = echo_next};
const MgEngineKind asker_kind = {.name = "toy.asker",
                                 .topic = "toy.echo",
                                 .create = asker_create,
                                 .free = asker_free,
                                 .answer = asker_answer,
                                 .next = asker_next};

/* ---- tests ---- */

typedef struct {
    MgRegistry *registry;
    MgTrace *trace;
    MgRuntime *runtime;
    MgDrive *drive;
    MgRealCarrier *carrier;
    MgHostId server, client;
    MgDoor *door;
    EchoAnswer answer;
    unsigned n_answers;
} Fixture;

static void setup(Fixture *fixture, const void *data)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    fixture->registry = mg_registry_new_for_path("");
    fixture->trace = mg_trace_new(fixture->registry);
    fixture->runtime = mg_runtime_new(fixture->registry, fixture->trace, 0, 1);
    MgRuntime *runtime = fixture->runtime;
    fixture->server = mg_runtime_add_host(runtime, "server", "x", NULL, "127.0.0.1", NULL);
    fixture->client = mg_runtime_add_host(runtime, "client", "x", NULL, "127.0.0.1", NULL);
    mg_runtime_add_engine(runtime, fixture->server, &echo_kind, 7, problems);
    mg_runtime_add_engine(runtime, fixture->client, &asker_kind, 0, problems);
    fixture->drive = mg_drive_new_for_runtime(NULL, runtime);
    fixture->carrier = mg_real_carrier_new(runtime, fixture->drive);
    mg_runtime_set_carrier(runtime, fixture->client, &mg_real_carrier_class, fixture->carrier);
    fixture->door =
        mg_door_open(fixture->carrier, fixture->server, &echo_kind, "127.0.0.1:0", &error);
    g_assert_no_error(error);
}

static void teardown(Fixture *fixture, const void *data)
{
    mg_door_close(fixture->door);
    mg_runtime_free(fixture->runtime);
    mg_real_carrier_free(fixture->carrier);
    mg_drive_free(fixture->drive);
    mg_trace_unref(fixture->trace);
    mg_registry_unref(fixture->registry);
}

static void on_answer(const void *answer, void *data)
{
    Fixture *fixture = data;
    g_assert_nonnull(answer);
    fixture->answer = *(const EchoAnswer *)answer;
    fixture->n_answers++;
}

static void ask(Fixture *fixture, const char *address, uint16_t port, const char *text)
{
    const EchoQuestion question = {address, port, text};
    fixture->n_answers = 0;
    g_assert_cmpuint(mg_runtime_ask(fixture->runtime, fixture->client, "toy.echo", &question,
                                    (MgListener){on_answer, fixture},
                                    mg_drive_sync(fixture->drive)),
                     >, 0);
    while (fixture->n_answers == 0)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(fixture->n_answers, ==, 1);
    g_assert_cmpuint(mg_real_carrier_n_open(fixture->carrier), ==, 0);
}

static void test_echo(Fixture *fixture, const void *data)
{
    for (unsigned i = 0; i < 3; i++) {
        ask(fixture, "127.0.0.1", mg_door_port(fixture->door), "hello");
        g_assert_cmpint(fixture->answer.reach, ==, MG_REACH_OK);
        g_assert_cmpstr(fixture->answer.text, ==, "hello");
    }
    /* Both ends saw it, and each datagram has arrived. */
    g_assert_cmpuint(mg_trace_n_flows(fixture->trace), ==, 6);
    unsigned n_exchanges = 0;
    for (uint32_t n = 1; n <= mg_trace_n_records(fixture->trace); n++) {
        const MgRecord *record = mg_trace_record(fixture->trace, n);
        if (record->kind != MG_RECORD_EXCHANGE)
            continue;
        n_exchanges++;
        MgSpan bytes = mg_trace_bytes(fixture->trace, n);
        g_assert_cmpmem(bytes.data, bytes.len, "hello", 5);
    }
    g_assert_cmpuint(n_exchanges, ==, 12);
}

/* A name may stand for ::1 first, where nobody listens; the next address is tried. */
static void test_name(Fixture *fixture, const void *data)
{
    ask(fixture, "localhost", mg_door_port(fixture->door), "hello");
    g_assert_cmpint(fixture->answer.reach, ==, MG_REACH_OK);
    g_assert_cmpstr(fixture->answer.text, ==, "hello");
}

static void test_silence(Fixture *fixture, const void *data)
{
    MgTime start = mg_drive_now(fixture->drive);
    ask(fixture, "127.0.0.1", mg_door_port(fixture->door), "silence");
    g_assert_cmpint(fixture->answer.reach, ==, MG_REACH_TIMEOUT);
    g_assert_cmpint(mg_drive_now(fixture->drive) - start, >=, 190 * MG_MILLISECONDS);
}

static void test_refused(Fixture *fixture, const void *data)
{
    uint16_t port = mg_door_port(fixture->door);
    g_clear_pointer(&fixture->door, mg_door_close); /* an ICMP port unreachable comes back */
    ask(fixture, "127.0.0.1", port, "hello");
    g_assert_cmpint(fixture->answer.reach, ==, MG_REACH_REFUSED);
}

static void test_no_such_name(Fixture *fixture, const void *data)
{
    ask(fixture, "nowhere.invalid", 53, "hello");
    g_assert_cmpint(fixture->answer.reach, ==, MG_REACH_UNREACHABLE);
}

/* Many that lie there together are answered together, to whoever sent each. */
static void test_burst(Fixture *fixture, const void *data)
{
    enum { SENDERS = 3, EACH = 50 };
    GSocket *senders[SENDERS];
    g_autoptr(GSocketAddress) door =
        g_inet_socket_address_new_from_string("127.0.0.1", mg_door_port(fixture->door));
    for (unsigned s = 0; s < SENDERS; s++) {
        senders[s] =
            g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
        g_assert_true(g_socket_connect(senders[s], door, NULL, NULL));
        g_socket_set_blocking(senders[s], FALSE);
    }
    for (unsigned i = 0; i < EACH; i++)
        for (unsigned s = 0; s < SENDERS; s++) {
            g_autofree char *text = g_strdup_printf("%u of %u", i, s);
            g_assert_cmpint(g_socket_send(senders[s], text, strlen(text), NULL, NULL), >, 0);
        }
    while (g_main_context_iteration(NULL, FALSE))
        ;
    for (unsigned s = 0; s < SENDERS; s++) {
        for (unsigned i = 0; i < EACH; i++) {
            char got[32] = "";
            g_autofree char *text = g_strdup_printf("%u of %u", i, s);
            g_socket_receive(senders[s], got, sizeof got - 1, NULL, NULL);
            g_assert_cmpstr(got, ==, text);
        }
        g_object_unref(senders[s]);
    }
    g_assert_cmpuint(mg_trace_n_flows(fixture->trace), ==, SENDERS * EACH);
    g_assert_cmpuint(mg_trace_n_hosts(fixture->trace), ==, 3); /* one peer: they have one address */
    g_assert_cmpuint(mg_real_carrier_n_open(fixture->carrier), ==, 0);
}

/* Whoever makes up addresses does not fill the trace with hosts. Each of 127.0.0.0/8 is ours. */
static void test_many_peers(Fixture *fixture, const void *data)
{
    g_autoptr(GSocketAddress) door =
        g_inet_socket_address_new_from_string("127.0.0.1", mg_door_port(fixture->door));
    for (unsigned i = 0; i < 4200; i++) {
        g_autofree char *from = g_strdup_printf("127.9.%u.%u", i >> 8, i & 255);
        g_autoptr(GSocketAddress) here = g_inet_socket_address_new_from_string(from, 0);
        g_autoptr(GSocket) socket =
            g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
        if (!g_socket_bind(socket, here, FALSE, NULL)) {
            g_test_skip("127.0.0.1 is this machine's only loopback address");
            return;
        }
        g_assert_cmpint(g_socket_send_to(socket, door, "silence", 7, NULL, NULL), >, 0);
        while (g_main_context_iteration(NULL, FALSE))
            ;
    }
    g_assert_cmpuint(mg_trace_n_flows(fixture->trace), ==, 4200);
    g_assert_cmpuint(mg_trace_n_hosts(fixture->trace), ==, 2 + 4096);
    g_assert_cmpstr(mg_trace_host(fixture->trace, 2 + 4096)->name, ==, "others");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/real/datagram/echo", Fixture, NULL, setup, test_echo, teardown);
    g_test_add("/real/datagram/name", Fixture, NULL, setup, test_name, teardown);
    g_test_add("/real/datagram/silence", Fixture, NULL, setup, test_silence, teardown);
    g_test_add("/real/datagram/refused", Fixture, NULL, setup, test_refused, teardown);
    g_test_add("/real/datagram/no-such-name", Fixture, NULL, setup, test_no_such_name, teardown);
    g_test_add("/real/datagram/burst", Fixture, NULL, setup, test_burst, teardown);
    g_test_add("/real/datagram/many-peers", Fixture, NULL, setup, test_many_peers, teardown);
    return g_test_run();
}
