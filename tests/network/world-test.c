/* SPDX-License-Identifier: GPL-3.0-or-later */
/* world-test.c - the wire under toy engines: nothing lost, doubled or out of order, whatever the
 * weather */
#include "toys.h"

static MgRegistry *registry;

static MgWorld *run(MgNetwork *network, uint64_t seed)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgWorld *world = mg_world_new(network, registry, seed, problems);
    g_assert_nonnull(world);
    while (mg_world_step(world, MG_TIME_NEVER))
        continue;
    return world;
}

static unsigned count_tcp(const MgTrace *trace, uint8_t flags, uint8_t fate)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < mg_trace_n_packets(trace); i++) {
        const MgPacket *packet = mg_trace_packet(trace, i);
        n += packet->tcp_flags == flags && packet->fate == fate;
    }
    return n;
}

static unsigned n_alive(const MgWorld *world)
{
    MgRuntimeCounts counts;
    mg_runtime_counts(mg_world_runtime(world), &counts);
    return counts.engines;
}

static void test_handshake(void)
{
    MgNetwork *network = mg_toy_network(20 * MG_MILLISECONDS, 0);
    mg_toy_act(network, 0, "call", "192.0.2.2 100");
    mg_toy_tally = (MgToyTally){0};
    MgWorld *world = run(network, 1);
    MgTrace *trace = mg_world_trace(world);
    g_assert_cmpuint(mg_toy_tally.connected, ==, 1);
    g_assert_cmpuint(mg_toy_tally.octets_back, ==, 100);
    g_assert_cmpuint(count_tcp(trace, MG_TCP_SYN, MG_FATE_ARRIVED), ==, 1);
    g_assert_cmpuint(count_tcp(trace, MG_TCP_SYN | MG_TCP_ACK, MG_FATE_ARRIVED), ==, 1);
    g_assert_cmpuint(count_tcp(trace, MG_TCP_FIN | MG_TCP_ACK, MG_FATE_ARRIVED), ==, 2);
    g_assert_cmpuint(count_tcp(trace, MG_TCP_RST | MG_TCP_ACK, MG_FATE_ARRIVED), ==, 0);
    /* Records: the call; SYN, SYN ACK, ACK; 100 octets there and back; FIN, FIN. */
    g_assert_cmpuint(mg_trace_n_records(trace), ==, 8);
    const MgRecord *data = mg_trace_record(trace, 5);
    g_assert_cmpint(data->at, ==, 40 * MG_MILLISECONDS);
    g_assert_cmpint(data->until, ==, 60 * MG_MILLISECONDS);
    g_assert_cmpuint(data->len, ==, 100);
    g_assert_cmpuint(data->parent, ==, 1);
    g_assert_cmpuint(n_alive(world), ==, 0);
    mg_world_free(world);
    mg_toy_network_free(network);
}

static void test_nobody(void)
{
    MgNetwork *network = mg_toy_network(20 * MG_MILLISECONDS, 0);
    mg_toy_act(network, 0, "call", "192.0.2.2 100 99");
    mg_toy_act(network, 0, "call", "192.0.2.77 100");
    mg_toy_act(network, 0, "wonder", "192.0.2.77");
    mg_toy_tally = (MgToyTally){0};
    mg_toy_act(network, 0, "wonder", "192.0.2.2 99"); /* nobody there: ICMP says so */
    mg_toy_act(network, 0, "wonder", "192.0.2.2");
    MgWorld *world = run(network, 1);
    g_assert_cmpuint(mg_toy_tally.refused, ==, 2);
    g_assert_cmpuint(mg_toy_tally.unreachable, ==, 1);
    g_assert_cmpuint(mg_toy_tally.no_answers, ==, 2);
    g_assert_cmpuint(mg_toy_tally.answers, ==, 1);
    g_assert_cmpuint(n_alive(world), ==, 0);
    mg_world_free(world);
    mg_toy_network_free(network);

    network = mg_toy_network(20 * MG_MILLISECONDS, 1);
    mg_toy_act(network, 0, "call", "192.0.2.2 100");
    mg_toy_act(network, 0, "wonder", "192.0.2.2");
    mg_toy_tally = (MgToyTally){0};
    world = run(network, 1);
    g_assert_cmpuint(mg_toy_tally.timed_out, ==, 2);
    g_assert_cmpuint(count_tcp(mg_world_trace(world), MG_TCP_SYN, MG_FATE_LOST), ==, 7);
    mg_world_free(world);
    mg_toy_network_free(network);
}

/* The packets that arrived bring each octet of both directions, the exchanges hold each once, each
 * exchange has arrived, and the octets that a packet points at are those of its exchange. */
static void check_stream(const MgTrace *trace, MgDirection direction, uint64_t len)
{
    g_autofree uint8_t *octets = g_malloc0(len), *seen = g_malloc0(len);
    uint64_t at = 0;
    for (uint32_t n = 1; n <= mg_trace_n_records(trace); n++) {
        const MgRecord *record = mg_trace_record(trace, n);
        bool server = (record->flags & MG_RECORD_FROM_SERVER) != 0;
        if (record->kind != MG_RECORD_EXCHANGE || record->unit == MG_UNIT_NOTE ||
            server != (direction == MG_FROM_SERVER))
            continue;
        MgSpan bytes = mg_trace_bytes(trace, n);
        g_assert_cmpuint(at + bytes.len, <=, len);
        memcpy(octets + at, bytes.data, bytes.len);
        at += bytes.len;
        g_assert_cmpint(record->until, !=, MG_TIME_NEVER);
        g_assert_cmpuint(record->packet, !=, 0);
    }
    g_assert_cmpuint(at, ==, len);
    uint32_t isn = 0;
    bool fin = false;
    for (uint32_t i = 0; i < mg_trace_n_packets(trace); i++) {
        const MgPacket *packet = mg_trace_packet(trace, i);
        if (packet->from_server != (direction == MG_FROM_SERVER))
            continue;
        if ((packet->tcp_flags & MG_TCP_SYN) != 0)
            isn = packet->seq;
        if (packet->fate != MG_FATE_ARRIVED)
            continue;
        fin |= (packet->tcp_flags & MG_TCP_FIN) != 0;
        uint32_t offset = packet->seq - isn - 1;
        MgSpan bytes = mg_trace_packet_bytes(trace, i);
        if (bytes.len == 0)
            continue;
        g_assert_cmpuint(offset + bytes.len, <=, len);
        g_assert_cmpmem(octets + offset, bytes.len, bytes.data, bytes.len);
        memset(seen + offset, 1, bytes.len);
    }
    g_assert_true(fin);
    g_assert_null(memchr(seen, 0, len));
}

/* Each octet once and in order (the caller checks the pattern), both ends closed, for many seeds.
 */
static void test_weather(void)
{
    unsigned again = 0;
    mg_toy_tally = (MgToyTally){0};
    for (uint64_t seed = 0; seed < 1000; seed++) {
        MgNetwork *network = mg_toy_network(10 * MG_MILLISECONDS, (double)(seed % 31) / 100);
        mg_toy_act(network, 0, "call", seed % 10 == 0 ? "192.0.2.2 200000" : "192.0.2.2 5000");
        MgToyTally before = mg_toy_tally;
        MgWorld *world = run(network, seed);
        MgTrace *trace = mg_world_trace(world);
        if (mg_toy_tally.connected > before.connected) {
            uint64_t len = seed % 10 == 0 ? 200000 : 5000;
            g_assert_cmpuint(mg_toy_tally.octets_back - before.octets_back, ==, len);
            check_stream(trace, MG_FROM_CLIENT, len);
            check_stream(trace, MG_FROM_SERVER, len);
        }
        g_assert_cmpuint(n_alive(world), ==, 0);
        for (uint32_t n = 1; n <= mg_trace_n_records(trace); n++)
            again += (mg_trace_record(trace, n)->flags & MG_RECORD_AGAIN) != 0;
        mg_world_free(world);
        mg_toy_network_free(network);
    }
    g_assert_cmpuint(mg_toy_tally.connected, >=, 990);
    g_assert_cmpuint(mg_toy_tally.connected + mg_toy_tally.timed_out, ==, 1000);
    g_assert_cmpuint(mg_toy_tally.dropped + mg_toy_tally.reset, ==, 0);
    g_assert_cmpuint(again, >, 1000);
}

/* What was asked and is cancelled is never answered, and leaves nothing behind on the wire. */
static void test_cancel(void)
{
    for (unsigned bad = 0; bad < 2; bad++) {
        MgNetwork *network = mg_toy_network(10 * MG_MILLISECONDS, bad ? 0.3 : 0);
        mg_toy_act(network, 0, "dither", "192.0.2.2");
        mg_toy_act(network, 0, "dither", "192.0.2.2");
        mg_toy_tally = (MgToyTally){0};
        MgWorld *world = run(network, 3);
        g_assert_cmpuint(mg_toy_tally.no_answers, ==, 2);
        g_assert_cmpuint(mg_toy_tally.connected, ==, 2);
        g_assert_cmpuint(n_alive(world), ==, 0);
        if (!bad) /* who comes too late with a SYN ACK is told that nobody waits */
            g_assert_cmpuint(
                count_tcp(mg_world_trace(world), MG_TCP_RST | MG_TCP_ACK, MG_FATE_ARRIVED), ==, 4);
        mg_world_free(world);
        mg_toy_network_free(network);
    }
}

/* A host talks to itself. */
static void test_loopback(void)
{
    MgNetwork *network = mg_toy_network(20 * MG_MILLISECONDS, 1);
    mg_toy_act(network, 0, "call", "192.0.2.1 100000");
    mg_toy_act(network, 0, "wonder", "192.0.2.1");
    mg_toy_tally = (MgToyTally){0};
    MgWorld *world = run(network, 1);
    g_assert_cmpuint(mg_toy_tally.octets_back, ==, 100000);
    g_assert_cmpuint(mg_toy_tally.answers, ==, 1);
    g_assert_cmpint(mg_world_now(world), <, 1 * MG_SECONDS);
    g_assert_cmpuint(n_alive(world), ==, 0);
    mg_world_free(world);
    mg_toy_network_free(network);
}

/* What is asked and answered, line by line, needs two packets: an acknowledgement rides along. */
static void test_sparing(void)
{
    MgNetwork *network = mg_toy_network(10 * MG_MILLISECONDS, 0);
    mg_toy_act(network, 0, "call", "192.0.2.2 50");
    MgWorld *world = run(network, 1);
    /* SYN, SYN ACK, ACK; the octets, there and back; FIN, ACK, FIN, ACK, of which the second ACK
     * may ride on the FIN. */
    g_assert_cmpuint(mg_trace_n_packets(mg_world_trace(world)), <=, 9);
    mg_world_free(world);
    mg_toy_network_free(network);
}

/* Repetitions of a script begin in time, also when the one before is not over. */
static void test_repeated(void)
{
    MgNetwork *network = mg_toy_network(10 * MG_MILLISECONDS, 0);
    mg_toy_act(network, 0, "wonder", "192.0.2.2");
    mg_toy_act(network, 10 * MG_SECONDS, "wonder", "192.0.2.1");
    network->repeat = 3;
    network->every = 4 * MG_SECONDS;
    MgWorld *world = run(network, 1);
    static const MgTime due[] = {0, 4, 8, 10, 14, 18};
    const MgTrace *trace = mg_world_trace(world);
    size_t n = 0;
    for (uint32_t r = 1; r <= mg_trace_n_records(trace); r++) {
        const MgRecord *record = mg_trace_record(trace, r);
        if (record->kind != MG_RECORD_ACTION)
            continue;
        g_assert_cmpuint(n, <, G_N_ELEMENTS(due));
        g_assert_cmpint(record->at, ==, due[n++] * MG_SECONDS);
    }
    g_assert_cmpuint(n, ==, G_N_ELEMENTS(due));
    mg_world_free(world);
    mg_toy_network_free(network);
}

static char *hash_of(double loss, uint64_t seed)
{
    MgNetwork *network = mg_toy_network(10 * MG_MILLISECONDS, loss);
    mg_toy_act(network, 0, "call", "192.0.2.2 50000");
    mg_toy_act(network, 0, "call", "192.0.2.2 1000 9");
    MgWorld *world = run(network, seed);
    char *hash = mg_trace_hash(mg_world_trace(world));
    mg_world_free(world);
    mg_toy_network_free(network);
    return hash;
}

static void test_repeats(void)
{
    g_autofree char *a = hash_of(0.1, 7), *b = hash_of(0.1, 7), *c = hash_of(0.1, 8);
    g_assert_cmpstr(a, ==, b);
    g_assert_cmpstr(a, !=, c);
}

/* What is asked while a line is served has that line's exchange as its cause. */
static void test_causes(void)
{
    MgNetwork *network = mg_toy_network(10 * MG_MILLISECONDS, 0);
    mg_toy_act(network, 0, "call", "192.0.2.2 150 9");
    mg_toy_tally = (MgToyTally){0};
    MgWorld *world = run(network, 1);
    const MgTrace *trace = mg_world_trace(world);
    g_assert_cmpuint(mg_toy_tally.answers, ==, 3);
    unsigned n_caused = 0;
    for (uint32_t f = 1; f <= mg_trace_n_flows(trace); f++) {
        const MgFlow *flow = mg_trace_flow(trace, f);
        if (flow->transport != MG_TRANSPORT_DATAGRAM)
            continue;
        const MgRecord *cause = mg_trace_record(trace, flow->parent);
        g_assert_cmpuint(cause->len, ==, 150); /* no dissector: what was sent at once is one */
        g_assert_cmpuint(cause->flow, ==, 1);
        n_caused++;
    }
    g_assert_cmpuint(n_caused, ==, 3);
    g_assert_cmpuint(n_alive(world), ==, 0);
    mg_world_free(world);
    mg_toy_network_free(network);
}

static void intervene(MgWorld *world, const char *text)
{
    g_autoptr(GError) error = NULL;
    MgIntervention what = {.text = (char *)text};
    mg_world_intervene(world, &what, &error);
    g_assert_no_error(error);
}

static void test_crash(void)
{
    MgNetwork *network = mg_toy_network(10 * MG_MILLISECONDS, 0);
    mg_toy_act(network, 0, "call", "192.0.2.2 1000000");
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    for (unsigned restart = 0; restart < 2; restart++) {
        mg_toy_tally = (MgToyTally){0};
        MgWorld *world = mg_world_new(network, registry, 1, problems);
        for (unsigned i = 0; i < 200; i++)
            mg_world_step(world, MG_TIME_NEVER);
        intervene(world, "!host b down");
        if (restart)
            intervene(world, "!host b up");
        while (mg_world_step(world, MG_TIME_NEVER))
            continue;
        /* Started again it knows nothing of the connection and says so; gone, it says nothing. */
        g_assert_cmpuint(restart ? mg_toy_tally.reset : mg_toy_tally.dropped, ==, 1);
        g_assert_cmpuint(n_alive(world), ==, 0);
        mg_world_free(world);
    }
    mg_toy_network_free(network);
}

static void test_wrong_words(void)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"!host b dance", "!host H down"},
        {"!", "!link A B cut"},
        {"!host c down", "no host \"c\""},
        {"!link a c cut", "no link between a and c"},
        {"!link a a cut", "no link between a and a"},
        {"!link a b loss 2", "from 0 to 1"},
        {"!link a b loss x", "from 0 to 1"},
        {"!link a b delay long", "like 20ms"},
        {"!link a b overwrite one three", "as long"},
        {"!link a b overwrite one one", "another word"},
    };
    MgNetwork *network = mg_toy_network(10 * MG_MILLISECONDS, 0);
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgWorld *world = mg_world_new(network, registry, 1, problems);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        MgIntervention what = {.text = (char *)rows[i].text};
        g_assert_false(mg_world_intervene(world, &what, &error));
        g_assert_error(error, MG_ERROR, MG_ERROR_CONFIG);
        g_assert_nonnull(strstr(error->message, rows[i].says));
    }
    g_assert_cmpuint(mg_trace_n_records(mg_world_trace(world)), ==, 0);
    mg_world_free(world);
    mg_toy_network_free(network);
}

/* A host that is off does not do what the script says, until it is on again. */
static void test_off(void)
{
    MgNetwork *network = mg_toy_network(10 * MG_MILLISECONDS, 0);
    mg_toy_act(network, 1 * MG_SECONDS, "wonder", "192.0.2.2");
    mg_toy_act(network, 2 * MG_SECONDS, "wonder", "192.0.2.2");
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    mg_toy_tally = (MgToyTally){0};
    MgWorld *world = mg_world_new(network, registry, 1, problems);
    intervene(world, "!host a down");
    g_assert_true(mg_world_step(world, MG_TIME_NEVER));
    g_assert_cmpint(mg_world_now(world), ==, 1 * MG_SECONDS);
    MgSpan text = mg_trace_bytes(mg_world_trace(world), 2);
    g_assert_cmpmem(text.data, text.len, "wonder 192.0.2.2: in vain", 25);
    intervene(world, "!host a up");
    while (mg_world_step(world, MG_TIME_NEVER))
        continue;
    g_assert_cmpuint(mg_toy_tally.answers, ==, 1);
    g_assert_cmpuint(mg_toy_tally.no_answers, ==, 0);
    mg_world_free(world);
    mg_toy_network_free(network);
}

static void test_mended(void)
{
    MgNetwork *network = mg_toy_network(10 * MG_MILLISECONDS, 0);
    mg_toy_act(network, 0, "call", "192.0.2.2 1000000");
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    mg_toy_tally = (MgToyTally){0};
    MgWorld *world = mg_world_new(network, registry, 1, problems);
    for (unsigned i = 0; i < 200; i++)
        mg_world_step(world, MG_TIME_NEVER);
    intervene(world, "!link a b cut");
    while (mg_world_now(world) < 3 * MG_SECONDS)
        mg_world_step(world, MG_TIME_NEVER);
    intervene(world, "!link b a mend");
    while (mg_world_step(world, MG_TIME_NEVER))
        continue;
    g_assert_cmpuint(mg_toy_tally.octets_back, ==, 1000000);
    g_assert_cmpuint(n_alive(world), ==, 0);
    mg_world_free(world);
    mg_toy_network_free(network);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    registry = mg_registry_new_for_path("");
    g_test_add_func("/world/handshake", test_handshake);
    g_test_add_func("/world/nobody", test_nobody);
    g_test_add_func("/world/weather", test_weather);
    g_test_add_func("/world/repeats", test_repeats);
    g_test_add_func("/world/causes", test_causes);
    g_test_add_func("/world/crash", test_crash);
    g_test_add_func("/world/mended", test_mended);
    g_test_add_func("/world/cancel", test_cancel);
    g_test_add_func("/world/loopback", test_loopback);
    g_test_add_func("/world/sparing", test_sparing);
    g_test_add_func("/world/repeated", test_repeated);
    g_test_add_func("/world/wrong-words", test_wrong_words);
    g_test_add_func("/world/off", test_off);
    int status = g_test_run();
    mg_registry_unref(registry);
    return status;
}
