/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-naming.h - a unit being named: what the dissector's files share
 *
 * Nothing here trusts its octets: a value goes on to the end of the unit if its end is missing.
 */
#pragma once

#include "imap-fields.h"

G_BEGIN_DECLS

/* A unit's tag: what it is, which part of a line, and how many octets of the line follow the
 * literal that it begins with. */
typedef enum {
    IMAP_PART_LINE,    /* begins a line */
    IMAP_PART_REST,    /* goes on with a line */
    IMAP_PART_LITERAL, /* begins with a literal, which began in the unit before only by its {n} */
    IMAP_PART_MORE     /* begins inside a literal */
} ImapPart;

#define IMAP_TAG(what, part, tail) ((uint16_t)((what) | (part) << 6 | (tail) << 8))
#define IMAP_TAIL_MAX              255u

static inline ImapWhat mg_imap_tag_what(uint16_t tag)
{
    return tag & 0x3f;
}

static inline ImapPart mg_imap_tag_part(uint16_t tag)
{
    return tag >> 6 & 3;
}

static inline size_t mg_imap_tag_tail(uint16_t tag)
{
    return tag >> 8;
}

typedef struct {
    MgSpan unit;
    MgTree *tree;
    ImapWhat what;
    unsigned n_nodes; /* so that a long list does not fill the memory */
} ImapNaming;

/* A value: an atom, a string, a list. `from` to `to` are its octets with quotation marks or {n};
 * `inner` to `inner_to` what is in them. */
typedef struct {
    size_t from, to, inner, inner_to;
    enum { IMAP_VALUE_ATOM, IMAP_VALUE_QUOTED, IMAP_VALUE_LITERAL, IMAP_VALUE_LIST } kind;
    bool whole; /* its end is there */
} ImapValue;

/* ---- octets ---- */

/* "{12}", "{12+}" or "~{12}" at the end of a line without its line end. `*mark` is where it
 * begins. */
bool mg_imap_literal_ends(MgSpan text, size_t *mark, uint64_t *octets, bool *synchronizing);
/* The command of a line of the client's; `*argument` is behind it and its space. */
ImapWhat mg_imap_command_of(MgSpan text, size_t *argument);
/* What a literal holds: `text` ends before its {n}. */
ImapWhat mg_imap_literal_of(MgSpan text);

/* The value at `*at`, which is moved behind it and the spaces after it. False at `to`, or at an
 * octet that begins no value: then `*at` is moved over it. */
bool mg_imap_next(const ImapNaming *naming, size_t *at, size_t to, ImapValue *value);
bool mg_imap_value_is(const ImapNaming *naming, const ImapValue *value, const char *word);
static inline MgSpan mg_imap_inner(const ImapNaming *naming, const ImapValue *value)
{
    return mg_span_slice(naming->unit, value->inner, value->inner_to - value->inner);
}

/* ---- nodes ---- */

/* Nothing is not worth a node: then its parent stands for it. */
MgNode mg_imap_add(ImapNaming *naming, MgNode parent, unsigned field, size_t from, size_t to);
/* Its inner octets, and the {n} of a literal before it. */
MgNode mg_imap_add_value(ImapNaming *naming, MgNode parent, unsigned field, const ImapValue *value);
/* What a value says, where its octets do not spell it. */
void mg_imap_add_text(ImapNaming *naming, MgNode parent, unsigned field, const ImapValue *value,
                      const char *text);
/* A number, if it is one; else as text that is not named. */
void mg_imap_add_uint(ImapNaming *naming, MgNode parent, unsigned field, const ImapValue *value);
/* The name of a mailbox, and under it what it says, if that is something else. */
void mg_imap_add_mailbox(ImapNaming *naming, MgNode parent, unsigned field, const ImapValue *value);
/* Each word of a list, or the only one. */
void mg_imap_add_each(ImapNaming *naming, MgNode parent, unsigned field, const ImapValue *value);
/* Base64, and under it what it says. */
void mg_imap_add_base64(ImapNaming *naming, MgNode parent, size_t from, size_t to);
/* "BODY.PEEK[HEADER.FIELDS (TO)]<0.10>": the item's word, its section and its part. */
void mg_imap_add_item(ImapNaming *naming, MgNode parent, unsigned field, const ImapValue *value);
/* A message, or a part of one. `first`: its begin is there; `last`: so is its end. */
void mg_imap_add_letter(ImapNaming *naming, MgNode parent, ImapWhat what, size_t from, size_t to,
                        bool first, bool last);

/* ---- units ---- */

/* `goes_on`: a literal was before, which was an argument. */
void mg_imap_name_arguments(ImapNaming *naming, MgNode parent, size_t from, size_t to,
                            bool goes_on);
void mg_imap_name_request(ImapNaming *naming, size_t text);
void mg_imap_name_response(ImapNaming *naming, size_t text);
/* What is left of a FETCH after a literal. */
void mg_imap_name_fetch_items(ImapNaming *naming, MgNode parent, size_t from, size_t to);
void mg_imap_name_envelope(ImapNaming *naming, MgNode parent, const ImapValue *value);
void mg_imap_name_body(ImapNaming *naming, MgNode parent, const ImapValue *value, unsigned depth);

G_END_DECLS
