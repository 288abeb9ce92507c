/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-results.c - what SEARCH, SORT and their relatives give back (RFC 4731, 5267, 9394) */
#include "imap-search.h"

static const struct {
    const char *word;
    unsigned option;
} options[] = {
    {"MIN", MG_IMAP_RETURN_MIN},       {"MAX", MG_IMAP_RETURN_MAX},
    {"ALL", MG_IMAP_RETURN_ALL},       {"COUNT", MG_IMAP_RETURN_COUNT},
    {"SAVE", MG_IMAP_RETURN_SAVE},     {"PARTIAL", MG_IMAP_RETURN_PARTIAL},
    {"UPDATE", MG_IMAP_RETURN_UPDATE}, {"CONTEXT", MG_IMAP_RETURN_CONTEXT},
};

/* "1:500", or "-1:-100" (RFC 9394 §3.1): from the end. */
static bool read_partial(MgImapReader *reader, MgImapReturn *wanted)
{
    uint64_t first, last;
    bool from_end = false;
    if (!mg_imap_read_octet(reader, ' '))
        return false;
    from_end = mg_imap_read_octet(reader, '-');
    if (!mg_imap_read_number(reader, UINT32_MAX, &first) || !mg_imap_read_octet(reader, ':') ||
        mg_imap_read_octet(reader, '-') != from_end ||
        !mg_imap_read_number(reader, UINT32_MAX, &last) || first == 0 || last == 0)
        return false;
    wanted->partial_first = (int64_t)MIN(first, last) * (from_end ? -1 : 1);
    wanted->partial_last = (int64_t)MAX(first, last) * (from_end ? -1 : 1);
    return true;
}

static bool read_option(MgImapReader *reader, MgImapReturn *wanted)
{
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        if (!mg_imap_read_word(reader, options[i].word))
            continue;
        if (options[i].option == MG_IMAP_RETURN_PARTIAL && !read_partial(reader, wanted))
            return false;
        wanted->options |= options[i].option;
        return true;
    }
    return false;
}

bool mg_imap_read_return(MgImapReader *reader, MgImapReturn *wanted)
{
    *wanted = (MgImapReturn){0};
    if (!mg_imap_read_octet(reader, '('))
        return false;
    while (!mg_imap_read_octet(reader, ')')) {
        if (wanted->options != 0 && !mg_imap_read_octet(reader, ' '))
            return false;
        if (!read_option(reader, wanted))
            return false;
    }
    if (wanted->options == 0)
        wanted->options = MG_IMAP_RETURN_ALL;
    /* RFC 5267 §4.4: one or the other */
    return (wanted->options & (MG_IMAP_RETURN_ALL | MG_IMAP_RETURN_PARTIAL)) !=
           (MG_IMAP_RETURN_ALL | MG_IMAP_RETURN_PARTIAL);
}

static void add_partial(const MgImapReturn *wanted, const uint32_t *numbers, size_t n_numbers,
                        GString *out)
{
    int64_t n = (int64_t)n_numbers, first = wanted->partial_first, last = wanted->partial_last;
    g_string_append_printf(out, " PARTIAL (%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT " ", first,
                           last);
    if (first < 0) { /* "-1" is the last */
        int64_t from = n + last + 1;
        last = n + first + 1;
        first = MAX(from, 1);
    }
    last = MIN(last, n);
    if (first > last)
        g_string_append(out, "NIL");
    else
        mg_imap_add_set(out, numbers + first - 1, (size_t)(last - first + 1));
    g_string_append_c(out, ')');
}

void mg_imap_add_results(const MgImapReturn *wanted, const uint32_t *numbers, size_t n_numbers,
                         GString *out)
{
    if (n_numbers > 0 && (wanted->options & MG_IMAP_RETURN_MIN) != 0)
        g_string_append_printf(out, " MIN %u", numbers[0]);
    if (n_numbers > 0 && (wanted->options & MG_IMAP_RETURN_MAX) != 0)
        g_string_append_printf(out, " MAX %u", numbers[n_numbers - 1]);
    if (n_numbers > 0 && (wanted->options & MG_IMAP_RETURN_ALL) != 0) {
        g_string_append(out, " ALL ");
        mg_imap_add_set(out, numbers, n_numbers);
    }
    if ((wanted->options & MG_IMAP_RETURN_COUNT) != 0)
        g_string_append_printf(out, " COUNT %" G_GSIZE_FORMAT, n_numbers);
    if ((wanted->options & MG_IMAP_RETURN_PARTIAL) != 0)
        add_partial(wanted, numbers, n_numbers, out);
}
