/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-dissect.c - names the bytes of DNS
 *
 * A datagram is one unit. In a stream each message has its length before it (RFC 1035 §4.2.2). A
 * broken message is named as far as it goes; the rest is one piece with a note.
 */
#include "dns.h"

#include "dns-edns.h"
#include "dns-fields.h"
#include "dns-names.h"
#include "dns-record-special.h"

#define SUMMARY_MAX 100

enum { TAG_STREAM = 1 };

typedef struct {
    bool stream;
} State;

/* ---- cutting ---- */

static bool cut(void *data, MgDirection direction, MgSpan bytes, bool end, MgUnit *unit)
{
    State *state = data;
    if (bytes.len == 0)
        return false;
    /* A datagram is whole when it is seen for the first time; a stream never knows that yet. */
    if (!end)
        state->stream = true;
    size_t prefix = state->stream ? 2 : 0, len = bytes.len;
    if (state->stream)
        len = bytes.len >= 2 ? 2u + mg_dns_get_u16(bytes.data) : SIZE_MAX;
    if (len > bytes.len && !end)
        return false;
    bool answers =
        bytes.len > prefix + 2 ? (bytes.data[prefix + 2] & 0x80) != 0 : direction == MG_FROM_SERVER;
    *unit = (MgUnit){.len = MIN(len, bytes.len),
                     .kind = answers ? MG_UNIT_ANSWER : MG_UNIT_QUERY,
                     .tag = state->stream ? TAG_STREAM : 0};
    return true;
}

/* ---- naming ---- */

typedef struct {
    MgTree *tree;
    MgDnsReader reader; /* over the message */
    size_t base;        /* where the message begins in the unit */
    uint16_t type;      /* of the record */
} Naming;

static void format_name(MgSpan wire, GString *out)
{
    if (wire.len <= 1) {
        g_string_append(out, "<Root>"); /* as Wireshark has it */
        return;
    }
    mg_dns_name_format(wire, out);
    g_string_truncate(out, out->len - 1);
}

static void note(Naming *naming, MgNode node, unsigned rule)
{
    mg_tree_note(naming->tree, node, &mg_dns_dissect_rules[rule]);
}

/* What is left, as one piece. */
static void name_rest(Naming *naming, MgNode parent, size_t at, size_t end, unsigned rule)
{
    MgNode node = parent;
    if (at < end)
        node = mg_tree_add(naming->tree, parent, F_EXTRANEOUS, naming->base + at, end - at);
    if (node != MG_NODE_ROOT)
        note(naming, node, rule);
}

static bool name_uint(Naming *naming, MgNode parent, unsigned field, size_t size)
{
    size_t at = naming->reader.at;
    MgSpan raw = mg_dns_read_span(&naming->reader, size);
    uint64_t value = 0;
    if (naming->reader.bad)
        return false;
    for (size_t i = 0; i < raw.len; i++)
        value = value << 8 | raw.data[i];
    MgNode node = mg_tree_add_uint(naming->tree, parent, field, naming->base + at, size, value);
    if (field == F_NSEC3_FLAGS && naming->type == MG_DNS_NSEC3)
        mg_tree_add_uint(naming->tree, node, F_NSEC3_OPT_OUT, naming->base + at, size, value & 1);
    return true;
}

/* Does the name that cannot be read fail at a pointer? */
static bool fails_at_pointer(const MgDnsReader *reader, size_t at)
{
    while (at < reader->len && reader->data[at] != 0 && reader->data[at] <= MG_DNS_LABEL_MAX)
        at += (size_t)reader->data[at] + 1;
    return at + 1 < reader->len && reader->data[at] >= 0xc0;
}

static bool name_name(Naming *naming, MgNode parent, unsigned field)
{
    MgDnsReader *reader = &naming->reader;
    size_t at = reader->at;
    MgDnsName name;
    mg_dns_read_name(reader, &name);
    if (reader->bad) {
        name_rest(naming, parent, at, reader->len,
                  fails_at_pointer(reader, at) ? MG_DNS_RULE_POINTER : MG_DNS_RULE_MALFORMED);
        return false;
    }
    g_autoptr(GString) text = g_string_sized_new(64);
    format_name(mg_dns_name_span(&name), text);
    mg_tree_add_text(naming->tree, parent, field, naming->base + at, reader->at - at, text->str);
    return true;
}

/* Which fields the data of a type has; in the order of its row in dns-record.c. */
static const struct {
    uint16_t type;
    uint8_t fields[9];
} data_fields[] = {
    {1, {F_A}},
    {2, {F_NS}},
    {3, {F_MD}},
    {4, {F_MF}},
    {5, {F_CNAME}},
    {6,
     {F_SOA_MNAME, F_SOA_RNAME, F_SOA_SERIAL, F_SOA_REFRESH, F_SOA_RETRY, F_SOA_EXPIRE,
      F_SOA_MINIMUM}},
    {7, {F_MB}},
    {8, {F_MG}},
    {9, {F_MR}},
    {11, {F_WKS_ADDRESS, F_WKS_PROTOCOL, F_WKS_BITS}},
    {12, {F_PTR}},
    {13, {F_HINFO_CPU, F_HINFO_OS}},
    {14, {F_MINFO_R, F_MINFO_E}},
    {15, {F_MX_PREFERENCE, F_MX_EXCHANGE}},
    {16, {F_TXT}},
    {17, {F_RP_MAILBOX, F_RP_TXT}},
    {18, {F_AFSDB_SUBTYPE, F_AFSDB_HOST}},
    {19, {F_X25_ADDRESS}},
    {20, {F_ISDN}},
    {21, {F_RT_PREFERENCE, F_RT_HOST}},
    {22, {F_NSAP}},
    {24,
     {F_RRSIG_COVERED, F_RRSIG_ALGORITHM, F_RRSIG_LABELS, F_RRSIG_TTL, F_RRSIG_EXPIRATION,
      F_RRSIG_INCEPTION, F_RRSIG_KEY_TAG, F_RRSIG_SIGNER, F_RRSIG_SIGNATURE}},
    {25, {F_KEY_FLAGS, F_KEY_PROTOCOL, F_KEY_ALGORITHM, F_KEY_KEY}},
    {26, {F_PX_PREFERENCE, F_PX_822, F_PX_400}},
    {27, {F_GPOS_LONGITUDE, F_GPOS_LATITUDE, F_GPOS_ALTITUDE}},
    {28, {F_AAAA}},
    {29, {F_LOC_VERSION}},
    {33, {F_SRV_PRIORITY, F_SRV_WEIGHT, F_SRV_PORT, F_SRV_TARGET}},
    {35,
     {F_NAPTR_ORDER, F_NAPTR_PREFERENCE, F_NAPTR_FLAGS, F_NAPTR_SERVICE, F_NAPTR_REGEX,
      F_NAPTR_REPLACEMENT}},
    {36, {F_KX_PREFERENCE, F_KX_HOST}},
    {37, {F_CERT_TYPE, F_CERT_KEY_TAG, F_CERT_ALGORITHM, F_CERT_DATA}},
    {39, {F_DNAME}},
    {43, {F_DS_KEY_ID, F_DS_ALGORITHM, F_DS_DIGEST_TYPE, F_DS_DIGEST}},
    {44, {F_SSHFP_ALGORITHM, F_SSHFP_TYPE, F_SSHFP_FINGERPRINT}},
    {46,
     {F_RRSIG_COVERED, F_RRSIG_ALGORITHM, F_RRSIG_LABELS, F_RRSIG_TTL, F_RRSIG_EXPIRATION,
      F_RRSIG_INCEPTION, F_RRSIG_KEY_TAG, F_RRSIG_SIGNER, F_RRSIG_SIGNATURE}},
    {47, {F_NSEC_NEXT, F_NSEC_TYPES}},
    {48, {F_DNSKEY_FLAGS, F_DNSKEY_PROTOCOL, F_DNSKEY_ALGORITHM, F_DNSKEY_KEY}},
    {49, {F_DHCID}},
    {50,
     {F_NSEC3_ALGO, F_NSEC3_FLAGS, F_NSEC3_ITERATIONS, F_NSEC3_SALT, F_NSEC3_HASH, F_NSEC3_TYPES}},
    {51, {F_NSEC3_ALGO, F_NSEC3_FLAGS, F_NSEC3_ITERATIONS, F_NSEC3_SALT}},
    {52, {F_TLSA_USAGE, F_TLSA_SELECTOR, F_TLSA_MATCHING, F_TLSA_DATA}},
    {53, {F_TLSA_USAGE, F_TLSA_SELECTOR, F_TLSA_MATCHING, F_TLSA_DATA}},
    {58, {F_TALINK_PREVIOUS, F_TALINK_NEXT}},
    {59, {F_DS_KEY_ID, F_DS_ALGORITHM, F_DS_DIGEST_TYPE, F_DS_DIGEST}},
    {60, {F_DNSKEY_FLAGS, F_DNSKEY_PROTOCOL, F_DNSKEY_ALGORITHM, F_DNSKEY_KEY}},
    {61, {F_OPENPGPKEY}},
    {62, {F_CSYNC_SOA, F_CSYNC_FLAGS, F_CSYNC_TYPES}},
    {63, {F_ZONEMD_SERIAL, F_ZONEMD_SCHEME, F_ZONEMD_HASH, F_ZONEMD_DIGEST}},
    {64, {F_SVC_PRIORITY, F_SVC_TARGET, F_SVC_PARAM}},
    {65, {F_SVC_PRIORITY, F_SVC_TARGET, F_SVC_PARAM}},
    {99, {F_SPF}},
    {104, {F_NID_PREFERENCE, F_NID}},
    {105, {F_L32_PREFERENCE, F_L32}},
    {106, {F_L64_PREFERENCE, F_L64}},
    {107, {F_LP_PREFERENCE, F_LP}},
    {108, {F_EUI48}},
    {109, {F_EUI64}},
    {256, {F_URI_PRIORITY, F_URI_WEIGHT, F_URI_TARGET}},
    {257, {F_CAA_FLAGS, F_CAA_TAG, F_CAA_VALUE}},
};

/* Fields with their length before them that is a field of its own. */
static const struct {
    uint8_t field, length;
} counted[] = {{F_TXT, F_TXT_LENGTH},
               {F_X25_ADDRESS, F_X25_LENGTH},
               {F_NSEC3_SALT, F_NSEC3_SALT_LENGTH},
               {F_NSEC3_HASH, F_NSEC3_HASH_LENGTH}};

/* One octet of length, and as many as it says; `text` (nullable) is what they mean. */
static void name_counted(Naming *naming, MgNode record, unsigned field, size_t at, const char *text)
{
    uint8_t len = naming->reader.data[at];
    size_t base = naming->base + at;
    for (size_t i = 0; i < G_N_ELEMENTS(counted); i++)
        if (counted[i].field == field)
            mg_tree_add_uint(naming->tree, record, counted[i].length, base, 1, len);
    if (text != NULL)
        mg_tree_add_text(naming->tree, record, field, base + 1, len, text);
    else
        mg_tree_add(naming->tree, record, field, base + 1, len);
}

static void name_strings(Naming *naming, MgNode record, unsigned field, size_t at, size_t end)
{
    for (; at < end; at += (size_t)naming->reader.data[at] + 1) {
        name_counted(naming, record, field, at, NULL);
        if (field == F_ISDN)
            field = F_ISDN_SUB;
    }
}

/* Where on earth: its numbers are words of a master file, which people can read (RFC 1876 §3). */
static void name_loc(Naming *naming, MgNode record, size_t at, MgSpan raw)
{
    static const struct {
        uint8_t field, at, len, word, n_words;
    } parts[] = {
        {F_LOC_SIZE, 1, 1, 9, 1},      {F_LOC_HORIZONTAL, 2, 1, 10, 1},
        {F_LOC_VERTICAL, 3, 1, 11, 1}, {F_LOC_LATITUDE, 4, 4, 0, 4},
        {F_LOC_LONGITUDE, 8, 4, 4, 4}, {F_LOC_ALTITUDE, 12, 4, 8, 1},
    };
    g_autoptr(GString) text = g_string_new(NULL);
    size_t base = naming->base + at;
    bool known = mg_dns_loc_format(raw, text);
    g_auto(GStrv) words = g_strsplit(text->str, " ", -1);
    known = known && g_strv_length(words) == 12;
    if (!known)
        record = mg_tree_add(naming->tree, record, F_LOC_UNKNOWN, base, raw.len);
    mg_tree_add_uint(naming->tree, record, F_LOC_VERSION, base, 1, raw.data[0]);
    if (!known)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_string_truncate(text, 0);
        for (unsigned j = 0; j < parts[i].n_words; j++)
            g_string_append_printf(text, "%s%s", j > 0 ? " " : "", words[parts[i].word + j]);
        mg_tree_add_text(naming->tree, record, parts[i].field, base + parts[i].at, parts[i].len,
                         text->str);
    }
}

/* Key, length and value, as often as there are (RFC 9460 §2.2); whole, since they were read. */
static void name_params(Naming *naming, MgNode record, size_t at, size_t end)
{
    const uint8_t *data = naming->reader.data;
    while (at + 4 <= end) {
        uint16_t len = mg_dns_get_u16(data + at + 2);
        size_t base = naming->base + at;
        MgNode param = mg_tree_add(naming->tree, record, F_SVC_PARAM, base, 4u + len);
        mg_tree_add_uint(naming->tree, param, F_SVC_KEY, base, 2, mg_dns_get_u16(data + at));
        mg_tree_add_uint(naming->tree, param, F_SVC_LENGTH, base + 2, 2, len);
        if (len > 0)
            mg_tree_add(naming->tree, param, F_SVC_VALUE, base + 4, len);
        at += 4u + len;
    }
}

/* One field of data; the reader stands behind it already. */
static void name_field(Naming *naming, MgNode record, unsigned field, MgDnsFieldKind kind,
                       size_t at)
{
    size_t len = naming->reader.at - at;
    MgSpan raw = {naming->reader.data + at, len};
    g_autoptr(GString) text = NULL;
    switch (kind) {
    case MG_DNS_FIELD_STRINGS:
        name_strings(naming, record, field, at, at + len);
        return;
    case MG_DNS_FIELD_SVC:
        name_params(naming, record, at, at + len);
        return;
    case MG_DNS_FIELD_STRING:
    case MG_DNS_FIELD_WORD:
    case MG_DNS_FIELD_SALT:
        name_counted(naming, record, field, at, NULL);
        return;
    case MG_DNS_FIELD_HASH:
        text = g_string_new(NULL);
        mg_dns_field_format(kind, raw, text);
        g_string_ascii_down(text); /* as Wireshark has it, and DNS does not care */
        name_counted(naming, record, field, at, text->str);
        return;
    case MG_DNS_FIELD_LOC:
        name_loc(naming, record, at, raw);
        return;
    case MG_DNS_FIELD_TIME:
    case MG_DNS_FIELD_TYPES:
    case MG_DNS_FIELD_PORTS:
    case MG_DNS_FIELD_EUI48:
    case MG_DNS_FIELD_EUI64:
        text = g_string_new(NULL);
        mg_dns_field_format(kind, raw, text);
        break;
    case MG_DNS_FIELD_PROTOCOL:
    case MG_DNS_FIELD_U8:
    case MG_DNS_FIELD_U16:
    case MG_DNS_FIELD_TYPE:
    case MG_DNS_FIELD_U32:
    case MG_DNS_FIELD_PERIOD:
        naming->reader.at = at;
        name_uint(naming, record, field, len);
        return;
    default:
        mg_tree_add(naming->tree, record, field, naming->base + at, len);
        return;
    }
    mg_tree_add_text(naming->tree, record, field, naming->base + at, len, text->str);
}

/* The data of a record, up to reader.len. False if it is broken. */
static bool name_data(Naming *naming, MgNode record, uint16_t type)
{
    const MgDnsTypeRow *row = mg_dns_type_row(type);
    MgDnsReader *reader = &naming->reader;
    size_t known = 0;
    naming->type = type;
    while (known < G_N_ELEMENTS(data_fields) && data_fields[known].type != type)
        known++;
    if (row == NULL || known == G_N_ELEMENTS(data_fields)) {
        if (reader->at < reader->len)
            mg_tree_add(naming->tree, record, F_DATA, naming->base + reader->at,
                        reader->len - reader->at);
        return true;
    }
    for (size_t i = 0; row->fields[i] != MG_DNS_FIELD_END; i++) {
        MgDnsFieldKind kind = row->fields[i];
        unsigned field = data_fields[known].fields[i];
        size_t at = reader->at;
        MgDnsName name;
        if (kind == MG_DNS_FIELD_NAME || kind == MG_DNS_FIELD_PLAIN) {
            if (!name_name(naming, record, field))
                return false;
            continue;
        }
        if (!mg_dns_read_field(reader, kind, &name)) {
            name_rest(naming, record, at, reader->len, MG_DNS_RULE_MALFORMED);
            return false;
        }
        name_field(naming, record, field, kind, at);
    }
    if (reader->at < reader->len)
        name_rest(naming, record, reader->at, reader->len, MG_DNS_RULE_MALFORMED);
    return reader->at == reader->len;
}

/* Family, two prefix lengths, and as much of an address as the first says (RFC 7871 §6). */
static void name_subnet(Naming *naming, MgNode parent, size_t at, MgSpan value)
{
    uint8_t octets[16] = {0};
    if (!mg_dns_subnet_valid(value))
        return;
    bool four = value.data[1] == 1;
    for (unsigned i = 0; i < 3; i++)
        mg_tree_add_uint(naming->tree, parent, F_OPT_SUBNET_FAMILY + i, at + i + (i > 0),
                         i > 0 ? 1 : 2, i > 0 ? value.data[i + 1] : value.data[1]);
    memcpy(octets, value.data + 4, value.len - 4);
    g_autoptr(GString) text = g_string_new(NULL);
    mg_dns_data_format(four ? MG_DNS_A : MG_DNS_AAAA, (MgSpan){octets, four ? 4 : 16}, text);
    mg_tree_add_text(naming->tree, parent, four ? F_OPT_SUBNET_ADDR4 : F_OPT_SUBNET_ADDR6, at + 4,
                     value.len - 4, text->str);
}

/* What an option says, where it is known and as it must be. */
static void name_option(Naming *naming, MgNode parent, uint16_t code, size_t at, MgSpan value)
{
    MgTree *tree = naming->tree;
    if (code == MG_DNS_OPTION_COOKIE && value.len >= MG_DNS_COOKIE_CLIENT) {
        mg_tree_add(tree, parent, F_OPT_COOKIE_CLIENT, at, MG_DNS_COOKIE_CLIENT);
        if (value.len > MG_DNS_COOKIE_CLIENT)
            mg_tree_add(tree, parent, F_OPT_COOKIE_SERVER, at + MG_DNS_COOKIE_CLIENT,
                        value.len - MG_DNS_COOKIE_CLIENT);
    } else if (code == MG_DNS_OPTION_SUBNET) {
        name_subnet(naming, parent, at, value);
    } else if (code == MG_DNS_OPTION_PADDING) {
        mg_tree_add(tree, parent, F_OPT_PADDING, at, value.len);
    } else if (code == MG_DNS_OPTION_ERROR && value.len >= 2) {
        mg_tree_add_uint(tree, parent, F_OPT_ERROR_CODE, at, 2, mg_dns_get_u16(value.data));
        if (value.len > 2)
            mg_tree_add(tree, parent, F_OPT_ERROR_TEXT, at + 2, value.len - 2);
    }
}

/* OPT's data: options, each with code and length (RFC 6891 §6.1.2). */
static bool name_options(Naming *naming, MgNode record)
{
    MgDnsReader *reader = &naming->reader;
    while (reader->at < reader->len) {
        size_t at = reader->at, left = reader->len - at;
        size_t len = left >= 4 ? 4u + mg_dns_get_u16(reader->data + at + 2) : SIZE_MAX;
        if (len > left) {
            name_rest(naming, record, at, reader->len, MG_DNS_RULE_MALFORMED);
            return false;
        }
        MgNode option = mg_tree_add(naming->tree, record, F_OPT, naming->base + at, len);
        name_uint(naming, option, F_OPT_CODE, 2);
        name_uint(naming, option, F_OPT_LEN, 2);
        if (len > 4) {
            MgSpan value = {reader->data + at + 4, len - 4};
            size_t value_at = naming->base + at + 4;
            MgNode data = mg_tree_add(naming->tree, option, F_OPT_DATA, value_at, value.len);
            name_option(naming, data, mg_dns_get_u16(reader->data + at), value_at, value);
        }
        reader->at = at + len;
    }
    return true;
}

static bool name_ttl(Naming *naming, MgNode record, bool opt)
{
    if (!opt)
        return name_uint(naming, record, F_RESP_TTL, 4);
    if (!name_uint(naming, record, F_OPT_EXT_RCODE, 1) ||
        !name_uint(naming, record, F_OPT_VERSION, 1) || naming->reader.len - naming->reader.at < 2)
        return false;
    size_t at = naming->base + naming->reader.at;
    uint16_t flags = mg_dns_read_u16(&naming->reader);
    MgNode z = mg_tree_add_uint(naming->tree, record, F_OPT_Z, at, 2, flags);
    mg_tree_add_uint(naming->tree, z, F_OPT_DO, at, 1, flags >> 15);
    return true;
}

/* All of a record that is there. False if it is broken. */
static bool name_record(Naming *naming, MgNode record)
{
    MgDnsReader *reader = &naming->reader;
    if (!name_name(naming, record, F_RESP_NAME))
        return false;
    size_t at = reader->at, end = reader->len;
    uint16_t type = end - at >= 2 ? mg_dns_get_u16(reader->data + at) : 0;
    bool opt = type == MG_DNS_OPT;
    /* Of no class or all, as an UPDATE asks whether there is such a record (RFC 2136 §2.4). */
    bool of_update = end - at >= 4 && mg_dns_get_u16(reader->data + at + 2) >= MG_DNS_CLASS_NONE;
    if (!name_uint(naming, record, F_RESP_TYPE, 2) ||
        !name_uint(naming, record, opt ? F_OPT_PAYLOAD : F_RESP_CLASS, 2) ||
        !name_ttl(naming, record, opt) || !name_uint(naming, record, F_RESP_LEN, 2)) {
        name_rest(naming, record, reader->at, end, MG_DNS_RULE_MALFORMED);
        return false;
    }
    size_t len = mg_dns_get_u16(reader->data + reader->at - 2);
    bool cut_off = len > end - reader->at;
    reader->len = cut_off ? end : reader->at + len;
    size_t data_end = reader->len;
    bool good = opt                     ? name_options(naming, record)
                : of_update && len == 0 ? true
                                        : name_data(naming, record, type);
    reader->len = end;
    reader->at = data_end;
    reader->bad = cut_off; /* broken data alone: its length leads on to the next record */
    if (!good || cut_off)
        note(naming, record, MG_DNS_RULE_MALFORMED);
    return !cut_off;
}

static bool name_question(Naming *naming, MgNode question)
{
    if (!name_name(naming, question, F_QRY_NAME))
        return false;
    if (name_uint(naming, question, F_QRY_TYPE, 2) && name_uint(naming, question, F_QRY_CLASS, 2))
        return true;
    name_rest(naming, question, naming->reader.at, naming->reader.len, MG_DNS_RULE_MALFORMED);
    return false;
}

/* Moves the reader over a question or a record, and says in words what it is. */
static bool skip(MgDnsReader *reader, bool question, GString *title)
{
    MgDnsName name;
    mg_dns_read_name(reader, &name);
    uint16_t type = mg_dns_read_u16(reader);
    mg_dns_read_u16(reader);
    if (!question) {
        mg_dns_read_u32(reader);
        mg_dns_read_span(reader, mg_dns_read_u16(reader));
    }
    if (!reader->bad && title != NULL) {
        mg_dns_type_format(type, title);
        if (type != MG_DNS_OPT) {
            g_string_append_c(title, ' ');
            format_name(mg_dns_name_span(&name), title);
        }
    }
    return !reader->bad;
}

/* False if it is broken; then nothing behind it can be named. */
static bool name_section(Naming *naming, MgDnsSection section, uint16_t n)
{
    MgDnsReader *reader = &naming->reader, ahead = *reader;
    bool question = section == MG_DNS_QUESTION;
    for (uint16_t i = 0; i < n; i++)
        if (!skip(&ahead, question, NULL))
            break;
    size_t end = ahead.bad ? reader->len : ahead.at;
    MgNode group = mg_tree_add(naming->tree, MG_NODE_ROOT, F_SECTION_QUESTION + section,
                               naming->base + reader->at, end - reader->at);
    for (uint16_t i = 0; i < n; i++) {
        size_t at = reader->at;
        g_autoptr(GString) title = g_string_sized_new(80);
        ahead = *reader;
        bool whole = skip(&ahead, question, title);
        if (at == reader->len) { /* the header promised more */
            note(naming, group, MG_DNS_RULE_MALFORMED);
            return false;
        }
        MgNode node =
            mg_tree_add_text(naming->tree, group, question ? F_QUESTION : F_RECORD,
                             naming->base + at, (whole ? ahead.at : reader->len) - at, title->str);
        if (!(question ? name_question(naming, node) : name_record(naming, node)))
            return false;
    }
    return true;
}

static void name_flags(Naming *naming)
{
    static const struct {
        uint8_t field, byte, shift, mask;
    } rows[] = {
        {F_RESPONSE, 0, 15, 1}, {F_OPCODE, 0, 11, 15},      {F_AUTHORITATIVE, 0, 10, 1},
        {F_TRUNCATED, 0, 9, 1}, {F_RECDESIRED, 0, 8, 1},    {F_RECAVAIL, 1, 7, 1},
        {F_Z, 1, 6, 1},         {F_AUTHENTICATED, 1, 5, 1}, {F_CHECKDISABLE, 1, 4, 1},
        {F_RCODE, 1, 0, 15},
    };
    size_t at = naming->base + naming->reader.at;
    uint16_t flags = mg_dns_read_u16(&naming->reader);
    bool response = (flags & MG_DNS_QR) != 0;
    MgNode node = mg_tree_add_uint(naming->tree, MG_NODE_ROOT, F_FLAGS, at, 2, flags);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        /* As Wireshark does: what only a response says is not shown of a query. */
        bool only_response = rows[i].field == F_AUTHORITATIVE || rows[i].field == F_RECAVAIL ||
                             rows[i].field == F_AUTHENTICATED || rows[i].field == F_RCODE;
        if (response || !only_response || (flags >> rows[i].shift & rows[i].mask) != 0)
            mg_tree_add_uint(naming->tree, node, rows[i].field, at + rows[i].byte, 1,
                             flags >> rows[i].shift & rows[i].mask);
    }
}

/* ---- captions ---- */

typedef struct {
    MgDnsMessage message;
    bool opened, referral, soa, has_type, alias;
} Gist;

static void find_gist(MgSpan bytes, Gist *gist)
{
    MgDnsRecord record;
    *gist = (Gist){0};
    gist->opened = mg_dns_message_open(&gist->message, bytes);
    MgDnsMessage message = gist->message;
    while (gist->opened && mg_dns_message_next(&message, &record)) {
        if (record.section == MG_DNS_ANSWER) {
            gist->has_type |= record.type == message.type || message.type == MG_DNS_ANY;
            gist->alias |= record.type == MG_DNS_CNAME;
        }
        gist->referral |= record.section == MG_DNS_AUTHORITY && record.type == MG_DNS_NS;
        gist->soa |= record.section == MG_DNS_AUTHORITY && record.type == MG_DNS_SOA;
    }
    gist->referral = gist->referral && !gist->soa && message.counts[MG_DNS_ANSWER] == 0 &&
                     (message.flags & MG_DNS_AA) == 0;
}

static const char *caption_of(const Gist *gist)
{
    static const char *const rcodes[] = {
        [MG_DNS_FORMERR] = N_("I do not understand this question."),
        [MG_DNS_SERVFAIL] = N_("I could not find out. Perhaps later."),
        [MG_DNS_NXDOMAIN] = N_("There is no such name."),
        [MG_DNS_NOTIMP] = N_("I cannot do that."),
        [MG_DNS_REFUSED] = N_("I do not answer this."),
    };
    const MgDnsMessage *message = &gist->message;
    unsigned rcode = message->flags & 0xf;
    if (!gist->opened)
        return N_("This is not a whole DNS message.");
    if ((message->flags & MG_DNS_OPCODE) != 0)
        return NULL;
    if ((message->flags & MG_DNS_QR) == 0)
        return mg_dns_type_asks(message->type);
    if ((message->flags & MG_DNS_TC) != 0)
        return N_("The answer is too long for a datagram. Ask me again over TCP.");
    if (rcode != 0)
        return rcode < G_N_ELEMENTS(rcodes) ? rcodes[rcode] : NULL;
    if (gist->has_type)
        return mg_dns_type_tells(message->type);
    if (gist->alias)
        return N_("That is only another name; look for this one.");
    if (gist->referral)
        return N_("I do not know, but these name servers do. Ask them.");
    return N_("The name exists, but there is no such record.");
}

static void dissect(uint16_t tag, MgDirection direction, MgSpan unit, MgTree *tree)
{
    size_t base = tag == TAG_STREAM && unit.len >= 2 ? 2 : 0;
    Naming naming = {
        .tree = tree, .base = base, .reader = {.data = unit.data + base, .len = unit.len - base}};
    if (base > 0)
        mg_tree_add_uint(tree, MG_NODE_ROOT, F_LENGTH, 0, 2, mg_dns_get_u16(unit.data));
    Gist gist;
    find_gist((MgSpan){naming.reader.data, naming.reader.len}, &gist);
    const char *caption = caption_of(&gist);
    if (caption != NULL)
        mg_tree_say(tree, caption);
    if (naming.reader.len < MG_DNS_HEADER) {
        name_rest(&naming, MG_NODE_ROOT, 0, naming.reader.len, MG_DNS_RULE_MALFORMED);
        return;
    }
    name_uint(&naming, MG_NODE_ROOT, F_ID, 2);
    name_flags(&naming);
    uint16_t counts[4];
    for (unsigned i = 0; i < 4; i++) {
        counts[i] = mg_dns_get_u16(naming.reader.data + naming.reader.at);
        name_uint(&naming, MG_NODE_ROOT, F_COUNT_QUERIES + i, 2);
    }
    for (unsigned i = 0; i < 4; i++)
        if (counts[i] > 0 && !name_section(&naming, (MgDnsSection)i, counts[i]))
            return;
    if (naming.reader.at < naming.reader.len)
        name_rest(&naming, MG_NODE_ROOT, naming.reader.at, naming.reader.len,
                  MG_DNS_RULE_LEFT_OVER);
}

/* ---- one line for people ---- */

static void append_name(MgSpan wire, GString *line)
{
    mg_dns_name_format(wire, line);
    if (wire.len > 1)
        g_string_truncate(line, line->len - 1);
}

static void append_question(const MgDnsMessage *message, GString *line)
{
    mg_dns_type_format(message->type, line);
    g_string_append_c(line, ' ');
    append_name(mg_dns_name_span(&message->name), line);
}

/* What the records of a section say, with commas. */
static void append_data(const MgDnsMessage *from, MgSpan bytes, MgDnsSection section, uint16_t type,
                        GString *line)
{
    MgDnsMessage message = *from;
    MgDnsRecord record;
    bool first = true;
    g_autoptr(GByteArray) data = g_byte_array_new();
    while (line->len <= SUMMARY_MAX && mg_dns_message_next(&message, &record)) {
        if (record.section != section || (type != 0 && record.type != type) ||
            record.type == MG_DNS_RRSIG)
            continue;
        g_byte_array_set_size(data, 0);
        if (!mg_dns_expand_data(bytes, &record, data))
            continue;
        if (!first)
            g_string_append(line, ", ");
        first = false;
        mg_dns_data_format(record.type, (MgSpan){data->data, data->len}, line);
        if (line->len > 2 && line->str[line->len - 1] == '.' && line->str[line->len - 2] != ' ')
            g_string_truncate(line, line->len - 1);
    }
}

static void append_referral(const MgDnsMessage *from, MgSpan bytes, GString *line)
{
    MgDnsMessage message = *from;
    MgDnsRecord record;
    g_string_append(line, "→ ask ");
    append_data(from, bytes, MG_DNS_AUTHORITY, MG_DNS_NS, line);
    while (mg_dns_message_next(&message, &record)) {
        if (record.section != MG_DNS_AUTHORITY || record.type != MG_DNS_NS)
            continue;
        g_string_append(line, " (");
        append_name(mg_dns_name_span(&record.name), line);
        g_string_append_c(line, ')');
        return;
    }
}

static void append_response(const Gist *gist, MgSpan bytes, GString *line)
{
    const MgDnsMessage *message = &gist->message;
    unsigned rcode = message->flags & 0xf;
    const char *name = mg_dns_rcode_name(rcode);
    if (rcode != 0) {
        if (name != NULL)
            g_string_append_printf(line, "%s ", name);
        else
            g_string_append_printf(line, "RCODE%u ", rcode);
        append_question(message, line);
        return;
    }
    if (gist->referral) {
        append_referral(message, bytes, line);
        return;
    }
    append_question(message, line);
    if ((message->flags & MG_DNS_TC) != 0) {
        g_string_append(line, ": truncated");
    } else if (message->counts[MG_DNS_ANSWER] == 0) {
        g_string_append(line, ": no such record");
    } else {
        g_string_append(line, " = ");
        append_data(message, bytes, MG_DNS_ANSWER, 0, line);
    }
}

static void summarize(uint16_t tag, MgDirection direction, MgSpan unit, GString *line)
{
    static const char *const opcodes[] = {NULL,       "IQUERY ", "STATUS ",
                                          "OPCODE3 ", "NOTIFY ", "UPDATE "};
    size_t base = tag == TAG_STREAM && unit.len >= 2 ? 2 : 0;
    MgSpan bytes = {unit.data + base, unit.len - base};
    g_autoptr(GString) text = g_string_sized_new(128);
    Gist gist;
    find_gist(bytes, &gist);
    unsigned opcode = (gist.message.flags & MG_DNS_OPCODE) >> 11;
    if (bytes.len < MG_DNS_HEADER || !gist.opened)
        g_string_append_printf(text, "not a DNS message, %zu octets", bytes.len);
    else if (opcode != 0) {
        g_string_append(text, opcode < G_N_ELEMENTS(opcodes) ? opcodes[opcode] : "OPCODE? ");
        append_question(&gist.message, text);
    } else if ((gist.message.flags & MG_DNS_QR) != 0)
        append_response(&gist, bytes, text);
    else {
        g_string_append(text, "? ");
        append_question(&gist.message, text);
    }
    /* All is ASCII but the arrow at the beginning. */
    if (text->len > SUMMARY_MAX) {
        g_string_truncate(text, SUMMARY_MAX);
        g_string_append(text, "…");
    }
    g_string_append_len(line, text->str, (gssize)text->len);
}

static const uint16_t ports[] = {53, 0};

const MgDissector mg_dns_dissector = {
    .name = "dns",
    .label = "DNS",
    .color = "violet",
    .fields = mg_dns_fields,
    .n_fields = F_N,
    .stream_ports = ports,
    .datagram_ports = ports,
    .state_size = sizeof(State),
    .cut = cut,
    .dissect = dissect,
    .summarize = summarize,
};
