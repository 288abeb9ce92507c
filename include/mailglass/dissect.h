/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dissect.h - naming the bytes: field tables, and the tree that a dissector fills
 *
 * Two steps. cut() runs once, in order, while a stream is recorded: it finds where a unit (an
 * exchange: one command, reply, query, answer or block of data) ends, and tags it with what only
 * the conversation's state can tell. dissect() and summarize() run whenever somebody looks; they
 * see one whole unit and its tag and depend on nothing else.
 */
#pragma once

#include <mailglass/base.h>

G_BEGIN_DECLS

typedef enum {
    MG_FIELD_GROUP, /* holds other fields */
    MG_FIELD_TEXT,
    MG_FIELD_UINT,
    MG_FIELD_BYTES,
    MG_FIELD_ADDRESS, /* IPv4 or IPv6: compares as an address */
    MG_FIELD_BOOL
} MgFieldType;

/* A value that has a name and perhaps a story: the code 250, the verb EHLO. */
typedef struct {
    uint64_t value;     /* UINT and BOOL fields */
    const char *text;   /* TEXT fields: matched without case; NULL else */
    const char *name;   /* N_() "Requested mail action okay, completed" */
    const char *say;    /* N_() (nullable) the caption: what it says in plain words, as a speaker
                           would: "Hello, this is my name. What can you do?" */
    const char *about;  /* N_() (nullable) what it does, why it may look odd */
    const char *source; /* (nullable) "RFC 5321 §4.1.1.1" */
} MgName;               /* a table ends with {0} */

/* One row per thing a learner can point at. `id` is the name used everywhere: filters, JSON, lesson
 * checks. Where Wireshark has a display-filter name for the thing, that is its name. The row's
 * index is the handle in code. */
typedef struct {
    const char *id;    /* "smtp.response.code" */
    const char *label; /* N_("Reply code") */
    MgFieldType type;
    const MgName *names; /* (nullable) */
    const char *about;   /* N_() what it is, what it does, why it may look odd; 1 to 3 sentences.
                            `code` in back quotes is set in the wire's type */
    const char *source;  /* (nullable) "RFC 5321 §4.2.1" */
} MgField;

typedef struct MgTree MgTree; /* owned by the host: app/core/tree.h */
typedef uint32_t MgNode;      /* index into the tree */
#define MG_NODE_ROOT 0

/* Each adds a node over bytes [offset, offset+len) of the unit and returns it. Offsets outside the
 * unit are a bug (asserted). The value of TEXT and BYTES is those bytes, unless given. */
MgNode mg_tree_add(MgTree *tree, MgNode parent, unsigned field, size_t offset, size_t len);
MgNode mg_tree_add_uint(MgTree *tree, MgNode parent, unsigned field, size_t offset, size_t len,
                        uint64_t value);
/* For a value that the bytes do not spell: a decompressed name, a decoded word. Copies `value`. */
MgNode mg_tree_add_text(MgTree *tree, MgNode parent, unsigned field, size_t offset, size_t len,
                        const char *value);
void mg_tree_note(MgTree *tree, MgNode node, const MgRule *rule);
/* The caption of the whole unit, where the names' own `say` is not it; translated when shown. */
void mg_tree_say(MgTree *tree, const char *say);

/* What the octets of one protocol are to the one that carries them: a tag of a nested dissector. */
typedef enum {
    MG_PIECE_WHOLE,
    MG_PIECE_FIRST,          /* more follows in another unit */
    MG_PIECE_LATER,          /* it began in a unit before */
    MG_PIECE_DOTTED = 1 << 4 /* beside one of these: lines that begin with a dot got another */
} MgPiece;

/* Hands octets to the dissector of this name, whose nodes come under `parent`: a letter
 * in the conversation that carries it. Octets that are part of the unit keep their place; others,
 * which had to be decoded, are copied and become a source of their own. The tag is the dissector's.
 * Returns the first node that was added; MG_NODE_ROOT if there is no such dissector, so that the
 * caller's own field is all that is shown. */
MgNode mg_tree_nest(MgTree *tree, MgNode parent, const char *dissector, uint16_t tag,
                    MgSpan octets);

typedef enum { MG_FROM_CLIENT, MG_FROM_SERVER } MgDirection;

typedef enum {
    MG_UNIT_COMMAND = 1,
    MG_UNIT_REPLY,
    MG_UNIT_QUERY,
    MG_UNIT_ANSWER,
    MG_UNIT_DATA,
    MG_UNIT_NOTE /* anything else: a TCP SYN */
} MgUnitKind;

typedef struct {
    size_t len; /* octets of the unit, at least 1 */
    MgUnitKind kind;
    uint16_t tag; /* the dissector's own; handed back to dissect() and summarize() */
    uint32_t secret_offset, secret_len; /* a password in it, which a real session must not keep */
} MgUnit;

typedef struct {
    const char *name;  /* "smtp" */
    const char *label; /* "SMTP": what people read; never translated */
    const char *color; /* "blue": one of blue, violet, orange, green, grey, amber, teal, red */
    const MgField *fields;
    size_t n_fields;
    const uint16_t *stream_ports, *datagram_ports; /* (nullable) each ends with 0 */
    size_t state_size; /* of a conversation's state: zero-filled, both directions together */

    /* A dissector that only ever names what others carry (mg_tree_nest()) has no cut, no
     * summarize and no ports, and its direction means nothing.
     *
     * Finds the first whole unit in `bytes`. Returns false if more are needed. With `end`, no more
     * will come in this direction: what is left is a unit. Must return true before 128 KiB. */
    bool (*cut)(void *state, MgDirection direction, MgSpan bytes, bool end, MgUnit *unit);
    void (*dissect)(uint16_t tag, MgDirection direction, MgSpan unit, MgTree *tree);
    /* One line for people, not translated: "EHLO alice.example.com"; "250-mx.example.net, 5
     * extensions". Printable UTF-8, at most about 100 characters. */
    void (*summarize)(uint16_t tag, MgDirection direction, MgSpan unit, GString *line);

    /* Where TLS begins in the middle of a conversation: after a command that is this word, without
     * case, and a reply that begins with `yes`. NULL: nowhere. `tagged`: both stand behind one
     * word that is the same (RFC 9051 §2.2.1). */
    struct {
        const char *word, *yes;
        bool tagged;
    } starttls;
} MgDissector;

G_END_DECLS
