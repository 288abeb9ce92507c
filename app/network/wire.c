/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wire.c - addresses and paths; which of TCP and UDP a carrier's call is for */
#include "wire.h"

#define FIRST_PORT 49152 /* RFC 6335 §6: the dynamic ports */

void mg_wire_init(MgWire *wire, const MgNetwork *network, MgRuntime *runtime, uint64_t seed)
{
    *wire = (MgWire){.runtime = runtime, .trace = mg_runtime_trace(runtime), .random = seed};
    wire->n_hosts = network->hosts->len;
    wire->hosts = g_new0(MgWireHost, wire->n_hosts + 1);
    wire->addresses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; i < wire->n_hosts; i++) {
        const MgNetworkHost *host = &g_array_index(network->hosts, MgNetworkHost, i);
        wire->hosts[i].address = g_strdup(host->addresses[0]);
        wire->hosts[i].next_port = FIRST_PORT;
        for (char **address = host->addresses; *address != NULL; address++)
            g_hash_table_insert(wire->addresses, g_strdup(*address), GSIZE_TO_POINTER(i + 1));
    }
    wire->n_links = network->links->len;
    wire->links = g_new0(MgWireLink, wire->n_links + 1);
    for (size_t i = 0; i < wire->n_links; i++) {
        const MgNetworkLink *link = &g_array_index(network->links, MgNetworkLink, i);
        wire->links[i] = (MgWireLink){.a = link->a,
                                      .b = link->b,
                                      .delay = link->delay,
                                      .loss = (uint32_t)(link->loss * MG_LOSS_ONE + 0.5)};
    }
}

void mg_wire_clear(MgWire *wire)
{
    mg_tcp_clear(wire);
    mg_datagram_clear(wire);
    mg_forge_clear(wire);
    mg_wire_forget_paths(wire);
    for (size_t i = 0; i < wire->n_hosts; i++)
        g_free(wire->hosts[i].address);
    g_free(wire->hosts);
    for (size_t i = 0; i < wire->n_links; i++) {
        g_free(wire->links[i].over);
        g_free(wire->links[i].by);
    }
    g_free(wire->links);
    g_clear_pointer(&wire->altered, g_byte_array_unref);
    g_hash_table_unref(wire->addresses);
    mg_queue_clear(&wire->queue);
}

void mg_wire_forget_paths(MgWire *wire)
{
    for (size_t i = 0; i < wire->n_hosts; i++)
        g_clear_pointer(&wire->hosts[i].paths, g_free);
}

MgHostId mg_wire_find(const MgWire *wire, const char *address)
{
    gpointer found = g_hash_table_lookup(wire->addresses, address);
    if (found == NULL) { /* written in another way: 2001:db8:0::1 */
        uint8_t octets[16];
        char text[MG_INET_TEXT_MAX];
        size_t len = mg_inet_parse(address, strlen(address), octets);
        if (len > 0 && mg_inet_format((MgSpan){octets, len}, text))
            found = g_hash_table_lookup(wire->addresses, text);
    }
    return (MgHostId)GPOINTER_TO_SIZE(found);
}

/* Dijkstra over the links that are not cut, by delay; of two ways, the one found first. */
static MgPath *find_paths(const MgWire *wire, size_t from)
{
    MgPath *paths = g_new(MgPath, wire->n_hosts);
    g_autofree bool *done = g_new0(bool, wire->n_hosts);
    for (size_t i = 0; i < wire->n_hosts; i++)
        paths[i] = (MgPath){MG_TIME_NEVER, 0, (uint32_t)from};
    paths[from].delay = 0;
    for (;;) {
        size_t near = wire->n_hosts;
        for (size_t i = 0; i < wire->n_hosts; i++)
            if (!done[i] && paths[i].delay != MG_TIME_NEVER &&
                (near == wire->n_hosts || paths[i].delay < paths[near].delay))
                near = i;
        if (near == wire->n_hosts)
            break;
        done[near] = true;
        for (size_t l = 0; l < wire->n_links; l++) {
            const MgWireLink *link = &wire->links[l];
            if (link->cut || (link->a != near && link->b != near))
                continue;
            size_t far = link->a == near ? link->b : link->a;
            MgTime delay = paths[near].delay + link->delay;
            if (delay >= paths[far].delay)
                continue;
            uint64_t kept = (uint64_t)(MG_LOSS_ONE - paths[near].loss) *
                            (MG_LOSS_ONE - link->loss) / MG_LOSS_ONE;
            paths[far] = (MgPath){delay, MG_LOSS_ONE - (uint32_t)kept, (uint32_t)near};
        }
    }
    return paths;
}

MgPath mg_wire_path(MgWire *wire, MgHostId from, MgHostId to)
{
    MgWireHost *host = &wire->hosts[from - 1];
    if (host->paths == NULL)
        host->paths = find_paths(wire, from - 1u);
    return host->paths[to - 1];
}

MgTime mg_wire_send(MgWire *wire, MgHostId from, MgHostId to)
{
    MgPath path = mg_wire_path(wire, from, to);
    if (path.delay == MG_TIME_NEVER || wire->hosts[from - 1].down)
        return MG_TIME_NEVER;
    if (path.loss > 0 && mg_random_next(&wire->random) % MG_LOSS_ONE < path.loss)
        return MG_TIME_NEVER;
    return wire->now + path.delay;
}

static uint16_t new_port(MgWire *wire, MgHostId host)
{
    MgWireHost *about = &wire->hosts[host - 1];
    uint16_t port = about->next_port;
    about->next_port = port == 65535 ? FIRST_PORT : (uint16_t)(port + 1);
    return port;
}

MgFlowId mg_wire_open_flow(MgWire *wire, MgLine *line, MgFlow *flow, const char *address)
{
    flow->client = line->host;
    if (flow->client_port == 0)
        flow->client_port = new_port(wire, line->host);
    flow->dissector = line->dissector;
    flow->parent = line->cause;
    flow->at = wire->now;
    g_strlcpy(flow->client_address, wire->hosts[line->host - 1].address,
              sizeof flow->client_address);
    g_strlcpy(flow->server_address, address, sizeof flow->server_address);
    line->flow = mg_trace_add_flow(wire->trace, flow);
    return line->flow;
}

/* ---- the carrier ---- */

static MgEndKind kind_of(const MgLine *line)
{
    return *(const MgEndKind *)line->end;
}

static void carry_connect(void *carrier, MgLine *line, const char *address, uint16_t port)
{
    mg_tcp_connect(carrier, line, address, port);
}

static void carry_send(void *carrier, MgLine *line, MgSpan octets)
{
    if (line->end != NULL && kind_of(line) == MG_END_OF_STREAM)
        mg_tcp_send(carrier, line, octets);
    else if (line->end != NULL)
        mg_datagram_send(carrier, line, octets);
}

static void carry_close(void *carrier, MgLine *line)
{
    if (line->end != NULL && kind_of(line) == MG_END_OF_STREAM)
        mg_tcp_close(carrier, line, false);
    else if (line->end != NULL)
        mg_datagram_close(carrier, line);
}

static void carry_datagram(void *carrier, MgLine *line, const MgDatagramQuestion *question)
{
    mg_datagram_ask(carrier, line, question);
}

static bool carry_forge(void *carrier, MgLine *line, const MgForgeQuestion *question)
{
    return mg_wire_forge(carrier, line, question);
}

static void carry_overhear(void *carrier, MgLine *line, uint16_t port)
{
    mg_wire_listen(carrier, line, port);
}

static void carry_cancel(void *carrier, MgLine *line)
{
    if (line->end != NULL && kind_of(line) == MG_END_OF_STREAM)
        mg_tcp_close(carrier, line, true);
    else if (line->end != NULL && kind_of(line) == MG_END_OF_LISTENING)
        mg_wire_stop_listening(carrier, line);
    else if (line->end != NULL)
        mg_datagram_close(carrier, line);
}

static MgSpan carry_alter(void *carrier, const MgLine *line, MgSpan octets)
{
    return mg_wire_alter(carrier, line, octets);
}

const MgCarrierClass mg_wire_carrier = {carry_connect, carry_send,  carry_close,    carry_datagram,
                                        carry_cancel,  carry_forge, carry_overhear, carry_alter};

void mg_wire_flush(MgWire *wire)
{
    mg_tcp_flush(wire);
}

bool mg_wire_is_live(const MgQueued *event)
{
    if (event->what >= MG_HAPPEN_FORGED)
        return true;
    return event->what <= MG_HAPPEN_DELAYED_ACK ? mg_tcp_is_live(event)
                                                : mg_datagram_is_live(event);
}

void mg_wire_happen(MgWire *wire, const MgQueued *event)
{
    if (event->what <= MG_HAPPEN_DELAYED_ACK)
        mg_tcp_happen(wire, event);
    else if (event->what < MG_HAPPEN_FORGED)
        mg_datagram_happen(wire, event);
    else
        mg_forge_happen(wire, event);
}
