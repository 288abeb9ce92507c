/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-zones.c - zones are read, judged, and laid out for looking up */
#include "dns-zones-private.h"

#include "dns-zone.h"

/* A record as it was read, before it has its place. */
typedef struct {
    uint32_t owner, data; /* in octets */
    uint32_t data_len, ttl, node, order;
    uint16_t type;
    uint8_t owner_len;
    const char *path;
    unsigned line, column;
} Raw;

typedef struct {
    MgDnsZones *zones;
    GArray *raw; /* Raw: of this file */
    const char *path;
    const MgSettings *settings;
    const char *key;
    const MgDnsName *origin; /* (nullable) */
    size_t row;              /* which is being read */
    bool *included;          /* by row: another file includes it, so that it is no zone by itself */
    GPtrArray *problems;
    uint16_t zone;
    MgSpan apex;
    bool good;
} Builder;

/* ---- looking up ---- */

static uint32_t slot_of(uint32_t hash, uint16_t zone)
{
    return (hash ^ (uint32_t)zone * 2654435761u) * 2246822519u >> 7;
}

uint32_t mg_dns_node_find(const MgDnsZones *zones, uint16_t zone, MgSpan name, uint32_t hash)
{
    for (uint32_t i = slot_of(hash, zone) & zones->mask; zones->table[i] != MG_DNS_NO_NODE;
         i = (i + 1) & zones->mask) {
        const MgDnsNode *node = mg_dns_node(zones, zones->table[i]);
        if (node->hash == hash && node->zone == zone &&
            mg_dns_name_equal(mg_dns_node_name(zones, node), name))
            return zones->table[i];
    }
    return MG_DNS_NO_NODE;
}

const MgDnsSet *mg_dns_node_set(const MgDnsZones *zones, const MgDnsNode *node, uint16_t type)
{
    const MgDnsSet *set = &g_array_index(zones->sets, MgDnsSet, node->sets);
    for (uint16_t i = 0; i < node->n_sets; i++, set++)
        if (set->type == type)
            return set;
    return NULL;
}

MgSpan mg_dns_set_next(const MgDnsZones *zones, uint32_t *at)
{
    uint16_t len = 0;
    memcpy(&len, zones->octets->data + *at, sizeof len);
    MgSpan data = {zones->octets->data + *at + sizeof len, len};
    *at += (uint32_t)(sizeof len + len);
    return data;
}

size_t mg_dns_zones_n(const MgDnsZones *zones)
{
    return zones->zones->len;
}

MgSpan mg_dns_zones_apex(const MgDnsZones *zones, size_t i)
{
    return mg_dns_node_name(zones,
                            mg_dns_node(zones, g_array_index(zones->zones, MgDnsZone, i).apex));
}

/* ---- building ---- */

static void put_in_table(MgDnsZones *zones, uint32_t index)
{
    const MgDnsNode *node = mg_dns_node(zones, index);
    uint32_t i = slot_of(node->hash, node->zone) & zones->mask;
    while (zones->table[i] != MG_DNS_NO_NODE)
        i = (i + 1) & zones->mask;
    zones->table[i] = index;
}

static void grow_table(MgDnsZones *zones, size_t size)
{
    g_free(zones->table);
    zones->table = g_new(uint32_t, size);
    zones->mask = (uint32_t)size - 1;
    memset(zones->table, 0xff, size * sizeof *zones->table);
    for (uint32_t i = 0; i < zones->nodes->len; i++)
        put_in_table(zones, i);
}

/* The node of the name that lies at `offset` in the octets, made if it is new, with all the names
 * between it and the apex. */
static uint32_t need_node(Builder *builder, uint32_t offset, uint8_t len)
{
    MgDnsZones *zones = builder->zones;
    MgDnsLabels labels;
    MgSpan name = {zones->octets->data + offset, len};
    uint32_t hash = MG_DNS_HASH_ROOT, index = MG_DNS_NO_NODE;
    mg_dns_name_labels(name, &labels);
    for (size_t i = labels.n + 1u; i-- > 0;) {
        uint8_t at = i < labels.n ? labels.at[i] : (uint8_t)(len - 1);
        if (i < labels.n)
            hash = mg_dns_hash_label(hash, name.data + at);
        MgSpan suffix = mg_span_slice(name, at, (size_t)len - at);
        if (suffix.len < builder->apex.len)
            continue;
        index = mg_dns_node_find(zones, builder->zone, suffix, hash);
        if (index != MG_DNS_NO_NODE)
            continue;
        MgDnsNode node = {.hash = hash,
                          .name = offset + at,
                          .name_len = (uint8_t)suffix.len,
                          .zone = builder->zone,
                          .apex = suffix.len == builder->apex.len};
        index = zones->nodes->len;
        g_array_append_val(zones->nodes, node);
        if (2 * zones->nodes->len > zones->mask)
            grow_table(zones, 2 * ((size_t)zones->mask + 1));
        else
            put_in_table(zones, index);
    }
    return index;
}

static void complain(Builder *builder, const Raw *raw, const char *text)
{
    builder->good = false;
    g_ptr_array_add(builder->problems,
                    g_strdup_printf("%s:%u:%u: error: %s", raw != NULL ? raw->path : builder->path,
                                    raw != NULL ? raw->line : 1, raw != NULL ? raw->column : 1,
                                    text));
}

static void take(void *user, const MgDnsZoneRecord *record)
{
    Builder *builder = user;
    GByteArray *octets = builder->zones->octets;
    Raw raw = {.owner = octets->len,
               .owner_len = record->owner.len,
               .data_len = (uint32_t)record->data.len,
               .type = record->type,
               .ttl = record->ttl,
               .order = builder->raw->len,
               .path = record->path,
               .line = record->line,
               .column = record->column};
    if (record->class != MG_DNS_IN) {
        complain(builder, &raw, "only records of class IN are served here");
        return;
    }
    g_byte_array_append(octets, record->owner.wire, record->owner.len);
    raw.data = octets->len;
    g_byte_array_append(octets, record->data.data, (guint)record->data.len);
    g_array_append_val(builder->raw, raw);
}

static int compare_raw(const void *a, const void *b)
{
    const Raw *x = a, *y = b;
    if (x->node != y->node)
        return x->node < y->node ? -1 : 1;
    if (x->type != y->type)
        return x->type < y->type ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

static MgSpan raw_data(const Builder *builder, const Raw *raw)
{
    return (MgSpan){builder->zones->octets->data + raw->data, raw->data_len};
}

static bool said_before(const Builder *builder, size_t first, size_t i)
{
    const Raw *raw = &g_array_index(builder->raw, Raw, 0);
    MgSpan data = raw_data(builder, &raw[i]);
    for (size_t j = first; j < i; j++)
        if (raw[j].data_len == data.len &&
            memcmp(raw_data(builder, &raw[j]).data, data.data, data.len) == 0)
            return true;
    return false;
}

/* Other names below it, which only a broken zone has, make it visible. */
static void hide(const Builder *builder, MgDnsNode *node)
{
    const MgDnsSet *set = &g_array_index(builder->zones->sets, MgDnsSet, node->sets);
    bool hashed = false, other = false;
    for (uint16_t i = 0; i < node->n_sets; i++) {
        hashed = hashed || set[i].type == MG_DNS_NSEC3;
        other = other || (set[i].type != MG_DNS_NSEC3 && set[i].type != MG_DNS_RRSIG);
    }
    node->hidden = hashed && !other && !node->apex;
}

/* Records [from, to) are those of one type at one name. */
static void add_set(Builder *builder, size_t from, size_t to)
{
    MgDnsZones *zones = builder->zones;
    const Raw *raw = &g_array_index(builder->raw, Raw, 0);
    MgDnsNode *node = &g_array_index(zones->nodes, MgDnsNode, raw[from].node);
    MgDnsSet set = {.type = raw[from].type, .ttl = raw[from].ttl, .data = zones->octets->len};
    for (size_t i = from; i < to; i++) {
        if (said_before(builder, from, i))
            continue;
        uint16_t len = (uint16_t)raw[i].data_len;
        g_byte_array_append(zones->octets, (const uint8_t *)&len, sizeof len);
        guint at = zones->octets->len;
        g_byte_array_set_size(zones->octets, at + len);
        memcpy(zones->octets->data + at, zones->octets->data + raw[i].data, len);
        set.ttl = MIN(set.ttl, raw[i].ttl); /* RFC 2181 §5.2: they should be equal */
        set.n++;
    }
    if (node->n_sets++ == 0)
        node->sets = zones->sets->len;
    g_array_append_val(zones->sets, set);
    if (set.type == MG_DNS_NS && !node->apex)
        node->cut = true;
    hide(builder, node);
    if ((set.type == MG_DNS_CNAME || set.type == MG_DNS_DNAME || set.type == MG_DNS_SOA) &&
        set.n > 1)
        complain(builder, &raw[from + 1],
                 set.type == MG_DNS_SOA
                     ? "a zone has one SOA record"
                     : "a name has one CNAME or DNAME record at most (RFC 1034 §3.6.2)");
}

static void add_sets(Builder *builder)
{
    const Raw *raw = &g_array_index(builder->raw, Raw, 0);
    size_t n = builder->raw->len;
    for (size_t from = 0, to = 0; from < n; from = to) {
        for (to = from + 1; to < n && raw[to].node == raw[from].node;)
            if (raw[to].type == raw[from].type)
                to++;
            else
                break;
        add_set(builder, from, to);
    }
    /* RFC 1034 §3.6.2: an alias has no other data; what DNSSEC adds is no other (RFC 4034 §3). */
    for (size_t i = 0; i < n; i++) {
        const MgDnsNode *node = mg_dns_node(builder->zones, raw[i].node);
        bool dnssec = raw[i].type == MG_DNS_RRSIG || raw[i].type == MG_DNS_NSEC;
        if (raw[i].type != MG_DNS_CNAME && !dnssec &&
            mg_dns_node_set(builder->zones, node, MG_DNS_CNAME) != NULL)
            complain(builder, &raw[i],
                     "this name is an alias (CNAME) and can have no other records (RFC 1034 "
                     "§3.6.2)");
    }
}

/* Finds the apex, and whether all records lie under it. */
static bool find_apex(Builder *builder)
{
    Raw *raw = &g_array_index(builder->raw, Raw, 0);
    const uint8_t *octets = builder->zones->octets->data;
    builder->apex = (MgSpan){NULL, 0};
    for (size_t i = 0; i < builder->raw->len && builder->apex.data == NULL; i++)
        if (raw[i].type == MG_DNS_SOA)
            builder->apex = (MgSpan){octets + raw[i].owner, raw[i].owner_len};
    if (builder->apex.data == NULL) {
        complain(builder, NULL, "this zone has no SOA record (RFC 1035 §5.2)");
        return false;
    }
    for (size_t i = 0; i < builder->raw->len; i++) {
        MgSpan owner = {octets + raw[i].owner, raw[i].owner_len};
        if (!mg_dns_name_is_under(owner, builder->apex))
            complain(builder, &raw[i], "this name is not in the zone");
        else if (raw[i].type == MG_DNS_SOA && owner.len != builder->apex.len)
            complain(builder, &raw[i], "a zone has one SOA record");
    }
    for (size_t i = 0; i < mg_dns_zones_n(builder->zones); i++) {
        if (mg_dns_name_equal(mg_dns_zones_apex(builder->zones, i), builder->apex))
            complain(builder, &raw[0], "another file has this zone already");
    }
    return builder->good;
}

/* ---- files in files: an engine opens none, so they must be settings, too ---- */

static bool find_file(void *user, const char *path, const char *beside, MgDnsZoneFile *file)
{
    Builder *builder = user;
    g_autofree char *folder = g_path_get_dirname(beside);
    g_autofree char *joined = g_path_is_absolute(path) || strcmp(folder, ".") == 0
                                  ? g_strdup(path)
                                  : g_build_filename(folder, path, NULL);
    for (size_t i = 0; i < builder->settings->n_rows; i++) {
        const MgSetting *row = &builder->settings->rows[i];
        if (strcmp(row->key, builder->key) != 0 || row->path == NULL ||
            (strcmp(row->path, joined) != 0 && strcmp(row->path, path) != 0))
            continue;
        *file = (MgDnsZoneFile){.text = {(const uint8_t *)row->value, row->len}, .path = row->path};
        builder->included[i] = builder->included[i] || i != builder->row;
        return true;
    }
    file->error = "this file must be named in `zones`, too: nothing else can be included here";
    return false;
}

static void ignore(void *user, const MgDnsZoneRecord *record)
{
}

static bool has_includes(const MgSetting *row)
{
    static const char word[] = "$INCLUDE";
    const size_t len = sizeof word - 1;
    for (size_t i = 0; i + len <= row->len; i++)
        if (row->value[i] == '$' && g_ascii_strncasecmp(row->value + i, word, len) == 0)
            return true;
    return false;
}

static void find_included(Builder *builder)
{
    g_autoptr(GPtrArray) nobody = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < builder->settings->n_rows; i++) {
        const MgSetting *row = &builder->settings->rows[i];
        const MgDnsZoneSource source = {.text = {(const uint8_t *)row->value, row->len},
                                        .path = row->path,
                                        .sink = ignore,
                                        .include = find_file,
                                        .user = builder,
                                        .problems = nobody};
        builder->row = i;
        if (strcmp(row->key, builder->key) == 0 && !builder->included[i] && has_includes(row))
            mg_dns_zone_read_source(&source);
    }
}

static void read_zone(Builder *builder, const MgSetting *row)
{
    MgDnsName origin;
    builder->path = row->path != NULL ? row->path : row->key;
    g_assert(mg_dns_zones_n(builder->zones) < UINT16_MAX);
    builder->zone = (uint16_t)mg_dns_zones_n(builder->zones);
    builder->good = true;
    g_array_set_size(builder->raw, 0);
    bool named = mg_dns_zone_origin(row->path, &origin);
    const MgDnsZoneSource source = {.text = {(const uint8_t *)row->value, row->len},
                                    .path = builder->path,
                                    .origin = builder->origin != NULL ? builder->origin
                                              : named                 ? &origin
                                                                      : NULL,
                                    .sink = take,
                                    .include = find_file,
                                    .user = builder,
                                    .problems = builder->problems};
    if (!mg_dns_zone_read_source(&source) || !builder->good || !find_apex(builder))
        return;
    /* The octets move while they grow. */
    size_t apex_at = (size_t)(builder->apex.data - builder->zones->octets->data);
    for (size_t i = 0; i < builder->raw->len; i++) {
        Raw *raw = &g_array_index(builder->raw, Raw, i);
        raw->node = need_node(builder, raw->owner, raw->owner_len);
    }
    g_array_sort(builder->raw, compare_raw);
    add_sets(builder);
    builder->apex.data = builder->zones->octets->data + apex_at;
    uint32_t apex = mg_dns_node_find(builder->zones, builder->zone, builder->apex,
                                     mg_dns_name_hash(builder->apex));
    MgDnsZone zone = {.apex = apex};
    mg_dns_proofs_find(builder->zones, builder->zone, &zone);
    g_array_append_val(builder->zones->zones, zone);
    if (mg_dns_node_set(builder->zones, mg_dns_node(builder->zones, apex), MG_DNS_NS) == NULL)
        complain(builder, &g_array_index(builder->raw, Raw, 0),
                 "this zone names no name server: its apex has no NS record (RFC 1034 §4.2.1)");
}

MgDnsZones *mg_dns_zones_new(const MgSettings *settings, const char *key, GPtrArray *problems)
{
    return mg_dns_zones_new_at(settings, key, NULL, problems);
}

MgDnsZones *mg_dns_zones_new_at(const MgSettings *settings, const char *key,
                                const MgDnsName *origin, GPtrArray *problems)
{
    static const MgSettings none = {NULL, 0};
    MgDnsZones *zones = g_new0(MgDnsZones, 1);
    zones->octets = g_byte_array_new();
    zones->nodes = g_array_new(FALSE, FALSE, sizeof(MgDnsNode));
    zones->sets = g_array_sized_new(FALSE, FALSE, sizeof(MgDnsSet), 16);
    zones->zones = g_array_new(FALSE, FALSE, sizeof(MgDnsZone));
    grow_table(zones, 64);
    Builder builder = {.zones = zones,
                       .raw = g_array_sized_new(FALSE, FALSE, sizeof(Raw), 16),
                       .settings = settings != NULL ? settings : &none,
                       .key = key,
                       .origin = origin,
                       .problems = problems};
    bool good = true;
    g_autofree bool *included = builder.included = g_new0(bool, builder.settings->n_rows + 1);
    find_included(&builder);
    for (size_t i = 0; i < builder.settings->n_rows; i++) {
        if (strcmp(settings->rows[i].key, key) != 0 || included[i])
            continue;
        guint before = problems->len;
        builder.row = i;
        read_zone(&builder, &settings->rows[i]);
        good = good && problems->len == before;
    }
    g_array_unref(builder.raw);
    if (good)
        return zones;
    mg_dns_zones_free(zones);
    return NULL;
}

void mg_dns_zones_free(MgDnsZones *zones)
{
    if (zones == NULL)
        return;
    g_byte_array_unref(zones->octets);
    g_array_unref(zones->nodes);
    g_array_unref(zones->sets);
    for (guint i = 0; i < zones->zones->len; i++)
        g_array_unref(g_array_index(zones->zones, MgDnsZone, i).proofs);
    g_array_unref(zones->zones);
    g_free(zones->table);
    g_free(zones);
}
