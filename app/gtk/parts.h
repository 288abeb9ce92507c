/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parts.h - the parts of a letter, as the fields of an exchange name them */
#pragma once

#include "tree.h"

G_BEGIN_DECLS

typedef struct {
    MgNode header, body; /* body: MG_NODE_ROOT if it is made of parts, or empty */
    unsigned depth;      /* 0: the letter itself */
    char *type, *name;   /* "text/plain"; (nullable) of the file */
    bool is_base64;
    uint64_t size; /* decoded, if that is known */
} MgPart;

/* Whether a letter is named in this tree. */
bool mg_parts_are_in(const MgTree *tree);
/* What the first letter is about; its first line if it does not say; MG_NODE_ROOT without one. */
MgNode mg_parts_subject(const MgTree *tree);
/* (transfer full) MgPart, in order. */
GArray *mg_parts_of(const MgTree *tree);
/* (nullable) (transfer full) A line of a part's header, decoded: "Subject". */
char *mg_part_line(const MgTree *tree, const MgPart *part, const char *name);
/* (nullable) (transfer full) What is to be read; NULL if it is no text. */
char *mg_part_text(const MgTree *tree, const MgPart *part);
/* (transfer full) What a file of it holds. */
GBytes *mg_part_octets(const MgTree *tree, const MgPart *part);

G_END_DECLS
