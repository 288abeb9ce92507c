/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-recursion.c - servers that answer anything: a recursion ends, and never asks too much
 *
 * The first octet says what the resolver's habits are. Then come answers: an octet for how it
 * comes, one for its length, and the octets behind header and question; the header's flags and
 * counts are the first ten of them.
 */
#include "dns-resolver-shared.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char anchor[] = ". DS 1 15 2 00; example.net. DS 1 15 2 00";
static const char hints[] = ". 3600 NS a.root.\na.root. 3600 A 192.0.2.1\n";

static size_t make_answer(MgSpan query, MgSpan from, uint8_t *out, size_t cap)
{
    MgDnsMessage message;
    g_assert_true(mg_dns_message_open(&message, query));
    size_t question = MG_DNS_HEADER + message.name.len + 4;
    memcpy(out, query.data, question);
    out[2] |= MG_DNS_QR >> 8;
    for (size_t i = 0; i < MIN(from.len, 2); i++)
        out[2 + i] = from.data[i] | (i == 0 ? MG_DNS_QR >> 8 : 0);
    for (size_t i = 2; i < MIN(from.len, 5); i++)
        out[6 + 2 * (i - 2) + 1] = from.data[i] % 8;
    if (from.len <= 5)
        return question;
    size_t rest = MIN(from.len - 5, cap - question);
    memcpy(out + question, from.data + 5, rest);
    return question + rest;
}

static void count(void *user, MgDnsSection section, MgSpan owner, uint16_t type, uint32_t ttl,
                  MgSpan data)
{
    size_t *n = user;
    g_assert_cmpuint(owner.len, >, 0);
    ++*n;
}

static void play(MgDnsResolverShared *shared, MgSpan name, const uint8_t *data, size_t len)
{
    MgDnsRecursion *recursion = mg_dns_resolver_recur(shared, 1, name, MG_DNS_A, true);
    MgDatagramQuestion question;
    MgTime now = 0;
    size_t at = 0, n = 0, asked = 0;
    while (mg_dns_recursion_step(recursion, now, &question)) {
        uint8_t out[1024];
        MgDatagramAnswer answer = {.reach = MG_REACH_TIMEOUT};
        g_assert_cmpuint(++asked, <=, shared->habits.queries_max);
        if (at + 2 <= len) {
            size_t size = MIN((size_t)data[at + 1], len - at - 2);
            answer.reach = data[at] % 8 == 7 ? MG_REACH_REFUSED : MG_REACH_OK;
            answer.payload = (MgSpan){
                out, make_answer(question.payload, (MgSpan){data + at + 2, size}, out, sizeof out)};
            at += 2 + size;
        }
        now += answer.reach == MG_REACH_TIMEOUT ? question.timeout : MG_MILLISECONDS;
        mg_dns_recursion_reply(recursion, at % 13 == 12 ? NULL : &answer, now);
        while (mg_dns_recursion_met(recursion) != MG_DNS_MET_NOTHING)
            ;
    }
    mg_dns_recursion_each(recursion, count, &n);
    mg_dns_recursion_free(recursion);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const char *const keys[] = {"qname-minimisation", "mixed-case",     "bailiwick",
                                       "harden-glue",        "query-loopback", "validate"};
    MgSetting rows[2 + G_N_ELEMENTS(keys)] = {
        {.key = "hints", .value = hints, .len = sizeof hints - 1, .path = "hints"},
        {.key = "trust-anchor", .value = anchor, .len = sizeof anchor - 1}};
    size_t n = 2;
    MgDnsName name;
    for (size_t i = 0; i < G_N_ELEMENTS(keys) && len > 0; i++)
        rows[n++] = (MgSetting){.key = keys[i], .value = (data[0] >> i & 1) != 0 ? "yes" : "no"};
    const MgSettings settings = {rows, n};
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgDnsResolverShared *shared = mg_dns_resolver_setup(&settings, problems);
    g_assert_nonnull(shared);
    mg_dns_name_parse(mg_span_from_string("www.a.b.example.net"), NULL, &name);
    for (unsigned i = 0; i < 2; i++) /* the second time with what is remembered */
        play(shared, mg_dns_name_span(&name), data + (len > 0), len - (len > 0));
    mg_dns_resolver_teardown(shared);
    return 0;
}
