/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace-json.c - a record as one JSON object (command-line.md, "run"; RFC 8259) */
#include "trace-private.h"

#include "inet.h"

/* How many octets of `text` the UTF-8 character at its start has; 0 if it is not one (RFC 3629
 * §4: no surrogates, nothing longer than it must be, nothing above U+10FFFF). */
static size_t character(const uint8_t *text, size_t len)
{
    uint8_t first = text[0];
    size_t n = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (n == 0 || first > 0xf4 || n > len)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    if ((first == 0xe0 && text[1] < 0xa0) || (first == 0xed && text[1] > 0x9f) ||
        (first == 0xf0 && text[1] < 0x90) || (first == 0xf4 && text[1] > 0x8f))
        return 0;
    return n;
}

static void add_escaped(GString *json, uint8_t octet)
{
    static const char short_names[] = "btn?fr"; /* for 8 to 13 */
    g_string_append_c(json, '\\');
    if (octet == '"' || octet == '\\')
        g_string_append_c(json, (char)octet);
    else if (octet >= 8 && octet <= 13 && octet != 11)
        g_string_append_c(json, short_names[octet - 8]);
    else
        g_string_append_printf(json, "u%04x", octet);
}

void mg_json_string(GString *json, MgSpan text)
{
    g_string_append_c(json, '"');
    size_t plain = 0; /* where what needs no change begins */
    for (size_t i = 0; i < text.len;) {
        uint8_t octet = text.data[i];
        size_t n = octet < 0x80 ? 1 : character(text.data + i, text.len - i);
        if (n > 0 && octet >= 0x20 && octet != '"' && octet != '\\' && octet != 0x7f) {
            i += n;
            continue;
        }
        g_string_append_len(json, (const char *)text.data + plain, (gssize)(i - plain));
        if (n == 0)
            g_string_append(json, "\xef\xbf\xbd"); /* U+FFFD */
        else
            add_escaped(json, octet);
        plain = ++i;
    }
    g_string_append_len(json, (const char *)text.data + plain, (gssize)(text.len - plain));
    g_string_append_c(json, '"');
}

static void add_number(GString *json, uint64_t number)
{
    char digits[24];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    g_string_append_len(json, digits + at, (gssize)(sizeof digits - at));
}

/* Microseconds as seconds: 84000 is 0.084. */
void mg_json_time(GString *json, MgTime time)
{
    uint64_t whole = (uint64_t)(time < 0 ? -time : time);
    if (time < 0)
        g_string_append_c(json, '-');
    add_number(json, whole / MG_SECONDS);
    uint64_t rest = whole % MG_SECONDS;
    if (rest == 0)
        return;
    char digits[8] = ".000000";
    for (int i = 6; i >= 1; i--, rest /= 10)
        digits[i] = (char)('0' + rest % 10);
    int len = 7;
    while (digits[len - 1] == '0')
        len--;
    g_string_append_len(json, digits, len);
}

static void add_value(GString *json, const MgTree *tree, MgNode node)
{
    const MgTreeNode *of = mg_tree_node(tree, node);
    uint64_t number = 0;
    bool counts = mg_tree_number(tree, node, &number);
    if (of->field->type == MG_FIELD_BOOL) {
        g_string_append(json, number != 0 ? "true" : "false");
    } else if (of->field->type == MG_FIELD_UINT && counts) {
        add_number(json, number);
    } else if (of->text != NULL) {
        mg_json_string(json, mg_span_from_string(of->text));
    } else if (of->field->type == MG_FIELD_TEXT) {
        mg_json_string(json, mg_tree_bytes(tree, node));
    } else {
        g_autofree char *value = mg_tree_value(tree, node);
        mg_json_string(json, mg_span_from_string(value));
    }
}

/* What a bare packet says of itself; the rest of its headers is the wire's and not the story's. */
static bool essential(const MgField *field)
{
    return g_str_has_prefix(field->id, "tcp.flags") || strcmp(field->id, "icmp.type") == 0 ||
           strcmp(field->id, "icmp.code") == 0;
}

static bool wanted(const MgTreeNode *node, bool wire)
{
    return node->field->type != MG_FIELD_GROUP && (!wire || essential(node->field));
}

/* Each field with all its values, where the first of them is. */
static void add_fields(GString *json, const MgTree *tree, bool wire)
{
    size_t n = mg_tree_n_nodes(tree);
    g_autoptr(GHashTable) counts = g_hash_table_new(NULL, NULL);
    for (MgNode i = 1; i < n; i++) {
        const MgTreeNode *node = mg_tree_node(tree, i);
        unsigned count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, node->field));
        if (wanted(node, wire))
            g_hash_table_insert(counts, (void *)node->field, GUINT_TO_POINTER(count + 1));
    }
    bool any = false;
    for (MgNode i = 1; i < n; i++) {
        const MgTreeNode *node = mg_tree_node(tree, i);
        unsigned count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, node->field));
        if (count == 0)
            continue;
        g_hash_table_remove(counts, node->field); /* written, all of them */
        g_string_append(json, any ? ",\"" : "\"");
        g_string_append(json, node->field->id);
        g_string_append(json, count > 1 ? "\":[" : "\":");
        any = true;
        add_value(json, tree, i);
        for (MgNode j = i + 1; count > 1 && j < n; j++) {
            if (mg_tree_node(tree, j)->field != node->field)
                continue;
            g_string_append_c(json, ',');
            add_value(json, tree, j);
        }
        if (count > 1)
            g_string_append_c(json, ']');
    }
}

static void add_host(GString *json, const MgTrace *trace, MgHostId host)
{
    if (host == 0)
        g_string_append(json, "null");
    else
        mg_json_string(json, mg_span_from_string(mg_trace_host(trace, host)->name));
}

static void add_number_or_null(GString *json, const char *key, uint32_t number)
{
    g_string_append(json, key);
    if (number == 0)
        g_string_append(json, "null");
    else
        add_number(json, number);
}

char *mg_trace_json(const MgTrace *trace, uint32_t n)
{
    const MgRecord *record = mg_trace_record(trace, n);
    const MgDissector *dissector = record->kind == MG_RECORD_EXCHANGE
                                       ? mg_registry_dissector(trace->registry, record->dissector)
                                       : NULL;
    GString *json = g_string_sized_new(384);
    g_string_append(json, "{\"n\":");
    add_number(json, n);
    g_string_append(json, ",\"time\":");
    mg_json_time(json, record->at);
    g_string_append(json, ",\"from\":");
    add_host(json, trace, record->from);
    g_string_append(json, ",\"to\":");
    add_host(json, trace, record->to);
    g_string_append(json, ",\"protocol\":");
    if (dissector != NULL)
        mg_json_string(json, mg_span_from_string(dissector->name));
    else
        g_string_append(json, "null");
    g_string_append(json, ",\"kind\":\"");
    g_string_append(json, mg_trace_kind_name(trace, n));
    g_string_append(json, "\",\"summary\":");
    g_autoptr(GString) line = g_string_sized_new(96);
    mg_trace_summarize(trace, n, line);
    mg_json_string(json, (MgSpan){(const uint8_t *)line->str, line->len});
    add_number_or_null(json, ",\"parent\":", record->parent);
    add_number_or_null(json, ",\"stream\":", record->flow);
    g_string_append(json, (record->flags & MG_RECORD_ENCRYPTED) != 0 ? ",\"encrypted\":true"
                                                                     : ",\"encrypted\":false");
    g_string_append(json, ",\"fields\":{");
    if (dissector != NULL) {
        g_autoptr(MgTree) tree = mg_trace_own_tree(trace, n);
        bool wire =
            dissector == &mg_inet_tcp || dissector == &mg_inet_udp || dissector == &mg_inet_icmp;
        add_fields(json, tree, wire);
    }
    g_string_append(json, "}}");
    return g_string_free(json, FALSE);
}
