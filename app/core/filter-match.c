/* SPDX-License-Identifier: GPL-3.0-or-later */
/* filter-match.c - does a record match?
 *
 * Octets are dissected only for a field of the record's own dissector or of one that others carry,
 * once for all tests. */
#include "filter-private.h"
#include "inet.h"
#include "trace-private.h"

typedef struct {
    const MgFilter *filter;
    const MgTrace *trace;
    uint32_t n;
    const MgRecord *record;
    const MgFlow *flow; /* (nullable) */
    MgTree *own, *all;  /* (nullable) made when first asked for */
} Look;

/* ---- values ---- */

static int compare_spans(MgSpan a, MgSpan b)
{
    size_t len = MIN(a.len, b.len);
    int order = len > 0 ? memcmp(a.data, b.data, len) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* With `bits`, only that many are looked at. Addresses of different kinds are never equal. */
static int compare_addresses(const MgFilterValue *a, const MgFilterValue *b)
{
    if (a->address_len != b->address_len)
        return a->address_len < b->address_len ? -1 : 1;
    unsigned whole = b->bits / 8, rest = b->bits % 8;
    int order = memcmp(a->address, b->address, whole);
    if (order != 0 || rest == 0)
        return order;
    unsigned mask = 0xffu << (8 - rest) & 0xffu;
    return (int)(a->address[whole] & mask) - (int)(b->address[whole] & mask);
}

static int compare(MgFilterType type, const MgFilterValue *a, const MgFilterValue *b)
{
    switch (type) {
    case MG_TYPE_UINT:
    case MG_TYPE_BOOL:
        return (a->number > b->number) - (a->number < b->number);
    case MG_TYPE_SECONDS:
        return (a->seconds > b->seconds) - (a->seconds < b->seconds);
    case MG_TYPE_ADDRESS:
        return compare_addresses(a, b);
    case MG_TYPE_GROUP:
    case MG_TYPE_TEXT:
    case MG_TYPE_BYTES:
        break;
    }
    return compare_spans(a->text, b->text);
}

static bool matches(const GRegex *regex, MgSpan text)
{
    const char *subject = (const char *)text.data;
    g_autofree char *valid = NULL;
    if (text.len == 0)
        return g_regex_match(regex, "", 0, NULL);
    if (!g_utf8_validate(subject, (gssize)text.len, NULL)) {
        valid = g_utf8_make_valid(subject, (gssize)text.len);
        return g_regex_match(regex, valid, 0, NULL);
    }
    return g_regex_match_full(regex, subject, (gssize)text.len, 0, 0, NULL, NULL);
}

static bool is_in(const MgFilterNode *test, const MgFilterValue *value)
{
    for (unsigned i = 0; i < test->operands->len; i++) {
        const MgFilterOperand *operand = &g_array_index(test->operands, MgFilterOperand, i);
        if (!operand->is_range) {
            if (compare(test->type, value, &operand->low) == 0)
                return true;
        } else if (compare(test->type, value, &operand->low) >= 0 &&
                   compare(test->type, value, &operand->high) <= 0) {
            return true;
        }
    }
    return false;
}

static bool fits(const MgFilterNode *test, const MgFilterValue *value)
{
    if (test->op == MG_OP_PRESENT)
        return true;
    if (test->op == MG_OP_IN)
        return is_in(test, value);
    if (test->op == MG_OP_MATCHES)
        return matches(test->regex, value->text);
    const MgFilterValue *wanted = &g_array_index(test->operands, MgFilterOperand, 0).low;
    if (test->op == MG_OP_CONTAINS)
        return wanted->text.len == 0 ||
               (value->text.len > 0 && memmem(value->text.data, value->text.len, wanted->text.data,
                                              wanted->text.len) != NULL);
    int order = compare(test->type, value, wanted);
    switch (test->op) {
    case MG_OP_EQ:
        return order == 0;
    case MG_OP_NE:
        return order != 0;
    case MG_OP_GT:
        return order > 0;
    case MG_OP_LT:
        return order < 0;
    case MG_OP_GE:
        return order >= 0;
    default:
        return order <= 0;
    }
}

/* ---- what is known without looking at octets ---- */

static bool fits_number(const MgFilterNode *test, uint64_t number)
{
    return fits(test, &(MgFilterValue){.number = number});
}

static bool fits_text(const MgFilterNode *test, const char *text)
{
    return text[0] != '\0' && fits(test, &(MgFilterValue){.text = mg_span_from_string(text)});
}

static bool fits_host(const MgFilterNode *test, const Look *look, MgHostId host)
{
    return host != 0 && fits_text(test, mg_trace_host(look->trace, host)->name);
}

static bool fits_address(const MgFilterNode *test, const char *text, size_t len)
{
    MgFilterValue value = {0};
    value.address_len = (unsigned)mg_inet_parse(text, strlen(text), value.address);
    value.bits = value.address_len * 8;
    return value.address_len == len && fits(test, &value);
}

static bool fits_end(const MgFilterNode *test, const Look *look, bool source, size_t len)
{
    if (look->flow == NULL)
        return false;
    bool from_server = (look->record->flags & MG_RECORD_FROM_SERVER) != 0;
    return fits_address(
        test, source == from_server ? look->flow->server_address : look->flow->client_address, len);
}

static bool fits_port(const MgFilterNode *test, const Look *look, bool source,
                      MgTransport transport)
{
    if (look->flow == NULL || look->flow->transport != transport)
        return false;
    bool from_server = (look->record->flags & MG_RECORD_FROM_SERVER) != 0;
    return fits_number(test,
                       source == from_server ? look->flow->server_port : look->flow->client_port);
}

static bool fits_stream(const MgFilterNode *test, const Look *look, MgTransport transport)
{
    return look->flow != NULL && look->flow->transport == transport &&
           fits_number(test, look->record->flow);
}

static bool fits_wire(const MgFilterNode *test, const Look *look)
{
    const MgTransport tcp = MG_TRANSPORT_STREAM, udp = MG_TRANSPORT_DATAGRAM;
    switch (test->of->of) {
    case MG_OF_SOURCE:
        return fits_end(test, look, true, 4);
    case MG_OF_TARGET:
        return fits_end(test, look, false, 4);
    case MG_OF_ADDRESSES:
        return fits_end(test, look, true, 4) || fits_end(test, look, false, 4);
    case MG_OF_SOURCE_V6:
        return fits_end(test, look, true, 16);
    case MG_OF_TARGET_V6:
        return fits_end(test, look, false, 16);
    case MG_OF_ADDRESSES_V6:
        return fits_end(test, look, true, 16) || fits_end(test, look, false, 16);
    case MG_OF_TCP_SOURCE:
        return fits_port(test, look, true, tcp);
    case MG_OF_TCP_TARGET:
        return fits_port(test, look, false, tcp);
    case MG_OF_TCP_PORTS:
        return fits_port(test, look, true, tcp) || fits_port(test, look, false, tcp);
    case MG_OF_UDP_SOURCE:
        return fits_port(test, look, true, udp);
    case MG_OF_UDP_TARGET:
        return fits_port(test, look, false, udp);
    case MG_OF_UDP_PORTS:
        return fits_port(test, look, true, udp) || fits_port(test, look, false, udp);
    case MG_OF_TCP_STREAM:
        return fits_stream(test, look, tcp);
    case MG_OF_UDP_STREAM:
        return fits_stream(test, look, udp);
    default:
        g_assert_not_reached();
    }
}

static bool fits_flag(const MgFilterNode *test, const Look *look, unsigned flag)
{
    return fits_number(test, (look->record->flags & flag) != 0);
}

static bool fits_of(const MgFilterNode *test, const Look *look)
{
    const MgRecord *record = look->record;
    switch (test->of->of) {
    case MG_OF_NUMBER:
        return fits_number(test, look->n);
    case MG_OF_TIME:
        return fits(test, &(MgFilterValue){.seconds = (double)record->at / MG_SECONDS});
    case MG_OF_LEN:
        return record->kind == MG_RECORD_EXCHANGE && fits_number(test, record->len);
    case MG_OF_FROM:
        return fits_host(test, look, record->from);
    case MG_OF_TO:
        return fits_host(test, look, record->to);
    case MG_OF_HOSTS:
        return fits_host(test, look, record->from) || fits_host(test, look, record->to);
    case MG_OF_KIND:
        return fits_text(test, mg_trace_kind_name(look->trace, look->n));
    case MG_OF_PARENT:
        return record->parent != 0 && fits_number(test, record->parent);
    case MG_OF_ENCRYPTED:
        return fits_flag(test, look, MG_RECORD_ENCRYPTED);
    case MG_OF_REAL:
        return fits_flag(test, look, MG_RECORD_REAL);
    case MG_OF_LOST:
        return fits_flag(test, look, MG_RECORD_LOST);
    case MG_OF_AGAIN:
        return fits_flag(test, look, MG_RECORD_AGAIN);
    case MG_OF_STATE:
        return record->kind == MG_RECORD_STATE &&
               fits_text(test, mg_trace_text(look->trace, record->text_b));
    case MG_OF_ENGINE:
        return fits_text(test, mg_trace_engine_name(look->trace, record->engine));
    case MG_OF_RULE:
        return record->kind == MG_RECORD_NOTE &&
               fits_text(test, mg_trace_text(look->trace, record->text_a));
    default:
        return fits_wire(test, look);
    }
}

static const MgTree *own_tree(Look *look)
{
    if (look->own == NULL)
        look->own = mg_trace_own_tree(look->trace, look->n);
    return look->own;
}

/* A protocol that others carry is wherever one of its fields is. */
static bool fits_nested(const MgFilterNode *test, Look *look)
{
    const MgDissector *wanted = mg_registry_dissector(look->trace->registry, test->dissector);
    const MgTree *tree = own_tree(look);
    for (MgNode i = 1; i < mg_tree_n_nodes(tree); i++)
        if (mg_tree_node(tree, i)->dissector == wanted)
            return true;
    return false;
}

/* "tcp" is every exchange that TCP carried, as people who know Wireshark expect. */
static bool fits_dissector(const MgFilterNode *test, Look *look)
{
    const MgFilter *filter = look->filter;
    if (look->record->kind != MG_RECORD_EXCHANGE)
        return false;
    if (test->dissector == look->record->dissector)
        return true;
    if (test->nested)
        return fits_nested(test, look);
    if (look->flow == NULL)
        return false;
    bool v6 = strchr(look->flow->client_address, ':') != NULL;
    return (test->dissector == filter->tcp && look->flow->transport == MG_TRANSPORT_STREAM) ||
           (test->dissector == filter->udp && look->flow->transport == MG_TRANSPORT_DATAGRAM) ||
           (test->dissector == filter->ip && !v6) || (test->dissector == filter->ipv6 && v6);
}

/* ---- fields ---- */

static bool fits_node(const MgFilterNode *test, const MgTree *tree, MgNode node)
{
    if (test->op == MG_OP_PRESENT)
        return true;
    MgFilterValue value = {0};
    const MgTreeNode *of = mg_tree_node(tree, node);
    value.text = of->text != NULL ? mg_span_from_string(of->text) : mg_tree_bytes(tree, node);
    switch (test->type) {
    case MG_TYPE_UINT:
    case MG_TYPE_BOOL:
        return mg_tree_number(tree, node, &value.number) && fits(test, &value);
    case MG_TYPE_ADDRESS:
        if (of->text == NULL && (value.text.len == 4 || value.text.len == 16)) {
            value.address_len = (unsigned)value.text.len;
            memcpy(value.address, value.text.data, value.text.len);
        } else {
            value.address_len = (unsigned)mg_inet_parse((const char *)value.text.data,
                                                        value.text.len, value.address);
        }
        value.bits = value.address_len * 8;
        return value.address_len != 0 && fits(test, &value);
    default:
        return fits(test, &value);
    }
}

static bool fits_field(const MgFilterNode *test, Look *look)
{
    const MgTree *tree;
    if (look->record->kind != MG_RECORD_EXCHANGE)
        return false;
    if (test->in_layers) {
        if (look->record->packet == 0)
            return false;
        if (look->all == NULL)
            look->all = mg_trace_tree(look->trace, look->n);
        tree = look->all;
    } else {
        if (look->record->dissector != test->dissector && !test->nested)
            return false;
        tree = own_tree(look);
    }
    for (MgNode i = 1; i < mg_tree_n_nodes(tree); i++)
        if (mg_tree_node(tree, i)->field == test->field && fits_node(test, tree, i))
            return true;
    return false;
}

static bool look_at(const MgFilterNode *node, Look *look)
{
    switch (node->kind) {
    case MG_NODE_OR:
        return look_at(node->left, look) || look_at(node->right, look);
    case MG_NODE_AND:
        return look_at(node->left, look) && look_at(node->right, look);
    case MG_NODE_NOT:
        return !look_at(node->left, look);
    case MG_NODE_TEST:
        break;
    }
    if (node->of != NULL)
        return fits_of(node, look);
    return node->field != NULL ? fits_field(node, look) : fits_dissector(node, look);
}

bool mg_filter_match(const MgFilter *filter, const MgTrace *trace, uint32_t n)
{
    if (filter == NULL || filter->top == NULL)
        return true;
    const MgRecord *record = mg_trace_record(trace, n);
    Look look = {.filter = filter,
                 .trace = trace,
                 .n = n,
                 .record = record,
                 .flow = record->flow != 0 ? mg_trace_flow(trace, record->flow) : NULL};
    bool match = look_at(filter->top, &look);
    mg_tree_free(look.own);
    mg_tree_free(look.all);
    return match;
}
