/* SPDX-License-Identifier: GPL-3.0-or-later */
/* forge.c - datagrams with another's address, and datagrams that others overhear
 *
 * Five hosts in a line, client - m - server, and two beside it: x behind the client, y behind m.
 * What engines are told is written into a log, with its time in milliseconds. */
#include "toys.h"

#include <stdlib.h>

#define CLIENT "192.0.2.1"
#define MIDDLE "192.0.2.2"
#define SERVER "192.0.2.3"
#define X      "192.0.2.4"
#define Y      "192.0.2.5"

static MgRegistry *registry;
static GString *said;

typedef struct {
    MgEngine engine;
    char *words[8];
    unsigned left; /* asks */
    MgAskId asked;
    bool open, closed, cancels;
    MgDatagramQuestion datagram;
    MgForgeQuestion forgery;
    MgOverhearQuestion overhear;
} Puppet;

static Puppet *puppet_new(const MgEngineKind *kind, const MgBirth *birth)
{
    const MgVerbCall *call = birth->question;
    Puppet *puppet = g_new0(Puppet, 1);
    puppet->engine.kind = kind;
    for (size_t i = 0; i < call->n_words && i < G_N_ELEMENTS(puppet->words); i++)
        puppet->words[i] = g_strdup(call->words[i]);
    puppet->left = 1;
    return puppet;
}

static void puppet_free(MgEngine *engine)
{
    Puppet *puppet = (Puppet *)engine;
    for (size_t i = 0; i < G_N_ELEMENTS(puppet->words); i++)
        g_free(puppet->words[i]);
    g_free(puppet);
}

static bool puppet_next(Puppet *puppet, MgEvent *event, const char *topic, const void *question)
{
    if (puppet->open && puppet->cancels) {
        puppet->open = false;
        *event = (MgEvent){.kind = MG_EVENT_CANCEL, .cancel = puppet->asked};
        return true;
    }
    if (puppet->open || puppet->closed)
        return false;
    if (puppet->left == 0) {
        puppet->closed = true;
        *event = (MgEvent){.kind = MG_EVENT_CLOSE};
        return true;
    }
    puppet->left--;
    puppet->open = true;
    *event = (MgEvent){.kind = MG_EVENT_ASK,
                       .ask = {.id = ++puppet->asked, .topic = topic, .question = question}};
    return true;
}

/* ---- query ADDRESS PORT LOCAL PAYLOAD: the first two octets have to come back ---- */

static const MgEngineKind query_kind, forge_kind, hear_kind;

static MgEngine *query_create(const MgBirth *birth)
{
    Puppet *puppet = puppet_new(&query_kind, birth);
    const char *server = mg_settings_get(birth->settings, "server", NULL);
    if (server != NULL) {
        g_free(puppet->words[0]);
        puppet->words[0] = g_strdup(server);
    }
    puppet->datagram = (MgDatagramQuestion){.address = puppet->words[0],
                                            .port = (uint16_t)atoi(puppet->words[1]),
                                            .local_port = (uint16_t)atoi(puppet->words[2]),
                                            .payload = mg_span_from_string(puppet->words[3]),
                                            .timeout = MG_SECONDS,
                                            .echoes = {{0, 2}, {4, 1}}};
    return &puppet->engine;
}

static bool query_next(MgEngine *engine, MgEvent *event)
{
    Puppet *puppet = (Puppet *)engine;
    return puppet_next(puppet, event, MG_TOPIC_DATAGRAM, &puppet->datagram);
}

static bool query_answer(MgEngine *engine, MgAskId ask, const void *given, MgTime now)
{
    static const char *const reaches[] = {"", "refused", "timeout", "unreachable", "bad address"};
    Puppet *puppet = (Puppet *)engine;
    const MgDatagramAnswer *answer = given;
    g_assert_true(puppet->open);
    puppet->open = false;
    g_string_append_printf(said, "%d: %s%.*s, %u strangers\n", (int)(now / MG_MILLISECONDS),
                           reaches[answer->reach], (int)answer->payload.len,
                           (const char *)answer->payload.data, answer->strangers);
    return true;
}

/* ---- forge FROM PORT TO PORT PAYLOAD TIMES ---- */

static MgEngine *forge_create(const MgBirth *birth)
{
    Puppet *puppet = puppet_new(&forge_kind, birth);
    puppet->forgery = (MgForgeQuestion){.from_address = puppet->words[0],
                                        .from_port = (uint16_t)atoi(puppet->words[1]),
                                        .to_address = puppet->words[2],
                                        .to_port = (uint16_t)atoi(puppet->words[3]),
                                        .payload = mg_span_from_string(puppet->words[4])};
    puppet->left = puppet->words[5] != NULL ? (unsigned)atoi(puppet->words[5]) : 1;
    return &puppet->engine;
}

static bool forge_next(MgEngine *engine, MgEvent *event)
{
    Puppet *puppet = (Puppet *)engine;
    return puppet_next(puppet, event, MG_TOPIC_FORGE, &puppet->forgery);
}

static bool forge_answer(MgEngine *engine, MgAskId ask, const void *given, MgTime now)
{
    Puppet *puppet = (Puppet *)engine;
    const MgForgeAnswer *answer = given;
    g_assert_true(puppet->open);
    puppet->open = false;
    if (answer == NULL || !answer->sent)
        g_string_append_printf(said, "%d: not sent\n", (int)(now / MG_MILLISECONDS));
    return true;
}

/* ---- hear PORT TIMES, or hear PORT cancel ---- */

static MgEngine *hear_create(const MgBirth *birth)
{
    Puppet *puppet = puppet_new(&hear_kind, birth);
    puppet->overhear.port = (uint16_t)atoi(puppet->words[0]);
    puppet->cancels = strcmp(puppet->words[1], "cancel") == 0;
    puppet->left = puppet->cancels ? 1 : (unsigned)atoi(puppet->words[1]);
    return &puppet->engine;
}

static bool hear_next(MgEngine *engine, MgEvent *event)
{
    Puppet *puppet = (Puppet *)engine;
    return puppet_next(puppet, event, MG_TOPIC_OVERHEAR, &puppet->overhear);
}

static bool hear_answer(MgEngine *engine, MgAskId ask, const void *given, MgTime now)
{
    Puppet *puppet = (Puppet *)engine;
    const MgOverhearAnswer *answer = given;
    g_assert_true(puppet->open);
    puppet->open = false;
    if (answer == NULL)
        g_string_append_printf(said, "%d: deaf\n", (int)(now / MG_MILLISECONDS));
    else
        g_string_append_printf(said, "%d: hears %.*s from %s:%u to %s:%u\n",
                               (int)(now / MG_MILLISECONDS), (int)answer->payload.len,
                               (const char *)answer->payload.data, answer->from_address,
                               answer->from_port, answer->to_address, answer->to_port);
    return true;
}

#define SAME .free = puppet_free

static const MgSettingRow query_settings[] = {
    {"server", MG_SETTING_TEXT, NULL, "instead of ADDRESS"},
    {"resolver", MG_SETTING_TEXT, NULL, "a host"},
    {"number", MG_SETTING_UINT, NULL, "a number"},
    {"time", MG_SETTING_TIME, NULL, "a time"},
    {"files", MG_SETTING_FILES, NULL, "files"},
    {0},
};

static const MgEngineKind query_kind = {.name = "test.query",
                                        .verb = "query",
                                        .settings = query_settings,
                                        .create = query_create,
                                        .next = query_next,
                                        .answer = query_answer,
                                        SAME};
static const MgEngineKind forge_kind = {.name = "test.forge",
                                        .verb = "forge",
                                        .create = forge_create,
                                        .next = forge_next,
                                        .answer = forge_answer,
                                        SAME};
static const MgEngineKind hear_kind = {.name = "test.hear",
                                       .verb = "hear",
                                       .create = hear_create,
                                       .next = hear_next,
                                       .answer = hear_answer,
                                       SAME};

/* ---- the network ---- */

static const struct {
    const MgEngineKind *kind;
    uint16_t port;
} kinds[] = {{&mg_toy_clock, 37}, {&query_kind, 0}, {&forge_kind, 0}, {&hear_kind, 0}};

static MgNetwork *new_network(double loss)
{
    static const char *const addresses[] = {CLIENT, MIDDLE, SERVER, X, Y};
    static const size_t links[][2] = {{0, 1}, {1, 2}, {0, 3}, {1, 4}};
    MgNetwork *network = g_new0(MgNetwork, 1);
    network->title = g_strdup("Forgery");
    network->hosts = g_array_new(FALSE, TRUE, sizeof(MgNetworkHost));
    network->links = g_array_new(FALSE, TRUE, sizeof(MgNetworkLink));
    network->actions = g_array_new(FALSE, TRUE, sizeof(MgNetworkAction));
    network->regions = g_array_new(FALSE, TRUE, sizeof(char *));
    for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
        MgNetworkHost host = {.name = g_strdup_printf("h%zu", i),
                              .kind = g_strdup("toy"),
                              .region = g_strdup("r"),
                              .addresses = g_strsplit(addresses[i], " ", -1),
                              .n_engines = G_N_ELEMENTS(kinds)};
        host.engines = g_malloc0(sizeof kinds);
        for (size_t j = 0; j < G_N_ELEMENTS(kinds); j++) {
            host.engines[j].kind = kinds[j].kind;
            host.engines[j].port = kinds[j].port;
        }
        g_array_append_val(network->hosts, host);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(links); i++) {
        MgNetworkLink link = {.a = links[i][0], .b = links[i][1], .delay = 10 * MG_MILLISECONDS};
        link.loss = loss;
        g_array_append_val(network->links, link);
    }
    return network;
}

/* "H MILLISECONDS VERB WORDS": host H (from 0) does so. */
static void add_lines(MgNetwork *network, const char *const *lines)
{
    for (; *lines != NULL; lines++) {
        g_auto(GStrv) parts = g_strsplit(*lines, " ", 4);
        mg_toy_act(network, atoi(parts[1]) * MG_MILLISECONDS, parts[2], parts[3]);
        g_array_index(network->actions, MgNetworkAction, network->actions->len - 1).host =
            (size_t)atoi(parts[0]);
    }
}

typedef struct {
    const char *lines[8];
    double loss;
    const char *intervention; /* (nullable) at 5 ms */
    const char *said;
} Case;

static char *play(const Case *row, uint64_t seed)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgNetwork *network = new_network(row->loss);
    add_lines(network, row->lines);
    g_string_truncate(said, 0);
    MgWorld *world = mg_world_new(network, registry, seed, problems);
    if (row->intervention != NULL) {
        while (mg_world_step(world, 5 * MG_MILLISECONDS))
            continue;
        g_autofree char *text = g_strdup(row->intervention);
        g_assert_true(mg_world_intervene(
            world, &(MgIntervention){.at = 5 * MG_MILLISECONDS, .text = text}, NULL));
    }
    while (mg_world_step(world, MG_TIME_NEVER))
        continue;
    char *hash = mg_trace_hash(mg_world_trace(world));
    mg_world_free(world);
    mg_toy_network_free(network);
    return hash;
}

/* Ports of the carrier's choice begin at 49152. */
static const Case cases[] = {
    /* The true answer takes 40 ms; a forged one from x that fits is first. */
    {.lines = {"0 0 query " SERVER " 37 1000 id?q", "3 0 forge " SERVER " 37 " CLIENT " 1000 idFq"},
     .said = "10: idFq, 0 strangers\n"},
    /* The forged one comes too late, and nobody minds. */
    {.lines = {"0 0 query " SERVER " 37 1000 id?q",
               "3 35 forge " SERVER " 37 " CLIENT " 1000 idFq"},
     .said = "40: id?q, 0 strangers\n"},
    /* … and too early. */
    {.lines = {"0 15 query " SERVER " 37 1000 id?q",
               "3 0 forge " SERVER " 37 " CLIENT " 1000 idFq"},
     .said = "55: id?q, 0 strangers\n"},
    /* Another port: nobody waits there. */
    {.lines = {"0 0 query " SERVER " 37 1000 id?q", "3 0 forge " SERVER " 37 " CLIENT " 1001 idFq"},
     .said = "40: id?q, 0 strangers\n"},
    /* Another sender, another port of the sender's, another id: strangers. */
    {.lines = {"0 0 query " SERVER " 37 1000 id?q", "3 0 forge " Y " 37 " CLIENT " 1000 idFq",
               "3 0 forge " SERVER " 38 " CLIENT " 1000 idFq",
               "3 0 forge " SERVER " 37 " CLIENT " 1000 ieFq"},
     .said = "40: id?q, 3 strangers\n"},
    /* The second echo counts, too, where the question is long enough for it. */
    {.lines = {"0 0 query " SERVER " 37 1000 id??q",
               "3 0 forge " SERVER " 37 " CLIENT " 1000 idFFx",
               "3 0 forge " SERVER " 37 " CLIENT " 1000 i",
               "3 1 forge " SERVER " 37 " CLIENT " 1000 idFFqq"},
     .said = "11: idFFqq, 2 strangers\n"},
    /* Many strangers, then time is up: the server is switched off. */
    {.lines = {"0 0 query " SERVER " 37 1000 id?q",
               "3 0 forge " SERVER " 37 " CLIENT " 1000 xxxx 1000"},
     .intervention = "!host h2 down",
     .said = "1000: timeout, 1000 strangers\n"},
    /* Two wait at one port, for different servers: to each his own. */
    {.lines = {"0 0 query " SERVER " 37 1000 id?q", "0 0 query " Y " 37 1000 id!q",
               "3 0 forge " SERVER " 37 " CLIENT " 1000 idFq"},
     .said = "10: idFq, 0 strangers\n40: id!q, 1 strangers\n"},
    /* To a host that is not there; to a host that is switched off; from one that is. */
    {.lines = {"3 0 forge " SERVER " 37 192.0.2.99 1000 idFq"}, .said = "0: not sent\n"},
    {.lines = {"0 0 query " SERVER " 37 1000 id?q", "3 0 forge " SERVER " 37 " CLIENT " 1000 idFq"},
     .intervention = "!host h0 down",
     .said = ""},
    {.lines = {"0 0 query " SERVER " 37 1000 id?q",
               "3 20 forge " SERVER " 37 " CLIENT " 1000 idFq"},
     .intervention = "!host h3 down",
     .said = "40: id?q, 0 strangers\n"},
    /* All is lost. */
    {.lines = {"0 0 query " SERVER " 37 1000 id?q",
               "3 0 forge " SERVER " 37 " CLIENT " 1000 idFq 3"},
     .loss = 1,
     .said = "1000: timeout, 0 strangers\n"},
    /* m hears what passes it, both ways; x and y do not, nor does the server's own host. */
    {.lines = {"1 0 hear 0 5", "3 0 hear 0 5", "4 0 hear 0 5", "2 0 hear 0 5",
               "0 1 query " SERVER " 37 1000 id?q"},
     .said = "11: hears id?q from " CLIENT ":1000 to " SERVER ":37\n"
             "31: hears id?q from " SERVER ":37 to " CLIENT ":1000\n"
             "41: id?q, 0 strangers\n"},
    /* What is said to m itself does not pass it. */
    {.lines = {"1 0 hear 0 5", "0 1 query " MIDDLE " 37 1000 id?q"},
     .said = "21: id?q, 0 strangers\n"},
    /* Only the port that is listened to; the carrier's own ports. */
    {.lines = {"1 0 hear 49153 5", "0 1 query " SERVER " 37 0 id?q",
               "0 2 query " SERVER " 37 0 id!q"},
     .said = "12: hears id!q from " CLIENT ":49153 to " SERVER ":37\n"
             "32: hears id!q from " SERVER ":37 to " CLIENT ":49153\n"
             "41: id?q, 0 strangers\n42: id!q, 0 strangers\n"},
    /* Two listen: both hear each once. One listens no more. A forged one is heard, too. */
    {.lines = {"1 0 hear 0 2", "1 0 hear 37 1", "1 0 hear 0 cancel",
               "4 0 forge " SERVER " 37 " CLIENT " 1000 id?q"},
     .said = "10: hears id?q from " SERVER ":37 to " CLIENT ":1000\n"
             "10: hears id?q from " SERVER ":37 to " CLIENT ":1000\n"},
    /* The listener's host is switched off while it listens, and while something is on its way. */
    {.lines = {"1 0 hear 0 2", "0 1 query " SERVER " 37 1000 id?q"},
     .intervention = "!host h1 down",
     .said = "41: id?q, 0 strangers\n"},
    /* A setting is changed: who is born after that is told, who lives already is not. */
    {.lines = {"0 0 query " SERVER " 37 1000 id?q", "0 10 query " SERVER " 37 1000 id?q"},
     .intervention = "!host h0 set server " MIDDLE,
     .said = "30: id?q, 0 strangers\n40: id?q, 0 strangers\n"},
    /* The run ends while somebody listens and something is on its way. */
    {.lines = {"1 0 hear 0 9"}, .said = ""},
};

static void test_cases(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("case %zu", i);
        g_autofree char *first = play(&cases[i], 1);
        g_assert_cmpstr(said->str, ==, cases[i].said);
        g_autofree char *second = play(&cases[i], 1);
        g_assert_cmpstr(first, ==, second);
    }
}

/* A world that is thrown away in the middle, at each step. */
static void test_thrown_away(void)
{
    for (unsigned steps = 0; steps < 12; steps++) {
        g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
        const char *const lines[] = {"1 0 hear 0 9", "1 0 hear 0 1",
                                     "0 1 query " SERVER " 37 1000 id?q",
                                     "3 2 forge " SERVER " 37 " CLIENT " 1000 xxxx 3", NULL};
        MgNetwork *network = new_network(0);
        add_lines(network, lines);
        MgWorld *world = mg_world_new(network, registry, 1, problems);
        for (unsigned i = 0; i < steps; i++)
            mg_world_step(world, MG_TIME_NEVER);
        mg_world_free(world);
        mg_toy_network_free(network);
    }
}

static void test_settings(void)
{
    static const struct {
        const char *text;
        const char *problem; /* NULL: good */
    } lines[] = {
        {"!host h0 set server 192.0.2.9", NULL}, {"!host h0 set server 192.0.2.8", NULL},
        {"!host h0 set resolver h2", NULL},      {"!host h0 set number 7", NULL},
        {"!host h0 set time 20ms", NULL},        {"!host h0 set number seven", "seven"},
        {"!host h0 set time soon", "soon"},      {"!host h0 set files x", "files"},
        {"!host h0 set nothing x", "nothing"},   {"!host nobody set server x", "nobody"},
        {"!host h0 set server", NULL},           {"!host h0 set number", "cannot be"},
        {"!host h0 set", "set KEY VALUE"},
    };
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgNetwork *network = new_network(0);
    MgWorld *world = mg_world_new(network, registry, 1, problems);
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = g_strdup(lines[i].text);
        bool good = mg_world_intervene(world, &(MgIntervention){.text = text}, &error);
        g_assert_true(good == (lines[i].problem == NULL));
        if (!good)
            g_assert_nonnull(strstr(error->message, lines[i].problem));
    }
    g_assert_cmpuint(mg_trace_n_records(mg_world_trace(world)), ==, 6);
    mg_world_free(world);
    mg_toy_network_free(network);
}

/* Its flow says what it pretends, and who really sent it. */
static void test_record(void)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    const char *const lines[] = {"3 0 forge " SERVER " 37 " CLIENT " 1000 hello", NULL};
    MgNetwork *network = new_network(0);
    add_lines(network, lines);
    MgWorld *world = mg_world_new(network, registry, 1, problems);
    while (mg_world_step(world, MG_TIME_NEVER))
        continue;
    const MgTrace *trace = mg_world_trace(world);
    g_assert_cmpuint(mg_trace_n_packets(trace), ==, 1);
    const MgPacket *packet = mg_trace_packet(trace, 0);
    const MgFlow *flow = mg_trace_flow(trace, packet->flow);
    g_assert_cmpstr(flow->server_address, ==, SERVER);
    g_assert_cmpuint(flow->server, ==, 4);
    g_assert_cmpuint(flow->client, ==, 1);
    g_assert_cmpuint(flow->parent, ==, 1); /* what was said to the attacker */
    uint32_t n = mg_trace_exchange_at(trace, packet->flow, MG_FROM_SERVER, 1);
    MgSpan bytes = mg_trace_bytes(trace, n);
    g_assert_cmpmem(bytes.data, bytes.len, "hello", 5);
    g_assert_cmpint(mg_trace_record(trace, n)->until, ==, 10 * MG_MILLISECONDS);
    mg_world_free(world);
    mg_toy_network_free(network);
}

/* ---- a carrier that cannot: real sockets ---- */

static void no_cancel(void *carrier, MgLine *line)
{
}

static void test_real(void)
{
    static const MgCarrierClass plain = {.cancel = no_cancel, .close = no_cancel};
    g_autoptr(MgTrace) trace = mg_trace_new(registry);
    g_autoptr(MgRuntime) runtime = mg_runtime_new(registry, trace, 0, 1);
    MgHostId host = mg_runtime_add_host(runtime, "a", "toy", "r", CLIENT, NULL);
    mg_runtime_set_carrier(runtime, host, &plain, NULL);
    mg_runtime_add_engine(runtime, host, &forge_kind, 0, NULL);
    mg_runtime_add_engine(runtime, host, &hear_kind, 0, NULL);
    const char *const forge[] = {SERVER, "37", CLIENT, "1000", "idFq", NULL};
    const char *const hear[] = {"0", "1", NULL};
    g_string_truncate(said, 0);
    mg_runtime_say(runtime, host, "forge", &(MgVerbCall){.words = forge, .n_words = 5}, 0, NULL);
    mg_runtime_say(runtime, host, "hear", &(MgVerbCall){.words = hear, .n_words = 2}, 0, NULL);
    g_assert_cmpstr(said->str, ==, "0: not sent\n0: deaf\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    registry = mg_registry_new_for_path("");
    said = g_string_new(NULL);
    g_test_add_func("/forge/cases", test_cases);
    g_test_add_func("/forge/thrown-away", test_thrown_away);
    g_test_add_func("/forge/record", test_record);
    g_test_add_func("/forge/settings", test_settings);
    g_test_add_func("/forge/real", test_real);
    int result = g_test_run();
    g_string_free(said, TRUE);
    mg_registry_unref(registry);
    return result;
}
