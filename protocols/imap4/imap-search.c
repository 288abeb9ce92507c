/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "imap-search.h"

MgImapSearchResult mg_imap_search_read(MgImapReader *reader, const char *charset,
                                       bool takes_charset, MgImapSearch **search)
{
    return MG_IMAP_SEARCH_BAD;
}
void mg_imap_search_free(MgImapSearch *search)
{
}
bool mg_imap_search_has_modseq(const MgImapSearch *search)
{
    return false;
}
bool mg_imap_search_has_saved(const MgImapSearch *search)
{
    return false;
}
MgImapMatch mg_imap_search_match(const MgImapSearch *search, const MgImapSearchView *view)
{
    return MG_IMAP_MATCH_NO;
}
bool mg_imap_read_return(MgImapReader *reader, MgImapReturn *wanted)
{
    return false;
}
void mg_imap_add_results(const MgImapReturn *wanted, const uint32_t *numbers, size_t n_numbers,
                         GString *out)
{
}
