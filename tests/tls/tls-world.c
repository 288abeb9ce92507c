/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls-world.c - TLS between two hosts of a simulated network: what both ends say, what the wire
 * shows, and what tshark makes of the file */
#include <glib/gstdio.h>

#include "pcapng.h"
#include "tls-toys.h"
#include "world.h"

#define EPOCH INT64_C(1772442000) /* 2026-03-02 */

static MgRegistry *registry;

/* ---- a network of two ---- */

static void add_host(MgNetwork *network, const char *name, const char *address,
                     const MgSettings *settings)
{
    static const struct {
        const MgEngineKind *kind;
        uint16_t port;
    } kinds[] = {
        {&mg_toy_secure_server, 25}, {&mg_toy_secure_server_tls, 465}, {&mg_toy_secure_client, 0}};
    MgNetworkHost host = {.name = g_strdup(name),
                          .kind = g_strdup("toy"),
                          .region = g_strdup("r"),
                          .addresses = g_strsplit(address, " ", -1)};
    host.n_engines = G_N_ELEMENTS(kinds);
    host.engines = g_malloc0(sizeof kinds);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        host.engines[i].kind = kinds[i].kind;
        host.engines[i].port = kinds[i].port;
    }
    if (settings != NULL)
        host.settings = *settings;
    g_array_append_val(network->hosts, host);
}

typedef struct {
    const char *key, *value; /* (nullable) of the server */
    const char *words;       /* behind the address */
    double loss;
    uint64_t seed;
    MgTime limit; /* 0: to the end */
} Wish;

typedef struct {
    MgNetwork *network;
    MgWorld *world;
    MgTrace *trace;
} Run;

static Run run(const Wish *wish)
{
    MgNetwork *network = g_new0(MgNetwork, 1);
    network->title = g_strdup("Secrets");
    network->epoch = EPOCH;
    network->hosts = g_array_new(FALSE, TRUE, sizeof(MgNetworkHost));
    network->links = g_array_new(FALSE, TRUE, sizeof(MgNetworkLink));
    network->actions = g_array_new(FALSE, TRUE, sizeof(MgNetworkAction));
    network->regions = g_array_new(FALSE, TRUE, sizeof(char *));
    MgSetting row = {wish->key, wish->value, wish->value != NULL ? strlen(wish->value) : 0, NULL,
                     0};
    MgSettings settings = {&row, wish->key != NULL ? 1 : 0};
    add_host(network, "alice", "192.0.2.1", NULL);
    add_host(network, "mx.example.net", "192.0.2.2", &settings);
    MgNetworkLink link = {.a = 0, .b = 1, .delay = 20 * MG_MILLISECONDS, .loss = wish->loss};
    g_array_append_val(network->links, link);
    g_autofree char *words = g_strconcat("192.0.2.2 ", wish->words, NULL);
    MgNetworkAction action = {.verb = g_strdup("secure"), .words = g_strsplit(words, " ", -1)};
    g_array_append_val(network->actions, action);
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    mg_toy_client_said = mg_toy_server_said = (MgToySecure){0};
    Run made = {.network = network};
    made.world = mg_world_new(network, registry, wish->seed, problems);
    g_assert_nonnull(made.world);
    while (mg_world_step(made.world, wish->limit > 0 ? wish->limit : MG_TIME_NEVER))
        continue;
    made.trace = mg_world_trace(made.world);
    return made;
}

static void run_clear(Run *made)
{
    mg_world_free(made->world);
    for (guint i = 0; i < made->network->hosts->len; i++) {
        MgNetworkHost *host = &g_array_index(made->network->hosts, MgNetworkHost, i);
        g_free(host->name);
        g_free(host->kind);
        g_free(host->region);
        g_strfreev(host->addresses);
        g_free(host->engines);
    }
    MgNetworkAction *action = &g_array_index(made->network->actions, MgNetworkAction, 0);
    g_free(action->verb);
    g_strfreev(action->words);
    g_array_unref(made->network->hosts);
    g_array_unref(made->network->links);
    g_array_unref(made->network->actions);
    g_array_unref(made->network->regions);
    g_free(made->network->title);
    g_free(made->network);
}

/* The first record from `from` on whose line has this piece; 0 none. */
static uint32_t find(const MgTrace *trace, uint32_t from, const char *piece)
{
    for (uint32_t n = from; n <= mg_trace_n_records(trace); n++) {
        g_autoptr(GString) line = g_string_new(NULL);
        mg_trace_summarize(trace, n, line);
        if (strstr(line->str, piece) != NULL)
            return n;
    }
    return 0;
}

static bool is_hidden(const MgTrace *trace, uint32_t n)
{
    return (mg_trace_record(trace, n)->flags & MG_RECORD_ENCRYPTED) != 0;
}

static const char *dissector_of(const MgTrace *trace, uint32_t n)
{
    return mg_registry_dissector(registry, mg_trace_record(trace, n)->dissector)->name;
}

static void print(const MgTrace *trace)
{
    for (uint32_t n = 1; n <= mg_trace_n_records(trace); n++) {
        g_autoptr(GString) line = g_string_new(NULL);
        const MgRecord *record = mg_trace_record(trace, n);
        mg_trace_summarize(trace, n, line);
        g_test_message("%3u %s%8.3f < %u %s", n, is_hidden(trace, n) ? "  " : "",
                       (double)record->at / 1e6, record->parent, line->str);
    }
}

/* ---- the tests ---- */

static void test_starttls(void)
{
    Run made = run(&(Wish){.words = "mx.example.net 25 3", .seed = 1});
    const MgTrace *trace = made.trace;
    print(trace);
    g_assert_cmpstr(mg_toy_client_said.reason, ==, "");
    g_assert_true(mg_toy_client_said.verified);
    g_assert_cmpuint(mg_toy_client_said.secure + mg_toy_server_said.secure, ==, 2);
    g_assert_cmpstr(mg_toy_client_said.version, ==, "TLSv1.3");
    g_assert_cmpstr(mg_toy_server_said.sni, ==, "mx.example.net");
    g_assert_cmpuint(mg_toy_server_said.noops, ==, 3);
    g_assert_cmpuint(mg_toy_client_said.oks, ==, 4);
    g_assert_cmpuint(mg_toy_client_said.goodbyes, ==, 1);

    uint32_t hello = find(trace, 1, "Client Hello for mx.example.net");
    g_assert_cmpuint(hello, >, find(trace, 1, "STARTTLS"));
    g_assert_false(is_hidden(trace, hello));
    g_assert_cmpstr(dissector_of(trace, hello), ==, "tls");
    uint32_t certificate = find(trace, hello, "Certificate");
    g_assert_true(is_hidden(trace, certificate));
    uint32_t again = find(trace, hello, "EHLO again.example.com");
    g_assert_true(is_hidden(trace, again));
    g_assert_cmpstr(dissector_of(trace, again), ==, "smtp");
    const MgRecord *record = mg_trace_record(trace, again);
    g_assert_false(is_hidden(trace, record->parent));
    g_assert_cmpstr(dissector_of(trace, record->parent), ==, "tls");
    g_assert_cmpint(record->until, ==, record->at + 20 * MG_MILLISECONDS);
    for (uint32_t n = 1; n <= mg_trace_n_records(trace); n++) {
        const MgRecord *each = mg_trace_record(trace, n);
        if (each->kind == MG_RECORD_EXCHANGE)
            g_assert_cmpuint(each->unit != MG_UNIT_NOTE || (each->tag & MG_TCP_RST) == 0, ==, 1);
        if (each->kind == MG_RECORD_EXCHANGE)
            g_assert_cmpint(each->until, !=, MG_TIME_NEVER);
    }
    g_assert_cmpuint(mg_trace_secrets(trace).len, >, 100);
    for (uint32_t i = 0; i < mg_trace_n_packets(trace); i++) { /* the wire does not show it */
        MgSpan payload = mg_trace_packet_bytes(trace, i);
        if (payload.len > 0)
            g_assert_null(memmem(payload.data, payload.len, "secret", 6));
    }
    run_clear(&made);
}

static unsigned count_fields(const MgTrace *trace, uint32_t n, const char *id, const char *value)
{
    g_autoptr(MgTree) tree = mg_trace_tree(trace, n);
    unsigned found = 0;
    for (MgNode i = 1; i < mg_tree_n_nodes(tree); i++) {
        g_autofree char *text = mg_tree_value(tree, i);
        const MgTreeNode *node = mg_tree_node(tree, i);
        found += strcmp(node->field->id, id) == 0 && (value == NULL || g_strcmp0(text, value) == 0);
    }
    return found;
}

static void test_fields(void)
{
    static const char *const versions[] = {"1.3", "1.2"};
    for (size_t i = 0; i < 2; i++) {
        Run made = run(&(Wish){.words = "mx.example.net 465 3 implicit",
                               .key = "tls-version-max",
                               .value = versions[i],
                               .seed = 1});
        const MgTrace *trace = made.trace;
        uint32_t hello = find(trace, 1, "Client Hello");
        uint32_t certificate = find(trace, 1, "Certificate");
        g_assert_cmpuint(count_fields(trace, hello, "tls.handshake.type", "1"), ==, 1);
        g_assert_cmpuint(
            count_fields(trace, hello, "tls.handshake.extensions_server_name", "mx.example.net"),
            ==, 1);
        g_assert_cmpuint(count_fields(trace, hello, "tls.handshake.ciphersuite", "4866"), ==, 1);
        g_assert_cmpuint(
            count_fields(trace, hello, "tls.handshake.extensions.supported_version", NULL), ==, 2);
        g_assert_cmpuint(count_fields(trace, certificate, "tls.handshake.certificate", NULL), ==,
                         2);
        g_assert_cmpuint(count_fields(trace, certificate, "x509ce.dNSName", "mx.example.net"), ==,
                         1);
        g_assert_cmpuint(count_fields(trace, certificate, "x509af.subject", "CN=mx.example.net"),
                         ==, 1);
        g_assert_cmpuint(
            count_fields(trace, certificate, "x509af.notAfter", "2026-05-01 09:00:00 UTC"), ==, 1);
        /* In TLS 1.2 everybody on the way can read it. */
        g_assert_true(is_hidden(trace, certificate) == (i == 0));
        uint32_t finished = find(trace, 1, "Finished");
        g_assert_true(is_hidden(trace, finished));
        g_assert_cmpuint(count_fields(trace, finished, "tls.handshake.verify_data", NULL), ==, 1);
        g_assert_cmpuint(count_fields(trace, finished, "tls.record.length", NULL), ==, 1);
        run_clear(&made);
    }
}

static void test_from_the_start(void)
{
    Run made = run(&(Wish){.words = "mx.example.net 465 3 implicit", .seed = 1});
    g_assert_cmpuint(mg_toy_client_said.goodbyes, ==, 1);
    g_assert_cmpuint(mg_toy_server_said.noops, ==, 3);
    uint32_t banner = find(made.trace, 1, "220 mx.example.net");
    g_assert_true(is_hidden(made.trace, banner));
    run_clear(&made);
}

static void test_weather(void)
{
    for (uint64_t seed = 1; seed <= 30; seed++) {
        Wish wish = {.words = "mx.example.net 25 20", .seed = seed, .loss = 0.2};
        Run first = run(&wish);
        g_assert_cmpuint(mg_toy_server_said.noops, ==, 20);
        g_assert_cmpuint(mg_toy_client_said.goodbyes, ==, 1);
        Run second = run(&wish);
        g_autofree char *a = mg_trace_hash(first.trace), *b = mg_trace_hash(second.trace);
        g_assert_cmpstr(a, ==, b);
        run_clear(&first);
        run_clear(&second);
    }
}

static void test_reasons(void)
{
    static const struct {
        const char *flaw, *name, *rule;
    } rows[] = {{"expired", "mx.example.net", "tls.expired"},
                {"not-yet-valid", "mx.example.net", "tls.not-yet-valid"},
                {"wrong-name", "mx.example.net", "tls.wrong-name"},
                {"self-signed", "mx.example.net", "tls.self-signed"},
                {"unknown-issuer", "mx.example.net", "tls.unknown-issuer"},
                {"none", "mail.example.org", "tls.wrong-name"}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *words = g_strconcat(rows[i].name, " 25 3", NULL);
        g_autofree char *any = g_strconcat(words, " any", NULL);
        Wish wish = {.key = "tls-flaw", .value = rows[i].flaw, .words = words, .seed = 1};
        Run made = run(&wish);
        g_assert_cmpstr(mg_toy_client_said.rule, ==, rows[i].rule);
        g_assert_cmpuint(mg_toy_client_said.secure, ==, 0);
        g_assert_cmpuint(mg_toy_client_said.failed, ==, 1);
        g_assert_cmpuint(mg_toy_server_said.noops, ==, 0);
        g_assert_cmpuint(find(made.trace, 1, "Alert: "), >, 0);
        const MgRule *rule = mg_registry_rule(registry, rows[i].rule);
        g_assert_nonnull(rule);
        uint32_t note = find(made.trace, 1, rule->text);
        g_assert_cmpuint(note, >, 0);
        g_assert_cmpstr(dissector_of(made.trace, mg_trace_record(made.trace, note)->parent), ==,
                        "tls");
        run_clear(&made);
        wish.words = any;
        made = run(&wish);
        g_assert_cmpuint(mg_toy_client_said.secure, ==, 1);
        g_assert_false(mg_toy_client_said.verified);
        g_assert_cmpuint(mg_toy_server_said.noops, ==, 3);
        run_clear(&made);
    }
}

/* What somebody in between put behind STARTTLS, in the clear, is never obeyed. */
static void test_injection(void)
{
    Run made = run(&(Wish){.words = "mx.example.net 25 1 inject", .seed = 1});
    g_assert_cmpstr(mg_toy_server_said.heard, ==,
                    "EHLO alice.example.com|STARTTLS|EHLO again.example.com|NOOP 0 secret|QUIT|");
    run_clear(&made);
}

static void test_crash(void)
{
    Run made = run(&(Wish){.words = "mx.example.net 25 100", .seed = 1, .limit = MG_SECONDS});
    g_autoptr(GError) error = NULL;
    uint32_t before = mg_trace_n_records(made.trace);
    MgIntervention down = {.at = MG_SECONDS, .text = (char *)"!host mx.example.net down"};
    g_assert_true(mg_world_intervene(made.world, &down, &error));
    g_assert_no_error(error);
    for (uint32_t n = before + 1; n <= mg_trace_n_records(made.trace); n++) /* without a goodbye */
        g_assert_cmpint(mg_trace_record(made.trace, n)->kind, !=, MG_RECORD_EXCHANGE);
    /* A world that is freed in the middle adds nothing to its trace. */
    g_autoptr(MgTrace) trace = mg_trace_ref(made.trace);
    uint32_t n = mg_trace_n_records(trace);
    run_clear(&made);
    g_assert_cmpuint(mg_trace_n_records(trace), ==, n);
}

static void test_without_plugin(void)
{
    MgRegistry *full = registry;
    registry = mg_registry_new_for_path("");
    Run made = run(&(Wish){.words = "mx.example.net 25 1", .seed = 1});
    g_assert_cmpuint(mg_toy_client_said.nobody, ==, 1);
    g_assert_cmpuint(mg_toy_server_said.noops, ==, 0);
    run_clear(&made);
    mg_registry_unref(registry);
    registry = full;
}

/* Others' reader decrypts the file without being told anything. */
static void test_tshark(void)
{
    g_autofree char *program = g_find_program_in_path("tshark");
    if (program == NULL) {
        g_test_skip("tshark is not here");
        return;
    }
    static const char *const words[] = {"mx.example.net 25 3", "mx.example.net 465 3 implicit"};
    static const char *const versions[] = {"1.2", "1.3"};
    for (size_t i = 0; i < 4; i++) {
        Run made = run(&(Wish){
            .words = words[i % 2], .key = "tls-version-max", .value = versions[i / 2], .seed = 1});
        g_autoptr(GError) error = NULL;
        g_autofree char *path =
            g_strdup_printf("%s/tls-world-%d.pcapng", g_get_tmp_dir(), getpid());
        g_assert_true(mg_pcapng_write(made.trace, path, &error));
        const char *argv[] = {program, "-n",
                              "-r",    path,
                              "-Y",    "smtp.req.command",
                              "-T",    "fields",
                              "-e",    "smtp.req.command",
                              NULL};
        g_autofree char *out = NULL, *wrong = NULL;
        g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out,
                                   &wrong, NULL, &error));
        g_strdelimit(out, "\n", ' ');
        if (i % 2 == 0)
            g_assert_cmpstr(out, ==, "EHLO STAR EHLO NOOP NOOP NOOP QUIT ");
        else
            g_assert_cmpstr(out, ==, "EHLO NOOP NOOP NOOP QUIT ");
        g_unlink(path);
        run_clear(&made);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    registry = mg_registry_new_for_path(g_getenv("MAILGLASS_PLUGIN_PATH"));
    g_test_add_func("/tls/world/starttls", test_starttls);
    g_test_add_func("/tls/world/fields", test_fields);
    g_test_add_func("/tls/world/from-the-start", test_from_the_start);
    g_test_add_func("/tls/world/weather", test_weather);
    g_test_add_func("/tls/world/reasons", test_reasons);
    g_test_add_func("/tls/world/injection", test_injection);
    g_test_add_func("/tls/world/crash", test_crash);
    g_test_add_func("/tls/world/without-plugin", test_without_plugin);
    g_test_add_func("/tls/world/tshark", test_tshark);
    int result = g_test_run();
    mg_registry_unref(registry);
    return result;
}
