/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-attack.c - what the engines of an attacker's host share */
#include "dns-attack.h"

bool mg_dns_lie_parse(const char *text, MgDnsLieAddress *out)
{
    static const uint16_t types[] = {MG_DNS_A, MG_DNS_AAAA};
    const MgDnsToken token = {.text = mg_span_from_string(text)};
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autoptr(GByteArray) wire = g_byte_array_new();
        size_t at = 0;
        if (mg_dns_data_parse(types[i], &token, 1, NULL, wire, &at) != NULL)
            continue;
        out->len = (uint8_t)wire->len;
        memcpy(out->octets, wire->data, wire->len);
        return true;
    }
    return false;
}

void mg_dns_lie_begin(MgDnsWriter *writer, const MgDnsMessage *query, uint16_t flags)
{
    mg_dns_write_header(writer, query->id, (uint16_t)(MG_DNS_QR | flags));
    mg_dns_write_question(writer, mg_dns_name_span(&query->name), query->type, query->class);
}

void mg_dns_lie_fact(MgFact *facts, size_t max, size_t *n, const char *label, const char *value)
{
    if (*n == max)
        return;
    facts[*n].label = label;
    g_strlcpy(facts[(*n)++].value, value, sizeof facts->value);
}
