/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inet-dissect.c - Ethernet, IP, TCP, UDP and ICMP named, field by field
 *
 * The tag of these dissectors is where their layer begins in the unit. */
#include "inet.h"

/* clang-format off */
static const MgName ethernet_types[] = {
    {0x0800, NULL, N_("IPv4"), NULL, NULL, "RFC 894"},
    {0x86dd, NULL, N_("IPv6"), NULL, NULL, "RFC 2464"},
    {0}};
static const MgName protocols[] = {
    {1, NULL, N_("ICMP: messages about the network itself"), NULL, NULL, "RFC 792"},
    {6, NULL, N_("TCP: a stream in which nothing is missing"), NULL, NULL, "RFC 9293"},
    {17, NULL, N_("UDP: single datagrams"), NULL, NULL, "RFC 768"},
    {58, NULL, N_("ICMPv6: messages about the network itself"), NULL, NULL, "RFC 4443"},
    {0}};
static const MgName ports[] = {
    {25, NULL, N_("SMTP: between mail servers"), NULL, NULL, "RFC 5321 §4.5.4.2"},
    {53, NULL, N_("DNS"), NULL, NULL, "RFC 1035 §4.2"},
    {110, NULL, N_("POP3"), NULL, NULL, "RFC 1939 §3"},
    {143, NULL, N_("IMAP"), NULL, NULL, "RFC 9051 §2.1"},
    {465, NULL, N_("Submission over TLS"), NULL, NULL, "RFC 8314 §3.3"},
    {587, NULL, N_("Submission: from people to their server"), NULL, NULL, "RFC 6409 §3.1"},
    {993, NULL, N_("IMAP over TLS"), NULL, NULL, "RFC 8314 §3.2"},
    {995, NULL, N_("POP3 over TLS"), NULL, NULL, "RFC 8314 §3.1"},
    {0}};
static const MgName unreachable_types[] = {
    {1, NULL, N_("Destination unreachable (IPv6)"), N_("This did not get through."), NULL, "RFC 4443 §3.1"},
    {3, NULL, N_("Destination unreachable"), N_("This did not get through."), NULL, "RFC 792"},
    {0}};

enum { ETH, ETH_DST, ETH_SRC, ETH_TYPE };
static const MgField ethernet_fields[] = {
    [ETH] = {"eth", N_("Ethernet"), MG_FIELD_GROUP, NULL,
        N_("The frame that carries a packet over one link, from card to card."), "IEEE 802.3 §3"},
    [ETH_DST] = {"eth.dst", N_("Destination card"), MG_FIELD_TEXT, NULL,
        N_("The hardware address of the next machine on this link. It begins with `02`, which marks "
           "an address that was made up and belongs to no real card."), "IEEE 802.3 §3.2.3"},
    [ETH_SRC] = {"eth.src", N_("Source card"), MG_FIELD_TEXT, NULL,
        N_("The hardware address of the machine that put the frame on the link."), "IEEE 802.3 §3.2.3"},
    [ETH_TYPE] = {"eth.type", N_("What is inside"), MG_FIELD_UINT, ethernet_types,
        N_("A number for the protocol that the frame carries: 2048 (`0800` in hexadecimal) is IPv4, "
           "34525 (`86dd`) is IPv6."), "IEEE 802.3 §3.2.6"}};

enum { IP, IP_VERSION, IP_HDR_LEN, IP_DSFIELD, IP_LEN, IP_ID, IP_DF, IP_MF, IP_FRAG, IP_TTL, IP_PROTO,
       IP_CHECKSUM, IP_SRC, IP_DST };
static const MgField ip_fields[] = {
    [IP] = {"ip", N_("Internet Protocol (IPv4)"), MG_FIELD_GROUP, NULL,
        N_("The header that takes a packet from one machine to another across any number of networks."),
        "RFC 791 §3.1"},
    [IP_VERSION] = {"ip.version", N_("Version"), MG_FIELD_UINT, NULL,
        N_("Which Internet Protocol this is: 4. It has the first four bits of an octet; the length of "
           "the header has the other four."), "RFC 791 §3.1"},
    [IP_HDR_LEN] = {"ip.hdr_len", N_("Header length"), MG_FIELD_UINT, NULL,
        N_("How many octets the header has. It is stored as a number of 4-octet words: `5` stands for 20."),
        "RFC 791 §3.1"},
    [IP_DSFIELD] = {"ip.dsfield", N_("Kind of service"), MG_FIELD_UINT, NULL,
        N_("How routers should treat the packet. 0 is the usual: as well as they can."), "RFC 2474 §3"},
    [IP_LEN] = {"ip.len", N_("Total length"), MG_FIELD_UINT, NULL,
        N_("Octets of the packet with this header, without the Ethernet frame."), "RFC 791 §3.1"},
    [IP_ID] = {"ip.id", N_("Identification"), MG_FIELD_UINT, NULL,
        N_("A number that tells which fragments belong together when a packet had to be cut."),
        "RFC 791 §3.1"},
    [IP_DF] = {"ip.flags.df", N_("Do not fragment"), MG_FIELD_BOOL, NULL,
        N_("Asks routers not to cut the packet. One that is too big is thrown away, and the sender is "
           "told, so that it learns what fits."), "RFC 1191 §2"},
    [IP_MF] = {"ip.flags.mf", N_("More fragments"), MG_FIELD_BOOL, NULL,
        N_("Another fragment of the same packet follows this one."), "RFC 791 §3.1"},
    [IP_FRAG] = {"ip.frag_offset", N_("Fragment offset"), MG_FIELD_UINT, NULL,
        N_("Where in the whole packet this fragment belongs, in octets. It is stored in units of eight."),
        "RFC 791 §3.1"},
    [IP_TTL] = {"ip.ttl", N_("Time to live"), MG_FIELD_UINT, NULL,
        N_("How many more routers may pass the packet on. Each takes one away; at 0 it is thrown away, so "
           "that nothing circles for ever."), "RFC 791 §3.2"},
    [IP_PROTO] = {"ip.proto", N_("What is inside"), MG_FIELD_UINT, protocols,
        N_("A number for the protocol that the packet carries."), "RFC 791 §3.1"},
    [IP_CHECKSUM] = {"ip.checksum", N_("Header checksum"), MG_FIELD_UINT, NULL,
        N_("A sum over this header alone. A router that finds it wrong throws the packet away."),
        "RFC 1071 §1"},
    [IP_SRC] = {"ip.src", N_("Source address"), MG_FIELD_ADDRESS, NULL,
        N_("The machine that sent the packet."), "RFC 791 §3.1"},
    [IP_DST] = {"ip.dst", N_("Destination address"), MG_FIELD_ADDRESS, NULL,
        N_("The machine that the packet is for."), "RFC 791 §3.1"}};

enum { IPV6, IPV6_VERSION, IPV6_PLEN, IPV6_NXT, IPV6_HLIM, IPV6_SRC, IPV6_DST };
static const MgField ipv6_fields[] = {
    [IPV6] = {"ipv6", N_("Internet Protocol (IPv6)"), MG_FIELD_GROUP, NULL,
        N_("The header that takes a packet from one machine to another. It has no checksum: those above "
           "and below it have."), "RFC 8200 §3"},
    [IPV6_VERSION] = {"ipv6.version", N_("Version"), MG_FIELD_UINT, NULL,
        N_("Which Internet Protocol this is: 6, in the first four bits."), "RFC 8200 §3"},
    [IPV6_PLEN] = {"ipv6.plen", N_("Payload length"), MG_FIELD_UINT, NULL,
        N_("Octets after this header."), "RFC 8200 §3"},
    [IPV6_NXT] = {"ipv6.nxt", N_("What is inside"), MG_FIELD_UINT, protocols,
        N_("A number for what follows this header."), "RFC 8200 §3"},
    [IPV6_HLIM] = {"ipv6.hlim", N_("Hop limit"), MG_FIELD_UINT, NULL,
        N_("How many more routers may pass the packet on."), "RFC 8200 §3"},
    [IPV6_SRC] = {"ipv6.src", N_("Source address"), MG_FIELD_ADDRESS, NULL,
        N_("The machine that sent the packet."), "RFC 8200 §3"},
    [IPV6_DST] = {"ipv6.dst", N_("Destination address"), MG_FIELD_ADDRESS, NULL,
        N_("The machine that the packet is for."), "RFC 8200 §3"}};

enum { TCP, TCP_SRCPORT, TCP_DSTPORT, TCP_SEQ, TCP_SEQ_RAW, TCP_ACK, TCP_ACK_RAW, TCP_HDR_LEN, TCP_FLAGS,
       TCP_FLAG_ACK, TCP_FLAG_PUSH, TCP_FLAG_RESET, TCP_FLAG_SYN, TCP_FLAG_FIN, TCP_WINDOW, TCP_CHECKSUM,
       TCP_URGENT, TCP_MSS, TCP_LEN };
static const MgField tcp_fields[] = {
    [TCP] = {"tcp", N_("Transmission Control Protocol (TCP)"), MG_FIELD_GROUP, NULL,
        N_("The header that makes a stream out of packets: each octet has a number, so what is lost is "
           "noticed and sent again, and what comes twice is dropped."), "RFC 9293 §3.1"},
    [TCP_SRCPORT] = {"tcp.srcport", N_("Source port"), MG_FIELD_UINT, ports,
        N_("Which program on the sending machine this comes from. A client gets any free number."),
        "RFC 9293 §3.1"},
    [TCP_DSTPORT] = {"tcp.dstport", N_("Destination port"), MG_FIELD_UINT, ports,
        N_("Which program on the receiving machine this is for. Servers listen at known numbers."),
        "RFC 9293 §3.1"},
    [TCP_SEQ] = {"tcp.seq", N_("Sequence number"), MG_FIELD_UINT, NULL,
        N_("The number of the first octet in this packet, counted from the beginning of the stream; the "
           "SYN itself counts as number 0."), "RFC 9293 §3.4"},
    [TCP_SEQ_RAW] = {"tcp.seq_raw", N_("Sequence number on the wire"), MG_FIELD_UINT, NULL,
        N_("The same as it travels. Each side begins at a number that others cannot guess, so that "
           "nobody slips octets into the stream from outside."), "RFC 9293 §3.4.1"},
    [TCP_ACK] = {"tcp.ack", N_("Acknowledgement number"), MG_FIELD_UINT, NULL,
        N_("The number of the octet that is expected next: everything before it has come."),
        "RFC 9293 §3.4"},
    [TCP_ACK_RAW] = {"tcp.ack_raw", N_("Acknowledgement number on the wire"), MG_FIELD_UINT, NULL,
        N_("The same as it travels, with the other side's first number added."), "RFC 9293 §3.1"},
    [TCP_HDR_LEN] = {"tcp.hdr_len", N_("Header length"), MG_FIELD_UINT, NULL,
        N_("How many octets the header has. It is stored as a number of 4-octet words."), "RFC 9293 §3.1"},
    [TCP_FLAGS] = {"tcp.flags", N_("Flags"), MG_FIELD_UINT, NULL,
        N_("One bit for each thing that the packet says about the connection."), "RFC 9293 §3.1"},
    [TCP_FLAG_ACK] = {"tcp.flags.ack", N_("ACK: the acknowledgement counts"), MG_FIELD_BOOL, NULL,
        N_("Always set once a connection is open. Only the very first packet has nothing to acknowledge."), "RFC 9293 §3.1"},
    [TCP_FLAG_PUSH] = {"tcp.flags.push", N_("PSH: hand it on now"), MG_FIELD_BOOL, NULL,
        N_("The receiver should give the octets to its program and not wait for more."),
        "RFC 9293 §3.9.1.2"},
    [TCP_FLAG_RESET] = {"tcp.flags.reset", N_("RST: no such connection"), MG_FIELD_BOOL, NULL,
        N_("Ends the connection at once. It is also the answer when nobody listens at the port."),
        "RFC 9293 §3.5.2"},
    [TCP_FLAG_SYN] = {"tcp.flags.syn", N_("SYN: shall we talk?"), MG_FIELD_BOOL, NULL,
        N_("Opens a connection and says with which number the octets begin. Both sides send one."),
        "RFC 9293 §3.5"},
    [TCP_FLAG_FIN] = {"tcp.flags.fin", N_("FIN: I have no more to say"), MG_FIELD_BOOL, NULL,
        N_("The sender will send no more. It can still listen: the other side ends on its own."),
        "RFC 9293 §3.6"},
    [TCP_WINDOW] = {"tcp.window_size_value", N_("Window"), MG_FIELD_UINT, NULL,
        N_("How many octets the sender of this packet has room for, so that nobody sends faster than the "
           "other can take."), "RFC 9293 §3.8"},
    [TCP_CHECKSUM] = {"tcp.checksum", N_("Checksum"), MG_FIELD_UINT, NULL,
        N_("A sum over addresses, header and payload. A packet with a wrong one is thrown away, and so "
           "will be sent again."), "RFC 9293 §3.1"},
    [TCP_URGENT] = {"tcp.urgent_pointer", N_("Urgent pointer"), MG_FIELD_UINT, NULL,
        N_("Hardly used any more, and not by mail."), "RFC 6093 §5"},
    [TCP_MSS] = {"tcp.options.mss_val", N_("Largest segment"), MG_FIELD_UINT, NULL,
        N_("How many octets of payload a packet may bring: 1460 is what an Ethernet frame of 1500 holds "
           "after two headers of 20."), "RFC 9293 §3.7.1"},
    [TCP_LEN] = {"tcp.len", N_("Octets of the stream in this packet"), MG_FIELD_UINT, NULL,
        N_("It stands nowhere in the packet: it is what is left of its length after the headers."),
        "RFC 9293 §3.1"}};

enum { UDP, UDP_SRCPORT, UDP_DSTPORT, UDP_LENGTH, UDP_CHECKSUM };
static const MgField udp_fields[] = {
    [UDP] = {"udp", N_("User Datagram Protocol (UDP)"), MG_FIELD_GROUP, NULL,
        N_("The smallest header there is above IP: from port to port, once. If the datagram is lost, "
           "nobody says so; who asked must ask again."), "RFC 768"},
    [UDP_SRCPORT] = {"udp.srcport", N_("Source port"), MG_FIELD_UINT, ports,
        N_("Where an answer should go. A client takes a number that is hard to guess, so that a forged "
           "answer misses it."), "RFC 5452 §9.2"},
    [UDP_DSTPORT] = {"udp.dstport", N_("Destination port"), MG_FIELD_UINT, ports,
        N_("Which program on the receiving machine this is for."), "RFC 768"},
    [UDP_LENGTH] = {"udp.length", N_("Length"), MG_FIELD_UINT, NULL,
        N_("Octets of this header, which has 8, and of the payload."), "RFC 768"},
    [UDP_CHECKSUM] = {"udp.checksum", N_("Checksum"), MG_FIELD_UINT, NULL,
        N_("A sum over addresses, header and payload."), "RFC 768"}};

enum { ICMP, ICMP_TYPE, ICMP_CODE, ICMP_CHECKSUM };
static const MgField icmp_fields[] = {
    [ICMP] = {"icmp", N_("Internet Control Message (ICMP)"), MG_FIELD_GROUP, NULL,
        N_("A message of the network about a packet that it could not deliver."), "RFC 792"},
    [ICMP_TYPE] = {"icmp.type", N_("Type"), MG_FIELD_UINT, unreachable_types,
        N_("What kind of message this is."), "RFC 792"},
    [ICMP_CODE] = {"icmp.code", N_("Code"), MG_FIELD_UINT, NULL,
        N_("More exactly: 3 in IPv4 and 4 in IPv6 mean that nobody listens at the port."), "RFC 792"},
    [ICMP_CHECKSUM] = {"icmp.checksum", N_("Checksum"), MG_FIELD_UINT, NULL,
        N_("A sum over the message."), "RFC 792"}};
/* clang-format on */

static unsigned get16(MgSpan frame, size_t at)
{
    return (unsigned)frame.data[at] << 8 | frame.data[at + 1];
}

static uint32_t get32(MgSpan frame, size_t at)
{
    return (uint32_t)get16(frame, at) << 16 | get16(frame, at + 2);
}

static void add_number(MgTree *tree, MgNode parent, unsigned field, MgSpan frame, size_t at,
                       size_t len)
{
    uint64_t value = len == 1 ? frame.data[at] : len == 2 ? get16(frame, at) : get32(frame, at);
    mg_tree_add_uint(tree, parent, field, at, len, value);
}

static void add_card(MgTree *tree, MgNode parent, unsigned field, MgSpan frame, size_t at)
{
    const uint8_t *a = frame.data + at;
    char text[18];
    g_snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3], a[4],
               a[5]);
    mg_tree_add_text(tree, parent, field, at, 6, text);
}

static void dissect_ethernet(uint16_t at, MgDirection direction, MgSpan frame, MgTree *tree)
{
    if (frame.len < at + 14u)
        return;
    MgNode top = mg_tree_add(tree, MG_NODE_ROOT, ETH, at, 14);
    add_card(tree, top, ETH_DST, frame, at);
    add_card(tree, top, ETH_SRC, frame, at + 6u);
    add_number(tree, top, ETH_TYPE, frame, at + 12u, 2);
}

static void dissect_ip(uint16_t at, MgDirection direction, MgSpan frame, MgTree *tree)
{
    if (frame.len < at + 20u)
        return;
    MgNode top = mg_tree_add(tree, MG_NODE_ROOT, IP, at, 20);
    mg_tree_add_uint(tree, top, IP_VERSION, at, 1, frame.data[at] >> 4);
    mg_tree_add_uint(tree, top, IP_HDR_LEN, at, 1, (frame.data[at] & UINT64_C(15)) * 4);
    add_number(tree, top, IP_DSFIELD, frame, at + 1u, 1);
    add_number(tree, top, IP_LEN, frame, at + 2u, 2);
    add_number(tree, top, IP_ID, frame, at + 4u, 2);
    unsigned fragment = get16(frame, at + 6u);
    mg_tree_add_uint(tree, top, IP_DF, at + 6u, 1, fragment >> 14 & 1);
    mg_tree_add_uint(tree, top, IP_MF, at + 6u, 1, fragment >> 13 & 1);
    mg_tree_add_uint(tree, top, IP_FRAG, at + 6u, 2, (fragment & UINT64_C(0x1fff)) * 8);
    add_number(tree, top, IP_TTL, frame, at + 8u, 1);
    add_number(tree, top, IP_PROTO, frame, at + 9u, 1);
    add_number(tree, top, IP_CHECKSUM, frame, at + 10u, 2);
    mg_tree_add(tree, top, IP_SRC, at + 12u, 4);
    mg_tree_add(tree, top, IP_DST, at + 16u, 4);
}

static void dissect_ipv6(uint16_t at, MgDirection direction, MgSpan frame, MgTree *tree)
{
    if (frame.len < at + 40u)
        return;
    MgNode top = mg_tree_add(tree, MG_NODE_ROOT, IPV6, at, 40);
    mg_tree_add_uint(tree, top, IPV6_VERSION, at, 1, frame.data[at] >> 4);
    add_number(tree, top, IPV6_PLEN, frame, at + 4u, 2);
    add_number(tree, top, IPV6_NXT, frame, at + 6u, 1);
    add_number(tree, top, IPV6_HLIM, frame, at + 7u, 1);
    mg_tree_add(tree, top, IPV6_SRC, at + 8u, 16);
    mg_tree_add(tree, top, IPV6_DST, at + 24u, 16);
}

void mg_inet_dissect_tcp(MgSpan frame, size_t at, uint32_t seq_base, uint32_t ack_base, size_t len,
                         MgTree *tree)
{
    /* clang-format off */
    static const struct { uint8_t bit; uint8_t field; } flags[] = {
        {MG_INET_ACK, TCP_FLAG_ACK}, {MG_INET_PSH, TCP_FLAG_PUSH}, {MG_INET_RST, TCP_FLAG_RESET},
        {MG_INET_SYN, TCP_FLAG_SYN}, {MG_INET_FIN, TCP_FLAG_FIN}};
    /* clang-format on */
    if (frame.len < at + 20)
        return;
    size_t header = MIN((size_t)(frame.data[at + 12] >> 4) * 4, frame.len - at);
    MgNode top = mg_tree_add(tree, MG_NODE_ROOT, TCP, at, header);
    add_number(tree, top, TCP_SRCPORT, frame, at, 2);
    add_number(tree, top, TCP_DSTPORT, frame, at + 2, 2);
    mg_tree_add_uint(tree, top, TCP_SEQ, at + 4, 4, get32(frame, at + 4) - seq_base);
    add_number(tree, top, TCP_SEQ_RAW, frame, at + 4, 4);
    bool acks = (frame.data[at + 13] & MG_INET_ACK) != 0;
    mg_tree_add_uint(tree, top, TCP_ACK, at + 8, 4,
                     acks ? get32(frame, at + 8) - ack_base : get32(frame, at + 8));
    add_number(tree, top, TCP_ACK_RAW, frame, at + 8, 4);
    mg_tree_add_uint(tree, top, TCP_HDR_LEN, at + 12, 1, header);
    MgNode group =
        mg_tree_add_uint(tree, top, TCP_FLAGS, at + 12, 2, get16(frame, at + 12) & 0xfff);
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++)
        mg_tree_add_uint(tree, group, flags[i].field, at + 13, 1,
                         (frame.data[at + 13] & flags[i].bit) != 0);
    add_number(tree, top, TCP_WINDOW, frame, at + 14, 2);
    add_number(tree, top, TCP_CHECKSUM, frame, at + 16, 2);
    add_number(tree, top, TCP_URGENT, frame, at + 18, 2);
    if (header >= 24 && get16(frame, at + 20) == 0x0204)
        add_number(tree, top, TCP_MSS, frame, at + 22, 2);
    mg_tree_add_uint(tree, top, TCP_LEN, at, header, len);
}

static void dissect_tcp(uint16_t at, MgDirection direction, MgSpan frame, MgTree *tree)
{
    size_t header = frame.len >= at + 20u ? (size_t)(frame.data[at + 12u] >> 4) * 4 : 0;
    mg_inet_dissect_tcp(frame, at, 0, 0, frame.len > at + header ? frame.len - at - header : 0,
                        tree);
}

static void dissect_udp(uint16_t at, MgDirection direction, MgSpan frame, MgTree *tree)
{
    if (frame.len < at + 8u)
        return;
    MgNode top = mg_tree_add(tree, MG_NODE_ROOT, UDP, at, 8);
    for (unsigned i = 0; i < 4; i++)
        add_number(tree, top, UDP_SRCPORT + i, frame, at + 2 * i, 2);
}

static void dissect_icmp(uint16_t at, MgDirection direction, MgSpan frame, MgTree *tree)
{
    if (frame.len < at + 8u)
        return;
    MgNode top = mg_tree_add(tree, MG_NODE_ROOT, ICMP, at, 8);
    add_number(tree, top, ICMP_TYPE, frame, at, 1);
    add_number(tree, top, ICMP_CODE, frame, at + 1u, 1);
    add_number(tree, top, ICMP_CHECKSUM, frame, at + 2u, 2);
}

void mg_inet_flags(uint8_t tcp_flags, GString *line)
{
    static const struct {
        uint8_t bit;
        const char *name;
    } names[] = {{MG_INET_SYN, "SYN"},
                 {MG_INET_FIN, "FIN"},
                 {MG_INET_RST, "RST"},
                 {MG_INET_PSH, "PSH"},
                 {MG_INET_ACK, "ACK"}};
    bool any = false;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if ((tcp_flags & names[i].bit) == 0)
            continue;
        if (any)
            g_string_append(line, ", ");
        g_string_append(line, names[i].name);
        any = true;
    }
}

static void summarize_tcp(uint16_t at, MgDirection direction, MgSpan frame, GString *line)
{
    if (frame.len >= at + 20u)
        mg_inet_flags(frame.data[at + 13u], line);
}

static void summarize_plain(uint16_t at, MgDirection direction, MgSpan frame, GString *line)
{
    g_string_append_printf(line, "%" G_GSIZE_FORMAT " octets", frame.len);
}

/* NOLINTBEGIN(bugprone-macro-parentheses): initializers take none */
#define DISSECTOR(id, words, table, dissector, line)                                               \
    {                                                                                              \
        .name = id, .label = words, .color = "grey", .fields = table,                              \
        .n_fields = G_N_ELEMENTS(table), .dissect = dissector, .summarize = line                   \
    }
/* NOLINTEND(bugprone-macro-parentheses) */

const MgDissector mg_inet_ethernet =
    DISSECTOR("ethernet", "Ethernet", ethernet_fields, dissect_ethernet, summarize_plain);
const MgDissector mg_inet_ip = DISSECTOR("ip", "IP", ip_fields, dissect_ip, summarize_plain);
const MgDissector mg_inet_ipv6 =
    DISSECTOR("ipv6", "IPv6", ipv6_fields, dissect_ipv6, summarize_plain);
const MgDissector mg_inet_tcp = DISSECTOR("tcp", "TCP", tcp_fields, dissect_tcp, summarize_tcp);
const MgDissector mg_inet_udp = DISSECTOR("udp", "UDP", udp_fields, dissect_udp, summarize_plain);
const MgDissector mg_inet_icmp =
    DISSECTOR("icmp", "ICMP", icmp_fields, dissect_icmp, summarize_plain);

const MgDissector *const mg_inet_dissectors[] = {
    &mg_inet_ethernet, &mg_inet_ip, &mg_inet_ipv6, &mg_inet_tcp, &mg_inet_udp, &mg_inet_icmp, NULL};
