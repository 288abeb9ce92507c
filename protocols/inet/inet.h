/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inet.h - addresses, and the headers of Ethernet, IP, TCP, UDP and ICMP: written and named
 *
 * The simulated wire carries payloads; these are the headers that a real wire would have carried
 * around them. */
#pragma once

#include <mailglass/dissect.h>

G_BEGIN_DECLS

#define MG_INET_TEXT_MAX    46 /* "ffff:…:255.255.255.255" with its NUL */
#define MG_INET_HEADERS_MAX 96 /* Ethernet 14, IPv6 40, TCP 24; an ICMP error quotes less */
#define MG_INET_MTU         1500
#define MG_INET_PAYLOAD_MAX 65507 /* of a UDP datagram over IPv4 */

/* "192.0.2.1" → 4 octets, "2001:db8::1" → 16. Returns how many, 0 if it is no address. */
size_t mg_inet_parse(const char *text, size_t len, uint8_t address[16]);
/* The other way, as RFC 5952 wants it. False, and "" in `text`, unless there are 4 or 16 octets. */
bool mg_inet_format(MgSpan address, char text[MG_INET_TEXT_MAX]);

typedef enum { MG_INET_ICMP = 1, MG_INET_TCP = 6, MG_INET_UDP = 17 } MgInetProtocol;
enum { MG_INET_FIN = 1, MG_INET_SYN = 2, MG_INET_RST = 4, MG_INET_PSH = 8, MG_INET_ACK = 16 };

typedef struct {
    uint16_t from, to;                           /* numbers of hosts: their Ethernet addresses */
    const char *source_address, *target_address; /* both IPv4, or both IPv6 */
    uint16_t source_port, target_port;           /* TCP and UDP */
    MgInetProtocol protocol;
    uint16_t id; /* IPv4 identification */
    uint8_t tcp_flags;
    uint32_t seq, ack;
    uint16_t window;
    MgSpan payload; /* ICMP: what is quoted of the datagram that nobody wanted */
} MgInetPacket;

/* Writes all headers of one packet, checksums included; returns how many octets; the payload
 * follows them on a wire. The payload has at most MG_INET_PAYLOAD_MAX octets. */
size_t mg_inet_write(const MgInetPacket *packet, uint8_t headers[MG_INET_HEADERS_MAX]);
/* The same from the IP header on, cut into fragments where it is longer than MG_INET_MTU (RFC 791
 * §3.2): calls `each` with whole frames. */
typedef void (*MgInetFrame)(MgSpan frame, void *data);
void mg_inet_frames(const MgInetPacket *packet, MgInetFrame each, void *data);

/* Ethernet, IP, IPv6, TCP, UDP, ICMP; NULL ends them. Their `tag` is where the layer begins in the
 * unit, which is the whole frame's headers. */
extern const MgDissector *const mg_inet_dissectors[];
extern const MgDissector mg_inet_ethernet, mg_inet_ip, mg_inet_ipv6, mg_inet_tcp, mg_inet_udp,
    mg_inet_icmp;
/* As the dissector of TCP, with numbers counted from these, as people do. `len`: of the payload. */
void mg_inet_dissect_tcp(MgSpan frame, size_t at, uint32_t seq_base, uint32_t ack_base, size_t len,
                         MgTree *tree);
/* "SYN, ACK". */
void mg_inet_flags(uint8_t tcp_flags, GString *line);

G_END_DECLS
