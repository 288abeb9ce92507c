/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-transcripts.c - the stub, the verb and the stream server, as conversations
 *
 * Datagrams are written in words: `?: datagram 192.0.2.53 53 rd example.net. MX`, and
 * `!: ok NOERROR example.net. 300 MX 10 mx.example.net. ; …`, an answer to what was asked last. The
 * words `wrong-id`, `wrong-name`, `query`, `tc`, `alone` and `cut` before the rcode make it a bad
 * one. */
#include "dns.h"
#include "transcript.h"

#include "dns-record.h"

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

static bool add_record(MgDnsWriter *writer, const char *text)
{
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
           mg_dns_write_record(writer, MG_DNS_ANSWER, mg_dns_name_span(&owner), type,
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
    for (size_t r = 0; rest[0] != '\0' && records[r] != NULL; r++)
        if (!add_record(&writer, records[r]))
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

int main(int argc, char **argv)
{
    static const MgTopicAdapter adapter = {.topic = MG_TOPIC_DATAGRAM,
                                           .name = "datagram",
                                           .format_question = format_question,
                                           .format_answer = format_answer,
                                           .parse_answer = parse_answer,
                                           .faults = faults};
    mg_transcript_add_adapter(&adapter);
    if (argc > 1 && g_str_has_suffix(argv[1], "/server"))
        return mg_transcript_main(argc, argv, &mg_dns_server_tcp, &mg_dns_server, NULL);
    if (argc > 1 && g_str_has_suffix(argv[1], "/command"))
        return mg_transcript_main(argc, argv, &mg_dns_command_zone, &mg_dns_command_lookup,
                                  &mg_dns_command_serve, NULL);
    return mg_transcript_main(argc, argv, &mg_dns_stub, &mg_dns_ask, NULL);
}
