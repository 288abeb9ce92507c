/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-filter.c - filters beside the records that they find, and the words for those that are wrong
 */
#include "core-test.h"
#include "filter.h"

/* 1 SYN · 2 to 6 lines · 7 a datagram over IPv6 · 8 state · 9 note · 10 action */
static MgTrace *some_trace(void)
{
    static const MgRule rule = {"line.odd", MG_SEVERITY_WARN, NULL, "This is odd."};
    MgTrace *trace = line_trace();
    MgFlowId flow = line_flow(trace, MG_TRANSPORT_STREAM, false);
    MgPacket syn = {.flow = flow, .tcp_flags = MG_TCP_SYN};
    mg_trace_add_packet(trace, &syn, true, 0, 5);
    add_line(trace, flow, MG_FROM_CLIENT, "HELO one two\n", 1000000);
    add_line(trace, flow, MG_FROM_SERVER, "250 fine\n", 1500000);
    add_line(trace, flow, MG_FROM_CLIENT, "IP 198.51.100.7\n", 2000000);
    add_line(trace, flow, MG_FROM_CLIENT, "FLAG yes\n", 2500000);
    add_line(trace, flow, MG_FROM_SERVER, "550 \xff\n", 3000000);
    MgFlow six = *mg_trace_flow(trace, flow);
    six.transport = MG_TRANSPORT_DATAGRAM;
    g_strlcpy(six.client_address, "2001:db8::a", sizeof six.client_address);
    g_strlcpy(six.server_address, "2001:db8::53", sizeof six.server_address);
    six.parent = 2;
    MgFlowId other = mg_trace_add_flow(trace, &six);
    mg_trace_add_datagram(trace, other, MG_FROM_CLIENT, MG_SPAN("HELO six\n"), 0, 3500000);
    mg_trace_add_state(trace, &(MgDoer){2, 1, 2, 4000000}, "line.server", "new", "greeted");
    mg_trace_add_note(trace, &(MgDoer){2, 1, 2, 4000000}, &rule, MG_SPAN("one"));
    mg_trace_add_action(trace, &(MgDoer){1, 0, 0, 5000000}, "alice waits");
    return trace;
}

static const struct {
    const char *filter, *records; /* the numbers that match */
} found[] = {
    {"", "1 2 3 4 5 6 7 8 9 10"},
    {"  ", "1 2 3 4 5 6 7 8 9 10"},
    {"line", "2 3 4 5 6 7"},
    {"not line", "1 8 9 10"},
    {"!line", "1 8 9 10"},
    {"tcp", "1 2 3 4 5 6"},
    {"udp", "7"},
    {"ip", "1 2 3 4 5 6"},
    {"ipv6", "7"},
    {"icmp", ""},
    {"line.verb", "2 4 5 7"},
    {"line.verb == \"HELO\"", "2 7"},
    {"line.verb == HELO", "2 7"},
    {"line.verb eq \"helo\"", ""},
    {"line.verb != \"HELO\"", "4 5"},
    {"line.verb matches \"^he\"", "2 7"},
    {"line.verb ~ \"^(ip|flag)$\"", "4 5"},
    {"line.verb in {\"IP\", \"FLAG\"}", "4 5"},
    {"line.verb in {\"F\"..\"G\"}", "5"},
    {"line.word == \"two\"", "2"},
    {"line.word != \"two\"", "2 7"},
    {"line.argument contains \"e t\"", "2"},
    {"line.argument contains \"\"", "2 3 6 7"},
    {"line.code", "3 6"},
    {"line.code == 250", "3"},
    {"line.code == 0xfa", "3"},
    {"line.code == ok", "3"},
    {"line.code != 250", "6"},
    {"line.code > 250", "6"},
    {"line.code >= 250", "3 6"},
    {"line.code < 550 && line.code > 1", "3"},
    {"line.code le 550", "3 6"},
    {"line.code in {1, 200..300}", "3"},
    {"line.code in {251 .. 549}", ""},
    {"line.address == 198.51.100.7", "4"},
    {"line.address == 198.51.100.0/24", "4"},
    {"line.address == 198.51.100.8/29", ""},
    {"line.address == 198.51.100.0/29", "4"},
    {"line.address != 2001:db8::1", "4"},
    {"line.address in {198.51.100.1 .. 198.51.100.9}", "4"},
    {"line.flag == true", "5"},
    {"line.flag == false", ""},
    {"line.raw == 464c414720796573", "5"},
    {"line.raw contains 4c:41", "5"},
    {"line.raw contains \"\\x4c\\x41\"", "5"},
    {"line.raw contains \"\\xff\"", "6"},
    {"frame.number == 3", "3"},
    {"frame.number in {2..4}", "2 3 4"},
    {"frame.time_relative >= 4", "8 9 10"},
    {"frame.time_relative < 1.5", "1 2"},
    {"frame.len == 13", "2"},
    {"ip.src == 192.0.2.10", "1 2 4 5"},
    {"ip.dst == 192.0.2.10", "3 6"},
    {"ip.addr == 192.0.2.0/24", "1 2 3 4 5 6"},
    {"ip.src == 2001:db8::a", ""},
    {"ipv6.src == 2001:db8::a", "7"},
    {"ipv6.addr == 2001:db8::/64", "7"},
    {"tcp.port == 7777", "1 2 3 4 5 6"},
    {"tcp.srcport == 7777", "3 6"},
    {"tcp.dstport == 7777", "1 2 4 5"},
    {"udp.port == 7777", "7"},
    {"tcp.stream == 1", "1 2 3 4 5 6"},
    {"udp.stream", "7"},
    {"tcp.flags.syn == 1", "1"},
    {"tcp.flags.syn == true", "1"},
    {"ip.ttl == 64", "1"},
    {"ip.proto == TCP", "1"},
    {"mailglass.from == \"alice\"", "1 2 4 5 7 10"},
    {"mailglass.to == alice", "3 6"},
    {"mailglass.host contains \"example\"", "1 2 3 4 5 6 7 8 9"},
    {"mailglass.kind == \"reply\"", "3 6"},
    {"mailglass.kind == note", "1 9 10"},
    {"mailglass.parent == 2", "7 8 9"},
    {"mailglass.parent", "7 8 9"},
    {"mailglass.encrypted == false and line.code", "3 6"},
    {"mailglass.real == true", ""},
    {"mailglass.state == \"greeted\"", "8"},
    {"mailglass.state == \"new\"", ""},
    {"mailglass.engine == \"line.server\"", "2 3 4 5 6 8 9"},
    {"mailglass.rule == \"line.odd\"", "9"},
    {"line.code == 250 or line.verb == \"IP\" and line.flag", "3"},
    {"(line.code == 250 or line.verb == \"IP\") and line", "3 4"},
    {"not (line or tcp)", "8 9 10"},
    {"not not line.flag", "5"},
    {"line contains \"yes\"", NULL},
    {"frame.number==2||frame.number==5&&line.flag", "2 5"},
};

static void test_found(void)
{
    g_autoptr(MgTrace) trace = some_trace();
    for (size_t i = 0; i < G_N_ELEMENTS(found); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MgFilter) filter =
            mg_filter_new(found[i].filter, mg_trace_registry(trace), &error);
        if (found[i].records == NULL) {
            g_assert_null(filter);
            g_assert_error(error, MG_ERROR, MG_ERROR_FILTER);
            continue;
        }
        if (filter == NULL)
            g_error("%s: %s", found[i].filter, error->message);
        g_autoptr(GString) records = g_string_new(NULL);
        for (uint32_t n = 1; n <= mg_trace_n_records(trace); n++)
            if (mg_filter_match(filter, trace, n))
                g_string_append_printf(records, "%s%u", records->len > 0 ? " " : "", n);
        if (strcmp(records->str, found[i].records) != 0)
            g_error("%s finds %s, not %s", found[i].filter, records->str, found[i].records);
    }
}

static const struct {
    const char *filter, *error;
} wrong[] = {
    {"and", "column 1: the name of a field was expected, not and"},
    {"line.verb ==", "column 13: a text is missing here"},
    {"line.verb == ", "column 14: a text is missing here"},
    {"line.code == abc", "column 14: a number was expected, not abc"},
    {"line.code == \"250\"x", "column 19: \"and\" or \"or\" was expected, not x"},
    {"line.code == 99999999999999999999",
     "column 14: a number was expected, not 99999999999999999999"},
    {"line.code == -1", "column 14: a number was expected, not -1"},
    {"line.address == 300.1.1.1", "column 17: an IP address was expected, not 300.1.1.1"},
    {"line.address == 192.0.2.1/33", "column 17: an IP address was expected, not 192.0.2.1/33"},
    {"line.flag == maybe", "column 14: true or false was expected, not maybe"},
    {"line.raw == xyz",
     "column 13: octets in hexadecimal or a text in quotes was expected, not xyz"},
    {"frame.time_relative > soon", "column 23: a number of seconds was expected, not soon"},
    {"line.code contains \"2\"",
     "column 11: contains cannot be used here: the value of line.code is a number"},
    {"line.flag > true",
     "column 11: > cannot be used here: the value of line.flag is true or false"},
    {"line == \"x\"", "column 6: line is a protocol: it is there or not, and has no value"},
    {"line.verp == \"x\"", "column 1: there is no field line.verp; did you mean line.verb?"},
    {"nothing.like.this", "column 1: there is no field nothing.like.this"},
    {"line.verb == \"HELO", "column 14: this text has no closing \""},
    {"(line", "column 6: \"and\", \"or\" or \")\" is missing here"},
    {"line)", "column 5: \"and\" or \"or\" was expected, not )"},
    {"line line", "column 6: \"and\" or \"or\" was expected, not line"},
    {"line and", "column 9: the name of a field is missing here"},
    {"line.code in 5", "column 14: \"{\" was expected, not 5"},
    {"line.code in {5", "column 16: \",\" or \"}\" is missing here"},
    {"line.code in {5..}", "column 18: a number was expected, not }"},
    {"line.code in {}", "column 15: a number was expected, not }"},
    {"line.verb ~ \"(\"", "column 13: this pattern cannot be used: *"},
    {"line.verb == \"\xed\x95\x9c\" x", "column 18: \"and\" or \"or\" was expected, not x"},
    {"line ~ \"\\\xfa\"", "column 10: this is not UTF-8"},
    {"line & tcp", "column 6: \"and\" or \"or\" was expected, not &"},
};

static void test_wrong(void)
{
    g_autoptr(MgRegistry) registry = line_registry();
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MgFilter) filter = mg_filter_new(wrong[i].filter, registry, &error);
        if (filter != NULL)
            g_error("%s is taken", wrong[i].filter);
        g_assert_error(error, MG_ERROR, MG_ERROR_FILTER);
        if (!g_pattern_match_simple(wrong[i].error, error->message))
            g_error("%s: \"%s\", not \"%s\"", wrong[i].filter, error->message, wrong[i].error);
    }
}

static void test_limits(void)
{
    g_autoptr(MgRegistry) registry = line_registry();
    g_autoptr(GString) deep = g_string_new(NULL), wide = g_string_new("line");
    for (int i = 0; i < 100000; i++) {
        g_string_append_c(deep, i % 2 ? '!' : '(');
        g_string_append(wide, " or line");
    }
    g_autoptr(GError) error = NULL;
    g_assert_null(mg_filter_new(deep->str, registry, &error));
    g_assert_nonnull(strstr(error->message, "nested too deep"));
    g_clear_error(&error);
    g_assert_null(mg_filter_new(wide->str, registry, &error));
    g_assert_nonnull(strstr(error->message, "more than 512 tests"));
}

static void test_complete(void)
{
    static const struct {
        const char *text, *first, *absent;
    } rows[] = {
        {"line.v", "line.verb", "line"},
        {"LINE.V", "line.verb", "line"},
        {"not lin", "line", "tcp"},
        {"line.verb", NULL, "line.verb"},
        {"line.verb ", "==", "line"},
        {"line.verb con", "contains", "=="},
        {"line.verb == ", "\"HELO\"", "\"MAIL\""},
        {"line.verb == \"P", "\"PASS\"", "\"HELO\""},
        {"line.code == ", "250", "1"},
        {"line.verb == \"HELO\" ", "and", "=="},
        {"line.verb == \"HELO\" and mailglass.ho", "mailglass.host", "line"},
        {"(line.fl", "line.flag", "line"},
        {"mailglass.kind == \"c", "\"command\"", "\"reply\""},
        {"tcp.flags.s", "tcp.flags.syn", "tcp"},
    };
    g_autoptr(MgRegistry) registry = line_registry();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GPtrArray) names = mg_filter_complete(rows[i].text, registry);
        if (rows[i].first == NULL)
            g_assert_cmpuint(names->len, ==, 0);
        else
            g_assert_cmpstr(names->len > 0 ? g_ptr_array_index(names, 0) : "", ==, rows[i].first);
        for (unsigned n = 0; n < names->len; n++)
            g_assert_cmpstr(g_ptr_array_index(names, n), !=, rows[i].absent);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/filter/found", test_found);
    g_test_add_func("/filter/wrong", test_wrong);
    g_test_add_func("/filter/limits", test_limits);
    g_test_add_func("/filter/complete", test_complete);
    return g_test_run();
}
