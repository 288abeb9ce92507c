/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tap.c - stands between a mail program and its server, and writes down what they say
 *
 * A Pair is two sockets: of the program that came (the inner side, where we are the server), and of
 * the server (the outer side, where we are the client). What one brings is written to the other as
 * it is. Each side may have a layer (layer.h); then what it brings is what the layer says was
 * inside.
 *
 * One flow of the trace is one pair, seen at the outer side: what is on the wire to the server, and
 * beneath it, once TLS is there, what it hides. The wire to the program differs from it in nothing
 * but the keys of TLS, so it is not told a second time. The flow is real: passwords are stars in it
 * (dissect.h), and keys are not kept.
 *
 * When TLS begins is a row of the dissector (`starttls`): a command of the program, and a reply
 * that begins with the word for yes. The reply goes through before the layers begin; what comes
 * behind it, or behind the command, in the clear goes through as well, for it is not the tap's to
 * judge, and the ends throw it away (RFC 3207 §4.2).
 *
 * What a side cannot take yet waits, and the other side is not read until it has gone, so that a
 * fast sender fills no memory. An end that closes is passed on when all before it has gone.
 */
#include "tap.h"

#include <mailglass/topics.h>

#include "door.h"

#define READ_SIZE       ((gsize)32 * 1024)
#define CONNECT_TIMEOUT 30u /* seconds */
#define PAIRS_MAX       128u

typedef struct Pair Pair;

typedef struct {
    Pair *pair;
    GSocketConnection *connection; /* (nullable) */
    MgLayer *layer;                /* (nullable) */
    MgDirection brings;            /* what comes from here */
    MgSecureQuestion question;     /* of the layer */
    GByteArray *out, *writing;     /* to be written; being written */
    bool reading, ended, shut;     /* ended: it will bring no more; shut: we write no more */
} Side;

struct Pair {
    unsigned references;
    MgTap *tap;
    Side inner, outer;
    MgFlowId flow;
    uint64_t counted[2], hidden[2]; /* octets of each direction, on the wire and within */
    uint32_t seen;                  /* records that were looked at */
    char tag_text[32];              /* of the last command … */
    size_t tag;                     /* … octets of it */
    bool asked;                     /* the program has asked for TLS, and waits */
    bool secure, dead;
    GCancellable *cancellable;
};

struct MgTap {
    MgTrace *trace;
    GSocketService *service;
    GSocketClient *connector;
    char *address, *server, *server_text;
    uint16_t port;
    const MgDissector *dissector;
    uint8_t dissector_index;
    bool from_start;
    const MgLayerKind *layer_kind; /* (nullable) no plugin can do it */
    void *layer_shared;
    MgSettings settings;
    GPtrArray *kept;
    GPtrArray *pairs;
    MgHostId client_host, server_host;
    int64_t origin;
    void (*said)(void *data);
    void *said_data;
};

static void pump(Pair *pair);

/* ---- life ---- */

static MgTime now_of(const MgTap *tap)
{
    return g_get_monotonic_time() - tap->origin;
}

static Side *other(Side *side)
{
    return side == &side->pair->inner ? &side->pair->outer : &side->pair->inner;
}

static void init_side(Side *side, Pair *pair, MgDirection brings)
{
    side->pair = pair;
    side->brings = brings;
    side->out = g_byte_array_new();
    side->writing = g_byte_array_new();
}

static void clear_side(Side *side)
{
    g_clear_object(&side->connection);
    g_byte_array_unref(side->out);
    g_byte_array_unref(side->writing);
}

static void unref_pair(Pair *pair)
{
    if (--pair->references > 0)
        return;
    clear_side(&pair->inner);
    clear_side(&pair->outer);
    g_object_unref(pair->cancellable);
    g_free(pair);
}

static void tell(const MgTap *tap)
{
    if (tap->said != NULL)
        tap->said(tap->said_data);
}

static void kill_pair(Pair *pair)
{
    if (pair->dead)
        return;
    pair->dead = true;
    g_cancellable_cancel(pair->cancellable);
    Side *sides[] = {&pair->inner, &pair->outer};
    for (size_t i = 0; i < G_N_ELEMENTS(sides); i++) {
        if (sides[i]->connection != NULL) /* what is still being read or written fails by it */
            g_socket_close(g_socket_connection_get_socket(sides[i]->connection), NULL);
        if (sides[i]->layer != NULL)
            sides[i]->layer->kind->free(sides[i]->layer);
        sides[i]->layer = NULL;
    }
    if (pair->flow != 0) {
        mg_trace_end_octets(pair->tap->trace, pair->flow, MG_FROM_CLIENT, now_of(pair->tap));
        mg_trace_end_octets(pair->tap->trace, pair->flow, MG_FROM_SERVER, now_of(pair->tap));
        mg_trace_end_flow(pair->tap->trace, pair->flow);
    }
    tell(pair->tap);
    g_ptr_array_remove_fast(pair->tap->pairs, pair);
    unref_pair(pair);
}

/* ---- what the trace is told ---- */

static void say(Pair *pair, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void say(Pair *pair, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    mg_trace_add_action(pair->tap->trace,
                        &(MgDoer){pair->tap->client_host, 0, 0, now_of(pair->tap)}, text);
}

static void tell_wire(Pair *pair, MgDirection direction, MgSpan octets)
{
    MgTime now = now_of(pair->tap);
    pair->counted[direction] += octets.len;
    mg_trace_add_octets(pair->tap->trace, pair->flow, direction, octets, 0, now);
    mg_trace_arrived(pair->tap->trace, pair->flow, direction, pair->counted[direction], now);
}

static void tell_hidden(Pair *pair, MgDirection direction, const MgLayerEvent *event)
{
    MgTime now = now_of(pair->tap);
    MgHidden where = {.flow = pair->flow, .direction = direction, .unit = event->unit};
    pair->hidden[direction] += event->octets.len;
    mg_trace_add_inner(pair->tap->trace, &where, event->octets, now);
    mg_trace_inner_arrived(pair->tap->trace, pair->flow, direction, pair->hidden[direction], now);
}

/* Events of the outer layer are told; those of the inner one differ in nothing but keys. */
static void tell_inside(Pair *pair, const MgLayerEvent *event)
{
    MgDirection direction = event->from_peer ? MG_FROM_SERVER : MG_FROM_CLIENT;
    MgHidden where = {.flow = pair->flow, .direction = direction, .unit = event->unit};
    mg_trace_add_inside(pair->tap->trace, &where, event->tag, event->octets, now_of(pair->tap));
}

static void tell_note(Side *side, const MgRule *rule)
{
    const MgTap *tap = side->pair->tap;
    MgHostId host = side == &side->pair->inner ? tap->client_host : tap->server_host;
    mg_trace_add_note(tap->trace, &(MgDoer){host, 0, 0, now_of(tap)}, rule, (MgSpan){NULL, 0});
}

/* ---- octets ---- */

/* To this side's end, through its layer if it has one. */
static void to_side(Side *side, MgSpan octets)
{
    if (side->layer != NULL)
        side->layer->kind->send(side->layer, octets, now_of(side->pair->tap));
    else
        g_byte_array_append(side->out, octets.data, (guint)octets.len);
    if (side->layer == NULL && side == &side->pair->outer && octets.len > 0)
        tell_wire(side->pair, MG_FROM_CLIENT, octets);
}

/* Takes the first word off. */
static MgSpan take_tag(MgSpan *octets)
{
    size_t len = 0;
    while (len < octets->len && octets->data[len] != ' ')
        len++;
    MgSpan tag = mg_span_slice(*octets, 0, len);
    size_t skip = MIN(len + 1, octets->len);
    *octets = mg_span_slice(*octets, skip, octets->len - skip);
    return tag;
}

/* Has the program asked for TLS, and has the server agreed? */
static bool agreed(Pair *pair)
{
    const MgTrace *trace = pair->tap->trace;
    const char *word = pair->tap->dissector->starttls.word;
    const char *yes = pair->tap->dissector->starttls.yes;
    bool tagged = pair->tap->dissector->starttls.tagged;
    bool now = false;
    while (pair->seen != mg_trace_n_records(trace)) {
        if (!mg_trace_has(trace, ++pair->seen))
            continue;
        const MgRecord *record = mg_trace_record(trace, pair->seen);
        if (record->flow != pair->flow || record->kind != MG_RECORD_EXCHANGE || word == NULL)
            continue;
        MgSpan octets = mg_trace_bytes(trace, pair->seen);
        if (record->unit == MG_UNIT_COMMAND) {
            MgSpan tag = tagged ? take_tag(&octets) : (MgSpan){NULL, 0};
            pair->tag = MIN(tag.len, sizeof pair->tag_text);
            if (pair->tag > 0)
                memcpy(pair->tag_text, tag.data, pair->tag);
            while (octets.len > 0 && g_ascii_isspace((char)octets.data[octets.len - 1]))
                octets.len--;
            pair->asked = mg_span_equal_nocase(octets, mg_span_from_string(word));
        } else if (record->unit == MG_UNIT_REPLY) {
            MgSpan tag = tagged ? take_tag(&octets) : (MgSpan){NULL, 0};
            if (tag.len != pair->tag ||
                (tag.len > 0 && memcmp(tag.data, pair->tag_text, tag.len) != 0))
                continue; /* of something else */
            now = pair->asked && octets.len >= strlen(yes) &&
                  memcmp(octets.data, yes, strlen(yes)) == 0;
            pair->asked = false;
        }
    }
    return now;
}

static void drain(Side *side);

static void begin_layer(Side *side, MgTime now)
{
    MgTap *tap = side->pair->tap;
    bool server = side == &side->pair->inner;
    side->question = (MgSecureQuestion){.name = server ? NULL : tap->server, .any = true};
    MgLayerBirth birth = {.question = &side->question,
                          .shared = tap->layer_shared,
                          .settings = &tap->settings,
                          .host = tap->server,
                          .server = server,
                          .real = true,
                          .now = now,
                          .epoch = mg_trace_epoch(tap->trace),
                          .seed = (uint64_t)g_random_int() << 32 | g_random_int()};
    side->layer = tap->layer_kind->create(&birth);
}

static void begin_secure(Pair *pair)
{
    MgTap *tap = pair->tap;
    MgTime now = now_of(tap);
    if (tap->layer_kind == NULL) {
        say(pair, "no plugin that can do TLS is loaded: the connection ends here");
        kill_pair(pair);
        return;
    }
    uint8_t index =
        mg_registry_dissector_index(mg_trace_registry(tap->trace), tap->layer_kind->dissector);
    mg_trace_begin_layer(tap->trace, pair->flow, MG_FROM_CLIENT, index, now);
    mg_trace_begin_layer(tap->trace, pair->flow, MG_FROM_SERVER, index, now);
    pair->secure = true;
    begin_layer(&pair->outer, now);
    begin_layer(&pair->inner, now);
    drain(&pair->outer);
    drain(&pair->inner);
}

static void secured(Side *side, const MgSecureAnswer *answer)
{
    Pair *pair = side->pair;
    const char *who = side == &pair->inner ? "the program" : pair->tap->server_text;
    const char *reason = answer->reason != NULL ? answer->reason : "?";
    if (!answer->secure)
        say(pair, "TLS with %s did not come about: %s", who, reason);
    else if (side == &pair->outer && !answer->verified)
        say(pair, "%s with %s, whose name is not proved: %s", answer->version, who, reason);
    else
        say(pair, "%s with %s%s", answer->version, who,
            side == &pair->outer ? ", whose name is proved" : "");
    if (!answer->secure) /* an alert that is still to go out goes before the end */
        side->ended = other(side)->ended = true;
}

static void on_layer(Side *side, const MgLayerEvent *event)
{
    Pair *pair = side->pair;
    bool outer = side == &pair->outer;
    MgDirection sends = outer ? MG_FROM_CLIENT : MG_FROM_SERVER;
    switch (event->kind) {
    case MG_LAYER_WIRE:
        g_byte_array_append(side->out, event->octets.data, (guint)event->octets.len);
        if (outer)
            tell_wire(pair, MG_FROM_CLIENT, event->octets);
        break;
    case MG_LAYER_SENT:
        if (outer)
            tell_hidden(pair, sends, event);
        break;
    case MG_LAYER_PLAIN:
        if (outer)
            tell_hidden(pair, MG_FROM_SERVER, event);
        to_side(other(side), event->octets);
        break;
    case MG_LAYER_INSIDE:
        if (outer)
            tell_inside(pair, event);
        break;
    case MG_LAYER_SECRET: /* with keys anybody could read the passwords */
        break;
    case MG_LAYER_NOTE:
        tell_note(side, event->rule);
        break;
    case MG_LAYER_READY:
    case MG_LAYER_FAILED:
        secured(side, event->answer);
        break;
    case MG_LAYER_ENDED:
        side->ended = true;
        break;
    }
}

static void drain(Side *side)
{
    MgLayerEvent event;
    while (!side->pair->dead && side->layer != NULL && side->layer->kind->next(side->layer, &event))
        on_layer(side, &event);
}

static void came(Side *side, MgSpan octets)
{
    Pair *pair = side->pair;
    if (pair->secure) {
        if (side == &pair->outer)
            tell_wire(pair, MG_FROM_SERVER, octets);
        side->layer->kind->receive(side->layer, octets, now_of(pair->tap));
        drain(side);
        drain(other(side));
        return;
    }
    if (side == &pair->outer)
        tell_wire(pair, MG_FROM_SERVER, octets);
    to_side(other(side), octets);
    if (agreed(pair))
        begin_secure(pair);
}

/* ---- sockets ---- */

static void on_read(GObject *source, GAsyncResult *result, void *data)
{
    Side *side = data;
    Pair *pair = side->pair;
    g_autoptr(GBytes) bytes =
        g_input_stream_read_bytes_finish(G_INPUT_STREAM(source), result, NULL);
    size_t len = 0;
    const uint8_t *octets = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    side->reading = false;
    if (!pair->dead && len > 0)
        came(side, (MgSpan){octets, len});
    else
        side->ended = true;
    if (!pair->dead && side->ended && side->layer != NULL) {
        side->layer->kind->receive_end(side->layer, MG_END_CLOSED, now_of(pair->tap));
        drain(side);
    }
    if (!pair->dead) {
        tell(pair->tap);
        pump(pair);
    }
    unref_pair(pair);
}

static void on_written(GObject *source, GAsyncResult *result, void *data)
{
    Side *side = data;
    Pair *pair = side->pair;
    bool good = g_output_stream_write_all_finish(G_OUTPUT_STREAM(source), result, NULL, NULL);
    g_byte_array_set_size(side->writing, 0);
    if (!pair->dead && !good)
        kill_pair(pair);
    if (!pair->dead)
        pump(pair);
    unref_pair(pair);
}

/* The end of the other side, after all that it said. */
static void pass_end(Side *side)
{
    Side *from = other(side);
    if (!from->ended || side->shut || side->writing->len > 0)
        return;
    if (side->layer != NULL) { /* says goodbye, which is written first */
        side->layer->kind->close(side->layer, now_of(side->pair->tap));
        drain(side);
    }
    side->shut = side->out->len == 0;
    if (side->shut)
        g_socket_shutdown(g_socket_connection_get_socket(side->connection), FALSE, TRUE, NULL);
}

static void write_side(Side *side)
{
    if (side->connection == NULL || side->writing->len > 0)
        return;
    if (side->out->len == 0)
        pass_end(side);
    if (side->out->len == 0)
        return;
    GByteArray *full = side->out;
    side->out = side->writing;
    side->writing = full;
    side->pair->references++;
    g_output_stream_write_all_async(g_io_stream_get_output_stream(G_IO_STREAM(side->connection)),
                                    full->data, full->len, G_PRIORITY_DEFAULT,
                                    side->pair->cancellable, on_written, side);
}

static void read_side(Side *side)
{
    const Side *to = other(side);
    if (side->connection == NULL || side->reading || side->ended || to->out->len > 0 ||
        to->writing->len > 0)
        return;
    side->reading = true;
    side->pair->references++;
    g_input_stream_read_bytes_async(g_io_stream_get_input_stream(G_IO_STREAM(side->connection)),
                                    READ_SIZE, G_PRIORITY_DEFAULT, side->pair->cancellable, on_read,
                                    side);
}

/* All that can be done now. */
static void pump(Pair *pair)
{
    write_side(&pair->inner);
    write_side(&pair->outer);
    if (pair->inner.shut && pair->outer.shut) {
        kill_pair(pair);
        return;
    }
    read_side(&pair->inner);
    read_side(&pair->outer);
}

/* ---- beginning ---- */

static void set_address(GSocketAddress *address, char *text, size_t size, uint16_t *port)
{
    if (address == NULL || !G_IS_INET_SOCKET_ADDRESS(address))
        return;
    GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS(address);
    g_autofree char *name = g_inet_address_to_string(g_inet_socket_address_get_address(inet));
    g_strlcpy(text, name, size);
    *port = g_inet_socket_address_get_port(inet);
}

/* The flow is from the program to the server, as they are; the tap is in between. */
static void add_flow(Pair *pair)
{
    MgTap *tap = pair->tap;
    MgFlow flow = {.transport = MG_TRANSPORT_STREAM,
                   .client = tap->client_host,
                   .server = tap->server_host,
                   .dissector = tap->dissector_index,
                   .real = true,
                   .at = now_of(tap)};
    g_autoptr(GSocketAddress) from =
        g_socket_connection_get_remote_address(pair->inner.connection, NULL);
    g_autoptr(GSocketAddress) to =
        g_socket_connection_get_remote_address(pair->outer.connection, NULL);
    set_address(from, flow.client_address, sizeof flow.client_address, &flow.client_port);
    set_address(to, flow.server_address, sizeof flow.server_address, &flow.server_port);
    pair->flow = mg_trace_add_flow(tap->trace, &flow);
    pair->seen = mg_trace_n_records(tap->trace);
}

static void on_connected(GObject *source, GAsyncResult *result, void *data)
{
    Pair *pair = data;
    g_autoptr(GError) error = NULL;
    pair->outer.connection =
        g_socket_client_connect_to_host_finish(G_SOCKET_CLIENT(source), result, &error);
    if (pair->dead) {
        unref_pair(pair);
        return;
    }
    if (pair->outer.connection == NULL) {
        say(pair, "%s: %s", pair->tap->server_text, error->message);
        kill_pair(pair);
        unref_pair(pair);
        return;
    }
    /* Who connects must not take long; who talks may. */
    g_socket_set_timeout(g_socket_connection_get_socket(pair->outer.connection), 0);
    add_flow(pair);
    if (pair->tap->from_start)
        begin_secure(pair);
    if (!pair->dead) {
        tell(pair->tap);
        pump(pair);
    }
    unref_pair(pair);
}

static gboolean on_program(GSocketService *service, GSocketConnection *connection, GObject *source,
                           void *data)
{
    MgTap *tap = data;
    if (tap->pairs->len >= PAIRS_MAX)
        return FALSE; /* it is closed */
    Pair *pair = g_new0(Pair, 1);
    pair->references = 2; /* of the list, and of the connecting */
    pair->tap = tap;
    pair->cancellable = g_cancellable_new();
    init_side(&pair->inner, pair, MG_FROM_CLIENT);
    init_side(&pair->outer, pair, MG_FROM_SERVER);
    pair->inner.connection = g_object_ref(connection);
    g_ptr_array_add(tap->pairs, pair);
    g_socket_client_connect_to_host_async(tap->connector, tap->server, tap->port, pair->cancellable,
                                          on_connected, pair);
    return FALSE;
}

static void copy_settings(MgTap *tap, const MgSettings *from)
{
    MgSetting *rows = g_new0(MgSetting, from->n_rows + 1);
    for (size_t i = 0; i < from->n_rows; i++) {
        char *value = g_malloc(from->rows[i].len + 1);
        memcpy(value, from->rows[i].value, from->rows[i].len);
        value[from->rows[i].len] = '\0';
        g_ptr_array_add(tap->kept, value);
        rows[i] = (MgSetting){
            .key = g_intern_string(from->rows[i].key), .value = value, .len = from->rows[i].len};
    }
    g_ptr_array_add(tap->kept, rows);
    tap->settings = (MgSettings){rows, from->n_rows};
}

static bool listen_on(MgTap *tap, const char *address, GError **error)
{
    g_autoptr(GSocketAddress) parsed = mg_door_parse_address(address, error);
    g_autoptr(GSocketAddress) bound = NULL;
    if (parsed == NULL || !g_socket_listener_add_address(
                              G_SOCKET_LISTENER(tap->service), parsed, G_SOCKET_TYPE_STREAM,
                              G_SOCKET_PROTOCOL_TCP, NULL, &bound, error))
        return false;
    g_autofree char *text =
        g_inet_address_to_string(g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(bound)));
    uint16_t port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound));
    tap->address = g_strdup_printf(strchr(text, ':') != NULL ? "[%s]:%u" : "%s:%u", text, port);
    return true;
}

MgTap *mg_tap_open(MgTrace *trace, const char *address, const MgTapQuestion *question,
                   GError **error)
{
    g_autoptr(GError) wrong = NULL;
    g_autoptr(MgTap) tap = g_new0(MgTap, 1);
    MgRegistry *registry = mg_trace_registry(trace);
    tap->trace = mg_trace_ref(trace);
    tap->origin = g_get_monotonic_time();
    tap->kept = g_ptr_array_new_with_free_func(g_free);
    tap->pairs = g_ptr_array_new();
    tap->server = g_strdup(question->server);
    tap->port = question->port;
    tap->server_text = g_strdup_printf("%s:%u", question->server, question->port);
    tap->from_start = question->from_start;
    tap->dissector_index = mg_registry_dissector_index(registry, question->dissector);
    tap->dissector = mg_registry_dissector(registry, tap->dissector_index);
    copy_settings(tap, question->settings);
    tap->service = g_socket_service_new();
    if (tap->dissector == NULL || !listen_on(tap, address, &wrong)) {
        g_set_error(error, MG_ERROR, MG_ERROR_REACH, "%s: cannot listen: %s", address,
                    wrong != NULL ? wrong->message : "no plugin knows the protocol");
        return NULL;
    }
    tap->connector = g_socket_client_new();
    g_socket_client_set_timeout(tap->connector, CONNECT_TIMEOUT);
    g_socket_client_set_enable_proxy(tap->connector, FALSE);
    tap->layer_kind = mg_registry_layer(registry, MG_TOPIC_SECURE);
    if (tap->layer_kind != NULL && tap->layer_kind->setup != NULL)
        tap->layer_shared = tap->layer_kind->setup(mg_trace_seed(trace), mg_trace_epoch(trace));
    tap->client_host = mg_trace_add_host(trace, "program", "mua", NULL, "", true);
    tap->server_host =
        mg_trace_add_host(trace, question->server, "real", NULL, question->server, true);
    g_signal_connect(tap->service, "incoming", G_CALLBACK(on_program), tap);
    g_socket_service_start(tap->service);
    return g_steal_pointer(&tap);
}

void mg_tap_on_change(MgTap *tap, void (*said)(void *data), void *data)
{
    tap->said = said;
    tap->said_data = data;
}

/* What is under way ends with an error in a later turn of the loop, which finds the pair dead and
 * looks at the tap no more. */
void mg_tap_close(MgTap *tap)
{
    if (tap == NULL)
        return;
    g_signal_handlers_disconnect_by_data(tap->service, tap);
    g_socket_service_stop(tap->service);
    g_socket_listener_close(G_SOCKET_LISTENER(tap->service));
    while (tap->pairs->len > 0)
        kill_pair(g_ptr_array_index(tap->pairs, 0));
    if (tap->layer_shared != NULL && tap->layer_kind->teardown != NULL)
        tap->layer_kind->teardown(tap->layer_shared);
    g_object_unref(tap->service);
    g_clear_object(&tap->connector);
    g_ptr_array_unref(tap->pairs);
    g_ptr_array_unref(tap->kept);
    g_free(tap->address);
    g_free(tap->server);
    g_free(tap->server_text);
    mg_trace_unref(tap->trace);
    g_free(tap);
}

const char *mg_tap_address(const MgTap *tap)
{
    return tap->address;
}
