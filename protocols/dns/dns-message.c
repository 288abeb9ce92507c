/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-message.c - messages on the wire */
#include "dns-message.h"

#include "dns-record.h"

/* ---- reading ---- */

static bool has(MgDnsReader *reader, size_t len)
{
    if (reader->bad || len > reader->len - reader->at)
        reader->bad = true;
    return !reader->bad;
}

uint8_t mg_dns_read_u8(MgDnsReader *reader)
{
    return has(reader, 1) ? reader->data[reader->at++] : 0;
}

uint16_t mg_dns_read_u16(MgDnsReader *reader)
{
    if (!has(reader, 2))
        return 0;
    reader->at += 2;
    return mg_dns_get_u16(reader->data + reader->at - 2);
}

uint32_t mg_dns_read_u32(MgDnsReader *reader)
{
    if (!has(reader, 4))
        return 0;
    reader->at += 4;
    return mg_dns_get_u32(reader->data + reader->at - 4);
}

MgSpan mg_dns_read_span(MgDnsReader *reader, size_t len)
{
    if (!has(reader, len) || len == 0) /* data may be NULL when there is none */
        return (MgSpan){reader->data, 0};
    reader->at += len;
    return (MgSpan){reader->data + reader->at - len, len};
}

void mg_dns_read_name(MgDnsReader *reader, MgDnsName *name)
{
    const uint8_t *data = reader->data;
    size_t at = reader->at, piece = at, end = 0, len = 0;
    mg_dns_name_set_root(name);
    while (!reader->bad) {
        if (at >= reader->len)
            break;
        uint8_t octet = data[at];
        if (octet >= 0xc0) { /* RFC 1035 §4.1.4 */
            if (at + 1 >= reader->len)
                break;
            size_t to = (size_t)(octet & 0x3f) << 8 | data[at + 1];
            if (end == 0)
                end = at + 2;
            if (to >= piece)
                break;
            at = piece = to;
            continue;
        }
        if (octet > MG_DNS_LABEL_MAX || at + 1 + octet > reader->len ||
            len + 1 + octet > MG_DNS_NAME_MAX)
            break;
        memcpy(name->wire + len, data + at, (size_t)octet + 1);
        len += (size_t)octet + 1;
        at += (size_t)octet + 1;
        if (octet == 0) {
            name->len = (uint8_t)len;
            reader->at = end != 0 ? end : at;
            return;
        }
    }
    mg_dns_name_set_root(name);
    reader->bad = true;
}

bool mg_dns_message_open(MgDnsMessage *message, MgSpan bytes)
{
    message->reader = (MgDnsReader){.data = bytes.data, .len = bytes.len};
    MgDnsReader *reader = &message->reader;
    message->id = mg_dns_read_u16(reader);
    message->flags = mg_dns_read_u16(reader);
    for (unsigned i = 0; i < 4; i++)
        message->counts[i] = mg_dns_read_u16(reader);
    message->section = MG_DNS_QUESTION;
    message->left = message->counts[MG_DNS_QUESTION];
    message->type = message->class = 0;
    mg_dns_name_set_root(&message->name);
    if (message->left > 0) {
        message->left--;
        mg_dns_read_name(reader, &message->name);
        message->type = mg_dns_read_u16(reader);
        message->class = mg_dns_read_u16(reader);
    }
    return !reader->bad;
}

bool mg_dns_message_next(MgDnsMessage *message, MgDnsRecord *record)
{
    MgDnsReader *reader = &message->reader;
    while (message->left == 0) {
        if (message->section == MG_DNS_ADDITIONAL)
            return false;
        message->left = message->counts[++message->section];
    }
    message->left--;
    record->section = message->section;
    record->at = reader->at;
    mg_dns_read_name(reader, &record->name);
    record->type = mg_dns_read_u16(reader);
    record->class = mg_dns_read_u16(reader);
    record->ttl = 0;
    record->data_len = 0;
    if (record->section != MG_DNS_QUESTION) {
        record->ttl = mg_dns_read_u32(reader);
        record->data_len = mg_dns_read_u16(reader);
    }
    record->data_at = reader->at;
    mg_dns_read_span(reader, record->data_len);
    if (record->ttl > INT32_MAX && record->type != MG_DNS_OPT)
        record->ttl = 0; /* RFC 2181 §8 */
    return !reader->bad;
}

MgDnsEdns mg_dns_edns_of(const MgDnsRecord *record)
{
    return (MgDnsEdns){.present = true,
                       .payload = record->class,
                       .extended_rcode = (uint8_t)(record->ttl >> 24),
                       .version = (uint8_t)(record->ttl >> 16),
                       .dnssec_ok = (record->ttl & 0x8000) != 0};
}

/* ---- writing ---- */

void mg_dns_writer_init(MgDnsWriter *writer, uint8_t *data, size_t cap)
{
    writer->data = data;
    writer->cap = cap;
    writer->len = 0;
    writer->full = false;
    writer->n_known = 0;
}

static bool room(MgDnsWriter *writer, size_t len)
{
    if (writer->full || len > writer->cap - writer->len)
        writer->full = true;
    return !writer->full;
}

void mg_dns_write_u8(MgDnsWriter *writer, uint8_t value)
{
    if (room(writer, 1))
        writer->data[writer->len++] = value;
}

void mg_dns_write_u16(MgDnsWriter *writer, uint16_t value)
{
    if (!room(writer, 2))
        return;
    mg_dns_put_u16(writer->data + writer->len, value);
    writer->len += 2;
}

void mg_dns_write_u32(MgDnsWriter *writer, uint32_t value)
{
    mg_dns_write_u16(writer, (uint16_t)(value >> 16));
    mg_dns_write_u16(writer, (uint16_t)value);
}

void mg_dns_write_span(MgDnsWriter *writer, MgSpan bytes)
{
    if (!room(writer, bytes.len) || bytes.len == 0)
        return;
    memcpy(writer->data + writer->len, bytes.data, bytes.len);
    writer->len += bytes.len;
}

/* Is the name at `at` this one? What we wrote ourselves is valid. */
static bool same_as_written(const MgDnsWriter *writer, size_t at, MgSpan wire)
{
    for (size_t i = 0;;) {
        uint8_t octet = writer->data[at];
        if (octet >= 0xc0) {
            at = (size_t)(octet & 0x3f) << 8 | writer->data[at + 1];
            continue;
        }
        for (size_t n = 0; n <= octet; n++, i++, at++)
            if (mg_dns_lower(writer->data[at]) != mg_dns_lower(wire.data[i]))
                return false;
        if (octet == 0)
            return true;
    }
}

static size_t find_known(const MgDnsWriter *writer, MgSpan suffix, uint32_t hash)
{
    for (size_t i = 0; i < writer->n_known; i++)
        if (writer->known[i].hash == hash && writer->known[i].len == suffix.len &&
            same_as_written(writer, writer->known[i].at, suffix))
            return writer->known[i].at;
    return 0;
}

/* The first name of a message is the question's, and mostly that of the answer. */
static bool is_first(const MgDnsWriter *writer, MgSpan wire)
{
    return writer->n_known > 0 && writer->known[0].len == wire.len &&
           memcmp(writer->data + writer->known[0].at, wire.data, wire.len) == 0;
}

void mg_dns_write_name(MgDnsWriter *writer, MgSpan wire, bool compress)
{
    if (compress && is_first(writer, wire)) {
        mg_dns_write_u16(writer, (uint16_t)(0xc000 | writer->known[0].at));
        return;
    }
    MgDnsLabels labels;
    uint32_t hash = MG_DNS_HASH_ROOT;
    size_t known = 0, from = wire.len - 1; /* where what is known begins */
    mg_dns_name_labels(wire, &labels);
    size_t first_new = labels.n;
    uint32_t hashes[MG_DNS_LABELS];
    for (size_t i = labels.n; i-- > 0;) {
        hash = hashes[i] = mg_dns_hash_label(hash, wire.data + labels.at[i]);
        if (first_new != i + 1)
            continue;
        size_t at =
            find_known(writer, (MgSpan){wire.data + labels.at[i], wire.len - labels.at[i]}, hash);
        if (at == 0)
            continue;
        known = at;
        first_new = i;
        from = labels.at[i];
    }
    size_t start = writer->len;
    if (known != 0 && compress) {
        mg_dns_write_span(writer, (MgSpan){wire.data, from});
        mg_dns_write_u16(writer, (uint16_t)(0xc000 | known));
    } else {
        mg_dns_write_span(writer, wire);
    }
    for (size_t i = 0; i < first_new && !writer->full; i++) {
        size_t at = start + labels.at[i];
        if (at >= 0x4000 || writer->n_known == MG_DNS_KNOWN_NAMES)
            break;
        writer->known[writer->n_known].at = (uint16_t)at;
        writer->known[writer->n_known].len = (uint8_t)(wire.len - labels.at[i]);
        writer->known[writer->n_known++].hash = hashes[i];
    }
}

void mg_dns_write_header(MgDnsWriter *writer, uint16_t id, uint16_t flags)
{
    mg_dns_write_u16(writer, id);
    mg_dns_write_u16(writer, flags);
    mg_dns_write_u32(writer, 0);
    mg_dns_write_u32(writer, 0);
}

static void count(MgDnsWriter *writer, MgDnsSection section)
{
    uint8_t *at = writer->data + 4 + 2 * (size_t)section;
    mg_dns_put_u16(at, (uint16_t)(mg_dns_get_u16(at) + 1));
}

void mg_dns_write_question(MgDnsWriter *writer, MgSpan name, uint16_t type, uint16_t class)
{
    mg_dns_write_name(writer, name, true);
    mg_dns_write_u16(writer, type);
    mg_dns_write_u16(writer, class);
    if (!writer->full)
        count(writer, MG_DNS_QUESTION);
}

bool mg_dns_write_record(MgDnsWriter *writer, MgDnsSection section, MgSpan name, uint16_t type,
                         uint32_t ttl, MgSpan data)
{
    MgDnsMark mark = mg_dns_writer_mark(writer);
    mg_dns_write_name(writer, name, true);
    mg_dns_write_u16(writer, type);
    mg_dns_write_u16(writer, MG_DNS_IN);
    mg_dns_write_u32(writer, ttl);
    mg_dns_write_u16(writer, 0);
    size_t start = writer->len;
    mg_dns_write_data(writer, type, data);
    if (writer->full || writer->len - start > UINT16_MAX) {
        mg_dns_writer_return(writer, mark);
        return false;
    }
    mg_dns_put_u16(writer->data + start - 2, (uint16_t)(writer->len - start));
    count(writer, section);
    return true;
}

bool mg_dns_write_opt(MgDnsWriter *writer, uint16_t payload, unsigned rcode, bool dnssec_ok)
{
    static const uint8_t root = 0;
    MgDnsMark mark = mg_dns_writer_mark(writer);
    mg_dns_write_span(writer, (MgSpan){&root, 1});
    mg_dns_write_u16(writer, MG_DNS_OPT);
    mg_dns_write_u16(writer, payload);
    mg_dns_write_u32(writer, (rcode >> 4) << 24 | (dnssec_ok ? 0x8000u : 0));
    mg_dns_write_u16(writer, 0);
    if (writer->full) {
        mg_dns_writer_return(writer, mark);
        return false;
    }
    count(writer, MG_DNS_ADDITIONAL);
    return true;
}

void mg_dns_write_flags(MgDnsWriter *writer, uint16_t set, uint16_t rcode)
{
    g_assert(writer->len >= MG_DNS_HEADER);
    uint16_t flags = mg_dns_get_u16(writer->data + 2);
    mg_dns_put_u16(writer->data + 2, (uint16_t)((flags & 0xfff0) | set | (rcode & 0xf)));
}

MgDnsMark mg_dns_writer_mark(const MgDnsWriter *writer)
{
    return (MgDnsMark){writer->len, writer->n_known};
}

void mg_dns_writer_return(MgDnsWriter *writer, MgDnsMark mark)
{
    writer->len = mark.len;
    writer->n_known = mark.n_known;
    writer->full = false;
}
