/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-zone.c - whatever a master file holds: what is read, printed and read again is the same */
#include "dns-zone.h"

#include "dns-zones.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    GString *text;
    GByteArray *wire;
} Read;

static void take(void *user, const MgDnsZoneRecord *record)
{
    Read *into = user;
    g_assert_true(mg_dns_data_valid(record->type, record->data));
    mg_dns_name_format(mg_dns_name_span(&record->owner), into->text);
    g_string_append_printf(into->text, " %u ", record->ttl);
    mg_dns_class_format(record->class, into->text);
    g_string_append_c(into->text, ' ');
    mg_dns_type_format(record->type, into->text);
    g_string_append_c(into->text, ' ');
    mg_dns_data_format(record->type, record->data, into->text);
    g_string_append_c(into->text, '\n');
    g_byte_array_append(into->wire, record->owner.wire, record->owner.len);
    g_byte_array_append(into->wire, record->data.data, (guint)record->data.len);
}

/* A file that includes itself, and another one. */
static void check_includes(const char *text, size_t size)
{
    static const char other[] = "$TTL 5\no A 192.0.2.1\n$INCLUDE f\n";
    const MgSetting rows[] = {
        {.key = "zones", .value = text, .len = size, .path = "f"},
        {.key = "zones", .value = other, .len = sizeof other - 1, .path = "o"}};
    const MgSettings settings = {rows, G_N_ELEMENTS(rows)};
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgDnsZones *zones = mg_dns_zones_new(&settings, "zones", problems);
    g_assert_cmpint(zones != NULL, ==, problems->len == 0);
    mg_dns_zones_free(zones);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Read first = {g_string_new(NULL), g_byte_array_new()};
    Read second = {g_string_new(NULL), g_byte_array_new()};
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *copy = g_memdup2(data, MAX(size, 1)); /* reading past its end is seen */
    bool good =
        mg_dns_zone_read((MgSpan){(const uint8_t *)copy, size}, "f", NULL, take, &first, problems);
    g_assert_cmpint(good, ==, problems->len == 0);
    g_assert_cmpuint(problems->len, <=, MG_DNS_ZONE_PROBLEMS_MAX);
    for (guint i = 0; i < problems->len; i++)
        g_assert_nonnull(strstr(g_ptr_array_index(problems, i), ": error: "));
    g_ptr_array_set_size(problems, 0);
    good = mg_dns_zone_read((MgSpan){(const uint8_t *)first.text->str, first.text->len}, "f", NULL,
                            take, &second, problems);
    if (!good)
        g_error("%s in\n%s", (char *)g_ptr_array_index(problems, 0), first.text->str);
    g_assert_cmpstr(first.text->str, ==, second.text->str);
    g_assert_cmpmem(first.wire->data, first.wire->len, second.wire->data, second.wire->len);
    /* And as a zone that is served. */
    const MgSetting row = {.key = "zones", .value = copy, .len = size, .path = "f"};
    const MgSettings settings = {&row, 1};
    g_ptr_array_set_size(problems, 0);
    MgDnsZones *zones = mg_dns_zones_new(&settings, "zones", problems);
    g_assert_cmpint(zones != NULL, ==, problems->len == 0);
    mg_dns_zones_free(zones);
    check_includes(copy, size);
    g_string_free(first.text, TRUE);
    g_string_free(second.text, TRUE);
    g_byte_array_unref(first.wire);
    g_byte_array_unref(second.wire);
    return 0;
}
