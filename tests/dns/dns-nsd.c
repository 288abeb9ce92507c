/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-nsd.c - the same zones, the same questions: our server and NSD must say the same
 *
 * NSD runs on a loopback port that was free a moment ago, from a folder that is removed at the end.
 * Compared are rcode, AA, TC, and as sets the answer, and of negative answers and referrals the
 * authority and the glue; what a server adds beyond these is its own business. */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>

#include "dns-world.h"

static const char net[] =
    "$TTL 3600\n$ORIGIN example.net.\n"
    "@ SOA ns1 hostmaster 5 7200 900 1209600 300\n"
    "@ NS ns1\n@ NS ns2.example.org.\n"
    "ns1 A 192.0.2.1\nns1 AAAA 2001:db8::1\n"
    "@ MX 10 mx1\n@ MX 20 mx2.example.org.\n@ TXT \"v=spf1 mx -all\" \"second\"\n@ A 192.0.2.80\n"
    "mx1 A 192.0.2.25\n"
    "www CNAME web\nweb A 192.0.2.80\nweb AAAA 2001:db8::80\n"
    "chain1 CNAME chain2\nchain2 CNAME chain3\nchain3 CNAME web\n"
    "broken CNAME nowhere\nout CNAME www.example.org.\nfar CNAME www.example.com.\n"
    "wildalias CNAME x.wild\ncutalias CNAME host.sub\n"
    "*.wild A 192.0.2.99\n*.wild MX 5 mx1\nx.y.wild TXT \"here\"\n"
    "*.cw CNAME web\n"
    "a.b.c TXT \"deep\"\n"
    "_imaps._tcp SRV 0 1 993 mx1\n"
    "sub NS ns.sub\nsub NS ns1.example.org.\nns.sub A 192.0.2.53\nns.sub AAAA 2001:db8::53\n"
    "sub DS 12345 8 2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"
    "noglue NS ns1.example.org.\n"
    "old DNAME new\nx.new A 192.0.2.77\n"
    "UPPER A 192.0.2.33\n"
    "hinfo HINFO \"PDP-11\" \"UNIX\"\ncaa CAA 0 issue \"ca.example.net\"\nunknown TYPE65280 \\# 3 "
    "abcdef\n";

static const char org[] = "$TTL 600\n$ORIGIN example.org.\n"
                          "@ SOA ns1 hostmaster 9 7200 900 1209600 60\n@ NS ns1\n"
                          "ns1 A 192.0.2.2\nns2 A 192.0.2.3\nmx2 A 192.0.2.26\n"
                          "www A 192.0.2.81\n@ MX 0 .\n";

static const char *const names[] = {
    "example.net",           "EXAMPLE.net",
    "ns1.example.net",       "mx1.example.net",
    "www.example.net",       "web.example.net",
    "chain1.example.net",    "broken.example.net",
    "out.example.net",       "far.example.net",
    "nowhere.example.net",   "x.wild.example.net",
    "wildalias.example.net", "cutalias.example.net",
    "wild.example.net",      "y.wild.example.net",
    "z.y.wild.example.net",  "q.z.wild.example.net",
    "*.wild.example.net",    "k.cw.example.net",
    "c.example.net",         "b.c.example.net",
    "a.b.c.example.net",     "z.b.c.example.net",
    "_tcp.example.net",      "_imaps._tcp.example.net",
    "sub.example.net",       "host.sub.example.net",
    "ns.sub.example.net",    "a.noglue.example.net",
    "old.example.net",       "x.old.example.net",
    "y.old.example.net",     "upper.example.net",
    "hinfo.example.net",     "caa.example.net",
    "unknown.example.net",   "big.example.org",
    "example.org",           "www.example.org",
    "example.com",           ".",
};

static const char *const types[] = {"A",   "AAAA", "MX",    "TXT",   "NS",  "SOA",      "CNAME",
                                    "SRV", "DS",   "DNAME", "HINFO", "CAA", "TYPE65280"};

typedef struct {
    char *folder;
    GSubprocess *process;
    GSocket *socket;
} Nsd;

static char *zone_org(void)
{
    GString *text = g_string_new(org);
    for (unsigned i = 0; i < 60; i++)
        g_string_append_printf(text, "big TXT \"%u: a text that makes the answer too long\"\n", i);
    return g_string_free(text, FALSE);
}

static uint16_t free_port(void)
{
    g_autoptr(GSocket) socket =
        g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
    g_autoptr(GSocketAddress) any = g_inet_socket_address_new_from_string("127.0.0.1", 0);
    g_assert_true(g_socket_bind(socket, any, FALSE, NULL));
    g_autoptr(GSocketAddress) got = g_socket_get_local_address(socket, NULL);
    return g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(got));
}

static void put(const Nsd *nsd, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(nsd->folder, name, NULL);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static const char *const files[] = {"nsd.conf", "net.zone", "org.zone", "pid",
                                    "zonelist", "xfrd",     "log"};

static GByteArray *ask_nsd(const Nsd *nsd, MgSpan query)
{
    GByteArray *reply = g_byte_array_new();
    uint8_t buffer[4096];
    if (g_socket_send(nsd->socket, (const char *)query.data, query.len, NULL, NULL) < 0)
        return reply;
    gssize len = g_socket_receive(nsd->socket, (char *)buffer, sizeof buffer, NULL, NULL);
    if (len > 0)
        g_byte_array_append(reply, buffer, (guint)len);
    return reply;
}

/* Waits until it answers; that takes as long as it takes. */
static bool wait_until_ready(const Nsd *nsd)
{
    uint8_t query[600];
    size_t len = world_query(query, 1, "example.net", "SOA", 0, 0);
    for (unsigned i = 0; i < 100; i++) {
        g_autoptr(GByteArray) reply = ask_nsd(nsd, (MgSpan){query, len});
        if (reply->len > 12 && (reply->data[3] & 15) == 0)
            return true;
        g_usleep(50000);
    }
    return false;
}

static bool start(Nsd *nsd, const char *program, const char *zone)
{
    nsd->folder = g_dir_make_tmp(NULL, NULL);
    g_assert_nonnull(nsd->folder);
    uint16_t port = free_port();
    g_autofree char *conf = g_strdup_printf(
        "server:\n ip-address: 127.0.0.1@%u\n username: \"\"\n chroot: \"\"\n server-count: 1\n"
        " rrl-ratelimit: 0\n"
        " zonesdir: \"%s\"\n pidfile: \"%s/pid\"\n zonelistfile: \"%s/zonelist\"\n"
        " xfrdfile: \"%s/xfrd\"\n xfrdir: \"%s\"\n database: \"\"\n logfile: \"%s/log\"\n"
        "remote-control:\n control-enable: no\n"
        "zone:\n name: example.net\n zonefile: net.zone\n"
        "zone:\n name: example.org\n zonefile: org.zone\n",
        port, nsd->folder, nsd->folder, nsd->folder, nsd->folder, nsd->folder, nsd->folder);
    put(nsd, "nsd.conf", conf);
    put(nsd, "net.zone", net);
    put(nsd, "org.zone", zone);
    g_autofree char *path = g_build_filename(nsd->folder, "nsd.conf", NULL);
    nsd->process =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDERR_SILENCE, NULL, program, "-d", "-c", path, NULL);
    g_assert_nonnull(nsd->process);
    nsd->socket =
        g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
    g_socket_set_timeout(nsd->socket, 1);
    g_autoptr(GSocketAddress) to = g_inet_socket_address_new_from_string("127.0.0.1", port);
    g_assert_true(g_socket_connect(nsd->socket, to, NULL, NULL));
    return wait_until_ready(nsd);
}

static void stop(Nsd *nsd)
{
    g_subprocess_send_signal(nsd->process, SIGTERM);
    g_subprocess_wait(nsd->process, NULL, NULL);
    g_object_unref(nsd->process);
    g_object_unref(nsd->socket);
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(nsd->folder, files[i], NULL);
        g_unlink(path);
    }
    g_rmdir(nsd->folder);
    g_free(nsd->folder);
}

/* Without the sections that a server may fill as it likes: " / " begins the authority, " + " the
 * additional section. */
static char *comparable(char *text)
{
    bool negative = strstr(text, " SOA ") != NULL && strstr(text, " / ") != NULL;
    bool referral = strstr(text, " aa") == NULL && strstr(text, " NS ") != NULL;
    char *authority = strstr(text, " / "), *additional = strstr(text, " + ");
    if (referral || (negative && strstr(text, " NS ") == NULL))
        return text;
    if (authority != NULL)
        *authority = '\0';
    else if (additional != NULL)
        *additional = '\0';
    return text;
}

static unsigned compare(const Nsd *nsd, void *shared, const char *name, const char *type,
                        uint16_t payload)
{
    uint8_t query[600];
    size_t len = world_query(query, 0x4242, name, type, MG_DNS_RD, payload);
    g_autoptr(GByteArray) theirs = ask_nsd(nsd, (MgSpan){query, len});
    g_autoptr(GByteArray) ours = world_serve(&mg_dns_server, shared, (MgSpan){query, len});
    g_autofree char *their_text = comparable(world_reply_text((MgSpan){theirs->data, theirs->len}));
    g_autofree char *our_text = comparable(world_reply_text((MgSpan){ours->data, ours->len}));
    if (strcmp(their_text, our_text) == 0)
        return 0;
    g_test_message("%s %s (%u)\n ours: %s\n NSD:  %s", type, name, payload, our_text, their_text);
    return 1;
}

static void *shared_zones(const char *zone)
{
    const MgSetting rows[] = {
        {.key = "zones", .value = net, .len = strlen(net), .path = "net.zone"},
        {.key = "zones", .value = zone, .len = strlen(zone), .path = "org.zone"}};
    const MgSettings settings = {rows, 2};
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    void *shared = mg_dns_server.setup(&settings, problems);
    g_assert_cmpuint(problems->len, ==, 0);
    return shared;
}

static void test_nsd(void)
{
    g_autofree char *found = g_find_program_in_path("nsd");
    const char *program = found != NULL ? found : "/usr/sbin/nsd";
    if (!g_file_test(program, G_FILE_TEST_IS_EXECUTABLE)) {
        g_test_skip("nsd is not installed");
        return;
    }
    Nsd nsd;
    unsigned asked = 0, different = 0;
    g_autofree char *zone = zone_org();
    bool ready = start(&nsd, program, zone);
    void *shared = shared_zones(zone);
    for (size_t i = 0; ready && i < G_N_ELEMENTS(names); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(types); j++, asked += 2) {
            different += compare(&nsd, shared, names[i], types[j], 0);
            different += compare(&nsd, shared, names[i], types[j], 1232);
        }
    }
    mg_dns_server.teardown(shared);
    stop(&nsd);
    g_test_message("%u questions, %u answered in another way", asked, different);
    g_assert_true(ready);
    g_assert_cmpuint(different, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dns/nsd/same-answers", test_nsd);
    return g_test_run();
}
