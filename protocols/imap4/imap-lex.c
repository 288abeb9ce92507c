/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-lex.c - where a command ends */
#include "imap-lex.h"
#include "text.h"

bool mg_imap_literal_at_end(MgSpan line, uint64_t *octets, bool *waits)
{
    size_t end = line.len;
    if (end < 3 || line.data[end - 1] != '}')
        return false;
    end--;
    *waits = line.data[end - 1] != '+';
    if (!*waits)
        end--;
    size_t start = end;
    while (start > 0 && g_ascii_isdigit(line.data[start - 1]))
        start--;
    return start > 0 && line.data[start - 1] == '{' &&
           mg_text_parse_uint(mg_span_slice(line, start, end - start), UINT32_MAX, octets);
}

MgImapCutResult mg_imap_cut(MgImapCut *cut, MgSpan bytes)
{
    if (bytes.len - cut->at < cut->literal)
        return MG_IMAP_CUT_MORE;
    cut->at += cut->literal;
    cut->literal = 0;
    size_t left = bytes.len - cut->at;
    const uint8_t *start = bytes.data + cut->at;
    const uint8_t *lf = left > 0 ? memchr(start, '\n', left) : NULL;
    size_t len = lf != NULL ? (size_t)(lf - start) + 1 : left;
    if (cut->lines + len > cut->lines_max)
        return MG_IMAP_CUT_LONG;
    if (lf == NULL)
        return MG_IMAP_CUT_MORE;
    bool waits = false;
    size_t text = mg_text_without_end((MgSpan){start, len});
    cut->bare_lf |= text + 2 != len;
    cut->lines += len;
    cut->at += len;
    if (!mg_imap_literal_at_end((MgSpan){start, text}, &cut->literal, &waits))
        return MG_IMAP_CUT_WHOLE;
    cut->literals += cut->literal;
    cut->waits = waits;
    if (cut->literals > cut->literal_max)
        return MG_IMAP_CUT_BIG;
    return waits ? MG_IMAP_CUT_CONTINUE : mg_imap_cut(cut, bytes);
}
