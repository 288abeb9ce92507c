/* SPDX-License-Identifier: GPL-3.0-or-later */
/* burst.c - recvmmsg() and sendmmsg(): a busy server spends its time in system calls, so it makes
 * few
 */
#include "burst.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#define BURST        64u
#define DATAGRAM_MAX 65536u
/* From one to the next: not a power of two, or all would lie in the same few lines of the cache. */
#define STRIDE  (DATAGRAM_MAX + 4096u + 64u)
#define OUT_MAX ((size_t)256 * 1024) /* octets that wait to be sent */

struct MgBurst {
    unsigned references;
    int fd; /* -1: closed */
    MgPeer local;
    char address[INET6_ADDRSTRLEN];
    uint16_t port;
    bool open; /* between receive() and flush() */
    unsigned n_out;
    size_t out_len;
    struct mmsghdr in[BURST], out[BURST];
    struct iovec in_parts[BURST], out_parts[BURST];
    struct sockaddr_storage from[BURST];
    MgPeer to[BURST];
    uint8_t *octets, *waiting; /* not touched where nothing so long comes */
};

MgSpan mg_peer_octets(const MgPeer *peer, uint16_t *port)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)&peer->address;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&peer->address;
    bool six = peer->address.ss_family == AF_INET6;
    *port = ntohs(six ? in6->sin6_port : in->sin_port);
    return six ? (MgSpan){in6->sin6_addr.s6_addr, 16} : (MgSpan){(const uint8_t *)&in->sin_addr, 4};
}

void mg_peer_format(const MgPeer *peer, char *text, size_t size, uint16_t *port)
{
    MgSpan octets = mg_peer_octets(peer, port);
    inet_ntop(octets.len == 16 ? AF_INET6 : AF_INET, octets.data, text, (socklen_t)size);
}

MgBurst *mg_burst_new(GSocket *socket)
{
    MgBurst *burst = g_new0(MgBurst, 1);
    burst->references = 1;
    burst->fd = g_socket_get_fd(socket);
    burst->local.len = sizeof burst->local.address;
    if (getsockname(burst->fd, (struct sockaddr *)&burst->local.address, &burst->local.len) == 0)
        mg_peer_format(&burst->local, burst->address, sizeof burst->address, &burst->port);
    burst->octets = g_malloc((size_t)BURST * STRIDE);
    burst->waiting = g_malloc(OUT_MAX);
    for (unsigned i = 0; i < BURST; i++)
        burst->in_parts[i] = (struct iovec){burst->octets + (size_t)i * STRIDE, DATAGRAM_MAX};
    return burst;
}

MgBurst *mg_burst_ref(MgBurst *burst)
{
    burst->references++;
    return burst;
}

void mg_burst_unref(MgBurst *burst)
{
    if (--burst->references > 0)
        return;
    g_free(burst->octets);
    g_free(burst->waiting);
    g_free(burst);
}

void mg_burst_close(MgBurst *burst)
{
    mg_burst_flush(burst);
    burst->fd = -1;
}

const char *mg_burst_address(const MgBurst *burst, uint16_t *port)
{
    *port = burst->port;
    return burst->address;
}

/* ---- what comes ---- */

unsigned mg_burst_receive(MgBurst *burst)
{
    for (unsigned i = 0; i < BURST; i++)
        burst->in[i].msg_hdr = (struct msghdr){.msg_name = &burst->from[i],
                                               .msg_namelen = sizeof burst->from[i],
                                               .msg_iov = &burst->in_parts[i],
                                               .msg_iovlen = 1};
    burst->open = true;
    int n = burst->fd >= 0 ? recvmmsg(burst->fd, burst->in, BURST, MSG_DONTWAIT, NULL) : 0;
    return n > 0 ? (unsigned)n : 0;
}

MgSpan mg_burst_payload(const MgBurst *burst, unsigned i, MgPeer *from)
{
    from->address = burst->from[i];
    from->len = burst->in[i].msg_hdr.msg_namelen;
    return (MgSpan){burst->in_parts[i].iov_base, burst->in[i].msg_len};
}

/* ---- what goes ---- */

void mg_burst_flush(MgBurst *burst)
{
    unsigned done = 0;
    burst->open = false;
    while (done < burst->n_out && burst->fd >= 0) {
        int n = sendmmsg(burst->fd, burst->out + done, burst->n_out - done, MSG_NOSIGNAL);
        done += n > 0 ? (unsigned)n : 1; /* one that cannot be sent does not hold up the others */
    }
    burst->n_out = 0;
    burst->out_len = 0;
}

void mg_burst_send(MgBurst *burst, MgSpan payload, const MgPeer *to)
{
    bool open = burst->open;
    if (payload.len > OUT_MAX)
        return;
    if (burst->n_out == BURST || OUT_MAX - burst->out_len < payload.len)
        mg_burst_flush(burst);
    unsigned i = burst->n_out++;
    memcpy(burst->waiting + burst->out_len, payload.data, payload.len);
    burst->to[i] = *to;
    burst->out_parts[i] = (struct iovec){burst->waiting + burst->out_len, payload.len};
    burst->out_len += payload.len;
    burst->out[i].msg_hdr = (struct msghdr){.msg_name = &burst->to[i].address,
                                            .msg_namelen = to->len,
                                            .msg_iov = &burst->out_parts[i],
                                            .msg_iovlen = 1};
    burst->open = open;
    if (!open)
        mg_burst_flush(burst);
}
