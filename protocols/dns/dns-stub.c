/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-stub.c - the resolver of every program: hands a question to a server that does the work, and
 * takes its word (RFC 1034 §5.3.1) */
#include "dns.h"

#include "dns-client.h"

static const MgRule rules[] = {MG_DNS_CLIENT_RULES, {0}};

static const char asking[] = "asking", answered[] = "answered", failed[] = "failed";

static const MgTransition transitions[] = {
    {asking, N_("an answer arrives"), answered, "RFC 1034 §5.3.1"},
    {asking, N_("there is nobody to ask, or nobody answers"), failed, "RFC 1035 §4.2.1"},
    {0},
};

typedef struct {
    MgDnsAsker asker;
    bool done;
    MgLookupAnswer answer;
    GString *texts; /* what the answer's records point into */
    GArray *records;
} Stub;

static void finish(Stub *stub, const char *state)
{
    MgDnsEvents *events = &stub->asker.client.events;
    stub->done = true;
    mg_dns_events_add(events, (MgEvent){.kind = MG_EVENT_STATE, .state = {asking, state}});
    mg_dns_events_add(
        events, (MgEvent){.kind = MG_EVENT_DELIVER, .deliver = {MG_TOPIC_LOOKUP, &stub->answer}});
    mg_dns_events_add(events, (MgEvent){.kind = MG_EVENT_CLOSE});
}

static void free_stub(MgEngine *engine)
{
    Stub *stub = (Stub *)engine;
    mg_dns_client_clear(&stub->asker.client);
    if (stub->texts != NULL)
        g_string_free(stub->texts, TRUE);
    if (stub->records != NULL)
        g_array_unref(stub->records);
    g_free(stub);
}

/* ---- the answer ---- */

static void take_record(Stub *stub, MgSpan message, const MgDnsRecord *record)
{
    g_autoptr(GByteArray) data = g_byte_array_new();
    MgLookupRecord row = {.type = record->type, .ttl = record->ttl};
    if (record->class != MG_DNS_IN || !mg_dns_expand_data(message, record, data))
        return;
    /* Offsets, until the text stops growing. */
    row.name = GSIZE_TO_POINTER(stub->texts->len);
    mg_dns_name_format(mg_dns_name_span(&record->name), stub->texts);
    g_string_append_c(stub->texts, '\0');
    row.data = GSIZE_TO_POINTER(stub->texts->len);
    mg_dns_data_format(record->type, (MgSpan){data->data, data->len}, stub->texts);
    g_string_append_c(stub->texts, '\0');
    g_array_append_val(stub->records, row);
}

static void take_answer(Stub *stub)
{
    MgSpan bytes = mg_dns_client_reply(&stub->asker.client);
    MgDnsMessage message;
    MgDnsRecord record;
    mg_dns_message_open(&message, bytes);
    stub->texts = g_string_new(NULL);
    stub->records = g_array_new(FALSE, FALSE, sizeof(MgLookupRecord));
    while (mg_dns_message_next(&message, &record))
        if (record.section == MG_DNS_ANSWER)
            take_record(stub, bytes, &record);
    for (unsigned i = 0; i < stub->records->len; i++) {
        MgLookupRecord *row = &g_array_index(stub->records, MgLookupRecord, i);
        row->name = stub->texts->str + GPOINTER_TO_SIZE(row->name);
        row->data = stub->texts->str + GPOINTER_TO_SIZE(row->data);
    }
    stub->answer = (MgLookupAnswer){.reached = true,
                                    .rcode = (uint16_t)mg_dns_client_rcode(&stub->asker.client),
                                    .records = (const MgLookupRecord *)(void *)stub->records->data,
                                    .n_records = stub->records->len};
    finish(stub, answered);
}

static void settle(MgEngine *engine, MgDnsClientState state, MgTime now)
{
    Stub *stub = (Stub *)engine;
    if (state == MG_DNS_CLIENT_ANSWERED)
        take_answer(stub);
    else if (state == MG_DNS_CLIENT_GIVEN_UP)
        finish(stub, failed);
}

static MgEngine *create(const MgBirth *birth)
{
    const MgLookupQuestion *question = birth->question;
    Stub *stub = g_new0(Stub, 1);
    MgDnsClient *client = &stub->asker.client;
    stub->asker.base.kind = &mg_dns_stub;
    stub->asker.settle = settle;
    mg_dns_client_init(client, birth, rules);
    client->type = question != NULL ? question->type : MG_DNS_A;
    const char *server = mg_settings_get(birth->settings, "resolver", NULL);
    const char *name = question != NULL ? question->name : NULL;
    if (name == NULL || mg_dns_name_parse(mg_span_from_string(name), NULL, &client->name) != NULL) {
        stub->answer = (MgLookupAnswer){.reached = true, .rcode = MG_DNS_NXDOMAIN};
        mg_dns_client_note(client, MG_DNS_CLIENT_NAME);
        finish(stub, failed);
    } else if (server == NULL || !mg_dns_client_set_server(client, server)) {
        mg_dns_client_note(client, MG_DNS_CLIENT_SERVER);
        finish(stub, failed);
    } else {
        mg_dns_client_ask(client);
    }
    return &stub->asker.base;
}

static size_t facts(const MgEngine *engine, MgFact *out, size_t max)
{
    const Stub *stub = (const Stub *)engine;
    if (max == 0 || stub->done)
        return 0;
    g_autoptr(GString) text = g_string_new(NULL);
    mg_dns_client_format(&stub->asker.client, text);
    out[0].label = N_("Looks up");
    g_strlcpy(out[0].value, text->str, sizeof out[0].value);
    return 1;
}

const MgEngineKind mg_dns_stub = {
    .name = "dns.stub",
    .summary = N_("Stub resolver: asks the resolver of this host"),
    .usual = "mua mta mda",
    .topic = MG_TOPIC_LOOKUP,
    .dissector = "dns",
    .settings = mg_dns_client_settings,
    .rules = rules,
    .transitions = transitions,
    .create = create,
    .free = free_stub,
    .receive = mg_dns_asker_receive,
    .answer = mg_dns_asker_answer,
    .next = mg_dns_asker_next,
    MG_DNS_ASKER_CALLS,
    .facts = facts,
};
