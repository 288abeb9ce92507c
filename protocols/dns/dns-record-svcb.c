/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-record-svcb.c - the parameters of SVCB and HTTPS records (RFC 9460 §2.2, §7, §8)
 *
 * On the wire each has a key, a length and a value, keys rising. In words it is KEY=VALUE; in any
 * order, which reading puts right.
 */
#include <stdlib.h>

#include "dns-record-special.h"

typedef enum { KEYS, ITEMS, NOTHING, PORT, FOURS, OCTETS, SIXTEENS, TEXT } Shape;

static const struct {
    const char *name;
    Shape shape;
} keys[MG_DNS_SVC_N] = {
    [MG_DNS_SVC_MANDATORY] = {"mandatory", KEYS},
    [MG_DNS_SVC_ALPN] = {"alpn", ITEMS},
    [MG_DNS_SVC_NO_DEFAULT_ALPN] = {"no-default-alpn", NOTHING},
    [MG_DNS_SVC_PORT] = {"port", PORT},
    [MG_DNS_SVC_IPV4HINT] = {"ipv4hint", FOURS},
    [MG_DNS_SVC_ECH] = {"ech", OCTETS},
    [MG_DNS_SVC_IPV6HINT] = {"ipv6hint", SIXTEENS},
    [MG_DNS_SVC_DOHPATH] = {"dohpath", TEXT}, /* RFC 9461 §5 */
    [MG_DNS_SVC_OHTTP] = {"ohttp", NOTHING},  /* RFC 9540 §4 */
};

static Shape shape_of(unsigned key)
{
    return key < MG_DNS_SVC_N ? keys[key].shape : TEXT;
}

/* ---- on the wire ---- */

typedef struct {
    uint16_t key;
    MgSpan value;
} Param;

static bool next_param(MgDnsReader *reader, Param *param)
{
    if (reader->bad || reader->at >= reader->len)
        return false;
    param->key = mg_dns_read_u16(reader);
    param->value = mg_dns_read_span(reader, mg_dns_read_u16(reader));
    return !reader->bad;
}

static bool has_key(MgSpan params, unsigned key)
{
    MgDnsReader reader = {.data = params.data, .len = params.len};
    Param param;
    while (next_param(&reader, &param))
        if (param.key == key)
            return true;
    return false;
}

/* RFC 9460 §8: rising, not itself, and all of them there. */
static bool mandatory_valid(MgSpan params, MgSpan value)
{
    int before = MG_DNS_SVC_MANDATORY;
    for (size_t i = 0; i + 1 < value.len; i += 2) {
        int key = mg_dns_get_u16(value.data + i);
        if (key <= before || !has_key(params, (unsigned)key))
            return false;
        before = key;
    }
    return true;
}

/* Lengths and at least one octet, to the end. */
static bool items_valid(MgSpan value)
{
    for (size_t at = 0; at < value.len; at += (size_t)value.data[at] + 1)
        if (value.data[at] == 0 || value.data[at] >= value.len - at)
            return false;
    return value.len > 0;
}

static bool value_valid(unsigned key, MgSpan value)
{
    switch (shape_of(key)) {
    case ITEMS:
        return items_valid(value);
    case NOTHING:
        return value.len == 0;
    case PORT:
        return value.len == 2;
    case KEYS:
        return value.len > 0 && value.len % 2 == 0;
    case FOURS:
        return value.len > 0 && value.len % 4 == 0;
    case SIXTEENS:
        return value.len > 0 && value.len % 16 == 0;
    case OCTETS:
        return value.len > 0;
    case TEXT:
        return key != MG_DNS_SVC_DOHPATH || value.len > 0;
    }
    return true;
}

bool mg_dns_svc_valid(MgSpan params)
{
    MgDnsReader reader = {.data = params.data, .len = params.len};
    Param param;
    int before = -1;
    while (next_param(&reader, &param)) {
        if (param.key <= before || param.key == MG_DNS_SVC_INVALID ||
            !value_valid(param.key, param.value) ||
            (param.key == MG_DNS_SVC_MANDATORY && !mandatory_valid(params, param.value)))
            return false;
        before = param.key;
    }
    /* RFC 9460 §7.1.1: "no others" says nothing without the ones that there are. */
    return !reader.bad &&
           (!has_key(params, MG_DNS_SVC_NO_DEFAULT_ALPN) || has_key(params, MG_DNS_SVC_ALPN));
}

/* ---- printing ---- */

void mg_dns_svc_key_format(unsigned key, GString *out)
{
    if (key < MG_DNS_SVC_N)
        g_string_append(out, keys[key].name);
    else
        g_string_append_printf(out, "key%u", key);
}

/* A comma in an item is escaped, and then the whole as any string is: RFC 9460 §A.1. */
static void format_items(MgSpan value, GString *out)
{
    g_autoptr(GString) list = g_string_new(NULL);
    for (size_t at = 0; at < value.len; at += (size_t)value.data[at] + 1) {
        if (at > 0)
            g_string_append_c(list, ',');
        for (size_t i = 1; i <= value.data[at]; i++) {
            char c = (char)value.data[at + i];
            if (c == ',' || c == '\\')
                g_string_append_c(list, '\\');
            g_string_append_c(list, c);
        }
    }
    mg_dns_string_format((MgSpan){(const uint8_t *)list->str, list->len}, out);
}

static void format_list(Shape shape, MgSpan value, GString *out)
{
    size_t step = shape == KEYS ? 2 : shape == FOURS ? 4 : 16;
    for (size_t at = 0; at + step <= value.len; at += step) {
        const uint8_t *data = value.data + at;
        if (at > 0)
            g_string_append_c(out, ',');
        if (shape == KEYS)
            mg_dns_svc_key_format(mg_dns_get_u16(data), out);
        else if (shape == FOURS)
            g_string_append_printf(out, "%u.%u.%u.%u", data[0], data[1], data[2], data[3]);
        else
            mg_dns_aaaa_format(data, out);
    }
}

static void format_value(const Param *param, GString *out)
{
    Shape shape = shape_of(param->key);
    if (param->value.len == 0)
        return;
    g_string_append_c(out, '=');
    if (shape == ITEMS) {
        format_items(param->value, out);
    } else if (shape == PORT) {
        g_string_append_printf(out, "%u", mg_dns_get_u16(param->value.data));
    } else if (shape == OCTETS) {
        g_autofree char *text = g_base64_encode(param->value.data, param->value.len);
        g_string_append(out, text);
    } else if (shape == TEXT) {
        mg_dns_string_format(param->value, out);
    } else {
        format_list(shape, param->value, out);
    }
}

bool mg_dns_svc_format(MgSpan params, GString *out)
{
    MgDnsReader reader = {.data = params.data, .len = params.len};
    Param param;
    for (bool first = true; next_param(&reader, &param); first = false) {
        if (!first)
            g_string_append_c(out, ' ');
        mg_dns_svc_key_format(param.key, out);
        format_value(&param, out);
    }
    return !reader.bad;
}

/* ---- parsing ---- */

static bool parse_key(MgSpan text, unsigned *key)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < MG_DNS_SVC_N; i++) {
        if (mg_span_equal_nocase(text, mg_span_from_string(keys[i].name))) {
            *key = i;
            return true;
        }
    }
    if (text.len <= 3 || g_ascii_strncasecmp((const char *)text.data, "key", 3) != 0 ||
        (text.data[3] == '0' && text.len > 4) ||
        !mg_dns_uint_parse(mg_span_slice(text, 3, text.len - 3), MG_DNS_SVC_INVALID - 1, &number))
        return false;
    *key = (unsigned)number;
    return true;
}

static void put_u16(GByteArray *out, unsigned value)
{
    uint8_t octets[2];
    mg_dns_put_u16(octets, (uint16_t)value);
    g_byte_array_append(out, octets, 2);
}

/* One piece of a list without escapes. */
static bool parse_piece(Shape shape, MgSpan piece, GByteArray *out)
{
    uint8_t octets[16];
    unsigned key = 0;
    if (shape == KEYS) {
        if (!parse_key(piece, &key))
            return false;
        put_u16(out, key);
        return true;
    }
    if (shape == FOURS ? !mg_dns_a_parse(piece, octets) : !mg_dns_aaaa_parse(piece, octets))
        return false;
    g_byte_array_append(out, octets, shape == FOURS ? 4 : 16);
    return true;
}

static bool parse_list(Shape shape, MgSpan text, GByteArray *out)
{
    for (size_t at = 0; at <= text.len;) {
        const uint8_t *comma = memchr(text.data + at, ',', text.len - at);
        size_t end = comma != NULL ? (size_t)(comma - text.data) : text.len;
        if (!parse_piece(shape, mg_span_slice(text, at, end - at), out))
            return false;
        at = end + 1;
    }
    return true;
}

/* Of `text` the escapes of strings are gone already; those of items are still there. */
static bool parse_items(MgSpan text, GByteArray *out)
{
    for (size_t at = 0; at <= text.len; at++) {
        guint length_at = out->len;
        g_byte_array_append(out, (const uint8_t[]){0}, 1);
        for (; at < text.len && text.data[at] != ','; at++) {
            if (text.data[at] == '\\' && ++at == text.len)
                return false;
            g_byte_array_append(out, text.data + at, 1);
        }
        guint len = out->len - length_at - 1;
        if (len == 0 || len > 255)
            return false;
        out->data[length_at] = (uint8_t)len;
    }
    return true;
}

static int compare_keys(const void *a, const void *b)
{
    return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

/* Keys may stand in any order in words. */
static void sort_keys(GByteArray *value)
{
    size_t n = value->len / 2;
    g_autofree uint16_t *numbers = g_new(uint16_t, n);
    for (size_t i = 0; i < n; i++)
        numbers[i] = mg_dns_get_u16(value->data + 2 * i);
    qsort(numbers, n, sizeof *numbers, compare_keys);
    for (size_t i = 0; i < n; i++)
        mg_dns_put_u16(value->data + 2 * i, numbers[i]);
}

static bool parse_value(unsigned key, MgSpan text, GByteArray *out)
{
    uint64_t number = 0;
    gsize len = 0;
    switch (shape_of(key)) {
    case ITEMS:
        return parse_items(text, out);
    case NOTHING:
        return text.len == 0;
    case PORT:
        if (!mg_dns_uint_parse(text, UINT16_MAX, &number))
            return false;
        put_u16(out, (unsigned)number);
        return true;
    case OCTETS: {
        g_autofree char *copy = g_strndup((const char *)text.data, text.len);
        if (text.len % 4 != 0 || strspn(copy, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                              "0123456789+/=") != text.len)
            return false;
        g_autofree guchar *octets = g_base64_decode(copy, &len);
        g_byte_array_append(out, octets, (guint)len);
        return true;
    }
    case TEXT:
        g_byte_array_append(out, text.data, (guint)text.len);
        return true;
    default:
        if (!parse_list(shape_of(key), text, out))
            return false;
        if (shape_of(key) == KEYS)
            sort_keys(out);
        return true;
    }
}

typedef struct {
    unsigned key;
    GByteArray *value;
} Parsed;

static void clear_parsed(void *data)
{
    g_byte_array_unref(((Parsed *)data)->value);
}

static int compare_parsed(const void *a, const void *b)
{
    return (int)((const Parsed *)a)->key - (int)((const Parsed *)b)->key;
}

/* KEY, KEY=VALUE, or KEY="VALUE", which the reader of master files gives as two tokens. */
static const char *parse_one(const MgDnsToken *tokens, size_t n, size_t *at, GArray *list)
{
    MgSpan word = tokens[*at].text, value = {word.data, 0};
    const uint8_t *equals = memchr(word.data, '=', word.len);
    Parsed parsed = {0};
    size_t used = 1;
    if (tokens[*at].quoted)
        return "a parameter is written KEY=VALUE";
    if (equals != NULL) {
        size_t skip = (size_t)(equals - word.data) + 1;
        value = mg_span_slice(word, skip, word.len - skip);
        bool joined = value.len == 0 && *at + 1 < n && tokens[*at + 1].quoted &&
                      tokens[*at + 1].text.data == equals + 2;
        if (joined) {
            value = tokens[*at + 1].text;
            used = 2;
        }
        word.len = skip - 1;
    }
    if (!parse_key(word, &parsed.key))
        return "not a parameter of a service; an unknown one is written key123";
    g_autoptr(GByteArray) octets = g_byte_array_new();
    if (!mg_dns_string_parse(value, octets))
        return "a wrong escape: \\DDD is a number up to 255";
    MgSpan plain = {octets->len > 0 ? octets->data : (const uint8_t *)"", octets->len};
    parsed.value = g_byte_array_new();
    g_array_append_val(list, parsed);
    if (!parse_value(parsed.key, plain, parsed.value) ||
        !value_valid(parsed.key, (MgSpan){parsed.value->data, parsed.value->len}) ||
        parsed.value->len > UINT16_MAX)
        return "this parameter cannot have this value (RFC 9460 §7)";
    *at += used;
    return NULL;
}

const char *mg_dns_svc_parse(const MgDnsToken *tokens, size_t n, size_t *at, GByteArray *out)
{
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(Parsed));
    size_t first = *at;
    guint before = out->len;
    g_array_set_clear_func(list, clear_parsed);
    while (*at < n) {
        const char *problem = parse_one(tokens, n, at, list);
        if (problem != NULL)
            return problem;
    }
    g_array_sort(list, compare_parsed);
    for (guint i = 0; i < list->len; i++) {
        const Parsed *parsed = &g_array_index(list, Parsed, i);
        if (i > 0 && parsed[-1].key == parsed->key) {
            *at = first;
            return "a parameter is given twice";
        }
        put_u16(out, parsed->key);
        put_u16(out, parsed->value->len);
        g_byte_array_append(out, parsed->value->data, parsed->value->len);
    }
    if (out->len > before && !mg_dns_svc_valid((MgSpan){out->data + before, out->len - before})) {
        *at = first;
        return "these parameters do not fit each other: what is mandatory must be there, and "
               "no-default-alpn needs alpn (RFC 9460 §7.1.1, §8)";
    }
    return NULL;
}
