/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-stub.c - the resolver of every program: hands a question to a server that does the work, and
 * takes its word (RFC 1034 §5.3.1) */
#include <mailglass/topics.h>

#include "dns.h"

#include "dns-events.h"
#include "dns-record.h"

enum { R_TIMEOUT, R_UNREACHABLE, R_MISMATCH, R_TRUNCATED, R_NAME, R_SERVER };

static const MgRule rules[] = {
    [R_TIMEOUT] = {"dns.stub-timeout", MG_SEVERITY_NOTE, "RFC 1035 §4.2.1",
                   N_("No answer came in time; a datagram may be lost without a word.")},
    [R_UNREACHABLE] = {"dns.stub-unreachable", MG_SEVERITY_WARN, NULL,
                       N_("The resolver cannot be reached.")},
    [R_MISMATCH] = {"dns.stub-mismatch", MG_SEVERITY_FAULT, "RFC 5452 §9.1",
                    N_("This is not the answer to the question that was asked: id or question are "
                       "others. It is thrown away.")},
    [R_TRUNCATED] = {"dns.stub-truncated", MG_SEVERITY_WARN, "RFC 1035 §4.1.1",
                     N_("The answer was too long for a datagram and is not complete.")},
    [R_NAME] = {"dns.stub-name", MG_SEVERITY_WARN, "RFC 1035 §2.3.4",
                N_("This cannot be a domain name, so that nobody needs to be asked.")},
    [R_SERVER] = {"dns.no-resolver", MG_SEVERITY_WARN, NULL,
                  N_("This host knows no resolver to ask: its `resolver` is not set, or is no IP "
                     "address.")},
    {0},
};

static const char asking[] = "asking", answered[] = "answered", failed[] = "failed";

static const MgTransition transitions[] = {
    {asking, N_("an answer arrives"), answered, "RFC 1034 §5.3.1"},
    {asking, N_("there is nobody to ask, or nobody answers"), failed, "RFC 1035 §4.2.1"},
    {0},
};

static const MgSettingRow settings[] = {
    {"resolver", MG_SETTING_TEXT, NULL,
     N_("The address of the resolver that this host asks: `192.0.2.53` or `192.0.2.53:53`.")},
    {"resolver-timeout", MG_SETTING_TIME, "5s", N_("How long one question waits for its answer.")},
    {"resolver-tries", MG_SETTING_UINT, "3", N_("How often a question is asked.")},
    {0},
};

typedef struct {
    MgEngine base;
    MgDnsName name;
    uint16_t type, port, id;
    char address[64];
    MgTime timeout;
    uint64_t seed;
    unsigned tries_left;
    MgAskId ask, last_ask;
    bool done;
    MgDatagramQuestion question;
    uint8_t query[MG_DNS_HEADER + MG_DNS_NAME_MAX + 4 + 11];
    MgLookupAnswer answer;
    GString *texts; /* what the answer's records point into */
    GArray *records;
    MgDnsEvents events;
} Stub;

/* "192.0.2.53", "192.0.2.53:5353", "2001:db8::53", "[2001:db8::53]:5353" */
static bool parse_server(Stub *stub, const char *text)
{
    const char *colon = strrchr(text, ':'), *close = NULL;
    size_t len = strlen(text);
    uint64_t port = 53;
    if (text[0] == '[') {
        close = strchr(text, ']');
        if (close == NULL || (close[1] != '\0' && close[1] != ':'))
            return false;
        colon = close[1] == ':' ? close + 1 : NULL;
        text++;
        len = (size_t)(close - text);
    } else if (colon != NULL && strchr(text, ':') == colon) {
        len = (size_t)(colon - text);
    } else {
        colon = NULL;
    }
    if (colon != NULL) {
        char *end = NULL;
        port = g_ascii_strtoull(colon + 1, &end, 10);
        if (!g_ascii_isdigit(colon[1]) || *end != '\0' || port == 0 || port > UINT16_MAX)
            return false;
    }
    if (len == 0 || len >= sizeof stub->address)
        return false;
    memcpy(stub->address, text, len);
    stub->address[len] = '\0';
    stub->port = (uint16_t)port;
    return true;
}

static void finish(Stub *stub, const char *state, const MgRule *rule)
{
    stub->done = true;
    stub->ask = 0;
    if (rule != NULL)
        mg_dns_events_note(&stub->events, rule, (MgSpan){NULL, 0});
    mg_dns_events_add(&stub->events, (MgEvent){.kind = MG_EVENT_STATE, .state = {asking, state}});
    mg_dns_events_add(&stub->events, (MgEvent){.kind = MG_EVENT_DELIVER,
                                               .deliver = {MG_TOPIC_LOOKUP, &stub->answer}});
    mg_dns_events_add(&stub->events, (MgEvent){.kind = MG_EVENT_CLOSE});
}

static void ask(Stub *stub)
{
    MgDnsWriter writer;
    if (stub->tries_left == 0) {
        finish(stub, failed, NULL);
        return;
    }
    stub->tries_left--;
    stub->id = (uint16_t)mg_random_next(&stub->seed); /* RFC 5452 §4.3 */
    mg_dns_writer_init(&writer, stub->query, sizeof stub->query);
    mg_dns_write_header(&writer, stub->id, MG_DNS_RD);
    mg_dns_write_question(&writer, mg_dns_name_span(&stub->name), stub->type, MG_DNS_IN);
    mg_dns_write_opt(&writer, MG_DNS_UDP_EDNS, 0, false);
    stub->question = (MgDatagramQuestion){.address = stub->address,
                                          .port = stub->port,
                                          .payload = {stub->query, writer.len},
                                          .timeout = stub->timeout,
                                          .dissector = "dns"};
    stub->ask = ++stub->last_ask;
    mg_dns_events_add(
        &stub->events,
        (MgEvent){.kind = MG_EVENT_ASK, .ask = {stub->ask, MG_TOPIC_DATAGRAM, &stub->question, 0}});
}

static MgEngine *create(const MgBirth *birth)
{
    const MgLookupQuestion *question = birth->question;
    Stub *stub = g_new0(Stub, 1);
    stub->base.kind = &mg_dns_stub;
    stub->seed = birth->seed;
    stub->type = question != NULL ? question->type : MG_DNS_A;
    stub->timeout = mg_settings_get_time(birth->settings, "resolver-timeout", 5 * MG_SECONDS);
    stub->tries_left =
        (unsigned)CLAMP(mg_settings_get_uint(birth->settings, "resolver-tries", 3), 1, 10);
    const char *server = mg_settings_get(birth->settings, "resolver", NULL);
    const char *name = question != NULL ? question->name : NULL;
    if (name == NULL || mg_dns_name_parse(mg_span_from_string(name), NULL, &stub->name) != NULL) {
        stub->answer = (MgLookupAnswer){.reached = true, .rcode = MG_DNS_NXDOMAIN};
        finish(stub, failed, &rules[R_NAME]);
    } else if (server == NULL || !parse_server(stub, server)) {
        finish(stub, failed, &rules[R_SERVER]);
    } else {
        ask(stub);
    }
    return &stub->base;
}

static void free_stub(MgEngine *engine)
{
    Stub *stub = (Stub *)engine;
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

static void take_answer(Stub *stub, MgDnsMessage *message, MgSpan bytes)
{
    MgDnsRecord record;
    unsigned extended = 0;
    stub->texts = g_string_new(NULL);
    stub->records = g_array_new(FALSE, FALSE, sizeof(MgLookupRecord));
    while (mg_dns_message_next(message, &record)) {
        if (record.section == MG_DNS_ANSWER)
            take_record(stub, bytes, &record);
        else if (record.type == MG_DNS_OPT)
            extended = mg_dns_edns_of(&record).extended_rcode;
    }
    for (unsigned i = 0; i < stub->records->len; i++) {
        MgLookupRecord *row = &g_array_index(stub->records, MgLookupRecord, i);
        row->name = stub->texts->str + GPOINTER_TO_SIZE(row->name);
        row->data = stub->texts->str + GPOINTER_TO_SIZE(row->data);
    }
    stub->answer = (MgLookupAnswer){.reached = true,
                                    .rcode = (uint16_t)(extended << 4 | (message->flags & 0xf)),
                                    .records = (const MgLookupRecord *)(void *)stub->records->data,
                                    .n_records = stub->records->len};
    finish(stub, answered, (message->flags & MG_DNS_TC) != 0 ? &rules[R_TRUNCATED] : NULL);
}

static bool is_ours(const Stub *stub, const MgDnsMessage *message)
{
    return (message->flags & MG_DNS_QR) != 0 && message->id == stub->id &&
           message->counts[MG_DNS_QUESTION] == 1 && message->type == stub->type &&
           message->class == MG_DNS_IN &&
           mg_dns_name_equal(mg_dns_name_span(&message->name), mg_dns_name_span(&stub->name));
}

static bool answer(MgEngine *engine, MgAskId id, const void *given, MgTime now)
{
    Stub *stub = (Stub *)engine;
    const MgDatagramAnswer *datagram = given;
    MgDnsMessage message;
    if (stub->ask == 0 || id != stub->ask)
        return false;
    stub->ask = 0;
    stub->events.n = stub->events.given = 0;
    if (datagram == NULL || datagram->reach == MG_REACH_UNREACHABLE ||
        datagram->reach == MG_REACH_BAD_ADDRESS) {
        finish(stub, failed, &rules[R_UNREACHABLE]);
    } else if (datagram->reach != MG_REACH_OK) {
        bool silent = datagram->reach == MG_REACH_TIMEOUT;
        mg_dns_events_note(&stub->events, &rules[silent ? R_TIMEOUT : R_UNREACHABLE],
                           (MgSpan){NULL, 0});
        ask(stub);
    } else if (!mg_dns_message_open(&message, datagram->payload) || !is_ours(stub, &message)) {
        mg_dns_events_note(&stub->events, &rules[R_MISMATCH], (MgSpan){NULL, 0});
        ask(stub);
    } else {
        take_answer(stub, &message, datagram->payload);
    }
    return true;
}

static void receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
}

static void receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
}

static void advance(MgEngine *engine, MgTime now)
{
}

static bool next(MgEngine *engine, MgEvent *event)
{
    return mg_dns_events_next(&((Stub *)engine)->events, event);
}

static MgTime deadline(const MgEngine *engine)
{
    return MG_TIME_NEVER; /* the carrier keeps the time of each datagram */
}

static size_t facts(const MgEngine *engine, MgFact *out, size_t max)
{
    const Stub *stub = (const Stub *)engine;
    if (max == 0 || stub->done)
        return 0;
    g_autoptr(GString) text = g_string_new(NULL);
    mg_dns_type_format(stub->type, text);
    g_string_append_c(text, ' ');
    mg_dns_name_format(mg_dns_name_span(&stub->name), text);
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
    .settings = settings,
    .rules = rules,
    .transitions = transitions,
    .create = create,
    .free = free_stub,
    .receive = receive,
    .receive_end = receive_end,
    .advance = advance,
    .answer = answer,
    .next = next,
    .deadline = deadline,
    .facts = facts,
};
