/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-trace.c - octets become exchanges; packets, causes, secrets, JSON and the hash */
#include "core-test.h"

static const char conversation[] =
    "HELO alice\nPASS secret\n\nIP 192.0.2.1\nHELO again and a longer line than those before\nlast";

/* All that is known of a flow's exchanges, but not where they lie. */
static char *told(const MgTrace *trace)
{
    GString *text = g_string_new(NULL);
    for (uint32_t n = 1; n <= mg_trace_n_records(trace); n++) {
        const MgRecord *record = mg_trace_record(trace, n);
        if (record->flow != 1)
            continue;
        MgSpan octets = mg_trace_bytes(trace, n);
        g_string_append_printf(text, "%u/%u[", record->unit, record->tag);
        g_string_append_len(text, (const char *)octets.data, (gssize)octets.len);
        g_string_append(text, "]");
    }
    return g_string_free(text, FALSE);
}

/* The conversation in pieces of `first`, `step`, `step` … octets; with `noise`, another flow's
 * octets come in between, so that nothing lies together. */
static char *in_pieces(size_t first, size_t step, bool noise, bool real)
{
    g_autoptr(MgTrace) trace = line_trace();
    MgFlowId flow = line_flow(trace, MG_TRANSPORT_STREAM, real);
    MgFlowId other = line_flow(trace, MG_TRANSPORT_STREAM, false);
    size_t len = sizeof conversation - 1;
    for (size_t at = 0, n = first; at < len; at += n, n = step) {
        n = MIN(n, len - at);
        mg_trace_add_octets(trace, flow, MG_FROM_CLIENT,
                            (MgSpan){(const uint8_t *)conversation + at, n}, 1, 10);
        if (noise)
            add_line(trace, other, MG_FROM_SERVER, "noise\n", 10);
        /* Whatever has come can be pointed at, at once. */
        for (size_t offset = 0; !real && offset < at + n; offset++) {
            size_t run = 0;
            uint64_t address = mg_trace_octets_at(trace, flow, MG_FROM_CLIENT, offset, &run);
            g_assert_cmpuint(run, >, 0);
            g_assert_cmpuint(offset + run, <=, at + n);
            MgPacket packet = {.flow = flow, .bytes = address, .len = (uint32_t)run};
            mg_trace_add_packet(trace, &packet, false, 0, 10);
            MgSpan octets = mg_trace_packet_bytes(trace, mg_trace_n_packets(trace) - 1);
            g_assert_cmpmem(octets.data, octets.len, conversation + offset, run);
        }
    }
    mg_trace_end_octets(trace, flow, MG_FROM_CLIENT, 20);
    mg_trace_end_octets(trace, flow, MG_FROM_SERVER, 20);
    size_t run = 0;
    for (size_t offset = 0; offset < len; offset++)
        g_assert_true((mg_trace_octets_at(trace, flow, MG_FROM_CLIENT, offset, &run), run > 0));
    mg_trace_octets_at(trace, flow, MG_FROM_CLIENT, len, &run);
    g_assert_cmpuint(run, ==, 0);
    return told(trace);
}

static void test_every_split(void)
{
    g_autofree char *whole = in_pieces(sizeof conversation, 1, false, false);
    g_assert_cmpstr(whole, ==,
                    "1/0[HELO alice\n]1/1[PASS secret\n]1/2[\n]1/3[IP 192.0.2.1\n]"
                    "1/4[HELO again and a longer line than those before\n]1/5[last]");
    for (int noise = 0; noise < 2; noise++) {
        for (size_t first = 1; first < sizeof conversation; first++) {
            g_autofree char *two = in_pieces(first, sizeof conversation, noise, false);
            g_assert_cmpstr(two, ==, whole);
        }
        for (size_t step = 1; step < sizeof conversation; step++) {
            g_autofree char *many = in_pieces(step, step, noise, false);
            g_assert_cmpstr(many, ==, whole);
        }
    }
}

static void test_secrets_of_real_flows(void)
{
    for (size_t step = 1; step < sizeof conversation; step++) {
        g_autofree char *kept = in_pieces(step, step, step % 2 == 0, true);
        g_assert_null(strstr(kept, "secret"));
        g_assert_nonnull(strstr(kept, "1/1[PASS ******\n]"));
    }
    /* Nor what is looked at while the line is not whole. */
    g_autoptr(MgTrace) trace = line_trace();
    MgFlowId flow = line_flow(trace, MG_TRANSPORT_STREAM, true);
    add_line(trace, flow, MG_FROM_CLIENT, "PASS sec", 0);
    size_t run = 1;
    mg_trace_octets_at(trace, flow, MG_FROM_CLIENT, 0, &run);
    g_assert_cmpuint(run, ==, 0);
    g_assert_cmpuint(mg_trace_n_records(trace), ==, 0);
    mg_trace_end_octets(trace, flow, MG_FROM_CLIENT, 0);
    assert_octets(mg_trace_bytes(trace, 1), "PASS ***");
    MgFlowId datagram = line_flow(trace, MG_TRANSPORT_DATAGRAM, true);
    uint32_t n =
        mg_trace_add_datagram(trace, datagram, MG_FROM_CLIENT, MG_SPAN("PASS secret\n"), 0, 0);
    assert_octets(mg_trace_bytes(trace, n), "PASS ******\n");
}

static void test_contiguous(void)
{
    g_autoptr(MgTrace) trace = line_trace();
    MgFlowId flow = line_flow(trace, MG_TRANSPORT_STREAM, false);
    add_line(trace, flow, MG_FROM_CLIENT, "HELO a\nHE", 0);
    add_line(trace, flow, MG_FROM_CLIENT, "LO b\n", 0);
    size_t run = 0;
    uint64_t address = mg_trace_octets_at(trace, flow, MG_FROM_CLIENT, 0, &run);
    g_assert_cmpuint(run, ==, 14);
    g_assert_cmpuint(mg_trace_record(trace, 2)->bytes, ==, address + 7);
}

static void test_arrival(void)
{
    g_autoptr(MgTrace) trace = line_trace();
    MgFlowId flow = line_flow(trace, MG_TRANSPORT_STREAM, false);
    g_assert_cmpuint(add_line(trace, flow, MG_FROM_CLIENT, "one\ntwo\nthr", 10), ==, 2);
    g_assert_cmpint(mg_trace_record(trace, 1)->until, ==, MG_TIME_NEVER);
    g_assert_cmpuint(mg_trace_arrived(trace, flow, MG_FROM_CLIENT, 3, 20), ==, 0);
    g_assert_cmpuint(mg_trace_arrived(trace, flow, MG_FROM_CLIENT, 9, 30), ==, 2);
    g_assert_cmpint(mg_trace_record(trace, 1)->until, ==, 30);
    g_assert_cmpint(mg_trace_record(trace, 2)->until, ==, 30);
    g_assert_cmpuint(mg_trace_arrived(trace, flow, MG_FROM_CLIENT, 9, 40), ==, 0);
    g_assert_cmpint(mg_trace_record(trace, 2)->until, ==, 30);
    /* All of the third has arrived before anybody knew that it was a unit. */
    g_assert_cmpuint(mg_trace_arrived(trace, flow, MG_FROM_CLIENT, 11, 50), ==, 0);
    mg_trace_end_octets(trace, flow, MG_FROM_CLIENT, 60);
    g_assert_cmpuint(mg_trace_n_records(trace), ==, 3);
    g_assert_cmpint(mg_trace_record(trace, 3)->until, ==, 60);
    /* After the end of both directions, too. */
    add_line(trace, flow, MG_FROM_SERVER, "250 ok\n", 70);
    mg_trace_end_octets(trace, flow, MG_FROM_SERVER, 70);
    g_assert_cmpuint(mg_trace_arrived(trace, flow, MG_FROM_SERVER, 7, 80), ==, 4);
    g_assert_cmpint(mg_trace_record(trace, 4)->until, ==, 80);
    g_assert_cmpuint(add_line(trace, flow, MG_FROM_SERVER, "too late\n", 90), ==, 0);
    g_assert_cmpuint(mg_trace_n_records(trace), ==, 4);
}

static void test_exchange_at(void)
{
    g_autoptr(MgTrace) trace = line_trace();
    MgFlowId flow = line_flow(trace, MG_TRANSPORT_STREAM, false);
    for (int i = 0; i < 100; i++) {
        add_line(trace, flow, MG_FROM_CLIENT, "four\n", i);
        add_line(trace, flow, MG_FROM_SERVER, "250\n", i);
    }
    for (int finished = 0; finished < 2; finished++) {
        for (uint32_t i = 0; i < 100; i++) {
            for (uint32_t octet = 1; octet <= 5; octet++)
                g_assert_cmpuint(mg_trace_exchange_at(trace, flow, MG_FROM_CLIENT, 5 * i + octet),
                                 ==, 2 * i + 1);
            g_assert_cmpuint(mg_trace_exchange_at(trace, flow, MG_FROM_SERVER, 4 * i + 1), ==,
                             2 * i + 2);
        }
        g_assert_cmpuint(mg_trace_exchange_at(trace, flow, MG_FROM_CLIENT, 0), ==, 0);
        g_assert_cmpuint(mg_trace_exchange_at(trace, flow, MG_FROM_CLIENT, 501), ==, 0);
        mg_trace_end_octets(trace, flow, MG_FROM_CLIENT, 200);
        mg_trace_end_octets(trace, flow, MG_FROM_SERVER, 200);
    }
    g_assert_cmpuint(mg_trace_exchange_at(trace, 0, MG_FROM_CLIENT, 1), ==, 0);
}

/* A dissector that never finds an end, and a flow that has none. */
static void test_limits(void)
{
    g_autoptr(MgTrace) trace = line_trace();
    MgFlowId flow = line_flow(trace, MG_TRANSPORT_STREAM, false);
    g_autofree char *endless = g_strnfill(1 << 20, 'x');
    for (int i = 0; i < 3; i++)
        mg_trace_add_octets(trace, flow, MG_FROM_CLIENT,
                            (MgSpan){(const uint8_t *)endless, 1 << 20}, 1, 0);
    uint64_t total = 0;
    for (uint32_t n = 1; n <= mg_trace_n_records(trace); n++)
        total += mg_trace_record(trace, n)->len;
    g_assert_cmpuint(total, ==, 3u << 20);
    MgFlow bare = *mg_trace_flow(trace, flow);
    bare.dissector = 0;
    MgFlowId other = mg_trace_add_flow(trace, &bare);
    uint32_t n = add_line(trace, other, MG_FROM_CLIENT, "abc\ndef", 0);
    assert_octets(mg_trace_bytes(trace, n), "abc\ndef");
    g_assert_cmpstr(mg_trace_kind_name(trace, n), ==, "data");
    g_autofree char *json = mg_trace_json(trace, n);
    g_assert_nonnull(strstr(json, "\"protocol\":null"));
    g_autoptr(MgTree) tree = mg_trace_tree(trace, n);
    g_assert_cmpuint(mg_tree_n_nodes(tree), ==, 1);
}

static void add_packet(MgTrace *trace, MgFlowId flow, MgDirection direction, uint8_t flags,
                       uint32_t seq, uint32_t len)
{
    MgPacket packet = {.flow = flow,
                       .seq = seq,
                       .tcp_flags = flags,
                       .from_server = direction,
                       .len = len,
                       .window = 65535};
    bool show = (flags & MG_TCP_SYN) != 0;
    mg_trace_add_packet(trace, &packet, show, 0, 5);
}

static void test_packets_of_exchanges(void)
{
    g_autoptr(MgTrace) trace = line_trace();
    MgFlowId flow = line_flow(trace, MG_TRANSPORT_STREAM, false);
    const uint32_t isn = UINT32_MAX - 3; /* the numbers wrap at once */
    add_packet(trace, flow, MG_FROM_CLIENT, MG_TCP_SYN, isn, 0);
    g_assert_cmpuint(mg_trace_record(trace, 1)->packet, ==, 1);
    add_line(trace, flow, MG_FROM_CLIENT, "one\ntwo\nthr", 0);
    add_packet(trace, flow, MG_FROM_CLIENT, MG_TCP_ACK, isn + 1, 11);
    add_packet(trace, flow, MG_FROM_CLIENT, MG_TCP_ACK, isn + 1, 11); /* sent again */
    add_line(trace, flow, MG_FROM_CLIENT, "ee\nfour\n", 0);
    add_packet(trace, flow, MG_FROM_CLIENT, MG_TCP_ACK, isn + 12, 8);
    static const uint32_t packets[] = {1, 2, 2, 2, 4};
    for (uint32_t n = 1; n <= 5; n++)
        g_assert_cmpuint(mg_trace_record(trace, n)->packet, ==, packets[n - 1]);
    g_autoptr(MgTree) tree = mg_trace_tree(trace, 5);
    uint64_t seq = 0;
    g_assert_true(mg_tree_number(tree, mg_tree_find(tree, "tcp.seq", 0), &seq));
    g_assert_cmpuint(seq, ==, 12);
    g_assert_cmpuint(mg_tree_n_sources(tree), ==, 2);
    g_autofree char *from = mg_tree_value(tree, mg_tree_find(tree, "ip.src", 0));
    g_assert_cmpstr(from, ==, "192.0.2.10");
    g_autofree char *card = mg_tree_value(tree, mg_tree_find(tree, "eth.dst", 0));
    g_assert_cmpstr(card, ==, "02:00:00:00:00:02");
    g_assert_cmpuint(mg_tree_find(tree, "line.verb", 0), !=, MG_NODE_ROOT);
}

/* What is cheaper says the same. */
static void test_captions(void)
{
    g_autoptr(MgTrace) trace = line_trace();
    MgFlowId flow = line_flow(trace, MG_TRANSPORT_STREAM, true);
    g_autoptr(MgTree) scratch = mg_tree_new();
    unsigned n_said = 0;
    add_line(trace, flow, MG_FROM_CLIENT, conversation, 0);
    add_line(trace, flow, MG_FROM_SERVER, "250 fine\n", 0);
    for (uint32_t n = 1; n <= mg_trace_n_records(trace); n++) {
        g_autoptr(MgTree) tree = mg_trace_tree(trace, n);
        const char *caption = mg_tree_caption(tree);
        g_assert_cmpstr(mg_trace_caption(trace, n, scratch), ==, caption);
        n_said += caption != NULL;
    }
    g_assert_cmpuint(n_said, >, 1);
}

static void test_datagrams(void)
{
    g_autoptr(MgTrace) trace = line_trace();
    MgFlowId flow = line_flow(trace, MG_TRANSPORT_DATAGRAM, false);
    uint32_t n =
        mg_trace_add_datagram(trace, flow, MG_FROM_CLIENT, MG_SPAN("IP 192.0.2.9\n"), 1, 3);
    g_assert_cmpint(mg_trace_record(trace, n)->until, ==, MG_TIME_NEVER);
    mg_trace_set_until(trace, n, 9);
    g_assert_cmpint(mg_trace_record(trace, n)->until, ==, 9);
    MgPacket packet = {.flow = flow, .len = 13, .bytes = mg_trace_record(trace, n)->bytes};
    mg_trace_add_packet(trace, &packet, false, 0, 9);
    g_assert_cmpuint(mg_trace_record(trace, n)->packet, ==, 1);
    g_assert_cmpuint(mg_trace_exchange_at(trace, flow, MG_FROM_CLIENT, 1), ==, n);
    g_autoptr(MgTree) tree = mg_trace_tree(trace, n);
    g_assert_cmpuint(mg_tree_find(tree, "udp.length", 0), !=, MG_NODE_ROOT);
    /* Nobody listens. */
    MgPacket unwanted = {.flow = flow, .icmp = 1, .from_server = 1, .at = 12};
    mg_trace_add_packet(trace, &unwanted, true, 0, 15);
    g_autoptr(GString) line = g_string_new(NULL);
    mg_trace_summarize(trace, 2, line);
    g_assert_cmpstr(line->str, ==, "ICMP port unreachable");
    g_autofree char *json = mg_trace_json(trace, 2);
    g_assert_cmpstr(json, ==,
                    "{\"n\":2,\"time\":0.000012,\"from\":\"mx.example.net\",\"to\":\"alice\","
                    "\"protocol\":\"icmp\",\"kind\":\"note\",\"summary\":\"ICMP port unreachable\","
                    "\"parent\":null,\"stream\":1,\"encrypted\":false,\"fields\":{\"icmp.type\":3,"
                    "\"icmp.code\":3}}");
}

static void test_without_packets(void)
{
    g_autoptr(MgTrace) trace = line_trace();
    mg_trace_set_keep_packets(trace, false);
    MgFlowId flow = line_flow(trace, MG_TRANSPORT_STREAM, false);
    add_packet(trace, flow, MG_FROM_CLIENT, MG_TCP_SYN, 5, 0);
    g_assert_cmpuint(mg_trace_n_packets(trace), ==, 0);
    g_assert_cmpuint(mg_trace_n_records(trace), ==, 1);
    g_autoptr(GString) line = g_string_new(NULL);
    mg_trace_summarize(trace, 1, line);
    g_assert_cmpstr(line->str, ==, "SYN");
}

static void test_json(void)
{
    static const struct {
        MgDirection direction;
        const char *line, *json;
    } rows[] = {
        {MG_FROM_CLIENT, "HELO one two\n",
         "{\"n\":1,\"time\":0.084,\"from\":\"alice\",\"to\":\"mx.example.net\",\"protocol\":"
         "\"line\",\"kind\":\"command\",\"summary\":\"HELO one two\",\"parent\":null,\"stream\":1,"
         "\"encrypted\":false,\"fields\":{\"line.raw\":\"48454c4f206f6e652074776f\",\"line.verb\":"
         "\"HELO\",\"line.argument\":\"one two\",\"line.word\":[\"one\",\"two\"]}}"},
        {MG_FROM_SERVER, "250 x\n", "\"line.code\":250,\"line.argument\":\"said by the server\"}}"},
        {MG_FROM_SERVER, "25x y\n", "\"line.code\":\"25x\","},
        {MG_FROM_CLIENT, "FLAG yes\n", "\"line.flag\":true}}"},
        {MG_FROM_CLIENT, "HELO \"\\\t\x01\x7f\n",
         "\"line.argument\":\"\\\"\\\\\\t\\u0001\\u007f\""},
        {MG_FROM_CLIENT, "HELO \xed\x95\x9c\n", "\"line.argument\":\"\xed\x95\x9c\""},
        {MG_FROM_CLIENT, "HELO \xed\xa0\x80\n",
         "\"line.argument\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {MG_FROM_CLIENT, "HELO \xc0\xaf\xff\n",
         "\"line.argument\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {MG_FROM_CLIENT, "HELO \xe2\x82\n", "\"line.argument\":\"\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MgTrace) trace = line_trace();
        MgFlowId flow = line_flow(trace, MG_TRANSPORT_STREAM, false);
        add_line(trace, flow, rows[i].direction, rows[i].line, 84000);
        g_autofree char *json = mg_trace_json(trace, 1);
        if (strstr(json, rows[i].json) == NULL)
            g_error("%s\nis not in\n%s", rows[i].json, json);
        g_assert_true(g_utf8_validate(json, -1, NULL));
    }
}

static void test_times(void)
{
    static const struct {
        MgTime time;
        const char *text;
    } rows[] = {{0, "0"},          {1, "0.000001"},
                {84000, "0.084"},  {1000000, "1"},
                {1500000, "1.5"},  {123456789, "123.456789"},
                {-500000, "-0.5"}, {G_GINT64_CONSTANT(86400000000), "86400"}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) json = g_string_new(NULL);
        mg_json_time(json, rows[i].time);
        g_assert_cmpstr(json->str, ==, rows[i].text);
    }
}

static void test_happenings(void)
{
    static const MgRule rule = {"line.odd", MG_SEVERITY_WARN, "RFC 1 §2", "This is odd."};
    g_autoptr(MgTrace) trace = line_trace();
    MgFlowId flow = line_flow(trace, MG_TRANSPORT_STREAM, false);
    uint32_t cause = add_line(trace, flow, MG_FROM_CLIENT, "HELO there\n", 5);
    uint32_t state =
        mg_trace_add_state(trace, &(MgDoer){2, 7, cause, 6}, "line.server", "new", "greeted");
    uint32_t note = mg_trace_add_note(trace, &(MgDoer){2, 7, cause, 6}, &rule, MG_SPAN("there"));
    uint32_t lost = mg_trace_add_note(trace, &(MgDoer){2, 7, cause, 6}, &rule, MG_SPAN("nowhere"));
    uint32_t action = mg_trace_add_action(trace, &(MgDoer){1, 0, 0, 7}, "alice send hello.eml");
    g_assert_cmpstr(mg_trace_engine_name(trace, 7), ==, "line.server");
    g_assert_cmpstr(mg_trace_engine_name(trace, 6), ==, "");
    g_assert_cmpstr(mg_trace_engine_name(trace, 8), ==, "");
    assert_octets(mg_trace_bytes(trace, note), "there");
    g_assert_cmpuint(mg_trace_record(trace, lost)->len, ==, 0);
    static const char *const lines[] = {"HELO there", "line.server: new → greeted", "line.odd",
                                        "line.odd", "alice send hello.eml"};
    static const char *const kinds[] = {"command", "state", "note", "note", "note"};
    for (uint32_t n = 1; n <= action; n++) {
        g_autoptr(GString) line = g_string_new(NULL);
        mg_trace_summarize(trace, n, line);
        g_assert_cmpstr(line->str, ==, lines[n - 1]);
        g_assert_cmpstr(mg_trace_kind_name(trace, n), ==, kinds[n - 1]);
    }
    g_autofree char *json = mg_trace_json(trace, state);
    g_assert_cmpstr(
        json, ==,
        "{\"n\":2,\"time\":0.000006,\"from\":\"mx.example.net\",\"to\":null,"
        "\"protocol\":null,\"kind\":\"state\",\"summary\":\"line.server: new → greeted\","
        "\"parent\":1,\"stream\":null,\"encrypted\":false,\"fields\":{}}");
}

static char *hash_of(const char *line, MgTime at, const char *to, const char *noise)
{
    g_autoptr(MgTrace) trace = line_trace();
    MgFlowId flow = line_flow(trace, MG_TRANSPORT_STREAM, false);
    add_line(trace, flow, MG_FROM_CLIENT, line, at);
    g_autofree char *elsewhere = g_strdup(to); /* texts count, not where they lie */
    mg_trace_add_state(trace, &(MgDoer){2, 1, 1, at}, "line.server", "new", elsewhere);
    mg_trace_add_action(trace, &(MgDoer){1, 0, 0, at}, noise);
    return mg_trace_hash(trace);
}

static void test_hash(void)
{
    g_autofree char *one = hash_of("HELO a\n", 5, "greeted", "x");
    g_autofree char *same = hash_of("HELO a\n", 5, "greeted", "x");
    g_assert_cmpstr(one, ==, same);
    g_assert_cmpuint(strlen(one), ==, 64);
    const char *others[] = {
        hash_of("HELO b\n", 5, "greeted", "x"), hash_of("HELO a\n", 6, "greeted", "x"),
        hash_of("HELO a\n", 5, "gone", "x"), hash_of("HELO a\n", 5, "greeted", "y")};
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        g_assert_cmpstr(one, !=, others[i]);
        g_free((char *)others[i]);
    }
}

/* Nothing that was handed out moves, and a record costs what it says. */
static void test_growth(void)
{
    enum { N = 200000, FLOWS = 2000 };
    g_autoptr(MgTrace) trace = line_trace();
    const MgRecord *first = NULL;
    uint64_t payload = 0;
    for (unsigned f = 0; f < FLOWS; f++) {
        MgFlowId flow = line_flow(trace, MG_TRANSPORT_STREAM, false);
        for (unsigned i = 0; i < N / FLOWS; i++) {
            add_line(trace, flow, i % 2 ? MG_FROM_SERVER : MG_FROM_CLIENT,
                     i % 2 ? "250 well done\n" : "HELO example\n", i);
            payload += i % 2 ? 14 : 13;
        }
        mg_trace_end_octets(trace, flow, MG_FROM_CLIENT, N);
        mg_trace_end_octets(trace, flow, MG_FROM_SERVER, N);
        if (first == NULL)
            first = mg_trace_record(trace, 1);
    }
    g_assert_cmpuint(mg_trace_n_records(trace), ==, N);
    g_assert_true(first == mg_trace_record(trace, 1));
    assert_octets(mg_trace_bytes(trace, 1), "HELO example\n");
    assert_octets(mg_trace_bytes(trace, N), "250 well done\n");
    g_assert_cmpuint((mg_trace_memory(trace) - payload) / N, <, 150);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/trace/every-split", test_every_split);
    g_test_add_func("/trace/secrets", test_secrets_of_real_flows);
    g_test_add_func("/trace/contiguous", test_contiguous);
    g_test_add_func("/trace/arrival", test_arrival);
    g_test_add_func("/trace/exchange-at", test_exchange_at);
    g_test_add_func("/trace/limits", test_limits);
    g_test_add_func("/trace/packets", test_packets_of_exchanges);
    g_test_add_func("/trace/captions", test_captions);
    g_test_add_func("/trace/datagrams", test_datagrams);
    g_test_add_func("/trace/without-packets", test_without_packets);
    g_test_add_func("/trace/json", test_json);
    g_test_add_func("/trace/times", test_times);
    g_test_add_func("/trace/happenings", test_happenings);
    g_test_add_func("/trace/hash", test_hash);
    g_test_add_func("/trace/growth", test_growth);
    return g_test_run();
}
