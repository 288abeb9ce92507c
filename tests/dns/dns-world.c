/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-world.c - name servers in process */
#include "dns-world.h"

#include <mailglass/topics.h>

static void *make_shared(const MgEngineKind *kind, const char *key, const char *const *texts)
{
    MgSetting rows[4];
    size_t n = 0;
    for (; texts[n] != NULL; n++)
        rows[n] =
            (MgSetting){.key = key, .value = texts[n], .len = strlen(texts[n]), .path = "test"};
    const MgSettings settings = {rows, n};
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    void *shared = kind->setup(&settings, problems);
    if (problems->len > 0)
        g_error("%s", (char *)g_ptr_array_index(problems, 0));
    g_assert_nonnull(shared);
    return shared;
}

void world_open(World *world, Place *places, size_t n, const char *hints)
{
    *world = (World){.places = places,
                     .n = n,
                     .seed = 1,
                     .notes = g_string_new(NULL),
                     .states = g_string_new(NULL)};
    const char *const texts[] = {hints, NULL};
    world->resolver = make_shared(&mg_dns_resolver, "hints", texts);
    for (size_t i = 0; i < n; i++) {
        places[i].shared = make_shared(&mg_dns_server, "zones", places[i].zones);
        places[i].asked = 0;
    }
}

void world_close(World *world)
{
    mg_dns_resolver.teardown(world->resolver);
    for (size_t i = 0; i < world->n; i++)
        mg_dns_server.teardown(world->places[i].shared);
    g_string_free(world->notes, TRUE);
    g_string_free(world->states, TRUE);
}

size_t world_query(uint8_t out[600], uint16_t id, const char *name, const char *type,
                   uint16_t flags, uint16_t payload)
{
    MgDnsWriter writer;
    MgDnsName wire;
    uint16_t number = 0;
    g_assert_cmpstr(mg_dns_name_parse(mg_span_from_string(name), NULL, &wire), ==, NULL);
    g_assert_true(mg_dns_type_parse(mg_span_from_string(type), &number));
    mg_dns_writer_init(&writer, out, 600);
    mg_dns_write_header(&writer, id, flags);
    mg_dns_write_question(&writer, mg_dns_name_span(&wire), number, MG_DNS_IN);
    if (payload > 0)
        mg_dns_write_opt(&writer, payload, 0, false);
    return writer.len;
}

GByteArray *world_serve(const MgEngineKind *kind, void *shared, MgSpan query)
{
    const MgSettings none = {NULL, 0};
    const MgBirth birth = {.shared = shared, .settings = &none, .host = "ns"};
    g_autoptr(MgEngine) engine = kind->create(&birth);
    GByteArray *reply = g_byte_array_new();
    bool closed = false;
    MgEvent event;
    mg_engine_receive(engine, query, 0);
    while (mg_engine_next(engine, &event)) {
        g_assert_false(closed);
        if (event.kind == MG_EVENT_SEND)
            g_byte_array_append(reply, event.send.data, (guint)event.send.len);
        else if (event.kind == MG_EVENT_CLOSE)
            closed = true;
        else
            g_assert_true(event.kind == MG_EVENT_NOTE || event.kind == MG_EVENT_STATE);
    }
    g_assert_true(closed || kind->transport == MG_TRANSPORT_STREAM);
    return reply;
}

static void make_custom(Place *place, MgSpan query, GByteArray *reply)
{
    MgDnsMessage message;
    MgDnsWriter writer;
    uint8_t out[1232];
    g_assert_true(mg_dns_message_open(&message, query));
    mg_dns_writer_init(&writer, out, sizeof out);
    mg_dns_write_header(&writer, message.id, (uint16_t)(MG_DNS_QR | place->custom_flags));
    mg_dns_write_question(&writer, mg_dns_name_span(&message.name), message.type, MG_DNS_IN);
    place->custom(&writer, &message);
    g_byte_array_append(reply, out, (guint)writer.len);
}

static void carry(World *world, MgEngine *engine, const MgAsk *ask)
{
    const MgDatagramQuestion *question = ask->question;
    g_autoptr(GByteArray) reply = NULL;
    MgDatagramAnswer answer = {.reach = MG_REACH_UNREACHABLE};
    Place *place = NULL;
    MgAskId id = ask->id;
    g_assert_cmpstr(ask->topic, ==, MG_TOPIC_DATAGRAM);
    g_assert_cmpstr(question->dissector, ==, "dns");
    world->asked++;
    for (size_t i = 0; i < world->n; i++)
        if (strcmp(world->places[i].address, question->address) == 0 && question->port == 53)
            place = &world->places[i];
    if (place != NULL && place->health != UNREACHABLE) {
        place->asked++;
        answer.reach = place->health == DEAD ? MG_REACH_TIMEOUT : MG_REACH_OK;
        if (place->health == CUSTOM) {
            reply = g_byte_array_new();
            make_custom(place, question->payload, reply);
        } else {
            reply = world_serve(&mg_dns_server, place->shared, question->payload);
        }
        if (place->health == REFUSING)
            reply->data[3] = (reply->data[3] & 0xf0) | MG_DNS_REFUSED;
        if (place->health == LAME) { /* answers for nobody: header and question alone */
            reply->data[2] &= 0xfb;
            memset(reply->data + 6, 0, 6);
        }
        if (place->health == GARBAGE)
            g_byte_array_set_size(reply, 20);
        if (place->health == WRONG_ID)
            reply->data[0] ^= 1;
        answer.payload = (MgSpan){reply->data, reply->len};
    }
    if (answer.reach == MG_REACH_TIMEOUT)
        world->now += question->timeout;
    bool fail = world->fail_ask == world->asked;
    g_assert_true(mg_engine_answer(engine, id, fail ? NULL : &answer, world->now));
    g_assert_false(mg_engine_answer(engine, id, &answer, world->now));
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *record_text(MgSpan message, const MgDnsRecord *record)
{
    g_autoptr(GByteArray) data = g_byte_array_new();
    g_autoptr(GString) text = g_string_new(NULL);
    if (!mg_dns_expand_data(message, record, data))
        g_error("a reply has broken data");
    mg_dns_name_format(mg_dns_name_span(&record->name), text);
    g_string_append_printf(text, " %u ", record->ttl);
    mg_dns_type_format(record->type, text);
    g_string_append_c(text, ' ');
    mg_dns_data_format(record->type, (MgSpan){data->data, data->len}, text);
    return g_strdup(text->str);
}

char *world_reply_text(MgSpan reply)
{
    static const struct {
        uint16_t bit;
        const char *name;
    } bits[] = {{MG_DNS_AA, "aa"}, {MG_DNS_TC, "tc"}, {MG_DNS_RA, "ra"}};
    static const char *const marks[] = {"", "", " / ", " + "};
    MgDnsMessage message;
    MgDnsRecord record;
    g_autoptr(GString) text = g_string_new(NULL);
    if (reply.len == 0)
        return g_strdup("nothing");
    g_assert_true(mg_dns_message_open(&message, reply));
    g_string_append(text, mg_dns_rcode_name(message.flags & 0xf));
    for (size_t i = 0; i < G_N_ELEMENTS(bits); i++)
        if ((message.flags & bits[i].bit) != 0)
            g_string_append_printf(text, " %s", bits[i].name);
    GPtrArray *sections[4] = {NULL};
    for (unsigned i = 1; i < 4; i++)
        sections[i] = g_ptr_array_new_with_free_func(g_free);
    while (mg_dns_message_next(&message, &record))
        if (record.type != MG_DNS_OPT)
            g_ptr_array_add(sections[record.section], record_text(reply, &record));
    g_assert_false(message.reader.bad);
    g_assert_cmpuint(message.reader.at, ==, reply.len);
    for (unsigned i = 1; i < 4; i++) {
        g_ptr_array_sort(sections[i], compare_text);
        for (unsigned j = 0; j < sections[i]->len; j++)
            g_string_append_printf(text, "%s%s", j == 0 ? (i == 1 ? ": " : marks[i]) : " ; ",
                                   (char *)g_ptr_array_index(sections[i], j));
        g_ptr_array_unref(sections[i]);
    }
    return g_strdup(text->str);
}

char *world_ask(World *world, const char *name, const char *type)
{
    uint8_t query[600];
    size_t len = world_query(query, 0x1234, name, type, MG_DNS_RD, 1232);
    const MgSettings none = {NULL, 0};
    const MgBirth birth = {.shared = world->resolver,
                           .settings = &none,
                           .host = "resolver",
                           .seed = world->seed,
                           .now = world->now};
    g_autoptr(MgEngine) engine = mg_dns_resolver.create(&birth);
    g_autoptr(GByteArray) reply = g_byte_array_new();
    bool closed = false;
    MgEvent event;
    g_string_truncate(world->notes, 0);
    g_string_truncate(world->states, 0);
    world->asked = 0;
    mg_engine_receive(engine, (MgSpan){query, len}, world->now);
    while (mg_engine_next(engine, &event)) {
        g_assert_false(closed);
        switch (event.kind) {
        case MG_EVENT_SEND:
            g_byte_array_append(reply, event.send.data, (guint)event.send.len);
            break;
        case MG_EVENT_ASK:
            g_assert_cmpuint(world->asked, <, MG_DNS_QUERIES_MAX);
            carry(world, engine, &event.ask);
            break;
        case MG_EVENT_NOTE:
            g_string_append_printf(world->notes, "%s ", event.note.rule->id);
            break;
        case MG_EVENT_STATE:
            g_string_append_printf(world->states, "%s>%s ", event.state.from, event.state.to);
            break;
        default:
            g_assert_cmpint(event.kind, ==, MG_EVENT_CLOSE);
            closed = true;
        }
    }
    g_assert_true(closed);
    g_assert_cmpuint(reply->len, >=, MG_DNS_HEADER);
    g_assert_cmpint(mg_dns_get_u16(reply->data), ==, 0x1234);
    return world_reply_text((MgSpan){reply->data, reply->len});
}
