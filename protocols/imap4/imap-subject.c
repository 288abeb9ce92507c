/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-subject.c - the base subject: what is left of "Re: [list] Fwd: …" (RFC 5256 §2.1, §5) */
#include "imap-sort.h"

/* Step 1: a tab is a space, and several are one. */
static GString *spaced(const char *subject)
{
    GString *out = g_string_new(NULL);
    for (const char *c = subject; *c != '\0'; c++) {
        bool space = strchr(" \t\r\n", *c) != NULL;
        if (!space)
            g_string_append_c(out, *c);
        else if (out->len > 0 && out->str[out->len - 1] != ' ')
            g_string_append_c(out, ' ');
    }
    return out;
}

/* Step 2: "(fwd)" and spaces at the end. */
static bool cut_trailers(GString *text)
{
    bool forwarded = false;
    for (;;) {
        while (text->len > 0 && text->str[text->len - 1] == ' ')
            g_string_truncate(text, text->len - 1);
        if (text->len < 5 || g_ascii_strcasecmp(text->str + text->len - 5, "(fwd)") != 0)
            return forwarded;
        g_string_truncate(text, text->len - 5);
        forwarded = true;
    }
}

/* subj-blob = "[" *BLOBCHAR "]" *WSP; how long the one here is, 0 if there is none. */
static size_t blob(const char *text)
{
    if (text[0] != '[')
        return 0;
    size_t len = 1 + strcspn(text + 1, "[]");
    if (text[len] != ']')
        return 0;
    len++;
    return len + strspn(text + len, " ");
}

/* subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":" */
static size_t refwd(const char *text)
{
    size_t len = g_ascii_strncasecmp(text, "re", 2) == 0    ? 2
                 : g_ascii_strncasecmp(text, "fwd", 3) == 0 ? 3
                 : g_ascii_strncasecmp(text, "fw", 2) == 0  ? 2
                                                            : 0;
    if (len == 0)
        return 0;
    len += strspn(text + len, " ");
    len += blob(text + len);
    return text[len] == ':' ? len + 1 : 0;
}

/* Steps 3 to 5: subj-leader = (*subj-blob subj-refwd) / WSP, and then a blob if there is something
 * after it. Goes over what is cut, so that a long row of it costs no copies. */
static size_t cut_leaders(const char *text, bool *is_reply)
{
    size_t at = 0;
    for (;;) {
        size_t len = refwd(text + at);
        *is_reply = *is_reply || len > 0;
        if (len == 0)
            len = strspn(text + at, " ");
        if (len == 0) {
            len = blob(text + at);
            if (len == 0 || text[at + len] == '\0')
                return at;
        }
        at += len;
    }
}

/* Step 6: "[fwd: …]" */
static bool cut_forward(GString *text)
{
    if (text->len < 6 || g_ascii_strncasecmp(text->str, "[fwd:", 5) != 0 ||
        text->str[text->len - 1] != ']')
        return false;
    g_string_truncate(text, text->len - 1);
    g_string_erase(text, 0, 5);
    return true;
}

char *mg_imap_base_subject(const char *subject, bool *is_reply)
{
    GString *text = spaced(subject);
    *is_reply = false;
    do {
        *is_reply = cut_trailers(text) || *is_reply;
        g_string_erase(text, 0, (gssize)cut_leaders(text->str, is_reply));
    } while (cut_forward(text) && (*is_reply = true));
    return g_string_free(text, FALSE);
}
