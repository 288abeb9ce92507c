/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message-dissect.h - a letter being named: what message-dissect.c and message-dissect-value.c
 * share */
#pragma once

#include "message-fields.h"
#include "message-private.h"

G_BEGIN_DECLS

typedef struct {
    MgSpan unit;
    MgTree *tree;
    uint16_t piece;
    GArray *places; /* what was added, to find where a problem belongs */
    unsigned n_values;
} ImfNaming;

/* Nothing is not worth a node: then its parent stands for it. */
MgNode mg_imf_add(ImfNaming *naming, MgNode parent, unsigned field, size_t from, size_t to);
/* What the octets spell, or `value` (nullable) if that is something else. */
MgNode mg_imf_add_text(ImfNaming *naming, MgNode parent, unsigned field, MgMessageRange where,
                       const char *value);
/* Below the node of a field's value: what is in it. */
void mg_imf_name_value(ImfNaming *naming, MgNode parent, ImfValue kind, MgMessageRange where);

G_END_DECLS
