/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-dissect.c - any octets can be cut and named; the first one says whether they are a stream */
#include "dissect.h"
#include "dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree void *state = g_malloc0(mg_dns_dissector.state_size);
    if (size < 2)
        return 0;
    bool stream = (data[0] & 1) != 0;
    for (size_t at = 1; at < size;) {
        MgSpan rest = {data + at, size - at};
        MgUnit unit = {0};
        if (stream && mg_dns_dissector.cut(state, MG_FROM_CLIENT, rest, false, &unit))
            g_assert_cmpint(unit.tag, ==, 1);
        else if (!mg_dns_dissector.cut(state, MG_FROM_CLIENT, rest, true, &unit))
            g_assert_not_reached();
        g_assert_cmpuint(unit.len, >, 0);
        g_assert_cmpuint(unit.len, <=, rest.len);
        mg_tree_free(check_unit(&mg_dns_dissector, unit.tag, MG_FROM_CLIENT,
                                mg_span_slice(rest, 0, unit.len), 1, 160));
        at += unit.len;
    }
    return 0;
}
