/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-message.c - what is read of any octets, written and read again, is the same; and servers and
 * resolvers survive it as a query and as an answer */
#include "dns.h"

#include <mailglass/topics.h>

#include "dns-record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char zone[] = "$TTL 60\n$ORIGIN a.\n@ SOA n h 1 2 3 4 5\n@ NS n\nn A 192.0.2.1\n"
                           "*.w MX 1 n\nc CNAME c.d\nd DNAME e\ns NS n.s\nn.s A 192.0.2.2\n"
                           "@ NSEC *.w SOA NS\n*.w NSEC s MX\ns NSEC @ NS\n"
                           "n RRSIG A 13 2 60 20400101000000 20200101000000 1 a. AAAA\n";
static const char hints[] = ". 60 NS n.a.\nn.a. 60 A 192.0.2.1\n";

static void add_all(MgDnsMessage *message, MgSpan bytes, MgDnsWriter *writer, GString *text)
{
    MgDnsRecord record;
    g_autoptr(GByteArray) wire = g_byte_array_new();
    while (mg_dns_message_next(message, &record)) {
        g_byte_array_set_size(wire, 0);
        if (record.section == MG_DNS_QUESTION || record.type == MG_DNS_OPT ||
            !mg_dns_expand_data(bytes, &record, wire))
            continue;
        MgSpan raw = {wire->data, wire->len};
        g_assert_true(mg_dns_data_valid(record.type, raw));
        mg_dns_name_format(mg_dns_name_span(&record.name), text);
        g_string_append_printf(text, " %u ", record.ttl);
        mg_dns_type_format(record.type, text);
        g_string_append_c(text, ' ');
        mg_dns_data_format(record.type, raw, text);
        g_string_append_c(text, '\n');
        if (writer != NULL)
            g_assert_true(mg_dns_write_record(writer, record.section,
                                              mg_dns_name_span(&record.name), record.type,
                                              record.ttl, raw));
    }
}

/* A whole zone over a stream, asked for by octets that may be anything: whatever is said, is said
 * in whole messages, and comes to an end. */
static void check_stream(void *shared, MgSpan bytes)
{
    const MgSettings none = {NULL, 0};
    const MgBirth birth = {
        .shared = shared, .settings = &none, .host = "h", .peer_address = "192.0.2.9"};
    g_autoptr(MgEngine) engine = mg_dns_server_tcp.create(&birth);
    g_autoptr(GByteArray) said = g_byte_array_new();
    bool closed = false;
    MgEvent event;
    uint8_t length[2];
    mg_dns_put_u16(length, (uint16_t)bytes.len);
    mg_engine_receive(engine, (MgSpan){length, 2}, 0);
    mg_engine_receive(engine, bytes, 0);
    mg_engine_receive_end(engine, MG_END_CLOSED, 0);
    while (mg_engine_next(engine, &event)) {
        g_assert_false(closed);
        closed = event.kind == MG_EVENT_CLOSE;
        if (event.kind == MG_EVENT_SEND)
            g_byte_array_append(said, event.send.data, (guint)event.send.len);
    }
    g_assert_true(closed);
    for (guint at = 0; at < said->len; at += 2u + mg_dns_get_u16(said->data + at)) {
        MgDnsMessage message;
        MgDnsRecord record;
        g_assert_cmpuint(at + 2, <=, said->len);
        MgSpan one = {said->data + at + 2, mg_dns_get_u16(said->data + at)};
        g_assert_cmpuint(at + 2 + one.len, <=, said->len);
        if (mg_dns_message_open(&message, one))
            while (mg_dns_message_next(&message, &record))
                ;
        g_assert_true(!message.reader.bad || (one.data[3] & 15) != 0);
    }
}

static void check_codec(MgSpan bytes)
{
    MgDnsMessage message, again;
    MgDnsWriter writer;
    if (!mg_dns_message_open(&message, bytes) || message.counts[0] > 1)
        return;
    /* Written out, names may be longer than they were compressed. */
    size_t cap = 300 * bytes.len + 600;
    g_autofree uint8_t *out = g_malloc(cap);
    g_autoptr(GString) first = g_string_new(NULL);
    g_autoptr(GString) second = g_string_new(NULL);
    mg_dns_writer_init(&writer, out, cap);
    mg_dns_write_header(&writer, message.id, message.flags);
    if (message.counts[0] == 1)
        mg_dns_write_question(&writer, mg_dns_name_span(&message.name), message.type,
                              message.class);
    MgDnsMessage copy = message;
    add_all(&copy, bytes, &writer, first);
    g_assert_true(mg_dns_message_open(&again, (MgSpan){out, writer.len}));
    g_assert_cmpint(again.id, ==, message.id);
    g_assert_true(
        mg_dns_name_equal(mg_dns_name_span(&again.name), mg_dns_name_span(&message.name)));
    add_all(&again, (MgSpan){out, writer.len}, NULL, second);
    g_assert_false(again.reader.bad);
    /* Compression may change the case of names, and nothing else. */
    g_assert_cmpint(g_ascii_strcasecmp(first->str, second->str), ==, 0);
}

static void *shared_of(const MgEngineKind *kind, const char *key, const char *text)
{
    const MgSetting rows[] = {{.key = key, .value = text, .len = strlen(text), .path = "f"},
                              {.key = "cache-size", .value = "64", .len = 2},
                              {.key = "transfer", .value = "192.0.2.0/24", .len = 12}};
    const MgSettings settings = {rows, G_N_ELEMENTS(rows)};
    g_autoptr(GPtrArray) problems = g_ptr_array_new();
    return kind->setup(&settings, problems);
}

/* TC led to TCP: any octets come out of the stream, and then its end. */
static void connect_engine(MgEngine *engine, MgAskId ask, MgSpan bytes)
{
    const MgConnectAnswer answer = {.reach = MG_REACH_OK};
    g_assert_true(mg_engine_answer(engine, ask, &answer, 0));
    uint8_t length[2];
    mg_dns_put_u16(length, (uint16_t)bytes.len);
    mg_engine_receive(engine, (MgSpan){length, 2}, 0);
    mg_engine_receive(engine, bytes, 0);
    mg_engine_receive_end(engine, MG_END_CLOSED, 0);
}

/* `bytes` are a query; then, with the right id and question, an answer. */
static void check_engine(const MgEngineKind *kind, void *shared, MgSpan query, MgSpan bytes)
{
    const MgSettings none = {NULL, 0};
    const MgLookupQuestion lookup = {"x.a", 15};
    const MgBirth birth = {.question = kind->topic != NULL ? &lookup : NULL,
                           .shared = shared,
                           .settings = &none,
                           .host = "h",
                           .seed = 1};
    const MgSetting resolver = {.key = "resolver", .value = "192.0.2.1", .len = 9};
    const MgSettings with = {&resolver, 1};
    MgBirth born = birth;
    if (kind->topic != NULL)
        born.settings = &with;
    g_autoptr(MgEngine) engine = kind->create(&born);
    MgEvent event;
    unsigned asks = 0, closed = 0;
    if (kind->topic == NULL)
        mg_engine_receive(engine, query, 0);
    while (mg_engine_next(engine, &event)) {
        g_assert_cmpuint(closed, ==, 0);
        closed += event.kind == MG_EVENT_CLOSE;
        if (event.kind != MG_EVENT_ASK)
            continue;
        if (strcmp(event.ask.topic, MG_TOPIC_CONNECT) == 0) {
            connect_engine(engine, event.ask.id, bytes);
            continue;
        }
        const MgDatagramQuestion *question = event.ask.question;
        g_autoptr(GByteArray) reply = g_byte_array_new();
        g_byte_array_append(reply, bytes.data, (guint)bytes.len);
        if (reply->len > 12) { /* the asked question in place of its own */
            MgDnsMessage message;
            g_assert_true(mg_dns_message_open(&message, question->payload));
            g_byte_array_remove_range(reply, 0, 2);
            g_byte_array_prepend(reply, question->payload.data, 2);
            if (bytes.data[2] & 1 && message.reader.at > 12) {
                g_autoptr(GByteArray) spliced = g_byte_array_new();
                g_byte_array_append(spliced, reply->data, 12);
                g_byte_array_append(spliced, question->payload.data + 12,
                                    (guint)message.reader.at - 12);
                g_byte_array_append(spliced, reply->data + 12, reply->len - 12);
                spliced->data[2] |= 0x80;
                mg_dns_put_u16(spliced->data + 4, 1);
                g_byte_array_set_size(reply, 0);
                g_byte_array_append(reply, spliced->data, spliced->len);
            }
        }
        const MgDatagramAnswer answer = {.payload = {reply->data, reply->len}};
        g_assert_cmpuint(++asks, <=, 100);
        g_assert_true(mg_engine_answer(engine, event.ask.id, &answer, 0));
    }
    g_assert_cmpuint(closed, ==, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t query[] = {0, 1, 1,   0, 0,   1, 0, 0,  0, 0, 0,
                                    0, 1, 'x', 1, 'a', 0, 0, 15, 0, 1};
    MgSpan bytes = {data, MIN(size, 4096)};
    check_codec(bytes);
    void *zones = shared_of(&mg_dns_server, "zones", zone);
    check_engine(&mg_dns_server, zones, bytes, bytes);
    check_stream(zones, bytes);
    mg_dns_server.teardown(zones);
    void *resolver = shared_of(&mg_dns_resolver, "hints", hints);
    check_engine(&mg_dns_resolver, resolver, bytes, bytes);
    check_engine(&mg_dns_resolver, resolver, (MgSpan){query, sizeof query}, bytes);
    mg_dns_resolver.teardown(resolver);
    check_engine(&mg_dns_stub, NULL, bytes, bytes);
    return 0;
}
