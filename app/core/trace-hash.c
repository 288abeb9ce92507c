/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace-hash.c - one number for a whole trace
 *
 * SHA-256 over a serialisation that depends on nothing but what happened: numbers in base 128, the
 * lowest group first (as LEB128), texts by their octets, never by where they lie in memory. */
#include "trace-private.h"

#define BUFFER_SIZE 16384u
#define ITEM_MAX    512u /* no item below takes more */

typedef struct {
    GChecksum *sum;
    size_t len;
    uint8_t octets[BUFFER_SIZE];
} Writer;

static void flush(Writer *writer)
{
    g_checksum_update(writer->sum, writer->octets, (gssize)writer->len);
    writer->len = 0;
}

static void make_room(Writer *writer)
{
    if (writer->len > BUFFER_SIZE - ITEM_MAX)
        flush(writer);
}

static void number(Writer *writer, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        writer->octets[writer->len++] = (uint8_t)(value | 0x80);
    writer->octets[writer->len++] = (uint8_t)value;
}

static void octets(Writer *writer, MgSpan span)
{
    make_room(writer);
    number(writer, span.len);
    flush(writer);
    if (span.len > 0)
        g_checksum_update(writer->sum, span.data, (gssize)span.len);
}

static void text(Writer *writer, const char *string)
{
    octets(writer, mg_span_from_string(string != NULL ? string : ""));
}

static void record(Writer *writer, const MgTrace *trace, uint32_t n, MgTime before)
{
    const MgRecord *it = mg_trace_record(trace, n);
    make_room(writer);
    number(writer, it->kind);
    number(writer, (uint64_t)(it->at - before));
    number(writer, (uint64_t)(it->until == MG_TIME_NEVER ? 0 : it->until - it->at + 1));
    number(writer, it->len);
    number(writer, it->parent);
    number(writer, it->flow);
    number(writer, it->engine);
    number(writer, (uint64_t)it->from << 16 | it->to);
    number(writer, (uint64_t)it->unit << 8 | it->flags);
    if (it->kind == MG_RECORD_EXCHANGE) {
        number(writer, it->tag);
        number(writer, it->packet);
    }
    if (it->kind == MG_RECORD_STATE || it->kind == MG_RECORD_NOTE) {
        /* Numbers of texts are given in order of first use, so they say the same in any run; the
         * texts themselves follow at the end. */
        number(writer, it->kind == MG_RECORD_STATE ? it->tag : 0);
        number(writer, it->text_a);
        number(writer, it->text_b);
    }
}

static void packet(Writer *writer, const MgTrace *trace, uint32_t i, MgTime before)
{
    const MgPacket *it = mg_trace_packet(trace, i);
    make_room(writer);
    number(writer, (uint64_t)(it->at - before));
    number(writer, it->len);
    number(writer, it->flow);
    number(writer, it->seq);
    number(writer, it->ack);
    number(writer, it->window);
    number(writer, (uint64_t)it->tcp_flags << 8 | (unsigned)it->from_server << 4 | it->fate << 1 |
                       (it->icmp != 0));
}

static void flow(Writer *writer, const MgTrace *trace, MgFlowId id)
{
    const MgFlow *it = mg_trace_flow(trace, id);
    const MgDissector *dissector = mg_registry_dissector(trace->registry, it->dissector);
    text(writer, it->client_address);
    text(writer, it->server_address);
    text(writer, dissector != NULL ? dissector->name : "");
    make_room(writer);
    number(writer, it->transport);
    number(writer, (uint64_t)it->client << 16 | it->server);
    number(writer, (uint64_t)it->client_port << 16 | it->server_port);
    number(writer, it->parent);
    number(writer, (uint64_t)it->at);
}

static void hosts(Writer *writer, const MgTrace *trace)
{
    for (uint16_t i = 1; i <= mg_trace_n_hosts(trace); i++) {
        const MgTraceHost *host = mg_trace_host(trace, i);
        text(writer, host->name);
        text(writer, host->kind);
        text(writer, host->region);
        text(writer, host->address);
    }
    for (unsigned i = 0; i < trace->texts->len; i++)
        text(writer, g_ptr_array_index(trace->texts, i));
}

/* Octets of the arena lie in the order in which they happened, so they are read from end to end;
 * records and packets point into them. */
static void arena(Writer *writer, const MgTrace *trace)
{
    flush(writer);
    for (size_t i = 0; i < trace->arena.n_slots; i++) {
        uint64_t start = (uint64_t)i << MG_SLOT_SHIFT;
        uint64_t end = trace->arena.end > start ? MIN(trace->arena.end - start, MG_SLOT_SIZE) : 0;
        if (end > 0)
            g_checksum_update(writer->sum, trace->arena.slots[i].octets, (gssize)end);
    }
}

char *mg_trace_hash(const MgTrace *trace)
{
    g_assert(!trace->forgetting.on);
    g_autofree Writer *writer = g_new0(Writer, 1);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    writer->sum = sum;
    text(writer, trace->title);
    number(writer, (uint64_t)trace->epoch);
    number(writer, trace->seed);
    hosts(writer, trace);
    MgTime before = 0;
    for (uint32_t n = 1; n <= trace->records.n; n++) {
        record(writer, trace, n, before);
        before = mg_trace_record(trace, n)->at;
    }
    before = 0;
    for (uint32_t i = 0; i < trace->packets.n; i++) {
        packet(writer, trace, i, before);
        before = mg_trace_packet(trace, i)->at;
    }
    for (MgFlowId id = 1; id <= trace->flows.n; id++)
        flow(writer, trace, id);
    arena(writer, trace);
    return g_strdup(g_checksum_get_string(sum));
}
