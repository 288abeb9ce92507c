/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-body.h - what FETCH gives of a letter: envelope, structure, sections
 * (RFC 3501 §6.4.5, §7.4.2; RFC 3516)
 */
#pragma once

#include "imap-string.h"
#include "message.h"

G_BEGIN_DECLS

/* What is in the parentheses after ENVELOPE, with them. `utf8`: the client has enabled it. */
void mg_imap_add_envelope(const MgMessage *message, bool utf8, GString *out);
/* Of BODY (`extended` false) or BODYSTRUCTURE. */
void mg_imap_add_body(const MgMessage *message, bool extended, bool utf8, GString *out);

typedef enum {
    MG_IMAP_BODY,
    MG_IMAP_BINARY,
    MG_IMAP_BINARY_SIZE,
    MG_IMAP_RFC822 /* RFC822, RFC822.HEADER, RFC822.TEXT: as BODY[], BODY[HEADER], BODY[TEXT] */
} MgImapSectionItem;
typedef enum {
    MG_IMAP_SECTION_WHOLE, /* "[]", "[1.2]" */
    MG_IMAP_SECTION_HEADER,
    MG_IMAP_SECTION_FIELDS,
    MG_IMAP_SECTION_FIELDS_NOT,
    MG_IMAP_SECTION_TEXT,
    MG_IMAP_SECTION_MIME
} MgImapSectionText;

typedef struct {
    MgImapSectionItem item;
    GArray *numbers; /* of uint32_t: the part; empty: the message */
    MgImapSectionText text;
    GPtrArray *fields; /* of char *, as the client wrote them */
    bool partial;
    uint64_t offset, count; /* if partial */
} MgImapSection;

/* From "[" on: "[1.HEADER.FIELDS (From To)]<0.100>". What is read has to be cleared. */
bool mg_imap_read_section(MgImapReader *reader, MgImapSectionItem item, MgImapSection *section);
/* RFC822 of WHOLE, HEADER or TEXT; to be cleared, too. */
void mg_imap_section_rfc822(MgImapSection *section, MgImapSectionText text);
void mg_imap_section_clear(MgImapSection *section);

typedef enum {
    MG_IMAP_SECTION_THERE,
    MG_IMAP_SECTION_NONE,   /* the letter has no such part: NIL */
    MG_IMAP_SECTION_UNKNOWN /* BINARY of an encoding that nobody knows: NO [UNKNOWN-CTE] */
} MgImapSectionResult;

/* The octets, of the partial only. They are the message's, or put into `keep`. */
MgImapSectionResult mg_imap_section_octets(MgMessage *message, const MgImapSection *section,
                                           GByteArray *keep, MgSpan *octets);
/* The whole item of a FETCH: "BODY[1]<0> {5}\r\nhello", "BINARY.SIZE[1] 5". Nothing is added if
 * UNKNOWN is returned. */
MgImapSectionResult mg_imap_add_section(MgMessage *message, const MgImapSection *section,
                                        GString *out);

G_END_DECLS
