/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace-read.c - records as people see them: a tree of layers and fields, one line, a word */
#include "trace-private.h"

#include "inet.h"

/* ---- layers ---- */

static uint8_t inet_flags(uint8_t tcp_flags)
{
    G_STATIC_ASSERT((int)MG_TCP_FIN == (int)MG_INET_FIN && (int)MG_TCP_SYN == (int)MG_INET_SYN);
    G_STATIC_ASSERT((int)MG_TCP_RST == (int)MG_INET_RST && (int)MG_TCP_PSH == (int)MG_INET_PSH);
    G_STATIC_ASSERT((int)MG_TCP_ACK == (int)MG_INET_ACK);
    return tcp_flags;
}

/* The datagram that an ICMP message is about: the last one before it, the other way. */
static bool find_unwanted(const MgTrace *trace, uint32_t index, uint32_t *unwanted)
{
    const MgPacket *answer = mg_trace_packet(trace, index);
    for (uint32_t i = index; i-- > 0;) {
        const MgPacket *packet = mg_trace_packet(trace, i);
        if (packet->flow == answer->flow && packet->from_server != answer->from_server &&
            !packet->icmp) {
            *unwanted = i;
            return true;
        }
        if (packet->at < mg_trace_flow(trace, answer->flow)->at)
            return false;
    }
    return false;
}

/* RFC 792: the message quotes the IP header and 64 bits of the datagram. */
static MgSpan quote(const MgTrace *trace, uint32_t index, uint8_t out[MG_TRACE_QUOTE_MAX])
{
    uint32_t unwanted;
    if (!find_unwanted(trace, index, &unwanted))
        return (MgSpan){(const uint8_t *)"", 0};
    MgInetPacket packet;
    uint8_t scratch[MG_TRACE_QUOTE_MAX], headers[MG_INET_HEADERS_MAX];
    mg_trace_inet_packet(trace, unwanted, scratch, &packet);
    size_t len = mg_inet_write(&packet, headers) - 14;
    len = MIN(len, MG_TRACE_QUOTE_MAX);
    memcpy(out, headers + 14, len);
    return (MgSpan){out, len};
}

void mg_trace_inet_ends(const MgTrace *trace, const MgPacket *packet, MgInetPacket *out)
{
    const MgFlow *flow = mg_trace_flow(trace, packet->flow);
    bool back = packet->from_server != 0;
    *out = (MgInetPacket){.from = back ? flow->server : flow->client,
                          .to = back ? flow->client : flow->server,
                          .source_address = back ? flow->server_address : flow->client_address,
                          .target_address = back ? flow->client_address : flow->server_address,
                          .source_port = back ? flow->server_port : flow->client_port,
                          .target_port = back ? flow->client_port : flow->server_port,
                          .protocol =
                              flow->transport == MG_TRANSPORT_STREAM ? MG_INET_TCP : MG_INET_UDP,
                          .tcp_flags = inet_flags(packet->tcp_flags),
                          .seq = packet->seq,
                          .ack = packet->ack,
                          .window = packet->window};
}

void mg_trace_inet_packet(const MgTrace *trace, uint32_t index, uint8_t scratch[MG_TRACE_QUOTE_MAX],
                          MgInetPacket *out)
{
    const MgPacket *packet = mg_trace_packet(trace, index);
    mg_trace_inet_ends(trace, packet, out);
    out->id = (uint16_t)(index + 1);
    if (packet->icmp)
        out->protocol = MG_INET_ICMP;
    out->payload =
        packet->icmp ? quote(trace, index, scratch) : mg_trace_packet_bytes(trace, index);
}

static void add_layers(const MgTrace *trace, uint32_t index, MgTree *tree)
{
    MgInetPacket packet;
    uint8_t scratch[MG_TRACE_QUOTE_MAX], headers[MG_INET_HEADERS_MAX];
    mg_trace_inet_packet(trace, index, scratch, &packet);
    size_t len = mg_inet_write(&packet, headers);
    g_autoptr(GBytes) bytes = g_bytes_new(headers, len);
    MgSpan frame = {g_bytes_get_data(bytes, NULL), len};
    bool v6 = headers[14] >> 4 == 6;
    const MgDissector *ip = v6 ? &mg_inet_ipv6 : &mg_inet_ip;
    mg_tree_begin(tree, &mg_inet_ethernet, N_("Frame"), bytes);
    mg_inet_ethernet.dissect(0, MG_FROM_CLIENT, frame, tree);
    mg_tree_begin(tree, ip, N_("Frame"), bytes);
    ip->dissect(14, MG_FROM_CLIENT, frame, tree);
    uint16_t at = v6 ? 54 : 34;
    if (packet.protocol == MG_INET_TCP) {
        const MgPacket *kept = mg_trace_packet(trace, index);
        const MgStream *stream = mg_trace_state(trace, kept->flow)->stream;
        uint32_t seq_base = stream != NULL ? stream->course[kept->from_server != 0].isn : 0;
        uint32_t ack_base = stream != NULL ? stream->course[kept->from_server == 0].isn : 0;
        mg_tree_begin(tree, &mg_inet_tcp, N_("Frame"), bytes);
        mg_inet_dissect_tcp(frame, at, seq_base, ack_base, packet.payload.len, tree);
    } else {
        const MgDissector *above = packet.protocol == MG_INET_UDP ? &mg_inet_udp : &mg_inet_icmp;
        mg_tree_begin(tree, above, N_("Frame"), bytes);
        above->dissect(at, MG_FROM_CLIENT, frame, tree);
    }
}

/* ---- the exchange's own fields ---- */

static bool is_wire(const MgTrace *trace, const MgRecord *record)
{
    return record->dissector == trace->tcp || record->dissector == trace->udp ||
           record->dissector == trace->icmp;
}

static MgDirection direction_of(const MgRecord *record)
{
    return (record->flags & MG_RECORD_FROM_SERVER) != 0 ? MG_FROM_SERVER : MG_FROM_CLIENT;
}

/* `keeps`: the tree may outlive the trace, as the inspector's does, so it owns its octets. */
static void add_own(const MgTrace *trace, uint32_t n, const char *where, bool keeps, MgTree *tree)
{
    const MgRecord *record = mg_trace_record(trace, n);
    const MgDissector *dissector = mg_registry_dissector(trace->registry, record->dissector);
    if (record->kind != MG_RECORD_EXCHANGE || record->len == 0 || is_wire(trace, record))
        return;
    MgSpan octets = mg_trace_bytes(trace, n);
    g_autoptr(GBytes) bytes =
        keeps ? g_bytes_new(octets.data, octets.len) : g_bytes_new_static(octets.data, octets.len);
    mg_tree_begin(tree, dissector, where, bytes);
    if (dissector != NULL && dissector->dissect != NULL)
        dissector->dissect(record->tag, direction_of(record),
                           (MgSpan){g_bytes_get_data(bytes, NULL), octets.len}, tree);
}

MgTree *mg_trace_own_tree(const MgTrace *trace, uint32_t n)
{
    MgTree *tree = mg_tree_new();
    mg_tree_set_registry(tree, trace->registry);
    const MgRecord *record = mg_trace_record(trace, n);
    if (record->kind == MG_RECORD_EXCHANGE && is_wire(trace, record) && record->packet != 0)
        add_layers(trace, record->packet - 1, tree);
    else
        add_own(trace, n, N_("Exchange"), true, tree);
    return tree;
}

static void add_all(const MgTrace *trace, uint32_t n, bool keeps, MgTree *tree)
{
    mg_tree_set_registry(tree, trace->registry);
    const MgRecord *record = mg_trace_record(trace, n), *carrier = record;
    bool hidden = (record->flags & MG_RECORD_ENCRYPTED) != 0 && record->parent != 0;
    if (hidden) /* below what is on the wire */
        carrier = mg_trace_record(trace, record->parent);
    if (carrier->packet != 0)
        add_layers(trace, carrier->packet - 1, tree);
    if (hidden)
        add_own(trace, record->parent, N_("On the wire"), keeps, tree);
    add_own(trace, n, N_("Exchange"), keeps, tree);
}

MgTree *mg_trace_tree(const MgTrace *trace, uint32_t n)
{
    MgTree *tree = mg_tree_new();
    add_all(trace, n, true, tree);
    return tree;
}

const char *mg_trace_caption(const MgTrace *trace, uint32_t n, MgTree *scratch)
{
    mg_tree_reset(scratch, true);
    add_all(trace, n, false, scratch);
    if (mg_tree_is_too_brief(scratch)) {
        mg_tree_reset(scratch, false);
        add_all(trace, n, false, scratch);
    }
    return mg_tree_caption(scratch);
}

/* ---- one line ---- */

static void summarize_packet(const MgTrace *trace, const MgRecord *record, GString *line)
{
    if (record->dissector == trace->icmp)
        g_string_append(line, "ICMP port unreachable");
    else if (record->dissector == trace->tcp)
        mg_inet_flags((uint8_t)record->tag, line);
    else
        g_string_append(line, "UDP");
    if (record->len > 0)
        g_string_append_printf(line, ", %u octets", record->len);
    if ((record->flags & MG_RECORD_AGAIN) != 0)
        g_string_append(line, ", sent again");
    if ((record->flags & MG_RECORD_LOST) != 0)
        g_string_append(line, ", lost");
}

static void summarize_exchange(const MgTrace *trace, uint32_t n, GString *line)
{
    const MgRecord *record = mg_trace_record(trace, n);
    const MgDissector *dissector = mg_registry_dissector(trace->registry, record->dissector);
    if (is_wire(trace, record))
        summarize_packet(trace, record, line);
    else if (dissector != NULL && dissector->summarize != NULL && record->len > 0)
        dissector->summarize(record->tag, direction_of(record), mg_trace_bytes(trace, n), line);
    else
        g_string_append_printf(line, "%u octets", record->len);
}

void mg_trace_summarize(const MgTrace *trace, uint32_t n, GString *line)
{
    const MgRecord *record = mg_trace_record(trace, n);
    switch ((MgRecordKind)record->kind) {
    case MG_RECORD_EXCHANGE:
        summarize_exchange(trace, n, line);
        return;
    case MG_RECORD_STATE:
        g_string_append_printf(line, "%s: %s → %s", mg_trace_text(trace, record->tag),
                               mg_trace_text(trace, record->text_a),
                               mg_trace_text(trace, record->text_b));
        return;
    case MG_RECORD_NOTE: {
        const char *id = mg_trace_text(trace, record->text_a);
        const MgRule *rule = mg_registry_rule(trace->registry, id);
        g_string_append(line,
                        rule != NULL ? mg_registry_translate(trace->registry, rule->text) : id);
        return;
    }
    case MG_RECORD_DECISION:
    case MG_RECORD_ACTION: {
        MgSpan text = mg_trace_bytes(trace, n);
        g_autofree char *valid = g_utf8_make_valid((const char *)text.data, (gssize)text.len);
        g_string_append(line, valid);
        return;
    }
    }
}

const char *mg_trace_kind_name(const MgTrace *trace, uint32_t n)
{
    static const char *const units[] = {"data",   "command", "reply", "query",
                                        "answer", "data",    "note"};
    const MgRecord *record = mg_trace_record(trace, n);
    switch ((MgRecordKind)record->kind) {
    case MG_RECORD_EXCHANGE:
        return units[record->unit < G_N_ELEMENTS(units) ? record->unit : 0];
    case MG_RECORD_STATE:
        return "state";
    case MG_RECORD_DECISION:
        return "decision";
    case MG_RECORD_NOTE:
    case MG_RECORD_ACTION:
        break;
    }
    return "note";
}
