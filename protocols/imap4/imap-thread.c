/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "imap-thread.h"

bool mg_imap_thread_named(MgSpan name, MgImapThreading *threading)
{
    return false;
}
MgImapThread *mg_imap_thread_new(MgImapThreading threading)
{
    return NULL;
}
void mg_imap_thread_free(MgImapThread *thread)
{
}
void mg_imap_thread_add(MgImapThread *thread, uint32_t name, const MgMailboxMessage *facts,
                        int64_t epoch, const MgMessage *letter)
{
}
void mg_imap_thread_finish(MgImapThread *thread, GString *out)
{
}
