/* SPDX-License-Identifier: GPL-3.0-or-later */
/* real-world.c - a simulated world in real time, one of whose hosts uses real sockets
 *
 * Alice's submission server is a real one on loopback: behind it is, as it happens, a door to
 * another host of the same world. So one trace must hold both ends of the real connection, and
 * what the simulated wire carried besides. */
#include <glib/gstdio.h>

#include "door.h"
#include "world.h"

static const char ini[] = "[network]\nformat=1\ntitle=Real\nepoch=2026-03-02T09:00:00Z\n"
                          "[host alice]\nkind=mua\naddress=192.0.2.10\naccount=alice@example.com\n"
                          "submission=127.0.0.1:%u\n"
                          "[host mx.example.net]\nkind=mta\naddress=192.0.2.25\n"
                          "domains=example.net\ndeliver=store\nmailboxes=bob@example.net:secret\n"
                          "[host carol]\nkind=mua\naddress=192.0.2.11\naccount=carol@example.com\n"
                          "submission=192.0.2.25:25\n"
                          "[link alice mx.example.net]\ndelay=5ms\n"
                          "[link carol mx.example.net]\ndelay=5ms\n";

static MgTime deadline(void *world)
{
    return mg_world_next(world);
}

static void advance(void *world, MgTime now)
{
    while (mg_world_step(world, now + 1))
        ;
    mg_world_set_now(world, now);
}

static const MgDriven driven = {deadline, advance};

typedef struct {
    char *folder, *path;
    MgNetwork *network;
    MgWorld *world;
    MgDrive *drive;
    MgRealCarrier *carrier;
    MgHostId alice, carol, mx;
} Fixture;

/* A port that was free a moment ago. */
static uint16_t free_port(void)
{
    g_autoptr(GSocketAddress) any = g_inet_socket_address_new_from_string("127.0.0.1", 0);
    g_autoptr(GSocket) socket =
        g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
    g_assert_true(g_socket_bind(socket, any, FALSE, NULL));
    g_autoptr(GSocketAddress) local = g_socket_get_local_address(socket, NULL);
    return g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(local));
}

static void setup(Fixture *fixture, MgRegistry *registry, uint16_t port)
{
    g_autofree char *text = g_strdup_printf(ini, port);
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    fixture->folder = g_dir_make_tmp(NULL, &error);
    g_assert_no_error(error);
    fixture->path = g_build_filename(fixture->folder, "network.ini", NULL);
    g_assert_true(g_file_set_contents(fixture->path, text, -1, NULL));
    fixture->network = mg_network_load(fixture->folder, registry, problems);
    for (unsigned i = 0; i < problems->len; i++)
        g_test_message("%s", (char *)g_ptr_array_index(problems, i));
    g_assert_nonnull(fixture->network);
    fixture->world = mg_world_new(fixture->network, registry, 1, problems);
    g_assert_nonnull(fixture->world);
    fixture->alice = mg_world_host(fixture->world, "alice");
    fixture->carol = mg_world_host(fixture->world, "carol");
    fixture->mx = mg_world_host(fixture->world, "mx.example.net");
    MgRuntime *runtime = mg_world_runtime(fixture->world);
    fixture->drive = mg_drive_new(NULL, &driven, fixture->world, 0);
    fixture->carrier = mg_real_carrier_new(runtime, fixture->drive);
    mg_runtime_set_carrier(runtime, fixture->alice, &mg_real_carrier_class, fixture->carrier);
}

static void teardown(Fixture *fixture)
{
    mg_world_free(fixture->world);
    mg_real_carrier_free(fixture->carrier);
    mg_drive_free(fixture->drive);
    mg_network_free(fixture->network);
    g_unlink(fixture->path);
    g_rmdir(fixture->folder);
    g_free(fixture->path);
    g_free(fixture->folder);
}

static void send_and_wait(Fixture *fixture, MgHostId from, uint64_t n_sent, uint64_t n_refused)
{
    static const char *const words[] = {"hello.eml", "to", "bob@example.net"};
    const MgVerbCall call = {.words = words,
                             .n_words = 3,
                             .file = MG_SPAN("Subject: hello\r\n\r\nreal or not\r\n"),
                             .path = "hello.eml"};
    MgRuntime *runtime = mg_world_runtime(fixture->world);
    MgRuntimeCounts counts = {0};
    g_autoptr(GError) error = NULL;
    g_assert_cmpuint(
        mg_runtime_say(runtime, from, "send", &call, mg_drive_sync(fixture->drive), &error), >, 0);
    g_assert_no_error(error);
    while (counts.sent + counts.refused < n_sent + n_refused || counts.engines > 0) {
        g_main_context_iteration(NULL, TRUE);
        mg_runtime_counts(runtime, &counts);
    }
    g_assert_cmpuint(counts.sent, ==, n_sent);
    g_assert_cmpuint(counts.refused, ==, n_refused);
}

static unsigned count_flows(const MgTrace *trace, MgHostId client, MgHostId server, bool real)
{
    unsigned n = 0;
    for (MgFlowId i = 1; i <= mg_trace_n_flows(trace); i++) {
        const MgFlow *flow = mg_trace_flow(trace, i);
        n += flow->real == real && (client == 0 || flow->client == client) &&
             (server == 0 || flow->server == server);
    }
    return n;
}

static unsigned count_exchanges(const MgTrace *trace, MgHostId from, const char *piece)
{
    unsigned n = 0;
    for (uint32_t i = 1; i <= mg_trace_n_records(trace); i++) {
        const MgRecord *record = mg_trace_record(trace, i);
        g_autoptr(GString) line = g_string_new(NULL);
        mg_trace_summarize(trace, i, line);
        n += record->kind == MG_RECORD_EXCHANGE && record->from == from &&
             strstr(line->str, piece) != NULL;
    }
    return n;
}

static void test_real_host(void)
{
    Fixture fixture = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(MgRegistry) registry = mg_registry_new();
    uint16_t port = free_port();
    setup(&fixture, registry, port);
    MgTrace *trace = mg_world_trace(fixture.world);
    MgRuntime *runtime = mg_world_runtime(fixture.world);

    /* Nobody is there yet: a clear outcome, and everything goes on. */
    send_and_wait(&fixture, fixture.alice, 0, 1);
    g_assert_cmpuint(count_flows(trace, 0, 0, true), ==, 0);

    g_autofree char *address = g_strdup_printf("127.0.0.1:%u", port);
    g_autoptr(MgDoor) door = mg_door_open(
        fixture.carrier, fixture.mx, mg_registry_engine(registry, "smtp.server"), address, &error);
    g_assert_no_error(error);
    send_and_wait(&fixture, fixture.alice, 1, 1);
    MgStore *store = mg_runtime_store(runtime, fixture.mx);
    g_assert_cmpuint(mg_store_n_messages(store, 0), ==, 1);
    g_assert_cmpuint(count_flows(trace, fixture.alice, 0, true), ==, 1);
    g_assert_cmpuint(count_flows(trace, 0, fixture.mx, true), ==, 1);
    g_assert_cmpuint(count_flows(trace, 0, 0, false), ==, 0);
    g_assert_cmpuint(count_exchanges(trace, fixture.alice, "RCPT TO:<bob@example.net>"), ==, 1);
    g_assert_cmpuint(count_exchanges(trace, fixture.mx, "354"), ==, 1);

    /* Another host still uses the simulated wire, in the same time. */
    send_and_wait(&fixture, fixture.carol, 2, 1);
    g_assert_cmpuint(mg_store_n_messages(store, 0), ==, 2);
    g_assert_cmpuint(count_flows(trace, fixture.carol, fixture.mx, false), ==, 1);
    g_assert_cmpuint(count_flows(trace, 0, 0, true), ==, 2);

    mg_door_close(g_steal_pointer(&door));
    teardown(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/real/world", test_real_host);
    return g_test_run();
}
