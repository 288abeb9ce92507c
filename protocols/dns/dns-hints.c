/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-hints.c - where a resolver begins: the root's name servers and their addresses (RFC 9609) */
#include "dns-recursion-private.h"

#include "dns-zone.h"

typedef struct {
    MgDnsHints *hints;
    const char *path;
    GPtrArray *problems;
} Reader;

static void take(void *user, const MgDnsZoneRecord *record)
{
    Reader *reader = user;
    MgDnsHint hint = {.type = record->type};
    if (record->type == MG_DNS_NS && record->owner.len == 1) {
        mg_dns_name_set(&hint.name, record->data);
    } else if (record->type == MG_DNS_A || record->type == MG_DNS_AAAA) {
        hint.name = record->owner;
        hint.len = (uint8_t)record->data.len;
        memcpy(hint.address, record->data.data, record->data.len);
    } else {
        return; /* a whole root zone may be given: all else in it is passed over */
    }
    g_array_append_val(reader->hints->rows, hint);
}

size_t mg_dns_hints_n(const MgDnsHints *hints)
{
    size_t n = 0;
    for (size_t i = 0; i < hints->rows->len; i++)
        n += g_array_index(hints->rows, MgDnsHint, i).type == MG_DNS_NS;
    return n;
}

bool mg_dns_hints_at_loopback(const MgDnsHints *hints)
{
    for (size_t i = 0; i < hints->rows->len; i++) {
        const MgDnsHint *hint = &g_array_index(hints->rows, MgDnsHint, i);
        if (hint->type != MG_DNS_NS && mg_dns_is_loopback((MgSpan){hint->address, hint->len}))
            return true;
    }
    return false;
}

/* Of those servers only that are named as the root's. */
static bool has_address(const MgDnsHints *hints)
{
    for (size_t i = 0; i < hints->rows->len; i++) {
        const MgDnsHint *ns = &g_array_index(hints->rows, MgDnsHint, i);
        for (size_t j = 0; ns->type == MG_DNS_NS && j < hints->rows->len; j++) {
            const MgDnsHint *address = &g_array_index(hints->rows, MgDnsHint, j);
            if (address->type != MG_DNS_NS &&
                mg_dns_name_equal(mg_dns_name_span(&address->name), mg_dns_name_span(&ns->name)))
                return true;
        }
    }
    return false;
}

MgDnsHints *mg_dns_hints_new(const MgSettings *settings, const char *key, GPtrArray *problems)
{
    MgDnsHints *hints = g_new0(MgDnsHints, 1);
    hints->rows = g_array_new(FALSE, FALSE, sizeof(MgDnsHint));
    guint before = problems->len;
    const char *path = NULL;
    for (size_t i = 0; settings != NULL && i < settings->n_rows; i++) {
        const MgSetting *row = &settings->rows[i];
        if (strcmp(row->key, key) != 0)
            continue;
        MgDnsName root;
        mg_dns_name_set_root(&root);
        path = row->path != NULL ? row->path : row->key;
        Reader reader = {hints, path, problems};
        mg_dns_zone_read((MgSpan){(const uint8_t *)row->value, row->len}, path, &root, take,
                         &reader, problems);
    }
    if (path != NULL && problems->len == before && !has_address(hints))
        g_ptr_array_add(problems, g_strdup_printf("%s:1:1: error: no root name server with an "
                                                  "address: a line \". NS NAME\" and a line "
                                                  "\"NAME A ADDRESS\" are needed",
                                                  path));
    if (problems->len == before)
        return hints;
    mg_dns_hints_free(hints);
    return NULL;
}

void mg_dns_hints_free(MgDnsHints *hints)
{
    if (hints == NULL)
        return;
    g_array_unref(hints->rows);
    g_free(hints);
}
