/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-validate.c - answers of anybody to a validator: it ends, and asks for no more than it may
 *
 * A length (one octet) and the text of trust anchors; four octets of Unix time; then messages, each
 * with its length in two octets: the answer, and what is given to the validator when it needs
 * something. A message with the question's name and type is preferred, else the next one is given.
 */
#include "dns-validate.h"
#include "dns-record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MESSAGES_MAX 16

typedef struct {
    MgSpan messages[MESSAGES_MAX];
    unsigned n, next;
} Script;

static bool is_cut(void *user, MgSpan name)
{
    return (mg_dns_name_hash(name) & 1) != 0;
}

static void read_results(MgSpan bytes, GByteArray *results, uint16_t *rcode)
{
    MgDnsMessage message;
    MgDnsRecord record;
    *rcode = MG_DNS_SERVFAIL;
    if (!mg_dns_message_open(&message, bytes))
        return;
    *rcode = message.flags & 0xf;
    while (mg_dns_message_next(&message, &record)) {
        g_autoptr(GByteArray) expanded = g_byte_array_new();
        if (record.type == MG_DNS_OPT || !mg_dns_expand_data(bytes, &record, expanded) ||
            expanded->len > UINT16_MAX)
            continue;
        const MgDnsResult result = {record.section,
                                    mg_dns_name_span(&record.name),
                                    {expanded->data, expanded->len},
                                    record.type,
                                    record.ttl};
        mg_dns_results_add(results, &result);
    }
}

static MgSpan find_message(Script *script, const MgDnsName *name, uint16_t type)
{
    for (unsigned i = 0; i < script->n; i++) {
        MgDnsMessage message;
        if (mg_dns_message_open(&message, script->messages[i]) && message.type == type &&
            message.counts[MG_DNS_QUESTION] > 0 &&
            mg_dns_name_equal(mg_dns_name_span(&message.name), mg_dns_name_span(name)))
            return script->messages[i];
    }
    return script->next < script->n ? script->messages[script->next++] : (MgSpan){NULL, 0};
}

static void count(void *user, MgSpan owner, uint16_t type, MgDnsSecurity security, MgDnsWhy why,
                  uint32_t ttl)
{
    g_assert_cmpuint(security, !=, MG_DNS_UNCHECKED);
    g_assert_true(why < MG_DNS_WHY_N);
    g_assert_cmpuint(owner.len, >, 0);
}

static void play(const MgDnsValidatorSetup *setup, Script *script)
{
    MgDnsMessage message;
    MgDnsName name;
    uint16_t type, rcode;
    unsigned needs = 0;
    if (script->n == 0 || !mg_dns_message_open(&message, script->messages[0]) ||
        message.counts[MG_DNS_QUESTION] == 0)
        return;
    g_autoptr(GByteArray) results = g_byte_array_new();
    read_results(script->messages[0], results, &rcode);
    MgDnsValidator *validator =
        mg_dns_validator_new(setup, mg_dns_name_span(&message.name), message.type, results, rcode);
    for (MgTime now = 0; mg_dns_validator_step(validator, now, &name, &type);
         now += MG_MILLISECONDS) {
        g_autoptr(GByteArray) more = g_byte_array_new();
        g_assert_cmpuint(++needs, <=, MG_DNS_NEEDS_MAX);
        read_results(find_message(script, &name, type), more, &rcode);
        mg_dns_validator_take(validator, more, rcode, now);
    }
    g_assert_cmpint(mg_dns_validator_security(validator), !=, MG_DNS_UNCHECKED);
    g_assert_nonnull(mg_dns_why_name(mg_dns_validator_why(validator)));
    mg_dns_validator_each(validator, count, NULL);
    mg_dns_validator_free(validator);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    Script script = {.n = 0};
    if (len < 1 || len < 1u + data[0] + 4)
        return 0;
    g_autofree char *text = g_strndup((const char *)data + 1, data[0]);
    const MgSetting row = {.key = "a", .value = text, .len = strlen(text), .path = "a"};
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgDnsAnchors *anchors = mg_dns_anchors_new();
    mg_dns_anchors_read(anchors, &(MgSettings){&row, 1}, "a", problems);
    size_t at = 1u + data[0];
    MgDnsValidatorSetup setup = {.anchors = anchors, .trust = mg_dns_trust_new(), .is_cut = is_cut};
    setup.epoch = mg_dns_get_u32(data + at);
    for (at += 4; at + 2 <= len && script.n < MESSAGES_MAX;) {
        size_t size = MIN((size_t)mg_dns_get_u16(data + at), len - at - 2);
        script.messages[script.n++] = (MgSpan){data + at + 2, size};
        at += 2 + size;
    }
    for (unsigned i = 0; i < 2; i++) { /* the second time with what is remembered */
        script.next = 1;
        play(&setup, &script);
    }
    mg_dns_trust_free(setup.trust);
    mg_dns_anchors_free(anchors);
    return 0;
}
