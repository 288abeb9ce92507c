/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tree.h - the tree of one exchange: layers, fields, values, over one or more runs of bytes */
#pragma once

#include "registry.h"

G_BEGIN_DECLS

/* Bytes that nodes point into: the wire's headers, the unit itself; later plaintext in ciphertext.
 */
typedef struct {
    const char *label; /* N_() "Frame", "Exchange" */
    GBytes *bytes;
} MgTreeSource;

typedef struct {
    const MgField *field; /* NULL for the root only */
    const MgDissector *dissector;
    uint32_t parent, first_child, next_sibling; /* 0: none (the root is nobody's child) */
    uint32_t last_child;
    uint32_t offset, len;
    uint8_t source; /* index into the tree's sources */
    bool has_number;
    uint64_t number;
    const char *text;   /* (nullable) given value, owned by the tree */
    const MgRule *note; /* (nullable) */
} MgTreeNode;

MgTree *mg_tree_new(void);
void mg_tree_free(MgTree *tree);
/* Empties it, for the next exchange. `brief`: nothing is nested in what follows, for a reader who
 * wants the caption only. */
void mg_tree_reset(MgTree *tree, bool brief);
/* Could the caption be in what was not nested? */
bool mg_tree_is_too_brief(const MgTree *tree);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgTree, mg_tree_free)

/* Where dissectors that are nested are looked for; without it nothing is nested. Borrowed. */
void mg_tree_set_registry(MgTree *tree, const MgRegistry *registry);

/* What follows is added with this dissector, over these bytes (a reference is taken). */
void mg_tree_begin(MgTree *tree, const MgDissector *dissector, const char *label, GBytes *bytes);

size_t mg_tree_n_nodes(const MgTree *tree);
const MgTreeNode *mg_tree_node(const MgTree *tree, MgNode node);
size_t mg_tree_n_sources(const MgTree *tree);
const MgTreeSource *mg_tree_source(const MgTree *tree, size_t i);

/* The bytes under a node; empty for the root. */
MgSpan mg_tree_bytes(const MgTree *tree, MgNode node);
/* The value of a UINT or BOOL, given or spelled in digits; false if there is none. */
bool mg_tree_number(const MgTree *tree, MgNode node, uint64_t *number);
/* (transfer full) the value as people and JSON see it: "EHLO", "250", "192.0.2.10", hex of BYTES.
 */
char *mg_tree_value(const MgTree *tree, MgNode node);
/* (nullable) the row of the field's names that fits the value. */
const MgName *mg_tree_name(const MgTree *tree, MgNode node);
/* The deepest node over this byte; MG_NODE_ROOT if none. */
MgNode mg_tree_node_at(const MgTree *tree, size_t source, size_t offset);
/* The first node with this field id at or after `from`; MG_NODE_ROOT if none. */
MgNode mg_tree_find(const MgTree *tree, const char *field_id, MgNode from);
/* (nullable) the caption, not yet translated: mg_tree_say(), or the first name that says one. */
const char *mg_tree_caption(const MgTree *tree);

G_END_DECLS
