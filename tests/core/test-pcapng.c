/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-pcapng.c - what is written, as tshark reads it */
#include <glib/gstdio.h>
#include <stdlib.h>

#include "core-test.h"
#include "pcapng.h"

#define CLIENT_ISN 1000u
#define SERVER_ISN 0xffffff00u

/* A hand-made TCP that loses nothing but what it is told to. */
typedef struct {
    MgTrace *trace;
    MgFlowId flow;
    uint32_t sent[2]; /* octets of each stream */
    MgTime now;
} Talk;

static void packet(Talk *talk, MgDirection from, uint8_t flags, uint32_t offset, size_t len,
                   MgPacketFate fate)
{
    size_t run = 0;
    MgPacket made = {.at = talk->now += 1000,
                     .flow = talk->flow,
                     .seq = (from == MG_FROM_CLIENT ? CLIENT_ISN : SERVER_ISN) + offset,
                     .ack = (flags & MG_TCP_ACK) != 0
                                ? (from == MG_FROM_CLIENT ? SERVER_ISN : CLIENT_ISN) + 1 +
                                      talk->sent[!from]
                                : 0,
                     .window = 65535,
                     .tcp_flags = flags,
                     .from_server = from,
                     .fate = fate,
                     .len = (uint32_t)len};
    if (len > 0) {
        made.bytes = mg_trace_octets_at(talk->trace, talk->flow, from, offset - 1, &run);
        g_assert_cmpuint(run, >=, len);
    }
    mg_trace_add_packet(talk->trace, &made, (flags & (MG_TCP_SYN | MG_TCP_FIN)) != 0,
                        fate == MG_FATE_LOST ? MG_RECORD_LOST : 0, made.at + 500);
}

static void say(Talk *talk, MgDirection from, const char *text, MgPacketFate fate)
{
    size_t len = strlen(text);
    add_line(talk->trace, talk->flow, from, text, talk->now);
    uint32_t start = talk->sent[from];
    for (size_t at = 0; at < len; at += 1460)
        packet(talk, from, MG_TCP_ACK | MG_TCP_PSH, 1 + start + (uint32_t)at, MIN(len - at, 1460u),
               fate);
    if (fate == MG_FATE_LOST)
        packet(talk, from, MG_TCP_ACK | MG_TCP_PSH, 1 + start, len, MG_FATE_ARRIVED);
    talk->sent[from] += (uint32_t)len;
    packet(talk, !from, MG_TCP_ACK, 1 + talk->sent[!from], 0, MG_FATE_ARRIVED);
}

static void connection(MgTrace *trace, MgFlowId flow, MgPacketFate fate)
{
    Talk talk = {.trace = trace, .flow = flow};
    packet(&talk, MG_FROM_CLIENT, MG_TCP_SYN, 0, 0, MG_FATE_ARRIVED);
    talk.sent[0] = 0;
    packet(&talk, MG_FROM_SERVER, MG_TCP_SYN | MG_TCP_ACK, 0, 0, MG_FATE_ARRIVED);
    packet(&talk, MG_FROM_CLIENT, MG_TCP_ACK, 1, 0, MG_FATE_ARRIVED);
    say(&talk, MG_FROM_SERVER, "220 hello\n", MG_FATE_ARRIVED);
    say(&talk, MG_FROM_CLIENT, "HELO alice\n", fate);
    g_autofree char *longer = g_strnfill(5000, 'x');
    longer[4999] = '\n';
    say(&talk, MG_FROM_SERVER, longer, MG_FATE_ARRIVED);
    packet(&talk, MG_FROM_CLIENT, MG_TCP_FIN | MG_TCP_ACK, 1 + talk.sent[0], 0, MG_FATE_ARRIVED);
    talk.sent[0]++;
    packet(&talk, MG_FROM_SERVER, MG_TCP_FIN | MG_TCP_ACK, 1 + talk.sent[1], 0, MG_FATE_ARRIVED);
    talk.sent[1]++;
    packet(&talk, MG_FROM_CLIENT, MG_TCP_ACK, 1 + talk.sent[0], 0, MG_FATE_ARRIVED);
}

static char *write_trace(const MgTrace *trace)
{
    char *path = NULL;
    g_autoptr(GError) error = NULL;
    int file = g_file_open_tmp(NULL, &path, NULL);
    g_close(file, NULL);
    mg_pcapng_write(trace, path, &error);
    g_assert_no_error(error);
    return path;
}

/* (transfer full) NULL when there is no tshark, which skips the test. */
static char *tshark(const char *path, const char *arguments)
{
    g_autofree char *program = g_find_program_in_path("tshark");
    if (program == NULL) {
        g_test_skip("tshark is not installed");
        return NULL;
    }
    g_autofree char *command =
        g_strdup_printf("%s -r %s -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE "
                        "-o udp.check_checksum:TRUE %s",
                        program, path, arguments);
    char *output = NULL;
    int status = 0;
    g_autoptr(GError) error = NULL;
    g_spawn_command_line_sync(command, &output, NULL, &status, &error);
    g_assert_no_error(error);
    g_assert_cmpint(status, ==, 0);
    return output;
}

/* Nothing that Wireshark would colour: neither malformed, nor a wrong sum, nor a warning. Of what
 * it notes, `allowed` at most, and what it notes of every FIN. */
static char *assert_clean(const char *path, const char *allowed)
{
    g_autofree char *all = tshark(path, "-V -N n");
    if (all == NULL)
        return NULL;
    static const char *const bad[] = {"Malformed",     "incorrect",          "not captured",
                                      "unreassembled", "Expert Info (Error", "Expert Info (Warn"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        if (strstr(all, bad[i]) != NULL)
            g_error("tshark says: %s", strstr(all, bad[i]));
    char *whole = g_strdup(all);
    g_auto(GStrv) notes = g_strsplit(all, "Expert Info (Note", -1);
    for (size_t i = 1; notes[0] != NULL && notes[i] != NULL; i++) {
        notes[i][strcspn(notes[i], "\n")] = '\0';
        if (strstr(notes[i], "the connection closing") == NULL &&
            !g_pattern_match_simple(allowed, notes[i]))
            g_error("tshark notes: %s", notes[i]);
    }
    return whole;
}

static void assert_fields(const char *path, const char *arguments, const char *lines)
{
    g_autofree char *command = g_strdup_printf("-T fields %s", arguments);
    g_autofree char *output = tshark(path, command);
    g_assert_cmpstr(output, ==, lines);
}

static void test_tcp(void)
{
    g_autoptr(MgTrace) trace = line_trace();
    connection(trace, line_flow(trace, MG_TRANSPORT_STREAM, false), MG_FATE_ARRIVED);
    g_autofree char *path = write_trace(trace);
    g_autofree char *all = assert_clean(path, "");
    if (all != NULL) {
        assert_fields(path, "-e tcp.srcport -e tcp.len -e frame.time_epoch -c 5",
                      "49152\t0\t1772442000.001000000\n7777\t0\t1772442000.002000000\n"
                      "49152\t0\t1772442000.003000000\n7777\t10\t1772442000.004000000\n"
                      "49152\t0\t1772442000.005000000\n");
        assert_fields(path, "-e tcp.seq -e tcp.ack -Y \"tcp.len == 620\"", "4391\t12\n");
        g_assert_nonnull(strstr(all, "HELO alice — Hello, here I am."));
        g_assert_nonnull(strstr(all, "Maximum segment size: 1460 bytes"));
        /* Names are those of the hosts. */
        g_assert_nonnull(strstr(all, "Src: alice"));
        g_assert_nonnull(strstr(all, "Dst: mx.example.net"));
    }
    g_unlink(path);
}

static void test_loss(void)
{
    g_autoptr(MgTrace) trace = line_trace();
    connection(trace, line_flow(trace, MG_TRANSPORT_STREAM, false), MG_FATE_LOST);
    g_autofree char *path = write_trace(trace);
    /* What was sent again is called so, and nothing is missing. */
    g_autofree char *all = assert_clean(path, "*This frame is a (suspected) *retransmission*");
    g_assert_true(all == NULL || strstr(all, "retransmission") != NULL);
    g_unlink(path);
}

static void test_six(void)
{
    g_autoptr(MgTrace) trace = line_trace();
    MgFlow flow = *mg_trace_flow(trace, line_flow(trace, MG_TRANSPORT_STREAM, false));
    g_strlcpy(flow.client_address, "2001:db8::a", sizeof flow.client_address);
    g_strlcpy(flow.server_address, "2001:db8::25", sizeof flow.server_address);
    connection(trace, mg_trace_add_flow(trace, &flow), MG_FATE_ARRIVED);
    g_autofree char *path = write_trace(trace);
    g_autofree char *all = assert_clean(path, "");
    if (all != NULL)
        assert_fields(path, "-e ipv6.src -e ipv6.dst -c 1", "2001:db8::a\t2001:db8::25\n");
    g_unlink(path);
}

static void add_datagram(MgTrace *trace, MgFlowId flow, const char *text, MgTime now)
{
    uint32_t n =
        mg_trace_add_datagram(trace, flow, MG_FROM_CLIENT, mg_span_from_string(text), 0, now);
    MgPacket sent = {.at = now,
                     .flow = flow,
                     .bytes = mg_trace_record(trace, n)->bytes,
                     .len = mg_trace_record(trace, n)->len};
    mg_trace_add_packet(trace, &sent, false, 0, now);
}

static void test_udp(void)
{
    for (int six = 0; six < 2; six++) {
        g_autoptr(MgTrace) trace = line_trace();
        MgFlow flow = *mg_trace_flow(trace, line_flow(trace, MG_TRANSPORT_DATAGRAM, false));
        if (six) {
            g_strlcpy(flow.client_address, "2001:db8::a", sizeof flow.client_address);
            g_strlcpy(flow.server_address, "2001:db8::25", sizeof flow.server_address);
        }
        MgFlowId id = mg_trace_add_flow(trace, &flow);
        add_datagram(trace, id, "HELO\n", 10);
        MgPacket unwanted = {.at = 20, .flow = id, .icmp = 1, .from_server = 1};
        mg_trace_add_packet(trace, &unwanted, true, 0, 30);
        g_autofree char *path = write_trace(trace);
        g_autofree char *all = assert_clean(path, "");
        if (all != NULL) {
            const char *fields = "-e icmp.type -e icmp.code -e icmpv6.type -e icmpv6.code "
                                 "-e udp.dstport -Y \"frame.number == 2\"";
            assert_fields(path, fields, six ? "\t\t1\t4\t7777\n" : "3\t3\t\t\t7777\n");
        }
        g_unlink(path);
    }
}

static void test_fragments(void)
{
    g_autoptr(MgTrace) trace = line_trace();
    g_autofree char *big = g_strnfill(4000, 'x');
    add_datagram(trace, line_flow(trace, MG_TRANSPORT_DATAGRAM, false), big, 10);
    g_autofree char *path = write_trace(trace);
    g_autofree char *all = assert_clean(path, "");
    if (all != NULL) {
        assert_fields(path, "-e frame.len -e udp.length", "1514\t\n1514\t\n1082\t4008\n");
        g_autofree char *once = g_strndup(big, 60);
        g_autofree char *comments = g_strdup_printf("%s\n\n\n", once);
        assert_fields(path, "-e frame.comment", comments);
    }
    g_unlink(path);
}

static void test_real(void)
{
    g_autoptr(MgTrace) trace = line_trace();
    MgFlowId flow = line_flow(trace, MG_TRANSPORT_STREAM, true);
    add_line(trace, flow, MG_FROM_SERVER, "220 hello\n", 1000);
    add_line(trace, flow, MG_FROM_CLIENT, "PASS secret\n", 2000);
    g_autofree char *longer = g_strnfill(200000, 'x');
    longer[199999] = '\n';
    add_line(trace, flow, MG_FROM_CLIENT, longer, 3000);
    MgFlowId question = line_flow(trace, MG_TRANSPORT_DATAGRAM, true);
    mg_trace_add_datagram(trace, question, MG_FROM_CLIENT, MG_SPAN("IP 192.0.2.1\n"), 0, 2500);
    mg_trace_add_datagram(trace, question, MG_FROM_SERVER, MG_SPAN("250 yes\n"), 0, 2600);
    g_autofree char *path = write_trace(trace);
    g_autofree char *all = assert_clean(path, "");
    if (all != NULL) {
        assert_fields(path, "-e tcp.payload -Y \"frame.number == 5\"",
                      "50415353202a2a2a2a2a2a0a\n");
        assert_fields(path, "-e udp.srcport -Y udp", "49152\n7777\n");
        g_assert_nonnull(strstr(all, "A real connection: its octets are what was carried, its "
                                     "headers were made for this file."));
    }
    g_unlink(path);
}

static void test_cannot_write(void)
{
    g_autoptr(MgTrace) trace = line_trace();
    g_autoptr(GError) error = NULL;
    g_assert_false(mg_pcapng_write(trace, "/nonexistent/x.pcapng", &error));
    g_assert_error(error, MG_ERROR, MG_ERROR_CAPTURE);
    g_assert_cmpstr(error->message, ==,
                    "/nonexistent/x.pcapng cannot be written: No such file or directory");
    g_clear_error(&error);
    if (g_file_test("/dev/full", G_FILE_TEST_EXISTS)) {
        g_assert_false(mg_pcapng_write(trace, "/dev/full", &error));
        g_assert_error(error, MG_ERROR, MG_ERROR_CAPTURE);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pcapng/tcp", test_tcp);
    g_test_add_func("/pcapng/loss", test_loss);
    g_test_add_func("/pcapng/six", test_six);
    g_test_add_func("/pcapng/udp", test_udp);
    g_test_add_func("/pcapng/fragments", test_fragments);
    g_test_add_func("/pcapng/real", test_real);
    g_test_add_func("/pcapng/cannot-write", test_cannot_write);
    return g_test_run();
}
