/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attack.c - the attackers' engines alone: nobody answers, nonsense answers, words without sense
 *
 * What they do in a network is attack.py's. */
#include "dns-attack.h"
#include "dns.h"

static uint64_t chance = 1;

static MgEngine *say(const MgEngineKind *kind, const char *text, const MgSettings *settings)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    MgVerbCall call = {.words = (const char *const *)words, .n_words = g_strv_length(words)};
    if (text[0] == '\0')
        call.n_words = 0;
    MgBirth birth = {.question = &call,
                     .settings = settings,
                     .host = "mallory",
                     .local_address = "192.0.2.66",
                     .seed = mg_random_next(&chance)};
    return kind->create(&birth);
}

/* A DNS message, or something like it: what was asked with flags and octets by chance. */
static size_t nonsense(const MgAsk *ask, uint8_t out[600])
{
    const MgDatagramQuestion *question = ask->question;
    size_t len = mg_random_next(&chance) % 600;
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)mg_random_next(&chance);
    if (strcmp(ask->topic, MG_TOPIC_DATAGRAM) != 0)
        return len;
    size_t kept = MIN(len, question->payload.len);
    memcpy(out, question->payload.data, kept);
    if (len > 8) {
        out[2] |= 0x80;
        out[7] = (uint8_t)(mg_random_next(&chance) % 3);
    }
    return len;
}

/* Answers each ask: by NULL with `silence` of 4 chances. */
static void answer_ask(MgEngine *engine, const MgAsk *ask, unsigned silence)
{
    uint8_t octets[600];
    bool none = mg_random_next(&chance) % 4 < silence;
    size_t len = nonsense(ask, octets);
    MgAskId id = ask->id;
    MgDatagramAnswer datagram = {.reach = MG_REACH_OK, .payload = {octets, len}};
    MgForgeAnswer forged = {mg_random_next(&chance) % 2 == 0};
    MgOverhearAnswer heard = {"192.0.2.53", "192.0.2.66", 5353, 53, {octets, len}};
    MgLookupRecord row = {"x.", MG_DNS_A, 5, "192.0.2.9"};
    MgLookupAnswer found = {true, 0, &row, len % 2};
    const void *answer = &datagram;
    if (strcmp(ask->topic, MG_TOPIC_FORGE) == 0)
        answer = &forged;
    else if (strcmp(ask->topic, MG_TOPIC_OVERHEAR) == 0)
        answer = &heard;
    else if (strcmp(ask->topic, MG_TOPIC_LOOKUP) == 0)
        answer = &found;
    g_assert_true(mg_engine_answer(engine, id, none ? NULL : answer, 0));
    g_assert_false(mg_engine_answer(engine, id, none ? NULL : answer, 0));
}

/* Lets it talk; at most `asks` are answered. True: it has closed. */
static bool drive(MgEngine *engine, unsigned asks, unsigned silence)
{
    MgEvent event;
    MgFact facts[8];
    while (mg_engine_next(engine, &event)) {
        if (engine->kind->facts != NULL)
            engine->kind->facts(engine, facts, mg_random_next(&chance) % 9);
        if (event.kind == MG_EVENT_CLOSE) {
            g_assert_false(mg_engine_next(engine, &event));
            return true;
        }
        if (event.kind != MG_EVENT_ASK)
            continue;
        if (asks-- == 0)
            return false;
        answer_ask(engine, &event.ask, silence);
    }
    return false;
}

static const struct {
    const MgEngineKind *kind;
    const char *good;
} verbs[] = {
    {&mg_dns_poison, "mx.example.net at 192.0.2.53 with 192.0.2.66 tries 3"},
    {&mg_dns_poison, "mx.example.net at 192.0.2.53 with 2001:db8::66"},
    {&mg_dns_spoof, "mx.example.net with 192.0.2.66"},
    {&mg_dns_spoof, "mx.example.net with 2001:db8::66"},
    {&mg_dns_watch, ""},
    {&mg_dns_leak, "test.example expecting 192.0.2.53"},
};

static const MgSetting rows[] = {{"attacker-domain", "mallory.example", 15, NULL, 0},
                                 {"flood", "7", 1, NULL, 0}};
static const MgSettings settings = {rows, G_N_ELEMENTS(rows)};

static void test_nobody(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
        g_autoptr(MgEngine) engine = say(verbs[i].kind, verbs[i].good, &settings);
        g_assert_true(drive(engine, 200, 4));
    }
}

static void test_nonsense(void)
{
    for (unsigned round = 0; round < 3000; round++) {
        size_t i = round % G_N_ELEMENTS(verbs);
        g_autoptr(MgEngine) engine = say(verbs[i].kind, verbs[i].good, &settings);
        drive(engine, (unsigned)(mg_random_next(&chance) % 300), round % 3);
    }
}

static void test_words(void)
{
    static const struct {
        const MgEngineKind *kind;
        const char *words;
    } bad[] = {
        {&mg_dns_poison, ""},
        {&mg_dns_poison, "@ at 192.0.2.53 with 192.0.2.66"},
        {&mg_dns_poison, "a..b at 192.0.2.53 with 192.0.2.66"},
        {&mg_dns_poison, "a.b at resolver with 192.0.2.66"},
        {&mg_dns_poison, "a.b at 192.0.2.53 with me"},
        {&mg_dns_poison, "a.b at 192.0.2.53 with 192.0.2.66 tries many"},
        {&mg_dns_poison, "a.b at 192.0.2.53 with 192.0.2.66 tries 0"},
        {&mg_dns_spoof, ""},
        {&mg_dns_spoof, "@ with 192.0.2.66"},
        {&mg_dns_spoof, "a.b with me"},
        {&mg_dns_leak, ""},
        {&mg_dns_leak, "a..b expecting 192.0.2.53"},
        {&mg_dns_leak, "a.b expecting me"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(MgEngine) engine = say(bad[i].kind, bad[i].words, &settings);
        g_assert_true(drive(engine, 0, 4)); /* it asks nobody */
    }
}

/* ---- servers ---- */

static MgEngine *serve(const MgEngineKind *kind, void *shared, const char *peer)
{
    static const MgSetting row = {"resolver", "192.0.2.53", 10, NULL, 0};
    const MgSettings some = {&row, 1};
    MgBirth birth = {.shared = shared,
                     .settings = &some,
                     .host = "rogue",
                     .local_address = "192.0.2.66",
                     .peer_address = peer,
                     .local_port = 53,
                     .peer_port = 5000};
    return kind->create(&birth);
}

static void *lies_of(const char *text, unsigned n_problems)
{
    MgSetting row = {"lies", text, strlen(text), NULL, 0};
    MgSettings some = {&row, 1};
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    void *shared = mg_dns_liar.setup(&some, problems);
    g_assert_cmpuint(problems->len, ==, n_problems);
    g_assert_true((shared == NULL) == (n_problems > 0));
    return shared;
}

static void test_lies(void)
{
    static const char *const bad[] = {"mx.example.net",
                                      "192.0.2.66",
                                      "a..b 192.0.2.66",
                                      "@ 192.0.2.1",
                                      "mx.example.net 192.0.2.66 192.0.2.67",
                                      "a.b 192.0.2.66; c"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        lies_of(bad[i], 1);
    static const char *const good[] = {"", ";", " mx.example.net  192.0.2.66 ;; a.b 2001:db8::1;"};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
        mg_dns_liar.teardown(lies_of(good[i], 0));
}

static void test_servers(void)
{
    void *shared = lies_of("mx.example.net 192.0.2.66", 0);
    const MgEngineKind *const kinds[] = {&mg_dns_liar, &mg_dns_who};
    for (unsigned round = 0; round < 4000; round++) {
        uint8_t query[600];
        MgDnsWriter writer;
        MgDnsName name;
        const MgEngineKind *kind = kinds[round % 2];
        g_autoptr(MgEngine) engine =
            serve(kind, kind == &mg_dns_liar ? shared : NULL, round % 7 == 0 ? NULL : "192.0.2.10");
        mg_dns_name_parse(mg_span_from_string(round % 3 == 0 ? "MX.example.net" : "x.y"), NULL,
                          &name);
        mg_dns_writer_init(&writer, query, sizeof query);
        mg_dns_write_header(&writer, 7, MG_DNS_RD);
        mg_dns_write_question(&writer, mg_dns_name_span(&name), round % 2 ? MG_DNS_A : MG_DNS_AAAA,
                              MG_DNS_IN);
        if (round > 100) /* some octets by chance */
            for (unsigned i = 0; i < 3; i++)
                query[mg_random_next(&chance) % writer.len] = (uint8_t)mg_random_next(&chance);
        size_t len = round > 2000 ? mg_random_next(&chance) % (writer.len + 1) : writer.len;
        mg_engine_receive(engine, (MgSpan){query, len}, 0);
        if (round % 11 == 0)
            mg_engine_receive_end(engine, MG_END_RESET, 0);
        drive(engine, round % 11 == 0 ? 0 : round % 5, round % 4);
    }
    mg_dns_liar.teardown(shared);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/attack/nobody", test_nobody);
    g_test_add_func("/attack/nonsense", test_nonsense);
    g_test_add_func("/attack/words", test_words);
    g_test_add_func("/attack/lies", test_lies);
    g_test_add_func("/attack/servers", test_servers);
    return g_test_run();
}
