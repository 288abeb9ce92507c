/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message-scan.c - spaces, comments, quoted strings: what structured fields are made of */
#include "message-private.h"

void mg_message_scan_spaces(MgMessageScan *scan)
{
    while (!mg_message_scan_end(scan) && mg_message_is_space(scan->text.data[scan->at]))
        scan->at++;
}

/* A line break in the middle is a fold (RFC 5322 §2.2.3): of it, the space stays. */
static void add(GString *out, uint8_t octet)
{
    if (out != NULL && octet != '\r' && octet != '\n')
        g_string_append_c(out, (char)octet);
}

/* Comments nest (RFC 5322 §3.2.2); counting needs no stack. */
void mg_message_scan_comment(MgMessageScan *scan, GString *out)
{
    size_t depth = 0;
    while (!mg_message_scan_end(scan)) {
        uint8_t octet = scan->text.data[scan->at++];
        if (octet == '(' && depth++ == 0)
            continue;
        if (octet == ')' && --depth == 0)
            return;
        if (octet == '\\' && !mg_message_scan_end(scan))
            octet = scan->text.data[scan->at++];
        add(out, octet);
    }
}

void mg_message_scan_quoted(MgMessageScan *scan, GString *out)
{
    scan->at++;
    while (!mg_message_scan_end(scan)) {
        uint8_t octet = scan->text.data[scan->at++];
        if (octet == '"')
            return;
        if (octet == '\\' && !mg_message_scan_end(scan))
            octet = scan->text.data[scan->at++];
        add(out, octet);
    }
}

void mg_message_scan_cfws(MgMessageScan *scan)
{
    for (;;) {
        mg_message_scan_spaces(scan);
        if (mg_message_scan_peek(scan) != '(')
            return;
        mg_message_scan_comment(scan, NULL);
    }
}
