/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inet-write.c - headers around a payload, with their checksums */
#include "inet.h"

#define ETHERNET_LEN 14u
#define HOP_LIMIT    64u /* RFC 1122 §3.2.1.7: the recommended one */
#define MSS_V4       1460u
#define MSS_V6       1440u

static uint8_t *put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return at + 2;
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
    return put16(put16(at, value >> 16), value & 0xffff);
}

/* RFC 1071: the sum of 16-bit words, carries folded in later. `bytes` begins at an even place. */
static uint64_t add_up(uint64_t sum, const uint8_t *bytes, size_t len)
{
    size_t i = 0;
    for (; i + 1 < len; i += 2)
        sum += (uint64_t)bytes[i] << 8 | bytes[i + 1];
    if (i < len)
        sum += (uint64_t)bytes[i] << 8;
    return sum;
}

static unsigned fold(uint64_t sum)
{
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (unsigned)~sum & 0xffff;
}

/* Locally administered addresses, so that they can be nobody's real card. */
static uint8_t *put_ethernet_address(uint8_t *at, uint16_t host)
{
    memcpy(at, "\x02\x00\x00\x00", 4); /* NOLINT(bugprone-not-null-terminated-result) */
    return put16(at + 4, host);
}

typedef struct {
    size_t len; /* of an address: 4 or 16 */
    uint8_t source[16], target[16];
} Ends;

static Ends ends_of(const MgInetPacket *packet)
{
    Ends ends = {0};
    size_t a =
        packet->source_address == NULL
            ? 0
            : mg_inet_parse(packet->source_address, strlen(packet->source_address), ends.source);
    size_t b =
        packet->target_address == NULL
            ? 0
            : mg_inet_parse(packet->target_address, strlen(packet->target_address), ends.target);
    ends.len = a;
    if (a == 0 || a != b) { /* no addresses known: 0.0.0.0 says so */
        memset(&ends, 0, sizeof ends);
        ends.len = 4;
    }
    return ends;
}

static uint64_t pseudo_header(const Ends *ends, unsigned protocol, size_t len)
{
    uint64_t sum = add_up(add_up(0, ends->source, ends->len), ends->target, ends->len);
    return sum + protocol + (len & 0xffff) + (len >> 16); /* RFC 9293 §3.1, RFC 8200 §8.1 */
}

static size_t write_tcp(const MgInetPacket *packet, const Ends *ends, uint8_t *out)
{
    bool syn = (packet->tcp_flags & MG_INET_SYN) != 0;
    size_t len = syn ? 24 : 20;
    uint8_t *at = put16(put16(out, packet->source_port), packet->target_port);
    at = put32(put32(at, packet->seq), packet->ack);
    *at++ = (uint8_t)(len / 4 << 4);
    *at++ = packet->tcp_flags;
    at = put16(put16(put16(at, packet->window), 0), 0);
    if (syn) /* RFC 9293 §3.7.1: the largest segment that we would take */
        put16(put16(at, 0x0204), ends->len == 4 ? MSS_V4 : MSS_V6);
    size_t total = len + packet->payload.len;
    uint64_t sum = add_up(pseudo_header(ends, MG_INET_TCP, total), out, len);
    put16(out + 16, fold(add_up(sum, packet->payload.data, packet->payload.len)));
    return len;
}

static size_t write_udp(const MgInetPacket *packet, const Ends *ends, uint8_t *out)
{
    size_t total = 8 + packet->payload.len;
    put16(put16(put16(put16(out, packet->source_port), packet->target_port), (unsigned)total), 0);
    uint64_t sum = add_up(pseudo_header(ends, MG_INET_UDP, total), out, 8);
    unsigned checksum = fold(add_up(sum, packet->payload.data, packet->payload.len));
    put16(out + 6, checksum != 0 ? checksum : 0xffff); /* RFC 768: 0 would mean "none" */
    return 8;
}

/* Destination unreachable, port unreachable: RFC 792 type 3 code 3; RFC 4443 §3.1 type 1 code 4. */
static size_t write_icmp(const MgInetPacket *packet, const Ends *ends, uint8_t *out)
{
    bool v4 = ends->len == 4;
    out[0] = v4 ? 3 : 1;
    out[1] = v4 ? 3 : 4;
    memset(out + 2, 0, 6);
    uint64_t sum = v4 ? 0 : pseudo_header(ends, 58, 8 + packet->payload.len);
    sum = add_up(add_up(sum, out, 8), packet->payload.data, packet->payload.len);
    put16(out + 2, fold(sum));
    return 8;
}

/* `total` is what follows the IP header; `fragment` the 16 bits of flags and offset (RFC 791
 * §3.1). */
static size_t write_ip(const MgInetPacket *packet, const Ends *ends, size_t total,
                       unsigned fragment, uint8_t *out)
{
    if (ends->len == 16) {
        unsigned next = packet->protocol == MG_INET_ICMP ? 58 : packet->protocol;
        uint8_t *at = put16(put32(out, 0x60000000), (unsigned)total);
        *at++ = (uint8_t)next;
        *at++ = HOP_LIMIT;
        memcpy(at, ends->source, 16);
        memcpy(at + 16, ends->target, 16);
        return 40;
    }
    uint8_t *at = put16(out, 0x4500);
    at = put16(put16(put16(at, (unsigned)(20 + total)), packet->id), fragment);
    *at++ = HOP_LIMIT;
    *at++ = (uint8_t)packet->protocol;
    at = put16(at, 0);
    memcpy(at, ends->source, 4);
    memcpy(at + 4, ends->target, 4);
    put16(out + 10, fold(add_up(0, out, 20)));
    return 20;
}

static size_t write_ethernet(const MgInetPacket *packet, const Ends *ends, uint8_t *out)
{
    uint8_t *at = put_ethernet_address(put_ethernet_address(out, packet->to), packet->from);
    put16(at, ends->len == 4 ? 0x0800 : 0x86dd);
    return ETHERNET_LEN;
}

static size_t write_transport(const MgInetPacket *packet, const Ends *ends, uint8_t *out)
{
    if (packet->protocol == MG_INET_TCP)
        return write_tcp(packet, ends, out);
    if (packet->protocol == MG_INET_UDP)
        return write_udp(packet, ends, out);
    return write_icmp(packet, ends, out);
}

#define DONT_FRAGMENT  0x4000u /* RFC 1191: what is not fragmented asks not to be */
#define MORE_FRAGMENTS 0x2000u

static size_t write_headers(const MgInetPacket *packet, const Ends *ends,
                            uint8_t headers[MG_INET_HEADERS_MAX])
{
    g_assert(packet->payload.len <= MG_INET_PAYLOAD_MAX);
    uint8_t transport[MG_INET_HEADERS_MAX];
    size_t transport_len = write_transport(packet, ends, transport);
    size_t total = transport_len + packet->payload.len;
    size_t len = write_ethernet(packet, ends, headers);
    bool whole = ends->len == 16 || 20 + total <= MG_INET_MTU;
    len += write_ip(packet, ends, total, whole ? DONT_FRAGMENT : 0, headers + len);
    memcpy(headers + len, transport, transport_len);
    return len + transport_len;
}

size_t mg_inet_write(const MgInetPacket *packet, uint8_t headers[MG_INET_HEADERS_MAX])
{
    Ends ends = ends_of(packet);
    return write_headers(packet, &ends, headers);
}

void mg_inet_frames(const MgInetPacket *packet, MgInetFrame each, void *data)
{
    Ends ends = ends_of(packet);
    uint8_t headers[MG_INET_HEADERS_MAX], room[ETHERNET_LEN + MG_INET_MTU];
    size_t headers_len = write_headers(packet, &ends, headers);
    size_t len = headers_len + packet->payload.len;
    g_autofree uint8_t *large = len > sizeof room ? g_malloc(len) : NULL;
    uint8_t *frame = large != NULL ? large : room;
    memcpy(frame, headers, headers_len);
    if (packet->payload.len > 0)
        memcpy(frame + headers_len, packet->payload.data, packet->payload.len);
    if (len <= sizeof room || ends.len == 16) {
        each((MgSpan){frame, len}, data);
        return;
    }
    /* RFC 791 §3.2: pieces of a multiple of eight octets, all but the last marked "more". */
    size_t body = ETHERNET_LEN + 20, step = (size_t)(MG_INET_MTU - 20) / 8 * 8;
    for (size_t at = body; at < len; at += step) {
        size_t n = MIN(step, len - at);
        unsigned more = at + n < len ? MORE_FRAGMENTS : 0;
        g_autofree uint8_t *piece = g_malloc(body + n);
        memcpy(piece, frame, ETHERNET_LEN);
        write_ip(packet, &ends, n, more | (unsigned)((at - body) / 8), piece + ETHERNET_LEN);
        memcpy(piece + body, frame + at, n);
        each((MgSpan){piece, body + n}, data);
    }
}
