/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-iterate.c - mailglass dns iterate NAME [TYPE]: what a resolver does, step by step, by oneself
 *
 * "dns lookup --iterate" is the same. It has a resolver's habits and an empty cache, and says whom
 * it asks, for what, and what came.
 */
#include "dns.h"

#include "dns-client.h"
#include "dns-command.h"
#include "dns-events.h"
#include "dns-replay.h"
#include "dns-resolver-shared.h"
#include "dns-resolver-stream.h"
#include "text.h"

typedef struct {
    MgEngine base;
    MgDnsResolverShared *shared; /* (nullable) its own */
    MgDnsRecursion *recursion;   /* (nullable) */
    MgDatagramQuestion question;
    MgDnsOutput output;
    bool json;
    unsigned step;
    MgAskId ask, last_ask; /* ask: the open one … */
    bool asking;           /* … and it was given out */
} Iterate;

/* ---- what is printed ---- */

static void json_name(GString *out, const char *key, MgSpan name)
{
    g_autoptr(GString) text = g_string_new(NULL);
    mg_dns_name_format(name, text);
    g_string_append_printf(out, ",\"%s\":", key);
    mg_text_add_json(out, text->str);
}

static void json_type(GString *out, const char *key, uint16_t type)
{
    g_autoptr(GString) text = g_string_new(NULL);
    mg_dns_type_format(type, text);
    g_string_append_printf(out, ",\"%s\":\"%s\"", key, text->str);
}

static void json_rcode(GString *out, unsigned rcode)
{
    const char *name = mg_dns_rcode_name(rcode);
    g_string_append_printf(out, "\"rcode\":\"%s\"", name != NULL ? name : "?");
}

/* {"answer":[…],"authority":[…],"additional":[…]}, without the braces */
static void json_sections(GString *out, MgSpan bytes, const MgDnsMessage *head)
{
    static const char *const names[] = {"", "answer", "authority", "additional"};
    for (unsigned section = MG_DNS_ANSWER; section <= MG_DNS_ADDITIONAL; section++) {
        MgDnsMessage message = *head;
        MgDnsRecord record;
        const char *comma = "";
        g_string_append_printf(out, ",\"%s\":[", names[section]);
        while (mg_dns_message_next(&message, &record)) {
            g_autoptr(GByteArray) data = g_byte_array_new();
            if (record.section != section || record.type == MG_DNS_OPT ||
                !mg_dns_expand_data(bytes, &record, data))
                continue;
            g_string_append(out, comma);
            mg_dns_record_json(mg_dns_name_span(&record.name), record.ttl, record.class,
                               record.type, (MgSpan){data->data, data->len}, out);
            comma = ",";
        }
        g_string_append_c(out, ']');
    }
}

static const char *reach_text(const MgDatagramAnswer *answer)
{
    static const char *const texts[] = {"ok", "refused", "timeout", "unreachable", "bad address"};
    return answer != NULL && answer->reach < G_N_ELEMENTS(texts) ? texts[answer->reach]
                                                                 : "unreachable";
}

static void print_json(Iterate *iterate, const MgDnsMessage *asked, const MgDatagramAnswer *answer)
{
    g_autoptr(GString) out = g_string_new(NULL);
    MgDnsMessage head;
    g_string_append_printf(out, "{\"step\":%u,\"server\":\"%s\",\"tcp\":%s", iterate->step,
                           iterate->question.address,
                           mg_dns_recursion_over_tcp(iterate->recursion) ? "true" : "false");
    json_name(out, "name", mg_dns_name_span(&asked->name));
    json_type(out, "type", asked->type);
    g_string_append_printf(out, ",\"reach\":\"%s\"", reach_text(answer));
    if (answer != NULL && answer->reach == MG_REACH_OK &&
        mg_dns_message_open(&head, answer->payload)) {
        g_string_append_c(out, ',');
        json_rcode(out, head.flags & 0xf);
        g_string_append_printf(out, ",\"aa\":%s,\"tc\":%s",
                               (head.flags & MG_DNS_AA) != 0 ? "true" : "false",
                               (head.flags & MG_DNS_TC) != 0 ? "true" : "false");
        json_sections(out, answer->payload, &head);
    }
    g_string_append(out, "}\n");
    mg_dns_output_text(&iterate->output, out);
}

/* " 2  192.0.2.2      example.net. MX  → NOERROR [qr aa] …" */
static void print_step(Iterate *iterate, const MgDatagramAnswer *answer)
{
    MgDnsMessage asked;
    mg_dns_message_open(&asked, iterate->question.payload);
    if (iterate->json) {
        print_json(iterate, &asked, answer);
        return;
    }
    g_autoptr(GString) out = g_string_new(NULL);
    g_string_append_printf(out, "%2u  %s%s  ", iterate->step, iterate->question.address,
                           mg_dns_recursion_over_tcp(iterate->recursion) ? " (TCP)" : "");
    mg_dns_name_format(mg_dns_name_span(&asked.name), out);
    g_string_append_c(out, ' ');
    mg_dns_type_format(asked.type, out);
    g_string_append(out, "\n    ");
    if (answer != NULL && answer->reach == MG_REACH_OK)
        mg_dns_replay_describe(answer->payload, out);
    else
        g_string_append(out, reach_text(answer));
    g_string_append_c(out, '\n');
    mg_dns_output_text(&iterate->output, out);
}

typedef struct {
    GString *out;
    MgDnsSection wanted;
    bool json, some;
} Result;

static void print_record(void *user, MgDnsSection section, MgSpan owner, uint16_t type,
                         uint32_t ttl, MgSpan data)
{
    Result *result = user;
    if (result->json && section != result->wanted)
        return;
    if (result->json) {
        if (result->some)
            g_string_append_c(result->out, ',');
        mg_dns_record_json(owner, ttl, MG_DNS_IN, type, data, result->out);
    } else {
        mg_dns_name_format(owner, result->out);
        g_string_append_printf(result->out, "\t%u\tIN\t", ttl);
        mg_dns_type_format(type, result->out);
        g_string_append_c(result->out, '\t');
        mg_dns_data_format(type, data, result->out);
        g_string_append_c(result->out, '\n');
    }
    result->some = true;
}

static void print_result(Iterate *iterate)
{
    g_autoptr(GString) out = g_string_new(NULL);
    Result result = {.out = out, .json = iterate->json};
    unsigned rcode = mg_dns_recursion_rcode(iterate->recursion);
    MgDnsSecurity security = mg_dns_recursion_security(iterate->recursion);
    const char *why = mg_dns_why_name(mg_dns_recursion_why(iterate->recursion));
    if (iterate->json) {
        g_string_append_c(out, '{');
        json_rcode(out, rcode);
        g_string_append_printf(out, ",\"queries\":%u",
                               mg_dns_recursion_n_queries(iterate->recursion));
        if (security != MG_DNS_UNCHECKED)
            g_string_append_printf(out, ",\"security\":\"%s\",\"why\":\"%s\"",
                                   mg_dns_security_name(security), why);
        for (unsigned i = MG_DNS_ANSWER; i <= MG_DNS_AUTHORITY; i++) {
            result.wanted = (MgDnsSection)i;
            result.some = false;
            g_string_append(out, i == MG_DNS_ANSWER ? ",\"answer\":[" : ",\"authority\":[");
            mg_dns_recursion_each(iterate->recursion, print_record, &result);
            g_string_append_c(out, ']');
        }
        g_string_append(out, "}\n");
    } else {
        const char *name = mg_dns_rcode_name(rcode);
        g_string_append(out, name != NULL ? name : "?");
        if (security != MG_DNS_UNCHECKED)
            g_string_append_printf(out, " %s (%s)", mg_dns_security_name(security), why);
        g_string_append_c(out, '\n');
        mg_dns_recursion_each(iterate->recursion, print_record, &result);
    }
    mg_dns_output_text(&iterate->output, out);
    mg_dns_output_exit(&iterate->output, rcode == MG_DNS_SERVFAIL   ? MG_DNS_EXIT_FAILED
                                         : rcode == MG_DNS_NXDOMAIN ? MG_DNS_EXIT_NO
                                                                    : MG_DNS_EXIT_DONE);
}

/* ---- the engine ---- */

static void go_on(Iterate *iterate, MgTime now)
{
    bool asks = mg_dns_recursion_step(iterate->recursion, now, &iterate->question);
    while (mg_dns_recursion_met(iterate->recursion) != MG_DNS_MET_NOTHING)
        ; /* the steps show it */
    if (!asks) {
        print_result(iterate);
        return;
    }
    iterate->step++;
    iterate->ask = ++iterate->last_ask;
    iterate->asking = false;
}

/* What was typed; NULL, or what is wrong with it. */
static const char *take_words(const MgCommandCall *call, MgDnsClient *client)
{
    uint8_t octets[16];
    if (call->n_words < 1 || call->n_words > 2)
        return N_("a name and perhaps a type are wanted; see --help");
    client->type = mg_dns_address_parse(call->words[0], octets) > 0 ? MG_DNS_PTR : MG_DNS_A;
    if (call->n_words > 1 && !mg_dns_type_parse(mg_span_from_string(call->words[1]), &client->type))
        return N_("there is no such type; A, MX, TXT, AAAA or TYPE65 are some");
    if (!mg_dns_client_set_name(client, call->words[0]))
        return N_("this cannot be a domain name");
    if (mg_settings_get(call->options, "hints", NULL) == NULL)
        return N_("--hints FILE is wanted: the names and addresses of the root's servers");
    return NULL;
}

/* What is wrong in words, or NULL. */
static const char *begin(Iterate *iterate, const MgCommandCall *call, const MgBirth *birth)
{
    MgDnsClient client = {0}; /* for its name and type only */
    const char *wrong = take_words(call, &client);
    if (wrong != NULL)
        return wrong;
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    iterate->shared = mg_dns_resolver_setup(call->options, problems);
    for (unsigned i = 0; i < problems->len; i++)
        mg_dns_output_complain(&iterate->output, "%s",
                               (const char *)g_ptr_array_index(problems, i));
    if (iterate->shared == NULL) {
        mg_dns_output_exit(&iterate->output, MG_DNS_EXIT_FAILED);
        return NULL;
    }
    iterate->shared->epoch = birth->epoch;
    iterate->recursion = mg_dns_resolver_recur(iterate->shared, birth->seed,
                                               mg_dns_name_span(&client.name), client.type, true);
    go_on(iterate, birth->now);
    return NULL;
}

static MgEngine *create(const MgBirth *birth)
{
    const MgCommandCall *call = birth->question;
    Iterate *iterate = g_new0(Iterate, 1);
    iterate->base.kind = &mg_dns_iterate;
    iterate->json = call->json;
    mg_dns_output_init(&iterate->output);
    const char *wrong = begin(iterate, call, birth);
    if (wrong != NULL) {
        mg_dns_output_complain(&iterate->output, "%s", wrong);
        mg_dns_output_exit(&iterate->output, MG_DNS_EXIT_USAGE);
    }
    return &iterate->base;
}

static void free_iterate(MgEngine *engine)
{
    Iterate *iterate = (Iterate *)engine;
    mg_dns_recursion_free(iterate->recursion);
    if (iterate->shared != NULL)
        mg_dns_resolver_teardown(iterate->shared);
    mg_dns_output_clear(&iterate->output);
    g_free(iterate);
}

static bool answer(MgEngine *engine, MgAskId id, const void *given, MgTime now)
{
    Iterate *iterate = (Iterate *)engine;
    if (iterate->ask == 0 || id != iterate->ask)
        return false;
    iterate->ask = 0;
    print_step(iterate, given);
    mg_dns_recursion_reply(iterate->recursion, given, now);
    go_on(iterate, now);
    return true;
}

static bool next(MgEngine *engine, MgEvent *event)
{
    Iterate *iterate = (Iterate *)engine;
    if (mg_dns_output_next(&iterate->output, event))
        return true;
    if (iterate->ask == 0 || iterate->asking)
        return false;
    iterate->asking = true;
    *event = (MgEvent){.kind = MG_EVENT_ASK,
                       .ask = {iterate->ask,
                               mg_dns_recursion_over_tcp(iterate->recursion) ? MG_TOPIC_DNS_STREAM
                                                                             : MG_TOPIC_DATAGRAM,
                               &iterate->question, 0}};
    return true;
}

static const MgCommandRow command = {
    .name = "dns iterate",
    .usage = "NAME [TYPE]",
    .summary = N_("asks one question down from the root, and shows each step"),
    .about = N_("Asks for NAME (TYPE is A if not said, PTR if NAME is an IP address) from the "
                "root's servers down and prints each "
                "query: whom, what, and what came back. The last lines are the answer.\n\n"
                "Example: mailglass dns iterate example.net MX --hints root.hints"),
    .options = mg_dns_resolver_options,
    .real = true,
};

const MgEngineKind mg_dns_iterate = {
    .name = "dns.iterate",
    .summary = N_("asks one question down from the root, and shows each step"),
    .command = &command,
    .dissector = "dns",
    .create = create,
    .free = free_iterate,
    .answer = answer,
    .next = next,
};
