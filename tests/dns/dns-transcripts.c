/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-transcripts.c - all engines of DNS, as conversations
 *
 * Datagrams are written in words: `?: datagram 192.0.2.53 53 rd example.net. MX`, and
 * `!: ok NOERROR example.net. 300 MX 10 mx.example.net. ; …`, an answer to what was asked last; a
 * record behind `authority` or `additional` goes there. `dns.stream` is written the same way. The
 * words `wrong-id`, `wrong-name`, `query`, `tc`, `alone` and `cut` before the rcode make it a bad
 * one; `aa` and `iterative` make it one of a name server's: without RA. What an attacker's host
 * overhears and forges is written `!: heard 192.0.2.1:4000 192.0.2.53:53 example.net. A` and
 * `?: forge 192.0.2.53:53 192.0.2.1:4000 id=1234 example.net. ; example.net. A 192.0.2.66`. */
#include "dns.h"
#include "transcript.h"

#include "dns-record.h"
#include "dns-resolver-stream.h"

static uint8_t asked[600];
static size_t asked_len;

static void format_question(const void *data, GString *out)
{
    const MgDatagramQuestion *question = data;
    MgDnsMessage message;
    g_assert_cmpuint(question->payload.len, <=, sizeof asked);
    memcpy(asked, question->payload.data, question->payload.len);
    asked_len = question->payload.len;
    g_assert_true(mg_dns_message_open(&message, question->payload));
    g_string_append_printf(out, " %s %u%s ", question->address, question->port,
                           (message.flags & MG_DNS_RD) != 0 ? " rd" : "");
    mg_dns_name_format(mg_dns_name_span(&message.name), out);
    g_string_append_c(out, ' ');
    mg_dns_type_format(message.type, out);
}

static void format_answer(const void *data, GString *out)
{
    const MgDatagramAnswer *answer = data;
    g_string_append_printf(out, " %d, %zu octets", (int)answer->reach, answer->payload.len);
}

/* OWNER TTL TYPE DATA, into the section that it names or that the one before it went to. */
static bool add_record(MgDnsWriter *writer, MgDnsSection *section, const char *text)
{
    static const char *const sections[] = {"authority ", "additional "};
    for (size_t i = 0; i < G_N_ELEMENTS(sections); i++)
        if (g_str_has_prefix(text, sections[i])) {
            *section = (MgDnsSection)(MG_DNS_AUTHORITY + i);
            text += strlen(sections[i]);
        }
    g_auto(GStrv) words = g_strsplit(text, " ", 4);
    g_auto(GStrv) data = NULL;
    MgDnsToken tokens[8];
    MgDnsName owner;
    uint16_t type = 0;
    size_t n = 0, at = 0;
    if (g_strv_length(words) != 4 || !mg_dns_type_parse(mg_span_from_string(words[2]), &type) ||
        mg_dns_name_parse(mg_span_from_string(words[0]), NULL, &owner) != NULL)
        return false;
    data = g_strsplit(words[3], " ", G_N_ELEMENTS(tokens));
    for (; data[n] != NULL; n++)
        tokens[n] = (MgDnsToken){.text = mg_span_from_string(data[n])};
    g_autoptr(GByteArray) wire = g_byte_array_new();
    return mg_dns_data_parse(type, tokens, n, NULL, wire, &at) == NULL &&
           mg_dns_write_record(writer, *section, mg_dns_name_span(&owner), type,
                               (uint32_t)g_ascii_strtoull(words[1], NULL, 10),
                               (MgSpan){wire->data, wire->len});
}

/* The message that the words say; its length, or 0 if they say none. */
static size_t make_answer(const char *text, uint8_t *out, size_t cap)
{
    MgDnsWriter writer;
    MgDnsMessage question;
    uint16_t id_change = 0, flags = MG_DNS_QR | MG_DNS_RA | MG_DNS_RD;
    size_t cut = 0;
    bool alone = false;
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    size_t i = 0;
    g_assert_true(mg_dns_message_open(&question, (MgSpan){asked, asked_len}));
    for (; words[i] != NULL; i++) {
        if (strcmp(words[i], "wrong-id") == 0)
            id_change = 1;
        else if (strcmp(words[i], "wrong-name") == 0)
            question.name.wire[1] ^= 1;
        else if (strcmp(words[i], "query") == 0)
            flags &= (uint16_t)~MG_DNS_QR;
        else if (strcmp(words[i], "tc") == 0)
            flags |= MG_DNS_TC;
        else if (strcmp(words[i], "aa") == 0)
            flags = (uint16_t)((flags & ~MG_DNS_RA) | MG_DNS_AA);
        else if (strcmp(words[i], "iterative") == 0)
            flags &= (uint16_t)~MG_DNS_RA;
        else if (strcmp(words[i], "alone") == 0)
            alone = true;
        else if (strcmp(words[i], "cut") == 0)
            cut = 14;
        else
            break;
    }
    unsigned rcode = 0;
    while (rcode < 6 && g_strcmp0(mg_dns_rcode_name(rcode), words[i]) != 0)
        rcode++;
    if (words[i] == NULL || rcode == 6)
        return 0;
    mg_dns_writer_init(&writer, out, cap);
    mg_dns_write_header(&writer, question.id ^ id_change, (uint16_t)(flags | rcode));
    if (!alone)
        mg_dns_write_question(&writer, mg_dns_name_span(&question.name), question.type, MG_DNS_IN);
    g_autofree char *rest = g_strjoinv(" ", words + i + 1);
    g_auto(GStrv) records = g_strsplit(rest, " ; ", -1);
    MgDnsSection section = MG_DNS_ANSWER;
    for (size_t r = 0; rest[0] != '\0' && records[r] != NULL; r++)
        if (!add_record(&writer, &section, records[r]))
            return 0;
    return cut != 0 ? cut : writer.len;
}

static void *parse_answer(const char *text, size_t count, GPtrArray *pool)
{
    static const char *const reaches[] = {"ok", "refused", "timeout", "unreachable", "bad-address"};
    MgDatagramAnswer answer = {0};
    uint8_t out[1500];
    size_t reach = 0, len = strcspn(text, " ");
    while (reach < G_N_ELEMENTS(reaches) &&
           (strlen(reaches[reach]) != len || strncmp(reaches[reach], text, len) != 0))
        reach++;
    if (reach == G_N_ELEMENTS(reaches))
        return NULL;
    answer.reach = (MgReach)reach;
    if (reach == 0) {
        size_t made = make_answer(text + len + (text[len] == ' '), out, sizeof out);
        if (made == 0)
            return NULL;
        answer.payload = (MgSpan){mg_transcript_pool_copy(pool, out, made), made};
    }
    return mg_transcript_pool_copy(pool, &answer, sizeof answer);
}

static const char *const faults[] = {
    "timeout",          "refused",        "unreachable", "ok wrong-id NOERROR",
    "ok query NOERROR", "ok cut NOERROR", "ok SERVFAIL", NULL};

/* ADDRESS PORT NAME TYPE: what is to be asked over a stream. */
static void *parse_stream(const char *text, MgSpan data, GPtrArray *pool)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    MgDnsStreamQuestion question = {.timeout = 5 * MG_SECONDS};
    MgDnsWriter writer;
    MgDnsName name;
    uint16_t type = 0;
    uint8_t out[400];
    if (g_strv_length(words) != 4 || !mg_dns_type_parse(mg_span_from_string(words[3]), &type) ||
        mg_dns_name_parse(mg_span_from_string(words[2]), NULL, &name) != NULL)
        return NULL;
    mg_dns_writer_init(&writer, out, sizeof out);
    mg_dns_write_header(&writer, 0x1234, MG_DNS_RD);
    mg_dns_write_question(&writer, mg_dns_name_span(&name), type, MG_DNS_IN);
    question.address = mg_transcript_pool_string(pool, words[0]);
    question.port = (uint16_t)g_ascii_strtoull(words[1], NULL, 10);
    question.payload = (MgSpan){mg_transcript_pool_copy(pool, out, writer.len), writer.len};
    return mg_transcript_pool_copy(pool, &question, sizeof question);
}

/* ---- an attacker's host ---- */

static void format_overhear(const void *data, GString *out)
{
    g_string_append_printf(out, " %u", ((const MgOverhearQuestion *)data)->port);
}

/* "192.0.2.1:4000" */
static const char *take_end(const char *text, GPtrArray *pool, uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL)
        return NULL;
    g_autofree char *address = g_strndup(text, (size_t)(colon - text));
    *port = (uint16_t)g_ascii_strtoull(colon + 1, NULL, 10);
    return mg_transcript_pool_string(pool, address);
}

/* heard FROM TO NAME TYPE [ID], or `heard FROM TO` of what is no DNS message */
static void *parse_heard(const char *text, size_t count, GPtrArray *pool)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    unsigned n = g_strv_length(words);
    MgOverhearAnswer heard = {0};
    MgDnsWriter writer;
    MgDnsName name;
    uint16_t type = 0;
    uint8_t out[400] = {0};
    if (n < 3 || n == 4 || n > 6 || strcmp(words[0], "heard") != 0)
        return NULL;
    heard.from_address = take_end(words[1], pool, &heard.from_port);
    heard.to_address = take_end(words[2], pool, &heard.to_port);
    if (heard.from_address == NULL || heard.to_address == NULL)
        return NULL;
    mg_dns_writer_init(&writer, out, sizeof out);
    if (n >= 5 && (mg_dns_name_parse(mg_span_from_string(words[3]), NULL, &name) != NULL ||
                   !mg_dns_type_parse(mg_span_from_string(words[4]), &type)))
        return NULL;
    if (n >= 5) {
        uint64_t id = n == 6 ? g_ascii_strtoull(words[5], NULL, 10) : 0x1234;
        mg_dns_write_header(&writer, (uint16_t)id, MG_DNS_RD);
        mg_dns_write_question(&writer, mg_dns_name_span(&name), type, MG_DNS_IN);
    }
    heard.payload = (MgSpan){mg_transcript_pool_copy(pool, out, writer.len), writer.len};
    return mg_transcript_pool_copy(pool, &heard, sizeof heard);
}

static void format_forgery(const void *data, GString *out)
{
    const MgForgeQuestion *forgery = data;
    MgDnsMessage message;
    MgDnsRecord record;
    g_autoptr(GByteArray) wire = g_byte_array_new();
    g_assert_true(mg_dns_message_open(&message, forgery->payload));
    g_string_append_printf(out, " %s:%u %s:%u id=%04x ", forgery->from_address, forgery->from_port,
                           forgery->to_address, forgery->to_port, message.id);
    mg_dns_name_format(mg_dns_name_span(&message.name), out);
    while (mg_dns_message_next(&message, &record)) {
        g_byte_array_set_size(wire, 0);
        g_assert_true(mg_dns_expand_data(forgery->payload, &record, wire));
        g_string_append(out, " ; ");
        mg_dns_name_format(mg_dns_name_span(&record.name), out);
        g_string_append_c(out, ' ');
        mg_dns_type_format(record.type, out);
        g_string_append_c(out, ' ');
        mg_dns_data_format(record.type, (MgSpan){wire->data, wire->len}, out);
    }
}

static void *parse_forged(const char *text, size_t count, GPtrArray *pool)
{
    static const int done;
    return strcmp(text, "ok") == 0 ? mg_transcript_pool_copy(pool, &done, sizeof done) : NULL;
}

static const MgTopicAdapter adapters[] = {
    {.topic = MG_TOPIC_DATAGRAM,
     .name = "datagram",
     .format_question = format_question,
     .format_answer = format_answer,
     .parse_answer = parse_answer,
     .faults = faults},
    {.topic = MG_TOPIC_DNS_STREAM,
     .name = "stream",
     .format_question = format_question,
     .format_answer = format_answer,
     .parse_answer = parse_answer,
     .parse_question = parse_stream,
     .faults = faults},
    {.topic = MG_TOPIC_OVERHEAR,
     .name = "overhear",
     .format_question = format_overhear,
     .parse_answer = parse_heard},
    {.topic = MG_TOPIC_FORGE,
     .name = "forge",
     .format_question = format_forgery,
     .parse_answer = parse_forged},
};

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : "";
    for (size_t i = 0; i < G_N_ELEMENTS(adapters); i++)
        mg_transcript_add_adapter(&adapters[i]);
    if (g_str_has_suffix(folder, "/server"))
        return mg_transcript_main(argc, argv, &mg_dns_server_tcp, &mg_dns_server, NULL);
    if (g_str_has_suffix(folder, "/resolver"))
        return mg_transcript_main(argc, argv, &mg_dns_resolver, &mg_dns_resolver_tcp,
                                  &mg_dns_stream, &mg_dns_flush, NULL);
    if (g_str_has_suffix(folder, "/attack"))
        return mg_transcript_main(argc, argv, &mg_dns_spoof, &mg_dns_watch, &mg_dns_poison,
                                  &mg_dns_liar, &mg_dns_who, &mg_dns_leak, NULL);
    if (g_str_has_suffix(folder, "/command"))
        return mg_transcript_main(argc, argv, &mg_dns_command_zone, &mg_dns_command_lookup,
                                  &mg_dns_iterate, &mg_dns_replay, NULL);
    return mg_transcript_main(argc, argv, &mg_dns_stub, &mg_dns_ask, NULL);
}
