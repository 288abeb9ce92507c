/* SPDX-License-Identifier: GPL-3.0-or-later */
/* burst.c - recvmmsg() and sendmmsg(): a busy server spends its time in system calls, so it makes
 * few
 */
#include "burst.h"

#include <arpa/inet.h>
#include <netinet/udp.h>

#define BURST        128u
#define DATAGRAM_MAX 65536u
/* From one to the next: not a power of two, or all would lie in the same few lines of the cache. */
#define STRIDE       (DATAGRAM_MAX + 4096u + 64u)
#define OUT_MAX      ((size_t)256 * 1024) /* octets that wait to be sent */
#define TRAIN_MAX    64u                  /* datagrams, as the system has it */
#define TRAIN_OCTETS ((size_t)60000)
#define NOBODY       UINT32_MAX

#ifndef SOL_UDP
#define SOL_UDP 17
#endif
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

/* A datagram that is to be sent. */
typedef struct {
    MgPeer to;
    struct iovec part;
    unsigned next; /* of its train; NOBODY: it is the last */
} Waiting;

typedef struct {
    unsigned first, last, n;
} Train;

/* The length of each of a train's datagrams, for the system. */
typedef struct {
    _Alignas(struct cmsghdr) uint8_t octets[CMSG_SPACE(sizeof(uint16_t))];
} Control;

struct MgBurst {
    unsigned references;
    int fd; /* -1: closed */
    MgPeer local;
    char address[INET6_ADDRSTRLEN];
    uint16_t port;
    bool open;    /* between receive() and flush() */
    bool couples; /* the system knows trains */
    unsigned n_out, n_trains;
    size_t out_len;
    struct mmsghdr in[BURST], out[BURST];
    struct iovec in_parts[BURST], out_parts[BURST];
    MgPeer from[BURST];
    Waiting waits[BURST];
    Train trains[BURST];
    uint8_t recent[BURST]; /* the last train of this peer and length, + 1, by a hash of both */
    Control controls[BURST];
    uint8_t *octets, *waiting; /* not touched where nothing so long comes */
};

MgSpan mg_peer_octets(const MgPeer *peer, uint16_t *port)
{
    const struct sockaddr_in *in = &peer->address.in;
    const struct sockaddr_in6 *in6 = &peer->address.in6;
    bool six = peer->address.any.sa_family == AF_INET6;
    *port = ntohs(six ? in6->sin6_port : in->sin_port);
    if (six && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) /* who came by IPv4 to a socket for both */
        return (MgSpan){in6->sin6_addr.s6_addr + 12, 4};
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
    if (getsockname(burst->fd, &burst->local.address.any, &burst->local.len) == 0)
        mg_peer_format(&burst->local, burst->address, sizeof burst->address, &burst->port);
    /* Who does not know them would not refuse them, but send one long datagram. */
    int segment = 0;
    socklen_t segment_len = sizeof segment;
    burst->couples = getsockopt(burst->fd, SOL_UDP, UDP_SEGMENT, &segment, &segment_len) == 0;
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
        burst->in[i].msg_hdr = (struct msghdr){.msg_name = &burst->from[i].address,
                                               .msg_namelen = sizeof burst->from[i].address,
                                               .msg_iov = &burst->in_parts[i],
                                               .msg_iovlen = 1};
    burst->open = true;
    int n = burst->fd >= 0 ? recvmmsg(burst->fd, burst->in, BURST, MSG_DONTWAIT, NULL) : 0;
    return n > 0 ? (unsigned)n : 0;
}

MgSpan mg_burst_payload(const MgBurst *burst, unsigned i, MgPeer *from)
{
    from->address = burst->from[i].address;
    from->len = burst->in[i].msg_hdr.msg_namelen;
    return (MgSpan){burst->in_parts[i].iov_base, burst->in[i].msg_len};
}

/* ---- what goes ---- */

static bool same_peer(const MgPeer *a, const MgPeer *b)
{
    return a->len == b->len && memcmp(&a->address, &b->address, a->len) == 0;
}

/* One call for the system: all datagrams of a train go one way through it together. */
static void describe(MgBurst *burst, struct mmsghdr *out, unsigned train, struct iovec *parts)
{
    const Train *about = &burst->trains[train];
    out->msg_hdr = (struct msghdr){.msg_name = &burst->waits[about->first].to.address,
                                   .msg_namelen = burst->waits[about->first].to.len,
                                   .msg_iov = parts};
    for (unsigned i = about->first; i != NOBODY; i = burst->waits[i].next)
        parts[out->msg_hdr.msg_iovlen++] = burst->waits[i].part;
    if (about->n == 1)
        return;
    out->msg_hdr.msg_control = burst->controls[train].octets;
    out->msg_hdr.msg_controllen = sizeof burst->controls[train].octets;
    struct cmsghdr *control = CMSG_FIRSTHDR(&out->msg_hdr);
    control->cmsg_len = CMSG_LEN(sizeof(uint16_t));
    control->cmsg_level = SOL_UDP;
    control->cmsg_type = UDP_SEGMENT;
    uint16_t len = (uint16_t)burst->waits[about->first].part.iov_len;
    memcpy(CMSG_DATA(control), &len, sizeof len);
}

/* One after the other: where the system or the way out knows no trains. */
static void send_singly(const MgBurst *burst, unsigned first)
{
    for (unsigned i = first; i != NOBODY; i = burst->waits[i].next) {
        const Waiting *waits = &burst->waits[i];
        sendto(burst->fd, waits->part.iov_base, waits->part.iov_len, MSG_NOSIGNAL,
               &waits->to.address.any, waits->to.len);
    }
}

void mg_burst_flush(MgBurst *burst)
{
    unsigned done = 0, n_parts = 0;
    burst->open = false;
    for (unsigned i = 0; i < burst->n_trains; i++) {
        describe(burst, &burst->out[i], i, burst->out_parts + n_parts);
        n_parts += burst->trains[i].n;
    }
    while (done < burst->n_trains && burst->fd >= 0) {
        int n = sendmmsg(burst->fd, burst->out + done, burst->n_trains - done, MSG_NOSIGNAL);
        if (n <= 0 && burst->trains[done].n > 1)
            send_singly(burst, burst->trains[done].first);
        done += n > 0 ? (unsigned)n : 1; /* one that cannot be sent does not hold up the others */
    }
    burst->n_out = burst->n_trains = 0;
    burst->out_len = 0;
    memset(burst->recent, 0, sizeof burst->recent);
}

/* Datagrams of one length to one peer make a train (UDP_SEGMENT in udp(7)): most of a busy server's
 * time is the way of each datagram through the system. */
static void couple(MgBurst *burst, unsigned i)
{
    const Waiting *waits = &burst->waits[i];
    uint16_t port;
    MgSpan octets = mg_peer_octets(&waits->to, &port);
    unsigned slot =
        (port * 31u + octets.data[octets.len - 1] + (unsigned)waits->part.iov_len * 7u) % BURST;
    if (burst->couples && burst->recent[slot] > 0) {
        Train *train = &burst->trains[burst->recent[slot] - 1];
        const Waiting *first = &burst->waits[train->first];
        size_t len = first->part.iov_len;
        if (len == waits->part.iov_len && len > 0 && train->n < TRAIN_MAX &&
            (train->n + 1) * len <= TRAIN_OCTETS && same_peer(&first->to, &waits->to)) {
            burst->waits[train->last].next = i;
            train->last = i;
            train->n++;
            return;
        }
    }
    burst->trains[burst->n_trains] = (Train){.first = i, .last = i, .n = 1};
    burst->recent[slot] = (uint8_t)++burst->n_trains;
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
    burst->waits[i] = (Waiting){
        .to = *to, .part = {burst->waiting + burst->out_len, payload.len}, .next = NOBODY};
    burst->out_len += payload.len;
    couple(burst, i);
    burst->open = open;
    if (!open)
        mg_burst_flush(burst);
}
