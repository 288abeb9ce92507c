/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-resolve.c - the recursive resolver over name servers in process */
#include "dns-world.h"

#include "dns-cache-facts.h"
#include "dns-resolver-shared.h"
#include "dns-resolver-stream.h"

static const char hints[] = ". 3600 NS a.root.test.\na.root.test. 3600 A 192.0.2.1\n";

static const char root_zone[] = "$ORIGIN .\n$TTL 3600\n"
                                "@ SOA a.root.test. h.root.test. 1 2 3 4 900\n"
                                "@ NS a.root.test.\n"
                                "a.root.test. A 192.0.2.1\n"
                                "net NS a.gtld.net.\n"
                                "a.gtld.net. A 192.0.2.2\n"
                                "org NS ns.org.\nns.org. A 192.0.2.3\n"
                                "com NS ns.elsewhere.org.\n"
                                "loop NS ns.pool.\npool NS ns.loop.\n";
static const char net_zone[] = "$ORIGIN net.\n$TTL 1800\n"
                               "@ SOA a.gtld h 1 2 3 4 900\n@ NS a.gtld\na.gtld A 192.0.2.2\n"
                               "example NS ns.example\nexample NS ns2.example\n"
                               "ns.example A 192.0.2.10\nns2.example A 192.0.2.11\n";
static const char example_zone[] = "$ORIGIN example.net.\n$TTL 600\n"
                                   "@ SOA ns h 7 2 3 4 120\n@ NS ns\n@ NS ns2\n"
                                   "ns A 192.0.2.10\nns2 A 192.0.2.11\n"
                                   "@ MX 10 mx\nmx A 192.0.2.25\n"
                                   "www CNAME web.example.org.\n"
                                   "zero 0 A 192.0.2.99\n"
                                   "a CNAME b\nb CNAME a\n";
static const char org_zone[] = "$ORIGIN org.\n$TTL 1800\n"
                               "@ SOA ns h 1 2 3 4 900\n@ NS ns\nns A 192.0.2.3\n"
                               "example NS ns.example\nns.example A 192.0.2.3\n"
                               "elsewhere NS ns.elsewhere\nns.elsewhere A 192.0.2.4\n";
static const char example_org_zone[] = "$ORIGIN example.org.\n$TTL 300\n"
                                       "@ SOA ns h 1 2 3 4 900\n@ NS ns\nns A 192.0.2.3\n"
                                       "web A 192.0.2.80\nweb AAAA 2001:db8::80\n";
static const char elsewhere_zone[] = "$ORIGIN elsewhere.org.\n$TTL 300\n"
                                     "@ SOA ns h 1 2 3 4 900\n@ NS ns\nns A 192.0.2.4\n";
static const char com_zone[] = "$ORIGIN com.\n$TTL 300\n"
                               "@ SOA ns.elsewhere.org. h 1 2 3 4 900\n@ NS ns.elsewhere.org.\n"
                               "shop A 192.0.2.90\n";

enum { ROOT, NET, EXAMPLE, EXAMPLE2, ORG, ELSEWHERE, N_PLACES };

static void open_all(World *world, Place places[N_PLACES])
{
    const Place all[N_PLACES] = {
        [ROOT] = {.address = "192.0.2.1", .zones = {root_zone}},
        [NET] = {.address = "192.0.2.2", .zones = {net_zone}},
        [EXAMPLE] = {.address = "192.0.2.10", .zones = {example_zone}},
        [EXAMPLE2] = {.address = "192.0.2.11", .zones = {example_zone}},
        [ORG] = {.address = "192.0.2.3", .zones = {org_zone, example_org_zone}},
        [ELSEWHERE] = {.address = "192.0.2.4", .zones = {elsewhere_zone, com_zone}},
    };
    memcpy(places, all, sizeof all);
    world_open(world, places, N_PLACES, hints);
}

static void assert_reply(World *world, const char *name, const char *type, const char *wanted)
{
    g_autofree char *reply = world_ask(world, name, type);
    g_assert_cmpstr(reply, ==, wanted);
}

static void test_chain(void)
{
    World world;
    Place places[N_PLACES];
    open_all(&world, places);
    assert_reply(&world, "example.net", "MX", "NOERROR ra: example.net. 600 MX 10 mx.example.net.");
    g_assert_cmpuint(world.asked, ==, 3);
    g_assert_cmpstr(world.notes->str, ==, "dns.referral dns.referral ");
    g_assert_cmpstr(world.states->str, ==, "received>iterating iterating>answered ");
    /* The second time from the cache, ten seconds older. */
    world.now += 10 * MG_SECONDS + 1; /* (case comes along with compression) */
    assert_reply(&world, "EXAMPLE.net", "MX", "NOERROR ra: EXAMPLE.net. 589 MX 10 mx.EXAMPLE.net.");
    g_assert_cmpuint(world.asked, ==, 0);
    g_assert_cmpstr(world.notes->str, ==, "dns.cache-hit ");
    /* The delegation is known, so that one question is enough. */
    assert_reply(&world, "mx.example.net", "A", "NOERROR ra: mx.example.net. 600 A 192.0.2.25");
    g_assert_cmpuint(world.asked, ==, 1);
    /* It is over when the TTL is. */
    world.now += 600 * MG_SECONDS;
    assert_reply(&world, "example.net", "MX", "NOERROR ra: example.net. 600 MX 10 mx.example.net.");
    g_assert_cmpuint(world.asked, ==, 1);
    world_close(&world);
}

static void test_negative(void)
{
    static const char soa[] = "SOA ns.example.net. h.example.net. 7 2 3 4 120";
    g_autofree char *nxdomain = g_strdup_printf("NXDOMAIN ra / example.net. 120 %s", soa);
    g_autofree char *later = g_strdup_printf("NXDOMAIN ra / example.net. 60 %s", soa);
    g_autofree char *nodata = g_strdup_printf("NOERROR ra / example.net. 120 %s", soa);
    World world;
    Place places[N_PLACES];
    open_all(&world, places);
    assert_reply(&world, "no.example.net", "A", nxdomain);
    g_assert_nonnull(strstr(world.notes->str, "dns.negative "));
    world.now += 60 * MG_SECONDS;
    assert_reply(&world, "no.example.net", "MX", later); /* no type at all */
    g_assert_cmpuint(world.asked, ==, 0);
    world.now += 60 * MG_SECONDS;
    assert_reply(&world, "no.example.net", "MX", nxdomain);
    g_assert_cmpuint(world.asked, ==, 1);
    assert_reply(&world, "mx.example.net", "MX", nodata);
    assert_reply(&world, "mx.example.net", "MX", nodata);
    g_assert_cmpuint(world.asked, ==, 0);
    assert_reply(&world, "mx.example.net", "A", "NOERROR ra: mx.example.net. 600 A 192.0.2.25");
    world_close(&world);
}

static void test_aliases(void)
{
    World world;
    Place places[N_PLACES];
    open_all(&world, places);
    assert_reply(&world, "www.example.net", "AAAA",
                 "NOERROR ra: web.example.org. 300 AAAA 2001:db8::80 ; "
                 "www.example.net. 600 CNAME web.example.org.");
    g_assert_nonnull(strstr(world.notes->str, "dns.alias "));
    assert_reply(&world, "www.example.net", "CNAME",
                 "NOERROR ra: www.example.net. 600 CNAME web.example.org.");
    g_assert_cmpuint(world.asked, ==, 0);
    assert_reply(&world, "a.example.net", "A",
                 "SERVFAIL ra: a.example.net. 600 CNAME b.example.net. ; "
                 "b.example.net. 600 CNAME a.example.net.");
    g_assert_nonnull(strstr(world.notes->str, "dns.alias-loop "));
    world_close(&world);
}

/* The name server of com lies in org: its address is a question of its own. */
static void test_no_glue(void)
{
    World world;
    Place places[N_PLACES];
    open_all(&world, places);
    assert_reply(&world, "shop.com", "A", "NOERROR ra: shop.com. 300 A 192.0.2.90");
    g_assert_cmpuint(places[ELSEWHERE].asked, ==, 2);
    assert_reply(&world, "x.loop", "A", "SERVFAIL ra");
    g_assert_nonnull(strstr(world.notes->str, "dns.no-server "));
    world_close(&world);
}

static void test_bad_servers(void)
{
    static const struct {
        Health health;
        const char *note;
    } rows[] = {{DEAD, "dns.server-timeout "}, {REFUSING, "dns.lame "},
                {LAME, "dns.lame "},           {GARBAGE, "dns.broken "},
                {WRONG_ID, "dns.mismatch "},   {UNREACHABLE, "dns.server-unreachable "}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        bool noted = false;
        /* By chance it asks the good server first: so, several seeds. */
        for (uint64_t seed = 0; seed < 12; seed++) {
            World world;
            Place places[N_PLACES];
            open_all(&world, places);
            world.seed = seed * 77;
            places[EXAMPLE].health = rows[i].health;
            assert_reply(&world, "mx.example.net", "A",
                         "NOERROR ra: mx.example.net. 600 A 192.0.2.25");
            noted = noted || strstr(world.notes->str, rows[i].note) != NULL;
            places[EXAMPLE2].health = rows[i].health;
            assert_reply(&world, "example.net", "MX", "SERVFAIL ra");
            g_assert_nonnull(strstr(world.notes->str, rows[i].note));
            /* Two servers, twice each; the zone above; the two once more. */
            g_assert_cmpuint(world.asked, <=, 9);
            world_close(&world);
        }
        g_assert_true(noted);
    }
}

static void add(MgDnsWriter *writer, MgDnsSection section, const char *name, const char *type,
                const char *data)
{
    MgDnsName owner;
    uint16_t number = 0;
    size_t at = 0;
    g_autoptr(GByteArray) wire = g_byte_array_new();
    MgDnsToken token = {.text = mg_span_from_string(data)};
    g_assert_null(mg_dns_name_parse(mg_span_from_string(name), NULL, &owner));
    g_assert_true(mg_dns_type_parse(mg_span_from_string(type), &number));
    g_assert_null(mg_dns_data_parse(number, &token, 1, NULL, wire, &at));
    g_assert_true(mg_dns_write_record(writer, section, mg_dns_name_span(&owner), number, 9999,
                                      (MgSpan){wire->data, wire->len}));
}

/* The server of example.net tells lies about others beside its answer. */
static void lie(MgDnsWriter *writer, const MgDnsMessage *query)
{
    add(writer, MG_DNS_ANSWER, "mx.example.net", "A", "192.0.2.25");
    add(writer, MG_DNS_ANSWER, "web.example.org", "A", "203.0.113.66");
    add(writer, MG_DNS_AUTHORITY, "org", "NS", "ns.evil.test.");
    add(writer, MG_DNS_AUTHORITY, "net", "NS", "ns.evil.test.");
    add(writer, MG_DNS_ADDITIONAL, "ns.evil.test", "A", "203.0.113.66");
    add(writer, MG_DNS_ADDITIONAL, "ns.org", "A", "203.0.113.66");
}

static void refer_upwards(MgDnsWriter *writer, const MgDnsMessage *query)
{
    add(writer, MG_DNS_AUTHORITY, "net", "NS", "a.gtld.net.");
    add(writer, MG_DNS_ADDITIONAL, "a.gtld.net", "A", "192.0.2.2");
}

static void test_poison(void)
{
    World world;
    Place places[N_PLACES];
    open_all(&world, places);
    places[EXAMPLE].health = places[EXAMPLE2].health = CUSTOM;
    places[EXAMPLE].custom = places[EXAMPLE2].custom = lie;
    places[EXAMPLE].custom_flags = places[EXAMPLE2].custom_flags = MG_DNS_AA;
    assert_reply(&world, "mx.example.net", "A", "NOERROR ra: mx.example.net. 9999 A 192.0.2.25");
    g_assert_nonnull(strstr(world.notes->str, "dns.bailiwick "));
    assert_reply(&world, "web.example.org", "A", "NOERROR ra: web.example.org. 300 A 192.0.2.80");
    assert_reply(&world, "ns.org", "A", "NOERROR ra: ns.org. 1800 A 192.0.2.3");
    places[EXAMPLE].custom = places[EXAMPLE2].custom = refer_upwards;
    places[EXAMPLE].custom_flags = places[EXAMPLE2].custom_flags = 0;
    assert_reply(&world, "new.example.net", "A", "SERVFAIL ra");
    g_assert_cmpuint(world.asked, <=, 5);
    world_close(&world);
}

/* Every ask, unanswered in its turn, still leads to a reply. */
static void test_every_ask(void)
{
    for (unsigned fail = 1; fail <= 8; fail++) {
        World world;
        Place places[N_PLACES];
        open_all(&world, places);
        world.fail_ask = fail;
        g_autofree char *reply = world_ask(&world, "www.example.net", "A");
        g_assert_true(g_str_has_prefix(reply, "SERVFAIL ra") || g_str_has_prefix(reply, "NOERROR"));
        g_assert_true(fail > world.asked || fail != 1 || g_str_has_prefix(reply, "SERVFAIL"));
        world_close(&world);
    }
}

static void test_zero_ttl(void)
{
    World world;
    Place places[N_PLACES];
    open_all(&world, places);
    for (unsigned i = 0; i < 2; i++) {
        assert_reply(&world, "zero.example.net", "A",
                     "NOERROR ra: zero.example.net. 0 A 192.0.2.99");
        g_assert_cmpuint(world.asked, ==, i == 0 ? 3 : 1);
        world.now += 1000;
    }
    world_close(&world);
}

static void test_same_seed(void)
{
    g_autofree char *first = NULL;
    for (unsigned i = 0; i < 2; i++) {
        World world;
        Place places[N_PLACES];
        open_all(&world, places);
        world.seed = 42;
        g_autofree char *reply = world_ask(&world, "mx.example.net", "A");
        g_autofree char *all =
            g_strdup_printf("%s %u %u", reply, places[EXAMPLE].asked, places[EXAMPLE2].asked);
        if (first == NULL)
            first = g_steal_pointer(&all);
        else
            g_assert_cmpstr(all, ==, first);
        world_close(&world);
    }
}

static void test_small_cache(void)
{
    static const MgDnsCacheLimits limits = {.sets = 64, .ttl_max = 3600, .negative_ttl_max = 3600};
    MgDnsCache *cache = mg_dns_cache_new(&limits);
    for (unsigned i = 0; i < 1000; i++) {
        g_autofree char *text = g_strdup_printf("n%u.example.net", i);
        MgDnsName name;
        static const uint8_t data[] = {0, 0};
        g_assert_null(mg_dns_name_parse(mg_span_from_string(text), NULL, &name));
        MgDnsCached set = {.name = mg_dns_name_span(&name),
                           .type = MG_DNS_TXT,
                           .n = 1,
                           .trust = MG_DNS_TRUST_AUTHORITY,
                           .data = {data, sizeof data}};
        mg_dns_cache_put(cache, &set, 60, 0);
        g_assert_nonnull(mg_dns_cache_get(cache, set.name, MG_DNS_TXT, 0));
        g_assert_cmpuint(mg_dns_cache_size(cache), <=, 64);
        /* What is worth less does not replace it. */
        set.trust = MG_DNS_TRUST_ANSWER;
        mg_dns_cache_put(cache, &set, 9000, 0);
        const MgDnsCached *got = mg_dns_cache_get(cache, set.name, MG_DNS_TXT, 0);
        g_assert_cmpuint(mg_dns_cached_ttl(got, 0), ==, 60);
        g_assert_null(mg_dns_cache_get(cache, set.name, MG_DNS_TXT, 60 * MG_SECONDS));
    }
    mg_dns_cache_free(cache);
}

static void flush(World *world, const char *name, const char *rule)
{
    const char *const words[] = {name, NULL};
    const MgVerbCall call = {.words = words, .n_words = name != NULL};
    const MgSettings none = {NULL, 0};
    const MgBirth birth = {.question = &call, .shared = world->resolver, .settings = &none};
    g_autoptr(MgEngine) engine = mg_dns_flush.create(&birth);
    MgEvent event;
    g_assert_true(mg_engine_next(engine, &event));
    g_assert_cmpint(event.kind, ==, MG_EVENT_NOTE);
    g_assert_cmpstr(event.note.rule->id, ==, rule);
    g_assert_true(mg_engine_next(engine, &event));
    g_assert_cmpint(event.kind, ==, MG_EVENT_CLOSE);
    g_assert_false(mg_engine_next(engine, &event));
}

static void test_flush(void)
{
    World world;
    Place places[N_PLACES];
    MgFact facts[10];
    open_all(&world, places);
    const char *wanted = "NOERROR ra: example.net. 600 MX 10 mx.example.net.";
    assert_reply(&world, "example.net", "MX", wanted);
    g_assert_cmpuint(mg_dns_cache_facts(world.resolver, 0, facts, 10), >, 3);
    g_assert_cmpstr(facts[0].label, ==, "Sets in the cache");
    g_assert_nonnull(strstr(facts[1].value, "example.net.\tMX\t600 s\t192.0.2.1"));
    g_assert_nonnull(strstr(facts[1].value, "\tauthority"));
    flush(&world, "a..b", "dns.flush-name");
    flush(&world, "other.net", "dns.forgotten");
    assert_reply(&world, "example.net", "MX", wanted);
    g_assert_cmpuint(world.asked, ==, 0);
    flush(&world, "example.NET", "dns.forgotten");
    assert_reply(&world, "example.net", "MX", wanted);
    g_assert_cmpuint(world.asked, ==, 2);
    flush(&world, NULL, "dns.flushed");
    g_assert_cmpuint(mg_dns_cache_facts(world.resolver, 0, facts, 10), ==, 1);
    assert_reply(&world, "example.net", "MX", wanted);
    g_assert_cmpuint(world.asked, ==, 3);
    world_close(&world);
}

/* Of each query: its id, its port, whether its name has capitals. */
static void test_habits(void)
{
    World world;
    Place places[N_PLACES];
    open_all(&world, places);
    MgDnsResolverShared *shared = world.resolver;
    MgDnsName name;
    g_assert_null(mg_dns_name_parse(MG_SPAN("a-long-name.example.net"), NULL, &name));
    for (unsigned safe = 0; safe < 2; safe++) {
        shared->habits.random_id = shared->habits.random_port = safe == 1;
        shared->habits.mixed_case = safe == 1;
        shared->last_id = 41;
        for (unsigned i = 0; i < 3; i++) {
            MgDatagramQuestion question;
            MgDnsMessage message;
            MgDnsRecursion *recursion =
                mg_dns_resolver_recur(shared, 7 + i, mg_dns_name_span(&name), MG_DNS_A, true);
            g_assert_true(mg_dns_recursion_step(recursion, 0, &question));
            g_assert_true(mg_dns_message_open(&message, question.payload));
            bool plain =
                message.name.len == name.len && memcmp(message.name.wire, name.wire, name.len) == 0;
            g_assert_true(
                mg_dns_name_equal(mg_dns_name_span(&message.name), mg_dns_name_span(&name)));
            g_assert_true(plain == (safe == 0));
            g_assert_true((question.local_port == MG_DNS_FIXED_PORT) == (safe == 0));
            g_assert_true((message.id == 42 + i) == (safe == 0));
            mg_dns_recursion_free(recursion);
        }
    }
    world_close(&world);
}

static void test_stream(void)
{
    static const uint8_t query[] = "0123456789abcdef";
    const MgDnsStreamQuestion question = {
        .address = "192.0.2.1", .port = 53, .payload = {query, 16}, .timeout = 2 * MG_SECONDS};
    for (unsigned way = 0; way < 4; way++) { /* an answer; refused; hung up; silent */
        const MgBirth birth = {.question = &question};
        g_autoptr(MgEngine) engine = mg_dns_stream.create(&birth);
        MgConnectAnswer connected = {.reach = way == 1 ? MG_REACH_REFUSED : MG_REACH_OK};
        MgEvent event;
        g_assert_true(mg_engine_next(engine, &event));
        g_assert_cmpstr(event.ask.topic, ==, MG_TOPIC_CONNECT);
        g_assert_true(mg_engine_answer(engine, event.ask.id, &connected, 0));
        g_assert_true(mg_engine_next(engine, &event) && event.kind == MG_EVENT_STATE);
        if (way != 1) {
            g_assert_true(mg_engine_next(engine, &event) && event.kind == MG_EVENT_SEND);
            g_assert_cmpmem(event.send.data, event.send.len, "\0\0200123456789abcdef", 18);
            mg_engine_receive(engine, MG_SPAN("\0"), 0);
            mg_engine_receive(engine, MG_SPAN("\003ab"), 0);
            g_assert_false(mg_engine_next(engine, &event));
            g_assert_cmpint(mg_engine_deadline(engine), ==, 2 * MG_SECONDS);
            if (way == 0)
                mg_engine_receive(engine, MG_SPAN("cd"), 0);
            else if (way == 2)
                mg_engine_receive_end(engine, MG_END_CLOSED, 0);
            else
                mg_engine_advance(engine, 2 * MG_SECONDS);
            g_assert_true(mg_engine_next(engine, &event) && event.kind == MG_EVENT_STATE);
        }
        static const MgReach wanted[] = {MG_REACH_OK, MG_REACH_REFUSED, MG_REACH_REFUSED,
                                         MG_REACH_TIMEOUT};
        g_assert_true(mg_engine_next(engine, &event) && event.kind == MG_EVENT_DELIVER);
        const MgDnsStreamAnswer *answer = event.deliver.item;
        g_assert_cmpint(answer->reach, ==, wanted[way]);
        if (way == 0)
            g_assert_cmpmem(answer->payload.data, answer->payload.len, "abc", 3);
        g_assert_true(mg_engine_next(engine, &event) && event.kind == MG_EVENT_CLOSE);
        g_assert_false(mg_engine_next(engine, &event));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dns/resolve/chain", test_chain);
    g_test_add_func("/dns/resolve/negative", test_negative);
    g_test_add_func("/dns/resolve/aliases", test_aliases);
    g_test_add_func("/dns/resolve/no-glue", test_no_glue);
    g_test_add_func("/dns/resolve/bad-servers", test_bad_servers);
    g_test_add_func("/dns/resolve/poison", test_poison);
    g_test_add_func("/dns/resolve/every-ask", test_every_ask);
    g_test_add_func("/dns/resolve/zero-ttl", test_zero_ttl);
    g_test_add_func("/dns/resolve/same-seed", test_same_seed);
    g_test_add_func("/dns/resolve/small-cache", test_small_cache);
    g_test_add_func("/dns/resolve/flush", test_flush);
    g_test_add_func("/dns/resolve/habits", test_habits);
    g_test_add_func("/dns/resolve/stream", test_stream);
    return g_test_run();
}
