/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pcapng.c - writes pcapng (draft-ietf-opsawg-pcapng): blocks of type, length, body, length again,
 * each filled up to a multiple of four octets, in this machine's byte order */
#include <errno.h>
#include <glib/gi18n-lib.h>
#include <stdio.h>

#include "inet.h"
#include "pcapng.h"

enum {
    BLOCK_SECTION = 0x0A0D0D0A,
    BLOCK_INTERFACE = 1,
    BLOCK_NAMES = 4,
    BLOCK_PACKET = 6,
    BLOCK_SECRETS = 10
};
enum {
    OPTION_END,
    OPTION_COMMENT,
    SECTION_APPLICATION = 4,
    INTERFACE_NAME = 2,
    OPTION_CUSTOM = 2988
};
enum { NAME_END, NAME_IPV4, NAME_IPV6 };
#define LINK_ETHERNET 1u
#define BUFFER        ((size_t)64 * 1024) /* octets that go to the system as one */
#define SECRETS_TLS   0x544C534Bu         /* "TLSK": a key log as NSS writes it */
/* RFC 5612: the enterprise number that is kept for documentation; we have none of our own. */
#define ENTERPRISE 32473u

/* One packet that is to be written. */
typedef struct {
    MgTime at;
    uint32_t order; /* of equal times, what came first */
    uint32_t index; /* index + 1 of a packet of the trace, or 0: */
    MgPacket made;  /* … one made for a real connection, with … */
    MgSpan payload;
    const char *remark; /* (nullable) */
    uint32_t n;         /* … the record it is the first packet of; 0 none */
} Item;

/* A record that has something to say about a packet. */
typedef struct {
    uint32_t packet, n;
} Remark;

/* How far things have been written, or are to be. */
typedef struct {
    uint32_t record; /* the last */
    uint32_t packet; /* the last, its index + 1 */
} Reach;

struct MgPcapng {
    const MgTrace *trace;
    char *path;
    FILE *file;
    int code; /* errno of the first failure; 0 none */
    GByteArray *block;
    GString *line; /* of a comment */
    MgTree *tree;
    GArray *items;   /* Item */
    GArray *remarks; /* Remark, by packet */
    GArray *talks;   /* Conversation, by the flow's number */
    uint32_t n_items;
    Reach written, seen; /* seen: what there was a second ago */
    uint16_t n_named;    /* hosts */
    size_t n_secret;     /* octets */
    guint timer;         /* 0 none */
};
typedef MgPcapng Writer;

/* ---- blocks ---- */

static void put(GByteArray *block, const void *octets, size_t len)
{
    static const uint8_t zeros[4];
    if (len > 0)
        g_byte_array_append(block, octets, (unsigned)len);
    if (len % 4 != 0)
        g_byte_array_append(block, zeros, (unsigned)(4 - len % 4));
}

static void put32(GByteArray *block, uint32_t value)
{
    g_byte_array_append(block, (const uint8_t *)&value, sizeof value);
}

static void put_pair(GByteArray *block, unsigned first, unsigned second)
{
    uint16_t both[2] = {(uint16_t)first, (uint16_t)second};
    g_byte_array_append(block, (const uint8_t *)both, sizeof both);
}

static void put_option(GByteArray *block, unsigned code, const char *text)
{
    size_t len = MIN(strlen(text), (size_t)UINT16_MAX - 3);
    put_pair(block, code, (unsigned)len);
    put(block, text, len);
}

static void begin(Writer *writer, uint32_t type)
{
    g_byte_array_set_size(writer->block, 0);
    put32(writer->block, type);
    put32(writer->block, 0); /* the length: end() knows it */
}

static void end(Writer *writer)
{
    uint32_t len = writer->block->len + 4;
    put32(writer->block, len);
    memcpy(writer->block->data + 4, &len, sizeof len);
    fwrite(writer->block->data, 1, writer->block->len, writer->file);
}

/* What is ours alone. A custom block would do as well, but Wireshark shows one as a packet, and
 * then its numbers are not those of the packets; a custom option it leaves alone. */
static void put_origin(GByteArray *block, const MgTrace *trace)
{
    g_autofree char *text = g_strdup_printf(
        "mailglass-format=1\ntitle=%s\nseed=%" G_GUINT64_FORMAT "\nepoch=%" G_GINT64_FORMAT "\n",
        mg_trace_title(trace), mg_trace_seed(trace), mg_trace_epoch(trace));
    size_t len = MIN(strlen(text), (size_t)UINT16_MAX - 8);
    put_pair(block, OPTION_CUSTOM, (unsigned)(len + 4));
    put32(block, ENTERPRISE);
    put(block, text, len);
}

static void write_section(Writer *writer)
{
    GByteArray *block = writer->block;
    begin(writer, BLOCK_SECTION);
    put32(block, 0x1A2B3C4D);
    put_pair(block, 1, 0);
    put32(block, UINT32_MAX); /* the length of the section is not said */
    put32(block, UINT32_MAX);
    if (mg_trace_title(writer->trace)[0] != '\0')
        put_option(block, OPTION_COMMENT, mg_trace_title(writer->trace));
    put_option(block, SECTION_APPLICATION, "Mailglass");
    put_origin(block, writer->trace);
    put_pair(block, OPTION_END, 0);
    end(writer);
}

/* Its times are in microseconds, which is what a reader takes without being told. */
static void write_interface(Writer *writer)
{
    begin(writer, BLOCK_INTERFACE);
    put_pair(writer->block, LINK_ETHERNET, 0);
    put32(writer->block, 0); /* packets are whole */
    put_option(writer->block, INTERFACE_NAME, "mailglass");
    put_pair(writer->block, OPTION_END, 0);
    end(writer);
}

static void write_names(Writer *writer)
{
    bool any = false;
    begin(writer, BLOCK_NAMES);
    while (writer->n_named < mg_trace_n_hosts(writer->trace)) {
        uint16_t i = ++writer->n_named;
        const MgTraceHost *host = mg_trace_host(writer->trace, i);
        uint8_t record[16 + 256];
        size_t len = mg_inet_parse(host->address, strlen(host->address), record);
        size_t name_len = strlen(host->name) + 1;
        if (len == 0 || name_len == 1 || name_len > 256)
            continue;
        memcpy(record + len, host->name, name_len);
        put_pair(writer->block, len == 4 ? NAME_IPV4 : NAME_IPV6, (unsigned)(len + name_len));
        put(writer->block, record, len + name_len);
        any = true;
    }
    put_pair(writer->block, NAME_END, 0);
    if (any)
        end(writer);
}

/* Before the packets that it opens: readers take it as they come by. */
static void write_secrets(Writer *writer)
{
    MgSpan secrets = mg_trace_secrets(writer->trace);
    secrets = mg_span_slice(secrets, writer->n_secret, secrets.len - writer->n_secret);
    if (secrets.len == 0)
        return;
    writer->n_secret += secrets.len;
    begin(writer, BLOCK_SECRETS);
    put32(writer->block, SECRETS_TLS);
    put32(writer->block, (uint32_t)secrets.len);
    put(writer->block, secrets.data, secrets.len);
    end(writer);
}

/* ---- packets ---- */

/* "EHLO alice.example.com" and, in the reader's language, what that says. */
static void put_remark(Writer *writer, uint32_t n)
{
    GString *line = g_string_truncate(writer->line, 0);
    mg_trace_summarize(writer->trace, n, line);
    if (mg_trace_record(writer->trace, n)->kind == MG_RECORD_EXCHANGE) {
        const char *caption = mg_registry_translate(
            mg_trace_registry(writer->trace), mg_trace_caption(writer->trace, n, writer->tree));
        if (caption != NULL) {
            g_string_append(line, " — ");
            g_string_append(line, caption);
        }
    }
    put_option(writer->block, OPTION_COMMENT, line->str);
}

typedef struct {
    Writer *writer;
    const Item *item;
    bool first; /* of several fragments, only the first has the comments */
} Frame;

static void put_remarks(Writer *writer, const Item *item)
{
    if (item->remark != NULL)
        put_option(writer->block, OPTION_COMMENT, item->remark);
    if (item->n != 0)
        put_remark(writer, item->n);
    if (item->index == 0 || writer->remarks->len == 0)
        return;
    unsigned low = 0, high = writer->remarks->len;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (g_array_index(writer->remarks, Remark, middle).packet < item->index)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < writer->remarks->len; low++) {
        const Remark *remark = &g_array_index(writer->remarks, Remark, low);
        if (remark->packet != item->index)
            return;
        put_remark(writer, remark->n);
    }
}

static void write_frame(MgSpan octets, void *data)
{
    Frame *frame = data;
    Writer *writer = frame->writer;
    uint64_t time = (uint64_t)(mg_trace_epoch(writer->trace) * MG_SECONDS + frame->item->at);
    const uint32_t about[] = {0, (uint32_t)(time >> 32), (uint32_t)time, (uint32_t)octets.len,
                              (uint32_t)octets.len};
    begin(writer, BLOCK_PACKET);
    put(writer->block, about, sizeof about);
    put(writer->block, octets.data, octets.len);
    size_t before = writer->block->len;
    if (frame->first)
        put_remarks(writer, frame->item);
    frame->first = false;
    if (writer->block->len > before)
        put_pair(writer->block, OPTION_END, 0);
    end(writer);
}

static void write_item(Writer *writer, const Item *item)
{
    MgInetPacket packet;
    uint8_t scratch[MG_TRACE_QUOTE_MAX];
    if (item->index != 0) {
        mg_trace_inet_packet(writer->trace, item->index - 1, scratch, &packet);
    } else {
        mg_trace_inet_ends(writer->trace, &item->made, &packet);
        packet.id = (uint16_t)item->order;
        packet.payload = item->payload;
    }
    Frame frame = {writer, item, true};
    mg_inet_frames(&packet, write_frame, &frame);
}

/* ---- connections of which only the octets are known ---- */

typedef struct {
    uint32_t birth; /* of the flow: its number may be another's later */
    bool has_packets, opened;
    uint32_t seq[2];   /* the next of each direction */
    uint32_t acked[2]; /* what the other side has acknowledged of it */
} Conversation;

#define WINDOW       65535u
#define ACK_EVERY    16384u /* octets; well below the window */
#define SEGMENT      1440u  /* fits IPv6 as well */
#define FIRST_NUMBER 0u

static Conversation *talk_of(Writer *writer, MgFlowId flow)
{
    uint32_t birth = mg_trace_flow(writer->trace, flow)->birth;
    if (flow >= writer->talks->len)
        g_array_set_size(writer->talks, MAX(flow + 1, writer->talks->len * 2));
    Conversation *talk = &g_array_index(writer->talks, Conversation, flow);
    if (talk->birth != birth)
        *talk = (Conversation){.birth = birth};
    return talk;
}

static Item *add_item(Writer *writer, const MgPacket *made, MgSpan payload)
{
    Item item = {.at = made->at, .order = writer->n_items++, .made = *made, .payload = payload};
    g_array_append_val(writer->items, item);
    return &g_array_index(writer->items, Item, writer->items->len - 1);
}

static Item *add_tcp(Writer *writer, Conversation *talk, const MgRecord *record, bool from_server,
                     MgSpan payload, uint8_t flags)
{
    MgPacket made = {.at = record->at,
                     .flow = record->flow,
                     .seq = talk->seq[from_server],
                     .ack = (flags & MG_TCP_ACK) != 0 ? talk->seq[!from_server] : 0,
                     .window = WINDOW,
                     .tcp_flags = flags,
                     .from_server = from_server};
    if ((flags & MG_TCP_ACK) != 0)
        talk->acked[!from_server] = talk->seq[!from_server];
    talk->seq[from_server] +=
        (uint32_t)payload.len + ((flags & (MG_TCP_SYN | MG_TCP_FIN)) != 0 ? 1 : 0);
    return add_item(writer, &made, payload);
}

static void open_conversation(Writer *writer, Conversation *talk, const MgRecord *record)
{
    MgRecord first = *record;
    first.at = MIN(mg_trace_flow(writer->trace, record->flow)->at, record->at);
    talk->opened = true;
    talk->seq[0] = talk->seq[1] = FIRST_NUMBER;
    MgSpan nothing = {(const uint8_t *)"", 0};
    add_tcp(writer, talk, &first, false, nothing, MG_TCP_SYN)->remark = _(
        "A real connection: its octets are what was carried, its headers were made for this file.");
    add_tcp(writer, talk, &first, true, nothing, MG_TCP_SYN | MG_TCP_ACK);
    add_tcp(writer, talk, &first, false, nothing, MG_TCP_ACK);
}

static void add_exchange(Writer *writer, uint32_t n)
{
    Conversation *talk = talk_of(writer, mg_trace_record(writer->trace, n)->flow);
    if (talk->has_packets)
        return;
    const MgRecord *record = mg_trace_record(writer->trace, n);
    MgSpan octets = mg_trace_bytes(writer->trace, n), nothing = {(const uint8_t *)"", 0};
    bool from_server = (record->flags & MG_RECORD_FROM_SERVER) != 0;
    if (mg_trace_flow(writer->trace, record->flow)->transport != MG_TRANSPORT_STREAM) {
        MgPacket made = {.at = record->at, .flow = record->flow, .from_server = from_server};
        octets.len = MIN(octets.len, (size_t)MG_INET_PAYLOAD_MAX);
        add_item(writer, &made, octets)->n = n;
        return;
    }
    if (!talk->opened)
        open_conversation(writer, talk, record);
    for (size_t at = 0; at < octets.len; at += SEGMENT) {
        size_t len = MIN(octets.len - at, SEGMENT);
        uint8_t flags = MG_TCP_ACK | (at + len == octets.len ? MG_TCP_PSH : 0);
        Item *item =
            add_tcp(writer, talk, record, from_server, mg_span_slice(octets, at, len), flags);
        if (at == 0)
            item->n = n;
        if (talk->seq[from_server] - talk->acked[from_server] >= ACK_EVERY)
            add_tcp(writer, talk, record, !from_server, nothing, MG_TCP_ACK);
    }
}

/* ---- all of it ---- */

static int compare_items(const void *a, const void *b)
{
    const Item *x = a, *y = b;
    return x->at != y->at ? (x->at > y->at ? 1 : -1) : (x->order > y->order ? 1 : -1);
}

static int compare_remarks(const void *a, const void *b)
{
    const Remark *x = a, *y = b;
    return x->packet != y->packet ? (x->packet > y->packet ? 1 : -1) : (x->n > y->n ? 1 : -1);
}

/* The packet that a record is about; a note's is that of the exchange that caused it. */
static uint32_t packet_of(const MgTrace *trace, const MgRecord *record)
{
    bool hidden = (record->flags & MG_RECORD_ENCRYPTED) != 0 && record->parent != 0;
    if (record->kind == MG_RECORD_EXCHANGE && hidden) /* what decrypts it, says it there */
        return mg_trace_has(trace, record->parent) ? mg_trace_record(trace, record->parent)->packet
                                                   : 0;
    if (record->kind == MG_RECORD_EXCHANGE)
        return record->unit == MG_UNIT_NOTE ? 0 : record->packet;
    if ((record->kind != MG_RECORD_NOTE && record->kind != MG_RECORD_DECISION) ||
        !mg_trace_has(trace, record->parent))
        return 0;
    return mg_trace_record(trace, record->parent)->packet;
}

/* Numbers begin again at 1 some day. */
static uint32_t after(uint32_t number)
{
    return number == UINT32_MAX ? 1 : number + 1;
}

static Reach reach_now(const Writer *writer)
{
    return (Reach){mg_trace_n_records(writer->trace), mg_trace_n_packets(writer->trace)};
}

static void collect_packets(Writer *writer, uint32_t last)
{
    const MgTrace *trace = writer->trace;
    bool wanted = true;
    for (uint32_t at = writer->written.packet; at != mg_trace_n_packets(trace);) {
        wanted = wanted && at != last;
        at = after(at);
        const MgPacket *packet = mg_trace_packet(trace, at - 1);
        talk_of(writer, packet->flow)->has_packets = true;
        if (!wanted)
            continue;
        Item item = {.at = packet->at, .order = writer->n_items++, .index = at};
        g_array_append_val(writer->items, item);
    }
}

/* Remarks are taken from what comes later, too. */
static void collect_records(Writer *writer, uint32_t last)
{
    const MgTrace *trace = writer->trace;
    bool wanted = true;
    for (uint32_t n = writer->written.record; n != mg_trace_n_records(trace);) {
        wanted = wanted && n != last;
        n = after(n);
        const MgRecord *record = mg_trace_record(trace, n);
        Remark remark = {packet_of(trace, record), n};
        if (remark.packet != 0)
            g_array_append_val(writer->remarks, remark);
        if (wanted && record->kind == MG_RECORD_EXCHANGE && record->flow != 0 &&
            record->unit != MG_UNIT_NOTE && (record->flags & MG_RECORD_ENCRYPTED) == 0)
            add_exchange(writer, n);
    }
}

static void append(Writer *writer, Reach reach)
{
    write_names(writer);
    write_secrets(writer);
    collect_packets(writer, reach.packet);
    collect_records(writer, reach.record);
    g_array_sort(writer->items, compare_items);
    g_array_sort(writer->remarks, compare_remarks);
    for (unsigned i = 0; i < writer->items->len; i++)
        write_item(writer, &g_array_index(writer->items, Item, i));
    g_array_set_size(writer->items, 0);
    g_array_set_size(writer->remarks, 0);
    writer->written = reach;
}

/* ---- files ---- */

static void check(Writer *writer, bool good)
{
    if (!good && writer->code == 0)
        writer->code = errno != 0 ? errno : EIO;
}

static Writer *open_file(const MgTrace *trace, const char *path, GError **error)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        g_set_error(error, MG_ERROR, MG_ERROR_CAPTURE, _("%s cannot be written: %s"), path,
                    g_strerror(errno));
        return NULL;
    }
    setvbuf(file, NULL, _IOFBF, BUFFER);
    Writer *writer = g_new0(Writer, 1);
    writer->trace = trace;
    writer->file = file;
    writer->path = g_strdup(path);
    writer->block = g_byte_array_new();
    writer->line = g_string_new(NULL);
    writer->tree = mg_tree_new();
    writer->items = g_array_new(FALSE, FALSE, sizeof(Item));
    writer->remarks = g_array_new(FALSE, FALSE, sizeof(Remark));
    writer->talks = g_array_new(FALSE, TRUE, sizeof(Conversation));
    write_section(writer);
    write_interface(writer);
    return writer;
}

bool mg_pcapng_close(MgPcapng *writer, GError **error)
{
    append(writer, reach_now(writer));
    check(writer, ferror(writer->file) == 0);
    check(writer, fclose(writer->file) == 0);
    bool good = writer->code == 0;
    if (!good)
        g_set_error(error, MG_ERROR, MG_ERROR_CAPTURE, _("%s cannot be written: %s"), writer->path,
                    g_strerror(writer->code));
    if (writer->timer != 0)
        g_source_remove(writer->timer);
    g_byte_array_unref(writer->block);
    g_string_free(writer->line, TRUE);
    mg_tree_free(writer->tree);
    g_array_unref(writer->items);
    g_array_unref(writer->remarks);
    g_array_unref(writer->talks);
    g_free(writer->path);
    g_free(writer);
    return good;
}

bool mg_pcapng_write(const MgTrace *trace, const char *path, GError **error)
{
    Writer *writer = open_file(trace, path, error);
    return writer != NULL && mg_pcapng_close(writer, error);
}

/* ---- following ---- */

static void before_forgetting(MgTrace *trace, void *data)
{
    Writer *writer = data;
    append(writer, reach_now(writer));
    writer->n_secret = 0; /* they are forgotten, too */
    writer->seen = writer->written;
}

static gboolean on_second(void *data)
{
    Writer *writer = data;
    append(writer, writer->seen); /* what is newer may still be remarked on */
    writer->seen = reach_now(writer);
    check(writer, fflush(writer->file) == 0);
    return G_SOURCE_CONTINUE;
}

MgPcapng *mg_pcapng_follow(MgTrace *trace, const char *path, GError **error)
{
    Writer *writer = open_file(trace, path, error);
    if (writer == NULL)
        return NULL;
    mg_trace_set_forgetful(trace, before_forgetting, writer);
    writer->timer = g_timeout_add_seconds(1, on_second, writer);
    return writer;
}
