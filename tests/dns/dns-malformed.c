/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-malformed.c - messages that others broke on purpose: pointers that lead astray, captures
 *
 * Each goes to everything that reads messages, whole and cut off at every octet: to what the fuzz
 * targets do (reader and writer, server, resolver, stub, dissector), and to server and resolver as
 * a query, which say FORMERR. The suite is not part of the project (MAILGLASS_SUITES). */
#include "dns-fields.h"
#include "dns-world.h"
#include "tree.h"

/* The two fuzz targets; see meson.build. */
int feed_engines(const uint8_t *data, size_t size);
int feed_dissector(const uint8_t *data, size_t size);

static const char zone[] = "$TTL 60\nexample.com. SOA n. h. 1 2 3 4 5\nexample.com. NS n.\n";
static const char hints[] = ". 60 NS n.a.\nn.a. 60 A 192.0.2.1\n";
static void *server, *resolver;

static char *suite_path(const char *folder, const char *name)
{
    const char *suites = g_getenv("MAILGLASS_SUITES");
    return g_build_filename(suites != NULL ? suites : MAILGLASS_SOURCE "/../shared/suites", folder,
                            name, NULL);
}

static void *open_engine(const MgEngineKind *kind, const char *key, const char *text)
{
    const MgSetting row = {.key = key, .value = text, .len = strlen(text), .path = "f"};
    const MgSettings settings = {&row, 1};
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    return kind->setup(&settings, problems);
}

/* The octets of the lines up to the next separator; comments begin with ";". */
static GByteArray *read_packet(char **lines, size_t *at)
{
    GByteArray *packet = g_byte_array_new();
    for (; lines[*at] != NULL; (*at)++) {
        if (g_str_has_prefix(lines[*at], ";-- next packet") && packet->len > 0)
            break;
        for (const char *c = lines[*at]; *c != '\0' && *c != ';'; c++) {
            if (!g_ascii_isxdigit(c[0]) || !g_ascii_isxdigit(c[1]))
                continue;
            uint8_t octet = (uint8_t)(g_ascii_xdigit_value(c[0]) * 16 + g_ascii_xdigit_value(c[1]));
            g_byte_array_append(packet, &octet, 1);
            c++;
        }
    }
    return packet;
}

/* Reads all of it; how many records there were. */
static unsigned read_all(MgSpan bytes, bool *bad)
{
    MgDnsMessage message;
    MgDnsRecord record;
    unsigned n = 0;
    g_autoptr(GByteArray) data = g_byte_array_new();
    *bad = !mg_dns_message_open(&message, bytes);
    while (!*bad && mg_dns_message_next(&message, &record)) {
        bool empty = record.class >= MG_DNS_CLASS_NONE && record.data_len == 0; /* of an UPDATE */
        *bad = record.section != MG_DNS_QUESTION && !empty &&
               !mg_dns_expand_data(bytes, &record, data);
        n++;
    }
    *bad = *bad || message.reader.bad;
    return n;
}

/* Does the dissector say that something is wrong? */
static bool is_noted(MgSpan bytes)
{
    bool noted = false;
    g_autoptr(MgTree) tree = mg_tree_new();
    g_autoptr(GBytes) unit = g_bytes_new(bytes.data, bytes.len);
    mg_tree_begin(tree, &mg_dns_dissector, "Exchange", unit);
    mg_dns_dissector.dissect(0, MG_FROM_CLIENT, bytes, tree);
    for (MgNode n = 0; n < mg_tree_n_nodes(tree); n++)
        noted = noted || mg_tree_node(tree, n)->note != NULL;
    return noted;
}

static void check_query(const MgEngineKind *kind, void *shared, MgSpan bytes)
{
    g_autoptr(GByteArray) reply = world_serve(kind, shared, bytes);
    g_assert_cmpuint(reply->len, >=, MG_DNS_HEADER);
    g_assert_cmpuint(reply->data[3] & 15, ==, MG_DNS_FORMERR);
}

/* All that is done with one message; is it broken? */
static bool check_message(MgSpan bytes)
{
    bool bad = false;
    read_all(bytes, &bad);
    for (size_t len = 0; len <= bytes.len; len++) {
        g_autofree uint8_t *cut = g_memdup2(bytes.data, len);
        g_autofree uint8_t *datagram = g_malloc(len + 1);
        feed_engines(cut, len);
        datagram[0] = 0; /* no stream */
        memcpy(datagram + 1, bytes.data, len);
        feed_dissector(datagram, len + 1);
        if (len >= MG_DNS_HEADER && len < bytes.len)
            g_assert_true(is_noted((MgSpan){cut, len}) || !bad);
    }
    bool query = bytes.len >= MG_DNS_HEADER && (bytes.data[2] & 0xf8) == 0;
    if (bad && bytes.len >= MG_DNS_HEADER)
        g_assert_true(is_noted(bytes));
    if (bad && query) {
        check_query(&mg_dns_server, server, bytes);
        check_query(&mg_dns_resolver, resolver, bytes);
    }
    return bad;
}

static void test_loops(void)
{
    g_autofree char *path = suite_path("dns/records", "compression-loops.txt");
    g_autofree char *text = NULL;
    unsigned packets = 0, bad_packets = 0;
    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        g_test_skip("there are no packets here (MAILGLASS_SUITES)");
        return;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (size_t at = 0; lines[at] != NULL;) {
        g_autoptr(GByteArray) packet = read_packet(lines, &at);
        if (packet->len == 0)
            continue;
        packets++;
        bad_packets += check_message((MgSpan){packet->data, packet->len});
        /* As a query: with records in its answer section it is none, but it is answered. */
        if (packet->len >= MG_DNS_HEADER && (packet->data[2] & 0xf8) == 0)
            check_query(&mg_dns_server, server, (MgSpan){packet->data, packet->len});
    }
    g_test_message("%u packets, %u of them broken", packets, bad_packets);
    g_assert_cmpuint(packets, >=, 5);
    g_assert_cmpuint(bad_packets, >, 0);
    g_assert_cmpuint(bad_packets, <, packets);
}

/* ---- captures ---- */

/* What UDP carries, or TCP behind the length of a message; empty if it is neither. */
static MgSpan payload_of(MgSpan frame, uint32_t link)
{
    size_t at = link == 1 ? 14 : link == 101 || link == 228 ? 0 : 4;
    if (frame.len < at + 20 || frame.data[at] >> 4 != 4)
        return (MgSpan){NULL, 0};
    unsigned protocol = frame.data[at + 9];
    size_t end = MIN(frame.len, at + mg_dns_get_u16(frame.data + at + 2));
    at += 4u * (frame.data[at] & 15);
    if (protocol == 17)
        at += 8;
    else if (protocol == 6 && at + 13 <= end)
        at += 4u * (frame.data[at + 12] >> 4) + 2;
    else
        return (MgSpan){NULL, 0};
    return at < end ? mg_span_slice(frame, at, end - at) : (MgSpan){NULL, 0};
}

static uint32_t get_le32(const char *bytes)
{
    uint32_t value = 0;
    memcpy(&value, bytes, sizeof value);
    return GUINT32_FROM_LE(value);
}

static void test_captures(void)
{
    g_autofree char *folder = suite_path("captures", "zeek");
    GDir *dir = g_dir_open(folder, 0, NULL);
    const char *name = NULL;
    unsigned messages = 0, bad = 0;
    if (dir == NULL) {
        g_test_skip("there are no captures here (MAILGLASS_SUITES)");
        return;
    }
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *bytes = NULL;
        gsize len = 0;
        bool about_dns = g_str_has_prefix(name, "dns-") || g_str_has_prefix(name, "dynamic-") ||
                         g_str_has_prefix(name, "hinfo");
        if (!about_dns || !g_file_get_contents(path, &bytes, &len, NULL) || len < 24)
            continue;
        g_assert_cmphex(get_le32(bytes), ==, 0xa1b2c3d4);
        for (size_t at = 24; at + 16 <= len;) {
            size_t size = get_le32(bytes + at + 8);
            g_assert_cmpuint(size, <=, len - at - 16);
            MgSpan frame = {(const uint8_t *)bytes + at + 16, size};
            MgSpan message = payload_of(frame, get_le32(bytes + 20));
            at += 16 + size;
            if (message.len == 0)
                continue;
            bool broken = check_message(message);
            messages++;
            bad += broken;
            if (broken)
                g_test_message("%s: %zu octets, broken", name, message.len);
        }
    }
    g_dir_close(dir);
    g_test_message("%u messages, %u of them broken", messages, bad);
    g_assert_cmpuint(messages, >=, 20);
    g_assert_cmpuint(bad, >, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dns/malformed/compression-loops", test_loops);
    g_test_add_func("/dns/malformed/captures", test_captures);
    server = open_engine(&mg_dns_server, "zones", zone);
    resolver = open_engine(&mg_dns_resolver, "hints", hints);
    int result = g_test_run();
    mg_dns_server.teardown(server);
    mg_dns_resolver.teardown(resolver);
    return result;
}
