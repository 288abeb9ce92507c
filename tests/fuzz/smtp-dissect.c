/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-dissect.c - any two streams are a conversation of SMTP: see streams.h */
#include "smtp.h"
#include "streams.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_streams(&mg_smtp_dissector, data, size);
    return 0;
}
