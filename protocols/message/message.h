/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message.h - a message read and written (RFC 5322, MIME: RFC 2045, 2046, 2047, 2231)
 *
 * mg_message_parse() always succeeds: whatever octets come, there is a tree of parts, and what is
 * wrong is in `problems`, a rule each with its place. Every part says where it lies, so that a view
 * can light up its octets:
 *
 *      header ─ from its first field to its blank line, that included
 *      body   ─ from there to the line break before the boundary (which belongs to the boundary,
 *               RFC 2046 §5.1.1), still encoded
 *
 * Ranges are inside those of the part around, in the octets of their own MgMessage. The message in
 * a message/rfc822 part has the same octets as the message around, unless a transfer encoding had
 * to be taken off first: then its ranges are within the decoded octets (`decoded` is true).
 *
 * Everything that hangs on a message lives as long as it does; (transfer full) is said where not.
 * Strings are UTF-8; what could not be converted is U+FFFD.
 */
#pragma once

#include <mailglass/dissect.h>
#include <mailglass/engine.h>

G_BEGIN_DECLS

extern const MgRule mg_message_rules[];

/* More than this is not followed; a rule says where. */
#define MG_MESSAGE_DEPTH_MAX   50u    /* multiparts and messages in each other */
#define MG_MESSAGE_DECODED_MAX 8u     /* encoded messages in each other */
#define MG_MESSAGE_PARTS_MAX   10000u /* of all messages in it */
#define MG_MESSAGE_FIELDS_MAX  10000u /* of one part */
#define MG_MESSAGE_HEADER_MAX  (1u << 20)

typedef struct MgMessage MgMessage;
typedef struct MgMessagePart MgMessagePart;

typedef struct {
    size_t offset, len;
} MgMessageRange;

typedef struct {
    const char *name;     /* as it is written: "Content-Type" */
    MgMessageRange whole; /* with its line ends */
    MgMessageRange value; /* after the colon, folded as it is, without the last line end */
} MgMessageField;

typedef struct {
    const char *name; /* lower case */
    const char *value;
} MgMessageParameter;

typedef enum {
    MG_MESSAGE_LEAF,
    MG_MESSAGE_MULTIPART, /* it has `parts` */
    MG_MESSAGE_NESTED     /* message/rfc822, message/global: it has a `nested` message */
} MgMessageKind;

typedef enum {
    MG_ENCODING_NONE, /* 7bit, 8bit, binary */
    MG_ENCODING_QUOTED_PRINTABLE,
    MG_ENCODING_BASE64,
    MG_ENCODING_UNKNOWN /* taken as it is (RFC 2045 §6.4) */
} MgMessageEncoding;

struct MgMessagePart {
    MgMessage *message; /* whose octets its ranges are in */
    MgMessagePart *parent;
    MgMessageKind kind;
    unsigned number;     /* its index in the message's `parts` */
    const char *section; /* as IMAP calls it (RFC 9051 §6.4.5): "1", "2.1"; "TEXT" is a multipart at
                            the top */
    MgMessageRange header, body;
    GArray *fields;                 /* of MgMessageField */
    const char *type, *subtype;     /* lower case; RFC 2045 §5.2 if not said */
    GArray *parameters;             /* of MgMessageParameter */
    const char *disposition;        /* (nullable) lower case (RFC 2183) */
    GArray *disposition_parameters; /* of MgMessageParameter */
    const char *transfer_encoding;  /* (nullable) lower case, as it is written */
    MgMessageEncoding encoding;
    const char *charset;                  /* (nullable) of text: as it is written */
    const char *file_name;                /* (nullable) never to be trusted as a path */
    const char *content_id, *description; /* (nullable) */
    GPtrArray *parts;                     /* (nullable) of MgMessagePart *, borrowed */
    MgMessage *nested;                    /* (nullable) */
};

typedef struct {
    const MgRule *rule;
    MgMessageRange where;
    unsigned part; /* its number */
} MgMessageProblem;

struct MgMessage {
    GBytes *bytes;
    bool decoded;        /* `bytes` were decoded from a part of the message around */
    MgMessagePart *root; /* never NULL */
    GPtrArray *parts;    /* of MgMessagePart *: all of this message, a part before its parts */
    GArray *problems;    /* of MgMessageProblem */
    const char *prefix;  /* of its sections: "" or "2." */
    GStringChunk *strings;
};

/* (transfer full) Keeps a reference to `bytes`. */
MgMessage *mg_message_parse(GBytes *bytes);
void mg_message_free(MgMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgMessage, mg_message_free)

MgSpan mg_message_span(const MgMessage *message, MgMessageRange range);
/* (nullable) The part that IMAP would give for "2.1", also in nested messages. */
MgMessagePart *mg_message_find_section(MgMessage *message, const char *section);

/* ---- fields ---- */

/* (nullable) The first field of this name after `previous` (NULL: from the start). */
const MgMessageField *mg_message_field(const MgMessagePart *part, const char *name,
                                       const MgMessageField *previous);
/* (transfer full) A field's value unfolded, its encoded words decoded (RFC 2047), without space
 * around it. A fold becomes one space. */
char *mg_message_field_text(const MgMessagePart *part, const MgMessageField *field);
/* (transfer full) The same for octets that are no part's. */
char *mg_message_decode_words(MgSpan raw);

/* A mailbox (RFC 5322 §3.4). One of `name` and `address` may be NULL; both are for a group that has
 * nobody in it. */
typedef struct {
    char *group;       /* (nullable) the group's name */
    unsigned group_at; /* 0: no group; else which one, so that two of one name are told apart */
    char *name, *address;
} MgMessageMailbox;

/* (transfer full) Of all fields of this name, in order: a GArray of MgMessageMailbox that clears
 * them itself. At most MG_MESSAGE_FIELDS_MAX. */
GArray *mg_message_mailboxes(const MgMessagePart *part, const char *name);
GArray *mg_message_parse_mailboxes(MgSpan raw);

/* (transfer full) "<a@b> <c@d>" → {"a@b", "c@d"}: Message-ID, In-Reply-To, References. */
GStrv mg_message_ids(const MgMessagePart *part, const char *name);

typedef struct {
    int64_t unix_seconds;
    int zone_minutes; /* east of Greenwich */
    bool zone_known;  /* false for "-0000" and obsolete letters (RFC 5322 §3.3, §4.3) */
} MgMessageDate;

/* RFC 5322 §3.3 with the obsolete forms of §4.3. False if it is no date. */
bool mg_message_parse_date(MgSpan raw, MgMessageDate *date);
/* "1994-10-07T16:15:05-07:00" (RFC 3339); an unknown zone is "-00:00" (§4.3 there). */
void mg_message_add_rfc3339(const MgMessageDate *date, GString *out);
/* "Fri, 7 Oct 1994 16:15:05 -0700" (RFC 5322 §3.3) */
void mg_message_add_date(const MgMessageDate *date, GString *out);

/* ---- bodies ---- */

/* Takes the transfer encoding off. Returns NULL, or the rule that was broken; there is always as
 * much as could be read. */
const MgRule *mg_message_part_decode(const MgMessagePart *part, GByteArray *out);
/* text/…, and reports for people of the machines (message/delivery-status …) */
bool mg_message_part_is_text(const MgMessagePart *part);
/* Decodes, and converts to UTF-8. May contain NUL. */
const MgRule *mg_message_part_text(const MgMessagePart *part, GString *out);

/* What to show (RFC 8621 §4.1.4): parts that are the plain body, the HTML body, and the rest. Each
 * (transfer container) of MgMessagePart *. */
void mg_message_bodies(const MgMessage *message, GPtrArray *text, GPtrArray *html,
                       GPtrArray *attachments);

/* ---- for programs and for people ---- */

/* One object, without a line end. README.md of plugins/message says the keys. */
void mg_message_add_json(const MgMessage *message, GString *out);
/* Fields, the tree, texts, problems. Nothing in it can move a cursor or change a colour. */
void mg_message_add_report(const MgMessage *message, GString *out);

extern const MgEngineKind mg_message_command;
extern const MgEngineKind mg_message_builder; /* answers letter.build */

/* Both only name what others carry (mg_tree_nest()): "imf" a letter, its tag an MgPiece;
 * "mime_multipart" what is between its parts. */
extern const MgDissector mg_imf_dissector, mg_mime_dissector;

/* ---- writing ---- */

typedef struct {
    const char *name, *address; /* name nullable */
} MgMessagePerson;

typedef struct {
    const char *name, *text; /* "X-Mailer"; UTF-8 of one line */
} MgMessageExtra;

typedef struct {
    const char *file_name;  /* (nullable) */
    const char *type;       /* "image/png"; NULL is application/octet-stream */
    const char *content_id; /* (nullable) without <>: a picture inside the HTML */
    MgSpan data;
} MgMessageAttachment;

/* What somebody composed. All of it is borrowed during mg_message_build(). */
typedef struct {
    const MgMessagePerson *from, *to, *cc, *reply_to;
    size_t n_from, n_to, n_cc, n_reply_to;
    const char *subject;           /* (nullable) */
    int64_t date;                  /* Unix seconds */
    int zone_minutes;              /* east of Greenwich */
    const char *message_id;        /* (nullable) without <>; NULL: made from seed and date */
    const char *in_reply_to;       /* (nullable) without <> */
    const char *const *references; /* (nullable) NULL-terminated, without <> */
    const MgMessageExtra *extras;
    size_t n_extras;
    const char *text, *html; /* (nullable) UTF-8; any line ends become CR LF */
    const MgMessageAttachment *attachments;
    size_t n_attachments;
    uint64_t seed; /* of boundaries and the message id */
} MgMessageDraft;

/* (transfer full) The message, with CR LF. All of it is 7-bit but for attached messages that are
 * not, and addresses that are not ASCII (RFC 6532). A line break in a field cannot begin another.
 */
GString *mg_message_build(const MgMessageDraft *draft);

G_END_DECLS
