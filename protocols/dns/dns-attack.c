/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-attack.c - what the engines of an attacker's host share */
#include "dns-attack.h"

bool mg_dns_lie_parse(const char *text, MgDnsLieAddress *out)
{
    out->len = (uint8_t)mg_dns_address_parse(text, out->octets);
    return out->len > 0;
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
