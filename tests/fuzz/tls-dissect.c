/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls-dissect.c - any octets as records of one direction, or as a bare message: the units together
 * are the octets, and nothing is named outside its unit
 *
 * The first octet says which: bit 0 the server's; from 0x80 on a bare message of content type 20 +
 * low bits. */
#include "dissect.h"
#include "tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    MgDirection direction = (data[0] & 1) != 0 ? MG_FROM_SERVER : MG_FROM_CLIENT;
    MgSpan rest = {data + 1, size - 1};
    if (data[0] >= 0x80) {
        mg_tree_free(check_unit(&mg_tls_dissector, (uint16_t)(0x100 | (20 + (data[0] >> 1) % 4)),
                                direction, rest, 0, 260));
        return 0;
    }
    g_autofree void *state = g_malloc0(mg_tls_dissector.state_size);
    while (rest.len > 0) {
        MgUnit unit = {0};
        bool whole = mg_tls_dissector.cut(state, direction, rest, false, &unit);
        if (!whole) {
            g_assert_cmpuint(rest.len, <, 128 * 1024);
            g_assert_true(mg_tls_dissector.cut(state, direction, rest, true, &unit));
        }
        g_assert_cmpuint(unit.len, >=, 1);
        g_assert_cmpuint(unit.len, <=, rest.len);
        mg_tree_free(check_unit(&mg_tls_dissector, unit.tag, direction,
                                mg_span_slice(rest, 0, unit.len), 0, 260));
        rest = mg_span_slice(rest, unit.len, rest.len - unit.len);
    }
    return 0;
}
