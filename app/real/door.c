/* SPDX-License-Identifier: GPL-3.0-or-later */
/* door.c - a simulated server that real clients can reach */
#include "door.h"

#include <unistd.h>

#define BACKLOG  64
#define OPEN_MAX 256u /* connections at a time, of all doors of a carrier */
#define BUSY     8u   /* so many datagrams at once: more came while they were answered */
#define ROUNDS   16u  /* without a turn of the loop, which others wait for */

struct MgDoor {
    MgRealCarrier *carrier;
    MgHostId host;
    const MgEngineKind *kind;
    GSocket *socket;
    MgWatch watch;
    MgBurst *burst; /* (nullable) of datagrams */
    char *address;
    uint16_t port;
};

static void on_client(void *data, GIOCondition condition)
{
    MgDoor *door = data;
    MgPeer peer = {.len = sizeof peer.address};
    int fd = accept4(g_socket_get_fd(door->socket), &peer.address.any, &peer.len,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return; /* it was gone before we looked */
    if (mg_real_carrier_n_open(door->carrier) >= OPEN_MAX)
        close(fd);
    else
        mg_real_carrier_accept(door->carrier, fd, &peer, door->host, door->kind);
}

static void on_datagrams(void *data, GIOCondition condition)
{
    MgDoor *door = data;
    MgRealCarrier *carrier = door->carrier; /* whoever answers may close the door */
    MgBurst *burst = mg_burst_ref(door->burst);
    MgHostId host = door->host;
    const MgEngineKind *kind = door->kind;
    unsigned n = BUSY;
    for (unsigned round = 0; n >= BUSY && round < ROUNDS; round++) {
        n = mg_burst_receive(burst);
        for (unsigned i = 0; i < n && mg_real_carrier_n_open(carrier) < OPEN_MAX; i++) {
            MgPeer peer;
            MgSpan payload = mg_burst_payload(burst, i, &peer);
            mg_real_carrier_accept_datagram(carrier, burst, &peer, payload, host, kind);
        }
        mg_burst_flush(burst);
    }
    mg_burst_unref(burst);
}

static bool listen_on(MgDoor *door, GSocketAddress *address, GError **error)
{
    bool stream = door->kind->transport == MG_TRANSPORT_STREAM;
    door->socket = g_socket_new(g_socket_address_get_family(address),
                                stream ? G_SOCKET_TYPE_STREAM : G_SOCKET_TYPE_DATAGRAM,
                                G_SOCKET_PROTOCOL_DEFAULT, error);
    if (door->socket == NULL)
        return false;
    g_socket_set_blocking(door->socket, FALSE);
    g_socket_set_listen_backlog(door->socket, BACKLOG);
    return g_socket_bind(door->socket, address, TRUE, error) &&
           (!stream || g_socket_listen(door->socket, error));
}

static void remember_address(MgDoor *door)
{
    g_autoptr(GSocketAddress) local = g_socket_get_local_address(door->socket, NULL);
    GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS(local);
    GInetAddress *address = g_inet_socket_address_get_address(inet);
    g_autofree char *text = g_inet_address_to_string(address);
    bool six = g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV6;
    door->port = g_inet_socket_address_get_port(inet);
    door->address = g_strdup_printf(six ? "[%s]:%u" : "%s:%u", text, door->port);
}

GSocketAddress *mg_door_parse_address(const char *text, GError **error)
{
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    uint64_t port = colon != NULL ? g_ascii_strtoull(colon + 1, &end, 10) : 0;
    GSocketAddress *found = NULL;
    if (colon != NULL && end != colon + 1 && *end == '\0' && port <= 65535) {
        bool six = text[0] == '[' && colon[-1] == ']';
        g_autofree char *host = six ? g_strndup(text + 1, (size_t)(colon - text) - 2)
                                    : g_strndup(text, (size_t)(colon - text));
        const char *address = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
        found = g_inet_socket_address_new_from_string(address, (guint)port);
    }
    if (found == NULL)
        g_set_error(error, MG_ERROR, MG_ERROR_REACH,
                    "it is not an address and a port, as in 127.0.0.1:2525");
    return found;
}

MgDoor *mg_door_open(MgRealCarrier *carrier, MgHostId host, const MgEngineKind *kind,
                     const char *address, GError **error)
{
    g_autoptr(GError) wrong = NULL;
    g_autoptr(MgDoor) door = g_new0(MgDoor, 1);
    door->carrier = carrier;
    door->host = host;
    door->kind = kind;
    g_autoptr(GSocketAddress) parsed = mg_door_parse_address(address, &wrong);
    if (parsed == NULL || !listen_on(door, parsed, &wrong)) {
        g_set_error(error, MG_ERROR, MG_ERROR_REACH, "%s: cannot listen: %s", address,
                    wrong->message);
        return NULL;
    }
    remember_address(door);
    if (kind->transport == MG_TRANSPORT_DATAGRAM)
        door->burst = mg_burst_new(door->socket);
    door->watch.ready = kind->transport == MG_TRANSPORT_STREAM ? on_client : on_datagrams;
    door->watch.data = door;
    mg_poller_watch(mg_real_carrier_poller(carrier), &door->watch, g_socket_get_fd(door->socket),
                    G_IO_IN);
    return g_steal_pointer(&door);
}

void mg_door_close(MgDoor *door)
{
    if (door == NULL)
        return;
    if (door->watch.wants != 0)
        mg_poller_watch(mg_real_carrier_poller(door->carrier), &door->watch,
                        g_socket_get_fd(door->socket), 0);
    if (door->burst != NULL) {
        mg_burst_close(door->burst);
        mg_burst_unref(door->burst);
    }
    if (door->socket != NULL)
        g_socket_close(door->socket, NULL);
    g_clear_object(&door->socket);
    g_free(door->address);
    g_free(door);
}

const char *mg_door_address(const MgDoor *door)
{
    return door->address;
}

uint16_t mg_door_port(const MgDoor *door)
{
    return door->port;
}
