/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "imap-sort.h"

MgImapSort *mg_imap_sort_read(MgImapReader *reader)
{
    return NULL;
}
void mg_imap_sort_free(MgImapSort *sort)
{
}
bool mg_imap_sort_needs_letter(const MgImapSort *sort)
{
    return false;
}
void mg_imap_sort_add(MgImapSort *sort, uint32_t name, const MgMailboxMessage *facts, int64_t epoch,
                      const MgMessage *letter)
{
}
GArray *mg_imap_sort_finish(MgImapSort *sort)
{
    return NULL;
}
char *mg_imap_base_subject(const char *subject, bool *is_reply)
{
    return NULL;
}
int64_t mg_imap_sent_at(const MgMessage *letter, const MgMailboxMessage *facts, int64_t epoch)
{
    return 0;
}
