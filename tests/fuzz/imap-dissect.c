/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-dissect.c - any two streams are a conversation of IMAP: see streams.h */
#include "imap.h"
#include "streams.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_streams(&mg_imap_dissector, data, size);
    return 0;
}
