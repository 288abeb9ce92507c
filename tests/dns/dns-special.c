/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-special.c - LOC, WKS, SVCB and HTTPS: the vectors of RFC 9460 §D, and the edges of the others
 */
#include "dns-record.h"
#include "dns-zone.h"

#define FOO "03666f6f076578616d706c6503636f6d00"

static const struct {
    const char *text, *hex, *canonical; /* canonical NULL: the same as text */
} good[] = {
    /* RFC 9460 §D.1, §D.2 */
    {"HTTPS 0 foo.example.com.", "0000" FOO, NULL},
    {"SVCB 1 .", "000100", NULL},
    {"SVCB 16 foo.example.com. port=53", "0010" FOO "000300020035", NULL},
    {"SVCB 1 foo.example.com. key667=hello", "0001" FOO "029b000568656c6c6f",
     "SVCB 1 foo.example.com. key667=\"hello\""},
    {"SVCB 1 foo.example.com. key667=\"hello\\210qoo\"", "0001" FOO "029b000968656c6c6fd2716f6f",
     NULL},
    {"SVCB 1 foo.example.com. ipv6hint=\"2001:db8::1,2001:db8::53:1\"",
     "0001" FOO "0006002020010db800000000000000000000000120010db8000000000000000000530001",
     "SVCB 1 foo.example.com. ipv6hint=2001:db8::1,2001:db8::53:1"},
    {"SVCB 1 example.com. ipv6hint=\"2001:db8:122:344::192.0.2.33\"",
     "0001076578616d706c6503636f6d000006001020010db80122034400000000c0000221"
     "",
     NULL},
    {"SVCB 16 foo.example.org. ( alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1 )",
     "001003666f6f076578616d706c65036f72670000000004000100040001000902683205"
     "68332d313900040004c0000201",
     "SVCB 16 foo.example.org. mandatory=alpn,ipv4hint alpn=\"h2,h3-19\" ipv4hint=192.0.2.1"},
    {"SVCB 16 foo.example.org. alpn=\"f\\\\\\\\oo\\\\,bar,h2\"",
     "001003666f6f076578616d706c65036f726700000"
     "1000c08665c6f6f2c626172026832",
     NULL},
    {"SVCB 16 foo.example.org. alpn=f\\\\\\092oo\\092,bar,h2",
     "001003666f6f076578616d706c65036f726700000"
     "1000c08665c6f6f2c626172026832",
     "SVCB 16 foo.example.org. alpn=\"f\\\\\\\\oo\\\\,bar,h2\""},
    {"HTTPS 1 . alpn=\"h2\" no-default-alpn ech=AAA= dohpath=\"/q{?dns}\" ohttp",
     "000100000100030268320002000000050002000000070008"
     "2f717b3f646e737d00080000",
     NULL},
    /* RFC 1876 §4, and the ends of the world. */
    {"LOC 42 21 54 N 71 06 18 W -24m 30m",
     "003316138917"
     "2dd0"
     "70be15f0"
     "00988d20",
     "LOC 42 21 54.000 N 71 06 18.000 W -24m 30m 10000m 10m"},
    {"LOC 32 7 19 S 116 2 25 E 10m",
     "00121613791b7d2898e64868"
     "00989a68",
     "LOC 32 07 19.000 S 116 02 25.000 E 10m 1m 10000m 10m"},
    {"LOC 90 S 180 W -100000 0 90000000m .05m",
     "000099506cb02700"
     "59604e00"
     "00000000",
     NULL},
    {"LOC \\# 16 01121613791b7d2898e6486800989a68", "01121613791b7d2898e6486800989a68", NULL},
    {"WKS 192.0.2.1 TCP smtp 80",
     "c0000201"
     "06"
     "0000004000"
     "0000000000"
     "80",
     "WKS 192.0.2.1 tcp 25 80"},
    {"WKS 192.0.2.1 99", "c000020163", NULL},
    {"WKS \\# 6 c00002010600", "c00002010600", NULL},
    {"NSEC \\# 4 00000100", "00000100", NULL},
};

static const struct {
    const char *text, *problem;
} bad[] = {
    /* RFC 9460 §D.3 */
    {"SVCB 1 foo. key123=abc key123=def", "a parameter is given twice"},
    {"SVCB 1 foo. mandatory", "this parameter cannot"},
    {"SVCB 1 foo. alpn", "this parameter cannot"},
    {"SVCB 1 foo. port", "this parameter cannot"},
    {"SVCB 1 foo. ipv4hint", "this parameter cannot"},
    {"SVCB 1 foo. ipv6hint=192.0.2.1", "this parameter cannot"},
    {"SVCB 1 foo. no-default-alpn=abc", "this parameter cannot"},
    {"SVCB 1 foo. mandatory=key123", "these parameters do not fit"},
    {"SVCB 1 foo. mandatory=mandatory", "these parameters do not fit"},
    {"SVCB 1 foo. mandatory=key123,key123 key123=abc", "these parameters do not fit"},
    {"SVCB 1 foo. no-default-alpn", "these parameters do not fit"},
    {"SVCB 1 foo. alpn=h2,,h3", "this parameter cannot"},
    {"SVCB 1 foo. alpn=\"h2\\\\\"", "this parameter cannot"},
    {"SVCB 1 foo. port=65536", "this parameter cannot"},
    {"SVCB 1 foo. ech=?", "this parameter cannot"},
    {"SVCB 1 foo. key65535=a", "not a parameter of a service"},
    {"SVCB 1 foo. key01=a", "not a parameter of a service"},
    {"SVCB 1 foo. \"port=1\"", "a parameter is written KEY=VALUE"},
    {"SVCB 1 foo. key667=\\300", "a wrong escape"},
    {"SVCB \\# 9 000100000300020035ff", "this is not the length"},
    {"SVCB \\# 8 0001000003000135", "this type's data cannot"},
    {"LOC 91 N 0 E 0", "not degrees, minutes and seconds up to 90"},
    {"LOC 90 1 N 0 E 0", "this is more degrees"},
    {"LOC 1 2 3 4 N 0 E 0", "not degrees"},
    {"LOC 1 N 1 N 0", "not degrees, minutes and seconds up to 180"},
    {"LOC 1 N", "something is missing"},
    {"LOC 1 N 1 E", "something is missing"},
    {"LOC 1 N 1 E -100001m", "not a height"},
    {"LOC 1 N 1 E high", "not a height"},
    {"LOC 1 N 1 E 1m 1m 1m 1m 1m", "this is more than"},
    {"LOC 1 N 1 E 1m 90000001000m", "not a size"},
    {"WKS 192.0.2.1 tcp 65536", "not a port"},
    {"WKS 192.0.2.1 ddp 1", "not a protocol"},
};

typedef struct {
    GString *hex, *text;
} Made;

static void take(void *user, const MgDnsZoneRecord *record)
{
    Made *made = user;
    for (size_t i = 0; i < record->data.len; i++)
        g_string_append_printf(made->hex, "%02x", record->data.data[i]);
    mg_dns_type_format(record->type, made->text);
    g_string_append_c(made->text, ' ');
    mg_dns_data_format(record->type, record->data, made->text);
}

/* (transfer full) (nullable) what is wrong with it */
static char *read_one(const char *text, Made *made)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *line = g_strdup_printf("x. 60 IN %s\n", text);
    *made = (Made){g_string_new(NULL), g_string_new(NULL)};
    mg_dns_zone_read(mg_span_from_string(line), "f", NULL, take, made, problems);
    return problems->len > 0 ? g_strdup(g_ptr_array_index(problems, 0)) : NULL;
}

static void made_clear(Made *made)
{
    g_string_free(made->hex, TRUE);
    g_string_free(made->text, TRUE);
}

static void test_good(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        Made made, again;
        g_autofree char *problem = read_one(good[i].text, &made);
        if (problem != NULL)
            g_error("%s in %s", problem, good[i].text);
        g_assert_cmpstr(made.hex->str, ==, good[i].hex);
        if (good[i].canonical != NULL)
            g_assert_cmpstr(made.text->str, ==, good[i].canonical);
        g_autofree char *none = read_one(made.text->str, &again);
        g_assert_cmpstr(none, ==, NULL);
        g_assert_cmpstr(again.hex->str, ==, made.hex->str);
        g_assert_cmpstr(again.text->str, ==, made.text->str);
        made_clear(&made);
        made_clear(&again);
    }
}

static void test_bad(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        Made made;
        g_autofree char *problem = read_one(bad[i].text, &made);
        if (problem == NULL || strstr(problem, bad[i].problem) == NULL)
            g_error("%s: %s, not %s", bad[i].text, problem, bad[i].problem);
        made_clear(&made);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dns/special/good", test_good);
    g_test_add_func("/dns/special/bad", test_bad);
    return g_test_run();
}
