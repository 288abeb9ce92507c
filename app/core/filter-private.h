/* SPDX-License-Identifier: GPL-3.0-or-later */
/* filter-private.h - a filter after it was read; for filter*.c alone */
#pragma once

#include "filter.h"

G_BEGIN_DECLS

/* What is known of a record without looking at its octets. */
typedef enum {
    MG_OF_NUMBER,
    MG_OF_TIME,
    MG_OF_LEN,
    MG_OF_SOURCE,
    MG_OF_TARGET,
    MG_OF_ADDRESSES,
    MG_OF_SOURCE_V6,
    MG_OF_TARGET_V6,
    MG_OF_ADDRESSES_V6,
    MG_OF_TCP_SOURCE,
    MG_OF_TCP_TARGET,
    MG_OF_TCP_PORTS,
    MG_OF_UDP_SOURCE,
    MG_OF_UDP_TARGET,
    MG_OF_UDP_PORTS,
    MG_OF_TCP_STREAM,
    MG_OF_UDP_STREAM,
    MG_OF_FROM,
    MG_OF_TO,
    MG_OF_HOSTS,
    MG_OF_KIND,
    MG_OF_PARENT,
    MG_OF_ENCRYPTED,
    MG_OF_REAL,
    MG_OF_LOST,
    MG_OF_AGAIN,
    MG_OF_STATE,
    MG_OF_ENGINE,
    MG_OF_RULE
} MgOf;

typedef enum {
    MG_TYPE_GROUP,
    MG_TYPE_TEXT,
    MG_TYPE_UINT,
    MG_TYPE_BYTES,
    MG_TYPE_ADDRESS,
    MG_TYPE_BOOL,
    MG_TYPE_SECONDS
} MgFilterType; /* the first six are MgFieldType's */

typedef struct {
    const char *id;
    MgFilterType type;
    MgOf of;
} MgOfRow; /* a table ends with {0} */
extern const MgOfRow mg_filter_of[];

typedef enum {
    MG_OP_PRESENT,
    MG_OP_EQ,
    MG_OP_NE,
    MG_OP_GT,
    MG_OP_LT,
    MG_OP_GE,
    MG_OP_LE,
    MG_OP_CONTAINS,
    MG_OP_MATCHES,
    MG_OP_IN
} MgFilterOp;

/* One value of a record, or of the filter. */
typedef struct {
    uint64_t number;
    double seconds;
    MgSpan text; /* TEXT, BYTES, GROUP */
    uint8_t address[16];
    unsigned address_len, bits;
} MgFilterValue;

typedef struct {
    MgFilterValue low, high; /* the same, unless it is a range */
    bool is_range;
    char *text; /* owns what `text` points at */
} MgFilterOperand;

typedef enum { MG_NODE_OR, MG_NODE_AND, MG_NODE_NOT, MG_NODE_TEST } MgFilterNodeKind;

typedef struct MgFilterNode MgFilterNode;
struct MgFilterNode {
    MgFilterNodeKind kind;
    MgFilterNode *left, *right;
    /* A test. One of three: */
    const MgOfRow *of;
    const MgField *field; /* with its dissector */
    uint8_t dissector;    /* alone: is it one of its exchanges? */
    bool in_layers;       /* the field is of the packet's headers */
    bool nested;          /* its dissector only ever names what others carry */
    MgFilterType type;
    MgFilterOp op;
    GArray *operands; /* MgFilterOperand */
    GRegex *regex;
};

struct MgFilter {
    MgFilterNode *top; /* NULL: everything */
    uint8_t ip, ipv6, tcp, udp;
};

G_END_DECLS
