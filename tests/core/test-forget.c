/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-forget.c - a trace that forgets: its memory has a bound, what is alive stays, files have all
 */
#include <glib/gstdio.h>

#include "core-test.h"
#include "pcapng.h"
#include "trace-private.h"

#define QUERIES 200000u
#define SLACK   ((size_t)4 << 20) /* how full blocks are changes; what grows takes ten times more */

static const char question[] = "WHO is there, and what does the line say that you have heard of?\n";

/* A question and its answer, a note and a state, as a server's engine makes them. */
static void ask(MgTrace *trace, uint32_t engine, bool real, bool end)
{
    static const MgRule rule = {.id = "line-long"};
    MgFlowId flow = line_flow(trace, MG_TRANSPORT_DATAGRAM, real);
    MgSpan octets = mg_span_from_string(question);
    uint32_t n = mg_trace_add_datagram(trace, flow, MG_FROM_CLIENT, octets, 0, engine);
    mg_trace_set_until(trace, n, engine);
    MgDoer doer = {2, engine, n, engine};
    mg_trace_add_state(trace, &doer, "line.server", "waiting", "answering");
    mg_trace_add_note(trace, &doer, &rule, octets);
    mg_trace_add_datagram(trace, flow, MG_FROM_SERVER, octets, engine, engine);
    if (end)
        mg_trace_end_flow(trace, flow);
}

/* Memory after a fifth of the questions, and after all. */
static void ask_all(MgTrace *trace, bool real, size_t *early, size_t *late)
{
    for (uint32_t i = 1; i <= QUERIES; i++) {
        ask(trace, i, real, true);
        if (i == QUERIES / 5)
            *early = mg_trace_memory(trace);
    }
    *late = mg_trace_memory(trace);
}

static void test_bound(void)
{
    for (int real = 0; real < 2; real++) {
        g_autoptr(MgTrace) trace = line_trace();
        size_t early = 0, late = 0;
        mg_trace_set_forgetful(trace, NULL, NULL);
        ask_all(trace, real, &early, &late);
        g_assert_cmpuint(late, <=, early + SLACK);
        g_assert_cmpuint(late, <, 24u << 20);
        g_assert_cmpuint(mg_trace_n_records(trace), ==, 4 * QUERIES);
        g_assert_false(mg_trace_has(trace, 1));
        g_assert_false(mg_trace_has(trace, 0));
        g_assert_false(mg_trace_has(trace, 4 * QUERIES + 1));
        g_assert_true(mg_trace_has(trace, 4 * QUERIES - MG_BLOCK_ITEMS));
        assert_octets(mg_trace_bytes(trace, 4 * QUERIES), question);
        assert_octets(mg_trace_bytes(trace, 4 * QUERIES - MG_BLOCK_ITEMS), question);
    }
    /* One that does not forget has all, so it grows: the bound above means something. */
    g_autoptr(MgTrace) whole = line_trace();
    size_t early = 0, late = 0;
    ask_all(whole, true, &early, &late);
    g_assert_cmpuint(late, >, 4 * early);
    assert_octets(mg_trace_bytes(whole, 1), question);
}

/* What a simulated flow that is not over may still point to, stays. */
static void test_alive(void)
{
    g_autoptr(MgTrace) trace = line_trace();
    mg_trace_set_forgetful(trace, NULL, NULL);
    for (uint32_t i = 1; i <= MG_BLOCK_ITEMS; i++)
        ask(trace, i, false, true);
    MgFlowId flow = line_flow(trace, MG_TRANSPORT_STREAM, false);
    uint32_t n = add_line(trace, flow, MG_FROM_CLIENT, "HELO a\nrest", 10);
    for (uint32_t i = 1; i <= MG_BLOCK_ITEMS; i++)
        ask(trace, i, false, true);
    size_t run, much = mg_trace_memory(trace);
    g_assert_true(mg_trace_has(trace, n));
    uint64_t address = mg_trace_octets_at(trace, flow, MG_FROM_CLIENT, 0, &run);
    g_assert_cmpuint(run, ==, 11);
    MgPacket packet = {.flow = flow, .bytes = address, .len = (uint32_t)run};
    mg_trace_add_packet(trace, &packet, false, 0, 10);
    assert_octets(mg_trace_packet_bytes(trace, mg_trace_n_packets(trace) - 1), "HELO a\nrest");
    mg_trace_arrived(trace, flow, MG_FROM_CLIENT, 11, 20);
    g_assert_cmpint(mg_trace_record(trace, n)->until, ==, 20);
    mg_trace_end_flow(trace, flow);
    mg_trace_end_flow(trace, flow); /* saying it twice does no harm */
    for (uint32_t i = 1; i <= MG_BLOCK_ITEMS; i++)
        ask(trace, i, false, true);
    g_assert_false(mg_trace_has(trace, n));
    g_assert_cmpuint(mg_trace_memory(trace), <, much);
    mg_trace_set_until(trace, n, 30); /* is lost, and that is all */
}

/* A real peer who stays for weeks, and says little or much. */
static void test_held_open(void)
{
    g_autoptr(MgTrace) trace = line_trace();
    size_t early = 0;
    mg_trace_set_forgetful(trace, NULL, NULL);
    MgFlowId quiet = line_flow(trace, MG_TRANSPORT_STREAM, true);
    MgFlowId loud = line_flow(trace, MG_TRANSPORT_STREAM, true);
    uint32_t first = add_line(trace, quiet, MG_FROM_CLIENT, "HELO quiet\nand th", 1);
    uint64_t said = 0;
    for (uint32_t i = 1; i <= 12 * MG_BLOCK_ITEMS; i++) {
        uint32_t n = add_line(trace, loud, MG_FROM_CLIENT, "HELO again\n", i);
        said += 11;
        g_assert_cmpuint(mg_trace_arrived(trace, loud, MG_FROM_CLIENT, said, i), ==, n);
        g_assert_cmpuint(mg_trace_exchange_at(trace, loud, MG_FROM_CLIENT, said), ==, n);
        if (i == 6 * MG_BLOCK_ITEMS)
            early = mg_trace_memory(trace);
    }
    g_assert_cmpuint(mg_trace_memory(trace), <=, early + SLACK);
    g_assert_false(mg_trace_has(trace, first));
    g_assert_cmpuint(mg_trace_exchange_at(trace, loud, MG_FROM_CLIENT, 1), ==, 0);
    mg_trace_arrived(trace, quiet, MG_FROM_CLIENT, 16, 2);
    uint32_t n = add_line(trace, quiet, MG_FROM_CLIENT, "at\n", 3);
    assert_octets(mg_trace_bytes(trace, n), "and that\n");
}

/* A number is another flow's only when nothing is left of the first. */
static void test_flows(void)
{
    g_autoptr(MgTrace) trace = line_trace();
    mg_trace_set_forgetful(trace, NULL, NULL);
    MgFlowId alive = line_flow(trace, MG_TRANSPORT_STREAM, true);
    uint32_t birth = mg_trace_flow(trace, alive)->birth;
    for (uint32_t i = 1; i <= 20 * MG_BLOCK_ITEMS; i++)
        ask(trace, i, true, true);
    g_assert_cmpuint(mg_trace_n_flows(trace), <, MG_BLOCK_ITEMS);
    g_assert_cmpuint(mg_trace_flow(trace, alive)->birth, ==, birth);
    for (uint32_t n = mg_trace_n_records(trace); mg_trace_has(trace, n); n -= 4)
        g_assert_cmpuint(mg_trace_record(trace, n)->flow, ==, mg_trace_record(trace, n - 3)->flow);
    /* Of flows that never said anything, too: somebody who looks for open ports. */
    uint32_t many = mg_trace_n_flows(trace);
    for (uint32_t i = 0; i < QUERIES; i++)
        mg_trace_end_flow(trace, line_flow(trace, MG_TRANSPORT_STREAM, true));
    g_assert_cmpuint(mg_trace_n_flows(trace), <=, many + MG_BLOCK_ITEMS);
}

/* After the last number comes 1. */
static void test_numbers_end(void)
{
    g_autoptr(MgTrace) trace = line_trace();
    uint32_t last_block = UINT32_MAX - MG_BLOCK_ITEMS + 1;
    size_t early = 0, late = 0;
    mg_trace_set_forgetful(trace, NULL, NULL);
    trace->records.first = trace->records.n = last_block;
    trace->forgetting.page = last_block >> MG_BLOCK_SHIFT;
    g_array_set_size(trace->forgetting.pages, trace->forgetting.page + 1);
    mg_trace_add_action(trace, &(MgDoer){1, 0, 0, 0}, "the last page begins");
    ask_all(trace, false, &early, &late);
    g_assert_cmpuint(late, <=, early + SLACK);
    g_assert_cmpuint(mg_trace_n_records(trace), ==, 4 * QUERIES + 1 - (MG_BLOCK_ITEMS - 1));
    assert_octets(mg_trace_bytes(trace, mg_trace_n_records(trace)), question);
}

static uint32_t count_packets(const char *path, bool closed)
{
    g_autofree char *content = NULL;
    g_autoptr(GError) error = NULL;
    size_t len, at = 0;
    uint32_t n = 0, block[2];
    g_file_get_contents(path, &content, &len, &error);
    g_assert_no_error(error);
    for (; at + sizeof block <= len; at += block[1]) {
        memcpy(block, content + at, sizeof block);
        g_assert_cmpuint(block[1], >=, 12);
        n += block[0] == 6;
    }
    g_assert_true(closed ? at == len : at >= len);
    return n;
}

static void test_file(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "mailglass-forget-XXXXXX", NULL);
    g_assert_true(g_close(g_mkstemp(path), NULL));
    g_autoptr(MgTrace) trace = line_trace();
    MgPcapng *file = mg_pcapng_follow(trace, path, &error);
    g_assert_no_error(error);
    MgFlowId flow = line_flow(trace, MG_TRANSPORT_STREAM, true);
    size_t early = 0;
    for (uint32_t i = 1; i <= 4 * MG_BLOCK_ITEMS; i++) {
        ask(trace, i, true, true);
        if (i % MG_BLOCK_ITEMS == 0)
            add_line(trace, flow, MG_FROM_CLIENT, "HELO a\n", i);
        if (i == 2 * MG_BLOCK_ITEMS)
            early = mg_trace_memory(trace);
    }
    g_assert_cmpuint(mg_trace_memory(trace), <=, early + SLACK);
    g_assert_cmpuint(count_packets(path, false), >, 6 * MG_BLOCK_ITEMS); /* as it comes */
    g_assert_true(mg_pcapng_close(file, &error));
    /* Question and answer; a handshake, and four lines. */
    g_assert_cmpuint(count_packets(path, true), ==, 2 * 4 * MG_BLOCK_ITEMS + 3 + 4);
    g_unlink(path);
    g_autoptr(MgTrace) other = line_trace();
    g_assert_null(mg_pcapng_follow(other, "/nonexistent/x.pcapng", &error));
    g_assert_error(error, MG_ERROR, MG_ERROR_CAPTURE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/forget/bound", test_bound);
    g_test_add_func("/forget/alive", test_alive);
    g_test_add_func("/forget/held-open", test_held_open);
    g_test_add_func("/forget/flows", test_flows);
    g_test_add_func("/forget/numbers-end", test_numbers_end);
    g_test_add_func("/forget/file", test_file);
    return g_test_run();
}
