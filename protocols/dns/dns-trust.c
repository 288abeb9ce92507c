/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-trust.c - what a validator has found out about zones */
#include "dns-trust.h"

struct MgDnsTrustTable {
    GHashTable *rows; /* the name in canonical form → MgDnsZoneTrust */
};

static void free_row(void *data)
{
    MgDnsZoneTrust *row = data;
    g_clear_pointer(&row->data, g_byte_array_unref);
    g_free(row);
}

MgDnsTrustTable *mg_dns_trust_new(void)
{
    MgDnsTrustTable *table = g_new0(MgDnsTrustTable, 1);
    table->rows =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, free_row);
    return table;
}

void mg_dns_trust_free(MgDnsTrustTable *table)
{
    if (table == NULL)
        return;
    g_hash_table_unref(table->rows);
    g_free(table);
}

static GBytes *key_of(MgSpan name)
{
    MgDnsName small;
    mg_dns_name_set(&small, name);
    mg_dns_name_lower(&small);
    return g_bytes_new(small.wire, small.len);
}

const MgDnsZoneTrust *mg_dns_trust_get(MgDnsTrustTable *table, MgSpan name, MgTime now)
{
    g_autoptr(GBytes) key = key_of(name);
    const MgDnsZoneTrust *row = g_hash_table_lookup(table->rows, key);
    return row != NULL && row->expires >= now ? row : NULL;
}

void mg_dns_trust_put(MgDnsTrustTable *table, MgSpan name, const MgDnsZoneTrust *trust)
{
    /* As a rule it never gets so far; then beginning anew is cheap enough. */
    if (g_hash_table_size(table->rows) >= MG_DNS_TRUST_ZONES)
        g_hash_table_remove_all(table->rows);
    g_hash_table_replace(table->rows, key_of(name), g_memdup2(trust, sizeof *trust));
}

void mg_dns_trust_forget(MgDnsTrustTable *table, MgSpan name)
{
    g_autoptr(GBytes) key = key_of(name);
    g_hash_table_remove(table->rows, key);
}

static gboolean is_under(void *key, void *row, void *name)
{
    size_t len = 0;
    const uint8_t *wire = g_bytes_get_data(key, &len);
    return mg_dns_name_is_under((MgSpan){wire, len}, *(const MgSpan *)name);
}

void mg_dns_trust_flush(MgDnsTrustTable *table, MgSpan name)
{
    g_hash_table_foreach_remove(table->rows, is_under, &name);
}
