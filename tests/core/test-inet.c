/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-inet.c - addresses both ways; headers with their sums */
#include <gio/gio.h>
#include <mailglass/engine.h>

#include "inet.h"

static void test_addresses(void)
{
    /* What is an address, and how RFC 5952 writes it; NULL where it is none. */
    static const struct {
        const char *text, *written;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"256.0.0.1", NULL},
        {"192.0.2", NULL},
        {"192.0.2.1.", NULL},
        {"192.0.02.1", NULL},
        {"", NULL},
        {"::", "::"},
        {"::1", "::1"},
        {"1::", "1::"},
        {"2001:db8::1", "2001:db8::1"},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"::ffff:192.0.2.1", "::ffff:c000:201"},
        {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        {"1:2:3:4:5:6:7:8:9", NULL},
        {"1:2:3:4:5:6:7:8::", NULL},
        {"1::2::3", NULL},
        {"12345::", NULL},
        {"1:2:3:4:5:6:7:", NULL},
        {":1:2:3:4:5:6:7", NULL},
        {":::", NULL},
        {"1:2:3:4:5:6:7:1.2.3.4", NULL},
        {"g::", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint8_t address[16];
        char text[MG_INET_TEXT_MAX];
        size_t len = mg_inet_parse(rows[i].text, strlen(rows[i].text), address);
        if ((len != 0) != (rows[i].written != NULL))
            g_error("%s is judged wrongly", rows[i].text);
        if (len == 0)
            continue;
        g_assert_true(mg_inet_format((MgSpan){address, len}, text));
        g_assert_cmpstr(text, ==, rows[i].written);
    }
}

/* GLib's own reader, which is the system's, must agree on whatever chance brings. */
static void test_addresses_beside_glib(void)
{
    uint64_t seed = 1;
    for (int i = 0; i < 20000; i++) {
        static const char letters[] = "0123456789abf:::..";
        char text[24] = "";
        size_t len = mg_random_next(&seed) % 20;
        for (size_t at = 0; at < len; at++)
            text[at] = letters[mg_random_next(&seed) % (sizeof letters - 1)];
        uint8_t address[16];
        g_autoptr(GInetAddress) theirs = g_inet_address_new_from_string(text);
        size_t ours = mg_inet_parse(text, strlen(text), address);
        if ((ours != 0) != (theirs != NULL))
            g_error("\"%s\": %zu octets, but GLib says otherwise", text, ours);
        if (ours != 0)
            g_assert_cmpmem(address, ours, g_inet_address_to_bytes(theirs),
                            g_inet_address_get_native_size(theirs));
    }
}

/* RFC 1071: the sum over everything, with the checksum in it, is all ones. */
static unsigned sum(uint32_t start, const uint8_t *octets, size_t len)
{
    uint64_t total = start;
    for (size_t i = 0; i < len; i++)
        total += i % 2 == 0 ? (unsigned)octets[i] << 8 : octets[i];
    while (total >> 16 != 0)
        total = (total & 0xffff) + (total >> 16);
    return (unsigned)total;
}

static void test_checksums(void)
{
    static const uint8_t payload[] = "an odd number of octets!!";
    for (size_t len = 0; len < sizeof payload; len++) {
        for (int tcp = 0; tcp < 2; tcp++) {
            MgInetPacket packet = {.from = 1,
                                   .to = 2,
                                   .source_address = "192.0.2.10",
                                   .target_address = "198.51.100.25",
                                   .source_port = 50000,
                                   .target_port = 25,
                                   .protocol = tcp ? MG_INET_TCP : MG_INET_UDP,
                                   .tcp_flags = len == 0 ? MG_INET_SYN : MG_INET_ACK,
                                   .seq = 0xfffffff0,
                                   .ack = 7,
                                   .window = 65535,
                                   .payload = {payload, len}};
            uint8_t frame[MG_INET_HEADERS_MAX + sizeof payload];
            size_t headers = mg_inet_write(&packet, frame);
            memcpy(frame + headers, payload, len);
            g_assert_cmpuint(headers, ==, !tcp ? 42 : len == 0 ? 58 : 54);
            g_assert_cmphex(sum(0, frame + 14, 20), ==, 0xffff);
            size_t rest = headers - 34 + len;
            uint32_t pseudo = sum(0, frame + 26, 8) + packet.protocol + (uint32_t)rest;
            g_assert_cmphex(sum(pseudo, frame + 34, rest), ==, 0xffff);
        }
    }
}

static void count_frame(MgSpan frame, void *data)
{
    size_t *counts = data; /* frames, octets of IP payload, the longest */
    g_assert_cmphex(sum(0, frame.data + 14, 20), ==, 0xffff);
    unsigned offset = (frame.data[20] << 8 | frame.data[21]) & 0x1fff;
    g_assert_cmpuint(offset * 8, ==, counts[1]);
    counts[0]++;
    counts[1] += frame.len - 34;
    counts[2] = MAX(counts[2], frame.len);
}

static void test_fragments(void)
{
    g_autofree uint8_t *payload = g_malloc0(MG_INET_PAYLOAD_MAX);
    MgInetPacket packet = {.source_address = "192.0.2.10",
                           .target_address = "198.51.100.25",
                           .protocol = MG_INET_UDP,
                           .payload = {payload, 1472}};
    size_t counts[3] = {0};
    mg_inet_frames(&packet, count_frame, counts);
    g_assert_cmpuint(counts[0], ==, 1);
    memset(counts, 0, sizeof counts);
    packet.payload.len = 1473;
    mg_inet_frames(&packet, count_frame, counts);
    g_assert_cmpuint(counts[0], ==, 2);
    memset(counts, 0, sizeof counts);
    packet.payload.len = MG_INET_PAYLOAD_MAX;
    mg_inet_frames(&packet, count_frame, counts);
    g_assert_cmpuint(counts[1], ==, MG_INET_PAYLOAD_MAX + 8);
    g_assert_cmpuint(counts[2], ==, 14 + MG_INET_MTU);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/inet/addresses", test_addresses);
    g_test_add_func("/inet/addresses-beside-glib", test_addresses_beside_glib);
    g_test_add_func("/inet/checksums", test_checksums);
    g_test_add_func("/inet/fragments", test_fragments);
    return g_test_run();
}
