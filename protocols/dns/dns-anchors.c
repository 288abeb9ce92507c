/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-anchors.c - where trust begins */
#include "dns-anchors.h"

#include "dns-zone.h"

static void clear_anchor(void *data)
{
    g_byte_array_unref(((MgDnsAnchor *)data)->data);
}

MgDnsAnchors *mg_dns_anchors_new(void)
{
    MgDnsAnchors *anchors = g_new0(MgDnsAnchors, 1);
    anchors->rows = g_array_new(FALSE, FALSE, sizeof(MgDnsAnchor));
    g_array_set_clear_func(anchors->rows, clear_anchor);
    return anchors;
}

void mg_dns_anchors_free(MgDnsAnchors *anchors)
{
    if (anchors == NULL)
        return;
    g_array_unref(anchors->rows);
    g_free(anchors);
}

typedef struct {
    MgDnsAnchors *anchors;
    GPtrArray *problems;
} Reader;

static void take(void *user, const MgDnsZoneRecord *record)
{
    Reader *reader = user;
    if (record->type != MG_DNS_DS && record->type != MG_DNS_DNSKEY) {
        g_ptr_array_add(
            reader->problems,
            g_strdup_printf("%s:%u:%u: error: a trust anchor is a DS or a DNSKEY record",
                            record->path, record->line, record->column));
        return;
    }
    MgDnsAnchor anchor = {.owner = record->owner, .type = record->type};
    anchor.data = g_byte_array_new();
    g_byte_array_append(anchor.data, record->data.data, (guint)record->data.len);
    g_array_append_val(reader->anchors->rows, anchor);
}

/* A setting is one line, where records stand apart by ";"; in a file that begins a comment. */
static GString *lines_of(const MgSetting *row)
{
    GString *text = g_string_new(NULL);
    if (row->path != NULL)
        return g_string_append_len(text, row->value, (gssize)row->len);
    g_auto(GStrv) records = g_strsplit(row->value, ";", -1);
    for (char **record = records; *record != NULL; record++)
        g_string_append_printf(text, "%s\n", g_strstrip(*record));
    return text;
}

bool mg_dns_anchors_read(MgDnsAnchors *anchors, const MgSettings *settings, const char *key,
                         GPtrArray *problems)
{
    guint before = problems->len;
    MgDnsName root;
    mg_dns_name_set_root(&root);
    for (size_t i = 0; settings != NULL && i < settings->n_rows; i++) {
        const MgSetting *row = &settings->rows[i];
        if (strcmp(row->key, key) != 0)
            continue;
        g_autoptr(GString) text = lines_of(row);
        Reader reader = {anchors, problems};
        const MgDnsZoneSource source = {.text = {(const uint8_t *)text->str, text->len},
                                        .path = row->path != NULL ? row->path : row->key,
                                        .origin = &root,
                                        .sink = take,
                                        .user = &reader,
                                        .problems = problems,
                                        .no_ttl = true};
        mg_dns_zone_read_source(&source);
    }
    return problems->len == before;
}

bool mg_dns_anchors_read_negative(MgDnsAnchors *anchors, const char *names, GPtrArray *problems)
{
    g_auto(GStrv) words = g_strsplit(names, ";", -1);
    for (char **word = words; *word != NULL; word++) {
        MgDnsAnchor anchor = {.data = NULL};
        if (g_strstrip(*word)[0] == '\0')
            continue;
        if (mg_dns_name_parse(mg_span_from_string(*word), NULL, &anchor.owner) != NULL) {
            g_ptr_array_add(problems,
                            g_strdup_printf("error: domain-insecure: \"%s\" is no name", *word));
            return false;
        }
        anchor.data = g_byte_array_new();
        g_array_append_val(anchors->rows, anchor);
    }
    return true;
}

MgSpan mg_dns_anchors_above(const MgDnsAnchors *anchors, MgSpan name)
{
    MgSpan best = {NULL, 0};
    bool negative = false;
    for (unsigned i = 0; anchors != NULL && i < anchors->rows->len; i++) {
        const MgDnsAnchor *anchor = &g_array_index(anchors->rows, MgDnsAnchor, i);
        bool deeper =
            anchor->type == 0 ? anchor->owner.len >= best.len : anchor->owner.len > best.len;
        if (!deeper || !mg_dns_name_is_under(name, mg_dns_name_span(&anchor->owner)))
            continue;
        best = mg_dns_name_span(&anchor->owner);
        negative = anchor->type == 0;
    }
    return negative ? (MgSpan){NULL, 0} : best;
}
