/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message-rules.c - what can be wrong with a message, and what is done about it */
#include "message-private.h"

const MgRule mg_message_rules[] = {
    [MG_MESSAGE_BARE_LF] = {"message.bare-lf", MG_SEVERITY_NOTE, "RFC 5322 §2.3",
                            N_("Lines end with LF alone. On the wire each ends with CR LF.")},
    [MG_MESSAGE_LONG_LINE] = {"message.long-line", MG_SEVERITY_WARN, "RFC 5322 §2.1.1",
                              N_("A line has more than 998 octets; servers may cut or refuse it.")},
    [MG_MESSAGE_NUL] = {"message.nul", MG_SEVERITY_WARN, "RFC 5322 §4",
                        N_("There is a NUL octet, which no message may hold unless it is binary.")},
    [MG_MESSAGE_MBOX_FROM] = {"message.mbox-from", MG_SEVERITY_NOTE, "RFC 4155",
                              N_("The first line comes from an mbox file and is no part of the "
                                 "message; it is skipped.")},
    [MG_MESSAGE_NO_COLON] = {"message.no-colon", MG_SEVERITY_FAULT, "RFC 5322 §2.2",
                             N_("A line in the header has no colon, so it is no field; it is "
                                "skipped.")},
    [MG_MESSAGE_NO_BLANK_LINE] = {"message.no-blank-line", MG_SEVERITY_FAULT, "RFC 5322 §2.1",
                                  N_("No blank line ends the header; the body begins with the "
                                     "first line that is no field.")},
    [MG_MESSAGE_RAW_OCTETS] =
        {"message.raw-octets", MG_SEVERITY_WARN, "RFC 6532 §3.1",
         N_("A field holds octets that are neither ASCII nor UTF-8; nobody knows what they mean.")},
    [MG_MESSAGE_FIELD_REPEATED] =
        {"message.field-repeated", MG_SEVERITY_FAULT, "RFC 5322 §3.6",
         N_("This field may be there only once; programs differ in which one they show.")},
    [MG_MESSAGE_FROM_MISSING] = {"message.from-missing", MG_SEVERITY_FAULT, "RFC 5322 §3.6",
                                 N_("There is no From field, or no address in it.")},
    [MG_MESSAGE_DATE_MISSING] = {"message.date-missing", MG_SEVERITY_FAULT, "RFC 5322 §3.6",
                                 N_("There is no Date field.")},
    [MG_MESSAGE_DATE_BAD] = {"message.date-bad", MG_SEVERITY_FAULT, "RFC 5322 §3.3",
                             N_("This is no date.")},
    [MG_MESSAGE_NO_MIME_VERSION] =
        {"message.no-mime-version", MG_SEVERITY_NOTE, "RFC 2045 §4",
         N_("MIME is used, but there is no MIME-Version field; it is taken for MIME anyway.")},
    [MG_MESSAGE_TYPE_BAD] = {"message.type-bad", MG_SEVERITY_WARN, "RFC 2045 §5.2",
                             N_("The content type is not of the form type/subtype.")},
    [MG_MESSAGE_NO_BOUNDARY] = {"message.no-boundary", MG_SEVERITY_FAULT, "RFC 2046 §5.1.1",
                                N_("A multipart without a boundary cannot be taken apart; it is "
                                   "shown as text.")},
    [MG_MESSAGE_BOUNDARY_LONG] = {"message.boundary-long", MG_SEVERITY_WARN, "RFC 2046 §5.1.1",
                                  N_("The boundary has more than 70 characters.")},
    [MG_MESSAGE_NO_PARTS] = {"message.no-parts", MG_SEVERITY_FAULT, "RFC 2046 §5.1",
                             N_("The boundary never comes: this multipart has no part.")},
    [MG_MESSAGE_NOT_CLOSED] = {"message.not-closed", MG_SEVERITY_FAULT, "RFC 2046 §5.1.2",
                               N_("The last boundary of this multipart is missing; it ends where "
                                  "the part around it does.")},
    [MG_MESSAGE_ENCODED_COMPOSITE] =
        {"message.encoded-composite", MG_SEVERITY_FAULT, "RFC 2045 §6.4",
         N_("A multipart or a message must not be encoded as a whole; what was inside was decoded "
            "first if it is a message.")},
    [MG_MESSAGE_ENCODING_UNKNOWN] =
        {"message.encoding-unknown", MG_SEVERITY_WARN, "RFC 2045 §6.4",
         N_("Nobody defined this transfer encoding; the octets are taken as they are.")},
    [MG_MESSAGE_BASE64_BROKEN] = {"message.base64-broken", MG_SEVERITY_WARN, "RFC 2045 §6.8",
                                  N_("Some characters are not of the alphabet of base64, or the "
                                     "last group is not whole; they were left out.")},
    [MG_MESSAGE_BASE64_NOT] = {"message.base64-not", MG_SEVERITY_FAULT, "RFC 2045 §6.8",
                               N_("This says that it is base64, and it is not; the octets are "
                                  "taken as they are.")},
    [MG_MESSAGE_QP_BROKEN] =
        {"message.quoted-printable-broken", MG_SEVERITY_WARN, "RFC 2045 §6.7",
         N_("An equals sign is followed by something else than two hexadecimal digits or a line "
            "end; it was left as it is.")},
    [MG_MESSAGE_CHARSET_UNKNOWN] = {"message.charset-unknown", MG_SEVERITY_WARN, "RFC 2046 §4.1.2",
                                    N_("This charset is not known; the text is read as UTF-8.")},
    [MG_MESSAGE_CHARSET_BROKEN] = {"message.charset-broken", MG_SEVERITY_WARN, "RFC 2046 §4.1.2",
                                   N_("Some octets are no characters of the charset that is named; "
                                      "they are shown as �.")},
    [MG_MESSAGE_TOO_DEEP] = {"message.too-deep", MG_SEVERITY_WARN, NULL,
                             N_("Parts are nested too deep; this one is not taken apart.")},
    [MG_MESSAGE_TOO_MANY_PARTS] = {"message.too-many-parts", MG_SEVERITY_WARN, NULL,
                                   N_("There are too many parts; the others are not shown.")},
    [MG_MESSAGE_HEADER_LARGE] = {"message.header-large", MG_SEVERITY_WARN, NULL,
                                 N_("The header is too large; its other fields are not read.")},
    [MG_MESSAGE_N_RULES] = {0},
};

/* The same thing is said once a part: a thousand bad lines are one mistake. */
void mg_message_note(const MgMessagePart *part, MgMessageRuleAt rule, MgMessageRange where)
{
    GArray *problems = part->message->problems;
    for (guint i = problems->len; i > 0; i--) {
        const MgMessageProblem *known = &g_array_index(problems, MgMessageProblem, i - 1);
        if (known->part != part->number)
            break;
        if (known->rule == &mg_message_rules[rule])
            return;
    }
    MgMessageProblem problem = {&mg_message_rules[rule], where, part->number};
    g_array_append_val(problems, problem);
}
