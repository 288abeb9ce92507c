/* SPDX-License-Identifier: GPL-3.0-or-later */
/* carrier.c - real sockets as what carries an engine's octets
 *
 * A Conn is one socket: a stream, or one datagram that waits for its answer. It lives from
 * connect(), datagram() or an accept until its line is closed and what was to be sent is sent. The
 * runtime may close a line from inside any call to it, so a Conn is reference-counted, and each
 * callback holds one.
 */
#include "carrier.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

#define CONNECT_TIMEOUT (30 * MG_SECONDS)
#define LINGER_TIMEOUT  (5 * MG_SECONDS)  /* for what is queued, and the peer's FIN */
#define SILENCE         (20 * MG_SECONDS) /* given up after so long: the peer had fallen silent */
#define READ_SIZE       ((gsize)64 * 1024)
#define DATAGRAM_MAX    65535u
#define PEERS_MAX       4096u /* that are told apart */
#define RECENT          256u  /* peers by their address's octets; a power of two */

/* A peer who sent a datagram: mostly it sends another. */
typedef struct {
    uint8_t octets[16];
    size_t len; /* 0: nobody */
    char address[46];
    MgHostId host;
} Recent;

struct MgRealCarrier {
    MgRuntime *runtime;
    MgTrace *trace;
    MgDrive *drive;
    MgPoller *poller;
    MgTime connect_timeout;
    GPtrArray *conns;  /* of Conn, a reference each */
    GHashTable *peers; /* name → MgHostId: the hosts that were added to the trace */
    Recent recent[RECENT];
    bool trouble;
    uint8_t buffer[READ_SIZE];
};

typedef enum { CONN_RESOLVING, CONN_CONNECTING, CONN_OPEN, CONN_LINGERING, CONN_DEAD } ConnState;

typedef struct {
    unsigned references;
    MgRealCarrier *carrier;
    MgLine *line; /* (nullable) NULL once the runtime has closed it */
    ConnState state;
    bool stream, served; /* served: accepted by a door */
    unsigned at;         /* its place in the carrier's conns */
    int fd;              /* -1: none … */
    GSocket *socket;     /* (nullable) … and whose it is, of who was not served */
    MgWatch watch;
    MgPeer peer;
    MgBurst *burst; /* (nullable) of a datagram that a door took, instead of a socket … */
    MgPeer asker;   /* … and whose it is */
    GSource *timer;
    GCancellable *cancellable;
    GList *addresses; /* of GInetAddress: left to be tried */
    char *name;       /* as it was asked for */
    uint16_t port;
    GByteArray *queue; /* (nullable) to be written */
    size_t written;
    GBytes *payload; /* of a datagram */
    MgTime timeout;  /* of a datagram */
    MgTime heard;    /* when the peer last said something */
    bool broken;     /* nothing is sent any more; the line will be told */
    bool ended;      /* the line was told that the peer's octets ended */
    MgFlowId flow;
    uint64_t n_sent, n_received; /* octets, for the trace */
} Conn;

/* ---- life ---- */

static Conn *conn_ref(Conn *conn)
{
    conn->references++;
    return conn;
}

static void conn_unref(Conn *conn)
{
    if (--conn->references > 0)
        return;
    g_clear_object(&conn->cancellable);
    g_clear_pointer(&conn->payload, g_bytes_unref);
    g_list_free_full(conn->addresses, g_object_unref);
    g_clear_pointer(&conn->queue, g_byte_array_unref);
    g_clear_pointer(&conn->burst, mg_burst_unref);
    g_free(conn->name);
    g_free(conn);
}

static void on_ready(void *data, GIOCondition condition);

static Conn *conn_new(MgRealCarrier *carrier, MgLine *line, bool stream)
{
    Conn *conn = g_new(Conn, 1); /* not g_new0(): calloc() takes nothing from malloc()'s caches */
    *conn = (Conn){.references = 1,
                   .carrier = carrier,
                   .line = line,
                   .stream = stream,
                   .fd = -1,
                   .queue = stream ? g_byte_array_new() : NULL,
                   .at = carrier->conns->len};
    conn->watch = (MgWatch){.ready = on_ready, .data = conn};
    g_ptr_array_add(carrier->conns, conn);
    return conn;
}

static void watch(Conn *conn, GIOCondition condition)
{
    mg_poller_watch(conn->carrier->poller, &conn->watch, conn->fd, conn->watch.wants | condition);
}

static void unwatch(Conn *conn, GIOCondition condition)
{
    mg_poller_watch(conn->carrier->poller, &conn->watch, conn->fd, conn->watch.wants & ~condition);
}

static void close_socket(Conn *conn)
{
    unwatch(conn, G_IO_IN | G_IO_OUT);
    if (conn->socket != NULL)
        g_clear_object(&conn->socket); /* which closes it */
    else if (conn->fd >= 0)
        close(conn->fd);
    conn->fd = -1;
}

static void drop_source(GSource **source)
{
    if (*source != NULL) {
        g_source_destroy(*source);
        g_source_unref(*source);
        *source = NULL;
    }
}

/* Ends it at once, whatever was still to be done. */
static void conn_kill(Conn *conn)
{
    if (conn->state == CONN_DEAD)
        return;
    conn->state = CONN_DEAD;
    if (conn->line != NULL)
        conn->line->end = NULL;
    conn->line = NULL;
    drop_source(&conn->timer);
    if (conn->cancellable != NULL)
        g_cancellable_cancel(conn->cancellable);
    close_socket(conn);
    GPtrArray *conns = conn->carrier->conns;
    ((Conn *)g_ptr_array_index(conns, conns->len - 1))->at = conn->at;
    g_ptr_array_remove_index_fast(conns, conn->at); /* gives up its reference */
}

static void set_timer(Conn *conn, MgTime time, GSourceFunc callback)
{
    drop_source(&conn->timer);
    conn->timer = g_timeout_source_new((guint)MIN(time / MG_MILLISECONDS, G_MAXUINT));
    g_source_set_callback(conn->timer, callback, conn, NULL);
    g_source_attach(conn->timer, mg_drive_context(conn->carrier->drive));
}

/* ---- the trace ---- */

/* The trace's host for a real peer: one for each name, as long as they are few. */
static MgHostId peer_host(MgRealCarrier *carrier, const char *name, const char *address)
{
    unsigned id = GPOINTER_TO_UINT(g_hash_table_lookup(carrier->peers, name));
    if (id != 0)
        return (MgHostId)id;
    /* Whoever makes up addresses must not fill the trace with hosts. */
    if (g_hash_table_size(carrier->peers) == PEERS_MAX - 1)
        name = address = "others";
    else if (g_hash_table_size(carrier->peers) == PEERS_MAX)
        return peer_host(carrier, "others", "others");
    id = mg_trace_add_host(carrier->trace, name, "real", NULL, address, true);
    g_hash_table_insert(carrier->peers, g_strdup(name), GUINT_TO_POINTER(id));
    return (MgHostId)id;
}

static const Recent *recent_peer(MgRealCarrier *carrier, const MgPeer *peer, uint16_t *port)
{
    MgSpan octets = mg_peer_octets(peer, port);
    uint32_t hash = 0;
    for (size_t i = 0; i < octets.len; i++)
        hash = hash * 31 + octets.data[i];
    Recent *recent = &carrier->recent[hash % RECENT];
    if (recent->len == octets.len && memcmp(recent->octets, octets.data, octets.len) == 0)
        return recent;
    memcpy(recent->octets, octets.data, octets.len);
    recent->len = octets.len;
    mg_peer_format(peer, recent->address, sizeof recent->address, port);
    recent->host = peer_host(carrier, recent->address, recent->address);
    return recent;
}

/* A conversation with a real peer; `name` is what people call the peer. */
static MgFlowId add_flow(Conn *conn, MgHostId host, const char *name, uint8_t dissector,
                         uint32_t parent)
{
    MgRealCarrier *carrier = conn->carrier;
    MgFlow flow = {.transport = conn->stream ? MG_TRANSPORT_STREAM : MG_TRANSPORT_DATAGRAM,
                   .dissector = dissector,
                   .real = true,
                   .parent = parent,
                   .at = mg_drive_now(carrier->drive)};
    MgPeer local = {.len = sizeof local.address};
    if (getsockname(conn->fd, &local.address.any, &local.len) != 0)
        local.len = 0;
    char *here = conn->served ? flow.server_address : flow.client_address;
    char *there = conn->served ? flow.client_address : flow.server_address;
    if (local.len > 0)
        mg_peer_format(&local, here, sizeof flow.client_address,
                       conn->served ? &flow.server_port : &flow.client_port);
    if (conn->peer.len > 0)
        mg_peer_format(&conn->peer, there, sizeof flow.client_address,
                       conn->served ? &flow.client_port : &flow.server_port);
    MgHostId peer = peer_host(carrier, name != NULL ? name : there, there);
    flow.client = conn->served ? peer : host;
    flow.server = conn->served ? host : peer;
    return mg_trace_add_flow(carrier->trace, &flow);
}

/* ---- telling the runtime ---- */

static MgTime now_of(Conn *conn)
{
    return mg_drive_sync(conn->carrier->drive);
}

static MgReach reach_of(const GError *error)
{
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
        return MG_REACH_REFUSED;
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
        return MG_REACH_TIMEOUT;
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT))
        return MG_REACH_BAD_ADDRESS;
    return MG_REACH_UNREACHABLE;
}

/* The asker learns that there is no peer, and the trace says it in words. */
static void report_reach(Conn *conn, const GError *error)
{
    static const char *const words[] = {
        [MG_REACH_REFUSED] = "the connection was refused",
        [MG_REACH_TIMEOUT] = "the connection timed out",
        [MG_REACH_UNREACHABLE] = "the host cannot be reached",
        [MG_REACH_BAD_ADDRESS] = "this is not an address",
    };
    MgTime now = now_of(conn); /* first: what is due may close the line */
    MgReach reach = reach_of(error);
    MgLine *line = conn->line;
    const char *text = g_error_matches(error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND)
                           ? "there is no such name"
                           : words[reach];
    conn->carrier->trouble = true;
    conn_ref(conn);
    if (line != NULL) {
        g_autofree char *action = g_strdup_printf("%s:%u: %s", conn->name, conn->port, text);
        mg_trace_add_action(conn->carrier->trace,
                            &(MgDoer){line->host, line->engine, line->cause, now}, action);
        MgFlowId flow = line->flow;
        conn->line = NULL;
        if (conn->stream)
            mg_line_connected(line, reach, text, now);
        else
            mg_line_datagram(line, reach, (MgSpan){NULL, 0}, now);
        mg_trace_end_flow(conn->carrier->trace, flow);
    }
    conn_kill(conn);
    conn_unref(conn);
}

static void report_end(Conn *conn, MgEnd how)
{
    MgTime now = now_of(conn);
    if (conn->line == NULL || conn->ended)
        return;
    conn->ended = true;
    conn->carrier->trouble = true;
    mg_line_ended(conn->line, how, now);
}

/* ---- streams ---- */

static gboolean on_linger_over(void *data)
{
    conn_kill(data);
    return G_SOURCE_REMOVE;
}

/* The line is closed. When the queue is empty the peer gets a FIN, and the socket stays until the
 * peer's FIN or for a while: closing it with octets unread would send a RST that can destroy what
 * the peer has not read yet. */
static void linger(Conn *conn)
{
    if (conn->state == CONN_LINGERING)
        return;
    conn->state = CONN_LINGERING;
    set_timer(conn, LINGER_TIMEOUT, on_linger_over);
}

/* When all is written: a FIN, or the end, if the peer's FIN was here already. */
static void half_close(Conn *conn)
{
    if (conn->state != CONN_LINGERING || conn->written < conn->queue->len)
        return;
    if (conn->ended || shutdown(conn->fd, SHUT_WR) != 0)
        conn_kill(conn);
}

static bool would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* Writes what can be written now. Returns false when the connection is gone. */
static bool write_queue(Conn *conn)
{
    while (conn->written < conn->queue->len) {
        ssize_t n = send(conn->fd, conn->queue->data + conn->written,
                         conn->queue->len - conn->written, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && would_block()) {
            watch(conn, G_IO_OUT);
            return true;
        }
        if (n < 0)
            return false;
        conn->written += (size_t)n;
    }
    g_byte_array_set_size(conn->queue, 0);
    conn->written = 0;
    unwatch(conn, G_IO_OUT);
    return true;
}

static void on_writable(Conn *conn)
{
    if (!write_queue(conn)) {
        report_end(conn, MG_END_RESET);
        conn_kill(conn);
    } else {
        half_close(conn);
    }
}

/* Reads what has come. Returns false when no more will. */
static bool read_some(Conn *conn)
{
    uint8_t *buffer = conn->carrier->buffer;
    ssize_t n = recv(conn->fd, buffer, READ_SIZE, MSG_DONTWAIT);
    int code = errno;
    if (n > 0) {
        MgTime now = conn->heard = now_of(conn);
        if (conn->line != NULL && !conn->ended) {
            mg_line_received(conn->line, (MgSpan){buffer, (size_t)n}, now);
            conn->n_received += (uint64_t)n;
            mg_trace_arrived(conn->carrier->trace, conn->flow,
                             conn->served ? MG_FROM_CLIENT : MG_FROM_SERVER, conn->n_received, now);
        }
        return conn->state != CONN_DEAD;
    }
    if (n < 0 && would_block())
        return true;
    report_end(conn, n == 0 ? MG_END_CLOSED : code == ETIMEDOUT ? MG_END_TIMEOUT : MG_END_RESET);
    /* A peer that has only shut its side can still be written to; else there is nothing left. */
    if (n < 0 || conn->state == CONN_LINGERING)
        conn_kill(conn);
    return false;
}

/* What is written goes out, whatever of before is not yet acknowledged. */
static void at_once(int fd)
{
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
}

static void connected(Conn *conn)
{
    MgTime now = now_of(conn);
    MgLine *line = conn->line;
    conn->state = CONN_OPEN;
    conn->heard = now;
    drop_source(&conn->timer);
    unwatch(conn, G_IO_OUT);
    at_once(conn->fd);
    if (line == NULL) {
        conn_kill(conn);
        return;
    }
    line->flow = conn->flow = add_flow(conn, line->host, conn->name, line->dissector, line->cause);
    line->record_received = true;
    watch(conn, G_IO_IN);
    mg_line_connected(line, MG_REACH_OK, NULL, now);
}

static void try_next(Conn *conn, const GError *why);

static void on_connect_done(Conn *conn)
{
    g_autoptr(GError) error = NULL;
    unwatch(conn, G_IO_OUT);
    if (g_socket_check_connect_result(conn->socket, &error))
        connected(conn);
    else
        try_next(conn, error);
}

static gboolean on_connect_timeout(void *data)
{
    Conn *conn = conn_ref(data);
    g_autoptr(GError) error =
        g_error_new_literal(G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "the connection timed out");
    try_next(conn, error);
    conn_unref(conn);
    return G_SOURCE_REMOVE;
}

static bool open_socket(Conn *conn, GInetAddress *address, GError **error)
{
    close_socket(conn);
    conn->socket = g_socket_new(g_inet_address_get_family(address),
                                conn->stream ? G_SOCKET_TYPE_STREAM : G_SOCKET_TYPE_DATAGRAM,
                                G_SOCKET_PROTOCOL_DEFAULT, error);
    if (conn->socket == NULL)
        return false;
    g_socket_set_blocking(conn->socket, FALSE);
    conn->fd = g_socket_get_fd(conn->socket);
    g_autoptr(GSocketAddress) peer = g_inet_socket_address_new(address, conn->port);
    conn->peer.len = (socklen_t)g_socket_address_get_native_size(peer);
    return g_socket_address_to_native(peer, &conn->peer.address, sizeof conn->peer.address,
                                      error) &&
           g_socket_connect(conn->socket, peer, NULL, error);
}

static void send_datagram(Conn *conn);

/* Tries the next address; when there is none, `why` is how it ended. */
static void try_next(Conn *conn, const GError *why)
{
    g_autoptr(GError) last = why != NULL ? g_error_copy(why) : NULL;
    drop_source(&conn->timer);
    while (conn->addresses != NULL) {
        g_autoptr(GInetAddress) address = conn->addresses->data;
        g_autoptr(GError) error = NULL;
        conn->addresses = g_list_delete_link(conn->addresses, conn->addresses);
        conn->state = CONN_CONNECTING;
        if (open_socket(conn, address, &error)) {
            conn->stream ? connected(conn) : send_datagram(conn);
            return;
        }
        if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PENDING)) {
            watch(conn, G_IO_OUT);
            set_timer(conn, conn->carrier->connect_timeout, on_connect_timeout);
            return;
        }
        g_clear_error(&last);
        last = g_steal_pointer(&error);
    }
    if (last == NULL)
        last = g_error_new_literal(G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "no address");
    report_reach(conn, last);
}

static void on_resolved(GObject *resolver, GAsyncResult *result, void *data)
{
    Conn *conn = data; /* with a reference of its own */
    g_autoptr(GError) error = NULL;
    conn->addresses = g_resolver_lookup_by_name_finish(G_RESOLVER(resolver), result, &error);
    if (conn->state != CONN_DEAD)
        try_next(conn, error);
    conn_unref(conn);
}

/* Begins to reach the peer, in the next turn of the loop: nothing comes back from inside here. */
static gboolean on_start(void *data)
{
    Conn *conn = conn_ref(data);
    drop_source(&conn->timer);
    try_next(conn, NULL);
    conn_unref(conn);
    return G_SOURCE_REMOVE;
}

static bool send_at_once(Conn *conn, GInetAddress *address);

/* Begins to reach `conn`, by its address or by what its name stands for. */
static void reach(Conn *conn, const char *address, uint16_t port)
{
    conn->line->end = conn;
    conn->name = g_strdup(address);
    conn->port = port;
    GInetAddress *literal = g_inet_address_new_from_string(address);
    if (literal != NULL) {
        conn->addresses = g_list_append(NULL, literal);
        if (conn->stream || !send_at_once(conn, literal))
            set_timer(conn, 0, on_start);
        return;
    }
    conn->cancellable = g_cancellable_new();
    g_autoptr(GResolver) resolver = g_resolver_get_default();
    g_resolver_lookup_by_name_async(resolver, address, conn->cancellable, on_resolved,
                                    conn_ref(conn));
}

/* ---- datagrams ---- */

static void on_datagram(Conn *conn)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *buffer = g_malloc(DATAGRAM_MAX);
    gssize n = g_socket_receive(conn->socket, buffer, DATAGRAM_MAX, NULL, &error);
    bool again = n < 0 && g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
    MgTime now = now_of(conn);
    if (n >= 0 && conn->line != NULL) {
        MgLine *line = conn->line;
        MgSpan payload = {(const uint8_t *)buffer, (size_t)n};
        if (!mg_line_fits(line, payload))
            return; /* somebody else's: the wait goes on */
        MgFlowId flow = line->flow;
        conn->line = NULL;
        mg_line_datagram(line, MG_REACH_OK, payload, now);
        mg_trace_end_flow(conn->carrier->trace, flow);
        conn_kill(conn);
    } else if (!again && n < 0 && conn->addresses != NULL) { /* the name has another address */
        unwatch(conn, G_IO_IN);
        try_next(conn, error);
    } else if (!again && n < 0) {
        report_reach(conn, error);
    } else if (!again) {
        conn_kill(conn);
    }
}

/* Something can be done with the socket; an error is met by doing it. */
static void on_ready(void *data, GIOCondition condition)
{
    const GIOCondition over = G_IO_ERR | G_IO_HUP;
    Conn *conn = conn_ref(data);
    if ((conn->watch.wants & G_IO_OUT) != 0 && (condition & (G_IO_OUT | over)) != 0) {
        if (conn->state == CONN_CONNECTING)
            on_connect_done(conn);
        else
            on_writable(conn);
    }
    if ((conn->watch.wants & G_IO_IN) != 0 && (condition & (G_IO_IN | over)) != 0) {
        if (!conn->stream)
            on_datagram(conn);
        else if (!read_some(conn))
            unwatch(conn, G_IO_IN);
    }
    conn_unref(conn);
}

static gboolean on_datagram_timeout(void *data)
{
    g_autoptr(GError) error =
        g_error_new_literal(G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "nobody answered");
    report_reach(data, error);
    return G_SOURCE_REMOVE;
}

/* It has been sent: from now on it is waited for. */
static void wait_for_datagram(Conn *conn, MgTime now)
{
    MgLine *line = conn->line;
    size_t len = 0;
    const uint8_t *payload = g_bytes_get_data(conn->payload, &len);
    conn->state = CONN_OPEN;
    mg_trace_end_flow(conn->carrier->trace,
                      line->flow); /* with the address that was tried before */
    line->flow = add_flow(conn, line->host, conn->name, line->dissector, line->cause);
    line->record_received = true;
    uint32_t n = mg_trace_add_datagram(conn->carrier->trace, line->flow, MG_FROM_CLIENT,
                                       (MgSpan){payload, len}, line->engine, now);
    mg_trace_set_until(conn->carrier->trace, n, now);
    watch(conn, G_IO_IN);
    set_timer(conn, conn->timeout, on_datagram_timeout);
}

static void send_datagram(Conn *conn)
{
    MgTime now = now_of(conn);
    g_autoptr(GError) error = NULL;
    size_t len = 0;
    const char *payload = g_bytes_get_data(conn->payload, &len);
    if (conn->line == NULL) {
        conn_kill(conn);
        return;
    }
    bool sent = g_socket_send(conn->socket, payload, len, NULL, &error) >= 0;
    wait_for_datagram(conn, now);
    if (!sent)
        report_reach(conn, error);
}

/* Without another turn of the loop, for who asks a lot. What goes wrong is for the next turn to
 * meet again and to tell: nothing comes back from inside here. */
static bool send_at_once(Conn *conn, GInetAddress *address)
{
    size_t len = 0;
    const char *payload = g_bytes_get_data(conn->payload, &len);
    if (!open_socket(conn, address, NULL) ||
        g_socket_send(conn->socket, payload, len, NULL, NULL) < 0)
        return false;
    g_list_free_full(g_steal_pointer(&conn->addresses), g_object_unref);
    wait_for_datagram(conn, mg_drive_now(conn->carrier->drive));
    return true;
}

/* ---- what the runtime calls ---- */

static void carrier_connect(void *data, MgLine *line, const char *address, uint16_t port)
{
    reach(conn_new(data, line, true), address, port);
}

static void carrier_datagram(void *data, MgLine *line, const MgDatagramQuestion *question)
{
    Conn *conn = conn_new(data, line, false);
    conn->payload = g_bytes_ref(line->asked);
    conn->timeout = question->timeout;
    reach(conn, question->address, question->port);
}

/* The connection broke while something was written: told in the next turn. */
static gboolean on_broken(void *data)
{
    Conn *conn = conn_ref(data);
    report_end(conn, MG_END_RESET);
    conn_kill(conn);
    conn_unref(conn);
    return G_SOURCE_REMOVE;
}

static void break_off(Conn *conn)
{
    conn->broken = true;
    unwatch(conn, G_IO_OUT);
    set_timer(conn, 0, on_broken);
}

static void carrier_send(void *data, MgLine *line, MgSpan octets)
{
    Conn *conn = line->end;
    if (conn == NULL || conn->state == CONN_DEAD || conn->state == CONN_LINGERING || conn->broken)
        return;
    MgTime now = mg_drive_now(conn->carrier->drive);
    if (!conn->stream) {
        mg_trace_set_until(conn->carrier->trace, mg_trace_n_records(conn->carrier->trace), now);
        if (conn->burst != NULL)
            mg_burst_send(conn->burst, octets, &conn->asker);
        return;
    }
    /* A real wire does not tell when octets arrive: they do when the kernel has them. */
    conn->n_sent += octets.len;
    mg_trace_arrived(conn->carrier->trace, conn->flow,
                     conn->served ? MG_FROM_SERVER : MG_FROM_CLIENT, conn->n_sent, now);
    g_byte_array_append(conn->queue, octets.data, (guint)octets.len);
    if ((conn->watch.wants & G_IO_OUT) == 0 && !write_queue(conn))
        break_off(conn);
}

static void carrier_close(void *data, MgLine *line)
{
    Conn *conn = line->end;
    mg_trace_end_flow(((MgRealCarrier *)data)->trace, line->flow);
    if (conn == NULL || conn->state == CONN_DEAD)
        return;
    line->end = NULL;
    conn->line = NULL;
    if (conn->stream && !conn->served && mg_drive_now(conn->carrier->drive) - conn->heard > SILENCE)
        conn->carrier->trouble = true;
    if (conn->state != CONN_OPEN || !conn->stream || conn->broken) {
        conn_kill(conn);
        return;
    }
    linger(conn);
    half_close(conn);
}

static void carrier_cancel(void *data, MgLine *line)
{
    Conn *conn = line->end;
    mg_trace_end_flow(((MgRealCarrier *)data)->trace, line->flow);
    line->end = NULL;
    if (conn != NULL)
        conn_kill(conn);
}

const MgCarrierClass mg_real_carrier_class = {
    .connect = carrier_connect,
    .send = carrier_send,
    .close = carrier_close,
    .datagram = carrier_datagram,
    .cancel = carrier_cancel,
};

/* ---- doors ---- */

/* Who came through a door; a reference is the caller's. */
static Conn *conn_new_served(MgRealCarrier *carrier, bool stream)
{
    Conn *conn = conn_new(carrier, NULL, stream);
    conn->served = true;
    conn->state = CONN_OPEN;
    return conn_ref(conn);
}

/* (nullable) A server's engine is born for it. */
static MgLine *serve(Conn *conn, MgHostId host, const MgEngineKind *kind, MgTime now)
{
    MgRealCarrier *carrier = conn->carrier;
    MgLine *line = mg_runtime_accept(carrier->runtime,
                                     &(MgVisitor){.host = host,
                                                  .kind = kind,
                                                  .carrier_class = &mg_real_carrier_class,
                                                  .carrier = carrier,
                                                  .end = conn,
                                                  .flow = conn->flow,
                                                  .record_received = conn->stream},
                                     now);
    return conn->line = conn->state == CONN_OPEN ? line : NULL;
}

static uint8_t dissector_of(const MgRealCarrier *carrier, const MgEngineKind *kind)
{
    return mg_registry_dissector_index(mg_trace_registry(carrier->trace), kind->dissector);
}

void mg_real_carrier_accept(MgRealCarrier *carrier, int fd, const MgPeer *peer, MgHostId host,
                            const MgEngineKind *kind)
{
    Conn *conn = conn_new_served(carrier, true);
    MgTime now = mg_drive_sync(carrier->drive);
    conn->fd = fd;
    conn->peer = *peer;
    at_once(fd);
    conn->flow = add_flow(conn, host, NULL, dissector_of(carrier, kind), 0);
    watch(conn, G_IO_IN);
    serve(conn, host, kind, now);
    conn_unref(conn);
}

void mg_real_carrier_accept_datagram(MgRealCarrier *carrier, MgBurst *burst, const MgPeer *peer,
                                     MgSpan payload, MgHostId host, const MgEngineKind *kind)
{
    Conn *conn = conn_new_served(carrier, false);
    MgTime now = mg_drive_sync(carrier->drive);
    MgFlow flow = {.transport = MG_TRANSPORT_DATAGRAM,
                   .dissector = dissector_of(carrier, kind),
                   .real = true,
                   .server = host,
                   .at = now};
    conn->burst = mg_burst_ref(burst);
    conn->asker = *peer;
    const Recent *recent = recent_peer(carrier, peer, &flow.client_port);
    flow.client = recent->host;
    memcpy(flow.client_address, recent->address, sizeof flow.client_address);
    g_strlcpy(flow.server_address, mg_burst_address(burst, &flow.server_port),
              sizeof flow.server_address);
    conn->flow = mg_trace_add_flow(carrier->trace, &flow);
    uint32_t n = mg_trace_add_datagram(carrier->trace, conn->flow, MG_FROM_CLIENT, payload, 0, now);
    mg_trace_set_until(carrier->trace, n, now);
    MgLine *line = serve(conn, host, kind, now);
    if (line != NULL)
        mg_line_received(line, payload, now);
    conn_unref(conn);
}

/* ---- life ---- */

MgRealCarrier *mg_real_carrier_new(MgRuntime *runtime, MgDrive *drive)
{
    MgRealCarrier *carrier = g_new0(MgRealCarrier, 1);
    carrier->runtime = runtime;
    carrier->trace = mg_runtime_trace(runtime);
    carrier->drive = drive;
    carrier->poller = mg_poller_new(mg_drive_context(drive));
    carrier->connect_timeout = CONNECT_TIMEOUT;
    carrier->conns = g_ptr_array_new_with_free_func((GDestroyNotify)conn_unref);
    carrier->peers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return carrier;
}

void mg_real_carrier_free(MgRealCarrier *carrier)
{
    if (carrier == NULL)
        return;
    while (carrier->conns->len > 0)
        conn_kill(g_ptr_array_index(carrier->conns, 0));
    g_ptr_array_unref(carrier->conns);
    g_hash_table_unref(carrier->peers);
    mg_poller_free(carrier->poller);
    g_free(carrier);
}

void mg_real_carrier_set_connect_timeout(MgRealCarrier *carrier, MgTime timeout)
{
    carrier->connect_timeout = timeout;
}

void mg_real_carrier_drop(MgRealCarrier *carrier)
{
    for (unsigned i = 0; i < carrier->conns->len; i++) {
        Conn *conn = g_ptr_array_index(carrier->conns, i);
        if (conn->stream && conn->state == CONN_OPEN)
            break_off(conn);
    }
}

bool mg_real_carrier_in_trouble(const MgRealCarrier *carrier)
{
    return carrier->trouble;
}

size_t mg_real_carrier_n_open(const MgRealCarrier *carrier)
{
    return carrier->conns->len;
}

MgPoller *mg_real_carrier_poller(MgRealCarrier *carrier)
{
    return carrier->poller;
}
