/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-record.c - record types as rows, and their data on the wire */
#include "dns-record.h"

#include "dns-record-special.h"

#define U8      MG_DNS_FIELD_U8
#define U16     MG_DNS_FIELD_U16
#define U32     MG_DNS_FIELD_U32
#define PERIOD  MG_DNS_FIELD_PERIOD
#define NAME    MG_DNS_FIELD_NAME
#define PLAIN   MG_DNS_FIELD_PLAIN
#define STRING  MG_DNS_FIELD_STRING
#define WORD    MG_DNS_FIELD_WORD
#define STRINGS MG_DNS_FIELD_STRINGS
#define HEX     MG_DNS_FIELD_HEX
#define BASE64  MG_DNS_FIELD_BASE64
#define TIME    MG_DNS_FIELD_TIME
#define TYPE    MG_DNS_FIELD_TYPE
#define TYPES   MG_DNS_FIELD_TYPES

/* By number: the row of type N stands at N. */
static const MgDnsTypeRow low[] = {
    [1] = {"A", {MG_DNS_FIELD_A}, 1},
    [2] = {"NS", {NAME}, 2},
    [3] = {"MD", {NAME}, 3},
    [4] = {"MF", {NAME}, 4},
    [5] = {"CNAME", {NAME}, 5},
    [6] = {"SOA", {NAME, NAME, U32, PERIOD, PERIOD, PERIOD, PERIOD}, 6},
    [7] = {"MB", {NAME}, 7},
    [8] = {"MG", {NAME}, 8},
    [9] = {"MR", {NAME}, 9},
    [11] = {"WKS", {MG_DNS_FIELD_A, MG_DNS_FIELD_PROTOCOL, MG_DNS_FIELD_PORTS}, 11},
    [12] = {"PTR", {NAME}, 12},
    [13] = {"HINFO", {STRING, STRING}, 13},
    [14] = {"MINFO", {NAME, NAME}, 14},
    [15] = {"MX", {U16, NAME}, 15},
    [16] = {"TXT", {STRINGS}, 16},
    [17] = {"RP", {PLAIN, PLAIN}, 17},
    [18] = {"AFSDB", {U16, PLAIN}, 18},
    [19] = {"X25", {STRING}, 19},
    [20] = {"ISDN", {STRINGS}, 20},
    [21] = {"RT", {U16, PLAIN}, 21},
    [24] = {"SIG", {TYPE, U8, U8, U32, TIME, TIME, U16, PLAIN, BASE64}, 24},
    [25] = {"KEY", {U16, U8, U8, BASE64}, 25},
    [26] = {"PX", {U16, PLAIN, PLAIN}, 26},
    [22] = {"NSAP", {MG_DNS_FIELD_NSAP}, 22},
    [27] = {"GPOS", {WORD, WORD, WORD}, 27},
    [28] = {"AAAA", {MG_DNS_FIELD_AAAA}, 28},
    [29] = {"LOC", {MG_DNS_FIELD_LOC}, 29},
    [33] = {"SRV", {U16, U16, U16, PLAIN}, 33},
    [35] = {"NAPTR", {U16, U16, STRING, STRING, STRING, PLAIN}, 35},
    [36] = {"KX", {U16, PLAIN}, 36},
    [37] = {"CERT", {U16, U16, U8, BASE64}, 37},
    [39] = {"DNAME", {PLAIN}, 39},
    [43] = {"DS", {U16, U8, U8, HEX}, 43},
    [44] = {"SSHFP", {U8, U8, HEX}, 44},
    [46] = {"RRSIG", {TYPE, U8, U8, U32, TIME, TIME, U16, PLAIN, BASE64}, 46},
    [47] = {"NSEC", {PLAIN, TYPES}, 47},
    [48] = {"DNSKEY", {U16, U8, U8, BASE64}, 48},
    [49] = {"DHCID", {BASE64}, 49},
    [50] = {"NSEC3", {U8, U8, U16, MG_DNS_FIELD_SALT, MG_DNS_FIELD_HASH, TYPES}, 50},
    [51] = {"NSEC3PARAM", {U8, U8, U16, MG_DNS_FIELD_SALT}, 51},
    [52] = {"TLSA", {U8, U8, U8, HEX}, 52},
    [53] = {"SMIMEA", {U8, U8, U8, HEX}, 53},
    [58] = {"TALINK", {PLAIN, PLAIN}, 58},
    [59] = {"CDS", {U16, U8, U8, HEX}, 59},
    [60] = {"CDNSKEY", {U16, U8, U8, BASE64}, 60},
    [61] = {"OPENPGPKEY", {BASE64}, 61},
    [62] = {"CSYNC", {U32, U16, TYPES}, 62},
    [63] = {"ZONEMD", {U32, U8, U8, HEX}, 63},
    [64] = {"SVCB", {U16, PLAIN, MG_DNS_FIELD_SVC}, 64},
    [65] = {"HTTPS", {U16, PLAIN, MG_DNS_FIELD_SVC}, 65},
};

static const MgDnsTypeRow high[] = {
    {"SPF", {STRINGS}, 99},
    {"NID", {U16, MG_DNS_FIELD_NODE}, 104},
    {"L32", {U16, MG_DNS_FIELD_A}, 105},
    {"L64", {U16, MG_DNS_FIELD_NODE}, 106},
    {"LP", {U16, PLAIN}, 107},
    {"EUI48", {MG_DNS_FIELD_EUI48}, 108},
    {"EUI64", {MG_DNS_FIELD_EUI64}, 109},
    {"URI", {U16, U16, MG_DNS_FIELD_REST}, 256},
    {"CAA", {U8, WORD, MG_DNS_FIELD_REST}, 257},
};

/* Types of questions, which no record has. */
static const struct {
    const char *name;
    uint16_t type;
} question_types[] = {{"OPT", 41},   {"TKEY", 249},  {"TSIG", 250},    {"IXFR", 251},
                      {"AXFR", 252}, {"MAILB", 253}, {"MAILA", 254},   {"ANY", 255},
                      {"APL", 42},   {"NULL", 10},   {"IPSECKEY", 45}, {"NSAP-PTR", 23}};

static const char *const rcode_names[] = {
    "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
    "NXRRSET", "NOTAUTH", "NOTZONE",  NULL,       NULL,      NULL,      NULL,       NULL,
    "BADVERS", "BADKEY",  "BADTIME",  "BADMODE",  "BADNAME", "BADALG",  "BADTRUNC", "BADCOOKIE"};

const char *mg_dns_rcode_name(unsigned rcode)
{
    return rcode < G_N_ELEMENTS(rcode_names) ? rcode_names[rcode] : NULL;
}

const MgDnsTypeRow *mg_dns_type_row(uint16_t type)
{
    if (type < G_N_ELEMENTS(low))
        return low[type].name != NULL ? &low[type] : NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(high); i++)
        if (high[i].type == type)
            return &high[i];
    return NULL;
}

void mg_dns_type_format(uint16_t type, GString *out)
{
    const MgDnsTypeRow *row = mg_dns_type_row(type);
    if (row != NULL) {
        g_string_append(out, row->name);
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(question_types); i++) {
        if (question_types[i].type == type) {
            g_string_append(out, question_types[i].name);
            return;
        }
    }
    g_string_append_printf(out, "TYPE%u", type);
}

/* "TYPE123" with this word before the number. */
static bool parse_numbered(MgSpan text, const char *word, uint16_t *out)
{
    size_t skip = strlen(word);
    unsigned value = 0;
    if (text.len <= skip || text.len > skip + 5 ||
        g_ascii_strncasecmp((const char *)text.data, word, skip) != 0)
        return false;
    for (size_t i = skip; i < text.len; i++) {
        if (!g_ascii_isdigit(text.data[i]))
            return false;
        value = value * 10 + (text.data[i] - '0');
    }
    *out = (uint16_t)value;
    return value <= UINT16_MAX;
}

bool mg_dns_type_parse(MgSpan text, uint16_t *type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(low) + G_N_ELEMENTS(high); i++) {
        const MgDnsTypeRow *row = i < G_N_ELEMENTS(low) ? &low[i] : &high[i - G_N_ELEMENTS(low)];
        if (row->name != NULL && mg_span_equal_nocase(text, mg_span_from_string(row->name))) {
            *type = row->type;
            return true;
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(question_types); i++) {
        if (mg_span_equal_nocase(text, mg_span_from_string(question_types[i].name))) {
            *type = question_types[i].type;
            return true;
        }
    }
    return parse_numbered(text, "TYPE", type);
}

static const struct {
    const char *name;
    uint16_t class;
} classes[] = {{"IN", 1}, {"CH", 3}, {"HS", 4}, {"NONE", 254}, {"ANY", 255}};

void mg_dns_class_format(uint16_t class, GString *out)
{
    for (size_t i = 0; i < G_N_ELEMENTS(classes); i++) {
        if (classes[i].class == class) {
            g_string_append(out, classes[i].name);
            return;
        }
    }
    g_string_append_printf(out, "CLASS%u", class);
}

bool mg_dns_class_parse(MgSpan text, uint16_t *class)
{
    for (size_t i = 0; i < 3; i++) { /* NONE and ANY are no classes of records */
        if (mg_span_equal_nocase(text, mg_span_from_string(classes[i].name))) {
            *class = classes[i].class;
            return true;
        }
    }
    return parse_numbered(text, "CLASS", class);
}

/* ---- on the wire ---- */

/* A window number, a length and octets, as often as fits (RFC 4034 §4.1.2). */
static void read_types(MgDnsReader *reader)
{
    int window = -1;
    while (reader->at < reader->len && !reader->bad) {
        int next = mg_dns_read_u8(reader);
        uint8_t len = mg_dns_read_u8(reader);
        if (next <= window || len == 0 || len > 32)
            reader->bad = true;
        mg_dns_read_span(reader, len);
        window = next;
    }
}

bool mg_dns_read_field(MgDnsReader *reader, MgDnsFieldKind kind, MgDnsName *name)
{
    static const uint8_t sizes[] = {
        [MG_DNS_FIELD_U8] = 1,       [MG_DNS_FIELD_U16] = 2,  [MG_DNS_FIELD_U32] = 4,
        [MG_DNS_FIELD_PERIOD] = 4,   [MG_DNS_FIELD_A] = 4,    [MG_DNS_FIELD_AAAA] = 16,
        [MG_DNS_FIELD_TIME] = 4,     [MG_DNS_FIELD_TYPE] = 2, [MG_DNS_FIELD_EUI48] = 6,
        [MG_DNS_FIELD_EUI64] = 8,    [MG_DNS_FIELD_NODE] = 8, [MG_DNS_FIELD_LOC] = 16,
        [MG_DNS_FIELD_PROTOCOL] = 1,
    };
    switch (kind) {
    case MG_DNS_FIELD_NAME:
    case MG_DNS_FIELD_PLAIN:
        mg_dns_read_name(reader, name);
        break;
    case MG_DNS_FIELD_STRING:
    case MG_DNS_FIELD_WORD:
    case MG_DNS_FIELD_SALT:
    case MG_DNS_FIELD_HASH:
        mg_dns_read_span(reader, mg_dns_read_u8(reader));
        break;
    case MG_DNS_FIELD_STRINGS:
        do
            mg_dns_read_span(reader, mg_dns_read_u8(reader));
        while (reader->at < reader->len && !reader->bad);
        break;
    case MG_DNS_FIELD_REST:
    case MG_DNS_FIELD_NSAP:
    case MG_DNS_FIELD_HEX:
    case MG_DNS_FIELD_BASE64:
    case MG_DNS_FIELD_PORTS:
        mg_dns_read_span(reader, reader->len - reader->at);
        break;
    case MG_DNS_FIELD_SVC:
        if (!mg_dns_svc_valid(mg_dns_read_span(reader, reader->len - reader->at)))
            reader->bad = true;
        break;
    case MG_DNS_FIELD_TYPES:
        read_types(reader);
        break;
    default:
        mg_dns_read_span(reader, sizes[kind]);
    }
    return !reader->bad;
}

bool mg_dns_data_valid(uint16_t type, MgSpan data)
{
    const MgDnsTypeRow *row = mg_dns_type_row(type);
    MgDnsReader reader = {.data = data.data, .len = data.len};
    MgDnsName name;
    if (row == NULL)
        return true;
    for (const uint8_t *field = row->fields; *field != MG_DNS_FIELD_END; field++) {
        size_t at = reader.at;
        if (!mg_dns_read_field(&reader, *field, &name))
            return false;
        bool is_name = *field == MG_DNS_FIELD_NAME || *field == MG_DNS_FIELD_PLAIN;
        if (is_name && reader.at - at != name.len) /* compressed */
            return false;
    }
    return reader.at == data.len;
}

bool mg_dns_expand_data(MgSpan message, const MgDnsRecord *record, GByteArray *out)
{
    const MgDnsTypeRow *row = mg_dns_type_row(record->type);
    size_t end = record->data_at + record->data_len;
    guint before = out->len;
    MgDnsName name;
    /* Pointers lead backwards, so that what is behind the data is never needed. */
    MgDnsReader reader = {.data = message.data, .len = end, .at = record->data_at};
    if (row == NULL) {
        g_byte_array_append(out, message.data + record->data_at, record->data_len);
        return true;
    }
    for (const uint8_t *field = row->fields; *field != MG_DNS_FIELD_END; field++) {
        size_t at = reader.at;
        if (!mg_dns_read_field(&reader, *field, &name))
            break;
        if (*field == MG_DNS_FIELD_NAME || *field == MG_DNS_FIELD_PLAIN)
            g_byte_array_append(out, name.wire, name.len);
        else
            g_byte_array_append(out, message.data + at, (guint)(reader.at - at));
    }
    if (!reader.bad && reader.at == end && out->len - before <= UINT16_MAX)
        return true;
    g_byte_array_set_size(out, before);
    return false;
}

void mg_dns_write_data(MgDnsWriter *writer, uint16_t type, MgSpan data)
{
    const MgDnsTypeRow *row = mg_dns_type_row(type);
    MgDnsReader reader = {.data = data.data, .len = data.len};
    MgDnsName name = {.len = 0};
    bool names = false;
    for (const uint8_t *field = row != NULL ? row->fields : NULL;
         field != NULL && *field != MG_DNS_FIELD_END; field++)
        names = names || *field == MG_DNS_FIELD_NAME;
    if (!names || data.len == 0) {
        mg_dns_write_span(writer, data);
        return;
    }
    for (const uint8_t *field = row->fields; *field != MG_DNS_FIELD_END; field++) {
        size_t at = reader.at;
        if (!mg_dns_read_field(&reader, *field, &name))
            break;
        if (*field == MG_DNS_FIELD_NAME)
            mg_dns_write_name(writer, mg_dns_name_span(&name), true);
        else
            mg_dns_write_span(writer, (MgSpan){data.data + at, reader.at - at});
    }
    g_assert(!reader.bad && reader.at == data.len);
}
