/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-name.c - domain names: parsed, printed, compared */
#include "dns-name.h"

void mg_dns_name_set(MgDnsName *name, MgSpan wire)
{
    g_assert(wire.len >= 1 && wire.len <= MG_DNS_NAME_MAX);
    memcpy(name->wire, wire.data, wire.len);
    name->len = (uint8_t)wire.len;
}

void mg_dns_name_set_root(MgDnsName *name)
{
    name->len = 1;
    name->wire[0] = 0;
}

/* One octet of a label, escaped or not (RFC 1035 §5.1). Returns how many octets of text it took,
 * 0 if the escape is wrong. */
static size_t read_octet(MgSpan text, size_t at, uint8_t *out)
{
    *out = text.data[at];
    if (*out != '\\')
        return 1;
    if (at + 1 >= text.len)
        return 0;
    *out = text.data[at + 1];
    if (!g_ascii_isdigit(*out))
        return 2;
    unsigned value = 0;
    for (size_t i = 1; i <= 3; i++) {
        if (at + i >= text.len || !g_ascii_isdigit(text.data[at + i]))
            return 0;
        value = value * 10 + (text.data[at + i] - '0');
    }
    *out = (uint8_t)value;
    return value <= 255 ? 4 : 0;
}

const char *mg_dns_name_parse(MgSpan text, const MgDnsName *origin, MgDnsName *out)
{
    size_t label = 0, len = 1; /* where this label's length is; the end of the name */
    mg_dns_name_set_root(out);
    if (text.len == 0)
        return "a name is missing";
    if (text.len == 1 && text.data[0] == '.')
        return NULL;
    if (text.len == 1 && text.data[0] == '@') {
        if (origin != NULL)
            *out = *origin;
        return NULL;
    }
    for (size_t at = 0; at < text.len;) {
        if (text.data[at] == '.') {
            if (len == label + 1)
                return "a name has an empty label";
            out->wire[label] = (uint8_t)(len - label - 1);
            label = len;
            if (len >= MG_DNS_NAME_MAX)
                return "a name has more than 255 octets";
            len++;
            at++;
            continue;
        }
        uint8_t octet = 0;
        size_t took = read_octet(text, at, &octet);
        if (took == 0)
            return "a name has a wrong escape: \\DDD is a number up to 255";
        if (len - label - 1 >= MG_DNS_LABEL_MAX)
            return "a label has more than 63 octets";
        if (len >= MG_DNS_NAME_MAX)
            return "a name has more than 255 octets";
        out->wire[len++] = octet;
        at += took;
    }
    out->wire[label] = (uint8_t)(len - label - 1);
    if (len == label + 1) { /* it ended with a dot */
        out->len = (uint8_t)len;
        return NULL;
    }
    size_t rest = origin != NULL ? origin->len : 1;
    if (len + rest > MG_DNS_NAME_MAX)
        return "a name has more than 255 octets";
    if (origin != NULL)
        memcpy(out->wire + len, origin->wire, rest);
    else
        out->wire[len] = 0;
    out->len = (uint8_t)(len + rest);
    return NULL;
}

void mg_dns_name_format(MgSpan wire, GString *out)
{
    if (wire.len <= 1) {
        g_string_append_c(out, '.');
        return;
    }
    for (size_t at = 0; at < wire.len && wire.data[at] != 0;) {
        size_t end = at + 1 + wire.data[at];
        for (at++; at < end; at++) {
            uint8_t c = wire.data[at];
            if (c <= 0x20 || c >= 0x7f)
                g_string_append_printf(out, "\\%03u", c);
            else if (strchr(".\\\"();@$", c) != NULL)
                g_string_append_printf(out, "\\%c", c);
            else
                g_string_append_c(out, (char)c);
        }
        g_string_append_c(out, '.');
    }
}

bool mg_dns_name_equal(MgSpan a, MgSpan b)
{
    if (a.len != b.len)
        return false;
    if (a.len > 0 && memcmp(a.data, b.data, a.len) == 0)
        return true;
    /* Lengths are at most 63, so that lowering changes no length. */
    for (size_t i = 0; i < a.len; i++)
        if (a.data[i] != b.data[i] && mg_dns_lower(a.data[i]) != mg_dns_lower(b.data[i]))
            return false;
    return true;
}

bool mg_dns_name_is_under(MgSpan name, MgSpan ancestor)
{
    while (name.len > ancestor.len)
        name = mg_dns_name_parent(name);
    return mg_dns_name_equal(name, ancestor);
}

int mg_dns_name_compare(MgSpan a, MgSpan b)
{
    MgDnsLabels x, y;
    mg_dns_name_labels(a, &x);
    mg_dns_name_labels(b, &y);
    for (size_t i = x.n, j = y.n; i > 0 && j > 0;) {
        const uint8_t *p = a.data + x.at[--i], *q = b.data + y.at[--j];
        for (unsigned k = 1; k <= *p && k <= *q; k++)
            if (mg_dns_lower(p[k]) != mg_dns_lower(q[k]))
                return mg_dns_lower(p[k]) < mg_dns_lower(q[k]) ? -1 : 1;
        if (*p != *q)
            return *p < *q ? -1 : 1;
    }
    return (int)x.n - (int)y.n;
}

bool mg_dns_name_base32(MgSpan name, uint8_t out[20])
{
    uint64_t bits = 0;
    unsigned n = 0, len = 0;
    if (name.data[0] != 32)
        return false;
    for (size_t i = 1; i <= 32; i++) {
        uint8_t c = mg_dns_lower(name.data[i]);
        if (!g_ascii_isdigit(c) && (c < 'a' || c > 'v'))
            return false;
        bits = bits << 5 | (g_ascii_isdigit(c) ? c - '0' : c - 'a' + 10);
        for (n += 5; n >= 8; n -= 8)
            out[len++] = (uint8_t)(bits >> (n - 8));
    }
    return len == 20;
}

void mg_dns_name_lower(MgDnsName *name)
{
    for (size_t i = 0; i < name->len; i++) /* lengths are at most 63, and so no letters */
        name->wire[i] = mg_dns_lower(name->wire[i]);
}

void mg_dns_name_labels(MgSpan wire, MgDnsLabels *labels)
{
    labels->n = 0;
    for (size_t at = 0; wire.data[at] != 0; at += (size_t)wire.data[at] + 1)
        labels->at[labels->n++] = (uint8_t)at;
}

/* Eight octets at once, as mg_dns_lower(): each one's top bit says whether it is a capital. */
static uint64_t lower_eight(uint64_t octets)
{
    const uint64_t ones = UINT64_MAX / 255;
    uint64_t low = octets & ones * 0x7f;
    uint64_t from_a = low + ones * (0x80 - 'A'), after_z = low + ones * (0x7f - 'Z');
    uint64_t capitals = (from_a ^ after_z) & ~octets & ones * 0x80;
    return octets | capitals >> 2;
}

/* The last octets of a label, of which there are less than eight. */
static uint64_t load_rest(const uint8_t *at, size_t n)
{
    uint32_t first = 0, last = 0;
    if (n >= 4) { /* some octets twice */
        memcpy(&first, at, 4);
        memcpy(&last, at + n - 4, 4);
        return (uint64_t)last << 32 | first;
    }
    return n > 0 ? at[0] | (uint64_t)at[n / 2] << 8 | (uint64_t)at[n - 1] << 16 : 0;
}

static uint32_t mix(uint32_t hash, uint64_t octets)
{
    uint64_t mixed = (hash ^ lower_eight(octets)) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(mixed >> 32) ^ (uint32_t)mixed;
}

uint32_t mg_dns_hash_label(uint32_t hash, const uint8_t *label)
{
    size_t n = (size_t)label[0] + 1; /* with its length, so that labels do not run together */
    for (; n >= 8; n -= 8, label += 8) {
        uint64_t octets;
        memcpy(&octets, label, sizeof octets);
        hash = mix(hash, octets);
    }
    return mix(hash, load_rest(label, n));
}

uint32_t mg_dns_name_hash(MgSpan wire)
{
    MgDnsLabels labels;
    uint32_t hash = MG_DNS_HASH_ROOT;
    mg_dns_name_labels(wire, &labels);
    for (size_t i = labels.n; i-- > 0;)
        hash = mg_dns_hash_label(hash, wire.data + labels.at[i]);
    return hash;
}
