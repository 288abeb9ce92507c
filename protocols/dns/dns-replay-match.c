/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-replay-match.c - entries of a scenario: compared with a message, and made one */
#include "dns-replay.h"

#include "dns-edns.h"
#include "dns-record.h"

#define FLAGS (MG_DNS_QR | MG_DNS_AA | MG_DNS_TC | MG_DNS_RD | MG_DNS_RA | MG_DNS_AD | MG_DNS_CD)

static const char *const section_names[] = {"question", "answer", "authority", "additional"};

static const struct {
    uint16_t bit;
    const char *name;
} flag_names[] = {{MG_DNS_QR, "qr"}, {MG_DNS_AA, "aa"}, {MG_DNS_TC, "tc"}, {MG_DNS_RD, "rd"},
                  {MG_DNS_RA, "ra"}, {MG_DNS_AD, "ad"}, {MG_DNS_CD, "cd"}};

static char *flags_text(uint16_t flags)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(flag_names); i++)
        if ((flags & flag_names[i].bit) != 0)
            g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", flag_names[i].name);
    return g_string_free(text, FALSE);
}

static char *name_text(MgSpan name)
{
    GString *text = g_string_new(NULL);
    mg_dns_name_format(name, text);
    return g_string_free(text, FALSE);
}

/* "www.example.com. A 192.0.2.1": the same text of the same record, letters' case aside where it
 * makes no difference. */
static char *record_text(MgSpan owner, uint16_t type, MgSpan data)
{
    const MgDnsTypeRow *row = mg_dns_type_row(type);
    bool names = false;
    GString *text = g_string_new(NULL);
    g_autofree char *name = name_text(owner);
    g_autofree char *lower = g_ascii_strdown(name, -1);
    for (size_t i = 0; row != NULL && row->fields[i] != MG_DNS_FIELD_END; i++)
        names |= row->fields[i] == MG_DNS_FIELD_NAME || row->fields[i] == MG_DNS_FIELD_PLAIN;
    g_string_append_printf(text, "%s ", lower);
    mg_dns_type_format(type, text);
    g_string_append_c(text, ' ');
    size_t at = text->len;
    mg_dns_data_format(type, data, text);
    for (size_t i = at; names && i < text->len; i++)
        text->str[i] = g_ascii_tolower(text->str[i]);
    return g_string_free(text, FALSE);
}

/* The records of one section, each once, by their text → TTL + 1. */
static GHashTable *records_of(const MgDnsMessage *head, MgSpan bytes, unsigned section)
{
    GHashTable *records = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    MgDnsMessage message = *head;
    MgDnsRecord record;
    while (mg_dns_message_next(&message, &record)) {
        g_autoptr(GByteArray) data = g_byte_array_new();
        if (record.section != section || record.type == MG_DNS_OPT ||
            !mg_dns_expand_data(bytes, &record, data))
            continue;
        g_hash_table_replace(records,
                             record_text(mg_dns_name_span(&record.name), record.type,
                                         (MgSpan){data->data, data->len}),
                             GSIZE_TO_POINTER((size_t)record.ttl + 1));
    }
    return records;
}

static char *compare_section(const MgDnsReplayEntry *entry, unsigned section, GHashTable *got)
{
    g_autoptr(GHashTable) wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GHashTableIter iter;
    void *key = NULL;
    for (unsigned i = 0; i < entry->records->len; i++) {
        const MgDnsReplayRecord *record = g_ptr_array_index(entry->records, i);
        if (record->section != section || record->type == MG_DNS_OPT)
            continue;
        char *text = record_text(mg_dns_name_span(&record->name), record->type,
                                 (MgSpan){record->data->data, record->data->len});
        size_t ttl = GPOINTER_TO_SIZE(g_hash_table_lookup(got, text));
        g_hash_table_add(wanted, text);
        if (ttl == 0)
            return g_strdup_printf("%s: there is no %s", section_names[section], text);
        if ((entry->match & MG_DNS_MATCH_TTL) != 0 && ttl != (size_t)record->ttl + 1)
            return g_strdup_printf("%s: the TTL of %s is %zu, not %u", section_names[section], text,
                                   ttl - 1, record->ttl);
    }
    g_hash_table_iter_init(&iter, got);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        if (!g_hash_table_contains(wanted, key))
            return g_strdup_printf("%s: nobody expects %s", section_names[section], (char *)key);
    return NULL;
}

static char *compare_header(const MgDnsReplayEntry *entry, const MgDnsMessage *head,
                            const MgDnsEdns *edns)
{
    uint32_t match = entry->match;
    uint16_t rcode = (uint16_t)((head->flags & 0xf) | edns->extended_rcode << 4);
    if ((match & MG_DNS_MATCH_OPCODE) != 0 && ((head->flags ^ entry->flags) & MG_DNS_OPCODE) != 0)
        return g_strdup_printf("opcode: %u, not %u", (head->flags & MG_DNS_OPCODE) >> 11,
                               (entry->flags & MG_DNS_OPCODE) >> 11);
    if ((match & MG_DNS_MATCH_RCODE) != 0 && rcode != entry->rcode) {
        const char *got = mg_dns_rcode_name(rcode), *wanted = mg_dns_rcode_name(entry->rcode);
        return g_strdup_printf("rcode: %s, not %s", got != NULL ? got : "?",
                               wanted != NULL ? wanted : "?");
    }
    if ((match & MG_DNS_MATCH_FLAGS) != 0 && ((head->flags ^ entry->flags) & FLAGS) != 0) {
        g_autofree char *got = flags_text(head->flags), *wanted = flags_text(entry->flags);
        return g_strdup_printf("flags: %s, not %s", got, wanted);
    }
    if ((match & MG_DNS_MATCH_EDNS) != 0 && (!edns->present || edns->version != 0))
        return g_strdup("edns: there is none of version 0");
    if ((match & MG_DNS_MATCH_NO_EDNS) != 0 && edns->present)
        return g_strdup("edns: there is one");
    if ((match & MG_DNS_MATCH_DO) != 0 && edns->dnssec_ok != entry->dnssec_ok)
        return g_strdup(edns->dnssec_ok ? "DO is set" : "DO is not set");
    return NULL;
}

static char *compare_question(const MgDnsReplayEntry *entry, const MgDnsMessage *head)
{
    uint32_t match = entry->match;
    MgSpan got = mg_dns_name_span(&head->name), wanted = mg_dns_name_span(&entry->name);
    if (entry->n_questions == 0)
        return NULL;
    if ((match & (MG_DNS_MATCH_QNAME | MG_DNS_MATCH_QTYPE | MG_DNS_MATCH_QCASE |
                  MG_DNS_MATCH_SUBDOMAIN)) != 0 &&
        head->counts[MG_DNS_QUESTION] == 0)
        return g_strdup("question: there is none");
    if ((match & MG_DNS_MATCH_QTYPE) != 0 && head->type != entry->type) {
        g_autoptr(GString) text = g_string_new("qtype: ");
        mg_dns_type_format(head->type, text);
        g_string_append(text, ", not ");
        mg_dns_type_format(entry->type, text);
        return g_strdup(text->str);
    }
    bool differs = (match & MG_DNS_MATCH_QNAME) != 0 && !mg_dns_name_equal(got, wanted);
    differs |= (match & MG_DNS_MATCH_QCASE) != 0 &&
               (got.len != wanted.len || memcmp(got.data, wanted.data, got.len) != 0);
    differs |= (match & MG_DNS_MATCH_SUBDOMAIN) != 0 && !mg_dns_name_is_under(got, wanted);
    if (!differs)
        return NULL;
    g_autofree char *got_text = name_text(got), *wanted_text = name_text(wanted);
    return g_strdup_printf("qname: %s, not %s", got_text, wanted_text);
}

static MgSpan nsid_of(MgSpan options)
{
    MgDnsReader reader = {.data = options.data, .len = options.len};
    uint16_t code = 0;
    MgSpan value;
    while (mg_dns_option_next(&reader, &code, &value))
        if (code == MG_DNS_OPTION_NSID)
            return value;
    return (MgSpan){NULL, 0};
}

static bool same(MgSpan a, MgSpan b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static char *compare_options(const MgDnsReplayEntry *entry, MgSpan got)
{
    MgSpan wanted = {NULL, 0};
    if (entry->options != NULL)
        wanted = (MgSpan){entry->options->data, entry->options->len};
    if ((entry->match & MG_DNS_MATCH_OPTIONS) != 0 && !same(got, wanted))
        return g_strdup("edns: its options are others");
    if ((entry->match & MG_DNS_MATCH_NSID) != 0 && !same(nsid_of(got), nsid_of(wanted)))
        return g_strdup("edns: the NSID is another");
    return NULL;
}

char *mg_dns_replay_compare(const MgDnsReplayEntry *entry, MgSpan bytes, bool stream)
{
    MgDnsMessage head, message;
    MgDnsRecord record;
    MgDnsEdns edns = {0};
    if (!mg_dns_message_open(&head, bytes))
        return g_strdup("this is no DNS message");
    if ((entry->match & (stream ? MG_DNS_MATCH_UDP : MG_DNS_MATCH_TCP)) != 0)
        return g_strdup(stream ? "it came over TCP" : "it came over UDP");
    message = head;
    MgSpan options = {NULL, 0};
    while (mg_dns_message_next(&message, &record))
        if (record.type == MG_DNS_OPT) {
            edns = mg_dns_edns_of(&record);
            options = (MgSpan){bytes.data + record.data_at, record.data_len};
        }
    if (message.reader.bad)
        return g_strdup("the message is broken");
    char *wrong = compare_question(entry, &head);
    if (wrong == NULL)
        wrong = compare_header(entry, &head, &edns);
    if (wrong == NULL)
        wrong = compare_options(entry, options);
    for (unsigned i = MG_DNS_ANSWER; wrong == NULL && i <= MG_DNS_ADDITIONAL; i++) {
        if ((entry->match & (MG_DNS_MATCH_ANSWER << (i - MG_DNS_ANSWER))) == 0)
            continue;
        g_autoptr(GHashTable) got = records_of(&head, bytes, i);
        wrong = compare_section(entry, i, got);
    }
    return wrong;
}

/* ---- making ---- */

static void write_opt(const MgDnsReplayEntry *entry, MgDnsWriter *writer)
{
    MgDnsReader options = {0};
    uint16_t code = 0;
    MgSpan value;
    MgDnsMark before = mg_dns_writer_mark(writer);
    mg_dns_write_opt(writer, 4096, entry->rcode, entry->dnssec_ok);
    if (entry->options != NULL)
        options = (MgDnsReader){.data = entry->options->data, .len = entry->options->len};
    while (mg_dns_option_next(&options, &code, &value))
        mg_dns_write_option(writer, before, code, value);
}

void mg_dns_replay_make(const MgDnsReplayEntry *entry, MgSpan query, GByteArray *out)
{
    MgDnsMessage asked = {0};
    MgDnsWriter writer;
    bool is_answer = mg_dns_message_open(&asked, query);
    if (entry->raw != NULL) {
        g_byte_array_append(out, entry->raw->data, entry->raw->len);
        if ((entry->adjust & MG_DNS_ADJUST_RAW_ID) != 0 && is_answer && out->len >= 2)
            mg_dns_put_u16(out->data, asked.id);
        return;
    }
    bool copy = is_answer && (entry->adjust & MG_DNS_ADJUST_COPY_QUERY) != 0;
    bool same = is_answer && (entry->adjust & MG_DNS_ADJUST_COPY_ID) != 0 &&
                mg_dns_name_equal(mg_dns_name_span(&asked.name), mg_dns_name_span(&entry->name));
    g_byte_array_set_size(out, MG_DNS_MESSAGE_MAX);
    mg_dns_writer_init(&writer, out->data, out->len);
    mg_dns_write_header(&writer, (entry->adjust & MG_DNS_ADJUST_COPY_ID) != 0 ? asked.id : 0x5ca1,
                        (uint16_t)(entry->flags | (entry->rcode & 0xf)));
    if (copy)
        mg_dns_write_question(&writer, mg_dns_name_span(&asked.name), asked.type, asked.class);
    else if (entry->n_questions > 0)
        mg_dns_write_question(&writer, mg_dns_name_span(same ? &asked.name : &entry->name),
                              entry->type, entry->class);
    bool edns = !is_answer;
    MgDnsRecord record;
    while (is_answer && mg_dns_message_next(&asked, &record))
        edns |= record.type == MG_DNS_OPT;
    for (unsigned section = MG_DNS_ANSWER; section <= MG_DNS_ADDITIONAL; section++)
        for (unsigned i = 0; i < entry->records->len; i++) {
            const MgDnsReplayRecord *row = g_ptr_array_index(entry->records, i);
            if (row->section == section)
                mg_dns_write_record(&writer, section, mg_dns_name_span(&row->name), row->type,
                                    row->ttl, (MgSpan){row->data->data, row->data->len});
        }
    if (edns || entry->options != NULL)
        write_opt(entry, &writer);
    g_byte_array_set_size(out, (guint)writer.len);
}

void mg_dns_replay_describe(MgSpan bytes, GString *out)
{
    static const char *const marks[] = {"", ": ", " / ", " + "};
    MgDnsMessage message;
    MgDnsRecord record;
    if (!mg_dns_message_open(&message, bytes)) {
        g_string_append(out, bytes.len == 0 ? "nothing" : "no DNS message");
        return;
    }
    const char *rcode = mg_dns_rcode_name(message.flags & 0xf);
    g_autofree char *flags = flags_text(message.flags);
    g_string_append_printf(out, "%s [%s]", rcode != NULL ? rcode : "?", flags);
    if (message.counts[MG_DNS_QUESTION] > 0) {
        g_string_append_c(out, ' ');
        mg_dns_name_format(mg_dns_name_span(&message.name), out);
        g_string_append_c(out, ' ');
        mg_dns_type_format(message.type, out);
    }
    unsigned last = 0;
    while (mg_dns_message_next(&message, &record)) {
        g_autoptr(GByteArray) data = g_byte_array_new();
        if (record.type == MG_DNS_OPT || !mg_dns_expand_data(bytes, &record, data))
            continue;
        g_autofree char *text = record_text(mg_dns_name_span(&record.name), record.type,
                                            (MgSpan){data->data, data->len});
        g_string_append_printf(out, "%s%s", last == record.section ? " ; " : marks[record.section],
                               text);
        last = record.section;
    }
}
