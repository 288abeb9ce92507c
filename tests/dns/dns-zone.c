/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-zone.c - master files: what is right is read, what is wrong is pointed at; and servers'
 * answers that are easier to say here than with a peer */
#include "dns-zone.h"
#include "dns-world.h"

static void take(void *user, const MgDnsZoneRecord *record)
{
    GString *out = user;
    mg_dns_name_format(mg_dns_name_span(&record->owner), out);
    g_string_append_printf(out, " %u ", record->ttl);
    mg_dns_type_format(record->type, out);
    g_string_append_c(out, ' ');
    mg_dns_data_format(record->type, record->data, out);
    g_string_append_printf(out, " @%u:%u\n", record->line, record->column);
}

static void test_forms(void)
{
    static const char text[] = "$ORIGIN example.net. ; a comment\n"
                               "$TTL 1h30m\n"
                               "@ IN SOA ns hostmaster ( ; opened\n"
                               "    1   ; serial\n"
                               "    2h 15m 2w\n"
                               "    300 )\n"
                               "  NS ns\n"
                               "\n"
                               "   ; nothing here\n"
                               "ns 60 IN A 192.0.2.1\n"
                               "   IN 70 AAAA 2001:DB8:0:0:0:0:0:1\n"
                               "a\\.b\\032c TXT \"quo\\\"ted\" plain \"\" \\065\n"
                               "$ORIGIN sub\n"
                               "x MX 10 @\n"
                               "y CNAME other.example.\r\n"
                               "_a._tcp SRV 1 2 3 .\n"
                               "u TYPE999 \\# 4 DEAD BEEF\n"
                               "m TYPE1 \\# 4 c0000201\n"
                               "c CAA 0 issue \";\"";
    static const char wanted[] =
        "example.net. 5400 SOA ns.example.net. hostmaster.example.net. 1 7200 900 1209600 300 "
        "@3:1\n"
        "example.net. 5400 NS ns.example.net. @7:3\n"
        "ns.example.net. 60 A 192.0.2.1 @10:1\n"
        "ns.example.net. 70 AAAA 2001:db8::1 @11:4\n"
        "a\\.b\\032c.example.net. 5400 TXT \"quo\\\"ted\" \"plain\" \"\" \"A\" @12:1\n"
        "x.sub.example.net. 5400 MX 10 sub.example.net. @14:1\n"
        "y.sub.example.net. 5400 CNAME other.example. @15:1\n"
        "_a._tcp.sub.example.net. 5400 SRV 1 2 3 . @16:1\n"
        "u.sub.example.net. 5400 TYPE999 \\# 4 DEADBEEF @17:1\n"
        "m.sub.example.net. 5400 A 192.0.2.1 @18:1\n"
        "c.sub.example.net. 5400 CAA 0 issue \";\" @19:1\n";
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    bool good = mg_dns_zone_read(mg_span_from_string(text), "f", NULL, take, out, problems);
    for (guint i = 0; i < problems->len; i++)
        g_test_message("%s", (char *)g_ptr_array_index(problems, i));
    g_assert_true(good);
    g_assert_cmpstr(out->str, ==, wanted);
}

#define SOA "$TTL 60\n$ORIGIN a.test.\n@ SOA ns h 1 2 3 4 5\n@ NS ns\n"

static void test_mistakes(void)
{
    static const struct {
        const char *text, *problem;
    } rows[] = {
        {SOA "x A 192.0.2.300\n", "f:5:5: error: not an IPv4 address"},
        {SOA "x AAAA 2001::db8::1\n", "f:5:8: error: not an IPv6 address"},
        {SOA "x MX ten mx\n", "f:5:6: error: not a number up to 65535"},
        {SOA "x MX 10\n", "f:5:6: error: something is missing at the end of this record"},
        {SOA "x MX 10 mx 20\n", "f:5:12: error: this is more than a record of this type has"},
        {SOA "x NOPE 1\n", "f:5:3: error: not a record type; an unknown one is written TYPE123"},
        {SOA "x 60\n", "f:5:3: error: the type of this record is missing"},
        {SOA "x TXT \"open\ny A 192.0.2.1\n", "f:5:7: error: this quote has no end on its line"},
        {SOA "x TXT ( \"open\"\ny A 192.0.2.1\n", "f:5:7: error: a ( without its )"},
        {SOA "x TXT open )\n", "f:5:12: error: a ) without its ("},
        {SOA "$INCLUDE other\n", "f:5:10: error: this file must be named in `zones`, too"},
        {SOA "$GENERATE 1-2 x\n", "f:5:1: error: unknown directive"},
        {SOA "$INCLUDE f\n", "f:5:10: error: too many files in files"},
        {SOA "$INCLUDE \"\"\n", "f:5:10: error: this cannot be a file's name"},
        {SOA "$INCLUDE f a..b\n", "f:5:12: error: a name has an empty label"},
        {SOA "$TTL 3000000000\n", "f:5:6: error: a TTL is at most"},
        {SOA "$TTL soon\n", "f:5:6: error: not a number of seconds"},
        {SOA "a..b A 192.0.2.1\n", "f:5:1: error: a name has an empty label"},
        {SOA "x CNAME "
             "a123456789b123456789c123456789d123456789e123456789f123456789g123\n",
         "f:5:9: error: a label has more than 63 octets"},
        {SOA "x\\300 A 192.0.2.1\n", "f:5:1: error: a name has a wrong escape"},
        {SOA "x TYPE9999 \\# 3 abcd\n", "f:5:15: error: this is not the length of the data"},
        {SOA "x A \\# 3 abcdef\n", "f:5:5: error: this type's data cannot be like this"},
        {SOA "x NULL 1 2 3\n", "f:5:8: error: data of this type can only be written as"},
        {SOA "x CNAME y\nx A 192.0.2.1\n", "f:6:1: error: this name is an alias (CNAME)"},
        {SOA "x CNAME y\nx CNAME z\n", "f:6:1: error: a name has one CNAME"},
        {SOA "@ SOA ns h 2 2 3 4 5\n", "f:5:1: error: a zone has one SOA record"},
        {SOA "other.test. A 192.0.2.1\n", "f:5:1: error: this name is not in the zone"},
        {SOA "x CH TXT hello\n", "f:5:1: error: only records of class IN are served here"},
        {SOA "x ANY 1\n", "f:5:3: error: no zone has records of this type"},
        {SOA "x 4294967295 A 192.0.2.1\n", "f:5:3: error: a TTL is at most 2147483647"},
        {"a.test. A 192.0.2.1\n", "f:1:1: error: this record has no TTL"},
        {"  A 192.0.2.1\n", "f:1:3: error: this line begins blank"},
        {"$TTL 60\na.test. NS ns\n", "f:1:1: error: this zone has no SOA record"},
        {"$TTL 60\na.test. SOA ns h 1 2 3 4 5\n",
         "f:2:1: error: this zone names no name server: its apex has no NS record"},
        {"", "f:1:1: error: this zone has no SOA record"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const MgSetting row = {
            .key = "zones", .value = rows[i].text, .len = strlen(rows[i].text), .path = "f"};
        const MgSettings settings = {&row, 1};
        g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
        g_assert_null(mg_dns_server.setup(&settings, problems));
        g_assert_cmpuint(problems->len, >=, 1);
        const char *problem = g_ptr_array_index(problems, 0);
        if (!g_str_has_prefix(problem, rows[i].problem))
            g_error("in %s\nwanted %s\ngot    %s", rows[i].text, rows[i].problem, problem);
    }
}

/* Each mistake of a file is told, not the first alone; there is an end to it. */
static void test_many_mistakes(void)
{
    g_autoptr(GString) text = g_string_new(SOA);
    g_autoptr(GString) out = g_string_new(NULL);
    for (unsigned i = 0; i < 1000; i++)
        g_string_append(text, "x A nowhere\n");
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_assert_false(
        mg_dns_zone_read(mg_span_from_string(text->str), "f", NULL, take, out, problems));
    g_assert_cmpuint(problems->len, ==, MG_DNS_ZONE_PROBLEMS_MAX);
}

static void test_origin_of_file(void)
{
    static const char text[] = "$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\n";
    const MgSetting rows[] = {
        {.key = "zones", .value = text, .len = sizeof text - 1, .path = "zones/example.org.zone"},
        {.key = "zones", .value = text, .len = sizeof text - 1, .path = "zones/root.zone"}};
    const MgSettings settings = {rows, 2};
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgDnsZones *zones = mg_dns_zones_new(&settings, "zones", problems);
    g_autoptr(GString) name = g_string_new(NULL);
    mg_dns_name_format(mg_dns_zones_apex(zones, 0), name);
    mg_dns_name_format(mg_dns_zones_apex(zones, 1), name);
    g_assert_cmpstr(name->str, ==, "example.org..");
    mg_dns_zones_free(zones);
    const MgSettings twice = {(const MgSetting[]){rows[0], rows[0]}, 2};
    g_assert_null(mg_dns_zones_new(&twice, "zones", problems));
    g_assert_cmpstr(g_ptr_array_index(problems, 0), ==,
                    "zones/example.org.zone:2:1: error: another file has this zone already");
}

/* A file that another one includes is no zone by itself; where it is named, it is relative. */
static void test_includes(void)
{
    static const char zone[] = "$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\n$include \"more.inc\" sub\n"
                               "  TXT \"the apex again\"\n";
    static const char more[] = "a A 192.0.2.1\n@ CNAME b\n$INCLUDE more2.inc\n";
    const MgSetting rows[] = {
        {.key = "zones", .value = more, .len = sizeof more - 1, .path = "zones/more.inc"},
        {.key = "zones", .value = zone, .len = sizeof zone - 1, .path = "zones/a.test.zone"},
        {.key = "zones", .value = "b.x A 192.0.2.2", .len = 15, .path = "zones/more2.inc"}};
    const MgSettings settings = {rows, 3}, fewer = {rows, 2};
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(MgDnsZones) zones = mg_dns_zones_new(&settings, "zones", problems);
    g_assert_cmpuint(problems->len, ==, 0);
    g_assert_cmpuint(mg_dns_zones_n(zones), ==, 1);
    g_assert_null(mg_dns_zones_new(&fewer, "zones", problems));
    g_assert_true(g_str_has_prefix(g_ptr_array_index(problems, 0),
                                   "zones/more.inc:3:10: error: this file must be named"));
}

/* ---- servers ---- */

static void *open_zone(void)
{
    g_autoptr(GString) text = g_string_new(SOA "ns A 192.0.2.1\n");
    for (unsigned i = 0; i < 40; i++)
        g_string_append_printf(text, "big TXT \"%u, and some more text to make it longer\"\n", i);
    const MgSetting row = {.key = "zones", .value = text->str, .len = text->len, .path = "f"};
    const MgSettings settings = {&row, 1};
    g_autoptr(GPtrArray) problems = g_ptr_array_new();
    return mg_dns_server.setup(&settings, problems);
}

static void assert_serves(void *shared, MgSpan query, const char *wanted)
{
    g_autoptr(GByteArray) reply = world_serve(&mg_dns_server, shared, query);
    g_autofree char *text = world_reply_text((MgSpan){reply->data, reply->len});
    g_assert_cmpstr(text, ==, wanted);
}

static void test_odd_queries(void)
{
    void *shared = open_zone();
    uint8_t query[600];
    size_t len = world_query(query, 7, "ns.a.test", "A", 0, 0);
    assert_serves(shared, (MgSpan){query, len}, "NOERROR aa: ns.a.test. 60 A 192.0.2.1");
    for (size_t cut = 0; cut < len; cut++) { /* cut off anywhere: FORMERR, or too short for that */
        g_autofree uint8_t *copy = g_memdup2(query, cut + 1);
        assert_serves(shared, (MgSpan){copy, cut}, cut < 12 ? "nothing" : "FORMERR");
    }
    query[2] |= 0x80; /* itself an answer */
    assert_serves(shared, (MgSpan){query, len}, "nothing");
    query[2] = 0x20; /* NOTIFY */
    assert_serves(shared, (MgSpan){query, len}, "NOTIMP");
    query[2] = 0;
    query[5] = 2; /* two questions, of which one is there */
    assert_serves(shared, (MgSpan){query, len}, "FORMERR");
    query[5] = 1;
    query[len - 1] = 3; /* class CH */
    assert_serves(shared, (MgSpan){query, len}, "REFUSED");
    len = world_query(query, 7, "a.test", "AXFR", 0, 0);
    assert_serves(shared, (MgSpan){query, len}, "REFUSED");
    len = world_query(query, 7, "a.test", "A", 0, 1232);
    query[len - 5] = 1; /* EDNS version 1: BADVERS is 16, of which the header has 0 */
    g_autoptr(GByteArray) reply = world_serve(&mg_dns_server, shared, (MgSpan){query, len});
    g_assert_cmpuint(reply->data[3] & 15, ==, 0);
    g_assert_cmpuint(reply->data[reply->len - 6], ==, 1);
    mg_dns_server.teardown(shared);
}

/* 40 texts fit no datagram; over a stream they come whole, several questions in one go. */
static void test_truncation_and_stream(void)
{
    void *shared = open_zone();
    uint8_t query[600], stream[1300];
    size_t len = world_query(query, 7, "big.a.test", "TXT", 0, 0);
    assert_serves(shared, (MgSpan){query, len}, "NOERROR aa tc");
    len = world_query(query, 7, "big.a.test", "TXT", 0, 4096);
    assert_serves(shared, (MgSpan){query, len}, "NOERROR aa tc");
    for (unsigned i = 0; i < 2; i++) {
        mg_dns_put_u16(stream + i * (len + 2), (uint16_t)len);
        memcpy(stream + i * (len + 2) + 2, query, len);
    }
    g_autoptr(GByteArray) reply =
        world_serve(&mg_dns_server_tcp, shared, (MgSpan){stream, 2 * (len + 2)});
    size_t first = mg_dns_get_u16(reply->data);
    g_assert_cmpuint(reply->len, ==, 2 * (first + 2));
    g_autofree char *text = world_reply_text((MgSpan){reply->data + 2, first});
    g_auto(GStrv) parts = g_strsplit(text, " ; ", -1);
    g_assert_cmpuint(g_strv_length(parts), ==, 40);
    mg_dns_server.teardown(shared);
}

static void test_names(void)
{
    MgDnsName a, b, root;
    mg_dns_name_set_root(&root);
    g_assert_null(mg_dns_name_parse(MG_SPAN("WWW.Example.NET"), NULL, &a));
    g_assert_null(mg_dns_name_parse(MG_SPAN("example.net."), &a, &b));
    g_assert_true(mg_dns_name_is_under(mg_dns_name_span(&a), mg_dns_name_span(&b)));
    g_assert_false(mg_dns_name_is_under(mg_dns_name_span(&b), mg_dns_name_span(&a)));
    g_assert_true(mg_dns_name_is_under(mg_dns_name_span(&a), mg_dns_name_span(&root)));
    g_assert_cmpuint(mg_dns_name_hash(mg_dns_name_parent(mg_dns_name_span(&a))), ==,
                     mg_dns_name_hash(mg_dns_name_span(&b)));
    g_assert_null(mg_dns_name_parse(MG_SPAN("badexample.net."), NULL, &a));
    g_assert_false(mg_dns_name_is_under(mg_dns_name_span(&a), mg_dns_name_span(&b)));
    g_autoptr(GString) longest = g_string_new(NULL);
    for (unsigned i = 0; i < 127; i++)
        g_string_append(longest, "a.");
    g_assert_null(mg_dns_name_parse(mg_span_from_string(longest->str), NULL, &a));
    g_assert_cmpuint(a.len, ==, 255);
    g_string_append(longest, "a.");
    g_assert_nonnull(mg_dns_name_parse(mg_span_from_string(longest->str), NULL, &a));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dns/zone/forms", test_forms);
    g_test_add_func("/dns/zone/mistakes", test_mistakes);
    g_test_add_func("/dns/zone/many-mistakes", test_many_mistakes);
    g_test_add_func("/dns/zone/origin-of-file", test_origin_of_file);
    g_test_add_func("/dns/zone/includes", test_includes);
    g_test_add_func("/dns/zone/odd-queries", test_odd_queries);
    g_test_add_func("/dns/zone/truncation-and-stream", test_truncation_and_stream);
    g_test_add_func("/dns/zone/names", test_names);
    return g_test_run();
}
